//! Octets as text for a terminal: UTF-8 as it is, and escaped what is not UTF-8 or not plain.

use unicode_width::UnicodeWidthChar as _;

use crate::plain::is_plain;

/// The most columns that a name has in a message.
const NAME: usize = 40;

/// The octets, escaped.
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

/// The octets, escaped, and cut to this many columns; what is cut ends with `…`.
pub(crate) fn cut(octets: &[u8], columns: usize) -> String {
    let (mut cut, mut width) = (String::new(), 0);
    // What fits where `…` has to come after it.
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

/// A name for a message: escaped, and cut where it is long.
pub(crate) fn name(octets: &[u8]) -> String {
    cut(octets, NAME)
}

/// The columns that plain text takes.
pub(crate) fn width(plain: &str) -> usize {
    plain.chars().map(char_width).sum()
}

pub(crate) fn char_width(plain: char) -> usize {
    plain.width().unwrap_or(0)
}

/// A character that is shown as it is, or one to escape, or an octet that is not UTF-8.
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
