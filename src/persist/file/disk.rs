//! Files: links, locks, a new file beside the old one.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use super::{FileError, Step};

/// What tells one state of a file from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    number: u64,
}

impl Stamp {
    fn of(metadata: &fs::Metadata) -> Self {
        #[cfg(unix)]
        let number = std::os::unix::fs::MetadataExt::ino(metadata);
        #[cfg(not(unix))]
        let number = 0;
        Self {
            modified: metadata.modified().ok(),
            length: metadata.len(),
            number,
        }
    }
}

/// Follows symbolic links to the file itself, which need not be there.
pub(in crate::persist) fn resolve(path: &Path) -> Result<PathBuf, FileError> {
    /// As many as Linux follows.
    const LINKS: usize = 40;
    let failed = FileError::at(Step::Resolve, path);
    let mut target = path.to_owned();
    for _ in 0..=LINKS {
        match fs::symlink_metadata(&target) {
            Ok(metadata) if metadata.is_symlink() => {
                let link = fs::read_link(&target);
                match link {
                    Ok(link) => target = folder(&target).join(link),
                    Err(error) => return Err(failed(error)),
                }
            }
            Ok(_) => return Ok(target),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(target),
            Err(error) => return Err(failed(error)),
        }
    }
    Err(failed(io::Error::other(
        "there are too many symbolic links",
    )))
}

/// The folder that a file is in.
pub(in crate::persist) fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

pub(in crate::persist) fn check_folder(target: &Path) -> Result<(), FileError> {
    let path = folder(target);
    if path.is_dir() {
        Ok(())
    } else {
        Err(FileError::NoFolder {
            path: path.to_owned(),
        })
    }
}

