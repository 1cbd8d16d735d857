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
//! - What is refused is lost, unless a [`CookieProvider::on_receive`] hears it.
//!
//! A request with a Cookie header of its own, a client's default headers included, gets no cookies of the
//! jar: reqwest does not ask. It removes that header from a hop to another origin (scheme, host and port),
//! and puts it back at the next hop that stays within an origin: reqwest 0.13.5 sends it to the other
//! origin there. To send a cookie, let the jar [`receive`](SharedJar::receive) it.

use std::fmt;

use ::reqwest::cookie::CookieStore;
use ::reqwest::header::HeaderValue;
use url::Url;

use crate::client::http::{self, RequestContext};
use crate::jar::Receipt;
use crate::request::Request;
use crate::shared::SharedJar;
use crate::storage_model::Rejection;

impl CookieStore for SharedJar {
    fn set_cookies(&self, set_cookies: &mut dyn Iterator<Item = &HeaderValue>, url: &Url) {
        for set_cookie in set_cookies {
            // A refused cookie changes nothing, and reqwest has no ear for the reason.
            _ = self.receive(set_cookie.as_bytes(), &Request::new(url));
        }
    }

    fn cookies(&self, url: &Url) -> Option<HeaderValue> {
        http::cookie_value(self, &Request::new(url))
    }
}

/// A [`SharedJar`] for a client of which more is known: the context of its requests, and who wants to
/// hear what became of the cookies.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use hardtack::SharedJar;
/// use hardtack::client::http::RequestContext;
/// use hardtack::client::reqwest::CookieProvider;
/// use url::Url;
///
/// // The client of a page of news.example: it fetches what the page shows.
/// let page = Url::parse("https://news.example/")?;
/// let context = RequestContext::default()
///     .site_for_cookies(page.clone())
///     .top_level_site(page);
/// let provider = CookieProvider::new(SharedJar::default())
///     .context(context)
///     .on_receive(|url, _, outcome| {
///         if let Err(rejection) = outcome {
///             eprintln!("{}: {rejection}", url.origin().ascii_serialization());
///         }
///     });
/// let client = reqwest::Client::builder().cookie_provider(Arc::new(provider)).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct CookieProvider {
    jar: SharedJar,
    context: RequestContext,
    on_receive: Box<OnReceive>,
}

type OnReceive = dyn Fn(&Url, &[u8], &Result<Receipt, Rejection>) + Send + Sync;

impl CookieProvider {
    /// The same as the jar itself, until more is said.
    pub fn new(jar: SharedJar) -> Self {
        Self {
            jar,
            context: RequestContext::default(),
            on_receive: Box::new(|_, _, _| ()),
        }
    }

    /// The context of all requests of the client, each hop of a redirect included: site for cookies,
    /// destination, top-level site.
    #[must_use]
    pub fn context(mut self, context: RequestContext) -> Self {
        self.context = context;
        self
    }

    /// Calls this for each Set-Cookie line, once it is decided: with the URL that it came from, the line,
    /// which has the cookie's value in it, and what became of it. The jar is not locked meanwhile.
    #[must_use]
    pub fn on_receive(
        mut self,
        on_receive: impl Fn(&Url, &[u8], &Result<Receipt, Rejection>) + Send + Sync + 'static,
    ) -> Self {
        self.on_receive = Box::new(on_receive);
        self
    }

    fn request<'u>(&'u self, url: &'u Url) -> Request<'u> {
        self.context.request(url, "GET")
    }
}

impl CookieStore for CookieProvider {
    fn set_cookies(&self, set_cookies: &mut dyn Iterator<Item = &HeaderValue>, url: &Url) {
        for set_cookie in set_cookies {
            let line = set_cookie.as_bytes();
            (self.on_receive)(url, line, &self.jar.receive(line, &self.request(url)));
        }
    }

    fn cookies(&self, url: &Url) -> Option<HeaderValue> {
        http::cookie_value(&self.jar, &self.request(url))
    }
}

impl fmt::Debug for CookieProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CookieProvider")
            .field("jar", &self.jar)
            .field("context", &self.context)
            .finish_non_exhaustive()
    }
}
