//! Instants of the crates `jiff` and `time`, from and into a [`Timestamp`].
#![cfg(any(feature = "jiff", feature = "time"))]

mod common;

use std::fmt::Debug;

use hardtack::{CookieJar, Timestamp};

use common::url;

/// Nanoseconds since 1970, and the microsecond that they are in.
const FRACTIONS: [(i64, i64); 9] = [
    (0, 0),
    (1, 0),
    (999, 0),
    (1_999, 1),
    (1_717_243_200_123_456_789, 1_717_243_200_123_456),
    (-1, -1),
    (-1_000, -1),
    (-1_001, -2),
    (-1_717_243_200_123_456_789, -1_717_243_200_123_457),
];

/// Microseconds since 1970 that all of these crates can hold.
const INSTANTS: [i64; 7] = [
    -377_705_023_201_000_000,
    -62_167_219_200_000_001,
    -1,
    0,
    1,
    1_717_243_200_000_001,
    253_402_207_200_999_999,
];

/// Stores a cookie for a minute at this instant, and returns when it was created and when it expires.
fn lifetime(now: impl Into<Timestamp>) -> (i64, i64) {
    let mut jar = CookieJar::default();
    let now = now.into();
    jar.receive("a=1; Max-Age=60", &url("https://shop.example/"), now)
        .unwrap();
    let cookie = jar.iter(now).next().unwrap();
    let expiry_time = cookie.expiry_time().unwrap();
    (cookie.creation_time().as_micros(), expiry_time.as_micros())
}

/// What is beyond a crate's first and last instant becomes these; each is given as ours and as its own.
fn is_cut<T: Copy + Debug + PartialEq>(
    into: impl Fn(i64) -> T,
    (first, min): (i64, T),
    (last, max): (i64, T),
) {
    for (microseconds, expected) in [
        (i64::MIN, min),
        (first - 1, min),
        (first, min),
        (last + 1, max),
        (i64::MAX, max),
    ] {
        assert_eq!(into(microseconds), expected, "{microseconds}");
    }
}

#[cfg(feature = "jiff")]
mod of_jiff {
    use super::*;

    fn micros(timestamp: jiff::Timestamp) -> i64 {
        Timestamp::from(timestamp).as_micros()
    }

    fn into_jiff(microseconds: i64) -> jiff::Timestamp {
        Timestamp::from_micros(microseconds).into()
    }

    #[test]
    fn there_and_back() {
        for microseconds in INSTANTS {
            let timestamp = into_jiff(microseconds);
            assert_eq!(timestamp.as_microsecond(), microseconds);
            assert_eq!(micros(timestamp), microseconds);
        }
    }

    #[test]
    fn a_fraction_is_cut_off_towards_the_past() {
        for (nanoseconds, microseconds) in FRACTIONS {
            let timestamp = jiff::Timestamp::from_nanosecond(nanoseconds.into()).unwrap();
            assert_eq!(micros(timestamp), microseconds, "{nanoseconds}");
        }
    }

    #[test]
    fn at_the_ends() {
        let (min, max) = (jiff::Timestamp::MIN, jiff::Timestamp::MAX);
        let (first, last) = (-377_705_023_201_000_000, 253_402_207_200_999_999);
        assert_eq!((micros(min), micros(max)), (first, last));
        is_cut(into_jiff, (first, min), (last, max));
    }

    #[test]
    fn as_now() {
        let now = jiff::Timestamp::from_nanosecond(-1).unwrap();
        assert_eq!(lifetime(now), (-1, 59_999_999));
    }
}

#[cfg(feature = "time")]
mod of_time {
    use ::time::{OffsetDateTime, PrimitiveDateTime, UtcOffset};

    use super::*;

    fn micros(date: OffsetDateTime) -> i64 {
        Timestamp::from(date).as_micros()
    }

    fn into_date(microseconds: i64) -> OffsetDateTime {
        Timestamp::from_micros(microseconds).into()
    }

    #[test]
    fn there_and_back() {
        for microseconds in INSTANTS {
            let date = into_date(microseconds);
            let nanoseconds = i128::from(microseconds) * 1_000;
            assert_eq!(date.unix_timestamp_nanos(), nanoseconds);
            assert_eq!(date.offset(), UtcOffset::UTC);
            assert_eq!(micros(date), microseconds);
        }
    }

    #[test]
    fn a_fraction_is_cut_off_towards_the_past() {
        for (nanoseconds, microseconds) in FRACTIONS {
            let date = OffsetDateTime::from_unix_timestamp_nanos(nanoseconds.into()).unwrap();
            assert_eq!(micros(date), microseconds, "{nanoseconds}");
        }
    }

    #[test]
    fn at_the_ends() {
        let min = PrimitiveDateTime::MIN.assume_utc();
        let max = PrimitiveDateTime::MAX.assume_utc();
        let (first, last) = (-377_705_116_800_000_000, 253_402_300_799_999_999);
        assert_eq!((micros(min), micros(max)), (first, last));
        is_cut(into_date, (first, min), (last, max));
    }

    #[test]
    fn an_offset_does_not_move_the_instant() {
        for (hours, microseconds) in [(2, -7_200_000_000), (0, 0), (-11, 39_600_000_000)] {
            let offset = UtcOffset::from_hms(hours, 0, 0).unwrap();
            let date = OffsetDateTime::UNIX_EPOCH.replace_offset(offset);
            assert_eq!(micros(date), microseconds, "{hours}");
        }
    }

    #[test]
    fn as_now() {
        let now = OffsetDateTime::from_unix_timestamp_nanos(-1).unwrap();
        assert_eq!(lifetime(now), (-1, 59_999_999));
    }
}
