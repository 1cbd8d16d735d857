//! The findings as SARIF 2.1.0, for code scanning: each points at the line of the recording.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::har::Report;
use crate::har::findings::Kind;
use crate::har::problems::problems;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

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
