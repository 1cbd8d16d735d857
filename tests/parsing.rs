//! 5.6 and 5.1.1: what a Set-Cookie line says, at the last accepted and the first refused.

use std::borrow::Cow;

use hardtack::{
    Attribute, DateError, IgnoredAttribute, IgnoredReason, ParseError, PathAttribute, SameSite,
    SetCookie, Timestamp, parse_cookie_date,
};

/// What `parse_observed` tells of each attribute, in order.
fn observed(line: &[u8]) -> Vec<Result<Attribute<'_>, IgnoredAttribute<'_>>> {
    let mut observed = Vec::new();
    SetCookie::parse_observed(line, |attribute| observed.push(attribute.cloned())).unwrap();
    observed
}

#[test]
fn name_and_value_have_4096_octets_together() {
    let rows = [
        // octets of the name, of the value
        (0, 4096, Ok(())),
        (0, 4097, Err(ParseError::TooLong)),
        (4096, 0, Ok(())),
        (4097, 0, Err(ParseError::TooLong)),
        (1, 4095, Ok(())),
        (1, 4096, Err(ParseError::TooLong)),
        (2048, 2048, Ok(())),
        (2049, 2048, Err(ParseError::TooLong)),
    ];
    // Neither whitespace around the two nor attributes count; octets count, not characters.
    let forms = [("", "=", b'x'), ("\t ", " = ", b'x'), ("", "=", 0xC3)];
    for (name, value, expected) in rows {
        for (around, equals, filler) in forms {
            let (name, value) = (vec![filler; name], vec![filler; value]);
            let around = around.as_bytes();
            let attributes = [b"; Comment=".to_vec(), vec![b'c'; 5000]].concat();
            let line = [
                around,
                &name,
                equals.as_bytes(),
                &value,
                around,
                &attributes,
            ]
            .concat();
            let parsed = SetCookie::parse(&line);
            let lengths = (name.len(), value.len());
            assert_eq!(parsed.clone().map(|_| ()), expected, "{lengths:?}");
            if let Ok(parsed) = parsed {
                assert_eq!((parsed.name(), parsed.value()), (&name[..], &value[..]));
            }
        }
    }
}

#[test]
fn attribute_values_have_1024_octets() {
    let rows = [
        // name, what the value begins with, is filled up with, ends with
        ("Expires", "9 Jun 2021 10:18:14", "/", "x"),
        ("Max-Age", "", "0", "60"),
        ("Domain", ".", "a", ".example"),
        ("Path", "/", "a", "/"),
        ("Secure", "", "x", ""),
        ("HttpOnly", "", "x", ""),
        ("SameSite", "", "x", ""),
        ("Partitioned", "", "x", ""),
    ];
    for (name, start, filler, end) in rows {
        let line = |length: usize| {
            let filled = filler.repeat(length - start.len() - end.len());
            format!("a=b; {name} = \t{start}{filled}{end}\t ")
        };
        let longest = line(1024);
        assert!(observed(longest.as_bytes())[0].is_ok(), "{name}");
        let too_long = line(1025);
        let ignored = IgnoredAttribute {
            name: name.as_bytes(),
            reason: IgnoredReason::TooLong,
        };
        assert_eq!(observed(too_long.as_bytes()), [Err(ignored)], "{name}");
        let without = SetCookie::parse(b"a=b");
        assert_eq!(SetCookie::parse(too_long.as_bytes()), without, "{name}");
    }
    // The length is looked at before the name.
    let rows = [
        (1024, IgnoredReason::Unknown),
        (1025, IgnoredReason::TooLong),
    ];
    for (length, reason) in rows {
        let line = format!("a=b; Comment={}", "c".repeat(length));
        let name = b"Comment";
        assert_eq!(
            observed(line.as_bytes()),
            [Err(IgnoredAttribute { name, reason })]
        );
    }
    // The name of an attribute has no limit.
    let line = format!("a=b; {}", "n".repeat(5000));
    assert!(observed(line.as_bytes())[0].is_err());
}

