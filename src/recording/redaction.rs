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
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

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
/// count and not from the values, of which they tell nothing; a HAR that is redacted twice is the same as one that is redacted once, unless it
/// has so many short values that stand-ins meet them.
///
/// In the fields and lists of cookies every value is replaced. In other texts, such as URLs, other fields and bodies, it
/// is replaced where it has at least [`SHORTEST`](Self::SHORTEST) letters and digits: as it stands, percent-encoded, and
/// as JSON and HTML escape it; in bodies that are Base64 too. Left as they are: what the context of a
/// request depends on (hosts, methods, times, `Sec-Fetch-*`), names, numbers, a value that goes over several segments of a path, parts of values, and
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
                    let name = name_of(field);
                    for value in texts(field, |key, is_own| is_own && key == Key::Value) {
                        add_line(&mut stand_ins, &name, &value);
                    }
                    note_secret(&name, &mut other_secrets);
                }
                Piece::Cookie(cookie) => {
                    let is_value = is_value_of(cookie);
                    for value in texts(cookie, is_value) {
                        stand_ins.add(&value);
                    }
                }
                Piece::Text(text, Key::Line(name)) => {
                    let value = text::decode(text, Encoding::Json);
                    add_line(&mut stand_ins, name.as_bytes(), &value);
                }
                Piece::Text(text, Key::Cookies) => {
                    let value = text::decode(text, Encoding::Json);
                    add_line(&mut stand_ins, b"set-cookie", &value);
                }
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
                    let name = name_of(field);
                    self.rewritten(field, &mut out, |text, key, is_own| match key {
                        _ if !is_own => None,
                        Key::Value => Some(changed(text, |octets| self.field(&name, octets))),
                        Key::Name => Some(text.into()),
                        _ => None,
                    })?;
                }
                Piece::Cookie(cookie) => {
                    let is_value = is_value_of(cookie);
                    self.rewritten(cookie, &mut out, |text, key, is_own| match key {
                        key if is_value(key, is_own) => {
                            Some(changed(text, |octets| self.value(octets)))
                        }
                        Key::Path => Some(changed(text, |octets| self.by_segment(octets))),
                        Key::Name | Key::Scope if is_own => Some(text.into()),
                        _ => None,
                    })?;
                }
            }
        }
        out.flush()
    }

    /// The value of a field.
    fn field<'o>(&self, name: &[u8], octets: &'o [u8]) -> Cow<'o, [u8]> {
        if lines::is_of_cookies(name) {
            return self.line(name, octets);
        }
        match name {
            b"date"
            | b"host"
            | b"user-agent"
            | b"upgrade-insecure-requests"
            | b":authority"
            | b":method"
            | b":scheme" => octets.into(),
            b"location" | b"referer" | b":path" => self.url(octets),
            _ if name.starts_with(b"sec-fetch-") => octets.into(),
            _ => self.other(octets, Key::Other),
        }
    }

    /// The value of a field that has cookies.
    fn line<'o>(&self, name: &[u8], octets: &'o [u8]) -> Cow<'o, [u8]> {
        let mut new = octets.to_vec();
        for (part, range) in lines::parts(name, octets) {
            let own = &octets[range.clone()];
            let by = match part {
                Part::Value => self.value(own),
                Part::Path => self.by_segment(own),
                Part::Other => self.found(own),
                Part::Within => continue,
            };
            put(&mut new, range, &by);
        }
        new.into()
    }

    /// The value of a cookie.
    fn value<'o>(&self, octets: &'o [u8]) -> Cow<'o, [u8]> {
        let stand_in = self.stand_ins.of(octets);
        stand_in.map_or(octets.into(), |it| it.to_vec().into())
    }

    /// Any other text of the document. What stands in it is JSON.
    fn text<'t>(&self, text: &'t [u8], key: Key) -> Cow<'t, [u8]> {
        match key {
            Key::Untouched => text.into(),
            _ => changed(text, |octets| self.other(octets, key)),
        }
    }

    fn other<'o>(&self, octets: &'o [u8], key: Key) -> Cow<'o, [u8]> {
        match key {
            Key::Line(name) => self.line(name.as_bytes(), octets),
            Key::Cookies => self.line(b"set-cookie", octets),
            Key::Url => self.url(octets),
            _ if text::is_url(octets) => self.url(octets),
            Key::Text => self
                .base64(octets)
                .map_or_else(|| self.found(octets), Cow::Owned),
            _ => self.found(octets),
        }
    }

    /// A body in Base64, where a value is in it.
    fn base64(&self, octets: &[u8]) -> Option<Vec<u8>> {
        // It may go over several lines.
        let is_break = |octet: &u8| matches!(octet, b'\r' | b'\n');
        let is_of_base64 = |it: &u8| it.is_ascii_alphanumeric() || b"+/-_=".contains(it);
        if !octets.iter().all(|it| is_of_base64(it) || is_break(it)) {
            return None;
        }
        let digits: Vec<u8> = octets.iter().copied().filter(|it| !is_break(it)).collect();
        let engines = [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD];
        let mut decoded = engines.iter().filter_map(|engine| {
            let octets = engine.decode(&digits).ok()?;
            Some((engine, octets))
        });
        let (engine, decoded) = decoded.next()?;
        let Cow::Owned(new) = self.found(&decoded) else {
            return None;
        };
        let mut new = engine.encode(new).into_bytes().into_iter();
        let new = octets.iter().map(|old| {
            if is_break(old) {
                *old
            } else {
                new.next().unwrap_or(*old)
            }
        });
        Some(new.collect())
    }

    /// A URL, whose scheme, host and port stay: of its path each segment by itself, so that what is below another path
    /// stays below it.
    fn url<'o>(&self, url: &'o [u8]) -> Cow<'o, [u8]> {
        let authority = text::authority(url);
        let at = url[authority.clone()].iter().rposition(|it| *it == b'@');
        let user = authority.start..authority.start + at.unwrap_or_default();
        let rest = &url[authority.end..];
        let path = rest.iter().position(|it| matches!(it, b'?' | b'#'));
        let path = authority.end..authority.end + path.unwrap_or(rest.len());
        let query = path.end..url.len();
        let parts = [
            (user.clone(), self.found(&url[user])),
            (path.clone(), self.by_segment(&url[path])),
            (query.clone(), self.found(&url[query])),
        ];
        if parts.iter().all(|(_, by)| matches!(by, Cow::Borrowed(_))) {
            return url.into();
        }
        let mut new = url.to_vec();
        for (range, by) in parts {
            put(&mut new, range, &by);
        }
        new.into()
    }

    fn by_segment<'o>(&self, path: &'o [u8]) -> Cow<'o, [u8]> {
        let segments = path.split(|octet| *octet == b'/');
        let segments: Vec<_> = segments.map(|segment| self.found(segment)).collect();
        if segments.iter().all(|it| matches!(it, Cow::Borrowed(_))) {
            return path.into();
        }
        segments.join(&b'/').into()
    }

    /// Replaces the values that are found in octets: as they stand, then as they are written in other ways.
    fn found<'o>(&self, octets: &'o [u8]) -> Cow<'o, [u8]> {
        let Some(patterns) = &self.patterns else {
            return octets.into();
        };
        let find = |octets: &[u8]| -> Vec<Replaced> {
            let found = patterns.find_iter(octets).map(|found| Replaced {
                range: found.range(),
                by: self.replacements[found.pattern()].clone(),
            });
            found.collect()
        };
        let mut new = Cow::Borrowed(octets);
        let found = find(octets);
        if !found.is_empty() {
            let new = new.to_mut();
            for Replaced { range, by } in found {
                put(new, range, &by);
            }
        }
        for encoding in text::encodings(octets) {
            let found = find(&text::decode(&new, encoding));
            if !found.is_empty() {
                new = text::rewrite(&new, encoding, &found).into_owned().into();
            }
        }
        new
    }

    /// Writes an object with other texts: what is given for one, or else what any text is.
    fn rewritten<'o>(
        &self,
        object: &'o [u8],
        out: &mut impl Write,
        given: impl for<'t> Fn(&'t [u8], Key, bool) -> Option<Cow<'t, [u8]>>,
    ) -> io::Result<()> {
        let mut scanner = Scanner::of_object(object);
        loop {
            let is_own = scanner.is_own();
            match scanner.next()? {
                Some(Piece::Text(text, key)) => {
                    let new = given(text, key, is_own);
                    quoted(out, &new.unwrap_or_else(|| self.text(text, key)))?;
                }
                Some(Piece::Plain(octets) | Piece::Field(octets) | Piece::Cookie(octets)) => {
                    out.write_all(octets)?;
                }
                None => return Ok(()),
            }
        }
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

/// Adds the values of a field of such a name.
fn add_line(stand_ins: &mut StandIns, name: &[u8], value: &[u8]) {
    for (part, range) in lines::parts(name, value) {
        if matches!(part, Part::Value | Part::Within) {
            stand_ins.add(&value[range]);
        }
    }
}

/// The octets of the texts of an object of such a key, which are its own members or in others. There may be several of
/// one name.
fn texts(object: &[u8], is_one: impl Fn(Key, bool) -> bool) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut scanner = Scanner::of_object(object);
    loop {
        let is_own = scanner.is_own();
        match scanner.next() {
            Ok(Some(Piece::Text(text, key))) if is_one(key, is_own) => {
                found.push(text::decode(text, Encoding::Json).into_owned());
            }
            Ok(Some(_)) => {}
            _ => return found,
        }
    }
}

