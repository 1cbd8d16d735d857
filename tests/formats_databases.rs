//! The databases of browsers: damaged ones, those with a log beside them, those that another process holds, and the
//! user's files, which stay as they were.

#![cfg(feature = "sqlite")]

mod real_files;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use hardtack::formats::{self, Contents, Format, Guess, Place, ReadError, Record, Trouble};
use hardtack::{Policy, SameSite, Timestamp};
use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;

const BROKEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/files/broken");

fn now() -> Timestamp {
    "2026-11-27T16:00:00Z".parse().unwrap()
}

/// The files of a folder, with their octets and the times of their last changes.
fn state(folder: &Path) -> BTreeMap<PathBuf, (Vec<u8>, SystemTime)> {
    let entries = fs::read_dir(folder).unwrap();
    let files = entries.map(|entry| {
        let path = entry.unwrap().path();
        let modified = fs::metadata(&path).unwrap().modified().unwrap();
        let octets = fs::read(&path).unwrap();
        (path, (octets, modified))
    });
    files.collect()
}

/// Reads a file, and checks that its folder is afterwards as it was.
fn read(path: &Path) -> Result<Contents, ReadError> {
    let folder = path.parent().unwrap();
    let before = state(folder);
    let contents = formats::read_file(path, None);
    assert!(before == state(folder), "{} changed", folder.display());
    contents
}

/// A folder with copies of a damaged file and its logs, or nothing where the files are not there, which under CI is a
/// failure.
fn broken(name: &str) -> Option<(TempDir, PathBuf)> {
    if !real_files::are_there(BROKEN) {
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    for ending in ["", "-wal", "-journal"] {
        let from = format!("{BROKEN}/{name}{ending}");
        if Path::new(&from).exists() {
            let to = folder.path().join(format!("{name}{ending}"));
            fs::write(to, fs::read(from).unwrap()).unwrap();
        }
    }
    let path = folder.path().join(name);
    Some((folder, path))
}

fn kinds(contents: &Contents) -> Vec<&'static str> {
    contents.notes.iter().map(formats::Note::kind).collect()
}

/// `name=value`, and why no jar takes it.
fn told(contents: &Contents) -> Vec<String> {
    let told = contents.records.iter().map(|record| {
        let Some(cookie) = &record.cookie else {
            return format!("{:?}: {}", record.place, record.notes[0].text());
        };
        let trouble = cookie.trouble.map_or("", Trouble::name);
        format!(
            "{}={} {trouble}",
            cookie.name.escape_ascii(),
            cookie.value.escape_ascii()
        )
    });
    told.map(|told| told.trim_end().to_owned()).collect()
}

fn kept(contents: &Contents) -> usize {
    contents.jar(Policy::default(), now()).0.len()
}

#[test]
fn damaged_databases_are_read_as_a_careful_reader_does() {
    type Row<'a> = (&'a str, Format, &'a [&'a str], &'a [&'a str], usize);
    let rows: [Row<'_>; 6] = [
        (
            "firefox-hot.sqlite",
            Format::Firefox,
            &["old=2", "inwal=1"],
            &[],
            2,
        ),
        (
            "firefox-without-its-wal.sqlite",
            Format::Firefox,
            &["old=1"],
            &["wal-missing"],
            1,
        ),
        (
            "firefox-schema-12.sqlite",
            Format::Firefox,
            &["old=1", "old=2 other-container", "priv=1 other-container"],
            &["same-site-none-or-absent"],
            1,
        ),
        (
            "chromium-v11.sqlite",
            Format::Chromium,
            &["sid= encrypted", "plain= encrypted", "maxage= encrypted"],
            &[],
            0,
        ),
        (
            "chromium-bad-padding.sqlite",
            Format::Chromium,
            &["sid= encrypted", "plain= encrypted", "maxage= encrypted"],
            &[],
            0,
        ),
        ("chromium-hot-journal.sqlite", Format::Chromium, &[], &[], 0),
    ];
    for (name, format, records, notes, count) in rows {
        let Some((_folder, path)) = broken(name) else {
            return;
        };
        let contents = read(&path).unwrap();
        assert_eq!(contents.format, Some(format), "{name}");
        if !records.is_empty() {
            assert_eq!(told(&contents), records, "{name}");
        }
        assert_eq!(kinds(&contents), notes, "{name}");
        assert_eq!(kept(&contents), count, "{name}");
    }
}

