//! Recordings: HARs of real browsers against what the browsers kept, logs of CDP, and damaged ones.

#![cfg(feature = "json")]

mod real_files;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use hardtack::formats::{self, Contents, Format, Place, ReadError};
use hardtack::{Policy, SameSite, Timestamp};
use serde_json::{Value, json};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/files");

fn read(octets: impl AsRef<[u8]>) -> Contents {
    let contents = formats::read(octets.as_ref(), None).unwrap();
    assert_eq!(contents.format, Some(Format::Har));
    contents
}

/// Name, domain, host-only and path.
type Scope = (String, String, bool, String);

fn scopes(contents: &Contents) -> BTreeSet<Scope> {
    let cookies = contents
        .records
        .iter()
        .filter_map(|record| record.cookie.as_ref());
    let text = |octets: &[u8]| String::from_utf8(octets.to_vec()).unwrap();
    cookies
        .map(|cookie| {
            (
                text(&cookie.name),
                cookie.domain.clone(),
                cookie.host_only.unwrap(),
                text(&cookie.path),
            )
        })
        .collect()
}

/// A jar of a sidecar, of CDP's shape.
fn jar(sidecar: &Value, name: &str) -> BTreeSet<Scope> {
    let cookies = sidecar[name].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    cookies
        .map(|cookie| {
            let domain = text(&cookie["domain"]);
            let bare = domain.trim_start_matches('.').to_owned();
            let host_only = !domain.starts_with('.');
            (
                text(&cookie["name"]),
                bare,
                host_only,
                text(&cookie["path"]),
            )
        })
        .collect()
}

/// A sidecar has what was sent and kept, as the browser said.
fn sidecar(scene: &str) -> Value {
    let sidecar = fs::read(format!("{FOLDER}/har/{scene}.sidecar.json")).unwrap();
    serde_json::from_slice(&sidecar).unwrap()
}

#[test]
fn the_jar_at_the_end_is_the_browsers() {
    if !real_files::are_there(FOLDER) {
        return;
    }
    // What no HAR says: requests without credentials, cookies of scripts; a tab in a value, which Chromium refuses;
    // third-party cookies that the user had blocked.
    let omitted = ["sub_ignored", "t_omit"];
    let rows: [(&str, &[&str], &[&str]); 5] = [
        ("login", &[], &["frame_js"]),
        ("crosssite", &[], &["csrf", "frame_js"]),
        ("upgrade", &["r_tab"], &["frame_js"]),
        ("tabs", &[], &["csrf", "frame_js", "tabjs"]),
        (
            "3pcblocked",
            &["badge_none", "pay_sess", "pay_sess_api", "t_fetch"],
            &[],
        ),
    ];
    for (scene, extra, missing) in rows {
        let scene = format!("chromium-playwright.{scene}");
        let contents = formats::read_file(format!("{FOLDER}/har/{scene}.har"), None).unwrap();
        let sidecar = sidecar(&scene);
        let (before, after) = (jar(&sidecar, "jar_before"), jar(&sidecar, "jar_after"));
        let ours = scopes(&contents);
        let names = |scopes: &mut dyn Iterator<Item = &Scope>| -> BTreeSet<String> {
            scopes.map(|(name, ..)| name.clone()).collect()
        };
        let expected: BTreeSet<String> = extra
            .iter()
            .chain(&omitted)
            .map(ToString::to_string)
            .collect();
        assert_eq!(names(&mut ours.difference(&after)), expected, "{scene}");
        let lost = after
            .difference(&ours)
            .filter(|scope| !before.contains(scope));
        let expected: BTreeSet<String> = missing.iter().map(ToString::to_string).collect();
        assert_eq!(names(&mut { lost }), expected, "{scene}");
        assert!(
            contents
                .records
                .iter()
                .all(|record| record.cookie.is_some())
        );
        assert_eq!(kinds(&contents), ["lines-refused"], "{scene}");
        let partitions = contents.records.iter().filter_map(|record| {
            let cookie = record.cookie.as_ref()?;
            Some(cookie.partition.as_ref()?.to_string())
        });
        let partitions: Vec<String> = partitions.collect();
        assert_eq!(
            partitions, ["https://shop.example cross-site"; 2],
            "{scene}"
        );
    }
}

fn kinds(contents: &Contents) -> Vec<&'static str> {
    contents.notes.iter().map(formats::Note::kind).collect()
}

