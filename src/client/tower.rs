//! tower: a layer around a client that is a [`Service`] of `http` requests.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ::http::{Request, Response, Uri, Version};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::client::exchange::{CookieFields, OwnedRequest, RequestError, attach, receive};
#[cfg(feature = "fleet")]
use crate::client::exchange::{Outcome, attach_cookies, set_cookie_strings};
#[cfg(feature = "fleet")]
use crate::fleet::{Backend, FleetJar};
use crate::request_context::RequestContext;
use crate::shared::SharedJar;

/// A layer that makes a [`CookieService`] of a [`Service`] of `http` requests: of hyper-util's client,
/// or of a server's router in a test.
///
/// ```
/// use hardtack::SharedJar;
/// use hardtack::RequestContext;
/// use hardtack::client::{CookieLayer, Outcome};
/// use tower::{ServiceBuilder, ServiceExt as _, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // In place of a client that connects.
/// let client = service_fn(async |_: http::Request<()>| {
///     http::Response::builder().header("set-cookie", "sid=31d4").body(())
/// });
/// let jar = SharedJar::default();
/// let cookies = CookieLayer::new(jar.clone())
///     .default_context(RequestContext::default())
///     .base("https://shop.example".parse()?)
///     .crumbs(true);
/// let client = ServiceBuilder::new().layer(cookies).service(client);
///
/// let response = client.oneshot(http::Request::get("/login").body(())?).await?;
/// let outcomes: &Vec<Outcome> = response.extensions().get().unwrap();
/// assert_eq!(outcomes[0].to_string(), "sid: stored");
/// assert_eq!(jar.to_vec()[0].domain_str(), "shop.example");
/// # Ok(())
/// # }
/// ```
///
/// # The order of layers
///
/// A layer that follows redirects has to be above this one, so that this one sees each hop:
///
/// ```
/// # use hardtack::{RequestContext, SharedJar, client::CookieLayer};
/// # use tower::ServiceBuilder;
/// use tower_http::follow_redirect::{FollowRedirectLayer, policy};
/// use tower_http::follow_redirect::policy::PolicyExt as _;
///
/// # fn build<S>(client: S, jar: SharedJar) -> impl Sized where S: Clone {
/// let credentials = policy::FilterCredentials::new().allow_extension::<RequestContext>();
/// ServiceBuilder::new()
///     .layer(FollowRedirectLayer::with_policy(policy::Limited::new(10).and::<_, (), ()>(credentials)))
///     .layer(CookieLayer::new(jar)) // below
///     .service(client)
/// # }
/// ```
///
/// If it were below, all hosts of a redirect would get the cookies of the first host, those that a
/// redirect sets would be lost, and what the last host sets would be kept for the first one.
///
/// `tower-http` 0.7 keeps a request's extensions over a hop within an origin. Over one to another origin
/// it keeps only those that its policy allows, as above; 0.6 keeps none. A request without a
/// [`RequestContext`] has the [default context](CookieLayer::default_context), which is same-site unless
/// you set another: a client that acts for pages sets one that is safe if a context is lost, for
/// instance `RequestContext::default().opaque_site_for_cookies()`.
///
/// A Cookie header that the caller sets is removed by the policies of `tower-http` when the origin
/// changes. 0.6 adds it again at the hop after that: with 0.6, set no such header.
#[derive(Debug, Clone)]
pub struct CookieLayer<J = SharedJar> {
    jar: J,
    context: RequestContext,
    base: Option<Uri>,
    crumbs: bool,
}

impl<J> CookieLayer<J> {
    /// Makes a layer with a jar, which may be a clone of one that others use, too: a [`SharedJar`], or a `FleetJar`.
    pub fn new(jar: J) -> Self {
        Self {
            jar,
            context: RequestContext::default(),
            base: None,
            crumbs: false,
        }
    }

    /// Sets the context of requests that have no [`RequestContext`] among their extensions. The default
    /// is that of a plain HTTP client.
    #[must_use]
    pub fn default_context(mut self, context: RequestContext) -> Self {
        self.context = context;
        self
    }

    /// Sets scheme and host for requests whose URI has only a path, as tests send them to a router.
    /// Without it such requests have no cookies.
    ///
    /// The request itself stays as it is. `FollowRedirectLayer` does not follow redirects from a URI
    /// without a host: give it the whole URI, which a router takes too.
    #[must_use]
    pub fn base(mut self, base: Uri) -> Self {
        self.base = Some(base);
        self
    }

    /// Sends a Cookie field for each cookie ([`CookieFields::Crumbs`]) if true, in requests whose
    /// version is HTTP/2 or HTTP/3. The default is false.
    #[must_use]
    pub fn crumbs(mut self, crumbs: bool) -> Self {
        self.crumbs = crumbs;
        self
    }

    fn owned<B>(&self, request: &Request<B>) -> Result<OwnedRequest, RequestError> {
        let context = request.extensions().get().unwrap_or(&self.context);
        let mut parts = request.uri().clone().into_parts();
        if let (None, Some(base)) = (&parts.authority, &self.base) {
            parts.scheme = base.scheme().cloned();
            parts.authority = base.authority().cloned();
        }
        let uri = Uri::from_parts(parts).unwrap_or_default();
        OwnedRequest::with_context(request.method(), &uri, context.clone())
    }

    fn fields(&self, version: Version) -> CookieFields {
        if self.crumbs && matches!(version, Version::HTTP_2 | Version::HTTP_3) {
            CookieFields::Crumbs
        } else {
            CookieFields::One
        }
    }
}

