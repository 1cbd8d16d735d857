//! A naive model of a cookie store, written straight from draft-ietf-httpbis-rfc6265bis-22.
//!
//! It is slow on purpose: lists and loops, each step of the text in the order of the text. What
//! is tested against it was written apart from it, so that two readings can be compared.

#![allow(dead_code, unreachable_pub)]

use std::collections::HashSet;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use url::{Host, Origin, Url};

// ---------------------------------------------------------------------------------------------
// What goes in
// ---------------------------------------------------------------------------------------------

/// The "site for cookies" of the request's client.
#[derive(Clone, Debug, PartialEq)]
pub enum SiteForCookies {
    /// The request has no client.
    NoClient,
    /// An opaque origin.
    Opaque,
    /// The origin of this URL (which may be opaque, too).
    Origin(Url),
}

/// What the request navigates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    Subresource,
    Nested,
    TopLevel,
}

/// All that is known of one request, or of one call of a non-HTTP API.
#[derive(Clone, Debug, PartialEq)]
pub struct Context {
    pub url: Url,
    pub script: bool,
    pub method: String,
    pub site_for_cookies: SiteForCookies,
    pub destination: Destination,
    pub top_level_site: Option<Url>,
    pub cross_site_ancestor: bool,
}

impl Context {
    /// A plain HTTP client's GET.
    pub fn get(url: Url) -> Self {
        Self {
            url,
            script: false,
            method: String::from("GET"),
            site_for_cookies: SiteForCookies::NoClient,
            destination: Destination::Subresource,
            top_level_site: None,
            cross_site_ancestor: false,
        }
    }
}

/// What the text leaves to the user agent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)]
pub struct Policy {
    pub public_suffixes: bool,
    pub trust_localhost: bool,
    pub lax_allowing_unsafe_secs: u64,
    pub max_age_secs: u64,
    pub max_cookies_per_domain: usize,
    pub max_cookies_per_site: usize,
    pub cookies_left_of_full_site: usize,
    pub max_cookies: usize,
    pub http_prefixes: bool,
    pub partitioned: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            public_suffixes: true,
            trust_localhost: true,
            lax_allowing_unsafe_secs: 0,
            max_age_secs: 34_560_000,
            max_cookies_per_domain: 180,
            max_cookies_per_site: 540,
            cookies_left_of_full_site: usize::MAX,
            max_cookies: 3300,
            http_prefixes: true,
            partitioned: true,
        }
    }
}

// ---------------------------------------------------------------------------------------------
// What comes out
// ---------------------------------------------------------------------------------------------

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    Default,
    Strict,
    Lax,
    None,
}

/// A stored cookie. No expiry-time means that the persistent-flag is false.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)]
pub struct Cookie {
    pub name: Vec<u8>,
    pub value: Vec<u8>,
    pub expiry_time: Option<DateTime<Utc>>,
    pub domain: Vec<u8>,
    pub path: Vec<u8>,
    pub creation_time: DateTime<Utc>,
    pub last_access_time: DateTime<Utc>,
    pub insertion: u64,
    pub host_only: bool,
    pub secure_only: bool,
    pub http_only: bool,
    pub same_site: SameSite,
    pub partition: Option<String>,
}

/// What became of a Set-Cookie line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Stored,
    Replaced,
    Expired,
    /// The section and main step of the text that rejects; none and 0 for rules outside of it.
    Rejected {
        section: Option<&'static str>,
        step: u32,
    },
}

/// A parsed set-cookie-string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    pub name: Vec<u8>,
    pub value: Vec<u8>,
    pub attributes: Vec<Attribute>,
}

/// An attribute that was not ignored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// As written: the lifetime limit comes later.
    Expires(DateTime<Utc>),
    /// delta-seconds, saturated: the lifetime limit comes later.
    MaxAge(i64),
    Domain(Vec<u8>),
    /// None is the default-path.
    Path(Option<Vec<u8>>),
    Secure,
    HttpOnly,
    SameSite(SameSite),
    Partitioned,
}

// ---------------------------------------------------------------------------------------------
// 5.1.1 Dates
// ---------------------------------------------------------------------------------------------

fn is_delimiter(octet: u8) -> bool {
    // delimiter = %x09 / %x20-2F / %x3B-40 / %x5B-60 / %x7B-7E
    matches!(octet, 0x09 | 0x20..=0x2F | 0x3B..=0x40 | 0x5B..=0x60 | 0x7B..=0x7E)
}

/// `least*mostDIGIT` at the start, not followed by one more digit: the number and what follows.
fn digits(text: &[u8], least: usize, most: usize) -> Option<(u32, &[u8])> {
    let mut count = 0;
    let mut number = 0;
    while count < text.len() && text[count].is_ascii_digit() {
        if count == most {
            return None;
        }
        number = number * 10 + u32::from(text[count] - b'0');
        count += 1;
    }
    if count < least {
        return None;
    }
    Some((number, &text[count..]))
}

/// time = hms-time [ non-digit *OCTET ]
fn time_production(token: &[u8]) -> Option<(u32, u32, u32)> {
    // hms-time = time-field ":" time-field ":" time-field, where time-field = 1*2DIGIT
    let (hour, rest) = digits(token, 1, 2)?;
    let rest = rest.strip_prefix(b":")?;
    let (minute, rest) = digits(rest, 1, 2)?;
    let rest = rest.strip_prefix(b":")?;
    let (second, _) = digits(rest, 1, 2)?;
    Some((hour, minute, second))
}

/// day-of-month = 1*2DIGIT [ non-digit *OCTET ]
fn day_of_month_production(token: &[u8]) -> Option<u32> {
    let (day_of_month, _) = digits(token, 1, 2)?;
    Some(day_of_month)
}

/// month = ( "jan" / "feb" / ... / "dec" ) *OCTET
fn month_production(token: &[u8]) -> Option<u32> {
    const MONTHS: [&[u8]; 12] = [
        b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov",
        b"dec",
    ];
    let mut number = 0;
    for month in MONTHS {
        number += 1;
        if token.len() >= 3 && token[..3].eq_ignore_ascii_case(month) {
            return Some(number);
        }
    }
    None
}

