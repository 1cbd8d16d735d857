//! W5, from the bench `memory`: counting allocations would slow down what is timed here.

use std::env;
use std::io;
use std::process::Command;

use crate::text::{Cell, Row};

pub(crate) fn rows() -> io::Result<Vec<Row>> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["bench", "--bench", "memory"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let octets = |contender: &str, kind: &str| {
        let mut words = printed
            .lines()
            .find_map(|line| line.strip_prefix(contender)?.strip_prefix(' '))?
            .split(' ');
        words.find(|word| *word == kind)?;
        words.next()?.parse().ok().map(Cell::Octets)
    };
    let row = |kind, workload: &str| {
        let hardtack = octets("hardtack", kind)?;
        Some(Row {
            workload: workload.to_owned(),
            hardtack,
            cookie_store: octets("cookie_store", kind),
            cookie: None,
        })
    };
    let live = row("live", "W5 heap a cookie, in a jar of 1,000,000");
    let resident = row("resident", "W5 memory in use a cookie, likewise");
    let Some(live) = live else {
        let error = String::from_utf8_lossy(&output.stderr);
        return Err(io::Error::other(format!(
            "the bench `memory` failed: {error}"
        )));
    };
    Ok([live].into_iter().chain(resident).collect())
}
