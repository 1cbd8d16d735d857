//! Parses Set-Cookie lines by RFC 6265bis ([`DRAFT`]).

// A module uses only those above it.
mod spec;

// 5.6: octets to a typed line; no clock, no URL, no policy.
mod cookie_date;
mod grammar;
mod set_cookie;

pub use crate::cookie_date::{DateError, parse_cookie_date};
pub use crate::set_cookie::{
    Attribute, IgnoredAttribute, IgnoredReason, ParseError, PathAttribute, SameSite, SetCookie,
};
pub use crate::spec::{Citation, DRAFT};
