//! `CookieAgent` around ureq's agent.

use std::error::Error;
use std::io::{BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use ::ureq::config::{Config, RedirectAuthHeaders};
use ::ureq::middleware::MiddlewareNext;
use ::ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ::ureq::unversioned::transport::{
    Buffers, ConnectProxyConnector, ConnectionDetails, Connector, NextTimeout, TcpConnector,
    Transport,
};
use ::ureq::{Agent, Body, Proxy, ResponseExt as _, SendBody};
use hardtack::SharedJar;
use hardtack::client::{CookieAgent, Hops};
use http::{Request, Response, Uri};

use crate::wire::{Client, Network, head};

pub(crate) struct Ureq;

impl Client for Ureq {
    fn call(
        &self,
        jar: &SharedJar,
        request: Request<&'static str>,
        proxy: Option<SocketAddr>,
    ) -> Result<u16, Box<dyn Error>> {
        let proxy = proxy.map(|proxy| Proxy::new(&format!("http://{proxy}")));
        // Never is the default, with which there would be little to see.
        let config = Agent::config_builder().redirect_auth_headers(RedirectAuthHeaders::SameHost);
        let agent = agent(config.proxy(proxy.transpose()?).build(), jar);
        let response = if request.body().is_empty() {
            agent.run(request.map(|_| ()))
        } else {
            agent.run(request)
        };
        Ok(response?.status().as_u16())
    }
}

fn agent(config: Config, jar: &SharedJar) -> CookieAgent {
    let connector = ().chain(ConnectProxyConnector::default());
    let connector = connector.chain(TcpConnector::default()).chain(InTheClear);
    CookieAgent::new(Agent::with_parts(config, connector, Loopback), jar.clone())
}

/// Every name is that of 127.0.0.1.
#[derive(Debug)]
struct Loopback;

impl Resolver for Loopback {
    fn resolve(
        &self,
        uri: &Uri,
        _: &Config,
        _: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ::ureq::Error> {
        let port = uri.port_u16().ok_or(::ureq::Error::HostNotFound)?;
        let mut addresses = self.empty();
        addresses.push((Ipv4Addr::LOCALHOST, port).into());
        Ok(addresses)
    }
}

/// Claims to be TLS, and is not.
#[derive(Debug)]
struct InTheClear;

#[derive(Debug)]
struct Clear<T>(T);

impl<In: Transport> Connector<In> for InTheClear {
    type Out = Clear<In>;

    fn connect(
        &self,
        _: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Clear<In>>, ::ureq::Error> {
        Ok(chained.map(Clear))
    }
}

impl<T: Transport> Transport for Clear<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.0.buffers()
    }

    fn transmit_output(
        &mut self,
        amount: usize,
        timeout: NextTimeout,
    ) -> Result<(), ::ureq::Error> {
        self.0.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ::ureq::Error> {
        self.0.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.0.is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}

const CHAIN: &[(&str, &str)] = &[
    ("http://a.example/", "302\nLocation: /1\nSet-Cookie: n=0"),
    (
        "http://a.example/1",
        "302\nLocation: /2\nSet-Cookie: n=1; Domain=example",
    ),
    ("http://a.example/2", "200\nSet-Cookie: n=2"),
];

#[test]
fn redirects_are_limited_as_configured() {
    let rows = [
        // the limit, whether that is an error, the requests, the status
        (0, true, 1, Some(302)),
        (1, true, 2, None),
        (1, false, 2, Some(302)),
        (2, true, 3, Some(200)),
    ];
    for (limit, is_error, requests, status) in rows {
        let network = Network::start(CHAIN);
        let config = Agent::config_builder().max_redirects(limit);
        let config = config.max_redirects_will_error(is_error).build();
        let request = Request::get(network.to_wire("http://a.example/"));
        let response = agent(config, &SharedJar::default()).run(request.body(()).unwrap());
        assert_eq!(network.seen().len(), requests, "{limit}");
        match response {
            Ok(response) => assert_eq!(Some(response.status().as_u16()), status, "{limit}"),
            Err(error) => {
                assert_eq!(status, None, "{limit} {error}");
                assert!(matches!(error, ::ureq::Error::TooManyRedirects));
            }
        }
    }
}

#[test]
fn the_response_tells_of_each_hop() {
    let network = Network::start(CHAIN);
    let request = Request::get(network.to_wire("http://a.example/"));
    // Of ureq's own history each call of its agent would tell one hop.
    let config = Agent::config_builder().save_redirect_history(true);
    let agent = agent(config.build(), &SharedJar::default());
    let response = agent.run(request.body(()).unwrap()).unwrap();
    assert_eq!(response.get_redirect_history(), None);
    let hops = response.extensions().get::<Hops>().unwrap();
    let told = hops.into_iter().map(|hop| {
        let Ok(received) = &hop.received else {
            panic!("{hop:?}");
        };
        let received = received.iter().map(|received| match &received.result {
            Ok(receipt) => format!("{receipt:?}"),
            Err(rejection) => rejection.name().to_owned(),
        });
        let received: Vec<String> = received.collect();
        (hop.uri.path(), hop.status.as_u16(), received.join(" "))
    });
    let told: Vec<_> = told.collect();
    let expected = [
        ("/", 302, "Stored".to_owned()),
        ("/1", 302, "public-suffix".to_owned()),
        ("/2", 200, "Replaced".to_owned()),
    ];
    assert_eq!(told, expected);
}

#[test]
fn debug_shows_of_a_hop_the_origin_and_the_path() {
    let network = Network::start(&[]);
    let request = Request::get(network.to_wire("http://secret:secret@a.example/path?secret"));
    let agent = agent(Config::default(), &SharedJar::default());
    let response = agent.run(request.body(()).unwrap()).unwrap();
    let shown = format!("{:?}", response.extensions().get::<Hops>().unwrap());
    assert!(
        shown.contains("a.example") && shown.contains("/path") && !shown.contains("secret"),
        "{shown}"
    );
}

#[test]
fn no_body_is_sent_twice() {
    for (method, status, hops) in [
        ("POST", 307, None),
        ("PUT", 308, None),
        ("PATCH", 307, None),
        ("DELETE", 308, None),
        ("GET", 307, Some("GET")),
        ("HEAD", 308, Some("HEAD")),
        ("HEAD", 303, Some("HEAD")),
        ("PUT", 302, Some("GET")),
        ("DELETE", 301, Some("GET")),
    ] {
        let answer = format!("{status}\nLocation: /next\nSet-Cookie: a=1");
        let network = Network::start(&[("http://a.example/", &answer)]);
        let request = Request::builder().method(method);
        let request = request.uri(network.to_wire("http://a.example/"));
        let jar = SharedJar::default();
        let agent = agent(Config::default(), &jar);
        let result = match method {
            "POST" | "PUT" | "PATCH" => agent.run(request.body("body").unwrap()),
            _ => agent.run(request.body(()).unwrap()),
        };
        let next = hops.map(|method| format!("{method} http://a.example/next | a=1"));
        assert_eq!(network.seen().get(1), next.as_ref(), "{method} {status}");
        assert_eq!(jar.len(), 1, "{method} {status}");
        match next {
            Some(_) => assert_eq!(result.unwrap().status(), 200, "{method} {status}"),
            None => assert!(matches!(result, Err(::ureq::Error::RedirectFailed))),
        }
    }
}

#[test]
fn authorization_stays_where_it_is_configured_to() {
    for (auth, fields) in [
        (RedirectAuthHeaders::Never, ""),
        (RedirectAuthHeaders::SameHost, " | Basic eDp5"),
    ] {
        let network = Network::start(&[("http://a.example/", "302\nLocation: /next")]);
        let config = Agent::config_builder().redirect_auth_headers(auth).build();
        let request = Request::get(network.to_wire("http://a.example/"));
        let request = request.header("Authorization", "Basic eDp5").body(());
        agent(config, &SharedJar::default())
            .run(request.unwrap())
            .unwrap();
        let next = format!("GET http://a.example/next{fields}");
        assert_eq!(network.seen()[1], next, "{auth:?}");
    }
}

/// ureq keeps them where the Location is relative, and makes a Basic Authorization of them.
#[test]
fn user_and_password_of_a_url_stay_within_its_origin() {
    for (location, next) in [
        ("/next", "http://a.example/next | Basic eDo7"),
        (
            "http://a.example/next",
            "http://a.example/next | Basic eDo7",
        ),
        ("http://z@a.example/", "http://a.example/ | Basic ejo="),
        ("http://a.example:2/", "http://a.example:2/"),
        ("https://a.example/", "https://a.example/"),
        ("http://b.example/", "http://b.example/"),
    ] {
        let answer = format!("302\nLocation: {location}");
        let network = Network::start(&[("http://a.example/start", &answer)]);
        let request = Request::get(network.to_wire("http://x:;@a.example/start"));
        let agent = agent(Config::default(), &SharedJar::default());
        agent.run(request.body(()).unwrap()).unwrap();
        let hops = [
            "GET http://a.example/start | Basic eDo7".to_owned(),
            format!("GET {next}"),
        ];
        assert_eq!(network.seen(), hops, "{location}");
    }
}

/// Host and Proxy-Authorization of the caller's are for the origin of the first hop.
#[test]
fn what_names_the_origin_stays_there() {
    for (location, next) in [
        ("/next", "http://own.example/next | Basic eDp5"),
        ("http://a.example:2/", "http://a.example:2/"),
        ("https://a.example/", "https://a.example/"),
        ("http://b.example/", "http://b.example/"),
    ] {
        let answer = format!("302\nLocation: {location}");
        let network = Network::start(&[("http://own.example/", &answer)]);
        let request = Request::get(network.to_wire("http://a.example/"));
        let request = request.header("Host", "own.example");
        let request = request.header("Proxy-Authorization", "Basic eDp5").body(());
        let agent = agent(Config::default(), &SharedJar::default());
        agent.run(request.unwrap()).unwrap();
        let hops = [
            "GET http://own.example/ | Basic eDp5".to_owned(),
            format!("GET {next}"),
        ];
        assert_eq!(network.seen(), hops, "{location}");
    }
}

/// The middleware of the agent sees each hop, and here answers it.
#[test]
fn a_hop_without_a_body_has_no_fields_of_one() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let see = Arc::clone(&seen);
    let answer = move |request: Request<SendBody<'_>>, _: MiddlewareNext<'_>| {
        let names = request.headers().keys().map(ToString::to_string);
        let mut names: Vec<String> = names.collect();
        names.sort_unstable();
        let is_last = request.uri().path() == "/next";
        see.lock().unwrap().push(names.join(" "));
        let response = Response::builder().header("Location", "/next");
        let response = response.status(if is_last { 200 } else { 302 });
        Ok(response.body(Body::builder().data(""))?)
    };
    let config = Agent::config_builder().middleware(answer).build();
    let agent = agent(config, &SharedJar::default());
    let mut request = Request::put("http://a.example/");
    for name in [
        "Accept",
        "Content-Encoding",
        "Content-Length",
        "Content-Type",
        "Transfer-Encoding",
    ] {
        request = request.header(name, "1");
    }
    agent.run(request.body("1").unwrap()).unwrap();
    let fields = "accept content-encoding content-length content-type transfer-encoding";
    assert_eq!(*seen.lock().unwrap(), [fields, "accept"]);
}

/// Over how many connections two hops go, where the first answer has a body of this length. The server
/// takes a connection only once the one before is closed: a client that waits for another first, waits
/// for ever.
fn connections(length: usize) -> usize {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let mut connections = 0;
        loop {
            let (stream, _) = listener.accept().unwrap();
            connections += 1;
            // Of a body that is too long for it, the client hangs up on the rest.
            while let Ok(head) = head(&mut BufReader::new(&stream)) {
                let is_last = head[0].starts_with("GET /next ");
                let (status, length) = if is_last { (200, 0) } else { (302, length) };
                let fields = format!("Location: /next\r\nContent-Length: {length}");
                let answer = format!("HTTP/1.1 {status} -\r\n{fields}\r\n\r\n");
                _ = (&stream).write_all((answer + &" ".repeat(length)).as_bytes());
                if is_last {
                    return connections;
                }
            }
        }
    });
    // However slow the machine is, the first connection is not too old for the second hop.
    let config = Agent::config_builder().max_idle_age(Duration::MAX).build();
    let request = Request::get(url).body(()).unwrap();
    let response = agent(config, &SharedJar::default()).run(request).unwrap();
    assert_eq!(response.status(), 200);
    server.join().unwrap()
}

