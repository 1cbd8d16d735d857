//! 5.8.3: the cookies that go with a request, their order, and the cookie-string.

use std::cell::OnceCell;

use crate::cookie::Cookie;
use crate::dialect::{Deviation, Dialect};
use crate::host::{CanonicalHost, DomainString};
use crate::path::{CookiePath, RequestPath};
use crate::policy::Policy;
use crate::request::Request;
use crate::same_site::PartitionKey;
use crate::set_cookie::SameSite;
use crate::spec::Citation;
use crate::timestamp::Timestamp;

/// The reason why a stored cookie does not go with a request, with one variant for each rule. `Display`
/// writes it, and what can be changed.
///
/// ```
/// use hardtack::{CookieJar, Exclusion};
/// # let now = std::time::SystemTime::UNIX_EPOCH;
///
/// let mut jar = CookieJar::default();
/// jar.receive("sid=31d4; Secure", &url::Url::parse("https://shop.example/")?, now).unwrap();
///
/// let (_, why_not) = jar.explain(&url::Url::parse("http://shop.example/")?, now)[0];
/// assert_eq!(why_not, Some(Exclusion::SecureOnly));
/// assert_eq!(
///     Exclusion::SecureOnly.to_string(),
///     "it is Secure, and the connection is not: request over https",
/// );
/// # Ok::<(), url::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Exclusion {
    /// The request has no host, or one that cannot be canonicalized.
    #[error(
        "the URL has no host that a cookie could be sent to: use one with a host name or an IP address"
    )]
    NoCanonicalHost,
    /// The cookie has expired.
    #[error("it has expired")]
    Expired,
    /// The cookie is partitioned, and the request has another partition key.
    #[error("it is partitioned, and the request is below another top-level site")]
    OtherPartition,
    /// The cookie is host-only, and the request's host is not its domain.
    #[error("it is for its very host only: set it with a Domain that covers both hosts")]
    HostOnly,
    /// The request's host does not domain-match the cookie's domain.
    #[error("the request's host is neither its domain nor below it")]
    DomainMismatch,
    /// The cookie's domain is a public suffix.
    #[error("its domain is a public suffix: set it for a domain below that")]
    PublicSuffix,
    /// The request's path does not path-match the cookie's path.
    #[error("the request's path is not within its path: set it with a shorter Path")]
    NotOnPath,
    /// The cookie is secure-only, and the connection is insecure.
    #[error("it is Secure, and the connection is not: request over https")]
    SecureOnly,
    /// The cookie is http-only, and the request is a call of a non-HTTP API.
    #[error("it is HttpOnly, and a non-HTTP API asks")]
    HttpOnly,
    /// The cookie is SameSite=Strict, and the request is cross-site.
    #[error("it is SameSite=Strict, and the request is cross-site")]
    SameSiteStrict,
    /// The cookie is SameSite=Lax, and the request is cross-site and not one that Lax allows.
    #[error("it is SameSite=Lax, and the request is cross-site and {0}")]
    SameSiteLax(NotLax),
    /// The cookie has no SameSite of a known value, which is enforced as Lax, and the request is
    /// cross-site and not one that Lax allows.
    #[error("it has no SameSite, which is as Lax, and the request is cross-site and {0}")]
    SameSiteDefault(NotLax),
    /// The cookie, after those before it in the order of sending, has more octets than
    /// [`Policy::max_cookie_string_octets`] allows.
    #[error("it does not fit into a Cookie header of the policy's size: raise that, or store less")]
    CookieStringFull,
    /// A rule of the jar's dialect excludes the cookie, which the text sends.
    #[error("{}", .0.description())]
    Deviation(Deviation),
}

/// The reason why a Lax cookie does not go with a cross-site request (5.8.3 step 3.5).
///
/// ```
/// use hardtack::{Exclusion, NotLax};
///
/// let exclusion = Exclusion::SameSiteLax(NotLax::UnsafeMethod);
/// assert_eq!(
///     exclusion.to_string(),
///     "it is SameSite=Lax, and the request is cross-site and its method is not a safe one",
/// );
/// assert_eq!(exclusion.citation().unwrap().to_string(), "5.8.3 step 3.5.3");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum NotLax {
    /// The request is a call of a non-HTTP API.
    #[error("from a non-HTTP API")]
    NonHttp,
    /// The request's method is not GET, HEAD, OPTIONS or TRACE.
    #[error("its method is not a safe one")]
    UnsafeMethod,
    /// The request does not navigate a top-level page.
    #[error("it is not a top-level navigation")]
    NotTopLevel,
}

