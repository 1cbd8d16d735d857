//! A jar at a server that processes share, are killed over, and that fails. `HARDTACK_FULL=1` takes four and more times as much
//! of what is random:
//!
//!     HARDTACK_FULL=1 cargo test --release --all-features --test fleet_server
#![cfg(all(feature = "redis", unix))]

mod backends;
mod common;
mod kept;
mod redis_server;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Child;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use backends::Wrapped;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use common::{text, url};
use hardtack::fleet::{
    Backend as _, BackendError, Fleet, FleetBuilder, FleetError, FleetJar, Freshness, RedisBackend,
    SiteKey, Stored, Value, Version,
};
use hardtack::{Cookie, Policy, Receipt};
use redis_server::{Server, has_redis, until, wait_until};

const SHOP: &str = "https://shop.example/";
const OTHER: &str = "https://other.example/";

type Place = Wrapped<RedisBackend>;

fn is_full() -> bool {
    env::var_os("HARDTACK_FULL").is_some()
}

async fn place(address: &str) -> Place {
    let backend = RedisBackend::builder().timeout(Duration::from_secs(20));
    Wrapped::new(backend.connect(address).await.unwrap())
}

/// A back end that waits no longer than a test likes to.
async fn hasty(address: &str) -> Place {
    let backend = RedisBackend::builder().timeout(Duration::from_millis(300));
    Wrapped::new(backend.connect(address).await.unwrap())
}

fn builder(place: Place) -> FleetBuilder<Place> {
    let policy = Policy::default()
        .with_max_cookies(usize::MAX)
        .with_max_cookies_per_site(usize::MAX)
        .with_max_cookies_per_domain(usize::MAX);
    Fleet::builder(place)
        .policy(policy)
        .repeat_for(Duration::from_millis(500))
        // In a closed loop one that knows what is there comes before one that has to read it, again and again.
        .max_tries(10_000)
}

fn jar(place: Place) -> FleetJar<Place> {
    builder(place).build().jar("me")
}

async fn jar_at(server: &Server) -> FleetJar<Place> {
    jar(place(&server.address()).await)
}

async fn set(jar: &FleetJar<Place>, to: &str, line: &str) -> Result<Receipt, FleetError> {
    jar.receive(line, &url(to)).await
}

async fn ask(jar: &FleetJar<Place>, to: &str) -> Result<String, FleetError> {
    let answer = jar.cookie_string(&url(to)).await?;
    assert_eq!(answer.stale, None);
    Ok(text(&answer.value.unwrap_or_default()))
}

async fn sent(jar: &FleetJar<Place>, to: &str) -> String {
    ask(jar, to).await.unwrap()
}

/// The cookies of a site by name, as a process reads them that has just started.
async fn cookies(server: &Server, to: &str) -> BTreeMap<String, String> {
    let answer = jar_at(server).await.cookies(&url(to)).await.unwrap();
    let pairs = answer.value;
    pairs
        .iter()
        .map(|cookie| (text(cookie.name()), text(cookie.value())))
        .collect()
}

// What other processes do

/// What another process runs, as it was told: a deed, and the address of the server.
#[test]
#[ignore = "other tests run it as a process of its own"]
fn child() {
    let Some((deed, address)) = kept::told() else {
        return;
    };
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    runtime.block_on(async {
        let (deed, address) = (&*deed, &*address);
        match deed.split_once(':').unwrap_or((deed, "")) {
            ("loop", name) => one_of_eight(name, address).await,
            ("paced", name) => paced(name, address).await,
            ("sites", name) => one_of_a_thousand_sites(name, address).await,
            ("load", name) => under_load(name, address).await,
            ("tls", _) => match RedisBackend::connect(address).await {
                Ok(backend) => {
                    let jar = jar(Wrapped::new(backend));
                    println!("said {:?}", set(&jar, SHOP, "a=1").await);
                }
                Err(error) => println!("said {error:?}"),
            },
            other => panic!("{other:?}"),
        }
    });
}

fn start(deed: &str, server: &Server) -> Child {
    let address = server.address();
    kept::child(deed, Path::new(&address)).spawn().unwrap()
}

/// Sets a cookie, and says how often that was tried.
async fn counted(jar: &FleetJar<Place>, to: &str, line: &str) {
    let place = jar.fleet().backend();
    let before = place.stored();
    set(jar, to, line).await.unwrap();
    println!("tries {}", place.stored() - before);
}

/// How many cookies each of eight processes sets.
fn rounds() -> usize {
    if is_full() { 250 } else { 60 }
}

/// Sets cookies of its own and one that all set, and removes some of its own and one that was there before.
async fn one_of_eight(name: &str, address: &str) {
    let jar = jar(place(address).await);
    let mut lines = Vec::new();
    for number in 0..rounds() {
        lines.push(format!("{name}-{number}=1"));
        if number % 5 == 4 {
            lines.push(format!("{name}-{number}=; Max-Age=0"));
        }
        if number % 10 == 0 {
            lines.push(format!("shared={name}-{number}"));
        }
        if number == 20 {
            lines.push(format!("old{}=; Max-Age=0", &name[1..]));
        }
    }
    for line in lines {
        counted(&jar, SHOP, &line).await;
    }
}

/// Sets five cookies of its own again and again, fifty times a second on average.
async fn paced(name: &str, address: &str) {
    let jar = jar(place(address).await);
    let mut random = fastrand::Rng::with_seed(name[1..].parse().unwrap());
    for number in 0..rounds() {
        tokio::time::sleep(Duration::from_millis(40).mul_f64(random.f64())).await;
        counted(&jar, SHOP, &format!("{name}-{}={number}", number % 5)).await;
    }
}

async fn one_of_a_thousand_sites(name: &str, address: &str) {
    let jar = jar(place(address).await);
    let mut random = fastrand::Rng::with_seed(name[1..].parse().unwrap());
    for number in 0..rounds() * 5 {
        let site = random.usize(..1000);
        let to = format!("https://s{site}.example/");
        counted(&jar, &to, &format!("{name}={number}")).await;
        println!("last {site} {number}");
    }
}

/// Sets and removes without an end, and says what is done.
async fn under_load(name: &str, address: &str) {
    let jar = jar(place(address).await);
    let mut random = fastrand::Rng::new();
    for number in (0..40).cycle() {
        tokio::time::sleep(Duration::from_millis(3).mul_f64(random.f64())).await;
        println!("begin {name}-{number}");
        set(&jar, SHOP, &format!("{name}-{number}=1"))
            .await
            .unwrap();
        println!("set {name}-{number}");
        if number % 3 == 2 {
            let line = format!("{name}-{}=; Max-Age=0", number - 1);
            println!("begin {name}-{}", number - 1);
            set(&jar, SHOP, &line).await.unwrap();
            println!("removed {name}-{}", number - 1);
        }
    }
}

// Many processes

/// How often each number of tries was needed.
#[derive(Default)]
struct Tries(BTreeMap<usize, usize>);

impl Tries {
    fn add(&mut self, output: &str) {
        for tries in output
            .lines()
            .filter_map(|line| line.strip_prefix("tries "))
        {
            *self.0.entry(tries.parse().unwrap()).or_default() += 1;
        }
    }

    fn most(&self) -> usize {
        *self.0.keys().next_back().unwrap()
    }

