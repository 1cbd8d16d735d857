//! ureq: an agent around `ureq`'s that follows redirects itself. ureq's middleware sees a call, and not
//! its hops.

use std::fmt;
use std::io::{self, Read as _};
use std::slice;
use std::time::{Duration, Instant};

use ::http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, HeaderMap,
    HeaderName, HeaderValue, LOCATION, PROXY_AUTHORIZATION, TRANSFER_ENCODING,
};
use ::http::{Method, Request, Response, StatusCode, Uri, request};
use ::ureq::config::RedirectAuthHeaders;
use ::ureq::{Agent, AsSendBody, Body, Error, Timeout};
use url::Url;

use crate::client::exchange::{
    CookieFields, Outcome, OwnedRequest, RequestError, attach, receive, url_of,
};
use crate::request_context::RequestContext;
use crate::shared::SharedJar;

/// A `ureq` agent with a jar. It follows redirects itself, so that each hop sends its own cookies and
/// stores what its response sets.
///
/// ```no_run
/// use hardtack::SharedJar;
/// use hardtack::client::CookieAgent;
///
/// let agent = CookieAgent::new(ureq::agent(), SharedJar::default());
/// agent.post("https://shop.example/login").send_form([("user", "me")])?;
/// let mut response = agent.get("https://shop.example/cart").call()?;
/// println!("{}", response.body_mut().read_to_string()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Leave ureq's own feature `cookies` off in the whole program. With it ureq has a second jar, which
/// receives every Set-Cookie field too, whatever this crate decides, and sends its cookies in a second
/// field.
///
/// # Redirects
///
/// The agent follows redirects as ureq does, by the configuration of `max_redirects`,
/// `max_redirects_will_error` and `redirect_auth_headers`. After 301, 302 and 303 the method becomes
/// GET, except for HEAD. After 307 and 308 the method stays, and a POST, PUT, PATCH or DELETE ends with
/// [`Error::RedirectFailed`], since no body is sent twice. A Cookie field of the caller goes with the
/// first hop only. It differs from ureq in these points:
///
/// - The Authorization header stays within one origin. ureq compares the host and not the port
///   (CVE-2022-27776). The same holds for user and password of a URL, if the Location has none; ureq
///   keeps those only if the Location is relative.
/// - A redirect without a Location, or with one that is not a URL of http or https, is returned as the
///   response.
/// - The agent's `timeout_global` is for all hops together, as in ureq; so is
///   [`CookieRequest::timeout_global`]. Other timeouts apply to each hop.
/// - Of a configuration of one request ([`Agent::configure_request`] of [`CookieAgent::agent`]) the
///   settings of redirects and `http_status_as_error` are ignored: those of the agent apply. If the
///   agent has a `timeout_global`, that of a request is ignored too.
/// - If a status of 400 or above is an error, the outcomes of all hops are lost with the response. A
///   [listener](crate::SharedJarBuilder::listener) of the jar is called all the same.
/// - The agent's middleware sees each hop. `get_redirect_history` is `None`; [`Hops`] has more.
///
/// The header of a request has to fit into the agent's `output_buffer_size`, 128 KiB by default, which 33
/// cookies of the greatest size exceed. `ureq` then returns [`Error::Protocol`].
#[derive(Debug, Clone)]
pub struct CookieAgent {
    agent: Agent,
    jar: SharedJar,
}

/// The hops of a call, in their order. They are among the extensions of its response.
///
/// ```no_run
/// # use hardtack::{SharedJar, client::{CookieAgent, Hops}};
/// let agent = CookieAgent::new(ureq::agent(), SharedJar::default());
/// let response = agent.get("https://shop.example/").call()?;
/// let hops = response.extensions().get::<Hops>().unwrap();
/// assert_eq!(hops.0[0].uri, "https://shop.example/");
/// for hop in hops {
///     for outcome in hop.received.iter().flatten() {
///         println!("{}: {outcome}", hop.status);
///     }
/// }
/// # Ok::<(), ureq::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hops(pub Vec<Hop>);

