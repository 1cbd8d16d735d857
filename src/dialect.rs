//! Where browsers differ from the text, rule by rule.
//!
//! At the step that it changes, each deviation has its line: `// Deviation name (who): …`.

use std::fmt;
use std::str::FromStr;

/// Makes the enum of a table, in the order of the steps: each deviation with its name, the step that it changes,
/// and what it does.
macro_rules! deviations {
    ($($deviation:ident { name: $name:literal, step: $step:literal, does: $does:literal, })*) => {
        /// One rule by which a browser does something else than the text says. `Display` writes its name in
        /// kebab-case, and `FromStr` reads it.
        ///
        /// Where the rule has several forms, each form is a deviation, and its name begins with that of the
        /// rule: `dates-chromium`, `dates-firefox`.
        ///
        /// ```
        /// use hardtack::{Deviation, Dialect};
        ///
        /// let deviation: Deviation = "bare-is-name".parse()?;
        /// assert_eq!(deviation, Deviation::BareIsName);
        /// assert_eq!(deviation.step(), "5.6 step 3");
        /// assert!(Dialect::FIREFOX_153.has(deviation) && !Dialect::CHROMIUM_156.has(deviation));
        /// # Ok::<(), hardtack::UnknownDialect>(())
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Deviation {
            $(#[doc = concat!("At ", $step, ": ", $does, ".")] $deviation,)*
        }

        impl Deviation {
            /// All deviations, in the order of the steps.
            ///
            /// ```
            /// use hardtack::{Deviation, Dialect};
            ///
            /// let mut deviations = Deviation::ALL.iter().copied();
            /// assert!(deviations.any(|deviation| Dialect::CHROMIUM_156.has(deviation)));
            /// ```
            pub const ALL: &'static [Self] = &[$(Self::$deviation),*];

            /// Name, step, and what it does.
            const fn row(self) -> [&'static str; 3] {
                match self {
                    $(Self::$deviation => [$name, $step, $does],)*
                }
            }
        }
    };
}

deviations! {
    DatesChromium {
        name: "dates-chromium",
        step: "5.1.1",
        does: "stricter tokens, years of one to five digits, years before 1601",
    }
    DatesFirefox {
        name: "dates-firefox",
        step: "5.1.1",
        does: "other separators, time zones, fields that carry over",
    }
    SiteSchemeless {
        name: "site-schemeless",
        step: "5.2 step 2",
        does: "schemes make no site cross-site, but for top-level navigations",
    }
    SiteSchemelessNavigation {
        name: "site-schemeless-navigation",
        step: "5.2 step 2",
        does: "schemes make no top-level navigation cross-site",
    }
    RedirectsCount {
        name: "redirects-count",
        step: "5.2 step 2",
        does: "a cross-site hop before it makes a request cross-site for what is sent",
    }
    NavigationByInitiator {
        name: "navigation-by-initiator",
        step: "5.2 step 2",
        does: "a top-level navigation is compared with the document that started it",
    }
    BareIsName {
        name: "bare-is-name",
        step: "5.6 step 3",
        does: "without \"=\" all is the name, and the value is empty",
    }
    TabRefused {
        name: "tab-refused",
        step: "5.6 step 4",
        does: "a tab inside a name or a value, of an attribute too, refuses the cookie",
    }
    NamelessWithEquals {
        name: "nameless-with-equals",
        step: "5.6 step 6",
        does: "a cookie without a name is refused if its value has a \"=\"",
    }
    NamelessWithoutEquals {
        name: "nameless-without-equals",
        step: "5.6 step 6",
        does: "a cookie without a name is refused if its value has no \"=\"",
    }
    LimitValuedOnly {
        name: "limit-valued-only",
        step: "5.6 step 6",
        does: "only Expires, Max-Age, Domain and Path are ignored beyond 1024 octets",
    }
    LastLifetimeCounts {
        name: "last-lifetime-counts",
        step: "5.6.1 step 2",
        does: "an Expires or Max-Age that does not parse takes back an earlier one",
    }
    ServerClock {
        name: "server-clock",
        step: "5.6.1 step 3",
        does: "Expires is corrected by the response's Date",
    }
    MaxAgePlus {
        name: "max-age-plus",
        step: "5.6.2 step 2",
        does: "one \"+\" before the digits of Max-Age is passed over",
    }
    MaxAgeMinus {
        name: "max-age-minus",
        step: "5.6.2 step 2",
        does: "a Max-Age that begins with \"-\" expires the cookie",
    }
    LoneDot {
        name: "lone-dot",
        step: "5.6.3 step 2",
        does: "the Domain \".\" stays \".\", which matches no host",
    }
    ValueUtf8 {
        name: "value-utf8",
        step: "5.7 step 5",
        does: "what is not UTF-8 in the value becomes U+FFFD",
    }
    DomainIdna {
        name: "domain-idna",
        step: "5.7 step 8",
        does: "a Domain beyond ASCII is read as a host of the URL Standard",
    }
    OwnAddressIsHostOnly {
        name: "own-address-is-host-only",
        step: "5.7 step 10.1",
        does: "a Domain that is the host's own address makes a host-only cookie",
    }
    TabInPathRefused {
        name: "tab-in-path-refused",
        step: "5.7 step 11",
        does: "a tab in the path refuses the cookie",
    }
    LongPathIsEmpty {
        name: "long-path-is-empty",
        step: "5.7 step 11",
        does: "a default-path beyond 1024 octets is stored empty, and never sent",
    }
    OverlayByDomainCookies {
        name: "overlay-by-domain-cookies",
        step: "5.7 step 16.3",
        does: "of two domains the wider one counts only for a cookie that is not host-only",
    }
    ThirdPartyStore {
        name: "third-party-store",
        step: "5.7 step 16",
        does: "third-party cookies are all partitioned, and no others are sent",
    }
    AbsentIsNone {
        name: "absent-is-none",
        step: "5.7 step 18",
        does: "without a known SameSite a cookie is as with None, and needs no Secure",
    }
    HostPrefixLiteral {
        name: "host-prefix-literal",
        step: "5.7 step 21.3",
        does: "`__Host-` needs `Path=/` as written, and no Domain but the own address",
    }
    HostPrefixPathOnly {
        name: "host-prefix-path-only",
        step: "5.7 step 21.3",
        does: "`__Host-` needs the path \"/\", but no Path attribute",
    }
    NewValueNewCreation {
        name: "new-value-new-creation",
        step: "5.7 step 23.3",
        does: "a new value is a new creation-time, which counts for the order of sending",
    }
    ScriptAllOrNothing {
        name: "script-all-or-nothing",
        step: "5.8.3 step 6",
        does: "a script reads nothing where the cookie-string is not UTF-8",
    }
    ScriptLossy {
        name: "script-lossy",
        step: "5.8.3 step 6",
        does: "a script reads U+FFFD for what is not UTF-8",
    }
}

impl Deviation {
    /// Returns the name in kebab-case.
    ///
    /// ```
    /// assert_eq!(hardtack::Deviation::LoneDot.name(), "lone-dot");
    /// ```
    pub const fn name(self) -> &'static str {
        let [name, ..] = self.row();
        name
    }

    /// Returns the step of draft -22 that it changes, or the section if it changes all of it.
    ///
    /// ```
    /// assert_eq!(hardtack::Deviation::LoneDot.step(), "5.6.3 step 2");
    /// ```
    pub const fn step(self) -> &'static str {
        let [_, step, _] = self.row();
        step
    }

    /// Returns what is done instead, without a period at its end.
    ///
    /// ```
    /// let says = hardtack::Deviation::LoneDot.description();
    /// assert_eq!(says, "the Domain \".\" stays \".\", which matches no host");
    /// ```
    pub const fn description(self) -> &'static str {
        let [.., does] = self.row();
        does
    }

    /// The other form of the same rule, which it takes the place of.
    const fn other_form(self) -> Option<Self> {
        Some(match self {
            Self::DatesChromium => Self::DatesFirefox,
            Self::DatesFirefox => Self::DatesChromium,
            Self::HostPrefixLiteral => Self::HostPrefixPathOnly,
            Self::HostPrefixPathOnly => Self::HostPrefixLiteral,
            Self::ScriptAllOrNothing => Self::ScriptLossy,
            Self::ScriptLossy => Self::ScriptAllOrNothing,
            _ => return None,
        })
    }

    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Deviation {
    type Err = UnknownDialect;

    /// Reads what `Display` writes.
    ///
    /// # Errors
    ///
    /// [`UnknownDialect`], if no deviation has this name.
    fn from_str(text: &str) -> Result<Self, UnknownDialect> {
        let mut all = Self::ALL.iter();
        let found = all.find(|deviation| deviation.name() == text);
        found.copied().ok_or(UnknownDialect)
    }
}

