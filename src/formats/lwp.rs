//! The `Set-Cookie3` files of Python's and Perl's libraries: a line a cookie.

use crate::cookie::Cookie;
use crate::formats::json::Why;
use crate::formats::record::{Note, Place, Record, RecordedCookie};
use crate::formats::scope::{Says, note_local, scope};
use crate::formats::time::is_beyond_year_9999;
use crate::formats::written::WriteOptions;
use crate::formats::{Contents, Format};
use crate::set_cookie::SameSite;
use crate::timestamp::Timestamp;

const FIRST_LINE: &[u8] = b"#LWP-Cookies-";

const RECORD: &[u8] = b"Set-Cookie3:";

/// Returns true if the file is of this format by its first line that is not empty.
pub(super) fn matches(octets: &[u8]) -> bool {
    let start = octets.trim_ascii_start();
    start.starts_with(FIRST_LINE) || start.starts_with(RECORD)
}

pub(super) fn read(octets: &[u8]) -> Contents {
    // Perl writes a dot where the cookie came from a subdomain, and nowhere else.
    let is_pythons = octets.trim_ascii_start().starts_with(b"#LWP-Cookies-2");
    let says = if is_pythons { Says::Dot } else { Says::OnlyDot };
    let ends_whole = octets.ends_with(b"\n");
    let mut records = Vec::new();
    let mut lines = octets.split(|octet| *octet == b'\n').enumerate().peekable();
    while let Some((index, line)) = lines.next() {
        let line = line.trim_ascii();
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        let place = Place::Line(index + 1);
        let Some(line) = line.strip_prefix(RECORD) else {
            let why = "the line does not begin with `Set-Cookie3:`";
            records.push(Record::unreadable(place, why));
            continue;
        };
        let is_whole = ends_whole || lines.peek().is_some();
        match cookies(line) {
            // A comma begins another cookie.
            Ok(cookies) => records.extend(cookies.iter().map(|pairs| {
                let mut notes = Vec::new();
                match cookie(pairs, is_whole, says, &mut notes) {
                    Ok(cookie) => Record::new(place, cookie, notes),
                    Err(why) => Record::unreadable(place, why),
                }
            })),
            Err(why) => records.push(Record::unreadable(place, why)),
        }
    }
    Contents::of(Format::Lwp, records)
}

/// A name and what follows its "=", without quotes and backslashes.
struct Pair<'a> {
    name: &'a [u8],
    value: Option<Vec<u8>>,
}

/// Cuts a line into the pairs of its cookies.
fn cookies(mut rest: &[u8]) -> Result<Vec<Vec<Pair<'_>>>, Why> {
    let mut cookies = Vec::new();
    let mut pairs: Vec<Pair<'_>> = Vec::new();
    loop {
        rest = rest.trim_ascii_start();
        match rest.split_first() {
            None => break,
            Some((b';', after)) => rest = after,
            Some((b'=', after)) if !pairs.is_empty() => rest = after,
            Some((b',', after)) => {
                rest = after;
                cookies.push(std::mem::take(&mut pairs));
            }
            Some(_) => {
                let name = until(&mut rest, |octet| is_end(octet) || octet == b'=');
                let value = value(&mut rest)?;
                pairs.push(Pair { name, value });
            }
        }
    }
    cookies.push(pairs);
    cookies.retain(|pairs| !pairs.is_empty());
    Ok(cookies)
}

/// Takes what follows a name: nothing, a token, or a text in quotes.
fn value(rest: &mut &[u8]) -> Result<Option<Vec<u8>>, Why> {
    let Some(after) = rest.trim_ascii_start().strip_prefix(b"=") else {
        return Ok(None);
    };
    *rest = after.trim_ascii_start();
    let Some(quoted) = rest.strip_prefix(b"\"") else {
        return Ok(Some(until(rest, is_end).to_vec()));
    };
    let mut value = Vec::new();
    let mut octets = quoted.iter();
    while let Some(octet) = octets.next() {
        match octet {
            b'"' => {
                *rest = octets.as_slice();
                return Ok(Some(value));
            }
            b'\\' => value.extend(octets.next()),
            octet => value.push(*octet),
        }
    }
    Err("a quote is not closed: the line was cut off, or its end is missing".into())
}

fn is_end(octet: u8) -> bool {
    octet.is_ascii_whitespace() || octet == b';' || octet == b','
}

/// Takes the octets before the first one that ends them.
fn until<'a>(rest: &mut &'a [u8], ends: impl Fn(u8) -> bool) -> &'a [u8] {
    let end = rest.iter().position(|octet| ends(*octet));
    let (taken, after) = rest.split_at(end.unwrap_or(rest.len()));
    *rest = after;
    taken
}

