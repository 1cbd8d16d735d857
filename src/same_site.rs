//! 5.2: sites, same-site and cross-site.

use std::fmt;
use std::str::FromStr;

use url::{Origin, Url};

use crate::public_suffix::PublicSuffixList;

/// A scheme and a registrable domain (or a host that has none): what "same site" compares.
///
/// Shown as `https://shop.example`, and read from that.
///
/// ```
/// use hardtack::{PublicSuffixList, Site};
///
/// let url = url::Url::parse("wss://www.shop.example:8443/chat")?;
/// let site = Site::of(&url, &PublicSuffixList::embedded()).unwrap();
/// assert_eq!((site.scheme(), site.host()), ("https", "shop.example"));
/// assert_eq!(site.to_string().parse(), Ok(site));
/// # Ok::<(), url::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Site {
    scheme: String,
    host: String,
}

/// The text is no site, or no partition key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("it is no site: write a scheme and a host, `https://shop.example`")]
pub struct NoSite;

impl Site {
    /// The site of a URL's origin; `None` where the origin is opaque, as of `data:` URLs.
    pub fn of(url: &Url, list: &PublicSuffixList) -> Option<Self> {
        let mut site = Self::of_origin(url)?;
        if let Some(registrable) = list.registrable_domain(site.host.as_bytes()) {
            site.host.drain(..site.host.len() - registrable.len());
        }
        Some(site)
    }

    /// Scheme and host of a URL's origin.
    fn of_origin(url: &Url) -> Option<Self> {
        let Origin::Tuple(scheme, host, _) = url.origin() else {
            return None;
        };
        // Reading: `ws:` and `wss:` are as `http:` and `https:`.
        let scheme = match scheme.as_str() {
            "ws" => "http".to_owned(),
            "wss" => "https".to_owned(),
            _ => scheme,
        };
        let host = host.to_string();
        Some(Self { scheme, host })
    }

    /// The scheme; `http` and `https` also stand for `ws` and `wss`.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The registrable domain, or the host where there is none; IPv6 in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)
    }
}

impl FromStr for Site {
    type Err = NoSite;

    /// Reads what a site is shown as. No list is asked: the host is taken as it stands.
    fn from_str(text: &str) -> Result<Self, NoSite> {
        let url = Url::parse(text).map_err(|_| NoSite)?;
        let site = Self::of_origin(&url).ok_or(NoSite)?;
        if site.to_string() == text {
            Ok(site)
        } else {
            Err(NoSite)
        }
    }
}

/// Returns true if the origins of two URLs are same-site. An opaque origin is same-site with nothing.
pub(crate) fn is_same_site(one: &Url, other: &Url, list: &PublicSuffixList) -> bool {
    let one = Site::of(one, list);
    one.is_some() && one == Site::of(other, list)
}

/// What a partitioned cookie is kept under (CHIPS): the top-level site, and whether a cross-site
/// document stands between it and the request.
///
/// Shown as `https://shop.example`, with ` cross-site` appended where one does, and read from that.
///
/// ```
/// use hardtack::{PartitionKey, PublicSuffixList};
///
/// let page = url::Url::parse("https://www.shop.example/")?;
/// let key = PartitionKey::new(&page, true, &PublicSuffixList::embedded()).unwrap();
/// assert_eq!(key.to_string(), "https://shop.example cross-site");
/// assert_eq!(key.to_string().parse(), Ok(key));
/// # Ok::<(), url::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartitionKey {
    top_level_site: Site,
    cross_site_ancestor: bool,
}

/// What a key's text ends with where there is a cross-site ancestor.
const CROSS_SITE: &str = " cross-site";

impl PartitionKey {
    /// The key of a top-level page; `None` where its origin is opaque.
    pub fn new(
        top_level_page: &Url,
        cross_site_ancestor: bool,
        list: &PublicSuffixList,
    ) -> Option<Self> {
        Some(Self {
            top_level_site: Site::of(top_level_page, list)?,
            cross_site_ancestor,
        })
    }

    /// The site of the top-level page.
    pub fn top_level_site(&self) -> &Site {
        &self.top_level_site
    }

    /// Returns true if a cross-site document stands between the top-level page and the request.
    pub fn has_cross_site_ancestor(&self) -> bool {
        self.cross_site_ancestor
    }
}

impl fmt::Display for PartitionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let suffix = if self.cross_site_ancestor {
            CROSS_SITE
        } else {
            ""
        };
        write!(f, "{}{suffix}", self.top_level_site)
    }
}

impl FromStr for PartitionKey {
    type Err = NoSite;

    /// Reads what a key is shown as.
    fn from_str(text: &str) -> Result<Self, NoSite> {
        let before = text.strip_suffix(CROSS_SITE);
        Ok(Self {
            top_level_site: before.unwrap_or(text).parse()?,
            cross_site_ancestor: before.is_some(),
        })
    }
}
