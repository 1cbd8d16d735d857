//! Laws that hold for every input.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use hardtack::{
    Attribute, BuildError, Cookie, CookieJar, Domain, Exclusion, PartitionKey, PathAttribute,
    Policy, PublicSuffixList, Receipt, Rejection, Request, SameSite, SetCookie, Timestamp,
    parse_cookie_string,
};
use proptest::prelude::*;
use proptest::sample::select;
use url::Url;

fn now() -> Timestamp {
    Timestamp::from_secs(1_717_243_200)
}

/// Octets that are likely to mean something in a line.
fn octets() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        select(
            &[
                "=",
                ";",
                "; ",
                " ",
                "\t",
                "a",
                "b",
                "__Host-",
                "__Secure-",
                "Secure",
                "HttpOnly",
                "Path=",
                "/",
                "/a",
                "Domain=",
                "example.com",
                ".",
                "Max-Age=",
                "-",
                "0",
                "9",
                "Expires=",
                "Wed, 09 Jun 2021 10:18:14 GMT",
                "SameSite=",
                "None",
                "Strict",
                "Partitioned",
            ][..]
        )
        .prop_map(|text| text.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..3),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn url() -> impl Strategy<Value = Url> {
    let scheme = select(&["https", "http", "ws", "wss"][..]);
    let host = select(
        &[
            "example.com",
            "www.example.com",
            "example.org",
            "localhost",
            "[::1]",
        ][..],
    );
    let path = select(&["/", "/a", "/a/b", "/ab"][..]);
    (scheme, host, path)
        .prop_map(|(scheme, host, path)| Url::parse(&format!("{scheme}://{host}{path}")).unwrap())
}

/// What a server gives to [`SetCookie::builder`].
#[derive(Debug)]
struct Line {
    name: Vec<u8>,
    value: Vec<u8>,
    expires: Option<DateTime<Utc>>,
    max_age: Option<u32>,
    domain: Option<Vec<u8>>,
    path: Option<Vec<u8>>,
    secure: bool,
    http_only: bool,
    same_site: SameSite,
    partitioned: bool,
}

impl Line {
    fn build(&self) -> Result<String, BuildError> {
        let mut builder = SetCookie::builder(&self.name[..], &self.value[..])
            .secure(self.secure)
            .http_only(self.http_only)
            .same_site(self.same_site)
            .partitioned(self.partitioned);
        if let Some(expires) = self.expires {
            builder = builder.expires(expires);
        }
        if let Some(seconds) = self.max_age {
            builder = builder.max_age(seconds);
        }
        if let Some(domain) = &self.domain {
            builder = builder.domain(&domain[..]);
        }
        if let Some(path) = &self.path {
            builder = builder.path(&path[..]);
        }
        builder.build()
    }

