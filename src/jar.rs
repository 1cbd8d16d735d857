//! The jar: a policy and a store. Here a decision meets the write.

use chrono::{DateTime, Utc};

use crate::cookie::{Cookie, CookieBuilder};
use crate::policy::Policy;
use crate::request::Request;
use crate::retrieval::{self, DomainMatch, Exclusion, Retrieval};
use crate::set_cookie::SetCookie;
use crate::storage_model::{self, Decision, Rejection};
use crate::store::{DomainCookies, Limits, Place, Store};

/// A cookie store with a policy: it receives Set-Cookie lines and says what to send.
///
/// The default is safe: it rejects public suffixes. Every method that has to know the time takes it
/// as its last argument. A cookie whose expiry-time a `now` has passed is gone, also when the clock
/// goes back later.
///
/// ```
/// use chrono::Utc;
/// use hardtack::{CookieJar, Request};
/// use url::Url;
///
/// let mut jar = CookieJar::default();
/// let login = Url::parse("https://www.shop.example/login")?;
/// jar.receive(b"sid=31d4; Path=/; Secure; HttpOnly", &Request::new(&login), Utc::now())?;
///
/// let cart = Url::parse("https://www.shop.example/cart")?;
/// let cookie_string = jar.cookie_string(&Request::new(&cart), Utc::now());
/// assert_eq!(cookie_string.as_deref(), Some(&b"sid=31d4"[..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct CookieJar {
    policy: Policy,
    pub(crate) store: Store,
}

/// What became of a cookie that was not refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Receipt {
    /// It is new.
    Stored,
    /// It took the place of the cookie with the same name, domain, host-only-flag, path and partition.
    Replaced,
    /// It had expired already, which is how a server deletes a cookie: an old one of its identity, if
    /// there was one, is gone.
    Expired,
}

