//! What somebody can do to a jar who may set as many cookies as they like, from hosts as they like: the
//! work stays in proportion to what comes in, and others keep what is theirs.
//!
//! No test looks at a clock. The numbers are such that work in proportion to the jar, or to its square,
//! at each step takes minutes.

mod common;

use common::{NOW, after, names, policy, receive, sent, text, url};
use hardtack::{Cookie, CookieJar, Domain, PartitionKey, Policy, Receipt, Request};

const MANY: usize = 100_000;
/// So often something is asked that is to be flat in a jar of [`MANY`] cookies.
const OFTEN: usize = 4_000;

type Bound = fn(&mut Policy);

const SHOP: &str = "https://shop.example/";

fn unlimited() -> Policy {
    policy(|policy| {
        policy.max_cookies_per_domain = usize::MAX;
        policy.max_cookies_per_site = usize::MAX;
        policy.max_cookies = usize::MAX;
    })
}

/// A jar of so many cookies, each `c=` at the host of its number.
fn jar_of(
    count: usize,
    policy: Policy,
    host: impl Fn(usize) -> String,
    attributes: &str,
) -> CookieJar {
    let mut jar = CookieJar::new(policy);
    for number in 0..count {
        let from = format!("https://{}/", host(number));
        receive(&mut jar, &from, &format!("c={attributes}"), NOW).unwrap();
    }
    jar
}

/// A site has as many subdomains as it likes, each with a limit of its own.
#[test]
fn subdomains_take_no_room_of_other_sites() {
    let mut jar = CookieJar::default();
    for site in 0..200 {
        let from = format!("https://site{site}.example/");
        for cookie in 0..10 {
            receive(&mut jar, &from, &format!("c{cookie}="), NOW).unwrap();
        }
    }
    for number in 0..20_000 {
        let from = format!("https://h{}.evil.example/", number % 2_000);
        let line = format!("c{number}=; Secure");
        receive(&mut jar, &from, &line, after(1)).unwrap();
    }
    let of_evil = |cookie: &&Cookie| cookie.domain().ends_with(b"evil.example");
    assert_eq!(jar.iter(after(1)).filter(of_evil).count(), 540);
    assert_eq!(jar.len(), 2_000 + 540);
}

/// Each partition has a limit of its own, so that for all of them the total is the limit.
#[test]
fn partitions_add_up_to_the_total() {
    let mut jar = CookieJar::default();
    let tracker = url("https://tracker.example/");
    for page in 0..2_000 {
        let page = url(&format!("https://page{page}.example/"));
        let request = Request::new(&tracker).top_level_site(&page);
        for cookie in 0..5 {
            let line = format!("c{cookie}=; Secure; Partitioned");
            jar.receive(line.as_bytes(), request, NOW).unwrap();
        }
    }
    assert_eq!(jar.len(), 3300);
}

#[test]
fn a_full_jar_of_many_sites() {
    let jar = jar_of(
        MANY,
        Policy::default(),
        |number| format!("h{number}.example"),
        "",
    );
    assert_eq!(jar.len(), 3300);
    let last = format!("https://h{}.example/", MANY - 1);
    assert_eq!(sent(&jar, &last, NOW), "c=");
}

#[test]
fn one_domain_of_many_cookies() {
    const COOKIES: usize = 25_000;
    let mut jar = CookieJar::new(unlimited());
    for number in 0..COOKIES {
        let line = format!("c{number}=; Path=/{number}");
        receive(&mut jar, SHOP, &line, NOW).unwrap();
    }
    assert_eq!(jar.len(), COOKIES);
    // Each is got and replaced.
    for number in 0..COOKIES {
        let (name, path) = (format!("c{number}"), format!("/{number}"));
        assert_eq!(
            jar.get(Domain::new("shop.example"), &name, &path, NOW)
                .len(),
            1
        );
        let line = format!("{name}=2; Path={path}");
        let received = receive(&mut jar, SHOP, &line, after(1));
        assert_eq!(received, Ok(Receipt::Replaced));
    }
    // Each evicts the least recently used one of all.
    let limits: [Bound; 3] = [
        |policy| policy.max_cookies_per_domain = COOKIES,
        |policy| policy.max_cookies_per_site = COOKIES,
        |policy| policy.max_cookies = COOKIES,
    ];
    for (round, limit) in limits.into_iter().enumerate() {
        let mut policy = unlimited();
        limit(&mut policy);
        jar.set_policy(policy, after(2));
        for number in 0..OFTEN {
            let line = format!("d{round}x{number}=; Path=/d");
            receive(&mut jar, SHOP, &line, after(2)).unwrap();
        }
        assert_eq!(jar.len(), COOKIES);
        let evicted = (round + 1) * OFTEN;
        for (number, left) in [(evicted - 1, 0), (evicted, 1)] {
            let (name, path) = (format!("c{number}"), format!("/{number}"));
            let got = jar.get(Domain::new("shop.example"), name, path, after(2));
            assert_eq!(got.len(), left, "{number}");
        }
    }
}

