//! `hardtack har` as it is built: recordings to output and exit status.

#![cfg(feature = "cli")]

mod program;
mod real_files;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use program::Run;
use serde_json::{Value, json};

fn har<Arg: AsRef<OsStr>>(args: &[Arg], stdin: &[u8]) -> Run {
    program::command("har", args, stdin)
}

/// Files of real programs, some of them damaged.
const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/files");

/// A place for what one test writes.
fn place(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("har_command");
    fs::create_dir_all(&folder).unwrap();
    folder.join(name)
}

/// A page over https, an image of another site in it, and a page over http. Every value is a secret, and one is in a
/// query.
fn recording() -> Vec<u8> {
    let entry = |at: u32, url: &str, fields: &[(&str, &str)], status: u32, lines: &[&str]| {
        let field = |(name, value): &(&str, &str)| json!({"name": name, "value": value});
        let fields: Vec<Value> = fields.iter().map(field).collect();
        let lines: Vec<Value> = lines
            .iter()
            .map(|line| field(&("Set-Cookie", line)))
            .collect();
        json!({
            "startedDateTime": format!("2026-11-27T15:17:{at}Z"), "time": 5, "pageref": "page_1",
            "request": {"method": "GET", "url": url, "headers": fields, "cookies": []},
            "response": {"status": status, "headers": lines, "cookies": []},
        })
    };
    let page = [
        ("Sec-Fetch-Dest", "document"),
        ("Sec-Fetch-Site", "none"),
        ("Cookie", "theme=SECRET1"),
    ];
    let image = [
        ("Sec-Fetch-Dest", "image"),
        ("Sec-Fetch-Mode", "no-cors"),
        ("Sec-Fetch-Site", "cross-site"),
        ("Referer", "https://shop.example/"),
    ];
    let over_http = [
        ("Upgrade-Insecure-Requests", "1"),
        ("Cookie", "theme=SECRET1"),
    ];
    let entries = [
        // The order of time is another one.
        entry(
            16,
            "https://tracker.example/p.gif?token=SECRET2",
            &image,
            200,
            &["uid=SECRET3; SameSite=Lax"],
        ),
        entry(
            14,
            "https://shop.example/login",
            &page,
            200,
            &[
                "sid=SECRET4; Path=/; Secure; HttpOnly; Max-Age=3600",
                "copy=SECRET4; Domain=example",
            ],
        ),
        entry(
            18,
            "http://shop.example/old",
            &over_http,
            301,
            &["sid=SECRET5; Path=/"],
        ),
    ];
    let har = json!({"log": {
        "version": "1.2",
        "creator": {"name": "WebInspector", "version": "537.36"},
        "entries": entries,
    }});
    format!("{har:#}").into_bytes()
}

