//! Changes of the jar that are not in the database yet.

use std::collections::HashMap;

use foldhash::quality::RandomState;

use super::rows::StoredRow;
use crate::change::{Cause, Change};
use crate::cookie::{Cookie, Key};
use crate::timestamp::Timestamp;

pub(super) type ByKey<'c, T> = HashMap<Key<'c>, T, RandomState>;

/// A change, and what decides whether it stays where another process made one too.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub(super) change: Change,
    pub(super) mark: Mark,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    /// When the change was made.
    pub(super) at: Timestamp,
    /// The version of the database that the jar had then.
    pub(super) base: i64,
    /// The cookie comes after all that were there, and takes nobody's place in the order.
    pub(super) is_new: bool,
    /// The cookie was not changed: it is only to be there, if the database has nothing of its identity.
    pub(super) is_offer: bool,
}

impl Mark {
    /// Returns true if what stands in the database was made without knowing of this change, and is later.
    pub(super) fn loses_to(self, changed: Timestamp, version: i64) -> bool {
        version > self.base && changed > self.at
    }
}

/// What is to become of a row.
pub(super) enum Edit<'c> {
    Put(&'c Cookie),
    Touch(&'c Cookie),
    Remove,
    /// It goes if it stands there as the jar had it.
    Drop(&'c Cookie),
}

impl Pending {
    pub(super) fn edit(&self, session_cookies: bool) -> Edit<'_> {
        match &self.change {
            Change::Stored(cookie) if session_cookies || cookie.persistent() => Edit::Put(cookie),
            Change::Stored(_) => Edit::Remove,
            Change::Touched(cookie) => Edit::Touch(cookie),
            Change::Removed(cookie, cause) => match cause {
                Cause::Deleted | Cause::Removed | Cause::SessionOver => Edit::Remove,
                Cause::Expired | Cause::DomainFull | Cause::SiteFull | Cause::JarFull => {
                    Edit::Drop(cookie)
                }
            },
        }
    }

    /// Returns true if it stays beside a row that another process has written.
    pub(super) fn stays_beside(&self, row: &StoredRow<'_>, session_cookies: bool) -> bool {
        match self.edit(session_cookies) {
            Edit::Put(_) | Edit::Remove => {
                !self.mark.is_offer && !self.mark.loses_to(row.changed, row.version)
            }
            Edit::Touch(_) => false,
            Edit::Drop(cookie) => is_alike(cookie, row),
        }
    }

    /// Returns true if it stays where another process has removed the cookie.
    pub(super) fn stays_after_removal(&self, changed: Timestamp, version: i64) -> bool {
        let is_stored = matches!(self.change, Change::Stored(_));
        is_stored && !self.mark.is_offer && !self.mark.loses_to(changed, version)
    }
}

/// Returns true if a row has what a cookie has, but for when it was last sent.
pub(super) fn is_alike(cookie: &Cookie, row: &StoredRow<'_>) -> bool {
    let fields = &row.fields;
    cookie.value() == &*fields.value
        && cookie.secure_only() == fields.secure_only
        && cookie.http_only() == fields.http_only
        && cookie.same_site() == fields.same_site
        && cookie.expiry_time() == fields.expiry_time
        && fields.creation_time == Some(cookie.creation_time())
}

/// The last change of each identity, in the order in which they came. What was stored and then sent is stored, as it
/// is now, when it was.
pub(super) fn coalesce(pending: Vec<Pending>) -> Vec<Pending> {
    let mut marks: Vec<(Mark, bool)> = Vec::with_capacity(pending.len());
    let mut last: ByKey<'_, usize> =
        ByKey::with_capacity_and_hasher(pending.len(), RandomState::default());
    for (index, Pending { change, mark }) in pending.iter().enumerate() {
        let before = last.insert(change.cookie().key(), index);
        let stored = before.filter(|before| marks[*before].1);
        let (mut mark, mut is_stored) = (*mark, matches!(change, Change::Stored(_)));
        if let Some(before) = stored {
            let old = marks[before].0;
            match change {
                Change::Touched(_) => (mark, is_stored) = (old, true),
                Change::Stored(cookie) => {
                    let insertion = pending[before].change.cookie().insertion();
                    if cookie.insertion() == insertion {
                        mark.is_new = old.is_new;
                    }
                }
                Change::Removed(..) => {}
            }
        }
        marks.push((mark, is_stored));
    }
    let mut stays = vec![false; pending.len()];
    for index in last.into_values() {
        stays[index] = true;
    }
    let changes = pending.into_iter().zip(marks).zip(stays);
    let changes = changes.filter(|(_, stays)| *stays);
    changes
        .map(
            |((Pending { change, .. }, (mark, is_stored)), _)| match change {
                Change::Touched(cookie) if is_stored => Pending {
                    change: Change::Stored(cookie),
                    mark,
                },
                change => Pending { change, mark },
            },
        )
        .collect()
}

/// The changes by identity.
pub(super) fn by_key(pending: &[Pending]) -> ByKey<'_, &Pending> {
    let keys = pending
        .iter()
        .map(|pending| (pending.change.cookie().key(), pending));
    keys.collect()
}
