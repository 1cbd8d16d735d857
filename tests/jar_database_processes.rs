//! A jar in a database that processes share and are killed over, at any instant and at each system call, and a disk
//! that is full or broken. `HARDTACK_FULL=1` tries all of which a sample is tried otherwise:
//!
//!     HARDTACK_FULL=1 cargo test --release --all-features --test jar_database_processes
#![cfg(all(feature = "sqlite", unix))]

mod common;
mod kept;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Output};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use common::text;
use hardtack::SharedJar;
use hardtack::persist::{JarDatabase, JarDatabaseBuilder};
use kept::{Folder, has_strace, lossy, shop};
use url::Url;

fn is_full() -> bool {
    env::var_os("HARDTACK_FULL").is_some()
}

fn builder() -> JarDatabaseBuilder {
    let mut policy = hardtack::Policy::default();
    policy.max_cookies = usize::MAX;
    policy.max_cookies_per_site = usize::MAX;
    policy.max_cookies_per_domain = usize::MAX;
    let jar = SharedJar::builder().jar(hardtack::CookieJar::new(policy));
    JarDatabase::builder().jar(jar)
}

/// The cookies of a database, which can be opened and read as it is, by name.
fn cookies(path: &Path, case: &str) -> BTreeMap<String, String> {
    let database = builder().open(path);
    let database = database.unwrap_or_else(|error| panic!("{case}: {error:?}"));
    let report = database.report();
    assert!(
        report.damaged.is_empty() && report.set_aside.is_none(),
        "{case}: {report}"
    );
    let cookies = database.jar().to_vec();
    cookies
        .iter()
        .map(|cookie| (text(cookie.name()), text(cookie.value())))
        .collect()
}

/// What another process runs, as it was told: a deed, and the path of the database.
#[test]
#[ignore = "other tests run it as a process of its own"]
fn child() {
    let Some((deed, path)) = kept::told() else {
        return;
    };
    match &*deed {
        "once" => once(&path),
        "load" => under_load(&path),
        name => one_of_eight(name, &path),
    }
}

/// Opens, changes, flushes, changes and closes; says what is done by then.
fn once(path: &str) {
    let database = loop {
        match builder().open(path) {
            Ok(database) => break database,
            Err(error) => println!("failed to open: {error}"),
        }
    };
    println!("opened");
    let jar = database.jar();
    let flush = || {
        while let Err(error) = database.flush() {
            println!("failed: {error}");
        }
    };
    jar.receive("new=1; Max-Age=9999", &shop()).unwrap();
    jar.receive("old1=2; Max-Age=9999", &shop()).unwrap();
    jar.receive("old2=; Max-Age=0", &shop()).unwrap();
    flush();
    println!("flushed");
    jar.receive("last=1; Max-Age=9999", &shop()).unwrap();
    drop(jar);
    drop(database);
    println!("closed");
}

/// Changes without an end, and says what was changed and flushed.
fn under_load(path: &str) {
    let database = builder().open(path).unwrap();
    let jar = database.jar();
    for number in 0.. {
        let url = common::url(&format!("https://h{}.example/", number % 50));
        jar.receive(format!("n{number}={number}; Max-Age=9999"), &url)
            .unwrap();
        jar.cookie_string(&url);
        println!("set {number}");
        if number % 97 == 0 {
            database.flush().unwrap();
            println!("flushed {number}");
        }
    }
}

