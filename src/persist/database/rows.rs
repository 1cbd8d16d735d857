//! Cookies as rows.

use std::borrow::Cow;
use std::sync::Arc;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Row, Statement, ToSql, Transaction, named_params};

use super::Seal;
use crate::cookie::{Cookie, Fields, Identity, Key};
use crate::same_site::PartitionKey;
use crate::set_cookie::SameSite;
use crate::timestamp::Timestamp;

/// All that a row has, in the order of [`StoredRow::read`].
const COLUMNS: &str = "id, domain, host_only, path, name, partition_key, value, secure, http_only, same_site, expires, created, accessed, changed, coalesce(stored, version)";

pub(super) fn select(rest: &str) -> String {
    format!("SELECT {COLUMNS} FROM cookie {rest}")
}

/// A cookie as it stands in a row.
pub(crate) struct StoredRow<'r> {
    pub(crate) id: i64,
    pub(crate) host: Cow<'r, str>,
    pub(crate) fields: Fields<Cow<'r, [u8]>>,
    pub(super) changed: Timestamp,
    /// That in which it was last stored, whenever it was sent since.
    pub(super) version: i64,
}

/// What of a row cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum RowDamage {
    /// A column has something else than it should.
    #[error("its column `{0}` cannot be read")]
    Column(&'static str),
    /// The value was sealed with another key, or changed since.
    #[error("its value cannot be opened: it was sealed otherwise")]
    Sealed,
}

impl<'r> StoredRow<'r> {
    /// Reads a row of [`select`]. Without a seal a sealed value stays as it is.
    pub(crate) fn read(row: &'r Row<'_>, seal: Option<&dyn Seal>) -> Result<Self, RowDamage> {
        let cell = |index, name| row.get_ref(index).map_err(|_| RowDamage::Column(name));
        let octets = |index, name| match cell(index, name)? {
            ValueRef::Text(octets) | ValueRef::Blob(octets) => Ok(octets),
            _ => Err(RowDamage::Column(name)),
        };
        let text = |index, name| {
            let octets = octets(index, name)?;
            std::str::from_utf8(octets).map_err(|_| RowDamage::Column(name))
        };
        let number = |index, name| match cell(index, name)? {
            ValueRef::Integer(number) => Ok(Some(number)),
            ValueRef::Null => Ok(None),
            _ => Err(RowDamage::Column(name)),
        };
        let required = |index, name| number(index, name)?.ok_or(RowDamage::Column(name));
        let flag = |index, name| match required(index, name)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(RowDamage::Column(name)),
        };
        let instant = |index, name| Ok(number(index, name)?.map(Timestamp::from_micros));
        let created = Timestamp::from_micros(required(11, "created")?);
        let partition = match text(5, "partition_key")? {
            "" => None,
            key => Some(Arc::new(
                key.parse()
                    .map_err(|_| RowDamage::Column("partition_key"))?,
            )),
        };
        let host = text(1, "domain")?;
        let fields = Fields {
            name: octets(4, "name")?.into(),
            value: octets(6, "value")?.into(),
            domain: Cow::Borrowed(&[][..]),
            path: octets(3, "path")?.into(),
            host_only: flag(2, "host_only")?,
            secure_only: flag(7, "secure")?,
            http_only: flag(8, "http_only")?,
            same_site: match required(9, "same_site")? {
                0 => SameSite::Default,
                1 => SameSite::None,
                2 => SameSite::Lax,
                3 => SameSite::Strict,
                _ => return Err(RowDamage::Column("same_site")),
            },
            partition,
            expiry_time: instant(10, "expires")?,
            creation_time: Some(created),
            last_access_time: Some(instant(12, "accessed")?.unwrap_or(created)),
        };
        let mut stored = Self {
            id: required(0, "id")?,
            host: host.into(),
            fields,
            changed: instant(13, "changed")?.unwrap_or(created),
            version: required(14, "version")?,
        };
        if let Some(seal) = seal {
            let fields = stored.fields.borrowed();
            let identity = identity_octets(&stored.key(&fields));
            let value = seal.open(fields.value, &identity);
            stored.fields.value = value.ok_or(RowDamage::Sealed)?.into();
        }
        Ok(stored)
    }

    /// The identity, for fields that were borrowed from the row.
    pub(super) fn key<'a>(&'a self, fields: &'a Fields<&'a [u8]>) -> Key<'a> {
        let identity = Identity {
            domain: self.host.as_bytes(),
            ..fields.identity()
        };
        (fields.partition.as_deref(), identity)
    }

    pub(super) fn into_owned(self) -> StoredRow<'static> {
        let fields = self.fields;
        let owned = |octets: Cow<'_, [u8]>| Cow::Owned(octets.into_owned());
        StoredRow {
            id: self.id,
            host: Cow::Owned(self.host.into_owned()),
            fields: Fields {
                name: owned(fields.name),
                value: owned(fields.value),
                domain: owned(fields.domain),
                path: owned(fields.path),
                host_only: fields.host_only,
                secure_only: fields.secure_only,
                http_only: fields.http_only,
                same_site: fields.same_site,
                partition: fields.partition,
                expiry_time: fields.expiry_time,
                creation_time: fields.creation_time,
                last_access_time: fields.last_access_time,
            },
            changed: self.changed,
            version: self.version,
        }
    }
}

