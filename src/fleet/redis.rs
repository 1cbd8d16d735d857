//! A back end at Redis or Valkey: one server, a cluster, or what sentinels watch.

mod connection;

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use lru::LruCache;
use redis::{Cmd, Pipeline, RedisError, Script, Value as Reply};
use tokio::time::Instant;

use super::backend::{
    Backend, BackendError, Invalidated, Loaded, SiteKey, Stored, Value, Version, write_encoded,
};
use connection::{Connection, Told};

/// Stores a value where that there is of the expected version. It answers 1, or with what is there.
///
/// Where it is there already, its life begins anew: a server that is asked how many replicas have what a connection wrote
/// counts what that connection wrote, which may be another than the one that stored it.
///
/// The key is read once more after it was changed, since a client that asked to be told of changes is told of the next one
/// after it has read.
const STORE: &str = "\
local new = string.sub(ARGV[2], 1, 16)
local now = redis.call('GETRANGE', KEYS[1], 0, 15)
if now ~= new then
    if now ~= ARGV[1] then return redis.call('GET', KEYS[1]) end
    redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
else
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
redis.call('GETRANGE', KEYS[1], 0, 0)
return 1
";

/// Adds a site to the list of an identity's, with when its value will be gone, and removes those whose is.
const LIST: &str = "\
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], 'GT', now + ARGV[2], ARGV[1])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1
";

/// The scripts with their hashes, by which a server that has seen one knows it.
static SCRIPTS: LazyLock<[(&str, Script); 2]> =
    LazyLock::new(|| [STORE, LIST].map(|text| (text, Script::new(text))));

/// What errors at the key of an identity's list say in place of a site.
const THE_LIST: &str = "the list of sites";

/// How much longer than its value a site is listed, so that it need not be listed anew with each change.
const LISTED_LONGER: Duration = Duration::from_secs(24 * 60 * 60);

/// A [`Backend`] at Redis or Valkey: a value a key, `hardtack:{identity/site}`, and for each identity a sorted set of its
/// sites, `hardtack:{identity}`. docs/fleet.md tells an operator more.
///
/// Clones of it are one. Of two fleets over one connection neither is told of what the other stores: where they are to be
/// [`Cached`](super::Freshness::Cached), give each a connection.
#[derive(Clone)]
pub struct RedisBackend {
    connection: Connection,
    options: Arc<Options>,
    told: Told,
    tracking: Arc<Tracking>,
    /// Until when the sites are listed that were stored last.
    listed: Arc<Mutex<LruCache<SiteKey, Instant>>>,
}

/// Whether the connection is told of changes.
#[derive(Default)]
struct Tracking {
    /// How often a connection was lost.
    lost: AtomicU64,
    /// How often one was lost before that which is told of changes. None is, at first.
    asked_after: Mutex<Option<u64>>,
    /// Is held while it is asked for, so that nothing is read meanwhile.
    asking: tokio::sync::Mutex<()>,
}

impl Tracking {
    fn is_on(&self) -> bool {
        let asked_after = self
            .asked_after
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *asked_after == Some(self.lost.load(Ordering::Acquire))
    }
}

#[derive(Debug, Clone)]
struct Options {
    prefix: String,
    lists: bool,
    replicas: usize,
    replicated_within: Duration,
    timeout: Duration,
}

/// The configuration of a new [`RedisBackend`].
///
/// ```
/// use std::time::Duration;
/// use hardtack::fleet::RedisBackend;
///
/// let builder = RedisBackend::builder()
///     .prefix("crawler:")
///     .wait(1, Duration::from_millis(100));
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct RedisBackendBuilder {
    options: Options,
}

