//! The cookies and their index; limits and the order of eviction.
//!
//! A partition is a store of its own: it maps each domain to its cookies, which stand in sending order.
//! What expires next and what has to go next are queues of places and domains, and no change of a cookie
//! looks for its entry: one that no longer fits is passed over, or put back where it belongs.

mod in_order;
mod domains;
mod sorted;
mod removals;
mod partition;
mod least_used;
mod expiries;

use std::cmp::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};

use crate::cookie::{Cookie, Home, LastUse, SendingOrder};
use crate::host::{CanonicalHost, Domain};
use crate::instant::{AtomicInstant, Instant};
use crate::same_site::PartitionKey;
pub(crate) use crate::store::domains::DomainCookies;
use crate::store::expiries::{Expiries, Step};
use crate::store::least_used::LeastUsed;
use crate::store::partition::{Partition, Partitions};

/// All cookies of a jar.
#[derive(Debug)]
pub(crate) struct Store {
    partitions: Partitions,
    len: usize,
    expiries: Expiries,
    /// Where the total has a limit.
    least_used: Option<LeastUsed>,
    /// Is there that, or a domain's removal queue?
    has_removals: bool,
    /// The cookies whose last-access-time a reader has set back, which the removal queues are to be
    /// told; `None` once they are too many to be told.
    set_back: Mutex<Option<Vec<Place>>>,
    next_insertion: u32,
    /// The latest instant by which a cookie has expired that is still there, since a reader cannot take
    /// it out, and a writer takes out only some: what was gone stays gone when the clock goes back.
    horizon: AtomicInstant,
}

/// Where a cookie stands, for its lifetime, if it is still there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    home: Arc<Home>,
    order: SendingOrder,
}

impl Place {
    pub(crate) fn of(cookie: &Cookie) -> Self {
        Self {
            home: Arc::clone(cookie.home()),
            order: cookie.sending_order(),
        }
    }
}

impl Ord for Place {
    /// In the order of creation, which tells all cookies apart.
    fn cmp(&self, other: &Self) -> Ordering {
        self.order.creation.cmp(&other.order.creation)
    }
}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The bounds past which "remove excess cookies" begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    per_domain: usize,
    total: usize,
}

impl Limits {
    pub(crate) const NONE: Self = Self {
        per_domain: usize::MAX,
        total: Self::MOST,
    };

    /// More cookies have no insertions; it takes some 400 GB to get there.
    const MOST: usize = u32::MAX as usize - 1;

    pub(crate) fn new(per_domain: usize, total: usize) -> Self {
        let total = total.min(Self::MOST);
        Self { per_domain, total }
    }

    /// The bound of all cookies together.
    pub(crate) fn total(self) -> usize {
        self.total
    }

    fn has_total(self) -> bool {
        self.total < Self::MOST
    }
}

impl Default for Store {
    fn default() -> Self {
        Self {
            partitions: Partitions::default(),
            len: 0,
            expiries: Expiries::default(),
            least_used: None,
            has_removals: false,
            set_back: Mutex::new(Some(Vec::new())),
            next_insertion: 0,
            horizon: AtomicInstant::new(Instant::EARLIEST),
        }
    }
}

impl Clone for Store {
    fn clone(&self) -> Self {
        let set_back = self.set_back.lock().unwrap_or_else(PoisonError::into_inner);
        Self {
            partitions: self.partitions.clone(),
            len: self.len,
            expiries: self.expiries.clone(),
            least_used: self.least_used.clone(),
            has_removals: self.has_removals,
            set_back: Mutex::new(set_back.clone()),
            next_insertion: self.next_insertion,
            horizon: self.horizon.clone(),
        }
    }
}

