//! hardtack alone, with each shape at two sizes. The time of an element is to be the same at both: of
//! shapes whose elements are many, the work is then linear; of those with one element, the size does not
//! matter. The shapes: full jars, large sites, and what somebody would send to make a jar slow.

mod common;

use std::hint::black_box;
use std::time::Duration;

use chrono::TimeDelta;
use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup, BenchmarkId, Criterion, SamplingMode, Throughput};
use hardtack::{CookieJar, Domain, PublicSuffixList, Request, SetCookie};
use url::Url;

use self::common::NOW;
use self::common::jars::{Full, Jar};
use self::common::workloads::{self, Filling, url};

/// A group of shapes.
struct Shapes<'c>(BenchmarkGroup<'c, WallTime>);

impl<'c> Shapes<'c> {
    fn new(criterion: &'c mut Criterion, group: &str) -> Self {
        Self(criterion.benchmark_group(group))
    }

    /// Some of them take long.
    fn slow(criterion: &'c mut Criterion, group: &str) -> Self {
        let mut group = criterion.benchmark_group(group);
        group.sampling_mode(SamplingMode::Flat).sample_size(10);
        Self(group)
    }

    /// An operation at some size.
    fn one<T>(&mut self, shape: &str, size: usize, mut operation: impl FnMut() -> T) {
        self.0.throughput(Throughput::Elements(1));
        let id = BenchmarkId::new(shape, size);
        self.0.bench_function(id, |bencher| {
            bencher.iter(&mut operation);
        });
    }

    /// An operation that has so many elements.
    fn many<T>(&mut self, shape: &str, elements: usize, mut operation: impl FnMut() -> T) {
        self.0.throughput(Throughput::Elements(elements as u64));
        let id = BenchmarkId::new(shape, elements);
        self.0.bench_function(id, |bencher| {
            bencher.iter(&mut operation);
        });
    }

    /// A change that has so many elements, each time of a copy of the jar.
    fn changes(
        &mut self,
        shape: &str,
        elements: usize,
        jar: &CookieJar,
        change: impl Fn(&mut CookieJar),
    ) {
        self.0.throughput(Throughput::Elements(elements as u64));
        let id = BenchmarkId::new(shape, elements);
        self.0.bench_function(id, |bencher| {
            let change = |mut jar: CookieJar| {
                change(&mut jar);
                jar
            };
            bencher.iter_batched(|| jar.clone(), change, BatchSize::PerIteration);
        });
    }

    /// An empty jar receives all these lines, each from its URL.
    fn received(&mut self, shape: &str, lines: &[(&str, &Url)]) {
        self.changes(shape, lines.len(), &CookieJar::empty(), |jar| {
            for (line, page) in lines {
                jar.receive_line(line, page);
            }
        });
    }
}

fn full_jars(criterion: &mut Criterion) {
    type Make = fn(usize) -> Full;
    const FULL: [(&str, Make); 3] = [
        ("into a full jar: each evicts one", Full::in_total),
        ("into a full domain of 180 in a full jar", |size| {
            Full::in_domain(size, 180)
        }),
        ("while another one expires", Full::of_expiring),
    ];
    let mut shapes = Shapes::new(criterion, "receive a cookie");
    for (shape, make) in FULL {
        for size in [3_300, 1_000_000] {
            let mut full = make(size);
            shapes.one(shape, size, || full.receive(1));
            // What has expired is counted until it is removed.
            assert!(full.jar.len() < size + size / 10, "{shape}: it is full");
        }
    }
    for size in [1_000, 100_000] {
        let mut full = Full::in_domain(size, size);
        let shape = "into a full jar of one domain";
        shapes.one(shape, size, || full.receive(1));
    }
}

/// Many cookies of one site, in a jar without limits.
fn large_sites(criterion: &mut Criterion) {
    let mut shapes = Shapes::slow(criterion, "a large site");
    let site = url("shop.example", "/");
    for count in [1_000, 12_500] {
        let line = |index| format!("n{index}=0123456789abcdef; Max-Age=86400; Domain=shop.example");
        let lines: Vec<String> = (0..count).map(line).collect();
        let of_one: Vec<(&str, &Url)> = lines.iter().map(|line| (line.as_str(), &site)).collect();
        shapes.received("insert all of one host", &of_one);

        let host = |index| url(&format!("h{index}.shop.example"), "/");
        let hosts: Vec<Url> = (0..count).map(host).collect();
        let of_each: Vec<(&str, &Url)> = hosts.iter().map(|host| ("sid=1; Secure", host)).collect();
        shapes.received("insert one of each host", &of_each);

        let mut jar = CookieJar::empty();
        for (line, page) in of_one.iter().chain(&of_each) {
            jar.receive_line(line, page);
        }
        let names: Vec<String> = (0..count).map(|index| format!("n{index}")).collect();
        shapes.many("get each of one host", count, || {
            let get = |name: &String| jar.get(Domain::new("shop.example"), name, "/", NOW).len();
            names.iter().map(get).sum::<usize>()
        });
        shapes.changes("remove each of one host", count, &jar, |jar| {
            for name in &names {
                jar.remove(Domain::new("shop.example"), name, "/", NOW);
            }
            assert_eq!(jar.len(), count, "the others remain");
        });
        // 5.7 step 16: would it lie over a secure cookie of a subdomain?
        let plain = Url::parse("http://shop.example/").expect("a URL");
        shapes.one("receive over http, beside secure subdomains", count, || {
            jar.receive(b"n=v; Domain=shop.example", Request::new(&plain), NOW)
        });
    }
}