/// year = 2*4DIGIT [ non-digit *OCTET ]
fn year_production(token: &[u8]) -> Option<u32> {
    let (year, _) = digits(token, 2, 4)?;
    Some(year)
}

/// The algorithm of 5.1.1.
pub fn parse_cookie_date(text: &[u8]) -> Option<DateTime<Utc>> {
    let mut found_time = None;
    let mut found_day_of_month = None;
    let mut found_month = None;
    let mut found_year = None;

    // Step 1: divide the cookie-date into date-tokens.
    for token in text.split(|octet| is_delimiter(*octet)) {
        if token.is_empty() {
            continue;
        }

        // Step 2: process each date-token.
        // Step 2.1: the time, if not yet found.
        if found_time.is_none() {
            found_time = time_production(token);
            if found_time.is_some() {
                continue;
            }
        }
        // Step 2.2: the day of the month, if not yet found.
        if found_day_of_month.is_none() {
            found_day_of_month = day_of_month_production(token);
            if found_day_of_month.is_some() {
                continue;
            }
        }
        // Step 2.3: the month, if not yet found.
        if found_month.is_none() {
            found_month = month_production(token);
            if found_month.is_some() {
                continue;
            }
        }
        // Step 2.4: the year, if not yet found.
        if found_year.is_none() {
            found_year = year_production(token);
        }
    }

    // Step 5, first bullet, here already: fail where one of the four is missing.
    let (hour, minute, second) = found_time?;
    let day_of_month = found_day_of_month?;
    let month = found_month?;
    let mut year = found_year?;

    // Step 3: 70 to 99 are in the twentieth century.
    if (70..=99).contains(&year) {
        year += 1900;
    }
    // Step 4: 0 to 69 are in the twenty-first.
    if year <= 69 {
        year += 2000;
    }

    // Step 5: the other bullets.
    if !(1..=31).contains(&day_of_month) {
        return None;
    }
    if year < 1601 {
        return None;
    }
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }

    // Steps 6 and 7: the date, if it exists.
    let year = i32::try_from(year).ok()?;
    Utc.with_ymd_and_hms(year, month, day_of_month, hour, minute, second)
        .single()
}

// ---------------------------------------------------------------------------------------------
// 5.1.2 Canonicalized host names
// ---------------------------------------------------------------------------------------------

/// The canonicalized host of a URL, as the URL Standard has it: lower case, A-labels, an IPv6
/// address in brackets.
fn canonical_host(url: &Url) -> Option<Vec<u8>> {
    let host = match url.host()? {
        Host::Domain(domain) => {
            let special = ["http", "https", "ws", "wss", "ftp", "file"];
            if special.contains(&url.scheme()) {
                domain.to_string()
            } else {
                // The host of a non-special URL is still as it was written.
                Host::parse(domain).ok()?.to_string()
            }
        }
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => Host::<String>::Ipv6(address).to_string(),
    };
    if host.is_empty() {
        return None;
    }
    Some(host.into_bytes())
}

/// Returns true if this is the text of an IP address (IPv6 with or without brackets).
fn is_ip_address(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else {
        return false;
    };
    if text.parse::<Ipv4Addr>().is_ok() || text.parse::<Ipv6Addr>().is_ok() {
        return true;
    }
    match text.strip_prefix('[') {
        Some(rest) => match rest.strip_suffix(']') {
            Some(inner) => inner.parse::<Ipv6Addr>().is_ok(),
            None => false,
        },
        None => false,
    }
}

// ---------------------------------------------------------------------------------------------
// 5.1.3 Domain matching
// ---------------------------------------------------------------------------------------------

/// Returns true if the string domain-matches the domain string.
fn domain_matches(string: &[u8], domain: &[u8]) -> bool {
    // Either they are identical ...
    if string == domain {
        return true;
    }
    // ... or the domain string is a suffix of the string,
    let Some(before) = string.strip_suffix(domain) else {
        return false;
    };
    // the last character before it is a dot,
    if before.last() != Some(&b'.') {
        return false;
    }
    // and the string is a host name (not an IP address).
    !is_ip_address(string)
}

// ---------------------------------------------------------------------------------------------
// 5.1.4 Paths and path-match
// ---------------------------------------------------------------------------------------------

/// The default-path.
fn default_path(url: &Url) -> Vec<u8> {
    // Step 1: the path portion of the request-uri.
    let uri_path = url.path().as_bytes();
    // Step 2: empty, or not starting with a slash.
    if uri_path.first() != Some(&b'/') {
        return b"/".to_vec();
    }
    // Step 3: no more than one slash.
    let mut right_most = 0;
    let mut slashes = 0;
    for (index, octet) in uri_path.iter().enumerate() {
        if *octet == b'/' {
            slashes += 1;
            right_most = index;
        }
    }
    if slashes <= 1 {
        return b"/".to_vec();
    }
    // Step 4: up to, but not including, the right-most slash.
    uri_path[..right_most].to_vec()
}

/// Returns true if the request-path path-matches the cookie-path.
fn path_matches(request_path: &[u8], cookie_path: &[u8]) -> bool {
    // They are identical,
    if request_path == cookie_path {
        return true;
    }
    // or the cookie-path is a prefix
    let Some(after) = request_path.strip_prefix(cookie_path) else {
        return false;
    };
    // whose last character is a slash,
    if cookie_path.last() == Some(&b'/') {
        return true;
    }
    // or a prefix that a slash follows.
    after.first() == Some(&b'/')
}

/// The path of a retrieval's URI; an empty one counts as a slash.
fn request_path(url: &Url) -> &[u8] {
    if url.path().is_empty() {
        b"/"
    } else {
        url.path().as_bytes()
    }
}

// ---------------------------------------------------------------------------------------------
// The public suffix list
// ---------------------------------------------------------------------------------------------

