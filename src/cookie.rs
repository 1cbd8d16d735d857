//! 5.7: a stored cookie, its fields and its identity.

use std::cmp::Reverse;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use smallvec::SmallVec;

use crate::host::CanonicalHost;
use crate::instant::{AtomicInstant, Instant};
use crate::same_site::PartitionKey;
use crate::set_cookie::SameSite;

/// A cookie as the storage model knows it (5.7): one that has passed every step.
///
/// It can only be had from a [`CookieJar`](crate::CookieJar) and has no setters. Names, values and
/// paths are octets. Its `Debug` does not show the value.
#[derive(Clone)]
pub struct Cookie {
    /// The pair as it is sent, then the path.
    octets: Octets,
    home: Arc<Home>,
    creation_time: DateTime<Utc>,
    /// `None` where the persistent-flag is false.
    expiry_time: Option<DateTime<Utc>>,
    pub(crate) last_access_time: AtomicInstant,
    /// Settles the order of equal creation-times, and goes with the creation-time when a cookie is
    /// replaced.
    pub(crate) insertion: u32,
    facts: Facts,
}

/// Octets that never change. Most cookies have a few, which stand with the other fields: in a large jar
/// each place elsewhere in memory has to be waited for.
#[derive(Clone)]
enum Octets {
    Few {
        length: u8,
        octets: [u8; FEW_OCTETS],
    },
    Many(Box<[u8]>),
}

/// Not more than make [`Octets`] five words large.
const FEW_OCTETS: usize = 38;

impl Octets {
    fn concat(parts: [&[u8]; 4]) -> Self {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        match u8::try_from(length) {
            Ok(length) if usize::from(length) <= FEW_OCTETS => {
                let mut octets = [0; FEW_OCTETS];
                let mut from = 0;
                for part in parts {
                    let to = from + part.len();
                    octets[from..to].copy_from_slice(part);
                    from = to;
                }
                Self::Few { length, octets }
            }
            _ => Self::Many(parts.concat().into()),
        }
    }
}

impl Deref for Octets {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Few { length, octets } => &octets[..usize::from(*length)],
            Self::Many(octets) => octets,
        }
    }
}

/// What the cookies of one domain and partition share.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Home {
    /// Not elsewhere in memory, where it is short: every look-up compares it.
    pub(crate) domain: SmallVec<[u8; 24]>,
    pub(crate) partition: Option<Arc<PartitionKey>>,
}

/// The lengths of name and value, at most 4096 each, and the flags: so many that their size counts.
#[derive(Debug, Clone, Copy)]
struct Facts(u32);

impl Facts {
    const LENGTH_BITS: u32 = 13;
    const LENGTH: u32 = (1 << Self::LENGTH_BITS) - 1;
    const HOST_ONLY: u32 = 1 << 26;
    const SECURE_ONLY: u32 = 1 << 27;
    const HTTP_ONLY: u32 = 1 << 28;
    const SAME_SITE_SHIFT: u32 = 29;

    fn new(fields: &Fields<'_>) -> Self {
        // Storage has seen to the lengths (5.7 step 4).
        let length = |octets: &[u8]| u32::try_from(octets.len()).unwrap_or(0) & Self::LENGTH;
        let flag = |set: bool, flag: u32| if set { flag } else { 0 };
        let same_site = match fields.same_site {
            SameSite::Default => 0,
            SameSite::Strict => 1,
            SameSite::Lax => 2,
            SameSite::None => 3,
        };
        Self(
            length(fields.name)
                | length(fields.value) << Self::LENGTH_BITS
                | flag(fields.host_only, Self::HOST_ONLY)
                | flag(fields.secure_only, Self::SECURE_ONLY)
                | flag(fields.http_only, Self::HTTP_ONLY)
                | same_site << Self::SAME_SITE_SHIFT,
        )
    }

    const fn name_length(self) -> usize {
        (self.0 & Self::LENGTH) as usize
    }

    const fn value_start(self) -> usize {
        match self.name_length() {
            0 => 0,
            length => length + "=".len(),
        }
    }

    const fn pair_length(self) -> usize {
        self.value_start() + (self.0 >> Self::LENGTH_BITS & Self::LENGTH) as usize
    }

    const fn has(self, flag: u32) -> bool {
        self.0 & flag != 0
    }

