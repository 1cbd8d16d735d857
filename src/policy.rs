//! The choices that the text leaves to the user agent, with their defaults.

use std::sync::Arc;
use std::time::Duration;

use crate::dialect::Dialect;
use crate::host::CanonicalHost;
use crate::public_suffix::PublicSuffixList;
use url::Url;

/// The choices that the text leaves to the user agent. The defaults are those of browsers.
///
/// Fields can be set, or replaced by a `with_…` method of the same name. A bound of `usize::MAX` is none.
///
/// ```
/// use std::time::Duration;
/// use hardtack::{CookieJar, Dialect, Policy, PublicSuffixList};
///
/// let crawler = Policy::default()
///     .with_reject_public_suffixes(true)
///     .with_public_suffix_list(PublicSuffixList::embedded())
///     .with_trust_localhost(false)
///     .with_lax_allowing_unsafe(Duration::from_secs(120))
///     .with_lifetime_limit(Duration::from_secs(7 * 24 * 60 * 60))
///     .with_max_cookies_per_domain(50)
///     .with_max_cookies_per_site(100)
///     .with_max_cookies(usize::MAX)
///     .with_max_cookie_string_octets(8190)
///     .with_http_prefixes(true)
///     .with_partitioned(false)
///     .with_dialect(Dialect::TEXT);
/// let jar = CookieJar::new(crawler);
/// assert_eq!(jar.policy().max_cookies_per_domain, 50);
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Policy {
    /// True, the default, to refuse a Domain attribute that is a public suffix (5.7 step 9, 5.8.3 step
    /// 3.1.3). If false, any host below `com` can set cookies for all of `com`. Sites (5.2) follow the
    /// list either way.
    pub reject_public_suffixes: bool,
    /// The public suffix list. The default is [`PublicSuffixList::embedded`].
    pub public_suffix_list: PublicSuffixList,
    /// True, the default, to count connections to `localhost`, `*.localhost`, 127.0.0.0/8 and `[::1]` as
    /// secure for any scheme (5.7 steps 13 and 16, 5.8.3 step 3.3).
    pub trust_localhost: bool,
    /// Canonicalized hosts.
    trusted_hosts: Arc<[Box<[u8]>]>,
    /// The greatest age of a cookie of [`SameSite::Default`](crate::SameSite::Default) at which it also
    /// goes with cross-site top-level requests of an unsafe method ("Lax-allowing-unsafe", 5.6.7.2).
    /// Zero, the default, is off. Chromium has 120 seconds.
    pub lax_allowing_unsafe: Duration,
    /// The longest lifetime of a cookie (5.5), to which longer ones are cut. The default is 400 days. No
    /// lifetime goes beyond the year 9999, unless the clock is past it.
    pub lifetime_limit: Duration,
    /// The most cookies of one domain in one partition. The default is 180.
    pub max_cookies_per_domain: usize,
    /// The most cookies of one site in one partition: of the registrable domain and all domains below it,
    /// or of a host without one, such as an IP address. The default is 540. Beyond it cookies of the same
    /// site are evicted, insecure ones before others, so that subdomains do not multiply the limit.
    pub max_cookies_per_site: usize,
    /// How many cookies of a site are left where it had more than [`max_cookies_per_site`](Self::max_cookies_per_site),
    /// if that is fewer. The default, [`usize::MAX`], leaves as many as that; browsers cut 181 cookies to 150.
    pub cookies_left_of_full_site: usize,
    /// The most cookies of the jar. The default is 3300.
    pub max_cookies: usize,
    /// The most octets of the value of a Cookie header field. In the order of sending, each cookie is
    /// sent that still fits as a whole. The default is no bound. Many servers refuse a header of more
    /// than 8190 octets.
    pub max_cookie_string_octets: usize,
    /// True, the default, to enforce the prefixes `__Http-` and `__Host-Http-` of
    /// draft-ietf-httpbis-layered-cookies.
    pub http_prefixes: bool,
    /// True, the default, to honour the Partitioned attribute (CHIPS). If false, the attribute is
    /// ignored, and cookies that are in a partition already are not sent.
    pub partitioned: bool,
    /// The rules that are followed: those of the text, the default, or those of a browser where it differs
    /// from the text.
    pub dialect: Dialect,
}

