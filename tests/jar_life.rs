//! The jar as a whole: what is in it, what takes cookies out, copies, clocks and threads.

mod common;

use std::collections::{BTreeSet, HashSet};
use std::fmt::Debug;
use std::hash::Hash;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use common::{NOW, after, cells, names, policy, receive, sent, text, url};
use hardtack::{
    Cookie, CookieJar, Destination, Domain, Exclusion, PartitionKey, Policy, PublicSuffixList,
    Receipt, Rejection, Request, SameSite, SetCookie, SharedJar, Timestamp,
};

const SHOP: &str = "https://shop.example/";
const WWW: &str = "https://www.shop.example/";

type Bound = fn(&mut Policy);

/// Cookies of two domains: host-only and not, in a partition and not, with and without expiry.
fn stocked() -> CookieJar {
    let mut jar = CookieJar::default();
    let rows = [
        (SHOP, "a=1"),
        (SHOP, "a=2; Domain=shop.example; Max-Age=60"),
        (SHOP, "a=3; Secure; Partitioned"),
        (SHOP, "a=4; Path=/x"),
        (SHOP, "b=5; Max-Age=30"),
        (WWW, "a=6"),
        (WWW, "nameless"),
    ];
    for (second, (from, line)) in (0..).zip(rows) {
        receive(&mut jar, from, line, after(second)).unwrap();
    }
    jar
}

/// The values of all cookies, by creation, with a space between.
fn values<'c>(cookies: impl IntoIterator<Item = &'c Cookie>) -> String {
    let values: Vec<String> = cookies
        .into_iter()
        .map(|cookie| text(cookie.value()))
        .collect();
    values.join(" ")
}

fn sorted(values: &str) -> Vec<&str> {
    let mut values: Vec<&str> = values
        .split(' ')
        .filter(|value| !value.is_empty())
        .collect();
    values.sort_unstable();
    values
}

/// As the browsers do: the 181st cookie of a site leaves 150, whatever their domains.
#[test]
fn a_full_site_is_cut() {
    let mut jar = CookieJar::new(Policy::firefox());
    for number in 0..180 {
        let host = ["a", "b"][number % 2];
        let line = format!("n{number}=1; Secure");
        let now = after(i64::try_from(number).unwrap());
        receive(
            &mut jar,
            &format!("https://{host}.shop.example/"),
            &line,
            now,
        )
        .unwrap();
        assert_eq!(jar.len(), number + 1);
    }
    receive(&mut jar, "https://c.shop.example/", "n180=1", after(180)).unwrap();
    // The insecure one goes first, though it is the newest, then the least recently used.
    let names = names(&jar, after(180));
    assert_eq!(jar.len(), 150);
    assert!(
        names.starts_with("n30 n31") && names.ends_with("n178 n179"),
        "{names}"
    );
    receive(&mut jar, "https://other.example/", "n=1", after(181)).unwrap();
    assert_eq!(jar.len(), 151);
}

#[test]
fn policy_by_default() {
    let policy = Policy::default();
    assert!(policy.reject_public_suffixes && policy.trust_localhost);
    assert!(policy.http_prefixes && policy.partitioned);
    assert!(policy.lax_allowing_unsafe.is_zero());
    assert_eq!(policy.lifetime_limit, Duration::from_secs(34_560_000));
    assert_eq!(
        (
            policy.max_cookies_per_domain,
            policy.max_cookies_per_site,
            policy.cookies_left_of_full_site,
            policy.max_cookies
        ),
        (180, 540, usize::MAX, 3300)
    );
    assert!(policy.public_suffix_list.is_public_suffix(b"co.uk"));
    for jar in [
        CookieJar::default(),
        CookieJar::new(policy.clone()),
        SharedJar::default().to_jar(),
    ] {
        assert_eq!(format!("{:?}", jar.policy()), format!("{policy:?}"));
        assert!(jar.is_empty());
    }
}

#[test]
fn all_cookies_by_creation() {
    let mut jar = stocked();
    assert_eq!(values(jar.iter(after(6))), "1 2 3 4 5 6 nameless");
    // By creation-time, then by insertion; a replacement keeps both.
    let built = |value: &str, second| {
        Cookie::builder(value, value, "other.example").creation_time(after(second))
    };
    for cookie in [built("y", 3), built("x", -9), built("z", 3)] {
        jar.insert(&cookie, after(7)).unwrap();
    }
    receive(&mut jar, SHOP, "a=one", after(8)).unwrap();
    assert_eq!(values(jar.iter(after(8))), "x one 2 3 4 y z 5 6 nameless");
}

#[test]
fn lines_are_received_in_their_order() {
    let mut jar = CookieJar::default();
    let shop = url(SHOP);
    let received = jar.receive_all(
        ["a=1", "a=2; Path=/", "b", "a=; Max-Age=0", "=", "c=3"],
        Request::new(&shop),
        NOW,
    );
    let told: Vec<String> = received
        .iter()
        .map(|outcome| match outcome {
            Ok(receipt) => receipt.to_string(),
            Err(rejection) => rejection.name().to_owned(),
        })
        .collect();
    assert_eq!(
        told,
        ["stored", "replaced", "stored", "expired", "empty", "stored"]
    );
    assert_eq!(values(jar.iter(NOW)), "b 3");
}

#[test]
fn the_cookie_of_a_name_that_would_be_sent() {
    let mut jar = CookieJar::default();
    for line in [
        "a=1",
        "a=2; Path=/cart",
        "b=3; Max-Age=9",
        "c=4; HttpOnly",
        "d=5; Path=/other",
    ] {
        receive(&mut jar, SHOP, line, NOW).unwrap();
    }
    let cart = url("https://shop.example/cart");
    for (name, second, expected) in [
        // the first one in the order of sending
        ("a", 1, Some("2")),
        ("b", 9, Some("3")),
        ("b", 10, None),
        ("c", 1, None),
        ("d", 1, None),
        ("A", 1, None),
        ("", 1, None),
    ] {
        let request = Request::new(&cart).non_http();
        let found = jar.find(request, name, after(second));
        let value = found.map(|cookie| text(cookie.value()));
        assert_eq!(value.as_deref(), expected, "{name} {second}");
    }
    assert!(jar.iter(NOW).all(|cookie| cookie.last_access_time() == NOW));
}

