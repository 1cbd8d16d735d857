//! Recordings of HTTP: the exchanges of a HAR 1.2, or of a log of the Chrome DevTools Protocol (CDP), as they were
//! recorded. Nothing is judged here, and no body is held.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt::Write as _;
use std::mem;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use url::Url;

use crate::cookie_date::sane_cookie_date;
use crate::formats::ReadError;
use crate::formats::record::{Place, Record};
use crate::formats::time::Unit;
use crate::same_site::PartitionKey;
use crate::timestamp::Timestamp;

/// Why an entry cannot be read. It never contains a value.
type Why = Cow<'static, str>;

/// What was recorded.
#[derive(Default)]
pub(super) struct Recording {
    /// In the order of the document.
    pub(super) exchanges: Vec<Exchange>,
    /// The entries that cannot be read.
    pub(super) unreadable: Vec<Record>,
}

/// A request and its response.
pub(super) struct Exchange {
    /// The entry, or the event, that has the Set-Cookie lines.
    pub(super) place: Place,
    pub(super) started: Option<Timestamp>,
    pub(super) url: Url,
    pub(super) method: String,
    /// What a recorder calls the page that made the request.
    pub(super) page: Option<String>,
    /// What a recorder calls the kind of the resource: `document`, `image`.
    pub(super) resource_type: Option<String>,
    /// The fields of the request that tell its context.
    pub(super) referer: Option<Url>,
    pub(super) fetch_destination: Option<String>,
    pub(super) fetch_site: Option<String>,
    /// Whether it was same-site, as the browser said.
    pub(super) is_same_site: Option<bool>,
    /// The key of its partitioned cookies, as the browser said.
    pub(super) partition: Option<PartitionKey>,
    pub(super) has_sent_cookies: bool,
    /// Each in its order.
    pub(super) set_cookie: Vec<SetCookieLine>,
    /// The lines were made of the array `cookies`, since the headers have none.
    pub(super) has_cookies_only: bool,
}

/// A Set-Cookie line, and whether the browser said that it blocked it.
pub(super) struct SetCookieLine {
    pub(super) octets: String,
    pub(super) is_blocked: bool,
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
    let start = octets.trim_ascii_start();
    if let Some(rest) = start.strip_prefix(b"[") {
        if is_event(rest) {
            let events: Vec<&RawValue> =
                serde_json::from_slice(octets).map_err(|error| json_error(&error))?;
            let events = events.into_iter().enumerate();
            let events = events.map(|(index, event)| (Place::Entry(index), event.get().as_bytes()));
            return Ok(read_events(events));
        }
    }
    if begins_with_log(start).is_none() && is_event(start) {
        let lines = octets.split(|octet| *octet == b'\n').enumerate();
        let lines = lines.filter(|(_, line)| !line.trim_ascii().is_empty());
        return Ok(read_events(
            lines.map(|(index, line)| (Place::Line(index + 1), line)),
        ));
    }
    read_har(octets)
}

/// Says where the JSON is wrong. What is not of the shape of a HAR has no place, since serde's message has texts of
/// the file.
fn json_error(error: &serde_json::Error) -> ReadError {
    if error.is_data() {
        return ReadError::Damaged(
            "the recording has no list `log.entries`: export it again".to_owned(),
        );
    }
    ReadError::json(error)
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
    serde_json::from_slice::<Har<'_>>(octets).is_ok()
}

#[derive(Deserialize)]
struct Har<'a> {
    #[serde(borrow)]
    log: Log<'a>,
}

#[derive(Deserialize)]
struct Log<'a> {
    #[serde(borrow)]
    entries: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    started_date_time: Option<String>,
    pageref: Option<String>,
    #[serde(rename = "_resourceType")]
    resource_type: Option<String>,
    request: Option<HarRequest>,
    response: Option<HarResponse>,
}

#[derive(Deserialize)]
struct HarRequest {
    method: Option<String>,
    url: Option<String>,
    headers: Option<Vec<Field>>,
    cookies: Option<Vec<IgnoredAny>>,
}

#[derive(Deserialize)]
struct HarResponse {
    headers: Option<Vec<Field>>,
    cookies: Option<Vec<HarCookie>>,
}

#[derive(Deserialize)]
struct Field {
    name: String,
    value: String,
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

fn read_har(octets: &[u8]) -> Result<Recording, ReadError> {
    let har: Har<'_> = serde_json::from_slice(octets).map_err(|error| json_error(&error))?;
    let mut recording = Recording::default();
    for (index, entry) in har.log.entries.into_iter().enumerate() {
        let place = Place::Entry(index);
        match serde_json::from_str(entry.get())
            .map_err(|_| "the entry is not of the shape of HAR 1.2".into())
            .and_then(|entry| exchange(entry, place))
        {
            Ok(Some(exchange)) => recording.exchanges.push(exchange),
            Ok(None) => {}
            Err(why) => recording.unreadable.push(Record::unreadable(place, why)),
        }
    }
    Ok(recording)
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
    let sent = request.cookies.unwrap_or_default();
    let mut exchange = Exchange::new(place, url, request.method);
    exchange.started = entry.started_date_time.and_then(|at| at.parse().ok());
    exchange.page = entry.pageref;
    exchange.resource_type = entry.resource_type;
    exchange.take_context(|name| {
        let mut fields = headers.iter();
        let field = fields.find(|field| field.name.eq_ignore_ascii_case(name));
        field.map(|field| field.value.clone())
    });
    exchange.has_sent_cookies |= !sent.is_empty();
    let fields = response.headers.unwrap_or_default();
    let fields = fields.iter().filter(|field| is_set_cookie(&field.name));
    let lines = fields.flat_map(|field| joined_lines(&field.value));
    exchange.set_cookie = lines.map(SetCookieLine::new).collect();
    if exchange.set_cookie.is_empty() {
        let cookies = response.cookies.unwrap_or_default();
        let lines = cookies.iter().map(|cookie| cookie.line(&exchange.url));
        let lines: Result<Vec<_>, Why> = lines.collect();
        exchange.set_cookie = lines?.into_iter().map(SetCookieLine::new).collect();
        exchange.has_cookies_only = !exchange.set_cookie.is_empty();
    }
    Ok(Some(exchange))
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
            is_blocked: false,
        }
    }
}

