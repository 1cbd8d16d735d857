//! What expires next.

use std::cmp::Reverse;
use std::collections::binary_heap::PeekMut;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use crate::cookie::{Cookie, Home};
use crate::store::Place;
use crate::store::partition::{DomainCookies, Partitions};

/// The persistent cookies by expiry-time: in order where it is near; far ahead the domains that have
/// one, by the day.
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
    /// Takes note of a cookie that is new or has taken another's place.
    pub(super) fn push(&mut self, cookie: &Cookie) {
        let Some(expiry_time) = cookie.expiry_time() else {
            return;
        };
        self.len += 1;
        self.earliest = self.earliest.min(expiry_time);
        let day = day_of(expiry_time);
        if day <= self.today {
            self.near.push(Reverse((expiry_time, Place::of(cookie))));
        } else {
            let home = Arc::clone(cookie.home());
            match self.far.get_mut(&day) {
                Some(homes) => homes.push(home),
                None => drop(self.far.insert(day, vec![home])),
            }
        }
    }

    /// Are most entries of cookies that are gone or were replaced?
    pub(super) fn is_outgrown(&self, cookies: usize) -> bool {
        self.len > 2 * cookies + 64
    }

    /// Begins anew with these cookies.
    pub(super) fn refill<'s>(&mut self, cookies: impl Iterator<Item = &'s Cookie>) {
        *self = Self {
            today: self.today,
            ..Self::default()
        };
        cookies.for_each(|cookie| self.push(cookie));
    }

    /// Could a cookie have expired?
    pub(super) fn may_have_expired(&self, now: DateTime<Utc>) -> bool {
        self.earliest < now
    }

    /// The next cookie that has expired.
    pub(super) fn pop(&mut self, partitions: &Partitions, now: DateTime<Utc>) -> Option<Place> {
        if !self.may_have_expired(now) {
            return None;
        }
        self.today = self.today.max(day_of(now));
        while let Some(day) = self.far.first_entry() {
            if *day.key() > self.today {
                break;
            }
            let (day, homes) = day.remove_entry();
            self.bring_near(partitions, day, homes);
        }
        while let Some(next) = self.near.peek_mut() {
            if next.0.0 >= now {
                break;
            }
            let Reverse((expiry_time, place)) = PeekMut::pop(next);
            self.len -= 1;
            let cookie = partitions.get_at(&place);
            if cookie.is_some_and(|cookie| cookie.expiry_time() == Some(expiry_time)) {
                return Some(place);
            }
        }
        let next = self
            .near
            .peek()
            .map(|Reverse((expiry_time, _))| *expiry_time);
        let next_day = self.far.keys().next().map(|day| start_of(*day));
        let next = next.or(next_day);
        self.earliest = next.unwrap_or(DateTime::<Utc>::MAX_UTC);
        None
    }

    /// Puts the cookies of these domains that expire on the day into their order.
    fn bring_near(&mut self, partitions: &Partitions, day: NaiveDate, mut homes: Vec<Arc<Home>>) {
        self.len -= homes.len();
        homes.sort_unstable_by_key(Arc::as_ptr);
        homes.dedup_by(|one, other| Arc::ptr_eq(one, other));
        for home in homes {
            let cookies = partitions.of_home(&home).into_iter();
            for cookie in cookies.flat_map(DomainCookies::iter) {
                let expiry_time = cookie.expiry_time();
                if let Some(expiry_time) = expiry_time.filter(|at| day_of(*at) == day) {
                    self.near.push(Reverse((expiry_time, Place::of(cookie))));
                    self.len += 1;
                }
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
    use super::*;
    use crate::store::tests::expiring;

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
        assert_eq!(expiries.pop(&Partitions::default(), day(20)), None);
        expiries.today = day_of(day(20));
        for (expiry_time, near, far) in [(day(20), 1, 0), (day(21), 1, 1), (day(21), 1, 2)] {
            expiries.push(&expiring(expiry_time));
            assert_eq!(expiries.near.len(), near);
            assert_eq!(expiries.far.values().map(Vec::len).sum::<usize>(), far);
        }
    }
}
