//! A jar for many threads, with a clock.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::SystemTime;

use crate::change::Change;
use crate::cookie::{Cookie, CookieBuilder};
use crate::dialect::Dialect;
use crate::host::Domain;
use crate::jar::{CookieJar, NotRestored, Receipt};
use crate::listener::{self, Listener, Received};
use crate::policy::Policy;
use crate::rejection::{InsertError, Rejection};
use crate::request::Request;
use crate::retrieval::Exclusion;
use crate::set_cookie::SetCookie;
use crate::timestamp::Timestamp;

/// A [`CookieJar`] that many threads share, with a clock, so that its methods take no `now`. A clone is
/// the same jar.
///
/// Readers do not wait for each other. A writer parses its line first, and locks the jar while it decides
/// and stores and evicts a few expired cookies.
///
/// The clock is the system's, in hundredths of a second, so that a reader sets the last-access-time of a
/// cookie at most once in each of them. [`SharedJar::builder`] takes another clock.
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
    /// What keeps it at a place, until the last handle goes.
    #[cfg(feature = "sqlite")]
    kept: Option<Arc<dyn Kept>>,
}

/// What keeps a jar at a place.
#[cfg(feature = "sqlite")]
pub(crate) trait Kept: Send + Sync {
    /// Is called after a change, when the jar is not locked any more: so many changes wait to be kept.
    fn changed(&self, waiting: usize);
}

struct Shared {
    jar: RwLock<CookieJar>,
    clock: Box<Clock>,
    listeners: Vec<Box<Listener>>,
}

/// Source of `now`.
type Clock = dyn Fn() -> Timestamp + Send + Sync;

/// The configuration of a new [`SharedJar`]: its jar, its clock and its listeners. [`SharedJar::builder`]
/// starts one.
///
/// ```
/// use hardtack::{CookieJar, Policy, SharedJar, Timestamp};
///
/// let jar = SharedJar::builder()
///     .jar(CookieJar::new(Policy::default().with_max_cookies(100)))
///     .clock(|| Timestamp::from_secs(1_717_243_200))
///     .listener(|received| println!("{received}"))
///     .build();
/// assert_eq!(jar.policy().max_cookies, 100);
/// ```
#[must_use]
pub struct SharedJarBuilder {
    shared: Shared,
}

impl SharedJarBuilder {
    /// Sets the jar to share. The default is an empty one with the default policy.
    pub fn jar(mut self, jar: impl Into<CookieJar>) -> Self {
        self.shared.jar = RwLock::new(jar.into());
        self
    }

    /// Sets the clock, which returns `now`, instead of the system's: for tests, or to replay the past.
    ///
    /// The clock must not call the jar, which is locked while the clock is read.
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
    pub fn clock<T: Into<Timestamp>>(
        mut self,
        clock: impl Fn() -> T + Send + Sync + 'static,
    ) -> Self {
        self.shared.clock = Box::new(move || clock().into());
        self
    }

    /// Adds a listener, which is called for each Set-Cookie line after the jar has received it, stored or
    /// refused, from any client. The jar is not locked meanwhile, and can be called.
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use hardtack::SharedJar;
    ///
    /// let (sender, refusals) = mpsc::channel();
    /// let jar = SharedJar::builder()
    ///     .listener(move |received| {
    ///         if let Err(rejection) = received.outcome {
    ///             _ = sender.send(rejection.name());
    ///         }
    ///     })
    ///     .build();
    /// let url = url::Url::parse("http://shop.example/")?;
    /// jar.receive_all(["a=1", "b=2; Secure", "c=3; Domain=example"], &url);
    /// let refusals: Vec<&str> = refusals.try_iter().collect();
    /// assert_eq!(refusals, ["secure-over-insecure", "public-suffix"]);
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn listener(mut self, listener: impl Fn(&Received<'_>) + Send + Sync + 'static) -> Self {
        self.shared.listeners.push(Box::new(listener));
        self
    }

    /// Makes the shared jar.
    pub fn build(self) -> SharedJar {
        SharedJar {
            shared: Arc::new(self.shared),
            #[cfg(feature = "sqlite")]
            kept: None,
        }
    }
}

impl fmt::Debug for SharedJarBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedJarBuilder")
            .field("jar", &*self.shared.read())
            .finish_non_exhaustive()
    }
}