impl Exchange {
    fn new(place: Place, url: Url, method: Option<String>) -> Self {
        Self {
            place,
            started: None,
            url,
            method: method.unwrap_or_else(|| "GET".to_owned()),
            page: None,
            resource_type: None,
            referer: None,
            fetch_destination: None,
            fetch_site: None,
            is_same_site: None,
            partition: None,
            has_sent_cookies: false,
            set_cookie: Vec::new(),
            has_cookies_only: false,
        }
    }

    /// Takes the context of the fields of the request.
    fn take_context(&mut self, field: impl Fn(&str) -> Option<String>) {
        self.referer = field("referer").and_then(|referer| Url::parse(&referer).ok());
        self.fetch_destination = field("sec-fetch-dest");
        self.fetch_site = field("sec-fetch-site");
        self.has_sent_cookies = field("cookie").is_some();
    }
}

// Logs of CDP.

#[derive(Deserialize)]
struct Event<'a> {
    method: Option<String>,
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
    headers: Option<Headers>,
}

/// `Network.responseReceived`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Received {
    request_id: String,
    response: CdpResponse,
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
    last: Option<(Place, Received)>,
}

struct Hop {
    /// The number of its event in the log.
    number: usize,
    place: Place,
    event: WillBeSent,
}

fn read_events<'a>(events: impl Iterator<Item = (Place, &'a [u8])>) -> Recording {
    let mut recording = Recording::default();
    let mut requests: HashMap<String, Requests> = HashMap::new();
    for (number, (place, octets)) in events.enumerate() {
        if let Err(why) = take_event(number, place, octets, &mut requests) {
            recording.unreadable.push(Record::unreadable(place, why));
        }
    }
    let mut exchanges = Vec::new();
    for requests in requests.into_values() {
        requests.exchanges(&mut exchanges, &mut recording.unreadable);
    }
    exchanges.sort_by_key(|(number, _)| *number);
    let exchanges = exchanges.into_iter().map(|(_, exchange)| exchange);
    recording.exchanges = exchanges.collect();
    recording
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
    match event.method.as_deref() {
        Some("Network.requestWillBeSent") => {
            let event: WillBeSent = serde_json::from_str(params).map_err(why)?;
            let of = requests.entry(event.request_id.clone()).or_default();
            of.hops.push(Hop {
                number,
                place,
                event,
            });
        }
        Some("Network.requestWillBeSentExtraInfo") => {
            let event: ExtraInfo = serde_json::from_str(params).map_err(why)?;
            let of = requests.entry(event.request_id).or_default();
            of.sent.push_back(event.headers);
        }
        Some("Network.responseReceivedExtraInfo") => {
            let event: ExtraInfo = serde_json::from_str(params).map_err(why)?;
            let of = requests.entry(event.request_id.clone()).or_default();
            of.received.push_back((place, event));
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
        let (has_extra_info, seen) = if let Some((place, next)) = next {
            let response = next.redirect_response.take();
            let seen = response.map(|response| (place, response));
            (next.redirect_has_extra_info, seen)
        } else {
            let last = self.last.take();
            let has_extra_info = last.as_ref().and_then(|(_, event)| event.has_extra_info);
            let seen = last.map(|(place, event)| (place, event.response));
            (has_extra_info, seen)
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
        exchange.page = event.frame_id;
        exchange.resource_type = event.resource_type;
        exchange.is_same_site = event.request.is_same_site;
        let sent = sent.or(event.request.headers).unwrap_or_default();
        exchange.take_context(|name| header(&sent, name).map(str::to_owned));
        if let Some((place, event)) = received {
            exchange.place = place;
            exchange.partition = event.cookie_partition_key.and_then(CdpKey::read);
            let blocked = event.blocked_cookies.unwrap_or_default();
            let blocked = blocked.into_iter().filter_map(|cookie| cookie.cookie_line);
            exchange.take_lines(&event.headers, blocked.collect());
        } else if let Some((place, response)) = seen {
            exchange.place = place;
            exchange.take_lines(&response.headers.unwrap_or_default(), Vec::new());
        }
        Ok(Some(exchange))
    }
}

impl Exchange {
    /// Takes the Set-Cookie lines, which CDP joins by a line feed, and those among them that were blocked.
    fn take_lines(&mut self, headers: &Headers, mut blocked: Vec<String>) {
        let value = header(headers, "set-cookie").unwrap_or_default();
        let lines = joined_lines(value).map(|octets| {
            let found = blocked.iter().position(|blocked| *blocked == octets);
            let is_blocked = found.map(|index| blocked.swap_remove(index)).is_some();
            SetCookieLine { octets, is_blocked }
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
