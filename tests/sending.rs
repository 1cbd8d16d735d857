//! 5.8.3: what is sent and what is not, in which order, as which octets.

mod common;

use std::sync::LazyLock;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use common::{NOW, after, cells, names, policy, receive, sent, text, url};
use hardtack::{
    Cookie, CookieJar, Destination, Domain, Exclusion, NotLax, PartitionKey, PublicSuffixList,
    Request, SameSite, Site, Timestamp,
};
use url::Url;

const SHOP: &str = "https://shop.example/";

static OTHER_SITE: LazyLock<Url> = LazyLock::new(|| url("https://news.example/"));
static OPAQUE: LazyLock<Url> = LazyLock::new(|| url("data:,x"));

fn cross_site(url: &Url) -> Request<'_> {
    Request::new(url).site_for_cookies(&OTHER_SITE)
}

fn jar_of(from: &str, lines: &[&str]) -> CookieJar {
    let mut jar = CookieJar::default();
    for line in lines {
        receive(&mut jar, from, line, NOW).unwrap();
    }
    jar
}

/// Why the only cookie of the jar is not sent, if it is not. All that tell of it have to agree.
fn why_not(jar: &CookieJar, request: &Request<'_>, now: Timestamp) -> Option<Exclusion> {
    let explained = jar.explain(request, now);
    assert_eq!(explained.len(), 1, "{explained:?}");
    let (cookie, why) = explained[0];
    assert_eq!(jar.exclusion(cookie, request, now), why);
    let sent = jar.cookies(request, now).len();
    assert_eq!(sent, usize::from(why.is_none()), "{explained:?}");
    why
}

#[test]
fn every_exclusion_has_a_name_a_citation_and_a_name_in_developer_tools() {
    let exclusions = [
        Exclusion::NoCanonicalHost,
        Exclusion::Expired,
        Exclusion::OtherPartition,
        Exclusion::HostOnly,
        Exclusion::DomainMismatch,
        Exclusion::PublicSuffix,
        Exclusion::NotOnPath,
        Exclusion::SecureOnly,
        Exclusion::HttpOnly,
        Exclusion::SameSiteStrict,
        Exclusion::SameSiteLax(NotLax::NonHttp),
        Exclusion::SameSiteLax(NotLax::UnsafeMethod),
        Exclusion::SameSiteLax(NotLax::NotTopLevel),
        Exclusion::SameSiteDefault(NotLax::NonHttp),
        Exclusion::SameSiteDefault(NotLax::UnsafeMethod),
        Exclusion::SameSiteDefault(NotLax::NotTopLevel),
    ];
    let expected = [
        "no-canonical-host | 5.8.3 step 2 | -",
        "expired | - | -",
        "other-partition | - | -",
        "host-only | 5.8.3 step 3.1.1 | DomainMismatch",
        "domain-mismatch | 5.8.3 step 3.1.2 | DomainMismatch",
        "public-suffix | 5.8.3 step 3.1.3 | -",
        "not-on-path | 5.8.3 step 3.2 | NotOnPath",
        "secure-only | 5.8.3 step 3.3 | SecureOnly",
        "http-only | 5.8.3 step 3.4 | -",
        "same-site-strict | 5.8.3 step 3.5.2 | SameSiteStrict",
        "same-site-lax | 5.8.3 step 3.5.1 | SameSiteLax",
        "same-site-lax | 5.8.3 step 3.5.3 | SameSiteLax",
        "same-site-lax | 5.8.3 step 3.5.4 | SameSiteLax",
        "same-site-default | 5.8.3 step 3.5.1 | SameSiteUnspecifiedTreatedAsLax",
        "same-site-default | 5.8.3 step 3.5.3 | SameSiteUnspecifiedTreatedAsLax",
        "same-site-default | 5.8.3 step 3.5.4 | SameSiteUnspecifiedTreatedAsLax",
    ];
    let shown = exclusions.map(|exclusion| {
        let citation = exclusion.citation().map(|citation| citation.to_string());
        let citation = citation.as_deref().unwrap_or("-");
        let dev_tools_name = exclusion.dev_tools_name().unwrap_or("-");
        format!("{} | {citation} | {dev_tools_name}", exclusion.name())
    });
    assert_eq!(shown, expected);
}

