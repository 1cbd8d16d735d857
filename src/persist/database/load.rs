//! Opening: the rows into the jar, and what can be read of a damaged database.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::batch::{Seen, data_version};
use super::keeper::{Settings, State};
use super::rows::{RowDamage, StoredRow, select};
use super::schema::{Database, file_id};
use super::{DatabaseError, DatabaseReport};
use crate::cookie::{Cookie, CookieBuilder};
use crate::jar::{CookieJar, NotRestored};
use crate::persist::file::disk;
use crate::shared::SharedJar;
use crate::timestamp::Timestamp;

/// Opens the database, and loads the jar.
pub(super) fn open(
    path: &Path,
    jar: &SharedJar,
    settings: &Settings,
) -> Result<(State, DatabaseReport), DatabaseError> {
    let (mut jar, now) = jar.write();
    let own: Vec<CookieBuilder> = jar.iter(now).map(CookieBuilder::from).collect();
    jar.watch();
    let mut loading = Loading::new(settings, now);
    let opened = match Database::open(path, settings.access()) {
        Ok(database) => {
            let loaded = jar.unlogged(|jar| loading.load(jar, &database));
            loaded.map(|seen| (database, seen))
        }
        Err(error) => Err(error),
    };
    let (mut state, report) = match opened {
        Ok((database, seen)) => {
            let has_expired = loading.has_expired;
            (State::of(database, seen, has_expired), loading.report)
        }
        Err(DatabaseError::Damaged { .. }) => {
            let mut loading = Loading::new(settings, now);
            jar.unlogged(|jar| {
                jar.clear();
                loading.salvage(jar, path)
            })?;
            let mut state = State::default();
            state.offer_all(&mut jar, now);
            (state, loading.report)
        }
        Err(error) => return Err(error),
    };
    state.newest = jar.next_insertion();
    jar.restore(own, now);
    Ok((state, report))
}

struct Loading<'s> {
    settings: &'s Settings,
    now: Timestamp,
    report: DatabaseReport,
    has_expired: bool,
    /// The ids, by what is added to the first insertion.
    ids: Vec<i64>,
    first: u64,
}

impl<'s> Loading<'s> {
    fn new(settings: &'s Settings, now: Timestamp) -> Self {
        Self {
            settings,
            now,
            report: DatabaseReport::default(),
            has_expired: false,
            ids: Vec::new(),
            first: 0,
        }
    }

    fn load(&mut self, jar: &mut CookieJar, database: &Database) -> Result<Seen, DatabaseError> {
        let failed = |error| DatabaseError::of(&database.target, self.settings.patience, error);
        let connection = &database.connection;
        let data_version = data_version(connection).map_err(failed)?;
        let transaction = connection.unchecked_transaction().map_err(failed)?;
        let version = "SELECT version FROM jar";
        let version = transaction.query_row(version, [], |row| row.get(0));
        let version = version.map_err(failed)?;
        self.first = jar.next_insertion();
        let done = self.take_from(jar, &transaction, i64::MIN);
        let failed = |error| DatabaseError::of(&database.target, self.settings.patience, error);
        done.map_err(|(_, error)| failed(error))?;
        transaction.commit().map_err(failed)?;
        self.finish(jar);
        Ok(Seen {
            version,
            data_version,
        })
    }

    /// Takes the rows from an id on. Fails with the id behind the last one that was read.
    fn take_from(
        &mut self,
        jar: &mut CookieJar,
        connection: &Connection,
        from: i64,
    ) -> Result<(), (i64, rusqlite::Error)> {
        let mut next = from;
        let mut take = |next: &mut i64| {
            let mut statement = connection.prepare(&select("WHERE id >= ?1 ORDER BY id"))?;
            let mut rows = statement.query([from])?;
            while let Some(row) = rows.next()? {
                let id: i64 = row.get(0)?;
                // Pages of a damaged database may be read twice.
                if id < *next {
                    return Err(rusqlite::Error::QueryReturnedNoRows);
                }
                *next = id.saturating_add(1);
                self.take(jar, id, StoredRow::read(row, self.settings.seal()));
            }
            Ok(())
        };
        take(&mut next).map_err(|error| (next, error))
    }