#[test]
fn cookies_are_got_and_removed_by_name_domain_and_path() {
    let rows = [
        // name | domain | path | values
        "a | shop.example     | /   | 1 2 3",
        "a | shop.example     | /x  | 4",
        "b | shop.example     | /   | 5",
        "a | www.shop.example | /   | 6",
        "  | www.shop.example | /   | nameless",
        "  | shop.example     | /   |",
        "A | shop.example     | /   |",
        "a | shop.example     | /x/ |",
        "a | shop.example     |     |",
        // The domain as a person writes it, but no host that it matches.
        "a | SHOP.example     | /   | 1 2 3",
        "a | .shop.example    | /   | 1 2 3",
        "a | ..shop.example   | /   |",
        "a | a.shop.example   | /   |",
        "a |                  | /   |",
    ];
    for row in rows {
        let [name, domain, path, expected] = cells(row);
        let mut jar = stocked();
        let got = values(jar.get(Domain::new(domain), name, path, after(6)));
        assert_eq!(sorted(&got), sorted(expected), "{row}");
        let removed = jar.remove(Domain::new(domain), name, path, after(6));
        assert_eq!(removed, sorted(expected).len(), "{row}");
        assert_eq!(jar.len(), 7 - removed, "{row}");
        assert!(
            jar.get(Domain::new(domain), name, path, after(6))
                .is_empty(),
            "{row}"
        );
        assert_eq!(
            jar.remove(Domain::new(domain), name, path, after(6)),
            0,
            "{row}"
        );
    }
    // Octets, and not expired.
    let mut jar = CookieJar::default();
    let shop = url(SHOP);
    let line = b"\xFF=1; Path=/\xE9; Max-Age=9";
    jar.receive(line, Request::new(&shop), NOW).unwrap();
    assert_eq!(
        jar.get(Domain::new("shop.example"), b"\xFF", b"/\xE9", after(9))
            .len(),
        1
    );
    assert_eq!(
        jar.get(Domain::new("shop.example"), b"\xFF", b"/\xE9", after(10))
            .len(),
        0
    );
    assert_eq!(
        jar.remove(Domain::new("shop.example"), b"\xFF", b"/\xE9", after(10)),
        0
    );
    assert!(jar.is_empty());
}

fn clear(jar: &mut CookieJar) -> usize {
    let count = jar.len();
    jar.clear();
    count
}

#[test]
fn what_takes_cookies_out() {
    type TakeOut = fn(&mut CookieJar) -> usize;
    let all = "1 2 3 4 5 6 nameless";
    let rows: [(TakeOut, &str); 9] = [
        // what takes cookies out, what it leaves
        (
            |jar| jar.clear_domain(Domain::new("shop.example")),
            "6 nameless",
        ),
        (
            |jar| jar.clear_domain(Domain::new("www.shop.example")),
            "1 2 3 4 5",
        ),
        (|jar| jar.clear_domain(Domain::new("example")), all),
        (
            |jar| jar.clear_domain(Domain::new(".SHOP.example")),
            "6 nameless",
        ),
        (CookieJar::end_session, "2 5"),
        (|jar| jar.retain(Cookie::host_only), "1 3 4 5 6 nameless"),
        (|jar| jar.retain(|_| true), all),
        (|jar| jar.retain(|_| false), ""),
        (clear, ""),
    ];
    for (take_out, left) in rows {
        let mut jar = stocked();
        let taken_out = take_out(&mut jar);
        assert_eq!(values(jar.iter(after(6))), left);
        assert_eq!(jar.len(), 7 - taken_out, "of {left}");
        assert_eq!(jar.is_empty(), left.is_empty());
        // The jar goes on as before.
        receive(&mut jar, SHOP, "last=1", after(7)).unwrap();
        assert!(names(&jar, after(7)).ends_with("last"));
        assert!(sent(&jar, SHOP, after(7)).ends_with("last=1"));
    }
}

#[test]
fn expired_cookies_are_gone_for_readers_and_kept_until_a_writer_comes() {
    let rows = [
        // second, values
        (6, "1 2 3 4 5 6 nameless"),
        (34, "1 2 3 4 5 6 nameless"),
        (35, "1 2 3 4 6 nameless"),
        (61, "1 2 3 4 6 nameless"),
        (62, "1 3 4 6 nameless"),
    ];
    for (second, expected) in rows {
        let mut jar = stocked();
        let now = after(second);
        assert_eq!(values(jar.iter(now)), expected);
        assert_eq!(jar.len(), 7);
        let shop = url(SHOP);
        let explained = jar.explain(Request::new(&shop), now).len();
        assert_eq!(explained, expected.split(' ').count() - 2);
        jar.evict_expired(now);
        assert_eq!(jar.len(), expected.split(' ').count());
    }
    // A line that is refused comes from a writer, too.
    let mut jar = stocked();
    receive(&mut jar, SHOP, "=", after(35)).unwrap_err();
    assert_eq!(jar.len(), 6);
}

/// One cookie that stays, fifty that have expired, and the writer's. Fifty other sites have cookies that
/// expired before: too many for one writer to evict, and so none of the fifty is evicted yet.
fn mostly_expired() -> CookieJar {
    let mut jar = CookieJar::default();
    receive(&mut jar, SHOP, "kept=", after(0)).unwrap();
    for number in 0..50 {
        let from = format!("https://host{number}.example/");
        receive(&mut jar, &from, "o=; Max-Age=9", after(1)).unwrap();
    }
    for number in 0..50 {
        let line = format!("n{number}=; Max-Age=10; Secure; HttpOnly");
        receive(&mut jar, SHOP, &line, after(1)).unwrap();
    }
    receive(&mut jar, SHOP, "x=", after(12)).unwrap();
    assert_eq!(jar.len(), 100);
    jar
}

