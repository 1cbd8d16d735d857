//! 4: the server: reading Cookie header fields, and building Set-Cookie lines.

use std::fmt;

use crate::cookie::Fields;
use crate::cookie_date::sane_cookie_date;
use crate::grammar;
use crate::host::{self, CanonicalHost};
use crate::policy::Policy;
use crate::public_suffix::PublicSuffixList;
use crate::rejection::{BuildError, Rejection, shown};
use crate::set_cookie::{ATTRIBUTE_VALUE_LIMIT, SameSite, SetCookie};
use crate::storage_model;
use crate::timestamp::Timestamp;

/// Reads the value of a request's Cookie header field, as a server does (4.2). Returns the name and the
/// value of each cookie, in their order, as slices of the field. Of cookies of the same name it returns
/// all.
///
/// Any octets can be read. Pairs end at ";" and names at the first "=". Whitespace (SP and HTAB) around
/// names and values is cut off, as in a Set-Cookie line; quotes are not. A piece without "=" is the value
/// of a nameless cookie, and a piece of whitespace is skipped.
///
/// ```
/// let mut cookies = hardtack::parse_cookie_string(b"sid=31d4; theme=\"dark\"; nameless");
/// assert_eq!(cookies.next(), Some((&b"sid"[..], &b"31d4"[..])));
/// assert_eq!(cookies.next(), Some((&b"theme"[..], &b"\"dark\""[..])));
/// assert_eq!(cookies.next(), Some((&b""[..], &b"nameless"[..])));
/// assert_eq!(cookies.next(), None);
/// ```
///
/// A request may have more than one such field. In HTTP/2 and HTTP/3 a client may split a cookie-string
/// into several:
///
/// ```
/// let fields = [&b"sid=31d4"[..], b"theme=dark"];
/// let cookies: Vec<_> = fields.into_iter().flat_map(hardtack::parse_cookie_string).collect();
/// assert_eq!(cookies, [(&b"sid"[..], &b"31d4"[..]), (b"theme", b"dark")]);
/// ```
///
/// A server cannot tell by the order which of two cookies of the same name it has set itself (4.2.2).
pub fn parse_cookie_string(cookie_string: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    grammar::cookie_string(cookie_string)
}

/// A Set-Cookie line that a server builds. [`SetCookie::builder`] starts one, and
/// [`build`](Self::build) checks and writes it.
///
/// ```
/// use hardtack::{SameSite, SetCookie};
///
/// let session = SetCookie::builder("__Host-sid", "31d4")
///     .path("/")
///     .secure(true)
///     .http_only(true)
///     .same_site(SameSite::Lax);
/// let line = session.build()?;
/// assert_eq!(line, "__Host-sid=31d4; Path=/; Secure; HttpOnly; SameSite=Lax");
///
/// let refused = session.clone().domain("shop.example").build().unwrap_err();
/// assert_eq!(refused.to_string(), "the prefix `__Host-` allows no Domain: leave `domain` out");
///
/// let theme = SetCookie::builder("theme", "dark").domain("shop.example").max_age(3600);
/// assert_eq!(theme.build()?, "theme=dark; Max-Age=3600; Domain=shop.example");
/// # Ok::<(), hardtack::BuildError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SetCookieBuilder {
    name: Vec<u8>,
    value: Vec<u8>,
    expires: Option<Timestamp>,
    max_age: Option<u32>,
    domain: Option<Vec<u8>>,
    path: Option<Vec<u8>>,
    secure: bool,
    http_only: bool,
    same_site: SameSite,
    partitioned: bool,
}