/// Opens a file to read it; `None` if there is none.
pub(super) fn open(target: &Path) -> Result<Option<(File, Stamp)>, FileError> {
    // Whoever opens a pipe waits for somebody to write to it.
    let failed = |error| FileError::at(Step::Open, target)(error);
    match fs::metadata(target) {
        Ok(metadata) if !metadata.is_file() => {
            return Err(FileError::NotAFile {
                path: target.to_owned(),
            });
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Ok(_) => {}
        Err(error) => return Err(failed(error)),
    }
    match File::open(target) {
        Ok(file) => {
            let stamp = Stamp::of(&file.metadata().map_err(failed)?);
            Ok(Some((file, stamp)))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

pub(super) fn stamp(target: &Path) -> Option<Stamp> {
    fs::metadata(target).ok().as_ref().map(Stamp::of)
}

/// The path of a file beside another: the same name, and more.
pub(in crate::persist) fn beside(target: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(target.as_os_str());
    name.push(ending);
    name.into()
}

/// Options for a file that only its owner reads.
pub(in crate::persist) fn private(options: &mut OpenOptions, mode: u32) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    options
}

/// Locks a file beside the target, until the returned one is closed; also when the process is killed.
///
/// The target itself is no good to lock, since each save makes it another file.
pub(in crate::persist) fn lock(target: &Path, patience: Duration) -> Result<File, FileError> {
    const PAUSE: Duration = Duration::from_millis(5);
    let path = beside(target, ".lock");
    let mut options = OpenOptions::new();
    let options = options.write(true).create(true).truncate(false);
    let file = private(options, 0o600).open(&path);
    let file = file.map_err(FileError::at(Step::Lock, &path))?;
    let began = Instant::now();
    loop {
        if try_lock(&file).map_err(FileError::at(Step::Lock, &path))? {
            return Ok(file);
        }
        let waited = began.elapsed();
        if waited >= patience {
            return Err(FileError::Locked { path, waited });
        }
        thread::sleep(PAUSE.min(patience.saturating_sub(waited)));
    }
}

#[cfg(any(unix, windows))]
fn try_lock(file: &File) -> io::Result<bool> {
    match fs4::FileExt::try_lock(file) {
        Ok(()) => Ok(true),
        Err(fs4::TryLockError::WouldBlock) => Ok(false),
        Err(fs4::TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(not(any(unix, windows)))]
fn try_lock(_: &File) -> io::Result<bool> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Makes the new file beside the old one, which only its owner can read.
fn create(target: &Path, old: Option<&fs::Metadata>) -> Result<(File, PathBuf), FileError> {
    let path = beside(target, ".new");
    let failed = |error| FileError::at(Step::Create, &path)(error);
    // One may be left of a save that was killed.
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let mut options = OpenOptions::new();
    let options = options.write(true).create_new(true);
    let new = private(options, mode(old)).open(&path);
    let new = new.map_err(failed)?;
    keep_owner(old, &new);
    Ok((new, path))
}

#[cfg(unix)]
fn mode(old: Option<&fs::Metadata>) -> u32 {
    0o600 & old.map_or(0o600, std::os::unix::fs::MetadataExt::mode)
}

#[cfg(not(unix))]
fn mode(_: Option<&fs::Metadata>) -> u32 {
    0o600
}

/// Gives the new file the old one's owner, where root saves the file of somebody else.
#[cfg(unix)]
fn keep_owner(old: Option<&fs::Metadata>, new: &File) {
    use std::os::unix::fs::MetadataExt as _;
    let (Some(old), Ok(is)) = (old, new.metadata()) else {
        return;
    };
    if (old.uid(), old.gid()) != (is.uid(), is.gid()) {
        // Who may not do that saves as whoever it is.
        _ = std::os::unix::fs::fchown(new, Some(old.uid()), Some(old.gid()));
    }
}

#[cfg(not(unix))]
fn keep_owner(_: Option<&fs::Metadata>, _: &File) {}

/// Writes a new file beside the old one and puts it in its place. `write` tells besides its result whether the old
/// one is to be set aside; where to is told then.
pub(super) fn replace<T>(
    target: &Path,
    old: Option<&fs::Metadata>,
    write: impl FnOnce(&File, &Path) -> Result<(T, bool), FileError>,
) -> Result<(T, Option<PathBuf>), FileError> {
    let (new, path) = create(target, old)?;
    let written = write(&new, &path).and_then(|written| {
        new.sync_all().map_err(FileError::at(Step::Sync, &path))?;
        Ok(written)
    });
    drop(new);
    let replaced = written.and_then(|(result, is_damaged)| {
        let aside = is_damaged.then(|| set_aside(target)).transpose();
        let aside = aside.map_err(FileError::at(Step::SetAside, target))?;
        fs::rename(&path, target).map_err(FileError::at(Step::Rename, target))?;
        Ok((result, aside))
    });
    if replaced.is_err() {
        _ = fs::remove_file(&path);
    }
    let replaced = replaced?;
    sync_folder(target).map_err(FileError::at(Step::SyncFolder, target))?;
    Ok(replaced)
}

/// Gives the old file another name too, one that is not taken.
pub(in crate::persist) fn set_aside(target: &Path) -> io::Result<PathBuf> {
    for number in 0..=u32::MAX {
        let ending = match number {
            0 => ".damaged".to_owned(),
            _ => format!(".damaged.{number}"),
        };
        let path = beside(target, &ending);
        match fs::hard_link(target, &path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(_) if path.symlink_metadata().is_ok() => {}
            // Not every file system has links.
            Err(_) => return copy(target, &path).map(|()| path),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn copy(target: &Path, path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let options = options.write(true).create_new(true);
    let mut copy = private(options, 0o600).open(path)?;
    io::copy(&mut File::open(target)?, &mut copy)?;
    copy.sync_all()
}

#[cfg(unix)]
pub(in crate::persist) fn sync_folder(target: &Path) -> io::Result<()> {
    File::open(folder(target))?.sync_all()
}

/// Where a folder cannot be opened, the file system keeps its names by itself.
#[cfg(not(unix))]
pub(in crate::persist) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
