//! The SQLite databases of browsers: a private copy of the files, opened there, and the rows of a table.
//!
//! The user's files are only read, also while the browser holds a lock. SQLite opens the copy, with the log of
//! what is not in the database yet: it takes in a `-wal`, and rolls back a `-journal`.

use std::borrow::Cow;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use tempfile::TempDir;

use crate::formats::record::{Note, Place, Record, RecordedCookie};
use crate::formats::time::Unit;
use crate::formats::{Contents, Format, Guess, ReadError, chromium, firefox, hardtack_sqlite};
use crate::persist::APPLICATION_ID;
use crate::timestamp::Timestamp;

/// How a database begins.
pub(super) const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// What a database in WAL mode has for its versions of writing and reading, from the 18th octet on.
const WAL_MODE: &[u8; 2] = &[2, 2];

/// The endings of the logs beside a database.
const WAL: &str = "-wal";
const JOURNAL: &str = "-journal";

/// How often files that change while they are copied are copied.
const ATTEMPTS: usize = 5;

/// Why a row cannot be read. It never contains a value.
pub(super) type Why = Cow<'static, str>;

/// Reads a database of octets, as of standard input, which has no log beside it.
pub(super) fn read(octets: &[u8], format: Option<Format>) -> Result<Contents, ReadError> {
    let copy = Copy::new()?;
    fs::write(&copy.path, octets).map_err(|error| ReadError::NotCopied(error.kind()))?;
    copy.read(format)
}

/// Reads a database of a file and of the logs beside it.
pub(super) fn read_file(path: &Path, format: Option<Format>) -> Result<Contents, ReadError> {
    // The logs stand beside the file, and not beside a symbolic link to it.
    let path = fs::canonicalize(path)?;
    let copy = Copy::new()?;
    let is_still = copy_until_still(&path, &copy.path, copy_once)?;
    let mut contents = copy.read(format)?;
    if !is_still {
        contents.notes.push(Note::new(
            "changed-while-copied",
            "the database changed each time that it was copied, so that its last changes may be missing: close the browser and read it again",
        ));
    }
    Ok(contents)
}

/// A copy in a folder of its own, which nobody else may enter and which goes with it.
struct Copy {
    folder: TempDir,
    path: PathBuf,
}

impl Copy {
    fn new() -> Result<Self, ReadError> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("hardtack-");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            builder.permissions(fs::Permissions::from_mode(0o700));
        }
        let folder = builder.tempdir();
        let folder = folder.map_err(|error| ReadError::NotCopied(error.kind()))?;
        let path = folder.path().join("copy.sqlite");
        Ok(Self { folder, path })
    }

    fn read(self, format: Option<Format>) -> Result<Contents, ReadError> {
        let misses_wal = self.misses_wal()?;
        let database = Database::open(self)?;
        let mut contents = database.read(format)?;
        // Ours takes in its log when it is closed.
        if misses_wal && contents.format != Some(Format::HardtackSqlite) {
            contents.notes.push(Note::new(
                "wal-missing",
                "the database is in WAL mode and has no `-wal` beside it: if it was copied while the browser ran, its last changes are missing, so copy the `-wal` too",
            ));
        }
        Ok(contents)
    }

    fn misses_wal(&self) -> io::Result<bool> {
        let mut start = [0; 20];
        let mut file = File::open(&self.path)?;
        let is_wal_mode = file.read_exact(&mut start).is_ok() && start.ends_with(WAL_MODE);
        Ok(is_wal_mode && !beside(&self.path, WAL).exists())
    }

    /// The octets of all its files.
    fn size(&self) -> u64 {
        let paths = [self.path.clone(), beside(&self.path, WAL)];
        let sizes = paths.iter().filter_map(|path| fs::metadata(path).ok());
        sizes.map(|metadata| metadata.len()).sum()
    }
}

/// The path of a log beside a database.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut path = OsString::from(path);
    path.push(ending);
    path.into()
}

/// The size and the time of the last change of a file, or `None` if it is not there.
type State = Option<(u64, Option<SystemTime>)>;

