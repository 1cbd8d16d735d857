//! Set-Cookie lines and their outcomes, one by one, in one jar.

use hardtack::{
    Attribute, Cookie, CookieJar, Domain, IgnoredAttribute, ParseError, Receipt, Rejection,
    Request, SetCookie,
};
use url::Url;

use crate::time::{self, Instant};

/// The most attributes of a line that are shown one by one.
const ATTRIBUTES: usize = 100;

/// A jar that receives lines, with the line that each of its cookies comes from.
#[derive(Debug, Default)]
pub(crate) struct Receiver {
    pub(crate) jar: CookieJar,
    lines: usize,
    /// Cookies with the line that set them, counted from 0. Some may have been evicted from the jar.
    origins: Vec<(Cookie, usize)>,
}

/// A Set-Cookie line and its outcome.
pub(crate) struct Line<'a> {
    /// Counted from 0.
    pub(crate) index: usize,
    pub(crate) octets: &'a [u8],
    /// `None` if the line does not parse.
    pub(crate) parsed: Option<Parsed<'a>>,
    pub(crate) outcome: Result<Outcome, Rejection>,
}

/// A parsed line.
pub(crate) struct Parsed<'a> {
    pub(crate) set_cookie: SetCookie<'a>,
    /// The first [`ATTRIBUTES`], in their order and without empty ones.
    pub(crate) attributes: Vec<Observed<'a>>,
    /// The number of attributes after those.
    pub(crate) more_attributes: usize,
}

/// An attribute, understood or ignored.
pub(crate) struct Observed<'a> {
    /// The value as it came.
    pub(crate) raw_value: &'a [u8],
    pub(crate) attribute: Result<Attribute<'a>, IgnoredAttribute<'a>>,
}

/// The outcome of a line that was not refused.
pub(crate) struct Outcome {
    pub(crate) receipt: Receipt,
    pub(crate) cookie: Cookie,
    /// The line, counted from 0, whose cookie was replaced or deleted.
    pub(crate) old: Option<usize>,
    /// The longest lifetime in days, if the line asks for a longer one.
    pub(crate) lifetime_limit: Option<u64>,
}

impl<'a> Parsed<'a> {
    fn of(octets: &'a [u8]) -> Result<Self, ParseError> {
        // Parsing observes each piece between ";" once.
        let mut pieces = octets.split(|octet| *octet == b';').skip(1);
        let (mut attributes, mut more_attributes) = (Vec::new(), 0);
        let set_cookie = SetCookie::parse_observed(octets, |attribute| {
            let raw_value = raw_value(pieces.next().unwrap_or_default());
            match attribute {
                // A ";" at the end of a line leaves an empty one.
                Err(ignored) if ignored.name.is_empty() => (),
                _ if attributes.len() == ATTRIBUTES => more_attributes += 1,
                attribute => attributes.push(Observed {
                    raw_value,
                    attribute: attribute.cloned(),
                }),
            }
        })?;
        Ok(Self {
            set_cookie,
            attributes,
            more_attributes,
        })
    }

    pub(crate) fn ignored(&self) -> impl Iterator<Item = &IgnoredAttribute<'a>> {
        let attributes = self.attributes.iter();
        attributes.filter_map(|observed| observed.attribute.as_ref().err())
    }

    pub(crate) fn understood(&self) -> impl Iterator<Item = (&Attribute<'a>, &'a [u8])> {
        let attributes = self.attributes.iter();
        attributes
            .filter_map(|observed| Some((observed.attribute.as_ref().ok()?, observed.raw_value)))
    }
}

/// Returns the value of a cookie-av, without the whitespace around it.
fn raw_value(cookie_av: &[u8]) -> &[u8] {
    let equals = cookie_av.iter().position(|octet| *octet == b'=');
    let value = equals.map_or(&b""[..], |equals| &cookie_av[equals + 1..]);
    value.trim_ascii()
}

impl Receiver {
    /// Lets the jar receive the next line.
    pub(crate) fn receive<'a>(
        &mut self,
        octets: &'a [u8],
        request: &Request<'_>,
        now: Instant,
    ) -> Line<'a> {
        let index = self.lines;
        self.lines += 1;
        let parsed = Parsed::of(octets);
        let outcome = parsed
            .as_ref()
            .map_err(|error| (*error).into())
            .and_then(|parsed| {
                let cookie = self.jar.evaluate(&parsed.set_cookie, request, now)?;
                let old = self.old(&cookie, now);
                let receipt = self.jar.receive(octets, request, now)?;
                let limit = self.jar.policy().lifetime_limit.as_secs() / (24 * 60 * 60);
                let is_cut = is_cut(&parsed.set_cookie, &cookie, now);
                if receipt != Receipt::Expired {
                    self.remember(cookie.clone(), index, now);
                }
                Ok(Outcome {
                    receipt,
                    cookie,
                    old,
                    lifetime_limit: is_cut.then_some(limit),
                })
            });
        Line {
            index,
            octets,
            parsed: parsed.ok(),
            outcome,
        }
    }

    /// Finds and forgets the line whose cookie this one replaces.
    fn old(&mut self, new: &Cookie, now: Instant) -> Option<usize> {
        find(&self.jar, new, now)?;
        let mut origins = self.origins.iter();
        let origin = origins.rposition(|(cookie, _)| is_same(cookie, new))?;
        Some(self.origins.remove(origin).1)
    }

    fn remember(&mut self, cookie: Cookie, index: usize, now: Instant) {
        // At least half of them have been evicted from the jar.
        if self.origins.len() > 2 * self.jar.len() {
            self.origins
                .retain(|(cookie, _)| find(&self.jar, cookie, now).is_some());
        }
        self.origins.push((cookie, index));
    }
}

/// Returns the cookie of the jar that has the identity of this one.
fn find<'j>(jar: &'j CookieJar, cookie: &Cookie, now: Instant) -> Option<&'j Cookie> {
    let found = jar.get(
        Domain::new(cookie.domain()),
        cookie.name(),
        cookie.path(),
        now,
    );
    found.into_iter().find(|found| is_same(found, cookie))
}

/// Returns true if two cookies have the same identity, so that one replaces the other.
fn is_same(one: &Cookie, other: &Cookie) -> bool {
    one.name() == other.name()
        && one.domain() == other.domain()
        && one.host_only() == other.host_only()
        && one.path() == other.path()
        && one.partition() == other.partition()
}

/// Returns true if the line asks for a longer lifetime than the cookie has.
fn is_cut(set_cookie: &SetCookie<'_>, cookie: &Cookie, now: Instant) -> bool {
    let asked_for = match set_cookie.max_age() {
        Some(seconds) => Some(time::end_of(seconds, now)),
        None => set_cookie.expires(),
    };
    !cookie.is_expired(now)
        && cookie
            .expiry_time()
            .is_some_and(|expiry_time| asked_for.is_none_or(|instant| expiry_time < instant))
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
