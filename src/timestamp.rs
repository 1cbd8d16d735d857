//! Time: whole microseconds since 1970, and the clocks that people have.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, SecondsFormat, Utc};

/// An instant: whole microseconds since 1970-01-01T00:00:00Z, without leap seconds.
///
/// Wherever the crate takes a `now`, it takes `impl Into<Timestamp>`: a [`SystemTime`] or a
/// `chrono::DateTime<Utc>` will do. What is finer than a microsecond is cut off, towards the past.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use hardtack::Timestamp;
///
/// let launch = Timestamp::from_secs(1_717_243_200);
/// assert_eq!(launch.to_string(), "2024-06-01T12:00:00Z");
/// assert_eq!(launch + Duration::from_secs(60), Timestamp::from_secs(1_717_243_260));
/// assert_eq!(SystemTime::from(launch), SystemTime::UNIX_EPOCH + Duration::from_secs(1_717_243_200));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const UNIX_EPOCH: Self = Self(0);

    /// The earliest instant, some 292,000 years before 1970.
    pub const MIN: Self = Self(i64::MIN);

    /// The latest instant, some 292,000 years after 1970.
    pub const MAX: Self = Self(i64::MAX);

    /// The instant this many microseconds after 1970, or before it.
    pub const fn from_micros(microseconds: i64) -> Self {
        Self(microseconds)
    }

    /// The instant this many seconds after 1970, or before it; cut to [`Timestamp::MIN`] and
    /// [`Timestamp::MAX`].
    pub const fn from_secs(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// The microseconds since 1970; negative before.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// The whole seconds since 1970, rounded towards the past.
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The time since an earlier instant; `None` where that one is later.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use hardtack::Timestamp;
    /// let (one, two) = (Timestamp::from_secs(1), Timestamp::from_secs(2));
    /// assert_eq!(two.duration_since(one), Some(Duration::from_secs(1)));
    /// assert_eq!(one.duration_since(two), None);
    /// ```
    pub const fn duration_since(self, earlier: Self) -> Option<Duration> {
        if self.0 < earlier.0 {
            return None;
        }
        Some(Duration::from_micros(self.0.abs_diff(earlier.0)))
    }
}

/// The number of whole microseconds of a duration, as far as 64 bits go.
fn microseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

impl std::ops::Add<Duration> for Timestamp {
    type Output = Self;

    /// The instant so much later, [`Timestamp::MAX`] at most.
    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(microseconds(duration)))
    }
}

impl std::ops::Sub<Duration> for Timestamp {
    type Output = Self;

    /// The instant so much earlier, [`Timestamp::MIN`] at least.
    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(microseconds(duration)))
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Self(microseconds(after)),
            Err(before) => {
                let before = before.duration();
                let is_cut = before.subsec_nanos() % 1000 != 0;
                Self((-microseconds(before)).saturating_sub(i64::from(is_cut)))
            }
        }
    }
}