fn states(path: &Path) -> io::Result<[State; 3]> {
    let state = |path: PathBuf| match fs::metadata(path) {
        Ok(metadata) => Ok(Some((metadata.len(), metadata.modified().ok()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    };
    Ok([
        state(path.to_owned())?,
        state(beside(path, WAL))?,
        state(beside(path, JOURNAL))?,
    ])
}

/// Copies a database and its logs until none of them changes meanwhile. Returns false if they did each time.
fn copy_until_still(
    from: &Path,
    to: &Path,
    copy: impl Fn(&Path, &Path) -> io::Result<()>,
) -> io::Result<bool> {
    for _ in 0..ATTEMPTS {
        let before = states(from)?;
        copy(from, to)?;
        if states(from)? == before {
            return Ok(true);
        }
    }
    Ok(false)
}

fn copy_once(from: &Path, to: &Path) -> io::Result<()> {
    copy_file(from, to)?;
    for ending in [WAL, JOURNAL] {
        let to = beside(to, ending);
        match copy_file(&beside(from, ending), &to) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // It may have been there the last time.
                let _ = fs::remove_file(&to);
            }
            Err(error) => return Err(error),
        }
    }
    forget_super_journal(&beside(to, JOURNAL))
}

/// Copies the octets and not the permissions, since SQLite has to write to the copy.
fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    let mut from = File::open(from)?;
    io::copy(&mut from, &mut File::create(to)?).map(drop)
}

/// The end of a journal that names another file, the super-journal of a transaction over several databases.
const SUPER_JOURNAL: &[u8; 8] = &[0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];

/// Makes SQLite pass over the name of a super-journal: SQLite would read that file, wherever it is, and delete it
/// after the rollback. No browser's cookies have one.
fn forget_super_journal(journal: &Path) -> io::Result<()> {
    let mut file = match OpenOptions::new().read(true).write(true).open(journal) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut end = [0; SUPER_JOURNAL.len()];
    let is_long = file.seek(SeekFrom::End(-8)).is_ok();
    if is_long && file.read_exact(&mut end).is_ok() && end == *SUPER_JOURNAL {
        file.write_all(&[0])?;
    }
    Ok(())
}

/// A database that is open.
pub(super) struct Database {
    /// It is closed before the folder goes.
    connection: Connection,
    _folder: TempDir,
    size: u64,
}

impl Database {
    fn open(copy: Copy) -> Result<Self, ReadError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&copy.path, flags)?;
        // What a schema names is not run.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
        Ok(Self {
            connection,
            size: copy.size(),
            _folder: copy.folder,
        })
    }

    fn read(&self, format: Option<Format>) -> Result<Contents, ReadError> {
        let application = self.number("PRAGMA application_id")?;
        let found = if application == Some(i64::from(APPLICATION_ID)) {
            Format::HardtackSqlite
        } else if self.has_table(firefox::TABLE)? {
            Format::Firefox
        } else if self.has_table(chromium::TABLE)? {
            Format::Chromium
        } else {
            return Err(ReadError::NoFormat(Guess::Database));
        };
        if let Some(format) = format.filter(|format| *format != found) {
            return Err(ReadError::Other(format));
        }
        match found {
            Format::HardtackSqlite => hardtack_sqlite::read(self),
            Format::Firefox => firefox::read(self),
            _ => chromium::read(self),
        }
    }

    /// Returns true if it has a table of this name, which is neither a view nor a virtual table.
    pub(super) fn has_table(&self, name: &str) -> Result<bool, ReadError> {
        let count: i64 = self.connection.query_row(
            "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND rootpage > 0 AND name = ?1 COLLATE NOCASE",
            [name],
            |row| row.get(0),
        )?;
        Ok(count > 0)
    }

    /// Returns the number that a statement of one row and column gives, or `None` if there is no row.
    pub(super) fn number(&self, statement: &str) -> Result<Option<i64>, ReadError> {
        let mut statement = self.connection.prepare(statement)?;
        let mut rows = statement.query([])?;
        Ok(match rows.next()? {
            Some(row) => row.get(0)?,
            None => None,
        })
    }

    /// Returns the columns of a table in lower case, but for those that are computed.
    fn columns(&self, table: &str) -> Result<Vec<String>, ReadError> {
        let statement = "SELECT lower(name) FROM pragma_table_info(?1)";
        let mut statement = self.connection.prepare(statement)?;
        let names = statement.query_map([table], |row| row.get(0))?;
        Ok(names.collect::<Result<_, _>>()?)
    }

    /// Reads the rows of a table, in the order of the first of its columns.
    pub(super) fn rows(&self, table: &Table) -> Result<Rows, ReadError> {
        let there = self.columns(table.name)?;
        let is_there = |column: &&str| there.iter().any(|there| *there == column.to_lowercase());
        let missing: Vec<&str> = table
            .required
            .iter()
            .copied()
            .filter(|column| !is_there(column))
            .collect();
        if !missing.is_empty() {
            return Err(ReadError::Damaged(format!(
                "its table `{}` has no column `{}`, so it is not a browser's: give the file `cookies.sqlite` or `Cookies` of the profile",
                table.name,
                missing.join("`, `"),
            )));
        }
        let columns = table.required.iter().chain(table.optional).copied();
        let columns: Vec<&'static str> = columns.filter(is_there).collect();
        let selected: Vec<String> = columns
            .iter()
            .map(|column| table.expression(column))
            .collect();
        let statement = format!("SELECT {} FROM \"{}\"", selected.join(", "), table.name);
        let mut statement = self.connection.prepare(&statement)?;
        let mut found = statement.query([])?;
        let mut rows = Vec::new();
        // A damaged database may have the same page many times.
        let mut octets = 0;
        while let Some(row) = found.next()? {
            let mut cells = Vec::with_capacity(columns.len());
            for index in 0..columns.len() {
                let cell = Cell::of(row.get_ref(index)?);
                octets += cell.octets();
                cells.push(cell);
            }
            if octets > self.size.saturating_mul(2) {
                return Err(damaged());
            }
            rows.push(cells);
        }
        rows.sort_by_key(|cells| match cells.first() {
            Some(Cell::Integer(key)) => *key,
            _ => i64::MIN,
        });
        Ok(Rows { columns, rows })
    }
}

