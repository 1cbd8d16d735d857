//! What the JSON of browsers shares: lists of entries, which differ in a few members.

use serde_json::{Map, Number, Value, json};
use url::Url;

use crate::cookie::Cookie;
use crate::formats::json::{Entry, Why};
use crate::formats::record::{Note, RecordedCookie};
use crate::formats::scope::{Says, scope};
use crate::formats::time::Unit;
use crate::host::{CanonicalHost, DomainString};
use crate::same_site::{PartitionKey, Site};
use crate::timestamp::Timestamp;

/// The formats whose files are such a list, alone or as a member of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    StorageState,
    Cdp,
    WebDriver,
    Extension,
}

/// Members that an entry of no other format has.
const MARKS: [(Shape, &[&str]); 4] = [
    (
        Shape::Extension,
        &["hostOnly", "storeId", "expirationDate", "firstPartyDomain"],
    ),
    (Shape::StorageState, &["_crHasCrossSiteAncestor"]),
    (
        Shape::Cdp,
        &[
            "size",
            "session",
            "priority",
            "sourceScheme",
            "sourcePort",
            "sameParty",
            "partitionKeyOpaque",
        ],
    ),
    (Shape::WebDriver, &["expiry"]),
];

/// Members of entries that are like these, and of other programs.
const FOREIGN: [&str; 6] = [
    "key",
    "Name",
    "raw_cookie",
    "maxAge",
    "creation",
    "creationTime",
];

/// The members of an entry without a mark. An entry with any other member is of another program.
const PLAIN: [&str; 10] = [
    "name",
    "value",
    "url",
    "domain",
    "path",
    "expires",
    "httpOnly",
    "secure",
    "sameSite",
    "partitionKey",
];

/// The entries of a document.
pub(super) struct List<'a> {
    shape: Shape,
    pub(super) entries: &'a [Value],
    /// The object of which the list is a member, if it is one.
    pub(super) around: Option<&'a Map<String, Value>>,
}

/// Returns the entries of a document that has the shape.
pub(super) fn list(document: &Value, shape: Shape) -> Option<List<'_>> {
    let list = match document {
        Value::Array(entries) => bare(entries),
        Value::Object(members) => wrapped(members),
        _ => None,
    };
    list.filter(|list| list.shape == shape)
}

fn bare(entries: &[Value]) -> Option<List<'_>> {
    let shape = if entries.is_empty() {
        Some(Shape::Extension)
    } else {
        told(entries, Shape::WebDriver)
    };
    Some(List {
        shape: shape?,
        entries,
        around: None,
    })
}

fn wrapped(members: &Map<String, Value>) -> Option<List<'_>> {
    if let Some(Value::Array(entries)) = members.get("value") {
        return answer_of_driver(members, entries);
    }
    let (around, is_answer) = match members.get("result") {
        Some(Value::Object(result)) => (result, true),
        _ => (members, false),
    };
    let Some(Value::Array(entries)) = around.get("cookies") else {
        return None;
    };
    let has = |name| around.contains_key(name);
    // HTTPie's session files have a list of this name too.
    let shape = if has("__meta__") {
        None
    } else if has("origins") {
        Some(Shape::StorageState)
    } else if !entries.is_empty() {
        told(entries, Shape::StorageState).map(|shape| match shape {
            Shape::StorageState if is_answer => Shape::Cdp,
            shape => shape,
        })
    } else if has("partitionKey") {
        Some(Shape::WebDriver)
    } else if has("url") {
        Some(Shape::Extension)
    } else {
        (is_answer || around.len() == 1).then_some(Shape::Cdp)
    };
    Some(List {
        shape: shape?,
        entries,
        around: Some(around),
    })
}

fn answer_of_driver<'a>(members: &'a Map<String, Value>, entries: &'a [Value]) -> Option<List<'a>> {
    let is_of_cookies =
        entries.is_empty() || entries.iter().any(|entry| entry.get("name").is_some());
    is_of_cookies.then_some(List {
        shape: Shape::WebDriver,
        entries,
        around: Some(members),
    })
}

