//! 4: the server's side: the Cookie header fields that it reads.

use crate::grammar;

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
