//! reqwest: the jar as the cookie provider of a client, blocking or not.

use ::reqwest::cookie::CookieStore;
use ::reqwest::header::HeaderValue;
use url::Url;

use crate::client::exchange::cookie_value;
use crate::request::Request;
use crate::request_context::RequestContext;
use crate::shared::SharedJar;

/// The jar as the cookie provider of a plain HTTP client; [`CookieProvider`] shows how.
#[cfg_attr(docsrs, doc(cfg(feature = "reqwest")))]
impl CookieStore for SharedJar {
    fn set_cookies(&self, set_cookies: &mut dyn Iterator<Item = &HeaderValue>, url: &Url) {
        for set_cookie in set_cookies {
            // reqwest cannot report the reason of a refusal; listeners of the jar are called with it.
            _ = self.receive(set_cookie.as_bytes(), url);
        }
    }

    fn cookies(&self, url: &Url) -> Option<HeaderValue> {
        cookie_value(self, url)
    }
}

/// A [`SharedJar`] with the context of a client's requests, as the cookie provider of a reqwest client.
///
/// A [`SharedJar`] is a cookie provider too, for a plain HTTP client. Its requests are same-site (5.2),
/// so that SameSite keeps no cookie back:
///
/// ```
/// use std::sync::Arc;
///
/// let jar = hardtack::SharedJar::default();
/// # fn provide(jar: hardtack::SharedJar) -> Result<(), reqwest::Error> {
/// let client = reqwest::Client::builder().cookie_provider(Arc::new(jar.clone())).build()?;
/// # Ok(())
/// # }
/// ```
///
/// A client that acts for one page has the context of that page:
///
/// ```
/// use hardtack::SharedJar;
/// use hardtack::RequestContext;
/// use hardtack::client::CookieProvider;
/// use reqwest::cookie::CookieStore as _;
/// use url::Url;
///
/// let jar = SharedJar::default();
/// let shop = Url::parse("https://shop.example/")?;
/// jar.receive_all(["lax=1; SameSite=Lax", "none=1; SameSite=None; Secure"], &shop);
///
/// // The client of a page of news.example, which fetches what the page shows.
/// let page = Url::parse("https://news.example/")?;
/// let context = RequestContext::default()
///     .site_for_cookies(page.clone())
///     .top_level_site(page);
/// let provider = CookieProvider::new(jar.clone()).context(context);
/// assert_eq!(provider.cookies(&shop).unwrap(), "none=1");
/// assert_eq!(jar.cookies(&shop).len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # What reqwest does with a cookie provider
///
/// - A later `cookie_store(true)` on the client's builder replaces the provider by reqwest's own jar.
/// - Each hop of a redirect gets the cookies of its own URL, after those of the hop before were stored. A
///   100-level response stores nothing, and a CONNECT to a proxy has no cookies; but a 101 that switches
///   protocols counts as a response.
/// - reqwest passes the URL of a request to its provider, and nothing else. The method is taken for GET.
///   This matters in one case: a cross-site navigation of a top-level page by another method, such as a
///   form's POST, would get its Lax cookies. Do not send that through a client with such a context.
/// - reqwest cannot report refusals. A [listener](crate::SharedJarBuilder::listener) of the jar can.
/// - A request with a Cookie header of its own, those of `default_headers` included, gets no cookies of
///   the jar. reqwest removes that header from a hop to another origin (scheme, host and port), and adds
///   it again at the next hop within an origin: so reqwest 0.13.5 sends it to the other origin. To send
///   a cookie, let the jar [`receive`](SharedJar::receive) it.
#[derive(Debug, Clone)]
pub struct CookieProvider {
    jar: SharedJar,
    context: RequestContext,
}

impl CookieProvider {
    /// Makes a provider of a jar, with the context of a plain HTTP client. The jar may be a clone of one
    /// that others use, too.
    ///
    /// ```
    /// use hardtack::SharedJar;
    /// use hardtack::client::CookieProvider;
    /// use reqwest::cookie::CookieStore as _;
    ///
    /// let jar = SharedJar::default();
    /// let url = url::Url::parse("https://shop.example/")?;
    /// jar.receive("sid=31d4", &url).unwrap();
    /// assert_eq!(CookieProvider::new(jar).cookies(&url).unwrap(), "sid=31d4");
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn new(jar: SharedJar) -> Self {
        Self {
            jar,
            context: RequestContext::default(),
        }
    }

    /// Sets the context of all requests of the client, each hop of a redirect included: site for cookies,
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
