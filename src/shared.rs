//! A jar for many threads, with a clock.

mod parts;

use std::fmt;
use std::sync::{Arc, RwLockReadGuard};

use chrono::{DateTime, Utc};

use crate::cookie::{Cookie, CookieBuilder};
use crate::host::CanonicalHost;
use crate::jar::{CookieJar, Receipt};
use crate::policy::Policy;
use crate::request::Request;
use crate::retrieval::Exclusion;
use crate::set_cookie::SetCookie;
use crate::shared::parts::{Clock, Parts};
use crate::storage_model::Rejection;

/// A [`CookieJar`] that many threads share, with a clock of its own. A clone is the same jar.
///
/// Readers do not wait for readers. A writer keeps those waiting who are about a host with the same last
/// two labels, or, with a chance of one in sixteen, with others, and those who are about all cookies. It
/// does so while it stores what it has parsed before, and evicts a few cookies, however many have expired.
/// Once the total has reached its limit, a cookie that is one more keeps everybody waiting that long.
///
/// A cookie whose expiry-time has passed is gone when somebody has been about such a host since then, or
/// has looked at all cookies: should the clock go back before, it is still there.
///
/// The clock is the system's, in hundredths of a second: what readers do within one of them need not
/// be written down twice, and what nobody writes to is read fastest.
///
/// ```
/// use hardtack::{Request, SharedJar};
/// use url::Url;
///
/// let jar = SharedJar::default();
/// let url = Url::parse("https://shop.example/")?;
/// jar.receive(b"sid=31d4; Secure", &Request::new(&url))?;
/// let same = jar.clone();
/// std::thread::spawn(move || assert_eq!(same.len(), 1)).join().unwrap();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SharedJar {
    parts: Arc<Parts>,
    clock: Arc<Clock>,
}

// The clock is read under the lock, so that for a writer it has not gone back since the one before in
// that part.
impl SharedJar {
    /// An empty jar with this policy and the system's clock.
    pub fn new(policy: Policy) -> Self {
        Self::from(CookieJar::new(policy))
    }

    /// The same jar, with another clock from here on: for tests, or to replay the past. The jar is
    /// locked while the clock is read: it must not call the jar.
    #[must_use]
    pub fn with_clock(self, clock: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self {
            clock: Arc::new(clock),
            ..self
        }
    }

    /// The part of a request's host, for a reader.
    fn read(&self, request: &Request<'_>) -> (RwLockReadGuard<'_, CookieJar>, DateTime<Utc>) {
        let host = request.host();
        let part = self.parts.read(host.as_ref().map(CanonicalHost::octets));
        (part, (self.clock)())
    }

    /// As [`CookieJar::receive`].
    ///
    /// # Errors
    ///
    /// As [`CookieJar::receive`].
    pub fn receive(
        &self,
        set_cookie_string: &[u8],
        request: &Request<'_>,
    ) -> Result<Receipt, Rejection> {
        let set_cookie = SetCookie::parse(set_cookie_string)?;
        let host = request.host();
        let host = host.as_ref().map(CanonicalHost::octets);
        let is_insecure = is_insecure(&set_cookie, request);
        self.parts
            .store(host, is_insecure, &*self.clock, &|part, others, now| {
                part.decide(&set_cookie, request, others, now)
            })
    }

    /// As [`CookieJar::evaluate`].
    ///
    /// # Errors
    ///
    /// As [`CookieJar::evaluate`].
    pub fn evaluate(
        &self,
        set_cookie: &SetCookie<'_>,
        request: &Request<'_>,
    ) -> Result<Cookie, Rejection> {
        let host = request.host();
        let host = host.as_ref().map(CanonicalHost::octets);
        let is_insecure = is_insecure(set_cookie, request);
        let decision =
            self.parts
                .decide(host, is_insecure, &*self.clock, &|part, others, now| {
                    part.decide(set_cookie, request, others, now)
                })?;
        Ok(decision.cookie)
    }

    /// As [`CookieJar::insert`].
    ///
    /// # Errors
    ///
    /// As [`CookieJar::insert`].
    pub fn insert(&self, cookie: &CookieBuilder) -> Result<Receipt, Rejection> {
        let host = cookie.canonical_host();
        let host = host.as_ref().map(CanonicalHost::octets);
        self.parts
            .store(host, false, &*self.clock, &|part, _, now| {
                part.decide_built(cookie, now)
            })
    }

