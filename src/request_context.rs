//! The context of a request, owned.

use std::fmt;

use url::Url;

use crate::browser_facts::BrowserFacts;
#[cfg(feature = "fleet")]
use crate::request::SiteForCookies as Borrowed;
use crate::request::{Destination, Request};

/// The context of a [`Request`], without its URL and method. It is owned, so that it can be kept, and be
/// among the extensions of a request of the crate `http`, where the clients look for it.
///
/// The default is that of a plain HTTP client: a request without a client in the sense of Fetch, which is
/// same-site (5.2).
///
/// ```
/// use hardtack::{Destination, RequestContext, SharedJar};
///
/// // A click on a link of news.example.
/// let click = RequestContext::default()
///     .site_for_cookies("https://news.example/".parse()?)
///     .destination(Destination::TopLevel);
///
/// let jar = SharedJar::default();
/// let shop = url::Url::parse("https://shop.example/")?;
/// jar.receive_all(["lax=1; SameSite=Lax", "strict=1; SameSite=Strict"], &shop);
/// assert_eq!(jar.cookie_string(click.request(&shop, "GET")).unwrap(), b"lax=1");
/// # Ok::<(), url::ParseError>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct RequestContext {
    site_for_cookies: SiteForCookies,
    destination: Destination,
    non_http: bool,
    top_level_site: Option<Url>,
    cross_site_ancestor: bool,
    facts: Option<BrowserFacts>,
}

/// The "site for cookies" of a request's client (5.2).
#[derive(Clone, Default, PartialEq, Eq, Hash)]
enum SiteForCookies {
    #[default]
    NoClient,
    Origin(Url),
    Opaque,
}

impl RequestContext {
    /// Sets the "site for cookies" (5.2) to the site of this URL, as [`Request::site_for_cookies`] does:
    /// that of the top-level page whose document or worker makes the request.
    #[must_use]
    pub fn site_for_cookies(mut self, origin: Url) -> Self {
        self.site_for_cookies = SiteForCookies::Origin(origin);
        self
    }

    /// Sets the "site for cookies" (5.2) to an opaque origin, as [`Request::opaque_site_for_cookies`]
    /// does. The request is cross-site.
    ///
    /// ```
    /// # use hardtack::{RequestContext, SharedJar};
    /// # let url = url::Url::parse("https://shop.example/")?;
    /// let jar = SharedJar::default();
    /// jar.receive_all(["a=1", "b=2; SameSite=None; Secure"], &url);
    /// let context = RequestContext::default().opaque_site_for_cookies();
    /// assert_eq!(jar.cookie_string(context.request(&url, "GET")).unwrap(), b"b=2");
    /// # Ok::<(), url::ParseError>(())
    /// ```
    #[must_use]
    pub fn opaque_site_for_cookies(mut self) -> Self {
        self.site_for_cookies = SiteForCookies::Opaque;
        self
    }

    /// Sets the use of the response, as [`Request::destination`] does. The default is
    /// [`Destination::Subresource`].
    #[must_use]
    pub fn destination(mut self, destination: Destination) -> Self {
        self.destination = destination;
        self
    }

    /// Makes it the context of calls of a non-HTTP API such as `document.cookie`, as [`Request::non_http`]
    /// does.
    ///
    /// ```
    /// # use hardtack::{RequestContext, SharedJar};
    /// # let url = url::Url::parse("https://shop.example/")?;
    /// let jar = SharedJar::default();
    /// jar.receive_all(["sid=31d4; HttpOnly", "theme=dark"], &url);
    /// let script = RequestContext::default().non_http();
    /// assert_eq!(jar.cookie_string(script.request(&url, "GET")).unwrap(), b"theme=dark");
    /// # Ok::<(), url::ParseError>(())
    /// ```
    #[must_use]
    pub fn non_http(mut self) -> Self {
        self.non_http = true;
        self
    }

