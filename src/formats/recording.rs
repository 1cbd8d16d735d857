//! Recordings of HTTP: the exchanges of a HAR 1.2, of a log of the Chrome DevTools Protocol (CDP), or of what `curl -v`
//! prints, as they were recorded. Nothing is judged here. It is read as a stream, and no body is held.

mod curl;
mod skim;
pub(crate) mod order;
pub(crate) mod context;

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt::{self, Write as _};
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::mem;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use url::Url;

use self::skim::{Kept, Lines, Skim};
use crate::cookie_date::{parse_cookie_date, sane_cookie_date};
use crate::formats::ReadError;
use crate::formats::record::{Place, Record};
use crate::formats::time::Unit;
use crate::same_site::PartitionKey;
use crate::timestamp::Timestamp;

/// Why an entry cannot be read. It never contains a value.
type Why = Cow<'static, str>;

/// What was recorded.
#[derive(Default)]
pub(crate) struct Recording {
    pub(crate) tool: Tool,
    /// The program that wrote it, with its version.
    pub(crate) creator: Option<String>,
    /// The browser, with its version.
    pub(crate) browser: Option<String>,
    /// The first User-Agent of a request.
    pub(crate) user_agent: Option<String>,
    /// How many entries there are, those that cannot be read too.
    pub(crate) entries: usize,
    /// In the order of the document.
    pub(crate) exchanges: Vec<Exchange>,
    /// The entries that cannot be read.
    pub(crate) unreadable: Vec<Record>,
    /// Why the document could not be read to its end.
    pub(crate) damage: Option<ReadError>,
}

/// The kind of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Tool {
    #[default]
    Har,
    Cdp,
    Curl,
}

/// A request and its response.
#[derive(Clone)]
pub(crate) struct Exchange {
    /// The entry, or the event, that has the Set-Cookie lines.
    pub(crate) place: Place,
    /// Its number in the order of the document, from 0.
    pub(crate) index: usize,
    /// The line of the document at which it begins.
    pub(crate) line: Option<usize>,
    pub(crate) started: Option<Timestamp>,
    /// When the fields of the response were there.
    pub(crate) answered: Option<Timestamp>,
    pub(crate) ended: Option<Timestamp>,
    pub(crate) url: Url,
    pub(crate) method: String,
    pub(crate) status: Option<u16>,
    /// Where it redirects to.
    pub(crate) redirect: Option<Url>,
    /// The Date of the response.
    pub(crate) date: Option<Timestamp>,
    /// Whether the response has the site's cookies deleted, by `Clear-Site-Data`.
    pub(crate) clears_cookies: bool,
    /// What a recorder calls the page that made the request.
    pub(crate) page: Option<String>,
    /// What a recorder calls the frame that made the request, or that it navigates.
    pub(crate) frame: Option<String>,
    /// What a recorder calls the kind of the resource: `document`, `image`.
    pub(crate) resource_type: Option<String>,
    /// The fields of the request that tell its context.
    pub(crate) referer: Option<Url>,
    pub(crate) origin: Option<String>,
    pub(crate) fetch_destination: Option<String>,
    pub(crate) fetch_mode: Option<String>,
    pub(crate) fetch_site: Option<String>,
    /// Whether it has `Upgrade-Insecure-Requests`, which only navigations have.
    pub(crate) asks_for_upgrade: bool,
    pub(crate) user_agent: Option<String>,
    /// Whether it has `Host` or `:authority`, which each request has on the wire.
    pub(crate) has_host: bool,
    /// Whether it was same-site, as the browser said.
    pub(crate) is_same_site: Option<bool>,
    /// The key of its partitioned cookies, as the browser said.
    pub(crate) partition: Option<PartitionKey>,
    /// The value of its Cookie field.
    pub(crate) cookie_string: Option<String>,
    /// Each in its order.
    pub(crate) set_cookie: Vec<SetCookieLine>,
    /// The lines, or what was sent, were made of the arrays `cookies`, since the headers have none.
    pub(crate) has_cookies_only: bool,
}

/// A Set-Cookie line, and whether the browser said that it blocked it.
#[derive(Clone)]
pub(crate) struct SetCookieLine {
    pub(crate) octets: String,
    /// The line of the document at which it stands.
    pub(crate) line: Option<usize>,
    pub(crate) is_blocked: bool,
    /// Why it was blocked, as the browser said.
    pub(crate) blocked_reasons: Vec<String>,
}

/// Returns true if the octets, which begin as JSON, are a HAR or a log of CDP, by their shape.
pub(super) fn matches(octets: &[u8]) -> bool {
    let octets = octets.trim_ascii_start();
    match octets.strip_prefix(b"[") {
        Some(rest) => is_event(rest),
        None => begins_with_log(octets).is_some() || is_event(octets) || has_log(octets),
    }
}

