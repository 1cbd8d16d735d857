//! Jars that are full, so that every cookie they receive evicts one.

use chrono::{DateTime, TimeDelta, Utc};
use hardtack::{CookieJar, Policy, Request};

use super::unlimited;
use crate::workloads::{Filling, NOW, Received};

/// A jar that has to give up a cookie for each one it receives, and the cookies to come. They come
/// round after round: when one returns, it has long been evicted, so it is new.
pub(crate) struct Full {
    jar: CookieJar,
    filling: Filling,
    next: usize,
    now: DateTime<Utc>,
    tick: TimeDelta,
}

impl Full {
    /// So many cookies are the limit in all; the cookies come from all hosts.
    pub(crate) fn in_total(limit: usize) -> Self {
        let mut policy = unlimited();
        policy.max_cookies = limit;
        let mut full = Self::new(policy, Filling::new(limit + limit / 10));
        full.receive(limit);
        full
    }

    /// Likewise, but from now on the cookies come from one host, which has as many as a domain may.
    pub(crate) fn in_domain(limit: usize) -> Self {
        let mut policy = Policy::default();
        policy.max_cookies = limit;
        let own = policy.max_cookies_per_domain;
        let mut full = Self::new(policy, Filling::new(limit));
        full.receive(limit);
        full.filling.received = of_host(0, 2 * own, |name| format!("n{name}=v; Path=/"));
        full.next = 0;
        full.receive(own);
        full
    }

    /// There is no limit, but each cookie lives until so many others have come.
    pub(crate) fn of_expiring(lifetime: usize) -> Self {
        let mut filling = Filling::new(lifetime);
        let line = |name| format!("n{name}=0123456789abcdef; Max-Age={lifetime}");
        let hosts = filling.urls.len();
        filling.received = of_hosts(hosts, lifetime + lifetime / 10, line);
        let mut full = Self::new(unlimited(), filling);
        full.tick = TimeDelta::seconds(1);
        full.receive(lifetime);
        full
    }

    fn new(policy: Policy, filling: Filling) -> Self {
        Self {
            jar: CookieJar::new(policy),
            filling,
            next: 0,
            now: NOW,
            tick: TimeDelta::microseconds(1),
        }
    }

    pub(crate) fn receive(&mut self, count: usize) {
        for _ in 0..count {
            let Received { host, line } = &self.filling.received[self.next];
            let request = Request::new(&self.filling.urls[*host]);
            let received = self.jar.receive(line.as_bytes(), &request, self.now);
            received.expect("the workloads' lines are stored");
            self.next = (self.next + 1) % self.filling.received.len();
            self.now += self.tick;
        }
    }

    pub(crate) fn cookies(&self) -> usize {
        self.jar.len()
    }
}

fn of_host(host: usize, count: usize, line: impl Fn(usize) -> String) -> Vec<Received> {
    let received = |name| Received {
        host,
        line: line(name),
    };
    (0..count).map(received).collect()
}

fn of_hosts(hosts: usize, count: usize, line: impl Fn(usize) -> String) -> Vec<Received> {
    let received = |name| Received {
        host: name % hosts,
        line: line(name),
    };
    (0..count).map(received).collect()
}
