//! The public suffix list: the embedded one, or another.

use std::borrow::Cow;
use std::fmt;
use std::iter;
use std::sync::Arc;

use publicsuffix::{List, Psl};

use crate::host;
use crate::set_cookie::ATTRIBUTE_VALUE_LIMIT;
use dafsa::Dafsa;
use packed::Packed;

mod dafsa;
mod packed;
mod tokens;

/// A public suffix list, which decides what a public suffix is (5.7 step 9) and what a site is (5.2).
///
/// As in browsers, both sections of the list count, and a top-level label that the list does not name is
/// a public suffix (the list's own rule `*`).
///
/// ```
/// let list = hardtack::PublicSuffixList::embedded();
/// assert!(list.is_public_suffix(b"co.uk"));
/// assert!(list.is_public_suffix(b"github.io"));
/// assert_eq!(list.registrable_domain(b"www.shop.co.uk"), Some(&b"shop.co.uk"[..]));
/// ```
///
/// # A newer list
///
/// The embedded list is as old as the release of the crate. [`from_bytes`](Self::from_bytes) takes the
/// octets of another list's file, such as the one that the system keeps up to date. The crate itself
/// reads no files.
///
/// ```no_run
/// use hardtack::{CookieJar, Policy, PublicSuffixList};
///
/// let file = std::fs::read("/usr/share/publicsuffix/public_suffix_list.dafsa")?;
/// let list = PublicSuffixList::from_bytes(file)?;
/// let jar = CookieJar::new(Policy::default().with_public_suffix_list(list));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// `from` takes any list that implements the trait `publicsuffix::Psl`, such as
/// `publicsuffix::List`. A clone of a `PublicSuffixList` shares the list and takes no memory.
///
/// ```
/// use hardtack::PublicSuffixList;
///
/// let list = "// ===BEGIN ICANN DOMAINS===\nexample\nshop.example\n";
/// let list = PublicSuffixList::from(list.parse::<publicsuffix::List>().unwrap());
/// assert!(list.is_public_suffix(b"shop.example"));
/// ```
///
/// The embedded list is under the [MPL 2.0](https://mozilla.org/MPL/2.0/); its source is the crate's
/// `data/public_suffix_list.dat`.
#[derive(Clone, Default)]
pub struct PublicSuffixList {
    /// `None` is the embedded one.
    given: Option<Arc<dyn Rules>>,
}

impl PublicSuffixList {
    /// Returns the list that is compiled into the crate.
    ///
    /// It is a table of 59 kB in the program that is looked up in place. Nothing is parsed or allocated,
    /// at the start or later.
    ///
    /// ```
    /// # use hardtack::PublicSuffixList;
    /// assert!(PublicSuffixList::embedded().is_public_suffix(b"co.uk"));
    /// ```
    pub const fn embedded() -> Self {
        Self { given: None }
    }

    /// Makes a list of the octets of its file: the list's text, as <https://publicsuffix.org> publishes
    /// it, or the DAFSA that libpsl makes of it. Debian's package `publicsuffix` installs both, as
    /// `/usr/share/publicsuffix/public_suffix_list.dat` and `.dafsa`.
    ///
    /// The text is parsed, which takes some milliseconds and 2 MiB. The DAFSA is looked up in place:
    /// nothing is parsed, and a look-up takes longer.
    ///
    /// ```
    /// use hardtack::PublicSuffixList;
    ///
    /// let list = "// ===BEGIN ICANN DOMAINS===\nexample\nshop.example\n";
    /// let list = PublicSuffixList::from_bytes(list.as_bytes())?;
    /// assert!(list.is_public_suffix(b"shop.example"));
    ///
    /// let error = PublicSuffixList::from_bytes(b"<!DOCTYPE html>").unwrap_err();
    /// assert!(error.to_string().contains("https://publicsuffix.org/list/public_suffix_list.dat"));
    /// # Ok::<(), hardtack::PublicSuffixListError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`PublicSuffixListError`], if the file is neither.
    pub fn from_bytes(file: impl Into<Cow<'static, [u8]>>) -> Result<Self, PublicSuffixListError> {
        let file = file.into();
        if file.starts_with(dafsa::NAME) {
            let dafsa = Dafsa::new(file).ok_or(PublicSuffixListError::Dafsa)?;
            return Ok(Self {
                given: Some(Arc::new(dafsa)),
            });
        }
        List::from_bytes(&file)
            .map(Self::from)
            .map_err(PublicSuffixListError::Text)
    }

    fn rules(&self) -> &dyn Rules {
        match &self.given {
            None => &Packed,
            Some(given) => &**given,
        }
    }

    /// Returns true if a domain is a public suffix (5.7 step 9, 5.8.3 step 3.1.3). An IP address is none.
    ///
    /// It takes the octets of a canonicalized domain: in lower case and A-labels.
    ///
    /// ```
    /// # use hardtack::PublicSuffixList;
    /// let list = PublicSuffixList::embedded();
    /// assert!(list.is_public_suffix(b"github.io"));
    /// assert!(!list.is_public_suffix(b"user.github.io"));
    /// assert!(!list.is_public_suffix(b"127.0.0.1"));
    /// ```
    pub fn is_public_suffix(&self, domain: &[u8]) -> bool {
        // Reading: the root label takes no part in the look-up.
        let domain = domain.strip_suffix(b".").unwrap_or(domain);
        // Reading: a parent of a wildcard rule (`kawasaki.jp` where the list has `*.kawasaki.jp`) would
        // reach every registrant below it, so it is a public suffix too.
        let is_suffix = self.rules().is_suffix(domain);
        // Reading: never for an IP address, whatever rule `*` says.
        is_suffix && !domain.is_empty() && !host::is_address(domain)
    }

