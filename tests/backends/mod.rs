//! A back end around another one that counts what is asked of it, and fails as it is told; and a clock that shows what it is
//! told.

#![allow(dead_code)]

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hardtack::Timestamp;
use hardtack::fleet::{
    Backend, BackendError, Invalidated, Loaded, SiteKey, Stored, Value, Version,
};
use tokio::sync::RwLock;

/// The cookies of a site that has none, as they are written.
pub(crate) const NO_COOKIES: &[u8] = b"ht\x01";

/// What becomes of one call.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// It is carried out.
    None,
    /// It does not come to the back end.
    Before(BackendError),
    /// It is carried out, and its answer is lost.
    After(BackendError),
    /// It is carried out, somebody else changes what it stored, and its answer is lost.
    Overwritten(BackendError),
    /// Somebody else stores just before it.
    Conflict,
    /// The task that made it panics.
    Panic,
}

/// Clones of it are one.
#[derive(Clone)]
pub(crate) struct Wrapped<B> {
    pub(crate) place: B,
    state: Arc<State>,
    watches: bool,
    lists: bool,
}

#[derive(Default)]
struct State {
    stores: Mutex<VecDeque<Fault>>,
    loads: Mutex<VecDeque<Fault>>,
    removes: Mutex<Option<BackendError>>,
    down: Mutex<Option<BackendError>>,
    stored: AtomicUsize,
    loaded: AtomicUsize,
    lives: Mutex<Vec<Duration>>,
    before_stores: RwLock<()>,
    after_loads: RwLock<()>,
}

impl<B> Wrapped<B> {
    pub(crate) fn new(place: B) -> Self {
        Self {
            place,
            state: Arc::default(),
            watches: true,
            lists: true,
        }
    }

    /// The same place as another process has it, with faults and counts of its own.
    pub(crate) fn another(&self) -> Self
    where
        B: Clone,
    {
        Self::new(self.place.clone())
    }

    pub(crate) fn without_watch(mut self) -> Self {
        self.watches = false;
        self
    }

    pub(crate) fn without_lists(mut self) -> Self {
        self.lists = false;
        self
    }

    /// What becomes of the next calls that store.
    pub(crate) fn stores(&self, faults: impl IntoIterator<Item = Fault>) {
        *self.state.stores.lock().unwrap() = faults.into_iter().collect();
    }

    /// What becomes of the next calls that load.
    pub(crate) fn loads(&self, faults: impl IntoIterator<Item = Fault>) {
        *self.state.loads.lock().unwrap() = faults.into_iter().collect();
    }

    /// Has the answers to calls that remove be lost, or none.
    pub(crate) fn removes(&self, error: Option<BackendError>) {
        *self.state.removes.lock().unwrap() = error;
    }

    /// Has all calls fail, or none.
    pub(crate) fn down(&self, error: Option<BackendError>) {
        *self.state.down.lock().unwrap() = error;
    }

    /// How often it was asked to store.
    pub(crate) fn stored(&self) -> usize {
        self.state.stored.load(Ordering::SeqCst)
    }

    /// How often it was asked to load.
    pub(crate) fn loaded(&self) -> usize {
        self.state.loaded.load(Ordering::SeqCst)
    }

    pub(crate) fn times_to_live(&self) -> Vec<Duration> {
        self.state.lives.lock().unwrap().clone()
    }

    /// What is stored waits until the guard is dropped.
    pub(crate) async fn hold_stores(&self) -> tokio::sync::RwLockWriteGuard<'_, ()> {
        self.state.before_stores.write().await
    }

    /// What was loaded is not answered until the guard is dropped.
    pub(crate) async fn hold_loaded(&self) -> tokio::sync::RwLockWriteGuard<'_, ()> {
        self.state.after_loads.write().await
    }

    fn up(&self) -> Result<(), BackendError> {
        match &*self.state.down.lock().unwrap() {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }
}

impl<B: Backend> Wrapped<B> {
    /// Stores what is there once more, as somebody else does.
    async fn store_by_another(&self, key: &SiteKey) {
        let (expected, octets) = match self.place.load(key, None).await.unwrap() {
            Loaded::Found(value) => (Some(value.version), value.octets),
            _ => (None, NO_COOKIES.to_vec()),
        };
        let version = Version::random();
        let value = Value { version, octets };
        let day = Duration::from_secs(86_400);
        let stored = self.place.store(key, expected, &value, day).await;
        assert_eq!(stored, Ok(Stored::Done));
    }
}

impl<B: Backend> Backend for Wrapped<B> {
    async fn load(&self, key: &SiteKey, known: Option<Version>) -> Result<Loaded, BackendError> {
        self.state.loaded.fetch_add(1, Ordering::SeqCst);
        self.up()?;
        let fault = self.state.loads.lock().unwrap().pop_front();
        match fault {
            Some(Fault::Before(error) | Fault::After(error)) => return Err(error),
            Some(fault) => panic!("{fault:?}"),
            None => {}
        }
        let loaded = self.place.load(key, known).await;
        drop(self.state.after_loads.read().await);
        loaded
    }

    async fn store(
        &self,
        key: &SiteKey,
        expected: Option<Version>,
        value: &Value,
        time_to_live: Duration,
    ) -> Result<Stored, BackendError> {
        self.state.stored.fetch_add(1, Ordering::SeqCst);
        self.state.lives.lock().unwrap().push(time_to_live);
        drop(self.state.before_stores.read().await);
        self.up()?;
        let fault = self.state.stores.lock().unwrap().pop_front();
        match &fault {
            Some(Fault::Before(error)) => return Err(error.clone()),
            Some(Fault::Conflict) => self.store_by_another(key).await,
            Some(Fault::Panic) => panic!("a back end that panics"),
            _ => {}
        }
        let stored = self.place.store(key, expected, value, time_to_live).await?;
        match fault {
            Some(Fault::After(error)) => Err(error),
            Some(Fault::Overwritten(error)) => {
                self.store_by_another(key).await;
                Err(error)
            }
            _ => Ok(stored),
        }
    }

    async fn remove(&self, key: &SiteKey) -> Result<(), BackendError> {
        self.up()?;
        self.place.remove(key).await?;
        let lost = self.state.removes.lock().unwrap().clone();
        lost.map_or(Ok(()), Err)
    }

    async fn sites(&self, identity: &str) -> Result<Option<Vec<SiteKey>>, BackendError> {
        self.up()?;
        if self.lists {
            self.place.sites(identity).await
        } else {
            Ok(None)
        }
    }

    fn watch(&self, changed: Arc<dyn Fn(Invalidated) + Send + Sync>) -> bool {
        self.watches && self.place.watch(changed)
    }
}

/// Clones of it are one.
#[derive(Debug, Clone)]
pub(crate) struct Clock(Arc<AtomicI64>);

impl Clock {
    pub(crate) fn at(now: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(now.as_micros())))
    }

    pub(crate) fn set(&self, now: Timestamp) {
        self.0.store(now.as_micros(), Ordering::SeqCst);
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}
