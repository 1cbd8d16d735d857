//! Octets and how a text has them: as they are, escaped by JSON, percent-encoded.

use std::borrow::Cow;
use std::ops::Range;

use smallvec::SmallVec;

/// How a text has its octets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Encoding {
    /// Escaped as texts of JSON are.
    json: bool,
    /// Percent-encoded, wholly or in part.
    percent: bool,
}

impl Encoding {
    pub(super) const OCTETS: Self = Self {
        json: false,
        percent: false,
    };
    pub(super) const JSON: Self = Self {
        json: true,
        percent: false,
    };

    /// Returns how many octets of a text stand for themselves before one that may not.
    fn plain(self, text: &[u8]) -> usize {
        let special = match (self.json, self.percent) {
            (false, false) => None,
            (true, false) => memchr::memchr(b'\\', text),
            (false, true) => memchr::memchr(b'%', text),
            (true, true) => memchr::memchr2(b'\\', b'%', text),
        };
        special.unwrap_or(text.len())
    }

    /// The same, percent-encoded.
    pub(super) const fn percent(self) -> Self {
        Self {
            percent: true,
            ..self
        }
    }
}

/// What is decoded as one: an octet, or the character of an escape.
struct Unit {
    octets: SmallVec<[u8; 4]>,
    /// The octets that it takes in the text.
    length: usize,
    form: Form,
}

#[derive(Clone, Copy)]
enum Form {
    Plain,
    Escape,
    Percent,
}

/// What takes the place of octets of a text. It has their length.
pub(super) struct Replaced {
    pub(super) range: Range<usize>,
    pub(super) by: Vec<u8>,
}

/// Returns the octets that a text has.
pub(super) fn decode(text: &[u8], encoding: Encoding) -> Cow<'_, [u8]> {
    let mut end = encoding.plain(text);
    if end == text.len() {
        return text.into();
    }
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text;
    loop {
        octets.extend_from_slice(&rest[..end]);
        rest = &rest[end..];
        let Some(unit) = unit(rest, encoding) else {
            return octets.into();
        };
        octets.extend_from_slice(&unit.octets);
        rest = &rest[unit.length..];
        end = encoding.plain(rest);
    }
}

/// Replaces octets that a text has, each in the form in which it stands.
pub(super) fn rewrite<'t>(
    text: &'t [u8],
    encoding: Encoding,
    replaced: &[Replaced],
) -> Cow<'t, [u8]> {
    if replaced.is_empty() {
        return text.into();
    }
    let mut new = Vec::with_capacity(text.len());
    let (mut rest, mut at) = (text, 0);
    let mut replaced = replaced.iter().peekable();
    while let Some(unit) = unit(rest, encoding) {
        let end = at + unit.octets.len();
        while replaced.next_if(|it| it.range.end <= at).is_some() {}
        let by = replaced.peek().and_then(|it| {
            let start = at.checked_sub(it.range.start)?;
            it.by.get(start..start + unit.octets.len())
        });
        let (old, after) = rest.split_at(unit.length);
        match by.filter(|by| **by != *unit.octets) {
            Some(by) => unit.form.write(old, by, &mut new),
            None => new.extend_from_slice(old),
        }
        (rest, at) = (after, end);
    }
    new.into()
}

impl Form {
    fn write(self, old: &[u8], octets: &[u8], text: &mut Vec<u8>) {
        match self {
            // A whole character at a time, which then needs no escape.
            Self::Plain | Self::Escape => text.extend_from_slice(octets),
            Self::Percent => {
                let is_lower = old.iter().any(u8::is_ascii_lowercase);
                for octet in octets {
                    let hex = if is_lower {
                        format!("%{octet:02x}")
                    } else {
                        format!("%{octet:02X}")
                    };
                    text.extend_from_slice(hex.as_bytes());
                }
            }
        }
    }
}

fn unit(text: &[u8], encoding: Encoding) -> Option<Unit> {
    let first = *text.first()?;
    let special = match first {
        b'\\' if encoding.json => escape(text),
        b'%' if encoding.percent => text.get(1..3).and_then(hex).map(|code| Unit {
            octets: SmallVec::from_iter(u8::try_from(code)),
            length: 3,
            form: Form::Percent,
        }),
        _ => None,
    };
    Some(special.unwrap_or_else(|| Unit {
        octets: SmallVec::from_slice(&[first]),
        length: 1,
        form: Form::Plain,
    }))
}

fn escape(text: &[u8]) -> Option<Unit> {
    let one = |octet: u8| Unit {
        octets: SmallVec::from_slice(&[octet]),
        length: 2,
        form: Form::Escape,
    };
    Some(match text.get(1)? {
        b'n' => one(b'\n'),
        b'r' => one(b'\r'),
        b't' => one(b'\t'),
        b'b' => one(8),
        b'f' => one(12),
        b'u' => {
            let high = hex(text.get(2..6)?)?;
            let low = text
                .get(6..12)
                .filter(|low| low.starts_with(b"\\u"))
                .and_then(|low| hex(&low[2..]));
            let pair = char::decode_utf16([high, low.unwrap_or_default()]);
            let (character, length) = match pair.into_iter().next() {
                Some(Ok(character)) if character as u32 > 0xFFFF => (character, 12),
                Some(Ok(character)) => (character, 6),
                // Half of a pair is no character, and in no value.
                _ => (char::REPLACEMENT_CHARACTER, 6),
            };
            let mut octets = [0; 4];
            Unit {
                octets: SmallVec::from_slice(character.encode_utf8(&mut octets).as_bytes()),
                length,
                form: Form::Escape,
            }
        }
        octet => one(*octet),
    })
}

fn hex(digits: &[u8]) -> Option<u16> {
    let all = digits.iter().all(u8::is_ascii_hexdigit);
    let digits = std::str::from_utf8(digits).ok().filter(|_| all)?;
    u16::from_str_radix(digits, 16).ok()
}

/// Returns true if a text begins as a URL of one of the schemes that have cookies.
pub(super) fn is_url(text: &[u8]) -> bool {
    let schemes: [&[u8]; 4] = [b"http:", b"https:", b"ws:", b"wss:"];
    schemes.iter().any(|scheme| text.starts_with(scheme)) && authority_end(text) > 0
}

/// Returns the end of the scheme and the authority of a URL, or 0 of a relative one that has none. The text may have
/// its slashes escaped.
pub(super) fn authority_end(text: &[u8]) -> usize {
    let is_of_scheme = |octet: &u8| octet.is_ascii_alphanumeric() || b"+-.".contains(octet);
    let scheme = text.iter().take_while(|octet| is_of_scheme(octet)).count();
    let after = if text.get(scheme) == Some(&b':') {
        scheme + 1
    } else {
        0
    };
    let is_slash = |octet: &&u8| matches!(octet, b'/' | b'\\');
    let start = after + text[after..].iter().take_while(is_slash).count();
    let mut slashes = text[after..start].iter().filter(|octet| **octet == b'/');
    if slashes.nth(1).is_none() {
        return 0;
    }
    let end = text[start..]
        .iter()
        .position(|octet| matches!(octet, b'/' | b'?' | b'#' | b'\\'));
    end.map_or(text.len(), |end| start + end)
}
