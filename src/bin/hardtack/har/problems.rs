//! What is wrong at one place of a recording, for machines that show it there.

use hardtack::recording::{Difference, Entry, Line};

use crate::har::Report;
use crate::har::document::url;

/// A problem: a refused line, a difference that is not explained, a cookie that may be expected and was not sent.
pub(super) struct Problem {
    pub(super) rule: &'static str,
    /// `error` or `warning`.
    pub(super) level: &'static str,
    pub(super) message: String,
    /// The line of the recording, from 1.
    pub(super) line: usize,
    /// The number of the entry.
    pub(super) entry: usize,
}

/// The problems of one recording, in the order of its entries.
pub(super) fn problems(report: &Report<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for entry in &report.replay.entries {
        for line in &entry.lines {
            problems.extend(refused(report, entry, line));
        }
        for difference in entry.differences.iter().filter(|it| !it.explained) {
            problems.push(unexplained(report, entry, difference));
        }
        problems.extend(not_sent(report, entry));
    }
    problems
}

fn line_of(line: Option<usize>, entry: &Entry) -> usize {
    line.or(entry.line).unwrap_or(1).max(1)
}

/// Names a request, without what may be a secret.
fn of_request(report: &Report<'_>, entry: &Entry) -> String {
    format!(
        "#{} {} {}",
        entry.index,
        entry.method,
        url(&entry.url, report.values)
    )
}

fn refused(report: &Report<'_>, entry: &Entry, line: &Line) -> Option<Problem> {
    let refused = line.rejection()?;
    let name = String::from_utf8_lossy(&line.pair.name);
    let step = refused
        .citation()
        .map_or(String::new(), |citation| format!(" ({citation})"));
    let why = report.values.message(refused.to_string());
    let at = of_request(report, entry);
    Some(Problem {
        rule: refused.name(),
        level: "error",
        message: format!("{at}: the Set-Cookie line of `{name}` is refused: {why}{step}"),
        line: line_of(line.line, entry),
        entry: entry.index,
    })
}

fn unexplained(report: &Report<'_>, entry: &Entry, difference: &Difference) -> Problem {
    let name = String::from_utf8_lossy(&difference.name);
    let at = of_request(report, entry);
    Problem {
        rule: "unexplained",
        level: "error",
        message: format!("{at}: `{name}`: {}", difference.text),
        line: line_of(None, entry),
        entry: entry.index,
    }
}

/// What was not sent, a problem for each rule.
fn not_sent(report: &Report<'_>, entry: &Entry) -> Vec<Problem> {
    let mut by_rule: Vec<(&'static str, String, Vec<String>)> = Vec::new();
    for withheld in &entry.withheld {
        let reason = withheld.reason.name();
        if reason != "secure-only" && !reason.starts_with("same-site") {
            continue;
        }
        let identity = &report.replay.cookies[withheld.cookie].identity;
        let name = format!("`{}`", String::from_utf8_lossy(&identity.name));
        match by_rule.iter_mut().find(|(rule, ..)| *rule == reason) {
            Some((_, _, names)) => names.push(name),
            None => by_rule.push((reason, withheld.reason.to_string(), vec![name])),
        }
    }
    let at = of_request(report, entry);
    let problems = by_rule.into_iter().map(|(rule, why, names)| Problem {
        rule,
        level: "warning",
        message: format!("{at}: not sent: {}: {why}", names.join(", ")),
        line: line_of(None, entry),
        entry: entry.index,
    });
    problems.collect()
}