pub(super) fn read(octets: &[u8]) -> Result<Recording, ReadError> {
    let mut recording = read_from(octets)?;
    recording.damage.take().map_or(Ok(recording), Err)
}

/// The octets by whose look the kind of a recording is told.
const HEAD: u64 = 64 * 1024;

/// How a recording is written.
enum Layout {
    Har,
    EventArray,
    EventLines,
    Curl,
}

/// Reads a recording of any kind as a stream. Of one that is damaged it reads what is before the damage.
pub(crate) fn read_from(reader: impl Read) -> Result<Recording, ReadError> {
    let (layout, reader) = layout(reader)?;
    match layout {
        Layout::Har => read_har(reader),
        Layout::EventArray => read_event_array(BufReader::new(reader)),
        Layout::EventLines => read_event_lines(BufReader::new(reader)),
        Layout::Curl => curl::read(BufReader::new(reader)).map_err(failed),
    }
}

/// Returns the reader of a HAR, or `None` where it is another recording.
pub(crate) fn only_har(reader: impl Read) -> Result<Option<impl Read>, ReadError> {
    let (layout, reader) = layout(reader)?;
    Ok(matches!(layout, Layout::Har).then_some(reader))
}

fn layout(mut reader: impl Read) -> Result<(Layout, impl Read), ReadError> {
    let mut head = Vec::new();
    let mut first = reader.by_ref().take(HEAD);
    first.read_to_end(&mut head).map_err(failed)?;
    if head.starts_with(b"\xEF\xBB\xBF") {
        head.drain(..3);
    }
    let start = head.trim_ascii_start();
    let layout = match start.first() {
        None => return Err(damaged("it is empty")),
        Some(b'[') if is_event(&start[1..]) => Layout::EventArray,
        Some(b'{') if begins_with_log(start).is_none() && is_event(start) => Layout::EventLines,
        Some(b'{') => Layout::Har,
        _ if curl::matches(&head) => Layout::Curl,
        _ => {
            return Err(damaged(
                "it is no recording: neither a HAR, nor a log of the Chrome DevTools Protocol, nor what `curl -v` prints",
            ));
        }
    };
    Ok((layout, Cursor::new(head).chain(reader)))
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "it is the argument of map_err"
)]
fn failed(error: io::Error) -> ReadError {
    ReadError::Io(error.kind())
}

fn damaged(what: &str) -> ReadError {
    ReadError::Damaged(what.to_owned())
}

/// Says where the JSON is wrong. What is not of the shape of a HAR has no place, since serde's message has texts of
/// the file.
fn json_error(error: &serde_json::Error) -> ReadError {
    if error.is_data() {
        return no_entries();
    }
    match error.io_error_kind() {
        Some(kind) => ReadError::Io(kind),
        None => ReadError::json(error),
    }
}

fn no_entries() -> ReadError {
    damaged("the recording has no list `log.entries`: export it again")
}

// HAR 1.2.

/// Looks at the first member, which in all HARs that browsers write is `log`.
fn begins_with_log(octets: &[u8]) -> Option<()> {
    let rest = octets.strip_prefix(b"{")?.trim_ascii_start();
    let rest = rest.strip_prefix(b"\"log\"")?.trim_ascii_start();
    let rest = rest.strip_prefix(b":")?.trim_ascii_start();
    rest.starts_with(b"{").then_some(())
}

/// Looks at all members.
fn has_log(octets: &[u8]) -> bool {
    serde_json::from_slice::<Har>(octets).is_ok()
}

#[derive(Deserialize)]
struct Har {
    #[serde(rename = "log")]
    _log: Log,
}

#[derive(Deserialize)]
struct Log {
    #[serde(rename = "entries")]
    _entries: Vec<IgnoredAny>,
}

const SCALAR: Kept = Kept::Scalar;

/// What is read of an entry.
const ENTRY: Kept = Kept::Members(&[
    ("startedDateTime", SCALAR),
    ("time", SCALAR),
    ("timings", Kept::Members(&[("receive", SCALAR)])),
    ("pageref", SCALAR),
    ("_frameref", SCALAR),
    ("_resourceType", SCALAR),
    (
        "request",
        Kept::Members(&[
            ("method", SCALAR),
            ("url", SCALAR),
            ("headers", FIELDS),
            ("cookies", COOKIES),
        ]),
    ),
    (
        "response",
        Kept::Members(&[
            ("status", SCALAR),
            ("redirectURL", SCALAR),
            ("headers", FIELDS),
            ("cookies", COOKIES),
        ]),
    ),
]);

/// The fields that are read.
const FIELDS: Kept = Kept::Each(&Kept::Field(&[
    "cookie",
    "set-cookie",
    "host",
    ":authority",
    "referer",
    "origin",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "upgrade-insecure-requests",
    "user-agent",
    "date",
    "location",
    "clear-site-data",
]));

