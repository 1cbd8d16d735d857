//! The index: from a partition and a domain to its cookies.

use std::borrow::Borrow;
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};

use foldhash::quality::RandomState;

use crate::cookie::{Cookie, Home, Identity, SendingOrder};
use crate::host::{CanonicalHost, Domain};
use crate::same_site::PartitionKey;
use crate::store::Place;
use crate::store::in_order::InOrder;
use crate::store::removals::{Priorities, RemovalQueue};

#[derive(Debug, Clone, Default)]
pub(super) struct Partitions {
    pub(super) unpartitioned: Partition,
    pub(super) partitioned: HashMap<Arc<PartitionKey>, Partition, RandomState>,
}

impl Partitions {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Partition> {
        std::iter::once(&self.unpartitioned).chain(self.partitioned.values())
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Partition> {
        std::iter::once(&mut self.unpartitioned).chain(self.partitioned.values_mut())
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
    pub(super) fn cookies(&self) -> impl Iterator<Item = &Cookie> {
        let domains = self.iter().flat_map(|partition| partition.domains.values());
        domains.flat_map(DomainCookies::iter)
    }

    /// The cookies of a domain and partition.
    pub(super) fn of_home(&self, home: &Home) -> Option<&DomainCookies> {
        let partition = self.get(home.partition.as_deref())?;
        partition.domains.get(&home.domain[..])
    }

    pub(super) fn get_at(&self, place: &Place) -> Option<&Cookie> {
        self.of_home(&place.home)?.get(place.order)
    }

    pub(super) fn remove(&mut self, place: &Place) -> Option<Cookie> {
        let key = place.home.partition.as_deref();
        let partition = self.get_mut(key)?;
        let removed = partition.remove(place);
        if let Some(key) = key {
            if partition.domains.is_empty() {
                self.partitioned.remove(key);
            }
        }
        removed
    }
}

#[derive(Debug, Clone, Default)]
pub(super) struct Partition {
    pub(super) domains: HashMap<ByDomain, DomainCookies, RandomState>,
    /// The domains that have a secure-only cookie, from when 5.7 step 16 first asks for them: most
    /// jars never get there.
    secure_domains: OnceLock<BTreeSet<FromTheRight>>,
    /// The cookies of a domain by removal priority, where the domain has had too many.
    removals: HashMap<ByDomain, RemovalQueue, RandomState>,
}

/// A domain of a partition, found by its octets.
#[derive(Debug, Clone)]
pub(super) struct ByDomain(pub(super) Arc<Home>);

impl Borrow<[u8]> for ByDomain {
    fn borrow(&self) -> &[u8] {
        &self.0.domain
    }
}

impl Hash for ByDomain {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.domain.hash(state);
    }
}

impl PartialEq for ByDomain {
    fn eq(&self, other: &Self) -> bool {
        self.0.domain == other.0.domain
    }
}

impl Eq for ByDomain {}

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

/// The most labels that a host of the DNS has; those of more are not looked up label by label.
const DNS_LABELS: usize = 127;

/// The most octets that a host of the DNS has. So many labels have more.
const DNS_OCTETS: usize = 253;

impl Partition {
    pub(super) fn homes(&self) -> impl Iterator<Item = &Arc<Home>> {
        self.domains.keys().map(|ByDomain(home)| home)
    }

    /// The domains that the host domain-matches.
    pub(super) fn matched_by<'s>(
        &'s self,
        host: &CanonicalHost<'_>,
        mut found: impl FnMut((&'s ByDomain, &'s DomainCookies)),
    ) {
        let is_long = host.octets().len() > DNS_OCTETS;
        if is_long && host.domains().nth(DNS_LABELS).is_some() {
            // A look-up costs the octets of the domain, so one a label would be quadratic here.
            for domain in &self.domains {
                if host.domain_matches(Domain(domain.0.borrow())) {
                    found(domain);
                }
            }
        } else {
            let known = |domain| self.domains.get_key_value(domain);
            let domains: Vec<_> = host.domains().filter_map(known).collect();
            read_ahead(domains.iter().flat_map(|(_, cookies)| cookies.iter()));
            domains.into_iter().for_each(found);
        }
    }

    /// Changes the cookies of a domain, which may be new, and may have none left.
    fn change<T>(&mut self, home: Arc<Home>, change: impl FnOnce(&mut DomainCookies) -> T) -> T {
        let mut domain = match self.domains.entry(ByDomain(home)) {
            Entry::Occupied(known) => known,
            Entry::Vacant(new) => new.insert_entry(DomainCookies::default()),
        };
        let before = domain.get().has_secure_only();
        let changed = change(domain.get_mut());
        if let Some(secure_domains) = self.secure_domains.get_mut() {
            let secure_domain = || FromTheRight::of(Arc::clone(&domain.key().0));
            match (before, domain.get().has_secure_only()) {
                (false, true) => secure_domains.insert(secure_domain()),
                (true, false) => secure_domains.remove(&secure_domain()),
                _ => false,
            };
        }
        if domain.get().len() == 0 {
            let (domain, _) = domain.remove_entry();
            self.removals.remove(&domain);
        }
        changed
    }

    /// Adds a cookie of a new identity; returns its home if that has more than so many now.
    pub(super) fn insert(&mut self, cookie: Cookie, at_most: usize) -> Option<Arc<Home>> {
        self.change(Arc::clone(cookie.home()), |cookies| {
            cookies.insert(cookie);
            let first = cookies.iter().next()?;
            (cookies.len() > at_most).then(|| Arc::clone(first.home()))
        })
    }

    /// Puts a cookie in the place of the one of its identity.
    pub(super) fn replace(&mut self, cookie: Cookie) -> Option<Cookie> {
        self.change(Arc::clone(cookie.home()), |cookies| cookies.replace(cookie))
    }

