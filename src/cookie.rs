//! 5.7: a stored cookie, its fields and its identity.

use std::cmp::{Ordering, Reverse};
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::public_suffix::PublicSuffixList;
use crate::same_site::PartitionKey;
use crate::set_cookie::SameSite;
use crate::timestamp::{AtomicTimestamp, Timestamp};

/// A cookie of a jar, with the fields of the storage model (5.7). It has passed all checks for a stored cookie.
///
/// Only a [`CookieJar`](crate::CookieJar) makes cookies, and a cookie has no setters. Names, values and
/// paths are octets, which need not be UTF-8. `Debug` shows the length of the value and not the value.
///
/// Cookies have no `==`: two cookies may have the same identity (name, domain, host-only-flag, path and
/// partition) and differ in all else, and the last-access-time of a stored cookie changes. Compare the
/// fields that matter to you.
///
/// ```
/// use hardtack::{CookieJar, Request};
/// # let now = std::time::SystemTime::UNIX_EPOCH;
///
/// let mut jar = CookieJar::default();
/// let url = url::Url::parse("https://shop.example/cart")?;
/// jar.receive("theme=dark; Domain=shop.example; Max-Age=60", &url, now)?;
/// let cookie = jar.find(&url, "theme", now).unwrap();
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
    /// Orders cookies of equal creation-times. A replacement takes it over with the creation-time.
    insertion: u64,
    name_length: u16,
    value_length: u16,
    host_only: bool,
    secure_only: bool,
    http_only: bool,
    same_site: SameSite,
}

/// The fields of a cookie, from a builder or from the storage model. `O` is owned or borrowed octets.
#[derive(Clone, PartialEq, Eq, Hash)]
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
    /// `None` stands for the time of insertion.
    pub(crate) creation_time: Option<Timestamp>,
    /// `None` is now.
    pub(crate) last_access_time: Option<Timestamp>,
}

impl<O> Fields<O> {
    /// The same fields with other octets.
    fn map<'a, T>(&'a self, mut octets: impl FnMut(&'a O) -> T) -> Fields<T> {
        Fields {
            name: octets(&self.name),
            value: octets(&self.value),
            domain: octets(&self.domain),
            path: octets(&self.path),
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

impl Fields<Vec<u8>> {
    pub(crate) fn borrowed(&self) -> Fields<&[u8]> {
        self.map(Vec::as_slice)
    }
}

#[cfg(feature = "serde")]
impl Fields<std::borrow::Cow<'_, [u8]>> {
    #[cfg(feature = "json")]
    pub(crate) fn borrowed(&self) -> Fields<&[u8]> {
        self.map(|octets| &**octets)
    }

    pub(crate) fn to_owned(&self) -> Fields<Vec<u8>> {
        self.map(|octets| octets.to_vec())
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

    pub(crate) fn key(&self) -> Key<'_> {
        (self.partition.as_deref(), self.identity())
    }
}

/// The facts that the cookies of one domain and partition share.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Home {
    /// A short domain is stored in place, since every look-up compares it.
    domain: SmallVec<[u8; 24]>,
    /// The number of octets of the domain before the name of its site.
    before_site: u32,
    /// True if the domain is a public suffix by the jar's list.
    pub(crate) is_public_suffix: bool,
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
            partition,
        }
    }

    pub(crate) fn domain(&self) -> &[u8] {
        &self.domain
    }

    /// Compares with a partition, then with a domain of it.
    pub(crate) fn cmp_place(&self, partition: Option<&PartitionKey>, domain: &[u8]) -> Ordering {
        let by_partition = self.partition.as_deref().cmp(&partition);
        by_partition.then_with(|| self.domain().cmp(domain))
    }

    /// Returns the name of the domain's site.
    pub(crate) fn site(&self) -> &[u8] {
        &self.domain[self.before_site as usize..]
    }
}

/// 5.7 step 23: the fields that two cookies of one partition share if one replaces the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Identity<'a> {
    pub(crate) domain: &'a [u8],
    pub(crate) name: &'a [u8],
    pub(crate) path: &'a [u8],
    pub(crate) host_only: bool,
}

/// What is different for any two cookies of a jar: the partition and the identity in it.
pub(crate) type Key<'a> = (Option<&'a PartitionKey>, Identity<'a>);

/// The order of eviction of all cookies, the least recently used first: by last-access-time, then by creation. It is
/// different for any two cookies of a jar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LastUse {
    pub(crate) last_access_time: Timestamp,
    creation: CreationOrder,
}

