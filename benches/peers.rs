//! hardtack beside `cookie` and `cookie_store`, in one run: workloads W1 to W7, but for the memory,
//! which is `memory.rs`. The sizes are cookies in the jar; "elements" are cookies or requests.

mod contenders;
mod workloads;

use std::hint::black_box;
use std::sync::RwLock;
use std::time::Duration;

use cookie_store::CookieStore;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput};
use hardtack::{CookieJar, Request, SetCookie, SharedJar};
use url::Url;

use self::contenders::{Contender, together};
use self::workloads::{Filling, Received, Visits};

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .sample_size(30)
        .configure_from_args();
    parse(&mut criterion);
    for size in workloads::SIZES {
        let filling = Filling::new(size);
        receive::<CookieJar>(&mut criterion, &filling);
        receive::<CookieStore>(&mut criterion, &filling);
        header::<CookieJar>(&mut criterion, &filling);
        header::<CookieStore>(&mut criterion, &filling);
    }
    let visits = Visits::new();
    visit::<CookieJar>(&mut criterion, &visits);
    visit::<CookieStore>(&mut criterion, &visits);
    two_threads(&mut criterion);
    cookie_date(&mut criterion);
    criterion.final_summary();
}

fn parse(criterion: &mut Criterion) {
    let lines = workloads::lines();
    let mut group = criterion.benchmark_group("W1 parse a line");
    let mut next = lines.iter().cycle();
    group.bench_function("hardtack", |bencher| {
        bencher.iter(|| SetCookie::parse(next.next()?.0.as_bytes()).ok());
    });
    group.bench_function("cookie", |bencher| {
        bencher.iter(|| cookie::Cookie::parse(next.next()?.0.as_str()).ok());
    });
    group.bench_function("cookie_store", |bencher| {
        bencher.iter(|| {
            let (line, url) = next.next()?;
            cookie_store::Cookie::parse(line.as_str(), url).ok()
        });
    });
}

fn receive<C: Contender>(criterion: &mut Criterion, filling: &Filling) {
    let size = filling.received.len();
    let mut group = criterion.benchmark_group("W2 receive a cookie");
    group.throughput(Throughput::Elements(size as u64));
    // A large jar takes seconds to fill.
    let (samples, batch) = match size {
        ..1_000 => (30, BatchSize::SmallInput),
        1_000..50_000 => (20, BatchSize::PerIteration),
        _ => (10, BatchSize::PerIteration),
    };
    group.sample_size(samples);
    group.bench_function(BenchmarkId::new(C::NAME, size), |bencher| {
        let fill = |mut jar: C| {
            jar.receive_all(&filling.received, &filling.urls);
            jar
        };
        bencher.iter_batched(C::empty, fill, batch);
    });
}

fn header<C: Contender>(criterion: &mut Criterion, filling: &Filling) {
    let size = filling.received.len();
    let mut group = criterion.benchmark_group("W3 Cookie header");
    if size > 50_000 {
        group.sample_size(10);
    }
    let jar = C::filled(filling);
    let mut buffer = Vec::new();
    let mut next = filling.requests.iter().cycle();
    group.bench_function(BenchmarkId::new(C::NAME, size), |bencher| {
        bencher.iter(|| send(&jar, next.next(), &mut buffer));
    });
}

fn send(jar: &impl Contender, url: Option<&Url>, buffer: &mut Vec<u8>) {
    buffer.clear();
    if let Some(url) = url {
        jar.write_header(url, buffer);
    }
    black_box(buffer);
}

fn visit<C: Contender>(criterion: &mut Criterion, visits: &Visits) {
    // The slower contender does five hundred requests in a tenth of a second.
    let (some, _) = visits.requests.split_at(500);
    let mut group = criterion.benchmark_group("W4 a retrieve and two receives");
    group.throughput(Throughput::Elements(some.len() as u64));
    group.sample_size(20);
    let mut before = C::empty();
    before.receive_all(&visits.received, &visits.urls);
    let mut buffer = Vec::new();
    group.bench_function(C::NAME, |bencher| {
        let run = |mut jar: C| {
            for visit in some {
                jar.visit(visit, &visits.urls, &mut buffer);
            }
            jar
        };
        bencher.iter_batched(|| before.clone(), run, BatchSize::PerIteration);
    });
}

