//! 5.7: the decision about a received cookie, steps 1 to 23.3, in order. Nothing is written here.

use std::sync::Arc;
use std::time::Duration;

use crate::cookie::{Cookie, CookieBuilder, Fields, Identity};
use crate::dialect::Deviation;
use crate::grammar;
use crate::host::{self, CanonicalHost, DomainString};
use crate::path::{self, CookiePath, RequestPath};
use crate::policy::Policy;
use crate::rejection::{LooksLike, Rejection, shown};
use crate::request::Request;
use crate::set_cookie::{NAME_AND_VALUE_LIMIT, PathAttribute, SameSite, SetCookie};
use crate::store::Store;
use crate::timestamp::Timestamp;

/// A cookie that may be stored, and whether it replaces another one.
pub(crate) struct Decision {
    pub(crate) cookie: Cookie,
    pub(crate) replaces: bool,
    /// True if the creation-time is not that of the cookie that it replaces.
    pub(crate) is_new_creation: bool,
}

/// 5.7: decides about a cookie that the user agent receives from a request.
pub(crate) fn receive(
    set_cookie: &SetCookie<'_>,
    request: &Request<'_>,
    policy: &Policy,
    store: &Store,
    now: Timestamp,
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
    // Deviation value-utf8 (Firefox): the value becomes UTF-8
    let utf8 = policy.dialect.has(Deviation::ValueUtf8);
    let utf8 = utf8.then(|| String::from_utf8_lossy(value));
    let value = utf8.as_deref().map_or(value, str::as_bytes);
    let expiry_time = expiry_time(set_cookie, request, policy, now);
    let request_host = request.host();
    // Deviation domain-idna (Chromium): the Domain as a host of the URL Standard, if it is one
    let idna = policy.dialect.has(Deviation::DomainIdna);
    let idna = idna.then(|| idna_domain(set_cookie)).flatten();
    let (domain, host_only) = domain(set_cookie, idna.as_ref(), request_host.as_ref(), policy)?;
    let path = path(set_cookie, request.path(), policy);
    // Deviation tab-in-path-refused (Firefox): no tab in it
    if policy.dialect.has(Deviation::TabInPathRefused) && grammar::has_htab(path) {
        return Err(Rejection::Deviation(Deviation::TabInPathRefused));
    }
    // 5.7 step 12: the secure-only-flag
    let secure_only = set_cookie.secure();
    let is_secure_connection = request.is_secure(policy);
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
    // Deviation third-party-store (Firefox's defaults): all cookies, in a third-party context
    let has_key = partitioned
        || policy.dialect.has(Deviation::ThirdPartyStore) && request.is_third_party(policy);
    let partition = if has_key {
        request
            .partition_key(&policy.public_suffix_list)
            .map(Arc::new)
    } else {
        None
    };
    // Reading: step 16 and identity look at the cookie's own partition only. One without a key has none.
    let is_alone = has_key && partition.is_none();
    // 5.7 step 16: an insecure cookie must not lie over a secure one
    if !secure_only && !is_secure_connection && !is_alone {
        let overlays = |existing: &Cookie| {
            // 5.7 step 16.1: of the same name
            existing.name() == name
                // 5.7 step 16.2: secure-only
                && existing.secure_only()
                // 5.7 step 16.3: one domain matches the other, which `any_secure_around` looks for
                // Deviation overlay-by-domain-cookies (Firefox): the wider one of a cookie for subdomains
                && (!policy.dialect.has(Deviation::OverlayByDomainCookies)
                    || covers(existing, domain, host_only))
                // 5.7 step 16.4: the new path matches the existing one
                && RequestPath(path).path_matches(CookiePath(existing.path()))
                && !existing.is_expired(store.note_expired(now))
        };
        let new = Identity {
            domain,
            name,
            path,
            host_only,
        };
        if store.any_secure_around(&new, partition.as_ref(), overlays) {
            return Err(Rejection::OverlaysSecure);
        }
    }
    // 5.7 step 17: the same-site-flag
    // Reading: the last SameSite decides, also where its value is not known.
    let same_site = set_cookie.same_site();
    // 5.7 step 18: unless it is None
    // Deviation absent-is-none (Firefox's defaults): nor if it is Default
    let is_none = same_site == SameSite::None
        || same_site == SameSite::Default && policy.dialect.has(Deviation::AbsentIsNone);
    if !is_none && !request.is_same_site(policy) {
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
    let cookie = Fields {
        name,
        value,
        domain,
        path,
        host_only,
        secure_only,
        http_only,
        same_site,
        partition,
        expiry_time,
        creation_time: None,
        last_access_time: None,
    };
    check_flags(
        &cookie,
        set_cookie.path().is_some(),
        || is_literal(set_cookie, domain),
        partitioned,
        policy,
    )?;
    if is_alone {
        return Err(Rejection::PartitionedOpaque);
    }
    identify(&cookie, request.is_non_http(), policy, store, now)
}

/// 5.7 step 23: finds the cookie that the new one replaces.
fn identify(
    cookie: &Fields<&[u8]>,
    is_non_http: bool,
    policy: &Policy,
    store: &Store,
    now: Timestamp,
) -> Result<Decision, Rejection> {
    // 5.7 step 23: a cookie of the same identity
    let found = store.find(&cookie.key());
    // 5.7 step 23.1: the old-cookie, which has not expired
    let as_of = store.note_expired(now);
    let old = found.cookie.filter(|old| !old.is_expired(as_of));
    // 5.7 step 23.2: a non-HTTP API replaces no HttpOnly cookie
    if is_non_http && old.is_some_and(Cookie::http_only) {
        return Err(Rejection::ReplacesHttpOnly);
    }
    let list = &policy.public_suffix_list;
    let home = found.home_or_new(cookie.domain, cookie.partition.as_ref(), list);
    let mut cookie = Cookie::new(cookie, home, now);
    // 5.7 step 23.3: the creation-time is the old-cookie's
    // Deviation new-value-new-creation (Chromium): only if its value is the same
    let is_kept = |old: &&Cookie| {
        !policy.dialect.has(Deviation::NewValueNewCreation) || old.value() == cookie.value()
    };
    let kept = old.filter(is_kept);
    if let Some(old) = kept {
        cookie.take_creation(old);
    }
    // 5.7 step 23.4: the caller removes the old-cookie
    // 5.7 step 24: the caller inserts the new one
    Ok(Decision {
        cookie,
        replaces: old.is_some(),
        is_new_creation: kept.is_none(),
    })
}

/// 5.7 for a cookie that was built by hand: the steps that do not depend on a request (2 to 4, 9, 19 to
/// 23), and the lifetime limit.
pub(crate) fn insert(
    built: &CookieBuilder,
    policy: &Policy,
    store: &Store,
    now: Timestamp,
) -> Result<Decision, Rejection> {
    let fields = built.fields.borrowed();
    let host = checked_host(&built.host, &fields, policy)?;
    let mut cookie = Fields {
        domain: host.octets(),
        ..fields
    };
    if !policy.partitioned {
        cookie.partition = None;
    }
    check_built(&cookie, policy)?;
    let limit = after(now, policy.lifetime_limit);
    cookie.expiry_time = cookie.expiry_time.map(|expiry_time| expiry_time.min(limit));
    identify(&cookie, false, policy, store, now)
}

/// What holds for any stored cookie, of one that was stored before. Its lifetime is counted from its last
/// access, where the clock went back since.
pub(crate) fn restore(
    host: &str,
    fields: &Fields<&[u8]>,
    policy: &Policy,
    store: &Store,
    now: Timestamp,
) -> Result<Cookie, Rejection> {
    let host = checked_host(host, fields, policy)?;
    let mut cookie = Fields {
        domain: host.octets(),
        ..fields.clone()
    };
    check_built(&cookie, policy)?;
    let from = cookie.last_access_time.map_or(now, |last| last.max(now));
    let limit = after(from, policy.lifetime_limit);
    cookie.expiry_time = cookie.expiry_time.map(|expiry_time| expiry_time.min(limit));
    let found = store.find(&cookie.key());
    let list = &policy.public_suffix_list;
    let home = found.home_or_new(cookie.domain, cookie.partition.as_ref(), list);
    Ok(Cookie::new(&cookie, home, now))
}

/// The canonicalized host of a cookie that was built by hand, whose pair is checked before.
fn checked_host<'h>(
    host: &'h str,
    fields: &Fields<&[u8]>,
    policy: &Policy,
) -> Result<CanonicalHost<'h>, Rejection> {
    // Deviation value-utf8 (Firefox): a value may have grown, up to three octets for one
    let growth = if policy.dialect.has(Deviation::ValueUtf8) {
        3
    } else {
        1
    };
    check_pair_within(fields.name, fields.value, NAME_AND_VALUE_LIMIT * growth)?;
    let is_domain = !host.starts_with('.') && !host.contains('*');
    let canonical = CanonicalHost::parse(host).filter(|_| is_domain);
    canonical.ok_or_else(|| Rejection::NotAHost {
        looks_like: LooksLike::of(host),
    })
}

