//! The known holes: one test a published vulnerability of cookie software, named by its id, with what
//! went wrong there and what is right here. Holes without an id stand at the end.

mod common;

use std::collections::BTreeSet;

use common::{NOW, after, names, receive, sent, url};
use hardtack::{
    Cookie, CookieJar, IgnoredReason, ParseError, PathAttribute, Policy, Receipt, Rejection,
    Request, SetCookie, parse_cookie_date,
};

/// The name of the rejection, or what became of the cookie.
fn what_becomes(jar: &mut CookieJar, from: &str, line: &str) -> String {
    match receive(jar, from, line, NOW) {
        Ok(receipt) => format!("{receipt:?}"),
        Err(rejection) => match rejection.citation() {
            Some(citation) => format!("{} ({citation})", rejection.name()),
            None => rejection.name().to_owned(),
        },
    }
}

/// A line from a URL is refused for this reason, and nothing is kept.
fn refused(from: &str, line: &str, reason: &str) {
    let mut jar = CookieJar::default();
    assert_eq!(what_becomes(&mut jar, from, line), reason, "{from} {line}");
    assert!(jar.is_empty(), "{from} {line}");
}

/// So many octets that a parser whose work grows with their square would take hours: that the test
/// comes to its end is the proof.
const MANY: usize = 1 << 20;

// ---------------------------------------------------------------------------------------------
// To the wrong host
// ---------------------------------------------------------------------------------------------

/// curl: the tail of the host was compared without asking for a dot before it, so what `ample.com`
/// had set went to `example.com`.
#[test]
fn cve_2013_1944() {
    let mut jar = CookieJar::default();
    receive(&mut jar, "https://ample.com/", "s=1; Domain=ample.com", NOW).unwrap();
    assert_eq!(sent(&jar, "https://example.com/", NOW), "");
    assert_eq!(sent(&jar, "https://ex.ample.com/", NOW), "s=1");
    refused(
        "https://example.com/",
        "s=2; Domain=ample.com",
        "domain-mismatch (5.7 step 10.1.1)",
    );
}

/// Python's `http.cookiejar`: the same on the way out, so `pythonicexample.com` got the cookies of
/// `example.com`.
#[test]
fn cve_2018_20852() {
    let mut jar = CookieJar::default();
    let from = "https://example.com/";
    receive(&mut jar, from, "own=1", NOW).unwrap();
    receive(&mut jar, from, "all=1; Domain=.example.com", NOW).unwrap();
    assert_eq!(sent(&jar, "https://pythonicexample.com/", NOW), "");
    assert_eq!(sent(&jar, "https://python.example.com/", NOW), "all=1");
}

/// curl: a part of an IPv4 address was taken for a parent domain, so 192.168.0.1 could set cookies for
/// 129.168.0.1, and read its own there.
#[test]
fn cve_2014_3613() {
    let mismatch = "domain-mismatch (5.7 step 10.1.1)";
    for domain in ["168.0.1", ".168.0.1", "0.1", "192.168.0.1.", "2.168.0.1"] {
        let line = format!("s=1; Domain={domain}");
        refused("http://192.168.0.1/", &line, mismatch);
    }
    // "1" is a name of one label, and as such a public suffix.
    refused(
        "http://192.168.0.1/",
        "s=1; Domain=1",
        "public-suffix (5.7 step 9.3.1)",
    );
    // An IPv6 address with an IPv4 one at its end has dots, too.
    refused(
        "http://[::ffff:192.0.2.128]/",
        "s=1; Domain=0.2.128",
        mismatch,
    );
    let mut jar = CookieJar::default();
    let line = "s=1; Domain=192.168.0.1";
    receive(&mut jar, "http://192.168.0.1/", line, NOW).unwrap();
    assert_eq!(sent(&jar, "http://192.168.0.1/", NOW), "s=1");
    assert_eq!(sent(&jar, "http://129.168.0.1/", NOW), "");
}

