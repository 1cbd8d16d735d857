//! The index: from a partition and a domain to its cookies.

use std::collections::{BTreeSet, HashMap};
use std::iter;
use std::sync::{Arc, OnceLock};

use foldhash::quality::RandomState;

use crate::cookie::{Cookie, Home, LastUse, SendingOrder};
use crate::same_site::PartitionKey;
use crate::store::Place;
use crate::store::domains::{DomainCookies, Domains};
use crate::store::removals::{Priorities, RemovalQueue};

#[derive(Debug, Clone, Default)]
pub(super) struct Partitions {
    pub(super) unpartitioned: Partition,
    pub(super) partitioned: HashMap<Arc<PartitionKey>, Partition, RandomState>,
}

impl Partitions {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Partition> {
        iter::once(&self.unpartitioned).chain(self.partitioned.values())
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Partition> {
        iter::once(&mut self.unpartitioned).chain(self.partitioned.values_mut())
    }

    pub(super) fn get(&self, key: Option<&PartitionKey>) -> Option<&Partition> {
        match key {
            None => Some(&self.unpartitioned),
            Some(key) => self.partitioned.get(key),
        }
    }

    pub(super) fn get_mut(&mut self, key: Option<&PartitionKey>) -> Option<&mut Partition> {
        match key {
            None => Some(&mut self.unpartitioned),
            Some(key) => self.partitioned.get_mut(key),
        }
    }

    pub(super) fn entry(&mut self, key: Option<&Arc<PartitionKey>>) -> &mut Partition {
        match key {
            None => &mut self.unpartitioned,
            Some(key) => self.partitioned.entry(Arc::clone(key)).or_default(),
        }
    }

    /// All of them, in no order.
    pub(super) fn domains(&self) -> impl Iterator<Item = &DomainCookies> {
        self.iter().flat_map(|partition| partition.domains.iter())
    }

    pub(super) fn domains_mut(&mut self) -> impl Iterator<Item = &mut DomainCookies> {
        let partitions = self.iter_mut();
        partitions.flat_map(|partition| partition.domains.iter_mut())
    }

    /// All of them, in no order.
    pub(super) fn cookies(&self) -> impl Iterator<Item = &Cookie> {
        self.domains().flat_map(DomainCookies::iter)
    }

    /// The cookies of a domain and partition.
    pub(super) fn of_home(&self, home: &Home) -> Option<&DomainCookies> {
        let partition = self.get(home.partition.as_deref())?;
        partition.domains.get(&home.domain)
    }

    pub(super) fn of_home_mut(&mut self, home: &Home) -> Option<&mut DomainCookies> {
        let partition = self.get_mut(home.partition.as_deref())?;
        partition.domains.get_mut(&home.domain)
    }

    pub(super) fn get_at(&self, place: &Place) -> Option<&Cookie> {
        self.of_home(&place.home)?.get(place.order)
    }

    /// The least recently used cookie of a domain.
    pub(super) fn least_used(&mut self, home: &Arc<Home>) -> Option<LeastOf<'_>> {
        self.get_mut(home.partition.as_deref())?.least_used(home)
    }

    pub(super) fn remove(&mut self, home: &Arc<Home>, order: SendingOrder) -> Option<Cookie> {
        let key = home.partition.as_deref();
        let partition = self.get_mut(key)?;
        let removed = partition.remove(home, order);
        if let Some(key) = key {
            if partition.domains.is_empty() {
                self.partitioned.remove(key);
            }
        }
        removed
    }
}

/// The least recently used cookie of a domain, and a last use that does not come after those of the
/// others, if there are any.
pub(super) struct LeastOf<'s> {
    pub(super) cookie: &'s Cookie,
    pub(super) next: Option<LastUse>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Partition {
    pub(super) domains: Domains,
    /// The domains that have a secure-only cookie, from when 5.7 step 16 first asks for them: most
    /// jars never get there.
    secure_domains: OnceLock<BTreeSet<FromTheRight>>,
    /// Of the domains that have had too many cookies, or have many of those that were too many in all.
    removals: HashMap<Arc<Home>, Removals, RandomState>,
}

/// The cookies of a domain by each of the priorities.
#[derive(Debug, Clone, Default)]
struct Removals {
    insecure_first: RemovalQueue,
    all_alike: RemovalQueue,
}

/// A domain, ordered by its octets from the right: the subdomains of one are a range.
#[derive(Debug, Clone, PartialEq, Eq)]
struct FromTheRight {
    /// The last octets, which mostly decide: to look at all of them is slow in a large jar.
    last: [u64; 2],
    home: Arc<Home>,
}

