//! The storage state of Playwright.

use serde_json::{Map, Value, json};

use crate::cookie::Cookie;
use crate::formats::browser::{self, Shape};
use crate::formats::json::{self, Entry, Why};
use crate::formats::record::{Note, RecordedCookie};
use crate::formats::scope::Says;
use crate::formats::written::WriteOptions;
use crate::formats::{Contents, Format};
use crate::set_cookie::SameSite;

/// Returns true if the document has the shape of this format: an object with `cookies` and `origins`, or a list of
/// the same entries.
pub(super) fn matches(document: &Value) -> bool {
    browser::list(document, Shape::StorageState).is_some()
}

pub(super) fn read(document: &Value) -> Contents {
    let list = browser::list(document, Shape::StorageState);
    let entries = list.map_or(&[][..], |list| list.entries);
    let mut contents = Contents::of(Format::StorageState, json::records(entries, cookie));
    let mut cookies = contents
        .records
        .iter()
        .filter_map(|record| record.cookie.as_ref());
    if cookies.any(|cookie| cookie.same_site == Some(SameSite::Lax)) {
        contents.notes.push(Note::new(
            "same-site-lax",
            "Playwright says `Lax` of cookies without SameSite too: taken as Lax",
        ));
    }
    contents
}

fn cookie(entry: Entry<'_>, notes: &mut Vec<Note>) -> Result<RecordedCookie, Why> {
    let value = entry.required_text("value")?;
    let mut cookie = browser::cookie(entry, value, Says::Dot, notes)?;
    cookie.expires = browser::expires(entry, notes)?;
    if entry.get("expires").is_none() && entry.get("expirationDate").is_some() {
        notes.push(Note::new(
            "expiry-ignored",
            "it has an `expirationDate`, which Playwright does not read, and no `expires`: taken as a session cookie",
        ));
    }
    let no_word = || Why::from("its `sameSite` is none of `Strict`, `Lax` and `None`");
    let same_site = entry.known_same_site("sameSite")?.ok_or_else(no_word)?;
    cookie.same_site = Some(same_site);
    // Without the member beside it, Playwright takes it for true.
    let assumed = Some(true);
    cookie.partition = browser::partition(entry, "partitionKey", assumed, &cookie.domain, notes)?;
    Ok(cookie)
}

/// Writes the cookies, in the place of those of the document whose other members are kept.
pub(super) fn write(cookies: &[&Cookie], options: &WriteOptions<'_>) -> Vec<u8> {
    let before = json::before(options);
    let before = before.as_ref().and_then(other_members);
    let mut state = before.cloned().unwrap_or_default();
    let entries: Vec<Value> = cookies.iter().map(|cookie| entry(cookie)).collect();
    state.insert("cookies".into(), entries.into());
    state.entry("origins").or_insert_with(|| json!([]));
    json::pretty(&Value::Object(state))
}

fn other_members(before: &Value) -> Option<&Map<String, Value>> {
    browser::list(before, Shape::StorageState)?.around
}

fn entry(cookie: &Cookie) -> Value {
    let same_site = match cookie.same_site() {
        // As Playwright itself does.
        SameSite::Default => SameSite::Lax,
        same_site => same_site,
    };
    let mut entry = json!({
        "name": json::member(cookie.name()),
        "value": json::member(cookie.value()),
        "domain": browser::domain(cookie),
        "path": json::member(cookie.path()),
        "expires": cookie.expiry_time().map_or(json!(-1), browser::seconds),
        "httpOnly": cookie.http_only(),
        "secure": cookie.secure_only(),
        "sameSite": same_site.to_string(),
    });
    if let Some(key) = cookie.partition() {
        entry["partitionKey"] = key.top_level_site().to_string().into();
        entry["_crHasCrossSiteAncestor"] = key.has_cross_site_ancestor().into();
    }
    entry
}