impl Store {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// All cookies, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Cookie> {
        self.partitions.cookies()
    }

    /// Those that have not expired, in no order.
    pub(crate) fn unexpired(&self, now: DateTime<Utc>) -> impl Iterator<Item = &Cookie> {
        let as_of = self.as_of(now);
        self.iter().filter(move |cookie| !cookie.is_expired(as_of))
    }

    /// The places of all cookies but those to keep.
    pub(crate) fn places_but(&self, mut keep: impl FnMut(&Cookie) -> bool) -> Vec<Place> {
        let others = self.iter().filter(|cookie| !keep(cookie));
        others.map(Place::of).collect()
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
        for cookie in cookies {
            if cookie.last_access_time.set(now) && self.has_removals {
                let set_back = self.set_back.lock();
                let mut set_back = set_back.unwrap_or_else(PoisonError::into_inner);
                match &mut *set_back {
                    Some(places) if places.len() < self.len => places.push(Place::of(cookie)),
                    places => *places = None,
                }
            }
        }
    }

    /// The cookies of the domains that the host domain-matches: those that are not partitioned, and
    /// those of the key.
    pub(crate) fn matched_by<'s, 'k>(
        &'s self,
        host: &CanonicalHost<'_>,
        partition_key: impl FnOnce() -> Option<&'k PartitionKey>,
    ) -> impl Iterator<Item = &'s DomainCookies> {
        let unpartitioned = self.partitions.unpartitioned.domains.matched_by(host);
        let partition = if self.partitions.partitioned.is_empty() {
            None
        } else {
            partition_key().and_then(|key| self.partitions.partitioned.get(key))
        };
        let partitioned = partition.map(|partition| partition.domains.matched_by(host));
        unpartitioned
            .into_iter()
            .chain(partitioned.into_iter().flatten())
    }

    /// The same of all partitions.
    pub(crate) fn matched_by_in_all<'s>(
        &'s self,
        host: &CanonicalHost<'_>,
    ) -> impl Iterator<Item = &'s DomainCookies> {
        let in_each = self.partitions.iter();
        in_each.flat_map(|partition| partition.domains.matched_by(host))
    }

    /// The cookies of a domain in a partition.
    pub(crate) fn domain(
        &self,
        partition: Option<&PartitionKey>,
        domain: &[u8],
    ) -> Option<&DomainCookies> {
        self.partitions.get(partition)?.domains.get(domain)
    }

    /// The cookies of a domain, whatever their partition.
    pub(crate) fn of_domain(&self, domain: &[u8]) -> impl Iterator<Item = &Cookie> {
        let in_each = self.partitions.iter();
        let found = in_each.filter_map(|partition| partition.domains.get(domain));
        found.flat_map(DomainCookies::iter)
    }

    /// The policy has changed.
    pub(crate) fn forget_rejected(&mut self) {
        let domains = self.partitions.domains_mut();
        domains.for_each(DomainCookies::forget_rejected);
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
        let mut any = |cookies: &DomainCookies| {
            let fits =
                |cookie: &Cookie| cookie.secure_only() && cookie.name() == name && fits(cookie);
            cookies.has_secure_only() && cookies.iter().any(fits)
        };
        let host = CanonicalHost::of_domain(Domain(domain));
        let mut around = partition.domains.matched_by(&host).into_iter();
        around.any(&mut any) || partition.secure_subdomains(domain).any(any)
    }

    /// 5.7 step 24 for a cookie of a new identity, and then "remove excess cookies".
    pub(crate) fn insert(&mut self, mut cookie: Cookie, limits: Limits) {
        if self.next_insertion == u32::MAX {
            self.renumber();
        }
        cookie.insertion = self.next_insertion;
        self.next_insertion += 1;
        self.len += 1;
        self.keep_least_used(limits);
        self.make_room(&cookie);
        let is_full = self.len > limits.total;
        let at_most = if is_full { 0 } else { limits.per_domain };
        let partition = self.partitions.entry(cookie.home().partition.as_ref());
        let note = note_in(&mut self.expiries, self.least_used.as_mut());
        if let Some(home) = partition.insert(cookie, note, at_most) {
            self.remove_excess(&home, limits);
        }
    }

    /// Counts the insertions from 0 again, in their order.
    fn renumber(&mut self) {
        self.evict_gone();
        *self = Self::of(self.iter().cloned().collect(), Limits::NONE);
    }

    /// A store of cookies that are within the limits, in the order of their insertion, which is counted
    /// from 0.
    pub(crate) fn of(mut cookies: Vec<Cookie>, limits: Limits) -> Self {
        cookies.sort_unstable_by_key(|cookie| cookie.insertion);
        let mut store = Self::default();
        for cookie in cookies {
            store.insert(cookie, limits);
        }
        store
    }

    /// The number of the next insertion, where others count them.
    pub(crate) fn set_next_insertion(&mut self, next_insertion: u32) {
        self.next_insertion = next_insertion;
    }

    /// 5.7 steps 23.4 and 24: the new cookie in the place of the old one. Identity, creation-time and
    /// insertion are the same, so its place is too.
    pub(crate) fn replace(&mut self, cookie: Cookie) {
        self.make_room(&cookie);
        if let Some(partition) = self.partitions.get_mut(cookie.partition()) {
            let note = note_in(&mut self.expiries, self.least_used.as_mut());
            partition.replace(cookie, note);
        }
    }

    /// Begins with it where the total has a limit, or has got one, and begins anew where most of it is
    /// of domains that are gone.
    fn keep_least_used(&mut self, limits: Limits) {
        let is_outgrown = |least_used: &mut LeastUsed| least_used.is_outgrown(self.len);
        if !limits.has_total() {
            self.least_used = None;
        } else if self.least_used.as_mut().is_none_or(is_outgrown) {
            self.least_used = Some(LeastUsed::new(self.partitions.domains()));
            self.has_removals = true;
        }
    }

    /// Tells the removal queues of a cookie that is new or replaces another, and keeps the expiries from
    /// growing.
    fn make_room(&mut self, cookie: &Cookie) {
        self.queue_removal(cookie);
        if self.expiries.is_outgrown(self.len) {
            self.expiries.refill(&mut self.partitions);
        }
    }

    fn queue_removal(&mut self, cookie: &Cookie) {
        if self.has_removals {
            if let Some(partition) = self.partitions.get_mut(cookie.partition()) {
                partition.queue_removal(cookie);
            }
        }
    }

    pub(crate) fn remove(&mut self, place: &Place) -> Option<Cookie> {
        let removed = self.partitions.remove(&place.home, place.order)?;
        self.len -= 1;
        Some(removed)
    }

    /// 5.7: "MUST evict all expired cookies".
    pub(crate) fn evict_expired(&mut self, now: DateTime<Utc>) {
        self.evict_while(now, |_| true);
    }

    /// The same, but only some steps at once, where there is much to do: what is left is as good as
    /// gone, and nobody waits for it.
    pub(crate) fn evict_some_expired(&mut self, now: DateTime<Utc>) {
        /// A cookie takes two at most on its way out, and one comes in at a time.
        const STEPS: usize = 4;
        // What comes in after the clock went back may expire before what is gone already.
        let went_back = self.horizon.get() > now.into();
        let mut steps = 0..STEPS;
        self.evict_while(now, |_| went_back || steps.next().is_some());
    }

    /// Evicts all that readers or writers were told to be gone.
    pub(crate) fn evict_gone(&mut self) {
        self.evict_expired(self.horizon.get().into());
    }

    /// Evicts expired cookies as long as it is to go on.
    pub(crate) fn evict_while(
        &mut self,
        now: DateTime<Utc>,
        mut goes_on: impl FnMut(&Self) -> bool,
    ) {
        let as_of = self.as_of(now);
        while goes_on(self) {
            match self.expiries.step(&mut self.partitions, as_of) {
                Step::Expired(place) => drop(self.remove(&place)),
                Step::OnTheWay => {}
                Step::Done => {
                    self.horizon.set(Instant::EARLIEST);
                    return;
                }
            }
        }
    }

    /// Removes what is beyond limits that may be lower than those before.
    pub(crate) fn limit(&mut self, limits: Limits) {
        // Expired ones come before all others.
        self.evict_gone();
        let domains = self.partitions.domains();
        let homes: Vec<Arc<Home>> = domains.map(|domain| Arc::clone(domain.home())).collect();
        // All domains come before the total.
        let of_domains = Limits {
            total: usize::MAX,
            ..limits
        };
        for home in &homes {
            self.remove_excess(home, of_domains);
        }
        if let Some(home) = homes.first() {
            self.remove_excess(home, limits);
        }
    }

    /// 5.7: "remove excess cookies": first of the partition's domain, then of all.
    // Reading: both are a MAY, carried out right after an insert, down to the bound. No other domain has
    // too many then (priorities 2 and 3).
    fn remove_excess(&mut self, home: &Arc<Home>, limits: Limits) {
        // Expired ones come first (priority 1).
        let gone = self.horizon.get();
        if gone != Instant::EARLIEST {
            let in_domain = self.partitions.of_home(home).map_or(0, DomainCookies::len);
            let has_too_many = in_domain > limits.per_domain;
            self.evict_while(gone.into(), |store| {
                has_too_many || store.len > limits.total
            });
        }
        self.take_set_back();
        while let Some(partition) = self.partitions.get_mut(home.partition.as_deref()) {
            let Some(next) = partition.pop_excess(home, limits.per_domain) else {
                break;
            };
            self.has_removals = true;
            self.remove(&next);
        }
        while self.len > limits.total && self.first_use(limits).is_some() {
            self.evict_least_used();
        }
    }

    /// Looks at what an insertion beyond the total will need, while what comes before is waited for too.
    pub(crate) fn read_ahead(&self, limits: Limits) {
        match &self.least_used {
            Some(least_used) if self.len >= limits.total => least_used.read_ahead(),
            _ => {}
        }
    }

    /// No cookie was last used before that; `None` where there is no cookie to evict, or no limit.
    pub(crate) fn first_use(&mut self, limits: Limits) -> Option<LastUse> {
        self.keep_least_used(limits);
        self.least_used.as_ref()?.first()
    }

    /// Removes the least recently used cookie; or none, where the first use is not the last one of any.
    pub(crate) fn evict_least_used(&mut self) -> Option<Cookie> {
        let least_used = self.least_used.as_mut()?;
        let removed = least_used.step(&mut self.partitions)?;
        self.len -= 1;
        Some(removed)
    }

    /// Tells the removal queues what readers have set back.
    pub(crate) fn take_set_back(&mut self) {
        let set_back = self.set_back.get_mut();
        let set_back = set_back.unwrap_or_else(PoisonError::into_inner);
        let Some(set_back) = set_back.replace(Vec::new()) else {
            self.least_used = None;
            let partitions = self.partitions.iter_mut();
            partitions.for_each(Partition::forget_removals);
            return;
        };
        for place in set_back {
            if let Some(cookie) = self.partitions.get_at(&place).cloned() {
                self.queue_removal(&cookie);
                if let Some(least_used) = &mut self.least_used {
                    least_used.push(&cookie, false);
                }
            }
        }
    }
}

