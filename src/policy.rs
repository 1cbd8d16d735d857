//! Every choice that the text leaves to the user agent, named, with its default.

use std::sync::Arc;
use std::time::Duration;

use crate::host::CanonicalHost;
use crate::public_suffix::PublicSuffixList;

/// The choices that the text leaves to the user agent. The default is what browsers do.
///
/// Where a bound is `usize::MAX`, there is none.
///
/// ```
/// use hardtack::{CookieJar, Policy};
///
/// let crawler = Policy::default().with_max_cookies(usize::MAX);
/// let jar = CookieJar::new(crawler);
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Policy {
    /// Refuse a Domain attribute that is a public suffix (5.7 step 9, 5.8.3 step 3.1.3). Without this
    /// any host can set cookies for all of `com`. Sites (5.2) are made from the list all the same.
    /// True by default.
    pub reject_public_suffixes: bool,
    /// The public suffix list; the embedded one by default.
    pub public_suffix_list: PublicSuffixList,
    /// Count `localhost`, `*.localhost`, 127.0.0.0/8 and `[::1]` as secure connections whatever the
    /// scheme (5.7 steps 13 and 16, 5.8.3 step 3.3). True by default.
    pub trust_localhost: bool,
    trusted_hosts: Arc<[Box<[u8]>]>,
    /// The age up to which a cookie without a known SameSite also goes with cross-site top-level
    /// requests of an unsafe method ("Lax-allowing-unsafe", 5.6.7.2). Zero, the default, is off;
    /// Chromium takes 120 seconds.
    pub lax_allowing_unsafe: Duration,
    /// The longest lifetime of a cookie (5.5); 400 days by default, and at most the end of the year
    /// 9999, unless the clock is past it.
    pub lifetime_limit: Duration,
    /// The most cookies that share a domain, within one partition; 180 by default.
    pub max_cookies_per_domain: usize,
    /// The most cookies of a site, within one partition: over the registrable domain and all below it, or
    /// of a host that has none, such as an IP address. 540 by default. What is beyond takes the site's own
    /// cookies first, insecure ones before others, so that no number of subdomains makes room for more.
    pub max_cookies_per_site: usize,
    /// The most cookies in all; 3300 by default.
    pub max_cookies: usize,
    /// The most octets of a Cookie header's value. Each cookie that goes with the request is sent, in the
    /// order of sending, if it still fits whole. No bound by default; many servers refuse more than 8190
    /// octets in a header.
    pub max_cookie_string_octets: usize,
    /// Enforce the prefixes `__Http-` and `__Host-Http-` too. True by default.
    pub http_prefixes: bool,
    /// Honour the Partitioned attribute (CHIPS); without, it means nothing, and no cookie goes that is
    /// in a partition already. True by default.
    pub partitioned: bool,
}

impl Policy {
    /// Hosts whose connections count as secure whatever the scheme, as those to `localhost` do: a service
    /// in a compose network (`http://web:8000`), a staging LAN. None by default.
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
            let canonical = CanonicalHost::parse(host.as_ref());
            canonical.map(|host| host.octets().into())
        };
        Self {
            trusted_hosts: hosts.into_iter().filter_map(canonical).collect(),
            ..self
        }
    }

    /// Sets [`Policy::reject_public_suffixes`].
    #[must_use]
    pub fn with_reject_public_suffixes(self, reject_public_suffixes: bool) -> Self {
        Self {
            reject_public_suffixes,
            ..self
        }
    }

    /// Sets [`Policy::public_suffix_list`].
    #[must_use]
    pub fn with_public_suffix_list(self, list: impl Into<PublicSuffixList>) -> Self {
        Self {
            public_suffix_list: list.into(),
            ..self
        }
    }

    /// Sets [`Policy::trust_localhost`].
    #[must_use]
    pub fn with_trust_localhost(self, trust_localhost: bool) -> Self {
        Self {
            trust_localhost,
            ..self
        }
    }

    /// Sets [`Policy::lax_allowing_unsafe`].
    #[must_use]
    pub fn with_lax_allowing_unsafe(self, lax_allowing_unsafe: Duration) -> Self {
        Self {
            lax_allowing_unsafe,
            ..self
        }
    }

    /// Sets [`Policy::lifetime_limit`].
    #[must_use]
    pub fn with_lifetime_limit(self, lifetime_limit: Duration) -> Self {
        Self {
            lifetime_limit,
            ..self
        }
    }

    /// Sets [`Policy::max_cookies_per_domain`].
    #[must_use]
    pub fn with_max_cookies_per_domain(self, max_cookies_per_domain: usize) -> Self {
        Self {
            max_cookies_per_domain,
            ..self
        }
    }

    /// Sets [`Policy::max_cookies_per_site`].
    #[must_use]
    pub fn with_max_cookies_per_site(self, max_cookies_per_site: usize) -> Self {
        Self {
            max_cookies_per_site,
            ..self
        }
    }

    /// Sets [`Policy::max_cookies`].
    #[must_use]
    pub fn with_max_cookies(self, max_cookies: usize) -> Self {
        Self {
            max_cookies,
            ..self
        }
    }

    /// Sets [`Policy::max_cookie_string_octets`].
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

    /// Sets [`Policy::http_prefixes`].
    #[must_use]
    pub fn with_http_prefixes(self, http_prefixes: bool) -> Self {
        Self {
            http_prefixes,
            ..self
        }
    }

    /// Sets [`Policy::partitioned`].
    #[must_use]
    pub fn with_partitioned(self, partitioned: bool) -> Self {
        Self {
            partitioned,
            ..self
        }
    }

    /// Returns true if a domain is rejected as a public suffix.
    pub(crate) fn rejects(&self, domain: &[u8]) -> bool {
        self.reject_public_suffixes && self.public_suffix_list.is_public_suffix(domain)
    }

    /// Returns true if connections to this host count as secure whatever the scheme.
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
            max_cookies: 3300,
            max_cookie_string_octets: usize::MAX,
            http_prefixes: true,
            partitioned: true,
        }
    }
}