impl SetCookie<'_> {
    /// Starts a Set-Cookie line that a server builds, with a name, a value and no attributes.
    ///
    /// Nothing is encoded, and [`build`](SetCookieBuilder::build) refuses octets that servers must not
    /// write: encode arbitrary values first, in Base64 for example.
    ///
    /// ```
    /// use hardtack::SetCookie;
    ///
    /// assert_eq!(SetCookie::builder("sid", "31d4").build()?, "sid=31d4");
    /// assert!(SetCookie::builder("sid", "a b").build().is_err());
    /// # Ok::<(), hardtack::BuildError>(())
    /// ```
    pub fn builder(name: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> SetCookieBuilder {
        SetCookieBuilder {
            name: name.into(),
            value: value.into(),
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
}

impl SetCookieBuilder {
    /// Sets the Expires attribute: the instant of expiry, with a fraction of a second cut off. A user
    /// agent compares it with its own clock, and ignores it if there is a [`max_age`](Self::max_age).
    ///
    /// ```
    /// use hardtack::{SetCookie, Timestamp};
    ///
    /// let cookie = SetCookie::builder("a", "1").expires(Timestamp::from_secs(1_717_243_200));
    /// assert_eq!(cookie.build()?, "a=1; Expires=Sat, 01 Jun 2024 12:00:00 GMT");
    /// # Ok::<(), hardtack::BuildError>(())
    /// ```
    #[must_use]
    pub fn expires(mut self, expires: impl Into<Timestamp>) -> Self {
        self.expires = Some(expires.into());
        self
    }

    /// Sets the Max-Age attribute: the lifetime, in seconds. User agents cut it to 400 days (5.5), and
    /// delete the cookie if it is 0.
    #[must_use]
    pub fn max_age(mut self, seconds: u32) -> Self {
        self.max_age = Some(seconds);
        self
    }

    /// Sets the Domain attribute: the cookie goes to this domain and all hosts below it, and they can
    /// overwrite it. Without it the cookie goes to the host that sets it only.
    #[must_use]
    pub fn domain(mut self, domain: impl Into<Vec<u8>>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// Sets the Path attribute: the cookie goes to this path and those below it. Without it the path is
    /// that of the request's URL, up to its last "/" (5.1.4).
    #[must_use]
    pub fn path(mut self, path: impl Into<Vec<u8>>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Writes a Secure attribute if true: the cookie goes over secure connections only. The default is
    /// false.
    #[must_use]
    pub fn secure(mut self, secure: bool) -> Self {
        self.secure = secure;
        self
    }

    /// Writes an HttpOnly attribute if true: the cookie is hidden from scripts. The default is false.
    #[must_use]
    pub fn http_only(mut self, http_only: bool) -> Self {
        self.http_only = http_only;
        self
    }

    /// Sets the SameSite attribute: the cross-site requests that the cookie goes with.
    /// [`SameSite::Default`], the default, writes none.
    #[must_use]
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = same_site;
        self
    }

    /// Writes a Partitioned attribute if true: user agents keep a cookie for each top-level site (CHIPS).
    /// The default is false.
    ///
    /// ```
    /// use hardtack::{SameSite, SetCookie};
    ///
    /// let cookie = SetCookie::builder("a", "1").secure(true).same_site(SameSite::None).partitioned(true);
    /// assert_eq!(cookie.build()?, "a=1; Secure; SameSite=None; Partitioned");
    /// # Ok::<(), hardtack::BuildError>(())
    /// ```
    #[must_use]
    pub fn partitioned(mut self, partitioned: bool) -> Self {
        self.partitioned = partitioned;
        self
    }

    /// Turns the line into the one that deletes the cookie: with an empty value, and expired. Name,
    /// Domain, Path and Partitioned stay as they are, since they identify the cookie.
    ///
    /// ```
    /// # use hardtack::SetCookie;
    /// let session = SetCookie::builder("sid", "31d4").path("/").secure(true);
    /// assert_eq!(
    ///     session.removal().build()?,
    ///     "sid=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; Secure",
    /// );
    /// # Ok::<(), hardtack::BuildError>(())
    /// ```
    #[must_use]
    pub fn removal(mut self) -> Self {
        self.value.clear();
        self.expires(Timestamp::UNIX_EPOCH).max_age(0)
    }

    /// Checks the line and writes it: the text after `Set-Cookie:`, in ASCII.
    ///
    /// The line follows the grammar for servers (4.1.1), which is narrower than what user agents read. It
    /// parses into these same fields, and a user agent stores it from an https response of a host that
    /// domain-matches its Domain. Public suffixes are those of the embedded list.
    ///
    /// ```
    /// use hardtack::SetCookie;
    ///
    /// let cookie = SetCookie::builder("sid", "31d4").secure(true);
    /// assert_eq!(cookie.build()?, "sid=31d4; Secure");
    ///
    /// let refused = cookie.domain("co.uk").build().unwrap_err();
    /// assert_eq!(refused.rule().name(), "public-suffix");
    /// # Ok::<(), hardtack::BuildError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`BuildError`] names the rule by which user agents would refuse the line or read it otherwise, or
    /// else the rule of 4.1.1 that it breaks.
    pub fn build(&self) -> Result<String, BuildError> {
        let policy = Policy::default();
        let (name, value) = (&self.name[..], &self.value[..]);
        storage_model::check_pair(name, value)?;
        if let Some(domain) = &self.domain {
            check_domain(domain, &policy.public_suffix_list)?;
        }
        if let Some(path) = &self.path {
            check_path(path)?;
        }
        let fields = Fields {
            name,
            value,
            domain: self.domain.as_deref().unwrap_or_default(),
            path: self.path.as_deref().unwrap_or_default(),
            host_only: self.domain.is_none(),
            secure_only: self.secure,
            http_only: self.http_only,
            same_site: self.same_site,
            partition: None,
            expiry_time: None,
            creation_time: None,
            last_access_time: None,
        };
        let has_path = self.path.is_some();
        storage_model::check_flags(&fields, has_path, || true, self.partitioned, &policy)?;
        if !grammar::is_cookie_name(name) {
            return Err(Rejection::NameNotToken.into());
        }
        if !grammar::is_cookie_value(value) {
            return Err(Rejection::ValueNotCookieOctets.into());
        }
        let date = |expires| sane_cookie_date(expires).ok_or(Rejection::ExpiresOutOfRange);
        let expires = self.expires.map(date).transpose()?;
        Ok(self.line(expires))
    }

    fn line(&self, expires: Option<String>) -> String {
        let same_site = match self.same_site {
            SameSite::Default => None,
            SameSite::Strict => Some("Strict"),
            SameSite::Lax => Some("Lax"),
            SameSite::None => Some("None"),
        };
        let flag = |is_set: bool| is_set.then(String::new);
        let attributes = [
            ("; Expires=", expires),
            (
                "; Max-Age=",
                self.max_age.map(|seconds| seconds.to_string()),
            ),
            ("; Domain=", self.domain.as_deref().map(ascii)),
            ("; Path=", self.path.as_deref().map(ascii)),
            ("; Secure", flag(self.secure)),
            ("; HttpOnly", flag(self.http_only)),
            ("; SameSite=", same_site.map(str::to_owned)),
            ("; Partitioned", flag(self.partitioned)),
        ];
        let mut line = ascii(&self.name) + "=" + &ascii(&self.value);
        for (name, value) in attributes {
            if let Some(value) = value {
                line.push_str(name);
                line.push_str(&value);
            }
        }
        line
    }
}

/// Converts octets to text, one by one. The checks have found them to be ASCII.
fn ascii(octets: &[u8]) -> String {
    octets.iter().copied().map(char::from).collect()
}

fn check_domain(domain: &[u8], list: &PublicSuffixList) -> Result<(), Rejection> {
    if domain.len() > ATTRIBUTE_VALUE_LIMIT {
        return Err(Rejection::AttributeTooLong {
            attribute: "Domain",
        });
    }
    if !domain.is_ascii() {
        return Err(Rejection::DomainNotAscii);
    }
    // The grammar comes first: the URL Standard takes `a;b` as a host.
    let host = Some(ascii(domain)).filter(|_| grammar::is_subdomain(domain));
    let is_canonical = host
        .and_then(|host| Some(CanonicalHost::parse(&host)?.octets() == domain))
        .unwrap_or(false);
    if !is_canonical || host::is_address(domain) {
        return Err(Rejection::DomainNotCanonical);
    }
    if list.is_public_suffix(domain) {
        return Err(Rejection::PublicSuffix {
            domain: shown(domain),
        });
    }
    Ok(())
}

fn check_path(path: &[u8]) -> Result<(), Rejection> {
    if path.len() > ATTRIBUTE_VALUE_LIMIT {
        return Err(Rejection::AttributeTooLong { attribute: "Path" });
    }
    storage_model::check_path(path)?;
    if !grammar::is_path_value(path) {
        return Err(Rejection::PathNotAvOctets);
    }
    Ok(())
}

impl fmt::Debug for SetCookieBuilder {
    /// Writes the name, and of the value, which is a secret, the length.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetCookieBuilder")
            .field("name", &self.name.escape_ascii().to_string())
            .field("value", &format_args!("<{} octets>", self.value.len()))
            .finish_non_exhaustive()
    }
}