impl Shared {
    // A panic under the lock leaves nothing half done: a caller's closures are called before anything changes.
    fn read(&self) -> RwLockReadGuard<'_, CookieJar> {
        self.jar.read().unwrap_or_else(PoisonError::into_inner)
    }
}

// The clock is read under the lock, so that the times of writers are in the order of their writes.
impl SharedJar {
    /// Makes an empty shared jar with this policy and the system's clock.
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

    /// Starts a shared jar with a clock other than the system's, or with listeners.
    ///
    /// ```
    /// use hardtack::{SharedJar, Timestamp};
    ///
    /// let jar = SharedJar::builder().clock(|| Timestamp::from_secs(60)).build();
    /// jar.receive("a=1", &url::Url::parse("https://shop.example/")?).unwrap();
    /// assert_eq!(jar.to_vec()[0].creation_time(), Timestamp::from_secs(60));
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn builder() -> SharedJarBuilder {
        let shared = Shared {
            jar: RwLock::default(),
            clock: Box::new(|| hundredth(SystemTime::now().into())),
            listeners: Vec::new(),
        };
        SharedJarBuilder { shared }
    }

    /// The jar, which waits meanwhile, and now.
    pub(crate) fn read(&self) -> (RwLockReadGuard<'_, CookieJar>, Timestamp) {
        let jar = self.shared.read();
        (jar, (self.shared.clock)())
    }

    /// The jar, which waits meanwhile, and now.
    pub(crate) fn write(&self) -> (RwLockWriteGuard<'_, CookieJar>, Timestamp) {
        let jar = self.shared.jar.write();
        let mut jar = jar.unwrap_or_else(PoisonError::into_inner);
        let now = (self.shared.clock)();
        jar.log_from(now);
        (jar, now)
    }

    /// Changes the jar, and has the change kept.
    fn change<T>(&self, change: impl FnOnce(&mut CookieJar, Timestamp) -> T) -> T {
        let (mut jar, now) = self.write();
        let result = change(&mut jar, now);
        #[cfg(feature = "sqlite")]
        if let Some(kept) = &self.kept {
            let waiting = jar.log_len();
            drop(jar);
            kept.changed(waiting);
        }
        result
    }