/// The rules of a public suffix list, both sections.
#[derive(Clone, Debug)]
pub struct Suffixes {
    /// Rules without a wildcard.
    plain: HashSet<Vec<u8>>,
    /// Rules with a wildcard, by labels.
    wildcard: Vec<Vec<Vec<u8>>>,
    /// Exception rules, without their exclamation mark.
    exception: HashSet<Vec<u8>>,
}

fn labels_of(name: &[u8]) -> Vec<&[u8]> {
    name.split(|octet| *octet == b'.').collect()
}

/// One rule's text with each label but the wildcards as A-label.
fn a_labels(rule: &str) -> String {
    let mut labels = Vec::new();
    for label in rule.split('.') {
        if label == "*" {
            labels.push(String::from("*"));
            continue;
        }
        match Host::parse(label) {
            Ok(Host::Domain(domain)) => labels.push(domain),
            _ => labels.push(label.to_ascii_lowercase()),
        }
    }
    labels.join(".")
}

/// Returns true if these are as many labels as the rule has, each the same, or under a wildcard.
fn labels_match(labels: &[&[u8]], rule: &[Vec<u8>]) -> bool {
    if labels.len() != rule.len() {
        return false;
    }
    for (label, rule_label) in labels.iter().zip(rule) {
        if rule_label.as_slice() != b"*" && *label != rule_label.as_slice() {
            return false;
        }
    }
    true
}

impl Suffixes {
    /// Reads the list's own text format.
    pub fn new(dat: &str) -> Self {
        let mut suffixes = Self {
            plain: HashSet::new(),
            wildcard: Vec::new(),
            exception: HashSet::new(),
        };
        for line in dat.lines() {
            // Each line is only read up to the first whitespace.
            let rule = line.split(char::is_whitespace).next().unwrap_or("");
            if rule.is_empty() || rule.starts_with("//") {
                continue;
            }
            let (rule, is_exception) = match rule.strip_prefix('!') {
                Some(rest) => (rest, true),
                None => (rule, false),
            };
            // The rule as it stands, and with A-labels.
            for form in [rule.to_string(), a_labels(rule)] {
                let form = form.into_bytes();
                if is_exception {
                    suffixes.exception.insert(form);
                    continue;
                }
                let mut labels = Vec::new();
                for label in labels_of(&form) {
                    labels.push(label.to_vec());
                }
                if !labels.contains(&b"*".to_vec()) {
                    suffixes.plain.insert(form);
                } else if !suffixes.wildcard.contains(&labels) {
                    suffixes.wildcard.push(labels);
                }
            }
        }
        suffixes
    }

    /// How many labels of the name (without a root label) are its public suffix, by the list's
    /// own algorithm.
    fn public_suffix_labels(&self, labels: &[&[u8]]) -> usize {
        // Match the domain against all rules; without a match, the prevailing rule is "*".
        let mut prevailing = 1;
        for count in 1..=labels.len() {
            let tail = &labels[labels.len() - count..];
            let text = tail.join(&b'.');
            // An exception rule prevails: its leftmost label is removed.
            if self.exception.contains(&text) {
                return count - 1;
            }
            // Else the matching rule with the most labels.
            if self.plain.contains(&text) {
                prevailing = count;
            }
            for rule in &self.wildcard {
                if labels_match(tail, rule) {
                    prevailing = count;
                }
            }
        }
        prevailing
    }

    /// Returns true if the domain is a public suffix, or the parent of a wildcard rule. IP addresses never are.
    pub fn is_public_suffix(&self, domain: &[u8]) -> bool {
        // The root label takes no part.
        let name = domain.strip_suffix(b".").unwrap_or(domain);
        if name.is_empty() || is_ip_address(domain) {
            return false;
        }
        let labels = labels_of(name);
        if self.public_suffix_labels(&labels) == labels.len() {
            return true;
        }
        // `kawasaki.jp`, where the list has `*.kawasaki.jp`.
        for rule in &self.wildcard {
            if rule[0].as_slice() == b"*" && labels_match(&labels, &rule[1..]) {
                return true;
            }
        }
        false
    }

    /// The public suffix of a host, by the list's own algorithm, and the label to its left. A
    /// root label stays where it is.
    pub fn registrable_domain(&self, host: &[u8]) -> Option<Vec<u8>> {
        let name = host.strip_suffix(b".").unwrap_or(host);
        let root = &host[name.len()..];
        // A name with a leading dot has none, as the list's own tests have it.
        if name.is_empty() || name.starts_with(b".") || is_ip_address(host) {
            return None;
        }
        let labels = labels_of(name);
        let count = self.public_suffix_labels(&labels) + 1;
        if count > labels.len() {
            return None;
        }
        let mut registrable = labels[labels.len() - count..].join(&b'.');
        registrable.extend_from_slice(root);
        Some(registrable)
    }
}

// ---------------------------------------------------------------------------------------------
// 5.6 The Set-Cookie header field
// ---------------------------------------------------------------------------------------------

fn is_ctl_but_tab(octet: u8) -> bool {
    // %x00-08 / %x0A-1F / %x7F
    matches!(octet, 0x00..=0x08 | 0x0A..=0x1F | 0x7F)
}

/// Without any leading or trailing WSP.
fn trim_wsp(mut text: &[u8]) -> &[u8] {
    while let Some((b' ' | b'\t', rest)) = text.split_first() {
        text = rest;
    }
    while let Some((b' ' | b'\t', rest)) = text.split_last() {
        text = rest;
    }
    text
}

fn position(text: &[u8], wanted: u8) -> Option<usize> {
    text.iter().position(|octet| *octet == wanted)
}

