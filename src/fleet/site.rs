//! The cookies of a site: their name in a key, and as octets.

use std::sync::OnceLock;
use std::time::Duration;

use serde_bytes::Bytes;

use crate::cookie::Cookie;
use crate::data::{self, Packed, Written};
use crate::host::CanonicalHost;
use crate::jar::{CookieJar, NotRestored};
use crate::policy::Policy;
use crate::public_suffix::PublicSuffixList;
use crate::timestamp::Timestamp;

/// The beginning of every value, and the version of what follows.
const HEADER: [u8; 3] = *b"ht\x01";

/// How much longer than its cookies a value lives: clocks differ, and what has expired is told by the jar.
const SLACK: Duration = Duration::from_secs(60);

/// The longest time that a value lives: a thousand years.
const LONGEST: Duration = Duration::from_secs(1000 * 365 * 24 * 60 * 60);

/// The list by which sites are named in keys: that of 2026-10-22, as libpsl's `psl-make-dafsa` packs it. It never changes, so that machines with different lists find the same
/// cookies: what is a public suffix is decided by the policy's list, and [`sites`] asks for what both lists need.
fn list() -> &'static PublicSuffixList {
    static LIST: OnceLock<PublicSuffixList> = OnceLock::new();
    LIST.get_or_init(|| {
        let file = include_bytes!("../../data/fleet_sites.dafsa");
        PublicSuffixList::from_bytes(&file[..]).unwrap_or_default()
    })
}

/// Returns the name of a domain's site in a key.
pub(super) fn site_of(domain: &[u8]) -> String {
    String::from_utf8_lossy(list().site(domain)).into_owned()
}

/// Returns true if there may be sites whose names end in this one's, as below `github.io` and `localhost`.
pub(super) fn has_sites_below(site: &str) -> bool {
    list().is_public_suffix(site.as_bytes())
}

/// The sites that matter to a host.
#[derive(Default)]
pub(super) struct Sites {
    /// The host's own, and then those of its parents that the policy takes for no public suffix.
    pub(super) of_host: Vec<String>,
    /// Those of its other parents. Their secure cookies matter to step 16 of 5.7 alone.
    pub(super) above: Vec<String>,
}

/// Returns the sites that matter to a host: by the list of the keys one, for nearly every host.
pub(super) fn sites(host: &CanonicalHost<'_>, policy: &Policy) -> Sites {
    let own = site_of(host.octets());
    let above = host.domains().filter(|domain| domain.len() < own.len());
    let above: Vec<&[u8]> = above.collect();
    let mut sites = Sites {
        of_host: vec![own],
        above: Vec::new(),
    };
    for domain in above {
        let of_policy = if policy.rejects(domain) {
            &mut sites.above
        } else {
            &mut sites.of_host
        };
        let site = site_of(domain);
        if !of_policy.contains(&site) {
            of_policy.push(site);
        }
    }
    sites
}

/// The cookies of a site as a jar, and those that its policy refuses, as they came.
#[derive(Clone)]
pub(super) struct SiteJar {
    pub(super) jar: CookieJar,
    /// Another machine has another policy, whose cookies stay until they expire.
    refused: Vec<Refused>,
}

/// A cookie as it came, and when it expires.
#[derive(Clone)]
struct Refused {
    octets: Vec<u8>,
    expiry_time: Option<Timestamp>,
}

impl Refused {
    fn is_expired(&self, now: Timestamp) -> bool {
        self.expiry_time.is_some_and(|at| at <= now)
    }
}

/// Why octets are no cookies of a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Damage {
    /// They are something else.
    Foreign,
    /// They are of a newer version of the format.
    Newer(u8),
}

impl SiteJar {
    pub(super) fn new(policy: &Policy) -> Self {
        Self {
            jar: CookieJar::new(policy.clone()),
            refused: Vec::new(),
        }
    }

    /// Reads the octets of a value.
    pub(super) fn read(octets: &[u8], policy: &Policy, now: Timestamp) -> Result<Self, Damage> {
        let [magic @ .., version] = HEADER;
        let mut rest = match octets.split_first_chunk::<{ HEADER.len() }>() {
            Some(([m, a, v], rest)) if [*m, *a] == magic => match *v {
                v if v == version => rest,
                0 => return Err(Damage::Foreign),
                newer => return Err(Damage::Newer(newer)),
            },
            _ => return Err(Damage::Foreign),
        };
        let mut site = Self::new(policy);
        while !rest.is_empty() {
            let taken = postcard::take_from_bytes::<Packed<&Bytes, &str>>(rest);
            let (cookie, after) = taken.map_err(|_| Damage::Foreign)?;
            let (host, fields, _) = data::unpacked(cookie, |octets| &octets[..]);
            let restored = site.jar.restore_next(host, &fields, now);
            if matches!(restored, Err(NotRestored::Refused(_))) {
                let length = rest.len() - after.len();
                site.refused.push(Refused {
                    octets: rest[..length].to_vec(),
                    expiry_time: fields.expiry_time,
                });
            }
            rest = after;
        }
        site.jar.limit_restored();
        Ok(site)
    }

    /// Writes the octets of a value, or returns `None` if a cookie cannot be written.
    pub(super) fn write(&self, now: Timestamp) -> Option<Vec<u8>> {
        let mut octets = HEADER.to_vec();
        // First, since of two that are one to another policy the later one stays.
        for refused in self.refused.iter().filter(|one| !one.is_expired(now)) {
            octets.extend_from_slice(&refused.octets);
        }
        for cookie in self.jar.iter(now) {
            octets = postcard::to_extend(&Written::of(cookie), octets).ok()?;
        }
        Some(octets)
    }

    /// Lets go of the cookies that the policy refuses.
    pub(super) fn forget_refused(&mut self) {
        self.refused.clear();
    }

    /// Returns how long the value is of use: until its last cookie expires, where one for the session lives so long.
    pub(super) fn time_to_live(&self, session: Duration, now: Timestamp) -> Duration {
        let left = |expires: Timestamp| expires.duration_since(now).unwrap_or_default();
        let refused = self.refused.iter().map(|refused| refused.expiry_time);
        let cookies = self.jar.iter(now).map(Cookie::expiry_time);
        let lives = cookies
            .chain(refused)
            .map(|expiry_time| expiry_time.map_or(session, left));
        let longest = lives.max().unwrap_or_default();
        longest.min(LONGEST) + SLACK
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Another list would name other keys than those that are at servers.
    #[test]
    fn the_list_of_the_keys_never_changes() {
        let file = include_bytes!("../../data/fleet_sites.dafsa");
        let digest = ring::digest::digest(&ring::digest::SHA256, file);
        let digest = digest.as_ref().iter().map(|octet| format!("{octet:02x}"));
        let expected = "055f8d7ca9daa3f56e1566313fd58e0e35193a0c84050ae9849bd5fd9295fadd";
        assert_eq!(digest.collect::<String>(), expected);
    }

    #[test]
    fn names_of_sites() {
        for (domain, site) in [
            ("shop.example", "shop.example"),
            ("a.b.shop.example", "shop.example"),
            ("www.shop.co.uk", "shop.co.uk"),
            ("github.io", "github.io"),
            ("a.user.github.io", "user.github.io"),
            ("bucket.s3.amazonaws.com", "bucket.s3.amazonaws.com"),
            ("x.amazonaws.com", "amazonaws.com"),
            ("localhost", "localhost"),
            ("127.0.0.1", "127.0.0.1"),
            ("[::1]", "[::1]"),
        ] {
            assert_eq!(site_of(domain.as_bytes()), site, "{domain}");
        }
    }
}
