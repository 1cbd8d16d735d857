//! hardtack's own: JSON lines, a header line and then a cookie a line. It holds everything.

use crate::cookie::Cookie;
use crate::formats::written::WriteOptions;
use crate::formats::{Contents, ReadError};

/// Returns true if the file is of this format.
pub(super) fn matches(_octets: &[u8]) -> bool {
    false
}

pub(super) fn read(_octets: &[u8]) -> Result<Contents, ReadError> {
    Ok(Contents::default())
}

pub(super) fn write(_cookies: &[&Cookie], _options: &WriteOptions<'_>) -> Vec<u8> {
    Vec::new()
}
