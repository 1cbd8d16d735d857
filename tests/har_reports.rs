//! What `hardtack har` writes for CI systems: valid by the schemas that they read it by, on recordings of browsers and on
//! hostile ones, and each finding at its line.
//!
//! The schemas are in packages that `tests/real_programs/install` installs. Without them that is skipped, and with `CI`
//! set it fails.

#![cfg(feature = "cli")]

mod program;
mod real_files;

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/files");
const NODE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/real_programs/node");

/// A place for what one test writes.
fn place(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("har_reports");
    fs::create_dir_all(&folder).unwrap();
    folder.join(name)
}

/// What every format has to escape, and more than it may have.
const HOSTILE: &str = "\u{0}\u{1}\u{b}\u{1b}[2J\u{7f}\u{85}\r\n\t\"'<&>]]>--%::\u{202e}\u{2028}\u{fffe}\u{ffff}\u{1f36a}";

/// A recording in which all that can be is hostile, and one that has nothing.
fn made() -> [(&'static str, Value); 2] {
    let entry = |value: &str| {
        json!({
            "startedDateTime": "2026-11-27T15:17:14Z", "pageref": HOSTILE, "_resourceType": HOSTILE,
            "request": {"method": HOSTILE, "url": format!("https://shop.example/{HOSTILE}?{HOSTILE}"),
                "headers": [{"name": "Cookie", "value": format!("{HOSTILE}=SECRET; a=SECRET")}]},
            "response": {"status": 200, "headers": [
                {"name": "Set-Cookie", "value": value},
                {"name": "Set-Cookie", "value": "a=SECRET; Domain=other.example"},
            ]},
        })
    };
    let names = ["a\u{1b}\u{fffe}<&\"]]>", "\u{202e}b"];
    let lines = names.map(|name| entry(&format!("{name}=SECRET; Domain={name}; Path={name}")));
    let unreadable = json!({"request": {"url": HOSTILE}});
    let entries = [&lines[0], &lines[1], &lines[1], &unreadable];
    [
        (
            "hostile.har",
            json!({"log": {"creator": {"name": HOSTILE}, "entries": entries}}),
        ),
        (
            "empty.har",
            json!({"log": {"creator": {"name": "Firefox"}, "entries": []}}),
        ),
    ]
}

/// The recordings that reports are made of.
fn recordings() -> Vec<PathBuf> {
    let made = made().map(|(name, har)| {
        let path = place(name);
        fs::write(&path, format!("{har:#}")).unwrap();
        path
    });
    let mut recordings = made.to_vec();
    if real_files::are_there(FILES) {
        let real = fs::read_dir(format!("{FILES}/har")).unwrap();
        let real = real.map(|file| file.unwrap().path());
        recordings.extend(real.filter(|path| path.extension().is_some_and(|it| it == "har")));
        recordings.push(format!("{FILES}/broken/har-bad-entries.har").into());
        recordings.push(format!("{FILES}/broken/har-cookies-without-headers.har").into());
    }
    recordings
}

/// Makes a report of each recording, and one of all.
fn reports(option: &str) -> Vec<PathBuf> {
    let recordings = recordings();
    let each = recordings.iter().map(std::slice::from_ref);
    let sets = each.chain([&*recordings]).enumerate();
    let reports = sets.map(|(number, recordings)| {
        let report = place(&format!("{number}{option}"));
        let mut args = vec![
            option.as_ref(),
            report.as_os_str(),
            "--allow-sanitized".as_ref(),
        ];
        args.extend(recordings.iter().map(|path| path.as_os_str()));
        let run = program::command("har", &args, b"");
        assert_eq!((run.status, &*run.stderr), (Some(0), ""), "{recordings:?}");
        let text = fs::read_to_string(&report).unwrap();
        assert!(!text.contains("SECRET"), "{recordings:?}");
        report
    });
    reports.collect()
}

/// Runs the program that holds reports against a schema, or says that it is not there.
fn check(kind: &str, reports: &[PathBuf]) -> Option<(bool, String)> {
    let is_there = Path::new(NODE).join("node_modules/xmllint-wasm").is_dir();
    if !is_there {
        assert!(
            std::env::var_os("CI").is_none(),
            "CI is set, but the schemas are missing: run tests/real_programs/install"
        );
        let _ = writeln!(
            io::stderr(),
            "SKIPPED: the schemas of reports are missing: run tests/real_programs/install"
        );
        return None;
    }
    let mut node = Command::new("node");
    node.arg("reports.js").arg(kind).args(reports);
    let output = node.current_dir(NODE).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).unwrap();
    Some((output.status.success(), said))
}

#[test]
fn reports_are_valid_by_their_schemas() {
    for (kind, option) in [("sarif", "--sarif"), ("junit", "--junit")] {
        let reports = reports(option);
        assert!(reports.len() >= 3);
        let Some(said) = check(kind, &reports) else {
            return;
        };
        assert_eq!(said, (true, String::new()), "{kind}");
        // The check itself finds what is not valid.
        let text = fs::read_to_string(&reports[0]).unwrap();
        let broken = place(&format!("broken.{kind}"));
        let text = text.replace("\"startLine\": ", "\"startLine\": -");
        fs::write(&broken, text.replace("<testcase", "<test-case")).unwrap();
        let (is_valid, said) = check(kind, &[broken]).unwrap();
        assert!(!is_valid && !said.is_empty(), "{kind}");
    }
}

