//! A jar at a cluster of three primaries and their replicas. A primary that is cut off from its replica and then killed
//! takes changes with it, unless they wait for a replica.
#![cfg(all(feature = "redis", unix))]

#[cfg(feature = "cli")]
mod conversations;
mod common;
mod redis_server;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use common::{text, url};
use hardtack::fleet::{
    Backend as _, BackendError, Fleet, FleetError, FleetJar, RedisBackend, SiteKey, Value, Version,
};
use hardtack::{Policy, Receipt};
use redis_server::{Server, command, has_redis, until, wait_until};

struct Cluster {
    nodes: Vec<Server>,
}

/// A node, as each of them knows it.
struct Node {
    port: u16,
    is_primary: bool,
    id: String,
    primary: String,
}

impl Cluster {
    fn start() -> Self {
        let node = |_| {
            Server::with(&[
                "--cluster-enabled",
                "yes",
                "--cluster-node-timeout",
                "1000",
                // A replica that was cut off takes over all the same.
                "--cluster-replica-validity-factor",
                "0",
                "--repl-diskless-sync-delay",
                "0",
            ])
        };
        let nodes: Vec<Server> = (0..6).map(node).collect();
        let mut command = Command::new("redis-cli");
        command.args(["--cluster", "create"]);
        command.args(nodes.iter().map(|node| format!("127.0.0.1:{}", node.port)));
        command.args(["--cluster-replicas", "1", "--cluster-yes"]);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let cluster = Self { nodes };
        cluster.wait_until_whole();
        cluster
    }

    /// Waits until each primary has a replica.
    fn wait_until_whole(&self) {
        wait_until("the cluster is whole", || {
            self.nodes.iter().all(|node| {
                let info = node.cli(&["info", "replication"]);
                let has_other =
                    info.contains("master_link_status:up") || info.contains("state=online");
                has_other && node.cli(&["cluster", "info"]).contains("cluster_state:ok")
            })
        });
    }

    fn address(&self) -> String {
        let nodes: Vec<String> = self
            .nodes
            .iter()
            .map(|node| format!("127.0.0.1:{}", node.port))
            .collect();
        format!("redis-cluster://{}", nodes.join(","))
    }

    /// The nodes as one of them sees them that runs.
    fn seen(&self) -> Vec<Node> {
        let said = self
            .nodes
            .iter()
            .map(|node| node.cli(&["cluster", "nodes"]));
        let said = said
            .into_iter()
            .find(|said| said.contains("master"))
            .unwrap();
        let nodes = said.lines().filter(|line| !line.contains("fail"));
        let node = |line: &str| {
            let fields: Vec<&str> = line.split(' ').collect();
            let port = fields[1].split(['@', ':']).nth(1).unwrap();
            Node {
                port: port.parse().unwrap(),
                is_primary: fields[2].contains("master"),
                id: fields[0].to_owned(),
                primary: fields[3].to_owned(),
            }
        };
        nodes.map(node).collect()
    }

    fn server(&mut self, port: u16) -> &mut Server {
        let mut nodes = self.nodes.iter_mut();
        nodes.find(|node| node.port == port).unwrap()
    }

    /// A primary that has a replica.
    fn primary(&self) -> u16 {
        let seen = self.seen();
        let mut primaries = seen.iter().filter(|node| node.is_primary);
        let has_replica = |node: &&Node| seen.iter().any(|other| other.primary == node.id);
        primaries.find(has_replica).unwrap().port
    }
}

type Jar = FleetJar<RedisBackend>;

async fn jar(cluster: &Cluster, replicas: usize) -> Jar {
    let backend = RedisBackend::builder()
        .timeout(Duration::from_secs(2))
        .wait(replicas, Duration::from_millis(100));
    let backend = backend.connect(&cluster.address()).await.unwrap();
    let policy = Policy::default()
        .with_max_cookies(usize::MAX)
        .with_max_cookies_per_site(usize::MAX)
        .with_max_cookies_per_domain(usize::MAX);
    Fleet::builder(backend).policy(policy).build().jar("me")
}

/// What was done to one site: it gets cookies whose names are numbers that go up.
#[derive(Default)]
struct Site {
    begun: u32,
    acknowledged: BTreeSet<u32>,
    /// Of these it was said that nothing was stored.
    refused: BTreeSet<u32>,
    ended_last: u32,
}

