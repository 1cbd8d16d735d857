//! The jar equals a naive, list-based model after every step of random operation sequences.

mod model;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use hardtack::{
    Cookie, CookieJar, Destination, Exclusion, Policy, Receipt, Rejection, Request, SameSite,
    SetCookie,
};
use proptest::prelude::*;
use proptest::sample::select;
use url::Url;

static SUFFIXES: LazyLock<Arc<model::Suffixes>> = LazyLock::new(|| {
    let list = include_str!("../data/public_suffix_list.dat");
    Arc::new(model::Suffixes::new(list))
});

const HOSTS: &[&str] = &[
    "example.com",
    "example.com",
    "example.com",
    "www.example.com",
    "www.example.com",
    "a.www.example.com",
    "example.com.",
    "under_score.example.com",
    "example.org",
    "co.uk",
    "shop.co.uk",
    "github.io",
    "user.github.io",
    "kawasaki.jp",
    "a.kawasaki.jp",
    "a.city.kawasaki.jp",
    "mtls.run.app",
    "run.app",
    "compute.amazonaws.com",
    "intranet",
    "localhost",
    "a.localhost.",
    "127.0.0.1",
    "[::1]",
    "xn--bcher-kva.example",
];

const PATHS: &[&str] = &["/", "/a", "/a/", "/a/b", "/a/b/c", "/ab", "//", "/%61/b"];

const DOMAINS: &[&str] = &[
    "example.com",
    "example.com",
    ".example.com",
    "EXAMPLE.com",
    "www.example.com",
    "..example.com",
    "com",
    "co.uk",
    "co.uk.",
    "shop.co.uk",
    "github.io",
    "kawasaki.jp",
    "city.kawasaki.jp",
    "jp",
    "run.app",
    "amazonaws.com",
    "example.com.",
    "com.",
    "intranet",
    "localhost",
    "127.0.0.1",
    "0.0.1",
    "::1",
    "[::1]",
    "1",
    "",
    ".",
    "..",
    "\u{e9}.com",
    "b\u{fc}cher.example",
];

const NAMES: &[&str] = &[
    "a=",
    "a=",
    "a=",
    "b=",
    "b=",
    "c=",
    "",
    "=",
    "A=",
    "__Secure-a=",
    "__Host-a=",
    "__hOSt-a=",
    "__Http-a=",
    "__Host-Http-a=",
    " a\t=",
];

const VALUES: &[&str] = &[
    "1",
    "2",
    "3",
    "",
    " x y ",
    "a=b",
    "__Secure-x",
    "__host-x",
    "__HTTP-x",
    "\u{e9}",
];

const ATTRIBUTES: &[&str] = &[
    "Secure",
    "secure",
    "Secure=x",
    "HttpOnly",
    "httponly",
    "SameSite=Strict",
    "SameSite=Lax",
    "SameSite=None",
    "SameSite=none; Secure",
    "SameSite=x",
    "SameSite",
    "Partitioned",
    "Partitioned; Secure",
    "Path",
    "Path=",
    "Path=/",
    "Path=/a",
    "Path=/a/",
    "Path=/a/b",
    "path=x",
    "Path=/ab",
    "Max-Age=0",
    "Max-Age=-1",
    "Max-Age=3",
    "Max-Age=10",
    "Max-Age=60",
    "Max-Age=x",
    "Max-Age=99999999999999999999",
    "Max-Age=",
    "Expires=Sat, 01 Jun 2024 12:00:10 GMT",
    "Expires=Sat, 01 Jun 2024 12:00:00 GMT",
    "Expires=Sat, 01 Jun 2024 12:01:00 GMT",
    "Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    "Expires=Fri, 31 Dec 9999 23:59:59 GMT",
    "Expires=0",
    "Priority=High",
    "",
    "=",
    "Domain",
];

fn line() -> impl Strategy<Value = Vec<u8>> {
    let attribute = prop_oneof![
        3 => select(ATTRIBUTES).prop_map(str::to_owned),
        1 => select(DOMAINS).prop_map(|domain| format!("Domain={domain}")),
    ];
    let attributes = prop::collection::vec(attribute, 0..5);
    let line = (select(NAMES), select(VALUES), attributes).prop_map(|(name, value, attributes)| {
        let mut line = format!("{name}{value}");
        for attribute in attributes {
            line.push_str("; ");
            line.push_str(&attribute);
        }
        line.into_bytes()
    });
    prop_oneof![
        30 => line,
        1 => prop::collection::vec(any::<u8>(), 0..40),
        1 => (4090..4100_usize).prop_map(|length| [b"a=".to_vec(), vec![b'x'; length]].concat()),
    ]
}

