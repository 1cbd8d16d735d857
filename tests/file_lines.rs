//! hardtack's own format: what is written, what is read, and what becomes of lines that cannot be.
#![cfg(feature = "json")]

mod common;

use std::io::{self, BufReader, Read};

use common::{NOW, after, policy, receive, sent};
use hardtack::persist::{Damage, Line, ReadError, Reader, WriteError, Writer, read_jar, write_jar};
use hardtack::{Cookie, CookieBuilder, CookieJar, FieldError, Policy, Timestamp};
use proptest::prelude::*;

const SHOP: &str = "https://shop.example/";
const HEADER: &str = "{\"format\":\"hardtack\",\"version\":1}\n";

fn lines_of(jar: &CookieJar, now: Timestamp) -> String {
    String::from_utf8(written(jar, now)).unwrap()
}

fn written(jar: &CookieJar, now: Timestamp) -> Vec<u8> {
    write_jar(jar, Vec::new(), now).unwrap()
}

/// All that a jar shows of its cookies.
fn shown(jar: &CookieJar, now: Timestamp) -> Vec<String> {
    let shown = |cookie: &Cookie| format!("{cookie:?} {}", cookie.value().escape_ascii());
    jar.iter(now).map(shown).collect()
}

#[test]
fn what_is_written() {
    let mut jar = CookieJar::default();
    receive(&mut jar, SHOP, "sid=31d4; Secure; HttpOnly", NOW).unwrap();
    let line = &b"caf\xe9=\xff; Domain=shop.example; Max-Age=60; Path=/a"[..];
    jar.receive(line, &common::url(SHOP), NOW).unwrap();
    sent(&jar, SHOP, after(1));
    let expected = r#"{"format":"hardtack","version":1}
{"name":"sid","value":"31d4","domain":"shop.example","secure":true,"http_only":true,"creation":"2024-06-01T12:00:00Z","last_access":"2024-06-01T12:00:01Z"}
{"name_base64":"Y2Fm6Q==","value_base64":"/w==","domain":"shop.example","host_only":false,"path":"/a","expires":"2024-06-01T12:01:00Z","creation":"2024-06-01T12:00:00Z"}
"#;
    assert_eq!(lines_of(&jar, after(1)), expected);
    // What has expired is left out.
    assert_eq!(lines_of(&jar, after(61)).lines().count(), 2);
    assert_eq!(lines_of(&CookieJar::default(), NOW), HEADER);
}

/// What becomes of one line.
fn read(line: &[u8]) -> Result<CookieBuilder, Damage> {
    let text = [HEADER.as_bytes(), line].concat();
    let mut lines = Reader::new(&text[..]).unwrap();
    let line = lines.next().unwrap().unwrap();
    assert_eq!(line.number, 2);
    assert!(lines.next().is_none());
    line.cookie
}