#[test]
fn the_expected_values_of_damaged_databases_hold() {
    if broken("places.sqlite").is_none() {
        return;
    }
    let expected = fs::read_to_string(format!("{BROKEN}/EXPECT.jsonl")).unwrap();
    let expected = expected
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let is_database = |expected: &Value| expected["file"].as_str().unwrap().ends_with(".sqlite");
    let expected: Vec<Value> = expected.filter(is_database).collect();
    assert!(expected.len() >= 8);
    for expected in expected {
        let name = expected["file"].as_str().unwrap();
        let (_folder, path) = broken(name).unwrap();
        let contents = match read(&path) {
            Ok(contents) => contents,
            Err(error) => {
                assert_eq!(expected["verdict"], "error", "{name}: {error}");
                continue;
            }
        };
        assert_ne!(expected["verdict"], "error", "{name}");
        // Those of Chromium are counted with the values decrypted.
        if expected["format"] == "firefox-sqlite" && expected["cookies"].is_number() {
            assert_eq!(expected["cookies"], kept(&contents), "{name}");
        }
    }
}

#[test]
fn a_hot_journal_is_rolled_back_in_the_copy() {
    let Some((_folder, path)) = broken("chromium-hot-journal.sqlite") else {
        return;
    };
    let octets = fs::read(&path).unwrap();
    let is_uncommitted = |octets: &[u8]| octets.windows(11).any(|part| part == b"UNCOMMITTED");
    assert!(is_uncommitted(&octets), "the file would show nothing");
    let contents = read(&path).unwrap();
    assert_eq!(contents.records.len(), 66);
    for record in &contents.records {
        let cookie = record.cookie.as_ref().unwrap();
        assert!(!is_uncommitted(&cookie.value));
        assert_eq!(cookie.trouble, Some(Trouble::Encrypted));
    }
}

/// A journal may name another file, which SQLite deletes after the rollback.
#[test]
fn a_journal_does_not_reach_another_file() {
    let Some((folder, path)) = broken("chromium-hot-journal.sqlite") else {
        return;
    };
    let other = tempfile::tempdir().unwrap();
    let other = other.path().join("precious");
    fs::write(&other, "precious").unwrap();
    let name = other.to_str().unwrap().as_bytes();
    let sum: u32 = name.iter().map(|octet| u32::from(*octet)).sum();
    let journal = folder.path().join("chromium-hot-journal.sqlite-journal");
    let mut octets = fs::read(&journal).unwrap();
    // The page that holds locks, the name, its length and sum, and the magic number.
    octets.extend(0x4000_0000_u32.div_ceil(4096).to_be_bytes());
    octets.extend(name);
    octets.extend(u32::try_from(name.len()).unwrap().to_be_bytes());
    octets.extend(sum.to_be_bytes());
    octets.extend([0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7]);
    fs::write(&journal, octets).unwrap();
    assert_eq!(read(&path).unwrap().records.len(), 66);
    assert_eq!(fs::read(&other).unwrap(), b"precious");
    // SQLite itself, on the same files, shows that the journal is one.
    let connection = Connection::open(&path).unwrap();
    let count = connection.query_row("SELECT count(*) FROM cookies", [], |row| row.get(0));
    assert_eq!(count, Ok(66));
    assert!(!other.exists());
}

