//! The cookies and their index; limits and the order of eviction.
//!
//! The cookies stand in numbered slots. A partition is a store of its own: it maps each domain to the
//! numbers of its cookies, once in the order of sending and once by identity. What expires next and
//! what has to go next are queues of such numbers; an entry that no longer fits its cookie is passed
//! over.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};

use crate::cookie::{AtomicInstant, Cookie, CreationOrder, Identity};
use crate::host::{CanonicalHost, Domain};
use crate::same_site::PartitionKey;

/// All cookies of a jar.
#[derive(Debug)]
pub(crate) struct Store {
    slots: Slots,
    partitions: Partitions,
    /// Each persistent cookie, the first to expire on top.
    expiries: BinaryHeap<Reverse<(DateTime<Utc>, CookieId)>>,
    /// All cookies by removal priority.
    removals: RemovalQueue,
    next_insertion: u64,
    /// The latest instant at which a reader has found a cookie expired, which only a writer can take
    /// out: what was gone then stays gone when the clock goes back.
    horizon: AtomicInstant,
    /// How often a last-access-time was set back; see [`RemovalQueue`].
    rewinds: AtomicU64,
}

/// The number of a cookie's slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CookieId(u32);

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

#[derive(Debug, Clone, Default)]
struct Slots {
    cookies: Vec<Option<Cookie>>,
    free: Vec<CookieId>,
}

impl Slots {
    fn len(&self) -> usize {
        self.cookies.len() - self.free.len()
    }

    fn get(&self, CookieId(slot): CookieId) -> Option<&Cookie> {
        self.cookies.get(slot as usize)?.as_ref()
    }

    fn add(&mut self, cookie: Cookie) -> CookieId {
        let id = self.free.pop().unwrap_or_else(|| {
            self.cookies.push(None);
            CookieId(u32::try_from(self.cookies.len() - 1).unwrap_or(u32::MAX))
        });
        self.replace(id, cookie);
        id
    }

    fn replace(&mut self, CookieId(slot): CookieId, cookie: Cookie) -> Option<Cookie> {
        self.cookies.get_mut(slot as usize)?.replace(cookie)
    }

    fn take(&mut self, id: CookieId) -> Option<Cookie> {
        let cookie = self.cookies.get_mut(id.0 as usize)?.take()?;
        self.free.push(id);
        Some(cookie)
    }

    fn iter(&self) -> impl Iterator<Item = (CookieId, &Cookie)> {
        let numbered = (0_u32..).map(CookieId).zip(&self.cookies);
        numbered.filter_map(|(id, cookie)| Some((id, cookie.as_ref()?)))
    }
}

#[derive(Debug, Clone, Default)]
struct Partitions {
    unpartitioned: Partition,
    partitioned: HashMap<Arc<PartitionKey>, Partition>,
}

impl Partitions {
    fn iter(&self) -> impl Iterator<Item = &Partition> {
        std::iter::once(&self.unpartitioned).chain(self.partitioned.values())
    }

    fn iter_mut(&mut self) -> impl Iterator<Item = &mut Partition> {
        std::iter::once(&mut self.unpartitioned).chain(self.partitioned.values_mut())
    }

    fn get(&self, key: Option<&PartitionKey>) -> Option<&Partition> {
        match key {
            None => Some(&self.unpartitioned),
            Some(key) => self.partitioned.get(key),
        }
    }

    fn get_mut(&mut self, key: Option<&PartitionKey>) -> Option<&mut Partition> {
        match key {
            None => Some(&mut self.unpartitioned),
            Some(key) => self.partitioned.get_mut(key),
        }
    }

    fn entry(&mut self, key: Option<&Arc<PartitionKey>>) -> &mut Partition {
        match key {
            None => &mut self.unpartitioned,
            Some(key) => self.partitioned.entry(Arc::clone(key)).or_default(),
        }
    }
}

#[derive(Debug, Clone, Default)]
struct Partition {
    domains: HashMap<Box<[u8]>, DomainCookies>,
    /// The domains that have a secure-only cookie.
    secure_domains: BTreeSet<FromTheRight>,
}

/// A domain, ordered by its octets from the right: the subdomains of one are a range.
#[derive(Debug, Clone, PartialEq, Eq)]
struct FromTheRight(Box<[u8]>);

impl Ord for FromTheRight {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.iter().rev().cmp(other.0.iter().rev())
    }
}

