//! What changed in a jar, for whoever asks.

mod common;

use common::{NOW, after, policy, receive, sent, text};
use hardtack::{Change, CookieJar, Domain, SharedJar, Timestamp};

const SHOP: &str = "https://shop.example/";

/// Each change as `name: what`.
fn told(jar: &mut CookieJar) -> String {
    let changes = jar.changes();
    let told = changes.iter().map(|change| {
        let what = match change {
            Change::Stored(_) => "stored".to_owned(),
            Change::Touched(_) => "touched".to_owned(),
            Change::Removed(_, cause) => cause.to_string(),
            _ => "unknown".to_owned(),
        };
        format!("{}: {what}", text(change.cookie().name()))
    });
    told.collect::<Vec<_>>().join(", ")
}

/// Receives each line, as many seconds after the start as stand before it.
fn lines(jar: &mut CookieJar, lines: &[(i64, &str)]) {
    for (second, line) in lines {
        _ = receive(jar, SHOP, line, after(*second));
    }
}

#[test]
fn each_cause() {
    type Step = fn(&mut CookieJar);
    let rows: [(Step, &str); 14] = [
        (
            |jar| lines(jar, &[(0, "a=1"), (0, "b=2")]),
            "a: stored, b: stored",
        ),
        (
            |jar| lines(jar, &[(0, "a=1"), (0, "b=2"), (1, "a=3")]),
            "b: stored, a: stored",
        ),
        (|jar| lines(jar, &[(0, "a=1; Domain=example")]), ""),
        (
            |jar| lines(jar, &[(0, "a=1"), (1, "a=; Max-Age=0")]),
            "a: deleted by a line that had expired",
        ),
        (
            |jar| lines(jar, &[(0, "a=1"), (1, "a=; Max-Age=0"), (2, "a=2")]),
            "a: stored",
        ),
        (|jar| lines(jar, &[(0, "a=; Max-Age=0")]), ""),
        (
            |jar| lines(jar, &[(0, "a=1; Max-Age=5"), (6, "b=2")]),
            "a: expired, b: stored",
        ),
        (
            |jar| lines(jar, &[(0, "a=1"), (1, "b=2"), (2, "c=3"), (3, "d=4")]),
            "b: stored, c: stored, d: stored, a: too many cookies of its domain",
        ),
        (
            |jar| {
                lines(jar, &[(0, "a=1")]);
                for (second, host) in [(1, "a"), (2, "b"), (3, "c"), (4, "d")] {
                    let from = format!("https://{host}.shop.example/");
                    receive(jar, &from, &format!("{host}s=1"), after(second)).unwrap();
                }
            },
            "as: stored, bs: stored, cs: stored, ds: stored, a: too many cookies of its site",
        ),
        (
            |jar| {
                for (second, host) in [(0, "a"), (1, "b"), (2, "c"), (3, "d"), (4, "e"), (5, "f")] {
                    let from = format!("https://{host}.example/");
                    receive(jar, &from, &format!("{host}=1"), after(second)).unwrap();
                }
            },
            "b: stored, c: stored, d: stored, e: stored, f: stored, a: too many cookies in all",
        ),
        (
            |jar| {
                lines(jar, &[(0, "a=1"), (0, "b=2")]);
                jar.remove(Domain::new("shop.example"), "a", "/", NOW);
            },
            "b: stored, a: removed by the program",
        ),
        (
            |jar| {
                lines(jar, &[(0, "a=1"), (0, "b=2; Max-Age=9")]);
                jar.end_session();
            },
            "b: stored, a: the session is over",
        ),
        (
            |jar| {
                lines(jar, &[(0, "a=1")]);
                jar.clear();
                lines(jar, &[(0, "b=1")]);
            },
            "a: removed by the program, b: stored",
        ),
        (
            |jar| {
                lines(jar, &[(0, "a=1; Max-Age=5"), (0, "b=2")]);
                sent(jar, SHOP, after(6));
                jar.clear();
            },
            "a: expired, b: removed by the program",
        ),
    ];
    for (step, expected) in rows {
        let mut jar = CookieJar::new(policy(|policy| {
            policy.max_cookies_per_domain = 3;
            policy.max_cookies_per_site = 4;
            policy.max_cookies = 5;
        }));
        // Without somebody who asks nothing is told.
        step(&mut jar.clone());
        assert_eq!(told(&mut jar.clone()), "");
        jar.watch();
        step(&mut jar);
        assert_eq!(told(&mut jar), expected);
        assert_eq!(told(&mut jar), "", "after {expected}");
    }
}

