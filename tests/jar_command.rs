//! `hardtack jar` as it is built: files to output and exit status.

#![cfg(feature = "cli")]

mod program;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use program::Run;
use serde_json::{Value, json};

const NOW: &str = "2026-11-27T16:00:00Z";

/// A file with a bit of everything that cookies.txt has.
const COOKIES: &str = "# Netscape HTTP Cookie File\n\
    #HttpOnly_shop.example\tFALSE\t/\tTRUE\t0\tsid\tsecret-31d4\n\
    .shop.example\tTRUE\t/\tFALSE\t1800000000\ttheme\tsecret-dark\n\
    shop.example\tFALSE\t/\tFALSE\t1700000000\told\tsecret-old\n\
    .example\tTRUE\t/\tFALSE\t0\tad\tsecret-ad\n\
    shop.example\tFALSE\t/\n";

/// Runs `hardtack jar`.
fn jar<Arg: AsRef<OsStr>>(args: &[Arg], stdin: &[u8]) -> Run {
    program::command("jar", args, stdin)
}

/// A folder of one test, empty.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("jar-{name}"));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    fn file(&self, name: &str, octets: impl AsRef<[u8]>) -> String {
        fs::write(self.0.join(name), octets).unwrap();
        self.path(name)
    }
}

#[test]
fn list_says_what_the_file_says() {
    let run = jar(&["list", "--json", "--now", NOW, "-"], COOKIES.as_bytes());
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    let lines = run.lines();
    assert_eq!(
        lines[0],
        json!({
            "place": { "line": 2 }, "name": "sid", "value_octets": 11, "domain": "shop.example",
            "host_only": true, "path": "/", "secure": true, "http_only": true, "same_site": null,
            "expires": null, "partition": null, "kept": true, "notes": [],
        })
    );
    assert_eq!(lines[1]["expires"], "2027-01-15T08:00:00Z");
    assert_eq!(lines[1]["host_only"], false);
    let reasons: Vec<&Value> = lines.iter().map(|line| &line["reason"]).collect();
    let none = Value::Null;
    assert_eq!(
        reasons,
        [
            &none,
            &none,
            &json!("expired"),
            &json!("public-suffix"),
            &json!("unreadable")
        ]
    );
    assert_eq!(
        lines[4],
        json!({
            "place": { "line": 6 }, "kept": false, "reason": "unreadable",
            "notes": [{ "kind": "unreadable", "text": "the line has 3 of the seven fields" }],
        })
    );
}

#[test]
fn the_table_fits_80_columns() {
    let start =
        "# Netscape HTTP Cookie File\n#HttpOnly_shop.example\tFALSE\t/\tFALSE\t0\tescape\x1b\t1\n";
    let line = |domain: &str, path: &str, expires: &str, name: &str| {
        format!("{domain}\tFALSE\t{path}\tFALSE\t{expires}\t{name}\t1\n")
    };
    let long = "long".repeat(40);
    let file = [
        start.to_owned(),
        line("shop.example", "/", "1", "old"),
        line("shop.example", "", "0", "no-path"),
        line("shop.example", "/", "0", "two="),
        line("shop.example", "/", "0", "__Secure-a"),
        line("a b", "/", "0", "space"),
        line("shop.example", "/", "0", "twin").repeat(2),
        line(
            &format!("{}.example", &long[..60]),
            &format!("/{long}"),
            "0",
            &long,
        ),
        "shop.example\n".to_owned(),
    ]
    .concat();
    let run = jar(&["list", "--now", NOW, "-"], file.as_bytes());
    let is_long = |line: &&str| line.chars().count() > 80;
    assert_eq!(run.stdout().lines().find(is_long), None);
    assert!(
        run.stdout().contains("  escape\\u{1b} "),
        "{}",
        run.stdout()
    );
    assert!(
        run.stdout().contains("10 cookies, 2 kept;"),
        "{}",
        run.stdout()
    );
}

