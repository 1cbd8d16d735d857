//! 5.7: what is stored and what is refused, each refusal beside the nearest line that is accepted.

mod common;

use std::sync::LazyLock;
use std::time::Duration;

use common::{NOW, after, cells, names, policy, receive, sent, text, url};
use hardtack::{
    Cookie, CookieBuilder, CookieJar, Destination, Domain, LooksLike, ParseError, PartitionKey,
    Policy, PublicSuffixList, Receipt, Rejection, Request, SameSite, SetCookie, Timestamp,
};
use url::Url;

const HTTPS: &str = "https://example.com/a/b";
const HTTP: &str = "http://example.com/a/b";
const YEAR_9999: Timestamp = Timestamp::from_secs(253_402_300_799);

static OPAQUE: LazyLock<Url> = LazyLock::new(|| url("data:,x"));
static OTHER_SITE: LazyLock<Url> = LazyLock::new(|| url("https://example.org/"));

type Context = fn(&Url) -> Request<'_>;
type Bound = fn(&mut Policy);

fn http(url: &Url) -> Request<'_> {
    Request::new(url)
}

fn script(url: &Url) -> Request<'_> {
    Request::new(url).non_http()
}

fn cross_site(url: &Url) -> Request<'_> {
    Request::new(url).site_for_cookies(&OTHER_SITE)
}

fn cross_site_script(url: &Url) -> Request<'_> {
    cross_site(url).non_http()
}

fn below_opaque_page(url: &Url) -> Request<'_> {
    Request::new(url).top_level_site(&OPAQUE)
}

fn below_other_site(url: &Url) -> Request<'_> {
    Request::new(url).top_level_site(&OTHER_SITE)
}

fn no_host(public_suffix: bool) -> Rejection {
    Rejection::NoCanonicalHost { public_suffix }
}

fn public_suffix(domain: &str) -> Rejection {
    let domain = domain.into();
    Rejection::PublicSuffix { domain }
}

fn mismatch(host: &str, domain: &str) -> Rejection {
    let (host, domain) = (host.into(), domain.into());
    Rejection::DomainMismatch { host, domain }
}

fn from_script(same_site: SameSite) -> Rejection {
    Rejection::SameSiteFromScript { same_site }
}

fn from_other_site(same_site: SameSite) -> Rejection {
    Rejection::SameSiteCrossSite { same_site }
}

/// What became of a line: a receipt, or the step that refuses, or the rule that is of no step.
fn outcome(received: Result<Receipt, Rejection>) -> String {
    match received {
        Ok(receipt) => format!("{receipt:?}"),
        Err(rejection) => rejection
            .citation()
            .map_or(rejection.name().to_owned(), |citation| citation.to_string()),
    }
}

#[test]
fn every_refusal_has_a_name_a_citation_and_a_name_in_developer_tools() {
    let rejections = [
        Rejection::Parse(ParseError::ControlOctet),
        Rejection::Parse(ParseError::TooLong),
        Rejection::Empty,
        Rejection::ControlOctet,
        Rejection::TooLong,
        Rejection::DomainNotAscii,
        no_host(true),
        public_suffix("com"),
        no_host(false),
        mismatch("example.com", "example.org"),
        Rejection::SecureOverInsecure,
        Rejection::HttpOnlyFromScript,
        Rejection::OverlaysSecure,
        from_script(SameSite::Strict),
        from_script(SameSite::Lax),
        from_script(SameSite::Default),
        from_other_site(SameSite::Strict),
        from_other_site(SameSite::Lax),
        from_other_site(SameSite::Default),
        Rejection::SameSiteNoneInsecure,
        Rejection::SecurePrefix,
        Rejection::HostPrefixInsecure,
        Rejection::HostPrefixDomain,
        Rejection::HostPrefixPath,
        Rejection::HttpPrefixInsecure,
        Rejection::HttpPrefixNotHttpOnly,
        Rejection::NamelessPrefix,
        Rejection::NamelessHttpPrefix,
        Rejection::PartitionedInsecure,
        Rejection::PartitionedOpaque,
        Rejection::ReplacesHttpOnly,
        Rejection::NotAHost {
            looks_like: LooksLike::Other,
        },
        Rejection::PathNotAbsolute,
        Rejection::NotOnePair,
        Rejection::NameNotToken,
        Rejection::ValueNotCookieOctets,
        Rejection::DomainNotCanonical,
        Rejection::PathNotAvOctets,
        Rejection::AttributeTooLong { attribute: "Path" },
        Rejection::ExpiresOutOfRange,
    ];
    let expected = [
        "control-octet | 5.6 step 1 | DisallowedCharacter",
        "too-long | 5.6 step 5 | NameValuePairExceedsMaxSize",
        "empty | 5.7 step 2 | NoCookieContent",
        "control-octet | 5.7 step 3 | DisallowedCharacter",
        "too-long | 5.7 step 4 | NameValuePairExceedsMaxSize",
        "domain-not-ascii | 5.7 step 8 | InvalidDomain",
        "no-canonical-host | 5.7 step 9.2 | -",
        "public-suffix | 5.7 step 9.3.1 | InvalidDomain",
        "no-canonical-host | 5.7 step 10 | -",
        "domain-mismatch | 5.7 step 10.1.1 | InvalidDomain",
        "secure-over-insecure | 5.7 step 13 | SecureOnly",
        "http-only-from-script | 5.7 step 15 | -",
        "overlays-secure | 5.7 step 16 | OverwriteSecure",
        "same-site-from-script | 5.7 step 18.1 | SameSiteStrict",
        "same-site-from-script | 5.7 step 18.1 | SameSiteLax",
        "same-site-from-script | 5.7 step 18.1 | SameSiteUnspecifiedTreatedAsLax",
        "same-site-cross-site | 5.7 step 18.4 | SameSiteStrict",
        "same-site-cross-site | 5.7 step 18.4 | SameSiteLax",
        "same-site-cross-site | 5.7 step 18.4 | SameSiteUnspecifiedTreatedAsLax",
        "same-site-none-insecure | 5.7 step 19 | SameSiteNoneInsecure",
        "secure-prefix | 5.7 step 20 | InvalidPrefix",
        "host-prefix-insecure | 5.7 step 21.1 | InvalidPrefix",
        "host-prefix-domain | 5.7 step 21.2 | InvalidPrefix",
        "host-prefix-path | 5.7 step 21.3 | InvalidPrefix",
        "http-prefix-insecure | - | InvalidPrefix",
        "http-prefix-not-http-only | - | InvalidPrefix",
        "nameless-prefix | 5.7 step 22 | InvalidPrefix",
        "nameless-http-prefix | - | InvalidPrefix",
        "partitioned-insecure | - | -",
        "partitioned-opaque | - | -",
        "replaces-http-only | 5.7 step 23.2 | -",
        "not-a-host | - | -",
        "path-not-absolute | - | -",
        "not-one-pair | - | -",
        "name-not-token | 4.1.1 | -",
        "value-not-cookie-octets | 4.1.1 | -",
        "domain-not-canonical | 4.1.1 | -",
        "path-not-av-octets | 4.1.1 | -",
        "attribute-too-long | 5.6 step 6 | -",
        "expires-out-of-range | 4.1.1 | -",
    ];
    let shown = rejections.map(|rejection| {
        let citation = rejection.citation().map(|citation| citation.to_string());
        let citation = citation.as_deref().unwrap_or("-");
        let dev_tools_name = rejection.dev_tools_name().unwrap_or("-");
        format!("{} | {citation} | {dev_tools_name}", rejection.name())
    });
    assert_eq!(shown, expected);
}

#[test]
fn the_parts_of_a_citation() {
    let citation = Rejection::ReplacesHttpOnly.citation().unwrap();
    assert_eq!(citation.section(), "5.7");
    assert_eq!(citation.step(), Some("23.2"));
    assert_eq!(citation.main_step(), Some(23));
    let link = "https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis-22#section-5.7";
    assert_eq!(citation.link(), link);
}

/// Each row: a line that is refused, the nearest one that is not, and the name of the refusal. Before
/// each of them the jar has received other lines over https.
fn check(from: &str, context: Context, before: &[&str], rows: &[&str]) {
    let from = url(from);
    let mut jar = CookieJar::default();
    for line in before {
        receive(&mut jar, HTTPS, line, NOW).unwrap();
    }
    for [refused, accepted, name] in rows.iter().map(|row| cells(row)) {
        let receive = |line: &str| {
            let received = jar.clone().receive(line.as_bytes(), context(&from), NOW);
            received.map_err(|rejection| rejection.name())
        };
        assert_eq!(receive(refused), Err(name), "{refused}");
        assert!(
            receive(accepted).is_ok(),
            "{accepted}: {:?}",
            receive(accepted)
        );
    }
}

#[test]
fn refused_over_https() {
    let rows = [
        "a=\u{1f} | a=\t | control-octet",
        "    | a | empty",
        "=; Secure | =a; Secure | empty",
        "\t=\t | \t=\"\"\t | empty",
        "a=1; Domain=\u{e9}.com | a=1; Domain=example.com | domain-not-ascii",
        "a=1; Domain=com | a=1; Domain | public-suffix",
        "a=1; Domain=www.example.com | a=1; Domain=.example.com | domain-mismatch",
        "a=1; SameSite=None | a=1; SameSite=None; Secure | same-site-none-insecure",
        "__Secure-=1 | __Secure=1 | secure-prefix",
        "__sECURE-a=1 | __sECURE-a=1; Secure | secure-prefix",
        "__Host-=1 | __Host=1 | host-prefix-insecure",
        "__hOST-a=1; Path=/ | __hOST-a=1; Path=/; Secure | host-prefix-insecure",
        "__Host-a=; Path=/; Secure; Domain=example.com | __Host-a=; Path=/; Secure; Domain= \
         | host-prefix-domain",
        "__Host-a=1; Secure | __Host-a=1; Secure; Path=/ | host-prefix-path",
        "__Host-a=1; Secure; Path=/a | __Host-a=1; Secure; Path=/a; Path=/ | host-prefix-path",
        "__Http-a=1; HttpOnly | __Http-a=1; HttpOnly; Secure | http-prefix-insecure",
        "__hTTP-a=1; Secure | __hTTP-a=1; Secure; HttpOnly | http-prefix-not-http-only",
        "__Host-Http-a=; Secure; Path=/ | __Host-Http-a=; Secure; Path=/; HttpOnly \
         | http-prefix-not-http-only",
        "__Host-Http-a=; Secure; HttpOnly | __Host-Http-a=; Secure; HttpOnly; Path=/ \
         | host-prefix-path",
        "__Secure-a | __Secure_a | nameless-prefix",
        "=__hOST-a=1 | =a__hOST-a=1 | nameless-prefix",
        "=__Secure-a; Secure; Path=/ | a=__Secure-a; Secure; Path=/ | nameless-prefix",
        "__Host-Http-a | _Host-Http-a | nameless-prefix",
        "__HTTP-a | __HTTP | nameless-http-prefix",
        "a=1; Partitioned | a=1; Partitioned; Secure | partitioned-insecure",
    ];
    check(HTTPS, http, &[], &rows);
}