#[test]
fn a_result_points_at_the_line_of_its_field_or_entry() {
    if !real_files::are_there(FILES) {
        return;
    }
    let mut of_fields = 0;
    for name in [
        "har/firefox-devtools.har",
        "har/chromium-devtools.with-sensitive-data.har",
        "broken/har-bad-entries.har",
    ] {
        let file = format!("{FILES}/{name}");
        let text = fs::read_to_string(&file).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let run = program::command("har", &[&*file, "--sarif", "-"], b"");
        let results = run.json()["runs"][0]["results"].as_array().unwrap().clone();
        assert!(!results.is_empty(), "{name}");
        for result in results {
            let region = &result["locations"][0]["physicalLocation"]["region"];
            let line = usize::try_from(region["startLine"].as_u64().unwrap()).unwrap();
            let line = lines[line - 1].trim();
            let message = result["message"]["text"].as_str().unwrap();
            let of_line = message.split_once("the Set-Cookie line of `");
            let Some((_, rest)) = of_line.filter(|_| line.starts_with("\"value\"")) else {
                assert_eq!(line, "{", "{name}: {message}");
                continue;
            };
            let name_of_cookie = rest.split_once('`').unwrap().0;
            let value = line.strip_prefix("\"value\": \"").unwrap();
            let mut joined = value.split("\\n");
            assert!(
                joined.any(|line| line.starts_with(&format!("{name_of_cookie}="))
                    || name_of_cookie.is_empty() && line.starts_with(['=', '_'])),
                "{name}: {message}: {line}"
            );
            of_fields += 1;
        }
    }
    assert!(of_fields > 20, "{of_fields}");
}

/// The attributes of a tag, by a reader that knows no more than these tests need.
fn attribute<'x>(tag: &'x str, name: &str) -> &'x str {
    let (_, rest) = tag.split_once(&format!(" {name}=\"")).unwrap();
    rest.split_once('"').unwrap().0
}

#[test]
fn a_request_is_a_test() {
    let entry = |method: &str, url: &str, sent: &str, line: &str| {
        json!({
            "startedDateTime": "2026-11-27T15:17:14.5Z",
            "request": {"method": method, "url": url, "headers": [{"name": "Cookie", "value": sent}]},
            "response": {"status": 200, "headers": [{"name": "Set-Cookie", "value": line}]},
        })
    };
    let secure = "a=SECRET; Secure";
    let two = "b=SECRET; Domain=example\nc=SECRET; Domain=other.example";
    let har = json!({"log": {"entries": [
        entry("GET", "https://shop.example/?q=SECRET", "", secure),
        entry("GET", "https://shop.example/", "a=SECRET", two),
        entry("POST", "http://shop.example:8080/<&>", "", "a=SECRET"),
        json!({"request": {"url": "https://shop.example/"}}),
    ]}});
    let run = program::command("har", &["-", "--junit", "-"], har.to_string().as_bytes());
    assert_eq!((run.status, &*run.stderr), (Some(0), ""));
    let xml = run.stdout();
    let tags: Vec<&str> = xml.split('<').map(str::trim).collect();
    let of = |start: &str| -> Vec<&str> {
        let tags = tags.iter().copied();
        tags.filter(|tag| tag.starts_with(&format!("{start} ")))
            .collect()
    };
    for name in ["testsuites", "testsuite"] {
        let tag = of(name)[0];
        let counts = ["tests", "failures", "errors"].map(|count| attribute(tag, count));
        assert_eq!(counts, ["4", "2", "1"], "{name}");
    }
    assert_eq!(
        attribute(of("testsuite")[0], "timestamp"),
        "2026-11-27T15:17:14"
    );
    let tests: Vec<(&str, &str)> = of("testcase")
        .into_iter()
        .map(|tag| (attribute(tag, "classname"), attribute(tag, "name")))
        .collect();
    assert_eq!(
        tests,
        [
            ("shop.example", "GET https://shop.example/"),
            ("shop.example", "GET https://shop.example/ (2)"),
            ("shop.example", "POST http://shop.example:8080/%3C&amp;%3E"),
            ("recording", "entry 3"),
        ]
    );
    let failures: Vec<(&str, bool)> = of("failure")
        .into_iter()
        .map(|tag| {
            (
                attribute(tag, "type"),
                attribute(tag, "message").ends_with("(and 1 more)"),
            )
        })
        .collect();
    assert_eq!(
        failures,
        [("public-suffix", true), ("overlays-secure", false)]
    );
    let text = of("failure")[0].split_once('>').unwrap().1;
    let lines: Vec<&str> = text.split("&#10;").collect();
    assert!(lines[0].starts_with("line 1: public-suffix: #1 GET https://shop.example/: "));
    assert!(
        lines[1].starts_with("line 1: domain-mismatch: "),
        "{lines:?}"
    );
    // What may be expected and is not sent fails nothing.
    assert!(
        xml.contains("<system-out>line 1: secure-only: #2 POST "),
        "{xml}"
    );
    assert_eq!(
        attribute(of("error")[0], "message"),
        "the entry has no `response`"
    );
}
