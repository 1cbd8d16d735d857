//! A public suffix list as libpsl makes it and Debian installs it: a deterministic acyclic finite state
//! automaton, which is looked up where it lies.
//!
//! libpsl's `psl-make-dafsa` says what its octets mean. Its words are names, from the left, each with
//! flags; the rule `*.name` is the word `name` with the flag `WILDCARD`.

use std::borrow::Cow;

use super::Rules;

/// What the files of all versions of the format begin with.
pub(super) const NAME: &[u8] = b".DAFSA@PSL_";
/// What those of its only version begin with.
const HEADER: &[u8] = b".DAFSA@PSL_0   \n";

const EXCEPTION: u8 = 1;
const WILDCARD: u8 = 2;

/// A list in libpsl's format: its file.
pub(super) struct Dafsa(Cow<'static, [u8]>);

impl Dafsa {
    /// `None` where the header is another, and where nothing comes after it.
    pub(super) fn new(file: Cow<'static, [u8]>) -> Option<Self> {
        let is_one = file.len() > HEADER.len() && file.starts_with(HEADER);
        is_one.then_some(Self(file))
    }

    /// An octet after the header.
    fn octet(&self, at: usize) -> Option<u8> {
        self.0.get(HEADER.len() + at).copied()
    }

    /// A link: how far it leads, how many octets it takes, and whether it is the last one here.
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

    /// How many octets the public suffix of a name has, and whether the name is the parent of a wildcard
    /// rule.
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

    /// What the list says of a name.
    fn flags(&self, name: &[u8]) -> Option<u8> {
        let mut symbols = symbols(name);
        let mut symbol = symbols.next();
        // Where the links of a node begin, and what they lead to.
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
            // The octets of a node up to the one with the uppermost bit, which is followed by links.
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

/// A name as the automaton has it: a character beyond ASCII is 0x1f and its octets, with other upper
/// bits.
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
