//! 5.6: a Set-Cookie line to typed attributes, without a URL, a clock or a policy.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::cookie_date::{self, DateError};
use crate::dialect::{Deviation, Dialect};
use crate::grammar;
use crate::spec::Citation;
use crate::timestamp::Timestamp;

/// The most octets that name and value may have together (5.6 step 5, 5.7 step 4).
pub(crate) const NAME_AND_VALUE_LIMIT: usize = 4096;

/// The most octets that an attribute's value may have (5.6, step 6 of the unparsed-attributes).
pub(crate) const ATTRIBUTE_VALUE_LIMIT: usize = 1024;

/// A parsed Set-Cookie line (5.6), before any decision about it.
///
/// It borrows the octets that it was parsed from. Of an attribute that occurs more than once it has the
/// last, which is the one that counts; [`SetCookie::parse_observed`] shows all of them.
///
/// ```
/// use hardtack::{PathAttribute, SameSite, SetCookie};
///
/// let line = b"sid=31d4; Path=/; Max-Age=3600; Secure; SameSite=Lax";
/// let set_cookie = SetCookie::parse(line)?;
/// assert_eq!((set_cookie.name(), set_cookie.value()), (&b"sid"[..], &b"31d4"[..]));
/// assert_eq!(set_cookie.path(), Some(PathAttribute::Given(b"/")));
/// assert_eq!(set_cookie.max_age(), Some(3600));
/// assert_eq!(set_cookie.same_site(), SameSite::Lax);
/// assert!(set_cookie.secure() && !set_cookie.http_only());
/// # Ok::<(), hardtack::ParseError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SetCookie<'a> {
    name: &'a [u8],
    value: &'a [u8],
    // The text appends to a cookie-attribute-list and then asks for the last of each name: here each
    // name has one slot, and the last one wins (5.7 steps 6, 7, 11, 12, 14 and 17).
    expires: Option<Timestamp>,
    max_age: Option<i64>,
    domain: Option<Cow<'a, [u8]>>,
    path: Option<PathAttribute<'a>>,
    secure: bool,
    http_only: bool,
    same_site: SameSite,
    partitioned: bool,
}

/// The Path attribute of a line (5.6.4). A line without one has no `PathAttribute`, which is not the same
/// as one that stands for the default-path: `__Host-` needs the attribute (5.7 step 21.3).
///
/// ```
/// use hardtack::{PathAttribute, SetCookie};
///
/// let path = |line: &'static [u8]| SetCookie::parse(line).unwrap().path();
/// assert_eq!(path(b"a=1; Path=/cart"), Some(PathAttribute::Given(b"/cart")));
/// assert_eq!(path(b"a=1; Path=cart"), Some(PathAttribute::Default { earlier: None }));
/// assert_eq!(path(b"a=1"), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PathAttribute<'a> {
    /// A value that begins with "/", of at most 1024 octets, as it came.
    Given(&'a [u8]),
    /// An empty value, or one that does not begin with "/". It stands for the default-path of the
    /// request.
    Default {
        /// The last value that began with "/" before it in the line. It counts if the default-path has
        /// more than 1024 octets (5.7 step 11).
        earlier: Option<&'a [u8]>,
    },
}

/// The value of a SameSite attribute (5.6.7), and the same-site-flag of a cookie (5.7 step 17).
///
/// `Display` writes the name of the variant, and `FromStr` reads it in any case.
///
/// ```
/// use hardtack::{SameSite, SetCookie};
///
/// assert_eq!(SetCookie::parse(b"a=1; SameSite=lax").unwrap().same_site(), SameSite::Lax);
/// assert_eq!(SetCookie::parse(b"a=1").unwrap().same_site(), SameSite::Default);
/// assert_eq!(SameSite::Lax.to_string(), "Lax");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum SameSite {
    /// No attribute, or one of an unknown value: enforced as Lax, or by
    /// [`Policy::lax_allowing_unsafe`](crate::Policy::lax_allowing_unsafe) less strictly.
    #[default]
    Default,
    /// The cookie goes with same-site requests only.
    Strict,
    /// The cookie goes with same-site requests, and with cross-site requests that navigate a top-level
    /// page by a safe method.
    Lax,
    /// The cookie goes with every request. It needs Secure.
    None,
}

