//! The report as text, for people.

use std::io::{self, Write};
use std::mem;

use hardtack::{Attribute, Cookie, Exclusion, PathAttribute, Receipt, Rejection, SameSite};

use crate::explain::report::{Report, Then};
use crate::json::{attribute_name, rfc3339};
use crate::page::{
    BOLD, GREEN, PLAIN, RED, YELLOW, cut, links, notes, row, shown, shown_or, source, wrapped_text,
};
use crate::received::{Line, Outcome, Parsed};

/// Writes the report; only its notes where there is no line.
pub(super) fn write(report: &Report<'_>, out: &mut impl Write) -> io::Result<()> {
    notes(out, &report.notes)?;
    if report.lines.is_empty() {
        return Ok(());
    }
    let source = match report.method {
        Some(_) => "Received from",
        None => "Set by a script at",
    };
    writeln!(out, "{source} {} at {}", report.url, rfc3339(report.now))?;
    for (index, received) in report.lines.iter().enumerate() {
        line(out, index, received)?;
    }
    stored(out, &report.cookies)?;
    for request in &report.then {
        then(out, request, report.method)?;
    }
    links(out, report.citations())
}

fn line(out: &mut impl Write, index: usize, line: &Line<'_>) -> io::Result<()> {
    let line_itself = format!("[{}] {}", index + 1, shown(line.octets));
    writeln!(out, "\n{BOLD}{}{BOLD:#}", cut(&line_itself))?;
    if let Some(parsed) = &line.parsed {
        as_parsed(out, parsed)?;
    }
    match &line.outcome {
        Ok(outcome) => accepted(out, outcome),
        Err(rejection) => refused(out, rejection),
    }
}

fn as_parsed(out: &mut impl Write, parsed: &Parsed<'_>) -> io::Result<()> {
    let set_cookie = &parsed.set_cookie;
    row(out, PLAIN, "name", &[shown_or(set_cookie.name(), "(none)")])?;
    row(
        out,
        PLAIN,
        "value",
        &[shown_or(set_cookie.value(), "(empty)")],
    )?;
    for (index, attribute) in parsed.attributes.iter().enumerate() {
        match attribute {
            Ok(attribute) => {
                let (name, value) = (attribute_name(attribute), meaning(attribute));
                let overruled = overruled(parsed, index, attribute);
                row(out, PLAIN, name, &[format!("{value}{overruled}")])?;
            }
            Err(ignored) => {
                let reason = ignored.reason;
                let text = format!("ignored: {reason} ({})", reason.citation());
                row(out, YELLOW, &shown(ignored.name), &wrapped_text(&text))?;
            }
        }
    }
    Ok(())
}

fn meaning(attribute: &Attribute<'_>) -> String {
    match attribute {
        Attribute::Expires(instant) => rfc3339(*instant),
        Attribute::MaxAge(seconds) => format!("{seconds} seconds"),
        Attribute::Domain(domain) => shown_or(domain, "(empty: the very host)"),
        Attribute::Path(PathAttribute::Given(path)) => shown(path),
        Attribute::Path(PathAttribute::Default { .. }) => {
            "no \"/\" at its start: the URL's default-path".to_owned()
        }
        Attribute::SameSite(same_site) => enforcement(*same_site).to_owned(),
        _ => "yes".to_owned(),
    }
}

fn enforcement(same_site: SameSite) -> &'static str {
    match same_site {
        SameSite::Default => "Default (enforced as Lax)",
        SameSite::Strict => "Strict",
        SameSite::Lax => "Lax",
        SameSite::None => "None",
    }
}

/// What counts instead of an attribute that was understood.
fn overruled(parsed: &Parsed<'_>, index: usize, attribute: &Attribute<'_>) -> &'static str {
    let kind = mem::discriminant(attribute);
    let mut later = parsed.attributes[index + 1..].iter().flatten();
    if later.any(|later| mem::discriminant(later) == kind) {
        " (a later one counts)"
    } else if matches!(attribute, Attribute::Expires(_)) && parsed.set_cookie.max_age().is_some() {
        " (Max-Age counts instead)"
    } else {
        ""
    }
}

