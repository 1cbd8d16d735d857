//! A queue by the order of its entries, most of which come in that order.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// Entries, of which the first can be had. A heap of all would be walked from end to end for each that
/// is taken; but what was used later mostly comes later.
#[derive(Debug, Clone)]
pub(super) struct Sorted<T: Ord> {
    in_order: VecDeque<T>,
    others: BinaryHeap<Reverse<T>>,
}

impl<T: Ord> Default for Sorted<T> {
    fn default() -> Self {
        Self {
            in_order: VecDeque::new(),
            others: BinaryHeap::new(),
        }
    }
}

impl<T: Ord> FromIterator<T> for Sorted<T> {
    fn from_iter<I: IntoIterator<Item = T>>(entries: I) -> Self {
        let mut in_order: Vec<_> = entries.into_iter().collect();
        in_order.sort_unstable();
        Self {
            in_order: in_order.into(),
            others: BinaryHeap::new(),
        }
    }
}

impl<T: Ord> Sorted<T> {
    pub(super) fn len(&self) -> usize {
        self.in_order.len() + self.others.len()
    }

    /// Are most entries of members that are gone, or have another one?
    pub(super) fn is_outgrown(&self, members: usize) -> bool {
        self.len() > 2 * members + 64
    }

    pub(super) fn push(&mut self, entry: T) {
        match self.in_order.back() {
            Some(last) if *last > entry => self.others.push(Reverse(entry)),
            _ => self.in_order.push_back(entry),
        }
    }

    pub(super) fn first(&self) -> Option<&T> {
        let other = self.others.peek().map(|Reverse(other)| other);
        // Of equal ones the first that is asked for.
        self.in_order.front().into_iter().chain(other).min()
    }

    pub(super) fn pop_first(&mut self) -> Option<T> {
        let is_other = match (self.in_order.front(), self.others.peek()) {
            (Some(first), Some(Reverse(other))) => other < first,
            (first, _) => first.is_none(),
        };
        if is_other {
            self.others.pop().map(|Reverse(other)| other)
        } else {
            self.in_order.pop_front()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_in_order_stays_in_order() {
        let mut sorted = Sorted::default();
        for (entry, in_order, others) in [(1, 1, 0), (2, 2, 0), (2, 3, 0), (0, 3, 1), (3, 4, 1)] {
            sorted.push(entry);
            assert_eq!(sorted.in_order.len(), in_order, "{entry}");
            assert_eq!(sorted.others.len(), others, "{entry}");
            assert_eq!(sorted.len(), in_order + others);
        }
        for expected in [0, 1, 2, 2, 3] {
            assert_eq!(sorted.pop_first(), Some(expected));
        }
        assert_eq!((sorted.pop_first(), sorted.len()), (None, 0));
        sorted.push(5);
        sorted.push(4);
        assert_eq!(sorted.pop_first(), Some(4));
        assert_eq!(
            [9, 7, 8].into_iter().collect::<Sorted<_>>().pop_first(),
            Some(7)
        );
    }
}
