//! Recordings of HTTP, replayed: which cookies a browser should have kept and sent, held against those that it sent.
//!
//! A [`Recording`] is read as a stream from a HAR 1.2, a log of the Chrome DevTools Protocol, or what `curl -v` prints.
//! Its [`replay`](Recording::replay) lets a jar by the rules of the recording's browser receive each Set-Cookie line in the context of its
//! request, and compares each Cookie field with what the jar would send. A difference is explained, or it is a finding.
//!
//! ```
//! use hardtack::recording::Recording;
//!
//! let har = br#"{"log": {"entries": [{
//!     "startedDateTime": "2026-11-27T15:17:14Z",
//!     "request": {"method": "GET", "url": "https://shop.example/", "headers": [{"name": "Cookie", "value": "theme=dark"}]},
//!     "response": {"status": 200, "headers": [{"name": "Set-Cookie", "value": "sid=31d4; Domain=example"}]}}]}}"#;
//! let replay = Recording::read(&har[..])?.replay();
//! let entry = &replay.entries[0];
//! assert_eq!((entry.differences[0].reason, entry.differences[0].explained), ("adopted", true));
//! assert_eq!(entry.lines[0].rejection().unwrap().name(), "public-suffix");
//! assert_eq!((replay.summary.refused, replay.summary.unexplained), (1, 0));
//! # Ok::<(), hardtack::formats::ReadError>(())
//! ```

mod mend;
mod redaction;
mod replay;

use std::borrow::Cow;
use std::fmt;
use std::io::Read;

use url::Url;

pub use self::mend::Mend;
pub use self::redaction::Redaction;
use crate::cookie::{Cookie, CookieBuilder, Identity, Key};
use crate::dialect::Dialect;
pub use crate::formats::recording::context::Context;
use crate::formats::recording::{SetCookieLine, order, read_from};
use crate::formats::{ReadError, Record, recording as recorded};
use crate::jar::Receipt;
use crate::policy::Policy;
use crate::rejection::Rejection;
use crate::retrieval::Exclusion;
use crate::same_site::PartitionKey;
use crate::set_cookie::{SameSite, SetCookie};
use crate::timestamp::Timestamp;

/// A recording, as it was read: its requests with their cookies, and no bodies.
///
/// ```
/// use hardtack::recording::Recording;
///
/// let curl = b"> GET / HTTP/1.1\n> Host: shop.example\n>\n< HTTP/1.1 200 OK\n< Set-Cookie: sid=31d4\n<\n";
/// let recording = Recording::read(&curl[..])?;
/// assert_eq!(recording.entries(), 1);
/// assert!(!recording.is_sanitized());
/// # Ok::<(), hardtack::formats::ReadError>(())
/// ```
pub struct Recording {
    recorded: recorded::Recording,
    policy: Policy,
    is_browser: bool,
}

impl Recording {
    /// Reads a recording as a stream. Of an entry are held the URL, what tells its context, and its cookies.
    ///
    /// # Errors
    ///
    /// [`ReadError`], if it is no recording, or nothing of it can be read. What is before a [damage](Self::damage) is
    /// read, and entries that cannot be read are left out: [`unreadable`](Self::unreadable).
    pub fn read(reader: impl Read) -> Result<Self, ReadError> {
        let recorded = read_from(reader)?;
        let (policy, is_browser) = order::policy(&recorded);
        Ok(Self {
            recorded,
            policy,
            is_browser,
        })
    }

    /// Replays the recording.
    pub fn replay(&self) -> Replay {
        replay::replay(self)
    }

    /// Returns the name and the version of the program that wrote it.
    pub fn creator(&self) -> Option<&str> {
        self.recorded.creator.as_deref()
    }

    /// Returns the name and the version of the browser.
    pub fn browser(&self) -> Option<&str> {
        self.recorded.browser.as_deref()
    }

    /// Returns the number of entries, those that cannot be read too.
    pub fn entries(&self) -> usize {
        self.recorded.entries
    }

    /// Returns the entries that cannot be read, each with the reason.
    pub fn unreadable(&self) -> &[Record] {
        &self.recorded.unreadable
    }