fn url() -> impl Strategy<Value = Url> {
    let schemes = select(&["https", "https", "http", "http", "wss", "ws", "ftp", "foo"][..]);
    let hosted = (schemes, select(HOSTS), select(PATHS))
        .prop_map(|(scheme, host, path)| Url::parse(&format!("{scheme}://{host}{path}")).unwrap());
    let long = (1020..1030_usize).prop_map(|length| {
        Url::parse(&format!("https://example.com/{}/x", "l".repeat(length))).unwrap()
    });
    prop_oneof![
        40 => hosted,
        1 => long,
        1 => select(&["data:,x", "file:///x", "https://b\u{fc}cher.example/"][..])
            .prop_map(|url| Url::parse(url).unwrap()),
    ]
}

fn context() -> impl Strategy<Value = model::Context> {
    let site = prop_oneof![
        6 => Just(model::SiteForCookies::NoClient),
        1 => Just(model::SiteForCookies::Opaque),
        3 => url().prop_map(model::SiteForCookies::Origin),
    ];
    let destination = prop_oneof![
        Just(model::Destination::Subresource),
        Just(model::Destination::Nested),
        Just(model::Destination::TopLevel),
    ];
    let method = select(&["GET", "GET", "HEAD", "POST", "get"][..]);
    let top_level_site = prop::option::weighted(0.2, url());
    (
        url(),
        prop::bool::weighted(0.15),
        method,
        site,
        destination,
        top_level_site,
        prop::bool::weighted(0.1),
    )
        .prop_map(
            |(
                url,
                script,
                method,
                site_for_cookies,
                destination,
                top_level_site,
                cross_site_ancestor,
            )| {
                model::Context {
                    url,
                    script,
                    method: method.to_owned(),
                    site_for_cookies,
                    destination,
                    top_level_site,
                    cross_site_ancestor,
                }
            },
        )
}

fn policy() -> impl Strategy<Value = model::Policy> {
    let usually = prop::bool::weighted(0.85);
    let per_domain = prop_oneof![Just(180), 0..6_usize];
    let total = prop_oneof![Just(3300), 0..12_usize];
    let lifetime = select(&[34_560_000, 34_560_000, 0, 20][..]);
    (
        usually,
        usually,
        select(&[0, 0, 5, 120][..]),
        lifetime,
        per_domain,
        total,
        usually,
        usually,
    )
        .prop_map(
            |(
                public_suffixes,
                trust_localhost,
                lax,
                lifetime,
                per_domain,
                total,
                http_prefixes,
                partitioned,
            )| {
                model::Policy {
                    public_suffixes,
                    trust_localhost,
                    lax_allowing_unsafe_secs: lax,
                    max_age_secs: lifetime,
                    max_cookies_per_domain: per_domain,
                    max_cookies: total,
                    http_prefixes,
                    partitioned,
                }
            },
        )
}

#[derive(Debug, Clone)]
enum Operation {
    Receive(Vec<u8>, model::Context),
    Retrieve(model::Context),
    Explain(model::Context),
    Remove(usize),
    ClearDomain(usize),
    EndSession,
    EvictExpired,
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        20 => (line(), context()).prop_map(|(line, context)| Operation::Receive(line, context)),
        8 => context().prop_map(Operation::Retrieve),
        3 => context().prop_map(Operation::Explain),
        1 => any::<usize>().prop_map(Operation::Remove),
        1 => any::<usize>().prop_map(Operation::ClearDomain),
        1 => Just(Operation::EndSession),
        1 => Just(Operation::EvictExpired),
    ]
}

/// Milliseconds that the clock moves before an operation, at times backwards.
fn clock() -> impl Strategy<Value = i64> {
    prop_oneof![5 => Just(0), 10 => 0..3000_i64, 1 => 0..90_000_i64, 1 => -20_000..0_i64]
}

fn library_policy(policy: &model::Policy) -> Policy {
    let mut library = Policy::default();
    library.reject_public_suffixes = policy.public_suffixes;
    library.trust_localhost = policy.trust_localhost;
    library.lax_allowing_unsafe = Duration::from_secs(policy.lax_allowing_unsafe_secs);
    library.lifetime_limit = Duration::from_secs(policy.max_age_secs);
    library.max_cookies_per_domain = policy.max_cookies_per_domain;
    library.max_cookies = policy.max_cookies;
    library.http_prefixes = policy.http_prefixes;
    library.partitioned = policy.partitioned;
    library
}

fn request(context: &model::Context) -> Request<'_> {
    let mut request = Request::new(&context.url)
        .method(&context.method)
        .destination(match context.destination {
            model::Destination::Subresource => Destination::Subresource,
            model::Destination::Nested => Destination::Nested,
            model::Destination::TopLevel => Destination::TopLevel,
        })
        .cross_site_ancestor(context.cross_site_ancestor);
    request = match &context.site_for_cookies {
        model::SiteForCookies::NoClient => request,
        model::SiteForCookies::Opaque => request.opaque_site_for_cookies(),
        model::SiteForCookies::Origin(origin) => request.site_for_cookies(origin),
    };
    if let Some(page) = &context.top_level_site {
        request = request.top_level_site(page);
    }
    if context.script {
        request.non_http()
    } else {
        request
    }
}