#[test]
fn excluded_by_the_url() {
    let rows = [
        // set from | line | not sent to | why | the nearest URL that it is sent to
        "https://a.example/ | a= | https://www.a.example/ | host-only | http://a.example:8080/x",
        "https://a.example./ | a= | https://b.a.example./ | host-only | ws://a.example./",
        "https://a.example/ | a=; Secure | http://a.example/ | secure-only | https://a.example/",
        "https://a.example/ | a=; Secure | ws://a.example/ | secure-only | wss://a.example/",
        "https://a.example/ | a=; Secure | ftp://a.example/ | secure-only | https://a.example:8443/",
        "https://10.0.0.1/ | a=; Secure | http://10.0.0.1/ | secure-only | https://10.0.0.1/",
        "https://[::2]/ | a=; Secure | http://[::2]/ | secure-only | https://[::2]/",
        "https://a.example/a/b | a= | https://a.example/ | not-on-path | https://a.example/a",
        "https://a.example/a/ | a= | https://a.example/ab | not-on-path | https://a.example/a/b",
        "https://a.example/ | a=; Path=/a/ | https://a.example/a | not-on-path | https://a.example/a/",
        "https://a.example/ | a=; Path=/a | https://a.example/A | not-on-path | https://a.example/a?b",
        "https://a.example/ | a=; Path=/%61 | https://a.example/a | not-on-path | https://a.example/%61",
        "https://a.example/ | a=; Path=//a | https://a.example/a | not-on-path | https://a.example//a",
        "https://a.example/ | a=; Path=/a//b | https://a.example/a/b | not-on-path | https://a.example/a//b",
        "foo://a.example/b/ | a= | foo://a.example | not-on-path | foo://A.example/b",
        // Of several reasons the first one in the order of the text.
        "https://a.example/b/ | a=; Secure | http://www.a.example/ | host-only | https://a.example/b",
        "https://a.example/b/ | a=; Secure | http://a.example/ | not-on-path | https://a.example/b/",
    ];
    for row in rows {
        let [from, line, not_to, why, to] = cells(row);
        let jar = jar_of(from, &[line]);
        let (not_to, to) = (url(not_to), url(to));
        let excluded = why_not(&jar, &Request::new(&not_to), NOW);
        assert_eq!(excluded.map(|why| why.name()), Some(why), "{row}");
        assert_eq!(why_not(&jar, &Request::new(&to), NOW), None, "{row}");
    }
}

#[test]
fn hosts_of_a_domain() {
    let rows = [
        // Domain | host | is it sent, if not host-only
        "shop.example   | shop.example       | yes",
        "shop.example   | SHOP.example       | yes",
        "shop.example   | www.shop.example   | yes",
        "shop.example   | a.b.shop.example   | yes",
        "shop.example   | ..shop.example     | yes",
        "shop.example   | shop.example.      | no",
        "shop.example   | badshop.example    | no",
        "shop.example   | example            | no",
        "shop.example   | shop.example.com   | no",
        "www.shop.example | shop.example     | no",
        "shop.example.  | www.shop.example.  | yes",
        "shop.example.  | shop.example       | no",
        "10.0.0.1       | 10.0.0.1           | yes",
        "10.0.0.1       | 0xA.1              | yes",
        "10.0.0.1       | 9.10.0.0.1.example | no",
        "[2001:db8::1]  | [2001:DB8:0::1]    | yes",
    ];
    for row in rows {
        let [domain, host, expected] = cells(row);
        let jar = jar_of(
            &format!("https://{domain}/"),
            &[&format!("a=; Domain={domain}")],
        );
        let sent = sent(&jar, &format!("http://{host}/"), NOW);
        assert_eq!(sent, if expected == "yes" { "a=" } else { "" }, "{row}");
        // What is kept for other domains is not even explained, unless it is asked for.
        let (to, cookie) = (
            url(&format!("http://{host}/")),
            jar.iter(NOW).next().unwrap(),
        );
        let explained = jar.explain(Request::new(&to), NOW).len();
        assert_eq!(explained, usize::from(expected == "yes"), "{row}");
        let why = jar.exclusion(cookie, Request::new(&to), NOW);
        let expected = (expected == "no").then_some(Exclusion::DomainMismatch);
        assert_eq!(why, expected, "{row}");
    }
}

