//! The three-way merge: what stands in the file now, and what a jar changed since it last read or wrote it.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::Path;

use foldhash::quality::RandomState;

use super::{FileError, Saved, Step, disk};
use crate::change::{Cause, Change};
use crate::cookie::{Cookie, CookieBuilder, Fields, Identity, Key};
use crate::data::{Record, Written};
use crate::host::CanonicalHost;
use crate::persist::lines::{RawLine, Reader, WriteError, Writer};
use crate::shared::SharedJar;
use crate::timestamp::Timestamp;

/// What is to become of a cookie of the file.
enum Edit<'c> {
    /// It is this one. Where it is not newer than what stands there, it takes that place, which orders cookies of
    /// equal creation-times.
    Put {
        cookie: &'c Cookie,
        in_place: bool,
        is_written: Cell<bool>,
        /// The later one of when it was last sent there and here.
        last_access_time: Cell<Timestamp>,
    },
    /// It was last sent at this time, or later.
    Touch(Timestamp),
    /// It goes, whatever stands there.
    Remove,
    /// It goes, if it stands there like this.
    Drop(&'c Cookie),
}

impl<'c> Edit<'c> {
    fn of(change: &'c Change, newest: u64, session_cookies: bool) -> Self {
        match change {
            Change::Stored(cookie) if session_cookies || cookie.persistent() => Self::Put {
                cookie,
                in_place: cookie.insertion() < newest,
                is_written: Cell::new(false),
                last_access_time: Cell::new(cookie.last_access_time()),
            },
            Change::Stored(_) => Self::Remove,
            Change::Touched(cookie) => Self::Touch(cookie.last_access_time()),
            Change::Removed(cookie, cause) => match cause {
                Cause::Deleted | Cause::Removed | Cause::SessionOver => Self::Remove,
                Cause::Expired | Cause::DomainFull | Cause::SiteFull | Cause::JarFull => {
                    Self::Drop(cookie)
                }
            },
        }
    }
}

impl Edit<'_> {
    fn insertion(&self) -> Option<u64> {
        match self {
            Self::Put { cookie, .. } => Some(cookie.insertion()),
            _ => None,
        }
    }

    /// Writes a cookie that is put. Returns true if there is one, which fits into a line.
    fn write(&self, output: &mut Output<'_>) -> Result<bool, FileError> {
        let Self::Put {
            cookie,
            last_access_time,
            ..
        } = self
        else {
            return Ok(false);
        };
        let mut written = Written::of(cookie);
        written.fields.last_access_time = Some(last_access_time.get());
        output.write(&written)
    }
}

/// What others have done to the file.
pub(super) struct Others {
    /// What stands there otherwise than in the jar.
    pub(super) cookies: Vec<CookieBuilder>,
    /// The cookies of the jar that stand there, by their insertion.
    pub(super) seen: HashSet<u64, RandomState>,
}

/// One way through the file, from the old lines to the new ones.
pub(super) struct Merge<'c> {
    edits: HashMap<Key<'c>, Edit<'c>, RandomState>,
    /// The jar, if others have changed the file.
    jar: Option<&'c SharedJar>,
    session_cookies: bool,
    now: Timestamp,
    others: Others,
}

impl<'c> Merge<'c> {
    /// Of these changes, and of the jar if others have changed the file. Cookies of the insertion `newest` and later
    /// ones are not in the file yet.
    pub(super) fn new(
        changes: &'c [Change],
        newest: u64,
        session_cookies: bool,
        jar: Option<&'c SharedJar>,
        now: Timestamp,
    ) -> Self {
        let edit = |change| Edit::of(change, newest, session_cookies);
        let edits = changes.iter();
        let edits = edits.map(|change| (change.cookie().key(), edit(change)));
        let stored = changes
            .iter()
            .filter(|change| matches!(change, Change::Stored(_)));
        let others = Others {
            cookies: Vec::new(),
            seen: stored.map(|change| change.cookie().insertion()).collect(),
        };
        Self {
            edits: edits.collect(),
            jar,
            session_cookies,
            now,
            others,
        }
    }

    /// Looks at what others have done, and writes nothing.
    pub(super) fn look(
        mut self,
        target: &Path,
        input: Option<BufReader<File>>,
    ) -> Result<(Saved, Option<Others>), FileError> {
        if let Some(input) = input {
            let reading = |error| FileError::reading(target, error);
            let mut reader = Reader::new(input).map_err(reading)?;
            while let Some(line) = reader
                .next_record()
                .map_err(|error| reading(error.into()))?
            {
                if let Ok(record) = line.record {
                    self.compare(&record);
                }
            }
        }
        Ok((Saved::default(), self.jar.map(|_| self.others)))
    }

    /// Writes the new file, and puts it in the old one's place.
    pub(super) fn save(
        mut self,
        target: &Path,
        input: Option<BufReader<File>>,
    ) -> Result<(Saved, Option<Others>), FileError> {
        let old = input.as_ref().map(|input| input.get_ref().metadata());
        let old = old.transpose().map_err(FileError::at(Step::Open, target))?;
        let (mut saved, aside) = disk::replace(target, old.as_ref(), |new, path| {
            self.write(target, input, new, path)
        })?;
        saved.set_aside = aside;
        Ok((saved, self.jar.map(|_| self.others)))
    }

