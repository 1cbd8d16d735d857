//! A HAR without the values of its cookies: each has a stand-in of its length, wherever it occurs.

// A module uses only those above it.
mod json;
mod text;
mod lines;
mod stand_in;

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::io::{self, Read, Write};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use self::json::{Key, Piece, Scanner};
use self::lines::Part;
use self::stand_in::StandIns;
use self::text::{Encoding, Replaced};
use crate::formats::ReadError;
use crate::formats::recording::only_har;

/// The stand-ins for the values of the cookies of a HAR.
///
/// A value is one of a Cookie or Set-Cookie field, or of a list `cookies`. Its stand-in has its length and its shape: a
/// digit stands for a digit, a letter for a letter of its case, and whatever else is in it stays. So do a prefix such as
/// `__Host-` and the header of a token (a JWT), by which a value is judged. Equal values have equal stand-ins, and others have others. They come from a
/// count and not from the values, of which they tell nothing; a HAR that is redacted twice is the same as one that is redacted once.
///
/// In the fields and lists of cookies every value is replaced. In other texts, such as URLs, other fields and bodies, it
/// is replaced where it has at least [`SHORTEST`](Self::SHORTEST) letters and digits: as it stands, percent-encoded, and
/// as JSON and HTML escape it; in bodies that are Base64 too. Left as they are: what the context of a
/// request depends on (hosts, methods, times, `Sec-Fetch-*`), names, a value that goes over several segments of a path, parts of values, and
/// values that are compressed, encrypted, hashed, or encoded in other ways.
///
/// ```
/// use hardtack::recording::Redaction;
///
/// let har = br#"{"log": {"entries": [{
///     "request": {"url": "https://shop.example/?id=31d4", "headers": [{"name": "Cookie", "value": "sid=31d4"}]}}]}}"#;
/// let redaction = Redaction::of(&har[..])?;
/// let mut redacted = Vec::new();
/// redaction.write(&har[..], &mut redacted)?;
/// let redacted = String::from_utf8(redacted)?;
/// assert!(!redacted.contains("31d4") && redacted.contains("\"sid="));
/// assert_eq!(redacted.len(), har.len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Redaction {
    stand_ins: StandIns,
    /// What is looked for in texts, and what takes its place.
    patterns: Option<AhoCorasick>,
    replacements: Vec<Vec<u8>>,
    other_secrets: Vec<String>,
}

impl Redaction {
    /// The letters and digits, or characters beyond ASCII, that a value has at least which is replaced outside of the
    /// fields and lists of cookies too. Shorter ones, such as `1`, are in every text.
    pub const SHORTEST: usize = stand_in::SHORTEST;