/// A database of Firefox with this schema, in a folder of its own.
fn firefox(schema: i64, rows: &[&str]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cookies.sqlite");
    let connection = Connection::open(&path).unwrap();
    let rows: Vec<String> = rows
        .iter()
        .map(|row| format!("INSERT INTO moz_cookies VALUES ({row});"))
        .collect();
    let script = format!(
        "PRAGMA user_version = {schema};
         CREATE TABLE moz_cookies (id INTEGER PRIMARY KEY, originAttributes TEXT, name TEXT, value TEXT, host TEXT,
            path TEXT, expiry INTEGER, lastAccessed INTEGER, creationTime INTEGER, isSecure INTEGER,
            isHttpOnly INTEGER, sameSite INTEGER);
         {}",
        rows.concat()
    );
    connection.execute_batch(&script).unwrap();
    (folder, path)
}

/// A database of Chromium of this version, of columns that all versions have and of these.
fn chromium(version: i64, columns: &str, rows: &[&str]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("Cookies");
    let connection = Connection::open(&path).unwrap();
    let rows: Vec<String> = rows
        .iter()
        .map(|row| format!("INSERT INTO cookies VALUES ({row});"))
        .collect();
    let script = format!(
        "CREATE TABLE meta (key LONGVARCHAR NOT NULL UNIQUE PRIMARY KEY, value LONGVARCHAR);
         INSERT INTO meta VALUES ('version', '{version}');
         CREATE TABLE cookies (creation_utc INTEGER, host_key TEXT, name TEXT, value TEXT, path TEXT,
            expires_utc INTEGER, is_secure INTEGER, is_httponly INTEGER, has_expires INTEGER{columns});
         {}",
        rows.concat()
    );
    connection.execute_batch(&script).unwrap();
    (folder, path)
}

fn cookie(record: &Record) -> &formats::RecordedCookie {
    record.cookie.as_ref().unwrap()
}

#[test]
fn firefoxs_units_and_words_are_those_of_its_schema() {
    let seconds = "1827327000";
    let milliseconds = "1827327000123";
    let instant = Ok("2027-11-27T14:50:00Z");
    let exact = Ok("2027-11-27T14:50:00.123Z");
    let likely = Err(
        "its expiry-time is beyond the year 9999: the number seems to be milliseconds, and this format has seconds",
    );
    let default = SameSite::Default;
    let known: &[&str] = &[];
    let unsure: &[&str] = &["same-site-none-or-absent"];
    let unknown: &[&str] = &["schema-unknown"];
    let both: &[&str] = &["schema-unknown", "same-site-none-or-absent"];
    let rows = [
        (8, seconds, 0, instant, default, both),
        (9, seconds, 0, instant, default, unsure),
        (15, seconds, 0, instant, default, unsure),
        (15, milliseconds, 1, likely, default, known),
        (15, seconds, 1, instant, SameSite::Lax, known),
        (15, seconds, 2, instant, SameSite::Strict, known),
        (15, seconds, 256, instant, default, known),
        (16, milliseconds, 0, exact, SameSite::None, known),
        (16, milliseconds, 256, exact, default, known),
        (17, milliseconds, 1, exact, SameSite::Lax, known),
        (
            17,
            seconds,
            2,
            Ok("1970-01-22T03:35:27Z"),
            SameSite::Strict,
            known,
        ),
        (18, milliseconds, 0, exact, SameSite::None, unknown),
    ];
    for (schema, expiry, same_site, expected, word, notes) in rows {
        let row = format!(
            "1, '', 'a', '1', 'shop.example', '/', {expiry}, 1700000000000000, 1690000000000001, 1, 0, {same_site}"
        );
        let (_folder, path) = firefox(schema, &[&row]);
        let contents = read(&path).unwrap();
        let record = &contents.records[0];
        match expected {
            Ok(instant) => {
                let cookie = cookie(record);
                let expires: Timestamp = instant.parse().unwrap();
                assert_eq!(cookie.expires, Some(expires), "{schema} {expiry}");
                assert_eq!(cookie.same_site, Some(word), "{schema} {same_site}");
                let creation = cookie.creation.map(Timestamp::as_micros);
                assert_eq!(creation, Some(1_690_000_000_000_001));
            }
            Err(why) => assert_eq!(record.notes[0].text(), why, "{schema} {expiry}"),
        }
        assert_eq!(kinds(&contents), notes, "{schema} {same_site}");
    }
}