#[test]
fn control_octets_refuse_the_line() {
    let rows = [
        // octet, is the line refused
        (0x00, true),
        (0x08, true),
        (b'\t', false),
        (b'\n', true),
        (0x0B, true),
        (b'\r', true),
        (0x1F, true),
        (b' ', false),
        (b'~', false),
        (0x7F, true),
        (0x80, false),
        (0x9F, false),
        (0xFF, false),
    ];
    let places: [(&[u8], &[u8]); 6] = [
        (b"", b"a=b"),
        (b"n", b"a=b"),
        (b"a=v", b"v"),
        (b"a=b; N", b"N=v; Secure"),
        (b"a=b; Path=/p", b"p"),
        (b"a=b; Secure", b""),
    ];
    for (octet, refused) in rows {
        for (before, after) in places {
            let line = [before, &[octet], after].concat();
            let expected = refused.then_some(ParseError::ControlOctet);
            assert_eq!(
                SetCookie::parse(&line).err(),
                expected,
                "{}",
                line.escape_ascii()
            );
        }
    }
    // It is looked for before the length.
    let too_long = [vec![b'x'; 5000], vec![0]].concat();
    assert_eq!(SetCookie::parse(&too_long), Err(ParseError::ControlOctet));
}

#[test]
fn errors_of_the_line_cite_their_step() {
    let rows = [
        (ParseError::ControlOctet, "5.6 step 1", "control-octet"),
        (ParseError::TooLong, "5.6 step 5", "too-long"),
    ];
    for (error, citation, name) in rows {
        assert_eq!(error.citation().unwrap().to_string(), citation);
        assert_eq!(error.name(), name);
    }
}

#[test]
fn names_and_values() {
    let rows = [
        ("", "", ""),
        ("=", "", ""),
        (";", "", ""),
        ("a", "", "a"),
        ("=a", "", "a"),
        ("a=", "a", ""),
        ("a=b=c", "a", "b=c"),
        ("==a", "", "=a"),
        ("a b=c d", "a b", "c d"),
        ("\t a \t=\t b \t; c=d", "a", "b"),
        ("a=b\tc", "a", "b\tc"),
        ("\u{a0}a=\u{a0}", "\u{a0}a", "\u{a0}"),
        ("a=\"b c\"", "a", "\"b c\""),
        ("a=\"b;c\"", "a", "\"b"),
        ("a=%00%3B", "a", "%00%3B"),
        ("a=b,c=d", "a", "b,c=d"),
        ("Secure; Path=/", "", "Secure"),
        ("Path=/; Secure", "Path", "/"),
    ];
    for (line, name, value) in rows {
        let parsed = SetCookie::parse(line.as_bytes()).unwrap();
        let expected = (name.as_bytes(), value.as_bytes());
        assert_eq!((parsed.name(), parsed.value()), expected, "{line:?}");
    }
}

#[test]
fn attributes_are_typed() {
    let expires = |instant: &str| Attribute::Expires(instant.parse().unwrap());
    let domain = |text: &'static str| Attribute::Domain(Cow::Borrowed(text.as_bytes()));
    let given = |text: &'static str| Attribute::Path(PathAttribute::Given(text.as_bytes()));
    let default = Attribute::Path(PathAttribute::Default { earlier: None });
    let rows = [
        (
            "Expires=Wed, 09 Jun 2021 10:18:14 GMT",
            expires("2021-06-09T10:18:14Z"),
        ),
        (
            "EXPIRES=\"09-Jun-99 1:2:3\"",
            expires("1999-06-09T01:02:03Z"),
        ),
        // No lifetime limit is applied yet.
        (
            "expires=Fri, 31 Dec 9999 23:59:59 GMT",
            expires("9999-12-31T23:59:59Z"),
        ),
        ("Max-Age=0", Attribute::MaxAge(0)),
        ("max-age=007", Attribute::MaxAge(7)),
        ("MAX-AGE=-1", Attribute::MaxAge(-1)),
        ("Max-Age=9223372036854775807", Attribute::MaxAge(i64::MAX)),
        ("Max-Age=9223372036854775808", Attribute::MaxAge(i64::MAX)),
        ("Max-Age=-9223372036854775808", Attribute::MaxAge(i64::MIN)),
        ("Max-Age=-9223372036854775809", Attribute::MaxAge(i64::MIN)),
        ("Domain=Example.COM", domain("example.com")),
        ("domain=.example.com", domain("example.com")),
        ("Domain=..example.com", domain(".example.com")),
        ("Domain=example.com.", domain("example.com.")),
        ("Domain=B\u{dc}CHER.example", domain("b\u{dc}cher.example")),
        ("Domain=\"example.com\"", domain("\"example.com\"")),
        ("Domain=a b", domain("a b")),
        ("Domain=", domain("")),
        ("Domain", domain("")),
        ("Domain=.", domain("")),
        ("Path=/", given("/")),
        ("PATH=/A b=%61", given("/A b=%61")),
        ("Path", default.clone()),
        ("Path=", default.clone()),
        ("path=a/b", default.clone()),
        ("Path=\"/\"", default),
        ("Secure", Attribute::Secure),
        ("sECURE=false", Attribute::Secure),
        ("HttpOnly", Attribute::HttpOnly),
        ("HTTPONLY=0", Attribute::HttpOnly),
        ("SameSite=Strict", Attribute::SameSite(SameSite::Strict)),
        ("samesite=LAX", Attribute::SameSite(SameSite::Lax)),
        ("SameSite=none", Attribute::SameSite(SameSite::None)),
        ("SameSite=Default", Attribute::SameSite(SameSite::Default)),
        ("SameSite=", Attribute::SameSite(SameSite::Default)),
        ("SameSite", Attribute::SameSite(SameSite::Default)),
        ("Partitioned", Attribute::Partitioned),
        ("partitioned=x", Attribute::Partitioned),
    ];
    for (attribute, expected) in rows {
        let line = format!("a=b;\t{attribute}\t");
        assert_eq!(observed(line.as_bytes()), [Ok(expected)], "{attribute}");
    }
}

