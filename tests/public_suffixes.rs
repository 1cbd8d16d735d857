//! The embedded public suffix list equals the list's own algorithm by brute force, on names made from
//! every rule, and what the crate `publicsuffix` makes of the list's text, on names around every rule
//! and on random ones. The lists that are given at run time answer as it does.

mod model;
#[path = "../data/pack.rs"]
mod pack;

use std::fs;
use std::path::Path;

use hardtack::{PublicSuffixList, PublicSuffixListError};
use model::Suffixes;

const LIST: &str = include_str!("../data/public_suffix_list.dat");
const TABLE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/data/public_suffix_list.packed"
);

#[test]
fn the_table_is_current() {
    let table = pack::pack(LIST);
    assert!(
        fs::read(TABLE).unwrap() == table,
        "write it: cargo test --test public_suffixes -- --ignored write_the_table"
    );
    assert!(table.len() <= 64_000, "{} octets", table.len());
}

#[test]
#[ignore = "writes the table"]
fn write_the_table() {
    fs::write(TABLE, pack::pack(LIST)).unwrap();
}

/// The rules of a list's text.
fn rules(list: &str) -> impl Iterator<Item = &str> {
    let rules = list
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    rules.filter(|rule| !rule.starts_with("//"))
}

/// Each rule of the list, and names at, above and below it.
fn names() -> impl Iterator<Item = String> {
    rules(LIST).flat_map(|rule| {
        let bare = rule.trim_start_matches('!').replace('*', "any");
        let parent = bare.split_once('.').map_or("", |(_, parent)| parent);
        [
            bare.clone(),
            format!("{bare}."),
            format!("x.{bare}"),
            format!("x.y.{bare}"),
            format!("x.y.{bare}."),
            format!(".{bare}"),
            parent.to_owned(),
            format!("x.{parent}"),
        ]
    })
}

#[test]
fn every_rule_is_followed() {
    let list = PublicSuffixList::embedded();
    assert_eq!(format!("{list:?}"), "PublicSuffixList::embedded()");
    let expected = Suffixes::new(LIST);
    let mut compared = 0;
    for name in names() {
        let host = url::Host::parse(&name).map_or(name, |host| host.to_string());
        let host = host.as_bytes();
        let is_public_suffix = list.is_public_suffix(host);
        assert_eq!(
            is_public_suffix,
            expected.is_public_suffix(host),
            "{}",
            host.escape_ascii()
        );
        let registrable = list.registrable_domain(host).map(<[u8]>::to_vec);
        assert_eq!(
            registrable,
            expected.registrable_domain(host),
            "{}",
            host.escape_ascii()
        );
        compared += 1;
    }
    assert!(compared > 80_000, "{compared}");
}

#[test]
fn a_given_list_takes_the_place_of_the_embedded_one() {
    let given = "// ===BEGIN ICANN DOMAINS===\nexample\n*.city.example\n";
    let list = PublicSuffixList::from(given.parse::<publicsuffix::List>().unwrap());
    assert_eq!(format!("{list:?}"), "PublicSuffixList::from(..)");
    let rows: &[(&str, bool, Option<&str>)] = &[
        // host, is it a public suffix, its registrable domain
        ("example", true, None),
        ("shop.example", false, Some("shop.example")),
        ("www.shop.example", false, Some("shop.example")),
        ("a.city.example", true, None),
        ("www.a.city.example", false, Some("www.a.city.example")),
        // The parent of a wildcard rule, by our reading; the list itself does not call it one.
        ("city.example", true, Some("city.example")),
        // Rule `*`: this list does not know co.uk, but no list has to name a top-level label.
        ("co.uk", false, Some("co.uk")),
        ("uk", true, None),
        ("127.0.0.1", false, None),
        ("[::1]", false, None),
        ("", false, None),
        (".", false, None),
    ];
    for (host, is_public_suffix, registrable_domain) in rows {
        assert_eq!(
            list.is_public_suffix(host.as_bytes()),
            *is_public_suffix,
            "{host}"
        );
        let expected = registrable_domain.map(str::as_bytes);
        assert_eq!(list.registrable_domain(host.as_bytes()), expected, "{host}");
    }
}

