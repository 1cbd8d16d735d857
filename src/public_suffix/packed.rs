//! The embedded list: a table of octets, which is looked up in place.
//!
//! data/pack.rs packs it from the list's text. It is an automaton that reads a name from its last octet
//! to its first. A state is a position in the table, and the first one is that of the top-level labels.
//! Common ends of names are in the table once.
//!
//! A state is a row of tokens. A token has six bits of a symbol, and two bits of a kind. The kind decides
//! where to continue if the symbol is the one looked for, and where if it is another:
//!
//! | kind | octets after it | if it is the symbol | if it is another |
//! | --- | --- | --- | --- |
//! | `ONLY` | | the next octet | nowhere |
//! | `NEAR` | a distance | by the distance | the next token |
//! | `FAR` | a distance in 2 octets | by the distance | the next token |
//! | `LAST` | a distance in 2 octets | by the distance | nowhere |
//!
//! A distance counts forward from its token. One of two octets has its lower octet first. Two tokens are
//! special:
//!
//! - `LETTERS`, at the beginning of a state, is followed by 26 distances, one for each letter, 0 where
//!   the letter leads nowhere, and then by the tokens for other symbols.
//! - `END`, at the beginning of a state or after `LETTERS`, means that a label may end here, and of the
//!   kind `ONLY` that it must. `END_OF_RULE` means that the name up to here is a rule, and has no names
//!   below it. `END` is followed by an octet of bits, and by the labels to the left: directly, or
//!   by a distance. If it is not of the kind `ONLY`, there are always two octets for that distance.
//!
//! An octet beyond ASCII is two symbols.

use super::Rules;
use super::tokens::{
    BELOW_FAR, BELOW_FOLLOWS, END, END_OF_RULE, EXCEPTION, FAR, LAST, LETTERS, LETTERS_WIDTH, NEAR,
    ONLY, RULE, WILDCARD, Z, halves, symbol,
};

/// The list that is compiled into the crate.
pub(super) struct Packed;

static TABLE: [u8; include_bytes!("../../data/public_suffix_list.packed").len()] =
    *include_bytes!("../../data/public_suffix_list.packed");

/// The bits of a token that are its symbol.
const SYMBOL: u8 = 63;

/// No state.
const NOWHERE: usize = usize::MAX;

/// The symbol of each octet. Most octets are in no name and have a symbol that is in no token.
static SYMBOLS: [u8; 256] = {
    let mut symbols = [LAST | END; 256];
    let mut octet: u8 = 0;
    while octet < 128 {
        if let Some(symbol) = symbol(octet) {
            symbols[octet as usize] = symbol;
        }
        octet += 1;
    }
    symbols
};

/// The number of octets of each token and its distance, or 0 if no token follows it.
static WIDTHS: [u8; 256] = {
    let mut widths = [0; 256];
    let mut token = NEAR;
    while token < LAST {
        widths[token as usize] = if token < FAR { 2 } else { 3 };
        token += 1;
    }
    widths[(NEAR | END_OF_RULE) as usize] = 1;
    widths[(NEAR | END) as usize] = 4;
    widths[LETTERS as usize] = 1 + 2 * Z;
    widths
};

/// The entry of a name in the list.
struct Name {
    /// [`RULE`], [`EXCEPTION`] and [`WILDCARD`].
    bits: u8,
    /// The state of the labels to its left.
    below: usize,
}

impl Name {
    /// The parent of the top-level labels, each of which matches the list's own rule `*`.
    const ROOT: Self = Self {
        bits: WILDCARD,
        below: 0,
    };
    const RULE: Self = Self {
        bits: RULE,
        below: NOWHERE,
    };

    fn is(&self, bit: u8) -> bool {
        self.bits & bit != 0
    }
}

impl Rules for Packed {
    fn is_suffix(&self, name: &[u8]) -> bool {
        let (found, is_parent) = find(name);
        is_parent || found == name.len()
    }

