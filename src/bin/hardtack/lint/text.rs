//! The findings as text, for people.

use std::io::{self, Write};

use crate::lint::finding::{Counts, Finding, Level, Source};
use crate::lint::linter::{Linted, Linter};
use crate::page::{
    BOLD, CYAN, FAINT, GREEN, Links, RED, WIDTH, YELLOW, faint, notes, row, source, wrapped,
    wrapped_text,
};
use crate::secrets::Values;
use crate::shown::cut;
use crate::time::rfc3339;

/// Writes the findings, or only the notes if there is no line.
pub(super) fn write(linter: &Linter<'_>, out: &mut impl Write) -> io::Result<Counts> {
    let mut counts = Counts::default();
    let mut links = Links::default();
    notes(out, &linter.notes())?;
    if linter.input.is_empty() {
        out.flush()?;
        return Ok(counts);
    }
    let (url, now) = (linter.url, rfc3339(linter.now));
    writeln!(out, "As received from {url} at {now}")?;
    for line in linter.lines() {
        linted(out, &line, linter.values)?;
        for finding in &line.findings {
            counts.add(finding.level);
            links.add(finding.citation());
        }
    }
    summary(out, counts)?;
    links.write(out)?;
    out.flush()?;
    Ok(counts)
}

fn linted(out: &mut impl Write, line: &Linted<'_>, values: Values) -> io::Result<()> {
    let number = format!("[{}] ", line.index + 1);
    let which = match (values, line.cookie_name) {
        (Values::Show, _) => line.octets,
        (Values::Hide, None) => b"(not read)",
        (Values::Hide, Some([])) => b"(no name)",
        (Values::Hide, Some(name)) => name,
    };
    let which = cut(which, WIDTH - number.len());
    writeln!(out, "\n{BOLD}{number}{which}{BOLD:#}")?;
    if line.findings.is_empty() {
        return row(out, GREEN, "clean", &[]);
    }
    let mut findings = line.findings.iter();
    findings.try_for_each(|finding| found(out, finding))
}

fn found(out: &mut impl Write, finding: &Finding) -> io::Result<()> {
    let mut text = wrapped_text(&finding.message);
    let name = &finding.name;
    text.extend(match finding.source {
        Source::Lint => faint(name),
        Source::UserAgents {
            citation,
            dev_tools_name,
        } => source(&format!("{name}, "), citation, dev_tools_name),
    });
    let style = match finding.level {
        Level::Error => RED,
        Level::Warning => YELLOW,
        Level::Note => CYAN,
    };
    row(out, style, finding.level.name(), &text)
}

fn summary(out: &mut impl Write, counts: Counts) -> io::Result<()> {
    let plural = |count, what| match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    };
    let mut summary = vec![
        plural(counts.errors, "error"),
        plural(counts.warnings, "warning"),
    ];
    if counts.notes > 0 {
        summary.push(plural(counts.notes, "note"));
    }
    writeln!(out, "\n{BOLD}{}{BOLD:#}", summary.join(", "))?;
    if counts.has(Level::Note) {
        let text = "What a finding means and what to do: `hardtack findings NAME`, or its heading in \
                    docs/lint.md";
        for line in wrapped(text, WIDTH) {
            writeln!(out, "{FAINT}{line}{FAINT:#}")?;
        }
    }
    Ok(())
}
