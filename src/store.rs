//! The cookies by site, how many there may be, and the order in which they go.
//!
//! A site is the registrable domain of a host, or the host itself where it has none. In it, cookies stand by
//! partition, and in a partition by identity. All that the text asks of a cookie's neighbours is asked in
//! there: which cookie it replaces, and whether its domain or its site has too many.
//!
//! Across all sites, two ordered maps have one entry a partition: a lower bound of when its next cookie
//! expires, and one of its last use. A cookie that goes may leave its bound behind, and readers move
//! last-access-times forward, so whoever takes the first entry looks into that partition, and raises the
//! bound to what it is. [`Store::change`] is the one place where cookies come and go: it keeps both maps true.

mod partition;
mod secure;

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash, Hasher};
use std::iter;
use std::sync::{Arc, OnceLock};

use foldhash::quality::RandomState;
use smallvec::SmallVec;

use crate::change::{Cause, Change, Log, Logged};
use crate::cookie::{Cookie, Expiry, Home, Identity, LastUse};
use crate::host::{CanonicalHost, DomainString};
use crate::policy::Policy;
use crate::same_site::PartitionKey;
pub(crate) use crate::store::partition::Found;
use crate::store::partition::Partition;
use crate::store::secure::SecureOnly;
use crate::timestamp::{AtomicTimestamp, Timestamp};

/// All cookies of a jar.
#[derive(Debug)]
pub(crate) struct Store {
    limits: Limits,
    sites: HashMap<SiteName, Box<Site>, RandomState>,
    /// The partitions that have a persistent cookie, each by one of its homes.
    next_expiry: BTreeMap<Expiry, Arc<Home>>,
    /// All partitions, where the total has a limit.
    least_used: BTreeMap<LastUse, Arc<Home>>,
    /// Made when step 16 first asks.
    secure_only: OnceLock<SecureOnly>,
    len: usize,
    next_insertion: u64,
    /// The latest instant by which a cookie has expired that is still there, since a reader cannot take
    /// it out, and a writer takes out only some: what is gone stays gone when the clock goes back.
    gone: AtomicTimestamp,
    /// Where somebody asks for changes.
    log: Option<Log>,
}

/// The bounds past which "remove excess cookies" begins.
#[derive(Debug, Clone, Copy)]
struct Limits {
    per_domain: usize,
    per_site: usize,
    left_of_site: usize,
    total: usize,
}

/// What a change of a partition came to.
pub(crate) struct Changed {
    removed: Vec<Cookie>,
    /// How many cookies the partition has now.
    len: usize,
}

/// A site: its cookies by partition.
#[derive(Debug, Clone, Default)]
struct Site {
    unpartitioned: Partition,
    partitioned: BTreeMap<Arc<PartitionKey>, Partition>,
}

impl Site {
    fn partition(&self, key: Option<&PartitionKey>) -> Option<&Partition> {
        match key {
            None => Some(&self.unpartitioned),
            Some(key) => self.partitioned.get(key),
        }
    }

    /// The unpartitioned cookies, then the partitions.
    fn partitions(&self) -> impl Iterator<Item = &Partition> {
        iter::once(&self.unpartitioned).chain(self.partitioned.values())
    }
}

/// The name of a site, which its homes have: it takes no octets of its own.
#[derive(Debug, Clone)]
struct SiteName(Arc<Home>);

impl Borrow<[u8]> for SiteName {
    fn borrow(&self) -> &[u8] {
        self.0.site()
    }
}

impl Hash for SiteName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.site().hash(state);
    }
}

impl PartialEq for SiteName {
    fn eq(&self, other: &Self) -> bool {
        self.0.site() == other.0.site()
    }
}

impl Eq for SiteName {}