fn assert_same(one: &PublicSuffixList, other: &PublicSuffixList, name: &[u8]) {
    let is_public_suffix = one.is_public_suffix(name);
    let shown = name.escape_ascii();
    assert_eq!(
        is_public_suffix,
        other.is_public_suffix(name),
        "is_public_suffix {shown}"
    );
    let registrable = one.registrable_domain(name);
    assert_eq!(
        registrable,
        other.registrable_domain(name),
        "registrable_domain {shown}"
    );
}

fn parsed(list: &str) -> PublicSuffixList {
    list.parse::<publicsuffix::List>().unwrap().into()
}

/// A rule, as the list has it and as a host has it, and what is next to it: an octet more, fewer or other
/// at each end of each label, labels more and fewer, each with labels to the left.
fn around(rule: &str) -> impl Iterator<Item = Vec<u8>> {
    let bare = rule.trim_start_matches('!').trim_start_matches("*.");
    let host = url::Host::parse(bare).unwrap().to_string();
    let mut near = Vec::new();
    for name in [bare.as_bytes(), host.as_bytes()] {
        near.push(name.to_vec());
        let dots = (0..name.len()).filter(|at| name[*at] == b'.');
        for at in dots.flat_map(|dot| [dot, dot + 1]).chain([0, name.len()]) {
            let (left, right) = name.split_at(at);
            for more in ["a", "-", ".", "\0"] {
                near.push([left, more.as_bytes(), right].concat());
            }
            near.push(right.to_vec());
            near.push([left, right.get(1..).unwrap_or_default()].concat());
            near.push([&left[..left.len().saturating_sub(1)], right].concat());
            near.push([left, &b"z"[..], right.get(1..).unwrap_or_default()].concat());
        }
    }
    let below = ["", "a.b."];
    near.into_iter()
        .flat_map(move |near| below.map(|left| [left.as_bytes(), &near].concat()))
}

#[test]
fn the_table_answers_as_the_parsed_text() {
    let embedded = PublicSuffixList::embedded();
    let parsed = parsed(LIST);
    let mut compared = 0;
    for name in rules(LIST).flat_map(around) {
        assert_same(&embedded, &parsed, &name);
        compared += 1;
    }
    assert!(compared > 300_000, "{compared}");
}

/// Numbers without a pattern, the same each time.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    /// A name of labels of the list, and of letters and other octets.
    fn name(&mut self, labels: &[&str]) -> Vec<u8> {
        let octets: Vec<u8> = (0..=255).collect();
        let mut name = Vec::new();
        for index in 0..=self.below(6) {
            if index > 0 {
                name.push(b'.');
            }
            match self.below(8) {
                0 => (0..self.below(4)).for_each(|_| name.push(octets[self.below(256)])),
                1 => {
                    let letters = b"abcdefghijklmnopqrstuvwxyz0123456789-";
                    (0..self.below(9)).for_each(|_| name.push(letters[self.below(37)]));
                }
                _ => name.extend_from_slice(labels[self.below(labels.len())].as_bytes()),
            }
        }
        name
    }
}

#[test]
fn random_names_are_looked_up_as_in_the_parsed_text() {
    let labels: Vec<&str> = rules(LIST).flat_map(|rule| rule.split('.')).collect();
    let embedded = PublicSuffixList::embedded();
    let parsed = parsed(LIST);
    let mut random = Random(13);
    let mut suffixes = 0;
    for _ in 0..100_000 {
        let name = random.name(&labels);
        assert_same(&embedded, &parsed, &name);
        suffixes += usize::from(embedded.is_public_suffix(&name));
    }
    // Not all of one kind.
    assert!((10_000..90_000).contains(&suffixes), "{suffixes}");
}