#[test]
fn json_has_a_line_for_each_thing() {
    let run = har(&["-", "--json"], &recording());
    assert_eq!((run.status, &*run.stderr), (Some(0), ""));
    let lines = run.lines();
    assert_eq!(
        lines[0],
        json!({"recording": {
            "creator": "WebInspector 537.36", "entries": 3, "sanitized": false, "dialect": "chromium-156",
            "third_party_blocked": false, "notes": [],
        }})
    );
    let numbers: Vec<&Value> = lines[1..4].iter().map(|line| &line["entry"]).collect();
    assert_eq!(numbers, [1, 0, 2]);
    assert_eq!(
        lines[1],
        json!({
            "entry": 1, "time": "2026-11-27T15:17:14Z", "method": "GET", "url": "https://shop.example/login",
            "context": {"destination": "top-level", "cross_site_ancestor": false, "from": ["Sec-Fetch-Dest", "Sec-Fetch-Site"]},
            "recorded": ["theme"], "predicted": [], "agrees": false,
            "differences": [{
                "name": "theme", "recorded": true, "predicted": false, "reason": "adopted", "explained": true,
                "text": "it was there before, or was set by a script or by an answer that is not in the recording",
            }],
            "status": 200, "type": null, "page": "page_1", "frame": null, "redirected_from": null, "withheld": [],
            "set": [
                {
                    "index": 0, "name": "sid", "result": "stored",
                    "cookie": {"name": "sid", "domain": "shop.example", "host_only": true, "path": "/", "partition": null},
                    "stand_in": "B",
                },
                {
                    "index": 1, "name": "copy", "result": "rejected", "reason": "public-suffix", "section": "5.7", "step": 9,
                    "citation": "5.7 step 9.3.1", "dev_tools": "InvalidDomain", "stand_in": "B", "add": [],
                    "drop": ["Domain=example"],
                },
            ],
        })
    );
    assert_eq!(
        lines[2]["context"],
        json!({
            "site_for_cookies": "https://shop.example", "destination": "subresource",
            "top_level_site": "https://shop.example", "cross_site_ancestor": true,
            "from": ["Sec-Fetch-Dest", "Referer", "page", "Sec-Fetch-Site"],
        })
    );
    assert_eq!(
        lines[2]["set"][0]["add"],
        json!(["SameSite=None", "Secure"])
    );
    assert_eq!(
        lines[3]["withheld"],
        json!([{"name": "sid", "reason": "secure-only"}])
    );
    assert_eq!(lines[3]["set"][0]["reason"], "overlays-secure");
    assert_eq!(lines[3]["set"][0]["cookie"]["name"], "sid");
    assert_eq!(
        lines[4],
        json!({"summary": {
            "entries": 3, "with_cookies": 2, "agree": 2, "explained": 1, "unexplained": 0, "lines": 4, "refused": 3,
        }})
    );
    let mut cookies: Vec<Value> = lines[5..]
        .iter()
        .map(|line| line["cookie"].clone())
        .collect();
    for cookie in &mut cookies {
        cookie.as_object_mut().unwrap().remove("findings").unwrap();
    }
    assert_eq!(
        cookies,
        [
            json!({
                "name": "theme", "domain": "shop.example", "host_only": true, "path": "/", "partition": null,
                "party": "first", "asked_secs": null, "granted_secs": null, "secure": false, "http_only": false,
                "same_site": "default", "octets": 12, "set_by": "script-or-before", "first_seen": 1, "sent": 2,
            }),
            json!({
                "name": "sid", "domain": "shop.example", "host_only": true, "path": "/", "partition": null,
                "party": "first", "asked_secs": 3600, "granted_secs": 3600, "secure": true, "http_only": true,
                "same_site": "default", "octets": 10, "set_by": "http", "first_seen": 1, "sent": 0,
            }),
        ]
    );
}

#[test]
fn no_output_has_a_value_unless_it_is_asked_for() {
    let (html, sarif) = (place("values.html"), place("values.sarif"));
    let (html, sarif) = (html.to_str().unwrap(), sarif.to_str().unwrap());
    let outputs: [&[&str]; 8] = [
        &["-"],
        &["-", "--json"],
        &["-", "--github"],
        &["-", "--entry", "0"],
        &["-", "--entry", "1"],
        &["-", "--entry", "2"],
        &["-", "--junit", "-"],
        &["-", "--html", html, "--sarif", sarif],
    ];
    for args in outputs {
        let run = har(args, &recording());
        assert_eq!(run.status, Some(0), "{args:?}");
        assert!(
            !run.stdout().contains("SECRET"),
            "{args:?}: {}",
            run.stdout()
        );
        let shown = har(&[args, &["--values"]].concat(), &recording());
        // SARIF and annotations have no place for values, but URLs.
        let is_shown = shown.stdout().contains("SECRET") || shown.stdout().is_empty();
        assert!(is_shown, "{args:?}");
    }
    assert!(fs::read_to_string(html).unwrap().contains("SECRET4"));
    har(&["-", "--html", html, "--sarif", sarif], &recording());
    for path in [html, sarif] {
        let text = fs::read_to_string(path).unwrap();
        assert!(text.contains("sid") && !text.contains("SECRET"), "{path}");
    }
}

