//! For 5.7 step 16: where the secure-only cookies stand.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;

use crate::cookie::{Cookie, Identity, by_labels};
use crate::path;
use crate::same_site::PartitionKey;

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

    /// The cookies of the same name whose path the new one's path-matches, and whose domain is a subdomain.
    pub(super) fn below<'s>(
        &'s self,
        new: Identity<'s>,
        partition: Option<&'s Arc<PartitionKey>>,
    ) -> impl Iterator<Item = Identity<'s>> {
        path::matched_by(new.path).flat_map(move |path| {
            let itself = Identity {
                path,
                host_only: true,
                ..new
            };
            let itself = Entry::new(&itself, partition);
            let is_below = move |entry: &&Entry| {
                (entry.partition.as_ref(), &*entry.name, &*entry.path)
                    == (partition, new.name, path)
                    && is_below(&entry.domain.0, new.domain)
            };
            let behind = (Bound::Excluded(itself), Bound::Unbounded);
            self.0
                .range(behind)
                .take_while(is_below)
                .map(Entry::identity)
        })
    }
}

/// Returns true if a name is a subdomain of this domain.
fn is_below(name: &[u8], domain: &[u8]) -> bool {
    let before = name.strip_suffix(domain);
    before.is_some_and(|before| before.ends_with(b"."))
}
