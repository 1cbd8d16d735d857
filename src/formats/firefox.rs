//! The `cookies.sqlite` of Firefox.
