//! `cargo bench --bench table -- --write` measures hardtack and its peers in turn, and writes the
//! table and the plot of the README's section "Performance".

#[path = "../contenders/mod.rs"]
mod contenders;
mod jars;
mod lines;
mod measure;
mod memory;
mod plot;
mod readme;
mod text;
mod threads;
#[path = "../workloads/mod.rs"]
mod workloads;

use std::env;
use std::io;

use self::text::{Row, beside_table, peer_table};

fn main() -> io::Result<()> {
    if contenders::is_first_look_up() {
        return Ok(());
    }
    // A plain `cargo bench` is no wish to change the README.
    if !env::args().any(|argument| argument == "--write") {
        println!("to rewrite the README's table: cargo bench --bench table -- --write");
        return Ok(());
    }
    let mut rows: Vec<Row> = vec![lines::parse()];
    let (received, headers) = jars::by_size();
    rows.extend(received);
    rows.extend(headers.iter().cloned());
    rows.push(jars::visits());
    rows.extend(memory::rows()?);
    rows.extend(threads::rows());
    let (dates, unread) = lines::cookie_dates();
    rows.push(dates);
    let alone = [
        vec![jars::cold()],
        jars::full(),
        vec![threads::full()],
        lines::suffixes(),
    ]
    .concat();

    let versions = readme::Versions::read()?;
    let generated = [
        readme::machine(),
        peer_table(&rows, &versions.cookie_store, &versions.cookie),
        unread + "\n\n‡ `cookie_store` stands in an `RwLock`.",
        beside_table(&alone),
        readme::PLOT.to_owned(),
    ];
    for paragraph in &generated {
        println!("{paragraph}\n");
    }
    plot::write(&headers, &versions.cookie_store)?;
    readme::rewrite(&generated.join("\n\n"))
}
