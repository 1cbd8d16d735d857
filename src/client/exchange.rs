//! Requests, Cookie fields and Set-Cookie fields in the types of the crate `http`. The clients use these.

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
use crate::request::Request;
use crate::request_context::RequestContext;
use crate::retrieval;
use crate::shared::SharedJar;

/// A request to a jar, made from an `http::Request`. It is owned, so that it is still there when the
/// `http::Request` was sent and the response comes.
///
/// ```
/// use hardtack::SharedJar;
/// use hardtack::client::OwnedRequest;
///
/// let request = http::Request::get("https://shop.example/cart").body(())?;
/// let owned = OwnedRequest::new(&request)?;
/// drop(request); // sent
///
/// let jar = SharedJar::default();
/// jar.receive("sid=31d4", &owned)?;
/// assert_eq!(jar.cookie_string(&owned).unwrap(), b"sid=31d4");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct OwnedRequest {
    url: Url,
    method: Method,
    context: RequestContext,
}

impl OwnedRequest {
    /// Takes a request's URI, its method, and the [`RequestContext`] among its extensions. Without one
    /// the context is that of a plain HTTP client.
    ///
    /// ```
    /// # use hardtack::client::{OwnedRequest, RequestError};
    /// let request = http::Request::get("/cart").body(())?;
    /// assert_eq!(OwnedRequest::new(&request), Err(RequestError::NotAbsolute));
    /// # Ok::<(), http::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`RequestError`], if the method is CONNECT or the URI is not an absolute URL: no cookie can be
    /// sent or kept.
    pub fn new<B>(request: &::http::Request<B>) -> Result<Self, RequestError> {
        let context = request.extensions().get::<RequestContext>();
        let context = context.cloned().unwrap_or_default();
        Self::with_context(request.method(), request.uri(), context)
    }

    /// Takes a method, a URI and a context.
    ///
    /// ```
    /// # use http::{Method, Uri};
    /// # use hardtack::RequestContext;
    /// # use hardtack::client::OwnedRequest;
    /// let uri = Uri::from_static("https://shop.example/cart");
    /// let owned = OwnedRequest::with_context(&Method::POST, &uri, RequestContext::default())?;
    /// assert_eq!(owned.method(), Method::POST);
    /// # Ok::<(), hardtack::client::RequestError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`RequestError`], if the method is CONNECT or the URI is not an absolute URL.
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

    /// Borrows it as the [`Request`] that the methods of a jar take. They also take a `&OwnedRequest`.
    ///
    /// ```
    /// # use hardtack::client::OwnedRequest;
    /// let owned = OwnedRequest::new(&http::Request::get("https://shop.example/").body(())?)?;
    /// let url = url::Url::parse("https://shop.example/")?;
    /// assert_eq!(owned.as_request(), hardtack::Request::new(&url));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn as_request(&self) -> Request<'_> {
        self.context.request(&self.url, self.method.as_str())
    }

    /// Returns the URL, without user and password.
    ///
    /// ```
    /// # use hardtack::client::OwnedRequest;
    /// let request = http::Request::get("https://user:pass@shop.example/").body(())?;
    /// assert_eq!(OwnedRequest::new(&request)?.url().as_str(), "https://shop.example/");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Returns the method.
    ///
    /// ```
    /// # use hardtack::client::OwnedRequest;
    /// let request = http::Request::put("https://shop.example/").body(())?;
    /// assert_eq!(OwnedRequest::new(&request)?.method(), http::Method::PUT);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn method(&self) -> &Method {
        &self.method
    }
}

impl fmt::Debug for OwnedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_request().fmt(f)
    }
}

/// The reason why there are no cookies for a request.
///
/// ```
/// use hardtack::client::{OwnedRequest, RequestError};
///
/// let request = http::Request::connect("shop.example:443").body(())?;
/// assert_eq!(OwnedRequest::new(&request), Err(RequestError::Connect));
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The request is a CONNECT, by which a proxy makes a tunnel. Cookies go with the requests inside it.
    #[error("a CONNECT has no cookies: they go with the requests through the tunnel")]
    Connect,
    /// The request's URI has no scheme or no host, as `/cart` and `*`.
    #[error("the request's URI has no scheme or no host: write it in full, `https://host/path`")]
    NotAbsolute,
    /// The request's URI has a host or port that is not one by the URL Standard.
    #[error("the request's URI is not a URL ({0}): mend its host or port")]
    NoUrl(#[from] url::ParseError),
}