/// A removal as it stands in a row.
pub(super) struct RemovedRow {
    domain: Vec<u8>,
    name: Vec<u8>,
    path: Vec<u8>,
    host_only: bool,
    partition: Option<PartitionKey>,
    pub(super) changed: Timestamp,
}

impl RemovedRow {
    pub(super) const SELECT_SINCE: &str = "SELECT domain, name, path, host_only, partition_key, changed, version FROM removed WHERE version > ?1";

    /// Reads a row and its version, or returns `None` if it is damaged.
    pub(super) fn read(row: &Row<'_>) -> Option<(Self, i64)> {
        let octets = |index| match row.get_ref(index) {
            Ok(ValueRef::Text(octets) | ValueRef::Blob(octets)) => Some(octets.to_vec()),
            _ => None,
        };
        let key: String = row.get(4).ok()?;
        let removed = Self {
            domain: octets(0)?,
            name: octets(1)?,
            path: octets(2)?,
            host_only: row.get(3).ok()?,
            partition: match &*key {
                "" => None,
                key => Some(key.parse().ok()?),
            },
            changed: Timestamp::from_micros(row.get(5).ok()?),
        };
        Some((removed, row.get(6).ok()?))
    }

    pub(super) fn key(&self) -> Key<'_> {
        let identity = Identity {
            domain: &self.domain,
            name: &self.name,
            path: &self.path,
            host_only: self.host_only,
        };
        (self.partition.as_ref(), identity)
    }
}

/// Octets as a text where they are one, so that people can read them.
struct Octets<'a>(&'a [u8]);

impl ToSql for Octets<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match std::str::from_utf8(self.0) {
            Ok(_) => ValueRef::Text(self.0),
            Err(_) => ValueRef::Blob(self.0),
        }))
    }
}

/// The identity of a cookie as the columns have it.
struct Columns<'a> {
    domain: Octets<'a>,
    name: Octets<'a>,
    path: Octets<'a>,
    host_only: bool,
    partition_key: String,
}

impl<'a> Columns<'a> {
    fn of((partition, identity): &Key<'a>) -> Self {
        Self {
            domain: Octets(identity.domain),
            name: Octets(identity.name),
            path: Octets(identity.path),
            host_only: identity.host_only,
            partition_key: partition.map_or_else(String::new, ToString::to_string),
        }
    }

    fn params(&self) -> [&dyn ToSql; 5] {
        [
            &self.domain,
            &self.name,
            &self.path,
            &self.host_only,
            &self.partition_key,
        ]
    }
}

