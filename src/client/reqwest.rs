//! reqwest: the jar as the cookie provider of a client, blocking or not.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! let jar = hardtack::SharedJar::default();
//! let client = reqwest::Client::builder().cookie_provider(Arc::new(jar.clone())).build()?;
//! # Ok::<(), reqwest::Error>(())
//! ```
//!
//! A `cookie_store(true)` behind it would put reqwest's own jar in its place.
//!
//! Each hop of a redirect is asked about: what a 302 sets is stored, and the next hop gets what its own
//! URL gets. Nothing is stored of 100-level responses, and a CONNECT to a proxy neither takes nor brings
//! cookies; but a 101 that switches protocols counts as a response.
//!
//! reqwest shows its cookie provider the URL of a request and nothing else. So:
//!
//! - A [`SharedJar`] takes every request for a plain HTTP client's, which is same-site (5.2): SameSite
//!   keeps nothing back. [`CookieProvider::context`] says it for a client that acts for one page.
//! - The method is taken for GET. It matters in one case: a cross-site navigation of a top-level page by
//!   another method, say a form's POST, would get its Lax cookies. Do not send that through a client
//!   with such a context.
//! - reqwest itself cannot report what is refused: a
//!   [listener](crate::SharedJarBuilder::listener) of the jar hears it.
//!
//! A request with a Cookie header of its own, a client's default headers included, gets no cookies of the
//! jar: reqwest does not ask. It removes that header from a hop to another origin (scheme, host and port),
//! and puts it back at the next hop that stays within an origin: reqwest 0.13.5 sends it to the other
//! origin there. To send a cookie, let the jar [`receive`](SharedJar::receive) it.

use ::reqwest::cookie::CookieStore;
use ::reqwest::header::HeaderValue;
use url::Url;

use crate::client::exchange::{RequestContext, cookie_value};
use crate::request::Request;
use crate::shared::SharedJar;

impl CookieStore for SharedJar {
    fn set_cookies(&self, set_cookies: &mut dyn Iterator<Item = &HeaderValue>, url: &Url) {
        for set_cookie in set_cookies {
            // A refused cookie changes nothing, and reqwest cannot report the reason: listeners hear it.
            _ = self.receive(set_cookie.as_bytes(), url);
        }
    }

    fn cookies(&self, url: &Url) -> Option<HeaderValue> {
        cookie_value(self, url)
    }
}

/// A [`SharedJar`] for a client of which more is known: the context of its requests.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use hardtack::SharedJar;
/// use hardtack::client::{CookieProvider, RequestContext};
/// use url::Url;
///
/// // The client of a page of news.example: it fetches what the page shows.
/// let page = Url::parse("https://news.example/")?;
/// let context = RequestContext::default()
///     .site_for_cookies(page.clone())
///     .top_level_site(page);
/// let provider = CookieProvider::new(SharedJar::default()).context(context);
/// let client = reqwest::Client::builder().cookie_provider(Arc::new(provider)).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct CookieProvider {
    jar: SharedJar,
    context: RequestContext,
}

impl CookieProvider {
    /// The same as the jar itself, until more is said.
    pub fn new(jar: SharedJar) -> Self {
        Self {
            jar,
            context: RequestContext::default(),
        }
    }

    /// The context of all requests of the client, each hop of a redirect included: site for cookies,
    /// destination, top-level site.
    #[must_use]
    pub fn context(mut self, context: RequestContext) -> Self {
        self.context = context;
        self
    }

    fn request<'u>(&'u self, url: &'u Url) -> Request<'u> {
        self.context.request(url, "GET")
    }
}

impl CookieStore for CookieProvider {
    fn set_cookies(&self, set_cookies: &mut dyn Iterator<Item = &HeaderValue>, url: &Url) {
        for set_cookie in set_cookies {
            _ = self.jar.receive(set_cookie.as_bytes(), self.request(url));
        }
    }

    fn cookies(&self, url: &Url) -> Option<HeaderValue> {
        cookie_value(&self.jar, self.request(url))
    }
}
