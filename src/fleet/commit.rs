//! Writing: decide on what is there, store if it is there still, otherwise decide again.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::backend::{Backend, BackendError, Loaded, SiteKey, Stored, Value, Version};
use super::cache::{Asked, Copy, Slot};
use super::site::{Damage, SiteJar};
use super::{FleetError, Inner};
use crate::change::{Cause, Change};
use crate::jar::CookieJar;
use crate::timestamp::Timestamp;

/// The longest pause after the first conflict. It doubles with each other one, up to [`LONGEST_PAUSE`].
const PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(64);

/// What was seen so long ago is read before it is written: others may have written since, and a connection that was lost
/// is better noticed by what can be repeated.
const SEEN_WITHIN: Duration = Duration::from_secs(1);

/// What is done to the cookies of a site. It may be done again, to other cookies.
type Work = Box<dyn FnMut(&mut CookieJar, Timestamp) + Send>;

/// What is to be written beside what work changes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Also {
    Nothing,
    /// When cookies were sent, although it changes nothing.
    Accesses,
    /// That all is gone which is there, what has expired and what this policy refuses too.
    All,
}

/// Work that waits to be written.
pub(super) struct Waiting {
    work: Work,
    also: Also,
    done: oneshot::Sender<Result<(), FleetError>>,
}

/// Changes the cookies of a site at the back end, and returns what the last call of `work` did, on whose outcome they
/// are stored. Once it is queued, it is carried out also if nobody waits for it any more.
pub(super) async fn change<B: Backend, T: Send + 'static>(
    inner: &Arc<Inner<B>>,
    key: SiteKey,
    also: Also,
    mut work: impl FnMut(&mut CookieJar, Timestamp) -> T + Send + 'static,
) -> Result<T, FleetError> {
    let result = Arc::new(Mutex::new(None));
    let last = Arc::clone(&result);
    let (done, is_done) = oneshot::channel();
    let waiting = Waiting {
        work: Box::new(move |jar, now| {
            let result = work(jar, now);
            *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        }),
        also,
        done,
    };
    let runtime = Handle::try_current().map_err(|_| FleetError::NoRuntime)?;
    let slot = inner.cache.slot(&key);
    let has_writer = {
        let mut queue = slot.queue();
        queue.waiting.push_back(waiting);
        std::mem::replace(&mut queue.has_writer, true)
    };
    if !has_writer {
        let inner = Arc::clone(inner);
        // It is there before the task runs, which it never does where the runtime ends now.
        let writer = Writer {
            slot,
            has_ended: false,
        };
        runtime.spawn(async move { write_all(&inner, &key, writer).await });
    }
    // Its sender is dropped without a word only where the runtime ends.
    is_done.await.map_err(|_| FleetError::NoRuntime)??;
    let result = result.lock().unwrap_or_else(PoisonError::into_inner).take();
    result.ok_or(FleetError::NoRuntime)
}

/// The one that writes what waits for a slot.
struct Writer {
    slot: Arc<Slot>,
    has_ended: bool,
}

impl Drop for Writer {
    /// Where the runtime ends before all is written, those who wait are told, and the next change is written by another.
    fn drop(&mut self) {
        if !self.has_ended {
            let mut queue = self.slot.queue();
            queue.has_writer = false;
            queue.waiting.clear();
        }
    }
}

/// Removes the cookies of a site at the back end. A value without cookies takes their place for a while: where there was
/// none, a call that comes late or once more would store again what it has stored before.
pub(super) async fn clear<B: Backend>(
    inner: &Arc<Inner<B>>,
    key: SiteKey,
) -> Result<(), FleetError> {
    let cleared = change(inner, key.clone(), Also::All, |jar, _| jar.clear()).await;
    match cleared {
        // It is no value of ours, and goes as it is.
        Err(
            FleetError::Foreign { .. }
            | FleetError::Newer { .. }
            | FleetError::Backend(BackendError::WrongType { .. }),
        ) => remove(inner, &key).await,
        cleared => cleared,
    }
}

/// Removes whatever there is.
async fn remove<B: Backend>(inner: &Inner<B>, key: &SiteKey) -> Result<(), FleetError> {
    let slot = inner.cache.slot(key);
    let asked = slot.ask();
    let removed = repeated(inner, Patience::Reader, || inner.backend.remove(key)).await;
    if removed.is_ok() {
        slot.take_written(asked, none(inner));
    }
    // A back end that tells of changes does so of what was read since.
    slot.doubt();
    inner.cache.doubt_another(key, &slot);
    removed.map_err(|error| {
        if error.may_be_stored() {
            FleetError::Unknown(error)
        } else {
            FleetError::Backend(error)
        }
    })
}

