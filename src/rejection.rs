//! The rules of refusal, in one table. Each row has the name of the rule, its step, its name in
//! developer tools, what is wrong, and what to change: in a received line, in a cookie built by hand, in
//! a line that a server builds.

use std::fmt;

use crate::dialect::Deviation;
use crate::set_cookie::{ParseError, SameSite};
use crate::spec::Citation;

/// The reason why a cookie was refused, with one variant for each rule. It never contains the cookie's
/// value.
///
/// A refused cookie changes nothing: an old cookie of its identity stays. `Display` writes what is wrong
/// and what to change in the Set-Cookie line or in the request. [`InsertError`] and [`BuildError`] have
/// the same rules, and advice for cookies built by hand and for lines that a server builds.
///
/// ```
/// use hardtack::{CookieJar, Rejection};
/// # let now = std::time::SystemTime::UNIX_EPOCH;
///
/// let url = url::Url::parse("http://shop.example/")?;
/// let refused = CookieJar::default().receive("sid=31d4; Secure", &url, now).unwrap_err();
/// assert_eq!(refused, Rejection::SecureOverInsecure);
/// assert_eq!(refused.name(), "secure-over-insecure");
/// assert_eq!(refused.citation().unwrap().to_string(), "5.7 step 13");
/// assert_eq!(refused.dev_tools_name(), Some("SecureOnly"));
/// assert_eq!(
///     refused.to_string(),
///     "Secure over an insecure connection: set it over https, or leave Secure out",
/// );
/// # Ok::<(), url::ParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
#[error("{}", self.text(|rule| rule.receive))]
pub enum Rejection {
    /// The line as a whole is ignored (5.6).
    Parse(ParseError),
    /// A rule of the jar's dialect refuses the cookie, which the text takes.
    Deviation(Deviation),
    /// The name and the value are both empty.
    Empty,
    /// The name, the value or the path has a control octet.
    ControlOctet,
    /// The name and the value have more than 4096 octets together.
    TooLong,
    /// Domain has octets that are not ASCII.
    DomainNotAscii,
    /// The request has no host, or one that cannot be canonicalized.
    NoCanonicalHost {
        /// True if the Domain is a public suffix, for which 5.7 needs the host in an earlier step (9.2,
        /// not 10).
        public_suffix: bool,
    },
    /// Domain is a public suffix. Every registrant below it would get the cookie.
    PublicSuffix {
        /// The Domain attribute.
        domain: Box<str>,
    },
    /// The host that sets the cookie does not domain-match the Domain.
    DomainMismatch {
        /// The host of the request.
        host: Box<str>,
        /// The Domain attribute.
        domain: Box<str>,
    },
    /// The host of a cookie built by hand is neither a host name nor an IP address.
    NotAHost {
        /// What the given text looks like.
        looks_like: LooksLike,
    },
    /// The name and the value of a cookie built by hand cannot be written as one pair: a server would
    /// read them as something else.
    NotOnePair,
    /// The path of a cookie built by hand does not begin with "/".
    PathNotAbsolute,
    /// The name in a line that a server builds is not a token, or is empty (4.1.1).
    NameNotToken,
    /// The value in a line that a server builds has an octet that 4.1.1 does not allow.
    ValueNotCookieOctets,
    /// The Domain in a line that a server builds is not a domain name in canonical form (4.1.1).
    DomainNotCanonical,
    /// The path in a line that a server builds has an octet that 4.1.1 does not allow.
    PathNotAvOctets,
    /// An attribute in a line that a server builds has more than 1024 octets, so that user agents would
    /// ignore it.
    AttributeTooLong {
        /// The attribute's name: Domain or Path.
        attribute: &'static str,
    },
    /// The Expires in a line that a server builds is outside the years 1601 to 9999, for which there is
    /// no cookie-date.
    ExpiresOutOfRange,
    /// The cookie has Secure and came over an insecure connection.
    SecureOverInsecure,
    /// The cookie has HttpOnly and came from a non-HTTP API.
    HttpOnlyFromScript,
    /// The cookie came over an insecure connection and would overlay a Secure cookie of its name.
    OverlaysSecure,
    /// The cookie came from a non-HTTP API in a cross-site context and is not SameSite=None.
    SameSiteFromScript {
        /// The same-site-flag.
        same_site: SameSite,
    },
    /// The cookie came from a cross-site request that is not a top-level navigation, and is not
    /// SameSite=None.
    SameSiteCrossSite {
        /// The same-site-flag.
        same_site: SameSite,
    },
    /// The cookie has SameSite=None and no Secure.
    SameSiteNoneInsecure,
    /// The cookie has the prefix `__Secure-` and no Secure.
    SecurePrefix,
    /// The cookie has the prefix `__Host-` and no Secure.
    HostPrefixInsecure,
    /// The cookie has the prefix `__Host-` and a Domain.
    HostPrefixDomain,
    /// The cookie has the prefix `__Host-` and not the path "/".
    HostPrefixPath,
    /// The cookie has the prefix `__Http-` or `__Host-Http-` and no Secure.
    HttpPrefixInsecure,
    /// The cookie has the prefix `__Http-` or `__Host-Http-` and no HttpOnly.
    HttpPrefixNotHttpOnly,
    /// The cookie has no name, and its value begins like `__Secure-` or `__Host-`.
    NamelessPrefix,
    /// The cookie has no name, and its value begins like `__Http-`.
    NamelessHttpPrefix,
    /// The cookie has Partitioned and no Secure.
    PartitionedInsecure,
    /// The cookie has Partitioned, and the top-level page has an opaque origin.
    PartitionedOpaque,
    /// The cookie came from a non-HTTP API and would replace an HttpOnly cookie.
    ReplacesHttpOnly,
}