    const fn same_site(self) -> SameSite {
        match self.0 >> Self::SAME_SITE_SHIFT & 3 {
            0 => SameSite::Default,
            1 => SameSite::Strict,
            2 => SameSite::Lax,
            _ => SameSite::None,
        }
    }
}

/// Name, path and host-only-flag.
pub(crate) type Identity<'a> = (&'a [u8], &'a [u8], bool);

/// Creation-time and insertion: earlier ones first, equal ones as they came. No two cookies of a jar
/// have the same.
pub(crate) type CreationOrder = (DateTime<Utc>, u32);

/// The order in which cookies are least recently used: by last-access-time, then by creation.
pub(crate) type LastUse = (Instant, CreationOrder);

/// 5.8.3 step 4: the order of sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SendingOrder {
    // 5.8.3 step 4.1: longer paths first
    path_length: Reverse<usize>,
    // 5.8.3 step 4.2: then earlier creation-times
    pub(crate) creation: CreationOrder,
}

impl SendingOrder {
    /// Before all others.
    pub(crate) const FIRST: Self = Self {
        path_length: Reverse(usize::MAX),
        creation: (DateTime::<Utc>::MIN_UTC, 0),
    };
}

impl Cookie {
    /// Begins a cookie by hand: name, value and the host that it is for. It becomes a cookie in
    /// [`CookieJar::insert`](crate::CookieJar::insert), which checks it.
    pub fn builder(
        name: impl Into<Vec<u8>>,
        value: impl Into<Vec<u8>>,
        host: impl Into<String>,
    ) -> CookieBuilder {
        CookieBuilder {
            name: name.into(),
            value: value.into(),
            host: host.into(),
            path: b"/".to_vec(),
            host_only: true,
            secure_only: false,
            http_only: false,
            same_site: SameSite::Default,
            expiry_time: None,
            creation_time: None,
            partition: None,
        }
    }

    /// The cookie-name; empty for a nameless cookie.
    pub fn name(&self) -> &[u8] {
        &self.octets[..self.facts.name_length()]
    }

    /// The cookie-value, a secret.
    pub fn value(&self) -> &[u8] {
        &self.pair()[self.facts.value_start()..]
    }

    /// The domain, canonicalized; IPv6 addresses in brackets.
    pub fn domain(&self) -> &[u8] {
        &self.home.domain
    }

    /// The path.
    pub fn path(&self) -> &[u8] {
        &self.octets[self.facts.pair_length()..]
    }

    /// What there is to read of it without a look at its octets: are they elsewhere?
    pub(crate) fn facts(&self) -> (u32, bool) {
        (self.facts.0, matches!(self.octets, Octets::Many(_)))
    }

    /// The first and the last octet that there is to read of it.
    pub(crate) fn ends(&self) -> (u8, u8) {
        let end = |octet: Option<&u8>| octet.copied().unwrap_or_default();
        (end(self.octets.first()), end(self.octets.last()))
    }

    /// Is the path "/", the only one of one octet? That is known without a look at it.
    pub(crate) fn is_at_root(&self) -> bool {
        self.path().len() == 1
    }

    /// Name, "=" and value; the value alone where the name is empty (5.8.3 step 6).
    pub(crate) fn pair(&self) -> &[u8] {
        &self.octets[..self.facts.pair_length()]
    }

    /// The host-only-flag: is the cookie for its very domain only, not for subdomains?
    pub fn host_only(&self) -> bool {
        self.facts.has(Facts::HOST_ONLY)
    }

    /// The secure-only-flag: is it for secure connections only?
    pub fn secure_only(&self) -> bool {
        self.facts.has(Facts::SECURE_ONLY)
    }

    /// The http-only-flag: is it hidden from non-HTTP APIs?
    pub fn http_only(&self) -> bool {
        self.facts.has(Facts::HTTP_ONLY)
    }

    /// The same-site-flag.
    pub fn same_site(&self) -> SameSite {
        self.facts.same_site()
    }

    /// The persistent-flag: does it outlive the session?
    pub fn persistent(&self) -> bool {
        self.expiry_time.is_some()
    }

    /// The expiry-time; `None` where the persistent-flag is false: it ends with the session.
    pub fn expiry_time(&self) -> Option<DateTime<Utc>> {
        self.expiry_time
    }

