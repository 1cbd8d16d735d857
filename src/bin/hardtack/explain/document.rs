//! The report as JSON.

use std::io::{self, Write};

use hardtack::{Attribute, Cookie, Exclusion, PathAttribute};
use serde_json::Value;

use crate::explain::report::{Report, Then};
use crate::json::{self, Document, Members, list, source};
use crate::received::{Line, Parsed, Receiver};
use crate::secrets::Values;
use crate::time::rfc3339;

/// Writes the report as one object. Returns true if a line was refused.
pub(super) fn write(report: &Report<'_>, out: impl Write) -> io::Result<bool> {
    let values = report.values;
    let mut document = Document::new(out);
    document.member("url", report.url.as_str())?;
    document.member("now", rfc3339(report.now))?;
    document.member("notes", report.notes())?;
    let mut receiver = Receiver::default();
    let mut has_refusal = false;
    let lines = report.lines(&mut receiver).map(|received| {
        has_refusal |= received.outcome.is_err();
        line(&received, values)
    });
    document.list("lines", lines)?;
    let jar = &receiver.jar;
    let cookies = report.cookies(jar).map(|cookie| stored(cookie, values));
    document.list("cookies", cookies)?;
    document.list(
        "then",
        report.then(jar).map(|request| then(&request, values)),
    )?;
    document.end()?;
    Ok(has_refusal)
}

fn line(line: &Line<'_>, values: Values) -> Members {
    let parsed = line.parsed.as_ref().map(|line| parsed(line, values));
    Members::new()
        .octets("line", &values.line(line.octets))
        .member("parsed", parsed)
        .and(match &line.outcome {
            Ok(outcome) => Members::new().member("result", outcome.receipt.to_string()),
            Err(rejection) => Members::new()
                .member("result", "rejected")
                .member("reason", rejection.name())
                .member("message", values.message(rejection.to_string()))
                .and(source(rejection.citation(), rejection.dev_tools_name())),
        })
}

fn parsed(parsed: &Parsed<'_>, values: Values) -> Members {
    let understood = parsed.understood();
    let understood = understood.map(|(understood, _)| attribute(understood, values));
    let ignored = parsed.ignored().map(|ignored| {
        Members::new()
            .octets(
                "name",
                &values.unknown_name(ignored.name, parsed.set_cookie.value()),
            )
            .member("reason", ignored.reason.name())
            .member("message", ignored.reason.to_string())
            .and(source(Some(ignored.reason.citation()), None))
    });
    let more = Some(parsed.more_attributes).filter(|count| *count > 0);
    Members::new()
        .octets("name", parsed.set_cookie.name())
        .octets("value", &values.value(parsed.set_cookie.value()))
        .member("attributes", list(understood))
        .member("ignored", list(ignored))
        .optional("more_attributes", more)
}

fn attribute(attribute: &Attribute<'_>, values: Values) -> Members {
    match attribute {
        Attribute::Domain(text) => json::attribute_as(attribute, &values.attribute(text)),
        Attribute::Path(PathAttribute::Given(text)) => {
            json::attribute_as(attribute, &values.attribute(text))
        }
        _ => json::attribute(attribute),
    }
}

fn stored(cookie: &Cookie, values: Values) -> Members {
    let (value, path) = (cookie.value(), cookie.path());
    json::cookie_as(cookie, &values.value(value), &values.attribute(path))
        .member("creation_time", rfc3339(cookie.creation_time()))
        .member("last_access_time", rfc3339(cookie.last_access_time()))
}

fn then(then: &Then<'_>, values: Values) -> Members {
    let cookies = then.cookies.iter();
    let cookies = cookies.map(|(cookie, why_not)| retrieved(cookie, *why_not, values));
    let members = Members::new().member("url", then.url.as_str());
    match &then.cookie_string {
        Some(cookie_string) => members.octets("cookie", &values.cookie_string(cookie_string)),
        None => members.member("cookie", Value::Null),
    }
    .member("cookies", list(cookies))
}

fn retrieved(cookie: &Cookie, why_not: Option<Exclusion>, values: Values) -> Members {
    let members = Members::new()
        .octets("name", cookie.name())
        .octets("domain", cookie.domain())
        .octets("path", &values.attribute(cookie.path()))
        .member("sent", why_not.is_none());
    match why_not {
        None => members,
        Some(exclusion) => members
            .member("reason", exclusion.name())
            .member("message", exclusion.to_string())
            .and(source(exclusion.citation(), exclusion.dev_tools_name())),
    }
}
