//! The formats of browsers: the storage state of Playwright, CDP, WebDriver, and the exports of extensions.

#![cfg(feature = "json")]

mod common;

use std::fmt::Write as _;

use common::{NOW, cells, text};
use hardtack::formats::{
    self, Contents, Format, Loss, Lost, ReadError, Record, RecordedCookie, WriteOptions, Written,
};
use hardtack::{Cookie, CookieBuilder, CookieJar, Policy, SameSite, Timestamp};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

/// The formats that are written too.
const WRITTEN: [Format; 3] = [Format::StorageState, Format::Cdp, Format::Extension];

/// A value that must not be in any message.
const SECRET: &str = "s3cret";

fn read(document: &str) -> Contents {
    formats::read(document.as_bytes(), None).unwrap_or_else(|error| panic!("{document}: {error}"))
}

/// The kinds of notes, with a space between.
fn kinds(notes: &[formats::Note]) -> String {
    let kinds: Vec<&str> = notes.iter().map(formats::Note::kind).collect();
    kinds.join(" ")
}

fn same_site(same_site: Option<SameSite>) -> &'static str {
    match same_site {
        None => "-",
        Some(SameSite::Default) => "default",
        Some(SameSite::Lax) => "lax",
        Some(SameSite::Strict) => "strict",
        Some(SameSite::None) => "none",
    }
}

/// What a record says, but for what is as usual: a host-only session cookie of `shop.example` for `/`.
fn said(cookie: &RecordedCookie) -> String {
    let mut said = format!("{}={}", text(&cookie.name), text(&cookie.value));
    if cookie.domain != "shop.example" {
        write!(said, " {}", cookie.domain).unwrap();
    }
    if cookie.path != b"/" {
        write!(said, " {}", text(&cookie.path)).unwrap();
    }
    for (is, word) in [
        (cookie.host_only == Some(false), " domain"),
        (cookie.secure == Some(true), " secure"),
        (cookie.http_only == Some(true), " http-only"),
    ] {
        said += if is { word } else { "" };
    }
    if cookie.same_site != Some(SameSite::Default) {
        write!(said, " {}", same_site(cookie.same_site)).unwrap();
    }
    if let Some(expires) = cookie.expires {
        write!(said, " {expires}").unwrap();
    }
    if let Some(key) = &cookie.partition {
        write!(said, " [{key}]").unwrap();
    }
    said
}

/// What a record says, with the kinds of its notes; or why it cannot be read.
fn shown(record: &Record) -> String {
    match &record.cookie {
        None => record.notes[0].text().to_owned(),
        Some(cookie) if record.notes.is_empty() => said(cookie),
        Some(cookie) => format!("{} ({})", said(cookie), kinds(&record.notes)),
    }
}

/// An entry of a format as its tool writes it, with members replaced, or removed by `null`; or what stands for it.
fn entry(format: Format, members: &str) -> Value {
    let own = match format {
        Format::StorageState => {
            r#"{"name": "a", "value": "s3cret", "domain": "shop.example", "path": "/", "expires": -1,
            "httpOnly": false, "secure": false, "sameSite": "Strict"}"#
        }
        Format::Cdp => {
            r#"{"name": "a", "value": "s3cret", "domain": "shop.example", "path": "/", "expires": -1, "size": 7,
            "httpOnly": false, "secure": false, "session": true, "priority": "Medium"}"#
        }
        Format::WebDriver => {
            r#"{"name": "a", "value": "s3cret", "path": "/", "domain": "shop.example", "secure": false,
            "httpOnly": false, "sameSite": "Strict"}"#
        }
        _ => {
            r#"{"domain": "shop.example", "hostOnly": true, "httpOnly": false, "name": "a", "path": "/",
            "sameSite": "unspecified", "secure": false, "session": true, "storeId": "0", "value": "s3cret"}"#
        }
    };
    let mut own: Map<String, Value> = serde_json::from_str(own).unwrap();
    match serde_json::from_str(members).unwrap() {
        Value::Object(members) => own.extend(members),
        entry => return entry,
    }
    own.retain(|_, value| !value.is_null());
    own.into()
}

/// A file of one entry after a plain one.
fn file(format: Format, second: Value) -> String {
    let entries = [entry(format, "{}"), second];
    let document = match format {
        Format::StorageState => json!({ "cookies": entries, "origins": [] }),
        Format::WebDriver => json!({ "value": entries }),
        _ => json!(entries),
    };
    document.to_string()
}

