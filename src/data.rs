//! Cookies, jars and instants as data for serde: what the fields are called, and what is left out of them.
//!
//! Formats that people read get a map with names, without what is as it mostly is; other formats get all fields
//! in their order, and octets as they are.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::de::{Error as _, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_bytes::{ByteBuf, Bytes};

use crate::cookie::{Cookie, CookieBuilder, Fields};
use crate::jar::{CookieJar, NotRestored};
use crate::policy::Policy;
use crate::rejection::Rejection;
use crate::retrieval::Exclusion;
use crate::same_site::{PartitionKey, Site};
use crate::set_cookie::SameSite;
use crate::shared::SharedJar;
use crate::timestamp::{Timestamp, TimestampError};

/// What is wrong with a field of a cookie that is read as data. It names the field, and has nothing of what is in
/// it.
///
/// ```
/// use hardtack::{CookieBuilder, FieldError};
///
/// let text = r#"{"name":"sid","value":"31d4"}"#;
/// let error = serde_json::from_str::<CookieBuilder>(text).unwrap_err();
/// assert!(error.to_string().starts_with(&FieldError::Missing("domain").to_string()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum FieldError {
    /// There is no such field.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// It is there as text and as base64.
    #[error("`{0}` and `{0}_base64` are both there: leave one out")]
    Twice(&'static str),
    /// The field of this name and `_base64` is not base64.
    #[error("`{0}_base64` is not base64, of the usual alphabet and padded")]
    NotBase64(&'static str),
    /// It is no instant.
    #[error("`{0}` is not an instant: write it as `2024-06-01T12:00:00Z`")]
    NotAnInstant(&'static str),
    /// `same_site` is not one of its words.
    #[error("`same_site` is not `strict`, `lax`, `none` or `default`")]
    NotASameSite,
    /// `partition` is not the key of one.
    #[error("`partition` is not `https://shop.example` or `https://shop.example cross-site`")]
    NotAPartition,
}

/// What RFC 3339 can write: the years 0 to 9999.
const YEARS: std::ops::RangeInclusive<i64> = -62_167_219_200_000_000..=253_402_300_799_999_999;

/// An instant as text: by RFC 3339, or else its microseconds since 1970 in digits.
struct Instant(Timestamp);

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let microseconds = self.0.as_micros();
        if YEARS.contains(&microseconds) {
            self.0.fmt(f)
        } else {
            microseconds.fmt(f)
        }
    }
}

impl Instant {
    fn read(text: &str) -> Result<Timestamp, TimestampError> {
        match text.parse() {
            Ok(microseconds) => Ok(Timestamp::from_micros(microseconds)),
            Err(_) => text.parse(),
        }
    }
}

impl Serialize for Timestamp {
    /// By RFC 3339 in formats that people read (the microseconds since 1970, in digits, before the year 0 and after
    /// the year 9999); otherwise as a number of microseconds.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(&Instant(*self))
        } else {
            serializer.serialize_i64(self.as_micros())
        }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let Text(text) = Text::deserialize(deserializer)?;
            Instant::read(&text).map_err(D::Error::custom)
        } else {
            i64::deserialize(deserializer).map(Self::from_micros)
        }
    }
}

/// Types that are the text that `Display` writes and `FromStr` reads.
macro_rules! as_text {
    ($($type:ty),+) => {$(
        impl Serialize for $type {
            /// The text that `Display` writes.
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let Text(text) = Text::deserialize(deserializer)?;
                text.parse().map_err(D::Error::custom)
            }
        }
    )+};
}

as_text!(Site, PartitionKey);

impl Serialize for Rejection {
    /// The [name](Rejection::name).
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl Serialize for Exclusion {
    /// The [name](Exclusion::name).
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Text that is borrowed where the format has it as it is.
pub(crate) struct Text<'a>(Cow<'a, str>);

#[cfg(feature = "json")]
impl Text<'_> {
    pub(crate) fn is(&self, text: &str) -> bool {
        self.0 == text
    }
}

#[cfg(feature = "json")]
impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

#[cfg(feature = "json")]
impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AsText;

        impl<'de> Visitor<'de> for AsText {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(AsText)
    }
}

/// All fields of a cookie in their order: name, value, host, path, the flags, expiry-time, creation-time,
/// last-access-time, and the order among equal ones.
pub(crate) type Packed<O, H> = (
    O,
    O,
    H,
    O,
    [bool; 3],
    SameSite,
    Option<PartitionKey>,
    [Option<Timestamp>; 3],
    u64,
);

