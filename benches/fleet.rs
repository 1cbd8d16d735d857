//! What a jar at a server costs, beside the bare server: in each round a call of the one and a call of the other.
//!
//!     cargo bench --features redis --bench fleet
//!
//! It starts a `redis-server` of its own, on a free port of the loopback address.

#![allow(clippy::cast_precision_loss)]

use std::hint::black_box;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use hardtack::fleet::{
    Backend, BackendError, Fleet, FleetJar, Freshness, Loaded, RedisBackend, SiteKey, Stored,
    Value, Version,
};
use redis::aio::ConnectionManager;
use tokio::runtime;
use url::Url;

const ROUNDS: usize = 4_000;
const TASKS: usize = 50;

/// A server that ends with the bench.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start() -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("its address").port().to_string();
        drop(free);
        let process = Command::new("redis-server")
            .args(["--port", &port, "--bind", "127.0.0.1", "--save", ""])
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server: install it by `apt-get install redis-server`");
        let address = format!("redis://127.0.0.1:{port}");
        Self { process, address }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn main() {
    let server = Server::start();
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime
        .expect("a runtime")
        .block_on(measure(&server.address));
}

async fn measure(address: &str) {
    let backend = loop {
        match RedisBackend::connect(address).await {
            Ok(backend) => break backend,
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    };
    let client = redis::Client::open(address).expect("an address");
    let bare = client.get_connection_manager().await.expect("a connection");
    let validated = Fleet::new(backend.clone());
    let cached = Fleet::builder(backend.clone())
        .freshness(Freshness::Cached(Duration::from_secs(3600)))
        .build();
    octets_of_a_site(&validated, &backend).await;
    round_trips(&validated, &cached, &bare).await;
    together(&validated, &bare).await;
    one_shard(&validated, &bare).await;
    a_hot_site(address).await;
}

fn url(host: &str) -> Url {
    Url::parse(&format!("https://{host}/")).expect("a URL")
}

/// Sets cookies of 32 octets of value, each by a line of its own, in one response.
async fn fill(jar: &FleetJar<RedisBackend>, host: &str, cookies: usize) {
    let lines = (0..cookies).map(|number| {
        format!(
            "session_{number:02}={:032x}; Path=/; Secure; HttpOnly; Max-Age=86400",
            number * 7919
        )
    });
    let received = jar.receive_all(lines, &url(host)).await;
    assert!(received.expect("stored").iter().all(Result::is_ok));
}

async fn octets_of_a_site(fleet: &Fleet<RedisBackend>, backend: &RedisBackend) {
    for cookies in [10, 50] {
        let identity = format!("octets-{cookies}");
        fill(&fleet.jar(&*identity), "www.shop.example", cookies).await;
        let key = SiteKey::new(identity, "shop.example");
        let Ok(Loaded::Found(value)) = backend.load(&key, None).await else {
            panic!("nothing there");
        };
        println!(
            "a site of {cookies} cookies: {} octets",
            value.octets.len() + 16
        );
        let fixed = Fleet::new(Fixed(value)).jar("fixed");
        let url = url("www.shop.example");
        let mut times = Vec::new();
        for _ in 0..1_000 {
            times.push(timed(fixed.cookie_string(&url)).await);
        }
        let read = median(times.into_iter());
        println!("octets to a jar, {cookies} cookies, and a cookie-string of it: {read:.1?}");
    }
}

/// A back end with one value, each time a new version of it.
struct Fixed(Value);

impl Backend for Fixed {
    async fn load(&self, _: &SiteKey, _: Option<Version>) -> Result<Loaded, BackendError> {
        Ok(Loaded::Found(Value {
            version: Version::random(),
            octets: self.0.octets.clone(),
        }))
    }

    async fn store(
        &self,
        _: &SiteKey,
        _: Option<Version>,
        _: &Value,
        _: Duration,
    ) -> Result<Stored, BackendError> {
        Err(BackendError::ReadOnly)
    }

    async fn remove(&self, _: &SiteKey) -> Result<(), BackendError> {
        Err(BackendError::ReadOnly)
    }
}

fn median(times: impl Iterator<Item = Duration>) -> Duration {
    let mut times: Vec<Duration> = times.collect();
    times.sort();
    times[times.len() / 2]
}

async fn timed<T>(call: impl Future<Output = T>) -> Duration {
    let began = Instant::now();
    black_box(call.await);
    began.elapsed()
}

async fn round_trips(
    validated: &Fleet<RedisBackend>,
    cached: &Fleet<RedisBackend>,
    bare: &ConnectionManager,
) {
    let url = url("www.shop.example");
    let (validated, cached) = (validated.jar("trips"), cached.jar("trips"));
    fill(&validated, "www.shop.example", 20).await;
    let two_thousand = vec![b'x'; 2048];
    let set = |key: &'static str| {
        let mut command = redis::cmd("SET");
        command
            .arg(key)
            .arg(&two_thousand[..])
            .arg("PX")
            .arg(86_400_000);
        command
    };
    let run = |command: redis::Cmd| {
        let mut bare = bare.clone();
        async move {
            command
                .query_async::<redis::Value>(&mut bare)
                .await
                .expect("a reply")
        }
    };
    run(set("bare")).await;
    let mut get = redis::cmd("GET");
    get.arg("bare");
    let mut times: [Vec<Duration>; 5] = Default::default();
    for round in 0..ROUNDS {
        times[0].push(timed(run(get.clone())).await);
        times[1].push(timed(validated.cookie_string(&url)).await);
        times[2].push(timed(run(set("bare"))).await);
        let line = format!("session_07={round:032x}; Path=/; Secure; HttpOnly; Max-Age=86400");
        times[3].push(timed(validated.receive(&line, &url)).await);
    }
    cached.cookie_string(&url).await.expect("known");
    for _ in 0..ROUNDS {
        times[4].push(timed(cached.cookie_string(&url)).await);
    }
    let [get, retrieve, set, receive, cached] = times.map(|times| median(times.into_iter()));
    let ratio = |one: Duration, other: Duration| one.as_secs_f64() / other.as_secs_f64();
    println!(
        "retrieve, validated: {retrieve:.1?}, {:.2} x GET of 2 KB ({get:.1?})",
        ratio(retrieve, get)
    );
    println!("retrieve, cached: {cached:.2?}");
    println!(
        "receive, cached version: {receive:.1?}, {:.2} x SET of 2 KB ({set:.1?})",
        ratio(receive, set)
    );
}

