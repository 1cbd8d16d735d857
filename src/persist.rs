//! A jar in a file, behind the feature `json`, or in a database, behind the feature `sqlite`.
//!
//! [`JarFile`] is a [`SharedJar`](crate::SharedJar) that is read from a file and saved to it, also where other
//! processes do so at the same time:
//!
//! ```
//! use hardtack::persist::JarFile;
//! # let folder = std::env::temp_dir().join(format!("hardtack-doc-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! # let path = folder.join("session.jsonl");
//!
//! let file = JarFile::open(&path)?; // there need be no such file yet
//! let url = url::Url::parse("https://shop.example/")?;
//! file.jar().receive("sid=31d4; Secure", &url)?; // or hand `file.jar()` to an HTTP client
//! file.save()?;
//!
//! let again = JarFile::open(&path)?;
//! assert_eq!(again.jar().cookie_string(&url).unwrap(), b"sid=31d4");
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `JarDatabase`, with the feature `sqlite`, is one that is written as it changes, and survives the end of the process
//! at any instant.
//!
//! The format of the file is JSON lines: a header, `{"format":"hardtack","version":1}`, then a cookie a line. [`Reader`] and
//! [`Writer`] have it for streams of any kind, and [`read_jar`] and [`write_jar`] for a [`CookieJar`](crate::CookieJar).

mod file;
mod lines;
#[cfg(feature = "sqlite")]
mod database;

#[cfg(feature = "sqlite")]
pub(crate) use database::{APPLICATION_ID, VERSION as DATABASE_VERSION};
pub(crate) use lines::is_written as fits_a_line;

#[cfg(feature = "sqlite")]
#[cfg_attr(docsrs, doc(cfg(feature = "sqlite")))]
pub use database::{
    DatabaseError, DatabaseReport, JarDatabase, JarDatabaseBuilder, Notice, RowDamage, Seal, Status,
};
pub use file::{
    FileError, JarFile, JarFileBuilder, Replacement, Saved, Step, replace, replace_with, update,
};
pub use lines::{
    Damage, Line, NotKept, ReadError, Reader, Report, WriteError, Writer, read_jar, write_jar,
};