/// A guess at what was given instead of a host. `Display` writes it as a noun: `a URL`.
///
/// ```
/// use hardtack::{Cookie, CookieJar, LooksLike, Rejection};
/// # let now = std::time::SystemTime::UNIX_EPOCH;
///
/// let cookie = Cookie::builder("a", "1", "shop.example:8080");
/// let refused = CookieJar::default().insert(&cookie, now).unwrap_err();
/// let looks_like = LooksLike::HostAndPort;
/// assert_eq!(refused.rule(), &Rejection::NotAHost { looks_like });
/// assert_eq!(looks_like.to_string(), "a host and a port");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LooksLike {
    /// A URL such as `https://shop.example/`.
    Url,
    /// A host and a port such as `shop.example:8080`.
    HostAndPort,
    /// An IPv6 address without brackets such as `2001:db8::1`.
    Ipv6WithoutBrackets,
    /// A host with a dot before it such as `.shop.example`. Cookie files write it for a cookie that is
    /// not host-only.
    LeadingDot,
    /// A wildcard such as `*.shop.example`.
    Wildcard,
    /// None of the others.
    Other,
}

/// A row of the table: a rule, and the fix for each of the three ways to a refusal. A fix is empty if the
/// rule does not apply to that way.
struct Rule {
    name: &'static str,
    citation: Option<Citation>,
    dev_tools_name: Option<&'static str>,
    wrong: &'static str,
    receive: &'static str,
    insert: &'static str,
    build: &'static str,
}

/// Cites a step of 5.7.
const fn step(step: &'static str) -> Citation {
    Citation::new("5.7", step)
}

