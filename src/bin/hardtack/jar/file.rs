//! A file of cookies: reading it, and the jar of what it says.

use std::ffi::OsStr;
use std::fmt::Display;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use hardtack::formats::{self, Contents, Format, NotKept, WriteOptions, Written};
use hardtack::{Cookie, CookieJar, Policy};
use indicatif::ProgressBar;

use crate::shown::shown;
use crate::time::Instant;

/// Why a command has no result.
#[derive(Debug)]
pub(super) enum Failure {
    /// Standard output cannot be written.
    Output(io::Error),
    /// A file cannot be read or written: what is wrong and what to do.
    File(String),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// A file that was read.
pub(super) struct File {
    pub(super) name: String,
    pub(super) contents: Contents,
    /// The octets of standard input, which cannot be read again.
    pub(super) octets: Option<Vec<u8>>,
}

impl File {
    /// Reads a file, or standard input where its path is `-`.
    pub(super) fn read(path: &Path, format: Option<Format>) -> Result<Self, Failure> {
        let name = name(path);
        let failed = |error: &dyn Display| Failure::File(format!("{name}: {error}"));
        let (contents, octets) = if is_standard(path) {
            let mut octets = Vec::new();
            with_progress("reading", || io::stdin().read_to_end(&mut octets))
                .map_err(|error| failed(&format!("cannot be read: {error}")))?;
            let contents = formats::read(&octets, format).map_err(|error| failed(&error))?;
            (contents, Some(octets))
        } else {
            let contents = with_progress("reading", || formats::read_file(path, format));
            (contents.map_err(|error| failed(&error))?, None)
        };
        Ok(Self {
            name,
            contents,
            octets,
        })
    }

    /// A file that is not there yet.
    pub(super) fn none(path: &Path) -> Self {
        Self {
            name: name(path),
            contents: Contents::default(),
            octets: None,
        }
    }

    /// Writes cookies in a format. What this file, which is at the path, has besides its cookies is kept where that is
    /// its own format.
    pub(super) fn written(
        &self,
        path: &Path,
        format: Format,
        cookies: &[&Cookie],
        options: WriteOptions<'_>,
    ) -> Result<Written, Failure> {
        let rest = self.rest(path, format);
        let options = match &rest {
            Some(rest) => options.keep_rest_of(rest),
            None => options,
        };
        formats::write(format, cookies.iter().copied(), &options)
            .map_err(|error| Failure::File(error.to_string()))
    }

    /// The octets of the file, where all but its cookies has a place in a file of this format.
    fn rest(&self, path: &Path, format: Format) -> Option<Vec<u8>> {
        let has_place = matches!(format, Format::StorageState | Format::Httpie);
        let is_same = self.contents.format == Some(format) && has_place;
        let octets = || self.octets.clone().or_else(|| fs::read(path).ok());
        is_same.then(octets).flatten()
    }

    /// The jar of all that can be kept, whatever their number and their lifetime, and why the others are not.
    pub(super) fn jar(&self, now: Instant) -> (CookieJar, Vec<Option<NotKept>>) {
        let policy = policy_of_files().with_lifetime_limit(Duration::MAX);
        with_progress("checking", || self.contents.jar(policy, now))
    }