impl PartialOrd for FromTheRight {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// The most labels that a host of the DNS has; those of more are not looked up label by label.
const DNS_LABELS: usize = 127;

impl Partition {
    /// The domains that the host domain-matches.
    fn matched_by<'s>(&'s self, host: &CanonicalHost<'_>) -> Vec<&'s DomainCookies> {
        if host.domains().nth(DNS_LABELS).is_some() {
            // A look-up costs the octets of the domain, so one a label would be quadratic here.
            let all = self.domains.iter();
            return all
                .filter(|(domain, _)| host.domain_matches(Domain(domain)))
                .map(|(_, cookies)| cookies)
                .collect();
        }
        let matched = host.domains();
        matched
            .filter_map(|domain| self.domains.get(domain))
            .collect()
    }

    /// Adds a cookie of a new identity, and tells how many its domain has now.
    fn add(&mut self, slots: &Slots, id: CookieId, cookie: &Cookie) -> usize {
        let domain = cookie.domain();
        let cookies = match self.domains.get_mut(domain) {
            Some(cookies) => cookies,
            None => self.domains.entry(domain.into()).or_default(),
        };
        let position = cookies.sending_position(slots, cookie);
        cookies.in_sending_order.insert(position, id);
        let (Ok(position) | Err(position)) = cookies.find(slots, cookie.identity());
        cookies.by_identity.insert(position, id);
        cookies.queue_removal(id, cookie);
        let count = cookies.by_identity.len();
        if cookie.secure_only {
            self.count_secure_only(domain);
        }
        count
    }

    fn remove(&mut self, slots: &Slots, cookie: &Cookie) {
        if cookie.secure_only {
            self.discount_secure_only(cookie.domain());
        }
        let Some(cookies) = self.domains.get_mut(cookie.domain()) else {
            return;
        };
        let position = cookies.sending_position(slots, cookie);
        cookies.in_sending_order.remove(position);
        if let Ok(position) = cookies.find(slots, cookie.identity()) {
            cookies.by_identity.remove(position);
        }
        if cookies.by_identity.is_empty() {
            self.domains.remove(cookie.domain());
        }
    }

    /// A cookie has taken the place of another one of its identity.
    fn replace(&mut self, id: CookieId, cookie: &Cookie, was_secure_only: bool) {
        let domain = cookie.domain();
        if let Some(cookies) = self.domains.get_mut(domain) {
            cookies.queue_removal(id, cookie);
        }
        match (was_secure_only, cookie.secure_only) {
            (false, true) => self.count_secure_only(domain),
            (true, false) => self.discount_secure_only(domain),
            _ => (),
        }
    }

    fn count_secure_only(&mut self, domain: &[u8]) {
        if let Some(cookies) = self.domains.get_mut(domain) {
            cookies.secure_only += 1;
            if cookies.secure_only == 1 {
                self.secure_domains.insert(FromTheRight(domain.into()));
            }
        }
    }

    fn discount_secure_only(&mut self, domain: &[u8]) {
        if let Some(cookies) = self.domains.get_mut(domain) {
            cookies.secure_only -= 1;
            if cookies.secure_only == 0 {
                self.secure_domains.remove(&FromTheRight(domain.into()));
            }
        }
    }

    /// The subdomains of a domain that have a secure-only cookie.
    fn secure_subdomains(&self, domain: &[u8]) -> impl Iterator<Item = &DomainCookies> {
        // From the right, "." and then the domain is what all of them begin with; "/" comes next.
        let from = FromTheRight([b".", domain].concat().into());
        let to = FromTheRight([b"/", domain].concat().into());
        let subdomains = self.secure_domains.range(from..to);
        subdomains.filter_map(|FromTheRight(domain)| self.domains.get(domain))
    }
}

/// The cookies that share a domain.
#[derive(Debug, Clone, Default)]
struct DomainCookies {
    in_sending_order: Vec<CookieId>,
    by_identity: Vec<CookieId>,
    secure_only: usize,
    /// Whether the domain is a public suffix, once that was asked.
    public_suffix: OnceLock<bool>,
    /// These cookies by removal priority.
    removals: RemovalQueue,
}

/// The cookies of one domain, for a reader.
#[derive(Clone, Copy)]
pub(crate) struct OfDomain<'s> {
    slots: &'s Slots,
    cookies: &'s DomainCookies,
}

impl<'s> OfDomain<'s> {
    /// The cookies in sending order.
    pub(crate) fn iter(self) -> impl Iterator<Item = &'s Cookie> {
        let ids = self.cookies.in_sending_order.iter();
        ids.filter_map(move |id| self.slots.get(*id))
    }

    /// Whether the domain is a public suffix; `look_up` is asked once.
    pub(crate) fn is_public_suffix(self, look_up: impl FnOnce() -> bool) -> bool {
        *self.cookies.public_suffix.get_or_init(look_up)
    }
}

