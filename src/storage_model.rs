//! 5.7: what happens to a cookie that is received, steps 1 to 23.3, in order. Nothing is written here.

use std::iter;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::cookie::{Cookie, CookieBuilder, Fields, Home};
use crate::grammar;
use crate::host::{CanonicalHost, Domain};
use crate::path::{self, CookiePath, RequestPath};
use crate::policy::Policy;
use crate::request::Request;
use crate::same_site::PartitionKey;
use crate::set_cookie::{NAME_AND_VALUE_LIMIT, ParseError, PathAttribute, SameSite, SetCookie};
use crate::spec::Citation;
use crate::store::{DomainCookies, Place, Store};

/// Why a cookie was refused: one variant a rule. It never contains the cookie's value.
///
/// A refused cookie changes nothing: an old one of the same identity stays.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// The line as a whole is ignored (5.6).
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// Name and value are both empty.
    #[error("name and value are both empty: give the cookie a name")]
    Empty,
    /// There is a control octet in the name, the value or the path.
    #[error(
        "name, value or path has a control octet (00-08, 0A-1F or 7F): encode it, Base64 for example"
    )]
    ControlOctet,
    /// Name and value have more than 4096 octets together.
    #[error("name and value have more than 4096 octets together: store less in the cookie")]
    TooLong,
    /// Domain has octets that are not ASCII.
    #[error("Domain has octets beyond ASCII: write it in A-labels (`xn--…`)")]
    DomainNotAscii,
    /// The request has no host, or one that cannot be canonicalized.
    #[error(
        "the URL has no host that a cookie could be kept for: use one with a host name or an IP address"
    )]
    NoCanonicalHost {
        /// Whether the Domain is a public suffix, which asks for the host a step earlier.
        public_suffix: bool,
    },
    /// Domain is a public suffix: every registrant below it would get the cookie.
    #[error("`{domain}` is a public suffix: leave Domain out, or name a domain below it")]
    PublicSuffix {
        /// The Domain attribute.
        domain: Box<str>,
    },
    /// Domain does not cover the host that sets the cookie.
    #[error(
        "`{host}` does not domain-match `{domain}`: leave Domain out, or name the host or a parent of it"
    )]
    DomainMismatch {
        /// The host of the request.
        host: Box<str>,
        /// The Domain attribute.
        domain: Box<str>,
    },
    /// A cookie built by hand that no Set-Cookie line could say: it would read as something else when
    /// it is sent.
    #[error(
        "the name has `=` or `;`, the value has `;`, or one has whitespace at an end: encode it"
    )]
    NotOnePair,
    /// The path of a cookie built by hand does not begin with "/".
    #[error("the path does not begin with \"/\": give it one that does")]
    PathNotAbsolute,
    /// The name for a Set-Cookie line to build is no token, or there is none.
    #[error(
        "the name is empty or has an octet that servers must not write: use letters, digits, `-`, `_` and `.`"
    )]
    NameNotToken,
    /// The value for a Set-Cookie line to build has another octet than the server profile allows.
    #[error(
        "the value has whitespace, `\"`, `,`, `;`, `\\` or an octet beyond ASCII, which servers must not write: encode it, Base64 for example"
    )]
    ValueNotCookieOctets,
    /// The Domain for a Set-Cookie line to build is no domain name, or not in canonical form.
    #[error(
        "Domain is no domain name in canonical form: write letters in lower case, digits, `-` and `.`, without a dot at an end, or leave Domain out"
    )]
    DomainNotCanonical,
    /// The path for a Set-Cookie line to build has another octet than the server profile allows.
    #[error(
        "the path has `;`, whitespace at its end, a tab or an octet beyond ASCII: percent-encode it, as it stands in URLs"
    )]
    PathNotAvOctets,
    /// An attribute of a Set-Cookie line to build is so long that user agents ignore it.
    #[error("{attribute} has more than 1024 octets, and would be ignored: shorten it")]
    AttributeTooLong {
        /// Its name: Domain or Path.
        attribute: &'static str,
    },
    /// The Expires of a Set-Cookie line to build is a date that no cookie-date can say.
    #[error("Expires is not between the years 1601 and 9999: use Max-Age instead")]
    ExpiresOutOfRange,
    /// Secure, over an insecure connection.
    #[error("Secure over an insecure connection: set it over https, or leave Secure out")]
    SecureOverInsecure,
    /// HttpOnly, from a non-HTTP API.
    #[error(
        "a non-HTTP API cannot set an HttpOnly cookie: leave HttpOnly out, or set it in a response"
    )]
    HttpOnlyFromScript,
    /// Over an insecure connection, it would lie over a secure-only cookie.
    #[error(
        "over an insecure connection it would lie over a Secure cookie of the same name: set it over https, or choose another name or a path outside that cookie's"
    )]
    OverlaysSecure,
    /// From a non-HTTP API of a document in a cross-site context, without SameSite=None.
    #[error("a document in a cross-site context cannot set it: add SameSite=None and Secure")]
    SameSiteFromScript {
        /// The same-site-flag.
        same_site: SameSite,
    },
    /// From a cross-site request that is no top-level navigation, without SameSite=None.
    #[error(
        "a cross-site request that is no top-level navigation cannot set it: add SameSite=None and Secure"
    )]
    SameSiteCrossSite {
        /// The same-site-flag.
        same_site: SameSite,
    },
    /// SameSite=None without Secure.
    #[error("SameSite=None needs Secure: add Secure")]
    SameSiteNoneInsecure,
    /// `__Secure-` without Secure.
    #[error("the prefix `__Secure-` needs Secure: add Secure")]
    SecurePrefix,
    /// `__Host-` without Secure.
    #[error("the prefix `__Host-` needs Secure: add Secure")]
    HostPrefixInsecure,
    /// `__Host-` with a Domain.
    #[error("the prefix `__Host-` allows no Domain: leave Domain out")]
    HostPrefixDomain,
    /// `__Host-` without the path "/".
    #[error("the prefix `__Host-` needs the path `/`: add Path=/")]
    HostPrefixPath,
    /// `__Http-` or `__Host-Http-` without Secure.
    #[error("the prefix `__Http-` needs Secure: add Secure")]
    HttpPrefixInsecure,
    /// `__Http-` or `__Host-Http-` without HttpOnly.
    #[error("the prefixes `__Http-` and `__Host-Http-` need HttpOnly: add HttpOnly")]
    HttpPrefixNotHttpOnly,
    /// A nameless cookie whose value begins like `__Secure-` or `__Host-`.
    #[error("a nameless cookie cannot begin like `__Secure-` or `__Host-`: give it a name")]
    NamelessPrefix,
    /// A nameless cookie whose value begins like `__Http-`.
    #[error("a nameless cookie cannot begin like `__Http-`: give it a name")]
    NamelessHttpPrefix,
    /// Partitioned without Secure.
    #[error("Partitioned needs Secure: add Secure")]
    PartitionedInsecure,
    /// Partitioned, below a top-level page whose origin is opaque.
    #[error(
        "the top-level page has an opaque origin, which no partition is kept for: leave Partitioned out"
    )]
    PartitionedOpaque,
    /// From a non-HTTP API, it would replace an HttpOnly cookie.
    #[error(
        "a non-HTTP API cannot replace an HttpOnly cookie: set it in a response, or choose another name"
    )]
    ReplacesHttpOnly,
}