#[test]
fn a_redacted_recording_has_the_same_verdicts_and_no_value() {
    let (file, out) = (place("to redact.har"), place("redacted.har"));
    let text = String::from_utf8(recording()).unwrap();
    let secret = "\"Authorization\", \"value\": \"SECRET6\"}, {\"name\": \"Cookie\"";
    let text = text.replacen("\"Cookie\"", secret, 1);
    fs::write(&file, &text).unwrap();
    let _ = fs::remove_file(&out);
    let (path, redacted) = (file.to_str().unwrap(), out.to_str().unwrap());
    let run = har(&[path, "--redact", redacted], b"");
    assert_eq!((run.status, run.stdout()), (Some(0), ""));
    assert_eq!(
        run.stderr,
        format!(
            "note: {path}: only cookies are redacted: look at these fields before you share it: authorization\n"
        )
    );
    let new = fs::read_to_string(&out).unwrap();
    // Neither of these is the value of a cookie.
    let left: Vec<_> = new.matches("SECRET").collect();
    assert_eq!(left.len(), 2);
    assert!(new.contains("token=SECRET2") && new.contains("SECRET6"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(
            fs::metadata(&out).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
    let json = |path: &str| har(&[path, "--json"], b"").stdout().to_owned();
    assert_eq!(json(redacted), json(path));
    // To and from standard streams, and the report beside it where it is asked for.
    let run = har(&["-", "--redact", "-"], text.as_bytes());
    assert_eq!((run.status, run.stdout()), (Some(0), &*new));
    let run = har(&["-", "--redact", redacted, "--json"], text.as_bytes());
    assert_eq!(run.stdout(), json(path));
}

#[test]
fn a_recording_is_not_redacted_over_itself() {
    let file = place("itself.har");
    fs::write(&file, recording()).unwrap();
    let path = file.to_str().unwrap();
    let roundabout = file.parent().unwrap().join("../har_command/itself.har");
    let (out, none) = (place("none.har"), place("no/such/folder.har"));
    let (out, none) = (out.to_str().unwrap(), none.to_str().unwrap());
    let _ = fs::remove_file(out);
    let curl = b"> GET / HTTP/1.1\n> Host: shop.example\n>\n< HTTP/1.1 200 OK\n< Set-Cookie: a=SECRET\n<\n";
    let rows: &[(&[&str], &[u8], &str)] = &[
        (&[path, "--redact", path], b"", "it would be written over"),
        (
            &[path, "--redact", roundabout.to_str().unwrap()],
            b"",
            "it would be written over",
        ),
        (&[path, path, "--redact", out], b"", "name one recording"),
        (&["-", "--redact", out], curl, "only a HAR can be redacted"),
        (&[path, "--redact", none], b"", "folder"),
    ];
    for (args, stdin, why) in rows {
        let run = har(args, stdin);
        assert_eq!((run.status, run.stdout()), (Some(2), ""), "{args:?}");
        assert!(run.stderr.contains(why), "{args:?}: {}", run.stderr);
        assert!(!run.stderr.contains("SECRET"), "{args:?}: {}", run.stderr);
    }
    assert_eq!(fs::read(&file).unwrap(), recording());
    assert!(!Path::new(out).exists());
}

#[test]
fn nothing_is_written_over_a_recording_or_another_output() {
    let (file, other, out) = (place("own.har"), place("other.har"), place("one.out"));
    for file in [&file, &other] {
        fs::write(file, recording()).unwrap();
    }
    let roundabout = file.parent().unwrap().join("../har_command/own.har");
    let mut names = vec![file.clone(), roundabout];
    #[cfg(unix)]
    {
        let (soft, hard) = (place("soft.har"), place("hard.har"));
        for link in [&soft, &hard] {
            let _ = fs::remove_file(link);
        }
        std::os::unix::fs::symlink(&file, &soft).unwrap();
        fs::hard_link(&file, &hard).unwrap();
        names.extend([soft, hard]);
    }
    let (file, other) = (file.to_str().unwrap(), other.to_str().unwrap());
    let around = out.parent().unwrap().join("../har_command/one.out");
    let (out, around) = (out.to_str().unwrap(), around.to_str().unwrap());
    let _ = fs::remove_file(out);
    let mut rows: Vec<(Vec<&str>, &str)> = vec![
        (vec![file, other, "--html", out], "--html writes one file"),
        (
            vec![file, other, "--redact", out],
            "--redact writes one file",
        ),
        (
            vec![file, "--html", out, "--junit", around],
            "--junit would write where --html goes",
        ),
        (
            vec![file, "--sarif", out, "--redact", out],
            "--redact would write where --sarif goes",
        ),
        (
            vec![file, "--sarif", "-", "--junit", "-"],
            "--junit would write where --sarif goes",
        ),
        (
            vec![file, "--redact", "-", "--json"],
            "--redact would write where what is printed goes",
        ),
        (
            vec![file, "--html", "-", "--entry", "0"],
            "--html would write where what is printed goes",
        ),
    ];
    for option in ["--html", "--sarif", "--junit", "--redact"] {
        for name in &names {
            let args = vec![file, option, name.to_str().unwrap()];
            rows.push((args, "it would be written over"));
        }
        rows.push((
            vec![names[1].to_str().unwrap(), option, file],
            "it would be written over",
        ));
    }
    for option in ["--sarif", "--junit"] {
        rows.push((
            vec![other, file, option, file],
            "own.har: it would be written over",
        ));
    }
    for (args, why) in rows {
        let run = har(&args, b"");
        assert_eq!((run.status, run.stdout()), (Some(2), ""), "{args:?}");
        assert!(run.stderr.contains(why), "{args:?}: {}", run.stderr);
        assert_eq!(fs::read(file).unwrap(), recording(), "{args:?}");
        assert!(!Path::new(out).exists(), "{args:?}");
    }
    let all = har(&[file, "--sarif", out, "--junit", "-"], b"");
    assert_eq!(all.status, Some(0), "{}", all.stderr);
    assert!(all.stdout().starts_with("<?xml") && Path::new(out).exists());
}

/// 1 is for `--fail-on`.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_exit_status_of_2() {
    let file = place("for a full disk.har");
    fs::write(&file, recording()).unwrap();
    let path = file.to_str().unwrap();
    for args in [
        &["--json"][..],
        &["--redact", "-"],
        &["--junit", "-"],
        &["--html", "/dev/full"],
    ] {
        let full = fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let run = std::process::Command::new(env!("CARGO_BIN_EXE_hardtack"))
            .args(["har", path])
            .args(args)
            .stdout(full)
            .output()
            .unwrap();
        let said = String::from_utf8(run.stderr).unwrap();
        assert_eq!(run.status.code(), Some(2), "{args:?}: {said}");
        assert!(said.contains("cannot be written"), "{args:?}: {said}");
    }
}

#[test]
fn names_of_fields_are_escaped() {
    let har_of = br#"{"log": {"entries": [{"request": {"url": "https://shop.example/", "headers": [
        {"name": "x-token\u001b[31m\n", "value": "1"}, {"name": "Cookie", "value": "a=1"}]}, "response": {}}]}}"#;
    let run = har(&["-", "--redact", "-"], har_of);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    assert!(run.stderr.contains("x-token") && !run.stderr.contains('\u{1b}'));
    assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
}

