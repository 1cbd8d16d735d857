//! A shared jar in an SQLite database: loaded once, its changes written by one thread, row by row.
//!
//! A write is one transaction. It reads which rows others have written since, and writes those that this jar has
//! changed. Of an identity that both changed the later change stays, by the clock at the change. What was removed is
//! remembered for a while, so that who has it still learns of that.

mod batch;
mod load;
mod keeper;
mod pending;
mod rows;
mod schema;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rusqlite::ErrorCode;

use crate::jar::NotRestored;
use crate::persist::file::FileError;
use crate::shared::{SharedJar, SharedJarBuilder};
use keeper::{Handle, Keeper, Settings};

pub use rows::RowDamage;
pub(crate) use schema::{APPLICATION_ID, VERSION};

/// A [`SharedJar`] that is kept in an SQLite database, and survives the end of the process at any instant.
///
/// [`JarDatabase::open`] loads the jar. From then on a thread writes what has changed, twice a second and after 512
/// changes. [`JarDatabase::flush`] writes it now. When the last handle of the jar goes, what is left is
/// written: `JarDatabase` is one handle, and each clone of its [jar](JarDatabase::jar) another.
///
/// Several processes may keep one database. Each writes the rows that it has changed itself, and takes in what the
/// others have written. Of an identity that several changed, the change that was later by their clocks stays, and of
/// two at one instant the one that was written later; removing a cookie is a change like another. A cookie that one
/// process removed is not brought back by another that has it still.
///
/// ```
/// use hardtack::persist::JarDatabase;
/// # let folder = std::env::temp_dir().join(format!("hardtack-database-{}", std::process::id()));
/// # let path = folder.join("jar.sqlite");
///
/// let database = JarDatabase::open(&path)?; // there need be no such file or folder yet
/// let url = url::Url::parse("https://shop.example/")?;
/// database.jar().receive("sid=31d4; Secure", &url)?; // or hand `database.jar()` to an HTTP client
/// database.flush()?; // it would survive the end of the machine now
///
/// let again = JarDatabase::open(&path)?;
/// assert_eq!(again.jar().cookie_string(&url).unwrap(), b"sid=31d4");
/// # drop((database, again));
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Where writing fails, the jar goes on in memory, the changes wait, and the thread tries again, ever later up to
/// each eighth second. A [listener](JarDatabaseBuilder::listener), [`JarDatabase::flush`] and
/// [`JarDatabase::status`] tell.
///
/// The jar is read and changed without waiting for the disk, but in the [durable](JarDatabaseBuilder::durable) mode.
/// [`JarDatabase::open`], [`JarDatabase::flush`], [`JarDatabase::refresh`] and the drop of the last handle do wait: an
/// async program calls them in `spawn_blocking`, or when it begins and ends.
///
/// The thread takes the changes of the jar: a program that calls [`SharedJar::changes`] takes some away that are then
/// not written.
pub struct JarDatabase {
    path: PathBuf,
    jar: SharedJar,
    keeper: Arc<Keeper>,
    report: DatabaseReport,
}

/// What a [`JarDatabase`] is to do. [`JarDatabase::builder`] starts one.
///
/// ```
/// use hardtack::{CookieJar, Policy, SharedJar};
/// use hardtack::persist::JarDatabase;
/// # let folder = std::env::temp_dir().join(format!("hardtack-database-builder-{}", std::process::id()));
/// # let path = folder.join("jar.sqlite");
///
/// let jar = CookieJar::new(Policy::default().with_max_cookies(100_000));
/// let database = JarDatabase::builder()
///     .jar(SharedJar::builder().jar(jar))
///     .listener(|notice| eprintln!("{notice}"))
///     .open(&path)?;
/// # drop(database);
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub struct JarDatabaseBuilder {
    jar: SharedJarBuilder,
    settings: Settings,
}