impl fmt::Display for SameSite {
    /// Writes `Strict`, `Lax` or `None`, as in a Set-Cookie line, or `Default`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Default => "Default",
            Self::Strict => "Strict",
            Self::Lax => "Lax",
            Self::None => "None",
        })
    }
}

impl FromStr for SameSite {
    type Err = UnknownSameSite;

    /// Reads what `Display` writes, in any case of letters.
    ///
    /// # Errors
    ///
    /// [`UnknownSameSite`], if it is none of the four names.
    ///
    /// ```
    /// use hardtack::SameSite;
    ///
    /// assert_eq!("lax".parse(), Ok(SameSite::Lax));
    /// assert!("loose".parse::<SameSite>().is_err());
    /// ```
    fn from_str(text: &str) -> Result<Self, UnknownSameSite> {
        let all = [Self::Default, Self::Strict, Self::Lax, Self::None];
        let named = |same_site: &Self| same_site.to_string().eq_ignore_ascii_case(text);
        all.into_iter().find(named).ok_or(UnknownSameSite)
    }
}

/// The error of reading a [`SameSite`] from a text that is not the name of one.
///
/// ```
/// let error = "loose".parse::<hardtack::SameSite>().unwrap_err();
/// assert_eq!(error.to_string(), "the SameSite is not known: write Strict, Lax, None or Default");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
#[error("the SameSite is not known: write Strict, Lax, None or Default")]
pub struct UnknownSameSite;

/// One attribute that was understood, as [`SetCookie::parse_observed`] shows it.
///
/// ```
/// use hardtack::{Attribute, SetCookie};
///
/// let mut seen = Vec::new();
/// SetCookie::parse_observed(b"a=1; Max-Age=60; Max-Age=90; Secure", |attribute| {
///     seen.extend(attribute.cloned());
/// })?;
/// assert_eq!(seen, [Attribute::MaxAge(60), Attribute::MaxAge(90), Attribute::Secure]);
/// # Ok::<(), hardtack::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Attribute<'a> {
    /// The Expires attribute (5.6.1): the instant as written, without a lifetime limit.
    Expires(Timestamp),
    /// The Max-Age attribute (5.6.2), in seconds, saturated to 64 bits.
    MaxAge(i64),
    /// The Domain attribute (5.6.3), in lower case and without its leading dot. It has at most 1024
    /// octets and may be empty.
    Domain(Cow<'a, [u8]>),
    /// The Path attribute (5.6.4).
    Path(PathAttribute<'a>),
    /// The Secure attribute (5.6.5), of any value.
    Secure,
    /// The HttpOnly attribute (5.6.6), of any value.
    HttpOnly,
    /// The SameSite attribute (5.6.7); [`SameSite::Default`] for an unknown value.
    SameSite(SameSite),
    /// The Partitioned attribute (CHIPS), of any value.
    Partitioned,
}

/// One attribute that was ignored, and why, as [`SetCookie::parse_observed`] shows it. The rest of the
/// line is not affected. `Display` writes the name, escaped, and the reason.
///
/// ```
/// use hardtack::SetCookie;
///
/// let mut ignored = Vec::new();
/// SetCookie::parse_observed(b"a=1; Priority=High", |attribute| ignored.extend(attribute.err()))?;
/// assert_eq!(ignored[0].name, b"Priority");
/// assert_eq!(ignored[0].to_string(), "Priority: no attribute of this name is known");
/// # Ok::<(), hardtack::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{}: {reason}", .name.escape_ascii())]
pub struct IgnoredAttribute<'a> {
    /// The attribute's name as it came, without the whitespace around it. It may be empty.
    pub name: &'a [u8],
    /// The reason why it was ignored.
    pub reason: IgnoredReason,
}