    /// Sets the top-level page, whose site is the key of partitioned cookies (CHIPS), as
    /// [`Request::top_level_site`] does. By default it is the page of the request's own URL.
    ///
    /// ```
    /// # use hardtack::{RequestContext, SharedJar};
    /// # let chat = url::Url::parse("https://chat.example/")?;
    /// let jar = SharedJar::default();
    /// let below_news = RequestContext::default().top_level_site("https://news.example/".parse()?);
    /// jar.receive("a=1; Secure; Partitioned", below_news.request(&chat, "GET")).unwrap();
    /// assert_eq!(jar.to_vec()[0].partition().unwrap().to_string(), "https://news.example");
    /// # Ok::<(), url::ParseError>(())
    /// ```
    #[must_use]
    pub fn top_level_site(mut self, page: Url) -> Self {
        self.top_level_site = Some(page);
        self
    }

    /// Sets the other half of the key of partitioned cookies, as [`Request::cross_site_ancestor`] does:
    /// true if there is a cross-site document between the top-level page and the request. The default is
    /// false.
    #[must_use]
    pub fn cross_site_ancestor(mut self, cross_site_ancestor: bool) -> Self {
        self.cross_site_ancestor = cross_site_ancestor;
        self
    }

    /// Sets what browsers ask of a request, and the text does not, as [`Request::browser_facts`] does.
    #[must_use]
    pub fn browser_facts(mut self, facts: BrowserFacts) -> Self {
        self.facts = Some(facts);
        self
    }

    /// Makes the request of this URL and method in this context.
    ///
    /// ```
    /// # use hardtack::RequestContext;
    /// let url = url::Url::parse("https://shop.example/")?;
    /// let context = RequestContext::default();
    /// let request = context.request(&url, "POST");
    /// assert_eq!(request, hardtack::Request::new(&url).method("POST"));
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn request<'u>(&'u self, url: &'u Url, method: &'u str) -> Request<'u> {
        let mut request = Request::new(url)
            .method(method)
            .destination(self.destination)
            .cross_site_ancestor(self.cross_site_ancestor);
        request = match &self.site_for_cookies {
            SiteForCookies::NoClient => request,
            SiteForCookies::Origin(origin) => request.site_for_cookies(origin),
            SiteForCookies::Opaque => request.opaque_site_for_cookies(),
        };
        if let Some(facts) = &self.facts {
            request = request.browser_facts(facts);
        }
        if self.non_http {
            request = request.non_http();
        }
        match &self.top_level_site {
            None => request,
            Some(page) => request.top_level_site(page),
        }
    }
}

/// A request that outlives what it was borrowed from.
#[cfg(feature = "fleet")]
pub(crate) struct KeptRequest {
    url: Url,
    method: String,
    context: RequestContext,
}

#[cfg(feature = "fleet")]
impl KeptRequest {
    pub(crate) fn of(request: &Request<'_>) -> Self {
        Self {
            url: request.url.clone(),
            method: request.method.to_owned(),
            context: RequestContext {
                site_for_cookies: match request.site_for_cookies {
                    Borrowed::NoClient => SiteForCookies::NoClient,
                    Borrowed::Origin(url) => SiteForCookies::Origin(url.clone()),
                    Borrowed::Opaque => SiteForCookies::Opaque,
                },
                destination: request.destination,
                non_http: request.non_http,
                top_level_site: request.top_level_site.cloned(),
                cross_site_ancestor: request.cross_site_ancestor,
                facts: request.facts.cloned(),
            },
        }
    }

    pub(crate) fn request(&self) -> Request<'_> {
        self.context.request(&self.url, &self.method)
    }
}

impl fmt::Debug for RequestContext {
    /// Writes of URLs the origins, since credentials, paths and queries are secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = |url: &Url| url.origin().ascii_serialization();
        let site_for_cookies = match &self.site_for_cookies {
            SiteForCookies::NoClient => None,
            SiteForCookies::Origin(url) => Some(origin(url)),
            SiteForCookies::Opaque => Some("null".to_owned()),
        };
        f.debug_struct("RequestContext")
            .field("site_for_cookies", &site_for_cookies)
            .field("destination", &self.destination)
            .field("non_http", &self.non_http)
            .field("top_level_site", &self.top_level_site.as_ref().map(origin))
            .field("cross_site_ancestor", &self.cross_site_ancestor)
            .field("browser_facts", &self.facts)
            .finish()
    }
}