impl DomainCookies {
    fn find(&self, slots: &Slots, identity: Identity<'_>) -> Result<usize, usize> {
        let order = |id: &CookieId| slots.get(*id).map(Cookie::identity);
        self.by_identity
            .binary_search_by_key(&Some(identity), order)
    }

    /// The cookies of one name.
    fn named<'s>(
        &'s self,
        slots: &'s Slots,
        name: &[u8],
    ) -> impl Iterator<Item = (CookieId, &'s Cookie)> {
        let name_of = |id: CookieId| slots.get(id).map(Cookie::name);
        let from = self
            .by_identity
            .partition_point(|id| name_of(*id) < Some(name));
        let to = self
            .by_identity
            .partition_point(|id| name_of(*id) <= Some(name));
        let ids = self.by_identity[from..to].iter();
        ids.filter_map(|id| Some((*id, slots.get(*id)?)))
    }

    fn queue_removal(&mut self, id: CookieId, cookie: &Cookie) {
        let members = self.by_identity.len();
        self.removals
            .push(Priorities::InsecureFirst, id, cookie, members);
    }

    fn sending_position(&self, slots: &Slots, cookie: &Cookie) -> usize {
        let place = Some(cookie.sending_order());
        let order = |id: &CookieId| slots.get(*id).map(Cookie::sending_order);
        self.in_sending_order
            .partition_point(|id| order(id) < place)
    }
}

/// Cookies by removal priority: the order in which "remove excess cookies" (5.7) evicts them.
///
/// It is filled when the first cookie has to go, since most jars never get there. A retrieval can
/// only move a cookie back in the order, and cannot tell the queue; so the top entry is compared with
/// its cookie and put back where it belongs. Where a clock went back, a cookie may have moved forward:
/// then the queue is filled anew.
#[derive(Debug, Clone, Default)]
struct RemovalQueue {
    entries: Option<BinaryHeap<Reverse<(RemovalPriority, CookieId)>>>,
    rewinds: u64,
}

/// Whether insecure cookies come first, or all are alike.
#[derive(Debug, Clone, Copy)]
enum Priorities {
    InsecureFirst,
    AllAlike,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct RemovalPriority {
    spared: bool,
    last_access_time: DateTime<Utc>,
    creation: CreationOrder,
}

impl Priorities {
    fn of(self, cookie: &Cookie) -> RemovalPriority {
        RemovalPriority {
            spared: matches!(self, Self::InsecureFirst) && cookie.secure_only,
            last_access_time: cookie.last_access_time(),
            creation: cookie.creation_order(),
        }
    }
}

impl RemovalQueue {
    /// A cookie that is new or has taken another's place; `members` is how many there are in all.
    fn push(&mut self, priorities: Priorities, id: CookieId, cookie: &Cookie, members: usize) {
        let Some(entries) = &mut self.entries else {
            return;
        };
        entries.push(Reverse((priorities.of(cookie), id)));
        if entries.len() > 2 * members + 64 {
            // Mostly entries of cookies that are gone or were replaced.
            self.entries = None;
        }
    }

    /// The cookie that has to go next.
    fn pop<'s>(
        &mut self,
        priorities: Priorities,
        members: impl Iterator<Item = (CookieId, &'s Cookie)>,
        slots: &Slots,
        rewinds: u64,
    ) -> Option<CookieId> {
        if rewinds != self.rewinds {
            self.entries = None;
            self.rewinds = rewinds;
        }
        let entries = self.entries.get_or_insert_with(|| {
            members
                .map(|(id, cookie)| Reverse((priorities.of(cookie), id)))
                .collect()
        });
        while let Some(Reverse((priority, id))) = entries.pop() {
            let Some(cookie) = slots.get(id) else {
                continue;
            };
            let current = priorities.of(cookie);
            if current == priority {
                return Some(id);
            }
            // The same cookie, used since; otherwise another one that took over its slot.
            if current.creation == priority.creation && current > priority {
                entries.push(Reverse((current, id)));
            }
        }
        None
    }
}

impl Default for Store {
    fn default() -> Self {
        Self {
            slots: Slots::default(),
            partitions: Partitions::default(),
            expiries: BinaryHeap::new(),
            removals: RemovalQueue::default(),
            next_insertion: 0,
            horizon: AtomicInstant::beginning(),
            rewinds: AtomicU64::new(0),
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
            horizon: self.horizon.clone(),
            rewinds: AtomicU64::new(self.rewinds.load(Ordering::Relaxed)),
        }
    }
}

impl Store {
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Cookie> {
        self.slots.iter().map(|(_, cookie)| cookie)
    }

