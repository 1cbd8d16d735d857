//! A proxy on loopback that answers every request itself, and writes down its Cookie field. So every program
//! asks for names and ports as they are in the world, and nothing is resolved.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use url::Url;

/// A URL, and the Cookie field that came with the request for it.
type Seen = (String, Option<Vec<u8>>);

pub(crate) struct Proxy {
    port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Proxy {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        let (list, tls) = (Arc::clone(&seen), tls());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (list, tls) = (Arc::clone(&list), Arc::clone(&tls));
                // A program that hangs up has what it wanted.
                thread::spawn(move || serve(&stream?, tls, &list));
            }
        });
        Self { port, seen }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The Cookie fields of all requests for a URL.
    pub(crate) fn seen(&self, url: &str) -> Vec<Option<Vec<u8>>> {
        let seen = self.seen.lock().unwrap();
        let seen = seen.iter().filter(|(of, _)| of == url);
        seen.map(|(_, field)| field.clone()).collect()
    }
}

/// Answers one request, or the one through the tunnel that is asked for.
fn serve(
    mut stream: &TcpStream,
    tls: Arc<ServerConfig>,
    seen: &Mutex<Vec<Seen>>,
) -> io::Result<()> {
    let target = exchange(&mut stream, "", seen)?;
    let Some(authority) = target else {
        return Ok(());
    };
    let connection = ServerConnection::new(tls).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(connection, stream);
    exchange(&mut stream, &format!("https://{authority}"), seen)?;
    stream.conn.send_close_notify();
    stream.flush()
}

/// Answers a request, and returns the authority of a CONNECT.
fn exchange(
    stream: &mut (impl Read + Write),
    origin: &str,
    seen: &Mutex<Vec<Seen>>,
) -> io::Result<Option<String>> {
    let (target, cookie) = {
        let mut reader = BufReader::new(&mut *stream);
        let first = line(&mut reader)?;
        let first = String::from_utf8_lossy(&first).into_owned();
        let mut words = first.split(' ').map(str::to_owned);
        let target = words.next().zip(words.next());
        let mut cookie: Option<Vec<u8>> = None;
        loop {
            let line = line(&mut reader)?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_at(line.len().min(b"cookie:".len()));
            if name.eq_ignore_ascii_case(b"cookie:") {
                let field = cookie.get_or_insert_default();
                if !field.is_empty() {
                    field.extend_from_slice(b"; ");
                }
                field.extend_from_slice(value.strip_prefix(b" ").unwrap_or(value));
            }
        }
        (target.ok_or(io::ErrorKind::InvalidData)?, cookie)
    };
    let (method, target) = target;
    if method == "CONNECT" {
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
        return Ok(Some(target));
    }
    let url = Url::parse(&format!("{origin}{target}")).map_err(io::Error::other)?;
    seen.lock().unwrap().push((url.into(), cookie));
    stream.write_all(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK",
    )?;
    Ok(None)
}

/// The octets of a line, without its end.
fn line(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    if reader.read_until(b'\n', &mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    while line.ends_with(b"\n") || line.ends_with(b"\r") {
        line.pop();
    }
    Ok(line)
}

/// With a certificate that a program has to take unseen.
fn tls() -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let signed = rcgen::generate_simple_self_signed(["shop.example".to_owned()]).unwrap();
    let key = signed.signing_key.serialize_der().try_into().unwrap();
    let config = ServerConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions().unwrap();
    let certificates = vec![signed.cert.der().clone()];
    let config = config.with_no_client_auth();
    Arc::new(config.with_single_cert(certificates, key).unwrap())
}
