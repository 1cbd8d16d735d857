//! A real peer: Express with express-session and cookie-parser, in Node.js, driven by each client with
//! our jar. One list of scenarios runs over all clients.
//!
//! Where Node.js is missing the tests say that they are skipped, and with `CI` set they fail.
#![cfg(any(feature = "reqwest", feature = "tower", feature = "ureq"))]

#[path = "../common/mod.rs"]
mod common;
mod drivers;
mod server;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use common::{after, policy, text};
use hardtack::{
    Cookie, CookieJar, Domain, Exclusion, Policy, Rejection, Request, SetCookie, SharedJar,
};
use serde_json::{Value, json};

use drivers::{Connect, Driver};
use server::Server;

/// A client with an empty jar at the server. The jar and the server have one clock.
struct Visit<'s> {
    server: &'s Server,
    client: Box<dyn Driver>,
    jar: SharedJar,
    seconds: Arc<AtomicI64>,
}

impl<'s> Visit<'s> {
    fn new(server: &'s Server, connect: Connect, policy: Policy) -> Self {
        let seconds = Arc::new(AtomicI64::new(0));
        let clock = Arc::clone(&seconds);
        let jar = SharedJar::builder()
            .jar(CookieJar::new(policy))
            .clock(move || after(clock.load(Ordering::Relaxed)))
            .build();
        let client = connect(jar.clone());
        let visit = Self {
            server,
            client,
            jar,
            seconds,
        };
        visit.at(0);
        visit
    }

    /// From here on it is so many seconds after the beginning.
    fn at(&self, seconds: i64) {
        self.seconds.store(seconds, Ordering::Relaxed);
        self.get(&format!("/clock/{}", after(seconds).as_micros() / 1000));
    }

    fn send(&self, method: &str, path: &str) -> (u16, String) {
        self.client.send(method, &self.server.url(path))
    }

    /// The body of what has to be a success.
    fn get(&self, path: &str) -> String {
        let (status, body) = self.send("GET", path);
        assert_eq!(status, 200, "{path}");
        body
    }

    /// What arrives at the server, as it reads it.
    fn echo(&self, path: &str) -> Value {
        serde_json::from_str(&self.get(path)).unwrap()
    }

    /// The one cookie of this name.
    fn cookie(&self, name: &str) -> Cookie {
        let mut cookies = self.jar.to_vec();
        cookies.retain(|cookie| cookie.name() == name.as_bytes());
        assert_eq!(cookies.len(), 1, "{name}");
        cookies.remove(0)
    }

    fn names(&self) -> Vec<String> {
        let cookies = self.jar.to_vec();
        cookies.iter().map(|cookie| text(cookie.name())).collect()
    }
}