#[test]
fn the_prefixes_of_browsers_are_by_policy() {
    let rows = [
        // line | what becomes of it with the prefixes `__Http-` and `__Host-Http-`, and without
        "__Http-a=                                | http-prefix-insecure      | Stored",
        "__Http-a=; Secure                        | http-prefix-not-http-only | Stored",
        "__Host-Http-a=; Secure; Path=/           | http-prefix-not-http-only | Stored",
        "__Http-                                  | nameless-http-prefix      | Stored",
        "__Host-Http-a=; Path=/                   | 5.7 step 21.1             | 5.7 step 21.1",
        "__Host-Http-                             | 5.7 step 22               | 5.7 step 22",
    ];
    let without = policy(|policy| policy.http_prefixes = false);
    for [line, expected, expected_without] in rows.map(cells) {
        let received = receive(&mut CookieJar::default(), HTTPS, line, NOW);
        assert_eq!(outcome(received), expected, "{line}");
        let received = receive(&mut CookieJar::new(without.clone()), HTTPS, line, NOW);
        assert_eq!(outcome(received), expected_without, "{line}");
    }
}

#[test]
fn refused_over_http() {
    let rows = [
        "a=1; Secure | a=1 | secure-over-insecure",
        "sid=2 | sid=2; Path=/ | overlays-secure",
        "sid=; Max-Age=0 | SID=; Max-Age=0 | overlays-secure",
    ];
    check(HTTP, http, &["sid=1; Path=/a; Secure"], &rows);
}

#[test]
fn refused_from_a_script() {
    let rows = [
        "a=1; HttpOnly | a=1 | http-only-from-script",
        "sid=2; Path=/ | sid=2 | replaces-http-only",
        "sid=; Max-Age=0; Path=/ | sid=; Max-Age=0; Path=/; Domain=example.com | replaces-http-only",
    ];
    check(HTTPS, script, &["sid=1; Path=/; HttpOnly"], &rows);
    // A response replaces it, also by a cookie that is not HttpOnly.
    let mut jar = CookieJar::default();
    receive(&mut jar, HTTPS, "sid=1; HttpOnly", NOW).unwrap();
    assert_eq!(
        receive(&mut jar, HTTPS, "sid=2", NOW),
        Ok(Receipt::Replaced)
    );
}

#[test]
fn refused_cross_site() {
    let rows = [
        // attributes, the flag that is told
        ("", SameSite::Default),
        ("; SameSite=x", SameSite::Default),
        ("; SameSite=Lax", SameSite::Lax),
        ("; SameSite=Strict", SameSite::Strict),
        // The last one counts, known or not.
        ("; SameSite=None; SameSite=Lax", SameSite::Lax),
        ("; SameSite=None; SameSite=x", SameSite::Default),
    ];
    let requests: [Context; 4] = [
        cross_site,
        |url| cross_site(url).destination(Destination::Nested),
        |url| http(url).opaque_site_for_cookies(),
        |url| http(url).site_for_cookies(&OPAQUE),
    ];
    // A destination says nothing of a script.
    let scripts: [Context; 2] = [cross_site_script, |url| {
        cross_site_script(url).destination(Destination::TopLevel)
    }];
    let from = url(HTTPS);
    let receive = |line: &str, context: Context| {
        CookieJar::default().receive(line.as_bytes(), context(&from), NOW)
    };
    for (attributes, same_site) in rows {
        let line = format!("a=1{attributes}");
        for context in requests {
            let refused = receive(&line, context);
            assert_eq!(
                refused,
                Err(Rejection::SameSiteCrossSite { same_site }),
                "{line}"
            );
        }
        for context in scripts {
            let refused = receive(&line, context);
            assert_eq!(
                refused,
                Err(Rejection::SameSiteFromScript { same_site }),
                "{line}"
            );
        }
        // A top-level navigation sets all of them, whatever its method.
        let navigated = receive(&line, |url| {
            cross_site(url)
                .destination(Destination::TopLevel)
                .method("POST")
        });
        assert_eq!(navigated, Ok(Receipt::Stored), "{line}");
    }
    for context in requests.into_iter().chain(scripts) {
        let received = receive("a=1; SameSite=None; Secure", context);
        assert_eq!(received, Ok(Receipt::Stored));
    }
}

#[test]
fn sites_for_storing() {
    let rows = [
        // URL, site for cookies, is it same-site
        "https://example.com/ | https://example.com/ | yes",
        "https://example.com/ | https://www.example.com:8443/x | yes",
        "https://a.example.com/ | wss://b.example.com/ | yes",
        "https://example.com/ | blob:https://example.com/0 | yes",
        "https://example.com/ | http://example.com/ | no",
        "https://example.com/ | https://example.org/ | no",
        "https://a.github.io/ | https://b.github.io/ | no",
        "https://github.io/ | https://github.io/ | yes",
        "https://example.com/ | https://example.com./ | no",
        "https://10.0.0.1/ | https://10.0.0.1/ | yes",
        "https://10.0.0.1/ | https://11.0.0.1/ | no",
        "https://[::1]/ | https://[::1]/ | yes",
        "https://example.com/ | data:,x | no",
        // Origins that are opaque are same-site with nothing, themselves included.
        "foo://example.com/ | foo://example.com/ | no",
    ];
    for reject_public_suffixes in [true, false] {
        let policy = policy(|policy| policy.reject_public_suffixes = reject_public_suffixes);
        for [from, site, is_same_site] in rows.map(cells) {
            let (from, site) = (url(from), url(site));
            let request = Request::new(&from).site_for_cookies(&site);
            let received = CookieJar::new(policy.clone()).receive(b"a=1", request, NOW);
            assert_eq!(received.is_ok(), is_same_site == "yes", "{from} {site}");
        }
    }
}

#[test]
fn refused_without_a_host_or_a_partition() {
    let rows = [
        ("a=1", "5.7 step 10"),
        ("a=1; Domain=example.com", "5.7 step 10"),
        ("a=1; Domain=com", "5.7 step 9.2"),
        ("a=1; Domain=\u{e9}", "5.7 step 8"),
    ];
    for from in [
        "data:,x",
        "file:///x",
        "blob:https://example.com/0",
        "foo://a%00b/",
    ] {
        for (line, expected) in rows {
            let received = receive(&mut CookieJar::default(), from, line, NOW);
            assert_eq!(outcome(received), expected, "{from} {line}");
        }
    }
    let rows = ["a=1; Secure; Partitioned | a=1; Secure | partitioned-opaque"];
    check(HTTPS, below_opaque_page, &[], &rows);
    // The origins of a scheme that the URL Standard does not know are opaque.
    check("foo://localhost/", http, &[], &rows);
}

/// Each line mends what the line before it was refused for; what is told is the first step that
/// aborts, in the order of the text.
fn check_order(from: &str, context: Context, before: &[&str], rows: &[&str]) {
    let from = url(from);
    let mut jar = CookieJar::default();
    for line in before {
        receive(&mut jar, HTTPS, line, NOW).unwrap();
    }
    for [line, expected] in rows.iter().map(|row| cells(row)) {
        let received = jar.clone().receive(line.as_bytes(), context(&from), NOW);
        assert_eq!(outcome(received), expected, "{line}");
    }
}

#[test]
fn the_first_step_in_the_order_of_the_text_is_told() {
    let long = "x".repeat(4097);
    check_order(
        HTTP,
        cross_site_script,
        &["__Host-a=1; Secure; Path=/"],
        &[
            &format!("{long}\u{1}; Domain=\u{e9}; Secure; HttpOnly | 5.6 step 1"),
            &format!("{long}; Domain=\u{e9}; Secure; HttpOnly | 5.6 step 5"),
            "=; Domain=\u{e9}; Secure; HttpOnly | 5.7 step 2",
            "__Host-a=; Domain=\u{e9}; Secure; HttpOnly | 5.7 step 8",
            "__Host-a=; Domain=org; Secure; HttpOnly | 5.7 step 9.3.1",
            "__Host-a=; Domain=example.org; Secure; HttpOnly | 5.7 step 10.1.1",
            "__Host-a=; Domain=example.com; Secure; HttpOnly | 5.7 step 13",
            "__Host-a=; Domain=example.com; HttpOnly | 5.7 step 15",
            "__Host-a=; Domain=example.com | 5.7 step 16",
            "__Host-b=; Domain=example.com | 5.7 step 18.1",
            "__Host-b=; Domain=example.com; SameSite=None | 5.7 step 19",
        ],
    );
    check_order(
        HTTP,
        cross_site,
        &["__Secure-a=1; Secure; Path=/a"],
        &[
            "__Secure-a= | 5.7 step 16",
            "__Secure-a=; SameSite=None | 5.7 step 16",
            "__Secure-a=; Path=/ | 5.7 step 18.4",
            "__Secure-a=; Path=/; SameSite=None | 5.7 step 19",
        ],
    );
    check_order(
        HTTPS,
        below_opaque_page,
        &[],
        &[
            "__Secure-a=; SameSite=None; Partitioned | 5.7 step 19",
            "__Secure-a=; Partitioned | 5.7 step 20",
            "__Secure-; Partitioned | 5.7 step 22",
            "a; Partitioned | partitioned-insecure",
            "a; Partitioned; Secure | partitioned-opaque",
            "a; Secure | Stored",
        ],
    );
    check_order(
        HTTPS,
        http,
        &[],
        &[
            "__Host-Http-a=; Domain=example.com; SameSite=None | 5.7 step 19",
            "__Host-Http-a=; Domain=example.com | 5.7 step 21.1",
            "__Host-Http-a=; Domain=example.com; Secure | 5.7 step 21.2",
            "__Host-Http-a=; Secure | 5.7 step 21.3",
            "__Host-Http-a=; Secure; Path=/ | http-prefix-not-http-only",
            "__Host-Http-a=; Secure; Path=/; HttpOnly | Stored",
            "__Http-a=; Partitioned | http-prefix-insecure",
            "__Http-; Partitioned | nameless-http-prefix",
            "__Http; Partitioned | partitioned-insecure",
        ],
    );
    check_order(
        HTTPS,
        script,
        &[
            "__Host-Http-a=1; Secure; Path=/; HttpOnly",
            "x; HttpOnly",
            "__p=1; HttpOnly; Secure; Partitioned",
        ],
        &[
            "__Host-Http-a=; Path=/; HttpOnly | 5.7 step 15",
            "__Host-Http-a=; Path=/ | 5.7 step 21.1",
            "__Host-Http-a=; Path=/; Secure | http-prefix-not-http-only",
            "__Host-x | 5.7 step 22",
            "x | 5.7 step 23.2",
            "__p=; Partitioned | partitioned-insecure",
            "__p=; Partitioned; Secure | 5.7 step 23.2",
            "__p=; Secure | Stored",
        ],
    );
}