impl RedisBackendBuilder {
    /// Sets what each key begins with. The default is `hardtack:`.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.options.prefix = prefix.into();
        self
    }

    /// Sets whether a list of each identity's sites is kept, without which its cookies cannot be listed or cleared, and
    /// 5.7 step 16 is not held over the sites below a public suffix that is a host. The
    /// default is true. It costs a command for each site that a process stores anew, and then one a day.
    pub fn lists(mut self, lists: bool) -> Self {
        self.options.lists = lists;
        self
    }

    /// Has each change wait until so many replicas have it, or until this time is over: then it fails as
    /// [`FleetError::NotReplicated`](super::FleetError::NotReplicated). The default is not to wait. What else goes over the
    /// connection waits too.
    pub fn wait(mut self, replicas: usize, within: Duration) -> Self {
        self.options.replicas = replicas;
        self.options.replicated_within = within;
        self
    }

    /// Sets how long an answer may take before a call fails as [`BackendError::Timeout`]. The default is a second.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = timeout;
        self
    }

    /// Connects to a server.
    ///
    /// | address | what it is |
    /// | --- | --- |
    /// | `redis://user:password@host:port/db` | a server |
    /// | `rediss://…` | the same by TLS, with the system's certificates |
    /// | `redis+unix:///path` | a socket |
    /// | `redis-cluster://host:port,host:port` | a cluster, by some of its nodes; `rediss-cluster://…` by TLS |
    /// | `redis-sentinel://host:port,host:port/name` | the primary that sentinels know by a name |
    ///
    /// With `?protocol=resp3` a server tells of changes, so that [`Freshness::Cached`](super::Freshness::Cached) is as new as
    /// the connection.
    ///
    /// # Errors
    ///
    /// [`BackendError`].
    pub async fn connect(self, address: &str) -> Result<RedisBackend, BackendError> {
        let told = Told::default();
        // A command that waits for replicas is answered that much later.
        let options = &self.options;
        let timeout = options.timeout.saturating_add(options.replicated_within);
        let connection = Connection::open(address, timeout, &self.options.prefix, &told).await?;
        let backend = self.over(connection, told);
        if backend.options.replicas > 0 {
            // Whether the user may wait is told now: a change would be stored, and then fail.
            let mut wait = redis::cmd("WAIT");
            wait.arg(0).arg(1);
            backend.call(wait, "").await?;
        }
        Ok(backend)
    }

    /// Uses a connection of the program's own, which has time limits of its own too.
    pub fn connection<C>(self, connection: C) -> RedisBackend
    where
        C: redis::aio::ConnectionLike + Clone + Send + Sync + 'static,
    {
        self.over(Connection::given(connection), Told::default())
    }

    fn over(self, connection: Connection, told: Told) -> RedisBackend {
        const LISTED: NonZeroUsize = NonZeroUsize::new(100_000).unwrap();
        // Room is made as it is needed.
        let mut listed = LruCache::unbounded();
        listed.resize(LISTED);
        RedisBackend {
            connection,
            options: Arc::new(self.options),
            told,
            tracking: Arc::default(),
            listed: Arc::new(Mutex::new(listed)),
        }
    }
}

impl RedisBackend {
    /// Connects to a server, with the default configuration: see [`RedisBackendBuilder::connect`].
    ///
    /// # Errors
    ///
    /// [`BackendError`].
    pub async fn connect(address: &str) -> Result<Self, BackendError> {
        Self::builder().connect(address).await
    }

    /// Starts the configuration.
    pub fn builder() -> RedisBackendBuilder {
        RedisBackendBuilder {
            options: Options {
                prefix: "hardtack:".to_owned(),
                lists: true,
                replicas: 0,
                replicated_within: Duration::ZERO,
                timeout: Duration::from_secs(1),
            },
        }
    }

    /// The key of a value: what is in braces decides the slot of a cluster.
    fn value_key(&self, key: &SiteKey) -> String {
        format!("{}{{{key}}}", self.options.prefix)
    }

    fn list_key(&self, identity: &str) -> String {
        let mut text = format!("{}{{", self.options.prefix);
        // A string takes all that is written to it.
        let _ = write_encoded(identity, &mut text);
        text + "}"
    }

    async fn call(&self, command: Cmd, site: &str) -> Result<Reply, BackendError> {
        let reply = self.connection.call(command).await;
        reply.map_err(|error| self.error(&error, site))
    }

    async fn read(&self, command: Cmd, key: &str, site: &str) -> Result<Reply, BackendError> {
        let reply = self.connection.read(command, key).await;
        reply.map_err(|error| self.error(&error, site))
    }

    fn error(&self, error: &RedisError, site: &str) -> BackendError {
        self.connection.error(error, &self.options.prefix, site)
    }

