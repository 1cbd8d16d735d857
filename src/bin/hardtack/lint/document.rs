//! The findings as JSON.

use std::io::{self, Write};

use serde_json::Value;

use crate::guide;
use crate::json::{Document, Members, list, source};
use crate::lint::finding::{Counts, Finding, Source};
use crate::lint::linter::{Linted, Linter};
use crate::secrets::Values;
use crate::time::rfc3339;

/// Writes the findings as one object.
pub(super) fn write(linter: &Linter<'_>, out: impl Write) -> io::Result<Counts> {
    let mut document = Document::new(out);
    document.member("url", linter.url.as_str())?;
    document.member("now", rfc3339(linter.now))?;
    document.member("notes", linter.notes())?;
    let mut counts = Counts::default();
    let lines = linter.lines().map(|line| {
        let findings = line.findings.iter();
        findings.for_each(|finding| counts.add(finding.level));
        linted(&line, linter.values)
    });
    document.list("lines", lines)?;
    document.end()?;
    Ok(counts)
}

fn linted(line: &Linted<'_>, values: Values) -> Members {
    let members = match line.cookie_name {
        Some(name) => Members::new().octets("name", name),
        None => Members::new().member("name", Value::Null),
    };
    let members = match values {
        Values::Show => members.octets("line", line.octets),
        Values::Hide => members,
    };
    members.member("findings", list(line.findings.iter().map(found)))
}

pub(crate) fn found(finding: &Finding) -> Members {
    let members = Members::new()
        .member("level", finding.level.name())
        .member("reason", finding.name.as_str())
        .member("message", finding.message.as_str());
    let members = match finding.source {
        Source::UserAgents {
            citation,
            dev_tools_name,
        } => members.and(source(citation, dev_tools_name)),
        Source::Lint => members,
    };
    members.member("page", guide::link(&finding.name))
}