#[test]
fn exit_statuses() {
    let good = br#"{"log": {"entries": [{"request": {"method": "GET", "url": "https://shop.example/"},
        "response": {"headers": [{"name": "Set-Cookie", "value": "theme=1; Secure; SameSite=Lax"}]}}]}}"#;
    // What a fetch has set was ignored, but the cookie is sent.
    let ignored = br#"{"log": {"browser": {"name": "chromium", "version": "156"}, "entries": [
        {"startedDateTime": "2026-11-27T00:00:01Z", "request": {"method": "GET", "url": "https://shop.example/", "headers": [
            {"name": "Sec-Fetch-Dest", "value": "empty"}, {"name": "Sec-Fetch-Mode", "value": "cors"},
            {"name": "Sec-Fetch-Site", "value": "same-origin"}]},
        "response": {"status": 200, "headers": [{"name": "Set-Cookie", "value": "theme=1"}]}},
        {"startedDateTime": "2026-11-27T00:00:09Z", "request": {"method": "GET", "url": "https://shop.example/", "headers": [
            {"name": "Cookie", "value": "theme=2"}]},
        "response": {"status": 200, "headers": []}}]}}"#;
    let rows: [(&[&str], &[u8], i32); 9] = [
        (&["-"], &recording(), 0),
        (&["-", "--fail-on", "refused"], &recording(), 1),
        (&["-", "--fail-on", "not-sent"], &recording(), 1),
        (&["-", "--fail-on", "unexplained"], &recording(), 0),
        (&["-", "--fail-on", "not-sent"], ignored, 0),
        (&["-", "--fail-on", "error"], good, 0),
        (&["-", "--entry", "7"], good, 2),
        (&["-", "--fail-on", "x"], good, 2),
        (&["no/such/file.har"], b"", 2),
    ];
    for (args, stdin, status) in rows {
        let run = har(args, stdin);
        assert_eq!(run.status, Some(status), "{args:?}: {}", run.stderr);
    }
}