    fn within(&self, tries: usize) -> f64 {
        let count = |number: usize| f64::from(u32::try_from(number).unwrap());
        let few: usize = self.0.range(..=tries).map(|(_, number)| number).sum();
        count(few) / count(self.0.values().sum())
    }

    fn report(&self, what: &str) {
        println!(
            "{what}: {:?}; within 3: {:.2} %, most {}",
            self.0,
            100.0 * self.within(3),
            self.most()
        );
    }
}

/// The outputs of processes that end by themselves.
fn outputs(children: Vec<Child>) -> Vec<String> {
    let outputs = children.into_iter().map(|child| {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
        kept::lossy(&output.stdout)
    });
    outputs.collect()
}

fn eight_processes(deed: &str, server: &Server) -> Tries {
    let children = (0..8).map(|number| start(&format!("{deed}:p{number}"), server));
    let mut tries = Tries::default();
    for output in outputs(children.collect()) {
        tries.add(&output);
    }
    tries
}

#[tokio::test]
async fn eight_processes_on_one_site_lose_nothing_and_bring_nothing_back() {
    if !has_redis() {
        return;
    }
    let server = Server::start();
    let before = jar_at(&server).await;
    let lines = (0..8).map(|number| format!("old{number}=1"));
    before.receive_all(lines, &url(SHOP)).await.unwrap();
    let tries = eight_processes("loop", &server);
    let mut expected = BTreeSet::from(["shared".to_owned()]);
    for (name, number) in (0..8).flat_map(|name| (0..rounds()).map(move |number| (name, number))) {
        if number % 5 != 4 {
            expected.insert(format!("p{name}-{number}"));
        }
    }
    let found = cookies(&server, SHOP).await;
    assert_eq!(found.keys().cloned().collect::<BTreeSet<_>>(), expected);
    // One that was there all the while.
    let answer = before.cookies(&url(SHOP)).await.unwrap();
    assert_eq!(answer.value.len(), expected.len());
    tries.report("eight in a closed loop");
}

#[tokio::test]
async fn eight_processes_of_fifty_changes_a_second_seldom_meet() {
    if !has_redis() {
        return;
    }
    let server = Server::start();
    let tries = eight_processes("paced", &server);
    let mut expected = BTreeMap::new();
    for (name, number) in (0..8).flat_map(|name| (0..rounds()).map(move |number| (name, number))) {
        expected.insert(format!("p{name}-{}", number % 5), number.to_string());
    }
    assert_eq!(cookies(&server, SHOP).await, expected);
    tries.report("eight of fifty a second");
    // On a machine of its own it is nearly always one; here others run too.
    assert!(tries.most() <= 24 && tries.within(3) > 0.8, "{:?}", tries.0);
}

#[tokio::test]
async fn processes_on_a_thousand_sites_seldom_meet() {
    if !has_redis() {
        return;
    }
    let server = Server::start();
    let children = (0..4).map(|number| start(&format!("sites:p{number}"), &server));
    let outputs = outputs(children.collect());
    let mut tries = Tries::default();
    let mut expected: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for (number, output) in outputs.iter().enumerate() {
        tries.add(output);
        for last in output.lines().filter_map(|line| line.strip_prefix("last ")) {
            let (site, value) = last.split_once(' ').unwrap();
            let site = expected.entry(site.to_owned()).or_default();
            site.insert(format!("p{number}"), value.to_owned());
        }
    }
    tries.report("four on a thousand sites");
    assert!(tries.most() <= 6, "{:?}", tries.0);
    let mut found: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for cookie in jar_at(&server).await.to_vec().await.unwrap() {
        let site = text(cookie.domain());
        let site = site.trim_start_matches('s').trim_end_matches(".example");
        let site = found.entry(site.to_owned()).or_default();
        site.insert(text(cookie.name()), text(cookie.value()));
    }
    assert_eq!(found, expected);
}

#[tokio::test]
async fn processes_killed_at_random_instants() {
    if !has_redis() {
        return;
    }
    let server = Server::start();
    let mut random = fastrand::Rng::with_seed(17);
    let (mut acknowledged, times) = (0, if is_full() { 500 } else { 12 });
    for round in 0..times {
        let names = ["a", "b"].map(|name| format!("{name}{round}"));
        let start = |name: &String| {
            let mut child = start(&format!("load:{name}"), &server);
            let output = BufReader::new(child.stdout.take().unwrap());
            let lines = Arc::new(Mutex::new(Vec::new()));
            let said = Arc::clone(&lines);
            let reader = thread::spawn(move || {
                for line in output.lines().map_while(Result::ok) {
                    said.lock().unwrap().push(line);
                }
            });
            (child, lines, reader)
        };
        let children = [start(&names[0]), start(&names[1])];
        for (_, lines, _) in &children {
            wait_until("it begins", || {
                lines
                    .lock()
                    .unwrap()
                    .iter()
                    .any(|line| line.contains("set "))
            });
        }
        thread::sleep(Duration::from_micros(random.u64(..30_000)));
        let mut done: BTreeMap<String, Option<bool>> = BTreeMap::new();
        for (mut child, lines, reader) in children {
            child.kill().unwrap();
            child.wait().unwrap();
            reader.join().unwrap();
            for line in lines.lock().unwrap().iter() {
                let line = line.rsplit_once("... ").map_or(&**line, |(_, line)| line);
                match line.split_once(' ') {
                    Some(("begin", name)) => done.insert(name.to_owned(), None),
                    Some(("set", name)) => done.insert(name.to_owned(), Some(true)),
                    Some(("removed", name)) => done.insert(name.to_owned(), Some(false)),
                    _ => None,
                };
            }
        }
        let found = cookies(&server, SHOP).await;
        for (name, is_there) in &done {
            // What was begun, and not said to be done, may be done.
            if let Some(is_there) = is_there {
                acknowledged += 1;
                assert_eq!(found.contains_key(name), *is_there, "round {round}: {name}");
            }
        }
        let of_round = found
            .keys()
            .filter(|name| names.iter().any(|own| name.starts_with(&format!("{own}-"))));
        for name in of_round {
            assert!(done.contains_key(name), "round {round}: {name}");
        }
        // Nobody is left in the way.
        let jar = jar_at(&server).await;
        set(&jar, SHOP, "next=1").await.unwrap();
        jar.clear().await.unwrap();
    }
    assert!(acknowledged > times * 4, "{acknowledged}");
}

// One order of all that is done

/// What is done to a map of names to values.
#[derive(Debug, Clone)]
enum Operation {
    /// Each name to a value, or away with it.
    Change(Vec<(u8, Option<u32>)>),
    Read,
}

/// What was done from when to when, and what came of it.
#[derive(Debug, Clone)]
struct Event {
    operation: Operation,
    began: Instant,
    /// `None` if it may be carried out at any time, or never.
    ended: Option<Instant>,
    read: Option<Map>,
}

type Map = BTreeMap<u8, u32>;

