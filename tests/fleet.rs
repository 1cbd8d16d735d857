//! A jar that many machines share, over a place in memory and a back end that fails as it is told. `tests/fleet_server.rs`
//! and `tests/fleet_cluster.rs` have servers.
#![cfg(feature = "fleet")]

mod backends;
mod common;
mod lockstep;
mod model;

use std::num::NonZeroUsize;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use backends::{Clock, Fault, NO_COOKIES, Wrapped};
use common::{NOW, after, text, url};
use hardtack::fleet::{
    Answer, Backend, BackendError, Fleet, FleetBuilder, FleetError, FleetJar, Freshness, Loaded,
    MemoryBackend, SiteKey, Stored, Value, Version,
};
use hardtack::{
    Cookie, CookieBuilder, CookieJar, Domain, Exclusion, Policy, PublicSuffixList, Receipt,
    Rejection, Request, SameSite, SetCookie, Timestamp,
};
use lockstep::{ATTRIBUTES, DOMAINS, HOSTS, NAMES, Operation, PATHS, SUFFIXES, VALUES};
use proptest::prelude::*;
use proptest::sample::select;

const SHOP: &str = "https://shop.example/";
const LOST: BackendError = BackendError::Disconnected;
const LATE: BackendError = BackendError::Timeout;

type Place = Wrapped<MemoryBackend>;

fn place() -> Place {
    Wrapped::new(MemoryBackend::default())
}

fn builder(place: &Place, clock: &Clock) -> FleetBuilder<Place> {
    let clock = clock.clone();
    Fleet::builder(place.clone()).clock(move || clock.now())
}

/// The jar of one machine, whose clock stands.
fn jar(place: &Place) -> FleetJar<Place> {
    builder(place, &Clock::at(NOW)).build().jar("me")
}

fn key(site: &str) -> SiteKey {
    SiteKey::new("me", site)
}

/// A line that is refused, and why.
const OF_ANOTHER: &str = "b=2; Domain=other.example";

fn refused() -> FleetError {
    let refused = CookieJar::default().receive(OF_ANOTHER, &url(SHOP), NOW);
    FleetError::Rejected(refused.unwrap_err())
}

async fn set<B: Backend>(jar: &FleetJar<B>, to: &str, line: &str) -> Result<Receipt, FleetError> {
    jar.receive(line, &url(to)).await
}

/// What is sent, and how old that is if the back end could not be asked.
async fn answer<B: Backend>(
    jar: &FleetJar<B>,
    to: &str,
) -> Result<(String, Option<Duration>), FleetError> {
    let Answer { value, stale, .. } = jar.cookie_string(&url(to)).await?;
    Ok((text(&value.unwrap_or_default()), stale))
}

async fn sent<B: Backend>(jar: &FleetJar<B>, to: &str) -> String {
    let (sent, stale) = answer(jar, to).await.unwrap();
    assert_eq!(stale, None);
    sent
}

/// What a machine sees that has just started.
async fn seen(place: &Place, to: &str) -> String {
    sent(&jar(&place.another()), to).await
}

async fn octets(place: &Place, site: &str) -> Vec<u8> {
    match place.place.load(&key(site), None).await.unwrap() {
        Loaded::Found(value) => value.octets,
        other => panic!("{other:?}"),
    }
}

/// Puts octets in the place of those at a key.
async fn put(place: &Place, site: &str, octets: &[u8]) {
    let (version, octets) = (Version::random(), octets.to_vec());
    let value = Value { version, octets };
    let expected = match place.place.load(&key(site), None).await.unwrap() {
        Loaded::Found(value) => Some(value.version),
        _ => None,
    };
    let stored = place
        .place
        .store(&key(site), expected, &value, Duration::MAX)
        .await;
    assert_eq!(stored, Ok(Stored::Done));
}

