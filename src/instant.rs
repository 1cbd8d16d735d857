//! Instants as integers, which an atomic can hold.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};

/// An instant in 64 bits, in the order of time: to the nanosecond within 145 years of 1970, and in
/// steps of 100 nanoseconds for 14,600 years beyond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(i64);

impl Instant {
    /// Before all others.
    pub(crate) const EARLIEST: Self = Self(i64::MIN);

    /// What is further from 1970 is counted in steps.
    const NEAR: i64 = 4_600_000_000_000_000_000;
    const STEP: i128 = 100;
}

impl From<DateTime<Utc>> for Instant {
    fn from(instant: DateTime<Utc>) -> Self {
        let seconds = i128::from(instant.timestamp());
        let nanoseconds = seconds * 1_000_000_000 + i128::from(instant.timestamp_subsec_nanos());
        let near = i128::from(Self::NEAR);
        let number = if nanoseconds > near {
            near + (nanoseconds - near) / Self::STEP
        } else if nanoseconds < -near {
            -near + (nanoseconds + near) / Self::STEP
        } else {
            nanoseconds
        };
        let end = if number < 0 { i64::MIN } else { i64::MAX };
        Self(i64::try_from(number).unwrap_or(end))
    }
}

impl From<Instant> for DateTime<Utc> {
    fn from(Instant(number): Instant) -> Self {
        let near = number.clamp(-Instant::NEAR, Instant::NEAR);
        let steps = TimeDelta::microseconds((number - near) / 10)
            + TimeDelta::nanoseconds((number - near) % 10 * 100);
        let instant = DateTime::from_timestamp_nanos(near).checked_add_signed(steps);
        instant.unwrap_or(DateTime::<Utc>::MIN_UTC)
    }
}

/// An instant that readers can set. Relaxed throughout: it stands for itself, and nothing else is read
/// by its order.
#[derive(Debug)]
pub(crate) struct AtomicInstant(AtomicI64);

impl AtomicInstant {
    pub(crate) const fn new(Instant(steps): Instant) -> Self {
        Self(AtomicI64::new(steps))
    }

    pub(crate) fn get(&self) -> Instant {
        Instant(self.0.load(Ordering::Relaxed))
    }

    /// Sets the instant, and tells whether it lay in the future of the new one.
    pub(crate) fn set(&self, instant: Instant) -> bool {
        let before = self.get();
        if before != instant {
            self.0.store(instant.0, Ordering::Relaxed);
        }
        before > instant
    }

    /// Sets the instant unless it is a later one already. What stays is not written to, which other
    /// readers would have to wait for.
    pub(crate) fn advance(&self, instant: Instant) {
        if self.get() < instant {
            self.0.fetch_max(instant.0, Ordering::Relaxed);
        }
    }
}

impl Clone for AtomicInstant {
    fn clone(&self) -> Self {
        Self::new(self.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_in_order() {
        let rows = [
            "1601-01-01T00:00:00.0000001Z",
            "1823-01-01T00:00:00Z",
            "1825-01-01T00:00:00.000000001Z",
            "1969-12-31T23:59:59.999999999Z",
            "2024-06-01T12:00:00.000000001Z",
            "2115-01-01T00:00:00.999999999Z",
            "2117-01-01T00:00:00.0000001Z",
            "9999-12-31T23:59:59Z",
        ];
        let mut before = Instant::EARLIEST;
        for row in rows {
            let date: DateTime<Utc> = row.parse().unwrap();
            let instant = Instant::from(date);
            assert_eq!(DateTime::<Utc>::from(instant), date, "{row}");
            assert!(before < instant, "{row}");
            before = instant;
        }
        assert_eq!(Instant::from(DateTime::<Utc>::MIN_UTC), Instant::EARLIEST);
        assert_eq!(Instant::from(DateTime::<Utc>::MAX_UTC), Instant(i64::MAX));
    }

    #[test]
    fn who_goes_back_hears_of_it() {
        let atomic = AtomicInstant::new(Instant(2));
        for (steps, goes_back) in [(2, false), (3, false), (1, true), (1, false)] {
            assert_eq!(atomic.set(Instant(steps)), goes_back, "{steps}");
            assert_eq!(atomic.get(), Instant(steps));
        }
    }
}