#[test]
fn a_damaged_row_costs_that_row() {
    let at = "1827327000000, 0, 0";
    let (_folder, path) = firefox(
        17,
        &[
            &format!("9, '', 'last', '1', '.shop.example', '/', {at}, 1, 1, 256"),
            &format!("1, '', 'a', '1', 'shop.example', '/', {at}, 1, 1, 256"),
            &format!("2, '', NULL, '1', 'shop.example', '/', {at}, 1, 1, 256"),
            &format!("3, '', 'a', 1.5, 'shop.example', '/', {at}, 'SECRET', 1, 256"),
            &format!("4, '', 'a', '1', '', '/', {at}, 1, 1, 256"),
            &format!("5, '', 'a', '1', CAST(x'ff' AS TEXT), '/', {at}, 1, 1, 256"),
            "6, '', 'a', '1', 'shop.example', '/', 'SECRET', 0, 0, 1, 1, 256",
            "7, '', 'a', '1', 'shop.example', '/', NULL, 0, 0, 1, 1, 256",
            &format!("8, '^partitionKey=SECRET', 'a', '1', 'shop.example', '/', {at}, 1, 1, 256"),
        ],
    );
    let contents = read(&path).unwrap();
    assert_eq!(
        told(&contents),
        [
            "a=1",
            "Entry(1): its column `name` is empty",
            "Entry(2): its column `isSecure` is not an integer",
            "Entry(3): its column `host` is empty",
            "Entry(4): its column `host` is not in UTF-8",
            "Entry(5): its column `expiry` is not an integer",
            "Entry(6): its column `expiry` is empty",
            "Entry(7): its `partitionKey` is not a scheme and a site",
            "last=1",
        ]
    );
    assert!(!format!("{contents:?}").contains("SECRET"));
    assert_eq!(cookie(&contents.records[0]).creation, None);
    assert_eq!(kept(&contents), 2);
}

#[test]
fn chromiums_columns_come_and_go() {
    let until = "13471801106988481, 1, 1, 1";
    let plain = format!("13440265106988481, 'shop.example', 'a', '1', '/', {until}");
    let (_folder, path) = chromium(18, "", &[&plain]);
    let contents = read(&path).unwrap();
    let said = cookie(&contents.records[0]);
    assert_eq!(said.same_site, None);
    assert_eq!(said.last_access, None);
    assert_eq!(kinds(&contents), [""; 0]);

    let columns = ", samesite INTEGER, top_frame_site_key TEXT, has_cross_site_ancestor INTEGER, encrypted_value BLOB";
    let row = |name: &str, rest: &str| {
        format!("13440265106988481, '.tracker.example', '{name}', '', '/', {until}, {rest}")
    };
    let rows = [
        row("same", "-1, 'https://tracker.example', 0, NULL"),
        row("cross", "0, 'https://news.test', 1, x''"),
        row("none", "1, '', 1, x'763130'"),
        row("v11", "2, '', 0, x'76313100'"),
        row("v20", "7, '', 0, x'763230ff'"),
        row("other", "2, '', 0, x'01000000d08c9ddf'"),
        row("opaque", "2, 'SECRET', 0, NULL"),
    ];
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let (_folder, path) = chromium(25, columns, &rows);
    let contents = read(&path).unwrap();
    assert_eq!(kinds(&contents), ["schema-unknown"]);
    let partition = |index: usize| {
        let partition = cookie(&contents.records[index]).partition.as_ref();
        partition.map(ToString::to_string)
    };
    assert_eq!(partition(0).as_deref(), Some("https://tracker.example"));
    assert_eq!(
        partition(1).as_deref(),
        Some("https://news.test cross-site")
    );
    assert_eq!(partition(2), None);
    let same_sites = [
        SameSite::Default,
        SameSite::None,
        SameSite::Lax,
        SameSite::Strict,
        SameSite::Default,
    ];
    for (record, same_site) in contents.records.iter().zip(same_sites) {
        assert_eq!(cookie(record).same_site, Some(same_site));
    }
    for (index, version) in [
        (2, "v10"),
        (3, "v11"),
        (4, "v20"),
        (5, "in a way of its own"),
    ] {
        let record = &contents.records[index];
        assert_eq!(record.builder().unwrap_err(), Trouble::Encrypted);
        let note = record
            .notes
            .iter()
            .find(|note| note.kind() == "encrypted")
            .unwrap();
        assert!(note.text().contains(version), "{}", note.text());
    }
    assert!(
        contents.records[4]
            .notes
            .iter()
            .any(|note| note.kind() == "same-site-unknown")
    );
    assert_eq!(
        told(&contents)[6],
        "Entry(6): its `top_frame_site_key` is not a site"
    );
    assert_eq!(kept(&contents), 2);
}

