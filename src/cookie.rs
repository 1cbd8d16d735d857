//! 5.7: a stored cookie, its fields and its identity.

use std::cmp::Reverse;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};

use crate::same_site::PartitionKey;
use crate::set_cookie::SameSite;

/// A cookie as the storage model knows it (5.7): one that has passed every step.
///
/// It can only be had from a [`CookieJar`](crate::CookieJar) and has no setters. Names, values and
/// paths are octets. Its `Debug` does not show the value.
#[derive(Clone)]
pub struct Cookie {
    /// Name, value, domain and path, one after the other.
    octets: Box<[u8]>,
    name_length: u16,
    value_length: u16,
    domain_length: u32,
    pub(crate) host_only: bool,
    pub(crate) secure_only: bool,
    pub(crate) http_only: bool,
    pub(crate) same_site: SameSite,
    pub(crate) creation_time: DateTime<Utc>,
    pub(crate) expiry_time: Option<DateTime<Utc>>,
    pub(crate) last_access_time: AtomicInstant,
    pub(crate) partition: Option<Arc<PartitionKey>>,
    /// Settles the order of equal creation-times, and goes with the creation-time when a cookie is
    /// replaced.
    pub(crate) insertion: u64,
}

/// Name, path and host-only-flag.
pub(crate) type Identity<'a> = (&'a [u8], &'a [u8], bool);

/// Creation-time and insertion.
pub(crate) type CreationOrder = (DateTime<Utc>, u64);

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
        &self.octets[..self.name_end()]
    }

    /// The cookie-value, a secret.
    pub fn value(&self) -> &[u8] {
        &self.octets[self.name_end()..self.value_end()]
    }

    /// The domain, canonicalized; IPv6 addresses in brackets.
    pub fn domain(&self) -> &[u8] {
        &self.octets[self.value_end()..self.domain_end()]
    }

    /// The path.
    pub fn path(&self) -> &[u8] {
        &self.octets[self.domain_end()..]
    }

    /// The host-only-flag: is the cookie for its very domain only, not for subdomains?
    pub fn host_only(&self) -> bool {
        self.host_only
    }

    /// The secure-only-flag: is it for secure connections only?
    pub fn secure_only(&self) -> bool {
        self.secure_only
    }

    /// The http-only-flag: is it hidden from non-HTTP APIs?
    pub fn http_only(&self) -> bool {
        self.http_only
    }

    /// The same-site-flag.
    pub fn same_site(&self) -> SameSite {
        self.same_site
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

    /// The last-access-time; exact from the year 1678 to 2261.
    pub fn last_access_time(&self) -> DateTime<Utc> {
        self.last_access_time.get()
    }

    /// What it is partitioned by; `None` for an ordinary cookie.
    pub fn partition(&self) -> Option<&PartitionKey> {
        self.partition.as_deref()
    }

    /// Does its expiry-time lie in the past?
    // Reading: at its very expiry-time a cookie is not expired yet.
    pub fn is_expired(&self, now: DateTime<Utc>) -> bool {
        self.expiry_time
            .is_some_and(|expiry_time| expiry_time < now)
    }

    fn name_end(&self) -> usize {
        usize::from(self.name_length)
    }

    fn value_end(&self) -> usize {
        self.name_end() + usize::from(self.value_length)
    }

    fn domain_end(&self) -> usize {
        // No usize of a platform with `std` is narrower than 32 bits.
        self.value_end() + self.domain_length as usize
    }

    /// 5.8.3 step 4: the order of sending.
    pub(crate) fn sending_order(&self) -> (Reverse<usize>, CreationOrder) {
        // 5.8.3 step 4.1: longer paths first
        // 5.8.3 step 4.2: then earlier creation-times
        (Reverse(self.path().len()), self.creation_order())
    }

    /// Earlier creation-times first; equal ones as they came.
    pub(crate) fn creation_order(&self) -> CreationOrder {
        (self.creation_time, self.insertion)
    }

    /// 5.7 step 23: what makes it the same cookie, among those of its partition and domain.
    pub(crate) fn identity(&self) -> Identity<'_> {
        (self.name(), self.path(), self.host_only)
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
            .field("host_only", &self.host_only)
            .field("secure_only", &self.secure_only)
            .field("http_only", &self.http_only)
            .field("same_site", &self.same_site)
            .field("expiry_time", &self.expiry_time)
            .field("creation_time", &self.creation_time)
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
    pub(crate) domain: &'a [u8],
    pub(crate) path: &'a [u8],
    pub(crate) host_only: bool,
    pub(crate) secure_only: bool,
    pub(crate) http_only: bool,
    pub(crate) same_site: SameSite,
    pub(crate) expiry_time: Option<DateTime<Utc>>,
    pub(crate) creation_time: DateTime<Utc>,
    pub(crate) last_access_time: DateTime<Utc>,
    pub(crate) partition: Option<Arc<PartitionKey>>,
    pub(crate) insertion: u64,
}

