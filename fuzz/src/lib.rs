//! What the fuzz targets assert. A target is one line that calls one function here.
//!
//! The model, and the way in which it is held against the library, are those of the crate's own
//! tests; the line reader is the command line's own module.

#[path = "../../src/bin/hardtack/plain.rs"]
mod plain;
#[path = "../../src/bin/hardtack/time.rs"]
#[allow(dead_code)]
mod time;

#[path = "../../src/bin/hardtack/json.rs"]
#[allow(dead_code)]
mod json;
#[path = "../../tests/lockstep/mod.rs"]
mod lockstep;
#[path = "../../tests/model/mod.rs"]
mod model;
#[path = "../../src/bin/hardtack/replay.rs"]
#[allow(dead_code)]
mod replay;
#[path = "../../tests/written_again/mod.rs"]
#[allow(dead_code)]
mod written_again;

mod files;
mod play;
mod serialise;

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use hardtack::persist::{self, Reader, Writer};
use hardtack::recording::Recording;
use hardtack::{Attribute, CookieJar, PathAttribute, Policy, SetCookie};
use serde_json::Value;

use lockstep::{Jar, Operation, Shared};
pub use play::Play;
use play::Step;

/// A line is read as the model reads it; what is read are parts of the line, within the limits; and
/// written out and read again it says the same.
pub fn set_cookie(line: &[u8]) {
    expect(lockstep::parse_alike(line));
    let parsed = SetCookie::parse_observed(line, |observed| match observed {
        Ok(Attribute::Domain(domain)) => {
            assert!(domain.len() <= 1024);
            assert!(!domain.iter().any(u8::is_ascii_uppercase));
            if let Cow::Borrowed(domain) = domain {
                assert!(is_part_of(line, domain));
            }
        }
        Ok(Attribute::Path(PathAttribute::Given(path))) => {
            assert!(path.len() <= 1024 && path.starts_with(b"/"));
            assert!(is_part_of(line, path));
        }
        Ok(_) => (),
        Err(ignored) => assert!(is_part_of(line, ignored.name)),
    });
    let Ok(parsed) = parsed else { return };
    assert_eq!(Ok(&parsed), SetCookie::parse(line).as_ref(), "unobserved");
    assert!(parsed.name().len() + parsed.value().len() <= 4096);
    for part in [parsed.name(), parsed.value()] {
        assert!(is_part_of(line, part));
        assert!(!part.contains(&b';'));
        let wsp = |octet: Option<&u8>| matches!(octet, Some(b' ' | b'\t'));
        assert!(!wsp(part.first()) && !wsp(part.last()));
    }
    assert!(!parsed.name().contains(&b'='));

    let written = serialise::set_cookie(&parsed);
    let again = SetCookie::parse(&written);
    assert_eq!(again.as_ref(), Ok(&parsed), "{}", written.escape_ascii());
    assert_eq!(serialise::set_cookie(&again.unwrap()), written);
}

/// A date is read as the model reads it, and is what it says it is.
pub fn cookie_date(date: &[u8]) {
    expect(lockstep::dates_alike(date));
    let read = hardtack::parse_cookie_date(date);
    // Delimiters around it mean nothing.
    let padded = [b"\t,", date, b" ~"].concat();
    assert_eq!(hardtack::parse_cookie_date(&padded), read);
    match read {
        Ok(instant) => {
            let written = serialise::cookie_date(instant);
            assert_eq!(hardtack::parse_cookie_date(&written), Ok(instant));
            // A date that is complete stays what it is, whatever comes after it.
            let longer = [date, b" 1:1:1 1 Jan 1999"].concat();
            assert_eq!(hardtack::parse_cookie_date(&longer), Ok(instant));
        }
        Err(error) => {
            assert_eq!(error.citation().section(), "5.1.1");
            assert!(!error.to_string().is_empty());
        }
    }
}

/// A jar answers as the model does after every operation, and what always holds of a jar holds; and a
/// shared jar likewise.
pub fn jar_ops(play: &Play) {
    let jar = CookieJar::new(lockstep::library_policy(&play.policy));
    // A retrieval touches cookies, so what holds is asked of a copy.
    in_step(play, Shared::new(jar.clone()), |jar, now| {
        jar.at(now).to_jar()
    });
    in_step(play, jar, |jar, _| jar.clone());
}

fn in_step<J: Jar>(play: &Play, mut jar: J, copy: impl Fn(&J, DateTime<Utc>) -> CookieJar) {
    let mut model = model::Model::new(play.policy.clone(), Arc::clone(&lockstep::SUFFIXES));
    for Step { operation, now } in &play.steps {
        expect(lockstep::carry_out(operation, &mut jar, &mut model, *now));
        if let Operation::Receive(_, context)
        | Operation::Retrieve(context)
        | Operation::Explain(context) = operation
        {
            expect(lockstep::invariants(&copy(&jar, *now), context, *now));
        }
    }
}

