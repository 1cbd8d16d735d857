//! The page of `hardtack har --html` in a real browser: Chromium, driven by Playwright.
//!
//! Each test is a script beside this file, which makes its recordings, has `hardtack` write their pages, and looks at
//! them. Where a program is missing the test says that it is skipped, and with `CI` set it fails. What has to be
//! installed from npm is installed by `tests/real_programs/install`.
//!
//! The page is the same whatever features there are with `cli`, so that it is tested with all of them only.
#![cfg(all(feature = "cli", feature = "sqlite", unix))]

#[allow(dead_code)]
#[path = "../real_programs/programs.rs"]
mod programs;

use std::path::Path;
use std::process::Command;

use programs::Program;

#[test]
fn axe_finds_nothing() {
    check("axe");
}

#[test]
fn all_is_reached_by_keyboard() {
    check("keyboard");
}

#[test]
fn nothing_of_a_recording_runs() {
    check("hostile");
}

#[test]
fn a_large_recording_is_drawn_in_parts() {
    check("large");
}

#[test]
fn nothing_is_lost_where_there_is_little_room() {
    check("narrow");
}

#[test]
fn every_state_can_be_told_and_sent() {
    check("states");
}

/// Runs a script with the program and a folder for what it writes.
fn check(script: &str) {
    if !Program::Chromium.is_there() {
        return;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("har_page")
        .join(script);
    let output = Command::new("node")
        .arg(format!("tests/har_page/{script}.js"))
        .arg(env!("CARGO_BIN_EXE_hardtack"))
        .arg(&folder)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let (said, wrong) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{script}: {said}{wrong}");
    // A script that ends without having run its tests ends well, too.
    assert!(
        said.contains(" passed, 0 failed"),
        "{script}: {said}{wrong}"
    );
}
