//! The sites that a process has read, decoded.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lru::LruCache;
use tokio::time::Instant;

use super::backend::{Invalidated, SiteKey, Version};
use super::commit::Waiting;
use super::site::SiteJar;
use crate::timestamp::Timestamp;

/// The sites that were used last.
pub(super) struct Cache(Mutex<LruCache<SiteKey, Arc<Slot>>>);

/// What a process knows of a site.
#[derive(Default)]
pub(super) struct Slot {
    known: Mutex<Known>,
    /// What waits to be written.
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Known {
    copy: Option<Arc<Copy>>,
    /// When the back end was last seen to have the copy.
    seen: Option<Instant>,
    /// True if it may have another since, by what was told of it.
    is_doubted: bool,
    /// How often the copy was replaced.
    replaced: u64,
    /// When a cookie of the copy was first sent that the back end does not know to have been sent.
    sent: Option<Timestamp>,
    /// True if another process wrote before this one did, the last time.
    is_contended: bool,
}

#[derive(Default)]
pub(super) struct Queue {
    pub(super) waiting: VecDeque<Waiting>,
    /// True while a task writes what waits.
    pub(super) has_writer: bool,
}

/// The cookies of a site as they were at the back end.
pub(super) struct Copy {
    /// `None` if there is nothing.
    pub(super) version: Option<Version>,
    pub(super) site: SiteJar,
    /// How often the clock had been read by then.
    pub(super) made_after: u64,
}

/// The state of a slot before the back end was asked: what came in between makes the answer an older one.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    replaced: u64,
    at: Instant,
}

impl Cache {
    pub(super) fn new(sites: NonZeroUsize) -> Self {
        // Room is made as it is needed.
        let mut slots = LruCache::unbounded();
        slots.resize(sites);
        Self(Mutex::new(slots))
    }

    fn slots(&self) -> MutexGuard<'_, LruCache<SiteKey, Arc<Slot>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn slot(&self, key: &SiteKey) -> Arc<Slot> {
        let mut slots = self.slots();
        if let Some(slot) = slots.get(key) {
            return Arc::clone(slot);
        }
        let slot = Arc::new(Slot::default());
        slots.put(key.clone(), Arc::clone(&slot));
        slot
    }

    /// Takes note that the back end may have something else.
    pub(super) fn invalidate(&self, invalidated: &Invalidated) {
        let slots = self.slots();
        match invalidated {
            Invalidated::Site(key) => slots.peek(key).into_iter().for_each(|slot| slot.doubt()),
            Invalidated::All => slots.iter().for_each(|(_, slot)| slot.doubt()),
        }
    }

    /// Takes note that what was written through a slot is not known to another one of the key: the site was let go of
    /// meanwhile, and read again.
    pub(super) fn doubt_another(&self, key: &SiteKey, slot: &Slot) {
        let slots = self.slots();
        let there: Option<&Slot> = slots.peek(key).map(|there| &**there);
        if let Some(there) = there.filter(|there| !std::ptr::eq(*there, slot)) {
            there.doubt();
        }
    }
}

impl Slot {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn copy(&self) -> Option<Arc<Copy>> {
        self.known().copy.clone()
    }

    /// Returns the copy if the back end had it within this time.
    pub(super) fn copy_within(&self, time: Duration) -> Option<Arc<Copy>> {
        let known = self.known();
        let is_fresh = known.seen.is_some_and(|seen| seen.elapsed() <= time);
        known.copy.clone().filter(|_| is_fresh && !known.is_doubted)
    }

    /// Returns the copy, and how long ago the back end was last seen to have it.
    pub(super) fn last_copy(&self) -> Option<(Arc<Copy>, Instant)> {
        let known = self.known();
        known.copy.clone().zip(known.seen)
    }

    /// Begins to ask the back end.
    pub(super) fn ask(&self) -> Asked {
        Asked {
            replaced: self.known().replaced,
            at: Instant::now(),
        }
    }

    /// Takes note that the back end had the copy still.
    pub(super) fn confirm(&self, asked: Asked) {
        let mut known = self.known();
        if known.replaced == asked.replaced {
            known.seen = Some(asked.at);
            known.is_doubted = false;
        }
    }

    /// Takes what the back end had, or has by now. Where the slot was changed since it was asked, the copy that is
    /// there stays, and the back end is asked again before it is used.
    pub(super) fn take(&self, asked: Asked, copy: Copy) -> Arc<Copy> {
        let copy = Arc::new(copy);
        let mut known = self.known();
        if known.replaced == asked.replaced {
            if let Some(old) = &known.copy {
                copy.site.jar.take_accesses(&old.site.jar);
            }
            known.copy = Some(Arc::clone(&copy));
            known.seen = Some(asked.at);
            known.is_doubted = false;
            known.replaced += 1;
        }
        copy
    }

    /// Takes what this process has written.
    pub(super) fn take_written(&self, asked: Asked, copy: Copy) {
        let mut known = self.known();
        // A reader may have taken what was there before or after.
        known.is_doubted = known.replaced != asked.replaced;
        known.seen = Some(asked.at);
        known.copy = Some(Arc::new(copy));
        known.replaced += 1;
        known.sent = None;
    }

    /// The back end may have something else than the copy.
    pub(super) fn doubt(&self) {
        let mut known = self.known();
        known.is_doubted = true;
        known.replaced += 1;
    }

    /// Takes note that cookies were sent now, and returns true if it is time to write that.
    pub(super) fn sent(&self, now: Timestamp, due: Duration) -> bool {
        let mut known = self.known();
        let since = *known.sent.get_or_insert(now);
        let is_due = now.duration_since(since).is_some_and(|time| time >= due);
        if is_due {
            known.sent = Some(now);
        }
        is_due
    }

    pub(super) fn is_contended(&self) -> bool {
        self.known().is_contended
    }

    pub(super) fn set_contended(&self, is_contended: bool) {
        self.known().is_contended = is_contended;
    }
}