    /// The instant by which a cookie counts as expired: `now`, or a later one that a reader was told
    /// before the clock went back.
    pub(crate) fn as_of(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let expired = |Reverse((expiry_time, _)): &Reverse<(DateTime<Utc>, _)>| *expiry_time < now;
        if self.expiries.peek().is_some_and(expired) {
            self.horizon.advance(now);
        }
        self.horizon.get().max(now)
    }

    /// Sets the last-access-time of each cookie.
    pub(crate) fn touch(&self, cookies: &[&Cookie], now: DateTime<Utc>) {
        let now = AtomicInstant::new(now);
        let mut set_back = false;
        for cookie in cookies {
            set_back |= cookie.last_access_time.set(&now);
        }
        if set_back {
            self.rewinds.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The cookies of the domains that the host domain-matches: those that are not partitioned, and
    /// those of the key.
    pub(crate) fn matched_by<'s, 'k>(
        &'s self,
        host: &CanonicalHost<'_>,
        partition_key: impl FnOnce() -> Option<&'k PartitionKey>,
    ) -> impl Iterator<Item = OfDomain<'s>> {
        let mut matched = self.partitions.unpartitioned.matched_by(host);
        if !self.partitions.partitioned.is_empty() {
            let partition = partition_key().and_then(|key| self.partitions.partitioned.get(key));
            matched.extend(
                partition
                    .into_iter()
                    .flat_map(|partition| partition.matched_by(host)),
            );
        }
        self.of_domains(matched)
    }

    /// The same of all partitions.
    pub(crate) fn matched_by_in_all(
        &self,
        host: &CanonicalHost<'_>,
    ) -> impl Iterator<Item = OfDomain<'_>> {
        let in_each = self.partitions.iter();
        self.of_domains(
            in_each
                .flat_map(|partition| partition.matched_by(host))
                .collect(),
        )
    }