fn check_built(cookie: &Fields<&[u8]>, policy: &Policy) -> Result<(), Rejection> {
    if !cookie.host_only && policy.rejects(cookie.domain) {
        return Err(Rejection::PublicSuffix {
            domain: shown(cookie.domain),
        });
    }
    // Deviation long-path-is-empty (Firefox): also an empty path
    if !cookie.path.is_empty() || !policy.dialect.has(Deviation::LongPathIsEmpty) {
        check_path(cookie.path)?;
    }
    check_flags(cookie, true, || true, cookie.partition.is_some(), policy)
}

/// The latest instant that a cookie-date and RFC 3339 can write: the last second of the year 9999.
const LATEST: Timestamp = Timestamp::from_secs(253_402_300_799);

/// The latest expiry-time: one microsecond before [`Timestamp::MAX`], which means that a cookie never
/// expires.
const END: Timestamp = Timestamp::from_micros(i64::MAX - 1);

/// Returns `now` plus a lifetime, at most [`LATEST`].
fn after(now: Timestamp, lifetime: Duration) -> Timestamp {
    // A clock that is past the year 9999 still gives lifetimes.
    let latest = if now < LATEST { LATEST } else { END };
    (now + lifetime).min(latest)
}

/// 5.7 step 6: the expiry-time, with the limits of 5.6.1 and 5.6.2, which depend on `now`.
fn expiry_time(
    set_cookie: &SetCookie<'_>,
    request: &Request<'_>,
    policy: &Policy,
    now: Timestamp,
) -> Option<Timestamp> {
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
            Timestamp::MIN
        } else {
            after(now, lifetime)
        });
    }
    let mut expires = set_cookie.expires();
    // Deviation server-clock (Chromium, Firefox): by the clock of the server
    if policy.dialect.has(Deviation::ServerClock) {
        expires = expires.map(|expires| request.by_own_clock(expires, now));
    }
    // 5.6.1 step 3: cookie-age-limit
    // 5.6.1 step 4: not beyond it
    // Without Expires it is not persistent: `None` is the latest representable date of the text.
    expires.map(|expires| expires.min(after(now, policy.lifetime_limit)))
}

