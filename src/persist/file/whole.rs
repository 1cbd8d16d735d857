//! Files of other formats, which are replaced as a whole.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{FileError, Step, disk};

/// What a file becomes.
#[derive(Clone)]
pub struct Replacement {
    /// The new octets.
    pub octets: Vec<u8>,
    /// Whether the old file is kept under another name, as there is more in it than what takes its place.
    pub set_aside: bool,
}

/// Replaces a file, or makes it.
///
/// A new file is written beside the old one, of mode 0600 or the old one's where that is stricter, and renamed over
/// it: whoever reads the path finds the old one or the new one, whole. A symbolic link stays a link.
///
/// ```
/// # let folder = std::env::temp_dir().join(format!("hardtack-replace-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # let path = folder.join("cookies.txt");
/// hardtack::persist::replace(&path, b"# Netscape HTTP Cookie File\n")?;
/// assert!(path.exists());
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`FileError`], if it cannot be written. The old file is then as it was, but for [`Step::SyncFolder`].
pub fn replace(path: impl AsRef<Path>, octets: &[u8]) -> Result<(), FileError> {
    replace_with(path, |new| new.write_all(octets))
}

/// Replaces a file, or makes it, by what `write` writes. All else is as in [`replace`].
///
/// ```
/// # let folder = std::env::temp_dir().join(format!("hardtack-replace-with-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # let path = folder.join("cookies.txt");
/// hardtack::persist::replace_with(&path, |new| writeln!(new, "# Netscape HTTP Cookie File"))?;
/// assert!(path.exists());
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`FileError`], if it cannot be written, or `write` fails. The old file is then as it was, but for
/// [`Step::SyncFolder`].
pub fn replace_with(
    path: impl AsRef<Path>,
    write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
) -> Result<(), FileError> {
    let target = disk::resolve(path.as_ref())?;
    put(&target, false, write).map(|_| ())
}

/// Replaces a file by what `change` makes of it, while no other process that does so is between. Returns where the
/// old file is now, if it was set aside.
///
/// `change` is called with the path of the file, which need not be there yet. The lock is a file beside it, its
/// name and `.lock`, which stays; `patience` is how long it is waited for.
///
/// # Errors
///
/// [`FileError`], if the file cannot be locked or written, and what `change` fails by. The old file is then as it
/// was, but for [`Step::SyncFolder`].
pub fn update<E: From<FileError>>(
    path: impl AsRef<Path>,
    patience: Duration,
    change: impl FnOnce(&Path) -> Result<Replacement, E>,
) -> Result<Option<PathBuf>, E> {
    let target = disk::resolve(path.as_ref())?;
    disk::check_folder(&target)?;
    let lock = disk::lock(&target, patience)?;
    let Replacement { octets, set_aside } = change(&target)?;
    let aside = put(&target, set_aside, |new| new.write_all(&octets))?;
    drop(lock);
    Ok(aside)
}

fn put(
    target: &Path,
    set_aside: bool,
    write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
) -> Result<Option<PathBuf>, FileError> {
    disk::check_folder(target)?;
    let old = match fs::metadata(target) {
        Ok(old) if !old.is_file() => {
            let path = target.to_owned();
            return Err(FileError::NotAFile { path });
        }
        old => old.ok(),
    };
    let set_aside = set_aside && old.is_some();
    let ((), aside) = disk::replace(target, old.as_ref(), |mut new, path| {
        write(&mut new).map_err(FileError::at(Step::Write, path))?;
        Ok(((), set_aside))
    })?;
    Ok(aside)
}

impl std::fmt::Debug for Replacement {
    /// Writes the number of octets, which have values of cookies.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Replacement")
            .field("octets", &format_args!("<{} octets>", self.octets.len()))
            .field("set_aside", &self.set_aside)
            .finish()
    }
}