impl Rejection {
    /// The step that refuses, or the section where that is a grammar (4.1.1); `None` for the rules that
    /// are not of the draft (`__Http-`, Partitioned, what is built by hand).
    pub const fn citation(&self) -> Option<Citation> {
        Some(Citation::new(
            "5.7",
            match self {
                Self::Parse(error) => return Some(error.citation()),
                Self::NameNotToken
                | Self::ValueNotCookieOctets
                | Self::DomainNotCanonical
                | Self::PathNotAvOctets
                | Self::ExpiresOutOfRange => return Some(Citation::new("4.1.1", "")),
                Self::AttributeTooLong { .. } => return Some(Citation::new("5.6", "6")),
                Self::Empty => "2",
                Self::ControlOctet => "3",
                Self::TooLong => "4",
                Self::DomainNotAscii => "8",
                Self::NoCanonicalHost {
                    public_suffix: true,
                } => "9.2",
                Self::NoCanonicalHost {
                    public_suffix: false,
                } => "10",
                Self::PublicSuffix { .. } => "9.3.1",
                Self::DomainMismatch { .. } => "10.1.1",
                Self::SecureOverInsecure => "13",
                Self::HttpOnlyFromScript => "15",
                Self::OverlaysSecure => "16",
                Self::SameSiteFromScript { .. } => "18.1",
                Self::SameSiteCrossSite { .. } => "18.4",
                Self::SameSiteNoneInsecure => "19",
                Self::SecurePrefix => "20",
                Self::HostPrefixInsecure => "21.1",
                Self::HostPrefixDomain => "21.2",
                Self::HostPrefixPath => "21.3",
                Self::NamelessPrefix => "22",
                Self::ReplacesHttpOnly => "23.2",
                Self::NotOnePair
                | Self::PathNotAbsolute
                | Self::HttpPrefixInsecure
                | Self::HttpPrefixNotHttpOnly
                | Self::NamelessHttpPrefix
                | Self::PartitionedInsecure
                | Self::PartitionedOpaque => return None,
            },
        ))
    }

