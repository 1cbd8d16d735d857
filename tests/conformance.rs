//! The conformance cases beside the project, through the library: the lines of the replay protocol
//! are answered in this process by the module that the command line uses.

#[path = "../src/bin/hardtack/plain.rs"]
mod plain;
#[path = "../src/bin/hardtack/time.rs"]
#[allow(dead_code)]
mod time;

#[path = "../src/bin/hardtack/json.rs"]
#[allow(dead_code)]
mod json;
#[path = "../src/bin/hardtack/replay.rs"]
#[allow(dead_code)]
mod replay;

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use hardtack::Timestamp;
use serde_json::Value;

use replay::Replay;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/conformance");

/// Returns true if the reply matches what is expected: objects by the fields given, lists in length and order.
fn matches(expected: &Value, reply: &Value) -> bool {
    match (expected, reply) {
        (Value::Object(expected), Value::Object(reply)) => {
            expected.iter().all(|(name, expected)| {
                reply
                    .get(name)
                    .is_some_and(|reply| matches(expected, reply))
            })
        }
        (Value::Array(expected), Value::Array(reply)) => {
            expected.len() == reply.len()
                && expected
                    .iter()
                    .zip(reply)
                    .all(|(expected, reply)| matches(expected, reply))
        }
        // The cases leave the spelling of a partition open.
        (Value::String(any), reply) if any == "<not null>" => !reply.is_null(),
        _ => expected == reply,
    }
}

/// What is wrong with the replies to a case, if anything is.
fn run(case: &Value) -> Option<String> {
    let mut session = Replay::new(|| Timestamp::UNIX_EPOCH);
    for step in case["steps"].as_array()? {
        let line = step["req"].to_string();
        let reply = session.answer(line.as_bytes()).unwrap_or_default();
        let expected = step.get("expect");
        if expected.is_some_and(|expected| !matches(expected, &reply)) {
            let expected = &step["expect"];
            return Some(format!(
                "{}: {line}\n  expected {expected}\n  got      {reply}",
                case["id"]
            ));
        }
    }
    None
}

/// Past the test runner, which keeps to itself what a test prints.
fn say(message: &str) {
    let mut past_the_runner = io::stderr();
    writeln!(past_the_runner, "{message}").unwrap();
}

#[test]
fn all_cases_pass() {
    let folder = Path::new(FOLDER);
    if !folder.is_dir() {
        assert!(
            std::env::var_os("CI").is_none(),
            "no conformance cases in CI: {FOLDER}"
        );
        say(&format!(
            "SKIPPED, no conformance case ran: there is no {FOLDER}. Where CI is set this fails."
        ));
        return;
    }
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut ran = 0;
    let mut failures = Vec::new();
    for file in files.filter(|path| {
        path.extension()
            .is_some_and(|extension| extension == "jsonl")
    }) {
        for line in fs::read_to_string(file).unwrap().lines() {
            failures.extend(run(&serde_json::from_str(line).unwrap()));
            ran += 1;
        }
    }
    say(&format!(
        "{ran} conformance cases ran, {} failed",
        failures.len()
    ));
    assert!(ran > 0, "no conformance case in {FOLDER}");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
