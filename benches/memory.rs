//! W5: the memory that a jar of a million cookies takes, by a counting allocator and by what the
//! system says; and how often parsing W1 allocates. Each contender has a process of its own, since
//! memory that was once in use would serve the next one.

mod contenders;
mod workloads;

use std::alloc::System;
use std::hint::black_box;
use std::process::Command;
use std::{env, fs};

use cookie_store::CookieStore;
use hardtack::{CookieJar, SetCookie};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

use self::contenders::Contender;
use self::workloads::Filling;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const COOKIES: usize = 1_000_000;

fn main() {
    let arguments: Vec<String> = env::args().collect();
    let is = |name: &str| arguments.iter().any(|argument| argument == name);
    if is(CookieJar::NAME) {
        jar::<CookieJar>();
    } else if is(CookieStore::NAME) {
        jar::<CookieStore>();
    } else {
        allocations();
        // Read by the bench `table`.
        println!("W5, octets a cookie in a jar of {COOKIES}:");
        for contender in [CookieJar::NAME, CookieStore::NAME] {
            let mut bench = Command::new(env::current_exe().expect("the bench has a file"));
            let status = bench.arg(contender).status();
            assert!(status.expect("the bench starts itself").success());
        }
    }
}

fn jar<C: Contender>() {
    let filling = Filling::new(COOKIES);
    let resident_before = resident();
    let region = Region::new(ALLOCATOR);
    let jar = C::filled(&filling);
    let change = region.change();
    let live = change.bytes_allocated - change.bytes_deallocated;
    let resident = resident().zip(resident_before);
    print!("{} live {}", C::NAME, tenths(live));
    match resident {
        Some((after, before)) => println!(" resident {}", tenths(after.saturating_sub(before))),
        None => println!(),
    }
    drop(black_box(jar));
}

/// Octets a cookie, to a tenth.
fn tenths(octets: usize) -> String {
    let tenths = octets * 10 / COOKIES;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// The octets of this process that are in memory, where there is a `/proc`.
fn resident() -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: usize = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024)
}

fn allocations() {
    let lines = workloads::lines();
    let region = Region::new(ALLOCATOR);
    for (line, _) in &lines {
        black_box(SetCookie::parse(line.as_bytes())).expect("the workloads' lines are valid");
    }
    let allocations = region.change().allocations;
    println!("W1, allocations of {} lines: {allocations}", lines.len());
}