    /// What browser developer tools call it (`SetCookieBlockedReason` of the DevTools protocol), where
    /// they have a name for it.
    pub const fn dev_tools_name(&self) -> Option<&'static str> {
        Some(match self {
            Self::Parse(ParseError::ControlOctet) | Self::ControlOctet => "DisallowedCharacter",
            Self::Parse(ParseError::TooLong) | Self::TooLong => "NameValuePairExceedsMaxSize",
            Self::Empty => "NoCookieContent",
            Self::DomainNotAscii | Self::PublicSuffix { .. } | Self::DomainMismatch { .. } => {
                "InvalidDomain"
            }
            Self::SecureOverInsecure => "SecureOnly",
            Self::OverlaysSecure => "OverwriteSecure",
            Self::SameSiteFromScript { same_site } | Self::SameSiteCrossSite { same_site } => {
                match same_site {
                    SameSite::Strict => "SameSiteStrict",
                    SameSite::Lax => "SameSiteLax",
                    SameSite::Default | SameSite::None => "SameSiteUnspecifiedTreatedAsLax",
                }
            }
            Self::SameSiteNoneInsecure => "SameSiteNoneInsecure",
            Self::SecurePrefix
            | Self::HostPrefixInsecure
            | Self::HostPrefixDomain
            | Self::HostPrefixPath
            | Self::HttpPrefixInsecure
            | Self::HttpPrefixNotHttpOnly
            | Self::NamelessPrefix
            | Self::NamelessHttpPrefix => "InvalidPrefix",
            Self::NoCanonicalHost { .. }
            | Self::NotOnePair
            | Self::PathNotAbsolute
            | Self::NameNotToken
            | Self::ValueNotCookieOctets
            | Self::DomainNotCanonical
            | Self::PathNotAvOctets
            | Self::AttributeTooLong { .. }
            | Self::ExpiresOutOfRange
            | Self::HttpOnlyFromScript
            | Self::PartitionedInsecure
            | Self::PartitionedOpaque
            | Self::ReplacesHttpOnly => return None,
        })
    }

    /// The name of the variant in kebab-case, for machines; of a line that does not parse, that of the
    /// [`ParseError`].
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Parse(error) => error.name(),
            Self::Empty => "empty",
            Self::ControlOctet => "control-octet",
            Self::TooLong => "too-long",
            Self::DomainNotAscii => "domain-not-ascii",
            Self::NoCanonicalHost { .. } => "no-canonical-host",
            Self::PublicSuffix { .. } => "public-suffix",
            Self::DomainMismatch { .. } => "domain-mismatch",
            Self::NotOnePair => "not-one-pair",
            Self::PathNotAbsolute => "path-not-absolute",
            Self::NameNotToken => "name-not-token",
            Self::ValueNotCookieOctets => "value-not-cookie-octets",
            Self::DomainNotCanonical => "domain-not-canonical",
            Self::PathNotAvOctets => "path-not-av-octets",
            Self::AttributeTooLong { .. } => "attribute-too-long",
            Self::ExpiresOutOfRange => "expires-out-of-range",
            Self::SecureOverInsecure => "secure-over-insecure",
            Self::HttpOnlyFromScript => "http-only-from-script",
            Self::OverlaysSecure => "overlays-secure",
            Self::SameSiteFromScript { .. } => "same-site-from-script",
            Self::SameSiteCrossSite { .. } => "same-site-cross-site",
            Self::SameSiteNoneInsecure => "same-site-none-insecure",
            Self::SecurePrefix => "secure-prefix",
            Self::HostPrefixInsecure => "host-prefix-insecure",
            Self::HostPrefixDomain => "host-prefix-domain",
            Self::HostPrefixPath => "host-prefix-path",
            Self::HttpPrefixInsecure => "http-prefix-insecure",
            Self::HttpPrefixNotHttpOnly => "http-prefix-not-http-only",
            Self::NamelessPrefix => "nameless-prefix",
            Self::NamelessHttpPrefix => "nameless-http-prefix",
            Self::PartitionedInsecure => "partitioned-insecure",
            Self::PartitionedOpaque => "partitioned-opaque",
            Self::ReplacesHttpOnly => "replaces-http-only",
        }
    }
}

