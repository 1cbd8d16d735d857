//! The format "hardtack": JSON lines, a header and then a cookie a line.

use std::fmt;
use std::io::{self, BufRead, Read as _, Write};

use serde::{Deserialize, Serialize};

use crate::cookie::{Cookie, CookieBuilder};
use crate::data::{Entry, FieldError, Raw, Record, Removal, Text, Written};
use crate::jar::{CookieJar, NotRestored};
use crate::policy::Policy;
use crate::timestamp::Timestamp;

/// The version of the format that is read and written.
const VERSION: u64 = 1;

/// The most octets of a line, without its end. Every cookie that is written fits, as [`fits`] holds.
const LINE_LIMIT: usize = 4 << 20;

/// The most octets of a cookie's domain, path and partition together. Name and value are bounded by 5.7 step 4. As
/// JSON an octet takes at most two, or four for three.
const FIELDS_LIMIT: usize = 1 << 20;

/// Reads the format, line by line, and needs memory for one line.
///
/// A line that cannot be read is told with what is wrong, and the next one is read all the same. Blank lines are
/// passed over, and so are those that tell of a removal. Nothing of a cookie is checked here but that it can be read.
///
/// ```
/// use hardtack::persist::Reader;
///
/// let text = r#"{"format":"hardtack","version":1}
/// {"name":"sid","value":"31d4","domain":"shop.example","secure":true}
/// {"name":"theme","value":"da
/// "#;
/// for line in Reader::new(text.as_bytes())? {
///     let line = line?;
///     match line.cookie {
///         Ok(cookie) => println!("line {}: {cookie:?}", line.number),
///         Err(damage) => println!("line {}: {damage}", line.number),
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Reader<R> {
    input: R,
    /// The number of the line that was read last.
    number: u64,
    line: Vec<u8>,
}

/// A line of the format after the header.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Line {
    /// Its number. The header is line 1.
    pub number: u64,
    /// The cookie as it stands there, or what is wrong. Its [order](CookieBuilder::order) is that of the lines.
    pub cookie: Result<CookieBuilder, Damage>,
}

/// Why a line cannot be read. Nothing of what stands in it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// It has more octets than a line may have.
    #[error("the line is longer than {LINE_LIMIT} octets")]
    TooLong,
    /// It is no JSON.
    #[error("the line is not JSON, at column {column}")]
    NotJson {
        /// The column, in octets, where that shows.
        column: usize,
    },
    /// It is JSON, but no object, or one whose field is of another type, or there twice.
    #[error("the line is not a cookie, at column {column}")]
    NotACookie {
        /// The column, in octets, where that shows.
        column: usize,
    },
    /// A field cannot be read.
    #[error(transparent)]
    Field(#[from] FieldError),
}

/// Why a text cannot be read at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Reading fails.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It does not begin with the header.
    #[error(
        "it is not in hardtack's format: its first line is not `{{\"format\":\"hardtack\",\"version\":1}}`"
    )]
    NotHardtack,
    /// It was written by a newer version.
    #[error(
        "it has version {version} of the format, and this reads version {VERSION}: update hardtack"
    )]
    Newer {
        /// The version.
        version: u64,
    },
}

#[derive(Serialize, Deserialize)]
struct Header<'a> {
    #[serde(borrow)]
    format: Text<'a>,
    version: u64,
}

impl<R: BufRead> Reader<R> {
    /// Reads the header. A text without any octet has no cookies, and is no error.
    ///
    /// # Errors
    ///
    /// [`ReadError`], if the text does not begin with a header of this or an earlier version.
    pub fn new(input: R) -> Result<Self, ReadError> {
        let mut reader = Self {
            input,
            number: 0,
            line: Vec::new(),
        };
        let Some(is_whole) = reader.next_line()? else {
            return Ok(reader);
        };
        let header: Result<Header<'_>, _> = serde_json::from_slice(&reader.line);
        match header {
            Ok(Header { format, version }) if is_whole && format.is("hardtack") => match version {
                VERSION => Ok(reader),
                0 => Err(ReadError::NotHardtack),
                _ => Err(ReadError::Newer { version }),
            },
            _ => Err(ReadError::NotHardtack),
        }
    }

