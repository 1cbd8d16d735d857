//! The cookies by site, how many there may be, and the order in which they go.
//!
//! A site is the registrable domain of a host, or the host itself where it has none. In it, cookies stand by
//! partition, domain, name, path and host-only-flag. All that the text asks of a cookie's neighbours is asked
//! in there: which cookie it replaces, and whether its domain or its site has too many.
//!
//! Across all sites, two ordered maps have one entry a site: a lower bound of when its next cookie expires,
//! and one of its last use. A cookie that goes may leave its bound behind, and readers move last-access-times
//! forward, so whoever takes the first entry looks into that site, and raises the bound to what it is.
//! [`Store::change`] is the one place where cookies come and go: it keeps both maps true.
//!
//! Cookies are *removed* because somebody asks for that, and *evicted* because they have expired or are too
//! many.

mod secure;
mod site;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use foldhash::quality::RandomState;

use crate::change::{Cause, Change, Log, Logged};
use crate::cookie::{Cookie, Expiry, Home, Identity, Key, LastUse};
use crate::host::{CanonicalHost, DomainString};
use crate::policy::Policy;
use crate::same_site::PartitionKey;
use crate::store::secure::SecureOnly;
pub(crate) use crate::store::site::{Found, Site};
use crate::timestamp::{AtomicTimestamp, Timestamp};

/// All cookies of a jar.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) policy: Policy,
    /// By its name. Each is boxed: most of a large table is empty.
    sites: HashMap<Box<[u8]>, Box<Site>, RandomState>,
    /// The sites that have a persistent cookie, each by one of its homes.
    next_expiry: BTreeMap<Expiry, Arc<Home>>,
    /// All sites, where the total has a limit.
    least_used: BTreeMap<LastUse, Arc<Home>>,
    /// Made when step 16 first asks.
    secure_only: OnceLock<SecureOnly>,
    len: usize,
    next_insertion: u64,
    /// The latest instant by which a cookie has expired that is still there, since a reader cannot take
    /// it out, and a writer takes out only some: what is gone stays gone when the clock goes back.
    gone_by: AtomicTimestamp,
    /// Where somebody asks for changes.
    pub(crate) log: Option<Log>,
}

impl Store {
    pub(crate) fn new(policy: Policy) -> Self {
        Self {
            policy,
            sites: HashMap::default(),
            next_expiry: BTreeMap::new(),
            least_used: BTreeMap::new(),
            secure_only: OnceLock::new(),
            len: 0,
            next_insertion: 0,
            gone_by: AtomicTimestamp::new(Timestamp::MIN),
            log: None,
        }
    }

    /// Takes another policy. The cookies that have expired go, and those beyond its limits.
    pub(crate) fn set_policy(&mut self, policy: Policy, now: Timestamp) {
        self.evict_expired(now);
        self.log_touched();
        // The list is another's, and may panic: until all cookies are in, nothing changes.
        let mut anew = self.emptied(policy);
        for cookie in self.iter() {
            let found = anew.find(&cookie.key());
            let partition = cookie.home().partition.as_ref();
            let list = &anew.policy.public_suffix_list;
            let home = found.home_or_new(cookie.domain(), partition, list);
            anew.put(cookie.clone().at_home(home));
        }
        anew.log = self.log.take();
        *self = anew;
        self.evict_all_excess();
    }

    /// A store like this one, without cookies.
    fn emptied(&self, policy: Policy) -> Self {
        Self {
            next_insertion: self.next_insertion,
            gone_by: self.gone_by.clone(),
            ..Self::new(policy)
        }
    }

    /// Removes all cookies.
    pub(crate) fn clear(&mut self) {
        self.evict_gone();
        let log = self.log.take();
        let empty = Self {
            log,
            ..self.emptied(self.policy.clone())
        };
        let before = std::mem::replace(self, empty);
        for cookie in before.iter() {
            self.log_removed(cookie, Cause::Removed);
        }
    }

    /// Begins to log what changes.
    pub(crate) fn watch(&mut self) {
        self.log.get_or_insert_default();
    }