#[test]
fn the_exports_of_developer_tools_are_read() {
    if !real_files::are_there(FOLDER) {
        return;
    }
    let rows: [(&str, usize, &[&str]); 3] = [
        ("firefox-devtools", 34, &["lines-refused"]),
        (
            "chromium-devtools.with-sensitive-data",
            27,
            &["lines-refused"],
        ),
        ("chromium-devtools.sanitized", 0, &["sanitized"]),
    ];
    for (name, count, notes) in rows {
        let contents = formats::read_file(format!("{FOLDER}/har/{name}.har"), None).unwrap();
        assert_eq!(contents.records.len(), count, "{name}");
        assert!(
            contents
                .records
                .iter()
                .all(|record| record.cookie.is_some())
        );
        assert_eq!(kinds(&contents), notes, "{name}");
    }
}

#[test]
fn damaged_recordings_are_read_as_far_as_they_go() {
    if !real_files::are_there(FOLDER) {
        return;
    }
    let read = |name: &str| formats::read_file(format!("{FOLDER}/broken/{name}.har"), None);
    let contents = read("har-bad-entries").unwrap();
    let unreadable = contents
        .records
        .iter()
        .filter(|record| record.cookie.is_none());
    let unreadable: Vec<(Place, &str)> = unreadable
        .map(|record| (record.place, record.notes[0].text()))
        .collect();
    assert_eq!(
        unreadable,
        [
            (Place::Entry(2), "its `url` has no host"),
            (Place::Entry(3), "the entry has no `response`"),
        ]
    );
    let notes = ["cookies-without-headers", "no-time", "lines-refused"];
    assert_eq!(kinds(&contents), notes);
    let contents = read("har-cookies-without-headers").unwrap();
    assert_eq!(
        kinds(&contents),
        ["cookies-without-headers", "lines-refused"]
    );
    let deleted = "oauth_state";
    assert!(scopes(&contents).iter().all(|(name, ..)| name != deleted));
    assert_eq!(
        read("har-truncated").unwrap_err(),
        ReadError::Truncated {
            line: 1,
            column: 20_000
        }
    );
}

/// An entry of a HAR.
fn entry(started: &str, url: &str, lines: &[&str]) -> Value {
    let headers: Vec<Value> = lines
        .iter()
        .map(|line| json!({"name": "set-cookie", "value": line}))
        .collect();
    json!({
        "startedDateTime": started,
        "request": {"method": "GET", "url": url, "headers": [], "cookies": []},
        "response": {"status": 200, "headers": headers, "cookies": []},
    })
}

fn har(entries: &Value) -> Vec<u8> {
    json!({"log": {"version": "1.2", "entries": entries}})
        .to_string()
        .into_bytes()
}

/// What the records say, a line each: place, `name=value`, and the times as seconds after the start of the day.
fn told(contents: &Contents) -> String {
    let day: Timestamp = "2026-11-27T00:00:00Z".parse().unwrap();
    let seconds = |at: Timestamp| at.as_secs() - day.as_secs();
    let mut told = String::new();
    for record in &contents.records {
        let Some(cookie) = &record.cookie else {
            writeln!(told, "{:?} {}", record.place, record.notes[0].text()).unwrap();
            continue;
        };
        writeln!(
            told,
            "{:?} {}={} created {} accessed {}",
            record.place,
            cookie.name.escape_ascii(),
            cookie.value.escape_ascii(),
            seconds(cookie.creation.unwrap()),
            seconds(cookie.last_access.unwrap()),
        )
        .unwrap();
    }
    told
}

#[test]
fn lines_are_received_in_the_order_of_time() {
    let url = "https://shop.example/";
    let mut sends = entry("2026-11-27T00:00:40Z", url, &[]);
    sends["request"]["headers"] = json!([{"name": "Cookie", "value": "a=2"}]);
    let contents = read(har(&json!([
        entry("2026-11-27T00:00:20Z", url, &["a=2", "gone=; Max-Age=0"]),
        entry(
            "2026-11-27T00:00:10+00:00",
            url,
            &["a=1\nb=1", "gone=1", "short=1; Max-Age=5"]
        ),
        entry(
            "2026-11-27T00:00:30Z",
            "http://shop.example/",
            &["c=3", "d=4; Secure"]
        ),
        sends,
        entry("2026-11-27T00:00:50Z", "data:,", &[]),
    ])));
    assert_eq!(
        told(&contents),
        "Entry(0) a=2 created 10 accessed 40\n\
         Entry(1) b=1 created 10 accessed 40\n\
         Entry(2) c=3 created 30 accessed 40\n"
    );
    assert_eq!(kinds(&contents), ["lines-refused"]);
    assert!(
        contents.notes[0].text().ends_with(": 1"),
        "{:?}",
        contents.notes
    );
    let (jar, verdicts) = contents.jar(
        Policy::default(),
        contents.records[0]
            .cookie
            .as_ref()
            .unwrap()
            .creation
            .unwrap(),
    );
    assert_eq!(jar.len(), 3, "{verdicts:?}");
}

