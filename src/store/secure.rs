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

    /// Returns true if its domain is this one, or a subdomain of it where those count.
    fn is_around(&self, domain: &[u8], with_subdomains: bool) -> bool {
        match self.labels.strip_prefix(&*from_right(domain)) {
            Some([]) => true,
            Some([0, ..]) => with_subdomains,
            _ => false,
        }
    }

    /// Asks about its identity.
    fn is(&self, is_meant: impl Fn(&Identity<'_>) -> bool) -> bool {
        is_meant(&Identity {
            domain: &from_right(&self.labels),
            name: &self.name,
            path: &self.path,
            host_only: self.host_only,
        })
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
        let host = CanonicalHost::of_domain(DomainString(new.domain));
        let mut paths = path::matched_by(new.path).peekable();
        while let Some(path) = paths.next() {
            let new = Identity { path, ..*new };
            let Some(first) = self.entries_from(b"", &new, partition).next() else {
                return false;
            };
            let any_around = |domain: &[u8]| {
                let entries = self.entries_from(domain, &new, partition);
                let mut around = entries.take_while(|entry| {
                    *entry.path == *path && entry.is_around(domain, domain == new.domain)
                });
                around.any(|entry| entry.is(&is_meant))
            };
            if *first.path == *path && host.domains().any(any_around) {
                return true;
            }
            // Paths that are not there are passed over.
            while paths.next_if(|path| **path < *first.path).is_some() {}
        }
        false
    }

    /// The entries of an identity's name from its path and this domain on.
    fn entries_from<'s>(
        &'s self,
        domain: &[u8],
        of: &Identity<'_>,
        partition: Option<&Arc<PartitionKey>>,
    ) -> impl Iterator<Item = &'s Entry> + use<'s> {
        let mut first = Entry::new(&Identity { domain, ..*of }, partition);
        first.host_only = false;
        let entries = self.0.range(&first..);
        entries
            .take_while(move |entry| entry.partition == first.partition && entry.name == first.name)
    }
}