#[test]
fn what_has_expired_is_gone_before_it_is_evicted() {
    let now = after(12);
    let mut jar = mostly_expired();
    let shop = url(SHOP);
    let request = Request::new(&shop);
    assert_eq!(names(&jar, now), "kept x");
    assert_eq!(sent(&jar, SHOP, now), "kept=; x=");
    assert_eq!(jar.explain(request, now).len(), 2);
    assert!(
        jar.get(Domain::new("shop.example"), "n49", "/", now)
            .is_empty()
    );
    assert_eq!(jar.remove(Domain::new("shop.example"), "n49", "/", now), 0);

    // It is no old-cookie, and what it was hinders nobody.
    let received = receive(&mut jar, SHOP, "n49=", now);
    assert_eq!(received, Ok(Receipt::Stored));
    let received = jar.receive(b"n48=", request.non_http(), now);
    assert_eq!(received, Ok(Receipt::Stored));
    let received = receive(&mut jar, "http://shop.example/", "n47=", now);
    assert_eq!(received, Ok(Receipt::Stored));
    let by_hand = Cookie::builder("n46", "", "shop.example");
    assert_eq!(jar.insert(&by_hand, now), Ok(Receipt::Stored));
    let received = receive(&mut jar, SHOP, "n45=; Max-Age=0", now);
    assert_eq!(received, Ok(Receipt::Expired));
    assert_eq!(names(&jar, now), "kept x n49 n48 n47 n46");
    let created = jar.iter(now).last().unwrap().creation_time();
    assert_eq!(created, now);

    assert!(jar.len() > 6);
    for (taken_out, left) in [
        (jar.clone().retain(|cookie| cookie.name() == b"x"), 5),
        (jar.clone().end_session(), 6),
        (jar.clone().clear_domain(Domain::new("shop.example")), 6),
    ] {
        assert_eq!(taken_out, left);
    }
    jar.retain(|_| true);
    assert_eq!(jar.len(), 6);
}

#[test]
fn what_has_expired_is_evicted_bit_by_bit_by_whoever_writes() {
    let mut jar = mostly_expired();
    for left in [98, 96, 94] {
        receive(&mut jar, SHOP, "=", after(12)).unwrap_err();
        assert_eq!(jar.len(), left);
    }
    jar.evict_expired(after(12));
    assert_eq!(jar.len(), 2);
}

#[test]
fn what_has_expired_goes_before_what_has_not_though_it_is_not_evicted_yet() {
    let bounds: [(Bound, usize); 4] = [
        // The bound, and how many are kept then: those few are evicted that a writer comes upon.
        (|policy| policy.max_cookies = 59, 58),
        (
            |policy| (policy.max_cookies, policy.max_cookies_per_domain) = (59, 52),
            58,
        ),
        // All of the site that have expired go.
        (|policy| policy.max_cookies_per_domain = 51, 8),
        (|policy| policy.max_cookies_per_site = 51, 8),
    ];
    for (bound, kept) in bounds {
        let mut jar = CookieJar::new(policy(bound));
        receive(&mut jar, SHOP, "kept=", after(0)).unwrap();
        for number in 0..50 {
            let line = format!("n{number}=; Max-Age=10");
            receive(&mut jar, SHOP, &line, after(1)).unwrap();
        }
        // These are the first that a writer comes upon, so that none of the others is evicted for that.
        for number in 0..8 {
            let from = format!("https://host{number}.example/");
            receive(&mut jar, &from, "o=; Max-Age=9", after(1)).unwrap();
        }
        receive(&mut jar, SHOP, "x=", after(12)).unwrap();
        assert_eq!(names(&jar, after(12)), "kept x");
        assert_eq!(jar.len(), kept);
    }
}

/// In a shared jar too, where the clock tells what has expired.
/// Two sites whose cookies were replaced by such that expire later are what a writer comes upon first.
#[test]
fn what_has_expired_goes_before_what_has_not_though_a_writer_comes_upon_others() {
    let mut jar = CookieJar::new(policy(|policy| policy.max_cookies = 5));
    for (site, line) in [
        ("kept", "k="),
        ("one", "a=; Max-Age=1"),
        ("two", "b=; Max-Age=1"),
        ("one", "a=; Max-Age=99"),
        ("two", "b=; Max-Age=99"),
        ("three", "c=; Max-Age=2"),
        ("four", "d=; Max-Age=3"),
    ] {
        receive(&mut jar, &format!("https://{site}.example/"), line, NOW).unwrap();
    }
    receive(&mut jar, "https://five.example/", "e=", after(9)).unwrap();
    assert_eq!(names(&jar, after(9)), "k a b e");
    assert_eq!(jar.len(), 5, "as many go as have to");
}

#[test]
fn a_new_policy_takes_what_has_expired_before_what_has_not() {
    let bounds: [Bound; 3] = [
        |policy| policy.max_cookies_per_domain = 1,
        |policy| policy.max_cookies_per_site = 1,
        |policy| policy.max_cookies = 1,
    ];
    let rows = [
        // the second of the new policy, what each bound leaves
        (10, ["a b c", "b c", "c"]),
        (11, ["kept", "kept", "kept"]),
    ];
    let received = [
        // All others were used after this one.
        (SHOP, "kept=", 0),
        (SHOP, "a=; Max-Age=9", 1),
        (WWW, "b=; Max-Age=9", 1),
        ("https://other.example/", "c=; Max-Age=9", 1),
    ];
    for (now, expected) in rows {
        for (bound, expected) in bounds.into_iter().zip(expected) {
            let (shared, seconds) = shared();
            let mut jar = CookieJar::default();
            for (from, line, second) in received {
                seconds.store(second, Ordering::Relaxed);
                let from = url(from);
                let request = Request::new(&from);
                shared.receive(line.as_bytes(), request).unwrap();
                jar.receive(line.as_bytes(), request, after(second))
                    .unwrap();
            }
            seconds.store(now, Ordering::Relaxed);
            shared.set_policy(policy(bound));
            jar.set_policy(policy(bound), after(now));
            for jar in [shared.to_jar(), jar] {
                assert_eq!(names(&jar, after(now)), expected, "{now}");
                assert_eq!(jar.len(), expected.split(' ').count(), "{now}");
            }
        }
    }
}

#[test]
fn what_has_expired_stays_gone_before_it_is_evicted() {
    let mut jar = mostly_expired();
    assert_eq!(names(&jar, after(5)), "kept x");
    // This one expires before the others did.
    receive(&mut jar, SHOP, "s=; Max-Age=2", after(5)).unwrap();
    for (second, expected) in [(5, "kept s x"), (7, "kept s x"), (8, "kept x")] {
        assert_eq!(names(&jar, after(second)), expected, "{second}");
    }
}

