//! The findings as JSON.

use serde_json::Value;

use crate::json::{self, Members, list, source};
use crate::lint::report::{Finding, Level, Linted, Report};

/// The report as one object.
pub(super) fn of(report: &Report<'_>) -> Value {
    Members::new()
        .member("url", report.url.as_str())
        .member("now", json::rfc3339(report.now))
        .member("notes", report.notes.as_slice())
        .member("lines", list(report.lines.iter().map(linted)))
        .into()
}

fn linted(line: &Linted<'_>) -> Members {
    let members = Members::new();
    match line.cookie_name {
        Some(name) => members.octets("name", name),
        None => members.member("name", Value::Null),
    }
    .member("findings", list(line.findings.iter().map(found)))
}

fn found(finding: &Finding) -> Members {
    let level = match finding.level {
        Level::Error => "error",
        Level::Warning(_) => "warning",
    };
    Members::new()
        .member("level", level)
        .member("reason", finding.name.as_str())
        .member("message", finding.message.as_str())
        .and(source(finding.citation, finding.dev_tools_name))
}
