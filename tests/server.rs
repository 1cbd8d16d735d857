//! 4.1: the Set-Cookie lines that a server builds, at the last that is built and the first that is
//! refused.

mod common;

use chrono::{DateTime, NaiveDate, Utc};
use common::{NOW, receive, sent};
use hardtack::{CookieJar, Receipt, SameSite, SetCookie, SetCookieBuilder, sane_cookie_date};

fn builder(name: &str, value: &str) -> SetCookieBuilder {
    SetCookie::builder(name, value)
}

/// The last second of a day, and some nanoseconds of it: from 1,000,000,000 on of a leap second.
fn day_and(year: i32, month: u32, day: u32, nanoseconds: u32) -> DateTime<Utc> {
    let date = NaiveDate::from_ymd_opt(year, month, day).unwrap();
    let last = date.and_hms_nano_opt(23, 59, 59, nanoseconds);
    last.unwrap().and_utc()
}

fn day(year: i32, month: u32, day: u32) -> DateTime<Utc> {
    day_and(year, month, day, 999_999_999)
}

#[test]
fn lines() {
    let rows = [
        (builder("a", ""), "a="),
        (builder("a", "1=2"), "a=1=2"),
        (builder("a", "\"1\""), "a=\"1\""),
        (builder("a", "1").max_age(0), "a=1; Max-Age=0"),
        (
            builder("a", "1").max_age(u32::MAX),
            "a=1; Max-Age=4294967295",
        ),
        (
            builder("a", "1").expires(day(2026, 11, 20)),
            "a=1; Expires=Fri, 20 Nov 2026 23:59:59 GMT",
        ),
        (
            builder("a", "1").domain("shop.example").path("/cart/ 1,2"),
            "a=1; Domain=shop.example; Path=/cart/ 1,2",
        ),
        (
            builder("a", "1")
                .secure(true)
                .same_site(SameSite::None)
                .partitioned(true),
            "a=1; Secure; SameSite=None; Partitioned",
        ),
        (builder("a", "1").http_only(true), "a=1; HttpOnly"),
        (
            builder("a", "1").same_site(SameSite::Strict),
            "a=1; SameSite=Strict",
        ),
        (builder("a", "1").same_site(SameSite::Default), "a=1"),
        (
            builder("__Host-a", "1").secure(true).path("/").removal(),
            "__Host-a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; Secure",
        ),
        (
            builder("a", "1")
                .expires(day(2026, 11, 20))
                .max_age(9)
                .removal(),
            "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0",
        ),
    ];
    for (builder, line) in rows {
        assert_eq!(builder.build().as_deref(), Ok(line));
    }
}

type Row<'a> = (SetCookieBuilder, &'a str, SetCookieBuilder);