    fn of_domains<'s>(
        &'s self,
        cookies: Vec<&'s DomainCookies>,
    ) -> impl Iterator<Item = OfDomain<'s>> {
        let slots = &self.slots;
        cookies
            .into_iter()
            .map(|cookies| OfDomain { slots, cookies })
    }

    /// Whether the domain is a public suffix; `look_up` is asked unless its cookies tell.
    pub(crate) fn is_public_suffix(&self, domain: &[u8], look_up: impl FnOnce() -> bool) -> bool {
        match self.partitions.unpartitioned.domains.get(domain) {
            Some(cookies) => *cookies.public_suffix.get_or_init(look_up),
            None => look_up(),
        }
    }

    /// The public suffix list has changed.
    pub(crate) fn forget_public_suffixes(&mut self) {
        for partition in self.partitions.iter_mut() {
            for cookies in partition.domains.values_mut() {
                cookies.public_suffix = OnceLock::new();
            }
        }
    }

    /// The cookies of a domain, whatever their partition.
    pub(crate) fn of_domain(&self, domain: &[u8]) -> impl Iterator<Item = CookieId> {
        let in_each = self.partitions.iter();
        let cookies = in_each.filter_map(|partition| partition.domains.get(domain));
        cookies.flat_map(|cookies| cookies.by_identity.iter().copied())
    }

    /// The cookies of a domain and name, whatever their partition.
    pub(crate) fn named(
        &self,
        domain: &[u8],
        name: &[u8],
    ) -> impl Iterator<Item = (CookieId, &Cookie)> {
        let in_each = self.partitions.iter();
        let cookies = in_each.filter_map(|partition| partition.domains.get(domain));
        cookies.flat_map(|cookies| cookies.named(&self.slots, name))
    }

    /// For 5.7 step 16: the cookies of one name and of a domain, its parents or its subdomains; all
    /// secure-only ones are among them.
    pub(crate) fn named_around<'s>(
        &'s self,
        partition: Option<&PartitionKey>,
        domain: &'s [u8],
        name: &'s [u8],
    ) -> impl Iterator<Item = &'s Cookie> {
        let partition = self.partitions.get(partition).into_iter();
        let around = partition.flat_map(move |partition| {
            let parents = partition.matched_by(&CanonicalHost::of_domain(Domain(domain)));
            parents
                .into_iter()
                .chain(partition.secure_subdomains(domain))
        });
        let named = around.flat_map(move |cookies| cookies.named(&self.slots, name));
        named.map(|(_, cookie)| cookie)
    }

    /// 5.7 step 23: the cookie of this identity.
    pub(crate) fn find(
        &self,
        partition: Option<&PartitionKey>,
        domain: &[u8],
        identity: Identity<'_>,
    ) -> Option<(CookieId, &Cookie)> {
        let cookies = self.partitions.get(partition)?.domains.get(domain)?;
        let position = cookies.find(&self.slots, identity).ok()?;
        let id = *cookies.by_identity.get(position)?;
        Some((id, self.slots.get(id)?))
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = (CookieId, &Cookie)> {
        self.slots.iter()
    }

    /// 5.7 step 24 for a cookie of a new identity, and then "remove excess cookies".
    pub(crate) fn insert(&mut self, mut cookie: Cookie, limits: Limits) {
        cookie.insertion = self.next_insertion;
        self.next_insertion += 1;
        let id = self.slots.add(cookie);
        let Some(cookie) = self.slots.get(id) else {
            return;
        };
        let partition = self.partitions.entry(cookie.partition.as_ref());
        let in_domain = partition.add(&self.slots, id, cookie);
        let excess = in_domain > limits.per_domain || self.slots.len() > limits.total;
        let excess = excess.then(|| (cookie.partition.clone(), cookie.domain().to_vec()));
        self.queue(id);
        if let Some((partition, domain)) = excess {
            self.remove_excess(partition.as_deref(), &domain, limits);
        }
    }

    /// 5.7 steps 23.4 and 24: the new cookie in the place of the old one. Identity, creation-time and
    /// insertion are the same, so its places in the index are too.
    pub(crate) fn replace(&mut self, id: CookieId, cookie: Cookie) {
        let Some(old) = self.slots.replace(id, cookie) else {
            return;
        };
        if let Some(cookie) = self.slots.get(id) {
            if let Some(partition) = self.partitions.get_mut(cookie.partition()) {
                partition.replace(id, cookie, old.secure_only);
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
        if let Some(expiry_time) = cookie.expiry_time {
            self.expiries.push(Reverse((expiry_time, id)));
            if self.expiries.len() > 2 * total + 64 {
                // Mostly entries of cookies that are gone or were replaced.
                let live = self.slots.iter();
                self.expiries = live
                    .filter_map(|(id, cookie)| Some(Reverse((cookie.expiry_time?, id))))
                    .collect();
            }
        }
    }

    pub(crate) fn remove(&mut self, id: CookieId) -> Option<Cookie> {
        let cookie = self.slots.get(id)?;
        let key = cookie.partition();
        let partition = self.partitions.get_mut(key)?;
        partition.remove(&self.slots, cookie);
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
        while let Some(Reverse((expiry_time, id))) = self.expiries.peek().copied() {
            if expiry_time >= as_of {
                break;
            }
            self.expiries.pop();
            if self
                .slots
                .get(id)
                .is_some_and(|cookie| cookie.expiry_time == Some(expiry_time))
            {
                self.remove(id);
            }
        }
        self.horizon = AtomicInstant::beginning();
    }

    /// 5.7: "remove excess cookies": first of the partition's domain, then of all.
    // Reading: both are a MAY, carried out right after an insert, down to the bound. No cookie is
    // expired then (priority 1), and past the first bound no domain has too many (priorities 2 and 3).
    fn remove_excess(&mut self, partition: Option<&PartitionKey>, domain: &[u8], limits: Limits) {
        let rewinds = self.rewinds.load(Ordering::Relaxed);
        loop {
            let found = self.partitions.get_mut(partition);
            let Some(cookies) = found.and_then(|found| found.domains.get_mut(domain)) else {
                break;
            };
            if cookies.by_identity.len() <= limits.per_domain {
                break;
            }
            let slots = &self.slots;
            let ids = cookies.by_identity.iter();
            let members = ids.filter_map(|id| Some((*id, slots.get(*id)?)));
            let next = cookies
                .removals
                .pop(Priorities::InsecureFirst, members, slots, rewinds);
            if next.and_then(|id| self.remove(id)).is_none() {
                break;
            }
        }
        while self.slots.len() > limits.total {
            let (slots, members) = (&self.slots, self.slots.iter());
            let next = self
                .removals
                .pop(Priorities::AllAlike, members, slots, rewinds);
            if next.and_then(|id| self.remove(id)).is_none() {
                break;
            }
        }
    }
}