impl Store {
    /// An empty store with the limits of this policy.
    pub(crate) fn new(policy: &Policy) -> Self {
        Self {
            limits: Limits {
                per_domain: policy.max_cookies_per_domain,
                per_site: policy.max_cookies_per_site,
                left_of_site: policy.cookies_left_of_full_site,
                total: policy.max_cookies,
            },
            sites: HashMap::default(),
            next_expiry: BTreeMap::new(),
            least_used: BTreeMap::new(),
            secure_only: OnceLock::new(),
            len: 0,
            next_insertion: 0,
            gone: AtomicTimestamp::new(Timestamp::MIN),
            log: None,
        }
    }

    /// Takes another policy, whose list may make other sites of the cookies. Those that have expired go, and
    /// those beyond its limits: first of each domain, then of each site, then of all.
    pub(crate) fn set_policy(&mut self, policy: &Policy, now: Timestamp) {
        self.evict_expired(now);
        self.log_touched();
        let mut store = self.made_anew(policy);
        store.log = self.log.take();
        store.limit();
        *self = store;
    }

    /// The same cookies, with homes of their own, by this policy's list.
    fn made_anew(&self, policy: &Policy) -> Self {
        let mut store = Self {
            next_insertion: self.next_insertion,
            gone: self.gone.clone(),
            ..Self::new(policy)
        };
        for cookie in self.iter() {
            let partition = cookie.home().partition.as_ref();
            let found = store.find(&cookie.identity(), partition.map(|key| &**key));
            let home = found.home_or_new(cookie.domain(), partition, &policy.public_suffix_list);
            store.put(cookie.clone().at_home(home));
        }
        store
    }

    /// Begins to log what changes. A log marks homes, which are then those of no other store: a copy of a store
    /// shares them.
    pub(crate) fn watch(&mut self, policy: &Policy) {
        if self.log.is_none() {
            *self = self.made_anew(policy);
            self.log = Some(Log::default());
        }
    }

    /// A copy, which logs nothing.
    pub(crate) fn unwatched(&self) -> Self {
        Self {
            limits: self.limits,
            sites: self.sites.clone(),
            next_expiry: self.next_expiry.clone(),
            least_used: self.least_used.clone(),
            secure_only: self.secure_only.clone(),
            len: self.len,
            next_insertion: self.next_insertion,
            gone: self.gone.clone(),
            log: None,
        }
    }

    /// Tells the log, where there is one, when what comes next is done.
    pub(crate) fn log_from(&mut self, now: Timestamp) {
        if let Some(log) = &mut self.log {
            log.set_now(now);
        }
    }

    /// Begins anew, without cookies. What is logged stays.
    pub(crate) fn clear(&mut self, policy: &Policy) {
        self.evict_gone();
        let mut log = self.log.take();
        if let Some(log) = &mut log {
            for cookie in self.iter() {
                log.push(Change::Removed(cookie.clone(), Cause::Removed), self.len);
            }
        }
        *self = Self {
            log,
            next_insertion: self.next_insertion,
            ..Self::new(policy)
        };
    }

