//! An agent around `ureq`'s that follows redirects itself: ureq's middleware sees a call, not its hops.
//!
//! ```no_run
//! use hardtack::SharedJar;
//! use hardtack::client::CookieAgent;
//!
//! let agent = CookieAgent::new(ureq::agent(), SharedJar::default());
//! agent.post("https://shop.example/login").send_form([("user", "me")])?;
//! let mut response = agent.get("https://shop.example/cart").call()?;
//! println!("{}", response.body_mut().read_to_string()?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Leave ureq's own feature `cookies` off, in all of the program: with it ureq has a second jar, to which
//! each Set-Cookie goes too, whatever this crate says, and whose cookies it sends in a field of its own.

use std::fmt;
use std::io::{self, Read as _};
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
    CookieFields, Outcome, OwnedRequest, RequestContext, RequestError, attach, receive, url_of,
};
use crate::shared::SharedJar;

/// A `ureq` agent with a jar: each hop of a redirect sends its own cookies, and stores what it gets.
///
/// Redirects are as ureq follows them, by the agent's `max_redirects`, `max_redirects_will_error` and
/// `redirect_auth_headers`: 301, 302 and 303 become a GET, but for a HEAD; 307 and 308 keep the method,
/// and are [`Error::RedirectFailed`] for a POST, PUT, PATCH or DELETE, as no body is sent twice. A Cookie
/// field of the caller's goes with the first hop and no other. What differs:
///
/// - Authorization goes on within one origin only; ureq looks at the host and not at the port
///   (CVE-2022-27776). So do user and password of a URL, where the Location has none; ureq keeps those
///   only where it is relative.
/// - A redirect without a Location, or with one that is no URL of http or https, is the response.
/// - The agent's `timeout_global` is for all hops together, as ureq's is; so is
///   [`CookieRequest::timeout_global`]. Other timeouts are each hop's.
/// - Of a request's own configuration ([`Agent::configure_request`] of [`CookieAgent::agent`]) those of
///   redirects and `http_status_as_error` are not seen: the agent's count. Where the agent has a
///   `timeout_global`, a request's own is not seen either.
/// - Where a status of 400 and above is an error, what became of the hops' cookies is lost with the
///   response; a [listener](crate::SharedJarBuilder::listener) of the jar hears it.
/// - The agent's middleware sees each hop. `get_redirect_history` is `None`: [`Hops`] tells more.
///
/// The header of a request has to fit into the agent's `output_buffer_size`, 128 KiB by default, which 33
/// cookies of the largest size exceed: `ureq` answers that with [`Error::Protocol`].
#[derive(Debug, Clone)]
pub struct CookieAgent {
    agent: Agent,
    jar: SharedJar,
}

/// The hops of a call, the first one first: in the extensions of its response.
///
/// ```no_run
/// # use hardtack::{SharedJar, client::{CookieAgent, Hops}};
/// let agent = CookieAgent::new(ureq::agent(), SharedJar::default());
/// let response = agent.get("https://shop.example/").call()?;
/// for hop in &response.extensions().get::<Hops>().unwrap().0 {
///     for outcome in hop.received.iter().flatten() {
///         println!("{}: {outcome}", hop.status);
///     }
/// }
/// # Ok::<(), ureq::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Hops(pub Vec<Hop>);

/// One request and its response.
#[derive(Clone)]
pub struct Hop {
    /// What was requested.
    pub uri: Uri,
    /// How it was answered.
    pub status: StatusCode,
    /// What became of the response's Set-Cookie fields, or why there were no cookies.
    pub received: Result<Vec<Outcome>, RequestError>,
}

impl fmt::Debug for Hop {
    /// Of the URI the origin and the path: credentials and queries are secrets.
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

/// A redirect's body that is shorter is read to its end, so that its connection serves the next hop.
const READ_TO_REUSE: u64 = 64 * 1024;

impl CookieAgent {
    /// An agent with this jar, which may be a clone of one that others use, too.
    pub fn new(agent: impl Into<Agent>, jar: SharedJar) -> Self {
        let agent = agent.into();
        Self { agent, jar }
    }

    /// The agent that makes the requests.
    pub fn agent(&self) -> &Agent {
        &self.agent
    }