/// A table of cookies: the columns that are asked for by name, since they come and go.
pub(super) struct Table {
    pub(super) name: &'static str,
    /// The first one gives the order.
    pub(super) required: &'static [&'static str],
    pub(super) optional: &'static [&'static str],
    /// A column of which only the first octets are read, and how many.
    pub(super) start_of: Option<(&'static str, usize)>,
}

impl Table {
    fn expression(&self, column: &str) -> String {
        match self.start_of {
            Some((cut, octets)) if cut == column => {
                format!("substr(CAST(\"{column}\" AS BLOB), 1, {octets})")
            }
            _ => format!("\"{column}\""),
        }
    }
}

/// The rows of a table.
pub(super) struct Rows {
    columns: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

enum Cell {
    Null,
    Integer(i64),
    Octets(Vec<u8>),
    Real,
}

impl Cell {
    fn of(value: ValueRef<'_>) -> Self {
        match value {
            ValueRef::Null => Self::Null,
            ValueRef::Integer(number) => Self::Integer(number),
            ValueRef::Real(_) => Self::Real,
            ValueRef::Text(octets) | ValueRef::Blob(octets) => Self::Octets(octets.to_vec()),
        }
    }

    /// The octets that it has at least in the file.
    fn octets(&self) -> u64 {
        1 + match self {
            Self::Octets(octets) => octets.len() as u64,
            _ => 0,
        }
    }
}

impl Rows {
    pub(super) fn has(&self, column: &str) -> bool {
        self.columns.contains(&column)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Row<'_>> {
        let columns = &self.columns;
        self.rows.iter().map(|cells| Row { columns, cells })
    }

    /// Makes a record of each row, by the function of its format.
    pub(super) fn records(
        &self,
        cookie: impl Fn(Row<'_>, &mut Vec<Note>) -> Result<RecordedCookie, Why>,
    ) -> Vec<Record> {
        let rows = self.iter().enumerate();
        let records = rows.map(|(index, row)| {
            let place = Place::Entry(index);
            let mut notes = Vec::new();
            match cookie(row, &mut notes) {
                Ok(cookie) => Record::new(place, cookie, notes),
                Err(why) => Record::unreadable(place, why),
            }
        });
        records.collect()
    }
}

/// One row.
#[derive(Clone, Copy)]
pub(super) struct Row<'r> {
    columns: &'r [&'static str],
    cells: &'r [Cell],
}