/// Returns true if there is an order in which one after the other would have had these outcomes, and in which nothing comes
/// before what had ended when it began (Wing and Gong, with a memory of where it has been).
fn is_linearizable(events: &[Event], before: &Map) -> bool {
    let mut been: HashSet<(Vec<bool>, Map)> = HashSet::new();
    let mut stack = vec![(vec![false; events.len()], before.clone())];
    while let Some((done, map)) = stack.pop() {
        let left = || (0..events.len()).filter(|number| !done[*number]);
        let Some(first_end) = left().filter_map(|number| events[number].ended).min() else {
            // What is left may never be carried out.
            return true;
        };
        for number in left().filter(|number| events[*number].began <= first_end) {
            let event = &events[number];
            let mut map = map.clone();
            match (&event.operation, &event.read) {
                (Operation::Read, read) => {
                    if read.as_ref().is_some_and(|read| *read != map) {
                        continue;
                    }
                }
                (Operation::Change(changes), _) => {
                    for (name, value) in changes {
                        match value {
                            Some(value) => _ = map.insert(*name, *value),
                            None => _ = map.remove(name),
                        }
                    }
                }
            }
            let mut done = done.clone();
            done[number] = true;
            if been.insert((done.clone(), map.clone())) {
                stack.push((done, map));
            }
        }
    }
    false
}

#[test]
fn the_checker_bites() {
    let began = Instant::now();
    let at = |millisecond| began + Duration::from_millis(millisecond);
    let change = |changes: &[(u8, Option<u32>)], from, to: Option<u64>| Event {
        operation: Operation::Change(changes.to_vec()),
        began: at(from),
        ended: to.map(at),
        read: None,
    };
    let read = |map: &[(u8, u32)], from, to| Event {
        operation: Operation::Read,
        began: at(from),
        ended: Some(at(to)),
        read: Some(map.iter().copied().collect()),
    };
    let (set, both) = ([(0, Some(1))], [(0, Some(2)), (1, Some(2))]);
    for (events, expected) in [
        (vec![change(&set, 0, Some(1)), read(&[(0, 1)], 2, 3)], true),
        // Lost, or read too late.
        (vec![change(&set, 0, Some(1)), read(&[], 2, 3)], false),
        (vec![change(&set, 0, Some(3)), read(&[], 2, 4)], true),
        // Not known whether it is carried out: yes, no, and not both.
        (vec![change(&set, 0, None), read(&[(0, 1)], 2, 3)], true),
        (vec![change(&set, 0, None), read(&[], 2, 3)], true),
        (
            vec![
                change(&set, 0, None),
                read(&[(0, 1)], 2, 3),
                read(&[], 4, 5),
            ],
            false,
        ),
        (vec![change(&set, 4, None), read(&[(0, 1)], 2, 3)], false),
        // Back from the dead.
        (
            vec![
                change(&set, 0, Some(1)),
                change(&[(0, None)], 2, Some(3)),
                read(&[(0, 1)], 4, 5),
            ],
            false,
        ),
        // Half of what belongs together.
        (
            vec![change(&both, 0, Some(9)), read(&[(0, 2)], 2, 3)],
            false,
        ),
        (
            vec![change(&both, 0, Some(9)), read(&[(0, 2), (1, 2)], 2, 3)],
            true,
        ),
        // Two readers that do not agree on an order.
        (
            vec![
                change(&[(0, Some(1))], 0, Some(9)),
                change(&[(0, Some(2))], 0, Some(9)),
                read(&[(0, 1)], 1, 2),
                read(&[(0, 2)], 3, 4),
                read(&[(0, 1)], 5, 6),
            ],
            false,
        ),
    ] {
        assert_eq!(
            is_linearizable(&events, &Map::new()),
            expected,
            "{events:?}"
        );
    }
}

/// What clients have done.
#[derive(Default)]
struct History {
    events: Mutex<Vec<Event>>,
    /// How many there were, those included of which surely nothing came.
    attempts: AtomicUsize,
}

