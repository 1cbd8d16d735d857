//! The dialects of browsers, against recordings of these browsers: the cases beside the project, through the
//! library.

#[path = "../src/bin/hardtack/plain.rs"]
mod plain;
#[path = "../src/bin/hardtack/time.rs"]
#[allow(dead_code)]
mod time;

#[path = "../src/bin/hardtack/json.rs"]
#[allow(dead_code)]
mod json;
#[path = "../src/bin/hardtack/replay.rs"]
#[allow(dead_code)]
mod replay;

mod steps;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use hardtack::{
    BrowserFacts, Cookie, CookieBuilder, CookieJar, Destination, Deviation, Dialect, PageRequest,
    Policy, Receipt, Rejection, Request, RequestContext, SetCookie, SharedJar, Timestamp,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;
use url::Url;

use replay::Replay;

const FOLDER: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../shared/conformance/dialects"
);

/// The classes of cases that are documented as not done.
const NOT_DONE: &[&str] = &["ff-expired-blocks"];

/// The recordings of a dialect.
struct Recordings {
    dialect: Dialect,
    cases: Vec<Value>,
}

impl Recordings {
    /// Those that are done.
    fn done(&self) -> impl Iterator<Item = &Value> {
        let is_done = |case: &&Value| !NOT_DONE.contains(&case["why"].as_str().unwrap_or_default());
        self.cases.iter().filter(is_done)
    }
}

/// The recordings beside the project; `None` where there are none, which in CI is a failure.
fn recordings() -> Option<Vec<Recordings>> {
    if !Path::new(FOLDER).is_dir() {
        let in_ci = std::env::var_os("CI").is_some();
        assert!(!in_ci, "no recordings in CI: {FOLDER}");
        say(&format!(
            "SKIPPED: there is no {FOLDER}. Where CI is set this fails."
        ));
        return None;
    }
    let browsers = Dialect::NAMED.iter().skip(1);
    let all = browsers.map(|(name, dialect)| {
        let text = fs::read_to_string(format!("{FOLDER}/{name}.jsonl")).unwrap();
        let cases = text.lines().map(|line| serde_json::from_str(line).unwrap());
        Recordings {
            dialect: *dialect,
            cases: cases.collect(),
        }
    });
    Some(all.collect())
}

/// Past the test runner, which keeps to itself what a test prints.
fn say(message: &str) {
    let mut past_the_runner = io::stderr();
    writeln!(past_the_runner, "{message}").unwrap();
}

/// Returns true if a reply has what was recorded: lists in any order, instants within some seconds.
fn matches(recorded: &Value, reply: &Value, tolerance: i64) -> bool {
    match (recorded, reply) {
        (Value::Object(recorded), Value::Object(reply)) => {
            recorded.iter().all(|(name, recorded)| {
                let reply = reply.get(name).unwrap_or(&Value::Null);
                match (name.as_str(), instant(recorded), instant(reply)) {
                    ("expires", Some(one), Some(other)) => (one - other).abs() <= tolerance,
                    _ => matches(recorded, reply, tolerance),
                }
            })
        }
        (Value::Array(recorded), Value::Array(reply)) => {
            let mut left: Vec<&Value> = reply.iter().collect();
            recorded.len() == reply.len()
                && recorded.iter().all(|recorded| {
                    let found = left
                        .iter()
                        .position(|reply| matches(recorded, reply, tolerance));
                    found.map(|found| left.remove(found)).is_some()
                })
        }
        (Value::String(any), reply) if any == "<not null>" => !reply.is_null(),
        _ => recorded == reply,
    }
}

fn instant(value: &Value) -> Option<i64> {
    let instant: Timestamp = value.as_str()?.parse().ok()?;
    Some(instant.as_secs())
}

/// The replies to the requests of a case, by the rules of a dialect.
fn replies(case: &Value, dialect: Dialect) -> Vec<Value> {
    let mut session = Replay::new(|| Timestamp::UNIX_EPOCH);
    let steps = case["steps"].as_array().unwrap();
    let replies = steps.iter().map(|step| {
        let mut request = step["req"].clone();
        if request["op"] == "reset" {
            request["policy"]["dialect"] = dialect.to_string().into();
        }
        let reply = session.answer(request.to_string().as_bytes());
        reply.unwrap_or_default()
    });
    replies.collect()
}

