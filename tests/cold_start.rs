//! The first decision of a process does what the thousandth does: no list is read for it.
//!
//! What is counted is the whole process's, so that there is one test here.

use std::alloc::System;
#[cfg(feature = "cli")]
use std::process::Command;

use chrono::DateTime;
use hardtack::{CookieJar, PublicSuffixList, Request};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use url::Url;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// How often memory was asked for meanwhile.
fn allocations<T>(act: impl FnOnce() -> T) -> usize {
    let region = Region::new(ALLOCATOR);
    let done = act();
    let change = region.change();
    drop(done);
    change.allocations + change.reallocations
}

#[test]
fn the_first_decision_reads_no_list() {
    let list = PublicSuffixList::embedded();
    let look_up = || {
        let names: [&[u8]; 4] = [
            b"co.uk",
            b"www.city.kawasaki.jp",
            b"a.mtls.run.app",
            b"intranet",
        ];
        names.map(|name| (list.is_public_suffix(name), list.registrable_domain(name)))
    };
    assert_eq!(allocations(look_up), 0);

    let url = Url::parse("https://www.shop.example/").unwrap();
    let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let decide = || {
        let mut jar = CookieJar::default();
        let request = Request::new(&url);
        let received = jar.receive(b"a=1; Domain=shop.example", request, now);
        assert!(received.is_ok());
        (jar.cookie_string(request, now), jar)
    };
    let first = allocations(decide);
    // foldhash takes its seed once from where the heap is.
    let seed = 1;
    assert!(first <= allocations(decide) + seed, "{first}");

    #[cfg(feature = "cli")]
    a_domain_costs_little();
}

/// `hardtack explain` with a Domain carries out at most 1.1 times the instructions of one without.
#[cfg(feature = "cli")]
fn a_domain_costs_little() {
    let [Some(without), Some(with)] = ["a=1; Secure", "a=1; Domain=shop.example"].map(instructions)
    else {
        eprintln!("no valgrind: the instructions of `hardtack explain` are not counted");
        return;
    };
    assert!(with * 10 <= without * 11, "{with} against {without}");
}

/// How many instructions `hardtack explain` carries out, by valgrind; `None` where there is none.
#[cfg(feature = "cli")]
fn instructions(line: &str) -> Option<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env!("CARGO_BIN_EXE_hardtack"))
        .args(["explain", "--url", "https://www.shop.example/", line])
        .output()
        .ok()?;
    let report = String::from_utf8_lossy(&output.stderr);
    let (_, count) = report.split_once("Collected : ").expect("callgrind counts");
    let count = count.split_whitespace().next()?;
    Some(count.parse().unwrap())
}
