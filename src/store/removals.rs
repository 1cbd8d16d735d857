//! What has to go next where a domain has too many cookies.

use crate::cookie::Cookie;
use crate::instant::Instant;
use crate::store::Place;
use crate::store::sorted::Sorted;

/// The cookies of a domain by removal priority: the order in which "remove excess cookies" (5.7) evicts
/// them.
///
/// It is filled when the first cookie has to go, since most domains never get there. A retrieval mostly
/// moves a cookie back in the order, and does not tell the queue; so the first entry is compared with
/// its cookie and put back where it belongs. Where a clock went back, a cookie moves forward: the queue
/// has to be told.
#[derive(Debug, Clone, Default)]
pub(super) struct RemovalQueue(Option<Sorted<Removal>>);

/// Whether insecure cookies come first, or all are alike.
#[derive(Debug, Clone, Copy)]
pub(super) enum Priorities {
    InsecureFirst,
    AllAlike,
}

/// Which cookie, by its priority.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Removal {
    spared: bool,
    last_access_time: Instant,
    place: Place,
}

impl Priorities {
    fn of(self, cookie: &Cookie) -> (bool, Instant) {
        let spared = matches!(self, Self::InsecureFirst) && cookie.secure_only();
        (spared, cookie.last_access_time.get())
    }

    fn removal(self, cookie: &Cookie) -> Removal {
        let (spared, last_access_time) = self.of(cookie);
        Removal {
            spared,
            last_access_time,
            place: Place::of(cookie),
        }
    }
}

impl RemovalQueue {
    /// A cookie that is new, has taken another's place or has moved forward; `members` is how many
    /// there are in all.
    pub(super) fn push(&mut self, priorities: Priorities, cookie: &Cookie, members: usize) {
        let Some(removals) = self.0.as_mut() else {
            return;
        };
        removals.push(priorities.removal(cookie));
        if removals.is_outgrown(members) {
            self.0 = None;
        }
    }

    /// The cookie that has to go next.
    pub(super) fn pop<'s>(
        &mut self,
        priorities: Priorities,
        members: impl Iterator<Item = &'s Cookie>,
        get: impl Fn(&Place) -> Option<&'s Cookie>,
    ) -> Option<Place> {
        let removals = self
            .0
            .get_or_insert_with(|| members.map(|cookie| priorities.removal(cookie)).collect());
        while let Some(removal) = removals.pop_first() {
            let Some(cookie) = get(&removal.place) else {
                continue;
            };
            let recorded = (removal.spared, removal.last_access_time);
            let current = priorities.of(cookie);
            if current == recorded {
                return Some(removal.place);
            }
            // Used since. What moved forward has an entry of its own.
            if current > recorded {
                removals.push(priorities.removal(cookie));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::store::tests::cookie;

    fn numbered(insertion: u32) -> Cookie {
        cookie(b"a", b"/", (DateTime::UNIX_EPOCH, insertion))
    }

    #[test]
    fn most_entries_are_of_cookies() {
        let mut queue = RemovalQueue(Some(Sorted::default()));
        for len in 1..=70 {
            queue.push(Priorities::AllAlike, &numbered(len), 3);
            assert_eq!(queue.0.as_ref().map(Sorted::len), Some(len as usize));
        }
        queue.push(Priorities::AllAlike, &numbered(71), 3);
        assert!(queue.0.is_none());
    }
}
