//! The kernels whose instructions `benches/instructions` counts under callgrind: `--kernel=W3` does W3,
//! and prints how many operations that was. What is done around the kernel is not counted.

mod contenders;
mod workloads;

use std::env;
use std::hint::black_box;

use hardtack::{CookieJar, SetCookie};

use self::contenders::{Contender, Full};
use self::workloads::{Filling, Visits};

fn main() {
    // `cargo bench` passes what is meant for others, too.
    let named = |argument: String| Some(argument.strip_prefix("--kernel=")?.to_owned());
    for name in env::args().filter_map(named) {
        let operations = match name.as_str() {
            "W1" => parse(),
            "W2" => receive(),
            "W3" => header(),
            "W4" => visit(),
            "W7" => cookie_date(),
            "full" => full(),
            other => panic!("no kernel is named {other}"),
        };
        println!("{operations}");
    }
}

/// Callgrind collects while this function runs, and nowhere else: `--toggle-collect`.
#[inline(never)]
fn kernel(mut operation: impl FnMut(), operations: usize) -> usize {
    for _ in 0..operations {
        operation();
    }
    operations
}

fn parse() -> usize {
    let lines = workloads::lines();
    let mut next = lines.iter().cycle();
    let parse = || {
        let line = next.next().map(|(line, _)| line.as_bytes());
        black_box(line.map(SetCookie::parse)).expect("a line").ok();
    };
    kernel(parse, 5 * lines.len())
}

fn receive() -> usize {
    let filling = Filling::new(10_000);
    let mut jar = CookieJar::empty();
    let mut received = filling.received.iter();
    let receive = || {
        let one = received.next().expect("as many as there are");
        Contender::receive(&mut jar, &one.line, &filling.urls[one.host]);
    };
    kernel(receive, filling.received.len())
}

fn header() -> usize {
    let filling = Filling::new(10_000);
    let jar = CookieJar::filled(&filling);
    let mut buffer = Vec::with_capacity(4096);
    let mut requests = filling.requests.iter().cycle();
    let header = || {
        buffer.clear();
        jar.write_header(requests.next().expect("some"), &mut buffer);
        black_box(&mut buffer);
    };
    kernel(header, 5 * filling.requests.len())
}

fn visit() -> usize {
    let visits = Visits::new();
    let mut jar = CookieJar::empty();
    jar.receive_all(&visits.received, &visits.urls);
    let mut buffer = Vec::with_capacity(4096);
    let mut requests = visits.requests.iter();
    let visit = || {
        let visit = requests.next().expect("as many as there are");
        jar.visit(visit, &visits.urls, &mut buffer);
    };
    kernel(visit, visits.requests.len())
}

fn cookie_date() -> usize {
    let dates = workloads::cookie_dates();
    let mut next = dates.iter().cycle();
    let read = || {
        let date = next.next().map(String::as_bytes);
        black_box(date.map(hardtack::parse_cookie_date))
            .expect("a date")
            .ok();
    };
    kernel(read, 5 * dates.len())
}

fn full() -> usize {
    let mut full = Full::in_total(3_300);
    kernel(|| full.receive(1), 10_000)
}
