//! What the tables do not show: names, hosts and clocks that nobody expects, and what a caller passes in.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use hardtack::{
    CookieJar, Domain, Exclusion, Policy, PublicSuffixList, Receipt, Request, SharedJar, Timestamp,
};
use url::Url;

const NOW: Timestamp = Timestamp::from_secs(1_717_243_200);
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_secs(1_717_243_200 + seconds)
}
fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

/// A parent of more than 1024 octets, which no Domain attribute can name, is not looked for, however many
/// cookies stand beside.
#[test]
fn step_16_does_not_depend_on_the_number_of_other_cookies() {
    let parent = format!("{}example.com", "b.".repeat(520));
    for others in [0, 100] {
        let mut jar = CookieJar::default();
        jar.receive("a=1; Secure", &url(&format!("https://{parent}/")), NOW)
            .unwrap();
        for number in 0..others {
            jar.receive(format!("o{number}="), &url("https://example.com/"), NOW)
                .unwrap();
        }
        let received = jar.receive("a=2", &url(&format!("http://x.{parent}/")), NOW);
        assert_eq!(received, Ok(Receipt::Stored), "{others} others");
    }
}

/// The same of `explain`, which shows parents' host-only cookies.
#[test]
fn explain_does_not_depend_on_the_number_of_other_cookies() {
    let parent = format!("{}example.com", "b.".repeat(520));
    for others in [0, 100] {
        let mut jar = CookieJar::default();
        jar.receive("a=1", &url(&format!("https://{parent}/")), NOW)
            .unwrap();
        for number in 0..others {
            jar.receive(
                format!("o{number}="),
                &url("https://other.example.com/"),
                NOW,
            )
            .unwrap();
        }
        assert_eq!(
            jar.explain(&url(&format!("https://x.{parent}/")), NOW)
                .len(),
            0,
            "{others} others"
        );
    }
}

/// A dot before a domain is taken away, unless it is the cookie's own.
#[test]
fn a_cookie_is_found_by_its_own_domain() {
    for host in [".example.com", "a.."] {
        let mut jar = CookieJar::default();
        jar.receive("a=1", &url(&format!("https://{host}/")), NOW)
            .unwrap();
        // `a..` may set this: a cookie of the domain `.`.
        _ = jar.receive("b=1; Domain=..", &url("https://a../"), NOW);
        let cookies: Vec<_> = jar.iter(NOW).cloned().collect();
        for cookie in cookies {
            let got = jar.get(
                Domain::new(cookie.domain()),
                cookie.name(),
                cookie.path(),
                NOW,
            );
            assert_eq!(got.len(), 1, "{cookie:?}");
        }
    }
}

#[test]
fn clearing_a_cookies_own_domain_clears_no_other() {
    let mut jar = CookieJar::default();
    jar.receive("a=1", &url("https://example.com/"), NOW)
        .unwrap();
    jar.receive("b=1", &url("https://.example.com/"), NOW)
        .unwrap();
    let dotted = jar
        .iter(NOW)
        .find(|cookie| cookie.name() == b"b")
        .unwrap()
        .domain()
        .to_vec();
    jar.clear_domain(Domain::new(&dotted));
    let left: Vec<&[u8]> = jar.iter(NOW).map(hardtack::Cookie::name).collect();
    assert_eq!(left, [b"a"]);
}

/// A list of the caller's own that panics at the wrong time.
struct Fragile(Arc<AtomicBool>);
impl publicsuffix::Psl for Fragile {
    fn find<'a, T>(&self, mut labels: T) -> publicsuffix::Info
    where
        T: Iterator<Item = &'a [u8]>,
    {
        assert!(!self.0.load(Ordering::Relaxed), "the list is broken");
        publicsuffix::Info {
            len: labels.next().map_or(0, <[u8]>::len),
            typ: None,
        }
    }
}

#[test]
fn a_list_that_panics_loses_no_cookies() {
    let jar = SharedJar::builder().clock(|| NOW).build();
    jar.receive("a=1", &url("https://example.com/")).unwrap();
    let broken = Arc::new(AtomicBool::new(true));
    let policy = Policy::default().with_public_suffix_list(PublicSuffixList::from(Fragile(broken)));
    let same = jar.clone();
    std::thread::spawn(move || same.set_policy(policy))
        .join()
        .unwrap_err();
    assert_eq!(jar.len(), 1);
}

