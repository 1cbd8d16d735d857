//! Laws of all formats that are written: what is read again is the jar, less exactly what was said to be lost, and no
//! request gets more cookies than before.

#![cfg(feature = "json")]

#[path = "written_again/mod.rs"]
mod written_again;

use std::time::Duration;

use hardtack::formats::{Facet, Loss, WriteOptions};
use hardtack::{Cookie, CookieBuilder, CookieJar, Destination, Request, SameSite, Timestamp};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use url::Url;

use written_again::{formats_written, written};

const NOW: Timestamp = Timestamp::from_secs(1_795_800_000);

const HOSTS: [&str; 8] = [
    "shop.example",
    "www.shop.example",
    "xn--mnchen-3ya.example",
    "localhost",
    "127.0.0.1",
    "[2001:db8::1]",
    // What URLs have too.
    "$shop.example",
    "a\"b'.example",
];

const KEYS: [&str; 3] = [
    "https://news.test",
    "https://news.test cross-site",
    "http://localhost",
];

fn octets(pieces: &'static [&'static [u8]]) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(select(pieces), 0..5).prop_map(|pieces| pieces.concat())
}

fn name() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => select(&["a", "sid", "#hash", "Path", "expires", "$x", "a b", "\"q\""][..])
            .prop_map(|name| name.as_bytes().to_vec()),
        1 => select(&["__Host-a", "__Secure-a"][..]).prop_map(|name| name.as_bytes().to_vec()),
        // What serde_json has a meaning of its own for, as the name of a member.
        1 => select(&["$serde_json::private::Number", "$serde_json::private::RawValue"][..])
            .prop_map(|name| name.as_bytes().to_vec()),
        1 => octets(&[b"n", b"\xC3\xB6", b"\xE9", b"\t", b"|", b"\"", b"'", b"\\", b"{", b"%", b","]),
    ]
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    octets(&[
        b"v",
        b"=",
        b"\"",
        b"\\",
        b"\t",
        b"\xC3\xB6",
        b"\xE9",
        b",",
        b"|",
        b"%41",
        b"{\"a\":[1]}",
        b"  ",
        b"null",
        b"'",
        b"None",
        b"\xF0\x9F\x8D\xAA",
    ])
}

fn instant() -> impl Strategy<Value = Timestamp> {
    let year = 31_536_000_000_000_i64;
    prop_oneof![
        (1..year).prop_map(|micros| Timestamp::from_micros(NOW.as_micros() + micros)),
        (1..10_000_i64).prop_map(|seconds| Timestamp::from_secs(NOW.as_secs() + seconds)),
    ]
}

/// When a cookie was created, at times beyond the years that RFC 3339 has.
fn creation() -> impl Strategy<Value = Timestamp> {
    let beyond = [
        Timestamp::MIN,
        Timestamp::from_secs(-62_167_219_201),
        Timestamp::from_secs(253_402_300_800),
        Timestamp::MAX,
    ];
    prop_oneof![
        19 => (1..1_000_000_i64).prop_map(|age| Timestamp::from_micros(NOW.as_micros() - age * 1_000)),
        1 => select(beyond.to_vec()),
    ]
}

prop_compose! {
    fn cookie()(
        pair in (name(), value()),
        host in select(&HOSTS[..]),
        path in prop_oneof![Just(b"/".to_vec()), octets(&[b"/a", b"/", b"/b c", b"/\xE9", b"/\"", b"/\\", b"/\t"])],
        flags in prop::array::uniform3(any::<bool>()),
        same_site in select(&[SameSite::Default, SameSite::Strict, SameSite::Lax, SameSite::None][..]),
        expires in prop::option::of(instant()),
        key in prop::option::weighted(0.2, select(&KEYS[..])),
        (creation, used) in (creation(), creation()),
    ) -> CookieBuilder {
        let ([host_only, secure, http_only], (name, value)) = (flags, pair);
        let cookie = Cookie::builder(name, value, host)
            .path(path)
            .host_only(host_only)
            .secure_only(secure)
            .http_only(http_only)
            .same_site(same_site)
            .creation_time(creation)
            .last_access_time(used - Duration::from_micros(1));
        let cookie = match expires {
            Some(expires) => cookie.expiry_time(expires),
            None => cookie,
        };
        match key {
            Some(key) => cookie.partition(key.parse().unwrap()),
            None => cookie,
        }
    }
}

/// A jar of those of the cookies that a jar takes.
fn jar() -> impl Strategy<Value = CookieJar> {
    prop::collection::vec(cookie(), 0..12).prop_map(|cookies| {
        let mut jar = CookieJar::default();
        jar.restore(cookies, NOW);
        jar
    })
}

fn request<'u>(url: &'u Url, page: Option<&'u Url>, is_script: bool) -> Request<'u> {
    let request = Request::new(url);
    let request = match page {
        Some(page) => request
            .site_for_cookies(page)
            .top_level_site(page)
            .cross_site_ancestor(is_script)
            .destination(if is_script {
                Destination::TopLevel
            } else {
                Destination::Nested
            }),
        None => request,
    };
    if is_script {
        request.non_http()
    } else {
        request
    }
}

proptest! {
    #[test]
    fn what_is_read_again_is_the_jar_less_what_was_lost(jar in jar()) {
        let law = written_again::is_the_jar_less_what_was_lost(&jar, NOW);
        prop_assert_eq!(law, Ok(()));
    }

    #[test]
    fn no_request_gets_more(
        jar in jar(),
        scheme in select(&["https", "http"][..]),
        host in select(&HOSTS[..]),
        path in select(&["/", "/a", "/a/b c"][..]),
        page in prop::option::of(select(&["https://news.test/", "http://localhost/", "https://shop.example/"][..])),
        is_script in any::<bool>(),
    ) {
        let url = Url::parse(&format!("{scheme}://{host}{path}")).unwrap();
        let page = page.map(|page| Url::parse(page).unwrap());
        // HttpOnly and SameSite do not narrow what a same-site request over HTTP sends.
        let same_site = request(&url, None, false);
        let request = request(&url, page.as_ref(), is_script);
        let law = written_again::sends_no_more(&jar, &[(request, same_site)], NOW);
        prop_assert_eq!(law, Ok(()));
    }

    #[test]
    fn what_is_given_up_is_told(jar in jar(), given_up in subsequence(&Facet::ALL[..], 0..=1)) {
        for format in formats_written() {
            let mut options = WriteOptions::default();
            for facet in &given_up {
                options = options.give_up(*facet);
            }
            let written = written(format, &jar, NOW, &options);
            let partition = written.lost.iter().filter(|lost| lost.loss == Loss::Partition);
            for lost in partition {
                prop_assert_eq!(lost.left_out, given_up.is_empty(), "{}", format);
            }
        }
    }
}