#[test]
fn a_cookie_is_accessed_in_the_context_of_its_request() {
    let shop = "https://shop.example/";
    let lines = ["strict=1; SameSite=Strict", "lax=1; SameSite=Lax"];
    let from_news = |destination: &str| {
        json!([
            {"name": "Sec-Fetch-Dest", "value": destination}, {"name": "Sec-Fetch-Site", "value": "cross-site"},
            {"name": "Referer", "value": "https://news.test/"}, {"name": "Cookie", "value": "other=1"},
        ])
    };
    let rows = [
        // what is made from another site, how it is redirected before, and the seconds of the last access
        ("document", false, (10, 30)),
        ("image", false, (10, 10)),
        ("document", true, (10, 30)),
        ("image", true, (10, 10)),
    ];
    for (destination, is_redirected, (strict, lax)) in rows {
        let mut last = entry("2026-11-27T00:00:30Z", shop, &[]);
        last["request"]["headers"] = from_news(destination);
        let mut hop = entry("2026-11-27T00:00:20Z", "https://hop.test/", &[]);
        if is_redirected {
            // The last request says nothing of itself, but where it came from does.
            hop["request"]["headers"] = last["request"]["headers"].take();
            hop["response"]["status"] = 302.into();
            hop["response"]["redirectURL"] = shop.into();
            last["request"]["headers"] = json!([{"name": "Cookie", "value": "other=1"}]);
        }
        let first = entry("2026-11-27T00:00:10Z", shop, &lines);
        let contents = read(har(&json!([first, hop, last])));
        let expected = format!(
            "Entry(0) strict=1 created 10 accessed {strict}\nEntry(0) lax=1 created 10 accessed {lax}\n"
        );
        assert_eq!(told(&contents), expected, "{destination} {is_redirected}");
    }
}

#[test]
fn an_entry_without_a_time_stands_where_it_stands() {
    let url = "https://shop.example/";
    let mut without = entry("", url, &["a=2"]);
    without.as_object_mut().unwrap().remove("startedDateTime");
    let contents = read(har(&json!([
        entry("2026-11-27T00:00:10Z", url, &["a=1"]),
        without,
        entry("2026-11-27T00:00:20Z", url, &["b=1"]),
    ])));
    assert_eq!(
        told(&contents),
        "Entry(1) a=2 created 10 accessed 10\nEntry(2) b=1 created 20 accessed 20\n"
    );
    assert_eq!(kinds(&contents), ["no-time"]);
}

#[test]
fn a_bad_entry_costs_that_entry() {
    let good = || entry("2026-11-27T00:00:10Z", "https://shop.example/", &["a=1"]);
    let with = |pointer: &str, value: Value| {
        let mut entry = good();
        *entry.pointer_mut(pointer).unwrap() = value;
        entry
    };
    let odd_cookie = json!([{"name": "a", "value": "SECRET; Domain=example"}]);
    let mut odd = with("/response/headers", json!([]));
    odd["response"]["cookies"] = odd_cookie;
    let mut no_instant = with("/response/headers", json!([]));
    no_instant["response"]["cookies"] =
        json!([{"name": "a", "value": "SECRET", "expires": "soon"}]);
    let shape = "the entry is not of the shape of HAR 1.2";
    let rows = [
        (json!(7), shape),
        (json!("SECRET"), shape),
        (with("/request", json!("SECRET")), shape),
        (
            with("/response/headers/0/value", json!({"SECRET": 1})),
            shape,
        ),
        (with("/request", Value::Null), "the entry has no `request`"),
        (
            with("/response", Value::Null),
            "the entry has no `response`",
        ),
        (
            with("/request/url", Value::Null),
            "its request has no `url`",
        ),
        (
            with("/request/url", json!("SECRET")),
            "its `url` is not a URL",
        ),
        (
            with("/request/url", json!("about:blank")),
            "its `url` has no host",
        ),
        (
            odd,
            "its `cookies` have one that no Set-Cookie line can have set",
        ),
        (
            no_instant,
            "the `expires` of one of its `cookies` is not an instant of RFC 3339",
        ),
    ];
    for (bad, why) in rows {
        let contents = read(har(&json!([good(), bad.clone()])));
        assert_eq!(
            told(&contents),
            format!("Entry(0) a=1 created 10 accessed 10\nEntry(1) {why}\n"),
            "{bad}"
        );
        assert!(!format!("{contents:?}").contains("SECRET"), "{bad}");
    }
}

