//! reqwest's client with the jar as its cookie provider, and what is its own.

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use ::reqwest::Proxy;
use ::reqwest::blocking::ClientBuilder;
use ::reqwest::cookie::CookieStore;
use ::reqwest::dns::{Addrs, Name, Resolve, Resolving};
use ::reqwest::header::{COOKIE, HeaderMap, HeaderValue};
use hardtack::client::CookieProvider;
use hardtack::{Destination, Received, Request, RequestContext, SharedJar};

use crate::common::{text, url};
use crate::wire::{Client, Network, Scenario};

pub(crate) struct Reqwest;

impl Client for Reqwest {
    fn call(
        &self,
        jar: &SharedJar,
        request: http::Request<&'static str>,
        proxy: Option<SocketAddr>,
    ) -> Result<u16, Box<dyn Error>> {
        let mut client = client().cookie_provider(Arc::new(jar.clone()));
        if let Some(proxy) = proxy {
            client = client.proxy(Proxy::all(format!("http://{proxy}"))?);
        }
        let response = client.build()?.execute(request.try_into()?)?;
        Ok(response.status().as_u16())
    }
}

fn client() -> ClientBuilder {
    // What the features that the tests build reqwest with leave open. It may have been done.
    _ = rustls::crypto::ring::default_provider().install_default();
    ::reqwest::blocking::Client::builder()
        .dns_resolver(Arc::new(Loopback))
        .danger_accept_invalid_certs(true)
        .no_proxy()
}

/// Every name is that of 127.0.0.1.
struct Loopback;

impl Resolve for Loopback {
    fn resolve(&self, _: Name) -> Resolving {
        let addresses: Addrs = Box::new([(Ipv4Addr::LOCALHOST, 0).into()].into_iter());
        Box::pin(async { Ok(addresses) })
    }
}

/// A Cookie header of the caller's keeps the jar out, also at the next hop: reqwest does not ask.
#[test]
fn what_the_caller_sets_is_sent_alone() {
    Scenario {
        jar: &[("http://a.example/", "a=1")],
        start: "GET http://a.example/",
        own: &[("Cookie", "own=1")],
        answers: &[("http://a.example/", "302\nLocation: /next\nSet-Cookie: b=1")],
        hops: &[
            "GET http://a.example/ | own=1",
            "GET http://a.example/next | own=1",
        ],
        kept: &["a=1 a.example", "b=1 a.example"],
        ..Scenario::default()
    }
    .run(&Reqwest);
}

/// And so does one of the client's default headers.
#[test]
fn what_the_client_always_sets_is_sent_alone() {
    let network = Network::start(&[]);
    let jar = SharedJar::default();
    let a = url(&network.to_wire("http://a.example/"));
    jar.receive(b"a=1", Request::new(&a)).unwrap();
    let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_static("own=1"))]);
    let client = client().default_headers(headers);
    let client = client.cookie_provider(Arc::new(jar)).build().unwrap();
    client.get(a).send().unwrap();
    assert_eq!(network.seen(), ["GET http://a.example/ | own=1"]);
}

const TWO_HOPS_TO_B: [(&str, &str); 2] = [
    ("http://a.example/", "302\nLocation: http://b.example/"),
    ("http://b.example/", "302\nLocation: /2"),
];

/// reqwest 0.13.5 looks at the origin of the hop before only, and begins each hop with the headers of
/// the first one: at the second hop within the other origin they are back (CVE-2024-45336 in Go). The
/// jar, which is not asked, cannot mend it. When this fails, reqwest has mended it, and the scenario
/// `what_the_caller_sets_does_not_come_back` is reqwest's, too.
#[test]
fn what_the_caller_sets_comes_back() {
    Scenario {
        start: "GET http://a.example/",
        own: &[("Cookie", "own=1")],
        answers: &TWO_HOPS_TO_B,
        hops: &[
            "GET http://a.example/ | own=1",
            "GET http://b.example/",
            "GET http://b.example/2 | own=1",
        ],
        ..Scenario::default()
    }
    .run(&Reqwest);
}

/// What to do instead.
#[test]
fn what_the_jar_sends_does_not_come_back() {
    Scenario {
        jar: &[("http://a.example/", "own=1")],
        start: "GET http://a.example/",
        answers: &TWO_HOPS_TO_B,
        hops: &[
            "GET http://a.example/ | own=1",
            "GET http://b.example/",
            "GET http://b.example/2",
        ],
        kept: &["own=1 a.example"],
        ..Scenario::default()
    }
    .run(&Reqwest);
}

/// It ends HTTP on the connection, so reqwest takes it for the response.
#[test]
fn a_101_sets_cookies() {
    Scenario {
        start: "GET http://a.example/",
        answers: &[("http://a.example/", "101\nUpgrade: x\nSet-Cookie: a=1")],
        hops: &["GET http://a.example/"],
        kept: &["a=1 a.example"],
        ..Scenario::default()
    }
    .run(&Reqwest);
}

