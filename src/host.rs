//! 5.1.2 and 5.1.3: canonicalized hosts and domain-match.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use crate::set_cookie::ATTRIBUTE_VALUE_LIMIT;

/// The string of domain-match: a canonicalized host, in octets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CanonicalHost<'a> {
    octets: Cow<'a, [u8]>,
    is_address: bool,
}

/// The domain-string of domain-match: a Domain attribute or the domain of a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DomainString<'a>(pub(crate) &'a [u8]);

/// The domain of the cookies that [`CookieJar::get`](crate::CookieJar::get) and its like look for, as a
/// person writes it: in any case, with or without a dot before it, an IPv6 address with or without
/// brackets.
///
/// ```
/// use hardtack::{CookieJar, Domain};
/// # let now = std::time::SystemTime::UNIX_EPOCH;
///
/// let mut jar = CookieJar::default();
/// let url = url::Url::parse("https://www.shop.example/")?;
/// jar.receive("theme=dark; Domain=shop.example", &url, now).unwrap();
/// assert_eq!(jar.clear_domain(Domain::new(".SHOP.example")), 1);
/// # Ok::<(), url::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Domain<'a>(&'a [u8]);

impl<'a> Domain<'a> {
    /// Makes a domain of a text or of octets. One that is not a host is the domain of no cookie.
    ///
    /// ```
    /// use hardtack::{CookieJar, Domain};
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    ///
    /// let mut jar = CookieJar::default();
    /// jar.receive("a=1", &url::Url::parse("http://[::1]/")?, now).unwrap();
    /// assert_eq!(jar.get(Domain::new("::1"), "a", "/", now).len(), 1);
    /// assert_eq!(jar.get(Domain::new(b"[::1]"), "a", "/", now).len(), 1);
    /// assert!(jar.get(Domain::new("not a host"), "a", "/", now).is_empty());
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn new(domain: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        Self(domain.as_ref())
    }

    /// Returns the octets as they were given: there can be cookies of just this domain.
    pub(crate) fn octets(self) -> &'a [u8] {
        self.0
    }

    /// Canonicalizes the domain, as the domains of cookies are. Octets that are not a host stay as they
    /// are.
    pub(crate) fn canonical(self) -> Cow<'a, [u8]> {
        let domain = self.0.strip_prefix(b".").unwrap_or(self.0);
        let Ok(text) = std::str::from_utf8(domain) else {
            return Cow::Borrowed(domain);
        };
        let host = CanonicalHost::parse(text);
        if let Some(host) = host {
            return host.octets;
        }
        let host = CanonicalHost::parse(&format!("[{text}]")).map(|host| host.octets.into_owned());
        host.map_or(Cow::Borrowed(domain), Cow::Owned)
    }
}

/// Returns true for most host names that are canonical: labels of small letters and digits, with single hyphens,
/// the last one beginning with a letter, so that they are no address. To find that out by making them canonical takes
/// more time than all else that a cookie is checked for.
fn is_plain(host: &[u8]) -> bool {
    let mut before = b'.';
    for octet in host {
        let is_plain = match octet {
            b'a'..=b'z' | b'0'..=b'9' => true,
            b'-' | b'.' => *octet != before,
            _ => false,
        };
        if !is_plain {
            return false;
        }
        before = *octet;
    }
    let last = host.rsplit(|octet| *octet == b'.').next();
    last.and_then(<[u8]>::first)
        .is_some_and(u8::is_ascii_lowercase)
}

impl<'a> CanonicalHost<'a> {
    /// 5.1.2: returns the canonicalized host of a URL, or `None` if it has none.
    // 5.1.2 step 1: labels, step by step inside `url`
    // 5.1.2 step 2: every kind of label that the URL Standard takes
    // 5.1.2 step 3: U-labels to A-labels, inside `url`
    // 5.1.2 step 4: fake A-labels fail, inside `url`
    // 5.1.2 step 5: joined again, inside `url`
    // Reading: hosts are the URL Standard's, which takes labels (`a_b`, `-a`, emoji) that step 2 does
    // not, serializes IPv6 in brackets, and keeps `example.com.` apart from `example.com`.
    pub(crate) fn of(url: &'a Url) -> Option<Self> {
        let host = url.host()?;
        let is_address = !matches!(host, Host::Domain(_));
        if is_address || url.is_special() {
            return Some(Self {
                octets: Cow::Borrowed(url.host_str()?.as_bytes()),
                is_address,
            });
        }
        // `url` canonicalizes only the hosts of schemes that the URL Standard knows.
        Self::parse(url.host_str()?)
    }

