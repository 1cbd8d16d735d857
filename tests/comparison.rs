//! The README's table of other jars: what hardtack and `cookie_store`, as reqwest's own jar, make of the
//! same lines.

use std::collections::BTreeSet;
use std::time::SystemTime;

use cookie_store::CookieStore;
use hardtack::{CookieJar, Request};
use reqwest::cookie::{CookieStore as _, Jar};
use reqwest::header::HeaderValue;
use url::Url;

fn url(url: &str) -> Url {
    Url::parse(url).unwrap()
}

/// What is sent to a URL after these lines came from theirs: by hardtack, and by reqwest's own jar.
fn sent(lines: &[(&str, &[u8])], to: &str) -> [String; 2] {
    let (mut jar, peer) = (CookieJar::default(), Jar::default());
    for (from, line) in lines {
        _ = jar.receive(line, &url(from), SystemTime::now());
        let line = HeaderValue::from_bytes(line).unwrap();
        peer.set_cookies(&mut std::iter::once(&line), &url(from));
    }
    let own = jar.cookie_string(&url(to), SystemTime::now());
    let peers = peer
        .cookies(&url(to))
        .map(|value| value.as_bytes().to_vec());
    [own, peers].map(|sent| sent.unwrap_or_default().escape_ascii().to_string())
}

#[test]
fn what_is_sent() {
    type Row = (
        &'static [(&'static str, &'static [u8])],
        &'static str,
        [&'static str; 2],
    );
    let rows: &[Row] = &[
        // lines, each with the URL that it comes from; the URL of a request; what each jar sends
        (
            &[("https://a.com/", b"a=1; Domain=com")],
            "https://b.com/",
            ["", "a=1"],
        ),
        (
            &[("http://a.example/", b"a=1; Secure")],
            "https://a.example/",
            ["", "a=1"],
        ),
        (
            &[
                ("https://a.example/", b"a=1; Secure"),
                ("http://a.example/", b"a=2"),
            ],
            "https://a.example/",
            ["a=1", "a=2"],
        ),
        (
            &[(
                "https://a.example/",
                b"__Host-sid=1; Domain=a.example; Secure; Path=/",
            )],
            "https://b.a.example/",
            ["", "__Host-sid=1"],
        ),
        (
            &[("http://a.example/", b"__Secure-sid=1")],
            "http://a.example/",
            ["", "__Secure-sid=1"],
        ),
        (
            &[
                ("https://a.example/", b"a=1"),
                ("https://a.example/", b"a=; Expires=9 Jun 2020 10:18:14"),
            ],
            "https://a.example/",
            ["", "a="],
        ),
        (
            &[("https://a.example/", b"a=\xe9")],
            "https://a.example/",
            [r"a=\xe9", ""],
        ),
        (
            &[("https://a.example/", b"nameless")],
            "https://a.example/",
            ["nameless", ""],
        ),
    ];
    for (lines, to, expected) in rows {
        assert_eq!(sent(lines, to), *expected, "{lines:?}");
    }
}

/// SameSite is hardtack's to enforce where it is told of the site; reqwest's jar has no place for it.
#[test]
fn same_site() {
    let (shop, other) = (url("https://shop.example/"), url("https://other.example/"));
    let mut jar = CookieJar::default();
    jar.receive("a=1; SameSite=Strict", &shop, SystemTime::now())
        .unwrap();
    let request = Request::new(&shop).site_for_cookies(&other);
    assert_eq!(jar.cookie_string(request, SystemTime::now()), None);
    let lines: [(&str, &[u8]); 1] = [("https://shop.example/", b"a=1; SameSite=Strict")];
    assert_eq!(sent(&lines, "https://shop.example/")[1], "a=1");
}

/// Cookies of one path are sent by age, those of a longer one first. In a hash map all orders come up.
#[test]
fn order_of_sending() {
    let lines: [(&str, &[u8]); 4] = [
        ("https://a.example/", b"a=1"),
        ("https://a.example/", b"b=2"),
        ("https://a.example/", b"c=3; Path=/long"),
        ("https://a.example/", b"d=4"),
    ];
    let orders = (0..100).map(|_| sent(&lines, "https://a.example/long"));
    let (own, peers): (BTreeSet<String>, BTreeSet<String>) =
        orders.map(|[own, peers]| (own, peers)).unzip();
    assert_eq!(Vec::from_iter(own), ["c=3; a=1; b=2; d=4"]);
    assert!(peers.len() > 1, "{peers:?}");
}

#[test]
fn limits() {
    let lines: Vec<String> = (0..10_000).map(|number| format!("c{number}=")).collect();
    let lines: Vec<(&str, &[u8])> = lines
        .iter()
        .map(|line| ("https://a.example/", line.as_bytes()))
        .collect();
    let counts = sent(&lines, "https://a.example/").map(|sent| sent.split("; ").count());
    assert_eq!(counts, [180, 10_000]);
}

/// What `cookie_store` has by itself: a public suffix list that is given, errors, and JSON.
#[test]
fn cookie_store_by_itself() {
    let list = "// ===BEGIN ICANN DOMAINS===\ncom\n".parse().unwrap();
    let mut peer = CookieStore::new().with_suffix_list(list);
    assert!(
        peer.parse("a=1; Domain=com", &url("https://a.com/"))
            .is_err()
    );
    peer.parse("a=1; Max-Age=60", &url("https://a.com/"))
        .unwrap();
    let mut saved = Vec::new();
    cookie_store::serde::json::save(&peer, &mut saved).unwrap();
    assert_eq!(
        cookie_store::serde::json::load(&saved[..])
            .unwrap()
            .iter_any()
            .count(),
        1
    );
}
