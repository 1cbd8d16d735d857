//! HARs without the values of cookies: nothing of a value is left, and a replay comes to the same verdicts.

#![cfg(feature = "json")]

mod real_files;

use std::collections::{BTreeSet, HashSet};
use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hardtack::formats::ReadError;
use hardtack::recording::{Recording, Redaction};
use proptest::prelude::*;
use serde_json::{Value, json};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/files/har");

fn redacted(har: &[u8]) -> String {
    let redaction = Redaction::of(har).unwrap();
    let mut out = Vec::new();
    redaction.write(har, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// All that a replay says, but for values and what stands around them in URLs.
fn verdicts(har: &[u8]) -> Vec<String> {
    let replay = Recording::read(har).unwrap().replay();
    let entries = replay.entries.iter().map(|entry| {
        format!(
            "{:?}",
            (
                (entry.index, &entry.context.from, entry.context.destination),
                (
                    entry.url.origin(),
                    entry.url.as_str().len(),
                    entry.redirected_from
                ),
                (&entry.recorded, &entry.predicted, entry.agrees),
                (&entry.differences, &entry.sent, &entry.withheld),
                (&entry.out_of_scope, &entry.lines),
            )
        )
    });
    let mut said: Vec<String> = entries.collect();
    let cookies = replay.cookies.iter().map(|cookie| {
        let identity = &cookie.identity;
        let scope = (&identity.domain, identity.host_only, identity.path.len());
        let expiry = (cookie.asked_secs, cookie.granted_secs, cookie.octets);
        format!("{scope:?} {expiry:?} {} {}", cookie.sent, cookie.first_seen)
    });
    said.extend(cookies);
    said.push(format!("{:?}", replay.summary));
    said
}

/// How many characters of a value are replaced: not those that are punctuation once they are percent-decoded, and not
/// those that it begins with and is judged by.
fn replaced(value: &str) -> usize {
    let mut rest = value.trim_start_matches('"');
    for start in [
        "__Host-",
        "__secure-",
        "__hOsT-",
        "Bearer ",
        "Bearer%20",
        "v4.local.",
        JOSE,
    ] {
        rest = rest.strip_prefix(start).unwrap_or(rest);
    }
    let pairs = format!("v={}", rest.replace('+', "%2B").replace('&', "%26"));
    let (_, decoded) = url::form_urlencoded::parse(pairs.as_bytes())
        .next()
        .unwrap();
    let is_replaced = |c: &char| c.is_ascii_alphanumeric() || !c.is_ascii();
    decoded.chars().filter(is_replaced).count()
}

/// `{"alg":"HS256"}` in Base64 for URLs.
const JOSE: &str = "eyJhbGciOiJIUzI1NiJ9";

/// The values of the cookies of a HAR, taken from its fields and lists by other means.
fn values(har: &Value) -> BTreeSet<String> {
    let mut values = BTreeSet::new();
    let of_pair = |pair: &str| {
        let value = pair.split_once('=').map_or(pair, |(_, value)| value);
        value.trim_matches([' ', '\t']).to_owned()
    };
    for entry in har["log"]["entries"].as_array().unwrap() {
        for side in ["request", "response"] {
            for field in entry[side]["headers"].as_array().into_iter().flatten() {
                let value = field["value"].as_str().unwrap_or_default();
                match field["name"]
                    .as_str()
                    .unwrap_or_default()
                    .to_lowercase()
                    .as_str()
                {
                    "cookie" => values.extend(value.split(';').map(of_pair)),
                    "set-cookie" => {
                        let lines = value.split('\n').filter_map(|line| line.split(';').next());
                        values.extend(lines.map(of_pair));
                    }
                    _ => {}
                }
            }
            let cookies = entry[side]["cookies"].as_array().into_iter().flatten();
            values.extend(cookies.filter_map(|cookie| Some(cookie["value"].as_str()?.to_owned())));
        }
    }
    values
}

/// The texts of a document, but for those that a replay goes by word by word.
fn texts(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) if text.starts_with("http") => {
            // Without the host, and by segments of the path.
            let url = url::Url::parse(text).unwrap();
            let path = &text[url[..url::Position::BeforePath].len()..];
            let end = path.find(['?', '#']).unwrap_or(path.len());
            texts.extend(path[..end].split('/').map(str::to_owned));
            texts.push(path[end..].to_owned());
        }
        Value::String(text) => texts.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| self::texts(item, texts)),
        // Fields that tell the context stay, whatever they are made of.
        Value::Object(members)
            if members
                .get("name")
                .is_some_and(|it| it == "Host" || it == "sec-fetch-dest") => {}
        Value::Object(members) => {
            let kept = [
                "name",
                "creator",
                "browser",
                "startedDateTime",
                "method",
                "_resourceType",
            ];
            let others = members
                .iter()
                .filter(|(name, _)| !kept.contains(&name.as_str()));
            others.for_each(|(_, member)| self::texts(member, texts));
        }
        _ => {}
    }
}