#[test]
fn each_cookie_of_a_domain_is_removed() {
    const COOKIES: usize = 25_000;
    let forwards: Vec<usize> = (0..COOKIES).collect();
    let backwards: Vec<usize> = (0..COOKIES).rev().collect();
    for order in [forwards, backwards] {
        let mut jar = CookieJar::new(unlimited());
        for number in 0..COOKIES {
            receive(&mut jar, SHOP, &format!("c{number}="), NOW).unwrap();
        }
        for number in order {
            let name = format!("c{number}");
            assert_eq!(jar.remove(Domain::new("shop.example"), &name, "/", NOW), 1);
            assert_eq!(jar.remove(Domain::new("shop.example"), &name, "/", NOW), 0);
        }
        assert!(jar.is_empty());
    }
}

/// The parent domains of a host are looked for one by one, also where they are many, and the name is
/// longer than DNS has it.
#[test]
fn a_host_of_many_labels_among_many_domains() {
    let mut jar = jar_of(
        MANY,
        unlimited(),
        |number| format!("h{number}.example"),
        "; Secure",
    );
    let long = format!("{}shop.example", "a.".repeat(130));
    let (http, https) = (format!("http://{long}/"), format!("https://{long}/"));
    receive(&mut jar, &https, "own=; Secure", NOW).unwrap();
    receive(&mut jar, &https, "all=; Domain=shop.example", NOW).unwrap();
    receive(&mut jar, &https, "some=; Domain=a.a.shop.example", NOW).unwrap();
    let page = url(&https);
    let request = Request::new(&page);
    for number in 0..OFTEN {
        assert_eq!(
            text(&jar.cookie_string(request, NOW).unwrap()),
            "own=; all=; some="
        );
        assert_eq!(jar.explain(request, NOW).len(), 3);
        // 5.7 step 16 asks of parents and subdomains.
        let received = receive(&mut jar, &http, &format!("n{}=", number % 9), NOW);
        assert!(received.is_ok());
        let removed = jar.remove(Domain::new(&long), format!("n{}", number % 9), "/", NOW);
        assert_eq!(removed, 1);
    }
}

#[test]
fn partitions_of_others_are_not_looked_at() {
    let mut jar = CookieJar::new(unlimited());
    let list = jar.policy().public_suffix_list.clone();
    let page = |number: usize| url(&format!("https://page{number}.example/"));
    for number in 0..MANY {
        let key = PartitionKey::new(&page(number), false, &list).unwrap();
        let cookie = Cookie::builder("c", "1", "tracker.example");
        let cookie = cookie.secure_only(true).partition(key);
        assert_eq!(jar.insert(&cookie, NOW), Ok(Receipt::Stored));
    }
    receive(&mut jar, SHOP, "a=1", NOW).unwrap();
    let shop = url(SHOP);
    let tracker = url("https://tracker.example/");
    for number in 0..OFTEN {
        // Somebody who has nothing to do with them,
        assert_eq!(jar.explain(Request::new(&shop), NOW).len(), 1);
        assert_eq!(jar.get(Domain::new("shop.example"), "a", "/", NOW).len(), 1);
        assert_eq!(jar.get(Domain::new("shop.example"), "c", "/", NOW).len(), 0);
        assert_eq!(jar.remove(Domain::new("shop.example"), "a", "/", NOW), 1);
        receive(&mut jar, SHOP, "a=1", NOW).unwrap();
        // and who is in one of them.
        let page = page(number * 7);
        let request = Request::new(&tracker).top_level_site(&page);
        assert_eq!(jar.cookies(request, NOW).len(), 1);
        let received = jar.receive(b"c=2; Secure; Partitioned", request, NOW);
        assert_eq!(received, Ok(Receipt::Replaced));
    }
    // Who asks about all of them gets all of them.
    assert_eq!(jar.explain(Request::new(&tracker), NOW).len(), MANY);
    assert_eq!(
        jar.remove(Domain::new("tracker.example"), "c", "/", NOW),
        MANY
    );
    assert_eq!(names(&jar, NOW), "a");
}