/// The scenarios, one after the other: they share the server, and its clock.
fn run(connect: Connect) {
    let Some(server) = Server::start() else {
        return;
    };
    let scenarios: [fn(&Visit<'_>); 7] = [
        login,
        max_age_is_in_milliseconds,
        signed_and_json_cookies,
        clear_cookie_with_a_wrong_path,
        secure_on_localhost,
        rolling_session,
        fifty_cookies,
    ];
    for scenario in scenarios {
        scenario(&Visit::new(&server, connect, Policy::default()));
    }
    let distrustful = policy(|policy| policy.trust_localhost = false);
    secure_where_localhost_is_not_trusted(&Visit::new(&server, connect, distrustful));
}

#[cfg(feature = "reqwest")]
#[test]
fn reqwest() {
    run(drivers::reqwest);
}

#[cfg(feature = "tower")]
#[test]
fn tower() {
    run(drivers::tower);
}

#[cfg(feature = "ureq")]
#[test]
fn ureq() {
    run(drivers::ureq);
}

/// The cookie comes with the 302, the next hop needs it, and the logout deletes it.
fn login(visit: &Visit<'_>) {
    assert_eq!(
        visit.send("GET", "/accounts/me"),
        (401, "nobody".to_owned())
    );
    assert!(visit.jar.is_empty());
    assert_eq!(
        visit.send("POST", "/accounts/login"),
        (200, "ada".to_owned())
    );
    let sid = visit.cookie("connect.sid");
    assert!(sid.http_only() && !sid.persistent() && sid.host_only());

    let page = visit.server.url("/accounts/me");
    let script = Request::new(&page).non_http();
    assert_eq!(visit.jar.cookie_string(script), None);
    let refused = visit.jar.receive(b"connect.sid=mine; Path=/", script);
    assert_eq!(refused, Err(Rejection::ReplacesHttpOnly));
    assert_eq!(visit.get("/accounts/me"), "ada");

    assert_eq!(
        visit.send("POST", "/accounts/logout"),
        (401, "nobody".to_owned())
    );
    assert!(visit.jar.is_empty());
}

/// `maxAge` of `res.cookie` is in milliseconds, Max-Age in seconds.
fn max_age_is_in_milliseconds(visit: &Visit<'_>) {
    visit.get("/max-age");
    assert_eq!(visit.names(), ["minute", "less"]);
    assert_eq!(visit.cookie("minute").expiry_time(), Some(after(60)));
    assert_eq!(visit.cookie("less").expiry_time(), Some(after(59)));
    visit.at(60);
    assert_eq!(visit.echo("/echo")["header"], "minute=1");
    visit.at(61);
    assert_eq!(visit.echo("/echo")["header"], "");
}

/// Values come back as the octets they were: the signatures hold.
fn signed_and_json_cookies(visit: &Visit<'_>) {
    visit.get("/values");
    let cookies = visit.jar.to_vec();
    let pair = |cookie: &Cookie| {
        let value = String::from_utf8_lossy(cookie.value());
        format!("{}={value}", text(cookie.name()))
    };
    let pairs: Vec<String> = cookies.iter().map(pair).collect();
    let echo = visit.echo("/echo");
    assert_eq!(echo["header"], pairs.join("; "));
    assert_eq!(
        echo["cookies"],
        json!({
            "json": { "items": [1, "zwölf"], "note": "a=b; c, \"d\"" },
            "quoted": "as_it_is",
            "empty": "",
        })
    );
    assert_eq!(
        echo["signed"],
        json!({ "signed": "ada; admin=no", "both": { "items": [2] } })
    );
}

/// `clearCookie` clears the cookie of its own path, `/`; the one of `/shop` is another.
fn clear_cookie_with_a_wrong_path(visit: &Visit<'_>) {
    visit.get("/shop/basket");
    assert_eq!(visit.cookie("basket").path(), b"/shop");
    visit.get("/shop/clear-wrongly");
    assert_eq!(visit.echo("/shop/echo")["header"], "basket=3");

    // What was to be deleted, and why the one that is there is not it.
    let url = visit.server.url("/shop/clear-wrongly");
    let line = SetCookie::parse(b"basket=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT").unwrap();
    let cleared = visit.jar.evaluate(&line, Request::new(&url)).unwrap();
    assert!(cleared.is_expired(after(0)));
    assert_eq!(cleared.path(), b"/");
    assert!(
        visit
            .jar
            .get(Domain::new("localhost"), "basket", cleared.path())
            .is_empty()
    );
    let root = visit.server.url("/");
    let explained = visit.jar.explain(Request::new(&root));
    let [(basket, Some(reason))] = &explained[..] else {
        panic!("{explained:?}")
    };
    assert_eq!(
        (basket.path(), *reason),
        (&b"/shop"[..], Exclusion::NotOnPath)
    );
    assert_eq!(
        reason.to_string(),
        "the request's path is not within its path: set it with a shorter Path"
    );

    visit.get("/shop/clear");
    assert!(visit.jar.is_empty());
}

/// A local server is trusted over http.
fn secure_on_localhost(visit: &Visit<'_>) {
    visit.get("/secure");
    assert_eq!(visit.names(), ["secure", "__Host-secure"]);
    assert_eq!(visit.echo("/echo")["header"], "secure=1; __Host-secure=1");
}

fn secure_where_localhost_is_not_trusted(visit: &Visit<'_>) {
    visit.get("/secure");
    assert!(visit.jar.is_empty());
    let refused = visit.jar.receive(
        b"secure=1; Path=/; Secure; SameSite=None",
        Request::new(&visit.server.url("/secure")),
    );
    assert_eq!(refused, Err(Rejection::SecureOverInsecure));
}

/// Each response puts the end off; the cookie stays the same one.
fn rolling_session(visit: &Visit<'_>) {
    assert_eq!(visit.get("/rolling/count"), "1");
    assert_eq!(visit.cookie("rolling").expiry_time(), Some(after(60)));
    visit.at(50);
    assert_eq!(visit.get("/rolling/count"), "2");
    let cookie = visit.cookie("rolling");
    assert_eq!(cookie.expiry_time(), Some(after(110)));
    assert_eq!(cookie.creation_time(), after(0));
    visit.at(109);
    assert_eq!(visit.get("/rolling/count"), "3");
    visit.at(170);
    assert_eq!(visit.get("/rolling/count"), "1");
    assert_eq!(visit.cookie("rolling").creation_time(), after(170));
}

/// All of them, in the order in which they came.
fn fifty_cookies(visit: &Visit<'_>) {
    visit.get("/fifty");
    assert_eq!(visit.jar.len(), 50);
    let pairs: Vec<String> = (1..=50)
        .map(|number| format!("n{number}=v{number}"))
        .collect();
    assert_eq!(visit.echo("/echo")["header"], pairs.join("; "));
}
