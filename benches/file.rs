//! hardtack's file beside the JSON of `cookie_store`, in one run: the same 100,000 cookies are saved and loaded. And
//! what a log of changes costs a jar that is asked for them each second.
//!
//! Sizes and memory, which criterion does not measure, are printed first.
//!
//! ```sh
//! cargo bench --features json --bench file
//! ```

mod common;

use std::alloc::System;
use std::hint::black_box;
use std::io::{self, BufRead, Read, Write};
use std::time::Instant;

use cookie_store::CookieStore;
use cookie_store::serde::json;
use criterion::{BatchSize, BenchmarkId, Criterion, SamplingMode, Throughput};
use hardtack::CookieJar;
use hardtack::persist::{read_jar, write_jar};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

use self::common::NOW;
use self::common::jars::{Jar, unlimited};
use self::common::workloads::Filling;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const COOKIES: usize = 100_000;

fn save(jar: &CookieJar) -> Vec<u8> {
    write_jar(jar, Vec::new(), NOW).expect("memory does not fail")
}

fn load(text: &[u8]) -> CookieJar {
    let read = read_jar(text, unlimited(), NOW);
    let (jar, report) = read.expect("it was written by hardtack");
    assert_eq!(report.cookies, COOKIES, "{report}");
    jar
}

fn save_peer(jar: &CookieStore) -> Vec<u8> {
    let mut text = Vec::new();
    let saved = json::save_incl_expired_and_nonpersistent(jar, &mut text);
    saved.expect("memory does not fail");
    text
}

fn load_peer(text: &[u8]) -> CookieStore {
    json::load_all(text).expect("it was written by cookie_store")
}

fn files(criterion: &mut Criterion) {
    let filling = Filling::new(COOKIES);
    let (jar, peer) = (CookieJar::filled(&filling), CookieStore::filled(&filling));
    let (text, peer_text) = (save(&jar), save_peer(&peer));
    for (name, octets) in [("hardtack", text.len()), ("cookie_store", peer_text.len())] {
        println!("{name}: a file of {} octets a cookie", octets / COOKIES);
    }
    memory(&jar, &text);

    let mut group = criterion.benchmark_group("W8 save a jar of so many, a cookie");
    group.sampling_mode(SamplingMode::Flat).sample_size(20);
    group.throughput(Throughput::Elements(COOKIES as u64));
    group.bench_function(BenchmarkId::new("hardtack", COOKIES), |bencher| {
        bencher.iter(|| save(&jar));
    });
    group.bench_function(BenchmarkId::new("cookie_store", COOKIES), |bencher| {
        bencher.iter(|| save_peer(&peer));
    });
    group.finish();

    let mut group = criterion.benchmark_group("W8 load a jar of so many, a cookie");
    group.sampling_mode(SamplingMode::Flat).sample_size(20);
    group.throughput(Throughput::Elements(COOKIES as u64));
    group.bench_function(BenchmarkId::new("hardtack", COOKIES), |bencher| {
        bencher.iter_with_large_drop(|| load(&text));
    });
    group.bench_function(BenchmarkId::new("cookie_store", COOKIES), |bencher| {
        bencher.iter_with_large_drop(|| load_peer(&peer_text));
    });
}

/// The octets that are in use since some point, looked at now and then.
struct Peak {
    region: Region<'static, System>,
    octets: usize,
}

impl Peak {
    fn new() -> Self {
        let region = Region::new(ALLOCATOR);
        Self { region, octets: 0 }
    }

    fn used(&self) -> usize {
        let change = self.region.change();
        change
            .bytes_allocated
            .saturating_sub(change.bytes_deallocated)
    }

    fn look(&mut self) {
        self.octets = self.octets.max(self.used());
    }
}

/// A text that is read in parts, as a file is.
struct Parts<'t> {
    text: &'t [u8],
    peak: Peak,
}

impl Read for Parts<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.text.read(into)
    }
}

impl BufRead for Parts<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.peak.look();
        Ok(&self.text[..self.text.len().min(1 << 13)])
    }

    fn consume(&mut self, octets: usize) {
        self.text = &self.text[octets..];
    }
}

impl Write for Peak {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.look();
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Prints how much memory saving and loading take, the jar that is loaded included.
fn memory(jar: &CookieJar, text: &[u8]) {
    let mut parts = Parts {
        text,
        peak: Peak::new(),
    };
    let read = read_jar(&mut parts, unlimited(), NOW);
    let (loaded, _) = read.expect("it was written by hardtack");
    parts.peak.look();
    let (of_jar, peak) = (parts.peak.used(), parts.peak.octets);
    println!(
        "hardtack: loading takes {:.2} times the jar of {of_jar} octets",
        ratio(peak, of_jar)
    );
    drop(black_box(loaded));
    let written = write_jar(jar, Peak::new(), NOW).expect("nothing is written");
    println!(
        "hardtack: saving takes {:.2} times the jar in addition",
        ratio(written.octets, of_jar)
    );
}

#[allow(clippy::cast_precision_loss)]
fn ratio(one: usize, other: usize) -> f64 {
    one as f64 / other as f64
}

/// Cookies that a jar receives, and one that is asked for its changes each second.
fn watched(criterion: &mut Criterion) {
    let filling = Filling::new(COOKIES);
    let mut group = criterion.benchmark_group("receive on the way to so many");
    group.sampling_mode(SamplingMode::Flat).sample_size(20);
    group.throughput(Throughput::Elements(COOKIES as u64));
    for (name, is_watched) in [
        ("without a log of changes", false),
        ("with one that is drained each second", true),
    ] {
        group.bench_function(BenchmarkId::new(name, COOKIES), |bencher| {
            let fill = |mut jar: CookieJar| {
                if is_watched {
                    jar.watch();
                }
                let mut drained = Instant::now();
                for part in filling.received.chunks(100) {
                    jar.receive_filling(part, &filling.urls);
                    if is_watched && drained.elapsed().as_secs() >= 1 {
                        black_box(jar.changes());
                        drained = Instant::now();
                    }
                }
                jar
            };
            bencher.iter_batched(CookieJar::empty, fill, BatchSize::PerIteration);
        });
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    files(&mut criterion);
    watched(&mut criterion);
    criterion.final_summary();
}