/// 5.7 step 16: over http no cookie may lie over a secure one, of which a site has no more than its limit.
#[test]
fn lines_over_http_below_many_secure_subdomains() {
    let within_limit = policy(|policy| policy.max_cookies = usize::MAX);
    let below = |number| format!("h{number}.shop.example");
    let mut jar = jar_of(MANY, within_limit, below, "; Secure");
    assert_eq!(jar.len(), 540);
    let http = "http://shop.example/";
    for number in 0..OFTEN {
        receive(&mut jar, http, &format!("n{number}="), NOW).unwrap();
    }
    let refused = receive(&mut jar, http, "c=", NOW).unwrap_err();
    assert_eq!(refused.name(), "overlays-secure");
}

/// The same without a limit of the site, and with paths beside which there is a secure cookie of the name.
#[test]
fn lines_over_http_beside_the_paths_of_secure_subdomains() {
    let below = |number| format!("h{number}.shop.example");
    let mut jar = jar_of(MANY, unlimited(), below, "; Secure; Path=/account");
    for number in 0..OFTEN {
        let path = format!("/{number}");
        let line = format!("c=; Domain=shop.example; Path={path}");
        receive(&mut jar, "http://shop.example/", &line, NOW).unwrap();
    }
    for path in ["/account", "/account/orders"] {
        let line = format!("c=; Domain=shop.example; Path={path}");
        let refused = receive(&mut jar, "http://shop.example/", &line, NOW).unwrap_err();
        assert_eq!(refused.name(), "overlays-secure", "{path}");
    }
    // Where they have gone, nothing is overlaid.
    jar.retain(|cookie| !cookie.secure_only());
    let line = "c=; Domain=shop.example; Path=/account";
    receive(&mut jar, "http://shop.example/", line, NOW).unwrap();
}

#[test]
fn lines_over_http_beside_many_secure_sites() {
    let beside = |number| format!("h{number}.example");
    let mut jar = jar_of(MANY, unlimited(), beside, "; Secure");
    for number in 0..OFTEN {
        receive(&mut jar, "http://h7.example/", &format!("n{number}="), NOW).unwrap();
    }
    let refused = receive(&mut jar, "http://h7.example/", "c=", NOW).unwrap_err();
    assert_eq!(refused.name(), "overlays-secure");
    // All of them are subdomains of this one, each a site of its own.
    for number in 0..OFTEN {
        receive(&mut jar, "http://example/", &format!("n{number}="), NOW).unwrap();
    }
    let refused = receive(&mut jar, "http://example/", "c=", NOW).unwrap_err();
    assert_eq!(refused.name(), "overlays-secure");
}

/// The labels of a host, the segments of a path and the cookies beside them add up for 5.7 step 16, and are
/// not multiplied.
#[test]
fn lines_over_http_of_many_labels_and_many_segments() {
    const LABELS: usize = 118;
    let host = |labels| format!("{}shop.example", "a.".repeat(labels));
    let mut jar = CookieJar::default();
    for labels in 0..LABELS {
        let from = format!("https://{}/", host(labels));
        for line in ["c=; Secure; Path=/b", "d=; Secure; Path=/a/a"] {
            receive(&mut jar, &from, line, NOW).unwrap();
        }
    }
    let http = format!("http://{}/", host(LABELS));
    let path = "/a".repeat(512);
    for number in 0..OFTEN / 8 {
        let name = if number % 2 == 0 { "c" } else { "n" };
        let received = receive(&mut jar, &http, &format!("{name}=; Path={path}"), NOW);
        assert!(received.is_ok(), "{number}");
        let refused = receive(&mut jar, &http, &format!("d=; Path={path}"), NOW).unwrap_err();
        assert_eq!(refused.name(), "overlays-secure");
    }
}