/// The reason why an attribute was ignored.
///
/// ```
/// use hardtack::{IgnoredReason, SetCookie};
///
/// let mut reasons = Vec::new();
/// SetCookie::parse_observed(b"a=1; Max-Age; Max-Age=1.5", |attribute| {
///     reasons.extend(attribute.err().map(|ignored| ignored.reason));
/// })?;
/// assert_eq!(reasons, [IgnoredReason::MaxAgeEmpty, IgnoredReason::MaxAgeDigits]);
/// # Ok::<(), hardtack::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum IgnoredReason {
    /// The name is none of those in 5.6, and not Partitioned.
    #[error("no attribute of this name is known")]
    Unknown,
    /// The value is longer than 1024 octets.
    #[error("the value is longer than 1024 octets")]
    TooLong,
    /// The value of Expires is not a cookie-date.
    #[error("{0}")]
    Expires(DateError),
    /// Max-Age has no value.
    #[error("it is empty: give it a number of seconds")]
    MaxAgeEmpty,
    /// The value of Max-Age does not begin with a digit, or with "-" and a digit.
    #[error("it does not begin with a digit, or with \"-\" and a digit")]
    MaxAgeStart,
    /// The value of Max-Age has octets other than digits.
    #[error("it has something else than digits")]
    MaxAgeDigits,
}

impl IgnoredReason {
    /// Returns the step that ignores the attribute.
    ///
    /// ```
    /// # use hardtack::IgnoredReason;
    /// assert_eq!(IgnoredReason::MaxAgeEmpty.citation().to_string(), "5.6.2 step 1");
    /// ```
    pub const fn citation(&self) -> Citation {
        match self {
            Self::Unknown => Citation::new("5.6", "7"),
            Self::TooLong => Citation::new("5.6", "6"),
            Self::Expires(_) => Citation::new("5.6.1", "2"),
            Self::MaxAgeEmpty => Citation::new("5.6.2", "1"),
            Self::MaxAgeStart => Citation::new("5.6.2", "2"),
            Self::MaxAgeDigits => Citation::new("5.6.2", "3"),
        }
    }

    /// Returns the name of the variant in kebab-case, for programs.
    ///
    /// ```
    /// # use hardtack::IgnoredReason;
    /// assert_eq!(IgnoredReason::MaxAgeEmpty.name(), "max-age-empty");
    /// ```
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::TooLong => "too-long",
            Self::Expires(_) => "expires",
            Self::MaxAgeEmpty => "max-age-empty",
            Self::MaxAgeStart => "max-age-start",
            Self::MaxAgeDigits => "max-age-digits",
        }
    }
}

/// The reason why a line as a whole is ignored (5.6).
///
/// ```
/// use hardtack::{ParseError, SetCookie};
///
/// assert_eq!(SetCookie::parse(b"a=1\0").unwrap_err(), ParseError::ControlOctet);
/// assert_eq!(SetCookie::parse(&[b'a'; 4097]).unwrap_err(), ParseError::TooLong);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// The line has a control octet (00-08, 0A-1F or 7F).
    #[error(
        "the line has a control octet (00-08, 0A-1F or 7F): encode the value, Base64 for example"
    )]
    ControlOctet,
    /// The name and the value have more than 4096 octets together.
    #[error("name and value have more than 4096 octets together: store less in the cookie")]
    TooLong,
    /// A rule of a browser's dialect refuses the line, which the text takes.
    #[error("{}", .0.description())]
    Deviation(Deviation),
}

impl ParseError {
    /// Returns the step that ignores the line, or `None` for a rule of a dialect.
    ///
    /// ```
    /// # use hardtack::ParseError;
    /// assert_eq!(ParseError::TooLong.citation().unwrap().to_string(), "5.6 step 5");
    /// ```
    pub const fn citation(&self) -> Option<Citation> {
        Some(match self {
            Self::ControlOctet => Citation::new("5.6", "1"),
            Self::TooLong => Citation::new("5.6", "5"),
            Self::Deviation(_) => return None,
        })
    }