    /// Returns the registrable domain of a host: its public suffix with the label to the left of it.
    ///
    /// It takes the octets of a canonicalized host. It returns `None` for an IP address, for a host that
    /// is itself a public suffix, and for one that begins with a dot.
    ///
    /// ```
    /// # use hardtack::PublicSuffixList;
    /// let list = PublicSuffixList::embedded();
    /// assert_eq!(list.registrable_domain(b"a.b.shop.co.uk"), Some(&b"shop.co.uk"[..]));
    /// assert_eq!(list.registrable_domain(b"co.uk"), None);
    /// ```
    pub fn registrable_domain<'a>(&self, host: &'a [u8]) -> Option<&'a [u8]> {
        let name = host.strip_suffix(b".").unwrap_or(host);
        if name.is_empty() || name.starts_with(b".") || host::is_address(name) {
            return None;
        }
        let found = self.rules().suffix(name);
        let suffix = &name[name.len().saturating_sub(found)..];
        let registrable = with_next_label(name, suffix);
        let is_longer = registrable.len() > suffix.len();
        is_longer.then(|| &host[name.len() - registrable.len()..])
    }

    /// Returns the name of a domain's site: its registrable domain, or the domain itself if it has none
    /// or one that is longer than a Domain attribute can be.
    pub(crate) fn site<'a>(&self, domain: &'a [u8]) -> &'a [u8] {
        let registrable = self.registrable_domain(domain);
        let site = registrable.filter(|site| site.len() <= ATTRIBUTE_VALUE_LIMIT);
        site.unwrap_or(domain)
    }
}

/// The look-ups in a list. Names have no root label.
trait Rules: Send + Sync {
    /// Returns true if a name is a public suffix by a rule, or the parent of a wildcard rule.
    fn is_suffix(&self, name: &[u8]) -> bool;

    /// Returns the number of octets of a name's public suffix, by the list's algorithm.
    fn suffix(&self, name: &[u8]) -> usize;
}

/// A list that another crate looks up.
struct Given<L>(L);

impl<L: Psl + Send + Sync> Rules for Given<L> {
    fn is_suffix(&self, name: &[u8]) -> bool {
        self.find_below(name) >= name.len()
    }

    fn suffix(&self, name: &[u8]) -> usize {
        let mut found = self.0.find(labels(name)).len;
        // `publicsuffix` follows a label that leads only to longer rules (`mtls` of `*.mtls.run.app`)
        // and forgets the wildcard rule beside it (`*.run.app`), which takes that label too.
        let mut parent = &name[name.len().saturating_sub(found)..];
        while parent.len() < name.len() {
            let child = with_next_label(name, parent);
            if self.has_wildcard_below(child) && self.has_wildcard_below(parent) {
                found = child.len();
            }
            parent = child;
        }
        found
    }
}

impl<L: Psl> Given<L> {
    fn has_wildcard_below(&self, domain: &[u8]) -> bool {
        self.find_below(domain) > domain.len()
    }

    /// Returns the number of octets of the public suffix of `*.domain`, whose first label only wildcard
    /// rules match.
    fn find_below(&self, domain: &[u8]) -> usize {
        self.0.find(labels(domain).chain(iter::once(&b"*"[..]))).len
    }
}

fn labels(name: &[u8]) -> impl Iterator<Item = &[u8]> {
    name.rsplit(|octet| *octet == b'.')
}

/// Returns the suffix with the label to its left, if there is one.
fn with_next_label<'a>(name: &'a [u8], suffix: &[u8]) -> &'a [u8] {
    let left = name.len().saturating_sub(suffix.len() + 1);
    let dot = name[..left].iter().rposition(|octet| *octet == b'.');
    &name[dot.map_or(0, |dot| dot + 1)..]
}

impl<L: Psl + Send + Sync + 'static> From<L> for PublicSuffixList {
    /// Takes a list of another crate, such as one that `publicsuffix` has parsed.
    fn from(list: L) -> Self {
        Self {
            given: Some(Arc::new(Given(list))),
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

/// The reason why a file is not a public suffix list.
///
/// ```
/// use hardtack::{PublicSuffixList, PublicSuffixListError};
///
/// let error = PublicSuffixList::from_bytes(b".DAFSA@PSL_9   \n").unwrap_err();
/// assert_eq!(error, PublicSuffixListError::Dafsa);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PublicSuffixListError {
    /// The file is not the list's text: it is not UTF-8, has no section, or has a line that is not a
    /// rule.
    #[error(
        "the file is no public suffix list ({0}): take https://publicsuffix.org/list/public_suffix_list.dat"
    )]
    Text(publicsuffix::Error),
    /// The file begins like a DAFSA of libpsl, and has another version than 0 or nothing after its
    /// header.
    #[error(
        "the file is no DAFSA of libpsl's version 0: take https://publicsuffix.org/list/public_suffix_list.dat"
    )]
    Dafsa,
}