/// One host with a cookie in each of many partitions.
fn partitions(criterion: &mut Criterion) {
    let mut shapes = Shapes::new(criterion, "many partitions of one host");
    let page = url("widget.example", "/");
    for count in [100, 10_000] {
        let mut jar = CookieJar::empty();
        jar.receive_line("plain=1", &page);
        let top = |index| url(&format!("top{index}.example"), "/");
        let tops: Vec<Url> = (0..count).map(top).collect();
        let within = |top| Request::new(&page).top_level_site(top);
        for top in &tops {
            let received = jar.receive(b"n=v; Secure; Partitioned", within(top), NOW);
            received.expect("partitioned cookies are stored");
        }
        let mut buffer = Vec::new();
        shapes.one("header in one of them", count, || {
            buffer.clear();
            jar.write_cookie_string(within(&tops[count / 2]), NOW, &mut buffer)
        });
        shapes.one("get a cookie that is in none", count, || {
            jar.get(Domain::new("widget.example"), "plain", "/", NOW)
                .len()
        });
    }
}

fn expired_at_once(criterion: &mut Criterion) {
    let mut shapes = Shapes::slow(criterion, "evict the expired");
    for size in [10_000, 100_000] {
        let mut jar = CookieJar::filled(&Filling::new(size));
        shapes.changes("all persistent ones", size, &jar, |jar| {
            jar.evict_expired(NOW + TimeDelta::days(400));
        });
        shapes.one("none", size, || jar.evict_expired(NOW));
    }
}

fn long_lines(criterion: &mut Criterion) {
    let mut shapes = Shapes::new(criterion, "parse a line of so many octets");
    for octets in [100_000, 1_000_000] {
        for (shape, line) in [
            ("value", format!("n={}", "v".repeat(octets))),
            ("spaces", format!("n=v;{};Path=/", " ".repeat(octets))),
            ("semicolons", format!("n=v{}", ";".repeat(octets))),
            ("path", format!("n=v; Path=/{}", "p".repeat(octets))),
            ("digits", format!("n=v; Max-Age={}", "9".repeat(octets))),
            ("date", format!("n=v; Expires={}", "1:".repeat(octets / 2))),
            (
                "attributes",
                format!("n=v{}", "; Path=/p".repeat(octets / 9)),
            ),
        ] {
            shapes.many(shape, octets, || {
                SetCookie::parse(black_box(line.as_bytes())).is_ok()
            });
        }
    }
}

fn many_labels(criterion: &mut Criterion) {
    // Each of the host's parents has a cookie.
    let mut shapes = Shapes::new(criterion, "a host of so many labels");
    let mut buffer = Vec::new();
    for count in [16, 126] {
        let host = vec!["a"; count].join(".");
        let page = url(&host, "/");
        let mut jar = CookieJar::empty();
        for level in 2..=count {
            let domain = &host[2 * (count - level)..];
            jar.receive_line(&format!("n=v; Domain={domain}"), &page);
        }
        shapes.many("header", count, || header(&jar, &page, &mut buffer));
        shapes.many("receive", count, || jar.receive_line("n=w", &page));
    }
    drop(shapes);
    // Where the host is longer than a domain may be, and the jar has other ones.
    let mut shapes = Shapes::new(criterion, "a host of 130 labels");
    let page = url(&["b"; 130].join("."), "/");
    for count in [1_000, 100_000] {
        let mut jar = CookieJar::filled(&Filling::new(count));
        shapes.one("header", count, || header(&jar, &page, &mut buffer));
        shapes.one("receive", count, || jar.receive_line("n=w", &page));
    }
}

fn header(jar: &CookieJar, page: &Url, buffer: &mut Vec<u8>) -> usize {
    buffer.clear();
    jar.write_header(page, buffer);
    buffer.len()
}

