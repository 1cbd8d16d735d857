//! The octets of the packed list, for `packed.rs`, which reads them and says what they mean, and for
//! data/pack.rs, which writes them.

pub(crate) const END_OF_RULE: u8 = 0;
/// The letters are the symbols from 1.
pub(crate) const Z: u8 = 26;
/// The digits are those after the letters.
const HYPHEN: u8 = 37;
pub(crate) const END: u8 = 38;
/// The upper half of an octet beyond ASCII, from 8.
const HIGH: u8 = 39;
/// The lower half of one.
const LOW: u8 = 47;

pub(crate) const ONLY: u8 = 0;
pub(crate) const NEAR: u8 = 1 << 6;
pub(crate) const FAR: u8 = 2 << 6;
pub(crate) const LAST: u8 = 3 << 6;
pub(crate) const LETTERS: u8 = LAST;
/// The number of octets of `LETTERS` and its distances.
pub(crate) const LETTERS_WIDTH: usize = 1 + 2 * Z as usize;

pub(crate) const RULE: u8 = 1;
pub(crate) const EXCEPTION: u8 = 1 << 1;
pub(crate) const WILDCARD: u8 = 1 << 2;
pub(crate) const BELOW_FOLLOWS: u8 = 1 << 3;
pub(crate) const BELOW_FAR: u8 = 1 << 4;

/// Returns the symbol of an ASCII octet, or `None` if it is in no name.
pub(crate) const fn symbol(octet: u8) -> Option<u8> {
    match octet {
        b'a'..=b'z' => Some(octet - b'a' + 1),
        b'0'..=b'9' => Some(octet - b'0' + Z + 1),
        b'-' => Some(HYPHEN),
        _ => None,
    }
}

/// Returns the two symbols of an octet beyond ASCII, in the order in which they are read.
pub(crate) const fn halves(octet: u8) -> [u8; 2] {
    [(octet >> 4) - 8 + HIGH, (octet & 15) + LOW]
}