    /// As [`CookieJar::cookies`].
    pub fn cookies(&self, request: &Request<'_>) -> Vec<Cookie> {
        let (part, now) = self.read(request);
        part.cookies(request, now).into_iter().cloned().collect()
    }

    /// As [`CookieJar::cookie_string`].
    pub fn cookie_string(&self, request: &Request<'_>) -> Option<Vec<u8>> {
        let (part, now) = self.read(request);
        part.cookie_string(request, now)
    }

    /// As [`CookieJar::write_cookie_string`].
    pub fn write_cookie_string(&self, request: &Request<'_>, into: &mut Vec<u8>) -> bool {
        let (part, now) = self.read(request);
        part.write_cookie_string(request, now, into)
    }

    /// As [`CookieJar::explain`].
    pub fn explain(&self, request: &Request<'_>) -> Vec<(Cookie, Option<Exclusion>)> {
        let parts = self.parts.read_all();
        let jars = parts.each_ref().map(|part| &**part);
        let explained = CookieJar::explain_in(&jars, request, (self.clock)());
        let explained = explained.into_iter();
        explained
            .map(|(cookie, why)| (cookie.clone(), why))
            .collect()
    }

    /// As [`CookieJar::exclusion`].
    pub fn exclusion(&self, cookie: &Cookie, request: &Request<'_>) -> Option<Exclusion> {
        let (part, now) = self.read(request);
        part.exclusion(cookie, request, now)
    }

    /// All cookies that have not expired, in the order of creation.
    pub fn to_vec(&self) -> Vec<Cookie> {
        let parts = self.parts.read_all();
        let mut cookies = parts::unexpired(&parts, (self.clock)());
        cookies.sort_by_key(Cookie::creation_order);
        cookies
    }

    /// As [`CookieJar::get`].
    pub fn get(
        &self,
        name: impl AsRef<[u8]>,
        domain: impl AsRef<[u8]>,
        path: impl AsRef<[u8]>,
    ) -> Vec<Cookie> {
        let part = self.parts.read(Some(domain.as_ref()));
        let found = part.get(name, domain, path, (self.clock)());
        found.into_iter().cloned().collect()
    }

    /// As [`CookieJar::remove`].
    pub fn remove(
        &self,
        name: impl AsRef<[u8]>,
        domain: impl AsRef<[u8]>,
        path: impl AsRef<[u8]>,
    ) -> usize {
        let mut part = self.parts.write(Some(domain.as_ref()));
        part.remove(name, domain, path, (self.clock)())
    }

    /// As [`CookieJar::clear`].
    pub fn clear(&self) {
        self.parts.clear();
    }

    /// As [`CookieJar::clear_domain`].
    pub fn clear_domain(&self, domain: impl AsRef<[u8]>) -> usize {
        let mut part = self.parts.write(Some(domain.as_ref()));
        part.evict_expired((self.clock)());
        part.clear_domain(domain)
    }

    /// As [`CookieJar::end_session`].
    pub fn end_session(&self) -> usize {
        self.retain(Cookie::persistent)
    }

    /// As [`CookieJar::evict_expired`].
    pub fn evict_expired(&self) {
        let mut parts = self.parts.write_all();
        let now = (self.clock)();
        for part in &mut parts {
            part.evict_expired(now);
        }
    }

    /// As [`CookieJar::retain`]. The jar is locked meanwhile: `keep` must not call it.
    pub fn retain(&self, keep: impl FnMut(&Cookie) -> bool) -> usize {
        self.parts.retain(keep, &*self.clock)
    }

    /// A copy of the policy.
    pub fn policy(&self) -> Policy {
        self.parts.read(None).policy().clone()
    }

    /// As [`CookieJar::set_policy`].
    pub fn set_policy(&self, policy: Policy) {
        self.parts.set_policy(policy, &*self.clock);
    }

    /// As [`CookieJar::len`].
    pub fn len(&self) -> usize {
        self.parts.read_all().iter().map(|part| part.len()).sum()
    }

    /// As [`CookieJar::is_empty`].
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A copy of the jar as it is now, no longer shared.
    pub fn to_jar(&self) -> CookieJar {
        self.parts.to_jar(&*self.clock)
    }
}

impl Default for SharedJar {
    fn default() -> Self {
        Self::new(Policy::default())
    }
}