impl LastUse {
    /// The end of the order, after every cookie.
    pub(crate) const NEVER: Self = Self {
        last_access_time: Timestamp::MAX,
        creation: (Timestamp::MAX, u64::MAX),
    };
}

/// The order of eviction in a domain or a site: insecure cookies first, and the least recently used of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct EvictionRank {
    secure_only: bool,
    last_use: LastUse,
}

impl EvictionRank {
    /// The end of the order, after every cookie.
    pub(crate) const LAST: Self = Self {
        secure_only: true,
        last_use: LastUse::NEVER,
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

/// The order of creation: by creation-time, then by insertion. It is different for any two cookies of a
/// jar.
pub(crate) type CreationOrder = (Timestamp, u64);

/// 5.8.3 step 4: the order of sending.
// 5.8.3 step 4.1: longer paths first
// 5.8.3 step 4.2: then earlier creation-times
pub(crate) type SendingOrder = (Reverse<usize>, CreationOrder);

/// Octets that never change. Few octets, as most cookies have, are stored in place: in a large jar a
/// pointer to elsewhere in memory costs a cache miss.
#[derive(Clone)]
enum Octets {
    Few {
        length: u8,
        octets: [u8; FEW_OCTETS],
    },
    Many(Box<[u8]>),
}

/// The most octets of [`Octets::Few`]. With them [`Octets`] has a size of five words.
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
    /// Starts a cookie that is built by hand, from its name, its value and the host that it is for.
    ///
    /// The host is a host name or an IP address, IPv6 in brackets, without scheme or port. Nothing is
    /// checked here: [`CookieJar::insert`](crate::CookieJar::insert) checks the cookie and stores it.
    ///
    /// ```
    /// use hardtack::{Cookie, CookieJar};
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    ///
    /// let mut jar = CookieJar::default();
    /// jar.insert(&Cookie::builder("sid", "31d4", "shop.example"), now)?;
    ///
    /// let url = url::Url::parse("https://shop.example/")?;
    /// assert_eq!(jar.cookie_string(&url, now).unwrap(), b"sid=31d4");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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

    /// Makes a cookie. Where its fields do not say when it was created or last used, that is `now`. The home
    /// is that of its domain and partition.
    pub(crate) fn new(fields: &Fields<&[u8]>, home: Arc<Home>, now: Timestamp) -> Self {
        let separator: &[u8] = if fields.name.is_empty() { b"" } else { b"=" };
        // 5.7 has bounded the lengths in its step 4, so that both fit.
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

    /// Returns the cookie-name, in octets. A nameless cookie has an empty name.
    ///
    /// ```
    /// # use hardtack::CookieJar;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let url = url::Url::parse("https://shop.example/")?;
    /// let mut jar = CookieJar::default();
    /// jar.receive_all([&b"\xE9=1"[..], b"nameless"], &url, now);
    /// let names: Vec<&[u8]> = jar.iter(now).map(|cookie| cookie.name()).collect();
    /// assert_eq!(names, [&b"\xE9"[..], b""]);
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn name(&self) -> &[u8] {
        &self.octets[..usize::from(self.name_length)]
    }

    /// Returns the cookie-name as text, or `None` if it is not UTF-8.
    ///
    /// `None` is not the absence of a name: such a cookie is stored and sent like any other.
    /// [`Cookie::name`] returns every name.
    ///
    /// ```
    /// # use hardtack::CookieJar;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let url = url::Url::parse("https://shop.example/")?;
    /// let mut jar = CookieJar::default();
    /// jar.receive_all([&b"sid=31d4"[..], b"\xE9=1"], &url, now);
    /// let names: Vec<Option<&str>> = jar.iter(now).map(|cookie| cookie.name_str()).collect();
    /// assert_eq!(names, [Some("sid"), None]);
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn name_str(&self) -> Option<&str> {
        std::str::from_utf8(self.name()).ok()
    }

    /// Returns the cookie-value, in octets: neither unquoted nor percent-decoded. It may be a secret.
    ///
    /// ```
    /// # use hardtack::CookieJar;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let url = url::Url::parse("https://shop.example/")?;
    /// let mut jar = CookieJar::default();
    /// jar.receive("theme=\"dark%20blue\"", &url, now)?;
    /// assert_eq!(jar.find(&url, "theme", now).unwrap().value(), b"\"dark%20blue\"");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn value(&self) -> &[u8] {
        let pair = self.pair();
        &pair[pair.len() - usize::from(self.value_length)..]
    }

    /// Returns the cookie-value as text, or `None` if it is not UTF-8. [`Cookie::value`] returns every
    /// value.
    ///
    /// ```
    /// # use hardtack::CookieJar;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let url = url::Url::parse("https://shop.example/")?;
    /// let mut jar = CookieJar::default();
    /// jar.receive_all([&b"csrftoken=6f2a"[..], b"latin=\xE9"], &url, now);
    /// assert_eq!(jar.find(&url, "csrftoken", now).unwrap().value_str(), Some("6f2a"));
    /// assert_eq!(jar.find(&url, "latin", now).unwrap().value_str(), None);
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn value_str(&self) -> Option<&str> {
        std::str::from_utf8(self.value()).ok()
    }

    /// Returns the domain: a canonicalized host (5.1.2) in ASCII, IPv6 addresses in brackets, at most
    /// 1024 octets where it comes from a Domain attribute.
    ///
    /// ```
    /// # use hardtack::CookieJar;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// let mut jar = CookieJar::default();
    /// let url = url::Url::parse("https://WWW.b\u{fc}cher.example/")?;
    /// jar.receive("a=1", &url, now)?;
    /// jar.receive("b=2; Domain=.xn--bcher-kva.EXAMPLE", &url, now)?;
    /// let domains: Vec<&[u8]> = jar.iter(now).map(|cookie| cookie.domain()).collect();
    /// assert_eq!(domains, [&b"www.xn--bcher-kva.example"[..], b"xn--bcher-kva.example"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn domain(&self) -> &[u8] {
        self.home.domain()
    }