impl Exclusion {
    /// Returns the requirement that is not met, or `None` if it is not one of the draft's steps: for
    /// expiry, for partitions, for the policy's bound of a Cookie header field, and for dialects.
    ///
    /// ```
    /// # use hardtack::Exclusion;
    /// assert_eq!(Exclusion::NotOnPath.citation().unwrap().to_string(), "5.8.3 step 3.2");
    /// assert_eq!(Exclusion::Expired.citation(), None);
    /// ```
    pub const fn citation(&self) -> Option<Citation> {
        Some(Citation::new(
            "5.8.3",
            match self {
                Self::Expired
                | Self::OtherPartition
                | Self::CookieStringFull
                | Self::Deviation(_) => return None,
                Self::NoCanonicalHost => "2",
                Self::HostOnly => "3.1.1",
                Self::DomainMismatch => "3.1.2",
                Self::PublicSuffix => "3.1.3",
                Self::NotOnPath => "3.2",
                Self::SecureOnly => "3.3",
                Self::HttpOnly => "3.4",
                Self::SameSiteStrict => "3.5.2",
                Self::SameSiteLax(why) | Self::SameSiteDefault(why) => match why {
                    NotLax::NonHttp => "3.5.1",
                    NotLax::UnsafeMethod => "3.5.3",
                    NotLax::NotTopLevel => "3.5.4",
                },
            },
        ))
    }

    /// Returns the name of the reason in browser developer tools (`CookieBlockedReason` of the DevTools
    /// protocol), or `None` if they have none.
    ///
    /// ```
    /// # use hardtack::Exclusion;
    /// assert_eq!(Exclusion::HostOnly.dev_tools_name(), Some("DomainMismatch"));
    /// assert_eq!(Exclusion::Expired.dev_tools_name(), None);
    /// ```
    pub const fn dev_tools_name(&self) -> Option<&'static str> {
        Some(match self {
            Self::NoCanonicalHost
            | Self::Expired
            | Self::OtherPartition
            | Self::PublicSuffix
            | Self::HttpOnly
            | Self::CookieStringFull
            | Self::Deviation(_) => {
                return None;
            }
            Self::HostOnly | Self::DomainMismatch => "DomainMismatch",
            Self::NotOnPath => "NotOnPath",
            Self::SecureOnly => "SecureOnly",
            Self::SameSiteStrict => "SameSiteStrict",
            Self::SameSiteLax(_) => "SameSiteLax",
            Self::SameSiteDefault(_) => "SameSiteUnspecifiedTreatedAsLax",
        })
    }

    /// Returns the name of the variant in kebab-case, for programs. For [`Exclusion::Deviation`] it is that
    /// of the [`Deviation`].
    ///
    /// ```
    /// # use hardtack::Exclusion;
    /// assert_eq!(Exclusion::NotOnPath.name(), "not-on-path");
    /// ```
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NoCanonicalHost => "no-canonical-host",
            Self::Expired => "expired",
            Self::OtherPartition => "other-partition",
            Self::HostOnly => "host-only",
            Self::DomainMismatch => "domain-mismatch",
            Self::PublicSuffix => "public-suffix",
            Self::NotOnPath => "not-on-path",
            Self::SecureOnly => "secure-only",
            Self::HttpOnly => "http-only",
            Self::SameSiteStrict => "same-site-strict",
            Self::SameSiteLax(_) => "same-site-lax",
            Self::SameSiteDefault(_) => "same-site-default",
            Self::CookieStringFull => "cookie-string-full",
            Self::Deviation(deviation) => deviation.name(),
        }
    }
}

/// A retrieval (5.8): the facts about a request that [`exclusion`] needs, computed once.
#[derive(Debug)]
pub(crate) struct Retrieval<'r> {
    host: CanonicalHost<'r>,
    path: RequestPath<'r>,
    is_secure_connection: bool,
    is_non_http: bool,
    is_same_site: bool,
    is_same_site_but_for_hops: bool,
    is_third_party: bool,
    is_safe: bool,
    is_top_level_navigation: bool,
    now: Timestamp,
    request: Request<'r>,
    policy: &'r Policy,
    partition_key: OnceCell<Option<PartitionKey>>,
}