    /// Reads a line, without its end; `None` at the end of the input, and false for a line that is too long.
    fn next_line(&mut self) -> io::Result<Option<bool>> {
        self.line.clear();
        let limit = LINE_LIMIT as u64 + 1;
        let mut limited = self.input.by_ref().take(limit);
        if limited.read_until(b'\n', &mut self.line)? == 0 {
            return Ok(None);
        }
        self.number += 1;
        if self.line.ends_with(b"\n") {
            self.line.pop();
        } else if self.line.len() > LINE_LIMIT {
            self.line = Vec::new();
            self.input.skip_until(b'\n')?;
            return Ok(Some(false));
        }
        Ok(Some(true))
    }

    /// Reads the next line that is not blank: its number, what stands in it, and what that means.
    pub(super) fn next_entry(&mut self) -> io::Result<Option<RawLine<'_>>> {
        loop {
            match self.next_line()? {
                None => return Ok(None),
                Some(true) if self.line.trim_ascii().is_empty() => {}
                Some(is_whole) => {
                    let entry = if is_whole {
                        entry(&self.line)
                    } else {
                        Err(Damage::TooLong)
                    };
                    return Ok(Some(RawLine {
                        number: self.number,
                        octets: &self.line,
                        entry,
                    }));
                }
            }
        }
    }
}

/// A line that was read without a copy.
pub(super) struct RawLine<'a> {
    pub(super) number: u64,
    pub(super) octets: &'a [u8],
    pub(super) entry: Result<Entry<'a>, Damage>,
}

fn entry(line: &[u8]) -> Result<Entry<'_>, Damage> {
    // Once for the line, and not for each text in it.
    let text = std::str::from_utf8(line).map_err(|error| Damage::NotJson {
        column: error.valid_up_to() + 1,
    })?;
    let raw: Result<Raw<'_>, _> = serde_json::from_str(text);
    // Its message may show what it stumbled over.
    let raw = raw.map_err(|error| {
        let column = error.column();
        if error.is_data() {
            Damage::NotACookie { column }
        } else {
            Damage::NotJson { column }
        }
    })?;
    // serde takes the fields in a list too.
    if !line.trim_ascii_start().starts_with(b"{") {
        return Err(Damage::NotACookie { column: 1 });
    }
    Ok(Entry::try_from(raw)?)
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = io::Result<Line>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let RawLine { number, entry, .. } = match self.next_entry().transpose()? {
                Ok(line) => line,
                Err(error) => return Some(Err(error)),
            };
            let cookie = match entry {
                Ok(Entry::Removal(..)) => continue,
                Ok(Entry::Cookie(record)) => Ok(CookieBuilder {
                    order: number,
                    ..record.to_builder()
                }),
                Err(damage) => Err(damage),
            };
            return Some(Ok(Line { number, cookie }));
        }
    }
}

impl<R> fmt::Debug for Reader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

/// Writes the format, line by line.
///
/// Cookies of equal creation-times are in the order in which they are written. Each line is written by one call,
/// so that a [`BufWriter`](io::BufWriter) is of use.
///
/// ```
/// use hardtack::Cookie;
/// use hardtack::persist::Writer;
///
/// let mut writer = Writer::new(Vec::new())?;
/// writer.write_data(&Cookie::builder("sid", "31d4", "shop.example").secure_only(true))?;
/// let text = writer.finish()?;
/// assert_eq!(
///     String::from_utf8(text)?,
///     "{\"format\":\"hardtack\",\"version\":1}\n\
///      {\"name\":\"sid\",\"value\":\"31d4\",\"domain\":\"shop.example\",\"secure\":true}\n",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Writer<W> {
    output: W,
    line: Vec<u8>,
}

