//! All that the algorithms may know of one request.

use std::fmt;

use url::Url;

use crate::host::CanonicalHost;
use crate::path::RequestPath;
use crate::policy::Policy;
use crate::public_suffix::PublicSuffixList;
use crate::same_site::{self, PartitionKey};

/// One request, or one call of a non-HTTP API such as `document.cookie`: its URL and its context.
///
/// The default context is a plain HTTP client's: a GET without a client in the sense of Fetch, which
/// is therefore same-site (5.2). A browser-like caller says more.
///
/// ```
/// use hardtack::{Destination, Request};
/// use url::Url;
///
/// let url = Url::parse("https://shop.example/cart")?;
/// let plain = Request::new(&url);
///
/// // A link on news.example was clicked.
/// let news = Url::parse("https://news.example/")?;
/// let click = Request::new(&url)
///     .site_for_cookies(&news)
///     .destination(Destination::TopLevel);
/// # Ok::<(), url::ParseError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Request<'u> {
    url: &'u Url,
    method: &'u str,
    site_for_cookies: SiteForCookies<'u>,
    destination: Destination,
    non_http: bool,
    top_level_site: Option<&'u Url>,
    cross_site_ancestor: bool,
}

/// The "site for cookies" of a request's client (5.2).
#[derive(Clone, Copy)]
enum SiteForCookies<'u> {
    NoClient,
    Origin(&'u Url),
    Opaque,
}

/// What a response to the request will be shown in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Destination {
    /// Part of a page: an image, a script, a call of `fetch`.
    #[default]
    Subresource,
    /// It navigates a frame.
    Nested,
    /// It navigates a top-level page.
    TopLevel,
}

impl<'u> Request<'u> {
    /// A plain HTTP client's GET of this URL.
    pub const fn new(url: &'u Url) -> Self {
        Self {
            url,
            method: "GET",
            site_for_cookies: SiteForCookies::NoClient,
            destination: Destination::Subresource,
            non_http: false,
            top_level_site: None,
            cross_site_ancestor: false,
        }
    }

    /// The request's method, `GET` by default. Methods are case-sensitive: `get` is not safe.
    #[must_use]
    pub const fn method(mut self, method: &'u str) -> Self {
        self.method = method;
        self
    }

    /// The "site for cookies" of the document or worker that makes the request (5.2): the origin of
    /// this URL.
    #[must_use]
    pub const fn site_for_cookies(mut self, origin: &'u Url) -> Self {
        self.site_for_cookies = SiteForCookies::Origin(origin);
        self
    }

    /// The "site for cookies" is an opaque origin: a frame with a cross-site ancestor, a sandbox. The
    /// request is cross-site.
    #[must_use]
    pub const fn opaque_site_for_cookies(mut self) -> Self {
        self.site_for_cookies = SiteForCookies::Opaque;
        self
    }

    /// What the response will be shown in, a [`Destination::Subresource`] by default.
    #[must_use]
    pub const fn destination(mut self, destination: Destination) -> Self {
        self.destination = destination;
        self
    }

    /// A non-HTTP API asks, such as `document.cookie` in a document of this URL.
    #[must_use]
    pub const fn non_http(mut self) -> Self {
        self.non_http = true;
        self
    }

    /// The top-level page, whose site is the key of partitioned cookies; by default the request's own
    /// site is.
    #[must_use]
    pub const fn top_level_site(mut self, page: &'u Url) -> Self {
        self.top_level_site = Some(page);
        self
    }

    /// True where a cross-site document stands between the top-level page and the request: the other half
    /// of the key of partitioned cookies. False by default.
    #[must_use]
    pub const fn cross_site_ancestor(mut self, cross_site_ancestor: bool) -> Self {
        self.cross_site_ancestor = cross_site_ancestor;
        self
    }

    /// The request's URL.
    pub const fn url(&self) -> &'u Url {
        self.url
    }

    /// 5.1.2: the request-host, canonicalized.
    pub(crate) fn host(&self) -> Option<CanonicalHost<'u>> {
        CanonicalHost::of(self.url)
    }

    /// The path portion of the URL: what is sent, so `/` where it is empty.
    pub(crate) fn path(&self) -> RequestPath<'u> {
        match self.url.path() {
            "" => RequestPath(b"/"),
            path => RequestPath(path.as_bytes()),
        }
    }

    /// Returns true if the URL denotes a "secure" connection.
    pub(crate) fn is_secure(&self, policy: &Policy) -> bool {
        matches!(self.url.scheme(), "https" | "wss")
            || self.host().is_some_and(|host| policy.trusts(&host))
    }

    pub(crate) const fn is_non_http(&self) -> bool {
        self.non_http
    }

    /// 5.2: returns true if the request is same-site.
    // 5.2 step 1: reloads are as the caller's site for cookies says
    // Reading: for a non-HTTP API too the URL's origin is compared with the site for cookies.
    pub(crate) fn is_same_site(&self, list: &PublicSuffixList) -> bool {
        // 5.2 step 2: the URL's origin against the site for cookies, or no client
        match self.site_for_cookies {
            SiteForCookies::NoClient => true,
            SiteForCookies::Origin(origin) => same_site::is_same_site(self.url, origin, list),
            SiteForCookies::Opaque => false,
        }
    }

    pub(crate) const fn is_top_level_navigation(&self) -> bool {
        matches!(self.destination, Destination::TopLevel)
    }

    /// "Safe" methods, of RFC 9110, 9.2.1.
    // Reading: methods are case-sensitive.
    pub(crate) fn is_safe(&self) -> bool {
        matches!(self.method, "GET" | "HEAD" | "OPTIONS" | "TRACE")
    }

    /// The key under which the request's partitioned cookies are kept; `None` for an opaque origin.
    pub(crate) fn partition_key(&self, list: &PublicSuffixList) -> Option<PartitionKey> {
        let page = self.top_level_site.unwrap_or(self.url);
        PartitionKey::new(page, self.cross_site_ancestor, list)
    }
}

impl<'u> From<&'u Url> for Request<'u> {
    /// A plain HTTP client's GET of this URL.
    fn from(url: &'u Url) -> Self {
        Self::new(url)
    }
}

impl<'u> From<&Request<'u>> for Request<'u> {
    fn from(request: &Request<'u>) -> Self {
        *request
    }
}

impl fmt::Debug for Request<'_> {
    /// Of URLs the origins and the path: credentials and queries are secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = |url: &Url| url.origin().ascii_serialization();
        let site_for_cookies = match self.site_for_cookies {
            SiteForCookies::NoClient => None,
            SiteForCookies::Origin(url) => Some(origin(url)),
            SiteForCookies::Opaque => Some("null".to_owned()),
        };
        f.debug_struct("Request")
            .field("origin", &origin(self.url))
            .field("path", &self.url.path())
            .field("method", &self.method)
            .field("site_for_cookies", &site_for_cookies)
            .field("destination", &self.destination)
            .field("non_http", &self.non_http)
            .field("top_level_site", &self.top_level_site.map(origin))
            .field("cross_site_ancestor", &self.cross_site_ancestor)
            .finish()
    }
}
