//! What the benches share: the workloads, and the jars that carry them out.

// Every bench is a crate of its own, and uses its part of this.
#![allow(dead_code)]

pub(crate) mod jars;
mod lines;
pub(crate) mod workloads;

use chrono::{DateTime, Utc};

/// 2035-11-20T12:00:00Z, the `now` of the workloads. The peers read the system's clock, to which the
/// workloads' dates have to be in the future.
pub(crate) const NOW: DateTime<Utc> = DateTime::from_timestamp_nanos(2_079_172_800_000_000_000);
/// 2036-01-01T00:00:00Z. All dates are within 300 days from here.
const NEW_YEAR: DateTime<Utc> = DateTime::from_timestamp_nanos(2_082_758_400_000_000_000);