fn accepted(out: &mut impl Write, outcome: &Outcome) -> io::Result<()> {
    let old = outcome.old.map(|old| format!("[{}]", old + 1));
    let (style, verdict, effect) = match (outcome.receipt, old) {
        (Receipt::Expired, None) => (
            YELLOW,
            "expired",
            Some("there is none to delete".to_owned()),
        ),
        (Receipt::Expired, Some(old)) => (YELLOW, "expired", Some(format!("deletes {old}"))),
        (Receipt::Replaced, old) => (
            GREEN,
            "replaced",
            old.map(|old| format!("takes the place of {old}")),
        ),
        (Receipt::Stored, _) => (GREEN, "stored", None),
    };
    let limit = outcome
        .lifetime_limit
        .map(|days| format!("for {days} days: a longer lifetime is cut to that"));
    let text: Vec<String> = effect.into_iter().chain(limit).collect();
    row(out, style, verdict, &text)
}

fn refused(out: &mut impl Write, rejection: &Rejection) -> io::Result<()> {
    let mut text = wrapped_text(&rejection.to_string());
    text.push(source(rejection.citation(), rejection.dev_tools_name()));
    row(out, RED, "refused", &text)
}

fn stored(out: &mut impl Write, cookies: &[&Cookie]) -> io::Result<()> {
    let count = match cookies.len() {
        0 => "No cookie is stored".to_owned(),
        1 => "1 cookie is stored".to_owned(),
        count => format!("{count} cookies are stored"),
    };
    writeln!(out, "\n{BOLD}{count}{BOLD:#}")?;
    cookies.iter().try_for_each(|cookie| fields(out, cookie))
}

fn fields(out: &mut impl Write, cookie: &Cookie) -> io::Result<()> {
    let reach = if cookie.host_only() {
        "only, not its subdomains (host-only)"
    } else {
        "and its subdomains"
    };
    let yes_or_no = |flag| if flag { "yes" } else { "no" };
    let partition = cookie.partition().map(ToString::to_string);
    let rows = [
        ("domain", format!("{} {reach}", shown(cookie.domain()))),
        ("path", shown(cookie.path())),
        (
            "expires",
            cookie.expiry_time().map_or("session".to_owned(), rfc3339),
        ),
        ("Secure", yes_or_no(cookie.secure_only()).to_owned()),
        ("HttpOnly", yes_or_no(cookie.http_only()).to_owned()),
        ("SameSite", enforcement(cookie.same_site()).to_owned()),
        ("partition", partition.unwrap_or("none".to_owned())),
    ];
    writeln!(out, "  {}={}", shown(cookie.name()), shown(cookie.value()))?;
    rows.into_iter()
        .try_for_each(|(label, text)| row(out, PLAIN, label, &[text]))
}

fn then(out: &mut impl Write, then: &Then<'_>, method: Option<&str>) -> io::Result<()> {
    let (sent, not_sent) = match method {
        Some(_) => ("sent", "not sent"),
        None => ("read", "not read"),
    };
    let who = method.map_or("document.cookie at".to_owned(), |method| {
        shown(method.as_bytes())
    });
    writeln!(out, "\n{BOLD}{who} {}{BOLD:#}", then.url)?;
    match &then.cookie_string {
        Some(cookie_string) if method.is_none() => row(out, GREEN, sent, &[shown(cookie_string)]),
        Some(cookie_string) => row(
            out,
            GREEN,
            sent,
            &[format!("Cookie: {}", shown(cookie_string))],
        ),
        None => row(out, PLAIN, sent, &["nothing".to_owned()]),
    }?;
    for (cookie, exclusion) in &then.cookies {
        if let Some(exclusion) = exclusion {
            excluded(out, not_sent, cookie, *exclusion)?;
        }
    }
    Ok(())
}

fn excluded(out: &mut impl Write, label: &str, cookie: &Cookie, why: Exclusion) -> io::Result<()> {
    let (name, domain, path) = (cookie.name(), cookie.domain(), cookie.path());
    let which = format!(
        "{} of {}{}",
        shown_or(name, "(no name)"),
        shown(domain),
        shown(path)
    );
    let mut text = vec![which];
    text.extend(wrapped_text(&why.to_string()));
    text.push(source(why.citation(), why.dev_tools_name()));
    row(out, YELLOW, label, &text)
}
