//! A shared jar in a file: read, changed, and saved whole, also beside other processes.
//!
//! Who saves has a lock, reads what stands in the file now, applies what its own jar changed since it last did
//! so, writes a new file beside the old one, and renames it over. What it did not change is copied as it stands.

pub(super) mod disk;
mod merge;
mod whole;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::fs::File;
use std::io::{self, BufReader};
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::change::{Change, Log, Logged};
use crate::cookie::{Cookie, CookieBuilder, Key};
use crate::data::Record;
use crate::persist::lines::{self, ReadError, Reader, Report};
use crate::shared::{SharedJar, SharedJarBuilder};
use crate::timestamp::Timestamp;
use disk::Stamp;
use merge::{Merge, Others, owned};

pub use whole::{Replacement, replace, replace_with, update};

/// A [`SharedJar`] that is kept in a file.
///
/// [`JarFile::open`] reads the file, and [`JarFile::save`] writes what the jar has changed since. Several processes
/// may keep one file: each writes its own changes, and takes in those of the others when it saves. Of two changes of one
/// cookie the later one stays. Nothing is saved
/// without a call of `save`; what a process did not save is lost when it ends.
///
/// It listens to the changes of its jar: a program that calls [`SharedJar::changes`] of that jar takes changes away
/// that are then not saved.
///
/// ```
/// use hardtack::persist::JarFile;
/// # let folder = std::env::temp_dir().join(format!("hardtack-jar-file-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # let path = folder.join("session.jsonl");
///
/// let file = JarFile::open(&path)?;
/// println!("{}", file.report()); // 0 cookies
/// file.jar().receive("sid=31d4; Secure", &url::Url::parse("https://shop.example/")?)?;
/// file.save()?;
/// assert_eq!(JarFile::open(&path)?.jar().len(), 1);
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [`JarFile::save`] reads and writes files and may wait for another process: an async program calls it in
/// `spawn_blocking` or when it ends.
pub struct JarFile {
    path: PathBuf,
    jar: SharedJar,
    session_cookies: bool,
    patience: Duration,
    report: Report,
    state: Mutex<State>,
}

/// What of the jar is not in the file yet, and what of the file was seen.
#[derive(Debug, Default)]
struct State {
    /// The changes that a save took and could not write.
    pending: Vec<Logged>,
    /// Cookies of this insertion and later ones came after the last save, and stand at the end of the file.
    newest: u64,
    /// The file as it was read or written last.
    seen: Option<Stamp>,
}

/// What a [`JarFile`] is to do. [`JarFile::builder`] starts one.
///
/// ```no_run
/// use hardtack::{CookieJar, Policy, SharedJar};
/// use hardtack::persist::JarFile;
///
/// let jar = CookieJar::new(Policy::default().with_max_cookies(100_000));
/// let file = JarFile::builder()
///     .jar(SharedJar::builder().jar(jar))
///     .session_cookies(false)
///     .open("crawl.jsonl")?;
/// # Ok::<(), hardtack::persist::FileError>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct JarFileBuilder {
    jar: SharedJarBuilder,
    session_cookies: bool,
    patience: Duration,
}

impl JarFileBuilder {
    /// Sets the jar that the file is read into, with its policy, its clock and its listeners. The default is that of
    /// [`SharedJar::default`]. Cookies that it has already are as if they had been received after the file was read.
    pub fn jar(self, jar: SharedJarBuilder) -> Self {
        Self { jar, ..self }
    }

    /// Sets whether cookies that end with the session are read and written. They are by default: what a login sets is
    /// mostly such a cookie.
    pub fn session_cookies(self, session_cookies: bool) -> Self {
        Self {
            session_cookies,
            ..self
        }
    }