const COOKIES: Kept = Kept::Each(&Kept::Members(&[
    ("name", SCALAR),
    ("value", SCALAR),
    ("path", SCALAR),
    ("domain", SCALAR),
    ("expires", SCALAR),
    ("httpOnly", SCALAR),
    ("secure", SCALAR),
    ("sameSite", SCALAR),
    ("partitionKey", SCALAR),
]));

/// The name and the version of a program.
const PROGRAM: Kept = Kept::Members(&[("name", SCALAR), ("version", SCALAR)]);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    started_date_time: Option<String>,
    time: Option<serde_json::Number>,
    timings: Option<Timings>,
    pageref: Option<String>,
    #[serde(rename = "_frameref")]
    frame: Option<String>,
    #[serde(rename = "_resourceType")]
    resource_type: Option<String>,
    request: Option<HarRequest>,
    response: Option<HarResponse>,
}

#[derive(Deserialize)]
struct Timings {
    receive: Option<serde_json::Number>,
}

#[derive(Deserialize)]
struct HarRequest {
    method: Option<String>,
    url: Option<String>,
    headers: Option<Vec<Field>>,
    cookies: Option<Vec<HarCookie>>,
}

#[derive(Deserialize)]
struct HarResponse {
    status: Option<serde_json::Number>,
    #[serde(rename = "redirectURL")]
    redirect: Option<String>,
    headers: Option<Vec<Field>>,
    cookies: Option<Vec<HarCookie>>,
}

#[derive(Deserialize)]
struct Field {
    name: String,
    value: String,
    line: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HarCookie {
    name: String,
    value: String,
    path: Option<String>,
    domain: Option<String>,
    expires: Option<String>,
    http_only: Option<bool>,
    secure: Option<bool>,
    same_site: Option<String>,
    partition_key: Option<IgnoredAny>,
}

fn read_har(reader: impl Read) -> Result<Recording, ReadError> {
    let line = Cell::new(1);
    let lines = Lines::new(reader, &line);
    let mut json = serde_json::Deserializer::from_reader(lines);
    let mut har = HarReader {
        recording: Recording::default(),
        line: &line,
        has_entries: false,
    };
    let read = Document(&mut har).deserialize(&mut json);
    let read = read.and_then(|()| json.end());
    match read {
        Ok(()) if !har.has_entries => Err(no_entries()),
        read => har.recording.until(read),
    }
}

/// A HAR while it is read.
struct HarReader<'l> {
    recording: Recording,
    line: &'l Cell<usize>,
    has_entries: bool,
}

/// The document, its `log`, and the list of its entries.
struct Document<'r, 'l>(&'r mut HarReader<'l>);
struct LogOf<'r, 'l>(&'r mut HarReader<'l>);
struct EntriesOf<'r, 'l>(&'r mut HarReader<'l>);

macro_rules! seed {
    ($seed:ident, $as:ident) => {
        impl<'de> DeserializeSeed<'de> for $seed<'_, '_> {
            type Value = ();

            fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
                deserializer.$as(self)
            }
        }
    };
}

seed!(Document, deserialize_map);
seed!(LogOf, deserialize_map);
seed!(EntriesOf, deserialize_seq);

impl<'de> Visitor<'de> for Document<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<String>()? {
            if name == "log" {
                members.next_value_seed(LogOf(self.0))?;
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for LogOf<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let reader = self.0;
        let program = Skim {
            kept: &PROGRAM,
            line: reader.line,
        };
        while let Some(name) = members.next_key::<String>()? {
            match name.as_str() {
                "entries" => members.next_value_seed(EntriesOf(reader))?,
                "creator" => {
                    reader.recording.creator = program_name(&members.next_value_seed(program)?);
                }
                "browser" => {
                    reader.recording.browser = program_name(&members.next_value_seed(program)?);
                }
                _ => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for EntriesOf<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let reader = self.0;
        reader.has_entries = true;
        let line = reader.line;
        let entry = Skim { kept: &ENTRY, line };
        // What is peeked at is the end of the item before, or the bracket.
        while let Some((line, entry)) = items.next_element_seed(At(entry))? {
            reader.recording.take_entry(line, entry);
        }
        Ok(())
    }
}

/// A value, and the line at which it begins.
struct At<'l>(Skim<'l>);

impl<'de> DeserializeSeed<'de> for At<'_> {
    type Value = (usize, Value);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let line = self.0.line.get();
        Ok((line, self.0.deserialize(deserializer)?))
    }
}

fn program_name(program: &Value) -> Option<String> {
    let text = |name: &str| program.get(name).and_then(Value::as_str);
    let name = text("name")?;
    Some(match text("version") {
        Some(version) => format!("{name} {version}"),
        None => name.to_owned(),
    })
}