impl JarDatabaseBuilder {
    /// Sets the jar that the database is loaded into, with its policy, its clock and its listeners. The default is
    /// that of [`SharedJar::default`]. Cookies that it has already are as if they had been received after the load.
    pub fn jar(self, jar: SharedJarBuilder) -> Self {
        Self { jar, ..self }
    }

    /// Sets whether cookies that end with the session are loaded and written. They are by default.
    pub fn session_cookies(mut self, session_cookies: bool) -> Self {
        self.settings.session_cookies = session_cookies;
        self
    }

    /// Sets how long is waited for another process that writes. The default is ten seconds.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.settings.patience = patience;
        self
    }

    /// Sets how long a change waits to be written, and how often the thread looks what others have written. The
    /// default is half a second.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.settings.delay = delay;
        self
    }

    /// Sets how many changes do not wait. The default is 512.
    pub fn batch(mut self, changes: usize) -> Self {
        self.settings.batch = changes;
        self
    }

    /// Sets whether each call that changes the jar, such as [`SharedJar::receive`], returns only when the change is
    /// on the disk. It then waits for the disk, for milliseconds. Where writing fails, the jar is changed all the
    /// same, and the listener is told. What is sent, which changes last-access-times only, is written later.
    ///
    /// ```
    /// # use hardtack::persist::JarDatabase;
    /// # let folder = std::env::temp_dir().join(format!("hardtack-durable-{}", std::process::id()));
    /// let database = JarDatabase::builder().durable(true).open(folder.join("jar.sqlite"))?;
    /// database.jar().receive("sid=31d4", &url::Url::parse("https://shop.example/")?)?;
    /// assert_eq!(database.status().pending, 0);
    /// # drop(database);
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn durable(mut self, durable: bool) -> Self {
        self.settings.durable = durable;
        self
    }

    /// Sets how values are sealed before they are written. A database is sealed when it is made, or never.
    pub fn seal(mut self, seal: impl Seal + 'static) -> Self {
        self.settings.seal = Some(Box::new(seal));
        self
    }

    /// Adds a listener, which is told where writing fails, and when it succeeds again. It is called by whoever
    /// writes: by the thread, or by a call that waits for the disk.
    pub fn listener(mut self, listener: impl Fn(&Notice<'_>) + Send + Sync + 'static) -> Self {
        self.settings.listeners.push(Box::new(listener));
        self
    }

    /// Loads the jar, as [`JarDatabase::open`] does.
    ///
    /// # Errors
    ///
    /// As of [`JarDatabase::open`].
    pub fn open(self, path: impl Into<PathBuf>) -> Result<JarDatabase, DatabaseError> {
        let path = path.into();
        let jar = self.jar.build();
        let (state, report) = load::open(&path, &jar, &self.settings)?;
        let keeper = Keeper::new(path.clone(), jar.clone(), self.settings, state);
        let keeper = Arc::new(keeper);
        if report.set_aside.is_some() {
            // What was read of the damaged one is nowhere else.
            keeper.write()?;
        }
        let handle = Handle::start(Arc::clone(&keeper))?;
        Ok(JarDatabase {
            path,
            jar: jar.kept_by(Arc::new(handle)),
            keeper,
            report,
        })
    }
}

/// How values are sealed, so that the file does not have them as they are. hardtack has no cipher of its own.
///
/// `identity` names the cookie that the value is of: its domain, name, path, host-only-flag and partition. A cipher
/// with associated data binds the value to it, so that no value can be put in another one's place.
///
/// ```
/// use hardtack::persist::Seal;
///
/// /// No cipher: an example of the shape.
/// struct Reversed;
///
/// impl Seal for Reversed {
///     fn seal(&self, value: &[u8], _identity: &[u8]) -> Vec<u8> {
///         value.iter().rev().copied().collect()
///     }
///
///     fn open(&self, sealed: &[u8], _identity: &[u8]) -> Option<Vec<u8>> {
///         Some(sealed.iter().rev().copied().collect())
///     }
/// }
/// # assert_eq!(Reversed.open(&Reversed.seal(b"31d4", b""), b"").unwrap(), b"31d4");
/// ```
pub trait Seal: Send + Sync {
    /// Returns what is written in place of the value.
    fn seal(&self, value: &[u8], identity: &[u8]) -> Vec<u8>;