    /// Notes that these cookies were sent.
    pub(crate) fn touch<'c>(&self, cookies: impl Iterator<Item = &'c Cookie>, now: Timestamp) {
        for cookie in cookies {
            cookie.touch(now);
            if let Some(log) = &self.log {
                log.touch(cookie.home());
            }
        }
    }

    /// What has changed since this was last called, if that is logged.
    pub(crate) fn changes(&mut self) -> Vec<Logged> {
        self.log_touched();
        self.log.as_mut().map_or_else(Vec::new, Log::take)
    }

    /// The changes as they came, each with when it was made, and what was sent if that is asked for.
    #[cfg(feature = "sqlite")]
    pub(crate) fn as_logged(&mut self, with_touched: bool) -> Vec<Logged> {
        if with_touched {
            self.log_touched();
        }
        let log = self.log.as_mut();
        log.map_or_else(Vec::new, Log::take_as_logged)
    }

    /// How many changes are logged, without those of what was sent.
    #[cfg(feature = "sqlite")]
    pub(crate) fn log_len(&self) -> usize {
        self.log.as_ref().map_or(0, Log::len)
    }

    /// Takes the log out, so that nothing is logged until it is given back.
    #[cfg(any(feature = "sqlite", feature = "fleet"))]
    pub(crate) fn swap_log(&mut self, log: Option<Log>) -> Option<Log> {
        std::mem::replace(&mut self.log, log)
    }

    /// Logs the cookies of the domains of which some were sent.
    fn log_touched(&mut self) {
        let Some(mut log) = self.log.take() else {
            return;
        };
        for home in log.take_touched() {
            let partition = self.partition(&home);
            let cookies = partition.map(|partition| partition.of_domain(home.domain()));
            for cookie in cookies.into_iter().flatten().flatten() {
                log.push_touched(cookie.clone());
            }
        }
        self.log = Some(log);
    }

    fn partition(&self, home: &Home) -> Option<&Partition> {
        let site = self.sites.get(home.site())?;
        site.partition(home.partition.as_deref())
    }

    /// How many cookies there are, those included that are gone but still there.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// All cookies, in no order, those included that are gone but still there.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Cookie> {
        let partitions = self.sites.values().flat_map(|site| site.partitions());
        partitions.flat_map(Partition::iter)
    }

    /// The instant as of which a cookie counts as expired: `now`, or a later one that the store was told
    /// before the clock went back.
    pub(crate) fn as_of(&self, now: Timestamp) -> Timestamp {
        if self.may_have_expired(now) {
            self.gone.advance(now);
        }
        self.gone.get().max(now)
    }

    fn may_have_expired(&self, now: Timestamp) -> bool {
        let next = self.next_expiry.first_key_value();
        next.is_some_and(|(expiry, _)| expiry.time < now)
    }

    /// 5.7 step 23: the cookie of this identity, also if it has expired, and the home of its domain.
    // No list is asked: where the domain has a home, its name ends in that of its site.
    pub(crate) fn find(
        &self,
        identity: &Identity<'_>,
        partition: Option<&PartitionKey>,
    ) -> Found<'_> {
        let host = CanonicalHost::of_domain(DomainString(identity.domain));
        let partitions = self
            .sites_of(&host)
            .filter_map(|site| site.partition(partition));
        let mut found = partitions.map(|partition| partition.find(identity));
        found.find(|found| found.home.is_some()).unwrap_or_default()
    }

    /// The sites that can have a cookie whose domain the host matches: their names are the host, or end
    /// it.
    fn sites_of(&self, host: &CanonicalHost<'_>) -> impl Iterator<Item = &Site> {
        let sites = host.domains().filter_map(|domain| self.sites.get(domain));
        sites.map(|site| &**site)
    }

    /// Visits the cookies whose domain the host domain-matches, each slice of one domain: those that are not
    /// partitioned, and those of the key.
    pub(crate) fn visit_matched<'s, 'k>(
        &'s self,
        host: &CanonicalHost<'_>,
        partition_key: impl Fn() -> Option<&'k PartitionKey>,
        mut visit: impl FnMut(&'s Home, &'s [Cookie]),
    ) {
        for site in self.sites_of(host) {
            site.unpartitioned.visit_matched(host, &mut visit);
            if !site.partitioned.is_empty() {
                let partition = partition_key().and_then(|key| site.partitioned.get(key));
                partition.inspect(|partition| partition.visit_matched(host, &mut visit));
            }
        }
    }

    /// Visits the same of all partitions.
    pub(crate) fn visit_matched_in_all<'s>(
        &'s self,
        host: &CanonicalHost<'_>,
        mut visit: impl FnMut(&'s Home, &'s [Cookie]),
    ) {
        for partition in self.sites_of(host).flat_map(Site::partitions) {
            partition.visit_matched(host, &mut visit);
        }
    }

    /// The cookies of a domain, whatever their partition.
    pub(crate) fn of_domain(&self, domain: &[u8]) -> Vec<&Cookie> {
        let host = CanonicalHost::of_domain(DomainString(domain));
        let partitions = self.sites_of(&host).flat_map(Site::partitions);
        let cookies = partitions.flat_map(|partition| partition.of_domain(domain));
        cookies.flatten().collect()
    }

    /// The cookies of a name, domain and path: host-only or not, whatever their partition.
    pub(crate) fn named(&self, domain: &[u8], name: &[u8], path: &[u8]) -> Vec<&Cookie> {
        let host = CanonicalHost::of_domain(DomainString(domain));
        let mut named = Vec::new();
        for partition in self.sites_of(&host).flat_map(Site::partitions) {
            for host_only in [false, true] {
                let identity = Identity {
                    domain,
                    name,
                    path,
                    host_only,
                };
                named.extend(partition.find(&identity).cookie);
            }
        }
        named
    }

    /// For 5.7 step 16: the secure-only cookies around an identity, that is of its name and partition, whose
    /// path its own path-matches, and whose domain is the same, a parent or a subdomain.
    pub(crate) fn secure_around<'s>(
        &'s self,
        new: Identity<'s>,
        partition: Option<&'s Arc<PartitionKey>>,
    ) -> impl Iterator<Item = &'s Cookie> {
        let made = || SecureOnly::of(self.iter());
        let secure_only = self.secure_only.get_or_init(made);
        let around = secure_only.around(new, partition);
        let key = partition.map(|key| &**key);
        around.filter_map(move |identity| self.find(&identity, key).cookie)
    }

    /// 5.7 step 24 for a cookie of a new identity, and then "remove excess cookies".
    pub(crate) fn insert(&mut self, mut cookie: Cookie, now: Timestamp) {
        let home = Arc::clone(cookie.home());
        self.number(&mut cookie);
        let in_site = self.replace(cookie).len;
        self.remove_excess(&home, in_site, now);
    }

    /// Gives a cookie its place among equal creation-times.
    fn number(&mut self, cookie: &mut Cookie) {
        cookie.set_insertion(self.next_insertion);
        self.next_insertion += 1;
    }

    /// Replaces a cookie by one that is created now.
    pub(crate) fn renew(&mut self, mut cookie: Cookie) -> Changed {
        self.number(&mut cookie);
        self.replace(cookie)
    }

    /// 5.7 steps 23.4 and 24: the new cookie in the place of the one of its identity, if there is one.
    pub(crate) fn replace(&mut self, cookie: Cookie) -> Changed {
        // A cookie that came after the clock went back must not be taken for one that is gone.
        if cookie.is_expired(self.gone.get()) {
            self.evict_gone();
        }
        self.put(cookie)
    }

    fn put(&mut self, cookie: Cookie) -> Changed {
        let home = Arc::clone(cookie.home());
        let secure_only = self.secure_only.get_mut();
        let entry = secure_only.and_then(|_| SecureOnly::entry(&cookie));
        let stored = self.log.as_ref().map(|_| Change::Stored(cookie.clone()));
        // What it takes the place of is not told: what is stored says so.
        let changed = self.change(&home, None, |partition, removed| {
            removed.extend(partition.put(cookie));
        });
        if let (Some(log), Some(stored)) = (&mut self.log, stored) {
            log.push(stored, self.len);
        }
        if let Some(secure_only) = self.secure_only.get_mut() {
            secure_only.extend(entry);
        }
        changed
    }

    /// Puts a cookie that was stored before behind all others, and returns the one whose place it takes.
    pub(crate) fn restore(&mut self, mut cookie: Cookie) -> Option<Cookie> {
        self.number(&mut cookie);
        self.replace(cookie).removed.pop()
    }

    /// The number that the next new cookie gets.
    pub(crate) fn next_insertion(&self) -> u64 {
        self.next_insertion
    }

    /// Removes the cookie of this one's identity.
    pub(crate) fn remove(&mut self, cookie: &Cookie, cause: Cause) {
        self.change(cookie.home(), Some(cause), |partition, removed| {
            removed.extend(partition.remove(&cookie.identity()));
        });
    }

    /// Changes a partition, and keeps what the store knows of it. `change` adds the cookies that it removes to
    /// the list that it gets.
    fn change(
        &mut self,
        home: &Arc<Home>,
        cause: Option<Cause>,
        change: impl FnOnce(&mut Partition, &mut Vec<Cookie>),
    ) -> Changed {
        let site = match self.sites.get_mut(home.site()) {
            Some(site) => site,
            None => self.add_site(home),
        };
        let partition = match &home.partition {
            None => &mut site.unpartitioned,
            Some(key) => site.partitioned.entry(Arc::clone(key)).or_default(),
        };
        let (before, len_before) = (partition.bounds(), partition.len());
        let mut removed = Vec::new();
        change(partition, &mut removed);
        let (after, len) = (partition.bounds(), partition.len());

        self.len = self.len + len - len_before;
        let expiry = (before.next_expiry, after.next_expiry);
        note(&mut self.next_expiry, expiry, Expiry::NEVER, home);
        if self.limits.total < usize::MAX {
            let use_ = (before.last_use, after.last_use);
            note(&mut self.least_used, use_, LastUse::NEVER, home);
        }
        if len == 0 {
            self.remove_partition(home);
        }
        if let Some(secure_only) = self.secure_only.get_mut() {
            for cookie in &removed {
                secure_only.remove(cookie);
            }
        }
        if let (Some(log), Some(cause)) = (&mut self.log, cause) {
            for cookie in &removed {
                log.push(Change::Removed(cookie.clone(), cause), self.len);
            }
        }
        Changed { removed, len }
    }

    fn add_site(&mut self, home: &Arc<Home>) -> &mut Site {
        self.sites.entry(SiteName(Arc::clone(home))).or_default()
    }

    /// Removes an empty partition, and its site if that has no other.
    fn remove_partition(&mut self, home: &Arc<Home>) {
        let name = home.site();
        let Some(site) = self.sites.get_mut(name) else {
            return;
        };
        if let Some(key) = &home.partition {
            site.partitioned.remove(key);
        }
        if site.unpartitioned.len() == 0 && site.partitioned.is_empty() {
            self.sites.remove(name);
        }
    }

    /// 5.7: "MUST evict all expired cookies".
    pub(crate) fn evict_expired(&mut self, now: Timestamp) {
        let as_of = self.as_of(now);
        while self.evict_next(as_of) {}
        self.gone.set(Timestamp::MIN);
    }

    /// Evicts what is gone, though still there.
    pub(crate) fn evict_gone(&mut self) {
        self.evict_expired(self.gone.get());
    }

    /// Evicts expired cookies too, but only in a few steps, however many there are: what is left is as good
    /// as gone, and nobody waits for it.
    pub(crate) fn evict_some_expired(&mut self, now: Timestamp) {
        /// One more than a writer makes necessary.
        const STEPS: usize = 2;
        let as_of = self.as_of(now);
        let is_done = (0..STEPS).any(|_| !self.evict_next(as_of));
        if is_done {
            self.gone.set(Timestamp::MIN);
        }
    }

    /// Evicts what has expired of the next few cookies; false if there is nothing left to look at.
    fn evict_next(&mut self, as_of: Timestamp) -> bool {
        match self.next_expiry.first_key_value() {
            Some((expiry, home)) if expiry.time < as_of => {
                let home = Arc::clone(home);
                self.change(&home, Some(Cause::Expired), |partition, removed| {
                    partition.evict_next(as_of, removed);
                });
                true
            }
            _ => false,
        }
    }

    /// 5.7: "remove excess cookies": first of the home's domain, then of its site, both within its
    /// partition, then of all.
    // Reading: it is a MAY, carried out right after an insert, down to the bounds. Bis has no bound of a
    // site: it keeps one site from evicting the cookies of all others.
    fn remove_excess(&mut self, home: &Arc<Home>, in_site: usize, now: Timestamp) {
        let Limits {
            per_domain,
            per_site,
            total,
            ..
        } = self.limits;
        let as_of = self.as_of(now);
        if in_site > per_domain.min(per_site) {
            // Priority 1: expired ones come first.
            self.change(home, Some(Cause::Expired), |partition, removed| {
                while partition.bounds().next_expiry.time < as_of {
                    partition.evict_next(as_of, removed);
                }
            });
            // Priorities 2 and 3: of the domain, insecure ones first.
            self.limit_domain(home, per_domain);
            self.limit_site(home);
        }
        // Priority 1 again.
        while self.len > total && self.evict_next(as_of) {}
        // Priority 4: of all.
        while self.evict_excess().is_some() {}
    }

    fn limit_domain(&mut self, home: &Arc<Home>, limit: usize) -> Vec<Cookie> {
        let changed = self.change(home, Some(Cause::DomainFull), |partition, removed| {
            partition.limit_domain(home.domain(), limit, removed);
        });
        changed.removed
    }

    fn limit_site(&mut self, home: &Arc<Home>) -> Vec<Cookie> {
        let limits = self.limits;
        let changed = self.change(home, Some(Cause::SiteFull), |partition, removed| {
            if partition.len() > limits.per_site {
                partition.limit(limits.per_site.min(limits.left_of_site), removed);
            }
        });
        changed.removed
    }

    /// Removes the least recently used cookie, if there are too many in all.
    fn evict_excess(&mut self) -> Option<Cookie> {
        while self.len > self.limits.total {
            let (_, home) = self.least_used.first_key_value()?;
            let home = Arc::clone(home);
            let changed = self.change(&home, Some(Cause::JarFull), |partition, removed| {
                removed.extend(partition.remove_least_used());
            });
            if let Some(removed) = changed.removed.into_iter().next() {
                return Some(removed);
            }
        }
        None
    }

    /// Removes what is beyond the limits: of every domain, then of every site, then of all. Returns that.
    pub(crate) fn limit(&mut self) -> Vec<Cookie> {
        let limits = self.limits;
        let mut removed = Vec::new();
        let partitions = self.sites.values().flat_map(|site| site.partitions());
        // Most partitions have too few cookies for any limit.
        let few = limits.per_domain.min(limits.per_site);
        let partitions = partitions.filter(|partition| partition.len() > few);
        let homes = partitions.map(|partition| partition.homes().map(Arc::clone).collect());
        let homes: Vec<Vec<Arc<Home>>> = homes.collect();
        for homes in &homes {
            for home in homes {
                removed.extend(self.limit_domain(home, limits.per_domain));
            }
        }
        for home in homes.iter().filter_map(|homes| homes.first()) {
            removed.extend(self.limit_site(home));
        }
        removed.extend(iter::from_fn(|| self.evict_excess()));
        removed
    }
}

