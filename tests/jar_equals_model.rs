//! The jar equals a naive, list-based model after every step of random operation sequences.

mod lockstep;
mod model;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta};
use hardtack::{Change, Cookie, CookieBuilder, CookieJar};
use proptest::prelude::*;
use proptest::sample::select;
use url::Url;

use lockstep::{ATTRIBUTES, DOMAINS, HOSTS, NAMES, Operation, PATHS, SUFFIXES, Shared, VALUES};

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
    let per_site = prop_oneof![Just(540), 0..8_usize];
    let left_of_site = prop_oneof![4 => Just(usize::MAX), 1 => 0..5_usize];
    let total = prop_oneof![Just(3300), 0..12_usize];
    let lifetime = select(&[34_560_000, 34_560_000, 0, 20][..]);
    (
        usually,
        usually,
        select(&[0, 0, 5, 120][..]),
        lifetime,
        per_domain,
        per_site,
        left_of_site,
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
                per_site,
                left_of_site,
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
                    max_cookies_per_site: per_site,
                    cookies_left_of_full_site: left_of_site,
                    max_cookies: total,
                    http_prefixes,
                    partitioned,
                }
            },
        )
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
        1 => policy().prop_map(Operation::SetPolicy),
    ]
}

/// How far the clock moves before an operation, at times backwards, and at times by a few microseconds,
/// or by so little that no other one begins.
fn clock() -> impl Strategy<Value = TimeDelta> {
    let milliseconds = prop_oneof![10 => 0..3000_i64, 1 => 0..90_000_i64, 1 => -20_000..0_i64];
    prop_oneof![
        5 => Just(TimeDelta::zero()),
        12 => milliseconds.prop_map(TimeDelta::milliseconds),
        2 => (-3000..3000_i64).prop_map(TimeDelta::nanoseconds),
    ]
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
        let mut jar = CookieJar::new(lockstep::library_policy(&policy));
        let mut model = model::Model::new(policy, Arc::clone(&SUFFIXES));
        let mut now = DateTime::from_timestamp(1_717_243_200, 0).unwrap();
        for (passed, operation) in &steps {
            now += *passed;
            lockstep::carry_out(operation, &mut jar, &mut model, now)
                .map_err(TestCaseError::fail)?;
            // Retrievals touch cookies, so these are asked of a copy.
            if let Operation::Receive(_, context) | Operation::Retrieve(context) = operation {
                lockstep::invariants(&jar.clone(), context, now)
                    .map_err(TestCaseError::fail)?;
            }
            // A copy answers alike.
            jar = jar.clone();
        }
    }

    /// The shared jar too, however its cookies are distributed.
    #[test]
    fn after_every_step_of_a_shared_jar(
        policy in policy(),
        steps in prop::collection::vec((clock(), operation()), 1..60),
    ) {
        let mut shared = Shared::new(CookieJar::new(lockstep::library_policy(&policy)));
        let mut model = model::Model::new(policy, Arc::clone(&SUFFIXES));
        let mut now = DateTime::from_timestamp(1_717_243_200, 0).unwrap();
        for (step, (passed, operation)) in steps.iter().enumerate() {
            now += *passed;
            lockstep::carry_out(operation, &mut shared, &mut model, now)
                .map_err(TestCaseError::fail)?;
            // A copy answers alike, and distributed anew they do too.
            if step % 7 == 6 {
                shared = Shared::new(shared.at(now).to_jar());
            }
        }
    }

    /// A jar that is restored from another's cookies too, where no policy came between that refuses what it
    /// did not refuse before.
    #[test]
    fn after_every_step_of_a_restored_jar(
        policy in policy(),
        steps in prop::collection::vec((clock(), operation()), 1..60),
    ) {
        let mut jar = CookieJar::new(lockstep::library_policy(&policy));
        let mut model = model::Model::new(policy, Arc::clone(&SUFFIXES));
        let mut now = DateTime::from_timestamp(1_717_243_200, 0).unwrap();
        for (step, (passed, operation)) in steps.iter().enumerate() {
            if matches!(operation, Operation::SetPolicy(_)) {
                continue;
            }
            now += *passed;
            lockstep::carry_out(operation, &mut jar, &mut model, now)
                .map_err(TestCaseError::fail)?;
            if step % 3 == 2 {
                model.evict_expired(now);
                let mut restored = CookieJar::new(jar.policy().clone());
                let cookies = jar.iter(now).map(CookieBuilder::from);
                prop_assert_eq!(format!("{:?}", restored.restore(cookies, now)), "[]");
                jar = restored;
            }
        }
    }

    /// A jar in a database too, which is closed and opened at times, and killed after a flush at others.
    #[test]
    #[cfg(feature = "sqlite")]
    fn after_every_step_of_a_jar_in_a_database(
        policy in policy(),
        steps in prop::collection::vec((clock(), operation(), 0..8_u8), 1..60),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut number = 0;
        let mut path = folder.path().join("jar.sqlite");
        let mut jar = InDatabase::open(&path, lockstep::library_policy(&policy), None);
        let mut model = model::Model::new(policy, Arc::clone(&SUFFIXES));
        let mut now = DateTime::from_timestamp(1_717_243_200, 0).unwrap();
        for (passed, operation, then) in &steps {
            if matches!(operation, Operation::SetPolicy(_)) {
                continue;
            }
            now += *passed;
            lockstep::carry_out(operation, &mut jar.shared, &mut model, now)
                .map_err(TestCaseError::fail)?;
            if *then > 2 {
                continue;
            }
            model.evict_expired(now);
            jar.shared.at(now).evict_expired();
            let policy = jar.shared.jar.policy();
            match then {
                0 => jar.database.flush().unwrap(),
                1 => {
                    let at = jar.shared.clock();
                    drop(jar);
                    jar = InDatabase::open(&path, policy, Some(at));
                }
                _ => {
                    jar.database.flush().unwrap();
                    number += 1;
                    let copy = folder.path().join(format!("jar{number}.sqlite"));
                    for log in ["", "-wal"] {
                        let of = |path: &std::path::Path| format!("{}{log}", path.display());
                        std::fs::copy(of(&path), of(&copy)).unwrap();
                    }
                    let at = jar.shared.clock();
                    path = copy;
                    jar = InDatabase::open(&path, policy, Some(at));
                }
            }
        }
    }

    /// Whoever carries out all changes has what the jar has.
    #[test]
    fn changes_tell_of_all_that_changes(
        policy in policy(),
        steps in prop::collection::vec((clock(), operation()), 1..60),
        often in 1..9_usize,
    ) {
        type Key = (String, Vec<u8>, Vec<u8>, Vec<u8>, bool);
        fn key(cookie: &Cookie) -> Key {
            let partition = cookie.partition().map(ToString::to_string).unwrap_or_default();
            let octets = [cookie.domain(), cookie.name(), cookie.path()].map(<[u8]>::to_vec);
            let [domain, name, path] = octets;
            (partition, domain, name, path, cookie.host_only())
        }
        let shown = |cookie: &Cookie| format!("{cookie:?} {:?}", cookie.value());
        let mut jar = CookieJar::new(lockstep::library_policy(&policy));
        jar.watch();
        let mut model = model::Model::new(policy, Arc::clone(&SUFFIXES));
        let mut now = DateTime::from_timestamp(1_717_243_200, 0).unwrap();
        let mut mirror: BTreeMap<Key, String> = BTreeMap::new();
        for (step, (passed, operation)) in steps.iter().enumerate() {
            now += *passed;
            lockstep::carry_out(operation, &mut jar, &mut model, now)
                .map_err(TestCaseError::fail)?;
            if step % often != 0 {
                continue;
            }
            jar.evict_expired(now);
            let mut changed = BTreeSet::new();
            for change in jar.changes() {
                let key = key(change.cookie());
                prop_assert!(changed.insert(key.clone()), "twice: {key:?}");
                match change {
                    Change::Stored(cookie) => {
                        mirror.insert(key, shown(&cookie));
                    }
                    Change::Touched(cookie) => {
                        let before = mirror.insert(key, shown(&cookie));
                        prop_assert!(before.is_some(), "touched, but not there");
                    }
                    Change::Removed(..) => {
                        mirror.remove(&key);
                    }
                    other => prop_assert!(false, "unknown: {other:?}"),
                }
            }
            let kept: BTreeMap<Key, String> = jar.iter(now).map(|cookie| (key(cookie), shown(cookie))).collect();
            prop_assert_eq!(&mirror, &kept);
        }
    }

    #[test]
    fn lines_parse_alike(line in line()) {
        lockstep::parse_alike(&line).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn dates_read_alike(date in date()) {
        lockstep::dates_alike(&date).map_err(TestCaseError::fail)?;
    }
}

/// A shared jar that is kept in a database.
#[cfg(feature = "sqlite")]
struct InDatabase {
    shared: Shared,
    database: hardtack::persist::JarDatabase,
}

#[cfg(feature = "sqlite")]
impl InDatabase {
    fn open(
        path: &std::path::Path,
        policy: hardtack::Policy,
        at: Option<DateTime<chrono::Utc>>,
    ) -> Self {
        let (builder, clock) = Shared::builder(CookieJar::new(policy));
        if let Some(at) = at {
            *clock.lock().unwrap() = at;
        }
        let database = hardtack::persist::JarDatabase::builder()
            .delay(std::time::Duration::from_secs(3600))
            .jar(builder)
            .open(path)
            .unwrap();
        assert!(
            database.report().not_kept.is_empty(),
            "{:?}",
            database.report()
        );
        let shared = Shared::of(database.jar(), clock);
        Self { shared, database }
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