/// The domain of what is stored, or the step of 5.7 that refuses it.
fn stored_domain(policy: Policy, host: &str, domain: &str) -> String {
    let mut jar = CookieJar::new(policy);
    let line = format!("a=1; Domain={domain}");
    if let Err(rejection) = receive(&mut jar, &format!("https://{host}/"), &line, NOW) {
        return rejection.citation().unwrap().step().unwrap().to_owned();
    }
    let cookie = jar.iter(NOW).next().unwrap();
    let host_only = if cookie.host_only() { "only " } else { "" };
    format!("{host_only}{}", text(cookie.domain()))
}

#[test]
fn domains() {
    let rows = [
        // host | Domain | what is stored or which step refuses | the same without public suffixes
        "example.com           |                  | only example.com | only example.com",
        "example.com           | .                | only example.com | only example.com",
        "example.com           | example.com      | example.com      | example.com",
        "www.example.com       | EXAMPLE.com      | example.com      | example.com",
        "a.b.example.com       | .example.com     | example.com      | example.com",
        "example.com           | ..example.com    | 10.1.1           | 10.1.1",
        "example.com           | www.example.com  | 10.1.1           | 10.1.1",
        "badexample.com        | example.com      | 10.1.1           | 10.1.1",
        "www.example.com       | ww.example.com   | 10.1.1           | 10.1.1",
        "example.com           | example.com:443  | 10.1.1           | 10.1.1",
        "example.com           | ..               | 10.1.1           | 10.1.1",
        // Public suffixes of both sections of the list.
        "example.com           | com              | 9.3.1            | com",
        "shop.co.uk            | co.uk            | 9.3.1            | co.uk",
        "user.github.io        | github.io        | 9.3.1            | github.io",
        "a.user.github.io      | user.github.io   | user.github.io   | user.github.io",
        // One that does not even cover the host.
        "example.com           | org              | 9.3.1            | 10.1.1",
        // One that is the host itself.
        "github.io             | github.io        | only github.io   | github.io",
        "com                   | .COM             | only com         | com",
        // A trailing dot makes another host, and its suffixes are public alike.
        "example.com.          |                  | only example.com. | only example.com.",
        "example.com.          | example.com.     | example.com.     | example.com.",
        "example.com.          | example.com      | 10.1.1           | 10.1.1",
        "example.com           | example.com.     | 10.1.1           | 10.1.1",
        "example.com.          | com.             | 9.3.1            | com.",
        "example.com.          | com              | 9.3.1            | 10.1.1",
        "com.                  | com.             | only com.        | com.",
        "com                   | com.             | 9.3.1            | 10.1.1",
        // Wildcard rules, their parents and their exceptions.
        "a.b.kawasaki.jp       | b.kawasaki.jp    | 9.3.1            | b.kawasaki.jp",
        "a.b.kawasaki.jp       | kawasaki.jp      | 9.3.1            | kawasaki.jp",
        "kawasaki.jp           | kawasaki.jp      | only kawasaki.jp | kawasaki.jp",
        "a.city.kawasaki.jp    | city.kawasaki.jp | city.kawasaki.jp | city.kawasaki.jp",
        // Top-level labels that the list does not name.
        "shop.intranet         | intranet         | 9.3.1            | intranet",
        "shop.intranet         | shop.intranet    | shop.intranet    | shop.intranet",
        "intranet              | intranet         | only intranet    | intranet",
        // IP addresses are no public suffixes and have no parents.
        "10.0.0.1              |                  | only 10.0.0.1    | only 10.0.0.1",
        "10.0.0.1              | 10.0.0.1         | 10.0.0.1         | 10.0.0.1",
        "10.0.0.1              | 0.0.1            | 10.1.1           | 10.1.1",
        "10.0.0.1              | 1                | 9.3.1            | 10.1.1",
        "[2001:DB8::1]         |                  | only [2001:db8::1] | only [2001:db8::1]",
        "[2001:db8::1]         | [2001:DB8::1]    | [2001:db8::1]    | [2001:db8::1]",
        "[2001:db8::1]         | 2001:db8::1      | 10.1.1           | 10.1.1",
        // The Domain of a U-label is its A-label.
        "\u{fc}.example        | xn--tda.example  | xn--tda.example  | xn--tda.example",
        "\u{fc}.example        | \u{fc}.example   | 8                | 8",
        "a.\u{516c}\u{53f8}.cn | xn--55qx5d.cn    | 9.3.1            | xn--55qx5d.cn",
        // Labels that 5.1.2 does not take, and the URL Standard does.
        "r3---sn_x.-a.example  | -a.example       | -a.example       | -a.example",
    ];
    let off = policy(|policy| policy.reject_public_suffixes = false);
    for [host, domain, stored, stored_off] in rows.map(cells) {
        let found = stored_domain(Policy::default(), host, domain);
        assert_eq!(found, stored, "{host} {domain}");
        let found = stored_domain(off.clone(), host, domain);
        assert_eq!(found, stored_off, "{host} {domain}, off");
    }
}

#[test]
fn refusals_name_the_domain() {
    let rows = [
        ("a=1; Domain=.CO.uk.", public_suffix("co.uk.")),
        (
            "a=1; Domain=Example.org",
            mismatch("example.com", "example.org"),
        ),
    ];
    for (line, expected) in rows {
        let received = receive(&mut CookieJar::default(), "https://EXAMPLE.com/", line, NOW);
        assert_eq!(received, Err(expected));
    }
}

fn stored_path(from: &str, attributes: &str) -> String {
    let mut jar = CookieJar::default();
    receive(&mut jar, from, &format!("a=1{attributes}"), NOW).unwrap();
    text(jar.iter(NOW).next().unwrap().path())
}

#[test]
fn paths() {
    let rows = [
        // URL | attributes | path
        "https://example.com                 |                   | /",
        "https://example.com/a?x=/b/c#/d/e   |                   | /",
        "https://example.com/a/b?x=/c/d      |                   | /a",
        "https://example.com/a//b            |                   | /a/",
        "foo://example.com                   |                   | /",
        "https://example.com/a/b             | ; Path            | /a",
        "https://example.com/a/b             | ; Path=c          | /a",
        "https://example.com/a/b             | ; Path=/c         | /c",
        "https://example.com/a/b             | ; Path=/c/../%64  | /c/../%64",
        "https://example.com/a/b             | ; Path=/c; Path=/ | /",
        "https://example.com/a/b             | ; Path=/c; Path=  | /a",
    ];
    for [from, attributes, expected] in rows.map(cells) {
        assert_eq!(
            stored_path(from, attributes),
            expected,
            "{from} {attributes}"
        );
    }
}

#[test]
fn a_default_path_that_is_too_long_yields_to_a_path_before_it() {
    let path = |length: usize| format!("/{}", "d".repeat(length - 1));
    let (longest, too_long) = (&path(1024)[..], &path(1025)[..]);
    let rows = [
        // default-path, attributes, path
        (longest, "", longest),
        (longest, "; Path=/c; Path", longest),
        (too_long, "", too_long),
        (too_long, "; Path", too_long),
        (too_long, "; Path=/c; Path", "/c"),
        (too_long, "; Path=/b; Path=/c; Path=; Path=x", "/c"),
        (too_long, "; Path; Path=/c", "/c"),
        // What is too long as an attribute was never there.
        ("/a", &format!("; Path=/c; Path={longest}"), longest),
        ("/a", &format!("; Path=/c; Path={too_long}"), "/c"),
        ("/a", &format!("; Path={too_long}"), "/a"),
    ];
    for (default_path, attributes, expected) in rows {
        let from = format!("https://example.com{default_path}/x");
        assert_eq!(stored_path(&from, attributes), expected, "{attributes}");
    }
}

#[test]
fn the_host_prefix_wants_a_path_attribute_and_the_path_of_the_root() {
    let root = "https://example.com/x";
    let long = &format!("https://example.com/{}/x", "d".repeat(1024))[..];
    let rows = [
        // URL, attributes, are they accepted
        (root, "", false),
        (root, "; Path", true),
        (root, "; Path=", true),
        (root, "; Path=x", true),
        (root, "; Path=/", true),
        (root, "; Path=//", false),
        (root, "; Path=/x; Path", true),
        (HTTPS, "", false),
        (HTTPS, "; Path", false),
        (HTTPS, "; Path=x", false),
        (HTTPS, "; Path=/; Path", false),
        (HTTPS, "; Path=/", true),
        (long, "; Path", false),
        // The default-path is too long, so the Path before it counts.
        (long, "; Path=/; Path", true),
    ];
    for (from, attributes, accepted) in rows {
        let line = format!("__Host-a=1; Secure{attributes}");
        let received = receive(&mut CookieJar::default(), from, &line, NOW);
        let expected = if accepted { "Stored" } else { "5.7 step 21.3" };
        assert_eq!(outcome(received), expected, "{from} {attributes}");
    }
}

/// What is looked up for step 16 is right after each change, also once it was asked.
#[test]
fn what_is_overlaid_follows_the_jar() {
    let mut jar = CookieJar::default();
    let rows = [
        // url | line | refused
        (HTTP, "b=1", false),
        (HTTPS, "a=1; Secure", false),
        (HTTP, "a=2", true),
        (HTTPS, "a=3; Secure", false),
        (HTTP, "a=4", true),
        (HTTPS, "a=5", false),
        (HTTP, "a=6", false),
        (HTTPS, "a=7; Secure; Max-Age=5", false),
        (HTTP, "a=8", true),
        (HTTPS, "a=9; Secure; Max-Age=0", false),
        (HTTP, "a=10", false),
    ];
    for (from, line, refused) in rows {
        let received = receive(&mut jar, from, line, NOW);
        assert_eq!(received.is_err(), refused, "{line}");
    }
    receive(&mut jar, HTTPS, "a=11; Secure; Max-Age=5", NOW).unwrap();
    assert!(receive(&mut jar, HTTP, "a=12", after(5)).is_err());
    assert!(receive(&mut jar, HTTP, "a=13", after(6)).is_ok());
}