/// A cookie that may be stored, and whether it takes the place of another one.
pub(crate) struct Decision {
    pub(crate) cookie: Cookie,
    pub(crate) replaces: bool,
    /// Where one of its identity stands that has expired, but is not evicted yet.
    pub(crate) expired: Option<Place>,
}

impl Decision {
    /// Is the cookie one of a new identity that will be kept?
    pub(crate) fn inserts(&self, now: DateTime<Utc>) -> bool {
        !self.replaces && !self.cookie.is_expired(now)
    }
}

/// 5.7: "receives a cookie" from a request, for the store that has those of its host. The others, if
/// there are any, have to do with step 16 alone.
pub(crate) fn receive(
    set_cookie: &SetCookie<'_>,
    request: &Request<'_>,
    policy: &Policy,
    store: &Store,
    others: &[&Store],
    now: DateTime<Utc>,
) -> Result<Decision, Rejection> {
    // 5.7 step 1: whether to ignore the response is the caller's choice (5.3)
    let (name, value) = (set_cookie.name(), set_cookie.value());
    // 5.7 step 2: not both empty
    if name.is_empty() && value.is_empty() {
        return Err(Rejection::Empty);
    }
    // 5.7 step 3: no control octets, which holds by parsing (5.6 step 1)
    // 5.7 step 4: at most 4096 octets, which holds by parsing (5.6 step 5)
    // 5.7 step 5: a new cookie, put together below once all is known
    let expiry_time = expiry_time(set_cookie, policy, now);
    let request_host = request.host();
    let of_attribute = set_cookie
        .domain()
        .and_then(|domain| store.domain(None, domain));
    let (domain, host_only) = domain(set_cookie, request_host.as_ref(), policy, of_attribute)?;
    let path = path(set_cookie, request.path());
    // 5.7 step 12: the secure-only-flag
    let secure_only = set_cookie.secure();
    let is_secure_connection = request.is_secure(policy.trust_localhost);
    // 5.7 step 13: Secure asks for a secure connection
    if secure_only && !is_secure_connection {
        return Err(Rejection::SecureOverInsecure);
    }
    // 5.7 step 14: the http-only-flag
    let http_only = set_cookie.http_only();
    // 5.7 step 15: a non-HTTP API sets no HttpOnly cookie
    if http_only && request.is_non_http() {
        return Err(Rejection::HttpOnlyFromScript);
    }
    let partitioned = policy.partitioned && set_cookie.partitioned();
    let partition = if partitioned {
        request.partition_key(&policy.public_suffix_list)
    } else {
        None
    };
    // Reading: step 16 and identity look at the cookie's own partition only. One without a key has none.
    let is_alone = partitioned && partition.is_none();
    // 5.7 step 16: an insecure cookie must not lie over a secure one
    if !secure_only && !is_secure_connection && !is_alone {
        let new = (name, domain, path);
        let mut stores = iter::once(store).chain(others.iter().copied());
        if stores.any(|store| overlays_secure(new, partition.as_ref(), store, now)) {
            return Err(Rejection::OverlaysSecure);
        }
    }
    // 5.7 step 17: the same-site-flag
    // Reading: the last SameSite decides, also where its value is not known.
    let same_site = set_cookie.same_site();
    // 5.7 step 18: unless it is None
    if same_site != SameSite::None && !request.is_same_site(&policy.public_suffix_list) {
        if request.is_non_http() {
            // 5.7 step 18.1: not from a document whose context is cross-site
            return Err(Rejection::SameSiteFromScript { same_site });
        }
        // 5.7 step 18.2: a same-site request may set it
        // 5.7 step 18.3: so may a top-level navigation
        if !request.is_top_level_navigation() {
            // 5.7 step 18.4: no other request may
            return Err(Rejection::SameSiteCrossSite { same_site });
        }
    }
    let has_path = set_cookie.path().is_some();
    check_flags(
        &Flags {
            name,
            value,
            path,
            has_path,
            host_only,
            secure_only,
            http_only,
            same_site,
            partitioned,
        },
        policy,
    )?;
    if is_alone {
        return Err(Rejection::PartitionedOpaque);
    }
    let known = of_attribute
        .filter(|_| !host_only && partition.is_none())
        .or_else(|| store.domain(partition.as_ref(), domain));
    let as_of = store.as_of(now);
    // 5.7 step 23: a cookie of the same identity
    // 5.7 step 23.1: the old-cookie, which has not expired
    let found = known.and_then(|known| known.find((name, path, host_only)));
    let expired = found.filter(|found| found.is_expired(as_of));
    let old = found.filter(|_| expired.is_none());
    // 5.7 step 23.2: a non-HTTP API replaces no HttpOnly cookie
    if request.is_non_http() && old.is_some_and(Cookie::http_only) {
        return Err(Rejection::ReplacesHttpOnly);
    }
    // 5.7 step 23.3: the creation-time is the old-cookie's
    let creation = old.map(Cookie::creation_order);
    // 5.7 step 23.4: the caller removes the old-cookie
    // 5.7 step 24: the caller inserts the new one
    Ok(Decision {
        cookie: Cookie::from(Fields {
            name,
            value,
            path,
            home: home(known, domain, partition),
            host_only,
            secure_only,
            http_only,
            same_site,
            expiry_time,
            creation: creation.unwrap_or((now, 0)),
            last_access_time: now,
        }),
        replaces: old.is_some(),
        expired: expired.map(Place::of),
    })
}

