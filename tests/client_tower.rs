//! The layer beside what the scenarios of `clients` show: its options, and what it tells.
#![cfg(feature = "tower")]

mod common;

use std::convert::Infallible;
use std::future::Ready;
use std::task::{Context, Poll, Waker};

use common::{NOW, url};
use hardtack::client::CookieLayer;
use hardtack::client::{Outcome, RequestError};
use hardtack::{Receipt, Rejection, RequestContext, SharedJar};
use http::header::{COOKIE, LOCATION, SET_COOKIE};
use http::{Method, Request, Response, StatusCode, Uri, Version};
use http_body_util::Empty;
use tower::{Layer as _, Service, ServiceBuilder, ServiceExt as _, service_fn};
use tower_http::follow_redirect::FollowRedirectLayer;
use tower_http::follow_redirect::policy::FilterCredentials;

type Body = Empty<&'static [u8]>;
/// The Cookie fields that the server got.
type Echo = Vec<String>;

fn jar(lines: &[&str]) -> SharedJar {
    let jar = SharedJar::builder().clock(|| NOW).build();
    let shop = url("https://shop.example/");
    for line in lines {
        jar.receive(line.as_bytes(), hardtack::Request::new(&shop))
            .unwrap();
    }
    jar
}

/// Answers with the request's Cookie fields, and sets one cookie and one that is refused. `/to?URL`
/// redirects.
async fn server(request: Request<Body>) -> Result<Response<Echo>, Infallible> {
    let fields = request.headers().get_all(COOKIE).iter();
    let fields = fields.map(|value| value.as_bytes().escape_ascii().to_string());
    let mut response = Response::new(fields.collect());
    if let ("/to", Some(target)) = (request.uri().path(), request.uri().query()) {
        *response.status_mut() = StatusCode::FOUND;
        response
            .headers_mut()
            .insert(LOCATION, target.parse().unwrap());
    } else {
        let headers = response.headers_mut();
        headers.append(SET_COOKIE, "set=1".parse().unwrap());
        headers.append(SET_COOKIE, "refused=1; Domain=example".parse().unwrap());
    }
    Ok(response)
}

fn get(uri: &str) -> Request<Body> {
    Request::get(uri).body(Body::new()).unwrap()
}

fn ask<S>(client: S, request: Request<Body>) -> Response<Echo>
where
    S: Service<Request<Body>, Response = Response<Echo>, Error = Infallible>,
{
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(client.oneshot(request)).unwrap()
}

#[test]
fn the_response_tells_what_was_refused() {
    let client = CookieLayer::new(jar(&[])).layer(service_fn(server));
    let response = ask(client, get("https://shop.example/"));
    let received = response.extensions().get::<Vec<Outcome>>().unwrap();
    let results: Vec<_> = received.iter().map(|outcome| &outcome.result).collect();
    let [Ok(Receipt::Stored), Err(Rejection::PublicSuffix { .. })] = results[..] else {
        panic!("{received:?}");
    };
}

#[test]
fn without_a_url_there_are_no_cookies() {
    let rows = [
        (Method::GET, "/cart", RequestError::NotAbsolute),
        (Method::OPTIONS, "*", RequestError::NotAbsolute),
        (Method::CONNECT, "shop.example:443", RequestError::Connect),
        (
            Method::CONNECT,
            "https://shop.example/",
            RequestError::Connect,
        ),
    ];
    for (method, uri, error) in rows {
        let jar = jar(&["a=1"]);
        let client = CookieLayer::new(jar.clone()).layer(service_fn(server));
        let mut request = get(uri);
        *request.method_mut() = method;
        let response = ask(client, request);
        assert_eq!(response.body(), &Echo::new(), "{uri}");
        assert_eq!(response.extensions().get(), Some(&error), "{uri}");
        assert_eq!(response.extensions().get::<Vec<Outcome>>(), None, "{uri}");
        assert_eq!(jar.len(), 1, "{uri}");
    }
}

