//! `SharedJar` under threads that receive, retrieve, remove, evict, and panic: what always holds of a
//! jar holds meanwhile and afterwards, and nobody waits for ever.

mod common;

use std::collections::HashSet;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread::{self, ScopedJoinHandle};

use common::{NOW, after, url};
use hardtack::{Cookie, CookieJar, Domain, Exclusion, Policy, Request, SharedJar};
use url::Url;

const THREADS: usize = 8;

/// The next of a sequence of numbers that looks random, and is the same in every run.
fn next(state: &mut u64) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    usize::try_from(*state >> 33).unwrap()
}

/// What holds of every state that a thread can see, whatever the other threads are about.
fn check(cookies: &[Cookie], policy: &Policy) {
    assert!(cookies.len() <= policy.max_cookies, "{}", cookies.len());
    let mut identities = HashSet::new();
    for cookie in cookies {
        let identity = (
            cookie.name(),
            cookie.domain(),
            cookie.path(),
            cookie.host_only(),
            cookie.partition(),
        );
        assert!(identities.insert(identity), "two of {cookie:?}");
        let sharing = cookies.iter().filter(|other| {
            (other.domain(), other.partition()) == (cookie.domain(), cookie.partition())
        });
        assert!(sharing.count() <= policy.max_cookies_per_domain);
        let site = |cookie: &Cookie| {
            let registrable = policy
                .public_suffix_list
                .registrable_domain(cookie.domain());
            registrable.map(<[u8]>::to_vec)
        };
        let same_site = cookies
            .iter()
            .filter(|other| (site(other), other.partition()) == (site(cookie), cookie.partition()));
        assert!(same_site.count() <= policy.max_cookies_per_site);
    }
    assert!(cookies.is_sorted_by_key(Cookie::creation_time));
}

/// One operation of a thread, on a jar for itself or on one that is shared.
enum Operation {
    Receive(String),
    Retrieve,
    Remove(String),
    Clear,
    Evict,
}

/// A thread's operations, all of them on its own host.
fn operations(thread: usize, rounds: usize) -> Vec<Operation> {
    let mut state = 0x9E37_79B9_7F4A_7C15 ^ (thread as u64 + 1);
    let operation = |_| {
        let name = format!("n{}", next(&mut state) % 12);
        match next(&mut state) % 16 {
            0..=8 => {
                let value = next(&mut state) % 1000;
                let attributes = ["", "; Max-Age=0", "; Path=/a", "; Secure", "; Max-Age=9"];
                let attributes = attributes[next(&mut state) % attributes.len()];
                Operation::Receive(format!("{name}={value}{attributes}"))
            }
            9..=12 => Operation::Retrieve,
            13 => Operation::Remove(name),
            14 => Operation::Evict,
            _ if next(&mut state) % 8 == 0 => Operation::Clear,
            _ => Operation::Retrieve,
        }
    };
    (0..rounds).map(operation).collect()
}

/// Threads that each keep to a host of their own see, step by step, what they would see alone: no
/// operation of one is lost, doubled or torn by those of others.
#[test]
fn each_thread_sees_its_own_order() {
    const ROUNDS: usize = 600;
    let mut policy = Policy::default();
    // Enough for all domains together, so that one thread does not evict another one's cookies.
    policy.max_cookies_per_domain = 10;
    policy.max_cookies = 10 * THREADS;
    let shared = SharedJar::builder()
        .jar(CookieJar::new(policy.clone()))
        .clock(|| NOW)
        .build();
    let barrier = Barrier::new(THREADS);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (shared, barrier, policy) = (shared.clone(), &barrier, &policy);
            scope.spawn(move || {
                let host = format!("h{thread}.example");
                let page = url(&format!("https://{host}/a"));
                let request = Request::new(&page);
                let mut alone = CookieJar::new(policy.clone());
                barrier.wait();
                for operation in operations(thread, ROUNDS) {
                    match operation {
                        Operation::Receive(line) => assert_eq!(
                            shared.receive(line.as_bytes(), request),
                            alone.receive(line.as_bytes(), request, NOW)
                        ),
                        Operation::Retrieve => assert_eq!(
                            shared.cookie_string(request),
                            alone.cookie_string(request, NOW)
                        ),
                        Operation::Remove(name) => assert_eq!(
                            shared.remove(Domain::new(&host), &name, "/"),
                            alone.remove(Domain::new(&host), &name, "/", NOW)
                        ),
                        Operation::Clear => {
                            assert_eq!(
                                shared.clear_domain(Domain::new(&host)),
                                alone.clear_domain(Domain::new(&host))
                            );
                        }
                        Operation::Evict => {
                            shared.evict_expired();
                            alone.evict_expired(NOW);
                        }
                    }
                }
                let explained = shared.explain(request).len();
                assert_eq!(explained, alone.explain(request, NOW).len());
            });
        }
    });
    check(&shared.to_vec(), &policy);
    assert_eq!(shared.len(), shared.to_vec().len());
}

