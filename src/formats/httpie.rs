//! The session files of HTTPie and xh.

use serde_json::{Map, Value, json};

use crate::cookie::Cookie;
use crate::formats::json::{self, Entry, Why};
use crate::formats::record::{Note, Place, Record, RecordedCookie};
use crate::formats::scope::{Says, note_local, scope};
use crate::formats::time::Unit;
use crate::formats::written::WriteOptions;
use crate::formats::{Contents, Format};
use crate::timestamp::Timestamp;

/// Returns true if the document has the shape of this format.
pub(super) fn matches(document: &Value) -> bool {
    let cookies = document.get("cookies");
    cookies.is_some_and(|cookies| cookies.is_array() || cookies.is_object())
        && (document.get("__meta__").is_some_and(Value::is_object)
            || document.get("auth").is_some() && document.get("headers").is_some())
}

pub(super) fn read(document: &Value) -> Contents {
    let meta = document.get("__meta__");
    let is_xh = meta.is_some_and(|meta| meta.get("xh").is_some());
    let record = |place, name: Option<&str>, entry: &Value| {
        json::record(place, entry, |entry, notes| {
            cookie(entry, name, is_xh, notes)
        })
    };
    let records: Vec<Record> = match document.get("cookies") {
        Some(Value::Array(cookies)) => {
            let cookies = cookies.iter().enumerate();
            cookies
                .map(|(index, entry)| record(Place::Entry(index), None, entry))
                .collect()
        }
        // Before HTTPie 3.1 it was an object of the names.
        Some(Value::Object(cookies)) => {
            let cookies = cookies.iter().enumerate();
            cookies
                .map(|(index, (name, entry))| record(Place::Entry(index), Some(name), entry))
                .collect()
        }
        _ => Vec::new(),
    };
    let mut contents = Contents::of(Format::Httpie, records);
    if document.get("headers").is_some_and(has_cookie_field) {
        contents.notes.push(Note::new(
            "cookie-field",
            "the session has a Cookie field among its headers, which names no host: it is not read",
        ));
    }
    contents
}

/// Headers are a list of names and values, or before HTTPie 3.1 an object.
fn has_cookie_field(headers: &Value) -> bool {
    let is_cookie = |name: &str| name.eq_ignore_ascii_case("cookie");
    match headers {
        Value::Array(headers) => headers.iter().any(|header| {
            let name = header.get("name").and_then(Value::as_str);
            name.is_some_and(is_cookie)
        }),
        Value::Object(headers) => headers.keys().any(|name| is_cookie(name)),
        _ => false,
    }
}

fn cookie(
    entry: Entry<'_>,
    name: Option<&str>,
    is_xh: bool,
    notes: &mut Vec<Note>,
) -> Result<RecordedCookie, Why> {
    let name = name.map_or_else(|| entry.required_text("name"), Ok)?;
    // The value of a nameless cookie stands in the name's place.
    let (name, value) = match entry.text("value")? {
        Some(value) => (name, value),
        None => ("", name),
    };
    let domain = entry.text("domain")?.filter(|domain| !domain.is_empty());
    let domain = domain.ok_or(
        "it has no `domain`, as sessions before HTTPie 3.1: bind it to its host with `httpie cli sessions upgrade --bind-cookies`",
    )?;
    let says = if is_xh { Says::OnlyDot } else { Says::Dot };
    let (domain, host_only) = scope(name.as_bytes(), domain, says, notes);
    if !is_xh {
        note_local(&domain, notes);
    }
    let mut cookie = RecordedCookie::new(name, value, domain);
    if let Some(path) = entry.text("path")? {
        cookie.path = path.into();
    } else {
        notes.push(Note::new(
            "path-missing",
            "it has no `path`: taken as \"/\", as the program takes it",
        ));
    }
    cookie.host_only = host_only;
    cookie.secure = Some(entry.flag("secure")?.unwrap_or(false));
    cookie.expires = entry.instant("expires", Unit::Seconds)?;
    if is_xh && cookie.expires.is_none() {
        notes.push(Note::new(
            "lifetime-unknown",
            "it has no `expires`, and xh writes none for a cookie with Max-Age: taken as a session cookie",
        ));
    }
    Ok(cookie)
}

/// Writes the cookies, in the place of those of the session whose other members are kept.
pub(super) fn write(cookies: &[&Cookie], options: &WriteOptions<'_>) -> Vec<u8> {
    let cookies: Vec<Value> = cookies.iter().map(|cookie| written(cookie)).collect();
    let before = json::before(options).filter(matches);
    let mut session = before.unwrap_or_else(|| {
        json!({
            "__meta__": {
                "about": "HTTPie session file",
                "help": "https://httpie.io/docs#sessions",
                "httpie": "3.2.4",
            },
            "auth": { "password": null, "type": null, "username": null },
            "cookies": null,
            "headers": [],
        })
    });
    session["cookies"] = cookies.into();
    let document = json::pretty(&session);
    // HTTPie's indent is of four spaces. No string has an end of a line.
    let mut octets = Vec::with_capacity(document.len() * 3 / 2);
    for line in document.split_inclusive(|octet| *octet == b'\n') {
        let indent = line.iter().take_while(|octet| **octet == b' ').count();
        octets.resize(octets.len() + indent, b' ');
        octets.extend_from_slice(line);
    }
    octets
}

/// A cookie with the members in the order of their names.
fn written(cookie: &Cookie) -> Value {
    let dot = if cookie.host_only() { "" } else { "." };
    let mut entry = Map::new();
    let mut put = |name: &str, value: Value| entry.insert(name.to_owned(), value);
    put("domain", format!("{dot}{}", cookie.domain_str()).into());
    put(
        "expires",
        cookie.expiry_time().map(Timestamp::as_secs).into(),
    );
    put("name", json::member(cookie.name()));
    put("path", json::member(cookie.path()));
    put("secure", cookie.secure_only().into());
    put("value", json::member(cookie.value()));
    Value::Object(entry)
}