/// Tells the shape by the first entry that has a mark; or, if there is none, by the first one without it.
fn told(entries: &[Value], unmarked: Shape) -> Option<Shape> {
    let entries = entries.iter().filter_map(Value::as_object);
    let mut marks = entries.clone().filter_map(mark);
    let or_unmarked = || entries.clone().find_map(|entry| plain(entry, unmarked));
    marks.next().or_else(or_unmarked)
}

fn mark(entry: &Map<String, Value>) -> Option<Shape> {
    let has = |names: &[&str]| names.iter().any(|name| entry.contains_key(*name));
    if has(&FOREIGN) {
        return None;
    }
    // WebDriver BiDi, whose entries have a size as those of CDP.
    if entry.get("value").is_some_and(Value::is_object) {
        return Some(Shape::WebDriver);
    }
    let mut marks = MARKS.iter().filter(|(_, names)| has(names));
    let marked = marks.next().map(|(shape, _)| *shape);
    let has_key = entry.get("partitionKey").is_some_and(Value::is_object);
    marked.or(has_key.then_some(Shape::Cdp))
}

fn plain(entry: &Map<String, Value>, unmarked: Shape) -> Option<Shape> {
    let has = |name| entry.contains_key(name);
    let is_plain = entry.keys().all(|name| PLAIN.contains(&name.as_str()));
    if !is_plain || !has("name") {
        None
    } else if has("expires") && (has("httpOnly") || has("sameSite")) {
        // What Playwright's `cookies()` returns.
        Some(Shape::StorageState)
    } else if has("expires") {
        Some(Shape::Cdp)
    } else {
        has("domain").then_some(unmarked)
    }
}

/// Reads the members that are alike in all of them. The expiry-time, the same-site-flag and the partition are not.
pub(super) fn cookie(
    entry: Entry<'_>,
    value: impl Into<Vec<u8>>,
    says: Says,
    notes: &mut Vec<Note>,
) -> Result<RecordedCookie, Why> {
    let name = entry.required_text("name")?;
    let no_domain = || Why::from("it has no `domain`: nothing says which host gets the cookie");
    let domain = entry.text("domain")?.ok_or_else(no_domain)?;
    let path = entry.required_text("path")?;
    let (domain, host_only) = scope(name.as_bytes(), domain, says, notes);
    let mut cookie = RecordedCookie::new(name, value, domain);
    cookie.path = path.into();
    cookie.host_only = host_only;
    cookie.secure = Some(entry.flag("secure")?.unwrap_or(false));
    cookie.http_only = Some(entry.flag("httpOnly")?.unwrap_or(false));
    Ok(cookie)
}

/// Reads `expires`, of which -1 is a session cookie.
pub(super) fn expires(entry: Entry<'_>, notes: &mut Vec<Note>) -> Result<Option<Timestamp>, Why> {
    let expires = entry.instant("expires", Unit::Seconds)?;
    let expires = expires.filter(|expires| *expires != Timestamp::from_secs(-1));
    if expires.is_some_and(|expires| expires < Timestamp::from_secs(0)) {
        notes.push(Note::new(
            "expiry-negative",
            "the expiry-time is negative and not -1, the one of a session cookie: taken as expired",
        ));
    }
    Ok(expires)
}

/// Which of an expiry-time and a flag for session cookies decides: the flag.
pub(super) fn unless_session(
    entry: Entry<'_>,
    expires: Option<Timestamp>,
    notes: &mut Vec<Note>,
) -> Result<Option<Timestamp>, Why> {
    let session = entry.flag("session")?;
    // Old dumps of Puppeteer and of extensions have 0 beside the flag.
    let is_against = match expires {
        Some(expires) => session == Some(true) && expires != Timestamp::from_secs(0),
        None => session == Some(false),
    };
    if is_against {
        notes.push(Note::new(
            "session-against-expiry",
            "its flag `session` and its expiry-time contradict each other: taken as a session cookie",
        ));
    }
    Ok(expires.filter(|_| session != Some(true)))
}

