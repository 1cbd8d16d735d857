//! The replay as text, for people: what matters first.

use std::io::{self, Write};

use hardtack::recording::{Entry, Line, Pair, Verdict};

use crate::har::Report;
use crate::har::document::{destination, result, set_by, url};
use crate::har::findings::{Cause, Kind};
use crate::page::{
    BOLD, CYAN, FAINT, GREEN, Links, PLAIN, RED, WIDTH, YELLOW, notes, row, source, wrapped,
    wrapped_text,
};
use crate::secrets::Values;
use crate::shown::{cut, name};
use crate::time::rfc3339;

/// The requests that are named for one cause.
const REQUESTS: usize = 8;

/// Writes the verdict, the findings by cause, and the cookies.
pub(super) fn write(report: &Report<'_>, out: &mut impl Write) -> io::Result<()> {
    notes(out, &report.notes)?;
    head(report, out)?;
    let mut links = Links::default();
    for kind in Kind::ALL {
        let causes: Vec<&Cause> = report
            .findings
            .causes
            .iter()
            .filter(|it| it.kind == kind)
            .collect();
        if causes.is_empty() {
            continue;
        }
        writeln!(out, "\n{BOLD}{}{BOLD:#}", kind.heading())?;
        for cause in causes {
            links.add(cause.citation);
            self::cause(report, cause, out)?;
        }
    }
    cookies(report, out)?;
    links.write(out)
}

fn head(report: &Report<'_>, out: &mut impl Write) -> io::Result<()> {
    let summary = &report.replay.summary;
    let by = report.recording.browser().or(report.recording.creator());
    let by = by.map_or(String::new(), |by| format!(", by {}", name(by.as_bytes())));
    writeln!(
        out,
        "{}{by}, replayed by the rules of {}",
        report.name, report.replay.dialect
    )?;
    if summary.entries == 0 {
        return writeln!(out, "{BOLD}Nothing was recorded.{BOLD:#}");
    }
    let without = report.findings.requests_without();
    let mut verdict = Vec::new();
    if summary.unexplained > 0 {
        verdict.push(format!(
            "{} Cookie {} not explained",
            summary.unexplained,
            if summary.unexplained == 1 {
                "header is"
            } else {
                "headers are"
            }
        ));
    }
    if without > 0 {
        verdict.push(format!(
            "{without} requests went without a cookie you may expect"
        ));
    }
    if summary.refused > 0 {
        verdict.push(format!(
            "{} of {} Set-Cookie lines were refused",
            summary.refused, summary.lines
        ));
    }
    let verdict = if verdict.is_empty() {
        report.all_is_well().to_owned()
    } else {
        format!("{}.", verdict.join(", and "))
    };
    for line in wrapped(&verdict, WIDTH) {
        writeln!(out, "{BOLD}{line}{BOLD:#}")?;
    }
    writeln!(
        out,
        "{} requests: as predicted {}, explained {}, unexplained {}",
        summary.entries, summary.agree, summary.explained, summary.unexplained
    )?;
    if report.replay.blocks_third_parties {
        writeln!(out, "The browser blocked third-party cookies throughout.")?;
    }
    Ok(())
}

fn cause(report: &Report<'_>, cause: &Cause, out: &mut impl Write) -> io::Result<()> {
    let (style, noun) = match cause.kind {
        Kind::Unexplained => (RED, "cookie"),
        Kind::NotSent => (YELLOW, "cookie"),
        Kind::Refused => (RED, "line"),
        Kind::Explained => (CYAN, "cookie"),
    };
    let plural = if cause.count == 1 { "" } else { "s" };
    let names: Vec<String> = cause
        .names
        .iter()
        .take(6)
        .map(|octets| shown_name(octets))
        .collect();
    let more = cause.names.len().saturating_sub(names.len());
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    writeln!(
        out,
        "  {style}{}{style:#} ({} {noun}{plural})",
        cause.reason, cause.count
    )?;
    row(
        out,
        PLAIN,
        "cookies",
        &wrapped_text(&format!("{}{more}", names.join(", "))),
    )?;
    row(
        out,
        PLAIN,
        "why",
        &wrapped_text(&report.values.message(cause.wrong.clone())),
    )?;
    if let Some((entry, line)) = cause.line {
        let line = &report.replay.entries[entry].lines[line];
        row(out, PLAIN, "line", &wrapped_text(&line_shown(report, line)))?;
    }
    if let Some(mend) = &cause.mend {
        let mut fix: Vec<String> = mend.add.iter().map(|add| format!("add {add}")).collect();
        let drop = mend.drop.iter().map(|drop| {
            format!(
                "drop {}",
                cut(&report.values.attribute(drop.as_bytes()), 60)
            )
        });
        fix.extend(drop);
        row(out, GREEN, "mend", &wrapped_text(&fix.join(", ")))?;
    }
    if !cause.fix.is_empty() {
        row(
            out,
            GREEN,
            "fix",
            &wrapped_text(&report.values.message(cause.fix.clone())),
        )?;
    }
    let requests: Vec<String> = cause
        .entries
        .iter()
        .take(REQUESTS)
        .map(|position| format!("#{}", report.replay.entries[*position].index))
        .collect();
    let more = cause.entries.len().saturating_sub(REQUESTS);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    let requests = format!("{}{more}", requests.join(" "));
    row(out, PLAIN, "requests", &wrapped_text(&requests))?;
    if cause.citation.is_some() || cause.kind == Kind::Refused {
        row(
            out,
            PLAIN,
            "",
            &source("", cause.citation, cause.dev_tools_name),
        )?;
    }
    Ok(())
}