impl Recording {
    /// Keeps what was read where the JSON is damaged behind it.
    fn until(mut self, read: serde_json::Result<()>) -> Result<Self, ReadError> {
        if let Err(error) = read {
            match json_error(&error) {
                damage @ (ReadError::Truncated { .. } | ReadError::NotJson { .. })
                    if self.entries > 0 =>
                {
                    self.damage = Some(damage);
                }
                error => return Err(error),
            }
        }
        Ok(self)
    }

    fn take_entry(&mut self, line: usize, entry: Value) {
        let index = self.entries;
        self.entries += 1;
        let place = Place::Entry(index);
        match serde_json::from_value(entry)
            .map_err(|_| "the entry is not of the shape of HAR 1.2".into())
            .and_then(|entry| exchange(entry, place))
        {
            Ok(Some(mut exchange)) => {
                exchange.index = index;
                exchange.line = Some(line);
                self.push(exchange);
            }
            Ok(None) => {}
            Err(why) => self.unreadable.push(Record::unreadable(place, why)),
        }
    }

    fn push(&mut self, mut exchange: Exchange) {
        let user_agent = exchange.user_agent.take();
        self.user_agent = self.user_agent.take().or(user_agent);
        self.exchanges.push(exchange);
    }
}

/// Reads an entry, or returns `None` for one of a URL that knows no cookies.
fn exchange(entry: Entry, place: Place) -> Result<Option<Exchange>, Why> {
    let request = entry.request.ok_or("the entry has no `request`")?;
    let url = request.url.ok_or("its request has no `url`")?;
    let Some(url) = url_of(&url)? else {
        return Ok(None);
    };
    let response = entry.response.ok_or("the entry has no `response`")?;
    let headers = request.headers.unwrap_or_default();
    let mut exchange = Exchange::new(place, url, request.method);
    exchange.started = entry.started_date_time.and_then(|at| at.parse().ok());
    exchange.page = entry.pageref;
    exchange.frame = entry.frame;
    exchange.resource_type = entry.resource_type;
    exchange.take_context(|name| {
        let mut fields = headers.iter();
        let field = fields.find(|field| field.name.eq_ignore_ascii_case(name));
        field.map(|field| field.value.clone())
    });
    let cookies = headers
        .iter()
        .filter(|field| field.name.eq_ignore_ascii_case("cookie"));
    let cookies: Vec<&str> = cookies.map(|field| field.value.as_str()).collect();
    // HTTP/2 may have several.
    exchange.cookie_string = (!cookies.is_empty()).then(|| cookies.join("; "));
    let receive = entry.timings.and_then(|timings| timings.receive);
    exchange.take_times(milliseconds(entry.time), milliseconds(receive));
    let sent = request.cookies.unwrap_or_default();
    if exchange.cookie_string.is_none() && !sent.is_empty() {
        let pairs: Vec<String> = sent.iter().map(HarCookie::pair).collect();
        exchange.cookie_string = Some(pairs.join("; "));
        exchange.has_cookies_only = true;
    }
    let status = response.status.and_then(|status| status.as_u64());
    exchange.status = status.and_then(|status| u16::try_from(status).ok());
    let fields = response.headers.unwrap_or_default();
    let find = |name: &str| {
        let mut fields = fields.iter();
        let field = fields.find(|field| field.name.eq_ignore_ascii_case(name));
        field.map(|field| field.value.as_str())
    };
    exchange.date = find("date").and_then(|date| parse_cookie_date(date.as_bytes()).ok());
    exchange.clears_cookies = find("clear-site-data").is_some_and(clears_cookies);
    let is_redirect = matches!(exchange.status, Some(300..=399));
    let redirect = response.redirect.filter(|redirect| !redirect.is_empty());
    let redirect = redirect.as_deref().or_else(|| find("location"));
    let redirect = redirect.filter(|_| is_redirect);
    exchange.redirect = redirect.and_then(|redirect| exchange.url.join(redirect).ok());
    for field in fields.iter().filter(|field| is_set_cookie(&field.name)) {
        let lines = joined_lines(&field.value).map(|octets| SetCookieLine {
            line: field.line,
            ..SetCookieLine::new(octets)
        });
        exchange.set_cookie.extend(lines);
    }
    if exchange.set_cookie.is_empty() {
        let cookies = response.cookies.unwrap_or_default();
        let lines = cookies.iter().map(|cookie| cookie.line(&exchange.url));
        let lines: Result<Vec<_>, Why> = lines.collect();
        exchange.set_cookie = lines?.into_iter().map(SetCookieLine::new).collect();
        exchange.has_cookies_only |= !exchange.set_cookie.is_empty();
    }
    Ok(Some(exchange))
}

/// A time of a recorder, or nothing for one that it does not know: -1.
fn milliseconds(number: Option<serde_json::Number>) -> Option<Duration> {
    let seconds = number?.as_f64()? / 1_000.0;
    Duration::try_from_secs_f64(seconds).ok()
}

