//! The rules of lint.

use std::collections::HashMap;

use hardtack::{
    Attribute, Deviation, IgnoredReason, PathAttribute, Receipt, Rejection, SameSite, SetCookie,
    sane_cookie_date,
};
use url::{Host, Url};

use crate::compared::{Browser, Cause, Task};
use crate::joined::{Joined, joined};
use crate::json::attribute_name;
use crate::lint::finding::{Finding, Level, Rule, Source};
use crate::lint::session_id::Sign;
use crate::received::{Line, Outcome, Parsed};
use crate::secrets::Values;
use crate::shown;
use crate::time::{self, Instant};

/// The longest lifetime of a session id without a note, in days.
const LONG_SESSION: i64 = 90;

/// Finds what is wrong with one line, whose commas may be intended.
pub(super) fn findings(
    line: &Line<'_>,
    url: &Url,
    now: Instant,
    may_be_joined: bool,
) -> Vec<Finding> {
    // Most other findings in such a line would be about the second cookie.
    if let Some(joined) = joined(line.octets).filter(|_| !may_be_joined) {
        return vec![comma_joined(&joined)];
    }
    let mut found: Vec<Finding> = line
        .outcome
        .as_ref()
        .err()
        .map(Finding::refused)
        .into_iter()
        .collect();
    if let Some(parsed) = &line.parsed {
        found.extend(ignored(parsed));
        if let Ok(outcome) = &line.outcome {
            if outcome.receipt != Receipt::Expired {
                found.extend(reach(parsed, outcome, url));
                found.extend(session_id(parsed, outcome, now));
            }
        }
        found.extend(lifetimes(parsed, now));
        found.extend(profile(&parsed.set_cookie, url));
        found.extend(attributes(parsed));
    }
    // The worst come first; those of one level stay in this order.
    found.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    found
}

/// 4.1.1: a response has at most one field of a name.
pub(super) fn duplicate_cookie(first: usize) -> Finding {
    let number = first + 1;
    let message = format!("[{number}] of this response sets the same name: send one");
    Rule::DuplicateCookie.because(message)
}

/// Finds browsers that make something else of a line than the text, each difference once.
pub(super) fn browsers_differ(task: &Task<'_>) -> Vec<Finding> {
    let columns = Browser::recorded().map(|browser| task.column(&browser));
    let mut differences: Vec<(Cause, Vec<String>)> = Vec::new();
    for column in &columns {
        // Of an address, host-only is the same as not: no other host matches it.
        let own_address = Cause::Deviation(Deviation::OwnAddressIsHostOnly);
        let causes = column.because.iter().flatten();
        for cause in causes.filter(|cause| **cause != own_address) {
            match differences.iter_mut().find(|(known, _)| known == cause) {
                Some((_, names)) if names.contains(&column.name) => (),
                Some((_, names)) => names.push(column.name.clone()),
                None => differences.push((*cause, vec![column.name.clone()])),
            }
        }
    }
    let findings = differences.into_iter().map(|(cause, names)| {
        let (_, does) = cause.told();
        let (names, name) = (names.join(" and "), cause.name());
        let message = format!(
            "{names} differs from the text here: {does} ({name}): write what all read alike"
        );
        Rule::BrowsersDiffer.because(message)
    });
    findings.collect()
}

fn comma_joined(joined: &Joined<'_>) -> Finding {
    let name = shown::name(joined.name);
    let part = match joined.attribute {
        None => "the value".to_owned(),
        Some(attribute) => shown::name(attribute),
    };
    Rule::CommaJoined.because(format!(
        "two cookies are joined by a comma: user agents take `{name}` for a part of {part}; \
         send each cookie in a Set-Cookie field of its own"
    ))
}

/// Finds parts of a line that user agents ignore.
fn ignored(parsed: &Parsed<'_>) -> impl Iterator<Item = Finding> {
    let ignored = parsed.ignored();
    let ignored = ignored.filter(|ignored| ignored.reason != IgnoredReason::Unknown);
    ignored.map(|ignored| {
        let (name, reason) = (shown::name(ignored.name), ignored.reason);
        Finding {
            level: Level::Error,
            name: "ignored-attribute".to_owned(),
            message: format!("{name} is ignored: {reason}"),
            source: Source::UserAgents {
                citation: Some(reason.citation()),
                dev_tools_name: None,
            },
        }
    })
}

