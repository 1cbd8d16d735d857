//! A cookie as data, and a jar that is made from such cookies again.

mod common;

use std::time::Duration;

use common::{NOW, after, names, policy, receive, sent, url};
use hardtack::{
    Cookie, CookieBuilder, CookieJar, LooksLike, NotRestored, PartitionKey, PublicSuffixList,
    Receipt, Rejection, Timestamp,
};

const SHOP: &str = "https://shop.example/";

fn builders(jar: &CookieJar, now: Timestamp) -> Vec<CookieBuilder> {
    jar.iter(now).map(CookieBuilder::from).collect()
}

/// All that a jar shows of a cookie.
fn shown(jar: &CookieJar, now: Timestamp) -> Vec<String> {
    let fields = |cookie: &Cookie| format!("{cookie:?} {}", cookie.value().escape_ascii());
    jar.iter(now).map(fields).collect()
}

#[test]
fn all_fields_come_back() {
    let mut jar = CookieJar::default();
    for (second, line) in [
        "a=1",
        "b=2; Domain=shop.example; Path=/cart; Max-Age=100",
        "c=\u{e9}; Secure; HttpOnly; SameSite=None",
        "nameless; SameSite=Strict",
        "__Host-d=4; Secure; Path=/; SameSite=Lax",
        "e=5; Secure; Partitioned",
    ]
    .into_iter()
    .enumerate()
    {
        // Two a second: equal creation-times keep their order.
        let now = after(i64::try_from(second / 2).unwrap());
        receive(&mut jar, SHOP, line, now).unwrap();
    }
    sent(&jar, "https://shop.example/cart", after(5));
    let mut restored = CookieJar::default();
    let mut cookies = builders(&jar, after(6));
    cookies.reverse();
    assert!(restored.restore(cookies, after(6)).is_empty());
    assert_eq!(shown(&restored, after(6)), shown(&jar, after(6)));
    for (now, path) in [(6, "/cart"), (7, "/"), (200, "/cart")] {
        let to = format!("https://shop.example{path}");
        assert_eq!(
            sent(&restored, &to, after(now)),
            sent(&jar, &to, after(now))
        );
    }
}

#[test]
fn what_is_not_restored_is_told_with_the_reason() {
    let of = |host| Cookie::builder("a", "1", host);
    let shop = || of("shop.example");
    let page = url(SHOP);
    let key = PartitionKey::new(&page, false, &PublicSuffixList::embedded()).unwrap();
    let refused = |rule: Rejection| Some(NotRestored::Refused(rule.into()));
    let public_suffix = Rejection::PublicSuffix {
        domain: "example".into(),
    };
    let looks_like = LooksLike::LeadingDot;
    let rows = [
        (shop(), None),
        (shop().expiry_time(NOW), None),
        (
            shop().expiry_time(NOW - Duration::from_micros(1)),
            Some(NotRestored::Expired),
        ),
        (of("example"), None),
        (of("example").host_only(false), refused(public_suffix)),
        (
            of(".shop.example"),
            refused(Rejection::NotAHost { looks_like }),
        ),
        (shop().path("a"), refused(Rejection::PathNotAbsolute)),
        (
            Cookie::builder("", "", "shop.example"),
            refused(Rejection::Empty),
        ),
        (
            Cookie::builder("__Secure-a", "1", "shop.example"),
            refused(Rejection::SecurePrefix),
        ),
        (shop().partition(key.clone()).secure_only(true), None),
        (
            shop().partition(key),
            refused(Rejection::PartitionedInsecure),
        ),
    ];
    for (cookie, expected) in rows {
        let mut jar = CookieJar::default();
        let mut told = jar.restore([cookie.clone()], NOW);
        let reason = told.pop().map(|(_, reason)| reason);
        assert_eq!(reason, expected, "{cookie:?}");
        assert_eq!(jar.len(), usize::from(expected.is_none()), "{cookie:?}");
    }
}

#[test]
fn the_last_of_an_identity_and_the_limits() {
    let of = |name, value, order| Cookie::builder(name, value, "shop.example").order(order);
    let limits = policy(|policy| policy.max_cookies_per_domain = 2);
    let mut jar = CookieJar::new(limits);
    receive(&mut jar, SHOP, "b=old", NOW).unwrap();
    let told = jar.restore(
        [
            of("a", "3", 3),
            of("a", "1", 1),
            of("b", "2", 2).last_access_time(after(-9)),
            of("c", "4", 4),
        ],
        NOW,
    );
    let reasons: Vec<String> = told.iter().map(|(_, reason)| reason.to_string()).collect();
    assert_eq!(
        reasons,
        [
            "another cookie of the same name, domain, host-only-flag, path and partition came after it",
            "there are more cookies than the policy allows for its domain, its site or in all: raise that",
        ]
    );
    assert_eq!(sent(&jar, SHOP, NOW), "a=3; c=4");
    // The lifetime limit cuts, and does not refuse.
    let cookie = of("a", "5", 0).expiry_time(Timestamp::MAX);
    assert!(jar.restore([cookie], NOW).is_empty());
    let limit = NOW + jar.policy().lifetime_limit;
    let cut = jar.iter(NOW).find_map(Cookie::expiry_time);
    assert_eq!(cut, Some(limit));
}

/// What is told is what was given, however many cookies the jar had before.
#[test]
fn what_is_not_restored_is_given_back() {
    let of = |value, order| Cookie::builder("a", value, "shop.example").order(order);
    let other = of("3", 3).path("/cart");
    for before in 0..3 {
        let mut jar = CookieJar::new(policy(|policy| policy.max_cookies_per_domain = 1));
        for number in 0..before {
            let from = format!("https://h{number}.example/");
            receive(&mut jar, &from, "a=1", NOW).unwrap();
        }
        let told = jar.restore([of("1", 1), of("2", 2), other.clone()], NOW);
        let expected = [
            (of("1", 1), NotRestored::Duplicate),
            (of("2", 2), NotRestored::Evicted),
        ];
        assert_eq!(told, expected, "{before}");
    }
}

/// The store's own number goes on behind the restored ones.
#[test]
fn what_comes_later_stands_behind() {
    let mut jar = CookieJar::default();
    let of = |name, order| Cookie::builder(name, "", "shop.example").order(order);
    let equal = |cookie: CookieBuilder| cookie.creation_time(NOW);
    let told = jar.restore([equal(of("b", 9)), equal(of("a", u64::MAX))], NOW);
    assert!(told.is_empty());
    assert_eq!(receive(&mut jar, SHOP, "0=", NOW), Ok(Receipt::Stored));
    assert_eq!(names(&jar, NOW), "b a 0");
}