/// Returns the URL of an absolute URI, without user and password.
///
/// ```
/// use hardtack::client::url_of;
///
/// let uri = http::Uri::from_static("HTTPS://user:pass@SHOP.example:443/cart");
/// assert_eq!(url_of(&uri)?.as_str(), "https://shop.example/cart");
/// # Ok::<(), hardtack::client::RequestError>(())
/// ```
///
/// # Errors
///
/// [`RequestError`], if the URI is not absolute, or not a URL by the URL Standard, such as one with a
/// zone in an IPv6 address.
pub fn url_of(uri: &Uri) -> Result<Url, RequestError> {
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(RequestError::NotAbsolute);
    };
    // It is put together from the parts of the URI, so that two parsers cannot find different hosts.
    let host = authority.host();
    let port = authority.port().map(|port| format!(":{port}"));
    let port = port.unwrap_or_default();
    let path = uri.path_and_query().map_or("", |path| path.as_str());
    let slash = if path.starts_with('/') { "" } else { "/" };
    Ok(Url::parse(&format!(
        "{scheme}://{host}{port}{slash}{path}"
    ))?)
}

/// The number of Cookie fields of a request.
///
/// ```
/// use hardtack::SharedJar;
/// use hardtack::client::{CookieFields, attach};
///
/// let jar = SharedJar::default();
/// let url = url::Url::parse("https://shop.example/")?;
/// jar.receive_all(["a=1", "b=2"], &url);
/// for (fields, number) in [(CookieFields::One, 1), (CookieFields::Crumbs, 2)] {
///     let mut headers = http::HeaderMap::new();
///     attach(&jar, &url, fields, &mut headers);
///     assert_eq!(headers.len(), number);
/// }
/// # Ok::<(), url::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum CookieFields {
    /// One field, as HTTP/1.1 demands (5.8.1). The default.
    #[default]
    One,
    /// One field for each cookie, which HTTP/2 and HTTP/3 allow for better compression (RFC 9113, 8.2.3;
    /// RFC 9114, 4.2.1). HTTP/1.1 does not allow it.
    Crumbs,
}

/// Returns the value of the Cookie field for a request, marked as sensitive, or `None` if no cookie goes
/// with it. [`attach`] also keeps a Cookie field of the caller.
///
/// ```
/// use hardtack::SharedJar;
/// use hardtack::client::cookie_value;
///
/// let jar = SharedJar::default();
/// let url = url::Url::parse("https://shop.example/")?;
/// assert_eq!(cookie_value(&jar, &url), None);
/// jar.receive("sid=31d4", &url).unwrap();
/// let value = cookie_value(&jar, &url).unwrap();
/// assert_eq!(value, "sid=31d4");
/// assert!(value.is_sensitive());
/// # Ok::<(), url::ParseError>(())
/// ```
pub fn cookie_value<'r>(jar: &SharedJar, request: impl Into<Request<'r>>) -> Option<HeaderValue> {
    sensitive(&jar.cookie_string(request)?)
}

/// Adds the jar's cookies for a request to its header fields, marked as sensitive.
///
/// If there is a Cookie field already, it is the caller's: its pairs stay as they are, before those of
/// the jar, and the jar's cookies of the same names are left out. So no name is sent twice, and the
/// server reads the caller's pair. Browsers have no such field. `curl` and Go send both cookies of a
/// name, and `reqwest`'s own jar sends only the caller's pairs.
///
/// The caller's pairs are meant for one origin. Before a redirect to another origin is followed, the
/// field has to be removed (CVE-2023-43804, CVE-2022-27776).
///
/// ```
/// use hardtack::SharedJar;
/// use hardtack::client::{CookieFields, attach};
///
/// let jar = SharedJar::default();
/// let url = url::Url::parse("https://shop.example/")?;
/// jar.receive_all(["sid=31d4", "theme=dark"], &url);
///
/// let mut request = http::Request::get("https://shop.example/")
///     .header("cookie", "theme=light")
///     .body(())?;
/// attach(&jar, &url, CookieFields::One, request.headers_mut());
/// assert_eq!(request.headers()["cookie"], "theme=light; sid=31d4");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
    attach_cookies(jar.cookies(request), fields, headers);
}