/// Guzzle: the Domain was not compared with the host that sets the cookie, so any host set cookies for
/// any other one.
#[test]
fn cve_2022_29248() {
    for domain in ["victim.example", "www.attacker.example", "example"] {
        let mut jar = CookieJar::default();
        let line = format!("s=1; Domain={domain}");
        let received = receive(&mut jar, "https://attacker.example/", &line, NOW);
        assert!(received.is_err(), "{domain}");
        assert_eq!(sent(&jar, &format!("https://{domain}/"), NOW), "");
    }
}

/// Guzzle: that a cookie had no Domain was forgotten, and it went to subdomains too. A host-only cookie is
/// for its very host: stored beside one with a Domain, replaced, or copied, it stays one.
#[test]
fn cve_2026_67355() {
    let (from, below) = ("https://example.com/", "https://www.example.com/");
    let mut jar = CookieJar::default();
    for line in ["s=own; Domain", "s=own; Domain=", "s=own"] {
        receive(&mut jar, from, line, NOW).unwrap();
        assert_eq!(sent(&jar, below, NOW), "", "{line}");
        assert_eq!(sent(&jar, from, NOW), "s=own", "{line}");
    }
    let domain = receive(&mut jar, from, "s=all; Domain=example.com", NOW);
    assert_eq!(domain, Ok(Receipt::Stored), "another cookie");
    assert_eq!(sent(&jar, below, NOW), "s=all");
    let own = receive(&mut jar, from, "s=own2", NOW);
    assert_eq!(own, Ok(Receipt::Replaced), "its own");
    assert_eq!(sent(&jar.clone(), below, NOW), "s=all");
    assert_eq!(sent(&jar, from, NOW), "s=own2; s=all");
    // Nor is it by way of a public suffix: there Domain is dropped, and the cookie is host-only.
    let mut jar = CookieJar::default();
    receive(&mut jar, "https://github.io/", "s=1; Domain=github.io", NOW).unwrap();
    assert_eq!(sent(&jar, "https://github.io/", NOW), "s=1");
    assert_eq!(sent(&jar, "https://user.github.io/", NOW), "");
}

// ---------------------------------------------------------------------------------------------
// For all of a public suffix
// ---------------------------------------------------------------------------------------------

/// curl: cookies for a whole top-level domain were taken, and sent to all hosts below it.
#[test]
fn cve_2014_3620() {
    for domain in ["com", ".com", "COM"] {
        refused(
            "https://example.com/",
            &format!("s=1; Domain={domain}"),
            "public-suffix (5.7 step 9.3.1)",
        );
    }
}

/// curl: the list of public suffixes was asked for a Domain in mixed case, and did not know it.
#[test]
fn cve_2023_46218() {
    for domain in ["co.UK", "Co.Uk", ".CO.uk"] {
        refused(
            "https://curl.co.uk/",
            &format!("s=1; Domain={domain}"),
            "public-suffix (5.7 step 9.3.1)",
        );
    }
}

/// curl: a trailing dot hid the top-level domain from the check.
#[test]
fn cve_2022_27779() {
    for (from, domain) in [
        ("https://example.com./", "com."),
        ("https://example.com./", ".com."),
        ("https://example.co.uk./", "co.uk."),
        ("https://example.co.uk./", "CO.UK."),
    ] {
        refused(
            from,
            &format!("s=1; Domain={domain}"),
            "public-suffix (5.7 step 9.3.1)",
        );
    }
    // And no dot more or less is the same host.
    let mut jar = CookieJar::default();
    let line = "s=1; Domain=example.com.";
    receive(&mut jar, "https://example.com./", line, NOW).unwrap();
    assert_eq!(sent(&jar, "https://www.example.com./", NOW), "s=1");
    assert_eq!(sent(&jar, "https://www.example.com/", NOW), "");
}

// ---------------------------------------------------------------------------------------------
// Over a Secure cookie
// ---------------------------------------------------------------------------------------------