#[test]
fn what_it_hands_over_is_sensitive() {
    let shop = url("https://shop.example/");
    let (jar, provider) = (
        SharedJar::default(),
        CookieProvider::new(SharedJar::default()),
    );
    for store in [&jar as &dyn CookieStore, &provider] {
        assert_eq!(store.cookies(&shop), None);
        let lines = [b"a=\xFF".as_slice(), b"b=2"].map(|line| line.try_into().unwrap());
        store.set_cookies(&mut lines.iter(), &shop);
        let cookies = store.cookies(&shop).unwrap();
        assert_eq!(text(cookies.as_bytes()), r"a=\xff; b=2");
        assert!(cookies.is_sensitive());
    }
}

/// By an asynchronous client.
#[test]
fn a_provider_tells_what_became_of_each_line() {
    let network = Network::start(&[
        (
            "http://a.example/",
            "302\nLocation: /next\nSet-Cookie: a=1\nSet-Cookie: b=3; Domain=example",
        ),
        (
            "http://a.example/next",
            "200\nSet-Cookie: a=2\nSet-Cookie: a=; Max-Age=0",
        ),
    ]);
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hear = Arc::clone(&heard);
    let listener = move |received: &Received<'_>| {
        let outcome = match received.outcome {
            Ok(receipt) => format!("{receipt:?}"),
            Err(rejection) => rejection.name().to_owned(),
        };
        let path = received.request.url().path();
        let (name, attributes) = (text(received.name), received.attributes);
        let heard = format!("{path} {name}; {attributes} {outcome}");
        hear.lock().unwrap().push(heard);
    };
    let jar = SharedJar::builder().listener(listener).build();
    let provider = CookieProvider::new(jar.clone());
    // See `client`.
    _ = rustls::crypto::ring::default_provider().install_default();
    let client = ::reqwest::Client::builder()
        .dns_resolver(Arc::new(Loopback))
        .no_proxy()
        .cookie_provider(Arc::new(provider));
    let client = client.build().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let sent = client.get(network.to_wire("http://a.example/")).send();
    runtime.unwrap().block_on(sent).unwrap();
    assert_eq!(
        network.seen(),
        ["GET http://a.example/", "GET http://a.example/next | a=1"]
    );
    assert_eq!(
        *heard.lock().unwrap(),
        [
            "/ a;  Stored",
            "/ b; Domain=example public-suffix",
            "/next a;  Replaced",
            "/next a; Max-Age=0 Expired",
        ]
    );
    assert!(jar.is_empty());
}

/// What a client of one page sends and stores: by its site for cookies, its destination and its
/// top-level site.
#[test]
fn the_context_of_a_page() {
    const LINES: [&str; 4] = [
        "strict=1; SameSite=Strict",
        "lax=1; SameSite=Lax",
        "none=1; SameSite=None; Secure",
        "part=1; SameSite=None; Secure; Partitioned",
    ];
    const ALL: &str = "strict lax none part";
    let (shop, news) = (url("https://shop.example/"), url("https://news.example/"));
    let plain = RequestContext::default();
    let own = plain.clone().site_for_cookies(shop.clone());
    let other = plain.clone().site_for_cookies(news.clone());
    let below = other.clone().top_level_site(news);
    let link = other.clone().destination(Destination::TopLevel);
    for (what, context, sent, stored) in [
        ("a plain client", plain, ALL, ALL),
        ("of its own page", own, ALL, ALL),
        ("of another page", other, "none part", "none part"),
        ("in another page", below, "none", "none part"),
        ("from a link elsewhere", link, "lax none part", ALL),
    ] {
        let jar = SharedJar::default();
        for line in LINES {
            jar.receive(line.as_bytes(), Request::new(&shop)).unwrap();
        }
        let provider = CookieProvider::new(jar).context(context.clone());
        let cookies = provider.cookies(&shop).unwrap();
        let pairs: Vec<String> = sent.split(' ').map(|name| format!("{name}=1")).collect();
        assert_eq!(cookies, pairs.join("; "), "{what}");

        let jar = SharedJar::default();
        let provider = CookieProvider::new(jar.clone()).context(context);
        let lines = LINES.map(|line| line.parse().unwrap());
        provider.set_cookies(&mut lines.iter(), &shop);
        let cookies = jar.to_vec();
        let names: Vec<String> = cookies.iter().map(|cookie| text(cookie.name())).collect();
        assert_eq!(names.join(" "), stored, "{what}");
    }
}

#[test]
fn debug_shows_no_value() {
    let jar = SharedJar::default();
    jar.receive(b"sid=secret", Request::new(&url("https://shop.example/")))
        .unwrap();
    let shown = format!("{:?}", CookieProvider::new(jar));
    assert!(shown.contains("CookieProvider") && !shown.contains("secret"));
}