#[test]
fn a_damaged_document_says_so_without_a_value() {
    let rows = [
        (
            r#"{"log":{"entries":"SECRET"}}"#,
            "the recording has no list `log.entries`: export it again",
        ),
        (
            r#"{"log":{"version":"SECRET"}}"#,
            "the recording has no list `log.entries`: export it again",
        ),
        (
            r#"{"log":{"entries":[{"a":"SECRET"}"#,
            "the JSON ends early, at line 1, column 33: the file was cut off, so save or copy it again",
        ),
        (
            r#"{"log":{"entries":[SECRET]}}"#,
            "it is not JSON at line 1, column 20: expected value",
        ),
    ];
    for (octets, expected) in rows {
        let error = formats::read(octets.as_bytes(), None).unwrap_err();
        assert_eq!(error.to_string(), expected, "{octets}");
    }
    let deep = format!(r#"{{"log":{{"entries":[{}"#, "[".repeat(1_000_000));
    assert!(formats::read(deep.as_bytes(), None).is_err());
}

#[test]
fn a_har_is_told_from_other_json() {
    let log = json!({"entries": []});
    let rows = [
        json!({"log": log}),
        json!({"comment": "log last", "log": log}),
        json!({"log": {"creator": {"name": "x"}, "entries": []}, "other": 1}),
    ];
    for document in rows {
        assert!(read(document.to_string()).records.is_empty(), "{document}");
    }
    for other in [
        json!({"log": 1, "cookies": []}),
        json!({"logs": log}),
        json!([{"method": "GET"}]),
    ] {
        let contents = formats::read(other.to_string().as_bytes(), None);
        let format = contents.ok().and_then(|contents| contents.format);
        assert_ne!(format, Some(Format::Har), "{other}");
    }
}

#[test]
fn arrays_of_cookies_widen_nothing() {
    let mut entry = entry("2026-11-27T00:00:10Z", "https://www.shop.example/a/b", &[]);
    entry["response"]["cookies"] = json!([
        {"name": "host", "value": "1", "domain": "www.shop.example", "expires": null},
        {"name": "wide", "value": "1", "domain": ".shop.example", "path": "/"},
        {"name": "above", "value": "1", "domain": "shop.example", "path": "/"},
        {"name": "part", "value": "1", "secure": true, "path": "/", "partitionKey": {"topLevelSite": "https://shop.example"}},
        {"name": "strict", "value": "1", "httpOnly": true, "sameSite": "Strict", "expires": "2027-11-27T00:00:00.5Z"},
    ]);
    let contents = read(har(&json!([entry])));
    let said: Vec<(String, bool, String)> = scopes(&contents)
        .into_iter()
        .map(|(name, domain, host_only, path)| (format!("{name} {domain}"), host_only, path))
        .collect();
    let expected = [
        ("above shop.example", false, "/"),
        ("host www.shop.example", true, "/a"),
        ("part www.shop.example", true, "/"),
        ("strict www.shop.example", true, "/a"),
        ("wide shop.example", false, "/"),
    ];
    let expected =
        expected.map(|(name, host_only, path)| (name.to_owned(), host_only, path.to_owned()));
    assert_eq!(said, expected);
    let cookie = |name: &str| {
        let mut cookies = contents
            .records
            .iter()
            .filter_map(|record| record.cookie.as_ref());
        cookies
            .find(|cookie| cookie.name == name.as_bytes())
            .unwrap()
    };
    assert_eq!(
        cookie("part").partition.as_ref().unwrap().to_string(),
        "https://shop.example"
    );
    assert_eq!(cookie("strict").same_site, Some(SameSite::Strict));
    assert_eq!(cookie("strict").http_only, Some(true));
    assert_eq!(
        cookie("strict").expires.unwrap().to_string(),
        "2027-11-27T00:00:00Z"
    );
    assert_eq!(kinds(&contents), ["cookies-without-headers"]);
}

/// A log of two hops of one request, whose lines were on the wire only; then an image of another site, a blocked line
/// and one of a request that is not in the log.
fn events() -> Vec<Value> {
    let sent = |id: &str, url: &str, at: f64, kind: &str| {
        json!({"method": "Network.requestWillBeSent", "params": {
            "requestId": id, "wallTime": at, "type": kind, "frameId": "top",
            "request": {"url": url, "method": "GET", "headers": {}, "isSameSite": kind == "Document"},
        }})
    };
    let received = |id: &str, lines: &str| {
        json!({"method": "Network.responseReceivedExtraInfo", "params": {
            "requestId": id, "headers": {"Set-Cookie": lines}, "blockedCookies": [],
        }})
    };
    let day = 1_795_737_600.0;
    let mut redirected = sent("1", "https://shop.example/home", day + 2.0, "Document");
    redirected["params"]["redirectResponse"] = json!({"headers": {}});
    redirected["params"]["redirectHasExtraInfo"] = json!(true);
    let mut image = received(
        "2",
        "uid=1; Secure; SameSite=None; Partitioned\nlax=1; SameSite=Lax\nblocked=1; Secure; SameSite=None",
    );
    image["params"]["cookiePartitionKey"] =
        json!({"topLevelSite": "https://shop.example", "hasCrossSiteAncestor": true});
    image["params"]["blockedCookies"] = json!([
        {"blockedReasons": ["UserPreferences"], "cookieLine": "blocked=1; Secure; SameSite=None"},
    ]);
    vec![
        json!({"method": "Page.frameStartedLoading", "params": {"frameId": "top"}}),
        // The wire may be told before the request.
        received("1", "a=1; Path=/\nb=1; Path=/"),
        sent("1", "https://shop.example/login", day + 1.0, "Document"),
        redirected,
        received("1", "a=2; Path=/"),
        sent("2", "https://tracker.example/p.gif", day + 3.0, "Image"),
        image,
        received("3", "lost=1"),
    ]
}

#[test]
fn logs_of_cdp_are_read() {
    let events = events();
    let lines: Vec<String> = events.iter().map(ToString::to_string).collect();
    let told_of = |place: fn(usize) -> String| {
        format!(
            "{} a=2 created 1 accessed 2\n{} b=1 created 1 accessed 1\n{} uid=1 created 3 accessed 3\n\
             {} the log has no `Network.requestWillBeSent` of its `requestId`, so its URL is unknown\n",
            place(4),
            place(1),
            place(6),
            place(7)
        )
    };
    let by_lines = read(lines.join("\n"));
    let by_array = read(Value::from(events).to_string());
    assert_eq!(
        told(&by_lines),
        told_of(|index| format!("Line({})", index + 1))
    );
    assert_eq!(told(&by_array), told_of(|index| format!("Entry({index})")));
    for contents in [by_lines, by_array] {
        let uid = contents.records[2].cookie.as_ref().unwrap();
        let partition = uid.partition.as_ref().map(ToString::to_string);
        assert_eq!(
            partition.as_deref(),
            Some("https://shop.example cross-site")
        );
        assert!(
            contents.notes[0].text().ends_with(": 2"),
            "{:?}",
            contents.notes
        );
    }
}

#[test]
fn a_damaged_line_of_a_log_costs_that_line() {
    let mut lines: Vec<String> = events().iter().map(ToString::to_string).collect();
    lines.truncate(5);
    lines.insert(
        1,
        r#"{"method":"Network.requestWillBeSent","params":{"requestId":7}}"#.to_owned(),
    );
    lines.insert(
        2,
        r#"{"method":"Network.requestWillBeSent","par"#.to_owned(),
    );
    lines.insert(3, r#"{"id":1,"result":{}}"#.to_owned());
    let contents = read(lines.join("\r\n"));
    let shape = "it is not of the shape of the protocol's events";
    assert_eq!(
        told(&contents),
        format!(
            "Line(8) a=2 created 1 accessed 2\nLine(5) b=1 created 1 accessed 1\nLine(2) {shape}\nLine(3) {shape}\n"
        )
    );
}

/// Each request goes through the cookies of its site, so that the work would grow with the square of the file.
#[test]
fn what_was_sent_is_told_of_so_many_cookies_only() {
    let entry = |second: usize, sent: Value, line: &str| {
        let started = Timestamp::from_secs(1_795_795_200 + i64::try_from(second).unwrap());
        json!({
            "startedDateTime": started.to_string(),
            "request": { "method": "GET", "url": "https://a.example/", "cookies": sent },
            "response": { "headers": [{ "name": "Set-Cookie", "value": line }] },
        })
    };
    for (count, is_accessed) in [(3_000, true), (3_001, false)] {
        let mut entries: Vec<Value> = (0..count)
            .map(|number| entry(number, json!([]), &format!("n{number}=1")))
            .collect();
        entries.push(entry(count, json!([{ "name": "a", "value": "1" }]), "n0="));
        let contents = read(json!({ "log": { "entries": entries } }).to_string());
        assert_eq!(contents.records.len(), count);
        let last = contents.records[1].cookie.as_ref().unwrap();
        let accessed = last.last_access > last.creation;
        assert_eq!(accessed, is_accessed, "{count}");
    }
}
