//! What keeps a jar in a database: the changes that wait, the connection, and the thread that writes.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use super::batch::{Batch, Others, Seen, is_stale};
use super::pending::{ByKey, Mark, Pending, by_key, coalesce};
use super::schema::{Access, Database, file_id};
use super::{DatabaseError, Notice, Seal, Status};
use crate::change::{Change, Logged};
use crate::cookie::{Cookie, Key};
use crate::jar::CookieJar;
use crate::shared::{Kept, SharedJar};
use crate::timestamp::Timestamp;

/// The longest that is waited after attempts that failed.
const LONGEST_DELAY: Duration = Duration::from_secs(8);

/// How often what is left of a write, or came by one, is written at once.
const ROUNDS: usize = 4;

/// So often the thread puts off what was only sent.
const WAITS: u32 = 60;

type Listener = dyn Fn(&Notice<'_>) + Send + Sync;

/// How a jar is kept.
pub(super) struct Settings {
    pub(super) session_cookies: bool,
    pub(super) patience: Duration,
    pub(super) delay: Duration,
    pub(super) batch: usize,
    pub(super) durable: bool,
    pub(super) seal: Option<Box<dyn Seal>>,
    pub(super) listeners: Vec<Box<Listener>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            session_cookies: true,
            patience: Duration::from_secs(10),
            delay: Duration::from_millis(500),
            batch: 512,
            durable: false,
            seal: None,
            listeners: Vec::new(),
        }
    }
}

impl Settings {
    pub(super) fn seal(&self) -> Option<&dyn Seal> {
        self.seal.as_deref()
    }

    pub(super) fn access(&self) -> Access {
        Access {
            patience: self.patience,
            is_sealed: self.seal.is_some(),
        }
    }

    /// Returns true if a cookie is to be in the database.
    fn is_kept(&self, cookie: &Cookie) -> bool {
        self.session_cookies || cookie.persistent()
    }
}

/// What of the jar is not in the database yet, and what of the database the jar has.
#[derive(Debug)]
pub(super) struct State {
    /// None after a failure, until it is opened anew.
    database: Option<Database>,
    /// The name of the database that the jar was last kept in.
    name: Option<i64>,
    pending: Vec<Pending>,
    /// Cookies of this insertion and later ones came after the changes were last taken.
    pub(super) newest: u64,
    seen: Seen,
    /// Whether there are rows that had expired when they were loaded.
    has_expired: bool,
    /// How often what was only sent was put off.
    waits: u32,
}

/// Why the database is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    /// Somebody waits for it.
    Flush,
    /// It is time.
    Time,
    /// There are many changes. What was sent waits until it is time.
    Many,
}

/// What came of an attempt.
enum Round {
    /// There is nothing to do.
    Idle,
    /// The database has gone away, and is to be opened anew.
    Again,
    Done {
        has_written: bool,
    },
}

impl Default for State {
    fn default() -> Self {
        Self {
            database: None,
            name: None,
            pending: Vec::new(),
            newest: 0,
            seen: Seen::NOTHING,
            has_expired: false,
            waits: 0,
        }
    }
}

impl State {
    pub(super) fn of(database: Database, seen: Seen, has_expired: bool) -> Self {
        Self {
            name: Some(database.name),
            database: Some(database),
            seen,
            has_expired,
            ..Self::default()
        }
    }

    /// Returns true if what there is to write is written now.
    fn is_due(&mut self, call: Call) -> bool {
        let is_sent = |pending: &Pending| matches!(pending.change, Change::Touched(_));
        if call != Call::Time || !self.pending.iter().all(is_sent) || self.waits == WAITS {
            self.waits = 0;
            return !self.pending.is_empty();
        }
        self.waits += 1;
        false
    }

    /// Takes the changes of the jar, and what was sent if that is asked for.
    fn take(&mut self, jar: &mut CookieJar, with_touched: bool) {
        let changes = jar.as_logged(with_touched);
        if changes.is_empty() {
            return;
        }
        let newest = self.newest;
        self.newest = jar.next_insertion();
        let base = self.seen.version;
        let pending = changes.into_iter().map(|logged| {
            let Logged {
                change,
                made_at: at,
                ..
            } = logged;
            let is_new = change.cookie().insertion() >= newest;
            let is_offer = false;
            let mark = Mark {
                at,
                base,
                is_new,
                is_offer,
            };
            Pending { change, mark }
        });
        self.pending.extend(pending);
    }