impl From<Fields<'_>> for Cookie {
    fn from(fields: Fields<'_>) -> Self {
        let octets = [fields.name, fields.value, fields.domain, fields.path];
        Self {
            octets: octets.concat().into(),
            // The name and the value have passed 5.7 step 4, and the parts of a URL fit 32 bits.
            name_length: u16::try_from(fields.name.len()).unwrap_or(u16::MAX),
            value_length: u16::try_from(fields.value.len()).unwrap_or(u16::MAX),
            domain_length: u32::try_from(fields.domain.len()).unwrap_or(u32::MAX),
            host_only: fields.host_only,
            secure_only: fields.secure_only,
            http_only: fields.http_only,
            same_site: fields.same_site,
            creation_time: fields.creation_time,
            expiry_time: fields.expiry_time,
            last_access_time: AtomicInstant::new(fields.last_access_time),
            partition: fields.partition,
            insertion: fields.insertion,
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

/// An instant that a reader can set, in nanoseconds: exact from the year 1678 to 2261. What is earlier
/// is the earliest instant of all, what is later the latest of these.
#[derive(Debug)]
pub(crate) struct AtomicInstant(AtomicI64);

// Relaxed throughout: an instant stands for itself, nothing else is read by its order.
impl AtomicInstant {
    /// Before all others.
    pub(crate) const fn beginning() -> Self {
        Self(AtomicI64::new(i64::MIN))
    }

    pub(crate) const fn new(instant: DateTime<Utc>) -> Self {
        Self(AtomicI64::new(nanoseconds(instant)))
    }

    pub(crate) fn get(&self) -> DateTime<Utc> {
        match self.0.load(Ordering::Relaxed) {
            i64::MIN => DateTime::<Utc>::MIN_UTC,
            nanoseconds => DateTime::from_timestamp_nanos(nanoseconds),
        }
    }

    /// Sets the instant to that of `other`, and tells whether it lay in the future of it.
    pub(crate) fn set(&self, other: &Self) -> bool {
        let after = other.0.load(Ordering::Relaxed);
        let before = self.0.load(Ordering::Relaxed);
        if before != after {
            self.0.store(after, Ordering::Relaxed);
        }
        before > after
    }

    /// Sets the instant unless it is a later one already.
    pub(crate) fn advance(&self, instant: DateTime<Utc>) {
        self.0.fetch_max(nanoseconds(instant), Ordering::Relaxed);
    }
}

const fn nanoseconds(instant: DateTime<Utc>) -> i64 {
    match instant.timestamp_nanos_opt() {
        Some(nanoseconds) => nanoseconds,
        None if instant.timestamp() < 0 => i64::MIN,
        None => i64::MAX,
    }
}

impl Clone for AtomicInstant {
    fn clone(&self) -> Self {
        Self(AtomicI64::new(self.0.load(Ordering::Relaxed)))
    }
}