#[test]
fn a_sanitized_recording_is_no_recording_without_cookies() {
    let sanitized = br#"{"log": {"entries": [{"request": {"method": "GET", "url": "https://shop.example/", "headers": []},
        "response": {"status": 200, "headers": []}}]}}"#;
    let run = har(&["-"], sanitized);
    assert_eq!(run.status, Some(2));
    assert!(run.stderr.contains("with sensitive data"), "{}", run.stderr);
    let run = har(&["-", "--json", "--allow-sanitized"], sanitized);
    assert_eq!(run.status, Some(0));
    assert_eq!(run.lines()[0]["recording"]["sanitized"], true);
}

#[test]
fn a_sarif_result_points_at_the_line_of_its_set_cookie() {
    let (file, sarif) = (place("a b.har"), place("lines.sarif"));
    fs::write(&file, recording()).unwrap();
    har(
        &[file.as_os_str(), "--sarif".as_ref(), sarif.as_os_str()],
        b"",
    );
    let sarif: Value = serde_json::from_slice(&fs::read(sarif).unwrap()).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    let text = String::from_utf8(recording()).unwrap();
    let run = &sarif["runs"][0];
    let results = run["results"].as_array().unwrap();
    let told: Vec<(&str, &str)> = results
        .iter()
        .map(|result| {
            let location = &result["locations"][0]["physicalLocation"];
            assert!(
                location["artifactLocation"]["uri"]
                    .as_str()
                    .unwrap()
                    .ends_with("/a%20b.har")
            );
            let line = location["region"]["startLine"].as_u64().unwrap();
            let line = text
                .lines()
                .nth(usize::try_from(line).unwrap() - 1)
                .unwrap();
            let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(run["tool"]["driver"]["rules"][rule]["id"], result["ruleId"]);
            (result["ruleId"].as_str().unwrap(), line.trim())
        })
        .collect();
    assert_eq!(
        told,
        [
            (
                "public-suffix",
                "\"value\": \"copy=SECRET4; Domain=example\""
            ),
            (
                "same-site-cross-site",
                "\"value\": \"uid=SECRET3; SameSite=Lax\""
            ),
            ("overlays-secure", "\"value\": \"sid=SECRET5; Path=/\""),
            ("secure-only", "{"),
        ]
    );
}

#[test]
fn nothing_of_a_recording_is_html() {
    let hostile = "\"><img src=x onerror=alert(1)></script><script>alert(2)</script><!--";
    let entry = json!({
        "pageref": hostile, "_frameref": hostile, "_resourceType": hostile,
        "request": {"method": hostile, "url": format!("https://shop.example/{hostile}"),
            "headers": [{"name": "Cookie", "value": format!("{hostile}={hostile}; __proto__=1")}]},
        "response": {"status": 200, "headers": [
            {"name": "Set-Cookie", "value": format!("{hostile}; Domain={hostile}")},
            {"name": "Set-Cookie", "value": format!("a=1; Path=/{hostile}; Domain={hostile}")},
        ]},
    });
    let har_text =
        json!({"log": {"creator": {"name": hostile, "version": hostile}, "entries": [entry]}});
    let html = place("hostile.html");
    let run = har(
        &["-".as_ref(), "--html".as_ref(), html.as_os_str()],
        har_text.to_string().as_bytes(),
    );
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    let page = fs::read_to_string(html).unwrap();
    assert!(!page.contains("<img") && !page.contains("<script>alert"));
    // The style, the data and the script, and nothing else.
    assert_eq!(page.matches("<script").count(), 2);
    assert_eq!(page.matches("</script").count(), 2);
    assert_eq!(page.matches("<!--").count(), 0);
    assert!(page.len() < 400_000);
}

