//! The replay as JSON lines.

use std::io::{self, Write};

use hardtack::recording::{
    CookieIdentity, CookieLife, Difference, Entry, Line, Pair, Verdict, Withheld,
};
use hardtack::{Destination, Receipt};
use serde_json::{Value, json};
use url::Url;

use crate::har::Report;
use crate::json::{self, Members, list, plain};
use crate::lint;
use crate::secrets::Values;
use crate::time::rfc3339;

/// Writes an object a line: the recording, its entries, the summary, its cookies.
pub(super) fn write(report: &Report<'_>, out: &mut impl Write) -> io::Result<()> {
    let recording = report.recording;
    let head = Members::new()
        .member("creator", recording.creator())
        .optional("browser", recording.browser())
        .member("entries", recording.entries())
        .member("sanitized", recording.is_sanitized())
        .member("dialect", recording.dialect().to_string())
        .member("third_party_blocked", report.replay.blocks_third_parties)
        .member("notes", report.notes.clone());
    line(out, Members::new().member("recording", head))?;
    for entry in &report.replay.entries {
        line(out, self::entry(report, entry))?;
    }
    let summary = &report.replay.summary;
    let summary = json!({
        "entries": summary.entries,
        "with_cookies": summary.with_cookies,
        "agree": summary.agree,
        "explained": summary.explained,
        "unexplained": summary.unexplained,
        "lines": summary.lines,
        "refused": summary.refused,
    });
    line(out, Members::new().member("summary", summary))?;
    for (id, _) in report.replay.cookies.iter().enumerate() {
        line(out, Members::new().member("cookie", cookie(report, id)))?;
    }
    Ok(())
}

fn line(out: &mut impl Write, members: Members) -> io::Result<()> {
    let value: Value = members.into();
    writeln!(out, "{}", plain(&value.to_string()))
}

fn entry(report: &Report<'_>, entry: &Entry) -> Members {
    let names = |pairs: &[Pair]| -> Value { pairs.iter().map(|pair| text(&pair.name)).collect() };
    let members = Members::new()
        .member("entry", entry.index)
        .member("time", rfc3339(entry.time))
        .member("method", entry.method.as_str())
        .member("url", url(&entry.url, report.values))
        .member("context", context(entry))
        .member("recorded", names(&entry.recorded))
        .member("predicted", names(&entry.predicted));
    let members = match report.values {
        Values::Show => members
            .member("recorded_string", cookie_string(&entry.recorded))
            .member("predicted_string", cookie_string(&entry.predicted)),
        Values::Hide => members,
    };
    members
        .member("agrees", entry.agrees)
        .member(
            "differences",
            list(entry.differences.iter().map(difference)),
        )
        .member("status", entry.status)
        .member("type", entry.resource_type.as_deref())
        .member("page", entry.page.as_deref())
        .member("frame", entry.frame.as_deref())
        .member("redirected_from", entry.redirected_from)
        .member(
            "withheld",
            list(entry.withheld.iter().map(|it| withheld(report, it))),
        )
        .member(
            "set",
            list(entry.lines.iter().map(|line| set(report, line))),
        )
}

fn context(entry: &Entry) -> Members {
    let context = &entry.context;
    let origin = |url: &Url| url.origin().ascii_serialization();
    let members = Members::new();
    let members = match context.site_for_cookies() {
        Some(site) => members.member("site_for_cookies", origin(site)),
        None if context.has_opaque_site_for_cookies() => {
            members.member("site_for_cookies", Value::Null)
        }
        None => members,
    };
    members
        .member("destination", destination(context.destination))
        .optional(
            "top_level_site",
            context.top_level_site.as_ref().map(origin),
        )
        .member("cross_site_ancestor", context.cross_site_ancestor)
        .member("from", context.from.clone())
}

pub(super) fn destination(destination: Destination) -> &'static str {
    match destination {
        Destination::Subresource => "subresource",
        Destination::Nested => "nested",
        Destination::TopLevel => "top-level",
    }
}

fn difference(difference: &Difference) -> Members {
    Members::new()
        .octets("name", &difference.name)
        .member("recorded", difference.recorded)
        .member("predicted", difference.predicted)
        .member("reason", difference.reason)
        .member("explained", difference.explained)
        .member("text", difference.text.as_str())
}