    /// Reads a HAR for the values of its cookies, as a stream.
    ///
    /// # Errors
    ///
    /// [`ReadError`], if it is no HAR, or ends early. A log of the Chrome DevTools Protocol and what `curl -v` prints
    /// are none.
    pub fn of(har: impl Read) -> Result<Self, ReadError> {
        let damaged = |what: &str| ReadError::Damaged(what.to_owned());
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                damaged("the HAR ends early, so that it cannot be redacted: save or copy it again")
            }
            kind => ReadError::Io(kind),
        };
        let other = || damaged("only a HAR can be redacted: export the recording as one");
        let har = only_har(har)?.ok_or_else(other)?;
        let mut stand_ins = StandIns::default();
        let mut other_secrets = Vec::new();
        let mut scanner = Scanner::new(har);
        while let Some(piece) = scanner.next().map_err(failed)? {
            match piece {
                Piece::Field(field) => {
                    let name = member(field, Key::Name).to_ascii_lowercase();
                    let value = member(field, Key::Value);
                    let parts = lines::parts(&name, &value);
                    let is_value = |part: Part| matches!(part, Part::Value | Part::Within);
                    let values = parts.iter().filter(|(part, _)| is_value(*part));
                    for (_, range) in values {
                        stand_ins.add(&value[range.clone()]);
                    }
                    note_secret(&name, &mut other_secrets);
                }
                Piece::Cookie(cookie) => stand_ins.add(&member(cookie, Key::Value)),
                Piece::Plain(_) | Piece::Text(..) => {}
            }
        }
        stand_ins.choose();
        Ok(Self::with(stand_ins, other_secrets))
    }

    fn with(stand_ins: StandIns, other_secrets: Vec<String>) -> Self {
        let mut known = HashSet::new();
        let mut patterns = Vec::new();
        let mut replacements = Vec::new();
        for (value, stand_in) in stand_ins.looked_for() {
            if known.insert(value.clone()) {
                patterns.push(value);
                replacements.push(stand_in);
            }
        }
        let patterns = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            // Making a DFA takes the square of the length of a value such as `aaaa…`.
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(&patterns);
        Self {
            stand_ins,
            // It fails only with more patterns than memory holds.
            patterns: patterns.ok().filter(|_| !replacements.is_empty()),
            replacements,
            other_secrets,
        }
    }

    /// Returns the number of values that have stand-ins.
    pub fn values(&self) -> usize {
        self.stand_ins.len()
    }

    /// Returns the names, in lower case, of other fields that are secrets by their name, such as `authorization`. They
    /// stay as they are.
    pub fn other_secrets(&self) -> &[String] {
        &self.other_secrets
    }

    /// Writes the HAR anew, as a stream: of it are held one text or field at a time. All but the values stays as it is, octet by octet.
    ///
    /// # Errors
    ///
    /// Those of the reader and the writer, and [`UnexpectedEof`](io::ErrorKind::UnexpectedEof) where the HAR ends
    /// early.
    pub fn write(&self, har: impl Read, mut out: impl Write) -> io::Result<()> {
        let mut scanner = Scanner::new(har);
        while let Some(piece) = scanner.next()? {
            match piece {
                Piece::Plain(octets) => out.write_all(octets)?,
                Piece::Text(text, key) => quoted(&mut out, &self.text(text, key))?,
                Piece::Field(field) => {
                    let name = member(field, Key::Name).to_ascii_lowercase();
                    rewritten(field, &mut out, |text, key| match key {
                        Key::Value => self.field(&name, text),
                        Key::Name => text.into(),
                        _ => self.text(text, key),
                    })?;
                }
                Piece::Cookie(cookie) => rewritten(cookie, &mut out, |text, key| match key {
                    Key::Value => self.value(text),
                    Key::Path => self.path(text),
                    _ => text.into(),
                })?,
            }
        }
        out.flush()
    }

    /// The value of a field. What stands in it is JSON.
    fn field<'t>(&self, name: &[u8], text: &'t [u8]) -> Cow<'t, [u8]> {
        if !lines::is_of_cookies(name) {
            return match name {
                b"date"
                | b"host"
                | b"user-agent"
                | b"upgrade-insecure-requests"
                | b":authority"
                | b":method"
                | b":scheme" => text.into(),
                b"location" | b"referer" | b":path" => self.url(text),
                _ if name.starts_with(b"sec-") => text.into(),
                _ => self.text(text, Key::Other),
            };
        }
        let octets = text::decode(text, Encoding::JSON);
        let mut replaced = Vec::new();
        for (part, range) in lines::parts(name, &octets) {
            let octets = &octets[range.clone()];
            let new = match part {
                Part::Value => self.stand_ins.of(octets).map(Cow::from),
                Part::Path => Some(self.segments(octets)),
                Part::Other => Some(self.octets(octets)),
                Part::Within => None,
            };
            replaced.extend(new.map(|new| Replaced {
                range,
                by: new.into_owned(),
            }));
        }
        text::rewrite(text, Encoding::JSON, &replaced)
    }

    /// A value in a list `cookies`.
    fn value<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        let octets = text::decode(text, Encoding::JSON);
        let Some(stand_in) = self.stand_ins.of(&octets) else {
            return text.into();
        };
        let replaced = Replaced {
            range: 0..octets.len(),
            by: stand_in.to_vec(),
        };
        text::rewrite(text, Encoding::JSON, &[replaced])
    }

    fn path<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        self.by_segment(text, Encoding::JSON)
    }

    /// Any other text of the document.
    fn text<'t>(&self, text: &'t [u8], key: Key) -> Cow<'t, [u8]> {
        match key {
            Key::Untouched => text.into(),
            Key::Url => self.url(text),
            _ if text::is_url(text) => self.url(text),
            Key::Text => {
                let found = self.found(text, Encoding::JSON);
                match found {
                    Cow::Borrowed(_) => self.base64(text).map_or(found, Cow::Owned),
                    found @ Cow::Owned(_) => found,
                }
            }
            _ => self.found(text, Encoding::JSON),
        }
    }

    /// A body in Base64, where a value is in it.
    fn base64(&self, text: &[u8]) -> Option<Vec<u8>> {
        let octets = STANDARD.decode(text).ok()?;
        match self.octets(&octets) {
            Cow::Owned(octets) => Some(STANDARD.encode(octets).into_bytes()),
            Cow::Borrowed(_) => None,
        }
    }

    /// A URL, whose scheme, host and port stay: of its path each segment by itself, so that what is below another path
    /// stays below it.
    fn url<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        let (authority, rest) = text.split_at(text::authority_end(text));
        let end = rest.iter().position(|octet| matches!(octet, b'?' | b'#'));
        let (path, query) = rest.split_at(end.unwrap_or(rest.len()));
        let path = self.by_segment(path, Encoding::JSON);
        let query = self.found(query, Encoding::JSON);
        match (&path, &query) {
            (Cow::Borrowed(_), Cow::Borrowed(_)) => text.into(),
            _ => [authority, &path, &query].concat().into(),
        }
    }

    fn segments<'t>(&self, octets: &'t [u8]) -> Cow<'t, [u8]> {
        self.by_segment(octets, Encoding::OCTETS)
    }

    fn by_segment<'t>(&self, path: &'t [u8], encoding: Encoding) -> Cow<'t, [u8]> {
        let segments = path.split(|octet| *octet == b'/');
        let segments: Vec<_> = segments
            .map(|segment| self.found(segment, encoding))
            .collect();
        if segments.iter().all(|it| matches!(it, Cow::Borrowed(_))) {
            return path.into();
        }
        segments.join(&b'/').into()
    }

    fn octets<'t>(&self, octets: &'t [u8]) -> Cow<'t, [u8]> {
        self.found(octets, Encoding::OCTETS)
    }

    /// Replaces the values that are found in a text, as they stand and percent-encoded.
    fn found<'t>(&self, text: &'t [u8], encoding: Encoding) -> Cow<'t, [u8]> {
        let Some(patterns) = &self.patterns else {
            return text.into();
        };
        let once = |text: &[u8], encoding: Encoding| {
            let octets = text::decode(text, encoding);
            let found = patterns.find_iter(&*octets).map(|found| Replaced {
                range: found.range(),
                by: self.replacements[found.pattern()].clone(),
            });
            let found: Vec<Replaced> = found.collect();
            (!found.is_empty()).then(|| text::rewrite(text, encoding, &found).into_owned())
        };
        let plain = once(text, encoding);
        let so_far = plain.as_deref().unwrap_or(text);
        let percent = memchr::memchr(b'%', so_far).and_then(|_| once(so_far, encoding.percent()));
        percent.or(plain).map_or(Cow::Borrowed(text), Cow::Owned)
    }
}

