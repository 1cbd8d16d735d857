//! The three-way merge: what stands in the file now, and what a jar changed since it last read or wrote it.
//!
//! Where others have written the file since then, the later of two changes of an identity stays, by the clock at the
//! change. So that a removal can be later, it stands in the file for a while.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::Path;
use std::time::Duration;

use foldhash::quality::RandomState;

use super::{FileError, Saved, Step, disk};
use crate::change::{Change, Logged};
use crate::cookie::{Cookie, CookieBuilder, Fields, Identity, Key};
use crate::data::{Entry, Record, Removal, Written};
use crate::host::CanonicalHost;
use crate::persist::lines::{Reader, WriteError, Writer};
use crate::shared::SharedJar;
use crate::timestamp::Timestamp;

/// How long it stands in the file that a cookie was removed.
const REMOVALS_STAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What is to become of a cookie of the file.
enum Edit<'c> {
    /// It is this one. Where it is not newer than what stands there, it takes that place, which orders cookies of
    /// equal creation-times.
    Put {
        cookie: &'c Cookie,
        at: Timestamp,
        in_place: bool,
        /// It is written, or what others did later stays.
        is_done: Cell<bool>,
        /// The later one of when it was last sent there and here.
        last_access_time: Cell<Timestamp>,
    },
    /// It was last sent at this time, or later.
    Touch(Timestamp),
    /// It goes, whatever it is there, and that stands there instead.
    Remove {
        cookie: &'c Cookie,
        at: Timestamp,
        /// What others did later stays; or it is not removed, but not kept in the file.
        is_done: Cell<bool>,
    },
    /// It goes, if it stands there like this, or was last changed before it was stored here.
    Drop {
        cookie: &'c Cookie,
        stored: Option<Timestamp>,
    },
}

impl<'c> Edit<'c> {
    fn of(Logged { change, at, .. }: &'c Logged, newest: u64, session_cookies: bool) -> Self {
        // A cookie of a file that has gone may have been changed when nobody knows any more.
        let at_or_created = at.unwrap_or(change.cookie().creation_time());
        match change {
            Change::Stored(cookie) if session_cookies || cookie.persistent() => Self::Put {
                cookie,
                at: at_or_created,
                in_place: cookie.insertion() < newest,
                is_done: Cell::new(false),
                last_access_time: Cell::new(cookie.last_access_time()),
            },
            Change::Touched(cookie) => Self::Touch(cookie.last_access_time()),
            Change::Removed(cookie, cause) if cause.is_by_itself() => Self::Drop {
                cookie,
                stored: *at,
            },
            Change::Stored(cookie) | Change::Removed(cookie, _) => Self::Remove {
                cookie,
                at: at_or_created,
                is_done: Cell::new(matches!(change, Change::Stored(_))),
            },
        }
    }

    /// When it is from, and whether it is done, if it takes the place of what stands there.
    fn decides(&self) -> Option<(Timestamp, &Cell<bool>)> {
        match self {
            Self::Put { at, is_done, .. } | Self::Remove { at, is_done, .. } => {
                Some((*at, is_done))
            }
            Self::Touch(_) | Self::Drop { .. } => None,
        }
    }

    /// The cookie that is stored or removed.
    fn cookie(&self) -> Option<&'c Cookie> {
        match self {
            Self::Put { cookie, .. } | Self::Remove { cookie, .. } => Some(cookie),
            Self::Touch(_) | Self::Drop { .. } => None,
        }
    }

    /// Writes what is stored, or that it was removed. Returns true if there is a cookie, which fits into a line.
    fn write(&self, output: &mut Output<'_>, now: Timestamp) -> Result<bool, FileError> {
        match self {
            Self::Put {
                cookie,
                at,
                last_access_time,
                ..
            } => {
                let mut written = Written::of(cookie);
                written.fields.last_access_time = Some(last_access_time.get());
                written.changed = Some(*at);
                output.write(&written)
            }
            Self::Remove { cookie, at, .. } if is_recent(*at, now) => {
                let (cookie, at) = (*cookie, *at);
                output.write_removal(&Removal { cookie, at })
            }
            Self::Remove { .. } | Self::Touch(_) | Self::Drop { .. } => Ok(false),
        }
    }
}

