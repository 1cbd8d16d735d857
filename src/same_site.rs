//! 5.2: sites, same-site and cross-site; the keys of partitions (CHIPS).

use std::fmt;
use std::str::FromStr;

use url::{Origin, Url};

use crate::public_suffix::PublicSuffixList;

/// A site (5.2): a scheme, and a registrable domain or a host that has none. Two URLs are same-site if
/// their sites are equal.
///
/// `Display` writes `https://shop.example`, and `FromStr` reads it.
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

/// The error of reading a [`Site`] or a [`PartitionKey`] from a text that is not one.
///
/// ```
/// use hardtack::Site;
///
/// let error = "shop.example".parse::<Site>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "it is no site: write a scheme and a host, `https://shop.example`",
/// );
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
#[error("it is no site: write a scheme and a host, `https://shop.example`")]
pub struct NoSite;

impl Site {
    /// Returns the site of a URL's origin, or `None` if the origin is opaque, as that of `data:` URLs.
    ///
    /// ```
    /// use hardtack::{PublicSuffixList, Site};
    ///
    /// let list = PublicSuffixList::embedded();
    /// let site = |url: &str| Some(Site::of(&url::Url::parse(url).ok()?, &list)?.to_string());
    /// assert_eq!(site("https://a.user.github.io/").unwrap(), "https://user.github.io");
    /// assert_eq!(site("http://[::1]:8080/").unwrap(), "http://[::1]");
    /// assert_eq!(site("data:,x"), None);
    /// ```
    pub fn of(url: &Url, list: &PublicSuffixList) -> Option<Self> {
        let mut site = Self::of_origin(url)?;
        if let Some(registrable) = list.registrable_domain(site.host.as_bytes()) {
            site.host.drain(..site.host.len() - registrable.len());
        }
        Some(site)
    }

    /// Returns scheme and host of a URL's origin, as a site.
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

    /// Returns the scheme. It is `http` for `ws` too, and `https` for `wss`.
    ///
    /// ```
    /// # use hardtack::{PublicSuffixList, Site};
    /// let url = url::Url::parse("wss://shop.example/")?;
    /// assert_eq!(Site::of(&url, &PublicSuffixList::embedded()).unwrap().scheme(), "https");
    /// # Ok::<(), url::ParseError>(())
    /// ```
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// Returns the registrable domain, or the host if it has none, with IPv6 addresses in brackets.
    ///
    /// ```
    /// # use hardtack::Site;
    /// let site: Site = "https://shop.example".parse()?;
    /// assert_eq!(site.host(), "shop.example");
    /// # Ok::<(), hardtack::NoSite>(())
    /// ```
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

    /// Reads what `Display` writes: a scheme and a host. The host is taken as it is: no public suffix
    /// list decides here what is registrable.
    ///
    /// # Errors
    ///
    /// [`NoSite`], if the text has other parts of a URL, or is not in canonical form.
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

/// Returns true if the origins of two URLs are same-site. An opaque origin is same-site with no other.
pub(crate) fn is_same_site(one: &Url, other: &Url, list: &PublicSuffixList) -> bool {
    let one = Site::of(one, list);
    one.is_some() && one == Site::of(other, list)
}

/// Returns true if the origins of two URLs have the same registrable domain, or host without one, whatever
/// their schemes.
pub(crate) fn is_same_registrable_domain(one: &Url, other: &Url, list: &PublicSuffixList) -> bool {
    let host = |url| Site::of(url, list).map(|site| site.host);
    let one = host(one);
    one.is_some() && one == host(other)
}

/// The key of a partition (CHIPS): the site of a top-level page, and whether there is a cross-site
/// document between that page and the request. A partitioned cookie goes only with requests of its key.
///
/// `Display` writes `https://shop.example`, or `https://shop.example cross-site` if there is such a
/// document, and `FromStr` reads it.
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

/// The end of the text of a key with a cross-site ancestor.
const CROSS_SITE: &str = " cross-site";

impl PartitionKey {
    /// Makes the key of a top-level page, with true if there is a cross-site document between it and the
    /// request. Returns `None` if the page's origin is opaque.
    ///
    /// ```
    /// # use hardtack::{PartitionKey, PublicSuffixList};
    /// let list = PublicSuffixList::embedded();
    /// let key = |page: &str| PartitionKey::new(&url::Url::parse(page).ok()?, false, &list);
    /// assert_eq!(key("https://www.shop.example/").unwrap().to_string(), "https://shop.example");
    /// assert_eq!(key("data:,x"), None);
    /// ```
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

    /// Returns the site of the top-level page.
    ///
    /// ```
    /// # use hardtack::PartitionKey;
    /// let key: PartitionKey = "https://shop.example cross-site".parse()?;
    /// assert_eq!(key.top_level_site().host(), "shop.example");
    /// # Ok::<(), hardtack::NoSite>(())
    /// ```
    pub fn top_level_site(&self) -> &Site {
        &self.top_level_site
    }

    /// Returns true if there is a cross-site document between the top-level page and the request.
    ///
    /// ```
    /// # use hardtack::PartitionKey;
    /// let key: PartitionKey = "https://shop.example cross-site".parse()?;
    /// assert!(key.has_cross_site_ancestor());
    /// # Ok::<(), hardtack::NoSite>(())
    /// ```
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

    /// Reads what `Display` writes.
    ///
    /// # Errors
    ///
    /// [`NoSite`], if the text before ` cross-site` is not a site.
    fn from_str(text: &str) -> Result<Self, NoSite> {
        let before = text.strip_suffix(CROSS_SITE);
        Ok(Self {
            top_level_site: before.unwrap_or(text).parse()?,
            cross_site_ancestor: before.is_some(),
        })
    }
}
