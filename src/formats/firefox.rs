//! The `cookies.sqlite` of Firefox.

use url::form_urlencoded;

use crate::formats::database::{Database, Row, Table, Why};
use crate::formats::record::{Note, RecordedCookie, Trouble};
use crate::formats::scope::{Says, scope};
use crate::formats::time::Unit;
use crate::formats::{Contents, Format, ReadError};
use crate::same_site::PartitionKey;
use crate::set_cookie::SameSite;

pub(super) const TABLE: &str = "moz_cookies";

const COLUMNS: Table = Table {
    name: TABLE,
    required: &[
        "id",
        "originAttributes",
        "name",
        "value",
        "host",
        "path",
        "expiry",
        "isSecure",
        "isHttpOnly",
    ],
    optional: &["sameSite", "lastAccessed", "creationTime"],
    start_of: None,
};

/// The schemas of which it is known what they mean.
const KNOWN: std::ops::RangeInclusive<i64> = 9..=17;

/// The first schema in which expiry-times are milliseconds, and a cookie without SameSite is told from one with
/// SameSite=None.
const MILLISECONDS: i64 = 16;

pub(super) fn read(database: &Database) -> Result<Contents, ReadError> {
    let schema = database.number("PRAGMA user_version")?.unwrap_or(0);
    let rows = database.rows(&COLUMNS)?;
    let records = rows.records(|row, notes| cookie(row, schema, notes));
    let mut contents = Contents::of(Format::Firefox, records);
    if !KNOWN.contains(&schema) {
        contents.notes.push(Note::new(
            "schema-unknown",
            format!(
                "the database has schema {schema}, and {} to {} are known: read as if it were the nearest of them, so look at the expiry-times",
                KNOWN.start(),
                KNOWN.end()
            ),
        ));
    }
    let says_zero = |row: Row<'_>| row.integer("sameSite") == Ok(Some(0));
    if schema < MILLISECONDS && rows.iter().any(says_zero) {
        contents.notes.push(Note::new(
            "same-site-none-or-absent",
            format!(
                "schema {schema} does not tell SameSite=None from a cookie without SameSite: taken as the latter, which goes with fewer requests"
            ),
        ));
    }
    Ok(contents)
}

fn cookie(row: Row<'_>, schema: i64, notes: &mut Vec<Note>) -> Result<RecordedCookie, Why> {
    let unit = if schema < MILLISECONDS {
        Unit::Seconds
    } else {
        Unit::Milliseconds
    };
    let name = row.octets("name")?;
    let host = row.text("host")?;
    if host.is_empty() {
        return Err("its column `host` is empty".into());
    }
    let (domain, host_only) = scope(name, host, Says::Dot, notes);
    let mut cookie = RecordedCookie::new(name, row.octets("value")?, domain);
    cookie.host_only = host_only;
    cookie.path = row.octets("path")?.to_vec();
    cookie.secure = Some(row.flag("isSecure")?);
    cookie.http_only = Some(row.flag("isHttpOnly")?);
    cookie.same_site = same_site(row, schema, notes)?;
    let expiry = unit.whole(row.required_integer("expiry")?);
    cookie.expires = Some(expiry.map_err(|error| error.to_string())?);
    cookie.creation = row.happened("creationTime", Unit::Microseconds)?;
    cookie.last_access = row.happened("lastAccessed", Unit::Microseconds)?;
    let attributes = origin_attributes(row.text("originAttributes")?)?;
    cookie.partition = attributes.partition;
    if let Some(other) = attributes.other {
        cookie.trouble = Some(Trouble::OtherContainer);
        notes.push(Note::new(
            "other-container",
            format!(
                "it belongs to another container of the browser (`{other}`), not to the common one"
            ),
        ));
    }
    if attributes.has_port {
        notes.push(Note::new(
            "port-cut",
            "the site of its partition has a port, which is no part of a site: cut off",
        ));
    }
    Ok(cookie)
}

fn same_site(row: Row<'_>, schema: i64, notes: &mut Vec<Note>) -> Result<Option<SameSite>, Why> {
    Ok(match row.integer("sameSite")? {
        None => None,
        Some(0) if schema < MILLISECONDS => Some(SameSite::Default),
        Some(0) => Some(SameSite::None),
        Some(1) => Some(SameSite::Lax),
        Some(2) => Some(SameSite::Strict),
        Some(256) => Some(SameSite::Default),
        Some(_) => {
            notes.push(Note::new(
                "same-site-unknown",
                "its number for SameSite is unknown: taken as if it were absent",
            ));
            Some(SameSite::Default)
        }
    })
}

