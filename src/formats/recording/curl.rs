//! What `curl -v` says on standard error: the fields of requests and responses, marked with `>` and `<`.

use std::collections::HashMap;
use std::io::{self, BufRead};

use url::Url;

use crate::cookie_date::parse_cookie_date;
use crate::formats::record::{Place, Record};
use crate::formats::recording::{Exchange, Recording, SetCookieLine, Tool};

/// Returns true if a line of the text is one of `curl -v`.
pub(super) fn matches(head: &[u8]) -> bool {
    let mut lines = head.split(|octet| *octet == b'\n');
    lines.any(|line| {
        let line = without_time(line.trim_ascii_end());
        request_line(line).is_some() || status(line).is_some()
    })
}

/// A request and its response while they are read.
#[derive(Default)]
struct Open {
    place: usize,
    method: String,
    target: String,
    is_tls: bool,
    fields: Vec<(String, String)>,
    status: Option<u16>,
    answer: Vec<(usize, String, String)>,
}

#[derive(Default)]
struct Reader {
    recording: Recording,
    open: Option<Open>,
    is_tls: bool,
    /// Whether the connection to a host is one of TLS.
    hosts: HashMap<String, bool>,
}

pub(super) fn read(reader: impl BufRead) -> io::Result<Recording> {
    let mut all = Reader::default();
    for (index, line) in reader.split(b'\n').enumerate() {
        let line = line?;
        let line = String::from_utf8_lossy(without_time(line.trim_ascii_end())).into_owned();
        all.take(index + 1, &line);
    }
    all.close();
    all.recording.tool = Tool::Curl;
    Ok(all.recording)
}

impl Reader {
    fn take(&mut self, number: usize, line: &str) {
        if let Some((method, target)) = request_line(line.as_bytes()) {
            self.close();
            self.open = Some(Open {
                place: number,
                method,
                target,
                is_tls: self.is_tls,
                ..Open::default()
            });
        } else if let Some(code) = status(line.as_bytes()) {
            if let Some(open) = &mut self.open {
                // Only a 100-level response is followed by another one.
                open.answer.clear();
                open.status = Some(code);
            }
        } else if let Some((name, value)) = field(line, "> ") {
            if let Some(open) = self.open.as_mut().filter(|open| open.status.is_none()) {
                open.fields.push((name, value));
            }
        } else if let Some((name, value)) = field(line, "< ") {
            if let Some(open) = self.open.as_mut().filter(|open| open.status.is_some()) {
                open.answer.push((number, name, value));
            }
        } else if let Some(said) = line.strip_prefix("* ") {
            self.hear(said);
        }
    }

    /// What is said of connections: whether the next request goes over TLS.
    fn hear(&mut self, said: &str) {
        if said.contains("SSL connection using") || said.contains("OPENED stream for https:") {
            self.is_tls = true;
        } else if said.starts_with("Connected to ")
            || said.starts_with("Established connection to ")
        {
            self.is_tls = false;
        } else if let Some((_, host)) = said.split_once("with host ") {
            let host = host.split_whitespace().next().unwrap_or_default();
            let known = self.hosts.get(host).copied();
            self.is_tls = said.contains("https") || known.unwrap_or(self.is_tls);
        }
    }

    fn close(&mut self) {
        let Some(open) = self.open.take() else {
            return;
        };
        let place = Place::Line(open.place);
        match open.exchange(&self.recording) {
            Ok(exchange) => {
                if let Some(host) = exchange.url.host_str() {
                    self.hosts
                        .insert(host.to_owned(), exchange.url.scheme() == "https");
                }
                self.recording.exchanges.push(exchange);
            }
            Err(why) => self
                .recording
                .unreadable
                .push(Record::unreadable(place, why)),
        }
        self.recording.entries += 1;
    }
}

impl Open {
    fn exchange(self, before: &Recording) -> Result<Exchange, &'static str> {
        let field = |name: &str| {
            let mut fields = self.fields.iter();
            let found = fields.find(|(found, _)| found.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.clone())
        };
        let url = if self.target.starts_with('/') {
            let scheme = if self.is_tls { "https" } else { "http" };
            let host = field("host").ok_or("the request has no Host")?;
            format!("{scheme}://{host}{}", self.target)
        } else {
            self.target.clone()
        };
        let url = Url::parse(&url).map_err(|_| "the request's target is not a URL")?;
        if !url.has_host() {
            return Err("the request's target has no host");
        }
        let mut exchange = Exchange::new(Place::Line(self.place), url, Some(self.method.clone()));
        exchange.index = before.entries;
        exchange.take_context(field);
        exchange.status = self.status;
        for (line, name, value) in &self.answer {
            if name.eq_ignore_ascii_case("set-cookie") {
                exchange.set_cookie.push(SetCookieLine {
                    line: Some(*line),
                    ..SetCookieLine::new(value.clone())
                });
            } else if name.eq_ignore_ascii_case("location") {
                exchange.redirect = exchange.url.join(value).ok();
            } else if name.eq_ignore_ascii_case("date") {
                exchange.date = parse_cookie_date(value.as_bytes()).ok();
            }
        }
        // There are no times but those of the servers, which go forward.
        let last = before.exchanges.last().and_then(|before| before.started);
        exchange.started = exchange.date.max(last);
        exchange.answered = exchange.started;
        exchange.ended = exchange.started;
        Ok(exchange)
    }
}

/// The line without the time that `--trace-time` puts before it.
fn without_time(line: &[u8]) -> &[u8] {
    let end = line.iter().position(|octet| *octet == b' ').unwrap_or(0);
    let (time, rest) = line.split_at(end);
    let is_time = time.len() >= 8
        && time
            .iter()
            .all(|octet| octet.is_ascii_digit() || matches!(octet, b':' | b'.'));
    if is_time { &rest[1..] } else { line }
}

/// Reads `> GET /path HTTP/1.1`.
fn request_line(line: &[u8]) -> Option<(String, String)> {
    let text = std::str::from_utf8(line.strip_prefix(b"> ")?).ok()?;
    let mut words = text.split(' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    let is_request = version.starts_with("HTTP/")
        && !method.is_empty()
        && method.bytes().all(|octet| octet.is_ascii_uppercase());
    is_request.then(|| (method.to_owned(), target.to_owned()))
}

/// Reads `< HTTP/1.1 200 OK`.
fn status(line: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(line.strip_prefix(b"< HTTP/")?).ok()?;
    let code = text.split(' ').nth(1)?;
    (code.len() == 3).then(|| code.parse().ok())?
}

fn field(line: &str, mark: &str) -> Option<(String, String)> {
    let (name, value) = line.strip_prefix(mark)?.split_once(':')?;
    Some((name.to_owned(), value.trim_matches([' ', '\t']).to_owned()))
}
