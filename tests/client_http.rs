//! From `http`'s types to the jar's and back.
#![cfg(feature = "http")]

mod common;

use std::collections::HashSet;

use common::{NOW, text, url};
use hardtack::client::{self as cookies, CookieFields, OwnedRequest, RequestError};
use hardtack::{Destination, Receipt, Rejection, Request, RequestContext, SharedJar};
use http::header::{COOKIE, HeaderMap, HeaderValue, SET_COOKIE};
use http::{Method, StatusCode, Uri};

const SHOP: &str = "https://shop.example/";

fn jar(lines: &[&[u8]]) -> SharedJar {
    let jar = SharedJar::builder().clock(|| NOW).build();
    for line in lines {
        jar.receive(line, Request::new(&url(SHOP))).unwrap();
    }
    jar
}

/// The Cookie fields of a request to the shop, with a line between them.
fn attached(jar: &SharedJar, fields: CookieFields, own: &[&[u8]]) -> String {
    let mut headers = HeaderMap::new();
    for value in own {
        headers.append(COOKIE, HeaderValue::from_bytes(value).unwrap());
    }
    cookies::attach(jar, Request::new(&url(SHOP)), fields, &mut headers);
    let fields = headers.get_all(COOKIE).iter();
    let fields: Vec<String> = fields.map(|value| text(value.as_bytes())).collect();
    fields.join("\n")
}

#[test]
fn a_uri_has_the_url_that_it_connects_to() {
    let rows: &[(&str, Result<&str, RequestError>)] = &[
        ("https://shop.example", Ok("https://shop.example/")),
        ("https://shop.example?a=b", Ok("https://shop.example/?a=b")),
        ("HTTPS://SHOP.example:443/A", Ok("https://shop.example/A")),
        ("http://shop.example:8080/", Ok("http://shop.example:8080/")),
        ("http://u:p@shop.example/", Ok("http://shop.example/")),
        ("http://[::1]:80/", Ok("http://[::1]/")),
        ("http://127.1/", Ok("http://127.0.0.1/")),
        ("/cart", Err(RequestError::NotAbsolute)),
        ("*", Err(RequestError::NotAbsolute)),
        ("shop.example:443", Err(RequestError::NotAbsolute)),
        (
            "http://[fe80::1%25eth0]/",
            Err(url::ParseError::InvalidIpv6Address.into()),
        ),
        (
            "http://256.0.0.1/",
            Err(url::ParseError::InvalidIpv4Address.into()),
        ),
    ];
    for (uri, expected) in rows {
        let request = http::Request::get(*uri).body(()).unwrap();
        let found = OwnedRequest::new(&request).map(|owned| owned.url().to_string());
        assert_eq!(found, expected.map(str::to_owned), "{uri}");
    }
}

#[test]
fn a_tunnel_has_no_cookies() {
    for uri in ["shop.example:443", SHOP] {
        let request = http::Request::connect(uri).body(()).unwrap();
        assert_eq!(
            OwnedRequest::new(&request).unwrap_err(),
            RequestError::Connect,
            "{uri}"
        );
    }
}

#[test]
fn the_context_travels_in_the_extensions() {
    let jar = jar(&[
        b"strict=1; SameSite=Strict",
        b"lax=1; SameSite=Lax",
        b"none=1; SameSite=None; Secure",
        b"part=1; SameSite=None; Secure; Partitioned",
    ]);
    let page = || url("https://news.example/");
    let cross_site = || RequestContext::default().site_for_cookies(page());
    let top_level = || cross_site().destination(Destination::TopLevel);
    let plain = RequestContext::default;
    let rows = [
        (Method::GET, plain(), "strict=1; lax=1; none=1; part=1"),
        (
            Method::POST,
            plain().site_for_cookies(url(SHOP)),
            "strict=1; lax=1; none=1; part=1",
        ),
        (Method::GET, cross_site(), "none=1; part=1"),
        (
            Method::GET,
            plain().opaque_site_for_cookies(),
            "none=1; part=1",
        ),
        (Method::GET, top_level(), "lax=1; none=1; part=1"),
        (Method::POST, top_level(), "none=1; part=1"),
        (Method::GET, cross_site().top_level_site(page()), "none=1"),
        (
            Method::GET,
            plain().cross_site_ancestor(true),
            "strict=1; lax=1; none=1",
        ),
    ];
    for (method, context, expected) in rows {
        let request = http::Request::builder().method(method.clone()).uri(SHOP);
        let request = request.extension(context.clone()).body(()).unwrap();
        let owned = OwnedRequest::new(&request).unwrap();
        assert_eq!(owned.method(), method);
        let sent = cookies::cookie_value(&jar, owned.as_request()).unwrap();
        assert_eq!(text(sent.as_bytes()), expected, "{method} {context:?}");
    }
}