    /// Returns the domain as text. Domains are ASCII, so that nothing is lost.
    ///
    /// ```
    /// # use hardtack::CookieJar;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// let mut jar = CookieJar::default();
    /// let url = url::Url::parse("http://[::1]/")?;
    /// jar.receive("a=1", &url, now)?;
    /// assert_eq!(jar.find(&url, "a", now).unwrap().domain_str(), "[::1]");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn domain_str(&self) -> &str {
        // Never the default: 5.7 refuses a Domain that is not ASCII, and canonicalized hosts are ASCII.
        std::str::from_utf8(self.domain()).unwrap_or_default()
    }

    /// Returns the path, in octets as they came, which begins with "/".
    ///
    /// ```
    /// # use hardtack::CookieJar;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// let mut jar = CookieJar::default();
    /// let url = url::Url::parse("https://shop.example/cart/view")?;
    /// jar.receive_all(["a=1", "b=2; Path=/"], &url, now);
    /// assert_eq!(jar.find(&url, "a", now).unwrap().path(), b"/cart");
    /// assert_eq!(jar.find(&url, "b", now).unwrap().path(), b"/");
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn path(&self) -> &[u8] {
        &self.octets[self.pair_length()..]
    }

    /// Returns the path as text, or `None` if it is not UTF-8. [`Cookie::path`] returns every path.
    ///
    /// ```
    /// # use hardtack::CookieJar;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// let mut jar = CookieJar::default();
    /// let url = url::Url::parse("https://shop.example/cart/view")?;
    /// jar.receive_all([&b"a=1; Path=/cart"[..], b"b=2; Path=/\xE9"], &url, now);
    /// let paths: Vec<Option<&str>> = jar.iter(now).map(|cookie| cookie.path_str()).collect();
    /// assert_eq!(paths, [Some("/cart"), None]);
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn path_str(&self) -> Option<&str> {
        std::str::from_utf8(self.path()).ok()
    }

    /// Returns name, "=" and value, or the value alone if the name is empty (5.8.3 step 6).
    pub(crate) fn pair(&self) -> &[u8] {
        &self.octets[..self.pair_length()]
    }

    fn pair_length(&self) -> usize {
        let separator = usize::from(self.name_length > 0);
        usize::from(self.name_length) + separator + usize::from(self.value_length)
    }

    /// Returns the host-only-flag. It is true if the cookie goes to its domain only, and false if it also
    /// goes to the subdomains: if the line had a Domain attribute.
    ///
    /// ```
    /// # use hardtack::CookieJar;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let url = url::Url::parse("https://shop.example/")?;
    /// let mut jar = CookieJar::default();
    /// jar.receive_all(["a=1", "b=2; Domain=shop.example"], &url, now);
    /// assert!(jar.find(&url, "a", now).unwrap().host_only());
    /// assert!(!jar.find(&url, "b", now).unwrap().host_only());
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn host_only(&self) -> bool {
        self.host_only
    }

    /// Returns the secure-only-flag. It is true if the cookie goes over secure connections only: if the
    /// line had a Secure attribute.
    ///
    /// ```
    /// # use hardtack::CookieJar;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let url = url::Url::parse("https://shop.example/")?;
    /// let mut jar = CookieJar::default();
    /// jar.receive("sid=31d4; Secure", &url, now)?;
    /// assert!(jar.find(&url, "sid", now).unwrap().secure_only());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn secure_only(&self) -> bool {
        self.secure_only
    }

    /// Returns the http-only-flag. It is true if the cookie is hidden from non-HTTP APIs such as
    /// `document.cookie`: if the line had an HttpOnly attribute.
    ///
    /// ```
    /// # use hardtack::CookieJar;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let url = url::Url::parse("https://shop.example/")?;
    /// let mut jar = CookieJar::default();
    /// jar.receive("sid=31d4; HttpOnly", &url, now)?;
    /// assert!(jar.find(&url, "sid", now).unwrap().http_only());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn http_only(&self) -> bool {
        self.http_only
    }

    /// Returns the same-site-flag. It is [`SameSite::Default`] if the line had no SameSite attribute or
    /// one whose value is unknown.
    ///
    /// ```
    /// # use hardtack::{CookieJar, SameSite};
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let url = url::Url::parse("https://shop.example/")?;
    /// let mut jar = CookieJar::default();
    /// jar.receive_all(["a=1", "b=2; SameSite=Strict"], &url, now);
    /// assert_eq!(jar.find(&url, "a", now).unwrap().same_site(), SameSite::Default);
    /// assert_eq!(jar.find(&url, "b", now).unwrap().same_site(), SameSite::Strict);
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn same_site(&self) -> SameSite {
        self.same_site
    }

    /// Returns the persistent-flag. It is true if the cookie has an expiry-time and so outlives the
    /// session.
    ///
    /// ```
    /// # use hardtack::CookieJar;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let url = url::Url::parse("https://shop.example/")?;
    /// let mut jar = CookieJar::default();
    /// jar.receive_all(["sid=31d4", "theme=dark; Max-Age=60"], &url, now);
    /// assert!(!jar.find(&url, "sid", now).unwrap().persistent());
    /// assert!(jar.find(&url, "theme", now).unwrap().persistent());
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn persistent(&self) -> bool {
        self.expiry_time != Timestamp::MAX
    }

    /// Returns the expiry-time, or `None` if the cookie ends with the session. The policy's
    /// [`lifetime_limit`](crate::Policy::lifetime_limit) is applied.
    ///
    /// ```
    /// # use hardtack::{CookieJar, Timestamp};
    /// # let url = url::Url::parse("https://shop.example/")?;
    /// let mut jar = CookieJar::default();
    /// let now = Timestamp::from_secs(1000);
    /// jar.receive_all(["sid=31d4", "theme=dark; Max-Age=60"], &url, now);
    /// let expiry_time = |name| jar.find(&url, name, now).unwrap().expiry_time();
    /// assert_eq!(expiry_time("sid"), None);
    /// assert_eq!(expiry_time("theme"), Some(Timestamp::from_secs(1060)));
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn expiry_time(&self) -> Option<Timestamp> {
        self.persistent().then_some(self.expiry_time)
    }

    /// Returns the creation-time. A cookie that replaces another takes over its creation-time (5.7 step
    /// 23.3).
    ///
    /// ```
    /// # use hardtack::{CookieJar, Timestamp};
    /// # let url = url::Url::parse("https://shop.example/")?;
    /// let mut jar = CookieJar::default();
    /// let (first, second) = (Timestamp::from_secs(1), Timestamp::from_secs(2));
    /// jar.receive("sid=31d4", &url, first)?;
    /// jar.receive("sid=89ab", &url, second)?;
    /// assert_eq!(jar.find(&url, "sid", second).unwrap().creation_time(), first);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn creation_time(&self) -> Timestamp {
        self.creation_time
    }

    /// Returns the last-access-time: that of the latest request that the cookie went with, or of its
    /// storing. It never goes back, even if the clock does.
    ///
    /// ```
    /// # use hardtack::{CookieJar, Timestamp};
    /// # let url = url::Url::parse("https://shop.example/")?;
    /// let mut jar = CookieJar::default();
    /// let (first, second) = (Timestamp::from_secs(1), Timestamp::from_secs(2));
    /// jar.receive("sid=31d4", &url, first)?;
    /// jar.cookie_string(&url, second);
    /// assert_eq!(jar.find(&url, "sid", second).unwrap().last_access_time(), second);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn last_access_time(&self) -> Timestamp {
        self.last_access_time.get()
    }

    /// Returns the key of the partition that the cookie is kept in, or `None` if it is not partitioned
    /// (CHIPS).
    ///
    /// ```
    /// # use hardtack::CookieJar;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let url = url::Url::parse("https://shop.example/")?;
    /// let mut jar = CookieJar::default();
    /// jar.receive("sid=31d4; Secure; Partitioned", &url, now)?;
    /// let key = jar.find(&url, "sid", now).unwrap().partition().unwrap();
    /// assert_eq!(key.to_string(), "https://shop.example");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn partition(&self) -> Option<&PartitionKey> {
        self.home.partition.as_deref()
    }

    /// Returns true if `now` is after the expiry-time. At the expiry-time itself the cookie has not
    /// expired, and without one it never expires.
    ///
    /// ```
    /// # use hardtack::{CookieJar, SetCookie, Timestamp};
    /// # let url = url::Url::parse("https://shop.example/")?;
    /// let line = SetCookie::parse(b"theme=dark; Max-Age=60")?;
    /// let cookie = CookieJar::default().evaluate(&line, &url, Timestamp::from_secs(0))?;
    /// assert!(!cookie.is_expired(Timestamp::from_secs(60)));
    /// assert!(cookie.is_expired(Timestamp::from_secs(61)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    // Reading: at its very expiry-time a cookie is not expired yet.
    pub fn is_expired(&self, now: impl Into<Timestamp>) -> bool {
        self.expiry_time < now.into()
    }

    pub(crate) fn home(&self) -> &Arc<Home> {
        &self.home
    }

    /// Sets the last-access-time (5.8.3 step 5).
    // Reading: the last-access-time never goes back, whatever the clock does.
    pub(crate) fn touch(&self, now: Timestamp) {
        self.last_access_time.advance(now);
    }

    /// Returns the key by which the cookies of a request are sorted.
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

    /// Sets the order among cookies of equal creation-times, which the store counts.
    pub(crate) fn set_insertion(&mut self, insertion: u64) {
        self.insertion = insertion;
    }

    /// Returns the cookie with another home, for a list by which its site is another one.
    pub(crate) fn at_home(self, home: Arc<Home>) -> Self {
        Self { home, ..self }
    }

    /// 5.7 step 23.3: takes over the old-cookie's creation-time and its order among equal ones.
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

    pub(crate) fn eviction_rank(&self) -> EvictionRank {
        EvictionRank {
            secure_only: self.secure_only,
            last_use: self.last_use(),
        }
    }

    /// Compares keys. The cookies of a partition come one after another, and in it those of a domain.
    pub(crate) fn cmp_key(&self, (partition, identity): &Key<'_>) -> Ordering {
        let by_place = self.home.cmp_place(*partition, identity.domain);
        by_place.then_with(|| self.cmp_in_place(identity))
    }

    /// Compares the keys of two cookies of one store, where those of one domain share their home.
    pub(crate) fn cmp_stored(&self, other: &Self) -> Ordering {
        if Arc::ptr_eq(&self.home, &other.home) {
            self.cmp_in_place(&other.identity())
        } else {
            self.home.cmp_place(other.partition(), other.domain())
        }
    }

    fn cmp_in_place(&self, other: &Identity<'_>) -> Ordering {
        let by_name = self.name().cmp(other.name);
        by_name
            .then_with(|| self.path().cmp(other.path))
            .then_with(|| self.host_only.cmp(&other.host_only))
    }

    pub(crate) fn key(&self) -> Key<'_> {
        (self.partition(), self.identity())
    }

    pub(crate) fn fields(&self) -> Fields<&[u8]> {
        Fields {
            name: self.name(),
            value: self.value(),
            domain: self.domain(),
            path: self.path(),
            host_only: self.host_only,
            secure_only: self.secure_only,
            http_only: self.http_only,
            same_site: self.same_site,
            partition: self.home.partition.clone(),
            expiry_time: self.expiry_time(),
            creation_time: Some(self.creation_time),
            last_access_time: Some(self.last_access_time()),
        }
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
    /// Writes all fields but the value, which is a secret: of it only the length.
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

/// A cookie that is built by hand, to be inserted into a jar. [`Cookie::builder`] starts one.
///
/// ```
/// use std::time::Duration;
/// use hardtack::{Cookie, CookieJar, PartitionKey, PublicSuffixList, SameSite, Timestamp};
///
/// let now = Timestamp::from_secs(1_717_243_200);
/// let page = url::Url::parse("https://news.example/")?;
/// let key = PartitionKey::new(&page, true, &PublicSuffixList::embedded()).unwrap();
/// let cookie = Cookie::builder("sid", "31d4", "shop.example")
///     .path("/cart")
///     .host_only(false)
///     .secure_only(true)
///     .http_only(true)
///     .same_site(SameSite::None)
///     .expiry_time(now + Duration::from_secs(3600))
///     .creation_time(now - Duration::from_secs(3600))
///     .partition(key);
///
/// let mut jar = CookieJar::default();
/// jar.insert(&cookie, now)?;
/// let cookie = jar.iter(now).next().unwrap();
/// assert_eq!(cookie.path(), b"/cart");
/// assert_eq!(cookie.same_site(), SameSite::None);
/// assert_eq!(cookie.partition().unwrap().to_string(), "https://news.example cross-site");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CookieBuilder {
    pub(crate) host: String,
    /// The domain is empty: it is that of the host.
    pub(crate) fields: Fields<Vec<u8>>,
    pub(crate) order: u64,
}