    /// Offers all cookies of the jar to a database that does not know them.
    pub(super) fn offer_all(&mut self, jar: &mut CookieJar, now: Timestamp) {
        self.seen = Seen::NOTHING;
        let base = self.seen.version;
        let offers = jar.iter(now).map(|cookie| Pending {
            change: Change::Stored(cookie.clone()),
            mark: Mark {
                at: cookie.creation_time(),
                base,
                is_new: true,
                is_offer: true,
            },
        });
        let mut pending: Vec<Pending> = offers.collect();
        for mut own in self.pending.drain(..) {
            own.mark.base = base;
            pending.push(own);
        }
        self.pending = pending;
    }

    /// Carries out in the jar what others did, but for what the jar has changed meanwhile.
    fn take_in(&mut self, jar: &SharedJar, others: &Others, settings: &Settings, seen: Seen) {
        let (mut jar, now) = jar.write();
        let written = std::mem::take(&mut self.pending);
        self.take(&mut jar, false);
        self.pending = coalesce(std::mem::take(&mut self.pending));
        self.seen = seen;
        let own = by_key(&self.pending);
        let mut beaten: HashSet<Key<'_>> = HashSet::new();
        let mut apply: Vec<usize> = Vec::new();
        for (index, row) in others.stored.iter().enumerate() {
            let fields = row.fields.borrowed();
            match own.get(&row.key(&fields)) {
                Some(own) if own.stays_beside(row, settings.session_cookies) => continue,
                Some(own) if !matches!(own.change, Change::Touched(_)) => {
                    beaten.insert(own.change.cookie().key());
                }
                _ => {}
            }
            apply.push(index);
        }
        let mut gone: Vec<Cookie> = Vec::new();
        for (removed, version) in &others.removed {
            let key = removed.key();
            match own.get(&key) {
                Some(own) if own.stays_after_removal(removed.changed, *version) => continue,
                Some(own) => {
                    beaten.insert(own.change.cookie().key());
                }
                None => {}
            }
            gone.extend(jar.of_key(&key).cloned());
        }
        if others.is_all {
            gone.extend(missing(&jar, now, others, &written, &own, settings));
        }
        let stays: Vec<bool> = self
            .pending
            .iter()
            .map(|pending| !beaten.contains(&pending.change.cookie().key()))
            .collect();
        drop((own, beaten));
        let mut stays = stays.into_iter();
        self.pending.retain(|_| stays.next().unwrap_or(true));
        jar.unlogged(|jar| {
            for cookie in &gone {
                jar.take_out(cookie);
            }
            for index in apply {
                let row = &others.stored[index];
                let fields = row.fields.borrowed();
                if !settings.session_cookies && fields.expiry_time.is_none() {
                    continue;
                }
                if jar.take_in(&row.host, &fields, now).is_err() {
                    let old = jar.of_key(&row.key(&fields)).cloned();
                    old.inspect(|old| jar.take_out(old));
                }
            }
        });
        self.newest = jar.next_insertion();
        // What has no room is removed for all.
        jar.limit_restored();
        self.take(&mut jar, false);
    }
}

/// The cookies of the jar that stand in no row, where all rows are known.
fn missing(
    jar: &CookieJar,
    now: Timestamp,
    others: &Others,
    written: &[Pending],
    own: &ByKey<'_, &Pending>,
    settings: &Settings,
) -> Vec<Cookie> {
    let mut there: HashSet<u64> = HashSet::new();
    for row in &others.stored {
        let fields = row.fields.borrowed();
        let cookie = jar.of_key(&row.key(&fields));
        there.extend(cookie.map(Cookie::insertion));
    }
    let written = by_key(written);
    let is_own = |pending: Option<&&Pending>| {
        pending.is_some_and(|pending| matches!(pending.change, Change::Stored(_)))
    };
    let cookies = jar.iter(now).filter(|cookie| {
        let key = cookie.key();
        settings.is_kept(cookie)
            && !there.contains(&cookie.insertion())
            && !is_own(written.get(&key))
            && !is_own(own.get(&key))
    });
    cookies.cloned().collect()
}

/// Keeps a jar. The thread and all that wait for the disk share it.
pub(super) struct Keeper {
    path: PathBuf,
    /// Not a handle: it does not keep the jar from being closed.
    jar: SharedJar,
    settings: Settings,
    state: Mutex<State>,
    status: Mutex<Status>,
    signal: Mutex<Signal>,
    signalled: Condvar,
    /// Whether the thread was told that there is much to write.
    is_woken: AtomicBool,
}

