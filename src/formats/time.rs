//! Instants as formats count them.

use crate::timestamp::Timestamp;

/// The unit and the epoch of a format's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Seconds,
    Milliseconds,
    #[cfg_attr(
        not(any(test, feature = "sqlite")),
        expect(dead_code, reason = "of databases only")
    )]
    Microseconds,
    /// Microseconds since 1601-01-01, Chromium's own.
    #[cfg_attr(
        not(any(test, feature = "sqlite")),
        expect(dead_code, reason = "of databases only")
    )]
    MicrosecondsSince1601,
}

/// Why a number is no instant of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoInstant {
    #[error("its expiry-time is not a number")]
    NotANumber,
    #[error(
        "its expiry-time is beyond the year 9999: the number seems to be milliseconds, and this format has seconds"
    )]
    LikelyMilliseconds,
    #[error(
        "its expiry-time is beyond the year 9999: the number seems to be microseconds since 1601, as Chromium's database has"
    )]
    LikelySince1601,
    #[error("its expiry-time is beyond the year 9999 in the unit of this format")]
    BeyondYear9999,
}

/// The seconds from 1601-01-01 to 1970-01-01.
const SECONDS_FROM_1601: i128 = 11_644_473_600;

/// The first second of the year 10000.
const YEAR_10000: i128 = 253_402_300_800;

/// Returns true if an instant is none that RFC 3339 can write.
pub(super) fn is_beyond_year_9999(instant: Timestamp) -> bool {
    i128::from(instant.as_secs()) >= YEAR_10000
}

/// Returns the instant, or the nearest one that RFC 3339 can write, with its milliseconds.
pub(super) fn within_rfc3339(instant: Timestamp) -> Timestamp {
    const FIRST: Timestamp = Timestamp::from_secs(-62_167_219_200);
    const LAST: Timestamp = Timestamp::from_micros(253_402_300_799_999_000);
    if is_beyond_year_9999(instant) {
        LAST
    } else {
        instant.max(FIRST)
    }
}

impl Unit {
    const fn per_second(self) -> i128 {
        match self {
            Self::Seconds => 1,
            Self::Milliseconds => 1_000,
            Self::Microseconds | Self::MicrosecondsSince1601 => 1_000_000,
        }
    }

    const fn epoch(self) -> i128 {
        match self {
            Self::MicrosecondsSince1601 => -SECONDS_FROM_1601,
            _ => 0,
        }
    }

    /// Reads a decimal number, with or without a fraction, as an instant, to the nearest microsecond: most
    /// programs write what is left of one in a double.
    pub(super) fn read(self, number: &[u8]) -> Result<Timestamp, NoInstant> {
        let micros = scaled(number, 1_000_000 / self.per_second()).ok_or(NoInstant::NotANumber)?;
        self.instant(micros)
    }

    /// Returns the instant of a whole number.
    #[cfg_attr(
        not(feature = "sqlite"),
        expect(dead_code, reason = "of databases only")
    )]
    pub(super) fn whole(self, number: i64) -> Result<Timestamp, NoInstant> {
        self.instant(i128::from(number) * (1_000_000 / self.per_second()))
    }

    fn instant(self, micros: i128) -> Result<Timestamp, NoInstant> {
        let micros = micros + self.epoch() * 1_000_000;
        if micros < YEAR_10000 * 1_000_000 {
            // What is before all time has expired, like all that is in the past.
            let micros = i64::try_from(micros).unwrap_or(i64::MIN);
            return Ok(Timestamp::from_micros(micros));
        }
        // What the number is in another unit, if that is a time that people meet.
        let is_likely = |micros: i128| (0..YEAR_10000 * 1_000_000).contains(&micros);
        Err(if is_likely(micros / 1_000) && self == Self::Seconds {
            NoInstant::LikelyMilliseconds
        } else if is_likely(micros / 1_000_000 - SECONDS_FROM_1601 * 1_000_000)
            && self == Self::Seconds
        {
            NoInstant::LikelySince1601
        } else {
            NoInstant::BeyondYear9999
        })
    }
}

