//! Input that nobody means: nothing panics, and the answers are right all the same.

mod common;

use std::time::Duration;

use chrono::{DateTime, Utc};
use common::{NOW, after, cells, policy, receive, sent, text, url};
use hardtack::{
    Cookie, CookieJar, DateError, Destination, Domain, IgnoredReason, ParseError, PublicSuffixList,
    Receipt, Rejection, Request, SetCookie, Site, Timestamp, parse_cookie_date,
};
use url::Url;

const MILLION: usize = 1_000_000;

/// Parses a line: octets of the name and of the value, and how many attributes were observed.
fn parse(line: &[u8]) -> Result<(usize, usize, usize), ParseError> {
    let mut observed = 0;
    let parsed = SetCookie::parse_observed(line, |_| observed += 1)?;
    Ok((parsed.name().len(), parsed.value().len(), observed))
}

#[test]
fn long_lines() {
    let many = |piece: &[u8]| piece.repeat(MILLION);
    let rows = [
        // before, a million of these, after, what is parsed
        ("", &b" "[..], "", Ok((0, 0, 0))),
        ("", b"\t", "a \t=b", Ok((1, 1, 0))),
        ("a=", b" ", "", Ok((1, 0, 0))),
        ("a=b", b" ", "c", Err(ParseError::TooLong)),
        ("", b"=", "", Err(ParseError::TooLong)),
        ("", b"a", "", Err(ParseError::TooLong)),
        ("a=", b"b", "", Err(ParseError::TooLong)),
        ("", b"a", "=b", Err(ParseError::TooLong)),
        ("", b"\xFF", "", Err(ParseError::TooLong)),
        ("", b";", "", Ok((0, 0, MILLION))),
        ("", b"; ", "", Ok((0, 0, MILLION))),
        ("a=b", b";=", "", Ok((1, 1, MILLION))),
        ("a=b;", b"\xC3", "", Ok((1, 1, 1))),
        ("a=b; Path=/", b"p", "", Ok((1, 1, 1))),
        ("a=b; Domain=", b"..", "", Ok((1, 1, 1))),
        ("a=b; Expires=", b"9 ", "", Ok((1, 1, 1))),
        ("a=b; Max-Age=", b"9", "", Ok((1, 1, 1))),
        ("a=b; Max-Age=-", b"9", "", Ok((1, 1, 1))),
        ("a=b; ", b" ", "Secure", Ok((1, 1, 1))),
        ("", b"\0", "", Err(ParseError::ControlOctet)),
        ("a=b; Path=", b"p", "\0", Err(ParseError::ControlOctet)),
        ("", b"\r\n", "", Err(ParseError::ControlOctet)),
    ];
    for (before, piece, after, expected) in rows {
        let line = [before.as_bytes(), &many(piece), after.as_bytes()].concat();
        let row = (before, text(piece), after);
        assert_eq!(parse(&line), expected, "{row:?}");
        let shop = url("https://shop.example/");
        let received = CookieJar::default().receive(&line, Request::new(&shop), NOW);
        let expected = match expected {
            Ok((0, 0, _)) => Err(Rejection::Empty),
            Ok(_) => Ok(Receipt::Stored),
            Err(error) => Err(Rejection::Parse(error)),
        };
        assert_eq!(received, expected, "{row:?}");
    }
}

#[test]
fn each_attribute_is_looked_at_once() {
    let attributes = [
        "; Secure",
        "; SameSite=Lax",
        "; Path=/a",
        "; Path",
        "; Domain=.SHOP.example",
        "; x=y",
        "; Max-Age=60",
        "; Expires=9 Jun 2021 1:1:1",
        "; Partitioned",
    ];
    for attribute in attributes {
        let line = format!("a=b{attribute}");
        let once = SetCookie::parse(line.as_bytes()).unwrap();
        for count in [1, 1000, 100_000] {
            let line = format!("a=b{}", attribute.repeat(count));
            let mut observed = 0;
            let often = SetCookie::parse_observed(line.as_bytes(), |_| observed += 1).unwrap();
            assert_eq!(observed, count, "{attribute}");
            // Many are as good as one.
            assert_eq!(often, once, "{attribute}");
        }
    }
}

