//! The cookies of WebDriver, of Selenium and of WebDriver BiDi.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::formats::browser::{self, Shape};
use crate::formats::json::{self, Entry, Why};
use crate::formats::record::{Note, RecordedCookie};
use crate::formats::scope::Says;
use crate::formats::time::Unit;
use crate::formats::{Contents, Format};
use crate::public_suffix::PublicSuffixList;
use crate::same_site::Site;
use crate::set_cookie::SameSite;

/// Returns true if the document has the shape of this format: a list of entries, alone or as the member `value`; or
/// `cookies` with typed values.
pub(super) fn matches(document: &Value) -> bool {
    browser::list(document, Shape::WebDriver).is_some()
}

pub(super) fn read(document: &Value) -> Contents {
    let Some(list) = browser::list(document, Shape::WebDriver) else {
        return Contents::default();
    };
    let partition = list.around.and_then(partition_of_all);
    let records = json::records(list.entries, |entry, notes| {
        cookie(entry, partition.as_ref(), notes)
    });
    let mut contents = Contents::of(Format::WebDriver, records);
    let is_typed = |entry: &Value| entry.get("value").is_some_and(Value::is_object);
    let mut cookies = contents
        .records
        .iter()
        .filter_map(|record| record.cookie.as_ref());
    let is_lax_or_none = |same_site| matches!(same_site, Some(SameSite::Lax | SameSite::None));
    // BiDi has a word for Default.
    if !list.entries.iter().any(is_typed) && cookies.any(|cookie| is_lax_or_none(cookie.same_site))
    {
        contents.notes.push(Note::new(
            "same-site-of-driver",
            "of cookies without SameSite chromedriver says `Lax` and geckodriver `None`: taken as the file says",
        ));
    }
    contents
}

/// Reads the partition of which a BiDi answer has the cookies: the origin of its top-level page.
///
/// The outer `None` is of an answer for no partition, and an error of one that is not told.
fn partition_of_all(around: &Map<String, Value>) -> Option<Result<Site, Why>> {
    let key = around.get("partitionKey")?.as_object()?;
    let origin = Entry(key).text("sourceOrigin").transpose()?;
    let no_site = || Why::from("the partition of the list is not that of a site");
    let site = |origin: &str| {
        let page = url::Url::parse(origin).ok();
        let site = page.and_then(|page| Site::of(&page, &PublicSuffixList::embedded()));
        site.ok_or_else(no_site)
    };
    Some(origin.and_then(site))
}

fn cookie(
    entry: Entry<'_>,
    partition: Option<&Result<Site, Why>>,
    notes: &mut Vec<Note>,
) -> Result<RecordedCookie, Why> {
    let mut cookie = browser::cookie(entry, value(entry)?, Says::Dot, notes)?;
    cookie.expires = entry.instant("expiry", Unit::Seconds)?;
    cookie.same_site = Some(entry.same_site("sameSite", notes)?);
    // A member of Chromium, which the standard does not have.
    let own = browser::partition(entry, "goog:partitionKey", None, &cookie.domain, notes)?;
    cookie.partition = match (own, partition) {
        (None, Some(site)) => {
            let site = site.as_ref().map_err(Why::clone)?;
            let is_of_site = browser::is_of_site(&cookie.domain, site);
            // Such a list has the page's own cookies too. What is insecure is not partitioned there.
            let is_partitioned = cookie.secure == Some(true) || !is_of_site;
            is_partitioned
                .then(|| browser::key(site, !is_of_site))
                .transpose()?
        }
        (own, _) => own,
    };
    Ok(cookie)
}

/// Reads the value: a text, or a typed one, of text or of octets in base64.
fn value(entry: Entry<'_>) -> Result<Vec<u8>, Why> {
    let Some(Value::Object(typed)) = entry.get("value") else {
        return Ok(entry.required_text("value")?.into());
    };
    let typed = Entry(typed);
    let text = typed.required_text("value")?;
    match typed.required_text("type")? {
        "string" => Ok(text.into()),
        "base64" => {
            let octets = STANDARD.decode(text);
            octets.map_err(|_| "its `value` is not base64".into())
        }
        _ => Err("the type of its `value` is neither `string` nor `base64`".into()),
    }
}
