//! The index: from a partition and a domain to the numbers of cookies.

use std::borrow::Borrow;
use std::collections::{BTreeSet, HashMap};
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use foldhash::quality::RandomState;

use crate::cookie::{Cookie, Home};
use crate::host::{CanonicalHost, Domain};
use crate::same_site::PartitionKey;
use crate::store::removals::{Priorities, RemovalQueue};
use crate::store::slots::{CookieId, Slots};

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
}

#[derive(Debug, Clone, Default)]
pub(super) struct Partition {
    pub(super) domains: HashMap<ByDomain, DomainCookies, RandomState>,
    /// The domains that have a secure-only cookie.
    secure_domains: BTreeSet<FromTheRight>,
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
#[derive(Debug, Clone)]
struct FromTheRight(Arc<Home>);

impl FromTheRight {
    fn of(domain: Vec<u8>) -> Self {
        Self(Arc::new(Home {
            domain: domain.into(),
            partition: None,
        }))
    }
}

impl Ord for FromTheRight {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.domain.iter().rev().cmp(other.0.domain.iter().rev())
    }
}

impl PartialEq for FromTheRight {
    fn eq(&self, other: &Self) -> bool {
        self.0.domain == other.0.domain
    }
}

impl Eq for FromTheRight {}

impl PartialOrd for FromTheRight {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// The most labels that a host of the DNS has; those of more are not looked up label by label.
const DNS_LABELS: usize = 127;

impl Partition {
    pub(super) fn homes(&self) -> impl Iterator<Item = &Arc<Home>> {
        self.domains.keys().map(|ByDomain(home)| home)
    }

    /// The domains that the host domain-matches.
    pub(super) fn matched_by<'s>(
        &'s self,
        host: &CanonicalHost<'_>,
        mut found: impl FnMut(&'s ByDomain, &'s DomainCookies),
    ) {
        if host.domains().nth(DNS_LABELS).is_some() {
            // A look-up costs the octets of the domain, so one a label would be quadratic here.
            for (home, cookies) in &self.domains {
                if host.domain_matches(Domain(home.borrow())) {
                    found(home, cookies);
                }
            }
        } else {
            for domain in host.domains() {
                if let Some((home, cookies)) = self.domains.get_key_value(domain) {
                    found(home, cookies);
                }
            }
        }
    }

    /// Adds a cookie of a new identity, and tells how many its domain has now.
    pub(super) fn add(
        &mut self,
        slots: &Slots,
        entry: Entry,
        cookie: &Cookie,
        is_latest: bool,
    ) -> usize {
        let known = self.domains.get_mut(cookie.domain());
        let (count, is_first_secure_only) = if let Some(cookies) = known {
            cookies.add(slots, entry, cookie, is_latest)
        } else {
            let mut cookies = DomainCookies::default();
            let added = cookies.add(slots, entry, cookie, is_latest);
            let home = ByDomain(Arc::clone(cookie.home()));
            self.domains.insert(home, cookies);
            added
        };
        if is_first_secure_only {
            self.secure_domains
                .insert(FromTheRight(Arc::clone(cookie.home())));
        }
        self.queue_removal(entry.id, cookie, count);
        count
    }

    /// Tells the removal queue of the domain, if it has one.
    fn queue_removal(&mut self, id: CookieId, cookie: &Cookie, members: usize) {
        if !self.removals.is_empty() {
            if let Some(removals) = self.removals.get_mut(cookie.domain()) {
                removals.push(Priorities::InsecureFirst, id, cookie, members);
            }
        }
    }

    /// The next cookie of the domain that has to go, where there are more than `limit`.
    pub(super) fn pop_excess(
        &mut self,
        home: &Arc<Home>,
        limit: usize,
        slots: &Slots,
        rewinds: u64,
    ) -> Option<CookieId> {
        let entries = &self.domains.get(&home.domain[..])?.entries;
        if entries.len() <= limit {
            return None;
        }
        let members = entries.iter().map(|entry| entry.id);
        let removals = self.removals.entry(ByDomain(Arc::clone(home))).or_default();
        removals.pop(Priorities::InsecureFirst, members, slots, rewinds)
    }

