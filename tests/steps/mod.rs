//! The comments in `src/` that cite a step of the text, in one form: `// 5.7 step 9.3: words`.

#![allow(dead_code)]

use std::fs;
use std::path::{Path, PathBuf};

/// Sections with two algorithms, whose second one is told by the first word after the colon.
const SECOND_ALGORITHMS: &[&str] = &["unparsed-attributes", "path-match"];

pub(crate) struct Cited {
    /// The section, or one algorithm of it: `5.6 unparsed-attributes`.
    pub(crate) section: String,
    pub(crate) step: String,
    pub(crate) words: String,
}

/// The parts of a comment of that form; `None` for any other line.
pub(crate) fn cited(line: &str) -> Option<Cited> {
    let (section, rest) = line.trim().strip_prefix("// ")?.split_once(" step ")?;
    let (step, words) = rest.split_once(": ")?;
    let is_number = |text: &str| {
        text.split('.')
            .all(|part| !part.is_empty() && part.bytes().all(|octet| octet.is_ascii_digit()))
    };
    if !is_number(section) || !is_number(step) {
        return None;
    }
    let (section, words) = match words.split_once(": ") {
        Some((algorithm, words)) if SECOND_ALGORITHMS.contains(&algorithm) => {
            (format!("{section} {algorithm}"), words)
        }
        _ => (section.to_owned(), words),
    };
    Some(Cited {
        section,
        step: step.to_owned(),
        words: words.to_owned(),
    })
}

/// All Rust files of a folder of the crate, by their paths from it, with their text.
pub(crate) fn files(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut folders: Vec<PathBuf> = vec![root.clone()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
                files.push((name.replace('\\', "/"), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}