    /// Runs a script, which is sent whole only where the server does not know it yet.
    async fn run(
        &self,
        (text, script): &(&str, Script),
        key: &str,
        arguments: &[&[u8]],
        site: &str,
    ) -> Result<(Reply, bool), BackendError> {
        let evaluate = |name: &str, script: &str| {
            let mut command = redis::cmd(name);
            command.arg(script).arg(1).arg(key);
            for argument in arguments {
                command.arg(*argument);
            }
            command
        };
        let run = async || {
            let known = evaluate("EVALSHA", script.get_hash());
            let reply = self.run_and_wait(known, key).await;
            if reply.as_ref().is_err_and(connection::is_unknown_script) {
                return self.run_and_wait(evaluate("EVAL", text), key).await;
            }
            reply
        };
        let mut reply = run().await;
        // A replica in a cluster runs a script as far as it only reads, and does not name the primary then.
        let is_read_only = reply.as_ref().is_err_and(connection::is_read_only);
        if is_read_only && self.connection.ask_primary(key).await {
            reply = run().await;
        }
        reply.map_err(|error| self.error(&error, site))
    }

    /// Runs a command, and then waits for replicas where that is asked for. Returns the reply, and whether enough of
    /// them have it.
    async fn run_and_wait(&self, command: Cmd, key: &str) -> redis::RedisResult<(Reply, bool)> {
        /// The server reads numbers with a sign, and takes 0 milliseconds for ever.
        const MOST: u32 = u32::MAX >> 1;
        let replicas = self.options.replicas;
        if replicas == 0 {
            return Ok((self.connection.call(command).await?, true));
        }
        let mut pipeline = Pipeline::new();
        pipeline.add_command(command);
        let within = self.options.replicated_within.as_millis();
        pipeline
            .cmd("WAIT")
            .arg(replicas.min(MOST as usize))
            .arg(u32::try_from(within).unwrap_or(MOST).clamp(1, MOST));
        let [reply, reached] = self.connection.call_two(pipeline, key).await?;
        let reply = reply.extract_error()?;
        // It is stored, whatever the server says of its replicas.
        let reached = match reached {
            Reply::Int(reached) => usize::try_from(reached).unwrap_or(0),
            _ => 0,
        };
        Ok((reply, reached >= replicas))
    }

    /// Lists a site for its identity, before it has a value, so that no value is missing in the list.
    ///
    /// A value that is a new one is listed in any case: the server may have lost its data, and the list with them.
    async fn list(
        &self,
        key: &SiteKey,
        is_new: bool,
        time_to_live: Duration,
    ) -> Result<(), BackendError> {
        let longer = time_to_live.saturating_add(LISTED_LONGER);
        let now = Instant::now();
        let is_listed = {
            let mut listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
            let until = now.checked_add(time_to_live);
            let listed = listed.get(key);
            listed.is_some_and(|listed| until.is_some_and(|until| *listed >= until))
        };
        if (is_listed && !is_new) || !self.options.lists {
            return Ok(());
        }
        let text = key.to_string();
        let arguments = [text.as_bytes(), &milliseconds(longer)];
        let list_key = self.list_key(key.identity());
        let [_, list] = &*SCRIPTS;
        self.run(list, &list_key, &arguments, THE_LIST).await?;
        if let Some(until) = now.checked_add(longer) {
            let mut listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
            listed.put(key.clone(), until);
        }
        Ok(())
    }

    /// Asks to be told of changes, where that was asked for and the connection is a new one.
    async fn track(&self) -> Result<(), BackendError> {
        if !self.told.is_watched() || self.tracking.is_on() {
            return Ok(());
        }
        let asking = self.tracking.asking.lock();
        let asking = tokio::time::timeout(self.options.timeout, asking).await;
        let _asking = asking.map_err(|_| BackendError::Timeout)?;
        let lost = self.tracking.lost.load(Ordering::Acquire);
        if !self.tracking.is_on() {
            let mut command = redis::cmd("CLIENT");
            command.arg("TRACKING").arg("ON").arg("NOLOOP");
            self.call(command, "").await?;
            let asked_after = self.tracking.asked_after.lock();
            *asked_after.unwrap_or_else(PoisonError::into_inner) = Some(lost);
        }
        Ok(())
    }
}

fn milliseconds(time: Duration) -> Vec<u8> {
    time.as_millis().max(1).to_string().into_bytes()
}

/// Splits what is at a key into its version and the rest.
fn value(octets: &[u8], site: &str) -> Result<Value, BackendError> {
    let (version, octets) = octets.split_first_chunk().ok_or_else(|| foreign(site))?;
    Ok(Value {
        version: Version(*version),
        octets: octets.to_vec(),
    })
}

/// Something that no back end stores.
fn foreign(site: &str) -> BackendError {
    BackendError::WrongType {
        site: site.to_owned(),
    }
}