#[test]
fn attributes_are_ignored_for_a_reason() {
    let rows = [
        ("", IgnoredReason::Unknown),
        ("=", IgnoredReason::Unknown),
        ("=Secure", IgnoredReason::Unknown),
        ("Priority=High", IgnoredReason::Unknown),
        ("Secur", IgnoredReason::Unknown),
        ("Securely", IgnoredReason::Unknown),
        ("Http-Only", IgnoredReason::Unknown),
        ("Unpartition", IgnoredReason::Unknown),
        ("\"Path\"=/", IgnoredReason::Unknown),
        ("\u{17f}ecure", IgnoredReason::Unknown),
        ("Expires", IgnoredReason::Expires(DateError::NoTime)),
        ("Expires=0", IgnoredReason::Expires(DateError::NoTime)),
        ("Max-Age", IgnoredReason::MaxAgeEmpty),
        ("Max-Age=\t ", IgnoredReason::MaxAgeEmpty),
        ("Max-Age=x", IgnoredReason::MaxAgeStart),
        ("Max-Age=+1", IgnoredReason::MaxAgeStart),
        ("Max-Age=-", IgnoredReason::MaxAgeStart),
        ("Max-Age=--1", IgnoredReason::MaxAgeStart),
        ("Max-Age=-x", IgnoredReason::MaxAgeStart),
        ("Max-Age=\"1\"", IgnoredReason::MaxAgeStart),
        ("Max-Age=\u{664}", IgnoredReason::MaxAgeStart),
        ("Max-Age=1s", IgnoredReason::MaxAgeDigits),
        ("Max-Age=1.5", IgnoredReason::MaxAgeDigits),
        ("Max-Age=1 0", IgnoredReason::MaxAgeDigits),
        ("Max-Age=-1-", IgnoredReason::MaxAgeDigits),
        ("Max-Age=0x10", IgnoredReason::MaxAgeDigits),
    ];
    for (attribute, reason) in rows {
        let line = format!("a=b; {attribute} ; Secure");
        let (name, _) = attribute.split_once('=').unwrap_or((attribute, ""));
        let name = name.as_bytes();
        let expected = [
            Err(IgnoredAttribute { name, reason }),
            Ok(Attribute::Secure),
        ];
        assert_eq!(observed(line.as_bytes()), expected, "{attribute}");
        // It is as if it were not there.
        let without = SetCookie::parse(b"a=b; Secure");
        assert_eq!(SetCookie::parse(line.as_bytes()), without, "{attribute}");
    }
}

