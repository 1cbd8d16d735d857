//! The cookie jar of aiohttp as JSON.

use serde_json::Value;

use crate::cookie::Cookie;
use crate::formats::Contents;
use crate::formats::written::WriteOptions;

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
