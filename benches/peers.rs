//! hardtack beside `cookie_store` and `cookie`, in one run: the workloads W1 to W7, but for the memory
//! (W5), which `page.rs` measures. A benchmark's parameter is the number of cookies in the jar, or of
//! threads.

mod common;

use std::hint::black_box;
use std::sync::{Barrier, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use cookie_store::CookieStore;
use criterion::{BatchSize, BenchmarkId, Criterion, SamplingMode, Throughput};
use hardtack::{CookieJar, Request, SetCookie, SharedJar};

use self::common::jars::{Jar, unlimited};
use self::common::workloads::{self, Filling, Received, SIZES, Visits};

fn parse(criterion: &mut Criterion) {
    let lines = workloads::lines();
    let mut group = criterion.benchmark_group("W1 parse a Set-Cookie line");
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

fn jars(criterion: &mut Criterion) {
    for size in SIZES {
        let filling = Filling::new(size);
        receive::<CookieJar>(criterion, &filling);
        receive::<CookieStore>(criterion, &filling);
        header::<CookieJar>(criterion, &filling);
        header::<CookieStore>(criterion, &filling);
    }
}

fn receive<J: Jar>(criterion: &mut Criterion, filling: &Filling) {
    let size = filling.received.len();
    let mut group = criterion.benchmark_group("W2 receive a cookie, on the way to so many");
    group.throughput(Throughput::Elements(size as u64));
    // A large jar takes a second or two to fill.
    if size > 1_000 {
        group.sampling_mode(SamplingMode::Flat).sample_size(10);
    }
    group.bench_function(BenchmarkId::new(J::NAME, size), |bencher| {
        let fill = |mut jar: J| {
            jar.receive_filling(&filling.received, &filling.urls);
            jar
        };
        bencher.iter_batched(J::empty, fill, BatchSize::PerIteration);
    });
}

fn header<J: Jar>(criterion: &mut Criterion, filling: &Filling) {
    let size = filling.received.len();
    let mut group = criterion.benchmark_group("W3 Cookie header with 10 of so many");
    if size > 10_000 {
        group.sampling_mode(SamplingMode::Flat).sample_size(10);
    }
    let jar = J::filled(filling);
    let mut buffer = Vec::new();
    let mut next = filling.requests.iter().cycle();
    group.bench_function(BenchmarkId::new(J::NAME, size), |bencher| {
        bencher.iter(|| {
            buffer.clear();
            jar.write_header(next.next()?, &mut buffer);
            Some(buffer.len())
        });
    });
}

/// W3 in a large jar after the program has filled all caches with something else.
fn cold_header(criterion: &mut Criterion) {
    let filling = Filling::new(1_000_000);
    let jar = CookieJar::filled(&filling);
    let mut elsewhere = vec![0_u64; 1 << 24];
    let mut buffer = Vec::new();
    let mut group =
        criterion.benchmark_group("W3 Cookie header with 10 of so many, none in a cache");
    group.throughput(Throughput::Elements(filling.requests.len() as u64));
    group.sampling_mode(SamplingMode::Flat).sample_size(20);
    group.bench_function(BenchmarkId::new("hardtack", 1_000_000), |bencher| {
        bencher.iter_custom(|iterations| {
            let mut time = Duration::ZERO;
            for _ in 0..iterations {
                for word in &mut elsewhere {
                    *word = word.wrapping_add(1);
                }
                black_box(&mut elsewhere);
                let start = Instant::now();
                for url in &filling.requests {
                    buffer.clear();
                    jar.write_header(url, &mut buffer);
                    black_box(&mut buffer);
                }
                time += start.elapsed();
            }
            time
        });
    });
}

fn visits(criterion: &mut Criterion) {
    let visits = Visits::new();
    visit::<CookieJar>(criterion, &visits);
    visit::<CookieStore>(criterion, &visits);
}

fn visit<J: Jar>(criterion: &mut Criterion, visits: &Visits) {
    // The slower jar does five hundred requests in a tenth of a second.
    let some = &visits.requests[..500];
    let mut group = criterion.benchmark_group("W4 a header and two receives, a thousand hosts");
    group.throughput(Throughput::Elements(some.len() as u64));
    group.sampling_mode(SamplingMode::Flat).sample_size(20);
    let mut before = J::empty();
    before.receive_filling(&visits.received, &visits.urls);
    let mut buffer = Vec::new();
    group.bench_function(J::NAME, |bencher| {
        let run = |mut jar: J| {
            for visit in some {
                jar.visit(visit, &visits.urls, &mut buffer);
            }
            jar
        };
        bencher.iter_batched(|| before.clone(), run, BatchSize::PerIteration);
    });
}

/// One jar of 10,000 cookies, which each of the threads asks. Threads that do not hinder each other
/// halve the time of an operation when they are two.
fn threads(criterion: &mut Criterion) {
    let filling = Filling::new(10_000);
    let shared = SharedJar::new(unlimited());
    for received in &filling.received {
        let outcome = receive_shared(&shared, &filling, received);
        assert!(outcome, "the workloads' lines are stored");
    }
    let locked = RwLock::new(CookieStore::filled(&filling));

    let header = "W6 Cookie header from one jar, by threads";
    on_threads(criterion, header, "hardtack", |at, buffer| {
        let url = &filling.requests[at % filling.requests.len()];
        shared.write_cookie_string(Request::new(url), buffer);
    });
    on_threads(criterion, header, "cookie_store", |at, buffer| {
        let store = locked.read().expect("no thread panics");
        store.write_header(&filling.requests[at % filling.requests.len()], buffer);
    });
    let replace = "W6 receive a cookie that is there, by threads";
    on_threads(criterion, replace, "hardtack", |at, _| {
        let received = &filling.received[at % filling.received.len()];
        receive_shared(&shared, &filling, received);
    });
    on_threads(criterion, replace, "cookie_store", |at, _| {
        let Received { host, line } = &filling.received[at % filling.received.len()];
        let mut store = locked.write().expect("no thread panics");
        store.receive_line(line, &filling.urls[*host]);
    });
}

fn receive_shared(jar: &SharedJar, filling: &Filling, received: &Received) -> bool {
    let request = Request::new(&filling.urls[received.host]);
    jar.receive(received.line.as_bytes(), request).is_ok()
}

/// Measures an operation on one thread, and on two. It is told how many have been done before, and has a
/// buffer of its thread's.
fn on_threads(
    criterion: &mut Criterion,
    group: &str,
    name: &str,
    operation: impl Fn(usize, &mut Vec<u8>) + Sync,
) {
    let mut group = criterion.benchmark_group(group);
    for threads in [1, 2] {
        group.throughput(Throughput::Elements(threads as u64));
        group.bench_function(BenchmarkId::new(name, threads), |bencher| {
            bencher.iter_custom(|iterations| {
                let iterations = usize::try_from(iterations).unwrap_or(usize::MAX);
                together(threads, |thread| {
                    let mut buffer = Vec::new();
                    // Elsewhere for each thread.
                    let start = 5_500 * thread;
                    for at in start..start + iterations {
                        buffer.clear();
                        operation(at, black_box(&mut buffer));
                    }
                })
            });
        });
    }
}

/// Does the work on so many threads at once: the time from the first one's start to the last one's end.
fn together(threads: usize, work: impl Fn(usize) + Sync) -> Duration {
    let barrier = Barrier::new(threads);
    let work = |thread| {
        barrier.wait();
        // Each thread looks at the clock: a third one would wait for a core to do so.
        let start = Instant::now();
        work(thread);
        (start, Instant::now())
    };
    let work = &work;
    let times: Vec<(Instant, Instant)> = thread::scope(|scope| {
        let spawn = |thread| scope.spawn(move || work(thread));
        let running: Vec<_> = (0..threads).map(spawn).collect();
        let join = |thread: thread::ScopedJoinHandle<_>| thread.join().expect("no panic");
        running.into_iter().map(join).collect()
    });
    let start = times.iter().map(|(start, _)| start).min();
    let end = times.iter().map(|(_, end)| end).max();
    let elapsed = end.zip(start).map(|(end, start)| *end - *start);
    elapsed.unwrap_or_default()
}

/// `cookie` has no function for a date, so it parses a line that has nothing else.
fn cookie_date(criterion: &mut Criterion) {
    let dates = workloads::cookie_dates();
    let line = |date: &String| format!("n=; Expires={date}");
    let lines: Vec<String> = dates.iter().map(line).collect();
    let mut group = criterion.benchmark_group("W7 read a cookie-date");
    let mut date = dates.iter().cycle();
    group.bench_function("hardtack", |bencher| {
        bencher.iter(|| hardtack::parse_cookie_date(date.next()?.as_bytes()).ok());
    });
    let mut line = lines.iter().cycle();
    group.bench_function("cookie", |bencher| {
        bencher.iter(|| cookie::Cookie::parse(line.next()?.as_str()).ok());
    });
}

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .sample_size(30)
        .configure_from_args();
    parse(&mut criterion);
    jars(&mut criterion);
    cold_header(&mut criterion);
    visits(&mut criterion);
    threads(&mut criterion);
    cookie_date(&mut criterion);
    criterion.final_summary();
}