/// What a site has where the back end has nothing.
fn none<B>(inner: &Inner<B>) -> Copy {
    Copy {
        version: None,
        site: SiteJar::new(&inner.policy),
        made_after: inner.readings.number(),
    }
}

/// Writes what waits, all of it at once, until nothing waits any more.
async fn write_all<B: Backend>(inner: &Inner<B>, key: &SiteKey, mut writer: Writer) {
    let slot = Arc::clone(&writer.slot);
    loop {
        let mut batch: Vec<Waiting> = {
            let mut queue = slot.queue();
            if queue.waiting.is_empty() {
                queue.has_writer = false;
                writer.has_ended = true;
                return;
            }
            queue.waiting.drain(..).collect()
        };
        let result = write(inner, key, &slot, &mut batch).await;
        inner.cache.doubt_another(key, &slot);
        for waiting in batch {
            // Nobody waits where the future was dropped.
            let _ = waiting.done.send(result.clone());
        }
    }
}

async fn write<B: Backend>(
    inner: &Inner<B>,
    key: &SiteKey,
    slot: &Slot,
    batch: &mut [Waiting],
) -> Result<(), FleetError> {
    // What is known is mostly what is there, unless others write as well.
    let mut is_current = false;
    let seen = slot.copy_within(SEEN_WITHIN);
    let mut copy = seen.filter(|_| !slot.is_contended());
    let mut tries = 0;
    while tries < inner.max_tries {
        let base = if let Some(copy) = copy.take() {
            copy
        } else {
            is_current = true;
            let known = slot.copy();
            let base = load(inner, key, slot, known.clone(), Patience::Writer).await;
            // A connection that asks again by itself may have been told of a conflict with what another made of what it
            // stored at first.
            let base = base.map_err(|error| if tries > 0 { unknown(error) } else { error })?;
            if tries == 0 && known.is_some_and(|known| known.version == base.version) {
                slot.set_contended(false);
            }
            base
        };
        let asked = slot.ask();
        let now = inner.now();
        inner.let_go(&base);
        let (site, is_changed) = decide(&base, batch, now);
        if !is_changed {
            if is_current {
                return Ok(());
            }
            // Nothing is to be stored, and so nobody would notice that something else is there. It is read next.
            continue;
        }
        let octets = site.write(now).ok_or_else(|| FleetError::NotWritable {
            site: key.site().to_owned(),
        })?;
        let value = Value {
            version: Version::random(),
            octets,
        };
        let time_to_live = site.time_to_live(inner.session_time_to_live, now);
        let stored = store(inner, key, base.version, &value, time_to_live).await;
        let written = || Copy {
            version: Some(value.version),
            site,
            made_after: inner.readings.number(),
        };
        match stored {
            Ok(Stored::Done) => {
                slot.take_written(asked, written());
                return Ok(());
            }
            Ok(Stored::NotReplicated) => {
                slot.take_written(asked, written());
                return Err(FleetError::NotReplicated {
                    site: key.site().to_owned(),
                });
            }
            Ok(Stored::Conflict(value)) => {
                slot.set_contended(true);
                let current = slot.take(asked, copy_of(inner, key, value)?);
                if tries % 2 == 0 {
                    // Who has just been told is as fast as whoever stored last, and faster than who reads.
                    copy = Some(current);
                    is_current = true;
                } else {
                    // The pause comes before it is read again: what is read then is newer.
                    tokio::time::sleep(pause(tries)).await;
                }
                tries += 1;
            }
            Err(error) => {
                slot.doubt();
                return Err(error);
            }
        }
    }
    Err(FleetError::Contended {
        site: key.site().to_owned(),
        tries: inner.max_tries,
    })
}

/// An error after something may have been stored.
pub(super) fn unknown(error: FleetError) -> FleetError {
    match error {
        FleetError::Backend(cause) => FleetError::Unknown(cause),
        error => error,
    }
}

/// Does all work on what is there, and tells whether that changes anything.
fn decide(base: &Copy, batch: &mut [Waiting], now: Timestamp) -> (SiteJar, bool) {
    let mut site = base.site.clone();
    let is_cleared = batch.iter().any(|one| one.also == Also::All);
    let is_forced = batch.iter().any(|one| one.also == Also::Accesses);
    let changes = site.jar.changes_by(|jar| {
        for waiting in batch {
            (waiting.work)(jar, now);
        }
    });
    let is_expiry = |change: &Change| matches!(change, Change::Removed(_, Cause::Expired));
    let is_changed = !changes.iter().all(is_expiry);
    if is_cleared {
        site.forget_refused();
    }
    let is_there = base.version.is_some();
    (site, is_changed || is_forced || is_cleared && is_there)
}