/// What the column `originAttributes` says: `^userContextId=2&partitionKey=%28https%2Cnews.test%29`.
#[derive(Debug, Default, PartialEq, Eq)]
struct OriginAttributes {
    partition: Option<PartitionKey>,
    /// The partition had a port.
    has_port: bool,
    /// The name of an attribute that sets the cookie apart from those of the common container.
    other: Option<&'static str>,
}

fn origin_attributes(text: &str) -> Result<OriginAttributes, Why> {
    let mut attributes = OriginAttributes::default();
    let Some(pairs) = text.strip_prefix('^') else {
        return match text {
            "" => Ok(attributes),
            _ => Err("its column `originAttributes` has no `^` at its start".into()),
        };
    };
    for (name, value) in form_urlencoded::parse(pairs.as_bytes()) {
        if name == "partitionKey" {
            (attributes.partition, attributes.has_port) = partition_key(&value)?;
        } else {
            // Whatever it is, no other browser or jar has it.
            attributes.other = Some(match &*name {
                "userContextId" => "userContextId",
                "privateBrowsingId" => "privateBrowsingId",
                "firstPartyDomain" => "firstPartyDomain",
                "geckoViewUserContextId" => "geckoViewUserContextId",
                _ => "originAttributes",
            });
        }
    }
    Ok(attributes)
}

/// Reads `(https,news.test)`: then may follow a port, and `f` where a frame between the page and the request is of
/// a foreign site. Returns whether there was a port, too.
fn partition_key(text: &str) -> Result<(Option<PartitionKey>, bool), Why> {
    let why = || Why::from("its `partitionKey` is not a scheme and a site");
    let members = text
        .strip_prefix('(')
        .and_then(|text| text.strip_suffix(')'));
    let mut members = members.ok_or_else(why)?.split(',');
    let (Some(scheme), Some(site)) = (members.next(), members.next()) else {
        return Err(why());
    };
    let (mut has_port, mut is_foreign) = (false, false);
    for member in members {
        match member {
            "f" if !is_foreign => is_foreign = true,
            _ if !has_port && !is_foreign && member.parse::<u16>().is_ok() => has_port = true,
            _ => return Err(why()),
        }
    }
    let ancestor = if is_foreign { " cross-site" } else { "" };
    let key = format!("{scheme}://{site}{ancestor}").parse();
    Ok((Some(key.map_err(|_| why())?), has_port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origin_attributes_are_partition_or_container() {
        let key = |key: &str, has_port| {
            Ok(OriginAttributes {
                partition: Some(key.parse().unwrap()),
                has_port,
                other: None,
            })
        };
        let other = |name| {
            Ok(OriginAttributes {
                other: Some(name),
                ..OriginAttributes::default()
            })
        };
        let no_key = || Err(Why::from("its `partitionKey` is not a scheme and a site"));
        let rows = [
            ("", Ok(OriginAttributes::default())),
            (
                "^partitionKey=%28https%2Cnews.test%29",
                key("https://news.test", false),
            ),
            (
                "^partitionKey=(http,news.test)",
                key("http://news.test", false),
            ),
            (
                "^partitionKey=%28https%2Cnews.test%2C8443%29",
                key("https://news.test", true),
            ),
            (
                "^partitionKey=%28https%2Cnews.test%2Cf%29",
                key("https://news.test cross-site", false),
            ),
            (
                "^partitionKey=%28https%2C%5B%3A%3A1%5D%2C8443%2Cf%29",
                key("https://[::1] cross-site", true),
            ),
            ("^userContextId=2", other("userContextId")),
            ("^privateBrowsingId=1", other("privateBrowsingId")),
            ("^firstPartyDomain=news.test", other("firstPartyDomain")),
            ("^inventedLater=1", other("originAttributes")),
            (
                "^userContextId=2&partitionKey=%28https%2Cnews.test%29",
                Ok(OriginAttributes {
                    partition: Some("https://news.test".parse().unwrap()),
                    has_port: false,
                    other: Some("userContextId"),
                }),
            ),
            ("^partitionKey=news.test", no_key()),
            ("^partitionKey=%28https%29", no_key()),
            ("^partitionKey=%28https%2C%29", no_key()),
            ("^partitionKey=%28https%2Cnews.test%2Cg%29", no_key()),
            ("^partitionKey=%28https%2Cnews.test%2Cf%2C1%29", no_key()),
            ("^partitionKey=%28https%2Cnews.test%2C65536%29", no_key()),
            (
                "userContextId=2",
                Err("its column `originAttributes` has no `^` at its start".into()),
            ),
        ];
        for (text, expected) in rows {
            assert_eq!(origin_attributes(text), expected, "{text}");
        }
    }
}
