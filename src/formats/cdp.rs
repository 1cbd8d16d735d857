//! The cookies of the Chrome DevTools Protocol, and of Puppeteer.

use serde_json::{Value, json};

use crate::cookie::Cookie;
use crate::formats::browser::{self, Shape};
use crate::formats::json::{self, Entry, Why};
use crate::formats::record::{Note, RecordedCookie};
use crate::formats::scope::Says;
use crate::formats::written::WriteOptions;
use crate::formats::{Contents, Format};
use crate::set_cookie::SameSite;

/// Returns true if the document has the shape of this format: a list of entries, alone or as the member `cookies`,
/// or an answer of the protocol with it.
pub(super) fn matches(document: &Value) -> bool {
    browser::list(document, Shape::Cdp).is_some()
}

pub(super) fn read(document: &Value) -> Contents {
    let list = browser::list(document, Shape::Cdp);
    let entries = list.map_or(&[][..], |list| list.entries);
    Contents::of(Format::Cdp, json::records(entries, cookie))
}

fn cookie(entry: Entry<'_>, notes: &mut Vec<Note>) -> Result<RecordedCookie, Why> {
    let value = entry.required_text("value")?;
    let mut cookie = browser::cookie(entry, value, Says::Dot, notes)?;
    let expires = browser::expires(entry, notes)?;
    cookie.expires = browser::unless_session(entry, expires, notes)?;
    cookie.same_site = Some(entry.same_site("sameSite", notes)?);
    cookie.partition = browser::partition(entry, "partitionKey", None, &cookie.domain, notes)?;
    Ok(cookie)
}

/// Writes an object with `cookies`, which is also what `Network.setCookies` takes.
pub(super) fn write(cookies: &[&Cookie], _options: &WriteOptions<'_>) -> Vec<u8> {
    let entries: Vec<Value> = cookies.iter().map(|cookie| entry(cookie)).collect();
    json::pretty(&json!({ "cookies": entries }))
}

fn entry(cookie: &Cookie) -> Value {
    let mut entry = json!({
        "name": json::member(cookie.name()),
        "value": json::member(cookie.value()),
        "domain": browser::domain(cookie),
        "path": json::member(cookie.path()),
        "expires": cookie.expiry_time().map_or(json!(-1), browser::seconds),
        "size": cookie.name().len() + cookie.value().len(),
        "httpOnly": cookie.http_only(),
        "secure": cookie.secure_only(),
        "session": cookie.expiry_time().is_none(),
    });
    if cookie.same_site() != SameSite::Default {
        entry["sameSite"] = cookie.same_site().to_string().into();
    }
    if let Some(key) = cookie.partition() {
        entry["partitionKey"] = browser::key_object(key);
    }
    entry
}
