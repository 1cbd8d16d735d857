//! Tests that a broken copy of the crate asked for: each fails with a change that no other test noticed.

mod common;

use common::{NOW, policy, receive, sent};
use hardtack::{CookieJar, Policy, Receipt, Request, SharedJar};

/// 5.7 step 16.2: only secure-only cookies are not to be overlaid, also where their domain has one of
/// another name.
#[test]
fn an_insecure_cookie_beside_a_secure_one_can_be_overlaid() {
    let mut jar = CookieJar::default();
    let (https, http) = ("https://shop.example/", "http://shop.example/");
    receive(&mut jar, https, "secret=1; Secure", NOW).unwrap();
    receive(&mut jar, https, "theme=dark", NOW).unwrap();
    let replaced = receive(&mut jar, http, "theme=light", NOW);
    assert_eq!(replaced, Ok(Receipt::Replaced));
    let beside = receive(&mut jar, http, "theme=none; Path=/a", NOW);
    assert_eq!(beside, Ok(Receipt::Stored));
    let sent = sent(&jar, "https://shop.example/a", NOW);
    assert_eq!(sent, "theme=none; secret=1; theme=light");
}

/// 5.7 step 16.3: a domain that got its first secure-only cookie after the jar had been asked for such
/// subdomains is one of them, and no longer one when that cookie is gone.
#[test]
fn subdomains_are_secure_from_their_first_secure_cookie_on() {
    let mut jar = CookieJar::default();
    let (https, http) = ("https://www.shop.example/", "http://shop.example/");
    receive(&mut jar, http, "sid=1", NOW).unwrap();
    receive(&mut jar, https, "sid=2; Secure", NOW).unwrap();
    let refused = receive(&mut jar, http, "sid=3", NOW).unwrap_err();
    assert_eq!(refused.name(), "overlays-secure");
    receive(&mut jar, https, "sid=; Secure; Max-Age=0", NOW).unwrap();
    let replaced = receive(&mut jar, http, "sid=3", NOW);
    assert_eq!(replaced, Ok(Receipt::Replaced));
}

/// 5.7 step 16.4: a secure-only cookie is found below a path at which another site has one of the name.
#[test]
fn a_secure_cookie_is_found_beside_those_of_other_sites() {
    let mut jar = CookieJar::default();
    for (from, path) in [("other", "/"), ("other", "/a/b"), ("shop", "/a")] {
        let line = format!("c=1; Secure; Path={path}");
        receive(&mut jar, &format!("https://{from}.example/"), &line, NOW).unwrap();
    }
    for (path, is_refused) in [("/", false), ("/a", true), ("/a/b", true), ("/ab", false)] {
        let line = format!("c=2; Path={path}");
        let received = receive(&mut jar, "http://shop.example/", &line, NOW);
        assert_eq!(received.is_err(), is_refused, "{path}");
    }
}

/// Cookies of one instant stand in the order in which they came, also where a policy came between.
#[test]
fn what_comes_after_a_policy_stands_behind() {
    let mut jar = CookieJar::default();
    let url = "https://shop.example/";
    receive(&mut jar, url, "a=1", NOW).unwrap();
    receive(&mut jar, url, "b=2", NOW).unwrap();
    jar.set_policy(Policy::default(), NOW);
    receive(&mut jar, url, "c=3", NOW).unwrap();
    assert_eq!(sent(&jar, url, NOW), "a=1; b=2; c=3");
}

/// A site has as many cookies as its limit says before it is cut, also where a domain of it may have fewer.
#[test]
fn a_site_at_its_limit_is_not_cut() {
    let mut jar = CookieJar::new(policy(|policy| {
        policy.max_cookies_per_domain = 2;
        policy.max_cookies_per_site = 4;
        policy.cookies_left_of_full_site = 1;
    }));
    for (number, left) in [1, 2, 3, 4, 1].into_iter().enumerate() {
        let from = format!("https://h{number}.shop.example/");
        receive(&mut jar, &from, "a=1", NOW).unwrap();
        assert_eq!(jar.len(), left, "{number}");
    }
}

#[test]
fn a_shared_jar_with_a_cookie_is_not_empty() {
    let jar = SharedJar::default();
    assert!(jar.is_empty());
    let url = url::Url::parse("https://shop.example/").unwrap();
    jar.receive(b"a=1", Request::new(&url)).unwrap();
    assert!(!jar.is_empty());
}