/// Parses a set-cookie-string; the error is the step that aborts.
pub fn parse_set_cookie(line: &[u8]) -> Result<Parsed, u32> {
    // Step 1: control characters.
    for octet in line {
        if is_ctl_but_tab(*octet) {
            return Err(1);
        }
    }

    // Step 2: the name-value-pair ends at the first semicolon.
    let (name_value_pair, unparsed_attributes) = match position(line, b';') {
        Some(index) => (&line[..index], &line[index..]),
        None => (line, &line[line.len()..]),
    };

    // Step 3: the name ends at the first equals sign; without one, all is value.
    let (name, value) = match position(name_value_pair, b'=') {
        Some(index) => (&name_value_pair[..index], &name_value_pair[index + 1..]),
        None => (&name_value_pair[..0], name_value_pair),
    };

    // Step 4: whitespace around both.
    let name = trim_wsp(name);
    let value = trim_wsp(value);

    // Step 5: their length.
    if name.len() + value.len() > 4096 {
        return Err(5);
    }

    // Step 6: the cookie-name and the cookie-value.
    Ok(Parsed {
        name: name.to_vec(),
        value: value.to_vec(),
        attributes: parse_attributes(unparsed_attributes),
    })
}

/// The second algorithm of 5.6.
fn parse_attributes(mut unparsed_attributes: &[u8]) -> Vec<Attribute> {
    let mut attributes = Vec::new();

    // Step 1: until nothing is left.
    while !unparsed_attributes.is_empty() {
        // Step 2: discard the semicolon.
        unparsed_attributes = &unparsed_attributes[1..];

        // Step 3: the cookie-av goes up to the next semicolon, or to the end.
        let end = position(unparsed_attributes, b';').unwrap_or(unparsed_attributes.len());
        let cookie_av = &unparsed_attributes[..end];
        unparsed_attributes = &unparsed_attributes[end..];

        // Step 4: the attribute-name ends at the first equals sign, if there is one.
        let (name, value) = match position(cookie_av, b'=') {
            Some(index) => (&cookie_av[..index], &cookie_av[index + 1..]),
            None => (cookie_av, &cookie_av[cookie_av.len()..]),
        };

        // Step 5: whitespace around both.
        let name = trim_wsp(name);
        let value = trim_wsp(value);

        // Step 6: the value's length.
        if value.len() > 1024 {
            continue;
        }

        // Step 7: by name; an unrecognized one is ignored.
        if let Some(attribute) = process_attribute(name, value) {
            attributes.push(attribute);
        }

        // Step 8: once more.
    }
    attributes
}

fn process_attribute(name: &[u8], value: &[u8]) -> Option<Attribute> {
    // 5.6.1
    if name.eq_ignore_ascii_case(b"Expires") {
        return parse_cookie_date(value).map(Attribute::Expires);
    }
    // 5.6.2
    if name.eq_ignore_ascii_case(b"Max-Age") {
        return max_age(value).map(Attribute::MaxAge);
    }
    // 5.6.3
    if name.eq_ignore_ascii_case(b"Domain") {
        // Steps 1 and 2: without one leading dot. Step 3: in lower case.
        let cookie_domain = value.strip_prefix(b".").unwrap_or(value);
        return Some(Attribute::Domain(cookie_domain.to_ascii_lowercase()));
    }
    // 5.6.4
    if name.eq_ignore_ascii_case(b"Path") {
        // Step 1: the default-path, where it is empty or does not start with a slash.
        if value.first() != Some(&b'/') {
            return Some(Attribute::Path(None));
        }
        return Some(Attribute::Path(Some(value.to_vec())));
    }
    // 5.6.5
    if name.eq_ignore_ascii_case(b"Secure") {
        return Some(Attribute::Secure);
    }
    // 5.6.6
    if name.eq_ignore_ascii_case(b"HttpOnly") {
        return Some(Attribute::HttpOnly);
    }
    // 5.6.7
    if name.eq_ignore_ascii_case(b"SameSite") {
        // Step 1.
        let mut enforcement = SameSite::Default;
        // Step 2.
        if value.eq_ignore_ascii_case(b"None") {
            enforcement = SameSite::None;
        }
        // Step 3.
        if value.eq_ignore_ascii_case(b"Strict") {
            enforcement = SameSite::Strict;
        }
        // Step 4.
        if value.eq_ignore_ascii_case(b"Lax") {
            enforcement = SameSite::Lax;
        }
        // Step 5.
        return Some(Attribute::SameSite(enforcement));
    }
    // CHIPS
    if name.eq_ignore_ascii_case(b"Partitioned") {
        return Some(Attribute::Partitioned);
    }
    None
}

/// 5.6.2, steps 1 to 4.
fn max_age(value: &[u8]) -> Option<i64> {
    // Step 1: not empty.
    // Step 2: a digit, or a minus and a digit.
    // Step 3: nothing but digits after that.
    let (negative, number) = match value.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, value),
    };
    if number.is_empty() {
        return None;
    }
    let mut delta_seconds: i64 = 0;
    for octet in number {
        if !octet.is_ascii_digit() {
            return None;
        }
        // Step 4: an integer of base 10, saturated at either end.
        let digit = i64::from(octet - b'0');
        let digit = if negative { -digit } else { digit };
        delta_seconds = delta_seconds.saturating_mul(10).saturating_add(digit);
    }
    Some(delta_seconds)
}

// ---------------------------------------------------------------------------------------------
// The store
// ---------------------------------------------------------------------------------------------

/// A cookie store and the policy of its user agent.
#[derive(Clone, Debug)]
pub struct Model {
    pub cookies: Vec<Cookie>,
    policy: Policy,
    suffixes: Arc<Suffixes>,
    insertions: u64,
}

fn reject(step: u32) -> Outcome {
    Outcome::Rejected {
        section: Some("5.7"),
        step,
    }
}

const REJECTED_ELSEWHERE: Outcome = Outcome::Rejected {
    section: None,
    step: 0,
};

fn starts_with_ignoring_case(text: &[u8], prefix: &[u8]) -> bool {
    text.len() >= prefix.len() && text[..prefix.len()].eq_ignore_ascii_case(prefix)
}

fn is_safe(method: &str) -> bool {
    ["GET", "HEAD", "OPTIONS", "TRACE"].contains(&method)
}