#[derive(Debug, Default)]
struct Signal {
    write: bool,
    end: bool,
}

/// The message of an error, and that of its source.
fn message(error: &DatabaseError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Keeper {
    pub(super) fn new(path: PathBuf, jar: SharedJar, settings: Settings, state: State) -> Self {
        Self {
            path,
            jar,
            settings,
            state: Mutex::new(state),
            status: Mutex::default(),
            signal: Mutex::default(),
            signalled: Condvar::new(),
            is_woken: AtomicBool::new(false),
        }
    }

    pub(super) fn status(&self) -> Status {
        let waiting = self.jar.read().0.log_len();
        let mut status = lock(&self.status).clone();
        status.pending += waiting;
        status
    }

    /// Writes all that the jar has changed, and takes in what others have.
    pub(super) fn write(&self) -> Result<(), DatabaseError> {
        self.write_as(Call::Flush)
    }

    fn write_as(&self, call: Call) -> Result<(), DatabaseError> {
        let mut state = lock(&self.state);
        let mut set_aside = Vec::new();
        let result = self.rounds(&mut state, call, &mut set_aside);
        let pending = state.pending.len();
        drop(state);
        self.tell(result, pending, &set_aside)
    }

    /// Takes in what others have written, if they have.
    pub(super) fn refresh(&self) -> Result<(), DatabaseError> {
        {
            let state = lock(&self.state);
            let is_fresh = state.database.as_ref().is_some_and(|database| {
                let is_stale = is_stale(&database.connection, state.seen);
                database.is_there() && matches!(is_stale, Ok(false))
            });
            if is_fresh {
                return Ok(());
            }
        }
        self.write()
    }

    fn tell(
        &self,
        result: Result<bool, DatabaseError>,
        pending: usize,
        set_aside: &[PathBuf],
    ) -> Result<(), DatabaseError> {
        let mut status = lock(&self.status);
        status.pending = pending;
        let had_failed = status.last_error.is_some();
        match &result {
            Ok(has_written) => {
                status.last_error = None;
                if *has_written {
                    status.last_commit = Some(SystemTime::now());
                }
            }
            Err(error) => status.last_error = Some(message(error)),
        }
        drop(status);
        for listener in &self.settings.listeners {
            for path in set_aside {
                listener(&Notice::SetAside(path));
            }
            match &result {
                Err(error) => listener(&Notice::Failed(error)),
                Ok(_) if had_failed => listener(&Notice::Recovered),
                Ok(_) => {}
            }
        }
        result.map(|_| ())
    }

    fn rounds(
        &self,
        state: &mut State,
        call: Call,
        set_aside: &mut Vec<PathBuf>,
    ) -> Result<bool, DatabaseError> {
        let mut has_written = false;
        for _ in 0..ROUNDS {
            match self.round(state, call) {
                Ok(Round::Idle) => break,
                Ok(Round::Again) => {}
                Ok(Round::Done { has_written: it }) => {
                    has_written |= it;
                    if state.pending.is_empty() {
                        break;
                    }
                }
                Err(DatabaseError::Damaged { path }) => {
                    let database = state.database.take();
                    let id = database.map_or_else(|| file_id(&path), |database| database.id);
                    let aside = Database::set_aside(&path, id, self.settings.patience)?;
                    set_aside.extend(aside);
                }
                // It went away meanwhile.
                Err(_) if state.database.as_ref().is_some_and(|it| !it.is_there()) => {
                    state.database = None;
                }
                Err(error) => {
                    let is_open = matches!(
                        error,
                        DatabaseError::Locked { .. } | DatabaseError::Full { .. }
                    );
                    if !is_open {
                        state.database = None;
                    }
                    return Err(error);
                }
            }
        }
        Ok(has_written)
    }

    /// One transaction, if there is something to do.
    fn round(&self, state: &mut State, call: Call) -> Result<Round, DatabaseError> {
        state.take(&mut self.jar.write().0, call != Call::Many);
        state.pending = coalesce(std::mem::take(&mut state.pending));
        if !state.database.as_ref().is_some_and(Database::is_there) {
            self.reopen(state)?;
        }
        let is_due = state.has_expired || state.is_due(call);
        let State {
            database: Some(database),
            pending,
            seen,
            has_expired,
            ..
        } = state
        else {
            return Ok(Round::Again);
        };
        let failed = |error| DatabaseError::of(&self.path, self.settings.patience, error);
        let connection = &mut database.connection;
        if !is_due && !is_stale(connection, *seen).map_err(failed)? {
            return Ok(Round::Idle);
        }
        let expired_by = has_expired.then(|| self.jar.read().1);
        let batch = Batch {
            pending,
            seen: *seen,
            session_cookies: self.settings.session_cookies,
            seal: self.settings.seal(),
            expired_by,
        };
        let (others, seen) = batch.run(connection).map_err(failed)?;
        if !database.is_there() {
            // It went to a file that nobody will find any more.
            state.database = None;
            return Ok(Round::Again);
        }
        let has_written = !pending.is_empty();
        state.has_expired = false;
        state.take_in(&self.jar, &others, &self.settings, seen);
        Ok(Round::Done { has_written })
    }

    /// Opens the database anew, after a failure or since it is gone.
    fn reopen(&self, state: &mut State) -> Result<(), DatabaseError> {
        state.database = None;
        let database = Database::open(&self.path, self.settings.access())?;
        let is_another = state.name != Some(database.name);
        // Or an old copy of it.
        if is_another || database.version < state.seen.version {
            state.name = Some(database.name);
            let (mut jar, now) = self.jar.write();
            state.take(&mut jar, true);
            state.offer_all(&mut jar, now);
            drop(jar);
            state.pending = coalesce(std::mem::take(&mut state.pending));
        } else {
            // Its counter begins anew with the connection.
            state.seen.data_version = -1;
        }
        state.database = Some(database);
        Ok(())
    }

    /// Writes as long as the jar has a handle.
    fn run(&self) {
        let usual = self.settings.delay;
        let (mut delay, mut has_failed) = (usual, false);
        loop {
            let signal = lock(&self.signal);
            let waits = |signal: &mut Signal| !signal.end && (has_failed || !signal.write);
            let waited = self.signalled.wait_timeout_while(signal, delay, waits);
            let (mut signal, _) = waited.unwrap_or_else(PoisonError::into_inner);
            if signal.end {
                return;
            }
            let call = if std::mem::take(&mut signal.write) {
                Call::Many
            } else {
                Call::Time
            };
            drop(signal);
            self.is_woken.store(false, Ordering::Relaxed);
            has_failed = self.write_as(call).is_err();
            delay = if has_failed {
                delay.saturating_mul(2).min(LONGEST_DELAY.max(usual))
            } else {
                usual
            };
        }
    }

    fn wake(&self, wake: impl FnOnce(&mut Signal)) {
        wake(&mut lock(&self.signal));
        self.signalled.notify_all();
    }
}

/// What the handles of a jar have in common. It goes with the last one.
pub(super) struct Handle {
    keeper: Arc<Keeper>,
    thread: Option<JoinHandle<()>>,
}

impl Handle {
    pub(super) fn start(keeper: Arc<Keeper>) -> Result<Self, DatabaseError> {
        let thread = thread::Builder::new().name("hardtack".to_owned());
        let for_thread = Arc::clone(&keeper);
        let thread = thread.spawn(move || for_thread.run());
        Ok(Self {
            keeper,
            thread: Some(thread.map_err(DatabaseError::Thread)?),
        })
    }
}

impl Kept for Handle {
    fn changed(&self, waiting: usize) {
        let keeper = &self.keeper;
        if keeper.settings.durable {
            if waiting > 0 {
                // Should it fail, the listener is told, and the thread tries again.
                _ = keeper.write();
            }
        } else if waiting >= keeper.settings.batch && !keeper.is_woken.swap(true, Ordering::Relaxed)
        {
            keeper.wake(|signal| signal.write = true);
        }
    }
}

impl Drop for Handle {
    /// Writes what is left, and closes the database.
    fn drop(&mut self) {
        self.keeper.wake(|signal| signal.end = true);
        if let Some(thread) = self.thread.take() {
            // A listener may have had the last handle, and be called by the thread.
            if thread.thread().id() != thread::current().id() {
                _ = thread.join();
            }
        }
        // What failed once is tried again; the listener is told should that fail, too.
        match self.keeper.write() {
            Ok(()) | Err(DatabaseError::Locked { .. }) => {}
            Err(_) => _ = self.keeper.write(),
        }
        lock(&self.keeper.state).database = None;
    }
}
