//! A [`SharedJar`](crate::SharedJar) in HTTP clients, each behind a feature of its own:
//!
//! - `reqwest`: `CookieProvider`, and the jar itself, are cookie providers of a client.
//! - `tower`: `CookieLayer` is a layer around any service of `http` requests, such as hyper-util's
//!   client.
//! - `ureq`: `CookieAgent` is an agent with a jar.
//! - `http`: [`attach`] and [`receive`] are for any other client.
//!
//! In all of them the Cookie field is made for each hop of a redirect, and the Set-Cookie fields of a
//! response are received before the caller gets the response. A
//! [listener](crate::SharedJarBuilder::listener) of the jar is called with every outcome.
//!
//! By hand, with the types of the crate `http`:
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
//! // … here the request is sent …
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
    CookieFields, Outcome, OwnedRequest, RequestError, attach, cookie_value, receive, url_of,
};
#[cfg(feature = "reqwest")]
#[cfg_attr(docsrs, doc(cfg(feature = "reqwest")))]
pub use self::reqwest::CookieProvider;
#[cfg(all(feature = "tower", feature = "fleet"))]
#[cfg_attr(docsrs, doc(cfg(all(feature = "tower", feature = "fleet"))))]
pub use self::tower::BoxError;
#[cfg(feature = "tower")]
#[cfg_attr(docsrs, doc(cfg(feature = "tower")))]
pub use self::tower::{CookieLayer, CookieService, ResponseFuture};
#[cfg(feature = "ureq")]
#[cfg_attr(docsrs, doc(cfg(feature = "ureq")))]
pub use self::ureq::{CookieAgent, CookieRequest, Hop, Hops};
pub use ::http;