    /// Returns the name of the variant, or that of the deviation, in kebab-case, for programs.
    ///
    /// ```
    /// # use hardtack::ParseError;
    /// assert_eq!(ParseError::TooLong.name(), "too-long");
    /// ```
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ControlOctet => "control-octet",
            Self::TooLong => "too-long",
            Self::Deviation(deviation) => deviation.name(),
        }
    }
}

impl<'a> SetCookie<'a> {
    /// Parses a set-cookie-string (5.6): the octets after `Set-Cookie:`, which need not be UTF-8.
    ///
    /// An attribute that is unknown or has a bad value is ignored without an error. An empty line parses
    /// too; the jar refuses to store it (5.7 step 2).
    ///
    /// ```
    /// use hardtack::SetCookie;
    ///
    /// let set_cookie = SetCookie::parse(b"sid=31d4; Secure; Max-Age=soon")?;
    /// assert_eq!(set_cookie.name(), b"sid");
    /// assert!(set_cookie.secure());
    /// assert_eq!(set_cookie.max_age(), None);
    /// # Ok::<(), hardtack::ParseError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ParseError`], if the line has a control octet, or a name and a value of more than 4096 octets
    /// together.
    pub fn parse(set_cookie_string: &'a [u8]) -> Result<Self, ParseError> {
        Self::parse_observed(set_cookie_string, |_| ())
    }

    /// Parses a set-cookie-string as [`SetCookie::parse`] does, by the rules of a dialect.
    ///
    /// [`CookieJar::receive`](crate::CookieJar::receive) parses by the dialect of its jar. A line for
    /// [`CookieJar::evaluate`](crate::CookieJar::evaluate) is parsed before, by the same.
    ///
    /// ```
    /// use hardtack::{Dialect, SetCookie};
    ///
    /// let set_cookie = SetCookie::parse_as(b"theme", Dialect::FIREFOX_153)?;
    /// assert_eq!((set_cookie.name(), set_cookie.value()), (&b"theme"[..], &b""[..]));
    /// # Ok::<(), hardtack::ParseError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ParseError`], also by a rule of the dialect.
    pub fn parse_as(set_cookie_string: &'a [u8], dialect: Dialect) -> Result<Self, ParseError> {
        match dialect {
            // A constant, so that the compiler leaves out what only dialects ask.
            Dialect::TEXT => Self::parse(set_cookie_string),
            dialect => Self::read(set_cookie_string, dialect, |_| ()),
        }
    }

    /// Parses a set-cookie-string as [`SetCookie::parse`] does, and calls `observe` for each attribute,
    /// in their order: with `Ok` for one that was understood, even if a later one replaces it, and with
    /// `Err` for one that was ignored.
    ///
    /// ```
    /// use hardtack::{IgnoredReason, SetCookie};
    ///
    /// let mut ignored = Vec::new();
    /// SetCookie::parse_observed(b"sid=1; Max-Age=soon; Secure", |attribute| {
    ///     ignored.extend(attribute.err());
    /// })?;
    /// assert_eq!(ignored[0].reason, IgnoredReason::MaxAgeStart);
    /// # Ok::<(), hardtack::ParseError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ParseError`], if the line has a control octet, or a name and a value of more than 4096 octets
    /// together. `observe` is not called then.
    pub fn parse_observed(
        set_cookie_string: &'a [u8],
        observe: impl FnMut(Result<&Attribute<'a>, IgnoredAttribute<'a>>),
    ) -> Result<Self, ParseError> {
        Self::read(set_cookie_string, Dialect::TEXT, observe)
    }

