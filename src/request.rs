//! A request, with the context that the algorithms depend on.

use std::fmt;

use url::Url;

use crate::browser_facts::{BrowserFacts, Initiator};
use crate::dialect::Deviation;
use crate::host::CanonicalHost;
use crate::path::RequestPath;
use crate::policy::Policy;
use crate::public_suffix::PublicSuffixList;
use crate::same_site::{self, PartitionKey};
use crate::timestamp::Timestamp;

/// One HTTP request, or one call of a non-HTTP API such as `document.cookie`: its URL and its context.
///
/// Where a method takes a request, a `&Url` will do: it stands for a GET of a plain HTTP client. Such a
/// request has no client in the sense of Fetch and is therefore same-site (5.2). A program that acts for
/// pages, as browsers do, sets more of the context.
///
/// ```
/// use hardtack::{CookieJar, Destination, Request};
/// # let now = std::time::SystemTime::UNIX_EPOCH;
/// use url::Url;
///
/// let mut jar = CookieJar::default();
/// let url = Url::parse("https://shop.example/cart")?;
/// jar.receive_all(["lax=1; SameSite=Lax", "strict=1; SameSite=Strict"], &url, now);
///
/// // A click on a link of news.example.
/// let news = Url::parse("https://news.example/")?;
/// let click = Request::new(&url)
///     .site_for_cookies(&news)
///     .destination(Destination::TopLevel);
/// assert_eq!(jar.cookie_string(click, now).unwrap(), b"lax=1");
///
/// // An image of shop.example in a page of news.example.
/// let image = Request::new(&url).site_for_cookies(&news).top_level_site(&news);
/// assert_eq!(jar.cookie_string(image, now), None);
/// # Ok::<(), url::ParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Request<'u> {
    pub(crate) url: &'u Url,
    pub(crate) method: &'u str,
    pub(crate) site_for_cookies: SiteForCookies<'u>,
    pub(crate) destination: Destination,
    pub(crate) non_http: bool,
    pub(crate) top_level_site: Option<&'u Url>,
    pub(crate) cross_site_ancestor: bool,
    pub(crate) facts: Option<&'u BrowserFacts>,
}

/// The "site for cookies" of a request's client (5.2).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum SiteForCookies<'u> {
    NoClient,
    Origin(&'u Url),
    Opaque,
}

/// The use of the response to a request: a part of a page, or a page. A cross-site request gets Lax
/// cookies only if it navigates a top-level page (5.8.3 step 3.5.4).
///
/// ```
/// use hardtack::{CookieJar, Destination, Request};
/// # let now = std::time::SystemTime::UNIX_EPOCH;
///
/// let mut jar = CookieJar::default();
/// let shop = url::Url::parse("https://shop.example/")?;
/// jar.receive("a=1; SameSite=Lax", &shop, now).unwrap();
///
/// let news = url::Url::parse("https://news.example/")?;
/// let cross_site = Request::new(&shop).site_for_cookies(&news);
/// let sent = |destination| jar.cookie_string(cross_site.destination(destination), now);
/// assert!(sent(Destination::TopLevel).is_some());
/// assert!(sent(Destination::Nested).is_none());
/// assert!(sent(Destination::Subresource).is_none());
/// # Ok::<(), url::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Destination {
    /// A part of a page: an image, a script, the answer to `fetch`. The default.
    #[default]
    Subresource,
    /// A page in a frame, which the request navigates.
    Nested,
    /// A top-level page, which the request navigates.
    TopLevel,
}

impl<'u> Request<'u> {
    /// Makes the request of a plain HTTP client: a GET of this URL.
    ///
    /// ```
    /// # use hardtack::{CookieJar, Request};
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// let url = url::Url::parse("https://shop.example/")?;
    /// let mut jar = CookieJar::default();
    /// jar.receive("a=1", Request::new(&url), now).unwrap();
    /// assert_eq!(jar.cookie_string(Request::new(&url), now), jar.cookie_string(&url, now));
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub const fn new(url: &'u Url) -> Self {
        Self {
            url,
            method: "GET",
            site_for_cookies: SiteForCookies::NoClient,
            destination: Destination::Subresource,
            non_http: false,
            top_level_site: None,
            cross_site_ancestor: false,
            facts: None,
        }
    }

    /// Sets the method. The default is `GET`. Methods are case-sensitive: `get` is not safe.
    ///
    /// ```
    /// # use hardtack::{CookieJar, Destination, Exclusion, NotLax, Request};
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let shop = url::Url::parse("https://shop.example/")?;
    /// # let news = url::Url::parse("https://news.example/")?;
    /// let mut jar = CookieJar::default();
    /// jar.receive("a=1; SameSite=Lax", &shop, now).unwrap();
    /// let form = Request::new(&shop)
    ///     .method("POST")
    ///     .site_for_cookies(&news)
    ///     .destination(Destination::TopLevel);
    /// let (_, why_not) = jar.explain(form, now)[0];
    /// assert_eq!(why_not, Some(Exclusion::SameSiteLax(NotLax::UnsafeMethod)));
    /// # Ok::<(), url::ParseError>(())
    /// ```
    #[must_use]
    pub const fn method(mut self, method: &'u str) -> Self {
        self.method = method;
        self
    }