/// Holds what is true of every HAR.
fn check(har: &[u8]) -> Value {
    let text = redacted(har);
    assert_eq!(text.len(), har.len());
    assert_eq!(redacted(text.as_bytes()), text, "redacted twice");
    let (old, new): (Value, Value) = (
        serde_json::from_slice(har).unwrap(),
        serde_json::from_str(&text).unwrap(),
    );
    let (old_values, new_values) = (values(&old), values(&new));
    assert_eq!(
        old_values.len(),
        new_values.len(),
        "two values have one stand-in"
    );
    let mut left = Vec::new();
    texts(&new, &mut left);
    for value in old_values
        .iter()
        .filter(|it| replaced(it) >= Redaction::SHORTEST)
    {
        for text in &left {
            assert!(!text.contains(value.as_str()), "{value:?} is in {text:?}");
        }
    }
    assert_eq!(verdicts(text.as_bytes()), verdicts(har));
    new
}

#[test]
fn real_recordings_have_the_same_verdicts() {
    if !real_files::are_there(FOLDER) {
        return;
    }
    let mut seen = 0;
    for file in fs::read_dir(FOLDER).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "har") {
            let har = fs::read(&path).unwrap();
            let text = redacted(&har);
            check(&har);
            // All but the values is as it was.
            let lines = String::from_utf8(har).unwrap();
            let shape = |text: &str| text.replace(|c: char| c.is_ascii_alphanumeric(), "x");
            assert_eq!(shape(&lines), shape(&text), "{}", path.display());
            seen += 1;
        }
    }
    assert_eq!(seen, 8);
}

/// What `encodeURIComponent` makes of a text.
fn percent(text: &str) -> String {
    let octets = text.bytes().map(|octet| {
        if octet.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&octet) {
            char::from(octet).to_string()
        } else {
            format!("%{octet:02X}")
        }
    });
    octets.collect()
}

