//! Connections to Redis, and what their errors mean.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{Route, RoutingInfo, SingleNodeRoutingInfo, SlotAddr};
use redis::sentinel::{SentinelClient, SentinelServerType};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, IntoConnectionInfo as _, Pipeline, PushInfo,
    PushKind, RedisError, RedisResult, ServerErrorKind, Value,
};

use super::BackendError;

/// A connection that many tasks use at once.
#[derive(Clone)]
pub(super) struct Connection {
    kind: Kind,
    server: Arc<str>,
    tells: bool,
}

#[derive(Clone)]
enum Kind {
    Server(Arc<Server>),
    Cluster(ClusterConnection),
    Given(Box<dyn Given>),
}

/// A server, and a connection to it, which is made anew after it has failed.
struct Server {
    /// Is held while a connection is made.
    place: tokio::sync::Mutex<Place>,
    open: Mutex<Open>,
    config: AsyncConnectionConfig,
    timeout: Duration,
    told: Told,
}

/// Where a server is.
enum Place {
    Known(Client),
    /// It is the primary that sentinels name.
    Watched(SentinelClient),
}

/// The connection that is used now, if there is one.
#[derive(Default)]
struct Open {
    connection: Option<MultiplexedConnection>,
    /// How many there were before.
    number: u64,
}

/// A connection of the program's own.
trait Given: ConnectionLike + Send + Sync {
    fn boxed(&self) -> Box<dyn Given>;
}

impl<C: ConnectionLike + Clone + Send + Sync + 'static> Given for C {
    fn boxed(&self) -> Box<dyn Given> {
        Box::new(self.clone())
    }
}

impl Clone for Box<dyn Given> {
    fn clone(&self) -> Self {
        (**self).boxed()
    }
}

type Listener = Arc<dyn Fn(Option<&str>) + Send + Sync>;

/// Who is told of the keys that change; `None` if any may have.
#[derive(Clone, Default)]
pub(super) struct Told(Arc<Mutex<Vec<Listener>>>);

impl Told {
    pub(super) fn watch(&self, listener: impl Fn(Option<&str>) + Send + Sync + 'static) {
        self.listeners().push(Arc::new(listener));
    }

    pub(super) fn is_watched(&self) -> bool {
        !self.listeners().is_empty()
    }

    fn listeners(&self) -> MutexGuard<'_, Vec<Listener>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing will be told any more over the connection that there was.
    fn lost(&self) {
        let listeners = self.listeners().clone();
        for listener in listeners {
            listener(None);
        }
    }

    fn tell(&self, push: &PushInfo) {
        let listeners = self.listeners().clone();
        let listener = |key: Option<&str>| listeners.iter().for_each(|listener| listener(key));
        match (&push.kind, &push.data[..]) {
            (PushKind::Invalidate, [Value::Array(keys)]) => {
                for key in keys {
                    match key {
                        Value::BulkString(key) => listener(std::str::from_utf8(key).ok()),
                        _ => listener(None),
                    }
                }
            }
            // All keys are gone, or nothing will be told any more.
            (PushKind::Invalidate | PushKind::Disconnection, _) => listener(None),
            _ => {}
        }
    }
}

impl Connection {
    pub(super) fn given(connection: impl ConnectionLike + Clone + Send + Sync + 'static) -> Self {
        Self {
            kind: Kind::Given(Box::new(connection)),
            server: "of the connection".into(),
            tells: false,
        }
    }

    /// Opens a connection to an address, as `RedisBackendBuilder::connect` describes them.
    pub(super) async fn open(
        address: &str,
        timeout: Duration,
        prefix: &str,
        told: &Told,
    ) -> Result<Self, BackendError> {
        provide_tls();
        let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
        let server = shown(scheme, rest);
        let mut tells = false;
        let kind = match scheme {
            "redis-cluster" => cluster("redis", rest, timeout).await,
            "rediss-cluster" => cluster("rediss", rest, timeout).await,
            "redis-sentinel" => sentinel(rest).map(|client| {
                let place = Place::Watched(client);
                Kind::Server(Server::at(place, false, timeout, told))
            }),
            _ => Client::open(address).map(|client| {
                let settings = client.get_connection_info().redis_settings();
                tells = settings.protocol().supports_resp3();
                let place = Place::Known(client);
                Kind::Server(Server::at(place, tells, timeout, told))
            }),
        };
        let kind = kind.map_err(|error| at_first(&error, scheme, &server, prefix))?;
        let connection = Self {
            kind,
            server: server.into(),
            tells,
        };
        let ping = connection.call(redis::cmd("PING")).await;
        ping.map_err(|error| at_first(&error, scheme, &connection.server, prefix))?;
        Ok(connection)
    }