    /// Returns why it could not be read to its end, if that is so: it was cut off, or is not JSON from there on. The
    /// [entries](Self::entries) before that are whole.
    ///
    /// ```
    /// use hardtack::formats::ReadError;
    /// use hardtack::recording::Recording;
    ///
    /// let har = br#"{"log": {"entries": [{"request": {"url": "https://shop.example/"}, "response": {}}, {"requ"#;
    /// let recording = Recording::read(&har[..])?;
    /// assert_eq!(recording.entries(), 1);
    /// assert!(matches!(recording.damage(), Some(ReadError::Truncated { line: 1, column: 90 })));
    /// # Ok::<(), ReadError>(())
    /// ```
    pub fn damage(&self) -> Option<&ReadError> {
        self.recorded.damage.as_ref()
    }

    /// Returns the dialect by which it is replayed, that of its browser as far as it is known.
    pub fn dialect(&self) -> Dialect {
        self.policy.dialect
    }

    /// Returns true if no request has a Cookie field and no response a Set-Cookie field, as in a recording that was
    /// exported without sensitive data.
    pub fn is_sanitized(&self) -> bool {
        let mut exchanges = self.recorded.exchanges.iter();
        !self.recorded.exchanges.is_empty()
            && exchanges.all(|it| !it.has_sent_cookies() && it.set_cookie.is_empty())
    }

    /// Returns the number of entries whose cookies are told by the lists `cookies` only, which another program made.
    pub fn without_headers(&self) -> usize {
        let exchanges = self.recorded.exchanges.iter();
        exchanges.filter(|it| it.has_cookies_only).count()
    }

    /// Returns the number of entries that do not say when they began. They are taken at the time of the one before.
    pub fn without_time(&self) -> usize {
        let exchanges = self.recorded.exchanges.iter();
        exchanges.filter(|it| it.started.is_none()).count()
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recording")
            .field("creator", &self.recorded.creator)
            .field("browser", &self.recorded.browser)
            .field("entries", &self.recorded.entries)
            .finish_non_exhaustive()
    }
}

/// What became of the cookies of a recording.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Replay {
    /// In the order of time.
    pub entries: Vec<Entry>,
    /// Every cookie that was ever seen, in the order of first sight.
    pub cookies: Vec<CookieLife>,
    /// The counts.
    pub summary: Summary,
    /// The rules that were followed.
    pub dialect: Dialect,
    /// True if the browser blocked third-party cookies throughout.
    pub blocks_third_parties: bool,
}

/// The counts of a replay.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// The entries that could be read.
    pub entries: usize,
    /// Those that sent cookies.
    pub with_cookies: usize,
    /// Those that sent what was predicted, in that order.
    pub agree: usize,
    /// Those whose differences are all explained.
    pub explained: usize,
    /// Those that have a difference which is not explained.
    pub unexplained: usize,
    /// The Set-Cookie lines.
    pub lines: usize,
    /// Those that the text refuses.
    pub refused: usize,
}

/// A request, what it sent, and what its answer set.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Entry {
    /// Its number in the order of the document, from 0.
    pub index: usize,
    /// The line of the document at which it begins.
    pub line: Option<usize>,
    /// When it began.
    pub time: Timestamp,
    /// The method.
    pub method: String,
    /// The URL, whose query may be a secret.
    pub url: Url,
    /// The context, and what told it.
    pub context: Context,
    /// The status of the answer.
    pub status: Option<u16>,
    /// The kind of the resource, as the recorder says it.
    pub resource_type: Option<String>,
    /// The page, as the recorder calls it.
    pub page: Option<String>,
    /// The frame, as the recorder calls it.
    pub frame: Option<String>,
    /// The number of the entry that redirected to it.
    pub redirected_from: Option<usize>,
    /// Where it redirects to.
    pub redirect: Option<Url>,
    /// What it sent, in the order of sending.
    pub recorded: Vec<Pair>,
    /// What the jar would send, in the order of sending.
    pub predicted: Vec<Pair>,
    /// True if these are the same, the order and the values too.
    pub agrees: bool,
    /// Where they differ, and why.
    pub differences: Vec<Difference>,
    /// The cookies that it sent, as numbers in [`Replay::cookies`].
    pub sent: Vec<usize>,
    /// The cookies that neither side sends, though their host and path fit.
    pub withheld: Vec<Withheld>,
    /// The cookies of its host and those above it whose host or path does not fit, as numbers in
    /// [`Replay::cookies`].
    pub out_of_scope: Vec<usize>,
    /// True if it was made without credentials, so that its lines have no effect.
    pub is_without_credentials: bool,
    /// The Set-Cookie lines of its answer, in their order.
    pub lines: Vec<Line>,
}

