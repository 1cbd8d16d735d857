//! 5.7: a stored cookie, its fields and its identity.

use std::cmp::{Ordering, Reverse};
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{self, AtomicBool};

use smallvec::SmallVec;

use crate::host::CanonicalHost;
use crate::public_suffix::PublicSuffixList;
use crate::same_site::PartitionKey;
use crate::set_cookie::SameSite;
use crate::timestamp::{AtomicTimestamp, Timestamp};

/// A cookie as the storage model knows it (5.7): one that has passed every step.
///
/// It can only be had from a [`CookieJar`](crate::CookieJar) and has no setters. Names, values and
/// paths are octets. Its `Debug` does not show the value.
///
/// ```
/// use hardtack::{CookieJar, Request};
/// # let now = std::time::SystemTime::UNIX_EPOCH;
///
/// let mut jar = CookieJar::default();
/// let url = url::Url::parse("https://shop.example/cart")?;
/// jar.receive("theme=dark; Domain=shop.example; Max-Age=60", &url, now)?;
/// let cookie = jar.iter(now).next().unwrap();
/// assert_eq!((cookie.name(), cookie.value()), (&b"theme"[..], &b"dark"[..]));
/// assert_eq!((cookie.domain(), cookie.path()), (&b"shop.example"[..], &b"/"[..]));
/// assert!(cookie.persistent() && !cookie.host_only());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Cookie {
    /// The pair as it is sent, then the path.
    octets: Octets,
    home: Arc<Home>,
    creation_time: Timestamp,
    /// [`Timestamp::MAX`] where the persistent-flag is false: an `Option` would take eight octets more.
    expiry_time: Timestamp,
    last_access_time: AtomicTimestamp,
    /// Settles the order of equal creation-times, and goes with the creation-time when a cookie is
    /// replaced.
    insertion: u64,
    name_length: u16,
    value_length: u16,
    host_only: bool,
    secure_only: bool,
    http_only: bool,
    same_site: SameSite,
}

/// The fields of a cookie, as given by hand or settled by the storage model; `O` are octets, owned or
/// borrowed.
#[derive(Clone)]
pub(crate) struct Fields<O> {
    /// At most 4096 octets together with the value.
    pub(crate) name: O,
    pub(crate) value: O,
    pub(crate) domain: O,
    pub(crate) path: O,
    pub(crate) host_only: bool,
    pub(crate) secure_only: bool,
    pub(crate) http_only: bool,
    pub(crate) same_site: SameSite,
    pub(crate) partition: Option<Arc<PartitionKey>>,
    pub(crate) expiry_time: Option<Timestamp>,
    /// `None` is now.
    pub(crate) creation_time: Option<Timestamp>,
    /// `None` is now.
    pub(crate) last_access_time: Option<Timestamp>,
}

impl Fields<Vec<u8>> {
    /// The same fields, borrowed, for a domain that was found to be right.
    pub(crate) fn of_domain<'a>(&'a self, domain: &'a [u8]) -> Fields<&'a [u8]> {
        Fields {
            name: &self.name,
            value: &self.value,
            domain,
            path: &self.path,
            host_only: self.host_only,
            secure_only: self.secure_only,
            http_only: self.http_only,
            same_site: self.same_site,
            partition: self.partition.clone(),
            expiry_time: self.expiry_time,
            creation_time: self.creation_time,
            last_access_time: self.last_access_time,
        }
    }
}

impl<'a> Fields<&'a [u8]> {
    pub(crate) fn identity(&self) -> Identity<'a> {
        Identity {
            domain: self.domain,
            name: self.name,
            path: self.path,
            host_only: self.host_only,
        }
    }
}

/// What the cookies of one domain and partition share.
#[derive(Debug)]
pub(crate) struct Home {
    /// Not elsewhere in memory, where it is short: every look-up compares it.
    domain: SmallVec<[u8; 24]>,
    /// How many octets of the domain stand before the name of its site.
    before_site: u32,
    /// Whether the jar's list has the domain as a public suffix.
    pub(crate) is_public_suffix: bool,
    /// Whether a log of changes has noted that cookies of it were sent.
    is_touched: AtomicBool,
    pub(crate) partition: Option<Arc<PartitionKey>>,
}

impl Home {
    pub(crate) fn new(
        domain: &[u8],
        partition: Option<Arc<PartitionKey>>,
        list: &PublicSuffixList,
    ) -> Self {
        let before_site = domain.len() - list.site(domain).len();
        Self {
            domain: domain.into(),
            before_site: u32::try_from(before_site).unwrap_or(0),
            is_public_suffix: list.is_public_suffix(domain),
            is_touched: AtomicBool::new(false),
            partition,
        }
    }