    fn suffix(&self, name: &[u8]) -> usize {
        find(name).0
    }
}

/// Returns the number of octets of a name's public suffix, and true if the name is the parent of a
/// wildcard rule.
fn find(name: &[u8]) -> (usize, bool) {
    let mut parent = Name::ROOT;
    let mut found = 0;
    let mut dot = name.len();
    loop {
        let has_wildcard = parent.is(WILDCARD);
        let (state, mut before) = label(parent.below, &name[..dot]);
        parent = match end(state) {
            Some(child) => child,
            None if has_wildcard => {
                before = before_label(name, before);
                Name::RULE
            }
            None => return (found, false),
        };
        if parent.is(EXCEPTION) {
            return (name.len().saturating_sub(dot + 1), false);
        }
        // A wildcard rule also matches a label that leads only to longer rules, as `mtls` of `*.run.app`
        // and `*.mtls.run.app`.
        if has_wildcard || parent.is(RULE) {
            found = name.len() - before;
        }
        if before == 0 {
            return (found, parent.is(WILDCARD));
        }
        dot = before - 1;
    }
}

/// Follows the last label of a name. Returns the state at its end, and the number of octets before it.
fn label(mut state: usize, name: &[u8]) -> (usize, usize) {
    let mut before = name;
    while let (Some((octet, rest)), Some(token)) = (before.split_last(), TABLE.get(state)) {
        let symbol = SYMBOLS[usize::from(*octet)];
        state = if *token == ONLY | symbol {
            state + 1
        } else if *token == LETTERS && symbol <= Z {
            letter(state, symbol)
        } else if *octet == b'.' {
            break;
        } else if octet.is_ascii() {
            step(state, symbol)
        } else {
            halves(*octet).into_iter().fold(state, step)
        };
        before = rest;
    }
    (state, before.len())
}

/// Returns the position of the first octet of a label, from a position in it.
fn before_label(name: &[u8], place: usize) -> usize {
    let dot = name[..place].iter().rposition(|octet| *octet == b'.');
    dot.map_or(0, |dot| dot + 1)
}

/// Returns the state after a letter, from one that begins with `LETTERS`.
fn letter(state: usize, symbol: u8) -> usize {
    let next = far(state, state + 2 * usize::from(symbol) - 1);
    if next > state { next } else { NOWHERE }
}

/// Returns the state after a symbol.
fn step(mut state: usize, symbol: u8) -> usize {
    while let Some(token) = TABLE.get(state) {
        if token & SYMBOL == symbol {
            return match token & !SYMBOL {
                ONLY => state + 1,
                NEAR => state + usize::from(octet(state + 1)),
                _ => far(state, state + 1),
            };
        }
        match WIDTHS[usize::from(*token)] {
            0 => break,
            width => state += usize::from(width),
        }
    }
    NOWHERE
}

/// Returns the entry of a name, from the state at the end of its leftmost label, or `None` if no rule has
/// that label.
fn end(mut state: usize) -> Option<Name> {
    if TABLE.get(state) == Some(&LETTERS) {
        state += LETTERS_WIDTH;
    }
    match TABLE.get(state)? & !NEAR {
        END_OF_RULE => Some(Name::RULE),
        END => {
            let bits = octet(state + 1);
            let below = match bits & (BELOW_FOLLOWS | BELOW_FAR) {
                BELOW_FOLLOWS => state + 2,
                BELOW_FAR => far(state, state + 2),
                _ => NOWHERE,
            };
            Some(Name { bits, below })
        }
        _ => None,
    }
}

/// Returns the position to which the distance of two octets at `place` leads from a token.
fn far(token: usize, place: usize) -> usize {
    match TABLE.get(place..).and_then(<[u8]>::first_chunk) {
        Some(distance) => token + usize::from(u16::from_le_bytes(*distance)),
        None => NOWHERE,
    }
}

fn octet(place: usize) -> u8 {
    TABLE.get(place).copied().unwrap_or_default()
}
