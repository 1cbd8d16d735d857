//! What nearly every table needs: an instant, URLs, octets as text.

#![allow(dead_code)]

use hardtack::{CookieJar, Policy, Receipt, Rejection, Timestamp};
use url::Url;

pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_717_243_200);

/// So many seconds after [`NOW`].
pub(crate) fn after(seconds: i64) -> Timestamp {
    Timestamp::from_secs(NOW.as_secs() + seconds)
}

pub(crate) fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

pub(crate) fn text(octets: &[u8]) -> String {
    octets.escape_ascii().to_string()
}

/// Receives a line as a plain HTTP client.
pub(crate) fn receive(
    jar: &mut CookieJar,
    from: &str,
    line: &str,
    now: impl Into<Timestamp>,
) -> Result<Receipt, Rejection> {
    jar.receive(line, &url(from), now)
}

/// What a plain HTTP client sends, as text; empty where that is nothing.
pub(crate) fn sent(jar: &CookieJar, to: &str, now: impl Into<Timestamp>) -> String {
    let cookie_string = jar.cookie_string(&url(to), now);
    text(&cookie_string.unwrap_or_default())
}

/// The names of all cookies, by creation, with a space between.
pub(crate) fn names(jar: &CookieJar, now: impl Into<Timestamp>) -> String {
    let names: Vec<String> = jar.iter(now).map(|cookie| text(cookie.name())).collect();
    names.join(" ")
}

/// The cells of a row: what stands between `|`, without the spaces around.
pub(crate) fn cells<const N: usize>(row: &str) -> [&str; N] {
    let cells: Vec<&str> = row.split('|').map(|cell| cell.trim_matches(' ')).collect();
    cells.try_into().unwrap()
}

/// The default policy, but for what `change` changes.
pub(crate) fn policy(change: impl FnOnce(&mut Policy)) -> Policy {
    let mut policy = Policy::default();
    change(&mut policy);
    policy
}