/// The name of a field, in lower case and without blanks around it: of several that of a field of cookies.
fn name_of(field: &[u8]) -> Vec<u8> {
    let names = texts(field, |key, is_own| is_own && key == Key::Name);
    let mut names: Vec<Vec<u8>> = names
        .into_iter()
        .map(|name| name.trim_ascii().to_ascii_lowercase())
        .collect();
    let of_cookies = names.iter().position(|name| lines::is_of_cookies(name));
    let of_cookies = of_cookies.map(|index| names.swap_remove(index));
    of_cookies.or(names.pop()).unwrap_or_default()
}

/// Tells which texts of an object are values of cookies: each `value`, or, where there is none, all members that may be
/// one, of an object that has cookies by their names.
fn is_value_of(object: &[u8]) -> fn(Key, bool) -> bool {
    if texts(object, |key, _| key == Key::Value).is_empty() {
        |key, is_own| is_own && key == Key::Other
    } else {
        |key, _| key == Key::Value
    }
}

/// What stands in a text of JSON, with other octets, of which there are as many.
fn changed(text: &[u8], change: impl for<'o> FnOnce(&'o [u8]) -> Cow<'o, [u8]>) -> Cow<'_, [u8]> {
    let octets = text::decode(text, Encoding::Json);
    let Cow::Owned(by) = change(&octets) else {
        return text.into();
    };
    let range = 0..octets.len();
    text::rewrite(text, Encoding::Json, &[Replaced { range, by }])
}

fn put(octets: &mut [u8], range: Range<usize>, by: &[u8]) {
    if let Some(old) = octets.get_mut(range).filter(|old| old.len() == by.len()) {
        old.copy_from_slice(by);
    }
}

fn quoted(out: &mut impl Write, text: &[u8]) -> io::Result<()> {
    out.write_all(b"\"")?;
    out.write_all(text)?;
    out.write_all(b"\"")
}