/// Reads the fields of a packed cookie, but for its domain: the host, the fields, the order. `octets` makes of what is
/// packed what the fields have.
pub(crate) fn unpacked<O, H, T: Default>(
    packed: Packed<O, H>,
    octets: impl Fn(O) -> T,
) -> (H, Fields<T>, u64) {
    let (name, value, host, path, flags, same_site, partition, times, order) = packed;
    let [host_only, secure_only, http_only] = flags;
    let [expiry_time, creation_time, last_access_time] = times;
    let fields = Fields {
        name: octets(name),
        value: octets(value),
        domain: T::default(),
        path: octets(path),
        host_only,
        secure_only,
        http_only,
        same_site,
        partition: partition.map(Arc::new),
        expiry_time,
        creation_time,
        last_access_time,
    };
    (host, fields, order)
}

/// A cookie to be written, borrowed. Of no order, it is 0.
pub(crate) struct Written<'a> {
    pub(crate) host: &'a str,
    pub(crate) fields: Fields<&'a [u8]>,
    pub(crate) order: u64,
    /// When it was last stored or replaced, where that is to be told.
    pub(crate) changed: Option<Timestamp>,
}

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self {
            host,
            fields,
            order,
            changed,
        } = self;
        if !serializer.is_human_readable() {
            let packed: Packed<&Bytes, &str> = (
                Bytes::new(fields.name),
                Bytes::new(fields.value),
                host,
                Bytes::new(fields.path),
                [fields.host_only, fields.secure_only, fields.http_only],
                fields.same_site,
                fields.partition.as_deref().cloned(),
                [
                    fields.expiry_time,
                    fields.creation_time,
                    fields.last_access_time,
                ],
                *order,
            );
            return packed.serialize(serializer);
        }
        let mut map = serializer.serialize_map(None)?;
        octets(&mut map, ["name", "name_base64"], fields.name)?;
        octets(&mut map, ["value", "value_base64"], fields.value)?;
        map.serialize_entry("domain", host)?;
        if !fields.host_only {
            map.serialize_entry("host_only", &false)?;
        }
        if fields.path != b"/" {
            octets(&mut map, ["path", "path_base64"], fields.path)?;
        }
        for (name, flag) in [
            ("secure", fields.secure_only),
            ("http_only", fields.http_only),
        ] {
            if flag {
                map.serialize_entry(name, &true)?;
            }
        }
        if fields.same_site != SameSite::Default {
            map.serialize_entry("same_site", &fields.same_site)?;
        }
        if let Some(expires) = fields.expiry_time {
            map.serialize_entry("expires", &expires)?;
        }
        if let Some(partition) = fields.partition.as_deref() {
            map.serialize_entry("partition", partition)?;
        }
        if let Some(creation) = fields.creation_time {
            map.serialize_entry("creation", &creation)?;
        }
        if let Some(changed) = changed.filter(|at| Some(*at) != fields.creation_time) {
            map.serialize_entry("changed", &changed)?;
        }
        if fields.last_access_time != fields.creation_time {
            map.serialize_entry("last_access", &fields.last_access_time)?;
        }
        if *order != 0 {
            map.serialize_entry("order", order)?;
        }
        map.end()
    }
}

/// Octets as text where they are UTF-8, otherwise as base64 under the second name.
fn octets<M: SerializeMap>(
    map: &mut M,
    [name, base64]: [&'static str; 2],
    octets: &[u8],
) -> Result<(), M::Error> {
    match std::str::from_utf8(octets) {
        Ok(text) => map.serialize_entry(name, text),
        Err(_) => map.serialize_entry(base64, &BASE64.encode(octets)),
    }
}

impl<'a> Written<'a> {
    /// A cookie of a jar, which stands in a list in its order.
    pub(crate) fn of(cookie: &'a Cookie) -> Self {
        Self {
            host: cookie.domain_str(),
            fields: cookie.fields(),
            order: 0,
            changed: None,
        }
    }
}

/// That a cookie of this identity was removed, to be written.
#[cfg(feature = "json")]
pub(crate) struct Removal<'a> {
    pub(crate) cookie: &'a Cookie,
    pub(crate) at: Timestamp,
}

#[cfg(feature = "json")]
impl Serialize for Removal<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { cookie, at } = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("removed", at)?;
        octets(&mut map, ["name", "name_base64"], cookie.name())?;
        map.serialize_entry("domain", cookie.domain_str())?;
        if !cookie.host_only() {
            map.serialize_entry("host_only", &false)?;
        }
        if cookie.path() != b"/" {
            octets(&mut map, ["path", "path_base64"], cookie.path())?;
        }
        if let Some(partition) = cookie.partition() {
            map.serialize_entry("partition", partition)?;
        }
        map.end()
    }
}

impl Serialize for Cookie {
    /// The fields of a [`CookieBuilder`], but for the order.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Written::of(self).serialize(serializer)
    }
}