impl From<&Cookie> for CookieBuilder {
    /// All that there is of a cookie, so that [`CookieJar::restore`](crate::CookieJar::restore) makes the
    /// same one of it.
    fn from(cookie: &Cookie) -> Self {
        Self {
            host: cookie.domain_str().to_owned(),
            fields: Fields {
                domain: Vec::new(),
                ..cookie.fields().map(|octets| octets.to_vec())
            },
            order: cookie.insertion,
        }
    }
}

impl CookieBuilder {
    /// Sets the path, in octets. It has to begin with "/", which is the default.
    #[must_use]
    pub fn path(mut self, path: impl Into<Vec<u8>>) -> Self {
        self.fields.path = path.into();
        self
    }

    /// Sets the host-only-flag: true, the default, for a cookie that goes to its host only; false for one
    /// that goes to the subdomains too.
    #[must_use]
    pub fn host_only(mut self, host_only: bool) -> Self {
        self.fields.host_only = host_only;
        self
    }

    /// Sets the secure-only-flag: true for a cookie that goes over secure connections only. The default
    /// is false.
    #[must_use]
    pub fn secure_only(mut self, secure_only: bool) -> Self {
        self.fields.secure_only = secure_only;
        self
    }

    /// Sets the http-only-flag: true for a cookie that is hidden from non-HTTP APIs such as
    /// `document.cookie`. The default is false.
    #[must_use]
    pub fn http_only(mut self, http_only: bool) -> Self {
        self.fields.http_only = http_only;
        self
    }

