//! The stores of tough-cookie: its own serialization, a bare array of its cookies as Insomnia and Bruno have it, and
//! the file store's nesting of domain, path and name.

use serde_json::{Map, Value, json};

use crate::cookie::Cookie;
use crate::cookie_date::parse_cookie_date;
use crate::formats::json::{self, Entry, Why};
use crate::formats::record::{Note, Place, Record, RecordedCookie};
use crate::formats::scope::{Says, scope, without_brackets};
use crate::formats::time::{Unit, within_rfc3339};
use crate::formats::written::WriteOptions;
use crate::formats::{Contents, Format};
use crate::set_cookie::SameSite;
use crate::timestamp::Timestamp;

/// The last second of the year 9999, which stands for what ends later or never.
const LATEST: Timestamp = Timestamp::from_secs(253_402_300_799);

/// Returns true if the document has the shape of this format.
pub(super) fn matches(document: &Value) -> bool {
    let is_its_own = |document: &Map<String, Value>| {
        let version = document.get("version").and_then(Value::as_str);
        version.is_some_and(|version| version.starts_with("tough-cookie@"))
            || document.contains_key("storeType")
            || document.contains_key("rejectPublicSuffixes")
    };
    match document {
        Value::Object(document) => match document.get("cookies") {
            Some(Value::Array(cookies)) => is_its_own(document) || cookies.iter().any(is_cookie),
            _ => nested(document).any(|(_, cookie)| cookie.is_some_and(is_cookie)),
        },
        Value::Array(cookies) => cookies.iter().any(is_cookie),
        _ => false,
    }
}

/// Returns true if an entry has members as no other format has them. A nameless cookie has no `key`.
fn is_cookie(entry: &Value) -> bool {
    entry.as_object().is_some_and(|entry| {
        let has = |name| entry.contains_key(name);
        !has("name")
            && (has("key") && (has("domain") || has("path")) || has("domain") && has("creation"))
    })
}

/// The cookies of a file store in their order, or `None` where there is no object for a domain or a path.
fn nested(domains: &Map<String, Value>) -> impl Iterator<Item = (usize, Option<&Value>)> {
    let paths = domains.values().flat_map(|paths| children(Some(paths)));
    paths.flat_map(children).enumerate()
}

/// The members of an object, or one `None` where there is no object.
fn children(value: Option<&Value>) -> Box<dyn Iterator<Item = Option<&Value>> + '_> {
    match value {
        Some(Value::Object(members)) => Box::new(members.values().map(Some)),
        _ => Box::new(std::iter::once(None)),
    }
}

pub(super) fn read(document: &Value) -> Contents {
    let records = match document {
        Value::Array(cookies) => json::records(cookies, cookie),
        Value::Object(document) => match document.get("cookies") {
            Some(Value::Array(cookies)) => json::records(cookies, cookie),
            _ => nested(document).map(nested_record).collect(),
        },
        _ => Vec::new(),
    };
    Contents::of(Format::ToughCookie, records)
}

fn nested_record((index, entry): (usize, Option<&Value>)) -> Record {
    let place = Place::Entry(index);
    match entry {
        Some(entry) => json::record(place, entry, cookie),
        None => Record::unreadable(place, "a domain or a path of it is not an object"),
    }
}

fn cookie(entry: Entry<'_>, notes: &mut Vec<Note>) -> Result<RecordedCookie, Why> {
    let name = entry.text("key")?.unwrap_or_default();
    let value = entry.text("value")?.unwrap_or_default();
    let says = entry.flag("hostOnly")?.map_or(Says::OnlyDot, Says::Flag);
    let path = entry.required_text("path")?;
    let (domain, host_only) = scope(name.as_bytes(), entry.domain("domain")?, says, notes);
    let mut cookie = RecordedCookie::new(name, value, domain);
    cookie.path = path.into();
    cookie.host_only = host_only;
    cookie.secure = Some(entry.flag("secure")?.unwrap_or(false));
    cookie.http_only = Some(entry.flag("httpOnly")?.unwrap_or(false));
    cookie.same_site = Some(entry.same_site("sameSite", notes)?);
    cookie.creation = date(entry, "creation")?;
    cookie.last_access = date(entry, "lastAccessed")?;
    cookie.expires = expiry_time(entry, cookie.creation, notes)?;
    let extensions = entry.get("extensions").and_then(Value::as_array);
    let is_partitioned = |extension: &Value| {
        let name = extension.as_str().and_then(|text| text.split('=').next());
        name.is_some_and(|name| name.trim().eq_ignore_ascii_case("partitioned"))
    };
    if extensions.is_some_and(|extensions| extensions.iter().any(is_partitioned)) {
        notes.push(Note::partition_unknown());
    }
    Ok(cookie)
}