impl<S, J: Clone> Layer<S> for CookieLayer<J> {
    type Service = CookieService<S, J>;

    fn layer(&self, inner: S) -> Self::Service {
        CookieService {
            inner,
            cookies: self.clone(),
        }
    }
}

/// A client with a jar, made by a [`CookieLayer`]. It adds the Cookie field to each request
/// ([`attach`]), and receives the Set-Cookie fields of each response before the caller gets it.
///
/// The outcomes of the Set-Cookie fields are among the response's extensions, as a `Vec` of
/// [`Outcome`](crate::client::Outcome)s. If the request could have no cookies, because it is a CONNECT
/// or its URI is not absolute, there is a [`RequestError`] instead. A layer above sees those of each
/// hop.
///
/// ```
/// use hardtack::SharedJar;
/// use hardtack::client::{CookieLayer, RequestError};
/// use tower::{ServiceBuilder, ServiceExt as _, service_fn};
/// # use std::convert::Infallible;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let client = service_fn(async |request: http::Request<()>| {
///     let cookie = request.headers().get("cookie").cloned();
///     Ok::<_, Infallible>(http::Response::new(cookie))
/// });
/// let jar = SharedJar::default();
/// jar.receive("sid=31d4", &url::Url::parse("https://shop.example/")?)?;
/// let client = ServiceBuilder::new().layer(CookieLayer::new(jar)).service(client);
///
/// let request = http::Request::get("https://shop.example/").body(())?;
/// let response = client.clone().oneshot(request).await?;
/// assert_eq!(response.into_body().unwrap(), "sid=31d4");
///
/// let response = client.oneshot(http::Request::get("/").body(())?).await?;
/// assert_eq!(response.extensions().get(), Some(&RequestError::NotAbsolute));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct CookieService<S, J = SharedJar> {
    inner: S,
    cookies: CookieLayer<J>,
}

impl<S, B, R> Service<Request<B>> for CookieService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let Self { inner, cookies } = self;
        let owned = cookies.owned(&request);
        if let Ok(owned) = &owned {
            let fields = cookies.fields(request.version());
            attach(&cookies.jar, owned, fields, request.headers_mut());
        }
        ResponseFuture {
            response: inner.call(request),
            jar: cookies.jar.clone(),
            owned,
        }
    }
}

/// The error of a service with the jar of a fleet: that of the client, or a
/// [`FleetError`](crate::fleet::FleetError).
#[cfg(feature = "fleet")]
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A client with the jar of one identity in a fleet. Where its cookies are not known, the request is not sent; where
/// those of a response cannot be stored, the caller has the error in place of the response. In both cases it is a
/// [`FleetError`](crate::fleet::FleetError).
///
/// ```
/// use hardtack::client::CookieLayer;
/// use hardtack::fleet::{Fleet, MemoryBackend};
/// use tower::{ServiceBuilder, ServiceExt as _, service_fn};
/// # use std::convert::Infallible;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// // In place of a client that connects.
/// let client = service_fn(async |_: http::Request<()>| {
///     http::Response::builder().header("set-cookie", "sid=31d4").body(())
/// });
/// let jar = Fleet::new(MemoryBackend::default()).jar("account-17");
/// let client = ServiceBuilder::new().layer(CookieLayer::new(jar.clone())).service(client);
///
/// client.oneshot(http::Request::get("https://shop.example/login").body(())?).await?;
/// assert_eq!(jar.to_vec().await?[0].value(), b"31d4"); // it is stored before the response is there
/// # Ok(())
/// # }
/// ```
#[cfg(feature = "fleet")]
#[cfg_attr(docsrs, doc(cfg(feature = "fleet")))]
impl<S, B, R, K> Service<Request<B>> for CookieService<S, FleetJar<K>>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    B: Send + 'static,
    R: Send,
    K: Backend,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        // The one that is ready goes along with the request.
        let next = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, next);
        let jar = self.cookies.jar.clone();
        let owned = self.cookies.owned(&request);
        let fields = self.cookies.fields(request.version());
        Box::pin(async move {
            let owned = match owned {
                Ok(owned) => owned,
                Err(error) => {
                    let response = inner.call(request).await;
                    let mut response = response.map_err(Into::into)?;
                    response.extensions_mut().insert(error);
                    return Ok(response);
                }
            };
            let cookies = jar.cookies(&owned).await?.value;
            attach_cookies(cookies, fields, request.headers_mut());
            let mut response = inner.call(request).await.map_err(Into::into)?;
            let lines = set_cookie_strings(response.status(), response.headers());
            let results = jar.receive_all(&lines, &owned).await?;
            let outcomes = lines.iter().zip(results);
            let outcomes: Vec<Outcome> = outcomes
                .map(|(line, result)| Outcome::of(line, result))
                .collect();
            response.extensions_mut().insert(outcomes);
            Ok(response)
        })
    }
}

pin_project! {
    /// The future of a response of a [`CookieService`]. It receives the Set-Cookie fields when the
    /// response is there.
    #[derive(Debug)]
    pub struct ResponseFuture<F> {
        #[pin]
        response: F,
        jar: SharedJar,
        owned: Result<OwnedRequest, RequestError>,
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut response = ready!(this.response.poll(cx))?;
        match this.owned {
            Ok(owned) => {
                let outcomes = receive(this.jar, &*owned, response.status(), response.headers());
                response.extensions_mut().insert(outcomes);
            }
            Err(error) => {
                response.extensions_mut().insert(*error);
            }
        }
        Poll::Ready(Ok(response))
    }
}
