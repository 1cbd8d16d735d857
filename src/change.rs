//! What changed in a jar, for whoever asks.

use std::collections::{BTreeSet, HashMap};
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

impl Cause {
    /// Returns true if the jar itself let the cookie go, and no line and no program asked for it.
    pub(crate) fn is_by_itself(self) -> bool {
        match self {
            Self::Deleted | Self::Removed | Self::SessionOver => false,
            Self::Expired | Self::DomainFull | Self::SiteFull | Self::JarFull => true,
        }
    }
}

/// A change as it is logged.
#[derive(Debug, Clone)]
pub(crate) struct Logged {
    pub(crate) change: Change,
    /// When it was made.
    pub(crate) made_at: Timestamp,
    /// When a line or the program last stored or removed a cookie of the identity; `None` if it was sent, or let
    /// go by the jar itself, since the changes were last asked for, and nothing else.
    pub(crate) at: Option<Timestamp>,
}

/// The changes since they were last asked for.
#[derive(Debug)]
pub(crate) struct Log {
    changes: Vec<Logged>,
    /// When what is logged next is done.
    now: Timestamp,
    /// How many there are after they were last made one an identity.
    coalesced: usize,
    /// The homes of cookies that were sent.
    touched: Mutex<BTreeSet<Arc<Home>>>,
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

#[cfg(feature = "json")]
impl From<Vec<Logged>> for Log {
    fn from(changes: Vec<Logged>) -> Self {
        Self {
            changes,
            ..Self::default()
        }
    }
}

impl Log {
    /// Sets when what is logged next is done.
    pub(crate) fn set_now(&mut self, now: Timestamp) {
        self.now = now;
    }

    /// Adds a change of a jar that keeps so many cookies.
    pub(crate) fn push(&mut self, change: Change, kept: usize) {
        let at = match &change {
            Change::Touched(_) => None,
            Change::Removed(_, cause) if cause.is_by_itself() => None,
            Change::Stored(_) | Change::Removed(..) => Some(self.now),
        };
        let made_at = self.now;
        self.changes.push(Logged {
            change,
            made_at,
            at,
        });
        // So the log has few more entries than there are identities, and each entry is looked at a few times at most.
        if self.changes.len() > 2 * self.coalesced.max(kept) + 64 {
            self.coalesce();
        }
    }

    /// Adds what was sent, just before all is taken.
    pub(crate) fn push_touched(&mut self, cookie: Cookie) {
        self.changes.push(Logged {
            change: Change::Touched(cookie),
            made_at: self.now,
            at: None,
        });
    }

    #[cfg(feature = "sqlite")]
    pub(crate) fn len(&self) -> usize {
        self.changes.len()
    }

    /// Notes that cookies of these homes were sent. Readers call it.
    pub(crate) fn touch<'h>(&self, homes: impl Iterator<Item = &'h Arc<Home>>) {
        let touched = self.touched.lock();
        let mut touched = touched.unwrap_or_else(PoisonError::into_inner);
        touched.extend(homes.cloned());
    }

    /// The homes that were noted.
    pub(crate) fn take_touched(&mut self) -> BTreeSet<Arc<Home>> {
        let touched = self.touched.get_mut();
        mem::take(touched.unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn take(&mut self) -> Vec<Logged> {
        self.coalesce();
        self.take_as_logged()
    }

    /// Takes them as they came, where one identity may have several.
    pub(crate) fn take_as_logged(&mut self) -> Vec<Logged> {
        self.coalesced = 0;
        mem::take(&mut self.changes)
    }

    /// Keeps the last change of each identity, in the order in which they came. What was stored and then sent is
    /// stored, as it is now.
    fn coalesce(&mut self) {
        /// Of an identity: the index of its last change, whether that leaves it stored, and when that was done.
        type Last = (usize, bool, Option<Timestamp>);
        let mut last: HashMap<Key<'_>, Last, RandomState> = HashMap::default();
        last.reserve(self.changes.len());
        for (index, Logged { change, at, .. }) in self.changes.iter().enumerate() {
            let entry = last.entry(change.cookie().key()).or_default();
            let (_, was_stored, was_at) = *entry;
            *entry = match change {
                Change::Stored(_) => (index, true, at.or(was_at)),
                Change::Touched(_) if was_stored => (index, true, was_at),
                Change::Touched(_) => (index, false, None),
                Change::Removed(..) => (index, false, at.or(was_at)),
            };
        }
        if last.len() < self.changes.len() {
            let mut stays = vec![None; self.changes.len()];
            for (index, is_stored, at) in last.into_values() {
                stays[index] = Some((is_stored, at));
            }
            let changes = mem::take(&mut self.changes).into_iter().zip(stays);
            let changes = changes.filter_map(|(logged, stays)| {
                let (is_stored, at) = stays?;
                let change = match logged.change {
                    Change::Touched(cookie) if is_stored => Change::Stored(cookie),
                    change => change,
                };
                let made_at = at.filter(|_| is_stored).unwrap_or(logged.made_at);
                Some(Logged {
                    change,
                    made_at,
                    at,
                })
            });
            self.changes = changes.collect();
        }
        self.coalesced = self.changes.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jar::CookieJar;

    /// That of the last line or program that stored or removed the cookie.
    #[test]
    fn the_time_of_a_change() {
        let mut jar = CookieJar::default();
        let built = Cookie::builder("a", "1", "shop.example");
        jar.insert(&built, Timestamp::UNIX_EPOCH).unwrap();
        let cookie = jar.iter(Timestamp::UNIX_EPOCH).next().unwrap();
        let stored = || Change::Stored(cookie.clone());
        let touched = || Change::Touched(cookie.clone());
        let removed = |cause| Change::Removed(cookie.clone(), cause);
        for (changes, expected) in [
            (vec![stored()], Some(0)),
            (vec![stored(), stored()], Some(1)),
            (vec![touched()], None),
            (vec![touched(), stored(), touched()], Some(1)),
            (vec![stored(), removed(Cause::Deleted), stored()], Some(2)),
            (vec![stored(), removed(Cause::Removed)], Some(1)),
            (vec![stored(), removed(Cause::SessionOver)], Some(1)),
            (vec![stored(), touched(), removed(Cause::Expired)], Some(0)),
            (vec![touched(), removed(Cause::JarFull)], None),
            (vec![removed(Cause::Deleted), touched()], None),
        ] {
            let mut log = Log::default();
            let said = format!("{changes:?}");
            for (second, change) in (0..).zip(changes) {
                log.set_now(Timestamp::from_secs(second));
                log.push(change, 0);
            }
            let logged = log.take();
            assert_eq!(logged[0].at, expected.map(Timestamp::from_secs), "{said}");
        }
    }

    #[test]
    fn a_log_of_one_cookie_stays_short() {
        let mut jar = CookieJar::default();
        let built = Cookie::builder("a", "1", "shop.example");
        jar.insert(&built, Timestamp::UNIX_EPOCH).unwrap();
        let cookies: Vec<&Cookie> = jar.iter(Timestamp::UNIX_EPOCH).collect();
        // how often it is stored, how many changes there are then
        for (times, changes) in [(66, 66), (67, 1), (132, 66), (133, 1)] {
            let mut log = Log::default();
            for _ in 0..times {
                log.push(Change::Stored(cookies[0].clone()), 1);
            }
            assert_eq!(log.changes.len(), changes, "{times}");
            assert_eq!(log.take().len(), 1);
        }
    }
}
