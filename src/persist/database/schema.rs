//! The schema, and a connection to a database that has it.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::DatabaseError;
use crate::persist::file::{FileError, Step, disk};

/// "hard", at its place in the file's header.
pub(crate) const APPLICATION_ID: i32 = 0x6861_7264;

/// What makes version n + 1 out of version n. The texts stay in the file, with their comments.
const MIGRATIONS: &[&[&str]] = &[&[
    "CREATE TABLE cookie (
  id INTEGER PRIMARY KEY, -- cookies of equal creation-times are in this order
  site TEXT NOT NULL, -- the registrable domain, or the domain if it has none
  domain TEXT NOT NULL,
  host_only INTEGER NOT NULL,
  path ANY NOT NULL, -- a text where it is UTF-8; so are name and value
  name ANY NOT NULL,
  partition_key TEXT NOT NULL, -- '' for none
  value ANY NOT NULL,
  secure INTEGER NOT NULL,
  http_only INTEGER NOT NULL,
  same_site INTEGER NOT NULL, -- 0 default, 1 none, 2 lax, 3 strict
  expires INTEGER, -- instants are microseconds after 1970-01-01T00:00:00Z; NULL: with the session
  created INTEGER NOT NULL,
  accessed INTEGER, -- NULL: as created
  changed INTEGER, -- when it was last stored; NULL: as created
  version INTEGER NOT NULL, -- of the jar, when the row was last written
  stored INTEGER -- the version when it was last stored; NULL: it was not sent since, so `version`
) STRICT",
    "CREATE UNIQUE INDEX cookie_identity ON cookie (domain, name, path, host_only, partition_key)",
    "CREATE INDEX cookie_site ON cookie (site)",
    "CREATE INDEX cookie_version ON cookie (version)",
    "CREATE TABLE removed (
  domain TEXT NOT NULL,
  name ANY NOT NULL,
  path ANY NOT NULL,
  host_only INTEGER NOT NULL,
  partition_key TEXT NOT NULL,
  changed INTEGER NOT NULL, -- when it was removed
  version INTEGER NOT NULL,
  PRIMARY KEY (domain, name, path, host_only, partition_key)
) STRICT, WITHOUT ROWID",
    "CREATE INDEX removed_version ON removed (version)",
    "CREATE TABLE jar (
  version INTEGER NOT NULL, -- counts the transactions
  forgotten INTEGER NOT NULL, -- the last version whose removals are not in `removed` any more
  sealed INTEGER NOT NULL, -- 1: the values are sealed by the program
  name INTEGER NOT NULL -- at random: tells this jar from another at the same path
) STRICT",
]];

/// The version of the schema that is read and written.
pub(crate) const VERSION: i32 = 1;

/// What tells one file from another at the same path.
#[cfg(unix)]
pub(super) type FileId = Option<(u64, u64)>;
#[cfg(not(unix))]
pub(super) type FileId = Option<()>;

pub(super) fn file_id(path: &Path) -> FileId {
    let metadata = fs::metadata(path).ok()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        Some((metadata.dev(), metadata.ino()))
    }
    #[cfg(not(unix))]
    {
        let _ = metadata;
        Some(())
    }
}

/// An open database of our schema.
#[derive(Debug)]
pub(super) struct Database {
    pub(super) connection: Connection,
    /// The file, whatever path leads to it.
    pub(super) target: PathBuf,
    pub(super) id: FileId,
    /// Which jar it is, and how many transactions it has had.
    pub(super) name: i64,
    pub(super) version: i64,
}

/// How a database is opened.
#[derive(Debug, Clone, Copy)]
pub(super) struct Access {
    pub(super) patience: Duration,
    pub(super) is_sealed: bool,
}

impl Database {
    /// Opens a database, or makes one. One that is something else stays as it is.
    pub(super) fn open(path: &Path, access: Access) -> Result<Self, DatabaseError> {
        let target = disk::resolve(path)?;
        make(&target)?;
        let failed = |error| DatabaseError::of(&target, access.patience, error);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let id = file_id(&target);
        let connection = Connection::open_with_flags(&target, flags).map_err(failed)?;
        let mut database = Self {
            connection,
            target: target.clone(),
            id,
            name: 0,
            version: 0,
        };
        database.set_up(access)?;
        Ok(database)
    }

