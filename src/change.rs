//! What changed in a jar, for whoever asks.

use std::collections::HashMap;
use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::quality::RandomState;

use crate::cookie::{Cookie, Home, Key};
use crate::timestamp::Timestamp;

/// What became of one cookie since it was last asked for.
///
/// Changes of one identity (name, domain, host-only-flag, path and partition) are one change, the last. Whoever
/// carries them out in order on what there was before has what there is now.
///
/// ```
/// use hardtack::{Cause, Change, CookieJar};
/// # let now = std::time::SystemTime::UNIX_EPOCH;
///
/// let mut jar = CookieJar::default();
/// jar.watch();
/// let url = url::Url::parse("https://shop.example/")?;
/// jar.receive_all(["a=1", "b=2", "b=; Max-Age=0"], &url, now);
/// let changes = jar.changes();
/// assert!(matches!(&changes[0], Change::Stored(cookie) if cookie.name() == b"a"));
/// assert!(matches!(&changes[1], Change::Removed(cookie, Cause::Deleted) if cookie.name() == b"b"));
/// assert!(jar.changes().is_empty());
/// # Ok::<(), url::ParseError>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Change {
    /// It is new, or took the place of another: as it is now.
    Stored(Cookie),
    /// It may have been sent: as it is now, with its last-access-time.
    Touched(Cookie),
    /// It is gone: as it was, and why.
    Removed(Cookie, Cause),
}

/// Why a cookie is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Cause {
    /// A server deleted it, by a line that had expired.
    Deleted,
    /// Its expiry-time has passed.
    Expired,
    /// Its domain had more cookies than the policy allows.
    DomainFull,
    /// Its site had more cookies than the policy allows.
    SiteFull,
    /// The jar had more cookies than the policy allows.
    JarFull,
    /// The program removed it.
    Removed,
    /// The session is over.
    SessionOver,
}

impl Change {
    /// The cookie, as it is now or as it was.
    pub fn cookie(&self) -> &Cookie {
        match self {
            Self::Stored(cookie) | Self::Touched(cookie) | Self::Removed(cookie, _) => cookie,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Deleted => "deleted by a line that had expired",
            Self::Expired => "expired",
            Self::DomainFull => "too many cookies of its domain",
            Self::SiteFull => "too many cookies of its site",
            Self::JarFull => "too many cookies in all",
            Self::Removed => "removed by the program",
            Self::SessionOver => "the session is over",
        })
    }
}

/// A change, and when it was made.
#[derive(Debug, Clone)]
pub(crate) struct Logged {
    pub(crate) change: Change,
    pub(crate) at: Timestamp,
}

/// The changes since they were last asked for.
#[derive(Debug)]
pub(crate) struct Log {
    changes: Vec<Logged>,
    /// When what comes is made.
    pub(crate) now: Timestamp,
    /// How many there are after they were last made one an identity.
    coalesced: usize,
    /// The homes of cookies that were sent.
    touched: Mutex<Vec<Arc<Home>>>,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            changes: Vec::new(),
            now: Timestamp::MIN,
            coalesced: 0,
            touched: Mutex::default(),
        }
    }
}

impl Log {
    pub(crate) fn push(&mut self, change: Change) {
        /// Who takes the changes as often as this has each identity once without looking for it here.
        const FEW: usize = 8192;
        let at = self.now;
        self.changes.push(Logged { change, at });
        if self.changes.len() > 2 * self.coalesced + FEW {
            self.coalesce();
        }
    }

    /// As [`Log::push`], for many that are taken next.
    pub(crate) fn push_last(&mut self, change: Change) {
        let at = self.now;
        self.changes.push(Logged { change, at });
    }

    #[cfg(feature = "sqlite")]
    pub(crate) fn len(&self) -> usize {
        self.changes.len()
    }

    /// Notes that cookies of a domain were sent. Readers call it: it waits for others only where the home
    /// was not noted yet.
    pub(crate) fn touch(&self, home: &Arc<Home>) {
        if home.note_touched() {
            let touched = self.touched.lock();
            let mut touched = touched.unwrap_or_else(PoisonError::into_inner);
            touched.push(Arc::clone(home));
        }
    }

    /// The homes that were noted.
    pub(crate) fn take_touched(&mut self) -> Vec<Arc<Home>> {
        let touched = self.touched.get_mut();
        let touched = mem::take(touched.unwrap_or_else(PoisonError::into_inner));
        for home in &touched {
            home.forget_touched();
        }
        touched
    }

    pub(crate) fn take(&mut self) -> Vec<Change> {
        self.coalesce();
        let changes = self.take_as_logged().into_iter();
        changes.map(|logged| logged.change).collect()
    }

    /// Takes them as they came, where one identity may have several.
    pub(crate) fn take_as_logged(&mut self) -> Vec<Logged> {
        self.coalesced = 0;
        let as_many = Vec::with_capacity(self.changes.len().min(1024));
        mem::replace(&mut self.changes, as_many)
    }

    /// Keeps the last change of each identity, in the order in which they came. What was stored and then sent is
    /// stored, as it is now.
    fn coalesce(&mut self) {
        type Last<'c> = HashMap<Key<'c>, (usize, Option<Timestamp>), RandomState>;
        let mut last: Last<'_> = HashMap::default();
        for (index, Logged { change, at }) in self.changes.iter().enumerate() {
            let before = last.get(&change.cookie().key());
            let stored_at = match change {
                Change::Stored(_) => Some(*at),
                Change::Touched(_) => before.and_then(|(_, stored_at)| *stored_at),
                Change::Removed(..) => None,
            };
            last.insert(change.cookie().key(), (index, stored_at));
        }
        let mut stays = vec![None; self.changes.len()];
        for (index, stored_at) in last.into_values() {
            stays[index] = Some(stored_at);
        }
        let changes = mem::take(&mut self.changes).into_iter().zip(stays);
        let changes = changes.filter_map(|(logged, stays)| match (logged.change, stays?) {
            (Change::Touched(cookie), Some(at)) => {
                let change = Change::Stored(cookie);
                Some(Logged { change, at })
            }
            (change, _) => Some(Logged { change, ..logged }),
        });
        self.changes = changes.collect();
        self.coalesced = self.changes.len();
    }
}