    pub(crate) fn domain(&self) -> &[u8] {
        &self.domain
    }

    /// Returns true if nobody has noted it before.
    pub(crate) fn note_touched(&self) -> bool {
        !self.is_touched.load(atomic::Ordering::Relaxed)
            && !self.is_touched.swap(true, atomic::Ordering::Relaxed)
    }

    pub(crate) fn forget_touched(&self) {
        self.is_touched.store(false, atomic::Ordering::Relaxed);
    }

    /// The name of the site.
    pub(crate) fn site(&self) -> &[u8] {
        &self.domain[self.before_site as usize..]
    }
}

/// 5.7 step 23: what makes it the same cookie, among those of its site and partition.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Identity<'a> {
    pub(crate) domain: &'a [u8],
    pub(crate) name: &'a [u8],
    pub(crate) path: &'a [u8],
    pub(crate) host_only: bool,
}

/// Compares domains label by label, from the right.
pub(crate) fn by_labels(one: &[u8], other: &[u8]) -> Ordering {
    if one == other {
        return Ordering::Equal;
    }
    let is_dot = |octet: &u8| *octet == b'.';
    one.rsplit(is_dot).cmp(other.rsplit(is_dot))
}

/// The order in which cookies are least recently used: by last-access-time, then by creation. No two
/// cookies of a jar have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LastUse {
    pub(crate) last_access_time: Timestamp,
    creation: CreationOrder,
}

impl LastUse {
    /// After all others.
    pub(crate) const NEVER: Self = Self {
        last_access_time: Timestamp::MAX,
        creation: (Timestamp::MAX, u64::MAX),
    };
}

/// The order in which cookies expire: by expiry-time, then by insertion. No two persistent cookies of a jar
/// have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Expiry {
    pub(crate) time: Timestamp,
    insertion: u64,
}

impl Expiry {
    /// After all others: that of cookies which are not persistent.
    pub(crate) const NEVER: Self = Self {
        time: Timestamp::MAX,
        insertion: u64::MAX,
    };
}

/// Creation-time and insertion: earlier ones first, equal ones as they came. No two cookies of a jar
/// have the same.
pub(crate) type CreationOrder = (Timestamp, u64);

/// 5.8.3 step 4: the order of sending.
// 5.8.3 step 4.1: longer paths first
// 5.8.3 step 4.2: then earlier creation-times
pub(crate) type SendingOrder = (Reverse<usize>, CreationOrder);

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

impl Cookie {
    /// Begins a cookie by hand: name, value and the host that it is for. It becomes a cookie in
    /// [`CookieJar::insert`](crate::CookieJar::insert), which checks it.
    pub fn builder(
        name: impl Into<Vec<u8>>,
        value: impl Into<Vec<u8>>,
        host: impl Into<String>,
    ) -> CookieBuilder {
        CookieBuilder {
            host: host.into(),
            fields: Fields {
                name: name.into(),
                value: value.into(),
                domain: Vec::new(),
                path: b"/".to_vec(),
                host_only: true,
                secure_only: false,
                http_only: false,
                same_site: SameSite::Default,
                partition: None,
                expiry_time: None,
                creation_time: None,
                last_access_time: None,
            },
            order: 0,
        }
    }

    /// A cookie of these fields, created and last used now where they do not say it. The home is that of its domain and
    /// partition.
    pub(crate) fn new(fields: &Fields<&[u8]>, home: Arc<Home>, now: Timestamp) -> Self {
        let separator: &[u8] = if fields.name.is_empty() { b"" } else { b"=" };
        // Storage has seen to the lengths (5.7 step 4).
        let length = |octets: &[u8]| u16::try_from(octets.len()).unwrap_or(0);
        Self {
            octets: Octets::concat([fields.name, separator, fields.value, fields.path]),
            home,
            creation_time: fields.creation_time.unwrap_or(now),
            expiry_time: fields.expiry_time.unwrap_or(Timestamp::MAX),
            last_access_time: AtomicTimestamp::new(fields.last_access_time.unwrap_or(now)),
            insertion: 0,
            name_length: length(fields.name),
            value_length: length(fields.value),
            host_only: fields.host_only,
            secure_only: fields.secure_only,
            http_only: fields.http_only,
            same_site: fields.same_site,
        }
    }

    /// The cookie-name; empty for a nameless cookie.
    pub fn name(&self) -> &[u8] {
        &self.octets[..usize::from(self.name_length)]
    }