/// All threads on the same hosts, with a clock that goes on meanwhile, limits that evict all the time,
/// and callers that panic while they hold the jar.
#[test]
fn all_threads_on_the_same_hosts() {
    const ROUNDS: usize = 400;
    let mut policy = Policy::default();
    policy.max_cookies_per_domain = 6;
    policy.max_cookies_per_site = 8;
    policy.max_cookies = 20;
    let seconds = Arc::new(AtomicI64::new(0));
    let clock = Arc::clone(&seconds);
    let shared = SharedJar::builder()
        .jar(CookieJar::new(policy.clone()))
        .clock(move || after(clock.fetch_add(1, Ordering::Relaxed) / 64))
        .build();
    let pages: Vec<Url> = ["a.example", "www.a.example", "b.example", "c.example"]
        .map(|host| url(&format!("https://{host}/")))
        .into();
    let is_over = AtomicBool::new(false);
    let barrier = Barrier::new(THREADS + 1);
    thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            barrier.wait();
            // At least once, then until the others are done; and not for ever.
            for _ in 0..10_000 {
                let was_over = is_over.load(Ordering::Acquire);
                check(&shared.to_vec(), &policy);
                let copy: Vec<_> = shared.to_jar().iter(NOW).cloned().collect();
                check(&copy, &policy);
                if was_over {
                    break;
                }
            }
        });
        let workers: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (shared, barrier, pages) = (shared.clone(), &barrier, &pages);
                scope.spawn(move || {
                    let mut state = 88_172_645_463_325_252 + thread as u64;
                    barrier.wait();
                    for round in 0..ROUNDS {
                        let page = &pages[next(&mut state) % pages.len()];
                        work(&shared, page, round, &mut state);
                    }
                })
            })
            .collect();
        // All are waited for first: where one has failed, the watcher must still hear that it is over.
        let ended: Vec<_> = workers.into_iter().map(ScopedJoinHandle::join).collect();
        is_over.store(true, Ordering::Release);
        watcher.join().unwrap();
        for worker in ended {
            worker.unwrap();
        }
    });
    check(&shared.to_vec(), &policy);
    // It is a jar like any other.
    let request = Request::new(&pages[2]);
    shared.clear();
    shared.receive(b"a=1", request).unwrap();
    assert_eq!(shared.cookie_string(request).as_deref(), Some(&b"a=1"[..]));
}

/// More sites than the total allows, so that each new cookie evicts one of another site; and a policy that
/// changes meanwhile.
#[test]
fn nobody_sees_more_than_the_total() {
    const ROUNDS: usize = 3_000;
    let with = |reject_public_suffixes| {
        let mut policy = Policy::default();
        policy.max_cookies = 12;
        policy.reject_public_suffixes = reject_public_suffixes;
        policy
    };
    let shared = SharedJar::builder()
        .jar(CookieJar::new(with(true)))
        .clock(|| NOW)
        .build();
    let pages: Vec<Url> = (0..60)
        .map(|site| url(&format!("https://site{site}.example/")))
        .collect();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let writers: Vec<_> = (1..=3)
            .map(|thread| {
                let (shared, pages) = (shared.clone(), &pages);
                scope.spawn(move || {
                    let mut state = 0x9E37_79B9 * thread;
                    for round in 0..ROUNDS {
                        let page = &pages[next(&mut state) % pages.len()];
                        shared.receive(b"a=1", Request::new(page)).unwrap();
                        if thread == 1 && round % 20 == 0 {
                            shared.set_policy(with(round % 40 == 0));
                        }
                    }
                })
            })
            .collect();
        let watcher = scope.spawn(|| {
            while !is_over.load(Ordering::Acquire) {
                assert!(shared.len() <= 12, "{}", shared.len());
            }
        });
        let ended: Vec<_> = writers.into_iter().map(ScopedJoinHandle::join).collect();
        is_over.store(true, Ordering::Release);
        watcher.join().unwrap();
        for writer in ended {
            writer.unwrap();
        }
    });
    assert_eq!(shared.len(), 12);
}

