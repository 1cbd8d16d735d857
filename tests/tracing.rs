//! What [`hardtack::trace`] writes to a log: refusals are warnings, and no value of a cookie is in it.
#![cfg(feature = "tracing")]

mod common;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use hardtack::SharedJar;
use proptest::prelude::*;
use tracing_subscriber::filter::LevelFilter;

use common::{NOW, cells, url};

/// A log in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Receives these lines, and returns what is logged.
fn log(lines: &[(&str, &[u8])], level: LevelFilter) -> String {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_ansi(false)
        .without_time()
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        let jar = SharedJar::builder()
            .clock(|| NOW)
            .listener(hardtack::trace)
            .build();
        for (from, line) in lines {
            _ = jar.receive(line, &url(from));
        }
    });
    let log = log.0.lock().unwrap();
    String::from_utf8(log.clone()).unwrap()
}

/// From where; the line, each with the value `s3cr3t`; the level; what else the event says.
const EVENTS: &str = r"
    https://shop.example/a?q=1 | sid=s3cr3t; Path=/; HttpOnly  | DEBUG | cookie=sid
    https://shop.example/      | sid=s3cr3t; Path=/; HttpOnly  | DEBUG | attributes=Path=/; HttpOnly
    https://shop.example/      | sid=s3cr3t; Max-Age=0         | DEBUG | cookie=sid
    https://shop.example/a?q=1 | s3cr3t                        | DEBUG | origin=https://shop.example
    https://shop.example/      | =s3cr3t; Secure               | DEBUG | attributes=Secure
    http://shop.example/       | sid=s3cr3t; Secure            | WARN  | rule=secure-over-insecure
    http://shop.example/       | __Secure-sid=s3cr3t; Path=/   | WARN  | cookie=__Secure-sid
    https://shop.example/      | sid=s3cr3t; Domain=example    | WARN  | attributes=Domain=example
    https://shop.example:8443/ | sid=s3cr3t; Domain=b.example  | WARN  | origin=https://shop.example:8443
    https://shop.example/      | __Host-=s3cr3t; Domain=s      | WARN  | rule=
    https://u:s3cr3t@a.example | sid=s3cr3t; Domain=example    | WARN  | origin=https://a.example
    https://shop.example/      | s3cr3t; Domain=b.example      | WARN  | attributes=Domain=b.example
";

#[test]
fn events_say_all_but_the_value() {
    for row in EVENTS.trim().lines() {
        let [from, line, level, says] = cells(row);
        let log = log(&[(from, line.as_bytes())], LevelFilter::TRACE);
        assert_eq!(log.lines().count(), 1, "{row}\n{log}");
        assert!(log.trim_start().starts_with(level), "{row}\n{log}");
        assert!(log.contains(says), "{row}\n{log}");
        assert!(!log.contains("s3cr3t"), "{row}\n{log}");
    }
}

#[test]
fn lines_that_do_not_parse_are_warnings_without_what_they_say() {
    let too_long = [b"sid=s3cr3t".as_slice(), &[b'x'; 5000]].concat();
    for line in [
        b"sid=s3cr3t\x07s3cr3t",
        b"s3cr3t\0; Path=/".as_slice(),
        &too_long,
    ] {
        let log = log(&[("https://shop.example/", line)], LevelFilter::TRACE);
        assert!(log.trim_start().starts_with("WARN"), "{log}");
        assert!(!log.contains("s3cr3t"), "{log}");
    }
}

#[test]
fn at_the_level_of_warnings_only_refusals_are_logged() {
    let lines = EVENTS.trim().lines().map(cells::<4>);
    let lines: Vec<(&str, &[u8])> = lines
        .map(|[from, line, ..]| (from, line.as_bytes()))
        .collect();
    let log = log(&lines, LevelFilter::WARN);
    assert_eq!(
        log.lines().count(),
        EVENTS.matches("| WARN ").count(),
        "{log}"
    );
    assert_eq!(log.matches("refused a cookie").count(), log.lines().count());
}

proptest! {
    /// Whatever stands around it.
    #[test]
    fn no_value_is_logged(
        name in "[^;=\r\n]{0,8}",
        before in "[^;\r\n]{0,8}",
        after in "[^;\r\n]{0,8}",
        attributes in "(; ?(Path=/|Secure|Domain=(example|shop\\.example|b\\.example)|SameSite=None|[^\r\n]{0,8})){0,3}",
        scheme in "https?",
    ) {
        let line = format!("{name}={before}s3cr3t{after}{attributes}");
        let from = format!("{scheme}://shop.example/");
        let log = log(&[(&from, line.as_bytes())], LevelFilter::TRACE);
        prop_assert_eq!(log.lines().count(), 1, "{}", log);
        prop_assert!(!log.contains("s3cr3t"), "{}", log);
    }
}
