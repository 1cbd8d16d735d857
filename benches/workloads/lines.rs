//! Set-Cookie lines and cookie-dates of the shapes that servers send.

use chrono::{DateTime, TimeDelta, Utc};

use super::random::{BASE64, BASE64_URL, HEX, Random, TOKEN};

/// An instant within the 300 days after the workloads' first of January.
fn instant(random: &mut Random) -> DateTime<Utc> {
    let seconds = random.below(300 * 86_400);
    super::BASE + TimeDelta::seconds(i64::try_from(seconds).expect("some 26 million"))
}

fn imf(date: DateTime<Utc>) -> String {
    date.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn rfc850(date: DateTime<Utc>) -> String {
    date.format("%A, %d-%b-%y %H:%M:%S GMT").to_string()
}

fn netscape(date: DateTime<Utc>) -> String {
    date.format("%a, %d-%b-%Y %H:%M:%S GMT").to_string()
}

/// W7: a cookie-date, in the mix of formats that are met.
pub(crate) fn cookie_date(random: &mut Random) -> String {
    let date = instant(random);
    match random.below(100) {
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
fn stamp(random: &mut Random) -> usize {
    random.between(1_700_000_000, 1_799_999_999)
}

fn analytics(random: &mut Random) -> String {
    let visitor = random.between(1_000_000_000, 2_000_000_000);
    format!("GA1.1.{visitor}.{}", stamp(random))
}

/// The domain that the `index`th line of W1 may name.
pub(crate) fn mixed_domain(index: usize) -> String {
    format!("example{}.com", index % 97)
}

/// W1: the `index`th line, twelve shapes in turn.
pub(crate) fn mixed(r: &mut Random, index: usize) -> String {
    let (date, domain) = (instant(r), mixed_domain(index));
    match index % 12 {
        0 => format!("PHPSESSID={}; path=/", r.text(HEX, 26)),
        1 => format!(
            "sessionid={}; expires={}; HttpOnly; Max-Age=1209600; Path=/; SameSite=Lax; Secure",
            r.text(HEX, 32),
            imf(date)
        ),
        2 => format!(
            "__Host-session={}; Path=/; Secure; HttpOnly; SameSite=Strict",
            r.text(BASE64_URL, 43)
        ),
        3 => format!(
            "_ga={}; Domain=.{domain}; Path=/; Expires={}; Max-Age=34560000",
            analytics(r),
            imf(date)
        ),
        4 => format!(
            "__cf_bm={}-{}-1.0.1.1-{}; path=/; expires={}; domain=.{domain}; HttpOnly; \
             Secure; SameSite=None",
            r.text(TOKEN, 43),
            stamp(r),
            r.text(TOKEN, 86),
            imf(date)
        ),
        5 => format!(
            "AWSALB={}; Expires={}; Path=/",
            r.text(BASE64, 116),
            imf(date)
        ),
        6 => format!(
            "AWSALBCORS={}; Expires={}; Path=/; SameSite=None; Secure",
            r.text(BASE64, 116),
            imf(date)
        ),
        7 => format!(
            "lang=en-US; Expires={}; Path=/; Domain={domain}",
            rfc850(date)
        ),
        8 => format!(
            "id_token={}; Path=/api; Secure; HttpOnly; SameSite=Lax; Max-Age=3600",
            web_token(r, 200 + 40 * (index % 13))
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
            r.text(BASE64_URL, 60),
            imf(date)
        ),
    }
}

/// A JSON Web Token whose payload has so many octets.
fn web_token(random: &mut Random, payload: usize) -> String {
    let header = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
    let payload = random.text(BASE64_URL, payload);
    format!("{header}.{payload}.{}", random.text(BASE64_URL, 43))
}

/// A session cookie; it replaces the one before.
pub(crate) fn session(random: &mut Random) -> String {
    let id = random.text(HEX, 32);
    format!("sid={id}; Path=/; Secure; HttpOnly; SameSite=Lax")
}

/// W4: the cookie that a visit adds, under one of twenty names.
pub(crate) fn seen(random: &mut Random, visit: usize) -> String {
    let value = random.below(1_000_000_000);
    let expires = imf(instant(random));
    format!("seen{}={value}; Path=/app; Expires={expires}", visit % 20)
}

/// W2: the ten cookies of `www.<domain>`, all of which go with a request for `/app/page/x`.
pub(crate) fn ten(r: &mut Random, domain: &str) -> [String; 10] {
    let expires = imf(instant(r));
    [
        session(r),
        format!(
            "__Host-csrf={}; Path=/; Secure; SameSite=Strict",
            r.text(BASE64_URL, 22)
        ),
        format!(
            "_ga={}; Domain=.{domain}; Path=/; Expires={expires}",
            analytics(r)
        ),
        format!(
            "_gid=GA1.1.{}.{}; Domain={domain}; Path=/; Max-Age=31536000",
            r.below(1_000_000_000),
            stamp(r)
        ),
        format!(
            "__cf_bm={}-1.0.1.1-{}; path=/; expires={expires}; domain=.{domain}; \
             HttpOnly; Secure; SameSite=None",
            r.text(BASE64_URL, 43),
            r.text(BASE64_URL, 43)
        ),
        format!("AWSALB={}; Expires={expires}; Path=/", r.text(BASE64, 60)),
        format!(
            "prefs=theme%3Ddark%26v%3D{}; Max-Age=31536000; Path=/app; Domain={domain}",
            r.below(99)
        ),
        format!("cart={}; Path=/app; Secure", r.below(100_000_000)),
        "view=grid; Path=/app/page; Max-Age=86400".to_owned(),
        format!(
            "tok={}; Domain={domain}; Path=/app/page; Secure; HttpOnly",
            r.text(BASE64_URL, 64)
        ),
    ]
}
