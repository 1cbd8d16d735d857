//! A request as the jar sees it, its Cookie field, and the Set-Cookie fields of its response, in the types
//! of the crate `http`. The clients are built on this.

use std::collections::HashSet;
use std::fmt;
use std::slice;

use ::http::header::{COOKIE, HeaderMap, HeaderValue, SET_COOKIE};
use ::http::{Method, StatusCode, Uri};
use url::Url;

use crate::cookie::Cookie;
use crate::grammar;
use crate::jar::Receipt;
use crate::rejection::Rejection;
use crate::request::{Destination, Request};
use crate::retrieval;
use crate::shared::SharedJar;

/// What a [`Request`] says beside URL and method, owned, so that it can travel in
/// [`::http::Extensions`].
///
/// The default is a plain HTTP client's: no client in the sense of Fetch, so same-site (5.2).
///
/// ```
/// use hardtack::Destination;
/// use hardtack::client::RequestContext;
///
/// // A link on news.example was clicked.
/// let click = RequestContext::default()
///     .site_for_cookies("https://news.example/".parse()?)
///     .destination(Destination::TopLevel);
/// let request = http::Request::get("https://shop.example/cart").extension(click).body(())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct RequestContext {
    site_for_cookies: SiteForCookies,
    destination: Destination,
    top_level_site: Option<Url>,
    cross_site_ancestor: bool,
}

#[derive(Clone, Default)]
enum SiteForCookies {
    #[default]
    NoClient,
    Origin(Url),
    Opaque,
}

impl RequestContext {
    /// As [`Request::site_for_cookies`].
    #[must_use]
    pub fn site_for_cookies(mut self, origin: Url) -> Self {
        self.site_for_cookies = SiteForCookies::Origin(origin);
        self
    }

    /// As [`Request::opaque_site_for_cookies`]: cross-site.
    #[must_use]
    pub fn opaque_site_for_cookies(mut self) -> Self {
        self.site_for_cookies = SiteForCookies::Opaque;
        self
    }

    /// As [`Request::destination`].
    #[must_use]
    pub fn destination(mut self, destination: Destination) -> Self {
        self.destination = destination;
        self
    }

    /// As [`Request::top_level_site`].
    #[must_use]
    pub fn top_level_site(mut self, page: Url) -> Self {
        self.top_level_site = Some(page);
        self
    }

    /// As [`Request::cross_site_ancestor`].
    #[must_use]
    pub fn cross_site_ancestor(mut self, cross_site_ancestor: bool) -> Self {
        self.cross_site_ancestor = cross_site_ancestor;
        self
    }

    /// The request of this URL and method in this context.
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
        match &self.top_level_site {
            None => request,
            Some(page) => request.top_level_site(page),
        }
    }
}

impl fmt::Debug for RequestContext {
    /// Of URLs the origins: credentials, paths and queries are secrets.
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
            .field("top_level_site", &self.top_level_site.as_ref().map(origin))
            .field("cross_site_ancestor", &self.cross_site_ancestor)
            .finish()
    }
}

/// A request as the jar sees it, owned: it outlives the `http::Request`, until the response is there.
#[derive(Clone)]
pub struct OwnedRequest {
    url: Url,
    method: Method,
    context: RequestContext,
}

impl OwnedRequest {
    /// From a request's URI, method and the [`RequestContext`] in its extensions; without one it is a
    /// plain HTTP client's.
    ///
    /// # Errors
    ///
    /// [`RequestError`], where no cookie can be sent or kept: a CONNECT, or a URI that is not absolute.
    pub fn new<B>(request: &::http::Request<B>) -> Result<Self, RequestError> {
        let context = request.extensions().get::<RequestContext>();
        let context = context.cloned().unwrap_or_default();
        Self::with_context(request.method(), request.uri(), context)
    }

    /// From a method, a URI and a context.
    ///
    /// # Errors
    ///
    /// As [`OwnedRequest::new`].
    pub fn with_context(
        method: &Method,
        uri: &Uri,
        context: RequestContext,
    ) -> Result<Self, RequestError> {
        if *method == Method::CONNECT {
            return Err(RequestError::Connect);
        }
        Ok(Self {
            url: url_of(uri)?,
            method: method.clone(),
            context,
        })
    }

    /// What the jar's methods take.
    pub fn as_request(&self) -> Request<'_> {
        self.context.request(&self.url, self.method.as_str())
    }

    /// The URL.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }
}

impl fmt::Debug for OwnedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_request().fmt(f)
    }
}

/// Why there are no cookies for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// It asks a proxy for a tunnel. The proxy gets no cookies: they are for the requests inside.
    #[error("a CONNECT has no cookies: they go with the requests through the tunnel")]
    Connect,
    /// Its URI has no scheme or no host, as `/cart` and `*`.
    #[error("the request's URI has no scheme or no host: write it in full, `https://host/path`")]
    NotAbsolute,
    /// The host or port of its URI is none by the URL Standard.
    #[error("the request's URI is no URL ({0}): mend its host or port")]
    NoUrl(#[from] url::ParseError),
}