    /// Sets the "site for cookies" (5.2) to the site of this URL: that of the top-level page whose
    /// document or worker makes the request. By default there is none, and the request is same-site.
    #[must_use]
    pub const fn site_for_cookies(mut self, origin: &'u Url) -> Self {
        self.site_for_cookies = SiteForCookies::Origin(origin);
        self
    }

    /// Sets the "site for cookies" (5.2) to an opaque origin, as that of a sandbox or of a frame with a
    /// cross-site ancestor. The request is cross-site.
    ///
    /// ```
    /// # use hardtack::{CookieJar, Request};
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let url = url::Url::parse("https://shop.example/")?;
    /// let mut jar = CookieJar::default();
    /// jar.receive_all(["a=1", "b=2; SameSite=None; Secure"], &url, now);
    /// let request = Request::new(&url).opaque_site_for_cookies();
    /// assert_eq!(jar.cookie_string(request, now).unwrap(), b"b=2");
    /// # Ok::<(), url::ParseError>(())
    /// ```
    #[must_use]
    pub const fn opaque_site_for_cookies(mut self) -> Self {
        self.site_for_cookies = SiteForCookies::Opaque;
        self
    }

    /// Sets the use of the response. The default is [`Destination::Subresource`].
    #[must_use]
    pub const fn destination(mut self, destination: Destination) -> Self {
        self.destination = destination;
        self
    }

    /// Makes this a call of a non-HTTP API, such as `document.cookie` in a document of this URL. HttpOnly
    /// cookies are hidden from it (5.7 step 15, 5.8.3 step 3.4).
    ///
    /// ```
    /// # use hardtack::{CookieJar, Request};
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let url = url::Url::parse("https://shop.example/")?;
    /// let mut jar = CookieJar::default();
    /// jar.receive_all(["sid=31d4; HttpOnly", "theme=dark"], &url, now);
    /// let script = Request::new(&url).non_http();
    /// assert_eq!(jar.cookie_string(script, now).unwrap(), b"theme=dark");
    /// # Ok::<(), url::ParseError>(())
    /// ```
    #[must_use]
    pub const fn non_http(mut self) -> Self {
        self.non_http = true;
        self
    }

    /// Sets the top-level page, whose site is the key of partitioned cookies (CHIPS). By default it is
    /// the page of the request's own URL.
    ///
    /// ```
    /// # use hardtack::{CookieJar, Request};
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let chat = url::Url::parse("https://chat.example/")?;
    /// # let news = url::Url::parse("https://news.example/")?;
    /// let mut jar = CookieJar::default();
    /// let below_news = Request::new(&chat).top_level_site(&news);
    /// jar.receive("a=1; Secure; Partitioned", below_news, now).unwrap();
    /// assert_eq!(jar.cookie_string(below_news, now).unwrap(), b"a=1");
    /// assert_eq!(jar.cookie_string(&chat, now), None);
    /// # Ok::<(), url::ParseError>(())
    /// ```
    #[must_use]
    pub const fn top_level_site(mut self, page: &'u Url) -> Self {
        self.top_level_site = Some(page);
        self
    }

    /// Sets the other half of the key of partitioned cookies: true if there is a cross-site document
    /// between the top-level page and the request. The default is false.
    ///
    /// ```
    /// # use hardtack::{CookieJar, Request};
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let url = url::Url::parse("https://shop.example/")?;
    /// let mut jar = CookieJar::default();
    /// jar.receive("a=1; Secure; Partitioned", &url, now).unwrap();
    /// let in_a_foreign_frame = Request::new(&url).cross_site_ancestor(true);
    /// assert_eq!(jar.cookie_string(in_a_foreign_frame, now), None);
    /// # Ok::<(), url::ParseError>(())
    /// ```
    #[must_use]
    pub const fn cross_site_ancestor(mut self, cross_site_ancestor: bool) -> Self {
        self.cross_site_ancestor = cross_site_ancestor;
        self
    }

    /// Sets what browsers ask of a request, and the text does not. By default nothing of it is known.
    ///
    /// ```
    /// # use hardtack::{BrowserFacts, CookieJar, Policy, Request};
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let shop = url::Url::parse("https://shop.example/")?;
    /// let mut jar = CookieJar::new(Policy::firefox());
    /// jar.receive("a=1; SameSite=Strict", &shop, now).unwrap();
    /// let facts = BrowserFacts::default().redirects(vec!["https://login.example/".parse()?]);
    /// assert_eq!(jar.cookie_string(Request::new(&shop).browser_facts(&facts), now), None);
    /// # Ok::<(), url::ParseError>(())
    /// ```
    #[must_use]
    pub const fn browser_facts(mut self, facts: &'u BrowserFacts) -> Self {
        self.facts = Some(facts);
        self
    }