/// What is longer costs more to read than a connection.
#[test]
fn a_redirect_with_a_short_body_keeps_its_connection() {
    for (length, expected) in [(0, 1), (1, 1), (65_535, 1), (65_536, 2), (1_000_000, 2)] {
        assert_eq!(connections(length), expected, "{length}");
    }
}

#[test]
fn what_is_no_redirect_is_the_response() {
    for answer in [
        "304\nLocation: /next",
        "302",
        "302\nLocation: mailto:x@a.example",
        "302\nLocation: http://[",
        "201\nLocation: /next",
    ] {
        let network = Network::start(&[("http://a.example/", answer)]);
        let request = Request::get(network.to_wire("http://a.example/"));
        let agent = agent(Config::default(), &SharedJar::default());
        let response = agent.run(request.body(()).unwrap()).unwrap();
        assert_eq!(response.status().as_str(), &answer[..3]);
        assert_eq!(network.seen().len(), 1, "{answer}");
    }
}

#[test]
fn an_error_status_is_an_error_as_configured() {
    for (status, is_error) in [
        (399, false),
        (400, true),
        (404, true),
        (500, true),
        (599, true),
    ] {
        for as_error in [true, false] {
            let answer = format!("{status}\nSet-Cookie: a=1");
            let network = Network::start(&[("http://a.example/", &answer)]);
            let config = Agent::config_builder().http_status_as_error(as_error);
            let request = Request::get(network.to_wire("http://a.example/"));
            let result =
                agent(config.build(), &SharedJar::default()).run(request.body(()).unwrap());
            match result {
                Ok(response) => assert!(response.status() == status && !(is_error && as_error)),
                Err(::ureq::Error::StatusCode(code)) => {
                    assert!(code == status && is_error && as_error);
                }
                Err(error) => panic!("{status} {error}"),
            }
        }
    }
}