/// Returns true if a removal of that time is to stand in the file.
fn is_recent(at: Timestamp, now: Timestamp) -> bool {
    at >= now - REMOVALS_STAY
}

/// What others have done to the file.
pub(super) struct Others {
    /// What stands there otherwise than in the jar, and when it was changed.
    pub(super) cookies: Vec<(CookieBuilder, Option<Timestamp>)>,
    /// What was removed there, and when.
    pub(super) removed: HashMap<OwnedKey, Timestamp, RandomState>,
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
        changes: &'c [Logged],
        newest: u64,
        session_cookies: bool,
        jar: Option<&'c SharedJar>,
        now: Timestamp,
    ) -> Self {
        let edit = |logged| Edit::of(logged, newest, session_cookies);
        let edits = changes.iter();
        let edits = edits.map(|logged| (logged.change.cookie().key(), edit(logged)));
        let changes = changes.iter().map(|logged| &logged.change);
        let stored = changes.filter(|change| matches!(change, Change::Stored(_)));
        let others = Others {
            cookies: Vec::new(),
            removed: HashMap::default(),
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
            while let Some(line) = reader.next_entry().map_err(|error| reading(error.into()))? {
                match line.entry {
                    Ok(Entry::Cookie(record)) => self.compare(&record),
                    Ok(Entry::Removal(record, at)) => self.note_removal(&record, at),
                    Err(_) => {}
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
            while let Some(line) = reader.next_entry().map_err(|error| reading(error.into()))? {
                let is_cookie = match line.entry {
                    Ok(Entry::Cookie(record)) => {
                        self.carry_over(&record, line.octets, &mut output)?
                    }
                    Ok(Entry::Removal(record, at)) => {
                        self.carry_over_removal(&record, at, line.octets, &mut output)?;
                        false
                    }
                    Err(_) => {
                        is_damaged = true;
                        false
                    }
                };
                written += usize::from(is_cookie);
            }
        }
        let is_left = |edit: &&Edit<'_>| edit.decides().is_some_and(|(_, is_done)| !is_done.get());
        let mut left: Vec<&Edit<'_>> = self.edits.values().filter(is_left).collect();
        left.sort_unstable_by_key(|edit| edit.cookie().map(Cookie::insertion));
        for edit in left {
            written += usize::from(edit.write(&mut output, self.now)?);
        }
        let Output {
            writer, mut saved, ..
        } = output;
        writer.finish().map_err(FileError::at(Step::Write, path))?;
        saved.written = Some(written);
        Ok((saved, is_damaged))
    }

    /// Returns true if what was changed in the file at that time was so by others, and after this change.
    fn is_later(&self, there: Option<Timestamp>, here: Timestamp) -> bool {
        // What the jar has seen it may change, whatever its clock shows.
        self.jar.is_some() && there > Some(here)
    }

    /// Writes what becomes of a line. Returns true if there is something of it.
    fn carry_over(
        &mut self,
        record: &Record<'_>,
        line: &[u8],
        output: &mut Output<'_>,
    ) -> Result<bool, FileError> {
        let fields = record.fields.borrowed();
        let host = canonical(&record.host);
        let edits: &HashMap<Key<'_>, Edit<'_>, RandomState> = &self.edits;
        let key = key_of(&host, &fields);
        let edit = edits.get(&key);
        let there = changed(record);
        let later = edit.and_then(Edit::decides);
        let later = later.filter(|(at, _)| self.is_later(there, *at));
        later.inspect(|(_, is_done)| is_done.set(true));
        if fields.expiry_time.is_some_and(|at| at < self.now) {
            // What was stored here before that does not stay in the jar either.
            let cookie = later.and(edit).and_then(Edit::cookie);
            cookie.inspect(|cookie| _ = self.others.seen.remove(&cookie.insertion()));
            return Ok(false);
        }
        let last_access_time = match edit {
            Some(Edit::Put {
                last_access_time, ..
            }) if later.is_some() => Some(last_access_time.get()),
            Some(Edit::Remove { .. }) if later.is_some() => None,
            Some(
                put @ Edit::Put {
                    in_place,
                    is_done,
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
                if !in_place || is_done.replace(true) {
                    return Ok(false);
                }
                return put.write(output, self.now);
            }
            Some(Edit::Remove { .. }) => return Ok(false),
            Some(Edit::Drop { cookie, stored }) => {
                let is_older = stored.is_some_and(|at| !self.is_later(there, at));
                if is_older || is_alike(cookie, &fields) {
                    return Ok(false);
                }
                None
            }
            Some(Edit::Touch(at)) => Some(*at),
            None => None,
        };
        self.compare(record);
        if last_access_time <= fields.last_access_time {
            output.copy(line)?;
            return Ok(true);
        }
        output.write(&Written {
            host: &record.host,
            fields: Fields {
                last_access_time,
                ..fields
            },
            order: 0,
            changed: record.changed,
        })
    }

    /// Writes what becomes of a line about a removal.
    fn carry_over_removal(
        &mut self,
        record: &Record<'_>,
        there: Timestamp,
        line: &[u8],
        output: &mut Output<'_>,
    ) -> Result<(), FileError> {
        let fields = record.fields.borrowed();
        let host = canonical(&record.host);
        let edits: &HashMap<Key<'_>, Edit<'_>, RandomState> = &self.edits;
        let edit = edits.get(&key_of(&host, &fields));
        if let Some((at, is_done)) = edit.and_then(Edit::decides) {
            if !self.is_later(Some(there), at) {
                return Ok(());
            }
            is_done.set(true);
        }
        // What was stored here before it was removed there does not stay in the jar either.
        if let Some(cookie) = edit.and_then(Edit::cookie) {
            self.others.seen.remove(&cookie.insertion());
        }
        self.note_removal(record, there);
        if is_recent(there, self.now) {
            output.copy(line)?;
        }
        Ok(())
    }

    /// Notes that others have removed a cookie.
    fn note_removal(&mut self, record: &Record<'_>, at: Timestamp) {
        if self.jar.is_some() {
            let fields = record.fields.borrowed();
            let host = canonical(&record.host);
            let key = owned(key_of(&host, &fields));
            self.others.removed.insert(key, at);
        }
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
            let other = (record.to_builder(), changed(record));
            self.others.cookies.push(other);
        }
    }
}

/// When a cookie of the file was last stored or replaced, if that stands there: it may be when it was created.
fn changed(record: &Record<'_>) -> Option<Timestamp> {
    record.changed.or(record.fields.creation_time)
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

    /// Returns false, as it is no cookie.
    fn write_removal(&mut self, removal: &Removal<'_>) -> Result<bool, FileError> {
        let written = self.writer.write_removal(removal);
        written.map_err(FileError::at(Step::Write, self.path))?;
        Ok(false)
    }

    fn copy(&mut self, line: &[u8]) -> Result<(), FileError> {
        let copied = self.writer.copy(line);
        copied.map_err(FileError::at(Step::Write, self.path))
    }
}

pub(super) fn key_of<'a>(host: &'a [u8], fields: &'a Fields<&'a [u8]>) -> Key<'a> {
    let identity = Identity {
        domain: host,
        ..fields.identity()
    };
    (fields.partition.as_deref(), identity)
}

/// A key of its own.
pub(super) type OwnedKey = (Option<String>, [Vec<u8>; 3], bool);

pub(super) fn owned((partition, identity): Key<'_>) -> OwnedKey {
    let octets = [identity.domain, identity.name, identity.path].map(<[u8]>::to_vec);
    (
        partition.map(ToString::to_string),
        octets,
        identity.host_only,
    )
}

/// The domain of a cookie as a jar has it.
pub(super) fn canonical(host: &str) -> Cow<'_, [u8]> {
    let canonical = CanonicalHost::parse(host);
    canonical.map_or(Cow::Borrowed(host.as_bytes()), CanonicalHost::into_octets)
}

pub(super) fn is_kept(session_cookies: bool, fields: &Fields<impl Sized>) -> bool {
    session_cookies || fields.expiry_time.is_some()
}
