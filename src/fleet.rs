//! One jar for many machines, behind the feature `fleet`; at Redis or Valkey with the feature `redis`.
//!
//! A crawler, a scraping service or a proxy that outgrew one machine keeps its sessions where all its workers reach them. A
//! [`Fleet`] is a process's access to that place, a [`Backend`]. There the cookies of one *identity* (a session, an account, a
//! crawl) and one *site* are one value with a version. A [`FleetJar`] is the jar of one identity: it decides on what is
//! there, and what it decides is stored only if that is there still; otherwise it decides again. So no update is lost, and
//! nothing that was removed comes back.
//!
//! ```
//! use hardtack::fleet::{Fleet, MemoryBackend};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let fleet = Fleet::new(MemoryBackend::default()); // or a `RedisBackend`
//! let jar = fleet.jar("account-17");
//! let url = url::Url::parse("https://shop.example/")?;
//! jar.receive_all(["sid=31d4; Secure; HttpOnly", "theme=dark"], &url).await?;
//! let answer = jar.cookie_string(&url).await?;
//! assert_eq!(answer.value.unwrap(), b"sid=31d4; theme=dark");
//! # Ok(())
//! # }
//! ```
//!
//! It needs a runtime of tokio with its timer. What is written goes on in a task of that runtime, also if the future is
//! dropped that waits for it.
//!
//! Differences to a [`CookieJar`]:
//!
//! - [`max_cookies`](Policy::max_cookies), the limit of all cookies, is one of a site's here: no server counts over sites.
//! - 5.7 step 16 (a line over http must not overlay a secure cookie) asks for the cookies of other sites where a public suffix
//!   is a host itself, above and below it. It does so just before, and not in one step with what is stored. It does not ask
//!   for sites below a name that is no public suffix, as those of `s3.amazonaws.com` are below `amazonaws.com`.

mod backend;
mod cache;
mod commit;
mod memory;
mod readings;
#[cfg(feature = "redis")]
mod redis;
mod site;

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "redis")]
#[cfg_attr(docsrs, doc(cfg(feature = "redis")))]
pub use self::redis::{RedisBackend, RedisBackendBuilder};
pub use backend::{
    Backend, BackendError, Invalidated, Loaded, NoSiteKey, SiteKey, Stored, Value, Version,
};
pub use memory::MemoryBackend;

use url::Url;

use crate::change::Change;
use crate::cookie::{Cookie, CookieBuilder};
use crate::host::{CanonicalHost, Domain};
use crate::jar::{CookieJar, Receipt};
use crate::listener::{self, Listener, Received};
use crate::policy::Policy;
use crate::rejection::{InsertError, Rejection};
use crate::request::Request;
use crate::request_context::KeptRequest;
use crate::retrieval::Exclusion;
use crate::set_cookie::SetCookie;
use crate::shared::SharedJar;
use crate::timestamp::Timestamp;
use cache::{Cache, Copy};
use commit::{Also, Patience};
use readings::Readings;

/// A process's access to the cookies of all identities at a [`Backend`]. Clones of it are one.
///
/// ```
/// use hardtack::fleet::{Fleet, MemoryBackend};
///
/// let fleet = Fleet::new(MemoryBackend::default());
/// let (one, other) = (fleet.jar("account-17"), fleet.jar("account-18")); // which share no cookies
/// assert_eq!(one.identity(), "account-17");
/// ```
pub struct Fleet<B> {
    inner: Arc<Inner<B>>,
}

struct Inner<B> {
    backend: B,
    policy: Policy,
    clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
    listeners: Vec<Box<Listener>>,
    freshness: Freshness,
    stale: Option<Duration>,
    session_time_to_live: Duration,
    max_tries: u32,
    repeat_for: Duration,
    cache: Cache,
    /// What was read from the clock.
    readings: Readings,
}

/// How new the cookies are that a request gets. Those that this process has stored are always among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Freshness {
    /// Each request asks the back end whether what is known is there still: one round trip.
    #[default]
    Validated,
    /// A request gets what the back end had within this time, without asking it; where the back end tells of changes, until
    /// it does.
    Cached(Duration),
}

/// What a request gets.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Answer<T> {
    /// The answer.
    pub value: T,
    /// How old the cookies are that it was made of, if the back end could not be asked and
    /// [`stale`](FleetBuilder::stale) allows that; otherwise `None`.
    pub stale: Option<Duration>,
}

impl<T> Answer<T> {
    fn map<U>(self, map: impl FnOnce(T) -> U) -> Answer<U> {
        Answer {
            value: map(self.value),
            stale: self.stale,
        }
    }
}