    /// 5.1.2: canonicalizes a host that comes without a URL. Returns `None` if it is not a host.
    pub(crate) fn parse(host: &'a str) -> Option<Self> {
        if is_plain(host.as_bytes()) {
            return Some(Self {
                octets: Cow::Borrowed(host.as_bytes()),
                is_address: false,
            });
        }
        let host = Host::parse(host).ok()?;
        Some(Self {
            is_address: !matches!(host, Host::Domain(_)),
            octets: Cow::Owned(host.to_string().into_bytes()),
        })
    }

    /// Takes the domain of a cookie for the string of domain-match.
    pub(crate) fn of_domain(DomainString(domain): DomainString<'a>) -> Self {
        Self {
            octets: Cow::Borrowed(domain),
            is_address: is_address(domain),
        }
    }

    #[cfg(feature = "json")]
    pub(crate) fn into_octets(self) -> Cow<'a, [u8]> {
        self.octets
    }

    pub(crate) fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// Returns true for a domain that [`CanonicalHost::domains`] has.
    pub(crate) fn has(&self, domain: &[u8]) -> bool {
        let is_own = domain.len() == self.octets().len();
        (is_own || domain.len() <= ATTRIBUTE_VALUE_LIMIT)
            && self.domain_matches(DomainString(domain))
    }

    /// 5.1.3: returns true if this host domain-matches the domain.
    pub(crate) fn domain_matches(&self, DomainString(domain): DomainString<'_>) -> bool {
        let host = self.octets();
        // 5.1.3 step 1: identical
        if host == domain {
            return true;
        }
        // 5.1.3 step 2: or all of the following
        // 5.1.3 step 2.1: the domain is a suffix
        host.strip_suffix(domain)
            // 5.1.3 step 2.2: cut at a dot
            .is_some_and(|before| before.ends_with(b"."))
            // 5.1.3 step 2.3: the host is not an IP address
            && !self.is_address
    }

    /// Returns the domains that this host domain-matches, the longest first: the host itself and its
    /// parents of at most 1024 octets, since no Domain attribute is longer.
    pub(crate) fn domains(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        let host = self.octets();
        let dots = if self.is_address { &[] } else { host };
        let parents = dots
            .iter()
            .enumerate()
            .filter(|(_, octet)| **octet == b'.')
            .map(|(dot, _)| &host[dot + 1..])
            .filter(|parent| (1..=ATTRIBUTE_VALUE_LIMIT).contains(&parent.len()));
        std::iter::once(host).chain(parents)
    }

    /// Returns true for `localhost` and `*.localhost`, with or without a trailing dot, for 127.0.0.0/8
    /// and for `[::1]`.
    // Reading: a trailing dot makes no host less local; an IPv4-mapped address is no loopback address.
    pub(crate) fn is_local(&self) -> bool {
        let host = self.octets();
        if self.is_address {
            return host == b"[::1]" || host.starts_with(b"127.");
        }
        let host = host.strip_suffix(b".").unwrap_or(host);
        host == b"localhost" || host.ends_with(b".localhost")
    }
}