impl FromTheRight {
    fn of(home: Arc<Home>) -> Self {
        let mut octets = home.domain.iter().rev().copied();
        let mut eight = || u64::from_be_bytes(std::array::from_fn(|_| octets.next().unwrap_or(0)));
        let last = [eight(), eight()];
        Self { last, home }
    }

    fn bound(domain: Vec<u8>) -> Self {
        Self::of(Arc::new(Home {
            domain: domain.into(),
            partition: None,
        }))
    }
}

impl Ord for FromTheRight {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let from_the_right = |this: &Self, other: &Self| {
            let (this, other) = (this.home.domain.iter(), other.home.domain.iter());
            this.rev().cmp(other.rev())
        };
        let by_last = self.last.cmp(&other.last);
        by_last.then_with(|| from_the_right(self, other))
    }
}

impl PartialOrd for FromTheRight {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Partition {
    /// Changes the cookies of a domain, which may be new, and may have none left, by something that
    /// knows its home.
    fn change<By, T>(
        &mut self,
        by: By,
        home: impl Fn(&By) -> &Arc<Home>,
        change: impl FnOnce(&mut DomainCookies, By) -> T,
    ) -> T {
        let mut domain = self.domains.entry(home(&by));
        let before = domain.get().has_secure_only();
        let changed = change(domain.get_mut(), by);
        if let Some(secure_domains) = self.secure_domains.get_mut() {
            let secure_domain = || FromTheRight::of(Arc::clone(domain.get().home()));
            match (before, domain.get().has_secure_only()) {
                (false, true) => secure_domains.insert(secure_domain()),
                (true, false) => secure_domains.remove(&secure_domain()),
                _ => false,
            };
        }
        if domain.get().len() == 0 {
            let (domain, _) = domain.remove();
            self.removals.remove(domain.home());
        }
        changed
    }

    /// Adds a cookie of a new identity, once it is noted; returns its home if that has more than so
    /// many now.
    pub(super) fn insert(
        &mut self,
        cookie: Cookie,
        note: impl FnOnce(&Cookie, &mut DomainCookies),
        at_most: usize,
    ) -> Option<Arc<Home>> {
        self.change(cookie, Cookie::home, |cookies, cookie| {
            note(&cookie, cookies);
            cookies.insert(cookie);
            (cookies.len() > at_most).then(|| Arc::clone(cookies.home()))
        })
    }

    /// Puts a cookie in the place of the one of its identity, once it is noted.
    pub(super) fn replace(
        &mut self,
        cookie: Cookie,
        note: impl FnOnce(&Cookie, &mut DomainCookies),
    ) -> Option<Cookie> {
        self.change(cookie, Cookie::home, |cookies, cookie| {
            note(&cookie, cookies);
            cookies.replace(cookie)
        })
    }

    pub(super) fn remove(&mut self, home: &Arc<Home>, order: SendingOrder) -> Option<Cookie> {
        let remove = |cookies: &mut DomainCookies, _: &Arc<Home>| cookies.remove(order);
        self.change(home, |home| home, remove)
    }

    /// Tells the removal queues of the cookie's domain, if it has any.
    pub(super) fn queue_removal(&mut self, cookie: &Cookie) {
        if let Some(removals) = self.removals.get_mut(cookie.home()) {
            let cookies = self.domains.get(cookie.domain());
            let members = cookies.map_or(0, DomainCookies::len);
            removals
                .insecure_first
                .push(Priorities::InsecureFirst, cookie, members);
            removals
                .all_alike
                .push(Priorities::AllAlike, cookie, members);
        }
    }

    pub(super) fn forget_removals(&mut self) {
        self.removals.clear();
    }

    /// The next cookie of the domain that has to go, where there are more than `limit`.
    pub(super) fn pop_excess(&mut self, home: &Arc<Home>, limit: usize) -> Option<Place> {
        let cookies = self.domains.get(&home.domain)?;
        if cookies.len() <= limit {
            return None;
        }
        let removals = self.removals.entry(Arc::clone(home)).or_default();
        let queue = &mut removals.insecure_first;
        queue.pop(Priorities::InsecureFirst, cookies.iter(), |place| {
            cookies.get(place.order)
        })
    }

