//! The report as JSON.

use hardtack::{Cookie, Exclusion, Receipt};
use serde_json::Value;

use crate::explain::report::{Report, Then};
use crate::json::{self, Members, list, source};
use crate::received::{Line, Parsed};

/// The report as one object.
pub(super) fn of(report: &Report<'_>) -> Value {
    let cookies = report.cookies.iter().map(|cookie| stored(cookie));
    Members::new()
        .member("url", report.url.as_str())
        .member("now", json::rfc3339(report.now))
        .member("notes", report.notes.as_slice())
        .member("lines", list(report.lines.iter().map(line)))
        .member("cookies", list(cookies))
        .member("then", list(report.then.iter().map(then)))
        .into()
}

fn line(line: &Line<'_>) -> Members {
    Members::new()
        .octets("line", line.octets)
        .member("parsed", line.parsed.as_ref().map(parsed))
        .and(match &line.outcome {
            Ok(outcome) => Members::new().member("result", result(outcome.receipt)),
            Err(rejection) => Members::new()
                .member("result", "rejected")
                .member("reason", rejection.name())
                .member("message", rejection.to_string())
                .and(source(rejection.citation(), rejection.dev_tools_name())),
        })
}

fn parsed(parsed: &Parsed<'_>) -> Members {
    let attributes = parsed.attributes.iter();
    let understood = attributes
        .clone()
        .filter_map(|attribute| attribute.as_ref().ok());
    let ignored = attributes.filter_map(|attribute| attribute.as_ref().err());
    let ignored = ignored.map(|ignored| {
        Members::new()
            .octets("name", ignored.name)
            .member("reason", ignored.reason.name())
            .member("message", ignored.reason.to_string())
            .and(source(Some(ignored.reason.citation()), None))
    });
    Members::new()
        .octets("name", parsed.set_cookie.name())
        .octets("value", parsed.set_cookie.value())
        .member("attributes", list(understood.map(json::attribute)))
        .member("ignored", list(ignored))
}

fn result(receipt: Receipt) -> &'static str {
    match receipt {
        Receipt::Stored => "stored",
        Receipt::Replaced => "replaced",
        Receipt::Expired => "expired",
    }
}

fn stored(cookie: &Cookie) -> Members {
    json::cookie(cookie)
        .member("creation_time", json::rfc3339(cookie.creation_time()))
        .member("last_access_time", json::rfc3339(cookie.last_access_time()))
}

fn then(then: &Then<'_>) -> Members {
    let cookies = then
        .cookies
        .iter()
        .map(|(cookie, why_not)| retrieved(cookie, *why_not));
    let members = Members::new().member("url", then.url.as_str());
    match &then.cookie_string {
        Some(cookie_string) => members.octets("cookie", cookie_string),
        None => members.member("cookie", Value::Null),
    }
    .member("cookies", list(cookies))
}

fn retrieved(cookie: &Cookie, why_not: Option<Exclusion>) -> Members {
    let members = Members::new()
        .octets("name", cookie.name())
        .octets("domain", cookie.domain())
        .octets("path", cookie.path())
        .member("sent", why_not.is_none());
    match why_not {
        None => members,
        Some(exclusion) => members
            .member("reason", exclusion.name())
            .member("message", exclusion.to_string())
            .and(source(exclusion.citation(), exclusion.dev_tools_name())),
    }
}