impl<'r> Retrieval<'r> {
    /// Returns `None` if the host cannot be canonicalized.
    pub(crate) fn new(request: &Request<'r>, policy: &'r Policy, now: Timestamp) -> Option<Self> {
        let is_same_site = request.is_same_site(policy);
        Some(Self {
            // 5.8.3 step 1: the host, canonicalized
            // 5.8.3 step 2: nothing without one
            host: request.host()?,
            path: request.path(),
            is_secure_connection: request.is_secure(policy),
            is_non_http: request.is_non_http(),
            // Deviation redirects-count (Firefox): nor a cross-site hop before it
            is_same_site: is_same_site
                && !(policy.dialect.has(Deviation::RedirectsCount)
                    && request.has_cross_site_hop(policy)),
            is_same_site_but_for_hops: is_same_site,
            // Deviation third-party-store (Firefox's defaults): for step 3
            is_third_party: policy.dialect.has(Deviation::ThirdPartyStore)
                && request.is_third_party(policy),
            is_safe: request.is_safe(),
            is_top_level_navigation: request.is_top_level_navigation(),
            now,
            request: *request,
            policy,
            partition_key: OnceCell::new(),
        })
    }

    pub(crate) fn host(&self) -> &CanonicalHost<'r> {
        &self.host
    }

    /// Returns the key of the partitioned cookies that may be sent, computed at the first call.
    pub(crate) fn partition_key(&self) -> Option<&PartitionKey> {
        let list = &self.policy.public_suffix_list;
        let key = || {
            self.request
                .partition_key(list)
                .filter(|_| self.policy.partitioned || self.is_third_party)
        };
        self.partition_key.get_or_init(key).as_ref()
    }
}

/// The facts about a domain that [`exclusion`] needs, computed once for all its cookies: how the
/// request-host matches it, and whether the policy rejects it as a public suffix.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OfDomain {
    is_identical: bool,
    is_match: bool,
    is_rejected: bool,
}

impl OfDomain {
    pub(crate) fn new(retrieval: &Retrieval<'_>, domain: &[u8], is_rejected: bool) -> Self {
        Self {
            is_identical: retrieval.host.octets() == domain,
            is_match: retrieval.host.domain_matches(DomainString(domain)),
            is_rejected,
        }
    }
}

/// 5.8.3 step 3: returns the reason why a cookie is not in the cookie-list, or `None` if it is. `domain` is
/// that of the cookie.
pub(crate) fn exclusion(
    cookie: &Cookie,
    retrieval: &Retrieval<'_>,
    domain: OfDomain,
) -> Option<Exclusion> {
    // 5.8.3 step 3: in the cookie-list if it meets all requirements
    // A partitioned cookie is returned only for its key (CHIPS).
    if cookie.partition().is_some() {
        if cookie.partition() != retrieval.partition_key() {
            return Some(Exclusion::OtherPartition);
        }
    // Deviation third-party-store (Firefox's defaults): no others, in a third-party context
    } else if retrieval.is_third_party {
        return Some(Exclusion::Deviation(Deviation::ThirdPartyStore));
    }
    // 5.8.3 step 3.1: one of the following two
    // 5.8.3 step 3.1.1: host-only and identical
    if cookie.host_only() && !domain.is_identical {
        return Some(Exclusion::HostOnly);
    }
    // 5.8.3 step 3.1.2: not host-only and a domain-match
    if !cookie.host_only() && !domain.is_match {
        return Some(Exclusion::DomainMismatch);
    }
    // 5.8.3 step 3.1.3: not for a public suffix
    // Reading: this binds only cookies that are not host-only.
    if !cookie.host_only() && domain.is_rejected {
        return Some(Exclusion::PublicSuffix);
    }
    // 5.8.3 step 3.2: on its path
    if !retrieval.path.path_matches(CookiePath(cookie.path())) {
        return Some(Exclusion::NotOnPath);
    }
    // 5.8.3 step 3.3: secure-only over secure connections
    if cookie.secure_only() && !retrieval.is_secure_connection {
        return Some(Exclusion::SecureOnly);
    }
    // 5.8.3 step 3.4: http-only not for non-HTTP APIs
    if cookie.http_only() && retrieval.is_non_http {
        return Some(Exclusion::HttpOnly);
    }
    same_site_exclusion(cookie, retrieval)
}