    /// Returns the value of what was written, or `None` if it was sealed otherwise or changed since. The cookie is
    /// not loaded then, and its row stays.
    fn open(&self, sealed: &[u8], identity: &[u8]) -> Option<Vec<u8>>;
}

/// What was loaded, and what was not. `Display` writes a line for each, without values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DatabaseReport {
    /// How many cookies were loaded.
    pub cookies: usize,
    /// The rows that are damaged, by their ids.
    pub damaged: Vec<(i64, RowDamage)>,
    /// The rows whose cookies the jar does not keep, and why. They stay in the database, but for those that have
    /// expired.
    pub not_kept: Vec<(i64, NotRestored)>,
    /// Where the database is now, if it was damaged as a whole. What could be read of it was loaded, and is in a new
    /// one at its old path.
    pub set_aside: Option<PathBuf>,
}

impl fmt::Display for DatabaseReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.cookies == 1 { "" } else { "s" };
        write!(f, "{} cookie{plural}", self.cookies)?;
        for (id, damage) in &self.damaged {
            write!(f, "\nrow {id}: {damage}")?;
        }
        for (id, reason) in &self.not_kept {
            write!(f, "\nrow {id}: {reason}")?;
        }
        if let Some(aside) = &self.set_aside {
            let aside = aside.display();
            write!(f, "\nthe database was damaged, and is {aside} now")?;
        }
        Ok(())
    }
}

/// What a listener of a [`JarDatabase`] is told.
#[derive(Debug)]
#[non_exhaustive]
pub enum Notice<'a> {
    /// Writing or reading failed. What was to be written waits.
    Failed(&'a DatabaseError),
    /// It succeeded again.
    Recovered,
    /// The database was damaged, and has this other name now. All cookies of the jar go into a new one.
    SetAside(&'a Path),
}

impl fmt::Display for Notice<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => error.fmt(f),
            Self::Recovered => f.write_str("the jar is kept again"),
            Self::SetAside(path) => {
                let path = path.display();
                write!(f, "the database was damaged, and is {path} now")
            }
        }
    }
}

/// How the keeping of a jar goes.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Status {
    /// How many changes are not in the database yet. What was sent is not counted.
    pub pending: usize,
    /// When the database was last written to.
    pub last_commit: Option<SystemTime>,
    /// Why the last attempt failed, unless one has succeeded since: the messages of the error and of its source.
    pub last_error: Option<String>,
}

