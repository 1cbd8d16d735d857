//! The `Cookies` database of Chromium.