/// Sets cookies of its own and one that all set, and removes some of its own.
fn one_of_eight(name: &str, path: &str) {
    let database = builder().open(path).unwrap();
    let jar = database.jar();
    for number in 0..40 {
        jar.receive(format!("{name}-{number}=1; Max-Age=9999"), &shop())
            .unwrap();
        let own = common::url(&format!("https://{name}.example/"));
        jar.receive(format!("{name}own{number}=1; Max-Age=9999"), &own)
            .unwrap();
        jar.receive(format!("shared={name}-{number}; Max-Age=9999"), &shop())
            .unwrap();
        jar.cookie_string(&shop());
        if number % 3 == 0 {
            database.flush().unwrap();
        }
        if number % 5 == 4 {
            jar.receive(format!("{name}-{number}=; Max-Age=0"), &shop())
                .unwrap();
        }
        // Each removes what was there before, once; the others have it still.
        if number == 20 {
            jar.receive(format!("old{}=; Max-Age=0", &name[1..]), &shop())
                .unwrap();
        }
    }
}

/// What the eight leave, and each of them sees in the end.
#[test]
fn eight_processes_lose_nothing_and_bring_nothing_back() {
    let rounds = if is_full() { 20 } else { 2 };
    for round in 0..rounds {
        let folder = Folder::of("jar.sqlite");
        let before = builder().open(folder.file()).unwrap();
        let lines = (0..8).map(|number| format!("old{number}=1; Max-Age=9999"));
        before.jar().receive_all(lines, &shop());
        before.flush().unwrap();
        let start = |number| {
            kept::child(&format!("p{number}"), &folder.file())
                .spawn()
                .unwrap()
        };
        let children: Vec<Child> = (0..8).map(start).collect();
        for child in children {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{output:?}");
        }
        let mut expected: BTreeSet<String> = BTreeSet::from(["shared".to_owned()]);
        for name in (0..8).map(|number| format!("p{number}")) {
            for number in 0..40 {
                expected.insert(format!("{name}own{number}"));
                if number % 5 != 4 {
                    expected.insert(format!("{name}-{number}"));
                }
            }
        }
        let found = cookies(&folder.file(), "after all");
        let names: BTreeSet<String> = found.keys().cloned().collect();
        assert_eq!(names, expected, "round {round}");
        assert!(found["shared"].ends_with("-39"), "{}", found["shared"]);
        // One that was open all the while, and has changed nothing since.
        before.refresh().unwrap();
        let names: BTreeSet<String> = before
            .jar()
            .to_vec()
            .iter()
            .map(|cookie| text(cookie.name()))
            .collect();
        assert_eq!(names, expected, "round {round}");
    }
}