#[test]
fn numbers_and_dates_of_many_digits() {
    let digits = "9".repeat(1023);
    let rows = [
        // attribute, seconds
        (format!("Max-Age={digits}"), Some(i64::MAX)),
        (format!("Max-Age=-{digits}"), Some(i64::MIN)),
        (format!("Max-Age={}1", "0".repeat(1023)), Some(1)),
        (format!("Max-Age={}1", "0".repeat(1024)), None),
        (format!("Max-Age={digits}x"), None),
        (format!("Max-Age={}", "9".repeat(MILLION)), None),
    ];
    for (attribute, expected) in rows {
        let line = format!("a=b; {attribute}");
        let parsed = SetCookie::parse(line.as_bytes()).unwrap();
        assert_eq!(parsed.max_age(), expected, "{line:.60}");
    }
    let date = "9 Jun 2021 10:18:14";
    let rows = [
        // before, ten thousand of these, after; the error, if it is no date
        ("", "9", "", Some(DateError::NoTime)),
        ("1:1:1 ", "9", " Jun 2021", Some(DateError::NoDayOfMonth)),
        ("1:1:1 9 Jun ", "2", "", Some(DateError::NoYear)),
        ("9 Jun 2021 1:1:", "1", "", Some(DateError::NoTime)),
        ("", ":", "", Some(DateError::NoTime)),
        ("", "1:1:1 ", "", Some(DateError::NoMonth)),
        ("", "Jun ", date, None),
        ("", "x ", date, None),
        ("", "9 ", date, None),
        (date, " 8 Jul 2020 1:1:1", "", None),
        ("", "-", date, None),
        (date, "\0", "", None),
        (date, "\u{e9}", "", None),
        ("9 Jun", "e", " 2021 10:18:14", None),
        ("9", "th", " Jun 2021 10:18:14", None),
        ("9 Jun 2021", "AD", " 10:18:14", None),
        ("", "", "", Some(DateError::NoTime)),
    ];
    let expected: Timestamp = "2021-06-09T10:18:14Z".parse().unwrap();
    for (before, piece, after, error) in rows {
        let date = format!("{before}{}{after}", piece.repeat(10_000));
        let parsed = parse_cookie_date(date.as_bytes());
        assert_eq!(
            parsed,
            error.map_or(Ok(expected), Err),
            "{before} {piece} {after}"
        );
    }
    let digits = format!("a=b; Expires={}", "9".repeat(10_000));
    let mut reasons = Vec::new();
    SetCookie::parse_observed(digits.as_bytes(), |attribute| {
        reasons.extend(attribute.err().map(|ignored| ignored.reason));
    })
    .unwrap();
    assert_eq!(reasons, [IgnoredReason::TooLong]);
}

#[test]
fn hosts_of_urls() {
    let rows = [
        // URL | the domain of its cookies; `-` where there are none
        "http://EXAMPLE.com/                 | example.com",
        "http:///example.com                 | example.com",
        "http://user:pw@example.com:1/       | example.com",
        "http://exam_ple.com/                | exam_ple.com",
        "http://1.2.3/                       | 1.2.0.3",
        "http://[1:2:0:0:0:0:0:8]/           | [1:2::8]",
        "http://[::ffff:1.2.3.4]/            | [::ffff:102:304]",
        "http://a..b/                        | a..b",
        "http://.a/                          | .a",
        "http://a../                         | a..",
        "http://./                           | .",
        "http://../                          | ..",
        "ftp://example.com/                  | example.com",
        "file://server/share                 | server",
        "file:///x                           | -",
        "file:x                              | -",
        "data:text/plain,x                   | -",
        "blob:https://example.com/0          | -",
        "about:blank                         | -",
        "javascript:1                        | -",
        "mailto:a@b.example                  | -",
        "unix:/run/x.sock                    | -",
        // The hosts of schemes that the URL Standard does not know are as they were written.
        "foo://EXAMPLE.com                   | example.com",
        "foo://b%C3%BCcher.example/          | xn--bcher-kva.example",
        "foo://%41.example/                  | a.example",
        "foo://127.1/                        | 127.0.0.1",
        "foo://[::1]/                        | [::1]",
        "foo:///x                            | -",
        "foo:x                               | -",
        "foo://a%00b/                        | -",
        "foo://a%20b/                        | -",
        "foo://a%2Fb/                        | -",
        "foo://a%25b/                        | -",
        "foo://%ff/                          | -",
        "foo://xn--a/                        | -",
        "foo://256.0.0.1/                    | -",
    ];
    let list = PublicSuffixList::embedded();
    for [from, domain] in rows.map(cells) {
        let mut jar = CookieJar::default();
        let received = receive(&mut jar, from, "a=1", NOW);
        if domain == "-" {
            let public_suffix = false;
            assert_eq!(
                received,
                Err(Rejection::NoCanonicalHost { public_suffix }),
                "{from}"
            );
        } else {
            assert_eq!(received, Ok(Receipt::Stored), "{from}");
            assert_eq!(
                text(jar.iter(NOW).next().unwrap().domain()),
                domain,
                "{from}"
            );
        }
        // Whatever else may be asked of such a URL.
        let odd = url(from);
        let shop = url("https://shop.example/");
        let own = Request::new(&odd)
            .site_for_cookies(&odd)
            .top_level_site(&odd);
        let other = Request::new(&shop)
            .site_for_cookies(&odd)
            .top_level_site(&odd);
        for request in [
            own,
            other,
            own.non_http(),
            other.destination(Destination::TopLevel),
        ] {
            let mut jar = jar.clone();
            let received = jar.receive(b"b=1; Secure; Partitioned; SameSite=None", request, NOW);
            assert_eq!(
                jar.len(),
                usize::from(domain != "-") + usize::from(received.is_ok())
            );
            let explained = jar.explain(request, NOW).len();
            assert!(explained <= jar.len() && jar.cookies(request, NOW).len() <= explained);
        }
        assert!(
            Site::of(&odd, &list).is_none_or(|site| !site.host().is_empty()),
            "{from}"
        );
    }
}

