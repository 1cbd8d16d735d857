//! Writes what was measured into `docs/performance.md`, between its two markers: what criterion left in
//! `target/criterion`, and the memory that a cookie takes, which is counted here. Five rows of it go into
//! the README, between markers of the same names.
//!
//! ```sh
//! rm -rf target/criterion
//! cargo bench --all-features --bench peers --bench shapes --bench file
//! cargo bench --bench page -- --write
//! ```

mod common;

use std::alloc::System;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use chrono::Utc;
use cookie_store::CookieStore;
use hardtack::{CookieJar, SetCookie};
use serde_json::Value;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

use self::common::jars::Jar;
use self::common::workloads::{self, Filling};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const CRATE: &str = env!("CARGO_MANIFEST_DIR");
const BEGIN: &str = "<!-- measured: begin -->";
const END: &str = "<!-- measured: end -->";

fn main() -> Result<(), Box<dyn Error>> {
    let write = env::args().any(|argument| argument == "--write");
    // A plain `cargo bench` may have measured nothing else yet.
    let measured = measured()?;
    if measured.is_empty() {
        println!(
            "first measure: cargo bench --all-features --bench peers --bench shapes --bench file"
        );
        return Ok(());
    }
    let (peers, shapes) = measured
        .into_iter()
        .partition::<Measured, _>(|((group, ..), _)| group.starts_with('W'));
    let sections = [
        machine()?,
        peer_table(peers)?,
        memory_table(),
        shape_table(shapes),
    ];
    let section = sections.join("\n\n");
    println!("{section}");
    if write {
        put("docs/performance.md", &section)?;
        put("README.md", &excerpt(&section)?)?;
    }
    Ok(())
}

/// Puts a text between the markers of a page.
fn put(page: &str, measured: &str) -> Result<(), Box<dyn Error>> {
    let page = format!("{CRATE}/{page}");
    let text = fs::read_to_string(&page)?;
    let (before, rest) = text.split_once(BEGIN).ok_or("no marker to begin at")?;
    let (_, after) = rest.split_once(END).ok_or("no marker to end at")?;
    fs::write(page, format!("{before}{BEGIN}\n{measured}\n{END}{after}"))?;
    Ok(())
}

/// The rows of the table of peers that the README has, below its head.
fn excerpt(section: &str) -> Result<String, Box<dyn Error>> {
    let rows = [
        "| workload | size |",
        "| --- | ---: |",
        "| W1 parse a Set-Cookie line | – |",
        "| W2 receive a cookie, on the way to so many | 10,000 |",
        "| W3 Cookie header with 10 of so many | 100 |",
        "| W3 Cookie header with 10 of so many | 10,000 |",
        "| W6 Cookie header from one jar, by threads | 2 |",
    ];
    let find = |start: &str| section.lines().find(|line| line.starts_with(start));
    let rows = rows.map(|start| find(start).ok_or(format!("no row {start}")));
    let rows: Result<Vec<&str>, String> = rows.into_iter().collect();
    Ok(rows?.join("\n"))
}

/// The median nanoseconds of an element, by a benchmark's group, function and parameter.
type Measured = BTreeMap<(String, String, Option<u64>), f64>;

fn measured() -> Result<Measured, Box<dyn Error>> {
    let target =
        env::var_os("CARGO_TARGET_DIR").map_or(Path::new(CRATE).join("target"), PathBuf::from);
    let mut folders = vec![target.join("criterion")];
    let mut measured = Measured::new();
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries {
            folders.push(entry?.path());
        }
        let file = folder.join("benchmark.json");
        if folder.ends_with("new") && file.exists() {
            let benchmark = json(&file)?;
            let estimates = json(&folder.join("estimates.json"))?;
            let text = |field: &str| benchmark[field].as_str().map(str::to_owned);
            let median = estimates["median"]["point_estimate"].as_f64();
            let of_any = benchmark["throughput"].as_object();
            let elements = of_any.and_then(|throughput| throughput.values().next()?.as_f64());
            let parameter = text("value_str").and_then(|value| value.parse().ok());
            let id = (
                text("group_id").ok_or("a benchmark without a group")?,
                text("function_id").ok_or("a benchmark without a name")?,
                parameter,
            );
            let time = median.ok_or("a benchmark without a median")? / elements.unwrap_or(1.0);
            measured.insert(id, time);
        }
    }
    Ok(measured)
}

fn json(file: &Path) -> Result<Value, Box<dyn Error>> {
    Ok(serde_json::from_slice(&fs::read(file)?)?)
}

/// When, with what and on what was measured.
fn machine() -> Result<String, Box<dyn Error>> {
    let rustc = Command::new("rustc").arg("--version").output()?;
    let rustc = String::from_utf8(rustc.stdout)?;
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let models = cpus.lines().filter(|line| line.starts_with("model name"));
    let model = models.clone().next().and_then(|line| line.split_once(": "));
    Ok(format!(
        "Measured on {} with {}, on {} cores of {}.",
        Utc::now().format("%Y-%m-%d"),
        rustc.trim(),
        models.count(),
        model.map_or("an unknown processor", |(_, model)| model),
    ))
}