    /// The cookie-value, a secret.
    pub fn value(&self) -> &[u8] {
        let pair = self.pair();
        &pair[pair.len() - usize::from(self.value_length)..]
    }

    /// The domain, canonicalized; IPv6 addresses in brackets.
    pub fn domain(&self) -> &[u8] {
        self.home.domain()
    }

    /// The path.
    pub fn path(&self) -> &[u8] {
        &self.octets[self.pair_length()..]
    }

    /// Name, "=" and value; the value alone where the name is empty (5.8.3 step 6).
    pub(crate) fn pair(&self) -> &[u8] {
        &self.octets[..self.pair_length()]
    }

    fn pair_length(&self) -> usize {
        let separator = usize::from(self.name_length > 0);
        usize::from(self.name_length) + separator + usize::from(self.value_length)
    }

    /// The host-only-flag: true for a cookie of its very domain, false for one of its subdomains too.
    pub fn host_only(&self) -> bool {
        self.host_only
    }

    /// The secure-only-flag: true for a cookie that goes over secure connections only.
    pub fn secure_only(&self) -> bool {
        self.secure_only
    }

    /// The http-only-flag: true for a cookie that is hidden from non-HTTP APIs.
    pub fn http_only(&self) -> bool {
        self.http_only
    }

    /// The same-site-flag.
    pub fn same_site(&self) -> SameSite {
        self.same_site
    }

    /// The persistent-flag: true for a cookie that outlives the session.
    pub fn persistent(&self) -> bool {
        self.expiry_time != Timestamp::MAX
    }

    /// The expiry-time; `None` where the persistent-flag is false: it ends with the session.
    pub fn expiry_time(&self) -> Option<Timestamp> {
        self.persistent().then_some(self.expiry_time)
    }

    /// The creation-time, which a replacement takes over.
    pub fn creation_time(&self) -> Timestamp {
        self.creation_time
    }

    /// The last-access-time. It never goes back: the latest access counts.
    pub fn last_access_time(&self) -> Timestamp {
        self.last_access_time.get()
    }

    /// What it is partitioned by; `None` for an ordinary cookie.
    pub fn partition(&self) -> Option<&PartitionKey> {
        self.home.partition.as_deref()
    }

    /// Returns true once the expiry-time lies in the past: after it, not yet at it.
    // Reading: at its very expiry-time a cookie is not expired yet.
    pub fn is_expired(&self, now: impl Into<Timestamp>) -> bool {
        self.expiry_time < now.into()
    }

    pub(crate) fn home(&self) -> &Arc<Home> {
        &self.home
    }

    /// Notes an access (5.8.3 step 5).
    // Reading: the last-access-time never goes back, whatever the clock does.
    pub(crate) fn touch(&self, now: Timestamp) {
        self.last_access_time.advance(now);
    }

    /// Its place among all cookies that are sent with it.
    pub(crate) fn sending_order(&self) -> SendingOrder {
        let path_length = self.octets.len() - self.pair_length();
        (Reverse(path_length), self.creation_order())
    }

    pub(crate) fn creation_order(&self) -> CreationOrder {
        (self.creation_time, self.insertion)
    }

    pub(crate) fn insertion(&self) -> u64 {
        self.insertion
    }

    /// Its place among equal creation-times, which the store gives it.
    pub(crate) fn set_insertion(&mut self, insertion: u64) {
        self.insertion = insertion;
    }

    /// The same cookie, where its site is another one by a newer list.
    pub(crate) fn at_home(self, home: Arc<Home>) -> Self {
        Self { home, ..self }
    }

    /// 5.7 step 23.3: takes over the old-cookie's creation-time, and its place among equal ones.
    pub(crate) fn take_creation(&mut self, old: &Self) {
        self.creation_time = old.creation_time;
        self.insertion = old.insertion;
    }

    pub(crate) fn expiry(&self) -> Expiry {
        if !self.persistent() {
            return Expiry::NEVER;
        }
        Expiry {
            time: self.expiry_time,
            insertion: self.insertion,
        }
    }

    pub(crate) fn last_use(&self) -> LastUse {
        LastUse {
            last_access_time: self.last_access_time(),
            creation: self.creation_order(),
        }
    }

    /// The order of identities: the cookies of a domain stand together, and behind them those of its
    /// subdomains.
    pub(crate) fn cmp_identity(&self, identity: &Identity<'_>) -> Ordering {
        by_labels(self.domain(), identity.domain)
            .then_with(|| self.name().cmp(identity.name))
            .then_with(|| self.path().cmp(identity.path))
            .then_with(|| self.host_only.cmp(&identity.host_only))
    }

