//! What is easily forgotten in the sources, and cheap to look for.

use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// What is built, fetched or found by the fuzzer.
const NOT_OURS: [&str; 7] = [
    "public_suffix_list.dat",
    ".git",
    "target",
    "node_modules",
    "artifacts",
    "corpus",
    "coverage",
];

/// The texts below a folder of the project.
fn texts(folder: &str) -> Vec<(PathBuf, String)> {
    let mut texts = Vec::new();
    let mut folders = vec![Path::new(ROOT).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if NOT_OURS.iter().any(|name| path.ends_with(name)) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(text) = fs::read_to_string(&path) {
                texts.push((path, text));
            }
        }
    }
    assert!(!texts.is_empty(), "{folder}");
    texts
}

/// The lines of a text that are not as they should be, with file and number.
fn wrong<'t>(
    texts: &'t [(PathBuf, String)],
    mut is_wrong: impl FnMut(&'t str) -> bool,
) -> Vec<String> {
    let mut wrong = Vec::new();
    for (path, text) in texts {
        for (number, line) in (1..).zip(text.lines()) {
            if is_wrong(line) {
                wrong.push(format!("{}:{number}: {line}", path.display()));
            }
        }
    }
    wrong
}

#[test]
fn no_path_of_a_machine() {
    // Not spelled out, or this file had them.
    let folders = ["home", "root", "tmp", "work", "Users"].map(|folder| format!("/{folder}/"));
    let texts = texts(".");
    let wrong = wrong(&texts, |line| {
        folders.iter().any(|folder| line.contains(folder))
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn doc_comments_do_not_ask() {
    let folders = ["src", "examples", "tests", "benches"];
    let texts: Vec<_> = folders.into_iter().flat_map(texts).collect();
    let (mut comments, mut in_code) = (0, false);
    let wrong = wrong(&texts, |line| {
        let line = line.trim_start();
        let Some(said) = line.strip_prefix("///").or(line.strip_prefix("//!")) else {
            in_code = false;
            return false;
        };
        comments += 1;
        if said.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        !in_code && (said.ends_with('?') || said.contains("? "))
    });
    assert!(comments > 500, "{comments} lines of comments");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