/// Returns true if a `Clear-Site-Data` field names cookies, or all.
fn clears_cookies(value: &str) -> bool {
    let mut kinds = value.split([',', '\n']).map(str::trim);
    kinds.any(|kind| matches!(kind, "\"cookies\"" | "\"*\""))
}

fn is_set_cookie(name: &str) -> bool {
    name.eq_ignore_ascii_case("set-cookie")
}

/// Some recorders join several lines by a line feed, which no line may have.
fn joined_lines(value: &str) -> impl Iterator<Item = String> + use<'_> {
    let lines = value.split('\n');
    let lines = lines.map(|line| line.strip_suffix('\r').unwrap_or(line));
    lines.filter(|line| !line.is_empty()).map(str::to_owned)
}

/// Reads a URL, or returns `None` for one that never has cookies and that recorders list all the same.
fn url_of(text: &str) -> Result<Option<Url>, Why> {
    let url = Url::parse(text).map_err(|_| "its `url` is not a URL")?;
    if matches!(url.scheme(), "data" | "blob" | "file") {
        return Ok(None);
    }
    if !url.has_host() {
        return Err("its `url` has no host".into());
    }
    Ok(Some(url))
}

impl HarCookie {
    fn pair(&self) -> String {
        if self.name.is_empty() {
            self.value.clone()
        } else {
            format!("{}={}", self.name, self.value)
        }
    }

    /// Makes the line anew. DevTools give a host-only cookie the host as its domain, so that such a domain without a
    /// dot is taken as host-only.
    fn line(&self, url: &Url) -> Result<String, Why> {
        let mut texts = [Some(&self.value), self.path.as_ref(), self.domain.as_ref()]
            .into_iter()
            .flatten();
        let is_odd = |octet: u8| octet == b';' || octet.is_ascii_control() && octet != b'\t';
        let name_is_odd = self
            .name
            .bytes()
            .any(|octet| is_odd(octet) || octet == b'=');
        if name_is_odd || texts.any(|text| text.bytes().any(is_odd)) {
            return Err("its `cookies` have one that no Set-Cookie line can have set".into());
        }
        let mut line = format!("{}={}", self.name, self.value);
        // Nothing that is written to a string fails.
        let mut write = |name: &str, value: Option<&str>| {
            let _ = match value {
                Some(value) => write!(line, "; {name}={value}"),
                None => write!(line, "; {name}"),
            };
        };
        if let Some(path) = &self.path {
            write("Path", Some(path));
        }
        if let Some(domain) = &self.domain {
            let is_host = url.host_str() == Some(domain.as_str());
            if !is_host && !domain.is_empty() {
                write("Domain", Some(domain));
            }
        }
        if let Some(expires) = &self.expires {
            // What is no instant would make a session of it.
            let expires: Result<Timestamp, _> = expires.parse();
            let date = expires.ok().and_then(sane_cookie_date);
            let why = "the `expires` of one of its `cookies` is not an instant of RFC 3339";
            write("Expires", Some(&date.ok_or(why)?));
        }
        if self.secure == Some(true) {
            write("Secure", None);
        }
        if self.http_only == Some(true) {
            write("HttpOnly", None);
        }
        if self.partition_key.is_some() {
            write("Partitioned", None);
        }
        if let Some(same_site) = &self.same_site {
            let is_odd = same_site.bytes().any(|octet| !octet.is_ascii_alphabetic());
            write("SameSite", Some(if is_odd { "" } else { same_site }));
        }
        Ok(line)
    }
}

impl SetCookieLine {
    fn new(octets: String) -> Self {
        Self {
            octets,
            line: None,
            is_blocked: false,
            blocked_reasons: Vec::new(),
        }
    }
}

impl Exchange {
    fn new(place: Place, url: Url, method: Option<String>) -> Self {
        Self {
            place,
            index: 0,
            line: None,
            started: None,
            answered: None,
            ended: None,
            url,
            method: method.unwrap_or_else(|| "GET".to_owned()),
            status: None,
            redirect: None,
            date: None,
            clears_cookies: false,
            page: None,
            frame: None,
            resource_type: None,
            referer: None,
            origin: None,
            fetch_destination: None,
            fetch_mode: None,
            fetch_site: None,
            asks_for_upgrade: false,
            user_agent: None,
            has_host: false,
            is_same_site: None,
            partition: None,
            cookie_string: None,
            set_cookie: Vec::new(),
            has_cookies_only: false,
        }
    }