/// The line reader of the command line answers every line with one JSON object on one line, with the
/// id of the request; and an error changes nothing.
pub fn replay_line(input: &[u8]) {
    let mut replay = replay::Replay::new(|| hardtack::Timestamp::UNIX_EPOCH);
    for line in input.split(|octet| *octet == b'\n').take(64) {
        let before = list(&mut replay);
        let Some(reply) = replay.answer(line) else {
            assert!(line.trim_ascii().is_empty(), "no reply");
            continue;
        };
        let written = reply.to_string();
        assert!(!written.contains(['\n', '\r']), "{written}");
        let read: Value = serde_json::from_str(&written).expect("a reply is JSON");
        assert_eq!(read, reply);
        let op = reply["op"].as_str().expect("a reply has an op");
        if let Ok(Value::Object(request)) = serde_json::from_slice(line) {
            assert_eq!(reply.get("id"), request.get("id"), "{written}");
            assert!(op == "error" || request.get("op") == Some(&Value::from(op)));
        } else {
            assert_eq!(op, "error", "{written}");
        }
        if op == "error" {
            assert!(
                reply["error"]
                    .as_str()
                    .is_some_and(|error| !error.is_empty())
            );
            assert_eq!(list(&mut replay), before, "{written}");
        }
    }
}

/// The reader of the file comes to the end of any octets behind a header; and what it reads and a jar keeps comes back
/// as it is when it is written and read again.
pub fn file_lines(octets: &[u8]) {
    const HEADER: &[u8] = b"{\"format\":\"hardtack\",\"version\":1}\n";
    _ = Reader::new(octets).map(Iterator::count);
    let text = [HEADER, octets].concat();
    let lines = Reader::new(&text[..]).expect("it has a header");
    for line in lines {
        let line = line.expect("memory does not fail");
        assert!(line.number > 1);
        if let Ok(cookie) = line.cookie {
            let mut writer = Writer::new(Vec::new()).expect("memory does not fail");
            writer.write_data(&cookie).expect("the input is short");
            let written = writer.finish().expect("memory does not fail");
            let again = Reader::new(&written[..]).expect("it has a header").next();
            let again = again.expect("a line").expect("memory does not fail");
            assert_eq!(again.cookie, Ok(cookie.order(2)));
        }
    }
    let now = hardtack::Timestamp::from_secs(1_717_243_200);
    let read = |text: &[u8]| persist::read_jar(text, Policy::default(), now);
    let (jar, report) = read(&text).expect("it has a header");
    assert_eq!(jar.len(), report.cookies);
    let written = persist::write_jar(&jar, Vec::new(), now).expect("the input is short");
    let (again, report) = read(&written).expect("it has a header");
    assert_eq!((report.cookies, report.damaged), (jar.len(), Vec::new()));
    let again = persist::write_jar(&again, Vec::new(), now).expect("the input is short");
    assert_eq!(written, again);
}

/// A cookie file of any format but the databases; the first octet is the choice of the format.
pub fn formats(input: &[u8]) {
    files::with_choice(input);
}

/// A browser's database, or what once was one.
pub fn databases(file: &[u8]) {
    files::read(file, None);
}

/// Any octets are read to their end; what is read is replayed, each request and each line once; what is explained and
/// what is not make up the whole; and `Debug` has no value.
pub fn recording(octets: &[u8]) {
    let Ok(recording) = Recording::read(octets) else {
        return;
    };
    let replay = recording.replay();
    let summary = replay.summary;
    assert!(summary.entries <= recording.entries());
    assert_eq!(summary.agree + summary.explained + summary.unexplained, summary.entries);
    for entry in &replay.entries {
        assert!(entry.sent.len() <= entry.recorded.len());
        let ids = entry.sent.iter().chain(&entry.out_of_scope);
        assert!(ids.chain(entry.lines.iter().filter_map(|line| line.cookie.as_ref())).all(|id| *id < replay.cookies.len()));
        for pair in &entry.recorded {
            assert!(format!("{pair:?}").ends_with(" octets>"));
        }
    }
}

fn list(replay: &mut replay::Replay) -> Value {
    let reply = replay.answer(br#"{"op":"list"}"#);
    let reply = reply.expect("a reply to every line that is not blank");
    assert_eq!(reply["op"], "list");
    reply
}

fn expect(same: lockstep::Same) {
    if let Err(difference) = same {
        panic!("{difference}");
    }
}

/// Is `inner` a part of `outer`, in the same memory? Of no octets there is nothing to point at.
fn is_part_of(outer: &[u8], inner: &[u8]) -> bool {
    let is_empty = inner.is_empty();
    let (outer, inner) = (outer.as_ptr_range(), inner.as_ptr_range());
    is_empty || outer.start <= inner.start && inner.end <= outer.end
}
