//! HAR 1.2 and logs of the Chrome DevTools Protocol: the jar at their end.
//!
//! The Set-Cookie lines are received in the order of time, each at the instant at which its request began, by a jar
//! that is empty before, without limits. What a recording says of the context of a request is taken: `Sec-Fetch-Dest`
//! and `Sec-Fetch-Site`, the kind of the resource, the page above it, `Referer`, and CDP's verdicts. What says nothing
//! is taken as a top-level page, or what a page of the same site loads. What the browser had before, what scripts
//! set, and whether a request was made without credentials, no recording says.
//!
//! The cookies have the order of their creation, and the place of the entry that set them last.

use std::collections::HashMap;
use std::time::Duration;

use url::Url;

use crate::change::Change;
use crate::cookie::Cookie;
use crate::formats::record::{Note, Place, Record, RecordedCookie};
use crate::formats::recording::{self, Exchange, Recording};
use crate::formats::{Contents, Format, ReadError};
use crate::jar::CookieJar;
use crate::policy::Policy;
use crate::public_suffix::PublicSuffixList;
use crate::request::{Destination, Request};
use crate::same_site::{PartitionKey, Site};
use crate::timestamp::Timestamp;

/// Returns true if the octets, which begin as JSON, are of this format.
pub(super) fn matches(octets: &[u8]) -> bool {
    recording::matches(octets)
}

pub(super) fn read(octets: &[u8]) -> Result<Contents, ReadError> {
    let mut recording = recording::read(octets)?;
    let mut notes = notes(&recording);
    let (jar, refused) = replay(&mut recording);
    let mut records = jar.records();
    records.append(&mut recording.unreadable);
    if refused > 0 {
        notes.push(Note::new(
            "lines-refused",
            format!(
                "Set-Cookie lines that were refused, so that they are not in the jar: {refused}"
            ),
        ));
    }
    Ok(Contents {
        format: Some(Format::Har),
        records,
        notes,
    })
}

/// What is taken for granted of the recording as a whole.
fn notes(recording: &Recording) -> Vec<Note> {
    let mut notes = Vec::new();
    let exchanges = &recording.exchanges;
    let has_cookies =
        |exchange: &Exchange| exchange.has_sent_cookies() || !exchange.set_cookie.is_empty();
    if !exchanges.is_empty() && !exchanges.iter().any(has_cookies) {
        notes.push(Note::new(
            "sanitized",
            "the recording has no Cookie and no Set-Cookie field at all: export it with sensitive data, which developer tools leave out unless they are told",
        ));
    }
    let count = |test: fn(&Exchange) -> bool| exchanges.iter().filter(|it| test(it)).count();
    let without_headers = count(|exchange| exchange.has_cookies_only);
    if without_headers > 0 {
        notes.push(Note::new(
            "cookies-without-headers",
            format!(
                "entries without a Set-Cookie field, but with a list `cookies`, which another program made: {without_headers}; what it left out, such as Partitioned, is lost"
            ),
        ));
    }
    let without_time = count(|exchange| exchange.started.is_none());
    if without_time > 0 {
        notes.push(Note::new(
            "no-time",
            format!(
                "entries that do not say when they began: {without_time}, taken at the time of the entry before them"
            ),
        ));
    }
    notes
}

/// In a jar of more cookies it is not told when they were sent last. As many are in no browser.
const MOST_ACCESSED: usize = 3_000;

/// The identity of a cookie.
type Identity = (Vec<u8>, Vec<u8>, Vec<u8>, bool, Option<PartitionKey>);

/// A jar that knows which entry set a cookie last.
struct Replayed {
    jar: CookieJar,
    end: Timestamp,
    places: HashMap<Identity, Place>,
}

fn identity(cookie: &Cookie) -> Identity {
    (
        cookie.domain().to_vec(),
        cookie.name().to_vec(),
        cookie.path().to_vec(),
        cookie.host_only(),
        cookie.partition().cloned(),
    )
}

/// Replays a recording, and returns how many lines were refused, by this jar or by the browser.
fn replay(recording: &mut Recording) -> (Replayed, usize) {
    let policy = Policy::default()
        .with_lifetime_limit(Duration::MAX)
        .with_max_cookies_per_domain(usize::MAX)
        .with_max_cookies_per_site(usize::MAX)
        .with_max_cookies(usize::MAX);
    let list = policy.public_suffix_list.clone();
    let mut jar = CookieJar::new(policy);
    jar.watch();
    let mut replayed = Replayed {
        jar,
        end: Timestamp::UNIX_EPOCH,
        places: HashMap::new(),
    };
    let mut pages = Pages::default();
    let mut refused = 0;
    for (started, exchange) in in_order(&recording.exchanges) {
        let context = pages.context(exchange, &list);
        refused += replayed.take(exchange, context.request(exchange), started);
        pages.turn(exchange);
    }
    (replayed, refused)
}

/// The exchanges in the order of time. One without a time has that of the one before it, and the first ones that of
/// the first one that has a time.
fn in_order(exchanges: &[Exchange]) -> Vec<(Timestamp, &Exchange)> {
    let first = exchanges.iter().find_map(|exchange| exchange.started);
    let mut before = first.unwrap_or(Timestamp::UNIX_EPOCH);
    let timed = exchanges.iter().map(|exchange| {
        before = exchange.started.unwrap_or(before);
        (before, exchange)
    });
    let mut timed: Vec<_> = timed.collect();
    timed.sort_by_key(|(started, _)| *started);
    timed
}