    /// Takes the context of the fields of the request.
    fn take_context(&mut self, field: impl Fn(&str) -> Option<String>) {
        self.referer = field("referer").and_then(|referer| Url::parse(&referer).ok());
        self.origin = field("origin");
        self.fetch_destination = field("sec-fetch-dest");
        self.fetch_mode = field("sec-fetch-mode");
        self.fetch_site = field("sec-fetch-site");
        self.asks_for_upgrade = field("upgrade-insecure-requests").is_some();
        self.user_agent = field("user-agent");
        self.has_host = field("host").or_else(|| field(":authority")).is_some();
        self.cookie_string = field("cookie");
    }

    /// Takes how long it took in all, and how long the body came in.
    fn take_times(&mut self, all: Option<Duration>, body: Option<Duration>) {
        let all = all.unwrap_or_default();
        let answer = all.saturating_sub(body.unwrap_or_default());
        self.answered = self.started.map(|started| started + answer);
        self.ended = self.started.map(|started| started + all);
    }

    pub(crate) fn has_sent_cookies(&self) -> bool {
        self.cookie_string.is_some()
    }

    /// Returns true if a service worker makes a navigation anew, whose page is not loaded by this request.
    pub(crate) fn is_by_service_worker(&self) -> bool {
        let is_navigation = self.fetch_mode.as_deref() == Some("navigate");
        is_navigation && self.fetch_destination.as_deref() == Some("empty")
    }

    /// Returns true if it has a field that a browser adds only as it sends the request.
    pub(crate) fn is_as_sent(&self) -> bool {
        self.has_host || self.fetch_site.is_some() || self.fetch_destination.is_some()
    }
}

// Logs of CDP.

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    method: Option<String>,
    session_id: Option<String>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
}

/// Returns true if a JSON value at the start of the octets is an event of CDP.
fn is_event(octets: &[u8]) -> bool {
    let mut values = serde_json::Deserializer::from_slice(octets).into_iter::<Event<'_>>();
    let event = values.next().and_then(Result::ok);
    event.is_some_and(|event| {
        let method = event.method.unwrap_or_default();
        let is_of_a_domain = method.split_once('.').is_some_and(|(domain, name)| {
            domain.starts_with(|first: char| first.is_ascii_uppercase()) && !name.is_empty()
        });
        is_of_a_domain
            && event
                .params
                .is_some_and(|params| params.get().starts_with('{'))
    })
}

/// `Network.requestWillBeSent`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WillBeSent {
    request_id: String,
    request: CdpRequest,
    wall_time: Option<serde_json::Number>,
    timestamp: Option<serde_json::Number>,
    #[serde(rename = "type")]
    resource_type: Option<String>,
    frame_id: Option<String>,
    redirect_response: Option<CdpResponse>,
    redirect_has_extra_info: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CdpRequest {
    url: String,
    method: Option<String>,
    headers: Option<Headers>,
    is_same_site: Option<bool>,
}

#[derive(Deserialize)]
struct CdpResponse {
    status: Option<serde_json::Number>,
    headers: Option<Headers>,
}

/// `Network.responseReceived`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Received {
    request_id: String,
    response: CdpResponse,
    timestamp: Option<serde_json::Number>,
    has_extra_info: Option<bool>,
}

/// `Network.requestWillBeSentExtraInfo` and `Network.responseReceivedExtraInfo`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExtraInfo {
    request_id: String,
    headers: Headers,
    blocked_cookies: Option<Vec<BlockedLine>>,
    cookie_partition_key: Option<CdpKey>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BlockedLine {
    cookie_line: Option<String>,
    blocked_reasons: Option<Vec<String>>,
}

/// A key of a partition: its text, in older versions.
#[derive(Deserialize)]
#[serde(untagged)]
enum CdpKey {
    #[serde(rename_all = "camelCase")]
    Now {
        top_level_site: String,
        has_cross_site_ancestor: bool,
    },
    Before(String),
}

type Headers = BTreeMap<String, String>;

fn header<'h>(headers: &'h Headers, name: &str) -> Option<&'h str> {
    let mut headers = headers.iter();
    let header = headers.find(|(found, _)| found.eq_ignore_ascii_case(name));
    header.map(|(_, value)| value.as_str())
}

