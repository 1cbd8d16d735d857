//! The public suffix list: embedded, or one that was given.

use std::fmt;
use std::iter;
use std::sync::{Arc, LazyLock};

use publicsuffix::{List, Psl as _};

use crate::host;

static EMBEDDED: LazyLock<List> = LazyLock::new(|| {
    List::from_bytes(include_bytes!("../data/public_suffix_list.dat"))
        .expect("the tests read the embedded list")
});

/// Which public suffix list decides what a public suffix and what a site is.
///
/// Both sections of the list count, and a top-level label that it does not name is a public suffix
/// (the list's own rule `*`), as in browsers.
///
/// ```
/// let list = hardtack::PublicSuffixList::embedded();
/// assert!(list.is_public_suffix(b"co.uk"));
/// assert!(list.is_public_suffix(b"github.io"));
/// assert_eq!(list.registrable_domain(b"www.shop.co.uk"), Some(&b"shop.co.uk"[..]));
/// ```
#[derive(Clone, Default)]
pub struct PublicSuffixList {
    /// `None` is the embedded one.
    given: Option<Arc<List>>,
}

impl PublicSuffixList {
    /// The list that is compiled into the crate.
    ///
    /// It is read (a few milliseconds) when a look-up first needs it, once a process.
    pub const fn embedded() -> Self {
        Self { given: None }
    }

    fn list(&self) -> &List {
        self.given.as_deref().unwrap_or_else(|| &EMBEDDED)
    }

    /// Is this a public suffix, for a Domain attribute (5.7 step 9) or the domain of a cookie (5.8.3)?
    ///
    /// Takes the octets of a canonicalized domain. IP addresses never are.
    pub fn is_public_suffix(&self, domain: &[u8]) -> bool {
        // Reading: the root label takes no part in the look-up.
        let domain = domain.strip_suffix(b".").unwrap_or(domain);
        // Reading: never for an IP address, whatever rule `*` says.
        if domain.is_empty() || host::is_address(domain) {
            return false;
        }
        // Reading: a parent of a wildcard rule (`kawasaki.jp` where the list has `*.kawasaki.jp`) would
        // reach every registrant below it, so it is a public suffix too.
        self.find_below(domain) >= domain.len()
    }

    /// The registrable domain of a host: its public suffix and the label to its left.
    ///
    /// `None` for IP addresses, for hosts that are public suffixes themselves, and for those that begin
    /// with a dot.
    pub fn registrable_domain<'a>(&self, host: &'a [u8]) -> Option<&'a [u8]> {
        let name = host.strip_suffix(b".").unwrap_or(host);
        if name.is_empty() || name.starts_with(b".") || host::is_address(name) {
            return None;
        }
        let suffix = self.suffix(name);
        let registrable = with_next_label(name, suffix);
        let is_longer = registrable.len() > suffix.len();
        is_longer.then(|| &host[name.len() - registrable.len()..])
    }

    /// The public suffix of a name without a root label, by the list's algorithm.
    fn suffix<'a>(&self, name: &'a [u8]) -> &'a [u8] {
        let found = self.list().find(labels(name)).len;
        let mut suffix = &name[name.len().saturating_sub(found)..];
        // `publicsuffix` follows a label that leads only to longer rules (`mtls` of `*.mtls.run.app`)
        // and forgets the wildcard rule beside it (`*.run.app`), which takes that label too.
        let mut parent = suffix;
        while parent.len() < name.len() {
            let child = with_next_label(name, parent);
            if self.has_wildcard_below(child) && self.has_wildcard_below(parent) {
                suffix = child;
            }
            parent = child;
        }
        suffix
    }

    fn has_wildcard_below(&self, domain: &[u8]) -> bool {
        self.find_below(domain) > domain.len()
    }

    /// How much of a domain, with a label that only wildcard rules take before it, is a public suffix.
    fn find_below(&self, domain: &[u8]) -> usize {
        self.list()
            .find(labels(domain).chain(iter::once(&b"*"[..])))
            .len
    }
}

fn labels(name: &[u8]) -> impl Iterator<Item = &[u8]> {
    name.rsplit(|octet| *octet == b'.')
}

/// The suffix and the label to its left, if there is one.
fn with_next_label<'a>(name: &'a [u8], suffix: &[u8]) -> &'a [u8] {
    let left = name.len().saturating_sub(suffix.len() + 1);
    let dot = name[..left].iter().rposition(|octet| *octet == b'.');
    &name[dot.map_or(0, |dot| dot + 1)..]
}

impl From<List> for PublicSuffixList {
    /// A list read at run time, such as one newer than the crate's.
    fn from(list: List) -> Self {
        Self {
            given: Some(Arc::new(list)),
        }
    }
}

impl fmt::Debug for PublicSuffixList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.given {
            None => "PublicSuffixList::embedded()",
            Some(_) => "PublicSuffixList::from(..)",
        })
    }
}