    pub(crate) fn identity(&self) -> Identity<'_> {
        Identity {
            domain: self.domain(),
            name: self.name(),
            path: self.path(),
            host_only: self.host_only,
        }
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

/// A cookie that is built by hand; begun by [`Cookie::builder`].
///
/// ```
/// use hardtack::{Cookie, CookieJar};
/// # let now = std::time::SystemTime::UNIX_EPOCH;
///
/// let mut jar = CookieJar::default();
/// let cookie = Cookie::builder("sid", "31d4", "shop.example").secure_only(true).path("/cart");
/// jar.insert(&cookie, now)?;
/// # Ok::<(), hardtack::InsertError>(())
/// ```
#[derive(Clone)]
pub struct CookieBuilder {
    pub(crate) host: String,
    /// Without a domain, which the host gives.
    pub(crate) fields: Fields<Vec<u8>>,
    pub(crate) order: u64,
}

impl From<&Cookie> for CookieBuilder {
    /// All that there is of a cookie, so that [`CookieJar::restore`](crate::CookieJar::restore) makes the
    /// same one of it.
    fn from(cookie: &Cookie) -> Self {
        Self {
            host: cookie.domain().iter().copied().map(char::from).collect(),
            fields: Fields {
                name: cookie.name().to_vec(),
                value: cookie.value().to_vec(),
                domain: Vec::new(),
                path: cookie.path().to_vec(),
                host_only: cookie.host_only,
                secure_only: cookie.secure_only,
                http_only: cookie.http_only,
                same_site: cookie.same_site,
                partition: cookie.home.partition.clone(),
                expiry_time: cookie.expiry_time(),
                creation_time: Some(cookie.creation_time),
                last_access_time: Some(cookie.last_access_time()),
            },
            order: cookie.insertion,
        }
    }
}

impl CookieBuilder {
    /// The path, in octets; begins with "/", which is the default.
    #[must_use]
    pub fn path(mut self, path: impl Into<Vec<u8>>) -> Self {
        self.fields.path = path.into();
        self
    }

    /// True, the default, for a cookie of the very host; false for one of its subdomains too.
    #[must_use]
    pub fn host_only(mut self, host_only: bool) -> Self {
        self.fields.host_only = host_only;
        self
    }

    /// True for a cookie that goes over secure connections only; false by default.
    #[must_use]
    pub fn secure_only(mut self, secure_only: bool) -> Self {
        self.fields.secure_only = secure_only;
        self
    }

    /// True for a cookie that is hidden from non-HTTP APIs; false by default.
    #[must_use]
    pub fn http_only(mut self, http_only: bool) -> Self {
        self.fields.http_only = http_only;
        self
    }

    /// The same-site-flag; [`SameSite::Default`] by default.
    #[must_use]
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.fields.same_site = same_site;
        self
    }

    /// When it expires, cut to the policy's lifetime limit; without this it ends with the session.
    #[must_use]
    pub fn expiry_time(mut self, expiry_time: impl Into<Timestamp>) -> Self {
        self.fields.expiry_time = Some(expiry_time.into());
        self
    }

    /// When it was created; the time of insertion by default.
    #[must_use]
    pub fn creation_time(mut self, creation_time: impl Into<Timestamp>) -> Self {
        self.fields.creation_time = Some(creation_time.into());
        self
    }

    /// What it is partitioned by; by default it is not.
    #[must_use]
    pub fn partition(mut self, key: PartitionKey) -> Self {
        self.fields.partition = Some(Arc::new(key));
        self
    }

    /// When it was last sent or stored; the time of insertion by default.
    #[must_use]
    pub fn last_access_time(mut self, last_access_time: impl Into<Timestamp>) -> Self {
        self.fields.last_access_time = Some(last_access_time.into());
        self
    }

    /// Its place among cookies of the same creation-time that are
    /// [restored](crate::CookieJar::restore) together: lower ones come first; 0 by default.
    #[must_use]
    pub fn order(mut self, order: u64) -> Self {
        self.order = order;
        self
    }

    /// 5.1.2: the host, canonicalized.
    pub(crate) fn canonical_host(&self) -> Option<CanonicalHost<'static>> {
        let is_domain = !self.host.starts_with('.') && !self.host.contains('*');
        CanonicalHost::parse(&self.host).filter(|_| is_domain)
    }
}

impl fmt::Debug for CookieBuilder {
    /// The value is a secret: only its length is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CookieBuilder")
            .field("name", &self.fields.name.escape_ascii().to_string())
            .field(
                "value",
                &format_args!("<{} octets>", self.fields.value.len()),
            )
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}
