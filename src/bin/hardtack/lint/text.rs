//! The findings as text, for people.

use std::io::{self, Write};

use crate::json::rfc3339;
use crate::lint::report::{Finding, Level, Linted, Report};
use crate::page::{
    BOLD, FAINT, GREEN, RED, YELLOW, cut, links, notes, row, shown_or, source, wrapped_text,
};

/// Writes the report; only its notes where there is no line.
pub(super) fn write(report: &Report<'_>, out: &mut impl Write) -> io::Result<()> {
    notes(out, &report.notes)?;
    if report.lines.is_empty() {
        return Ok(());
    }
    let (url, now) = (report.url, rfc3339(report.now));
    writeln!(out, "As received from {url} at {now}")?;
    for (index, line) in report.lines.iter().enumerate() {
        linted(out, index, line)?;
    }
    summary(out, report)?;
    links(
        out,
        report.findings().filter_map(|finding| finding.citation),
    )
}

fn linted(out: &mut impl Write, index: usize, line: &Linted<'_>) -> io::Result<()> {
    let name = line.cookie_name.map(|name| shown_or(name, "(no name)"));
    let name = name.unwrap_or_else(|| "(not read)".to_owned());
    let heading = format!("[{}] {name}", index + 1);
    writeln!(out, "\n{BOLD}{}{BOLD:#}", cut(&heading))?;
    if line.findings.is_empty() {
        return row(out, GREEN, "clean", &[]);
    }
    let mut findings = line.findings.iter();
    findings.try_for_each(|finding| found(out, finding))
}

fn found(out: &mut impl Write, finding: &Finding) -> io::Result<()> {
    let mut text = wrapped_text(&finding.message);
    let name = &finding.name;
    let origin = match (finding.level, finding.citation) {
        (Level::Warning(_), None) => String::new(),
        _ => format!(", {}", source(finding.citation, finding.dev_tools_name)),
    };
    text.push(format!("{FAINT}{name}{FAINT:#}{origin}"));
    match finding.level {
        Level::Error => row(out, RED, "error", &text),
        Level::Warning(_) => row(out, YELLOW, "warning", &text),
    }
}

fn summary(out: &mut impl Write, report: &Report<'_>) -> io::Result<()> {
    let count = |is_error: bool| {
        let findings = report.findings();
        findings
            .filter(|finding| (finding.level == Level::Error) == is_error)
            .count()
    };
    let plural = |count, what| match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    };
    let errors = plural(count(true), "error");
    let warnings = plural(count(false), "warning");
    writeln!(out, "\n{BOLD}{errors}, {warnings}{BOLD:#}")
}
