//! 5.2: sites, same-site and cross-site.

use std::fmt;

use url::{Origin, Url};

use crate::public_suffix::PublicSuffixList;

/// A scheme and a registrable domain (or a host that has none): what "same site" compares.
///
/// Shown as `https://shop.example`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Site {
    scheme: String,
    host: String,
}

impl Site {
    /// The site of a URL's origin; `None` where the origin is opaque, as of `data:` URLs.
    pub fn of(url: &Url, list: &PublicSuffixList) -> Option<Self> {
        let Origin::Tuple(scheme, host, _) = url.origin() else {
            return None;
        };
        // Reading: `ws:` and `wss:` are as `http:` and `https:`.
        let scheme = match scheme.as_str() {
            "ws" => "http".to_owned(),
            "wss" => "https".to_owned(),
            _ => scheme,
        };
        let mut host = host.to_string();
        if let Some(registrable) = list.registrable_domain(host.as_bytes()) {
            host.drain(..host.len() - registrable.len());
        }
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

/// Are the origins of two URLs same-site? An opaque origin is same-site with nothing.
pub(crate) fn is_same_site(one: &Url, other: &Url, list: &PublicSuffixList) -> bool {
    let one = Site::of(one, list);
    one.is_some() && one == Site::of(other, list)
}

/// What a partitioned cookie is kept under (CHIPS): the top-level site, and whether a cross-site
/// document stands between it and the request.
///
/// Shown as `https://shop.example`, with ` cross-site` appended where one does.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartitionKey {
    top_level_site: Site,
    cross_site_ancestor: bool,
}

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

    /// Does a cross-site document stand between the top-level page and the request?
    pub fn has_cross_site_ancestor(&self) -> bool {
        self.cross_site_ancestor
    }
}

impl fmt::Display for PartitionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let suffix = if self.cross_site_ancestor {
            " cross-site"
        } else {
            ""
        };
        write!(f, "{}{suffix}", self.top_level_site)
    }
}