fn shown_name(octets: &[u8]) -> String {
    match octets {
        [] => "(no name)".to_owned(),
        octets => name(octets),
    }
}

/// A line with the letter of its value.
fn line_shown(report: &Report<'_>, line: &Line) -> String {
    if report.values == Values::Show {
        return cut(line.octets(), 200);
    }
    let mut pieces = line.octets().split(|octet| *octet == b';');
    let pair = pieces.next().unwrap_or_default();
    let equals = pair.contains(&b'=');
    let pair_name = if equals {
        format!("{}=", cut(&line.pair.name, 60))
    } else {
        String::new()
    };
    let letter = report.stand_ins.letter(line.pair.value());
    let hidden = report.values.line(line.octets());
    let attributes = hidden.iter().position(|octet| *octet == b';');
    let attributes = attributes.map_or(String::new(), |start| cut(&hidden[start..], 160));
    format!("{pair_name}<{letter}>{attributes}")
}

fn cookies(report: &Report<'_>, out: &mut impl Write) -> io::Result<()> {
    let cookies = &report.replay.cookies;
    if cookies.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{BOLD}Cookies{BOLD:#} ({})", cookies.len())?;
    let mut order: Vec<usize> = (0..cookies.len()).collect();
    order.sort_by_key(|id| {
        (
            !cookies[*id].is_first_party,
            cookies[*id].identity.domain.clone(),
            *id,
        )
    });
    for id in order {
        let cookie = &cookies[id];
        let mut says = vec![
            if cookie.is_first_party {
                "first party"
            } else {
                "third party"
            }
            .to_owned(),
            cookie.granted_secs.map_or("session".to_owned(), lifetime),
        ];
        says.extend(cookie.secure.then(|| "Secure".to_owned()));
        says.extend(cookie.http_only.then(|| "HttpOnly".to_owned()));
        says.push(format!(
            "SameSite {}",
            crate::json::same_site(cookie.same_site)
        ));
        says.extend(
            cookie
                .identity
                .partition
                .as_ref()
                .map(|_| "Partitioned".to_owned()),
        );
        says.push(format!("{} octets", cookie.octets));
        says.push(format!("set by {}", set_by(cookie)));
        says.push(format!("sent {}×", cookie.sent));
        let findings: Vec<&str> = report
            .findings
            .of_cookie(id)
            .iter()
            .map(|finding| finding.name.as_str())
            .collect();
        if !findings.is_empty() {
            says.push(findings.join(", "));
        }
        let place = format!("{}{}", cookie.scope(), cut(&cookie.identity.path, 40));
        let name = shown_name(&cookie.identity.name);
        writeln!(out, "  {BOLD}{name}{BOLD:#} {FAINT}{place}{FAINT:#}")?;
        for line in wrapped(&says.join(" · "), WIDTH - 4) {
            writeln!(out, "    {line}")?;
        }
    }
    Ok(())
}

/// A lifetime in its largest unit.
pub(super) fn lifetime(seconds: i64) -> String {
    let units = [(31_536_000, "y"), (86_400, "d"), (3_600, "h"), (60, "min")];
    let unit = units.iter().find(|(unit, _)| seconds >= *unit);
    match unit {
        Some((unit, name)) => format!("{} {name}", seconds / unit),
        None => format!("{seconds} s"),
    }
}

/// Writes one request in full. Returns false if there is none of this number.
pub(super) fn entry(report: &Report<'_>, number: usize, out: &mut impl Write) -> io::Result<bool> {
    let mut entries = report.replay.entries.iter();
    let Some(entry) = entries.find(|entry| entry.index == number) else {
        return Ok(false);
    };
    let mut links = Links::default();
    let title = format!(
        "#{number} {} {}",
        entry.method,
        url(&entry.url, report.values)
    );
    for line in wrapped(&title, WIDTH) {
        writeln!(out, "{BOLD}{line}{BOLD:#}")?;
    }
    row(out, PLAIN, "time", &[rfc3339(entry.time)])?;
    if let Some(status) = entry.status {
        let to = entry.redirect.as_ref().map_or(String::new(), |to| {
            format!(" to {}", url(to, report.values))
        });
        row(
            out,
            PLAIN,
            "status",
            &wrapped_text(&format!("{status}{to}")),
        )?;
    }
    row(out, PLAIN, "context", &wrapped_text(&context(entry)))?;
    row(
        out,
        PLAIN,
        "told by",
        &wrapped_text(&entry.context.from.join(", ")),
    )?;
    row(
        out,
        PLAIN,
        "sent",
        &wrapped_text(&names(report, &entry.recorded)),
    )?;
    row(
        out,
        PLAIN,
        "predicted",
        &wrapped_text(&names(report, &entry.predicted)),
    )?;
    for difference in &entry.differences {
        let style = if difference.explained { CYAN } else { RED };
        let text = format!("{}: {}", difference.reason, difference.text);
        row(
            out,
            style,
            &shown_name(&difference.name),
            &wrapped_text(&text),
        )?;
    }
    for withheld in &entry.withheld {
        let cookie = &report.replay.cookies[withheld.cookie];
        links.add(withheld.reason.citation());
        let mut text = wrapped_text(&format!("not sent: {}", withheld.reason));
        text.extend(source(
            "",
            withheld.reason.citation(),
            withheld.reason.dev_tools_name(),
        ));
        row(out, YELLOW, &shown_name(&cookie.identity.name), &text)?;
    }
    for line in &entry.lines {
        writeln!(out)?;
        let shown = line_shown(report, line);
        for piece in wrapped(&format!("[{}] {shown}", line.index), WIDTH) {
            writeln!(out, "{BOLD}{piece}{BOLD:#}")?;
        }
        verdict(report, line, &mut links, out)?;
    }
    links.write(out)?;
    Ok(true)
}

fn verdict(
    report: &Report<'_>,
    line: &Line,
    links: &mut Links,
    out: &mut impl Write,
) -> io::Result<()> {
    if let Verdict::Refused(refused) = &line.verdict {
        links.add(refused.citation());
        let mut text = wrapped_text(&report.values.message(refused.to_string()));
        text.extend(source("", refused.citation(), refused.dev_tools_name()));
        row(out, RED, "refused", &text)?;
    } else {
        row(out, GREEN, result(&line.verdict), &[])?;
    }
    if let Some(deviation) = line.deviation {
        row(
            out,
            YELLOW,
            "but",
            &wrapped_text(&format!("the browser decides otherwise: {deviation}")),
        )?;
    }
    if let Some(mend) = &line.mend {
        let mut fix: Vec<String> = mend.add.iter().map(|add| format!("add {add}")).collect();
        fix.extend(mend.drop.iter().map(|drop| {
            format!(
                "drop {}",
                cut(&report.values.attribute(drop.as_bytes()), 60)
            )
        }));
        row(out, GREEN, "mend", &wrapped_text(&fix.join(", ")))?;
    }
    Ok(())
}

fn context(entry: &Entry) -> String {
    let context = &entry.context;
    let party = match context.site_for_cookies() {
        Some(site) => format!("site for cookies {}", site.origin().ascii_serialization()),
        None if context.has_opaque_site_for_cookies() => {
            "opaque site for cookies, so cross-site".to_owned()
        }
        None => "no client, so same-site".to_owned(),
    };
    format!("{}, {party}", destination(context.destination))
}

fn names(report: &Report<'_>, pairs: &[Pair]) -> String {
    if pairs.is_empty() {
        return "nothing".to_owned();
    }
    let pairs = pairs.iter().map(|pair| match report.values {
        Values::Show => format!("{}={}", shown_name(&pair.name), cut(pair.value(), 60)),
        Values::Hide => {
            let letter = report.stand_ins.letter(pair.value());
            format!("{}=<{letter}>", shown_name(&pair.name))
        }
    });
    pairs.collect::<Vec<_>>().join("; ")
}