/// A client that does something random so often, and writes down what came of it.
async fn client(jar: FleetJar<Place>, seed: u64, times: u32, history: Arc<History>) {
    let mut random = fastrand::Rng::with_seed(seed);
    let own = u32::try_from(seed % 100).unwrap() * 1000;
    for number in 0..times {
        let mut change = || {
            let is_set = random.u8(..4) > 0;
            (random.u8(..3), is_set.then_some(own + number))
        };
        let operation = match number % 4 {
            0 => Operation::Read,
            1 => {
                let (one, other) = (change(), change());
                let mut changes = vec![one];
                changes.extend((other.0 != one.0).then_some(other));
                Operation::Change(changes)
            }
            _ => Operation::Change(vec![change()]),
        };
        let began = Instant::now();
        let (read, outcome) = match &operation {
            Operation::Read => match jar.cookies(&url(SHOP)).await {
                Ok(answer) => {
                    let pair = |cookie: &hardtack::Cookie| {
                        let value = text(cookie.value()).parse().unwrap();
                        (cookie.name()[0] - b'a', value)
                    };
                    (Some(answer.value.iter().map(pair).collect()), Ok(()))
                }
                Err(error) => (None, Err(error)),
            },
            Operation::Change(changes) => {
                let line = |(name, value): &(u8, Option<u32>)| {
                    let name = char::from(b'a' + name);
                    match value {
                        Some(value) => format!("{name}={value}"),
                        None => format!("{name}=; Max-Age=0"),
                    }
                };
                let received = jar.receive_all(changes.iter().map(line), &url(SHOP)).await;
                (None, received.map(drop))
            }
        };
        let ended = Instant::now();
        history.attempts.fetch_add(1, Ordering::SeqCst);
        let ended = match outcome {
            Ok(()) => Some(ended),
            Err(FleetError::Unknown(_)) => None,
            // Nothing was stored: the values are found nowhere, or there is no order.
            Err(FleetError::Backend(_) | FleetError::Contended { .. }) => {
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
            Err(error) => panic!("{error:?}"),
        };
        let event = Event {
            operation,
            began,
            ended,
            read,
        };
        history.events.lock().unwrap().push(event);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn histories_have_an_order() {
    if !has_redis() {
        return;
    }
    let mut server = Server::with(&["--appendonly", "yes", "--appendfsync", "always"]);
    let (mut events, mut unknown) = (0, 0);
    for round in 0..if is_full() { 200 } else { 10 } {
        server.cli(&["flushall"]);
        let history = Arc::new(History::default());
        let mut clients = tokio::task::JoinSet::new();
        for process in 0..4 {
            let jar = jar(hasty(&server.address()).await);
            for task in 0..2 {
                let seed = round * 100 + process * 2 + task;
                clients.spawn(client(jar.clone(), seed, 24, Arc::clone(&history)));
            }
        }
        let mut random = fastrand::Rng::with_seed(round);
        for at in [20, 60, 100] {
            let attempts = || history.attempts.load(Ordering::SeqCst);
            until("something is done", async || {
                (attempts() > at).then_some(())
            })
            .await;
            match round % 5 {
                0 => {}
                1 => _ = server.cli(&["client", "kill", "type", "normal"]),
                2 => _ = server.cli(&["script", "flush"]),
                3 => {
                    server.signal("STOP");
                    tokio::time::sleep(Duration::from_millis(random.u64(250..500))).await;
                    server.signal("CONT");
                }
                _ => {
                    server.kill();
                    server.run();
                }
            }
            if round % 5 == 0 {
                break;
            }
        }
        while let Some(ended) = clients.join_next().await {
            ended.unwrap();
        }
        let history = std::mem::take(&mut *history.events.lock().unwrap());
        events += history.len();
        unknown += history.iter().filter(|event| event.ended.is_none()).count();
        assert!(
            is_linearizable(&history, &Map::new()),
            "round {round}: {history:#?}"
        );
    }
    println!("{events} events, {unknown} with an unknown outcome");
    assert!(events > 500);
}

// What is at the server

#[tokio::test]
async fn the_keys_of_a_server() {
    if !has_redis() {
        return;
    }
    let server = Server::start();
    let jar = jar_at(&server).await;
    set(&jar, SHOP, "a=1; Max-Age=100").await.unwrap();
    set(&jar, "https://www.shop.example/", "b=2").await.unwrap();
    set(&jar, "https://[::1]/", "c=3").await.unwrap();
    let keys = [
        "hardtack:{me/[::1]}",
        "hardtack:{me/shop.example}",
        "hardtack:{me}",
    ];
    assert_eq!(server.lines(&["keys", "*"]), keys);
    assert_eq!(server.cli(&["type", keys[1]]), "string");
    // 16 octets of a version, and the format.
    assert_eq!(server.cli(&["getrange", keys[1], "16", "18"]), "ht\u{1}");
    let seconds = |key| server.cli(&["ttl", key]).parse::<i64>().unwrap();
    let month = 30 * 86_400 + 60;
    let is_about = |seconds, expected| (expected - 30..=expected).contains(&seconds);
    assert!(is_about(seconds(keys[1]), month), "{}", seconds(keys[1]));
    assert!(
        is_about(seconds(keys[2]), month + 86_400),
        "{}",
        seconds(keys[2])
    );
    let listed = ["me/[::1]", "me/shop.example"];
    assert_eq!(server.lines(&["zrange", keys[2], "0", "-1"]), listed);
    set(&jar, "https://[::1]/", "c=; Max-Age=0").await.unwrap();
    assert!(is_about(seconds(keys[0]), 60), "{}", seconds(keys[0]));
    jar.clear().await.unwrap();
    // What has no cookies goes by itself, and so does the list.
    assert_eq!(jar.to_vec().await.unwrap().len(), 0);
    for key in &keys[..2] {
        assert!(is_about(seconds(key), 60), "{key}: {}", seconds(key));
    }
    server.cli(&["flushall"]);

    // Octets that mean something in a key, a prefix, and no lists.
    let odd = jar.fleet().jar("a}b/{c é");
    set(&odd, SHOP, "a=1").await.unwrap();
    let keys = [
        "hardtack:{a%7Db%2F%7Bc%20%C3%A9/shop.example}",
        "hardtack:{a%7Db%2F%7Bc%20%C3%A9}",
    ];
    assert_eq!(server.lines(&["keys", "*"]), keys);
    assert_eq!(odd.to_vec().await.unwrap().len(), 1);
    server.cli(&["flushall"]);
    let backend = RedisBackend::builder().prefix("app:").lists(false);
    let backend = backend.connect(&server.address()).await.unwrap();
    let other = self::jar(Wrapped::new(backend));
    set(&other, SHOP, "a=1").await.unwrap();
    assert_eq!(server.lines(&["keys", "*"]), ["app:{me/shop.example}"]);
    assert_eq!(other.to_vec().await.unwrap_err(), FleetError::NoList);
    assert_eq!(
        sent(&jar, SHOP).await,
        "",
        "another prefix is another place"
    );
}

/// Who writes into the list of an identity does not have another one's cookies read or removed.
#[tokio::test]
async fn what_is_not_ours_in_a_list() {
    if !has_redis() {
        return;
    }
    let server = Server::start();
    let jar = jar_at(&server).await;
    let another = jar.fleet().jar("another");
    set(&jar, SHOP, "mine=1").await.unwrap();
    set(&another, SHOP, "theirs=2").await.unwrap();
    let never = "99999999999999";
    for member in ["another/shop.example", "me", "me/a/b", "%", ""] {
        server.cli(&["zadd", "hardtack:{me}", never, member]);
    }
    let names = |cookies: Vec<Cookie>| -> Vec<String> {
        cookies.iter().map(|cookie| text(cookie.name())).collect()
    };
    assert_eq!(names(jar.to_vec().await.unwrap()), ["mine"]);
    jar.end_session().await.unwrap();
    jar.clear().await.unwrap();
    assert_eq!(names(another.to_vec().await.unwrap()), ["theirs"]);
}

/// Whatever comes first after the server was started again finds a connection that is gone.
#[tokio::test]
async fn the_first_call_after_a_server_was_started_again() {
    if !has_redis() {
        return;
    }
    let mut server = Server::with(&["--appendonly", "yes", "--appendfsync", "always"]);
    let jar = jar(place(&server.address()).await);
    set(&jar, SHOP, "a=1").await.unwrap();
    for call in ["cookie_string", "to_vec", "receive", "end_session", "clear"] {
        server.kill();
        server.run();
        let called = match call {
            "cookie_string" => ask(&jar, SHOP).await.map(drop),
            "to_vec" => jar.to_vec().await.map(drop),
            "receive" => set(&jar, SHOP, "b=2").await.map(drop),
            "end_session" => jar.end_session().await.map(drop),
            _ => jar.clear().await,
        };
        assert_eq!(called, Ok(()), "{call}");
    }
}

/// Stored, whatever the server says of its replicas.
#[tokio::test]
async fn replicas_at_the_ends() {
    if !has_redis() {
        return;
    }
    let server = Server::start();
    let not_replicated = Err(FleetError::NotReplicated {
        site: "shop.example".into(),
    });
    let second = Duration::from_secs(1);
    for (replicas, within, expected) in [
        (0, Duration::MAX, &Ok(Receipt::Stored)),
        (1, Duration::ZERO, &not_replicated),
        (usize::MAX, Duration::from_millis(1), &not_replicated),
    ] {
        let backend = RedisBackend::builder().wait(replicas, within);
        let backend = backend.connect(&server.address()).await.unwrap();
        let jar = jar(Wrapped::new(backend));
        let received = set(&jar, SHOP, "a=1").await;
        assert_eq!(&received, expected, "{replicas} {within:?}");
        assert_eq!(sent(&jar, SHOP).await, "a=1");
        let cleared = jar.clear().await;
        assert_eq!(cleared, expected.clone().map(drop), "{replicas} {within:?}");
        assert_eq!(sent(&jar, SHOP).await, "");
    }
    // More milliseconds than the server knows, which are not waited for.
    let backend = RedisBackend::builder()
        .timeout(second)
        .lists(false)
        .wait(1, Duration::MAX);
    let backend = backend.connect(&server.address()).await.unwrap();
    let jar = jar(Wrapped::new(backend));
    let setting = tokio::time::timeout(second, set(&jar, SHOP, "a=1"));
    assert!(setting.await.is_err());
    wait_until("it is stored", || {
        server.cli(&["exists", "hardtack:{me/shop.example}"]) == "1"
    });

    // The user may not wait: that is told before anything is stored.
    let user = &[
        "acl", "setuser", "hasty", "on", ">secret", "~*", "+@all", "-wait",
    ];
    assert_eq!(server.cli(user), "OK");
    let address = format!("redis://hasty:secret@127.0.0.1:{}", server.port);
    let backend = RedisBackend::builder().wait(1, second);
    let refused = backend.connect(&address).await;
    assert!(
        matches!(refused, Err(BackendError::NoPermission { .. })),
        "{refused:?}"
    );
}

/// What is stored once more is written once more, so that a new connection waits for the replicas that lack it.
#[tokio::test]
async fn a_value_that_is_there_lives_anew() {
    if !has_redis() {
        return;
    }
    let server = Server::start();
    let backend = RedisBackend::connect(&server.address()).await.unwrap();
    let key = SiteKey::new("me", "shop.example");
    let value = Value {
        version: Version::random(),
        octets: b"ht\x01".to_vec(),
    };
    let (day, hour) = (Duration::from_secs(86_400), Duration::from_secs(3600));
    for life in [day, hour, day] {
        let stored = backend.store(&key, None, &value, life).await;
        assert_eq!(stored, Ok(Stored::Done));
        let left = server.cli(&["ttl", "hardtack:{me/shop.example}"]);
        let left = Duration::from_secs(left.parse().unwrap());
        assert!(left <= life && left > life / 2, "{left:?} of {life:?}");
    }
}

/// An address that leads elsewhere is told apart from a server that is not there.
#[tokio::test]
async fn addresses_that_do_not_fit() {
    if !has_redis() {
        return;
    }
    let server = Server::start();
    let at = format!("127.0.0.1:{}", server.port);
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let elsewhere = other.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in other.incoming().flatten() {
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").ok();
        }
    });
    for (address, expected) in [
        (format!("redis://{at}/99"), "no such database"),
        ("redis://:secret@127.0.0.1:port".into(), "write `redis://"),
        ("redis://".into(), "write `redis://"),
        (format!("redis+nothing://{at}"), "write `redis://"),
        (format!("redis://{at}/?protocol=resp9"), "write `redis://"),
        ("redis-cluster://".into(), "write `redis-cluster://"),
        (format!("redis-cluster://{at}"), "none of a cluster"),
        (format!("redis-sentinel://{at}"), "write `redis-sentinel://"),
        (format!("redis-sentinel://{at}/name"), "no sentinel"),
        (format!("redis://:secret@{elsewhere}"), "not Redis"),
        ("redis://127.0.0.1:1".into(), "cannot be reached"),
        (
            "redis-cluster://:secret@127.0.0.1:1".into(),
            "cannot be reached",
        ),
    ] {
        let error = RedisBackend::connect(&address).await.unwrap_err();
        let message = error.to_string();
        assert!(message.contains(expected), "{address}: {message}");
        assert!(!message.contains("secret"), "{message}");
        assert!(!error.may_be_stored(), "{message}");
    }
}

#[tokio::test]
async fn what_is_not_ours_at_a_key() {
    if !has_redis() {
        return;
    }
    let server = Server::start();
    let key = "hardtack:{me/shop.example}";
    let jar = jar_at(&server).await;
    let wrong_type = FleetError::Backend(BackendError::WrongType {
        site: "shop.example".into(),
    });
    let foreign = FleetError::Foreign {
        site: "shop.example".into(),
    };
    let newer = FleetError::Newer {
        site: "shop.example".into(),
        version: 2,
    };
    for known in [false, true] {
        for (command, expected) in [
            (&["lpush", key, "x"][..], &wrong_type),
            (&["set", key, "short"], &wrong_type),
            (
                &["set", key, "a string that is longer than a version"],
                &foreign,
            ),
            (
                &["set", key, "0123456789abcdefht\u{2}and what may come"],
                &newer,
            ),
        ] {
            server.cli(&["del", key]);
            if known {
                set(&jar, SHOP, "a=1").await.unwrap();
                server.cli(&["del", key]);
            }
            server.cli(command);
            assert_eq!(ask(&jar, SHOP).await.as_ref(), Err(expected), "{command:?}");
            let received = set(&jar, SHOP, "a=1").await;
            assert_eq!(received.as_ref(), Err(expected), "{command:?}");
            let there = server.cli(&["object", "freq", key]);
            assert!(!there.is_empty(), "it is left alone");
            assert_eq!(sent(&jar, OTHER).await, "");
            server.cli(&["del", key]);
            assert_eq!(set(&jar, SHOP, "b=2").await, Ok(Receipt::Stored));
            assert_eq!(sent(&jar, SHOP).await, "b=2");
        }
    }
    // The list of sites.
    server.cli(&["flushall"]);
    server.cli(&["set", "hardtack:{me}", "x"]);
    for failed in [
        jar.to_vec().await.map(drop),
        jar.clear().await,
        set(&jar, SHOP, "a=1").await.map(drop),
    ] {
        let message = failed.unwrap_err().to_string();
        let expected = "what is at the key of the list of sites was not written by hardtack";
        assert!(message.starts_with(expected), "{message}");
    }
}

// A server that fails

/// The jar works again, and another process sees that.
async fn works(server: &Server, jar: &FleetJar<Place>, what: &str) {
    let to = "https://works.example/";
    until(what, async || set(jar, to, "works=1").await.ok()).await;
    assert_eq!(sent(jar, to).await, "works=1", "{what}");
    assert_eq!(sent(&jar_at(server).await, to).await, "works=1", "{what}");
    set(jar, to, "works=; Max-Age=0").await.unwrap();
}

fn is_refused<T>(result: &Result<T, FleetError>) -> bool {
    matches!(
        result,
        Err(FleetError::Backend(BackendError::Refused { .. }))
    )
}

#[tokio::test]
async fn a_server_that_is_killed_and_started_again() {
    if !has_redis() {
        return;
    }
    for keeps in [true, false] {
        let append: &[&str] = if keeps {
            &["--appendonly", "yes", "--appendfsync", "always"]
        } else {
            &[]
        };
        let mut server = Server::with(append);
        let jar = jar(hasty(&server.address()).await);
        set(&jar, SHOP, "a=1").await.unwrap();
        for round in 0..2 {
            server.kill();
            // The first ones may find the old connection.
            until("it is refused", async || {
                is_refused(&ask(&jar, SHOP).await).then_some(())
            })
            .await;
            assert!(is_refused(&set(&jar, SHOP, "lost=1").await));
            let connected = RedisBackend::connect(&server.address()).await;
            assert!(
                matches!(connected, Err(BackendError::Refused { .. })),
                "{connected:?}"
            );
            server.run();
            let expected = if keeps { "a=1" } else { "" };
            let found = until("it answers", async || ask(&jar, SHOP).await.ok()).await;
            assert_eq!(found, expected);
            works(&server, &jar, "started again").await;
            // What is stored now is among the identity's sites, though the server may have forgotten them all.
            set(&jar, SHOP, "a=1").await.unwrap();
            let all = jar.to_vec().await.unwrap();
            assert_eq!(all.len(), 1, "keeps: {keeps}, round {round}");
            if !keeps {
                server.cli(&["flushall"]);
                set(&jar, SHOP, "a=1").await.unwrap();
                let all = jar.to_vec().await.unwrap();
                assert_eq!(all.len(), 1, "after it lost all");
            }
            server.cli(&["bgrewriteaof"]);
        }
        jar.clear().await.unwrap();
        assert_eq!(sent(&jar, SHOP).await, "");
    }
}

#[tokio::test]
async fn a_server_that_stands_still() {
    if !has_redis() {
        return;
    }
    let server = Server::start();
    let jar = jar(hasty(&server.address()).await);
    let stale = builder(hasty(&server.address()).await).stale(Duration::from_secs(3600));
    let stale = stale.build().jar("me");
    set(&jar, SHOP, "a=1").await.unwrap();
    assert_eq!(sent(&stale, SHOP).await, "a=1");
    server.signal("STOP");
    let late = BackendError::Timeout;
    assert_eq!(
        ask(&jar, SHOP).await,
        Err(FleetError::Backend(late.clone()))
    );
    let answer = stale.cookie_string(&url(SHOP)).await.unwrap();
    assert_eq!(answer.value.unwrap(), b"a=1");
    assert!(answer.stale.is_some());
    let received = set(&jar, SHOP, "b=2").await;
    assert!(
        matches!(received, Err(FleetError::Unknown(_))),
        "{received:?}"
    );
    let connected = RedisBackend::builder()
        .timeout(Duration::from_millis(300))
        .connect(&server.address())
        .await;
    assert!(connected.is_err(), "{connected:?}");
    server.signal("CONT");
    works(&server, &jar, "goes on").await;
    let found = sent(&jar, SHOP).await;
    assert!(["a=1", "a=1; b=2"].contains(&&*found), "{found}");
    set(&jar, SHOP, "b=3").await.unwrap();
    assert_eq!(sent(&jar, SHOP).await, "a=1; b=3");
}

#[tokio::test]
async fn a_server_that_refuses_to_store() {
    if !has_redis() {
        return;
    }
    let server = Server::start();
    let jar = jar_at(&server).await;
    set(&jar, SHOP, "a=1").await.unwrap();
    // A new site is listed first, an old one is not: each has a script of its own.
    for (what, begin, end, expected) in [
        (
            "full",
            &[
                &["config", "set", "maxmemory", "1"][..],
                &["config", "set", "maxmemory-policy", "noeviction"],
            ][..],
            &["config", "set", "maxmemory", "0"][..],
            BackendError::OutOfMemory,
        ),
        (
            "a replica",
            &[&["replicaof", "127.0.0.1", "1"]],
            &["replicaof", "no", "one"],
            BackendError::ReadOnly,
        ),
        (
            "too few replicas",
            &[&["config", "set", "min-replicas-to-write", "1"]],
            &["config", "set", "min-replicas-to-write", "0"],
            BackendError::ReadOnly,
        ),
    ] {
        for command in begin {
            server.cli(command);
        }
        for to in [SHOP, OTHER] {
            let received = set(&jar, to, "b=2").await;
            assert_eq!(
                received,
                Err(FleetError::Backend(expected.clone())),
                "{what}"
            );
        }
        assert_eq!(sent(&jar, SHOP).await, "a=1", "{what}: it reads");
        server.cli(end);
        works(&server, &jar, what).await;
    }
    // Without its primary a replica may have to say nothing.
    server.cli(&["config", "set", "replica-serve-stale-data", "no"]);
    server.cli(&["replicaof", "127.0.0.1", "1"]);
    let not_ready = FleetError::Backend(BackendError::NotReady);
    assert_eq!(ask(&jar, SHOP).await.as_ref(), Err(&not_ready));
    assert_eq!(set(&jar, SHOP, "b=2").await.as_ref(), Err(&not_ready));
    server.cli(&["replicaof", "no", "one"]);
    works(&server, &jar, "a primary again").await;
    // Scripts may be forgotten at any time.
    for _ in 0..3 {
        assert_eq!(server.cli(&["script", "flush"]), "OK");
        set(&jar, SHOP, "c=3").await.unwrap();
        set(&jar, OTHER, "c=3").await.unwrap();
    }
    assert_eq!(sent(&jar, SHOP).await, "a=1; c=3");
}

#[tokio::test]
async fn a_server_that_loads_its_data() {
    if !has_redis() {
        return;
    }
    let mut server = Server::with(&[
        "--rdbcompression",
        "no",
        "--loading-process-events-interval-bytes",
        "1024",
    ]);
    let jar = jar(hasty(&server.address()).await);
    set(&jar, SHOP, "a=1").await.unwrap();
    for number in 0..30 {
        let (key, value) = (format!("k{number}"), "v".repeat(2000));
        server.cli(&["set", &key, &value]);
    }
    assert_eq!(server.cli(&["save"]), "OK");
    server.kill();
    server.argue(&["--key-load-delay", "100000"]);
    server.begin();
    let not_ready = FleetError::Backend(BackendError::NotReady);
    until("it loads", async || {
        (ask(&jar, SHOP).await.as_ref() == Err(&not_ready)).then_some(())
    })
    .await;
    assert_eq!(set(&jar, SHOP, "b=2").await, Err(not_ready));
    works(&server, &jar, "loaded").await;
    assert_eq!(sent(&jar, SHOP).await, "a=1");
}

#[tokio::test]
async fn users_and_passwords() {
    if !has_redis() {
        return;
    }
    let server = Server::start();
    let address = |user: &str| format!("redis://{user}@127.0.0.1:{}", server.port);
    let all = &["-@all", "+ping", "+hello", "+client", "+info"];
    // What the message asks for, and what each connection needs.
    let message = BackendError::NoPermission {
        prefix: "hardtack:".into(),
    }
    .to_string();
    let commands = message
        .split_once("allow ")
        .unwrap()
        .1
        .split_once(" on ")
        .unwrap()
        .0;
    let commands = commands.replace(" and ", ", ").to_lowercase();
    let commands: Vec<String> = commands
        .split(", ")
        .map(|one| format!("+{}", one.replace(' ', "|")))
        .collect();
    let commands: Vec<&str> = commands.iter().map(String::as_str).collect();
    let user = |name: &str, keys: &str, but: &[&str]| {
        let mut command = vec!["acl", "setuser", name, "on", ">secret", keys];
        command.extend(all);
        command.extend(&commands);
        command.extend(but);
        assert_eq!(server.cli(&command), "OK", "{command:?}");
    };
    user("good", "~hardtack:*", &[]);
    user("other", "~other:*", &[]);
    user("reader", "~hardtack:*", &["-set"]);
    user("unlisted", "~hardtack:*", &["-zadd"]);
    user("nothing", "~hardtack:*", &["-@all"]);

    let jar = jar(place(&address("good:secret")).await);
    set(&jar, SHOP, "a=1").await.unwrap();
    assert_eq!(sent(&jar, SHOP).await, "a=1");
    server.cli(&["script", "flush"]);
    set(&jar, OTHER, "a=1").await.unwrap();
    assert_eq!(jar.to_vec().await.unwrap().len(), 2);
    jar.end_session().await.unwrap();
    jar.clear().await.unwrap();

    let no_permission = FleetError::Backend(BackendError::NoPermission {
        prefix: "hardtack:".into(),
    });
    for (user, may_read) in [("other", false), ("reader", true), ("unlisted", true)] {
        let jar = self::jar(place(&address(&format!("{user}:secret"))).await);
        let asked = ask(&jar, SHOP).await;
        let expected = if may_read {
            Ok(String::new())
        } else {
            Err(no_permission.clone())
        };
        assert_eq!(asked, expected, "{user}");
        let received = set(&jar, SHOP, "a=1").await;
        assert_eq!(received.as_ref(), Err(&no_permission), "{user}");
    }
    let refused = RedisBackend::connect(&address("nothing:secret")).await;
    let refused = refused.map(|_| ()).map_err(FleetError::Backend);
    assert_eq!(refused.as_ref(), Err(&no_permission));
    for wrong in ["good:wrong", "nobody:secret", ":wrong"] {
        let refused = RedisBackend::connect(&address(wrong)).await.unwrap_err();
        assert_eq!(refused, BackendError::WrongPassword, "{wrong}");
    }
    // One that is taken away while it is connected.
    server.cli(&["config", "set", "requirepass", "new"]);
    let missing = RedisBackend::connect(&server.address()).await.unwrap_err();
    assert_eq!(missing, BackendError::WrongPassword);
    let backend = RedisBackend::connect(&address(":new")).await.unwrap();
    let shown = format!("{backend:?}");
    assert!(!shown.contains("new"), "{shown}");
    let jar = self::jar(Wrapped::new(backend));
    set(&jar, SHOP, "a=1").await.unwrap();
}

// What the server tells

async fn told(server: &Server) -> Place {
    place(&format!("{}?protocol=resp3", server.address())).await
}

fn for_an_hour(place: Place) -> FleetJar<Place> {
    let hour = Duration::from_secs(3600);
    builder(place)
        .freshness(Freshness::Cached(hour))
        .build()
        .jar("me")
}

/// Asks until a jar has what another one stored, which is long before its hour is over.
async fn comes_to(jar: &FleetJar<Place>, expected: &str) {
    let mut last = None;
    let began = Instant::now();
    while last != Some(Ok(expected.to_owned())) {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "{expected}: {last:?}"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
        last = Some(ask(jar, SHOP).await);
    }
    // And then it is known without a question.
    let loaded = jar.fleet().backend().loaded();
    assert_eq!(sent(jar, SHOP).await, expected);
    assert_eq!(jar.fleet().backend().loaded(), loaded);
}

#[tokio::test]
async fn changes_of_others_are_told() {
    if !has_redis() {
        return;
    }
    let server = Server::start();
    let jar = for_an_hour(told(&server).await);
    let other = jar_at(&server).await;
    assert_eq!(sent(&jar, SHOP).await, "");
    for number in 0..5 {
        set(&other, SHOP, &format!("a={number}")).await.unwrap();
        comes_to(&jar, &format!("a={number}")).await;
    }
    // One's own is known, and what comes after it is told.
    for number in 0..5 {
        set(&jar, SHOP, &format!("a={number}")).await.unwrap();
        let loaded = jar.fleet().backend().loaded();
        assert_eq!(sent(&jar, SHOP).await, format!("a={number}"));
        assert_eq!(jar.fleet().backend().loaded(), loaded, "it is known");
        set(&other, SHOP, &format!("a=other{number}"))
            .await
            .unwrap();
        comes_to(&jar, &format!("a=other{number}")).await;
    }
    // After a connection that was killed, too.
    for number in 0..3 {
        server.cli(&["client", "kill", "type", "normal"]);
        let line = format!("a=killed{number}");
        until("it is stored", async || set(&other, SHOP, &line).await.ok()).await;
        comes_to(&jar, &line).await;
        set(&other, SHOP, "a=after").await.unwrap();
        comes_to(&jar, "a=after").await;
    }
    // Nothing is left.
    server.cli(&["flushall"]);
    comes_to(&jar, "").await;
    set(&other, SHOP, "a=new").await.unwrap();
    comes_to(&jar, "a=new").await;
    other.clear().await.unwrap();
    comes_to(&jar, "").await;
    // What comes after one has removed all oneself, whatever it was.
    for octets in [None, Some("0123456789abcdefno value of ours")] {
        if let Some(octets) = octets {
            server.cli(&["set", "hardtack:{me/shop.example}", octets]);
        }
        jar.clear().await.unwrap();
        assert_eq!(sent(&jar, SHOP).await, "");
        set(&other, SHOP, "a=new").await.unwrap();
        comes_to(&jar, "a=new").await;
    }
}

/// One that stores a value again, since an answer was lost, is told of what comes after it all the same.
#[tokio::test]
async fn changes_after_a_value_that_was_stored_again_are_told() {
    if !has_redis() {
        return;
    }
    let server = Server::start();
    let backend = told(&server).await.place;
    let others: Arc<AtomicUsize> = Arc::default();
    let counted = Arc::clone(&others);
    assert!(backend.watch(Arc::new(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
    })));
    let other = RedisBackend::connect(&server.address()).await.unwrap();
    let key = SiteKey::new("me", "shop.example");
    let day = Duration::from_secs(86_400);
    let mut expected = None;
    for times in 1..=3 {
        let value = || Value {
            version: Version::random(),
            octets: b"ht\x01".to_vec(),
        };
        let (own, next) = (value(), value());
        for _ in 0..times {
            let stored = backend.store(&key, expected, &own, day).await;
            assert_eq!(stored, Ok(Stored::Done), "{times}");
        }
        let so_far = others.load(Ordering::SeqCst);
        let stored = other.store(&key, Some(own.version), &next, day).await;
        assert_eq!(stored, Ok(Stored::Done), "{times}");
        until("it is told", async || {
            (others.load(Ordering::SeqCst) > so_far).then_some(())
        })
        .await;
        expected = Some(next.version);
    }
}

