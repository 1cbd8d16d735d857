//! What there is to tell, gathered once and then shown as text or as JSON.

use std::ptr;

use chrono::{DateTime, TimeDelta, Utc};
use hardtack::{
    Attribute, Citation, Cookie, CookieJar, Exclusion, IgnoredAttribute, ParseError, Receipt,
    Rejection, Request, SetCookie,
};
use url::Url;

use crate::explain::Context;
use crate::explain::input::Input;

/// All that is told.
pub(super) struct Report<'a> {
    pub(super) url: &'a Url,
    pub(super) now: DateTime<Utc>,
    /// The method of the requests; `None` where a script sets and reads the cookies.
    pub(super) method: Option<&'a str>,
    pub(super) notes: Vec<String>,
    pub(super) lines: Vec<Line<'a>>,
    /// The cookies in the jar after all lines, by creation.
    pub(super) cookies: Vec<&'a Cookie>,
    pub(super) then: Vec<Then<'a>>,
}

/// A Set-Cookie line and what became of it.
pub(super) struct Line<'a> {
    pub(super) octets: &'a [u8],
    /// `None` where the line as a whole is refused.
    pub(super) parsed: Option<Parsed<'a>>,
    pub(super) outcome: Result<Outcome, Rejection>,
}

/// A line as its text says it.
pub(super) struct Parsed<'a> {
    pub(super) set_cookie: SetCookie<'a>,
    /// In the order they stand, without empty ones.
    pub(super) attributes: Vec<Result<Attribute<'a>, IgnoredAttribute<'a>>>,
}

/// What became of a line that was not refused.
pub(super) struct Outcome {
    pub(super) receipt: Receipt,
    cookie: Cookie,
    /// The line, counted from 0, whose cookie was replaced or deleted.
    pub(super) old: Option<usize>,
    /// The longest lifetime in days, where the line asks for more.
    pub(super) lifetime_limit: Option<u64>,
}

/// A request after the lines, and the cookies of the jar: first those that go with it, in the order
/// of sending, then the others, with why not.
pub(super) struct Then<'a> {
    pub(super) url: &'a Url,
    pub(super) cookie_string: Option<Vec<u8>>,
    pub(super) cookies: Vec<(&'a Cookie, Option<Exclusion>)>,
}

impl<'a> Report<'a> {
    /// Lets the jar receive the lines, in order, and asks it what it would send then.
    pub(super) fn new(
        jar: &'a mut CookieJar,
        input: &'a Input,
        url: &'a Url,
        then: &'a [Url],
        context: &'a Context,
        now: DateTime<Utc>,
    ) -> Self {
        let mut lines = Vec::new();
        for octets in &input.lines {
            lines.push(receive(jar, octets, &context.request(url), &lines, now));
        }
        let jar = &*jar;
        let cookies: Vec<&Cookie> = jar.iter(now).collect();
        let then = then.iter().map(|url| retrieve(jar, url, context, now));
        let mut notes = input.notes.clone();
        notes.extend(forgotten_scheme(url));
        notes.extend(evicted(&lines, cookies.len()));
        Self {
            url,
            now,
            method: (!context.script).then_some(context.method.as_str()),
            notes,
            then: then.collect(),
            lines,
            cookies,
        }
    }

    pub(super) fn has_refusal(&self) -> bool {
        self.lines.iter().any(|line| line.outcome.is_err())
    }

    /// The steps that ignored, refused or excluded anything.
    pub(super) fn citations(&self) -> impl Iterator<Item = Citation> {
        let parsed = self.lines.iter().filter_map(|line| line.parsed.as_ref());
        let ignored = parsed
            .flat_map(|parsed| &parsed.attributes)
            .filter_map(|attribute| Some(attribute.as_ref().err()?.reason.citation()));
        let outcomes = self.lines.iter().map(|line| &line.outcome);
        let refused = outcomes.filter_map(|outcome| outcome.as_ref().err()?.citation());
        let retrieved = self.then.iter().flat_map(|then| &then.cookies);
        let excluded = retrieved.filter_map(|(_, why_not)| why_not.as_ref()?.citation());
        ignored.chain(refused).chain(excluded)
    }
}

impl<'a> Parsed<'a> {
    fn of(octets: &'a [u8]) -> Result<Self, ParseError> {
        let mut attributes = Vec::new();
        let set_cookie = SetCookie::parse_observed(octets, |attribute| match attribute {
            // As a ";" at the end of a line leaves it.
            Err(ignored) if ignored.name.is_empty() => (),
            attribute => attributes.push(attribute.cloned()),
        })?;
        Ok(Self {
            set_cookie,
            attributes,
        })
    }
}