fn html(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

/// A HAR that has a value wherever one can be.
fn everywhere(value: &str) -> Value {
    let field = |name: &str, value: String| json!({"name": name, "value": value});
    let body = json!({"token": value, "list": [value]}).to_string();
    let encoded = percent(value);
    json!({"log": {
        "creator": {"name": "WebInspector", "version": "537.36"},
        "pages": [{"id": "page_1", "title": format!("https://shop.example/?t={encoded}")}],
        "entries": [
            {
                "startedDateTime": "2026-11-27T15:17:14Z", "time": 5.50, "pageref": "page_1",
                "request": {
                    "method": "GET", "url": format!("https://shop.example/u;id={encoded}/?t={encoded}#{encoded}"),
                    "headers": [
                        field("sec-fetch-dest", "document".to_owned()),
                        field("sec-fetch-site", "none".to_owned()),
                        field("X-Copy", value.to_owned()),
                    ],
                    "queryString": [field("t", value.to_owned())], "cookies": [],
                },
                "response": {
                    "status": 200,
                    "headers": [field("Set-Cookie", format!("sid={value}; Path=/; Secure\nother={value}!; Path=/"))],
                    "cookies": [{"name": "sid", "value": value, "path": "/"}],
                    "content": {"size": body.len(), "text": body},
                },
            },
            {
                "startedDateTime": "2026-11-27T15:17:15Z", "time": 5, "pageref": "page_1", "_own": {"deep": [value, html(value), value.replace('/', "\\/")]},
                "request": {
                    "method": "POST", "url": "https://shop.example/next", "cookies": [{"name": "sid", "value": value}],
                    "headers": [field("Cookie", format!("sid={value}; other={value}!"))],
                    "postData": {"mimeType": "text/plain", "text": format!("t={encoded}&u={value}")},
                },
                "response": {
                    "status": 200, "headers": [],
                    "content": {"encoding": "base64", "text": STANDARD.encode(format!("\0{value}\u{1}"))},
                },
            },
        ],
    }})
}

#[test]
fn tricky_values() {
    let jwt = format!("{JOSE}.eyJzdWIiOiIxIn0.c2lnbmF0dXJl");
    let rows = [
        "",
        "1",
        "abc",
        "31d4",
        "1732720634",
        "0000000000",
        "a=b=c=d",
        "__Host-sid=31d4f",
        "__secure-31d4f",
        "\"31 d4 f\"",
        "\"\"",
        "a b c d e",
        "with\ttab1",
        "with\u{1}control",
        "back\\slash\\1",
        "%7B%22a%22%3A1%7D",
        "%7b%22abcd%22%7d",
        "100%abcd%zz%4",
        "J\u{fc}rgen",
        "J%C3%BCrgen",
        "J%FCrgen",
        "%D7%F3%1A%9C%88%E2",
        "\u{fc}%d7%f3%1a%9c%88%e2",
        "it's-31d4",
        "Jane+31d4+Doe",
        "\u{65e5}\u{672c}\u{8a9e}\u{540d}",
        "%E6%97%A5%E6%9C%AC%E8%AA%9E",
        "\u{1f36a}\u{1f36a}\u{1f36a}\u{1f36a}",
        "ab/cd+ef==",
        "<b>&\"x>yz",
        "document",
        "shop.example",
        "https://shop.example/next",
        "page_1",
        "WebInspector",
        "2026-11-27",
        "-_.~",
        &jwt,
        &format!("Bearer {jwt}"),
        "Bearer%20c2lnbmF0dXJl",
        "v4.local.c2lnbmF0dXJl",
    ];
    for value in rows {
        for har in [
            everywhere(value).to_string(),
            format!("{:#}", everywhere(value)),
        ] {
            let new = check(har.as_bytes());
            let line = new["log"]["entries"][0]["response"]["headers"][0]["value"].as_str();
            let stand_in = line.unwrap()["sid=".len()..].split(';').next().unwrap();
            assert_eq!(stand_in.len(), value.len(), "{value:?}");
            // Only by chance a stand-in is the value: of one character, say.
            assert_eq!(stand_in != value, replaced(value) > 0, "{value:?}");
            // Of a text that is a URL the host stays.
            if replaced(value) < Redaction::SHORTEST || value.starts_with("http") {
                continue;
            }
            // One stand-in everywhere, in each form.
            let second = &new["log"]["entries"][1];
            let sent = second["request"]["headers"][0]["value"].as_str().unwrap();
            assert!(sent.starts_with(&format!("sid={stand_in}")), "{value:?}");
            let deep = json!([stand_in, html(stand_in), stand_in.replace('/', "\\/")]);
            assert_eq!(second["_own"]["deep"], deep, "{value:?}");
            let text = &new["log"]["entries"][0]["response"]["content"]["text"];
            let body: Value = serde_json::from_str(text.as_str().unwrap()).unwrap();
            assert_eq!(body["token"], stand_in, "{value:?}");
            let posted = second["request"]["postData"]["text"].as_str().unwrap();
            assert_eq!(posted, format!("t={}&u={stand_in}", percent(stand_in)));
            let body = second["response"]["content"]["text"].as_str().unwrap();
            let body = STANDARD.decode(body).unwrap();
            assert_eq!(body, format!("\0{stand_in}\u{1}").into_bytes(), "{value:?}");
        }
    }
}

#[test]
fn what_a_value_is_judged_by_stays() {
    let rows = [
        ("__Host-1", "__Host-"),
        ("__hOsT-1", "__hOsT-"),
        ("__Host-Http-1", "__Host-Http-"),
        (&*format!("{JOSE}.e30.c2ln"), &*format!("{JOSE}.")),
        (
            &*format!("\"Bearer {JOSE}.e30.c2ln\""),
            &*format!("\"Bearer {JOSE}."),
        ),
        ("v2.public.c2ln", "v2.public."),
        ("Bearer c2ln", "Bearer "),
    ];
    for (value, kept) in rows {
        let har = everywhere(value).to_string();
        let new = redacted(har.as_bytes());
        let new: Value = serde_json::from_str(&new).unwrap();
        let stand_in = new["log"]["entries"][0]["response"]["cookies"][0]["value"].as_str();
        let stand_in = stand_in.unwrap();
        assert!(stand_in.starts_with(kept), "{value}: {stand_in}");
        assert_ne!(stand_in, value);
    }
}

/// A HAR of one entry with such fields, in this notation.
fn one(url: &str, sent: &str, received: &str) -> String {
    format!(
        r#"{{ "log":{{"entries" : [{{"startedDateTime":"2026-11-27T15:17:14Z","time":1.50e1,
        "request":{{"method":"GET","url":"{url}","headers":[{{"value":"{sent}","name":"COOKIE"}}]}},
        "response":{{"status":200,"headers":[{{"name":"set-cookie","value":"{received}","comment":"\u00e9 \/"}}]}}}}]}} }}"#
    )
}

