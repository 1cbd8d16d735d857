//! Writing: what a format cannot hold is left out or told, the same way for all formats.

use std::collections::HashSet;
use std::fmt;
use std::io;
use std::str::FromStr;

use crate::cookie::Cookie;
use crate::formats::time::within_rfc3339;
use crate::formats::{Encoder, Format, Holds, MICROSECOND, SameSites, TellsApart};
use crate::set_cookie::SameSite;
use crate::timestamp::Timestamp;

/// A part of a cookie's scope. A cookie is left out where a format has no place for one, unless it is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Facet {
    /// The partition: without it, the cookie goes with requests below every top-level site.
    Partition,
}

/// The text is not the name of a part of a cookie's scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("it is not the name of what can be given up: write `partition`")]
pub struct NoFacet;

/// What a format has no place for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Loss {
    /// The key of its partition.
    Partition,
    /// Another cookie was written that the format does not tell apart from it: of the same name, domain and path, and
    /// of another partition or host-only-flag.
    Duplicate,
    /// A cookie without a name.
    Nameless,
    /// A tab in the name, the value or the path.
    Tab,
    /// Octets that are not UTF-8 in the name, the value or the path.
    NotUtf8,
    /// A name, a value or a path that the programs of the format refuse, or read as another one.
    Characters,
    /// The http-only-flag.
    HttpOnly,
    /// The same-site-flag.
    SameSite,
    /// A fraction of the expiry-time.
    ExpiryFraction,
    /// The creation-time, or a fraction of it.
    CreationTime,
    /// The last-access-time, or a fraction of it.
    LastAccessTime,
}

/// What was lost of a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Lost {
    /// The index of the cookie among those that were to be written.
    pub index: usize,
    /// What has no place in the format.
    pub loss: Loss,
    /// Whether the cookie was left out for it.
    pub left_out: bool,
}

/// A file's octets, and what was lost.
#[derive(Clone)]
#[non_exhaustive]
pub struct Written {
    /// The file. It has the values of cookies.
    pub octets: Vec<u8>,
    /// What was lost, by the index of the cookie.
    pub lost: Vec<Lost>,
}

/// How to write.
///
/// ```
/// use hardtack::formats::{Facet, WriteOptions};
///
/// let options = WriteOptions::default().give_up(Facet::Partition).http_only_prefix(false);
/// # let _ = options;
/// ```
#[derive(Debug, Clone)]
pub struct WriteOptions<'a> {
    given_up: Vec<Facet>,
    http_only_prefix: bool,
    before: Option<&'a [u8]>,
}

/// Why a file was not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The format is only read.
    #[error("`{0}` is a format that is only read: choose another one")]
    OnlyRead(Format),
    /// A database cannot be made in the folder for temporary files.
    #[error(
        "it cannot be made in the folder for temporary files ({0}): make space there, or set `TMPDIR` to another one"
    )]
    NotMade(io::ErrorKind),
}

impl<'a> WriteOptions<'a> {
    /// Gives up a part of the scope where the format has no place for it: more requests get the cookie then.
    #[must_use]
    pub fn give_up(mut self, facet: Facet) -> Self {
        self.given_up.push(facet);
        self
    }

    /// Sets whether cookies.txt has `#HttpOnly_` before the domain of a cookie that is http-only: true by default.
    /// curl, Python and Ruby read it. wget and aria2 take such a line for a comment.
    #[must_use]
    pub fn http_only_prefix(mut self, http_only_prefix: bool) -> Self {
        self.http_only_prefix = http_only_prefix;
        self
    }

    /// Sets a file of the same format of which all but the cookies is kept, such as the `origins` of a storage
    /// state. Formats that have nothing else pass over it.
    #[must_use]
    pub fn keep_rest_of(mut self, before: &'a [u8]) -> Self {
        self.before = Some(before);
        self
    }

    pub(super) fn has_http_only_prefix(&self) -> bool {
        self.http_only_prefix
    }

    pub(super) fn before(&self) -> Option<&'a [u8]> {
        self.before
    }

    fn gives_up(&self, facet: Facet) -> bool {
        self.given_up.contains(&facet)
    }
}

impl Default for WriteOptions<'_> {
    /// Gives up nothing, writes `#HttpOnly_`, and keeps nothing of another file.
    fn default() -> Self {
        Self {
            given_up: Vec::new(),
            http_only_prefix: true,
            before: None,
        }
    }
}

impl Facet {
    /// All of them.
    pub const ALL: [Self; 1] = [Self::Partition];

    /// Returns its name at the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Partition => "partition",
        }
    }
}

impl FromStr for Facet {
    type Err = NoFacet;

    fn from_str(text: &str) -> Result<Self, NoFacet> {
        let mut facets = Self::ALL.into_iter();
        facets.find(|facet| facet.name() == text).ok_or(NoFacet)
    }
}

