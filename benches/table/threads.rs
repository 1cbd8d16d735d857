//! W6: one jar, two threads.

use std::hint::black_box;
use std::sync::RwLock;
use std::time::Duration;

use cookie_store::CookieStore;
use hardtack::{Request, SharedJar};

use crate::contenders::{Contender, together, unlimited};
use crate::measure::{Work, medians, time};
use crate::text::{Beside, Cell, Row};
use crate::workloads::{Filling, Received};

/// What a thread is at: so many operations in, and with a buffer that it has used before.
type At<'b> = (usize, &'b mut Vec<u8>);

/// Headers, and cookies that replace those that are there. Each thread begins elsewhere.
pub(crate) fn rows() -> Vec<Row> {
    let filling = Filling::new(10_000);
    let (shared, store) = (SharedJar::new(unlimited()), RwLock::default());
    for received in &filling.received {
        receive(&shared, &filling, received);
        receive_by_peer(&store, &filling, received);
    }
    let url = |at: usize| &filling.requests[at % filling.requests.len()];
    let line = |at: usize| &filling.received[at % filling.received.len()];
    let headers = [
        on_threads(20_000, |(at, buffer): At<'_>| {
            buffer.clear();
            black_box(shared.write_cookie_string(&Request::new(url(at)), buffer));
        }),
        on_threads(200, |(at, buffer): At<'_>| {
            buffer.clear();
            let store = store.read().expect("no thread panics");
            store.write_header(url(at), buffer);
            black_box(buffer);
        }),
    ];
    let mut rows = of_threads(
        "W6 Cookie header from a shared jar of 10,000, each of two threads ‡",
        "W6 headers of two threads, against one",
        headers,
    );
    let receives = [
        on_threads(20_000, |(at, _): At<'_>| {
            receive(&shared, &filling, line(at));
        }),
        on_threads(20_000, |(at, _): At<'_>| {
            receive_by_peer(&store, &filling, line(at));
        }),
    ];
    rows.extend(of_threads(
        "W6 receive a cookie again, each of two threads ‡",
        "W6 cookies received by two threads, against one",
        receives,
    ));
    rows
}

fn receive(jar: &SharedJar, filling: &Filling, Received { host, line }: &Received) {
    let received = jar.receive(line.as_bytes(), &Request::new(&filling.urls[*host]));
    received.expect("the workloads' lines are stored");
}

fn receive_by_peer(
    store: &RwLock<CookieStore>,
    filling: &Filling,
    Received { host, line }: &Received,
) {
    let mut store = store.write().expect("no thread panics");
    Contender::receive(&mut *store, line, &filling.urls[*host]);
}

/// So many operations on one thread, and on each of two.
fn on_threads<'a>(
    operations: usize,
    operation: impl Fn(At<'_>) + Sync + Copy + 'a,
) -> [Work<'a>; 2] {
    [1, 2].map(|threads| {
        Work::timed(operations, move || {
            together(threads, |thread| {
                let mut buffer = Vec::new();
                // Ten cookies belong to one request.
                let start = 5_500 * thread;
                for at in start..start + operations {
                    operation((at, &mut buffer));
                }
            })
        })
    })
}

fn of_threads(each: &str, both: &str, [hardtack, peer]: [[Work<'_>; 2]; 2]) -> Vec<Row> {
    let ([one, two], [peer_one, peer_two]) = (hardtack, peer);
    let [one, two, peer_one, peer_two] = medians(31, [one, two, peer_one, peer_two]);
    vec![
        Row {
            workload: each.to_owned(),
            hardtack: Cell::Time(two),
            cookie_store: Some(Cell::Time(peer_two)),
            cookie: None,
        },
        Row {
            workload: both.to_owned(),
            hardtack: Cell::Factor(2.0 * one / two),
            cookie_store: Some(Cell::Factor(2.0 * peer_one / peer_two)),
            cookie: None,
        },
    ]
}

/// A full shared jar beside one with room for all.
pub(crate) fn full() -> Beside {
    let limit = 3_300;
    let filling = Filling::new(limit + limit / 10);
    let mut policy = unlimited();
    policy.max_cookies = limit;
    let full = SharedJar::new(policy);
    let receive_all = |jar: &SharedJar| -> Duration {
        time(|| {
            for received in &filling.received {
                receive(jar, &filling, received);
            }
        })
    };
    // When a cookie returns, it has long been evicted.
    receive_all(&full);
    let all = filling.received.len();
    let [room, full] = medians(
        51,
        [
            Work::timed(all, || receive_all(&SharedJar::new(unlimited()))),
            Work::timed(all, || receive_all(&full)),
        ],
    );
    Beside {
        what: "into a full shared jar of 3,300: each evicts one".to_owned(),
        time: full,
        factor: Some(full / room),
    }
}
