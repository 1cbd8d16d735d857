//! Instants: whole microseconds since 1970, and their conversion from and to the types of other crates.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, NaiveDate, NaiveTime, SecondsFormat, Utc};

/// An instant: whole microseconds since 1970-01-01T00:00:00Z, without leap seconds.
///
/// Every `now` of this crate is an `impl Into<Timestamp>`: a [`SystemTime`], a `chrono::DateTime<Utc>`,
/// or with the features of these names a `jiff::Timestamp` or a `time::OffsetDateTime`. An instant
/// between two microseconds becomes the earlier one.
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
    /// The instant 1970-01-01T00:00:00Z.
    ///
    /// ```
    /// # use hardtack::Timestamp;
    /// assert_eq!(Timestamp::UNIX_EPOCH.to_string(), "1970-01-01T00:00:00Z");
    /// ```
    pub const UNIX_EPOCH: Self = Self(0);

    /// The earliest instant, some 292,000 years before 1970.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use hardtack::Timestamp;
    /// assert_eq!(Timestamp::MIN - Duration::from_secs(1), Timestamp::MIN);
    /// ```
    pub const MIN: Self = Self(i64::MIN);

    /// The latest instant, some 292,000 years after 1970.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use hardtack::Timestamp;
    /// assert_eq!(Timestamp::MAX + Duration::from_secs(1), Timestamp::MAX);
    /// ```
    pub const MAX: Self = Self(i64::MAX);

    /// Returns the instant that is this many microseconds after 1970-01-01T00:00:00Z; a negative number
    /// is before it.
    ///
    /// ```
    /// # use hardtack::Timestamp;
    /// assert_eq!(Timestamp::from_micros(-1).to_string(), "1969-12-31T23:59:59.999999Z");
    /// ```
    pub const fn from_micros(microseconds: i64) -> Self {
        Self(microseconds)
    }

    /// Returns the instant that is this many seconds after 1970-01-01T00:00:00Z; a negative number is
    /// before it. Beyond [`Timestamp::MIN`] and [`Timestamp::MAX`] it returns those.
    ///
    /// ```
    /// # use hardtack::Timestamp;
    /// assert_eq!(Timestamp::from_secs(86_400).to_string(), "1970-01-02T00:00:00Z");
    /// assert_eq!(Timestamp::from_secs(i64::MAX), Timestamp::MAX);
    /// ```
    pub const fn from_secs(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Returns the microseconds since 1970-01-01T00:00:00Z, a negative number before it.
    ///
    /// ```
    /// # use hardtack::Timestamp;
    /// assert_eq!(Timestamp::from_secs(2).as_micros(), 2_000_000);
    /// ```
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Returns the whole seconds since 1970-01-01T00:00:00Z, rounded towards the past.
    ///
    /// ```
    /// # use hardtack::Timestamp;
    /// assert_eq!(Timestamp::from_micros(1_999_999).as_secs(), 1);
    /// assert_eq!(Timestamp::from_micros(-1).as_secs(), -1);
    /// ```
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Returns the time since an earlier instant, or `None` if that instant is later.
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

/// Returns the whole microseconds of a duration, at most what 64 bits hold.
fn microseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

impl std::ops::Add<Duration> for Timestamp {
    type Output = Self;

    /// Returns the instant that is so much later, at most [`Timestamp::MAX`].
    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(microseconds(duration)))
    }
}

impl std::ops::Sub<Duration> for Timestamp {
    type Output = Self;

    /// Returns the instant that is so much earlier, at least [`Timestamp::MIN`].
    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(microseconds(duration)))
    }
}

impl From<SystemTime> for Timestamp {
    /// Rounds to a microsecond, towards the past.
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
    /// Converts exactly on Unix. [`Timestamp::UNIX_EPOCH`] stands for an instant that the system's type
    /// cannot hold.
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
    /// Rounds to a microsecond, towards the past. A leap second is the last microsecond of the second
    /// before it.
    fn from(date: DateTime<Utc>) -> Self {
        // In a leap second chrono counts on to two million microseconds.
        let microseconds = i64::from(date.timestamp_subsec_micros().min(999_999));
        Self(
            date.timestamp()
                .saturating_mul(1_000_000)
                .saturating_add(microseconds),
        )
    }
}

