//! Recognition of inputs that have no Set-Cookie lines.

use super::lines;

/// Converts a text to UTF-8 without a byte order mark. In Windows `PowerShell`, `>` writes UTF-16.
pub(super) fn without_encoding(octets: Vec<u8>) -> Vec<u8> {
    let units = |from: fn([u8; 2]) -> u16| {
        let pairs = octets[2..].chunks_exact(2);
        pairs.map(move |pair| from([pair[0], pair[1]]))
    };
    match octets.as_slice() {
        [0xFF, 0xFE, ..] => utf_8(units(u16::from_le_bytes)),
        [0xFE, 0xFF, ..] => utf_8(units(u16::from_be_bytes)),
        [0xEF, 0xBB, 0xBF, text @ ..] => text.to_vec(),
        _ => octets,
    }
}

fn utf_8(units: impl Iterator<Item = u16>) -> Vec<u8> {
    let characters = char::decode_utf16(units);
    let text: String = characters
        .map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    text.into_bytes()
}

/// Recognizes an input by a beginning that no response header and no Set-Cookie line has.
pub(super) fn certain(octets: &[u8]) -> Option<&'static str> {
    let begins = [
        (
            &b"\x1F\x8B"[..],
            "the input is compressed (gzip): give the response as text, `curl -si --compressed` for example",
        ),
        (
            b"PK\x03\x04",
            "the input is a ZIP archive: give response headers, as `curl -si` prints them",
        ),
        (
            b"SQLite format 3\0",
            "the input is an SQLite database, as browsers keep their cookies in: \
             give response headers, as `curl -si` prints them",
        ),
    ];
    let begins = begins
        .iter()
        .find(|(beginning, _)| octets.starts_with(beginning));
    if let Some((_, what)) = begins {
        return Some(what);
    }
    match octets.trim_ascii_start() {
        [b'<', b'!' | b'?' | b'a'..=b'z' | b'A'..=b'Z', ..] => Some(
            "the input looks like HTML or XML, without the response's header: \
             `curl -si` prints the header too, `curl -s` does not",
        ),
        [b'{', inside @ ..] => {
            matches!(inside.trim_ascii_start(), [b'"' | b'}', ..]).then(|| json(octets))
        }
        [b'[', inside @ ..] => matches!(inside.trim_ascii_start(), [b'{' | b'[' | b'"' | b']', ..])
            .then(|| json(octets)),
        text if text.starts_with(b"# Netscape HTTP Cookie File")
            || text.starts_with(b"# HTTP Cookie File") =>
        {
            Some(COOKIES_TXT)
        }
        text if text.starts_with(b"#LWP-Cookies-") => Some(
            "the input looks like a cookie file of LWP, which has cookies that are stored already: \
             give response headers, as `curl -si` prints them",
        ),
        _ => None,
    }
}

const COOKIES_TXT: &str = "the input looks like a cookies.txt file (Netscape's format), which has cookies that are \
                           stored already: give response headers, as `curl -si` prints them";

pub(super) const REQUEST: &str = "the input looks like a request, and its Cookie field has no attributes to judge: \
                                  give the response's header, as `curl -si` prints it";

/// The field of a request.
pub(super) fn is_cookie_field(line: &[u8]) -> bool {
    let name = b"Cookie:";
    let start = line.trim_ascii_start().get(..name.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(name))
}

fn json(octets: &[u8]) -> &'static str {
    let has = |part: &[u8]| octets.windows(part.len()).any(|window| window == part);
    if has(b"\"log\"") && has(b"\"entries\"") {
        "the input looks like a HAR file, a recording of many responses: \
         give one response's header, as `curl -si` prints it, or the values of its Set-Cookie fields, a line each"
    } else if has(b"\"domain\"") && has(b"\"value\"") {
        "the input looks like JSON with cookies that are stored already: \
         give response headers, as `curl -si` prints them"
    } else {
        "the input looks like JSON, without the response's header: \
         `curl -si` prints the header too, `curl -s` does not"
    }
}

/// Recognizes an input without a response header that is most likely not Set-Cookie lines.
pub(super) fn likely(octets: &[u8]) -> Option<&'static str> {
    if lines(octets).any(is_of_cookies_txt) {
        return Some(COOKIES_TXT);
    }
    let first = lines(octets).next().unwrap_or_default();
    if first.starts_with(b"curl ") {
        return Some(
            "the input looks like a curl command: run it with `-si` and give what it prints",
        );
    }
    let is_request_line = |line: &[u8]| {
        let mut words = line.split(|octet| *octet == b' ');
        let method = words.next().unwrap_or_default();
        let version = words.nth(1).unwrap_or_default();
        method.iter().all(u8::is_ascii_uppercase) && version.starts_with(b"HTTP/")
    };
    if lines(octets).any(is_request_line) || lines(octets).any(is_cookie_field) {
        return Some(REQUEST);
    }
    let names_it = |line: &[u8]| {
        let name = b"set-cookie";
        let mut windows = line.windows(name.len());
        windows.any(|window| window.eq_ignore_ascii_case(name))
    };
    lines(octets).any(names_it).then_some(
        "the input names Set-Cookie, but no line of it begins with `Set-Cookie:`: \
         give response headers, as `curl -si` prints them, or the values of the Set-Cookie fields, a line each",
    )
}

/// Returns true for seven fields separated by tabs, of which the second is a flag: a line of cookies.txt.
fn is_of_cookies_txt(line: &[u8]) -> bool {
    let mut fields = line.split(|octet| *octet == b'\t');
    let is_flag = |field: Option<&[u8]>| matches!(field, Some(b"TRUE" | b"FALSE"));
    is_flag(fields.nth(1)) && is_flag(fields.nth(1)) && fields.count() == 3
}

/// Returns true for a header without a Set-Cookie field: each line up to the first empty one is a field.
pub(super) fn is_header(octets: &[u8]) -> bool {
    let is_field = |line: &[u8]| {
        let colon = line.iter().position(|octet| *octet == b':');
        let name = &line[..colon.unwrap_or_default()];
        let is_of_name = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
        // `koa:sess=1` is not a field: the name of a cookie can have a colon.
        let is_field = matches!(line.get(name.len() + 1), None | Some(b' ' | b'\t'));
        is_field && !name.is_empty() && name.iter().all(is_of_name)
    };
    let mut fields = lines(octets).take_while(|line| !line.is_empty());
    let is_first_field = fields.next().is_some_and(is_field);
    is_first_field && fields.all(is_field)
}
