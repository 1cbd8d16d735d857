//! The contents of the report, for the text and for the JSON.

use std::ptr;

use hardtack::{Cookie, CookieJar, Exclusion, Receipt, Request, RequestContext};
use url::Url;

use crate::compared::Task;
use crate::input::Input;
use crate::joined::joined;
use crate::received::{self, Line, Receiver};
use crate::secrets::Values;
use crate::shown;
use crate::time::Instant;

/// The input of the report. The answers are made one by one, so that they are not in memory together.
pub(super) struct Report<'a> {
    pub(super) input: &'a Input,
    pub(super) url: &'a Url,
    pub(super) then: &'a [Url],
    /// The method of the requests, or `None` if a script sets and reads the cookies.
    pub(super) method: Option<&'a str>,
    pub(super) context: &'a RequestContext,
    pub(super) values: Values,
    pub(super) now: Instant,
}

/// A request after the lines, with the cookies of the jar: first those that go with it, in the order of
/// sending, then the others, each with the reason.
pub(super) struct Then<'a> {
    pub(super) url: &'a Url,
    pub(super) cookie_string: Option<Vec<u8>>,
    pub(super) cookies: Vec<(&'a Cookie, Option<Exclusion>)>,
}

impl<'a> Report<'a> {
    fn request(&self, url: &'a Url) -> Request<'a> {
        self.context.request(url, self.method.unwrap_or("GET"))
    }

    /// The lines and requests, for several browsers to decide.
    pub(super) fn task(&self) -> Task<'a> {
        let request = self.request(self.url);
        let lines = self.input.lines();
        Task {
            lines: lines.map(|line| (line.octets, request)).collect(),
            requests: self.then.iter().map(|url| self.request(url)).collect(),
            now: self.now,
        }
    }

    /// Lets a jar receive the lines, in order.
    pub(super) fn lines<'r>(
        &'r self,
        receiver: &'r mut Receiver,
    ) -> impl Iterator<Item = Line<'a>> + use<'r, 'a> {
        let request = self.request(self.url);
        let lines = self.input.lines();
        lines.map(move |line| receiver.receive(line.octets, &request, self.now))
    }

    /// Returns the cookies that a jar has after all lines, in the order of creation.
    pub(super) fn cookies<'j>(
        &self,
        jar: &'j CookieJar,
    ) -> impl Iterator<Item = &'j Cookie> + use<'j> {
        jar.iter(self.now)
    }

    /// Returns the cookies that a jar sends after all lines, for each of the requests.
    pub(super) fn then<'r>(&'r self, jar: &'r CookieJar) -> impl Iterator<Item = Then<'r>> {
        let urls = self.then.iter();
        urls.map(move |url| retrieve(jar, url, self.request(url), self.now))
    }

    /// Returns the notes of the report. The lines are received for them, once.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut receiver = Receiver::default();
        let mut stored = 0;
        let mut first_joined = None;
        for line in self.lines(&mut receiver) {
            if let Ok(outcome) = &line.outcome {
                match (outcome.receipt, outcome.old) {
                    (Receipt::Stored, _) => stored += 1,
                    (Receipt::Expired, Some(_)) => stored -= 1,
                    _ => (),
                }
            }
            if first_joined.is_none() {
                first_joined = joined(line.octets).map(|joined| (line.index, joined));
            }
        }
        let evicted = usize::saturating_sub(stored, receiver.jar.iter(self.now).count());
        let evicted = (evicted > 0)
            .then(|| format!("{evicted} stored cookies went again: a jar has its limits"));
        let joined = first_joined.map(|(index, joined)| {
            let (number, name) = (index + 1, shown::name(joined.name));
            format!(
                "[{number}] looks like two cookies that are joined by a comma: \
                 `{name}` needs a Set-Cookie field of its own"
            )
        });
        let mut notes = self.input.notes.clone();
        notes.extend(received::forgotten_scheme(self.url));
        notes.extend(joined);
        notes.extend(evicted);
        notes
    }
}

fn retrieve<'a>(jar: &'a CookieJar, url: &'a Url, request: Request<'a>, now: Instant) -> Then<'a> {
    // The jar explains only the cookies of the request's host and its parents.
    let told = jar.explain(request, now);
    let is_told = |cookie| told.iter().any(|(told, _)| ptr::eq(*told, cookie));
    let others = jar.iter(now).filter(|cookie| !is_told(*cookie));
    let others = others.map(|cookie| (cookie, jar.exclusion(cookie, request, now)));
    Then {
        url,
        cookie_string: jar.cookie_string(request, now),
        cookies: told.iter().copied().chain(others).collect(),
    }
}
