//! One transaction: what others have written is read, then what the jar has changed is written.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::Seal;
use super::pending::{Edit, Pending, by_key, is_alike};
use super::rows::{RemovedRow, Rows, StoredRow, select};
use crate::timestamp::Timestamp;

/// Of so many removals that are remembered, the older half is forgotten.
const REMOVALS: i64 = 8192;

/// What the jar has seen of the database.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    /// The version that it has.
    pub(super) version: i64,
    /// SQLite's own counter of the transactions of others.
    pub(super) data_version: i64,
}

impl Seen {
    /// Nothing of a database.
    pub(super) const NOTHING: Self = Self {
        version: -1,
        data_version: -1,
    };
}

/// What others have done to the database.
#[derive(Default)]
pub(super) struct Others {
    /// The rows that they have written.
    pub(super) stored: Vec<StoredRow<'static>>,
    /// The removals, each with its version.
    pub(super) removed: Vec<(RemovedRow, i64)>,
    /// These are all rows there are: of some removals it is only known that the rows are gone.
    pub(super) is_all: bool,
}

pub(super) struct Batch<'p> {
    pub(super) pending: &'p [Pending],
    pub(super) seen: Seen,
    pub(super) session_cookies: bool,
    pub(super) seal: Option<&'p dyn Seal>,
    /// Rows that have expired by then go, whoever wrote them.
    pub(super) expired_by: Option<Timestamp>,
}

/// Returns true if others have written since.
pub(super) fn is_stale(connection: &Connection, seen: Seen) -> rusqlite::Result<bool> {
    Ok(data_version(connection)? != seen.data_version)
}

pub(super) fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    let mut statement = connection.prepare("PRAGMA data_version")?;
    statement.query_row([], |row| row.get(0))
}

