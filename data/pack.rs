//! Packs the text of the public suffix list into the table that `src/public_suffix/packed.rs`
//! looks names up in; that file says what the octets of the table mean.
//!
//! `tests/public_suffixes.rs` calls it: when data/refresh writes the table, and always to see that it is
//! current.

#[path = "../src/public_suffix/tokens.rs"]
mod tokens;

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use tokens::{
    BELOW_FAR, BELOW_FOLLOWS, END, END_OF_RULE, EXCEPTION, FAR, LAST, LETTERS, LETTERS_WIDTH, NEAR,
    ONLY, RULE, WILDCARD, Z, halves, symbol,
};

/// A token that is never the one looked for, and the last one.
const DEAD_END: u8 = LAST | END;

/// From how many letters on a state has distances for all 26: fewer make the table larger, and look-ups
/// fast.
const LETTERS_FROM: usize = 8;

/// What is true of a name, and the labels to its left, each as symbols from its last octet.
#[derive(Default)]
struct Name {
    bits: u8,
    below: BTreeMap<Vec<u8>, Name>,
}

/// A state of the automaton: a label ends here, or goes on by one of some symbols.
#[derive(Clone, PartialEq, Eq, Hash)]
struct State {
    end: Option<End>,
    next: Vec<(u8, usize)>,
}

/// What is true of a name, and the state of the labels to its left.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct End {
    bits: u8,
    below: Option<usize>,
}

/// The table for a list.
///
/// # Panics
///
/// Where the text has a rule that the table has no place for: one of other octets, or in no section, or
/// with a `*` anywhere but at its left; and where the table is larger than a distance can be.
pub(crate) fn pack(text: &str) -> Vec<u8> {
    let mut automaton = Automaton::default();
    let top = automaton.below(&names(text));
    let mut table = Table {
        automaton: &automaton,
        octets: Vec::new(),
        placed: vec![None; automaton.states.len()],
    };
    table.place(top);
    table.octets.reverse();
    table.octets
}

fn names(text: &str) -> Name {
    let (_, text) = text
        .split_once("===BEGIN ICANN DOMAINS===")
        .expect("the list has a section");
    let mut root = Name::default();
    for line in text.lines() {
        let rule = line.split_whitespace().next().unwrap_or_default();
        if rule.is_empty() || rule.starts_with("//") {
            continue;
        }
        let (name, bit) = if let Some(name) = rule.strip_prefix('!') {
            (name, EXCEPTION)
        } else if let Some(parent) = rule.strip_prefix("*.") {
            (parent, WILDCARD)
        } else {
            (rule, RULE)
        };
        // As the list has it, and with A-labels.
        let host = url::Host::parse(name).expect("a rule has a name");
        for name in [name, &host.to_string()] {
            let labels = name.rsplit('.').map(symbols);
            let name = labels.fold(&mut root, |name, label| {
                name.below.entry(label).or_default()
            });
            name.bits |= bit;
        }
    }
    root
}

fn symbols(label: &str) -> Vec<u8> {
    assert!(!label.is_empty(), "a label has octets");
    let of = |octet: u8| match symbol(octet) {
        Some(symbol) => vec![symbol],
        None if octet.is_ascii() => panic!("{label} has an octet without a symbol"),
        None => halves(octet).to_vec(),
    };
    label.bytes().rev().flat_map(of).collect()
}

/// The smallest automaton: no two of its states are equal.
#[derive(Default)]
struct Automaton {
    states: Vec<State>,
    /// How many ends each state leads to.
    weights: Vec<usize>,
    known: HashMap<State, usize>,
}

impl Automaton {
    /// The state of the labels to the left of a name.
    fn below(&mut self, name: &Name) -> usize {
        let mut labels = Vec::new();
        for (label, name) in &name.below {
            let below = (!name.below.is_empty()).then(|| self.below(name));
            let bits = name.bits;
            labels.push((&label[..], End { bits, below }));
        }
        self.state(&labels)
    }

    /// The state from which some labels go on, by what is left of each; they are in order.
    fn state(&mut self, labels: &[(&[u8], End)]) -> usize {
        let (end, labels) = match labels {
            [([], end), labels @ ..] => (Some(*end), labels),
            _ => (None, labels),
        };
        let chunks = labels.chunk_by(|(one, _), (other, _)| one[0] == other[0]);
        let next = chunks.map(|labels| {
            let rests: Vec<_> = labels
                .iter()
                .map(|(rest, end)| (&rest[1..], *end))
                .collect();
            (labels[0].0[0], self.state(&rests))
        });
        let state = State {
            next: next.collect(),
            end,
        };
        if let Some(known) = self.known.get(&state) {
            return *known;
        }
        let next = state.next.iter().map(|(_, next)| *next);
        let next = next.chain(end.and_then(|end| end.below));
        let weight = next.map(|next| self.weights[next]).sum::<usize>();
        self.weights.push(weight + usize::from(end.is_some()));
        self.states.push(state.clone());
        self.known.insert(state, self.states.len() - 1);
        self.states.len() - 1
    }
}