fn work(shared: &SharedJar, page: &Url, round: usize, state: &mut u64) {
    let request = Request::new(page);
    let name = format!("n{}", next(state) % 10);
    match next(state) % 20 {
        0..=8 => {
            let attributes = [
                "",
                "; Domain=a.example",
                "; Max-Age=1",
                "; Max-Age=0",
                "; Secure",
                "; Secure; Partitioned",
            ];
            let attributes = attributes[next(state) % attributes.len()];
            let line = format!("{name}={round}{attributes}");
            // A Domain that does not cover the host is refused; the rest is not.
            let received = shared.receive(line.as_bytes(), request);
            let foreign = attributes.contains("Domain") && !page.as_str().contains("a.example");
            assert_eq!(received.is_err(), foreign, "{page} {line}: {received:?}");
        }
        9..=12 => {
            let sent = shared.cookies(request);
            assert!(sent.is_sorted_by(|one, other| {
                (one.path().len(), other.creation_time())
                    >= (other.path().len(), one.creation_time())
            }));
            let mut string = b"Cookie: ".to_vec();
            let is_sent = shared.write_cookie_string(request, &mut string);
            assert_eq!(is_sent, string.len() > b"Cookie: ".len());
        }
        13 => {
            let host = page.host_str().unwrap();
            assert!(shared.remove(Domain::new(host), &name, "/") <= 3);
        }
        14 => shared.evict_expired(),
        15 => {
            shared.retain(|cookie| cookie.name() != name.as_bytes());
        }
        16 => {
            let built = Cookie::builder(name, "built", page.host_str().unwrap());
            shared.insert(&built).unwrap();
        }
        17 => {
            for (cookie, why_not) in shared.explain(request) {
                // The clock has gone on meanwhile; nothing else about the cookie has changed.
                let now = shared.exclusion(&cookie, request);
                assert!(now == why_not || now == Some(Exclusion::Expired), "{now:?}");
            }
        }
        18 => {
            shared.end_session();
        }
        _ => {
            // Unwound without the panic's message, which is no failure here.
            let panicked = panic::catch_unwind(AssertUnwindSafe(|| {
                shared.retain(|_| panic::resume_unwind(Box::new(())))
            }));
            // With no cookie in the jar nobody is asked.
            assert!(panicked.is_err() || panicked.is_ok_and(|removed| removed == 0));
        }
    }
}

/// A caller's clock is read under the lock: where it panics, the others go on.
#[test]
fn a_clock_that_panics_locks_nobody_out() {
    let page = url("https://shop.example/");
    let request = Request::new(&page);
    let is_broken = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&is_broken);
    let shared = SharedJar::builder()
        .clock(move || {
            if seen.load(Ordering::Relaxed) {
                panic::resume_unwind(Box::new(()));
            }
            NOW
        })
        .build();
    shared.receive(b"a=1", request).unwrap();
    is_broken.store(true, Ordering::Relaxed);
    let calls: [&(dyn Fn() + Sync); 3] = [
        &|| drop(shared.receive(b"a=2", request)),
        &|| drop(shared.cookie_string(request)),
        &|| shared.evict_expired(),
    ];
    thread::scope(|scope| {
        for call in calls {
            assert!(scope.spawn(call).join().is_err());
        }
    });
    is_broken.store(false, Ordering::Relaxed);
    assert_eq!(shared.cookie_string(request).as_deref(), Some(&b"a=1"[..]));
    shared.receive(b"a=3", request).unwrap();
    assert_eq!(shared.cookie_string(request).as_deref(), Some(&b"a=3"[..]));
}