/// Which cookies of one domain, or of one site, go first.
fn insecure_first_order(cookie: &Cookie) -> (bool, DateTime<Utc>, DateTime<Utc>, u64) {
    let (last_access_time, creation_time, insertion) = total_order(cookie);
    (
        cookie.secure_only,
        last_access_time,
        creation_time,
        insertion,
    )
}

/// Which cookies of the whole store go first.
fn total_order(cookie: &Cookie) -> (DateTime<Utc>, DateTime<Utc>, u64) {
    (
        cookie.last_access_time,
        cookie.creation_time,
        cookie.insertion,
    )
}

/// Time is kept in whole microseconds: the one that an instant is in.
fn microsecond(instant: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(instant.timestamp_micros()).unwrap_or(instant)
}

/// So long after now; but no expiry-time goes beyond 9999-12-31T23:59:59Z, unless the clock does.
fn seconds_after(now: DateTime<Utc>, seconds: i64) -> DateTime<Utc> {
    let mut last = microsecond(DateTime::<Utc>::MAX_UTC);
    if let Some(end) = Utc.with_ymd_and_hms(9999, 12, 31, 23, 59, 59).single() {
        if now < end {
            last = end;
        }
    }
    match TimeDelta::try_seconds(seconds).and_then(|delta| now.checked_add_signed(delta)) {
        Some(instant) => instant.min(last),
        None => last,
    }
}

impl Model {
    pub fn new(policy: Policy, suffixes: Arc<Suffixes>) -> Self {
        Self {
            cookies: Vec::new(),
            policy,
            suffixes,
            insertions: 0,
        }
    }

    // -----------------------------------------------------------------------------------------
    // What a user agent defines
    // -----------------------------------------------------------------------------------------

    /// Returns true if the URL denotes a "secure" connection.
    fn is_secure(&self, url: &Url) -> bool {
        if url.scheme() == "https" || url.scheme() == "wss" {
            return true;
        }
        if !self.policy.trust_localhost {
            return false;
        }
        let Some(host) = canonical_host(url) else {
            return false;
        };
        if host == b"[::1]" {
            return true;
        }
        let Ok(host) = String::from_utf8(host) else {
            return false;
        };
        if let Ok(address) = host.parse::<Ipv4Addr>() {
            return address.octets()[0] == 127;
        }
        let name = host.strip_suffix('.').unwrap_or(&host);
        name == "localhost" || name.ends_with(".localhost")
    }

    /// The site of a URL's origin: its scheme, and its registrable domain or else its host.
    /// None where the origin is opaque.
    fn site(&self, url: &Url) -> Option<(String, Vec<u8>)> {
        let Origin::Tuple(scheme, host, _) = url.origin() else {
            return None;
        };
        let scheme = match scheme.as_str() {
            "ws" => String::from("http"),
            "wss" => String::from("https"),
            _ => scheme,
        };
        let host = host.to_string().into_bytes();
        match self.suffixes.registrable_domain(&host) {
            Some(registrable) => Some((scheme, registrable)),
            None => Some((scheme, host)),
        }
    }

    /// 5.2: returns true if the request is same-site.
    fn is_same_site(&self, context: &Context) -> bool {
        let site_for_cookies = match &context.site_for_cookies {
            SiteForCookies::NoClient => return true,
            SiteForCookies::Opaque => return false,
            SiteForCookies::Origin(url) => self.site(url),
        };
        let site = self.site(&context.url);
        // An opaque origin is same-site with no other one.
        site.is_some() && site == site_for_cookies
    }

    /// The site of a cookie: the registrable domain of its domain, or else the domain itself.
    fn site_of(&self, cookie: &Cookie) -> Vec<u8> {
        match self.suffixes.registrable_domain(&cookie.domain) {
            Some(registrable) => registrable,
            None => cookie.domain.clone(),
        }
    }

    /// The partition key; none where its origin is opaque.
    fn partition_key(&self, context: &Context) -> Option<String> {
        let top_level_site = context.top_level_site.as_ref().unwrap_or(&context.url);
        let (scheme, host) = self.site(top_level_site)?;
        let mut key = format!("{scheme}://{}", String::from_utf8_lossy(&host));
        if context.cross_site_ancestor {
            key.push_str(" cross-site");
        }
        Some(key)
    }

    // -----------------------------------------------------------------------------------------
    // 5.7 Storage model
    // -----------------------------------------------------------------------------------------

