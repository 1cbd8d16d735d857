//! A jar in a database: what stands there after a flush, also beside other processes and in a database that is damaged,
//! gone or something else.
#![cfg(all(feature = "sqlite", unix))]

mod common;
mod kept;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{env, thread};

use common::{policy, text};
use hardtack::persist::{DatabaseError, JarDatabase, JarDatabaseBuilder, RowDamage, Seal};
use hardtack::{Cookie, CookieJar, Domain, NotRestored, Policy, SharedJar, SharedJarBuilder};
use kept::{Folder, shop};
use proptest::prelude::*;
use rusqlite::Connection;
use url::Url;

/// A clock that shows the seconds after the start.
#[derive(Clone, Default)]
struct Clock(Arc<AtomicI64>);

impl Clock {
    fn jar(&self) -> SharedJarBuilder {
        let clock = Arc::clone(&self.0);
        SharedJar::builder().clock(move || common::after(clock.load(Ordering::Relaxed)))
    }

    fn set(&self, seconds: i64) {
        self.0.store(seconds, Ordering::Relaxed);
    }
}

/// A database that nothing is written to but by a flush.
fn slow() -> JarDatabaseBuilder {
    JarDatabase::builder().delay(Duration::from_secs(3600))
}

fn open(path: &Path) -> JarDatabase {
    open_at(path, &Clock::default())
}

fn open_at(path: &Path, clock: &Clock) -> JarDatabase {
    slow().jar(clock.jar()).open(path).unwrap()
}

fn pair(cookie: &Cookie) -> String {
    format!("{}={}", text(cookie.name()), text(cookie.value()))
}

fn in_jar(jar: &SharedJar) -> String {
    let pairs: Vec<String> = jar.to_vec().iter().map(pair).collect();
    pairs.join(" ")
}

fn in_database(path: &Path) -> String {
    in_jar(&open(path).jar())
}

fn number(path: &Path, statement: &str) -> i64 {
    let connection = Connection::open(path).unwrap();
    connection
        .query_row(statement, [], |row| row.get(0))
        .unwrap()
}

#[test]
fn what_is_flushed_is_loaded() {
    let folder = Folder::of("jar.sqlite");
    let path = folder.join("not/yet/there.sqlite");
    let database = open(&path);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    database
        .jar()
        .receive_all(["a=1", "b=2; Max-Age=60", "c=3"], &shop());
    assert_eq!(database.status().pending, 3);
    assert_eq!(database.status().last_commit, None);
    database.flush().unwrap();
    assert_eq!(database.status().pending, 0);
    assert!(database.status().last_commit.is_some());
    for log in ["there.sqlite-wal", "there.sqlite-shm"] {
        assert_eq!(mode(&path.with_file_name(log)), 0o600, "{log}");
    }
    assert_eq!(in_database(&path), "a=1 b=2 c=3");
    database.jar().receive("a=; Max-Age=0", &shop()).unwrap();
    drop(database);
    assert_eq!(in_database(&path), "b=2 c=3", "the last handle flushes");
    let names = fs::read_dir(path.parent().unwrap()).unwrap().count();
    assert_eq!(names, 1, "the logs go when it is closed");
}

/// All fields, and octets that are no text.
#[test]
fn all_of_a_cookie_is_kept() {
    let folder = Folder::of("jar.sqlite");
    let lines: [&[u8]; 7] = [
        b"a=1; Secure; HttpOnly; SameSite=Strict; Path=/x; Domain=shop.example; Max-Age=60",
        b"b=\xff\xfe; SameSite=Lax",
        b"\xe9=x; Path=/\xe9",
        b"=nameless",
        b"__Host-p=1; Secure; Path=/; Partitioned",
        b"s=1; SameSite=None; Secure",
        b"empty=",
    ];
    let clock = Clock::default();
    let database = open_at(&folder.file(), &clock);
    database.jar().receive_all(lines, &shop());
    clock.set(5);
    database.jar().cookie_string(&shop());
    let shown = |jar: &SharedJar| {
        let cookies = jar.to_vec();
        let shown = cookies
            .iter()
            .map(|cookie| format!("{cookie:?} {:?}", cookie.value()));
        shown.collect::<Vec<_>>()
    };
    let expected = shown(&database.jar());
    assert_eq!(expected.len(), lines.len());
    drop(database);
    let again = open_at(&folder.file(), &clock);
    assert_eq!(shown(&again.jar()), expected);
    assert_eq!(again.report().to_string(), "7 cookies");
}

