//! The cookies and their index; limits and the order of eviction.
//!
//! The cookies stand in numbered slots. A partition is a store of its own: it maps each domain to the
//! numbers of its cookies, in sending order. What expires next and what has to go next are queues of
//! such numbers; an entry that no longer fits its cookie is passed over.

mod slots;
mod removals;
mod expiries;
mod partition;

use std::hash::BuildHasher as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use foldhash::quality::RandomState;

use crate::cookie::{Cookie, Home, Identity};
use crate::host::{CanonicalHost, Domain};
use crate::instant::{AtomicInstant, Instant};
use crate::same_site::PartitionKey;
use crate::store::expiries::Expiries;
use crate::store::partition::{
    Answer, ByDomain, DomainCookies, Entry, Partition, Partitions, path_length,
};
use crate::store::removals::{Priorities, RemovalQueue};
pub(crate) use crate::store::slots::CookieId;
use crate::store::slots::Slots;

/// All cookies of a jar.
#[derive(Debug)]
pub(crate) struct Store {
    slots: Slots,
    partitions: Partitions,
    expiries: Expiries,
    /// All cookies by removal priority.
    removals: RemovalQueue,
    next_insertion: u32,
    /// The latest creation-time there was.
    latest_creation: DateTime<Utc>,
    /// The latest instant at which a reader has found a cookie expired, which only a writer can take
    /// out: what was gone then stays gone when the clock goes back.
    horizon: AtomicInstant,
    /// How often a last-access-time was set back; see [`RemovalQueue`].
    rewinds: AtomicU64,
    /// Makes the tags of entries, by seeds of its own.
    tags: RandomState,
}

/// The bounds past which "remove excess cookies" begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    per_domain: usize,
    total: usize,
}

impl Limits {
    pub(crate) fn new(per_domain: usize, total: usize) -> Self {
        // More cookies have no numbers; it takes some 400 GB to get there.
        let total = total.min(u32::MAX as usize - 1);
        Self { per_domain, total }
    }
}

/// The cookies of one domain, for a reader.
#[derive(Clone, Copy)]
pub(crate) struct OfDomain<'s> {
    store: &'s Store,
    home: &'s Arc<Home>,
    cookies: &'s DomainCookies,
}

impl<'s> OfDomain<'s> {
    pub(crate) fn home(self) -> &'s Arc<Home> {
        self.home
    }

    /// The cookies in sending order.
    pub(crate) fn iter(self) -> impl Iterator<Item = &'s Cookie> {
        let entries = self.cookies.entries.iter();
        entries.filter_map(move |entry| self.store.slots.get(entry.id))
    }

    /// The cookies with their numbers, in sending order.
    fn numbered(self) -> impl Iterator<Item = (CookieId, &'s Cookie)> {
        let entries = self.cookies.entries.iter();
        entries.filter_map(move |entry| Some((entry.id, self.store.slots.get(entry.id)?)))
    }

    /// 5.7 step 23: the cookie of this identity.
    pub(crate) fn find(self, identity: Identity<'_>) -> Option<(CookieId, &'s Cookie)> {
        let (name, path, _) = identity;
        let (tag, length) = (self.store.tag(name, path), path_length(path));
        let entries = &self.cookies.entries;
        let from = entries.partition_point(|entry| entry.path_length > length);
        entries[from..]
            .iter()
            .take_while(|entry| entry.path_length == length)
            .filter(|entry| entry.tag == tag)
            .filter_map(|entry| Some((entry.id, self.store.slots.get(entry.id)?)))
            .find(|(_, cookie)| cookie.identity() == identity)
    }

    /// Whether the domain is a public suffix; `look_up` is asked once.
    pub(crate) fn is_public_suffix(self, look_up: impl FnOnce() -> bool) -> bool {
        self.cookies.public_suffix.get_or_ask(look_up)
    }
}

impl Default for Store {
    fn default() -> Self {
        Self {
            slots: Slots::default(),
            partitions: Partitions::default(),
            expiries: Expiries::default(),
            removals: RemovalQueue::default(),
            next_insertion: 0,
            latest_creation: DateTime::<Utc>::MIN_UTC,
            horizon: AtomicInstant::new(Instant::EARLIEST),
            rewinds: AtomicU64::new(0),
            tags: RandomState::default(),
        }
    }
}

