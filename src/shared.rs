//! A jar for many threads, with a clock.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::SystemTime;

use crate::change::Change;
use crate::cookie::{Cookie, CookieBuilder};
use crate::grammar;
use crate::host::Domain;
use crate::jar::{CookieJar, NotRestored, Receipt};
use crate::listener::Received;
use crate::policy::Policy;
use crate::rejection::{InsertError, Rejection};
use crate::request::Request;
use crate::retrieval::Exclusion;
use crate::set_cookie::SetCookie;
use crate::timestamp::Timestamp;

/// A [`CookieJar`] that many threads share, with a clock of its own. A clone is the same jar.
///
/// Readers do not wait for readers. Lines are parsed outside of the lock; a writer holds it while it
/// decides and stores, and evicts a few cookies, however many have expired.
///
/// The clock is the system's, in hundredths of a second: what readers do within one of them need not
/// be written down twice, and what nobody writes to is read fastest.
///
/// ```
/// use hardtack::SharedJar;
/// use url::Url;
///
/// let jar = SharedJar::default();
/// let url = Url::parse("https://shop.example/")?;
/// jar.receive("sid=31d4; Secure", &url)?;
/// let same = jar.clone();
/// std::thread::spawn(move || assert_eq!(same.len(), 1)).join().unwrap();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SharedJar {
    shared: Arc<Shared>,
}

struct Shared {
    jar: RwLock<CookieJar>,
    clock: Box<Clock>,
    listeners: Vec<Box<Listener>>,
}

/// Source of `now`.
type Clock = dyn Fn() -> Timestamp + Send + Sync;

type Listener = dyn Fn(&Received<'_>) + Send + Sync;

/// A [`SharedJar`] to be: its jar, its clock, who listens; begun by [`SharedJar::builder`].
#[must_use]
pub struct SharedJarBuilder {
    jar: CookieJar,
    clock: Box<Clock>,
    listeners: Vec<Box<Listener>>,
}

impl SharedJarBuilder {
    /// Shares this jar; by default a new one with the default policy.
    pub fn jar(self, jar: impl Into<CookieJar>) -> Self {
        Self {
            jar: jar.into(),
            ..self
        }
    }

    /// Takes `now` from this clock instead of the system's: for tests, or to replay the past. The jar is
    /// locked while the clock is read: it must not call the jar.
    ///
    /// ```
    /// use hardtack::{SharedJar, Timestamp};
    ///
    /// let then = Timestamp::from_secs(1_717_243_200);
    /// let jar = SharedJar::builder().clock(move || then).build();
    /// jar.receive("a=1", &url::Url::parse("https://shop.example/")?).unwrap();
    /// assert_eq!(jar.to_vec()[0].creation_time(), then);
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn clock<T: Into<Timestamp>>(self, clock: impl Fn() -> T + Send + Sync + 'static) -> Self {
        Self {
            clock: Box::new(move || clock().into()),
            ..self
        }
    }

    /// Calls this for each Set-Cookie line that the jar receives, also if it is refused, whatever client
    /// it comes from. The jar is not locked meanwhile. There can be more than one.
    pub fn listener(mut self, listener: impl Fn(&Received<'_>) + Send + Sync + 'static) -> Self {
        self.listeners.push(Box::new(listener));
        self
    }

    /// The jar.
    pub fn build(self) -> SharedJar {
        let Self {
            jar,
            clock,
            listeners,
        } = self;
        let shared = Shared {
            jar: RwLock::new(jar),
            clock,
            listeners,
        };
        SharedJar {
            shared: Arc::new(shared),
        }
    }
}

impl fmt::Debug for SharedJarBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedJarBuilder")
            .field("jar", &self.jar)
            .finish_non_exhaustive()
    }
}

// The clock is read under the lock, so that for a writer it has not gone back since the one before. Nothing
// is half done where a thread panics under it: what a caller passes in is called before anything changes.
impl SharedJar {
    /// An empty jar with this policy and the system's clock.
    ///
    /// ```
    /// use hardtack::{Policy, SharedJar};
    ///
    /// let jar = SharedJar::new(Policy::default());
    /// assert!(jar.is_empty());
    /// ```
    pub fn new(policy: Policy) -> Self {
        Self::from(CookieJar::new(policy))
    }

    /// Begins a jar with another clock than the system's, or with listeners.
    pub fn builder() -> SharedJarBuilder {
        SharedJarBuilder {
            jar: CookieJar::default(),
            clock: Box::new(|| hundredth(SystemTime::now().into())),
            listeners: Vec::new(),
        }
    }

    fn read(&self) -> (RwLockReadGuard<'_, CookieJar>, Timestamp) {
        let jar = self
            .shared
            .jar
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        (jar, (self.shared.clock)())
    }