/// curl: over http a cookie with the path "/" overlaid the Secure one that was set over https; the
/// comparison of their paths read beyond the end of them.
#[test]
fn cve_2025_9086() {
    let overlays = "overlays-secure (5.7 step 16)";
    for (path, insecure_path) in [("/", "/"), ("/a", "/a"), ("/", "/a"), ("/a", "/a/b")] {
        let mut jar = CookieJar::default();
        let line = format!("s=secret; Secure; Path={path}");
        receive(&mut jar, "https://target.example/", &line, NOW).unwrap();
        let line = format!("s=planted; Path={insecure_path}");
        let from = "http://target.example/";
        assert_eq!(what_becomes(&mut jar, from, &line), overlays, "{path}");
        let deletion = format!("{line}; Max-Age=0");
        assert_eq!(what_becomes(&mut jar, from, &deletion), overlays, "{path}");
        let to = format!("https://target.example{insecure_path}");
        assert_eq!(sent(&jar, &to, NOW), "s=secret");
    }
    // Nor from or for a parent domain.
    let mut jar = CookieJar::default();
    receive(&mut jar, "https://www.target.example/", "s=1; Secure", NOW).unwrap();
    let line = "s=2; Domain=target.example";
    let from = "http://other.target.example/";
    assert_eq!(what_becomes(&mut jar, from, line), overlays);
}

// ---------------------------------------------------------------------------------------------
// Past the prefixes
// ---------------------------------------------------------------------------------------------

/// Firefox: the prefixes were only known in the case in which they are written, and servers that do
/// not tell cases apart took `__SECURE-sid` for `__Secure-sid`.
#[test]
fn cve_2024_5699() {
    let from = "https://shop.example/";
    for (line, reason) in [
        ("__SECURE-sid=1", "secure-prefix (5.7 step 20)"),
        ("__secure-sid=1", "secure-prefix (5.7 step 20)"),
        (
            "__hOsT-sid=1; Path=/",
            "host-prefix-insecure (5.7 step 21.1)",
        ),
        (
            "__HOST-sid=1; Secure; Path=/; Domain=shop.example",
            "host-prefix-domain (5.7 step 21.2)",
        ),
        (
            "__host-sid=1; Secure; Path=/a",
            "host-prefix-path (5.7 step 21.3)",
        ),
        ("__HTTP-sid=1; Secure", "http-prefix-not-http-only"),
    ] {
        refused(from, line, reason);
    }
}

/// Werkzeug: `=__Host-sid=1`, a cookie without a name, was read as one of the name `__Host-sid`. A
/// user agent that sends it as `__Host-sid=1` makes that of it in any server.
#[test]
fn cve_2023_23934() {
    // What a server would read of it is what it has to be judged by.
    let value = |line| SetCookie::parse(line).map(|parsed| (parsed.name(), parsed.value()));
    let nameless: (&[u8], &[u8]) = (b"", b"__Host-sid=1");
    assert_eq!(value(b"=__Host-sid=1"), Ok(nameless));
    let prefix = "nameless-prefix (5.7 step 22)";
    for (line, reason) in [
        ("=__Host-sid=1; Secure; Path=/", prefix),
        ("=__host-sid=1; Secure; Path=/", prefix),
        (" = __Secure-sid=1; Secure", prefix),
        ("__Host-sid; Secure; Path=/", prefix),
        ("__Secure-; Secure", prefix),
        ("=__Http-sid=1; Secure; HttpOnly", "nameless-http-prefix"),
        ("=__Host-Http-sid=1; Secure; HttpOnly; Path=/", prefix),
    ] {
        refused("https://shop.example/", line, reason);
    }
    // "==" makes it no prefix: it goes out with its "=", and servers read an empty name.
    let mut jar = CookieJar::default();
    let from = "https://shop.example/";
    receive(&mut jar, from, "==__Host-sid=1", NOW).unwrap();
    assert_eq!(sent(&jar, from, NOW), "=__Host-sid=1");
}

// ---------------------------------------------------------------------------------------------
// Control octets
// ---------------------------------------------------------------------------------------------

