//! Cookie files of other programs: what they say, and what a jar keeps of it (feature `json`).
//!
//! [`read`] tells a file's [`Format`] by its content and returns [`Contents`]: a [`Record`] for each cookie of
//! the file, as the file says it, with [notes](Note) about what was repaired or taken for granted.
//! [`read_file`] does so with a file, of which a browser's database is more than its octets. [`Contents::jar`] makes a
//! jar of the records, by all checks for a stored cookie. [`write()`] writes cookies of a jar in
//! another format, and says what that format has no place for.
//!
//! ```
//! use hardtack::{Policy, formats::{self, Format, WriteOptions}};
//! # let now = hardtack::Timestamp::from_secs(1_795_000_000);
//!
//! let file = b"# Netscape HTTP Cookie File\n\
//!     #HttpOnly_shop.example\tFALSE\t/\tTRUE\t0\tsid\t31d4\n\
//!     .shop.example\tTRUE\t/\tFALSE\t1800000000\ttheme\tdark\n";
//! let contents = formats::read(file, None)?;
//! assert_eq!(contents.format, Some(Format::Netscape));
//! assert_eq!(contents.records.len(), 2);
//!
//! let (jar, _) = contents.jar(Policy::default(), now);
//! let written = formats::write(Format::StorageState, jar.iter(now), &WriteOptions::default())?;
//! assert!(written.octets.starts_with(b"{"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Nothing is made weaker: no file gives a cookie to more hosts, paths, schemes or partitions than its source
//! does. What is not said is taken in the narrower way, and noted.

mod browser;
mod detect;
mod json;
pub(crate) mod record;
mod scope;
mod time;
mod written;

mod aiohttp;
mod cdp;
mod cookie_store;
mod extension;
mod guzzle;
mod har;
mod hardtack;
mod httpie;
mod lwp;
mod netscape;
pub(crate) mod recording;
mod storage_state;
mod tough_cookie;
mod webdriver;
#[cfg(feature = "sqlite")]
mod chromium;
#[cfg(feature = "sqlite")]
mod database;
#[cfg(feature = "sqlite")]
mod firefox;
#[cfg(feature = "sqlite")]
mod hardtack_sqlite;

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use crate::cookie::Cookie;
use crate::jar::CookieJar;
use crate::policy::Policy;
use crate::set_cookie::SameSite;
use crate::timestamp::Timestamp;

pub use self::detect::{Guess, ReadError};
pub use self::record::{NotKept, Note, Place, Record, RecordedCookie, Trouble};
pub use self::written::{Facet, Loss, Lost, NoFacet, WriteError, WriteOptions, Written};

/// A format of cookie files.
///
/// ```
/// use hardtack::formats::Format;
///
/// assert_eq!("netscape".parse(), Ok(Format::Netscape));
/// assert!(Format::Netscape.can_be_written());
/// assert!(!Format::Har.can_be_written());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// hardtack's own: JSON lines, a header line and then a cookie a line. It holds everything.
    Hardtack,
    /// hardtack's own in an SQLite database. It holds everything, and is written with the feature `sqlite`.
    HardtackSqlite,
    /// cookies.txt, of curl, wget, yt-dlp and many more.
    Netscape,
    /// The `Set-Cookie3` files of Python's and Perl's libraries.
    Lwp,
    /// The storage state of Playwright.
    StorageState,
    /// The cookies of the Chrome DevTools Protocol, and of Puppeteer.
    Cdp,
    /// The cookies of WebDriver, of Selenium and of WebDriver BiDi.
    WebDriver,
    /// The exports of browser extensions: chrome.cookies, EditThisCookie, Cookie-Editor.
    Extension,
    /// The stores of tough-cookie.
    ToughCookie,
    /// The files of `cookie_store` and `reqwest_cookie_store`.
    CookieStore,
    /// The session files of HTTPie and xh.
    Httpie,
    /// The cookie jar of aiohttp as JSON.
    Aiohttp,
    /// The session files of Guzzle.
    Guzzle,
    /// HAR 1.2 and logs of the Chrome DevTools Protocol: the jar at their end.
    Har,
    /// The `cookies.sqlite` of Firefox.
    Firefox,
    /// The `Cookies` database of Chromium.
    Chromium,
}

/// The text is not the name of a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("it is not the name of a format: `hardtack jar --help` lists them")]
pub struct NoFormat;