/// Why a fleet's jar could not do what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum FleetError {
    /// A rule refuses the line.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// A rule refuses the cookie that was built by hand.
    #[error(transparent)]
    NotInserted(#[from] InsertError),
    /// The back end failed: the cookies are not known, or nothing was stored.
    #[error(transparent)]
    Backend(BackendError),
    /// The back end failed, and what was to be stored may be stored or not.
    #[error("what was to be stored may be stored or not")]
    Unknown(#[source] BackendError),
    /// It is stored, but fewer replicas have it than were asked for: it may be lost if the primary is.
    #[error("the cookies of {site} are stored, but fewer replicas have them than were asked for")]
    NotReplicated {
        /// The site.
        site: String,
    },
    /// Others stored before, again and again.
    #[error(
        "others wrote the cookies of {site} meanwhile, {tries} times in a row: raise `max_tries`, or write less often"
    )]
    Contended {
        /// The site.
        site: String,
        /// How often it was tried.
        tries: u32,
    },
    /// A cookie cannot be written as octets.
    #[error("a cookie of {site} cannot be written as octets")]
    NotWritable {
        /// The site.
        site: String,
    },
    /// What is at the key is not a site's cookies.
    #[error(
        "what is at the key of {site} was not written by hardtack: give the fleet a prefix of its own"
    )]
    Foreign {
        /// The site.
        site: String,
    },
    /// What is at the key is in a newer format.
    #[error("the cookies of {site} are in version {version} of the format: update hardtack")]
    Newer {
        /// The site.
        site: String,
        /// The version.
        version: u8,
    },
    /// The back end keeps no list of an identity's sites.
    #[error("the back end keeps no list of an identity's sites, which this needs")]
    NoList,
    /// No runtime of tokio is there, and nothing was stored, or it ended, or its task, while something was to be stored: that may
    /// be stored or not.
    #[error("there is no runtime of tokio: call it inside one")]
    NoRuntime,
}

/// The configuration of a new [`Fleet`].
///
/// ```
/// use std::time::Duration;
/// use hardtack::Policy;
/// use hardtack::fleet::{Fleet, Freshness, MemoryBackend};
///
/// let fleet = Fleet::builder(MemoryBackend::default())
///     .policy(Policy::default().with_max_cookies_per_site(100))
///     .freshness(Freshness::Cached(Duration::from_secs(5)))
///     .stale(Duration::from_secs(60))
///     .build();
/// assert_eq!(fleet.policy().max_cookies_per_site, 100);
/// ```
#[must_use]
pub struct FleetBuilder<B> {
    inner: Inner<B>,
}

impl<B: Backend> FleetBuilder<B> {
    /// Sets the policy. The default is that of a [`CookieJar`].
    ///
    /// All processes should have the same: a cookie that one stores and another refuses stays at the back end, and only the
    /// first one sends it; lower limits evict what others have stored.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.inner.policy = policy;
        self
    }

    /// Sets the clock. The default is the system's.
    pub fn clock<T: Into<Timestamp>>(
        mut self,
        clock: impl Fn() -> T + Send + Sync + 'static,
    ) -> Self {
        self.inner.clock = Box::new(move || clock().into());
        self
    }

    /// Adds a listener, which is called with each Set-Cookie line that a jar of the fleet has received, as that of a
    /// [`SharedJar`] is: once what it changed is stored. Of a line whose outcome nobody is told, since the future was dropped
    /// or ended with an error, it is not told either.
    pub fn listener(mut self, listener: impl Fn(&Received<'_>) + Send + Sync + 'static) -> Self {
        self.inner.listeners.push(Box::new(listener));
        self
    }

    /// Sets how new the cookies are that a request gets. The default is [`Freshness::Validated`].
    pub fn freshness(mut self, freshness: Freshness) -> Self {
        self.inner.freshness = freshness;
        self
    }

    /// Allows requests to get cookies that the back end had within this time, where it cannot be asked now. The default is
    /// an error.
    pub fn stale(mut self, stale: Duration) -> Self {
        self.inner.stale = Some(stale);
        self
    }

    /// Sets how long the cookies of a site are kept after the last change, where they end with the session. The default is 30
    /// days.
    pub fn session_time_to_live(mut self, time_to_live: Duration) -> Self {
        self.inner.session_time_to_live = time_to_live;
        self
    }

    /// Sets how often a change is decided anew before it fails as [`FleetError::Contended`]. The default is 64.
    pub fn max_tries(mut self, max_tries: u32) -> Self {
        self.inner.max_tries = max_tries;
        self
    }

    /// Sets how long a call of the back end is repeated whose answer is lost. The default is two seconds.
    pub fn repeat_for(mut self, time: Duration) -> Self {
        self.inner.repeat_for = time;
        self
    }

    /// Sets how many sites the process keeps decoded, those that were used last. The default is 10,000.
    pub fn cached_sites(mut self, sites: NonZeroUsize) -> Self {
        self.inner.cache = Cache::new(sites);
        self
    }

    /// Makes the fleet.
    pub fn build(self) -> Fleet<B> {
        let inner = Arc::new(self.inner);
        if let Freshness::Cached(_) = inner.freshness {
            let weak = Arc::downgrade(&inner);
            inner.backend.watch(Arc::new(move |invalidated| {
                if let Some(inner) = weak.upgrade() {
                    inner.cache.invalidate(&invalidated);
                }
            }));
        }
        Fleet { inner }
    }
}