/// curl: control octets were stored and sent, and servers that refuse such requests with a 400 were
/// out of reach as long as a sister site's cookie lived.
#[test]
fn cve_2022_35252() {
    for octet in (0..=0x1F).chain([0x7F]).filter(|octet| *octet != b'\t') {
        for line in [
            [&b"na"[..], &[octet], b"me=content; Domain=example.com"].concat(),
            [&b"name=con"[..], &[octet], b"tent; Domain=example.com"].concat(),
            [&b"name=content; Domain=example.com; Path=/"[..], &[octet]].concat(),
        ] {
            let from = url("https://www.example.com/");
            let mut jar = CookieJar::default();
            let received = jar.receive(&line, Request::new(&from), NOW);
            let control = Rejection::Parse(ParseError::ControlOctet);
            assert_eq!(received, Err(control), "{octet:#04x}");
            assert_eq!(sent(&jar, "https://example.com/", NOW), "");
        }
    }
}

/// Firefox: a script could put 7F into a cookie's name, and servers failed on it.
#[test]
fn cve_2023_5723() {
    let page = url("https://shop.example/");
    let script = Request::new(&page).non_http();
    let mut jar = CookieJar::default();
    for line in [&b"a\x7Fa=test"[..], b"a=te\x7Fst", b"\x7F=1", b"a=1;\x7F"] {
        let received = jar.receive(line, script, NOW);
        let control = Rejection::Parse(ParseError::ControlOctet);
        assert_eq!(received, Err(control));
    }
    assert!(jar.is_empty());
    // Nor is one built by hand.
    let built = Cookie::builder("a\x7Fa", "test", "shop.example");
    assert_eq!(jar.insert(&built, NOW), Err(Rejection::ControlOctet.into()));
}

// ---------------------------------------------------------------------------------------------
// Too much
// ---------------------------------------------------------------------------------------------

/// curl: the number of cookies had no bound, and a request with all of them was larger than what curl
/// itself sends: no request to that site, or to its sisters, until they expired.
#[test]
fn cve_2022_32205() {
    let mut jar = CookieJar::default();
    let value = "v".repeat(4000);
    receive(&mut jar, "https://good.example.com/", "sid=1", NOW).unwrap();
    for count in 0..5000 {
        let line = format!("bomb{count:04}={value}; Domain=example.com");
        receive(&mut jar, "https://evil.example.com/", &line, after(count)).unwrap();
    }
    // 180 of the sister site's are left, the newest, and not one cookie of any other domain went.
    assert_eq!(jar.len(), 181);
    let cookie_string = sent(&jar, "https://good.example.com/", after(5000));
    assert!(cookie_string.starts_with("sid=1; bomb4820="));
    assert!(cookie_string.len() < 180 * (4096 + 2));
    // Nor does one line get more than its share in.
    let long = format!("a={}", "v".repeat(4096));
    assert_eq!(
        receive(&mut jar, "https://evil.example.com/", &long, NOW),
        Err(Rejection::Parse(ParseError::TooLong))
    );
    // The domains of one site together are bounded as well, and so are all sites together.
    for (site, kept) in [("example.net", 181 + 540), ("example", 3300)] {
        for count in 0..5000 {
            let from = format!("https://h{count}.{site}/");
            receive(&mut jar, &from, "a=1", after(6000)).unwrap();
        }
        assert_eq!(jar.len(), kept, "{site}");
    }
}

/// curl: of a Path that is a lone double quote the quotes were taken off, and the octet before the
/// start was written to.
#[test]
fn cve_2015_3145() {
    let paths: &[&str] = &["\"", "\"\"", "\"/", "\"/\"", ""];
    for path in paths {
        let line = format!("a=1; Path={path}");
        let parsed = SetCookie::parse(line.as_bytes()).unwrap();
        // Quotes are octets like others: no path begins with one, so the default-path it is.
        let default = PathAttribute::Default { earlier: None };
        assert_eq!(parsed.path(), Some(default), "{path}");
        let mut jar = CookieJar::default();
        receive(&mut jar, "https://shop.example/a/b", &line, NOW).unwrap();
        let cookie = jar.iter(NOW).next().unwrap();
        assert_eq!(cookie.path(), b"/a", "{path}");
    }
}

