//! The report as text, for people.

use std::io::{self, Write};
use std::mem;

use hardtack::{Attribute, Cookie, Exclusion, PathAttribute, Receipt, Rejection, SameSite};

use crate::explain::report::{Report, Then};
use crate::json::attribute_name;
use crate::page::{
    BOLD, GREEN, Links, PLAIN, RED, WIDTH, YELLOW, broken, broken_text, notes, row, source,
    wrapped_text,
};
use crate::received::{Line, Outcome, Parsed, Receiver};
use crate::secrets::Values;
use crate::shown::{self, cut, shown, shown_or};
use crate::time::rfc3339;

/// The most columns of a name, as wide as the text of a row; JSON has all of it.
const NAME: usize = 64;

/// Writes the report, or only its notes if there is no line. Returns true if a line was refused.
pub(super) fn write(report: &Report<'_>, out: &mut impl Write) -> io::Result<bool> {
    let (values, method) = (report.values, report.method);
    notes(out, &report.notes())?;
    if report.input.is_empty() {
        out.flush()?;
        return Ok(false);
    }
    let source = match method {
        Some(_) => "Received from",
        None => "Set by a script at",
    };
    writeln!(out, "{source} {} at {}", report.url, rfc3339(report.now))?;
    let mut receiver = Receiver::default();
    let mut links = Links::default();
    let mut has_refusal = false;
    for received in report.lines(&mut receiver) {
        line(out, &received, values)?;
        let ignored = received.parsed.iter().flat_map(Parsed::ignored);
        ignored.for_each(|ignored| links.add(Some(ignored.reason.citation())));
        if let Err(rejection) = &received.outcome {
            links.add(rejection.citation());
            has_refusal = true;
        }
    }
    let cookies: Vec<&Cookie> = report.cookies(&receiver.jar).collect();
    stored(out, &cookies, values)?;
    for request in report.then(&receiver.jar) {
        then(out, &request, method, values)?;
        let why_not = request.cookies.iter().filter_map(|(_, why_not)| *why_not);
        why_not.for_each(|exclusion| links.add(exclusion.citation()));
    }
    links.write(out)?;
    out.flush()?;
    Ok(has_refusal)
}

fn line(out: &mut impl Write, line: &Line<'_>, values: Values) -> io::Result<()> {
    let number = format!("[{}] ", line.index + 1);
    let line_itself = cut(&values.line(line.octets), WIDTH - number.len());
    writeln!(out, "\n{BOLD}{number}{line_itself}{BOLD:#}")?;
    if let Some(parsed) = &line.parsed {
        as_parsed(out, parsed, values)?;
    }
    match &line.outcome {
        Ok(outcome) => accepted(out, outcome),
        Err(rejection) => refused(out, rejection, values),
    }
}

fn as_parsed(out: &mut impl Write, parsed: &Parsed<'_>, values: Values) -> io::Result<()> {
    let set_cookie = &parsed.set_cookie;
    let name = match set_cookie.name() {
        [] => "(none)".to_owned(),
        name => cut(name, NAME),
    };
    row(out, PLAIN, "name", &[name])?;
    let value = shown_or(&values.value(set_cookie.value()), "(empty)");
    row(out, PLAIN, "value", &broken_text(&value))?;
    for (index, observed) in parsed.attributes.iter().enumerate() {
        match &observed.attribute {
            Ok(attribute) => {
                let name = attribute_name(attribute);
                let value = meaning(attribute, values);
                let overruled = overruled(parsed, index, attribute);
                row(
                    out,
                    PLAIN,
                    name,
                    &broken_text(&format!("{value}{overruled}")),
                )?;
            }
            Err(ignored) => {
                let reason = ignored.reason;
                let text = format!("ignored: {reason} ({})", reason.citation());
                row(
                    out,
                    YELLOW,
                    &shown::name(&values.unknown_name(ignored.name, parsed.set_cookie.value())),
                    &wrapped_text(&text),
                )?;
            }
        }
    }
    if parsed.more_attributes > 0 {
        let text = format!("{} more attributes are not shown", parsed.more_attributes);
        row(out, YELLOW, "…", &[text])?;
    }
    Ok(())
}

