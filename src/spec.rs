//! The text that the crate follows, and citations of its steps.
//!
//! In the code every step has one comment of one form, `// 5.7 step 9.3: …`; as a value it is a
//! [`Citation`]. Bullets of the text without numbers (in 5.1.1, 5.1.3, 5.1.4, 5.7 and 5.8.3) are counted
//! in their order: the second requirement of 5.8.3 step 3 is its step 3.2. Sections 5.1.4 and 5.6 have
//! two algorithms each; a comment of a step of the second names it after the colon, `path-match` or
//! `unparsed-attributes`.

use std::fmt;

/// The full name of the draft that the crate follows, RFC 6265bis. Sections and steps in this
/// documentation are those of this draft.
///
/// ```
/// assert_eq!(hardtack::DRAFT, "draft-ietf-httpbis-rfc6265bis-22");
/// ```
pub const DRAFT: &str = "draft-ietf-httpbis-rfc6265bis-22";

/// A step of [`DRAFT`], or a section without steps, that decided about a cookie.
///
/// `Display` writes `5.7 step 9.3.1`, or the section alone.
///
/// ```
/// # use hardtack::CookieJar;
/// # let url = url::Url::parse("http://shop.example/").unwrap();
/// # let now = std::time::SystemTime::UNIX_EPOCH;
/// let mut jar = CookieJar::default();
/// let refused = jar.receive("sid=1; Domain=example", &url, now).unwrap_err();
/// let citation = refused.citation().unwrap();
/// assert_eq!(citation.to_string(), "5.7 step 9.3.1");
/// assert_eq!((citation.section(), citation.step()), ("5.7", Some("9.3.1")));
/// assert_eq!(citation.main_step(), Some(9));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Citation {
    section: &'static str,
    step: Option<&'static str>,
}

impl Citation {
    pub(crate) const fn new(section: &'static str, step: &'static str) -> Self {
        Self {
            section,
            step: Some(step),
        }
    }

    /// Cites a section that is a grammar, without steps.
    pub(crate) const fn of_section(section: &'static str) -> Self {
        Self {
            section,
            step: None,
        }
    }

    /// Returns the section's number, such as `5.7`.
    ///
    /// ```
    /// # use hardtack::Rejection;
    /// assert_eq!(Rejection::Empty.citation().unwrap().section(), "5.7");
    /// ```
    pub const fn section(&self) -> &'static str {
        self.section
    }

    /// Returns the step with its sub-steps, such as `9.3`, or `None` if the section is a grammar (4.1.1).
    ///
    /// ```
    /// # use hardtack::Rejection;
    /// assert_eq!(Rejection::HostPrefixPath.citation().unwrap().step(), Some("21.3"));
    /// assert_eq!(Rejection::NameNotToken.citation().unwrap().step(), None);
    /// ```
    pub const fn step(&self) -> Option<&'static str> {
        self.step
    }

    /// Returns the number of the main step, 9 for `9.3`, or `None` if the section is a grammar (4.1.1).
    ///
    /// ```
    /// # use hardtack::Rejection;
    /// assert_eq!(Rejection::HostPrefixPath.citation().unwrap().main_step(), Some(21));
    /// ```
    pub fn main_step(&self) -> Option<u32> {
        self.step?.split('.').next()?.parse().ok()
    }

    /// Returns the address of the section's text.
    ///
    /// ```
    /// # use hardtack::Rejection;
    /// assert_eq!(
    ///     Rejection::Empty.citation().unwrap().link(),
    ///     "https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis-22#section-5.7",
    /// );
    /// ```
    pub fn link(&self) -> String {
        format!(
            "https://datatracker.ietf.org/doc/html/{DRAFT}#section-{}",
            self.section
        )
    }
}

impl fmt::Display for Citation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.step {
            None => f.write_str(self.section),
            Some(step) => write!(f, "{} step {step}", self.section),
        }
    }
}