    fn read(
        set_cookie_string: &'a [u8],
        dialect: Dialect,
        mut observe: impl FnMut(Result<&Attribute<'a>, IgnoredAttribute<'a>>),
    ) -> Result<Self, ParseError> {
        // 5.6 step 1: a control octet anywhere
        if grammar::has_ctl(set_cookie_string) {
            return Err(ParseError::ControlOctet);
        }
        // 5.6 step 2: cut at the first ";"
        // 5.6 step 2.1: name-value-pair before it, unparsed-attributes after it
        let (name_value_pair, mut unparsed) = grammar::set_cookie_string(set_cookie_string);
        // 5.6 step 3: cut at the first "="; without one all is value
        // 5.6 step 4: trim name and value
        let (mut name, mut value) = grammar::name_value_pair(name_value_pair);
        // Deviation bare-is-name (Firefox): without one all is name
        if dialect.has(Deviation::BareIsName) && !name_value_pair.contains(&b'=') {
            (name, value) = (value, name);
        }
        // Deviation tab-refused (Chromium): no tab inside
        if dialect.has(Deviation::TabRefused) && has_tab(name, value) {
            return Err(ParseError::Deviation(Deviation::TabRefused));
        }
        // 5.6 step 5: at most 4096 octets of name and value
        if name.len() + value.len() > NAME_AND_VALUE_LIMIT {
            return Err(ParseError::TooLong);
        }
        // 5.6 step 6: cookie-name and cookie-value
        if name.is_empty() && !value.is_empty() {
            let has_equals = value.contains(&b'=');
            // Deviation nameless-with-equals (Chromium, Firefox): not without a name
            if has_equals && dialect.has(Deviation::NamelessWithEquals) {
                return Err(ParseError::Deviation(Deviation::NamelessWithEquals));
            }
            // Deviation nameless-without-equals (Firefox): nor here
            if !has_equals && dialect.has(Deviation::NamelessWithoutEquals) {
                return Err(ParseError::Deviation(Deviation::NamelessWithoutEquals));
            }
        }
        let mut set_cookie = Self::new(name, value);
        // 5.6 step 1: unparsed-attributes: until there are none
        // 5.6 step 2: unparsed-attributes: the ";" is consumed by the cut
        while let Some(remaining) = unparsed {
            // 5.6 step 3: unparsed-attributes: cut at the next ";"
            // 5.6 step 3.1: unparsed-attributes: cookie-av before it
            let (cookie_av, rest) = grammar::unparsed_attributes(remaining);
            // 5.6 step 4: unparsed-attributes: cut at the first "="
            // 5.6 step 4.1: unparsed-attributes: without one all is name
            // 5.6 step 5: unparsed-attributes: trim name and value
            let (name, value) = grammar::cookie_av(cookie_av);
            // Deviation tab-refused (Chromium): here too
            if dialect.has(Deviation::TabRefused) && has_tab(name, value) {
                return Err(ParseError::Deviation(Deviation::TabRefused));
            }
            match set_cookie.attribute(name, value, dialect) {
                Ok(attribute) => {
                    observe(Ok(&attribute));
                    set_cookie.append(attribute);
                }
                Err(reason) => {
                    // Deviation last-lifetime-counts (Chromium, Firefox): it takes back an earlier one
                    if dialect.has(Deviation::LastLifetimeCounts) {
                        set_cookie.take_back(reason);
                    }
                    observe(Err(IgnoredAttribute { name, reason }));
                }
            }
            // 5.6 step 8: unparsed-attributes: again
            unparsed = rest;
        }
        Ok(set_cookie)
    }

    const fn new(name: &'a [u8], value: &'a [u8]) -> Self {
        Self {
            name,
            value,
            expires: None,
            max_age: None,
            domain: None,
            path: None,
            secure: false,
            http_only: false,
            same_site: SameSite::Default,
            partitioned: false,
        }
    }