fn meaning(attribute: &Attribute<'_>, values: Values) -> String {
    match attribute {
        Attribute::Expires(instant) => rfc3339(*instant),
        Attribute::MaxAge(seconds) => format!("{seconds} seconds"),
        Attribute::Domain(domain) => shown_or(&values.attribute(domain), "(empty: the very host)"),
        Attribute::Path(PathAttribute::Given(path)) => shown(&values.attribute(path)),
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

/// Describes what applies instead of an attribute that was understood.
fn overruled(parsed: &Parsed<'_>, index: usize, attribute: &Attribute<'_>) -> &'static str {
    let kind = mem::discriminant(attribute);
    let later = parsed.attributes[index + 1..].iter();
    let mut later = later.filter_map(|observed| observed.attribute.as_ref().ok());
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

fn refused(out: &mut impl Write, rejection: &Rejection, values: Values) -> io::Result<()> {
    let mut text = wrapped_text(&values.message(rejection.to_string()));
    text.extend(source("", rejection.citation(), rejection.dev_tools_name()));
    row(out, RED, "refused", &text)
}

fn stored(out: &mut impl Write, cookies: &[&Cookie], values: Values) -> io::Result<()> {
    let count = match cookies.len() {
        0 => "No cookie is stored".to_owned(),
        1 => "1 cookie is stored".to_owned(),
        count => format!("{count} cookies are stored"),
    };
    writeln!(out, "\n{BOLD}{count}{BOLD:#}")?;
    let mut cookies = cookies.iter();
    cookies.try_for_each(|cookie| fields(out, cookie, values))
}

fn fields(out: &mut impl Write, cookie: &Cookie, values: Values) -> io::Result<()> {
    let reach = if cookie.host_only() {
        "only, not its subdomains (host-only)"
    } else {
        "and its subdomains"
    };
    let yes_or_no = |flag| if flag { "yes" } else { "no" };
    let partition = cookie.partition().map(ToString::to_string);
    let rows = [
        ("domain", format!("{} {reach}", shown(cookie.domain()))),
        ("path", shown(&values.attribute(cookie.path()))),
        (
            "expires",
            cookie.expiry_time().map_or("session".to_owned(), rfc3339),
        ),
        ("Secure", yes_or_no(cookie.secure_only()).to_owned()),
        ("HttpOnly", yes_or_no(cookie.http_only()).to_owned()),
        ("SameSite", enforcement(cookie.same_site()).to_owned()),
        ("partition", partition.unwrap_or("none".to_owned())),
    ];
    let (name, value) = (cookie.name(), values.value(cookie.value()));
    let pair = format!("{}={}", cut(name, NAME), shown(&value));
    for line in broken(&pair, WIDTH - 2) {
        writeln!(out, "  {line}")?;
    }
    rows.into_iter()
        .try_for_each(|(label, text)| row(out, PLAIN, label, &broken_text(&text)))
}

fn then(
    out: &mut impl Write,
    then: &Then<'_>,
    method: Option<&str>,
    values: Values,
) -> io::Result<()> {
    let (sent, not_sent, field) = match method {
        Some(_) => ("sent", "not sent", "Cookie: "),
        None => ("read", "not read", ""),
    };
    let who = method.map_or("document.cookie at".to_owned(), |method| {
        shown(method.as_bytes())
    });
    writeln!(out, "\n{BOLD}{who} {}{BOLD:#}", then.url)?;
    match &then.cookie_string {
        Some(cookie_string) => {
            let cookie_string = shown(&values.cookie_string(cookie_string));
            let text = broken_text(&format!("{field}{cookie_string}"));
            row(out, GREEN, sent, &text)
        }
        None => row(out, PLAIN, sent, &["nothing".to_owned()]),
    }?;
    for (cookie, exclusion) in &then.cookies {
        if let Some(exclusion) = exclusion {
            excluded(out, not_sent, cookie, *exclusion, values)?;
        }
    }
    Ok(())
}

fn excluded(
    out: &mut impl Write,
    label: &str,
    cookie: &Cookie,
    why: Exclusion,
    values: Values,
) -> io::Result<()> {
    let name = match cookie.name() {
        [] => "(no name)".to_owned(),
        name => shown::name(name),
    };
    let (domain, path) = (cookie.domain(), values.attribute(cookie.path()));
    let which = format!("{name} of {}{}", shown(domain), shown(&path));
    let mut text = broken_text(&which);
    text.extend(wrapped_text(&why.to_string()));
    text.extend(source("", why.citation(), why.dev_tools_name()));
    row(out, YELLOW, label, &text)
}