impl fmt::Debug for Redaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redaction")
            .field("values", &self.values())
            .field("other_secrets", &self.other_secrets)
            .finish_non_exhaustive()
    }
}

/// Words by which the name of a field tells that its value is a secret.
const SECRETS: [&str; 6] = [
    "authorization",
    "token",
    "secret",
    "api-key",
    "apikey",
    "password",
];

fn note_secret(name: &[u8], names: &mut Vec<String>) {
    let name = String::from_utf8_lossy(name);
    let is_secret = SECRETS.iter().any(|word| name.contains(word));
    if is_secret && !names.iter().any(|known| *known == name) {
        names.push(name.into_owned());
    }
}

/// The octets of a member of an object that is a text. Others have none.
fn member(object: &[u8], key: Key) -> Vec<u8> {
    let mut scanner = Scanner::new(object);
    while let Ok(Some(piece)) = scanner.next() {
        match piece {
            Piece::Text(text, found) if found == key => {
                return text::decode(text, Encoding::JSON).into_owned();
            }
            _ => {}
        }
    }
    Vec::new()
}

/// Writes an object with other texts.
fn rewritten<'o>(
    object: &'o [u8],
    out: &mut impl Write,
    text: impl for<'t> Fn(&'t [u8], Key) -> Cow<'t, [u8]>,
) -> io::Result<()> {
    let mut scanner = Scanner::new(object);
    while let Some(piece) = scanner.next()? {
        match piece {
            Piece::Text(old, key) => quoted(out, &text(old, key))?,
            Piece::Plain(octets) | Piece::Field(octets) | Piece::Cookie(octets) => {
                out.write_all(octets)?;
            }
        }
    }
    Ok(())
}

fn quoted(out: &mut impl Write, text: &[u8]) -> io::Result<()> {
    out.write_all(b"\"")?;
    out.write_all(text)?;
    out.write_all(b"\"")
}