impl Hops {
    /// Returns the hops one by one, in their order.
    ///
    /// ```no_run
    /// # use hardtack::{SharedJar, client::{CookieAgent, Hops}};
    /// # let agent = CookieAgent::new(ureq::agent(), SharedJar::default());
    /// let response = agent.get("https://shop.example/").call()?;
    /// let hops = response.extensions().get::<Hops>().unwrap();
    /// assert!(hops.iter().all(|hop| hop.received.is_ok()));
    /// # Ok::<(), ureq::Error>(())
    /// ```
    pub fn iter(&self) -> slice::Iter<'_, Hop> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Hops {
    type Item = &'a Hop;
    type IntoIter = slice::Iter<'a, Hop>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// One request of a call, and its response.
///
/// ```no_run
/// # use hardtack::{SharedJar, client::{CookieAgent, Hops}};
/// # let agent = CookieAgent::new(ureq::agent(), SharedJar::default());
/// let response = agent.get("http://shop.example/").call()?;
/// let hop = &response.extensions().get::<Hops>().unwrap().0[0];
/// assert_eq!(hop.uri, "http://shop.example/");
/// assert_eq!(hop.status, 301);
/// # Ok::<(), ureq::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hop {
    /// The URI of the request.
    pub uri: Uri,
    /// The status of the response.
    pub status: StatusCode,
    /// The outcomes of the response's Set-Cookie fields, or the reason why there were no cookies.
    pub received: Result<Vec<Outcome>, RequestError>,
}

impl fmt::Debug for Hop {
    /// Writes of the URI the origin and the path, since credentials and queries are secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = url_of(&self.uri).map(|url| url.origin().ascii_serialization());
        f.debug_struct("Hop")
            .field("origin", &origin)
            .field("path", &self.uri.path())
            .field("status", &self.status)
            .field("received", &self.received)
            .finish()
    }
}

/// The greatest size in octets of a redirect's body that is read to its end, so that its connection can
/// serve the next hop.
const READ_TO_REUSE: u64 = 64 * 1024;

impl CookieAgent {
    /// Makes an agent of an agent of `ureq` and a jar, which may be a clone of one that others use, too.
    ///
    /// ```
    /// use std::time::Duration;
    /// use hardtack::{SharedJar, client::CookieAgent};
    ///
    /// let timeout = Some(Duration::from_secs(10));
    /// let config = ureq::Agent::config_builder().timeout_global(timeout).build();
    /// let agent = CookieAgent::new(config, SharedJar::default());
    /// assert_eq!(agent.agent().config().timeouts().global, timeout);
    /// ```
    pub fn new(agent: impl Into<Agent>, jar: SharedJar) -> Self {
        let agent = agent.into();
        Self { agent, jar }
    }

    /// Returns the agent of `ureq` that makes the requests.
    ///
    /// ```
    /// # use hardtack::{SharedJar, client::CookieAgent};
    /// let agent = CookieAgent::new(ureq::agent(), SharedJar::default());
    /// assert_eq!(agent.agent().config().max_redirects(), 10);
    /// ```
    pub fn agent(&self) -> &Agent {
        &self.agent
    }