/// The name and the value of a cookie. `Debug` writes only the length of the value.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Pair {
    /// The name, empty of a nameless cookie.
    pub name: Vec<u8>,
    value: Vec<u8>,
}

impl Pair {
    fn new(name: &[u8], value: &[u8]) -> Self {
        Self {
            name: name.to_vec(),
            value: value.to_vec(),
        }
    }

    fn of(cookie: &Cookie) -> Self {
        Self::new(cookie.name(), cookie.value())
    }

    /// The pair of a line that does not parse.
    fn cut(line: &[u8]) -> Self {
        let pair = line
            .split(|octet| *octet == b';')
            .next()
            .unwrap_or_default();
        let equals = pair.iter().position(|octet| *octet == b'=');
        match equals {
            Some(equals) => Self::new(pair[..equals].trim_ascii(), pair[equals + 1..].trim_ascii()),
            None => Self::new(b"", pair.trim_ascii()),
        }
    }

    /// Returns the value, which is a secret.
    pub fn value(&self) -> &[u8] {
        &self.value
    }

    fn octets(&self) -> usize {
        self.name.len() + self.value.len()
    }

    fn is_of(&self, line: &SetCookieLine) -> bool {
        let parsed = SetCookie::parse(line.octets.as_bytes());
        parsed.is_ok_and(|line| line.name() == self.name && line.value() == self.value)
    }
}

impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, octets) = (self.name.escape_ascii(), self.value.len());
        write!(f, "{name}=<{octets} octets>")
    }
}

/// A cookie that only one side sends, or that the sides send otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// The cookie, as a number in [`Replay::cookies`].
    pub cookie: Option<usize>,
    /// The name of the cookie.
    pub name: Vec<u8>,
    /// True if it was sent.
    pub recorded: bool,
    /// True if the jar would send it.
    pub predicted: bool,
    /// Why, in kebab-case: `adopted`, `no-credentials`, `third-party-blocked`, `in-flight`, `expired`, `limits`, `order`,
    /// `storage-access`, `lax-allowing-unsafe`, `not-recorded`, `not-sent`, or the name of the rule that was not kept.
    pub reason: &'static str,
    /// True if that explains it.
    pub explained: bool,
    /// The reason for people, without a value.
    pub text: String,
}

/// A cookie that neither side sends.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Withheld {
    /// The cookie, as a number in [`Replay::cookies`].
    pub cookie: usize,
    /// The rule that excludes it.
    pub reason: Exclusion,
}

/// A Set-Cookie line, and what became of it.
#[derive(Clone)]
#[non_exhaustive]
pub struct Line {
    /// Its number in the answer, from 0.
    pub index: usize,
    octets: Vec<u8>,
    /// The line of the document at which it stands.
    pub line: Option<usize>,
    /// The name and the value. Of a line that does not parse they are what stands where they should be.
    pub pair: Pair,
    /// When it was received.
    pub time: Timestamp,
    /// What the text decides.
    pub verdict: Verdict,
    /// The rule by which the recording's browser decides otherwise, or `clear-site-data` where that field of the answer
    /// deletes the cookie.
    pub deviation: Option<&'static str>,
    /// The cookie that it set, or that a refused line met, as a number in [`Replay::cookies`].
    pub cookie: Option<usize>,
    /// What would mend it, if it is refused.
    pub mend: Option<Mend>,
}

