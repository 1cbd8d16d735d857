//! A jar for many threads, with a clock.

use std::fmt;
use std::sync::{Arc, PoisonError};

use chrono::{DateTime, Utc};
use crossbeam_utils::sync::{ShardedLock, ShardedLockReadGuard, ShardedLockWriteGuard};

use crate::cookie::{Cookie, CookieBuilder};
use crate::jar::{CookieJar, Receipt};
use crate::policy::Policy;
use crate::request::Request;
use crate::retrieval::Exclusion;
use crate::set_cookie::SetCookie;
use crate::storage_model::Rejection;

/// A [`CookieJar`] that many threads share, with a clock of its own. A clone is the same jar.
///
/// Readers do not wait for readers. A writer keeps the others waiting while it stores what it has parsed
/// before, and evicts a few cookies, however many have expired.
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
    /// A reader takes the lock of its own thread, and a writer those of all: two readers have nothing
    /// that both write to.
    jar: Arc<ShardedLock<CookieJar>>,
    clock: Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>,
}

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

    // The clock is read under the lock, so that for a writer it has not gone back since the one before.
    // A caller's panic, say in a `retain`, leaves the jar whole: the lock's poison says nothing here.
    fn read(&self) -> (ShardedLockReadGuard<'_, CookieJar>, DateTime<Utc>) {
        let jar = self.jar.read().unwrap_or_else(PoisonError::into_inner);
        (jar, (self.clock)())
    }

    fn write(&self) -> (ShardedLockWriteGuard<'_, CookieJar>, DateTime<Utc>) {
        let jar = self.jar.write().unwrap_or_else(PoisonError::into_inner);
        (jar, (self.clock)())
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
        let (mut jar, now) = self.write();
        jar.evict_some_expired(now);
        jar.receive_parsed(&set_cookie, request, now)
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
        let (jar, now) = self.read();
        jar.evaluate(set_cookie, request, now)
    }

    /// As [`CookieJar::insert`].
    ///
    /// # Errors
    ///
    /// As [`CookieJar::insert`].
    pub fn insert(&self, cookie: &CookieBuilder) -> Result<Receipt, Rejection> {
        let (mut jar, now) = self.write();
        jar.insert(cookie, now)
    }

    /// As [`CookieJar::cookies`].
    pub fn cookies(&self, request: &Request<'_>) -> Vec<Cookie> {
        let (jar, now) = self.read();
        jar.cookies(request, now).into_iter().cloned().collect()
    }

    /// As [`CookieJar::cookie_string`].
    pub fn cookie_string(&self, request: &Request<'_>) -> Option<Vec<u8>> {
        let (jar, now) = self.read();
        jar.cookie_string(request, now)
    }

    /// As [`CookieJar::write_cookie_string`].
    pub fn write_cookie_string(&self, request: &Request<'_>, into: &mut Vec<u8>) -> bool {
        let (jar, now) = self.read();
        jar.write_cookie_string(request, now, into)
    }

    /// As [`CookieJar::explain`].
    pub fn explain(&self, request: &Request<'_>) -> Vec<(Cookie, Option<Exclusion>)> {
        let (jar, now) = self.read();
        let explained = jar.explain(request, now).into_iter();
        explained
            .map(|(cookie, why)| (cookie.clone(), why))
            .collect()
    }

    /// As [`CookieJar::exclusion`].
    pub fn exclusion(&self, cookie: &Cookie, request: &Request<'_>) -> Option<Exclusion> {
        let (jar, now) = self.read();
        jar.exclusion(cookie, request, now)
    }

    /// All cookies that have not expired, in the order of creation.
    pub fn to_vec(&self) -> Vec<Cookie> {
        let (jar, now) = self.read();
        jar.iter(now).cloned().collect()
    }

    /// As [`CookieJar::get`].
    pub fn get(
        &self,
        name: impl AsRef<[u8]>,
        domain: impl AsRef<[u8]>,
        path: impl AsRef<[u8]>,
    ) -> Vec<Cookie> {
        let (jar, now) = self.read();
        jar.get(name, domain, path, now)
            .into_iter()
            .cloned()
            .collect()
    }

    /// As [`CookieJar::remove`].
    pub fn remove(
        &self,
        name: impl AsRef<[u8]>,
        domain: impl AsRef<[u8]>,
        path: impl AsRef<[u8]>,
    ) -> usize {
        let (mut jar, now) = self.write();
        jar.remove(name, domain, path, now)
    }

    /// As [`CookieJar::clear`].
    pub fn clear(&self) {
        let (mut jar, _) = self.write();
        jar.clear();
    }

    /// As [`CookieJar::clear_domain`].
    pub fn clear_domain(&self, domain: impl AsRef<[u8]>) -> usize {
        let (mut jar, _) = self.write();
        jar.clear_domain(domain)
    }

    /// As [`CookieJar::end_session`].
    pub fn end_session(&self) -> usize {
        let (mut jar, _) = self.write();
        jar.end_session()
    }

    /// As [`CookieJar::evict_expired`].
    pub fn evict_expired(&self) {
        let (mut jar, now) = self.write();
        jar.evict_expired(now);
    }

    /// As [`CookieJar::retain`]. The jar is locked meanwhile: `keep` must not call it.
    pub fn retain(&self, keep: impl FnMut(&Cookie) -> bool) -> usize {
        let (mut jar, _) = self.write();
        jar.retain(keep)
    }

    /// A copy of the policy.
    pub fn policy(&self) -> Policy {
        let (jar, _) = self.read();
        jar.policy().clone()
    }

    /// As [`CookieJar::set_policy`].
    pub fn set_policy(&self, policy: Policy) {
        let (mut jar, _) = self.write();
        jar.set_policy(policy);
    }

    /// As [`CookieJar::len`].
    pub fn len(&self) -> usize {
        let (jar, _) = self.read();
        jar.len()
    }

    /// As [`CookieJar::is_empty`].
    pub fn is_empty(&self) -> bool {
        let (jar, _) = self.read();
        jar.is_empty()
    }

    /// A copy of the jar as it is now, no longer shared.
    pub fn to_jar(&self) -> CookieJar {
        let (jar, _) = self.read();
        jar.clone()
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
            jar: Arc::new(ShardedLock::new(jar)),
            clock: Arc::new(|| hundredth(Utc::now())),
        }
    }
}

/// The hundredth of a second that an instant is in.
fn hundredth(instant: DateTime<Utc>) -> DateTime<Utc> {
    let hundredths = instant.timestamp_millis().div_euclid(10);
    DateTime::from_timestamp_millis(hundredths * 10).unwrap_or(instant)
}

impl fmt::Debug for SharedJar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedJar")
            .field(
                "jar",
                &*self.jar.read().unwrap_or_else(PoisonError::into_inner),
            )
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