#[test]
fn reasons_cite_their_step() {
    let expires = IgnoredReason::Expires(DateError::NoTime);
    let rows = [
        (IgnoredReason::Unknown, "unknown", "5.6 step 7"),
        (IgnoredReason::TooLong, "too-long", "5.6 step 6"),
        (expires, "expires", "5.6.1 step 2"),
        (IgnoredReason::MaxAgeEmpty, "max-age-empty", "5.6.2 step 1"),
        (IgnoredReason::MaxAgeStart, "max-age-start", "5.6.2 step 2"),
        (
            IgnoredReason::MaxAgeDigits,
            "max-age-digits",
            "5.6.2 step 3",
        ),
    ];
    for (reason, name, citation) in rows {
        assert_eq!(reason.name(), name);
        assert_eq!(reason.citation().to_string(), citation, "{name}");
    }
    let rows = [
        (DateError::NoTime, "5.1.1 step 5.1"),
        (DateError::NoDayOfMonth, "5.1.1 step 5.1"),
        (DateError::NoMonth, "5.1.1 step 5.1"),
        (DateError::NoYear, "5.1.1 step 5.1"),
        (DateError::DayOfMonth, "5.1.1 step 5.2"),
        (DateError::Year, "5.1.1 step 5.3"),
        (DateError::Hour, "5.1.1 step 5.4"),
        (DateError::Minute, "5.1.1 step 5.5"),
        (DateError::Second, "5.1.1 step 5.6"),
        (DateError::NoSuchDate, "5.1.1 step 6"),
    ];
    for (error, citation) in rows {
        assert_eq!(error.citation().to_string(), citation, "{error}");
    }
}

#[test]
fn the_last_of_an_attribute_wins() {
    let rows = [
        // attributes, those that are as good
        (
            "Expires=9 Jun 2021 1:1:1; Expires=9 Jun 2020 1:1:1",
            "Expires=9 Jun 2020 1:1:1",
        ),
        (
            "Expires=9 Jun 2021 1:1:1; Expires=never",
            "Expires=9 Jun 2021 1:1:1",
        ),
        ("Max-Age=1; Max-Age=2", "Max-Age=2"),
        ("Max-Age=1; Max-Age=x; Max-Age", "Max-Age=1"),
        (
            "Max-Age=1; Expires=9 Jun 2021 1:1:1",
            "Expires=9 Jun 2021 1:1:1; Max-Age=1",
        ),
        ("Domain=a.example; Domain=b.example", "Domain=b.example"),
        ("Domain=a.example; Domain", "Domain"),
        ("Path=/a; Path=/b", "Path=/b"),
        ("Path; Path=/b", "Path=/b"),
        ("Secure; Secure=no", "Secure"),
        ("HttpOnly; HttpOnly=no", "HttpOnly"),
        ("SameSite=Strict; SameSite=Lax", "SameSite=Lax"),
        ("SameSite=None; SameSite=x", ""),
        ("SameSite=x; SameSite=Strict", "SameSite=Strict"),
        ("Partitioned; Partitioned=no", "Partitioned"),
    ];
    for (attributes, as_good) in rows {
        let (line, as_good) = (format!("a=b; {attributes}"), format!("a=b; {as_good}"));
        assert_eq!(
            SetCookie::parse(line.as_bytes()),
            SetCookie::parse(as_good.as_bytes()),
            "{attributes}"
        );
    }
}