    /// Sets the same-site-flag. The default is [`SameSite::Default`].
    #[must_use]
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.fields.same_site = same_site;
        self
    }

    /// Sets the expiry-time, which the jar cuts to the policy's
    /// [`lifetime_limit`](crate::Policy::lifetime_limit). Without one the cookie ends with the session.
    #[must_use]
    pub fn expiry_time(mut self, expiry_time: impl Into<Timestamp>) -> Self {
        self.fields.expiry_time = Some(expiry_time.into());
        self
    }

    /// Sets the creation-time. The default is the time of insertion. If the cookie replaces another, that
    /// one's creation-time counts.
    #[must_use]
    pub fn creation_time(mut self, creation_time: impl Into<Timestamp>) -> Self {
        self.fields.creation_time = Some(creation_time.into());
        self
    }

    /// Sets the key of the partition that the cookie is kept in. By default it is not partitioned.
    #[must_use]
    pub fn partition(mut self, key: PartitionKey) -> Self {
        self.fields.partition = Some(Arc::new(key));
        self
    }

    /// Sets when it was last sent or stored. The default is the time of insertion.
    #[must_use]
    pub fn last_access_time(mut self, last_access_time: impl Into<Timestamp>) -> Self {
        self.fields.last_access_time = Some(last_access_time.into());
        self
    }

    /// Sets its place among cookies of the same creation-time that are
    /// [restored](crate::CookieJar::restore) together: lower ones come first. The default is 0.
    #[must_use]
    pub fn order(mut self, order: u64) -> Self {
        self.order = order;
        self
    }
}

impl fmt::Debug for CookieBuilder {
    /// Writes name and host, and of the value, which is a secret, the length.
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
