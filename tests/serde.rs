//! Cookies and jars as data for serde: texts, packed octets, and what is not taken back.
#![cfg(feature = "serde")]

mod common;

use std::fmt::Debug;

use common::{NOW, after, names, receive, sent};
use hardtack::{
    Cause, Change, Cookie, CookieBuilder, CookieJar, Destination, Exclusion, PartitionKey, Receipt,
    Rejection, SameSite, SharedJar, Site, Timestamp,
};
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

const SHOP: &str = "https://shop.example/";

fn text<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap()
}

/// Writes a value as text and packed, and reads both.
fn there_and_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let packed = postcard::to_allocvec(value).unwrap();
    assert_eq!(serde_json::from_str::<T>(&text(value)).unwrap(), *value);
    assert_eq!(postcard::from_bytes::<T>(&packed).unwrap(), *value);
}

fn every_cookie() -> CookieJar {
    let mut jar = CookieJar::default();
    for (second, line) in [
        &b"sid=31d4; Secure; HttpOnly; SameSite=Strict"[..],
        b"theme=dark; Domain=shop.example; Path=/cart; Max-Age=60",
        b"caf\xe9=\xff; Path=/\xfe",
        b"nameless",
        b"part=1; Secure; Partitioned; SameSite=None",
    ]
    .into_iter()
    .enumerate()
    {
        let now = after(i64::try_from(second / 2).unwrap());
        jar.receive(line, &common::url(SHOP), now).unwrap();
    }
    sent(&jar, SHOP, after(9));
    jar
}