    /// Starts a GET, which [`CookieRequest::call`] makes.
    ///
    /// ```no_run
    /// # use hardtack::{SharedJar, client::CookieAgent};
    /// # let agent = CookieAgent::new(ureq::agent(), SharedJar::default());
    /// let page = agent.get("https://shop.example/").call()?;
    /// assert_eq!(page.status(), 200);
    /// # Ok::<(), ureq::Error>(())
    /// ```
    pub fn get(&self, uri: impl TryInto<Uri, Error: Into<::http::Error>>) -> CookieRequest<'_> {
        self.request(Method::GET, uri)
    }

    /// Starts a HEAD, which [`CookieRequest::call`] makes.
    ///
    /// ```no_run
    /// # use hardtack::{SharedJar, client::CookieAgent};
    /// # let agent = CookieAgent::new(ureq::agent(), SharedJar::default());
    /// let header = agent.head("https://shop.example/").call()?;
    /// assert_eq!(header.headers()["content-type"], "text/html");
    /// # Ok::<(), ureq::Error>(())
    /// ```
    pub fn head(&self, uri: impl TryInto<Uri, Error: Into<::http::Error>>) -> CookieRequest<'_> {
        self.request(Method::HEAD, uri)
    }

    /// Starts a POST, which [`CookieRequest::send`] or [`CookieRequest::send_form`] makes.
    ///
    /// ```no_run
    /// # use hardtack::{SharedJar, client::CookieAgent};
    /// # let agent = CookieAgent::new(ureq::agent(), SharedJar::default());
    /// let answer = agent.post("https://shop.example/cart").send("one cracker")?;
    /// assert_eq!(answer.status(), 201);
    /// # Ok::<(), ureq::Error>(())
    /// ```
    pub fn post(&self, uri: impl TryInto<Uri, Error: Into<::http::Error>>) -> CookieRequest<'_> {
        self.request(Method::POST, uri)
    }

    /// Starts a PUT, which [`CookieRequest::send`] makes.
    ///
    /// ```no_run
    /// # use hardtack::{SharedJar, client::CookieAgent};
    /// # let agent = CookieAgent::new(ureq::agent(), SharedJar::default());
    /// let answer = agent.put("https://shop.example/cart/1").send("two crackers")?;
    /// assert_eq!(answer.status(), 204);
    /// # Ok::<(), ureq::Error>(())
    /// ```
    pub fn put(&self, uri: impl TryInto<Uri, Error: Into<::http::Error>>) -> CookieRequest<'_> {
        self.request(Method::PUT, uri)
    }

    /// Starts a PATCH, which [`CookieRequest::send`] makes.
    ///
    /// ```no_run
    /// # use hardtack::{SharedJar, client::CookieAgent};
    /// # let agent = CookieAgent::new(ureq::agent(), SharedJar::default());
    /// let answer = agent.patch("https://shop.example/cart/1").send("3")?;
    /// assert_eq!(answer.status(), 204);
    /// # Ok::<(), ureq::Error>(())
    /// ```
    pub fn patch(&self, uri: impl TryInto<Uri, Error: Into<::http::Error>>) -> CookieRequest<'_> {
        self.request(Method::PATCH, uri)
    }

    /// Starts a DELETE, which [`CookieRequest::call`] makes.
    ///
    /// ```no_run
    /// # use hardtack::{SharedJar, client::CookieAgent};
    /// # let agent = CookieAgent::new(ureq::agent(), SharedJar::default());
    /// let answer = agent.delete("https://shop.example/cart/1").call()?;
    /// assert_eq!(answer.status(), 204);
    /// # Ok::<(), ureq::Error>(())
    /// ```
    pub fn delete(&self, uri: impl TryInto<Uri, Error: Into<::http::Error>>) -> CookieRequest<'_> {
        self.request(Method::DELETE, uri)
    }

    /// Starts an OPTIONS, which [`CookieRequest::call`] makes.
    ///
    /// ```no_run
    /// # use hardtack::{SharedJar, client::CookieAgent};
    /// # let agent = CookieAgent::new(ureq::agent(), SharedJar::default());
    /// let answer = agent.options("https://shop.example/").call()?;
    /// assert_eq!(answer.headers()["allow"], "GET, HEAD");
    /// # Ok::<(), ureq::Error>(())
    /// ```
    pub fn options(&self, uri: impl TryInto<Uri, Error: Into<::http::Error>>) -> CookieRequest<'_> {
        self.request(Method::OPTIONS, uri)
    }

    fn request(
        &self,
        method: Method,
        uri: impl TryInto<Uri, Error: Into<::http::Error>>,
    ) -> CookieRequest<'_> {
        let request = match uri.try_into() {
            Ok(uri) => Request::builder().method(method).uri(uri),
            // A builder keeps its first error until it builds.
            Err(error) => {
                let error = error.into().to_string();
                return CookieRequest {
                    agent: self,
                    request: Err(error),
                    timeout_global: None,
                };
            }
        };
        CookieRequest {
            agent: self,
            request: Ok(request),
            timeout_global: None,
        }
    }

    /// Makes a request that was built by the crate `http`. A [`RequestContext`] among its extensions
    /// applies to every hop.
    ///
    /// ```no_run
    /// # use hardtack::{RequestContext, SharedJar, client::CookieAgent};
    /// # let agent = CookieAgent::new(ureq::agent(), SharedJar::default());
    /// let request = http::Request::get("https://shop.example/")
    ///     .extension(RequestContext::default().opaque_site_for_cookies())
    ///     .body(())?;
    /// assert_eq!(agent.run(request)?.status(), 200);
    /// # Ok::<(), ureq::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error`] of the agent: no connection, a timeout, too many redirects, or a status of 400 or above
    /// unless `http_status_as_error` is off.
    pub fn run(&self, request: Request<impl AsSendBody>) -> Result<Response<Body>, Error> {
        self.run_within(request, self.agent.config().timeouts().global)
    }

    fn run_within(
        &self,
        request: Request<impl AsSendBody>,
        timeout_global: Option<Duration>,
    ) -> Result<Response<Body>, Error> {
        let deadline = timeout_global.and_then(|timeout| Instant::now().checked_add(timeout));
        let config = self.agent.config();
        let mut hops = Vec::new();
        let (mut next, body) = request.into_parts();
        let mut response =
            self.hop(Request::from_parts(next.clone(), body), deadline, &mut hops)?;
        while let Some(target) = target(&next.uri, &response) {
            if hops.len() > config.max_redirects() as usize {
                if config.max_redirects() > 0 && config.max_redirects_will_error() {
                    return Err(Error::TooManyRedirects);
                }
                break;
            }
            redirect(
                &mut next,
                target,
                response.status(),
                config.redirect_auth_headers(),
            )?;
            let mut rest = response.into_body().into_reader().take(READ_TO_REUSE);
            // Where it fails, the next hop takes another connection.
            let _ = io::copy(&mut rest, &mut io::sink());
            // A server may take no other connection while this one is open.
            drop(rest);
            response = self.hop(Request::from_parts(next.clone(), ()), deadline, &mut hops)?;
        }
        let status = response.status();
        if config.http_status_as_error() && (status.is_client_error() || status.is_server_error()) {
            return Err(Error::StatusCode(status.as_u16()));
        }
        response.extensions_mut().insert(Hops(hops));
        Ok(response)
    }

    fn hop(
        &self,
        mut request: Request<impl AsSendBody>,
        deadline: Option<Instant>,
        hops: &mut Vec<Hop>,
    ) -> Result<Response<Body>, Error> {
        let owned = OwnedRequest::new(&request);
        if let Ok(owned) = &owned {
            attach(&self.jar, owned, CookieFields::One, request.headers_mut());
        }
        let uri = request.uri().clone();
        // An error status sets cookies, too: it becomes an error at the end.
        let configured = self.agent.configure_request(request).max_redirects(0);
        let configured = configured.http_status_as_error(false);
        let mut configured = configured.save_redirect_history(false);
        if let Some(deadline) = deadline {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Error::Timeout(Timeout::Global));
            }
            configured = configured.timeout_global(Some(left));
        }
        let response = self.agent.run(configured.build())?;
        let received =
            owned.map(|owned| receive(&self.jar, &owned, response.status(), response.headers()));
        hops.push(Hop {
            uri,
            status: response.status(),
            received,
        });
        Ok(response)
    }
}

