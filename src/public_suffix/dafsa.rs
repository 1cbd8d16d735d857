//! A public suffix list as libpsl makes it and Debian installs it: a deterministic acyclic finite state
//! automaton, which is looked up in place.
//!
//! libpsl's `psl-make-dafsa` documents the format. Its words are names, from the left, each with flags.
//! The rule `*.name` is the word `name` with the flag `WILDCARD`.

use std::borrow::Cow;

use super::Rules;

/// The beginning of the files of every version of the format.
pub(super) const NAME: &[u8] = b".DAFSA@PSL_";
/// The beginning of the files of its only version.
const HEADER: &[u8] = b".DAFSA@PSL_0   \n";

const EXCEPTION: u8 = 1;
const WILDCARD: u8 = 2;

/// The file of a list in libpsl's format.
pub(super) struct Dafsa(Cow<'static, [u8]>);

impl Dafsa {
    /// Returns `None` if the header is another, or if nothing follows it.
    pub(super) fn new(file: Cow<'static, [u8]>) -> Option<Self> {
        let is_one = file.len() > HEADER.len() && file.starts_with(HEADER);
        is_one.then_some(Self(file))
    }

    /// Returns an octet by its position after the header.
    fn octet(&self, at: usize) -> Option<u8> {
        self.0.get(HEADER.len() + at).copied()
    }

    /// Reads a link. Returns the distance to its target, its size in octets, and true if it is the last
    /// link of its node.
    fn link(&self, at: usize) -> Option<(usize, usize, bool)> {
        let octet = self.octet(at)?;
        let is_last = octet & 0x80 != 0;
        let (bits, width) = match octet & 0x60 {
            0x60 => (0x1f, 3),
            0x40 => (0x1f, 2),
            _ => (0x3f, 1),
        };
        let mut distance = usize::from(octet & bits);
        for at in at + 1..at + width {
            distance = distance << 8 | usize::from(self.octet(at)?);
        }
        Some((distance, width, is_last))
    }

    /// Returns the number of octets of a name's public suffix, and true if the name is the parent of a
    /// wildcard rule.
    fn find(&self, name: &[u8]) -> (usize, bool) {
        let mut found = 0;
        let mut is_parent = false;
        let mut is_text = true;
        let mut end = name.len();
        loop {
            let dot = name[..end].iter().rposition(|octet| *octet == b'.');
            let start = dot.map_or(0, |dot| dot + 1);
            // No word goes on with what is not UTF-8.
            is_text &= std::str::from_utf8(&name[start..end]).is_ok();
            let flags = is_text.then(|| self.flags(&name[start..])).flatten();
            let has = |flag| flags.is_some_and(|flags| flags & flag != 0);
            if has(EXCEPTION) {
                return (name.len().saturating_sub(end + 1), false);
            }
            let is_rule = flags.is_some() && !has(WILDCARD);
            let is_top = end == name.len();
            if is_rule || is_parent || is_top {
                found = name.len() - start;
            }
            is_parent = has(WILDCARD);
            match dot {
                Some(dot) => end = dot,
                None => return (found, is_parent),
            }
        }
    }

    /// Returns the flags of a name, or `None` if it is not a word of the list.
    fn flags(&self, name: &[u8]) -> Option<u8> {
        let mut symbols = symbols(name);
        let mut symbol = symbols.next();
        // The position of the first link of a node.
        let mut links = 0;
        'node: loop {
            let mut node = links;
            loop {
                let (distance, width, is_last) = self.link(links)?;
                node += distance;
                let first = self.octet(node)?;
                if symbol.is_none() && matches!(first, 0x80..=0x8f) {
                    return Some(first & 0x0f);
                }
                if symbol.is_some_and(|symbol| symbol == first & 0x7f) {
                    break;
                }
                if is_last {
                    return None;
                }
                links += width;
            }
            // The label of a node ends at an octet with the highest bit, after which its links follow.
            loop {
                let octet = self.octet(node)?;
                match symbol {
                    None if matches!(octet, 0x80..=0x8f) => return Some(octet & 0x0f),
                    Some(symbol) if symbol == octet & 0x7f => {}
                    _ => return None,
                }
                symbol = symbols.next();
                node += 1;
                if octet & 0x80 != 0 {
                    links = node;
                    continue 'node;
                }
            }
        }
    }
}

/// Returns a name in the symbols of the automaton: a character beyond ASCII is 0x1f and then its octets
/// with other upper bits.
fn symbols(name: &[u8]) -> impl Iterator<Item = u8> {
    let of = |octet: &u8| match octet {
        // No word has control octets, and some of them mean something here.
        ..b' ' => [None, Some(0xff)],
        b' '..0x80 => [None, Some(*octet)],
        0x80..0xc0 => [None, Some(octet ^ 0xc0)],
        0xc0.. => [Some(0x1f), Some(octet ^ 0x80)],
    };
    name.iter().flat_map(of).flatten()
}

impl Rules for Dafsa {
    fn is_suffix(&self, name: &[u8]) -> bool {
        let (found, is_parent) = self.find(name);
        is_parent || found == name.len()
    }

    fn suffix(&self, name: &[u8]) -> usize {
        self.find(name).0
    }
}