/// Two fleets of a process over one connection.
#[tokio::test]
async fn each_fleet_over_a_connection_is_told() {
    if !has_redis() {
        return;
    }
    let server = Server::start();
    let place = told(&server).await;
    let jars = [for_an_hour(place.another()), for_an_hour(place.another())];
    let other = jar_at(&server).await;
    for number in 0..3 {
        set(&other, SHOP, &format!("a={number}")).await.unwrap();
        for jar in &jars {
            comes_to(jar, &format!("a={number}")).await;
        }
    }
}

/// Serves a socket at which there is nothing, and says which keys are read. It hears no more of the first connection once a key
/// was read by it: a client cannot write to it any more, and is not told that by reading.
fn one_that_hears_no_more(listener: &UnixListener, read: &Mutex<Vec<String>>) {
    thread::scope(|scope| {
        for (number, stream) in listener.incoming().enumerate() {
            let stream = stream.unwrap();
            scope.spawn(move || {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut stream = &stream;
                while let Some(words) = redis_server::command(&mut reader) {
                    let answer = match &*words[0] {
                        "HELLO" => "%1\r\n$6\r\nserver\r\n$5\r\nredis\r\n",
                        "PING" => "+PONG\r\n",
                        "GET" => {
                            read.lock().unwrap().push(words[1].clone());
                            if number == 0 {
                                stream.shutdown(Shutdown::Read).unwrap();
                            }
                            "_\r\n"
                        }
                        _ => "+OK\r\n",
                    };
                    stream.write_all(answer.as_bytes()).unwrap();
                }
                // Its other direction stays open.
                thread::park();
            });
        }
    });
}

