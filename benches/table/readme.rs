//! The README's section, between its two markers.

use std::fs;
use std::io;
use std::process::Command;
use std::thread;

use chrono::Utc;

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
const BEGIN: &str = "<!-- performance:begin -->";
const END: &str = "<!-- performance:end -->";

pub(crate) const PLOT: &str = "![The time of W3 against the size of the jar](benches/w3.svg)";

/// The versions of the peers.
pub(crate) struct Versions {
    pub(crate) cookie: String,
    pub(crate) cookie_store: String,
}

impl Versions {
    pub(crate) fn read() -> io::Result<Self> {
        let lock = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.lock"))?;
        let of = |package: &str| {
            let start = format!("name = \"{package}\"\nversion = \"");
            let (_, version) = lock.split_once(&start)?;
            Some(version.split_once('"')?.0.to_owned())
        };
        Ok(Self {
            cookie: of("cookie").unwrap_or_default(),
            cookie_store: of("cookie_store").unwrap_or_default(),
        })
    }
}

/// When, with what and on what was measured.
pub(crate) fn machine() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("an unknown processor", |(_, model)| model);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let rustc = Command::new("rustc").arg("--version").output();
    let rustc = rustc.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let rustc = rustc.unwrap_or_default();
    // Without the commit that follows the number.
    let rustc = rustc.split(" (").next().unwrap_or_default().trim();
    format!(
        "Measured on {} with {rustc}, on {cores} cores of {model}.",
        Utc::now().format("%Y-%m-%d")
    )
}

pub(crate) fn rewrite(section: &str) -> io::Result<()> {
    let readme = fs::read_to_string(README)?;
    let parts = readme
        .split_once(BEGIN)
        .and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let Some((before, after)) = parts else {
        return Err(io::Error::other(format!(
            "README.md has no {BEGIN} with {END}"
        )));
    };
    fs::write(README, format!("{before}{BEGIN}\n{section}\n{END}{after}"))
}
