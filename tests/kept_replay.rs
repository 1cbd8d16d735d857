//! `hardtack replay --jar`: every answer is the same wherever the jar is kept, and what was answered stays.

#![cfg(feature = "cli")]

mod conversations;
#[cfg(all(feature = "redis", unix))]
mod redis_server;

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command};
#[cfg(all(feature = "redis", unix))]
use std::sync::Arc;

use conversations::replies;
use serde_json::Value;

/// Where a jar is kept.
#[derive(Clone)]
struct Place {
    kind: &'static str,
    path: PathBuf,
    /// The server, if it is kept at one.
    #[cfg(all(feature = "redis", unix))]
    server: Option<Arc<redis_server::Server>>,
}

/// A place of each kind for one test, with nothing there.
fn places(name: &str) -> Vec<Place> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("kept-replay-{name}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let place = |kind, name| Place {
        kind,
        path: folder.join(name),
        #[cfg(all(feature = "redis", unix))]
        server: None,
    };
    let mut places = vec![place("", "jar.jsonl")];
    if cfg!(feature = "sqlite") {
        places.push(place("sqlite:", "jar.sqlite"));
    }
    #[cfg(all(feature = "redis", unix))]
    if redis_server::has_redis() {
        places.push(Place {
            kind: "redis:",
            path: PathBuf::new(),
            server: Some(Arc::new(redis_server::Server::start())),
        });
    }
    places
}

/// Where the cookies of the site are that the tests have.
#[cfg(all(feature = "redis", unix))]
const KEY: &str = "hardtack:{replay/shop.example}";

impl Place {
    /// As the option `--jar` has it.
    fn text(&self) -> String {
        #[cfg(all(feature = "redis", unix))]
        if let Some(server) = &self.server {
            return server.address();
        }
        format!("{}{}", self.kind, self.path.display())
    }

    /// Puts something there that is no jar.
    fn spoil(&self) {
        #[cfg(all(feature = "redis", unix))]
        if let Some(server) = &self.server {
            assert_eq!(
                server.cli(&["set", KEY, "no jar, but a longer string"]),
                "OK"
            );
            return;
        }
        fs::write(&self.path, "no jar\n").unwrap();
    }

    /// Takes that away.
    fn mend(&self) {
        #[cfg(all(feature = "redis", unix))]
        if let Some(server) = &self.server {
            assert_eq!(server.cli(&["del", KEY]), "1");
            return;
        }
        fs::remove_file(&self.path).unwrap();
    }

    fn has(&self, name: &str) -> bool {
        #[cfg(all(feature = "redis", unix))]
        if let Some(server) = &self.server {
            return server.cli(&["get", KEY]).contains(name);
        }
        let file = fs::read(&self.path).unwrap();
        file.windows(name.len())
            .any(|octets| octets == name.as_bytes())
    }
}

/// One conversation, line by line.
struct Talk {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl Talk {
    fn with(jar: &Place) -> Self {
        let mut child = conversations::command(Some(&jar.text())).spawn().unwrap();
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self {
            child,
            stdin,
            stdout,
        }
    }

    fn ask(&mut self, line: &str) -> Value {
        writeln!(self.stdin.as_mut().unwrap(), "{line}").unwrap();
        let mut reply = String::new();
        self.stdout.read_line(&mut reply).unwrap();
        serde_json::from_str(&reply).unwrap()
    }

    fn set(&mut self, line: &str) -> Value {
        self.ask(&format!(
            r#"{{"op":"set","url":"https://shop.example/","set_cookie":"{line}"}}"#
        ))
    }