    /// The creation-time, which a replacement takes over.
    pub fn creation_time(&self) -> DateTime<Utc> {
        self.creation_time
    }

    /// The last-access-time; before 1825 and after 2115 in steps of 100 nanoseconds.
    pub fn last_access_time(&self) -> DateTime<Utc> {
        self.last_access_time.get().into()
    }

    /// What it is partitioned by; `None` for an ordinary cookie.
    pub fn partition(&self) -> Option<&PartitionKey> {
        self.home.partition.as_deref()
    }

    /// Does its expiry-time lie in the past?
    // Reading: at its very expiry-time a cookie is not expired yet.
    pub fn is_expired(&self, now: DateTime<Utc>) -> bool {
        self.expiry_time
            .is_some_and(|expiry_time| expiry_time < now)
    }

    pub(crate) fn home(&self) -> &Arc<Home> {
        &self.home
    }

    /// Its place among all cookies that are sent with it.
    pub(crate) fn sending_order(&self) -> SendingOrder {
        SendingOrder {
            path_length: Reverse(self.octets.len() - self.facts.pair_length()),
            creation: self.creation_order(),
        }
    }

    pub(crate) fn creation_order(&self) -> CreationOrder {
        (self.creation_time, self.insertion)
    }

    pub(crate) fn last_use(&self) -> LastUse {
        (self.last_access_time.get(), self.creation_order())
    }

    /// 5.7 step 23: what makes it the same cookie, among those of its partition and domain.
    pub(crate) fn identity(&self) -> Identity<'_> {
        (self.name(), self.path(), self.host_only())
    }
}

impl fmt::Debug for Cookie {
    /// The value is a secret: only its length is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cookie")
            .field("name", &self.name().escape_ascii().to_string())
            .field("value", &format_args!("<{} octets>", self.value().len()))
            .field("domain", &self.domain().escape_ascii().to_string())
            .field("path", &self.path().escape_ascii().to_string())
            .field("host_only", &self.host_only())
            .field("secure_only", &self.secure_only())
            .field("http_only", &self.http_only())
            .field("same_site", &self.same_site())
            .field("expiry_time", &self.expiry_time())
            .field("creation_time", &self.creation_time())
            .field("last_access_time", &self.last_access_time())
            .field("partition", &self.partition().map(PartitionKey::to_string))
            .finish_non_exhaustive()
    }
}

/// The fields of a [`Cookie`], as the storage model has settled them.
pub(crate) struct Fields<'a> {
    /// At most 4096 octets together with the value.
    pub(crate) name: &'a [u8],
    pub(crate) value: &'a [u8],
    pub(crate) path: &'a [u8],
    pub(crate) home: Arc<Home>,
    pub(crate) host_only: bool,
    pub(crate) secure_only: bool,
    pub(crate) http_only: bool,
    pub(crate) same_site: SameSite,
    pub(crate) expiry_time: Option<DateTime<Utc>>,
    pub(crate) creation: CreationOrder,
    pub(crate) last_access_time: DateTime<Utc>,
}

impl From<Fields<'_>> for Cookie {
    fn from(fields: Fields<'_>) -> Self {
        let (creation_time, insertion) = fields.creation;
        let separator: &[u8] = if fields.name.is_empty() { b"" } else { b"=" };
        Self {
            facts: Facts::new(&fields),
            octets: Octets::concat([fields.name, separator, fields.value, fields.path]),
            home: fields.home,
            creation_time,
            expiry_time: fields.expiry_time,
            last_access_time: AtomicInstant::new(fields.last_access_time.into()),
            insertion,
        }
    }
}

/// A cookie that is built by hand; begun by [`Cookie::builder`].
///
/// ```
/// use hardtack::{Cookie, CookieJar};
/// # let now = chrono::DateTime::UNIX_EPOCH;
///
/// let mut jar = CookieJar::default();
/// let cookie = Cookie::builder("sid", "31d4", "shop.example").secure_only(true).path("/cart");
/// jar.insert(&cookie, now)?;
/// # Ok::<(), hardtack::Rejection>(())
/// ```
#[derive(Clone)]
pub struct CookieBuilder {
    pub(crate) name: Vec<u8>,
    pub(crate) value: Vec<u8>,
    pub(crate) host: String,
    pub(crate) path: Vec<u8>,
    pub(crate) host_only: bool,
    pub(crate) secure_only: bool,
    pub(crate) http_only: bool,
    pub(crate) same_site: SameSite,
    pub(crate) expiry_time: Option<DateTime<Utc>>,
    pub(crate) creation_time: Option<DateTime<Utc>>,
    pub(crate) partition: Option<PartitionKey>,
}