#[test]
fn hosts_that_are_none() {
    let long = format!("{}example", "a.".repeat(100_000));
    let rows = [
        // host, can a cookie be built for it
        ("", false),
        (" ", false),
        ("\0", false),
        ("a\nb", false),
        ("a/b", false),
        ("a:1", false),
        ("a@b", false),
        ("[::1", false),
        ("::1", false),
        ("[fe80::1%eth0]", false),
        ("[fe80::1%25eth0]", false),
        ("[v1.x]", false),
        ("1.2.3.4.5", false),
        ("%", false),
        ("\u{ad}", false),
        ("xn--", false),
        (".", false),
        // As the host of a URL they are something else.
        ("..", false),
        (".a", false),
        ("*.a", false),
        ("a.*", false),
        ("a..b", true),
        (&long, true),
    ];
    for (host, expected) in rows {
        let mut jar = CookieJar::default();
        for host_only in [true, false] {
            let cookie = Cookie::builder("a", "1", host).host_only(host_only);
            let inserted = jar.insert(&cookie, NOW);
            assert_eq!(inserted.is_ok(), expected, "{host:.20}: {inserted:?}");
        }
    }
}

/// A host of so many labels, below shop.example.
fn host(labels: usize) -> String {
    format!("{}shop.example", "a.".repeat(labels - 2))
}

#[test]
fn hosts_of_many_labels() {
    // No host of the DNS has more than 127.
    for labels in [2, 3, 126, 127, 128, 129, 10_000, 100_000] {
        let (https, http) = (
            format!("https://{}/", host(labels)),
            format!("http://{}/", host(labels)),
        );
        let mut jar = CookieJar::default();
        receive(&mut jar, &https, "a=1; Domain=shop.example", NOW).unwrap();
        receive(&mut jar, &https, "b=1", NOW).unwrap();
        receive(&mut jar, &https, "c=1; Secure; Partitioned", NOW).unwrap();
        receive(
            &mut jar,
            "https://shop.example/",
            "d=1; Domain=shop.example",
            NOW,
        )
        .unwrap();
        receive(&mut jar, "https://other.example/", "e=1", NOW).unwrap();
        let long = url(&https);
        let request = Request::new(&long).site_for_cookies(&long);
        let cookie_string = jar.cookie_string(request, NOW).unwrap();
        assert_eq!(text(&cookie_string), "a=1; b=1; c=1; d=1", "{labels}");
        assert_eq!(jar.explain(request, NOW).len(), 4, "{labels}");
        let refused = receive(&mut jar, &https, "f=1; Domain=example", NOW);
        assert_eq!(refused.unwrap_err().name(), "public-suffix", "{labels}");
        // Step 16, upwards and downwards.
        for [secure, insecure] in [
            [&https[..], "http://shop.example/"],
            ["https://shop.example/", &http],
        ] {
            let mut jar = CookieJar::default();
            receive(&mut jar, secure, "a=1; Secure", NOW).unwrap();
            let refused = receive(&mut jar, insecure, "a=2", NOW);
            assert_eq!(refused, Err(Rejection::OverlaysSecure), "{labels}");
        }
        assert_eq!(
            jar.remove(Domain::new(&host(labels)), "b", "/", NOW),
            1,
            "{labels}"
        );
        assert_eq!(
            jar.clear_domain(Domain::new("shop.example")),
            if labels == 2 { 3 } else { 2 },
            "{labels}"
        );
    }
    // Each of its parents is one of its domains.
    for labels in [127, 128] {
        let mut jar = CookieJar::new(policy(|policy| policy.max_cookies_per_domain = 1));
        for parent in 2..=labels {
            let line = format!("n=1; Domain={}", host(parent));
            receive(&mut jar, &format!("https://{}/", host(labels)), &line, NOW).unwrap();
        }
        let to = url(&format!("https://{}/", host(labels)));
        assert_eq!(jar.cookies(Request::new(&to), NOW).len(), labels - 1);
        assert_eq!(jar.explain(Request::new(&to), NOW).len(), labels - 1);
    }
}

