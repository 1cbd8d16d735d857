//! HAR 1.2 and logs of the Chrome DevTools Protocol: the jar at their end.

use serde_json::Value;

use crate::formats::{Contents, ReadError};

/// Returns true if the file has a line of this format each.
pub(super) fn lines_match(_octets: &[u8]) -> bool {
    false
}

pub(super) fn read_lines(_octets: &[u8]) -> Result<Contents, ReadError> {
    Ok(Contents::default())
}

/// Returns true if the document has the shape of this format.
pub(super) fn matches(_document: &Value) -> bool {
    false
}

pub(super) fn read(_document: &Value) -> Contents {
    Contents::default()
}