/// Reads a decimal number times a factor, a power of ten, as a whole one. It may be large, and may have an exponent.
fn scaled(number: &[u8], factor: i128) -> Option<i128> {
    let text = std::str::from_utf8(number).ok()?;
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_decimal = |digits: &str| digits.bytes().all(|octet| octet.is_ascii_digit());
    if whole.is_empty() || !is_decimal(whole) || !is_decimal(fraction) {
        return as_double(text, factor);
    }
    // Longer numbers are beyond all years.
    let whole: i128 = whole.parse().unwrap_or(i128::MAX / 2_000_000);
    let mut micros = whole.min(i128::MAX / 2_000_000) * factor;
    let mut part = factor;
    for digit in fraction.bytes() {
        if part == 1 {
            return as_double(text, factor);
        }
        part /= 10;
        micros += i128::from(digit - b'0') * part;
    }
    Some(if is_negative { -micros } else { micros })
}

/// Reads a number as a program that has it in a double: one with an exponent, such as `1.8e9`, which JSON allows, or
/// with more digits than a microsecond has.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "what does not fit is beyond all years either way"
)]
fn as_double(text: &str, factor: i128) -> Option<i128> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_number = digits.starts_with(|first: char| first.is_ascii_digit());
    let number: f64 = text.parse().ok().filter(|_| is_number)?;
    let scaled = (number * factor as f64).round_ties_even();
    Some(scaled.clamp(-1e30, 1e30) as i128)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_instants() {
        let at = |micros| Ok(Timestamp::from_micros(micros));
        let rows = [
            (Unit::Seconds, "0", at(0)),
            (
                Unit::Seconds,
                "1795877908.200817",
                at(1_795_877_908_200_817),
            ),
            (
                Unit::Seconds,
                "1795877908.2008179",
                at(1_795_877_908_200_818),
            ),
            (
                Unit::Seconds,
                "1827327359.2680469",
                at(1_827_327_359_268_047),
            ),
            (Unit::Microseconds, "17.5", at(18)),
            (Unit::Seconds, "-1", at(-1_000_000)),
            (Unit::Seconds, "-0.5", at(-500_000)),
            (Unit::Seconds, "1.8e9", at(1_800_000_000_000_000)),
            (Unit::Seconds, "253402300799", at(253_402_300_799_000_000)),
            (
                Unit::Seconds,
                "253402300800",
                Err(NoInstant::LikelyMilliseconds),
            ),
            (
                Unit::Seconds,
                "1827327000123",
                Err(NoInstant::LikelyMilliseconds),
            ),
            (
                Unit::Seconds,
                "13263742881229765",
                Err(NoInstant::LikelySince1601),
            ),
            (Unit::Seconds, "1e20", Err(NoInstant::BeyondYear9999)),
            (Unit::Seconds, "1e400", Err(NoInstant::BeyondYear9999)),
            (
                Unit::Seconds,
                &"9".repeat(100),
                Err(NoInstant::BeyondYear9999),
            ),
            (Unit::Seconds, "", Err(NoInstant::NotANumber)),
            (Unit::Seconds, "tomorrow", Err(NoInstant::NotANumber)),
            (Unit::Seconds, "NaN", Err(NoInstant::NotANumber)),
            (Unit::Seconds, "-inf", Err(NoInstant::NotANumber)),
            (Unit::Seconds, "1.2.3", Err(NoInstant::NotANumber)),
            (
                Unit::Milliseconds,
                "1800000000123",
                at(1_800_000_000_123_000),
            ),
            (
                Unit::Milliseconds,
                "1800000000123.4",
                at(1_800_000_000_123_400),
            ),
            (
                Unit::Microseconds,
                "1800000000123456",
                at(1_800_000_000_123_456),
            ),
            (
                Unit::MicrosecondsSince1601,
                "13440264538687895",
                at(1_795_790_938_687_895),
            ),
            (
                Unit::MicrosecondsSince1601,
                "0",
                at(-11_644_473_600_000_000),
            ),
        ];
        for (unit, number, expected) in rows {
            assert_eq!(unit.read(number.as_bytes()), expected, "{unit:?} {number}");
        }
    }
}
