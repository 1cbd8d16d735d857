//! The jar: a store, by its policy. Here decisions are carried out.

use std::fmt;

#[cfg(any(feature = "sqlite", feature = "fleet"))]
use crate::change::Log;
#[cfg(feature = "json")]
use crate::change::Logged;
use crate::change::{Cause, Change};
#[cfg(any(feature = "json", feature = "fleet"))]
use crate::cookie::Key;
use crate::cookie::{Cookie, CookieBuilder, Fields, Home, SendingOrder};
use crate::host::Domain;
use crate::policy::Policy;
use crate::rejection::{InsertError, Rejection};
use crate::request::Request;
use crate::retrieval::{self, Exclusion, OfDomain, Retrieval};
use crate::set_cookie::{ParseError, SetCookie};
use crate::storage_model::{self, Decision};
use crate::store::{Site, Store};
use crate::timestamp::Timestamp;

/// A cookie store with a policy (5.7, 5.8.3): it receives Set-Cookie lines and decides which cookies are
/// sent.
///
/// The default jar has the default [`Policy`], which rejects public suffixes. Methods that depend on the
/// time take it as their last argument. A cookie that has expired at one `now` stays gone, even if a
/// later `now` is before its expiry-time.
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
pub struct CookieJar {
    store: Store,
}