/// Adds cookies to header fields, as [`attach`] does.
pub(super) fn attach_cookies(
    mut cookies: Vec<Cookie>,
    fields: CookieFields,
    headers: &mut HeaderMap,
) {
    let own: Vec<HeaderValue> = headers.get_all(COOKIE).iter().cloned().collect();
    let own_pairs = own.iter().map(HeaderValue::as_bytes);
    let own_pairs = own_pairs.flat_map(grammar::cookie_string);
    let own_names: HashSet<&[u8]> = own_pairs.map(|(name, _)| name).collect();
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

/// Receives the Set-Cookie fields of a response, in order, and returns the outcome of each. Those of a
/// 100-level response, 101 too, are ignored (5.3).
///
/// ```
/// use hardtack::SharedJar;
/// use hardtack::client::receive;
///
/// let jar = SharedJar::default();
/// let url = url::Url::parse("https://shop.example/")?;
/// let response = http::Response::builder()
///     .header("set-cookie", "sid=31d4")
///     .header("set-cookie", "ad=1; Domain=example")
///     .body(())?;
/// let outcomes = receive(&jar, &url, response.status(), response.headers());
/// assert!(outcomes[0].result.is_ok());
/// assert!(outcomes[1].result.is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn receive<'r>(
    jar: &SharedJar,
    request: impl Into<Request<'r>>,
    status: StatusCode,
    headers: &HeaderMap,
) -> Vec<Outcome> {
    let request = request.into();
    let lines = set_cookie_strings(status, headers).into_iter();
    let outcomes = lines.map(|line| Outcome::of(line, jar.receive(line, request)));
    outcomes.collect()
}

/// The Set-Cookie lines of a response, but for those of a 100-level one.
pub(super) fn set_cookie_strings(status: StatusCode, headers: &HeaderMap) -> Vec<&[u8]> {
    if status.is_informational() {
        return Vec::new();
    }
    let lines = headers.get_all(SET_COOKIE).iter();
    lines.map(HeaderValue::as_bytes).collect()
}

/// The outcome of one Set-Cookie field. A [`Vec`] of them is among the extensions of each response of a
/// `CookieService`.
///
/// `Display` writes `sid: stored`, or the name and the reason of a refusal.
///
/// ```
/// use hardtack::SharedJar;
/// use hardtack::client::receive;
///
/// let jar = SharedJar::default();
/// let url = url::Url::parse("https://shop.example/")?;
/// let response = http::Response::builder().header("set-cookie", "sid=31d4").body(())?;
/// let outcomes = receive(&jar, &url, response.status(), response.headers());
/// assert_eq!(outcomes[0].to_string(), "sid: stored");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Outcome {
    /// The cookie-name, in octets. It is empty for a nameless cookie.
    pub name: Box<[u8]>,
    /// The receipt of the cookie, or why it was refused.
    pub result: Result<Receipt, Rejection>,
}

impl Outcome {
    pub(super) fn of(line: &[u8], result: Result<Receipt, Rejection>) -> Self {
        let (name, _) = grammar::name_value_pair(grammar::set_cookie_string(line).0);
        Self {
            name: name.into(),
            result,
        }
    }
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

/// Makes a field's value, marked as sensitive. It never fails for stored cookies, which have none of the
/// octets 00-08, 0A-1F and 7F.
fn sensitive(cookie_string: &[u8]) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_bytes(cookie_string).ok()?;
    value.set_sensitive(true);
    Some(value)
}
