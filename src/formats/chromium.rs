//! The `Cookies` database of Chromium.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use url::Url;

use crate::formats::database::{Database, Row, Table, Why};
use crate::formats::record::{Note, Record, RecordedCookie, Trouble};
use crate::formats::scope::{Says, scope};
use crate::formats::time::Unit;
use crate::formats::{Contents, Format, ReadError};
use crate::public_suffix::PublicSuffixList;
use crate::same_site::{PartitionKey, Site};
use crate::set_cookie::SameSite;

pub(super) const TABLE: &str = "cookies";

const COLUMNS: Table = Table {
    name: TABLE,
    required: &[
        "creation_utc",
        "host_key",
        "name",
        "value",
        "path",
        "expires_utc",
        "is_secure",
        "is_httponly",
        "has_expires",
    ],
    optional: &[
        "encrypted_value",
        "top_frame_site_key",
        "has_cross_site_ancestor",
        "samesite",
        "last_access_utc",
        "last_update_utc",
    ],
    start_of: Some(("encrypted_value", 3)),
};

/// The versions of which it is known what they mean.
const KNOWN: RangeInclusive<i64> = 18..=24;

pub(super) fn read(database: &Database) -> Result<Contents, ReadError> {
    let version = if database.has_table("meta")? {
        database.number("SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'version'")?
    } else {
        None
    };
    let rows = database.rows(&COLUMNS)?;
    let list = PublicSuffixList::embedded();
    let mut records = rows.records(|row, notes| cookie(row, &list, notes));
    let updates = rows.iter().map(|row| row.integer("last_update_utc").ok()?);
    let updates: Vec<Option<i64>> = updates.collect();
    settle_twins(&mut records, &updates);
    let mut contents = Contents::of(Format::Chromium, records);
    if !version.is_some_and(|version| KNOWN.contains(&version)) {
        let version = version.map_or_else(
            || "no version".to_owned(),
            |version| format!("version {version}"),
        );
        contents.notes.push(Note::new(
            "schema-unknown",
            format!(
                "the database has {version}, and {} to {} are known: read as if it were the nearest of them",
                KNOWN.start(),
                KNOWN.end()
            ),
        ));
    }
    let is_partitioned = |record: &Record| {
        let cookie = record.cookie.as_ref();
        cookie.is_some_and(|cookie| cookie.partition.is_some())
    };
    if !rows.has("has_cross_site_ancestor") && contents.records.iter().any(is_partitioned) {
        contents.notes.push(Note::new(
            "ancestor-unknown",
            "the database does not say whether partitioned cookies have a cross-site ancestor: taken as Chromium does, true where the cookie is of another site than its partition",
        ));
    }
    Ok(contents)
}

fn cookie(
    row: Row<'_>,
    list: &PublicSuffixList,
    notes: &mut Vec<Note>,
) -> Result<RecordedCookie, Why> {
    let unit = Unit::MicrosecondsSince1601;
    let (name, value) = (row.octets("name")?, row.octets("value")?);
    let host = row.text("host_key")?;
    if host.is_empty() {
        return Err("its column `host_key` is empty".into());
    }
    let (domain, host_only) = scope(name, host, Says::Dot, notes);
    let mut cookie = RecordedCookie::new(name, value, domain);
    cookie.host_only = host_only;
    cookie.path = row.octets("path")?.to_vec();
    cookie.secure = Some(row.flag("is_secure")?);
    cookie.http_only = Some(row.flag("is_httponly")?);
    cookie.same_site = same_site(row, notes)?;
    if row.flag("has_expires")? {
        let expires = unit.whole(row.required_integer("expires_utc")?);
        cookie.expires = Some(expires.map_err(|error| error.to_string())?);
    }
    cookie.creation = row.happened("creation_utc", unit)?;
    cookie.last_access = row.happened("last_access_utc", unit)?;
    cookie.partition = partition_key(row, &cookie.domain, list)?;
    if value.is_empty() {
        let version = row.octets("encrypted_value").unwrap_or_default();
        if !version.is_empty() {
            cookie.trouble = Some(Trouble::Encrypted);
            notes.push(Note::new("encrypted", encrypted(version)));
        }
    }
    Ok(cookie)
}

