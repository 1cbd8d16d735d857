//! Conversations with `hardtack replay`, with a jar in memory or at a place.

#![allow(dead_code)]

use std::fs;
use std::io::{self, Write as _};
use std::process::{Command, Stdio};

use serde_json::Value;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/conformance");

pub(crate) fn command(place: Option<&str>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hardtack"));
    command.arg("replay");
    if let Some(place) = place {
        command.arg("--jar").arg(place);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

/// The replies to all lines.
pub(crate) fn replies(place: Option<&str>, lines: &str) -> String {
    let mut child = command(place).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let lines = lines.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

/// The lines of the recorded cases, of each file so many at most; `None` where they are not beside the checkout.
pub(crate) fn conformance(most: Option<usize>) -> Option<String> {
    let Ok(files) = fs::read_dir(FOLDER) else {
        assert!(
            std::env::var_os("CI").is_none(),
            "no conformance cases in CI: {FOLDER}"
        );
        let _ = writeln!(io::stderr(), "SKIPPED: there is no {FOLDER}");
        return None;
    };
    let mut lines = String::new();
    for file in files.map(|file| file.unwrap().path()) {
        if file
            .extension()
            .is_some_and(|extension| extension == "jsonl")
        {
            let cases = fs::read_to_string(file).unwrap();
            for case in cases.lines().take(most.unwrap_or(usize::MAX)) {
                let case: Value = serde_json::from_str(case).unwrap();
                lines.push_str("{\"op\":\"reset\"}\n");
                for step in case["steps"].as_array().unwrap() {
                    lines.push_str(&step["req"].to_string());
                    lines.push('\n');
                }
            }
        }
    }
    Some(lines)
}