#[test]
fn the_page_allows_its_own_script_and_style_only() {
    let html = place("policy.html");
    har(
        &["-".as_ref(), "--html".as_ref(), html.as_os_str()],
        &recording(),
    );
    let page = fs::read_to_string(html).unwrap();
    let between = |start: &str, end: &str| {
        let (_, after) = page.split_once(start).unwrap();
        after.split_once(end).unwrap().0
    };
    let policy = between("Content-Security-Policy\" content=\"", "\"");
    for (directive, text) in [
        ("script-src", between("<script>", "</script>")),
        ("style-src", between("<style>", "</style>")),
    ] {
        let hash = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
        let hash = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, hash);
        let expected = format!("{directive} 'sha256-{hash}';");
        assert!(
            policy.contains(&expected),
            "the page needs {expected}, and has {policy}"
        );
    }
    assert!(policy.starts_with("default-src 'none';"));
    assert!(
        !page.contains("http://") || !page.contains("src=\"http"),
        "the page needs no network"
    );
}

/// An entry of a page that sends a cookie and sets one.
fn page(second: u32) -> Value {
    json!({
        "startedDateTime": format!("2026-11-27T15:17:{second}Z"), "time": 5,
        "request": {"method": "GET", "url": "https://shop.example/", "headers": [
            {"name": "Sec-Fetch-Dest", "value": "document"}, {"name": "Sec-Fetch-Site", "value": "none"},
            {"name": "Cookie", "value": "sid=SECRET"}]},
        "response": {"status": 200, "headers": [{"name": "Set-Cookie", "value": "sid=SECRET; Path=/; Secure"}]},
    })
}

fn har_of(entries: &[Value]) -> String {
    json!({"log": {"creator": {"name": "Firefox", "version": "153"}, "entries": entries}})
        .to_string()
}

/// The page with another member, at its path.
fn page_with(path: &str, member: Value) -> Value {
    let mut page = page(10);
    *page.pointer_mut(path).unwrap() = member;
    page
}

/// What becomes of an input.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Outcome {
    /// So many entries are replayed.
    Replayed(usize),
    /// So many are replayed, and the exit status says that it is damaged.
    Cut(usize),
    Refused,
}

use Outcome::{Cut, Refused, Replayed};

/// What it is, the input, what becomes of it, and what is said of it.
type Row<'r> = (&'r str, String, Outcome, &'r str);

fn hold(rows: Vec<Row<'_>>) {
    for (what, input, outcome, said) in rows {
        let status = if matches!(outcome, Replayed(_)) { 0 } else { 2 };
        let run = har(&["-"], input.as_bytes());
        assert_eq!(run.status, Some(status), "{what}: {}", run.stderr);
        assert_eq!(run.stderr.is_empty(), status == 0, "{what}: {}", run.stderr);
        // The text is wrapped.
        let text = run.stdout().split_whitespace().collect::<Vec<_>>();
        let text = text.join(" ");
        let told = if status == 0 { &text } else { &run.stderr };
        assert!(told.contains(said), "{what}: {told}");
        assert!(!format!("{told}{text}").contains("SECRET"), "{what}");
        let (Replayed(entries) | Cut(entries)) = outcome else {
            assert!(text.is_empty(), "{what}: {text}");
            continue;
        };
        let lines = har(&["-", "--json"], input.as_bytes()).lines();
        let mut summaries = lines.iter().filter_map(|line| line.get("summary"));
        let summary = summaries.next().unwrap();
        assert_eq!(summary["entries"], entries, "{what}");
        assert_eq!(summary["unexplained"], 0, "{what}");
        // What is damaged is told with what is shown of it.
        let notes = lines[0]["recording"]["notes"].to_string();
        let is_told = [&*notes, &*text].map(|told| told.contains(" whole and "));
        assert_eq!(is_told, [status == 2; 2], "{what}: {notes}");
    }
}