impl Loss {
    /// Returns its name, in kebab-case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Partition => "partition",
            Self::Duplicate => "duplicate",
            Self::Nameless => "nameless",
            Self::Tab => "tab",
            Self::NotUtf8 => "not-utf8",
            Self::Characters => "characters",
            Self::HttpOnly => "http-only",
            Self::SameSite => "same-site",
            Self::ExpiryFraction => "expiry-fraction",
            Self::CreationTime => "creation-time",
            Self::LastAccessTime => "last-access-time",
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Partition => "its partition",
            Self::Duplicate => "a cookie beside another one of its name, domain and path",
            Self::Nameless => "a cookie without a name",
            Self::Tab => "a tab in the name, the value or the path",
            Self::NotUtf8 => "octets that are not UTF-8",
            Self::Characters => {
                "a name, a value or a path that its programs refuse or read otherwise"
            }
            Self::HttpOnly => "HttpOnly",
            Self::SameSite => "SameSite",
            Self::ExpiryFraction => "the fraction of its expiry-time",
            Self::CreationTime => "the creation-time",
            Self::LastAccessTime => "the last-access-time",
        })
    }
}

impl fmt::Debug for Written {
    /// Writes the number of octets, which have values of cookies, and what was lost.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Written")
            .field("octets", &format_args!("<{} octets>", self.octets.len()))
            .field("lost", &self.lost)
            .finish()
    }
}

pub(super) fn write<'c>(
    format: Format,
    cookies: impl IntoIterator<Item = &'c Cookie>,
    options: &WriteOptions<'_>,
) -> Result<Written, WriteError> {
    let (Some(holds), Some(encode)) = (format.holds(), format.encoder()) else {
        return Err(WriteError::OnlyRead(format));
    };
    let (mut held, mut lost) = (Vec::new(), Vec::new());
    let mut identities = HashSet::new();
    for (index, cookie) in cookies.into_iter().enumerate() {
        let mut tell = |loss, left_out| {
            lost.push(Lost {
                index,
                loss,
                left_out,
            });
        };
        let mut left_out = not_held(cookie, &holds, options);
        if left_out.is_none()
            && !holds.partition
            && !identities.insert(identity(cookie, holds.tells_apart))
        {
            left_out = Some(Loss::Duplicate);
        }
        if let Some(loss) = left_out {
            tell(loss, true);
            continue;
        }
        for loss in told(cookie, &holds, options) {
            tell(loss, false);
        }
        held.push(cookie);
    }
    let octets = match encode {
        Encoder::Octets(encode) => encode(&held, options),
        #[cfg(feature = "sqlite")]
        Encoder::Database(encode) => encode(&held)?,
    };
    Ok(Written { octets, lost })
}

/// What differs between any two cookies of a format: domain, name, path and host-only-flag.
fn identity(cookie: &Cookie, tells_apart: TellsApart) -> (&[u8], &[u8], &[u8], bool) {
    let identity = cookie.identity();
    let mut path = identity.path;
    if tells_apart == TellsApart::NothingNorLastSlash {
        while let Some(shorter) = path.strip_suffix(b"/") {
            path = shorter;
        }
    }
    let host_only = identity.host_only && tells_apart == TellsApart::HostOnly;
    (identity.domain, identity.name, path, host_only)
}

/// Returns why a cookie is left out, if it is.
fn not_held(cookie: &Cookie, holds: &Holds, options: &WriteOptions<'_>) -> Option<Loss> {
    let octets = [cookie.name(), cookie.value(), cookie.path()];
    let any = |test: fn(&[u8]) -> bool| octets.into_iter().any(test);
    if cookie.partition().is_some() && !holds.partition && !options.gives_up(Facet::Partition) {
        return Some(Loss::Partition);
    }
    if cookie.name().is_empty() && !holds.nameless {
        return Some(Loss::Nameless);
    }
    if !holds.tabs && any(|octets| octets.contains(&b'\t')) {
        return Some(Loss::Tab);
    }
    if !holds.any_octets && any(|octets| std::str::from_utf8(octets).is_err()) {
        return Some(Loss::NotUtf8);
    }
    if !(holds.fits)(cookie) {
        return Some(Loss::Characters);
    }
    None
}

/// Returns what is lost of a cookie that is written.
fn told(cookie: &Cookie, holds: &Holds, options: &WriteOptions<'_>) -> impl Iterator<Item = Loss> {
    let http_only = holds.http_only && options.has_http_only_prefix();
    let same_site = match holds.same_site {
        SameSites::All => true,
        SameSites::NoDefault => cookie.same_site() != SameSite::Default,
        SameSites::No => cookie.same_site() == SameSite::Default,
    };
    // Whoever has microseconds has a word for any of them, and others have what RFC 3339 can write.
    let is_held = |time: Timestamp, least: Option<i64>| {
        least.is_some_and(|least| {
            let is_whole = time.as_micros() % least == 0;
            is_whole && (least == MICROSECOND || time == within_rfc3339(time))
        })
    };
    let expiry_time = cookie.expiry_time().unwrap_or(Timestamp::from_micros(0));
    let losses = [
        (
            cookie.partition().is_some() && !holds.partition,
            Loss::Partition,
        ),
        (cookie.http_only() && !http_only, Loss::HttpOnly),
        (!same_site, Loss::SameSite),
        (
            !is_held(expiry_time, Some(holds.expiry_time)),
            Loss::ExpiryFraction,
        ),
        (
            !is_held(cookie.creation_time(), holds.creation_time),
            Loss::CreationTime,
        ),
        (
            !is_held(cookie.last_access_time(), holds.last_access_time),
            Loss::LastAccessTime,
        ),
    ];
    let losses = losses.into_iter().filter(|(is_lost, _)| *is_lost);
    losses.map(|(_, loss)| loss)
}