/// Finds requests and scripts that get a stored cookie and may be unintended.
fn reach(parsed: &Parsed<'_>, outcome: &Outcome, url: &Url) -> Vec<Finding> {
    let (set_cookie, cookie) = (&parsed.set_cookie, &outcome.cookie);
    let mut found = Vec::new();
    let sign = Sign::of(set_cookie.name(), set_cookie.value());
    if let Some(sign) = sign.filter(|_| !set_cookie.http_only()) {
        let message = format!("{}, and scripts can read it: add HttpOnly", sign.message());
        found.push(Rule::NotHttpOnly.because(message));
    }
    if !set_cookie.secure() {
        if is_https(url) {
            let message = "it is sent over http too, where others can read it: add Secure";
            found.push(Rule::NotSecure.because(message));
        } else if !is_trusted_http(url) {
            let message = "over http nothing protects this cookie: whoever is on the way can read it, \
                           change it and set another: serve it over https and add Secure";
            found.push(Rule::PlainHttp.because(message));
        }
    }
    found.extend(same_site(parsed));
    let domain = set_cookie.domain().unwrap_or_default();
    if !cookie.host_only() && !is_address(url) {
        let message = format!(
            "every host below `{}` gets it and can overwrite it: leave Domain out, unless they need it",
            shown::name(cookie.domain())
        );
        found.push(Rule::WideDomain.because(message));
    } else if cookie.host_only() && !domain.is_empty() {
        let message = format!(
            "Domain is ignored, since `{}` is a public suffix: \
             the cookie is for this very host and not for those below it; leave Domain out",
            shown::name(domain)
        );
        found.push(Rule::DomainDropped.because(message));
    }
    if let Some(days) = outcome.lifetime_limit {
        let message = format!("user agents keep it for {days} days at most: ask for no more");
        found.push(Rule::LifetimeCut.because(message));
    }
    found
}

fn same_site(parsed: &Parsed<'_>) -> Option<Finding> {
    if parsed.set_cookie.same_site() != SameSite::Default {
        return None;
    }
    let values = parsed.understood();
    let values = values.filter(|(attribute, _)| matches!(attribute, Attribute::SameSite(_)));
    let message = match values.last() {
        None => "SameSite is left to the browser, and browsers differ: \
                 write Lax, Strict or None"
            .to_owned(),
        Some((_, [])) => "SameSite has no value, and counts as if it were not there: \
                          write Lax, Strict or None"
            .to_owned(),
        Some((_, value)) => {
            let value = shown::name(value);
            format!(
                "SameSite=`{value}` is not known, and counts as if it were not there: \
                 write Lax, Strict or None"
            )
        }
    };
    Some(Rule::SameSiteDefault.because(message))
}

/// Finds what could be better in a stored session id.
fn session_id(parsed: &Parsed<'_>, outcome: &Outcome, now: Instant) -> Vec<Finding> {
    let (set_cookie, cookie) = (&parsed.set_cookie, &outcome.cookie);
    let name = set_cookie.name();
    let Some(sign) = Sign::of(name, set_cookie.value()) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let what = sign.message();
    if set_cookie.same_site() == SameSite::None {
        let message = format!(
            "{what}, and every other site's requests carry it: write SameSite=Lax, \
             unless other sites embed this one or post to it"
        );
        found.push(Rule::CrossSiteSession.because(message));
    }
    let seconds = cookie
        .expiry_time()
        .map_or(0, |end| time::seconds_from(now, end));
    let days = seconds / (24 * 60 * 60);
    if seconds > LONG_SESSION * 24 * 60 * 60 {
        let message = format!(
            "{what}, and lives for {days} days: whoever steals it can use it that long; \
             ask for less, and renew it while it is in use"
        );
        found.push(Rule::LongSession.because(message));
    }
    let is_for_host = set_cookie.secure() && cookie.host_only() && cookie.path() == b"/";
    if let Some(bare) = without_prefix(name).filter(|_| is_for_host) {
        let prefixed = shown::name(&[b"__Host-", bare].concat());
        let path = match set_cookie.path() {
            Some(_) => "",
            None => " with Path=/",
        };
        let message = format!(
            "{what}, and could be called `{prefixed}`{path}: \
             no other host and no page over http could overwrite it then"
        );
        found.push(Rule::NoHostPrefix.because(message));
    }
    found
}

/// Returns the name without a prefix other than `__Host-`, or `None` if it has that one already.
fn without_prefix(name: &[u8]) -> Option<&[u8]> {
    let after = |prefix: &str| {
        let (start, rest) = name.split_at_checked(prefix.len())?;
        start
            .eq_ignore_ascii_case(prefix.as_bytes())
            .then_some(rest)
    };
    if after("__Host-").is_some() {
        return None;
    }
    // `__Http-sid` becomes `__Host-Http-sid`.
    let http = after("__Http-").map(|_| &name[2..]);
    Some(http.or(after("__Secure-")).unwrap_or(name))
}

fn lifetimes(parsed: &Parsed<'_>, now: Instant) -> Vec<Finding> {
    let set_cookie = &parsed.set_cookie;
    let Some(expires) = set_cookie.expires() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    if let Some(seconds) = set_cookie.max_age() {
        let is_near = |end| time::seconds_from(end, expires).abs() <= 60;
        let both_delete = seconds <= 0 && expires <= now;
        if !both_delete && !is_near(time::end_of(seconds, now)) {
            let message = "Max-Age counts, and Expires says something else: \
                           write the same instant, or Max-Age alone";
            found.push(Rule::LifetimesDisagree.because(message));
        }
    }
    let date = sane_cookie_date(expires).unwrap_or_default();
    let dates = parsed.understood();
    let mut dates = dates.filter(|(attribute, _)| matches!(attribute, Attribute::Expires(_)));
    if dates.any(|(_, raw)| !is_date(raw)) {
        let message = format!("user agents read this Expires in different ways: write `{date}`");
        found.push(Rule::DateForm.because(message));
    }
    found
}