/// Each row: a builder that is refused, why, and the nearest one that is not.
fn check(rows: &[Row<'_>]) {
    for (refused, name, built) in rows {
        let rejection = refused.build().map_err(|error| error.rule().name());
        assert_eq!(rejection, Err(*name), "{refused:?}");
        assert!(built.build().is_ok(), "{built:?} {:?}", built.build());
    }
}

#[test]
fn names_and_values() {
    let value = |value: &str| builder("a", value);
    let a = || value("1");
    check(&[
        (builder("", ""), "empty", builder("a", "")),
        (builder("", "1"), "name-not-token", a()),
        (
            builder("", "__Secure-a"),
            "nameless-prefix",
            value("__Secure-a"),
        ),
        (
            builder("", "__http-a"),
            "nameless-http-prefix",
            value("__http-a"),
        ),
        (
            value(&"v".repeat(4096)),
            "too-long",
            value(&"v".repeat(4095)),
        ),
        (value("1\r\nSet-Cookie: b=2"), "control-octet", a()),
        (value("\0"), "control-octet", a()),
        (builder("a\n", "1"), "control-octet", a()),
        (value("1; Domain=shop.example"), "not-one-pair", a()),
        (builder("a;b", "1"), "not-one-pair", a()),
        (builder("a=b", "1"), "not-one-pair", value("b=1")),
        (value(" 1"), "not-one-pair", a()),
        (value("1\t"), "not-one-pair", a()),
        (builder("a b", "1"), "name-not-token", builder("a-b", "1")),
        (builder("\u{e9}", "1"), "name-not-token", a()),
        (value("1 2"), "value-not-cookie-octets", value("1%202")),
        (value("1,2"), "value-not-cookie-octets", value("1.2")),
        (
            value("{\"a\":1}"),
            "value-not-cookie-octets",
            value("eyJhIjoxfQ=="),
        ),
        (value("\"1"), "value-not-cookie-octets", value("\"1\"")),
        (value("\u{e9}"), "value-not-cookie-octets", value("%C3%A9")),
    ]);
}

#[test]
fn attributes() {
    let a = || builder("a", "1");
    let domain = |domain: &str| a().domain(domain);
    let path = |path: &str| a().path(path);
    let long = "/".repeat(1024);
    check(&[
        (domain(""), "domain-not-canonical", a()),
        (
            domain(".shop.example"),
            "domain-not-canonical",
            domain("shop.example"),
        ),
        (
            domain("shop.example."),
            "domain-not-canonical",
            domain("shop.example"),
        ),
        (
            domain("Shop.example"),
            "domain-not-canonical",
            domain("shop.example"),
        ),
        (
            domain("xn--zz-.example"),
            "domain-not-canonical",
            domain("xn--bcher-kva.example"),
        ),
        // The URL Standard takes it as a host.
        (
            domain("a;b.example"),
            "domain-not-canonical",
            domain("b.example"),
        ),
        (
            domain("b.example\r\n"),
            "domain-not-canonical",
            domain("b.example"),
        ),
        (domain("127.0.0.1"), "domain-not-canonical", a()),
        (domain("[::1]"), "domain-not-canonical", a()),
        (
            domain("b\u{fc}cher.example"),
            "domain-not-ascii",
            domain("xn--bcher-kva.example"),
        ),
        (domain(&"a".repeat(1025)), "attribute-too-long", a()),
        (domain(&"a".repeat(1024)), "domain-not-canonical", a()),
        (domain("co.uk"), "public-suffix", domain("shop.co.uk")),
        (domain("localhost"), "public-suffix", a()),
        (path(""), "path-not-absolute", path("/")),
        (path("cart"), "path-not-absolute", path("/cart")),
        (path("/\r\n"), "control-octet", path("/")),
        (path("/; Secure"), "path-not-av-octets", path("/%3B")),
        (path("/a "), "path-not-av-octets", path("/a b")),
        (path("/\u{e9}"), "path-not-av-octets", path("/%C3%A9")),
        (path(&format!("{long}/")), "attribute-too-long", path(&long)),
        (
            a().expires(day(1600, 12, 31)),
            "expires-out-of-range",
            a().expires(day(1601, 1, 1)),
        ),
        (
            a().expires(day(10_000, 1, 1)),
            "expires-out-of-range",
            a().expires(day(9999, 12, 31)),
        ),
        (
            a().same_site(SameSite::None),
            "same-site-none-insecure",
            a().same_site(SameSite::None).secure(true),
        ),
        (
            a().partitioned(true),
            "partitioned-insecure",
            a().partitioned(true).secure(true),
        ),
    ]);
}

#[test]
fn prefixes() {
    let named = |name: &str| builder(name, "1").secure(true);
    let host = |name: &str| named(name).path("/");
    check(&[
        (
            builder("__secure-a", "1"),
            "secure-prefix",
            named("__secure-a"),
        ),
        (
            host("__Host-a").secure(false),
            "host-prefix-insecure",
            host("__Host-a"),
        ),
        (
            host("__hOST-a").domain("shop.example"),
            "host-prefix-domain",
            host("__hOST-a"),
        ),
        (named("__Host-a"), "host-prefix-path", host("__Host-a")),
        (
            host("__Host-a").path("/a"),
            "host-prefix-path",
            host("__Host-a"),
        ),
        (
            named("__Http-a").http_only(true).secure(false),
            "http-prefix-insecure",
            named("__Http-a").http_only(true),
        ),
        (
            named("__HTTP-a"),
            "http-prefix-not-http-only",
            named("__HTTP-a").http_only(true),
        ),
        (
            host("__Host-Http-a"),
            "http-prefix-not-http-only",
            host("__Host-Http-a").http_only(true),
        ),
        (
            host("__Host-a").secure(false).removal(),
            "host-prefix-insecure",
            host("__Host-a").removal(),
        ),
    ]);
}

#[test]
fn a_removal_deletes() {
    let rows = [
        builder("a", "1"),
        builder("a", "1").domain("shop.example").path("/cart"),
        builder("__Host-a", "1")
            .path("/")
            .secure(true)
            .partitioned(true),
        builder("__Host-Http-a", "1")
            .path("/")
            .secure(true)
            .http_only(true),
    ];
    for builder in rows {
        const URL: &str = "https://www.shop.example/cart/1";
        let mut jar = CookieJar::default();
        receive(&mut jar, URL, "b=2", NOW).unwrap();
        let stored = receive(&mut jar, URL, &builder.build().unwrap(), NOW);
        assert_eq!((stored, jar.len()), (Ok(Receipt::Stored), 2));
        let deleted = receive(&mut jar, URL, &builder.removal().build().unwrap(), NOW);
        assert_eq!(deleted, Ok(Receipt::Expired));
        assert_eq!(sent(&jar, URL, NOW), "b=2");
    }
}

/// A leap second is the 59th again: 5.1.1 reads no 60th.
#[test]
fn leap_seconds() {
    let date = sane_cookie_date(day_and(2016, 12, 31, 1_500_000_000));
    assert_eq!(date.as_deref(), Some("Sat, 31 Dec 2016 23:59:59 GMT"));
}

#[test]
fn no_value_is_shown() {
    let refused = builder("a", "hunter2;");
    let shown = r#"SetCookieBuilder { name: "a", value: <8 octets>, .. }"#;
    assert_eq!(format!("{refused:?}"), shown);
    let shown = format!("{0:?} {0}", refused.build().unwrap_err());
    assert!(!shown.contains("hunter2"), "{shown}");
}