#[test]
fn requests_are_equal_if_url_method_and_context_are() {
    let other = || url("https://other.example/");
    let context = RequestContext::default();
    let contexts = [
        context.clone(),
        context.clone().site_for_cookies(url(SHOP)),
        context.clone().site_for_cookies(other()),
        context.clone().opaque_site_for_cookies(),
        context.clone().destination(Destination::TopLevel),
        context.clone().top_level_site(other()),
        context.clone().cross_site_ancestor(true),
    ];
    let owned = |method: &Method, uri: &'static str, context: &RequestContext| {
        OwnedRequest::with_context(method, &Uri::from_static(uri), context.clone()).unwrap()
    };
    let in_each = contexts.iter().map(|it| owned(&Method::GET, SHOP, it));
    let mut requests: Vec<OwnedRequest> = in_each.collect();
    requests.push(owned(&Method::POST, SHOP, &context));
    requests.push(owned(&Method::GET, "https://other.example/", &context));
    for (at, one) in requests.iter().enumerate() {
        for (other_at, other) in requests.iter().enumerate() {
            assert_eq!(*one == other.clone(), at == other_at, "{one:?} {other:?}");
        }
    }
    let set: HashSet<OwnedRequest> = requests.iter().chain(&requests).cloned().collect();
    assert_eq!(set.len(), requests.len());
    let set: HashSet<RequestContext> = contexts.iter().chain(&contexts).cloned().collect();
    assert_eq!(set.len(), contexts.len());
}

#[test]
fn debug_shows_of_urls_the_origin() {
    let secret = || url("https://u:p@shop.example/secret?secret");
    let context = RequestContext::default()
        .site_for_cookies(secret())
        .top_level_site(secret());
    let request = http::Request::get("https://u:p@shop.example/cart?secret");
    let request = request.extension(context.clone()).body(()).unwrap();
    let owned = OwnedRequest::new(&request).unwrap();
    for shown in [format!("{context:?}"), format!("{owned:?}")] {
        assert!(shown.contains("https://shop.example"), "{shown}");
        assert!(
            !shown.contains("secret") && !shown.contains("u:p"),
            "{shown}"
        );
    }
}

#[test]
fn what_is_there_already_stays_and_wins_its_names() {
    use CookieFields::{Crumbs, One};
    type Row<'a> = (&'a SharedJar, CookieFields, &'a [&'a [u8]], &'a str);

    let two = jar(&[b"a=1", b"b=2"]);
    let nameless = jar(&[b"a=1", b"x"]);
    let none = jar(&[]);
    let rows: &[Row<'_>] = &[
        // the jar, the form, the caller's fields, the fields that are sent
        (&two, One, &[], "a=1; b=2"),
        (&two, One, &[b"c=3"], "c=3; a=1; b=2"),
        (&two, One, &[b"a=0"], "a=0; b=2"),
        (&two, One, &[b"b=0; a=0; a"], "b=0; a=0; a"),
        (&two, One, &[b"A=0"], "A=0; a=1; b=2"),
        (&two, One, &[b"x; \ta = 0;"], "x; \\ta = 0;; b=2"),
        (&two, One, &[b""], "a=1; b=2"),
        (&two, One, &[b"c=3", b"a=0"], "c=3; a=0; b=2"),
        (&two, One, &[b"\xFF=3"], "\\xff=3; a=1; b=2"),
        (&nameless, One, &[b"y"], "y; a=1"),
        (&nameless, One, &[b"y;"], "y;; a=1"),
        (&nameless, One, &[b"x=y"], "x=y; a=1; x"),
        // what is empty is no cookie
        (&nameless, One, &[b"x=y;"], "x=y;; a=1; x"),
        (&nameless, One, &[b""], "a=1; x"),
        (&none, One, &[b"c=3"], "c=3"),
        (&none, One, &[], ""),
        (&two, Crumbs, &[], "a=1\nb=2"),
        (&two, Crumbs, &[b"a=0; c=3"], "a=0; c=3\nb=2"),
        (&none, Crumbs, &[], ""),
    ];
    for (jar, fields, own, expected) in rows {
        let own_text: Vec<String> = own.iter().map(|value| text(value)).collect();
        assert_eq!(
            attached(jar, *fields, own),
            *expected,
            "{fields:?} {own_text:?}"
        );
    }
}