/// A cookie of the library as one of the model; the insertion number, which is not public, is left to
/// the order.
fn as_model(cookie: &Cookie) -> model::Cookie {
    model::Cookie {
        name: cookie.name().to_vec(),
        value: cookie.value().to_vec(),
        expiry_time: cookie.expiry_time(),
        domain: cookie.domain().to_vec(),
        path: cookie.path().to_vec(),
        creation_time: cookie.creation_time(),
        last_access_time: cookie.last_access_time(),
        insertion: 0,
        host_only: cookie.host_only(),
        secure_only: cookie.secure_only(),
        http_only: cookie.http_only(),
        same_site: match cookie.same_site() {
            SameSite::Default => model::SameSite::Default,
            SameSite::Strict => model::SameSite::Strict,
            SameSite::Lax => model::SameSite::Lax,
            SameSite::None => model::SameSite::None,
        },
        partition: cookie.partition().map(ToString::to_string),
    }
}

fn without_insertion(cookies: Vec<model::Cookie>) -> Vec<model::Cookie> {
    let reset = |cookie| model::Cookie {
        insertion: 0,
        ..cookie
    };
    cookies.into_iter().map(reset).collect()
}

fn outcome(received: &Result<Receipt, Rejection>) -> model::Outcome {
    match received {
        Ok(Receipt::Stored) => model::Outcome::Stored,
        Ok(Receipt::Replaced) => model::Outcome::Replaced,
        Ok(Receipt::Expired) => model::Outcome::Expired,
        Err(rejection) => model::Outcome::Rejected {
            section: rejection.citation().map(|citation| citation.section()),
            step: rejection
                .citation()
                .map_or(0, |citation| citation.main_step()),
        },
    }
}

fn reason(exclusion: Exclusion) -> &'static str {
    match exclusion {
        Exclusion::OtherPartition => "partition",
        Exclusion::HostOnly => "host-only",
        Exclusion::PublicSuffix => "public-suffix",
        Exclusion::NotOnPath => "path",
        Exclusion::SecureOnly => "secure",
        Exclusion::HttpOnly => "http-only",
        Exclusion::SameSiteStrict | Exclusion::SameSiteLax(_) | Exclusion::SameSiteDefault(_) => {
            "same-site"
        }
        other => panic!("{other:?} cannot be explained to a cookie's own host"),
    }
}

fn carry_out(
    operation: &Operation,
    jar: &mut CookieJar,
    model: &mut model::Model,
    now: DateTime<Utc>,
) -> Result<(), TestCaseError> {
    match operation {
        Operation::Receive(line, context) => {
            let evaluated = SetCookie::parse(line)
                .map_err(Rejection::from)
                .and_then(|set_cookie| jar.evaluate(&set_cookie, &request(context), now));
            let received = jar.receive(line, &request(context), now);
            prop_assert_eq!(
                outcome(&received),
                model.receive(line, context, now),
                "{:?}",
                received
            );
            // The decision alone is the same decision.
            match (&evaluated, &received) {
                (Ok(cookie), Ok(receipt)) => {
                    prop_assert_eq!(cookie.is_expired(now), *receipt == Receipt::Expired);
                }
                (Err(evaluated), Err(received)) => prop_assert_eq!(evaluated, received),
                _ => prop_assert!(false, "{:?} but {:?}", evaluated, received),
            }
        }
        Operation::Retrieve(context) => {
            let cookies: Vec<_> = jar
                .cookies(&request(context), now)
                .into_iter()
                .map(as_model)
                .collect();
            prop_assert_eq!(cookies, without_insertion(model.retrieve(context, now)));
            let cookie_string = jar
                .cookie_string(&request(context), now)
                .unwrap_or_default();
            prop_assert_eq!(cookie_string, model.cookie_string(context, now));
        }
        Operation::Explain(context) => {
            let explained = jar.explain(&request(context), now).into_iter();
            let explained: Vec<_> = explained
                .map(|(cookie, why)| (as_model(cookie), why.map(reason)))
                .collect();
            let expected = model.explain(context, now).into_iter();
            let expected: Vec<_> = expected
                .map(|(cookie, why)| {
                    (
                        model::Cookie {
                            insertion: 0,
                            ..cookie
                        },
                        why,
                    )
                })
                .collect();
            prop_assert_eq!(explained, expected);
        }
        Operation::Remove(which) => {
            model.evict_expired(now);
            if let Some(cookie) = model
                .cookies
                .get(which % model.cookies.len().max(1))
                .cloned()
            {
                let is_it = |other: &model::Cookie| {
                    (&other.name, &other.domain, &other.path)
                        == (&cookie.name, &cookie.domain, &cookie.path)
                };
                let found = jar
                    .get(&cookie.name, &cookie.domain, &cookie.path, now)
                    .len();
                let removed = jar.remove(&cookie.name, &cookie.domain, &cookie.path, now);
                let before = model.cookies.len();
                model.cookies.retain(|other| !is_it(other));
                prop_assert_eq!(removed, before - model.cookies.len());
                prop_assert_eq!(removed, found);
            }
        }
        Operation::ClearDomain(which) => {
            model.evict_expired(now);
            jar.evict_expired(now);
            if let Some(cookie) = model
                .cookies
                .get(which % model.cookies.len().max(1))
                .cloned()
            {
                jar.clear_domain(&cookie.domain);
                model.cookies.retain(|other| other.domain != cookie.domain);
            }
        }
        Operation::EndSession => {
            jar.evict_expired(now);
            jar.end_session();
            model.end_session(now);
        }
        Operation::EvictExpired => {
            jar.evict_expired(now);
            model.evict_expired(now);
            prop_assert_eq!(jar.len(), model.cookies.len());
        }
    }
    let listed: Vec<_> = jar.iter(now).map(as_model).collect();
    prop_assert_eq!(listed, without_insertion(model.list(now)));
    Ok(())
}

