//! Every choice that the text leaves to the user agent, named, with its default.

use std::time::Duration;

use crate::public_suffix::PublicSuffixList;

/// The choices that the text leaves to the user agent. The default is what browsers do.
///
/// ```
/// use hardtack::{CookieJar, Policy};
///
/// let mut crawler = Policy::default();
/// crawler.max_cookies = usize::MAX;
/// let jar = CookieJar::new(crawler);
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Policy {
    /// Refuse a Domain attribute that is a public suffix (5.7 step 9, 5.8.3 step 3.1.3). Without this
    /// any host can set cookies for all of `com`. Sites (5.2) are made from the list all the same.
    pub reject_public_suffixes: bool,
    /// The public suffix list; the embedded one by default.
    pub public_suffix_list: PublicSuffixList,
    /// Count `localhost`, `*.localhost`, 127.0.0.0/8 and `[::1]` as secure connections whatever the
    /// scheme (5.7 steps 13 and 16, 5.8.3 step 3.3). True by default.
    pub trust_localhost: bool,
    /// The age up to which a cookie without a known SameSite also goes with cross-site top-level
    /// requests of an unsafe method ("Lax-allowing-unsafe", 5.6.7.2). Zero, the default, is off;
    /// Chromium takes 120 seconds.
    pub lax_allowing_unsafe: Duration,
    /// The longest lifetime of a cookie (5.5); 400 days by default, and at most the end of the year
    /// 9999, unless the clock is past it.
    pub lifetime_limit: Duration,
    /// The most cookies that share a domain, within one partition; 180 by default.
    pub max_cookies_per_domain: usize,
    /// The most cookies in all; 3300 by default.
    pub max_cookies: usize,
    /// Enforce the prefixes `__Http-` and `__Host-Http-` too. True by default.
    pub http_prefixes: bool,
    /// Honour the Partitioned attribute (CHIPS); without, it means nothing, and no cookie goes that is
    /// in a partition already. True by default.
    pub partitioned: bool,
}

impl Policy {
    /// Is a domain rejected as a public suffix?
    pub(crate) fn rejects(&self, domain: &[u8]) -> bool {
        self.reject_public_suffixes && self.public_suffix_list.is_public_suffix(domain)
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            reject_public_suffixes: true,
            public_suffix_list: PublicSuffixList::embedded(),
            trust_localhost: true,
            lax_allowing_unsafe: Duration::ZERO,
            lifetime_limit: Duration::from_secs(400 * 24 * 60 * 60),
            max_cookies_per_domain: 180,
            max_cookies: 3300,
            http_prefixes: true,
            partitioned: true,
        }
    }
}