/// The rules that a jar follows: the text, or those of a browser, as a set of [`Deviation`]s from the text.
///
/// A browser's dialect has the version with which it was recorded, and says nothing of other versions. It has
/// rules only: what a browser chooses where the text leaves a choice is in [`Policy::chromium`] and
/// [`Policy::firefox`].
///
/// `Display` writes the name, such as `chromium-156`, or the deviations of a set that has none:
/// `text+lone-dot+max-age-plus`. `FromStr` reads both, and names of deviations after that of a browser.
///
/// [`Policy::chromium`]: crate::Policy::chromium
/// [`Policy::firefox`]: crate::Policy::firefox
///
/// ```
/// use hardtack::{CookieJar, Deviation, Dialect, Policy};
/// # let now = std::time::SystemTime::UNIX_EPOCH;
///
/// let url = url::Url::parse("https://shop.example/")?;
/// let sent = |dialect| {
///     let mut jar = CookieJar::new(Policy::default().with_dialect(dialect));
///     jar.receive_all(["a=1", "b=2", "a=3"], &url, now);
///     jar.cookie_string(&url, now)
/// };
/// assert_eq!(sent(Dialect::TEXT).unwrap(), b"a=3; b=2");
/// assert_eq!(sent(Dialect::CHROMIUM_156).unwrap(), b"b=2; a=3");
/// let but_one = Dialect::CHROMIUM_156.without(Deviation::NewValueNewCreation);
/// assert_eq!(sent(but_one).unwrap(), b"a=3; b=2");
/// # Ok::<(), url::ParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct Dialect {
    /// A bit for each deviation.
    deviations: u32,
}