/// What the cookie shares with those of its domain and partition, if there are any.
fn home(
    known: Option<&DomainCookies>,
    domain: &[u8],
    partition: Option<PartitionKey>,
) -> Arc<Home> {
    let new = || Home {
        domain: domain.into(),
        partition: partition.map(Arc::new),
    };
    known.map_or_else(|| Arc::new(new()), |known| Arc::clone(known.home()))
}

/// 5.7 for a cookie that was built by hand: the steps that ask for no request.
pub(crate) fn insert(
    built: &CookieBuilder,
    policy: &Policy,
    store: &Store,
    now: DateTime<Utc>,
) -> Result<Decision, Rejection> {
    let CookieBuilder {
        name, value, path, ..
    } = built;
    check_pair(name, value)?;
    let no_host = Rejection::NoCanonicalHost {
        public_suffix: false,
    };
    let host = built.canonical_host().ok_or(no_host)?;
    let domain = host.octets();
    if !built.host_only && policy.rejects(domain) {
        return Err(Rejection::PublicSuffix {
            domain: shown(domain),
        });
    }
    check_path(path)?;
    let partition = built.partition.clone().filter(|_| policy.partitioned);
    let flags = Flags {
        name,
        value,
        path,
        has_path: true,
        host_only: built.host_only,
        secure_only: built.secure_only,
        http_only: built.http_only,
        same_site: built.same_site,
        partitioned: partition.is_some(),
    };
    check_flags(&flags, policy)?;
    let known = store.domain(partition.as_ref(), domain);
    let as_of = store.as_of(now);
    let found = known.and_then(|known| known.find((name, path, built.host_only)));
    let expired = found.filter(|found| found.is_expired(as_of));
    let old = found.filter(|_| expired.is_none());
    let creation = old.map(Cookie::creation_order);
    let created = built.creation_time.unwrap_or(now);
    let limit = after(now, policy.lifetime_limit);
    let expiry_time = built.expiry_time.map(|expiry_time| expiry_time.min(limit));
    Ok(Decision {
        cookie: Cookie::from(Fields {
            name,
            value,
            path,
            home: home(known, domain, partition),
            host_only: built.host_only,
            secure_only: built.secure_only,
            http_only: built.http_only,
            same_site: built.same_site,
            expiry_time,
            creation: creation.unwrap_or((created, 0)),
            last_access_time: now,
        }),
        replaces: old.is_some(),
        expired: expired.map(Place::of),
    })
}