/// The Rust crate `cookie`: a Max-Age beyond what fits into an integer made it panic.
#[test]
fn cve_2017_18589() {
    for (max_age, seconds) in [
        ("9223372036854775807", i64::MAX),
        ("9223372036854775808", i64::MAX),
        ("18446744073709551616", i64::MAX),
        (&"9".repeat(1024), i64::MAX),
        ("-9223372036854775808", i64::MIN),
        ("-9223372036854775809", i64::MIN),
    ] {
        let line = format!("a=1; Max-Age={max_age}");
        let parsed = SetCookie::parse(line.as_bytes()).unwrap();
        assert_eq!(parsed.max_age(), Some(seconds), "{max_age}");
        let mut jar = CookieJar::default();
        let received = receive(&mut jar, "https://shop.example/", &line, NOW);
        let receipt = if seconds > 0 {
            Receipt::Stored
        } else {
            Receipt::Expired
        };
        assert_eq!(received, Ok(receipt), "{max_age}");
        // 400 days at most, whatever is asked for.
        let year_and_more = after(401 * 24 * 60 * 60);
        assert_eq!(sent(&jar, "https://shop.example/", year_and_more), "");
    }
    // One digit more is too long for an attribute.
    let line = format!("a=1; Max-Age={}", "9".repeat(1025));
    let parsed = SetCookie::parse(line.as_bytes()).unwrap();
    assert_eq!(parsed.max_age(), None);
}

// ---------------------------------------------------------------------------------------------
// Odd dates
// ---------------------------------------------------------------------------------------------

/// curl: a time whose last digit is cut off was read beyond its end.
#[test]
fn cve_2016_8621() {
    let full = "Wed, 09 Jun 2021 10:18:14";
    // Cut anywhere, it is read to its end and no further.
    for end in 0..full.len() {
        let cut = &full.as_bytes()[..end];
        let read = parse_cookie_date(cut);
        let is_complete = end == full.len() - 1;
        assert_eq!(read.is_ok(), is_complete, "{}", cut.escape_ascii());
    }
    let read = |date: &str| parse_cookie_date(date.as_bytes()).ok();
    let cut = read("Wed, 09 Jun 2021 10:18:1").unwrap();
    assert_eq!(cut.to_string(), "2021-06-09T10:18:01Z");
    for odd in ["9 Jun 2021 10:1", "9 Jun 2021 10:", "9 Jun 2021 10:18:"] {
        assert_eq!(read(odd), None, "{odd}");
    }
}

// ---------------------------------------------------------------------------------------------
// Work that grows faster than the line
// ---------------------------------------------------------------------------------------------

/// npm's tough-cookie: a regular expression for the pair went back and forth over a long line that
/// nearly is one, such as one of semicolons.
#[test]
fn cve_2016_1000232() {
    let line = [b"a=1".to_vec(), vec![b';'; MANY]].concat();
    let mut cookie_avs = 0;
    let parsed = SetCookie::parse_observed(&line, |ignored| {
        assert_eq!(ignored.unwrap_err().reason, IgnoredReason::Unknown);
        cookie_avs += 1;
    });
    assert_eq!(parsed.unwrap().value(), b"1");
    // Each cookie-av is looked at once.
    assert_eq!(cookie_avs, MANY);
}

/// tough-cookie again: whitespace before the "=" was tried over and over.
#[test]
fn cve_2017_15010() {
    let spaces = vec![b' '; MANY];
    for line in [
        [b"x", &spaces[..], b"x"].concat(),
        [b"x", &spaces[..], b"=", &spaces, b"x; Path", &spaces, b"=/"].concat(),
    ] {
        let parsed = SetCookie::parse(&line);
        let is_one_pair = line.contains(&b'=');
        assert_eq!(parsed.is_ok(), is_one_pair);
    }
}

/// npm's cookiejar: the same for a long line without any "=" or ";".
#[test]
fn cve_2022_25901() {
    let line = [b"a".to_vec(), vec![b't'; MANY]].concat();
    assert_eq!(SetCookie::parse(&line), Err(ParseError::TooLong));
    let line = [b"a=1; Path=/", &line[..], b"; Secure"].concat();
    let parsed = SetCookie::parse(&line).unwrap();
    assert_eq!((parsed.path(), parsed.secure()), (None, true));
}