/// The URL of an absolute URI, without user and password.
///
/// # Errors
///
/// [`RequestError`], where it is not absolute, or none by the URL Standard, such as an IPv6 address with
/// a zone.
pub fn url_of(uri: &Uri) -> Result<Url, RequestError> {
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(RequestError::NotAbsolute);
    };
    // From its parts: two parsers must not come to different hosts.
    let host = authority.host();
    let port = authority.port().map(|port| format!(":{port}"));
    let port = port.unwrap_or_default();
    let path = uri.path_and_query().map_or("", |path| path.as_str());
    let slash = if path.starts_with('/') { "" } else { "/" };
    Ok(Url::parse(&format!(
        "{scheme}://{host}{port}{slash}{path}"
    ))?)
}

/// In how many fields the cookies are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum CookieFields {
    /// One, as HTTP/1.1 demands (5.8.1).
    #[default]
    One,
    /// A field a cookie, which HTTP/2 and HTTP/3 allow for better compression (RFC 9113, 8.2.3; RFC
    /// 9114, 4.2.1). Never over HTTP/1.1.
    Crumbs,
}

/// The value of the Cookie field for a request, marked as sensitive; `None` where there is no cookie
/// to send. [`attach`] minds a Cookie field that the caller has set.
pub fn cookie_value<'r>(jar: &SharedJar, request: impl Into<Request<'r>>) -> Option<HeaderValue> {
    sensitive(&jar.cookie_string(request)?)
}

/// Adds the jar's cookies for a request to its headers, marked as sensitive.
///
/// A Cookie field that is there already is the caller's own: its pairs stay, in front, as they are, and
/// of the jar's cookies those are left out whose name it has. So nothing is sent twice, and what the
/// caller has asked for is what the server reads. Browsers have no such field; `curl` and Go send both
/// under one name, and `reqwest`'s own jar nothing beside the caller's.
///
/// The caller's pairs are for the origin that they were written for: whoever follows a redirect to
/// another one removes the field before (CVE-2023-43804, CVE-2022-27776).
pub fn attach<'r>(
    jar: &SharedJar,
    request: impl Into<Request<'r>>,
    fields: CookieFields,
    headers: &mut HeaderMap,
) {
    let request = request.into();
    if fields == CookieFields::One && !headers.contains_key(COOKIE) {
        if let Some(value) = cookie_value(jar, request) {
            headers.insert(COOKIE, value);
        }
        return;
    }
    let own: Vec<HeaderValue> = headers.get_all(COOKIE).iter().cloned().collect();
    let own_pairs = own.iter().map(HeaderValue::as_bytes);
    let own_pairs = own_pairs.flat_map(grammar::cookie_string);
    let own_names: HashSet<&[u8]> = own_pairs.map(|(name, _)| name).collect();
    let mut cookies = jar.cookies(request);
    cookies.retain(|cookie| !own_names.contains(cookie.name()));
    if cookies.is_empty() {
        return;
    }
    match fields {
        CookieFields::One => {
            let mut pairs: Vec<&[u8]> = own.iter().map(HeaderValue::as_bytes).collect();
            pairs.retain(|pairs| !pairs.is_empty());
            let cookie_string = cookie_string(&cookies);
            pairs.push(&cookie_string);
            if let Some(value) = sensitive(&pairs.join(&b"; "[..])) {
                headers.insert(COOKIE, value);
            }
        }
        CookieFields::Crumbs => {
            for cookie in &cookies {
                if let Some(value) = sensitive(&cookie_string(slice::from_ref(cookie))) {
                    headers.append(COOKIE, value);
                }
            }
        }
    }
}

/// Receives each Set-Cookie field of a response, in order, and returns what became of each. A 100-level
/// response, 101 too, sets nothing (5.3).
pub fn receive<'r>(
    jar: &SharedJar,
    request: impl Into<Request<'r>>,
    status: StatusCode,
    headers: &HeaderMap,
) -> Vec<Outcome> {
    if status.is_informational() {
        return Vec::new();
    }
    let request = request.into();
    let lines = headers
        .get_all(SET_COOKIE)
        .iter()
        .map(HeaderValue::as_bytes);
    let outcomes = lines.map(|line| Outcome {
        name: grammar::name_value_pair(grammar::set_cookie_string(line).0)
            .0
            .into(),
        result: jar.receive(line, request),
    });
    outcomes.collect()
}

/// What became of one Set-Cookie field. The clients put those of a response into its extensions, as a
/// `Vec<Outcome>`.
///
/// Shown as `sid: stored`, or with the reason of a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcome {
    /// The cookie-name, in octets; empty for a nameless cookie.
    pub name: Box<[u8]>,
    /// Whether the cookie was stored, or why not.
    pub result: Result<Receipt, Rejection>,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.name.escape_ascii())?;
        match &self.result {
            Ok(receipt) => receipt.fmt(f),
            Err(rejection) => rejection.fmt(f),
        }
    }
}

impl<'r> From<&'r OwnedRequest> for Request<'r> {
    fn from(request: &'r OwnedRequest) -> Self {
        request.as_request()
    }
}

fn cookie_string(cookies: &[Cookie]) -> Vec<u8> {
    let mut cookie_string = Vec::new();
    retrieval::write_cookie_string(cookies.iter(), &mut cookie_string);
    cookie_string
}

/// A stored cookie has the octets of a field's value and no others: all but 00-08, 0A-1F and 7F.
fn sensitive(cookie_string: &[u8]) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_bytes(cookie_string).ok()?;
    value.set_sensitive(true);
    Some(value)
}