impl Clone for Store {
    fn clone(&self) -> Self {
        Self {
            slots: self.slots.clone(),
            partitions: self.partitions.clone(),
            expiries: self.expiries.clone(),
            removals: self.removals.clone(),
            next_insertion: self.next_insertion,
            latest_creation: self.latest_creation,
            horizon: self.horizon.clone(),
            rewinds: AtomicU64::new(self.rewinds.load(Ordering::Relaxed)),
            tags: self.tags.clone(),
        }
    }
}

impl Store {
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (CookieId, &Cookie)> {
        self.slots.iter()
    }

    /// The instant by which a cookie counts as expired: `now`, or a later one that a reader was told
    /// before the clock went back.
    pub(crate) fn as_of(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        if self.expiries.may_have_expired(now) {
            self.horizon.advance(now.into());
        }
        match self.horizon.get() {
            Instant::EARLIEST => now,
            horizon => now.max(horizon.into()),
        }
    }

    /// Sets the last-access-time of each cookie.
    pub(crate) fn touch(&self, cookies: &[&Cookie], now: Instant) {
        let mut is_set_back = false;
        for cookie in cookies {
            is_set_back |= cookie.last_access_time.set(now);
        }
        if is_set_back {
            self.rewinds.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The cookies of the domains that the host domain-matches: those that are not partitioned, and
    /// those of the key.
    pub(crate) fn matched_by<'s, 'k>(
        &'s self,
        host: &CanonicalHost<'_>,
        partition_key: impl FnOnce() -> Option<&'k PartitionKey>,
        mut found: impl FnMut(OfDomain<'s>),
    ) {
        let mut found = |home, cookies| found(self.of(home, cookies));
        self.partitions.unpartitioned.matched_by(host, &mut found);
        if !self.partitions.partitioned.is_empty() {
            let partition = partition_key().and_then(|key| self.partitions.partitioned.get(key));
            if let Some(partition) = partition {
                partition.matched_by(host, &mut found);
            }
        }
    }

    fn of<'s>(&'s self, ByDomain(home): &'s ByDomain, cookies: &'s DomainCookies) -> OfDomain<'s> {
        let store = self;
        OfDomain {
            store,
            home,
            cookies,
        }
    }

    /// The same of all partitions.
    pub(crate) fn matched_by_in_all<'s>(
        &'s self,
        host: &CanonicalHost<'_>,
        mut found: impl FnMut(OfDomain<'s>),
    ) {
        for partition in self.partitions.iter() {
            partition.matched_by(host, |home, cookies| found(self.of(home, cookies)));
        }
    }

    /// The cookies of a domain in a partition.
    pub(crate) fn domain(
        &self,
        partition: Option<&PartitionKey>,
        domain: &[u8],
    ) -> Option<OfDomain<'_>> {
        let domains = &self.partitions.get(partition)?.domains;
        let (home, cookies) = domains.get_key_value(domain)?;
        Some(self.of(home, cookies))
    }