impl Serialize for CookieBuilder {
    /// `name`, `value`, `domain`, `host_only`, `path`, `secure`, `http_only`, `same_site`, `expires`, `partition`,
    /// `creation`, `last_access` and `order`. Left out is what is as in a new builder, and a `last_access` that is
    /// `creation`. Octets that are not UTF-8 are base64 in `name_base64`, `value_base64` and `path_base64`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let written = Written {
            host: &self.host,
            fields: self.fields.borrowed(),
            order: self.order,
            changed: None,
        };
        written.serialize(serializer)
    }
}

/// What stands in a text about a cookie. Fields that are not known are passed over.
#[derive(Default, Deserialize)]
pub(crate) struct Raw<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    name_base64: Option<Text<'a>>,
    #[serde(borrow)]
    value: Option<Text<'a>>,
    #[serde(borrow)]
    value_base64: Option<Text<'a>>,
    #[serde(borrow)]
    domain: Option<Text<'a>>,
    host_only: Option<bool>,
    #[serde(borrow)]
    path: Option<Text<'a>>,
    #[serde(borrow)]
    path_base64: Option<Text<'a>>,
    secure: Option<bool>,
    http_only: Option<bool>,
    #[serde(borrow)]
    same_site: Option<Text<'a>>,
    #[serde(borrow)]
    expires: Option<Text<'a>>,
    #[serde(borrow)]
    partition: Option<Text<'a>>,
    #[serde(borrow)]
    creation: Option<Text<'a>>,
    #[serde(borrow, default)]
    last_access: LastAccess<'a>,
    order: Option<u64>,
    #[serde(borrow)]
    changed: Option<Text<'a>>,
    #[serde(borrow)]
    #[cfg_attr(
        not(feature = "json"),
        expect(dead_code, reason = "only a line of a file tells of a removal")
    )]
    removed: Option<Text<'a>>,
}

/// When a cookie was last sent or stored.
#[derive(Default)]
enum LastAccess<'a> {
    /// When it was created.
    #[default]
    LeftOut,
    /// Not known, if it is null.
    Given(Option<Text<'a>>),
}

impl<'de: 'a, 'a> Deserialize<'de> for LastAccess<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self::Given)
    }
}

/// A cookie that was read, as far as it can be without a copy.
pub(crate) struct Record<'a> {
    pub(crate) host: Cow<'a, str>,
    pub(crate) fields: Fields<Cow<'a, [u8]>>,
    order: u64,
    /// When it was last stored or replaced, where that is told apart from its creation.
    #[cfg_attr(
        not(feature = "json"),
        expect(dead_code, reason = "files are read with it")
    )]
    pub(crate) changed: Option<Timestamp>,
}

impl<'a> TryFrom<Raw<'a>> for Record<'a> {
    type Error = FieldError;

    fn try_from(raw: Raw<'a>) -> Result<Self, FieldError> {
        let Text(host) = raw.domain.ok_or(FieldError::Missing("domain"))?;
        let path = read_octets("path", raw.path, raw.path_base64)?;
        let creation_time = instant("creation", raw.creation)?;
        let fields = Fields {
            name: read_octets("name", raw.name, raw.name_base64)?
                .ok_or(FieldError::Missing("name"))?,
            value: read_octets("value", raw.value, raw.value_base64)?
                .ok_or(FieldError::Missing("value"))?,
            domain: Cow::Borrowed(&[][..]),
            path: path.unwrap_or(Cow::Borrowed(b"/")),
            host_only: raw.host_only.unwrap_or(true),
            secure_only: raw.secure.unwrap_or(false),
            http_only: raw.http_only.unwrap_or(false),
            same_site: same_site(raw.same_site.as_ref())?,
            partition: partition(raw.partition.as_ref())?,
            expiry_time: instant("expires", raw.expires)?,
            creation_time,
            last_access_time: match raw.last_access {
                LastAccess::Given(last_access) => instant("last_access", last_access)?,
                LastAccess::LeftOut => creation_time,
            },
        };
        Ok(Self {
            host,
            fields,
            order: raw.order.unwrap_or(0),
            changed: instant("changed", raw.changed)?,
        })
    }
}

/// What stands in a line of a file.
#[cfg(feature = "json")]
pub(crate) enum Entry<'a> {
    Cookie(Record<'a>),
    /// A cookie of this identity was removed at that time. Nothing else in it means anything.
    Removal(Record<'a>, Timestamp),
}

#[cfg(feature = "json")]
impl<'a> TryFrom<Raw<'a>> for Entry<'a> {
    type Error = FieldError;

    fn try_from(raw: Raw<'a>) -> Result<Self, FieldError> {
        let Some(at) = instant("removed", raw.removed)? else {
            let raw = Raw {
                removed: None,
                ..raw
            };
            return Ok(Self::Cookie(Record::try_from(raw)?));
        };
        let identity = Raw {
            name: raw.name,
            name_base64: raw.name_base64,
            value: Some(Text::from("")),
            domain: raw.domain,
            host_only: raw.host_only,
            path: raw.path,
            path_base64: raw.path_base64,
            partition: raw.partition,
            ..Raw::default()
        };
        Ok(Self::Removal(Record::try_from(identity)?, at))
    }
}

