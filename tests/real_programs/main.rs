//! Real programs read what hardtack writes: each loads a file and asks for URLs, and the Cookie field that arrives
//! is the one that hardtack's jar gives. Where it is known to be another one, [`DIFFERENCES`] says why.
//!
//! Where a program is missing the test says that it is skipped, and with `CI` set it fails. What has to be
//! installed from `PyPI` and npm is installed by `tests/real_programs/install`.
#![cfg(all(feature = "json", unix))]

mod programs;
mod proxy;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hardtack::formats::{self, Format, WriteOptions};
use hardtack::{Cookie, CookieJar, Destination, Policy, Request, Timestamp};
use url::Url;

use programs::Program;
use proxy::Proxy;

/// When the file is written: in 2019.
const WRITTEN: Timestamp = Timestamp::from_secs(1_546_300_800);

/// For what the jar predicts: in 2090. Between the two something expired and nothing else will, so that it does not
/// matter when the programs run.
const ASKED: Timestamp = Timestamp::from_secs(3_786_912_000);

/// URLs, and the Set-Cookie lines that come from them. `E` stands for `Expires=` in 2099.
const LINES: &[&str] = &[
    "https://shop.example/ session=1; Path=/",
    "https://shop.example/ domain-session=2; Path=/; Domain=shop.example",
    "https://shop.example/ host=3; Path=/; E",
    "https://shop.example/ domain=4; Path=/; Domain=shop.example; E",
    "https://shop.example/ twin=host; Path=/; E",
    "https://shop.example/ twin=domain; Path=/; Domain=shop.example; E",
    "https://shop.example/ old=5; Path=/; Expires=Wed, 01 Jan 2020 00:00:00 GMT",
    "https://shop.example/ http-only=6; Path=/; HttpOnly; E",
    "https://shop.example/ secure=7; Path=/; Secure; E",
    "https://shop.example/ deep=8; Path=/a; E",
    "https://shop.example/ slash=9; Path=/a/; E",
    "https://shop.example/ deeper=10; Path=/a/b; E",
    "https://shop.example/ strict=11; Path=/; SameSite=Strict; E",
    "https://shop.example/ lax=12; Path=/; SameSite=Lax; E",
    "https://shop.example/ none=13; Path=/; SameSite=None; Secure; E",
    "https://shop.example/ __Host-id=14; Path=/; Secure; E",
    "https://shop.example/ __Secure-id=15; Path=/; Secure; Domain=shop.example; E",
    "https://shop.example/ part=16; Path=/; Secure; Partitioned; E",
    "https://shop.example/ nameless; Path=/; E",
    "https://shop.example/ empty=; Path=/; E",
    "https://shop.example/ equals=a=b==; Path=/; E",
    "https://shop.example/ quotes=\"a b\"; Path=/; E",
    "https://shop.example/ quote=a\"b; Path=/; E",
    "https://shop.example/ backslash=a\\b; Path=/; E",
    "https://shop.example/ comma=a,b; Path=/; E",
    "https://shop.example/ space=a b; Path=/; E",
    "https://shop.example/ percent=%41+%; Path=/; E",
    "https://shop.example/ json={\"a\":[1]}; Path=/; E",
    "https://shop.example/ #hash=17; Path=/; E",
    "https://shop.example/ $dollar=18; Path=/; E",
    "https://shop.example/ umlaut=\u{fc}; Path=/; E",
    "https://www.shop.example/ www=19; Path=/; E",
    "https://www.shop.example/ up=20; Path=/; Domain=shop.example; E",
    "http://other.example/ other=21; Path=/; E",
    "http://localhost/ local=22; Path=/; E",
    "http://localhost/ local-secure=23; Path=/; Secure; E",
    "http://127.0.0.1/ address=24; Path=/; E",
    "http://[2001:db8::1]/ six=25; Path=/; E",
    "http://xn--mnchen-3ya.example/ idn=26; Path=/; E",
];

const URLS: [&str; 16] = [
    "http://shop.example/",
    "https://shop.example/",
    "https://shop.example/a",
    "https://shop.example/a/",
    "https://shop.example/a/b/c",
    "http://shop.example/ab",
    "http://www.shop.example/",
    "https://www.shop.example/a/b",
    "https://deep.www.shop.example/",
    "http://myshop.example/",
    "http://other.example/",
    "http://www.other.example/",
    "http://localhost/",
    "http://127.0.0.1/",
    "http://[2001:db8::1]/",
    "http://xn--mnchen-3ya.example/",
];