impl Rejection {
    #[allow(clippy::too_many_lines, reason = "a table")]
    fn rule(&self) -> Rule {
        const NONE: Rule = Rule {
            name: "",
            citation: None,
            dev_tools_name: None,
            wrong: "",
            receive: "",
            insert: "",
            build: "",
        };
        let profile = Some(Citation::of_section("4.1.1"));
        match self {
            Self::Parse(error) => Rule {
                name: error.name(),
                citation: error.citation(),
                dev_tools_name: match error {
                    ParseError::ControlOctet => Some("DisallowedCharacter"),
                    ParseError::TooLong => Some("NameValuePairExceedsMaxSize"),
                    ParseError::Deviation(_) => None,
                },
                ..NONE
            },
            Self::Deviation(deviation) => Rule {
                name: deviation.name(),
                wrong: deviation.description(),
                receive: match deviation {
                    Deviation::NamelessWithEquals | Deviation::NamelessWithoutEquals => {
                        "give the cookie a name"
                    }
                    Deviation::TabRefused | Deviation::TabInPathRefused => "encode the tab",
                    Deviation::HostPrefixLiteral => "write Path=/, and leave Domain out",
                    _ => "",
                },
                ..NONE
            },
            Self::Empty => Rule {
                name: "empty",
                citation: Some(step("2")),
                dev_tools_name: Some("NoCookieContent"),
                wrong: "name and value are both empty",
                receive: "give the cookie a name",
                insert: "give the cookie a name",
                build: "give the cookie a name",
            },
            Self::ControlOctet => Rule {
                name: "control-octet",
                citation: Some(step("3")),
                dev_tools_name: Some("DisallowedCharacter"),
                wrong: "name, value or path has a control octet (00-08, 0A-1F or 7F)",
                receive: "encode it, Base64 for example",
                insert: "encode it, Base64 for example",
                build: "encode it, Base64 for example",
            },
            Self::TooLong => Rule {
                name: "too-long",
                citation: Some(step("4")),
                dev_tools_name: Some("NameValuePairExceedsMaxSize"),
                wrong: "name and value have more than 4096 octets together",
                receive: "store less in the cookie",
                insert: "store less in the cookie",
                build: "store less in the cookie",
            },
            Self::DomainNotAscii => Rule {
                name: "domain-not-ascii",
                citation: Some(step("8")),
                dev_tools_name: Some("InvalidDomain"),
                wrong: "Domain has octets beyond ASCII",
                receive: "write it in A-labels (`xn--…`)",
                build: "give `domain` A-labels (`xn--…`)",
                ..NONE
            },
            Self::NoCanonicalHost { public_suffix } => Rule {
                name: "no-canonical-host",
                citation: Some(step(if *public_suffix { "9.2" } else { "10" })),
                wrong: "the URL has no host that a cookie could be kept for",
                receive: "use one with a host name or an IP address",
                ..NONE
            },
            Self::PublicSuffix { .. } => Rule {
                name: "public-suffix",
                citation: Some(step("9.3.1")),
                dev_tools_name: Some("InvalidDomain"),
                wrong: "is a public suffix",
                receive: "leave Domain out, or name a domain below it",
                insert: "leave host_only(false) out, or give the builder a domain below it",
                build: "leave `domain` out, or give it a domain below it",
            },
            Self::DomainMismatch { .. } => Rule {
                name: "domain-mismatch",
                citation: Some(step("10.1.1")),
                dev_tools_name: Some("InvalidDomain"),
                wrong: "does not domain-match",
                receive: "leave Domain out, or name the host or a parent of it",
                ..NONE
            },
            Self::NotAHost { looks_like } => Rule {
                name: "not-a-host",
                wrong: "the host is",
                insert: looks_like.fix(),
                ..NONE
            },
            Self::NotOnePair => Rule {
                name: "not-one-pair",
                wrong: "the name has `=` or `;`, the value has `;`, or one has whitespace at an end",
                insert: "encode it",
                build: "encode it",
                ..NONE
            },
            Self::PathNotAbsolute => Rule {
                name: "path-not-absolute",
                wrong: "the path does not begin with \"/\"",
                insert: "give it one that does",
                build: "give it one that does",
                ..NONE
            },
            Self::NameNotToken => Rule {
                name: "name-not-token",
                citation: profile,
                wrong: "the name is empty or has an octet that servers must not write",
                build: "use letters, digits, `-`, `_` and `.`",
                ..NONE
            },
            Self::ValueNotCookieOctets => Rule {
                name: "value-not-cookie-octets",
                citation: profile,
                wrong: "the value has whitespace, `\"`, `,`, `;`, `\\` or an octet beyond ASCII, which servers must not write",
                build: "encode it, Base64 for example",
                ..NONE
            },
            Self::DomainNotCanonical => Rule {
                name: "domain-not-canonical",
                citation: profile,
                wrong: "Domain is not a domain name in canonical form",
                build: "write letters in lower case, digits, `-` and `.`, without a dot at an end, or leave `domain` out",
                ..NONE
            },
            Self::PathNotAvOctets => Rule {
                name: "path-not-av-octets",
                citation: profile,
                wrong: "the path has `;`, whitespace at its end, a tab or an octet beyond ASCII",
                build: "percent-encode it, as it stands in URLs",
                ..NONE
            },
            Self::AttributeTooLong { .. } => Rule {
                name: "attribute-too-long",
                citation: Some(Citation::new("5.6", "6")),
                wrong: "has more than 1024 octets, and would be ignored",
                build: "shorten it",
                ..NONE
            },
            Self::ExpiresOutOfRange => Rule {
                name: "expires-out-of-range",
                citation: profile,
                wrong: "Expires is not between the years 1601 and 9999",
                build: "use `max_age` instead",
                ..NONE
            },
            Self::SecureOverInsecure => Rule {
                name: "secure-over-insecure",
                citation: Some(step("13")),
                dev_tools_name: Some("SecureOnly"),
                wrong: "Secure over an insecure connection",
                receive: "set it over https, or leave Secure out",
                ..NONE
            },
            Self::HttpOnlyFromScript => Rule {
                name: "http-only-from-script",
                citation: Some(step("15")),
                wrong: "a non-HTTP API cannot set an HttpOnly cookie",
                receive: "leave HttpOnly out, or set it in a response",
                ..NONE
            },
            Self::OverlaysSecure => Rule {
                name: "overlays-secure",
                citation: Some(step("16")),
                dev_tools_name: Some("OverwriteSecure"),
                wrong: "over an insecure connection it would lie over a Secure cookie of the same name",
                receive: "set it over https, or choose another name or a path outside that cookie's",
                ..NONE
            },
            Self::SameSiteFromScript { same_site } => Rule {
                name: "same-site-from-script",
                citation: Some(step("18.1")),
                dev_tools_name: Some(same_site_name(*same_site)),
                wrong: "a document in a cross-site context cannot set it",
                receive: "set it over https, with SameSite=None and Secure",
                ..NONE
            },
            Self::SameSiteCrossSite { same_site } => Rule {
                name: "same-site-cross-site",
                citation: Some(step("18.4")),
                dev_tools_name: Some(same_site_name(*same_site)),
                wrong: "a cross-site request that is not a top-level navigation cannot set it",
                receive: "set it over https, with SameSite=None and Secure",
                ..NONE
            },
            Self::SameSiteNoneInsecure => Rule {
                name: "same-site-none-insecure",
                citation: Some(step("19")),
                dev_tools_name: Some("SameSiteNoneInsecure"),
                wrong: "SameSite=None needs Secure",
                receive: "set it over https, with Secure",
                insert: "call secure_only(true)",
                build: "call secure(true)",
            },
            Self::SecurePrefix => Rule {
                name: "secure-prefix",
                citation: Some(step("20")),
                dev_tools_name: Some("InvalidPrefix"),
                wrong: "the prefix `__Secure-` needs Secure",
                receive: "set it over https, with Secure",
                insert: "call secure_only(true)",
                build: "call secure(true)",
            },
            Self::HostPrefixInsecure => Rule {
                name: "host-prefix-insecure",
                citation: Some(step("21.1")),
                dev_tools_name: Some("InvalidPrefix"),
                wrong: "the prefix `__Host-` needs Secure",
                receive: "set it over https, with Secure",
                insert: "call secure_only(true)",
                build: "call secure(true)",
            },
            Self::HostPrefixDomain => Rule {
                name: "host-prefix-domain",
                citation: Some(step("21.2")),
                dev_tools_name: Some("InvalidPrefix"),
                wrong: "the prefix `__Host-` allows no Domain",
                receive: "leave Domain out",
                insert: "leave host_only(false) out",
                build: "leave `domain` out",
            },
            Self::HostPrefixPath => Rule {
                name: "host-prefix-path",
                citation: Some(step("21.3")),
                dev_tools_name: Some("InvalidPrefix"),
                wrong: "the prefix `__Host-` needs the path `/`",
                receive: "add Path=/",
                insert: "call path(\"/\"), or leave it out",
                build: "call path(\"/\")",
            },
            Self::HttpPrefixInsecure => Rule {
                name: "http-prefix-insecure",
                dev_tools_name: Some("InvalidPrefix"),
                wrong: "the prefix `__Http-` needs Secure",
                receive: "set it over https, with Secure",
                insert: "call secure_only(true)",
                build: "call secure(true)",
                ..NONE
            },
            Self::HttpPrefixNotHttpOnly => Rule {
                name: "http-prefix-not-http-only",
                dev_tools_name: Some("InvalidPrefix"),
                wrong: "the prefixes `__Http-` and `__Host-Http-` need HttpOnly",
                receive: "set it in a response, with HttpOnly",
                insert: "call http_only(true)",
                build: "call http_only(true)",
                ..NONE
            },
            Self::NamelessPrefix => Rule {
                name: "nameless-prefix",
                citation: Some(step("22")),
                dev_tools_name: Some("InvalidPrefix"),
                wrong: "a nameless cookie cannot begin like `__Secure-` or `__Host-`",
                receive: "give it a name",
                insert: "give it a name",
                build: "give it a name",
            },
            Self::NamelessHttpPrefix => Rule {
                name: "nameless-http-prefix",
                dev_tools_name: Some("InvalidPrefix"),
                wrong: "a nameless cookie cannot begin like `__Http-`",
                receive: "give it a name",
                insert: "give it a name",
                build: "give it a name",
                ..NONE
            },
            Self::PartitionedInsecure => Rule {
                name: "partitioned-insecure",
                wrong: "Partitioned needs Secure",
                receive: "set it over https, with Secure",
                insert: "call secure_only(true)",
                build: "call secure(true)",
                ..NONE
            },
            Self::PartitionedOpaque => Rule {
                name: "partitioned-opaque",
                wrong: "the top-level page has an opaque origin, which no partition is kept for",
                receive: "leave Partitioned out",
                ..NONE
            },
            Self::ReplacesHttpOnly => Rule {
                name: "replaces-http-only",
                citation: Some(step("23.2")),
                wrong: "a non-HTTP API cannot replace an HttpOnly cookie",
                receive: "set it in a response, or choose another name",
                ..NONE
            },
        }
    }