    /// Writes the lines, and tells whether some of the old ones were damaged.
    fn write(
        &mut self,
        target: &Path,
        input: Option<BufReader<File>>,
        new: &File,
        path: &Path,
    ) -> Result<(Saved, bool), FileError> {
        let mut output = Output {
            writer: Writer::new(BufWriter::with_capacity(1 << 16, new))
                .map_err(FileError::at(Step::Write, path))?,
            saved: Saved::default(),
            path,
        };
        let (mut written, mut is_damaged) = (0, false);
        if let Some(input) = input {
            let reading = |error| FileError::reading(target, error);
            let mut reader = Reader::new(input).map_err(reading)?;
            while let Some(line) = reader
                .next_record()
                .map_err(|error| reading(error.into()))?
            {
                is_damaged |= line.record.is_err();
                written += usize::from(self.carry_over(line, &mut output)?);
            }
        }
        let is_new =
            |edit: &&Edit<'_>| matches!(edit, Edit::Put { is_written, .. } if !is_written.get());
        let mut new: Vec<&Edit<'_>> = self.edits.values().filter(is_new).collect();
        new.sort_unstable_by_key(|edit| edit.insertion());
        for put in new {
            written += usize::from(put.write(&mut output)?);
        }
        let Output {
            writer, mut saved, ..
        } = output;
        writer.finish().map_err(FileError::at(Step::Write, path))?;
        saved.written = Some(written);
        Ok((saved, is_damaged))
    }

    /// Writes what becomes of a line. Returns true if there is something of it.
    fn carry_over(
        &mut self,
        line: RawLine<'_>,
        output: &mut Output<'_>,
    ) -> Result<bool, FileError> {
        let Ok(record) = line.record else {
            return Ok(false);
        };
        if record.fields.expiry_time.is_some_and(|at| at < self.now) {
            return Ok(false);
        }
        let fields = record.fields.borrowed();
        let host = canonical(&record.host);
        let edits: &HashMap<Key<'_>, Edit<'_>, RandomState> = &self.edits;
        let key = key_of(&host, &fields);
        let last_access_time = match edits.get(&key) {
            Some(
                put @ Edit::Put {
                    in_place,
                    is_written,
                    last_access_time,
                    ..
                },
            ) => {
                let here = last_access_time.get();
                let later = fields
                    .last_access_time
                    .map_or(here, |there| there.max(here));
                last_access_time.set(later);
                if let Some(jar) = self.jar {
                    let (jar, _) = jar.read();
                    jar.of_key(&key).inspect(|cookie| cookie.touch(later));
                }
                if !in_place || is_written.replace(true) {
                    return Ok(false);
                }
                return put.write(output);
            }
            Some(Edit::Remove) => return Ok(false),
            Some(Edit::Drop(cookie)) if is_alike(cookie, &fields) => return Ok(false),
            Some(Edit::Touch(at)) => Some(*at),
            Some(Edit::Drop(_)) | None => None,
        };
        self.compare(&record);
        if last_access_time <= fields.last_access_time {
            return output.copy(line.octets);
        }
        output.write(&Written {
            host: &record.host,
            fields: Fields {
                last_access_time,
                ..fields
            },
            order: 0,
        })
    }

    /// Notes a line that the jar does not have like that.
    fn compare(&mut self, record: &Record<'_>) {
        let Some(jar) = self.jar else {
            return;
        };
        let fields = record.fields.borrowed();
        let host = canonical(&record.host);
        let (jar, _) = jar.read();
        let found = jar.of_key(&key_of(&host, &fields));
        let is_as_here = found.is_some_and(|cookie| {
            // Of two lines of an identity the second counts, also where the first is not as here.
            self.others.seen.insert(cookie.insertion())
                && is_alike(cookie, &fields)
                && fields.last_access_time <= Some(cookie.last_access_time())
        });
        if !is_as_here && is_kept(self.session_cookies, &record.fields) {
            self.others.cookies.push(record.to_builder());
        }
    }
}

/// Returns true if a line has what a cookie has, but for when it was last sent.
fn is_alike(cookie: &Cookie, fields: &Fields<&[u8]>) -> bool {
    cookie.value() == fields.value
        && cookie.secure_only() == fields.secure_only
        && cookie.http_only() == fields.http_only
        && cookie.same_site() == fields.same_site
        && cookie.expiry_time() == fields.expiry_time
        && fields
            .creation_time
            .is_none_or(|at| at == cookie.creation_time())
}

/// Where the new lines go.
struct Output<'p> {
    writer: Writer<BufWriter<&'p File>>,
    saved: Saved,
    path: &'p Path,
}

impl Output<'_> {
    /// Returns false if the cookie is too long for a line.
    fn write(&mut self, record: &Written<'_>) -> Result<bool, FileError> {
        match self.writer.write_record(record) {
            Ok(()) => Ok(true),
            Err(WriteError::TooLong) => {
                self.saved.too_long += 1;
                Ok(false)
            }
            Err(WriteError::Io(error)) => Err(FileError::at(Step::Write, self.path)(error)),
        }
    }

    fn copy(&mut self, line: &[u8]) -> Result<bool, FileError> {
        let copied = self.writer.copy(line);
        copied.map_err(FileError::at(Step::Write, self.path))?;
        Ok(true)
    }
}

pub(super) fn key_of<'a>(host: &'a [u8], fields: &'a Fields<&'a [u8]>) -> Key<'a> {
    let identity = Identity {
        domain: host,
        ..fields.identity()
    };
    (fields.partition.as_deref(), identity)
}

/// The domain of a cookie as a jar has it.
pub(super) fn canonical(host: &str) -> Cow<'_, [u8]> {
    let canonical = CanonicalHost::parse(host);
    canonical.map_or(Cow::Borrowed(host.as_bytes()), CanonicalHost::into_octets)
}

pub(super) fn is_kept(session_cookies: bool, fields: &Fields<impl Sized>) -> bool {
    session_cookies || fields.expiry_time.is_some()
}
