//! HTTP clients that a [`SharedJar`](crate::SharedJar) is linked into, each behind a feature of its own.
//!
//! All of them go one way: the Cookie field is made for each hop, and each response's Set-Cookie fields
//! are received before anybody sees the response. What becomes of a line, a listener of the jar hears
//! ([`SharedJarBuilder::listener`](crate::SharedJarBuilder::listener)).
//!
//! Any other client is linked with [`attach`] and [`receive`], which take the types of the crate `http`:
//!
//! ```
//! use hardtack::SharedJar;
//! use hardtack::client::{CookieFields, OwnedRequest, attach, receive};
//!
//! let jar = SharedJar::default();
//! let mut request = http::Request::get("https://shop.example/cart").body(())?;
//!
//! let owned = OwnedRequest::new(&request)?;
//! attach(&jar, &owned, CookieFields::One, request.headers_mut());
//! // … send it …
//! let response = http::Response::builder().header("set-cookie", "sid=31d4; Secure").body(())?;
//! for received in receive(&jar, &owned, response.status(), response.headers()) {
//!     println!("{received}");
//! }
//! assert_eq!(jar.len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod exchange;
#[cfg(feature = "reqwest")]
mod reqwest;
#[cfg(feature = "tower")]
mod tower;
#[cfg(feature = "ureq")]
mod ureq;

pub use self::exchange::{
    CookieFields, Outcome, OwnedRequest, RequestContext, RequestError, attach, cookie_value,
    receive, url_of,
};
#[cfg(feature = "reqwest")]
pub use self::reqwest::CookieProvider;
#[cfg(feature = "tower")]
pub use self::tower::{CookieLayer, CookieService, ResponseFuture};
#[cfg(feature = "ureq")]
pub use self::ureq::{CookieAgent, CookieRequest, Hop, Hops};
pub use ::http;
