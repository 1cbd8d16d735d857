//! The readings of a clock that may go back.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::timestamp::Timestamp;

/// What a clock showed: what has expired by a reading stays gone after it.
#[derive(Default)]
pub(super) struct Readings(Mutex<Shown>);

#[derive(Default)]
struct Shown {
    /// The number of readings.
    number: u64,
    /// The readings that no later one has reached, each with its number. It is one unless the clock went back.
    not_reached: Vec<(u64, Timestamp)>,
}

/// How many readings are kept of a clock that goes back again and again.
const MOST: usize = 64;

impl Readings {
    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, now: Timestamp) {
        let mut shown = self.shown();
        while shown.not_reached.last().is_some_and(|last| last.1 <= now) {
            shown.not_reached.pop();
        }
        if shown.not_reached.len() == MOST {
            shown.not_reached.remove(0);
        }
        let number = shown.number;
        shown.not_reached.push((number, now));
        shown.number += 1;
    }

    /// The number of readings so far.
    pub(super) fn number(&self) -> u64 {
        self.shown().number
    }

    /// The latest time of those after so many readings.
    pub(super) fn latest_after(&self, number: u64) -> Option<Timestamp> {
        let shown = self.shown();
        let mut not_reached = shown.not_reached.iter();
        let latest = not_reached.find(|(of, _)| *of >= number);
        latest.map(|(_, time)| *time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn latest(readings: &[i64]) -> Vec<Option<i64>> {
        let all = Readings::default();
        for seconds in readings {
            all.add(Timestamp::from_secs(*seconds));
        }
        assert_eq!(all.number(), readings.len() as u64);
        let after = |number| all.latest_after(number as u64);
        let seconds = |time: Timestamp| time.as_micros() / 1_000_000;
        (0..=readings.len())
            .map(|number| after(number).map(seconds))
            .collect()
    }

    #[test]
    fn the_latest_after_each_reading() {
        for readings in [
            &[][..],
            &[5],
            &[1, 2, 3],
            &[3, 2, 1],
            &[2, 2, 1, 1],
            &[9, 1, 5, 2, 4, 4, 0, 3],
            &[-1, -3, -2],
        ] {
            let expected =
                (0..=readings.len()).map(|number| readings[number..].iter().max().copied());
            let expected: Vec<_> = expected.collect();
            assert_eq!(latest(readings), expected, "{readings:?}");
        }
    }

    #[test]
    fn a_clock_that_only_goes_back_takes_so_much_room() {
        let readings = Readings::default();
        for seconds in (0..1000).rev() {
            readings.add(Timestamp::from_secs(seconds));
        }
        assert_eq!(readings.shown().not_reached.len(), MOST);
        let latest = readings.latest_after(990);
        assert_eq!(latest, Some(Timestamp::from_secs(9)));
    }
}