impl CookieJar {
    /// An empty jar with this policy.
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            store: Store::default(),
        }
    }

    /// A jar of cookies that are within the policy's limits.
    pub(crate) fn of(policy: Policy, cookies: Vec<Cookie>) -> Self {
        let mut jar = Self::new(policy);
        jar.store = Store::of(cookies, jar.limits());
        jar
    }

    /// All cookies that are not gone, in no order.
    pub(crate) fn into_cookies(mut self) -> Vec<Cookie> {
        self.store.evict_gone();
        self.store.iter().cloned().collect()
    }

    /// The policy.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Replaces the policy, for instance by one with a newer public suffix list. Cookies stay, and what
    /// the new policy does not send is not sent (5.8.3); but what is beyond its limits is removed.
    pub fn set_policy(&mut self, policy: Policy) {
        self.policy = policy;
        self.store.forget_rejected();
        self.store.limit(self.limits());
    }

    /// Receives one Set-Cookie line: the octets after `Set-Cookie:`, without the line's end.
    ///
    /// ```
    /// # use hardtack::{CookieJar, Receipt, Request};
    /// # let now = chrono::DateTime::UNIX_EPOCH;
    /// let mut jar = CookieJar::default();
    /// let url = url::Url::parse("https://user.github.io/")?;
    /// let request = Request::new(&url);
    /// assert_eq!(jar.receive(b"a=1", &request, now), Ok(Receipt::Stored));
    /// let refused = jar.receive(b"b=2; Domain=github.io", &request, now).unwrap_err();
    /// assert_eq!(refused.citation().unwrap().to_string(), "5.7 step 9.3.1");
    /// assert!(refused.to_string().contains("`github.io` is a public suffix"));
    /// # Ok::<(), url::ParseError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Rejection`] names the step of 5.6 or 5.7 that refuses the cookie. A refused cookie changes
    /// nothing.
    pub fn receive(
        &mut self,
        set_cookie_string: &[u8],
        request: &Request<'_>,
        now: DateTime<Utc>,
    ) -> Result<Receipt, Rejection> {
        self.store.evict_some_expired(now);
        let set_cookie = SetCookie::parse(set_cookie_string)?;
        self.store.read_ahead(self.limits());
        let decision = self.decide(&set_cookie, request, &[], now)?;
        Ok(self.carry_out(decision, now))
    }

    /// 5.7, steps 1 to 23.3. The other stores are of jars that share their cookies with this one.
    pub(crate) fn decide(
        &self,
        set_cookie: &SetCookie<'_>,
        request: &Request<'_>,
        others: &[&Store],
        now: DateTime<Utc>,
    ) -> Result<Decision, Rejection> {
        storage_model::receive(set_cookie, request, &self.policy, &self.store, others, now)
    }

    /// What [`CookieJar::receive`] would decide, without doing it: the cookie as it would be stored.
    ///
    /// A cookie that [`Cookie::is_expired`] at `now` would not be kept, but remove an old one.
    ///
    /// # Errors
    ///
    /// As [`CookieJar::receive`].
    pub fn evaluate(
        &self,
        set_cookie: &SetCookie<'_>,
        request: &Request<'_>,
        now: DateTime<Utc>,
    ) -> Result<Cookie, Rejection> {
        let decision = self.decide(set_cookie, request, &[], now)?;
        Ok(decision.cookie)
    }

    /// Inserts a cookie that was built by hand: with the checks of 5.7 that ask for no request, as if
    /// it came over a secure connection, same-site, and over HTTP.
    ///
    /// # Errors
    ///
    /// [`Rejection`], as if the cookie had been received.
    pub fn insert(
        &mut self,
        cookie: &CookieBuilder,
        now: DateTime<Utc>,
    ) -> Result<Receipt, Rejection> {
        self.store.evict_some_expired(now);
        let decision = self.decide_built(cookie, now)?;
        Ok(self.carry_out(decision, now))
    }

    /// 5.7, for a cookie that was built by hand.
    pub(crate) fn decide_built(
        &self,
        cookie: &CookieBuilder,
        now: DateTime<Utc>,
    ) -> Result<Decision, Rejection> {
        storage_model::insert(cookie, &self.policy, &self.store, now)
    }

    /// 5.7 steps 23.4 and 24.
    pub(crate) fn carry_out(&mut self, decision: Decision, now: DateTime<Utc>) -> Receipt {
        let Decision {
            cookie,
            replaces,
            expired,
        } = decision;
        if let Some(place) = expired {
            self.store.remove(&place);
        }
        if cookie.is_expired(now) {
            // It would be evicted at once, so it is not stored.
            if replaces {
                self.store.remove(&Place::of(&cookie));
            }
            return Receipt::Expired;
        }
        if replaces {
            self.store.replace(cookie);
            return Receipt::Replaced;
        }
        self.store.insert(cookie, self.limits());
        Receipt::Stored
    }

    pub(crate) fn limits(&self) -> Limits {
        Limits::new(self.policy.max_cookies_per_domain, self.policy.max_cookies)
    }

    /// The cookies that go with a request, in the order of sending (5.8.3); their last-access-time is
    /// set to `now`.
    ///
    /// For a [non-HTTP API](Request::non_http), those that it may read.
    pub fn cookies(&self, request: &Request<'_>, now: DateTime<Utc>) -> Vec<&Cookie> {
        let Some(retrieval) = Retrieval::new(request, &self.policy, now) else {
            return Vec::new();
        };
        let as_of = self.store.as_of(now);
        let mut cookie_list = Vec::with_capacity(16);
        // 5.8.3 step 3: the cookie-list
        // 5.8.3 step 4: in the order of sending
        let partition_key = || retrieval.partition_key();
        for cookies in self.store.matched_by(retrieval.host(), partition_key) {
            let exclusion = self.exclusions(cookies, &retrieval);
            let sent = cookies
                .iter()
                .filter(|cookie| !cookie.is_expired(as_of) && exclusion(cookie).is_none());
            retrieval::merge(&mut cookie_list, sent);
        }
        // 5.8.3 step 5: accessed now
        self.store.touch(&cookie_list, now.into());
        cookie_list
    }

    /// What excludes each cookie of a domain.
    fn exclusions<'s>(
        &'s self,
        cookies: &'s DomainCookies,
        retrieval: &'s Retrieval<'_>,
    ) -> impl Fn(&Cookie) -> Option<Exclusion> + 's {
        let domain = cookies.domain();
        let host = DomainMatch::new(retrieval, domain);
        move |cookie| {
            retrieval::exclusion(cookie, retrieval, host, || {
                cookies.is_rejected(|| self.policy.rejects(domain))
            })
        }
    }

    /// The value of the Cookie header for a request; `None` where there is no cookie to send.
    ///
    /// Octets, as they came in; not necessarily UTF-8.
    pub fn cookie_string(&self, request: &Request<'_>, now: DateTime<Utc>) -> Option<Vec<u8>> {
        let mut cookie_string = Vec::new();
        self.write_cookie_string(request, now, &mut cookie_string)
            .then_some(cookie_string)
    }

    /// Appends the cookie-string to a buffer, and tells whether there was a cookie to send.
    pub fn write_cookie_string(
        &self,
        request: &Request<'_>,
        now: DateTime<Utc>,
        into: &mut Vec<u8>,
    ) -> bool {
        let cookie_list = self.cookies(request, now);
        retrieval::write_cookie_string(&cookie_list, into);
        !cookie_list.is_empty()
    }

    /// Every cookie of the request's host and its parent domains, whatever its partition: first those
    /// that would be sent, in the order of sending, then the others by creation, each with why not.
    ///
    /// Nothing is sent, so no last-access-time changes.
    ///
    /// ```
    /// # use hardtack::{CookieJar, Exclusion, Request};
    /// # let now = chrono::DateTime::UNIX_EPOCH;
    /// let mut jar = CookieJar::default();
    /// let url = url::Url::parse("https://shop.example/")?;
    /// jar.receive(b"sid=1; Secure", &Request::new(&url), now).unwrap();
    ///
    /// let plain = url::Url::parse("http://shop.example/")?;
    /// let (cookie, why_not) = jar.explain(&Request::new(&plain), now)[0];
    /// assert_eq!((cookie.name(), why_not), (&b"sid"[..], Some(Exclusion::SecureOnly)));
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn explain(
        &self,
        request: &Request<'_>,
        now: DateTime<Utc>,
    ) -> Vec<(&Cookie, Option<Exclusion>)> {
        Self::explain_in(&[self], request, now)
    }

    /// The same of the cookies of several jars, which share a policy.
    pub(crate) fn explain_in<'j>(
        jars: &[&'j Self],
        request: &Request<'_>,
        now: DateTime<Utc>,
    ) -> Vec<(&'j Cookie, Option<Exclusion>)> {
        let policy = jars.first().map(|jar| &jar.policy);
        let retrieval = policy.and_then(|policy| Retrieval::new(request, policy, now));
        let Some(retrieval) = retrieval else {
            return Vec::new();
        };
        let (mut sent, mut excluded) = (Vec::new(), Vec::new());
        for jar in jars {
            let as_of = jar.store.as_of(now);
            for cookies in jar.store.matched_by_in_all(retrieval.host()) {
                let exclusion = jar.exclusions(cookies, &retrieval);
                for cookie in cookies.iter().filter(|cookie| !cookie.is_expired(as_of)) {
                    match exclusion(cookie) {
                        None => sent.push((cookie, None)),
                        Some(why) => excluded.push((cookie, Some(why))),
                    }
                }
            }
        }
        sent.sort_by_key(|(cookie, _)| cookie.sending_order());
        excluded.sort_by_key(|(cookie, _)| cookie.creation_order());
        sent.append(&mut excluded);
        sent
    }

    /// Why a cookie does not go with a request; `None` where it does. [`CookieJar::explain`] asks this
    /// of the cookies of the request's host; here it can be a cookie of any other.
    pub fn exclusion(
        &self,
        cookie: &Cookie,
        request: &Request<'_>,
        now: DateTime<Utc>,
    ) -> Option<Exclusion> {
        let Some(retrieval) = Retrieval::new(request, &self.policy, now) else {
            return Some(Exclusion::NoCanonicalHost);
        };
        if cookie.is_expired(now) {
            return Some(Exclusion::Expired);
        }
        let host = DomainMatch::new(&retrieval, cookie.domain());
        retrieval::exclusion(cookie, &retrieval, host, || {
            self.policy.rejects(cookie.domain())
        })
    }

    /// All cookies that have not expired, in the order of creation.
    pub fn iter(&self, now: DateTime<Utc>) -> impl Iterator<Item = &Cookie> {
        let mut cookies: Vec<_> = self.store.unexpired(now).collect();
        cookies.sort_by_key(|cookie| cookie.creation_order());
        cookies.into_iter()
    }

    /// The cookies of a name, domain and path that have not expired: there may be a host-only one and
    /// another, and such a pair in each partition.
    ///
    /// The domain is the one of the cookies, in canonical form.
    pub fn get(
        &self,
        name: impl AsRef<[u8]>,
        domain: impl AsRef<[u8]>,
        path: impl AsRef<[u8]>,
        now: DateTime<Utc>,
    ) -> Vec<&Cookie> {
        let as_of = self.store.as_of(now);
        self.store
            .of_domain(domain.as_ref())
            .filter(|cookie| cookie.name() == name.as_ref() && cookie.path() == path.as_ref())
            .filter(|cookie| !cookie.is_expired(as_of))
            .collect()
    }

    /// Removes the cookies that [`CookieJar::get`] finds, and tells how many there were.
    pub fn remove(
        &mut self,
        name: impl AsRef<[u8]>,
        domain: impl AsRef<[u8]>,
        path: impl AsRef<[u8]>,
        now: DateTime<Utc>,
    ) -> usize {
        self.store.evict_some_expired(now);
        let found = self.get(name, domain, path, now);
        let places: Vec<Place> = found.into_iter().map(Place::of).collect();
        self.remove_all(&places)
    }

    /// Removes all cookies.
    pub fn clear(&mut self) {
        self.store = Store::default();
    }

    /// Removes the cookies whose domain is this one, not those of its subdomains, and tells how many
    /// there were. [`CookieJar::retain`] chooses otherwise.
    pub fn clear_domain(&mut self, domain: impl AsRef<[u8]>) -> usize {
        self.store.evict_gone();
        let found = self.store.of_domain(domain.as_ref());
        let places: Vec<Place> = found.map(Place::of).collect();
        self.remove_all(&places)
    }

    /// "The current session is over" (5.7): removes all cookies that are not persistent, and tells how
    /// many there were.
    pub fn end_session(&mut self) -> usize {
        self.retain(Cookie::persistent)
    }

    /// Removes all expired cookies (5.7). It need not be called: expired cookies are never sent or shown,
    /// and every method that changes the jar at some `now` removes some of them.
    pub fn evict_expired(&mut self, now: DateTime<Utc>) {
        self.store.evict_expired(now);
    }

    /// Keeps only the cookies for which `keep` is true, and tells how many were removed.
    pub fn retain(&mut self, keep: impl FnMut(&Cookie) -> bool) -> usize {
        self.store.evict_gone();
        let places = self.store.places_but(keep);
        self.remove_all(&places)
    }

    pub(crate) fn remove_all(&mut self, places: &[Place]) -> usize {
        let removed = places.iter().filter_map(|place| self.store.remove(place));
        removed.count()
    }

    /// How many cookies are kept. Those that have expired count until they are removed, a few by each
    /// change of the jar, or all by [`CookieJar::evict_expired`].
    pub fn len(&self) -> usize {
        self.store.len()
    }

    /// Is no cookie kept?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