/// Whoever writes after the clock went back evicts no more than others do.
#[test]
fn what_was_gone_is_evicted_bit_by_bit_when_the_clock_went_back() {
    let mut jar = CookieJar::default();
    receive(&mut jar, SHOP, "kept=", after(0)).unwrap();
    for number in 0..500 {
        let from = format!("https://host{number}.example/");
        receive(&mut jar, &from, "gone=; Max-Age=10", after(1)).unwrap();
    }
    assert_eq!(names(&jar, after(20)), "kept");
    for (second, line, evicted, expected) in [
        (5, "x=", 2, "kept x"),
        (4, "y=; Max-Age=40", 2, "kept y x"),
        (3, "=", 2, "kept y x"),
        // A cookie that would be taken for one that is gone makes all of those go: each goes once.
        (4, "z=; Max-Age=3", 494, "kept y z x"),
        (7, "u=", 0, "kept y z x u"),
        (8, "=", 1, "kept y x u"),
    ] {
        let before = jar.len();
        let stored = receive(&mut jar, SHOP, line, after(second)).is_ok();
        let after_it = before + usize::from(stored) - evicted;
        assert_eq!(jar.len(), after_it, "{second}");
        assert_eq!(names(&jar, after(second)), expected, "{second}");
    }
    jar.evict_expired(after(8));
    assert_eq!(jar.len(), 4);
}