/// The URL, the Cookie field, the Set-Cookie field, and what is no longer there.
type Row<'r> = (&'r str, &'r str, &'r str, &'r [&'r str]);

fn hold(rows: &[Row]) {
    for (url, sent, received, gone) in rows {
        let har = one(url, sent, received);
        let new = redacted(har.as_bytes());
        let row = (url, sent, received);
        for gone in *gone {
            assert!(!new.contains(gone), "{row:?}: {gone} is in {new}");
        }
        assert_eq!(
            verdicts(new.as_bytes()),
            verdicts(har.as_bytes()),
            "{row:?}"
        );
        assert_eq!(redacted(new.as_bytes()), new, "{row:?}");
        for kept in [
            r#"{ "log":{"entries" : ["#,
            "1.50e1",
            r#""comment":"\u00e9 \/""#,
        ] {
            assert!(new.contains(kept), "{row:?}: {kept} is not in {new}");
        }
    }
}

#[test]
fn rows_of_notation() {
    let rows: &[Row] = &[
        // Escapes of JSON.
        (
            r"https:\/\/shop.example\/a\/SECRET1?x=SECRET1",
            "a=SECRET1",
            "",
            &["SECRET1"],
        ),
        (
            "https://shop.example/",
            r"a=\u0053ECRET1",
            "b=SECRET1",
            &["SECRET1", r"\u0053ECRET1"],
        ),
        (
            "https://shop.example/",
            r"a=J\u00fcRGEN",
            "b=JüRGEN",
            &[r"J\u00fcR", "JüR"],
        ),
        // One value in another, and one over the end of another.
        (
            "https://shop.example/?x=SECRET12",
            "a=SECRET1; b=SECRET12",
            "",
            &["SECRET"],
        ),
        (
            "https://shop.example/?x=SECRETARY",
            "a=SECRET; b=ETARY",
            "",
            &["SECRET", "ETARY"],
        ),
        // A value of a form, as it is read.
        (
            "https://shop.example/SECRET1 2",
            "a=SECRET1+2",
            "",
            &["SECRET1"],
        ),
        // A path is replaced by its segments, in cookies too.
        (
            "https://shop.example/u/SECRET1/x",
            "a=SECRET1",
            "b=1; Path=/u/SECRET1",
            &["SECRET1"],
        ),
    ];
    hold(rows);
    let new = redacted(one("https://shop.example/?x=abc", "a=abc", "").as_bytes());
    assert!(new.contains("?x=abc"));
}