/// 5.7 steps 7 to 10: the domain and the host-only-flag.
fn domain<'a>(
    set_cookie: &'a SetCookie<'_>,
    idna: Option<&'a CanonicalHost<'_>>,
    request_host: Option<&'a CanonicalHost<'_>>,
    policy: &Policy,
) -> Result<(&'a [u8], bool), Rejection> {
    // 5.7 step 7: the last Domain, or the empty string
    // 5.7 step 7.1: of at most 1024 octets, which holds by parsing
    let mut domain_attribute = set_cookie.domain().unwrap_or_default();
    // By domain-idna, the host that it stands for.
    if let Some(host) = idna {
        domain_attribute = host.octets();
    }
    // 5.7 step 8: octets in CHAR only
    // Reading: not in CHAR are octets of 80 and above, and NUL, which no line has.
    if !domain_attribute.is_ascii() {
        return Err(Rejection::DomainNotAscii);
    }
    // 5.7 step 9: a public suffix
    let public_suffix = policy.rejects(domain_attribute);
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
    if !request_host.domain_matches(DomainString(domain_attribute)) {
        // 5.7 step 10.1.1: refused otherwise
        return Err(Rejection::DomainMismatch {
            host: shown(request_host.octets()),
            domain: shown(domain_attribute),
        });
    }
    // 5.7 step 10.1.1: not host-only
    // Deviation own-address-is-host-only (Chromium, Firefox): but for an address, which only itself matches
    let host_only =
        policy.dialect.has(Deviation::OwnAddressIsHostOnly) && host::is_address(domain_attribute);
    // 5.7 step 10.1.2: for the domain-attribute
    Ok((domain_attribute, host_only))
}