const SHAPE: &str = "the entry is not of the shape of HAR 1.2";
const NO_LIST: &str = "the recording has no list `log.entries`: export it again";
const NO_RECORDING: &str = "it is no recording: neither a HAR";

#[test]
fn bad_documents() {
    let good = har_of(&[page(10), page(11)]);
    let replaced = |old: &str, new: &str| good.replacen(old, new, 1);
    hold(vec![
        ("whole", good.clone(), Replayed(2), ""),
        ("with a mark", format!("\u{feff}{good}"), Replayed(2), ""),
        (
            "cut off in the second entry",
            good[..good.len() - 200].to_owned(),
            Cut(1),
            "the JSON ends early, at line 1, column 552: the file was cut off, so save or copy it again; \
             its first entry was whole and is all that is replayed",
        ),
        (
            "cut off behind the second entry",
            good[..good.len() - 3].to_owned(),
            Cut(2),
            "its first 2 entries were whole and are all that is replayed",
        ),
        (
            "cut off in the first entry",
            good[..100].to_owned(),
            Refused,
            "at line 1, column 100: the file was cut off",
        ),
        (
            "one comma too many",
            replaced("},{\"startedDateTime", "},,{\"startedDateTime"),
            Cut(1),
            "it is not JSON at line 1, column 408: expected value; its first entry was whole",
        ),
        (
            "more behind it",
            format!("{good}x"),
            Cut(2),
            "trailing characters; its first 2 entries were whole",
        ),
        (
            "half of a character",
            replaced("=SECRET", "=\\ud800SECRET"),
            Refused,
            "unexpected end of hex escape",
        ),
        (
            "a HAR without entries",
            har_of(&[]),
            Replayed(0),
            "Nothing was recorded",
        ),
        (
            "entries that are no list",
            "{\"log\":{\"entries\":{}}}".to_owned(),
            Refused,
            NO_LIST,
        ),
        (
            "another object",
            "{\"cookies\":[]}".to_owned(),
            Refused,
            NO_LIST,
        ),
        ("a list", "[1]".to_owned(), Refused, NO_RECORDING),
        (
            "a page",
            "<!doctype html>".to_owned(),
            Refused,
            NO_RECORDING,
        ),
        ("nothing", String::new(), Refused, "it is empty"),
    ]);
}

#[test]
fn bad_entries() {
    let with = |path: &str, member: Value| har_of(&[page_with(path, member), page(11)]);
    let back = [15, 16, 14, 17].map(|hour| {
        let time = format!("2026-11-27T{hour}:17:10Z");
        page_with("/startedDateTime", time.into())
    });
    let none = vec![json!(1); 1_000];
    let url = "/request/url";
    hold(vec![
        (
            "no request",
            har_of(&[page_with("/request", Value::Null), page(11)]),
            Replayed(1),
            "entry 0 is left out: the entry has no `request`",
        ),
        (
            "no response",
            har_of(&[page(10), page_with("/response", Value::Null)]),
            Replayed(1),
            "entry 1 is left out: the entry has no `response`",
        ),
        (
            "no time",
            with("/startedDateTime", Value::Null),
            Replayed(2),
            "entries that do not say when they began: 1",
        ),
        (
            "no instant",
            with("/startedDateTime", json!("yesterday")),
            Replayed(2),
            "entries that do not say when they began: 1",
        ),
        (
            "no URL",
            with(url, json!("shop")),
            Replayed(1),
            "entry 0 is left out: its `url` is not a URL",
        ),
        (
            "no host",
            with(url, json!("about:blank")),
            Replayed(1),
            "entry 0 is left out: its `url` has no host",
        ),
        (
            "a URL without cookies",
            with(url, json!("data:,1")),
            Replayed(1),
            "",
        ),
        (
            "things that are no entries",
            har_of(&[Value::Null, json!(1), json!([]), page(10)]),
            Replayed(1),
            SHAPE,
        ),
        (
            "no entries but such",
            har_of(&none),
            Refused,
            "none of its entries can be read; the first, entry 0: ",
        ),
        (
            "many such",
            har_of(&[&*none, &[page(10)]].concat()),
            Replayed(1),
            "entries that are left out beside these: 980",
        ),
        (
            "the same entry thrice",
            har_of(&[page(10), page(10), page(10)]),
            Replayed(3),
            "",
        ),
        ("a clock that goes back", har_of(&back), Replayed(4), ""),
    ]);
}

