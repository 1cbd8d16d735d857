//! A back end in the memory of the process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::backend::{Backend, BackendError, Invalidated, Loaded, SiteKey, Stored, Value, Version};

/// A [`Backend`] in the memory of the process, for tests: clones of it are one place, as two connections to one server
/// are. Nothing in it is removed when its time to live is over.
///
/// ```
/// use hardtack::fleet::{Fleet, MemoryBackend};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let place = MemoryBackend::default();
/// let (one, other) = (Fleet::new(place.clone()), Fleet::new(place));
/// let url = url::Url::parse("https://shop.example/")?;
/// one.jar("account-17").receive("sid=31d4; Secure", &url).await?;
/// let answer = other.jar("account-17").cookie_string(&url).await?;
/// assert_eq!(answer.value.unwrap(), b"sid=31d4");
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
pub struct MemoryBackend {
    place: Arc<Mutex<Place>>,
    /// The handle's own number.
    handle: u64,
}

type Listener = Arc<dyn Fn(Invalidated) + Send + Sync>;

#[derive(Default)]
struct Place {
    values: BTreeMap<SiteKey, Value>,
    /// Each with the handle whose changes it is not told.
    listeners: Vec<(u64, Listener)>,
    handles: u64,
}

impl Clone for MemoryBackend {
    fn clone(&self) -> Self {
        let handle = {
            let mut place = self.place();
            place.handles += 1;
            place.handles
        };
        Self {
            place: Arc::clone(&self.place),
            handle,
        }
    }
}

impl MemoryBackend {
    fn place(&self) -> MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self, key: &SiteKey) {
        let listeners = self.place().listeners.clone();
        for (handle, listener) in listeners {
            if handle != self.handle {
                listener(Invalidated::Site(key.clone()));
            }
        }
    }
}

impl std::fmt::Debug for MemoryBackend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryBackend")
            .field("values", &self.place().values.len())
            .finish_non_exhaustive()
    }
}

impl Backend for MemoryBackend {
    async fn load(&self, key: &SiteKey, known: Option<Version>) -> Result<Loaded, BackendError> {
        Ok(match self.place().values.get(key) {
            None => Loaded::Absent,
            Some(value) if Some(value.version) == known => Loaded::Unchanged,
            Some(value) => Loaded::Found(value.clone()),
        })
    }

    async fn store(
        &self,
        key: &SiteKey,
        expected: Option<Version>,
        value: &Value,
        _time_to_live: Duration,
    ) -> Result<Stored, BackendError> {
        {
            let mut place = self.place();
            let current = place.values.get(key);
            let version = current.map(|current| current.version);
            if version == Some(value.version) {
                return Ok(Stored::Done);
            }
            if version != expected {
                return Ok(Stored::Conflict(current.cloned()));
            }
            place.values.insert(key.clone(), value.clone());
        }
        self.changed(key);
        Ok(Stored::Done)
    }

    async fn remove(&self, key: &SiteKey) -> Result<(), BackendError> {
        self.place().values.remove(key);
        self.changed(key);
        Ok(())
    }

    async fn sites(&self, identity: &str) -> Result<Option<Vec<SiteKey>>, BackendError> {
        let place = self.place();
        let keys = place.values.keys().filter(|key| key.identity() == identity);
        Ok(Some(keys.cloned().collect()))
    }

    fn watch(&self, changed: Arc<dyn Fn(Invalidated) + Send + Sync>) -> bool {
        self.place().listeners.push((self.handle, changed));
        true
    }
}