/// Says how a value is encrypted, by how it begins, and what to do.
fn encrypted(version: &[u8]) -> &'static str {
    match version {
        b"v10" => {
            "its value is encrypted (v10, with a key of the browser or the system): save a storage state or export the cookies in the browser instead"
        }
        b"v11" => {
            "its value is encrypted (v11, with a key in the desktop's keyring): save a storage state or export the cookies in the browser instead"
        }
        b"v20" => {
            "its value is encrypted (v20, bound to the browser itself): get the cookies by the Chrome DevTools Protocol, or save a storage state"
        }
        _ => {
            "its value is encrypted (in a way of its own): get the cookies by the Chrome DevTools Protocol, or save a storage state"
        }
    }
}

fn same_site(row: Row<'_>, notes: &mut Vec<Note>) -> Result<Option<SameSite>, Why> {
    Ok(match row.integer("samesite")? {
        None => None,
        Some(-1) => Some(SameSite::Default),
        Some(0) => Some(SameSite::None),
        Some(1) => Some(SameSite::Lax),
        Some(2) => Some(SameSite::Strict),
        Some(_) => {
            notes.push(Note::new(
                "same-site-unknown",
                "its number for SameSite is unknown: taken as if it were absent",
            ));
            Some(SameSite::Default)
        }
    })
}

/// Reads the key of its partition. Without the site of the page, the column for the ancestor means nothing.
fn partition_key(
    row: Row<'_>,
    domain: &str,
    list: &PublicSuffixList,
) -> Result<Option<PartitionKey>, Why> {
    let site = row.octets("top_frame_site_key").unwrap_or_default();
    if site.is_empty() {
        return Ok(None);
    }
    let why = || Why::from("its `top_frame_site_key` is not a site");
    let site = std::str::from_utf8(site).map_err(|_| why())?;
    let site: Site = site.parse().map_err(|_| why())?;
    let is_cross_site = if let Some(flag) = row.integer("has_cross_site_ancestor")? {
        flag != 0
    } else {
        let own = Url::parse(&format!("{}://{domain}", site.scheme())).ok();
        own.and_then(|own| Site::of(&own, list)).as_ref() != Some(&site)
    };
    let ancestor = if is_cross_site { " cross-site" } else { "" };
    let key = format!("{site}{ancestor}").parse();
    key.map(Some).map_err(|_| why())
}

/// The parts of a cookie's identity.
type Identity = (String, Vec<u8>, Vec<u8>, Option<bool>, Option<PartitionKey>);

/// Chromium has two cookies where they differ in the scheme or port that set them. A jar has one: the one that was
/// updated last.
fn settle_twins(records: &mut [Record], updates: &[Option<i64>]) {
    let mut twins: HashMap<Identity, Vec<usize>> = HashMap::new();
    for (index, record) in records.iter().enumerate() {
        let Some(cookie) = &record.cookie else {
            continue;
        };
        let identity = (
            cookie.domain.clone(),
            cookie.name.clone(),
            cookie.path.clone(),
            cookie.host_only,
            cookie.partition.clone(),
        );
        twins.entry(identity).or_default().push(index);
    }
    let update = |index: &usize| updates.get(*index).copied().flatten();
    for twins in twins.into_values().filter(|twins| twins.len() > 1) {
        // Of equal ones the last stays.
        let latest = twins.iter().copied().max_by_key(update);
        for index in twins.into_iter().filter(|index| Some(*index) != latest) {
            if let Some(record) = records.get_mut(index) {
                record.gives_way = true;
                record.notes.push(Note::new(
                    "scheme-or-port-twin",
                    "the same cookie was set by another scheme or port and updated later: that one stays",
                ));
            }
        }
    }
}