    pub(super) fn server(&self) -> &str {
        &self.server
    }

    /// Returns true if the server can tell of changes over this connection.
    pub(super) fn tells(&self) -> bool {
        self.tells
    }

    pub(super) fn error(&self, error: &RedisError, prefix: &str, site: &str) -> BackendError {
        if matches!(self.kind, Kind::Server(_)) && error.code() == Some("MOVED") {
            return BackendError::Address {
                server: self.server.to_string(),
                problem: "the server is one of a cluster, which begins with `redis-cluster://`",
            };
        }
        meaning(error, &self.server, prefix, site)
    }

    /// What is known of a write that failed so. The client of a cluster asks again by itself where an answer is lost, and
    /// a connection of the caller's may: what the last answer says is not said of the first.
    pub(super) fn of_write(&self, error: BackendError) -> BackendError {
        match &self.kind {
            Kind::Cluster(_) | Kind::Given(_) if !error.may_be_stored() => {
                BackendError::Repeated(Box::new(error))
            }
            _ => error,
        }
    }

    pub(super) async fn call(&self, command: Cmd) -> RedisResult<Value> {
        match &self.kind {
            Kind::Server(server) => {
                let (mut connection, number) = server.connection().await?;
                let reply = command.query_async(&mut connection).await;
                reply.map_err(|error| server.failed(number, error))
            }
            Kind::Cluster(connection) => command.query_async(&mut connection.clone()).await,
            Kind::Given(connection) => {
                let reply = connection.clone().req_packed_command(&command).await;
                reply.and_then(Value::extract_error)
            }
        }
    }

    /// Sends a command that reads a key.
    ///
    /// The client of a cluster allows each node to answer as a replica. So one that was the primary goes on to answer, with
    /// what it has, and the client does not learn of the new one. Only a primary waits for replicas, be it for none: another
    /// node is told to answer no more for its primary, and is asked again, to name it.
    pub(super) async fn read(&self, command: Cmd, key: &str) -> RedisResult<Value> {
        let Kind::Cluster(_) = &self.kind else {
            return self.call(command).await;
        };
        let mut commands = Pipeline::new();
        commands.add_command(command);
        commands.cmd("WAIT").arg(0).arg(1);
        let mut replies = self.call_two(commands.clone(), key).await?;
        if is_of_replica(&replies[1]) && self.ask_primary(key).await {
            replies = self.call_two(commands, key).await?;
        }
        let [reply, is_primary] = replies;
        is_primary.extract_error()?;
        reply.extract_error()
    }

    /// Has the node of a cluster that is asked for a key answer for its primary no more, if it is a replica. Returns true if
    /// it may be asked again.
    pub(super) async fn ask_primary(&self, key: &str) -> bool {
        let Kind::Cluster(connection) = &self.kind else {
            return false;
        };
        let route = RoutingInfo::SingleNode(route(key));
        let mut connection = connection.clone();
        let told = connection.route_command(redis::cmd("READWRITE"), route);
        told.await.is_ok()
    }

    /// Sends two commands behind each other over one connection, in a cluster that of the key. A reply may be an error.
    pub(super) async fn call_two(&self, commands: Pipeline, key: &str) -> RedisResult<[Value; 2]> {
        let replies = match &self.kind {
            Kind::Cluster(connection) => {
                let mut connection = connection.clone();
                connection.route_pipeline(commands, 0, 2, route(key)).await
            }
            Kind::Server(server) => {
                let (mut connection, number) = server.connection().await?;
                let replies = connection.send_packed_commands(&commands, 0, 2).await;
                if let Ok([Value::ServerError(error), ..]) = replies.as_deref() {
                    server.failed(number, error.clone().into());
                }
                replies.map_err(|error| server.failed(number, error))
            }
            Kind::Given(connection) => {
                connection
                    .clone()
                    .req_packed_commands(&commands, 0, 2)
                    .await
            }
        };
        let two = <[Value; 2]>::try_from(replies?);
        let [first, second] = two.map_err(|_| {
            RedisError::from((ErrorKind::UnexpectedReturnType, "two commands were sent"))
        })?;
        Ok([first, second])
    }
}

/// The primary of a key, in a cluster.
fn route(key: &str) -> SingleNodeRoutingInfo {
    SingleNodeRoutingInfo::SpecificNode(Route::with_key(key, SlotAddr::Master))
}

pub(super) fn is_read_only(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly)
}

/// Returns true if this answers to WAIT where a node is no primary.
fn is_of_replica(reply: &Value) -> bool {
    matches!(reply, Value::ServerError(error) if error.details().is_some_and(|text| text.contains("replica")))
}