/// Returns true if the new line is refused for lying over the cookie of the old one.
fn overlays(policy: Policy, old: (&str, &str), new: (&str, &str)) -> bool {
    let mut jar = CookieJar::new(policy);
    receive(&mut jar, old.0, old.1, NOW).unwrap();
    match receive(&mut jar, new.0, new.1, NOW) {
        Ok(_) => false,
        Err(rejection) => {
            assert_eq!(rejection, Rejection::OverlaysSecure);
            true
        }
    }
}

#[test]
fn an_insecure_cookie_lies_over_a_secure_one_by_path() {
    let rows = [
        // path of the secure cookie, of the insecure one, is it refused
        ("/login", "/login", true),
        ("/login", "/login/", true),
        ("/login", "/login/en", true),
        ("/login", "/", false),
        ("/login", "/foo", false),
        ("/login", "/log", false),
        ("/login", "/loginx", false),
        ("/login", "/LOGIN", false),
        ("/login/", "/login", false),
        ("/login/", "/login/", true),
        ("/login/", "/login/en", true),
        ("/", "/", true),
        ("/", "/any", true),
    ];
    for (old, new, expected) in rows {
        let old = format!("a=1; Secure; Path={old}");
        let new = format!("a=2; Path={new}");
        let overlays = overlays(Policy::default(), (HTTPS, &old), (HTTP, &new));
        assert_eq!(overlays, expected, "{old} {new}");
    }
}

#[test]
fn an_insecure_cookie_lies_over_a_secure_one_by_domain() {
    let rows = [
        // host and Domain of the secure cookie | of the insecure one | is it refused
        "example.com     |             | example.com       |             | yes",
        "example.com     | example.com | example.com       |             | yes",
        "example.com     |             | example.com       | example.com | yes",
        "example.com     |             | www.example.com   |             | yes",
        "example.com     | example.com | a.b.example.com   |             | yes",
        "www.example.com |             | example.com       |             | yes",
        "a.b.example.com |             | www.example.com   | example.com | yes",
        "www.example.com | example.com | a.example.com     |             | yes",
        "a.example.com   |             | b.example.com     |             | no",
        "a.example.com   |             | aa.example.com    |             | no",
        "aa.example.com  |             | a.example.com     |             | no",
        "example.com     |             | badexample.com    |             | no",
        "badexample.com  |             | example.com       |             | no",
        "example.com     |             | example.com.      |             | no",
        "example.com.    |             | www.example.com.  |             | yes",
        "com             |             | example.com       |             | yes",
        "10.0.0.1        |             | 10.0.0.1          |             | yes",
        "10.0.0.1        |             | 11.0.0.1          |             | no",
        "[2001:db8::1]   |             | [2001:db8::1]     |             | yes",
    ];
    for row in rows {
        let [old_host, old_domain, new_host, new_domain, expected] = cells(row);
        let old = format!("a=1; Secure; Domain={old_domain}");
        let new = format!("a=2; Domain={new_domain}");
        let (from, to) = (
            format!("https://{old_host}/"),
            format!("http://{new_host}/"),
        );
        let overlays = overlays(Policy::default(), (&from, &old), (&to, &new));
        assert_eq!(overlays, expected == "yes", "{row}");
    }
}

#[test]
fn an_insecure_cookie_lies_over_a_secure_one_by_name_and_connection() {
    let rows = [
        // URL and line of the old cookie | of the new one | is it refused, of nobody trusted
        "https://example.com/   | a=1; Secure | http://example.com/        | a=2 | yes | yes",
        "https://example.com/   | a=1; Secure | http://example.com/        | A=2 | no  | no",
        "https://example.com/   | a=1; Secure | http://example.com/        | =2  | no  | no",
        "https://example.com/   | =1; Secure  | http://example.com/        | 2   | yes | yes",
        "https://example.com/   | a=1         | http://example.com/        | a=2 | no  | no",
        "https://example.com/   | a=1; Secure | http://example.com:8080/   | a=2 | yes | yes",
        "https://example.com/   | a=1; Secure | ws://example.com/          | a=2 | yes | yes",
        "https://example.com/   | a=1; Secure | wss://example.com/         | a=2 | no  | no",
        "https://example.com/   | a=1; Secure | https://example.com/       | a=2 | no  | no",
        "https://localhost/     | a=1; Secure | http://localhost/          | a=2 | no  | yes",
        "https://localhost/     | a=1; Secure | http://a.localhost/        | a=2 | no  | yes",
        "https://a.localhost./  | a=1; Secure | ws://a.localhost./         | a=2 | no  | yes",
        "https://127.255.0.9/   | a=1; Secure | http://127.255.0.9/        | a=2 | no  | yes",
        "https://[::1]/         | a=1; Secure | foo://[::1]/               | a=2 | no  | yes",
        "https://[::ffff:7f00:1]/ | a=1; Secure | http://[::ffff:127.0.0.1]/ | a=2 | yes | yes",
        "https://localhost.example/ | a=1; Secure | http://localhost.example/ | a=2 | yes | yes",
    ];
    for row in rows {
        let [from, old, to, new, trusting, wary] = cells(row);
        let overlays_by = |policy| overlays(policy, (from, old), (to, new));
        assert_eq!(overlays_by(Policy::default()), trusting == "yes", "{row}");
        let trust_nobody = policy(|policy| policy.trust_localhost = false);
        assert_eq!(overlays_by(trust_nobody), wary == "yes", "{row}");
    }
}

#[test]
fn secure_cookies_come_over_secure_connections() {
    let rows = [
        // URL | is Secure accepted, of nobody trusted
        "https://example.com/ | yes | yes",
        "wss://example.com/   | yes | yes",
        "http://example.com/  | no  | no",
        "ws://example.com/    | no  | no",
        "ftp://example.com/   | no  | no",
        "foo://example.com/   | no  | no",
        "http://localhost/    | yes | no",
        "http://a.localhost./ | yes | no",
        "ws://127.0.0.1/      | yes | no",
        "http://[::1]/        | yes | no",
        "http://128.0.0.1/    | no  | no",
        "http://[::2]/        | no  | no",
    ];
    for row in rows {
        let [from, trusting, wary] = cells(row);
        let trust_nobody = policy(|policy| policy.trust_localhost = false);
        for (policy, accepted) in [(Policy::default(), trusting), (trust_nobody, wary)] {
            let received = receive(&mut CookieJar::new(policy), from, "a=1; Secure", NOW);
            let expected = if accepted == "yes" {
                "Stored"
            } else {
                "5.7 step 13"
            };
            assert_eq!(outcome(received), expected, "{row}");
        }
    }
}

#[test]
fn an_expired_secure_cookie_is_no_obstacle() {
    let rows = [
        // seconds since it was stored for ten, what becomes of the insecure one
        (10, "5.7 step 16"),
        (11, "Stored"),
    ];
    for (seconds, expected) in rows {
        let mut jar = CookieJar::default();
        receive(&mut jar, HTTPS, "a=1; Secure; Max-Age=10", NOW).unwrap();
        let new = receive(&mut jar, HTTP, "a=2", after(seconds));
        assert_eq!(outcome(new), expected, "{seconds}");
    }
}

#[test]
fn a_partition_is_a_store_of_its_own() {
    let (https, http_url) = (url("https://example.com/"), url("http://example.com/"));
    let own = "a=1; Secure; Partitioned";
    let rows: [(&str, Context, &str, Context, &str); 5] = [
        // old line and context, new line over http and context, what becomes of the new one
        (own, http, "a=2", http, "Stored"),
        (
            own,
            below_other_site,
            "a=2; Partitioned",
            below_other_site,
            "5.7 step 16",
        ),
        // The key of http://example.com is another one.
        (own, http, "a=2; Partitioned", http, "partitioned-insecure"),
        (
            "a=1; Secure",
            http,
            "a=2; Partitioned",
            http,
            "partitioned-insecure",
        ),
        (
            "a=1; Secure",
            http,
            "a=2; Partitioned",
            below_opaque_page,
            "partitioned-insecure",
        ),
    ];
    for (old, old_context, new, new_context, expected) in rows {
        let mut jar = CookieJar::default();
        jar.receive(old.as_bytes(), old_context(&https), NOW)
            .unwrap();
        let received = jar.receive(new.as_bytes(), new_context(&http_url), NOW);
        assert_eq!(outcome(received), expected, "{old} {new}");
    }
    // Where Partitioned means nothing, it is one store.
    let one_store = policy(|policy| policy.partitioned = false);
    assert!(overlays(
        one_store,
        (HTTPS, own),
        (HTTP, "a=2; Partitioned")
    ));
    // Identity, too, is within a partition.
    let mut jar = CookieJar::default();
    let contexts: [(Context, &str, &str); 7] = [
        (http, own, "Stored"),
        (below_other_site, own, "Stored"),
        (http, "a=1; Secure", "Stored"),
        (http, own, "Replaced"),
        (below_other_site, own, "Replaced"),
        (http, "a=1; Secure", "Replaced"),
        (http, "a=; Secure; Partitioned; Max-Age=0", "Expired"),
    ];
    for (context, line, expected) in contexts {
        let received = jar.receive(line.as_bytes(), context(&https), NOW);
        assert_eq!(outcome(received), expected, "{line}");
    }
    assert_eq!(jar.len(), 2);
}

#[test]
fn lifetimes() {
    const DAY: u64 = 24 * 60 * 60;
    let rows = [
        // days of the limit | attributes | seconds until the expiry-time
        "400 | Secure                                                      | session",
        "400 | Max-Age=1                                                   | 1",
        "400 | Max-Age=34559999                                            | 34559999",
        "400 | Max-Age=34560000                                            | 34560000",
        "400 | Max-Age=34560001                                            | 34560000",
        "400 | Max-Age=9223372036854775807                                 | 34560000",
        "400 | Expires=Sat, 01 Jun 2024 12:00:01 GMT                       | 1",
        "400 | Expires=Sun, 06 Jul 2025 11:59:59 GMT                       | 34559999",
        "400 | Expires=Sun, 06 Jul 2025 12:00:00 GMT                       | 34560000",
        "400 | Expires=Sun, 06 Jul 2025 12:00:01 GMT                       | 34560000",
        "400 | Expires=Fri, 31 Dec 9999 23:59:59 GMT                       | 34560000",
        // At its very expiry-time a cookie has not expired.
        "400 | Expires=Sat, 01 Jun 2024 12:00:00 GMT                       | 0",
        // Max-Age beats Expires, whichever comes last.
        "400 | Max-Age=5; Expires=Sat, 01 Jun 2024 13:00:00 GMT            | 5",
        "400 | Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=5            | 5",
        "400 | Max-Age=x; Expires=Sat, 01 Jun 2024 12:00:07 GMT            | 7",
        "1   | Max-Age=86401                                               | 86400",
        "1   | Expires=Sun, 02 Jun 2024 12:00:01 GMT                       | 86400",
        "500 | Max-Age=9223372036854775807                                 | 43200000",
        "500 | Expires=Fri, 31 Dec 9999 23:59:59 GMT                       | 43200000",
        // Without any lifetime the latest expiry-time is now.
        "0   | Expires=Fri, 31 Dec 9999 23:59:59 GMT                       | 0",
        "0   | Secure                                                      | session",
    ];
    for row in rows {
        let [days, attributes, expected] = cells(row);
        let limit = Duration::from_secs(days.parse::<u64>().unwrap() * DAY);
        let mut jar = CookieJar::new(policy(|policy| policy.lifetime_limit = limit));
        let received = receive(&mut jar, HTTPS, &format!("a=1; {attributes}"), NOW);
        assert_eq!(received, Ok(Receipt::Stored), "{row}");
        let cookie = jar.iter(NOW).next().unwrap();
        let expected = expected.parse().ok().map(after);
        assert_eq!(cookie.expiry_time(), expected, "{row}");
        assert_eq!(cookie.persistent(), expected.is_some(), "{row}");
    }
}

