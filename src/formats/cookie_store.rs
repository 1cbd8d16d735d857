//! The files of `cookie_store` and `reqwest_cookie_store`: an array, or before that an object a line.

use memchr::memmem;
use serde_json::{Value, json};

use crate::cookie::Cookie;
use crate::formats::json::{self, Entry, Why};
use crate::formats::record::{Note, Place, Record, RecordedCookie};
use crate::formats::scope::{Says, scope};
use crate::formats::written::WriteOptions;
use crate::formats::{Contents, Format};
use crate::set_cookie::{SameSite, SetCookie};
use crate::timestamp::Timestamp;

/// The member that no other format has.
const RAW_COOKIE: &str = "raw_cookie";

/// Returns true if the file begins with an object, and a line of it is one of this format.
pub(super) fn lines_match(octets: &[u8]) -> bool {
    // A line of an array may be a whole entry.
    if octets.trim_ascii_start().starts_with(b"[") {
        return false;
    }
    let quoted = b"\"raw_cookie\"";
    let mut lines = octets.split(|octet| *octet == b'\n');
    lines.any(|line| {
        line.starts_with(b"{")
            && memmem::find(line, quoted).is_some()
            && json::value(line).is_ok_and(|entry| is_cookie(&entry))
    })
}

pub(super) fn read_lines(octets: &[u8]) -> Contents {
    let mut records = Vec::new();
    for (index, line) in octets.split(|octet| *octet == b'\n').enumerate() {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        let place = Place::Line(index + 1);
        records.push(match json::value(line) {
            Ok(entry) => json::record(place, &entry, cookie),
            Err(_) => Record::unreadable(place, "the line is not JSON, or was cut off"),
        });
    }
    Contents::of(Format::CookieStore, records)
}

/// Returns true if the document has the shape of this format.
pub(super) fn matches(document: &Value) -> bool {
    let entries = document.as_array();
    entries.is_some_and(|entries| entries.iter().any(is_cookie))
}

fn is_cookie(entry: &Value) -> bool {
    entry
        .as_object()
        .is_some_and(|entry| entry.contains_key(RAW_COOKIE))
}

pub(super) fn read(document: &Value) -> Contents {
    let entries = document.as_array().map_or(&[][..], Vec::as_slice);
    Contents::of(Format::CookieStore, json::records(entries, cookie))
}

fn cookie(entry: Entry<'_>, notes: &mut Vec<Note>) -> Result<RecordedCookie, Why> {
    let line = entry.required_text(RAW_COOKIE)?;
    // The lifetime of the line counts from an instant that is not in the file.
    let set_cookie = SetCookie::parse(line.as_bytes())
        .map_err(|_| "its `raw_cookie` has a control octet, or is too long")?;
    let path = entry.get("path").and_then(|path| path.get(0));
    let path = path.and_then(Value::as_str);
    let path = path.ok_or("its `path` is not a path and whether it was given")?;
    let (domain, says) = domain(entry)?;
    let (domain, host_only) = scope(set_cookie.name(), domain, says, notes);
    let mut cookie = RecordedCookie::new(set_cookie.name(), set_cookie.value(), domain);
    cookie.path = path.into();
    cookie.host_only = host_only;
    cookie.secure = Some(set_cookie.secure());
    cookie.http_only = Some(set_cookie.http_only());
    cookie.same_site = Some(set_cookie.same_site());
    cookie.expires = expiry_time(entry)?;
    if set_cookie.partitioned() {
        notes.push(Note::partition_unknown());
    }
    Ok(cookie)
}

fn domain(entry: Entry<'_>) -> Result<(&str, Says), Why> {
    let domain = entry.get("domain");
    let variants = [
        ("HostOnly", Says::Flag(true)),
        ("Suffix", Says::Flag(false)),
    ];
    let mut found = variants.into_iter().filter_map(|(variant, says)| {
        let domain = domain?.get(variant)?.as_str()?;
        (!domain.is_empty()).then_some((domain, says))
    });
    let missing =
        "it has no `domain` that is HostOnly or Suffix: the file does not say for which host it is";
    Ok(found.next().ok_or(missing)?)
}

fn expiry_time(entry: Entry<'_>) -> Result<Option<Timestamp>, Why> {
    match entry.get("expires") {
        Some(Value::String(word)) if word == "SessionEnd" => Ok(None),
        Some(Value::Object(expires)) if expires.contains_key("AtUtc") => {
            Entry(expires).date("AtUtc")
        }
        _ => Err("its `expires` is neither SessionEnd nor AtUtc".into()),
    }
}

/// Returns true if the library does not trim the name or the value, as it does by any white space of Unicode.
pub(super) fn fits(cookie: &Cookie) -> bool {
    [cookie.name(), cookie.value()].into_iter().all(|octets| {
        let text = String::from_utf8_lossy(octets);
        text.trim() == text
    })
}

pub(super) fn write(cookies: &[&Cookie], _options: &WriteOptions<'_>) -> Vec<u8> {
    let cookies: Vec<Value> = cookies.iter().map(|cookie| written(cookie)).collect();
    json::pretty(&cookies.into())
}

/// Domain, path and lifetime stand beside the line, which has the flags.
fn written(cookie: &Cookie) -> Value {
    let flag = |flag, text| if flag { text } else { "" };
    let same_site = match cookie.same_site() {
        SameSite::Default => "",
        SameSite::Strict => "; SameSite=Strict",
        SameSite::Lax => "; SameSite=Lax",
        SameSite::None => "; SameSite=None",
    };
    let line = [
        &String::from_utf8_lossy(cookie.name()),
        "=",
        &String::from_utf8_lossy(cookie.value()),
        flag(cookie.http_only(), "; HttpOnly"),
        same_site,
        flag(cookie.secure_only(), "; Secure"),
    ]
    .concat();
    let domain = if cookie.host_only() {
        "HostOnly"
    } else {
        "Suffix"
    };
    let expires = cookie.expiry_time().map_or_else(
        || "SessionEnd".into(),
        |expires| json!({ "AtUtc": Timestamp::from_secs(expires.as_secs()).to_string() }),
    );
    json!({
        RAW_COOKIE: line,
        "path": [json::member(cookie.path()), true],
        "domain": { domain: cookie.domain_str() },
        "expires": expires,
    })
}