#[test]
fn rows_of_set_cookie_fields() {
    let rows: &[Row] = &[
        // Several lines, and some that are joined.
        (
            "https://shop.example/",
            "",
            r"a=SECRET1; Path=/\nb=SECRET2\r\nc=SECRET3",
            &["SECRET"],
        ),
        (
            "https://shop.example/",
            "",
            "a=SECRET1; Path=/, b=SECRET2; Secure",
            &["SECRET"],
        ),
        (
            "https://shop.example/",
            "",
            "a=1; Path=/; HttpOnly, b=SECRET1; Path=/; Secure,c=SECRET2",
            &["SECRET"],
        ),
        (
            "https://shop.example/?b=SECRET2",
            "",
            "a=1, b=SECRET2; Path=/",
            &["SECRET"],
        ),
        (
            "https://shop.example/",
            "",
            "a=1; Own=SECRET1; b = SECRET2",
            &["SECRET"],
        ),
        // Flags have no value, but may have got one.
        (
            "https://shop.example/",
            "a=SECRET1",
            "a=1; Secure=SECRET1; Priority=SECRET1",
            &["SECRET"],
        ),
        // A value in quotes that has a ";".
        (
            "https://shop.example/",
            "",
            r#"a=\"x;SECRET1;y\"; Secure"#,
            &["SECRET"],
        ),
    ];
    hold(rows);
}

/// A HAR of one entry with such members beside its own.
fn with(members: &str) -> String {
    format!(
        r#"{{"log":{{"entries":[{{"startedDateTime":"2026-11-27T15:17:14Z",{members},
        "request":{{"method":"GET","url":"https://shop.example/","headers":[{{"name":"Cookie","value":"a=SECRET1+/=; b=J%C3%BCrgen SECRET1"}}]}},
        "response":{{"status":200,"headers":[]}}}}]}}}}"#
    )
}

fn base64(octets: &[u8]) -> String {
    STANDARD.encode(octets)
}