#[test]
fn an_ancestor_that_is_not_said_is_taken_as_chromium_does() {
    let row = |host: &str| {
        format!("1, '{host}', 'a', '1', '/', 13471801106988481, 1, 1, 1, 'https://shop.example'")
    };
    let rows = [row("tracker.example"), row(".www.shop.example")];
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let (_folder, path) = chromium(22, ", top_frame_site_key TEXT", &rows);
    let contents = read(&path).unwrap();
    let partitions = contents.records.iter().map(|record| {
        let partition = cookie(record).partition.as_ref();
        partition.unwrap().to_string()
    });
    let partitions: Vec<String> = partitions.collect();
    assert_eq!(
        partitions,
        ["https://shop.example cross-site", "https://shop.example"]
    );
    assert_eq!(kinds(&contents), ["ancestor-unknown"]);
}

#[test]
fn of_twins_by_scheme_or_port_the_one_that_was_updated_last_stays() {
    let columns = ", source_scheme INTEGER, source_port INTEGER, last_update_utc INTEGER";
    let row = |creation: i64, value: &str, rest: &str| {
        format!("{creation}, 'shop.example', 'a', '{value}', '/', 0, 0, 0, 0, {rest}")
    };
    let other = "13440265106988485, 'shop.example', 'b', '4', '/', 0, 0, 0, 0, 2, 443, 1";
    let rows = [
        row(13_440_265_106_988_483, "3", "2, 8443, 7"),
        row(13_440_265_106_988_481, "1", "1, 80, 9"),
        row(13_440_265_106_988_482, "2", "2, 443, 8"),
        other.to_owned(),
    ];
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let (_folder, path) = chromium(24, columns, &rows);
    let contents = read(&path).unwrap();
    let places: Vec<Place> = contents.records.iter().map(|record| record.place).collect();
    assert_eq!(places, [0, 1, 2, 3].map(Place::Entry));
    assert_eq!(told(&contents), ["a=1", "a=2", "a=3", "b=4"]);
    let (jar, verdicts) = contents.jar(Policy::default(), now());
    let names = verdicts
        .iter()
        .map(|verdict| verdict.as_ref().map(formats::NotKept::name));
    let names: Vec<Option<&str>> = names.collect();
    assert_eq!(names, [None, Some("duplicate"), Some("duplicate"), None]);
    let values: Vec<&[u8]> = jar.iter(now()).map(hardtack::Cookie::value).collect();
    assert_eq!(values, [b"1", b"4"]);
    let has_note = |record: &Record| {
        record
            .notes
            .iter()
            .any(|note| note.kind() == "scheme-or-port-twin")
    };
    let noted: Vec<bool> = contents.records.iter().map(has_note).collect();
    assert_eq!(noted, [false, true, true, false]);
}