/// Why a database is not opened, read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseError {
    /// The file or its folder cannot be made, found or renamed.
    #[error(transparent)]
    File(#[from] FileError),
    /// Another process had it locked for too long.
    #[error("{} has been locked by another process for {} ms: try again", path.display(), waited.as_millis())]
    Locked {
        /// The database.
        path: PathBuf,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The disk is full.
    #[error("{} cannot be written, as the disk is full: free some space", path.display())]
    Full {
        /// The database.
        path: PathBuf,
    },
    /// It may not be written.
    #[error("{} may only be read: change its permissions, or choose another path", path.display())]
    ReadOnly {
        /// The database.
        path: PathBuf,
    },
    /// It is something else. It is not written over.
    #[error("{} is not a database of hardtack: choose another path", path.display())]
    NotHardtack {
        /// The file.
        path: PathBuf,
    },
    /// It was written by a newer version. It is not written over.
    #[error("{} is of a newer version of the schema, {version}: update hardtack", path.display())]
    Newer {
        /// The database.
        path: PathBuf,
        /// The version.
        version: i32,
    },
    /// Its values are sealed, and no seal was given.
    #[error("the values in {} are sealed: open it with the seal that they were sealed by", path.display())]
    Sealed {
        /// The database.
        path: PathBuf,
    },
    /// Its values are not sealed, and a seal was given.
    #[error("the values in {} are not sealed: open it without a seal, or choose another path", path.display())]
    NotSealed {
        /// The database.
        path: PathBuf,
    },
    /// It is damaged.
    #[error("{} is damaged", path.display())]
    Damaged {
        /// The database.
        path: PathBuf,
    },
    /// Anything else that SQLite says, such as an error of the disk.
    #[error("{} cannot be read or written", path.display())]
    Sqlite {
        /// The database.
        path: PathBuf,
        /// What SQLite says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// There is no thread for it.
    #[error("cannot start the thread that writes")]
    Thread(#[source] std::io::Error),
}

impl DatabaseError {
    fn of(path: &Path, waited: Duration, error: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match (&error, error.sqlite_error_code()) {
            (_, Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)) => {
                Self::Locked { path, waited }
            }
            (_, Some(ErrorCode::DiskFull)) => Self::Full { path },
            (_, Some(ErrorCode::ReadOnly)) => Self::ReadOnly { path },
            (_, Some(ErrorCode::NotADatabase)) => Self::NotHardtack { path },
            // A row or a table that was there is not.
            (_, Some(ErrorCode::DatabaseCorrupt))
            | (
                rusqlite::Error::QueryReturnedNoRows
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::IntegralValueOutOfRange(..),
                _,
            ) => Self::Damaged { path },
            _ => Self::Sqlite {
                path,
                source: Box::new(error),
            },
        }
    }
}

impl JarDatabase {
    /// Loads a jar with the default policy from a database. If there is none, it is made, with its folder, for its
    /// owner only (mode 0600).
    ///
    /// A database that is damaged is set aside under another name, what can be read of it is loaded, and
    /// [`JarDatabase::report`] tells.
    ///
    /// # Errors
    ///
    /// [`DatabaseError`], if the file cannot be opened, is something else or of a newer version.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, DatabaseError> {
        Self::builder().open(path)
    }

    /// Starts a database with a jar of its own policy, with a listener, or in another mode.
    pub fn builder() -> JarDatabaseBuilder {
        JarDatabaseBuilder {
            jar: SharedJar::builder(),
            settings: Settings::default(),
        }
    }

    /// Returns the jar, to be handed to an HTTP client. Each clone is the same jar, and a handle that keeps it.
    pub fn jar(&self) -> SharedJar {
        self.jar.clone()
    }

    /// Returns the path as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns what was loaded, and what was not.
    pub fn report(&self) -> &DatabaseReport {
        &self.report
    }

    /// Returns when all that was changed before is on the disk, so that it survives the end of the machine. What
    /// others have written is taken in, too.
    ///
    /// # Errors
    ///
    /// [`DatabaseError`], if it cannot be written. No change is lost: the next attempt writes it.
    pub fn flush(&self) -> Result<(), DatabaseError> {
        self.keeper.write()
    }

    /// Takes in what others have written. Where they have written nothing, that takes microseconds. The thread does
    /// so twice a second, anyway.
    ///
    /// ```
    /// use hardtack::persist::JarDatabase;
    /// # let folder = std::env::temp_dir().join(format!("hardtack-refresh-{}", std::process::id()));
    /// # let path = folder.join("jar.sqlite");
    /// let (one, other) = (JarDatabase::open(&path)?, JarDatabase::open(&path)?);
    /// one.jar().receive("sid=31d4", &url::Url::parse("https://shop.example/")?)?;
    /// one.flush()?;
    /// other.refresh()?;
    /// assert_eq!(other.jar().len(), 1);
    /// # drop((one, other));
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As of [`JarDatabase::flush`].
    pub fn refresh(&self) -> Result<(), DatabaseError> {
        self.keeper.refresh()
    }

    /// Returns how the keeping goes.
    pub fn status(&self) -> Status {
        self.keeper.status()
    }
}

impl fmt::Debug for JarDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JarDatabase")
            .field("path", &self.path)
            .field("report", &self.report)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for JarDatabaseBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JarDatabaseBuilder")
            .field("jar", &self.jar)
            .finish_non_exhaustive()
    }
}