#[test]
fn rows_of_places() {
    // Longer than a line of Base64.
    let long = base64(&b"\0\x01SECRET1+/=".repeat(9));
    let wrapped = format!("{}\\r\\n{}", &long[..76], &long[76..]);
    let binary = base64(b"\xFB\xFF\xBF>>>\0SECRET1+/=");
    let bare = binary.trim_end_matches('=');
    let of_urls = bare.replace('+', "-").replace('/', "_");
    let escaped = binary.replace('+', "\\u002B").replace('/', "\\/");
    // members of an entry, and what is no longer there
    let rows: &[(&str, &str)] = &[
        // An object has several members of one name, and others within it.
        (
            r#""headers":[{"_own":{"name":"Accept","value":"x"},"name":"Cookie","value":"c=SECRET2"}]"#,
            "SECRET",
        ),
        (
            r#""headers":[{"name":"Cookie","value":"c=1","value":"c=SECRET2"}]"#,
            "SECRET",
        ),
        (
            r#""headers":[{"name":"Accept","value":"c=SECRET2","name":"cookie"}]"#,
            "SECRET",
        ),
        (
            r#""headers":[{"name":"Cookie","value":"c=1","_own":{"name":"SECRET1+/=","value":"SECRET1+/="}}]"#,
            "SECRET",
        ),
        (
            r#""cookies":[{"name":"c","value":"1","value":"SECRET2"}]"#,
            "SECRET",
        ),
        (
            r#""cookies":[{"name":"c","value":"SECRET2","comment":"was SECRET1+/=","_own":["SECRET2"]}]"#,
            "SECRET",
        ),
        // What recorders have beside HAR 1.2.
        (
            r#""headers":[{"name":"Cookie2","value":"c=SECRET2"},{"name":" Set-Cookie2","value":"c=SECRET3"}]"#,
            "SECRET",
        ),
        (
            r#""_trailers":[{"name":"Set-Cookie","value":"c=SECRET2"}]"#,
            "SECRET",
        ),
        (
            r#""_requestHeaders":{"COOKIE":"c=SECRET2","set-cookie":["d=SECRET3; Path=/"]}"#,
            "SECRET",
        ),
        (
            r#""_blockedCookies":[{"cookie":{"name":"c","value":"SECRET2"}}],"_cookies":{"c":"SECRET3"}"#,
            "SECRET",
        ),
        // Only `Sec-Fetch-*` tells the context.
        (
            r#""headers":[{"name":"Sec-WebSocket-Protocol","value":"bearer, SECRET1+/="}]"#,
            "SECRET",
        ),
        // URLs, and what only begins as one.
        (
            r#""_own":"https://SECRET1+%2F=@shop.example/","url":"https://u:SECRET1+%2f=@shop.example""#,
            "SECRET",
        ),
        (
            r#""_own":["http://a SECRET1+/=","http://shop.example,SECRET1+/=","HTTPS://a/ (SECRET1+/=)"]"#,
            "SECRET",
        ),
        // Escapes within texts.
        (r#""text":"{\"t\":\"SECRET1\\u002b\\/\\u003D\"}""#, "SECRET"),
        (r#""text":"SECRET1&#43;/&#x3D; SECRET1+&#x02F;=""#, "SECRET"),
        (r#""text":"SECRET1 /=""#, "SECRET"),
        (
            r#""text":"{\"t\":\"J\\u00fcrgen\\u0020SECRET1\"}""#,
            "SECRET",
        ),
        (
            r#""_own":"J\u00FCrgen \u0053ECRET1""#,
            r"\u00FCrgen \u0053ECRET1",
        ),
        // Base64.
        (&format!(r#""text":"{binary}""#), &binary),
        (&format!(r#""data":"{bare}""#), bare),
        (&format!(r#""text":"{of_urls}""#), &of_urls),
        (&format!(r#""text":"{escaped}""#), &escaped),
        (&format!(r#""text":"{wrapped}""#), &long[..76]),
        // A value that happens to be in it hides no other.
        (
            &format!(
                r#""text":"{binary}","headers":[{{"name":"cookie","value":"c={}"}}]"#,
                &binary[1..5]
            ),
            &binary[8..],
        ),
    ];
    for (members, gone) in rows {
        let har = with(members);
        let new = redacted(har.as_bytes());
        assert!(!new.contains(gone), "{members}: {gone} is in {new}");
        assert_eq!(new.len(), har.len(), "{members}");
        assert!(
            serde_json::from_str::<Value>(&new).is_ok(),
            "{members}: {new}"
        );
        assert_eq!(redacted(new.as_bytes()), new, "{members}");
        assert_eq!(
            verdicts(new.as_bytes()),
            verdicts(har.as_bytes()),
            "{members}"
        );
    }
}

#[test]
fn a_host_stays_however_its_url_is_written() {
    let entry = |second: u32, url: &str, field: &str, status: u16| {
        format!(
            r#"{{"startedDateTime":"2026-11-27T15:17:{second}Z","request":{{"method":"GET","url":"{url}",
            "headers":[{{"name":"Cookie","value":"a=shop.example"}}]}},"response":{{"status":{status},
            "headers":[{{"name":"Location","value":"{field}"}}]}}}}"#
        )
    };
    for url in [
        "https://shop.example/x",
        " https://shop.example/x",
        "HTTPS:///shop.example/x",
        r"https:\u002f\u002fshop.example\u002fx",
        r"\u0068ttps:\/\/shop.example\/x",
        r"\\\\shop.example\\x",
    ] {
        let first = entry(14, "https://shop.example/", url, 302);
        let second = entry(15, "https://shop.example/x", "", 200);
        let har = format!(r#"{{"log":{{"entries":[{first},{second}]}}}}"#);
        let replay = Recording::read(har.as_bytes()).unwrap().replay();
        assert_eq!(replay.entries[1].redirected_from, Some(0), "{url}");
        let new = redacted(har.as_bytes());
        assert_eq!(verdicts(new.as_bytes()), verdicts(har.as_bytes()), "{url}");
    }
}

#[test]
fn other_values_have_other_stand_ins() {
    let digits: Vec<String> = (0..10).map(|digit| digit.to_string()).collect();
    let pins: Vec<String> = (0..500).map(|pin| format!("{pin:04}")).collect();
    let letters: Vec<String> = ('a'..='z').map(String::from).collect();
    // All that there are.
    let all: Vec<String> = (0..1_000).map(|number| format!("{number:03}")).collect();
    for values in [digits, pins, letters, all] {
        let pairs: Vec<String> = values.iter().map(|value| format!("n=*{value}")).collect();
        let new = redacted(one("https://shop.example/", &pairs.join("; "), "").as_bytes());
        let stand_ins: HashSet<&str> = new
            .split("n=*")
            .skip(1)
            .map(|rest| &rest[..values[0].len()])
            .collect();
        assert_eq!(stand_ins.len(), values.len());
    }
}

#[test]
fn secrets_that_are_no_cookies_are_named() {
    let har = json!({"log": {"entries": [{"request": {"url": "https://shop.example/", "headers": [
        {"name": "Authorization", "value": "Bearer SECRET1"},
        {"name": "X-Api-Key", "value": "SECRET2"},
        {"name": "authorization", "value": "Basic SECRET3"},
        {"name": "Accept", "value": "*/*"},
    ]}}]}});
    let har = har.to_string();
    let redaction = Redaction::of(har.as_bytes()).unwrap();
    assert_eq!(redaction.other_secrets(), ["authorization", "x-api-key"]);
    assert_eq!(redaction.values(), 0);
    assert_eq!(redacted(har.as_bytes()), har);
    assert!(!format!("{redaction:?}").contains("SECRET"));
}

#[test]
fn only_whole_hars_are_redacted() {
    let events = r#"{"method":"Network.requestWillBeSent","params":{}}"#;
    let curl = "> GET / HTTP/1.1\n> Host: shop.example\n>\n< HTTP/1.1 200 OK\n";
    let whole = one("https://shop.example/", "a=1", "b=2");
    for other in [
        events,
        &format!("[{events}]"),
        curl,
        "",
        "SQLite format 3",
        &whole[..whole.len() - 1],
    ] {
        let error = Redaction::of(other.as_bytes()).unwrap_err();
        assert!(matches!(error, ReadError::Damaged(_)), "{other}: {error}");
    }
    let marked = [b"\xEF\xBB\xBF", whole.as_bytes()].concat();
    assert!(redacted(&marked).starts_with('\u{feff}'));
    // Depth takes no stack.
    let deep = "[".repeat(1_000_000) + &"]".repeat(1_000_000);
    let deep = format!(r#"{{"log": {{"own": {deep}, "entries": []}}}}"#);
    assert_eq!(redacted(deep.as_bytes()), deep);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_value_is_left_and_no_verdict_changes(
        values in prop::collection::vec("([a-z0-9]{0,6}|[ -:<-~]{0,12}|[%a-f0-9]{0,9}|[\u{80}-\u{2fff}a-z]{0,6})", 1..5),
    ) {
        for value in &values {
            check(everywhere(value.trim()).to_string().as_bytes());
        }
        let pairs: Vec<String> = values.iter().enumerate().map(|(n, value)| format!("n{n}={value}")).collect();
        let mut har = everywhere(values[0].trim());
        har["log"]["entries"][1]["request"]["headers"][0]["value"] = pairs.join("; ").into();
        har["log"]["entries"][0]["response"]["headers"][0]["value"] = pairs.join("; Path=/\n").into();
        check(har.to_string().as_bytes());
    }

    #[test]
    fn what_is_no_har_is_no_panic(octets in prop::collection::vec(any::<u8>(), 0..200), text in "[\\[\\]{}:,\"\\\\a%u0-9 ]{0,80}") {
        for octets in [octets, text.clone().into_bytes(), format!("{{\"log\":{{{text}").into_bytes(), format!("{{\"headers\":[{{{text}").into_bytes()] {
            if let Ok(redaction) = Redaction::of(&octets[..]) {
                let _ = redaction.write(&octets[..], &mut Vec::new());
            }
        }
    }
}