#[test]
fn a_base_makes_a_path_a_url() {
    let base = || Uri::from_static("https://shop.example");
    for (uri, sent, kept) in [
        ("/cart", vec!["a=1"], 2),
        ("/cart?x=y", vec!["a=1"], 2),
        ("//evil.example/", vec!["a=1"], 2),
        ("https://other.example/", vec![], 2),
    ] {
        let jar = jar(&["a=1"]);
        let client = CookieLayer::new(jar.clone())
            .base(base())
            .layer(service_fn(server));
        let response = ask(client, get(uri));
        assert_eq!(
            (response.body(), jar.len()),
            (&sent.into_iter().map(str::to_owned).collect(), kept),
            "{uri}"
        );
    }
    // It is no host for a tunnel.
    let client = CookieLayer::new(jar(&["a=1"]))
        .base(base())
        .layer(service_fn(server));
    let request = Request::connect("shop.example:443")
        .body(Body::new())
        .unwrap();
    assert_eq!(ask(client, request).body(), &Echo::new());
}

#[test]
fn crumbs_are_for_http_2_and_3() {
    for (version, crumbs, sent) in [
        (Version::HTTP_11, true, vec!["a=1; b=2"]),
        (Version::HTTP_2, false, vec!["a=1; b=2"]),
        (Version::HTTP_2, true, vec!["a=1", "b=2"]),
        (Version::HTTP_3, true, vec!["a=1", "b=2"]),
    ] {
        let client = CookieLayer::new(jar(&["a=1", "b=2"])).crumbs(crumbs);
        let mut request = get("https://shop.example/");
        *request.version_mut() = version;
        let response = ask(client.layer(service_fn(server)), request);
        assert_eq!(response.body(), &sent, "{version:?} {crumbs}");
    }
}

type Readiness = Poll<Result<(), &'static str>>;

/// A client that is ready, not ready, or no longer there.
struct Client(Readiness);

impl Service<Request<Body>> for Client {
    type Response = Response<Echo>;
    type Error = &'static str;
    type Future = Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Readiness {
        self.0
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        unreachable!("nobody asks")
    }
}

/// A limit of the client's, of connections say, counts above the layer, too.
#[test]
fn it_is_ready_when_the_client_is() {
    for readiness in [
        Poll::Pending,
        Poll::Ready(Ok(())),
        Poll::Ready(Err("closed")),
    ] {
        let mut client = CookieLayer::new(jar(&[])).layer(Client(readiness));
        let mut context = Context::from_waker(Waker::noop());
        assert_eq!(client.poll_ready(&mut context), readiness);
    }
}

/// A context is lost where a redirect loses the extensions: then the default one counts.
#[test]
fn a_context_is_kept_through_redirects_where_the_policy_allows() {
    let page = || RequestContext::default().site_for_cookies(url("https://news.example/"));
    let opaque = || RequestContext::default().opaque_site_for_cookies();
    let plain = RequestContext::default;
    let kept = || FilterCredentials::new().allow_extension::<RequestContext>();
    let lost = FilterCredentials::new;
    let there = "https://shop.example/to?https://shop.example/";
    let other = "https://news.example/to?https://shop.example/";
    let all = "lax=1; none=1";
    for (start, policy, default, sent) in [
        (there, lost(), plain(), "none=1"),
        (other, kept(), plain(), "none=1"),
        (other, lost(), opaque(), "none=1"),
        (other, lost(), plain(), all),
    ] {
        let jar = jar(&["lax=1; SameSite=Lax", "none=1; SameSite=None; Secure"]);
        let client = ServiceBuilder::new()
            .layer(FollowRedirectLayer::with_policy(policy.clone()))
            .layer(CookieLayer::new(jar).default_context(default.clone()))
            .service(service_fn(server));
        let mut request = get(start);
        request.extensions_mut().insert(page());
        let response = ask(client, request);
        assert_eq!(response.body(), &[sent], "{start} {policy:?} {default:?}");
    }
}