#[test]
fn cookies_are_marked_as_sensitive() {
    for fields in [CookieFields::One, CookieFields::Crumbs] {
        for own in [None, Some(HeaderValue::from_static("c=3"))] {
            let mut headers = HeaderMap::new();
            headers.extend(own.map(|value| (COOKIE, value)));
            let jar = jar(&[b"a=1", b"b=2"]);
            cookies::attach(&jar, Request::new(&url(SHOP)), fields, &mut headers);
            for value in headers
                .get_all(COOKIE)
                .iter()
                .filter(|value| *value != "c=3")
            {
                assert!(value.is_sensitive(), "{value:?}");
                assert!(!format!("{value:?}").contains("a=1"));
            }
        }
    }
}

/// What a stored cookie may hold, a field's value may hold.
#[test]
fn every_octet_that_is_kept_is_sent() {
    for octet in 0..=255_u8 {
        let jar = SharedJar::default();
        let line = [b"a=x", &[octet][..], b"y"].concat();
        let request = url(SHOP);
        let request = Request::new(&request);
        if jar.receive(&line, request).is_err() {
            assert!(matches!(octet, 0..=8 | 10..=31 | 127), "{octet:#04x}");
            continue;
        }
        let sent = cookies::cookie_value(&jar, request).unwrap();
        let kept = jar.cookie_string(request).unwrap();
        assert_eq!(sent.as_bytes(), kept, "{octet:#04x}");
    }
}

#[test]
fn each_set_cookie_field_is_received_and_answered() {
    let mut response = http::Response::builder();
    for value in [
        &b"a=\xFF"[..],
        b"b=2; Domain=example",
        b"a=3",
        b"a=; Max-Age=0",
    ] {
        response = response.header(SET_COOKIE, HeaderValue::from_bytes(value).unwrap());
    }
    let response = response.body(()).unwrap();
    let jar = jar(&[]);
    let received = cookies::receive(&jar, &url(SHOP), response.status(), response.headers());
    let [first, second, third, fourth] = &received[..] else {
        panic!("{received:?}");
    };
    assert_eq!(first.result, Ok(Receipt::Stored));
    assert!(matches!(second.result, Err(Rejection::PublicSuffix { .. })));
    assert_eq!(third.result, Ok(Receipt::Replaced));
    assert_eq!(fourth.result, Ok(Receipt::Expired));
    assert_eq!((&*first.name, &*second.name), (&b"a"[..], &b"b"[..]));
    let told = [first, second].map(ToString::to_string);
    let refusal = "b: `example` is a public suffix: leave Domain out, or name a domain below it";
    assert_eq!(told, ["a: stored", refusal]);
    assert!(jar.is_empty());
}

#[test]
fn a_100_level_response_sets_nothing() {
    for (status, kept) in [
        (100, 0),
        (101, 0),
        (103, 0),
        (199, 0),
        (200, 1),
        (304, 1),
        (500, 1),
    ] {
        let status = StatusCode::from_u16(status).unwrap();
        let response = http::Response::builder().status(status);
        let response = response.header(SET_COOKIE, "a=1").body(()).unwrap();
        let jar = jar(&[]);
        let received = cookies::receive(&jar, &url(SHOP), response.status(), response.headers());
        assert_eq!((received.len(), jar.len()), (kept, kept), "{status}");
    }
}