#[test]
fn no_lifetime_goes_beyond_the_year_9999() {
    let last_day = YEAR_9999 - Duration::from_secs(24 * 60 * 60);
    let last_but_one = YEAR_9999 - Duration::from_secs(1);
    let rows = [
        // now, attributes, expiry-time
        (NOW, "Max-Age=9223372036854775807", YEAR_9999),
        (NOW, "Expires=31 Dec 9999 23:59:59", YEAR_9999),
        (NOW, "Expires=31 Dec 9999 23:59:58", last_but_one),
        (last_day, "Max-Age=86399", last_but_one),
        (last_day, "Max-Age=86400", YEAR_9999),
        (last_day, "Max-Age=86401", YEAR_9999),
        (last_but_one, "Max-Age=2", YEAR_9999),
        // A clock that is past it still gives lifetimes.
        (YEAR_9999, "Max-Age=1", YEAR_9999 + Duration::from_secs(1)),
    ];
    let unlimited = policy(|policy| policy.lifetime_limit = Duration::MAX);
    for (now, attributes, expected) in rows {
        let mut jar = CookieJar::new(unlimited.clone());
        receive(&mut jar, HTTPS, &format!("a=1; {attributes}"), now).unwrap();
        let expiry_time = jar.iter(now).next().unwrap().expiry_time();
        assert_eq!(expiry_time, Some(expected), "{attributes}");
    }
}

#[test]
fn what_has_expired_deletes() {
    let no_lifetime = policy(|policy| policy.lifetime_limit = Duration::ZERO);
    let rows = [
        (Policy::default(), "Max-Age=0"),
        (Policy::default(), "Max-Age=-1"),
        (Policy::default(), "Max-Age=-9223372036854775809"),
        (Policy::default(), "Max-Age=0; Expires=31 Dec 9999 1:1:1"),
        (Policy::default(), "Expires=01 Jun 2024 11:59:59"),
        (Policy::default(), "Expires=01 Jan 1601 00:00:00"),
        (no_lifetime, "Max-Age=60"),
    ];
    for (policy, attributes) in rows {
        for (before, left) in [("a=1", ""), ("other=1", "other")] {
            let mut jar = CookieJar::new(policy.clone());
            receive(&mut jar, HTTPS, before, NOW).unwrap();
            let received = receive(&mut jar, HTTPS, &format!("a=; {attributes}"), NOW);
            assert_eq!(received, Ok(Receipt::Expired), "{attributes}");
            assert_eq!(names(&jar, NOW), left, "{attributes}");
        }
    }
}

#[test]
fn replacing_needs_the_same_identity() {
    let from = "https://www.example.com/";
    let rows = [
        // a line after `a=1; Domain=example.com; Path=/` | what becomes of it
        "a=2; Domain=example.com; Path=/                             | Replaced",
        "a=; Domain=EXAMPLE.com; Path=/                              | Replaced",
        "a=2; Domain=example.com; Path=/; Secure; HttpOnly           | Replaced",
        "a=2; Domain=example.com; Path=/; SameSite=Lax; Max-Age=9    | Replaced",
        "A=2; Domain=example.com; Path=/                             | Stored",
        "=2; Domain=example.com; Path=/                              | Stored",
        "a=2; Domain=example.com; Path=/a                            | Stored",
        "a=2; Domain=example.com; Path=//                            | Stored",
        "a=2; Domain=www.example.com; Path=/                         | Stored",
        "a=2; Path=/                                                 | Stored",
        "a=2; Domain=example.com; Path=/; Secure; Partitioned        | Stored",
    ];
    let mut jar = CookieJar::default();
    receive(&mut jar, from, "a=1; Domain=example.com; Path=/", NOW).unwrap();
    for [line, expected] in rows.map(cells) {
        let received = receive(&mut jar.clone(), from, line, NOW);
        assert_eq!(outcome(received), expected, "{line}");
    }
    // A host-only cookie and another are two, and neither scheme nor port make a third.
    let rows = [
        "https://example.com/      | a=1                     | Stored",
        "https://example.com/      | a=2; Domain=example.com | Stored",
        "https://example.com/      | a=3                     | Replaced",
        "https://example.com/      | a=4; Domain=example.com | Replaced",
        "http://example.com/       | a=5                     | Replaced",
        "https://example.com:8443/ | a=6                     | Replaced",
        "ws://example.com/         | a=7                     | Replaced",
    ];
    let mut jar = CookieJar::default();
    for [from, line, expected] in rows.map(cells) {
        assert_eq!(
            outcome(receive(&mut jar, from, line, NOW)),
            expected,
            "{line}"
        );
    }
    assert_eq!(sent(&jar, "https://example.com/", NOW), "a=7; a=4");
}

#[test]
fn replacing_keeps_the_creation_time_and_the_place() {
    let mut jar = CookieJar::default();
    for (second, line) in (0..).zip(["a=1; Max-Age=10", "b=1", "c=1"]) {
        receive(&mut jar, HTTPS, line, after(second)).unwrap();
    }
    let fields = |jar: &CookieJar, now: i64| {
        let cookie = jar.get(Domain::new("example.com"), "a", "/a", after(now))[0];
        let seconds = |instant: Timestamp| instant.as_secs() - NOW.as_secs();
        let times = (cookie.creation_time(), cookie.last_access_time());
        let expiry_time = cookie.expiry_time().map(seconds);
        (
            seconds(times.0),
            seconds(times.1),
            expiry_time,
            cookie.secure_only(),
        )
    };
    receive(&mut jar, HTTPS, "a=2; Max-Age=10; Secure", after(5)).unwrap();
    assert_eq!(fields(&jar, 5), (0, 5, Some(15), true));
    assert_eq!(sent(&jar, HTTPS, after(6)), "a=2; b=1; c=1");
    // All other fields are those of the new line.
    receive(&mut jar, HTTPS, "a=3", after(7)).unwrap();
    assert_eq!(fields(&jar, 7), (0, 7, None, false));
    // The place is kept among equal instants, too.
    let mut jar = CookieJar::default();
    for line in ["a=1", "b=1", "a=2"] {
        receive(&mut jar, HTTPS, line, NOW).unwrap();
    }
    assert_eq!(sent(&jar, HTTPS, NOW), "a=2; b=1");
    // Neither a deletion nor an expiry leaves it behind.
    for gone in ["a=; Max-Age=0", "a=; Max-Age=1"] {
        let mut jar = jar.clone();
        receive(&mut jar, HTTPS, gone, NOW).unwrap();
        let received = receive(&mut jar, HTTPS, "a=3", after(2));
        assert_eq!(received, Ok(Receipt::Stored), "{gone}");
        assert_eq!(sent(&jar, HTTPS, after(2)), "b=1; a=3", "{gone}");
    }
}

#[test]
fn a_refused_line_leaves_the_old_cookie() {
    let rows: [(&str, Context, &str); 6] = [
        (HTTPS, http, "a=2\u{7f}"),
        (HTTPS, http, "a=2; SameSite=None"),
        (HTTP, http, "a=2; Secure"),
        (HTTP, http, "a=2; Max-Age=0"),
        (HTTPS, cross_site, "a=2; Max-Age=0"),
        (HTTPS, script, "a=2; Max-Age=0"),
    ];
    for (from, context, line) in rows {
        let mut jar = CookieJar::default();
        receive(&mut jar, HTTPS, "a=1; HttpOnly; Secure", NOW).unwrap();
        let refused = jar.receive(line.as_bytes(), context(&url(from)), after(1));
        assert!(refused.is_err(), "{line}");
        let cookie = jar.iter(after(1)).next().unwrap();
        assert_eq!(text(cookie.value()), "1", "{line}");
        let times = (cookie.creation_time(), cookie.last_access_time());
        assert_eq!(times, (NOW, NOW), "{line}");
    }
}

#[test]
fn evaluating_writes_nothing() {
    let mut jar = CookieJar::default();
    let from = url(HTTPS);
    receive(&mut jar, HTTPS, "a=1", NOW).unwrap();
    let evaluate = |line: &'static str| {
        let set_cookie = SetCookie::parse(line.as_bytes()).unwrap();
        jar.evaluate(&set_cookie, http(&from), after(1))
    };
    let cookie = evaluate("b=1; Max-Age=5; Secure; HttpOnly; SameSite=Strict").unwrap();
    let times = (
        cookie.creation_time(),
        cookie.last_access_time(),
        cookie.expiry_time(),
    );
    assert_eq!(times, (after(1), after(1), Some(after(6))));
    assert!(cookie.host_only() && cookie.secure_only() && cookie.http_only());
    assert_eq!(cookie.same_site(), SameSite::Strict);
    let replacing = evaluate("a=2").unwrap();
    assert_eq!(
        (replacing.creation_time(), replacing.last_access_time()),
        (NOW, after(1))
    );
    assert!(evaluate("a=; Max-Age=0").unwrap().is_expired(after(1)));
    assert_eq!(evaluate("=").unwrap_err(), Rejection::Empty);
    assert_eq!(sent(&jar, HTTPS, after(2)), "a=1");
}

#[test]
fn evaluating_passes_over_what_has_expired() {
    let mut jar = CookieJar::default();
    receive(&mut jar, HTTPS, "a=1; Secure; HttpOnly; Max-Age=9", NOW).unwrap();
    let rows: [(&str, Context, i64, Option<Rejection>); 4] = [
        // URL, context, second, why not
        (HTTPS, script, 9, Some(Rejection::ReplacesHttpOnly)),
        (HTTPS, script, 10, None),
        (HTTP, http, 9, Some(Rejection::OverlaysSecure)),
        (HTTP, http, 10, None),
    ];
    for (from, context, second, expected) in rows {
        let set_cookie = SetCookie::parse(b"a=2").unwrap();
        let evaluated = jar
            .clone()
            .evaluate(&set_cookie, context(&url(from)), after(second));
        assert_eq!(
            evaluated.as_ref().err(),
            expected.as_ref(),
            "{from} {second}"
        );
        let creation_time = evaluated.map(|cookie| cookie.creation_time());
        assert!(creation_time.is_ok_and(|time| time == after(second)) || expected.is_some());
    }
}