/// Reads a member with the key of a partition: the top-level site alone, or an object of it and of the ancestor
/// bit. Where the bit is not there, it is the one that is assumed, or else it follows from the domain.
pub(super) fn partition(
    entry: Entry<'_>,
    member: &str,
    assumed: Option<bool>,
    domain: &str,
    notes: &mut Vec<Note>,
) -> Result<Option<PartitionKey>, Why> {
    let why = |what| Why::from(format!("its `{member}` {what}"));
    if entry.flag(&format!("{member}Opaque"))? == Some(true) {
        return Err(why(
            "is that of an opaque origin, which is nothing outside of its browser",
        ));
    }
    let (site, ancestor_bit) = match entry.get(member) {
        None => return Ok(None),
        Some(Value::String(site)) => (site.as_str(), entry.flag("_crHasCrossSiteAncestor")?),
        Some(Value::Object(key)) => {
            let key = Entry(key);
            let site = match key.text("topLevelSite")? {
                Some(site) => Some(site),
                None => key.text("sourceOrigin")?,
            };
            let site = site.ok_or_else(|| why("has no `topLevelSite`"))?;
            (site, key.flag("hasCrossSiteAncestor")?)
        }
        Some(_) => return Err(why("is neither a site nor an object with one")),
    };
    // Chromium's word for a cookie that is not partitioned.
    if site.is_empty() {
        return Ok(None);
    }
    let no_site = |_| why("is not a site, such as `https://shop.example`");
    let site: Site = site.parse().map_err(no_site)?;
    let ancestor_bit = ancestor_bit.unwrap_or_else(|| {
        let ancestor_bit = assumed.unwrap_or(!is_of_site(domain, &site));
        let taken = if ancestor_bit { "one" } else { "none" };
        notes.push(Note::new(
            "ancestor-bit-missing",
            format!("its `{member}` does not say whether there is a cross-site document between page and request: taken as if there is {taken}"),
        ));
        ancestor_bit
    });
    key(&site, ancestor_bit).map(Some)
}

/// Makes the key of a partition.
pub(super) fn key(site: &Site, ancestor_bit: bool) -> Result<PartitionKey, Why> {
    let end = if ancestor_bit { " cross-site" } else { "" };
    let no_site = |_| Why::from("its partition is not a site");
    format!("{site}{end}").parse().map_err(no_site)
}

/// Returns true if the hosts of a domain are of a site.
pub(super) fn is_of_site(domain: &str, site: &Site) -> bool {
    let site = DomainString(site.host().as_bytes());
    CanonicalHost::of_domain(DomainString(domain.as_bytes())).domain_matches(site)
}

/// The most octets of a path that Chromium takes.
const PATH_LIMIT: usize = 1024;

/// Returns true if Chromium takes the cookie over the DevTools Protocol as it is. If not, it changes the path, or
/// refuses the whole file.
pub(super) fn fits_chromium(cookie: &Cookie) -> bool {
    let is_ambiguous = cookie.name().is_empty() && cookie.value().contains(&b'=');
    !is_ambiguous && cookie.path().len() <= PATH_LIMIT && has_path_of_url(cookie)
}

/// Returns true if the path is one that URLs have. Chromium makes it one otherwise, so that `/a/../b`, which no
/// request has, becomes `/b`.
pub(super) fn has_path_of_url(cookie: &Cookie) -> bool {
    let Ok(mut url) = Url::parse("https://a/") else {
        return false;
    };
    url.set_path(&String::from_utf8_lossy(cookie.path()));
    url.path().as_bytes() == cookie.path()
}

/// The domain as browsers write it: with a dot if subdomains get the cookie.
pub(super) fn domain(cookie: &Cookie) -> String {
    let dot = if cookie.host_only() { "" } else { "." };
    format!("{dot}{}", cookie.domain_str())
}

/// An instant as a number of seconds, with as many digits as it needs. What is before 1970 has expired, as has 0.
pub(super) fn seconds(instant: Timestamp) -> Value {
    let micros = instant.as_micros().max(0);
    let (whole, fraction) = (micros / 1_000_000, micros % 1_000_000);
    let fraction = format!(".{fraction:06}");
    let text = format!(
        "{whole}{}",
        fraction.trim_end_matches('0').trim_end_matches('.')
    );
    text.parse::<Number>()
        .map_or_else(|_| whole.into(), Value::Number)
}

/// The key of a partition as Chromium writes it.
pub(super) fn key_object(key: &PartitionKey) -> Value {
    json!({
        "topLevelSite": key.top_level_site().to_string(),
        "hasCrossSiteAncestor": key.has_cross_site_ancestor(),
    })
}
