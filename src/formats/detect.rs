//! Which format a file is, by its content.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use serde_json::{Map, Value};

#[cfg(feature = "sqlite")]
use crate::formats::database;
use crate::formats::{
    Contents, Format, aiohttp, cdp, cookie_store, extension, guzzle, har, hardtack, httpie, json,
    lwp, netscape, storage_state, tough_cookie, webdriver,
};

/// Why a file as a whole cannot be read. It never contains a value of a cookie.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// It is none of the formats.
    #[error("it is not a cookie file that can be read: it looks like {0}")]
    NoFormat(Guess),
    /// It is not of the format that it was said to be.
    #[error(
        "it is not a file of the format `{0}`: leave the format out, so that the content tells it"
    )]
    Other(Format),
    /// It is JSON that ends early.
    #[error(
        "the JSON ends early, at line {line}, column {column}: the file was cut off, so save or copy it again"
    )]
    Truncated {
        /// The line of the end, from 1.
        line: usize,
        /// The column of the end, from 1.
        column: usize,
    },
    /// It begins as JSON and is none.
    #[error("it is not JSON at line {line}, column {column}: {what}")]
    NotJson {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong there.
        what: String,
    },
    /// It is damaged as a whole, in a format that is not JSON, or of a version that cannot be read.
    #[error("{0}")]
    Damaged(String),
    /// There is no such file.
    #[error("there is no such file: check its path")]
    NotFound,
    /// It is a directory.
    #[error("it is a directory: name the file in it, such as `cookies.sqlite` or `Cookies`")]
    Directory,
    /// The user has no permission to read it, or one of the logs beside a database.
    #[error("it may not be read by this user: change its permissions, or run as its owner")]
    Denied,
    /// The system cannot read it.
    #[error("it cannot be read ({0}): close the program that holds it, and try again")]
    Io(io::ErrorKind),
    /// A database cannot be copied to the folder for temporary files.
    #[error(
        "its private copy cannot be made in the folder for temporary files ({0}): make space there, or set `TMPDIR` to another one"
    )]
    NotCopied(io::ErrorKind),
}

/// What a file looks like that is none of the formats. `Display` says what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Guess {
    /// A web page.
    Html,
    /// Zeros.
    Zeros,
    /// Text in UTF-16.
    Utf16,
    /// A gzip file.
    Gzip,
    /// A zip file.
    Zip,
    /// An SQLite database, where the feature `sqlite` is off, or without the tables of a browser's cookies.
    Database,
    /// Safari's `Cookies.binarycookies`.
    BinaryCookies,
    /// YAML, as Ruby's http-cookie writes.
    Yaml,
    /// The cookie file of w3m.
    W3m,
    /// Set-Cookie lines, or the header of a response.
    SetCookieLines,
    /// A Cookie field, or `document.cookie`.
    CookieString,
    /// JSON that no format has the shape of.
    OtherJson,
    /// Text.
    Text,
    /// Octets.
    Binary,
}

impl ReadError {
    pub(super) fn json(error: &serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        if error.is_eof() {
            return Self::Truncated { line, column };
        }
        // The message ends with the place, which is told before it. It has tokens of JSON, and no text of a string.
        let what = error.to_string();
        let what = what.split(" at line ").next().unwrap_or_default();
        Self::NotJson {
            line,
            column,
            what: what.to_owned(),
        }
    }
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound,
            io::ErrorKind::IsADirectory => Self::Directory,
            io::ErrorKind::PermissionDenied => Self::Denied,
            // Only a copy is written.
            io::ErrorKind::StorageFull => Self::NotCopied(io::ErrorKind::StorageFull),
            kind => Self::Io(kind),
        }
    }
}

impl fmt::Display for Guess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Html => "a web page (HTML): log in again and export the cookies, instead of saving the page",
            Self::Zeros => "zeros only, as after a crash or on a full disk: export it again",
            Self::Utf16 => "text in UTF-16, as a Windows shell writes: save it as UTF-8",
            Self::Gzip => "a gzip file: unpack it with `gunzip` first",
            Self::Zip => "a zip file: unpack it first",
            #[cfg(feature = "sqlite")]
            Self::Database => {
                "an SQLite database that has no cookies of Firefox or Chromium: give the file `cookies.sqlite` or `Cookies` of the profile"
            }
            #[cfg(not(feature = "sqlite"))]
            Self::Database => "an SQLite database: build hardtack with the feature `sqlite` to read it",
            Self::BinaryCookies => "Safari's binary cookies: export them as JSON or cookies.txt",
            Self::Yaml => "YAML, as Ruby's http-cookie writes: save it with `format: :cookiestxt`",
            Self::W3m => "the cookie file of w3m: export cookies.txt with another program",
            Self::SetCookieLines => {
                "Set-Cookie lines, which name no host: give them to `hardtack jar receive` with a URL"
            }
            Self::CookieString => {
                "a Cookie field, which names no host: export the cookies of the browser instead"
            }
            Self::OtherJson => "JSON of another shape: `hardtack jar --help` lists the formats",
            Self::Text => "text of another shape: `hardtack jar --help` lists the formats",
            Self::Binary => "octets of another kind: `hardtack jar --help` lists the formats",
        })
    }
}