/// Keeps a partition's entry in an ordered map: what it was before, and after; `none` is no entry. No two
/// partitions have the same bound: it has the number of the insertion.
fn note<T: Ord + Copy>(
    map: &mut BTreeMap<T, Arc<Home>>,
    (before, after): (T, T),
    none: T,
    home: &Arc<Home>,
) {
    if before == after {
        return;
    }
    map.remove(&before);
    if after != none {
        map.insert(after, Arc::clone(home));
    }
}

/// Those of the candidates that are there, both in this order. `first_from` finds the first one there from a
/// candidate on, and the candidates before it are passed over: so neither many candidates nor many that are
/// there take long.
fn those_there<'c, 's>(
    candidates: impl Iterator<Item = &'c [u8]>,
    first_from: impl Fn(&'c [u8]) -> Option<&'s [u8]>,
    order: fn(&[u8], &[u8]) -> Ordering,
) -> SmallVec<[&'s [u8]; 8]> {
    let mut candidates = candidates.peekable();
    let mut there = SmallVec::new();
    while let Some(candidate) = candidates.next() {
        let Some(first) = first_from(candidate) else {
            break;
        };
        if first == candidate {
            there.push(first);
        }
        let is_before = |candidate: &&[u8]| order(candidate, first).is_lt();
        while candidates.next_if(is_before).is_some() {}
    }
    there
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;
    use url::Url;

    use super::*;
    use crate::cookie::Fields;
    use crate::public_suffix::PublicSuffixList;
    use crate::set_cookie::SameSite;

    impl Store {
        /// Checks what holds between two changes: what the store knows of its partitions is true.
        fn check(&self) {
            let (mut next_expiry, mut least_used) = (Vec::new(), Vec::new());
            let mut len = 0;
            for (SiteName(name), site) in &self.sites {
                let partitioned = site.partitioned.iter().map(|(key, of)| (Some(key), of));
                let all = std::iter::once((None, &site.unpartitioned)).chain(partitioned);
                for (key, partition) in all {
                    partition.check();
                    len += partition.len();
                    assert!(key.is_none() || partition.len() > 0, "{key:?} is empty");
                    for cookie in partition.iter() {
                        assert_eq!(cookie.home().site(), name.site());
                        assert_eq!(cookie.partition(), key.map(|key| &**key));
                    }
                    let Some(cookie) = partition.iter().next() else {
                        continue;
                    };
                    let place = (cookie.home().site(), cookie.partition());
                    let bounds = partition.bounds();
                    if bounds.next_expiry != Expiry::NEVER {
                        next_expiry.push((bounds.next_expiry, place));
                    }
                    if self.limits.total < usize::MAX {
                        least_used.push((bounds.last_use, place));
                    }
                }
                assert!(site.partitions().any(|partition| partition.len() > 0));
            }
            assert_eq!(self.len, len);
            next_expiry.sort_unstable_by_key(|(expiry, _)| *expiry);
            least_used.sort_unstable_by_key(|(last_use, _)| *last_use);
            assert_eq!(entries(&self.next_expiry), next_expiry);
            assert_eq!(entries(&self.least_used), least_used);
            if let Some(secure_only) = self.secure_only.get() {
                assert_eq!(*secure_only, SecureOnly::of(self.iter()));
            }
        }
    }

    type Places<'s, T> = Vec<(T, (&'s [u8], Option<&'s PartitionKey>))>;

    /// The entries of a map, each with the site and the partition that it is of.
    fn entries<T: Copy>(map: &BTreeMap<T, Arc<Home>>) -> Places<'_, T> {
        let mut entries = Vec::new();
        for (bound, home) in map {
            entries.push((*bound, (home.site(), home.partition.as_deref())));
        }
        entries
    }

    #[derive(Debug, Clone)]
    enum Step {
        Put(Kept),
        Remove(Kept),
        Touch(usize),
        Tell,
        EvictSome,
        EvictAll,
        Around(&'static str),
        Under { limits: [usize; 3], list: bool },
    }

    #[derive(Debug, Clone)]
    struct Kept {
        domain: &'static str,
        name: u8,
        page: Option<&'static str>,
        secure_only: bool,
        lifetime: Option<u64>,
    }

    /// Mostly of one site, which has many chunks then.
    const DOMAINS: &[&str] = &[
        "shop.example",
        "shop.example",
        "shop.example",
        "shop.example",
        "shop.example",
        "shop.example",
        "www.shop.example",
        "a.www.shop.example",
        "other.example",
        "github.io",
        "user.github.io",
        "example",
        "127.0.0.1",
    ];

    fn kept() -> impl Strategy<Value = Kept> {
        let pages = &["https://one.example/", "https://two.example/"][..];
        (
            select(DOMAINS),
            any::<u8>(),
            prop::option::weighted(0.1, select(pages)),
            any::<bool>(),
            prop::option::of(0..40_u64),
        )
            .prop_map(|(domain, name, page, secure_only, lifetime)| Kept {
                domain,
                name,
                page,
                secure_only,
                lifetime,
            })
    }

    fn limits() -> impl Strategy<Value = [usize; 3]> {
        let limit = || prop_oneof![3 => Just(usize::MAX), 1 => 0..6_usize, 1 => 60..200_usize];
        [limit(), limit(), limit()]
    }

    fn change() -> impl Strategy<Value = Step> {
        prop_oneof![
            40 => kept().prop_map(Step::Put),
            10 => kept().prop_map(Step::Remove),
            5 => any::<usize>().prop_map(Step::Touch),
            3 => Just(Step::Tell),
            3 => Just(Step::EvictSome),
            1 => Just(Step::EvictAll),
            1 => select(DOMAINS).prop_map(Step::Around),
            1 => (limits(), any::<bool>()).prop_map(|(limits, list)| Step::Under { limits, list }),
        ]
    }

    fn policy([per_domain, per_site, total]: [usize; 3], list: bool) -> Policy {
        let policy = Policy::default()
            .with_max_cookies_per_domain(per_domain)
            .with_max_cookies_per_site(per_site)
            .with_max_cookies(total);
        if !list {
            return policy;
        }
        let list = b"// ===BEGIN ICANN DOMAINS===\nexample\nshop.example\n";
        policy.with_public_suffix_list(PublicSuffixList::from_bytes(&list[..]).unwrap())
    }

    /// Does what `storage_model` decides and the jar carries out.
    fn carry_out(store: &mut Store, policy: &mut Policy, change: Step, now: Timestamp) {
        match change {
            Step::Put(kept) => {
                let cookie = cookie(store, policy, &kept, now);
                let found = store.find(&cookie.identity(), cookie.partition());
                let as_of = store.as_of(now);
                let old = found.cookie.filter(|old| !old.is_expired(as_of));
                match old.cloned() {
                    None => store.insert(cookie, now),
                    Some(old) => {
                        let mut cookie = cookie;
                        cookie.take_creation(&old);
                        store.replace(cookie);
                    }
                }
            }
            Step::Remove(kept) => {
                let cookie = cookie(store, policy, &kept, now);
                store.remove(&cookie, Cause::Removed);
            }
            Step::Touch(which) => {
                let cookie = store.iter().nth(which % store.len().max(1));
                cookie.inspect(|cookie| cookie.touch(now));
            }
            Step::Tell => _ = store.as_of(now),
            Step::EvictSome => store.evict_some_expired(now),
            Step::EvictAll => {
                store.evict_expired(now);
                assert!(store.iter().all(|cookie| !cookie.is_expired(now)));
            }
            Step::Around(domain) => {
                let identity = Identity {
                    domain: domain.as_bytes(),
                    name: b"a",
                    path: b"/",
                    host_only: true,
                };
                _ = store.secure_around(identity, None).count();
            }
            Step::Under { limits, list } => {
                *policy = self::policy(limits, list);
                store.set_policy(policy, now);
                assert!(store.len() <= limits[2]);
            }
        }
    }

    fn cookie(store: &Store, policy: &Policy, kept: &Kept, now: Timestamp) -> Cookie {
        let list = &policy.public_suffix_list;
        let key = |page| PartitionKey::new(&Url::parse(page).unwrap(), false, list).unwrap();
        let name = [kept.name];
        let fields = Fields {
            name: &name[..],
            value: b"1",
            domain: kept.domain.as_bytes(),
            path: b"/",
            host_only: true,
            secure_only: kept.secure_only,
            http_only: false,
            same_site: SameSite::Default,
            partition: kept.page.map(|page| Arc::new(key(page))),
            expiry_time: kept
                .lifetime
                .map(|lifetime| now + Duration::from_secs(lifetime)),
            creation_time: None,
            last_access_time: None,
        };
        let found = store.find(&fields.identity(), fields.partition.as_deref());
        let new_home = || Arc::new(Home::new(fields.domain, fields.partition.clone(), list));
        let home = found.home.map_or_else(new_home, Arc::clone);
        Cookie::new(&fields, home, now)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_known_of_the_cookies_is_true(
            limits in limits(),
            changes in vec((-10..20_i64, change()), 1..400),
        ) {
            let mut policy = policy(limits, false);
            let mut store = Store::new(&policy);
            let mut seconds = 1_717_243_200;
            for (passed, change) in changes {
                seconds += passed;
                carry_out(&mut store, &mut policy, change, Timestamp::from_secs(seconds));
                store.check();
                assert!(store.len() <= store.limits.total);
            }
        }
    }
}