impl Dialect {
    /// The text: draft -22, without deviations. The default.
    pub const TEXT: Self = Self { deviations: 0 };

    /// Chromium 156, with third-party cookies allowed.
    pub const CHROMIUM_156: Self = Self::of(&[
        Deviation::TabRefused,
        Deviation::NamelessWithEquals,
        Deviation::DatesChromium,
        Deviation::LastLifetimeCounts,
        Deviation::MaxAgePlus,
        Deviation::LoneDot,
        Deviation::ServerClock,
        Deviation::DomainIdna,
        Deviation::OwnAddressIsHostOnly,
        Deviation::HostPrefixLiteral,
        Deviation::NewValueNewCreation,
        Deviation::NavigationByInitiator,
        Deviation::ScriptAllOrNothing,
    ]);

    /// Firefox 153 with the preferences that the text has: `cookieBehavior=0`, `sameSite.laxByDefault`,
    /// `noneRequiresSecure`, `schemeful`, and `laxPlusPOST.timeout=0`.
    pub const FIREFOX_153_SPEC: Self = Self::of(&[
        Deviation::BareIsName,
        Deviation::NamelessWithEquals,
        Deviation::NamelessWithoutEquals,
        Deviation::LimitValuedOnly,
        Deviation::DatesFirefox,
        Deviation::LastLifetimeCounts,
        Deviation::MaxAgeMinus,
        Deviation::LoneDot,
        Deviation::ServerClock,
        Deviation::ValueUtf8,
        Deviation::OwnAddressIsHostOnly,
        Deviation::TabInPathRefused,
        Deviation::LongPathIsEmpty,
        Deviation::OverlayByDomainCookies,
        Deviation::HostPrefixPathOnly,
        Deviation::SiteSchemeless,
        Deviation::RedirectsCount,
        Deviation::NavigationByInitiator,
        Deviation::ScriptLossy,
    ]);

    /// Firefox 153 as it is installed.
    pub const FIREFOX_153: Self = Self::FIREFOX_153_SPEC
        .with(Deviation::AbsentIsNone)
        .with(Deviation::ThirdPartyStore)
        .with(Deviation::SiteSchemelessNavigation);