    /// Writes what is wrong, and one of the fixes.
    fn text(&self, fix: impl FnOnce(&Rule) -> &'static str) -> String {
        let rule = self.rule();
        let wrong = rule.wrong;
        let wrong = match self {
            Self::Parse(error) => return error.to_string(),
            Self::PublicSuffix { domain } => format!("`{domain}` {wrong}"),
            Self::DomainMismatch { host, domain } => format!("`{host}` {wrong} `{domain}`"),
            Self::NotAHost { looks_like } => format!("{wrong} {looks_like}"),
            Self::AttributeTooLong { attribute } => format!("{attribute} {wrong}"),
            _ => wrong.to_owned(),
        };
        match fix(&rule) {
            "" => wrong,
            fix => format!("{wrong}: {fix}"),
        }
    }

    /// Returns the step that refuses, or the section if that is a grammar (4.1.1). It is `None` for rules
    /// that are not of the draft: those of `__Http-`, of Partitioned, of cookies built by hand, of dialects.
    ///
    /// ```
    /// # use hardtack::Rejection;
    /// assert_eq!(Rejection::HostPrefixPath.citation().unwrap().to_string(), "5.7 step 21.3");
    /// assert_eq!(Rejection::PartitionedInsecure.citation(), None);
    /// ```
    pub fn citation(&self) -> Option<Citation> {
        self.rule().citation
    }