/// A request of a [`CookieAgent`], to be made by [`call`](Self::call), [`send`](Self::send) or
/// [`send_form`](Self::send_form).
///
/// ```no_run
/// # use std::time::Duration;
/// # use hardtack::{RequestContext, SharedJar, client::CookieAgent};
/// # let agent = CookieAgent::new(ureq::agent(), SharedJar::default());
/// let page = agent
///     .get("https://shop.example/")
///     .header("accept-language", "en")
///     .context(RequestContext::default().opaque_site_for_cookies())
///     .timeout_global(Duration::from_secs(10))
///     .call()?;
/// assert_eq!(page.status(), 200);
/// # Ok::<(), ureq::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "nothing is requested before `call` or `send`"]
pub struct CookieRequest<'a> {
    agent: &'a CookieAgent,
    request: Result<request::Builder, String>,
    timeout_global: Option<Duration>,
}

impl CookieRequest<'_> {
    /// Adds a header field. If it is not a valid one, making the request returns an error.
    ///
    /// ```
    /// # use hardtack::{SharedJar, client::CookieAgent};
    /// # let agent = CookieAgent::new(ureq::agent(), SharedJar::default());
    /// let request = agent.get("https://shop.example/").header("no name", "en");
    /// assert!(request.call().is_err());
    /// ```
    pub fn header<N, V>(mut self, name: N, value: V) -> Self
    where
        HeaderName: TryFrom<N, Error: Into<::http::Error>>,
        HeaderValue: TryFrom<V, Error: Into<::http::Error>>,
    {
        self.request = self.request.map(|request| request.header(name, value));
        self
    }

    /// Sets the context of the request and of each of its hops. The default is that of a plain HTTP
    /// client.
    pub fn context(mut self, context: RequestContext) -> Self {
        self.request = self.request.map(|request| request.extension(context));
        self
    }

    /// Sets the timeout for all hops together, including the body of the last one. The default is that
    /// of the agent.
    pub fn timeout_global(mut self, timeout: Duration) -> Self {
        self.timeout_global = Some(timeout);
        self
    }

    /// Makes the request without a body.
    ///
    /// ```
    /// # use hardtack::{SharedJar, client::CookieAgent};
    /// # let agent = CookieAgent::new(ureq::agent(), SharedJar::default());
    /// let error = agent.get("https://shop example/").call().unwrap_err();
    /// assert!(matches!(error, ureq::Error::BadUri(_)));
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error`] of the agent, such as a status of 400 or above, and [`Error::BadUri`] if the URI is not
    /// one.
    pub fn call(self) -> Result<Response<Body>, Error> {
        self.send(())
    }

    /// Makes the request with a body: a text, octets, or a file.
    ///
    /// ```no_run
    /// # use hardtack::{SharedJar, client::CookieAgent};
    /// # let agent = CookieAgent::new(ureq::agent(), SharedJar::default());
    /// let answer = agent.post("https://shop.example/upload").send(&[0x89, 0x50][..])?;
    /// assert_eq!(answer.status(), 201);
    /// # Ok::<(), ureq::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error`] of the agent, such as a status of 400 or above, and [`Error::BadUri`] if the URI is not
    /// one.
    pub fn send(self, body: impl AsSendBody) -> Result<Response<Body>, Error> {
        let request = self.request.map_err(Error::BadUri)?.body(body)?;
        let agents = self.agent.agent.config().timeouts().global;
        self.agent
            .run_within(request, self.timeout_global.or(agents))
    }

    /// Makes the request with the fields of a form as its body, in `application/x-www-form-urlencoded`.
    ///
    /// ```no_run
    /// # use hardtack::{SharedJar, client::CookieAgent};
    /// # let agent = CookieAgent::new(ureq::agent(), SharedJar::default());
    /// let form = [("user", "me"), ("password", "hunter2")];
    /// let page = agent.post("https://shop.example/login").send_form(form)?;
    /// assert_eq!(page.status(), 200);
    /// # Ok::<(), ureq::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error`] of the agent, such as a status of 400 or above, and [`Error::BadUri`] if the URI is not
    /// one.
    ///
    /// # Errors
    ///
    /// [`Error`], as of the agent; [`Error::BadUri`] for a URI that is none.
    pub fn send_form<N: AsRef<str>, V: AsRef<str>>(
        self,
        fields: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Response<Body>, Error> {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        self.header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .send(form.finish())
    }
}