#[test]
fn any_cookie_may_be_asked_for() {
    let rows = [
        // URL | seconds since a secure host-only cookie of shop.example was stored for nine | why not
        "https://shop.example/     | 9  | -",
        "https://shop.example/     | 10 | expired",
        "http://shop.example/      | 9  | secure-only",
        "http://shop.example/      | 10 | expired",
        "https://www.shop.example/ | 9  | host-only",
        "https://news.example/     | 9  | host-only",
        "data:,x                   | 9  | no-canonical-host",
        "data:,x                   | 10 | no-canonical-host",
    ];
    let jar = jar_of(SHOP, &["a=; Secure; Max-Age=9"]);
    let cookie = jar.iter(NOW).next().unwrap();
    for row in rows {
        let [to, seconds, expected] = cells(row);
        let now = after(seconds.parse().unwrap());
        // Whatever jar is asked.
        for jar in [&jar, &CookieJar::default()] {
            let why = jar.exclusion(cookie, Request::new(&url(to)), now);
            assert_eq!(why.map_or("-", |why| why.name()), expected, "{row}");
        }
    }
    assert_eq!(cookie.last_access_time(), NOW);
}

#[test]
fn secure_cookies_go_to_trusted_hosts() {
    let rows = [
        ("localhost", true),
        ("a.localhost.", true),
        ("127.0.0.1", true),
        ("127.255.255.255", true),
        ("[::1]", true),
        ("128.0.0.1", false),
        ("[::ffff:7f00:1]", false),
        ("localhost.example", false),
    ];
    for (host, trusted) in rows {
        let mut jar = jar_of(&format!("https://{host}/"), &["a=; Secure"]);
        let to = url(&format!("http://{host}/"));
        let expected = (!trusted).then_some(Exclusion::SecureOnly);
        assert_eq!(why_not(&jar, &Request::new(&to), NOW), expected, "{host}");
        jar.set_policy(policy(|policy| policy.trust_localhost = false), NOW);
        let wary = why_not(&jar, &Request::new(&to), NOW);
        assert_eq!(wary, Some(Exclusion::SecureOnly), "{host}");
    }
}

#[test]
fn scripts_see_no_http_only_cookie() {
    let shop = url(SHOP);
    let rows = [
        ("a=; HttpOnly", Some(Exclusion::HttpOnly)),
        ("a=; HttpOnly; SameSite=Strict", Some(Exclusion::HttpOnly)),
        ("a=; Secure; SameSite=Strict", None),
    ];
    for (line, expected) in rows {
        let jar = jar_of(SHOP, &[line]);
        let request = Request::new(&shop).site_for_cookies(&shop);
        assert_eq!(why_not(&jar, &request.non_http(), NOW), expected, "{line}");
        assert_eq!(why_not(&jar, &request, NOW), None, "{line}");
    }
}

const FLAGS: [(SameSite, &str); 4] = [
    (SameSite::Default, "a="),
    (SameSite::Strict, "a=; SameSite=Strict"),
    (SameSite::Lax, "a=; SameSite=Lax"),
    (SameSite::None, "a=; SameSite=None; Secure"),
];

const UNSAFE: Option<NotLax> = Some(NotLax::UnsafeMethod);

/// Why a cookie of this flag does not go with a cross-site request, where Lax asks for what it is not.
fn by_flag(same_site: SameSite, not_lax: Option<NotLax>) -> Option<Exclusion> {
    match same_site {
        SameSite::Default => not_lax.map(Exclusion::SameSiteDefault),
        SameSite::Strict => Some(Exclusion::SameSiteStrict),
        SameSite::Lax => not_lax.map(Exclusion::SameSiteLax),
        SameSite::None => None,
    }
}

#[test]
fn same_site_flags() {
    use Destination::{Nested, Subresource, TopLevel};
    let shop = url(SHOP);
    let rows = [
        // destination, method, from a script, what keeps Lax from going cross-site
        (TopLevel, "GET", false, None),
        (TopLevel, "HEAD", false, None),
        (TopLevel, "OPTIONS", false, None),
        (TopLevel, "TRACE", false, None),
        (TopLevel, "POST", false, UNSAFE),
        (TopLevel, "PUT", false, UNSAFE),
        (TopLevel, "DELETE", false, UNSAFE),
        (TopLevel, "CONNECT", false, UNSAFE),
        (TopLevel, "get", false, UNSAFE),
        (TopLevel, "", false, UNSAFE),
        (Nested, "GET", false, Some(NotLax::NotTopLevel)),
        (Nested, "POST", false, UNSAFE),
        (Subresource, "GET", false, Some(NotLax::NotTopLevel)),
        (Subresource, "POST", false, UNSAFE),
        // Neither the method nor the destination says anything of a script.
        (Subresource, "GET", true, Some(NotLax::NonHttp)),
        (TopLevel, "GET", true, Some(NotLax::NonHttp)),
        (TopLevel, "POST", true, Some(NotLax::NonHttp)),
    ];
    for (same_site, line) in FLAGS {
        let jar = jar_of(SHOP, &[line]);
        for (destination, method, script, not_lax) in rows {
            let request = Request::new(&shop).destination(destination).method(method);
            let request = if script { request.non_http() } else { request };
            let row = (same_site, destination, method, script);
            for cross_site in [
                request.site_for_cookies(&OTHER_SITE),
                request.site_for_cookies(&OPAQUE),
                request.opaque_site_for_cookies(),
            ] {
                let expected = by_flag(same_site, not_lax);
                assert_eq!(why_not(&jar, &cross_site, NOW), expected, "{row:?}");
            }
            for same_site in [request, request.site_for_cookies(&shop)] {
                assert_eq!(why_not(&jar, &same_site, NOW), None, "{row:?}");
            }
        }
    }
}