    /// A copy, which logs nothing.
    pub(crate) fn unwatched(&self) -> Self {
        Self {
            policy: self.policy.clone(),
            sites: self.sites.clone(),
            next_expiry: self.next_expiry.clone(),
            least_used: self.least_used.clone(),
            secure_only: self.secure_only.clone(),
            len: self.len,
            next_insertion: self.next_insertion,
            gone_by: self.gone_by.clone(),
            log: None,
        }
    }

    fn log_removed(&mut self, cookie: &Cookie, cause: Cause) {
        if let Some(log) = &mut self.log {
            log.push(Change::Removed(cookie.clone(), cause), self.len);
        }
    }

    /// Notes that these cookies were sent.
    pub(crate) fn touch<'c>(
        &self,
        cookies: impl Iterator<Item = &'c Cookie> + Clone,
        now: Timestamp,
    ) {
        if let Some(log) = &self.log {
            log.touch(cookies.clone().map(Cookie::home));
        }
        for cookie in cookies {
            cookie.touch(now);
        }
    }

    /// What has changed since this was last called, if that is logged.
    pub(crate) fn changes(&mut self) -> Vec<Logged> {
        self.log_touched();
        self.log.as_mut().map_or_else(Vec::new, Log::take)
    }

    /// Logs the cookies of the domains of which some were sent.
    pub(crate) fn log_touched(&mut self) {
        let Some(log) = &mut self.log else {
            return;
        };
        for home in log.take_touched() {
            let site = self.sites.get(home.site()).into_iter();
            let cookies =
                site.flat_map(|site| site.of_domain(home.partition.as_deref(), home.domain()));
            for cookie in cookies.flatten() {
                log.push_touched(cookie.clone());
            }
        }
    }

    /// How many cookies there are, those included that are gone but still there.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// All cookies, in no order, those included that are gone but still there.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Cookie> {
        self.sites.values().flat_map(|site| site.iter())
    }

    /// The cookies of the site of a name.
    #[cfg(feature = "json")]
    pub(crate) fn of_site(&self, name: &[u8]) -> impl Iterator<Item = &Cookie> {
        let site = self.sites.get(name).into_iter();
        site.flat_map(|site| site.iter())
    }

    /// Notes that what has expired by now is gone. Returns the instant as of which cookies count as expired:
    /// `now`, or a later one that was noted before the clock went back.
    pub(crate) fn note_expired(&self, now: Timestamp) -> Timestamp {
        if self.next_expired(now).is_some() {
            self.gone_by.advance(now);
        }
        self.gone_by.get().max(now)
    }

    /// The site whose bound says first that a cookie may have expired.
    fn next_expired(&self, as_of: Timestamp) -> Option<&Arc<Home>> {
        let (expiry, home) = self.next_expiry.first_key_value()?;
        (expiry.time < as_of).then_some(home)
    }

    /// 5.7 step 23: the cookie of this key, also if it has expired, and the home of its domain.
    // No list is asked: where the domain has a home, its name ends in that of its site.
    pub(crate) fn find(&self, key: &Key<'_>) -> Found<'_> {
        let (_, identity) = key;
        let host = CanonicalHost::of_domain(DomainString(identity.domain));
        let mut found = self.sites_of(&host).map(|site| site.find(key));
        found.find(|found| found.home.is_some()).unwrap_or_default()
    }

    /// The sites that can have a cookie whose domain the host matches: their names are the host, or end
    /// it.
    fn sites_of(&self, host: &CanonicalHost<'_>) -> impl Iterator<Item = &Site> {
        let sites = host.domains().filter_map(|domain| self.sites.get(domain));
        sites.map(|site| &**site)
    }

    /// Visits the cookies whose domain the host domain-matches, each slice of one domain: at least those in
    /// these partitions of a site.
    pub(crate) fn visit_matched<'s, 'k, P: IntoIterator<Item = Option<&'k PartitionKey>>>(
        &'s self,
        host: &CanonicalHost<'_>,
        partitions: impl Fn(&'s Site) -> P,
        mut visit: impl FnMut(&'s [Cookie]),
    ) {
        for site in self.sites_of(host) {
            site.visit_matched(host, || partitions(site), &mut visit);
        }
    }

    /// The cookies of a domain, whatever their partition.
    pub(crate) fn of_domain(&self, domain: &[u8]) -> Vec<&Cookie> {
        let host = CanonicalHost::of_domain(DomainString(domain));
        let mut of_domain = Vec::new();
        self.visit_matched(&host, Site::partitions, |cookies| {
            of_domain.extend(cookies.iter().filter(|cookie| cookie.domain() == domain));
        });
        of_domain
    }

    /// The cookies of a name, domain and path: host-only or not, whatever their partition.
    pub(crate) fn named(&self, domain: &[u8], name: &[u8], path: &[u8]) -> Vec<&Cookie> {
        let host = CanonicalHost::of_domain(DomainString(domain));
        let mut named = Vec::new();
        for site in self.sites_of(&host) {
            for partition in site.partitions() {
                let of = |host_only| Identity {
                    domain,
                    name,
                    path,
                    host_only,
                };
                for identity in [of(false), of(true)] {
                    named.extend(site.find(&(partition, identity)).cookie);
                }
            }
        }
        named
    }

    /// For 5.7 step 16: returns true if one of the secure-only cookies around a new one is meant. They are of its
    /// name and partition, its path path-matches theirs, and their domain is the same, a parent or a subdomain.
    pub(crate) fn any_secure_around(
        &self,
        new: &Identity<'_>,
        partition: Option<&Arc<PartitionKey>>,
        is_meant: impl Fn(&Cookie) -> bool,
    ) -> bool {
        let secure_only = self.secure_only.get_or_init(|| SecureOnly::of(self.iter()));
        secure_only.any_around(new, partition, |identity| {
            let key = (partition.map(|key| &**key), *identity);
            self.find(&key).cookie.is_some_and(&is_meant)
        })
    }

    /// 5.7 step 24 for a cookie of a new identity, and then "remove excess cookies".
    pub(crate) fn insert(&mut self, cookie: Cookie, now: Timestamp) {
        let home = Arc::clone(cookie.home());
        self.put_last(cookie);
        self.evict_excess(&home, now);
    }

    /// Puts a cookie behind all others of its creation-time. Returns the one whose place it takes.
    pub(crate) fn put_last(&mut self, mut cookie: Cookie) -> Option<Cookie> {
        cookie.set_insertion(self.next_insertion);
        self.next_insertion += 1;
        self.replace(cookie)
    }

    /// 5.7 steps 23.4 and 24: the new cookie in the place of the one of its key, if there is one.
    pub(crate) fn replace(&mut self, cookie: Cookie) -> Option<Cookie> {
        // A cookie that came after the clock went back must not be taken for one that is gone.
        if cookie.is_expired(self.gone_by.get()) {
            self.evict_gone();
        }
        self.put(cookie)
    }

    fn put(&mut self, cookie: Cookie) -> Option<Cookie> {
        let home = Arc::clone(cookie.home());
        let is_told = self.log.is_some() || self.secure_only.get().is_some();
        let stored = is_told.then(|| cookie.clone());
        // What it takes the place of is not told: what is stored says so.
        let mut replaced = self.change(&home, None, |site| site.put(cookie).into_iter().collect());
        self.len += 1;
        if let Some(stored) = stored {
            if let Some(secure_only) = self.secure_only.get_mut() {
                secure_only.insert(&stored);
            }
            if let Some(log) = &mut self.log {
                log.push(Change::Stored(stored), self.len);
            }
        }
        replaced.pop()
    }

    /// The number that the next new cookie gets.
    pub(crate) fn next_insertion(&self) -> u64 {
        self.next_insertion
    }

    /// Removes the cookie of this one's key.
    pub(crate) fn remove(&mut self, cookie: &Cookie, cause: Cause) {
        self.change(cookie.home(), Some(cause), |site| {
            site.remove(&cookie.key()).into_iter().collect()
        });
    }

    /// Changes a site, and keeps what the store knows of it. Returns what `change` returns: the cookies that it
    /// removes.
    fn change(
        &mut self,
        home: &Arc<Home>,
        cause: Option<Cause>,
        change: impl FnOnce(&mut Site) -> Vec<Cookie>,
    ) -> Vec<Cookie> {
        let name = home.site();
        let site = match self.sites.get_mut(name) {
            Some(site) => site,
            None => self.sites.entry(name.into()).or_default(),
        };
        let before = site.bounds;
        let removed = change(site);
        let after = site.bounds;
        if site.is_empty() {
            self.sites.remove(name);
        }
        let expiry = (before.next_expiry, after.next_expiry);
        note(&mut self.next_expiry, expiry, Expiry::NEVER, home);
        if self.policy.max_cookies < usize::MAX {
            let last_use = (before.last_use, after.last_use);
            note(&mut self.least_used, last_use, LastUse::NEVER, home);
        }
        self.len -= removed.len();
        for cookie in &removed {
            if let Some(secure_only) = self.secure_only.get_mut() {
                secure_only.remove(cookie);
            }
            if let Some(cause) = cause {
                self.log_removed(cookie, cause);
            }
        }
        removed
    }

    /// 5.7: "MUST evict all expired cookies".
    pub(crate) fn evict_expired(&mut self, now: Timestamp) {
        self.evict_expired_of(usize::MAX, now);
    }

    /// Evicts what is gone, though still there.
    pub(crate) fn evict_gone(&mut self) {
        self.evict_expired(self.gone_by.get());
    }

    /// Evicts the expired cookies of two sites, one more than a writer makes necessary: what is left is as good
    /// as gone, and nobody waits for it.
    pub(crate) fn evict_some_expired(&mut self, now: Timestamp) {
        self.evict_expired_of(2, now);
    }

    /// Evicts the expired cookies of so many sites at most.
    fn evict_expired_of(&mut self, sites: usize, now: Timestamp) {
        let as_of = self.note_expired(now);
        for _ in 0..sites {
            if !self.evict_next_expired(as_of) {
                self.gone_by.set(Timestamp::MIN);
                return;
            }
        }
    }

    /// Evicts the expired cookies of the site that has the first bound. Returns false if none has expired.
    fn evict_next_expired(&mut self, as_of: Timestamp) -> bool {
        let home = self.next_expired(as_of).cloned();
        if let Some(home) = &home {
            self.change(home, Some(Cause::Expired), |site| site.evict_expired(as_of));
        }
        home.is_some()
    }

    /// 5.7: "remove excess cookies": first of the home's domain, then of its site, both within its
    /// partition, then of all.
    // Reading: it is a MAY, carried out right after an insert, down to the bounds. Bis has no bound of a
    // site: it keeps one site from evicting the cookies of all others.
    fn evict_excess(&mut self, home: &Arc<Home>, now: Timestamp) {
        let as_of = self.note_expired(now);
        let site = self.sites.get(home.site());
        if site.is_some_and(|site| self.may_have_excess(site)) {
            // Priority 1: expired ones come first.
            self.change(home, Some(Cause::Expired), |site| site.evict_expired(as_of));
            // Priorities 2 and 3: of the domain, insecure ones first.
            self.evict_excess_of_domain(home);
            self.evict_excess_of_site(home);
        }
        // Priority 1 again.
        while self.len > self.policy.max_cookies && self.evict_next_expired(as_of) {}
        // Priority 4: of all.
        self.evict_excess_of_all();
    }

    /// Evicts what is beyond the limits: of every domain, then of every site, then of all. Returns that.
    pub(crate) fn evict_all_excess(&mut self) -> Vec<Cookie> {
        let sites = self.sites.values();
        let large = sites.filter(|site| self.may_have_excess(site));
        let homes = large.flat_map(|site| site.iter()).map(Cookie::home);
        let mut homes: Vec<Arc<Home>> = homes.cloned().collect();
        homes.dedup_by(|one, next| Arc::ptr_eq(one, next));
        let mut evicted = Vec::new();
        for home in &homes {
            evicted.extend(self.evict_excess_of_domain(home));
        }
        for home in &homes {
            evicted.extend(self.evict_excess_of_site(home));
        }
        evicted.extend(self.evict_excess_of_all());
        evicted
    }

    /// Returns false for most sites: they have too few cookies for any limit.
    fn may_have_excess(&self, site: &Site) -> bool {
        site.len()
            > self
                .policy
                .max_cookies_per_domain
                .min(self.policy.max_cookies_per_site)
    }

    fn evict_excess_of_domain(&mut self, home: &Arc<Home>) -> Vec<Cookie> {
        let limit = self.policy.max_cookies_per_domain;
        let order = |cookie: &Cookie| {
            cookie
                .home()
                .cmp_place(home.partition.as_deref(), home.domain())
        };
        self.change(home, Some(Cause::DomainFull), |site| {
            site.evict_excess(order, limit, limit)
        })
    }

    fn evict_excess_of_site(&mut self, home: &Arc<Home>) -> Vec<Cookie> {
        let limit = self.policy.max_cookies_per_site;
        let left = limit.min(self.policy.cookies_left_of_full_site);
        let order = |cookie: &Cookie| cookie.home().partition.cmp(&home.partition);
        self.change(home, Some(Cause::SiteFull), |site| {
            site.evict_excess(order, limit, left)
        })
    }

    /// Evicts the least recently used cookies, whatever their site.
    fn evict_excess_of_all(&mut self) -> Vec<Cookie> {
        let mut evicted = Vec::new();
        while self.len > self.policy.max_cookies {
            let Some((_, home)) = self.least_used.first_key_value() else {
                break;
            };
            let home = Arc::clone(home);
            evicted.extend(self.change(&home, Some(Cause::JarFull), Site::evict_least_used));
        }
        evicted
    }
}

/// Keeps a site's entry in an ordered map: what it was before, and after; `none` is no entry. No two sites
/// have the same bound: it has the number of the insertion.
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
        /// Checks what holds between two changes: what the store knows of its sites is true.
        fn check(&self) {
            let (mut next_expiry, mut least_used) = (Vec::new(), Vec::new());
            let mut len = 0;
            for (name, site) in &self.sites {
                site.check();
                assert!(!site.is_empty());
                len += site.len();
                for cookie in site.iter() {
                    assert_eq!(cookie.home().site(), &**name);
                }
                let bounds = site.bounds;
                if bounds.next_expiry != Expiry::NEVER {
                    next_expiry.push((bounds.next_expiry, &**name));
                }
                if self.policy.max_cookies < usize::MAX {
                    least_used.push((bounds.last_use, &**name));
                }
            }
            assert_eq!(self.len, len);
            next_expiry.sort_unstable();
            least_used.sort_unstable();
            assert_eq!(entries(&self.next_expiry), next_expiry);
            assert_eq!(entries(&self.least_used), least_used);
            if let Some(secure_only) = self.secure_only.get() {
                assert_eq!(*secure_only, SecureOnly::of(self.iter()));
            }
        }
    }

    /// The entries of a map, each with the name of the site that it is of.
    fn entries<T: Copy>(map: &BTreeMap<T, Arc<Home>>) -> Vec<(T, &[u8])> {
        let entries = map.iter();
        entries.map(|(bound, home)| (*bound, home.site())).collect()
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
    fn carry_out(store: &mut Store, change: Step, now: Timestamp) {
        match change {
            Step::Put(kept) => {
                let cookie = cookie(store, &kept, now);
                let found = store.find(&cookie.key());
                let as_of = store.note_expired(now);
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
                let cookie = cookie(store, &kept, now);
                store.remove(&cookie, Cause::Removed);
            }
            Step::Touch(which) => {
                let cookie = store.iter().nth(which % store.len().max(1));
                cookie.inspect(|cookie| cookie.touch(now));
            }
            Step::Tell => _ = store.note_expired(now),
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
                store.any_secure_around(&identity, None, |_| false);
            }
            Step::Under { limits, list } => {
                store.set_policy(policy(limits, list), now);
                assert!(store.len() <= limits[2]);
            }
        }
    }

    fn cookie(store: &Store, kept: &Kept, now: Timestamp) -> Cookie {
        let list = &store.policy.public_suffix_list;
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
        let found = store.find(&fields.key());
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
            let mut store = Store::new(policy(limits, false));
            let mut seconds = 1_717_243_200;
            for (passed, change) in changes {
                seconds += passed;
                carry_out(&mut store, change, Timestamp::from_secs(seconds));
                store.check();
                assert!(store.len() <= store.policy.max_cookies);
            }
        }
    }
}