    /// Sets how long [`JarFile::save`] waits for another process that saves. The default is ten seconds.
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Reads the file, as [`JarFile::open`] does.
    ///
    /// # Errors
    ///
    /// As of [`JarFile::open`].
    pub fn open(self, path: impl Into<PathBuf>) -> Result<JarFile, FileError> {
        let path = path.into();
        let jar = self.jar.build();
        let mut state = State::default();
        let report = {
            let (mut jar, now) = jar.write();
            let own: Vec<CookieBuilder> = jar.iter(now).map(CookieBuilder::from).collect();
            let target = disk::resolve(&path)?;
            let report = match disk::open(&target)? {
                None => {
                    disk::check_folder(&target)?;
                    Report::default()
                }
                Some((input, stamp)) => {
                    let reading = |error| FileError::reading(&target, error);
                    let reader = Reader::new(buffered(input)).map_err(reading)?;
                    let is_wanted =
                        |record: &Record<'_>| merge::is_kept(self.session_cookies, &record.fields);
                    state.seen = Some(stamp);
                    lines::restore(&mut jar, reader, is_wanted, now).map_err(reading)?
                }
            };
            state.newest = jar.next_insertion();
            jar.watch();
            jar.log_from(now);
            jar.restore(own, now);
            report
        };
        Ok(JarFile {
            path,
            jar,
            session_cookies: self.session_cookies,
            patience: self.patience,
            report,
            state: Mutex::new(state),
        })
    }
}

/// What a save did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Saved {
    /// How many cookies the file has now; `None` if it was not written, as there was nothing to write.
    pub written: Option<usize>,
    /// How many cookies of others the jar took in.
    pub taken_in: usize,
    /// How many cookies the jar let go since others had removed them from the file.
    pub let_go: usize,
    /// How many cookies are too long for a line, and not in the file.
    pub too_long: usize,
    /// Where the old file is now, if lines of it were damaged.
    pub set_aside: Option<PathBuf>,
}

/// What of a save or of reading fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Step {
    /// Finding what a path leads to.
    Resolve,
    /// Opening a file.
    Open,
    /// Reading it.
    Read,
    /// Locking.
    Lock,
    /// Making a new file.
    Create,
    /// Writing it.
    Write,
    /// Bringing it to the disk.
    Sync,
    /// Giving a damaged file another name.
    SetAside,
    /// Renaming the new file to the old one's name.
    Rename,
    /// Bringing the new name to the disk.
    SyncFolder,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolve => "find",
            Self::Open => "open",
            Self::Read => "read",
            Self::Lock => "lock",
            Self::Create => "create",
            Self::Write => "write",
            Self::Sync => "sync",
            Self::SetAside => "set aside",
            Self::Rename => "rename to",
            Self::SyncFolder => "sync the folder of",
        })
    }
}

/// Why a file is not read or not saved. The old file is then as it was, but for [`Step::SyncFolder`], after which
/// it is the new one; and the next save writes what this one did not.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// A step fails.
    #[error("cannot {step} {}", path.display())]
    Io {
        /// Which.
        step: Step,
        /// Of which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The path leads to something else, a folder or a pipe.
    #[error("{} is not a file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// There is no folder that the file could be in.
    #[error("there is no folder {}: create it", path.display())]
    NoFolder {
        /// The folder.
        path: PathBuf,
    },
    /// The file is something else. It is not written over.
    #[error(
        "{} is not in hardtack's format: convert it with `hardtack jar convert`, or choose another name",
        path.display()
    )]
    NotHardtack {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by a newer version. It is not written over.
    #[error(
        "{} is of a newer version of the format, {version}: update hardtack",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version.
        version: u64,
    },
    /// Another process has the lock, and did not give it back in time.
    #[error("another process has had the lock {} for {} ms: try again", path.display(), waited.as_millis())]
    Locked {
        /// The file of the lock.
        path: PathBuf,
        /// How long it was waited for.
        waited: Duration,
    },
}

impl FileError {
    pub(super) fn at(step: Step, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { step, path, source }
    }

    fn reading(path: &Path, error: ReadError) -> Self {
        let path = path.to_owned();
        match error {
            ReadError::Io(source) => Self::Io {
                step: Step::Read,
                path,
                source,
            },
            ReadError::NotHardtack => Self::NotHardtack { path },
            ReadError::Newer { version } => Self::Newer { path, version },
        }
    }
}