/// A connection by TLS needs a provider of its cryptography, where the program has set none.
fn provide_tls() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Another thread may have set one meanwhile.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

async fn cluster(scheme: &str, nodes: &str, timeout: Duration) -> RedisResult<Kind> {
    let (credentials, nodes) = match nodes.rsplit_once('@') {
        Some((credentials, nodes)) => (format!("{credentials}@"), nodes),
        None => (String::new(), nodes),
    };
    let nodes = nodes.trim_end_matches('/').split(',');
    let nodes = nodes.map(|node| format!("{scheme}://{credentials}{node}"));
    let client = ClusterClientBuilder::new(nodes.collect::<Vec<_>>())
        .connection_timeout(timeout)
        .response_timeout(timeout)
        // While a replica takes the place of its primary, calls are repeated for about two seconds.
        .retries(8)
        .min_retry_wait(20)
        .max_retry_wait(500)
        .build()?;
    Ok(Kind::Cluster(client.get_async_connection().await?))
}

fn sentinel(rest: &str) -> RedisResult<SentinelClient> {
    let (nodes, name) = rest.split_once('/').ok_or((
        ErrorKind::InvalidClientConfig,
        "the name of the primary is missing",
    ))?;
    let (credentials, nodes) = match nodes.rsplit_once('@') {
        Some((credentials, nodes)) => (Some(credentials), nodes),
        None => (None, nodes),
    };
    let sentinels = nodes.split(',').map(|node| format!("redis://{node}"));
    let settings = credentials.map(|credentials| {
        let info = format!("redis://{credentials}@localhost").into_connection_info()?;
        let settings = redis::sentinel::SentinelNodeConnectionInfo::default();
        RedisResult::Ok(settings.set_redis_connection_info(info.redis_settings().clone()))
    });
    SentinelClient::build(
        sentinels.collect(),
        name,
        settings.transpose()?,
        SentinelServerType::Master,
    )
}

impl Server {
    fn at(place: Place, tells: bool, timeout: Duration, told: &Told) -> Arc<Self> {
        let mut config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(timeout))
            .set_response_timeout(Some(timeout));
        if tells {
            let told = told.clone();
            config = config.set_push_sender(move |push: PushInfo| {
                told.tell(&push);
                Ok::<(), redis::aio::SendError>(())
            });
        }
        Arc::new(Self {
            place: tokio::sync::Mutex::new(place),
            open: Mutex::default(),
            config,
            timeout,
            told: told.clone(),
        })
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection and its number, in time: who waits for another to make it waits no longer than for an answer.
    async fn connection(&self) -> RedisResult<(MultiplexedConnection, u64)> {
        if let Some(there) = self.there() {
            return Ok(there);
        }
        // The type of what the client does is deeper than the compiler likes in a program around it.
        let connecting: Pin<Box<dyn Future<Output = _> + Send + '_>> = Box::pin(self.connected());
        let in_time = tokio::time::timeout(self.timeout, connecting).await;
        in_time.unwrap_or_else(|_| Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()))
    }

    fn there(&self) -> Option<(MultiplexedConnection, u64)> {
        let open = self.open();
        open.connection.clone().zip(Some(open.number))
    }

    /// The connection, which is made where there is none.
    async fn connected(&self) -> RedisResult<(MultiplexedConnection, u64)> {
        let mut place = self.place.lock().await;
        if let Some(there) = self.there() {
            return Ok(there);
        }
        let connection = match &mut *place {
            Place::Known(client) => {
                let connecting = client.get_multiplexed_async_connection_with_config(&self.config);
                connecting.await?
            }
            Place::Watched(client) => {
                client
                    .get_async_connection_with_config(&self.config)
                    .await?
            }
        };
        let mut open = self.open();
        open.connection = Some(connection.clone());
        Ok((connection, open.number))
    }

    /// Another connection is made after an error that it may not make, to another primary maybe.
    fn failed(&self, number: u64, error: RedisError) -> RedisError {
        if error.is_io_error() || error.is_unrecoverable_error() || is_read_only(&error) {
            self.lose(number);
        }
        if error.is_io_error() && !error.is_timeout() {
            // Whatever an open connection fails by, it is lost.
            return std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into();
        }
        error
    }

    /// Lets go of a connection, if it is the one that is used now.
    fn lose(&self, number: u64) {
        {
            let mut open = self.open();
            if open.number != number {
                return;
            }
            open.connection = None;
            open.number += 1;
        }
        self.told.lost();
    }
}

/// An address without user, password and options.
fn shown(scheme: &str, rest: &str) -> String {
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    let rest = rest.split_once('?').map_or(rest, |(rest, _)| rest);
    format!("{scheme}://{rest}")
}