#[test]
fn values_are_shown_if_asked_for() {
    let folder = Folder::new("values");
    let file = folder.file("cookies.txt", COOKIES);
    let other = folder.file("other.txt", COOKIES.replace("secret", "hidden"));
    let out = folder.path("out.txt");
    let commands: [&[&str]; 6] = [
        &["list", &file],
        &["list", "--json", &file],
        &["check", &file],
        &["check", "--json", &file],
        &["diff", &file, &other],
        &["convert", "--json", &file, &out],
    ];
    for command in commands {
        let run = jar(command, b"");
        let printed = format!("{}{}", run.stdout(), run.stderr);
        assert!(!printed.contains("secret"), "{command:?}: {printed}");
        assert!(!printed.is_empty(), "{command:?}");
    }
    let run = jar(&["list", "--json", "--values", &file], b"");
    assert_eq!(run.lines()[0]["value"], "secret-31d4");
    let run = jar(&["list", "--values", &file], b"");
    assert!(run.stdout().contains("secret-31d4"), "{}", run.stdout());
    let run = jar(&["diff", "--json", "--values", &file, &other], b"");
    assert_eq!(run.lines()[0]["value_before"], "secret-ad");
}

#[test]
fn exit_statuses() {
    let folder = Folder::new("exit");
    let clean = folder.file(
        "clean.txt",
        &COOKIES[..COOKIES.find("shop.example\tFALSE\t/\tFALSE").unwrap()],
    );
    let notes = folder.file("notes.txt", COOKIES);
    let expired = folder.file(
        "expired.txt",
        "#HttpOnly_a.test\tFALSE\t/\tFALSE\t1700000000\ta\t1\n",
    );
    let html = folder.file("page.txt", "<html><body>Log in</body></html>");
    let empty = folder.file("empty.txt", "");
    let missing = folder.path("missing.txt");
    let out = folder.path("out.txt");
    let directory = folder.path(".");
    let url = "--url=https://shop.example/";
    let rows: &[(&[&str], i32)] = &[
        (&["list", &clean], 0),
        (&["list", &notes], 0),
        (&["list", &empty], 0),
        (&["list", &html], 2),
        (&["list", &missing], 2),
        (&["list", &directory], 2),
        (&["list", "--from", "cdp", &clean], 2),
        (&["list"], 2),
        (&["check", &clean], 0),
        (&["check", &notes], 1),
        (&["check", &empty], 0),
        (&["check", &html], 2),
        (&["diff", &clean, &clean], 0),
        (&["diff", &clean, &notes], 1),
        (&["diff", &clean, &missing], 2),
        (&["diff", "--now", NOW, &clean, &clean], 0),
        (&["send", &clean, url], 0),
        (&["send", "--values", &clean, url], 0),
        (&["send", &empty, url], 0),
        (&["send", &html, url], 2),
        (&["send", &clean], 2),
        (&["convert", &clean, &out], 0),
        (&["convert", &expired, &out], 0),
        (&["convert", &notes, &out], 1),
        (&["convert", &html, &out], 2),
        (&["convert", &clean, "-"], 2),
        (&["convert", "--to", "har", &clean, &out], 2),
    ];
    for (args, status) in rows {
        let run = jar(args, b"");
        assert_eq!(run.status, Some(*status), "{args:?}: {}", run.stderr);
        let is_error = run.stderr.starts_with("error: ");
        assert_eq!(is_error, *status == 2, "{args:?}: {}", run.stderr);
        if *status == 2 {
            assert!(run.stdout().is_empty(), "{args:?}: {}", run.stdout());
        }
    }
}

/// An exit status of 1 would say that there are notes, or differences, or that a cookie was left out.
#[cfg(target_os = "linux")]
#[test]
fn an_output_that_is_full_is_an_error() {
    let folder = Folder::new("full");
    let notes = folder.file("notes.txt", COOKIES);
    let url = "--url=https://shop.example/";
    for args in [
        &["list", &notes][..],
        &["check", &notes],
        &["diff", &notes, "/dev/null"],
        &["send", &notes, url],
        &["convert", "--to", "cdp", &notes, "-"],
    ] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_hardtack"));
        let full = fs::OpenOptions::new().write(true).open("/dev/full");
        let run = child.arg("jar").args(args).stdout(full.unwrap()).output();
        let run = run.unwrap();
        let message = String::from_utf8_lossy(&run.stderr);
        assert_eq!(run.status.code(), Some(2), "{args:?}: {message}");
        assert!(message.contains("error: standard output cannot be written: "));
    }
}