/// What a seal binds a value to. None of the fields has a NUL.
fn identity_octets((partition, identity): &Key<'_>) -> Vec<u8> {
    let host_only: &[u8] = if identity.host_only { b"1" } else { b"0" };
    let partition = partition.map_or_else(String::new, ToString::to_string);
    let fields = [
        identity.domain,
        identity.name,
        identity.path,
        host_only,
        partition.as_bytes(),
    ];
    fields.join(&0)
}

/// Where a row is, and what decides whether it is written over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub(super) id: i64,
    pub(super) changed: Timestamp,
    /// That in which it was last stored.
    pub(super) version: i64,
    /// That in which it was last stored or sent.
    pub(super) written: i64,
    pub(super) accessed: Timestamp,
}

/// A statement about one identity, whose parameters are those of [`Columns::params`].
macro_rules! of_identity {
    ($head:literal) => {
        concat!(
            $head,
            " WHERE domain = ?1 AND name = ?2 AND path = ?3 AND host_only = ?4 AND partition_key = ?5"
        )
    };
}

/// What the rows of a transaction are written by.
pub(super) struct Rows<'t> {
    transaction: &'t Transaction<'t>,
    seal: Option<&'t dyn Seal>,
    /// What this transaction makes of the jar.
    version: i64,
    find: Statement<'t>,
    find_removed: Statement<'t>,
    insert: Statement<'t>,
    update: Statement<'t>,
    touch: Statement<'t>,
    delete: Statement<'t>,
    note_removed: Statement<'t>,
    forget_removed: Statement<'t>,
}

impl<'t> Rows<'t> {
    pub(super) fn new(
        transaction: &'t Transaction<'t>,
        seal: Option<&'t dyn Seal>,
        version: i64,
    ) -> rusqlite::Result<Self> {
        let prepare = |sql| transaction.prepare(sql);
        Ok(Self {
            transaction,
            seal,
            version,
            find: prepare(of_identity!(
                "SELECT id, coalesce(changed, created), coalesce(stored, version), version, coalesce(accessed, created) FROM cookie"
            ))?,
            find_removed: prepare(of_identity!("SELECT changed, version FROM removed"))?,
            insert: prepare(
                "INSERT OR REPLACE INTO cookie VALUES (NULL, :site, :domain, :host_only, :path, :name, :partition_key, :value, :secure, :http_only, :same_site, :expires, :created, :accessed, :changed, :version, NULL)",
            )?,
            update: prepare(
                "UPDATE cookie SET value = :value, secure = :secure, http_only = :http_only, same_site = :same_site, expires = :expires, created = :created, accessed = :accessed, changed = :changed, version = :version, stored = NULL WHERE id = :id",
            )?,
            touch: prepare(
                "UPDATE cookie SET accessed = ?2, stored = coalesce(stored, version), version = ?3 WHERE id = ?1",
            )?,
            delete: prepare("DELETE FROM cookie WHERE id = ?1")?,
            note_removed: prepare(
                "INSERT OR REPLACE INTO removed VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?,
            forget_removed: prepare(of_identity!("DELETE FROM removed"))?,
        })
    }

    pub(super) fn find(&mut self, key: &Key<'_>) -> rusqlite::Result<Option<Found>> {
        let columns = Columns::of(key);
        let mut rows = self.find.query(columns.params())?;
        let Some(row) = rows.next()? else {
            return Ok(None);
        };
        Ok(Some(Found {
            id: row.get(0)?,
            changed: Timestamp::from_micros(row.get(1)?),
            version: row.get(2)?,
            written: row.get(3)?,
            accessed: Timestamp::from_micros(row.get(4)?),
        }))
    }

    /// The whole row of an id, or `None` if it is damaged.
    pub(super) fn read(&self, id: i64) -> rusqlite::Result<Option<StoredRow<'static>>> {
        let mut statement = self.transaction.prepare(&select("WHERE id = ?1"))?;
        let mut rows = statement.query([id])?;
        let row = rows.next()?;
        let row = row.and_then(|row| StoredRow::read(row, self.seal).ok());
        Ok(row.map(StoredRow::into_owned))
    }