/// "A cookie whose expiry-time a `now` has passed is gone, also when the clock goes back later."
#[test]
fn each_now_counts() {
    type Tell = fn(&mut CookieJar, Timestamp);
    let tellers: [(&str, Tell); 7] = [
        ("a line", |jar, now| {
            _ = jar.receive("b=1", &url("https://o.example/"), now);
        }),
        ("a line that does not parse", |jar, now| {
            _ = jar.receive("b=\x01", &url("https://o.example/"), now);
        }),
        ("cookies for no host", |jar, now| {
            _ = jar.cookies(&url("data:,x"), now).len();
        }),
        ("explain for no host", |jar, now| {
            _ = jar.explain(&url("data:,x"), now).len();
        }),
        ("evaluate, refused", |jar, now| {
            let line = hardtack::SetCookie::parse(b"b=1; Domain=com").unwrap();
            _ = jar.evaluate(&line, &url("https://o.example/"), now);
        }),
        ("exclusion", |jar, now| {
            let cookie = jar.iter(NOW).next().unwrap().clone();
            assert_eq!(
                jar.exclusion(&cookie, &url("https://example.com/"), now),
                Some(Exclusion::Expired)
            );
        }),
        ("cookies", |jar, now| {
            _ = jar.cookies(&url("https://o.example/"), now).len();
        }),
    ];
    let mut wrong = Vec::new();
    for (what, tell) in tellers {
        let mut jar = CookieJar::default();
        jar.receive("a=1; Max-Age=10", &url("https://example.com/"), NOW)
            .unwrap();
        tell(&mut jar, at(20));
        if jar
            .cookie_string(&url("https://example.com/"), at(1))
            .is_some()
        {
            wrong.push(what);
        }
    }
    assert!(wrong.is_empty(), "these do not count: {wrong:?}");
}

/// "Why a cookie does not go with a request; `None` where it does."
#[test]
fn exclusion_knows_of_the_bound_of_the_header() {
    let mut jar = CookieJar::new(Policy::default().with_max_cookie_string_octets(2));
    let shop = url("https://shop.example/");
    jar.receive("a=1", &shop, NOW).unwrap();
    assert_eq!(jar.cookie_string(&shop, NOW), None);
    let cookie = jar.iter(NOW).next().unwrap();
    assert_eq!(
        jar.exclusion(cookie, &shop, NOW),
        Some(Exclusion::CookieStringFull)
    );
}

/// Of two Set-Cookie lines that an intermediary has joined the second one's value is no attribute.
#[test]
fn a_listener_is_told_no_value() {
    let told = Arc::new(Mutex::new(String::new()));
    let into = Arc::clone(&told);
    let jar = SharedJar::builder()
        .listener(move |received| into.lock().unwrap().push_str(&received.to_string()))
        .build();
    _ = jar.receive(
        "a=1; Path=/, sid=31d4secret; Secure",
        &url("https://shop.example/"),
    );
    assert!(
        !told.lock().unwrap().contains("secret"),
        "{}",
        told.lock().unwrap()
    );
}

/// Scheme and port count for nothing.
#[test]
fn trusted_hosts_as_people_write_them() {
    for written in ["web", "WEB", "web:8000", "http://web", "http://web:9/x"] {
        let mut jar = CookieJar::new(Policy::default().with_trusted_hosts([written]));
        let received = jar.receive("a=1; Secure", &url("http://web:8000/"), NOW);
        assert_eq!(received, Ok(Receipt::Stored), "{written}");
    }
}

/// A conversion of the caller's own is called before the jar is locked.
#[test]
fn conversions_may_use_the_jar() {
    struct Mine<'a>(&'a Url, &'a SharedJar);
    impl<'a> From<Mine<'a>> for Request<'a> {
        fn from(Mine(url, jar): Mine<'a>) -> Self {
            jar.receive("seen=1", url).unwrap();
            Request::new(url)
        }
    }
    let (send, done) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let (jar, shop) = (SharedJar::default(), url("https://shop.example/"));
        _ = jar.cookie_string(Mine(&shop, &jar));
        send.send(()).unwrap();
    });
    done.recv_timeout(std::time::Duration::from_secs(3))
        .expect("a deadlock");
}

/// `Debug` of a jar is for people.
#[test]
fn debug_shows_domains_as_text() {
    let mut jar = CookieJar::default();
    jar.receive("a=secret", &url("https://shop.example/"), NOW)
        .unwrap();
    let shown = format!("{jar:?}");
    assert!(!shown.contains("secret"));
    assert!(!shown.contains("[115, 104, 111, 112"), "{shown}");
}