    fn take(&mut self, jar: &mut CookieJar, id: i64, row: Result<StoredRow<'_>, RowDamage>) {
        let row = match row {
            Ok(row) => row,
            Err(damage) => {
                self.report.damaged.push((id, damage));
                return;
            }
        };
        if !self.settings.session_cookies && row.fields.expiry_time.is_none() {
            return;
        }
        match jar.restore_next(&row.host, &row.fields.borrowed(), self.now) {
            Err(reason) => {
                self.has_expired |= reason == NotRestored::Expired;
                self.report.not_kept.push((id, reason));
            }
            Ok(replaced) => {
                let earlier = replaced.and_then(|replaced| self.id_of(&replaced));
                let duplicate = earlier.map(|earlier| (earlier, NotRestored::Duplicate));
                self.report.cookies += usize::from(duplicate.is_none());
                self.report.not_kept.extend(duplicate);
                self.ids.push(id);
            }
        }
    }

    fn id_of(&self, cookie: &Cookie) -> Option<i64> {
        let index = cookie.insertion().checked_sub(self.first)?;
        self.ids.get(usize::try_from(index).ok()?).copied()
    }

    fn finish(&mut self, jar: &mut CookieJar) {
        for evicted in jar.limit_restored() {
            if let Some(id) = self.id_of(&evicted) {
                self.report.not_kept.push((id, NotRestored::Evicted));
                self.report.cookies -= 1;
            }
        }
    }

    /// Takes what can be read of a damaged database, and sets it aside.
    fn salvage(&mut self, jar: &mut CookieJar, path: &Path) -> Result<(), DatabaseError> {
        let target = disk::resolve(path)?;
        let id = file_id(&target);
        self.first = jar.next_insertion();
        // Nothing can be read of one that cannot even be opened.
        if let Ok(connection) = open_as_it_is(&target) {
            self.take_around_damage(jar, &connection);
        }
        self.finish(jar);
        self.report.set_aside = Database::set_aside(&target, id, self.settings.patience)?;
        Ok(())
    }

    /// Takes all rows but those on damaged pages.
    fn take_around_damage(&mut self, jar: &mut CookieJar, connection: &Connection) {
        let mut from = i64::MIN;
        while let Err((next, _)) = self.take_from(jar, connection, from) {
            let Some(behind) = behind_damage(connection, next) else {
                return;
            };
            from = behind;
        }
    }
}

/// A connection to what may not have our schema any more, and which is not tidied up.
fn open_as_it_is(target: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(target, flags)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    Ok(connection)
}

/// Returns the first id, of those from `damaged` on, from which rows can be read: it is found by halves, since a page
/// has rows of successive ids. `None` if nothing can be read behind it.
fn behind_damage(connection: &Connection, damaged: i64) -> Option<i64> {
    let first_from = |id: i64| {
        let first = "SELECT id FROM cookie WHERE id >= ?1 ORDER BY id LIMIT 1";
        let mut statement = connection.prepare(first)?;
        let mut rows = statement.query([id])?;
        rows.next()?.map(|row| row.get(0)).transpose()
    };
    // No id that is given to a row is negative.
    let damaged = damaged.max(0);
    let mut step = 1_i64;
    let (mut bad, mut good) = (
        damaged,
        loop {
            let id = damaged.checked_add(step)?;
            match first_from(id) {
                Ok(found) => break found?,
                Err::<Option<i64>, rusqlite::Error>(_) => step = step.checked_mul(2)?,
            }
        },
    );
    while bad.checked_add(1)? < good {
        let middle = bad + (good - bad) / 2;
        match first_from(middle) {
            Ok(Some(found)) if found < good => good = found.max(middle),
            Ok(_) => good = middle,
            Err(_) => bad = middle,
        }
    }
    Some(good)
}