fn cookie(
    pairs: &[Pair<'_>],
    is_whole: bool,
    says: Says,
    notes: &mut Vec<Note>,
) -> Result<RecordedCookie, Why> {
    let (pair, attributes) = pairs.split_first().ok_or("it has no name and no value")?;
    // The last one of a name counts.
    let find = |name: &str| {
        let mut found = attributes.iter().rev();
        found.find(|pair| pair.name.eq_ignore_ascii_case(name.as_bytes()))
    };
    let has = |name| find(name).is_some();
    let text = |name| find(name).and_then(|pair| pair.value.as_deref());
    if !is_whole && !has("version") {
        return Err("the line was cut off: its last attribute, `version`, is missing".into());
    }
    let value = pair.value.as_deref().unwrap_or_else(|| {
        notes.push(Note::new(
            "value-missing",
            "there is no `=` after the name: taken as an empty value",
        ));
        b""
    });
    let domain = text("domain").filter(|domain| !domain.is_empty());
    let domain = domain.ok_or("it has no `domain`: the file does not say for which host it is")?;
    let domain = String::from_utf8_lossy(domain);
    let path = text("path").ok_or("it has no `path`")?;
    let (domain, host_only) = scope(pair.name, &domain, says, notes);
    note_local(&domain, notes);
    let mut cookie = RecordedCookie::new(pair.name, value, domain);
    cookie.path = path.to_vec();
    cookie.host_only = host_only;
    cookie.secure = Some(has("secure"));
    cookie.http_only = Some(has("HttpOnly"));
    cookie.same_site = Some(same_site(text("SameSite"), notes));
    cookie.expires = text("expires").map(instant).transpose()?;
    if cookie.expires.is_none() && !has("discard") {
        notes.push(Note::new(
            "lifetime-unknown",
            "there is neither `expires` nor `discard`, as Perl writes a cookie with Max-Age: taken as a session cookie",
        ));
    }
    if has("Partitioned") {
        notes.push(Note::partition_unknown());
    }
    if text("port").is_some() {
        notes.push(Note::new(
            "port-cut",
            "it is for some ports only, which are no part of a cookie's scope: taken without them",
        ));
    }
    Ok(cookie)
}

fn same_site(word: Option<&[u8]>, notes: &mut Vec<Note>) -> SameSite {
    let Some(word) = word else {
        return SameSite::Default;
    };
    match word.to_ascii_lowercase().as_slice() {
        b"strict" => SameSite::Strict,
        b"lax" => SameSite::Lax,
        b"none" => SameSite::None,
        _ => {
            notes.push(Note::new(
                "same-site-unknown",
                "its `SameSite` is not a word of SameSite: taken as if it were absent",
            ));
            SameSite::Default
        }
    }
}

/// Reads an instant such as `2027-11-27 14:55:58Z`.
fn instant(text: &[u8]) -> Result<Timestamp, Why> {
    let why = "its `expires` is not an instant such as 2027-11-27 14:55:58Z";
    let text = std::str::from_utf8(text).map_err(|_| why)?;
    let text = text.trim().replacen(' ', "T", 1);
    let text = if text.ends_with('Z') {
        text
    } else {
        text + "Z"
    };
    let instant = text.parse().map_err(|_| why)?;
    if is_beyond_year_9999(instant) {
        return Err("its `expires` is beyond the year 9999".into());
    }
    Ok(instant)
}

/// Returns true if Python reads the name as one word, and the value of a nameless cookie, which stands in the place
/// of the name there.
pub(super) fn fits(cookie: &Cookie) -> bool {
    let is_nameless = cookie.name().is_empty();
    let word = if is_nameless {
        cookie.value()
    } else {
        cookie.name()
    };
    let word = String::from_utf8_lossy(word);
    let ends = |character: char| character.is_whitespace() || ",;=".contains(character);
    !(word.contains(ends) || is_nameless && word.starts_with('"'))
}

pub(super) fn write(cookies: &[&Cookie], _options: &WriteOptions<'_>) -> Vec<u8> {
    let mut file = b"#LWP-Cookies-2.0\n".to_vec();
    for cookie in cookies {
        let dot = if cookie.host_only() { "" } else { "." };
        let domain = format!("{dot}{}", cookie.domain_str());
        let expires = cookie.expiry_time().map(|expires| {
            let expires = Timestamp::from_secs(expires.as_secs()).to_string();
            expires.replacen('T', " ", 1)
        });
        let same_site = match cookie.same_site() {
            SameSite::Default => None,
            SameSite::Strict => Some("Strict"),
            SameSite::Lax => Some("Lax"),
            SameSite::None => Some("None"),
        };
        file.extend_from_slice(b"Set-Cookie3: ");
        file.extend_from_slice(cookie.name());
        file.push(b'=');
        write_value(&mut file, cookie.value());
        file.extend_from_slice(b"; path=");
        write_quoted(&mut file, cookie.path());
        file.extend_from_slice(b"; domain=");
        write_quoted(&mut file, domain.as_bytes());
        file.extend_from_slice(b"; path_spec");
        if cookie.secure_only() {
            file.extend_from_slice(b"; secure");
        }
        match expires {
            Some(expires) => {
                file.extend_from_slice(b"; expires=");
                write_quoted(&mut file, expires.as_bytes());
            }
            None => file.extend_from_slice(b"; discard"),
        }
        if cookie.http_only() {
            file.extend_from_slice(b"; HttpOnly=None");
        }
        if let Some(word) = same_site {
            file.extend_from_slice(b"; SameSite=");
            file.extend_from_slice(word.as_bytes());
        }
        file.extend_from_slice(b"; version=0\n");
    }
    file
}

/// Writes a word as it is, and anything else in quotes.
fn write_value(file: &mut Vec<u8>, value: &[u8]) {
    let is_word = |octet: &u8| octet.is_ascii_alphanumeric() || *octet == b'_';
    if !value.is_empty() && value.iter().all(is_word) {
        file.extend_from_slice(value);
    } else {
        write_quoted(file, value);
    }
}

fn write_quoted(file: &mut Vec<u8>, text: &[u8]) {
    file.push(b'"');
    for octet in text {
        if matches!(octet, b'"' | b'\\') {
            file.push(b'\\');
        }
        file.push(*octet);
    }
    file.push(b'"');
}