/// Each thread sends `iterations` headers; where the threads do not hinder each other, two take as
/// long as one.
fn two_threads(criterion: &mut Criterion) {
    let filling = Filling::new(10_000);
    let mut group = criterion.benchmark_group("W6 headers from one jar of 10000, by threads");
    let shared = SharedJar::new(contenders::unlimited());
    for received in &filling.received {
        let request = Request::new(&filling.urls[received.host]);
        let outcome = shared.receive(received.line.as_bytes(), &request);
        outcome.expect("the workloads' lines are stored");
    }
    let locked = RwLock::new(CookieStore::filled(&filling));
    let requests = |thread: usize| filling.requests.iter().cycle().skip(thread * 500);
    for threads in [1, 2] {
        let id = |name| BenchmarkId::new(name, threads);
        group.bench_function(id("hardtack"), |bencher| {
            bencher.iter_custom(|iterations| {
                together(threads, |thread| {
                    let mut buffer = Vec::new();
                    for (_, url) in (0..iterations).zip(requests(thread)) {
                        buffer.clear();
                        shared.write_cookie_string(&Request::new(url), &mut buffer);
                        black_box(&mut buffer);
                    }
                })
            });
        });
        group.bench_function(id("cookie_store"), |bencher| {
            bencher.iter_custom(|iterations| {
                together(threads, |thread| {
                    let mut buffer = Vec::new();
                    for (_, url) in (0..iterations).zip(requests(thread)) {
                        let store = locked.read().expect("no thread panics");
                        send(&*store, Some(url), &mut buffer);
                    }
                })
            });
        });
    }
    drop(group);
    let mut group = criterion.benchmark_group("W6 cookies that return to it, by threads");
    let lines = |thread: usize| filling.received.iter().cycle().skip(thread * 5_500);
    for threads in [1, 2] {
        let id = |name| BenchmarkId::new(name, threads);
        group.bench_function(id("hardtack"), |bencher| {
            bencher.iter_custom(|iterations| {
                together(threads, |thread| {
                    for (_, Received { host, line }) in (0..iterations).zip(lines(thread)) {
                        let request = Request::new(&filling.urls[*host]);
                        black_box(shared.receive(line.as_bytes(), &request)).ok();
                    }
                })
            });
        });
        group.bench_function(id("cookie_store"), |bencher| {
            bencher.iter_custom(|iterations| {
                together(threads, |thread| {
                    for (_, Received { host, line }) in (0..iterations).zip(lines(thread)) {
                        let mut store = locked.write().expect("no thread panics");
                        Contender::receive(&mut *store, line, &filling.urls[*host]);
                    }
                })
            });
        });
    }
}

/// `cookie` has no function for a date, so both also parse a line that has nothing else.
fn cookie_date(criterion: &mut Criterion) {
    let dates = workloads::cookie_dates();
    let lines: Vec<String> = dates
        .iter()
        .map(|date| format!("n=; Expires={date}"))
        .collect();
    let mut group = criterion.benchmark_group("W7 a cookie-date");
    let mut date = dates.iter().cycle();
    group.bench_function("hardtack", |bencher| {
        bencher.iter(|| hardtack::parse_cookie_date(date.next()?.as_bytes()).ok());
    });
    let mut line = lines.iter().cycle();
    group.bench_function("hardtack, in a line", |bencher| {
        bencher.iter(|| SetCookie::parse(line.next()?.as_bytes()).ok());
    });
    group.bench_function("cookie, in a line", |bencher| {
        bencher.iter(|| cookie::Cookie::parse(line.next()?.as_str()).ok());
    });
}
