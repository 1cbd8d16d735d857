//! What fuzzing found, each as the shortest case, named by its target.

mod common;

use common::{NOW, after, names, receive, sent};
use hardtack::Domain;
use hardtack::{Cookie, CookieJar, Exclusion, Request, Timestamp};

/// The last-access-time ended in the year 2262, where 64 bits of nanoseconds do: later cookies had all
/// been used at the same time, and the wrong one had to go.
#[test]
fn jar_ops_far_clock() {
    let then = |second: u32| -> Timestamp {
        let instant = format!("8407-05-28T23:38:{second:02}Z");
        instant.parse().unwrap()
    };
    let mut jar = CookieJar::default();
    let mut policy = jar.policy().clone();
    policy.max_cookies_per_domain = 2;
    jar.set_policy(policy, NOW);
    let from = "https://shop.example/";
    receive(&mut jar, from, "old=1; Path=/a", then(0)).unwrap();
    receive(&mut jar, from, "new=1; Path=/b", then(1)).unwrap();
    let last_access_times: Vec<_> = jar.iter(then(1)).map(Cookie::last_access_time).collect();
    assert_eq!(last_access_times, [then(0), then(1)]);
    // The older cookie is used, so the newer one has to go.
    assert_eq!(sent(&jar, "https://shop.example/a", then(2)), "old=1");
    receive(&mut jar, from, "third=1; Path=/c", then(3)).unwrap();
    assert_eq!(names(&jar, then(3)), "old third");
}

/// Partitions were switched off while a cookie was in one: the model still sent it, and the policy did
/// not say what becomes of it.
#[test]
fn jar_ops_partitions_switched_off() {
    let mut jar = CookieJar::default();
    let from = "https://shop.example/";
    receive(&mut jar, from, "a=1; Secure; Partitioned", NOW).unwrap();
    let mut policy = jar.policy().clone();
    policy.partitioned = false;
    jar.set_policy(policy.clone(), NOW);
    assert_eq!(sent(&jar, from, NOW), "");
    let url = url::Url::parse(from).unwrap();
    let explained = jar.explain(Request::new(&url), NOW);
    assert_eq!(explained[0].1, Some(Exclusion::OtherPartition));
    policy.partitioned = true;
    jar.set_policy(policy, NOW);
    assert_eq!(sent(&jar, from, NOW), "a=1");
}

/// Of two cookies that were set back in time one was removed: the order of removal was not told of the other
/// one, and a cookie that was used later had to go. By now no access is set back.
#[test]
fn jar_ops_set_back_and_removed() {
    let mut jar = CookieJar::default();
    let mut policy = jar.policy().clone();
    policy.max_cookies = 2;
    jar.set_policy(policy, NOW);
    for host in ["one", "two", "three"] {
        receive(
            &mut jar,
            &format!("https://{host}.example/"),
            host,
            after(10),
        )
        .unwrap();
    }
    sent(&jar, "https://two.example/", after(5));
    jar.clear_domain(Domain::new("two.example"));
    sent(&jar, "https://three.example/", after(1));
    for host in ["four", "five"] {
        receive(
            &mut jar,
            &format!("https://{host}.example/"),
            host,
            after(2),
        )
        .unwrap();
    }
    let values: Vec<_> = jar.iter(after(2)).map(Cookie::value).collect();
    assert_eq!(values, [&b"five"[..], b"three"]);
}
