//! Instants at the command line: reading, writing and counting them.

use std::time::{Duration, SystemTime};

use hardtack::Timestamp;

pub(crate) type Instant = Timestamp;

/// Returns the time of the system's clock, in whole seconds.
pub(crate) fn now() -> Instant {
    Timestamp::from_secs(exact_now().as_secs())
}

/// Returns the time of the system's clock.
pub(crate) fn exact_now() -> Instant {
    SystemTime::now().into()
}

/// Reads an RFC 3339 instant, such as `2026-11-20T09:00:00Z`.
pub(crate) fn parse(text: &str) -> Result<Instant, String> {
    text.parse::<Timestamp>().map_err(|error| error.to_string())
}

/// Writes an instant by RFC 3339 in UTC, with a fraction only if it is not zero.
pub(crate) fn rfc3339(instant: Instant) -> String {
    instant.to_string()
}

/// Returns the instant at which a Max-Age ends.
pub(crate) fn end_of(max_age: i64, now: Instant) -> Instant {
    let age = Duration::from_secs(max_age.unsigned_abs());
    if max_age < 0 { now - age } else { now + age }
}

/// Returns the whole seconds from one instant to another, a negative number if that one is earlier.
pub(crate) fn seconds_from(from: Instant, to: Instant) -> i64 {
    to.as_secs().saturating_sub(from.as_secs())
}
