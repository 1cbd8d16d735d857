//! The cookie files of libraries and tools: LWP, tough-cookie, `cookie_store`, HTTPie, aiohttp and Guzzle.

#![cfg(feature = "json")]

mod real_files;

use std::fmt::Write as _;
use std::fs;

use hardtack::formats::{self, Contents, Format, Loss, Place, Record, WriteOptions, Written};
use hardtack::{
    Cookie, CookieBuilder, CookieJar, PartitionKey, Policy, PublicSuffixList, SameSite, Timestamp,
};
use proptest::prelude::*;
use serde_json::Value;
use url::Url;

const FORMATS: [Format; 5] = [
    Format::Lwp,
    Format::ToughCookie,
    Format::CookieStore,
    Format::Httpie,
    Format::Aiohttp,
];

/// 2026-11-27T16:00:00.123456Z.
const NOW: Timestamp = Timestamp::from_micros(1_795_795_200_123_456);

fn read(octets: &[u8]) -> Contents {
    formats::read(octets, None).unwrap()
}

fn write(format: Format, jar: &CookieJar) -> Written {
    formats::write(format, jar.iter(NOW), &WriteOptions::default()).unwrap()
}

fn jar(cookies: impl IntoIterator<Item = CookieBuilder>) -> CookieJar {
    let mut jar = CookieJar::default();
    jar.restore(cookies, NOW);
    jar
}

/// A record in one line: its place, its cookie or why it cannot be read, and the kinds of its notes.
fn line(record: &Record) -> String {
    let mut line = match record.place {
        Place::Line(number) => format!("line {number}:"),
        Place::Entry(number) => format!("entry {number}:"),
        _ => unreachable!(),
    };
    match &record.cookie {
        Some(cookie) => {
            let flag = |flag: Option<bool>, name: &str| match flag {
                Some(true) => format!(" {name}"),
                Some(false) => String::new(),
                None => format!(" {name}?"),
            };
            let name = String::from_utf8_lossy(&cookie.name);
            let value = String::from_utf8_lossy(&cookie.value);
            let path = String::from_utf8_lossy(&cookie.path);
            let _ = write!(line, " {name}={value} {}{path}", cookie.domain);
            line += &flag(cookie.host_only, "host-only");
            line += &flag(cookie.secure, "secure");
            line += &flag(cookie.http_only, "http-only");
            match cookie.same_site {
                Some(SameSite::Default) => {}
                Some(same_site) => {
                    let _ = write!(line, " {same_site:?}");
                }
                None => line += " same-site?",
            }
            match cookie.expires {
                Some(expires) => {
                    let _ = write!(line, " until {}", expires.as_secs());
                }
                None => line += " session",
            }
            for note in &record.notes {
                let _ = write!(line, " [{}]", note.kind());
            }
        }
        None => {
            for note in &record.notes {
                let _ = write!(line, " {}", note.text());
            }
        }
    }
    line
}

fn reads_as(file: &str, format: Format, expected: &[&str]) {
    let contents = read(file.as_bytes());
    assert_eq!(contents.format, Some(format), "{file}");
    let lines: Vec<String> = contents.records.iter().map(line).collect();
    assert_eq!(lines, expected, "{file}");
}

const NO_HOST: &str = "the file does not say for which host it is";

