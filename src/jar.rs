//! The jar: a policy and a store. Here a decision meets the write.

use std::fmt;

use crate::change::{Cause, Change};
use crate::cookie::{Cookie, CookieBuilder, Home, SendingOrder};
use crate::host::Domain;
use crate::policy::Policy;
use crate::rejection::{InsertError, Rejection};
use crate::request::Request;
use crate::retrieval::{self, Exclusion, OfDomain, Retrieval};
use crate::set_cookie::SetCookie;
use crate::storage_model::{self, Decision};
use crate::store::Store;
use crate::timestamp::Timestamp;

/// A cookie store with a policy: it receives Set-Cookie lines and says what to send.
///
/// The default is safe: it rejects public suffixes. Every method that has to know the time takes it
/// as its last argument. A cookie whose expiry-time a `now` has passed is gone, also when the clock
/// goes back later.
///
/// ```
/// use std::time::SystemTime;
/// use hardtack::CookieJar;
/// use url::Url;
///
/// let mut jar = CookieJar::default();
/// let login = Url::parse("https://www.shop.example/login")?;
/// jar.receive("sid=31d4; Path=/; Secure; HttpOnly", &login, SystemTime::now())?;
///
/// let cart = Url::parse("https://www.shop.example/cart")?;
/// let cookie_string = jar.cookie_string(&cart, SystemTime::now());
/// assert_eq!(cookie_string.as_deref(), Some(&b"sid=31d4"[..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct CookieJar {
    policy: Policy,
    store: Store,
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

/// Why a jar did not keep a cookie that was to be restored.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum NotRestored {
    /// A rule refuses it.
    #[error(transparent)]
    Refused(#[from] InsertError),
    /// Its expiry-time has passed.
    #[error("it has expired")]
    Expired,
    /// Another of the same identity came after it.
    #[error(
        "another cookie of the same name, domain, host-only-flag, path and partition came after it"
    )]
    Duplicate,
    /// It is beyond the policy's limit of a domain, of a site or of all.
    #[error(
        "there are more cookies than the policy allows for its domain, its site or in all: raise that"
    )]
    Evicted,
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stored => "stored",
            Self::Replaced => "replaced",
            Self::Expired => "expired",
        })
    }
}

impl CookieJar {
    /// An empty jar with this policy.
    ///
    /// ```
    /// use hardtack::{CookieJar, Policy};
    ///
    /// let jar = CookieJar::new(Policy::default());
    /// assert!(jar.is_empty());
    /// ```
    pub fn new(policy: Policy) -> Self {
        let store = Store::new(&policy);
        Self { policy, store }
    }

    /// The policy.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Replaces the policy, for instance by one with a newer public suffix list. Cookies stay, and what
    /// the new policy does not send is not sent (5.8.3); but what has expired at `now` is removed, and then
    /// what is beyond the new limits.
    ///
    /// ```
    /// # use hardtack::{CookieJar, Policy};
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// let mut jar = CookieJar::default();
    /// let url = url::Url::parse("https://shop.example/")?;
    /// jar.receive("a=1", &url, now).unwrap();
    /// jar.receive("b=2", &url, now).unwrap();
    /// let mut policy = Policy::default();
    /// policy.max_cookies = 1;
    /// jar.set_policy(policy, now);
    /// assert_eq!(jar.len(), 1);
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn set_policy(&mut self, policy: Policy, now: impl Into<Timestamp>) {
        let before = std::mem::replace(self, Self::new(policy));
        self.store = before.store.under(&self.policy, now.into());
    }