/// Reads a file of JSON once it is a document: whether it has the shape of a format, and its records.
struct Document {
    format: Format,
    matches: fn(&Value) -> bool,
    read: fn(&Value) -> Contents,
}

/// A format of lines, of text or of one JSON object each.
struct Lines {
    format: Format,
    is_json: bool,
    /// Tells it from all others by its content.
    matches: fn(&[u8]) -> bool,
    read: fn(&[u8]) -> Result<Contents, ReadError>,
}

/// The formats of lines, in the order in which they are asked.
const LINES: [Lines; 5] = [
    Lines {
        format: Format::Hardtack,
        is_json: true,
        matches: hardtack::matches,
        read: hardtack::read,
    },
    Lines {
        format: Format::CookieStore,
        is_json: true,
        matches: cookie_store::lines_match,
        read: |octets| Ok(cookie_store::read_lines(octets)),
    },
    Lines {
        format: Format::Har,
        is_json: true,
        matches: har::matches,
        read: har::read,
    },
    Lines {
        format: Format::Lwp,
        is_json: false,
        matches: lwp::matches,
        read: |octets| Ok(lwp::read(octets)),
    },
    Lines {
        format: Format::Netscape,
        is_json: false,
        matches: netscape::matches,
        read: |octets| Ok(netscape::read(octets)),
    },
];

/// The formats of one JSON document, in the order in which they are asked: the most particular shape first.
const DOCUMENTS: [Document; 9] = [
    Document {
        format: Format::Aiohttp,
        matches: aiohttp::matches,
        read: aiohttp::read,
    },
    Document {
        format: Format::CookieStore,
        matches: cookie_store::matches,
        read: cookie_store::read,
    },
    Document {
        format: Format::Guzzle,
        matches: guzzle::matches,
        read: guzzle::read,
    },
    Document {
        format: Format::Httpie,
        matches: httpie::matches,
        read: httpie::read,
    },
    Document {
        format: Format::ToughCookie,
        matches: tough_cookie::matches,
        read: tough_cookie::read,
    },
    Document {
        format: Format::StorageState,
        matches: storage_state::matches,
        read: storage_state::read,
    },
    Document {
        format: Format::Extension,
        matches: extension::matches,
        read: extension::read,
    },
    Document {
        format: Format::WebDriver,
        matches: webdriver::matches,
        read: webdriver::read,
    },
    Document {
        format: Format::Cdp,
        matches: cdp::matches,
        read: cdp::read,
    },
];

/// Reads a file, which may be a pipe. Only a database is more than its octets: it has logs beside it.
pub(super) fn read_file(path: &Path, format: Option<Format>) -> Result<Contents, ReadError> {
    let metadata = fs::metadata(path)?;
    if metadata.is_dir() {
        return Err(ReadError::Directory);
    }
    let mut file = File::open(path)?;
    let mut octets = Vec::new();
    #[cfg(feature = "sqlite")]
    {
        let start = database::MAGIC.len() as u64;
        io::Read::take(&mut file, start).read_to_end(&mut octets)?;
        if octets == database::MAGIC && metadata.is_file() {
            drop(file);
            return database::read_file(path, format).map(noted);
        }
    }
    file.read_to_end(&mut octets)?;
    read(&octets, format)
}

pub(super) fn read(octets: &[u8], format: Option<Format>) -> Result<Contents, ReadError> {
    if octets.trim_ascii().is_empty() {
        return Ok(Contents::default());
    }
    #[cfg(feature = "sqlite")]
    if octets.starts_with(database::MAGIC) {
        return database::read(octets, format).map(noted);
    }
    if let Some(guess) = other_than_text(octets) {
        return Err(ReadError::NoFormat(guess));
    }
    let octets = octets.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(octets);
    let contents = match format {
        Some(format) => read_as(octets, format),
        None => detected(octets),
    };
    contents.map(noted)
}