#[test]
fn sites_for_sending() {
    let rows = [
        // URL | site for cookies | is it same-site
        "https://a.example/   | https://www.a.example:8443/x | yes",
        "https://www.a.example/ | wss://a.example/           | yes",
        "ws://a.example/      | http://b.a.example/          | yes",
        "http://a.example/    | https://a.example/           | no",
        "https://a.example/   | https://b.example/           | no",
        "https://a.github.io/ | https://b.github.io/         | no",
        "https://10.0.0.1/    | http://10.0.0.1/             | no",
    ];
    for row in rows {
        let [to, site, is_same_site] = cells(row);
        let jar = jar_of(to, &["a=; SameSite=Strict"]);
        let (to, site) = (url(to), url(site));
        let request = Request::new(&to).site_for_cookies(&site);
        let expected = (is_same_site == "no").then_some(Exclusion::SameSiteStrict);
        assert_eq!(why_not(&jar, &request, NOW), expected, "{row}");
    }
}

#[test]
fn lax_allowing_unsafe_is_for_the_young() {
    let (microsecond, minutes) = (Duration::from_micros(1), Duration::from_secs(120));
    let unsafe_method = Some(Exclusion::SameSiteDefault(NotLax::UnsafeMethod));
    let rows = [
        // the limit, age in nanoseconds, why it is not sent
        (minutes, 0, None),
        (minutes, 120_000_000_000, None),
        // It is kept in whole microseconds.
        (minutes, 120_000_000_999, None),
        (minutes, 120_000_001_000, unsafe_method),
        (microsecond, 1_999, None),
        (microsecond, 2_000, unsafe_method),
        (Duration::ZERO, 1, unsafe_method),
        (Duration::ZERO, 0, unsafe_method),
        (Duration::MAX, i64::MAX, None),
        // The clock went back.
        (minutes, -1, None),
        (Duration::ZERO, -1, unsafe_method),
    ];
    let shop = url(SHOP);
    let request = cross_site(&shop).destination(Destination::TopLevel);
    for line in ["a=", "a=; SameSite=x"] {
        for (limit, age, expected) in rows {
            let mut jar = jar_of(SHOP, &[line]);
            jar.set_policy(policy(|policy| policy.lax_allowing_unsafe = limit), NOW);
            let now = DateTime::<Utc>::from(NOW) + TimeDelta::nanoseconds(age);
            let why = why_not(&jar, &request.method("POST"), now.into());
            assert_eq!(why, expected, "{line} {limit:?} {age}");
            assert_eq!(
                why_not(&jar, &request, now.into()),
                None,
                "{line} {limit:?} {age}"
            );
        }
    }
}