impl CookieBuilder {
    /// The path, in octets; begins with "/", which is the default.
    #[must_use]
    pub fn path(mut self, path: impl Into<Vec<u8>>) -> Self {
        self.path = path.into();
        self
    }

    /// For the very host only (the default), or for its subdomains too?
    #[must_use]
    pub fn host_only(mut self, host_only: bool) -> Self {
        self.host_only = host_only;
        self
    }

    /// For secure connections only? False by default.
    #[must_use]
    pub fn secure_only(mut self, secure_only: bool) -> Self {
        self.secure_only = secure_only;
        self
    }

    /// Hidden from non-HTTP APIs? False by default.
    #[must_use]
    pub fn http_only(mut self, http_only: bool) -> Self {
        self.http_only = http_only;
        self
    }

    /// The same-site-flag; [`SameSite::Default`] by default.
    #[must_use]
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = same_site;
        self
    }

    /// When it expires, cut to the policy's lifetime limit; without this it ends with the session.
    #[must_use]
    pub fn expiry_time(mut self, expiry_time: DateTime<Utc>) -> Self {
        self.expiry_time = Some(expiry_time);
        self
    }

    /// When it was created; the time of insertion by default.
    #[must_use]
    pub fn creation_time(mut self, creation_time: DateTime<Utc>) -> Self {
        self.creation_time = Some(creation_time);
        self
    }

    /// What it is partitioned by; by default it is not.
    #[must_use]
    pub fn partition(mut self, key: PartitionKey) -> Self {
        self.partition = Some(key);
        self
    }

    /// The host, canonicalized; a dot before it is passed over, as it is before a Domain (5.6.3 step 2).
    pub(crate) fn canonical_host(&self) -> Option<CanonicalHost<'static>> {
        CanonicalHost::parse(self.host.strip_prefix('.').unwrap_or(&self.host))
    }
}

impl fmt::Debug for CookieBuilder {
    /// The value is a secret: only its length is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CookieBuilder")
            .field("name", &self.name.escape_ascii().to_string())
            .field("value", &format_args!("<{} octets>", self.value.len()))
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn fields<'a>(
        name: &'a [u8],
        path: &'a [u8],
        creation: CreationOrder,
    ) -> Fields<'a> {
        let domain = b"example.com"[..].into();
        Fields {
            name,
            value: b"",
            path,
            home: Arc::new(Home {
                domain,
                partition: None,
            }),
            host_only: true,
            secure_only: false,
            http_only: false,
            same_site: SameSite::Default,
            expiry_time: None,
            creation,
            last_access_time: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_few_octets_stand_with_the_cookie() {
        for (value, few) in [
            ("", true),
            (&"v".repeat(34), true),
            (&"v".repeat(35), false),
        ] {
            for (name, path) in [("n", "/a"), ("na", "/"), ("", "/ab")] {
                let octets = Octets::concat([name, "=", value, path].map(str::as_bytes));
                let expected = format!("{name}={value}{path}");
                assert_eq!(&*octets, expected.as_bytes());
                assert_eq!(matches!(octets, Octets::Few { .. }), few, "{expected}");
            }
        }
        assert_eq!(size_of::<Octets>(), 5 * size_of::<usize>());
    }

    /// No answer depends on what is read ahead: only the time that it takes.
    #[test]
    fn all_of_a_cookie_is_read_ahead() {
        for (value, elsewhere) in [("v", false), (&"v".repeat(99), true)] {
            let cookie = Cookie::from(Fields {
                value: value.as_bytes(),
                ..fields(b"name", b"/", (DateTime::UNIX_EPOCH, 0))
            });
            assert_eq!(cookie.facts(), (cookie.facts.0, elsewhere), "{value}");
            assert_eq!(cookie.ends(), (b'n', b'/'), "{value}");
        }
    }
}
