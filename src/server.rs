//! 4: the server's side: the Cookie header fields that it reads, the Set-Cookie lines that it writes.

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

/// Reads the value of a request's Cookie header field, as a server does (4.2): the name and the value
/// of each cookie, in the order they stand, those of the same name too.
///
/// Any octets will do. Pairs are cut at ";", names at the first "=", and the whitespace (SP and HTAB)
/// around both goes, as in a Set-Cookie line; quotes stay. A piece without "=" is the value of a cookie
/// without a name. Pieces of nothing but whitespace are passed over. All that comes out are slices of
/// the octets that went in.
///
/// ```
/// let mut cookies = hardtack::parse_cookie_string(b"sid=31d4; theme=\"dark\"; nameless");
/// assert_eq!(cookies.next(), Some((&b"sid"[..], &b"31d4"[..])));
/// assert_eq!(cookies.next(), Some((&b"theme"[..], &b"\"dark\""[..])));
/// assert_eq!(cookies.next(), Some((&b""[..], &b"nameless"[..])));
/// assert_eq!(cookies.next(), None);
/// ```
///
/// A request may have more than one such field, above all in HTTP/2 and HTTP/3, where they are the
/// crumbs of one cookie-string:
///
/// ```
/// let fields = [&b"sid=31d4"[..], b"theme=dark"];
/// let cookies: Vec<_> = fields.into_iter().flat_map(hardtack::parse_cookie_string).collect();
/// assert_eq!(cookies, [(&b"sid"[..], &b"31d4"[..]), (b"theme", b"dark")]);
/// ```
///
/// Which of two cookies of the same name is the right one, the order does not tell a server.
pub fn parse_cookie_string(cookie_string: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    grammar::cookie_string(cookie_string)
}

/// A Set-Cookie line that a server is about to send; begun by [`SetCookie::builder`].
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
/// # Ok::<(), hardtack::BuildError>(())
/// ```
#[derive(Clone)]
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
    /// Begins a Set-Cookie line for a server to send: name and value, without attributes.
    ///
    /// Nothing is encoded. A value that may be anything is best given in Base64.
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
    /// When it expires, in whole seconds, a fraction cut off. User agents go by their own clocks, and by
    /// [`max_age`](Self::max_age) where there is one.
    #[must_use]
    pub fn expires(mut self, expires: impl Into<Timestamp>) -> Self {
        self.expires = Some(expires.into());
        self
    }

    /// How long it lives, in seconds. User agents cut it to 400 days (5.5); 0 deletes the cookie.
    #[must_use]
    pub fn max_age(mut self, seconds: u32) -> Self {
        self.max_age = Some(seconds);
        self
    }

    /// Send it to this domain and all hosts below it, and let them overwrite it; without this, only to
    /// the host that sets it.
    #[must_use]
    pub fn domain(mut self, domain: impl Into<Vec<u8>>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// Send it to this path and those below it; without this, to those beside the request's.
    #[must_use]
    pub fn path(mut self, path: impl Into<Vec<u8>>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Over secure connections only? False by default.
    #[must_use]
    pub fn secure(mut self, secure: bool) -> Self {
        self.secure = secure;
        self
    }

    /// Hidden from scripts? False by default.
    #[must_use]
    pub fn http_only(mut self, http_only: bool) -> Self {
        self.http_only = http_only;
        self
    }

    /// Which cross-site requests it goes with. [`SameSite::Default`], the default, writes no attribute.
    #[must_use]
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = same_site;
        self
    }

    /// Kept apart for each top-level site (CHIPS)? False by default.
    #[must_use]
    pub fn partitioned(mut self, partitioned: bool) -> Self {
        self.partitioned = partitioned;
        self
    }

    /// The line that deletes this cookie: without its value, and expired. All else stays, as name,
    /// domain, path and partition say which cookie it is.
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

    /// The line: the octets after `Set-Cookie:`, which are ASCII.
    ///
    /// It is of the profile that 4.1.1 asks servers for, which is narrower than what user agents read.
    /// It parses into just these fields, and a user agent stores it from an https response of a host
    /// that the Domain covers. Whether a Domain is a public suffix, the embedded list tells.
    ///
    /// # Errors
    ///
    /// [`BuildError`]: the rule by which a user agent would refuse the line, or could misunderstand it; only
    /// then that of the profile.
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
        storage_model::check_flags(&fields, self.path.is_some(), self.partitioned, &policy)?;
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

/// Octets that the checks have found to be ASCII.
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
    /// The value is a secret: only its length is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetCookieBuilder")
            .field("name", &self.name.escape_ascii().to_string())
            .field("value", &format_args!("<{} octets>", self.value.len()))
            .finish_non_exhaustive()
    }
}
