//! Four worker processes, one Redis, 200 sites: a login of one worker is a login for all.
//!
//! ```sh
//! cargo run --example fleet --features redis,tower
//! ```
//!
//! It starts a `redis-server` of its own; with an address as its argument it uses that one. A worker asks for pages; where
//! a site does not know it, it logs in. The dashboard shows, once a second, what all workers did since they began.

use std::collections::HashMap;
use std::env;
use std::error::Error;
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::header::{COOKIE, HOST, SET_COOKIE};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use hardtack::client::CookieLayer;
use hardtack::fleet::{Fleet, RedisBackend};
use http_body_util::Empty;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::TokioExecutor;
use tower::{Layer as _, ServiceExt as _, service_fn};

const WORKERS: usize = 4;
const SITES: usize = 200;
const RUN_FOR: Duration = Duration::from_secs(5);

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match &arguments[..] {
        [worker, redis, sites] if worker == "worker" => work(redis, sites.parse()?).await,
        [] => {
            let (server, address) = start_redis()?;
            let shown = dashboard(&address).await;
            drop(server);
            shown
        }
        [address, ..] => dashboard(address).await,
    }
}

/// A process that ends with this one.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start_redis() -> Result<(Process, String), Failure> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let server = Command::new("redis-server")
        .args([
            "--bind",
            "127.0.0.1",
            "--port",
            &port.to_string(),
            "--save",
            "",
        ])
        .stdout(Stdio::null())
        .spawn()?;
    Ok((Process(server), format!("redis://127.0.0.1:{port}")))
}

/// Starts the sites and the workers, and shows what they do.
async fn dashboard(redis: &str) -> Result<(), Failure> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let logins = Arc::new(Mutex::new(HashMap::new()));
    tokio::spawn(async move { axum::serve(listener, sites(logins)).await });
    let jar = Fleet::new(connected(redis).await?).jar("crawl");
    jar.clear().await?;

    let (counts, counted) = mpsc::channel();
    let mut workers = Vec::new();
    for worker in 0..WORKERS {
        let mut process = Command::new(env::current_exe()?)
            .args(["worker", redis, &address])
            .stdout(Stdio::piped())
            .spawn()?;
        let output = process.stdout.take().ok_or("no output")?;
        let counts = counts.clone();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let mut numbers = line.split(' ').map_while(|number| number.parse().ok());
                let count = [(); 3].map(|()| numbers.next().unwrap_or(0));
                let _ = counts.send((worker, count));
            }
        });
        workers.push(Process(process));
    }
    drop(counts);
    tokio::task::spawn_blocking(move || show(&counted)).await?;
    for mut worker in workers {
        worker.0.wait()?;
    }
    println!(
        "{} cookies of {SITES} sites are kept",
        jar.to_vec().await?.len()
    );
    jar.clear().await?;
    Ok(())
}

/// A line a second, until the workers end.
fn show(counted: &mpsc::Receiver<(usize, [u64; 3])>) {
    println!(
        "{:>8} {:>8} {:>8} {:>8}",
        "second", "pages", "logins", "failed"
    );
    let mut last = [[0_u64; 3]; WORKERS];
    let began = Instant::now();
    let mut next = 1;
    loop {
        let due = Duration::from_secs(next).saturating_sub(began.elapsed());
        match counted.recv_timeout(due) {
            Ok((worker, count)) => last[worker] = count,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                let [pages, logins, failed] = sum(&last);
                println!("{next:>8} {pages:>8} {logins:>8} {failed:>8}");
                next += 1;
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
        }
    }
    let [pages, logins, failed] = sum(&last);
    println!("{:>8} {pages:>8} {logins:>8} {failed:>8}", "all");
}

fn sum(counts: &[[u64; 3]]) -> [u64; 3] {
    [0, 1, 2].map(|index| counts.iter().map(|count| count[index]).sum())
}

/// A worker: a client of tower, whose jar is that of the crawl. It counts pages, logins and what failed.
async fn work(redis: &str, sites: SocketAddr) -> Result<(), Failure> {
    let jar = Fleet::new(connected(redis).await?).jar("crawl");
    let everywhere =
        service_fn(move |_: Name| async move { Ok::<_, Failure>([sites].into_iter()) });
    let connector = HttpConnector::new_with_resolver(everywhere);
    let client = Client::builder(TokioExecutor::new()).build::<_, Empty<&[u8]>>(connector);
    let client = CookieLayer::new(jar).layer(client);

    let mut count = [0_u64; 3];
    let began = Instant::now();
    let mut said = began;
    while began.elapsed() < RUN_FOR {
        let site = format!(
            "http://www.site-{}.example:{}",
            fastrand::usize(..SITES),
            sites.port()
        );
        let page = Request::get(format!("{site}/page")).body(Empty::new())?;
        match client.clone().oneshot(page).await {
            Ok(response) if response.status() == StatusCode::UNAUTHORIZED => {
                let login = Request::post(format!("{site}/login")).body(Empty::new())?;
                let is_in = client.clone().oneshot(login).await.is_ok();
                count[if is_in { 1 } else { 2 }] += 1;
            }
            Ok(_) => count[0] += 1,
            Err(_) => count[2] += 1,
        }
        if said.elapsed() > Duration::from_millis(200) {
            println!("{} {} {}", count[0], count[1], count[2]);
            said = Instant::now();
        }
    }
    println!("{} {} {}", count[0], count[1], count[2]);
    Ok(())
}

/// Connects, also to a server that is about to start.
async fn connected(redis: &str) -> Result<RedisBackend, Failure> {
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        match RedisBackend::connect(redis).await {
            Ok(backend) => return Ok(backend),
            Err(error) if Instant::now() > until => return Err(error.into()),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// All sites: a page is for who is logged in, and each login ends the one before.
fn sites(logins: Arc<Mutex<HashMap<String, u64>>>) -> Router {
    let known = Arc::clone(&logins);
    let page = async move |headers: HeaderMap| -> Response {
        let session = known
            .lock()
            .ok()
            .and_then(|known| known.get(&host(&headers)).copied());
        let cookies = headers
            .get(COOKIE)
            .and_then(|cookies| cookies.to_str().ok());
        let is_in = session.is_some_and(|session| cookies == Some(&*format!("sid={session}")));
        let status = if is_in {
            StatusCode::OK
        } else {
            StatusCode::UNAUTHORIZED
        };
        status.into_response()
    };
    let login = async move |headers: HeaderMap| -> Response {
        let session = fastrand::u64(..);
        if let Ok(mut logins) = logins.lock() {
            logins.insert(host(&headers), session);
        }
        [(
            SET_COOKIE,
            format!("sid={session}; Path=/; HttpOnly; Max-Age=3600"),
        )]
        .into_response()
    };
    Router::new()
        .route("/page", get(page))
        .route("/login", post(login))
}

fn host(headers: &HeaderMap) -> String {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    host.unwrap_or_default().to_owned()
}