#[test]
fn a_default_path_remembers_the_path_before_it() {
    let long = format!("Path=/a; Path=/{}; Path", "b".repeat(1024));
    let rows: [(&str, Option<PathAttribute<'_>>); 7] = [
        ("Secure", None),
        ("Path", Some(PathAttribute::Default { earlier: None })),
        (
            "Path=/a; Path",
            Some(PathAttribute::Default {
                earlier: Some(b"/a"),
            }),
        ),
        (
            "Path=/a; Path=/b; Path=; Path=x",
            Some(PathAttribute::Default {
                earlier: Some(b"/b"),
            }),
        ),
        (
            "Path; Path=/a; Path=",
            Some(PathAttribute::Default {
                earlier: Some(b"/a"),
            }),
        ),
        ("Path=/a; Path; Path=/b", Some(PathAttribute::Given(b"/b"))),
        (
            &long,
            Some(PathAttribute::Default {
                earlier: Some(b"/a"),
            }),
        ),
    ];
    for (attributes, expected) in rows {
        let line = format!("a=b; {attributes}");
        let parsed = SetCookie::parse(line.as_bytes()).unwrap();
        assert_eq!(parsed.path(), expected, "{attributes}");
    }
}

#[test]
fn cookie_dates() {
    let rows = [
        ("Wed, 09 Jun 2021 10:18:14 GMT", Ok("2021-06-09T10:18:14Z")),
        ("Sunday, 06-Nov-94 08:49:37 GMT", Ok("1994-11-06T08:49:37Z")),
        ("Sun Nov  6 08:49:37 1994", Ok("1994-11-06T08:49:37Z")),
        // Tokens in any order; the first that fits is taken.
        ("10:18:14 9 2021 Jun", Ok("2021-06-09T10:18:14Z")),
        ("2021 Jun 9 10:18:14", Ok("2021-06-09T10:18:14Z")),
        (
            "9 Jun Jul 2021 2020 10:18:14 1:1:1",
            Ok("2021-06-09T10:18:14Z"),
        ),
        ("9 8 Jun 2021 10:18:14", Ok("2021-06-09T10:18:14Z")),
        ("9 08 Jun 2021 10:18:14", Ok("2008-06-09T10:18:14Z")),
        ("21 Jun 09 10:18:14", Ok("2009-06-21T10:18:14Z")),
        ("10:18:14 11:12:13 Jun 2021", Ok("2021-06-11T10:18:14Z")),
        // Delimiters.
        ("\t9;Jun/2021@10:18:14~", Ok("2021-06-09T10:18:14Z")),
        ("9^Jun`2021\"10:18:14|", Ok("2021-06-09T10:18:14Z")),
        ("9\u{7f}Jun 2021 10:18:14", Err(DateError::NoMonth)),
        // What may follow within a token.
        ("9th juneau 2021AD 1:2:3.999", Ok("2021-06-09T01:02:03Z")),
        (
            "9\u{e9} Jun\u{e9} 2021\u{e9} 1:2:3\u{e9}",
            Ok("2021-06-09T01:02:03Z"),
        ),
        // All four have to be there; the first in this order is told.
        ("", Err(DateError::NoTime)),
        ("tomorrow", Err(DateError::NoTime)),
        ("9 Jun 2021", Err(DateError::NoTime)),
        ("9 Jun 2021 10:18", Err(DateError::NoTime)),
        ("9 Jun 2021 010:18:14", Err(DateError::NoTime)),
        ("9 Jun 2021 10:18:145", Err(DateError::NoTime)),
        ("Jun 2021 10:18:14", Err(DateError::NoDayOfMonth)),
        ("009 Jun 2021 10:18:14", Err(DateError::NoDayOfMonth)),
        ("9 2021 10:18:14", Err(DateError::NoMonth)),
        ("9 Ju 2021 10:18:14", Err(DateError::NoMonth)),
        ("9 Jun 10:18:14", Err(DateError::NoYear)),
        ("9 Jun 1 10:18:14", Err(DateError::NoYear)),
        ("9 Jun 12021 10:18:14", Err(DateError::NoYear)),
        // Days of the month.
        ("0 Jun 2021 1:1:1", Err(DateError::DayOfMonth)),
        ("1 Jun 2021 1:1:1", Ok("2021-06-01T01:01:01Z")),
        ("30 Jun 2021 1:1:1", Ok("2021-06-30T01:01:01Z")),
        ("31 Jun 2021 1:1:1", Err(DateError::NoSuchDate)),
        ("31 Jul 2021 1:1:1", Ok("2021-07-31T01:01:01Z")),
        ("32 Jul 2021 1:1:1", Err(DateError::DayOfMonth)),
        ("28 Feb 2021 1:1:1", Ok("2021-02-28T01:01:01Z")),
        ("29 Feb 2021 1:1:1", Err(DateError::NoSuchDate)),
        ("29 Feb 2000 1:1:1", Ok("2000-02-29T01:01:01Z")),
        ("29 Feb 1900 1:1:1", Err(DateError::NoSuchDate)),
        // Months.
        ("9 jan 2021 1:1:1", Ok("2021-01-09T01:01:01Z")),
        ("9 FEB 2021 1:1:1", Ok("2021-02-09T01:01:01Z")),
        ("9 Mar 2021 1:1:1", Ok("2021-03-09T01:01:01Z")),
        ("9 Apr 2021 1:1:1", Ok("2021-04-09T01:01:01Z")),
        ("9 May 2021 1:1:1", Ok("2021-05-09T01:01:01Z")),
        ("9 Aug 2021 1:1:1", Ok("2021-08-09T01:01:01Z")),
        ("9 Sep 2021 1:1:1", Ok("2021-09-09T01:01:01Z")),
        ("9 Oct 2021 1:1:1", Ok("2021-10-09T01:01:01Z")),
        ("9 dECember 2021 1:1:1", Ok("2021-12-09T01:01:01Z")),
        // Years.
        ("9 Jun 00 1:1:1", Ok("2000-06-09T01:01:01Z")),
        ("9 Jun 69 1:1:1", Ok("2069-06-09T01:01:01Z")),
        ("9 Jun 70 1:1:1", Ok("1970-06-09T01:01:01Z")),
        ("9 Jun 99 1:1:1", Ok("1999-06-09T01:01:01Z")),
        ("9 Jun 0099 1:1:1", Ok("1999-06-09T01:01:01Z")),
        ("9 Jun 100 1:1:1", Err(DateError::Year)),
        ("31 Dec 1600 23:59:59", Err(DateError::Year)),
        ("1 Jan 1601 0:0:0", Ok("1601-01-01T00:00:00Z")),
        ("31 Dec 9999 23:59:59", Ok("9999-12-31T23:59:59Z")),
        // Hours, minutes, seconds.
        ("9 Jun 2021 0:00:0", Ok("2021-06-09T00:00:00Z")),
        ("9 Jun 2021 23:59:59", Ok("2021-06-09T23:59:59Z")),
        ("9 Jun 2021 24:00:00", Err(DateError::Hour)),
        ("9 Jun 2021 23:60:00", Err(DateError::Minute)),
        ("9 Jun 2021 23:59:60", Err(DateError::Second)),
        // A time zone is no part of it.
        ("9 Jun 2021 10:18:14 +0100", Ok("2021-06-09T10:18:14Z")),
        // The first value out of its range is told.
        ("0 Jun 1600 24:60:60", Err(DateError::DayOfMonth)),
        ("31 Jun 1600 24:60:60", Err(DateError::Year)),
        ("31 Jun 2021 24:60:60", Err(DateError::Hour)),
        ("31 Jun 2021 23:60:60", Err(DateError::Minute)),
        ("31 Jun 2021 23:59:60", Err(DateError::Second)),
    ];
    for (date, expected) in rows {
        let expected: Result<Timestamp, _> = expected.map(|instant| instant.parse().unwrap());
        assert_eq!(parse_cookie_date(date.as_bytes()), expected, "{date}");
        // The same as an attribute, where the line can hold it.
        if !date.contains([';', '\u{7f}']) {
            let line = format!("a=b; Expires={date}");
            let attribute = observed(line.as_bytes()).remove(0);
            let expected = expected.map(Attribute::Expires);
            let expected = expected.map_err(|error| IgnoredAttribute {
                name: b"Expires",
                reason: IgnoredReason::Expires(error),
            });
            assert_eq!(attribute, expected, "{date}");
        }
    }
}

#[test]
fn debug_shows_no_value() {
    let rows = [
        ("name=secret", "<6 octets>"),
        ("secret", "<6 octets>"),
        ("=secret", "<6 octets>"),
        ("name=\"secret\"; Path=/; Domain=a.example", "<8 octets>"),
        ("name=", "<0 octets>"),
    ];
    for (line, shown) in rows {
        let debug = format!("{:?}", SetCookie::parse(line.as_bytes()).unwrap());
        assert!(!debug.contains("secret"), "{debug}");
        assert!(debug.contains(shown), "{debug}");
    }
}

#[test]
fn what_was_ignored_is_named() {
    let rows: [(&[u8], &str, IgnoredReason); 3] = [
        (b"Priority=High", "Priority", IgnoredReason::Unknown),
        (b"\xFF", "\\xff", IgnoredReason::Unknown),
        (b"MAX-age=x", "MAX-age", IgnoredReason::MaxAgeStart),
    ];
    for (attribute, name, reason) in rows {
        let line = [b"a=b; ", attribute].concat();
        let ignored = observed(&line).remove(0).unwrap_err();
        assert_eq!(ignored.to_string(), format!("{name}: {reason}"));
    }
}