impl Batch<'_> {
    /// Carries it out, and returns what others have done and what is seen now.
    pub(super) fn run(&self, connection: &mut Connection) -> rusqlite::Result<(Others, Seen)> {
        let data_version = data_version(connection)?;
        let writes = !self.pending.is_empty() || self.expired_by.is_some();
        let behavior = if writes {
            TransactionBehavior::Immediate
        } else {
            TransactionBehavior::Deferred
        };
        let transaction = connection.transaction_with_behavior(behavior)?;
        let state = "SELECT version, forgotten FROM jar";
        let (mut version, forgotten) = transaction
            .prepare(state)?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let others = if version == self.seen.version {
            Others::default()
        } else {
            self.others(&transaction, forgotten)?
        };
        if writes {
            version += 1;
            self.write(&transaction, version)?;
        }
        transaction.commit()?;
        let seen = Seen {
            version,
            data_version,
        };
        Ok((others, seen))
    }

    /// What others have done since, but for what the jar's own changes take the place of.
    fn others(&self, transaction: &Transaction<'_>, forgotten: i64) -> rusqlite::Result<Others> {
        let own = by_key(self.pending);
        let since = self.seen.version;
        let mut others = Others {
            is_all: since < forgotten,
            ..Others::default()
        };
        let from = if others.is_all { -1 } else { since };
        let mut statement = transaction.prepare(&select("WHERE version > ?1 ORDER BY id"))?;
        let mut rows = statement.query([from])?;
        while let Some(row) = rows.next()? {
            let Ok(row) = StoredRow::read(row, self.seal) else {
                continue;
            };
            let fields = row.fields.borrowed();
            let own = own.get(&row.key(&fields));
            if own.is_none_or(|own| !own.stays_beside(&row, self.session_cookies)) {
                drop(fields);
                others.stored.push(row.into_owned());
            }
        }
        let mut statement = transaction.prepare(RemovedRow::SELECT_SINCE)?;
        let mut rows = statement.query([since])?;
        while let Some(row) = rows.next()? {
            let Some((removed, version)) = RemovedRow::read(row) else {
                continue;
            };
            let own = own.get(&removed.key());
            if own.is_none_or(|own| !own.stays_after_removal(removed.changed, version)) {
                others.removed.push((removed, version));
            }
        }
        Ok(others)
    }

    fn write(&self, transaction: &Transaction<'_>, version: i64) -> rusqlite::Result<()> {
        let mut rows = Rows::new(transaction, self.seal, version)?;
        // New cookies in the order in which they came to the jar.
        let mut pending: Vec<&Pending> = self.pending.iter().collect();
        pending.sort_by_key(|pending| pending.change.cookie().insertion());
        let mut removals = 0;
        for pending in pending {
            removals += u32::from(self.carry_out(&mut rows, pending)?);
        }
        if let Some(now) = self.expired_by {
            let sql = "DELETE FROM cookie WHERE expires < ?1";
            transaction.execute(sql, [now.as_micros()])?;
        }
        let sql = "UPDATE jar SET version = ?1";
        transaction.prepare(sql)?.execute([version])?;
        if removals > 0 {
            forget(transaction)?;
        }
        Ok(())
    }

    /// Carries out one change. Returns true if it is a removal that was noted.
    fn carry_out(&self, rows: &mut Rows<'_>, pending: &Pending) -> rusqlite::Result<bool> {
        let Pending { change, mark } = pending;
        let key = change.cookie().key();
        let found = rows.find(&key)?;
        match (pending.edit(self.session_cookies), found) {
            (Edit::Put(cookie), Some(found)) => {
                let mut accessed = cookie.last_access_time();
                if found.written > mark.base {
                    accessed = accessed.max(found.accessed);
                }
                if mark.is_offer || mark.loses_to(found.changed, found.version) {
                    if accessed > found.accessed {
                        rows.touch(found.id, accessed)?;
                    }
                } else {
                    let id = (!mark.is_new).then_some(found.id);
                    rows.put(id, cookie, accessed, mark.at)?;
                }
            }
            (Edit::Put(cookie), None) => {
                if let Some((changed, version)) = rows.find_removed(&key)? {
                    if mark.is_offer || mark.loses_to(changed, version) {
                        return Ok(false);
                    }
                    rows.forget_removed(&key)?;
                }
                rows.put(None, cookie, cookie.last_access_time(), mark.at)?;
            }
            (Edit::Touch(cookie), Some(found)) => {
                if cookie.last_access_time() > found.accessed {
                    rows.touch(found.id, cookie.last_access_time())?;
                }
            }
            (Edit::Remove, Some(found)) => {
                if mark.loses_to(found.changed, found.version) {
                    return Ok(false);
                }
                rows.delete(found.id)?;
                rows.note_removed(&key, mark.at)?;
                return Ok(true);
            }
            (Edit::Remove, None) => {
                let removed = rows.find_removed(&key)?;
                if removed.is_some_and(|(changed, version)| mark.loses_to(changed, version)) {
                    return Ok(false);
                }
                rows.note_removed(&key, mark.at)?;
                return Ok(true);
            }
            (Edit::Drop(cookie), Some(found)) => {
                let is_as_here = found.version <= mark.base || {
                    let row = rows.read(found.id)?;
                    row.is_some_and(|row| is_alike(cookie, &row))
                };
                if is_as_here {
                    rows.delete(found.id)?;
                    // Whatever is stored later, is stored.
                    rows.note_removed(&key, found.changed)?;
                    return Ok(true);
                }
            }
            (Edit::Touch(_) | Edit::Drop(_), None) => {}
        }
        Ok(false)
    }
}

/// Forgets the older half of the removals, if there are many.
fn forget(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let count = "SELECT count(*) FROM removed";
    let count: i64 = transaction
        .prepare(count)?
        .query_row([], |row| row.get(0))?;
    if count <= REMOVALS {
        return Ok(());
    }
    let nth = "SELECT version FROM removed ORDER BY version DESC LIMIT 1 OFFSET ?1";
    let last: i64 = transaction.query_row(nth, [REMOVALS / 2], |row| row.get(0))?;
    transaction.execute("DELETE FROM removed WHERE version <= ?1", [last])?;
    transaction.execute("UPDATE jar SET forgotten = max(forgotten, ?1)", [last])?;
    Ok(())
}