/// The test vectors of the list's project, `tests/test_psl.txt`, which are in the public domain: a host and
/// its registrable domain. Hosts come here canonicalized: so do those with upper-case letters.
const VECTORS: &[(&str, Option<&str>)] = &[
    // Mixed case.
    ("com", None),
    ("example.com", Some("example.com")),
    ("www.example.com", Some("example.com")),
    // Leading dot.
    (".com", None),
    (".example", None),
    (".example.com", None),
    (".example.example", None),
    // Unlisted TLD.
    ("example", None),
    ("example.example", Some("example.example")),
    ("b.example.example", Some("example.example")),
    ("a.b.example.example", Some("example.example")),
    // TLD with only 1 rule.
    ("biz", None),
    ("domain.biz", Some("domain.biz")),
    ("b.domain.biz", Some("domain.biz")),
    ("a.b.domain.biz", Some("domain.biz")),
    // TLD with some 2-level rules.
    ("com", None),
    ("example.com", Some("example.com")),
    ("b.example.com", Some("example.com")),
    ("a.b.example.com", Some("example.com")),
    ("uk.com", None),
    ("example.uk.com", Some("example.uk.com")),
    ("b.example.uk.com", Some("example.uk.com")),
    ("a.b.example.uk.com", Some("example.uk.com")),
    ("test.ac", Some("test.ac")),
    // TLD with only 1 (wildcard) rule.
    ("mm", None),
    ("c.mm", None),
    ("b.c.mm", Some("b.c.mm")),
    ("a.b.c.mm", Some("b.c.mm")),
    // More complex TLD.
    ("jp", None),
    ("test.jp", Some("test.jp")),
    ("www.test.jp", Some("test.jp")),
    ("ac.jp", None),
    ("test.ac.jp", Some("test.ac.jp")),
    ("www.test.ac.jp", Some("test.ac.jp")),
    ("kyoto.jp", None),
    ("test.kyoto.jp", Some("test.kyoto.jp")),
    ("ide.kyoto.jp", None),
    ("b.ide.kyoto.jp", Some("b.ide.kyoto.jp")),
    ("a.b.ide.kyoto.jp", Some("b.ide.kyoto.jp")),
    ("c.kobe.jp", None),
    ("b.c.kobe.jp", Some("b.c.kobe.jp")),
    ("a.b.c.kobe.jp", Some("b.c.kobe.jp")),
    ("city.kobe.jp", Some("city.kobe.jp")),
    ("www.city.kobe.jp", Some("city.kobe.jp")),
    // TLD with a wildcard rule and exceptions.
    ("ck", None),
    ("test.ck", None),
    ("b.test.ck", Some("b.test.ck")),
    ("a.b.test.ck", Some("b.test.ck")),
    ("www.ck", Some("www.ck")),
    ("www.www.ck", Some("www.ck")),
    // US K12.
    ("us", None),
    ("test.us", Some("test.us")),
    ("www.test.us", Some("test.us")),
    ("ak.us", None),
    ("test.ak.us", Some("test.ak.us")),
    ("www.test.ak.us", Some("test.ak.us")),
    ("k12.ak.us", None),
    ("test.k12.ak.us", Some("test.k12.ak.us")),
    ("www.test.k12.ak.us", Some("test.k12.ak.us")),
    // IDN labels.
    ("食狮.com.cn", Some("食狮.com.cn")),
    ("食狮.公司.cn", Some("食狮.公司.cn")),
    ("www.食狮.公司.cn", Some("食狮.公司.cn")),
    ("shishi.公司.cn", Some("shishi.公司.cn")),
    ("公司.cn", None),
    ("食狮.中国", Some("食狮.中国")),
    ("www.食狮.中国", Some("食狮.中国")),
    ("shishi.中国", Some("shishi.中国")),
    ("中国", None),
    // Same as above, but punycoded.
    ("xn--85x722f.com.cn", Some("xn--85x722f.com.cn")),
    (
        "xn--85x722f.xn--55qx5d.cn",
        Some("xn--85x722f.xn--55qx5d.cn"),
    ),
    (
        "www.xn--85x722f.xn--55qx5d.cn",
        Some("xn--85x722f.xn--55qx5d.cn"),
    ),
    ("shishi.xn--55qx5d.cn", Some("shishi.xn--55qx5d.cn")),
    ("xn--55qx5d.cn", None),
    ("xn--85x722f.xn--fiqs8s", Some("xn--85x722f.xn--fiqs8s")),
    ("www.xn--85x722f.xn--fiqs8s", Some("xn--85x722f.xn--fiqs8s")),
    ("shishi.xn--fiqs8s", Some("shishi.xn--fiqs8s")),
    ("xn--fiqs8s", None),
];

