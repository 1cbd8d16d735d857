//! hardtack's own: JSON lines, a header line and then a cookie a line. It holds everything.

use crate::cookie::{Cookie, CookieBuilder};
use crate::formats::record::{Note, Place, Record, RecordedCookie};
use crate::formats::scope::{Says, scope};
use crate::formats::written::WriteOptions;
use crate::formats::{Contents, Format, ReadError};
use crate::persist::{self, Line, Reader, Writer};

/// Returns true if the file begins with the header.
pub(super) fn matches(octets: &[u8]) -> bool {
    let header = octets.split(|octet| *octet == b'\n').next();
    let header = Reader::new(header.unwrap_or_default());
    !matches!(header, Err(persist::ReadError::NotHardtack))
}

pub(super) fn read(octets: &[u8]) -> Result<Contents, ReadError> {
    let damaged = |error: persist::ReadError| ReadError::Damaged(error.to_string());
    let mut records = Vec::new();
    for line in Reader::new(octets).map_err(damaged)? {
        records.push(record(line.map_err(|error| damaged(error.into()))?));
    }
    Ok(Contents::of(Format::Hardtack, records))
}

fn record(line: Line) -> Record {
    let place = Place::Line(usize::try_from(line.number).unwrap_or(usize::MAX));
    match line.cookie {
        Ok(cookie) => {
            let mut notes = Vec::new();
            let cookie = recorded(cookie, &mut notes);
            Record::new(place, cookie, notes)
        }
        Err(damage) => Record::unreadable(place, damage.to_string()),
    }
}

fn recorded(builder: CookieBuilder, notes: &mut Vec<Note>) -> RecordedCookie {
    let CookieBuilder { host, fields, .. } = builder;
    let says = Says::Flag(fields.host_only);
    let (domain, host_only) = scope(&fields.name, &host, says, notes);
    let mut cookie = RecordedCookie::new(fields.name, fields.value, domain);
    cookie.path = fields.path;
    cookie.host_only = host_only;
    cookie.secure = Some(fields.secure_only);
    cookie.http_only = Some(fields.http_only);
    cookie.same_site = Some(fields.same_site);
    cookie.expires = fields.expiry_time;
    cookie.partition = fields.partition.as_deref().cloned();
    cookie.creation = fields.creation_time;
    cookie.last_access = fields.last_access_time;
    cookie
}

pub(super) fn write(cookies: &[&Cookie], _: &WriteOptions<'_>) -> Vec<u8> {
    let write = || {
        let mut writer = Writer::new(Vec::new())?;
        for cookie in cookies {
            writer.write(cookie)?;
        }
        Ok::<_, persist::WriteError>(writer.finish()?)
    };
    // Memory takes all that is written, and `fits` has left out what is too long for a line.
    write().unwrap_or_default()
}

/// Returns true if the cookie fits into a line.
pub(super) fn fits(cookie: &Cookie) -> bool {
    persist::fits_a_line(cookie)
}
