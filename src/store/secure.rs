//! For 5.7 step 16: where the secure-only cookies stand.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::cookie::{Cookie, Identity, by_labels};
use crate::host::{CanonicalHost, DomainString};
use crate::path;
use crate::same_site::PartitionKey;
use crate::store::those_there;

/// The secure-only cookies by partition, name, path and domain. So what a new cookie would lie over is found
/// without a look at all subdomains of its domain, of which there can be as many as somebody likes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SecureOnly(BTreeSet<Entry>);

/// The order is that of the fields.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    partition: Option<Arc<PartitionKey>>,
    name: Box<[u8]>,
    path: Box<[u8]>,
    domain: ByLabels,
    host_only: bool,
}

/// A domain in the order of its labels from the right: its subdomains follow it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ByLabels(Box<[u8]>);

impl Ord for ByLabels {
    fn cmp(&self, other: &Self) -> Ordering {
        by_labels(&self.0, &other.0)
    }
}

impl PartialOrd for ByLabels {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Entry {
    fn new(identity: &Identity<'_>, partition: Option<&Arc<PartitionKey>>) -> Self {
        Self {
            partition: partition.map(Arc::clone),
            name: identity.name.into(),
            path: identity.path.into(),
            domain: ByLabels(identity.domain.into()),
            host_only: identity.host_only,
        }
    }

    fn of(cookie: &Cookie) -> Self {
        Self::new(&cookie.identity(), cookie.home().partition.as_ref())
    }

    fn identity(&self) -> Identity<'_> {
        Identity {
            domain: &self.domain.0,
            name: &self.name,
            path: &self.path,
            host_only: self.host_only,
        }
    }
}

impl SecureOnly {
    /// Of these cookies those that are secure-only.
    pub(super) fn of<'c>(cookies: impl Iterator<Item = &'c Cookie>) -> Self {
        Self(cookies.filter_map(Self::entry).collect())
    }

    /// The entry of a cookie that is secure-only.
    pub(super) fn entry(cookie: &Cookie) -> Option<Entry> {
        cookie.secure_only().then(|| Entry::of(cookie))
    }

    pub(super) fn extend(&mut self, entry: Option<Entry>) {
        self.0.extend(entry);
    }

    pub(super) fn remove(&mut self, cookie: &Cookie) {
        if let Some(entry) = Self::entry(cookie) {
            self.0.remove(&entry);
        }
    }

    /// The cookies of the same name whose path the new one's path-matches, and whose domain is the same, a
    /// parent or a subdomain.
    pub(super) fn around<'s>(
        &'s self,
        new: Identity<'s>,
        partition: Option<&'s Arc<PartitionKey>>,
    ) -> impl Iterator<Item = Identity<'s>> {
        let first_path_from = move |path| {
            let first = Identity {
                domain: b"",
                path,
                ..new
            };
            let entry = self.entries_from(&first, partition).next()?;
            Some(&*entry.path)
        };
        let paths = those_there(path::matched_by(new.path), first_path_from, Ord::cmp);
        paths.into_iter().flat_map(move |path| {
            let new = Identity { path, ..new };
            let parents = self.at_or_above(new, partition).into_iter();
            parents.chain(self.below(new, partition))
        })
    }

    /// Of this path those at the same domain or a parent.
    fn at_or_above<'s>(
        &'s self,
        new: Identity<'s>,
        partition: Option<&Arc<PartitionKey>>,
    ) -> Vec<Identity<'s>> {
        let host = CanonicalHost::of_domain(DomainString(new.domain));
        let of = |domain| {
            let first = Identity {
                domain,
                host_only: false,
                ..new
            };
            let of_path = self.entries_from(&first, partition);
            of_path.take_while(|entry| *entry.path == *new.path)
        };
        let first_domain_from = |domain| Some(&*of(domain).next()?.domain.0);
        let domains = those_there(host.domains().rev(), first_domain_from, by_labels);
        let entries = domains
            .into_iter()
            .flat_map(|domain| of(domain).take_while(move |entry| *entry.domain.0 == *domain));
        entries.map(Entry::identity).collect()
    }

    /// Of this path those at a subdomain.
    fn below<'s>(
        &'s self,
        new: Identity<'s>,
        partition: Option<&'s Arc<PartitionKey>>,
    ) -> impl Iterator<Item = Identity<'s>> {
        let entries = self.entries_from(&new, partition);
        let behind = entries.skip_while(move |entry| *entry.domain.0 == *new.domain);
        let is_below =
            move |entry: &&Entry| *entry.path == *new.path && is_below(&entry.domain.0, new.domain);
        behind.take_while(is_below).map(Entry::identity)
    }

    /// The entries of an identity's name from the one on that it would have.
    fn entries_from<'s>(
        &'s self,
        first: &Identity<'_>,
        partition: Option<&Arc<PartitionKey>>,
    ) -> impl Iterator<Item = &'s Entry> + use<'s> {
        let first = Entry::new(first, partition);
        let (partition, name) = (first.partition.clone(), first.name.clone());
        let entries = self.0.range(first..);
        entries.take_while(move |entry| entry.partition == partition && entry.name == name)
    }
}

/// Returns true if a name is a subdomain of this domain.
fn is_below(name: &[u8], domain: &[u8]) -> bool {
    let before = name.strip_suffix(domain);
    before.is_some_and(|before| before.ends_with(b"."))
}