/// Returns true if a domain is an IP address, IPv6 with or without brackets.
pub(crate) fn is_address(domain: &[u8]) -> bool {
    let may_be = domain
        .last()
        .is_some_and(|last| last.is_ascii_hexdigit() || matches!(last, b':' | b']'));
    if !may_be {
        return false;
    }
    let Ok(text) = std::str::from_utf8(domain) else {
        return false;
    };
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    text.parse::<Ipv4Addr>().is_ok() || bare.unwrap_or(text).parse::<Ipv6Addr>().is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// A host that is taken as it is would be the same if it was made canonical.
        #[test]
        fn plain_hosts_are_canonical(host in "[a-z0-9xn.-]{0,12}|[ab0x.-]{1,8}|[a-zA-Z0-9._%-]{0,12}") {
            let canonical = Host::parse(&host);
            if is_plain(host.as_bytes()) {
                prop_assert_eq!(canonical, Ok(Host::Domain(host.clone())));
            }
        }
    }

    #[test]
    fn plain_hosts() {
        for (host, expected) in [
            ("a", true),
            ("shop.example", true),
            ("4.a-b.example", true),
            ("-a.example-", true),
            ("", false),
            (".example", false),
            ("example.", false),
            ("a..example", false),
            ("SHOP.example", false),
            ("xn--bcher-kva.example", false),
            ("a_b.example", false),
            ("127.0.0.1", false),
            ("a.0x1", false),
        ] {
            assert_eq!(is_plain(host.as_bytes()), expected, "{host}");
        }
    }

    fn host(url: &str) -> Option<String> {
        let url = Url::parse(url).unwrap();
        CanonicalHost::of(&url).map(|host| String::from_utf8(host.octets().to_vec()).unwrap())
    }

    #[test]
    fn canonicalization() {
        let rows = [
            ("http://EXAMPLE.com/", Some("example.com")),
            ("http://b\u{fc}cher.example/", Some("xn--bcher-kva.example")),
            ("http://example.com./", Some("example.com.")),
            ("http://a_b.example/", Some("a_b.example")),
            ("http://-a.example/", Some("-a.example")),
            ("http://r3---sn-x.example/", Some("r3---sn-x.example")),
            ("http://0x7f.1/", Some("127.0.0.1")),
            ("http://[2001:DB8::0:1]/", Some("[2001:db8::1]")),
            ("gopher://EXAMPLE.com/", Some("example.com")),
            ("gopher://%ff/", None),
            ("file:///x", None),
            ("data:,x", None),
        ];
        for (url, expected) in rows {
            assert_eq!(host(url).as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn domain_match() {
        let rows = [
            // host, domain, does it match
            ("example.com", "example.com", true),
            ("www.example.com", "example.com", true),
            ("a.b.example.com", "example.com", true),
            ("example.com", "www.example.com", false),
            ("badexample.com", "example.com", false),
            ("www.example.com", ".example.com", false),
            ("www.example.com", "", false),
            ("www.example.com.", "", true),
            ("www.example.com.", "example.com", false),
            ("www.example.com.", "example.com.", true),
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "0.0.1", false),
            ("[::1]", "[::1]", true),
            ("[::1]", "::1", false),
        ];
        for (host, domain, expected) in rows {
            let host = CanonicalHost::parse(host).unwrap();
            let matches = host.domain_matches(DomainString(domain.as_bytes()));
            assert_eq!(matches, expected, "{host:?} {domain}");
        }
    }

    #[test]
    fn domains_are_those_that_match() {
        let domains = |host: &str| -> Vec<String> {
            let host = CanonicalHost::parse(host).unwrap();
            host.domains()
                .map(|domain| String::from_utf8(domain.to_vec()).unwrap())
                .collect()
        };
        assert_eq!(domains("a.b.c"), ["a.b.c", "b.c", "c"]);
        assert_eq!(domains("a.b."), ["a.b.", "b."]);
        assert_eq!(domains("127.0.0.1"), ["127.0.0.1"]);
    }

    #[test]
    fn local_hosts() {
        let rows = [
            ("localhost", true),
            ("localhost.", true),
            ("a.localhost", true),
            ("a.localhost.", true),
            ("127.255.0.9", true),
            ("[::1]", true),
            ("notlocalhost", false),
            ("localhost.example", false),
            ("128.0.0.1", false),
            ("[::ffff:127.0.0.1]", false),
            ("[::2]", false),
        ];
        for (host, expected) in rows {
            let host = CanonicalHost::parse(host).unwrap();
            assert_eq!(host.is_local(), expected, "{host:?}");
        }
    }

    #[test]
    fn addresses() {
        for address in [
            "1.2.3.4",
            "::1",
            "[::1]",
            "::",
            "[2001:db8::]",
            "::ffff:1.2.3.4",
        ] {
            assert!(is_address(address.as_bytes()), "{address}");
        }
        for name in [
            "",
            "1",
            "0.0.1",
            "1.2.3.4.",
            "a.b",
            "[a.b]",
            "[1.2.3.4]",
            "1.2.3.\u{664}",
        ] {
            assert!(!is_address(name.as_bytes()), "{name}");
        }
    }
}