/// A connection is lost, too, where that is noticed by writing.
#[tokio::test]
async fn a_connection_that_cannot_be_written_to_tells_nothing_any_more() {
    let folder = kept::Folder::of("socket");
    let listener = UnixListener::bind(folder.file()).unwrap();
    let read: Arc<Mutex<Vec<String>>> = Arc::default();
    let reads = Arc::clone(&read);
    thread::spawn(move || one_that_hears_no_more(&listener, &reads));
    let address = format!("redis+unix://{}?protocol=resp3", folder.file().display());
    let jar = for_an_hour(place(&address).await);
    assert_eq!(sent(&jar, SHOP).await, "");
    assert_eq!(sent(&jar, OTHER).await, "");
    assert_eq!(sent(&jar, SHOP).await, "");
    assert_eq!(sent(&jar, SHOP).await, "");
    let shop = "hardtack:{me/shop.example}";
    let expected = [shop, "hardtack:{me/other.example}", shop];
    assert_eq!(*read.lock().unwrap(), expected, "it is asked for anew");
}

/// Serves a socket at which there is nothing. It ends the first connection after a key was read, and answers the first
/// command of the next one with this.
fn one_that_greets_badly(listener: &UnixListener, greeting: &str) {
    for (number, stream) in listener.incoming().enumerate() {
        let mut stream = stream.unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        while let Some(words) = redis_server::command(&mut reader) {
            if number == 1 {
                stream.write_all(greeting.as_bytes()).unwrap();
                break;
            }
            let answer = match &*words[0] {
                "HELLO" => "%1\r\n$6\r\nserver\r\n$5\r\nredis\r\n",
                "PING" => "+PONG\r\n",
                "GET" => "$-1\r\n",
                _ => "+OK\r\n",
            };
            stream.write_all(answer.as_bytes()).unwrap();
            if number == 0 && words[0] == "GET" {
                break;
            }
        }
    }
}

