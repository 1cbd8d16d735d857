//! Octets as text for a terminal: UTF-8 as it is, and escaped what is not UTF-8 or not plain.

use unicode_width::UnicodeWidthChar as _;

use crate::plain::is_plain;

/// The most columns of a name in a message.
const NAME: usize = 40;

/// The message of an error with what the system says.
pub(crate) fn message(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// Escapes octets.
pub(crate) fn shown(octets: &[u8]) -> String {
    let mut shown = String::new();
    for piece in pieces(octets) {
        piece.write(&mut shown);
    }
    shown
}

pub(crate) fn shown_or(octets: &[u8], if_empty: &str) -> String {
    if octets.is_empty() {
        return if_empty.to_owned();
    }
    shown(octets)
}

/// Escapes octets and cuts them to this many columns. A cut text ends with `…`.
pub(crate) fn cut(octets: &[u8], columns: usize) -> String {
    let (mut cut, mut width) = (String::new(), 0);
    // The text that fits before a `…`.
    let mut fits = 0;
    for piece in pieces(octets) {
        width += piece.width();
        if width > columns {
            cut.truncate(fits);
            cut.push('…');
            return cut;
        }
        piece.write(&mut cut);
        if width < columns {
            fits = cut.len();
        }
    }
    cut
}

/// Escapes a name for a message, and cuts a long one.
pub(crate) fn name(octets: &[u8]) -> String {
    cut(octets, NAME)
}

/// Returns the number of columns of a plain text.
pub(crate) fn width(plain: &str) -> usize {
    plain.chars().map(char_width).sum()
}

pub(crate) fn char_width(plain: char) -> usize {
    plain.width().unwrap_or(0)
}

/// A character to show as it is, one to escape, or an octet that is not UTF-8.
enum Piece {
    Plain(char),
    Escaped(char),
    Octet(u8),
}

impl Piece {
    fn write(&self, shown: &mut String) {
        match self {
            Self::Plain(character) => shown.push(*character),
            Self::Escaped(character) => shown.extend(character.escape_default()),
            Self::Octet(octet) => shown.extend(octet.escape_ascii().map(char::from)),
        }
    }

    fn width(&self) -> usize {
        match self {
            Self::Plain(character) => char_width(*character),
            Self::Escaped(character) => character.escape_default().len(),
            Self::Octet(octet) => octet.escape_ascii().len(),
        }
    }
}

fn pieces(octets: &[u8]) -> impl Iterator<Item = Piece> {
    octets.utf8_chunks().flat_map(|chunk| {
        let characters = chunk.valid().chars().map(|character| {
            if is_plain(character) {
                Piece::Plain(character)
            } else {
                Piece::Escaped(character)
            }
        });
        characters.chain(chunk.invalid().iter().copied().map(Piece::Octet))
    })
}