impl From<Timestamp> for SystemTime {
    /// Cut to what the system's clock can say, which on Unix is all.
    fn from(Timestamp(microseconds): Timestamp) -> Self {
        let distance = Duration::from_micros(microseconds.unsigned_abs());
        let time = if microseconds < 0 {
            UNIX_EPOCH.checked_sub(distance)
        } else {
            UNIX_EPOCH.checked_add(distance)
        };
        time.unwrap_or(UNIX_EPOCH)
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(date: DateTime<Utc>) -> Self {
        // Of a leap second chrono has a 60th second: here it is the end of the 59th.
        let microseconds = i64::from(date.timestamp_subsec_micros().min(999_999));
        Self(
            date.timestamp()
                .saturating_mul(1_000_000)
                .saturating_add(microseconds),
        )
    }
}

impl From<Timestamp> for DateTime<Utc> {
    /// Cut to the years that chrono knows, some 262,000 on either side.
    fn from(Timestamp(microseconds): Timestamp) -> Self {
        let end = if microseconds < 0 {
            DateTime::<Utc>::MIN_UTC
        } else {
            DateTime::<Utc>::MAX_UTC
        };
        DateTime::from_timestamp_micros(microseconds).unwrap_or(end)
    }
}

#[cfg(feature = "jiff")]
impl From<jiff::Timestamp> for Timestamp {
    fn from(timestamp: jiff::Timestamp) -> Self {
        // What is finer is cut off towards 1970 there.
        let microseconds = timestamp.as_nanosecond().div_euclid(1000);
        Self(i64::try_from(microseconds).unwrap_or(i64::MAX))
    }
}

#[cfg(feature = "jiff")]
impl From<Timestamp> for jiff::Timestamp {
    /// Cut to the years that jiff knows, -9999 to 9999.
    fn from(Timestamp(microseconds): Timestamp) -> Self {
        let end = if microseconds < 0 {
            Self::MIN
        } else {
            Self::MAX
        };
        Self::from_microsecond(microseconds).unwrap_or(end)
    }
}

#[cfg(feature = "time")]
impl From<time::OffsetDateTime> for Timestamp {
    fn from(date: time::OffsetDateTime) -> Self {
        let microseconds = date.unix_timestamp_nanos().div_euclid(1000);
        Self(i64::try_from(microseconds).unwrap_or(i64::MAX))
    }
}

#[cfg(feature = "time")]
impl From<Timestamp> for time::OffsetDateTime {
    /// Cut to the years that `time` knows, -9999 to 9999.
    fn from(Timestamp(microseconds): Timestamp) -> Self {
        let date = Self::from_unix_timestamp_nanos(i128::from(microseconds) * 1000);
        date.unwrap_or(if microseconds < 0 {
            time::PrimitiveDateTime::MIN.assume_utc()
        } else {
            time::PrimitiveDateTime::MAX.assume_utc()
        })
    }
}

impl fmt::Display for Timestamp {
    /// By RFC 3339, in UTC, with a fraction only where there is one: `2024-06-01T12:00:00Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = DateTime::<Utc>::from(*self);
        f.write_str(&date.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

/// Why a text is no [`Timestamp`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("it is no instant: write it as `2024-06-01T12:00:00Z`")]
#[non_exhaustive]
pub struct TimestampError;

impl FromStr for Timestamp {
    type Err = TimestampError;

    /// By RFC 3339; also years of more than four digits, and those before the year 0, with the sign that
    /// the [`Display`](fmt::Display) of an instant gives them.
    ///
    /// ```
    /// # use hardtack::Timestamp;
    /// let launch: Timestamp = "2024-06-01T14:00:00+02:00".parse()?;
    /// assert_eq!(launch, Timestamp::from_secs(1_717_243_200));
    /// assert!("2024-06-01".parse::<Timestamp>().is_err());
    /// # Ok::<(), hardtack::TimestampError>(())
    /// ```
    fn from_str(text: &str) -> Result<Self, TimestampError> {
        let date: Result<DateTime<Utc>, _> = text.parse();
        date.map(Self::from).map_err(|_| TimestampError)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An instant that readers can move forward. Relaxed throughout: it stands for itself, and nothing
/// else is read by its order.
#[derive(Debug)]
pub(crate) struct AtomicTimestamp(AtomicI64);

impl AtomicTimestamp {
    pub(crate) const fn new(Timestamp(microseconds): Timestamp) -> Self {
        Self(AtomicI64::new(microseconds))
    }

    pub(crate) fn get(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }

    pub(crate) fn set(&mut self, Timestamp(microseconds): Timestamp) {
        *self.0.get_mut() = microseconds;
    }

    /// Moves it forward; an earlier instant changes nothing. What stays is not written to, so that
    /// readers on other processors do not wait for it.
    pub(crate) fn advance(&self, instant: Timestamp) {
        if self.get() < instant {
            self.0.fetch_max(instant.0, Ordering::Relaxed);
        }
    }
}

impl Clone for AtomicTimestamp {
    fn clone(&self) -> Self {
        Self::new(self.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for (text, microseconds) in [
            ("-9999-01-01T00:00:00Z", -377_705_116_800_000_000),
            ("1601-01-01T00:00:00.000001Z", -11_644_473_599_999_999),
            ("1969-12-31T23:59:59.999999Z", -1),
            ("1970-01-01T00:00:00Z", 0),
            ("2024-06-01T12:00:00.000001Z", 1_717_243_200_000_001),
            ("9999-12-31T23:59:59Z", 253_402_300_799_000_000),
            ("+12000-01-01T00:00:00Z", 316_516_204_800_000_000),
        ] {
            let timestamp = Timestamp::from_micros(microseconds);
            assert_eq!(timestamp.to_string(), text);
            assert_eq!(text.parse(), Ok(timestamp));
            assert_eq!(Timestamp::from(DateTime::<Utc>::from(timestamp)), timestamp);
            assert_eq!(Timestamp::from(SystemTime::from(timestamp)), timestamp);
        }
    }

    #[test]
    fn what_is_finer_is_cut_off_towards_the_past() {
        for (nanoseconds, microseconds) in
            [(1_999, 1), (1, 0), (-1, -1), (-1_000, -1), (-1_001, -2)]
        {
            let date = DateTime::<Utc>::from_timestamp_nanos(nanoseconds);
            assert_eq!(
                Timestamp::from(date).as_micros(),
                microseconds,
                "{nanoseconds}"
            );
            let distance = Duration::from_nanos(nanoseconds.unsigned_abs());
            let time = if nanoseconds < 0 {
                UNIX_EPOCH - distance
            } else {
                UNIX_EPOCH + distance
            };
            assert_eq!(
                Timestamp::from(time).as_micros(),
                microseconds,
                "{nanoseconds}"
            );
        }
    }

    #[test]
    fn texts() {
        for (text, expected) in [
            ("1970-01-01T01:00:01+01:00", Ok(1_000_000)),
            ("1970-01-01t00:00:01.5z", Ok(1_500_000)),
            ("1970-01-01T00:00:00.0000019Z", Ok(1)),
            ("1969-12-31T23:59:59.9999999Z", Ok(-1)),
            ("1970-01-01T00:00:01", Err(TimestampError)),
            ("1970-01-01", Err(TimestampError)),
            ("1970-02-30T00:00:00Z", Err(TimestampError)),
            ("999999-01-01T00:00:00Z", Err(TimestampError)),
            ("1", Err(TimestampError)),
            ("", Err(TimestampError)),
        ] {
            let read = text.parse().map(Timestamp::as_micros);
            assert_eq!(read, expected, "{text}");
        }
    }

    #[test]
    fn at_the_ends_of_time() {
        let second = Duration::from_secs(1);
        assert_eq!(Timestamp::MAX + second, Timestamp::MAX);
        assert_eq!(Timestamp::MIN - second, Timestamp::MIN);
        assert_eq!(Timestamp::UNIX_EPOCH + Duration::MAX, Timestamp::MAX);
        assert_eq!(Timestamp::from_secs(i64::MAX), Timestamp::MAX);
        assert_eq!(
            DateTime::<Utc>::from(Timestamp::MAX),
            DateTime::<Utc>::MAX_UTC
        );
        assert_eq!(
            DateTime::<Utc>::from(Timestamp::MIN),
            DateTime::<Utc>::MIN_UTC
        );
        let all = Timestamp::MAX.duration_since(Timestamp::MIN).unwrap();
        assert_eq!(all, Duration::from_micros(u64::MAX));
    }

    #[test]
    fn an_atomic_one_only_moves_forward() {
        let atomic = AtomicTimestamp::new(Timestamp(2));
        for (instant, expected) in [(1, 2), (2, 2), (3, 3), (i64::MIN, 3)] {
            atomic.advance(Timestamp(instant));
            assert_eq!(atomic.get(), Timestamp(expected), "{instant}");
        }
    }
}