/// 5.8.3 step 3.5: the requirement of the same-site-flag.
fn same_site_exclusion(cookie: &Cookie, retrieval: &Retrieval<'_>) -> Option<Exclusion> {
    // 5.8.3 step 3.5: not None and cross-site: only if all of the following
    if retrieval.is_same_site {
        return None;
    }
    let excluded = match cookie.same_site() {
        SameSite::None => return None,
        // Deviation redirects-count (Firefox): a cross-site hop alone does not matter to Default
        SameSite::Default if retrieval.is_same_site_but_for_hops => return None,
        // Deviation absent-is-none (Firefox's defaults): Default is None
        SameSite::Default if retrieval.policy.dialect.has(Deviation::AbsentIsNone) => return None,
        // 5.8.3 step 3.5.2: Lax or Default
        SameSite::Strict => return Some(Exclusion::SameSiteStrict),
        SameSite::Lax => Exclusion::SameSiteLax,
        SameSite::Default => Exclusion::SameSiteDefault,
    };
    // 5.8.3 step 3.5.1: an HTTP retrieval
    if retrieval.is_non_http {
        return Some(excluded(NotLax::NonHttp));
    }
    // 5.8.3 step 3.5.3: a safe method
    // 5.6.7.2 step 1: a safe method
    // 5.6.7.2 step 2: or a young cookie whose flag is Default
    if !retrieval.is_safe && !is_lax_allowing_unsafe(cookie, retrieval) {
        return Some(excluded(NotLax::UnsafeMethod));
    }
    // 5.8.3 step 3.5.4: a top-level navigation
    if !retrieval.is_top_level_navigation {
        return Some(excluded(NotLax::NotTopLevel));
    }
    None
}

/// 5.6.7.2: returns true if a cookie has "Lax-allowing-unsafe" enforcement and is young enough for it.
fn is_lax_allowing_unsafe(cookie: &Cookie, retrieval: &Retrieval<'_>) -> bool {
    let limit = retrieval.policy.lax_allowing_unsafe;
    // Reading: `SameSite=x` did not explicitly specify one; an age of at most N counts; 0 is off.
    if cookie.same_site() != SameSite::Default || limit.is_zero() {
        return false;
    }
    let age = retrieval.now.duration_since(cookie.creation_time());
    age.is_none_or(|age| age <= limit)
}

/// Returns a closure that takes the cookies of a sorted cookie-list one by one. It returns true if the
/// cookie fits into a Cookie header field of the policy's size, after those for which it returned true.
pub(crate) fn fits(policy: &Policy) -> impl FnMut(&Cookie) -> bool {
    let mut room = policy.max_cookie_string_octets;
    let mut separator = 0;
    move |cookie| {
        let Some(left) = room.checked_sub(separator + cookie.pair().len()) else {
            return false;
        };
        room = left;
        separator = "; ".len();
        true
    }
}

/// 5.8.3 step 6: appends the cookie-list as a cookie-string, in its order.
pub(crate) fn write_cookie_string<'c>(
    cookie_list: impl Iterator<Item = &'c Cookie> + Clone,
    into: &mut Vec<u8>,
) {
    let lengths = cookie_list.clone().map(|cookie| cookie.pair().len() + 2);
    into.reserve(lengths.sum());
    // 5.8.3 step 6: each cookie in order
    for (position, cookie) in cookie_list.enumerate() {
        // 5.8.3 step 6.3: "; " between two cookies
        if position > 0 {
            into.extend_from_slice(b"; ");
        }
        // 5.8.3 step 6.1: the name and "=", unless the name is empty
        // 5.8.3 step 6.2: the value
        into.extend_from_slice(cookie.pair());
    }
}

/// 5.8.2: turns a cookie-string, from `start` on, into what a script reads.
pub(crate) fn as_scripts_read(octets: &mut Vec<u8>, start: usize, dialect: Dialect) {
    // Deviation script-all-or-nothing (Chromium): nothing, if it is not UTF-8
    if dialect.has(Deviation::ScriptAllOrNothing) && std::str::from_utf8(&octets[start..]).is_err()
    {
        octets.truncate(start);
    }
    // Deviation script-lossy (Firefox): U+FFFD for what is not UTF-8
    if dialect.has(Deviation::ScriptLossy) {
        let text = String::from_utf8_lossy(&octets[start..]).into_owned();
        octets.truncate(start);
        octets.extend_from_slice(text.as_bytes());
    }
}