#[test]
fn absurd_sizes_and_depths() {
    let good = har_of(&[page(10), page(11)]);
    let with = |path: &str, member: Value| har_of(&[page_with(path, member), page(11)]);
    let replaced = |old: &str, new: &str| good.replacen(old, new, 1);
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let deep_objects = format!("{}1{}", "{\"a\":".repeat(200_000), "}".repeat(200_000));
    hold(vec![
        (
            "an absurd duration",
            with("/time", json!(1e300)),
            Replayed(2),
            "",
        ),
        (
            "a number beyond all",
            good.replace("\"time\":5", "\"time\":-1e999999"),
            Replayed(2),
            "",
        ),
        (
            "the end of time",
            with("/startedDateTime", json!("9999-12-31T23:59:59Z")),
            Replayed(2),
            "",
        ),
        (
            "a long value",
            with(
                "/response/headers/0/value",
                json!(format!("sid={}", "x".repeat(3_000_000))),
            ),
            Replayed(2),
            "too-long (1 line)",
        ),
        (
            "many lines",
            with(
                "/response/headers/0/value",
                json!("a=1; Domain=example\n".repeat(5_000)),
            ),
            Replayed(2),
            "5000 of 5001",
        ),
        (
            "a deep body",
            replaced(
                "\"time\":5",
                &format!("\"own\":{deep},\"other\":{deep_objects}"),
            ),
            Replayed(2),
            "",
        ),
        (
            "a deep URL",
            replaced("\"https://shop.example/\"", &deep),
            Replayed(1),
            SHAPE,
        ),
        (
            "a deep field",
            replaced("\"headers\":[", &format!("\"headers\":[{deep_objects},")),
            Replayed(1),
            SHAPE,
        ),
        (
            "deep entries",
            format!("{{\"log\":{{\"entries\":{deep}}}}}"),
            Refused,
            "none of its entries can be read",
        ),
        (
            "a deep log",
            format!("{{\"log\":{deep_objects}}}"),
            Refused,
            NO_LIST,
        ),
        (
            "depth without end",
            "[".repeat(1_000_000),
            Refused,
            NO_RECORDING,
        ),
    ]);
}

#[test]
fn damaged_files_of_real_programs() {
    if !real_files::are_there(FILES) {
        return;
    }
    let rows = [
        (
            "har-truncated.har",
            Some(2),
            7,
            "at line 1, column 20000: the file was cut off",
        ),
        (
            "har-bad-entries.har",
            Some(0),
            6,
            "entry 2 is left out: its `url` has no host",
        ),
        (
            "har-cookies-without-headers.har",
            Some(0),
            8,
            "only in the lists `cookies`",
        ),
    ];
    for (name, status, entries, note) in rows {
        let path = format!("{FILES}/broken/{name}");
        let run = har(&[&*path, "--json"], b"");
        assert_eq!(run.status, status, "{name}");
        let lines = run.lines();
        let notes = lines[0]["recording"]["notes"].to_string();
        assert!(notes.contains(note), "{name}: {notes}");
        let mut summaries = lines.iter().filter_map(|line| line.get("summary"));
        assert_eq!(summaries.next().unwrap()["entries"], entries, "{name}");
    }
    // A test of its end fails too.
    let path = format!("{FILES}/broken/har-truncated.har");
    let run = har(&[&*path, "--junit", "-"], b"");
    assert_eq!(run.status, Some(2));
    assert!(
        run.stdout().contains("name=\"the end\""),
        "{}",
        run.stdout()
    );
}