/// Python's `http.cookies`: for each backslash of a quoted value the whole value was searched again.
#[test]
fn cve_2024_7592() {
    // Here a backslash is an octet like others.
    let value = b"\"\\\"\\012\\\\\"";
    let line = [&b"a="[..], value].concat();
    assert_eq!(SetCookie::parse(&line).unwrap().value(), value);
    let line = [b"a=1; x=\"".to_vec(), b"\\\"".repeat(MANY / 2)].concat();
    assert_eq!(SetCookie::parse(&line).unwrap().value(), b"1");
}

/// Python's `http.cookiejar`, PSF-2019-14: a regular expression for dates went back and forth over the
/// spaces at the end.
#[test]
fn psf_2019_14() {
    let spaces = vec![b' '; MANY];
    let date = [b"1-c-1", &spaces[..], b"!"].concat();
    assert!(parse_cookie_date(&date).is_err());
    // Nor do tokens make it go back.
    assert!(parse_cookie_date(&b"1-".repeat(MANY / 2)).is_err());
    assert!(parse_cookie_date(&b"1:1:".repeat(MANY / 4)).is_err());
}

// ---------------------------------------------------------------------------------------------
// Names that mean something
// ---------------------------------------------------------------------------------------------

/// tough-cookie: a cookie for the domain `__proto__` polluted the prototype of all objects, where the
/// store kept domains, paths and names as keys of plain ones.
#[test]
fn cve_2023_26136() {
    let mut jar = CookieJar::default();
    for word in ["__proto__", "constructor", "prototype", "toString"] {
        // As a name and a path.
        let line = format!("{word}=1; Path=/{word}");
        receive(&mut jar, "https://shop.example/", &line, NOW).unwrap();
        assert_eq!(
            sent(&jar, &format!("https://shop.example/{word}"), NOW),
            format!("{word}=1")
        );
        // As a domain: such hosts exist, and are themselves alone.
        let host = format!("https://{word}/");
        receive(&mut jar, &host, "a=1", NOW).unwrap();
        assert_eq!(sent(&jar, &host, NOW), "a=1");
        assert_eq!(sent(&jar, &format!("https://www.{word}/"), NOW), "");
        refused(
            "https://shop.example/",
            &format!("polluted=1; Domain={word}"),
            "public-suffix (5.7 step 9.3.1)",
        );
    }
    assert_eq!(jar.len(), 8);
    assert_eq!(sent(&jar, "https://other.example/", NOW), "");
    // It took a jar that does not reject public suffixes: there it is a domain like any other.
    let mut policy = Policy::default();
    policy.reject_public_suffixes = false;
    let mut jar = CookieJar::new(policy);
    let line = "polluted=1; Domain=__proto__; Path=/x";
    receive(&mut jar, "https://__proto__/", line, NOW).unwrap();
    assert_eq!(sent(&jar, "https://www.__proto__/x", NOW), "polluted=1");
    assert_eq!(sent(&jar, "https://other.example/x", NOW), "");
}

// ---------------------------------------------------------------------------------------------
// Holes without an id
// ---------------------------------------------------------------------------------------------

/// `Domain=.` is no domain that all hosts are below: without its dot it is empty, which is as if there
/// were none. `..` is a name that no host has.
#[test]
fn domain_of_dots() {
    let mut jar = CookieJar::default();
    receive(&mut jar, "https://www.example.com/", "s=1; Domain=.", NOW).unwrap();
    assert!(jar.iter(NOW).all(Cookie::host_only));
    assert_eq!(sent(&jar, "https://www.example.com/", NOW), "s=1");
    for other in ["https://example.com/", "https://a.www.example.com/"] {
        assert_eq!(sent(&jar, other, NOW), "", "{other}");
    }
    for domain in ["..", "...", "..com", "..example.com"] {
        let line = format!("s=1; Domain={domain}");
        let received = receive(&mut jar, "https://example.com./", &line, NOW);
        assert!(received.is_err(), "{domain}");
    }
}

