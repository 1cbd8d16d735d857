//! W2, W3 and W4, and full jars.

use std::hint::black_box;
use std::time::Duration;

use cookie_store::CookieStore;
use hardtack::CookieJar;

use crate::contenders::{Contender, Full};
use crate::measure::{Work, medians, time};
use crate::text::{Beside, Cell, Row, thousands};
use crate::workloads::{self, Filling, Visits};

/// The rows of W2, and those of W3.
pub(crate) fn by_size() -> (Vec<Row>, Vec<Row>) {
    workloads::SIZES.into_iter().map(of_size).unzip()
}

fn of_size(size: usize) -> (Row, Row) {
    let filling = Filling::new(size);
    // As many times as there are cookies in all, and how often; the peer's headers take a while.
    let (fills, rounds, headers) = match size {
        ..1_000 => (50, 101, 1_000),
        1_000..50_000 => (1, 31, 100),
        50_000..500_000 => (1, 9, 20),
        _ => (1, 5, 5),
    };
    let received = medians(
        rounds,
        [
            Work::timed(fills * size, || fill::<CookieJar>(&filling, fills)),
            Work::timed(fills * size, || fill::<CookieStore>(&filling, fills)),
        ],
    );
    let (jar, store) = (CookieJar::filled(&filling), CookieStore::filled(&filling));
    // So long that it does not matter what the peer, which walks its whole store, has left in the caches.
    let all = 20 * filling.requests.len();
    let sent = medians(
        rounds.max(11),
        [
            Work::new(all, || send(&jar, &filling, all)),
            Work::new(headers, || send(&store, &filling, headers)),
        ],
    );
    let size = thousands(size);
    (
        row(
            format!("W2 receive a cookie, on the way to {size}"),
            received,
        ),
        row(format!("W3 Cookie header with 10 of {size} cookies"), sent),
    )
}

fn row(workload: String, [hardtack, cookie_store]: [f64; 2]) -> Row {
    Row {
        workload,
        hardtack: Cell::Time(hardtack),
        cookie_store: Some(Cell::Time(cookie_store)),
        cookie: None,
    }
}

fn fill<C: Contender>(filling: &Filling, fills: usize) -> Duration {
    let fill = |_| {
        let mut jar = C::empty();
        time(|| jar.receive_all(&filling.received, &filling.urls))
    };
    (0..fills).map(fill).sum()
}

fn send(jar: &impl Contender, filling: &Filling, headers: usize) {
    let mut buffer = Vec::new();
    for url in filling.requests.iter().cycle().take(headers) {
        buffer.clear();
        jar.write_header(url, &mut buffer);
        black_box(&mut buffer);
    }
}

pub(crate) fn visits() -> Row {
    let visits = Visits::new();
    // All of them would take the peer most of a second.
    let requests = 1_000;
    let (jar, store): (CookieJar, CookieStore) = (before(&visits), before(&visits));
    let times = medians(
        11,
        [
            Work::timed(requests, || make(&visits, requests, jar.clone())),
            Work::timed(requests, || make(&visits, requests, store.clone())),
        ],
    );
    row(
        "W4 a retrieve and two receives, 1,000 hosts".to_owned(),
        times,
    )
}

fn before<C: Contender>(visits: &Visits) -> C {
    let mut jar = C::empty();
    jar.receive_all(&visits.received, &visits.urls);
    jar
}

fn make(visits: &Visits, requests: usize, mut jar: impl Contender) -> Duration {
    let mut buffer = Vec::new();
    time(|| {
        for visit in &visits.requests[..requests] {
            jar.visit(visit, &visits.urls, &mut buffer);
        }
    })
}

/// W3 in a large jar of which nothing is in a cache: what else a program does may have filled them all.
pub(crate) fn cold() -> Beside {
    let filling = Filling::new(1_000_000);
    let jar = CookieJar::filled(&filling);
    let all = filling.requests.len();
    let mut elsewhere = vec![0_u64; 1 << 24];
    let sends = Work::timed(all, || {
        for word in &mut elsewhere {
            *word = word.wrapping_add(1);
        }
        black_box(&mut elsewhere);
        time(|| send(&jar, &filling, all))
    });
    let [time] = medians(31, [sends]);
    Beside::alone(
        "Cookie header with 10 of 1,000,000 cookies, none of them in a cache",
        time,
    )
}

/// Full jars, each beside one of the same size with room for all.
pub(crate) fn full() -> Vec<Beside> {
    let mut rows = Vec::new();
    for size in [3_300, 1_000_000] {
        let filling = Filling::new(size);
        let [mut total, mut domain, mut expiring] = [
            Full::in_total(size),
            Full::in_domain(size),
            Full::of_expiring(size),
        ];
        let (fills, rounds) = if size < 10_000 { (2, 51) } else { (1, 3) };
        let receives = 10_000;
        let [room, times @ ..] = medians(
            rounds,
            [
                Work::timed(fills * size, || fill::<CookieJar>(&filling, fills)),
                Work::new(receives, || total.receive(receives)),
                Work::new(receives, || domain.receive(receives)),
                Work::new(receives, || expiring.receive(receives)),
            ],
        );
        let [total, domain, expiring]: [f64; 3] = times;
        let size = thousands(size);
        let of = |what: &str, time| Beside {
            what: what.replace("{}", &size),
            time,
            factor: Some(time / room),
        };
        rows.extend([
            of(
                "receive a cookie into a full jar of {}: each evicts one",
                total,
            ),
            of("into a full domain of a full jar of {}", domain),
            of("into a jar of {} while another one expires", expiring),
        ]);
    }
    rows
}
