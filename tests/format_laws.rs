//! Laws of all formats that are written: what is read again is the jar, less exactly what was said to be lost, and no
//! request gets more cookies than before.

#![cfg(feature = "json")]

use hardtack::formats::{self, Facet, Format, Loss, RecordedCookie, WriteOptions, Written};
use hardtack::{
    Cookie, CookieBuilder, CookieJar, Destination, PartitionKey, Policy, Request, SameSite,
    Timestamp,
};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use url::Url;

const NOW: Timestamp = Timestamp::from_secs(1_795_800_000);

const HOSTS: [&str; 6] = [
    "shop.example",
    "www.shop.example",
    "xn--mnchen-3ya.example",
    "localhost",
    "127.0.0.1",
    "[2001:db8::1]",
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

prop_compose! {
    fn cookie()(
        pair in (name(), value()),
        host in select(&HOSTS[..]),
        path in prop_oneof![Just(b"/".to_vec()), octets(&[b"/a", b"/", b"/b c", b"/\xE9", b"/\"", b"/\\", b"/\t"])],
        flags in prop::array::uniform3(any::<bool>()),
        same_site in select(&[SameSite::Default, SameSite::Strict, SameSite::Lax, SameSite::None][..]),
        expires in prop::option::of(instant()),
        key in prop::option::weighted(0.2, select(&KEYS[..])),
        age in 1..1_000_000_i64,
    ) -> CookieBuilder {
        let ([host_only, secure, http_only], (name, value)) = (flags, pair);
        let cookie = Cookie::builder(name, value, host)
            .path(path)
            .host_only(host_only)
            .secure_only(secure)
            .http_only(http_only)
            .same_site(same_site)
            .creation_time(Timestamp::from_micros(NOW.as_micros() - age * 1_000))
            .last_access_time(Timestamp::from_micros(NOW.as_micros() - age));
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

fn written(format: Format, jar: &CookieJar, options: &WriteOptions<'_>) -> Written {
    formats::write(format, jar.iter(NOW), options).unwrap()
}

/// What a record says differently from the cookie that was written, but for what was lost of it.
fn difference(cookie: &Cookie, record: &RecordedCookie, lost: &[Loss]) -> Option<&'static str> {
    let is_lost = |loss| lost.contains(&loss);
    let floor = |time: Timestamp, to: i64| Timestamp::from_micros(time.as_micros() / to * to);
    // Of an instant whose fraction is lost, a part may still be there.
    let is_near = |time: Timestamp, read: Option<Timestamp>, is_lost: bool| match read {
        None => is_lost,
        Some(read) if is_lost => read == floor(time, 1_000) || read == floor(time, 1_000_000),
        Some(read) => read == time,
    };
    let expires = match (cookie.expiry_time(), record.expires) {
        (Some(time), read @ Some(_)) => is_near(time, read, is_lost(Loss::ExpiryFraction)),
        (time, read) => time == read,
    };
    let same_site = record.same_site.unwrap_or_default() == cookie.same_site();
    let http_only = record.http_only.unwrap_or(false) == cookie.http_only();
    let partition = record.partition.as_ref() == cookie.partition();
    let creation = is_near(
        cookie.creation_time(),
        record.creation,
        is_lost(Loss::CreationTime),
    );
    let last_access = is_near(
        cookie.last_access_time(),
        record.last_access,
        is_lost(Loss::LastAccessTime),
    );
    [
        ("name", record.name == cookie.name()),
        ("value", record.value == cookie.value()),
        ("domain", record.domain.as_bytes() == cookie.domain()),
        ("path", record.path == cookie.path()),
        ("host_only", record.host_only == Some(cookie.host_only())),
        ("secure", record.secure == Some(cookie.secure_only())),
        ("http_only", http_only || is_lost(Loss::HttpOnly)),
        ("same_site", same_site || is_lost(Loss::SameSite)),
        ("expires", expires),
        ("partition", partition || is_lost(Loss::Partition)),
        ("creation", creation),
        ("last_access", last_access),
    ]
    .into_iter()
    .find_map(|(field, is_same)| (!is_same).then_some(field))
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

/// The pairs that a jar sends, in order.
fn sent(jar: &CookieJar, request: &Request<'_>) -> Vec<(Vec<u8>, Vec<u8>, Option<PartitionKey>)> {
    let explained = jar.explain(request, NOW).into_iter();
    let sent = explained.filter(|(_, why_not)| why_not.is_none());
    sent.map(|(cookie, _)| {
        (
            cookie.name().to_vec(),
            cookie.value().to_vec(),
            cookie.partition().cloned(),
        )
    })
    .collect()
}

fn formats_written() -> impl Iterator<Item = Format> {
    Format::ALL
        .into_iter()
        .filter(|format| format.can_be_written())
}

proptest! {
    #[test]
    fn what_is_read_again_is_the_jar_less_what_was_lost(jar in jar()) {
        let cookies: Vec<&Cookie> = jar.iter(NOW).collect();
        for format in formats_written() {
            let written = written(format, &jar, &WriteOptions::default());
            let again = formats::read(&written.octets, Some(format)).unwrap();
            let detected = formats::read(&written.octets, None).unwrap();
            if !again.records.is_empty() {
                prop_assert_eq!(detected.format, Some(format));
            }
            let lost = |index: usize| written.lost.iter().filter(move |lost| lost.index == index);
            let held = cookies.iter().enumerate();
            let held: Vec<_> = held.filter(|(index, _)| !lost(*index).any(|lost| lost.left_out)).collect();
            prop_assert_eq!(again.records.len(), held.len(), "{}", format);
            let mut records: Vec<&RecordedCookie> = Vec::new();
            for record in &again.records {
                let record = record.cookie.as_ref();
                prop_assert!(record.is_some(), "{} cannot be read again", format);
                records.extend(record);
            }
            // Nothing has to be repaired in what hardtack wrote.
            for record in again.records.iter().filter(|record| record.cookie.as_ref().is_some_and(|cookie| !cookie.name.is_empty())) {
                prop_assert!(record.notes.is_empty(), "{}: {:?}", format, record.notes);
            }
            // Some formats have an order of their own.
            for (index, cookie) in held {
                let losses: Vec<Loss> = lost(index).map(|lost| lost.loss).collect();
                let differences: Vec<_> = records
                    .iter()
                    .map(|record| difference(cookie, record, &losses))
                    .collect();
                let found = differences.iter().any(Option::is_none);
                prop_assert!(found, "{} {:?}: {:?}", format, cookie, differences);
            }
        }
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
        for format in formats_written() {
            let written = written(format, &jar, &WriteOptions::default());
            let contents = formats::read(&written.octets, Some(format)).unwrap();
            let (copy, _) = contents.jar(Policy::default(), NOW);
            let is_told = written.lost.iter().any(|lost| matches!(lost.loss, Loss::HttpOnly | Loss::SameSite));
            // HttpOnly and SameSite do not narrow what a same-site request over HTTP sends.
            let request = if is_told {
                request(&url, None, false)
            } else {
                request(&url, page.as_ref(), is_script)
            };
            let source = sent(&jar, &request);
            for pair in sent(&copy, &request) {
                prop_assert!(source.contains(&pair), "{} sends {:?} more", format, pair.0.escape_ascii().to_string());
            }
        }
    }

    #[test]
    fn what_is_given_up_is_told(jar in jar(), given_up in subsequence(&Facet::ALL[..], 0..=1)) {
        for format in formats_written() {
            let mut options = WriteOptions::default();
            for facet in &given_up {
                options = options.give_up(*facet);
            }
            let written = written(format, &jar, &options);
            let partition = written.lost.iter().filter(|lost| lost.loss == Loss::Partition);
            for lost in partition {
                prop_assert_eq!(lost.left_out, given_up.is_empty(), "{}", format);
            }
        }
    }
}
