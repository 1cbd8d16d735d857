//! The examples of the usual Set-Cookie references, and those of the text itself.

use std::time::Duration;

use hardtack::{CookieJar, Domain, Receipt, Request, Timestamp};
use url::Url;

/// A Set-Cookie line, where it comes from, and what becomes of it: a receipt, or the step that
/// refuses.
type Row = (&'static str, &'static str, Result<Receipt, &'static str>);

const STORED: Result<Receipt, &str> = Ok(Receipt::Stored);

fn now() -> Timestamp {
    Timestamp::from_secs(1_717_243_200)
}

fn request(url: &Url) -> Request<'_> {
    Request::new(url)
}

fn check(rows: &[Row], context: impl Fn(&Url) -> Request<'_>) {
    for (url, line, expected) in rows {
        let parsed = Url::parse(url).unwrap();
        let received = CookieJar::default().receive(line.as_bytes(), context(&parsed), now());
        let received = received.map_err(|rejection| {
            rejection
                .citation()
                .map_or(rejection.name().to_owned(), |citation| citation.to_string())
        });
        assert_eq!(
            received,
            expected.map_err(str::to_owned),
            "{line} from {url}"
        );
    }
}

#[test]
fn received_over_http() {
    check(
        &[
            ("https://example.com/", "sessionId=38afes7a8", STORED),
            ("https://example.com/", "id=a3fWa; Max-Age=2592000", STORED),
            (
                "https://example.com/",
                "id=a3fWa; Expires=Wed, 21 Oct 2015 07:28:00 GMT",
                Ok(Receipt::Expired),
            ),
            (
                "https://originalcompany.com/",
                "qwerty=219ffwef9w0f; Domain=somecompany.co.uk",
                Err("5.7 step 10.1.1"),
            ),
            (
                "https://example.com/",
                "sessionId=e8bb43229de9; Domain=foo.example.com",
                Err("5.7 step 10.1.1"),
            ),
            (
                "https://example.com/",
                "__Secure-ID=123; Secure; Domain=example.com",
                STORED,
            ),
            (
                "http://example.com/",
                "__Secure-ID=123; Secure; Domain=example.com",
                Err("5.7 step 13"),
            ),
            (
                "https://example.com/",
                "__Host-ID=123; Secure; Path=/",
                STORED,
            ),
            (
                "http://example.com/",
                "__Host-ID=123; Secure; Path=/",
                Err("5.7 step 13"),
            ),
            ("https://example.com/", "__Secure-id=1", Err("5.7 step 20")),
            (
                "https://example.com/a/b",
                "__Host-id=1; Secure",
                Err("5.7 step 21.3"),
            ),
            (
                "https://example.com/",
                "__Host-id=1; Secure; Path=/; domain=example.com",
                Err("5.7 step 21.2"),
            ),
            // bis, 4.1.3.1 and 4.1.3.2
            (
                "https://site.example/",
                "__Secure-SID=12345; Domain=site.example",
                Err("5.7 step 20"),
            ),
            (
                "https://site.example/",
                "__Secure-SID=12345; Domain=site.example; Secure",
                STORED,
            ),
            (
                "https://site.example/",
                "__Host-SID=12345",
                Err("5.7 step 21.1"),
            ),
            (
                "https://site.example/",
                "__Host-SID=12345; Secure",
                Err("5.7 step 21.3"),
            ),
            (
                "https://site.example/",
                "__Host-SID=12345; Secure; Path=/",
                STORED,
            ),
        ],
        request,
    );
}

#[test]
fn set_by_a_script() {
    check(
        &[
            (
                "https://shop.example/",
                "cart=5; path=/; max-age=3600",
                STORED,
            ),
            (
                "https://shop.example/",
                "isLoggedIn=true; max-age=10; secure; HttpOnly",
                Err("5.7 step 15"),
            ),
        ],
        |url| request(url).non_http(),
    );
}

#[test]
fn a_script_sees_no_http_only_cookie_and_every_request_carries_it() {
    let mut jar = CookieJar::default();
    let url = Url::parse("https://shop.example/").unwrap();
    let lines = ["sid=1; Path=/; Secure; HttpOnly", "cart=5; Path=/"];
    for line in lines {
        assert_eq!(
            jar.receive(line.as_bytes(), request(&url), now()),
            Ok(Receipt::Stored)
        );
    }
    for path in ["https://shop.example/", "https://shop.example/a/b?c"] {
        let url = Url::parse(path).unwrap();
        let sent = jar.cookie_string(request(&url), now()).unwrap();
        assert_eq!(sent.escape_ascii().to_string(), "sid=1; cart=5");
        let seen = jar.cookie_string(request(&url).non_http(), now()).unwrap();
        assert_eq!(seen.escape_ascii().to_string(), "cart=5");
    }
    // Nor can it replace or delete it.
    for line in ["sid=2; Path=/", "sid=; Path=/; Max-Age=0"] {
        let refused = jar
            .receive(line.as_bytes(), request(&url).non_http(), now())
            .unwrap_err();
        assert_eq!(
            refused.citation().unwrap().to_string(),
            "5.7 step 23.2",
            "{line}"
        );
    }
}

#[test]
fn sessions_and_lifetimes() {
    let mut jar = CookieJar::default();
    let url = Url::parse("https://example.com/").unwrap();
    let lines = [
        ("session=1", None),
        ("month=1; Max-Age=2592000", Some(2_592_000)),
        ("forever=1; Max-Age=99999999999", Some(34_560_000)),
        (
            "both=1; Max-Age=10; Expires=Fri, 31 Dec 2027 23:59:59 GMT",
            Some(10),
        ),
    ];
    for (line, seconds) in lines {
        jar.receive(line.as_bytes(), request(&url), now()).unwrap();
        let (name, _) = line.split_once('=').unwrap();
        let cookie = jar.get(Domain::new("example.com"), name, "/", now())[0];
        assert_eq!(
            cookie.expiry_time(),
            seconds.map(|seconds| now() + Duration::from_secs(seconds))
        );
        assert_eq!(cookie.persistent(), seconds.is_some());
    }
    assert_eq!(jar.end_session(), 1);
    assert_eq!(jar.len(), 3);
    // At its very expiry-time a cookie is there, after it no longer.
    let at = now() + Duration::from_secs(10);
    assert_eq!(
        jar.get(Domain::new("example.com"), "both", "/", at).len(),
        1
    );
    let after = at + Duration::from_micros(1);
    assert_eq!(
        jar.get(Domain::new("example.com"), "both", "/", after)
            .len(),
        0
    );
    // What was gone once stays gone when the clock goes back.
    assert_eq!(
        jar.get(Domain::new("example.com"), "both", "/", now())
            .len(),
        0
    );
}