#[test]
fn hosts_with_empty_labels() {
    let rows = [
        // host | Domain | is it accepted
        "a..shop.example  | shop.example    | yes",
        "a..shop.example  | ..shop.example  | yes",
        "..shop.example   | shop.example    | yes",
        "shop.example..   | shop.example    | no",
        "shop.example..   | shop.example..  | yes",
        "shop.example..   | ..example..     | no",
        "a..              | ..              | yes",
        "shop.example.    | ..              | no",
    ];
    for row in rows {
        let [host, domain, expected] = cells(row);
        let from = format!("https://{host}/");
        let line = format!("a=1; Domain={domain}");
        let mut jar = CookieJar::default();
        let accepted = receive(&mut jar, &from, &line, NOW).is_ok();
        assert_eq!(accepted, expected == "yes", "{row}");
        assert_eq!(!sent(&jar, &from, NOW).is_empty(), accepted, "{row}");
    }
}

#[test]
fn long_paths() {
    for length in [1, 1000, 100_000] {
        let path = format!("/{}", "p/".repeat(length));
        let from = format!("https://shop.example{path}x");
        let mut jar = CookieJar::default();
        receive(&mut jar, &from, "a=1", NOW).unwrap();
        receive(&mut jar, &from, "b=1; Path=/", NOW).unwrap();
        let default_path = &path[..path.len() - 1];
        assert_eq!(text(jar.iter(NOW).next().unwrap().path()), default_path);
        let rows = [
            (&path[..], "a=1; b=1"),
            (default_path, "a=1; b=1"),
            (&path[..path.len() - 2], "b=1"),
            (&format!("{default_path}x"), "b=1"),
            (&format!("{path}y/z"), "a=1; b=1"),
        ];
        for (path, expected) in rows {
            assert_eq!(
                sent(&jar, &format!("https://shop.example{path}"), NOW),
                expected
            );
        }
        assert_eq!(
            jar.remove(Domain::new("shop.example"), "a", default_path, NOW),
            1
        );
    }
    // Slashes alone.
    let slashes = format!("https://shop.example{}", "/".repeat(100_000));
    let mut jar = CookieJar::default();
    receive(&mut jar, &slashes, "a=1", NOW).unwrap();
    assert_eq!(jar.iter(NOW).next().unwrap().path().len(), 99_999);
    assert_eq!(sent(&jar, &slashes, NOW), "a=1");
    assert_eq!(sent(&jar, "https://shop.example/", NOW), "");
}

#[test]
fn a_cookie_string_has_the_octets_of_its_cookies() {
    for count in [1, 10, 180] {
        let mut jar = CookieJar::default();
        for number in 0..count {
            let line = format!("{number:04}={}", "v".repeat(4092));
            receive(&mut jar, "https://shop.example/", &line, NOW).unwrap();
        }
        let sent = sent(&jar, "https://shop.example/", NOW);
        assert_eq!(sent.len(), count * 4097 + (count - 1) * 2);
    }
}