impl<'r> Row<'r> {
    fn get(self, column: &str) -> Option<&'r Cell> {
        let index = self.columns.iter().position(|name| *name == column)?;
        let cell = self.cells.get(index)?;
        (!matches!(cell, Cell::Null)).then_some(cell)
    }

    pub(super) fn octets(self, column: &str) -> Result<&'r [u8], Why> {
        match self.get(column) {
            Some(Cell::Octets(octets)) => Ok(octets),
            Some(_) => Err(format!("its column `{column}` is not a text").into()),
            None => Err(format!("its column `{column}` is empty").into()),
        }
    }

    pub(super) fn text(self, column: &str) -> Result<&'r str, Why> {
        let why = |_| format!("its column `{column}` is not in UTF-8").into();
        std::str::from_utf8(self.octets(column)?).map_err(why)
    }

    pub(super) fn integer(self, column: &str) -> Result<Option<i64>, Why> {
        match self.get(column) {
            None => Ok(None),
            Some(Cell::Integer(number)) => Ok(Some(*number)),
            Some(_) => Err(format!("its column `{column}` is not an integer").into()),
        }
    }

    pub(super) fn required_integer(self, column: &str) -> Result<i64, Why> {
        let why = || format!("its column `{column}` is empty").into();
        self.integer(column)?.ok_or_else(why)
    }

    pub(super) fn flag(self, column: &str) -> Result<bool, Why> {
        Ok(self.required_integer(column)? != 0)
    }

    /// Reads an instant at which something happened: zero stands for none.
    pub(super) fn happened(self, column: &str, unit: Unit) -> Result<Option<Timestamp>, Why> {
        let number = self.integer(column)?.filter(|number| *number != 0);
        let instant = number.map(|number| unit.whole(number)).transpose();
        instant.map_err(|_| {
            format!("its column `{column}` is beyond the year 9999 in the unit of this format")
                .into()
        })
    }
}

fn damaged() -> ReadError {
    ReadError::Damaged(
        "the database is damaged, or was copied in part: close the browser and copy it again, with the `-wal` or `-journal` beside it"
            .to_owned(),
    )
}

impl From<rusqlite::Error> for ReadError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::NotCopied(io::ErrorKind::StorageFull),
            Some(ErrorCode::CannotOpen | ErrorCode::SystemIoFailure) => {
                Self::NotCopied(io::ErrorKind::Other)
            }
            _ => damaged(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell as Counter;

    use super::*;

    /// Copies, and changes the source for the first times.
    fn changing(times: usize) -> (bool, Vec<u8>, usize) {
        let copy = Copy::new().unwrap();
        let from = copy.folder.path().join("source");
        fs::write(&from, "0").unwrap();
        let copied = Counter::new(0);
        let is_still = copy_until_still(&from, &copy.path, |from, to| {
            copy_once(from, to)?;
            copied.set(copied.get() + 1);
            if copied.get() <= times {
                fs::write(beside(from, WAL), "x".repeat(copied.get()))?;
            }
            Ok(())
        });
        let wal = fs::read(beside(&copy.path, WAL)).unwrap_or_default();
        (is_still.unwrap(), wal, copied.get())
    }

    #[test]
    fn what_changes_is_copied_again() {
        assert_eq!(changing(0), (true, vec![], 1));
        assert_eq!(changing(1), (true, b"x".to_vec(), 2));
        let most = ATTEMPTS - 1;
        assert_eq!(changing(most), (true, b"xxxx".to_vec(), ATTEMPTS));
        assert_eq!(changing(ATTEMPTS), (false, b"xxxx".to_vec(), ATTEMPTS));
    }

    #[test]
    fn a_log_that_is_gone_is_not_kept() {
        let copy = Copy::new().unwrap();
        let from = copy.folder.path().join("source");
        fs::write(&from, "0").unwrap();
        fs::write(beside(&from, WAL), "1").unwrap();
        copy_once(&from, &copy.path).unwrap();
        assert!(beside(&copy.path, WAL).exists());
        fs::remove_file(beside(&from, WAL)).unwrap();
        copy_once(&from, &copy.path).unwrap();
        assert!(!beside(&copy.path, WAL).exists());
    }

    #[cfg(unix)]
    #[test]
    fn the_copy_is_private_and_goes() {
        use std::os::unix::fs::PermissionsExt as _;

        let copy = Copy::new().unwrap();
        let folder = copy.folder.path().to_owned();
        let mode = fs::metadata(&folder).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        drop(copy);
        assert!(!folder.exists());
    }
}
