//! A layer for each [`Service`] of [`http::Request`]s: hyper-util's client, a server's router in a test.
//!
//! ```
//! use hardtack::SharedJar;
//! use hardtack::client::CookieLayer;
//! use tower::{ServiceBuilder, ServiceExt as _, service_fn};
//! # use std::convert::Infallible;
//!
//! # async fn get() -> Result<(), Box<dyn std::error::Error>> {
//! # let client = service_fn(async |_: http::Request<()>| Ok::<_, Infallible>(http::Response::new(())));
//! let jar = SharedJar::default();
//! let client = ServiceBuilder::new().layer(CookieLayer::new(jar.clone())).service(client);
//! let request = http::Request::get("https://shop.example/").body(())?;
//! let response = client.oneshot(request).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # The order of layers
//!
//! The layer belongs between whatever follows redirects and the client that connects, so that it sees
//! each hop and no other:
//!
//! ```
//! # use hardtack::{SharedJar, client::{CookieLayer, RequestContext}};
//! # use tower::ServiceBuilder;
//! use tower_http::follow_redirect::{FollowRedirectLayer, policy};
//! use tower_http::follow_redirect::policy::PolicyExt as _;
//!
//! # fn build<S>(client: S, jar: SharedJar) -> impl Sized where S: Clone {
//! let credentials = policy::FilterCredentials::new().allow_extension::<RequestContext>();
//! ServiceBuilder::new()
//!     .layer(FollowRedirectLayer::with_policy(policy::Limited::new(10).and::<_, (), ()>(credentials)))
//!     .layer(CookieLayer::new(jar)) // below
//!     .service(client)
//! # }
//! ```
//!
//! **Above** it, the cookies of the first host would be on the way to the others, those that a redirect
//! sets would be lost, and what the last host sets would be kept for the first one.
//!
//! `tower-http` 0.7 keeps a request's extensions over a hop within an origin, and over one to another
//! origin only those that its policy allows, as above; 0.6 keeps none. A request without a
//! [`RequestContext`] is a plain HTTP client's, so same-site: a client that acts for pages gives
//! [`CookieLayer::default_context`] what may be lost safely, for instance
//! `RequestContext::default().opaque_site_for_cookies()`.
//!
//! A Cookie header that the caller sets by hand is between the caller and `tower-http`, whose policies
//! remove it when the origin changes. In 0.6 it is back at the hop after that: with it, set no such
//! header.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ::http::{Request, Response, Uri, Version};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::client::exchange::{
    CookieFields, OwnedRequest, RequestContext, RequestError, attach, receive,
};
use crate::shared::SharedJar;

/// Makes a [`CookieService`] of a client.
#[derive(Debug, Clone)]
pub struct CookieLayer {
    jar: SharedJar,
    context: RequestContext,
    base: Option<Uri>,
    crumbs: bool,
}

impl CookieLayer {
    /// With this jar, which may be a clone of one that others use, too.
    pub fn new(jar: SharedJar) -> Self {
        Self {
            jar,
            context: RequestContext::default(),
            base: None,
            crumbs: false,
        }
    }

    /// The context of requests that have none in their extensions; by default a plain HTTP client's.
    #[must_use]
    pub fn default_context(mut self, context: RequestContext) -> Self {
        self.context = context;
        self
    }

    /// Scheme and host of requests whose URI has only a path, as a test sends them to a router; without
    /// it they have no cookies. The request itself stays as it is: `FollowRedirectLayer` follows nothing
    /// from there, and wants the URI in full, which a router takes, too.
    #[must_use]
    pub fn base(mut self, base: Uri) -> Self {
        self.base = Some(base);
        self
    }

    /// Send a Cookie field for each cookie ([`CookieFields::Crumbs`]) in requests whose version is
    /// HTTP/2 or HTTP/3. False by default.
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

impl<S> Layer<S> for CookieLayer {
    type Service = CookieService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CookieService {
            inner,
            cookies: self.clone(),
        }
    }
}

/// A client with a jar: it adds the Cookie field to each request ([`attach`]), and receives what the
/// response sets before the caller has it.
///
/// What became of each Set-Cookie field is in the response's extensions, as a `Vec` of
/// [`Outcome`](crate::client::Outcome)s; where the
/// request had no cookies because it is a CONNECT or its URI is not absolute, a [`RequestError`] is. A
/// layer above sees both for each hop.
#[derive(Debug, Clone)]
pub struct CookieService<S> {
    inner: S,
    cookies: CookieLayer,
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

pin_project! {
    /// The response of a [`CookieService`].
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