    fn write(&self) -> (RwLockWriteGuard<'_, CookieJar>, Timestamp) {
        let jar = self
            .shared
            .jar
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        (jar, (self.shared.clock)())
    }

    /// Receives one Set-Cookie line, as [`CookieJar::receive`] does.
    ///
    /// # Errors
    ///
    /// [`Rejection`] names the step of 5.6 or 5.7 that refuses the cookie.
    pub fn receive<'r>(
        &self,
        set_cookie_string: impl AsRef<[u8]>,
        request: impl Into<Request<'r>>,
    ) -> Result<Receipt, Rejection> {
        let (set_cookie_string, request) = (set_cookie_string.as_ref(), request.into());
        let outcome = SetCookie::parse(set_cookie_string)
            .map_err(Rejection::from)
            .and_then(|set_cookie| {
                let (mut jar, now) = self.write();
                jar.receive_parsed(&set_cookie, &request, now)
            });
        self.tell(set_cookie_string, &request, &outcome);
        outcome
    }

    fn tell(
        &self,
        set_cookie_string: &[u8],
        request: &Request<'_>,
        outcome: &Result<Receipt, Rejection>,
    ) {
        if self.shared.listeners.is_empty() {
            return;
        }
        let (pair, attributes) = grammar::set_cookie_string(set_cookie_string);
        let (name, _) = grammar::name_value_pair(pair);
        let received = Received {
            request,
            name,
            attributes: attributes.unwrap_or_default(),
            outcome,
        };
        for listener in &self.shared.listeners {
            listener(&received);
        }
    }

    /// Receives all Set-Cookie lines of a response, in order, and returns what became of each.
    pub fn receive_all<'r>(
        &self,
        set_cookie_strings: impl IntoIterator<Item: AsRef<[u8]>>,
        request: impl Into<Request<'r>>,
    ) -> Vec<Result<Receipt, Rejection>> {
        let request = request.into();
        let lines = set_cookie_strings.into_iter();
        lines.map(|line| self.receive(line, request)).collect()
    }

    /// Decides what [`SharedJar::receive`] would, without doing it: the cookie as it would be stored.
    ///
    /// # Errors
    ///
    /// [`Rejection`], where the line would be refused.
    pub fn evaluate<'r>(
        &self,
        set_cookie: &SetCookie<'_>,
        request: impl Into<Request<'r>>,
    ) -> Result<Cookie, Rejection> {
        let (jar, now) = self.read();
        jar.evaluate(set_cookie, request, now)
    }

    /// Inserts a cookie that was built by hand, as [`CookieJar::insert`] does.
    ///
    /// # Errors
    ///
    /// [`InsertError`] names the rule that refuses the cookie, and what to change in the builder's calls.
    pub fn insert(&self, cookie: &CookieBuilder) -> Result<Receipt, InsertError> {
        let (mut jar, now) = self.write();
        jar.insert(cookie, now)
    }

    /// Takes in cookies as they were in this or another jar, and returns those that it does not keep, as
    /// [`CookieJar::restore`] does.
    pub fn restore(
        &self,
        cookies: impl IntoIterator<Item = CookieBuilder>,
    ) -> Vec<(CookieBuilder, NotRestored)> {
        let cookies: Vec<CookieBuilder> = cookies.into_iter().collect();
        let (mut jar, now) = self.write();
        jar.restore(cookies, now)
    }

    /// Copies of the cookies that go with a request, in the order of sending (5.8.3); their
    /// last-access-time is set.
    pub fn cookies<'r>(&self, request: impl Into<Request<'r>>) -> Vec<Cookie> {
        let (jar, now) = self.read();
        jar.cookies(request, now).into_iter().cloned().collect()
    }

    /// The value of the Cookie header for a request; `None` where there is no cookie to send.
    pub fn cookie_string<'r>(&self, request: impl Into<Request<'r>>) -> Option<Vec<u8>> {
        let (jar, now) = self.read();
        jar.cookie_string(request, now)
    }

    /// Appends the cookie-string to a buffer, and returns true if there is a cookie to send.
    pub fn write_cookie_string<'r>(
        &self,
        request: impl Into<Request<'r>>,
        into: &mut Vec<u8>,
    ) -> bool {
        let (jar, now) = self.read();
        jar.write_cookie_string(request, now, into)
    }

    /// A copy of the cookie of this name that would be sent with a request, as [`CookieJar::find`] finds
    /// it.
    pub fn find<'r>(
        &self,
        request: impl Into<Request<'r>>,
        name: impl AsRef<[u8]>,
    ) -> Option<Cookie> {
        let (jar, now) = self.read();
        jar.find(request, name, now).cloned()
    }

    /// Copies of the cookies of the request's host and its parent domains, each with why it is not sent, as
    /// [`CookieJar::explain`] shows them.
    pub fn explain<'r>(&self, request: impl Into<Request<'r>>) -> Vec<(Cookie, Option<Exclusion>)> {
        let (jar, now) = self.read();
        let explained = jar.explain(request, now).into_iter();
        explained
            .map(|(cookie, why)| (cookie.clone(), why))
            .collect()
    }

    /// Why a cookie does not go with a request; `None` where it does.
    pub fn exclusion<'r>(
        &self,
        cookie: &Cookie,
        request: impl Into<Request<'r>>,
    ) -> Option<Exclusion> {
        let (jar, now) = self.read();
        jar.exclusion(cookie, request, now)
    }

    /// Copies of all cookies that have not expired, in the order of creation.
    pub fn to_vec(&self) -> Vec<Cookie> {
        let (jar, now) = self.read();
        jar.iter(now).cloned().collect()
    }

    /// Copies of the cookies of a domain, name and path, as [`CookieJar::get`] finds them.
    pub fn get(
        &self,
        domain: Domain<'_>,
        name: impl AsRef<[u8]>,
        path: impl AsRef<[u8]>,
    ) -> Vec<Cookie> {
        let (jar, now) = self.read();
        jar.get(domain, name, path, now)
            .into_iter()
            .cloned()
            .collect()
    }

    /// Removes the cookies that [`SharedJar::get`] finds, and returns how many there were.
    pub fn remove(
        &self,
        domain: Domain<'_>,
        name: impl AsRef<[u8]>,
        path: impl AsRef<[u8]>,
    ) -> usize {
        let (mut jar, now) = self.write();
        jar.remove(domain, name, path, now)
    }

    /// Removes all cookies.
    pub fn clear(&self) {
        self.write().0.clear();
    }

    /// Removes the cookies whose domain is this one, not those of its subdomains, and returns how many
    /// there were.
    pub fn clear_domain(&self, domain: Domain<'_>) -> usize {
        let (mut jar, now) = self.write();
        jar.evict_expired(now);
        jar.clear_domain(domain)
    }

    /// Removes all cookies that are not persistent (5.7), and returns how many there were.
    pub fn end_session(&self) -> usize {
        let (mut jar, now) = self.write();
        jar.evict_expired(now);
        jar.end_session()
    }

    /// Begins to log what changes from here on, for [`SharedJar::changes`].
    pub fn watch(&self) {
        self.write().0.watch();
    }

    /// What has changed since this was last called, as [`CookieJar::changes`] returns it.
    pub fn changes(&self) -> Vec<Change> {
        self.write().0.changes()
    }

    /// Removes all expired cookies (5.7). It need not be called: expired cookies are never sent or shown.
    pub fn evict_expired(&self) {
        let (mut jar, now) = self.write();
        jar.evict_expired(now);
    }

    /// Keeps only the cookies for which `keep` is true, and returns how many were removed. The jar is
    /// locked meanwhile: `keep` must not call it.
    pub fn retain(&self, keep: impl FnMut(&Cookie) -> bool) -> usize {
        let (mut jar, now) = self.write();
        jar.evict_expired(now);
        jar.retain(keep)
    }

    /// A copy of the policy.
    pub fn policy(&self) -> Policy {
        self.read().0.policy().clone()
    }

    /// Replaces the policy, as [`CookieJar::set_policy`] does.
    pub fn set_policy(&self, policy: Policy) {
        let (mut jar, now) = self.write();
        jar.set_policy(policy, now);
    }

    /// The number of cookies that are kept, those included that have expired and are still to be removed.
    pub fn len(&self) -> usize {
        self.read().0.len()
    }

    /// Returns true if the jar is empty, in the sense of [`SharedJar::len`].
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A copy of the jar as it is now, no longer shared.
    pub fn to_jar(&self) -> CookieJar {
        self.read().0.clone()
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
        Self::builder().jar(jar).build()
    }
}

/// The hundredth of a second that an instant is in.
fn hundredth(instant: Timestamp) -> Timestamp {
    const MICROSECONDS: i64 = 10_000;
    Timestamp::from_micros(instant.as_micros().div_euclid(MICROSECONDS) * MICROSECONDS)
}

impl fmt::Debug for SharedJar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (jar, _) = self.read();
        f.debug_struct("SharedJar")
            .field("jar", &*jar)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hundredths() {
        for (microseconds, expected) in [
            (0, 0),
            (9_999, 0),
            (10_000, 10_000),
            (19_999, 10_000),
            (-1, -10_000),
        ] {
            let instant = hundredth(Timestamp::from_micros(microseconds));
            assert_eq!(instant, Timestamp::from_micros(expected), "{microseconds}");
        }
    }
}