#[test]
fn what_was_gone_stays_gone_when_the_clock_goes_back() {
    type Read = fn(&CookieJar, &Request<'_>, Timestamp) -> usize;
    let shop = url(SHOP);
    let reads: [Read; 5] = [
        |jar, _, now| jar.iter(now).count(),
        |jar, _, now| jar.get(Domain::new("shop.example"), "a", "/", now).len(),
        |jar, request, now| jar.cookies(request, now).len(),
        |jar, request, now| jar.explain(request, now).len(),
        |jar, request, now| jar.cookie_string(request, now).map_or(0, |_| 1),
    ];
    let clocks = [
        "2024-06-01T12:00:00Z",
        // In other centuries, too.
        "1500-06-01T12:00:00Z",
        "3000-06-01T12:00:00Z",
    ];
    for clock in clocks {
        let start: Timestamp = clock.parse().unwrap();
        let at = |second| start + Duration::from_secs(second);
        let mut jar = CookieJar::default();
        receive(&mut jar, SHOP, "a=; Max-Age=10", start).unwrap();
        for read in reads {
            let read = |jar: &CookieJar, second| read(jar, &Request::new(&shop), at(second));
            let jar = jar.clone();
            assert_eq!(read(&jar, 10), 1, "{clock}");
            assert_eq!(read(&jar, 11), 0, "{clock}");
            assert_eq!(read(&jar, 5), 0, "{clock}");
            // So it is no old-cookie either.
            let mut jar = jar;
            let received = receive(&mut jar, SHOP, "a=; Max-Age=1", at(5));
            assert_eq!(received, Ok(Receipt::Stored), "{clock}");
            // What comes then lives by the clock that went back.
            assert_eq!(read(&jar, 6), 1, "{clock}");
            assert_eq!(read(&jar, 7), 0, "{clock}");
        }
    }
}

#[test]
fn time_is_kept_in_whole_microseconds() {
    let rows = [
        // nanoseconds that pass, microseconds that have begun
        (0, 0),
        (1, 0),
        (999, 0),
        (1000, 1),
        (1999, 1),
        (2000, 2),
        (-1, -1),
        (-1000, -1),
        (-1001, -2),
    ];
    let clocks = [
        "2024-06-01T12:00:00Z",
        "1969-12-31T23:59:59.999999Z",
        "1601-06-01T12:00:00Z",
        "3000-06-01T12:00:00Z",
        "9999-06-01T12:00:00Z",
    ];
    for clock in clocks {
        let start: DateTime<Utc> = clock.parse().unwrap();
        for (passed, begun) in rows {
            let now = start + TimeDelta::nanoseconds(passed);
            let kept = Timestamp::from_micros(start.timestamp_micros() + begun);
            let times = |cookie: &Cookie| {
                (
                    cookie.creation_time(),
                    cookie.last_access_time(),
                    cookie.expiry_time(),
                )
            };
            let seconds = |seconds| Some(kept + Duration::from_secs(seconds));
            let mut jar = CookieJar::default();
            receive(&mut jar, SHOP, "a=; Max-Age=9", now).unwrap();
            let built = Cookie::builder("b", "", "shop.example")
                .creation_time(now - TimeDelta::seconds(5))
                .expiry_time(now + TimeDelta::seconds(5));
            jar.insert(&built, now).unwrap();
            let created = kept - Duration::from_secs(5);
            let expected = [(created, kept, seconds(5)), (kept, kept, seconds(9))];
            let listed: Vec<_> = jar.iter(now).map(times).collect();
            assert_eq!(listed, expected, "{clock} {passed}");
            // An access is kept alike.
            sent(&jar, SHOP, now + TimeDelta::seconds(1));
            let accessed = kept + Duration::from_secs(1);
            let mut listed = jar.iter(now).map(Cookie::last_access_time);
            assert!(listed.all(|time| time == accessed), "{clock} {passed}");
        }
    }
}

/// An instant is the microsecond that it is in, wherever it is asked about.
#[test]
fn no_time_passes_within_a_microsecond() {
    let shop = url(SHOP);
    let request = Request::new(&shop);
    let later = |nanoseconds| DateTime::<Utc>::from(after(9)) + TimeDelta::nanoseconds(nanoseconds);
    for (now, is_there) in [
        (later(0), true),
        (later(999), true),
        (later(1000), false),
        (later(1999), false),
    ] {
        let mut jar = CookieJar::default();
        receive(&mut jar, SHOP, "a=; Max-Age=9", NOW).unwrap();
        let cookie = jar.get(Domain::new("shop.example"), "a", "/", NOW)[0].clone();
        assert_eq!(cookie.is_expired(now), !is_there, "{now}");
        let why = jar.exclusion(&cookie, request, now);
        assert_eq!(why == Some(Exclusion::Expired), !is_there, "{now}");
        let count = usize::from(is_there);
        assert_eq!(jar.clone().iter(now).count(), count, "{now}");
        assert_eq!(jar.clone().cookies(request, now).len(), count, "{now}");
        assert_eq!(jar.clone().explain(request, now).len(), count, "{now}");
        let got = jar
            .clone()
            .get(Domain::new("shop.example"), "a", "/", now)
            .len();
        assert_eq!(got, count, "{now}");
        let mut evicted = jar.clone();
        evicted.evict_expired(now);
        assert_eq!(evicted.len(), count, "{now}");
        let old = if is_there {
            Receipt::Replaced
        } else {
            Receipt::Stored
        };
        assert_eq!(receive(&mut jar, SHOP, "a=", now), Ok(old), "{now}");
    }
    // Cookies of one microsecond were created together, in the order in which they came.
    let mut jar = CookieJar::default();
    for (name, nanoseconds) in [("a", 900), ("b", 100), ("c", 500)] {
        receive(&mut jar, SHOP, &format!("{name}="), later(nanoseconds)).unwrap();
    }
    assert_eq!(names(&jar, later(0)), "a b c");
    assert_eq!(sent(&jar, SHOP, later(0)), "a=; b=; c=");
}

#[test]
fn what_was_gone_by_a_microsecond_stays_gone() {
    for microseconds in [1, 2, 1000] {
        let mut jar = CookieJar::default();
        receive(&mut jar, SHOP, "a=; Max-Age=9", NOW).unwrap();
        let later = after(9) + Duration::from_micros(microseconds);
        assert_eq!(jar.iter(after(9)).count(), 1, "{microseconds}");
        assert_eq!(jar.iter(later).count(), 0, "{microseconds}");
        assert_eq!(jar.iter(after(9)).count(), 0, "{microseconds}");
    }
}

/// A retrieval leaves a later access as it is; a cookie that is new, or replaces another, begins with
/// the time at which it came.
#[test]
fn the_last_access_time_never_goes_back() {
    let rows: [(&[(i64, &str)], i64); 9] = [
        // seconds and what happens then, the last access
        (&[(5, "receive")], 5),
        (&[(5, "receive"), (7, "send")], 7),
        (&[(5, "receive"), (4, "send")], 5),
        (&[(5, "receive"), (7, "send"), (6, "send")], 7),
        (&[(5, "receive"), (7, "send"), (-6, "send"), (8, "send")], 8),
        (&[(5, "receive"), (7, "explain")], 5),
        (&[(5, "receive"), (7, "send"), (9, "receive")], 9),
        (&[(5, "receive"), (7, "send"), (6, "receive")], 6),
        (
            &[(5, "receive"), (7, "send"), (6, "receive"), (5, "send")],
            6,
        ),
    ];
    let shop = url(SHOP);
    let request = Request::new(&shop);
    for (steps, expected) in rows {
        let (shared, seconds) = shared();
        let mut jar = CookieJar::default();
        for (second, step) in steps {
            seconds.store(*second, Ordering::Relaxed);
            let now = after(*second);
            match *step {
                "receive" => {
                    shared.receive(b"a=", request).unwrap();
                    jar.receive(b"a=", request, now).unwrap();
                }
                "send" => {
                    assert_eq!(shared.cookies(request).len(), 1);
                    assert_eq!(jar.cookies(request, now).len(), 1);
                }
                _ => {
                    assert_eq!(shared.explain(request).len(), 1);
                    assert_eq!(jar.explain(request, now).len(), 1);
                }
            }
        }
        for jar in [shared.to_jar(), jar] {
            let cookie = jar.iter(NOW).next().unwrap();
            assert_eq!(cookie.last_access_time(), after(expected), "{steps:?}");
        }
    }
}

#[test]
fn a_clone_is_another_jar() {
    let mut jar = stocked();
    let copy = jar.clone();
    receive(&mut jar, SHOP, "a=one", after(7)).unwrap();
    receive(&mut jar, SHOP, "new=", after(7)).unwrap();
    jar.set_policy(policy(|policy| policy.max_cookies = 0), after(7));
    assert_eq!(values(copy.iter(after(7))), "1 2 3 4 5 6 nameless");
    assert_eq!(copy.policy().max_cookies, 3300);
    // Neither does an access to one show in the other, nor what one has found expired.
    let (one, other) = (copy.clone(), copy);
    let shop = url(SHOP);
    let accessed = |jar: &CookieJar| {
        let cookie = jar.get(Domain::new("shop.example"), "b", "/", NOW).pop();
        cookie.map(Cookie::last_access_time)
    };
    one.cookies(Request::new(&shop), after(9));
    assert_eq!(
        (accessed(&one), accessed(&other)),
        (Some(after(9)), Some(after(4)))
    );
    assert_eq!(one.iter(after(35)).count(), 6);
    assert_eq!((accessed(&one), accessed(&other)), (None, Some(after(4))));
    // A cookie is a copy, too.
    let cookie = other.get(Domain::new("shop.example"), "b", "/", NOW)[0].clone();
    other.cookies(Request::new(&shop), after(9));
    assert_eq!(
        (cookie.last_access_time(), accessed(&other)),
        (after(4), Some(after(9)))
    );
}

#[test]
fn no_debug_shows_a_value() {
    let shop = url(SHOP);
    let line = b"name=hunter2; Path=/; Secure; Partitioned";
    let mut jar = CookieJar::default();
    jar.receive(line, Request::new(&shop), NOW).unwrap();
    jar.receive(b"hunter2", Request::new(&shop), NOW).unwrap();
    let builder = Cookie::builder("name", "hunter2", "shop.example");
    jar.insert(&builder, NOW).unwrap();
    let cookies: Vec<_> = jar.iter(NOW).collect();
    let set_cookie = SetCookie::parse(line).unwrap();
    let evaluated = jar.evaluate(&set_cookie, Request::new(&shop), NOW);
    let rows = [
        format!("{cookies:?}"),
        format!("{:?}", jar.explain(Request::new(&shop), NOW)),
        format!("{evaluated:?}"),
        format!("{builder:?}"),
        format!("{set_cookie:?}"),
        format!("{jar:?}"),
        format!("{:#?}", SharedJar::from(jar.clone())),
        format!("{:?}", SharedJar::builder().jar(jar.clone())),
    ];
    for shown in rows {
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("<7 octets>"), "{shown}");
        // Nor in octets.
        assert!(!shown.contains("104, 117, 110"), "{shown}");
    }
}

