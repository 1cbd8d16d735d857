//! What is told of each Set-Cookie line that a shared jar receives.

use std::fmt;

use crate::jar::Receipt;
use crate::rejection::Rejection;
use crate::request::Request;

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
    /// The attributes as they stand in the line, behind the first semicolon.
    pub attributes: &'a [u8],
    /// What became of the cookie.
    pub outcome: &'a Result<Receipt, Rejection>,
}

impl fmt::Display for Received<'_> {
    /// The name, the URL's origin and the attributes; octets that are not printable ASCII are escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = self.request.url().origin().ascii_serialization();
        let attributes = self.attributes.trim_ascii().escape_ascii();
        write!(
            f,
            "`{}` of {origin} ({attributes})",
            self.name.escape_ascii()
        )
    }
}
