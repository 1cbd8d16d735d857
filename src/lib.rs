//! Decides, for an HTTP client, which cookies are stored and which are sent, by RFC 6265bis
//! ([`DRAFT`]), and says why.
//!
//! A [`CookieJar`] receives Set-Cookie lines and returns the Cookie header field for a [`Request`]. A
//! [`Rejection`] is the reason why a cookie is refused, an [`Exclusion`] the reason why it is not sent.
//! Each names the step of the specification that decides, and what to change.
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
//! A [`SharedJar`] has a clock, and is for many threads and for HTTP clients. The module `client` has it
//! in reqwest, tower and ureq, and for any other client.
//!
//! A jar follows the text. With [`Policy::chromium`] or [`Policy::firefox`] it does as that browser does where
//! that differs: a [`Dialect`] is a set of [`Deviation`]s from the text.
//!
//! A server reads a Cookie header field with [`parse_cookie_string`], and builds a Set-Cookie line with
//! [`SetCookie::builder`].
//!
//! # Features
//!
//! None is on by default.
//!
//! | feature | adds |
//! | --- | --- |
//! | `http` | the module `client`, with the types of the crate `http`, for any client |
//! | `reqwest` | a [`SharedJar`] as the cookie provider of a reqwest client |
//! | `tower` | a layer for services of `http` requests, such as hyper-util's client |
//! | `ureq` | an agent with a jar, around that of ureq |
//! | `tracing` | `trace`, a listener that writes events of the crate `tracing` |
//! | `jiff`, `time` | conversions of [`Timestamp`] from and to the types of these crates |
//! | `serde` | `Serialize` and `Deserialize` for jars, cookies, [`Timestamp`] and the public enums |
//! | `json` | the module `persist`: a jar in a file, saved whole, which other processes keep too; the module `formats`: cookie files of other programs |
//! | `sqlite` | a jar in an SQLite database, which survives `kill -9` and which processes share; the cookie databases of Firefox and Chromium |
//! | `fleet` | the module `fleet`: one jar for many machines, at a place of the program's own |
//! | `redis` | the same at Redis or Valkey |
//! | `cli` | the command line `hardtack` |
//!
//! # What always holds
//!
//! - No algorithm reads a clock: `now` is an argument, the last one. Only [`SharedJar`], the module `fleet` and the
//!   command line have a clock.
//! - The core does no I/O, starts no threads and writes no log. Only the module `persist` reads and writes files, and only
//!   `fleet` talks to servers.
//! - A decision changes nothing, and neither does a refused cookie. Only the jar stores and removes
//!   cookies.
//! - Names, values and paths are octets. They are not percent-decoded or unquoted, and need not be UTF-8.
//! - A cookie in a jar has passed all checks for a stored cookie, and has no setters.
//! - No public function panics on any input. `unsafe` is forbidden.
//! - `Debug` and error messages never contain a cookie's value.
//! - A feature adds items. It changes no signature and no outcome.

#![cfg_attr(docsrs, feature(doc_cfg))]

// A module uses only those above it.
mod spec;
mod timestamp;

// Where browsers differ from the text.
mod dialect;

// 5.6: octets to a typed line; no clock, no URL, no policy.
mod grammar;
mod cookie_date;
mod set_cookie;

// 5.1.2 to 5.2: hosts, paths, sites.
mod host;
mod path;
mod public_suffix;
mod same_site;

// The arguments of the algorithms, and the reasons of refusal.
mod policy;
mod browser_facts;
mod request;
mod request_context;
mod page_request;
mod rejection;

// 5.7 and 5.8.3: the cookies, the decision to store them, and the decision to send them.
mod cookie;
mod change;
mod store;
mod storage_model;
mod retrieval;

// 4: the server.
mod server;

// The jar, which carries out the decisions, and the jar for many threads.
mod jar;
mod listener;
mod shared;

// The same as data, for files and whatever else serde writes.
#[cfg(feature = "serde")]
mod data;
#[cfg(feature = "json")]
#[cfg_attr(docsrs, doc(cfg(feature = "json")))]
pub mod persist;
// The files of other programs.
#[cfg(feature = "json")]
#[cfg_attr(docsrs, doc(cfg(feature = "json")))]
pub mod formats;
// What a browser sent, held against what the jar would send.
#[cfg(feature = "json")]
#[cfg_attr(docsrs, doc(cfg(feature = "json")))]
pub mod recording;

// One jar for many machines.
#[cfg(feature = "fleet")]
#[cfg_attr(docsrs, doc(cfg(feature = "fleet")))]
pub mod fleet;

// The clients, each behind a feature.
#[cfg(feature = "tracing")]
mod trace;
#[cfg(feature = "http")]
#[cfg_attr(docsrs, doc(cfg(feature = "http")))]
pub mod client;

pub use crate::browser_facts::BrowserFacts;
pub use crate::change::{Cause, Change};
pub use crate::cookie::{Cookie, CookieBuilder};
pub use crate::cookie_date::{DateError, parse_cookie_date, sane_cookie_date};
#[cfg(feature = "serde")]
#[cfg_attr(docsrs, doc(cfg(feature = "serde")))]
pub use crate::data::FieldError;
pub use crate::dialect::{Deviation, Dialect, UnknownDialect};
pub use crate::host::Domain;
pub use crate::jar::{CookieJar, NotRestored, Receipt};
pub use crate::listener::Received;
pub use crate::page_request::PageRequest;
pub use crate::policy::Policy;
pub use crate::public_suffix::{PublicSuffixList, PublicSuffixListError};
pub use crate::rejection::{BuildError, InsertError, LooksLike, Rejection};
pub use crate::request::{Destination, Request};
pub use crate::request_context::RequestContext;
pub use crate::retrieval::{Exclusion, NotLax};
pub use crate::same_site::{NoSite, PartitionKey, Site};
pub use crate::server::{SetCookieBuilder, parse_cookie_string};
pub use crate::set_cookie::{
    Attribute, IgnoredAttribute, IgnoredReason, ParseError, PathAttribute, SameSite, SetCookie,
    UnknownSameSite,
};
pub use crate::shared::{SharedJar, SharedJarBuilder};
pub use crate::spec::{Citation, DRAFT};
pub use crate::timestamp::{Timestamp, TimestampError};
#[cfg(feature = "tracing")]
#[cfg_attr(docsrs, doc(cfg(feature = "tracing")))]
pub use crate::trace::trace;
pub use url;

// What the README and the pages show is compiled and run.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../README.md")]
    struct Readme;
    #[doc = include_str!("../docs/clients.md")]
    struct Clients;
    #[cfg(feature = "sqlite")]
    #[doc = include_str!("../docs/durable.md")]
    struct Durable;
    #[cfg(feature = "redis")]
    #[doc = include_str!("../docs/fleet.md")]
    struct Fleet;
    #[cfg(feature = "json")]
    #[doc = include_str!("../docs/file.md")]
    struct File;
    #[doc = include_str!("../docs/public-suffix-list.md")]
    struct PublicSuffixes;
    #[doc = include_str!("../docs/server.md")]
    struct Server;
}