    /// The dialects that have a name, each with it.
    ///
    /// ```
    /// use hardtack::Dialect;
    ///
    /// let names: Vec<&str> = Dialect::NAMED.iter().map(|(name, _)| *name).collect();
    /// assert_eq!(names, ["text", "chromium-156", "firefox-153", "firefox-153-spec"]);
    /// ```
    pub const NAMED: &'static [(&'static str, Self)] = &[
        ("text", Self::TEXT),
        ("chromium-156", Self::CHROMIUM_156),
        ("firefox-153", Self::FIREFOX_153),
        ("firefox-153-spec", Self::FIREFOX_153_SPEC),
    ];

    const fn of(deviations: &[Deviation]) -> Self {
        let mut dialect = Self::TEXT;
        let mut index = 0;
        while index < deviations.len() {
            dialect = dialect.with(deviations[index]);
            index += 1;
        }
        dialect
    }

    /// Adds a deviation. It takes the place of another form of the same rule.
    ///
    /// ```
    /// use hardtack::{Deviation, Dialect};
    ///
    /// let dialect = Dialect::CHROMIUM_156.with(Deviation::DatesFirefox);
    /// assert!(dialect.has(Deviation::DatesFirefox) && !dialect.has(Deviation::DatesChromium));
    /// ```
    #[must_use]
    pub const fn with(self, deviation: Deviation) -> Self {
        let others = match deviation.other_form() {
            Some(other) => self.without(other),
            None => self,
        };
        Self {
            deviations: others.deviations | deviation.bit(),
        }
    }

    /// Takes a deviation away: there the text holds.
    ///
    /// ```
    /// use hardtack::{Deviation, Dialect};
    ///
    /// let dialect = Dialect::TEXT.with(Deviation::LoneDot);
    /// assert_eq!(dialect.without(Deviation::LoneDot), Dialect::TEXT);
    /// ```
    #[must_use]
    pub const fn without(self, deviation: Deviation) -> Self {
        Self {
            deviations: self.deviations & !deviation.bit(),
        }
    }

    /// Returns true if the dialect has this deviation.
    ///
    /// ```
    /// use hardtack::{Deviation, Dialect};
    ///
    /// assert!(Dialect::FIREFOX_153.has(Deviation::AbsentIsNone));
    /// assert!(!Dialect::FIREFOX_153_SPEC.has(Deviation::AbsentIsNone));
    /// ```
    #[inline]
    pub const fn has(self, deviation: Deviation) -> bool {
        self.deviations & deviation.bit() != 0
    }

    /// Returns the deviations, in the order of the steps.
    ///
    /// ```
    /// use hardtack::{Deviation, Dialect};
    ///
    /// let dialect = Dialect::TEXT.with(Deviation::LoneDot);
    /// assert!(dialect.deviations().eq([Deviation::LoneDot]));
    /// ```
    pub fn deviations(self) -> impl Iterator<Item = Deviation> {
        let all = Deviation::ALL.iter().copied();
        all.filter(move |deviation| self.has(*deviation))
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = Self::NAMED.iter().find(|(_, dialect)| dialect == self);
        if let Some((name, _)) = named {
            return f.write_str(name);
        }
        f.write_str("text")?;
        let mut deviations = self.deviations();
        deviations.try_for_each(|deviation| write!(f, "+{deviation}"))
    }
}

impl fmt::Debug for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Dialect {
    type Err = UnknownDialect;

    /// Reads what `Display` writes: the name of a dialect, then those of more deviations, each after a "+".
    ///
    /// # Errors
    ///
    /// [`UnknownDialect`], if a name is not known.
    ///
    /// ```
    /// use hardtack::{Deviation, Dialect};
    ///
    /// assert_eq!("firefox-153".parse(), Ok(Dialect::FIREFOX_153));
    /// let dialect = Dialect::TEXT.with(Deviation::LoneDot);
    /// assert_eq!("text+lone-dot".parse(), Ok(dialect));
    /// assert!("chromium-120".parse::<Dialect>().is_err());
    /// ```
    fn from_str(text: &str) -> Result<Self, UnknownDialect> {
        let mut names = text.split('+');
        let first = names.next().unwrap_or_default();
        let base = Self::NAMED.iter().find(|(name, _)| *name == first);
        let (_, mut dialect) = *base.ok_or(UnknownDialect)?;
        for name in names {
            dialect = dialect.with(name.parse()?);
        }
        Ok(dialect)
    }
}

/// The error of reading a [`Dialect`] or a [`Deviation`] from a text that is not the name of one.
///
/// ```
/// let error = "safari".parse::<hardtack::Dialect>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "the dialect is not known: write text, chromium-156, firefox-153 or firefox-153-spec, and \
///      deviations after it as +name",
/// );
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
#[error(
    "the dialect is not known: write text, chromium-156, firefox-153 or firefox-153-spec, and \
     deviations after it as +name"
)]
pub struct UnknownDialect;
