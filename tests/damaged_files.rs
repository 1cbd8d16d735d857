//! Damaged files beside the project, and what a careful reader makes of each: `broken/EXPECT.jsonl`.

#![cfg(feature = "json")]

mod real_files;

use std::fs;
use std::io::Read as _;

use hardtack::formats::{self, Contents, Guess, Place, ReadError};
use hardtack::{Policy, Timestamp};
use serde_json::Value;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/files/broken");

/// When the files were recorded: cookies that have expired then are in the files on purpose.
const NOW: Timestamp = Timestamp::from_secs(1_795_800_000);

/// The expectations of files that `is_wanted`; nothing where the folder is not there, which under CI is a failure.
fn expectations(is_wanted: impl Fn(&str) -> bool) -> Vec<(String, Value)> {
    if !real_files::are_there(FOLDER) {
        return Vec::new();
    }
    let lines = fs::read_to_string(format!("{FOLDER}/EXPECT.jsonl")).unwrap();
    let mut expectations = Vec::new();
    for line in lines.lines() {
        let expectation: Value = serde_json::from_str(line).unwrap();
        let name = expectation["file"].as_str().unwrap().to_owned();
        if is_wanted(&name) {
            expectations.push((name, expectation));
        }
    }
    assert!(!expectations.is_empty());
    expectations
}

fn ending(name: &str) -> &str {
    name.rsplit('.').next().unwrap()
}

fn read(name: &str) -> Result<Contents, ReadError> {
    let octets = fs::read(format!("{FOLDER}/{name}")).unwrap();
    let octets = if ending(name) == "gz" {
        assert!(
            formats::read(&octets, None).is_err(),
            "{name} is read packed"
        );
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(&octets[..])
            .read_to_end(&mut unpacked)
            .unwrap();
        unpacked
    } else {
        octets
    };
    formats::read(&octets, None)
}

/// Returns what is wrong with the reading of a file.
fn wrong(name: &str, expectation: &Value) -> Option<String> {
    let contents = match (read(name), expectation["verdict"].as_str().unwrap()) {
        (Err(_), "error") => return None,
        (Ok(_), "error") => return Some("it is read".to_owned()),
        (Err(error), _) => return Some(error.to_string()),
        (Ok(contents), _) => contents,
    };
    let (jar, verdicts) = contents.jar(Policy::default(), NOW);
    if let Some(cookies) = expectation["cookies"].as_u64() {
        if jar.len() as u64 != cookies {
            return Some(format!("{} cookies, expected {cookies}", jar.len()));
        }
    }
    for bad in expectation["bad"].as_array().unwrap() {
        let number = |of: &str| {
            bad[of]
                .as_u64()
                .and_then(|number| usize::try_from(number).ok())
        };
        let place = number("line").map(Place::Line);
        let place = place.or_else(|| number("entry").map(Place::Entry)).unwrap();
        let told = contents
            .records
            .iter()
            .zip(&verdicts)
            .any(|(record, why_not)| {
                record.place == place && (why_not.is_some() || !record.notes.is_empty())
            });
        if !told {
            return Some(format!("nothing is said of {bad}"));
        }
    }
    None
}

#[test]
fn damaged_files_are_read_with_care() {
    let is_text = |name: &str| ending(name) != "sqlite";
    let wrong: Vec<String> = expectations(is_text)
        .iter()
        .filter_map(|(name, expectation)| Some(format!("{name}: {}", wrong(name, expectation)?)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn messages_have_places_and_no_values() {
    let rows = [
        ("storageState-truncated.json", "line 200, column 22"),
        ("storageState-trailing-comma.json", "line 3, column 1"),
        ("netscape-html.txt", "HTML"),
        ("netscape-utf16.txt", "UTF-16"),
    ];
    for (name, expected) in rows {
        if expectations(|file| file == name).is_empty() {
            return;
        }
        let message = read(name).unwrap_err().to_string();
        assert!(message.contains(expected), "{name}: {message}");
    }
}

/// Files that are none, by their octets and by what they look like.
#[test]
fn what_is_no_cookie_file_is_named() {
    let rows: [(&[u8], Guess); 20] = [
        (b"<!DOCTYPE html>", Guess::Html),
        (b"\n  <html>", Guess::Html),
        (&[0; 64], Guess::Zeros),
        (b"\xFF\xFEa\0", Guess::Utf16),
        (b"\0a\0b\0", Guess::Utf16),
        (b"\x1F\x8B\x08\0", Guess::Gzip),
        (b"PK\x03\x04", Guess::Zip),
        (b"cook\0\0\0\x01", Guess::BinaryCookies),
        (b"--- !ruby/object:HTTP::CookieJar", Guess::Yaml),
        (b"https://a.test/ a\t1", Guess::W3m),
        (b"Set-Cookie: a=1", Guess::SetCookieLines),
        (b"HTTP/1.1 200 OK\r\n", Guess::SetCookieLines),
        (b"Cookie: a=1; b=2", Guess::CookieString),
        (b"a=1; b=2", Guess::CookieString),
        (b"[[\"a\",\"1\"]]", Guess::OtherJson),
        (b"a page in Latin-1: \xE9", Guess::Text),
        (b"\x89PNG\r\n\x1A\n", Guess::Binary),
        (b"\x28\xB5\x2F\xFD\x04\x58", Guess::Binary),
        (b"\x80\x04\x95=\x01", Guess::Binary),
        (b"\x7FELF\x02", Guess::Binary),
    ];
    for (octets, guess) in rows {
        let error = formats::read(octets, None).unwrap_err();
        let shown = octets.escape_ascii();
        assert_eq!(error, ReadError::NoFormat(guess), "{shown}");
    }
}