/// The table from its last octet to its first: what a state leads to is placed before it, so that each
/// distance is known when it is written.
struct Table<'a> {
    automaton: &'a Automaton,
    octets: Vec<u8>,
    /// How many octets the table had, with a state, when that was placed.
    placed: Vec<Option<usize>>,
}

impl Table<'_> {
    fn place(&mut self, index: usize) {
        let Automaton {
            states, weights, ..
        } = self.automaton;
        let State { end, next } = &states[index];
        if let Some(below) = end.and_then(|end| end.below) {
            self.place_once(below);
        }
        // The small ones are the last to be placed, and so near.
        let mut next = next.clone();
        next.sort_by_key(|(_, next)| Reverse(weights[*next]));
        for (_, next) in &next {
            self.place_once(*next);
        }
        // A state that takes an octet or two is repeated rather than shared, which takes two.
        if let Some((_, last)) = next.last() {
            let State { end, next } = &states[*last];
            if next.is_empty() && end.is_some_and(|end| end.below.is_none()) {
                self.place(*last);
            }
        }
        let (letters, others): (Vec<_>, Vec<_>) =
            next.into_iter().partition(|(symbol, _)| *symbol <= Z);
        let has_letters = letters.len() >= LETTERS_FROM;
        let few = if has_letters {
            others
        } else {
            [&letters[..], &others].concat()
        };
        self.tokens(&few);
        if let Some(end) = end {
            self.end(*end, few.is_empty());
        } else if few.is_empty() {
            self.octets.push(DEAD_END);
        }
        if has_letters {
            self.letters(&letters);
        }
        self.placed[index] = Some(self.octets.len());
    }

    fn place_once(&mut self, index: usize) {
        if self.placed[index].is_none() {
            self.place(index);
        }
    }

    /// Goes on by one of a few symbols.
    fn tokens(&mut self, next: &[(u8, usize)]) {
        let mut next = next.to_vec();
        // The one that was placed just now needs no distance.
        let here = Some(self.octets.len());
        let follows = next.iter().position(|(_, next)| self.placed[*next] == here);
        if let Some(follows) = follows {
            let (symbol, _) = next.remove(follows);
            self.octets.push(ONLY | symbol);
        }
        // The one that leads to most rules is the first to be looked at.
        next.sort_by_key(|(_, next)| self.automaton.weights[*next]);
        let mut is_last = follows.is_none();
        for (symbol, next) in next {
            match u8::try_from(self.distance(next, 2)) {
                Ok(distance) if !is_last => self.octets.extend([distance, NEAR | symbol]),
                _ => {
                    self.far(self.distance(next, 3));
                    self.octets.push(if is_last { LAST } else { FAR } | symbol);
                }
            }
            is_last = false;
        }
    }

    /// Goes on by one of many letters.
    fn letters(&mut self, letters: &[(u8, usize)]) {
        let of = |letter| letters.iter().find(|(symbol, _)| *symbol == letter);
        let distances: Vec<usize> = (1..=Z)
            .map(|letter| of(letter).map_or(0, |(_, next)| self.distance(*next, LETTERS_WIDTH)))
            .collect();
        for distance in distances.into_iter().rev() {
            self.far(distance);
        }
        self.octets.push(LETTERS);
    }

    /// Ends a label, which it may, or must.
    fn end(&mut self, end: End, must: bool) {
        let kind = if must { ONLY } else { NEAR };
        let mut bits = end.bits;
        match end.below {
            None if bits == RULE => {
                self.octets.push(kind | END_OF_RULE);
                return;
            }
            None if must => {}
            None => self.octets.extend([0, 0]),
            Some(below) if must && self.placed[below] == Some(self.octets.len()) => {
                bits |= BELOW_FOLLOWS;
            }
            Some(below) => {
                bits |= BELOW_FAR;
                self.far(self.distance(below, 4));
            }
        }
        self.octets.extend([bits, kind | END]);
    }

    /// The distance from a token that will have been written with some octets more.
    fn distance(&self, state: usize, width: usize) -> usize {
        self.octets.len() + width - self.placed[state].expect("it is placed before")
    }

    fn far(&mut self, distance: usize) {
        let distance = u16::try_from(distance).expect("the table is smaller than 64 KiB");
        self.octets.extend(distance.to_be_bytes());
    }
}
