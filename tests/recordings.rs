//! Recordings of real browsers, replayed: what they sent, and what they refused, by their own word.

#![cfg(feature = "json")]

mod real_files;

use std::collections::BTreeMap;
use std::fs;

use hardtack::formats::ReadError;
use hardtack::recording::{Entry, Recording, Replay, Verdict};
use hardtack::{Dialect, Receipt, Rejection};
use proptest::prelude::*;
use serde_json::{Value, json};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/files/har");

/// The scenes that Playwright recorded, each with what CDP said at the side.
const SCENES: [&str; 5] = ["login", "crosssite", "upgrade", "tabs", "3pcblocked"];

fn replay(name: &str) -> Replay {
    let file = fs::File::open(format!("{FOLDER}/{name}.har")).unwrap();
    Recording::read(file).unwrap().replay()
}

fn text(octets: &[u8]) -> String {
    String::from_utf8(octets.to_vec()).unwrap()
}

/// The names that a request sent, as the jar has it once all differences that are explained are taken in.
fn told(entry: &Entry) -> Vec<String> {
    let mut names: Vec<String> = entry
        .predicted
        .iter()
        .map(|pair| text(&pair.name))
        .collect();
    for difference in entry.differences.iter().filter(|it| it.explained) {
        let name = text(&difference.name);
        match (difference.recorded, difference.predicted) {
            (true, false) => names.push(name),
            (false, true) => {
                let place = names.iter().position(|it| *it == name).unwrap();
                names.remove(place);
            }
            _ => {}
        }
    }
    names.sort_unstable();
    names
}

fn entries_of(name: &str) -> BTreeMap<u64, Value> {
    let sidecar = fs::read(format!("{FOLDER}/{name}.sidecar.json")).unwrap();
    let sidecar: Value = serde_json::from_slice(&sidecar).unwrap();
    let entries = sidecar["entries"].as_array().unwrap().iter();
    entries
        .filter_map(|entry| Some((entry["har_entry"].as_u64()?, entry.clone())))
        .collect()
}

#[test]
fn what_chromium_sent_is_predicted_or_explained() {
    if !real_files::are_there(FOLDER) {
        return;
    }
    let mut looked_at = 0;
    for scene in SCENES {
        let name = format!("chromium-playwright.{scene}");
        let replay = replay(&name);
        assert_eq!(replay.dialect, Dialect::CHROMIUM_156);
        assert_eq!(replay.summary.unexplained, 0, "{scene}");
        assert_eq!(
            replay.blocks_third_parties,
            scene == "3pcblocked",
            "{scene}"
        );
        let sidecar = entries_of(&name);
        for entry in &replay.entries {
            let said = &sidecar[&(entry.index as u64)];
            let sent = said["cookie_header"].as_str().unwrap_or_default();
            let pairs = sent.split("; ").filter(|pair| !pair.is_empty());
            let mut sent: Vec<String> = pairs
                .map(|pair| pair.split('=').next().unwrap().to_owned())
                .collect();
            sent.sort_unstable();
            assert_eq!(told(entry), sent, "{scene} #{}", entry.index);
            looked_at += 1;
        }
    }
    assert_eq!(looked_at, 91);
}