impl JarFile {
    /// Reads a file into a new jar with the default policy. If there is no such file, the jar is empty, and the first
    /// save makes the file; the folder has to be there. [`JarFile::report`] tells what could not be read or is not
    /// kept: a damaged line costs that line, and the next save sets the old file aside.
    ///
    /// A symbolic link is followed, and stays a link when it is saved.
    ///
    /// # Errors
    ///
    /// [`FileError`], if the file cannot be read, is not in hardtack's format or of a newer version of it.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, FileError> {
        Self::builder().open(path)
    }

    /// Starts a file with a jar of its own policy, or without session cookies.
    pub fn builder() -> JarFileBuilder {
        JarFileBuilder {
            jar: SharedJar::builder(),
            session_cookies: true,
            patience: Duration::from_secs(10),
        }
    }

    /// Returns the jar, to be handed to an HTTP client: each clone is the same jar.
    pub fn jar(&self) -> SharedJar {
        self.jar.clone()
    }

    /// Returns the path as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns what was read when the file was opened, and what was not.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Returns true if others have written the file since it was read or last saved: the next save takes in what.
    ///
    /// ```
    /// use hardtack::persist::JarFile;
    /// # let folder = std::env::temp_dir().join(format!("hardtack-stale-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("session.jsonl");
    /// let (one, other) = (JarFile::open(&path)?, JarFile::open(&path)?);
    /// one.jar().receive("sid=31d4", &url::Url::parse("https://shop.example/")?)?;
    /// one.save()?;
    /// assert!(other.is_stale());
    /// other.save()?;
    /// assert_eq!((other.is_stale(), other.jar().len()), (false, 1));
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn is_stale(&self) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let target = disk::resolve(&self.path);
        target.is_ok_and(|target| disk::stamp(&target) != state.seen)
    }

    /// Writes what the jar has changed since it was read or last saved, and takes in what others have written.
    ///
    /// What the jar stored takes the place of what stands in the file, and what it removed is removed there. Where
    /// others have stored or removed the same cookie since, the later change stays, by the clocks at the changes, and at
    /// equal times that of the later save: a removal stands in the file for a day. A cookie
    /// that was only sent stays as it stands there. Of both, the later last-access-time counts. A cookie that
    /// the jar has let go by itself, as it expired or had no room, is removed from the file if it stands there as it
    /// was here. Cookies that others wrote stay as they are, and come into the jar; what they removed goes from it.
    ///
    /// The file is replaced at once: whoever reads it, or looks after a crash, finds the old one or the new one,
    /// whole. It is readable by its owner only (mode 0600, or the old file's where that is stricter). The lock is a
    /// file beside it, its name and `.lock`, which stays. A file that is gone is written anew, with all cookies of
    /// the jar.
    ///
    /// # Errors
    ///
    /// [`FileError`], if the file cannot be read, locked or written. No change is lost: the next save writes it.
    pub fn save(&self) -> Result<Saved, FileError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (newest, now) = state.take_changes(&self.jar);
        let target = disk::resolve(&self.path)?;
        let stamp = disk::stamp(&target);
        let is_lost = stamp.is_none() && state.seen.is_some();
        let has_changes = !state.pending.is_empty() || is_lost;
        if !has_changes && stamp == state.seen {
            return Ok(Saved::default());
        }
        let lock = if has_changes {
            disk::check_folder(&target)?;
            Some(disk::lock(&target, self.patience)?)
        } else {
            None
        };
        let before = disk::open(&target)?;
        if before.is_none() && state.seen.take().is_some() {
            state.take_all(&self.jar);
        }
        let seen = before.as_ref().map(|(_, stamp)| *stamp);
        let jar = (seen != state.seen).then_some(&self.jar);
        let input = before.map(|(input, _)| buffered(input));
        let merge = Merge::new(&state.pending, state.newest, self.session_cookies, jar, now);
        let (mut saved, others) = if lock.is_some() {
            merge.save(&target, input)?
        } else {
            merge.look(&target, input)?
        };
        state.seen = seen;
        if saved.written.is_some() {
            state.seen = disk::stamp(&target);
            state.pending.clear();
            state.newest = newest;
        }
        if let Some(others) = others {
            state.take_in(&self.jar, others, self.session_cookies, &mut saved);
        }
        drop(lock);
        Ok(saved)
    }
}