/// The outcome for a cookie that was not refused. `Display` writes `stored`, `replaced` or `expired`.
///
/// These are all the outcomes that 5.7 has, so that a `match` need have no other arm.
///
/// ```
/// use hardtack::{CookieJar, Receipt};
/// # let now = std::time::SystemTime::UNIX_EPOCH;
///
/// let mut jar = CookieJar::default();
/// let url = url::Url::parse("https://shop.example/")?;
/// assert_eq!(jar.receive("sid=31d4", &url, now), Ok(Receipt::Stored));
/// assert_eq!(jar.receive("sid=89ab", &url, now), Ok(Receipt::Replaced));
/// assert_eq!(jar.receive("sid=; Max-Age=0", &url, now), Ok(Receipt::Expired));
/// assert!(jar.is_empty());
/// # Ok::<(), url::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Receipt {
    /// The cookie is new.
    Stored,
    /// The cookie replaced the one of the same name, domain, host-only-flag, path and partition.
    Replaced,
    /// The cookie had expired already and was not kept. The cookie of its identity was removed, if there
    /// was one: this is how servers delete cookies.
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
    /// Makes an empty jar with this policy.
    ///
    /// ```
    /// use hardtack::{CookieJar, Policy};
    ///
    /// let jar = CookieJar::new(Policy::default());
    /// assert!(jar.is_empty());
    /// ```
    pub fn new(policy: Policy) -> Self {
        Self {
            store: Store::new(policy),
        }
    }

    /// Returns the policy of the jar.
    ///
    /// ```
    /// # use hardtack::CookieJar;
    /// assert_eq!(CookieJar::default().policy().max_cookies, 3300);
    /// ```
    pub fn policy(&self) -> &Policy {
        &self.store.policy
    }

    /// Replaces the policy, for instance by one with a newer public suffix list.
    ///
    /// Cookies that have expired at `now` are removed, then those beyond the new limits. All others
    /// stay, those too that the new policy would refuse; which of them are sent, the new policy decides
    /// (5.8.3).
    ///
    /// ```
    /// # use hardtack::{CookieJar, Policy};
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// let mut jar = CookieJar::default();
    /// let url = url::Url::parse("https://shop.example/")?;
    /// jar.receive("a=1", &url, now).unwrap();
    /// jar.receive("b=2", &url, now).unwrap();
    /// jar.set_policy(Policy::default().with_max_cookies(1), now);
    /// assert_eq!(jar.len(), 1);
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn set_policy(&mut self, policy: Policy, now: impl Into<Timestamp>) {
        self.store.set_policy(policy, now.into());
    }

    /// Receives one Set-Cookie line (5.6, 5.7): the octets after `Set-Cookie:`, without the line's end.
    /// It stores the cookie, or returns why it does not.
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
        let set_cookie = SetCookie::parse_as(set_cookie_string.as_ref(), self.store.policy.dialect);
        self.receive_parsed(set_cookie, &request, now)
    }

    /// Receives all Set-Cookie lines of a response, in order, and returns the outcome of each, as
    /// [`CookieJar::receive`] does.
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

    /// Receives a line that was parsed before.
    pub(crate) fn receive_parsed(
        &mut self,
        set_cookie: Result<SetCookie<'_>, ParseError>,
        request: &Request<'_>,
        now: Timestamp,
    ) -> Result<Receipt, Rejection> {
        self.store.evict_some_expired(now);
        let decision =
            storage_model::receive(&set_cookie?, request, &self.store.policy, &self.store, now)?;
        Ok(self.carry_out(decision, now))
    }

    /// Decides as [`CookieJar::receive`] does and returns the cookie as it would be stored. The jar stays
    /// as it is.
    ///
    /// If the cookie [is expired](Cookie::is_expired) at `now`, `receive` would remove the cookie of its
    /// identity instead of storing it.
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
    /// [`Rejection`], if `receive` would refuse the line.
    pub fn evaluate<'r>(
        &self,
        set_cookie: &SetCookie<'_>,
        request: impl Into<Request<'r>>,
        now: impl Into<Timestamp>,
    ) -> Result<Cookie, Rejection> {
        let (request, now) = (request.into(), now.into());
        self.store.note_expired(now);
        let decision =
            storage_model::receive(set_cookie, &request, &self.store.policy, &self.store, now)?;
        Ok(decision.cookie)
    }

    /// Decides about a line by another policy, and returns the cookie, and whether it replaces one.
    #[cfg(feature = "json")]
    pub(crate) fn evaluate_by(
        &self,
        policy: &Policy,
        line: &[u8],
        request: &Request<'_>,
        now: Timestamp,
    ) -> Result<(Cookie, bool), Rejection> {
        let set_cookie = SetCookie::parse_as(line, policy.dialect)?;
        self.store.note_expired(now);
        let decision = storage_model::receive(&set_cookie, request, policy, &self.store, now)?;
        Ok((decision.cookie, decision.replaces))
    }

    /// Inserts a cookie that was built by hand, with those checks of 5.7 that do not depend on a request:
    /// as if it came over HTTP, a secure connection, from its own site.
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
    /// [`InsertError`] names the rule that refuses the cookie, and what to change in the calls of the
    /// builder.
    pub fn insert(
        &mut self,
        cookie: &CookieBuilder,
        now: impl Into<Timestamp>,
    ) -> Result<Receipt, InsertError> {
        let now = now.into();
        self.store.evict_some_expired(now);
        let decision = storage_model::insert(cookie, &self.store.policy, &self.store, now)?;
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
        let first = self.store.next_insertion();
        let (mut put, mut not_restored) = (Vec::new(), Vec::new());
        for cookie in cookies {
            match self.restore_next(&cookie.host, &cookie.fields.borrowed(), now) {
                Err(reason) => not_restored.push((cookie, reason)),
                Ok(replaced) => {
                    put.push(Some(cookie));
                    let earlier = replaced.and_then(|replaced| taken(&mut put, first, &replaced));
                    not_restored.extend(earlier.map(|earlier| (earlier, NotRestored::Duplicate)));
                }
            }
        }
        for evicted in self.store.evict_all_excess() {
            let evicted = taken(&mut put, first, &evicted);
            not_restored.extend(evicted.map(|evicted| (evicted, NotRestored::Evicted)));
        }
        not_restored
    }

    /// Takes in one cookie of those that are restored together, and returns the one whose place it takes. What is
    /// beyond the limits stays until the last of them is in.
    pub(crate) fn restore_next(
        &mut self,
        host: &str,
        fields: &Fields<&[u8]>,
        now: Timestamp,
    ) -> Result<Option<Cookie>, NotRestored> {
        let restored = self.restored(host, fields, now)?;
        Ok(self.store.put_last(restored))
    }

    /// A cookie that was stored before, as it would be restored.
    fn restored(
        &self,
        host: &str,
        fields: &Fields<&[u8]>,
        now: Timestamp,
    ) -> Result<Cookie, NotRestored> {
        let restored = storage_model::restore(host, fields, &self.store.policy, &self.store, now);
        let restored = restored.map_err(InsertError::from)?;
        if restored.is_expired(now) {
            return Err(NotRestored::Expired);
        }
        Ok(restored)
    }

    /// Evicts what is beyond the limits, once all that is restored is in, and returns it.
    #[cfg(any(feature = "json", feature = "fleet"))]
    pub(crate) fn limit_restored(&mut self) -> Vec<Cookie> {
        self.store.evict_all_excess()
    }

    /// Takes in a cookie that somebody else has stored meanwhile. One of its identity gives it its place among equal
    /// creation-times.
    #[cfg(feature = "json")]
    pub(crate) fn take_in(
        &mut self,
        host: &str,
        fields: &Fields<&[u8]>,
        now: Timestamp,
    ) -> Result<(), NotRestored> {
        let mut cookie = self.restored(host, fields, now)?;
        let old = self.store.find(&cookie.key());
        if let Some(old) = old.cookie {
            cookie.set_insertion(old.insertion());
            cookie.touch(old.last_access_time());
            self.store.replace(cookie);
        } else {
            self.store.put_last(cookie);
        }
        Ok(())
    }

    /// Removes the cookie of this one's identity.
    #[cfg(feature = "json")]
    pub(crate) fn take_out(&mut self, cookie: &Cookie) {
        self.store.remove(cookie, Cause::Removed);
    }

    /// Removes cookies of the site of a name, expired or not.
    #[cfg(feature = "json")]
    pub(crate) fn take_out_of_site(&mut self, site: &[u8], is_one: impl Fn(&Cookie) -> bool) {
        let cookies = self.store.of_site(site).filter(|cookie| is_one(cookie));
        let cookies: Vec<Cookie> = cookies.cloned().collect();
        self.remove_all(&cookies, Cause::Removed);
    }

    /// Returns the cookie of a key, expired or not.
    #[cfg(any(feature = "json", feature = "fleet"))]
    pub(crate) fn of_key(&self, key: &Key<'_>) -> Option<&Cookie> {
        self.store.find(key).cookie
    }

    /// Of this number on, cookies are newer than all that there are.
    #[cfg(feature = "json")]
    pub(crate) fn next_insertion(&self) -> u64 {
        self.store.next_insertion()
    }

    /// 5.7 steps 23.4 and 24.
    fn carry_out(&mut self, decision: Decision, now: Timestamp) -> Receipt {
        let Decision {
            cookie,
            replaces,
            is_new_creation,
        } = decision;
        if cookie.is_expired(now) {
            // It is not stored, since it would be evicted at once.
            if replaces {
                self.store.remove(&cookie, Cause::Deleted);
            }
            return Receipt::Expired;
        }
        if replaces {
            if is_new_creation {
                self.store.put_last(cookie);
            } else {
                self.store.replace(cookie);
            }
            return Receipt::Replaced;
        }
        self.store.insert(cookie, now);
        Receipt::Stored
    }

    /// Returns the cookies that go with a request, in the order of sending (5.8.3), and sets their
    /// last-access-time to `now`.
    ///
    /// For a [non-HTTP API](Request::non_http) it returns the cookies that the API may read.
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

    /// 5.8.3: the cookies that go with a request, which are accessed now.
    fn retrieve(&self, request: &Request<'_>, now: Timestamp) -> Vec<(SendingOrder, &Cookie)> {
        let cookie_list = self.cookie_list(request, now);
        // 5.8.3 step 5: accessed now
        self.store
            .touch(cookie_list.iter().map(|(_, cookie)| *cookie), now);
        cookie_list
    }

    /// 5.8.3, steps 1 to 4: the sorted cookie-list, with the key of sorting.
    fn cookie_list(&self, request: &Request<'_>, now: Timestamp) -> Vec<(SendingOrder, &Cookie)> {
        let as_of = self.store.note_expired(now);
        let Some(retrieval) = Retrieval::new(request, &self.store.policy, now) else {
            return Vec::new();
        };
        let mut cookie_list = Vec::with_capacity(16);
        // 5.8.3 step 3: the cookie-list
        let partitions = |_| [None, retrieval.partition_key()];
        self.store
            .visit_matched(retrieval.host(), partitions, |cookies| {
                let of_domain = self.of_domain(&retrieval, cookies[0].home());
                for cookie in cookies.iter().filter(|cookie| !cookie.is_expired(as_of)) {
                    if retrieval::exclusion(cookie, &retrieval, of_domain).is_none() {
                        cookie_list.push((cookie.sending_order(), cookie));
                    }
                }
            });
        // 5.8.3 step 4: in the order of sending
        cookie_list.sort_unstable_by_key(|(order, _)| *order);
        if self.store.policy.max_cookie_string_octets < usize::MAX {
            let mut fits = retrieval::fits(&self.store.policy);
            cookie_list.retain(|(_, cookie)| fits(cookie));
        }
        cookie_list
    }

    /// Compares the domain of a cookie of this jar with the request.
    fn of_domain(&self, retrieval: &Retrieval<'_>, home: &Home) -> OfDomain {
        let is_rejected = self.store.policy.reject_public_suffixes && home.is_public_suffix;
        OfDomain::new(retrieval, home.domain(), is_rejected)
    }

    /// Returns the value of the Cookie header field for a request (5.8.3), or `None` if no cookie goes
    /// with it. The last-access-time of the cookies is set to `now`.
    ///
    /// The octets are those that servers set, which need not be UTF-8.
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

    /// Appends the value of the Cookie header field for a request to a buffer. Returns true if a cookie
    /// goes with the request. Otherwise the buffer stays as it is.
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
        let request = request.into();
        let cookie_list = self.retrieve(&request, now.into());
        let start = into.len();
        retrieval::write_cookie_string(cookie_list.iter().map(|(_, cookie)| *cookie), into);
        if request.is_non_http() {
            retrieval::as_scripts_read(into, start, self.store.policy.dialect);
        }
        into.len() > start
    }

    /// Returns the cookie of this name that would go with a request, or `None`: for instance the one
    /// whose value a form has to repeat against forged requests.
    ///
    /// Of several cookies of the name it is the first in the order of sending (5.8.3 step 4). No
    /// last-access-time changes.
    ///
    /// ```
    /// # use hardtack::CookieJar;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// let mut jar = CookieJar::default();
    /// let url = url::Url::parse("https://shop.example/")?;
    /// jar.receive("csrftoken=6f2a", &url, now).unwrap();
    /// let token = jar.find(&url, "csrftoken", now).unwrap();
    /// assert_eq!(token.value_str(), Some("6f2a"));
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn find<'r>(
        &self,
        request: impl Into<Request<'r>>,
        name: impl AsRef<[u8]>,
        now: impl Into<Timestamp>,
    ) -> Option<&Cookie> {
        let name = name.as_ref();
        let cookie_list = self.cookie_list(&request.into(), now.into()).into_iter();
        let mut cookies = cookie_list.map(|(_, cookie)| cookie);
        cookies.find(|cookie| cookie.name() == name)
    }

    /// Returns every cookie of the request's host and its parent domains, of all partitions, with the
    /// reason why it would not be sent: first the cookies that would be, with `None`, in the order of
    /// sending, then the others in the order of creation.
    ///
    /// No last-access-time changes.
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
        let as_of = self.store.note_expired(now);
        let Some(retrieval) = Retrieval::new(&request, &self.store.policy, now) else {
            return Vec::new();
        };
        let (mut sent, mut excluded) = (Vec::new(), Vec::new());
        self.store
            .visit_matched(retrieval.host(), Site::partitions, |cookies| {
                let of_domain = self.of_domain(&retrieval, cookies[0].home());
                for cookie in cookies.iter().filter(|cookie| !cookie.is_expired(as_of)) {
                    match retrieval::exclusion(cookie, &retrieval, of_domain) {
                        None => sent.push((cookie, None)),
                        Some(why) => excluded.push((cookie, Some(why))),
                    }
                }
            });
        sent.sort_by_cached_key(|(cookie, _)| cookie.sending_order());
        let mut fits = retrieval::fits(&self.store.policy);
        let (mut sent, without_room): (Vec<_>, Vec<_>) =
            sent.into_iter().partition(|(cookie, _)| fits(cookie));
        let without_room = without_room.into_iter();
        excluded
            .extend(without_room.map(|(cookie, _)| (cookie, Some(Exclusion::CookieStringFull))));
        excluded.sort_unstable_by_key(|(cookie, _)| cookie.creation_order());
        sent.append(&mut excluded);
        sent
    }

    /// Returns the reason why a cookie does not go with a request, or `None` if it does. The cookie may
    /// be of any host, and of any jar. The policy's
    /// [`max_cookie_string_octets`](Policy::max_cookie_string_octets), which depends on the other
    /// cookies, is left out here; [`CookieJar::explain`] applies it.
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
        self.store.note_expired(now);
        let Some(retrieval) = Retrieval::new(&request, &self.store.policy, now) else {
            return Some(Exclusion::NoCanonicalHost);
        };
        if cookie.is_expired(now) {
            return Some(Exclusion::Expired);
        }
        // The home may be of a jar with another list.
        let is_rejected = self.store.policy.rejects(cookie.domain());
        let of_domain = OfDomain::new(&retrieval, cookie.domain(), is_rejected);
        let fits = retrieval::fits(&self.store.policy)(cookie);
        let without_room = (!fits).then_some(Exclusion::CookieStringFull);
        retrieval::exclusion(cookie, &retrieval, of_domain).or(without_room)
    }

    /// Returns all cookies that have not expired, in the order of creation.
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
        let as_of = self.store.note_expired(now.into());
        let unexpired = self.store.iter().filter(|cookie| !cookie.is_expired(as_of));
        let mut cookies: Vec<_> = unexpired.collect();
        cookies.sort_unstable_by_key(|cookie| cookie.creation_order());
        cookies.into_iter()
    }

    /// Returns the cookies of a domain, name and path that have not expired. In each partition there may
    /// be two of them, a host-only one and one that is not.
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
        let as_of = self.store.note_expired(now.into());
        let (name, path) = (name.as_ref(), path.as_ref());
        let mut found = self.store.named(domain.octets(), name, path);
        if found.is_empty() {
            found = self.store.named(&domain.canonical(), name, path);
        }
        found.retain(|cookie| !cookie.is_expired(as_of));
        found
    }

    /// Removes the cookies of a domain, name and path that have not expired, those that
    /// [`CookieJar::get`] returns. Returns their number.
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
        self.store.clear();
    }

    /// Removes the cookies of this very domain, and returns their number. Those of its subdomains stay;
    /// [`CookieJar::retain`] removes by any other rule.
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
        let mut found = self.store.of_domain(domain.octets());
        if found.is_empty() {
            found = self.store.of_domain(&domain.canonical());
        }
        let found: Vec<Cookie> = found.into_iter().cloned().collect();
        self.remove_all(&found, Cause::Removed)
    }

    /// Ends the session (5.7): removes all cookies that are not persistent, and returns their number.
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

    /// Removes all cookies that have expired at `now` (5.7).
    ///
    /// Calling it is optional: expired cookies are never sent or shown, and every method that changes the
    /// jar at some `now` removes some of them. It makes [`CookieJar::len`] exact.
    ///
    /// ```
    /// # use hardtack::{CookieJar, Timestamp};
    /// let mut jar = CookieJar::default();
    /// let url = url::Url::parse("https://shop.example/")?;
    /// jar.receive("theme=dark; Max-Age=60", &url, Timestamp::from_secs(0)).unwrap();
    /// jar.evict_expired(Timestamp::from_secs(61));
    /// assert_eq!(jar.len(), 0);
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn evict_expired(&mut self, now: impl Into<Timestamp>) {
        self.store.evict_expired(now.into());
    }

    /// Removes the cookies for which `keep` returns false, and returns their number. Cookies are removed
    /// only after `keep` was called for all of them.
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

    /// Returns what has changed since this was last called, or since [`CookieJar::watch`], without which
    /// nothing is logged: each identity once, as the example of [`Change`] shows.
    pub fn changes(&mut self) -> Vec<Change> {
        let changes = self.store.changes().into_iter();
        changes.map(|logged| logged.change).collect()
    }

    /// Returns what has changed, and when. That is when a [`SharedJar`](crate::SharedJar) last began to write.
    #[cfg(feature = "json")]
    pub(crate) fn logged(&mut self) -> Vec<Logged> {
        self.store.changes()
    }

    /// Tells the log, where there is one, when what comes next is done.
    pub(crate) fn log_from(&mut self, now: Timestamp) {
        if let Some(log) = &mut self.store.log {
            log.set_now(now);
        }
    }

    /// The changes as they came, each with when it was made, and what was sent if that is asked for.
    #[cfg(feature = "sqlite")]
    pub(crate) fn as_logged(&mut self, with_touched: bool) -> Vec<Logged> {
        if with_touched {
            self.store.log_touched();
        }
        let log = self.store.log.as_mut();
        log.map_or_else(Vec::new, Log::take_as_logged)
    }

    /// How many changes wait to be asked for, without those of what was sent.
    #[cfg(feature = "sqlite")]
    pub(crate) fn log_len(&self) -> usize {
        self.store.log.as_ref().map_or(0, Log::len)
    }

    /// Changes the jar, and logs nothing of it.
    #[cfg(feature = "sqlite")]
    pub(crate) fn unlogged<T>(&mut self, change: impl FnOnce(&mut Self) -> T) -> T {
        let log = self.store.log.take();
        let result = change(self);
        self.store.log = log;
        result
    }

    /// Changes the jar, which nobody watches, and returns what that changed, but for what was sent.
    #[cfg(feature = "fleet")]
    pub(crate) fn changes_by(&mut self, change: impl FnOnce(&mut Self)) -> Vec<Change> {
        self.store.log = Some(Log::default());
        change(self);
        let log = self.store.log.take();
        let changes = log.map_or_else(Vec::new, |mut log| log.take());
        changes.into_iter().map(|logged| logged.change).collect()
    }

    /// Does what was done to another jar, but for what that let go by itself.
    #[cfg(feature = "fleet")]
    pub(crate) fn carry_over(&mut self, changes: &[Change], now: Timestamp) {
        for change in changes {
            match change {
                Change::Stored(cookie) => {
                    self.restore([CookieBuilder::from(cookie)], now);
                }
                Change::Removed(cookie, cause) if !cause.is_by_itself() => {
                    self.store.remove(cookie, *cause);
                }
                Change::Removed(..) | Change::Touched(_) => {}
            }
        }
    }

    /// What has expired by then stays gone.
    #[cfg(feature = "fleet")]
    pub(crate) fn has_been_at(&self, now: Timestamp) {
        self.store.note_expired(now);
    }

    /// Takes over when cookies were last sent from another copy of the jar, where it is later there.
    #[cfg(feature = "fleet")]
    pub(crate) fn take_accesses(&self, other: &Self) {
        for cookie in self.store.iter() {
            if let Some(same) = other.of_key(&cookie.key()) {
                cookie.touch(same.last_access_time());
            }
        }
    }

    /// Returns the number of cookies that are kept. Expired ones count until they are removed: a few by
    /// each change of the jar, all by [`CookieJar::evict_expired`].
    ///
    /// ```
    /// # use hardtack::CookieJar;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// let mut jar = CookieJar::default();
    /// jar.receive_all(["a=1", "b=2"], &url::Url::parse("https://shop.example/")?, now);
    /// assert_eq!(jar.len(), 2);
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn len(&self) -> usize {
        self.store.len()
    }

    /// Returns true if the jar is empty. Expired cookies count as they do for [`CookieJar::len`].
    ///
    /// ```
    /// # use hardtack::CookieJar;
    /// assert!(CookieJar::default().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Takes the data of a cookie from those that were put into a store, the first of them as its `first` insertion.
fn taken(put: &mut [Option<CookieBuilder>], first: u64, cookie: &Cookie) -> Option<CookieBuilder> {
    let index = cookie.insertion().checked_sub(first)?;
    put.get_mut(usize::try_from(index).ok()?)?.take()
}

impl Clone for CookieJar {
    /// Copies the policy and the cookies. The copy logs no changes, unless it is
    /// [watched](CookieJar::watch) itself.
    fn clone(&self) -> Self {
        Self {
            store: self.store.unwatched(),
        }
    }
}

impl fmt::Debug for CookieJar {
    /// Shows the policy and the cookies, as their own `Debug` does, without values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut cookies: Vec<&Cookie> = self.store.iter().collect();
        cookies.sort_unstable_by_key(|cookie| cookie.creation_order());
        f.debug_struct("CookieJar")
            .field("policy", &self.store.policy)
            .field("cookies", &cookies)
            .finish()
    }
}

impl Default for CookieJar {
    /// Makes an empty jar with the default policy.
    fn default() -> Self {
        Self::new(Policy::default())
    }
}