/// The latest date that a cookie-date and RFC 3339 can write.
const LATEST: DateTime<Utc> = match DateTime::from_timestamp(253_402_300_799, 0) {
    Some(instant) => instant,
    None => DateTime::<Utc>::MAX_UTC,
};

/// `now` and a lifetime, as far as dates go.
fn after(now: DateTime<Utc>, lifetime: Duration) -> DateTime<Utc> {
    let lifetime = TimeDelta::from_std(lifetime).ok();
    let instant = lifetime.and_then(|lifetime| now.checked_add_signed(lifetime));
    // A clock that is past it still gives lifetimes.
    let latest = if now < LATEST {
        LATEST
    } else {
        DateTime::<Utc>::MAX_UTC
    };
    instant.map_or(latest, |instant| instant.min(latest))
}

/// 5.7 step 6, with the limits of 5.6.1 and 5.6.2 that want to know "now".
fn expiry_time(
    set_cookie: &SetCookie<'_>,
    policy: &Policy,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    // 5.7 step 6: Max-Age, otherwise Expires, otherwise neither
    if let Some(seconds) = set_cookie.max_age() {
        // 5.7 step 6.1: persistent
        // 5.7 step 6.2: the expiry-time of the last Max-Age
        // 5.6.2 step 5: cookie-age-limit
        // 5.6.2 step 6: the smaller one
        let lifetime = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
        let lifetime = lifetime.min(policy.lifetime_limit);
        // 5.6.2 step 7: now plus delta-seconds, or the earliest date
        return Some(if lifetime.is_zero() {
            DateTime::<Utc>::MIN_UTC
        } else {
            after(now, lifetime)
        });
    }
    // 5.6.1 step 3: cookie-age-limit
    // 5.6.1 step 4: not beyond it
    let expires = set_cookie.expires();
    // Without Expires it is not persistent: `None` is the latest representable date of the text.
    expires.map(|expires| expires.min(after(now, policy.lifetime_limit)))
}