    fn least_used(&mut self, home: &Arc<Home>) -> Option<LeastOf<'_>> {
        let cookies = self.domains.get(&home.domain)?;
        let few = cookies.few();
        if let Some(cookie) = few.iter().min_by_key(|cookie| cookie.last_use()) {
            let last_uses = few.iter().map(Cookie::last_use);
            let next = last_uses.filter(|next| *next > cookie.last_use()).min();
            return Some(LeastOf { cookie, next });
        }
        let removals = self.removals.entry(Arc::clone(home)).or_default();
        let queue = &mut removals.all_alike;
        let get = |place: &Place| cookies.get(place.order);
        let cookie = get(&queue.pop(Priorities::AllAlike, cookies.iter(), get)?)?;
        // It is not gone yet.
        queue.push(Priorities::AllAlike, cookie, cookies.len());
        let next = Some(cookie.last_use());
        Some(LeastOf { cookie, next })
    }

    /// The subdomains of a domain that have a secure-only cookie.
    pub(super) fn secure_subdomains(&self, domain: &[u8]) -> impl Iterator<Item = &DomainCookies> {
        // From the right, the domain and then "." is what all of them begin with; "/" comes next.
        let from = FromTheRight::bound([b".", domain].concat());
        let to = FromTheRight::bound([b"/", domain].concat());
        let secure_domains = self.secure_domains.get_or_init(|| {
            let secure = self
                .domains
                .iter()
                .filter(|cookies| cookies.has_secure_only());
            let homes = secure.map(|cookies| Arc::clone(cookies.home()));
            homes.map(FromTheRight::of).collect()
        });
        let subdomains = secure_domains.range(from..to);
        subdomains.filter_map(|subdomain| self.domains.get(&subdomain.home.domain))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use chrono::DateTime;
    use url::Url;

    use super::*;
    use crate::public_suffix::PublicSuffixList;
    use crate::store::tests::{cookie, partitioned, secure};

    /// Whoever visits many sites would keep an empty partition of each.
    #[test]
    fn a_partition_goes_with_its_last_cookie() {
        let page = Url::parse("https://page.example/").unwrap();
        let key = PartitionKey::new(&page, false, &PublicSuffixList::embedded()).unwrap();
        let (key, mut partitions) = (Arc::new(key), Partitions::default());
        let mut one = partitioned(b"a", &key);
        let two = partitioned(b"b", &key);
        one.insertion = 1;
        let places = [&one, &two].map(Place::of);
        for cookie in [one, two] {
            let partition = partitions.entry(Some(&key));
            partition.insert(cookie, |_, _| (), 9);
        }
        for (place, left) in places.iter().zip([1, 0]) {
            assert_eq!(partitions.partitioned.len(), 1);
            assert!(partitions.remove(&place.home, place.order).is_some());
            assert_eq!(partitions.cookies().count(), left);
        }
        assert!(partitions.partitioned.is_empty());
    }

    #[test]
    fn subdomains_are_a_range_from_the_right() {
        let in_order = [
            "b.a",
            "a.org",
            "example.com",
            ".example.com",
            "a.example.com",
            "a.long-subdomain.example.com",
            "b.long-subdomain.example.com",
            "www.example.com",
            "/example.com",
            "myexample.com",
        ];
        let bounds = in_order.map(|domain| FromTheRight::bound(domain.into()));
        assert!(bounds.is_sorted_by(|one, next| one < next && one.cmp(next).is_lt()));
    }

    #[test]
    fn a_domain_is_told_of_above_its_limit() {
        let mut partition = Partition::default();
        for (insertion, above) in [(0, false), (1, false), (2, true)] {
            let new = cookie(
                &[b'a' + insertion],
                b"/",
                (DateTime::UNIX_EPOCH, insertion.into()),
            );
            let above_limit = partition.insert(new, |_, _| (), 2);
            assert_eq!(above_limit.is_some(), above, "{insertion}");
        }
    }

    #[test]
    fn secure_domains_have_a_secure_cookie() {
        let mut partition = Partition::default();
        assert_eq!(partition.secure_subdomains(b"com").count(), 0);
        let (one, two) = (
            secure(b"a", (DateTime::UNIX_EPOCH, 0)),
            secure(b"b", (DateTime::UNIX_EPOCH, 1)),
        );
        let plain = cookie(b"b", b"/", (DateTime::UNIX_EPOCH, 1));
        let place = Place::of(&one);
        let known = |partition: &Partition| {
            let domains = partition.secure_domains.get().unwrap().iter();
            domains
                .map(|known| known.home.domain.to_vec())
                .collect::<HashSet<_>>()
        };
        let both = HashSet::from([b"example.com".to_vec()]);
        partition.insert(one, |_, _| (), 9);
        assert_eq!(known(&partition), both);
        partition.insert(two, |_, _| (), 9);
        partition.replace(plain, |_, _| ());
        assert_eq!(known(&partition), both);
        partition.remove(&place.home, place.order);
        assert_eq!(known(&partition), HashSet::new());
    }
}