/// Tasks that use one connection at once, each at a site of its own.
async fn together(fleet: &Fleet<RedisBackend>, bare: &ConnectionManager) {
    for task in 0..TASKS {
        fill(
            &fleet.jar(format!("together-{task}")),
            "www.shop.example",
            20,
        )
        .await;
    }
    let mut ratios = Vec::new();
    for _ in 0..9 {
        let rounds = ROUNDS / TASKS * 4;
        let began = Instant::now();
        let gets = (0..TASKS).map(|_| {
            let mut bare = bare.clone();
            tokio::spawn(async move {
                let mut get = redis::cmd("GET");
                get.arg("bare");
                for _ in 0..rounds {
                    black_box(
                        get.query_async::<redis::Value>(&mut bare)
                            .await
                            .expect("a reply"),
                    );
                }
            })
        });
        for get in gets.collect::<Vec<_>>() {
            get.await.expect("done");
        }
        let of_gets = began.elapsed();
        let began = Instant::now();
        let receives = (0..TASKS).map(|task| {
            let jar = fleet.jar(format!("together-{task}"));
            tokio::spawn(async move {
                let url = url("www.shop.example");
                for round in 0..rounds {
                    let line = format!("session_07={round:032x}; Path=/; Secure; HttpOnly");
                    jar.receive(&line, &url).await.expect("stored");
                }
            })
        });
        for receive in receives.collect::<Vec<_>>() {
            receive.await.expect("done");
        }
        let of_receives = began.elapsed();
        ratios.push(of_gets.as_secs_f64() / of_receives.as_secs_f64());
    }
    ratios.sort_by(f64::total_cmp);
    println!(
        "{TASKS} tasks on one connection, receive: {:.2} of GET's throughput ({:.2} to {:.2})",
        ratios[4], ratios[0], ratios[8]
    );
}

/// What a server says of itself.
async fn info(bare: &ConnectionManager, section: &str, field: &str) -> f64 {
    let mut command = redis::cmd("INFO");
    let text: String = command
        .arg(section)
        .query_async(&mut bare.clone())
        .await
        .expect("a reply");
    let (_, rest) = text.split_once(field).expect("the field");
    let number: String = rest
        .chars()
        .take_while(|it| it.is_ascii_digit() || *it == '.')
        .collect();
    number.parse().expect("a number")
}

/// The memory and the time that a server needs for identities with ten sites of ten cookies each.
async fn one_shard(fleet: &Fleet<RedisBackend>, bare: &ConnectionManager) {
    const IDENTITIES: usize = 500;
    const SITES: usize = 10;
    let before = info(bare, "memory", "used_memory:").await;
    for identity in 0..IDENTITIES {
        let jar = fleet.jar(format!("identity-{identity:07}"));
        for site in 0..SITES {
            fill(&jar, &format!("www.site-{site}.example"), 10).await;
        }
    }
    let grown = info(bare, "memory", "used_memory:").await - before;
    let per_site = grown / (IDENTITIES * SITES) as f64;
    let script = info(bare, "commandstats", "cmdstat_evalsha:calls=").await;
    let busy = info(
        bare,
        "commandstats",
        &format!("cmdstat_evalsha:calls={script:.0},usec="),
    )
    .await;
    println!(
        "a site of 10 cookies in the server, with its place in the list: {per_site:.0} octets, so {:.1} GB for a million \
         identities with {SITES} sites",
        per_site * 1e7 / 1e9
    );
    println!(
        "a change in the server: {:.1} us, so {:.0} a second and shard where it does nothing else",
        busy / script,
        1e6 * script / busy
    );
}

/// Processes that change one site of one identity, as fast as they can: each has a connection and a cache of its own.
async fn a_hot_site(address: &str) {
    const PROCESSES: usize = 8;
    const CHANGES: usize = 250;
    let began = Instant::now();
    let mut writers = Vec::new();
    for process in 0..PROCESSES {
        let backend = RedisBackend::connect(address).await.expect("a connection");
        let jar = Fleet::new(backend).jar("hot");
        writers.push(tokio::spawn(async move {
            let url = url("www.shop.example");
            let mut slowest = Duration::ZERO;
            for change in 0..CHANGES {
                let line = format!("from-{process}={change}");
                slowest = slowest.max(timed(jar.receive(&line, &url)).await);
            }
            slowest
        }));
    }
    let mut slowest = Duration::ZERO;
    for writer in writers {
        slowest = slowest.max(writer.await.expect("done"));
    }
    let per_second = (PROCESSES * CHANGES) as f64 / began.elapsed().as_secs_f64();
    println!(
        "a hot site, {PROCESSES} writers without a pause: {per_second:.0} changes a second, the slowest {slowest:.1?}"
    );
}