/// What the cookies of a format can say: what it does not hold is lost in writing, and told.
#[derive(Debug, Clone, Copy)]
struct Holds {
    http_only: bool,
    same_site: SameSites,
    partition: bool,
    /// The least part of a creation-time, in microseconds, or `None` where it has none.
    creation_time: Option<i64>,
    last_access_time: Option<i64>,
    /// The least part of an expiry-time, in microseconds.
    expiry_time: i64,
    nameless: bool,
    /// Tabs in names, values and paths.
    tabs: bool,
    /// Octets that are not UTF-8.
    any_octets: bool,
    tells_apart: TellsApart,
    /// Whether its programs read the octets of a cookie as they are written.
    fits: fn(&Cookie) -> bool,
}

/// What two cookies of one name, domain and path are told apart by, besides partitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TellsApart {
    HostOnly,
    Nothing,
    /// Paths that differ in their last slashes are one path, too.
    NothingNorLastSlash,
}

/// The words of a format for the same-site-flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SameSites {
    All,
    /// Default is written as Lax.
    NoDefault,
    No,
}

const MICROSECOND: i64 = 1;
const MILLISECOND: i64 = 1_000;
const SECOND: i64 = 1_000_000;

impl Format {
    /// All formats, in the order of the documentation.
    pub const ALL: [Self; 16] = [
        Self::Hardtack,
        Self::HardtackSqlite,
        Self::Netscape,
        Self::Lwp,
        Self::StorageState,
        Self::Cdp,
        Self::WebDriver,
        Self::Extension,
        Self::ToughCookie,
        Self::CookieStore,
        Self::Httpie,
        Self::Aiohttp,
        Self::Guzzle,
        Self::Har,
        Self::Firefox,
        Self::Chromium,
    ];

    /// Returns its name at the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hardtack => "hardtack",
            Self::HardtackSqlite => "hardtack-sqlite",
            Self::Netscape => "netscape",
            Self::Lwp => "lwp",
            Self::StorageState => "storage-state",
            Self::Cdp => "cdp",
            Self::WebDriver => "webdriver",
            Self::Extension => "extension",
            Self::ToughCookie => "tough-cookie",
            Self::CookieStore => "cookie-store",
            Self::Httpie => "httpie",
            Self::Aiohttp => "aiohttp",
            Self::Guzzle => "guzzle",
            Self::Har => "har",
            Self::Firefox => "firefox",
            Self::Chromium => "chromium",
        }
    }

    /// Returns true if [`write()`] can write it.
    pub const fn can_be_written(self) -> bool {
        self.holds().is_some()
    }

    /// What it can hold, or `None` if it is only read.
    const fn holds(self) -> Option<Holds> {
        Some(match self {
            Self::Hardtack => Holds {
                fits: hardtack::fits,
                ..Holds::EVERYTHING
            },
            #[cfg(feature = "sqlite")]
            Self::HardtackSqlite => Holds::EVERYTHING,
            #[cfg(not(feature = "sqlite"))]
            Self::HardtackSqlite => return None,
            Self::Netscape => Holds {
                http_only: true,
                same_site: SameSites::No,
                expiry_time: SECOND,
                any_octets: true,
                fits: netscape::fits,
                ..Holds::LITTLE
            },
            Self::Lwp => Holds {
                http_only: true,
                expiry_time: SECOND,
                nameless: true,
                tabs: true,
                fits: lwp::fits,
                ..Holds::LITTLE
            },
            Self::StorageState => Holds {
                http_only: true,
                same_site: SameSites::NoDefault,
                partition: true,
                nameless: true,
                fits: browser::fits_chromium,
                ..Holds::LITTLE
            },
            Self::Cdp => Holds {
                http_only: true,
                partition: true,
                nameless: true,
                fits: browser::fits_chromium,
                ..Holds::LITTLE
            },
            Self::Extension => Holds {
                http_only: true,
                partition: true,
                nameless: true,
                tabs: true,
                fits: browser::has_path_of_url,
                ..Holds::LITTLE
            },
            Self::ToughCookie => Holds {
                http_only: true,
                creation_time: Some(MILLISECOND),
                last_access_time: Some(MILLISECOND),
                expiry_time: MILLISECOND,
                nameless: true,
                tabs: true,
                tells_apart: TellsApart::Nothing,
                ..Holds::LITTLE
            },
            Self::CookieStore => Holds {
                http_only: true,
                expiry_time: SECOND,
                tabs: true,
                tells_apart: TellsApart::Nothing,
                fits: cookie_store::fits,
                ..Holds::LITTLE
            },
            Self::Httpie => Holds {
                same_site: SameSites::No,
                expiry_time: SECOND,
                tabs: true,
                ..Holds::LITTLE
            },
            Self::Aiohttp => Holds {
                http_only: true,
                tells_apart: TellsApart::NothingNorLastSlash,
                ..Holds::LITTLE
            },
            Self::WebDriver | Self::Guzzle | Self::Har | Self::Firefox | Self::Chromium => {
                return None;
            }
        })
    }

    /// Writes cookies that it can hold, or `None` if it is only read.
    const fn encoder(self) -> Option<Encoder> {
        Some(match self {
            Self::Hardtack => Encoder::Octets(hardtack::write),
            #[cfg(feature = "sqlite")]
            Self::HardtackSqlite => Encoder::Database(hardtack_sqlite::write),
            #[cfg(not(feature = "sqlite"))]
            Self::HardtackSqlite => return None,
            Self::Netscape => Encoder::Octets(netscape::write),
            Self::Lwp => Encoder::Octets(lwp::write),
            Self::StorageState => Encoder::Octets(storage_state::write),
            Self::Cdp => Encoder::Octets(cdp::write),
            Self::Extension => Encoder::Octets(extension::write),
            Self::ToughCookie => Encoder::Octets(tough_cookie::write),
            Self::CookieStore => Encoder::Octets(cookie_store::write),
            Self::Httpie => Encoder::Octets(httpie::write),
            Self::Aiohttp => Encoder::Octets(aiohttp::write),
            Self::WebDriver | Self::Guzzle | Self::Har | Self::Firefox | Self::Chromium => {
                return None;
            }
        })
    }
}