    fn set_up(&mut self, access: Access) -> Result<(), DatabaseError> {
        let (target, patience) = (self.target.clone(), access.patience);
        let failed = |error| DatabaseError::of(&target, patience, error);
        let connection = &mut self.connection;
        connection.busy_timeout(patience).map_err(failed)?;
        for (config, is_on) in [
            (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
            (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
            (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
            (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
        ] {
            connection.set_db_config(config, is_on).map_err(failed)?;
        }
        let version = version(connection, &target, patience)?;
        if connection.is_readonly(rusqlite::MAIN_DB).map_err(failed)? {
            return Err(DatabaseError::ReadOnly { path: target });
        }
        let set_up = |connection: &mut Connection| {
            connection.pragma_update(None, "cell_size_check", true)?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            // Zeros take the place of removed values, where that costs no writing of its own.
            connection.query_row("PRAGMA secure_delete = FAST", [], |_| Ok(()))?;
            connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
            // A log that has grown is cut off.
            connection.query_row("PRAGMA journal_size_limit = 4194304", [], |_| Ok(()))?;
            Ok(())
        };
        // Who changes the mode of a database does not wait for others.
        let began = Instant::now();
        loop {
            match set_up(connection) {
                Ok(()) => break,
                Err(error) if is_busy(&error) && began.elapsed() < patience => {
                    thread::sleep(Duration::from_millis(5));
                }
                Err(error) => return Err(failed(error)),
            }
        }
        if version < VERSION {
            migrate(connection, access.is_sealed).map_err(failed)?;
        }
        check(connection, &target, patience)?;
        let jar = "SELECT sealed, name, version FROM jar";
        let jar = connection.query_row(jar, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
        let is_sealed: bool;
        (is_sealed, self.name, self.version) = jar.map_err(failed)?;
        match (is_sealed, access.is_sealed) {
            (true, false) => Err(DatabaseError::Sealed { path: target }),
            (false, true) => Err(DatabaseError::NotSealed { path: target }),
            _ => Ok(()),
        }
    }

    /// Returns true if the path still leads to this file.
    pub(super) fn is_there(&self) -> bool {
        file_id(&self.target) == self.id
    }

    /// Gives the files of a damaged database other names. The connection to it is closed. Returns `None` if another
    /// process has done so already.
    pub(super) fn set_aside(
        target: &Path,
        id: FileId,
        patience: Duration,
    ) -> Result<Option<PathBuf>, DatabaseError> {
        let lock = disk::lock(target, patience)?;
        if file_id(target) != id {
            return Ok(None);
        }
        let failed = |error| FileError::at(Step::SetAside, target)(error);
        let aside = disk::set_aside(target).map_err(failed)?;
        for (ending, is_kept) in [("-wal", true), ("-journal", true), ("-shm", false)] {
            let log = disk::beside(target, ending);
            let moved = if is_kept {
                fs::rename(&log, disk::beside(&aside, ending))
            } else {
                fs::remove_file(&log)
            };
            match moved {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(failed(error).into());
                }
                _ => {}
            }
        }
        fs::remove_file(target).map_err(failed)?;
        disk::sync_folder(target).map_err(FileError::at(Step::SyncFolder, target))?;
        drop(lock);
        Ok(Some(aside))
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(
        code,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

/// Makes the folder and an empty file, which only the owner can read.
fn make(target: &Path) -> Result<(), DatabaseError> {
    match fs::metadata(target) {
        Ok(metadata) if metadata.is_file() => return Ok(()),
        Ok(_) => {
            let path = target.to_owned();
            return Err(FileError::NotAFile { path }.into());
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(FileError::at(Step::Open, target)(error).into()),
    }
    let folder = disk::folder(target);
    if !folder.is_dir() {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        let made = builder.create(folder);
        made.map_err(FileError::at(Step::Create, folder))?;
        // A folder that cannot be brought to the disk is there all the same.
        _ = disk::sync_folder(folder);
    }
    let mut options = OpenOptions::new();
    let options = options.write(true).create_new(true);
    match disk::private(options, 0o600).open(target) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(FileError::at(Step::Create, target)(error).into())
        }
        _ => Ok(()),
    }
}

/// The version of the schema, 0 for an empty database.
fn version(
    connection: &Connection,
    target: &Path,
    patience: Duration,
) -> Result<i32, DatabaseError> {
    let failed = |error| DatabaseError::of(target, patience, error);
    let path = || target.to_owned();
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get(0));
    let application: i32 = number("application_id").map_err(failed)?;
    let version: i32 = number("user_version").map_err(failed)?;
    if application == APPLICATION_ID {
        return match version {
            ..=0 => Err(DatabaseError::Damaged { path: path() }),
            1..=VERSION => Ok(version),
            _ => Err(DatabaseError::Newer {
                path: path(),
                version,
            }),
        };
    }
    let schema = "SELECT count(*) FROM sqlite_master";
    let objects: i64 = connection
        .query_row(schema, [], |row| row.get(0))
        .map_err(failed)?;
    if (application, version, objects) == (0, 0, 0) {
        Ok(0)
    } else {
        Err(DatabaseError::NotHardtack { path: path() })
    }
}

/// Brings the schema to this version, all of it or nothing.
fn migrate(connection: &mut Connection, is_sealed: bool) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have done it meanwhile.
    let version: i32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let done = usize::try_from(version).unwrap_or(0);
    for statement in MIGRATIONS.iter().skip(done).copied().flatten() {
        transaction.execute_batch(statement)?;
    }
    if version == 0 {
        transaction.execute("INSERT INTO jar VALUES (0, 0, ?1, random())", [is_sealed])?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

/// Looks whether the tables are those of the version. Other tables and indexes may be there too.
fn check(connection: &Connection, target: &Path, patience: Duration) -> Result<(), DatabaseError> {
    let failed = |error| DatabaseError::of(target, patience, error);
    let is_there = "SELECT count(*) FROM sqlite_master WHERE sql = ?1";
    let mut is_there = connection.prepare(is_there).map_err(failed)?;
    for statement in MIGRATIONS.iter().copied().flatten() {
        let count: i64 = is_there
            .query_row([statement], |row| row.get(0))
            .map_err(failed)?;
        if count != 1 {
            let path = target.to_owned();
            return Err(DatabaseError::Damaged { path });
        }
    }
    Ok(())
}