#[test]
fn what_chromium_refused_is_refused() {
    if !real_files::are_there(FOLDER) {
        return;
    }
    let mut refused = 0;
    for scene in SCENES {
        let name = format!("chromium-playwright.{scene}");
        let sidecar = entries_of(&name);
        for entry in replay(&name).entries {
            let said = &sidecar[&(entry.index as u64)];
            let blocked = said["blockedCookies"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            let mut blocked: Vec<(String, String)> = blocked
                .iter()
                .map(|blocked| {
                    let line = blocked["cookieLine"].as_str().unwrap().to_owned();
                    let reason = blocked["blockedReasons"][0].as_str().unwrap();
                    (line, reason.replace("Schemeful", ""))
                })
                .collect();
            for line in &entry.lines {
                let octets = text(line.octets());
                let place = blocked.iter().position(|(line, _)| *line == octets);
                // CDP says nothing of Partitioned without Secure.
                let is_silent = octets.starts_with("r_chips=");
                let is_refused = line.is_refused() || line.deviation.is_some();
                assert_eq!(
                    place.is_some(),
                    is_refused && !is_silent,
                    "{scene} {line:?}"
                );
                let Some(place) = place else {
                    continue;
                };
                let (_, reason) = blocked.swap_remove(place);
                refused += 1;
                let ours = line.rejection().and_then(Rejection::dev_tools_name);
                match line.deviation {
                    Some("third-party-blocked") => assert_eq!(reason, "UserPreferences"),
                    Some(deviation) => assert_eq!(
                        (deviation, &*reason),
                        ("tab-refused", "DisallowedCharacter")
                    ),
                    // Chromium looks at prefixes before it looks at Secure, and at blocking before all else.
                    None if ours == Some("SecureOnly") => {
                        assert!(["SecureOnly", "InvalidPrefix"].contains(&&*reason));
                    }
                    None if reason == "UserPreferences" => {
                        assert!(replay(&name).blocks_third_parties);
                    }
                    None => assert_eq!(ours, Some(&*reason), "{scene} {line:?}"),
                }
            }
            assert!(blocked.is_empty(), "{scene} {blocked:?}");
        }
    }
    assert_eq!(refused, 54);
}

#[test]
fn what_is_not_sent_is_blocked_by_chromium_too() {
    if !real_files::are_there(FOLDER) {
        return;
    }
    for scene in SCENES {
        let name = format!("chromium-playwright.{scene}");
        let sidecar = entries_of(&name);
        let replay = replay(&name);
        for entry in &replay.entries {
            let associated = sidecar[&(entry.index as u64)]["associatedCookies"].clone();
            let associated = associated.as_array().cloned().unwrap_or_default();
            for withheld in &entry.withheld {
                let name = text(&replay.cookies[withheld.cookie].identity.name);
                let mut of_name = associated.iter().filter(|cookie| cookie["name"] == *name);
                let found = of_name.any(|cookie| cookie["blockedReasons"] != json!([]));
                assert!(found, "{scene} #{} {name}", entry.index);
            }
        }
    }
}

#[test]
fn the_exports_of_developer_tools_have_nothing_unexplained() {
    if !real_files::are_there(FOLDER) {
        return;
    }
    let rows = [
        ("firefox-devtools", Dialect::FIREFOX_153, 26, 69),
        (
            "chromium-devtools.with-sensitive-data",
            Dialect::CHROMIUM_156,
            19,
            37,
        ),
    ];
    for (name, dialect, entries, lines) in rows {
        let replay = replay(name);
        assert_eq!(replay.dialect, dialect);
        let summary = replay.summary;
        assert_eq!(
            (summary.entries, summary.lines, summary.unexplained),
            (entries, lines, 0),
            "{name}"
        );
    }
    let file = fs::File::open(format!("{FOLDER}/chromium-devtools.sanitized.har")).unwrap();
    assert!(Recording::read(file).unwrap().is_sanitized());
}

#[test]
fn a_mended_line_is_taken() {
    if !real_files::are_there(FOLDER) {
        return;
    }
    let replay = replay("chromium-playwright.upgrade");
    let mended: Vec<(String, Vec<String>, Vec<String>)> = replay
        .entries
        .iter()
        .flat_map(|entry| &entry.lines)
        .filter_map(|line| {
            let mend = line.mend.clone()?;
            Some((text(&line.pair.name), mend.add, mend.drop))
        })
        .collect();
    let none: [&str; 0] = [];
    let row = |name: &str, add: &[&str], drop: &[&str]| {
        let owned = |texts: &[&str]| texts.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        (name.to_owned(), owned(add), owned(drop))
    };
    let third_party = ["SameSite=None", "Secure"];
    assert_eq!(
        mended,
        [
            row("uid_lax", &third_party, &["SameSite=Lax"]),
            row("uid_strict", &third_party, &["SameSite=Strict"]),
            row("uid_plain", &third_party, &none),
            row("pay_sess_lax", &third_party, &["SameSite=Lax"]),
            row("t_fetch_lax", &third_party, &none),
            row("moved_sec", &[], &["Secure"]),
            row("r_none_insecure", &["Secure"], &none),
            row("r_foreign", &[], &["Domain=tracker.example"]),
            row("r_suffix", &[], &["Domain=example"]),
            row("__Host-r1", &[], &["Domain=shop.example"]),
            row("__Host-r2", &["Path=/"], &["Path=/sub"]),
            row("__Secure-r3", &["Secure"], &none),
            row("r_chips", &["Secure"], &none),
            row("r_sub", &[], &["Domain=sub.shop.example"]),
            row("__host-r4", &["Secure"], &none),
            row("__Http-r6", &["HttpOnly"], &none),
            row("r_sec_http", &[], &["Secure"]),
        ]
    );
}

/// An entry of a page, with what it sent and what its answer set.
fn entry(at: u32, url: &str, cookie: &str, lines: &[&str]) -> Value {
    let mut headers = vec![
        json!({"name": "Sec-Fetch-Dest", "value": "document"}),
        json!({"name": "Sec-Fetch-Mode", "value": "navigate"}),
        json!({"name": "Sec-Fetch-Site", "value": "none"}),
    ];
    if !cookie.is_empty() {
        headers.push(json!({"name": "Cookie", "value": cookie}));
    }
    let lines: Vec<Value> = lines
        .iter()
        .map(|line| json!({"name": "Set-Cookie", "value": line}))
        .collect();
    json!({
        "startedDateTime": format!("2026-11-27T00:00:{at:02}Z"),
        "time": 1,
        "request": {"method": "GET", "url": url, "headers": headers},
        "response": {"status": 200, "headers": lines},
    })
}

fn of_entries(entries: &[Value]) -> Replay {
    of_browser("chromium", entries)
}

fn of_browser(name: &str, entries: &[Value]) -> Replay {
    let har = json!({"log": {"browser": {"name": name, "version": "1"}, "entries": entries}});
    Recording::read(har.to_string().as_bytes())
        .unwrap()
        .replay()
}

/// A difference: the number of its entry, name, recorded, predicted, reason, explained.
type Row = (usize, String, bool, bool, &'static str, bool);

fn row(
    number: usize,
    name: &str,
    recorded: bool,
    predicted: bool,
    reason: &'static str,
    explained: bool,
) -> Row {
    let name = name.to_owned();
    (number, name, recorded, predicted, reason, explained)
}

/// The differences of all entries.
fn differences(replay: &Replay) -> Vec<Row> {
    let mut all = Vec::new();
    for entry in &replay.entries {
        for it in &entry.differences {
            let (number, name) = (entry.index, text(&it.name));
            all.push(row(
                number,
                &name,
                it.recorded,
                it.predicted,
                it.reason,
                it.explained,
            ));
        }
    }
    all
}

#[test]
fn differences_are_explained_or_not() {
    let shop = "https://shop.example/";
    let image = |entry, site| {
        let kind = ["image", "no-cors", site];
        of_page(entry, "https://news.example/", kind)
    };
    let rows = [
        // It was there before.
        (
            vec![entry(1, shop, "a=1", &[])],
            vec![row(0, "a", true, false, "adopted", true)],
        ),
        // A script changed it, and then deleted it.
        (
            vec![
                entry(1, shop, "", &["a=1"]),
                entry(2, shop, "a=2", &[]),
                entry(3, shop, "", &["b=1"]),
            ],
            vec![
                row(1, "a", true, true, "adopted", true),
                row(2, "a", false, true, "adopted", true),
            ],
        ),
        // No script deletes it, and nobody sent it: the browser must have refused the line.
        (
            vec![
                entry(1, shop, "", &["a=1; HttpOnly", "b=1"]),
                entry(2, shop, "b=1", &[]),
            ],
            vec![row(1, "a", false, true, "not-sent", false)],
        ),
        // The browser took a line that is refused.
        (
            vec![
                entry(1, shop, "", &["a=1; SameSite=None"]),
                entry(2, shop, "a=1", &[]),
            ],
            vec![row(1, "a", true, false, "same-site-none-insecure", false)],
        ),
        // It was sent against a rule.
        (
            vec![
                entry(1, shop, "", &["a=1; SameSite=Strict"]),
                entry(2, "https://news.example/", "", &[]),
                image(entry(3, shop, "a=1", &[]), "cross-site"),
            ],
            vec![row(2, "a", true, false, "same-site-strict", false)],
        ),
        // An expired cookie is neither sent nor expected.
        (
            vec![
                entry(1, shop, "", &["a=1; Max-Age=1"]),
                entry(9, shop, "", &[]),
            ],
            vec![],
        ),
        // The line gives what was adopted another scope, and leaves no twin.
        (
            vec![
                entry(1, shop, "a=1", &["a=2; Domain=shop.example; Path=/"]),
                entry(2, shop, "a=2", &[]),
            ],
            vec![row(0, "a", true, false, "adopted", true)],
        ),
    ];
    for (entries, expected) in rows {
        assert_eq!(differences(&of_entries(&entries)), expected, "{entries:?}");
    }
}

/// The entry as one of a page at another URL: kind, mode and site are what Sec-Fetch says.
fn of_page(mut entry: Value, page: &str, [kind, mode, site]: [&str; 3]) -> Value {
    let headers = entry["request"]["headers"].as_array_mut().unwrap();
    for (header, value) in headers.iter_mut().zip([kind, mode, site]) {
        header["value"] = value.into();
    }
    headers.push(json!({"name": "Referer", "value": page}));
    entry
}

/// The entry with a field of its answer more.
fn answered_with(mut entry: Value, name: &str, value: &str) -> Value {
    let headers = entry["response"]["headers"].as_array_mut().unwrap();
    headers.push(json!({"name": name, "value": value}));
    entry
}

/// An entry with the fields that a page knows, before the request is sent, and an answer that never came.
fn entry_not_sent(at: u32, url: &str) -> Value {
    let mut entry = entry(at, url, "", &[]);
    entry["request"]["headers"] = json!([
        {"name": "Referer", "value": "https://shop.example/"},
        {"name": "User-Agent", "value": "Chrome/156"},
    ]);
    entry["response"]["status"] = (-1).into();
    entry
}

#[test]
fn what_was_not_recorded_as_it_was_sent_tells_nothing() {
    let shop = "https://shop.example/";
    let with_host = |mut entry: Value| {
        let headers = entry["request"]["headers"].as_array_mut().unwrap();
        headers.push(json!({"name": "Host", "value": "shop.example"}));
        entry
    };
    let set = entry(1, shop, "", &["a=1", "b=2; HttpOnly"]);
    let after = entry(9, shop, "a=1; b=2", &[]);
    let both = |reason, explained| {
        ["a", "b"].map(|name| (1, name.to_owned(), false, true, reason, explained))
    };
    // It failed, or a cache answered it.
    let failed = entry_not_sent(2, "https://shop.example/failed");
    let replay = of_entries(&[with_host(set.clone()), failed, after.clone()]);
    assert_eq!(differences(&replay), both("not-recorded", true));
    // With its host it is one that was sent, without cookies.
    let failed = with_host(entry_not_sent(2, "https://shop.example/failed"));
    let replay = of_entries(&[with_host(set), failed, after]);
    assert_eq!(differences(&replay)[1].4, "not-sent");
    assert_eq!(replay.summary.unexplained, 1);
}

#[test]
fn a_web_socket_to_another_site_has_no_recorded_cookies() {
    let socket = |site: &str| {
        let mut socket = entry(3, "wss://chat.example/", "", &[]);
        socket["request"]["headers"] = json!([
            {"name": "Host", "value": "chat.example"},
            {"name": "Origin", "value": site},
        ]);
        socket["_resourceType"] = "websocket".into();
        socket
    };
    let set = entry(
        1,
        "https://chat.example/",
        "",
        &["a=1; SameSite=None; Secure"],
    );
    let news = entry(2, "https://news.example/", "", &[]);
    let replay = of_entries(&[set, news, socket("https://news.example")]);
    let expected = (2, "a".to_owned(), false, true, "not-recorded", true);
    assert_eq!(differences(&replay), [expected]);
    assert!(!replay.blocks_third_parties);
}

#[test]
fn what_is_set_without_credentials_may_be_ignored() {
    let (shop, api) = ("https://shop.example/", "https://api.example/");
    let fetched = |at, line| {
        let kind = ["empty", "cors", "cross-site"];
        of_page(entry(at, api, "", &[line]), shop, kind)
    };
    // It is never sent, or only with the value that it had before.
    let replay = of_entries(&[
        entry(1, shop, "", &[]),
        fetched(2, "a=1; SameSite=None; Secure; HttpOnly"),
        entry(3, api, "", &[]),
        fetched(4, "b=2; SameSite=None; Secure"),
        entry(5, api, "b=1", &[]),
    ]);
    assert_eq!(
        differences(&replay),
        [
            row(2, "a", false, true, "no-credentials", true),
            row(4, "b", true, true, "no-credentials", true),
        ]
    );
}

#[test]
fn a_line_without_credentials_explains_nothing_that_shows_it_was_taken() {
    let (shop, api, below) = (
        "https://shop.example/",
        "https://api.example/",
        "https://api.example/x/y",
    );
    let fetched = |at, url, line| {
        let kind = ["empty", "cors", "cross-site"];
        of_page(entry(at, url, "", &[line]), shop, kind)
    };
    let image = |at, cookie: &str| {
        let kind = ["image", "no-cors", "cross-site"];
        of_page(entry(at, below, cookie, &[]), shop, kind)
    };
    let rows = [
        // It was sent, and has another value then.
        (
            vec![
                fetched(1, api, "a=1; SameSite=None; Secure"),
                entry(2, api, "a=1", &[]),
                entry(3, api, "a=2", &[]),
            ],
            vec![row(2, "a", true, true, "adopted", true)],
        ),
        // It is sent later.
        (
            vec![
                fetched(1, api, "a=1; SameSite=None; Secure; HttpOnly"),
                entry(2, api, "", &[]),
                entry(3, api, "a=1", &[]),
            ],
            vec![
                row(1, "a", false, true, "not-sent", false),
                row(2, "a", true, false, "adopted", true),
            ],
        ),
        // The value is that of a line that is refused.
        (
            vec![
                entry(1, api, "", &["a=1; SameSite=None"]),
                fetched(2, api, "a=2; SameSite=None; Secure"),
                entry(3, api, "a=1", &[]),
            ],
            vec![row(2, "a", true, true, "same-site-none-insecure", false)],
        ),
        (
            vec![
                entry(1, below, "", &["a=1; SameSite=None"]),
                fetched(2, below, "a=2; SameSite=None; Secure"),
                of_page(
                    entry(3, api, "", &["a=3; Path=/x; SameSite=Strict; Secure"]),
                    api,
                    ["empty", "cors", "same-origin"],
                ),
                entry(4, shop, "", &[]),
                image(5, "a=1"),
            ],
            vec![row(4, "a", true, false, "same-site-none-insecure", false)],
        ),
        // One of its name and value is sent, now and later.
        (
            vec![
                entry(1, below, "", &["a=1; SameSite=Strict"]),
                fetched(2, api, "a=1; SameSite=None; Secure; HttpOnly"),
                entry(3, below, "a=1", &[]),
                entry(4, below, "a=1", &[]),
            ],
            vec![row(2, "a", false, true, "no-credentials", true)],
        ),
        // It is sent itself, beside another one of its name.
        (
            vec![
                entry(1, api, "", &["z=1; SameSite=Strict"]),
                entry(2, api, "z=1", &[]),
                entry(3, shop, "", &[]),
                fetched(4, api, "a=1; SameSite=None; Secure"),
                entry(5, below, "a=2; z=1; a=1", &[]),
                entry(6, below, "a=2; z=1; a=1", &[]),
            ],
            vec![row(4, "a", true, false, "adopted", true)],
        ),
    ];
    for (entries, expected) in rows {
        assert_eq!(differences(&of_entries(&entries)), expected, "{entries:?}");
    }
}

#[test]
fn what_a_line_without_credentials_has_changed_is_as_before() {
    let (shop, api, below) = (
        "https://shop.example/",
        "https://api.example/",
        "https://api.example/x/",
    );
    let image = |at| {
        let kind = ["image", "no-cors", "cross-site"];
        of_page(entry(at, below, "c=1", &[]), shop, kind)
    };
    let changed = of_page(
        entry(3, api, "", &["c=2; Path=/x; SameSite=Strict; Secure"]),
        api,
        ["empty", "cors", "same-origin"],
    );
    let replay = of_entries(&[
        entry(1, below, "", &["c=1; Path=/x; SameSite=None; Secure"]),
        entry(2, api, "", &[]),
        changed,
        entry(4, shop, "", &[]),
        image(5),
        image(6),
    ]);
    let expected = (4, "c".to_owned(), true, false, "no-credentials", true);
    assert_eq!(differences(&replay), [expected]);
}

#[test]
fn clear_site_data_deletes_cookies() {
    let (shop, www) = ("https://shop.example/", "https://www.shop.example/");
    let clear = |url: &str, kinds: &str| {
        let entry = entry(3, url, "", &["late=1; HttpOnly"]);
        answered_with(entry, "Clear-Site-Data", kinds)
    };
    let set = |browser: &str, clear: Value, sent: [&str; 2]| {
        let mut clear = clear;
        let headers = clear["request"]["headers"].as_array_mut().unwrap();
        headers.push(json!({"name": "Cookie", "value": "wide=1; b=1"}));
        let replay = of_browser(
            browser,
            &[
                entry(
                    1,
                    shop,
                    "",
                    &["a=1; HttpOnly", "wide=1; HttpOnly; Domain=shop.example"],
                ),
                entry(2, www, "wide=1", &["b=1; HttpOnly"]),
                clear,
                entry(4, shop, sent[0], &[]),
                entry(5, www, sent[1], &[]),
            ],
        );
        let deviation = replay.entries[2].lines[0].deviation;
        (differences(&replay), deviation)
    };
    let cleared = (vec![], Some("clear-site-data"));
    // Chromium deletes the cookies of the site, Firefox those of the host.
    assert_eq!(
        set("chromium", clear(www, "\"cookies\""), ["", ""]),
        cleared
    );
    // Several fields are one of several lines in logs of CDP.
    for kinds in ["\"cache\", \"*\"", "\"cache\"\n\"cookies\""] {
        assert_eq!(set("chromium", clear(www, kinds), ["", ""]), cleared);
    }
    let of_host = set(
        "firefox",
        clear(www, "\"cookies\""),
        ["a=1; wide=1", "wide=1"],
    );
    assert_eq!(of_host, cleared);
    // Other kinds, and what comes over http, delete none.
    let all = ["a=1; wide=1", "wide=1; b=1; late=1"];
    assert_eq!(
        set("chromium", clear(www, "\"storage\""), all),
        (vec![], None)
    );
    let (differences, deviation) = set("chromium", clear("http://www.shop.example/", "\"*\""), all);
    assert_eq!((differences, deviation), (vec![], None));
}

#[test]
fn a_cookie_may_expire_at_the_time_of_a_request() {
    let shop = "https://shop.example/";
    let at = |millis: u32, cookie: &str| {
        let mut entry = entry(3, shop, cookie, &[]);
        entry["startedDateTime"] = format!("2026-11-27T00:00:03.{millis:03}Z").into();
        entry
    };
    let lives = |second: Value| {
        let mut first = entry(1, shop, "", &["a=1; Max-Age=2; HttpOnly"]);
        first["time"] = 0.into();
        differences(&of_entries(&[first, second]))
    };
    // It was set at 1.000 s, and the times of recorders are exact to 50 ms.
    assert_eq!(lives(at(49, "a=1")), []);
    assert_eq!(lives(at(49, "")), []);
    let adopted = (1, "a".to_owned(), true, false, "adopted", true);
    assert_eq!(lives(at(51, "a=1")), [adopted]);
    let mut before = entry(2, shop, "", &[]);
    before["startedDateTime"] = "2026-11-27T00:00:02.950Z".into();
    let expired = (1, "a".to_owned(), false, true, "expired", true);
    assert_eq!(lives(before.clone()), [expired]);
    let mut first = entry(1, shop, "", &["a=1; Max-Age=2; HttpOnly"]);
    first["time"] = 0.into();
    let mut last = entry(2, shop, "a=1", &[]);
    last["startedDateTime"] = "2026-11-27T00:00:02.999Z".into();
    let replay = of_entries(&[first, before.clone(), last]);
    assert_eq!(differences(&replay)[0].4, "not-sent", "it is sent later");
    before["startedDateTime"] = "2026-11-27T00:00:02.949Z".into();
    assert_eq!(lives(before)[0].4, "not-sent");
}

#[test]
fn what_is_adopted_is_learnt_once() {
    let (shop, news) = ("https://shop.example/", "https://news.example/");
    let image = ["image", "no-cors", "cross-site"];
    // It is SameSite=None, as the image of another site shows.
    let replay = of_entries(&[
        entry(1, shop, "a=1", &[]),
        entry(2, news, "", &[]),
        of_page(entry(3, shop, "a=1", &[]), news, image),
        of_page(entry(4, shop, "a=1", &[]), news, image),
    ]);
    let adopted = |number| (number, "a".to_owned(), true, false, "adopted", true);
    assert_eq!(differences(&replay), [adopted(0), adopted(2)]);
    // Firefox has one of this name for each page.
    let replay = of_browser(
        "firefox",
        &[
            entry(1, shop, "a=1", &[]),
            entry(2, news, "", &[]),
            of_page(entry(3, shop, "a=1", &[]), news, image),
            of_page(entry(4, shop, "a=1", &[]), news, image),
            entry(5, shop, "a=1", &[]),
        ],
    );
    let kept = (2, "a".to_owned(), true, false, "storage-access", true);
    let again = (3, "a".to_owned(), true, false, "storage-access", true);
    assert_eq!(differences(&replay), [adopted(0), kept, again]);
    // It was sent to both paths, so that it has no longer one.
    let deep = "https://shop.example/deep/x";
    let replay = of_entries(&[
        entry(1, "https://shop.example/x", "a=1", &[]),
        entry(2, deep, "a=1", &[]),
        entry(3, "https://shop.example/y", "", &[]),
        entry(4, deep, "", &[]),
    ]);
    let vanished = (2, "a".to_owned(), false, true, "adopted", true);
    assert_eq!(differences(&replay), [adopted(0), vanished]);
}

#[test]
fn firefox_gives_third_parties_the_cookies_of_a_first_party() {
    let (shop, news) = ("https://shop.example/", "https://news.example/");
    let image = |at, cookie: &str, lines: &[&str]| {
        let kind = ["image", "no-cors", "cross-site"];
        of_page(entry(at, shop, cookie, lines), news, kind)
    };
    let none = "; SameSite=None; Secure; HttpOnly";
    let [first, third, late] = ["a=1", "b=2", "c=3"].map(|pair| format!("{pair}{none}"));
    let replay = of_browser(
        "firefox",
        &[
            entry(1, shop, "", &[&first]),
            entry(2, news, "", &[]),
            image(3, "", &[&third]),
            image(4, "b=2", &[]),
            // From here on the page's cookies of the shop are those of the shop.
            image(5, "a=1", &[&late]),
            entry(6, shop, "a=1; c=3", &[]),
            entry(7, shop, "a=1; c=3", &[]),
        ],
    );
    let access = |number, name: &str, recorded, predicted| {
        (
            number,
            name.to_owned(),
            recorded,
            predicted,
            "storage-access",
            true,
        )
    };
    let expected = [
        access(4, "a", true, false),
        access(4, "b", false, true),
        access(5, "c", true, false),
    ];
    assert_eq!(differences(&replay), expected);
    // What the page has of the shop is in the partition of the page.
    let mut cookies = replay.cookies.iter();
    let of_page = cookies.find(|it| it.identity.name == b"b").unwrap();
    assert!(of_page.identity.partition.is_some());
    assert_eq!(of_page.sent, 1);
    // What another rule keeps from the request shows no access.
    for first in [
        "a=1; SameSite=Strict; Secure",
        "a=1; Path=/deep; SameSite=None; Secure",
    ] {
        let replay = of_browser(
            "firefox",
            &[
                entry(1, shop, "", &[first]),
                entry(2, news, "", &[]),
                image(3, "", &[&third]),
                image(4, "a=1", &[]),
            ],
        );
        let expected = [
            (3, "a".to_owned(), true, false, "adopted", true),
            (3, "b".to_owned(), false, true, "not-sent", false),
        ];
        assert_eq!(differences(&replay), expected, "{first}");
    }
}

#[test]
fn a_cookie_that_was_evicted_comes_back_as_it_was() {
    let shop = "https://shop.example/deep/x";
    let lines = |from: usize, to: usize| -> Vec<String> {
        let numbers = from..to;
        numbers
            .map(|number| format!("c{number}=1; Path=/; Secure"))
            .collect()
    };
    let set = |at, cookie: &str, lines: &[String]| {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        entry(at, shop, cookie, &lines)
    };
    // Priority=High, which only Chromium knows, keeps it.
    let mut first = lines(0, 170);
    first.insert(0, "high=1; Path=/; Priority=High".to_owned());
    let all: Vec<&str> = first
        .iter()
        .map(|line| line.split(';').next().unwrap())
        .collect();
    let high = |at| entry(at, shop, "high=1", &[]);
    let replay = of_entries(&[
        set(1, "", &first),
        set(2, &all.join("; "), &lines(170, 200)),
        high(3),
        high(4),
    ]);
    let of_high = differences(&replay);
    let of_high: Vec<_> = of_high.iter().filter(|it| it.1 == "high").collect();
    assert_eq!(
        of_high,
        [&(2, "high".to_owned(), true, false, "limits", true)]
    );
    let paths = replay
        .cookies
        .iter()
        .filter(|it| it.identity.name == b"high");
    assert_eq!(
        paths.map(|it| text(&it.identity.path)).collect::<Vec<_>>(),
        ["/"]
    );
}

#[test]
fn a_sandbox_has_the_partition_of_another_site() {
    let (shop, page) = ("https://shop.example/", "https://shop.example/page");
    let image = |at, cookie: &str, site| {
        of_page(
            entry(at, shop, cookie, &[]),
            page,
            ["image", "no-cors", site],
        )
    };
    let set = [
        "a=1; SameSite=None; Secure; Partitioned",
        "b=2; SameSite=None; Secure",
    ];
    let entries = |cookie: &str, site| {
        [
            entry(1, shop, "", &set),
            entry(2, page, "a=1; b=2", &[]),
            image(3, cookie, site),
        ]
    };
    assert_eq!(
        differences(&of_entries(&entries("a=1; b=2", "same-origin"))),
        []
    );
    // A document of the site whose request is cross-site has an opaque origin.
    assert_eq!(differences(&of_entries(&entries("b=2", "cross-site"))), []);
}

#[test]
fn a_redirect_to_the_site_of_the_page_may_be_cross_site() {
    let (shop, news) = ("https://shop.example/", "https://news.example/");
    let mut frame = of_page(
        answered_with(
            entry(2, news, "", &[]),
            "Location",
            "https://shop.example/frame",
        ),
        shop,
        ["iframe", "navigate", "cross-site"],
    );
    frame["response"]["status"] = 302.into();
    let hop = |cookie: &str| {
        of_page(
            entry(3, "https://shop.example/frame", cookie, &[]),
            shop,
            ["iframe", "navigate", "cross-site"],
        )
    };
    let set = entry(1, shop, "", &["a=1; SameSite=Lax; HttpOnly"]);
    // The page made the request, and says so.
    let replay = of_entries(&[set.clone(), frame.clone(), hop("")]);
    assert_eq!(differences(&replay)[0].4, "not-sent");
    let replay = of_entries(&[set.clone(), frame.clone(), hop("a=1")]);
    assert_eq!(differences(&replay), []);
    // Without a Referer it may be a sandbox in the page.
    frame["request"]["headers"].as_array_mut().unwrap().pop();
    let replay = of_entries(&[set, frame, hop("")]);
    let not_told = (2, "a".to_owned(), false, true, "same-site-lax", true);
    assert_eq!(differences(&replay), [not_told]);
}

#[test]
fn what_two_sessions_of_cdp_tell_is_one_request() {
    let event = |session: &str, (name, params): &(&str, Value)| json!({"method": format!("Network.{name}"), "sessionId": session, "params": params});
    let url = "https://shop.example/";
    let request = |at: f64| {
        json!({"requestId": "7.1", "request": {"method": "GET", "url": url, "headers": {}},
            "type": "Fetch", "timestamp": at, "wallTime": 1_795_000_000.0 + at})
    };
    let mut after = request(2.5);
    after["redirectResponse"] = json!({"status": 302, "headers": {"Location": url}});
    after["redirectHasExtraInfo"] = true.into();
    let sent = |cookie: &str| json!({"requestId": "7.1", "headers": {"Host": "shop.example", "Cookie": cookie}});
    let received = |line: &str| json!({"requestId": "7.1", "headers": {"Set-Cookie": line}, "blockedCookies": []});
    let response = json!({"requestId": "7.1", "timestamp": 3.5, "response": {"status": 200, "headers": {}},
        "hasExtraInfo": true});
    let events = [
        ("requestWillBeSent", request(1.5)),
        ("requestWillBeSentExtraInfo", sent("a=1")),
        ("responseReceivedExtraInfo", received("b=2")),
        ("requestWillBeSent", after),
        ("requestWillBeSentExtraInfo", sent("a=1; b=2")),
        ("responseReceivedExtraInfo", received("c=3")),
        ("responseReceived", response),
    ];
    let of = |session: &str| -> Vec<Value> { events.iter().map(|it| event(session, it)).collect() };
    let both = events.iter();
    let both = both.flat_map(|it| ["page", "worker"].map(|session| event(session, it)));
    for log in [both.collect(), [of("page"), of("worker")].concat()] {
        let recording = Recording::read(json!(log).to_string().as_bytes()).unwrap();
        assert_eq!(recording.entries(), 2);
        assert_eq!(recording.unreadable().len(), 0);
        let replay = recording.replay();
        let entries = replay.entries.iter();
        let counts: Vec<_> = entries
            .map(|it| (it.recorded.len(), it.lines.len()))
            .collect();
        assert_eq!(counts, [(1, 1), (2, 1)]);
    }
}

#[test]
fn workers_have_their_own_fetches() {
    let shop = "https://shop.example/";
    let news = "https://news.example/";
    let set = || entry(1, shop, "", &["a=1; SameSite=Lax", "b=1; SameSite=Strict"]);
    // A service worker makes a navigation from another site anew.
    let navigation = of_page(
        entry(3, shop, "a=1", &[]),
        news,
        ["empty", "navigate", "cross-site"],
    );
    let replay = of_entries(&[set(), entry(2, news, "", &[]), navigation]);
    assert_eq!(differences(&replay), []);
    assert_eq!(replay.entries[2].withheld.len(), 1);
    // That of a shared worker is of its own site, whatever page it is in.
    let frame = of_page(
        entry(3, "https://shop.example/frame", "", &[]),
        news,
        ["iframe", "navigate", "cross-site"],
    );
    let script = of_page(
        entry(4, "https://shop.example/worker.js", "a=1; b=1", &[]),
        "https://shop.example/frame",
        ["sharedworker", "same-origin", "same-origin"],
    );
    let replay = of_entries(&[set(), entry(2, news, "", &[]), frame, script]);
    assert_eq!(differences(&replay), []);
    // The script of a module worker may be fetched without credentials.
    let script = of_page(
        entry(2, "https://shop.example/worker.js", "", &[]),
        shop,
        ["worker", "same-origin", "same-origin"],
    );
    let replay = of_entries(&[set(), script, entry(3, shop, "a=1; b=1", &[])]);
    let omitted = |name: &str| (1, name.to_owned(), false, true, "no-credentials", true);
    assert_eq!(differences(&replay), [omitted("a"), omitted("b")]);
}

#[test]
fn an_answer_counts_when_it_is_there() {
    let shop = "https://shop.example/";
    let mut slow = entry(1, shop, "", &["a=1; HttpOnly"]);
    slow["time"] = 3_000.into();
    // The second request begins before the first one is answered.
    let replay = of_entries(&[
        slow.clone(),
        entry(2, shop, "", &["b=1"]),
        entry(9, shop, "b=1; a=1", &[]),
    ]);
    assert_eq!(differences(&replay), []);
    // Here what was sent shows that the answer was there.
    let replay = of_entries(&[slow, entry(2, shop, "a=1", &[])]);
    assert_eq!(differences(&replay), []);
}

#[test]
fn what_curl_prints_is_read() {
    let printed = "* Connected to shop.example (127.0.0.1) port 443 (#0)\n\
        * SSL connection using TLSv1.3 / TLS_AES_256_GCM_SHA384\n\
        > GET /login HTTP/1.1\r\n> Host: shop.example\r\n> User-Agent: curl/8.5.0\r\n>\r\n\
        < HTTP/1.1 302 Found\r\n< Date: Fri, 27 Nov 2026 15:17:14 GMT\r\n< Location: http://shop.example/home\r\n\
        < Set-Cookie: sid=31d4; Secure\r\n< Set-Cookie: ad=1; Domain=example\r\n<\r\n\
        * Connected to shop.example (127.0.0.1) port 80 (#1)\n\
        > GET /home HTTP/1.1\r\n> Host: shop.example\r\n> Cookie: theme=dark\r\n>\r\n\
        < HTTP/1.1 200 OK\r\n< Set-Cookie: b=1; Secure\r\n<\r\n";
    let replay = Recording::read(printed.as_bytes()).unwrap().replay();
    let urls: Vec<&str> = replay
        .entries
        .iter()
        .map(|entry| entry.url.as_str())
        .collect();
    assert_eq!(
        urls,
        ["https://shop.example/login", "http://shop.example/home"]
    );
    assert_eq!(replay.entries[1].redirected_from, Some(0));
    let verdicts: Vec<String> = replay
        .entries
        .iter()
        .flat_map(|entry| &entry.lines)
        .map(|line| match &line.verdict {
            Verdict::Received(receipt) => receipt.to_string(),
            Verdict::Refused(refused) => refused.name().to_owned(),
            _ => "ignored".to_owned(),
        })
        .collect();
    assert_eq!(
        verdicts,
        [
            &Receipt::Stored.to_string(),
            "public-suffix",
            "secure-over-insecure"
        ]
    );
    let withheld = &replay.entries[1].withheld;
    assert_eq!(withheld[0].reason.name(), "secure-only");
}

#[test]
fn what_is_no_recording_says_so() {
    let rows = [
        ("", "it is empty"),
        (
            "<html>",
            "it is no recording: neither a HAR, nor a log of the Chrome DevTools Protocol, nor what `curl -v` prints",
        ),
        (
            "{\"log\": {}}",
            "the recording has no list `log.entries`: export it again",
        ),
        (
            "{\"log\": {\"entries\": [{\"a\": 1",
            "the JSON ends early, at line 1, column 28: the file was cut off, so save or copy it again",
        ),
    ];
    for (octets, expected) in rows {
        let error = Recording::read(octets.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), expected, "{octets}");
    }
    // What is whole before the damage is read, also of a list of events.
    let event = r#"{"method": "Network.requestWillBeSent", "params": {"requestId": "1", "request": {"url": "https://shop.example/"}}}"#;
    let rows = [
        ("{\"log\": {\"entries\": [{\"a\": 1}, {".to_owned(), 1),
        (format!("[{event}, {event}, {{\"method\""), 2),
    ];
    for (octets, entries) in rows {
        let recording = Recording::read(octets.as_bytes()).unwrap();
        assert_eq!(recording.entries(), entries);
        let damage = recording.damage().unwrap();
        assert!(matches!(damage, ReadError::Truncated { line: 1, .. }));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is recorded is replayed without a panic, each entry once, and what is explained and what is not
    /// make up the whole.
    #[test]
    fn any_recording_is_replayed(
        requests in proptest::collection::vec(
            (0_u32..60, 0_usize..4, "[ab]{0,1}(=[12;]{0,2}){0,1}(; [abc]=[12]){0,2}", "[ab]=?[12]{0,1}(; (Path=/x?|Secure|HttpOnly|Max-Age=[019]|SameSite=(None|Lax|Strict)|Domain=(shop\\.)?example)){0,3}"),
            0..12,
        )
    ) {
        let urls = ["https://shop.example/", "http://shop.example/x", "https://www.shop.example/x/y", "https://news.example/"];
        let entries: Vec<Value> = requests
            .iter()
            .map(|(at, url, cookie, line)| entry(*at, urls[*url], cookie, &[line]))
            .collect();
        let replay = of_entries(&entries);
        let summary = replay.summary;
        prop_assert_eq!(summary.entries, entries.len());
        prop_assert_eq!(summary.agree + summary.explained + summary.unexplained, summary.entries);
        prop_assert_eq!(summary.lines, entries.len());
    }
}