    /// Returns the URL.
    ///
    /// ```
    /// # use hardtack::Request;
    /// let url = url::Url::parse("https://shop.example/")?;
    /// assert_eq!(Request::new(&url).url(), &url);
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub const fn url(&self) -> &'u Url {
        self.url
    }

    /// 5.1.2: returns the request-host, canonicalized.
    pub(crate) fn host(&self) -> Option<CanonicalHost<'u>> {
        CanonicalHost::of(self.url)
    }

    /// Returns the path portion of the URL as it is sent: `/` if it is empty.
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
    pub(crate) fn is_same_site(&self, policy: &Policy) -> bool {
        if let Some(facts) = self.facts {
            let is_navigation = self.navigates_top_level();
            // Deviation navigation-by-initiator (Chromium, Firefox): against the initiator, if it is known
            if policy.dialect.has(Deviation::NavigationByInitiator) && is_navigation {
                match &facts.initiator {
                    Some(Initiator::Document(url)) => return self.is_of_site(url, policy),
                    Some(Initiator::Opaque) => return false,
                    None => (),
                }
            }
            // Deviation site-schemeless (Firefox): with all documents around, where they are known
            let documents = &facts.ancestors;
            if policy.dialect.has(Deviation::SiteSchemeless)
                && !is_navigation
                && !documents.is_empty()
            {
                let mut documents = documents.iter();
                return documents.all(|document| self.is_of_site(document, policy));
            }
        }
        // 5.2 step 2: the URL's origin against the site for cookies, or no client
        match self.site_for_cookies {
            SiteForCookies::NoClient => true,
            SiteForCookies::Origin(origin) => self.is_of_site(origin, policy),
            SiteForCookies::Opaque => false,
        }
    }

    /// Returns true if the URL and another one are same-site.
    fn is_of_site(&self, other: &Url, policy: &Policy) -> bool {
        let list = &policy.public_suffix_list;
        // Deviation site-schemeless (Firefox): whatever the schemes, but for top-level navigations
        // Deviation site-schemeless-navigation (Firefox's defaults): for these too
        let schemeless = if self.navigates_top_level() {
            Deviation::SiteSchemelessNavigation
        } else {
            Deviation::SiteSchemeless
        };
        if policy.dialect.has(schemeless) {
            same_site::is_same_registrable_domain(self.url, other, list)
        } else {
            same_site::is_same_site(self.url, other, list)
        }
    }

    /// Returns true if a hop before the request makes it cross-site.
    pub(crate) fn has_cross_site_hop(&self, policy: &Policy) -> bool {
        let is_cross_site = |hop| !self.is_of_site(hop, policy);
        let hops = self.facts.map_or(&[][..], |facts| &facts.redirects);
        hops.iter().any(is_cross_site)
    }

    /// Returns true if the context is third-party: one of the documents around is of another registrable domain,
    /// or the client is opaque.
    pub(crate) fn is_third_party(&self, policy: &Policy) -> bool {
        if self.navigates_top_level() {
            return false;
        }
        let list = &policy.public_suffix_list;
        let is_other = |page| !same_site::is_same_registrable_domain(self.url, page, list);
        match self.site_for_cookies {
            _ if !self.ancestors().is_empty() => self.ancestors().iter().any(is_other),
            SiteForCookies::NoClient => false,
            SiteForCookies::Origin(origin) => {
                is_other(origin) || self.top_level_site.is_some_and(is_other)
            }
            SiteForCookies::Opaque => true,
        }
    }

    /// Corrects an instant of the server's clock, where the response has a Date.
    pub(crate) fn by_own_clock(&self, instant: Timestamp, now: Timestamp) -> Timestamp {
        let Some(date) = self.facts.and_then(|facts| facts.response_date) else {
            return instant;
        };
        match now.duration_since(date) {
            Some(slow) => instant + slow,
            None => instant - date.duration_since(now).unwrap_or_default(),
        }
    }

    pub(crate) const fn is_top_level_navigation(&self) -> bool {
        matches!(self.destination, Destination::TopLevel)
    }

    /// The documents around, where they are known.
    fn ancestors(&self) -> &'u [Url] {
        self.facts.map_or(&[], |facts| &facts.ancestors)
    }

    /// Returns true for a top-level navigation that is no call of a non-HTTP API.
    const fn navigates_top_level(&self) -> bool {
        self.is_top_level_navigation() && !self.non_http
    }

    /// Returns true if the method is "safe" (RFC 9110, 9.2.1).
    // Reading: methods are case-sensitive.
    pub(crate) fn is_safe(&self) -> bool {
        matches!(self.method, "GET" | "HEAD" | "OPTIONS" | "TRACE")
    }

    /// Returns the key of the request's partitioned cookies, or `None` for a page of an opaque origin.
    pub(crate) fn partition_key(&self, list: &PublicSuffixList) -> Option<PartitionKey> {
        let page = self.top_level_site.unwrap_or(self.url);
        PartitionKey::new(page, self.cross_site_ancestor, list)
    }
}

impl<'u> From<&'u Url> for Request<'u> {
    /// Makes the request of a plain HTTP client: a GET of this URL.
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
    /// Writes of URLs the origins and the path, since credentials and queries are secrets.
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
            .field("browser_facts", &self.facts)
            .finish()
    }
}