/// Lines with which programs do nothing at all: they take no file in which such a cookie is, or make no request that
/// would have it.
const STOPS: &[(&[u8], &[Program])] = &[
    // Python reads files as UTF-8.
    (
        b"http://shop.example/ octets=\xE9; Path=/; E",
        &[Program::MozillaCookieJar, Program::YtDlp],
    ),
    // Python sends fields as latin-1.
    (
        "http://shop.example/ cookie=\u{1F36A}; Path=/; E".as_bytes(),
        COOKIEJARS,
    ),
];

/// What programs are known to send differently.
struct Difference {
    of: &'static [Program],
    /// The file that they read, where that matters.
    file: Option<File>,
    effects: &'static [Effect],
    why: &'static str,
}

/// What becomes of a pair.
#[derive(Debug, Clone, Copy)]
enum Effect {
    /// It is not sent, wherever the jar sends it.
    NotSent(&'static str),
    /// Host-only cookies are sent to subdomains, too.
    SentToSubdomains,
    /// It is sent to this URL, too.
    AlsoSent(&'static str, &'static str),
    /// It is sent as the second.
    SentAs(&'static str, &'static str),
}

/// A file that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct File {
    format: Format,
    /// Whether there may be `#HttpOnly_` in it.
    http_only_prefix: bool,
}

/// What is sent by Python's http.cookiejar, in whosever hands.
const COOKIEJARS: &[Program] = &[
    Program::MozillaCookieJar,
    Program::LwpCookieJar,
    Program::YtDlp,
    Program::Httpie,
];