    /// Receives one Set-Cookie line: the octets after `Set-Cookie:`, without the line's end.
    ///
    /// ```
    /// # use hardtack::{CookieJar, Receipt};
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// let mut jar = CookieJar::default();
    /// let url = url::Url::parse("https://user.github.io/")?;
    /// assert_eq!(jar.receive("a=1", &url, now), Ok(Receipt::Stored));
    /// let refused = jar.receive("b=2; Domain=github.io", &url, now).unwrap_err();
    /// assert_eq!(refused.citation().unwrap().to_string(), "5.7 step 9.3.1");
    /// assert!(refused.to_string().contains("`github.io` is a public suffix"));
    /// # Ok::<(), url::ParseError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Rejection`] names the step of 5.6 or 5.7 that refuses the cookie. A refused cookie changes
    /// nothing.
    pub fn receive<'r>(
        &mut self,
        set_cookie_string: impl AsRef<[u8]>,
        request: impl Into<Request<'r>>,
        now: impl Into<Timestamp>,
    ) -> Result<Receipt, Rejection> {
        let (request, now) = (request.into(), now.into());
        let set_cookie = SetCookie::parse(set_cookie_string.as_ref())?;
        self.receive_parsed(&set_cookie, &request, now)
    }

    /// Receives all Set-Cookie lines of a response, in order, and returns what became of each.
    ///
    /// ```
    /// # use hardtack::{CookieJar, Receipt};
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// let mut jar = CookieJar::default();
    /// let url = url::Url::parse("https://shop.example/")?;
    /// let received = jar.receive_all(["sid=31d4", "ad=1; Domain=example"], &url, now);
    /// assert_eq!(received[0], Ok(Receipt::Stored));
    /// assert!(received[1].is_err());
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn receive_all<'r>(
        &mut self,
        set_cookie_strings: impl IntoIterator<Item: AsRef<[u8]>>,
        request: impl Into<Request<'r>>,
        now: impl Into<Timestamp>,
    ) -> Vec<Result<Receipt, Rejection>> {
        let (request, now) = (request.into(), now.into());
        let lines = set_cookie_strings.into_iter();
        lines.map(|line| self.receive(line, request, now)).collect()
    }

    /// The same, of a line that was parsed before.
    pub(crate) fn receive_parsed(
        &mut self,
        set_cookie: &SetCookie<'_>,
        request: &Request<'_>,
        now: Timestamp,
    ) -> Result<Receipt, Rejection> {
        self.store.evict_some_expired(now);
        let decision = storage_model::receive(set_cookie, request, &self.policy, &self.store, now)?;
        Ok(self.carry_out(decision, now))
    }

    /// What [`CookieJar::receive`] would decide, without doing it: the cookie as it would be stored.
    ///
    /// A cookie that [`Cookie::is_expired`] at `now` would not be kept, but remove an old one.
    ///
    /// ```
    /// # use hardtack::{CookieJar, SetCookie};
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// let jar = CookieJar::default();
    /// let url = url::Url::parse("https://shop.example/cart/")?;
    /// let cookie = jar.evaluate(&SetCookie::parse(b"a=1").unwrap(), &url, now).unwrap();
    /// assert_eq!((cookie.domain(), cookie.path()), (&b"shop.example"[..], &b"/cart"[..]));
    /// assert!(jar.is_empty());
    /// # Ok::<(), url::ParseError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Rejection`], where the line would be refused.
    pub fn evaluate<'r>(
        &self,
        set_cookie: &SetCookie<'_>,
        request: impl Into<Request<'r>>,
        now: impl Into<Timestamp>,
    ) -> Result<Cookie, Rejection> {
        let (request, now) = (request.into(), now.into());
        let decision =
            storage_model::receive(set_cookie, &request, &self.policy, &self.store, now)?;
        Ok(decision.cookie)
    }

    /// Inserts a cookie that was built by hand: with the checks of 5.7 that ask for no request, as if
    /// it came over a secure connection, same-site, and over HTTP.
    ///
    /// ```
    /// # use hardtack::{Cookie, CookieJar, Receipt};
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// let mut jar = CookieJar::default();
    /// let cookie = Cookie::builder("sid", "31d4", "shop.example").secure_only(true);
    /// assert_eq!(jar.insert(&cookie, now), Ok(Receipt::Stored));
    /// ```
    ///
    /// # Errors
    ///
    /// [`InsertError`] names the rule that refuses the cookie, and what to change in the builder's calls.
    pub fn insert(
        &mut self,
        cookie: &CookieBuilder,
        now: impl Into<Timestamp>,
    ) -> Result<Receipt, InsertError> {
        let now = now.into();
        self.store.evict_some_expired(now);
        let decision = storage_model::insert(cookie, &self.policy, &self.store, now)?;
        Ok(self.carry_out(decision, now))
    }

    /// Takes in cookies as they were in this or another jar: with their creation-times, their order among equal
    /// ones, their last-access-times. What holds for any stored cookie is checked: its fields, the prefixes,
    /// public suffixes, the lifetime limit, which cuts. One of an identity that is in the jar takes its place.
    /// Those that are beyond the jar's limits are evicted once all are in.
    ///
    /// Returns the cookies that the jar does not keep, each with the reason; the others are in. A jar that is
    /// restored from all cookies of another one with the same policy answers as that one would.
    ///
    /// ```
    /// use hardtack::{CookieBuilder, CookieJar};
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    ///
    /// let url = url::Url::parse("https://shop.example/")?;
    /// let mut jar = CookieJar::default();
    /// jar.receive("sid=31d4; Secure", &url, now).unwrap();
    ///
    /// let cookies: Vec<CookieBuilder> = jar.iter(now).map(CookieBuilder::from).collect();
    /// let mut again = CookieJar::default();
    /// assert!(again.restore(cookies, now).is_empty());
    /// assert_eq!(again.cookie_string(&url, now).unwrap(), b"sid=31d4");
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn restore(
        &mut self,
        cookies: impl IntoIterator<Item = CookieBuilder>,
        now: impl Into<Timestamp>,
    ) -> Vec<(CookieBuilder, NotRestored)> {
        let now = now.into();
        self.store.evict_some_expired(now);
        let mut cookies: Vec<CookieBuilder> = cookies.into_iter().collect();
        cookies.sort_by_key(|cookie| cookie.order);
        let (mut built, mut restored, mut not_restored) = (Vec::new(), Vec::new(), Vec::new());
        for cookie in cookies {
            match storage_model::restore(&cookie, &self.policy, &self.store, now) {
                Err(rule) => not_restored.push((cookie, NotRestored::Refused(rule.into()))),
                Ok(restored) if restored.is_expired(now) => {
                    not_restored.push((cookie, NotRestored::Expired));
                }
                Ok(of_it) => {
                    built.push(Some(cookie));
                    restored.push(of_it);
                }
            }
        }
        for (index, is_replaced) in self.store.restore(restored.into_iter()) {
            let reason = if is_replaced {
                NotRestored::Duplicate
            } else {
                NotRestored::Evicted
            };
            let cookie = built.get_mut(index).and_then(Option::take);
            not_restored.extend(cookie.map(|cookie| (cookie, reason)));
        }
        not_restored
    }

    /// 5.7 steps 23.4 and 24.
    fn carry_out(&mut self, decision: Decision, now: Timestamp) -> Receipt {
        let Decision { cookie, replaces } = decision;
        if cookie.is_expired(now) {
            // It would be evicted at once, so it is not stored.
            if replaces {
                self.store.remove(&cookie, Cause::Deleted);
            }
            return Receipt::Expired;
        }
        if replaces {
            self.store.replace(cookie);
            return Receipt::Replaced;
        }
        self.store.insert(cookie, now);
        Receipt::Stored
    }

    /// The cookies that go with a request, in the order of sending (5.8.3); their last-access-time is
    /// set to `now`.
    ///
    /// For a [non-HTTP API](Request::non_http), those that it may read.
    ///
    /// ```
    /// # use hardtack::CookieJar;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// let mut jar = CookieJar::default();
    /// let url = url::Url::parse("https://shop.example/cart")?;
    /// jar.receive("a=1", &url, now).unwrap();
    /// jar.receive("b=2; Path=/cart", &url, now).unwrap();
    /// let names: Vec<&[u8]> = jar.cookies(&url, now).into_iter().map(|cookie| cookie.name()).collect();
    /// assert_eq!(names, [b"b", b"a"]);
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn cookies<'r>(
        &self,
        request: impl Into<Request<'r>>,
        now: impl Into<Timestamp>,
    ) -> Vec<&Cookie> {
        let cookie_list = self.retrieve(&request.into(), now.into());
        cookie_list.into_iter().map(|(_, cookie)| cookie).collect()
    }

    /// 5.8.3, steps 1 to 5: the cookie-list, and where each cookie stands in it.
    fn retrieve(&self, request: &Request<'_>, now: Timestamp) -> Vec<(SendingOrder, &Cookie)> {
        let Some(retrieval) = Retrieval::new(request, &self.policy, now) else {
            return Vec::new();
        };
        let as_of = self.store.as_of(now);
        let mut cookie_list = Vec::with_capacity(16);
        // 5.8.3 step 3: the cookie-list
        let partition_key = || retrieval.partition_key();
        self.store
            .visit_matched(retrieval.host(), partition_key, |home, cookies| {
                let of_domain = self.of_domain(&retrieval, home);
                for cookie in cookies.iter().filter(|cookie| !cookie.is_expired(as_of)) {
                    if retrieval::exclusion(cookie, &retrieval, of_domain).is_none() {
                        cookie_list.push((cookie.sending_order(), cookie));
                    }
                }
            });
        // 5.8.3 step 4: in the order of sending
        cookie_list.sort_unstable_by_key(|(order, _)| *order);
        if self.policy.max_cookie_string_octets < usize::MAX {
            let mut fits = retrieval::fits(&self.policy);
            cookie_list.retain(|(_, cookie)| fits(cookie));
        }
        // 5.8.3 step 5: accessed now
        self.store
            .touch(cookie_list.iter().map(|(_, cookie)| *cookie), now);
        cookie_list
    }

    /// What there is to know of the domain of a cookie of this jar.
    fn of_domain(&self, retrieval: &Retrieval<'_>, home: &Home) -> OfDomain {
        let is_rejected = self.policy.reject_public_suffixes && home.is_public_suffix;
        OfDomain::new(retrieval, home.domain(), is_rejected)
    }

    /// The value of the Cookie header for a request; `None` where there is no cookie to send.
    ///
    /// Octets, as they came in; not necessarily UTF-8.
    ///
    /// ```
    /// # use hardtack::CookieJar;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// let mut jar = CookieJar::default();
    /// let url = url::Url::parse("https://shop.example/")?;
    /// assert_eq!(jar.cookie_string(&url, now), None);
    /// jar.receive("a=1", &url, now).unwrap();
    /// jar.receive("b=2", &url, now).unwrap();
    /// assert_eq!(jar.cookie_string(&url, now).unwrap(), b"a=1; b=2");
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn cookie_string<'r>(
        &self,
        request: impl Into<Request<'r>>,
        now: impl Into<Timestamp>,
    ) -> Option<Vec<u8>> {
        let mut cookie_string = Vec::new();
        self.write_cookie_string(request, now, &mut cookie_string)
            .then_some(cookie_string)
    }

    /// Appends the cookie-string to a buffer, and returns true if there is a cookie to send.
    ///
    /// ```
    /// # use hardtack::CookieJar;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// let mut jar = CookieJar::default();
    /// let url = url::Url::parse("https://shop.example/")?;
    /// jar.receive("a=1", &url, now).unwrap();
    /// let mut header = b"Cookie: ".to_vec();
    /// assert!(jar.write_cookie_string(&url, now, &mut header));
    /// assert_eq!(header, b"Cookie: a=1");
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn write_cookie_string<'r>(
        &self,
        request: impl Into<Request<'r>>,
        now: impl Into<Timestamp>,
        into: &mut Vec<u8>,
    ) -> bool {
        let cookie_list = self.retrieve(&request.into(), now.into());
        retrieval::write_cookie_string(cookie_list.iter().map(|(_, cookie)| *cookie), into);
        !cookie_list.is_empty()
    }

    /// The cookie of this name that would be sent with a request, such as the one whose value a form has
    /// to repeat; the first one in the order of sending. No last-access-time changes.
    ///
    /// ```
    /// # use hardtack::CookieJar;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// let mut jar = CookieJar::default();
    /// let url = url::Url::parse("https://shop.example/")?;
    /// jar.receive("csrftoken=6f2a", &url, now).unwrap();
    /// let token = jar.find(&url, "csrftoken", now).unwrap();
    /// assert_eq!(token.value(), b"6f2a");
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn find<'r>(
        &self,
        request: impl Into<Request<'r>>,
        name: impl AsRef<[u8]>,
        now: impl Into<Timestamp>,
    ) -> Option<&Cookie> {
        let name = name.as_ref();
        let explained = self.explain(request, now).into_iter();
        let mut sent = explained.filter(|(_, why_not)| why_not.is_none());
        sent.find_map(|(cookie, _)| (cookie.name() == name).then_some(cookie))
    }

    /// Every cookie of the request's host and its parent domains, whatever its partition: first those
    /// that would be sent, in the order of sending, then the others by creation, each with why not.
    ///
    /// Nothing is sent, so no last-access-time changes.
    ///
    /// ```
    /// # use hardtack::{CookieJar, Exclusion};
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// let mut jar = CookieJar::default();
    /// let url = url::Url::parse("https://shop.example/")?;
    /// jar.receive("sid=1; Secure", &url, now).unwrap();
    ///
    /// let plain = url::Url::parse("http://shop.example/")?;
    /// let (cookie, why_not) = jar.explain(&plain, now)[0];
    /// assert_eq!((cookie.name(), why_not), (&b"sid"[..], Some(Exclusion::SecureOnly)));
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn explain<'r>(
        &self,
        request: impl Into<Request<'r>>,
        now: impl Into<Timestamp>,
    ) -> Vec<(&Cookie, Option<Exclusion>)> {
        let (request, now) = (request.into(), now.into());
        let Some(retrieval) = Retrieval::new(&request, &self.policy, now) else {
            return Vec::new();
        };
        let as_of = self.store.as_of(now);
        let (mut sent, mut excluded) = (Vec::new(), Vec::new());
        self.store
            .visit_matched_in_all(retrieval.host(), |home, cookies| {
                let of_domain = self.of_domain(&retrieval, home);
                for cookie in cookies.iter().filter(|cookie| !cookie.is_expired(as_of)) {
                    match retrieval::exclusion(cookie, &retrieval, of_domain) {
                        None => sent.push((cookie, None)),
                        Some(why) => excluded.push((cookie, Some(why))),
                    }
                }
            });
        sent.sort_by_cached_key(|(cookie, _)| cookie.sending_order());
        let mut fits = retrieval::fits(&self.policy);
        let (mut sent, without_room): (Vec<_>, Vec<_>) =
            sent.into_iter().partition(|(cookie, _)| fits(cookie));
        let without_room = without_room.into_iter();
        excluded
            .extend(without_room.map(|(cookie, _)| (cookie, Some(Exclusion::CookieStringFull))));
        excluded.sort_unstable_by_key(|(cookie, _)| cookie.creation_order());
        sent.append(&mut excluded);
        sent
    }

    /// Why a cookie does not go with a request; `None` where it does. [`CookieJar::explain`] answers this
    /// for the cookies of the request's host; here it can be a cookie of any other.
    ///
    /// ```
    /// # use hardtack::{CookieJar, Exclusion};
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// let mut jar = CookieJar::default();
    /// jar.receive("a=1", &url::Url::parse("https://shop.example/")?, now).unwrap();
    /// let cookie = jar.iter(now).next().unwrap();
    /// let other = url::Url::parse("https://www.shop.example/")?;
    /// assert_eq!(jar.exclusion(cookie, &other, now), Some(Exclusion::HostOnly));
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn exclusion<'r>(
        &self,
        cookie: &Cookie,
        request: impl Into<Request<'r>>,
        now: impl Into<Timestamp>,
    ) -> Option<Exclusion> {
        let (request, now) = (request.into(), now.into());
        let Some(retrieval) = Retrieval::new(&request, &self.policy, now) else {
            return Some(Exclusion::NoCanonicalHost);
        };
        if cookie.is_expired(now) {
            return Some(Exclusion::Expired);
        }
        // It may be of a jar with another list, whose answer its home has.
        let is_rejected = self.policy.rejects(cookie.domain());
        let of_domain = OfDomain::new(&retrieval, cookie.domain(), is_rejected);
        retrieval::exclusion(cookie, &retrieval, of_domain)
    }

    /// All cookies that have not expired, in the order of creation.
    ///
    /// ```
    /// # use hardtack::CookieJar;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// let mut jar = CookieJar::default();
    /// let url = url::Url::parse("https://shop.example/")?;
    /// jar.receive("b=1", &url, now).unwrap();
    /// jar.receive("a=2", &url, now).unwrap();
    /// let names: Vec<&[u8]> = jar.iter(now).map(|cookie| cookie.name()).collect();
    /// assert_eq!(names, [b"b", b"a"]);
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn iter(&self, now: impl Into<Timestamp>) -> impl Iterator<Item = &Cookie> {
        let as_of = self.store.as_of(now.into());
        let unexpired = self.store.iter().filter(|cookie| !cookie.is_expired(as_of));
        let mut cookies: Vec<_> = unexpired.collect();
        cookies.sort_unstable_by_key(|cookie| cookie.creation_order());
        cookies.into_iter()
    }

    /// The cookies of a domain, name and path that have not expired: there may be a host-only one and
    /// another, and such a pair in each partition.
    ///
    /// ```
    /// # use hardtack::{CookieJar, Domain};
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// let mut jar = CookieJar::default();
    /// let url = url::Url::parse("https://shop.example/")?;
    /// jar.receive("sid=31d4", &url, now).unwrap();
    /// let found = jar.get(Domain::new("SHOP.example"), "sid", "/", now);
    /// assert_eq!(found[0].value(), b"31d4");
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn get(
        &self,
        domain: Domain<'_>,
        name: impl AsRef<[u8]>,
        path: impl AsRef<[u8]>,
        now: impl Into<Timestamp>,
    ) -> Vec<&Cookie> {
        let as_of = self.store.as_of(now.into());
        let domain = domain.canonical();
        let mut found = self.store.named(&domain, name.as_ref(), path.as_ref());
        found.retain(|cookie| !cookie.is_expired(as_of));
        found
    }

    /// Removes the cookies that [`CookieJar::get`] finds, and returns how many there were.
    ///
    /// ```
    /// # use hardtack::{CookieJar, Domain};
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// let mut jar = CookieJar::default();
    /// let url = url::Url::parse("https://shop.example/")?;
    /// jar.receive("sid=31d4", &url, now).unwrap();
    /// assert_eq!(jar.remove(Domain::new("shop.example"), "sid", "/", now), 1);
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn remove(
        &mut self,
        domain: Domain<'_>,
        name: impl AsRef<[u8]>,
        path: impl AsRef<[u8]>,
        now: impl Into<Timestamp>,
    ) -> usize {
        let now = now.into();
        self.store.evict_some_expired(now);
        let found = self.get(domain, name, path, now).into_iter();
        let found: Vec<Cookie> = found.cloned().collect();
        self.remove_all(&found, Cause::Removed)
    }

    /// Removes all cookies.
    ///
    /// ```
    /// # use hardtack::CookieJar;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// let mut jar = CookieJar::default();
    /// jar.receive("sid=31d4", &url::Url::parse("https://shop.example/")?, now).unwrap();
    /// jar.clear();
    /// assert!(jar.is_empty());
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn clear(&mut self) {
        if self.store.is_watched() {
            self.retain(|_| false);
        }
        self.store.clear(&self.policy);
    }

    /// Removes the cookies whose domain is this one, not those of its subdomains, and returns how many
    /// there were. [`CookieJar::retain`] chooses otherwise.
    ///
    /// ```
    /// # use hardtack::{CookieJar, Domain};
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// let mut jar = CookieJar::default();
    /// let url = url::Url::parse("https://www.shop.example/")?;
    /// jar.receive_all(["a=1", "b=2; Domain=shop.example"], &url, now);
    /// assert_eq!(jar.clear_domain(Domain::new("shop.example")), 1);
    /// assert_eq!(jar.cookie_string(&url, now).unwrap(), b"a=1");
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn clear_domain(&mut self, domain: Domain<'_>) -> usize {
        self.store.evict_gone();
        let found = self.store.of_domain(&domain.canonical()).into_iter();
        let found: Vec<Cookie> = found.cloned().collect();
        self.remove_all(&found, Cause::Removed)
    }

    /// "The current session is over" (5.7): removes all cookies that are not persistent, and returns how
    /// many there were.
    ///
    /// ```
    /// # use hardtack::CookieJar;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// let mut jar = CookieJar::default();
    /// let url = url::Url::parse("https://shop.example/")?;
    /// jar.receive("sid=1", &url, now).unwrap();
    /// jar.receive("theme=dark; Max-Age=60", &url, now).unwrap();
    /// assert_eq!(jar.end_session(), 1);
    /// assert_eq!(jar.cookie_string(&url, now).unwrap(), b"theme=dark");
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn end_session(&mut self) -> usize {
        self.retain_because(Cause::SessionOver, Cookie::persistent)
    }

    /// Removes all expired cookies (5.7). It need not be called: expired cookies are never sent or shown,
    /// and every method that changes the jar at some `now` removes some of them.
    pub fn evict_expired(&mut self, now: impl Into<Timestamp>) {
        self.store.evict_expired(now.into());
    }

    /// Keeps only the cookies for which `keep` is true, and returns how many were removed. None is removed
    /// before `keep` was called for all.
    ///
    /// ```
    /// # use hardtack::CookieJar;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// let mut jar = CookieJar::default();
    /// let url = url::Url::parse("https://www.shop.example/")?;
    /// jar.receive("a=1", &url, now).unwrap();
    /// jar.receive("b=2; Domain=shop.example", &url, now).unwrap();
    /// assert_eq!(jar.retain(|cookie| !cookie.domain().ends_with(b"shop.example")), 2);
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn retain(&mut self, keep: impl FnMut(&Cookie) -> bool) -> usize {
        self.retain_because(Cause::Removed, keep)
    }

    fn retain_because(&mut self, cause: Cause, mut keep: impl FnMut(&Cookie) -> bool) -> usize {
        self.store.evict_gone();
        let others = self.store.iter().filter(|cookie| !keep(cookie));
        let others: Vec<Cookie> = others.cloned().collect();
        self.remove_all(&others, cause)
    }

    fn remove_all(&mut self, cookies: &[Cookie], cause: Cause) -> usize {
        for cookie in cookies {
            self.store.remove(cookie, cause);
        }
        cookies.len()
    }

    /// Begins to log what changes from here on, for [`CookieJar::changes`].
    ///
    /// ```
    /// # use hardtack::CookieJar;
    /// let mut jar = CookieJar::default();
    /// jar.watch();
    /// assert!(jar.changes().is_empty());
    /// ```
    pub fn watch(&mut self) {
        self.store.watch();
    }

    /// What has changed since this was last called, or since [`CookieJar::watch`], without which nothing is
    /// logged: each identity once, as [`Change`] shows it.
    pub fn changes(&mut self) -> Vec<Change> {
        self.store.changes()
    }

    /// The number of cookies that are kept. Those that have expired count until they are removed, a few by
    /// each change of the jar, or all by [`CookieJar::evict_expired`].
    pub fn len(&self) -> usize {
        self.store.len()
    }

    /// Returns true if the jar is empty, in the sense of [`CookieJar::len`].
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Default for CookieJar {
    fn default() -> Self {
        Self::new(Policy::default())
    }
}
