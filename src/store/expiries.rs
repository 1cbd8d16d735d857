//! What expires next.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use chrono::{DateTime, Utc};

use crate::cookie::Cookie;
use crate::store::slots::{CookieId, Slots};

/// The persistent cookies by expiry-time: far ahead by the day, in order where it is near.
#[derive(Debug, Clone)]
pub(super) struct Expiries {
    /// The first to expire on top: all that expire on `today` or before.
    near: BinaryHeap<Reverse<(DateTime<Utc>, CookieId)>>,
    far: BTreeMap<i64, Vec<CookieId>>,
    today: i64,
    len: usize,
}

impl Default for Expiries {
    fn default() -> Self {
        Self {
            near: BinaryHeap::new(),
            far: BTreeMap::new(),
            today: i64::MIN,
            len: 0,
        }
    }
}

impl Expiries {
    pub(super) fn push(&mut self, id: CookieId, cookie: &Cookie) {
        let Some(expiry_time) = cookie.expiry_time() else {
            return;
        };
        self.len += 1;
        let day = day_of(expiry_time);
        if day <= self.today {
            self.near.push(Reverse((expiry_time, id)));
        } else {
            self.far.entry(day).or_default().push(id);
        }
    }

    /// Begins anew once most entries are of cookies that are gone or were replaced.
    pub(super) fn tidy(&mut self, slots: &Slots) {
        if self.len > 2 * slots.len() + 64 {
            *self = Self {
                today: self.today,
                ..Self::default()
            };
            for (id, cookie) in slots.iter() {
                self.push(id, cookie);
            }
        }
    }

    /// Could a cookie have expired?
    pub(super) fn may_have_expired(&self, now: DateTime<Utc>) -> bool {
        let near = self.near.peek();
        near.is_some_and(|Reverse((expiry_time, _))| *expiry_time < now)
            || self
                .far
                .first_key_value()
                .is_some_and(|(day, _)| *day <= day_of(now))
    }

    /// The next cookie that has expired.
    pub(super) fn pop(&mut self, slots: &Slots, now: DateTime<Utc>) -> Option<CookieId> {
        self.today = self.today.max(day_of(now));
        while let Some(day) = self
            .far
            .first_entry()
            .filter(|day| *day.key() <= self.today)
        {
            let (day, ids) = day.remove_entry();
            let expiry = |id| Some((slots.get(id)?.expiry_time()?, id));
            let near = ids
                .iter()
                .filter_map(|id| expiry(*id))
                .filter(|(at, _)| day_of(*at) == day);
            let before = self.near.len();
            self.near.extend(near.map(Reverse));
            self.len -= ids.len() - (self.near.len() - before);
        }
        while let Some(Reverse((expiry_time, id))) = self.near.peek().copied() {
            if expiry_time >= now {
                break;
            }
            self.near.pop();
            self.len -= 1;
            if slots
                .get(id)
                .is_some_and(|cookie| cookie.expiry_time() == Some(expiry_time))
            {
                return Some(id);
            }
        }
        None
    }
}

/// The number of the day, counted from 1970.
fn day_of(instant: DateTime<Utc>) -> i64 {
    const SECONDS_A_DAY: i64 = 24 * 60 * 60;
    instant.timestamp().div_euclid(SECONDS_A_DAY)
}
