//! The rules, and what they find.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use clap::ValueEnum;
use hardtack::{
    Citation, CookieJar, IgnoredAttribute, IgnoredReason, PathAttribute, Receipt, Rejection,
    Request, SameSite, SetCookie, sane_cookie_date,
};
use url::Url;

use crate::input::{Input, InputLine};
use crate::json::attribute_name;
use crate::page::shown;
use crate::received::{self, Line, Outcome, Parsed};

/// All that is told.
pub(super) struct Report<'a> {
    pub(super) url: &'a Url,
    pub(super) now: DateTime<Utc>,
    pub(super) notes: Vec<String>,
    pub(super) lines: Vec<Linted<'a>>,
}

/// A line by the name of its cookie, and what was found.
pub(super) struct Linted<'a> {
    /// `None` where the line as a whole is refused.
    pub(super) cookie_name: Option<&'a [u8]>,
    pub(super) findings: Vec<Finding>,
}

#[derive(Debug)]
pub(super) struct Finding {
    pub(super) level: Level,
    /// In kebab-case.
    pub(super) name: String,
    pub(super) message: String,
    pub(super) citation: Option<Citation>,
    pub(super) dev_tools_name: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// User agents refuse the line, or ignore a part of it.
    Error,
    Warning(Warning),
}

/// What user agents take, and a server's author may regret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Warning {
    /// A session id, by its name, for scripts too
    NotHttpOnly,
    /// From https, but sent over http too
    NotSecure,
    /// SameSite is left to the browser
    SameSiteDefault,
    /// All hosts below its Domain get it
    WideDomain,
    /// A lifetime of more than 400 days
    LifetimeCut,
    /// Max-Age and Expires are over a minute apart
    LifetimesDisagree,
    /// Expires is no IMF-fixdate
    DateForm,
    /// Not in the grammar for servers (4.1.1)
    Profile,
    /// An attribute stands there twice
    DuplicateAttribute,
    /// An attribute that the draft does not have
    UnknownAttribute,
    /// Its name is set twice in one response
    DuplicateCookie,
}

impl<'a> Report<'a> {
    /// Lets a jar receive the lines, in order, and looks at what became of them.
    pub(super) fn new(
        input: &'a Input,
        url: &'a Url,
        allowed: &[Warning],
        now: DateTime<Utc>,
    ) -> Self {
        let mut jar = CookieJar::default();
        let mut lines: Vec<Line<'_>> = Vec::new();
        for line in &input.lines {
            let request = Request::new(url);
            lines.push(received::receive(
                &mut jar,
                &line.octets,
                &request,
                &lines,
                now,
            ));
        }
        let mut first = HashMap::new();
        let linted = lines.iter().zip(&input.lines).enumerate();
        let linted = linted.map(|(index, (line, InputLine { response, .. }))| {
            let mut findings = errors(line);
            if let Some(parsed) = &line.parsed {
                findings.extend(reach(parsed, line.outcome.as_ref().ok(), url));
                findings.extend(lifetimes(line.octets, &parsed.set_cookie, now));
                findings.extend(profile(&parsed.set_cookie));
                findings.extend(attributes(parsed));
                let key = (response, parsed.set_cookie.name());
                let first = *first.entry(key).or_insert(index);
                findings.extend((first != index).then(|| duplicate_cookie(first)));
            }
            findings.retain(|finding| !allowed.iter().any(|allowed| finding.is(*allowed)));
            let cookie_name = line.parsed.as_ref().map(|parsed| parsed.set_cookie.name());
            Linted {
                cookie_name,
                findings,
            }
        });
        let linted = linted.collect();
        let mut notes = input.notes.clone();
        notes.extend(received::forgotten_scheme(url));
        Self {
            url,
            now,
            notes,
            lines: linted,
        }
    }

    pub(super) fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.lines.iter().flat_map(|line| &line.findings)
    }
}

impl Finding {
    fn is(&self, warning: Warning) -> bool {
        self.level == Level::Warning(warning)
    }
}

impl Warning {
    fn because(self, message: impl Into<String>) -> Finding {
        let value = self.to_possible_value();
        Finding {
            level: Level::Warning(self),
            name: value.map_or_else(String::new, |value| value.get_name().to_owned()),
            message: message.into(),
            citation: None,
            dev_tools_name: None,
        }
    }
}

/// What is refused, and what is ignored.
fn errors(line: &Line<'_>) -> Vec<Finding> {
    let refused = line.outcome.as_ref().err().map(|rejection| Finding {
        level: Level::Error,
        name: rejection.name().to_owned(),
        message: rejection.to_string(),
        citation: rejection.citation(),
        dev_tools_name: rejection.dev_tools_name(),
    });
    let ignored = line.parsed.iter().flat_map(ignored);
    let ignored = ignored.filter(|ignored| ignored.reason != IgnoredReason::Unknown);
    let ignored = ignored.map(|IgnoredAttribute { name, reason }| Finding {
        level: Level::Error,
        name: "ignored-attribute".to_owned(),
        message: format!("{} is ignored: {reason}", shown(name)),
        citation: Some(reason.citation()),
        dev_tools_name: None,
    });
    refused.into_iter().chain(ignored).collect()
}

fn ignored<'p, 'a>(parsed: &'p Parsed<'a>) -> impl Iterator<Item = &'p IgnoredAttribute<'a>> {
    let attributes = parsed.attributes.iter();
    attributes.filter_map(|attribute| attribute.as_ref().err())
}