/// Tells of a cookie that is new in its domain or takes another's place there.
fn note_in(
    expiries: &mut Expiries,
    least_used: Option<&mut LeastUsed>,
) -> impl FnOnce(&Cookie, &mut DomainCookies) {
    move |cookie, domain| {
        expiries.push(cookie, &mut domain.noted);
        if let Some(least_used) = least_used {
            least_used.push(cookie, domain.len() == 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cookie::tests::fields;
    use crate::cookie::{CreationOrder, Fields};

    pub(super) fn cookie(name: &[u8], path: &[u8], creation: CreationOrder) -> Cookie {
        Cookie::from(fields(name, path, creation))
    }

    pub(super) fn used(domain: &[u8], second: i64, insertion: u32) -> Cookie {
        let now = DateTime::from_timestamp(second, 0).unwrap();
        Cookie::from(Fields {
            home: Arc::new(Home {
                domain: domain.into(),
                partition: None,
            }),
            last_access_time: now,
            ..fields(b"a", b"/", (now, insertion))
        })
    }

    pub(super) fn secure(name: &[u8], creation: CreationOrder) -> Cookie {
        Cookie::from(Fields {
            secure_only: true,
            ..fields(name, b"/", creation)
        })
    }

    pub(super) fn partitioned(name: &[u8], key: &Arc<PartitionKey>) -> Cookie {
        let fields = fields(name, b"/", (DateTime::UNIX_EPOCH, 0));
        let home = Arc::new(Home {
            domain: fields.home.domain.clone(),
            partition: Some(Arc::clone(key)),
        });
        Cookie::from(Fields { home, ..fields })
    }

    pub(super) fn expiring(name: &[u8], expiry_time: DateTime<Utc>) -> Cookie {
        Cookie::from(Fields {
            expiry_time: Some(expiry_time),
            ..fields(name, b"/", (DateTime::UNIX_EPOCH, 0))
        })
    }

    #[test]
    fn so_many_cookies_are_told_to_be_set_back() {
        let told = |store: &Store| {
            let set_back = store.set_back.lock().unwrap();
            set_back.as_ref().map(Vec::len)
        };
        let second = |second| Instant::from(DateTime::from_timestamp(second, 0).unwrap());
        let mut store = Store::default();
        for name in [b"a", b"b"] {
            let limits = Limits::new(9, usize::MAX);
            store.insert(cookie(name, b"/", (DateTime::UNIX_EPOCH, 0)), limits);
        }
        let touch = |store: &Store, now| store.touch(&[store.iter().next().unwrap()], second(now));
        // There is no queue to tell.
        touch(&store, -1);
        assert_eq!(told(&store), Some(0));
        store.has_removals = true;
        for (now, expected) in [
            (0, Some(0)),
            (-2, Some(1)),
            (-3, Some(2)),
            (-4, None),
            (-5, None),
        ] {
            touch(&store, now);
            assert_eq!(told(&store), expected, "{now}");
        }
        // They wait until a cookie has to go: a jar that is just full has none.
        let place = Place::of(store.iter().next().unwrap());
        store.set_back = Mutex::new(Some(vec![place]));
        for (name, expected) in [(b"c", Some(1)), (b"d", Some(0))] {
            store.insert(
                cookie(name, b"/", (DateTime::UNIX_EPOCH, 0)),
                Limits::new(9, 3),
            );
            assert_eq!(told(&store), expected, "{name:?}");
        }
    }

    #[test]
    fn what_is_used_least_is_known_where_the_total_has_a_limit() {
        let mut store = Store::default();
        for (name, total, expected) in [
            (b"a", usize::MAX, false),
            (b"b", 9, true),
            (b"c", 4_294_967_293, true),
            (b"d", 4_294_967_294, false),
        ] {
            let new = cookie(name, b"/", (DateTime::UNIX_EPOCH, 0));
            store.insert(new, Limits::new(180, total));
            assert_eq!(store.least_used.is_some(), expected, "{total}");
        }
    }

    #[test]
    fn insertions_outlive_their_numbers() {
        let cookie = |name| cookie(name, b"/", (DateTime::UNIX_EPOCH, 0));
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
        let mut cookies: Vec<_> = store.iter().collect();
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