impl fmt::Debug for JarFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JarFile")
            .field("path", &self.path)
            .field("report", &self.report)
            .finish_non_exhaustive()
    }
}

/// A file is read in few calls.
fn buffered(file: File) -> BufReader<File> {
    BufReader::with_capacity(1 << 16, file)
}

impl State {
    /// Takes the changes of the jar, and tells which insertions it has not seen yet, and when that was.
    fn take_changes(&mut self, jar: &SharedJar) -> (u64, Timestamp) {
        let (mut jar, now) = jar.write();
        self.add(jar.logged());
        (jar.next_insertion(), now)
    }

    /// Takes all cookies of the jar, for a file that has gone.
    fn take_all(&mut self, jar: &SharedJar) {
        let (mut jar, now) = jar.write();
        self.add(jar.logged());
        let stored = |cookie: &Cookie| Logged {
            change: Change::Stored(cookie.clone()),
            made_at: now,
            at: None,
        };
        let changes = jar.iter(now).map(stored).collect();
        self.add(changes);
    }

    /// Adds changes behind those that are there.
    fn add(&mut self, changes: Vec<Logged>) {
        if self.pending.is_empty() {
            self.pending = changes;
            return;
        }
        self.pending.extend(changes);
        self.pending = Log::from(mem::take(&mut self.pending)).take();
    }

    /// Carries out in the jar what others did, but for what the jar has changed meanwhile, and no earlier than they.
    fn take_in(
        &mut self,
        jar: &SharedJar,
        others: Others,
        session_cookies: bool,
        saved: &mut Saved,
    ) {
        let (mut jar, now) = jar.write();
        self.add(jar.logged());
        let own = own(&self.pending);
        let is_gone = |cookie: &Cookie| {
            let may_be_written = session_cookies || cookie.persistent();
            let was_written = may_be_written && lines::is_written(cookie);
            was_written && !others.seen.contains(&cookie.insertion())
        };
        let gone = jar.iter(now).filter(|cookie| match own.get(&cookie.key()) {
            None => cookie.insertion() < self.newest && is_gone(cookie),
            at => others.removed.get(&owned(cookie.key())) > at,
        });
        let gone: Vec<Cookie> = gone.cloned().collect();
        let mut taken_in = HashSet::new();
        for cookie in &gone {
            jar.take_out(cookie);
            taken_in.insert(owned(cookie.key()));
        }
        saved.let_go = gone.len();
        for (other, changed) in others.cookies {
            let fields = other.fields.borrowed();
            let host = merge::canonical(&other.host);
            let key = merge::key_of(&host, &fields);
            if own.get(&key).is_some_and(|at| changed <= Some(*at)) {
                continue;
            }
            taken_in.insert(owned(key));
            if jar.take_in(&other.host, &fields, now).is_ok() {
                saved.taken_in += 1;
            }
        }
        jar.limit_restored();
        self.newest = jar.next_insertion();
        // That others changed it is nothing to tell them; that it was evicted here is.
        let is_own = |logged: &Logged| !taken_in.contains(&owned(logged.change.cookie().key()));
        let mut changes = jar.logged();
        changes.retain(is_own);
        self.pending.retain(is_own);
        self.add(changes);
    }
}

/// What the jar stored or removed, and when.
fn own(changes: &[Logged]) -> HashMap<Key<'_>, Timestamp> {
    let own = changes
        .iter()
        .filter_map(|Logged { change, at, .. }| match change {
            Change::Touched(_) => None,
            Change::Stored(cookie) | Change::Removed(cookie, _) => {
                Some((cookie.key(), at.unwrap_or(cookie.creation_time())))
            }
        });
    own.collect()
}
