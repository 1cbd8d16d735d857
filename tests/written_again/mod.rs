//! What holds of every file that is written, whatever the jar is: the laws of `tests/format_laws.rs`, which the fuzz
//! targets hold too.

use hardtack::formats::{self, Format, Loss, RecordedCookie, WriteOptions, Written};
use hardtack::{Cookie, CookieJar, PartitionKey, Policy, Request, Timestamp};

const YEAR_0: Timestamp = Timestamp::from_secs(-62_167_219_200);

const YEAR_9999: Timestamp = Timestamp::from_micros(253_402_300_799_999_999);

/// What does not hold.
pub(crate) type Law = Result<(), String>;

pub(crate) fn formats_written() -> impl Iterator<Item = Format> {
    let formats = Format::ALL.into_iter();
    formats.filter(|format| format.can_be_written())
}

pub(crate) fn written(
    format: Format,
    jar: &CookieJar,
    now: Timestamp,
    options: &WriteOptions<'_>,
) -> Written {
    formats::write(format, jar.iter(now), options).unwrap()
}

/// What is read again is the jar, less exactly what was said to be lost, and the file tells its format.
pub(crate) fn is_the_jar_less_what_was_lost(jar: &CookieJar, now: Timestamp) -> Law {
    formats_written().try_for_each(|format| is_the_jar(format, jar, now))
}

fn is_the_jar(format: Format, jar: &CookieJar, now: Timestamp) -> Law {
    let cookies: Vec<&Cookie> = jar.iter(now).collect();
    let written = written(format, jar, now, &WriteOptions::default());
    let again = formats::read(&written.octets, Some(format))
        .map_err(|error| format!("{format}: {error}"))?;
    let detected =
        formats::read(&written.octets, None).map_err(|error| format!("{format}: {error}"))?;
    if !again.records.is_empty() && detected.format != Some(format) {
        return Err(format!("{format} is taken for {:?}", detected.format));
    }
    let lost = |index: usize| written.lost.iter().filter(move |lost| lost.index == index);
    let held = cookies.iter().enumerate();
    let held: Vec<_> = held
        .filter(|(index, _)| !lost(*index).any(|lost| lost.left_out))
        .collect();
    if again.records.len() != held.len() {
        let records = again.records.len();
        return Err(format!("{format}: {} became {records}", held.len()));
    }
    let mut records: Vec<&RecordedCookie> = Vec::new();
    for record in &again.records {
        let cookie = record.cookie.as_ref();
        let cookie = cookie.ok_or_else(|| format!("{format} cannot be read again: {record:?}"))?;
        // Nothing has to be repaired in what hardtack wrote, but that a name is missing; and a host may end with what
        // libraries append.
        let mut notes = record.notes.iter();
        if !cookie.name.is_empty() && notes.any(|note| note.kind() != "local-appended") {
            return Err(format!("{format}: {:?}", record.notes));
        }
        records.push(cookie);
    }
    // Some formats have an order of their own.
    for (index, cookie) in held {
        let losses: Vec<Loss> = lost(index).map(|lost| lost.loss).collect();
        let differences = records
            .iter()
            .map(|record| difference(cookie, record, &losses));
        let differences: Vec<_> = differences.collect();
        if !differences.iter().any(Option::is_none) {
            return Err(format!("{format} {cookie:?}: {differences:?}"));
        }
    }
    Ok(())
}

/// What a record says differently from the cookie that was written, but for what was lost of it.
fn difference(cookie: &Cookie, record: &RecordedCookie, lost: &[Loss]) -> Option<&'static str> {
    let is_lost = |loss| lost.contains(&loss);
    let floor =
        |time: Timestamp, to: i64| Timestamp::from_micros(time.as_micros().div_euclid(to) * to);
    // Of an instant whose fraction is lost, a part may still be there.
    let is_near = |time: Timestamp, read: Option<Timestamp>, is_lost: bool| match read {
        None => is_lost,
        // What RFC 3339 cannot write becomes the nearest instant that it can.
        Some(read) if is_lost => {
            let time = time.max(YEAR_0).min(YEAR_9999);
            read == floor(time, 1_000) || read == floor(time, 1_000_000)
        }
        Some(read) => read == time,
    };
    let expires = match (cookie.expiry_time(), record.expires) {
        (Some(time), read @ Some(_)) => is_near(time, read, is_lost(Loss::ExpiryFraction)),
        (time, read) => time == read,
    };
    let same_site = record.same_site.unwrap_or_default() == cookie.same_site();
    let http_only = record.http_only.unwrap_or(false) == cookie.http_only();
    let partition = record.partition.as_ref() == cookie.partition();
    let creation = is_near(
        cookie.creation_time(),
        record.creation,
        is_lost(Loss::CreationTime),
    );
    let last_access = is_near(
        cookie.last_access_time(),
        record.last_access,
        is_lost(Loss::LastAccessTime),
    );
    [
        ("name", record.name == cookie.name()),
        ("value", record.value == cookie.value()),
        ("domain", record.domain.as_bytes() == cookie.domain()),
        ("path", record.path == cookie.path()),
        ("host_only", record.host_only == Some(cookie.host_only())),
        ("secure", record.secure == Some(cookie.secure_only())),
        ("http_only", http_only || is_lost(Loss::HttpOnly)),
        ("same_site", same_site || is_lost(Loss::SameSite)),
        ("expires", expires),
        ("partition", partition || is_lost(Loss::Partition)),
        ("creation", creation),
        ("last_access", last_access),
    ]
    .into_iter()
    .find_map(|(field, is_same)| (!is_same).then_some(field))
}

/// No copy sends to a request what the source does not. A request comes with one that is over HTTP and same-site, of
/// which it holds where HttpOnly or SameSite was told as lost.
pub(crate) fn sends_no_more(
    jar: &CookieJar,
    requests: &[(Request<'_>, Request<'_>)],
    now: Timestamp,
) -> Law {
    for format in formats_written() {
        let written = written(format, jar, now, &WriteOptions::default());
        let contents = formats::read(&written.octets, Some(format))
            .map_err(|error| format!("{format}: {error}"))?;
        let (copy, _) = contents.jar(Policy::default(), now);
        let mut lost = written.lost.iter();
        let is_told = lost.any(|lost| matches!(lost.loss, Loss::HttpOnly | Loss::SameSite));
        for (request, same_site) in requests {
            let request = if is_told { same_site } else { request };
            let source = sent(jar, request, now);
            for pair in sent(&copy, request, now) {
                if !source.contains(&pair) {
                    return Err(format!("{format} sends {} more", pair.0.escape_ascii()));
                }
            }
        }
    }
    Ok(())
}

/// The pairs that a jar sends, in order.
fn sent(
    jar: &CookieJar,
    request: &Request<'_>,
    now: Timestamp,
) -> Vec<(Vec<u8>, Vec<u8>, Option<PartitionKey>)> {
    let explained = jar.explain(request, now).into_iter();
    let sent = explained.filter(|(_, why_not)| why_not.is_none());
    sent.map(|(cookie, _)| {
        (
            cookie.name().to_vec(),
            cookie.value().to_vec(),
            cookie.partition().cloned(),
        )
    })
    .collect()
}