/// Stores a value. Where it is not known whether it was stored, the very same one is stored again: it is told then
/// whether it is there.
async fn store<B: Backend>(
    inner: &Inner<B>,
    key: &SiteKey,
    expected: Option<Version>,
    value: &Value,
    time_to_live: Duration,
) -> Result<Stored, FleetError> {
    let began = Instant::now();
    let mut unknown: Option<BackendError> = None;
    let mut tries = 0;
    loop {
        let stored = inner
            .backend
            .store(key, expected, value, time_to_live)
            .await;
        match (stored, unknown.take()) {
            // It may have been stored before, and replaced by somebody since.
            (Ok(Stored::Conflict(_)), Some(cause)) => return Err(FleetError::Unknown(cause)),
            (Ok(stored), _) => return Ok(stored),
            (Err(error), earlier) => {
                let cause = earlier.or_else(|| error.may_be_stored().then(|| error.clone()));
                if cause.is_none() {
                    return Err(FleetError::Backend(error));
                }
                if began.elapsed() >= inner.repeat_for {
                    return Err(FleetError::Unknown(error));
                }
                unknown = cause;
                tokio::time::sleep(pause(tries)).await;
                tries += 1;
            }
        }
    }
}

/// Reads a site, and returns the copy that is known where the back end has that one.
pub(super) async fn load<B: Backend>(
    inner: &Inner<B>,
    key: &SiteKey,
    slot: &Slot,
    copy: Option<Arc<Copy>>,
    patience: Patience,
) -> Result<Arc<Copy>, FleetError> {
    let known = copy.as_ref().and_then(|copy| copy.version);
    let ask = || async {
        let asked: Asked = slot.ask();
        Ok((asked, inner.backend.load(key, known).await?))
    };
    let loaded = repeated(inner, patience, ask).await;
    let (asked, loaded) = loaded.map_err(FleetError::Backend)?;
    let copy = match (loaded, copy) {
        (Loaded::Unchanged, Some(copy)) => {
            slot.confirm(asked);
            return Ok(copy);
        }
        (Loaded::Absent, Some(copy)) if copy.version.is_none() => {
            slot.confirm(asked);
            return Ok(copy);
        }
        (Loaded::Unchanged, None) | (Loaded::Absent, _) => none(inner),
        (Loaded::Found(value), _) => copy_of(inner, key, Some(value))?,
    };
    Ok(slot.take(asked, copy))
}

/// After what a back end is asked again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// A connection that was lost: it is made anew.
    Reader,
    /// An answer that is late too, as when it is stored.
    Writer,
}

/// Asks a back end for what may be asked twice.
pub(super) async fn repeated<B, T, F>(
    inner: &Inner<B>,
    patience: Patience,
    ask: impl Fn() -> F,
) -> Result<T, BackendError>
where
    F: Future<Output = Result<T, BackendError>>,
{
    let began = Instant::now();
    loop {
        let answer = ask().await;
        let is_again = match &answer {
            Err(BackendError::Disconnected) => true,
            Err(BackendError::Timeout) => patience == Patience::Writer,
            _ => false,
        };
        if !is_again || began.elapsed() >= inner.repeat_for {
            return answer;
        }
        tokio::time::sleep(pause(0)).await;
    }
}

/// Reads what a back end has at a key.
fn copy_of<B>(inner: &Inner<B>, key: &SiteKey, value: Option<Value>) -> Result<Copy, FleetError> {
    let Some(value) = value else {
        return Ok(none(inner));
    };
    let site = || key.site().to_owned();
    let read = SiteJar::read(&value.octets, &inner.policy, inner.now());
    let read = read.map_err(|damage| match damage {
        Damage::Foreign => FleetError::Foreign { site: site() },
        Damage::Newer(version) => FleetError::Newer {
            site: site(),
            version,
        },
    });
    Ok(Copy {
        version: Some(value.version),
        site: read?,
        made_after: inner.readings.number(),
    })
}

/// Returns how long to wait after so many tries: a random part of what doubles with each.
fn pause(tries: u32) -> Duration {
    let longest = PAUSE.saturating_mul(1 << tries.min(6)).min(LONGEST_PAUSE);
    let Version([random, ..]) = Version::random();
    longest * (u32::from(random) + 1) / 256
}