/// Why a cookie is not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// Writing fails.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is too long for a line, and nothing is written of it.
    #[error("its domain, path and partition have more than {FIELDS_LIMIT} octets")]
    TooLong,
}

impl<W: Write> Writer<W> {
    /// Writes the header.
    ///
    /// # Errors
    ///
    /// What writing fails by.
    pub fn new(output: W) -> io::Result<Self> {
        let mut writer = Self {
            output,
            line: Vec::new(),
        };
        let format = Text::from("hardtack");
        let version = VERSION;
        writer.write_json(&Header { format, version })?;
        Ok(writer)
    }

    /// Writes a cookie of a jar.
    ///
    /// # Errors
    ///
    /// [`WriteError`], if writing fails, or if the cookie is too long for a line.
    pub fn write(&mut self, cookie: &Cookie) -> Result<(), WriteError> {
        self.write_record(&Written::of(cookie))
    }

    /// Writes a cookie as data.
    ///
    /// # Errors
    ///
    /// As of [`Writer::write`].
    pub fn write_data(&mut self, cookie: &CookieBuilder) -> Result<(), WriteError> {
        self.write_record(&Written {
            host: &cookie.host,
            fields: cookie.fields.borrowed(),
            order: 0,
            changed: None,
        })
    }

    pub(super) fn write_record(&mut self, record: &Written<'_>) -> Result<(), WriteError> {
        let partition = record.fields.partition.as_deref();
        let partition = partition.map_or(0, |key| key.top_level_site().host().len());
        if !fits(record.host.len() + record.fields.path.len() + partition) {
            return Err(WriteError::TooLong);
        }
        Ok(self.write_json(record)?)
    }

    /// Writes that a cookie was removed, if one of its identity fits into a line.
    pub(super) fn write_removal(&mut self, removal: &Removal<'_>) -> io::Result<()> {
        if is_written(removal.cookie) {
            self.write_json(removal)?;
        }
        Ok(())
    }

    fn write_json(&mut self, value: &impl Serialize) -> io::Result<()> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, value)?;
        self.line.push(b'\n');
        self.output.write_all(&self.line)
    }

    /// Writes a line as it was read.
    pub(super) fn copy(&mut self, line: &[u8]) -> io::Result<()> {
        self.output.write_all(line)?;
        self.output.write_all(b"\n")
    }

    /// Flushes what is written, and returns where.
    ///
    /// # Errors
    ///
    /// What flushing fails by.
    pub fn finish(mut self) -> io::Result<W> {
        self.output.flush()?;
        Ok(self.output)
    }
}

/// Returns true if a line has room for a domain, a path and a partition of so many octets.
fn fits(octets: usize) -> bool {
    octets <= FIELDS_LIMIT
}

/// Returns true if a cookie fits into a line.
pub(crate) fn is_written(cookie: &Cookie) -> bool {
    let partition = cookie.partition();
    let partition = partition.map_or(0, |key| key.top_level_site().host().len());
    fits(cookie.domain().len() + cookie.path().len() + partition)
}

impl<W> fmt::Debug for Writer<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}

/// What was read, and what was not taken in. `Display` writes a line for each, without values.
///
/// ```
/// use hardtack::Policy;
/// use hardtack::persist::read_jar;
///
/// let text = "{\"format\":\"hardtack\",\"version\":1}\n{\"name\":\"sid\"}\n";
/// let (jar, report) = read_jar(text.as_bytes(), Policy::default(), std::time::SystemTime::now())?;
/// assert_eq!(report.to_string(), "0 cookies\nline 2: `domain` is missing");
/// assert!(jar.is_empty());
/// # Ok::<(), hardtack::persist::ReadError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// How many cookies were taken in.
    pub cookies: usize,
    /// The lines that are damaged, by their numbers.
    pub damaged: Vec<(u64, Damage)>,
    /// The cookies that the jar does not keep, and why.
    pub not_kept: Vec<NotKept>,
}