    /// A Set-Cookie line arrives.
    #[allow(clippy::too_many_lines)]
    pub fn receive(&mut self, line: &[u8], context: &Context, now: DateTime<Utc>) -> Outcome {
        let now = microsecond(now);
        self.evict_expired(now);

        let parsed = match parse_set_cookie(line) {
            Ok(parsed) => parsed,
            Err(step) => {
                return Outcome::Rejected {
                    section: Some("5.6"),
                    step,
                };
            }
        };
        let Parsed {
            name,
            value,
            attributes,
        } = parsed;

        // Where the new cookie will live: nowhere, if its partition key's origin is opaque.
        let partitioned = self.policy.partitioned && attributes.contains(&Attribute::Partitioned);
        let partition = if partitioned {
            self.partition_key(context)
        } else {
            None
        };
        let no_partition = partitioned && partition.is_none();

        // Step 1: ignore it in its entirety? Never.

        // Step 2: nothing at all.
        if name.is_empty() && value.is_empty() {
            return reject(2);
        }

        // Step 3: control characters.
        for octet in name.iter().chain(&value) {
            if is_ctl_but_tab(*octet) {
                return reject(3);
            }
        }

        // Step 4: too long.
        if name.len() + value.len() > 4096 {
            return reject(4);
        }

        // Step 5: the creation-time and the last-access-time are now.
        let mut creation_time = now;
        let last_access_time = now;

        // Step 6: the last Max-Age, else the last Expires, else a session cookie.
        let mut last_max_age = None;
        let mut last_expires = None;
        for attribute in &attributes {
            match attribute {
                Attribute::MaxAge(delta_seconds) => last_max_age = Some(*delta_seconds),
                Attribute::Expires(instant) => last_expires = Some(*instant),
                _ => {}
            }
        }
        let cookie_age_limit = i64::try_from(self.policy.max_age_secs).unwrap_or(i64::MAX);
        let expiry_time = if let Some(delta_seconds) = last_max_age {
            // 5.6.2 step 6: no more than the limit.
            let delta_seconds = delta_seconds.min(cookie_age_limit);
            // 5.6.2 step 7: the earliest date, or so long from now.
            if delta_seconds <= 0 {
                Some(DateTime::<Utc>::MIN_UTC)
            } else {
                Some(seconds_after(now, delta_seconds))
            }
        } else if let Some(instant) = last_expires {
            // 5.6.1 step 4: no more than the limit.
            let limit = seconds_after(now, cookie_age_limit);
            Some(instant.min(limit))
        } else {
            None
        };

        // Step 7: the last Domain.
        let mut domain_attribute = Vec::new();
        for attribute in &attributes {
            if let Attribute::Domain(domain) = attribute {
                if domain.len() <= 1024 {
                    domain_attribute.clone_from(domain);
                }
            }
        }

        // Step 8: not in CHAR (%x01-7F).
        for octet in &domain_attribute {
            if *octet == 0 || *octet >= 0x80 {
                return reject(8);
            }
        }

        // Step 9: public suffixes.
        let request_host_canonical = canonical_host(&context.url);
        if self.policy.public_suffixes && self.suffixes.is_public_suffix(&domain_attribute) {
            // Steps 9.1 and 9.2: the request-host has to be canonicalized.
            let Some(host) = &request_host_canonical else {
                return reject(9);
            };
            // Step 9.3: a host that is a public suffix itself gets a host-only cookie.
            if domain_attribute == *host {
                domain_attribute.clear();
            } else {
                return reject(9);
            }
        }

        // Step 10: the domain and the host-only-flag.
        let Some(request_host_canonical) = request_host_canonical else {
            return reject(10);
        };
        let (domain, host_only) = if domain_attribute.is_empty() {
            (request_host_canonical, true)
        } else {
            // Step 10.1.
            if !domain_matches(&request_host_canonical, &domain_attribute) {
                return reject(10);
            }
            (domain_attribute, false)
        };

        // Step 11: the last Path that is not too long, else the default-path.
        let default_path = default_path(&context.url);
        let mut path = default_path.clone();
        let mut has_path = false;
        for attribute in &attributes {
            if let Attribute::Path(given) = attribute {
                has_path = true;
                let given = given.as_ref().unwrap_or(&default_path);
                if given.len() <= 1024 {
                    path.clone_from(given);
                }
            }
        }

        // Step 12: the secure-only-flag.
        let secure_only = attributes.contains(&Attribute::Secure);

        // Step 13: it needs a secure connection.
        let secure_connection = self.is_secure(&context.url);
        if !secure_connection && secure_only {
            return reject(13);
        }

        // Step 14: the http-only-flag.
        let http_only = attributes.contains(&Attribute::HttpOnly);

        // Step 15: not for scripts.
        if context.script && http_only {
            return reject(15);
        }

        // Step 16: a secure cookie (of the same partition) is not overlaid.
        if !secure_only && !secure_connection && !no_partition {
            for existing in &self.cookies {
                if existing.partition != partition {
                    continue;
                }
                if existing.name == name
                    && existing.secure_only
                    && (domain_matches(&existing.domain, &domain)
                        || domain_matches(&domain, &existing.domain))
                    && path_matches(&path, &existing.path)
                {
                    return reject(16);
                }
            }
        }

        // Step 17: the last SameSite, known or not.
        let mut same_site = SameSite::Default;
        for attribute in &attributes {
            if let Attribute::SameSite(enforcement) = attribute {
                same_site = *enforcement;
            }
        }

        // Step 18: from a cross-site request.
        if same_site != SameSite::None && !self.is_same_site(context) {
            // Step 18.1: a script, whatever the destination.
            if context.script {
                return reject(18);
            }
            // Steps 18.2 to 18.4: only where a top-level page is navigated.
            if context.destination != Destination::TopLevel {
                return reject(18);
            }
        }

        // Step 19: None needs Secure.
        if same_site == SameSite::None && !secure_only {
            return reject(19);
        }

        // Step 20: the prefix __Secure-.
        if starts_with_ignoring_case(&name, b"__Secure-") && !secure_only {
            return reject(20);
        }

        // Step 21: the prefix __Host-.
        if starts_with_ignoring_case(&name, b"__Host-")
            && !(secure_only && host_only && has_path && path == b"/")
        {
            return reject(21);
        }

        // Outside of the text: the prefix __Http-, and what __Host-Http- asks for beyond step 21.
        if self.policy.http_prefixes
            && (starts_with_ignoring_case(&name, b"__Http-")
                || starts_with_ignoring_case(&name, b"__Host-Http-"))
            && !(secure_only && http_only)
        {
            return REJECTED_ELSEWHERE;
        }

        // Step 22: nameless, with a value that looks like a prefix.
        if name.is_empty()
            && (starts_with_ignoring_case(&value, b"__Secure-")
                || starts_with_ignoring_case(&value, b"__Host-"))
        {
            return reject(22);
        }

        // Outside of the text: the same for __Http- (step 22 took __Host-Http- already).
        if self.policy.http_prefixes
            && name.is_empty()
            && starts_with_ignoring_case(&value, b"__Http-")
        {
            return REJECTED_ELSEWHERE;
        }

        // Outside of the text: Partitioned needs Secure, and a key that is no opaque origin's.
        if partitioned && !secure_only {
            return REJECTED_ELSEWHERE;
        }
        if no_partition {
            return REJECTED_ELSEWHERE;
        }

        // Step 23: is there a cookie of the same identity?
        let mut old = None;
        for (index, existing) in self.cookies.iter().enumerate() {
            if existing.name == name
                && existing.domain == domain
                && existing.host_only == host_only
                && existing.path == path
                && existing.partition == partition
            {
                old = Some(index);
            }
        }
        let mut insertion = self.insertions;
        let mut replaced = false;
        // Step 23.1: the old-cookie.
        if let Some(index) = old {
            // Step 23.2: no script replaces an http-only one.
            if context.script && self.cookies[index].http_only {
                return reject(23);
            }
            // Step 23.3: its creation-time goes on, and its place among equal ones.
            creation_time = self.cookies[index].creation_time;
            insertion = self.cookies[index].insertion;
            // Step 23.4: it goes.
            self.cookies.remove(index);
            replaced = true;
        }

        let cookie = Cookie {
            name,
            value,
            expiry_time,
            domain,
            path,
            creation_time,
            last_access_time,
            insertion,
            host_only,
            secure_only,
            http_only,
            same_site,
            partition,
        };

        // Expired on arrival: evicted at once.
        if is_expired(&cookie, now) {
            return Outcome::Expired;
        }

        // Step 24: insert it.
        if !replaced {
            self.insertions = self.insertions.saturating_add(1);
        }
        self.cookies.push(cookie.clone());
        if replaced {
            return Outcome::Replaced;
        }
        self.remove_excess_cookies(&cookie, now);
        Outcome::Stored
    }