    /// Interprets one cookie-av, by the subsections of 5.6.
    fn attribute(
        &self,
        name: &'a [u8],
        value: &'a [u8],
        dialect: Dialect,
    ) -> Result<Attribute<'a>, IgnoredReason> {
        // Most servers write a name as the text does.
        let is =
            |known: &str| name == known.as_bytes() || name.eq_ignore_ascii_case(known.as_bytes());
        // 5.6 step 6: unparsed-attributes: at most 1024 octets of value
        if value.len() > ATTRIBUTE_VALUE_LIMIT
            // Deviation limit-valued-only (Firefox): of these attributes
            && (!dialect.has(Deviation::LimitValuedOnly)
                || ["Expires", "Max-Age", "Domain", "Path"].into_iter().any(is))
        {
            return Err(IgnoredReason::TooLong);
        }
        // 5.6 step 7: unparsed-attributes: by the attribute's name
        Ok(match name.len() {
            4 if is("Path") => Attribute::Path(path(value, self.path)),
            // 5.6.5: Secure, whatever its value
            6 if is("Secure") => Attribute::Secure,
            6 if is("Domain") => Attribute::Domain(domain(value, dialect)),
            7 if is("Expires") => Attribute::Expires(expires(value, dialect)?),
            7 if is("Max-Age") => Attribute::MaxAge(max_age(value, dialect)?),
            // 5.6.6: HttpOnly, whatever its value
            8 if is("HttpOnly") => Attribute::HttpOnly,
            8 if is("SameSite") => Attribute::SameSite(same_site(value)),
            // Partitioned is CHIPS', whatever its value.
            11 if is("Partitioned") => Attribute::Partitioned,
            _ => return Err(IgnoredReason::Unknown),
        })
    }

    /// "Append an attribute to the cookie-attribute-list": into its slot.
    fn append(&mut self, attribute: Attribute<'a>) {
        match attribute {
            // 5.6.1 step 6: append
            Attribute::Expires(instant) => self.expires = Some(instant),
            // 5.6.2 step 8: append
            Attribute::MaxAge(seconds) => self.max_age = Some(seconds),
            // 5.6.3 step 4: append
            Attribute::Domain(domain) => self.domain = Some(domain),
            // 5.6.4 step 2: append
            Attribute::Path(path) => self.path = Some(path),
            Attribute::Secure => self.secure = true,
            Attribute::HttpOnly => self.http_only = true,
            // 5.6.7 step 5: append
            Attribute::SameSite(same_site) => self.same_site = same_site,
            Attribute::Partitioned => self.partitioned = true,
        }
    }

    /// Empties the slot of a lifetime that did not parse.
    fn take_back(&mut self, reason: IgnoredReason) {
        match reason {
            IgnoredReason::Expires(_) => self.expires = None,
            IgnoredReason::MaxAgeEmpty
            | IgnoredReason::MaxAgeStart
            | IgnoredReason::MaxAgeDigits => self.max_age = None,
            IgnoredReason::Unknown | IgnoredReason::TooLong => (),
        }
    }

    /// Returns the cookie-name, in octets. A nameless cookie has an empty name.
    ///
    /// ```
    /// # use hardtack::SetCookie;
    /// assert_eq!(SetCookie::parse(b" sid = 31d4 ")?.name(), b"sid");
    /// assert_eq!(SetCookie::parse(b"31d4")?.name(), b"");
    /// # Ok::<(), hardtack::ParseError>(())
    /// ```
    pub fn name(&self) -> &'a [u8] {
        self.name
    }

    /// Returns the cookie-value, in octets, with its quotes. It may be a secret.
    ///
    /// ```
    /// # use hardtack::SetCookie;
    /// assert_eq!(SetCookie::parse(b"theme=\"dark\"")?.value(), b"\"dark\"");
    /// # Ok::<(), hardtack::ParseError>(())
    /// ```
    pub fn value(&self) -> &'a [u8] {
        self.value
    }

    /// Returns the last Expires that is a cookie-date (5.6.1), without a lifetime limit.
    ///
    /// ```
    /// # use hardtack::{SetCookie, Timestamp};
    /// let set_cookie = SetCookie::parse(b"a=1; Expires=Sat, 01 Jun 2024 12:00:00 GMT")?;
    /// assert_eq!(set_cookie.expires(), Some(Timestamp::from_secs(1_717_243_200)));
    /// # Ok::<(), hardtack::ParseError>(())
    /// ```
    pub fn expires(&self) -> Option<Timestamp> {
        self.expires
    }

    /// Returns the last Max-Age that is a number (5.6.2), in seconds, saturated to 64 bits and without a
    /// lifetime limit. The storage model prefers it to Expires.
    ///
    /// ```
    /// # use hardtack::SetCookie;
    /// assert_eq!(SetCookie::parse(b"a=1; Max-Age=60; Max-Age=-1")?.max_age(), Some(-1));
    /// # Ok::<(), hardtack::ParseError>(())
    /// ```
    pub fn max_age(&self) -> Option<i64> {
        self.max_age
    }

    /// Returns the last Domain (5.6.3), in lower case and without its leading dot. It has at most 1024
    /// octets and may be empty.
    ///
    /// ```
    /// # use hardtack::SetCookie;
    /// let set_cookie = SetCookie::parse(b"a=1; Domain=.Shop.example")?;
    /// assert_eq!(set_cookie.domain(), Some(&b"shop.example"[..]));
    /// # Ok::<(), hardtack::ParseError>(())
    /// ```
    pub fn domain(&self) -> Option<&[u8]> {
        self.domain.as_deref()
    }

    /// Returns the last Path (5.6.4).
    ///
    /// ```
    /// # use hardtack::{PathAttribute, SetCookie};
    /// let set_cookie = SetCookie::parse(b"a=1; Path=/cart")?;
    /// assert_eq!(set_cookie.path(), Some(PathAttribute::Given(b"/cart")));
    /// # Ok::<(), hardtack::ParseError>(())
    /// ```
    pub fn path(&self) -> Option<PathAttribute<'a>> {
        self.path
    }

    /// Returns true if there is a Secure attribute, of any value (5.6.5).
    ///
    /// ```
    /// # use hardtack::SetCookie;
    /// assert!(SetCookie::parse(b"a=1; Secure=false")?.secure());
    /// # Ok::<(), hardtack::ParseError>(())
    /// ```
    pub fn secure(&self) -> bool {
        self.secure
    }

    /// Returns true if there is an HttpOnly attribute, of any value (5.6.6).
    ///
    /// ```
    /// # use hardtack::SetCookie;
    /// assert!(SetCookie::parse(b"a=1; httponly")?.http_only());
    /// # Ok::<(), hardtack::ParseError>(())
    /// ```
    pub fn http_only(&self) -> bool {
        self.http_only
    }

    /// Returns the last SameSite (5.6.7): [`SameSite::Default`] if its value is unknown, or if there is
    /// no such attribute.
    ///
    /// ```
    /// # use hardtack::{SameSite, SetCookie};
    /// let set_cookie = SetCookie::parse(b"a=1; SameSite=Strict; SameSite=Loose")?;
    /// assert_eq!(set_cookie.same_site(), SameSite::Default);
    /// # Ok::<(), hardtack::ParseError>(())
    /// ```
    pub fn same_site(&self) -> SameSite {
        self.same_site
    }

    /// Returns true if there is a Partitioned attribute (CHIPS), of any value.
    ///
    /// ```
    /// # use hardtack::SetCookie;
    /// assert!(SetCookie::parse(b"a=1; Secure; Partitioned")?.partitioned());
    /// # Ok::<(), hardtack::ParseError>(())
    /// ```
    pub fn partitioned(&self) -> bool {
        self.partitioned
    }
}

