//! What becomes of Set-Cookie lines, one after the other, in one jar.

use chrono::{DateTime, TimeDelta, Utc};
use hardtack::{
    Attribute, Cookie, CookieJar, IgnoredAttribute, ParseError, Receipt, Rejection, Request,
    SetCookie,
};
use url::Url;

/// A Set-Cookie line and what became of it.
pub(crate) struct Line<'a> {
    pub(crate) octets: &'a [u8],
    /// `None` where the line as a whole is refused.
    pub(crate) parsed: Option<Parsed<'a>>,
    pub(crate) outcome: Result<Outcome, Rejection>,
}

/// A line as its text says it.
pub(crate) struct Parsed<'a> {
    pub(crate) set_cookie: SetCookie<'a>,
    /// In the order they stand, without empty ones.
    pub(crate) attributes: Vec<Result<Attribute<'a>, IgnoredAttribute<'a>>>,
}

/// What became of a line that was not refused.
pub(crate) struct Outcome {
    pub(crate) receipt: Receipt,
    pub(crate) cookie: Cookie,
    /// The line, counted from 0, whose cookie was replaced or deleted.
    pub(crate) old: Option<usize>,
    /// The longest lifetime in days, where the line asks for more.
    pub(crate) lifetime_limit: Option<u64>,
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

/// Lets the jar receive a line, after those before it.
pub(crate) fn receive<'a>(
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
        Some(seconds) => end_of(seconds, now),
        None => set_cookie.expires(),
    };
    !cookie.is_expired(now)
        && cookie
            .expiry_time()
            .is_some_and(|expiry_time| asked_for.is_none_or(|instant| expiry_time < instant))
}

/// When a Max-Age ends; `None` beyond all dates.
pub(crate) fn end_of(seconds: i64, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    TimeDelta::try_seconds(seconds).and_then(|age| now.checked_add_signed(age))
}

/// `localhost:3000` is a URL, of the scheme `localhost`.
pub(crate) fn forgotten_scheme(url: &Url) -> Option<String> {
    let with_scheme = format!("https://{url}");
    let is_forgotten = url.cannot_be_a_base() && Url::parse(&with_scheme).is_ok();
    is_forgotten.then(|| {
        let scheme = url.scheme();
        format!("`{url}` has the scheme `{scheme}` and no host: did you mean `{with_scheme}`?")
    })
}