#[test]
fn lwp_lines() {
    let python = |line: &str| format!("#LWP-Cookies-2.0\nSet-Cookie3: {line}; version=0\n");
    let rows = [
        (
            r#"a=1; path="/"; domain="x.test"; path_spec; secure; discard; HttpOnly=None; SameSite=None"#,
            "line 2: a=1 x.test/ host-only secure http-only None session".to_owned(),
        ),
        (
            r#"a="b \"c\" \\"; path="/d e"; domain=".x.test"; expires="2027-11-27 14:55:58Z""#,
            r#"line 2: a=b "c" \ x.test/d e until 1827327358"#.into(),
        ),
        (
            r#"a=1; path="/"; domain="x.test"; expires="2027-11-27T14:55:58""#,
            "line 2: a=1 x.test/ host-only until 1827327358".into(),
        ),
        (
            r#"=nameless; path="/"; domain="x.test"; discard"#,
            "line 2: =nameless x.test/ host-only session".into(),
        ),
        (
            r#"bare; path="/"; domain="x.test"; discard"#,
            "line 2: bare= x.test/ host-only session [value-missing]".into(),
        ),
        (
            r#"a=1; path="/"; domain="x.test""#,
            "line 2: a=1 x.test/ host-only session [lifetime-unknown]".into(),
        ),
        (
            r#"a=1; path="/"; domain="x.test"; discard; SameSite=Foo; Partitioned=None; port="80""#,
            "line 2: a=1 x.test/ host-only session [same-site-unknown] [partition-unknown] [port-cut]".into(),
        ),
        (
            r#"__Host-a=1; path="/"; domain=".x.test"; discard; secure"#,
            "line 2: __Host-a=1 x.test/ host-only secure session [host-prefix-domain]".into(),
        ),
        (
            r#"a=1; path="/"; domain="localhost.local"; discard"#,
            "line 2: a=1 localhost.local/ host-only session [local-appended]".into(),
        ),
        (
            r#"a=1; path="/"; domain="a.x.local"; discard"#,
            "line 2: a=1 a.x.local/ host-only session".into(),
        ),
        (
            r#"a=1; path="/"; discard"#,
            format!("line 2: it has no `domain`: {NO_HOST}"),
        ),
        (
            r#"a=1; domain="x.test"; discard"#,
            "line 2: it has no `path`".into(),
        ),
        (
            r#"a=1; path="/"; domain="x.test"; expires="soon""#,
            "line 2: its `expires` is not an instant such as 2027-11-27 14:55:58Z".into(),
        ),
        (
            r#"a=1; path="/"; domain="x.test; discard"#,
            "line 2: a quote is not closed: the line was cut off, or its end is missing".into(),
        ),
    ];
    for (line, expected) in rows {
        reads_as(&python(line), Format::Lwp, &[&expected]);
    }
    let perl = "#LWP-Cookies-1.0\n\
        Set-Cookie3: a=1; path=\"/\"; domain=x.test; path_spec; HttpOnly; version=0\n\
        Set-Cookie3: b=2; path=\"/\"; domain=.x.test; discard; SameSite=Lax; version=0\n";
    let expected = [
        "line 2: a=1 x.test/ host-only? http-only session [host-only-unknown] [lifetime-unknown]",
        "line 3: b=2 x.test/ Lax session",
    ];
    reads_as(perl, Format::Lwp, &expected);
    // A comma begins another cookie of the line; the last line is cut before a flag that restricts it.
    let damaged = "#LWP-Cookies-2.0\n\nno record\n\
        Set-Cookie3: a=1; path=\"/\"; domain=\"x.test\"; discard; Secure, b=2; version=0\n\
        Set-Cookie3: c=3; path=\"/\"; domain=\"x.test\"; path_spec; sec";
    let no_domain = format!("line 4: it has no `domain`: {NO_HOST}");
    let expected = [
        "line 3: the line does not begin with `Set-Cookie3:`",
        "line 4: a=1 x.test/ host-only secure session",
        &no_domain,
        "line 5: the line was cut off: its last attribute, `version`, is missing",
    ];
    reads_as(damaged, Format::Lwp, &expected);
    reads_as("#LWP-Cookies-2.0\n", Format::Lwp, &[]);
}

