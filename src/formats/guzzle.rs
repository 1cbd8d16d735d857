//! The session files of Guzzle: an array of cookies with members in title case.

use std::borrow::Cow;

use serde_json::Value;

use crate::formats::json::{self, Entry, Why};
use crate::formats::record::{Note, RecordedCookie};
use crate::formats::scope::{Says, scope};
use crate::formats::time::Unit;
use crate::formats::{Contents, Format};
use crate::set_cookie::SameSite;
use crate::timestamp::Timestamp;

/// Returns true if the document has the shape of this format.
pub(super) fn matches(document: &Value) -> bool {
    let entries = document.as_array();
    entries.is_some_and(|entries| entries.iter().any(is_cookie))
}

/// Go's persistent-cookiejar has a `Name` and an `Expires` as well, of another kind.
fn is_cookie(entry: &Value) -> bool {
    entry.as_object().is_some_and(|entry| {
        entry.contains_key("Name")
            && (entry.contains_key("Discard") || entry.contains_key("Max-Age"))
    })
}

pub(super) fn read(document: &Value) -> Contents {
    let entries = document.as_array().map_or(&[][..], Vec::as_slice);
    Contents::of(Format::Guzzle, json::records(entries, cookie))
}

fn cookie(entry: Entry<'_>, notes: &mut Vec<Note>) -> Result<RecordedCookie, Why> {
    let name = entry.required_text("Name")?;
    let value = match entry.get("Value") {
        Some(Value::String(value)) => Cow::from(value),
        // A number that a program set by hand.
        Some(Value::Number(number)) => number.to_string().into(),
        Some(_) => return Err("its `Value` is not a string".into()),
        None => return Err("it has no `Value`".into()),
    };
    // Versions before 7.15.1 say nothing of host-only.
    let says = entry.flag("HostOnly")?.map_or(Says::OnlyDot, Says::Flag);
    let path = entry.required_text("Path")?;
    let (domain, host_only) = scope(name.as_bytes(), entry.domain("Domain")?, says, notes);
    let mut cookie = RecordedCookie::new(name, &*value, domain);
    cookie.path = path.into();
    cookie.host_only = host_only;
    cookie.secure = Some(entry.flag("Secure")?.unwrap_or(false));
    cookie.http_only = Some(entry.flag("HttpOnly")?.unwrap_or(false));
    cookie.same_site = Some(match entry.get("SameSite") {
        // The attribute had no value.
        Some(Value::Bool(_)) => SameSite::Default,
        _ => entry.same_site("SameSite", notes)?,
    });
    cookie.expires = expiry_time(entry, notes)?;
    if entry
        .get("Partitioned")
        .is_some_and(|flag| *flag != Value::Bool(false))
    {
        notes.push(Note::partition_unknown());
    }
    Ok(cookie)
}

/// `Expires` is what Guzzle goes by, whatever `Max-Age` is.
fn expiry_time(entry: Entry<'_>, notes: &mut Vec<Note>) -> Result<Option<Timestamp>, Why> {
    let expires = match entry.get("Expires") {
        Some(Value::String(digits)) => {
            let instant = Unit::Seconds.read(digits.as_bytes());
            Some(instant.map_err(|error| format!("`Expires`: {error}"))?)
        }
        _ => entry.instant("Expires", Unit::Seconds)?,
    };
    if expires.is_none() && entry.get("Max-Age").is_some() {
        notes.push(Note::new(
            "lifetime-unknown",
            "it has a `Max-Age` and no `Expires`: taken as a session cookie, as Guzzle takes it",
        ));
    }
    Ok(expires)
}