    /// Begins a GET; [`CookieRequest::call`] makes it.
    pub fn get(&self, uri: impl TryInto<Uri, Error: Into<::http::Error>>) -> CookieRequest<'_> {
        self.request(Method::GET, uri)
    }

    /// Begins a HEAD; [`CookieRequest::call`] makes it.
    pub fn head(&self, uri: impl TryInto<Uri, Error: Into<::http::Error>>) -> CookieRequest<'_> {
        self.request(Method::HEAD, uri)
    }

    /// Begins a POST; [`CookieRequest::send`] makes it.
    pub fn post(&self, uri: impl TryInto<Uri, Error: Into<::http::Error>>) -> CookieRequest<'_> {
        self.request(Method::POST, uri)
    }

    /// Begins a PUT; [`CookieRequest::send`] makes it.
    pub fn put(&self, uri: impl TryInto<Uri, Error: Into<::http::Error>>) -> CookieRequest<'_> {
        self.request(Method::PUT, uri)
    }

    /// Begins a PATCH; [`CookieRequest::send`] makes it.
    pub fn patch(&self, uri: impl TryInto<Uri, Error: Into<::http::Error>>) -> CookieRequest<'_> {
        self.request(Method::PATCH, uri)
    }

    /// Begins a DELETE; [`CookieRequest::call`] makes it.
    pub fn delete(&self, uri: impl TryInto<Uri, Error: Into<::http::Error>>) -> CookieRequest<'_> {
        self.request(Method::DELETE, uri)
    }

    /// Begins an OPTIONS; [`CookieRequest::call`] makes it.
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

    /// Makes a request, as [`Agent::run`] does. Its extensions may have a [`RequestContext`], which is then
    /// every hop's.
    ///
    /// # Errors
    ///
    /// [`Error`], as of the agent.
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

/// A request that a [`CookieAgent`] is about to make.
///
/// ```no_run
/// # use hardtack::{SharedJar, client::CookieAgent};
/// # let agent = CookieAgent::new(ureq::agent(), SharedJar::default());
/// let page = agent.get("https://shop.example/").header("accept-language", "en").call()?;
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
    /// Adds a header field. One that is none is an error of [`CookieRequest::call`].
    pub fn header<N, V>(mut self, name: N, value: V) -> Self
    where
        HeaderName: TryFrom<N, Error: Into<::http::Error>>,
        HeaderValue: TryFrom<V, Error: Into<::http::Error>>,
    {
        self.request = self.request.map(|request| request.header(name, value));
        self
    }

    /// The context of the request, and of each hop: by default a plain HTTP client's.
    pub fn context(mut self, context: RequestContext) -> Self {
        self.request = self.request.map(|request| request.extension(context));
        self
    }

    /// The most time for all hops together, the body of the last one included; by default the agent's.
    pub fn timeout_global(mut self, timeout: Duration) -> Self {
        self.timeout_global = Some(timeout);
        self
    }

    /// Makes the request, without a body.
    ///
    /// # Errors
    ///
    /// [`Error`], as of the agent; [`Error::BadUri`] for a URI that is none.
    pub fn call(self) -> Result<Response<Body>, Error> {
        self.send(())
    }

    /// Makes the request with a body: text, octets, a file.
    ///
    /// # Errors
    ///
    /// [`Error`], as of the agent; [`Error::BadUri`] for a URI that is none.
    pub fn send(self, body: impl AsSendBody) -> Result<Response<Body>, Error> {
        let request = self.request.map_err(Error::BadUri)?.body(body)?;
        let agents = self.agent.agent.config().timeouts().global;
        self.agent
            .run_within(request, self.timeout_global.or(agents))
    }

    /// Makes the request with the fields of a form, as `application/x-www-form-urlencoded`.
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

/// Where a response redirects to.
fn target<B>(from: &Uri, response: &Response<B>) -> Option<Url> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = response.headers().get(LOCATION)?;
    let location = std::str::from_utf8(location.as_bytes()).ok()?;
    let target = url_of(from).ok()?.join(location).ok()?;
    matches!(target.scheme(), "http" | "https").then_some(target)
}

/// Makes of a request the one of the next hop.
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
