//! The files of real tools beside the project, and what each says: `NAME.expect.jsonl` beside `NAME`.

#![cfg(feature = "json")]

mod real_files;

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use hardtack::formats::{self, Contents, Format, Place, Record, Trouble};
use hardtack::{SameSite, Timestamp};
use serde_json::{Map, Value};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/files");

/// Files of formats that are not read.
const NOT_READ: [&str; 2] = ["ruby-http-cookie.yml", "w3m.cookie"];

/// A database, and the feature `sqlite` is off.
fn is_not_built_in(name: &str) -> bool {
    name.ends_with(".sqlite") && cfg!(not(feature = "sqlite"))
}

/// The files with expected values; nothing where the folder is not there, which under CI is a failure.
fn files() -> Vec<(String, PathBuf)> {
    if !real_files::are_there(FOLDER) {
        return Vec::new();
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(FOLDER).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if Path::new(&format!("{FOLDER}/{name}.expect.jsonl")).exists() {
            files.push((name, path));
        }
    }
    files.sort();
    files
}

fn read(name: &str, path: &Path) -> Contents {
    let contents = formats::read_file(path, None);
    contents.unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// What a record says, in the words of the expected values.
fn said(record: &Record) -> Map<String, Value> {
    let mut said = Map::new();
    let cookie = record.cookie.as_ref().unwrap();
    for (name, octets) in [
        ("name", &cookie.name),
        ("value", &cookie.value),
        ("path", &cookie.path),
    ] {
        if let Ok(text) = std::str::from_utf8(octets) {
            said.insert(name.into(), text.into());
        } else {
            let base64 = base64::engine::general_purpose::STANDARD.encode(octets);
            said.insert(format!("{name}_base64"), base64.into());
        }
    }
    said.insert("domain".into(), cookie.domain.as_str().into());
    said.insert("host_only".into(), cookie.host_only.into());
    said.insert("secure".into(), cookie.secure.into());
    said.insert("http_only".into(), cookie.http_only.into());
    let same_site = cookie.same_site.map(|same_site| match same_site {
        SameSite::Default => "default",
        SameSite::Strict => "strict",
        SameSite::Lax => "lax",
        SameSite::None => "none",
    });
    said.insert("same_site".into(), same_site.into());
    // The expected values have no zeros at the end of a fraction.
    let text = |at: Timestamp| match at.to_string().strip_suffix('Z') {
        Some(text) if text.contains('.') => format!("{}Z", text.trim_end_matches('0')),
        _ => at.to_string(),
    };
    let instant = |instant: Option<Timestamp>| Value::from(instant.map(text));
    said.insert("expires".into(), instant(cookie.expires));
    let partition = cookie.partition.as_ref().map(ToString::to_string);
    said.insert("partition".into(), partition.into());
    said.insert("creation".into(), instant(cookie.creation));
    said.insert("last_access".into(), instant(cookie.last_access));
    if let Place::Line(line) = record.place {
        said.insert("line".into(), line.into());
    }
    said
}

/// The instant of an expected value, which may have fewer digits of a second.
fn instant(value: &Value) -> Result<Timestamp, &Value> {
    let instant = value.as_str().and_then(|text| text.parse().ok());
    instant.ok_or(value)
}

#[test]
fn files_say_what_is_expected() {
    let mut wrong = Vec::new();
    let mut read_count = 0;
    for (name, path) in files() {
        if NOT_READ.contains(&&*name) {
            assert!(
                formats::read(&fs::read(&path).unwrap(), None).is_err(),
                "{name}"
            );
            continue;
        }
        if is_not_built_in(&name) {
            continue;
        }
        let contents = match formats::read_file(&path, None) {
            Ok(contents) => contents,
            Err(error) => {
                wrong.push(format!("{name}: {error}"));
                continue;
            }
        };
        read_count += 1;
        let expected = fs::read_to_string(format!("{FOLDER}/{name}.expect.jsonl")).unwrap();
        let expected: Vec<Map<String, Value>> = expected
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        if expected.len() != contents.records.len() {
            wrong.push(format!(
                "{name}: {} records, expected {}",
                contents.records.len(),
                expected.len()
            ));
        }
        for (index, (expected, record)) in expected.iter().zip(&contents.records).enumerate() {
            let said = said(record);
            // What is encrypted is named, and its value is not read.
            let is_encrypted = expected.contains_key("encrypted");
            let troubles = record.builder().err();
            if is_encrypted != (troubles == Some(Trouble::Encrypted)) {
                wrong.push(format!("{name} [{index}]: {troubles:?}"));
            }
            for (field, said) in &said {
                if is_encrypted && field.starts_with("value") {
                    continue;
                }
                // Places of JSON formats are entries or lines, which the expected values leave out.
                if field == "line" && !expected.contains_key(field) {
                    continue;
                }
                let expected = expected.get(field).unwrap_or(&Value::Null);
                // The expected instants have no zeros at their ends.
                if said != expected && instant(said) != instant(expected) {
                    wrong.push(format!(
                        "{name} [{index}] {field}: {said}, expected {expected}"
                    ));
                }
            }
        }
    }
    let shown: Vec<&str> = wrong.iter().map(String::as_str).take(40).collect();
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        shown.join("\n")
    );
    let _ = writeln!(io::stderr(), "{read_count} files");
}

#[test]
fn what_is_written_is_read_again() {
    let now = Timestamp::from_secs(1_795_800_000);
    for (name, path) in files() {
        if NOT_READ.contains(&&*name) || is_not_built_in(&name) {
            continue;
        }
        let contents = read(&name, &path);
        let (jar, _) = contents.jar(hardtack::Policy::default(), now);
        for format in Format::ALL
            .into_iter()
            .filter(|format| format.can_be_written())
        {
            let written =
                formats::write(format, jar.iter(now), &formats::WriteOptions::default()).unwrap();
            let again = formats::read(&written.octets, None).unwrap();
            if !again.records.is_empty() {
                assert_eq!(again.format, Some(format), "{name} as {format}");
            }
            let left_out = written.lost.iter().filter(|lost| lost.left_out).count();
            assert_eq!(
                again.records.len(),
                jar.len() - left_out,
                "{name} as {format}"
            );
        }
    }
}
