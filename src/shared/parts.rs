//! A jar in parts, each behind a lock of its own: who is about one site waits for nobody who is about
//! another, but by chance.
//!
//! A part is a jar. Domains with the same last two labels are in the same part, so that a request has to
//! do with one, and everything in 5.7 and 5.8.3 is as in a jar of its own. What has to do with more than
//! one part locks all, always in the same order:
//!
//! - what is about all cookies, such as the total: once it is reached, each cookie that is one more;
//! - 5.7 step 16, where a domain has a single label (`intranet`), and those that match it are in other
//!   parts.
//!
//! The atomics are relaxed. `is_whole` changes under all locks, and so stays what it is under one; a bit of
//! `single_labels` is set before its cookie is stored, so that whoever was told of the one sees the other;
//! and the counts only count.

use std::array;
use std::hash::BuildHasher as _;
use std::iter;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError};

use chrono::{DateTime, Utc};
use foldhash::quality::RandomState;

use crate::cookie::Cookie;
use crate::host;
use crate::jar::{CookieJar, Receipt};
use crate::policy::Policy;
use crate::storage_model::{Decision, Rejection};
use crate::store::{Place, Store};

/// What says what time it is.
pub(super) type Clock = dyn Fn() -> DateTime<Utc> + Send + Sync;

/// What decides within a part, in the light of other stores.
type Decide<'d> = dyn Fn(&CookieJar, &[&Store], DateTime<Utc>) -> Result<Decision, Rejection> + 'd;

/// Enough for as many threads; all are looked at for each cookie beyond the total.
const PARTS: usize = 16;

pub(super) struct Parts {
    jars: [Apart<RwLock<CookieJar>>; PARTS],
    hashes: RandomState,
    shape: Apart<Shape>,
    counts: Apart<Counts>,
}

/// In cache lines of its own (processors fetch them by twos): who writes to it makes nobody wait who is
/// about something else.
#[derive(Default)]
#[repr(align(128))]
struct Apart<T>(T);

/// What is read by all, and seldom changes.
struct Shape {
    /// Are all cookies in the first part? It changes only while all parts are locked.
    is_whole: AtomicBool,
    /// A bit, by its hash, for each domain of a single label that has had a secure-only cookie.
    single_labels: AtomicU64,
}

/// What the parts count together.
#[derive(Default)]
struct Counts {
    /// At least the cookies of all parts, whatever is going on in them.
    len: AtomicUsize,
    /// The number of the next one, unless there is none left.
    insertions: AtomicU64,
}

/// A part that is locked for a writer. What it does to the number of cookies is counted at the end.
pub(super) struct Writing<'p> {
    at: usize,
    jar: RwLockWriteGuard<'p, CookieJar>,
    counts: &'p Counts,
    /// So many of the part's cookies are counted.
    counted: usize,
}

impl Deref for Writing<'_> {
    type Target = CookieJar;

    fn deref(&self) -> &CookieJar {
        &self.jar
    }
}

impl DerefMut for Writing<'_> {
    fn deref_mut(&mut self) -> &mut CookieJar {
        &mut self.jar
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        self.count();
    }
}

impl Writing<'_> {
    /// Where one part gets what another loses, both have to be counted before either is let go.
    fn count(&mut self) {
        let len = self.jar.len();
        if len != self.counted {
            let more = len.wrapping_sub(self.counted);
            self.counts.len.fetch_add(more, Ordering::Relaxed);
            self.counted = len;
        }
    }

    /// Counts a cookie that is about to be inserted, and tells whether there is room for it.
    fn takes_room(&mut self, total: usize) -> bool {
        self.counted += 1;
        self.counts.len.fetch_add(1, Ordering::Relaxed) < total
    }

    /// Numbers the next insertion, unless there is no number left.
    fn takes_number(&mut self) -> bool {
        let number = self.counts.insertions.fetch_add(1, Ordering::Relaxed);
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        self.store.set_next_insertion(number);
        number < u32::MAX
    }
}

impl Parts {
    pub(super) fn new(jar: CookieJar) -> Self {
        let empty = || Apart(RwLock::new(CookieJar::new(jar.policy().clone())));
        let parts = Self {
            jars: array::from_fn(|_| empty()),
            hashes: RandomState::default(),
            shape: Apart(Shape {
                is_whole: AtomicBool::new(false),
                single_labels: AtomicU64::new(0),
            }),
            counts: Apart::default(),
        };
        let policy = jar.policy().clone();
        parts.distribute(&mut parts.write_all(), &policy, jar.into_cookies());
        parts
    }