#[test]
fn the_vectors_of_the_lists_project_hold() {
    for list in [PublicSuffixList::embedded(), parsed(LIST)] {
        for (host, expected) in VECTORS {
            let registrable = list.registrable_domain(host.as_bytes());
            assert_eq!(registrable, expected.map(str::as_bytes), "{host}");
        }
    }
}

#[test]
fn names_of_many_labels_are_looked_up() {
    let embedded = PublicSuffixList::embedded();
    let parsed = parsed(LIST);
    for suffix in [
        "com",
        "kawasaki.jp",
        "mtls.run.app",
        "xn--55qx5d.cn",
        "intranet",
    ] {
        for labels in [126, 127, 10_000] {
            let name = format!("{}{suffix}", "a.".repeat(labels));
            assert!(!embedded.is_public_suffix(name.as_bytes()), "{suffix}");
            let registrable = embedded.registrable_domain(name.as_bytes());
            assert!(registrable.unwrap().ends_with(suffix.as_bytes()));
            if labels < 1_000 {
                assert_same(&embedded, &parsed, name.as_bytes());
            }
        }
    }
}

/// A list with each kind of rule.
const SMALL: &str = "\
// ===BEGIN ICANN DOMAINS===
example
shop.example
*.city.example
!town.city.example
\u{516c}\u{53f8}.example
*.ck
!www.ck
// ===END ICANN DOMAINS===
// ===BEGIN PRIVATE DOMAINS===
*.run.app
*.mtls.run.app
a.b.c
// ===END PRIVATE DOMAINS===
";
/// What `psl-make-dafsa --output-format=binary` of libpsl 0.21.2 makes of it.
const SMALL_AUTOMATON: &[u8] = b".DAFSA@PSL_0   \n\n\x09\x0b\x07\x12\x05\x08\x05\x08\x91\x1feEl\x1feO\xf8\xa9xn--55qx5\xe4\x9ewww.c\xeb\x92town.city.example\x85shop.example\x84mtls.run.app\x8a\xe3\x02\x82\xeb\x8city.example\x86a.b.c\x88\x01";

#[test]
fn an_automaton_answers_as_its_text() {
    let automaton = PublicSuffixList::from_bytes(SMALL_AUTOMATON).unwrap();
    assert_eq!(format!("{automaton:?}"), "PublicSuffixList::from(..)");
    let text = PublicSuffixList::from_bytes(SMALL.as_bytes()).unwrap();
    let labels: Vec<&str> = rules(SMALL).flat_map(|rule| rule.split('.')).collect();
    let mut random = Random(13);
    let random = (0..100_000).map(|_| random.name(&labels));
    for name in rules(SMALL).flat_map(around).chain(random) {
        assert_same(&automaton, &text, &name);
    }
    let rows: &[(&str, bool, Option<&str>)] = &[
        // host, is it a public suffix, its registrable domain
        ("shop.example", true, None),
        ("a.shop.example", false, Some("a.shop.example")),
        ("a.city.example", true, None),
        ("city.example", true, Some("city.example")),
        ("town.city.example", false, Some("town.city.example")),
        ("xn--55qx5d.example", true, None),
        ("\u{516c}\u{53f8}.example", true, None),
        ("b.mtls.run.app", true, None),
        ("a.mtls.example", false, Some("mtls.example")),
        ("co.uk", false, Some("co.uk")),
    ];
    for (host, is_public_suffix, registrable_domain) in rows {
        let host = host.as_bytes();
        assert_eq!(automaton.is_public_suffix(host), *is_public_suffix);
        let expected = registrable_domain.map(str::as_bytes);
        assert_eq!(automaton.registrable_domain(host), expected);
    }
    // By itself this octet would stand for `a` in the automaton.
    assert!(!automaton.is_public_suffix(b"shop.ex\xa1mple"));
}