/// A format, the members of an entry that are replaced, and what it says.
const SAID: &str = r#"
storage-state | {} | strict
storage-state | {"sameSite": "Lax"} | lax
storage-state | {"sameSite": "lax"} | lax
storage-state | {"sameSite": "None", "secure": true} | secure none
storage-state | {"sameSite": "None"} | none (same-site-none-insecure)
storage-state | {"sameSite": null} |
storage-state | {"expires": 1800000000} | strict 2027-01-15T08:00:00Z
storage-state | {"expires": 1800000000.25} | strict 2027-01-15T08:00:00.250Z
storage-state | {"expires": 1.8e9} | strict 2027-01-15T08:00:00Z
storage-state | {"expires": -1.0} | strict
storage-state | {"expires": null} | strict
storage-state | {"expires": 0} | strict 1970-01-01T00:00:00Z
storage-state | {"expires": -2} | strict 1969-12-31T23:59:58Z (expiry-negative)
storage-state | {"expires": null, "expirationDate": 1800000000} | strict (expiry-ignored)
storage-state | {"domain": ".shop.example"} | domain strict
storage-state | {"httpOnly": true, "secure": true} | secure http-only strict
storage-state | {"httpOnly": null, "secure": null} | strict
storage-state | {"partitionKey": "https://news.test", "_crHasCrossSiteAncestor": false} | strict [https://news.test]
storage-state | {"partitionKey": "https://shop.example"} | strict [https://shop.example cross-site] (ancestor-bit-missing)
storage-state | {"partitionKey": ""} | strict
cdp | {} |
cdp | {"sameSite": "Strict"} | strict
cdp | {"sameSite": "Sometimes"} | (same-site-unknown)
cdp | {"expires": 1800000000, "session": false} | 2027-01-15T08:00:00Z
cdp | {"expires": 1800000000} | (session-against-expiry)
cdp | {"session": false} | (session-against-expiry)
cdp | {"session": null} |
cdp | {"expires": 0} |
cdp | {"expires": 0, "session": false} | 1970-01-01T00:00:00Z
cdp | {"expires": 0, "session": null} | 1970-01-01T00:00:00Z
cdp | {"partitionKey": {"topLevelSite": "https://news.test", "hasCrossSiteAncestor": true}} | [https://news.test cross-site]
cdp | {"partitionKey": {"topLevelSite": "https://shop.example", "hasCrossSiteAncestor": false}} | [https://shop.example]
cdp | {"partitionKey": {"sourceOrigin": "https://news.test", "hasCrossSiteAncestor": true}} | [https://news.test cross-site]
cdp | {"partitionKey": "https://news.test"} | [https://news.test cross-site] (ancestor-bit-missing)
cdp | {"partitionKey": "https://shop.example"} | [https://shop.example] (ancestor-bit-missing)
cdp | {"partitionKey": "https://example"} | [https://example] (ancestor-bit-missing)
cdp | {"partitionKey": "https://op.example"} | [https://op.example cross-site] (ancestor-bit-missing)
webdriver | {} | strict
webdriver | {"expiry": 1800000000} | strict 2027-01-15T08:00:00Z
webdriver | {"expiry": 0} | strict 1970-01-01T00:00:00Z
webdriver | {"sameSite": null} |
webdriver | {"sameSite": "default"} |
webdriver | {"sameSite": "Sometimes"} | (same-site-unknown)
webdriver | {"domain": ".shop.example"} | domain strict
webdriver | {"value": {"type": "string", "value": "s3cret"}} | strict
webdriver | {"value": {"type": "base64", "value": "czNjcmV0"}} | strict
webdriver | {"goog:partitionKey": {"topLevelSite": "https://news.test", "hasCrossSiteAncestor": true}} | strict [https://news.test cross-site]
extension | {} |
extension | {"sameSite": null} |
extension | {"sameSite": "no_restriction", "secure": true} | secure none
extension | {"sameSite": "no_restriction"} | none (same-site-none-insecure)
extension | {"sameSite": "LAX"} | lax
extension | {"sameSite": "Sometimes"} | (same-site-unknown)
extension | {"expirationDate": 1800000000.5, "session": false} | 2027-01-15T08:00:00.500Z
extension | {"expirationDate": 1800000000, "session": null} | 2027-01-15T08:00:00Z
extension | {"expirationDate": 0} |
extension | {"expirationDate": 1800000000} | (session-against-expiry)
extension | {"expirationDate": -1, "session": null} | 1969-12-31T23:59:59Z (expiry-negative)
extension | {"session": false} | (session-against-expiry)
extension | {"hostOnly": false, "domain": ".shop.example"} | domain
extension | {"hostOnly": false} | domain (dot-against-flag)
extension | {"domain": ".shop.example"} | (dot-against-flag)
extension | {"hostOnly": null, "domain": ".shop.example"} | domain
extension | {"hostOnly": null} |
extension | {"partitionKey": {"topLevelSite": ""}} |
extension | {"partitionKey": {"topLevelSite": "https://news.test"}} | [https://news.test cross-site] (ancestor-bit-missing)
extension | {"firstPartyDomain": ""} |
extension | {"firstPartyDomain": "news.test"} | [https://news.test cross-site] (first-party-isolation)
extension | {"firstPartyDomain": "shop.example"} | [https://shop.example] (first-party-isolation)
"#;

/// Rows of a table, without empty lines.
fn rows<const N: usize>(table: &'static str) -> impl Iterator<Item = [&'static str; N]> {
    let lines = table.lines().filter(|line| !line.is_empty());
    lines.map(cells::<N>)
}

#[test]
fn entries_say_what_they_say() {
    for [format, members, expected] in rows(SAID) {
        let format: Format = format.parse().unwrap();
        let document = file(format, entry(format, members));
        let contents = read(&document);
        assert_eq!(contents.format, Some(format), "{document}");
        let expected = format!("a={SECRET} {expected}");
        assert_eq!(
            shown(&contents.records[1]),
            expected.trim_end(),
            "{document}"
        );
    }
}

/// The members of an entry of any format that are replaced, and what it says.
const SAID_IN_ALL: &str = r#"
{"name": ""} | =s3cret
{"name": "\u00fc"} | \xc3\xbc=s3cret
{"value": ""} | a=
{"path": "/cart"} | a=s3cret /cart
{"path": "cart"} | a=s3cret cart
{"domain": "SHOP.example"} | a=s3cret
{"domain": "[::1]"} | a=s3cret [::1]
{"domain": "::1"} | a=s3cret [::1]
{"domain": "b\u00fccher.example"} | a=s3cret xn--bcher-kva.example
{"domain": "shop.example:8443"} | a=s3cret (port-cut)
{"domain": "a b"} | a=s3cret a b
{"unknown": [{}]} | a=s3cret
"#;

const FORMATS: [Format; 4] = [
    Format::StorageState,
    Format::Cdp,
    Format::WebDriver,
    Format::Extension,
];

#[test]
fn names_and_domains_are_alike_in_all() {
    for format in FORMATS {
        for [members, expected] in rows(SAID_IN_ALL) {
            let document = file(format, entry(format, members));
            let contents = read(&document);
            let shown = shown(&contents.records[1]).replace(" strict", "");
            assert_eq!(shown, expected, "{document}");
        }
        let mut dotted = entry(format, r#"{"name": "__Host-a", "domain": ".shop.example"}"#);
        if format == Format::Extension {
            dotted["hostOnly"] = false.into();
        }
        let contents = read(&file(format, dotted));
        let cookie = contents.records[1].cookie.as_ref().unwrap();
        assert_eq!(cookie.host_only, Some(true), "{format}");
        assert_eq!(
            kinds(&contents.records[1].notes),
            "host-prefix-domain",
            "{format}"
        );
    }
}

/// The members of an entry of any format that are replaced, or what stands for the entry, and why it is unreadable.
const UNREADABLE_IN_ALL: &str = r#"
null | the entry is not an object
[] | the entry is not an object
"s3cret" | the entry is not an object
{"name": null} | it has no `name`
{"name": 7} | its `name` is not a string
{"value": null} | it has no `value`
{"value": 7} | its `value` is not a string
{"domain": null} | it has no `domain`: nothing says which host gets the cookie
{"domain": ["shop.example"]} | its `domain` is not a string
{"path": null} | it has no `path`
{"path": false} | its `path` is not a string
{"secure": "true"} | its `secure` is neither true nor false
{"httpOnly": 1} | its `httpOnly` is neither true nor false
{"sameSite": 1} | its `sameSite` is not a string
"#;

/// A format, the members of an entry that are replaced, and why it is unreadable.
const UNREADABLE: &str = r#"
storage-state | {"sameSite": "Sometimes"} | its `sameSite` is none of `Strict`, `Lax` and `None`
storage-state | {"expires": "-1"} | its `expires` is not a number
storage-state | {"expires": 1827327000123} | the number seems to be milliseconds, and this format has seconds
storage-state | {"expires": 1650807928328.1914} | the number seems to be milliseconds, and this format has seconds
storage-state | {"partitionKey": "shop.example"} | its `partitionKey` is not a site, such as `https://shop.example`
storage-state | {"partitionKey": true} | its `partitionKey` is neither a site nor an object with one
cdp | {"expires": 253402300000000} | the number seems to be milliseconds, and this format has seconds
cdp | {"session": "yes"} | its `session` is neither true nor false
cdp | {"partitionKey": {}} | its `partitionKey` has no `topLevelSite`
cdp | {"partitionKey": "https://shop.example cross-site"} | its `partitionKey` is not a site, such as `https://shop.example`
cdp | {"partitionKey": "https://shop.example:8443"} | its `partitionKey` is not a site, such as `https://shop.example`
cdp | {"partitionKey": "null"} | its `partitionKey` is not a site, such as `https://shop.example`
cdp | {"partitionKeyOpaque": true} | its `partitionKey` is that of an opaque origin, which is nothing outside of its browser
webdriver | {"expiry": "2027-01-15T08:00:00Z"} | its `expiry` is not a number
webdriver | {"value": {"type": "base64", "value": "s3cret!"}} | its `value` is not base64
webdriver | {"value": {"value": "s3cret"}} | it has no `type`
webdriver | {"value": {"type": "s3cret", "value": "s3cret"}} | the type of its `value` is neither `string` nor `base64`
webdriver | {"goog:partitionKeyOpaque": true} | its `goog:partitionKey` is that of an opaque origin, which is nothing outside of its browser
extension | {"expirationDate": 13263742881229765} | the number seems to be microseconds since 1601, as Chromium's database has
extension | {"hostOnly": "false"} | its `hostOnly` is neither true nor false
extension | {"firstPartyDomain": "a b"} | its `firstPartyDomain` is not a domain
"#;

#[test]
fn a_bad_entry_costs_that_entry() {
    for format in FORMATS {
        for [members, why] in rows(UNREADABLE_IN_ALL) {
            is_unreadable(format, members, why);
        }
    }
    for [format, members, why] in rows(UNREADABLE) {
        is_unreadable(format.parse().unwrap(), members, why);
    }
}

fn is_unreadable(format: Format, members: &str, why: &str) {
    let document = file(format, entry(format, members));
    let contents = read(&document);
    assert_eq!(contents.format, Some(format), "{document}");
    assert_eq!(contents.records.len(), 2, "{document}");
    assert!(contents.records[0].cookie.is_some(), "{document}");
    let record = &contents.records[1];
    assert!(record.cookie.is_none(), "{document}");
    let told = record.notes[0].text();
    let is_expiry = told.starts_with("its expiry-time") || told.contains(": its expiry-time");
    assert!(
        told == why || is_expiry && told.ends_with(why),
        "{document}: {told}"
    );
    assert!(!format!("{contents:?}").contains(SECRET), "{document}");
}

/// The entries of the documents below.
const NAMED: [(&str, &str); 7] = [
    (
        "PLAIN",
        r#"{"name":"a","value":"1","domain":"shop.example","path":"/"}"#,
    ),
    (
        "PARAM",
        r#"{"name":"a","value":"1","domain":"shop.example","path":"/","expires":-1}"#,
    ),
    (
        "STATE",
        r#"{"name":"a","value":"1","domain":"shop.example","path":"/","expires":-1,"sameSite":"Lax"}"#,
    ),
    (
        "CDP",
        r#"{"name":"a","value":"1","domain":"shop.example","path":"/","expires":-1,"size":2,"session":true}"#,
    ),
    (
        "DRIVER",
        r#"{"name":"a","value":"1","domain":"shop.example","path":"/","expiry":1800000000}"#,
    ),
    (
        "BIDI",
        r#"{"name":"a","value":{"type":"string","value":"1"},"domain":"shop.example","path":"/","size":2}"#,
    ),
    (
        "EXTENSION",
        r#"{"name":"a","value":"1","domain":"shop.example","path":"/","hostOnly":true}"#,
    ),
];

/// Documents, and what their formats are. The last ones are of other programs.
const DOCUMENTS: &str = r#"
{"cookies":[],"origins":[]} | storage-state
{"origins":[],"cookies":[PLAIN]} | storage-state
{"cookies":[STATE]} | storage-state
{"cookies":[PLAIN]} | storage-state
[STATE] | storage-state
{"cookies":[]} | cdp
{"id":1,"result":{"cookies":[]}} | cdp
{"cookies":[7,CDP]} | cdp
{"id":1,"result":{"cookies":[CDP]}} | cdp
{"id":1,"result":{"cookies":[STATE]}} | cdp
[CDP] | cdp
[PLAIN,CDP] | cdp
[PARAM] | cdp
{"value":[]} | webdriver
{"value":[PLAIN]} | webdriver
{"sessionId":"1","status":0,"value":[DRIVER]} | webdriver
[PLAIN] | webdriver
[PLAIN,DRIVER] | webdriver
{"cookies":[],"partitionKey":{}} | webdriver
{"cookies":[BIDI],"partitionKey":{}} | webdriver
{"type":"success","id":1,"result":{"cookies":[BIDI],"partitionKey":{}}} | webdriver
[BIDI] | webdriver
[] | extension
[EXTENSION] | extension
{"cookies":[EXTENSION]} | extension
{"url":"https://shop.example","cookies":[EXTENSION]} | extension
{"url":"https://shop.example","cookies":[]} | extension
{"cookies":{"a":"1"}} | none
{"cookies":[],"version":1} | none
{"value":[1,2]} | none
{"value":"1"} | none
{"result":[]} | none
[1] | none
[["a","1"]] | none
[{"name":"a","value":"1"}] | none
[{"name":"a","value":"1","domain":"shop.example","http_only":true,"expires":1}] | none
{"log":{"entries":[]}} | har
"#;

#[test]
fn the_content_tells_the_format() {
    for [document, expected] in rows(DOCUMENTS) {
        let mut document = document.to_owned();
        for (name, entry) in NAMED {
            document = document.replace(name, entry);
        }
        let found = formats::read(document.as_bytes(), None);
        let found = found.ok().and_then(|contents| contents.format);
        assert_eq!(found.map_or("none", Format::name), expected, "{document}");
        for format in FORMATS {
            let asked = formats::read(document.as_bytes(), Some(format)).ok();
            let asked = asked.and_then(|contents| contents.format);
            // An empty list is of whichever format it is said to be.
            if document == "[]" {
                assert_eq!(asked, Some(format));
                continue;
            }
            assert_eq!(asked, found.filter(|found| *found == format), "{document}");
        }
    }
}

#[test]
fn json_that_is_none_is_told_with_its_place() {
    let rows = [
        ("[\n  // pasted\n  {\"hostOnly\": true}\n]", 2, 3),
        ("[\n  {\"hostOnly\": true},\n]", 3, 1),
        ("{\"cookies\": [\n{\"name\":\"a\",}\n]}", 2, 13),
    ];
    for (document, line, column) in rows {
        let error = formats::read(document.as_bytes(), Some(Format::Extension)).unwrap_err();
        let ReadError::NotJson {
            line: l, column: c, ..
        } = error
        else {
            panic!("{document}: {error}");
        };
        assert_eq!((l, c), (line, column), "{document}");
    }
}

/// A format, the members of an entry that are replaced, and the notes about the file.
const NOTES: &str = r#"
storage-state | {"sameSite": "Lax"} | same-site-lax
storage-state | {} |
webdriver | {"sameSite": "Lax"} | same-site-of-driver
webdriver | {"sameSite": "None"} | same-site-of-driver
webdriver | {} |
webdriver | {"sameSite": "none", "value": {"type": "string", "value": "1"}} |
cdp | {"sameSite": "Lax"} |
extension | {"sameSite": "lax"} |
"#;

#[test]
fn what_holds_for_a_file_is_noted_once() {
    for [format, members, expected] in rows(NOTES) {
        let format: Format = format.parse().unwrap();
        let document = file(format, entry(format, members));
        assert_eq!(kinds(&read(&document).notes), expected, "{document}");
    }
}

/// BiDi answers for a partition: with the page's own cookies, which only Secure ones can be partitioned.
#[test]
fn cookies_of_a_partition_stay_in_it() {
    let entry = |domain: &str, secure: bool| {
        let value = json!({"type": "string", "value": "1"});
        json!({"name": "a", "value": value, "domain": domain, "path": "/", "secure": secure, "sameSite": "default"})
    };
    let entries = [
        entry("shop.example", false),
        entry("shop.example", true),
        entry(".www.shop.example", true),
        entry("tracker.example", true),
        entry("tracker.example", false),
    ];
    let partitions = |key: Value| {
        let document = json!({"cookies": entries, "partitionKey": key}).to_string();
        let contents = read(&document);
        let partitions = contents.records.iter().map(|record| {
            let cookie = record.cookie.as_ref();
            let key = cookie.map(|cookie| cookie.partition.as_ref().map(ToString::to_string));
            key.map_or("unreadable".to_owned(), Option::unwrap_or_default)
        });
        partitions.collect::<Vec<String>>()
    };
    let none = [const { String::new() }; 5];
    assert_eq!(partitions(json!({})), none);
    assert_eq!(partitions(json!({"userContext": "default"})), none);
    let own = "https://shop.example";
    assert_eq!(
        partitions(json!({"sourceOrigin": "https://www.shop.example:8443"})),
        [
            "",
            own,
            own,
            "https://shop.example cross-site",
            "https://shop.example cross-site"
        ]
    );
    assert_eq!(
        partitions(json!({"sourceOrigin": "null"})),
        ["unreadable"; 5]
    );
}

fn jar(cookies: impl IntoIterator<Item = CookieBuilder>) -> CookieJar {
    let mut jar = CookieJar::new(Policy::default());
    let refused = jar.restore(cookies, NOW);
    assert!(refused.is_empty(), "{refused:?}");
    jar
}

fn write(format: Format, jar: &CookieJar, options: &WriteOptions<'_>) -> Written {
    formats::write(format, jar.iter(NOW), options).unwrap()
}

/// The cookies below in a storage state.
const STATE: &str = r#"{
  "cookies": [
    {
      "name": "sid",
      "value": "31d4",
      "domain": "shop.example",
      "path": "/",
      "expires": 1720000000.25,
      "httpOnly": true,
      "secure": false,
      "sameSite": "Lax"
    },
    {
      "name": "",
      "value": "\"a b\"",
      "domain": ".shop.example",
      "path": "/cart",
      "expires": -1,
      "httpOnly": false,
      "secure": true,
      "sameSite": "None",
      "partitionKey": "https://news.test",
      "_crHasCrossSiteAncestor": true
    }
  ],
  "origins": []
}
"#;

/// The cookies below in CDP.
const CDP: &str = r#"{
  "cookies": [
    {
      "name": "sid",
      "value": "31d4",
      "domain": "shop.example",
      "path": "/",
      "expires": 1720000000.25,
      "size": 7,
      "httpOnly": true,
      "secure": false,
      "session": false
    },
    {
      "name": "",
      "value": "\"a b\"",
      "domain": ".shop.example",
      "path": "/cart",
      "expires": -1,
      "size": 5,
      "httpOnly": false,
      "secure": true,
      "session": true,
      "sameSite": "None",
      "partitionKey": {
        "topLevelSite": "https://news.test",
        "hasCrossSiteAncestor": true
      }
    }
  ]
}
"#;

/// The cookies below in an export of extensions.
const EXTENSION: &str = r#"[
  {
    "domain": "shop.example",
    "expirationDate": 1720000000.25,
    "hostOnly": true,
    "httpOnly": true,
    "name": "sid",
    "path": "/",
    "sameSite": null,
    "secure": false,
    "session": false,
    "storeId": null,
    "value": "31d4"
  },
  {
    "domain": ".shop.example",
    "hostOnly": false,
    "httpOnly": false,
    "name": "",
    "path": "/cart",
    "sameSite": "no_restriction",
    "secure": true,
    "session": true,
    "storeId": null,
    "value": "\"a b\"",
    "partitionKey": {
      "topLevelSite": "https://news.test",
      "hasCrossSiteAncestor": true
    }
  }
]
"#;

#[test]
fn files_are_written_as_the_tools_write_them() {
    let at = Timestamp::from_micros(1_720_000_000_250_000);
    let jar = jar([
        Cookie::builder("sid", "31d4", "shop.example")
            .http_only(true)
            .expiry_time(at),
        Cookie::builder("", "\"a b\"", "shop.example")
            .host_only(false)
            .path("/cart")
            .secure_only(true)
            .same_site(SameSite::None)
            .partition("https://news.test cross-site".parse().unwrap()),
    ]);
    let rows = [
        (Format::StorageState, STATE),
        (Format::Cdp, CDP),
        (Format::Extension, EXTENSION),
    ];
    for (format, expected) in rows {
        let written = write(format, &jar, &WriteOptions::default());
        assert_eq!(
            String::from_utf8(written.octets).unwrap(),
            expected,
            "{format}"
        );
    }
}

#[test]
fn the_rest_of_a_storage_state_is_kept() {
    let jar = jar([Cookie::builder("a", "1", "shop.example")]);
    let own = write(Format::StorageState, &jar, &WriteOptions::default());
    let own: Value = serde_json::from_slice(&own.octets).unwrap();
    let kept = |before: &str| {
        let options = WriteOptions::default().keep_rest_of(before.as_bytes());
        let written = write(Format::StorageState, &jar, &options);
        serde_json::from_slice::<Value>(&written.octets).unwrap()
    };
    let origins =
        r#"[{"origin":"https://shop.example","localStorage":[{"name":"n","value":"1.50e3"}]}]"#;
    let before =
        format!(r#"{{"version":1.50,"origins":{origins},"cookies":[{{"name":"old"}}],"z":null}}"#);
    let expected = format!(
        r#"{{"version":1.50,"origins":{origins},"cookies":{},"z":null}}"#,
        own["cookies"]
    );
    for before in [before.clone(), format!("\u{feff}{before}\n")] {
        assert_eq!(kept(&before).to_string(), expected);
    }
    // The answer of a protocol around it, which would hide the new cookies, is not.
    let answer = format!(r#"{{"id":1,"result":{before}}}"#);
    assert_eq!(kept(&answer).to_string(), expected);
    let state = r#"[{"name":"a","value":"1","domain":"shop.example","path":"/","expires":-1,"sameSite":"Lax"}]"#;
    // What is no storage state, or has no other members.
    for before in [
        "",
        "{",
        "[]",
        "{}",
        state,
        r#"{"cookies":{}}"#,
        r#"{"value":[],"origins":[]}"#,
    ] {
        assert_eq!(kept(before).to_string(), own.to_string(), "{before}");
    }
    // Without `origins` an empty list would be one of CDP.
    let without = kept(&format!(r#"{{"cookies":{state},"z":1}}"#));
    let members: Vec<&String> = without.as_object().unwrap().keys().collect();
    assert_eq!(members, ["cookies", "z", "origins"]);
}

/// What Chromium refuses, which costs the whole file, or makes another path of.
#[test]
fn cookies_that_chromium_would_not_take_are_left_out() {
    let cookie = || Cookie::builder("a", "1", "shop.example");
    let long = |octets: usize| format!("/{}", "x".repeat(octets - 1));
    let rows = [
        (cookie(), None),
        (Cookie::builder("", "a", "shop.example"), None),
        (
            Cookie::builder("", "a=b", "shop.example"),
            Some(Loss::Characters),
        ),
        (
            Cookie::builder("a", "a\tb", "shop.example"),
            Some(Loss::Tab),
        ),
        (
            Cookie::builder("a", b"\xE9", "shop.example"),
            Some(Loss::NotUtf8),
        ),
        (cookie().path(long(1024)), None),
        (cookie().path(long(1025)), Some(Loss::Characters)),
        (cookie().path("/a%20b//c/"), None),
        (cookie().path("/a b"), Some(Loss::Characters)),
        (cookie().path("/a/../b"), Some(Loss::Characters)),
        (cookie().path("/a?b"), Some(Loss::Characters)),
        (cookie().path("/\u{fc}"), Some(Loss::Characters)),
    ];
    for (cookie, expected) in rows {
        let jar = jar([cookie]);
        for format in [Format::StorageState, Format::Cdp] {
            let written = write(format, &jar, &WriteOptions::default());
            let mut left_out = written.lost.iter().filter(|lost| lost.left_out);
            assert_eq!(
                left_out.next().map(|lost| lost.loss),
                expected,
                "{format} {jar:?}"
            );
        }
        // Over the programming interface of extensions a refused cookie costs itself only.
        let written = write(Format::Extension, &jar, &WriteOptions::default());
        let is_left_out = written.lost.iter().any(|lost| lost.left_out);
        let path = jar
            .iter(NOW)
            .map(|cookie| text(cookie.path()))
            .collect::<String>();
        let is_expected = ["/a b", "/a/../b", "/a?b", "/\\xc3\\xbc"].contains(&&*path)
            || expected == Some(Loss::NotUtf8);
        assert_eq!(is_left_out, is_expected, "{jar:?}");
    }
}

const DOMAINS: [&str; 6] = [
    "shop.example",
    "www.shop.example",
    "[::1]",
    "127.0.0.1",
    "xn--bcher-kva.example",
    "localhost",
];
const NAMES: [&str; 7] = ["a", "", "b", "__Host-c", "__Secure-d", "\u{fc}", "#e"];
const VALUES: [&[u8]; 9] = [
    b"1",
    b"",
    b"a=b=",
    b"=",
    b"\"a b,c\"",
    b"a\tb",
    b"\xE9",
    b"\xC3\xBC\xF0\x9F\x8D\xAA",
    b"a\\b</script>\xE2\x80\xA8",
];
const PATHS: [&str; 6] = ["/", "/cart", "/cart/", "/a b", "/a\tb", "/%7E"];
const KEYS: [&str; 3] = [
    "https://news.test",
    "https://news.test cross-site",
    "https://[::1]",
];
const SAME_SITES: [SameSite; 4] = [
    SameSite::Default,
    SameSite::Lax,
    SameSite::Strict,
    SameSite::None,
];
/// Microseconds from now.
const TIMES: [i64; 4] = [1, 1_000_000, 86_400_123_456, 34_559_999_999_999];

/// A cookie that tools have trouble with. A jar takes most of them.
fn odd_cookie() -> impl Strategy<Value = CookieBuilder> {
    let texts = (
        select(&NAMES[..]),
        select(&VALUES[..]),
        select(&DOMAINS[..]),
        select(&PATHS[..]),
    );
    let same_site = select(&SAME_SITES[..]);
    let key = prop::option::of(select(&KEYS[..]));
    let time = prop::option::of(select(&TIMES[..]));
    (texts, any::<[bool; 3]>(), same_site, key, time).prop_map(
        |(texts, flags, same_site, key, time)| {
            let (name, value, domain, path) = texts;
            let [host_only, secure, http_only] = flags;
            let mut cookie = Cookie::builder(name, value, domain)
                .path(path)
                .host_only(host_only)
                .secure_only(secure)
                .http_only(http_only)
                .same_site(same_site);
            if let Some(key) = key {
                cookie = cookie.partition(key.parse().unwrap());
            }
            if let Some(micros) = time {
                cookie = cookie.expiry_time(Timestamp::from_micros(NOW.as_micros() + micros));
            }
            cookie
        },
    )
}

/// All that these formats can say of a cookie, but for what was lost.
fn held(cookie: &Cookie, losses: &[Loss]) -> String {
    let same_site = match cookie.same_site() {
        SameSite::Default if losses.contains(&Loss::SameSite) => SameSite::Lax,
        same_site => same_site,
    };
    format!(
        "{}={} {} {} {} {} {} {same_site:?} {:?} {:?}",
        text(cookie.name()),
        text(cookie.value()),
        cookie.domain_str(),
        text(cookie.path()),
        cookie.host_only(),
        cookie.secure_only(),
        cookie.http_only(),
        cookie.partition(),
        cookie.expiry_time(),
    )
}

fn losses(lost: &[Lost], index: usize) -> Vec<Loss> {
    let of_it = lost.iter().filter(|lost| lost.index == index);
    of_it.map(|lost| lost.loss).collect()
}

proptest! {
    #[test]
    fn what_is_written_is_read_again_less_what_was_lost(cookies in prop::collection::vec(odd_cookie(), 0..12)) {
        let mut jar = CookieJar::new(Policy::default());
        jar.restore(cookies, NOW);
        for format in WRITTEN {
            let written = write(format, &jar, &WriteOptions::default());
            let again = formats::read(&written.octets, None).unwrap();
            prop_assert_eq!(again.format, Some(format));
            let is_noted = again.records.iter().any(|record| !record.notes.is_empty());
            prop_assert!(!is_noted, "{}", String::from_utf8_lossy(&written.octets));
            let (copy, not_kept) = again.jar(Policy::default(), NOW);
            prop_assert!(not_kept.iter().all(Option::is_none));
            let is_left_out = |index| written.lost.iter().any(|lost| lost.index == index && lost.left_out);
            let cookies = jar.iter(NOW).enumerate().filter(|(index, _)| !is_left_out(*index));
            let expected: Vec<String> =
                cookies.map(|(index, cookie)| held(cookie, &losses(&written.lost, index))).collect();
            let copied: Vec<String> = copy.iter(NOW).map(|cookie| held(cookie, &[])).collect();
            prop_assert_eq!(copied, expected);
        }
    }

    /// Whatever stands in the members of an entry, the others are read as if it were not there.
    #[test]
    fn any_entry_costs_itself_at_most(
        format in select(&FORMATS[..]),
        members in prop::collection::vec((select(&MEMBERS[..]), odd_value()), 0..4),
    ) {
        let members = members.iter().map(|(name, value)| format!("\"{name}\":{value}"));
        let members = format!("{{{}}}", members.collect::<Vec<String>>().join(","));
        let plain = read(&file(format, entry(format, "{}")));
        let contents = read(&file(format, entry(format, &members)));
        prop_assert_eq!(contents.format, Some(format));
        prop_assert_eq!(contents.records.len(), 2);
        prop_assert_eq!(shown(&contents.records[0]), shown(&plain.records[0]));
        let (_, verdicts) = contents.jar(Policy::default(), NOW);
        prop_assert_eq!(verdicts.len(), 2);
        let debug = format!("{contents:?}");
        prop_assert!(!debug.contains(SECRET));
    }
}

const MEMBERS: [&str; 19] = [
    "name",
    "value",
    "domain",
    "path",
    "expires",
    "expirationDate",
    "expiry",
    "httpOnly",
    "secure",
    "sameSite",
    "session",
    "hostOnly",
    "partitionKey",
    "_crHasCrossSiteAncestor",
    "partitionKeyOpaque",
    "goog:partitionKey",
    "firstPartyDomain",
    "storeId",
    "size",
];

/// Values, a line each.
const ODD: &str = r#"
""
" "
"."
".."
":"
"["
"x\u0000"
"https://"
"https://a.b"
"Lax"
"__Host-"
true
0
-0
-1.0
1e400
-1e400
9e18
1e-400
123456789012345678901234567890
{"topLevelSite": "https://a.b"}
{"sourceOrigin": 1}
{"type": "base64", "value": "a"}
{"type": "string"}
[{}]
"#;

fn odd_value() -> impl Strategy<Value = String> {
    let odd: Vec<&str> = ODD.lines().filter(|line| !line.is_empty()).collect();
    prop_oneof![
        select(odd).prop_map(str::to_owned),
        any::<String>().prop_map(|text| json!(text).to_string()),
        any::<f64>().prop_map(|number| json!(number).to_string()),
    ]
}