#[test]
fn the_debug_of_a_request_shows_neither_credentials_nor_queries() {
    let secret = url("https://hunter2:hunter2@shop.example:8443/p?hunter2#hunter2");
    let request = Request::new(&secret)
        .site_for_cookies(&secret)
        .top_level_site(&secret);
    let shown = format!("{request:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(
        shown.contains("https://shop.example:8443") && shown.contains("/p"),
        "{shown}"
    );
}

/// Each is equal to its clone, also by its hash, and to no other.
fn check_distinct<T: Clone + Debug + Eq + Hash>(all: &[T]) {
    for (at, one) in all.iter().enumerate() {
        for (other_at, other) in all.iter().enumerate() {
            assert_eq!(*one == other.clone(), at == other_at, "{one:?} {other:?}");
        }
    }
    let set: HashSet<T> = all.iter().chain(all).cloned().collect();
    assert_eq!(set.len(), all.len(), "{all:?}");
}

#[test]
fn requests_and_builders_are_equal_if_all_their_fields_are() {
    let (shop, www) = (url(SHOP), url(WWW));
    let request = Request::new(&shop);
    check_distinct(&[
        request,
        Request::new(&www),
        request.method("POST"),
        request.site_for_cookies(&shop),
        request.site_for_cookies(&www),
        request.opaque_site_for_cookies(),
        request.destination(Destination::TopLevel),
        request.non_http(),
        request.top_level_site(&www),
        request.cross_site_ancestor(true),
    ]);
    assert_eq!(request, Request::new(&url(SHOP)));
    let cookie = || Cookie::builder("a", "1", "shop.example");
    check_distinct(&[
        cookie(),
        Cookie::builder("b", "1", "shop.example"),
        Cookie::builder("a", "2", "shop.example"),
        Cookie::builder("a", "1", "www.shop.example"),
        cookie().path("/a"),
        cookie().host_only(false),
        cookie().secure_only(true),
        cookie().http_only(true),
        cookie().same_site(SameSite::Lax),
        cookie().expiry_time(NOW),
        cookie().creation_time(NOW),
        cookie().partition("https://shop.example".parse().unwrap()),
    ]);
    let line = || SetCookie::builder("a", "1");
    check_distinct(&[
        line(),
        SetCookie::builder("b", "1"),
        SetCookie::builder("a", "2"),
        line().expires(NOW),
        line().max_age(0),
        line().domain("shop.example"),
        line().path("/"),
        line().secure(true),
        line().http_only(true),
        line().same_site(SameSite::Lax),
        line().partitioned(true),
    ]);
    check_distinct(
        &["a=1", "b=1", "a=2", "a=1; Path=/"]
            .map(|line| SetCookie::parse(line.as_bytes()).unwrap()),
    );
}

/// The cookie that was used longest ago goes first; what was used when the clock had gone back was used
/// before, too.
#[test]
fn the_order_of_removal_does_not_follow_a_clock_that_goes_back() {
    let all = ["a", "b", "c", "d"];
    let rows: [(&[&str], i64, &str); 6] = [
        // what is sent, from which second on, earlier and earlier; what is kept in the end
        (&[], 0, "d e"),
        (&["b"], 0, "d e"),
        (&["c", "b"], 0, "d e"),
        // More often than there are cookies.
        (&["b", "c", "d", "c", "b"], 0, "d e"),
        (&["b"], 14, "b e"),
        (&["c", "b", "d"], 15, "c e"),
    ];
    let limits = |per_domain, per_site, total| {
        policy(|policy| {
            policy.max_cookies_per_domain = per_domain;
            policy.max_cookies_per_site = per_site;
            policy.max_cookies = total;
        })
    };
    for (sends, from, kept) in rows {
        for (per_domain, per_site, total) in [(3, 99, 99), (99, 3, 99), (99, 99, 3)] {
            let context = format!("{sends:?} {from} {per_domain} {per_site} {total}");
            let mut jar = CookieJar::new(limits(per_domain, per_site, total));
            for (seconds, name) in (10..).zip(all) {
                let line = format!("{name}=1; Path=/{name}");
                receive(&mut jar, SHOP, &line, after(seconds)).unwrap();
            }
            assert_eq!(names(&jar, after(13)), "b c d", "{context}");
            for (seconds, name) in (0..).zip(sends) {
                let to = format!("https://shop.example/{name}");
                assert_eq!(sent(&jar, &to, after(from - seconds)), format!("{name}=1"));
            }
            // Two of them have to go.
            let lower = limits(per_domain.min(2), per_site.min(2), total.min(2));
            jar.set_policy(lower, after(20));
            receive(&mut jar, SHOP, "e=1; Path=/e", after(20)).unwrap();
            assert_eq!(names(&jar, after(20)), kept, "{context}");
        }
    }
}

/// A jar, and the seconds after [`NOW`] that its clock shows.
fn shared() -> (SharedJar, Arc<AtomicI64>) {
    let seconds = Arc::new(AtomicI64::new(0));
    let clock = Arc::clone(&seconds);
    let jar = SharedJar::builder()
        .clock(move || after(clock.load(Ordering::Relaxed)))
        .build();
    (jar, seconds)
}

#[test]
fn a_clone_of_a_shared_jar_is_the_same_jar() {
    fn check<T: Send + Sync + Clone + 'static>(_: &T) {}
    let (jar, seconds) = shared();
    check(&jar);
    let same = jar.clone();
    let shop = url(SHOP);
    let request = Request::new(&shop);
    assert_eq!(jar.receive(b"a=1; Max-Age=9", request), Ok(Receipt::Stored));
    assert_eq!(
        same.receive(b"a=2; Max-Age=9", request),
        Ok(Receipt::Replaced)
    );
    assert_eq!(jar.cookie_string(request).as_deref(), Some(&b"a=2"[..]));
    // The clock is shared as well; another one is that of another jar.
    let late = SharedJar::builder()
        .jar(jar.to_jar())
        .clock(|| after(10))
        .build();
    assert_eq!((jar.to_vec().len(), late.to_vec().len()), (1, 0));
    seconds.store(10, Ordering::Relaxed);
    assert_eq!(same.receive(b"b=; Max-Age=9", request), Ok(Receipt::Stored));
    assert_eq!((jar.len(), same.len()), (1, 1));
    seconds.store(19, Ordering::Relaxed);
    assert_eq!(same.to_vec().len(), 1);
    seconds.store(20, Ordering::Relaxed);
    assert!(same.to_vec().is_empty());
    // A copy is no longer shared.
    jar.receive(b"c=3", request).unwrap();
    let mut copy = jar.to_jar();
    jar.clear();
    assert!(same.is_empty() && !copy.is_empty());
    copy.clear();
}