impl From<CookieJar> for SharedJar {
    /// Shares a jar, with the system's clock.
    fn from(jar: CookieJar) -> Self {
        Self {
            parts: Arc::new(Parts::new(jar)),
            clock: Arc::new(|| hundredth(Utc::now())),
        }
    }
}

/// Is 5.7 step 16 to be asked of the cookie? The policy may trust more connections than this.
fn is_insecure(set_cookie: &SetCookie<'_>, request: &Request<'_>) -> bool {
    !set_cookie.secure() && !request.is_secure(false)
}

/// The hundredth of a second that an instant is in.
fn hundredth(instant: DateTime<Utc>) -> DateTime<Utc> {
    let hundredths = instant.timestamp_millis().div_euclid(10);
    DateTime::from_timestamp_millis(hundredths * 10).unwrap_or(instant)
}

impl fmt::Debug for SharedJar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = self.parts.read_all();
        let parts: Vec<_> = parts.iter().map(|part| &**part).collect();
        f.debug_struct("SharedJar")
            .field("parts", &parts)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    /// Other parts are asked only where they have something to say: who asks them waits for all.
    #[test]
    fn others_are_asked_about_single_labels() {
        let asks = |jar: &SharedJar, from: &str, line: &str| {
            let url = Url::parse(from).unwrap();
            let request = Request::new(&url);
            let host = request.host();
            let host = host.as_ref().map(CanonicalHost::octets);
            let set_cookie = SetCookie::parse(line.as_bytes()).unwrap();
            is_insecure(&set_cookie, &request) && jar.parts.may_overlay_others(host)
        };
        let jar = SharedJar::default();
        let rows = [
            ("https://x.intranet/", "a=1", false, false),
            ("https://x.intranet/", "a=1; Secure", false, false),
            ("http://x.intranet/", "a=1", false, true),
            ("http://x.intranet/", "a=1; Secure", false, false),
            ("http://y.x.intranet/", "a=1", false, true),
            ("https://intranet/", "a=1", false, false),
            ("http://intranet/", "a=1", true, true),
            ("http://intranet/", "a=1; Secure", false, false),
            ("http://localhost/", "a=1", true, true),
            ("http://[::1]/", "a=1", false, false),
            ("data:,", "a=1", false, false),
        ];
        // The last one is the one that concerns others.
        for (from, line) in [
            ("http://intranet/", "a=1"),
            ("https://intranet/", "a=1; Secure; Max-Age=0"),
            ("https://x.intranet/", "a=1; Secure"),
            ("https://[::1]/", "a=1; Secure"),
            ("https://intranet/", "a=2; Secure"),
        ] {
            for (from, line, before, _) in rows {
                for jar in [&jar, &SharedJar::from(jar.to_jar())] {
                    assert_eq!(asks(jar, from, line), before, "{from} {line}");
                }
            }
            let url = Url::parse(from).unwrap();
            jar.receive(line.as_bytes(), &Request::new(&url)).unwrap();
        }
        // Of other labels one in 64 is taken for this one.
        let intranet = rows.iter().filter(|(from, ..)| from.ends_with("intranet/"));
        for (from, line, _, after) in intranet.copied() {
            for jar in [&jar, &SharedJar::from(jar.to_jar())] {
                assert_eq!(asks(jar, from, line), after, "{from} {line}");
            }
        }
        let asks = |label: usize| asks(&jar, &format!("http://x.label{label}/"), "a=1");
        assert!((0..1000).filter(|label| asks(*label)).count() < 100);
        jar.clear();
        assert!(!jar.parts.may_overlay_others(Some(b"x.intranet")));
    }

    #[test]
    fn hundredths() {
        let rows = [
            ("2026-11-20T12:00:00Z", "2026-11-20T12:00:00Z"),
            ("2026-11-20T12:00:00.009999999Z", "2026-11-20T12:00:00Z"),
            ("2026-11-20T12:00:00.01Z", "2026-11-20T12:00:00.01Z"),
            ("2026-11-20T12:00:00.999Z", "2026-11-20T12:00:00.99Z"),
            ("1969-12-31T23:59:59.995Z", "1969-12-31T23:59:59.99Z"),
        ];
        for (instant, expected) in rows {
            let parse = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
            assert_eq!(hundredth(parse(instant)), parse(expected), "{instant}");
        }
    }
}