/// Returns the URL to which a response redirects, or `None` if it is not a redirect to follow.
fn target<B>(from: &Uri, response: &Response<B>) -> Option<Url> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = response.headers().get(LOCATION)?;
    let location = std::str::from_utf8(location.as_bytes()).ok()?;
    let target = url_of(from).ok()?.join(location).ok()?;
    matches!(target.scheme(), "http" | "https").then_some(target)
}

/// Turns a request into that of the next hop.
fn redirect(
    request: &mut request::Parts,
    target: Url,
    status: StatusCode,
    auth: RedirectAuthHeaders,
) -> Result<(), Error> {
    let is_same_origin = url_of(&request.uri).is_ok_and(|from| from.origin() == target.origin());
    let keeps_method = matches!(status.as_u16(), 307 | 308);
    let method = &mut request.method;
    if keeps_method && matches!(method.as_str(), "POST" | "PUT" | "PATCH" | "DELETE") {
        return Err(Error::RedirectFailed);
    }
    if !keeps_method && !matches!(method.as_str(), "GET" | "HEAD") {
        *method = Method::GET;
    }
    let remove = |headers: &mut HeaderMap, names: &[_]| {
        for name in names {
            headers.remove(name);
        }
    };
    let headers = &mut request.headers;
    remove(
        headers,
        &[
            COOKIE,
            CONTENT_ENCODING,
            CONTENT_LENGTH,
            CONTENT_TYPE,
            TRANSFER_ENCODING,
        ],
    );
    if !is_same_origin {
        remove(headers, &[HOST, PROXY_AUTHORIZATION]);
    }
    if !is_same_origin || auth != RedirectAuthHeaders::SameHost {
        headers.remove(AUTHORIZATION);
    }
    let has_credentials = !target.username().is_empty() || target.password().is_some();
    let uri = Uri::try_from(String::from(target));
    let mut parts = uri
        .map_err(|error| Error::BadUri(error.to_string()))?
        .into_parts();
    if is_same_origin && !has_credentials {
        parts.authority = request.uri.authority().cloned();
    }
    request.uri = Uri::from_parts(parts).map_err(|error| Error::BadUri(error.to_string()))?;
    Ok(())
}