    /// The same jar as a handle that has what keeps it.
    #[cfg(feature = "sqlite")]
    pub(crate) fn kept_by(&self, kept: Arc<dyn Kept>) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            kept: Some(kept),
        }
    }

    /// Receives one Set-Cookie line (5.6, 5.7): the octets after `Set-Cookie:`, without the line's end.
    /// It stores the cookie, or returns why it does not, and calls the listeners.
    ///
    /// ```
    /// # use hardtack::{Receipt, SharedJar};
    /// let jar = SharedJar::default();
    /// let url = url::Url::parse("https://user.github.io/")?;
    /// assert_eq!(jar.receive("a=1", &url), Ok(Receipt::Stored));
    /// let refused = jar.receive("b=2; Domain=github.io", &url).unwrap_err();
    /// assert!(refused.to_string().contains("`github.io` is a public suffix"));
    /// # Ok::<(), url::ParseError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Rejection`] names the step of 5.6 or 5.7 that refuses the cookie. A refused cookie changes
    /// nothing.
    pub fn receive<'r>(
        &self,
        set_cookie_string: impl AsRef<[u8]>,
        request: impl Into<Request<'r>>,
    ) -> Result<Receipt, Rejection> {
        let (set_cookie_string, request) = (set_cookie_string.as_ref(), request.into());
        let set_cookie = SetCookie::parse(set_cookie_string);
        let outcome = self.change(|jar, now| {
            let dialect = jar.policy().dialect;
            // Only now it is known by which rules the line is read.
            let set_cookie = match dialect {
                Dialect::TEXT => set_cookie,
                dialect => SetCookie::parse_as(set_cookie_string, dialect),
            };
            jar.receive_parsed(set_cookie, &request, now)
        });
        listener::tell(
            &self.shared.listeners,
            set_cookie_string,
            &request,
            &outcome,
        );
        outcome
    }

    /// Receives all Set-Cookie lines of a response, in order, and returns the outcome of each, as
    /// [`SharedJar::receive`] does.
    ///
    /// ```
    /// # use hardtack::{Receipt, SharedJar};
    /// let jar = SharedJar::default();
    /// let url = url::Url::parse("https://shop.example/")?;
    /// let received = jar.receive_all(["sid=31d4", "ad=1; Domain=example"], &url);
    /// assert_eq!(received[0], Ok(Receipt::Stored));
    /// assert!(received[1].is_err());
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn receive_all<'r>(
        &self,
        set_cookie_strings: impl IntoIterator<Item: AsRef<[u8]>>,
        request: impl Into<Request<'r>>,
    ) -> Vec<Result<Receipt, Rejection>> {
        let request = request.into();
        let lines = set_cookie_strings.into_iter();
        lines.map(|line| self.receive(line, request)).collect()
    }

    /// Decides as [`SharedJar::receive`] does and returns the cookie as it would be stored. The jar stays
    /// as it is, and no listener is called.
    ///
    /// ```
    /// # use hardtack::{SetCookie, SharedJar};
    /// let jar = SharedJar::default();
    /// let url = url::Url::parse("https://shop.example/cart/")?;
    /// let cookie = jar.evaluate(&SetCookie::parse(b"a=1").unwrap(), &url).unwrap();
    /// assert_eq!(cookie.path(), b"/cart");
    /// assert!(jar.is_empty());
    /// # Ok::<(), url::ParseError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Rejection`], if `receive` would refuse the line.
    pub fn evaluate<'r>(
        &self,
        set_cookie: &SetCookie<'_>,
        request: impl Into<Request<'r>>,
    ) -> Result<Cookie, Rejection> {
        let request = request.into();
        let (jar, now) = self.read();
        jar.evaluate(set_cookie, request, now)
    }

    /// Inserts a cookie that was built by hand, with those checks of 5.7 that do not depend on a request:
    /// as if it came over HTTP, a secure connection, from its own site. No listener is called.
    ///
    /// ```
    /// # use hardtack::{Cookie, Receipt, SharedJar};
    /// let jar = SharedJar::default();
    /// let cookie = Cookie::builder("sid", "31d4", "shop.example").secure_only(true);
    /// assert_eq!(jar.insert(&cookie), Ok(Receipt::Stored));
    /// ```
    ///
    /// # Errors
    ///
    /// [`InsertError`] names the rule that refuses the cookie, and what to change in the calls of the
    /// builder.
    pub fn insert(&self, cookie: &CookieBuilder) -> Result<Receipt, InsertError> {
        self.change(|jar, now| jar.insert(cookie, now))
    }

    /// Takes in cookies as they were in this or another jar, and returns those that it does not keep, each
    /// with the reason. [`CookieJar::restore`] says what is checked.
    ///
    /// ```
    /// use hardtack::{CookieBuilder, SharedJar};
    ///
    /// let jar = SharedJar::default();
    /// jar.receive("sid=31d4", &url::Url::parse("https://shop.example/")?).unwrap();
    /// let cookies: Vec<CookieBuilder> = jar.to_vec().iter().map(CookieBuilder::from).collect();
    /// let again = SharedJar::default();
    /// assert!(again.restore(cookies).is_empty());
    /// assert_eq!(again.len(), 1);
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn restore(
        &self,
        cookies: impl IntoIterator<Item = CookieBuilder>,
    ) -> Vec<(CookieBuilder, NotRestored)> {
        let cookies: Vec<CookieBuilder> = cookies.into_iter().collect();
        self.change(|jar, now| jar.restore(cookies, now))
    }

    /// Returns copies of the cookies that go with a request, in the order of sending (5.8.3), and sets
    /// their last-access-time.
    ///
    /// ```
    /// # use hardtack::SharedJar;
    /// let jar = SharedJar::default();
    /// let url = url::Url::parse("https://shop.example/cart")?;
    /// jar.receive_all(["a=1", "b=2; Path=/cart"], &url);
    /// let names: Vec<_> = jar.cookies(&url).iter().map(|cookie| cookie.name().to_vec()).collect();
    /// assert_eq!(names, [b"b", b"a"]);
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn cookies<'r>(&self, request: impl Into<Request<'r>>) -> Vec<Cookie> {
        let request = request.into();
        let (jar, now) = self.read();
        jar.cookies(request, now).into_iter().cloned().collect()
    }

    /// Returns the value of the Cookie header field for a request (5.8.3), or `None` if no cookie goes
    /// with it. The last-access-time of the cookies is set.
    ///
    /// ```
    /// # use hardtack::SharedJar;
    /// let jar = SharedJar::default();
    /// let url = url::Url::parse("https://shop.example/")?;
    /// assert_eq!(jar.cookie_string(&url), None);
    /// jar.receive_all(["a=1", "b=2"], &url);
    /// assert_eq!(jar.cookie_string(&url).unwrap(), b"a=1; b=2");
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn cookie_string<'r>(&self, request: impl Into<Request<'r>>) -> Option<Vec<u8>> {
        let request = request.into();
        let (jar, now) = self.read();
        jar.cookie_string(request, now)
    }

    /// Appends the value of the Cookie header field for a request to a buffer. Returns true if a cookie
    /// goes with the request. Otherwise the buffer stays as it is.
    ///
    /// ```
    /// # use hardtack::SharedJar;
    /// let jar = SharedJar::default();
    /// let url = url::Url::parse("https://shop.example/")?;
    /// jar.receive("a=1", &url).unwrap();
    /// let mut header = b"Cookie: ".to_vec();
    /// assert!(jar.write_cookie_string(&url, &mut header));
    /// assert_eq!(header, b"Cookie: a=1");
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn write_cookie_string<'r>(
        &self,
        request: impl Into<Request<'r>>,
        into: &mut Vec<u8>,
    ) -> bool {
        let request = request.into();
        let (jar, now) = self.read();
        jar.write_cookie_string(request, now, into)
    }

    /// Returns a copy of the cookie of this name that would go with a request, or `None`. Of several
    /// cookies of the name it is the first in the order of sending (5.8.3 step 4). No last-access-time
    /// changes.
    ///
    /// ```
    /// # use hardtack::SharedJar;
    /// let jar = SharedJar::default();
    /// let url = url::Url::parse("https://shop.example/")?;
    /// jar.receive("csrftoken=6f2a", &url).unwrap();
    /// assert_eq!(jar.find(&url, "csrftoken").unwrap().value_str(), Some("6f2a"));
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn find<'r>(
        &self,
        request: impl Into<Request<'r>>,
        name: impl AsRef<[u8]>,
    ) -> Option<Cookie> {
        let request = request.into();
        let (jar, now) = self.read();
        jar.find(request, name, now).cloned()
    }

    /// Returns copies of all cookies of the request's host and its parent domains, with the reason why
    /// they would not be sent: first the cookies that would be, with `None`, in the order of sending,
    /// then the others in the order of creation. No last-access-time changes.
    ///
    /// ```
    /// # use hardtack::{Exclusion, SharedJar};
    /// let jar = SharedJar::default();
    /// jar.receive("sid=1; Secure", &url::Url::parse("https://shop.example/")?).unwrap();
    /// let (cookie, why_not) = &jar.explain(&url::Url::parse("http://shop.example/")?)[0];
    /// assert_eq!((cookie.name(), *why_not), (&b"sid"[..], Some(Exclusion::SecureOnly)));
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn explain<'r>(&self, request: impl Into<Request<'r>>) -> Vec<(Cookie, Option<Exclusion>)> {
        let request = request.into();
        let (jar, now) = self.read();
        let explained = jar.explain(request, now).into_iter();
        explained
            .map(|(cookie, why)| (cookie.clone(), why))
            .collect()
    }

    /// Returns the reason why a cookie does not go with a request, or `None` if it does. The cookie may
    /// be of any host, and of any jar. The policy's
    /// [`max_cookie_string_octets`](Policy::max_cookie_string_octets) is left out here, as by
    /// [`CookieJar::exclusion`].
    ///
    /// ```
    /// # use hardtack::{Exclusion, SharedJar};
    /// let jar = SharedJar::default();
    /// jar.receive("a=1", &url::Url::parse("https://shop.example/")?).unwrap();
    /// let cookie = &jar.to_vec()[0];
    /// let other = url::Url::parse("https://www.shop.example/")?;
    /// assert_eq!(jar.exclusion(cookie, &other), Some(Exclusion::HostOnly));
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn exclusion<'r>(
        &self,
        cookie: &Cookie,
        request: impl Into<Request<'r>>,
    ) -> Option<Exclusion> {
        let request = request.into();
        let (jar, now) = self.read();
        jar.exclusion(cookie, request, now)
    }

    /// Returns copies of all cookies that have not expired, in the order of creation.
    ///
    /// ```
    /// # use hardtack::SharedJar;
    /// let jar = SharedJar::default();
    /// jar.receive_all(["b=1", "a=2"], &url::Url::parse("https://shop.example/")?);
    /// let names: Vec<_> = jar.to_vec().iter().map(|cookie| cookie.name().to_vec()).collect();
    /// assert_eq!(names, [b"b", b"a"]);
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn to_vec(&self) -> Vec<Cookie> {
        let (jar, now) = self.read();
        jar.iter(now).cloned().collect()
    }

    /// Returns copies of the cookies of a domain, name and path that have not expired. In each partition
    /// there may be two of them, a host-only one and one that is not.
    ///
    /// ```
    /// # use hardtack::{Domain, SharedJar};
    /// let jar = SharedJar::default();
    /// jar.receive("sid=31d4", &url::Url::parse("https://shop.example/")?).unwrap();
    /// assert_eq!(jar.get(Domain::new("SHOP.example"), "sid", "/")[0].value(), b"31d4");
    /// # Ok::<(), url::ParseError>(())
    /// ```
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

    /// Removes the cookies of a domain, name and path that have not expired, those that
    /// [`SharedJar::get`] returns. Returns their number.
    ///
    /// ```
    /// # use hardtack::{Domain, SharedJar};
    /// let jar = SharedJar::default();
    /// jar.receive("sid=31d4", &url::Url::parse("https://shop.example/")?).unwrap();
    /// assert_eq!(jar.remove(Domain::new("shop.example"), "sid", "/"), 1);
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn remove(
        &self,
        domain: Domain<'_>,
        name: impl AsRef<[u8]>,
        path: impl AsRef<[u8]>,
    ) -> usize {
        self.change(|jar, now| jar.remove(domain, name, path, now))
    }

    /// Removes all cookies.
    ///
    /// ```
    /// # use hardtack::SharedJar;
    /// let jar = SharedJar::default();
    /// jar.receive("sid=31d4", &url::Url::parse("https://shop.example/")?).unwrap();
    /// jar.clear();
    /// assert!(jar.is_empty());
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn clear(&self) {
        self.change(|jar, _| jar.clear());
    }

    /// Removes the cookies of this very domain, and returns their number. Those of its subdomains stay;
    /// [`SharedJar::retain`] removes by any other rule.
    ///
    /// ```
    /// # use hardtack::{Domain, SharedJar};
    /// let jar = SharedJar::default();
    /// let url = url::Url::parse("https://www.shop.example/")?;
    /// jar.receive_all(["a=1", "b=2; Domain=shop.example"], &url);
    /// assert_eq!(jar.clear_domain(Domain::new("shop.example")), 1);
    /// assert_eq!(jar.cookie_string(&url).unwrap(), b"a=1");
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn clear_domain(&self, domain: Domain<'_>) -> usize {
        self.change(|jar, now| {
            jar.evict_expired(now);
            jar.clear_domain(domain)
        })
    }

    /// Ends the session (5.7): removes all cookies that are not persistent, and returns their number.
    ///
    /// ```
    /// # use hardtack::SharedJar;
    /// let jar = SharedJar::default();
    /// let url = url::Url::parse("https://shop.example/")?;
    /// jar.receive_all(["sid=1", "theme=dark; Max-Age=60"], &url);
    /// assert_eq!(jar.end_session(), 1);
    /// assert_eq!(jar.cookie_string(&url).unwrap(), b"theme=dark");
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn end_session(&self) -> usize {
        self.change(|jar, now| {
            jar.evict_expired(now);
            jar.end_session()
        })
    }

    /// Begins to log what changes from here on, for [`SharedJar::changes`].
    ///
    /// ```
    /// let jar = hardtack::SharedJar::default();
    /// jar.watch();
    /// assert!(jar.changes().is_empty());
    /// ```
    pub fn watch(&self) {
        self.write().0.watch();
    }

    /// Returns what has changed since this was last called, or since [`SharedJar::watch`], without which
    /// nothing is logged: each identity once.
    ///
    /// ```
    /// use hardtack::{Change, SharedJar};
    ///
    /// let jar = SharedJar::default();
    /// jar.watch();
    /// jar.receive("sid=31d4", &url::Url::parse("https://shop.example/")?).unwrap();
    /// assert!(matches!(&jar.changes()[..], [Change::Stored(_)]));
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn changes(&self) -> Vec<Change> {
        self.write().0.changes()
    }

    /// Removes all expired cookies (5.7).
    ///
    /// Calling it is optional: expired cookies are never sent or shown, and every change of the jar
    /// removes some of them. It makes [`SharedJar::len`] exact.
    ///
    /// ```
    /// # use std::sync::atomic::{AtomicI64, Ordering};
    /// # use hardtack::{SharedJar, Timestamp};
    /// static SECONDS: AtomicI64 = AtomicI64::new(0);
    /// let clock = || Timestamp::from_secs(SECONDS.load(Ordering::Relaxed));
    /// let jar = SharedJar::builder().clock(clock).build();
    /// jar.receive("theme=dark; Max-Age=60", &url::Url::parse("https://shop.example/")?).unwrap();
    /// SECONDS.store(61, Ordering::Relaxed);
    /// jar.evict_expired();
    /// assert_eq!(jar.len(), 0);
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn evict_expired(&self) {
        self.change(CookieJar::evict_expired);
    }

    /// Removes the cookies for which `keep` returns false, and returns their number. `keep` must not call
    /// the jar, which is locked meanwhile.
    ///
    /// ```
    /// # use hardtack::SharedJar;
    /// let jar = SharedJar::default();
    /// let url = url::Url::parse("https://www.shop.example/")?;
    /// jar.receive_all(["a=1", "b=2; Domain=shop.example"], &url);
    /// assert_eq!(jar.retain(|cookie| !cookie.domain().ends_with(b"shop.example")), 2);
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn retain(&self, keep: impl FnMut(&Cookie) -> bool) -> usize {
        self.change(|jar, now| {
            jar.evict_expired(now);
            jar.retain(keep)
        })
    }

    /// Returns a copy of the policy.
    ///
    /// ```
    /// # use hardtack::SharedJar;
    /// assert_eq!(SharedJar::default().policy().max_cookies, 3300);
    /// ```
    pub fn policy(&self) -> Policy {
        self.read().0.policy().clone()
    }

    /// Replaces the policy. Expired cookies are removed, then those beyond the new limits. All others
    /// stay, and which of them are sent, the new policy decides (5.8.3).
    ///
    /// ```
    /// # use hardtack::{Policy, SharedJar};
    /// let jar = SharedJar::default();
    /// jar.receive_all(["a=1", "b=2"], &url::Url::parse("https://shop.example/")?);
    /// jar.set_policy(Policy::default().with_max_cookies(1));
    /// assert_eq!(jar.len(), 1);
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn set_policy(&self, policy: Policy) {
        self.change(|jar, now| jar.set_policy(policy, now));
    }

    /// Returns the number of cookies that are kept. Expired ones count until they are removed.
    ///
    /// ```
    /// # use hardtack::SharedJar;
    /// let jar = SharedJar::default();
    /// jar.receive_all(["a=1", "b=2"], &url::Url::parse("https://shop.example/")?);
    /// assert_eq!(jar.len(), 2);
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn len(&self) -> usize {
        self.read().0.len()
    }

    /// Returns true if the jar is empty. Expired cookies count as they do for [`SharedJar::len`].
    ///
    /// ```
    /// # use hardtack::SharedJar;
    /// assert!(SharedJar::default().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns a copy of the jar that is not shared. Later changes of one do not reach the other.
    ///
    /// ```
    /// # use hardtack::SharedJar;
    /// let jar = SharedJar::default();
    /// jar.receive("a=1", &url::Url::parse("https://shop.example/")?).unwrap();
    /// let copy = jar.to_jar();
    /// jar.clear();
    /// assert_eq!(copy.len(), 1);
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn to_jar(&self) -> CookieJar {
        self.read().0.clone()
    }
}

impl Default for SharedJar {
    /// Makes an empty shared jar with the default policy and the system's clock.
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

/// Returns the beginning of the hundredth of a second that an instant is in.
fn hundredth(instant: Timestamp) -> Timestamp {
    const MICROSECONDS: i64 = 10_000;
    let hundredths = instant.as_micros().div_euclid(MICROSECONDS);
    Timestamp::from_micros(hundredths.saturating_mul(MICROSECONDS))
}

impl fmt::Debug for SharedJar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedJar")
            .field("jar", &*self.shared.read())
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
