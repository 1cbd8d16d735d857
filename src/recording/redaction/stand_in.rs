//! Stand-ins: of the shape of a value, and nothing of its content.

use std::collections::{HashMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::text::{Encoding, Replaced, decode, rewrite};

/// The letters and digits that a value has at least which is looked for in all texts.
pub(super) const SHORTEST: usize = 4;

/// How often another stand-in is tried where one is taken.
const TRIES: u64 = 1_000;

/// The values, and the stand-in of each.
#[derive(Default)]
pub(super) struct StandIns {
    /// In the order in which they are first seen.
    values: Vec<Vec<u8>>,
    by_value: HashMap<Vec<u8>, Vec<u8>>,
}

impl StandIns {
    pub(super) fn add(&mut self, value: &[u8]) {
        if !value.is_empty() && !self.by_value.contains_key(value) {
            self.by_value.insert(value.to_vec(), Vec::new());
            self.values.push(value.to_vec());
        }
    }

    /// Chooses the stand-ins, once all values are there.
    pub(super) fn choose(&mut self) {
        let mut taken = HashSet::new();
        for (number, value) in (0..).zip(&self.values) {
            let shape = Shape::of(value);
            let is_long = shape.changes >= SHORTEST;
            let mut tries = (0..TRIES).map(|attempt| shape.fill(value, number, attempt));
            let is_free = |it: &Vec<u8>| {
                // One that is a value itself would look as if it had stayed.
                let is_value = is_long && it != value && self.by_value.contains_key(it);
                !taken.contains(it) && !is_value && shape.is_of(it)
            };
            let free = tries.find(is_free);
            // Where few are left, one after another: another value never gets one that is taken, as long as there are enough.
            let mut others = (0..shape.stand_ins()).map(|number| shape.nth(value, number));
            let free = free.or_else(|| others.find(|it| !taken.contains(it) && shape.is_of(it)));
            let stand_in = free.unwrap_or_else(|| shape.fill(value, number, 0));
            taken.insert(stand_in.clone());
            self.by_value.insert(value.clone(), stand_in);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    pub(super) fn of(&self, value: &[u8]) -> Option<&[u8]> {
        self.by_value.get(value).map(Vec::as_slice)
    }

    /// The octets that are looked for in texts, with what takes their place: first the values, then other ways to write
    /// them.
    pub(super) fn looked_for(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let long = self.values.iter();
        let long = long.filter(|value| Shape::of(value).changes >= SHORTEST);
        let long = long.filter_map(|value| Some((value.clone(), self.of(value)?.to_vec())));
        let mut pairs: Vec<(Vec<u8>, Vec<u8>)> = long.collect();
        for index in 0..pairs.len() {
            let (value, stand_in) = pairs[index].clone();
            let mut forms = vec![(value, stand_in)];
            for way in WAYS {
                for at in 0..forms.len() {
                    let form = (way(&forms[at].0), way(&forms[at].1));
                    // Octets that are no text would be found in the middle of a character.
                    let is_text = std::str::from_utf8(&form.0).is_ok();
                    if is_text && form.0.len() == form.1.len() && !forms.contains(&form) {
                        forms.push(form);
                    }
                }
            }
            pairs.extend(forms.into_iter().skip(1));
        }
        pairs
    }
}

/// A way to write a value. It changes only what stays as it is in a stand-in, so that both keep one length.
type Way = fn(&[u8]) -> Vec<u8>;

const WAYS: [Way; 7] = [
    unquoted,
    decoded,
    with_plus,
    with_blanks,
    json_escaped,
    slash_escaped,
    html_escaped,
];

fn unquoted(value: &[u8]) -> Vec<u8> {
    let inner = value
        .strip_prefix(b"\"")
        .and_then(|value| value.strip_suffix(b"\""));
    inner.unwrap_or(value).to_vec()
}

fn decoded(value: &[u8]) -> Vec<u8> {
    decode(value, PERCENT).into_owned()
}

/// As forms have blanks.
fn with_plus(value: &[u8]) -> Vec<u8> {
    let plus = value.iter().map(|it| if *it == b' ' { b'+' } else { *it });
    plus.collect()
}

/// As the values of forms are read.
fn with_blanks(value: &[u8]) -> Vec<u8> {
    let blanks = value.iter().map(|it| if *it == b'+' { b' ' } else { *it });
    blanks.collect()
}

fn json_escaped(value: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(value);
    let text = serde_json::to_string(&text).unwrap_or_default();
    unquoted(text.as_bytes())
}

/// As JSON may have slashes, though it need not.
fn slash_escaped(value: &[u8]) -> Vec<u8> {
    let parts: Vec<&[u8]> = value.split(|octet| *octet == b'/').collect();
    parts.join(&b"\\/"[..])
}

fn html_escaped(value: &[u8]) -> Vec<u8> {
    let mut escaped = Vec::with_capacity(value.len());
    for octet in value {
        match octet {
            b'&' => escaped.extend_from_slice(b"&amp;"),
            b'<' => escaped.extend_from_slice(b"&lt;"),
            b'>' => escaped.extend_from_slice(b"&gt;"),
            b'"' => escaped.extend_from_slice(b"&quot;"),
            octet => escaped.push(*octet),
        }
    }
    escaped
}

const PERCENT: Encoding = Encoding::Percent;

/// What a stand-in has in place of each octet.
#[derive(Clone, Copy)]
enum Slot {
    /// The octet itself.
    Kept(u8),
    /// One of so many octets from this one on.
    OneOf(u8, u8),
}

/// The shape of a value: its octets, of which some stay.
struct Shape {
    slots: Vec<Slot>,
    /// How many characters do not stay.
    changes: usize,
}

impl Shape {
    fn of(value: &[u8]) -> Self {
        let octets = decode(value, PERCENT);
        let kept = decode(&value[..kept(value)], PERCENT).len();
        let mut shape = Self {
            slots: octets[..kept]
                .iter()
                .map(|octet| Slot::Kept(*octet))
                .collect(),
            changes: 0,
        };
        for chunk in octets[kept..].utf8_chunks() {
            for character in chunk.valid().chars() {
                shape.add(character);
            }
            // Octets that are in no character, and stay so.
            for _ in chunk.invalid() {
                shape.slots.push(Slot::OneOf(0xF8, 8));
                shape.changes += 1;
            }
        }
        shape
    }

    fn add(&mut self, character: char) {
        // All continuations of these first octets are letters, or pictures.
        let continued = Slot::OneOf(0x80, 64);
        let slots = &mut self.slots;
        match character {
            '0'..='9' => slots.push(Slot::OneOf(b'0', 10)),
            'a'..='z' => slots.push(Slot::OneOf(b'a', 26)),
            'A'..='Z' => slots.push(Slot::OneOf(b'A', 26)),
            '\0'..='\x7F' => {
                let mut octet = [0];
                character.encode_utf8(&mut octet);
                slots.push(Slot::Kept(octet[0]));
                return;
            }
            '\u{80}'..='\u{7FF}' => slots.extend([Slot::OneOf(0xC4, 2), continued]),
            '\u{800}'..='\u{FFFF}' => slots.extend([Slot::OneOf(0xE5, 4), continued, continued]),
            _ => {
                let (first, second) = (Slot::Kept(0xF0), Slot::Kept(0x9F));
                slots.extend([first, second, Slot::OneOf(0x98, 2), continued]);
            }
        }
        self.changes += 1;
    }

    /// Returns false where a "%" that stays has got digits behind it, and would be decoded.
    fn is_of(&self, stand_in: &[u8]) -> bool {
        decode(stand_in, PERCENT).len() == self.slots.len()
    }

    /// Makes a stand-in by the number of a value, and by that alone.
    fn fill(&self, value: &[u8], number: u64, attempt: u64) -> Vec<u8> {
        let mut random = Random(number.wrapping_mul(TRIES).wrapping_add(attempt));
        self.with(value, |count| random.below(count))
    }

    /// How many stand-ins there are of this shape, or `u64::MAX` where there are more.
    fn stand_ins(&self) -> u64 {
        let counts = self.slots.iter().map(|slot| match slot {
            Slot::Kept(_) => 1,
            Slot::OneOf(_, count) => u64::from(*count),
        });
        counts.fold(1, u64::saturating_mul)
    }

    /// Makes one of these.
    fn nth(&self, value: &[u8], mut number: u64) -> Vec<u8> {
        self.with(value, |count| {
            let count = u64::from(count);
            let digit = number % count;
            number /= count;
            u8::try_from(digit).unwrap_or_default()
        })
    }

    fn with(&self, value: &[u8], mut choose: impl FnMut(u8) -> u8) -> Vec<u8> {
        let octets = self.slots.iter().map(|slot| match slot {
            Slot::Kept(octet) => *octet,
            Slot::OneOf(first, count) => first + choose(*count),
        });
        let by: Vec<u8> = octets.collect();
        let range = 0..by.len();
        rewrite(value, PERCENT, &[Replaced { range, by }]).into_owned()
    }
}

/// Splitmix64: nothing is secret about stand-ins.
struct Random(u64);

impl Random {
    fn below(&mut self, count: u8) -> u8 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^= bits >> 31;
        u8::try_from(bits % u64::from(count)).unwrap_or_default()
    }
}

/// Returns how much of a value stays, since it is judged by it and it is no secret: a prefix of a name, `Bearer`, the
/// header of a token.
fn kept(value: &[u8]) -> usize {
    let prefixes = ["__Host-Http-", "__Host-", "__Secure-", "__Http-"];
    let begins = |prefix: &&str| {
        let start = value.get(..prefix.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
    };
    if let Some(prefix) = prefixes.iter().find(|prefix| begins(prefix)) {
        return prefix.len();
    }
    let mut rest = value.strip_prefix(b"\"").unwrap_or(value);
    for bearer in ["Bearer ", "Bearer%20", "Bearer+"] {
        rest = rest.strip_prefix(bearer.as_bytes()).unwrap_or(rest);
    }
    let before = value.len() - rest.len();
    let mut parts = rest.split(|octet| *octet == b'.');
    let (first, second) = (parts.next().unwrap_or_default(), parts.next());
    let header = URL_SAFE_NO_PAD.decode(first).unwrap_or_default();
    let header: Option<Value> = serde_json::from_slice(&header).ok();
    let is_jose = header.is_some_and(|header| header.get("alg").is_some());
    let is_paseto = matches!(first, b"v1" | b"v2" | b"v3" | b"v4");
    match second {
        Some(_) if is_jose => before + first.len(),
        Some(purpose @ (b"local" | b"public")) if is_paseto => {
            before + first.len() + 1 + purpose.len()
        }
        _ if before > 1 => before,
        _ => 0,
    }
}
