//! What expires next.

use std::cmp::Reverse;
use std::collections::binary_heap::PeekMut;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use crate::cookie::{Cookie, Home};
use crate::store::Place;
use crate::store::domains::{DomainCookies, NotedDay};
use crate::store::partition::Partitions;

/// The persistent cookies by expiry-time: in order where it is near; far ahead the domains that have
/// one, each by the day of its first.
#[derive(Debug, Clone)]
pub(super) struct Expiries {
    /// The first to expire on top: all that expire on `today` or before.
    near: BinaryHeap<Reverse<(DateTime<Utc>, Place)>>,
    far: BTreeMap<NaiveDate, Vec<Arc<Home>>>,
    today: NaiveDate,
    /// No cookie expires before.
    earliest: DateTime<Utc>,
    /// Of `near` and `far` together.
    len: usize,
}

/// What a step has come to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// This cookie has expired; it may not be the last one.
    Expired(Place),
    /// There may be one.
    OnTheWay,
    /// There is none.
    Done,
}

impl Default for Expiries {
    fn default() -> Self {
        Self {
            near: BinaryHeap::new(),
            far: BTreeMap::new(),
            today: NaiveDate::MIN,
            earliest: DateTime::<Utc>::MAX_UTC,
            len: 0,
        }
    }
}

impl Expiries {
    /// Takes note of a cookie that is new or has taken another's place, and of its domain where that
    /// has not been noted, or by a later day.
    pub(super) fn push(&mut self, cookie: &Cookie, noted: &mut NotedDay) {
        let Some(expiry_time) = cookie.expiry_time() else {
            return;
        };
        // What stays is not written to: the next writer may be another processor's.
        if expiry_time < self.earliest {
            self.earliest = expiry_time;
        }
        let day = day_of(expiry_time);
        if day <= self.today {
            self.near.push(Reverse((expiry_time, Place::of(cookie))));
            self.len += 1;
        } else if noted.is_none_or(|noted| day < noted) {
            *noted = Some(day);
            let home = Arc::clone(cookie.home());
            self.far.entry(day).or_default().push(home);
            self.len += 1;
        }
    }

    /// Are most entries of cookies that are gone or were replaced?
    pub(super) fn is_outgrown(&self, cookies: usize) -> bool {
        self.len > 2 * cookies + 64
    }

    /// Takes note of the cookies of a domain that expire on this day or later.
    fn push_later(&mut self, domain: &mut DomainCookies, from: NaiveDate) {
        let mut noted = None;
        let is_later = |cookie: &&Cookie| cookie.expiry_time().is_some_and(|at| day_of(at) >= from);
        for cookie in domain.iter().filter(is_later) {
            self.push(cookie, &mut noted);
        }
        domain.noted = noted;
    }

    /// Begins anew with all cookies.
    pub(super) fn refill(&mut self, partitions: &mut Partitions) {
        *self = Self {
            today: self.today,
            ..Self::default()
        };
        for domain in partitions.domains_mut() {
            self.push_later(domain, NaiveDate::MIN);
        }
    }

    /// Could a cookie have expired?
    pub(super) fn may_have_expired(&self, now: DateTime<Utc>) -> bool {
        self.earliest < now
    }

    /// Goes on to the next cookie that has expired.
    pub(super) fn step(&mut self, partitions: &mut Partitions, now: DateTime<Utc>) -> Step {
        if !self.may_have_expired(now) {
            return Step::Done;
        }
        self.today = self.today.max(day_of(now));
        if let Some(mut homes) = self.far.first_entry() {
            let day = *homes.key();
            if day <= self.today {
                let home = homes.get_mut().pop();
                if homes.get().is_empty() {
                    homes.remove();
                }
                if let Some(home) = home {
                    self.len -= 1;
                    self.bring_near(partitions, day, &home);
                }
                return Step::OnTheWay;
            }
        }
        if let Some(next) = self.near.peek_mut() {
            if next.0.0 < now {
                let Reverse((expiry_time, place)) = PeekMut::pop(next);
                self.len -= 1;
                let cookie = partitions.get_at(&place);
                let is_its = cookie.is_some_and(|cookie| cookie.expiry_time() == Some(expiry_time));
                return if is_its {
                    Step::Expired(place)
                } else {
                    Step::OnTheWay
                };
            }
        }
        let next = self
            .near
            .peek()
            .map(|Reverse((expiry_time, _))| *expiry_time);
        let next_day = self.far.keys().next().map(|day| start_of(*day));
        let next = next.or(next_day);
        self.earliest = next.unwrap_or(DateTime::<Utc>::MAX_UTC);
        Step::Done
    }

