//! Octets and how a text has them: escaped by JSON or HTML, percent-encoded.

use std::borrow::Cow;
use std::ops::Range;

use smallvec::SmallVec;

/// How a text has its octets. Each has an octet that begins what stands for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Escaped as texts of JSON are.
    Json,
    /// Percent-encoded, wholly or in part.
    Percent,
    /// Punctuation as HTML escapes it.
    Html,
}

impl Encoding {
    fn first(self) -> u8 {
        match self {
            Self::Json => b'\\',
            Self::Percent => b'%',
            Self::Html => b'&',
        }
    }

    /// Returns how many octets of a text stand for themselves before one that may not.
    fn plain(self, text: &[u8]) -> usize {
        memchr::memchr(self.first(), text).unwrap_or(text.len())
    }
}

/// The encodings that a text seems to have, one after another.
pub(super) fn encodings(text: &[u8]) -> impl Iterator<Item = Encoding> {
    let has = |start: &[u8]| memchr::memmem::find(text, start).is_some();
    let is_html = has(b"&#") || has(b"&apos;");
    let encodings = [
        (Encoding::Percent, has(b"%")),
        (Encoding::Json, has(b"\\u")),
        (Encoding::Html, is_html),
    ];
    let seeming = encodings.into_iter().filter(|(_, seems)| *seems);
    seeming.map(|(encoding, _)| encoding)
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
    /// `\u` and four digits, or two of these.
    Escape,
    Percent,
    /// Punctuation and control characters, which are never replaced.
    Kept,
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
    /// Writes other octets in place of old ones, which take as much.
    fn write(self, old: &[u8], octets: &[u8], text: &mut Vec<u8>) {
        match self {
            Self::Plain => text.extend_from_slice(octets),
            Self::Escape => {
                let is_lower = old[2..].iter().any(u8::is_ascii_lowercase);
                let new = String::from_utf8_lossy(octets);
                for unit in new.encode_utf16() {
                    let hex = if is_lower {
                        format!("\\u{unit:04x}")
                    } else {
                        format!("\\u{unit:04X}")
                    };
                    text.extend_from_slice(hex.as_bytes());
                }
            }
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
            // Punctuation stays.
            Self::Kept => text.extend_from_slice(old),
        }
    }
}

fn unit(text: &[u8], encoding: Encoding) -> Option<Unit> {
    let first = *text.first()?;
    let special = if first == encoding.first() {
        match encoding {
            Encoding::Json => escape(text),
            Encoding::Percent => percent(text),
            Encoding::Html => reference(text),
        }
    } else {
        None
    };
    Some(special.unwrap_or_else(|| Unit::of(first, 1, Form::Plain)))
}

impl Unit {
    fn of(octet: u8, length: usize, form: Form) -> Self {
        Self {
            octets: SmallVec::from_slice(&[octet]),
            length,
            form,
        }
    }
}

fn percent(text: &[u8]) -> Option<Unit> {
    let code = text.get(1..3).and_then(hex)?;
    Some(Unit::of(u8::try_from(code).ok()?, 3, Form::Percent))
}

fn escape(text: &[u8]) -> Option<Unit> {
    let one = |octet: u8| Some(Unit::of(octet, 2, Form::Kept));
    match text.get(1)? {
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
            Some(Unit {
                octets: SmallVec::from_slice(character.encode_utf8(&mut octets).as_bytes()),
                length,
                form: Form::Escape,
            })
        }
        octet if octet.is_ascii_alphanumeric() => None,
        octet => one(*octet),
    }
}

/// The longest reference that is read, `&#x0000027;`.
const LONGEST: usize = 11;

/// A reference to punctuation. Letters and digits are not written so.
fn reference(text: &[u8]) -> Option<Unit> {
    let end = text.iter().take(LONGEST).position(|it| *it == b';')?;
    let octet = match &text[1..end] {
        b"amp" => b'&',
        b"lt" => b'<',
        b"gt" => b'>',
        b"quot" => b'"',
        b"apos" => b'\'',
        [b'#', b'x' | b'X', digits @ ..] => u8::try_from(number(digits, 16)?).ok()?,
        [b'#', digits @ ..] => u8::try_from(number(digits, 10)?).ok()?,
        _ => return None,
    };
    let is_read = octet.is_ascii_punctuation() || octet == b' ';
    is_read.then(|| Unit::of(octet, end + 1, Form::Kept))
}

fn hex(digits: &[u8]) -> Option<u16> {
    number(digits, 16)
}

fn number(digits: &[u8], radix: u32) -> Option<u16> {
    let digits = std::str::from_utf8(digits).ok()?;
    let digits = Some(digits).filter(|it| it.bytes().all(|octet| octet.is_ascii_hexdigit()))?;
    u16::from_str_radix(digits, radix).ok()
}

/// Returns true if a text is a URL, as far as its look goes, of one of the schemes that have cookies.
pub(super) fn is_url(text: &[u8]) -> bool {
    let is_within = |octet: &u8| *octet > b' ' && !b"\"<>".contains(octet);
    let is_of_host = |octet: &u8| !b",;'`(){}|^".contains(octet);
    let authority = &text[authority(text)];
    has_special_scheme(text)
        && !authority.is_empty()
        && authority.iter().all(is_of_host)
        && text.iter().all(is_within)
}

fn has_special_scheme(text: &[u8]) -> bool {
    let schemes: [&[u8]; 4] = [b"http:", b"https:", b"ws:", b"wss:"];
    schemes.iter().any(|scheme| {
        let start = text.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })
}

/// Returns where the authority of a URL is, or an empty range at the start of a relative one that has none. As a
/// browser reads it, blanks may be before it, and slashes may be backslashes.
pub(super) fn authority(url: &[u8]) -> Range<usize> {
    let count = |at: usize, is_one: fn(&u8) -> bool| {
        url[at..].iter().take_while(|octet| is_one(octet)).count()
    };
    let blanks = count(0, |octet| *octet <= b' ');
    let scheme = count(blanks, |it| {
        it.is_ascii_alphanumeric() || b"+-.".contains(it)
    });
    let colon = blanks + scheme;
    let after = if scheme > 0 && url.get(colon) == Some(&b':') {
        colon + 1
    } else {
        blanks
    };
    let slashes = count(after, |octet| matches!(octet, b'/' | b'\\'));
    if slashes < 2 {
        return 0..0;
    }
    let start = after + slashes;
    let end = count(start, |it| *it > b' ' && !b"/?#\\".contains(it));
    start..start + end
}