    /// "Remove excess cookies", after this one was inserted.
    fn remove_excess_cookies(&mut self, new: &Cookie, now: DateTime<Utc>) {
        // Priority 1: expired cookies.
        self.evict_expired(now);
        self.remove_excess_of_domain(&new.domain, new.partition.as_ref());
        self.remove_excess_of_site(&self.site_of(new), new.partition.as_ref());
        self.remove_excess_of_all();
    }

    /// Priorities 2 and 3: cookies that share a domain field with too many others, insecure ones
    /// first, then by last-access-time, then the oldest.
    fn remove_excess_of_domain(&mut self, domain: &[u8], partition: Option<&String>) {
        loop {
            let mut sharing = Vec::new();
            for (index, cookie) in self.cookies.iter().enumerate() {
                if cookie.domain == domain && cookie.partition.as_ref() == partition {
                    sharing.push(index);
                }
            }
            if sharing.len() <= self.policy.max_cookies_per_domain {
                break;
            }
            self.remove_first(&sharing);
        }
    }

    /// Outside of the text: the same for the cookies of a site, whatever their domains.
    fn remove_excess_of_site(&mut self, site: &[u8], partition: Option<&String>) {
        let mut most = self.policy.max_cookies_per_site;
        loop {
            let mut sharing = Vec::new();
            for (index, cookie) in self.cookies.iter().enumerate() {
                if self.site_of(cookie) == site && cookie.partition.as_ref() == partition {
                    sharing.push(index);
                }
            }
            if sharing.len() <= most {
                break;
            }
            most = most.min(self.policy.cookies_left_of_full_site);
            self.remove_first(&sharing);
        }
    }

    /// Removes the one of these cookies that goes first.
    fn remove_first(&mut self, sharing: &[usize]) {
        let mut victim = sharing[0];
        for index in sharing {
            let one = insecure_first_order(&self.cookies[*index]);
            if one < insecure_first_order(&self.cookies[victim]) {
                victim = *index;
            }
        }
        self.cookies.remove(victim);
    }

    /// Priority 4: all cookies, by last-access-time, then the oldest.
    fn remove_excess_of_all(&mut self) {
        while self.cookies.len() > self.policy.max_cookies {
            let mut victim = 0;
            for index in 0..self.cookies.len() {
                if total_order(&self.cookies[index]) < total_order(&self.cookies[victim]) {
                    victim = index;
                }
            }
            self.cookies.remove(victim);
        }
    }

    /// Another policy: what is beyond its limits goes, first of every domain, then of every site,
    /// then of all.
    pub fn set_policy(&mut self, policy: Policy, now: DateTime<Utc>) {
        self.policy = policy;
        self.evict_expired(now);
        for cookie in self.cookies.clone() {
            self.remove_excess_of_domain(&cookie.domain, cookie.partition.as_ref());
        }
        for cookie in self.cookies.clone() {
            self.remove_excess_of_site(&self.site_of(&cookie), cookie.partition.as_ref());
        }
        self.remove_excess_of_all();
    }

    // -----------------------------------------------------------------------------------------
    // 5.8.3 Retrieval algorithm
    // -----------------------------------------------------------------------------------------

    /// Why the cookie is not in the cookie-list of this retrieval; None where it is.
    fn exclusion(
        &self,
        cookie: &Cookie,
        host: &[u8],
        context: &Context,
        now: DateTime<Utc>,
    ) -> Option<&'static str> {
        // Outside of the text: a partitioned cookie goes only where the key is its own, and nowhere
        // once there are no partitions.
        let is_its_own = self.policy.partitioned && cookie.partition == self.partition_key(context);
        if cookie.partition.is_some() && !is_its_own {
            return Some("partition");
        }

        // Step 3, first bullet, either: the host itself.
        if cookie.host_only && host != cookie.domain {
            return Some("host-only");
        }
        // Or: the host domain-matches,
        if !cookie.host_only && !domain_matches(host, &cookie.domain) {
            return Some("domain");
        }
        // and the domain is no public suffix.
        if !cookie.host_only
            && self.policy.public_suffixes
            && self.suffixes.is_public_suffix(&cookie.domain)
        {
            return Some("public-suffix");
        }

        // Second bullet: the path.
        if !path_matches(request_path(&context.url), &cookie.path) {
            return Some("path");
        }

        // Third bullet: the secure-only-flag.
        if cookie.secure_only && !self.is_secure(&context.url) {
            return Some("secure");
        }

        // Fourth bullet: the http-only-flag.
        if cookie.http_only && context.script {
            return Some("http-only");
        }

