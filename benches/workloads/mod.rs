//! What the benches feed to hardtack and its peers: the same octets to each, and the same in every
//! run. Only the seeds decide.

// Every bench is a crate of its own, and uses its part of this.
#![allow(dead_code)]

mod lines;
mod random;

use chrono::{DateTime, Utc};
use url::Url;

use self::random::Random;

/// 2026-11-20T12:00:00Z, the `now` of the workloads.
pub(crate) const NOW: DateTime<Utc> = DateTime::from_timestamp_nanos(1_795_176_000_000_000_000);
/// 2027-01-01T00:00:00Z. All dates are within 300 days from here. The peers read the system's clock:
/// to run the benches beyond that, move both.
const BASE: DateTime<Utc> = DateTime::from_timestamp_nanos(1_798_761_600_000_000_000);

/// The sizes of the jars in W2 and W3.
pub(crate) const SIZES: [usize; 4] = [100, 10_000, 100_000, 1_000_000];

/// A Set-Cookie line, and which of the workload's hosts sends it.
#[derive(Clone)]
pub(crate) struct Received {
    pub(crate) host: usize,
    pub(crate) line: String,
}

/// W1: a thousand lines to parse, each with a URL that could have sent it.
pub(crate) fn lines() -> Vec<(String, Url)> {
    let mut random = Random::new(6265);
    let line = |index| {
        let host = lines::mixed_domain(index);
        (lines::mixed(&mut random, index), url(&host, "/"))
    };
    (0..1000).map(line).collect()
}

/// W2 and W3: a jar full of cookies, ten of each host.
pub(crate) struct Filling {
    /// The URL, by host, that the lines come from.
    pub(crate) urls: Vec<Url>,
    /// All cookies, in a random order. They stand in memory as they come, and not as they were made: a
    /// client has just read its line.
    pub(crate) received: Vec<Received>,
    /// As they were made. Memory that is free already would be none that a jar takes.
    _made: Vec<Received>,
    /// The requests of W3: ten of the cookies go with each.
    pub(crate) requests: Vec<Url>,
}

impl Filling {
    /// So many cookies, a multiple of ten.
    pub(crate) fn new(cookies: usize) -> Self {
        let mut random = Random::new(6265 + cookies as u64);
        let domains: Vec<String> = (0..cookies / 10).map(domain).collect();
        let mut received = Vec::with_capacity(cookies);
        for (host, domain) in domains.iter().enumerate() {
            let ten = lines::ten(&mut random, domain);
            received.extend(ten.map(|line| Received { host, line }));
        }
        random.shuffle(&mut received);
        let request = |_| url(&www(&domains[random.below(domains.len())]), "/app/page/x");
        Self {
            requests: (0..1000).map(request).collect(),
            urls: pages(&domains),
            received: received.iter().map(Received::clone).collect(),
            _made: received,
        }
    }
}

/// W4: a client's requests to a thousand hosts, some of them visited often.
pub(crate) struct Visits {
    /// The URL, by host, of all requests.
    pub(crate) urls: Vec<Url>,
    /// What the jar holds before: five cookies of each host.
    pub(crate) received: Vec<Received>,
    pub(crate) requests: Vec<Visit>,
}

/// One request of W4. It sends what there is, and gets two cookies back.
pub(crate) struct Visit {
    pub(crate) host: usize,
    /// Another value for the cookie `sid`, and mostly a cookie that is new.
    pub(crate) lines: [String; 2],
}

impl Visits {
    pub(crate) fn new() -> Self {
        let mut random = Random::new(4);
        let domains: Vec<String> = (0..1000).map(domain).collect();
        let mut received = Vec::with_capacity(5 * domains.len());
        for (host, domain) in domains.iter().enumerate() {
            let mut others = lines::ten(&mut random, domain)[1..].to_vec();
            random.shuffle(&mut others);
            others.truncate(4);
            others.push(lines::session(&mut random));
            received.extend(others.into_iter().map(|line| Received { host, line }));
        }
        random.shuffle(&mut received);
        let mut visits_of = vec![0; domains.len()];
        let visit = |_| {
            let host = visited(&mut random, domains.len());
            visits_of[host] += 1;
            let lines = [
                lines::session(&mut random),
                lines::seen(&mut random, visits_of[host]),
            ];
            Visit { host, lines }
        };
        Self {
            requests: (0..5000).map(visit).collect(),
            urls: pages(&domains),
            received,
        }
    }
}

/// Which of the hosts is visited: any, or in seven of ten cases rather one of the first, with a mean
/// of about 150.
fn visited(random: &mut Random, hosts: usize) -> usize {
    if random.below(10) >= 7 {
        return random.below(hosts);
    }
    (0..hosts - 1)
        .find(|_| random.below(150) == 0)
        .unwrap_or(hosts - 1)
}

/// W7: a thousand cookie-dates.
pub(crate) fn cookie_dates() -> Vec<String> {
    let mut random = Random::new(7);
    (0..1000).map(|_| lines::cookie_date(&mut random)).collect()
}

/// The `index`th of the registrable domains.
pub(crate) fn domain(index: usize) -> String {
    const WORDS: [&str; 10] = [
        "shop", "news", "cloud", "api", "media", "blue", "north", "pixel", "data", "garden",
    ];
    // Half of all are in com.
    const OTHERS: [&str; 10] = [
        "org", "net", "de", "fr", "io", "co.uk", "com.au", "co.jp", "dev", "app",
    ];
    let suffix = (index * 7 % 20).checked_sub(10);
    let suffix = suffix.map_or("com", |other| OTHERS[other]);
    let (first, second) = (WORDS[index % 10], WORDS[index / 10 % 10]);
    format!("{first}{second}{index:x}.{suffix}")
}

pub(crate) fn www(domain: &str) -> String {
    format!("www.{domain}")
}

fn pages(domains: &[String]) -> Vec<Url> {
    let page = |domain: &String| url(&www(domain), "/app/page");
    domains.iter().map(page).collect()
}

/// An https URL.
pub(crate) fn url(host: &str, path: &str) -> Url {
    Url::parse(&format!("https://{host}{path}")).expect("the workloads' hosts are valid")
}