#[test]
fn killed_at_random_instants() {
    let times = if is_full() { 1000 } else { 20 };
    let folder = Folder::of("jar.sqlite");
    let mut random = fastrand::Rng::with_seed(17);
    let (mut flushed, mut acknowledged) = (0, 0);
    for round in 0..times {
        if round % 10 == 0 {
            for log in ["", "-wal", "-shm"] {
                _ = fs::remove_file(format!("{}{log}", folder.file().display()));
            }
        }
        let mut child = kept::child("load", &folder.file()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let lines = thread::spawn(move || {
            let lines = output.lines().map_while(Result::ok);
            lines.map(|line| (Instant::now(), line)).collect::<Vec<_>>()
        });
        thread::sleep(Duration::from_millis(
            random.u64(20..if is_full() { 2500 } else { 400 }),
        ));
        child.kill().unwrap();
        let killed = Instant::now();
        child.wait().unwrap();
        let lines = lines.join().unwrap();
        let said = |what: &str, by: Instant| {
            let lines = lines.iter().filter(|(at, _)| *at <= by);
            let numbers =
                lines.filter_map(|(_, line)| line.strip_prefix(what)?.parse::<usize>().ok());
            numbers.max()
        };
        let found = cookies(&folder.file(), &format!("round {round}"));
        let has_up_to = |last: usize| {
            (0..=last).all(|number| found.get(&format!("n{number}")) == Some(&number.to_string()))
        };
        if let Some(last) = said("flushed ", killed) {
            assert!(has_up_to(last), "round {round}: {last} was flushed");
            flushed += 1;
        }
        // Another process may take the time of this one, but in the full run.
        if let Some(last) = said("set ", killed.checked_sub(Duration::from_secs(1)).unwrap()) {
            assert!(
                !is_full() || has_up_to(last),
                "round {round}: {last} was set a second before"
            );
            acknowledged += 1;
        }
    }
    assert!(flushed > times / 4, "{flushed} of {times}");
    assert!(
        !is_full() || acknowledged > times / 4,
        "{acknowledged} of {times}"
    );
}

/// Runs the child under strace, in calls that are about the database.
fn strace(folder: &Folder, arguments: &[&str]) -> Output {
    let names = [
        "jar.sqlite",
        "jar.sqlite-wal",
        "jar.sqlite-shm",
        "jar.sqlite-journal",
    ];
    kept::strace(folder, &names, "once", arguments)
}

/// A database that was there before, or none.
fn old(folder: &Folder) -> Vec<u8> {
    let database = builder().open(folder.file()).unwrap();
    let lines = (0..200).map(|number| format!("old{number}=1; Max-Age=9999"));
    database.jar().receive_all(lines, &shop());
    drop(database);
    fs::read(folder.file()).unwrap()
}

fn begin_anew(folder: &Folder, old: Option<&[u8]>) {
    folder.empty();
    if let Some(old) = old {
        fs::write(folder.file(), old).unwrap();
    }
}

/// The names of the calls that a run makes, each with how often.
fn calls(folder: &Folder) -> BTreeMap<String, usize> {
    let output = strace(folder, &[]);
    assert!(output.status.success(), "{output:?}");
    let mut calls = BTreeMap::new();
    for line in lossy(&output.stderr).lines() {
        let call = line.split("] ").last().unwrap_or(line);
        if let Some((name, _)) = call.split_once('(') {
            if name.chars().all(|letter| {
                letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_'
            }) {
                *calls.entry(name.to_owned()).or_default() += 1;
            }
        }
    }
    calls
}

/// Which of so many calls are tried.
fn sample(count: usize) -> impl Iterator<Item = usize> {
    let step = if is_full() {
        1
    } else {
        count.div_ceil(3).max(1)
    };
    (1..=count).rev().step_by(step)
}

/// Everything that was said to be on the disk is, and nothing is half there.
fn holds(folder: &Folder, said: &str, has_old: bool, case: &str) {
    let found = cookies(&folder.file(), case);
    let is_flushed = said.contains("flushed\n");
    let is_new = found.contains_key("new");
    assert!(is_new || !is_flushed, "{case}: it was flushed");
    assert!(
        found.contains_key("last") || !said.contains("closed\n"),
        "{case}: it was closed"
    );
    // All changes of a flush are there, or none.
    let old1 = found.get("old1").map(String::as_str);
    let expected = match (is_new, has_old) {
        (true, _) => Some("2"),
        (false, true) => Some("1"),
        (false, false) => None,
    };
    assert_eq!(old1, expected, "{case}");
    assert_eq!(found.contains_key("old2"), has_old && !is_new, "{case}");
    let others = (3..200)
        .filter(|number| found.contains_key(&format!("old{number}")))
        .count();
    assert_eq!(others, if has_old { 197 } else { 0 }, "{case}");
    // And it is in nobody's way.
    let database = builder().open(folder.file()).unwrap();
    database
        .jar()
        .receive("next=1; Max-Age=9999", &shop())
        .unwrap();
    database.flush().unwrap();
}

#[test]
fn killed_at_a_system_call() {
    if !has_strace() {
        return;
    }
    let folder = Folder::of("jar.sqlite");
    let old = old(&folder);
    for before in [Some(&*old), None] {
        begin_anew(&folder, before);
        let mut killed = 0;
        for (name, count) in calls(&folder) {
            for when in sample(count) {
                begin_anew(&folder, before);
                let inject = format!("inject={name}:signal=SIGKILL:when={when}");
                let output = strace(&folder, &["-e", &inject]);
                let case = format!("{name} {when}, old: {}", before.is_some());
                holds(&folder, &lossy(&output.stdout), before.is_some(), &case);
                killed += usize::from(!output.status.success());
            }
        }
        assert!(killed > 15, "{killed}");
    }
}

#[test]
fn a_disk_that_is_full_or_broken() {
    if !has_strace() {
        return;
    }
    let folder = Folder::of("jar.sqlite");
    let old = old(&folder);
    let mut told = BTreeSet::new();
    for before in [Some(&*old), None] {
        begin_anew(&folder, before);
        let calls = calls(&folder);
        for (call, error) in [
            ("pwrite64", "ENOSPC"),
            ("pwrite64", "EIO"),
            ("fdatasync", "EIO"),
            ("fsync", "EIO"),
            ("ftruncate", "EIO"),
            ("pread64", "EIO"),
            ("openat", "EMFILE"),
            ("unlink", "EIO"),
            ("fcntl", "ENOLCK"),
        ] {
            for when in sample(calls.get(call).copied().unwrap_or(0)) {
                begin_anew(&folder, before);
                let inject = format!("inject={call}:error={error}:when={when}");
                let output = strace(&folder, &["-e", &inject]);
                let said = lossy(&output.stdout);
                let case = format!("{call} {error} {when}, old: {}: {said}", before.is_some());
                assert!(output.status.success() && said.contains("closed"), "{case}");
                // It was tried again, and all is there.
                holds(&folder, &said, before.is_some(), &case);
                let errors = said.lines().filter(|line| line.starts_with("failed"));
                told.extend(errors.map(|line| line.replace(folder.0.to_str().unwrap(), "")));
            }
        }
    }
    assert!(told.len() > 1, "{told:#?}");
    let is_known = |line: &String| line.contains("/jar.sqlite");
    assert!(told.iter().all(is_known), "{told:#?}");
}

/// The soak: file and memory stay as large as they are.
#[test]
fn what_comes_and_goes_takes_no_more_room() {
    let operations = if is_full() { 10_000_000 } else { 60_000 };
    let folder = Folder::of("jar.sqlite");
    let database = JarDatabase::builder().open(folder.file()).unwrap();
    let jar = database.jar();
    let urls: Vec<Url> = (0..100)
        .map(|host| common::url(&format!("https://h{host}.example/")))
        .collect();
    let sizes = || {
        ["", "-wal"].map(|log| {
            let path = format!("{}{log}", folder.file().display());
            fs::metadata(path).map_or(0, |metadata| metadata.len())
        })
    };
    let resident = || {
        let mut status = String::new();
        fs::File::open("/proc/self/status")
            .unwrap()
            .read_to_string(&mut status)
            .unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .unwrap()
            .to_owned();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
    };
    let mut random = fastrand::Rng::with_seed(17);
    let mut at_first = None;
    for number in 0..operations {
        let url = &urls[random.usize(..urls.len())];
        let name = random.usize(..40);
        match number % 4 {
            0 => _ = jar.cookie_string(url),
            1 => _ = jar.receive(format!("n{name}=; Max-Age=0"), url),
            _ => _ = jar.receive(format!("n{name}={number:016}; Max-Age=9999"), url),
        }
        if number == operations / 3 {
            database.flush().unwrap();
            at_first = Some((sizes(), resident()));
        }
    }
    database.flush().unwrap();
    let ([file, log], memory) = at_first.unwrap();
    let [file_now, log_now] = sizes();
    let memory_now = resident();
    println!(
        "file {file} to {file_now}, log {log} to {log_now}, memory {memory} to {memory_now} kB"
    );
    // At first it may be in the log still.
    assert!(file_now <= file.max(1 << 20) * 2, "{file} to {file_now}");
    assert!(log_now <= 32 << 20, "{log} to {log_now}");
    assert!(
        !is_full() || memory_now <= memory * 3 / 2,
        "{memory} to {memory_now} kB"
    );
}
