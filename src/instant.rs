//! Instants as integers, which an atomic can hold.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};

/// Steps of 100 nanoseconds since 1970; 29,000 years from there it goes no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(i64);

const STEPS_A_SECOND: i64 = 10_000_000;
const NANOSECONDS_A_STEP: u32 = 100;

impl Instant {
    /// Before all others.
    pub(crate) const EARLIEST: Self = Self(i64::MIN);
}

impl From<DateTime<Utc>> for Instant {
    fn from(instant: DateTime<Utc>) -> Self {
        let steps = instant.timestamp_subsec_nanos() / NANOSECONDS_A_STEP;
        let seconds = instant.timestamp().saturating_mul(STEPS_A_SECOND);
        Self(seconds.saturating_add(steps.into()))
    }
}

impl From<Instant> for DateTime<Utc> {
    fn from(Instant(steps): Instant) -> Self {
        let seconds = steps.div_euclid(STEPS_A_SECOND);
        let steps = u32::try_from(steps.rem_euclid(STEPS_A_SECOND)).unwrap_or_default();
        let instant = DateTime::from_timestamp(seconds, steps * NANOSECONDS_A_STEP);
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

    /// Sets the instant unless it is a later one already.
    pub(crate) fn advance(&self, Instant(steps): Instant) {
        self.0.fetch_max(steps, Ordering::Relaxed);
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
    fn there_and_back() {
        let rows = [
            "1601-01-01T00:00:00Z",
            "1969-12-31T23:59:59.9999999Z",
            "9999-12-31T23:59:59Z",
        ];
        for row in rows {
            let date: DateTime<Utc> = row.parse().unwrap();
            assert_eq!(DateTime::<Utc>::from(Instant::from(date)), date, "{row}");
        }
        assert_eq!(Instant::from(DateTime::<Utc>::MIN_UTC), Instant::EARLIEST);
        assert_eq!(Instant::from(DateTime::<Utc>::MAX_UTC), Instant(i64::MAX));
    }
}