#[test]
fn too_many_cookies_of_a_domain() {
    let rows = [
        // lines, one a second | what is left of three
        "a, b, c | a b c",
        "a, b, c, d | b c d",
        "a, b, c, d, e | c d e",
        // A cookie that was replaced was accessed then.
        "a, b, c, a, d | a c d",
        // Insecure ones first, the least recently used of them.
        "a; Secure, b, c, d | a c d",
        "a; Secure, b; Secure, c, d | a b d",
        "a; Secure, b; Secure, c; Secure, d; Secure | b c d",
        // An insecure one may be its own victim.
        "a; Secure, b; Secure, c; Secure, d | a b c",
        // The flag counts as it is by now.
        "a; Secure, b; Secure, c; Secure, a, d; Secure | b c d",
        "a, b; Secure, c; Secure, a; Secure, d | a b c",
        // A host-only cookie and another share their domain, whatever their paths.
        "a, b; Domain=example.com, c; Path=/, d | b c d",
        // Expired ones go before all others.
        "a, b; Secure; Max-Age=1, c, d | a c d",
        // What replaces or deletes takes no room.
        "a, b, c, c, c; Max-Age=0, d | a b d",
    ];
    for [lines, left] in rows.map(cells) {
        let mut jar = CookieJar::new(policy(|policy| policy.max_cookies_per_domain = 3));
        for (second, line) in (0..).zip(lines.split(", ")) {
            let (name, attributes) = line.split_at(1);
            let line = format!("{name}={attributes}");
            receive(&mut jar, HTTPS, &line, after(second)).unwrap();
        }
        assert_eq!(names(&jar, after(9)), left, "{lines}");
    }
}

#[test]
fn too_many_cookies_in_all() {
    let rows = [
        // hosts and lines, one a second | what is left of three
        "example.com a, example.org b, www.example.com c | a b c",
        "example.com a, example.org b, www.example.com c, example.org d | b c d",
        "example.com a, example.org b, example.org c, example.com a, example.org d | a c d",
        // Within the bound of a domain no cookie is spared for being secure.
        "example.com a; Secure, example.org b, example.org c, example.org d | b c d",
        "example.com a, example.org b; Max-Age=1, example.org c, example.org d | a c d",
    ];
    for [received, left] in rows.map(cells) {
        let limit = policy(|policy| policy.max_cookies = 3);
        assert_eq!(left_of(received, limit), left, "{received}");
    }
}

/// What is left of hosts and lines that are received one a second.
fn left_of(received: &str, policy: Policy) -> String {
    let mut jar = CookieJar::new(policy);
    for (second, host_and_line) in (0..).zip(received.split(", ")) {
        let (host, line) = host_and_line.split_once(' ').unwrap();
        let (name, attributes) = line.split_at(1);
        let (from, line) = (format!("https://{host}/"), format!("{name}={attributes}"));
        receive(&mut jar, &from, &line, after(second)).unwrap();
    }
    names(&jar, after(9))
}

#[test]
fn too_many_cookies_of_a_site() {
    let rows = [
        // hosts and lines, one a second | what is left of three a site
        "example.com a, www.example.com b, a.www.example.com c | a b c",
        "example.com a, www.example.com b, a.www.example.com c, b.example.com d | b c d",
        "example.com a, example.com b, www.example.com c, example.com d, example.com e | c d e",
        // Of another site nothing goes, and each has room for itself.
        "example.org x, example.com a, www.example.com b, example.com c, example.com d | x b c d",
        "example.org x, example.com a, example.org y, www.example.com b, example.org z, example.com c | x a y b z c",
        // A cookie that was replaced was accessed then.
        "example.com a, www.example.com b, example.com c, example.com a, www.example.com d | a c d",
        // Insecure ones first, the least recently used of them.
        "example.com a; Secure, www.example.com b, example.com c, www.example.com d | a c d",
        "example.com a; Secure, www.example.com b; Secure, example.com c, b.example.com d; Secure | a b d",
        "example.com a; Secure, www.example.com b; Secure, c.example.com c; Secure, example.com d; Secure | b c d",
        // An insecure one may be its own victim.
        "example.com a; Secure, www.example.com b; Secure, example.com c; Secure, b.example.com d | a b c",
        // What counts is the domain of the cookie, whoever sets it.
        "www.example.com a; Domain=example.com, b.example.com b, example.com c, c.example.com d; Domain=example.com | b c d",
        // Expired ones go before all others.
        "example.com a, www.example.com b; Secure; Max-Age=1, example.com c, b.example.com d | a c d",
        // What replaces or deletes takes no room.
        "example.com a, www.example.com b, b.example.com c, b.example.com c, b.example.com c; Max-Age=0, example.com d | a b d",
    ];
    for row in rows {
        let [received, left] = cells(row);
        let limit = policy(|policy| policy.max_cookies_per_site = 3);
        assert_eq!(left_of(received, limit), left, "{received}");
    }
}

#[test]
fn the_site_of_a_cookie() {
    let limit = |rejects| {
        policy(|policy| {
            policy.max_cookies_per_site = 2;
            policy.reject_public_suffixes = rejects;
        })
    };
    let rows = [
        // hosts and lines, one a second | what is left of two a site
        "shop.co.uk a, www.shop.co.uk b, other.co.uk c, a.shop.co.uk d | b c d",
        // A public suffix has itself, whatever there is below it.
        "co.uk a, shop.co.uk b, co.uk c, www.shop.co.uk d, co.uk e | b c d e",
        "github.io a, user.github.io b, github.io c, other.github.io d, a.user.github.io e, user.github.io f | a c d e f",
        "kawasaki.jp a, a.kawasaki.jp b, kawasaki.jp c, b.a.kawasaki.jp d, kawasaki.jp e | b c d e",
        "city.kawasaki.jp a, www.city.kawasaki.jp b, kawasaki.jp c, city.kawasaki.jp d | b c d",
        // A registrable domain with public suffixes below it.
        "amazonaws.com a, s3.amazonaws.com b, user.s3.amazonaws.com c, www.amazonaws.com d, a.user.s3.amazonaws.com e, amazonaws.com f | b c d e f",
        "user.s3.amazonaws.com a; Domain=amazonaws.com, user.s3.amazonaws.com b, amazonaws.com c, www.amazonaws.com d | b c d",
        // Single labels.
        "intranet a, x.intranet b, intranet c, y.x.intranet d, intranet e, x.intranet f | c d e f",
        "localhost a, a.localhost b, localhost c, localhost d | b c d",
        // Addresses.
        "10.0.0.1 a, 10.0.0.2 b, 10.0.0.1 c, 11.0.0.1 d, 10.0.0.1 e | b c d e",
        "[::1] a, [::2] b, [::1] c, [::1] d | b c d",
        // With a root label it is another host, and another site.
        "example.com a, example.com. b, www.example.com c, www.example.com. d, example.com. e | a c d e",
    ];
    for row in rows {
        let [received, left] = cells(row);
        // The list makes the sites also where nothing is rejected as a public suffix.
        for rejects in [true, false] {
            assert_eq!(left_of(received, limit(rejects)), left, "{received}");
        }
    }
    // Whoever sets a cookie for all of a public suffix has no room in it for more than its limit.
    let received = "shop.co.uk a; Domain=co.uk, shop.co.uk b, a.co.uk c; Domain=co.uk, shop.co.uk d, b.co.uk e; Domain=co.uk";
    assert_eq!(left_of(received, limit(false)), "b c d e");
}

#[test]
fn the_domain_has_too_many_before_the_site_and_the_site_before_all() {
    let rows = [
        // hosts and lines, one a second | what is left of two a domain, three a site and four in all
        "www.example.com a, example.com b, example.com c, example.org d, example.com e | a c d e",
        "example.org a, www.example.com b, a.example.com c, b.example.com d, example.com e | a c d e",
        // A site that is within its limit takes room from others once all are too many.
        "example.org a, example.net b, example.com c, www.example.com d, example.com e | b c d e",
    ];
    for row in rows {
        let [received, left] = cells(row);
        let limits = policy(|policy| {
            policy.max_cookies_per_domain = 2;
            policy.max_cookies_per_site = 3;
            policy.max_cookies = 4;
        });
        assert_eq!(left_of(received, limits), left, "{received}");
    }
}

#[test]
fn the_least_recently_used_goes_first() {
    let rows: [(&[(i64, &str)], &str); 9] = [
        // when which path was requested, before a fourth cookie comes; what is left of three
        (&[], "b c d"),
        (&[(3, "/a")], "a c d"),
        (&[(3, "/a"), (4, "/b")], "a b d"),
        (&[(3, "/b"), (4, "/a"), (5, "/c")], "a c d"),
        // At equal instants the oldest goes.
        (&[(3, "/c"), (3, "/b"), (3, "/a")], "b c d"),
        (&[(3, "/c"), (3, "/b"), (4, "/a")], "a c d"),
        // Where the clock goes back, the latest access counts.
        (&[(-9, "/c")], "b c d"),
        (&[(3, "/a"), (-9, "/c")], "a c d"),
        (&[(3, "/a"), (4, "/b"), (5, "/c"), (2, "/b")], "b c d"),
    ];
    let bounds: [Bound; 3] = [
        |policy| policy.max_cookies_per_domain = 3,
        |policy| policy.max_cookies_per_site = 3,
        |policy| policy.max_cookies = 3,
    ];
    // One is evicted before the requests, so that they come upon an order that was settled already.
    let lines = ["x=", "a=; Path=/a", "b=; Path=/b", "c=; Path=/c"];
    for (requested, left) in rows {
        for bound in bounds {
            let mut jar = CookieJar::new(policy(bound));
            for (second, line) in (-1..).zip(lines) {
                receive(&mut jar, HTTPS, line, after(second)).unwrap();
            }
            for (second, path) in requested {
                let to = format!("https://example.com{path}");
                assert_eq!(sent(&jar, &to, after(*second)), format!("{}=", &path[1..]));
            }
            receive(&mut jar, HTTPS, "d=; Path=/d", after(6)).unwrap();
            assert_eq!(names(&jar, after(6)), left, "{requested:?}");
        }
    }
}