#[test]
fn a_broken_automaton_is_looked_up_without_a_panic() {
    let labels: Vec<&str> = rules(SMALL).flat_map(|rule| rule.split('.')).collect();
    let mut random = Random(13);
    let names: Vec<_> = (0..20).map(|_| random.name(&labels)).collect();
    let mut answers = 0;
    let header = 16;
    let mut look_up = |automaton: &[u8]| {
        let list = PublicSuffixList::from_bytes(automaton.to_vec()).unwrap();
        for name in &names {
            answers += usize::from(list.is_public_suffix(name));
        }
    };
    for length in header + 1..SMALL_AUTOMATON.len() {
        look_up(&SMALL_AUTOMATON[..length]);
    }
    for at in header..SMALL_AUTOMATON.len() {
        for octet in 0..=255 {
            let mut automaton = SMALL_AUTOMATON.to_vec();
            automaton[at] = octet;
            look_up(&automaton);
        }
    }
    assert!(answers > 0);
}

#[test]
fn what_is_no_list_is_refused() {
    let rows: &[(&[u8], &str)] = &[
        (b"", "Text(InvalidList)"),
        (b"<!DOCTYPE html>", "Text(InvalidList)"),
        (b"com\nco.uk\n", "Text(InvalidList)"),
        (
            b"// ===BEGIN ICANN DOMAINS===\n\xff\n",
            "Text(ListNotUtf8Encoded)",
        ),
        (
            b"// ===BEGIN ICANN DOMAINS===\na..b\n",
            "Text(EmptyLabel(\"a..b\"))",
        ),
        (b".DAFSA@PSL_1   \n\x81\xe1\x02\x81\x82\x61\x81", "Dafsa"),
        (b".DAFSA@PSL_0   \n", "Dafsa"),
        (b".DAFSA@PSL_", "Dafsa"),
    ];
    for (octets, expected) in rows {
        let error = PublicSuffixList::from_bytes(*octets).unwrap_err();
        assert_eq!(format!("{error:?}"), *expected);
        let message = error.to_string();
        assert!(message.contains("public_suffix_list.dat"), "{message}");
    }
    let version: PublicSuffixListError =
        PublicSuffixList::from_bytes(b".DAFSA@PSL_1   \n").unwrap_err();
    assert_eq!(version, PublicSuffixListError::Dafsa);
}

/// A list that a system keeps, where it does: Debian's package `publicsuffix`.
#[test]
fn the_files_of_a_system_answer_alike() {
    let directory = Path::new("/usr/share/publicsuffix");
    let [text, automaton] = ["public_suffix_list.dat", "public_suffix_list.dafsa"]
        .map(|name| fs::read(directory.join(name)));
    let (Ok(text), Ok(automaton)) = (text, automaton) else {
        eprintln!("no lists in {}: nothing is compared", directory.display());
        return;
    };
    let automaton = PublicSuffixList::from_bytes(automaton).unwrap();
    let list = String::from_utf8(text.clone()).unwrap();
    let text = PublicSuffixList::from_bytes(text).unwrap();
    for rule in rules(&list) {
        let bare = rule.trim_start_matches('!').trim_start_matches("*.");
        for name in [bare.to_owned(), format!("a.{bare}"), format!("a.b.{bare}")] {
            assert_same(&automaton, &text, name.as_bytes());
        }
    }
    for name in rules(&list).flat_map(around).step_by(97) {
        assert_same(&automaton, &text, &name);
    }
}
