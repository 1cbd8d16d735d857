//! The cookie jar of aiohttp as JSON: an object of domains and paths, then of names.

use serde_json::{Map, Number, Value};

use crate::cookie::Cookie;
use crate::cookie_date::parse_cookie_date;
use crate::formats::json::{self, Entry, Why};
use crate::formats::record::{Note, Place, Record, RecordedCookie};
use crate::formats::scope::{Says, scope, without_brackets};
use crate::formats::time::Unit;
use crate::formats::written::WriteOptions;
use crate::formats::{Contents, Format};
use crate::set_cookie::SameSite;
use crate::timestamp::Timestamp;

/// Returns true if the document has the shape of this format: each key is a domain and a path, with "|" between.
pub(super) fn matches(document: &Value) -> bool {
    document.as_object().is_some_and(|document| {
        let mut members = document.iter();
        members.all(|(key, cookies)| key.contains('|') && cookies.is_object())
    })
}

pub(super) fn read(document: &Value) -> Contents {
    let mut records = Vec::new();
    for (key, cookies) in document.as_object().into_iter().flatten() {
        let (domain, path) = key.split_once('|').unwrap_or((key, ""));
        for (name, entry) in cookies.as_object().into_iter().flatten() {
            let place = Place::Entry(records.len());
            let cookie = |entry: Entry<'_>, notes: &mut Vec<Note>| {
                let key = Key { domain, path, name };
                cookie(entry, &key, notes)
            };
            let record: Record = json::record(place, entry, cookie);
            records.push(record);
        }
    }
    Contents::of(Format::Aiohttp, records)
}

/// What stands outside of an entry.
struct Key<'a> {
    domain: &'a str,
    /// Without its last slash.
    path: &'a str,
    name: &'a str,
}

fn cookie(entry: Entry<'_>, key: &Key<'_>, notes: &mut Vec<Note>) -> Result<RecordedCookie, Why> {
    let name = entry.text("key")?.unwrap_or(key.name);
    let value = match entry.text("value")? {
        Some(value) => value,
        None => entry.required_text("coded_value")?,
    };
    let flag = entry.flag("host_only")?;
    let is_older = entry.get("expires").is_some() || entry.get("max-age").is_some();
    let says = match flag {
        Some(host_only) => Says::Flag(host_only),
        // Versions that wrote these members lost the flag.
        None if is_older => Says::OnlyDot,
        None => Says::Flag(false),
    };
    let own_domain = entry.text("domain")?.filter(|domain| !domain.is_empty());
    let domain = own_domain
        .filter(|_| flag != Some(true))
        .unwrap_or(key.domain);
    if domain.is_empty() {
        return Err("it has no domain: aiohttp sends it to every host".into());
    }
    let (domain, host_only) = scope(name.as_bytes(), domain, says, notes);
    let mut cookie = RecordedCookie::new(name, value, domain);
    let path = entry.text("path")?.unwrap_or(key.path);
    if !path.is_empty() {
        cookie.path = path.into();
    }
    cookie.host_only = host_only;
    cookie.secure = Some(entry.flag("secure")?.unwrap_or(false));
    cookie.http_only = Some(entry.flag("httponly")?.unwrap_or(false));
    cookie.same_site = Some(entry.same_site("samesite", notes)?);
    cookie.expires = expiry_time(entry, notes)?;
    if entry.flag("partitioned")? == Some(true) {
        notes.push(Note::partition_unknown());
    }
    Ok(cookie)
}

fn expiry_time(entry: Entry<'_>, notes: &mut Vec<Note>) -> Result<Option<Timestamp>, Why> {
    if let Some(expires) = entry.instant("expires_timestamp", Unit::Seconds)? {
        return Ok(Some(expires));
    }
    if entry.get("max-age").is_some() {
        notes.push(Note::new(
            "lifetime-unknown",
            "it has a `max-age` and no `expires_timestamp`, and nothing says from when it counts: taken as a session cookie",
        ));
        return Ok(None);
    }
    let expires = entry.text("expires")?.filter(|text| !text.is_empty());
    let date = expires.map(|text| parse_cookie_date(text.as_bytes()));
    let why = |error| Why::from(format!("`expires`: {error}"));
    date.transpose().map_err(why)
}

pub(super) fn write(cookies: &[&Cookie], _options: &WriteOptions<'_>) -> Vec<u8> {
    let mut document = Map::new();
    for cookie in cookies {
        let path = String::from_utf8_lossy(cookie.path());
        let key = format!(
            "{}|{}",
            without_brackets(cookie.domain_str()),
            path.trim_end_matches('/')
        );
        let names = document.entry(key);
        let names = names.or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(names) = names {
            let name = String::from_utf8_lossy(cookie.name());
            names.insert(name.into_owned(), written(cookie));
        }
    }
    json::pretty(&document.into())
}

/// A cookie with the members in aiohttp's order. It leaves out what is false.
fn written(cookie: &Cookie) -> Value {
    let mut entry = Map::new();
    let mut put = |name: &str, value: Value| entry.insert(name.to_owned(), value);
    put("key", json::member(cookie.name()));
    put("value", json::member(cookie.value()));
    put("coded_value", json::member(cookie.value()));
    put("path", json::member(cookie.path()));
    put("domain", without_brackets(cookie.domain_str()).into());
    if cookie.secure_only() {
        put("secure", true.into());
    }
    if cookie.http_only() {
        put("httponly", true.into());
    }
    let same_site = match cookie.same_site() {
        SameSite::Default => None,
        SameSite::Strict => Some("Strict"),
        SameSite::Lax => Some("Lax"),
        SameSite::None => Some("None"),
    };
    if let Some(word) = same_site {
        put("samesite", word.into());
    }
    if cookie.host_only() {
        put("host_only", true.into());
    }
    if let Some(expires) = cookie.expiry_time() {
        put("expires_timestamp", seconds(expires).into());
    }
    Value::Object(entry)
}

/// The seconds of an instant, with a fraction where it has one.
fn seconds(instant: Timestamp) -> Option<Number> {
    let micros = instant.as_micros();
    let sign = if micros < 0 { "-" } else { "" };
    let (seconds, fraction) = (
        micros.unsigned_abs() / 1_000_000,
        micros.unsigned_abs() % 1_000_000,
    );
    let text = if fraction == 0 {
        format!("{sign}{seconds}")
    } else {
        format!("{sign}{seconds}.{fraction:06}")
    };
    text.parse().ok()
}