/// So many of one domain stand in another form than a few.
#[test]
fn the_least_recently_used_of_many_goes_first() {
    let bounds: [Bound; 3] = [
        |policy| policy.max_cookies_per_domain = 40,
        |policy| policy.max_cookies_per_site = 40,
        |policy| policy.max_cookies = 40,
    ];
    for bound in bounds {
        let mut jar = CookieJar::new(policy(bound));
        let mut expected: Vec<(String, i64)> = Vec::new();
        for second in 0..300 {
            let name = format!("n{second}");
            receive(
                &mut jar,
                HTTPS,
                &format!("{name}=; Path=/{name}"),
                after(second),
            )
            .unwrap();
            expected.push((name, second));
            if expected.len() > 40 {
                let last_uses = expected.iter().map(|(_, last_use)| *last_use);
                let (at, _) = last_uses
                    .enumerate()
                    .min_by_key(|(_, last_use)| *last_use)
                    .unwrap();
                expected.remove(at);
            }
            // One in three is requested, one in nine at a time that has been.
            if second % 3 == 0 {
                let at = usize::try_from(second * 7).unwrap() % expected.len();
                let (name, last_use) = &mut expected[at];
                let now = if second % 9 == 0 { second - 50 } else { second };
                *last_use = now.max(*last_use);
                let to = format!("https://example.com/{name}");
                assert_eq!(sent(&jar, &to, after(now)), format!("{name}="));
            }
            let left: Vec<&str> = expected.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names(&jar, after(second)), left.join(" "), "{second}");
        }
    }
}

#[test]
fn partitions_are_counted_apart_by_domain_and_together_in_all() {
    let from = url(HTTPS);
    let received: [(Context, &[u8]); 4] = [
        (http, b"a="),
        (http, b"b=; Secure; Partitioned"),
        (below_other_site, b"c=; Secure; Partitioned"),
        (below_other_site, b"d=; Secure; Partitioned"),
    ];
    let rows: [(Bound, &str); 4] = [
        (|policy| policy.max_cookies_per_domain = 2, "a b c d"),
        (|policy| policy.max_cookies_per_domain = 1, "a b d"),
        (|policy| policy.max_cookies = 4, "a b c d"),
        (|policy| policy.max_cookies = 3, "b c d"),
    ];
    for (bound, left) in rows {
        let mut jar = CookieJar::new(policy(bound));
        for (second, (context, line)) in (0..).zip(received) {
            jar.receive(line, context(&from), after(second)).unwrap();
        }
        assert_eq!(names(&jar, after(9)), left);
    }
}

#[test]
fn partitions_are_counted_apart_by_site() {
    let received: [(Context, &str, &[u8]); 6] = [
        (http, "example.com", b"a="),
        (http, "www.example.com", b"b="),
        (below_other_site, "example.com", b"c=; Secure; Partitioned"),
        (
            below_other_site,
            "www.example.com",
            b"d=; Secure; Partitioned",
        ),
        (
            below_other_site,
            "a.example.com",
            b"e=; Secure; Partitioned",
        ),
        (http, "a.example.com", b"f=; Secure; Partitioned"),
    ];
    let rows = [
        // bound, what is left
        (3, "a b c d e f"),
        (2, "a b d e f"),
        (1, "b e f"),
        (0, ""),
    ];
    for (bound, left) in rows {
        let mut jar = CookieJar::new(policy(|policy| policy.max_cookies_per_site = bound));
        for (second, (context, host, line)) in (0..).zip(received) {
            let from = url(&format!("https://{host}/"));
            jar.receive(line, context(&from), after(second)).unwrap();
        }
        assert_eq!(names(&jar, after(9)), left, "{bound}");
        // A new policy counts them alike.
        let mut jar = CookieJar::default();
        for (second, (context, host, line)) in (0..).zip(received) {
            let from = url(&format!("https://{host}/"));
            jar.receive(line, context(&from), after(second)).unwrap();
        }
        let limit = policy(|policy| policy.max_cookies_per_site = bound);
        jar.set_policy(limit, after(9));
        assert_eq!(names(&jar, after(9)), left, "{bound}");
    }
}

#[test]
fn bounds_of_nothing_and_of_all() {
    let rows: [(Bound, usize); 6] = [
        // bound, cookies left of five
        (|policy| policy.max_cookies_per_domain = 0, 0),
        (|policy| policy.max_cookies_per_site = 0, 0),
        (|policy| policy.max_cookies = 0, 0),
        (|policy| policy.max_cookies_per_domain = usize::MAX, 5),
        (|policy| policy.max_cookies_per_site = usize::MAX, 5),
        (|policy| policy.max_cookies = usize::MAX, 5),
    ];
    for (bound, left) in rows {
        let mut jar = CookieJar::new(policy(bound));
        for name in 0..5 {
            let received = receive(&mut jar, HTTPS, &format!("{name}=1"), NOW);
            assert_eq!(received, Ok(Receipt::Stored));
        }
        assert_eq!(jar.len(), left);
    }
}

#[test]
fn lower_bounds_of_a_new_policy_hold_at_once() {
    let rows = [
        // bound of a domain, in all, what is left
        (3, 6, "x a b c y z"),
        (2, 6, "x a c y z"),
        (1, 6, "x a z"),
        (3, 3, "c y z"),
        // Priorities 2 and 3 of 5.7 before 4: what is too many of a domain goes first.
        (2, 5, "x a c y z"),
        (2, 4, "a c y z"),
        (1, 3, "x a z"),
        (1, 2, "a z"),
        (0, 6, ""),
        (3, 0, ""),
    ];
    let (com, org, net) = (HTTPS, "https://example.org/", "https://example.net/");
    let received = [
        (org, "x="),
        (com, "a=; Secure"),
        (com, "b="),
        (com, "c="),
        (net, "y="),
        (net, "z="),
    ];
    for (per_domain, in_all, left) in rows {
        let mut jar = CookieJar::default();
        for (second, (from, line)) in (0..).zip(received) {
            receive(&mut jar, from, line, after(second)).unwrap();
        }
        let limits = policy(|policy| {
            policy.max_cookies_per_domain = per_domain;
            policy.max_cookies = in_all;
        });
        jar.set_policy(limits, after(9));
        assert_eq!(names(&jar, after(9)), left, "{per_domain} {in_all}");
    }
}

#[test]
fn lower_bounds_of_a_site_hold_at_once() {
    let rows = [
        // bound of a domain, of a site, in all, what is left
        (9, 3, 9, "x a b c y z"),
        (9, 2, 9, "x a c y z"),
        (9, 1, 9, "x a z"),
        (9, 0, 9, ""),
        // All domains come before all sites, and these before the total.
        (1, 2, 9, "x a b y z"),
        (1, 1, 9, "x a z"),
        (9, 2, 5, "x a c y z"),
        (9, 2, 4, "a c y z"),
        (1, 2, 3, "b y z"),
    ];
    let received = [
        ("https://example.org/", "x="),
        ("https://example.com/", "a=; Secure"),
        ("https://www.example.com/", "b="),
        ("https://example.com/", "c="),
        ("https://example.net/", "y="),
        ("https://www.example.net/", "z="),
    ];
    for (per_domain, per_site, in_all, left) in rows {
        let mut jar = CookieJar::default();
        for (second, (from, line)) in (0..).zip(received) {
            receive(&mut jar, from, line, after(second)).unwrap();
        }
        let limits = policy(|policy| {
            policy.max_cookies_per_domain = per_domain;
            policy.max_cookies_per_site = per_site;
            policy.max_cookies = in_all;
        });
        jar.set_policy(limits, after(9));
        assert_eq!(
            names(&jar, after(9)),
            left,
            "{per_domain} {per_site} {in_all}"
        );
    }
}

#[test]
fn another_list_makes_other_sites() {
    let limit = |rules: &str| {
        let list = format!("// ===BEGIN ICANN DOMAINS===\n{rules}\n");
        let list: publicsuffix::List = list.parse().unwrap();
        policy(|policy| {
            policy.max_cookies_per_site = 2;
            policy.public_suffix_list = PublicSuffixList::from(list);
        })
    };
    // Each user of the hoster is a site, until the list knows no hoster.
    let mut jar = CookieJar::new(limit("example\nhoster.example"));
    let lines = [
        ("one", "a="),
        ("two", "b="),
        ("one", "c="),
        ("two", "d="),
        ("one", "e="),
    ];
    for (second, (user, line)) in (0..).zip(lines) {
        let from = format!("https://{user}.hoster.example/");
        receive(&mut jar, &from, line, after(second)).unwrap();
    }
    assert_eq!(names(&jar, after(9)), "b c d e");
    jar.set_policy(limit("example"), after(9));
    assert_eq!(names(&jar, after(9)), "d e");
    let other = "https://three.hoster.example/";
    receive(&mut jar, other, "f=", after(9)).unwrap();
    assert_eq!(names(&jar, after(9)), "e f");
    // And the other way round there is room again.
    jar.set_policy(limit("example\nhoster.example"), after(9));
    receive(&mut jar, other, "g=", after(9)).unwrap();
    assert_eq!(names(&jar, after(9)), "e f g");
}

#[test]
fn what_has_expired_goes_first_also_by_a_new_policy() {
    let mut jar = CookieJar::default();
    receive(&mut jar, HTTPS, "a=", NOW).unwrap();
    receive(&mut jar, HTTPS, "b=; Max-Age=1", after(1)).unwrap();
    // Also where nobody was told before that it has.
    jar.set_policy(policy(|policy| policy.max_cookies = 1), after(3));
    assert_eq!((names(&jar, after(3)), jar.len()), ("a".to_owned(), 1));
}

#[test]
fn the_default_bounds() {
    let mut jar = CookieJar::default();
    let rows = [
        // host, cookies received, cookies in all
        (0, 180, 180),
        (0, 181, 180),
        (1, 180, 360),
        (2, 3, 363),
    ];
    for (host, cookies, in_all) in rows {
        for cookie in 0..cookies {
            let from = format!("https://h{host}.example/");
            receive(&mut jar, &from, &format!("{cookie}="), NOW).unwrap();
        }
        assert_eq!(jar.len(), in_all);
    }
    for host in 0..2936 {
        assert_eq!(jar.len(), 363 + host);
        receive(&mut jar, &format!("https://i{host}.example/"), "a=", NOW).unwrap();
    }
    for host in ["j.example", "k.example"] {
        receive(&mut jar, &format!("https://{host}/"), "a=", NOW).unwrap();
        assert_eq!(jar.len(), 3300);
    }
}