#[test]
fn what_was_sent_is_told_with_its_access() {
    let mut jar = CookieJar::default();
    jar.watch();
    lines(&mut jar, &[(0, "a=1"), (0, "b=2; Path=/b")]);
    assert_eq!(told(&mut jar), "a: stored, b: stored");
    sent(&jar, SHOP, after(5));
    sent(&jar, SHOP, after(6));
    let changes = jar.changes();
    let accesses: Vec<Timestamp> = changes
        .iter()
        .map(|change| change.cookie().last_access_time())
        .collect();
    // All cookies of the domain are told of: those that were not sent are as they were.
    assert_eq!(accesses, [after(6), NOW]);
    assert_eq!(told(&mut jar), "");
    // Stored and then sent is stored, with its last access.
    lines(&mut jar, &[(7, "c=3")]);
    sent(&jar, SHOP, after(8));
    let changes = jar.changes();
    let stored = changes.iter().find_map(|change| match change {
        Change::Stored(cookie) => Some((cookie.name(), cookie.last_access_time())),
        _ => None,
    });
    assert_eq!(stored, Some((&b"c"[..], after(8))));
}

#[test]
fn a_shared_jar_and_another_policy() {
    let jar = SharedJar::builder().clock(|| NOW).build();
    jar.watch();
    let url = common::url(SHOP);
    jar.receive_all(["a=1", "b=2"], &url);
    assert_eq!(jar.changes().len(), 2);
    jar.set_policy(policy(|policy| policy.max_cookies = 1));
    let changes = jar.changes();
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].cookie().name(), b"a");
    jar.receive("b=3", &url).unwrap();
    assert_eq!(jar.changes().len(), 1);
}

/// A copy shares cookies, but not what is logged of them.
#[test]
fn copies_are_watched_apart() {
    let mut jar = CookieJar::default();
    lines(&mut jar, &[(0, "a=1")]);
    jar.watch();
    let mut copy = jar.clone();
    lines(&mut copy, &[(1, "b=2")]);
    assert_eq!(told(&mut copy), "", "nobody has asked");
    copy.watch();
    // The one is sent before the other, and told of later.
    sent(&jar, SHOP, after(2));
    sent(&copy, SHOP, after(3));
    assert_eq!(told(&mut copy), "a: touched, b: touched");
    assert_eq!(told(&mut jar), "a: touched");
    // Not lost when another policy makes the store anew.
    sent(&jar, SHOP, after(4));
    jar.set_policy(policy(|policy| policy.max_cookies = 9), after(5));
    assert_eq!(told(&mut jar), "a: touched");
}

/// Whoever begins to watch does not bring back what was gone when the clock went back.
#[test]
fn what_was_gone_stays_gone_for_who_watches() {
    let mut jar = CookieJar::default();
    lines(&mut jar, &[(0, "a=1; Max-Age=10")]);
    assert_eq!(sent(&jar, SHOP, after(11)), "");
    jar.watch();
    assert_eq!(sent(&jar, SHOP, after(5)), "");
    lines(&mut jar, &[(5, "b=2")]);
    assert_eq!(told(&mut jar), "a: expired, b: stored");
}

/// The log does not grow with what happens, but with how many cookies it happens to.
#[test]
fn many_changes_of_a_few_cookies() {
    let mut jar = CookieJar::default();
    jar.watch();
    for number in 0..10_000 {
        let line = format!("n{}={number}", number % 3);
        receive(&mut jar, SHOP, &line, NOW).unwrap();
    }
    let changes = jar.changes();
    let values: Vec<String> = changes
        .iter()
        .map(|change| text(change.cookie().value()))
        .collect();
    assert_eq!(values, ["9997", "9998", "9999"]);
}