const DIFFERENCES: &[Difference] = &[
    Difference {
        of: COOKIEJARS,
        file: None,
        effects: &[Effect::SentToSubdomains],
        why: "http.cookiejar sends host-only cookies to subdomains, those that it was sent too, unless it is given a policy with DomainStrictNonDomain",
    },
    Difference {
        of: COOKIEJARS,
        file: None,
        effects: &[
            Effect::NotSent("local=22"),
            Effect::NotSent("local-secure=23"),
            Effect::NotSent("six=25"),
        ],
        why: "http.cookiejar appends `.local` to a host without a dot, as which it takes an IPv6 address too",
    },
    Difference {
        of: COOKIEJARS,
        file: None,
        effects: &[Effect::SentAs(r"umlaut=\xc3\xbc", r"umlaut=\xfc")],
        why: "http.cookiejar reads its files as text, and sends that in latin-1",
    },
    Difference {
        of: &[Program::MozillaCookieJar],
        file: None,
        effects: &[
            Effect::NotSent("session=1"),
            Effect::NotSent("domain-session=2"),
        ],
        why: "it takes the 0 of a session cookie for 1970: its own word is an empty field, which curl and wget do not read",
    },
    Difference {
        of: &[Program::Curl],
        file: None,
        effects: &[Effect::AlsoSent("slash=9", "https://shop.example/a")],
        why: "it cuts off the last slash of a path",
    },
    Difference {
        of: &[Program::Wget],
        file: None,
        effects: &[
            Effect::NotSent("twin=host"),
            Effect::AlsoSent("deep=8", "http://shop.example/ab"),
        ],
        why: "it has one cookie of a name, domain and path, host-only or not, and compares paths octet by octet",
    },
    Difference {
        of: &[Program::Wget],
        file: Some(File {
            format: Format::Netscape,
            http_only_prefix: true,
        }),
        effects: &[Effect::NotSent("http-only=6")],
        why: "it takes the lines with `#HttpOnly_` for comments",
    },
    Difference {
        of: &[Program::Wget, Program::Aiohttp],
        file: None,
        effects: &[Effect::NotSent("local-secure=23")],
        why: "they trust no host over http, nor localhost",
    },
    Difference {
        of: &[Program::Aiohttp],
        file: None,
        effects: &[Effect::NotSent("address=24"), Effect::NotSent("six=25")],
        why: "it takes no cookies of addresses, unless its jar is made with `unsafe`",
    },
    Difference {
        of: &[Program::Aiohttp],
        file: None,
        effects: &[
            Effect::SentAs("empty=", r#"empty=\"\""#),
            Effect::SentAs("equals=a=b==", r#"equals=\"a=b==\""#),
            Effect::SentAs(r#"quote=a\"b"#, r#"quote=\"a\\\"b\""#),
            Effect::SentAs(r"backslash=a\\b", r#"backslash=\"a\\\\b\""#),
            Effect::SentAs("comma=a,b", r#"comma=\"a\\054b\""#),
            Effect::SentAs("space=a b", r#"space=\"a b\""#),
            Effect::SentAs(r#"json={\"a\":[1]}"#, r#"json=\"{\\\"a\\\":[1]}\""#),
            Effect::SentAs(r"umlaut=\xc3\xbc", r#"umlaut=\"\\374\""#),
        ],
        why: "it puts quotes around what is no token, also what it was sent without, unless its jar is made without `quote_cookie`",
    },
];

#[test]
fn curl() {
    check(Program::Curl);
}

#[test]
fn wget() {
    check(Program::Wget);
}

#[test]
fn mozilla_cookie_jar() {
    check(Program::MozillaCookieJar);
}

#[test]
fn lwp_cookie_jar() {
    check(Program::LwpCookieJar);
}

#[test]
fn yt_dlp() {
    check(Program::YtDlp);
}

#[test]
fn httpie() {
    check(Program::Httpie);
}

#[test]
fn aiohttp() {
    check(Program::Aiohttp);
}

#[test]
fn tough_cookie() {
    check(Program::ToughCookie);
}

#[test]
fn chromium() {
    check(Program::Chromium);
}

fn check(program: Program) {
    if !program.is_there() {
        return;
    }
    let mut wrong = String::new();
    for &format in program.formats() {
        for http_only_prefix in [true, false] {
            let file = File {
                format,
                http_only_prefix,
            };
            if http_only_prefix || format == Format::Netscape {
                wrong += &differs(program, file);
                wrong += &stops(program, file);
            }
        }
    }
    assert!(wrong.is_empty(), "{program:?}\n{wrong}");
}

/// Each of the lines that stops a program and should not, or the other way round.
fn stops(program: Program, file: File) -> String {
    let mut wrong = String::new();
    for (line, stopped) in STOPS {
        let mut jar = jar([*line]);
        let path = path(program, file);
        fs::write(&path, written(&mut jar, file)).unwrap();
        let proxy = Proxy::start();
        let url = "http://shop.example/";
        program.ask(file.format, &path, &proxy.url(), &[url]);
        let is_stopped = proxy.seen(url).is_empty();
        if !jar.is_empty() && is_stopped != stopped.contains(&program) {
            let line = line.escape_ascii();
            _ = writeln!(wrong, "{file:?}: {line} stops it: {is_stopped}");
        }
    }
    wrong
}

fn path(program: Program, file: File) -> PathBuf {
    let name = format!("{program:?}-{}-{}", file.format, file.http_only_prefix);
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// What a program does otherwise than it should.
fn differs(program: Program, file: File) -> String {
    let path = path(program, file);
    let mut jar = jar(LINES.iter().map(|line| line.as_bytes()));
    fs::write(&path, written(&mut jar, file)).unwrap();

    let proxy = Proxy::start();
    let output = program.ask(file.format, &path, &proxy.url(), &URLS);
    let mut effects = effects(program, file);
    let mut wrong = String::new();
    for url in URLS {
        let mut expected = predicted(&jar, url, program == Program::Chromium);
        for (effect, is_seen, _) in &mut effects {
            *is_seen |= effect.apply(&jar, url, &mut expected);
        }
        let seen = proxy.seen(url);
        if seen.is_empty() {
            let said = String::from_utf8_lossy(&output.stderr);
            let status = output.status;
            return format!("{file:?}: it did not ask for {url}: {status}\n{said}");
        }
        for field in seen {
            let mut sent = pairs(field.as_deref());
            let mut expected = expected.clone();
            if !program.keeps_order() {
                sent.sort();
                expected.sort();
            }
            if sent != expected {
                _ = writeln!(
                    wrong,
                    "{file:?}: {url}\n  {sent:?}\n  and not\n  {expected:?}"
                );
                for pair in &expected {
                    if !sent.contains(pair) {
                        _ = writeln!(wrong, "    - {pair}");
                    }
                }
                for pair in &sent {
                    if !expected.contains(pair) {
                        _ = writeln!(wrong, "    + {pair}");
                    }
                }
            }
        }
    }
    for (effect, is_seen, why) in effects {
        if !is_seen {
            _ = writeln!(wrong, "{file:?}: no difference: {effect:?}, {why}");
        }
    }
    wrong
}

fn jar<'l>(lines: impl IntoIterator<Item = &'l [u8]>) -> CookieJar {
    let century = Duration::from_secs(100 * 366 * 24 * 60 * 60);
    let mut jar = CookieJar::new(Policy::default().with_lifetime_limit(century));
    for (number, line) in (0..).zip(lines) {
        let space = line.iter().position(|octet| *octet == b' ').unwrap();
        let url = Url::parse(std::str::from_utf8(&line[..space]).unwrap()).unwrap();
        let line = &line[space + 1..];
        let line = match line.strip_suffix(b"; E") {
            Some(line) => [line, b"; Expires=Thu, 01 Jan 2099 00:00:00 GMT"].concat(),
            None => line.to_vec(),
        };
        let now = Timestamp::from_micros(WRITTEN.as_micros() + number);
        let request = Request::new(&url).top_level_site(&url);
        jar.receive(line, request, now).unwrap();
    }
    jar
}

/// The file. What is left out of it is taken out of the jar.
fn written(jar: &mut CookieJar, file: File) -> Vec<u8> {
    let now = Timestamp::from_secs(WRITTEN.as_secs() + 1);
    let cookies: Vec<Cookie> = jar.iter(now).cloned().collect();
    let options = WriteOptions::default().http_only_prefix(file.http_only_prefix);
    let written = formats::write(file.format, &cookies, &options).unwrap();
    let pair = |cookie: &Cookie| (cookie.name().to_vec(), cookie.value().to_vec());
    let left_out = written.lost.iter().filter(|lost| lost.left_out);
    let left_out: Vec<_> = left_out.map(|lost| pair(&cookies[lost.index])).collect();
    jar.retain(|cookie| !left_out.contains(&pair(cookie)));
    written.octets
}

/// What the jar sends.
fn predicted(jar: &CookieJar, url: &str, is_browser: bool) -> Vec<String> {
    let url = Url::parse(url).unwrap();
    let request = Request::new(&url);
    let request = if is_browser {
        let request = request.top_level_site(&url).site_for_cookies(&url);
        request.destination(Destination::TopLevel)
    } else {
        request
    };
    pairs(jar.cookie_string(request, ASKED).as_deref())
}

fn pairs(field: Option<&[u8]>) -> Vec<String> {
    let field = field.map(|field| field.escape_ascii().to_string());
    let pairs = field.iter().flat_map(|field| field.split("; "));
    pairs.map(str::to_owned).collect()
}

/// The URL with each of the hosts whose subdomain its own is.
fn hosts_above(url: &str) -> Vec<String> {
    let url = Url::parse(url).unwrap();
    let Some(mut host) = url.domain() else {
        return Vec::new();
    };
    let mut above = Vec::new();
    while let Some((_, parent)) = host.split_once('.') {
        let mut url = url.clone();
        url.set_host(Some(parent)).unwrap();
        above.push(url.into());
        host = parent;
    }
    above
}

/// Each effect of the rows for a program and a file, whether it was seen, and the reason.
fn effects(program: Program, file: File) -> Vec<(Effect, bool, &'static str)> {
    let rows = DIFFERENCES.iter();
    let rows = rows.filter(|row| row.of.contains(&program) && row.file.is_none_or(|of| of == file));
    rows.flat_map(|row| row.effects.iter().map(|effect| (*effect, false, row.why)))
        .collect()
}

impl Effect {
    /// Changes what is expected at a URL, and tells whether it did.
    fn apply(self, jar: &CookieJar, url: &str, expected: &mut Vec<String>) -> bool {
        let (pair, other) = match self {
            Self::SentToSubdomains => {
                let before = expected.len();
                for above in hosts_above(url) {
                    let more = predicted(jar, &above, false).into_iter();
                    let more: Vec<String> = more.filter(|pair| !expected.contains(pair)).collect();
                    expected.extend(more);
                }
                return expected.len() > before;
            }
            Self::NotSent(pair) => (pair, None),
            Self::SentAs(pair, other) => (pair, Some(other)),
            Self::AlsoSent(pair, at) => {
                let is_more = at == url && !expected.iter().any(|expected| expected == pair);
                expected.extend(is_more.then(|| pair.to_owned()));
                return is_more;
            }
        };
        let Some(index) = expected.iter().position(|expected| expected == pair) else {
            return false;
        };
        match other {
            Some(other) => other.clone_into(&mut expected[index]),
            None => _ = expected.remove(index),
        }
        true
    }
}