    /// The cookies of a domain in each partition.
    fn domain_in_each(&self, domain: &[u8]) -> impl Iterator<Item = OfDomain<'_>> {
        let in_each = self.partitions.iter();
        let found = in_each.filter_map(|partition| partition.domains.get_key_value(domain));
        found.map(|(home, cookies)| self.of(home, cookies))
    }

    /// The cookies of a domain, whatever their partition.
    pub(crate) fn of_domain(&self, domain: &[u8]) -> impl Iterator<Item = CookieId> {
        let entries = self
            .domain_in_each(domain)
            .flat_map(|known| &known.cookies.entries);
        entries.map(|entry| entry.id)
    }

    /// The cookies of a domain and name, whatever their partition.
    pub(crate) fn named(
        &self,
        domain: &[u8],
        name: &[u8],
    ) -> impl Iterator<Item = (CookieId, &Cookie)> {
        let cookies = self.domain_in_each(domain).flat_map(OfDomain::numbered);
        cookies.filter(move |(_, cookie)| cookie.name() == name)
    }

    /// Whether the domain is a public suffix; `look_up` is asked unless its cookies tell.
    pub(crate) fn is_public_suffix(&self, domain: &[u8], look_up: impl FnOnce() -> bool) -> bool {
        match self.domain(None, domain) {
            Some(known) => known.is_public_suffix(look_up),
            None => look_up(),
        }
    }

    /// The public suffix list has changed.
    pub(crate) fn forget_public_suffixes(&mut self) {
        for partition in self.partitions.iter_mut() {
            for cookies in partition.domains.values_mut() {
                cookies.public_suffix = Answer::default();
            }
        }
    }

    /// For 5.7 step 16: does any secure-only cookie of this name, and of this domain, a parent or a
    /// subdomain of it, fit?
    pub(crate) fn any_secure_around(
        &self,
        partition: Option<&PartitionKey>,
        domain: &[u8],
        name: &[u8],
        mut fits: impl FnMut(&Cookie) -> bool,
    ) -> bool {
        let Some(partition) = self.partitions.get(partition) else {
            return false;
        };
        let mut any = |home, cookies: &DomainCookies| {
            let fits =
                |cookie: &Cookie| cookie.secure_only() && cookie.name() == name && fits(cookie);
            cookies.secure_only > 0 && self.of(home, cookies).iter().any(fits)
        };
        let mut found = false;
        let host = CanonicalHost::of_domain(Domain(domain));
        partition.matched_by(&host, |home, cookies| found = found || any(home, cookies));
        found
            || partition
                .secure_subdomains(domain)
                .any(|(home, cookies)| any(home, cookies))
    }

    fn tag(&self, name: &[u8], path: &[u8]) -> u16 {
        let [low, high, ..] = self.tags.hash_one((name, path)).to_le_bytes();
        u16::from_le_bytes([low, high])
    }

    /// 5.7 step 24 for a cookie of a new identity, and then "remove excess cookies".
    pub(crate) fn insert(&mut self, mut cookie: Cookie, limits: Limits) {
        if self.next_insertion == u32::MAX {
            self.renumber();
        }
        cookie.insertion = self.next_insertion;
        self.next_insertion += 1;
        let creation_time = cookie.creation_time();
        let is_latest = creation_time >= self.latest_creation;
        self.latest_creation = self.latest_creation.max(creation_time);
        let path_length = path_length(cookie.path());
        let tag = self.tag(cookie.name(), cookie.path());
        let id = self.slots.add(cookie);
        let Some(cookie) = self.slots.get(id) else {
            return;
        };
        let partition = self.partitions.entry(cookie.home().partition.as_ref());
        let entry = Entry {
            path_length,
            tag,
            id,
        };
        let in_domain = partition.add(&self.slots, entry, cookie, is_latest);
        let is_excess = in_domain > limits.per_domain || self.slots.len() > limits.total;
        let excess = is_excess.then(|| Arc::clone(cookie.home()));
        self.queue(id);
        if let Some(home) = excess {
            self.remove_excess(&home, limits);
        }
    }

    /// Counts the insertions from 0 again, in their order.
    fn renumber(&mut self) {
        let mut cookies: Vec<_> = self.slots.iter_mut().collect();
        cookies.sort_unstable_by_key(|cookie| cookie.insertion);
        self.next_insertion = 0;
        for cookie in cookies {
            cookie.insertion = self.next_insertion;
            self.next_insertion += 1;
        }
        // The queues tell cookies by their insertions.
        *self.rewinds.get_mut() += 1;
    }

    /// 5.7 steps 23.4 and 24: the new cookie in the place of the old one. Identity, creation-time and
    /// insertion are the same, so its place in the index is too.
    pub(crate) fn replace(&mut self, id: CookieId, cookie: Cookie) {
        let Some(old) = self.slots.replace(id, cookie) else {
            return;
        };
        if let Some(cookie) = self.slots.get(id) {
            if let Some(partition) = self.partitions.get_mut(cookie.partition()) {
                partition.replace(id, cookie, old.secure_only());
            }
            self.queue(id);
        }
    }

    /// Tells the queues of all cookies of one that is new or was replaced.
    fn queue(&mut self, id: CookieId) {
        let Some(cookie) = self.slots.get(id) else {
            return;
        };
        let total = self.slots.len();
        self.removals.push(Priorities::AllAlike, id, cookie, total);
        self.expiries.push(id, cookie);
        self.expiries.tidy(&self.slots);
    }

    pub(crate) fn remove(&mut self, id: CookieId) -> Option<Cookie> {
        let cookie = self.slots.get(id)?;
        let key = cookie.partition();
        let partition = self.partitions.get_mut(key)?;
        partition.remove(&self.slots, id, cookie);
        if let Some(key) = key {
            if partition.domains.is_empty() {
                self.partitions.partitioned.remove(key);
            }
        }
        self.slots.take(id)
    }

    pub(crate) fn clear(&mut self) {
        *self = Self {
            next_insertion: self.next_insertion,
            ..Self::default()
        };
    }

    /// 5.7: "MUST evict all expired cookies".
    pub(crate) fn evict_expired(&mut self, now: DateTime<Utc>) {
        let as_of = self.as_of(now);
        if self.expiries.may_have_expired(as_of) {
            while let Some(id) = self.expiries.pop(&self.slots, as_of) {
                self.remove(id);
            }
        }
        self.horizon = AtomicInstant::new(Instant::EARLIEST);
    }

    /// Removes what is beyond limits that may be lower than those before.
    pub(crate) fn limit(&mut self, limits: Limits) {
        // Expired ones come before all others.
        self.evict_expired(self.horizon.get().into());
        let domains = self.partitions.iter().flat_map(Partition::homes);
        let domains: Vec<Arc<Home>> = domains.cloned().collect();
        // All domains come before the total.
        let of_domains = Limits {
            total: usize::MAX,
            ..limits
        };
        for home in &domains {
            self.remove_excess(home, of_domains);
        }
        if let Some(home) = domains.first() {
            self.remove_excess(home, limits);
        }
    }

    /// 5.7: "remove excess cookies": first of the partition's domain, then of all.
    // Reading: both are a MAY, carried out right after an insert, down to the bound. No cookie is
    // expired then (priority 1), and no other domain has too many (priorities 2 and 3).
    fn remove_excess(&mut self, home: &Arc<Home>, limits: Limits) {
        let rewinds = self.rewinds.load(Ordering::Relaxed);
        while let Some(partition) = self.partitions.get_mut(home.partition.as_deref()) {
            let next = partition.pop_excess(home, limits.per_domain, &self.slots, rewinds);
            if next.and_then(|id| self.remove(id)).is_none() {
                break;
            }
        }
        while self.slots.len() > limits.total {
            let members = self.slots.iter().map(|(id, _)| id);
            let next = self
                .removals
                .pop(Priorities::AllAlike, members, &self.slots, rewinds);
            if next.and_then(|id| self.remove(id)).is_none() {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cookie::Fields;
    use crate::set_cookie::SameSite;

    fn cookie(name: &[u8]) -> Cookie {
        let domain = b"example.com"[..].into();
        Cookie::from(Fields {
            name,
            value: b"",
            path: b"/",
            home: Arc::new(Home {
                domain,
                partition: None,
            }),
            host_only: true,
            secure_only: false,
            http_only: false,
            same_site: SameSite::Default,
            expiry_time: None,
            creation: (DateTime::UNIX_EPOCH, 0),
            last_access_time: DateTime::UNIX_EPOCH,
        })
    }

    #[test]
    fn insertions_outlive_their_numbers() {
        let mut store = Store {
            next_insertion: u32::MAX - 2,
            ..Store::default()
        };
        for name in [b"d", b"c", b"b", b"a"] {
            store.insert(cookie(name), Limits::new(180, 3300));
        }
        let known = store.domain(None, b"example.com").unwrap();
        let names: Vec<_> = known.iter().map(Cookie::name).collect();
        assert_eq!(names, [b"d", b"c", b"b", b"a"]);
        let mut cookies: Vec<_> = store.iter().map(|(_, cookie)| cookie).collect();
        cookies.sort_by_key(|cookie| cookie.creation_order());
        let names: Vec<_> = cookies.into_iter().map(Cookie::name).collect();
        assert_eq!(names, [b"d", b"c", b"b", b"a"]);
        // The oldest goes first.
        store.insert(cookie(b"e"), Limits::new(4, 3300));
        let known = store.domain(None, b"example.com").unwrap();
        let names: Vec<_> = known.iter().map(Cookie::name).collect();
        assert_eq!(names, [b"c", b"b", b"a", b"e"]);
    }
}
