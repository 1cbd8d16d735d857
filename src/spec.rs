//! The text that is followed, and how a step of it is cited.
//!
//! In the code every step has one comment of one form, `// 5.7 step 9.3: …`; as a value it is a
//! [`Citation`]. Where the text has bullets instead of numbers (in 5.1.1, 5.1.3, 5.1.4, 5.7 and
//! 5.8.3), they are counted in the order they stand: the second requirement of 5.8.3 step 3 is its
//! step 3.2. Sections 5.1.4 and 5.6 have two algorithms each: a step of the second says so,
//! `path-match` or `unparsed-attributes`, after the colon.

use std::fmt;

/// The draft that the crate follows ("bis"), by its full name.
pub const DRAFT: &str = "draft-ietf-httpbis-rfc6265bis-22";

/// A step of [`DRAFT`], or a section that has none: what a refusal points at.
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

    /// A section that is a grammar, without steps.
    pub(crate) const fn of_section(section: &'static str) -> Self {
        Self {
            section,
            step: None,
        }
    }

    /// The section's number, such as `5.7`.
    pub const fn section(&self) -> &'static str {
        self.section
    }

    /// The step with its sub-steps, such as `9.3`; `None` where the section is a grammar (4.1.1).
    pub const fn step(&self) -> Option<&'static str> {
        self.step
    }

    /// The number of the main step, 9 for `9.3`; `None` where the section is a grammar.
    pub fn main_step(&self) -> Option<u32> {
        self.step?.split('.').next()?.parse().ok()
    }

    /// Where the section can be read.
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
