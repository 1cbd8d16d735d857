//! Full jars, beside one with room for all: no insertion may walk the jar.

use std::hint::black_box;
use std::time::Instant;

use chrono::TimeDelta;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput};
use hardtack::CookieJar;

use crate::contenders::{Contender, Full};
use crate::workloads::{Filling, NOW};

pub(crate) fn jars(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("receive a cookie");
    for size in [3_300, 1_000_000] {
        let filling = Filling::new(size);
        group.throughput(Throughput::Elements(size as u64));
        group.sample_size(10);
        group.bench_function(BenchmarkId::new("with room", size), |bencher| {
            bencher.iter_batched(
                CookieJar::empty,
                |mut jar| {
                    jar.receive_all(&filling.received, &filling.urls);
                    jar
                },
                BatchSize::PerIteration,
            );
        });
        drop(filling);
        group.throughput(Throughput::Elements(1));
        group.sample_size(20);
        for (name, make) in CASES {
            let mut full = make(size);
            let cookies = full.cookies();
            group.bench_function(BenchmarkId::new(name, size), |bencher| {
                bencher.iter_custom(|iterations| {
                    let start = Instant::now();
                    full.receive(usize::try_from(iterations).unwrap_or(usize::MAX));
                    start.elapsed()
                });
            });
            assert!(full.cookies().abs_diff(cookies) <= 1, "{name} is full");
        }
    }
}

/// How a full jar of some size is made.
type Make = fn(usize) -> Full;

const CASES: [(&str, Make); 3] = [
    ("in a full jar", Full::in_total),
    ("in a full domain of a full jar", Full::in_domain),
    ("while one expires", Full::of_expiring),
];

/// All cookies of a jar expire together.
pub(crate) fn expired_at_once(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("evict the expired");
    group.sample_size(10);
    for size in [10_000, 100_000] {
        let jar = CookieJar::filled(&Filling::new(size));
        group.throughput(Throughput::Elements(size as u64));
        let evict = |mut jar: CookieJar| {
            jar.evict_expired(NOW + TimeDelta::days(400));
            jar
        };
        group.bench_function(BenchmarkId::new("all persistent ones", size), |bencher| {
            bencher.iter_batched(|| jar.clone(), evict, BatchSize::PerIteration);
        });
        let mut jar = jar;
        group.throughput(Throughput::Elements(1));
        group.bench_function(BenchmarkId::new("none", size), |bencher| {
            bencher.iter(|| black_box(&mut jar).evict_expired(NOW));
        });
    }
}
