//! HAR 1.2 and logs of the Chrome DevTools Protocol: the jar at their end.
//!
//! The Set-Cookie lines are received in the order of time, each at the instant at which its request began, by a jar
//! that is empty before, without limits, in the context that the recording tells. What the browser had before, what
//! scripts set, and whether a request was made without credentials, no recording says.
//!
//! The cookies have the order of their creation, and the place of the entry that set them last.

use std::collections::HashMap;
use std::time::Duration;

use crate::change::Change;
use crate::cookie::Cookie;
use crate::formats::record::{Note, Place, Record, RecordedCookie};
use crate::formats::recording::context::{Context, Documents};
use crate::formats::recording::order::{self, in_order, redirects};
use crate::formats::recording::{self, Exchange, Recording};
use crate::formats::{Contents, Format, ReadError};
use crate::jar::CookieJar;
use crate::policy::Policy;
use crate::request::Request;
use crate::same_site::PartitionKey;
use crate::timestamp::Timestamp;

/// Returns true if the octets, which begin as JSON, are of this format.
pub(super) fn matches(octets: &[u8]) -> bool {
    recording::matches(octets)
}

pub(super) fn read(octets: &[u8]) -> Result<Contents, ReadError> {
    let mut recording = recording::read(octets)?;
    let mut notes = notes(&recording);
    let (jar, refused) = replay(&recording);
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
fn replay(recording: &Recording) -> (Replayed, usize) {
    let policy = Policy::default()
        .with_lifetime_limit(Duration::MAX)
        .with_max_cookies_per_domain(usize::MAX)
        .with_max_cookies_per_site(usize::MAX)
        .with_max_cookies(usize::MAX);
    let mut jar = CookieJar::new(policy.clone());
    jar.watch();
    let mut replayed = Replayed {
        jar,
        end: Timestamp::UNIX_EPOCH,
        places: HashMap::new(),
    };
    let (_, is_browser) = order::policy(recording);
    let mut documents = Documents::new(&policy, is_browser, recording.tool);
    let (exchanges, times) = in_order(&recording.exchanges);
    let mut contexts: Vec<Context> = Vec::with_capacity(exchanges.len());
    let mut refused = 0;
    let all = exchanges.iter().zip(times).zip(redirects(&exchanges));
    for ((exchange, times), redirected_from) in all {
        let before = redirected_from.map(|before| (exchanges[before], &contexts[before]));
        let context = documents.context(exchange, before);
        let of_request = context.request_context(exchange, &policy);
        let request = of_request.request(&exchange.url, &exchange.method);
        refused += replayed.take(exchange, request, times.started);
        documents.turn(exchange, &context);
        contexts.push(context);
    }
    (replayed, refused)
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