    /// The part that has to do with a host, or any where there is none, for a reader.
    pub(super) fn read(&self, host: Option<&[u8]>) -> RwLockReadGuard<'_, CookieJar> {
        self.locked(host, |at| self.read_at(at))
    }

    /// The same, for a writer.
    pub(super) fn write(&self, host: Option<&[u8]>) -> Writing<'_> {
        self.locked(host, |at| self.write_at(at))
    }

    fn locked<T>(&self, host: Option<&[u8]>, lock: impl Fn(usize) -> T) -> T {
        let spread = self.spread(host);
        loop {
            let is_whole = self.is_whole();
            let locked = lock(if is_whole { 0 } else { spread });
            if self.is_whole() == is_whole {
                return locked;
            }
        }
    }

    // A caller's panic, say in a `retain`, leaves the jar whole: the lock's poison says nothing here.
    fn read_at(&self, at: usize) -> RwLockReadGuard<'_, CookieJar> {
        let jar = self.jars[at].0.read();
        jar.unwrap_or_else(PoisonError::into_inner)
    }

    fn write_at(&self, at: usize) -> Writing<'_> {
        let jar = self.jars[at].0.write();
        let jar = jar.unwrap_or_else(PoisonError::into_inner);
        self.writing(at, jar)
    }

    fn writing<'p>(&'p self, at: usize, jar: RwLockWriteGuard<'p, CookieJar>) -> Writing<'p> {
        Writing {
            at,
            counted: jar.len(),
            counts: &self.counts.0,
            jar,
        }
    }

    pub(super) fn read_all(&self) -> [RwLockReadGuard<'_, CookieJar>; PARTS] {
        array::from_fn(|at| self.read_at(at))
    }

    pub(super) fn write_all(&self) -> [Writing<'_>; PARTS] {
        array::from_fn(|at| self.write_at(at))
    }

    /// All parts, this one first, where nobody has locked another. To wait for one would be out of order.
    fn try_write_others<'p>(&'p self, part: Writing<'p>) -> Option<Vec<Writing<'p>>> {
        let at = part.at;
        let mut parts = Vec::with_capacity(PARTS);
        parts.push(part);
        for at in (0..PARTS).filter(|other| *other != at) {
            let jar = match self.jars[at].0.try_write() {
                Ok(jar) => jar,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => return None,
            };
            parts.push(self.writing(at, jar));
        }
        Some(parts)
    }

    fn has_numbers(&self) -> bool {
        self.counts.0.insertions.load(Ordering::Relaxed) < u64::from(u32::MAX)
    }

    fn is_whole(&self) -> bool {
        self.shape.0.is_whole.load(Ordering::Relaxed)
    }

    /// Where the cookies of a domain, and those for a host, are.
    fn part_of(&self, host: Option<&[u8]>) -> usize {
        if self.is_whole() {
            0
        } else {
            self.spread(host)
        }
    }

    fn spread(&self, host: Option<&[u8]>) -> usize {
        let hash = self.hashes.hash_one(host.map(last_labels));
        usize::try_from(hash % PARTS as u64).unwrap_or(0)
    }

    /// Could a cookie for this host lie over a secure-only one of another part (5.7 step 16)?
    pub(super) fn may_overlay_others(&self, host: Option<&[u8]>) -> bool {
        let single_labels = self.shape.0.single_labels.load(Ordering::Relaxed);
        let is_below_one = |host: &[u8]| single_labels & self.bit_of(host) != 0;
        host.is_some_and(|host| is_single_label(host) || is_below_one(host))
    }

    /// The bit for the last label.
    fn bit_of(&self, host: &[u8]) -> u64 {
        let label = host.rsplit(|octet| *octet == b'.').next();
        1 << (self.hashes.hash_one(label) % u64::from(u64::BITS))
    }

    /// Takes note of a cookie that is inserted.
    fn note(&self, cookie: &Cookie) {
        if cookie.secure_only() && is_single_label(cookie.domain()) {
            let bit = self.bit_of(cookie.domain());
            self.shape.0.single_labels.fetch_or(bit, Ordering::Relaxed);
        }
    }

    /// Decides within a part and carries it out; in the light of others where it has to do with them, as
    /// what comes over an insecure connection and is not secure-only (`is_insecure`) may have.
    pub(super) fn store(
        &self,
        host: Option<&[u8]>,
        is_insecure: bool,
        clock: &Clock,
        decide: &Decide<'_>,
    ) -> Result<Receipt, Rejection> {
        let mut part = self.write(host);
        if is_insecure && self.may_overlay_others(host) {
            drop(part);
            return self.store_among_all(host, clock, decide);
        }
        let now = clock();
        part.store.evict_some_expired(now);
        let decision = decide(&part, &[], now)?;
        let total = part.limits().total();
        if !decision.inserts(now) || part.takes_room(total) && part.takes_number() {
            return Ok(self.carry_out(&mut part, decision, now));
        }
        match self.try_write_others(part) {
            Some(mut parts) if self.has_numbers() => {
                Ok(self.carry_out_in_all(&mut parts, 0, decision, now))
            }
            locked => {
                drop(locked);
                self.store_among_all(host, clock, decide)
            }
        }
    }

    fn store_among_all(
        &self,
        host: Option<&[u8]>,
        clock: &Clock,
        decide: &Decide<'_>,
    ) -> Result<Receipt, Rejection> {
        let mut parts = self.write_all();
        let now = clock();
        if !self.has_numbers() {
            let policy = parts[0].policy().clone();
            let cookies = unexpired(&parts, now);
            self.distribute(&mut parts, &policy, cookies);
        }
        let at = self.part_of(host);
        parts[at].store.evict_some_expired(now);
        let decision = decide(&parts[at], &all_but(&parts, at), now)?;
        Ok(self.carry_out_in_all(&mut parts, at, decision, now))
    }

    /// Carries it out in a part, whatever room there is.
    fn carry_out_in_all(
        &self,
        parts: &mut [Writing<'_>],
        at: usize,
        decision: Decision,
        now: DateTime<Utc>,
    ) -> Receipt {
        if decision.inserts(now) {
            parts[at].takes_number();
        }
        let receipt = self.carry_out(&mut parts[at], decision, now);
        settle(parts, now);
        receipt
    }

    fn carry_out(&self, part: &mut CookieJar, decision: Decision, now: DateTime<Utc>) -> Receipt {
        if !decision.cookie.is_expired(now) {
            self.note(&decision.cookie);
        }
        part.carry_out(decision, now)
    }

    /// What storing would decide.
    pub(super) fn decide(
        &self,
        host: Option<&[u8]>,
        is_insecure: bool,
        clock: &Clock,
        decide: &Decide<'_>,
    ) -> Result<Decision, Rejection> {
        let part = self.read(host);
        if !is_insecure || !self.may_overlay_others(host) {
            return decide(&part, &[], clock());
        }
        drop(part);
        let parts = self.read_all();
        let at = self.part_of(host);
        decide(&parts[at], &all_but(&parts, at), clock())
    }

    /// Replaces the policy, and with it perhaps where the cookies are.
    pub(super) fn set_policy(&self, policy: Policy, clock: &Clock) {
        let mut parts = self.write_all();
        let now = clock();
        if is_whole(&policy) != self.is_whole() {
            let mut before = parts[0].policy().clone();
            before.reject_public_suffixes = policy.reject_public_suffixes;
            let cookies = unexpired(&parts, now);
            self.distribute(&mut parts, &before, cookies);
        }
        let [first, others @ ..] = &mut parts;
        for part in others {
            part.set_policy(policy.clone());
        }
        first.set_policy(policy);
        settle(&mut parts, now);
    }

    /// Puts cookies that are within the policy's limits where they belong, in place of those that are
    /// there, and counts their insertions from 0, in their order.
    fn distribute(
        &self,
        parts: &mut [Writing<'_>; PARTS],
        policy: &Policy,
        mut cookies: Vec<Cookie>,
    ) {
        let (shape, counts) = (&self.shape.0, &self.counts.0);
        shape.is_whole.store(is_whole(policy), Ordering::Relaxed);
        shape.single_labels.store(0, Ordering::Relaxed);
        for part in parts.iter_mut() {
            **part = CookieJar::new(policy.clone());
        }
        let limits = parts[0].limits();
        let mut next_insertion = 0;
        cookies.sort_unstable_by_key(|cookie| cookie.insertion);
        for cookie in cookies {
            self.note(&cookie);
            let part = &mut parts[self.part_of(Some(cookie.domain()))];
            part.store.set_next_insertion(next_insertion);
            part.store.insert(cookie, limits);
            next_insertion += 1;
        }
        counts
            .insertions
            .store(next_insertion.into(), Ordering::Relaxed);
        parts.iter_mut().for_each(Writing::count);
    }

    /// All cookies that have not expired, as one jar.
    pub(super) fn to_jar(&self, clock: &Clock) -> CookieJar {
        let parts = self.read_all();
        let cookies = unexpired(&parts, clock());
        CookieJar::of(parts[0].policy().clone(), cookies)
    }

    /// Removes the cookies that are not to be kept, once it was asked for each.
    pub(super) fn retain(&self, mut keep: impl FnMut(&Cookie) -> bool, clock: &Clock) -> usize {
        let mut parts = self.write_all();
        let now = clock();
        let mut places: Vec<Vec<Place>> = Vec::with_capacity(PARTS);
        for part in &mut parts {
            part.evict_expired(now);
            places.push(part.store.places_but(&mut keep));
        }
        let removed = parts.iter_mut().zip(&places);
        removed.map(|(part, places)| part.remove_all(places)).sum()
    }

    pub(super) fn clear(&self) {
        let mut parts = self.write_all();
        for part in &mut parts {
            part.clear();
        }
        self.shape.0.single_labels.store(0, Ordering::Relaxed);
    }
}

/// Is everything in one part under this policy? Without public suffixes a cookie can be for all of `com`.
fn is_whole(policy: &Policy) -> bool {
    !policy.reject_public_suffixes
}

/// The last two labels of a host: those of a domain that it domain-matches are the same, as far as that
/// has two.
fn last_labels(host: &[u8]) -> &[u8] {
    let dots = host.iter().enumerate().rev();
    let mut dots = dots.filter(|(_, octet)| **octet == b'.');
    dots.nth(1).map_or(host, |(dot, _)| &host[dot + 1..])
}

/// Are there domains of more labels that match this one?
fn is_single_label(domain: &[u8]) -> bool {
    !domain.contains(&b'.') && !host::is_address(domain)
}

/// The stores of all parts but one.
fn all_but(parts: &[impl Deref<Target = CookieJar>], at: usize) -> Vec<&Store> {
    let others = parts.iter().enumerate().filter(|(other, _)| *other != at);
    others.map(|(_, part)| &part.store).collect()
}

/// The cookies of all parts that have not expired, in no order.
pub(super) fn unexpired(
    parts: &[impl Deref<Target = CookieJar>],
    now: DateTime<Utc>,
) -> Vec<Cookie> {
    let unexpired = parts.iter().flat_map(|part| part.store.unexpired(now));
    unexpired.cloned().collect()
}

/// What is due once the cookies of all parts have changed.
fn settle(parts: &mut [Writing<'_>], now: DateTime<Utc>) {
    remove_excess(parts, now);
    parts.iter_mut().for_each(Writing::count);
}

/// 5.7: "remove excess cookies" of all parts together.
fn remove_excess(parts: &mut [Writing<'_>], now: DateTime<Utc>) {
    let limits = parts[0].limits();
    let total = limits.total();
    let mut len: usize = parts.iter().map(|part| part.len()).sum();
    if len <= total {
        return;
    }
    for part in parts.iter_mut() {
        // Expired ones come first (priority 1).
        let others = len - part.len();
        let store = &mut part.store;
        store.evict_while(now, |store| others + store.len() > total);
        store.take_set_back();
        len = others + part.len();
    }
    while len > total {
        let first_uses = parts.iter_mut().map(|part| part.store.first_use(limits));
        let first_uses = iter::zip(first_uses, 0..);
        let first = first_uses
            .filter_map(|(first, at)| Some((first?, at)))
            .min();
        let Some((_, at)) = first else {
            return;
        };
        len -= usize::from(parts[at].store.evict_least_used().is_some());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use url::Url;

    use crate::request::Request;
    use crate::set_cookie::SetCookie;

    fn receive(parts: &Parts, host: &str, line: &str, second: i64) -> Result<Receipt, Rejection> {
        receive_over(parts, host, line, second, false)
    }

    /// What it would decide, it does.
    fn receive_over(
        parts: &Parts,
        host: &str,
        line: &str,
        second: i64,
        is_insecure: bool,
    ) -> Result<Receipt, Rejection> {
        let url = Url::parse(&format!("https://{host}/")).unwrap();
        let set_cookie = SetCookie::parse(line.as_bytes()).unwrap();
        let clock = move || DateTime::from_timestamp(second, 0).unwrap();
        let host = Some(host.as_bytes());
        let decide = |part: &CookieJar, others: &[&Store], now: DateTime<Utc>| {
            part.decide(&set_cookie, &Request::new(&url), others, now)
        };
        let decided = parts.decide(host, is_insecure, &clock, &decide).err();
        let stored = parts.store(host, is_insecure, &clock, &decide);
        assert_eq!(decided.as_ref(), stored.as_ref().err());
        stored
    }

    fn lens(parts: &Parts) -> (usize, usize) {
        let len = parts.read_all().iter().map(|part| part.len()).sum();
        (parts.counts.0.len.load(Ordering::Relaxed), len)
    }

    #[test]
    fn the_last_two_labels() {
        for (host, expected) in [
            ("example.com", "example.com"),
            ("www.example.com", "example.com"),
            ("a.b.example.com", "example.com"),
            ("shop.co.uk", "co.uk"),
            ("example.com.", "com."),
            ("com.", "com."),
            ("com", "com"),
            (".com", ".com"),
            ("127.0.0.1", "0.1"),
            ("[::1]", "[::1]"),
            ("", ""),
        ] {
            assert_eq!(last_labels(host.as_bytes()), expected.as_bytes(), "{host}");
        }
    }

    #[test]
    fn all_cookies_are_counted() {
        let policy = Policy {
            max_cookies: 4,
            max_cookies_per_domain: 3,
            ..Policy::default()
        };
        let parts = Parts::new(CookieJar::new(policy));
        for (host, line, second, expected) in [
            ("a.example", "a=1", 0, 1),
            ("a.example", "a=2", 0, 1),
            ("b.example", "a=1; Max-Age=9", 0, 2),
            ("c.example", "a=1; Max-Age=0", 0, 2),
            ("c.example", "a=1; Domain=b.example", 0, 2),
            ("a.example", "b=1", 1, 3),
            ("a.example", "c=1", 1, 4),
            // One beyond the domain's limit, and two beyond the total's.
            ("a.example", "d=1", 1, 4),
            ("c.example", "a=1", 2, 4),
            ("d.example", "a=1", 2, 4),
            ("a.example", "d=; Max-Age=0", 2, 3),
            ("e.example", "a=1; Max-Age=9", 2, 4),
            ("e.example", "a=1; Max-Age=9", 20, 4),
        ] {
            drop(receive(&parts, host, line, second));
            assert_eq!(lens(&parts), (expected, expected), "{host} {line} {second}");
        }
        assert_eq!(
            parts.retain(|cookie| cookie.name() == b"c", &|| DateTime::UNIX_EPOCH),
            3
        );
        assert_eq!(lens(&parts), (1, 1));
        parts.set_policy(Policy::default(), &|| DateTime::UNIX_EPOCH);
        assert_eq!(lens(&parts), (1, 1));
    }

    #[test]
    fn insertions_outlive_their_numbers() {
        let parts = Parts::new(CookieJar::default());
        receive(&parts, "z.example", "a=1", 0).unwrap();
        let last = u64::from(u32::MAX) - 2;
        parts.counts.0.insertions.store(last, Ordering::Relaxed);
        for (host, expected) in [("y", last + 1), ("x", last + 2), ("w", 4), ("v", 5)] {
            receive(&parts, &format!("{host}.example"), "a=1", 0).unwrap();
            let insertions = parts.counts.0.insertions.load(Ordering::Relaxed);
            assert_eq!(insertions, expected, "{host}");
        }
        let jar = parts.to_jar(&|| DateTime::UNIX_EPOCH);
        let domains: Vec<_> = jar.iter(DateTime::UNIX_EPOCH).map(Cookie::domain).collect();
        let expected = ["z", "y", "x", "w", "v"].map(|host| format!("{host}.example"));
        assert_eq!(domains, expected.each_ref().map(String::as_bytes));
    }

    /// Hosts that are in parts of their own.
    fn apart(parts: &Parts, count: usize) -> Vec<String> {
        let mut known = [false; PARTS];
        let hosts = (0..1000).map(|host| format!("h{host}.example"));
        let apart = hosts.filter(|host| {
            let at = parts.part_of(Some(host.as_bytes()));
            !std::mem::replace(&mut known[at], true)
        });
        apart.take(count).collect()
    }

    #[test]
    fn sites_are_kept_apart() {
        let mut parts = Parts::new(CookieJar::default());
        assert_eq!(apart(&parts, usize::MAX).len(), PARTS);
        for (host, domain) in [
            ("www.example.com", "example.com"),
            ("a.b.example.com", "www.example.com"),
            ("example.com.", "com."),
        ] {
            let [host, domain] = [host, domain].map(|name| parts.part_of(Some(name.as_bytes())));
            assert_eq!(host, domain);
        }
        let policy = Policy {
            reject_public_suffixes: false,
            ..Policy::default()
        };
        parts = Parts::new(CookieJar::new(policy));
        assert_eq!(apart(&parts, usize::MAX).len(), 1);
    }

    #[test]
    fn what_has_expired_goes_first() {
        let policy = Policy {
            max_cookies: 4,
            ..Policy::default()
        };
        let parts = Parts::new(CookieJar::new(policy));
        let hosts = apart(&parts, 5);
        for (host, line, second) in [
            (&hosts[0], "a=1", 0),
            (&hosts[1], "a=1; Max-Age=2", 1),
            (&hosts[2], "a=1; Max-Age=3", 1),
            (&hosts[3], "a=1", 1),
            (&hosts[4], "a=1", 9),
        ] {
            receive(&parts, host, line, second).unwrap();
        }
        // One of the two is still there, since it did not have to go.
        assert_eq!(lens(&parts), (4, 4));
        let now = DateTime::from_timestamp(9, 0).unwrap();
        let jar = parts.to_jar(&move || now);
        let domains: Vec<_> = jar.iter(now).map(Cookie::domain).collect();
        let left = [&hosts[0], &hosts[3], &hosts[4]];
        assert_eq!(domains, left.map(String::as_bytes));
    }

    /// Otherwise another writer could find room that is taken, in a part that is let go before.
    #[test]
    fn all_is_counted_before_a_part_is_let_go() {
        let parts = Parts::new(CookieJar::default());
        let mut locked = parts.write_all();
        for at in [3, 7] {
            let cookie = Cookie::builder("a", "1", format!("h{at}.example"));
            locked[at].insert(&cookie, DateTime::UNIX_EPOCH).unwrap();
        }
        let counted = || parts.counts.0.len.load(Ordering::Relaxed);
        assert_eq!(counted(), 0);
        settle(&mut locked, DateTime::UNIX_EPOCH);
        assert_eq!(counted(), 2);
        let cookies = unexpired(&locked, DateTime::UNIX_EPOCH);
        parts.distribute(&mut locked, &Policy::default(), cookies[1..].to_vec());
        assert_eq!(counted(), 1);
        drop(locked);
        assert_eq!(lens(&parts), (1, 1));
    }

    /// Were it not so, this would not come to an end.
    #[test]
    fn where_there_is_room_nobody_waits_for_another_part() {
        let parts = Parts::new(CookieJar::default());
        receive(&parts, "intranet", "a=1; Secure", 0).unwrap();
        let mut hosts = (0..).map(|host| format!("a.label{host}"));
        let is_apart = |host: &String| !parts.may_overlay_others(Some(host.as_bytes()));
        let apart = hosts.find(is_apart).unwrap();
        for (host, is_insecure) in [("x.intranet", false), (&apart, false), (&apart, true)] {
            let own = parts.part_of(Some(host.as_bytes()));
            let others = (0..PARTS).filter(|other| *other != own);
            let locked: Vec<_> = others.map(|other| parts.write_at(other)).collect();
            for line in ["a=1", "a=2", "a=; Max-Age=0"] {
                assert!(receive_over(&parts, host, line, 0, is_insecure).is_ok());
            }
            drop(locked);
        }
    }

    #[test]
    fn where_another_part_is_locked_there_is_nothing_to_try() {
        let parts = Parts::new(CookieJar::default());
        assert_eq!(
            parts.try_write_others(parts.write_at(3)).unwrap().len(),
            PARTS
        );
        let other = parts.read_at(5);
        assert!(parts.try_write_others(parts.write_at(3)).is_none());
        drop(other);
        assert!(parts.try_write_others(parts.write_at(5)).is_some());
    }
}