fn read_octets<'a>(
    field: &'static str,
    text: Option<Text<'a>>,
    base64: Option<Text<'a>>,
) -> Result<Option<Cow<'a, [u8]>>, FieldError> {
    match (text, base64) {
        (None, None) => Ok(None),
        (Some(Text(Cow::Borrowed(text))), None) => Ok(Some(Cow::Borrowed(text.as_bytes()))),
        (Some(Text(Cow::Owned(text))), None) => Ok(Some(Cow::Owned(text.into_bytes()))),
        (None, Some(Text(text))) => {
            let octets = BASE64.decode(&*text);
            let octets = octets.map_err(|_| FieldError::NotBase64(field))?;
            Ok(Some(Cow::Owned(octets)))
        }
        (Some(_), Some(_)) => Err(FieldError::Twice(field)),
    }
}

fn instant(field: &'static str, text: Option<Text<'_>>) -> Result<Option<Timestamp>, FieldError> {
    let read = |Text(text)| Instant::read(&text).map_err(|_| FieldError::NotAnInstant(field));
    text.map(read).transpose()
}

fn same_site(text: Option<&Text<'_>>) -> Result<SameSite, FieldError> {
    match text.map(|Text(text)| &**text) {
        None | Some("default") => Ok(SameSite::Default),
        Some("none") => Ok(SameSite::None),
        Some("lax") => Ok(SameSite::Lax),
        Some("strict") => Ok(SameSite::Strict),
        Some(_) => Err(FieldError::NotASameSite),
    }
}

fn partition(text: Option<&Text<'_>>) -> Result<Option<Arc<PartitionKey>>, FieldError> {
    let read = |Text(text): &Text<'_>| text.parse().map_err(|_| FieldError::NotAPartition);
    Ok(text.map(read).transpose()?.map(Arc::new))
}

impl Record<'_> {
    pub(crate) fn to_builder(&self) -> CookieBuilder {
        CookieBuilder {
            host: self.host.to_string(),
            fields: self.fields.to_owned(),
            order: self.order,
        }
    }
}

impl<'de> Deserialize<'de> for CookieBuilder {
    /// Nothing is checked here but that the fields can be read: [`CookieJar::restore`] checks them.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let raw = Raw::deserialize(deserializer)?;
            let record = Record::try_from(raw).map_err(D::Error::custom)?;
            return Ok(record.to_builder());
        }
        let packed: Packed<ByteBuf, String> = Deserialize::deserialize(deserializer)?;
        let (host, fields, order) = unpacked(packed, ByteBuf::into_vec);
        Ok(Self {
            host,
            fields,
            order,
        })
    }
}

impl Serialize for CookieJar {
    /// The list of the cookies, in the order of creation. The policy is not in it.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // What has expired by an instant that the jar was told is not shown by an earlier one either.
        serializer.collect_seq(self.iter(Timestamp::MIN))
    }
}

impl<'de> Deserialize<'de> for CookieJar {
    /// Restores the cookies of a list into a jar with the default policy, as of the latest last-access-time among
    /// them: the core has no clock, and by then the jar was in use. What has expired is not kept. It is an error if
    /// the policy refuses a cookie, or has no room for it, or if two are of one identity, or if one has no
    /// creation-time: read a `Vec<CookieBuilder>` then, and [`restore`](CookieJar::restore) it into a jar with a
    /// policy of its own.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let cookies: Vec<CookieBuilder> = Deserialize::deserialize(deserializer)?;
        let mut latest = Timestamp::MIN;
        for CookieBuilder { fields, .. } in &cookies {
            let created = fields.creation_time;
            let created = created.ok_or(FieldError::Missing("creation"));
            let created = created.map_err(D::Error::custom)?;
            latest = latest.max(fields.last_access_time.unwrap_or(created));
        }
        let mut jar = Self::new(Policy::default());
        for (cookie, reason) in jar.restore(cookies, latest) {
            if reason != NotRestored::Expired {
                let name = cookie.fields.name.escape_ascii();
                let message = format!("the cookie `{name}` of {}: {reason}", cookie.host);
                return Err(D::Error::custom(message));
            }
        }
        Ok(jar)
    }
}

impl Serialize for SharedJar {
    /// As a [`CookieJar`].
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_jar().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SharedJar {
    /// As a [`CookieJar`]; its clock is the system's.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        CookieJar::deserialize(deserializer).map(Self::from)
    }
}