#[test]
fn clocks_at_the_ends_of_time() {
    let ends_of_chrono = (DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC);
    clocks_at((ends_of_chrono.0.into(), ends_of_chrono.1.into()));
    clocks_at((Timestamp::MIN, Timestamp::MAX));
}

fn clocks_at((beginning, end): (Timestamp, Timestamp)) {
    // The earliest date is not before the beginning, but the latest before the end.
    let (earliest, latest) = match (beginning, end) {
        (Timestamp::MIN, Timestamp::MAX) => (Receipt::Stored, Receipt::Expired),
        _ => (Receipt::Expired, Receipt::Stored),
    };
    let rows = [
        // now, attributes, what becomes of the cookie, is it there at the end of time
        (beginning, "", Receipt::Stored, true),
        (beginning, "; Max-Age=1", Receipt::Stored, false),
        (
            beginning,
            "; Max-Age=9223372036854775807",
            Receipt::Stored,
            false,
        ),
        (
            beginning,
            "; Expires=1 Jan 1601 0:0:0",
            Receipt::Stored,
            false,
        ),
        (beginning, "; Max-Age=0", earliest, false),
        (end, "", Receipt::Stored, true),
        (end, "; Max-Age=1", latest, latest == Receipt::Stored),
        (end, "; Max-Age=0", Receipt::Expired, false),
        (
            end,
            "; Expires=31 Dec 9999 23:59:59",
            Receipt::Expired,
            false,
        ),
    ];
    let limits = [Duration::from_secs(34_560_000), Duration::MAX];
    for (now, attributes, expected, lasts) in rows {
        for limit in limits {
            let mut jar = CookieJar::new(policy(|policy| {
                policy.lifetime_limit = limit;
                policy.lax_allowing_unsafe = limit;
            }));
            let received = receive(
                &mut jar,
                "https://shop.example/",
                &format!("a=1{attributes}"),
                now,
            );
            assert_eq!(received, Ok(expected), "{now} {attributes}");
            let left = usize::from(expected == Receipt::Stored);
            assert_eq!(jar.iter(now).count(), left, "{now} {attributes}");
            assert_eq!(
                sent(&jar, "https://shop.example/", now).is_empty(),
                left == 0
            );
            // From one end to the other and back.
            for other in [end, beginning, NOW, now] {
                let shop = url("https://shop.example/");
                let request = Request::new(&shop).method("POST").opaque_site_for_cookies();
                let request = request.destination(Destination::TopLevel);
                let explained = jar.explain(request, other).len();
                assert!(
                    jar.cookies(request, other).len() <= explained,
                    "{attributes}"
                );
                jar.evict_expired(other);
            }
            assert_eq!(jar.len(), usize::from(lasts), "{now} {attributes}");
        }
    }
}

#[test]
fn clocks_past_the_year_9999_give_lifetimes() {
    let start: Timestamp = "+12000-01-01T00:00:00Z".parse().unwrap();
    let rows = [
        // seconds that pass, is the cookie there
        (0, true),
        (60, true),
        (61, false),
    ];
    for (seconds, expected) in rows {
        let mut jar = CookieJar::default();
        receive(&mut jar, "https://shop.example/", "a=1; Max-Age=60", start).unwrap();
        let now = start + Duration::from_secs(seconds);
        assert_eq!(jar.iter(now).count(), usize::from(expected), "{seconds}");
    }
}

#[test]
fn clocks_that_leap_do_not_upset_the_bounds() {
    let ends = [Timestamp::MIN, NOW, Timestamp::MAX];
    let mut jar = CookieJar::new(policy(|policy| {
        policy.max_cookies_per_domain = 3;
        policy.max_cookies = 4;
    }));
    for round in 0..60 {
        let now = ends[round * 7 % 3];
        let from = format!("https://h{}.example/", round % 2);
        receive(&mut jar, &from, &format!("n{}={round}", round % 11), now).unwrap();
        sent(&jar, &from, ends[round * 5 % 3]);
        assert!(jar.len() <= 4);
        assert_eq!(jar.iter(now).count(), jar.len());
    }
}