/// What differs from the recording in a case, if anything does, by the rules of a dialect.
fn run(case: &Value, dialect: Dialect) -> Option<String> {
    let steps = case["steps"].as_array()?;
    for (step, reply) in steps.iter().zip(replies(case, dialect)) {
        let tolerance = step["tolerance_secs"].as_i64().unwrap_or(0);
        if !matches(&step["expect"], &reply, tolerance) {
            let (id, why) = (&case["id"], &case["why"]);
            let (request, recorded) = (&step["req"], &step["expect"]);
            return Some(format!(
                "{id} {why}: {request}\n  recorded {recorded}\n  got      {reply}"
            ));
        }
    }
    None
}

#[test]
fn recordings_are_reproduced() {
    let mut failures = Vec::new();
    for recordings in recordings().unwrap_or_default() {
        let (dialect, all) = (recordings.dialect, recordings.cases.len());
        let done = recordings.done().count();
        let before = failures.len();
        failures.extend(recordings.done().filter_map(|case| run(case, dialect)));
        let failed = failures.len() - before;
        let passed = done - failed;
        let not_done = all - done;
        say(&format!(
            "{dialect}: {passed} of {all} recorded cases passed, {failed} failed, {not_done} not done"
        ));
        assert!(done > 600, "{done} cases of {dialect}");
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn what_is_not_done_fails() {
    for recordings in recordings().unwrap_or_default() {
        for case in &recordings.cases {
            let why = case["why"].as_str().unwrap_or_default();
            if NOT_DONE.contains(&why) {
                let failure = run(case, recordings.dialect);
                assert!(failure.is_some(), "{why} is done: take it from the list");
            }
        }
    }
}

#[test]
fn each_deviation_that_is_switched_off_alone_makes_a_case_fail() {
    let Some(all) = recordings() else {
        return;
    };
    let mut idle = Vec::new();
    for deviation in Deviation::ALL {
        let fails = |recordings: &Recordings| {
            let without = recordings.dialect.without(*deviation);
            without != recordings.dialect
                && recordings.done().any(|case| run(case, without).is_some())
        };
        if !all.iter().any(fails) {
            idle.push(deviation.name());
        }
    }
    assert!(idle.is_empty(), "no case fails without {idle:?}");
}

/// The deviations of a dialect that a name in the recordings stands for: a rule may have several forms.
fn named(dialect: Dialect, knob: &str) -> Vec<Deviation> {
    let is_named = |deviation: &Deviation| {
        let form = deviation.name().strip_prefix(knob);
        form.is_some_and(|form| form.is_empty() || form.starts_with('-'))
    };
    dialect.deviations().filter(is_named).collect()
}

/// The deviations that a case is recorded for.
fn knobs(dialect: Dialect, case: &Value) -> Vec<Deviation> {
    let knobs = case["knob"].as_array().into_iter().flatten();
    let of_knob = |knob: &Value| {
        let knob = knob.as_str().unwrap();
        let named = named(dialect, knob);
        assert!(!named.is_empty(), "{dialect} has no {knob}");
        named
    };
    knobs.flat_map(of_knob).collect()
}

#[test]
fn recordings_and_deviations_name_each_other() {
    let Some(all) = recordings() else {
        return;
    };
    let mut recorded = BTreeSet::new();
    for recordings in &all {
        for case in recordings.done() {
            let knobs = knobs(recordings.dialect, case);
            recorded.extend(knobs.iter().map(|deviation| deviation.name()));
            if !knobs.is_empty() {
                let without = |dialect: Dialect, knob: &Deviation| dialect.without(*knob);
                let without = knobs.iter().fold(recordings.dialect, without);
                assert!(
                    run(case, without).is_some(),
                    "{} without {knobs:?}",
                    case["id"]
                );
            }
        }
    }
    let unrecorded = Deviation::ALL.iter();
    let unrecorded: Vec<_> = unrecorded
        .filter(|deviation| !recorded.contains(deviation.name()))
        .collect();
    assert!(unrecorded.is_empty(), "{unrecorded:?}");
}

/// Who has a deviation, in the words of the comments.
fn who(deviation: Deviation) -> &'static str {
    let has = |dialect: Dialect| dialect.has(deviation);
    match (
        has(Dialect::CHROMIUM_156),
        has(Dialect::FIREFOX_153),
        has(Dialect::FIREFOX_153_SPEC),
    ) {
        (true, false, false) => "Chromium",
        (true, true, true) => "Chromium, Firefox",
        (false, true, true) => "Firefox",
        (false, true, false) => "Firefox's defaults",
        other => panic!("{deviation}: {other:?}"),
    }
}

/// The variant of a deviation.
fn variant(deviation: Deviation) -> String {
    format!("Deviation::{deviation:?}")
}

/// How many lines after its comment, at most, the code of a deviation is.
const NEAR: usize = 12;

/// Comments without a question for the dialect: an empty path is in no other, and of hops it was asked before.
const ELSEWHERE: [(&str, Deviation); 2] = [
    ("path.rs", Deviation::LongPathIsEmpty),
    ("retrieval.rs", Deviation::RedirectsCount),
];

#[test]
fn each_deviation_has_its_comment_and_each_comment_its_code() {
    let mut commented = BTreeSet::new();
    for (file, text) in steps::files("src") {
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for (index, line) in lines.iter().enumerate() {
            let Some(said) = line.strip_prefix("// Deviation ") else {
                continue;
            };
            let (name, rest) = said.split_once(" (").expect(line);
            let (browsers, words) = rest.split_once("): ").expect(line);
            let deviation: Deviation = name.parse().expect(line);
            assert_eq!(browsers, who(deviation), "{file}: {line}");
            assert!(words.split_whitespace().count() <= 14, "{file}: {line}");
            commented.insert(deviation.name());
            let code = lines[index..].iter().take(NEAR);
            let is_there = code.clone().any(|line| line.contains(&variant(deviation)));
            let is_elsewhere = ELSEWHERE.contains(&(&file, deviation));
            assert!(is_there || is_elsewhere, "{file}: no code below {line}");
        }
    }
    let all: BTreeSet<_> = Deviation::ALL
        .iter()
        .map(|deviation| deviation.name())
        .collect();
    assert_eq!(commented, all);
}

#[test]
fn code_that_asks_for_a_deviation_has_its_comment_before_it() {
    for (file, text) in steps::files("src") {
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for (index, line) in lines.iter().enumerate() {
            let asks =
                |deviation: &&Deviation| line.contains(&format!(".has({})", variant(**deviation)));
            let asked = Deviation::ALL.iter().filter(asks);
            for deviation in asked.filter(|_| !line.starts_with("//")) {
                let comment = format!("// Deviation {deviation} (");
                let before = &lines[index.saturating_sub(NEAR)..index];
                let has_comment = before.iter().any(|line| line.starts_with(&comment));
                assert!(has_comment, "{file}: no comment before {line}");
            }
        }
    }
}

#[test]
fn names_are_those_of_the_variants() {
    for deviation in Deviation::ALL {
        let mut name = String::new();
        for letter in format!("{deviation:?}").chars() {
            if letter.is_uppercase() && !name.is_empty() {
                name.push('-');
            }
            name.extend(letter.to_lowercase());
        }
        assert_eq!(deviation.name(), name);
        assert_eq!(deviation.name().parse(), Ok(*deviation));
    }
    for (name, dialect) in Dialect::NAMED {
        assert_eq!(dialect.to_string(), *name);
        assert_eq!(name.parse(), Ok(*dialect));
    }
}

/// The page that has the table, and what is around it there.
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/differences.md");
const BEGIN: &str = "<!-- The table is written by `UPDATE=1 cargo test --test dialects`. -->\n";
const END: &str = "<!-- Its end. -->\n";

/// Octets for a cell of a table, with the middle left out where they are many.
fn cell(octets: &[u8]) -> String {
    let text = octets.escape_ascii().to_string();
    let text = text
        .replace("\\\"", "\"")
        .replace("\\'", "'")
        .replace('|', "\\|");
    if text.len() <= 90 {
        return text;
    }
    format!("{}…{}", &text[..60], &text[text.len() - 20..])
}

/// A field of a request or a reply, as octets, if it is there.
fn octets(object: &Value, field: &str) -> Option<Vec<u8>> {
    let base64 = object[format!("{field}_base64")].as_str();
    let decoded = base64.map(|base64| json::from_base64(base64).unwrap());
    decoded.or_else(|| Some(object[field].as_str()?.as_bytes().to_vec()))
}

/// What a reply says, against another one.
fn verdict(reply: &Value, other: &Value) -> String {
    if let Some(result) = reply["result"].as_str() {
        return match result {
            "rejected" => "refused".to_owned(),
            result => result.to_owned(),
        };
    }
    if let Some(cookie) = octets(reply, "cookie") {
        return match &cookie[..] {
            b"" => "nothing".to_owned(),
            cookie => format!("`{}`", cell(cookie)),
        };
    }
    let (cookies, others) = (reply["cookies"].as_array(), other["cookies"].as_array());
    let (Some([cookie, ..]), Some([other, ..])) =
        (cookies.map(|all| &all[..]), others.map(|all| &all[..]))
    else {
        return if cookies.is_some_and(Vec::is_empty) {
            "no cookie"
        } else {
            "a cookie"
        }
        .to_owned();
    };
    let fields = cookie.as_object().unwrap().iter();
    let different = fields.filter(|(name, value)| &other[&name[..]] != *value);
    let told = different.map(|(name, value)| match (name.as_str(), value) {
        ("expires", Value::Null) => "a session cookie".to_owned(),
        ("value_base64", _) => format!("value `{}`", cell(&octets(cookie, "value").unwrap())),
        (_, Value::String(text)) => format!("{name} `{}`", cell(text.as_bytes())),
        (_, value) => format!("{name} {value}"),
    });
    told.collect::<Vec<_>>().join(", ")
}

/// The step at which a case goes another way without a deviation: what is done, and both verdicts.
fn example(case: &Value, dialect: Dialect, deviation: Deviation) -> Option<[String; 3]> {
    let with = replies(case, Dialect::TEXT.with(deviation));
    let text = replies(case, Dialect::TEXT);
    let index = (0..with.len()).find(|index| with[*index] != text[*index])?;
    let recorded = replies(case, dialect);
    assert!(run(case, dialect).is_none());
    let steps = case["steps"].as_array()?;
    let mut done = Vec::new();
    for step in &steps[..=index] {
        let request = &step["req"];
        let by = step["how"].as_str().map_or(String::new(), |how| {
            let scene = step["scene"].as_array().into_iter().flatten();
            let documents: Vec<_> = scene.filter_map(|page| page.as_str()).collect();
            let sandboxed = if step["sandboxed"] == true {
                ", sandboxed"
            } else {
                ""
            };
            format!(", by {how} in {}{sandboxed}", documents.join(" ⊃ "))
        });
        let url = request["url"].as_str().unwrap_or_default();
        if let Some(line) = octets(request, "set_cookie") {
            let from = if done.is_empty() || !by.is_empty() {
                format!(" from {}{by}", cell(url.as_bytes()))
            } else {
                String::new()
            };
            done.push(format!("`{}`{from}", cell(&line)));
        } else if request["op"] == "get" && request["api"] == "script" {
            done.push("a script reads".to_owned());
        } else if request["op"] == "get" {
            let hops = request["redirects"].as_array().into_iter().flatten();
            let hops: Vec<_> = hops.filter_map(|hop| hop.as_str()).collect();
            let over = match &hops[..] {
                [] => String::new(),
                hops => format!(" over {}", hops.join(", ")),
            };
            let method = request["method"].as_str().unwrap_or("GET");
            done.push(format!("{method} {}{over}{by}", cell(url.as_bytes())));
        }
    }
    Some([
        done.join("; "),
        verdict(&text[index], &with[index]),
        verdict(&recorded[index], &text[index]),
    ])
}

/// The rows of the table: each deviation with the shortest case that shows it, of each class.
fn table(all: &[Recordings]) -> String {
    let mut table = String::from(
        "| deviation | step | instead of the text | who | example | the text | the browser |\n\
         | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for deviation in Deviation::ALL {
        let mut shortest: BTreeMap<&str, [String; 3]> = BTreeMap::new();
        for recordings in all {
            let cases = recordings.done().filter(|case| {
                let knobs = knobs(recordings.dialect, case);
                knobs.contains(deviation) && case["knob"].as_array().unwrap().len() == 1
            });
            for case in cases {
                let example = example(case, recordings.dialect, *deviation);
                let Some(example) = example.filter(|[_, text, browser]| text != browser) else {
                    continue;
                };
                let known = shortest.entry(case["why"].as_str().unwrap());
                let known = known.or_insert_with(|| example.clone());
                if example[0].len() < known[0].len() {
                    *known = example;
                }
            }
        }
        assert!(!shortest.is_empty(), "no example of {deviation}");
        let who = match who(*deviation) {
            "Chromium" => "Chromium 156",
            "Chromium, Firefox" => "Chromium 156, Firefox 153",
            "Firefox" => "Firefox 153",
            _ => "Firefox 153, its defaults",
        };
        let (step, does) = (deviation.step(), deviation.description());
        let distinct: BTreeSet<_> = shortest.into_values().collect();
        for [done, text, browser] in distinct {
            writeln!(
                table,
                "| `{deviation}` | {step} | {does} | {who} | {done} | {text} | {browser} |"
            )
            .unwrap();
        }
    }
    table
}

#[test]
fn the_page_has_the_table_of_the_deviations() {
    let Some(all) = recordings() else {
        return;
    };
    let page = fs::read_to_string(PAGE).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the begin of the table");
    let (_, after) = rest.split_once(END).expect("the end of the table");
    let current = format!("{before}{BEGIN}\n{}\n{END}{after}", table(&all));
    if std::env::var_os("UPDATE").is_some() {
        fs::write(PAGE, current).unwrap();
        return;
    }
    assert!(
        page == current,
        "docs/differences.md is not current: UPDATE=1 cargo test --test dialects"
    );
}

#[test]
fn a_shared_jar_reads_lines_by_its_dialect() {
    let url = Url::parse("https://shop.example/").unwrap();
    let rows = [
        (Policy::default(), "n", Ok("stored"), Some("n")),
        (Policy::firefox(), "n", Ok("stored"), Some("n=")),
        (
            Policy::chromium(),
            "=a=b",
            Err("nameless-with-equals"),
            None,
        ),
        (Policy::default(), "=a=b", Ok("stored"), Some("a=b")),
    ];
    for (policy, line, expected, sent) in rows {
        let jar = SharedJar::new(policy);
        let received = jar.receive(line, &url);
        let received = received.as_ref().map(ToString::to_string);
        let told = received.as_deref().map_err(|refused| refused.name());
        assert_eq!(told, expected, "{line}");
        assert_eq!(jar.cookie_string(&url).as_deref(), sent.map(str::as_bytes));
    }
}

#[test]
fn a_refusal_by_a_deviation_is_named_by_it_and_cites_no_step() {
    let url = Url::parse("https://shop.example/").unwrap();
    let rows = [
        ("a=\tb\tc", Dialect::CHROMIUM_156, Deviation::TabRefused),
        (
            "a=1; Foo=b\tc",
            Dialect::CHROMIUM_156,
            Deviation::TabRefused,
        ),
        ("=a=b", Dialect::CHROMIUM_156, Deviation::NamelessWithEquals),
        ("=a=b", Dialect::FIREFOX_153, Deviation::NamelessWithEquals),
        ("=a", Dialect::FIREFOX_153, Deviation::NamelessWithoutEquals),
        (
            "a=1; Path=/\tb",
            Dialect::FIREFOX_153,
            Deviation::TabInPathRefused,
        ),
        (
            "__Host-a=1; Secure; Path",
            Dialect::CHROMIUM_156,
            Deviation::HostPrefixLiteral,
        ),
    ];
    for (line, dialect, deviation) in rows {
        let mut jar = CookieJar::new(Policy::default().with_dialect(dialect));
        let refused = jar.receive(line, &url, Timestamp::UNIX_EPOCH).unwrap_err();
        assert_eq!(refused, Rejection::Deviation(deviation), "{line}");
        assert_eq!(refused.name(), deviation.name());
        assert_eq!((refused.citation(), refused.dev_tools_name()), (None, None));
        assert!(refused.to_string().starts_with(deviation.description()));
    }
}

/// What only a dialect stores is taken back by a jar of that dialect, and is refused by one of the text.
#[test]
fn a_jar_of_a_dialect_is_restored() {
    let now = Timestamp::UNIX_EPOCH;
    let url = format!("https://shop.example/{}/x", "q".repeat(1024));
    let url = Url::parse(&url).unwrap();
    let mut jar = CookieJar::new(Policy::firefox());
    let value = [&b"a="[..], &[0xFF; 4094]].concat();
    for line in [&value[..], b"b=1; Path=/", b"c"] {
        jar.receive(line, &url, now).unwrap();
    }
    let cookies = || jar.iter(now).map(CookieBuilder::from);
    let mut again = CookieJar::new(Policy::firefox());
    assert!(again.restore(cookies(), now).is_empty());
    assert!(again.iter(now).map(CookieBuilder::from).eq(cookies()));
    assert_eq!(again.iter(now).map(Cookie::path).next(), Some(&b""[..]));
    assert_eq!(CookieJar::default().restore(cookies(), now).len(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// No line, date or path makes a dialect panic, and what it stores it sends or says why not.
    #[test]
    fn dialects_take_any_line(
        pieces in vec(
            prop_oneof![
                select(&[
                    "a", "=", ";", "\t", "__Host-", "Expires=", "Max-Age=", "Domain=", "Path=/", "+", "-", "--",
                    "Secure", "0", "5", "12", "31", "99", "2027", "20270", "99999", "123456", ":", "/", " ", ",",
                    "08:09:07", "08:09", "Mar", "GMT", "EST", "UT", "PM", "AM", "1/1/1", "2027-03-05", ".", "\u{fc}",
                ][..]).prop_map(|piece| piece.as_bytes().to_vec()),
                vec(any::<u8>(), 1..4),
            ],
            0..24,
        ),
        dialect in select(Dialect::NAMED),
        non_http in any::<bool>(),
    ) {
        let url = Url::parse("https://shop.example/a/b").unwrap();
        let (line, now) = (pieces.concat(), Timestamp::from_secs(1_800_000_000));
        let mut jar = CookieJar::new(Policy::default().with_dialect(dialect.1));
        let mut request = Request::new(&url);
        if non_http {
            request = request.non_http();
        }
        let received = jar.receive(&line, request, now);
        prop_assert_eq!(received == Ok(Receipt::Stored), jar.len() == 1);
        let explained = jar.explain(request, now);
        let is_sent = explained.iter().any(|(_, why_not)| why_not.is_none());
        prop_assert_eq!(is_sent, !jar.cookies(request, now).is_empty());
        if dialect.1 == Dialect::TEXT {
            prop_assert_eq!(SetCookie::parse_as(&line, dialect.1), SetCookie::parse(&line));
        }
    }
}

/// A URL by its origin, as recordings have those of documents.
fn origin(url: &Value) -> Url {
    let url = Url::parse(url.as_str().unwrap()).unwrap();
    Url::parse(&url.origin().ascii_serialization()).unwrap()
}

fn origins(urls: &Value) -> Vec<Url> {
    urls.as_array().into_iter().flatten().map(origin).collect()
}

/// The context as the fields of a recorded request say it, with the documents around where there are any.
fn recorded_context(request: &Value, documents: &[Url], is_sandboxed: bool) -> RequestContext {
    let mut facts = BrowserFacts::default().redirects(origins(&request["redirects"]));
    let mut context = RequestContext::default().destination(destination(request));
    context = match request.get("site_for_cookies") {
        None => context,
        Some(Value::Null) => context.opaque_site_for_cookies(),
        Some(url) => context.site_for_cookies(origin(url)),
    };
    if let Some(initiator) = request.get("initiator") {
        facts = facts.initiator(origin(initiator));
    } else if !is_sandboxed {
        facts = facts.ancestors(documents.to_vec());
    }
    if let Some(page) = request.get("top_level_site") {
        context = context.top_level_site(origin(page));
    }
    if request["api"] == "script" {
        context = context.non_http();
    }
    context
        .cross_site_ancestor(request["cross_site_ancestor"] == true)
        .browser_facts(facts)
}

fn destination(request: &Value) -> Destination {
    match request["destination"].as_str() {
        Some("top-level") => Destination::TopLevel,
        Some("nested") => Destination::Nested,
        _ => Destination::Subresource,
    }
}

#[test]
fn the_context_of_documents_is_that_of_the_recordings() {
    let mut checked = 0;
    for recordings in recordings().unwrap_or_default() {
        let policy = Policy::default().with_dialect(recordings.dialect);
        let steps = recordings.cases.iter();
        let steps = steps.flat_map(|case| case["steps"].as_array().unwrap());
        for step in steps.filter(|step| step["scene"].is_array()) {
            let request = &step["req"];
            let mut documents = origins(&step["scene"]);
            documents.reverse();
            let url = Url::parse(request["url"].as_str().unwrap()).unwrap();
            let is_sandboxed = step["sandboxed"] == true;
            let mut page = PageRequest::new(&url, &documents)
                .destination(destination(request))
                .redirects(origins(&request["redirects"]));
            if is_sandboxed {
                page = page.sandboxed();
            }
            if request["api"] == "script" {
                page = page.non_http();
            }
            // Whoever recorded took `shop.example.` for `shop.example`, which here counts for nothing.
            let has_dot = |url: &Url| url.host_str().unwrap().ends_with('.');
            if documents.iter().any(has_dot) {
                continue;
            }
            let recorded = recorded_context(request, &documents, is_sandboxed);
            assert_eq!(page.context(&policy), recorded, "{step}");
            checked += 1;
        }
    }
    assert!(checked == 0 || checked > 1000, "{checked}");
}