/// The events of one request and its redirects, which have one `requestId`. Those with the fields as they were on
/// the wire come before or after the others, but among each other in order.
#[derive(Default)]
struct Requests {
    hops: Vec<Hop>,
    sent: VecDeque<Headers>,
    received: VecDeque<(Place, ExtraInfo)>,
    /// The session that was the first to tell an event of a name, what it says or when: that of a service worker tells
    /// what that of its page tells.
    told: HashMap<(&'static str, String), String>,
    last: Option<(Place, Received)>,
}

struct Hop {
    /// The number of its event in the log.
    number: usize,
    place: Place,
    event: WillBeSent,
}

/// A log of events while it is read.
#[derive(Default)]
struct EventReader {
    recording: Recording,
    requests: HashMap<String, Requests>,
    number: usize,
}

fn read_event_lines(reader: impl BufRead) -> Result<Recording, ReadError> {
    let mut events = EventReader::default();
    for (index, line) in reader.split(b'\n').enumerate() {
        let line = line.map_err(|error| ReadError::Io(error.kind()))?;
        if !line.trim_ascii().is_empty() {
            events.take(Place::Line(index + 1), &line);
        }
    }
    Ok(events.finish())
}

fn read_event_array(reader: impl BufRead) -> Result<Recording, ReadError> {
    let mut events = EventReader::default();
    let mut json = serde_json::Deserializer::from_reader(reader);
    let read = json.deserialize_seq(&mut events);
    let read = read.and_then(|()| json.end());
    events.finish().until(read)
}

impl<'de> Visitor<'de> for &mut EventReader {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(event) = items.next_element::<Box<RawValue>>()? {
            self.take(Place::Entry(self.number), event.get().as_bytes());
        }
        Ok(())
    }
}

impl EventReader {
    fn take(&mut self, place: Place, octets: &[u8]) {
        if let Err(why) = take_event(self.number, place, octets, &mut self.requests) {
            let unreadable = Record::unreadable(place, why);
            self.recording.unreadable.push(unreadable);
        }
        self.number += 1;
    }

    fn finish(self) -> Recording {
        let mut recording = self.recording;
        recording.tool = Tool::Cdp;
        let mut exchanges = Vec::new();
        for requests in self.requests.into_values() {
            requests.exchanges(&mut exchanges, &mut recording.unreadable);
        }
        exchanges.sort_by_key(|(number, _)| *number);
        recording.entries = exchanges.len();
        for (index, (_, mut exchange)) in exchanges.into_iter().enumerate() {
            exchange.index = index;
            recording.push(exchange);
        }
        recording
    }
}

fn take_event(
    number: usize,
    place: Place,
    octets: &[u8],
    requests: &mut HashMap<String, Requests>,
) -> Result<(), Why> {
    let why = |_| Why::from("it is not of the shape of the protocol's events");
    let event: Event<'_> = serde_json::from_slice(octets).map_err(why)?;
    let params = event.params.map_or("null", RawValue::get);
    let session = event.session_id.unwrap_or_default();
    match event.method.as_deref() {
        Some("Network.requestWillBeSent") => {
            let event: WillBeSent = serde_json::from_str(params).map_err(why)?;
            let of = requests.entry(event.request_id.clone()).or_default();
            let time = event.timestamp.as_ref().map(ToString::to_string);
            if !of.is_new("requestWillBeSent", time.unwrap_or_default(), &session) {
                return Ok(());
            }
            of.hops.push(Hop {
                number,
                place,
                event,
            });
        }
        Some("Network.requestWillBeSentExtraInfo") => {
            let event: ExtraInfo = serde_json::from_str(params).map_err(why)?;
            let of = requests.entry(event.request_id).or_default();
            if of.is_new("requestWillBeSentExtraInfo", params.to_owned(), &session) {
                of.sent.push_back(event.headers);
            }
        }
        Some("Network.responseReceivedExtraInfo") => {
            let event: ExtraInfo = serde_json::from_str(params).map_err(why)?;
            let of = requests.entry(event.request_id.clone()).or_default();
            if of.is_new("responseReceivedExtraInfo", params.to_owned(), &session) {
                of.received.push_back((place, event));
            }
        }
        Some("Network.responseReceived") => {
            let event: Received = serde_json::from_str(params).map_err(why)?;
            let of = requests.entry(event.request_id.clone()).or_default();
            of.last = Some((place, event));
        }
        _ => {}
    }
    Ok(())
}

impl Requests {
    /// Returns false for what another session has told.
    fn is_new(&mut self, event: &'static str, told: String, session: &str) -> bool {
        let first = self.told.entry((event, told));
        *first.or_insert_with(|| session.to_owned()) == session
    }

    /// Adds its exchanges, each with the number of its event in the log.
    fn exchanges(mut self, exchanges: &mut Vec<(usize, Exchange)>, unreadable: &mut Vec<Record>) {
        let mut hops = mem::take(&mut self.hops).into_iter().peekable();
        while let Some(hop) = hops.next() {
            let number = hop.number;
            let next = hops.peek_mut();
            let next = next.map(|next| (next.place, &mut next.event));
            match self.exchange(hop, next) {
                Ok(Some(exchange)) => exchanges.push((number, exchange)),
                Ok(None) => {}
                Err((place, why)) => unreadable.push(Record::unreadable(place, why)),
            }
        }
        let has_lines = |headers: &Headers| header(headers, "set-cookie").is_some();
        let received = self.received.into_iter();
        for (place, _) in received.filter(|(_, event)| has_lines(&event.headers)) {
            let why = "the log has no `Network.requestWillBeSent` of its `requestId`, so its URL is unknown";
            unreadable.push(Record::unreadable(place, why));
        }
    }

