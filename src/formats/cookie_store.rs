//! The files of cookie_store and reqwest_cookie_store.

use serde_json::Value;

use crate::cookie::Cookie;
use crate::formats::written::WriteOptions;
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

pub(super) fn write(_cookies: &[&Cookie], _options: &WriteOptions<'_>) -> Vec<u8> {
    Vec::new()
}