#[test]
fn tough_cookies_entries() {
    let scope = r#""domain":"x.test","path":"/","hostOnly":true"#;
    let rows = [
        (
            r#"{"key":"a","value":"1","domain":"x.test","path":"/","hostOnly":true,"secure":true,"httpOnly":true,"sameSite":"strict"}"#.to_owned(),
            "a=1 x.test/ host-only secure http-only Strict session",
        ),
        (
            format!(r#"{{"value":"nameless",{scope},"creation":"2026-11-27T15:00:00.000Z"}}"#),
            "=nameless x.test/ host-only session",
        ),
        (
            format!(r#"{{"key":"a",{scope},"creation":"2026-11-27T15:00:00.000Z","maxAge":60,"expires":"2021-06-09T10:18:14.000Z"}}"#),
            "a= x.test/ host-only until 1795791660",
        ),
        (
            format!(r#"{{"key":"a",{scope},"maxAge":60}}"#),
            "it has a `maxAge` and no `creation` from which it counts",
        ),
        (
            format!(r#"{{"key":"a",{scope},"maxAge":"-Infinity"}}"#),
            "a= x.test/ host-only until 0",
        ),
        (
            format!(r#"{{"key":"a",{scope},"creation":"2026-11-27T15:00:00Z","maxAge":"Infinity"}}"#),
            "a= x.test/ host-only until 253402300799 [lifetime-cut]",
        ),
        (
            format!(r#"{{"key":"a",{scope},"creation":"2026-11-27T15:00:00Z","maxAge":1e20}}"#),
            "a= x.test/ host-only until 253402300799 [lifetime-cut]",
        ),
        (
            format!(r#"{{"key":"a",{scope},"expires":"Infinity"}}"#),
            "a= x.test/ host-only session",
        ),
        (
            format!(r#"{{"key":"a","id":"7",{scope},"expires":null}}"#),
            "a= x.test/ host-only session",
        ),
        (
            format!(r#"{{"key":"a",{scope},"expires":"Sat, 27 Nov 2027 14:55:58 GMT"}}"#),
            "a= x.test/ host-only until 1827327358",
        ),
        (
            format!(r#"{{"key":"a",{scope},"expires":1827327358000}}"#),
            "a= x.test/ host-only until 1827327358",
        ),
        (
            format!(r#"{{"key":"a",{scope},"expires":"Invalid Date"}}"#),
            "its `expires` is not an instant of RFC 3339",
        ),
        (
            format!(r#"{{"key":"a",{scope},"extensions":["Priority=High","Partitioned"]}}"#),
            "a= x.test/ host-only session [partition-unknown]",
        ),
        (
            r#"{"key":"a","domain":"x.test","path":"/"}"#.into(),
            "a= x.test/ host-only? session [host-only-unknown]",
        ),
        (
            r#"{"key":"a","domain":"x.test","path":null,"hostOnly":true}"#.into(),
            "it has no `path`",
        ),
        (
            r#"{"key":"a","domain":null,"path":"/","hostOnly":true}"#.into(),
            "it has no `domain`: the file does not say for which host it is",
        ),
        (
            format!(r#"{{"key":"a","value":1,{scope}}}"#),
            "its `value` is not a string",
        ),
    ];
    for (entry, expected) in &rows {
        let expected = format!("entry 0: {expected}");
        let own = format!(r#"{{"version":"tough-cookie@6.1.0","cookies":[{entry}]}}"#);
        let nested = format!(r#"{{"x.test":{{"/":{{"a":{entry}}}}}}}"#);
        for file in [own, format!("[{entry}]"), nested] {
            reads_as(&file, Format::ToughCookie, &[&expected]);
        }
    }
    let nested =
        r#"{"w.test":7,"x.test":{"/":{"a":{"key":"a","domain":"x.test","path":"/"}},"/b":[]}}"#;
    let expected = [
        "entry 0: a domain or a path of it is not an object",
        "entry 1: a= x.test/ host-only? session [host-only-unknown]",
        "entry 2: a domain or a path of it is not an object",
    ];
    reads_as(nested, Format::ToughCookie, &expected);
    let empty = r#"{"version":"tough-cookie@6.1.0","storeType":"MemoryCookieStore","cookies":[]}"#;
    reads_as(empty, Format::ToughCookie, &[]);
    let others = r#"[{"key":"a","value":"1"}]"#;
    assert!(formats::read(others.as_bytes(), Some(Format::ToughCookie)).is_err());
}

#[test]
fn cookie_stores_entries() {
    let rows = [
        (
            r#"{"raw_cookie":"a=1; HttpOnly; SameSite=Lax; Secure; Path=/x; Max-Age=60","path":["/",true],"domain":{"HostOnly":"x.test"},"expires":{"AtUtc":"2027-11-27T14:55:58Z"}}"#,
            "a=1 x.test/ host-only secure http-only Lax until 1827327358",
        ),
        (
            r#"{"raw_cookie":"a=1; Max-Age=60; Partitioned","path":["/",true],"domain":{"Suffix":"x.test"},"expires":"SessionEnd"}"#,
            "a=1 x.test/ session [partition-unknown]",
        ),
        (
            r#"{"raw_cookie":"a=1","path":["/",true],"domain":"NotPresent","expires":"SessionEnd"}"#,
            "it has no `domain` that is HostOnly or Suffix: the file does not say for which host it is",
        ),
        (
            r#"{"raw_cookie":"a=1","path":["/",true],"domain":{"HostOnly":"x.test"}}"#,
            "its `expires` is neither SessionEnd nor AtUtc",
        ),
        (
            r#"{"raw_cookie":"a=1","path":["/",true],"domain":{"HostOnly":"x.test"},"expires":{"AtUtc":"+10000-01-01T00:00:00Z"}}"#,
            "its `AtUtc` is beyond the year 9999",
        ),
        (
            r#"{"raw_cookie":"a=1","path":[],"domain":{"HostOnly":"x.test"},"expires":"SessionEnd"}"#,
            "its `path` is not a path and whether it was given",
        ),
        (
            r#"{"raw_cookie":"a=\u0001","path":["/",true],"domain":{"HostOnly":"x.test"},"expires":"SessionEnd"}"#,
            "its `raw_cookie` has a control octet, or is too long",
        ),
    ];
    for (entry, expected) in rows {
        let array = format!("[{entry}]");
        reads_as(
            &array,
            Format::CookieStore,
            &[&format!("entry 0: {expected}")],
        );
        // An entry a line does not make lines of an array.
        let array = format!("[\n{entry}\n]\n");
        reads_as(
            &array,
            Format::CookieStore,
            &[&format!("entry 0: {expected}")],
        );
        let lines = format!("{entry}\n\n{}", &entry[..40]);
        let expected = format!("line 1: {expected}");
        let cut = "line 3: the line is not JSON, or was cut off";
        reads_as(&lines, Format::CookieStore, &[&expected, cut]);
    }
}

#[test]
fn httpies_and_xhs_entries() {
    let rows = [
        (
            r#"{"name":"a","value":"1","domain":"x.test","path":"/","secure":true,"expires":1827327358}"#,
            "a=1 x.test/ host-only secure http-only? same-site? until 1827327358",
            "a=1 x.test/ host-only? secure http-only? same-site? until 1827327358 [host-only-unknown]",
        ),
        (
            r#"{"name":"a","value":"1","domain":".x.test","path":"/","secure":false,"expires":null}"#,
            "a=1 x.test/ http-only? same-site? session",
            "a=1 x.test/ http-only? same-site? session [lifetime-unknown]",
        ),
        (
            r#"{"name":"nameless","value":null,"domain":".x.test","expires":1}"#,
            "=nameless x.test/ http-only? same-site? until 1 [path-missing]",
            "=nameless x.test/ http-only? same-site? until 1 [path-missing]",
        ),
        (
            r#"{"name":"a","value":"1","domain":".x.test","path":"/","expires":1827327358000}"#,
            "`expires`: its expiry-time is beyond the year 9999: the number seems to be milliseconds, and this format has seconds",
            "`expires`: its expiry-time is beyond the year 9999: the number seems to be milliseconds, and this format has seconds",
        ),
        (
            "7",
            "the entry is not an object",
            "the entry is not an object",
        ),
    ];
    for (entry, httpie, xh) in rows {
        for (meta, expected) in [("httpie", httpie), ("xh", xh)] {
            let file = format!(
                r#"{{"__meta__":{{"{meta}":"3.2.4"}},"auth":{{}},"cookies":[{entry}],"headers":[]}}"#
            );
            reads_as(&file, Format::Httpie, &[&format!("entry 0: {expected}")]);
        }
    }
    let old = r#"{"__meta__":{"httpie":"2.6.0"},"headers":{"Cookie":"c=3"},"cookies":{
        "a":{"value":"1","path":"/","secure":false,"expires":null},
        "b":{"value":"2","path":"/","secure":false,"expires":null,"domain":"x.test"}}}"#;
    let no_domain = "entry 0: it has no `domain`, as sessions before HTTPie 3.1: bind it to its host with `httpie cli sessions upgrade --bind-cookies`";
    let expected = [
        no_domain,
        "entry 1: b=2 x.test/ host-only http-only? same-site? session",
    ];
    reads_as(old, Format::Httpie, &expected);
    let notes = read(old.as_bytes()).notes;
    assert_eq!(notes.len(), 1);
    assert_eq!(notes[0].kind(), "cookie-field");
}

#[test]
fn the_rest_of_a_session_of_httpie_is_kept() {
    let jar = jar([Cookie::builder("a", "1", "x.test")]);
    let own: Value = serde_json::from_slice(&write(Format::Httpie, &jar).octets).unwrap();
    let kept = |before: &str| {
        let options = WriteOptions::default().keep_rest_of(before.as_bytes());
        let written = formats::write(Format::Httpie, jar.iter(NOW), &options).unwrap();
        serde_json::from_slice::<Value>(&written.octets).unwrap()
    };
    let rest = r#""auth":{"type":"bearer","raw_auth":"t"},"headers":[{"name":"X-A","value":"1"}],"z":1.50"#;
    for (meta, old) in [
        (r#"{"httpie":"3.2.1"}"#, r#"[{"name":"old"}]"#),
        (r#"{"httpie":"2.6.0"}"#, r#"{"old":{"value":"1"}}"#),
        (r#"{"xh":"0.26.3"}"#, "[]"),
    ] {
        let session =
            |cookies: &str| format!(r#"{{"__meta__":{meta},"cookies":{cookies},{rest}}}"#);
        let expected = session(&own["cookies"].to_string());
        assert_eq!(kept(&session(old)).to_string(), expected);
        let marked = format!("\u{feff}{}\n", session(old));
        assert_eq!(kept(&marked).to_string(), expected);
    }
    for before in ["", "{", "[]", "{}", r#"{"cookies":[],"origins":[]}"#] {
        assert_eq!(kept(before).to_string(), own.to_string(), "{before}");
    }
}

#[test]
fn aiohttps_entries() {
    let rows = [
        (
            "x.test|",
            r#"{"key":"a","value":"b c","coded_value":"\"b c\"","path":"/","domain":"x.test","secure":true,"httponly":true,"samesite":"Lax","host_only":true,"expires_timestamp":1827327358.25}"#,
            "a=b c x.test/ host-only secure http-only Lax until 1827327358",
        ),
        (
            "www.x.test|/deep",
            r#"{"key":"a","value":"1","coded_value":"1","domain":"x.test","partitioned":true}"#,
            "a=1 x.test/deep session [partition-unknown]",
        ),
        (
            "::1|",
            r#"{"key":"a","value":"1","coded_value":"1","path":"/","domain":"::1","host_only":true}"#,
            "a=1 [::1]/ host-only session",
        ),
        (
            "x.test|",
            r#"{"key":"a","value":"1","coded_value":"1","path":"/","domain":"x.test","max-age":"60"}"#,
            "a=1 x.test/ host-only? session [host-only-unknown] [lifetime-unknown]",
        ),
        (
            "x.test|",
            r#"{"key":"a","value":"1","coded_value":"1","path":"/","domain":"x.test","host_only":true,"expires":"Sat, 27 Nov 2027 14:55:58 GMT"}"#,
            "a=1 x.test/ host-only until 1827327358",
        ),
        (
            "|",
            r#"{"key":"a","value":"1","coded_value":"1","path":"/"}"#,
            "it has no domain: aiohttp sends it to every host",
        ),
        (
            "x.test|",
            r#"{"key":"a","path":"/"}"#,
            "it has no `coded_value`",
        ),
        (
            "x.test|",
            r#"{"key":"a","value":"1","expires_timestamp":"soon"}"#,
            "its `expires_timestamp` is not a number",
        ),
    ];
    for (key, entry, expected) in rows {
        let file = format!(r#"{{"{key}":{{"a":{entry}}}}}"#);
        reads_as(&file, Format::Aiohttp, &[&format!("entry 0: {expected}")]);
    }
    reads_as("{}", Format::Aiohttp, &[]);
}

#[test]
fn guzzles_entries() {
    let scope = r#""Name":"a","Value":"1","Domain":"x.test","Path":"/","Discard":false"#;
    let rows = [
        (
            format!(r#"{{{scope},"Max-Age":"60","Expires":1827327358,"Secure":true,"HttpOnly":true,"SameSite":"None"}}"#),
            "a=1 x.test/ host-only? secure http-only None until 1827327358 [host-only-unknown]",
        ),
        (
            format!(r#"{{{scope},"HostOnly":true,"Expires":null,"Partitioned":true}}"#),
            "a=1 x.test/ host-only session [partition-unknown]",
        ),
        (
            r#"{"Name":"a","Value":1,"Domain":".x.test","Path":"/","Discard":true,"SameSite":true}"#.into(),
            "a=1 x.test/ session",
        ),
        (
            format!(r#"{{{scope},"HostOnly":false,"Max-Age":"60","Expires":null}}"#),
            "a=1 x.test/ session [lifetime-unknown]",
        ),
        (
            format!(r#"{{{scope},"Expires":"never"}}"#),
            "`Expires`: its expiry-time is not a number",
        ),
        (
            r#"{"Name":"a","Value":"1","Path":"/","Discard":true}"#.into(),
            "it has no `Domain`: the file does not say for which host it is",
        ),
    ];
    for (entry, expected) in rows {
        reads_as(
            &format!("[{entry}]"),
            Format::Guzzle,
            &[&format!("entry 0: {expected}")],
        );
    }
    let written = formats::write(Format::Guzzle, [], &WriteOptions::default());
    assert!(written.is_err());
}

#[test]
fn damaged_files_of_the_folder() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/files/broken");
    if !real_files::are_there(folder) {
        return;
    }
    for (name, kept) in [
        ("lwp-unterminated.cookies", [true, false].as_slice()),
        (
            "tough-cookie-bad-dates.json",
            &[true, false, false, false, false],
        ),
    ] {
        let contents = read(&fs::read(format!("{folder}/{name}")).unwrap());
        let (_, verdicts) = contents.jar(Policy::default(), NOW);
        let verdicts: Vec<bool> = verdicts.iter().map(Option::is_none).collect();
        assert_eq!(verdicts, kept, "{name}");
    }
}

#[test]
fn what_no_format_of_these_tells_apart_or_holds() {
    let of = |name: &str, value: &str| Cookie::builder(name, value, "x.test");
    let twins = || jar([of("a", "1"), of("a", "2").host_only(false).order(1)]);
    let slashes = || jar([of("a", "1").path("/b"), of("a", "2").path("/b/").order(1)]);
    let key = |ancestor| {
        let page = Url::parse("https://news.test/").unwrap();
        PartitionKey::new(&page, ancestor, &PublicSuffixList::embedded()).unwrap()
    };
    let partitioned = || jar([of("a", "1").secure_only(true).partition(key(true))]);
    let not_utf8 = || jar([Cookie::builder("a", b"\xE9", "x.test")]);
    let rows: [(&str, CookieJar, Loss, [bool; 5]); 9] = [
        (
            "twins",
            twins(),
            Loss::Duplicate,
            [false, true, true, false, true],
        ),
        (
            "slashes",
            slashes(),
            Loss::Duplicate,
            [false, false, false, false, true],
        ),
        ("partition", partitioned(), Loss::Partition, [true; 5]),
        ("octets", not_utf8(), Loss::NotUtf8, [true; 5]),
        (
            "tab",
            jar([of("a", "b\tc")]),
            Loss::Tab,
            [false, false, false, false, true],
        ),
        (
            "nameless",
            jar([of("", "a")]),
            Loss::Nameless,
            [false, false, true, true, true],
        ),
        (
            "nameless words",
            jar([of("", "a b")]),
            Loss::Characters,
            [true, false, false, false, false],
        ),
        (
            "name of words",
            jar([of("a,b", "1")]),
            Loss::Characters,
            [true, false, false, false, false],
        ),
        (
            "white space",
            jar([of("a", "\u{a0}")]),
            Loss::Characters,
            [false, false, true, false, false],
        ),
    ];
    for (what, jar, loss, expected) in rows {
        for (format, expected) in FORMATS.into_iter().zip(expected) {
            let lost = write(format, &jar).lost;
            let is_left_out = lost.iter().any(|lost| lost.left_out && lost.loss == loss);
            assert_eq!(is_left_out, expected, "{what} in {format}");
        }
    }
}

/// Cookies with all that is odd in some format.
fn cookie() -> impl Strategy<Value = CookieBuilder> {
    let text = || "[ -~\t\u{a0}\u{e9}\u{2615}]{0,6}".prop_map(String::into_bytes);
    let name = prop_oneof![
        prop::sample::select(vec!["a", "b", "", "__Host-a", "__Secure-a", "#a", "a b"])
            .prop_map(|name| name.as_bytes().to_vec()),
        text(),
    ];
    let value = prop_oneof![text(), Just(b"\xE9".to_vec()), Just(b"\"a b,c\"".to_vec())];
    let domain = prop::sample::select(vec![
        "shop.test",
        "www.shop.test",
        "xn--mnchen-3ya.test",
        "127.0.0.1",
        "[::1]",
        "localhost",
    ]);
    let path = prop::sample::select(vec!["/", "/a", "/a/", "/a b;c", "/\u{e9}|\"\\", "/\t"]);
    let same_site = prop::sample::select(vec![
        SameSite::Default,
        SameSite::Strict,
        SameSite::Lax,
        SameSite::None,
    ]);
    let micros = prop_oneof![
        Just(1_000_000_i64),
        0..30_000_000_000_000_i64,
        (0..30_000_000_i64).prop_map(|seconds| seconds * 1_000_000),
        (0..30_000_000_i64).prop_map(|millis| millis * 1_000),
    ];
    let times = (prop::option::of(micros.clone()), micros.clone(), micros);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    let partition = prop::option::weighted(0.1, any::<bool>());
    (
        name, value, domain, path, same_site, flags, times, partition,
    )
        .prop_map(
            |(
                name,
                value,
                domain,
                path,
                same_site,
                (host_only, secure, http_only),
                times,
                partition,
            )| {
                let (expires, creation, last_access) = times;
                let mut cookie = Cookie::builder(name, value, domain)
                    .path(path)
                    .host_only(host_only)
                    .secure_only(secure)
                    .http_only(http_only)
                    .same_site(same_site)
                    .creation_time(Timestamp::from_micros(NOW.as_micros() - creation))
                    .last_access_time(Timestamp::from_micros(NOW.as_micros() - last_access));
                if let Some(expires) = expires {
                    cookie = cookie.expiry_time(Timestamp::from_micros(NOW.as_micros() + expires));
                }
                if let Some(ancestor) = partition {
                    let page = Url::parse("https://news.test/").unwrap();
                    let list = PublicSuffixList::embedded();
                    cookie = cookie.partition(PartitionKey::new(&page, ancestor, &list).unwrap());
                }
                cookie
            },
        )
}

/// An instant without what is less than a unit.
fn cut(instant: Timestamp, unit: i64) -> Timestamp {
    let micros = instant.as_micros();
    Timestamp::from_micros(micros - micros.rem_euclid(unit))
}

/// What a cookie is once a format has lost something of it.
fn expected(cookie: &Cookie, lost: &[Loss], unit: i64) -> String {
    let loses = |loss| lost.contains(&loss);
    let expiry_time = cookie.expiry_time().map(|expiry_time| {
        if loses(Loss::ExpiryFraction) {
            cut(expiry_time, unit)
        } else {
            expiry_time
        }
    });
    let same_site = if loses(Loss::SameSite) {
        SameSite::Default
    } else {
        cookie.same_site()
    };
    shown(
        cookie,
        expiry_time,
        same_site,
        cookie.http_only() && !loses(Loss::HttpOnly),
        (!loses(Loss::CreationTime)).then(|| cookie.creation_time()),
        (!loses(Loss::LastAccessTime)).then(|| cookie.last_access_time()),
    )
}

fn shown(
    cookie: &Cookie,
    expiry_time: Option<Timestamp>,
    same_site: SameSite,
    http_only: bool,
    creation_time: Option<Timestamp>,
    last_access_time: Option<Timestamp>,
) -> String {
    let octets = [cookie.name(), cookie.value(), cookie.path()];
    let octets = octets.map(|octets| octets.escape_ascii().to_string());
    let flags = (cookie.host_only(), cookie.secure_only(), http_only);
    format!(
        "{octets:?} {} {flags:?} {same_site:?} {expiry_time:?} {creation_time:?} {last_access_time:?}",
        cookie.domain_str(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// What is written is read again as it was, less exactly what was lost, and a clean file has no notes.
    #[test]
    fn a_copy_is_the_jar_less_what_was_lost(cookies in prop::collection::vec(cookie(), 1..12)) {
        let jar = jar(cookies);
        for format in FORMATS {
            let written = write(format, &jar);
            let unit = if format == Format::ToughCookie { 1_000 } else { 1_000_000 };
            let contents = formats::read(&written.octets, Some(format)).unwrap();
            for record in &contents.records {
                prop_assert!(record.notes.is_empty(), "{format} {record:?}");
            }
            let (copy, verdicts) = contents.jar(Policy::default(), NOW);
            prop_assert!(verdicts.iter().all(Option::is_none), "{format} {verdicts:?}");
            let mut expected_cookies = Vec::new();
            let mut losses = Vec::new();
            for (index, cookie) in jar.iter(NOW).enumerate() {
                let lost = written.lost.iter().filter(|lost| lost.index == index);
                if lost.clone().any(|lost| lost.left_out) {
                    continue;
                }
                let lost: Vec<Loss> = lost.map(|lost| lost.loss).collect();
                expected_cookies.push(expected(cookie, &lost, unit));
                losses.push(((cookie.domain_str(), cookie.name(), cookie.path(), cookie.host_only()), lost));
            }
            let mut copied: Vec<String> = copy.iter(NOW).map(|cookie| {
                let identity = (cookie.domain_str(), cookie.name(), cookie.path(), cookie.host_only());
                let lost = losses.iter().find(|(of, _)| *of == identity).map(|(_, lost)| lost.as_slice());
                let kept = |loss| lost.is_some_and(|lost| !lost.contains(&loss));
                shown(
                    cookie,
                    cookie.expiry_time(),
                    cookie.same_site(),
                    cookie.http_only(),
                    kept(Loss::CreationTime).then(|| cookie.creation_time()),
                    kept(Loss::LastAccessTime).then(|| cookie.last_access_time()),
                )
            }).collect();
            copied.sort();
            expected_cookies.sort();
            prop_assert_eq!(&copied, &expected_cookies, "{}", format);
            if !copied.is_empty() {
                prop_assert_eq!(read(&written.octets).format, Some(format));
            }
        }
    }

    /// cookie_store itself loads what is written for it, and all of it.
    #[test]
    fn cookie_store_loads_its_files(cookies in prop::collection::vec(cookie(), 0..12)) {
        let jar = jar(cookies);
        let written = write(Format::CookieStore, &jar);
        let left_out = written.lost.iter().filter(|lost| lost.left_out).count();
        let store = cookie_store::serde::json::load_all(written.octets.as_slice()).unwrap();
        prop_assert_eq!(store.iter_any().count(), jar.len() - left_out);
        for theirs in store.iter_any() {
            let is_same = |ours: &Cookie| {
                let domain = match &theirs.domain {
                    cookie_store::CookieDomain::HostOnly(domain) => (domain.as_str(), true),
                    cookie_store::CookieDomain::Suffix(domain) => (domain.as_str(), false),
                    _ => return false,
                };
                (ours.domain_str(), ours.host_only()) == domain
                    && ours.name() == theirs.name().as_bytes()
                    && ours.value() == theirs.value().as_bytes()
                    && ours.path() == theirs.path.as_ref().as_bytes()
                    && ours.secure_only() == theirs.secure().unwrap_or(false)
                    && ours.http_only() == theirs.http_only().unwrap_or(false)
                    && ours.persistent() == theirs.is_persistent()
                    && format!("{:?}", ours.same_site())
                        == theirs.same_site().map_or("Default".to_owned(), |word| word.to_string())
            };
            prop_assert!(jar.iter(NOW).any(is_same), "{} is another", theirs.name());
        }
    }

    /// Any octets after the first ones of a format are read or refused.
    #[test]
    fn any_octets_are_read_or_refused(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        for start in ["#LWP-Cookies-2.0\nSet-Cookie3: a=\"", "{\"raw_cookie\":", "[{\"key\":\"a\","] {
            let file = [start.as_bytes(), &octets].concat();
            let _ = formats::read(&file, None);
        }
    }
}