/// A script neither sees nor sets, nor replaces, nor deletes an HttpOnly cookie.
#[test]
fn scripts_and_http_only() {
    let page = url("https://shop.example/");
    let script = Request::new(&page).non_http();
    let mut jar = CookieJar::default();
    receive(&mut jar, page.as_str(), "sid=1; HttpOnly", NOW).unwrap();
    assert_eq!(jar.cookie_string(script, NOW), None);
    let before: Vec<_> = jar.iter(NOW).map(|cookie| format!("{cookie:?}")).collect();
    for (line, rejection) in [
        ("sid=2", Rejection::ReplacesHttpOnly),
        ("sid=2; HttpOnly", Rejection::HttpOnlyFromScript),
        ("new=2; HttpOnly", Rejection::HttpOnlyFromScript),
        ("sid=; Max-Age=0", Rejection::ReplacesHttpOnly),
        ("sid=; Max-Age=-1", Rejection::ReplacesHttpOnly),
        (
            "sid=; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            Rejection::ReplacesHttpOnly,
        ),
    ] {
        let received = jar.receive(line.as_bytes(), script, NOW);
        assert_eq!(received, Err(rejection), "{line}");
        let kept: Vec<_> = jar.iter(NOW).map(|cookie| format!("{cookie:?}")).collect();
        assert_eq!(kept, before, "{line}");
    }
    assert_eq!(sent(&jar, page.as_str(), NOW), "sid=1");
}

/// A Domain that is no UTF-8, or has anything beyond ASCII, is refused: nobody decodes, folds or
/// normalizes it into one that matches.
#[test]
fn domains_beyond_ascii() {
    let domains: &[&[u8]] = &[
        b"\xFF.example",
        b"example.com\x80",
        b"\xC0\xAEexample.com",
        "b\u{fc}cher.example".as_bytes(),
        // Lower-cased by Unicode's rules KELVIN SIGN is "k", and LONG S is "s" in upper case.
        "\u{212A}.example".as_bytes(),
        "www.\u{212A}ey.example".as_bytes(),
        "\u{17F}hop.example".as_bytes(),
        // What IDNA takes out: zero-width space and joiners, soft hyphen, byte order mark.
        "exam\u{200B}ple.com".as_bytes(),
        "exam\u{200D}ple.com".as_bytes(),
        "exam\u{AD}ple.com".as_bytes(),
        "\u{FEFF}example.com".as_bytes(),
        // What IDNA takes for a dot, and full-width letters.
        "www\u{3002}example.com".as_bytes(),
        "example\u{FF0E}com".as_bytes(),
        "example\u{FF61}com".as_bytes(),
        "\u{FF45}xample.com".as_bytes(),
        // Turkish dotted I, which has two octets fewer in lower case.
        "\u{130}.example".as_bytes(),
    ];
    let hosts = [
        "https://example.com/",
        "https://www.example.com/",
        "https://k.example/",
        "https://www.key.example/",
        "https://shop.example/",
        "https://xn--bcher-kva.example/",
        "https://i.example/",
    ];
    for domain in domains {
        for host in hosts {
            let from = url(host);
            let mut jar = CookieJar::default();
            let line = [b"s=1; Domain=", *domain].concat();
            let received = jar.receive(&line, Request::new(&from), NOW);
            let domain = domain.escape_ascii();
            assert_eq!(received, Err(Rejection::DomainNotAscii), "{domain} {host}");
            assert!(jar.is_empty());
        }
    }
}

/// On the host's side they do mean something, and the same to all: the URL Standard's host it is.
#[test]
fn hosts_beyond_ascii() {
    let mut jar = CookieJar::default();
    for (count, host) in [
        "https://www\u{3002}example.com/",
        "https://www\u{FF0E}exam\u{AD}ple.com/",
        "https://\u{FF57}ww.example.com/",
        "https://WWW.EXAMPLE.COM/",
    ]
    .into_iter()
    .enumerate()
    {
        receive(&mut jar, host, &format!("s{count}=1"), NOW).unwrap();
    }
    assert_eq!(names(&jar, NOW), "s0 s1 s2 s3");
    let domains: BTreeSet<_> = jar.iter(NOW).map(Cookie::domain).collect();
    assert_eq!(domains, BTreeSet::from([&b"www.example.com"[..]]));
}