#[test]
fn a_shared_jar_has_the_verbs_of_a_jar() {
    let (jar, seconds) = shared();
    let shop = url(SHOP);
    let request = Request::new(&shop);
    jar.receive(b"a=1; Max-Age=9", request).unwrap();
    let built = Cookie::builder("b", "2", "shop.example").http_only(true);
    assert_eq!(jar.insert(&built), Ok(Receipt::Stored));
    assert_eq!(
        jar.receive(b"c=3; Domain=example", request)
            .unwrap_err()
            .name(),
        "public-suffix"
    );
    seconds.store(5, Ordering::Relaxed);
    assert_eq!(values(&jar.cookies(request)), "1 2");
    assert_eq!(
        jar.get(Domain::new("shop.example"), "a", "/")[0].last_access_time(),
        after(5)
    );
    let set_cookie = SetCookie::parse(b"a=2").unwrap();
    let evaluated = jar.evaluate(&set_cookie, request).unwrap();
    assert_eq!(
        (evaluated.creation_time(), evaluated.last_access_time()),
        (NOW, after(5))
    );
    let explained = jar.explain(request.non_http());
    for (cookie, why) in &explained {
        assert_eq!(jar.exclusion(cookie, request.non_http()), *why);
    }
    let shown: Vec<_> = explained.iter().map(|(_, why)| *why).collect();
    assert_eq!(shown, [None, Some(Exclusion::HttpOnly)]);
    let found = |name| jar.find(request, name).map(|cookie| text(cookie.value()));
    assert_eq!((found("b").as_deref(), found("c")), (Some("2"), None));
    let mut header = b"Cookie: ".to_vec();
    assert!(jar.write_cookie_string(request, &mut header));
    assert_eq!(text(&header), "Cookie: a=1; b=2");
    let of = |host| Cookie::builder("d", "4", host);
    let not_restored = jar.restore([of("shop.example"), of("a b")]);
    assert_eq!((not_restored.len(), jar.len()), (1, 3));
    assert_eq!(jar.remove(Domain::new("shop.example"), "d", "/"), 1);
    // An expired cookie is there until a writer comes.
    seconds.store(10, Ordering::Relaxed);
    assert_eq!((jar.to_vec().len(), jar.len()), (1, 2));
    jar.evict_expired();
    assert_eq!(jar.len(), 1);
    assert_eq!(jar.remove(Domain::new("shop.example"), "a", "/"), 0);
    assert_eq!(jar.remove(Domain::new("shop.example"), "b", "/"), 1);
    for (lines, left) in [(2, 0), (3, 1)] {
        for line in ["x=", "y=; Max-Age=9", "z=; Path=/z"].iter().take(lines) {
            jar.receive(line.as_bytes(), request).unwrap();
        }
        assert_eq!(jar.retain(|cookie| cookie.path() != b"/z"), left);
        assert_eq!(jar.end_session(), 1);
        assert_eq!(jar.clear_domain(Domain::new("shop.example")), 1);
        assert_eq!(jar.clear_domain(Domain::new("shop.example")), 0);
    }
    jar.set_policy(policy(|policy| policy.max_cookies = 0));
    assert_eq!(jar.policy().max_cookies, 0);
    assert_eq!(jar.receive(b"a=1", request), Ok(Receipt::Stored));
    assert!(jar.is_empty());
}

/// 5.7 step 16: a secure cookie is not to be overlaid by one of a parent or a child with a single label.
#[test]
fn a_shared_jar_is_one_jar_for_single_labels() {
    let (jar, _) = shared();
    for (from, line) in [
        ("https://x.intranet/", "a=1; Secure"),
        ("https://other/", "b=1; Secure"),
    ] {
        let received = jar.receive(line.as_bytes(), Request::new(&url(from)));
        assert_eq!(received, Ok(Receipt::Stored));
    }
    let again = SharedJar::builder().jar(jar.to_jar()).clock(|| NOW).build();
    for (from, line, expected) in [
        ("http://intranet/", "a=2", Some(Rejection::OverlaysSecure)),
        ("http://x.intranet/", "a=2", Some(Rejection::OverlaysSecure)),
        ("http://y.intranet/", "a=2", None),
        ("http://intranet/", "b=2", None),
        ("https://intranet/", "a=2", None),
        ("http://z.other/", "b=2", Some(Rejection::OverlaysSecure)),
        ("http://z.other/", "c=2", None),
    ] {
        let set_cookie = SetCookie::parse(line.as_bytes()).unwrap();
        let from = url(from);
        let request = Request::new(&from);
        let evaluated = jar.evaluate(&set_cookie, request).err();
        assert_eq!(evaluated, expected, "{from} {line}");
        for jar in [&jar, &again] {
            let received = jar.receive(line.as_bytes(), request).err();
            assert_eq!(received, expected, "{from} {line}");
        }
    }
    // A host-only cookie of a parent domain is not sent, and that is explained.
    let explained = jar.explain(Request::new(&url("https://x.intranet/")));
    let explained: Vec<_> = explained
        .iter()
        .map(|(cookie, why)| (text(cookie.domain()), *why))
        .collect();
    let parent = ("intranet".to_owned(), Some(Exclusion::HostOnly));
    let expected = [("x.intranet".to_owned(), None), parent.clone(), parent];
    assert_eq!(explained, expected);
}

/// Equal creation-times stay in the order in which they came, and the least recently used cookie of all
/// has to go: a use when the clock had gone back does not set one back.
#[test]
fn a_shared_jar_is_one_jar_beyond_the_total() {
    let page = |label| url(&format!("https://{label}.example/"));
    let (jar, seconds) = shared();
    jar.set_policy(policy(|policy| policy.max_cookies = 3));
    for (second, label, receives, expected) in [
        (5, "c", true, "c"),
        (5, "b", true, "c b"),
        (5, "a", true, "c b a"),
        (6, "c", false, "c b a"),
        (3, "a", false, "c b a"),
        (7, "d", true, "c a d"),
        (8, "e", true, "c d e"),
    ] {
        seconds.store(second, Ordering::Relaxed);
        let page = page(label);
        let request = Request::new(&page);
        if receives {
            jar.receive(b"a=1", request).unwrap();
        } else {
            assert!(jar.cookie_string(request).is_some());
        }
        let cookies = jar.to_vec();
        let labels = cookies.iter().map(|cookie| text(&cookie.domain()[..1]));
        assert_eq!(labels.collect::<Vec<_>>().join(" "), expected);
    }
}

