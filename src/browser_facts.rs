//! What browsers ask of a request, and the text does not.

use std::fmt;

use url::Url;

use crate::timestamp::Timestamp;

/// What the dialects of browsers ask of a request, and the text does not. Whatever is not known is left out:
/// the rule that asks for it then goes by the other fields of the [`Request`](crate::Request).
///
/// ```
/// use hardtack::{BrowserFacts, CookieJar, Destination, Policy, Request};
/// # let now = std::time::SystemTime::UNIX_EPOCH;
///
/// let shop = url::Url::parse("https://shop.example/")?;
/// let mut jar = CookieJar::new(Policy::chromium());
/// jar.receive("a=1; SameSite=Strict", &shop, now).unwrap();
///
/// // A frame of shop.example in a page of another site opens a window of shop.example.
/// let facts = BrowserFacts::default().initiator(shop.clone());
/// let window = Request::new(&shop)
///     .destination(Destination::TopLevel)
///     .opaque_site_for_cookies()
///     .browser_facts(&facts);
/// assert_eq!(jar.cookie_string(window, now).unwrap(), b"a=1");
/// # Ok::<(), url::ParseError>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct BrowserFacts {
    pub(crate) initiator: Option<Initiator>,
    pub(crate) redirects: Vec<Url>,
    pub(crate) ancestors: Vec<Url>,
    pub(crate) response_date: Option<Timestamp>,
}

/// The origin of the document that started a top-level navigation.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum Initiator {
    Document(Url),
    Opaque,
}

impl BrowserFacts {
    /// Sets the origin of the document that started a top-level navigation, to that of this URL. The text
    /// goes by the site for cookies, browsers by the initiator
    /// ([`NavigationByInitiator`](crate::Deviation::NavigationByInitiator)).
    #[must_use]
    pub fn initiator(mut self, document: Url) -> Self {
        self.initiator = Some(Initiator::Document(document));
        self
    }

    /// Sets the origin of the document that started a top-level navigation to an opaque one, as that of a
    /// sandbox.
    #[must_use]
    pub fn opaque_initiator(mut self) -> Self {
        self.initiator = Some(Initiator::Opaque);
        self
    }

    /// Sets the URLs of the hops that led to the request by redirects, the first one first
    /// ([`RedirectsCount`](crate::Deviation::RedirectsCount)).
    #[must_use]
    pub fn redirects(mut self, hops: Vec<Url>) -> Self {
        self.redirects = hops;
        self
    }

    /// Sets the URLs of the document that makes the request, and of those around it, up to the top-level one;
    /// not for a top-level navigation. For the frame that a request navigates they begin with the document
    /// that has the frame. The text goes by the site for cookies
    /// ([`SiteSchemeless`](crate::Deviation::SiteSchemeless),
    /// [`ThirdPartyStore`](crate::Deviation::ThirdPartyStore)).
    ///
    /// ```
    /// # use hardtack::{BrowserFacts, CookieJar, Policy, Request};
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let shop = url::Url::parse("https://shop.example/")?;
    /// let mut jar = CookieJar::new(Policy::firefox());
    /// jar.receive("a=1; SameSite=Lax", &shop, now).unwrap();
    /// // An https frame in an http page of the same site.
    /// let facts = BrowserFacts::default().ancestors(vec![shop.clone(), "http://shop.example/".parse()?]);
    /// let request = Request::new(&shop).opaque_site_for_cookies();
    /// assert_eq!(jar.cookie_string(request, now), None);
    /// assert_eq!(jar.cookie_string(request.browser_facts(&facts), now).unwrap(), b"a=1");
    /// # Ok::<(), url::ParseError>(())
    /// ```
    #[must_use]
    pub fn ancestors(mut self, documents: Vec<Url>) -> Self {
        self.ancestors = documents;
        self
    }

    /// Sets the Date of the response that has a Set-Cookie line, by which browsers correct an Expires
    /// ([`ServerClock`](crate::Deviation::ServerClock)).
    ///
    /// ```
    /// # use hardtack::{BrowserFacts, CookieJar, Policy, Request, Timestamp};
    /// # let shop = url::Url::parse("https://shop.example/")?;
    /// let mut jar = CookieJar::new(Policy::chromium());
    /// let now = Timestamp::from_secs(3_600);
    /// // The server's clock is an hour slow.
    /// let facts = BrowserFacts::default().response_date(Timestamp::UNIX_EPOCH);
    /// let request = Request::new(&shop).browser_facts(&facts);
    /// jar.receive("a=1; Expires=Thu, 01 Jan 1970 00:00:10 GMT", request, now).unwrap();
    /// let expiry_time = jar.find(&shop, "a", now).unwrap().expiry_time();
    /// assert_eq!(expiry_time, Some(Timestamp::from_secs(3_610)));
    /// # Ok::<(), url::ParseError>(())
    /// ```
    #[must_use]
    pub fn response_date(mut self, date: impl Into<Timestamp>) -> Self {
        self.response_date = Some(date.into());
        self
    }
}

impl fmt::Debug for BrowserFacts {
    /// Writes of URLs the origins, since credentials, paths and queries are secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = |url: &Url| url.origin().ascii_serialization();
        let origins = |urls: &[Url]| -> Vec<String> { urls.iter().map(origin).collect() };
        let initiator = self.initiator.as_ref().map(|initiator| match initiator {
            Initiator::Document(url) => origin(url),
            Initiator::Opaque => "null".to_owned(),
        });
        f.debug_struct("BrowserFacts")
            .field("initiator", &initiator)
            .field("redirects", &origins(&self.redirects))
            .field("ancestors", &origins(&self.ancestors))
            .field("response_date", &self.response_date)
            .finish()
    }
}