/// The version of a package that the benches were built with.
fn version(package: &str) -> Result<String, Box<dyn Error>> {
    let lock = fs::read_to_string(format!("{CRATE}/Cargo.lock"))?;
    let start = format!("name = \"{package}\"\nversion = \"");
    let found = lock
        .split_once(&start)
        .and_then(|(_, rest)| rest.split_once('"'));
    Ok(found.ok_or("a peer is not in Cargo.lock")?.0.to_owned())
}

fn peer_table(measured: Measured) -> Result<String, Box<dyn Error>> {
    let mut rows: BTreeMap<(String, Option<u64>), BTreeMap<String, f64>> = BTreeMap::new();
    for ((group, jar, parameter), time) in measured {
        rows.entry((group, parameter))
            .or_default()
            .insert(jar, time);
    }
    let mut table = format!(
        "| workload | size | hardtack | `cookie_store` {} | `cookie` {} | ratio to the better |\n\
         | --- | ---: | ---: | ---: | ---: | ---: |",
        version("cookie_store")?,
        version("cookie")?
    );
    for ((workload, size), times) in rows {
        let [own, peers @ ..] =
            ["hardtack", "cookie_store", "cookie"].map(|jar| times.get(jar).copied());
        let best = peers.into_iter().flatten().min_by(f64::total_cmp);
        let ratio = own.zip(best).map(|(own, best)| significant(own / best));
        let cells = [
            workload,
            size.map_or_else(none, thousands),
            own.map_or_else(none, duration),
            peers[0].map_or_else(none, duration),
            peers[1].map_or_else(none, duration),
            ratio.unwrap_or_else(none),
        ];
        write!(table, "\n| {} |", cells.join(" | "))?;
    }
    Ok(table)
}

/// W5: the octets that a jar of a million cookies has allocated, by cookie.
fn memory_table() -> String {
    let mut table = "| W5 heap a cookie, in a jar of 1,000,000 | hardtack | `cookie_store` |\n\
                     | --- | ---: | ---: |"
        .to_owned();
    for a_site in [10, 2] {
        let filling = Filling::by_site(1_000_000, a_site);
        let (own, peer) = (heap::<CookieJar>(&filling), heap::<CookieStore>(&filling));
        write!(
            table,
            "\n| {a_site} of each site | {own} octets | {peer} octets |"
        )
        .expect("a String takes all");
    }
    let lines = workloads::lines();
    let region = Region::new(ALLOCATOR);
    for (line, _) in &lines {
        black_box(SetCookie::parse(line.as_bytes())).ok();
    }
    let allocations = region.change().allocations;
    let lines = thousands(lines.len() as u64);
    write!(
        table,
        "\n\nParsing the {lines} lines of W1 takes {allocations} allocations."
    )
    .expect("a String takes all");
    table
}

fn heap<J: Jar>(filling: &Filling) -> usize {
    let region = Region::new(ALLOCATOR);
    let jar = J::filled(filling);
    let change = region.change();
    drop(black_box(jar));
    (change.bytes_allocated - change.bytes_deallocated) / filling.received.len()
}

fn shape_table(measured: Measured) -> String {
    let mut rows: BTreeMap<_, Vec<(Option<u64>, f64)>> = BTreeMap::new();
    for ((group, shape, size), time) in measured {
        rows.entry((group, shape)).or_default().push((size, time));
    }
    let mut table = "| hardtack alone | sizes | smaller | larger | factor |\n\
                     | --- | ---: | ---: | ---: | ---: |"
        .to_owned();
    for ((group, shape), times) in rows {
        let cells = match times[..] {
            [(small, first), (large, second)] => {
                let sizes = [small, large].map(|size| size.map_or_else(none, thousands));
                let factor = format!("{:.2}", second / first);
                [sizes.join(", "), duration(first), duration(second), factor]
            }
            _ => [none(), duration(times[0].1), none(), none()],
        };
        write!(table, "\n| {group}: {shape} | {} |", cells.join(" | "))
            .expect("a String takes all");
    }
    table
}

fn none() -> String {
    "–".to_owned()
}

/// A time, in the unit that suits it.
fn duration(nanoseconds: f64) -> String {
    let units = [(1e9, "s"), (1e6, "ms"), (1e3, "µs")];
    let suits = units.into_iter().find(|(scale, _)| nanoseconds >= *scale);
    let (scale, unit) = suits.unwrap_or((1.0, "ns"));
    format!("{} {unit}", significant(nanoseconds / scale))
}

/// A number with two significant digits, or all that stand before the point.
fn significant(number: f64) -> String {
    let mut decimals = 0;
    // As far as it would be rounded up to the next power of ten.
    while number * 10_f64.powi(decimals) < 9.95 && decimals < 6 {
        decimals += 1;
    }
    format!("{number:.*}", decimals.unsigned_abs() as usize)
}

/// A number with its thousands apart.
fn thousands(number: u64) -> String {
    match number {
        ..1_000 => number.to_string(),
        _ => format!("{},{:03}", thousands(number / 1_000), number % 1_000),
    }
}