pub(super) fn is_unknown_script(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}

/// As Redis 7.0 says it, and later ones and Valkey.
fn is_refused_in_script(detail: &str) -> bool {
    detail.contains("The user executing the script can't run this command")
        || detail.contains("ACL failure in script")
}

/// What an error means where a connection is made.
fn at_first(error: &RedisError, scheme: &str, server: &str, prefix: &str) -> BackendError {
    let detail = error.detail().unwrap_or_default();
    let is_cluster = scheme.ends_with("-cluster");
    let problem = match error.kind() {
        ErrorKind::InvalidClientConfig if is_cluster => {
            "write `redis-cluster://user:password@host:port,host:port`"
        }
        ErrorKind::InvalidClientConfig if scheme == "redis-sentinel" => {
            "write `redis-sentinel://user:password@host:port,host:port/name`"
        }
        ErrorKind::InvalidClientConfig => "write `redis://user:password@host:port/db`",
        ErrorKind::Parse => "what answers there is not Redis",
        _ if detail.contains("DB index is out of range") => "the server has no such database",
        _ if detail.contains("cluster support disabled") => {
            "the server is none of a cluster, so it begins with `redis://`"
        }
        _ if scheme == "redis-sentinel" && detail.contains("unknown command") => {
            "what answers there is no sentinel"
        }
        _ => {
            let server = server.to_owned();
            return match meaning(error, &server, prefix, "") {
                // The client of a cluster says so of nodes that it cannot reach.
                BackendError::Disconnected if is_cluster => BackendError::Refused { server },
                meaning => meaning,
            };
        }
    };
    BackendError::Address {
        server: server.to_owned(),
        problem,
    }
}

/// What an error means, without what the server says of it, which may show what was to be stored.
fn meaning(error: &RedisError, server: &str, prefix: &str, site: &str) -> BackendError {
    let server = server.to_owned();
    let no_permission = || BackendError::NoPermission {
        prefix: prefix.to_owned(),
    };
    match error.kind() {
        ErrorKind::AuthenticationFailed => BackendError::WrongPassword,
        ErrorKind::Io if error.is_timeout() => BackendError::Timeout,
        // What comes after an answer that cannot be read cannot be read either.
        ErrorKind::Parse => BackendError::Disconnected,
        ErrorKind::Io if error.is_connection_dropped() && !error.is_connection_refusal() => {
            BackendError::Disconnected
        }
        ErrorKind::Io
        | ErrorKind::ClusterConnectionNotFound
        | ErrorKind::MasterNameNotFoundBySentinel => BackendError::Refused { server },
        ErrorKind::Server(kind) => match (kind, error.code()) {
            (_, Some("OOM")) => BackendError::OutOfMemory,
            (_, Some("WRONGTYPE")) => super::foreign(site),
            (_, Some("NOAUTH" | "WRONGPASS")) => BackendError::WrongPassword,
            (ServerErrorKind::ReadOnly, _) | (_, Some("NOREPLICAS" | "MISCONF")) => {
                BackendError::ReadOnly
            }
            (ServerErrorKind::NoPerm, _) => no_permission(),
            (
                ServerErrorKind::BusyLoading
                | ServerErrorKind::ClusterDown
                | ServerErrorKind::MasterDown
                | ServerErrorKind::TryAgain
                // The node that this leads to cannot be reached.
                | ServerErrorKind::Moved
                | ServerErrorKind::Ask,
                _,
            ) => BackendError::NotReady,
            // What a script may not do has no code of its own.
            (_, Some("ERR")) if error.detail().is_some_and(is_refused_in_script) => no_permission(),
            (_, code) => BackendError::Other {
                code: code.unwrap_or("ERR").to_owned(),
            },
        },
        _ => match error.code() {
            Some("OOM") => BackendError::OutOfMemory,
            Some("WRONGTYPE") => super::foreign(site),
            Some("NOAUTH" | "WRONGPASS") => BackendError::WrongPassword,
            Some("NOREPLICAS" | "MISCONF") => BackendError::ReadOnly,
            code => BackendError::Other {
                code: code.unwrap_or(error.category()).to_owned(),
            },
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_shown_without_what_is_secret() {
        for (scheme, rest, expected) in [
            ("redis", "127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"),
            ("rediss", "u:p@h:1", "rediss://h:1"),
            ("redis-cluster", ":p@ss@h:1,h:2", "redis-cluster://h:1,h:2"),
            ("redis+unix", "/s?pass=x", "redis+unix:///s"),
        ] {
            assert_eq!(shown(scheme, rest), expected);
        }
    }
}