/// Without public suffixes a cookie is for all of `example`, until there are some again.
#[test]
fn a_shared_jar_is_one_jar_without_public_suffixes() {
    let hosts = ["https://a.example/", "https://b.example/"].map(url);
    let [a, b] = hosts.each_ref().map(Request::new);
    let (jar, _) = shared();
    jar.receive(b"own=1", b).unwrap();
    for (rejects, expected) in [(true, "own=1"), (false, "own=1; all=1"), (true, "own=1")] {
        jar.set_policy(policy(|policy| policy.reject_public_suffixes = rejects));
        let wide = jar.receive(b"all=1; Domain=example", a);
        assert_eq!(wide.is_err(), rejects);
        assert_eq!(text(&jar.cookie_string(b).unwrap()), expected);
    }
}

/// What has expired is gone for whoever is about all cookies, or about its domain, also where nobody was
/// in the meantime, and also when the clock goes back.
#[test]
fn a_shared_jar_is_one_jar_for_what_has_expired() {
    let hosts = ["https://a.example/", "https://b.example/"].map(url);
    let [a, b] = hosts.each_ref().map(Request::new);
    let verbs: [fn(&SharedJar) -> usize; 4] = [
        |jar| jar.clear_domain(Domain::new("b.example")),
        |jar| jar.retain(|_| panic!("there is no cookie to ask about")),
        SharedJar::end_session,
        |jar| jar.to_vec().len(),
    ];
    for verb in verbs {
        let (jar, seconds) = shared();
        jar.receive(b"a=1; Max-Age=9", b).unwrap();
        seconds.store(20, Ordering::Relaxed);
        assert_eq!(jar.cookie_string(a), None);
        assert_eq!(verb(&jar), 0);
        seconds.store(5, Ordering::Relaxed);
        assert_eq!(jar.cookie_string(b), None);
    }
}

#[test]
fn a_panic_in_a_closure_does_no_harm() {
    let shop = url(SHOP);
    let request = Request::new(&shop);
    let jar = SharedJar::builder()
        .jar(stocked())
        .clock(|| after(6))
        .build();
    let kept = panic::catch_unwind(AssertUnwindSafe(|| {
        let mut seen = 0;
        jar.retain(|_| {
            seen += 1;
            assert!(seen < 4);
            false
        })
    }));
    assert!(kept.is_err());
    // Whole, and neither readers nor writers are locked out.
    assert_eq!(values(&jar.to_vec()), "1 2 3 4 5 6 nameless");
    assert_eq!(jar.receive(b"a=7", request), Ok(Receipt::Replaced));
    assert_eq!(jar.retain(|cookie| cookie.name() == b"b"), 6);
    assert_eq!(jar.cookie_string(request).as_deref(), Some(&b"b=5"[..]));
    assert!(format!("{jar:?}").contains("SharedJar"));
}

#[test]
fn many_threads() {
    const THREADS: i64 = 4;
    const ROUNDS: i64 = 250;
    let (jar, seconds) = shared();
    jar.set_policy(policy(|policy| policy.max_cookies_per_domain = 8));
    let shop = url(SHOP);
    let request = Request::new(&shop);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (jar, seconds) = (jar.clone(), &seconds);
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    // The clock goes back and forth under everybody's feet.
                    seconds.store((round + thread) % 7, Ordering::Relaxed);
                    let name = (round * 3 + thread) % 12;
                    let line = format!("n{name}={round}; Max-Age={}", 1 + round % 3);
                    jar.receive(line.as_bytes(), request).unwrap();
                    let cookie_string = jar.cookie_string(request).unwrap_or_default();
                    let cookie_string = String::from_utf8(cookie_string).unwrap();
                    let pairs = cookie_string.split("; ").filter(|pair| !pair.is_empty());
                    let sent: Vec<_> = pairs.filter_map(|pair| pair.split_once('=')).collect();
                    let unique: BTreeSet<_> = sent.iter().map(|(name, _)| name).collect();
                    assert_eq!(unique.len(), sent.len(), "{cookie_string}");
                    assert!(sent.len() <= 8, "{cookie_string}");
                    assert!(
                        jar.remove(
                            Domain::new("shop.example"),
                            format!("n{}", (name + 5) % 12),
                            "/"
                        ) <= 1
                    );
                    assert!(jar.len() <= 8);
                }
            });
        }
    });
    // What is left is in order, within the bound, and gone when its time has come.
    let left = jar.to_vec();
    assert!(left.is_sorted_by_key(Cookie::creation_time));
    assert!(left.len() <= 8);
    seconds.store(10, Ordering::Relaxed);
    jar.evict_expired();
    assert!(jar.is_empty());
}

#[test]
fn a_partition_is_emptied_with_its_cookies() {
    let list = PublicSuffixList::embedded();
    let page = url("https://page.example/");
    let key = PartitionKey::new(&page, false, &list).unwrap();
    let built = Cookie::builder("a", "1", "shop.example").secure_only(true);
    let mut jar = CookieJar::default();
    for cookie in [built.clone(), built.partition(key.clone())] {
        assert_eq!(jar.insert(&cookie, NOW), Ok(Receipt::Stored));
    }
    let in_partition = |cookie: &Cookie| cookie.partition() == Some(&key);
    assert_eq!(jar.retain(|cookie| !in_partition(cookie)), 1);
    let shop = url(SHOP);
    let request = Request::new(&shop).top_level_site(&page);
    assert_eq!(values(jar.cookies(request, NOW)), "1");
    let received = jar.receive(b"a=2; Secure; Partitioned", request, NOW);
    assert_eq!(received, Ok(Receipt::Stored));
    assert_eq!(
        jar.iter(NOW).filter(|cookie| in_partition(cookie)).count(),
        1
    );
}
