//! Set-Cookie lines and cookie-dates of the shapes that servers send.

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;

const HEX: &str = "0123456789abcdef";
const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE64_URL: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// base64 for URLs, and the dot between the parts of a token.
const TOKEN: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";

/// Random characters of an alphabet.
fn text(rng: &mut Rng, alphabet: &str, length: usize) -> String {
    let character = |_| char::from(alphabet.as_bytes()[rng.usize(..alphabet.len())]);
    (0..length).map(character).collect()
}

/// An instant in the year of the workloads.
fn instant(rng: &mut Rng) -> DateTime<Utc> {
    super::NEW_YEAR + TimeDelta::seconds(rng.i64(0..300 * 86_400))
}

fn imf(date: DateTime<Utc>) -> String {
    date.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn netscape(date: DateTime<Utc>) -> String {
    date.format("%a, %d-%b-%Y %H:%M:%S GMT").to_string()
}

fn rfc850(date: DateTime<Utc>) -> String {
    date.format("%A, %d-%b-%y %H:%M:%S GMT").to_string()
}

/// W7: a cookie-date, in the mix of formats that are met.
pub(crate) fn cookie_date(rng: &mut Rng) -> String {
    let date = instant(rng);
    match rng.u8(..100) {
        0..40 => imf(date),
        40..65 => netscape(date),
        65..80 => rfc850(date),
        80..90 => date.format("%a %b %e %H:%M:%S %Y").to_string(),
        90..95 => {
            let text = date.format("%-d %b %Y %H:%M:%S").to_string();
            text.to_lowercase()
        }
        _ => date.format("%H:%M:%S %d-%b-%Y").to_string(),
    }
}

/// A time in seconds since 1970, as trackers put it into their values.
fn stamp(rng: &mut Rng) -> u32 {
    rng.u32(1_700_000_000..1_800_000_000)
}

fn analytics(rng: &mut Rng) -> String {
    let visitor = rng.u32(1_000_000_000..2_000_000_000);
    format!("GA1.1.{visitor}.{}", stamp(rng))
}

/// A JSON Web Token whose payload has so many characters.
fn web_token(rng: &mut Rng, payload: usize) -> String {
    let header = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
    let payload = text(rng, BASE64_URL, payload);
    format!("{header}.{payload}.{}", text(rng, BASE64_URL, 43))
}

/// The domain that the `index`th line of W1 may name.
pub(crate) fn mixed_domain(index: usize) -> String {
    format!("example{}.com", index % 97)
}

/// W1: the `index`th line, twelve shapes in turn.
pub(crate) fn mixed(rng: &mut Rng, index: usize) -> String {
    let (date, domain) = (instant(rng), mixed_domain(index));
    match index % 12 {
        0 => format!("PHPSESSID={}; path=/", text(rng, HEX, 26)),
        1 => format!(
            "sessionid={}; expires={}; HttpOnly; Max-Age=1209600; Path=/; SameSite=Lax; Secure",
            text(rng, HEX, 32),
            imf(date)
        ),
        2 => format!(
            "__Host-session={}; Path=/; Secure; HttpOnly; SameSite=Strict",
            text(rng, BASE64_URL, 43)
        ),
        3 => format!(
            "_ga={}; Domain=.{domain}; Path=/; Expires={}; Max-Age=34560000",
            analytics(rng),
            imf(date)
        ),
        4 => format!(
            "__cf_bm={}-{}-1.0.1.1-{}; path=/; expires={}; domain=.{domain}; HttpOnly; \
             Secure; SameSite=None",
            text(rng, TOKEN, 43),
            stamp(rng),
            text(rng, TOKEN, 86),
            imf(date)
        ),
        5 => format!(
            "AWSALB={}; Expires={}; Path=/",
            text(rng, BASE64, 116),
            imf(date)
        ),
        6 => format!(
            "AWSALBCORS={}; Expires={}; Path=/; SameSite=None; Secure",
            text(rng, BASE64, 116),
            imf(date)
        ),
        7 => format!(
            "lang=en-US; Expires={}; Path=/; Domain={domain}",
            rfc850(date)
        ),
        8 => format!(
            "id_token={}; Path=/api; Secure; HttpOnly; SameSite=Lax; Max-Age=3600",
            web_token(rng, 200 + 40 * (index % 13))
        ),
        9 => format!(
            "prefs=theme%3Ddark%26density%3D{}%26tz%3DEurope%2FBerlin; Max-Age=31536000; \
             Path=/; Domain={domain}",
            index % 5
        ),
        10 => format!(
            "visit={index}; expires={}; path=/; domain=.{domain}; secure",
            netscape(date)
        ),
        _ => format!(
            "__Secure-1PSIDTS=sidts-{}; expires={}; path=/; domain=.{domain}; Secure; \
             HttpOnly; priority=high; Partitioned",
            text(rng, BASE64_URL, 60),
            imf(date)
        ),
    }
}

/// A session cookie. The next one replaces it.
pub(crate) fn session(rng: &mut Rng) -> String {
    let id = text(rng, HEX, 32);
    format!("sid={id}; Path=/; Secure; HttpOnly; SameSite=Lax")
}

/// W2: one of the ten cookies of `www.<domain>`, 0 to 9. All of them go with a request for
/// `/app/page/x`.
pub(crate) fn one_of_ten(rng: &mut Rng, domain: &str, which: usize) -> String {
    let expires = imf(instant(rng));
    match which {
        0 => session(rng),
        1 => format!(
            "__Host-csrf={}; Path=/; Secure; SameSite=Strict",
            text(rng, BASE64_URL, 22)
        ),
        2 => format!(
            "_ga={}; Domain=.{domain}; Path=/; Expires={expires}",
            analytics(rng)
        ),
        3 => format!(
            "_gid=GA1.1.{}.{}; Domain={domain}; Path=/; Max-Age=31536000",
            rng.u32(..1_000_000_000),
            stamp(rng)
        ),
        4 => format!(
            "__cf_bm={}-1.0.1.1-{}; path=/; expires={expires}; domain=.{domain}; HttpOnly; \
             Secure; SameSite=None",
            text(rng, BASE64_URL, 43),
            text(rng, BASE64_URL, 43)
        ),
        5 => format!(
            "AWSALB={}; Expires={expires}; Path=/",
            text(rng, BASE64, 60)
        ),
        6 => format!(
            "prefs=theme%3Ddark%26v%3D{}; Max-Age=31536000; Path=/app; Domain={domain}",
            rng.u8(..99)
        ),
        7 => format!("cart={}; Path=/app; Secure", rng.u32(..100_000_000)),
        8 => "view=grid; Path=/app/page; Max-Age=86400".to_owned(),
        _ => format!(
            "tok={}; Domain={domain}; Path=/app/page; Secure; HttpOnly",
            text(rng, BASE64_URL, 64)
        ),
    }
}

/// W4: the cookie that a host's `visit`th visit adds, under one of twenty names.
pub(crate) fn seen(rng: &mut Rng, visit: usize) -> String {
    let value = rng.u32(..1_000_000_000);
    let expires = imf(instant(rng));
    format!("seen{}={value}; Path=/app; Expires={expires}", visit % 20)
}