/// Paths of 5,000 octets on one host, which differ in the last ones only: default-paths, since an
/// attribute has at most 1,024.
fn long_paths(criterion: &mut Criterion) {
    let mut shapes = Shapes::slow(criterion, "long paths on one host");
    let path = "p".repeat(4_990);
    for count in [1_000, 10_000] {
        let page = |index| url("a.example", &format!("/{path}{index:06}/x"));
        let pages: Vec<Url> = (0..count).map(page).collect();
        let lines: Vec<(&str, &Url)> = pages.iter().map(|page| ("n=v", page)).collect();
        shapes.received("receive all", &lines);
        let mut jar = CookieJar::empty();
        for (line, page) in lines {
            jar.receive_line(line, page);
        }
        let mut buffer = Vec::new();
        shapes.many("header with one of all", count, || {
            header(&jar, &pages[count / 2], &mut buffer)
        });
    }
}

/// Very many hosts, whose names are those that the letters allow, the short ones first.
fn many_hosts(criterion: &mut Criterion) {
    let mut shapes = Shapes::slow(criterion, "many hosts");
    for count in [10_000, 100_000] {
        let page = |index| url(&format!("{}.com", word(index)), "/");
        let pages: Vec<Url> = (0..count).map(page).collect();
        let lines: Vec<(&str, &Url)> = pages.iter().map(|page| ("n=v", page)).collect();
        shapes.received("receive one of each", &lines);
    }
}

/// `a` to `z`, then `aa`, `ba` and so on.
fn word(mut index: usize) -> String {
    let mut word = String::new();
    loop {
        word.push(char::from(b"abcdefghijklmnopqrstuvwxyz"[index % 26]));
        index /= 26;
        if index == 0 {
            return word;
        }
        index -= 1;
    }
}

/// Names on one host that look alike: to a comparison, which has to read 4,000 octets, and to a hash
/// that multiplies by 31, where `Aa` and `BB` are the same.
fn alike_names(criterion: &mut Criterion) {
    let mut shapes = Shapes::slow(criterion, "names that look alike");
    let page = url("a.example", "/");
    let start = "n".repeat(4_000);
    let bit = |index: usize, bit: usize| ["Aa", "BB"][index >> bit & 1];
    let pairs = |index: usize| -> String { (0..14).map(|at| bit(index, at)).collect() };
    let long = |index: usize| format!("{start}{index:06}=v");
    let colliding = |index: usize| format!("{}=v", pairs(index));
    for count in [1_000, 10_000] {
        let names: [(&str, Vec<String>); 2] = [
            ("with a common start", (0..count).map(long).collect()),
            ("of pairs that collide", (0..count).map(colliding).collect()),
        ];
        for (shape, lines) in &names {
            let lines: Vec<(&str, &Url)> = lines.iter().map(|line| (&line[..], &page)).collect();
            shapes.received(shape, &lines);
        }
    }
}

/// A request with a Cookie field of its own, and a jar with as many cookies for it.
#[cfg(feature = "http")]
fn own_cookie_field(criterion: &mut Criterion) {
    use hardtack::SharedJar;
    use hardtack::client::{CookieFields, attach};
    use http::header::{COOKIE, HeaderMap, HeaderValue};

    let mut shapes = Shapes::new(criterion, "attach to a request");
    let page = url("a.example", "/");
    for count in [1_000, 10_000] {
        let jar = SharedJar::new(common::jars::unlimited());
        for index in 0..count {
            let line = format!("jar{index}=v");
            let received = jar.receive(line.as_bytes(), Request::new(&page));
            received.expect("a plain line is stored");
        }
        let own: Vec<String> = (0..count).map(|index| format!("own{index}=v")).collect();
        let own = HeaderValue::from_str(&own.join("; ")).expect("plain pairs");
        shapes.many("with as many cookies of its own", count, || {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, own.clone());
            attach(&jar, &page, CookieFields::One, &mut headers);
            headers
        });
    }
}

/// The public suffix list: looked up for every new domain.
fn suffixes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("the public suffix list");
    let list = PublicSuffixList::embedded();
    let domains: Vec<String> = (0..1_000).map(workloads::domain).collect();
    let mut next = domains.iter().cycle();
    group.bench_function("look a domain up", |bencher| {
        bencher.iter(|| Some(list.is_public_suffix(next.next()?.as_bytes())));
    });
}

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1))
        .sample_size(20)
        .configure_from_args();
    full_jars(&mut criterion);
    large_sites(&mut criterion);
    partitions(&mut criterion);
    expired_at_once(&mut criterion);
    long_lines(&mut criterion);
    many_labels(&mut criterion);
    long_paths(&mut criterion);
    many_hosts(&mut criterion);
    alike_names(&mut criterion);
    #[cfg(feature = "http")]
    own_cookie_field(&mut criterion);
    suffixes(&mut criterion);
    criterion.final_summary();
}