impl From<Timestamp> for DateTime<Utc> {
    /// Cuts to the years that chrono can hold, some 262,000 before and after the year 0.
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
#[cfg_attr(docsrs, doc(cfg(feature = "jiff")))]
impl From<jiff::Timestamp> for Timestamp {
    /// Rounds to a microsecond, towards the past.
    fn from(timestamp: jiff::Timestamp) -> Self {
        // jiff's own microseconds are rounded towards 1970.
        let microseconds = timestamp.as_nanosecond().div_euclid(1000);
        Self(i64::try_from(microseconds).unwrap_or(i64::MAX))
    }
}

#[cfg(feature = "jiff")]
#[cfg_attr(docsrs, doc(cfg(feature = "jiff")))]
impl From<Timestamp> for jiff::Timestamp {
    /// Cuts to the years that jiff can hold, -9999 to 9999.
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
#[cfg_attr(docsrs, doc(cfg(feature = "time")))]
impl From<time::OffsetDateTime> for Timestamp {
    /// Rounds to a microsecond, towards the past.
    fn from(date: time::OffsetDateTime) -> Self {
        let microseconds = date.unix_timestamp_nanos().div_euclid(1000);
        Self(i64::try_from(microseconds).unwrap_or(i64::MAX))
    }
}

#[cfg(feature = "time")]
#[cfg_attr(docsrs, doc(cfg(feature = "time")))]
impl From<Timestamp> for time::OffsetDateTime {
    /// Cuts to the years that `time` can hold, -9999 to 9999.
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
    /// Writes the instant by RFC 3339, in UTC, with a fraction only if it is not zero:
    /// `2024-06-01T12:00:00Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = DateTime::<Utc>::from(*self);
        f.write_str(&date.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

/// The error of reading a [`Timestamp`] from a text that is not one.
///
/// ```
/// let error = "tomorrow".parse::<hardtack::Timestamp>().unwrap_err();
/// assert_eq!(error.to_string(), "it is not an instant: write it as `2024-06-01T12:00:00Z`");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("it is not an instant: write it as `2024-06-01T12:00:00Z`")]
#[non_exhaustive]
pub struct TimestampError;

impl Timestamp {
    /// Reads the form that `Display` writes of the years 0 to 9999, which chrono reads among many others, but not
    /// as fast.
    fn read_plain(text: &[u8]) -> Option<Self> {
        let (date, fraction) = text.split_first_chunk::<19>()?;
        let [
            y3,
            y2,
            y1,
            y0,
            b'-',
            o1,
            o0,
            b'-',
            d1,
            d0,
            b'T',
            h1,
            h0,
            b':',
            m1,
            m0,
            b':',
            s1,
            s0,
        ] = *date
        else {
            return None;
        };
        let fraction = match fraction {
            b"Z" => 0,
            [b'.', digits @ .., b'Z'] if (1..=6).contains(&digits.len()) => {
                let missing = u32::try_from(6 - digits.len()).ok()?;
                i64::from(number(digits)?) * 10_i64.pow(missing)
            }
            _ => return None,
        };
        let year = i32::try_from(number(&[y3, y2, y1, y0])?).ok()?;
        let date = NaiveDate::from_ymd_opt(year, number(&[o1, o0])?, number(&[d1, d0])?)?;
        let (hours, minutes) = (number(&[h1, h0])?, number(&[m1, m0])?);
        let time = NaiveTime::from_hms_opt(hours, minutes, number(&[s1, s0])?)?;
        let seconds = date.and_time(time).and_utc().timestamp();
        Some(Self(
            seconds.saturating_mul(1_000_000).saturating_add(fraction),
        ))
    }
}

/// The number that up to nine digits are.
fn number(digits: &[u8]) -> Option<u32> {
    let digit = |octet: &u8| char::from(*octet).to_digit(10);
    digits
        .iter()
        .try_fold(0, |number, octet| Some(number * 10 + digit(octet)?))
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    /// Reads an instant by RFC 3339. Years of more than four digits and those before the year 0 are
    /// read with a sign, as [`Display`](fmt::Display) writes them.
    ///
    /// # Errors
    ///
    /// [`TimestampError`], if the text is not such an instant or has no offset from UTC.
    ///
    /// ```
    /// # use hardtack::Timestamp;
    /// let launch: Timestamp = "2024-06-01T14:00:00+02:00".parse()?;
    /// assert_eq!(launch, Timestamp::from_secs(1_717_243_200));
    /// assert!("2024-06-01".parse::<Timestamp>().is_err());
    /// # Ok::<(), hardtack::TimestampError>(())
    /// ```
    fn from_str(text: &str) -> Result<Self, TimestampError> {
        if let Some(timestamp) = Self::read_plain(text.as_bytes()) {
            return Ok(timestamp);
        }
        let date: Result<DateTime<Utc>, _> = text.parse();
        date.map(Self::from).map_err(|_| TimestampError)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An instant that many threads move forward. All its accesses are relaxed, since no other memory is
/// read by its order.
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

    /// Moves to this instant, unless it is earlier. An unchanged instant is not written, so that readers
    /// on other processors do not wait for it.
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
            assert_eq!(format!("{timestamp:?}"), text);
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
            ("1970-01-01T00:00:01.5Z", Ok(1_500_000)),
            ("1970-01-01T00:00:01.000001Z", Ok(1_000_001)),
            ("0000-01-01T00:00:00Z", Ok(-62_167_219_200_000_000)),
            ("9999-12-31T23:59:59.999999Z", Ok(253_402_300_799_999_999)),
            ("1970-01-01T24:00:00Z", Err(TimestampError)),
            ("1970-01-01T00:60:00Z", Err(TimestampError)),
            ("1970-13-01T00:00:00Z", Err(TimestampError)),
            ("1970-01-01T00:00:00.Z", Err(TimestampError)),
            ("1970-01-01T00:00:0xZ", Err(TimestampError)),
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
