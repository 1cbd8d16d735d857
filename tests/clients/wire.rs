//! A network on loopback whose servers follow a script and write down what they are asked.
//!
//! A scenario says `http://a.example/`, `http://a.example:2/` (another port) or `https://a.example/`.
//! Each of the three is a listener of its own. Every name is resolved to loopback, and https may be
//! spoken in the clear: what counts is what a client decides by the URL.

use std::io::{self, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;

use hardtack::{Policy, Request, SharedJar};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use url::Url;

/// A client, as the scenarios drive it.
pub(crate) trait Client {
    /// Makes a request and follows its redirects, with this jar. Every name is that of 127.0.0.1, and
    /// https need not be encrypted. With a proxy, all requests go through tunnels of it.
    fn call(
        &self,
        jar: &SharedJar,
        request: http::Request<&'static str>,
        proxy: Option<SocketAddr>,
    ) -> Result<u16, Box<dyn std::error::Error>>;
}

/// What is in the jar, what is asked for, how the servers answer, and what they must have seen.
#[derive(Default)]
pub(crate) struct Scenario<'a> {
    /// URL and Set-Cookie line.
    pub(crate) jar: &'a [(&'a str, &'a str)],
    /// The caller's request: method and URL.
    pub(crate) start: &'a str,
    /// The caller's own header fields.
    pub(crate) own: &'a [(&'a str, &'a str)],
    /// URL and answer: a status, and after a line break each a field. An empty line ends a 100-level
    /// answer, after which the next one follows. What is not listed is answered with 200.
    pub(crate) answers: &'a [(&'a str, &'a str)],
    /// True if the requests go through a proxy.
    pub(crate) proxy: bool,
    /// The hops: `GET URL`, and after ` | ` each the Cookie fields, the Authorization and the
    /// Proxy-Authorization.
    pub(crate) hops: &'a [&'a str],
    /// `name=value domain` of each cookie at the end, in the order of creation.
    pub(crate) kept: &'a [&'a str],
}

impl Scenario<'_> {
    pub(crate) fn run(self, client: &impl Client) {
        let network = Network::start(self.answers);
        let mut policy = Policy::default();
        policy.trust_localhost = false;
        let jar = SharedJar::new(policy);
        for (from, line) in self.jar {
            let url = Url::parse(from).unwrap();
            jar.receive(line.as_bytes(), Request::new(&url)).unwrap();
        }
        let (method, url) = self.start.split_once(' ').unwrap();
        let request = http::Request::builder().method(method);
        let request = request.uri(network.to_wire(url));
        let own = self.own.iter();
        let request = own.fold(request, |request, (name, value)| {
            request.header(*name, *value)
        });
        let body = if method == "GET" { "" } else { "body" };
        let proxy = self.proxy.then(|| network.addresses[0].1);
        let answer = client.call(&jar, request.body(body).unwrap(), proxy);

        assert_eq!(network.seen(), self.hops, "the call: {answer:?}");
        let kept: Vec<String> = jar.to_vec().iter().map(described).collect();
        assert_eq!(kept, self.kept);
    }
}

fn described(cookie: &hardtack::Cookie) -> String {
    let [name, value, domain] =
        [cookie.name(), cookie.value(), cookie.domain()].map(|octets| octets.escape_ascii());
    format!("{name}={value} {domain}")
}

/// The three listeners.
#[derive(Clone)]
pub(crate) struct Network {
    /// The scheme and the port of a scenario's URL, and the listener's address.
    addresses: Arc<Vec<(Origin, SocketAddr)>>,
    answers: Arc<Vec<(String, String)>>,
    seen: Arc<Mutex<Vec<String>>>,
}

/// What stands before and after the host.
type Origin = (&'static str, &'static str);

const ORIGINS: [Origin; 3] = [("http://", ""), ("http://", ":2"), ("https://", "")];

impl Network {
    pub(crate) fn start(answers: &[(&str, &str)]) -> Self {
        let listeners = ORIGINS.map(|origin| {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            (origin, listener)
        });
        let addresses = listeners.iter();
        let addresses =
            addresses.map(|(origin, listener)| (*origin, listener.local_addr().unwrap()));
        let answers = answers
            .iter()
            .map(|(url, answer)| ((*url).to_owned(), (*answer).to_owned()));
        let network = Self {
            addresses: Arc::new(addresses.collect()),
            answers: Arc::new(answers.collect()),
            seen: Arc::default(),
        };
        for (origin, listener) in listeners {
            let network = network.clone();
            thread::spawn(move || {
                for stream in listener.incoming() {
                    let network = network.clone();
                    // A client that hangs up has what it wanted.
                    thread::spawn(move || network.serve(origin, &stream?));
                }
            });
        }
        network
    }