    /// Says on standard error that an empty file has no cookies.
    pub(super) fn say_if_empty(&self) -> io::Result<()> {
        if self.contents.records.is_empty() {
            let name = &self.name;
            writeln!(io::stderr(), "note: {name} has no cookies")?;
        }
        Ok(())
    }
}

/// The policy for the cookies of a file: their number is the file's own.
pub(super) fn policy_of_files() -> Policy {
    Policy::default()
        .with_max_cookies_per_domain(usize::MAX)
        .with_max_cookies_per_site(usize::MAX)
        .with_max_cookies(usize::MAX)
}

/// The name of a file in messages.
pub(super) fn name(path: &Path) -> String {
    if is_standard(path) {
        "standard input".to_owned()
    } else {
        shown(path.as_os_str().as_encoded_bytes())
    }
}

pub(super) fn is_standard(path: &Path) -> bool {
    path == Path::new("-")
}

/// Returns the format that the ending of a path tells, if it tells one.
pub(super) fn format_of_ending(path: &Path) -> Option<Format> {
    let name = path
        .file_name()
        .and_then(OsStr::to_str)?
        .to_ascii_lowercase();
    let endings = [
        (".jsonl", Format::Hardtack),
        (".hardtack", Format::Hardtack),
        (".sqlite", Format::HardtackSqlite),
        (".txt", Format::Netscape),
        (".lwp", Format::Lwp),
        ("storagestate.json", Format::StorageState),
        ("storage-state.json", Format::StorageState),
        ("storage_state.json", Format::StorageState),
    ];
    let mut endings = endings.into_iter();
    let found = endings.find(|(ending, _)| name.ends_with(ending));
    found.map(|(_, format)| format)
}

/// Returns the format that the content of a file tells, if there is such a file.
fn format_of_content(path: &Path) -> Option<Format> {
    // Whoever opens a pipe waits for somebody to write to it.
    fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    formats::read_file(path, None).ok()?.format
}

/// Returns true if there is something at a path.
pub(super) fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// A file and its format, where it is written.
pub(super) struct Target {
    pub(super) path: PathBuf,
    pub(super) format: Format,
}

impl Target {
    /// Tells the format of a file to be made or replaced: as `--to` says, as its content is now where that can be
    /// written, or as its ending tells.
    pub(super) fn to_replace(path: &Path, to: Option<Format>) -> Result<Self, Failure> {
        let by_content = || {
            let path = (!is_standard(path)).then_some(path)?;
            format_of_content(path).filter(|format| format.can_be_written())
        };
        Self::told(path, to.or_else(by_content), "--to")
    }

    /// Tells the format of a file to be made or changed: as `--from` says, as its content is, or as its ending tells.
    pub(super) fn to_change(path: &Path, from: Option<Format>) -> Result<Self, Failure> {
        Self::told(path, from.or_else(|| format_of_content(path)), "--from")
    }

    fn told(path: &Path, format: Option<Format>, option: &str) -> Result<Self, Failure> {
        let is_standard = is_standard(path);
        let name = if is_standard {
            "standard output".to_owned()
        } else {
            name(path)
        };
        let is_other = fs::metadata(path).is_ok_and(|metadata| !metadata.is_file());
        if is_other && !is_standard {
            let message = "it is not a file: give the path of one";
            return Err(Failure::File(format!("{name}: {message}")));
        }
        let Some(format) = format.or_else(|| format_of_ending(path)) else {
            let message = format!("its format is not known: say it with {option}");
            let example = format!("such as `{option} netscape`");
            return Err(Failure::File(format!("{name}: {message}, {example}")));
        };
        if !format.can_be_written() {
            let message = format!(
                "`{format}` is a format that is only read: choose another one, or convert the file"
            );
            return Err(Failure::File(message));
        }
        Ok(Self {
            path: path.to_owned(),
            format,
        })
    }
}

impl Target {
    /// Returns true if there is a database of hardtack, or nothing.
    #[cfg(feature = "sqlite")]
    pub(super) fn is_database(&self) -> bool {
        let there = || formats::read_file(&self.path, Some(Format::HardtackSqlite));
        !is_standard(&self.path) && (!exists(&self.path) || there().is_ok())
    }
}

/// Does some work, and shows that it goes on where it takes more than a second.
fn with_progress<T>(message: &'static str, work: impl FnOnce() -> T) -> T {
    let (done, is_done) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            if is_done.recv_timeout(Duration::from_secs(1)) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            let bar = ProgressBar::new_spinner().with_message(message);
            bar.enable_steady_tick(Duration::from_millis(100));
            // The other end is dropped when the work is done.
            let _ = is_done.recv();
            bar.finish_and_clear();
        });
        let result = work();
        drop(done);
        result
    })
}
