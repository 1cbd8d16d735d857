//! Ten million operations over 100,000 domains, at the limits of the jar, to see that memory stays flat.
//!
//! ```sh
//! cargo run --release --example soak
//! cargo run --release --example soak -- 10000000 3300 180
//! ```
//!
//! The arguments, each optional: how many operations, how many cookies in all, how many of a domain.
//! It prints a row every tenth of the operations, and fails when resident memory has grown by more than
//! a tenth after the warm-up, the first three rows.

use std::error::Error;
use std::fs;
use std::process::ExitCode;

use chrono::{DateTime, TimeDelta, Utc};
use hardtack::{CookieJar, Domain, Policy, Receipt, Request};
use url::Url;

const DOMAINS: u64 = 100_000;
/// The top-level sites, each of which has a partition.
const PAGES: u64 = 20;
const ROWS: u64 = 10;
const WARM_UP: u64 = 3;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut argument = |default: usize| match arguments.next() {
        Some(text) => text.parse(),
        None => Ok(default),
    };
    let operations = u64::try_from(argument(10_000_000)?)?;
    let mut policy = Policy::default();
    policy.max_cookies = argument(300_000)?;
    policy.max_cookies_per_domain = argument(5)?;
    println!(
        "{operations} operations over {DOMAINS} domains, at most {} cookies, {} of a domain\n",
        policy.max_cookies, policy.max_cookies_per_domain
    );
    println!("| operations | cookies | stored | replaced | expired | sent | memory, KiB |");
    println!("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |");

    let mut soak = Soak::new(policy);
    let mut after_warm_up = 0;
    let mut highest = 0;
    for row in 1..=ROWS {
        for _ in 0..operations / ROWS {
            soak.operate()?;
        }
        let memory = resident_memory()?;
        soak.print(row * (operations / ROWS), memory);
        if row == WARM_UP {
            after_warm_up = memory;
        } else if row > WARM_UP {
            highest = highest.max(memory);
        }
    }
    println!("\nafter the warm-up {after_warm_up} KiB, then at most {highest} KiB");
    if highest > after_warm_up + after_warm_up / 10 {
        println!("it grew by more than a tenth");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

struct Soak {
    jar: CookieJar,
    now: DateTime<Utc>,
    state: u64,
    cookie_string: Vec<u8>,
    stored: u64,
    replaced: u64,
    expired: u64,
    sent: u64,
}

impl Soak {
    fn new(policy: Policy) -> Self {
        Self {
            jar: CookieJar::new(policy),
            now: DateTime::UNIX_EPOCH + TimeDelta::days(20_000),
            state: 88_172_645_463_325_252,
            cookie_string: Vec::new(),
            stored: 0,
            replaced: 0,
            expired: 0,
            sent: 0,
        }
    }

    /// The next of a sequence of numbers that looks random, and is the same in every run.
    fn next(&mut self, below: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 24) % below
    }

    fn operate(&mut self) -> Result<(), Box<dyn Error>> {
        // No clock is read: an operation takes a tenth of a second.
        self.now += TimeDelta::milliseconds(100);
        let domain = self.next(DOMAINS);
        let host = ["", "www.", "a.b."][usize::try_from(self.next(3))?];
        let url = Url::parse(&format!("https://{host}d{domain}.example/a/b"))?;
        let page = Url::parse(&format!("https://page{}.example/", self.next(PAGES)))?;
        let request = Request::new(&url).top_level_site(&page);
        match self.next(20) {
            0..=11 => self.receive(&request, domain),
            12..=17 => {
                self.cookie_string.clear();
                let is_sent =
                    self.jar
                        .write_cookie_string(request, self.now, &mut self.cookie_string);
                self.sent += u64::from(is_sent);
            }
            18 => {
                let name = format!("n{}", self.next(8));
                let domain = format!("d{domain}.example");
                self.jar.remove(Domain::new(&domain), name, "/", self.now);
            }
            _ if self.next(10) == 0 => {
                self.jar
                    .clear_domain(Domain::new(&format!("d{domain}.example")));
            }
            _ => {
                self.jar.explain(request, self.now);
            }
        }
        Ok(())
    }

    fn receive(&mut self, request: &Request<'_>, domain: u64) {
        let name = self.next(8);
        let value = "v".repeat(usize::try_from(self.next(200)).unwrap_or_default());
        let lifetime = match self.next(8) {
            0 => "; Max-Age=0".to_owned(),
            1 => String::new(),
            _ => format!("; Max-Age={}", 1 + self.next(2_000_000)),
        };
        let scope = match self.next(4) {
            0 => String::new(),
            1 => "; Secure; Partitioned".to_owned(),
            _ => format!("; Path=/; Domain=d{domain}.example"),
        };
        let line = format!("n{name}={value}{lifetime}{scope}");
        match self.jar.receive(line.as_bytes(), request, self.now) {
            Ok(Receipt::Stored) => self.stored += 1,
            Ok(Receipt::Replaced) => self.replaced += 1,
            Ok(Receipt::Expired) => self.expired += 1,
            Err(rejection) => panic!("{rejection}: {line}"),
        }
    }

    fn print(&self, operations: u64, memory: u64) {
        println!(
            "| {operations} | {} | {} | {} | {} | {} | {memory} |",
            self.jar.len(),
            self.stored,
            self.replaced,
            self.expired,
            self.sent
        );
    }
}

/// In KiB, as Linux tells it.
fn resident_memory() -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")
        .map_err(|error| format!("resident memory is only known on Linux: {error}"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.ok_or("no VmRSS in /proc/self/status")?.parse()?)
}