    /// Makes an exchange of one hop. The response is told by the next hop, or at the end.
    fn exchange(
        &mut self,
        hop: Hop,
        next: Option<(Place, &mut WillBeSent)>,
    ) -> Result<Option<Exchange>, (Place, Why)> {
        let event = hop.event;
        // The response as the page sees it, which has Set-Cookie lines in older versions only.
        let (has_extra_info, seen, end) = if let Some((place, next)) = next {
            let response = next.redirect_response.take();
            let seen = response.map(|response| (place, response));
            (next.redirect_has_extra_info, seen, next.timestamp.clone())
        } else {
            let last = self.last.take();
            let has_extra_info = last.as_ref().and_then(|(_, event)| event.has_extra_info);
            let end = last.as_ref().and_then(|(_, event)| event.timestamp.clone());
            let seen = last.map(|(place, event)| (place, event.response));
            (has_extra_info, seen, end)
        };
        let (mut sent, mut received) = (None, None);
        if has_extra_info != Some(false) {
            sent = self.sent.pop_front();
            received = self.received.pop_front();
        }
        let url = url_of(&event.request.url).map_err(|why| (hop.place, why))?;
        let Some(url) = url else {
            return Ok(None);
        };
        let mut exchange = Exchange::new(hop.place, url, event.request.method);
        exchange.started = event.wall_time.and_then(|seconds| {
            let seconds = seconds.to_string();
            Unit::Seconds.read(seconds.as_bytes()).ok()
        });
        let seconds = |number: Option<serde_json::Number>| number.and_then(|it| it.as_f64());
        let took = seconds(end).zip(seconds(event.timestamp));
        let took = took.and_then(|(end, start)| Duration::try_from_secs_f64(end - start).ok());
        exchange.take_times(took, None);
        exchange.frame.clone_from(&event.frame_id);
        exchange.page = event.frame_id;
        exchange.resource_type = event.resource_type;
        exchange.is_same_site = event.request.is_same_site;
        let sent = sent.or(event.request.headers).unwrap_or_default();
        exchange.take_context(|name| header(&sent, name).map(str::to_owned));
        if let Some((_, response)) = &seen {
            exchange.take_response(response);
        }
        if let Some((place, event)) = received {
            exchange.place = place;
            exchange.partition = event.cookie_partition_key.and_then(CdpKey::read);
            // The page does not see this field.
            let clear = header(&event.headers, "clear-site-data");
            exchange.clears_cookies |= clear.is_some_and(clears_cookies);
            let blocked = event.blocked_cookies.unwrap_or_default();
            exchange.take_lines(&event.headers, blocked);
        } else if let Some((place, response)) = seen {
            exchange.place = place;
            exchange.take_lines(&response.headers.unwrap_or_default(), Vec::new());
        }
        Ok(Some(exchange))
    }
}

impl Exchange {
    /// Takes what the response says beside its cookies.
    fn take_response(&mut self, response: &CdpResponse) {
        let status = response
            .status
            .as_ref()
            .and_then(serde_json::Number::as_u64);
        self.status = status.and_then(|status| u16::try_from(status).ok());
        let Some(headers) = &response.headers else {
            return;
        };
        let date = header(headers, "date");
        self.date = date.and_then(|date| parse_cookie_date(date.as_bytes()).ok());
        self.clears_cookies = header(headers, "clear-site-data").is_some_and(clears_cookies);
        let redirect = header(headers, "location");
        let redirect = redirect.filter(|_| matches!(self.status, Some(300..=399)));
        self.redirect = redirect.and_then(|redirect| self.url.join(redirect).ok());
    }

    /// Takes the Set-Cookie lines, which CDP joins by a line feed, and those among them that were blocked.
    fn take_lines(&mut self, headers: &Headers, mut blocked: Vec<BlockedLine>) {
        let value = header(headers, "set-cookie").unwrap_or_default();
        let lines = joined_lines(value).map(|octets| {
            let of_line = |it: &BlockedLine| it.cookie_line.as_ref() == Some(&octets);
            let found = blocked.iter().position(of_line);
            let found = found.map(|index| blocked.swap_remove(index));
            SetCookieLine {
                is_blocked: found.is_some(),
                blocked_reasons: found
                    .and_then(|blocked| blocked.blocked_reasons)
                    .unwrap_or_default(),
                ..SetCookieLine::new(octets)
            }
        });
        self.set_cookie = lines.collect();
    }
}

impl CdpKey {
    fn read(self) -> Option<PartitionKey> {
        let text = match self {
            Self::Now {
                top_level_site,
                has_cross_site_ancestor: true,
            } => format!("{top_level_site} cross-site"),
            Self::Now {
                top_level_site: text,
                ..
            }
            | Self::Before(text) => text,
        };
        text.parse().ok()
    }
}
