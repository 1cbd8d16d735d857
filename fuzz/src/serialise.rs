//! A parsed line written out again, such that it reads as the same.

use chrono::{DateTime, Utc};
use hardtack::{PathAttribute, SameSite, SetCookie, Timestamp};

pub(crate) fn set_cookie(parsed: &SetCookie<'_>) -> Vec<u8> {
    let mut line = [parsed.name(), b"=", parsed.value()].concat();
    let mut attribute = |name: &str, value: &[u8]| {
        line.extend_from_slice(b"; ");
        line.extend_from_slice(name.as_bytes());
        line.push(b'=');
        line.extend_from_slice(value);
    };
    if let Some(instant) = parsed.expires() {
        attribute("Expires", &cookie_date(instant));
    }
    if let Some(seconds) = parsed.max_age() {
        attribute("Max-Age", seconds.to_string().as_bytes());
    }
    if let Some(domain) = parsed.domain() {
        // A dot that is discarded keeps one after it, and whitespace.
        let dot: &[u8] = match domain.first() {
            Some(b'.' | b' ' | b'\t') => b".",
            _ => b"",
        };
        attribute("Domain", &[dot, domain].concat());
    }
    match parsed.path() {
        None => (),
        Some(PathAttribute::Given(path)) => attribute("Path", path),
        Some(PathAttribute::Default { earlier }) => {
            if let Some(path) = earlier {
                attribute("Path", path);
            }
            attribute("Path", b"");
        }
    }
    match parsed.same_site() {
        SameSite::Default => (),
        SameSite::Strict => attribute("SameSite", b"Strict"),
        SameSite::Lax => attribute("SameSite", b"Lax"),
        SameSite::None => attribute("SameSite", b"None"),
    }
    for (name, is_there) in [
        ("Secure", parsed.secure()),
        ("HttpOnly", parsed.http_only()),
        ("Partitioned", parsed.partitioned()),
    ] {
        if is_there {
            attribute(name, b"");
        }
    }
    line
}

pub(crate) fn cookie_date(instant: Timestamp) -> Vec<u8> {
    let date = DateTime::<Utc>::from(instant).format("%a, %d %b %Y %H:%M:%S GMT");
    date.to_string().into_bytes()
}