/// Returns true if this is an IMF-fixdate, and nothing else.
fn is_date(raw: &[u8]) -> bool {
    let instant = hardtack::parse_cookie_date(raw).ok();
    let date = instant.and_then(sane_cookie_date);
    date.is_some_and(|date| date.as_bytes() == raw)
}

/// Finds what [`SetCookie::builder`] would refuse. It is called for each field, since it reports only the
/// first error.
fn profile(set_cookie: &SetCookie<'_>, url: &Url) -> Vec<Finding> {
    let any_prefix = |name| {
        let builder = SetCookie::builder(name, "v").path("/");
        builder.secure(true).http_only(true)
    };
    let name = any_prefix(set_cookie.name());
    let value = SetCookie::builder("n", set_cookie.value());
    let builder = || SetCookie::builder("n", "");
    let domain = set_cookie.domain().map(|domain| builder().domain(domain));
    let never_matches = match set_cookie.path() {
        Some(PathAttribute::Given(path)) => never_matches(path, url),
        _ => None,
    };
    let path = set_cookie.path().filter(|_| never_matches.is_none());
    let path = path.map(|path| match path {
        PathAttribute::Given(path) => builder().path(path),
        PathAttribute::Default { .. } => builder().path(""),
    });
    let fields = [Some(name), Some(value), domain, path];
    let rejections = fields.into_iter().flatten();
    let rejections = rejections.filter_map(|builder| builder.build().err());
    let of_profile = rejections.filter(|rejection| {
        let section = rejection
            .rule()
            .citation()
            .map(|citation| citation.section());
        section == Some("4.1.1") || *rejection.rule() == Rejection::PathNotAbsolute
    });
    let of_profile = of_profile
        .map(|rejection| Rule::Profile.by(rejection.rule().citation(), rejection.to_string()));
    let is_negative = set_cookie.max_age().is_some_and(i64::is_negative);
    let negative = is_negative.then(|| Rule::Profile.because("Max-Age is negative: write 0"));
    never_matches
        .into_iter()
        .chain(of_profile)
        .chain(negative)
        .collect()
}

/// Finds a Path with which the path of no URL begins, since URLs write it in another way: `/é` as
/// `/%C3%A9`, `/a/../b` as `/b`, and the text after `?` not at all.
fn never_matches(path: &[u8], url: &Url) -> Option<Finding> {
    let text = String::from_utf8_lossy(path);
    let mut written = url.clone();
    written.set_path(&text);
    if !url.has_host() || written.path().as_bytes() == path {
        return None;
    }
    let path = shown::name(path);
    let message = if text.contains(['?', '#']) {
        format!("no URL's path matches `{path}`: leave out what begins with `?` or `#`")
    } else {
        let written = shown::name(written.path().as_bytes());
        format!("no URL's path matches `{path}`: write it as URLs do, `{written}`")
    };
    Some(Rule::PathNeverMatches.because(message))
}

fn attributes(parsed: &Parsed<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut counts = HashMap::new();
    let value = parsed.set_cookie.value();
    let shown_name = |name| shown::name(&Values::Hide.unknown_name(name, value));
    for observed in &parsed.attributes {
        let name = match &observed.attribute {
            Ok(attribute) => attribute_name(attribute).as_bytes(),
            Err(ignored) => ignored.name,
        };
        let count = counts.entry(name.to_ascii_lowercase()).or_insert(0);
        *count += 1;
        if *count == 2 {
            let name = shown_name(name);
            let message = format!("{name} stands there more than once: write it once");
            found.push(Rule::DuplicateAttribute.because(message));
        }
    }
    let unknown = parsed.ignored();
    let unknown = unknown.filter(|ignored| ignored.reason == IgnoredReason::Unknown);
    found.extend(unknown.map(|ignored| {
        let name = shown_name(ignored.name);
        let message = format!("`{name}` is not an attribute of the draft: mend or drop it");
        Rule::UnknownAttribute.because(message)
    }));
    if parsed.more_attributes > 0 {
        let count = parsed.attributes.len();
        let message = format!(
            "only the first {count} attributes were looked at, and {} more are there: \
             a cookie has 8 at most",
            parsed.more_attributes
        );
        found.push(Rule::TooManyAttributes.because(message));
    }
    found
}

fn is_https(url: &Url) -> bool {
    matches!(url.scheme(), "https" | "wss")
}

/// Returns true for http to the machine itself, which counts as a secure connection.
pub(super) fn is_trusted_http(url: &Url) -> bool {
    let is_local = match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    matches!(url.scheme(), "http" | "ws") && is_local
}

fn is_address(url: &Url) -> bool {
    matches!(url.host(), Some(Host::Ipv4(_) | Host::Ipv6(_)))
}
