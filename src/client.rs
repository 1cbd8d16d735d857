//! HTTP clients that a [`SharedJar`](crate::SharedJar) is linked into, each behind a feature of its own.
//!
//! All of them go one way: the Cookie field is made for each hop, and each response's Set-Cookie fields
//! are received before anybody sees the response.

pub mod http;
#[cfg(feature = "reqwest")]
pub mod reqwest;
#[cfg(feature = "tower")]
pub mod tower;
#[cfg(feature = "ureq")]
pub mod ureq;