impl std::fmt::Debug for RedisBackend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisBackend")
            .field("server", &self.connection.server())
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Backend for RedisBackend {
    async fn load(&self, key: &SiteKey, known: Option<Version>) -> Result<Loaded, BackendError> {
        self.track().await?;
        let value_key = self.value_key(key);
        if let Some(known) = known {
            let mut version = redis::cmd("GETRANGE");
            version.arg(&value_key).arg(0).arg(Version::OCTETS - 1);
            if let Reply::BulkString(octets) = self.read(version, &value_key, key.site()).await? {
                if octets == known.0 {
                    return Ok(Loaded::Unchanged);
                }
            }
        }
        let mut get = redis::cmd("GET");
        get.arg(&value_key);
        match self.read(get, &value_key, key.site()).await? {
            Reply::Nil => Ok(Loaded::Absent),
            Reply::BulkString(octets) => Ok(Loaded::Found(value(&octets, key.site())?)),
            _ => Err(foreign(key.site())),
        }
    }

    async fn store(
        &self,
        key: &SiteKey,
        expected: Option<Version>,
        new: &Value,
        time_to_live: Duration,
    ) -> Result<Stored, BackendError> {
        self.track().await?;
        self.list(key, expected.is_none(), time_to_live).await?;
        let site = key.site();
        let expected = expected.map_or(Vec::new(), |Version(octets)| octets.to_vec());
        let octets = [&new.version.0[..], &new.octets].concat();
        let arguments: [&[u8]; 3] = [&expected, &octets, &milliseconds(time_to_live)];
        let value_key = self.value_key(key);
        let [store, _] = &*SCRIPTS;
        let stored = self.run(store, &value_key, &arguments, site).await;
        let (reply, is_replicated) = stored.map_err(|error| self.connection.of_write(error))?;
        match reply {
            Reply::Int(_) if is_replicated => Ok(Stored::Done),
            Reply::Int(_) => Ok(Stored::NotReplicated),
            Reply::Nil => Ok(Stored::Conflict(None)),
            Reply::BulkString(octets) => Ok(Stored::Conflict(Some(value(&octets, site)?))),
            _ => Err(foreign(site)),
        }
    }

    async fn remove(&self, key: &SiteKey) -> Result<(), BackendError> {
        let mut delete = redis::cmd("DEL");
        delete.arg(self.value_key(key));
        let removed = self.call(delete, key.site()).await;
        removed
            .map(drop)
            .map_err(|error| self.connection.of_write(error))
    }

    async fn sites(&self, identity: &str) -> Result<Option<Vec<SiteKey>>, BackendError> {
        if !self.options.lists {
            return Ok(None);
        }
        let list_key = self.list_key(identity);
        let mut range = redis::cmd("ZRANGE");
        range.arg(&list_key).arg(0).arg(-1);
        let Reply::Array(members) = self.read(range, &list_key, THE_LIST).await? else {
            return Err(foreign(THE_LIST));
        };
        let text = |member: Reply| match member {
            Reply::BulkString(octets) => String::from_utf8(octets).ok(),
            _ => None,
        };
        let texts = members.into_iter().filter_map(text);
        let keys = texts.filter_map(|text| text.parse().ok());
        // Who else writes there does not have another identity's cookies read or removed.
        let own = keys.filter(|key: &SiteKey| key.identity() == identity);
        Ok(Some(own.collect()))
    }

    fn watch(&self, changed: Arc<dyn Fn(Invalidated) + Send + Sync>) -> bool {
        if !self.connection.tells() {
            return false;
        }
        let tracking = Arc::clone(&self.tracking);
        let prefix = self.options.prefix.clone();
        self.told.watch(move |told| match told {
            None => {
                tracking.lost.fetch_add(1, Ordering::AcqRel);
                changed(Invalidated::All);
            }
            Some(key) => {
                let key = key
                    .strip_prefix(&*prefix)
                    .and_then(|key| key.strip_prefix('{'));
                let key = key.and_then(|key| key.strip_suffix('}'));
                if let Some(key) = key.and_then(|key| key.parse().ok()) {
                    changed(Invalidated::Site(key));
                }
            }
        });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_back_end_stores() {
        for (octets, is_value) in [(&b""[..], false), (&[0; 15], false), (&[0; 16], true)] {
            assert_eq!(
                value(octets, "shop.example").is_ok(),
                is_value,
                "{octets:?}"
            );
        }
    }
}