impl Holds {
    /// All that a cookie has.
    const EVERYTHING: Self = Self {
        http_only: true,
        same_site: SameSites::All,
        partition: true,
        creation_time: Some(MICROSECOND),
        last_access_time: Some(MICROSECOND),
        expiry_time: MICROSECOND,
        nameless: true,
        tabs: true,
        any_octets: true,
        tells_apart: TellsApart::HostOnly,
        fits: |_| true,
    };

    /// The name, the value, the domain, the path, host-only, Secure, SameSite and an exact expiry-time, of octets
    /// that are UTF-8.
    const LITTLE: Self = Self {
        http_only: false,
        same_site: SameSites::All,
        partition: false,
        creation_time: None,
        last_access_time: None,
        expiry_time: MICROSECOND,
        nameless: false,
        tabs: false,
        any_octets: false,
        tells_apart: TellsApart::HostOnly,
        fits: |_| true,
    };
}

/// Writes a file of cookies that its format can hold.
#[derive(Clone, Copy)]
enum Encoder {
    Octets(fn(&[&Cookie], &WriteOptions<'_>) -> Vec<u8>),
    #[cfg(feature = "sqlite")]
    Database(fn(&[&Cookie]) -> Result<Vec<u8>, WriteError>),
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = NoFormat;

    fn from_str(text: &str) -> Result<Self, NoFormat> {
        let mut formats = Self::ALL.into_iter();
        formats.find(|format| format.name() == text).ok_or(NoFormat)
    }
}

/// What a file says.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Contents {
    /// The format, or `None` of an empty file.
    pub format: Option<Format>,
    /// A record each, in the order of the file.
    pub records: Vec<Record>,
    /// What was taken for granted of the file as a whole.
    pub notes: Vec<Note>,
}

impl Contents {
    fn of(format: Format, records: Vec<Record>) -> Self {
        Self {
            format: Some(format),
            records,
            notes: Vec::new(),
        }
    }

    /// Makes a jar of the records that it keeps, and returns for each record the reason why it is not kept, if so.
    ///
    /// What the file does not say is taken in the narrower way: host-only. SameSite=None without Secure is kept
    /// as Default. Cookies have the creation-time `now` where the file has none, in the order of the file.
    pub fn jar(
        &self,
        policy: Policy,
        now: impl Into<Timestamp>,
    ) -> (CookieJar, Vec<Option<NotKept>>) {
        let now = now.into();
        let mut jar = CookieJar::new(policy);
        let mut verdicts = vec![None; self.records.len()];
        let count = self.records.len();
        let mut cookies = Vec::with_capacity(count);
        for (index, record) in self.records.iter().enumerate() {
            // Of two of an identity the later one stays.
            let order = if record.gives_way {
                index
            } else {
                count + index
            };
            match record.builder() {
                Ok(cookie) => cookies.push(cookie.order(order as u64)),
                Err(trouble) => verdicts[index] = Some(NotKept::Trouble(trouble)),
            }
        }
        for (cookie, reason) in jar.restore(cookies, now) {
            let order = usize::try_from(cookie.order).ok();
            if let Some(verdict) = order.and_then(|order| verdicts.get_mut(order % count)) {
                *verdict = Some(NotKept::NotRestored(reason));
            }
        }
        (jar, verdicts)
    }

