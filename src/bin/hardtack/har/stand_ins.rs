//! Letters that stand for the values of cookies: equal values have equal ones.

use std::collections::HashMap;

use hardtack::recording::Replay;

/// The letters, in the order in which the values are first seen.
pub(super) struct StandIns(HashMap<Vec<u8>, usize>);

impl StandIns {
    pub(super) fn of(replay: &Replay) -> Self {
        let mut letters = Self(HashMap::new());
        for entry in &replay.entries {
            let recorded = entry.recorded.iter().chain(&entry.predicted);
            let lines = entry.lines.iter().map(|line| &line.pair);
            for pair in recorded.chain(lines) {
                let next = letters.0.len();
                letters.0.entry(pair.value().to_vec()).or_insert(next);
            }
        }
        letters
    }

    /// Returns `A`, `B`, … `Z`, `AA`, …
    pub(super) fn letter(&self, value: &[u8]) -> String {
        let mut number = self.0.get(value).map_or(0, |number| number + 1);
        let mut letters = Vec::new();
        while number > 0 {
            number -= 1;
            let digit = u8::try_from(number % 26).unwrap_or(0);
            letters.push(char::from(b'A' + digit));
            number /= 26;
        }
        letters.iter().rev().collect()
    }
}
