//! The jars that are compared, behind one trait, so that each does the same work; and full ones.

use chrono::{DateTime, TimeDelta, Utc};
use cookie_store::CookieStore;
use hardtack::{CookieJar, Policy, Request};
use url::Url;

use super::NOW;
use super::workloads::{Filling, Received, Visit};

pub(crate) trait Jar: Clone {
    const NAME: &'static str;

    /// An empty jar, without limits.
    fn empty() -> Self;

    fn receive_line(&mut self, line: &str, url: &Url);

    /// Appends the value of the Cookie header.
    fn write_header(&self, url: &Url, into: &mut Vec<u8>);

    fn receive_filling(&mut self, received: &[Received], urls: &[Url]) {
        for Received { host, line } in received {
            self.receive_line(line, &urls[*host]);
        }
    }

    fn filled(filling: &Filling) -> Self {
        let mut jar = Self::empty();
        jar.receive_filling(&filling.received, &filling.urls);
        jar
    }

    /// W4: a header is sent, two cookies come back.
    fn visit(&mut self, visit: &Visit, urls: &[Url], header: &mut Vec<u8>) {
        let url = &urls[visit.host];
        header.clear();
        self.write_header(url, header);
        for line in &visit.lines {
            self.receive_line(line, url);
        }
    }
}

impl Jar for CookieJar {
    const NAME: &'static str = "hardtack";

    fn empty() -> Self {
        Self::new(unlimited())
    }

    fn receive_line(&mut self, line: &str, url: &Url) {
        let received = self.receive(line.as_bytes(), Request::new(url), NOW);
        received.expect("the workloads' lines are stored");
    }

    fn write_header(&self, url: &Url, into: &mut Vec<u8>) {
        self.write_cookie_string(Request::new(url), NOW, into);
    }
}

impl Jar for CookieStore {
    const NAME: &'static str = "cookie_store";

    fn empty() -> Self {
        Self::new()
    }

    fn receive_line(&mut self, line: &str, url: &Url) {
        // It reads the system's clock.
        let received = self.parse(line, url);
        received.expect("the workloads' dates are still to come");
    }

    fn write_header(&self, url: &Url, into: &mut Vec<u8>) {
        for (name, value) in self.get_request_values(url) {
            if !into.is_empty() {
                into.extend_from_slice(b"; ");
            }
            into.extend_from_slice(name.as_bytes());
            into.push(b'=');
            into.extend_from_slice(value.as_bytes());
        }
    }
}

/// A policy without limits on the number of cookies. `cookie_store` has none.
pub(crate) fn unlimited() -> Policy {
    let mut policy = Policy::default();
    policy.max_cookies = usize::MAX;
    policy.max_cookies_per_site = usize::MAX;
    policy.max_cookies_per_domain = usize::MAX;
    policy
}

/// A jar that loses a cookie for each one it receives, and the cookies to come. They come round after
/// round: when one returns, it has long been evicted, so it is new.
pub(crate) struct Full {
    pub(crate) jar: CookieJar,
    urls: Vec<Url>,
    lines: Vec<Received>,
    next: usize,
    now: DateTime<Utc>,
    tick: TimeDelta,
}

impl Full {
    /// The limit is so many in all; the cookies come from all hosts.
    pub(crate) fn in_total(limit: usize) -> Self {
        let mut policy = unlimited();
        policy.max_cookies = limit;
        let filling = Filling::new(limit + limit / 10);
        let mut full = Self::new(policy, filling.urls, filling.received);
        full.receive(limit);
        full
    }

    /// The limit is so many in all, and the jar is full; all that comes then is for one domain, which
    /// is full too, with `own` cookies.
    pub(crate) fn in_domain(limit: usize, own: usize) -> Self {
        let mut policy = unlimited();
        policy.max_cookies = limit;
        policy.max_cookies_per_domain = own;
        let filling = Filling::new(limit);
        let mut full = Self::new(policy, filling.urls, filling.received);
        full.receive(limit);
        full.next = 0;
        full.lines = of_hosts(1, 2 * own, |name| format!("n{name}=v; Path=/"));
        full.receive(own);
        full
    }

    /// There is no limit, but each cookie lives until so many others have come.
    pub(crate) fn of_expiring(lifetime: usize) -> Self {
        let urls = Filling::new(lifetime).urls;
        let lines = of_hosts(urls.len(), lifetime + lifetime / 10, |name| {
            format!("n{name}=0123456789abcdef; Max-Age={lifetime}")
        });
        let mut full = Self::new(unlimited(), urls, lines);
        full.tick = TimeDelta::seconds(1);
        full.receive(lifetime);
        full
    }

    fn new(policy: Policy, urls: Vec<Url>, lines: Vec<Received>) -> Self {
        Self {
            jar: CookieJar::new(policy),
            urls,
            lines,
            next: 0,
            now: NOW,
            tick: TimeDelta::microseconds(1),
        }
    }

    pub(crate) fn receive(&mut self, count: usize) {
        for _ in 0..count {
            let Received { host, line } = &self.lines[self.next];
            let request = Request::new(&self.urls[*host]);
            let received = self.jar.receive(line.as_bytes(), request, self.now);
            received.expect("the workloads' lines are stored");
            self.next = (self.next + 1) % self.lines.len();
            self.now += self.tick;
        }
    }
}

/// So many lines, from as many hosts in turn.
fn of_hosts(hosts: usize, count: usize, line: impl Fn(usize) -> String) -> Vec<Received> {
    let received = |name| Received {
        host: name % hosts,
        line: line(name),
    };
    (0..count).map(received).collect()
}
