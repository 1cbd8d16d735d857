//! Instants at the command line: the one place that knows how they are read, written and counted.

use chrono::{DateTime, SecondsFormat, SubsecRound as _, TimeDelta, Utc};

pub(crate) type Instant = DateTime<Utc>;

/// The system's clock, in whole seconds.
pub(crate) fn now() -> Instant {
    Utc::now().trunc_subsecs(0)
}

/// The system's clock, as exact as it is.
pub(crate) fn exact_now() -> Instant {
    Utc::now()
}

/// Reads an RFC 3339 instant, such as `2026-11-20T09:00:00Z`.
pub(crate) fn parse(text: &str) -> Result<Instant, String> {
    DateTime::parse_from_rfc3339(text)
        .map(|instant| instant.to_utc())
        .map_err(|error| error.to_string())
}

/// In UTC, a fraction only where there is one.
pub(crate) fn rfc3339(instant: Instant) -> String {
    instant.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// When a Max-Age ends; `None` beyond all dates.
pub(crate) fn end_of(max_age: i64, now: Instant) -> Option<Instant> {
    TimeDelta::try_seconds(max_age).and_then(|age| now.checked_add_signed(age))
}

/// From one instant to a later one; negative to an earlier one.
pub(crate) fn seconds_from(from: Instant, to: Instant) -> i64 {
    (to - from).num_seconds()
}