#[test]
fn lines_and_what_is_wrong_with_them() {
    let a = || Cookie::builder("a", "1", "d.example").order(2);
    let field = |error| Err(Damage::Field(error));
    let rows: [(&[u8], Result<CookieBuilder, Damage>); 23] = [
        (br#"{"name":"a","value":"1","domain":"d.example"}"#, Ok(a())),
        (b" { \"domain\" : \"d.example\", \"value\":\"1\",\"name\":\"a\" }\r\n", Ok(a())),
        (
            br#"{"name":"a","value":"1","domain":"d.example","host_only":true,"path":"/","secure":false,"http_only":false,"same_site":"default","unknown":{"b":[1]}}"#,
            Ok(a()),
        ),
        (br#"{"name":"\u0061","value_base64":"MQ==","domain":"d.example"}"#, Ok(a())),
        // Nothing but that it can be read is asked here.
        (
            br#"{"name":"","value":"","domain":"","path":"x"}"#,
            Ok(Cookie::builder("", "", "").path("x").order(2)),
        ),
        (
            br#"{"name":"a","value":"1","domain":"d.example","order":7}"#,
            Ok(a()),
        ),
        (
            br#"{"name":"a","value":"1","domain":"d.example","changed":"2024-06-01T00:00:00Z","removed":null}"#,
            Ok(a()),
        ),
        (
            br#"{"name":"a","value":"1","domain":"d.example","changed":"never"}"#,
            field(FieldError::NotAnInstant("changed")),
        ),
        (
            br#"{"removed":"never","name":"a","domain":"d.example"}"#,
            field(FieldError::NotAnInstant("removed")),
        ),
        (
            br#"{"removed":"2024-06-01T00:00:00Z","name":"a"}"#,
            field(FieldError::Missing("domain")),
        ),
        (
            br#"{"removed":"2024-06-01T00:00:00Z","domain":"d.example"}"#,
            field(FieldError::Missing("name")),
        ),
        (br#"{"name":"a","value":"1","dom"#, Err(Damage::NotJson { column: 28 })),
        (b"\xff", Err(Damage::NotJson { column: 1 })),
        (b"\0\0\0", Err(Damage::NotJson { column: 1 })),
        (br#"{"name":"a","value":"1","domain":"d"} {}"#, Err(Damage::NotJson { column: 39 })),
        (br#"{"name":"a","value":5,"domain":"d"}"#, Err(Damage::NotACookie { column: 21 })),
        (br#"{"name":"a","name":"b","value":"1","domain":"d"}"#, Err(Damage::NotACookie { column: 18 })),
        (br#"["a","1"]"#, Err(Damage::NotACookie { column: 9 })),
        (
            br#"["a",null,"1",null,"d",null,null,null,null,null,null,null,null,null,null,null,null,null]"#,
            Err(Damage::NotACookie { column: 1 }),
        ),
        (b"7", Err(Damage::NotACookie { column: 1 })),
        (br#"{"name":"a","value":"1"}"#, field(FieldError::Missing("domain"))),
        (
            br#"{"name":"a","value":"1","domain":"d","creation":"2024-02-30T00:00:00Z"}"#,
            field(FieldError::NotAnInstant("creation")),
        ),
        (
            br#"{"name":"a","value":"1","domain":"d","partition":"shop.example"}"#,
            field(FieldError::NotAPartition),
        ),
    ];
    for (line, expected) in rows {
        assert_eq!(read(line), expected, "{}", line.escape_ascii());
    }
}

/// A line that tells of a removal is no cookie, and no damage.
#[test]
fn removals_are_passed_over() {
    let text = format!(
        "{HEADER}{}\n{}\n{}\n{}\n",
        r#"{"removed":"2024-06-01T00:00:00Z","name":"a","domain":"shop.example"}"#,
        r#"{"name":"b","value":"1","domain":"shop.example"}"#,
        r#"{"removed":"0","name":"b","value":5,"domain":"shop.example"}"#,
        r#"{"removed":"0","name":"b","value":"1","value_base64":"?","domain":"shop.example","path":"/x","expires":"never"}"#,
    );
    let lines: Vec<Line> = Reader::new(text.as_bytes())
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let read: Vec<(u64, bool)> = lines
        .iter()
        .map(|line| (line.number, line.cookie.is_ok()))
        .collect();
    assert_eq!(read, [(3, true), (4, false)]);
    let (jar, report) = read_jar(text.as_bytes(), Policy::default(), NOW).unwrap();
    assert_eq!(sent(&jar, SHOP, NOW), "b=1");
    assert_eq!((report.damaged.len(), report.not_kept.len()), (1, 0));
}

#[test]
fn headers() {
    for (text, expected) in [
        ("", "read"),
        ("{\"format\":\"hardtack\",\"version\":1}", "read"),
        (
            "{\"version\":1,\"format\":\"hardtack\",\"by\":\"x\"}\r\n\n \n",
            "read",
        ),
        (
            "{\"format\":\"hardtack\",\"version\":2}\n",
            "it has version 2 of the format, and this reads version 1: update hardtack",
        ),
        (
            "\n",
            "it is not in hardtack's format: its first line is not `{\"format\":\"hardtack\",\"version\":1}`",
        ),
        ("{\"format\":\"hardtack\",\"version\":0}\n", "it is not in"),
        (
            "{\"format\":\"hardtack\",\"version\":1.5}\n",
            "it is not in",
        ),
        ("{\"format\":\"other\",\"version\":1}\n", "it is not in"),
        ("{\"format\":\"hardtack\",\"ver", "it is not in"),
        ("# Netscape HTTP Cookie File\n", "it is not in"),
        (
            "{\"name\":\"a\",\"value\":\"1\",\"domain\":\"d\"}\n",
            "it is not in",
        ),
    ] {
        let read = Reader::new(text.as_bytes());
        let said = read.map_or_else(
            |error| error.to_string(),
            |lines| {
                assert_eq!(lines.count(), 0);
                "read".to_owned()
            },
        );
        assert!(said.starts_with(expected), "{text}: {said}");
    }
}

/// A line of ten million octets takes no more memory than the longest line, and costs itself.
#[test]
fn long_lines() {
    let cookie = br#"{"name":"a","value":"1","domain":"d.example"}"#;
    for (octets, is_read) in [(4 << 20, true), ((4 << 20) + 1, false), (10_000_000, false)] {
        let blanks = vec![b' '; octets - cookie.len()];
        for end in [&b"\n"[..], b"\r\n", b""] {
            let end_octets = end.len().saturating_sub(1);
            let long = [&cookie[..], &blanks[end_octets..], end].concat();
            let last = if end.is_empty() { &b""[..] } else { cookie };
            let text = [HEADER.as_bytes(), &long, last].concat();
            let lines: Vec<Line> = Reader::new(&text[..])
                .unwrap()
                .map(Result::unwrap)
                .collect();
            assert_eq!(lines.len(), 1 + usize::from(!last.is_empty()));
            let damage = lines[0].cookie.as_ref().err();
            assert_eq!(damage, (!is_read).then_some(&Damage::TooLong), "{octets}");
            assert!(
                lines
                    .iter()
                    .skip(1)
                    .all(|line| line.number == 3 && line.cookie.is_ok())
            );
        }
    }
}

/// Every cookie that is written is read, also where each octet of it needs two.
#[test]
fn the_longest_cookies() {
    let domain = "d.example";
    let longest = (1 << 20) - domain.len();
    for (octet, escaped) in [(b'"', "quotes"), (0xff, "base64")] {
        for (excess, is_written) in [(0, true), (1, false)] {
            let mut path = vec![octet; longest + excess];
            path[0] = b'/';
            let value = vec![octet; 4095];
            let cookie = Cookie::builder("a", value, domain).path(path).order(2);
            let mut writer = Writer::new(Vec::new()).unwrap();
            let wrote = writer.write_data(&cookie);
            assert_eq!(wrote.is_ok(), is_written, "{escaped}");
            let text = writer.finish().unwrap();
            let read = Reader::new(&text[..]).unwrap().next();
            match wrote {
                Ok(()) => assert_eq!(read.unwrap().unwrap().cookie, Ok(cookie)),
                Err(WriteError::TooLong) => assert!(read.is_none()),
                Err(error) => panic!("{error}"),
            }
        }
    }
}

#[test]
fn a_damaged_line_costs_itself_and_is_told() {
    let text = format!(
        "{HEADER}{}\n{}\n\n{}\n{}\n{}\n{}\n{}",
        r#"{"name":"a","value":"31d4","domain":"shop.example"}"#,
        r#"{"name":"b","value":"31d4"#,
        r#"{"name":"c","value":"31d4","domain":"example","host_only":false}"#,
        r#"{"name":"a","value":"31d5","domain":"shop.example"}"#,
        r#"{"name":"e","value":"31d4","domain":"shop.example","expires":"2024-05-01T00:00:00Z"}"#,
        r#"{"name":"f","value":"31d4","domain":"shop.example","last_access":"2024-05-01T00:00:00Z"}"#,
        r#"{"name":"g","value":"31d4","domain":"shop.example"}"#,
    );
    let policy = policy(|policy| policy.max_cookies_per_domain = 2);
    let (jar, report) = read_jar(text.as_bytes(), policy, NOW).unwrap();
    assert_eq!(sent(&jar, SHOP, NOW), "a=31d5; g=31d4");
    assert_eq!(
        report.to_string(),
        "2 cookies\n\
         line 3: the line is not JSON, at column 25\n\
         line 5: `example` is a public suffix: leave host_only(false) out, or give the builder a domain below it\n\
         line 2: another cookie of the same name, domain, host-only-flag, path and partition came after it\n\
         line 7: it has expired\n\
         line 8: there are more cookies than the policy allows for its domain, its site or in all: raise that"
    );
    assert!(!format!("{report:?}").contains("31d"));
}

/// An input that fails after some octets.
struct Failing(&'static [u8]);

impl Read for Failing {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.0.read(into)? {
            0 => Err(io::Error::other("the disk is gone")),
            read => Ok(read),
        }
    }
}

#[test]
fn an_input_that_fails() {
    for text in [&b""[..], HEADER.as_bytes()] {
        let read = read_jar(BufReader::new(Failing(text)), Policy::default(), NOW);
        assert!(matches!(read, Err(ReadError::Io(_))));
    }
}

fn line() -> impl Strategy<Value = Vec<u8>> {
    let name = prop::sample::select(vec!["a", "b", "__Host-c", "caf\u{e9}", ""]);
    let value = prop_oneof![
        "[0-9a-f\"\\\\\t ]{0,5}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..5),
    ];
    let attributes = prop::sample::subsequence(
        vec![
            "; Path=/",
            "; Path=/a\u{e9}/\"",
            "; Domain=shop.example",
            "; Max-Age=20",
            "; Max-Age=99999999999",
            "; Secure",
            "; HttpOnly",
            "; SameSite=Lax",
            "; SameSite=None",
            "; Partitioned",
        ],
        0..6,
    );
    (name, value, attributes).prop_map(|(name, value, attributes)| {
        [
            name.as_bytes(),
            b"=",
            &value,
            attributes.concat().as_bytes(),
        ]
        .concat()
    })
}

proptest! {
    /// The file gives back any jar as it was: all fields, the order, the accesses, and what is answered.
    #[test]
    fn a_jar_comes_back_as_it_was(
        steps in prop::collection::vec((0..3_i64, any::<prop::sample::Index>(), line()), 0..40),
        to in prop::sample::select(vec!["https://shop.example/", "https://www.shop.example/a\u{e9}/x"]),
        micros in 0..2_i64,
    ) {
        let hosts: &[&str] = &["https://shop.example/", "https://www.shop.example/a/", "http://[::1]/", "http://other.example/x"];
        let mut jar = CookieJar::default();
        let mut now = NOW + std::time::Duration::from_micros(micros.unsigned_abs());
        for (passed, host, line) in &steps {
            let host = *host.get::<&str>(hosts);
            now = now + std::time::Duration::from_secs(passed.unsigned_abs());
            _ = jar.receive(line, &common::url(host), now);
            if line.len() % 3 == 0 {
                sent(&jar, host, now);
            }
        }
        let (again, report) = read_jar(&written(&jar, now)[..], Policy::default(), now).unwrap();
        prop_assert_eq!(&report.damaged, &[]);
        prop_assert_eq!(&report.not_kept, &[]);
        prop_assert_eq!(report.cookies, again.len());
        prop_assert_eq!(shown(&again, now), shown(&jar, now));
        prop_assert_eq!(written(&again, now), written(&jar, now));
        prop_assert_eq!(sent(&again, to, now), sent(&jar, to, now));
    }

    /// Whatever there is, it is read to its end.
    #[test]
    fn any_octets(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        let text = [HEADER.as_bytes(), &octets].concat();
        let lines: Vec<Line> = Reader::new(&text[..]).unwrap().map(Result::unwrap).collect();
        prop_assert!(lines.iter().all(|line| line.cookie.is_err()));
    }
}