    /// A cookie has taken the place of another one of its identity.
    pub(super) fn replace(&mut self, id: CookieId, cookie: &Cookie, was_secure_only: bool) {
        let Some(cookies) = self.domains.get_mut(cookie.domain()) else {
            return;
        };
        let members = cookies.entries.len();
        match (was_secure_only, cookie.secure_only()) {
            (false, true) => {
                cookies.secure_only += 1;
                self.secure_domains
                    .insert(FromTheRight(Arc::clone(cookie.home())));
            }
            (true, false) => self.discount_secure_only(cookie.home()),
            _ => (),
        }
        self.queue_removal(id, cookie, members);
    }

    pub(super) fn remove(&mut self, slots: &Slots, id: CookieId, cookie: &Cookie) {
        if cookie.secure_only() {
            self.discount_secure_only(cookie.home());
        }
        let Some(cookies) = self.domains.get_mut(cookie.domain()) else {
            return;
        };
        let position = cookies.position(slots, path_length(cookie.path()), cookie, false);
        if cookies
            .entries
            .get(position)
            .is_some_and(|entry| entry.id == id)
        {
            cookies.entries.remove(position);
        }
        if cookies.entries.is_empty() {
            self.domains.remove(cookie.domain());
            self.removals.remove(cookie.domain());
        }
    }

    fn discount_secure_only(&mut self, home: &Arc<Home>) {
        if let Some(cookies) = self.domains.get_mut(&home.domain[..]) {
            cookies.secure_only -= 1;
            if cookies.secure_only == 0 {
                self.secure_domains.remove(&FromTheRight(Arc::clone(home)));
            }
        }
    }

    /// The subdomains of a domain that have a secure-only cookie.
    pub(super) fn secure_subdomains(
        &self,
        domain: &[u8],
    ) -> impl Iterator<Item = (&ByDomain, &DomainCookies)> {
        // From the right, the domain and then "." is what all of them begin with; "/" comes next.
        let from = FromTheRight::of([b".", domain].concat());
        let to = FromTheRight::of([b"/", domain].concat());
        let subdomains = self.secure_domains.range(from..to);
        subdomains.filter_map(|FromTheRight(home)| self.domains.get_key_value(&home.domain[..]))
    }
}

/// The cookies that share a domain.
#[derive(Debug, Clone, Default)]
pub(super) struct DomainCookies {
    /// In sending order.
    pub(super) entries: Vec<Entry>,
    pub(super) secure_only: u32,
    /// Whether the domain is a public suffix.
    pub(super) public_suffix: Answer,
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

/// A cookie of a domain, with as much as tells most others apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    /// The path's length, at most [`u16::MAX`].
    pub(super) path_length: u16,
    /// A hash of the name and the path.
    pub(super) tag: u16,
    pub(super) id: CookieId,
}

impl DomainCookies {
    /// Adds a cookie of a new identity, and tells how many there are now, and whether it is the first
    /// that is secure-only.
    fn add(
        &mut self,
        slots: &Slots,
        new: Entry,
        cookie: &Cookie,
        is_latest: bool,
    ) -> (usize, bool) {
        let position = self.position(slots, new.path_length, cookie, is_latest);
        if self.entries.len() == self.entries.capacity() {
            // Most domains have a few cookies: no room for twice as many.
            let room = match self.entries.len() {
                0 => 4,
                1..8 => 2,
                many => many / 2,
            };
            self.entries.reserve_exact(room);
        }
        self.entries.insert(position, new);
        self.secure_only += u32::from(cookie.secure_only());
        (
            self.entries.len(),
            cookie.secure_only() && self.secure_only == 1,
        )
    }

    /// Where a cookie stands, or would, in sending order, by the length of its path; `is_latest` if it is
    /// new and no cookie was created later.
    fn position(&self, slots: &Slots, length: u16, cookie: &Cookie, is_latest: bool) -> usize {
        let place = cookie.sending_order();
        // The lengths say it all, unless they are cut or creation-times have to.
        let is_length_enough = is_latest && length < u16::MAX;
        self.entries
            .partition_point(|entry| match entry.path_length.cmp(&length) {
                std::cmp::Ordering::Greater => true,
                std::cmp::Ordering::Less => false,
                std::cmp::Ordering::Equal => {
                    let is_before = |other: &Cookie| other.sending_order() < place;
                    is_length_enough || slots.get(entry.id).is_some_and(is_before)
                }
            })
    }
}

/// A path's length for an [`Entry`].
pub(super) fn path_length(path: &[u8]) -> u16 {
    u16::try_from(path.len()).unwrap_or(u16::MAX)
}