/// Replaced, deleted and stored again in one instant, over several flushes.
#[test]
fn the_order_among_equal_creation_times_stays() {
    let folder = Folder::of("jar.sqlite");
    let database = open(&folder.file());
    for (lines, expected) in [
        (&["a=1", "b=1", "c=1"][..], "a=1 b=1 c=1"),
        (&["a=2", "d=1"], "a=2 b=1 c=1 d=1"),
        (&["b=; Max-Age=0", "b=2"], "a=2 c=1 d=1 b=2"),
        (&["d=2", "c=2", "e=1"], "a=2 c=2 d=2 b=2 e=1"),
    ] {
        database.jar().receive_all(lines, &shop());
        database.flush().unwrap();
        assert_eq!(in_jar(&database.jar()), expected);
        assert_eq!(in_database(&folder.file()), expected);
    }
}

/// What one and another did at which second, who flushed first, and what stays.
#[test]
fn the_later_change_of_an_identity_stays() {
    type Deed = (i64, &'static str);
    const SET: &str = "a=new";
    const DELETE: &str = "a=; Max-Age=0";
    let table: [(Deed, Deed, &str); 9] = [
        ((10, "a=1"), (20, "a=2"), "a=2"),
        ((20, "a=1"), (10, "a=2"), "a=1"),
        ((10, "a=1"), (10, "a=2"), "a=2"),
        ((10, SET), (20, DELETE), ""),
        ((20, SET), (10, DELETE), "a=new"),
        ((10, DELETE), (20, SET), "a=new"),
        ((20, DELETE), (10, SET), ""),
        ((10, DELETE), (10, SET), "a=new"),
        ((10, SET), (10, DELETE), ""),
    ];
    for (first, second, expected) in table {
        let folder = Folder::of("jar.sqlite");
        let clock = Clock::default();
        let (one, other) = (
            open_at(&folder.file(), &clock),
            open_at(&folder.file(), &clock),
        );
        one.jar().receive("a=0", &shop()).unwrap();
        one.flush().unwrap();
        other.refresh().unwrap();
        for (database, (at, line)) in [(&one, first), (&other, second)] {
            clock.set(at);
            database.jar().receive(line, &shop()).unwrap();
        }
        one.flush().unwrap();
        other.flush().unwrap();
        one.refresh().unwrap();
        let case = format!("{first:?} {second:?}");
        assert_eq!(in_jar(&one.jar()), expected, "{case}");
        assert_eq!(in_jar(&other.jar()), expected, "{case}");
        assert_eq!(in_database(&folder.file()), expected, "{case}");
    }
}

/// One's own changes stay in their order, whatever the clock does.
#[test]
fn a_clock_that_goes_back() {
    let folder = Folder::of("jar.sqlite");
    let clock = Clock::default();
    let database = open_at(&folder.file(), &clock);
    for (at, line, expected) in [
        (100, "a=1", "a=1"),
        (50, "a=2", "a=2"),
        (20, "a=; Max-Age=0", ""),
        (10, "a=3", "a=3"),
    ] {
        clock.set(at);
        database.jar().receive(line, &shop()).unwrap();
        database.flush().unwrap();
        assert_eq!(in_database(&folder.file()), expected);
    }
}

#[test]
fn a_stale_jar_brings_nothing_back() {
    let folder = Folder::of("jar.sqlite");
    let (one, stale) = (open(&folder.file()), open(&folder.file()));
    one.jar().receive_all(["sid=old", "b=1"], &shop());
    one.flush().unwrap();
    stale.refresh().unwrap();
    assert_eq!(in_jar(&stale.jar()), "sid=old b=1");
    one.jar().receive_all(["sid=new", "b=; Max-Age=0"], &shop());
    one.flush().unwrap();
    // It was sent here, and other cookies came, before the flush at the end.
    stale.jar().cookie_string(&shop());
    stale.jar().receive("c=1", &shop()).unwrap();
    drop(stale);
    one.refresh().unwrap();
    assert_eq!(in_jar(&one.jar()), "sid=new c=1");
    assert_eq!(in_database(&folder.file()), "sid=new c=1");
}

/// Removals are forgotten in the end; who has not heard of them by then looks at all rows.
#[test]
fn many_removals() {
    let folder = Folder::of("jar.sqlite");
    let all = || {
        let all = policy(|policy| {
            policy.max_cookies = usize::MAX;
            policy.max_cookies_per_domain = usize::MAX;
            policy.max_cookies_per_site = usize::MAX;
        });
        slow().jar(Clock::default().jar().jar(CookieJar::new(all)))
    };
    let one = all().open(folder.file()).unwrap();
    for number in 0..9000 {
        one.jar().receive(format!("n{number}=1"), &shop()).unwrap();
    }
    one.jar().receive("stays=1", &shop()).unwrap();
    one.flush().unwrap();
    let other = all().open(folder.file()).unwrap();
    other.jar().receive("own=1", &shop()).unwrap();
    assert_eq!(other.jar().retain(|cookie| cookie.name() != b"n8999"), 1);
    one.jar().retain(|cookie| cookie.name() == b"stays");
    one.flush().unwrap();
    let kept = number(&folder.file(), "SELECT count(*) FROM removed");
    assert!(kept <= 8192, "{kept}");
    other.flush().unwrap();
    assert_eq!(in_jar(&other.jar()), "stays=1 own=1");
    assert_eq!(in_database(&folder.file()), "stays=1 own=1");
}

/// A cookie that has to go for want of room goes for all, unless it changed meanwhile.
#[test]
fn bounds_hold_over_all() {
    let folder = Folder::of("jar.sqlite");
    let clock = Clock::default();
    let open = || {
        let few = CookieJar::new(Policy::default().with_max_cookies(4));
        slow()
            .jar(clock.jar().jar(few))
            .open(folder.file())
            .unwrap()
    };
    let (one, other) = (open(), open());
    for (at, database, lines) in [
        (1, &one, ["a=1", "b=1", "c=1"]),
        (2, &other, ["d=1", "e=1", "f=1"]),
    ] {
        clock.set(at);
        database.jar().receive_all(lines, &shop());
        database.flush().unwrap();
    }
    assert_eq!(in_jar(&other.jar()), "c=1 d=1 e=1 f=1");
    one.refresh().unwrap();
    assert_eq!(in_jar(&one.jar()), "c=1 d=1 e=1 f=1");
    assert_eq!(number(&folder.file(), "SELECT count(*) FROM cookie"), 4);
    // `one` lets go of `c`, which the other stores anew.
    clock.set(3);
    one.jar().receive("g=1", &shop()).unwrap();
    other.jar().receive("c=2", &shop()).unwrap();
    other.flush().unwrap();
    one.flush().unwrap();
    other.refresh().unwrap();
    assert_eq!(in_jar(&one.jar()), in_jar(&other.jar()));
    assert!(in_jar(&one.jar()).contains("c=2"), "{}", in_jar(&one.jar()));
    assert_eq!(one.jar().len(), 4);
}

#[test]
fn sessions_and_expired_ones() {
    let folder = Folder::of("jar.sqlite");
    let clock = Clock::default();
    let database = open_at(&folder.file(), &clock);
    database
        .jar()
        .receive_all(["s=1", "p=1; Max-Age=60", "q=1; Max-Age=10"], &shop());
    drop(database);
    let without = || {
        slow()
            .session_cookies(false)
            .jar(clock.jar())
            .open(folder.file())
            .unwrap()
    };
    let database = without();
    assert_eq!(in_jar(&database.jar()), "p=1 q=1");
    database.jar().receive_all(["t=1", "p=2"], &shop());
    drop(database);
    assert_eq!(in_database(&folder.file()), "s=1 q=1");
    clock.set(11);
    let database = open_at(&folder.file(), &clock);
    assert_eq!(database.report().not_kept, [(3, NotRestored::Expired)]);
    drop(database);
    assert_eq!(number(&folder.file(), "SELECT count(*) FROM cookie"), 1);
}

#[test]
fn the_thread_writes_by_itself() {
    let folder = Folder::of("jar.sqlite");
    let wait_for = |is_done: &dyn Fn() -> bool| {
        while !is_done() {
            thread::sleep(Duration::from_millis(5));
        }
    };
    let database = JarDatabase::builder()
        .delay(Duration::from_millis(20))
        .open(folder.file())
        .unwrap();
    database.jar().receive("a=1", &shop()).unwrap();
    wait_for(&|| number(&folder.file(), "SELECT count(*) FROM cookie") == 1);
    drop(database);
    // After so many changes it does not wait.
    let database = open(&folder.file());
    let urls: Vec<Url> = (0..512)
        .map(|number| common::url(&format!("https://h{number}.example/")))
        .collect();
    for url in &urls {
        database.jar().receive("b=1", url).unwrap();
    }
    wait_for(&|| number(&folder.file(), "SELECT count(*) FROM cookie") == 513);
    // A clone of the jar is a handle: it keeps the thread.
    let jar = database.jar();
    drop(database);
    jar.clear();
    drop(jar);
    assert_eq!(in_database(&folder.file()), "");
}

#[test]
fn durable_changes_are_there_at_once() {
    let folder = Folder::of("jar.sqlite");
    let database = slow().durable(true).open(folder.file()).unwrap();
    let jar = database.jar();
    let other = open(&folder.file());
    for (change, expected) in [
        (
            Box::new(|jar: &SharedJar| _ = jar.receive("a=1", &shop())) as Box<dyn Fn(&SharedJar)>,
            "a=1",
        ),
        (
            Box::new(|jar| _ = jar.insert(&Cookie::builder("b", "2", "shop.example"))),
            "a=1 b=2",
        ),
        (
            Box::new(|jar| _ = jar.remove(Domain::new("shop.example"), "a", "/")),
            "b=2",
        ),
        (Box::new(SharedJar::clear), ""),
    ] {
        change(&jar);
        other.refresh().unwrap();
        assert_eq!(in_jar(&other.jar()), expected);
    }
}

#[test]
fn many_threads_and_durable() {
    let folder = Folder::of("jar.sqlite");
    let database = slow().durable(true).open(folder.file()).unwrap();
    thread::scope(|scope| {
        for number in 0..4 {
            let jar = database.jar();
            scope.spawn(move || {
                for index in 0..20 {
                    jar.receive(format!("t{number}-{index}=1"), &shop())
                        .unwrap();
                }
            });
        }
    });
    assert_eq!(number(&folder.file(), "SELECT count(*) FROM cookie"), 80);
}

/// Reverses values, and has the first octet of the identity before them.
struct Reversed;

impl Seal for Reversed {
    fn seal(&self, value: &[u8], identity: &[u8]) -> Vec<u8> {
        identity
            .iter()
            .chain(b"|")
            .chain(value.iter().rev())
            .copied()
            .collect()
    }

    fn open(&self, sealed: &[u8], identity: &[u8]) -> Option<Vec<u8>> {
        let value = sealed.strip_prefix(identity)?.strip_prefix(b"|")?;
        Some(value.iter().rev().copied().collect())
    }
}

#[test]
fn values_are_sealed() {
    let folder = Folder::of("jar.sqlite");
    let sealed = || slow().seal(Reversed).open(folder.file());
    let database = sealed().unwrap();
    database.jar().receive_all(["a=secret", "b=other"], &shop());
    drop(database);
    let file = fs::read(folder.file()).unwrap();
    let has = |text: &[u8]| file.windows(text.len()).any(|octets| octets == text);
    assert!(has(b"terces") && !has(b"secret"));
    assert_eq!(in_jar(&sealed().unwrap().jar()), "a=secret b=other");
    let error = slow().open(folder.file()).unwrap_err();
    assert!(matches!(error, DatabaseError::Sealed { .. }), "{error:?}");
    // The value of another cookie is not taken for its own.
    let swap =
        "UPDATE cookie SET value = (SELECT value FROM cookie WHERE name = 'b') WHERE name = 'a'";
    Connection::open(folder.file())
        .unwrap()
        .execute(swap, [])
        .unwrap();
    let database = sealed().unwrap();
    assert_eq!(database.report().damaged, [(1, RowDamage::Sealed)]);
    assert_eq!(in_jar(&database.jar()), "b=other");
    drop(database);
    assert_eq!(number(&folder.file(), "SELECT count(*) FROM cookie"), 2);
    let other = Folder::of("jar.sqlite");
    drop(open(&other.file()));
    let error = slow().seal(Reversed).open(other.file()).unwrap_err();
    assert!(
        matches!(error, DatabaseError::NotSealed { .. }),
        "{error:?}"
    );
}

#[test]
fn what_is_not_ours_stays_as_it_is() {
    let make = |statements: &str| {
        let folder = Folder::of("jar.sqlite");
        let connection = Connection::open(folder.file()).unwrap();
        connection.execute_batch(statements).unwrap();
        drop(connection);
        folder
    };
    let text = Folder::of("jar.sqlite");
    fs::write(text.file(), "no database\n".repeat(100)).unwrap();
    let newer = Folder::of("jar.sqlite");
    drop(open(&newer.file()));
    Connection::open(newer.file())
        .unwrap()
        .execute_batch("PRAGMA user_version = 2")
        .unwrap();
    for (folder, expected) in [
        (text, "is not a database of hardtack: choose another path"),
        (
            make("CREATE TABLE moz_cookies (id)"),
            "is not a database of hardtack: choose another path",
        ),
        (
            make("PRAGMA application_id = 7"),
            "is not a database of hardtack: choose another path",
        ),
        (
            make("PRAGMA user_version = 7"),
            "is not a database of hardtack: choose another path",
        ),
        (
            newer,
            "is of a newer version of the schema, 2: update hardtack",
        ),
    ] {
        let before = fs::read(folder.file()).unwrap();
        let error = slow().open(folder.file()).unwrap_err().to_string();
        assert!(error.ends_with(expected), "{error}");
        assert_eq!(fs::read(folder.file()).unwrap(), before);
        assert_eq!(folder.names(), ["jar.sqlite"]);
    }
    let folder = Folder::of("jar.sqlite");
    let error = slow().open(&folder.0).unwrap_err();
    assert!(error.to_string().ends_with("is not a file"), "{error}");
    // An empty file is a database without cookies, and so is an empty database.
    let empty = make("");
    assert_eq!(in_database(&empty.file()), "");
    let vacuumed = make("CREATE TABLE t (x); DROP TABLE t");
    assert_eq!(in_database(&vacuumed.file()), "");
}

#[test]
fn a_link_stays_a_link() {
    let folder = Folder::of("jar.sqlite");
    symlink(folder.join("real"), folder.file()).unwrap();
    let database = open(&folder.file());
    database.jar().receive("a=1", &shop()).unwrap();
    drop(database);
    assert!(folder.file().is_symlink());
    assert_eq!(in_database(&folder.join("real")), "a=1");
}

/// What a listener was told.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Told {
    fn by(&self, builder: JarDatabaseBuilder) -> JarDatabaseBuilder {
        let told = Arc::clone(&self.0);
        builder.listener(move |notice| told.lock().unwrap().push(notice.to_string()))
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[test]
fn a_lock_that_another_has() {
    let folder = Folder::of("jar.sqlite");
    let told = Told::default();
    let database = told
        .by(slow().patience(Duration::ZERO))
        .open(folder.file())
        .unwrap();
    let other = Connection::open(folder.file()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let jar = database.jar();
    jar.receive("a=1", &shop()).unwrap();
    let error = database.flush().unwrap_err();
    assert!(matches!(error, DatabaseError::Locked { .. }), "{error:?}");
    assert_eq!(database.status().pending, 1);
    assert_eq!(database.status().last_error, Some(error.to_string()));
    jar.receive("b=1", &shop()).unwrap();
    assert_eq!(in_jar(&jar), "a=1 b=1", "it goes on in memory");
    other.execute_batch("ROLLBACK").unwrap();
    database.flush().unwrap();
    assert_eq!(database.status().last_error, None);
    assert_eq!(in_database(&folder.file()), "a=1 b=1");
    let told = told.take();
    assert!(
        told[0].ends_with("has been locked by another process for 0 ms: try again"),
        "{told:?}"
    );
    assert_eq!(told[1..], ["the jar is kept again"]);
}

/// It is made anew, with all that the jar has; a database that stands there now is joined.
#[test]
fn a_database_that_goes_away() {
    let folder = Folder::of("jar.sqlite");
    let database = open(&folder.file());
    database.jar().receive("a=1", &shop()).unwrap();
    database.flush().unwrap();
    fs::remove_file(folder.file()).unwrap();
    database.flush().unwrap();
    assert_eq!(in_database(&folder.file()), "a=1");
    fs::rename(folder.file(), folder.join("old.sqlite")).unwrap();
    let other = open(&folder.file());
    other.jar().receive_all(["a=2", "b=1"], &shop());
    other.flush().unwrap();
    database.jar().receive("c=1", &shop()).unwrap();
    database.flush().unwrap();
    assert_eq!(in_jar(&database.jar()), "a=2 c=1 b=1");
    assert_eq!(in_database(&folder.file()), "a=2 b=1 c=1");
}

#[test]
fn rows_that_are_damaged() {
    for (change, expected) in [
        (
            "host_only = 7",
            "row 1: its column `host_only` cannot be read",
        ),
        (
            "same_site = 9",
            "row 1: its column `same_site` cannot be read",
        ),
        (
            "partition_key = 'x'",
            "row 1: its column `partition_key` cannot be read",
        ),
        ("name = 5", "row 1: its column `name` cannot be read"),
        ("domain = 'example'", "row 1: "),
        ("value = 'a;b'", "row 1: "),
        ("path = 'x'", "row 1: "),
    ] {
        let folder = Folder::of("jar.sqlite");
        let database = open(&folder.file());
        database
            .jar()
            .receive_all(["a=1; Domain=shop.example", "b=2"], &shop());
        drop(database);
        let connection = Connection::open(folder.file()).unwrap();
        connection
            .execute(&format!("UPDATE cookie SET {change} WHERE name = 'a'"), [])
            .unwrap();
        drop(connection);
        let database = open(&folder.file());
        let report = database.report().to_string();
        assert!(
            report.starts_with(&format!("1 cookie\n{expected}")),
            "{change}: {report}"
        );
        assert_eq!(in_jar(&database.jar()), "b=2", "{change}");
    }
}

/// The octets of a page in the log.
const FRAME: usize = 4096 + 24;

/// A value that tells of which cookie it is.
fn value_of(name: usize) -> String {
    let length = if name % 50 == 0 { 3000 } else { 16 };
    format!("{name}-").repeat(length)[..length].to_owned()
}

/// A database of many pages, closed.
fn large(folder: &Folder) -> Vec<u8> {
    let database = open(&folder.file());
    for number in 0..1000 {
        let url = common::url(&format!("https://h{}.example/", number / 20));
        let line = format!("n{number}={}", value_of(number));
        database.jar().receive(line, &url).unwrap();
    }
    drop(database);
    fs::read(folder.file()).unwrap()
}

/// Opens what may be damaged: no cookie is wrong, and the jar can be kept there from then on. Returns how many there
/// are, or the error.
fn opens(folder: &Folder, case: &str) -> Result<usize, DatabaseError> {
    let database = slow().jar(Clock::default().jar()).open(folder.file())?;
    let cookies = database.jar().to_vec();
    for cookie in &cookies {
        let number: usize = text(cookie.name())[1..].parse().unwrap();
        assert_eq!(text(cookie.value()), value_of(number), "{case}");
    }
    database.jar().receive("new=1", &shop()).unwrap();
    database.jar().retain(|cookie| cookie.name() != b"n500");
    let flushed = database.flush();
    assert!(flushed.is_ok(), "{case}: {flushed:?}");
    drop(database);
    let again = open(&folder.file()).jar().to_vec();
    assert!(again.iter().any(|cookie| cookie.name() == b"new"), "{case}");
    assert!(
        again.iter().all(|cookie| cookie.name() != b"n500"),
        "{case}"
    );
    Ok(cookies.len())
}

/// All of many, or a sample of them.
fn sample(count: usize) -> impl Iterator<Item = usize> {
    let step = if env::var_os("HARDTACK_FULL").is_some() {
        1
    } else {
        count.div_ceil(24)
    };
    (0..count).step_by(step)
}

#[test]
fn pages_that_are_damaged() {
    const PAGE: usize = 4096;
    let folder = Folder::of("jar.sqlite");
    let whole = large(&folder);
    let pages = whole.len() / PAGE;
    assert!(pages > 50, "{pages} pages");
    let (mut saved, mut lost) = (0, 0);
    for page in sample(pages) {
        let place = page * PAGE..(page + 1) * PAGE;
        let zeroed = [&whole[..place.start], &[0; PAGE], &whole[place.end..]].concat();
        let cut_off = whole[..place.start].to_vec();
        let half = whole[..place.start + PAGE / 2].to_vec();
        for (kind, octets) in [("zeroed", zeroed), ("cut off", cut_off), ("half", half)] {
            let folder = Folder::of("jar.sqlite");
            fs::write(folder.file(), octets).unwrap();
            match opens(&folder, &format!("page {page} {kind}")) {
                Ok(1000) => {}
                Ok(_) => saved += 1,
                Err(error) => {
                    lost += 1;
                    assert!(page == 0, "page {page} {kind}: {error}");
                }
            }
        }
    }
    assert!(saved > 10 && lost > 0, "{saved} in part, {lost} not at all");
}

/// Of a page that is lost, all but its own cookies are loaded, and the old file is kept.
#[test]
fn a_damaged_database_is_set_aside() {
    const PAGE: usize = 4096;
    let folder = Folder::of("jar.sqlite");
    let whole = large(&folder);
    // A leaf of the table.
    let leaf = (1..whole.len() / PAGE).find(|page| {
        let start = page * PAGE;
        whole[start] == 13
            && whole[start..start + PAGE]
                .windows(3)
                .any(|octets| octets == b"n70")
    });
    let start = leaf.unwrap() * PAGE;
    let damaged = [&whole[..start], &[0; PAGE], &whole[start + PAGE..]].concat();
    fs::write(folder.file(), &damaged).unwrap();
    let database = open(&folder.file());
    let aside = folder.join("jar.sqlite.damaged");
    assert_eq!(database.report().set_aside.as_deref(), Some(&*aside));
    assert_eq!(fs::read(&aside).unwrap(), damaged);
    let loaded = database.report().cookies;
    assert!((900..1000).contains(&loaded), "{loaded}");
    // It is whole again, without any flush.
    assert_eq!(
        usize::try_from(number(&folder.file(), "SELECT count(*) FROM cookie")).unwrap(),
        loaded
    );
    drop(database);
    // Damage that shows only when it is written to.
    let told = Told::default();
    let database = told.by(slow()).open(folder.file()).unwrap();
    let connection = Connection::open(folder.file()).unwrap();
    let root = "SELECT rootpage FROM sqlite_master WHERE name = 'cookie_identity'";
    let root = usize::try_from(number(&folder.file(), root)).unwrap();
    connection
        .execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
        .unwrap();
    drop(connection);
    let mut octets = fs::read(folder.file()).unwrap();
    octets[(root - 1) * PAGE..root * PAGE].fill(0);
    {
        use std::os::unix::fs::FileExt as _;
        let file = fs::OpenOptions::new()
            .write(true)
            .open(folder.file())
            .unwrap();
        file.write_all_at(&octets, 0).unwrap();
        // Closing it would drop the locks of this process.
        std::mem::forget(file);
    }
    database.jar().receive("new=1", &shop()).unwrap();
    database.flush().unwrap();
    let told = told.take();
    assert!(
        told[0].contains("was damaged, and is") && told[0].contains(".damaged.1"),
        "{told:?}"
    );
    assert_eq!(
        usize::try_from(number(&folder.file(), "SELECT count(*) FROM cookie")).unwrap(),
        loaded + 1
    );
}

#[test]
fn logs_that_are_hot_missing_or_damaged() {
    let folder = Folder::of("jar.sqlite");
    let database = open(&folder.file());
    database
        .jar()
        .receive("n1=1-1-1-1-1-1-1-1-", &shop())
        .unwrap();
    database.flush().unwrap();
    for number in 2..400 {
        let line = format!("n{number}={}", value_of(number));
        let url = common::url(&format!("https://h{}.example/", number / 20));
        database.jar().receive(line, &url).unwrap();
        if number % 50 == 0 {
            database.flush().unwrap();
        }
    }
    database.flush().unwrap();
    // As after a kill: the copy has a log that nobody has taken in.
    let (file, log) = (
        fs::read(folder.file()).unwrap(),
        fs::read(folder.join("jar.sqlite-wal")).unwrap(),
    );
    let copy = |log: Option<&[u8]>| {
        let folder = Folder::of("jar.sqlite");
        fs::write(folder.file(), &file).unwrap();
        log.inspect(|log| fs::write(folder.join("jar.sqlite-wal"), log).unwrap());
        folder
    };
    assert_eq!(opens(&copy(Some(&log)), "hot").unwrap(), 399);
    assert!(opens(&copy(None), "missing").unwrap() < 399);
    for frame in sample(log.len() / FRAME) {
        let place = 32 + frame * FRAME;
        let cut_off = opens(&copy(Some(&log[..place])), &format!("cut off at {frame}"));
        assert!(cut_off.unwrap() <= 399);
        let mut zeroed = log.clone();
        zeroed[place..place + FRAME].fill(0);
        assert!(opens(&copy(Some(&zeroed)), &format!("zeroed at {frame}")).unwrap() < 399);
    }
}

#[test]
fn a_schema_that_is_not_the_one() {
    for (statements, expected) in [
        ("DROP TABLE removed", 1000),
        ("DROP INDEX cookie_identity", 1000),
        ("DROP INDEX cookie_version", 1000),
        ("ALTER TABLE cookie RENAME COLUMN value TO content", 0),
        ("DROP TABLE cookie", 0),
        ("DELETE FROM jar", 1000),
        ("PRAGMA user_version = 0", 1000),
        // What is there besides is nobody's business.
        (
            "CREATE TABLE own (x); CREATE INDEX by_path ON cookie (path); ANALYZE",
            1000,
        ),
        (
            "CREATE TRIGGER t AFTER INSERT ON cookie BEGIN DELETE FROM cookie; END",
            1000,
        ),
    ] {
        let folder = Folder::of("jar.sqlite");
        large(&folder);
        Connection::open(folder.file())
            .unwrap()
            .execute_batch(statements)
            .unwrap();
        assert_eq!(
            opens(&folder, statements).unwrap(),
            expected,
            "{statements}"
        );
    }
}

/// What of a name stands in the model: its value or that it was removed, when, and in which flush.
#[derive(Clone, Copy)]
struct Entry {
    value: Option<u8>,
    at: i64,
    flush: usize,
}

#[derive(Default)]
struct Process {
    kept: BTreeMap<u8, u8>,
    /// The value, when it changed, and how many flushes were seen then.
    changed: BTreeMap<u8, (Option<u8>, i64, usize)>,
    seen: usize,
}

#[derive(Debug, Clone)]
enum Operation {
    Set(u8, u8),
    Delete(u8),
    Send,
    Flush,
}

impl Process {
    fn carry_out(
        &mut self,
        operation: &Operation,
        now: i64,
        flushes: &mut usize,
        database: &mut BTreeMap<u8, Entry>,
    ) {
        match *operation {
            Operation::Set(name, value) => {
                self.kept.insert(name, value);
                self.changed.insert(name, (Some(value), now, self.seen));
            }
            Operation::Delete(name) => {
                if self.kept.remove(&name).is_some() {
                    self.changed.insert(name, (None, now, self.seen));
                }
            }
            Operation::Send => {}
            Operation::Flush => {
                *flushes += 1;
                for (name, (value, at, seen)) in std::mem::take(&mut self.changed) {
                    let there = database.get(&name);
                    if there.is_none_or(|there| there.flush <= seen || there.at <= at) {
                        let flush = *flushes;
                        database.insert(name, Entry { value, at, flush });
                    }
                }
                self.seen = *flushes;
                let live = database
                    .iter()
                    .filter_map(|(name, entry)| Some((*name, entry.value?)));
                self.kept = live.collect();
            }
        }
    }
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        3 => (0..4_u8, 0..9_u8).prop_map(|(name, value)| Operation::Set(name, value)),
        2 => (0..4_u8).prop_map(Operation::Delete),
        1 => Just(Operation::Send),
        3 => Just(Operation::Flush),
    ]
}

fn as_kept(jar: &SharedJar) -> BTreeMap<u8, u8> {
    let digit = |octets: &[u8]| octets[0] - b'0';
    let cookies = jar.to_vec();
    cookies
        .iter()
        .map(|cookie| (digit(cookie.name()), digit(cookie.value())))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Several jars in one database, under a clock that goes back at times, and lists that do the same.
    #[test]
    fn jars_in_one_database_are_as_the_model(
        operations in prop::collection::vec((0..3_usize, -1..3_i64, operation()), 1..40),
    ) {
        let folder = Folder::of("jar.sqlite");
        let clock = Clock::default();
        let databases: Vec<JarDatabase> = (0..3).map(|_| open_at(&folder.file(), &clock)).collect();
        let mut models: Vec<Process> = (0..3).map(|_| Process::default()).collect();
        let (mut flushes, mut there) = (0, BTreeMap::new());
        let mut now = 0;
        for (which, passed, operation) in &operations {
            now += passed;
            clock.set(now);
            let database = &databases[*which];
            let jar = database.jar();
            match operation {
                Operation::Set(name, value) => _ = jar.receive(format!("{name}={value}"), &shop()),
                Operation::Delete(name) => _ = jar.receive(format!("{name}=; Max-Age=0"), &shop()),
                Operation::Send => _ = jar.cookie_string(&shop()),
                Operation::Flush => database.flush().unwrap(),
            }
            models[*which].carry_out(operation, now, &mut flushes, &mut there);
            prop_assert_eq!(&as_kept(&jar), &models[*which].kept);
            if matches!(operation, Operation::Flush) {
                prop_assert_eq!(&as_kept(&open_at(&folder.file(), &clock).jar()), &models[*which].kept);
            }
        }
    }
}