    /// `http://a.example:2/x` to `http://a.example:40123/x`.
    pub(crate) fn to_wire(&self, url: &str) -> String {
        let parts = url.split_once("://").map(|(scheme, rest)| {
            let end = rest.find(['/', '?']).unwrap_or(rest.len());
            (scheme, rest.split_at(end))
        });
        let Some((scheme, (authority, path))) = parts else {
            return url.to_owned();
        };
        let (host, port) = match authority.strip_suffix(":2") {
            Some(host) => (host, ":2"),
            None => (authority, ""),
        };
        let origin = (&*format!("{scheme}://"), port);
        let listener = self.addresses.iter().find(|(of, _)| *of == origin);
        let (_, address) = listener.unwrap();
        format!("{scheme}://{host}:{}{path}", address.port())
    }

    /// Answers the requests of one connection: one, or the CONNECT and the one through the tunnel.
    fn serve(&self, mut origin: Origin, mut stream: &TcpStream) -> io::Result<()> {
        let mut first = [0];
        stream.peek(&mut first)?;
        while first != TLS_HANDSHAKE {
            if !self.exchange(&mut origin, &mut stream)? {
                return Ok(());
            }
            stream.peek(&mut first)?;
        }
        let connection = ServerConnection::new(tls()).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(connection, stream);
        self.exchange(&mut origin, &mut stream)?;
        stream.conn.send_close_notify();
        stream.flush()
    }

    /// Answers a request, and tells whether it was a CONNECT, after which another one comes.
    fn exchange(&self, origin: &mut Origin, stream: &mut (impl Read + Write)) -> io::Result<bool> {
        let mut reader = BufReader::new(&mut *stream);
        let head = head(&mut reader)?;
        let mut words = head[0].split(' ');
        let (method, target) = (words.next().unwrap(), words.next().unwrap());
        let field = |name: &'static str| {
            head.iter().filter_map(move |line| {
                let (of, value) = line.split_once(": ")?;
                of.eq_ignore_ascii_case(name).then_some(value)
            })
        };
        let credentials = field("cookie").chain(field("authorization"));
        let credentials = credentials.chain(field("proxy-authorization"));
        let credentials: Vec<&str> = std::iter::once("").chain(credentials).collect();
        let credentials = credentials.join(" | ");
        if method == "CONNECT" {
            let (host, port) = target.rsplit_once(':').unwrap();
            let of = |address: &SocketAddr| address.port().to_string() == port;
            *origin = self.addresses.iter().find(|(_, to)| of(to)).unwrap().0;
            self.saw(format!("CONNECT {host}{credentials}"));
            stream.write_all(b"HTTP/1.1 200 OK\r\nSet-Cookie: proxy=1\r\n\r\n")?;
            return Ok(true);
        }
        let length = field("content-length")
            .next()
            .map(|value| value.parse().unwrap());
        io::copy(&mut reader.take(length.unwrap_or(0)), &mut io::sink())?;
        let host = field("host").next().unwrap();
        let host = host.split(':').next().unwrap();
        let url = format!("{}{host}{}{target}", origin.0, origin.1);
        self.saw(format!("{method} {url}{credentials}"));
        stream.write_all(self.answer(&url).as_bytes())?;
        Ok(false)
    }

    /// The hops that the servers have seen.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    fn saw(&self, hop: String) {
        self.seen.lock().unwrap().push(hop);
    }

    fn answer(&self, url: &str) -> String {
        let mut answers = self.answers.iter();
        let answer = answers
            .find(|(of, _)| of == url)
            .map_or("200", |(_, answer)| answer);
        let mut lines = Vec::new();
        for part in answer.split("\n\n") {
            let mut part = part.split('\n');
            lines.push(String::new());
            lines.push(format!("HTTP/1.1 {} -", part.next().unwrap()));
            lines.extend(part.map(|line| match line.strip_prefix("Location: ") {
                Some(url) => format!("Location: {}", self.to_wire(url)),
                None => line.to_owned(),
            }));
        }
        let end = "Connection: close\r\nContent-Length: 0\r\n\r\n";
        format!("{}\r\n{end}", lines[1..].join("\r\n"))
    }
}

/// The lines of a request up to the empty one.
pub(crate) fn head(reader: &mut impl io::BufRead) -> io::Result<Vec<String>> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim_end() {
            "" if lines.is_empty() => return Err(io::ErrorKind::UnexpectedEof.into()),
            "" => return Ok(lines),
            line => lines.push(line.to_owned()),
        }
    }
}

/// What a TLS connection begins with.
const TLS_HANDSHAKE: [u8; 1] = [0x16];

/// With a certificate that a client has to take unseen.
fn tls() -> Arc<ServerConfig> {
    static TLS: OnceLock<Arc<ServerConfig>> = OnceLock::new();
    let config = TLS.get_or_init(|| {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let signed = rcgen::generate_simple_self_signed(["a.example".to_owned()]).unwrap();
        let key = signed.signing_key.serialize_der().try_into().unwrap();
        let config = ServerConfig::builder_with_provider(provider);
        let config = config.with_safe_default_protocol_versions().unwrap();
        let config = config.with_no_client_auth();
        let certificates = vec![signed.cert.der().clone()];
        Arc::new(config.with_single_cert(certificates, key).unwrap())
    });
    Arc::clone(config)
}
