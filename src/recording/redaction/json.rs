//! JSON in pieces, as a stream: texts, and all between them as it stands.

use std::io::{self, BufRead, BufReader, Read};

/// What is told of the name of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// A list of fields.
    Headers,
    /// A list of cookies, or a cookie.
    Cookies,
    /// The value of a field of cookies, of this name.
    Line(&'static str),
    Name,
    Value,
    Path,
    /// `domain`, `expires` and `sameSite`, by which a cookie is judged.
    Scope,
    /// A body, which may be Base64.
    Text,
    Url,
    /// What a replay goes by, word by word.
    Untouched,
    Other,
}

impl Key {
    fn of(name: &str) -> Self {
        match name {
            "name" => return Self::Name,
            "value" => return Self::Value,
            "path" => return Self::Path,
            "domain" | "expires" | "sameSite" => return Self::Scope,
            "text" | "data" => return Self::Text,
            "url" | "redirectURL" => return Self::Url,
            "creator" | "browser" | "startedDateTime" | "method" | "_resourceType" | "encoding" => {
                return Self::Untouched;
            }
            _ => {}
        }
        // Recorders have more than HAR 1.2: `_requestHeaders`, `trailers`, `blockedCookies`.
        let ends = |end: &str| {
            let start = name.len().checked_sub(end.len());
            let own = start.and_then(|start| name.get(start..));
            own.is_some_and(|own| own.eq_ignore_ascii_case(end))
        };
        let lines = ["cookie", "set-cookie", "cookie2", "set-cookie2"];
        if let Some(line) = lines.iter().find(|line| name.eq_ignore_ascii_case(line)) {
            Self::Line(line)
        } else if ends("headers") || ends("trailers") {
            Self::Headers
        } else if ends("cookies") {
            Self::Cookies
        } else {
            Self::Other
        }
    }
}

/// A piece of a document.
pub(super) enum Piece<'p> {
    /// What stays as it is: names of members, numbers, brackets, blanks.
    Plain(&'p [u8]),
    /// What stands between the quotes of a text, and the member that it is.
    Text(&'p [u8], Key),
    /// An object in a list `headers`.
    Field(&'p [u8]),
    /// An object that is, or has, cookies.
    Cookie(&'p [u8]),
}

/// A list or an object that is open.
struct Level {
    is_list: bool,
    key: Key,
}

/// Reads pieces. What is no JSON is read all the same.
pub(super) struct Scanner<R> {
    reader: BufReader<R>,
    levels: Vec<Level>,
    key: Key,
    is_key_next: bool,
    piece: Vec<u8>,
    /// Fields and cookies are no pieces of their own.
    is_flat: bool,
}

/// The octets at which a piece that stays as it is ends.
const LONG: usize = 64 * 1024;

impl<R: Read> Scanner<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader: BufReader::new(reader),
            levels: Vec::new(),
            key: Key::Other,
            is_key_next: false,
            piece: Vec::new(),
            is_flat: false,
        }
    }

    /// Reads one object, whose texts are all pieces of their own.
    pub(super) fn of_object(reader: R) -> Self {
        Self {
            is_flat: true,
            ..Self::new(reader)
        }
    }

    /// Returns true if the text that was read last is a member of the outermost object.
    pub(super) fn is_own(&self) -> bool {
        self.levels.len() == 1
    }

    /// Returns the next piece, or `None` at the end. A document that ends early is an error.
    pub(super) fn next(&mut self) -> io::Result<Option<Piece<'_>>> {
        self.piece.clear();
        while let Some(octet) = self.peek()? {
            let key = self.key();
            let is_in_list = self.levels.last().is_some_and(|level| level.is_list);
            let is_object = octet == b'{' && !self.is_flat;
            let is_field = is_object && is_in_list && key == Key::Headers;
            let is_cookie = is_object && matches!(key, Key::Cookies | Key::Line(_));
            let is_object = is_field || is_cookie;
            let is_text = octet == b'"' && !self.is_key_next;
            if self.piece.len() >= LONG || !self.piece.is_empty() && (is_object || is_text) {
                return Ok(Some(Piece::Plain(&self.piece)));
            }
            if is_object {
                self.object()?;
                return Ok(Some(if is_field {
                    Piece::Field(&self.piece)
                } else {
                    Piece::Cookie(&self.piece)
                }));
            }
            self.reader.consume(1);
            if is_text {
                self.text()?;
                return Ok(Some(Piece::Text(&self.piece, key)));
            }
            self.piece.push(octet);
            match octet {
                b'"' => {
                    let start = self.piece.len();
                    self.text()?;
                    self.key = name(&self.piece[start..]);
                    self.piece.push(b'"');
                }
                b'{' | b'[' => {
                    let is_list = octet == b'[';
                    self.levels.push(Level { is_list, key });
                    self.is_key_next = !is_list;
                }
                b'}' | b']' => {
                    self.levels.pop();
                    self.is_key_next = false;
                }
                b',' => self.is_key_next = !is_in_list && !self.levels.is_empty(),
                b':' => self.is_key_next = false,
                _ => {}
            }
        }
        if !self.levels.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok((!self.piece.is_empty()).then_some(Piece::Plain(&self.piece)))
    }

    /// The member that a value here is one of. What is in one that is untouched is untouched.
    fn key(&self) -> Key {
        match self.levels.last() {
            Some(level) if level.is_list || level.key == Key::Untouched => level.key,
            Some(_) => self.key,
            None => Key::Other,
        }
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        Ok(self.reader.fill_buf()?.first().copied())
    }

    /// Takes a text behind its opening quote, with the closing one, which is not kept.
    fn text(&mut self) -> io::Result<()> {
        let mut is_escaped = false;
        loop {
            let octets = self.reader.fill_buf()?;
            let (Some(first), false) = (octets.first(), octets.is_empty()) else {
                return Err(io::ErrorKind::UnexpectedEof.into());
            };
            if is_escaped {
                self.piece.push(*first);
                self.reader.consume(1);
                is_escaped = false;
                continue;
            }
            let end = memchr::memchr2(b'"', b'\\', octets);
            self.piece
                .extend_from_slice(&octets[..end.unwrap_or(octets.len())]);
            let stop = end.map(|end| octets[end]);
            let taken = end.map_or(octets.len(), |end| end + 1);
            self.reader.consume(taken);
            match stop {
                Some(b'"') => return Ok(()),
                Some(octet) => {
                    self.piece.push(octet);
                    is_escaped = true;
                }
                None => {}
            }
        }
    }

    /// Takes an object as it stands.
    fn object(&mut self) -> io::Result<()> {
        let mut depth = 0;
        while let Some(octet) = self.peek()? {
            self.reader.consume(1);
            self.piece.push(octet);
            match octet {
                b'"' => {
                    self.text()?;
                    self.piece.push(b'"');
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Ok(());
            }
        }
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

/// The name of a member, which may be escaped.
fn name(text: &[u8]) -> Key {
    if text.contains(&b'\\') {
        let quoted = [b"\"", text, b"\""].concat();
        return serde_json::from_slice(&quoted).map_or(Key::Other, |name: String| Key::of(&name));
    }
    std::str::from_utf8(text).map_or(Key::Other, Key::of)
}