    /// Returns the name of the rule in browser developer tools (`SetCookieBlockedReason` of the DevTools
    /// protocol), or `None` if they have none.
    ///
    /// ```
    /// # use hardtack::Rejection;
    /// assert_eq!(Rejection::HostPrefixPath.dev_tools_name(), Some("InvalidPrefix"));
    /// assert_eq!(Rejection::HttpOnlyFromScript.dev_tools_name(), None);
    /// ```
    pub fn dev_tools_name(&self) -> Option<&'static str> {
        self.rule().dev_tools_name
    }

    /// Returns the name of the variant in kebab-case, for programs. For [`Rejection::Parse`] it is the
    /// name of the [`ParseError`], for [`Rejection::Deviation`] that of the [`Deviation`].
    ///
    /// ```
    /// # use hardtack::{ParseError, Rejection};
    /// assert_eq!(Rejection::HostPrefixPath.name(), "host-prefix-path");
    /// assert_eq!(Rejection::Parse(ParseError::TooLong).name(), "too-long");
    /// ```
    pub fn name(&self) -> &'static str {
        self.rule().name
    }
}

impl From<ParseError> for Rejection {
    fn from(error: ParseError) -> Self {
        match error {
            ParseError::Deviation(deviation) => Self::Deviation(deviation),
            error => Self::Parse(error),
        }
    }
}

const fn same_site_name(same_site: SameSite) -> &'static str {
    match same_site {
        SameSite::Strict => "SameSiteStrict",
        SameSite::Lax => "SameSiteLax",
        SameSite::Default | SameSite::None => "SameSiteUnspecifiedTreatedAsLax",
    }
}