impl Policy {
    /// Makes the policy of Chromium 156 with third-party cookies allowed: [`Dialect::CHROMIUM_156`],
    /// Lax-allowing-unsafe for two minutes, and 180 cookies of a site, which are cut to 150 when there is one
    /// more, with no bound of all.
    ///
    /// Chromium spares `Priority=High`, and what was used within a minute: this policy does not.
    ///
    /// ```
    /// use hardtack::{CookieJar, Dialect, Policy};
    ///
    /// let jar = CookieJar::new(Policy::chromium());
    /// assert_eq!(jar.policy().dialect, Dialect::CHROMIUM_156);
    /// ```
    pub fn chromium() -> Self {
        Self {
            lax_allowing_unsafe: Duration::from_secs(120),
            ..Self::browser(Dialect::CHROMIUM_156)
        }
    }

    /// Makes the policy of Firefox 153 as it is installed: [`Dialect::FIREFOX_153`], and 180 cookies of a
    /// site, which are cut to 150 when there is one more, with no bound of all.
    ///
    /// ```
    /// use hardtack::{CookieJar, Policy};
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    ///
    /// let mut jar = CookieJar::new(Policy::firefox());
    /// let url = url::Url::parse("https://shop.example/")?;
    /// let refused = jar.receive("=31d4", &url, now).unwrap_err();
    /// assert_eq!(refused.name(), "nameless-without-equals");
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn firefox() -> Self {
        Self::browser(Dialect::FIREFOX_153)
    }

    /// What both browsers choose.
    fn browser(dialect: Dialect) -> Self {
        Self {
            max_cookies_per_domain: usize::MAX,
            max_cookies_per_site: 180,
            cookies_left_of_full_site: 150,
            max_cookies: usize::MAX,
            dialect,
            ..Self::default()
        }
    }

