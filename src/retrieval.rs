//! 5.8.3: which cookies go with a request, in which order, as which octets.

use std::cell::OnceCell;

use crate::cookie::Cookie;
use crate::host::{CanonicalHost, DomainString};
use crate::path::{CookiePath, RequestPath};
use crate::policy::Policy;
use crate::request::Request;
use crate::same_site::PartitionKey;
use crate::set_cookie::SameSite;
use crate::spec::Citation;
use crate::timestamp::Timestamp;

/// Why a stored cookie is not sent: one variant a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Exclusion {
    /// The request has no host, or one that cannot be canonicalized.
    #[error(
        "the URL has no host that a cookie could be sent to: use one with a host name or an IP address"
    )]
    NoCanonicalHost,
    /// It has expired.
    #[error("it has expired")]
    Expired,
    /// It is kept under another partition key.
    #[error("it is partitioned, and the request is below another top-level site")]
    OtherPartition,
    /// It is host-only, and the host is another one.
    #[error("it is for its very host only: set it with a Domain that covers both hosts")]
    HostOnly,
    /// The host does not domain-match its domain.
    #[error("the request's host is neither its domain nor below it")]
    DomainMismatch,
    /// Its domain is a public suffix.
    #[error("its domain is a public suffix: set it for a domain below that")]
    PublicSuffix,
    /// The request's path does not path-match its path.
    #[error("the request's path is not within its path: set it with a shorter Path")]
    NotOnPath,
    /// It is secure-only, and the connection is insecure.
    #[error("it is Secure, and the connection is not: request over https")]
    SecureOnly,
    /// It is http-only, and a non-HTTP API asks.
    #[error("it is HttpOnly, and a non-HTTP API asks")]
    HttpOnly,
    /// It is SameSite=Strict, and the request is cross-site.
    #[error("it is SameSite=Strict, and the request is cross-site")]
    SameSiteStrict,
    /// It is SameSite=Lax, and the request is cross-site.
    #[error("it is SameSite=Lax, and the request is cross-site and {0}")]
    SameSiteLax(NotLax),
    /// It has no (known) SameSite, which is as Lax, and the request is cross-site.
    #[error("it has no SameSite, which is as Lax, and the request is cross-site and {0}")]
    SameSiteDefault(NotLax),
    /// With those before it, it has more octets than the policy allows in a Cookie header.
    #[error("it does not fit into a Cookie header of the policy's size: raise that, or store less")]
    CookieStringFull,
}

/// Why Lax does not let a cross-site request have a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum NotLax {
    /// It comes from a non-HTTP API.
    #[error("from a non-HTTP API")]
    NonHttp,
    /// Its method is not GET, HEAD, OPTIONS or TRACE.
    #[error("its method is not a safe one")]
    UnsafeMethod,
    /// It does not navigate a top-level page.
    #[error("it is no top-level navigation")]
    NotTopLevel,
}

impl Exclusion {
    /// The requirement that it does not meet; `None` where the draft has no step: for expiry,
    /// for partitions, and for the policy's bound of a Cookie header.
    pub const fn citation(&self) -> Option<Citation> {
        Some(Citation::new(
            "5.8.3",
            match self {
                Self::Expired | Self::OtherPartition | Self::CookieStringFull => return None,
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

    /// What browser developer tools call it (`CookieBlockedReason` of the DevTools protocol), where
    /// they have a name for it.
    pub const fn dev_tools_name(&self) -> Option<&'static str> {
        Some(match self {
            Self::NoCanonicalHost
            | Self::Expired
            | Self::OtherPartition
            | Self::PublicSuffix
            | Self::HttpOnly
            | Self::CookieStringFull => {
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

    /// The name of the variant in kebab-case, for machines.
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
        }
    }
}

/// A retrieval (5.8): all that `exclusion` has to know of the request, found out once.
#[derive(Debug)]
pub(crate) struct Retrieval<'r> {
    host: CanonicalHost<'r>,
    path: RequestPath<'r>,
    is_secure_connection: bool,
    is_non_http: bool,
    is_same_site: bool,
    is_safe: bool,
    is_top_level_navigation: bool,
    now: Timestamp,
    request: Request<'r>,
    policy: &'r Policy,
    partition_key: OnceCell<Option<PartitionKey>>,
}

impl<'r> Retrieval<'r> {
    /// `None` where the host cannot be canonicalized.
    pub(crate) fn new(request: &Request<'r>, policy: &'r Policy, now: Timestamp) -> Option<Self> {
        Some(Self {
            // 5.8.3 step 1: the host, canonicalized
            // 5.8.3 step 2: nothing without one
            host: request.host()?,
            path: request.path(),
            is_secure_connection: request.is_secure(policy),
            is_non_http: request.is_non_http(),
            is_same_site: request.is_same_site(&policy.public_suffix_list),
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

    /// The key whose partitioned cookies may go; found out when a partitioned cookie asks for it.
    pub(crate) fn partition_key(&self) -> Option<&PartitionKey> {
        let list = &self.policy.public_suffix_list;
        let key = || {
            self.request
                .partition_key(list)
                .filter(|_| self.policy.partitioned)
        };
        self.partition_key.get_or_init(key).as_ref()
    }
}

/// What there is to know of a domain, found out once for all its cookies: how the request-host matches it,
/// and whether the policy rejects it as a public suffix.
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

/// 5.8.3 step 3: why the cookie is not in the cookie-list; `None` where it is.
///
/// `domain` is what there is to know of the cookie's.
pub(crate) fn exclusion(
    cookie: &Cookie,
    retrieval: &Retrieval<'_>,
    domain: OfDomain,
) -> Option<Exclusion> {
    // 5.8.3 step 3: in the cookie-list if it meets all requirements
    // A partitioned cookie is returned only for its key (CHIPS).
    if cookie.partition().is_some() && cookie.partition() != retrieval.partition_key() {
        return Some(Exclusion::OtherPartition);
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

/// 5.6.7.2: "Lax-allowing-unsafe" enforcement.
fn is_lax_allowing_unsafe(cookie: &Cookie, retrieval: &Retrieval<'_>) -> bool {
    let limit = retrieval.policy.lax_allowing_unsafe;
    // Reading: `SameSite=x` did not explicitly specify one; an age of at most N counts; 0 is off.
    if cookie.same_site() != SameSite::Default || limit.is_zero() {
        return false;
    }
    let age = retrieval.now.duration_since(cookie.creation_time());
    age.is_none_or(|age| age <= limit)
}

/// Tells of each cookie of a sorted cookie-list whether it still fits into a Cookie header of the policy's
/// size, behind those that did.
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

/// 5.8.3 step 6: appends the cookie-list, in order, as a cookie-string.
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