/// 1,500 cases, unless `PROPTEST_CASES` says otherwise.
fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    let given = std::env::var_os("PROPTEST_CASES").is_some();
    ProptestConfig {
        cases: if given { default.cases } else { 1500 },
        failure_persistence: None,
        ..default
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn after_every_step(
        policy in policy(),
        steps in prop::collection::vec((clock(), operation()), 1..60),
    ) {
        let mut jar = CookieJar::new(library_policy(&policy));
        let mut model = model::Model::new(policy, Arc::clone(&SUFFIXES));
        let mut now = DateTime::from_timestamp(1_717_243_200, 0).unwrap();
        for (milliseconds, operation) in &steps {
            now += TimeDelta::milliseconds(*milliseconds);
            carry_out(operation, &mut jar, &mut model, now)?;
            // A copy answers alike.
            jar = jar.clone();
        }
    }

    #[test]
    fn lines_parse_alike(line in line()) {
        let mut attributes = Vec::new();
        let parsed = SetCookie::parse_observed(&line, |attribute| {
            attributes.extend(attribute.ok().map(|attribute| format!("{attribute:?}")));
        });
        match (parsed, model::parse_set_cookie(&line)) {
            (Ok(parsed), Ok(expected)) => {
                prop_assert_eq!(parsed.name(), &expected.name[..]);
                prop_assert_eq!(parsed.value(), &expected.value[..]);
                prop_assert_eq!(attributes.len(), expected.attributes.len());
            }
            (Err(error), Err(step)) => prop_assert_eq!(error.citation().main_step(), step),
            (parsed, expected) => prop_assert!(false, "{:?} but {:?}", parsed, expected),
        }
    }

    #[test]
    fn dates_read_alike(date in date()) {
        let read = hardtack::parse_cookie_date(&date).ok();
        prop_assert_eq!(read, model::parse_cookie_date(&date));
    }
}

fn date() -> impl Strategy<Value = Vec<u8>> {
    let token = prop_oneof![
        Just("Wed".to_owned()),
        Just("Jun".to_owned()),
        Just("decem".to_owned()),
        Just("GMT".to_owned()),
        (0..40_u32).prop_map(|day| day.to_string()),
        (0..40_u32).prop_map(|day| format!("{day:03}th")),
        (0..12_000_u32).prop_map(|year| year.to_string()),
        (1590..1610_u32).prop_map(|year| format!("{year}x")),
        (0..30_u32, 0..70_u32, 0..70_u32).prop_map(|(h, m, s)| format!("{h}:{m:02}:{s}")),
        (0..30_u32, 0..70_u32).prop_map(|(h, m)| format!("{h}:{m:02}:00Z")),
        "[0-9:a-z]{0,8}",
    ];
    let separator = select(&[" ", ",", "-", "\t", ", ", ";", "/", ":", "\u{e9}"][..]);
    let tokens = prop::collection::vec((token, separator), 0..8);
    prop_oneof![
        9 => tokens.prop_map(|tokens| {
            tokens.iter().flat_map(|(token, separator)| [token.as_bytes(), separator.as_bytes()].concat()).collect()
        }),
        1 => prop::collection::vec(any::<u8>(), 0..30),
    ]
}
