//! What the benches feed to hardtack and its peers: the same octets to each, and the same in every run.
//! Only the seeds decide.

use fastrand::Rng;
use url::Url;

use super::lines;

/// The sizes of the jars in W2 and W3.
pub(crate) const SIZES: [usize; 4] = [100, 10_000, 100_000, 1_000_000];

/// A Set-Cookie line, and which of the workload's hosts sends it.
pub(crate) struct Received {
    pub(crate) host: usize,
    pub(crate) line: String,
}

/// W1: a thousand lines to parse, each with a URL that could have sent it.
pub(crate) fn lines() -> Vec<(String, Url)> {
    let mut rng = Rng::with_seed(6265);
    let line = |index| {
        let page = url(&lines::mixed_domain(index), "/");
        (lines::mixed(&mut rng, index), page)
    };
    (0..1000).map(line).collect()
}

/// W2 and W3: what fills a jar.
pub(crate) struct Filling {
    /// The URL, by host, that the lines come from.
    pub(crate) urls: Vec<Url>,
    /// All cookies, in a random order.
    pub(crate) received: Vec<Received>,
    /// The requests of W3: all cookies of a host go with each.
    pub(crate) requests: Vec<Url>,
}

impl Filling {
    /// So many cookies, ten of each host.
    pub(crate) fn new(cookies: usize) -> Self {
        Self::by_site(cookies, 10)
    }

    /// So many cookies, the first one to ten of each host. Every host is a site of its own.
    pub(crate) fn by_site(cookies: usize, a_site: usize) -> Self {
        let mut rng = Rng::with_seed(6265 + cookies as u64);
        let domains: Vec<String> = (0..cookies / a_site).map(domain).collect();
        let mut order: Vec<usize> = (0..domains.len() * a_site).collect();
        rng.shuffle(&mut order);
        let mut received = |cookie: usize| {
            let (host, nth) = (cookie / a_site, cookie % a_site);
            let line = lines::one_of_ten(&mut rng, &domains[host], nth);
            Received { host, line }
        };
        let received = order.into_iter().map(&mut received).collect();
        let mut request = |_| url(&www(&domains[rng.usize(..domains.len())]), "/app/page/x");
        Self {
            requests: (0..1000).map(&mut request).collect(),
            urls: pages(&domains),
            received,
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
        let mut rng = Rng::with_seed(4);
        let domains: Vec<String> = (0..1000).map(domain).collect();
        let mut received = Vec::new();
        for (host, domain) in domains.iter().enumerate() {
            // The first is the session.
            let others = rng.choose_multiple(1..10, 4);
            for which in [0].into_iter().chain(others) {
                let line = lines::one_of_ten(&mut rng, domain, which);
                received.push(Received { host, line });
            }
        }
        rng.shuffle(&mut received);
        let mut visits_of = vec![0; domains.len()];
        let mut visit = |_| {
            let host = visited(&mut rng, domains.len());
            visits_of[host] += 1;
            let session = lines::session(&mut rng);
            let seen = lines::seen(&mut rng, visits_of[host]);
            Visit {
                host,
                lines: [session, seen],
            }
        };
        Self {
            requests: (0..5000).map(&mut visit).collect(),
            urls: pages(&domains),
            received,
        }
    }
}

/// The host that is visited: any of them, or in seven of ten cases rather one of the first, with a mean
/// of about 150.
fn visited(rng: &mut Rng, hosts: usize) -> usize {
    if rng.u8(..10) >= 7 {
        return rng.usize(..hosts);
    }
    let found = (0..hosts).find(|_| rng.u8(..150) == 0);
    found.unwrap_or(hosts - 1)
}

/// W7: a thousand cookie-dates.
pub(crate) fn cookie_dates() -> Vec<String> {
    let mut rng = Rng::with_seed(7);
    (0..1000).map(|_| lines::cookie_date(&mut rng)).collect()
}

/// The `index`th of the registrable domains. Half of all are in `com`.
pub(crate) fn domain(index: usize) -> String {
    const WORDS: [&str; 10] = [
        "shop", "news", "cloud", "api", "media", "blue", "north", "pixel", "data", "garden",
    ];
    const OTHERS: [&str; 10] = [
        "org", "net", "de", "fr", "io", "co.uk", "com.au", "co.jp", "dev", "app",
    ];
    let other = (index * 7 % 20).checked_sub(10);
    let suffix = other.map_or("com", |other| OTHERS[other]);
    let (first, second) = (WORDS[index % 10], WORDS[index / 10 % 10]);
    format!("{first}{second}{index:x}.{suffix}")
}

fn www(domain: &str) -> String {
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