/// 5.7 step 11: the path.
fn path<'a>(
    set_cookie: &SetCookie<'a>,
    request_path: RequestPath<'a>,
    policy: &Policy,
) -> &'a [u8] {
    let CookiePath(default_path) = path::default_path(request_path);
    let path = match set_cookie.path() {
        // 5.7 step 11: the last Path, or the default-path
        Some(PathAttribute::Given(path)) => path,
        // 5.6.4 step 1.1: the default-path, which parsing could not know
        // Reading: one of more than 1024 octets is passed over like any such Path, where there is one
        // to go back to.
        Some(PathAttribute::Default {
            earlier: Some(earlier),
        }) if default_path.len() > 1024 => earlier,
        Some(PathAttribute::Default { .. }) | None => default_path,
    };
    // Deviation long-path-is-empty (Firefox): a default-path of more than 1024 octets is stored empty
    if path.len() > 1024 && policy.dialect.has(Deviation::LongPathIsEmpty) {
        return b"";
    }
    path
}

/// Returns true if of two different domains the wider one is that of a cookie that is not host-only.
fn covers(existing: &Cookie, domain: &[u8], host_only: bool) -> bool {
    let is_wider_host_only = if existing.domain().len() < domain.len() {
        existing.host_only()
    } else {
        host_only
    };
    existing.domain() == domain || !is_wider_host_only
}

/// Returns true if `__Host-` would stand with `Path=/` as written, and no Domain but the host's own address.
fn is_literal(set_cookie: &SetCookie<'_>, domain: &[u8]) -> bool {
    let written = set_cookie.domain().unwrap_or_default();
    let is_own_address = written == domain && host::is_address(domain);
    set_cookie.path() == Some(PathAttribute::Given(b"/")) && (written.is_empty() || is_own_address)
}

/// Reads a Domain with octets beyond ASCII as a host of the URL Standard; `None` if it is none.
fn idna_domain<'a>(set_cookie: &'a SetCookie<'_>) -> Option<CanonicalHost<'a>> {
    let domain = set_cookie.domain().filter(|domain| !domain.is_ascii())?;
    CanonicalHost::parse(std::str::from_utf8(domain).ok()?)
}

/// 5.7 steps 2 to 4 for a name and a value that were not parsed from a line, and that they could be.
pub(crate) fn check_pair(name: &[u8], value: &[u8]) -> Result<(), Rejection> {
    check_pair_within(name, value, NAME_AND_VALUE_LIMIT)
}

fn check_pair_within(name: &[u8], value: &[u8], limit: usize) -> Result<(), Rejection> {
    if name.is_empty() && value.is_empty() {
        return Err(Rejection::Empty);
    }
    if grammar::has_ctl(name) || grammar::has_ctl(value) {
        return Err(Rejection::ControlOctet);
    }
    if name.len() + value.len() > limit {
        return Err(Rejection::TooLong);
    }
    if !grammar::is_pair(name, value) {
        return Err(Rejection::NotOnePair);
    }
    Ok(())
}

/// The checks of a path that was not parsed from a line.
pub(crate) fn check_path(path: &[u8]) -> Result<(), Rejection> {
    if !path.starts_with(b"/") {
        return Err(Rejection::PathNotAbsolute);
    }
    if grammar::has_ctl(path) {
        return Err(Rejection::ControlOctet);
    }
    Ok(())
}

/// 5.7 steps 19 to 22, the prefixes of layered cookies, and the conditions of Partitioned.
pub(crate) fn check_flags(
    cookie: &Fields<&[u8]>,
    has_path: bool,
    is_literal: impl FnOnce() -> bool,
    partitioned: bool,
    policy: &Policy,
) -> Result<(), Rejection> {
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
        // Deviation host-prefix-path-only (Firefox): a Path is not asked for
        let has_path = has_path || policy.dialect.has(Deviation::HostPrefixPathOnly);
        if !has_path || cookie.path != b"/" {
            return Err(Rejection::HostPrefixPath);
        }
        // Deviation host-prefix-literal (Chromium): `Path=/` as written, and no Domain
        if policy.dialect.has(Deviation::HostPrefixLiteral) && !is_literal() {
            return Err(Rejection::Deviation(Deviation::HostPrefixLiteral));
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
    if partitioned && !cookie.secure_only {
        return Err(Rejection::PartitionedInsecure);
    }
    Ok(())
}

/// 5.4: returns true if octets begin with a prefix, in any case of letters.
pub(crate) fn begins_like(octets: &[u8], prefix: &str) -> bool {
    octets
        .get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
}