    /// What its line says, attribute by attribute.
    fn attributes(&self) -> Vec<Attribute<'_>> {
        let second = |instant: DateTime<Utc>| Timestamp::from_secs(instant.timestamp());
        let domain = self.domain.as_deref();
        let path = self.path.as_deref().map(PathAttribute::Given);
        let same_site = Some(self.same_site).filter(|same_site| *same_site != SameSite::Default);
        [
            self.expires.map(second).map(Attribute::Expires),
            self.max_age
                .map(|seconds| Attribute::MaxAge(seconds.into())),
            domain.map(|domain| Attribute::Domain(domain.into())),
            path.map(Attribute::Path),
            self.secure.then_some(Attribute::Secure),
            self.http_only.then_some(Attribute::HttpOnly),
            same_site.map(Attribute::SameSite),
            self.partitioned.then_some(Attribute::Partitioned),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// Mostly one of these, otherwise any octets.
fn mostly(usual: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let usual = select(usual).prop_map(|text| text.as_bytes().to_vec());
    prop_oneof![9 => usual, 1 => octets()]
}

fn line() -> impl Strategy<Value = Line> {
    let names = &[
        "a",
        "sid",
        "sid",
        "theme",
        "__Host-a",
        "__SECURE-a",
        "__Http-a",
        "__host-HTTP-a",
    ];
    let domains = &[
        "example.com",
        "www.example.com",
        "com",
        "Example.com",
        "a;b.example.com",
    ];
    let same_site = [
        SameSite::Default,
        SameSite::Strict,
        SameSite::Lax,
        SameSite::None,
    ];
    let pair = (mostly(names), mostly(&["", "1", "\"1\"", "a=b", "1,2"]));
    let timestamp = prop_oneof![
        -12_000_000_000..254_000_000_000_i64,
        1_700_000_000..1_800_000_000_i64
    ];
    let expires = (timestamp, 0..2_000_000_000_u32)
        .prop_filter_map("no such instant", |(seconds, nanoseconds)| {
            DateTime::from_timestamp(seconds, nanoseconds)
        });
    let lifetime = (prop::option::of(expires), prop::option::of(any::<u32>()));
    let reach = (
        prop::option::of(mostly(domains)),
        prop::option::of(mostly(&["/", "/", "/a", "/a b", "a"])),
    );
    let flags = (
        any::<bool>(),
        any::<bool>(),
        select(same_site.to_vec()),
        any::<bool>(),
    );
    (pair, lifetime, reach, flags).prop_map(|(pair, lifetime, reach, flags)| Line {
        name: pair.0,
        value: pair.1,
        expires: lifetime.0,
        max_age: lifetime.1,
        domain: reach.0,
        path: reach.1,
        secure: flags.0,
        http_only: flags.1,
        same_site: flags.2,
        partitioned: flags.3,
    })
}

/// Returns true if `inner` is a part of `outer`, in the same memory.
fn is_slice_of(outer: &[u8], inner: &[u8]) -> bool {
    inner.is_empty()
        || outer.as_ptr_range().start <= inner.as_ptr()
            && inner.as_ptr_range().end <= outer.as_ptr_range().end
}

fn jar_of(received: &[(Vec<u8>, Url)]) -> CookieJar {
    let mut jar = CookieJar::default();
    for (line, url) in received {
        let _ = jar.receive(line, Request::new(url), now());
    }
    jar
}

/// Every field of a cookie but the last-access-time, as text.
fn fields(cookie: &Cookie) -> String {
    format!(
        "{:?} {:?} {:?} {:?} {} {} {} {:?} {:?} {:?} {:?}",
        cookie.name(),
        cookie.value(),
        cookie.domain(),
        cookie.path(),
        cookie.host_only(),
        cookie.secure_only(),
        cookie.http_only(),
        cookie.same_site(),
        cookie.expiry_time(),
        cookie.creation_time(),
        cookie.partition(),
    )
}

fn all_fields(jar: &CookieJar) -> Vec<String> {
    jar.iter(now()).map(fields).collect()
}

/// Where the limit of a site counts: the registrable domain of its domain, or else that domain, and the
/// partition.
type Ground = (Vec<u8>, Option<PartitionKey>);

fn ground(cookie: &Cookie, list: &PublicSuffixList) -> Ground {
    let domain = cookie.domain();
    let site = list.registrable_domain(domain).unwrap_or(domain);
    (site.to_vec(), cookie.partition().cloned())
}

/// How many cookies there are on each ground, and what each of them is.
fn by_ground(jar: &CookieJar) -> BTreeMap<Ground, Vec<String>> {
    let list = &jar.policy().public_suffix_list;
    let mut grounds: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for cookie in jar.iter(now()) {
        let on = grounds.entry(ground(cookie, list)).or_default();
        on.push(fields(cookie));
    }
    grounds
}

/// What a few sites do, each from several hosts, and some below two pages.
#[derive(Debug)]
enum Deed {
    Receive {
        line: String,
        url: Url,
        page: Option<Url>,
    },
    Send(Url),
    Remove {
        name: &'static str,
        url: Url,
    },
    Limit(usize),
}

fn deed() -> impl Strategy<Value = Deed> {
    let hosts = &[
        "example.com",
        "www.example.com",
        "a.www.example.com",
        "shop.example.com",
        "example.org",
        "www.example.org",
        "github.io",
        "user.github.io",
        "a.user.github.io",
        "amazonaws.com",
        "user.s3.amazonaws.com",
        "intranet",
        "x.intranet",
        "10.0.0.1",
    ];
    let url = select(&hosts[..]).prop_map(|host| Url::parse(&format!("https://{host}/")).unwrap());
    let name = select(&["a", "b", "c", "d", "e", "f"][..]);
    let attributes = select(
        &[
            "",
            "; Secure",
            "; Path=/a",
            "; Secure; Partitioned",
            "; Domain=example.com",
            "; Domain=amazonaws.com",
            "; Max-Age=0",
        ][..],
    );
    let page = select(&["https://example.com/", "https://page.example/"][..]);
    let page = prop::option::of(page.prop_map(|page| Url::parse(page).unwrap()));
    let line = (name.clone(), attributes).prop_map(|(name, rest)| format!("{name}=1{rest}"));
    prop_oneof![
        20 => (line, url.clone(), page)
            .prop_map(|(line, url, page)| Deed::Receive { line, url, page }),
        4 => url.clone().prop_map(Deed::Send),
        1 => (name, url).prop_map(|(name, url)| Deed::Remove { name, url }),
        1 => (0..6_usize).prop_map(Deed::Limit),
    ]
}

proptest! {
    /// No site has more than its limit in any partition; and as long as the total has room, a cookie takes
    /// the room of one of its own site and partition, at most.
    #[test]
    fn a_site_is_within_its_limit_and_takes_no_room_of_another(per_domain in 1..5_usize, per_site in 0..6_usize, deeds in prop::collection::vec(deed(), 0..80)) {
        let mut policy = Policy::default();
        policy.max_cookies_per_domain = per_domain;
        policy.max_cookies_per_site = per_site;
        policy.max_cookies = usize::MAX;
        let mut jar = CookieJar::new(policy.clone());
        for deed in deeds {
            let before = by_ground(&jar);
            let list = policy.public_suffix_list.clone();
            let mut its_own = None;
            let mut is_limited = false;
            match &deed {
                Deed::Receive { line, url, page } => {
                    let mut request = Request::new(url);
                    if let Some(page) = page {
                        request = request.top_level_site(page);
                    }
                    let set_cookie = SetCookie::parse(line.as_bytes()).unwrap();
                    let evaluated = jar.evaluate(&set_cookie, request, now());
                    its_own = evaluated.ok().map(|cookie| ground(&cookie, &list));
                    let _ = jar.receive(line.as_bytes(), request, now());
                }
                Deed::Send(url) => {
                    jar.cookies(Request::new(url), now());
                }
                Deed::Remove { name, url } => {
                    jar.remove(Domain::new(url.host_str().unwrap()), name, "/", now());
                }
                Deed::Limit(per_site) => {
                    policy.max_cookies_per_site = *per_site;
                    jar.set_policy(policy.clone(), now());
                    is_limited = true;
                }
            }
            let after = by_ground(&jar);
            for (ground, cookies) in &after {
                prop_assert!(cookies.len() <= policy.max_cookies_per_site, "{:?}: {:?}", ground, cookies);
            }
            if is_limited || matches!(deed, Deed::Remove { .. }) {
                continue;
            }
            for (ground, cookies) in &before {
                let left = after.get(ground).map_or(&[][..], Vec::as_slice);
                if its_own.as_ref() == Some(ground) {
                    prop_assert!(left.len() + 1 >= cookies.len(), "{:?}", ground);
                } else {
                    prop_assert_eq!(left, cookies, "{:?} after {:?}", ground, deed);
                }
            }
        }
    }

    #[test]
    fn what_parses_are_slices_of_the_line(line in octets()) {
        if let Ok(set_cookie) = SetCookie::parse(&line) {
            prop_assert!(is_slice_of(&line, set_cookie.name()));
            prop_assert!(is_slice_of(&line, set_cookie.value()));
            prop_assert!(set_cookie.name().len() + set_cookie.value().len() <= 4096);
            prop_assert!(!set_cookie.name().contains(&b'='));
        }
    }

    #[test]
    fn a_control_octet_anywhere_refuses_the_line(line in octets(), at in any::<prop::sample::Index>(), ctl in select(&[0_u8, 1, 8, 10, 13, 31, 127][..])) {
        let mut line = line;
        line.insert(at.index(line.len() + 1), ctl);
        let error = SetCookie::parse(&line).unwrap_err();
        prop_assert_eq!(error.citation().unwrap().to_string(), "5.6 step 1");
    }

    #[test]
    fn attributes_that_are_ignored_change_nothing(line in octets(), unknown in "[g-m]{1,9}") {
        let mut longer = line.clone();
        longer.extend_from_slice(format!("; {unknown}=x; Max-Age=x; Expires=x").as_bytes());
        prop_assert_eq!(SetCookie::parse(&line), SetCookie::parse(&longer));
    }

    #[test]
    fn evaluate_and_receive_agree(before in prop::collection::vec((octets(), url()), 0..8), line in octets(), url in url()) {
        let mut jar = jar_of(&before);
        let listed = all_fields(&jar);
        let request = Request::new(&url);
        let evaluated = SetCookie::parse(&line)
            .map_err(Rejection::from)
            .and_then(|set_cookie| jar.evaluate(&set_cookie, request, now()));
        // A decision writes nothing.
        prop_assert_eq!(&all_fields(&jar), &listed);
        match (evaluated, jar.receive(&line, request, now())) {
            (Ok(cookie), Ok(Receipt::Expired)) => prop_assert!(cookie.is_expired(now())),
            (Ok(cookie), Ok(_)) => {
                let stored = jar.get(Domain::new(cookie.domain()), cookie.name(), cookie.path(), now());
                prop_assert!(stored.iter().any(|stored| fields(stored) == fields(&cookie)));
            }
            (Err(evaluated), Err(received)) => {
                prop_assert_eq!(evaluated, received);
                // A refused cookie changes nothing.
                prop_assert_eq!(&all_fields(&jar), &listed);
            }
            (evaluated, received) => prop_assert!(false, "{:?} but {:?}", evaluated, received),
        }
    }

    #[test]
    fn one_cookie_an_identity(received in prop::collection::vec((octets(), url()), 0..30)) {
        let jar = jar_of(&received);
        let mut identities: Vec<_> = jar
            .iter(now())
            .map(|cookie| (cookie.name(), cookie.domain(), cookie.path(), cookie.host_only(), cookie.partition()))
            .collect();
        let count = identities.len();
        identities.sort_unstable();
        identities.dedup();
        prop_assert_eq!(identities.len(), count);
    }

    #[test]
    fn sent_cookies_are_ordered_and_may_be_sent(received in prop::collection::vec((octets(), url()), 0..30), url in url(), script in any::<bool>()) {
        let jar = jar_of(&received);
        let request = Request::new(&url);
        let request = if script { request.non_http() } else { request };
        let sent = jar.cookies(request, now());
        for pair in sent.windows(2) {
            let order = |cookie: &Cookie| (std::cmp::Reverse(cookie.path().len()), cookie.creation_time());
            prop_assert!(order(pair[0]) <= order(pair[1]));
        }
        let host = url.host_str().unwrap().as_bytes();
        let is_secure = matches!(url.scheme(), "https" | "wss") || matches!(host, b"localhost" | b"[::1]");
        for cookie in &sent {
            prop_assert!(is_secure || !cookie.secure_only());
            prop_assert!(!script || !cookie.http_only());
            prop_assert!(host.ends_with(cookie.domain()));
            prop_assert!(!cookie.host_only() || host == cookie.domain());
            prop_assert!(url.path().as_bytes().starts_with(cookie.path()));
        }
        // Sending and explaining cannot drift.
        let explained = jar.explain(request, now());
        let explained: Vec<_> = explained.iter().filter(|(_, why)| why.is_none()).collect();
        prop_assert_eq!(explained.len(), sent.len());
        for ((explained, _), sent) in explained.iter().zip(&sent) {
            prop_assert_eq!(fields(explained), fields(sent));
        }
    }

    #[test]
    fn a_server_reads_what_the_jar_sends(received in prop::collection::vec((octets(), url()), 0..30), by_hand in prop::collection::vec((octets(), octets()), 0..4), url in url()) {
        let mut jar = jar_of(&received);
        for (name, value) in by_hand {
            let _ = jar.insert(&Cookie::builder(name, value, url.host_str().unwrap()), now());
        }
        let request = Request::new(&url);
        let sent = jar.cookies(request, now());
        let cookie_string = jar.cookie_string(request, now()).unwrap_or_default();
        let read: Vec<_> = parse_cookie_string(&cookie_string).collect();
        prop_assert_eq!(read.len(), sent.len());
        for ((name, value), cookie) in read.into_iter().zip(sent) {
            prop_assert!(is_slice_of(&cookie_string, name) && is_slice_of(&cookie_string, value));
            if cookie.name().is_empty() && cookie.value().contains(&b'=') {
                // No server can tell the value `a=b` without a name from `b` with the name `a`.
                let as_sent = SetCookie::parse(cookie.value()).unwrap();
                prop_assert_eq!((name, value), (as_sent.name(), as_sent.value()));
            } else {
                prop_assert_eq!((name, value), (cookie.name(), cookie.value()));
            }
        }
    }

    #[test]
    fn crumbs_are_read_as_one_cookie_string(crumbs in prop::collection::vec(octets(), 0..6)) {
        let joined = crumbs.join(&b"; "[..]);
        let one_by_one: Vec<_> = crumbs.iter().flat_map(|crumb| parse_cookie_string(crumb)).collect();
        prop_assert_eq!(parse_cookie_string(&joined).collect::<Vec<_>>(), one_by_one);
    }

    #[test]
    fn a_line_that_is_built_says_what_was_given(line in line()) {
        let Ok(built) = line.build() else { return Ok(()) };
        let mut said = Vec::new();
        let parsed = SetCookie::parse_observed(built.as_bytes(), |attribute| {
            said.push(attribute.unwrap().clone());
        });
        let parsed = parsed.unwrap();
        prop_assert_eq!((parsed.name(), parsed.value()), (&line.name[..], &line.value[..]));
        prop_assert_eq!(said, line.attributes());
    }

    #[test]
    fn a_line_that_is_built_is_stored(line in line()) {
        let Ok(built) = line.build() else { return Ok(()) };
        let domain = line.domain.as_deref().unwrap_or(b"shop.example");
        let url = format!("https://{}/a/b", std::str::from_utf8(domain).unwrap());
        let url = Url::parse(&url).unwrap();
        let mut jar = CookieJar::default();
        let receipt = jar.receive(built.as_bytes(), Request::new(&url), now()).unwrap();
        if receipt == Receipt::Expired {
            let expired = line.expires.is_some_and(|expires| Timestamp::from(expires) < now());
            prop_assert!(line.max_age == Some(0) || line.max_age.is_none() && expired);
            return Ok(());
        }
        let cookie = jar.iter(now()).next().unwrap();
        prop_assert_eq!((cookie.name(), cookie.value()), (&line.name[..], &line.value[..]));
        prop_assert_eq!((cookie.domain(), cookie.host_only()), (domain, line.domain.is_none()));
        prop_assert_eq!(cookie.path(), line.path.as_deref().unwrap_or(b"/a"));
        prop_assert_eq!(cookie.secure_only(), line.secure);
        prop_assert_eq!(cookie.http_only(), line.http_only);
        prop_assert_eq!(cookie.same_site(), line.same_site);
        prop_assert_eq!(cookie.partition().is_some(), line.partitioned);
        let seconds = line.max_age.map(|seconds| now() + Duration::from_secs(seconds.into()));
        let expires = line.expires.map(|expires| Timestamp::from_secs(expires.timestamp()));
        let limit = now() + Duration::from_secs(400 * 24 * 60 * 60);
        prop_assert_eq!(cookie.expiry_time(), seconds.or(expires).map(|expiry_time| expiry_time.min(limit)));
    }

    #[test]
    fn removing_one_cookie_makes_no_other_appear(received in prop::collection::vec((octets(), url()), 1..30), url in url(), which in any::<prop::sample::Index>()) {
        let mut jar = jar_of(&received);
        prop_assume!(!jar.is_empty());
        let request = Request::new(&url);
        let sent = |jar: &CookieJar| -> Vec<String> {
            jar.cookies(request, now()).into_iter().map(fields).collect()
        };
        let before = sent(&jar);
        let victim = jar.iter(now()).nth(which.index(jar.len())).unwrap().clone();
        prop_assert!(jar.remove(Domain::new(victim.domain()), victim.name(), victim.path(), now()) > 0);
        let after = sent(&jar);
        prop_assert!(after.iter().all(|cookie| before.contains(cookie)));
    }

    #[test]
    fn no_message_and_no_debug_shows_a_value(before in octets(), line in octets(), url in url()) {
        const SECRET: &str = "hunter2hunter2";
        let line = [b"name=".to_vec(), SECRET.as_bytes().to_vec(), b"; ".to_vec(), line].concat();
        let request = Request::new(&url);
        let mut jar = CookieJar::default();
        let _ = jar.receive(&before, request, now());
        let received = jar.receive(&line, request, now());
        if let Err(rejection) = received {
            let shown = format!("{rejection} {rejection:?}");
            prop_assert!(!shown.contains(SECRET), "{}", shown);
        }
        let shown = format!("{jar:?} {:?}", SetCookie::parse(&line));
        prop_assert!(!shown.contains(SECRET));
    }

    #[test]
    fn time_takes_cookies_away_and_gives_none(received in prop::collection::vec((octets(), url()), 1..30), seconds in 0..100_000_000_u64) {
        let jar = jar_of(&received);
        let later = now() + Duration::from_secs(seconds);
        let before = all_fields(&jar);
        let after: Vec<_> = jar.iter(later).map(fields).collect();
        prop_assert!(after.iter().all(|cookie| before.contains(cookie)));
    }
}

#[test]
fn every_reason_has_a_name_of_its_own() {
    let exclusions = [
        Exclusion::OtherPartition,
        Exclusion::HostOnly,
        Exclusion::DomainMismatch,
        Exclusion::PublicSuffix,
        Exclusion::NotOnPath,
        Exclusion::SecureOnly,
        Exclusion::HttpOnly,
        Exclusion::SameSiteStrict,
    ];
    let mut names: Vec<_> = exclusions.iter().map(Exclusion::name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), exclusions.len());
}
