//! The exports of browser extensions: chrome.cookies, EditThisCookie, Cookie-Editor.

use serde_json::{Value, json};

use crate::cookie::Cookie;
use crate::formats::browser::{self, Shape};
use crate::formats::json::{self, Entry, Why};
use crate::formats::record::{Note, RecordedCookie};
use crate::formats::scope::Says;
use crate::formats::time::Unit;
use crate::formats::written::WriteOptions;
use crate::formats::{Contents, Format};
use crate::host::is_address;
use crate::same_site::{PartitionKey, Site};
use crate::set_cookie::SameSite;
use crate::timestamp::Timestamp;

/// Returns true if the document has the shape of this format: a list of entries, alone or as the member `cookies`.
pub(super) fn matches(document: &Value) -> bool {
    browser::list(document, Shape::Extension).is_some()
}

pub(super) fn read(document: &Value) -> Contents {
    let list = browser::list(document, Shape::Extension);
    let entries = list.map_or(&[][..], |list| list.entries);
    Contents::of(Format::Extension, json::records(entries, cookie))
}

fn cookie(entry: Entry<'_>, notes: &mut Vec<Note>) -> Result<RecordedCookie, Why> {
    let value = entry.required_text("value")?;
    let host_only = entry.flag("hostOnly")?;
    let mut cookie = browser::cookie(entry, value, host_only.map_or(Says::Dot, Says::Flag), notes)?;
    let has_dot = entry
        .text("domain")?
        .is_some_and(|domain| domain.starts_with('.'));
    if cookie.host_only == Some(false) && !has_dot && !is_address(cookie.domain.as_bytes()) {
        notes.push(Note::new(
            "dot-against-flag",
            "the domain has no dot, and its flag says that subdomains get the cookie: the flag decides",
        ));
    }
    cookie.expires = expiry_time(entry, notes)?;
    cookie.same_site = Some(entry.same_site("sameSite", notes)?);
    let partition = browser::partition(entry, "partitionKey", None, &cookie.domain, notes)?;
    cookie.partition = match partition {
        Some(key) => Some(key),
        None => first_party(entry, &cookie.domain, notes)?,
    };
    Ok(cookie)
}

fn expiry_time(entry: Entry<'_>, notes: &mut Vec<Note>) -> Result<Option<Timestamp>, Why> {
    let expires = entry.instant("expirationDate", Unit::Seconds)?;
    let expires = browser::unless_session(entry, expires, notes)?;
    if expires.is_some_and(|expires| expires < Timestamp::from_secs(0)) {
        notes.push(Note::new(
            "expiry-negative",
            "the expiry-time is negative: taken as expired, though some exporters write -1 for a session cookie",
        ));
    }
    Ok(expires)
}

/// Reads the domain of the page that Firefox's first-party isolation binds a cookie to.
fn first_party(
    entry: Entry<'_>,
    domain: &str,
    notes: &mut Vec<Note>,
) -> Result<Option<PartitionKey>, Why> {
    let first_party = entry.text("firstPartyDomain")?;
    let Some(first_party) = first_party.filter(|first_party| !first_party.is_empty()) else {
        return Ok(None);
    };
    let no_site = |_| Why::from("its `firstPartyDomain` is not a domain");
    let site: Site = format!("https://{first_party}").parse().map_err(no_site)?;
    notes.push(Note::new(
        "first-party-isolation",
        "it goes with pages of its `firstPartyDomain` only: taken as the partition of their site over https",
    ));
    browser::key(&site, !browser::is_of_site(domain, &site)).map(Some)
}

/// Writes a list of entries, as Cookie-Editor exports it.
pub(super) fn write(cookies: &[&Cookie], _options: &WriteOptions<'_>) -> Vec<u8> {
    let entries: Vec<Value> = cookies.iter().map(|cookie| entry(cookie)).collect();
    json::pretty(&entries.into())
}

fn entry(cookie: &Cookie) -> Value {
    let mut entry = json!({ "domain": domain(cookie) });
    if let Some(expires) = cookie.expiry_time() {
        entry["expirationDate"] = browser::seconds(expires);
    }
    entry["hostOnly"] = cookie.host_only().into();
    entry["httpOnly"] = cookie.http_only().into();
    entry["name"] = json::member(cookie.name());
    entry["path"] = json::member(cookie.path());
    // Firefox refuses `unspecified`, and Chrome takes null for it.
    entry["sameSite"] = match cookie.same_site() {
        SameSite::Default => Value::Null,
        SameSite::Strict => "strict".into(),
        SameSite::Lax => "lax".into(),
        SameSite::None => "no_restriction".into(),
    };
    entry["secure"] = cookie.secure_only().into();
    entry["session"] = cookie.expiry_time().is_none().into();
    entry["storeId"] = Value::Null;
    entry["value"] = json::member(cookie.value());
    if let Some(key) = cookie.partition() {
        entry["partitionKey"] = browser::key_object(key);
    }
    entry
}

/// The domain of an address has no dot, since the flag says the rest.
fn domain(cookie: &Cookie) -> String {
    if is_address(cookie.domain()) {
        cookie.domain_str().to_owned()
    } else {
        browser::domain(cookie)
    }
}