// Answers that are lost, conflicts

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_asked_for_again() {
    for (faults, calls) in [
        (vec![Fault::Before(LOST)], 2),
        (vec![Fault::After(LOST)], 2),
        (vec![Fault::After(LATE), Fault::After(LOST)], 3),
        (vec![Fault::Before(LATE), Fault::After(LOST)], 3),
        (vec![Fault::After(LOST), Fault::Before(LATE)], 3),
        // What says of the second call that it was not carried out says nothing of the first one.
        (
            vec![
                Fault::After(LOST),
                Fault::Before(BackendError::NotReady),
                Fault::Before(BackendError::ReadOnly),
            ],
            4,
        ),
        // Before anything is lost, others may come first.
        (vec![Fault::Conflict, Fault::After(LOST)], 3),
    ] {
        let place = place();
        let jar = jar(&place);
        set(&jar, SHOP, "a=1").await.unwrap();
        let before = place.stored();
        place.stores(faults.clone());
        let received = set(&jar, SHOP, "b=2").await;
        assert_eq!(received, Ok(Receipt::Stored), "{faults:?}");
        assert_eq!(place.stored() - before, calls, "{faults:?}");
        assert_eq!(seen(&place, SHOP).await, "a=1; b=2", "{faults:?}");
        assert_eq!(sent(&jar, SHOP).await, "a=1; b=2", "{faults:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_conflict_after_a_lost_answer_is_told_as_unknown() {
    for (faults, is_there) in [
        (vec![Fault::Overwritten(LOST)], true),
        (vec![Fault::Overwritten(LATE)], true),
        (vec![Fault::Before(LOST), Fault::Conflict], false),
        (vec![Fault::After(LOST), Fault::Overwritten(LOST)], true),
    ] {
        let place = place();
        let jar = jar(&place);
        set(&jar, SHOP, "a=1").await.unwrap();
        place.stores(faults.clone());
        let received = set(&jar, SHOP, "b=2").await;
        let Err(FleetError::Unknown(cause)) = received else {
            panic!("{faults:?}: {received:?}");
        };
        assert!(cause.may_be_stored(), "{cause:?}");
        let expected = if is_there { "a=1; b=2" } else { "a=1" };
        assert_eq!(sent(&jar, SHOP).await, expected, "{faults:?}");
        assert_eq!(set(&jar, SHOP, "c=3").await, Ok(Receipt::Stored));
        assert_eq!(seen(&place, SHOP).await, format!("{expected}; c=3"));
    }
}

/// What is stored again after a lost answer does not bring back what another has removed meanwhile.
#[tokio::test(start_paused = true)]
async fn what_was_removed_before_it_was_stored_again() {
    for is_cleared in [false, true] {
        let place = place();
        let jar = jar(&place);
        place.stores([Fault::After(LOST)]);
        let receiving = tokio::spawn(async move { set(&jar, SHOP, "a=1").await });
        while place.stored() == 0 {
            tokio::task::yield_now().await;
        }
        let held = place.hold_stores().await;
        let other = self::jar(&place.another());
        assert_eq!(sent(&other, SHOP).await, "a=1");
        if is_cleared {
            other.clear().await.unwrap();
        } else {
            let domain = Domain::new("shop.example");
            assert_eq!(other.remove(domain, "a", "/").await, Ok(1));
        }
        drop(held);
        let received = receiving.await.unwrap();
        assert_eq!(received, Err(FleetError::Unknown(LOST)), "{is_cleared}");
        assert_eq!(seen(&place, SHOP).await, "", "{is_cleared}");
    }
}

/// What is asked to remove all, and what is told of it, is as with any other change.
#[tokio::test(start_paused = true)]
async fn a_lost_answer_to_what_removes_all() {
    for error in [LOST, LATE] {
        for octets in [None, Some(b"no value of ours")] {
            let place = place();
            let jar = jar(&place);
            match octets {
                Some(octets) => put(&place, "shop.example", octets).await,
                None => drop(set(&jar, SHOP, "a=1").await.unwrap()),
            }
            place.stores(std::iter::repeat_n(Fault::After(error.clone()), 10_000));
            place.removes(Some(error.clone()));
            let cleared = jar.clear().await;
            assert_eq!(cleared, Err(FleetError::Unknown(error.clone())));
            assert_eq!(sent(&jar, SHOP).await, "");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_back_end_that_stays_away_is_asked_for_so_long() {
    let place = place();
    let builder = builder(&place, &Clock::at(NOW)).repeat_for(Duration::from_millis(500));
    let jar = builder.build().jar("me");
    place.stores(std::iter::repeat_n(Fault::After(LATE), 10_000));
    let began = tokio::time::Instant::now();
    let received = set(&jar, SHOP, "a=1").await;
    assert_eq!(received, Err(FleetError::Unknown(LATE)));
    let took = began.elapsed().as_millis();
    assert!((500..700).contains(&took), "{took} ms");
    place.stores([]);
    assert_eq!(seen(&place, SHOP).await, "a=1");
    // A connection is made anew for a reader too, and is not waited for without an end.
    place.loads([Fault::Before(LOST), Fault::Before(LOST)]);
    assert_eq!(sent(&jar, SHOP).await, "a=1");
    place.loads(std::iter::repeat_n(Fault::Before(LOST), 10_000));
    let answer = answer(&jar, SHOP).await;
    assert_eq!(answer, Err(FleetError::Backend(LOST)));
}

#[tokio::test(start_paused = true)]
async fn what_surely_was_not_stored_is_told_so() {
    let refused = BackendError::Refused {
        server: "redis://h".into(),
    };
    for error in [
        refused,
        BackendError::ReadOnly,
        BackendError::NotReady,
        BackendError::OutOfMemory,
        BackendError::WrongPassword,
        BackendError::NoPermission { prefix: "p".into() },
        BackendError::WrongType {
            site: "shop.example".into(),
        },
        BackendError::Other { code: "ERR".into() },
    ] {
        let place = place();
        let jar = jar(&place);
        place.stores([Fault::Before(error.clone())]);
        let received = set(&jar, SHOP, "a=1").await;
        assert_eq!(received, Err(FleetError::Backend(error.clone())));
        assert_eq!(place.stored(), 1, "{error:?} is not tried again");
        place.loads([Fault::Before(error.clone())]);
        let answered = answer(&jar, SHOP).await;
        assert_eq!(answered, Err(FleetError::Backend(error)));
        assert_eq!(sent(&jar, SHOP).await, "");
        assert_eq!(set(&jar, SHOP, "b=2").await, Ok(Receipt::Stored));
        assert_eq!(seen(&place, SHOP).await, "b=2");
    }
}

/// A connection that asks again by itself may be told of a conflict with what another made of what it stored at first.
#[tokio::test(start_paused = true)]
async fn an_error_after_a_conflict_does_not_say_that_nothing_was_stored() {
    for (is_known, expected) in [
        (false, FleetError::Backend(BackendError::NotReady)),
        (true, FleetError::Unknown(BackendError::NotReady)),
    ] {
        let place = place();
        let jar = jar(&place);
        if is_known {
            set(&jar, SHOP, "a=1").await.unwrap();
        }
        // The second one has it read again.
        place.stores([Fault::Conflict, Fault::Conflict]);
        place.loads([Fault::Before(BackendError::NotReady)]);
        assert_eq!(set(&jar, SHOP, "b=2").await, Err(expected));
    }
}

#[tokio::test(start_paused = true)]
async fn contended_after_so_many_tries() {
    for max_tries in [1, 2, 7] {
        let place = place();
        let builder = builder(&place, &Clock::at(NOW)).max_tries(max_tries);
        let jar = builder.build().jar("me");
        let tries = usize::try_from(max_tries).unwrap();
        place.stores(vec![Fault::Conflict; tries]);
        let received = set(&jar, SHOP, "a=1").await;
        let site = "shop.example".to_owned();
        let contended = FleetError::Contended {
            site,
            tries: max_tries,
        };
        assert_eq!(received, Err(contended));
        assert_eq!(place.stored(), tries);
        assert_eq!(seen(&place, SHOP).await, "");
        place.stores(vec![Fault::Conflict; tries - 1]);
        assert_eq!(set(&jar, SHOP, "a=1").await, Ok(Receipt::Stored));
        assert_eq!(seen(&place, SHOP).await, "a=1");
    }
}

/// Nobody else stores here, and so nothing is contended.
#[tokio::test(start_paused = true)]
async fn a_line_that_changes_nothing_is_no_contention() {
    let place = place();
    let builder = builder(&place, &Clock::at(NOW)).max_tries(1);
    let jar = builder.build().jar("me");
    set(&jar, SHOP, "a=1").await.unwrap();
    let stored = place.stored();
    assert_eq!(set(&jar, SHOP, OF_ANOTHER).await, Err(refused()));
    assert_eq!(
        set(&jar, SHOP, "none=; Max-Age=0").await,
        Ok(Receipt::Expired)
    );
    assert_eq!(place.stored(), stored);
}

/// What is decided is decided on what is there, whatever was known before.
#[tokio::test(start_paused = true)]
async fn a_decision_is_made_anew_on_what_others_stored() {
    let place = place();
    let (one, other) = (jar(&place), jar(&place.another()));
    set(&one, SHOP, "a=1; HttpOnly").await.unwrap();
    assert_eq!(sent(&other, SHOP).await, "a=1");
    set(&one, SHOP, "a=; Max-Age=0").await.unwrap();
    // The other one knows an http-only cookie that is gone.
    let shop = url(SHOP);
    let script = Request::new(&shop).non_http();
    let received = other.receive("a=2", script).await;
    assert_eq!(received, Ok(Receipt::Stored));
    set(&one, SHOP, "a=3; HttpOnly").await.unwrap();
    // Now it does not know one that is there.
    let received = other.receive("a=4", script).await;
    assert!(
        matches!(received, Err(FleetError::Rejected(_))),
        "{received:?}"
    );
    assert_eq!(seen(&place, SHOP).await, "a=3");
}

/// What was seen a while ago is read first: a connection that was lost meanwhile makes no unknown outcome.
#[tokio::test(start_paused = true)]
async fn what_was_seen_a_while_ago_is_read_before_it_is_written() {
    let place = place();
    let (one, other) = (jar(&place), jar(&place.another()));
    set(&one, SHOP, "a=1").await.unwrap();
    set(&other, SHOP, "b=2").await.unwrap();
    for (wait, stores, loads) in [(1001, 1, 1), (1000, 1, 0)] {
        tokio::time::sleep(Duration::from_millis(wait)).await;
        let (stored, loaded) = (place.stored(), place.loaded());
        set(&one, SHOP, "c=3").await.unwrap();
        let calls = (place.stored() - stored, place.loaded() - loaded);
        assert_eq!(calls, (stores, loads), "after {wait} ms");
    }
    tokio::time::sleep(Duration::from_millis(1001)).await;
    place.place.remove(&key("shop.example")).await.unwrap();
    place.loads([Fault::Before(LOST), Fault::Before(LATE)]);
    assert_eq!(set(&one, SHOP, "d=4").await, Ok(Receipt::Stored));
    assert_eq!(seen(&place, SHOP).await, "d=4");
}

/// Limits at their ends take no memory ahead, and no time.
#[tokio::test(start_paused = true)]
async fn limits_at_their_ends() {
    let (place, clock) = (place(), Clock::at(NOW));
    let longest = |builder: FleetBuilder<Place>| {
        builder
            .cached_sites(NonZeroUsize::MAX)
            .max_tries(u32::MAX)
            .session_time_to_live(Duration::MAX)
            .stale(Duration::MAX)
            .repeat_for(Duration::MAX)
            .freshness(Freshness::Cached(Duration::MAX))
    };
    let shortest = |builder: FleetBuilder<Place>| {
        builder
            .cached_sites(NonZeroUsize::MIN)
            .max_tries(1)
            .session_time_to_live(Duration::ZERO)
            .stale(Duration::ZERO)
            .repeat_for(Duration::ZERO)
            .freshness(Freshness::Cached(Duration::ZERO))
    };
    for now in [Timestamp::MIN, NOW, Timestamp::MAX] {
        clock.set(now);
        for builder in [
            longest(builder(&place, &clock)),
            shortest(builder(&place, &clock)),
        ] {
            let jar = builder.build().jar("me");
            for line in ["a=1", "b=2; Max-Age=9223372036854775807"] {
                set(&jar, SHOP, line).await.unwrap();
            }
            assert!(sent(&jar, SHOP).await.starts_with("a=1"), "{now:?}");
            jar.clear().await.unwrap();
        }
    }
    assert!(place.times_to_live().iter().all(|life| !life.is_zero()));
}

// One writer a process and site

#[tokio::test(start_paused = true)]
async fn waiters_are_stored_together() {
    let place = place();
    let jar = jar(&place);
    set(&jar, SHOP, "first=1").await.unwrap();
    let before = place.stored();
    let held = place.hold_stores().await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..50 {
        let jar = jar.clone();
        tasks.spawn(async move { set(&jar, SHOP, &format!("n{number}=1")).await });
        if number == 9 || number == 49 {
            // Until all have come as far as they get.
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
    assert_eq!(place.stored() - before, 1);
    drop(held);
    while let Some(received) = tasks.join_next().await {
        assert_eq!(received.unwrap(), Ok(Receipt::Stored));
    }
    assert_eq!(place.stored() - before, 2, "one, and what came meanwhile");
    assert_eq!(seen(&place, SHOP).await.split("; ").count(), 51);
}

/// A line that is refused in a batch, and one that fails with it.
#[tokio::test(start_paused = true)]
async fn each_of_a_batch_gets_its_own_outcome() {
    let place = place();
    let jar = jar(&place);
    let held = place.hold_stores().await;
    let lines = ["a=1", OF_ANOTHER, "a=3", "c=; Max-Age=0"];
    let received = lines.map(|line| {
        let jar = jar.clone();
        tokio::spawn(async move { set(&jar, SHOP, line).await })
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    drop(held);
    let expected = [
        Ok(Receipt::Stored),
        Err(refused()),
        Ok(Receipt::Replaced),
        Ok(Receipt::Expired),
    ];
    for (received, expected) in received.into_iter().zip(expected) {
        assert_eq!(received.await.unwrap(), expected);
    }
    assert_eq!(seen(&place, SHOP).await, "a=3");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_future_is_stored_all_the_same() {
    let place = place();
    let jar = jar(&place);
    let held = place.hold_stores().await;
    for line in ["a=1", "b=2"] {
        let received = tokio::time::timeout(Duration::from_secs(1), set(&jar, SHOP, line));
        assert!(received.await.is_err());
    }
    drop(held);
    // It is written before what comes later.
    assert_eq!(set(&jar, SHOP, "c=3").await, Ok(Receipt::Stored));
    assert_eq!(seen(&place, SHOP).await, "a=1; b=2; c=3");
}

/// A fleet outlives a runtime in which something was on its way, and a task that panics.
#[test]
fn a_writer_that_is_gone_is_in_nobodys_way() {
    let runtime = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().build().unwrap()
    };
    let place = place();
    let jar = jar(&place);
    let first = runtime();
    first.block_on(async {
        let _held = place.hold_stores().await;
        let received = tokio::time::timeout(Duration::from_millis(50), set(&jar, SHOP, "a=1"));
        assert!(received.await.is_err());
    });
    drop(first);
    let second = runtime();
    let minute = Duration::from_secs(60);
    let set = |line| {
        let received = async { tokio::time::timeout(minute, set(&jar, SHOP, line)).await };
        second.block_on(received).expect("it is written")
    };
    assert_eq!(set("b=2"), Ok(Receipt::Stored));
    place.stores([Fault::Panic]);
    assert_eq!(set("c=3"), Err(FleetError::NoRuntime));
    assert_eq!(set("d=4"), Ok(Receipt::Stored));
    assert_eq!(second.block_on(seen(&place, SHOP)), "b=2; d=4");
    // One that ends before its task has run at all.
    let third = runtime();
    let shop = url(SHOP);
    let polled = third.block_on(async {
        let mut received = Box::pin(jar.receive("e=5", &shop));
        std::future::poll_fn(|context| std::task::Poll::Ready(received.as_mut().poll(context)))
            .await
    });
    assert!(polled.is_pending());
    drop(third);
    assert_eq!(set("f=6"), Ok(Receipt::Stored));
    assert_eq!(second.block_on(seen(&place, SHOP)), "b=2; d=4; f=6");
    // Without any runtime nothing is begun.
    let waker = std::task::Waker::noop();
    let mut context = std::task::Context::from_waker(waker);
    let mut received = Box::pin(jar.receive("e=5", &shop));
    let polled = received.as_mut().poll(&mut context);
    assert_eq!(polled, std::task::Poll::Ready(Err(FleetError::NoRuntime)));
}

// How new an answer is

fn cached(place: &Place, seconds: u64) -> FleetBuilder<Place> {
    let time = Duration::from_secs(seconds);
    builder(place, &Clock::at(NOW)).freshness(Freshness::Cached(time))
}

#[tokio::test(start_paused = true)]
async fn validated_answers_have_all_that_was_stored() {
    let place = place();
    let (one, other) = (jar(&place), jar(&place.another()));
    for number in 0..20 {
        let writer = if number % 2 == 0 { &one } else { &other };
        set(writer, SHOP, &format!("a={number}")).await.unwrap();
        for reader in [&one, &other] {
            assert_eq!(sent(reader, SHOP).await, format!("a={number}"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn cached_answers_are_at_most_so_old() {
    let place = place().without_watch();
    let jar = cached(&place, 10).build().jar("me");
    let other = self::jar(&place.another());
    assert_eq!(sent(&jar, SHOP).await, "");
    set(&other, SHOP, "a=1").await.unwrap();
    let loaded = place.loaded();
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!(sent(&jar, SHOP).await, "");
    assert_eq!(place.loaded(), loaded, "it is not asked");
    tokio::time::advance(Duration::from_millis(1)).await;
    assert_eq!(sent(&jar, SHOP).await, "a=1");
    assert_eq!(place.loaded(), loaded + 1);
    // What is asked for and unchanged is new again.
    tokio::time::advance(Duration::from_secs(11)).await;
    assert_eq!(sent(&jar, SHOP).await, "a=1");
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!(sent(&jar, SHOP).await, "a=1");
    assert_eq!(place.loaded(), loaded + 2);
}

/// It counts when the back end was asked, not when it answered.
#[tokio::test(start_paused = true)]
async fn a_late_answer_is_as_old_as_its_question() {
    let place = place().without_watch();
    let jar = cached(&place, 10).build().jar("me");
    let other = self::jar(&place.another());
    let held = place.hold_loaded().await;
    let asking = {
        let jar = jar.clone();
        tokio::spawn(async move { sent(&jar, SHOP).await })
    };
    tokio::time::sleep(Duration::from_secs(8)).await;
    set(&other, SHOP, "a=1").await.unwrap();
    drop(held);
    assert_eq!(asking.await.unwrap(), "");
    tokio::time::advance(Duration::from_secs(3)).await;
    assert_eq!(sent(&jar, SHOP).await, "a=1");
}

#[tokio::test(start_paused = true)]
async fn what_another_stores_is_told() {
    let place = place();
    let jar = cached(&place, 1_000_000).build().jar("me");
    let other = self::jar(&place.another());
    for number in 0..3 {
        set(&other, SHOP, &format!("a={number}")).await.unwrap();
        assert_eq!(sent(&jar, SHOP).await, format!("a={number}"));
        let loaded = place.loaded();
        assert_eq!(sent(&jar, SHOP).await, format!("a={number}"));
        assert_eq!(place.loaded(), loaded, "it is not asked");
        // One's own change, and then another's.
        set(&jar, SHOP, "own=1").await.unwrap();
        assert_eq!(place.loaded(), loaded, "it is known");
        assert_eq!(sent(&jar, SHOP).await, format!("a={number}; own=1"));
        set(&other, SHOP, "own=; Max-Age=0").await.unwrap();
        assert_eq!(sent(&jar, SHOP).await, format!("a={number}"));
    }
    other.clear().await.unwrap();
    assert_eq!(sent(&jar, SHOP).await, "");
}

/// An answer that was on its way while another stored is not taken for new.
#[tokio::test(start_paused = true)]
async fn what_is_told_while_an_answer_is_on_its_way() {
    let place = place();
    let jar = cached(&place, 1_000_000).build().jar("me");
    let other = self::jar(&place.another());
    set(&other, SHOP, "a=1").await.unwrap();
    let held = place.hold_loaded().await;
    let asking = {
        let jar = jar.clone();
        tokio::spawn(async move { sent(&jar, SHOP).await })
    };
    tokio::time::sleep(Duration::from_secs(1)).await;
    set(&other, SHOP, "a=2").await.unwrap();
    drop(held);
    assert_eq!(asking.await.unwrap(), "a=1", "that was asked for before");
    assert_eq!(sent(&jar, SHOP).await, "a=2");
}

#[tokio::test(start_paused = true)]
async fn a_process_reads_what_it_has_stored() {
    let place = place();
    let jar = cached(&place, 1_000_000).build().jar("me");
    for number in 0..50 {
        // Somebody else stores first at times, and readers are on their way.
        if number % 3 == 0 {
            place.stores([Fault::Conflict]);
        }
        let held = place.hold_loaded().await;
        let asking = {
            let jar = jar.clone();
            tokio::spawn(async move { sent(&jar, SHOP).await })
        };
        tokio::time::sleep(Duration::from_millis(1)).await;
        let setting = {
            let jar = jar.clone();
            tokio::spawn(async move { set(&jar, SHOP, &format!("a={number}")).await })
        };
        if number % 2 == 0 {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        drop(held);
        setting.await.unwrap().unwrap();
        assert_eq!(sent(&jar, SHOP).await, format!("a={number}"));
        asking.await.unwrap();
        assert_eq!(sent(&jar, SHOP).await, format!("a={number}"));
    }
}

/// Also where the site was let go of in between, since others were used.
#[tokio::test(start_paused = true)]
async fn a_process_reads_what_it_has_stored_of_a_site_that_it_let_go_of() {
    let place = place();
    let builder = cached(&place, 1_000_000).cached_sites(NonZeroUsize::new(1).unwrap());
    let jar = builder.build().jar("me");
    set(&jar, SHOP, "a=1").await.unwrap();
    let held = place.hold_stores().await;
    let setting = {
        let jar = jar.clone();
        tokio::spawn(async move { set(&jar, SHOP, "a=2").await })
    };
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(sent(&jar, "https://other.example/").await, "");
    assert_eq!(sent(&jar, SHOP).await, "a=1", "it is not stored yet");
    drop(held);
    setting.await.unwrap().unwrap();
    assert_eq!(sent(&jar, SHOP).await, "a=2");
}

#[tokio::test(start_paused = true)]
async fn stale_answers_are_allowed_and_told() {
    for freshness in [
        Freshness::Validated,
        Freshness::Cached(Duration::from_secs(5)),
    ] {
        let place = place();
        let never = builder(&place, &Clock::at(NOW)).freshness(freshness);
        let never = never.build().jar("me");
        let for_a_minute = builder(&place, &Clock::at(NOW)).freshness(freshness);
        let for_a_minute = for_a_minute.stale(Duration::from_secs(60));
        let for_a_minute = for_a_minute.repeat_for(Duration::ZERO);
        let for_a_minute = for_a_minute.build().jar("me");
        set(&never, SHOP, "a=1").await.unwrap();
        for jar in [&never, &for_a_minute] {
            assert_eq!(sent(jar, SHOP).await, "a=1");
        }
        tokio::time::advance(Duration::from_secs(10)).await;
        for error in [LATE, BackendError::NotReady] {
            place.down(Some(error.clone()));
            let failed = Err(FleetError::Backend(error));
            assert_eq!(answer(&never, SHOP).await, failed);
            let (sent, age) = answer(&for_a_minute, SHOP).await.unwrap();
            assert_eq!(sent, "a=1");
            assert_eq!(age, Some(Duration::from_secs(10)));
            // Of a site that was never read nothing is known.
            assert_eq!(
                answer(&for_a_minute, "https://other.example/").await,
                failed
            );
            // Nothing is decided on what is stale.
            let received = set(&for_a_minute, SHOP, OF_ANOTHER).await;
            assert_eq!(received.map(|_| (String::new(), None)), failed);
        }
        let cookies = for_a_minute.cookies(&url(SHOP)).await.unwrap();
        assert_eq!(cookies.stale, Some(Duration::from_secs(10)));
        tokio::time::advance(Duration::from_secs(51)).await;
        assert!(answer(&for_a_minute, SHOP).await.is_err());
        place.down(None);
        assert_eq!(sent(&for_a_minute, SHOP).await, "a=1");
    }
}

/// What a process has removed itself does not come back while the back end is away.
/// What has expired is there until something is stored, and would be back where the clock went back.
#[tokio::test(start_paused = true)]
async fn what_has_expired_is_cleared_too() {
    let place = place();
    let clock = Clock::at(NOW);
    let jar = builder(&place, &clock).build().jar("me");
    set(&jar, SHOP, "sid=1; Max-Age=60").await.unwrap();
    clock.set(after(61));
    jar.clear().await.unwrap();
    clock.set(NOW);
    assert_eq!(sent(&jar, SHOP).await, "");
    let other = builder(&place, &clock).build().jar("me");
    assert_eq!(sent(&other, SHOP).await, "");
}

#[tokio::test(start_paused = true)]
async fn stale_answers_have_nothing_that_was_cleared() {
    let place = place();
    let builder = builder(&place, &Clock::at(NOW)).stale(Duration::from_secs(60));
    let jar = builder.build().jar("me");
    set(&jar, SHOP, "sid=1").await.unwrap();
    assert_eq!(sent(&jar, SHOP).await, "sid=1");
    jar.clear().await.unwrap();
    place.down(Some(LATE));
    let (sent, _) = answer(&jar, SHOP).await.unwrap();
    assert_eq!(sent, "");
}

// What is at a key

#[tokio::test(start_paused = true)]
async fn what_is_no_value_of_ours_is_told_and_left_alone() {
    let foreign = FleetError::Foreign {
        site: "shop.example".into(),
    };
    let newer = |version| FleetError::Newer {
        site: "shop.example".into(),
        version,
    };
    for (octets, expected) in [
        (&b""[..], foreign.clone()),
        (b"h", foreign.clone()),
        (b"ht", foreign.clone()),
        (b"ht\x00", foreign.clone()),
        (b"{\"cookies\":[]}", foreign.clone()),
        (b"ht\x01\xff", foreign.clone()),
        (b"ht\x02", newer(2)),
        (b"ht\xff anything", newer(255)),
    ] {
        let place = place();
        put(&place, "shop.example", octets).await;
        let jar = jar(&place);
        let case = text(octets);
        assert_eq!(answer(&jar, SHOP).await, Err(expected.clone()), "{case}");
        assert_eq!(
            set(&jar, SHOP, "a=1").await,
            Err(expected.clone()),
            "{case}"
        );
        assert_eq!(jar.to_vec().await.unwrap_err(), expected, "{case}");
        assert_eq!(self::octets(&place, "shop.example").await, octets, "{case}");
        assert_eq!(sent(&jar, "https://other.example/").await, "");
        jar.clear().await.unwrap();
        assert_eq!(set(&jar, SHOP, "a=1").await, Ok(Receipt::Stored), "{case}");
    }
}

/// A value with all that a cookie may have.
async fn every_field(place: &Place) -> Vec<u8> {
    let jar = jar(place);
    let lines: [&[u8]; 5] = [
        b"sid=31d4; Secure; HttpOnly; SameSite=Strict",
        b"theme=dark; Domain=shop.example; Path=/cart; Max-Age=60",
        b"caf\xe9=\xff; Path=/\xfe",
        b"nameless",
        b"part=1; Secure; Partitioned; SameSite=None",
    ];
    for received in jar.receive_all(lines, &url(SHOP)).await.unwrap() {
        received.unwrap();
    }
    octets(place, "shop.example").await
}

#[tokio::test(start_paused = true)]
async fn a_value_that_was_cut_off() {
    let place = place();
    let octets = every_field(&place).await;
    let all = jar(&place).to_vec().await.unwrap();
    assert_eq!(all.len(), 5);
    let mut read = 0;
    for length in 0..octets.len() {
        put(&place, "shop.example", &octets[..length]).await;
        match jar(&place).to_vec().await {
            // Cut off behind a cookie, it is one of fewer cookies.
            Ok(cookies) => {
                read += 1;
                let cookies = cookies.iter().map(CookieBuilder::from);
                for cookie in cookies {
                    assert!(all.iter().any(|whole| CookieBuilder::from(whole) == cookie));
                }
            }
            Err(error) => assert!(matches!(error, FleetError::Foreign { .. }), "{error}"),
        }
    }
    assert_eq!(read, 5, "none, and after each of four cookies");
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().start_paused(true).build().unwrap()
}

static EVERY_FIELD: LazyLock<Vec<u8>> =
    LazyLock::new(|| runtime().block_on(async { every_field(&place()).await }));

/// Octets that may be anything, and a value in which some are others.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let anything =
        prop::collection::vec(any::<u8>(), 0..60).prop_map(|octets| [NO_COOKIES, &octets].concat());
    let wrong = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4);
    let with_wrong_octets = wrong.prop_map(|wrong| {
        let mut octets = EVERY_FIELD.clone();
        for (at, octet) in wrong {
            let at = at.index(octets.len());
            octets[at] = octet;
        }
        octets
    });
    prop_oneof![anything, with_wrong_octets]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// No panic, no cookie that the rules refuse, and none to another host.
    #[test]
    fn damaged_values(octets in damaged()) {
        runtime().block_on(async {
            let place = place();
            put(&place, "shop.example", &octets).await;
            let jar = jar(&place);
            let Ok(answer) = jar.cookies(&url(SHOP)).await else {
                return;
            };
            let mut checked = CookieJar::default();
            for cookie in &answer.value {
                assert_eq!(cookie.domain(), b"shop.example");
                assert!(cookie.path().starts_with(b"/"));
            }
            let not_restored = checked.restore(answer.value.iter().map(CookieBuilder::from), NOW);
            assert!(not_restored.is_empty(), "{not_restored:?}");
            set(&jar, SHOP, "next=1").await.unwrap();
            let next = seen(&place, SHOP).await;
            assert!(next.contains("next=1"), "{next}");
        });
    }

    /// Another machine reads each field of a cookie as it was.
    #[test]
    fn every_field_comes_back(
        name in "[a-z]{1,8}",
        value in prop::collection::vec(0x80..=0xff_u8, 0..300),
        path in prop::collection::vec(0x80..=0xff_u8, 0..8),
        subdomain in "[a-z]{1,8}",
        flags in any::<[bool; 4]>(),
        same_site in select(&[SameSite::Default, SameSite::None, SameSite::Lax, SameSite::Strict][..]),
        expiry in prop::option::of(1..34_560_000_i64),
        age in 0..1_000_000_i64,
        used in 0..1_000_000_i64,
    ) {
        let [host_only, secure_only, http_only, partitioned] = flags;
        let mut cookie = Cookie::builder(name, value, format!("{subdomain}.shop.example"))
            .path([b"/", &path[..]].concat())
            .host_only(host_only)
            .secure_only(secure_only || partitioned || same_site == SameSite::None)
            .http_only(http_only)
            .same_site(same_site)
            .creation_time(after(-age))
            .last_access_time(after(-age.min(used)));
        if let Some(expiry) = expiry {
            cookie = cookie.expiry_time(after(expiry));
        }
        if partitioned {
            cookie = cookie.partition("https://news.example cross-site".parse().unwrap());
        }
        let mut expected = CookieJar::default();
        prop_assert_eq!(expected.insert(&cookie, NOW), Ok(Receipt::Stored));
        let expected: Vec<_> = expected.iter(NOW).map(CookieBuilder::from).collect();
        let found = runtime().block_on(async {
            let place = place();
            assert_eq!(jar(&place).insert(&cookie).await, Ok(Receipt::Stored));
            jar(&place.another()).to_vec().await.unwrap()
        });
        let found: Vec<_> = found.iter().map(CookieBuilder::from).collect();
        prop_assert_eq!(found, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn what_one_machine_refuses_stays_for_the_others() {
    let place = place();
    let clock = Clock::at(NOW);
    let without = Policy::default().with_http_prefixes(false);
    let one = builder(&place, &clock).policy(without).build().jar("me");
    let another = place.another();
    let other = builder(&another, &clock).build().jar("me");
    let day = 86_400;
    set(&one, SHOP, "__Http-a=1; Max-Age=31536000")
        .await
        .unwrap();
    set(&one, SHOP, "__Http-b=2; Max-Age=10").await.unwrap();
    set(&one, SHOP, "c=3").await.unwrap();
    assert_eq!(sent(&other, SHOP).await, "c=3");
    assert_eq!(other.to_vec().await.unwrap().len(), 1);
    set(&other, SHOP, "c=; Max-Age=0").await.unwrap();
    let lives = another.times_to_live().last().unwrap().as_secs();
    assert!(lives > 364 * day, "{} days", lives / day);
    assert_eq!(sent(&one, SHOP).await, "__Http-a=1; __Http-b=2");
    // What has expired need not stay.
    clock.set(after(20));
    set(&other, SHOP, "d=4").await.unwrap();
    let octets = octets(&place, "shop.example").await;
    let has = |name: &[u8]| octets.windows(name.len()).any(|part| part == name);
    assert!(has(b"__Http-a") && has(b"d") && !has(b"__Http-b"));
    assert_eq!(sent(&one, SHOP).await, "__Http-a=1; d=4");
    // What it does not refuse takes the place of what it does.
    let shop = url(SHOP);
    let line = "__Http-a=5; Secure; HttpOnly";
    other.receive(line, &shop).await.unwrap();
    assert_eq!(sent(&other, SHOP).await, "d=4; __Http-a=5");
    let found = one.to_vec().await.unwrap();
    let values: Vec<String> = found.iter().map(|cookie| text(cookie.value())).collect();
    assert_eq!(values, ["4", "5"]);
    // Whoever removes all removes what it refuses too.
    for line in ["f=6", "__Http-f=6"] {
        set(&one, SHOP, line).await.unwrap();
        other.clear().await.unwrap();
        assert_eq!(sent(&one, SHOP).await, "", "{line}");
    }
}

fn list(text: &str) -> PublicSuffixList {
    let text = format!("// ===BEGIN ICANN DOMAINS===\n{text}\n// ===END ICANN DOMAINS===\n");
    let list: publicsuffix::List = text.parse().unwrap();
    list.into()
}

/// Machines whose lists of public suffixes differ find the same cookies; each refuses what it takes for one of a suffix.
#[tokio::test(start_paused = true)]
async fn lists_of_public_suffixes_that_differ() {
    let lists = [
        "example\ncom",
        "example\ncom\nhosting.example",
        "example\ncom\n*.hosting.example",
        "example\ncom\nshop.hosting.example",
    ];
    for (one_list, other_list) in lists
        .iter()
        .flat_map(|one| lists.map(|other| (*one, other)))
    {
        let place = place();
        let machine = |place: &Place, text| {
            let policy = Policy::default().with_public_suffix_list(list(text));
            let fleet = builder(place, &Clock::at(NOW)).policy(policy).build();
            fleet.jar("me")
        };
        let (one, other) = (
            machine(&place, one_list),
            machine(&place.another(), other_list),
        );
        let hosts = ["hosting", "shop.hosting", "a.shop.hosting"];
        let urls = hosts.map(|host| format!("https://{host}.example/"));
        for (number, url) in urls.iter().enumerate() {
            set(&one, url, &format!("one{number}=1")).await.unwrap();
            set(&other, url, &format!("other{number}=1")).await.unwrap();
        }
        for (number, url) in urls.iter().enumerate() {
            for jar in [&one, &other] {
                let expected = format!("one{number}=1; other{number}=1");
                let case = format!("{one_list:?} {other_list:?} {url}");
                assert_eq!(sent(jar, url).await, expected, "{case}");
            }
        }
        // Domain cookies go where both lists let them.
        for domain in hosts.map(|host| format!("{host}.example")) {
            let line = format!("d=1; Domain={domain}");
            let is_suffix = |text| list(text).is_public_suffix(domain.as_bytes());
            let from = &urls[2];
            for (jar, text) in [(&one, one_list), (&other, other_list)] {
                let received = set(jar, from, &line).await;
                let case = format!("{domain} {text:?} {received:?}");
                assert_eq!(received.is_ok(), !is_suffix(text), "{case}");
            }
            let has = async |jar| sent(jar, from).await.contains("d=1");
            let is_stored = !is_suffix(one_list) || !is_suffix(other_list);
            for (jar, text) in [(&one, one_list), (&other, other_list)] {
                let expected = is_stored && !is_suffix(text);
                assert_eq!(has(jar).await, expected, "{domain} {text:?}");
            }
            for jar in [&one, &other] {
                let line = format!("d=; Max-Age=0; Domain={domain}");
                // One of a public suffix is refused.
                set(jar, from, &line).await.ok();
            }
        }
    }
}

// The rules that look beyond a site

/// The same lines to a jar and to two machines in turn: each outcome, and what is sent everywhere in the end.
async fn as_a_jar(policy: Policy, lines: &[(&str, &str)]) {
    let place = place();
    let clock = Clock::at(NOW);
    let machine = |place: &Place| {
        let fleet = builder(place, &clock).policy(policy.clone());
        fleet.build().jar("me")
    };
    let machines = [machine(&place), machine(&place.another())];
    let mut jar = CookieJar::new(policy.clone());
    for (second, (to, line)) in lines.iter().enumerate() {
        // Between sites nothing but time orders cookies.
        clock.set(after(i64::try_from(second).unwrap()));
        let received = set(&machines[second % 2], to, line).await;
        let expected = jar.receive(line, &url(to), clock.now());
        let expected = expected.map_err(FleetError::Rejected);
        assert_eq!(received, expected, "{lines:?}, {to} {line}");
    }
    for (to, _) in lines {
        let to = to.replace("http:", "https:");
        let expected = common::sent(&jar, &to, clock.now());
        for machine in &machines {
            assert_eq!(sent(machine, &to).await, expected, "{lines:?}, {to}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn step_16_looks_at_sites_around_a_public_suffix_that_is_a_host() {
    let refused = "https://github.io/";
    let names = [
        ("github.io", "user.github.io"),
        ("github.io", "a.user.github.io"),
        ("intranet", "x.intranet"),
        ("s3.amazonaws.com", "bucket.s3.amazonaws.com"),
        ("amazonaws.com", "bucket.s3.amazonaws.com"),
        ("kawasaki.jp", "a.b.kawasaki.jp"),
    ];
    for (above, below) in names {
        for (one, other) in [(above, below), (below, above)] {
            if (one, other) == ("bucket.s3.amazonaws.com", "amazonaws.com") {
                // A documented difference: no site is looked for below a name that is no public suffix.
                continue;
            }
            let (secure, plain) = (format!("https://{one}/"), format!("http://{other}/"));
            let lines = [
                (&*secure, "sid=1; Secure"),
                (&*plain, "sid=2"),
                (&*plain, "sid=3; Path=/a"),
                (&*plain, "other=4"),
                (&*secure, "sid=; Max-Age=0; Secure"),
                (&*plain, "sid=5"),
            ];
            as_a_jar(Policy::default(), &lines).await;
        }
    }
    // And it bites.
    let jar = jar(&place());
    set(&jar, refused, "sid=1; Secure").await.unwrap();
    let received = set(&jar, "http://user.github.io/", "sid=2").await;
    assert_eq!(
        received,
        Err(FleetError::Rejected(Rejection::OverlaysSecure))
    );
}

/// A host below a public suffix that is below a registrable domain has cookies of two sites.
#[tokio::test(start_paused = true)]
async fn a_host_with_two_sites() {
    let (bucket, plain) = ("https://b.s3.amazonaws.com/", "http://b.s3.amazonaws.com/");
    for lines in [
        &[
            (bucket, "a=1"),
            (bucket, "b=2; Domain=amazonaws.com"),
            ("https://amazonaws.com/", "c=3; Domain=amazonaws.com"),
            (bucket, "a=4; Domain=amazonaws.com"),
            (bucket, "b=; Domain=amazonaws.com; Max-Age=0"),
        ][..],
        // A secure cookie of its own site, and a line of the other one.
        &[
            (bucket, "sid=1; Secure"),
            (plain, "sid=2; Domain=amazonaws.com"),
            (plain, "new=2; Domain=amazonaws.com"),
        ],
        &[
            (bucket, "sid=1; Secure; Domain=amazonaws.com"),
            (plain, "sid=2"),
            (plain, "sid=3; Domain=amazonaws.com"),
            (plain, "new=2"),
        ],
    ] {
        as_a_jar(Policy::default(), lines).await;
    }
}

#[tokio::test(start_paused = true)]
async fn domains_that_are_public_suffixes_where_they_are_allowed() {
    let allowed = Policy::default().with_reject_public_suffixes(false);
    let (shop, plain) = ("https://shop.example/", "http://shop.example/");
    for lines in [
        &[
            (shop, "a=1; Domain=example"),
            ("https://other.example/", "b=2; Domain=example"),
            (shop, "a=3"),
            (shop, "b=; Domain=example; Max-Age=0"),
            (shop, "c=4; Domain=shop.example"),
        ][..],
        &[
            (shop, "sid=1; Secure"),
            (plain, "sid=2; Domain=example"),
            (plain, "sid=3"),
        ],
        &[
            (shop, "sid=1; Secure; Domain=example"),
            (plain, "sid=2"),
            (plain, "sid=3; Domain=example"),
            ("http://other.example/", "sid=4"),
        ],
        // A secure cookie of a site that is none of the host's, but below the Domain.
        &[
            ("https://other.example/", "sid=1; Secure"),
            ("http://example/", "sid=2"),
            (plain, "sid=3; Domain=example"),
            (plain, "new=4; Domain=example"),
        ],
        // Step 16 comes before the prefixes.
        &[
            (shop, "__Host-sid=1; Secure; Path=/"),
            (plain, "__Host-sid=2; Domain=example"),
            (plain, "__Host-new=2; Domain=example"),
            (plain, "__Host-sid=2; Domain=other.example"),
            (plain, "__Host-sid"),
        ],
    ] {
        as_a_jar(allowed.clone(), lines).await;
    }
}

/// Where lines of a response are of several sites, an error does not say that nothing was stored once one of them was.
#[tokio::test(start_paused = true)]
async fn an_error_after_a_line_of_another_site() {
    let full = || BackendError::OutOfMemory;
    for (stored_before, expected) in [
        (0, FleetError::Backend(full())),
        (1, FleetError::Unknown(full())),
        (2, FleetError::Unknown(full())),
    ] {
        let place = place();
        let allowed = Policy::default().with_reject_public_suffixes(false);
        let builder = builder(&place, &Clock::at(NOW)).policy(allowed);
        let jar = builder.build().jar("me");
        let stored = std::iter::repeat_n(Fault::None, stored_before);
        place.stores(stored.chain([Fault::Before(full())]));
        let lines = [
            "refused; Domain=else.example",
            "a=1",
            "b=2; Domain=example",
            "c=3",
        ];
        let received = jar.receive_all(lines, &url(SHOP)).await;
        assert_eq!(received, Err(expected), "{stored_before}");
        let there = seen(&place, SHOP).await;
        assert_eq!(there.is_empty(), stored_before == 0, "{there}");
    }
}

/// The secure cookies of other sites that step 16 looks at take no room from a site's own.
#[tokio::test(start_paused = true)]
async fn many_secure_cookies_around_evict_none() {
    let place = place();
    let jar = jar(&place);
    set(&jar, "https://github.io/", "own=1").await.unwrap();
    for user in 0..70 {
        let lines = (0..50).map(|number| format!("n{number}=1; Secure"));
        let user = url(&format!("https://u{user}.github.io/"));
        jar.receive_all(lines, &user).await.unwrap();
    }
    let overlaid = set(&jar, "http://github.io/", "n49=2").await;
    assert_eq!(
        overlaid,
        Err(FleetError::Rejected(Rejection::OverlaysSecure))
    );
    set(&jar, "http://github.io/", "new=2").await.unwrap();
    assert_eq!(sent(&jar, "https://github.io/").await, "own=1; new=2");
    assert_eq!(jar.to_vec().await.unwrap().len(), 70 * 50 + 2);
}

/// What another machine removes while a line is stored does not come back by what step 16 was shown.
#[tokio::test(start_paused = true)]
async fn what_step_16_was_shown_does_not_come_back() {
    let place = place();
    let (jar, other) = (jar(&place), jar(&place.another()));
    let domain = "Domain=amazonaws.com";
    let bucket = "b.s3.amazonaws.com";
    let secure = format!("https://{bucket}/");
    set(&jar, &secure, &format!("sid=1; Secure; {domain}"))
        .await
        .unwrap();
    let held = place.hold_stores().await;
    let setting = {
        let jar = jar.clone();
        let to = format!("http://{bucket}/");
        tokio::spawn(async move { set(&jar, &to, &format!("new=2; {domain}")).await })
    };
    tokio::time::sleep(Duration::from_secs(1)).await;
    set(&other, &secure, &format!("sid=; Max-Age=0; {domain}"))
        .await
        .unwrap();
    drop(held);
    assert_eq!(setting.await.unwrap(), Ok(Receipt::Stored));
    assert_eq!(seen(&place, &secure).await, "new=2");
}

// An identity's cookies

#[tokio::test(start_paused = true)]
async fn what_an_identity_has() {
    let place = place();
    let jar = jar(&place);
    let others = jar.fleet().jar("somebody else");
    let other = "https://other.example/";
    for (to, line) in [
        (SHOP, "a=1"),
        (other, "b=2; Max-Age=60"),
        (SHOP, "c=3; Max-Age=60; Path=/cart"),
        (SHOP, "c=4; Path=/cart; Domain=shop.example"),
    ] {
        set(&jar, to, line).await.unwrap();
        set(&others, to, "theirs=1; Path=/").await.unwrap();
    }
    let names = async |jar: &FleetJar<Place>| {
        let cookies = jar.to_vec().await.unwrap();
        let pairs = cookies
            .iter()
            .map(|cookie| text(cookie.name()) + &text(cookie.value()));
        let mut pairs: Vec<String> = pairs.collect();
        pairs.sort();
        pairs.join(" ")
    };
    assert_eq!(names(&jar).await, "a1 b2 c3 c4");
    let cart = Domain::new("shop.example");
    assert_eq!(jar.remove(cart, "c", "/").await, Ok(0));
    assert_eq!(jar.remove(cart, "c", "/cart").await, Ok(2));
    assert_eq!(names(&jar).await, "a1 b2");
    assert_eq!(jar.end_session().await, Ok(1));
    assert_eq!(names(&jar).await, "b2");
    assert_eq!(seen(&place, SHOP).await, "");
    jar.clear().await.unwrap();
    assert_eq!(names(&jar).await, "");
    assert_eq!(jar.clear().await, Ok(()));
    assert_eq!(seen(&place, other).await, "");
    assert_eq!(names(&others).await, "theirs1 theirs1");
    // A URL without a host stores nothing and sends nothing.
    let without = url("data:,x");
    let expected = CookieJar::default().receive("a=1", &without, NOW);
    let received = jar.receive("a=1", &without).await;
    assert_eq!(received, expected.map_err(FleetError::Rejected));
    assert_eq!(jar.cookie_string(&without).await.unwrap().value, None);
    let none: [&str; 0] = [];
    assert_eq!(jar.receive_all(none, &url(SHOP)).await, Ok(Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn a_back_end_that_lists_nothing() {
    let place = place().without_lists();
    let jar = jar(&place);
    set(&jar, SHOP, "a=1").await.unwrap();
    assert_eq!(jar.to_vec().await.unwrap_err(), FleetError::NoList);
    assert_eq!(jar.end_session().await, Err(FleetError::NoList));
    assert_eq!(jar.clear().await, Err(FleetError::NoList));
    assert_eq!(sent(&jar, SHOP).await, "a=1");
}

// Time

#[tokio::test(start_paused = true)]
async fn how_long_a_value_lives() {
    let (minute, day) = (60, 86_400);
    let year = 365 * day;
    for (lines, session, expected) in [
        (&["a=1"][..], None, 30 * day),
        (&["a=1"], Some(3600), 3600),
        (&["a=1; Max-Age=100"], None, 100),
        (&["a=1; Max-Age=100", "b=2; Max-Age=7"], None, 100),
        (&["a=1; Max-Age=100", "b=2"], Some(3600), 3600),
        (&["a=1; Max-Age=31536000", "b=2"], Some(3600), year),
        (&["a=1; Max-Age=100", "a=; Max-Age=0"], None, 0),
        (&["a=1"], Some(u64::MAX), 1000 * year),
    ] {
        let place = place();
        let mut builder = builder(&place, &Clock::at(NOW));
        if let Some(seconds) = session {
            builder = builder.session_time_to_live(Duration::from_secs(seconds));
        }
        let jar = builder.repeat_for(Duration::MAX).build().jar("me");
        for line in lines {
            set(&jar, SHOP, line).await.unwrap();
        }
        let lives = place.times_to_live().last().unwrap().as_secs();
        // Clocks differ by so much at most.
        assert_eq!(lives, expected + minute, "{lines:?}");
    }
}

/// What has expired once stays gone.
#[tokio::test(start_paused = true)]
async fn a_clock_that_goes_back() {
    let place = place();
    let clock = Clock::at(NOW);
    let jar = builder(&place, &clock).build().jar("me");
    set(&jar, SHOP, "a=1; Max-Age=10").await.unwrap();
    set(&jar, SHOP, "b=2; Max-Age=100").await.unwrap();
    assert_eq!(sent(&jar, SHOP).await, "a=1; b=2");
    clock.set(after(20));
    assert_eq!(sent(&jar, SHOP).await, "b=2");
    clock.set(NOW);
    assert_eq!(sent(&jar, SHOP).await, "b=2");
    clock.set(after(200));
    jar.fleet().evict_expired();
    clock.set(NOW);
    assert_eq!(sent(&jar, SHOP).await, "");
    // What is stored anew is there.
    set(&jar, SHOP, "c=3; Max-Age=10").await.unwrap();
    assert_eq!(sent(&jar, SHOP).await, "c=3");
    assert_eq!(seen(&place, SHOP).await, "c=3");
    // Once more, and not as far.
    clock.set(after(20));
    jar.fleet().evict_expired();
    clock.set(NOW);
    assert_eq!(sent(&jar, SHOP).await, "");
}

#[tokio::test(start_paused = true)]
async fn that_a_cookie_was_sent_is_stored_once_a_minute() {
    let place = place();
    let clock = Clock::at(NOW);
    let jar = builder(&place, &clock).build().jar("me");
    set(&jar, SHOP, "a=1").await.unwrap();
    let last_access = async || {
        let cookies = self::jar(&place.another()).to_vec().await.unwrap();
        cookies[0].last_access_time()
    };
    for second in 1..=59 {
        clock.set(after(second));
        assert_eq!(sent(&jar, SHOP).await, "a=1");
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!((place.stored(), last_access().await), (1, NOW));
    clock.set(after(61));
    assert_eq!(sent(&jar, SHOP).await, "a=1");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!((place.stored(), last_access().await), (2, after(61)));
    // A change takes it along.
    clock.set(after(70));
    assert_eq!(sent(&jar, SHOP).await, "a=1");
    set(&jar, SHOP, "b=2").await.unwrap();
    assert_eq!(last_access().await, after(70));
}

// The model

/// A fleet's jar as the lockstep drives it, with a clock that shows what it is told.
struct InFleet {
    runtime: tokio::runtime::Runtime,
    place: Place,
    jar: FleetJar<Place>,
    clock: Clock,
}

impl InFleet {
    fn new(policy: Policy) -> Self {
        let (place, clock) = (place(), Clock::at(NOW));
        let jar = builder(&place, &clock).policy(policy).build().jar("me");
        Self {
            runtime: runtime(),
            place,
            jar,
            clock,
        }
    }

    fn at(&self, now: chrono::DateTime<chrono::Utc>) -> &FleetJar<Place> {
        self.clock.set(now.into());
        &self.jar
    }

    /// All that is there as a jar.
    fn copy(&self, now: chrono::DateTime<chrono::Utc>) -> CookieJar {
        let policy = self.jar.fleet().policy().clone();
        let mut jar = CookieJar::new(policy.with_max_cookies(usize::MAX));
        let all = self.list(now);
        assert!(
            jar.restore(all.iter().map(CookieBuilder::from), now)
                .is_empty()
        );
        jar
    }

    fn list(&self, now: chrono::DateTime<chrono::Utc>) -> Vec<Cookie> {
        let mut all = self.runtime.block_on(self.at(now).to_vec()).unwrap();
        all.sort_by_key(Cookie::creation_time);
        all
    }
}

impl lockstep::Jar for InFleet {
    fn receive(
        &mut self,
        line: &[u8],
        request: &Request<'_>,
        now: chrono::DateTime<chrono::Utc>,
    ) -> Result<Receipt, Rejection> {
        let received = self.runtime.block_on(self.at(now).receive(line, *request));
        received.map_err(|error| match error {
            FleetError::Rejected(rejection) => rejection,
            error => panic!("{error}"),
        })
    }

    fn evaluate(
        &self,
        set_cookie: &SetCookie<'_>,
        request: &Request<'_>,
        now: chrono::DateTime<chrono::Utc>,
    ) -> Result<Cookie, Rejection> {
        self.copy(now).evaluate(set_cookie, *request, now)
    }

    fn cookies(&self, request: &Request<'_>, now: chrono::DateTime<chrono::Utc>) -> Vec<Cookie> {
        let answer = self.runtime.block_on(self.at(now).cookies(*request));
        answer.unwrap().value
    }

    fn cookie_string(
        &self,
        request: &Request<'_>,
        now: chrono::DateTime<chrono::Utc>,
    ) -> Option<Vec<u8>> {
        let answer = self.runtime.block_on(self.at(now).cookie_string(*request));
        answer.unwrap().value
    }

    fn explain(
        &self,
        request: &Request<'_>,
        now: chrono::DateTime<chrono::Utc>,
    ) -> Vec<(Cookie, Option<Exclusion>)> {
        let answer = self.runtime.block_on(self.at(now).explain(*request));
        answer.unwrap().value
    }

    fn exclusion(
        &self,
        cookie: &Cookie,
        request: &Request<'_>,
        now: chrono::DateTime<chrono::Utc>,
    ) -> Option<Exclusion> {
        self.copy(now).exclusion(cookie, *request, now)
    }

    fn list(&self, now: chrono::DateTime<chrono::Utc>) -> Vec<Cookie> {
        self.list(now)
    }

    fn get(
        &self,
        name: &[u8],
        domain: &[u8],
        path: &[u8],
        now: chrono::DateTime<chrono::Utc>,
    ) -> Vec<Cookie> {
        let found = self.list(now).into_iter();
        found
            .filter(|cookie| {
                (cookie.name(), cookie.domain(), cookie.path()) == (name, domain, path)
            })
            .collect()
    }

    fn remove(
        &mut self,
        name: &[u8],
        domain: &[u8],
        path: &[u8],
        now: chrono::DateTime<chrono::Utc>,
    ) -> usize {
        let removed = self.at(now).remove(Domain::new(domain), name, path);
        self.runtime.block_on(removed).unwrap()
    }

    fn clear_domain(&mut self, _domain: &[u8]) -> usize {
        unreachable!("a fleet's jar has no such method")
    }

    fn end_session(&mut self) {
        self.runtime.block_on(self.jar.end_session()).unwrap();
    }

    fn evict_expired(&mut self, now: chrono::DateTime<chrono::Utc>) {
        self.at(now).fleet().evict_expired();
    }

    fn set_policy(&mut self, _policy: Policy, _now: chrono::DateTime<chrono::Utc>) {
        unreachable!("a fleet's jar has no such method")
    }

    fn len(&self) -> usize {
        self.runtime.block_on(self.jar.to_vec()).unwrap().len()
    }
}

fn line() -> impl Strategy<Value = Vec<u8>> {
    let attribute = prop_oneof![
        3 => select(ATTRIBUTES).prop_map(str::to_owned),
        1 => select(DOMAINS).prop_map(|domain| format!("Domain={domain}")),
    ];
    let attributes = prop::collection::vec(attribute, 0..5);
    (select(NAMES), select(VALUES), attributes).prop_map(|(name, value, attributes)| {
        let attributes = attributes
            .into_iter()
            .map(|attribute| format!("; {attribute}"));
        format!("{name}{value}{}", attributes.collect::<String>()).into_bytes()
    })
}

fn context() -> impl Strategy<Value = model::Context> {
    // A documented difference: no site is looked for below a name that is no public suffix.
    let hosts: Vec<&str> = HOSTS
        .iter()
        .filter(|host| **host != "amazonaws.com")
        .copied()
        .collect();
    let schemes = select(&["https", "http", "http"][..]);
    let url = (schemes, select(hosts), select(PATHS))
        .prop_map(|(scheme, host, path)| url(&format!("{scheme}://{host}{path}")));
    (url, prop::bool::weighted(0.15)).prop_map(|(url, script)| model::Context {
        script,
        ..model::Context::get(url)
    })
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        20 => (line(), context()).prop_map(|(line, context)| Operation::Receive(line, context)),
        8 => context().prop_map(Operation::Retrieve),
        3 => context().prop_map(Operation::Explain),
        1 => any::<usize>().prop_map(Operation::Remove),
        1 => Just(Operation::EndSession),
        1 => Just(Operation::EvictExpired),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if std::env::var_os("PROPTEST_CASES").is_some() { ProptestConfig::default().cases } else { 200 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// A fleet's jar equals the list-based model, but for what is documented: all cookies have no limit, since it is one
    /// of a site's; times differ, since between sites nothing else orders cookies; and no clock goes back.
    #[test]
    fn after_every_step(
        public_suffixes in prop::bool::weighted(0.8),
        per_domain in prop_oneof![Just(180), 1..6_usize],
        per_site in prop_oneof![Just(540), 1..8_usize],
        steps in prop::collection::vec((1..4_000_000_i64, operation()), 1..60),
    ) {
        let policy = model::Policy {
            public_suffixes,
            max_cookies_per_domain: per_domain,
            max_cookies_per_site: per_site,
            ..model::Policy::default()
        };
        let mut jar = InFleet::new(lockstep::library_policy(&policy));
        let mut model = model::Model::new(policy, Arc::clone(&SUFFIXES));
        let mut now = chrono::DateTime::from_timestamp(1_717_243_200, 0).unwrap();
        for (passed, operation) in &steps {
            now += chrono::TimeDelta::microseconds(*passed);
            lockstep::carry_out(operation, &mut jar, &mut model, now).map_err(TestCaseError::fail)?;
            // Another machine has the same cookies, but that it is told later which were sent.
            let fleet = builder(&jar.place, &jar.clock).policy(jar.jar.fleet().policy().clone());
            let other = InFleet { runtime: runtime(), place: jar.place.clone(), jar: fleet.build().jar("me"), clock: jar.clock.clone() };
            let shown = |cookies: Vec<Cookie>| -> Vec<_> {
                let builders = cookies.iter().map(CookieBuilder::from);
                builders.map(|cookie| cookie.last_access_time(NOW).order(0)).collect()
            };
            prop_assert_eq!(shown(other.list(now)), shown(jar.list(now)));
        }
    }
}