    pub(super) fn remove(&mut self, place: &Place) -> Option<Cookie> {
        self.change(Arc::clone(&place.home), |cookies| {
            cookies.remove(place.order)
        })
    }

    /// Tells the removal queue of the cookie's domain, if it has one.
    pub(super) fn queue_removal(&mut self, cookie: &Cookie) {
        if let Some(removals) = self.removals.get_mut(cookie.domain()) {
            let members = self.domains.get(cookie.domain());
            let members = members.map_or(0, DomainCookies::len);
            removals.push(Priorities::InsecureFirst, cookie, members);
        }
    }

    pub(super) fn forget_removals(&mut self) {
        self.removals.clear();
    }

    /// The next cookie of the domain that has to go, where there are more than `limit`.
    pub(super) fn pop_excess(&mut self, home: &Arc<Home>, limit: usize) -> Option<Place> {
        let cookies = self.domains.get(&home.domain[..])?;
        if cookies.len() <= limit {
            return None;
        }
        let removals = self.removals.entry(ByDomain(Arc::clone(home))).or_default();
        removals.pop(Priorities::InsecureFirst, cookies.iter(), |place| {
            cookies.get(place.order)
        })
    }

    /// The subdomains of a domain that have a secure-only cookie.
    pub(super) fn secure_subdomains(&self, domain: &[u8]) -> impl Iterator<Item = &DomainCookies> {
        // From the right, the domain and then "." is what all of them begin with; "/" comes next.
        let from = FromTheRight::bound([b".", domain].concat());
        let to = FromTheRight::bound([b"/", domain].concat());
        let secure_domains = self.secure_domains.get_or_init(|| {
            let domains = self.domains.iter();
            let secure = domains.filter(|(_, cookies)| cookies.has_secure_only());
            secure
                .map(|(ByDomain(home), _)| FromTheRight::of(Arc::clone(home)))
                .collect()
        });
        let subdomains = secure_domains.range(from..to);
        subdomains.filter_map(|subdomain| self.domains.get(&subdomain.home.domain[..]))
    }
}

/// The cookies that share a domain.
#[derive(Debug, Clone, Default)]
pub(super) struct DomainCookies {
    cookies: InOrder,
    secure_only: u32,
    /// Whether the policy rejects the domain as a public suffix.
    pub(super) is_rejected: Answer,
}

impl DomainCookies {
    pub(super) fn len(&self) -> usize {
        self.cookies.len()
    }

    pub(super) fn has_secure_only(&self) -> bool {
        self.secure_only > 0
    }

    /// In sending order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Cookie> {
        self.cookies.iter()
    }

    pub(super) fn get(&self, place: SendingOrder) -> Option<&Cookie> {
        self.cookies.get(place)
    }

    pub(super) fn find(&self, identity: Identity<'_>) -> Option<&Cookie> {
        self.cookies.find(identity)
    }

    fn insert(&mut self, cookie: Cookie) {
        self.secure_only += u32::from(cookie.secure_only());
        self.cookies.insert(cookie);
    }

    fn replace(&mut self, cookie: Cookie) -> Option<Cookie> {
        let is_secure_only = cookie.secure_only();
        let old = self.cookies.replace(cookie)?;
        self.secure_only += u32::from(is_secure_only);
        self.secure_only -= u32::from(old.secure_only());
        Some(old)
    }

    fn remove(&mut self, place: SendingOrder) -> Option<Cookie> {
        let removed = self.cookies.remove(place)?;
        self.secure_only -= u32::from(removed.secure_only());
        Some(removed)
    }
}

/// Looks at cookies that will be needed. In a large jar none of them is in a cache; one after the other
/// each would be waited for, since a processor does not see so far ahead.
fn read_ahead<'s>(cookies: impl Iterator<Item = &'s Cookie>) {
    /// More than these are more than it has in flight.
    const AHEAD: usize = 32;
    for cookie in cookies.take(AHEAD) {
        std::hint::black_box(cookie.ends());
    }
}

/// Yes or no, once that was asked.
#[derive(Debug, Default)]
pub(super) struct Answer(AtomicU8);

impl Answer {
    const NO: u8 = 1;
    const YES: u8 = 2;

    /// Relaxed, since nothing else is read by its order; two may ask at once, and hear the same.
    pub(super) fn get_or_ask(&self, ask: impl FnOnce() -> bool) -> bool {
        match self.0.load(Ordering::Relaxed) {
            Self::NO => false,
            Self::YES => true,
            _ => {
                let answer = ask();
                let known = if answer { Self::YES } else { Self::NO };
                self.0.store(known, Ordering::Relaxed);
                answer
            }
        }
    }
}

impl Clone for Answer {
    fn clone(&self) -> Self {
        Self(AtomicU8::new(self.0.load(Ordering::Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use chrono::DateTime;

    use super::*;
    use crate::store::tests::{cookie, secure};

    #[test]
    fn an_answer_is_asked_for_once() {
        for expected in [false, true] {
            let answer = Answer::default();
            assert_eq!(answer.get_or_ask(|| expected), expected);
            assert_eq!(answer.get_or_ask(|| !expected), expected);
            assert_eq!(answer.clone().get_or_ask(|| !expected), expected);
        }
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
            assert_eq!(partition.insert(new, 2).is_some(), above, "{insertion}");
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
        partition.insert(one, 9);
        assert_eq!(known(&partition), both);
        partition.insert(two, 9);
        partition.replace(plain);
        assert_eq!(known(&partition), both);
        partition.remove(&place);
        assert_eq!(known(&partition), HashSet::new());
    }
}