/// What the text decides about a line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It was taken.
    Received(Receipt),
    /// It was refused.
    Refused(Rejection),
    /// The request was made without credentials, so that the line was not looked at.
    WithoutEffect,
}

impl Line {
    /// Returns the octets of the line, which have the value of the cookie.
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// Returns the reason why the text refuses it.
    pub fn rejection(&self) -> Option<&Rejection> {
        match &self.verdict {
            Verdict::Refused(rejection) => Some(rejection),
            _ => None,
        }
    }

    /// Returns true if the text refuses it.
    pub fn is_refused(&self) -> bool {
        self.rejection().is_some()
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line")
            .field("pair", &self.pair)
            .field("verdict", &self.verdict)
            .field("deviation", &self.deviation)
            .finish_non_exhaustive()
    }
}

/// What tells a cookie from all others.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct CookieIdentity {
    /// The name, empty of a nameless cookie.
    pub name: Vec<u8>,
    /// The domain, without a dot before it.
    pub domain: String,
    /// True if it is for this very host only.
    pub host_only: bool,
    /// The path.
    pub path: Vec<u8>,
    /// The key of its partition.
    pub partition: Option<PartitionKey>,
}

impl CookieIdentity {
    fn of(cookie: &Cookie) -> Self {
        Self {
            name: cookie.name().to_vec(),
            domain: cookie.domain_str().to_owned(),
            host_only: cookie.host_only(),
            path: cookie.path().to_vec(),
            partition: cookie.partition().cloned(),
        }
    }

    fn of_builder(builder: &CookieBuilder) -> Self {
        Self {
            name: builder.fields.name.clone(),
            domain: builder.host.clone(),
            host_only: builder.fields.host_only,
            path: builder.fields.path.clone(),
            partition: builder.fields.partition.as_deref().cloned(),
        }
    }

    fn key(&self) -> Key<'_> {
        let identity = Identity {
            domain: self.domain.as_bytes(),
            name: &self.name,
            path: &self.path,
            host_only: self.host_only,
        };
        (self.partition.as_ref(), identity)
    }
}

/// A cookie that was seen, with what was learnt of it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CookieLife {
    /// What tells it from others.
    pub identity: CookieIdentity,
    /// True if it was seen under a page of its own site.
    pub is_first_party: bool,
    /// The lifetime that its last line asks for, in seconds, or `None` of a session cookie.
    pub asked_secs: Option<i64>,
    /// The lifetime that it got.
    pub granted_secs: Option<i64>,
    /// True if it goes over secure connections only.
    pub secure: bool,
    /// True if scripts cannot read it.
    pub http_only: bool,
    /// Its SameSite.
    pub same_site: SameSite,
    /// The octets of its name and its value.
    pub octets: usize,
    /// True if it was first seen in a Cookie field: a script set it, or it was there before.
    pub set_by_script_or_before: bool,
    /// The number of the entry at which it was first seen.
    pub first_seen: usize,
    /// How often it was sent.
    pub sent: usize,
    /// The line that set it last: a position in [`Replay::entries`] and one in its lines.
    pub set_by_line: Option<(usize, usize)>,
    /// The numbers of the entries at which it was missed.
    pub vanished: Vec<usize>,
}

impl CookieLife {
    fn new(identity: CookieIdentity, first_seen: usize) -> Self {
        Self {
            identity,
            is_first_party: false,
            asked_secs: None,
            granted_secs: None,
            secure: false,
            http_only: false,
            same_site: SameSite::Default,
            octets: 0,
            set_by_script_or_before: true,
            first_seen,
            sent: 0,
            set_by_line: None,
            vanished: Vec::new(),
        }
    }

    /// Returns the domain as people write it, with a star where hosts below it have the cookie.
    pub fn scope(&self) -> Cow<'_, str> {
        let CookieIdentity {
            domain, host_only, ..
        } = &self.identity;
        if *host_only {
            Cow::Borrowed(domain)
        } else {
            Cow::Owned(format!("*.{domain}"))
        }
    }
}