    fn cookie(&mut self) -> Value {
        self.ask(r#"{"op":"get","url":"https://shop.example/"}"#)["cookie"].clone()
    }

    fn end(mut self) {
        self.stdin = None;
        assert!(self.child.wait().unwrap().success());
    }
}

#[test]
fn conformance_cases_have_the_same_answers() {
    let Some(lines) = conversations::conformance(None) else {
        return;
    };
    let expected = replies(None, &lines);
    for place in places("conformance") {
        assert_eq!(replies(Some(&place.text()), &lines), expected);
    }
}

#[test]
fn what_was_flushed_survives_a_kill_and_others_see_it() {
    for place in places("kill") {
        let mut one = Talk::with(&place);
        let mut other = Talk::with(&place);
        assert_eq!(one.set("a=1")["result"], "stored");
        one.ask(r#"{"op":"flush"}"#);
        assert_eq!(other.cookie(), "a=1");
        assert_eq!(other.set("b=2; Secure")["result"], "stored");
        other.ask(r#"{"op":"flush"}"#);
        assert_eq!(one.cookie(), "a=1; b=2");
        one.set("a=; Max-Age=0");
        one.ask(r#"{"op":"flush"}"#);
        one.child.kill().unwrap();
        other.child.kill().unwrap();
        let mut again = Talk::with(&place);
        assert_eq!(again.cookie(), "b=2");
        again.set("c=3");
        again.end();
        let mut last = Talk::with(&place);
        assert_eq!(last.cookie(), "b=2; c=3");
        last.end();
    }
}

/// Of what two processes change at the same time, the later change stays, by the clock at the change.
#[test]
fn the_later_of_two_changes_stays() {
    let at = |second: u32, line: &str| {
        format!(
            r#"{{"op":"set","url":"https://shop.example/","set_cookie":"{line}","now":"2027-01-01T00:00:{second:02}Z"}}"#
        )
    };
    // What the one sets and when, what the other does; what is there then, whoever flushes first.
    for (row, (one_sets, other_sets, expected)) in [
        ((10, "x=one"), (5, "x=other"), "y=0; x=one"),
        ((5, "x=one"), (10, "x=other"), "y=0; x=other"),
        ((10, "x=; Max-Age=0"), (5, "x=other"), "y=0"),
        ((5, "x=one"), (10, "x=; Max-Age=0"), "y=0"),
    ]
    .into_iter()
    .enumerate()
    {
        let at_last = |last: usize| places(&format!("later-{row}-{last}")).into_iter();
        let cases = (0..2).flat_map(|last| at_last(last).map(move |place| (last, place)));
        for (last, place) in cases {
            let mut talks = [Talk::with(&place), Talk::with(&place)];
            talks[0].ask(&at(0, "y=0"));
            talks[0].ask(&at(1, "x=0"));
            talks[0].ask(r#"{"op":"flush"}"#);
            assert_eq!(talks[1].cookie(), "y=0; x=0");
            // The earlier one first, should it be kept before it is flushed, and the other see it.
            let mut sets = [(0, one_sets), (1, other_sets)];
            sets.sort_by_key(|(_, (second, _))| *second);
            for (which, (second, line)) in sets {
                talks[which].ask(&at(second, line));
            }
            for which in [last, 1 - last] {
                talks[which].ask(r#"{"op":"flush"}"#);
            }
            for mut talk in talks {
                assert_eq!(talk.cookie(), expected, "row {row}, {last} {}", place.kind);
                talk.end();
            }
        }
    }
}

#[test]
fn a_place_that_fails_is_told_and_tried_anew() {
    for place in places("fails") {
        place.spoil();
        let mut talk = Talk::with(&place);
        let reply = talk.set("a=1");
        assert_eq!(reply["op"], "error");
        let message = reply["error"].as_str().unwrap();
        let is_not = [
            "is not in hardtack's format",
            "is not a database of hardtack",
            "was not written by hardtack",
        ];
        assert!(
            is_not.iter().any(|is_not| message.contains(is_not)),
            "{message}"
        );
        place.mend();
        assert_eq!(talk.set("found=1")["result"], "stored");
        talk.end();
        assert!(place.has("found"));
    }
}

#[cfg(unix)]
#[test]
fn being_asked_to_end_flushes() {
    for place in places("term") {
        let mut talk = Talk::with(&place);
        talk.set("found=1");
        let pid = talk.child.id().to_string();
        assert!(Command::new("kill").arg(&pid).status().unwrap().success());
        assert!(talk.child.wait().unwrap().success());
        assert!(place.has("found"));
    }
}