        // Fifth bullet: the same-site-flag.
        if cookie.same_site != SameSite::None && !self.is_same_site(context) {
            let http = !context.script;
            let lax = cookie.same_site == SameSite::Lax || cookie.same_site == SameSite::Default;
            let safe = is_safe(&context.method) || self.is_lax_allowing_unsafe(cookie, now);
            let top_level = context.destination == Destination::TopLevel;
            if !(http && lax && safe && top_level) {
                return Some("same-site");
            }
        }

        None
    }

    /// 5.6.7.2: the condition that stands in for a safe method.
    fn is_lax_allowing_unsafe(&self, cookie: &Cookie, now: DateTime<Utc>) -> bool {
        let at_most = self.policy.lax_allowing_unsafe_secs;
        if at_most == 0 || cookie.same_site != SameSite::Default {
            return false;
        }
        let elapsed = now.signed_duration_since(cookie.creation_time);
        let at_most = i64::try_from(at_most).unwrap_or(i64::MAX);
        match TimeDelta::try_seconds(at_most) {
            Some(at_most) => elapsed <= at_most,
            // More than any time that can elapse.
            None => true,
        }
    }

    /// The places of the sent cookies, in sending order.
    fn cookie_list(&self, context: &Context, now: DateTime<Utc>) -> Vec<usize> {
        // Steps 1 and 2: the host has to be canonicalized.
        let Some(host) = canonical_host(&context.url) else {
            return Vec::new();
        };

        // Step 3: the cookie-list.
        let mut list = Vec::new();
        for (index, cookie) in self.cookies.iter().enumerate() {
            if self.exclusion(cookie, &host, context, now).is_none() {
                list.push(index);
            }
        }

        // Step 4: longer paths first, then earlier creation-times, then as they were inserted.
        list.sort_by(|one, other| {
            let one = &self.cookies[*one];
            let other = &self.cookies[*other];
            other
                .path
                .len()
                .cmp(&one.path.len())
                .then(one.creation_time.cmp(&other.creation_time))
                .then(one.insertion.cmp(&other.insertion))
        });
        list
    }

    /// The cookies to send, in sending order.
    pub fn retrieve(&mut self, context: &Context, now: DateTime<Utc>) -> Vec<Cookie> {
        let now = microsecond(now);
        self.evict_expired(now);
        let mut sent = Vec::new();
        for index in self.cookie_list(context, now) {
            // Step 5: the last-access-time, which never goes back.
            let cookie = &mut self.cookies[index];
            cookie.last_access_time = cookie.last_access_time.max(now);
            sent.push(cookie.clone());
        }
        sent
    }

    /// The cookie-string.
    pub fn cookie_string(&mut self, context: &Context, now: DateTime<Utc>) -> Vec<u8> {
        // Step 6: serialize the cookie-list.
        let list = self.retrieve(context, now);
        let mut string = Vec::new();
        for (index, cookie) in list.iter().enumerate() {
            // Step 6.1: the name and an equals sign, if there is a name.
            if !cookie.name.is_empty() {
                string.extend_from_slice(&cookie.name);
                string.push(b'=');
            }
            // Step 6.2: the value.
            string.extend_from_slice(&cookie.value);
            // Step 6.3: a semicolon and a space, but after the last one.
            if index + 1 < list.len() {
                string.extend_from_slice(b"; ");
            }
        }
        string
    }

    /// Every cookie of the request host or a parent domain: the sent ones in sending order, then
    /// the excluded ones by creation, with the reason. It is no retrieval.
    pub fn explain(
        &mut self,
        context: &Context,
        now: DateTime<Utc>,
    ) -> Vec<(Cookie, Option<&'static str>)> {
        let now = microsecond(now);
        self.evict_expired(now);
        let Some(host) = canonical_host(&context.url) else {
            return Vec::new();
        };
        let mut explained = Vec::new();
        for index in self.cookie_list(context, now) {
            explained.push((self.cookies[index].clone(), None));
        }
        for cookie in self.list(now) {
            if !domain_matches(&host, &cookie.domain) {
                continue;
            }
            let reason = self.exclusion(&cookie, &host, context, now);
            if reason.is_some() {
                explained.push((cookie, reason));
            }
        }
        explained
    }

    // -----------------------------------------------------------------------------------------
    // The store by itself
    // -----------------------------------------------------------------------------------------

    /// All cookies by creation.
    pub fn list(&mut self, now: DateTime<Utc>) -> Vec<Cookie> {
        self.evict_expired(now);
        let mut list = self.cookies.clone();
        list.sort_by(|one, other| {
            one.creation_time
                .cmp(&other.creation_time)
                .then(one.insertion.cmp(&other.insertion))
        });
        list
    }

    /// Removes the cookie of this identity, and returns true if there was one.
    pub fn remove(
        &mut self,
        name: &[u8],
        domain: &[u8],
        host_only: bool,
        path: &[u8],
        partition: Option<&str>,
        now: DateTime<Utc>,
    ) -> bool {
        self.evict_expired(now);
        let before = self.cookies.len();
        self.cookies.retain(|cookie| {
            !(cookie.name == name
                && cookie.domain == domain
                && cookie.host_only == host_only
                && cookie.path == path
                && cookie.partition.as_deref() == partition)
        });
        self.cookies.len() < before
    }

    /// Removes all cookies.
    pub fn clear(&mut self) {
        self.cookies.clear();
    }

    /// The current session is over: removes the cookies whose persistent-flag is false.
    pub fn end_session(&mut self, now: DateTime<Utc>) {
        self.evict_expired(now);
        self.cookies.retain(|cookie| cookie.expiry_time.is_some());
    }

    /// Evicts all expired cookies, for good.
    pub fn evict_expired(&mut self, now: DateTime<Utc>) {
        let now = microsecond(now);
        self.cookies.retain(|cookie| !is_expired(cookie, now));
    }
}

/// A cookie is expired if it has an expiry date in the past: not yet at that very instant.
fn is_expired(cookie: &Cookie, now: DateTime<Utc>) -> bool {
    match cookie.expiry_time {
        Some(expiry_time) => expiry_time < now,
        None => false,
    }
}