fn noted(mut contents: Contents) -> Contents {
    contents.note_what_a_jar_changes();
    contents
}

fn read_as(octets: &[u8], format: Format) -> Result<Contents, ReadError> {
    let is_json = starts_as_json(octets);
    let lines = LINES.iter().find(|lines| lines.format == format);
    if let Some(lines) = lines.filter(|lines| lines.is_json == is_json) {
        // A cookies.txt of which no line can be read is still one, if a user says so.
        if format == Format::Netscape || (lines.matches)(octets) {
            return (lines.read)(octets);
        }
    }
    let shape = DOCUMENTS.iter().find(|shape| shape.format == format);
    let shape = shape.ok_or(ReadError::Other(format))?;
    let document = json::parse(octets)?;
    // An empty list has nothing that tells of which format it is.
    let is_empty_list = document.as_array().is_some_and(Vec::is_empty)
        || document.as_object().is_some_and(Map::is_empty);
    if is_empty_list {
        return Ok(Contents::of(format, Vec::new()));
    }
    if (shape.matches)(&document) {
        Ok((shape.read)(&document))
    } else {
        Err(ReadError::Other(format))
    }
}

fn detected(octets: &[u8]) -> Result<Contents, ReadError> {
    let is_json = starts_as_json(octets);
    let mut lines = LINES.iter().filter(|lines| lines.is_json == is_json);
    if let Some(lines) = lines.find(|lines| (lines.matches)(octets)) {
        return (lines.read)(octets);
    }
    if !is_json {
        return Err(ReadError::NoFormat(other_text(octets)));
    }
    let document = json::parse(octets)?;
    let shape = DOCUMENTS.iter().find(|shape| (shape.matches)(&document));
    shape
        .map(|shape| (shape.read)(&document))
        .ok_or(ReadError::NoFormat(Guess::OtherJson))
}

fn starts_as_json(octets: &[u8]) -> bool {
    matches!(octets.trim_ascii_start().first(), Some(b'{' | b'['))
}

/// Tells what is no text in UTF-8 or a superset of ASCII, by its first octets.
fn other_than_text(octets: &[u8]) -> Option<Guess> {
    if octets.iter().all(|octet| *octet == 0) {
        return Some(Guess::Zeros);
    }
    let has_every_other_zero = || {
        let start = octets.get(..4)?;
        let zeros = start.iter().map(|octet| *octet == 0);
        let zeros: Vec<bool> = zeros.collect();
        (zeros == [false, true, false, true] || zeros == [true, false, true, false]).then_some(())
    };
    let starts: [(&[u8], Guess); 7] = [
        (b"\xFF\xFE", Guess::Utf16),
        (b"\xFE\xFF", Guess::Utf16),
        (b"\x1F\x8B", Guess::Gzip),
        (b"PK\x03\x04", Guess::Zip),
        (b"SQLite format 3\0", Guess::Database),
        (b"cook\0", Guess::BinaryCookies),
        (b"\x7FELF", Guess::Binary),
    ];
    let mut starts = starts.into_iter();
    let found = starts.find(|(start, _)| octets.starts_with(start));
    found
        .map(|(_, guess)| guess)
        .or_else(|| has_every_other_zero().map(|()| Guess::Utf16))
}

/// Tells what a text is that is no cookie file.
fn other_text(octets: &[u8]) -> Guess {
    let text = octets.trim_ascii_start();
    let first = text
        .split(|octet| *octet == b'\n')
        .next()
        .unwrap_or_default();
    let begins = |start: &[u8]| {
        let head = text.get(..start.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(start))
    };
    if octets.iter().copied().any(is_of_no_text) {
        Guess::Binary
    } else if text.first() == Some(&b'<') {
        Guess::Html
    } else if begins(b"---") || begins(b"%YAML") {
        Guess::Yaml
    } else if begins(b"set-cookie:") || begins(b"HTTP/") {
        Guess::SetCookieLines
    } else if begins(b"http://") || begins(b"https://") {
        Guess::W3m
    } else if first.contains(&b'=') && !first.contains(&b'\t') {
        Guess::CookieString
    } else {
        Guess::Text
    }
}

/// Returns true for a control octet that moves no text and colours none.
fn is_of_no_text(octet: u8) -> bool {
    octet.is_ascii_control() && !matches!(octet, 0x08..=0x0D | 0x1B)
}