    /// When the cookie of an identity was removed, and in which version.
    pub(super) fn find_removed(
        &mut self,
        key: &Key<'_>,
    ) -> rusqlite::Result<Option<(Timestamp, i64)>> {
        let columns = Columns::of(key);
        let mut rows = self.find_removed.query(columns.params())?;
        let Some(row) = rows.next()? else {
            return Ok(None);
        };
        Ok(Some((Timestamp::from_micros(row.get(0)?), row.get(1)?)))
    }

    /// Writes a cookie into the row of an id, which has its identity, or into a new one behind all others.
    pub(super) fn put(
        &mut self,
        id: Option<i64>,
        cookie: &Cookie,
        accessed: Timestamp,
        changed: Timestamp,
    ) -> rusqlite::Result<()> {
        let key = cookie.key();
        let sealed = self.seal.map(|seal| {
            let identity = identity_octets(&key);
            seal.seal(cookie.value(), &identity)
        });
        let value: &dyn ToSql = match &sealed {
            None => &Octets(cookie.value()),
            Some(sealed) => sealed,
        };
        let created = cookie.creation_time();
        let unless_created = |at: Timestamp| (at != created).then(|| at.as_micros());
        let same_site = match cookie.same_site() {
            SameSite::Default => 0,
            SameSite::None => 1,
            SameSite::Lax => 2,
            SameSite::Strict => 3,
        };
        let expires = cookie.expiry_time().map(Timestamp::as_micros);
        let (created, accessed, changed) = (
            created.as_micros(),
            unless_created(accessed),
            unless_created(changed),
        );
        if let Some(id) = id {
            self.update.execute(named_params! {
                ":id": id,
                ":value": value,
                ":secure": cookie.secure_only(),
                ":http_only": cookie.http_only(),
                ":same_site": same_site,
                ":expires": expires,
                ":created": created,
                ":accessed": accessed,
                ":changed": changed,
                ":version": self.version,
            })?;
            return Ok(());
        }
        let columns = Columns::of(&key);
        self.insert.execute(named_params! {
            ":site": Octets(cookie.home().site()),
            ":domain": columns.domain,
            ":host_only": columns.host_only,
            ":path": columns.path,
            ":name": columns.name,
            ":partition_key": columns.partition_key,
            ":value": value,
            ":secure": cookie.secure_only(),
            ":http_only": cookie.http_only(),
            ":same_site": same_site,
            ":expires": expires,
            ":created": created,
            ":accessed": accessed,
            ":changed": changed,
            ":version": self.version,
        })?;
        Ok(())
    }

    /// Notes that a cookie was sent.
    pub(super) fn touch(&mut self, id: i64, accessed: Timestamp) -> rusqlite::Result<()> {
        let accessed = accessed.as_micros();
        self.touch.execute((id, accessed, self.version))?;
        Ok(())
    }

    pub(super) fn delete(&mut self, id: i64) -> rusqlite::Result<()> {
        self.delete.execute([id])?;
        Ok(())
    }

    /// Notes that the cookie of an identity was removed, for those who have it.
    pub(super) fn note_removed(
        &mut self,
        key: &Key<'_>,
        changed: Timestamp,
    ) -> rusqlite::Result<()> {
        let columns = Columns::of(key);
        let [domain, name, path, host_only, partition_key] = columns.params();
        let changed = changed.as_micros();
        self.note_removed.execute([
            domain,
            name,
            path,
            host_only,
            partition_key,
            &changed,
            &self.version,
        ])?;
        Ok(())
    }

    pub(super) fn forget_removed(&mut self, key: &Key<'_>) -> rusqlite::Result<()> {
        let columns = Columns::of(key);
        self.forget_removed.execute(columns.params())?;
        Ok(())
    }
}