    /// Replaces the hosts to which connections count as secure for any scheme, as those to `localhost` do
    /// (5.7 steps 13 and 16, 5.8.3 step 3.3): for instance a service in a compose network
    /// (`http://web:8000`) or in a staging LAN. The default is none.
    ///
    /// A host is a host name or an IP address, IPv6 in brackets, without its subdomains; a scheme and a port
    /// count for nothing. What is not a host is left out.
    ///
    /// ```
    /// use hardtack::{CookieJar, Policy};
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    ///
    /// let mut jar = CookieJar::new(Policy::default().with_trusted_hosts(["web"]));
    /// let url = url::Url::parse("http://web:8000/login")?;
    /// jar.receive("__Host-sid=31d4; Path=/; Secure", &url, now)?;
    /// assert_eq!(jar.cookie_string(&url, now).unwrap(), b"__Host-sid=31d4");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_trusted_hosts<H: AsRef<str>>(self, hosts: impl IntoIterator<Item = H>) -> Self {
        let canonical = |host: H| {
            let host = host.as_ref();
            let is_url = host.contains("://");
            let url = if is_url {
                host.to_owned()
            } else {
                format!("http://{host}")
            };
            let url = Url::parse(&url).ok()?;
            CanonicalHost::of(&url).map(|host| host.octets().into())
        };
        Self {
            trusted_hosts: hosts.into_iter().filter_map(canonical).collect(),
            ..self
        }
    }

    /// Sets [`Policy::reject_public_suffixes`]: true to refuse a Domain attribute that is a public
    /// suffix.
    #[must_use]
    pub fn with_reject_public_suffixes(self, reject_public_suffixes: bool) -> Self {
        Self {
            reject_public_suffixes,
            ..self
        }
    }

    /// Sets [`Policy::public_suffix_list`]: a [`PublicSuffixList`], or a list of the crate
    /// `publicsuffix`.
    #[must_use]
    pub fn with_public_suffix_list(self, list: impl Into<PublicSuffixList>) -> Self {
        Self {
            public_suffix_list: list.into(),
            ..self
        }
    }

    /// Sets [`Policy::trust_localhost`]: true to count connections to the machine itself as secure.
    #[must_use]
    pub fn with_trust_localhost(self, trust_localhost: bool) -> Self {
        Self {
            trust_localhost,
            ..self
        }
    }

    /// Sets [`Policy::lax_allowing_unsafe`]: an age, of which zero is off.
    #[must_use]
    pub fn with_lax_allowing_unsafe(self, lax_allowing_unsafe: Duration) -> Self {
        Self {
            lax_allowing_unsafe,
            ..self
        }
    }

    /// Sets [`Policy::lifetime_limit`]: the longest lifetime of a cookie.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use hardtack::{CookieJar, Policy, Timestamp};
    /// # let url = url::Url::parse("https://shop.example/")?;
    /// let mut jar = CookieJar::new(Policy::default().with_lifetime_limit(Duration::from_secs(60)));
    /// let now = Timestamp::from_secs(0);
    /// jar.receive("theme=dark; Max-Age=3600", &url, now)?;
    /// let theme = jar.find(&url, "theme", now).unwrap();
    /// assert_eq!(theme.expiry_time(), Some(Timestamp::from_secs(60)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_lifetime_limit(self, lifetime_limit: Duration) -> Self {
        Self {
            lifetime_limit,
            ..self
        }
    }

    /// Sets [`Policy::max_cookies_per_domain`]: the most cookies of one domain in one partition.
    #[must_use]
    pub fn with_max_cookies_per_domain(self, max_cookies_per_domain: usize) -> Self {
        Self {
            max_cookies_per_domain,
            ..self
        }
    }

    /// Sets [`Policy::max_cookies_per_site`]: the most cookies of one site in one partition.
    #[must_use]
    pub fn with_max_cookies_per_site(self, max_cookies_per_site: usize) -> Self {
        Self {
            max_cookies_per_site,
            ..self
        }
    }

    /// Sets [`Policy::max_cookies`]: the most cookies of the jar.
    #[must_use]
    pub fn with_max_cookies(self, max_cookies: usize) -> Self {
        Self {
            max_cookies,
            ..self
        }
    }

    /// Sets [`Policy::max_cookie_string_octets`]: the most octets of the value of a Cookie header field.
    ///
    /// ```
    /// use hardtack::{CookieJar, Exclusion, Policy};
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    ///
    /// let mut jar = CookieJar::new(Policy::default().with_max_cookie_string_octets(8));
    /// let url = url::Url::parse("https://shop.example/")?;
    /// jar.receive_all(["a=1", "big=123456", "b=2"], &url, now);
    /// assert_eq!(jar.cookie_string(&url, now).unwrap(), b"a=1; b=2");
    /// let (big, why_not) = jar.explain(&url, now)[2];
    /// assert_eq!((big.name(), why_not), (&b"big"[..], Some(Exclusion::CookieStringFull)));
    /// # Ok::<(), url::ParseError>(())
    /// ```
    #[must_use]
    pub fn with_max_cookie_string_octets(self, max_cookie_string_octets: usize) -> Self {
        Self {
            max_cookie_string_octets,
            ..self
        }
    }

    /// Sets [`Policy::http_prefixes`]: true to enforce the prefixes `__Http-` and `__Host-Http-`.
    #[must_use]
    pub fn with_http_prefixes(self, http_prefixes: bool) -> Self {
        Self {
            http_prefixes,
            ..self
        }
    }

    /// Sets [`Policy::partitioned`]: true to honour the Partitioned attribute.
    #[must_use]
    pub fn with_partitioned(self, partitioned: bool) -> Self {
        Self {
            partitioned,
            ..self
        }
    }

    /// Sets [`Policy::dialect`]: the text's rules, or those of a browser.
    #[must_use]
    pub fn with_dialect(self, dialect: Dialect) -> Self {
        Self { dialect, ..self }
    }

    /// Returns true if a domain is rejected as a public suffix.
    pub(crate) fn rejects(&self, domain: &[u8]) -> bool {
        self.reject_public_suffixes && self.public_suffix_list.is_public_suffix(domain)
    }

    /// Returns true if connections to this host count as secure for any scheme.
    pub(crate) fn trusts(&self, host: &CanonicalHost<'_>) -> bool {
        let mut trusted = self.trusted_hosts.iter();
        self.trust_localhost && host.is_local()
            || trusted.any(|trusted| **trusted == *host.octets())
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            reject_public_suffixes: true,
            public_suffix_list: PublicSuffixList::embedded(),
            trust_localhost: true,
            trusted_hosts: Arc::default(),
            lax_allowing_unsafe: Duration::ZERO,
            lifetime_limit: Duration::from_secs(400 * 24 * 60 * 60),
            max_cookies_per_domain: 180,
            max_cookies_per_site: 540,
            cookies_left_of_full_site: usize::MAX,
            max_cookies: 3300,
            max_cookie_string_octets: usize::MAX,
            http_prefixes: true,
            partitioned: true,
            dialect: Dialect::TEXT,
        }
    }
}