fn receive<'a>(
    jar: &mut CookieJar,
    octets: &'a [u8],
    request: &Request<'_>,
    before: &[Line<'_>],
    now: DateTime<Utc>,
) -> Line<'a> {
    let parsed = Parsed::of(octets);
    let outcome = parsed
        .as_ref()
        .map_err(|error| (*error).into())
        .and_then(|parsed| {
            let cookie = jar.evaluate(&parsed.set_cookie, request, now)?;
            let old = old(jar, &cookie, before, now);
            let receipt = jar.receive(octets, request, now)?;
            let limit = jar.policy().lifetime_limit.as_secs() / (24 * 60 * 60);
            let is_cut = is_cut(&parsed.set_cookie, &cookie, now);
            Ok(Outcome {
                receipt,
                cookie,
                old,
                lifetime_limit: is_cut.then_some(limit),
            })
        });
    Line {
        octets,
        parsed: parsed.ok(),
        outcome,
    }
}

/// The line before whose cookie makes place for this one.
fn old(jar: &CookieJar, new: &Cookie, before: &[Line<'_>], now: DateTime<Utc>) -> Option<usize> {
    let kept = jar.get(new.name(), new.domain(), new.path(), now);
    kept.iter().find(|kept| is_same(kept, new))?;
    before.iter().rposition(|line| {
        let outcome = line.outcome.as_ref();
        outcome.is_ok_and(|outcome| is_same(&outcome.cookie, new))
    })
}

/// Do two cookies have the identity by which one replaces the other?
fn is_same(one: &Cookie, other: &Cookie) -> bool {
    one.name() == other.name()
        && one.domain() == other.domain()
        && one.host_only() == other.host_only()
        && one.path() == other.path()
        && one.partition() == other.partition()
}

/// Does the line ask for a longer lifetime than the cookie has got?
fn is_cut(set_cookie: &SetCookie<'_>, cookie: &Cookie, now: DateTime<Utc>) -> bool {
    let asked_for = match set_cookie.max_age() {
        Some(seconds) => {
            TimeDelta::try_seconds(seconds).and_then(|age| now.checked_add_signed(age))
        }
        None => set_cookie.expires(),
    };
    !cookie.is_expired(now)
        && cookie
            .expiry_time()
            .is_some_and(|expiry_time| asked_for.is_none_or(|instant| expiry_time < instant))
}

fn retrieve<'a>(
    jar: &'a CookieJar,
    url: &'a Url,
    context: &'a Context,
    now: DateTime<Utc>,
) -> Then<'a> {
    let request = context.request(url);
    // The jar tells only of cookies of the request's host and its parents.
    let told = jar.explain(&request, now);
    let is_told = |cookie| told.iter().any(|(told, _)| ptr::eq(*told, cookie));
    let others = jar.iter(now).filter(|cookie| !is_told(*cookie));
    let others = others.map(|cookie| (cookie, jar.exclusion(cookie, &request, now)));
    Then {
        url,
        cookie_string: jar.cookie_string(&request, now),
        cookies: told.iter().copied().chain(others).collect(),
    }
}

/// `localhost:3000` is a URL, of the scheme `localhost`.
fn forgotten_scheme(url: &Url) -> Option<String> {
    let with_scheme = format!("https://{url}");
    let is_forgotten = url.cannot_be_a_base() && Url::parse(&with_scheme).is_ok();
    is_forgotten.then(|| {
        let scheme = url.scheme();
        format!("`{url}` has the scheme `{scheme}` and no host: did you mean `{with_scheme}`?")
    })
}

/// What the jar has dropped to stay within its limits: all that was stored and is gone.
fn evicted(lines: &[Line<'_>], kept: usize) -> Option<String> {
    let outcomes = || lines.iter().filter_map(|line| line.outcome.as_ref().ok());
    let stored = outcomes().filter(|outcome| outcome.receipt == Receipt::Stored);
    let expired = outcomes().filter(|outcome| outcome.receipt == Receipt::Expired);
    let deleted = expired.filter(|outcome| outcome.old.is_some());
    let evicted = stored.count().saturating_sub(deleted.count() + kept);
    (evicted > 0).then(|| format!("{evicted} stored cookies went again: a jar has its limits"))
}