/// A connection that could not be made anew at first is made later.
#[tokio::test]
async fn a_server_that_greets_badly_once() {
    for greeting in [
        "",
        "%1\r\n$6\r\nser",
        "no answer of Redis\r\n",
        "-ERR max number of clients reached\r\n",
        "-LOADING Redis is loading the dataset in memory\r\n",
        "-WRONGPASS invalid username-password pair or user is disabled.\r\n",
        "-NOAUTH Authentication required.\r\n",
    ] {
        for options in ["", "?db=1", "?pass=secret", "?protocol=resp3"] {
            let folder = kept::Folder::of("socket");
            let listener = UnixListener::bind(folder.file()).unwrap();
            thread::spawn(move || one_that_greets_badly(&listener, greeting));
            let address = format!("redis+unix://{}{options}", folder.file().display());
            let jar = jar(place(&address).await);
            assert_eq!(sent(&jar, SHOP).await, "");
            let mut failed = 0;
            while ask(&jar, SHOP).await.is_err() {
                failed += 1;
                assert!(failed < 3, "{greeting} {options}");
            }
        }
    }
}

// Other ways to a server

#[tokio::test]
async fn a_connection_of_the_programs_own() {
    if !has_redis() {
        return;
    }
    let server = Server::start();
    let client = redis::Client::open(server.address()).unwrap();
    let connection = client.get_multiplexed_async_connection().await.unwrap();
    let backend = RedisBackend::builder()
        .wait(0, Duration::ZERO)
        .connection(connection);
    let jar = jar(Wrapped::new(backend));
    set(&jar, SHOP, "a=1").await.unwrap();
    assert_eq!(sent(&jar, SHOP).await, "a=1");
    assert_eq!(sent(&jar_at(&server).await, SHOP).await, "a=1");
    assert_eq!(jar.to_vec().await.unwrap().len(), 1);
    jar.clear().await.unwrap();
    assert_eq!(sent(&jar, SHOP).await, "");
    // A socket.
    let socket = server.path("socket");
    let other = Server::with(&["--unixsocket", socket.to_str().unwrap()]);
    let address = format!("redis+unix://{}", socket.display());
    let jar = self::jar(place(&address).await);
    set(&jar, SHOP, "a=1").await.unwrap();
    assert_eq!(sent(&jar_at(&other).await, SHOP).await, "a=1");
    // With replicas that are not there.
    let backend = RedisBackend::builder().wait(1, Duration::from_millis(20));
    let jar = self::jar(Wrapped::new(backend.connect(&address).await.unwrap()));
    let not_replicated = FleetError::NotReplicated {
        site: "shop.example".into(),
    };
    assert_eq!(set(&jar, SHOP, "b=2").await, Err(not_replicated));
    assert_eq!(
        sent(&jar_at(&other).await, SHOP).await,
        "a=1; b=2",
        "it is stored"
    );
    for address in [
        "",
        "shop.example",
        "redis:/",
        "http://127.0.0.1",
        "redis-sentinel://127.0.0.1:1",
        "redis-cluster://",
    ] {
        let connected = RedisBackend::connect(address).await;
        assert!(connected.is_err(), "{address}: {connected:?}");
    }
}

