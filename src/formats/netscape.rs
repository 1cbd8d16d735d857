//! cookies.txt: a line a cookie, of seven fields with tabs between them.

use std::borrow::Cow;

use crate::cookie::Cookie;
use crate::formats::record::{Note, Place, Record, RecordedCookie};
use crate::formats::scope::{Says, scope, without_brackets};
use crate::formats::time::Unit;
use crate::formats::written::WriteOptions;
use crate::formats::{Contents, Format};
use crate::timestamp::Timestamp;

/// The first lines that its readers take; the first one is written, since all of them take it.
const FIRST_LINES: [&[u8]; 2] = [b"# Netscape HTTP Cookie File", b"# HTTP Cookie File"];

/// Before the domain of a cookie that is http-only. Other lines that begin with `#` are comments.
const HTTP_ONLY: &[u8] = b"#HttpOnly_";

/// Returns true if the file is of this format by its first line or by a line of six tabs or five; or if it has
/// comments and nothing else.
pub(super) fn matches(octets: &[u8]) -> bool {
    let mut only_comments = true;
    for line in lines(octets) {
        if FIRST_LINES.iter().any(|first| line.starts_with(first)) {
            return true;
        }
        let record = line.strip_prefix(HTTP_ONLY).unwrap_or(line);
        if is_comment(record) {
            continue;
        }
        only_comments = false;
        let domain = record.split(|octet| *octet == b'\t').next();
        // The first field of w3m's lines is a URL.
        if domain.is_some_and(|domain| domain.contains(&b'/')) {
            return false;
        }
        if record.split(|octet| *octet == b'\t').count() >= 6 {
            return true;
        }
    }
    only_comments
}

pub(super) fn read(octets: &[u8]) -> Contents {
    let mut records = Vec::new();
    let mut says_http_only = false;
    for (index, line) in lines(octets).enumerate() {
        let (http_only, line) = match line.strip_prefix(HTTP_ONLY) {
            Some(line) => (true, line),
            None => (false, line),
        };
        if is_comment(line) {
            continue;
        }
        says_http_only |= http_only;
        let place = Place::Line(index + 1);
        let mut notes = Vec::new();
        let record = match cookie(line, &mut notes) {
            Ok(mut cookie) => {
                cookie.http_only = Some(http_only);
                Record::new(place, cookie, notes)
            }
            Err(why) => Record::unreadable(place, why),
        };
        records.push(record);
    }
    // Most tools do not write the flag at all, so that its absence says nothing.
    if !says_http_only {
        let cookies = records
            .iter_mut()
            .filter_map(|record| record.cookie.as_mut());
        cookies.for_each(|cookie| cookie.http_only = None);
    }
    Contents::of(Format::Netscape, records)
}

/// The lines, without their ends.
fn lines(octets: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = octets.split(|octet| *octet == b'\n');
    lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

fn is_comment(line: &[u8]) -> bool {
    line.trim_ascii().is_empty() || line.starts_with(b"#") || line.starts_with(b"$")
}

fn cookie(line: &[u8], notes: &mut Vec<Note>) -> Result<RecordedCookie, Cow<'static, str>> {
    let fields: Vec<&[u8]> = line.splitn(7, |octet| *octet == b'\t').collect();
    let (domain, subdomains, path, secure, expires, name, value) = match fields[..] {
        [domain, subdomains, path, secure, expires, name, value] => {
            (domain, subdomains, path, secure, expires, name, value)
        }
        [domain, subdomains, path, secure, expires, name] => {
            notes.push(Note::new(
                "value-missing",
                "the line has six fields and no tab after the name: taken as an empty value",
            ));
            (domain, subdomains, path, secure, expires, name, &b""[..])
        }
        [line] if line.contains(&b' ') => {
            return Err("its fields have spaces between them where tabs belong".into());
        }
        _ => {
            let fields = fields.len();
            return Err(format!("the line has {fields} of the seven fields").into());
        }
    };
    if value.contains(&b'\t') {
        notes.push(Note::new(
            "tab-in-value",
            "the line has more than seven fields: taken as tabs in the value",
        ));
    }
    if name.is_empty() {
        notes.push(Note::new(
            "nameless",
            "the field of the name is empty: taken as a nameless cookie",
        ));
    }
    let subdomains = flag(subdomains, "include-subdomains")?;
    let domain = String::from_utf8_lossy(domain);
    if subdomains && !domain.starts_with('.') {
        notes.push(Note::new(
            "dot-against-flag",
            "the domain has no dot, and its flag says that subdomains get the cookie: the flag decides",
        ));
    }
    let (domain, host_only) = scope(name, &domain, Says::Flag(!subdomains), notes);
    let mut cookie = RecordedCookie::new(name, value, domain);
    cookie.path = path.to_vec();
    cookie.host_only = host_only;
    cookie.secure = Some(flag(secure, "secure")?);
    cookie.expires = expiry_time(expires, notes)?;
    Ok(cookie)
}

fn flag(field: &[u8], name: &str) -> Result<bool, Cow<'static, str>> {
    if field.eq_ignore_ascii_case(b"TRUE") {
        Ok(true)
    } else if field.eq_ignore_ascii_case(b"FALSE") {
        Ok(false)
    } else {
        Err(format!("its field {name} is neither TRUE nor FALSE").into())
    }
}

/// Reads the field of the expiry-time. Zero, and Python's empty field, are session cookies.
fn expiry_time(
    field: &[u8],
    notes: &mut Vec<Note>,
) -> Result<Option<Timestamp>, Cow<'static, str>> {
    if field.is_empty() || field == b"0" {
        return Ok(None);
    }
    let instant = Unit::Seconds
        .read(field)
        .map_err(|error| error.to_string())?;
    if field.starts_with(b"-") {
        notes.push(Note::new(
            "expiry-negative",
            "the expiry-time is negative: taken as expired, though some exporters write -1 for a session cookie",
        ));
    }
    Ok(Some(instant))
}

/// Returns true if the line of a cookie is none that is taken for a comment. A domain may begin with `$`.
pub(super) fn fits(cookie: &Cookie) -> bool {
    !is_comment(domain(cookie).as_bytes())
}

pub(super) fn write(cookies: &[&Cookie], options: &WriteOptions<'_>) -> Vec<u8> {
    let mut file = FIRST_LINES[0].to_vec();
    file.push(b'\n');
    for cookie in cookies {
        if cookie.http_only() && options.has_http_only_prefix() {
            file.extend_from_slice(HTTP_ONLY);
        }
        let flag = |flag| if flag { "TRUE" } else { "FALSE" };
        let domain = domain(cookie);
        let expires = cookie.expiry_time().map_or(0, Timestamp::as_secs);
        let fields = [
            domain.as_bytes(),
            flag(!cookie.host_only()).as_bytes(),
            cookie.path(),
            flag(cookie.secure_only()).as_bytes(),
            expires.to_string().as_bytes(),
            cookie.name(),
            cookie.value(),
        ]
        .join(&b'\t');
        file.extend_from_slice(&fields);
        file.push(b'\n');
    }
    file
}

/// The domain as curl writes it: with a dot if subdomains get the cookie, IPv6 without brackets.
fn domain(cookie: &Cookie) -> String {
    let dot = if cookie.host_only() { "" } else { "." };
    format!("{dot}{}", without_brackets(cookie.domain_str()))
}
