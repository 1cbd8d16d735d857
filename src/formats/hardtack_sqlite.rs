//! The format "hardtack-sqlite": a jar in a database, as [`JarDatabase`] keeps it. It holds everything.

use std::fs;
use std::io;
use std::time::Duration;

use crate::cookie::{Cookie, CookieBuilder};
use crate::formats::database::{Database, Row, Table, Why};
use crate::formats::record::{Note, RecordedCookie, Trouble};
use crate::formats::scope::{Says, scope};
use crate::formats::written::WriteError;
use crate::formats::{Contents, Format, ReadError};
use crate::jar::CookieJar;
use crate::persist::{DATABASE_VERSION, JarDatabase};
use crate::policy::Policy;
use crate::set_cookie::SameSite;
use crate::shared::SharedJar;
use crate::timestamp::Timestamp;

const COLUMNS: Table = Table {
    name: "cookie",
    required: &[
        "id",
        "domain",
        "host_only",
        "path",
        "name",
        "partition_key",
        "value",
        "secure",
        "http_only",
        "same_site",
        "expires",
        "created",
        "accessed",
    ],
    optional: &[],
    start_of: None,
};

pub(super) fn read(database: &Database) -> Result<Contents, ReadError> {
    let version = database.number("PRAGMA user_version")?.unwrap_or(0);
    if version > i64::from(DATABASE_VERSION) {
        return Err(ReadError::Damaged(format!(
            "it has version {version} of the schema, and this reads version {DATABASE_VERSION}: update hardtack"
        )));
    }
    let is_sealed = database.number("SELECT sealed FROM jar")? == Some(1);
    let rows = database.rows(&COLUMNS)?;
    let records = rows.records(|row, notes| cookie(row, is_sealed, notes));
    Ok(Contents::of(Format::HardtackSqlite, records))
}

fn cookie(row: Row<'_>, is_sealed: bool, notes: &mut Vec<Note>) -> Result<RecordedCookie, Why> {
    let name = row.octets("name")?;
    let says = Says::Flag(row.flag("host_only")?);
    let (domain, host_only) = scope(name, row.text("domain")?, says, notes);
    let mut cookie = RecordedCookie::new(name, row.octets("value")?, domain);
    cookie.host_only = host_only;
    cookie.path = row.octets("path")?.to_vec();
    cookie.secure = Some(row.flag("secure")?);
    cookie.http_only = Some(row.flag("http_only")?);
    cookie.same_site = Some(match row.required_integer("same_site")? {
        0 => SameSite::Default,
        1 => SameSite::None,
        2 => SameSite::Lax,
        3 => SameSite::Strict,
        _ => return Err("its column `same_site` is none of 0 to 3".into()),
    });
    let partition = row.text("partition_key")?;
    if !partition.is_empty() {
        let key = partition.parse();
        cookie.partition = Some(key.map_err(|_| "its column `partition_key` is not one")?);
    }
    let instant = |column| {
        let number = row.integer(column);
        number.map(|number| number.map(Timestamp::from_micros))
    };
    cookie.expires = instant("expires")?;
    cookie.creation = instant("created")?;
    cookie.last_access = instant("accessed")?.or(cookie.creation);
    if is_sealed {
        cookie.trouble = Some(Trouble::Encrypted);
    }
    Ok(cookie)
}

/// Makes the file, in the folder for temporary files.
pub(super) fn write(cookies: &[&Cookie]) -> Result<Vec<u8>, WriteError> {
    let failed = |error: io::Error| WriteError::NotMade(error.kind());
    let folder = tempfile::Builder::new().prefix("hardtack-").tempdir();
    let folder = folder.map_err(failed)?;
    let path = folder.path().join("jar.sqlite");
    let jar = CookieJar::new(unlimited());
    // Whatever the clock says by then, none of them has expired.
    let jar = SharedJar::builder().jar(jar).clock(|| Timestamp::MIN);
    let opened = JarDatabase::builder().jar(jar).open(&path);
    let database = opened.map_err(|_| WriteError::NotMade(io::ErrorKind::Other))?;
    let cookies = cookies.iter().enumerate().map(|(order, cookie)| {
        let order = order as u64;
        CookieBuilder::from(*cookie).order(order)
    });
    database.jar().restore(cookies);
    let flushed = database.flush();
    flushed.map_err(|_| WriteError::NotMade(io::ErrorKind::Other))?;
    drop(database);
    fs::read(&path).map_err(failed)
}

fn unlimited() -> Policy {
    let mut policy = Policy::default();
    policy.reject_public_suffixes = false;
    policy.lifetime_limit = Duration::MAX;
    policy.max_cookies = usize::MAX;
    policy.max_cookies_per_domain = usize::MAX;
    policy.max_cookies_per_site = usize::MAX;
    policy
}