fn withheld(report: &Report<'_>, withheld: &Withheld) -> Members {
    let cookie = &report.replay.cookies[withheld.cookie];
    Members::new()
        .octets("name", &cookie.identity.name)
        .member("reason", withheld.reason.name())
}

fn set(report: &Report<'_>, line: &Line) -> Members {
    let members = Members::new().member("index", line.index);
    let members = members.octets("name", &line.pair.name);
    let members = match &line.verdict {
        Verdict::Refused(refused) => members
            .and(json::rejected(refused.name(), refused.citation()))
            .optional("dev_tools", refused.dev_tools_name()),
        Verdict::WithoutEffect => members
            .member("result", "ignored")
            .member("reason", "no-credentials"),
        verdict => members.member("result", result(verdict)),
    };
    let cookie = line
        .cookie
        .map(|id| identity(&report.replay.cookies[id].identity));
    let members = members
        .optional("deviation", line.deviation)
        .optional("cookie", cookie)
        .member("stand_in", report.stand_ins.letter(line.pair.value()));
    let members = match (&line.mend, report.values) {
        (Some(mend), values) => {
            let drop = mend
                .drop
                .iter()
                .map(|drop| text(&values.attribute(drop.as_bytes())));
            members
                .member("add", mend.add.clone())
                .member("drop", drop.collect::<Value>())
        }
        (None, _) => members,
    };
    match report.values {
        Values::Show => members.octets("line", line.octets()),
        Values::Hide => members,
    }
}

/// The word for a verdict that is no refusal.
pub(super) fn result(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Received(Receipt::Stored) => "stored",
        Verdict::Received(Receipt::Replaced) => "replaced",
        Verdict::Received(Receipt::Expired) => "expired",
        Verdict::Refused(_) => "rejected",
        _ => "ignored",
    }
}

fn identity(identity: &CookieIdentity) -> Members {
    Members::new()
        .octets("name", &identity.name)
        .member("domain", identity.domain.as_str())
        .member("host_only", identity.host_only)
        .octets("path", &identity.path)
        .member(
            "partition",
            identity.partition.as_ref().map(ToString::to_string),
        )
}

fn cookie(report: &Report<'_>, id: usize) -> Members {
    let cookie: &CookieLife = &report.replay.cookies[id];
    let findings = report.findings.of_cookie(id).iter();
    identity(&cookie.identity)
        .member(
            "party",
            if cookie.is_first_party {
                "first"
            } else {
                "third"
            },
        )
        .member("asked_secs", cookie.asked_secs)
        .member("granted_secs", cookie.granted_secs)
        .member("secure", cookie.secure)
        .member("http_only", cookie.http_only)
        .member("same_site", json::same_site(cookie.same_site))
        .member("octets", cookie.octets)
        .member("set_by", set_by(cookie))
        .member("first_seen", cookie.first_seen)
        .member("sent", cookie.sent)
        .member("findings", list(findings.map(lint::document::found)))
}

pub(super) fn set_by(cookie: &CookieLife) -> &'static str {
    if cookie.set_by_script_or_before {
        "script-or-before"
    } else {
        "http"
    }
}

/// The URL, without what may be a secret.
pub(super) fn url(url: &Url, values: Values) -> String {
    if values == Values::Show {
        return url.to_string();
    }
    let path: Vec<&str> = url.path().split('/').map(without_parameters).collect();
    format!("{}{}", origin(url), path.join("/"))
}

/// A segment of a path without `;jsessionid=…`.
fn without_parameters(segment: &str) -> &str {
    let (name, parameters) = segment.split_once(';').unwrap_or((segment, ""));
    if parameters.contains('=') {
        name
    } else {
        segment
    }
}

fn origin(url: &Url) -> String {
    match url.port() {
        Some(port) => format!(
            "{}://{}:{port}",
            url.scheme(),
            url.host_str().unwrap_or_default()
        ),
        None => format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default()),
    }
}

fn cookie_string(pairs: &[Pair]) -> String {
    let pairs = pairs.iter().map(|pair| {
        let value = text(pair.value());
        if pair.name.is_empty() {
            value
        } else {
            format!("{}={value}", text(&pair.name))
        }
    });
    pairs.collect::<Vec<_>>().join("; ")
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}
