//! The jars that are compared, behind one face, so that each does the same work.

// Every bench is a crate of its own, and uses its part of this.
#![allow(dead_code, unused_imports)]

mod full;
mod suffix_list;
mod threads;

use cookie_store::CookieStore;
use hardtack::{CookieJar, Policy, Request};
use url::Url;

pub(crate) use self::full::Full;
pub(crate) use self::suffix_list::{first_look_up, is_first_look_up};
pub(crate) use self::threads::together;
use crate::workloads::{Filling, NOW, Received, Visit};

pub(crate) trait Contender: Clone {
    const NAME: &'static str;

    /// An empty jar, without limits.
    fn empty() -> Self;

    fn receive(&mut self, line: &str, url: &Url);

    /// Appends the value of the Cookie header.
    fn write_header(&self, url: &Url, into: &mut Vec<u8>);

    fn cookies(&self) -> usize;

    fn receive_all(&mut self, received: &[Received], urls: &[Url]) {
        for Received { host, line } in received {
            self.receive(line, &urls[*host]);
        }
    }

    fn filled(filling: &Filling) -> Self {
        let mut jar = Self::empty();
        jar.receive_all(&filling.received, &filling.urls);
        assert_eq!(jar.cookies(), filling.received.len());
        jar
    }

    /// W4: a header is sent, two cookies come back.
    fn visit(&mut self, visit: &Visit, urls: &[Url], header: &mut Vec<u8>) {
        let url = &urls[visit.host];
        header.clear();
        self.write_header(url, header);
        for line in &visit.lines {
            self.receive(line, url);
        }
    }
}

impl Contender for CookieJar {
    const NAME: &'static str = "hardtack";

    fn empty() -> Self {
        Self::new(unlimited())
    }

    fn receive(&mut self, line: &str, url: &Url) {
        let received = self.receive(line.as_bytes(), &Request::new(url), NOW);
        received.expect("the workloads' lines are stored");
    }

    fn write_header(&self, url: &Url, into: &mut Vec<u8>) {
        self.write_cookie_string(&Request::new(url), NOW, into);
    }

    fn cookies(&self) -> usize {
        self.len()
    }
}

impl Contender for CookieStore {
    const NAME: &'static str = "cookie_store";

    fn empty() -> Self {
        Self::new()
    }

    fn receive(&mut self, line: &str, url: &Url) {
        // It reads the system's clock.
        self.parse(line, url)
            .expect("the workloads' dates are still to come");
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

    fn cookies(&self) -> usize {
        self.iter_unexpired().count()
    }
}

/// A policy without limits on the number of cookies; `cookie_store` has none.
pub(crate) fn unlimited() -> Policy {
    let mut policy = Policy::default();
    policy.max_cookies = usize::MAX;
    policy.max_cookies_per_domain = usize::MAX;
    policy
}