impl<B> fmt::Debug for FleetBuilder<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt_as("FleetBuilder", f)
    }
}

impl<B> Inner<B> {
    fn now(&self) -> Timestamp {
        let now = (self.clock)();
        self.readings.add(now);
        now
    }

    /// Has a copy let go what has expired by the clock since it was made: it stays gone, even if the clock goes back. What
    /// the clock was before says nothing of cookies that came after it went back.
    fn let_go(&self, copy: &Copy) {
        if let Some(latest) = self.readings.latest_after(copy.made_after) {
            copy.site.jar.has_been_at(latest);
        }
    }

    fn fmt_as(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(name)
            .field("policy", &self.policy)
            .field("freshness", &self.freshness)
            .field("stale", &self.stale)
            .finish_non_exhaustive()
    }
}

impl<B: Backend> Fleet<B> {
    /// Makes a fleet with the default configuration.
    pub fn new(backend: B) -> Self {
        Self::builder(backend).build()
    }

    /// Starts the configuration of a fleet.
    pub fn builder(backend: B) -> FleetBuilder<B> {
        const CACHED_SITES: NonZeroUsize = NonZeroUsize::new(10_000).unwrap();
        FleetBuilder {
            inner: Inner {
                backend,
                policy: Policy::default(),
                clock: Box::new(|| std::time::SystemTime::now().into()),
                listeners: Vec::new(),
                freshness: Freshness::default(),
                stale: None,
                session_time_to_live: Duration::from_secs(30 * 24 * 60 * 60),
                max_tries: 64,
                repeat_for: Duration::from_secs(2),
                cache: Cache::new(CACHED_SITES),
                readings: Readings::default(),
            },
        }
    }

    /// Returns the jar of an identity: a session, an account, a crawl. Nothing is read yet.
    pub fn jar(&self, identity: impl Into<Arc<str>>) -> FleetJar<B> {
        FleetJar {
            fleet: self.clone(),
            identity: identity.into(),
        }
    }

    /// Returns the policy.
    pub fn policy(&self) -> &Policy {
        &self.inner.policy
    }

    /// Reads the clock. What has expired by now stays gone in this process, even if the clock goes back. Calling it is
    /// optional: every other method reads the clock as well.
    pub fn evict_expired(&self) {
        self.inner.now();
    }

    /// Returns the back end.
    pub fn backend(&self) -> &B {
        &self.inner.backend
    }
}

impl<B> Clone for Fleet<B> {
    fn clone(&self) -> Self {
        let inner = Arc::clone(&self.inner);
        Self { inner }
    }
}

impl<B> fmt::Debug for Fleet<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt_as("Fleet", f)
    }
}

/// The jar of one identity in a [`Fleet`]. Clones of it are one.
pub struct FleetJar<B> {
    fleet: Fleet<B>,
    identity: Arc<str>,
}

impl<B> Clone for FleetJar<B> {
    fn clone(&self) -> Self {
        Self {
            fleet: self.fleet.clone(),
            identity: Arc::clone(&self.identity),
        }
    }
}

impl<B> fmt::Debug for FleetJar<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FleetJar")
            .field("fleet", &self.fleet)
            .field("identity", &self.identity)
            .finish()
    }
}

/// Set-Cookie lines, which are decided on as often as the cookies there have changed.
type Lines = Arc<[Vec<u8>]>;

/// The outcome of each line.
type Outcomes = Vec<Result<Receipt, Rejection>>;

impl<B: Backend> FleetJar<B> {
    /// Returns the fleet.
    pub fn fleet(&self) -> &Fleet<B> {
        &self.fleet
    }

