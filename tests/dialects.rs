//! The dialects of browsers, against recordings of these browsers: the cases beside the project, through the
//! library.

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

use hardtack::{Deviation, Dialect, Timestamp};
use serde_json::Value;

use replay::Replay;

const FOLDER: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../shared/conformance/dialects"
);

/// The classes of cases that are documented as not done.
const NOT_DONE: &[&str] = &["ff-expired-blocks"];

/// The recordings of a dialect.
struct Recordings {
    dialect: Dialect,
    cases: Vec<Value>,
}

impl Recordings {
    /// Those that are done.
    fn done(&self) -> impl Iterator<Item = &Value> {
        let is_done = |case: &&Value| !NOT_DONE.contains(&case["why"].as_str().unwrap_or_default());
        self.cases.iter().filter(is_done)
    }
}

/// The recordings beside the project; `None` where there are none, which in CI is a failure.
fn recordings() -> Option<Vec<Recordings>> {
    if !Path::new(FOLDER).is_dir() {
        let in_ci = std::env::var_os("CI").is_some();
        assert!(!in_ci, "no recordings in CI: {FOLDER}");
        say(&format!(
            "SKIPPED: there is no {FOLDER}. Where CI is set this fails."
        ));
        return None;
    }
    let browsers = Dialect::NAMED.iter().skip(1);
    let all = browsers.map(|(name, dialect)| {
        let text = fs::read_to_string(format!("{FOLDER}/{name}.jsonl")).unwrap();
        let cases = text.lines().map(|line| serde_json::from_str(line).unwrap());
        Recordings {
            dialect: *dialect,
            cases: cases.collect(),
        }
    });
    Some(all.collect())
}

/// Past the test runner, which keeps to itself what a test prints.
fn say(message: &str) {
    writeln!(io::stderr(), "{message}").unwrap();
}

/// Returns true if a reply has what was recorded: lists in any order, instants within some seconds.
fn matches(recorded: &Value, reply: &Value, tolerance: i64) -> bool {
    match (recorded, reply) {
        (Value::Object(recorded), Value::Object(reply)) => {
            recorded.iter().all(|(name, recorded)| {
                let reply = reply.get(name).unwrap_or(&Value::Null);
                match (name.as_str(), instant(recorded), instant(reply)) {
                    ("expires", Some(one), Some(other)) => (one - other).abs() <= tolerance,
                    _ => matches(recorded, reply, tolerance),
                }
            })
        }
        (Value::Array(recorded), Value::Array(reply)) => {
            let mut left: Vec<&Value> = reply.iter().collect();
            recorded.len() == reply.len()
                && recorded.iter().all(|recorded| {
                    let found = left
                        .iter()
                        .position(|reply| matches(recorded, reply, tolerance));
                    found.map(|found| left.remove(found)).is_some()
                })
        }
        (Value::String(any), reply) if any == "<not null>" => !reply.is_null(),
        _ => recorded == reply,
    }
}

fn instant(value: &Value) -> Option<i64> {
    let instant: Timestamp = value.as_str()?.parse().ok()?;
    Some(instant.as_secs())
}

/// What differs from the recording in a case, if anything does, by the rules of a dialect.
fn run(case: &Value, dialect: Dialect) -> Option<String> {
    let mut session = Replay::new(|| Timestamp::UNIX_EPOCH);
    for step in case["steps"].as_array()? {
        let mut request = step["req"].clone();
        if request["op"] == "reset" {
            request["policy"]["dialect"] = dialect.to_string().into();
        }
        let reply = session.answer(request.to_string().as_bytes());
        let (reply, recorded) = (reply.unwrap_or_default(), &step["expect"]);
        let tolerance = step["tolerance_secs"].as_i64().unwrap_or(0);
        if !matches(recorded, &reply, tolerance) {
            let (id, why) = (&case["id"], &case["why"]);
            return Some(format!(
                "{id} {why}: {request}\n  recorded {recorded}\n  got      {reply}"
            ));
        }
    }
    None
}

#[test]
fn recordings_are_reproduced() {
    let mut failures = Vec::new();
    for recordings in recordings().unwrap_or_default() {
        let (dialect, all) = (recordings.dialect, recordings.cases.len());
        let done = recordings.done().count();
        let before = failures.len();
        failures.extend(recordings.done().filter_map(|case| run(case, dialect)));
        let failed = failures.len() - before;
        let passed = done - failed;
        let not_done = all - done;
        say(&format!(
            "{dialect}: {passed} of {all} recorded cases passed, {failed} failed, {not_done} not done"
        ));
        assert!(done > 600, "{done} cases of {dialect}");
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn what_is_not_done_fails() {
    for recordings in recordings().unwrap_or_default() {
        for case in &recordings.cases {
            let why = case["why"].as_str().unwrap_or_default();
            if NOT_DONE.contains(&why) {
                let failure = run(case, recordings.dialect);
                assert!(failure.is_some(), "{why} is done: take it from the list");
            }
        }
    }
}

#[test]
fn each_deviation_that_is_switched_off_alone_makes_a_case_fail() {
    let Some(all) = recordings() else {
        return;
    };
    let mut idle = Vec::new();
    for deviation in Deviation::ALL {
        let fails = |recordings: &Recordings| {
            let without = recordings.dialect.without(*deviation);
            without != recordings.dialect
                && recordings.done().any(|case| run(case, without).is_some())
        };
        if !all.iter().any(fails) {
            idle.push(deviation.name());
        }
    }
    assert!(idle.is_empty(), "no case fails without {idle:?}");
}