#[tokio::test]
async fn by_tls() {
    if !has_redis() {
        return;
    }
    let folder = kept::Folder::of("certificate");
    for name in ["right", "wrong"] {
        let signed = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        for (file, what, der) in [
            ("crt", "CERTIFICATE", signed.cert.der().to_vec()),
            ("key", "PRIVATE KEY", signed.signing_key.serialize_der()),
        ] {
            let text = BASE64_STANDARD.encode(der);
            let pem = format!("-----BEGIN {what}-----\n{text}\n-----END {what}-----\n");
            fs::write(folder.join(&format!("{name}.{file}")), pem).unwrap();
        }
    }
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let port = redis_server::free_port();
    let _server = Server::with(&[
        "--tls-port",
        &port.to_string(),
        "--tls-cert-file",
        &path("right.crt"),
        "--tls-key-file",
        &path("right.key"),
        "--tls-ca-cert-file",
        &path("right.crt"),
        "--tls-auth-clients",
        "no",
    ]);
    let address = format!("rediss://127.0.0.1:{port}");
    for (name, expected) in [("right", "said Ok(Stored)"), ("wrong", "said Refused")] {
        let mut child = kept::child("tls", Path::new(&address));
        let output = child
            .env("SSL_CERT_FILE", path(&format!("{name}.crt")))
            .output();
        let said = kept::lossy(&output.unwrap().stdout);
        assert!(said.contains(expected), "{name}: {said}");
    }
}

#[tokio::test]
async fn what_sentinels_watch() {
    if !has_redis() {
        return;
    }
    let mut primary = Server::start();
    let replica = Server::with(&["--replicaof", "127.0.0.1", &primary.port.to_string()]);
    wait_until("it replicates", || {
        primary
            .cli(&["info", "replication"])
            .contains("state=online")
    });
    let sentinel = Server::sentinel(&primary);
    let address = format!("redis-sentinel://127.0.0.1:{}/main", sentinel.port);
    let backend = RedisBackend::builder()
        .timeout(Duration::from_millis(500))
        .wait(1, Duration::from_secs(5));
    let jar = jar(Wrapped::new(backend.connect(&address).await.unwrap()));
    set(&jar, SHOP, "a=1").await.unwrap();
    assert_eq!(sent(&jar_at(&primary).await, SHOP).await, "a=1");
    wait_until("the sentinel knows the replica", || {
        sentinel
            .cli(&["sentinel", "replicas", "main"])
            .contains(&replica.port.to_string())
    });
    primary.kill();
    let found = until("the replica takes over", async || {
        match jar.receive("b=2", &url(SHOP)).await {
            Ok(_) | Err(FleetError::NotReplicated { .. }) => Some(sent(&jar, SHOP).await),
            Err(_) => None,
        }
    })
    .await;
    assert_eq!(found, "a=1; b=2");
    assert_eq!(sent(&jar_at(&replica).await, SHOP).await, "a=1; b=2");
}