impl LooksLike {
    /// Guesses what a text is that is not a host.
    pub(crate) fn of(host: &str) -> Self {
        let is_port = |port: &str| port.bytes().all(|octet| octet.is_ascii_digit());
        if host.contains('/') {
            Self::Url
        } else if host.parse::<std::net::Ipv6Addr>().is_ok() {
            Self::Ipv6WithoutBrackets
        } else if host.starts_with('.') {
            Self::LeadingDot
        } else if host.contains('*') {
            Self::Wildcard
        } else if host.rsplit_once(':').is_some_and(|(_, port)| is_port(port)) {
            Self::HostAndPort
        } else {
            Self::Other
        }
    }

    const fn fix(self) -> &'static str {
        match self {
            Self::Url => "give the builder the host of that URL only",
            Self::HostAndPort => "leave the port out: cookies are for all ports of a host",
            Self::Ipv6WithoutBrackets => "write an IPv6 address in brackets",
            Self::LeadingDot => {
                "leave the dot out; host_only(false) makes a cookie for the subdomains too"
            }
            Self::Wildcard => {
                "name the domain above; host_only(false) makes a cookie for its subdomains too"
            }
            Self::Other => "give the builder a host name or an IP address",
        }
    }
}

/// The reason why [`CookieJar::insert`](crate::CookieJar::insert) refused a cookie built by hand.
/// `Display` writes what is wrong and what to change in the calls of
/// [`Cookie::builder`](crate::Cookie::builder).
///
/// ```
/// use hardtack::{Cookie, CookieJar};
/// # let now = std::time::SystemTime::UNIX_EPOCH;
///
/// let mut jar = CookieJar::default();
/// let cookie = Cookie::builder("a", "1", ".shop.example");
/// let refused = jar.insert(&cookie, now).unwrap_err();
/// assert_eq!(refused.rule().name(), "not-a-host");
/// assert_eq!(
///     refused.to_string(),
///     "the host is a domain with a dot before it: leave the dot out; host_only(false) makes a cookie for \
///      the subdomains too",
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{}", .0.text(|rule| rule.insert))]
pub struct InsertError(Rejection);

/// The reason why a Set-Cookie line cannot be built. `Display` writes what is wrong and what to change in
/// the calls of [`SetCookie::builder`](crate::SetCookie::builder).
///
/// ```
/// let refused = hardtack::SetCookie::builder("__Secure-a", "1").build().unwrap_err();
/// assert_eq!(refused.rule().name(), "secure-prefix");
/// assert_eq!(refused.to_string(), "the prefix `__Secure-` needs Secure: call secure(true)");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{}", .0.text(|rule| rule.build))]
pub struct BuildError(Rejection);

macro_rules! of_a_rule {
    ($error:ident) => {
        impl $error {
            /// Returns the rule that refuses. Its own text gives advice for received lines.
            ///
            /// ```
            /// use hardtack::{Cookie, CookieJar, Rejection, SetCookie};
            /// # let now = std::time::SystemTime::UNIX_EPOCH;
            ///
            /// let cookie = Cookie::builder("__Secure-a", "1", "shop.example");
            /// let inserted = CookieJar::default().insert(&cookie, now);
            /// assert_eq!(inserted.unwrap_err().rule(), &Rejection::SecurePrefix);
            ///
            /// let built = SetCookie::builder("__Secure-a", "1").build();
            /// assert_eq!(built.unwrap_err().rule(), &Rejection::SecurePrefix);
            /// ```
            pub fn rule(&self) -> &Rejection {
                &self.0
            }
        }

        impl From<Rejection> for $error {
            fn from(rule: Rejection) -> Self {
                Self(rule)
            }
        }
    };
}

of_a_rule!(InsertError);
of_a_rule!(BuildError);

/// Writes a domain for a message, in ASCII.
pub(crate) fn shown(domain: &[u8]) -> Box<str> {
    domain.escape_ascii().to_string().into()
}