/// What was gone stays gone, and nobody has to look at all of it at each step.
#[test]
fn lines_after_the_clock_went_back() {
    let host = |number| format!("h{number}.example");
    let mut jar = jar_of(MANY, unlimited(), host, "; Max-Age=10");
    assert_eq!(jar.iter(after(20)).count(), 0);
    let shop = url(SHOP);
    let request = Request::new(&shop);
    for number in 0..OFTEN {
        // Back and forth, and always before what is gone would have been.
        let now = after(1 + i64::try_from(number % 3).unwrap());
        let received = receive(&mut jar, SHOP, &format!("n{}=", number % 9), now);
        assert!(received.is_ok());
        assert!(jar.cookie_string(request, now).is_some());
        assert_eq!(sent(&jar, "https://h7.example/", now), "");
    }
    assert_eq!(names(&jar, after(1)).split(' ').count(), 9);
}

#[test]
fn a_policy_of_lower_limits_over_many_cookies() {
    let rows: [(Bound, usize); 5] = [
        // the limit, how many are left of 20,000 of one domain, of 100 of each of 800 sites, and of 5 of each
        // of 10,000 subdomains of one site
        (
            |policy| policy.max_cookies_per_domain = 3,
            3 + 2_400 + 30_000,
        ),
        (
            |policy| policy.max_cookies_per_domain = 10,
            10 + 8_000 + 50_000,
        ),
        (|policy| policy.max_cookies_per_site = 10, 10 + 8_000 + 10),
        (|policy| policy.max_cookies = 10, 10),
        (|policy| policy.max_cookies_per_site = 0, 0),
    ];
    let mut full = CookieJar::new(unlimited());
    for number in 0..20_000 {
        receive(&mut full, SHOP, &format!("c{number}="), NOW).unwrap();
    }
    for number in 0..80_000 {
        let from = format!("https://h{}.example/", number % 800);
        receive(&mut full, &from, &format!("c{number}="), NOW).unwrap();
    }
    for number in 0..50_000 {
        let from = format!("https://h{}.many.example/", number % 10_000);
        receive(&mut full, &from, &format!("c{number}="), NOW).unwrap();
    }
    for (limit, left) in rows {
        let mut jar = full.clone();
        let mut policy = unlimited();
        limit(&mut policy);
        jar.set_policy(policy, NOW);
        assert_eq!(jar.len(), left);
    }
}

/// Names of the caller's own that the jar has too are left out: each is looked up, not looked for.
#[cfg(feature = "http")]
#[test]
fn a_cookie_field_of_many_pairs_beside_many_cookies() {
    use hardtack::SharedJar;
    use hardtack::client::{CookieFields, attach};
    use http::HeaderMap;
    use http::header::COOKIE;

    let jar = SharedJar::builder()
        .jar(CookieJar::new(unlimited()))
        .clock(|| NOW)
        .build();
    let shop = url(SHOP);
    let request = Request::new(&shop);
    for number in 0..MANY {
        jar.receive(format!("c{number}=").as_bytes(), request)
            .unwrap();
    }
    // All names but the last one, and as many that the jar does not have.
    let own: Vec<String> = (0..MANY - 1)
        .map(|number| format!("c{number}=own; o{number}=own"))
        .collect();
    let own = own.join("; ");
    let mut headers = HeaderMap::new();
    headers.insert(COOKIE, own.parse().unwrap());
    attach(&jar, request, CookieFields::One, &mut headers);
    let expected = format!("{own}; c{}=", MANY - 1);
    assert_eq!(headers[COOKIE], expected.as_str());
}

/// As many labels as the DNS has, and as many cookies as a site has: what no cookie is of is not looked up
/// label by label.
#[test]
fn a_host_of_many_labels_in_a_full_site() {
    let parents = "a.".repeat(118);
    let mut jar = CookieJar::default();
    for number in 0..540 {
        let from = format!("https://h{}.{parents}shop.example/", number % 4);
        receive(&mut jar, &from, &format!("c{number}="), NOW).unwrap();
    }
    assert_eq!(jar.len(), 540);
    receive(&mut jar, SHOP, "d=; Domain=shop.example", NOW).unwrap();
    let deep = url(&format!("http://x.{parents}shop.example/"));
    let request = Request::new(&deep);
    for number in 0..OFTEN {
        let sent = jar.cookie_string(request, NOW).map(|sent| text(&sent));
        assert_eq!(sent.as_deref(), Some("d="), "{number}");
        jar.receive("c; Domain=other.example", request, NOW)
            .unwrap_err();
        jar.receive("e=; Max-Age=0", request, NOW).unwrap();
    }
}
