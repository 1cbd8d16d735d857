//! The audit trail: every step of the text has its line in the code, in one form,
//! `// 5.7 step 9.3: at most a dozen words`, and no line cites a step that the text does not have.

mod steps;

use std::collections::{BTreeMap, BTreeSet};

use steps::{Cited, cited, files};

/// The steps of the text: a section (or one algorithm of it), the file that carries it out, its steps.
///
/// Bullets are counted in the order they stand.
const STEPS: &[(&str, &str, &str)] = &[
    (
        "5.1.1",
        "cookie_date.rs",
        "1 2 2.1 2.2 2.3 2.4 3 4 4.1 5 5.1 5.2 5.3 5.4 5.5 5.6 6 7",
    ),
    ("5.1.2", "host.rs", "1 2 3 4 5"),
    ("5.1.3", "host.rs", "1 2 2.1 2.2 2.3"),
    ("5.1.4", "path.rs", "1 2 3 4"),
    ("5.1.4 path-match", "path.rs", "1 2 3"),
    ("5.2", "request.rs", "1 2"),
    ("5.6", "set_cookie.rs", "1 2 2.1 3 4 5 6"),
    (
        "5.6 unparsed-attributes",
        "set_cookie.rs",
        "1 2 3 3.1 4 4.1 5 6 7 8",
    ),
    ("5.6.1", "set_cookie.rs", "1 2 3 4 5 6"),
    ("5.6.2", "set_cookie.rs", "1 2 3 4 5 6 7 8"),
    ("5.6.3", "set_cookie.rs", "1 2 3 4"),
    ("5.6.4", "set_cookie.rs", "1 1.1 2"),
    ("5.6.7", "set_cookie.rs", "1 2 3 4 5"),
    ("5.6.7.2", "retrieval.rs", "1 2"),
    (
        "5.7",
        "storage_model.rs",
        "1 2 3 4 5 6 6.1 6.2 7 7.1 8 9 9.1 9.2 9.3 9.3.1 10 10.1 10.1.1 10.1.2 10.2 11 12 13 14 15 \
         16 16.1 16.2 16.3 16.4 17 18 18.1 18.2 18.3 18.4 19 20 21 21.1 21.2 21.3 22 22.1 22.2 \
         23 23.1 23.2 23.3 23.4 24",
    ),
    (
        "5.8.3",
        "retrieval.rs",
        "1 2 3 3.1 3.1.1 3.1.2 3.1.3 3.2 3.3 3.4 3.5 3.5.1 3.5.2 3.5.3 3.5.4 6 6.1 6.2 6.3",
    ),
    ("5.8.3", "jar.rs", "4 5"),
    ("5.8.3", "cookie.rs", "4.1 4.2"),
];

#[test]
fn every_step_has_its_line() {
    let lines: BTreeMap<String, String> = files("src").into_iter().collect();
    let mut missing = BTreeSet::new();
    for (section, file, steps) in STEPS {
        let cited: BTreeSet<String> = lines[*file]
            .lines()
            .filter_map(cited)
            .filter(|cited| cited.section == *section)
            .map(|cited| cited.step)
            .collect();
        for step in steps
            .split_whitespace()
            .filter(|step| !cited.contains(*step))
        {
            missing.insert(format!("{file}: {section} step {step}"));
        }
    }
    assert!(missing.is_empty(), "steps without a line: {missing:#?}");
}

#[test]
fn no_line_cites_a_step_that_is_not_there() {
    for (file, text) in files("src") {
        for cited in text.lines().filter_map(cited) {
            let Cited {
                section,
                step,
                words,
            } = cited;
            let known = STEPS.iter().any(|(known, _, steps)| {
                *known == section && steps.split_whitespace().any(|known| known == step)
            });
            assert!(known, "{file} cites {section} step {step}");
            let words = words.split_whitespace().count();
            assert!(
                words <= 12,
                "{file}: {section} step {step} has {words} words"
            );
        }
    }
}

#[test]
fn nearly_the_form_is_not_the_form() {
    for (file, text) in files("src") {
        for line in text.lines().map(str::trim) {
            let comment = line
                .strip_prefix("//")
                .filter(|comment| !comment.starts_with(['/', '!']));
            let begins = |comment: &str| {
                let mut words = comment.split_whitespace();
                let section = words.next().unwrap_or_default();
                section.starts_with(|first: char| first.is_ascii_digit())
                    && words.next().is_some_and(|word| word.starts_with("step"))
            };
            if comment.is_some_and(begins) {
                assert!(cited(line).is_some(), "{file}: {line}");
            }
        }
    }
}