impl fmt::Display for LooksLike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Url => "a URL",
            Self::HostAndPort => "a host and a port",
            Self::Ipv6WithoutBrackets => "an IPv6 address without brackets",
            Self::LeadingDot => "a domain with a dot before it",
            Self::Wildcard => "a wildcard",
            Self::Other => "no host name and no IP address",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wrong, and what to change: for who sent a line, built a cookie, or builds a line; empty where
    /// they cannot meet the rule.
    #[test]
    #[allow(clippy::too_many_lines, reason = "a table")]
    fn each_rule_is_told_in_three_ways() {
        let same_site = SameSite::Lax;
        let not_a = |looks_like| Rejection::NotAHost { looks_like };
        let rows = [
            (
                Rejection::Parse(ParseError::TooLong),
                "name and value have more than 4096 octets together: store less in the cookie",
                ["", "", ""],
            ),
            (
                Rejection::Empty,
                "name and value are both empty",
                [
                    "give the cookie a name",
                    "give the cookie a name",
                    "give the cookie a name",
                ],
            ),
            (
                Rejection::ControlOctet,
                "name, value or path has a control octet (00-08, 0A-1F or 7F)",
                [
                    "encode it, Base64 for example",
                    "encode it, Base64 for example",
                    "encode it, Base64 for example",
                ],
            ),
            (
                Rejection::TooLong,
                "name and value have more than 4096 octets together",
                [
                    "store less in the cookie",
                    "store less in the cookie",
                    "store less in the cookie",
                ],
            ),
            (
                Rejection::DomainNotAscii,
                "Domain has octets beyond ASCII",
                [
                    "write it in A-labels (`xn--…`)",
                    "",
                    "give `domain` A-labels (`xn--…`)",
                ],
            ),
            (
                Rejection::NoCanonicalHost {
                    public_suffix: false,
                },
                "the URL has no host that a cookie could be kept for",
                ["use one with a host name or an IP address", "", ""],
            ),
            (
                Rejection::PublicSuffix {
                    domain: "com".into(),
                },
                "`com` is a public suffix",
                [
                    "leave Domain out, or name a domain below it",
                    "leave host_only(false) out, or give the builder a domain below it",
                    "leave `domain` out, or give it a domain below it",
                ],
            ),
            (
                Rejection::DomainMismatch {
                    host: "shop.example".into(),
                    domain: "other.example".into(),
                },
                "`shop.example` does not domain-match `other.example`",
                [
                    "leave Domain out, or name the host or a parent of it",
                    "",
                    "",
                ],
            ),
            (
                Rejection::SecureOverInsecure,
                "Secure over an insecure connection",
                ["set it over https, or leave Secure out", "", ""],
            ),
            (
                Rejection::HttpOnlyFromScript,
                "a non-HTTP API cannot set an HttpOnly cookie",
                ["leave HttpOnly out, or set it in a response", "", ""],
            ),
            (
                Rejection::OverlaysSecure,
                "over an insecure connection it would lie over a Secure cookie of the same name",
                [
                    "set it over https, or choose another name or a path outside that cookie's",
                    "",
                    "",
                ],
            ),
            (
                Rejection::SameSiteFromScript { same_site },
                "a document in a cross-site context cannot set it",
                ["set it over https, with SameSite=None and Secure", "", ""],
            ),
            (
                Rejection::SameSiteCrossSite { same_site },
                "a cross-site request that is not a top-level navigation cannot set it",
                ["set it over https, with SameSite=None and Secure", "", ""],
            ),
            (
                Rejection::SameSiteNoneInsecure,
                "SameSite=None needs Secure",
                [
                    "set it over https, with Secure",
                    "call secure_only(true)",
                    "call secure(true)",
                ],
            ),
            (
                Rejection::SecurePrefix,
                "the prefix `__Secure-` needs Secure",
                [
                    "set it over https, with Secure",
                    "call secure_only(true)",
                    "call secure(true)",
                ],
            ),
            (
                Rejection::HostPrefixInsecure,
                "the prefix `__Host-` needs Secure",
                [
                    "set it over https, with Secure",
                    "call secure_only(true)",
                    "call secure(true)",
                ],
            ),
            (
                Rejection::HostPrefixDomain,
                "the prefix `__Host-` allows no Domain",
                [
                    "leave Domain out",
                    "leave host_only(false) out",
                    "leave `domain` out",
                ],
            ),
            (
                Rejection::HostPrefixPath,
                "the prefix `__Host-` needs the path `/`",
                [
                    "add Path=/",
                    r#"call path("/"), or leave it out"#,
                    r#"call path("/")"#,
                ],
            ),
            (
                Rejection::HttpPrefixInsecure,
                "the prefix `__Http-` needs Secure",
                [
                    "set it over https, with Secure",
                    "call secure_only(true)",
                    "call secure(true)",
                ],
            ),
            (
                Rejection::HttpPrefixNotHttpOnly,
                "the prefixes `__Http-` and `__Host-Http-` need HttpOnly",
                [
                    "set it in a response, with HttpOnly",
                    "call http_only(true)",
                    "call http_only(true)",
                ],
            ),
            (
                Rejection::NamelessPrefix,
                "a nameless cookie cannot begin like `__Secure-` or `__Host-`",
                ["give it a name", "give it a name", "give it a name"],
            ),
            (
                Rejection::NamelessHttpPrefix,
                "a nameless cookie cannot begin like `__Http-`",
                ["give it a name", "give it a name", "give it a name"],
            ),
            (
                Rejection::PartitionedInsecure,
                "Partitioned needs Secure",
                [
                    "set it over https, with Secure",
                    "call secure_only(true)",
                    "call secure(true)",
                ],
            ),
            (
                Rejection::PartitionedOpaque,
                "the top-level page has an opaque origin, which no partition is kept for",
                ["leave Partitioned out", "", ""],
            ),
            (
                Rejection::ReplacesHttpOnly,
                "a non-HTTP API cannot replace an HttpOnly cookie",
                ["set it in a response, or choose another name", "", ""],
            ),
            (
                not_a(LooksLike::Url),
                "the host is a URL",
                ["", "give the builder the host of that URL only", ""],
            ),
            (
                not_a(LooksLike::HostAndPort),
                "the host is a host and a port",
                [
                    "",
                    "leave the port out: cookies are for all ports of a host",
                    "",
                ],
            ),
            (
                not_a(LooksLike::Ipv6WithoutBrackets),
                "the host is an IPv6 address without brackets",
                ["", "write an IPv6 address in brackets", ""],
            ),
            (
                not_a(LooksLike::LeadingDot),
                "the host is a domain with a dot before it",
                [
                    "",
                    "leave the dot out; host_only(false) makes a cookie for the subdomains too",
                    "",
                ],
            ),
            (
                not_a(LooksLike::Wildcard),
                "the host is a wildcard",
                [
                    "",
                    "name the domain above; host_only(false) makes a cookie for its subdomains too",
                    "",
                ],
            ),
            (
                not_a(LooksLike::Other),
                "the host is no host name and no IP address",
                ["", "give the builder a host name or an IP address", ""],
            ),
            (
                Rejection::NotOnePair,
                "the name has `=` or `;`, the value has `;`, or one has whitespace at an end",
                ["", "encode it", "encode it"],
            ),
            (
                Rejection::PathNotAbsolute,
                r#"the path does not begin with "/""#,
                ["", "give it one that does", "give it one that does"],
            ),
            (
                Rejection::NameNotToken,
                "the name is empty or has an octet that servers must not write",
                ["", "", "use letters, digits, `-`, `_` and `.`"],
            ),
            (
                Rejection::ValueNotCookieOctets,
                r#"the value has whitespace, `"`, `,`, `;`, `\` or an octet beyond ASCII, which servers must not write"#,
                ["", "", "encode it, Base64 for example"],
            ),
            (
                Rejection::DomainNotCanonical,
                "Domain is not a domain name in canonical form",
                [
                    "",
                    "",
                    "write letters in lower case, digits, `-` and `.`, without a dot at an end, or leave `domain` out",
                ],
            ),
            (
                Rejection::PathNotAvOctets,
                "the path has `;`, whitespace at its end, a tab or an octet beyond ASCII",
                ["", "", "percent-encode it, as it stands in URLs"],
            ),
            (
                Rejection::AttributeTooLong { attribute: "Path" },
                "Path has more than 1024 octets, and would be ignored",
                ["", "", "shorten it"],
            ),
            (
                Rejection::ExpiresOutOfRange,
                "Expires is not between the years 1601 and 9999",
                ["", "", "use `max_age` instead"],
            ),
        ];
        for (rule, wrong, fixes) in rows {
            let told = [
                rule.to_string(),
                InsertError(rule.clone()).to_string(),
                BuildError(rule).to_string(),
            ];
            for (told, fix) in told.into_iter().zip(fixes) {
                let colon = if fix.is_empty() { "" } else { ": " };
                assert_eq!(told, format!("{wrong}{colon}{fix}"));
            }
        }
    }
}