#[test]
fn the_default_bound_of_a_site() {
    let mut jar = CookieJar::default();
    let rows = [
        // host, cookies received, cookies in all
        ("example.com", 180, 180),
        ("www.example.com", 180, 360),
        ("a.www.example.com", 180, 540),
        ("b.example.com", 1, 540),
        ("c.example.com", 200, 540),
        // Another site, though it is nested.
        ("user.github.io", 181, 720),
        ("github.io", 181, 900),
    ];
    for (host, cookies, in_all) in rows {
        for cookie in 0..cookies {
            let from = format!("https://{host}/");
            receive(&mut jar, &from, &format!("{cookie}="), NOW).unwrap();
        }
        assert_eq!(jar.len(), in_all, "{host}");
    }
}

fn named(name: &str) -> CookieBuilder {
    Cookie::builder(name, "1", "example.com")
}

fn valued(name: &str, value: impl Into<Vec<u8>>) -> CookieBuilder {
    Cookie::builder(name, value, "example.com")
}

fn hosted(host: &str) -> CookieBuilder {
    Cookie::builder("a", "1", host)
}

fn pathed(path: &str) -> CookieBuilder {
    named("a").path(path)
}

/// Each row: a cookie that is refused, why, and the nearest one that is not.
fn check_built(rows: impl IntoIterator<Item = (CookieBuilder, Rejection, CookieBuilder)>) {
    for (refused, why, accepted) in rows {
        let mut jar = CookieJar::default();
        assert_eq!(jar.insert(&refused, NOW), Err(why.into()), "{refused:?}");
        assert!(jar.is_empty());
        let inserted = jar.insert(&accepted, NOW);
        assert_eq!(inserted, Ok(Receipt::Stored), "{accepted:?}");
    }
}

#[test]
fn cookies_built_by_hand_have_their_octets_checked() {
    let long = |length| valued("n", vec![b'v'; length]);
    check_built([
        (valued("", ""), Rejection::Empty, valued("", "v")),
        (named("a\nb"), Rejection::ControlOctet, named("a\tb")),
        (
            valued("a", "\u{7f}"),
            Rejection::ControlOctet,
            valued("a", "~"),
        ),
        (long(4096), Rejection::TooLong, long(4095)),
        (
            hosted(""),
            Rejection::NotAHost {
                looks_like: LooksLike::Other,
            },
            hosted("a"),
        ),
        (
            hosted("a b"),
            Rejection::NotAHost {
                looks_like: LooksLike::Other,
            },
            hosted("a_b"),
        ),
        (
            hosted("::1"),
            Rejection::NotAHost {
                looks_like: LooksLike::Ipv6WithoutBrackets,
            },
            hosted("[::1]"),
        ),
        (
            hosted("a:443"),
            Rejection::NotAHost {
                looks_like: LooksLike::HostAndPort,
            },
            hosted("a."),
        ),
        (
            hosted("256.0.0.1"),
            Rejection::NotAHost {
                looks_like: LooksLike::Other,
            },
            hosted("255.0.0.1"),
        ),
        (
            hosted("https://a/"),
            Rejection::NotAHost {
                looks_like: LooksLike::Url,
            },
            hosted("a"),
        ),
        (
            hosted("a/b"),
            Rejection::NotAHost {
                looks_like: LooksLike::Url,
            },
            hosted("a-b"),
        ),
        (
            hosted(".example.com"),
            Rejection::NotAHost {
                looks_like: LooksLike::LeadingDot,
            },
            hosted("example.com"),
        ),
        (
            hosted("..example.com"),
            Rejection::NotAHost {
                looks_like: LooksLike::LeadingDot,
            },
            hosted("a..example.com"),
        ),
        (
            hosted("*.example.com").host_only(false),
            Rejection::NotAHost {
                looks_like: LooksLike::Wildcard,
            },
            hosted("example.com").host_only(false),
        ),
        (
            hosted("co.uk").host_only(false),
            public_suffix("co.uk"),
            hosted("co.uk"),
        ),
        (
            hosted("KAWASAKI.jp.").host_only(false),
            public_suffix("kawasaki.jp."),
            hosted("city.kawasaki.jp.").host_only(false),
        ),
        (pathed(""), Rejection::PathNotAbsolute, pathed("/")),
        (pathed("a/"), Rejection::PathNotAbsolute, pathed("/a")),
        (
            pathed("/\u{1f}"),
            Rejection::ControlOctet,
            pathed("/\t\u{e9}"),
        ),
    ]);
}

#[test]
fn cookies_built_by_hand_are_one_pair() {
    let rows = [
        // name and value that no line could say, the nearest that one can
        (("a=b", "1"), ("a_b", "1")),
        (("=", "1"), ("", "=1")),
        (("a;b", "1"), ("a:b", "1")),
        (("a", "1; b=2"), ("a", "1: b=2")),
        (("", "1;"), ("", "1=")),
        ((" a", "1"), ("a b", "1")),
        (("a\t", "1"), ("a\u{a0}", "1")),
        (("a", " 1"), ("a", "1 2")),
        (("a", "1\t"), ("a", "1\u{a0}")),
        (("", " "), ("", "\" \"")),
    ];
    check_built(rows.map(|((name, value), (other_name, other_value))| {
        let refused = valued(name, value);
        (
            refused,
            Rejection::NotOnePair,
            valued(other_name, other_value),
        )
    }));
}

#[test]
fn cookies_built_by_hand_have_their_flags_checked() {
    let key = PartitionKey::new(&OTHER_SITE, false, &PublicSuffixList::embedded()).unwrap();
    let secure = |name| named(name).secure_only(true);
    check_built([
        (
            named("a").same_site(SameSite::None),
            Rejection::SameSiteNoneInsecure,
            secure("a").same_site(SameSite::None),
        ),
        (
            named("__secure-"),
            Rejection::SecurePrefix,
            secure("__secure-"),
        ),
        (
            named("__host-"),
            Rejection::HostPrefixInsecure,
            secure("__host-"),
        ),
        (
            secure("__Host-").host_only(false),
            Rejection::HostPrefixDomain,
            secure("__Host-"),
        ),
        (
            secure("__Host-").path("/a"),
            Rejection::HostPrefixPath,
            secure("__Host-"),
        ),
        (
            named("__Http-").http_only(true),
            Rejection::HttpPrefixInsecure,
            secure("__Http-").http_only(true),
        ),
        (
            secure("__Host-Http-"),
            Rejection::HttpPrefixNotHttpOnly,
            secure("__Host-Http-").http_only(true),
        ),
        (
            valued("", "__Host-"),
            Rejection::NamelessPrefix,
            valued("", "__Host"),
        ),
        (
            valued("", "__Http-"),
            Rejection::NamelessHttpPrefix,
            valued("", "__Http"),
        ),
        (
            named("a").partition(key.clone()),
            Rejection::PartitionedInsecure,
            secure("a").partition(key),
        ),
    ]);
}

#[test]
fn cookies_built_by_hand_are_checked_by_policy() {
    let lenient = policy(|policy| {
        policy.reject_public_suffixes = false;
        policy.http_prefixes = false;
        policy.partitioned = false;
    });
    let key = PartitionKey::new(&OTHER_SITE, false, &PublicSuffixList::embedded()).unwrap();
    let rows = [
        hosted("co.uk").host_only(false),
        named("__Http-"),
        valued("", "__Http-"),
        named("a").partition(key),
    ];
    for cookie in rows {
        assert!(CookieJar::default().insert(&cookie, NOW).is_err());
        let mut jar = CookieJar::new(lenient.clone());
        assert_eq!(jar.insert(&cookie, NOW), Ok(Receipt::Stored), "{cookie:?}");
        assert!(jar.iter(NOW).all(|cookie| cookie.partition().is_none()));
    }
}

#[test]
fn cookies_built_by_hand_have_canonical_hosts() {
    let rows = [
        ("EXAMPLE.com", "example.com"),
        ("b\u{fc}cher.example", "xn--bcher-kva.example"),
        ("0x7f.1", "127.0.0.1"),
        ("[2001:DB8:0::1]", "[2001:db8::1]"),
        ("example.com.", "example.com."),
    ];
    for (host, domain) in rows {
        let mut jar = CookieJar::default();
        jar.insert(&hosted(host), NOW).unwrap();
        assert_eq!(
            sent(&jar, &format!("http://{domain}/"), NOW),
            "a=1",
            "{host}"
        );
        assert_eq!(text(jar.iter(NOW).next().unwrap().domain()), domain);
    }
}

#[test]
fn cookies_built_by_hand_have_the_same_identity_and_lifetime() {
    let mut jar = CookieJar::default();
    receive(&mut jar, HTTP, "a=1; Path=/; Max-Age=99", after(-9)).unwrap();
    let beyond = Timestamp::MAX;
    let rows = [
        // cookie, what becomes of it, seconds of its expiry-time, of its creation-time
        (named("a"), Receipt::Replaced, None, -9),
        (named("a").http_only(true), Receipt::Replaced, None, -9),
        (
            named("a").creation_time(after(-50)),
            Receipt::Replaced,
            None,
            -9,
        ),
        (named("a").expiry_time(NOW), Receipt::Replaced, Some(0), -9),
        (
            named("a").expiry_time(beyond),
            Receipt::Replaced,
            Some(34_560_000),
            -9,
        ),
        (pathed("/b"), Receipt::Stored, None, 0),
        (
            pathed("/b").creation_time(after(-50)),
            Receipt::Stored,
            None,
            -50,
        ),
        (
            pathed("/b").creation_time(after(50)),
            Receipt::Stored,
            None,
            50,
        ),
        (named("a").host_only(false), Receipt::Stored, None, 0),
    ];
    for (cookie, receipt, expiry_time, creation_time) in rows {
        let mut jar = jar.clone();
        assert_eq!(jar.insert(&cookie, NOW), Ok(receipt), "{cookie:?}");
        let expected = (expiry_time.map(after), after(creation_time));
        let times = |cookie: &Cookie| (cookie.expiry_time(), cookie.creation_time());
        assert!(
            jar.iter(NOW).map(times).any(|times| times == expected),
            "{cookie:?}"
        );
        assert_eq!(jar.len(), 1 + usize::from(receipt == Receipt::Stored));
    }
    for expiry_time in [after(-1), Timestamp::MIN] {
        let mut jar = jar.clone();
        let expired = jar.insert(&named("a").expiry_time(expiry_time), NOW);
        assert_eq!(expired, Ok(Receipt::Expired));
        assert!(jar.is_empty());
    }
    // The bounds hold, and a line replaces it in turn.
    jar.set_policy(policy(|policy| policy.max_cookies = 1), NOW);
    jar.insert(&pathed("/b"), after(1)).unwrap();
    assert_eq!(jar.len(), 1);
    let received = receive(&mut jar, HTTP, "a=2; Path=/b", after(2));
    assert_eq!(received, Ok(Receipt::Replaced));
}
