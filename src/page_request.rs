//! 5.2.1 and 5.2.2: the context of a request that a page makes, from what a program that acts for pages knows.

use url::Url;

use crate::browser_facts::BrowserFacts;
use crate::dialect::Dialect;
use crate::policy::Policy;
use crate::request::Destination;
use crate::request_context::RequestContext;
use crate::same_site;
use crate::timestamp::Timestamp;

/// A request as a page makes it, by its documents. It computes the [`RequestContext`]: the site for cookies
/// (5.2.1, 5.2.2), the key of partitioned cookies, and what dialects ask.
///
/// The documents are given by their URLs, the innermost first: the document that makes the request, the one
/// around it, and so on, up to the top-level one. For the request that navigates a frame they begin with the
/// document that has the frame, and for a worker with the worker. Without documents a user made the request.
///
/// ```
/// use hardtack::{CookieJar, Destination, PageRequest, Policy};
/// # let now = std::time::SystemTime::UNIX_EPOCH;
/// use url::Url;
///
/// let shop = Url::parse("https://shop.example/cart")?;
/// let news = Url::parse("https://news.example/")?;
/// let policy = Policy::firefox();
/// let mut jar = CookieJar::new(policy.clone());
/// jar.receive_all(["lax=1; SameSite=Lax", "none=1; SameSite=None; Secure"], &shop, now);
///
/// // A click on a link of news.example, and an image of shop.example in it.
/// let documents = [news];
/// let click = PageRequest::new(&shop, &documents).destination(Destination::TopLevel);
/// let click = click.context(&policy);
/// assert_eq!(jar.cookie_string(click.request(&shop, "GET"), now).unwrap(), b"lax=1; none=1");
/// let image = PageRequest::new(&shop, &documents).context(&policy);
/// assert_eq!(jar.cookie_string(image.request(&shop, "GET"), now), None);
/// # Ok::<(), url::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PageRequest<'u> {
    url: &'u Url,
    documents: &'u [Url],
    destination: Destination,
    sandboxed: bool,
    non_http: bool,
    redirects: Vec<Url>,
    response_date: Option<Timestamp>,
}

impl<'u> PageRequest<'u> {
    /// Makes a request for a part of a page, from the URL and the documents.
    pub const fn new(url: &'u Url, documents: &'u [Url]) -> Self {
        Self {
            url,
            documents,
            destination: Destination::Subresource,
            sandboxed: false,
            non_http: false,
            redirects: Vec::new(),
            response_date: None,
        }
    }

    /// Sets the use of the response. The default is [`Destination::Subresource`].
    #[must_use]
    pub const fn destination(mut self, destination: Destination) -> Self {
        self.destination = destination;
        self
    }

    /// Says that the innermost document is in a sandbox without `allow-same-origin`. By the text (5.2.1 step
    /// 4.1) its URL counts all the same; to browsers its origin is opaque, and the request is cross-site.
    ///
    /// ```
    /// # use hardtack::{CookieJar, PageRequest, Policy};
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let shop = url::Url::parse("https://shop.example/")?;
    /// let documents = [shop.clone()];
    /// let sandbox = PageRequest::new(&shop, &documents).sandboxed();
    /// let sent = |policy: Policy| {
    ///     let mut jar = CookieJar::new(policy.clone());
    ///     jar.receive("a=1; SameSite=Lax", &shop, now).unwrap();
    ///     jar.cookie_string(sandbox.context(&policy).request(&shop, "GET"), now)
    /// };
    /// assert_eq!(sent(Policy::default()).unwrap(), b"a=1");
    /// assert_eq!(sent(Policy::chromium()), None);
    /// # Ok::<(), url::ParseError>(())
    /// ```
    #[must_use]
    pub const fn sandboxed(mut self) -> Self {
        self.sandboxed = true;
        self
    }

    /// Makes this a call of a non-HTTP API, such as `document.cookie` in the innermost document, whose URL is
    /// that of the request.
    #[must_use]
    pub const fn non_http(mut self) -> Self {
        self.non_http = true;
        self
    }

    /// Sets the URLs of the hops that led to the request by redirects, the first one first.
    #[must_use]
    pub fn redirects(mut self, hops: Vec<Url>) -> Self {
        self.redirects = hops;
        self
    }

    /// Sets the Date of the response, for its Set-Cookie lines.
    #[must_use]
    pub fn response_date(mut self, date: impl Into<Timestamp>) -> Self {
        self.response_date = Some(date.into());
        self
    }

    /// Computes the context of the request for a jar with this policy, by its public suffix list and its
    /// dialect.
    pub fn context(&self, policy: &Policy) -> RequestContext {
        let mut context = RequestContext::default().destination(self.destination);
        let mut facts = BrowserFacts::default().redirects(self.redirects.clone());
        if let Some(date) = self.response_date {
            facts = facts.response_date(date);
        }
        if self.non_http {
            context = context.non_http();
        }
        let (Some(innermost), Some(top_level)) = (self.documents.first(), self.documents.last())
        else {
            return context.browser_facts(facts);
        };
        let is_opaque = self.sandboxed && policy.dialect != Dialect::TEXT;
        let list = &policy.public_suffix_list;
        let mut documents = self.documents.iter();
        // 5.2.1: the top-level origin, if all documents are same-site with it; 5.2.2 says it of workers too.
        let agree = documents.all(|document| same_site::is_same_site(document, top_level, list));
        context = if agree && !is_opaque {
            context.site_for_cookies(top_level.clone())
        } else {
            context.opaque_site_for_cookies()
        };
        if self.destination == Destination::TopLevel {
            facts = if is_opaque {
                facts.opaque_initiator()
            } else {
                facts.initiator(innermost.clone())
            };
            return context.browser_facts(facts);
        }
        // CHIPS: a document that is cross-site with the request is between it and the top-level page, or is that.
        let mut documents = self.documents.iter();
        let differs = documents.any(|document| !same_site::is_same_site(self.url, document, list));
        if !is_opaque {
            facts = facts.ancestors(self.documents.to_vec());
        }
        context
            .top_level_site(top_level.clone())
            .cross_site_ancestor(differs)
            .browser_facts(facts)
    }
}