impl<'a> PathAttribute<'a> {
    /// Returns the last value that begins with "/": of this attribute, or of one before it.
    pub(crate) fn given(self) -> Option<&'a [u8]> {
        match self {
            Self::Given(path) => Some(path),
            Self::Default { earlier } => earlier,
        }
    }
}

fn has_tab(name: &[u8], value: &[u8]) -> bool {
    grammar::has_htab(name) || grammar::has_htab(value)
}

/// 5.6.1: the Expires attribute.
fn expires(value: &[u8], dialect: Dialect) -> Result<Timestamp, IgnoredReason> {
    // 5.6.1 step 1: parse as cookie-date
    // 5.6.1 step 2: ignore what is none
    // 5.6.1 step 3: the limit is applied in storage, which knows "now" (5.7 step 6)
    // 5.6.1 step 4: likewise
    // 5.6.1 step 5: every date that parses can be represented
    cookie_date::parse_as(value, dialect).map_err(IgnoredReason::Expires)
}

/// 5.6.2: the Max-Age attribute.
fn max_age(value: &[u8], dialect: Dialect) -> Result<i64, IgnoredReason> {
    // 5.6.2 step 4: a base 10 integer
    // 5.6.2 step 5: the limit is applied in storage, which knows "now" (5.7 step 6)
    // 5.6.2 step 6: likewise
    // 5.6.2 step 7: likewise
    let delta_seconds = grammar::delta_seconds(value);
    let delta_seconds = delta_seconds.or_else(|| match value {
        // Deviation max-age-plus (Chromium): passes over one "+" before digits
        [b'+', digits @ ..] if dialect.has(Deviation::MaxAgePlus) && !digits.starts_with(b"-") => {
            grammar::delta_seconds(digits)
        }
        // Deviation max-age-minus (Firefox): in the past, whatever follows "-"
        [b'-', ..] if dialect.has(Deviation::MaxAgeMinus) => Some(-1),
        _ => None,
    });
    delta_seconds.ok_or(match value {
        // 5.6.2 step 1: ignore an empty one
        [] => IgnoredReason::MaxAgeEmpty,
        // 5.6.2 step 3: ignore one with other octets than digits
        [b'0'..=b'9', ..] | [b'-', b'0'..=b'9', ..] => IgnoredReason::MaxAgeDigits,
        // 5.6.2 step 2: ignore one that begins otherwise
        _ => IgnoredReason::MaxAgeStart,
    })
}