/// What became of all changes.
#[derive(Debug, Default)]
struct Report {
    acknowledged: u32,
    lost: u32,
    unknown: u32,
    not_replicated: u32,
    refused: u32,
}

const SITES: usize = 24;

fn site(number: usize) -> String {
    format!("https://s{number}.example/")
}

/// Writes down what came of a change.
fn note(received: Result<Receipt, FleetError>, value: u32, site: &mut Site, report: &mut Report) {
    match received {
        Ok(_) => {
            site.acknowledged.insert(value);
            report.acknowledged += 1;
        }
        Err(FleetError::NotReplicated { .. }) => report.not_replicated += 1,
        Err(FleetError::Unknown(_)) => report.unknown += 1,
        Err(FleetError::Backend(_)) => {
            site.refused.insert(value);
            report.refused += 1;
        }
        Err(error) => panic!("{error:?}"),
    }
    site.ended_last = value;
}

/// Writes to all sites, while a primary is cut off from its replica, if it is, and then killed.
async fn killed(cluster: &mut Cluster, replicas: usize, is_cut_off: bool) -> Report {
    // Of its own, since a list of sites may be lost too.
    let identity = format!("{replicas} {is_cut_off}");
    let jar = jar(cluster, replicas).await.fleet().jar(&*identity);
    let sites: Arc<Vec<Mutex<Site>>> = Arc::new((0..SITES).map(|_| Mutex::default()).collect());
    let (is_over, ended) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let report = Arc::new(Mutex::new(Report::default()));
    let mut writers = tokio::task::JoinSet::new();
    for number in 0..SITES {
        let (jar, sites, report) = (jar.clone(), Arc::clone(&sites), Arc::clone(&report));
        let (is_over, ended) = (Arc::clone(&is_over), Arc::clone(&ended));
        writers.spawn(async move {
            for value in 1.. {
                sites[number].lock().unwrap().begun = value;
                let line = format!("{value}=1");
                let received = jar.receive(line, &url(&site(number))).await;
                note(
                    received,
                    value,
                    &mut sites[number].lock().unwrap(),
                    &mut report.lock().unwrap(),
                );
                ended.fetch_add(1, Ordering::SeqCst);
                if is_over.load(Ordering::SeqCst) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        });
    }
    let more = async |number: usize| {
        let so_far = ended.load(Ordering::SeqCst);
        until("more is written", async || {
            (ended.load(Ordering::SeqCst) >= so_far + number).then_some(())
        })
        .await;
    };
    more(10 * SITES).await;
    let port = cluster.primary();
    if is_cut_off {
        let primary = cluster.server(port);
        assert_eq!(
            primary.cli(&["acl", "setuser", "default", "-psync", "-sync"]),
            "OK"
        );
        primary.cli(&["client", "kill", "type", "replica"]);
        more(10 * SITES).await;
    }
    let primary = cluster.server(port);
    primary.kill();
    // Until each site can be written to again.
    let before: Vec<u32> = sites
        .iter()
        .map(|site| site.lock().unwrap().begun)
        .collect();
    until("the replica takes over", async || {
        let mut sites = sites.iter().zip(&before);
        let is_back = |(site, before): (&Mutex<Site>, &u32)| {
            let site = site.lock().unwrap();
            site.ended_last > before + 2 && !site.refused.contains(&site.ended_last)
        };
        sites.all(is_back).then_some(())
    })
    .await;
    is_over.store(true, Ordering::SeqCst);
    while let Some(ended) = writers.join_next().await {
        ended.unwrap();
    }
    let mut report = std::mem::take(&mut *report.lock().unwrap());
    let reader = self::jar(cluster, 0).await.fleet().jar(&*identity);
    for (number, site) in sites.iter().enumerate() {
        let site = std::mem::take(&mut *site.lock().unwrap());
        let to = url(&self::site(number));
        let answer = until("it is read", async || reader.cookies(&to).await.ok()).await;
        let names = answer.value.iter().map(|cookie| text(cookie.name()));
        let found: BTreeSet<u32> = names.map(|name| name.parse().unwrap()).collect();
        assert!(found.last() <= Some(&site.begun));
        let wrong: Vec<&u32> = found.intersection(&site.refused).collect();
        assert!(
            wrong.is_empty(),
            "s{number}: {wrong:?} were said not to be stored"
        );
        // Of what was said to be stored.
        report.lost += u32::try_from(site.acknowledged.difference(&found).count()).unwrap();
    }
    // It comes back as a replica, and may be one of its own again.
    cluster.server(port).run();
    cluster.wait_until_whole();
    report
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_that_is_cut_off_and_killed() {
    if !has_redis() {
        return;
    }
    let mut cluster = Cluster::start();
    #[cfg(feature = "cli")]
    conformance(&cluster.address());

    let in_full = killed(&mut cluster, 1, false).await;
    println!("not cut off, WAIT 1: {in_full:?}");
    assert_eq!(in_full.lost, 0, "{in_full:?}");

    let without = killed(&mut cluster, 0, true).await;
    println!("cut off, without WAIT: {without:?}");
    assert!(without.lost > 0, "it does not bite: {without:?}");

    let with = killed(&mut cluster, 1, true).await;
    println!("cut off, WAIT 1: {with:?}");
    assert_eq!(with.lost, 0, "{with:?}");
    assert!(with.not_replicated > 0, "{with:?}");
}

/// Has two nodes change places by an operator's word: nobody's connection is lost by that.
fn take_over(cluster: &mut Cluster, from: u16, to: u16) {
    assert_eq!(cluster.server(to).cli(&["cluster", "failover"]), "OK");
    let is = |server: &Server, role| server.cli(&["info", "replication"]).contains(role);
    wait_until("it takes over", || {
        is(cluster.server(from), "role:slave") && is(cluster.server(to), "role:master")
    });
    cluster.wait_until_whole();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_that_becomes_a_replica() {
    if !has_redis() {
        return;
    }
    let mut cluster = Cluster::start();
    let to = |number| url(&site(number));
    let (jar, waiting) = (jar(&cluster, 0).await, jar(&cluster, 1).await);
    let reader = self::jar(&cluster, 0).await;
    for number in 0..SITES {
        jar.receive("a=1", &to(number)).await.unwrap();
        waiting.receive("b=2", &to(number)).await.unwrap();
        assert_eq!(reader.cookies(&to(number)).await.unwrap().value.len(), 2);
    }
    let port = cluster.primary();
    let seen = cluster.seen();
    let primary = seen.iter().find(|node| node.port == port).unwrap();
    let replica = seen.iter().find(|node| node.primary == primary.id);
    let other = replica.unwrap().port;
    take_over(&mut cluster, port, other);
    // One whose list is there, and whose value is not.
    let mut is_there = |key: String| cluster.server(other).cli(&["exists", &key]) == "0";
    let mut numbers = (0..).map(|number| format!("new{number}"));
    let new = numbers.find(|new| {
        is_there(format!("hardtack:{{{new}}}"))
            && !is_there(format!("hardtack:{{{new}/s0.example}}"))
    });
    let new = jar.fleet().jar(new.unwrap());
    assert_eq!(new.receive("a=1", &to(0)).await, Ok(Receipt::Stored));
    for number in 0..SITES {
        for (jar, line) in [(&jar, "c=3"), (&waiting, "d=4")] {
            let received = jar.receive(line, &to(number)).await;
            assert_eq!(received, Ok(Receipt::Stored), "s{number}, {line}");
        }
    }
    // Who only reads is not answered by what has been the primary, and learns nothing any more.
    let before = cluster.server(port);
    before.cli(&["config", "set", "masteruser", "nobody"]);
    before.cli(&["config", "set", "masterauth", "none"]);
    cluster
        .server(other)
        .cli(&["client", "kill", "type", "replica"]);
    let writer = self::jar(&cluster, 0).await;
    for number in 0..SITES {
        writer.receive("e=5", &to(number)).await.unwrap();
        let read = reader.cookies(&to(number)).await.unwrap().value;
        assert_eq!(read.len(), 5, "s{number}");
    }
    assert_eq!(reader.to_vec().await.unwrap().len(), 5 * SITES);
}

/// Some of the conformance cases have the same answers at a cluster.
#[cfg(feature = "cli")]
fn conformance(address: &str) {
    let Some(lines) = conversations::conformance(Some(40)) else {
        return;
    };
    let expected = conversations::replies(None, &lines);
    assert_eq!(conversations::replies(Some(address), &lines), expected);
}

/// All keys of a value are of one slot, whatever is in them.
#[tokio::test(flavor = "multi_thread")]
async fn identities_of_any_octets() {
    if !has_redis() {
        return;
    }
    let cluster = Cluster::start();
    let jar = jar(&cluster, 0).await;
    let mut found = BTreeMap::new();
    for identity in ["", "a", "{", "}", "{}", "a}b{c", "é /%"] {
        let jar = jar.fleet().jar(identity);
        jar.receive("a=1", &url("https://shop.example/"))
            .await
            .unwrap();
        jar.receive("b=2", &url("https://other.example/"))
            .await
            .unwrap();
        let read = self::jar(&cluster, 0).await.fleet().jar(identity);
        found.insert(identity, read.to_vec().await.unwrap().len());
        read.clear().await.unwrap();
        assert_eq!(jar.to_vec().await.unwrap().len(), 0);
    }
    assert!(found.values().all(|number| *number == 2), "{found:?}");
}

/// A cluster of one node that does not say whether it has stored something, and ends, or answers so from then on.
fn one_that_loses_an_answer(listener: &TcpListener, then: Option<&'static str>) {
    let port = listener.local_addr().unwrap().port();
    let has_lost = Arc::new(AtomicBool::new(false));
    for stream in listener.incoming() {
        let stream = stream.unwrap();
        if then.is_none() && has_lost.load(Ordering::SeqCst) {
            return;
        }
        let has_lost = Arc::clone(&has_lost);
        thread::spawn(move || {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut stream = &stream;
            while let Some(words) = command(&mut reader) {
                let answer = match &*words[0] {
                    "CLUSTER" => {
                        let node = format!("*3\r\n$9\r\n127.0.0.1\r\n:{port}\r\n$2\r\nid\r\n");
                        format!("*1\r\n*3\r\n:0\r\n:16383\r\n{node}")
                    }
                    "PING" => "+PONG\r\n".to_owned(),
                    "WAIT" => ":1\r\n".to_owned(),
                    "EVALSHA" => {
                        let is_lost = !has_lost.swap(true, Ordering::SeqCst);
                        match then {
                            Some(then) if !is_lost => {
                                format!("-{}\r\n", then.replace("PORT", &port.to_string()))
                            }
                            _ => {
                                // Who listens no more learns of it by another connection.
                                drop(TcpStream::connect(("127.0.0.1", port)));
                                return;
                            }
                        }
                    }
                    _ => "+OK\r\n".to_owned(),
                };
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
    }
}

/// The client of a cluster asks again by itself, and is refused then: that says nothing of the first time.
#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_loses_an_answer_and_refuses_then() {
    for then in [
        None,
        Some("MOVED 1 127.0.0.1:PORT"),
        Some("TRYAGAIN"),
        Some("CLUSTERDOWN"),
        Some("READONLY"),
        Some("NOREPLICAS"),
        Some("OOM"),
        Some("NOPERM"),
        Some("NOAUTH"),
        Some("WRONGTYPE"),
        Some("ERR"),
    ] {
        for replicas in [0, 1] {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = format!("redis-cluster://{}", listener.local_addr().unwrap());
            thread::spawn(move || one_that_loses_an_answer(&listener, then));
            let backend = RedisBackend::builder().lists(false);
            let backend = backend.wait(replicas, Duration::from_millis(100));
            let backend = backend.connect(&address).await.unwrap();
            let value = Value {
                version: Version(*b"text, line by ln"),
                octets: Vec::new(),
            };
            let key = SiteKey::new("me", "shop.example");
            let minute = Duration::from_secs(60);
            let stored = backend.store(&key, None, &value, minute).await.unwrap_err();
            assert!(stored.may_be_stored(), "{then:?}, {replicas}: {stored:?}");
            if then.is_none() {
                let loaded = backend.load(&key, None).await.unwrap_err();
                assert!(matches!(loaded, BackendError::Refused { .. }), "{loaded:?}");
            }
        }
    }
}