#[test]
fn what_is_no_browsers_database_is_named() {
    let rows = [
        ("CREATE TABLE t (x)", Err(ReadError::NoFormat(Guess::Database))),
        ("CREATE VIEW moz_cookies AS SELECT 1 AS id", Err(ReadError::NoFormat(Guess::Database))),
        (
            "CREATE TABLE moz_cookies (id INTEGER PRIMARY KEY, name, value, host, path, expiry, isSecure, isHttpOnly)",
            Err(ReadError::Damaged(
                "its table `moz_cookies` has no column `originAttributes`, so it is not a browser's: give the file `cookies.sqlite` or `Cookies` of the profile".to_owned(),
            )),
        ),
        // A computed column is none: it would be run.
        (
            "CREATE TABLE moz_cookies (id INTEGER PRIMARY KEY, originAttributes, value, host, path, expiry, isSecure, isHttpOnly, name AS (hex(zeroblob(1000000))))",
            Err(ReadError::Damaged(
                "its table `moz_cookies` has no column `name`, so it is not a browser's: give the file `cookies.sqlite` or `Cookies` of the profile".to_owned(),
            )),
        ),
        (
            "CREATE TABLE MOZ_COOKIES (ID INTEGER PRIMARY KEY, ORIGINATTRIBUTES, NAME, VALUE, HOST, PATH, EXPIRY, ISSECURE, ISHTTPONLY)",
            Ok(0),
        ),
    ];
    for (script, expected) in rows {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cookies.sqlite");
        Connection::open(&path)
            .unwrap()
            .execute_batch(script)
            .unwrap();
        let count = read(&path).map(|contents| contents.records.len());
        assert_eq!(count, expected, "{script}");
    }
    let (_folder, path) = firefox(17, &[]);
    let octets = fs::read(&path).unwrap();
    for (format, expected) in [
        (Format::Firefox, None),
        (Format::Chromium, Some(ReadError::Other(Format::Chromium))),
        (Format::Netscape, Some(ReadError::Other(Format::Netscape))),
    ] {
        assert_eq!(formats::read(&octets, Some(format)).err(), expected);
        assert_eq!(formats::read_file(&path, Some(format)).err(), expected);
    }
    let error = formats::read(b"# Netscape HTTP Cookie File\n", Some(Format::Firefox));
    assert_eq!(error.unwrap_err(), ReadError::Other(Format::Firefox));
}

/// Whatever octets are damaged, there is an answer, and it is the same for a file and for its octets.
#[test]
fn damaged_octets_are_an_error_or_fewer_rows() {
    let rows: Vec<String> = (1..40)
        .map(|id| {
            let value = "v".repeat(id * 20);
            format!(
                "{id}, '', 'a{id}', '{value}', 'shop.example', '/', 1827327000000, 0, 0, 1, 1, 256"
            )
        })
        .collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let (_folder, path) = firefox(17, &rows);
    let whole = fs::read(&path).unwrap();
    let damaged = "the database is damaged, or was copied in part";
    let mut errors = 0;
    let mut check = |octets: &[u8]| match formats::read(octets, None) {
        Ok(contents) => assert!(contents.records.len() <= 39),
        Err(error) => {
            let error = error.to_string();
            assert!(
                error.starts_with(damaged)
                    || error.contains("no cookies of Firefox")
                    || error.starts_with("its table"),
                "{error}"
            );
            errors += 1;
        }
    };
    for end in (16..whole.len()).step_by(509) {
        check(&whole[..end]);
    }
    for seed in 0..200 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut octets = whole.clone();
        for _ in 0..random.usize(1..30) {
            let index = random.usize(16..octets.len());
            octets[index] = random.u8(..);
        }
        check(&octets);
    }
    assert!(errors > 20, "{errors}");
}

