//! The problems as annotations of GitHub Actions.

use std::fmt::Write as _;

use crate::har::Report;
use crate::har::problems::problems;

/// Writes an annotation a line.
pub(super) fn annotations(report: &Report<'_>, path: &str) -> String {
    let mut lines = String::new();
    for problem in problems(report) {
        let (level, rule, line) = (problem.level, problem.rule, problem.line);
        let file = property(path);
        let message = data(&problem.message);
        let _ = writeln!(
            lines,
            "::{level} file={file},line={line},title={rule}::{message}"
        );
    }
    lines
}

/// Escapes the message of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Escapes a property of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