#[test]
fn send_prints_the_cookie_string_alone() {
    let run = jar(
        &["send", "-", "--url", "http://shop.example/", "--now", NOW],
        COOKIES.as_bytes(),
    );
    assert_eq!(run.stdout(), "theme=secret-dark\n");
    assert!(
        run.stderr.contains("not sent: sid of shop.example/"),
        "{}",
        run.stderr
    );
    let run = jar(
        &["send", "-", "--url", "https://other.test/", "--now", NOW],
        COOKIES.as_bytes(),
    );
    assert_eq!(run.stdout(), "");
    let run = jar(
        &[
            "send",
            "--json",
            "-",
            "--url",
            "http://shop.example/",
            "--now",
            NOW,
        ],
        COOKIES.as_bytes(),
    );
    assert_eq!(
        run.lines(),
        [json!({
            "cookie": "theme=secret-dark",
            "cookies": [
                { "name": "theme", "domain": "shop.example", "path": "/", "sent": true },
                { "name": "sid", "domain": "shop.example", "path": "/", "sent": false, "reason": "secure-only" },
            ],
        })]
    );
}

#[test]
fn convert_leaves_out_what_the_other_format_cannot_hold() {
    let folder = Folder::new("convert");
    let state = folder.file(
        "storage-state.json",
        json!({
            "cookies": [
                { "name": "a", "value": "1", "domain": "shop.example", "path": "/", "expires": -1,
                  "httpOnly": true, "secure": true, "sameSite": "Strict" },
                { "name": "p", "value": "2", "domain": "chat.example", "path": "/", "expires": -1,
                  "httpOnly": false, "secure": true, "sameSite": "None",
                  "partitionKey": "https://news.test", "_crHasCrossSiteAncestor": true },
            ],
            "origins": [{ "origin": "https://shop.example", "localStorage": [] }],
        })
        .to_string(),
    );
    let out = folder.path("out.txt");
    let run = jar(&["convert", "--json", &state, &out], b"");
    assert_eq!(run.status, Some(1), "{}", run.stderr);
    let told = &run.lines()[0];
    assert_eq!(told["left_out"][0]["reason"], "partition");
    assert_eq!(told["lost"], json!([{ "loss": "same-site", "cookies": 1 }]));
    let file = fs::read_to_string(&out).unwrap();
    assert_eq!(
        file,
        "# Netscape HTTP Cookie File\n#HttpOnly_shop.example\tFALSE\t/\tTRUE\t0\ta\t1\n"
    );
    let run = jar(&["convert", "--lossy", "partition", &state, &out], b"");
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    assert!(fs::read_to_string(&out).unwrap().contains("\tp\t2\n"));
    assert!(
        run.stderr.contains("lost: its partition of 1 cookie"),
        "{}",
        run.stderr
    );
    let run = jar(&["convert", &state, &state], b"");
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    let again: Value = serde_json::from_str(&fs::read_to_string(&state).unwrap()).unwrap();
    assert_eq!(again["origins"][0]["origin"], "https://shop.example");
}

