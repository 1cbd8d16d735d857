//! A queue by the order of its entries, most of which come in that order.

use std::collections::{BTreeSet, VecDeque};

/// Entries, of which the first can be had; equal ones may be one. What was used later mostly comes later,
/// and what is put back often is the first again: neither needs a search for its place. The others are a
/// tree, and no heap: where that gives up its first, it goes down to one of its last, which in a large jar
/// is in no cache.
#[derive(Debug, Clone)]
pub(super) struct Sorted<T: Ord> {
    in_order: VecDeque<T>,
    others: BTreeSet<T>,
}

impl<T: Ord> Default for Sorted<T> {
    fn default() -> Self {
        Self {
            in_order: VecDeque::new(),
            others: BTreeSet::new(),
        }
    }
}

impl<T: Ord> FromIterator<T> for Sorted<T> {
    fn from_iter<I: IntoIterator<Item = T>>(entries: I) -> Self {
        let mut in_order: Vec<_> = entries.into_iter().collect();
        in_order.sort_unstable();
        Self {
            in_order: in_order.into(),
            others: BTreeSet::new(),
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
        let is_last = self.in_order.back().is_none_or(|last| *last <= entry);
        let is_first = self.in_order.front().is_some_and(|first| entry < *first);
        if is_last {
            self.in_order.push_back(entry);
        } else if is_first {
            self.in_order.push_front(entry);
        } else {
            self.others.insert(entry);
        }
    }

    pub(super) fn first(&self) -> Option<&T> {
        let both = self.in_order.front().into_iter().chain(self.others.first());
        both.min()
    }

    pub(super) fn pop_first(&mut self) -> Option<T> {
        let is_other = match (self.in_order.front(), self.others.first()) {
            (Some(first), Some(other)) => other < first,
            (first, _) => first.is_none(),
        };
        if is_other {
            self.others.pop_first()
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
        for (entry, in_order, others) in [
            (1, 1, 0),
            (3, 2, 0),
            (3, 3, 0),
            (0, 4, 0),
            (0, 4, 1),
            (2, 4, 2),
            (3, 5, 2),
        ] {
            sorted.push(entry);
            assert_eq!(sorted.in_order.len(), in_order, "{entry}");
            assert_eq!(sorted.others.len(), others, "{entry}");
            assert_eq!(sorted.len(), in_order + others);
        }
        for expected in [0, 0, 1, 2, 3, 3, 3] {
            assert_eq!(sorted.first(), Some(&expected));
            assert_eq!(sorted.pop_first(), Some(expected));
        }
        assert_eq!((sorted.first(), sorted.len()), (None, 0));
        assert_eq!(sorted.pop_first(), None);
        assert_eq!(
            [9, 7, 8].into_iter().collect::<Sorted<_>>().pop_first(),
            Some(7)
        );
    }
}