/// 5.7 steps 7 to 10: the domain and the host-only-flag.
fn domain<'a>(
    set_cookie: &'a SetCookie<'_>,
    request_host: Option<&'a CanonicalHost<'_>>,
    policy: &Policy,
    of_attribute: Option<&DomainCookies>,
) -> Result<(&'a [u8], bool), Rejection> {
    // 5.7 step 7: the last Domain, or the empty string
    // 5.7 step 7.1: of at most 1024 octets, which holds by parsing
    let mut domain_attribute = set_cookie.domain().unwrap_or_default();
    // 5.7 step 8: octets in CHAR only
    // Reading: not in CHAR are octets of 80 and above, and NUL, which no line has.
    if !domain_attribute.is_ascii() {
        return Err(Rejection::DomainNotAscii);
    }
    // 5.7 step 9: a public suffix
    let rejects = || policy.rejects(domain_attribute);
    let public_suffix = match of_attribute {
        Some(known) => known.is_rejected(rejects),
        None => rejects(),
    };
    // 5.7 step 9.1: the request-host, canonicalized
    // 5.7 step 9.2: refused without one
    // Reading: step 10 needs one as well.
    let request_host = request_host.ok_or(Rejection::NoCanonicalHost { public_suffix })?;
    if public_suffix {
        // 5.7 step 9.3: only the host itself may name it
        if domain_attribute != request_host.octets() {
            // 5.7 step 9.3.1: for all others it is refused
            return Err(Rejection::PublicSuffix {
                domain: shown(domain_attribute),
            });
        }
        // 5.7 step 9.3.1: for the host it is as if it were not there
        domain_attribute = b"";
    }
    // 5.7 step 10: is there a Domain?
    if domain_attribute.is_empty() {
        // 5.7 step 10.1: host-only
        // 5.7 step 10.2: for the request-host
        return Ok((request_host.octets(), true));
    }
    // 5.7 step 10.1: the host must domain-match it
    if !request_host.domain_matches(Domain(domain_attribute)) {
        // 5.7 step 10.1.1: refused otherwise
        return Err(Rejection::DomainMismatch {
            host: shown(request_host.octets()),
            domain: shown(domain_attribute),
        });
    }
    // 5.7 step 10.1.1: not host-only
    // 5.7 step 10.1.2: for the domain-attribute
    Ok((domain_attribute, false))
}

/// 5.7 step 11: the path.
fn path<'a>(set_cookie: &SetCookie<'a>, request_path: RequestPath<'a>) -> &'a [u8] {
    let CookiePath(default_path) = path::default_path(request_path);
    match set_cookie.path() {
        // 5.7 step 11: the last Path, or the default-path
        Some(PathAttribute::Given(path)) => path,
        // 5.6.4 step 1.1: the default-path, which parsing could not know
        // Reading: one of more than 1024 octets is passed over like any such Path, where there is one
        // to go back to.
        Some(PathAttribute::Default {
            earlier: Some(earlier),
        }) if default_path.len() > 1024 => earlier,
        Some(PathAttribute::Default { .. }) | None => default_path,
    }
}

/// 5.7 step 16: would the new cookie (name, domain, path) lie over a secure-only one?
fn overlays_secure(
    (name, domain, path): (&[u8], &[u8], &[u8]),
    partition: Option<&PartitionKey>,
    store: &Store,
    now: DateTime<Utc>,
) -> bool {
    let as_of = store.as_of(now);
    let new_host = CanonicalHost::of_domain(Domain(domain));
    // 5.7 step 16.1: of the same name
    // 5.7 step 16.2: secure-only
    store.any_secure_around(partition, domain, name, |existing| {
        let existing_host = CanonicalHost::of_domain(Domain(existing.domain()));
        // 5.7 step 16.3: one domain matches the other
        (existing_host.domain_matches(Domain(domain))
            || new_host.domain_matches(Domain(existing.domain())))
            // 5.7 step 16.4: the new path matches the existing one
            && RequestPath(path).path_matches(CookiePath(existing.path()))
            && !existing.is_expired(as_of)
    })
}