#[test]
fn diff_tells_identities() {
    let folder = Folder::new("diff");
    let before = "a.test\tFALSE\t/\tFALSE\t0\tone\t1\na.test\tFALSE\t/\tFALSE\t0\ttwo\t2\n";
    let after = "a.test\tFALSE\t/\tTRUE\t1900000000\ttwo\t3\n.a.test\tTRUE\t/\tFALSE\t0\tone\t1\n";
    let (before, after) = (
        folder.file("before.txt", before),
        folder.file("after.txt", after),
    );
    let run = jar(&["diff", "--json", &before, &after], b"");
    let told: Vec<(Value, Value, Value)> = run
        .lines()
        .iter()
        .map(|line| {
            (
                line["change"].clone(),
                line["name"].clone(),
                line["fields"].clone(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (json!("removed"), json!("one"), Value::Null),
            (
                json!("changed"),
                json!("two"),
                json!(["value", "secure", "expires"])
            ),
            (json!("added"), json!("one"), Value::Null),
        ]
    );
    let run = jar(&["diff", &before, &after], b"");
    assert_eq!(
        run.stdout(),
        "- one of a.test/\n~ two of a.test/: value, secure, expires\n+ one of .a.test/\n"
    );
}

/// A line that tells of a removal is neither a cookie nor a line that cannot be read.
#[test]
fn a_removal_is_not_listed() {
    let folder = Folder::new("removal");
    let file = folder.path("jar.jsonl");
    let url = "--url=https://shop.example/";
    let run = jar(&["receive", &file, url, "--now", NOW, "a=1", "b=1"], b"");
    assert_eq!(run.stdout(), "stored a\nstored b\n");
    jar(&["receive", &file, url, "--now", NOW, "a=; Max-Age=0"], b"");
    assert!(fs::read_to_string(&file).unwrap().contains("removed"));
    let run = jar(&["list", "--json", "--now", NOW, &file], b"");
    let names: Vec<String> = run
        .lines()
        .iter()
        .map(|line| line["name"].to_string())
        .collect();
    assert_eq!((run.status, names), (Some(0), vec!["\"b\"".to_owned()]));
    let run = jar(&["check", &file], b"");
    assert_eq!(run.status, Some(0), "{}", run.stdout());
}

#[test]
fn receive_saves_the_file_in_its_own_format() {
    let folder = Folder::new("receive");
    let url = "--url=https://shop.example/login";
    let lines = [
        "sid=31d4; Secure; HttpOnly",
        "theme=dark; Domain=shop.example; Max-Age=60",
    ];
    for (name, from, first) in [
        ("cookies.txt", "netscape", "# Netscape HTTP Cookie File"),
        (
            "jar.jsonl",
            "hardtack",
            "{\"format\":\"hardtack\",\"version\":1}",
        ),
    ] {
        let file = folder.path(name);
        let args = ["receive", &file, url, "--now", NOW];
        let run = jar(&[&args[..], &lines].concat(), b"");
        assert_eq!(run.status, Some(0), "{}", run.stderr);
        assert_eq!(run.stdout(), "stored sid\nstored theme\n");
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(text.lines().next(), Some(first));
        let response = b"HTTP/1.1 200 OK\r\nSet-Cookie: sid=2; Secure\r\nset-cookie: ad=1; Domain=example\r\n\r\n";
        let run = jar(&[&args[..], &["--json"]].concat(), response);
        assert_eq!(run.status, Some(1), "{}", run.stderr);
        let results: Vec<String> = run
            .lines()
            .iter()
            .map(|line| format!("{} {} {}", line["name"], line["result"], line["reason"]))
            .collect();
        assert_eq!(
            results,
            [
                "\"sid\" \"replaced\" null",
                "\"ad\" \"rejected\" \"public-suffix\""
            ]
        );
        let run = jar(
            &[
                "list", "--json", "--values", "--from", from, "--now", NOW, &file,
            ],
            b"",
        );
        let cookies: Vec<String> = run
            .lines()
            .iter()
            .map(|line| format!("{}={} {}", line["name"], line["value"], line["expires"]))
            .collect();
        let mut cookies = cookies;
        cookies.sort();
        assert_eq!(
            cookies,
            [
                "\"sid\"=\"2\" null",
                "\"theme\"=\"dark\" \"2026-11-27T16:01:00Z\"",
            ]
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(&file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
}

#[test]
fn receive_keeps_the_rest_of_a_session() {
    let folder = Folder::new("receive-session");
    let file = folder.file(
        "session.json",
        r#"{"__meta__":{"httpie":"3.2.1"},"auth":{"raw_auth":"t"},"cookies":[],"headers":[{"name":"X-A","value":"1"}]}"#,
    );
    let run = jar(
        &["receive", &file, "--url=https://shop.example/", "a=1"],
        b"",
    );
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    let session: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(session["auth"]["raw_auth"], "t");
    assert_eq!(session["headers"][0]["name"], "X-A");
    assert_eq!(session["cookies"][0]["name"], "a");
}

#[test]
fn receive_loses_nothing_that_it_cannot_read() {
    let folder = Folder::new("receive-damaged");
    let file = folder.file("cookies.txt", COOKIES);
    let run = jar(
        &[
            "receive",
            &file,
            "--url=https://shop.example/",
            "--now",
            NOW,
            "new=1; SameSite=Lax",
        ],
        b"",
    );
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    assert!(run.stderr.contains("cookies.txt.damaged"), "{}", run.stderr);
    assert!(run.stderr.contains("left out: line 6"), "{}", run.stderr);
    assert!(
        run.stderr.contains("lost: SameSite of 1 cookie"),
        "{}",
        run.stderr
    );
    assert_eq!(
        fs::read_to_string(folder.path("cookies.txt.damaged")).unwrap(),
        COOKIES
    );
    let text = fs::read_to_string(&file).unwrap();
    assert!(
        text.contains("\tnew\t1\n") && text.contains("\tsid\tsecret-31d4\n"),
        "{text}"
    );
}

#[test]
fn what_is_not_written_is_named() {
    let folder = Folder::new("not-written");
    let clean = folder.file("clean.txt", COOKIES);
    let only_read = folder.file(
        "session.txt",
        r#"[{"Name":"a","Value":"1","Domain":"a.test","Path":"/","Max-Age":null,"Discard":true}]"#,
    );
    let before = fs::read_to_string(&only_read).unwrap();
    let (unknown, directory) = (folder.path("new.json"), folder.path("."));
    let url = "--url=https://a.test/";
    let mut rows: Vec<(Vec<&str>, &str)> = vec![
        (
            vec!["receive", &only_read, url, "a=1"],
            "`guzzle` is a format that is only read",
        ),
        (vec!["receive", &unknown, url, "a=1"], "say it with --from"),
        (vec!["convert", &clean, &unknown], "say it with --to"),
        (vec!["convert", &clean, &directory], "is not a file"),
        (vec!["receive", &directory, url, "a=1"], "is not a file"),
    ];
    let pipe = folder.path("pipe.txt");
    if cfg!(unix) {
        let made = Command::new("mkfifo").arg(&pipe).status();
        assert!(made.is_ok_and(|status| status.success()));
        // Whoever opens it waits for ever.
        rows.push((vec!["convert", &clean, &pipe], "is not a file"));
        rows.push((vec!["receive", &pipe, url, "a=1"], "is not a file"));
    }
    for (args, message) in rows {
        let run = jar(&args, b"");
        assert_eq!(run.status, Some(2), "{args:?}: {}", run.stderr);
        assert!(run.stderr.contains(message), "{args:?}: {}", run.stderr);
    }
    assert_eq!(fs::read_to_string(&only_read).unwrap(), before);
}

#[test]
fn a_file_that_is_read_is_left_as_it_was() {
    let folder = Folder::new("untouched");
    let file = folder.file("cookies.txt", COOKIES);
    let before = fs::metadata(&file).unwrap().modified().unwrap();
    for command in ["list", "check"] {
        jar(&[command, &file], b"");
    }
    jar(&["send", &file, "--url", "https://shop.example/"], b"");
    assert_eq!(fs::read_to_string(&file).unwrap(), COOKIES);
    assert_eq!(fs::metadata(&file).unwrap().modified().unwrap(), before);
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1);
}

#[test]
fn the_number_of_cookies_is_the_files_own() {
    let folder = Folder::new("many");
    // More than a jar keeps of one domain, unless it is told to.
    let line = |index: usize| format!("many.example\tFALSE\t/\tFALSE\t0\tn{index}\t1\n");
    let lines: String = (0..300).map(line).collect();
    let text = folder.file("many.txt", lines);
    let own = folder.path("many.jsonl");
    let url = "--url=https://many.example/";
    assert_eq!(jar(&["convert", &text, &own], b"").status, Some(0));
    for file in [&text, &own] {
        let count = |count| {
            let run = jar(&["send", file, url], b"");
            assert_eq!(run.stdout().split("; ").count(), count, "{file}");
            let run = jar(&["list", "--json", file], b"");
            assert_eq!(run.lines().len(), count, "{file}");
        };
        count(300);
        assert_eq!(jar(&["receive", file, url, "new=1"], b"").status, Some(0));
        count(301);
    }
}

#[test]
fn diff_takes_of_duplicates_the_one_that_stays() {
    let folder = Folder::new("diff-duplicates");
    let line = |value| format!("a.test\tFALSE\t/\tFALSE\t0\ta\t{value}\n");
    let both = folder.file("both.txt", line(1) + &line(2));
    for (value, status) in [(1, 1), (2, 0)] {
        let one = folder.file("one.txt", line(value));
        assert_eq!(jar(&["diff", &both, &one], b"").status, Some(status));
        assert_eq!(jar(&["diff", &one, &both], b"").status, Some(status));
    }
}
