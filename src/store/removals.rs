//! What has to go next where a limit is reached.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::cookie::{Cookie, CreationOrder};
use crate::instant::Instant;
use crate::store::slots::{CookieId, Slots};

/// Cookies by removal priority: the order in which "remove excess cookies" (5.7) evicts them.
///
/// It is filled when the first cookie has to go, since most jars never get there. A retrieval can
/// only move a cookie back in the order, and cannot tell the queue; so the top entry is compared with
/// its cookie and put back where it belongs. Where a clock went back, a cookie may have moved forward:
/// then the queue is filled anew.
#[derive(Debug, Clone, Default)]
pub(super) struct RemovalQueue(Option<Box<Removals>>);

#[derive(Debug, Clone)]
struct Removals {
    entries: BinaryHeap<Reverse<(RemovalPriority, CookieId)>>,
    rewinds: u64,
}

/// Whether insecure cookies come first, or all are alike.
#[derive(Debug, Clone, Copy)]
pub(super) enum Priorities {
    InsecureFirst,
    AllAlike,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct RemovalPriority {
    spared: bool,
    last_access_time: Instant,
    creation: CreationOrder,
}

impl Priorities {
    fn of(self, cookie: &Cookie) -> RemovalPriority {
        RemovalPriority {
            spared: matches!(self, Self::InsecureFirst) && cookie.secure_only(),
            last_access_time: cookie.last_access_time.get(),
            creation: cookie.creation_order(),
        }
    }
}

impl RemovalQueue {
    /// A cookie that is new or has taken another's place; `members` is how many there are in all.
    pub(super) fn push(
        &mut self,
        priorities: Priorities,
        id: CookieId,
        cookie: &Cookie,
        members: usize,
    ) {
        let Some(Removals { entries, .. }) = self.0.as_deref_mut() else {
            return;
        };
        entries.push(Reverse((priorities.of(cookie), id)));
        if entries.len() > 2 * members + 64 {
            // Mostly entries of cookies that are gone or were replaced.
            self.0 = None;
        }
    }

    /// The cookie that has to go next.
    pub(super) fn pop(
        &mut self,
        priorities: Priorities,
        members: impl Iterator<Item = CookieId>,
        slots: &Slots,
        rewinds: u64,
    ) -> Option<CookieId> {
        if self
            .0
            .as_ref()
            .is_some_and(|removals| removals.rewinds != rewinds)
        {
            self.0 = None;
        }
        let Removals { entries, .. } = &mut **self.0.get_or_insert_with(|| {
            let entry = |id| Some(Reverse((priorities.of(slots.get(id)?), id)));
            let entries = members.filter_map(entry).collect();
            Box::new(Removals { entries, rewinds })
        });
        while let Some(Reverse((priority, id))) = entries.pop() {
            let Some(cookie) = slots.get(id) else {
                continue;
            };
            let current = priorities.of(cookie);
            if current == priority {
                return Some(id);
            }
            // The same cookie, used since; otherwise another one that took over its slot.
            if current.creation == priority.creation && current > priority {
                entries.push(Reverse((current, id)));
            }
        }
        None
    }
}
