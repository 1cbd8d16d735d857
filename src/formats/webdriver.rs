//! The cookies of WebDriver, of Selenium and of WebDriver BiDi.

use serde_json::Value;

use crate::formats::Contents;

/// Returns true if the document has the shape of this format.
pub(super) fn matches(_document: &Value) -> bool {
    false
}

pub(super) fn read(_document: &Value) -> Contents {
    Contents::default()
}