/// 5.7 steps 2 to 4 for a name and a value that do not come from a line, and would have to stand in one.
pub(crate) fn check_pair(name: &[u8], value: &[u8]) -> Result<(), Rejection> {
    if name.is_empty() && value.is_empty() {
        return Err(Rejection::Empty);
    }
    if grammar::has_ctl(name) || grammar::has_ctl(value) {
        return Err(Rejection::ControlOctet);
    }
    if name.len() + value.len() > NAME_AND_VALUE_LIMIT {
        return Err(Rejection::TooLong);
    }
    if !grammar::is_pair(name, value) {
        return Err(Rejection::NotOnePair);
    }
    Ok(())
}

/// What parsing sees to for a path that comes from a line.
pub(crate) fn check_path(path: &[u8]) -> Result<(), Rejection> {
    if !path.starts_with(b"/") {
        return Err(Rejection::PathNotAbsolute);
    }
    if grammar::has_ctl(path) {
        return Err(Rejection::ControlOctet);
    }
    Ok(())
}

/// What steps 19 to 22 look at, and Partitioned.
pub(crate) struct Flags<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) value: &'a [u8],
    pub(crate) path: &'a [u8],
    pub(crate) has_path: bool,
    pub(crate) host_only: bool,
    pub(crate) secure_only: bool,
    pub(crate) http_only: bool,
    pub(crate) same_site: SameSite,
    pub(crate) partitioned: bool,
}

/// 5.7 steps 19 to 22, the prefixes of layered, and what Partitioned asks for.
pub(crate) fn check_flags(cookie: &Flags<'_>, policy: &Policy) -> Result<(), Rejection> {
    // 5.7 step 19: SameSite=None needs Secure
    if cookie.same_site == SameSite::None && !cookie.secure_only {
        return Err(Rejection::SameSiteNoneInsecure);
    }
    // 5.7 step 20: __Secure- needs Secure
    if begins_like(cookie.name, "__Secure-") && !cookie.secure_only {
        return Err(Rejection::SecurePrefix);
    }
    // 5.7 step 21: __Host- needs all of the following
    if begins_like(cookie.name, "__Host-") {
        // 5.7 step 21.1: Secure
        if !cookie.secure_only {
            return Err(Rejection::HostPrefixInsecure);
        }
        // 5.7 step 21.2: no Domain
        if !cookie.host_only {
            return Err(Rejection::HostPrefixDomain);
        }
        // 5.7 step 21.3: a Path, and the path "/"
        // Reading: `Path`, `Path=` and `Path=x` are Path attributes where the default-path is "/".
        if !cookie.has_path || cookie.path != b"/" {
            return Err(Rejection::HostPrefixPath);
        }
    }
    // Layered, "Store a Cookie": `__Http-` needs Secure and HttpOnly, `__Host-Http-` what `__Host-`
    // needs and HttpOnly. Its definition of Http-prefix compatible says http-only is false: a slip.
    if policy.http_prefixes {
        let http = begins_like(cookie.name, "__Http-");
        if http && !cookie.secure_only {
            return Err(Rejection::HttpPrefixInsecure);
        }
        if (http || begins_like(cookie.name, "__Host-Http-")) && !cookie.http_only {
            return Err(Rejection::HttpPrefixNotHttpOnly);
        }
    }
    // 5.7 step 22: a nameless cookie must not look like a prefixed one
    if cookie.name.is_empty() {
        // 5.7 step 22.1: like __Secure-
        // 5.7 step 22.2: like __Host-
        if begins_like(cookie.value, "__Secure-") || begins_like(cookie.value, "__Host-") {
            return Err(Rejection::NamelessPrefix);
        }
        if policy.http_prefixes && begins_like(cookie.value, "__Http-") {
            return Err(Rejection::NamelessHttpPrefix);
        }
    }
    if cookie.partitioned && !cookie.secure_only {
        return Err(Rejection::PartitionedInsecure);
    }
    Ok(())
}

/// 5.4: prefixes match in any case.
fn begins_like(octets: &[u8], prefix: &str) -> bool {
    octets
        .get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
}

/// A domain for a message.
pub(crate) fn shown(domain: &[u8]) -> Box<str> {
    domain.escape_ascii().to_string().into()
}
