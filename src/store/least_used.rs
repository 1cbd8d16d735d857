//! What has to go next where there are too many cookies in all.

use std::cmp::Ordering;
use std::hint::black_box;
use std::sync::Arc;

use crate::cookie::{Cookie, Home, LastUse};
use crate::store::domains::DomainCookies;
use crate::store::partition::{LeastOf, Partitions};
use crate::store::sorted::Sorted;

/// The domains by their least recently used cookie: beyond the total, cookies are evicted whatever their
/// flags ("remove excess cookies", 5.7).
///
/// It is kept from the first cookie on, where there is a limit, so that no insertion walks the jar. Each
/// domain has an entry that does not come after the last use of any of its cookies. A retrieval mostly
/// moves a cookie back in the order, and does not tell; so the first entry is compared with its domain
/// and put back where it belongs. Where a clock went back, a cookie moves forward: this has to be told.
#[derive(Debug, Clone, Default)]
pub(super) struct LeastUsed {
    domains: Sorted<Entry>,
    /// No entry comes after.
    latest: Option<LastUse>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    last_use: LastUse,
    home: Arc<Home>,
}

impl Ord for Entry {
    /// By the last use, which tells all cookies apart.
    fn cmp(&self, other: &Self) -> Ordering {
        self.last_use.cmp(&other.last_use)
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl LeastUsed {
    pub(super) fn new<'s>(domains: impl Iterator<Item = &'s DomainCookies>) -> Self {
        let entry = |domain: &DomainCookies| {
            let last_use = domain.iter().map(Cookie::last_use).min()?;
            let home = Arc::clone(domain.home());
            Some(Entry { last_use, home })
        };
        let entries: Vec<Entry> = domains.filter_map(entry).collect();
        Self {
            latest: entries.iter().map(|entry| entry.last_use).max(),
            domains: entries.into_iter().collect(),
        }
    }

    /// Are most entries of domains that are gone, or have another one?
    pub(super) fn is_outgrown(&self, cookies: usize) -> bool {
        self.domains.is_outgrown(cookies)
    }

    /// A cookie that is new, has taken another's place or has moved forward; `is_first` of its domain.
    pub(super) fn push(&mut self, cookie: &Cookie, is_first: bool) {
        let last_use = cookie.last_use();
        if is_first || self.latest.is_some_and(|latest| last_use < latest) {
            self.put(last_use, Arc::clone(cookie.home()));
        }
    }

    fn put(&mut self, last_use: LastUse, home: Arc<Home>) {
        self.latest = self.latest.max(Some(last_use));
        self.domains.push(Entry { last_use, home });
    }

    /// No cookie was last used before that; `None` where there is no entry.
    pub(super) fn first(&self) -> Option<LastUse> {
        self.domains.first().map(|entry| entry.last_use)
    }

    /// Looks at the domain of the first entry, which will be needed.
    pub(super) fn read_ahead(&self) {
        if let Some(Entry { home, .. }) = self.domains.first() {
            black_box(home.domain.len());
        }
    }

    /// Looks at the first entry: removes the cookie that has to go next, or puts the entry back where it
    /// belongs.
    pub(super) fn step(&mut self, partitions: &mut Partitions) -> Option<Cookie> {
        let Entry { last_use, home } = self.domains.pop_first()?;
        let LeastOf { cookie, next } = partitions.least_used(&home)?;
        let (current, order) = (cookie.last_use(), cookie.sending_order());
        if current != last_use {
            self.put(current, home);
            return None;
        }
        let removed = partitions.remove(&home, order);
        if let Some(next) = next {
            self.put(next, home);
        }
        removed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::used;
    use crate::store::{Limits, Store};

    #[test]
    fn a_domain_has_one_entry_while_the_clock_goes_on() {
        let mut least_used = LeastUsed::default();
        for (domain, second, is_first, expected) in [
            (b"a.example", 1, true, 1),
            (b"a.example", 2, false, 1),
            (b"b.example", 2, true, 2),
            (b"a.example", 2, false, 2),
            // The clock went back.
            (b"a.example", 1, false, 3),
            (b"b.example", 3, false, 3),
        ] {
            least_used.push(&used(domain, second, 0), is_first);
            assert_eq!(least_used.domains.len(), expected, "{domain:?} {second}");
        }
    }

    #[test]
    fn a_domain_has_an_entry_that_comes_before_its_cookies() {
        let mut store = Store::default();
        let limits = Limits::new(180, 9);
        for (name, second) in [(b"a", 1), (b"b", 2), (b"a", 3), (b"c", 4)] {
            store.insert(used(name, second, 0), limits);
        }
        for expected in [b"a", b"b", b"a", b"c"] {
            let least_used = store.least_used.as_mut().unwrap();
            assert!(least_used.first().is_some());
            let removed = least_used.step(&mut store.partitions).unwrap();
            assert_eq!(removed.domain(), expected);
        }
        let mut least_used = store.least_used.take().unwrap();
        assert_eq!(least_used.first(), None);
        assert!(least_used.step(&mut store.partitions).is_none());
    }

    #[test]
    fn outgrown_when_most_entries_are_of_no_domain() {
        let mut least_used = LeastUsed::default();
        for second in 1..=71 {
            least_used.push(&used(b"a", second, 0), true);
            assert_eq!(least_used.is_outgrown(3), second == 71, "{second}");
        }
    }

    #[test]
    fn begun_from_what_is_there() {
        let mut store = Store::default();
        let unlimited = Limits::NONE;
        for (name, second) in [(b"a", 3), (b"b", 2), (b"a", 1)] {
            store.insert(used(name, second, 0), unlimited);
        }
        let mut least_used = LeastUsed::new(store.partitions.domains());
        assert_eq!(least_used.latest, Some(used(b"b", 2, 1).last_use()));
        assert_eq!(least_used.domains.len(), 2);
        let first = least_used.domains.pop_first().unwrap();
        assert_eq!(first.last_use, used(b"a", 1, 2).last_use());
    }
}