impl Replayed {
    /// Receives the lines of a response, and returns how many were refused.
    fn take(&mut self, exchange: &Exchange, request: Request<'_>, started: Timestamp) -> usize {
        self.end = self.end.max(started);
        // They are accessed, for which all cookies of the site are looked at.
        if exchange.has_sent_cookies() && self.jar.len() <= MOST_ACCESSED {
            self.jar.cookies(request, started);
        }
        let mut refused = 0;
        for line in &exchange.set_cookie {
            if line.is_blocked || self.jar.receive(&line.octets, request, started).is_err() {
                refused += 1;
            }
        }
        for change in self.jar.changes() {
            if let Change::Stored(cookie) = change {
                self.places.insert(identity(&cookie), exchange.place);
            }
        }
        refused
    }

    fn records(&self) -> Vec<Record> {
        let mut cookies: Vec<&Cookie> = self.jar.iter(self.end).collect();
        cookies.sort_by_key(|cookie| cookie.creation_order());
        let records = cookies.into_iter().filter_map(|cookie| {
            let place = *self.places.get(&identity(cookie))?;
            Some(Record::new(place, recorded(cookie), Vec::new()))
        });
        records.collect()
    }
}

fn recorded(cookie: &Cookie) -> RecordedCookie {
    RecordedCookie {
        path: cookie.path().to_vec(),
        host_only: Some(cookie.host_only()),
        secure: Some(cookie.secure_only()),
        http_only: Some(cookie.http_only()),
        same_site: Some(cookie.same_site()),
        expires: cookie.expiry_time(),
        partition: cookie.partition().cloned(),
        creation: Some(cookie.creation_time()),
        last_access: Some(cookie.last_access_time()),
        ..RecordedCookie::new(
            cookie.name(),
            cookie.value(),
            cookie.domain_str().to_owned(),
        )
    }
}

/// The pages of a recording as they are when a request is made: the URL of the top-level document of each.
#[derive(Default)]
struct Pages {
    tops: HashMap<Option<String>, Url>,
}

/// What a recording says of the context of one request.
struct Context {
    destination: Destination,
    is_same_site: bool,
    /// A page of the site that is the key of partitioned cookies, where it is not that of the request.
    top: Option<Url>,
    cross_site_ancestor: bool,
}

impl Pages {
    fn context(&self, exchange: &Exchange, list: &PublicSuffixList) -> Context {
        let destination = destination(exchange);
        let mut context = Context {
            destination,
            is_same_site: true,
            top: None,
            cross_site_ancestor: false,
        };
        if destination == Destination::TopLevel {
            return context;
        }
        let is_foreign = |url: &Url, top: &Url| Site::of(url, list) != Site::of(top, list);
        let referer = exchange.referer.as_ref();
        if let Some(key) = &exchange.partition {
            context.cross_site_ancestor = key.has_cross_site_ancestor();
            context.top = Url::parse(&key.top_level_site().to_string()).ok();
        } else if let Some(top) = self.tops.get(&exchange.page).or(referer) {
            // A referrer of another site than the top is a frame between them.
            context.cross_site_ancestor = is_foreign(&exchange.url, top)
                || referer.is_some_and(|referer| is_foreign(referer, top));
            context.top = Some(top.clone());
        }
        let is_cross_site = exchange.fetch_site.as_deref() == Some("cross-site");
        let is_same_site = !is_cross_site && !context.cross_site_ancestor;
        context.is_same_site = exchange.is_same_site.unwrap_or(is_same_site);
        context
    }

    /// Notes a page that a request has navigated.
    fn turn(&mut self, exchange: &Exchange) {
        let is_known = self.tops.contains_key(&exchange.page);
        let says_something =
            exchange.fetch_destination.is_some() || exchange.resource_type.is_some();
        if destination(exchange) == Destination::TopLevel && (says_something || !is_known) {
            let page = exchange.page.clone();
            self.tops.insert(page, exchange.url.clone());
        }
    }
}

fn destination(exchange: &Exchange) -> Destination {
    if let Some(destination) = exchange.fetch_destination.as_deref() {
        return match destination {
            "document" => Destination::TopLevel,
            "iframe" | "frame" | "embed" | "object" | "fencedframe" => Destination::Nested,
            _ => Destination::Subresource,
        };
    }
    // Plain clients and proxies say nothing, and neither do browsers over http.
    match exchange.resource_type.as_deref() {
        Some(kind) if !kind.eq_ignore_ascii_case("document") => Destination::Subresource,
        _ => Destination::TopLevel,
    }
}

impl Context {
    fn request<'c>(&'c self, exchange: &'c Exchange) -> Request<'c> {
        let mut request = Request::new(&exchange.url)
            .method(&exchange.method)
            .destination(self.destination)
            .cross_site_ancestor(self.cross_site_ancestor);
        if let Some(top) = &self.top {
            request = request.top_level_site(top);
        }
        if self.is_same_site {
            request
        } else {
            request.opaque_site_for_cookies()
        }
    }
}
