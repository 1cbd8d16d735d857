//! The instructions that hardtack's operations take, counted by callgrind. The time that an operation
//! takes says little on a machine that does other work; the number of its instructions is nearly the
//! same each time. A benchmark fails where it takes more than [`TOLERANCE`] above its count in
//! `instructions.tsv`.
//!
//! `benches/instructions` installs what this needs and runs it; `benches/instructions record` also
//! writes down today's counts.

// The macros make items without documentation.
#![allow(missing_docs)]

mod common;

use std::hint::black_box;

use gungraun::{
    Callgrind, EventKind, LibraryBenchmarkConfig, library_benchmark, library_benchmark_group, main,
};
use hardtack::url::Url;
use hardtack::{CookieJar, PublicSuffixList, SetCookie, Timestamp};

use self::common::jars::{Full, Jar};
use self::common::workloads::{self, Filling, Visits};

/// So many percent more than recorded are allowed.
const TOLERANCE: u64 = 10;

/// Counts instructions alone, and limits them by the count that was recorded of this benchmark. One
/// without a count has no limit.
fn limit(name: &str) -> LibraryBenchmarkConfig {
    let mut callgrind = Callgrind::with_args(["--cache-sim=no"]);
    let recorded = include_str!("instructions.tsv");
    let count = recorded.lines().find_map(|line| {
        let (benchmark, count) = line.split_once('\t')?;
        (benchmark == name).then_some(count)
    });
    if let Some(count) = count {
        let count: u64 = count.parse().expect("instructions.tsv has whole numbers");
        let limit = count + count * TOLERANCE / 100;
        callgrind.hard_limits([(EventKind::Ir, limit)]);
    }
    let mut config = LibraryBenchmarkConfig::default();
    config.tool(callgrind);
    config
}

// What makes an argument is not counted, nor what drops what a benchmark returns.

#[library_benchmark(config = limit("w1_parse"))]
#[bench::lines(workloads::lines())]
fn w1_parse<T>(lines: Vec<(String, T)>) -> Vec<(String, T)> {
    for (line, _) in &lines {
        black_box(SetCookie::parse(line.as_bytes())).ok();
    }
    lines
}

#[library_benchmark(config = limit("w2_receive"))]
#[bench::to_10000(CookieJar::empty(), Filling::new(10_000))]
fn w2_receive(mut jar: CookieJar, filling: Filling) -> (CookieJar, Filling) {
    jar.receive_filling(&filling.received, &filling.urls);
    (jar, filling)
}

/// A jar that a header has been asked of, as any that is in use.
fn in_use(filling: Filling) -> (CookieJar, Filling, Vec<u8>) {
    let (jar, mut buffer) = (CookieJar::filled(&filling), Vec::with_capacity(4096));
    jar.write_header(&filling.urls[0], &mut buffer);
    (jar, filling, buffer)
}

#[library_benchmark(config = limit("w3_header"))]
#[bench::from_10000(in_use(Filling::new(10_000)))]
fn w3_header((jar, filling, mut buffer): (CookieJar, Filling, Vec<u8>)) -> impl Sized {
    for url in &filling.requests {
        buffer.clear();
        jar.write_header(url, &mut buffer);
        black_box(&mut buffer);
    }
    (jar, filling, buffer)
}

fn before_visits(visits: Visits) -> (CookieJar, Visits, Vec<u8>) {
    let mut jar = CookieJar::empty();
    jar.receive_filling(&visits.received, &visits.urls);
    (jar, visits, Vec::with_capacity(4096))
}

#[library_benchmark(config = limit("w4_visits"))]
#[bench::of_1000_hosts(before_visits(Visits::new()))]
fn w4_visits((mut jar, visits, mut buffer): (CookieJar, Visits, Vec<u8>)) -> impl Sized {
    for visit in &visits.requests {
        jar.visit(visit, &visits.urls, &mut buffer);
    }
    (jar, visits, buffer)
}

#[library_benchmark(config = limit("w7_dates"))]
#[bench::mixed(workloads::cookie_dates())]
fn w7_dates(dates: Vec<String>) -> Vec<String> {
    for date in &dates {
        black_box(hardtack::parse_cookie_date(date.as_bytes())).ok();
    }
    dates
}

#[library_benchmark(config = limit("suffixes"))]
#[bench::of_1000((0..1_000).map(workloads::domain).collect())]
fn suffixes(domains: Vec<String>) -> Vec<String> {
    let list = PublicSuffixList::embedded();
    for domain in &domains {
        black_box(list.is_public_suffix(domain.as_bytes()));
    }
    domains
}

// The first decision about a Domain attribute in a process, the list included.
#[library_benchmark(config = limit("first_domain"))]
#[bench::of_a_process(Url::parse("https://www.shop.example/").unwrap())]
fn first_domain(url: Url) -> (CookieJar, Url) {
    let mut jar = CookieJar::default();
    jar.receive("a=1; Domain=shop.example", &url, Timestamp::UNIX_EPOCH)
        .ok();
    (jar, url)
}

#[library_benchmark(config = limit("full_jar"))]
#[bench::of_3300(Full::in_total(3_300))]
fn full_jar(mut full: Full) -> Full {
    full.receive(3_300);
    full
}

library_benchmark_group!(
    name = operations,
    benchmarks = [
        w1_parse,
        w2_receive,
        w3_header,
        w4_visits,
        w7_dates,
        full_jar,
        suffixes,
        first_domain
    ]
);
main!(library_benchmark_groups = operations);