#[test]
fn policies_of_nothing_and_of_all() {
    let nothing = policy(|policy| {
        policy.lax_allowing_unsafe = Duration::ZERO;
        policy.lifetime_limit = Duration::ZERO;
        policy.max_cookies_per_domain = 0;
        policy.max_cookies_per_site = 0;
        policy.max_cookies = 0;
    });
    let all = policy(|policy| {
        policy.lax_allowing_unsafe = Duration::MAX;
        policy.lifetime_limit = Duration::MAX;
        policy.max_cookies_per_domain = usize::MAX;
        policy.max_cookies_per_site = usize::MAX;
        policy.max_cookies = usize::MAX;
    });
    let rows = [
        // line, with a policy of nothing, of all
        ("a=1", Receipt::Stored, Receipt::Stored),
        ("a=1; Max-Age=1", Receipt::Expired, Receipt::Stored),
        (
            "a=1; Max-Age=9223372036854775807",
            Receipt::Expired,
            Receipt::Stored,
        ),
        (
            "a=1; Expires=31 Dec 9999 23:59:59",
            Receipt::Stored,
            Receipt::Stored,
        ),
    ];
    for (line, by_nothing, by_all) in rows {
        for (policy, expected, left) in [(&nothing, by_nothing, 0), (&all, by_all, 1)] {
            let mut jar = CookieJar::new(policy.clone());
            let received = receive(&mut jar, "https://shop.example/", line, NOW);
            assert_eq!(received, Ok(expected), "{line}");
            let built = Cookie::builder("a", "1", "shop.example").expiry_time(after(9));
            jar.insert(&built, NOW).unwrap();
            assert_eq!(jar.len(), left, "{line}");
        }
    }
}

#[test]
fn arguments_that_fit_nothing() {
    let long = vec![b'x'; MILLION];
    let odd: [&[u8]; 6] = [b"", b".", b"\0", b"\xFF\xFE", b"..shop.example", &long];
    let mut jar = CookieJar::default();
    receive(&mut jar, "https://shop.example/", "a=1", NOW).unwrap();
    let list = PublicSuffixList::embedded();
    for odd in odd {
        assert!(jar.get(Domain::new(odd), "a", "/", NOW).is_empty());
        assert!(
            jar.get(Domain::new("shop.example"), odd, "/", NOW)
                .is_empty()
        );
        assert!(
            jar.get(Domain::new("shop.example"), "a", odd, NOW)
                .is_empty()
        );
        assert_eq!(jar.remove(Domain::new(odd), odd, odd, NOW), 0);
        assert_eq!(jar.clear_domain(Domain::new(odd)), 0);
        let registrable = list.registrable_domain(odd);
        assert!(registrable.is_none_or(|registrable| odd.ends_with(registrable)));
        // A name of one label is a public suffix by the list's own rule.
        let is_label = !odd.is_empty() && !odd.contains(&b'.');
        assert_eq!(list.is_public_suffix(odd), is_label);
    }
    let octets = Cookie::builder(long.clone(), "", "shop.example");
    assert_eq!(jar.insert(&octets, NOW), Err(Rejection::TooLong.into()));
    let path = Cookie::builder("a", "2", "shop.example").path([b"/".to_vec(), long].concat());
    assert_eq!(jar.insert(&path, NOW), Ok(Receipt::Stored));
    assert_eq!(jar.len(), 2);
    // A message shows octets of a Domain escaped.
    let refused = receive(
        &mut jar,
        "https://shop.example/",
        "a=1; Domain=a\tb.c\"",
        NOW,
    );
    let message = refused.unwrap_err().to_string();
    assert!(message.contains(r#"`a\tb.c\"`"#), "{message}");
}

#[test]
fn contexts_that_contradict_themselves() {
    let shop = url("https://shop.example/");
    let others: Vec<Url> = ["data:,x", "file:///", "foo:bar", "https://[::1]/"]
        .map(url)
        .into();
    let mut jar = CookieJar::default();
    receive(&mut jar, shop.as_str(), "a=1; SameSite=Strict", NOW).unwrap();
    for other in &others {
        for method in ["", "\0", "GET ", "\u{1F36A}", "GET"] {
            let request = Request::new(&shop)
                .method(method)
                .site_for_cookies(other)
                .top_level_site(other)
                .cross_site_ancestor(true)
                .destination(Destination::TopLevel)
                .non_http();
            assert!(jar.cookies(request, NOW).is_empty(), "{other} {method:?}");
            let refused = jar.receive(b"b=1", request, NOW).unwrap_err();
            assert_eq!(
                refused.name(),
                "same-site-from-script",
                "{other} {method:?}"
            );
        }
    }
}