/// Who gets the cookie; of one that is kept.
fn reach(parsed: &Parsed<'_>, outcome: Option<&Outcome>, url: &Url) -> Vec<Finding> {
    let Some(outcome) = outcome.filter(|outcome| outcome.receipt != Receipt::Expired) else {
        return Vec::new();
    };
    let (set_cookie, cookie) = (&parsed.set_cookie, &outcome.cookie);
    let mut found = Vec::new();
    if !set_cookie.http_only() && looks_like_session_id(set_cookie.name()) {
        let message = "it looks like a session id, and scripts can read it: add HttpOnly";
        found.push(Warning::NotHttpOnly.because(message));
    }
    if !set_cookie.secure() && matches!(url.scheme(), "https" | "wss") {
        let message = "it is sent over http too, where others can read it: add Secure";
        found.push(Warning::NotSecure.because(message));
    }
    if set_cookie.same_site() == SameSite::Default {
        let message =
            "SameSite is left to the browser, and browsers differ: write Lax, Strict or None";
        found.push(Warning::SameSiteDefault.because(message));
    }
    if !cookie.host_only() {
        let message = format!(
            "every host below `{}` gets it and can overwrite it: leave Domain out, unless they need it",
            shown(cookie.domain())
        );
        found.push(Warning::WideDomain.because(message));
    }
    if let Some(days) = outcome.lifetime_limit {
        let message = format!("user agents keep it for {days} days at most: ask for no more");
        found.push(Warning::LifetimeCut.because(message));
    }
    found
}

/// Does the name say `sid`, a session, or a token that is not there against forged requests?
fn looks_like_session_id(name: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    let name = String::from_utf8_lossy(&name);
    let mut words = name.split(|character: char| !character.is_alphanumeric());
    // A script has to read such a token, to send it along.
    let is_against_forgery = name.contains("csrf") || name.contains("xsrf");
    let is_like = |word: &str| {
        let ends = ["sid", "auth", "token", "jwt"];
        word.contains("sess") || ends.iter().any(|end| word.ends_with(end))
    };
    !is_against_forgery && words.any(is_like)
}

fn lifetimes(line: &[u8], set_cookie: &SetCookie<'_>, now: DateTime<Utc>) -> Vec<Finding> {
    let Some(expires) = set_cookie.expires() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    if let Some(seconds) = set_cookie.max_age() {
        let near = |end: DateTime<Utc>| (end - expires).abs() <= TimeDelta::minutes(1);
        let both_delete = seconds <= 0 && expires <= now;
        if !both_delete && !received::end_of(seconds, now).is_some_and(near) {
            let message = "Max-Age counts, and Expires says something else: \
                           write the same instant, or Max-Age alone";
            found.push(Warning::LifetimesDisagree.because(message));
        }
    }
    let date = sane_cookie_date(expires).unwrap_or_default();
    if !contains(line, date.as_bytes()) {
        let message = format!("user agents read this Expires in different ways: write `{date}`");
        found.push(Warning::DateForm.because(message));
    }
    found
}

fn contains(octets: &[u8], part: &[u8]) -> bool {
    part.is_empty() || octets.windows(part.len()).any(|window| window == part)
}

/// What [`SetCookie::builder`] would not write: each field on its own, as it tells only the first.
fn profile(set_cookie: &SetCookie<'_>) -> Vec<Finding> {
    let any_prefix = |name| {
        let builder = SetCookie::builder(name, "v").path("/");
        builder.secure(true).http_only(true)
    };
    let name = any_prefix(set_cookie.name());
    let value = SetCookie::builder("n", set_cookie.value());
    let builder = || SetCookie::builder("n", "");
    let domain = set_cookie.domain().map(|domain| builder().domain(domain));
    let path = set_cookie.path().map(|path| match path {
        PathAttribute::Given(path) => builder().path(path),
        PathAttribute::Default { .. } => builder().path(""),
    });
    let fields = [Some(name), Some(value), domain, path];
    let rejections = fields.into_iter().flatten();
    let rejections = rejections.filter_map(|builder| builder.build().err());
    let of_profile = rejections.filter(|rejection| {
        let section = rejection.citation().map(|citation| citation.section());
        section == Some("4.1.1") || *rejection == Rejection::PathNotAbsolute
    });
    let of_profile = of_profile.map(|rejection| Finding {
        citation: rejection.citation(),
        ..Warning::Profile.because(rejection.to_string())
    });
    let is_negative = set_cookie.max_age().is_some_and(i64::is_negative);
    let negative = is_negative.then(|| Warning::Profile.because("Max-Age is negative: write 0"));
    of_profile.chain(negative).collect()
}

fn attributes(parsed: &Parsed<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut counts = HashMap::new();
    for attribute in &parsed.attributes {
        let name = match attribute {
            Ok(attribute) => attribute_name(attribute).as_bytes(),
            Err(ignored) => ignored.name,
        };
        let count = counts.entry(name.to_ascii_lowercase()).or_insert(0);
        *count += 1;
        if *count == 2 {
            let message = format!("{} stands there more than once: write it once", shown(name));
            found.push(Warning::DuplicateAttribute.because(message));
        }
    }
    let unknown = ignored(parsed).filter(|ignored| ignored.reason == IgnoredReason::Unknown);
    found.extend(unknown.map(|ignored| {
        let name = shown(ignored.name);
        let message = format!("`{name}` is no attribute of the draft: mend or drop it");
        Warning::UnknownAttribute.because(message)
    }));
    found
}

/// 4.1.1 asks for one field a name and response.
fn duplicate_cookie(first: usize) -> Finding {
    let message = format!(
        "[{}] of this response sets the same name: send one",
        first + 1
    );
    Warning::DuplicateCookie.because(message)
}