/// Reads a date as JavaScript writes and reads it. `"Infinity"` is none.
fn date(entry: Entry<'_>, name: &str) -> Result<Option<Timestamp>, Why> {
    match entry.get(name) {
        Some(Value::Number(_)) => entry.instant(name, Unit::Milliseconds),
        Some(Value::String(text)) if text == "Infinity" => Ok(None),
        Some(Value::String(text)) => match parse_cookie_date(text.as_bytes()) {
            Ok(date) => Ok(Some(date)),
            Err(_) => entry.date(name),
        },
        _ => entry.date(name),
    }
}

/// `maxAge` wins over `expires`, and counts from the creation.
fn expiry_time(
    entry: Entry<'_>,
    creation: Option<Timestamp>,
    notes: &mut Vec<Note>,
) -> Result<Option<Timestamp>, Why> {
    let lifetime = match entry.get("maxAge") {
        None => return date(entry, "expires"),
        Some(Value::String(word)) if word == "Infinity" => LATEST,
        Some(Value::String(word)) if word == "-Infinity" => Timestamp::UNIX_EPOCH,
        Some(Value::Number(number)) => {
            let seconds = Unit::Seconds.read(number.to_string().as_bytes());
            seconds.unwrap_or(LATEST)
        }
        Some(_) => return Err("its `maxAge` is not a number".into()),
    };
    let micros = lifetime.as_micros();
    let creation = match creation {
        Some(creation) => creation,
        // Without a lifetime it has expired, whenever that was.
        None if micros <= 0 => Timestamp::UNIX_EPOCH,
        None => return Err("it has a `maxAge` and no `creation` from which it counts".into()),
    };
    let end = Timestamp::from_micros(creation.as_micros().saturating_add(micros));
    if end >= LATEST {
        notes.push(Note::new(
            "lifetime-cut",
            "its `maxAge` ends after the year 9999 or never: taken as the end of that year",
        ));
    }
    Ok(Some(end.min(LATEST)))
}

pub(super) fn write(cookies: &[&Cookie], _options: &WriteOptions<'_>) -> Vec<u8> {
    let cookies: Vec<Value> = cookies.iter().map(|cookie| written(cookie)).collect();
    json::pretty(&json!({
        "version": "tough-cookie@6.1.0",
        "storeType": "MemoryCookieStore",
        "rejectPublicSuffixes": true,
        "enableLooseMode": false,
        "allowSpecialUseDomain": true,
        "enforceSecureOriginOnStorage": true,
        "prefixSecurity": "silent",
        "cookies": cookies,
    }))
}

/// A cookie with the members in tough-cookie's order. It leaves out what is false or empty.
fn written(cookie: &Cookie) -> Value {
    let mut entry = Map::new();
    let mut put = |name: &str, value: Value| entry.insert(name.to_owned(), value);
    if !cookie.name().is_empty() {
        put("key", json::member(cookie.name()));
    }
    if !cookie.value().is_empty() {
        put("value", json::member(cookie.value()));
    }
    if let Some(expires) = cookie.expiry_time() {
        put("expires", iso(expires));
    }
    put("domain", without_brackets(cookie.domain_str()).into());
    put("path", json::member(cookie.path()));
    if cookie.secure_only() {
        put("secure", true.into());
    }
    if cookie.http_only() {
        put("httpOnly", true.into());
    }
    put("hostOnly", cookie.host_only().into());
    put("creation", iso(cookie.creation_time()));
    put("lastAccessed", iso(cookie.last_access_time()));
    let same_site = match cookie.same_site() {
        SameSite::Default => None,
        SameSite::Strict => Some("strict"),
        SameSite::Lax => Some("lax"),
        SameSite::None => Some("none"),
    };
    if let Some(word) = same_site {
        put("sameSite", word.into());
    }
    Value::Object(entry)
}

/// An instant with milliseconds, as `Date.toISOString` writes it.
fn iso(instant: Timestamp) -> Value {
    let micros = within_rfc3339(instant).as_micros();
    let whole = Timestamp::from_micros(micros - micros.rem_euclid(1_000_000));
    let millis = micros.rem_euclid(1_000_000) / 1_000;
    let text = whole.to_string();
    let seconds = text.strip_suffix('Z').unwrap_or(&text);
    format!("{seconds}.{millis:03}Z").into()
}