/// 5.6.3: the Domain attribute.
fn domain(value: &[u8], dialect: Dialect) -> Cow<'_, [u8]> {
    // 5.6.3 step 1: the attribute-value
    // 5.6.3 step 2: without its leading dot
    // Deviation lone-dot (Chromium, Firefox): unless that is all of it
    let domain = match value.strip_prefix(b".") {
        Some(b"") if dialect.has(Deviation::LoneDot) => value,
        domain => domain.unwrap_or(value),
    };
    // 5.6.3 step 3: in lower case
    if domain.iter().any(u8::is_ascii_uppercase) {
        Cow::Owned(domain.to_ascii_lowercase())
    } else {
        Cow::Borrowed(domain)
    }
}

/// 5.6.4: the Path attribute.
fn path<'a>(value: &'a [u8], earlier: Option<PathAttribute<'a>>) -> PathAttribute<'a> {
    // 5.6.4 step 1: the default-path unless it begins with "/"
    // 5.6.4 step 1.1: which one that is, storage knows (5.7 step 11)
    if value.starts_with(b"/") {
        PathAttribute::Given(value)
    } else {
        PathAttribute::Default {
            earlier: earlier.and_then(PathAttribute::given),
        }
    }
}

/// 5.6.7: the SameSite attribute.
fn same_site(value: &[u8]) -> SameSite {
    if value.eq_ignore_ascii_case(b"None") {
        // 5.6.7 step 2: None
        SameSite::None
    } else if value.eq_ignore_ascii_case(b"Strict") {
        // 5.6.7 step 3: Strict
        SameSite::Strict
    } else if value.eq_ignore_ascii_case(b"Lax") {
        // 5.6.7 step 4: Lax
        SameSite::Lax
    } else {
        // 5.6.7 step 1: otherwise Default
        SameSite::Default
    }
}

impl fmt::Debug for SetCookie<'_> {
    /// Writes all fields but the value, which is a secret: of it only the length.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetCookie")
            .field("name", &self.name.escape_ascii().to_string())
            .field("value", &format_args!("<{} octets>", self.value.len()))
            .field("expires", &self.expires)
            .field("max_age", &self.max_age)
            .field(
                "domain",
                &self
                    .domain()
                    .map(|domain| domain.escape_ascii().to_string()),
            )
            .field("path", &self.path)
            .field("secure", &self.secure)
            .field("http_only", &self.http_only)
            .field("same_site", &self.same_site)
            .field("partitioned", &self.partitioned)
            .finish()
    }
}
