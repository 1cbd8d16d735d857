//! Decides, for an HTTP client, which cookies are stored and which are sent, by RFC 6265bis
//! ([`DRAFT`]), and says why.
//!
//! A [`CookieJar`] receives Set-Cookie lines and answers with the Cookie header for a [`Request`].
//! What it refuses is a [`Rejection`], what it does not send an [`Exclusion`]: each names the step of
//! the specification that decided, and what to change.
//!
//! ```
//! use std::time::SystemTime;
//!
//! use hardtack::CookieJar;
//! use hardtack::url::Url;
//!
//! let mut jar = CookieJar::default();
//! let login = Url::parse("https://www.shop.example/login")?;
//! jar.receive("sid=31d4; Path=/; Secure; HttpOnly", &login, SystemTime::now())?;
//! let refused = jar.receive("ad=1; Domain=example", &login, SystemTime::now()).unwrap_err();
//! assert!(refused.to_string().contains("`example` is a public suffix"));
//!
//! let cart = Url::parse("https://www.shop.example/cart")?;
//! let cookie_string = jar.cookie_string(&cart, SystemTime::now());
//! assert_eq!(cookie_string.as_deref(), Some(&b"sid=31d4"[..]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A server reads a Cookie header field with [`parse_cookie_string`], and writes a Set-Cookie line with
//! [`SetCookie::builder`].
//!
//! In HTTP clients the module `client` has a [`SharedJar`], each behind a feature of its own: `reqwest`,
//! `tower`, `ureq`, and `http` for any other.
//!
//! # What always holds
//!
//! - No algorithm reads a clock: `now` is an argument, the last one. Only the edges ([`SharedJar`] and
//!   the command line) own one; an HTTP client takes [`SharedJar`]'s.
//! - The core does no I/O, spawns nothing, logs nothing: the [`Rejection`] is the log line.
//! - A decision writes nothing; the jar is the only writer; a refused cookie changes no answer.
//! - Names, values and paths are octets: never percent-decoded, unquoted or assumed UTF-8.
//! - A cookie in a jar has passed every step. There is no half-made cookie and no setter.
//! - No public function panics on any input; `unsafe` is forbidden.
//! - `Debug` and error messages never show a cookie's value.
//! - A feature adds items. It changes no signature and no outcome.

// A module uses only those above it.
mod spec;
mod timestamp;

// 5.6: octets to a typed line; no clock, no URL, no policy.
mod grammar;
mod cookie_date;
mod set_cookie;

// 5.1.2 to 5.2: hosts, paths, sites.
mod host;
mod path;
mod public_suffix;
mod same_site;

// What the algorithms take, and what they refuse.
mod policy;
mod request;
mod rejection;

// 5.7 and 5.8.3: what is kept, what is decided, what is sent.
mod cookie;
mod store;
mod storage_model;
mod retrieval;

// 4: what a server reads and writes.
mod server;

// Where a decision meets the write, and for many threads.
mod jar;
mod shared;

// The edges: each client behind a feature.
#[cfg(feature = "tracing")]
mod trace;
#[cfg(feature = "http")]
pub mod client;

pub use crate::cookie::{Cookie, CookieBuilder};
pub use crate::cookie_date::{DateError, parse_cookie_date, sane_cookie_date};
pub use crate::host::Domain;
pub use crate::jar::{CookieJar, Receipt};
pub use crate::policy::Policy;
pub use crate::public_suffix::{PublicSuffixList, PublicSuffixListError};
pub use crate::rejection::{BuildError, InsertError, LooksLike, Rejection};
pub use crate::request::{Destination, Request};
pub use crate::retrieval::{Exclusion, NotLax};
pub use crate::same_site::{NoSite, PartitionKey, Site};
pub use crate::server::{SetCookieBuilder, parse_cookie_string};
pub use crate::set_cookie::{
    Attribute, IgnoredAttribute, IgnoredReason, ParseError, PathAttribute, SameSite, SetCookie,
    UnknownSameSite,
};
pub use crate::shared::{Received, SharedJar, SharedJarBuilder};
pub use crate::spec::{Citation, DRAFT};
pub use crate::timestamp::{Timestamp, TimestampError};
#[cfg(feature = "tracing")]
pub use crate::trace::trace;
pub use url;

// What the README and the pages show is compiled and run.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../README.md")]
    struct Readme;
    #[doc = include_str!("../docs/clients.md")]
    struct Clients;
    #[doc = include_str!("../docs/public-suffix-list.md")]
    struct PublicSuffixes;
    #[doc = include_str!("../docs/server.md")]
    struct Server;
}