    /// Notes what a jar keeps otherwise than the file says it, whatever the format is.
    fn note_what_a_jar_changes(&mut self) {
        for record in &mut self.records {
            let cookie = record.cookie.as_ref();
            if cookie.is_some_and(|cookie| {
                cookie.same_site == Some(SameSite::None) && cookie.secure == Some(false)
            }) {
                record.notes.push(Note::new(
                    "same-site-none-insecure",
                    "SameSite=None without Secure, which no jar takes: kept as if it had no SameSite",
                ));
            }
        }
    }
}

/// Reads a file's octets. Without a format the content tells it.
///
/// # Errors
///
/// [`ReadError`] if it is none of the formats, not the given one, or damaged as a whole. A record that cannot be
/// read is no error: it is a [`Record`] with its place and a note.
pub fn read(octets: &[u8], format: Option<Format>) -> Result<Contents, ReadError> {
    detect::read(octets, format)
}

/// Reads a file, which may be a pipe. Without a format the content tells it.
///
/// Of a browser's database (feature `sqlite`) the file and the `-wal` or `-journal` beside it are copied to a
/// private temporary folder and read there, also while the browser runs. Nothing is written to the files, and
/// nothing is created beside them. Where a file changed each time that it was copied, a note says so.
///
/// A program that has the database open by SQLite itself should close it first: closing a file drops the locks
/// that the process has on it, on most systems.
///
/// ```
/// use hardtack::formats::{self, ReadError};
///
/// let error = formats::read_file("no/such/cookies.sqlite", None).unwrap_err();
/// assert_eq!(error, ReadError::NotFound);
/// ```
///
/// # Errors
///
/// [`ReadError`] as of [`read`], or if the file is not there, is a directory, or cannot be read.
pub fn read_file(path: impl AsRef<Path>, format: Option<Format>) -> Result<Contents, ReadError> {
    detect::read_file(path.as_ref(), format)
}

/// Writes cookies in a format, and says what was lost.
///
/// # Errors
///
/// [`WriteError`] if the format is only read, or if a database cannot be made.
pub fn write<'c>(
    format: Format,
    cookies: impl IntoIterator<Item = &'c Cookie>,
    options: &WriteOptions<'_>,
) -> Result<Written, WriteError> {
    written::write(format, cookies, options)
}

// The page has all formats.
#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use super::*;

    /// The row of docs/formats.md of what a format has no place for.
    fn row(format: Format, holds: &Holds) -> String {
        let same_site = match holds.same_site {
            SameSites::All => "yes",
            SameSites::NoDefault => "Default is written as Lax",
            SameSites::No => "no",
        };
        let yes_or_no = |is_held| if is_held { "yes" } else { "no" };
        let least = |least| match least {
            None => "no",
            Some(SECOND) => "in seconds",
            Some(MILLISECOND) => "in milliseconds",
            Some(_) => "yes",
        };
        let octets = match (holds.any_octets, holds.tabs) {
            (true, true) => "any",
            (true, false) => "any but tabs",
            (false, true) => "UTF-8",
            (false, false) => "UTF-8 without tabs",
        };
        format!(
            "| `{format}` | {} | {same_site} | {} | {} | {} | {} | {octets} |\n",
            yes_or_no(holds.http_only),
            yes_or_no(holds.partition),
            least(Some(holds.expiry_time)),
            least(holds.creation_time),
            yes_or_no(holds.nameless),
        )
    }

    #[test]
    fn the_page_says_what_each_format_holds() {
        let rows: String = Format::ALL
            .into_iter()
            .filter_map(|format| Some(row(format, &format.holds()?)))
            .collect();
        let page = include_str!("../docs/formats.md");
        assert!(
            page.contains(&format!("| --- |\n{rows}\n")),
            "docs/formats.md needs\n{rows}"
        );
    }
}