    /// Returns the identity.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    fn inner(&self) -> &Inner<B> {
        &self.fleet.inner
    }

    fn now(&self) -> Timestamp {
        self.inner().now()
    }

    fn key(&self, site: impl Into<Arc<str>>) -> SiteKey {
        SiteKey::new(Arc::clone(&self.identity), site)
    }

    /// Receives one Set-Cookie line, as [`CookieJar::receive`] does.
    ///
    /// ```
    /// # use hardtack::fleet::{Fleet, MemoryBackend};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let jar = Fleet::new(MemoryBackend::default()).jar("account-17");
    /// # let url = url::Url::parse("https://shop.example/")?;
    /// use hardtack::Receipt;
    /// use hardtack::fleet::FleetError;
    ///
    /// assert_eq!(jar.receive("sid=31d4", &url).await?, Receipt::Stored);
    /// let refused = jar.receive("ad=1; Domain=example", &url).await.unwrap_err();
    /// assert!(matches!(refused, FleetError::Rejected(_)));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`FleetError`]; [`FleetError::Rejected`], if a rule refuses the line.
    pub async fn receive<'r>(
        &self,
        set_cookie_string: impl AsRef<[u8]>,
        request: impl Into<Request<'r>>,
    ) -> Result<Receipt, FleetError> {
        let line = set_cookie_string.as_ref().to_vec();
        let outcomes = self.receive_lines([line].into(), request.into()).await?;
        let outcome = outcomes.into_iter().next().ok_or(FleetError::NoRuntime)?;
        Ok(outcome?)
    }

    /// Receives all Set-Cookie lines of a response, in order, and returns the outcome of each. They are stored together.
    ///
    /// ```
    /// # use hardtack::fleet::{Fleet, MemoryBackend};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let jar = Fleet::new(MemoryBackend::default()).jar("account-17");
    /// # let url = url::Url::parse("https://shop.example/")?;
    /// let received = jar.receive_all(["sid=31d4", "ad=1; Domain=example"], &url).await?;
    /// assert!(received[0].is_ok() && received[1].is_err());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`FleetError`], if it is not known what is there, or nothing could be stored. Where the policy does not reject public
    /// suffixes, lines of a response may be of several sites: those before the one that it failed at are stored then.
    pub async fn receive_all<'r>(
        &self,
        set_cookie_strings: impl IntoIterator<Item: AsRef<[u8]>>,
        request: impl Into<Request<'r>>,
    ) -> Result<Vec<Result<Receipt, Rejection>>, FleetError> {
        let lines = set_cookie_strings.into_iter();
        let lines = lines.map(|line| line.as_ref().to_vec()).collect();
        self.receive_lines(lines, request.into()).await
    }

    async fn receive_lines(
        &self,
        lines: Lines,
        request: Request<'_>,
    ) -> Result<Outcomes, FleetError> {
        let outcomes = self.decide_lines(Lines::clone(&lines), request).await?;
        for (line, outcome) in lines.iter().zip(&outcomes) {
            listener::tell(&self.inner().listeners, line, &request, outcome);
        }
        Ok(outcomes)
    }

    async fn decide_lines(
        &self,
        lines: Lines,
        request: Request<'_>,
    ) -> Result<Outcomes, FleetError> {
        let policy = &self.inner().policy;
        let Some(host) = request.host().filter(|_| !lines.is_empty()) else {
            // Without a host nothing is stored.
            let mut jar = CookieJar::new(policy.clone());
            return Ok(jar.receive_all(lines.iter(), request, self.now()));
        };
        let sites = site::sites(&host, policy);
        let overlaid = if request.is_secure(policy) {
            Vec::new()
        } else {
            self.secure_around(&sites).await?
        };
        let [own] = &sites.of_host[..] else {
            return self.receive_apart(lines, request, &host, &overlaid).await;
        };
        self.receive_of_site(own, lines, request, overlaid).await
    }

    /// The secure cookies of other sites that step 16 of 5.7 looks at.
    async fn secure_around(&self, sites: &site::Sites) -> Result<Vec<CookieBuilder>, FleetError> {
        let mut keys: Vec<SiteKey> = sites.above.iter().map(|site| self.key(&**site)).collect();
        if let Some(own) = sites.of_host.first() {
            keys.extend(self.sites_below(own).await?);
        }
        // Where a host has one site, its own are there when a line is decided.
        if sites.of_host.len() > 1 {
            keys.extend(sites.of_host.iter().map(|site| self.key(&**site)));
        }
        self.secure_of(keys).await
    }

    /// The identity's sites whose names end in that of a site, as those below `github.io` and `localhost` do.
    async fn sites_below(&self, site: &str) -> Result<Vec<SiteKey>, FleetError> {
        if !site::has_sites_below(site) {
            return Ok(Vec::new());
        }
        let mut listed = self.listed().await?.unwrap_or_default();
        let below = format!(".{site}");
        listed.retain(|key| key.site().ends_with(&below));
        Ok(listed)
    }

    /// The secure cookies of these sites.
    async fn secure_of(&self, keys: Vec<SiteKey>) -> Result<Vec<CookieBuilder>, FleetError> {
        let now = self.now();
        let mut secure = Vec::new();
        for key in keys {
            let copy = self.read(&key).await?.value;
            self.inner().let_go(&copy);
            let cookies = copy
                .site
                .jar
                .iter(now)
                .filter(|cookie| cookie.secure_only());
            secure.extend(cookies.map(CookieBuilder::from));
        }
        Ok(secure)
    }

    /// Receives lines each of which may be of another site, where the policy rejects no public suffixes.
    async fn receive_apart(
        &self,
        lines: Lines,
        request: Request<'_>,
        host: &CanonicalHost<'_>,
        overlaid: &[CookieBuilder],
    ) -> Result<Outcomes, FleetError> {
        let mut outcomes = Outcomes::with_capacity(lines.len());
        for line in lines.iter() {
            let outcome = self.receive_one_apart(line, request, host, overlaid).await;
            // What came before it is stored.
            let is_stored = outcomes.iter().any(Result::is_ok);
            outcomes.extend(outcome.map_err(|error| {
                if is_stored {
                    commit::unknown(error)
                } else {
                    error
                }
            })?);
        }
        Ok(outcomes)
    }

    async fn receive_one_apart(
        &self,
        line: &[u8],
        request: Request<'_>,
        host: &CanonicalHost<'_>,
        overlaid: &[CookieBuilder],
    ) -> Result<Outcomes, FleetError> {
        let empty = CookieJar::new(self.inner().policy.clone());
        let is_secure = request.is_secure(empty.policy());
        let set_cookie = match SetCookie::parse_as(line, empty.policy().dialect) {
            Ok(set_cookie) => set_cookie,
            Err(error) => return Ok(vec![Err(error.into())]),
        };
        let site = match empty.evaluate(&set_cookie, request, self.now()) {
            Ok(cookie) => site::site_of(cookie.domain()),
            Err(rejection) if is_secure => return Ok(vec![Err(rejection)]),
            // Step 16 comes before some rules, and asks for what is there.
            Err(_) => site::site_of(set_cookie.domain().unwrap_or(host.octets())),
        };
        let mut overlaid = overlaid.to_vec();
        if !is_secure {
            // Below its Domain there may be sites of others than the host.
            let below = self.sites_below(&site).await?;
            overlaid.extend(self.secure_of(below).await?);
        }
        let lines = [line.to_vec()].into();
        self.receive_of_site(&site, lines, request, overlaid).await
    }

    async fn receive_of_site(
        &self,
        site: &str,
        lines: Lines,
        request: Request<'_>,
        overlaid: Vec<CookieBuilder>,
    ) -> Result<Outcomes, FleetError> {
        let kept = KeptRequest::of(&request);
        let around = self.jar_of_others(site, overlaid);
        self.change(site, move |jar, now| {
            let Some(around) = &around else {
                return jar.receive_all(lines.iter(), kept.request(), now);
            };
            let receive = |line: &Vec<u8>| {
                let set_cookie = SetCookie::parse_as(line, around.policy().dialect);
                let evaluated =
                    set_cookie.map(|line| around.evaluate(&line, kept.request(), now).err());
                match evaluated {
                    Ok(Some(Rejection::OverlaysSecure)) => Err(Rejection::OverlaysSecure),
                    _ => jar.receive(line, kept.request(), now),
                }
            };
            lines.iter().map(receive).collect()
        })
        .await
    }

    /// The secure cookies of other sites as a jar of all, or `None` if there are none.
    fn jar_of_others(&self, site: &str, overlaid: Vec<CookieBuilder>) -> Option<CookieJar> {
        let policy = self.inner().policy.clone();
        let mut jar = CookieJar::new(policy.with_max_cookies(usize::MAX));
        let now = self.now();
        let is_of_other = |cookie: &CookieBuilder| {
            let host = CanonicalHost::parse(&cookie.host);
            host.is_none_or(|host| site::site_of(host.octets()) != site)
        };
        jar.restore(overlaid.into_iter().filter(is_of_other), now);
        (!jar.is_empty()).then_some(jar)
    }

    /// Inserts a cookie that was built by hand, as [`CookieJar::insert`] does.
    ///
    /// ```
    /// # use hardtack::fleet::{Fleet, MemoryBackend};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let jar = Fleet::new(MemoryBackend::default()).jar("account-17");
    /// # let url = url::Url::parse("https://shop.example/")?;
    /// use hardtack::{Cookie, Receipt};
    ///
    /// let cookie = Cookie::builder("sid", "31d4", "shop.example").secure_only(true);
    /// assert_eq!(jar.insert(&cookie).await?, Receipt::Stored);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`FleetError`]; [`FleetError::NotInserted`], if a rule refuses the cookie.
    pub async fn insert(&self, cookie: &CookieBuilder) -> Result<Receipt, FleetError> {
        let cookie = cookie.clone();
        let site = match CanonicalHost::parse(&cookie.host) {
            Some(host) => site::site_of(host.octets()),
            None => cookie.host.clone(),
        };
        let inserted = self.change(&site, move |jar, now| jar.insert(&cookie, now));
        Ok(inserted.await??)
    }

    /// Removes the cookies of a domain, name and path, as [`CookieJar::remove`] does, and returns their number.
    ///
    /// ```
    /// # use hardtack::fleet::{Fleet, MemoryBackend};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let jar = Fleet::new(MemoryBackend::default()).jar("account-17");
    /// # let url = url::Url::parse("https://shop.example/")?;
    /// use hardtack::Domain;
    ///
    /// jar.receive("sid=31d4", &url).await?;
    /// assert_eq!(jar.remove(Domain::new("shop.example"), "sid", "/").await?, 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`FleetError`].
    pub async fn remove(
        &self,
        domain: Domain<'_>,
        name: impl AsRef<[u8]>,
        path: impl AsRef<[u8]>,
    ) -> Result<usize, FleetError> {
        let canonical = domain.canonical().into_owned();
        let (name, path) = (name.as_ref().to_vec(), path.as_ref().to_vec());
        let site = site::site_of(&canonical);
        self.change(&site, move |jar, now| {
            jar.remove(Domain::new(&canonical), &name, &path, now)
        })
        .await
    }

    /// Returns the value of the Cookie header field for a request, or `None` in it if no cookie goes with it, as
    /// [`CookieJar::cookie_string`] does.
    ///
    /// ```
    /// # use hardtack::fleet::{Fleet, MemoryBackend};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let jar = Fleet::new(MemoryBackend::default()).jar("account-17");
    /// # let url = url::Url::parse("https://shop.example/")?;
    /// jar.receive_all(["a=1", "b=2"], &url).await?;
    /// let answer = jar.cookie_string(&url).await?;
    /// assert_eq!((answer.value.as_deref(), answer.stale), (Some(&b"a=1; b=2"[..]), None));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`FleetError`], if the cookies are not known.
    pub async fn cookie_string<'r>(
        &self,
        request: impl Into<Request<'r>>,
    ) -> Result<Answer<Option<Vec<u8>>>, FleetError> {
        let request = request.into();
        let sites = self.sites_of(&request).of_host;
        self.ask(&sites, |jar, now| {
            let cookie_string = jar.cookie_string(request, now);
            (cookie_string.is_some(), cookie_string)
        })
        .await
    }

    /// Returns the cookies that go with a request, in the order of sending, as [`CookieJar::cookies`] does.
    ///
    /// ```
    /// # use hardtack::fleet::{Fleet, MemoryBackend};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let jar = Fleet::new(MemoryBackend::default()).jar("account-17");
    /// # let url = url::Url::parse("https://shop.example/")?;
    /// jar.receive("sid=31d4", &url).await?;
    /// assert_eq!(jar.cookies(&url).await?.value[0].name(), b"sid");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`FleetError`], if the cookies are not known.
    pub async fn cookies<'r>(
        &self,
        request: impl Into<Request<'r>>,
    ) -> Result<Answer<Vec<Cookie>>, FleetError> {
        let request = request.into();
        let sites = self.sites_of(&request).of_host;
        self.ask(&sites, |jar, now| {
            let cookies = jar.cookies(request, now).into_iter().cloned();
            let cookies: Vec<Cookie> = cookies.collect();
            (!cookies.is_empty(), cookies)
        })
        .await
    }

    /// Returns every cookie of the request's host and its parent domains, with the reason why it would not be sent, as
    /// [`CookieJar::explain`] does.
    ///
    /// ```
    /// # use hardtack::fleet::{Fleet, MemoryBackend};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let jar = Fleet::new(MemoryBackend::default()).jar("account-17");
    /// # let url = url::Url::parse("https://shop.example/")?;
    /// use hardtack::Exclusion;
    ///
    /// jar.receive("sid=31d4; Secure", &url).await?;
    /// let plain = url::Url::parse("http://shop.example/")?;
    /// let (cookie, why_not) = &jar.explain(&plain).await?.value[0];
    /// assert_eq!((cookie.name(), *why_not), (&b"sid"[..], Some(Exclusion::SecureOnly)));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`FleetError`], if the cookies are not known.
    pub async fn explain<'r>(
        &self,
        request: impl Into<Request<'r>>,
    ) -> Result<Answer<Vec<(Cookie, Option<Exclusion>)>>, FleetError> {
        let request = request.into();
        let sites = self.sites_of(&request);
        // A public suffix that is a host has host-only cookies.
        let sites = [sites.of_host, sites.above].concat();
        self.ask(&sites, |jar, now| {
            let explained = jar.explain(request, now).into_iter();
            (
                false,
                explained
                    .map(|(cookie, why_not)| (cookie.clone(), why_not))
                    .collect(),
            )
        })
        .await
    }

    /// Loads the cookies that matter to the host of a URL into a jar of its own, for a client that cannot wait for the back
    /// end, such as reqwest's. What changes in it is stored by [`save`](Self::save).
    ///
    /// ```
    /// use hardtack::fleet::{Fleet, MemoryBackend};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let fleet = Fleet::new(MemoryBackend::default());
    /// let jar = fleet.jar("account-17");
    /// let url = url::Url::parse("https://shop.example/login")?;
    /// let loaded = jar.load(&url).await?;
    /// loaded.receive("sid=31d4; Path=/", &url)?; // by a client that has it as its cookie provider
    /// jar.save(&loaded.changes()).await?;
    /// assert_eq!(jar.cookie_string(&url).await?.value.unwrap(), b"sid=31d4");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`FleetError`], if the cookies are not known. Those of the back end may be older, as
    /// [`stale`](FleetBuilder::stale) allows.
    pub async fn load(&self, url: &Url) -> Result<SharedJar, FleetError> {
        let host = CanonicalHost::of(url);
        let sites = host.map(|host| site::sites(&host, self.fleet.policy()).of_host);
        let (together, _) = self.read_together(&sites.unwrap_or_default()).await?;
        let jar = together.value;
        let inner = Arc::clone(&self.fleet.inner);
        let jar = SharedJar::builder()
            .jar(jar)
            .clock(move || inner.now())
            .build();
        jar.watch();
        Ok(jar)
    }

    /// Stores what has changed in another jar, of any sites: what was stored there takes the place of what there is, what a
    /// line or the program removed is removed. What the other jar let go by itself stays.
    ///
    /// # Errors
    ///
    /// [`FleetError`]; the changes of some sites may be stored then. They can be saved again.
    pub async fn save(&self, changes: &[Change]) -> Result<(), FleetError> {
        let mut by_site: BTreeMap<String, Vec<Change>> = BTreeMap::new();
        for change in changes {
            let site = site::site_of(change.cookie().domain());
            by_site.entry(site).or_default().push(change.clone());
        }
        for (site, changes) in by_site {
            self.change(&site, move |jar, now| jar.carry_over(&changes, now))
                .await?;
        }
        Ok(())
    }

    /// Returns all cookies of the identity, those of each site in the order of creation.
    ///
    /// ```
    /// # use hardtack::fleet::{Fleet, MemoryBackend};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let jar = Fleet::new(MemoryBackend::default()).jar("account-17");
    /// # let url = url::Url::parse("https://shop.example/")?;
    /// jar.receive("sid=31d4", &url).await?;
    /// assert_eq!(jar.to_vec().await?.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`FleetError`], if they are not known.
    pub async fn to_vec(&self) -> Result<Vec<Cookie>, FleetError> {
        let mut cookies = Vec::new();
        for key in self.sites().await? {
            let copy = self.read(&key).await?.value;
            let now = self.now();
            self.inner().let_go(&copy);
            cookies.extend(copy.site.jar.iter(now).cloned());
        }
        Ok(cookies)
    }

    /// Removes all session cookies of the identity, and returns their number.
    ///
    /// ```
    /// # use hardtack::fleet::{Fleet, MemoryBackend};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let jar = Fleet::new(MemoryBackend::default()).jar("account-17");
    /// # let url = url::Url::parse("https://shop.example/")?;
    /// jar.receive_all(["sid=31d4", "theme=dark; Max-Age=60"], &url).await?;
    /// assert_eq!(jar.end_session().await?, 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`FleetError`]; those of some sites may be removed then.
    pub async fn end_session(&self) -> Result<usize, FleetError> {
        let mut removed = 0;
        for key in self.sites().await? {
            removed += self.change(key.site(), |jar, _| jar.end_session()).await?;
        }
        Ok(removed)
    }

    /// Removes all cookies of the identity, and whatever else is at the keys of its sites.
    ///
    /// ```
    /// # use hardtack::fleet::{Fleet, MemoryBackend};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let jar = Fleet::new(MemoryBackend::default()).jar("account-17");
    /// # let url = url::Url::parse("https://shop.example/")?;
    /// jar.receive("sid=31d4", &url).await?;
    /// jar.clear().await?;
    /// assert!(jar.to_vec().await?.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`FleetError`]; those of some sites may be removed then.
    pub async fn clear(&self) -> Result<(), FleetError> {
        for key in self.sites().await? {
            commit::clear(&self.fleet.inner, key).await?;
        }
        Ok(())
    }

    /// The identity's sites.
    async fn sites(&self) -> Result<Vec<SiteKey>, FleetError> {
        self.listed().await?.ok_or(FleetError::NoList)
    }

    /// The identity's sites, if the back end keeps a list of them.
    async fn listed(&self) -> Result<Option<Vec<SiteKey>>, FleetError> {
        let inner = self.inner();
        let ask = || inner.backend.sites(&self.identity);
        let listed = commit::repeated(inner, Patience::Reader, ask).await;
        listed.map_err(FleetError::Backend)
    }

    async fn change<T: Send + 'static>(
        &self,
        site: &str,
        work: impl FnMut(&mut CookieJar, Timestamp) -> T + Send + 'static,
    ) -> Result<T, FleetError> {
        commit::change(&self.fleet.inner, self.key(site), Also::Nothing, work).await
    }

    /// The sites that matter to a request; none without a host.
    fn sites_of(&self, request: &Request<'_>) -> site::Sites {
        let host = request.host();
        host.map(|host| site::sites(&host, &self.inner().policy))
            .unwrap_or_default()
    }

    /// Answers from the cookies of these sites. `answer` tells whether cookies are sent by it.
    async fn ask<T>(
        &self,
        sites: &[String],
        answer: impl FnOnce(&CookieJar, Timestamp) -> (bool, T),
    ) -> Result<Answer<T>, FleetError> {
        let [site] = sites else {
            return self.ask_together(sites, answer).await;
        };
        let key = self.key(&**site);
        let copy = self.read(&key).await?;
        let now = self.now();
        Ok(copy.map(|copy| {
            self.inner().let_go(&copy);
            let (is_sent, answer) = answer(&copy.site.jar, now);
            if is_sent {
                self.note_sent(key, now);
            }
            answer
        }))
    }

    /// Answers from the cookies of several sites, or of none.
    async fn ask_together<T>(
        &self,
        sites: &[String],
        answer: impl FnOnce(&CookieJar, Timestamp) -> (bool, T),
    ) -> Result<Answer<T>, FleetError> {
        let (together, copies) = self.read_together(sites).await?;
        let now = self.now();
        Ok(together.map(|jar| {
            let (is_sent, answer) = answer(&jar, now);
            for (key, copy) in copies {
                copy.site.jar.take_accesses(&jar);
                if is_sent {
                    self.note_sent(key, now);
                }
            }
            answer
        }))
    }

    /// The cookies of several sites as one jar, and those of each.
    async fn read_together(
        &self,
        sites: &[String],
    ) -> Result<(Answer<CookieJar>, Vec<(SiteKey, Arc<Copy>)>), FleetError> {
        let mut jar = CookieJar::new(self.inner().policy.clone());
        let (mut stale, mut copies) = (None, Vec::new());
        for site in sites {
            let key = self.key(&**site);
            let copy = self.read(&key).await?;
            let now = self.now();
            self.inner().let_go(&copy.value);
            jar.restore(copy.value.site.jar.iter(now).map(CookieBuilder::from), now);
            stale = stale.max(copy.stale);
            copies.push((key, copy.value));
        }
        Ok((Answer { value: jar, stale }, copies))
    }

    /// Reads a site as new as it has to be.
    async fn read(&self, key: &SiteKey) -> Result<Answer<Arc<Copy>>, FleetError> {
        let inner = self.inner();
        let slot = inner.cache.slot(key);
        if let Freshness::Cached(time) = inner.freshness {
            if let Some(value) = slot.copy_within(time) {
                return Ok(Answer { value, stale: None });
            }
        }
        let error = match commit::load(inner, key, &slot, slot.copy(), Patience::Reader).await {
            Ok(value) => return Ok(Answer { value, stale: None }),
            Err(error) => error,
        };
        let (FleetError::Backend(_), Some(allowed), Some((value, seen))) =
            (&error, inner.stale, slot.last_copy())
        else {
            return Err(error);
        };
        let age = seen.elapsed();
        let stale = (age <= allowed).then_some(age);
        stale
            .map(|age| Answer {
                value,
                stale: Some(age),
            })
            .ok_or(error)
    }

    /// Has the last-access-times of a site's cookies written now and then: a change of them takes them along.
    fn note_sent(&self, key: SiteKey, now: Timestamp) {
        const DUE: Duration = Duration::from_secs(60);
        if self.inner().cache.slot(&key).sent(now, DUE) {
            let inner = Arc::clone(&self.fleet.inner);
            if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                runtime.spawn(async move {
                    // Should it fail, they are written with the next change.
                    let _ = commit::change(&inner, key, Also::Accesses, |_, _| ()).await;
                });
            }
        }
    }
}