#[test]
fn words() {
    assert_eq!(text(&SameSite::Default), "\"default\"");
    assert_eq!(text(&Destination::TopLevel), "\"top-level\"");
    assert_eq!(text(&Receipt::Replaced), "\"replaced\"");
    assert_eq!(text(&Cause::DomainFull), "\"domain-full\"");
    assert_eq!(
        text(&Rejection::SecureOverInsecure),
        "\"secure-over-insecure\""
    );
    assert_eq!(text(&Exclusion::NotOnPath), "\"not-on-path\"");
    let site: Site = "https://shop.example".parse().unwrap();
    let key: PartitionKey = "https://shop.example cross-site".parse().unwrap();
    assert_eq!(text(&key), "\"https://shop.example cross-site\"");
    there_and_back(&site);
    there_and_back(&key);
    there_and_back(&SameSite::None);
    there_and_back(&Destination::Nested);
    there_and_back(&Receipt::Expired);
    there_and_back(&Cause::SessionOver);
    for (wrong, expected) in [("\"shop.example\"", "it is no site"), ("7", "invalid type")] {
        let error = serde_json::from_str::<Site>(wrong).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}

#[test]
fn instants() {
    for (seconds, microseconds, expected) in [
        (0, 0, "\"1970-01-01T00:00:00Z\""),
        (1_717_243_200, 1, "\"2024-06-01T12:00:00.000001Z\""),
        (-62_167_219_200, 0, "\"0000-01-01T00:00:00Z\""),
        (-62_167_219_200, -1, "\"-62167219200000001\""),
        (253_402_300_799, 999_999, "\"9999-12-31T23:59:59.999999Z\""),
        (253_402_300_799, 1_000_000, "\"253402300800000000\""),
    ] {
        let instant = Timestamp::from_micros(seconds * 1_000_000 + microseconds);
        assert_eq!(text(&instant), expected);
        there_and_back(&instant);
    }
    there_and_back(&Timestamp::MIN);
    there_and_back(&Timestamp::MAX);
    assert!(serde_json::from_str::<Timestamp>("\"tomorrow\"").is_err());
}

#[test]
fn the_fields_of_a_cookie() {
    let jar = every_cookie();
    let texts: Vec<String> = jar.iter(after(9)).map(text).collect();
    let times = r#""creation":"2024-06-01T12:00:00Z""#;
    let expected = [
        format!(
            r#"{{"name":"sid","value":"31d4","domain":"shop.example","secure":true,"http_only":true,"same_site":"strict",{times},"last_access":"2024-06-01T12:00:09Z"}}"#
        ),
        format!(
            r#"{{"name":"theme","value":"dark","domain":"shop.example","host_only":false,"path":"/cart","expires":"2024-06-01T12:01:00Z",{times}}}"#
        ),
        r#"{"name_base64":"Y2Fm6Q==","value_base64":"/w==","domain":"shop.example","path_base64":"L/4=","creation":"2024-06-01T12:00:01Z"}"#.to_owned(),
        r#"{"name":"","value":"nameless","domain":"shop.example","creation":"2024-06-01T12:00:01Z","last_access":"2024-06-01T12:00:09Z"}"#.to_owned(),
        r#"{"name":"part","value":"1","domain":"shop.example","secure":true,"same_site":"none","partition":"https://shop.example","creation":"2024-06-01T12:00:02Z","last_access":"2024-06-01T12:00:09Z"}"#.to_owned(),
    ];
    assert_eq!(texts, expected);
    let builder = Cookie::builder("a", "1", "shop.example");
    assert_eq!(
        text(&builder),
        r#"{"name":"a","value":"1","domain":"shop.example"}"#
    );
    let builder = builder.order(3).creation_time(Timestamp::UNIX_EPOCH);
    assert_eq!(
        text(&builder),
        r#"{"name":"a","value":"1","domain":"shop.example","creation":"1970-01-01T00:00:00Z","last_access":null,"order":3}"#
    );
}

#[test]
fn what_cannot_be_read_is_named_without_what_is_in_it() {
    let rows = [
        (r#"{"value":"31d4","domain":"d"}"#, "`name` is missing"),
        (r#"{"name":"a","domain":"d"}"#, "`value` is missing"),
        (r#"{"name":"a","value":"31d4"}"#, "`domain` is missing"),
        (
            r#"{"name":"a","value":"31d4","value_base64":"31d4","domain":"d"}"#,
            "`value` and `value_base64` are both there: leave one out",
        ),
        (
            r#"{"name":"a","value_base64":"31d","domain":"d"}"#,
            "`value_base64` is not base64, of the usual alphabet and padded",
        ),
        (
            r#"{"name":"a","value":"31d4","domain":"d","expires":"31d4"}"#,
            "`expires` is not an instant: write it as `2024-06-01T12:00:00Z`",
        ),
        (
            r#"{"name":"a","value":"31d4","domain":"d","same_site":"Lax"}"#,
            "`same_site` is not `strict`, `lax`, `none` or `default`",
        ),
        (
            r#"{"name":"a","value":"31d4","domain":"d","partition":"d"}"#,
            "`partition` is not `https://shop.example` or `https://shop.example cross-site`",
        ),
    ];
    for (text, expected) in rows {
        let error = serde_json::from_str::<CookieBuilder>(text).unwrap_err();
        let error = error.to_string();
        assert!(error.starts_with(expected), "{text}: {error}");
        assert!(!error.contains("31d"), "{error}");
    }
    // What a later version may add is passed over.
    let text = r#"{"name":"a","value":"1","domain":"d","colour":["blue"]}"#;
    let expected = Cookie::builder("a", "1", "d");
    assert_eq!(
        serde_json::from_str::<CookieBuilder>(text).unwrap(),
        expected
    );
}

#[test]
fn a_jar_comes_back_as_it_was() {
    let jar = every_cookie();
    let packed = postcard::to_allocvec(&jar).unwrap();
    let shared: SharedJar = serde_json::from_str(&text(&SharedJar::from(jar.clone()))).unwrap();
    for again in [
        serde_json::from_str(&text(&jar)).unwrap(),
        postcard::from_bytes(&packed).unwrap(),
        shared.to_jar(),
    ] {
        let again: CookieJar = again;
        assert_eq!(text(&again), text(&jar));
        assert_eq!(names(&again, after(9)), names(&jar, after(9)));
        assert_eq!(
            sent(&again, SHOP, after(10)),
            sent(&jar.clone(), SHOP, after(10))
        );
    }
}

#[test]
fn no_unchecked_cookie_comes_in() {
    const CREATED: &str = r#""creation":"2024-06-01T12:00:00Z""#;
    let cookie = |fields: &str| format!(r#"{{"name":"a","value":"31d4",{fields}}}"#);
    let shop = cookie(&format!(r#""domain":"shop.example",{CREATED}"#));
    let rows = [
        (
            cookie(&format!(
                r#""domain":"example","host_only":false,{CREATED}"#
            )),
            "the cookie `a` of example: `example` is a public suffix",
        ),
        (
            format!("{shop},{shop}"),
            "the cookie `a` of shop.example: another cookie of the same name",
        ),
        (
            cookie(r#""domain":"shop.example""#),
            "`creation` is missing",
        ),
    ];
    for (cookies, expected) in rows {
        let error = serde_json::from_str::<CookieJar>(&format!("[{cookies}]")).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
        assert!(!error.to_string().contains("31d4"), "{error}");
    }
    // By the latest access that one has expired.
    let gone = cookie(&format!(
        r#""domain":"gone.example","expires":"2024-06-01T11:59:59Z",{CREATED}"#
    ));
    let jar: CookieJar = serde_json::from_str(&format!("[{gone},{shop}]")).unwrap();
    assert_eq!(jar.len(), 1);
}

#[test]
fn changes() {
    let mut jar = CookieJar::default();
    jar.watch();
    receive(&mut jar, SHOP, "a=1", NOW).unwrap();
    jar.clear();
    let changes: Vec<Change> = jar.changes();
    assert_eq!(
        text(&changes),
        r#"[{"removed":[{"name":"a","value":"1","domain":"shop.example","creation":"2024-06-01T12:00:00Z"},"removed"]}]"#
    );
}

fn instant() -> impl Strategy<Value = Option<Timestamp>> {
    let near = (0..4_000_000_000_i64).prop_map(Timestamp::from_secs);
    prop::option::of(prop_oneof![
        near,
        any::<i64>().prop_map(Timestamp::from_micros)
    ])
}

proptest! {
    #[test]
    fn builders_come_back_as_they_were(
        octets in prop::array::uniform3(prop_oneof![
            "[a-z/\"\\\\\t\u{e9}]{0,8}".prop_map(String::into_bytes),
            prop::collection::vec(any::<u8>(), 0..8),
        ]),
        host in "\\PC{0,12}",
        flags in any::<[bool; 4]>(),
        same_site in 0..4_usize,
        times in prop::array::uniform3(instant()),
        order in any::<u64>(),
    ) {
        let [name, value, path] = octets;
        let words = [SameSite::Default, SameSite::None, SameSite::Lax, SameSite::Strict];
        let mut builder = Cookie::builder(name, value, host)
            .path(path)
            .host_only(flags[0])
            .secure_only(flags[1])
            .http_only(flags[2])
            .same_site(words[same_site])
            .order(order);
        if flags[3] {
            builder = builder.partition("https://news.example cross-site".parse().unwrap());
        }
        if let Some(time) = times[0] {
            builder = builder.expiry_time(time);
        }
        if let Some(time) = times[1] {
            builder = builder.creation_time(time);
        }
        if let Some(time) = times[2] {
            builder = builder.last_access_time(time);
        }
        there_and_back(&builder);
    }
}