#[test]
fn lax_allowing_unsafe_waives_nothing_else() {
    let shop = url(SHOP);
    let request = cross_site(&shop).method("POST");
    let (nested, non_http) = (Some(NotLax::NotTopLevel), Some(NotLax::NonHttp));
    let rows = [
        // destination, from a script, what keeps Lax from going cross-site, what Default
        (Destination::TopLevel, false, UNSAFE, None),
        (Destination::Nested, false, UNSAFE, nested),
        (Destination::Subresource, false, UNSAFE, nested),
        (Destination::TopLevel, true, non_http, non_http),
    ];
    for (destination, script, lax, default) in rows {
        let request = request.destination(destination);
        let request = if script { request.non_http() } else { request };
        for (same_site, line) in FLAGS {
            let mut jar = jar_of(SHOP, &[line]);
            let nine = policy(|policy| policy.lax_allowing_unsafe = Duration::from_secs(9));
            jar.set_policy(nine, NOW);
            let is_lax = same_site == SameSite::Lax;
            let expected = by_flag(same_site, if is_lax { lax } else { default });
            assert_eq!(why_not(&jar, &request, NOW), expected, "{line}");
        }
    }
    // The age is that of the creation-time, which a replacement does not renew.
    let mut jar = jar_of(SHOP, &["a="]);
    let nine = policy(|policy| policy.lax_allowing_unsafe = Duration::from_secs(9));
    jar.set_policy(nine, NOW);
    receive(&mut jar, SHOP, "a=2", after(9)).unwrap();
    let request = request.destination(Destination::TopLevel);
    assert_eq!(why_not(&jar, &request, after(9)), None);
    assert!(why_not(&jar, &request, after(10)).is_some());
}

#[test]
fn longer_paths_come_first_then_earlier_cookies() {
    let rows = [
        // lines, one a second | cookie-string for https://www.shop.example/a/b/c
        "1=, 2=, 3= | 1=; 2=; 3=",
        "1=; Path=/, 2=; Path=/a, 3=; Path=/a/b | 3=; 2=; 1=",
        "1=; Path=/a, 2=; Path=/a/, 3=; Path=/a | 2=; 1=; 3=",
        // Neither domains nor flags have a part in it.
        "1=; Path=/, 2=; Path=/; Domain=shop.example, 3=; Path=/; Secure | 1=; 2=; 3=",
        "1=; Path=/; Domain=shop.example, 2=; Path=/, 3=; Path=/a; Domain=shop.example | 3=; 1=; 2=",
        // Two cookies of one name, domain and path.
        "1=; Domain=www.shop.example, 1=2, 1=3; Domain=www.shop.example | 1=3; 1=2",
        // Partitioned ones among the others.
        "1=, 2=; Secure; Partitioned, 3= | 1=; 2=; 3=",
        // A replacement keeps the place; a cookie stored anew does not.
        "1=, 2=, 1=x | 1=x; 2=",
        "1=, 2=, 1=; Max-Age=0, 1=x | 2=; 1=x",
    ];
    let to = "https://www.shop.example/a/b/c";
    for [lines, expected] in rows.map(cells) {
        for seconds in [1, 0] {
            let mut jar = CookieJar::default();
            for (second, line) in (0..).zip(lines.split(", ")) {
                receive(&mut jar, to, line, after(second * seconds)).unwrap();
            }
            assert_eq!(sent(&jar, to, after(9)), expected, "{lines}");
        }
    }
    // By creation-time, not by insertion.
    let mut jar = CookieJar::default();
    let built = |name: &str, seconds| {
        Cookie::builder(name, "", "shop.example").creation_time(after(seconds))
    };
    jar.insert(&built("1", 2), NOW).unwrap();
    jar.insert(&built("2", 1), NOW).unwrap();
    jar.insert(&built("3", 1), NOW).unwrap();
    assert_eq!(sent(&jar, SHOP, NOW), "2=; 3=; 1=");
}

#[test]
fn explained_are_the_sent_ones_in_order_then_the_others_by_creation() {
    let to = url("https://www.shop.example/a/b");
    let mut jar = CookieJar::default();
    let lines = [
        "1=; Path=/x",
        "2=; Path=/",
        "3=; HttpOnly",
        "4=; Path=/a",
        "5=; Path=/a/b/c",
        "6=; Path=/; Domain=shop.example",
        "7=; Max-Age=1",
    ];
    for (second, line) in (-9..).zip(lines) {
        receive(&mut jar, to.as_str(), line, after(second)).unwrap();
    }
    receive(&mut jar, "https://shop.example/", "8=", NOW).unwrap();
    receive(&mut jar, "https://a.www.shop.example/", "9=", NOW).unwrap();
    let explained = jar.explain(Request::new(&to).non_http(), NOW);
    let shown = explained.iter().map(|(cookie, why)| {
        let why = why.map_or("sent", |why| why.name());
        format!("{} {why}", text(cookie.name()))
    });
    let expected = [
        "4 sent",
        "2 sent",
        "6 sent",
        "1 not-on-path",
        "3 http-only",
        "5 not-on-path",
        "8 host-only",
    ];
    assert_eq!(shown.collect::<Vec<_>>(), expected);
}

