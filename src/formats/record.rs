//! A record of a file: what it says of a cookie, and what a jar makes of it.

use std::borrow::Cow;
use std::fmt;

use crate::cookie::{Cookie, CookieBuilder};
use crate::jar::NotRestored;
use crate::same_site::PartitionKey;
use crate::set_cookie::SameSite;
use crate::timestamp::Timestamp;

/// One record of a file.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Record {
    /// Where in the file it stands.
    pub place: Place,
    /// What it says, or `None` if it cannot be read.
    pub cookie: Option<RecordedCookie>,
    /// What was repaired or taken for granted.
    pub notes: Vec<Note>,
    /// Whether one of its identity takes its place that stands before it.
    pub(super) gives_way: bool,
}

/// Where a record stands in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Place {
    /// The number of its line, from 1.
    Line(usize),
    /// The number of its entry in the order of the document or the database, from 0.
    Entry(usize),
}

/// A cookie as a file says it. `None` stands for what the format cannot say.
#[derive(Clone)]
#[non_exhaustive]
pub struct RecordedCookie {
    /// The name, empty of a nameless cookie.
    pub name: Vec<u8>,
    /// The value. It may be a secret, and is empty where it is encrypted.
    pub value: Vec<u8>,
    /// The domain, canonicalized where it is a host, without its dot and port, IPv6 in brackets.
    pub domain: String,
    /// The path.
    pub path: Vec<u8>,
    /// Whether it is host-only.
    pub host_only: Option<bool>,
    /// Whether it is secure-only.
    pub secure: Option<bool>,
    /// Whether it is http-only.
    pub http_only: Option<bool>,
    /// The same-site-flag.
    pub same_site: Option<SameSite>,
    /// The expiry-time, not cut by any limit, or `None` of a session cookie.
    pub expires: Option<Timestamp>,
    /// The key of its partition, or `None` where there is none or the format has none.
    pub partition: Option<PartitionKey>,
    /// The creation-time.
    pub creation: Option<Timestamp>,
    /// The last-access-time.
    pub last_access: Option<Timestamp>,
    /// Why no jar can take it, whatever its fields are.
    pub trouble: Option<Trouble>,
}

/// What was repaired or taken for granted, or what is wrong. It never contains a value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Note {
    kind: &'static str,
    text: Cow<'static, str>,
}

/// Why no jar can take a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Trouble {
    /// It cannot be read; its notes say why.
    Unreadable,
    /// Its value is encrypted.
    Encrypted,
    /// It belongs to another container, or another profile, of the browser.
    OtherContainer,
}

/// Why a jar does not keep a record.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NotKept {
    /// No jar can take it.
    Trouble(Trouble),
    /// The jar refused it, or it did not stay there.
    NotRestored(NotRestored),
}

impl Record {
    /// A cookie that was read.
    pub(super) fn new(place: Place, cookie: RecordedCookie, notes: Vec<Note>) -> Self {
        Self {
            place,
            cookie: Some(cookie),
            notes,
            gives_way: false,
        }
    }

    /// A record that cannot be read, and why.
    pub(super) fn unreadable(place: Place, why: impl Into<Cow<'static, str>>) -> Self {
        Self {
            place,
            cookie: None,
            notes: vec![Note::new("unreadable", why)],
            gives_way: false,
        }
    }

    /// Returns the cookie to be restored into a jar, or why no jar can take it.
    ///
    /// # Errors
    ///
    /// The [`Trouble`] that it has.
    pub fn builder(&self) -> Result<CookieBuilder, Trouble> {
        let cookie = self.cookie.as_ref().ok_or(Trouble::Unreadable)?;
        match cookie.trouble {
            Some(trouble) => Err(trouble),
            None => Ok(cookie.builder()),
        }
    }
}

impl RecordedCookie {
    /// A session cookie for the root path, of which nothing else is said.
    pub(super) fn new(name: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>, domain: String) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            domain,
            path: b"/".to_vec(),
            host_only: None,
            secure: None,
            http_only: None,
            same_site: None,
            expires: None,
            partition: None,
            creation: None,
            last_access: None,
            trouble: None,
        }
    }

    fn builder(&self) -> CookieBuilder {
        let secure = self.secure.unwrap_or(false);
        let same_site = match self.same_site.unwrap_or_default() {
            // No jar takes it, and old exports of browsers have it.
            SameSite::None if !secure => SameSite::Default,
            same_site => same_site,
        };
        let mut builder =
            Cookie::builder(self.name.as_slice(), self.value.as_slice(), &*self.domain)
                .path(self.path.as_slice())
                .host_only(self.host_only.unwrap_or(true))
                .secure_only(secure)
                .http_only(self.http_only.unwrap_or(false))
                .same_site(same_site);
        if let Some(expires) = self.expires {
            builder = builder.expiry_time(expires);
        }
        if let Some(key) = &self.partition {
            builder = builder.partition(key.clone());
        }
        if let Some(creation) = self.creation {
            builder = builder.creation_time(creation);
        }
        if let Some(last_access) = self.last_access {
            builder = builder.last_access_time(last_access);
        }
        builder
    }
}

impl Note {
    pub(super) fn new(kind: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        let text = text.into();
        Self { kind, text }
    }

    /// The cookie has the attribute Partitioned, and the file no key.
    pub(super) fn partition_unknown() -> Self {
        Self::new(
            "partition-unknown",
            "it was set as Partitioned, and the file does not say for which site: taken as not partitioned",
        )
    }

    /// Returns its kind, in kebab-case, such as `port-cut`.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// Returns the sentence.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl Trouble {
    /// Returns its name, in kebab-case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Encrypted => "encrypted",
            Self::OtherContainer => "other-container",
        }
    }
}

impl NotKept {
    /// Returns its name, in kebab-case: that of the [`Rejection`](crate::Rejection) where a rule of the text
    /// decides.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Trouble(trouble) => trouble.name(),
            Self::NotRestored(NotRestored::Refused(error)) => error.rule().name(),
            Self::NotRestored(NotRestored::Expired) => "expired",
            Self::NotRestored(NotRestored::Duplicate) => "duplicate",
            Self::NotRestored(NotRestored::Evicted) => "evicted",
        }
    }
}

impl fmt::Debug for RecordedCookie {
    /// Writes all but the value, of which only the length is told.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedCookie")
            .field("name", &self.name.escape_ascii().to_string())
            .field("value", &format_args!("<{} octets>", self.value.len()))
            .field("domain", &self.domain)
            .field("path", &self.path.escape_ascii().to_string())
            .field("host_only", &self.host_only)
            .field("secure", &self.secure)
            .field("http_only", &self.http_only)
            .field("same_site", &self.same_site)
            .field("expires", &self.expires)
            .field("partition", &self.partition)
            .field("creation", &self.creation)
            .field("last_access", &self.last_access)
            .field("trouble", &self.trouble)
            .finish()
    }
}
