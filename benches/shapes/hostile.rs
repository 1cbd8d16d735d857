//! What somebody would send to make a jar slow. The work has to stay linear in the octets.

use std::hint::black_box;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput};
use hardtack::{CookieJar, Request, SetCookie};
use url::Url;

use crate::contenders::Contender;
use crate::workloads::{NOW, url};

/// A line of so many octets.
pub(crate) fn lines(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("a long line");
    for octets in [100_000, 1_000_000] {
        let lines = [
            ("value", format!("n={}", "v".repeat(octets))),
            ("spaces", format!("n=v;{};Path=/", " ".repeat(octets))),
            ("semicolons", format!("n=v{}", ";".repeat(octets))),
            ("path", format!("n=v; Path=/{}", "p".repeat(octets))),
            ("digits", format!("n=v; Max-Age={}", "9".repeat(octets))),
            ("date", format!("n=v; Expires={}", "1:".repeat(octets / 2))),
        ];
        group.throughput(Throughput::Bytes(octets as u64));
        for (shape, line) in &lines {
            group.bench_with_input(BenchmarkId::new(*shape, octets), line, |bencher, line| {
                bencher.iter(|| SetCookie::parse(black_box(line.as_bytes())).is_ok());
            });
        }
    }
}

pub(crate) fn attributes(criterion: &mut Criterion) {
    const NAMES: [&str; 5] = ["Path=/p", "Domain=d", "Max-Age=1", "SameSite=s", "x=y"];
    let mut group = criterion.benchmark_group("many attributes");
    for count in [10_000, 100_000] {
        let mut line = "n=v".to_owned();
        for (index, name) in NAMES.iter().cycle().take(count).enumerate() {
            line.extend(["; ", name, &index.to_string()]);
        }
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
            bencher.iter(|| SetCookie::parse(black_box(line.as_bytes())).is_ok());
        });
    }
}

/// A host of so many labels, each of whose parents has a cookie.
pub(crate) fn labels(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("a host of many labels");
    for count in [16, 127] {
        let host = vec!["a"; count].join(".");
        let page = url(&host, "/");
        let mut jar = CookieJar::empty();
        for level in 2..=count {
            let domain = &host[2 * (count - level)..];
            Contender::receive(&mut jar, &format!("n=v; Domain={domain}"), &page);
        }
        group.throughput(Throughput::Elements(count as u64));
        let mut buffer = Vec::new();
        group.bench_function(BenchmarkId::new("header", count), |bencher| {
            bencher.iter(|| write(&jar, &page, &mut buffer));
        });
        let other = url(&host.replace('a', "b"), "/");
        group.bench_function(BenchmarkId::new("no header", count), |bencher| {
            bencher.iter(|| write(&jar, &other, &mut buffer));
        });
        group.bench_function(BenchmarkId::new("receive", count), |bencher| {
            bencher.iter(|| jar.receive(b"n=w", &Request::new(&page), NOW).is_ok());
        });
    }
}

/// So many cookies on one host, with paths of 5,000 octets: default-paths, since an attribute has at
/// most 1,024.
pub(crate) fn paths(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("long paths on one host");
    group.sample_size(10);
    let path = "p".repeat(4_990);
    for count in [1_000, 10_000] {
        // They differ in their last octets only.
        let page = |index| url("a.example", &format!("/{path}{index:06}/x"));
        let pages: Vec<Url> = (0..count).map(page).collect();
        group.throughput(Throughput::Elements(count as u64));
        let receive = |mut jar: CookieJar| {
            for page in &pages {
                Contender::receive(&mut jar, "n=v", page);
            }
            jar
        };
        group.bench_function(BenchmarkId::new("receive", count), |bencher| {
            bencher.iter_batched(CookieJar::empty, receive, BatchSize::PerIteration);
        });
        let mut buffer = Vec::new();
        let jar = receive(CookieJar::empty());
        group.bench_function(BenchmarkId::new("header with one", count), |bencher| {
            bencher.iter(|| write(&jar, &pages[count / 2], &mut buffer));
        });
        let mut jar = CookieJar::empty();
        for index in 0..count {
            Contender::receive(&mut jar, &format!("n{index}=v"), &pages[0]);
        }
        group.bench_function(BenchmarkId::new("header with all", count), |bencher| {
            bencher.iter(|| write(&jar, &pages[0], &mut buffer));
        });
    }
}

/// A cookie from each of very many hosts, whose names are those that the letters allow, the short ones
/// first; and from hosts each of which is a letter longer than the one before.
pub(crate) fn hosts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("many hosts");
    group.sample_size(10);
    for count in [10_000, 100_000] {
        let page = |index| url(&format!("{}.com", word(index)), "/");
        let pages: Vec<Url> = (0..count).map(page).collect();
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::new("of alike letters", count), |bencher| {
            bencher.iter_batched(
                CookieJar::empty,
                |jar| one_each(jar, &pages),
                BatchSize::PerIteration,
            );
        });
    }
    for count in [500, 1_000] {
        let page = |letters| url(&format!("{}.com", "a".repeat(letters)), "/");
        let pages: Vec<Url> = (1..=count).map(page).collect();
        group.throughput(Throughput::Bytes((count * count / 2) as u64));
        group.bench_function(BenchmarkId::new("of growing length", count), |bencher| {
            bencher.iter_batched(
                CookieJar::empty,
                |jar| one_each(jar, &pages),
                BatchSize::PerIteration,
            );
        });
    }
}

fn one_each(mut jar: CookieJar, pages: &[Url]) -> CookieJar {
    for page in pages {
        Contender::receive(&mut jar, "n=v", page);
    }
    jar
}

/// `a` to `z`, then `aa`, `ba` and so on.
fn word(mut index: usize) -> String {
    let mut word = String::new();
    loop {
        word.push(char::from(b"abcdefghijklmnopqrstuvwxyz"[index % 26]));
        index /= 26;
        if index == 0 {
            return word;
        }
        index -= 1;
    }
}

/// Names on one host that look alike: to a comparison, which has to read 4,000 octets, and to a hash
/// that multiplies by 31, where `Aa` and `BB` are the same.
pub(crate) fn names(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("names that look alike");
    group.sample_size(10);
    let page = url("a.example", "/");
    let prefix = "n".repeat(4_000);
    for count in [1_000, 10_000] {
        let long = |index| format!("{prefix}{index:06}=v");
        let colliding = |index| format!("{}=v", pairs(index));
        let shapes: [(&str, Vec<String>); 2] = [
            ("with a common start", (0..count).map(long).collect()),
            ("of pairs that collide", (0..count).map(colliding).collect()),
        ];
        group.throughput(Throughput::Elements(count as u64));
        for (shape, lines) in &shapes {
            let receive = |mut jar: CookieJar| {
                for line in lines {
                    Contender::receive(&mut jar, line, &page);
                }
                jar
            };
            group.bench_function(BenchmarkId::new(*shape, count), |bencher| {
                bencher.iter_batched(CookieJar::empty, receive, BatchSize::PerIteration);
            });
        }
    }
}

/// The bits of a number, in pairs of letters.
fn pairs(index: usize) -> String {
    let pair = |bit: usize| if index >> bit & 1 == 0 { "Aa" } else { "BB" };
    (0..14).map(pair).collect()
}

fn write(jar: &CookieJar, url: &Url, buffer: &mut Vec<u8>) -> usize {
    buffer.clear();
    jar.write_header(url, buffer);
    buffer.len()
}