#[test]
fn octets_go_out_as_they_came_in() {
    type Row<'a> = (&'a [&'a [u8]], Option<&'a [u8]>);
    let rows: [Row<'_>; 12] = [
        (&[], None),
        (&[b"a=b"], Some(b"a=b")),
        (&[b"a=b", b"c=d"], Some(b"a=b; c=d")),
        (&[b"a="], Some(b"a=")),
        (&[b"b"], Some(b"b")),
        (&[b"=b"], Some(b"b")),
        (&[b"==b"], Some(b"=b")),
        (&[b"a=", b"b", b"c="], Some(b"a=; b; c=")),
        (&[b"a=\"b c\""], Some(b"a=\"b c\"")),
        (&[b"a\tb=c\td,e"], Some(b"a\tb=c\td,e")),
        (&[b"a=%3B%00%zz"], Some(b"a=%3B%00%zz")),
        (
            &[b"\xFF\xC3=\x80\xE9", b"\xFE"],
            Some(b"\xFF\xC3=\x80\xE9; \xFE"),
        ),
    ];
    let shop = url(SHOP);
    let request = Request::new(&shop);
    for (lines, expected) in rows {
        let mut jar = CookieJar::default();
        for line in lines {
            jar.receive(line, request, NOW).unwrap();
        }
        assert_eq!(
            jar.cookie_string(request, NOW).as_deref(),
            expected,
            "{lines:?}"
        );
        let mut header = b"Cookie: ".to_vec();
        let written = jar.write_cookie_string(request, NOW, &mut header);
        assert_eq!(written, expected.is_some(), "{lines:?}");
        let expected = [b"Cookie: ", expected.unwrap_or_default()].concat();
        assert_eq!(text(&header), text(&expected));
    }
}

#[test]
fn texts_are_the_octets_where_those_are_utf_8() {
    type Row<'a> = (&'a [u8], Option<&'a str>, Option<&'a str>, Option<&'a str>);
    let rows: [Row<'_>; 7] = [
        // line, and of its cookie name, value and path
        (b"sid=31d4", Some("sid"), Some("31d4"), Some("/")),
        (b"31d4", Some(""), Some("31d4"), Some("/")),
        (b"sid=", Some("sid"), Some(""), Some("/")),
        (
            "n\u{e9}=\u{1f36a}; Path=/\u{e9}".as_bytes(),
            Some("n\u{e9}"),
            Some("\u{1f36a}"),
            Some("/\u{e9}"),
        ),
        (b"\xE9=1", None, Some("1"), Some("/")),
        (b"a=\xE9", Some("a"), None, Some("/")),
        (b"a=1; Path=/\xC3", Some("a"), Some("1"), None),
    ];
    for (line, name, value, path) in rows {
        let mut jar = CookieJar::default();
        let shop = url(SHOP);
        jar.receive(line, &shop, NOW).unwrap();
        let cookie = jar.iter(NOW).next().unwrap();
        assert_eq!(cookie.name_str(), name, "{line:?}");
        assert_eq!(cookie.value_str(), value, "{line:?}");
        assert_eq!(cookie.path_str(), path, "{line:?}");
        assert_eq!(cookie.domain_str(), "shop.example", "{line:?}");
    }
}

/// Of every kind of host, and of a Domain attribute, the domain is ASCII.
#[test]
fn domains_are_texts() {
    let rows = [
        ("https://SHOP.example/", "a=1", "shop.example"),
        (
            "https://www.shop.example/",
            "a=1; Domain=.SHOP.example",
            "shop.example",
        ),
        (
            "https://b\u{fc}cher.example/",
            "a=1",
            "xn--bcher-kva.example",
        ),
        ("http://[2001:DB8::1]/", "a=1", "[2001:db8::1]"),
        ("http://127.1/", "a=1", "127.0.0.1"),
        (
            "gopher://B\u{dc}CHER.example/",
            "a=1",
            "xn--bcher-kva.example",
        ),
    ];
    for (from, line, expected) in rows {
        let mut jar = CookieJar::default();
        jar.receive(line, &url(from), NOW).unwrap();
        let cookie = jar.iter(NOW).next().unwrap();
        assert_eq!(cookie.domain_str(), expected, "{from}");
        assert_eq!(cookie.domain(), expected.as_bytes(), "{from}");
    }
}