#[test]
fn what_is_no_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let directory = formats::read_file(folder.path(), None);
    assert_eq!(directory.unwrap_err(), ReadError::Directory);
    let missing = folder.path().join("missing");
    assert_eq!(read(&missing).unwrap_err(), ReadError::NotFound);
    let empty = folder.path().join("empty");
    fs::write(&empty, "").unwrap();
    assert_eq!(read(&empty).unwrap().format, None);
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_is_named() {
    use std::os::unix::fs::PermissionsExt as _;

    let (_folder, path) = firefox(17, &[]);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::File::open(&path).is_ok() {
        let _ = writeln!(io::stderr(), "skipped: root may read any file");
        return;
    }
    assert_eq!(
        formats::read_file(&path, None).unwrap_err(),
        ReadError::Denied
    );
}

/// A row that any jar keeps.
const ROW: &str = "1, '', 'a', '1', 'shop.example', '/', 1827327000000, 0, 0, 1, 1, 256";

#[cfg(unix)]
#[test]
fn a_pipe_is_read_whole() {
    let (folder, path) = firefox(17, &[ROW]);
    let pipe = folder.path().join("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let writer = {
        let (path, pipe) = (path.clone(), pipe.clone());
        std::thread::spawn(move || fs::write(pipe, fs::read(path).unwrap()).unwrap())
    };
    let contents = formats::read_file(&pipe, None).unwrap();
    writer.join().unwrap();
    assert_eq!(told(&contents), ["a=1"]);
}

#[cfg(unix)]
#[test]
fn the_log_is_beside_the_file_and_not_beside_a_link_to_it() {
    let Some((_folder, path)) = broken("firefox-hot.sqlite") else {
        return;
    };
    let other = tempfile::tempdir().unwrap();
    let link = other.path().join("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    assert_eq!(told(&read(&link).unwrap()), ["old=2", "inwal=1"]);
}

/// The octets of a database have no log, which is said where there may be one.
#[test]
fn octets_are_read_without_a_log() {
    let Some((_folder, path)) = broken("firefox-hot.sqlite") else {
        return;
    };
    let contents = formats::read(&fs::read(path).unwrap(), None).unwrap();
    assert_eq!(told(&contents), ["old=1"]);
    assert_eq!(kinds(&contents), ["wal-missing"]);
}

/// What this names is held by [`holds_a_database`], in a process of its own.
const HELD: &str = "HARDTACK_HELD_DATABASE";

/// Not a test by itself: holds a database until its standard input ends.
#[test]
fn holds_a_database() {
    let Some(path) = std::env::var_os(HELD) else {
        return;
    };
    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch("BEGIN EXCLUSIVE; UPDATE moz_cookies SET value = 'uncommitted'")
        .unwrap();
    println!("held");
    io::stdin().read_line(&mut String::new()).unwrap();
}

#[test]
fn a_database_that_another_process_holds_is_read() {
    for mode in ["DELETE", "WAL"] {
        let (_folder, path) = firefox(17, &[]);
        let connection = Connection::open(&path).unwrap();
        let script =
            format!("PRAGMA journal_mode = {mode}; INSERT INTO moz_cookies VALUES ({ROW})");
        connection.execute_batch(&script).unwrap();
        drop(connection);
        let mut holder = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "holds_a_database", "--nocapture"])
            .env(HELD, &path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(holder.stdout.take().unwrap()).lines();
        let mut said = said.map(Result::unwrap);
        assert!(said.any(|line| line.contains("held")));
        // SQLite itself may not write to it.
        let busy = Connection::open(&path).unwrap();
        busy.busy_timeout(std::time::Duration::ZERO).unwrap();
        busy.execute_batch("BEGIN IMMEDIATE").unwrap_err();
        drop(busy);
        let contents = read(&path).unwrap();
        assert_eq!(told(&contents), ["a=1"], "{mode}");
        assert_eq!(kinds(&contents), [""; 0], "{mode}");
        drop(holder.stdin.take());
        assert!(holder.wait().unwrap().success());
    }
}
