//! What keeping a jar in a database costs, beside the same jar in memory and `cookie_store`'s JSON, in one run.
//!
//!     cargo bench --all-features --bench database

mod common;

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use common::jars::{Jar as _, unlimited};
use common::workloads::Filling;
use cookie_store::CookieStore;
use hardtack::persist::JarDatabase;
use hardtack::{CookieJar, Policy, SharedJar};
use url::Url;

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("jar.sqlite");
    receive_and_retrieve(folder.path());
    load(&path);
    steady(folder.path());
    of_a_command(folder.path());
}

fn jar() -> CookieJar {
    CookieJar::new(unlimited())
}

fn open(path: &Path, policy: Policy) -> JarDatabase {
    let jar = SharedJar::builder().jar(CookieJar::new(policy));
    JarDatabase::builder().jar(jar).open(path).expect("opened")
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn timed(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

/// The time that this thread has had on a processor meanwhile, which others that run do not change; elsewhere than on
/// Linux the time that passed.
fn busy(work: impl FnOnce()) -> Duration {
    let had = || {
        let had = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        had.split(' ')
            .next()?
            .parse()
            .ok()
            .map(Duration::from_nanos)
    };
    let before = had();
    let passed = timed(work);
    before
        .zip(had())
        .map_or(passed, |(before, after)| after - before)
}

/// The time that passed, and that on the processor.
fn both(work: impl FnOnce()) -> (Duration, Duration) {
    let mut on_processor = Duration::ZERO;
    let passed = timed(|| on_processor = busy(work));
    (passed, on_processor)
}

fn per(time: Duration, count: usize) -> f64 {
    time.as_secs_f64() * 1e9 / count as f64
}

/// Every line of a filling is received, over and over, by a jar in memory and by one that is kept; then what goes
/// with requests is asked of both.
fn receive_and_retrieve(folder: &Path) {
    let filling = Filling::new(10_000);
    let memory = SharedJar::from(jar());
    let database = open(&folder.join("receive.sqlite"), unlimited());
    let kept = database.jar();
    let receive = |jar: &SharedJar| {
        both(|| {
            for received in &filling.received {
                _ = black_box(jar.receive(&received.line, &filling.urls[received.host]));
            }
        })
    };
    let mut header = Vec::new();
    let mut retrieve = |jar: &SharedJar| {
        both(|| {
            for _ in 0..10 {
                for request in &filling.requests {
                    header.clear();
                    black_box(jar.write_cookie_string(request, &mut header));
                }
            }
        })
    };
    receive(&memory);
    receive(&kept);
    let (mut received, mut retrieved) = ([vec![], vec![]], [vec![], vec![]]);
    for _ in 0..41 {
        for (index, jar) in [&memory, &kept].into_iter().enumerate() {
            received[index].push(receive(jar));
            retrieved[index].push(retrieve(jar));
        }
    }
    for (what, [memory, kept], count) in [
        ("receive", received, filling.received.len()),
        ("retrieve", retrieved, 10 * filling.requests.len()),
    ] {
        let busy =
            |times: &[(Duration, Duration)]| median(times.iter().map(|(_, busy)| *busy).collect());
        let ratio = busy(&kept).as_secs_f64() / busy(&memory).as_secs_f64();
        println!("{what}: {ratio:.2} times the time on the processor");
        let passed = |times: &[(Duration, Duration)]| {
            median(times.iter().map(|(passed, _)| *passed).collect())
        };
        let (memory, kept) = (passed(&memory), passed(&kept));
        let ratio = kept.as_secs_f64() / memory.as_secs_f64();
        println!(
            "{what}: in memory {:.0} ns, kept {:.0} ns, {ratio:.2} times",
            per(memory, count),
            per(kept, count),
        );
    }
}

/// 100,000 cookies are loaded, and read from `cookie_store`'s JSON.
fn load(path: &Path) {
    const COOKIES: usize = 100_000;
    let filling = Filling::new(COOKIES);
    let database = open(path, unlimited());
    for received in &filling.received {
        let received = database
            .jar()
            .receive(&received.line, &filling.urls[received.host]);
        received.expect("stored");
    }
    drop(database);
    let octets = fs::metadata(path).expect("a file").len();
    println!(
        "size: {:.0} octets a cookie",
        octets as f64 / COOKIES as f64
    );
    let store = CookieStore::filled(&filling);
    let mut json = Vec::new();
    cookie_store::serde::json::save_incl_expired_and_nonpersistent(&store, &mut json)
        .expect("saved");
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..9 {
        let mut database = None;
        ours.push(timed(|| database = Some(open(path, unlimited()))));
        assert_eq!(database.map(|database| database.jar().len()), Some(COOKIES));
        theirs.push(timed(|| {
            let store = cookie_store::serde::json::load_all(&json[..]).expect("loaded");
            assert_eq!(store.iter_any().count(), COOKIES);
        }));
    }
    let (ours, theirs) = (median(ours), median(theirs));
    println!(
        "load of {COOKIES}: {:.0} ms; cookie_store's JSON {:.0} ms; {:.2} times",
        per(ours, 1) / 1e6,
        per(theirs, 1) / 1e6,
        ours.as_secs_f64() / theirs.as_secs_f64()
    );
}

/// 50,000 changes a second, for ten seconds, of 100,000 cookies.
fn steady(folder: &Path) {
    const A_SECOND: u32 = 50_000;
    let filling = Filling::new(100_000);
    let database = open(&folder.join("steady.sqlite"), unlimited());
    let jar = database.jar();
    let began = Instant::now();
    let mut lines = filling.received.iter().cycle();
    let mut most = [0; 10];
    for tick in 0..1000_u32 {
        for received in lines.by_ref().take(A_SECOND as usize / 100) {
            _ = jar.receive(&received.line, &filling.urls[received.host]);
        }
        let most = &mut most[tick as usize / 100];
        *most = database.status().pending.max(*most);
        let due = began + Duration::from_millis(10) * (tick + 1);
        thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    let took = began.elapsed();
    let flush = timed(|| database.flush().expect("flushed"));
    println!(
        "steady: 500,000 changes in {:.1} s; the most that waited, second by second: {most:?}; flush {:.0} ms",
        took.as_secs_f64(),
        per(flush, 1) / 1e6
    );
}

/// What a command does that opens a jar of 100 cookies, uses it and closes it.
fn of_a_command(folder: &Path) {
    const TIMES: usize = 200;
    let path = folder.join("command.sqlite");
    let filling = Filling::new(100);
    let database = open(&path, Policy::default());
    for received in &filling.received {
        _ = database
            .jar()
            .receive(&received.line, &filling.urls[received.host]);
    }
    drop(database);
    let before = cpu();
    for number in 0..TIMES {
        let database = JarDatabase::open(&path).expect("opened");
        black_box(database.jar().cookie_string(&filling.requests[0]));
        let shop = Url::parse("https://shop.example/").expect("a URL");
        _ = database.jar().receive(format!("n={number}"), &shop);
    }
    let Some((before, after)) = before.zip(cpu()) else {
        println!("open, use and close: no /proc here");
        return;
    };
    let each = (after - before).as_secs_f64() * 1e3 / TIMES as f64;
    println!("open, use and close of 100 cookies: {each:.2} ms of CPU");
}

/// The time on processors that this process has had.
fn cpu() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // Hundredths of a second of it and of the kernel for it, as the 14th and 15th field.
    let fields: Vec<&str> = stat.rsplit(") ").next()?.split(' ').collect();
    let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    Some(Duration::from_millis(ticks * 10))
}