#[test]
fn only_what_is_sent_was_accessed() {
    type Ask = fn(&CookieJar, &Request<'_>, Timestamp);
    let rows: [(&str, Ask, bool); 6] = [
        (
            "cookies",
            |jar, request, now| drop(jar.cookies(request, now)),
            true,
        ),
        (
            "cookie_string",
            |jar, request, now| drop(jar.cookie_string(request, now)),
            true,
        ),
        (
            "write_cookie_string",
            |jar, request, now| assert!(jar.write_cookie_string(request, now, &mut Vec::new())),
            true,
        ),
        (
            "explain",
            |jar, request, now| drop(jar.explain(request, now)),
            false,
        ),
        (
            "iter",
            |jar, _, now| assert_eq!(jar.iter(now).count(), 2),
            false,
        ),
        (
            "get",
            |jar, _, now| drop(jar.get(Domain::new("shop.example"), "a", "/a", now)),
            false,
        ),
    ];
    let to = url("https://shop.example/a");
    for (name, ask, accesses) in rows {
        // It is not set back.
        for seconds in [5, -5] {
            let jar = jar_of(SHOP, &["a=; Path=/a", "b=; Path=/b"]);
            ask(&jar, &Request::new(&to), after(seconds));
            let accessed: Vec<_> = jar.iter(NOW).map(Cookie::last_access_time).collect();
            let expected = if accesses {
                after(seconds).max(NOW)
            } else {
                NOW
            };
            assert_eq!(accessed, [expected, NOW], "{name}");
        }
    }
}

#[test]
fn a_newer_list_of_public_suffixes_binds_what_is_not_host_only() {
    let newer = |rules: &str| {
        let list = format!("// ===BEGIN ICANN DOMAINS===\n{rules}\n");
        let list: publicsuffix::List = list.parse().unwrap();
        policy(|policy| policy.public_suffix_list = PublicSuffixList::from(list))
    };
    let rows = [
        // line, set from www.shop.example | sent by the embedded list | by one that names shop.example
        // | by one that names *.shop.example
        "a=; Domain=shop.example | sent | public-suffix | public-suffix",
        "a=; Domain=www.shop.example | sent | sent | public-suffix",
        "a= | sent | sent | sent",
        // Its partition is that of another site by then.
        "a=; Secure; Partitioned | sent | other-partition | other-partition",
    ];
    let from = "https://www.shop.example/";
    let www = url(from);
    for row in rows {
        let [line, embedded, named, wildcard] = cells(row);
        let mut jar = jar_of(from, &[line]);
        let shown = |jar: &CookieJar| {
            why_not(jar, &Request::new(&www), NOW).map_or("sent", |why| why.name())
        };
        assert_eq!(shown(&jar), embedded, "{row}");
        jar.set_policy(newer("example\nshop.example"), NOW);
        assert_eq!(shown(&jar), named, "{row}");
        jar.set_policy(newer("example\n*.shop.example"), NOW);
        assert_eq!(shown(&jar), wildcard, "{row}");
        // Where public suffixes are not rejected, no domain is one.
        let mut lenient = newer("example\nshop.example");
        lenient.reject_public_suffixes = false;
        jar.set_policy(lenient, NOW);
        let expected = named.replace("public-suffix", "sent");
        assert_eq!(shown(&jar), expected, "{row}");
    }
    // The host that is a public suffix by then still gets its host-only cookies.
    let mut jar = jar_of(SHOP, &["a=; Domain=shop.example", "b="]);
    jar.set_policy(newer("example\nshop.example"), NOW);
    assert_eq!(sent(&jar, SHOP, NOW), "b=");
    assert_eq!(names(&jar, NOW), "a b");
}

#[test]
fn partitioned_cookies_go_below_their_top_level_site() {
    let rows = [
        // top-level page when set | when asked for | is it sent; `-` is none given
        "https://shop.example/ | https://shop.example/            | yes",
        "https://shop.example/ | https://www.shop.example:8443/x  | yes",
        "https://shop.example/ | wss://shop.example/              | yes",
        "https://shop.example/ | blob:https://shop.example/0      | yes",
        "https://shop.example/ | http://shop.example/             | no",
        "http://shop.example/  | ws://shop.example/               | yes",
        "https://shop.example/ | https://news.example/            | no",
        "https://shop.example/ | https://shop.example./           | no",
        "https://shop.example/ | data:,x                          | no",
        "https://shop.example/ | file:///x                        | no",
        "https://shop.example/ | -                                | no",
        "-                     | -                                | yes",
        "-                     | https://www.cdn.example/         | yes",
        "-                     | http://cdn.example/              | no",
        "https://a.github.io/  | https://b.github.io/             | no",
        "https://github.io/    | https://github.io/               | yes",
        "https://10.0.0.1/     | https://10.0.0.1:8443/           | yes",
        "https://10.0.0.1/     | https://10.0.0.2/                | no",
        "https://[::1]/        | https://[::1]/                   | yes",
    ];
    let cdn = url("https://cdn.example/");
    for row in rows {
        let [set_below, asked_below, expected] = cells(row);
        let pages = [set_below, asked_below].map(|page| (page != "-").then(|| url(page)));
        let [set, ask] = pages.each_ref().map(|page| {
            let request = Request::new(&cdn);
            page.as_ref()
                .map_or(request, |page| request.top_level_site(page))
        });
        let mut jar = CookieJar::default();
        jar.receive(b"a=; Secure; Partitioned", set, NOW).unwrap();
        let expected = (expected == "no").then_some(Exclusion::OtherPartition);
        assert_eq!(why_not(&jar, &ask, NOW), expected, "{row}");
        // Another cookie goes below every page.
        let jar = jar_of(cdn.as_str(), &["a="]);
        assert_eq!(why_not(&jar, &ask, NOW), None, "{row}");
    }
}

#[test]
fn a_cross_site_ancestor_is_half_of_the_key() {
    let cdn = url("https://cdn.example/");
    for (set, asked) in [(false, false), (false, true), (true, false), (true, true)] {
        let request = |ancestor| Request::new(&cdn).cross_site_ancestor(ancestor);
        let mut jar = CookieJar::default();
        jar.receive(b"a=; Secure; Partitioned", request(set), NOW)
            .unwrap();
        let expected = (set != asked).then_some(Exclusion::OtherPartition);
        assert_eq!(why_not(&jar, &request(asked), NOW), expected);
    }
    // Of several reasons it is the first.
    let insecure = url("http://www.cdn.example/");
    let jar = jar_of(cdn.as_str(), &["a=; Secure; Partitioned"]);
    let why = why_not(&jar, &Request::new(&insecure), NOW);
    assert_eq!(why, Some(Exclusion::OtherPartition));
}

#[test]
fn without_partitions_by_policy_no_partitioned_cookie_is_sent() {
    let shop = url(SHOP);
    let mut jar = jar_of(SHOP, &["a=; Secure; Partitioned"]);
    jar.set_policy(policy(|policy| policy.partitioned = false), NOW);
    let why = why_not(&jar, &Request::new(&shop), NOW);
    assert_eq!(why, Some(Exclusion::OtherPartition));
}

#[test]
fn sites_and_keys() {
    let list = PublicSuffixList::embedded();
    let rows = [
        // top-level page, the scheme and the host of its site
        (
            "https://www.shop.example:8443/x",
            Some(("https", "shop.example")),
        ),
        ("wss://shop.example./", Some(("https", "shop.example."))),
        ("ws://a.user.github.io/", Some(("http", "user.github.io"))),
        ("https://github.io/", Some(("https", "github.io"))),
        ("http://[2001:DB8::1]:80/", Some(("http", "[2001:db8::1]"))),
        (
            "blob:http://a.shop.example/0",
            Some(("http", "shop.example")),
        ),
        ("ftp://a.shop.example/", Some(("ftp", "shop.example"))),
        ("foo://shop.example/", None),
        ("data:,x", None),
        ("file:///x", None),
    ];
    for (page, expected) in rows {
        let page = url(page);
        let site = Site::of(&page, &list);
        let parts = site.as_ref().map(|site| (site.scheme(), site.host()));
        assert_eq!(parts, expected, "{page}");
        let expected = expected.map(|(scheme, host)| format!("{scheme}://{host}"));
        let shown = site.as_ref().map(ToString::to_string);
        assert_eq!(shown, expected, "{page}");
        for (ancestor, suffix) in [(false, ""), (true, " cross-site")] {
            let key = PartitionKey::new(&page, ancestor, &list);
            let shown = key.as_ref().map(ToString::to_string);
            let expected = expected.as_ref().map(|site| format!("{site}{suffix}"));
            assert_eq!(shown, expected, "{page}");
            let top_level_site = key.as_ref().map(PartitionKey::top_level_site);
            assert_eq!(top_level_site, site.as_ref(), "{page}");
            assert!(key.is_none_or(|key| key.has_cross_site_ancestor() == ancestor));
        }
    }
}