    /// Puts the cookies of a domain that expire on its day into their order, and notes it by its next.
    fn bring_near(&mut self, partitions: &mut Partitions, day: NaiveDate, home: &Home) {
        if let Some(domain) = partitions.of_home_mut(home) {
            if domain.noted == Some(day) {
                self.push_later(domain, day);
            }
        }
    }
}

fn day_of(instant: DateTime<Utc>) -> NaiveDate {
    instant.naive_utc().date()
}

fn start_of(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

#[cfg(test)]
mod tests {
    use chrono::Datelike as _;

    use super::*;
    use crate::store::tests::expiring;
    use crate::store::{Limits, Store};

    #[test]
    fn outgrown_when_most_entries_are_of_no_cookie() {
        let mut expiries = Expiries::default();
        for (len, cookies, expected) in
            [(64, 0, false), (65, 0, true), (68, 2, false), (69, 2, true)]
        {
            expiries.len = len;
            assert_eq!(expiries.is_outgrown(cookies), expected, "{len} {cookies}");
        }
    }

    #[test]
    fn near_until_the_day_is_over() {
        let day = |day| start_of(NaiveDate::from_ymd_opt(2026, 11, day).unwrap());
        let mut expiries = Expiries::default();
        let mut none = Partitions::default();
        assert_eq!(expiries.step(&mut none, day(20)), Step::Done);
        expiries.today = day_of(day(20));
        for (expiry_time, near, far) in [(day(20), 1, 0), (day(21), 1, 1), (day(21), 1, 2)] {
            expiries.push(&expiring(b"a", expiry_time), &mut None);
            assert_eq!(expiries.near.len(), near);
            assert_eq!(expiries.far.values().map(Vec::len).sum::<usize>(), far);
        }
    }

    #[test]
    fn begun_anew_once_most_entries_are_of_no_cookie() {
        let day = |day| start_of(NaiveDate::from_ymd_opt(2026, 11, day).unwrap());
        let mut store = Store::default();
        store.expiries.today = day_of(day(20));
        for (name, expires) in [(b"a", 20), (b"b", 25)] {
            store.insert(expiring(name, day(expires)), Limits::new(9, 9));
        }
        for (replaced, near, far) in [(0, 1, 1), (1, 2, 1), (66, 68, 1), (1, 2, 1)] {
            for _ in 0..replaced {
                store.replace(expiring(b"a", day(20)));
            }
            let expiries = &store.expiries;
            assert_eq!(expiries.near.len(), near);
            assert_eq!(expiries.far.values().map(Vec::len).sum::<usize>(), far);
            assert_eq!(expiries.len, near + far);
        }
    }

    #[test]
    fn a_domain_is_noted_by_the_day_of_its_first() {
        let day = |day| start_of(NaiveDate::from_ymd_opt(2026, 11, day).unwrap());
        let noon = |number| day(number) + chrono::TimeDelta::hours(12);
        let mut store = Store::default();
        let unlimited = Limits::NONE;
        store.evict_expired(noon(20));
        let far = |store: &Store| {
            let far = store.expiries.far.iter();
            let far: Vec<_> = far.map(|(day, homes)| (day.day(), homes.len())).collect();
            let in_all: usize = far.iter().map(|(_, homes)| homes).sum();
            assert_eq!(store.expiries.len, store.expiries.near.len() + in_all);
            far
        };
        for (name, expires, expected) in [
            (b"a", 25, &[(25, 1)][..]),
            (b"b", 25, &[(25, 1)]),
            (b"c", 27, &[(25, 1)]),
            (b"d", 23, &[(23, 1), (25, 1)]),
        ] {
            store.insert(expiring(name, day(expires)), unlimited);
            assert_eq!(far(&store), expected, "{name:?}");
        }
        for (now, expected, left) in [
            (noon(22), &[(23, 1), (25, 1)][..], 4),
            (noon(23), &[(25, 2)], 3),
            (noon(26), &[(27, 1)], 1),
            (day(27), &[(27, 1)], 1),
            (noon(27), &[], 0),
        ] {
            store.evict_expired(now);
            assert_eq!(far(&store), expected, "{now}");
            assert_eq!(store.len(), left, "{now}");
        }
    }
}
