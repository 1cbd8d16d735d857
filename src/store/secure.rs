//! For 5.7 step 16: where the secure-only cookies stand.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::cookie::{Cookie, Identity};
use crate::host::{CanonicalHost, DomainString};
use crate::path;
use crate::same_site::PartitionKey;

/// The secure-only cookies by partition, name, path and domain. So what a new cookie would lie over is found
/// without a look at all subdomains of its domain, of which there can be as many as somebody likes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SecureOnly(BTreeSet<Entry>);

/// The order is that of the fields.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    partition: Option<Arc<PartitionKey>>,
    name: Box<[u8]>,
    path: Box<[u8]>,
    /// The domain from the right, with zeros for dots: the subdomains of a domain follow it.
    labels: Box<[u8]>,
    host_only: bool,
}

impl Entry {
    fn new(identity: &Identity<'_>, partition: Option<&Arc<PartitionKey>>) -> Self {
        Self {
            partition: partition.map(Arc::clone),
            name: identity.name.into(),
            path: identity.path.into(),
            labels: from_right(identity.domain),
            host_only: identity.host_only,
        }
    }

    /// The entry of a cookie that is secure-only.
    fn of(cookie: &Cookie) -> Option<Self> {
        let entry = || Self::new(&cookie.identity(), cookie.home().partition.as_ref());
        cookie.secure_only().then(entry)
    }
}

/// A domain from the right, with zeros for dots; and of that again the domain.
fn from_right(domain: &[u8]) -> Box<[u8]> {
    let octets = domain.iter().rev().map(|octet| match octet {
        b'.' => 0,
        0 => b'.',
        octet => *octet,
    });
    octets.collect()
}

impl SecureOnly {
    /// Of these cookies those that are secure-only.
    pub(super) fn of<'c>(cookies: impl Iterator<Item = &'c Cookie>) -> Self {
        Self(cookies.filter_map(Entry::of).collect())
    }

    pub(super) fn insert(&mut self, cookie: &Cookie) {
        self.0.extend(Entry::of(cookie));
    }

    pub(super) fn remove(&mut self, cookie: &Cookie) {
        Entry::of(cookie).inspect(|entry| _ = self.0.remove(entry));
    }

    /// Returns true if one of the cookies around a new one is meant: of the same name, with a path that the new
    /// one's path-matches, at the same domain, a parent or a subdomain.
    pub(super) fn any_around(
        &self,
        new: &Identity<'_>,
        partition: Option<&Arc<PartitionKey>>,
        is_meant: impl Fn(&Identity<'_>) -> bool,
    ) -> bool {
        let mut paths = path::matched_by(new.path).peekable();
        while let Some(path) = paths.next() {
            let new = Identity { path, ..*new };
            let Some(first) = self.from(b"", &new, partition).next() else {
                return false;
            };
            if *first.path == *path && self.any_of_path(&new, partition, &is_meant) {
                return true;
            }
            // Paths that are not there are passed over.
            while paths.next_if(|path| **path < *first.path).is_some() {}
        }
        false
    }

    /// The same for those of the new one's very path.
    fn any_of_path(
        &self,
        new: &Identity<'_>,
        partition: Option<&Arc<PartitionKey>>,
        is_meant: impl Fn(&Identity<'_>) -> bool,
    ) -> bool {
        let host = CanonicalHost::of_domain(DomainString(new.domain));
        host.domains().any(|domain| {
            let labels = from_right(domain);
            let is_around = |entry: &Entry| match entry.labels.strip_prefix(&*labels) {
                Some([]) => true,
                Some([0, ..]) => domain == new.domain,
                _ => false,
            };
            let entries = self.from(domain, new, partition);
            let mut around =
                entries.take_while(|entry| *entry.path == *new.path && is_around(entry));
            around.any(|entry| {
                is_meant(&Identity {
                    domain: &from_right(&entry.labels),
                    host_only: entry.host_only,
                    ..*new
                })
            })
        })
    }

    /// The entries of an identity's name from its path and this domain on.
    fn from<'s>(
        &'s self,
        domain: &[u8],
        of: &Identity<'_>,
        partition: Option<&Arc<PartitionKey>>,
    ) -> impl Iterator<Item = &'s Entry> + use<'s> {
        let host_only = false;
        let first = Identity {
            domain,
            host_only,
            ..*of
        };
        let first = Entry::new(&first, partition);
        let entries = self.0.range(&first..);
        let (partition, name) = (first.partition, first.name);
        entries.take_while(move |entry| entry.partition == partition && entry.name == name)
    }
}
