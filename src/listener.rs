//! What is told of each Set-Cookie line that a shared jar or a fleet's jar receives.

use std::fmt;

use crate::grammar;
use crate::jar::Receipt;
use crate::rejection::Rejection;
use crate::request::Request;
use crate::set_cookie::{Attribute, PathAttribute, SetCookie};

/// What a listener of a [`SharedJar`](crate::SharedJar) is told of each Set-Cookie line: where it came from, what it says
/// without the cookie's value, and what became of it.
///
/// ```
/// use hardtack::SharedJar;
///
/// let jar = SharedJar::builder()
///     .listener(|received| {
///         if let Err(rejection) = received.outcome {
///             eprintln!("{received}: {rejection}");
///         }
///     })
///     .build();
/// // Prints: `sid` of http://shop.example (Path=/; Secure): Secure over an insecure connection: …
/// _ = jar.receive("sid=31d4; Path=/; Secure", &url::Url::parse("http://shop.example/login")?);
/// # Ok::<(), url::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Received<'a> {
    /// The request whose response had the line.
    pub request: &'a Request<'a>,
    /// The cookie-name, in octets; empty for a nameless cookie.
    pub name: &'a [u8],
    /// The attributes that were understood, as `Path=/; Secure`: what stands behind a comma in one is left
    /// out, since it may be a second cookie that was joined to the line.
    pub attributes: &'a str,
    /// What became of the cookie.
    pub outcome: &'a Result<Receipt, Rejection>,
}

impl fmt::Display for Received<'_> {
    /// The name, the URL's origin and the attributes; octets that are not printable ASCII are escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = self.request.url().origin().ascii_serialization();
        let name = self.name.escape_ascii();
        write!(f, "`{name}` of {origin} ({})", self.attributes)
    }
}

pub(crate) type Listener = dyn Fn(&Received<'_>) + Send + Sync;

/// Tells listeners of a line.
pub(crate) fn tell(
    listeners: &[Box<Listener>],
    set_cookie_string: &[u8],
    request: &Request<'_>,
    outcome: &Result<Receipt, Rejection>,
) {
    if listeners.is_empty() {
        return;
    }
    let (pair, _) = grammar::set_cookie_string(set_cookie_string);
    let (name, _) = grammar::name_value_pair(pair);
    let attributes = attributes(set_cookie_string);
    let received = Received {
        request,
        name,
        attributes: &attributes,
        outcome,
    };
    for listener in listeners {
        listener(&received);
    }
}

/// The attributes of a line that were understood, as text without secrets.
pub(crate) fn attributes(set_cookie_string: &[u8]) -> String {
    let mut attributes = Vec::new();
    // Of a line that is ignored as a whole nothing is understood.
    _ = SetCookie::parse_observed(set_cookie_string, |attribute| {
        attributes.extend(attribute.ok().map(shown));
    });
    attributes.join("; ")
}

fn shown(attribute: &Attribute<'_>) -> String {
    let before_comma = |octets: &[u8]| {
        let end = octets.iter().position(|octet| *octet == b',');
        octets[..end.unwrap_or(octets.len())]
            .escape_ascii()
            .to_string()
    };
    match attribute {
        Attribute::Expires(expires) => format!("Expires={expires}"),
        Attribute::MaxAge(seconds) => format!("Max-Age={seconds}"),
        Attribute::Domain(domain) => format!("Domain={}", before_comma(domain)),
        Attribute::Path(PathAttribute::Given(path)) => format!("Path={}", before_comma(path)),
        Attribute::Path(PathAttribute::Default { .. }) => "Path".to_owned(),
        Attribute::Secure => "Secure".to_owned(),
        Attribute::HttpOnly => "HttpOnly".to_owned(),
        Attribute::SameSite(same_site) => format!("SameSite={same_site}"),
        Attribute::Partitioned => "Partitioned".to_owned(),
    }
}