/// A cookie of a line that the jar does not keep.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotKept {
    /// The number of the line.
    pub line: u64,
    /// Why.
    pub reason: NotRestored,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.cookies == 1 { "" } else { "s" };
        write!(f, "{} cookie{plural}", self.cookies)?;
        for (line, damage) in &self.damaged {
            write!(f, "\nline {line}: {damage}")?;
        }
        for NotKept { line, reason } in &self.not_kept {
            write!(f, "\nline {line}: {reason}")?;
        }
        Ok(())
    }
}

/// Reads a jar, and tells what could not be read or is not kept. Memory beyond the jar is that for one line, and
/// eight octets a cookie.
///
/// ```
/// use hardtack::persist::{read_jar, write_jar};
/// use hardtack::{CookieJar, Policy};
/// # let now = std::time::SystemTime::UNIX_EPOCH;
///
/// let url = url::Url::parse("https://shop.example/")?;
/// let mut jar = CookieJar::default();
/// jar.receive("sid=31d4; Secure", &url, now)?;
/// let text = write_jar(&jar, Vec::new(), now)?;
///
/// let (again, report) = read_jar(&text[..], Policy::default(), now)?;
/// assert_eq!(again.cookie_string(&url, now).unwrap(), b"sid=31d4");
/// assert_eq!(report.cookies, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`ReadError`], if the text is not in this format or of a newer version, or if reading fails.
pub fn read_jar(
    input: impl BufRead,
    policy: Policy,
    now: impl Into<Timestamp>,
) -> Result<(CookieJar, Report), ReadError> {
    let mut jar = CookieJar::new(policy);
    let reader = Reader::new(input)?;
    let report = restore(&mut jar, reader, |_| true, now.into())?;
    Ok((jar, report))
}

/// Restores the cookies of all lines that are wanted, in their order.
pub(super) fn restore<R: BufRead>(
    jar: &mut CookieJar,
    mut reader: Reader<R>,
    is_wanted: impl Fn(&Record<'_>) -> bool,
    now: Timestamp,
) -> Result<Report, ReadError> {
    let mut report = Report::default();
    let first = jar.next_insertion();
    // By what is added to `first`.
    let mut lines = Vec::new();
    let line_of = |lines: &[u64], cookie: &Cookie| -> Option<u64> {
        let index = cookie.insertion().checked_sub(first)?;
        lines.get(usize::try_from(index).ok()?).copied()
    };
    while let Some(RawLine { number, entry, .. }) = reader.next_entry()? {
        let record = match entry {
            Ok(Entry::Cookie(record)) if is_wanted(&record) => record,
            Ok(_) => continue,
            Err(damage) => {
                report.damaged.push((number, damage));
                continue;
            }
        };
        match jar.restore_next(&record.host, &record.fields.borrowed(), now) {
            Err(reason) => report.not_kept.push(NotKept {
                line: number,
                reason,
            }),
            Ok(replaced) => {
                let earlier = replaced.and_then(|replaced| line_of(&lines, &replaced));
                report.not_kept.extend(earlier.map(|line| NotKept {
                    line,
                    reason: NotRestored::Duplicate,
                }));
                report.cookies += usize::from(earlier.is_none());
                lines.push(number);
            }
        }
    }
    for evicted in jar.limit_restored() {
        if let Some(line) = line_of(&lines, &evicted) {
            let reason = NotRestored::Evicted;
            report.not_kept.push(NotKept { line, reason });
            report.cookies -= 1;
        }
    }
    Ok(report)
}

/// Writes all cookies of a jar that have not expired, in the order of creation.
///
/// # Errors
///
/// What writing fails by, or the first cookie that is too long for a line: its domain, path and partition have more
/// than a million octets.
pub fn write_jar<W: Write>(
    jar: &CookieJar,
    output: W,
    now: impl Into<Timestamp>,
) -> Result<W, WriteError> {
    let mut writer = Writer::new(output)?;
    for cookie in jar.iter(now) {
        writer.write(cookie)?;
    }
    Ok(writer.finish()?)
}
