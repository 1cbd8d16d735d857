//! What there is to tell, gathered once and then shown as text or as JSON.

use std::ptr;

use chrono::{DateTime, Utc};
use hardtack::{Citation, Cookie, CookieJar, Exclusion, Receipt};
use url::Url;

use crate::explain::Context;
use crate::input::Input;
use crate::received::{self, Line};

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
        for line in &input.lines {
            let request = context.request(url);
            lines.push(received::receive(jar, &line.octets, &request, &lines, now));
        }
        let jar = &*jar;
        let cookies: Vec<&Cookie> = jar.iter(now).collect();
        let then = then.iter().map(|url| retrieve(jar, url, context, now));
        let mut notes = input.notes.clone();
        notes.extend(received::forgotten_scheme(url));
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

/// What the jar has dropped to stay within its limits: all that was stored and is gone.
fn evicted(lines: &[Line<'_>], kept: usize) -> Option<String> {
    let outcomes = || lines.iter().filter_map(|line| line.outcome.as_ref().ok());
    let stored = outcomes().filter(|outcome| outcome.receipt == Receipt::Stored);
    let expired = outcomes().filter(|outcome| outcome.receipt == Receipt::Expired);
    let deleted = expired.filter(|outcome| outcome.old.is_some());
    let evicted = stored.count().saturating_sub(deleted.count() + kept);
    (evicted > 0).then(|| format!("{evicted} stored cookies went again: a jar has its limits"))
}
