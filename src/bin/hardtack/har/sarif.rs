//! The findings as SARIF 2.1.0, for code scanning: each points at the line of the recording.

use std::fmt::Write as _;

use hardtack::recording::{Difference, Entry, Line};
use serde_json::{Value, json};

use crate::har::Report;
use crate::har::document::url;
use crate::har::findings::Kind;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// One result: a refused line, a difference that is not explained, a cookie that may be expected and was not sent.
pub(super) struct Problem {
    pub(super) rule: &'static str,
    /// `error` or `warning`.
    pub(super) level: &'static str,
    pub(super) message: String,
    pub(super) line: usize,
}

/// The results of one recording, in the order of its entries.
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

/// The lines and the columns of SARIF begin with 1.
fn line_of(line: Option<usize>, entry: &Entry) -> usize {
    line.or(entry.line).unwrap_or(1).max(1)
}

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
    }
}

/// What was not sent, a result for each rule.
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
    });
    problems.collect()
}

/// One run of SARIF for a recording.
pub(super) fn run(report: &Report<'_>, path: &str) -> Value {
    let problems = problems(report);
    let mut ids: Vec<&'static str> = problems.iter().map(|problem| problem.rule).collect();
    ids.sort_unstable();
    ids.dedup();
    let rules = ids.iter().map(|id| rule(report, id));
    let results = problems.iter().map(|problem| {
        json!({
            "ruleId": problem.rule,
            "ruleIndex": ids.iter().position(|id| *id == problem.rule),
            "level": problem.level,
            "message": {"text": problem.message},
            "locations": [{"physicalLocation": {
                "artifactLocation": {"uri": uri(path)},
                "region": {"startLine": problem.line},
            }}],
        })
    });
    let rules: Vec<Value> = rules.collect();
    let results: Vec<Value> = results.collect();
    json!({
        "tool": {"driver": {
            "name": "hardtack",
            "version": env!("CARGO_PKG_VERSION"),
            "informationUri": env!("CARGO_PKG_REPOSITORY"),
            "rules": rules,
        }},
        "results": results,
    })
}

fn rule(report: &Report<'_>, id: &str) -> Value {
    let mut causes = report.findings.causes.iter();
    let cause = causes.find(|cause| cause.reason == id && cause.kind != Kind::Explained);
    let says = cause.map_or("a difference that no rule explains", |cause| {
        cause.wrong.as_str()
    });
    let says = report.values.message(says.to_owned());
    let mut rule = json!({"id": id, "shortDescription": {"text": says}});
    if let Some(citation) = cause.and_then(|cause| cause.citation) {
        rule["helpUri"] = citation.link().into();
    }
    rule
}

/// A path as a relative reference, or as the URI of a file.
fn uri(path: &str) -> String {
    let mut uri = String::new();
    for octet in path.replace('\\', "/").bytes() {
        if octet.is_ascii_alphanumeric() || b"/-._~".contains(&octet) {
            uri.push(char::from(octet));
        } else {
            // Nothing that is written to a string fails.
            let _ = write!(uri, "%{octet:02X}");
        }
    }
    if uri.starts_with('/') {
        format!("file://{uri}")
    } else {
        uri
    }
}

/// The document of all runs.
pub(super) fn document(runs: &[Value]) -> String {
    let document = json!({"$schema": SCHEMA, "version": "2.1.0", "runs": runs});
    format!("{document:#}\n")
}

/// The results as annotations of GitHub Actions.
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
