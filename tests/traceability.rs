//! `TRACEABILITY.md` has a row for each step that the comments in `src/` cite: what they say of it, and the
//! files that carry it out. `UPDATE=1` writes these columns anew. The last column, the tests, is recorded
//! by `tests/traceability/record`, and this test leaves it as it is.

mod steps;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;

use steps::{cited, files};

const FIRST_ROW: &str = "| --- | --- | --- | --- |\n";

/// Sections and steps in the order of the text: numbers by value, a second algorithm after the first.
fn order(section: &str, step: &str) -> (Vec<u32>, bool, Vec<u32>) {
    let numbers = |text: &str| text.split('.').map(|part| part.parse().unwrap()).collect();
    let (section, algorithm) = section.split_once(' ').unwrap_or((section, ""));
    (numbers(section), !algorithm.is_empty(), numbers(step))
}

/// What the comments say of a step.
#[derive(Default)]
struct Step {
    name: String,
    words: Vec<String>,
    files: BTreeSet<String>,
}

/// The page, with what is recorded in its last column.
fn page(old: &str) -> String {
    let (head, rows) = old.split_once(FIRST_ROW).unwrap();
    let recorded: BTreeMap<&str, &str> = rows
        .lines()
        .filter_map(|row| row.strip_prefix("| ")?.strip_suffix(" |"))
        .filter_map(|row| Some((row.split_once(" | ")?.0, row.rsplit_once(" | ")?.1)))
        .collect();
    let mut steps: BTreeMap<_, Step> = BTreeMap::new();
    for (file, text) in files("src") {
        for cited in text.lines().filter_map(cited) {
            let step = steps.entry(order(&cited.section, &cited.step)).or_default();
            step.name = format!("{} step {}", cited.section, cited.step);
            step.words.push(cited.words);
            step.files.insert(format!("[{file}](src/{file})"));
        }
    }
    let mut page = format!("{head}{FIRST_ROW}");
    for Step { name, words, files } in steps.values() {
        let (words, files) = (words.join("; "), Vec::from_iter(files.clone()).join(", "));
        let tests = recorded.get(&name[..]).unwrap_or(&"not seen");
        writeln!(page, "| {name} | {words} | {files} | {tests} |").unwrap();
    }
    page
}

#[test]
fn the_rows_say_what_the_comments_say() {
    let path = format!("{}/TRACEABILITY.md", env!("CARGO_MANIFEST_DIR"));
    let old = fs::read_to_string(&path).unwrap();
    let page = page(&old);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &page).unwrap();
        return;
    }
    assert!(
        old == page,
        "TRACEABILITY.md is not current: UPDATE=1 cargo test --test traceability"
    );
}
