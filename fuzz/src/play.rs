//! A policy and a sequence of operations, out of the fuzzer's octets.
//!
//! Most parts are chosen from tables, so that operations meet: the same hosts, names and paths come
//! again. A few are octets as they come.

use std::fmt;

use arbitrary::{Arbitrary, Result, Unstructured};
use chrono::{DateTime, TimeDelta, Utc};
use url::Url;

use crate::lockstep::{ATTRIBUTES, DOMAINS, HOSTS, NAMES, Operation, PATHS, VALUES};
use crate::model::{Context, Destination, Policy, SiteForCookies};

/// What happens to one jar.
#[derive(Debug)]
pub struct Play {
    pub(crate) policy: Policy,
    pub(crate) steps: Vec<Step>,
}

pub(crate) struct Step {
    pub(crate) operation: Operation,
    pub(crate) now: DateTime<Utc>,
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.now)?;
        match &self.operation {
            Operation::Receive(line, context) => {
                write!(
                    f,
                    "Receive({:?}, {context:?})",
                    line.escape_ascii().to_string()
                )
            }
            operation => write!(f, "{operation:?}"),
        }
    }
}

impl<'a> Arbitrary<'a> for Play {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let policy = policy(u)?;
        // Is the clock at times at the ends of time?
        let is_far = u.ratio(1, 16)?;
        let mut steps = Vec::new();
        let mut now = DateTime::from_timestamp(1_717_243_200, 0).unwrap_or_default();
        while !u.is_empty() && steps.len() < 100 {
            now = clock(u, now, is_far)?;
            steps.push(Step {
                operation: operation(u)?,
                now,
            });
        }
        Ok(Self { policy, steps })
    }
}

fn policy(u: &mut Unstructured<'_>) -> Result<Policy> {
    let mut policy = Policy::default();
    if u.ratio(1, 2)? {
        return Ok(policy);
    }
    policy.public_suffixes = u.arbitrary()?;
    policy.trust_localhost = u.arbitrary()?;
    policy.http_prefixes = u.arbitrary()?;
    policy.partitioned = u.arbitrary()?;
    policy.lax_allowing_unsafe_secs = *u.choose(&[0, 5, 120, u64::MAX])?;
    policy.max_age_secs = *u.choose(&[34_560_000, 0, 20, u64::MAX])?;
    policy.max_cookies_per_domain = *u.choose(&[180, 0, 1, 2, 3, 5, usize::MAX])?;
    policy.max_cookies_per_site = *u.choose(&[540, 0, 1, 2, 3, 6, usize::MAX])?;
    policy.cookies_left_of_full_site = *u.choose(&[usize::MAX, 0, 1, 2, 4])?;
    policy.max_cookies = *u.choose(&[3300, 0, 1, 2, 4, 8, usize::MAX])?;
    Ok(policy)
}

/// The clock goes on, stands, goes back, and now and then is anywhere; at times by a few microseconds, in
/// which time is kept, or by so little that no other one begins.
fn clock(u: &mut Unstructured<'_>, now: DateTime<Utc>, is_far: bool) -> Result<DateTime<Utc>> {
    let moved = match u.int_in_range(0..=15)? {
        0..=6 => Some(now),
        7 => now.checked_add_signed(TimeDelta::nanoseconds(100 * u.int_in_range(-30..=300)?)),
        8..=11 => now.checked_add_signed(TimeDelta::milliseconds(u.int_in_range(0..=3000)?)),
        12 | 13 => now.checked_add_signed(TimeDelta::seconds(u.int_in_range(0..=40_000_000)?)),
        14 => now.checked_add_signed(TimeDelta::milliseconds(u.int_in_range(-20_000..=0)?)),
        // Every instant that chrono has, the last and the first one too.
        _ if is_far => match u.int_in_range(0..=3)? {
            0 => Some(DateTime::<Utc>::MIN_UTC),
            1 => Some(DateTime::<Utc>::MAX_UTC),
            _ => {
                let seconds = u.int_in_range(-8_334_601_228_800..=8_210_266_876_799)?;
                DateTime::from_timestamp(seconds, u.int_in_range(0..=999_999_999)?)
            }
        },
        // From 1684 to 2255.
        _ => DateTime::from_timestamp(u.int_in_range(-9_000_000_000..=9_000_000_000)?, 0),
    };
    // The first instant of chrono is the model's earliest date, which lies before no other one; the
    // library's is earlier.
    let first = DateTime::<Utc>::MIN_UTC + TimeDelta::microseconds(1);
    Ok(moved.unwrap_or(now).max(first))
}

fn operation(u: &mut Unstructured<'_>) -> Result<Operation> {
    Ok(match u.int_in_range(0..=32)? {
        0..=18 => Operation::Receive(line(u)?, context(u)?),
        19..=25 => Operation::Retrieve(context(u)?),
        26..=27 => Operation::Explain(context(u)?),
        28 => Operation::Remove(u.int_in_range(0..=50)?),
        29 => Operation::ClearDomain(u.int_in_range(0..=50)?),
        30 => Operation::EndSession,
        31 => Operation::EvictExpired,
        _ => Operation::SetPolicy(policy(u)?),
    })
}

fn line(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    match u.int_in_range(0..=15)? {
        0 => return some_octets(u, 60),
        1 if u.ratio(1, 4)? => {
            // At the limit of name and value.
            let length = u.int_in_range(4090..=4100)?;
            return Ok([&b"a="[..], &vec![b'x'; length]].concat());
        }
        _ => (),
    }
    let mut line = [u.choose(NAMES)?.as_bytes(), u.choose(VALUES)?.as_bytes()].concat();
    for _ in 0..u.int_in_range(0..=4)? {
        line.extend_from_slice(b"; ");
        match u.int_in_range(0..=15)? {
            0..=9 => line.extend_from_slice(u.choose(ATTRIBUTES)?.as_bytes()),
            10..=13 => {
                line.extend_from_slice(b"Domain=");
                line.extend_from_slice(u.choose(DOMAINS)?.as_bytes());
            }
            14 => {
                line.extend_from_slice(b"Domain=");
                line.append(&mut some_octets(u, 30)?);
            }
            _ => {
                line.extend_from_slice(b"Path=/");
                line.append(&mut some_octets(u, 10)?);
            }
        }
    }
    Ok(line)
}

fn some_octets(u: &mut Unstructured<'_>, most: usize) -> Result<Vec<u8>> {
    let length = u.int_in_range(0..=most)?.min(u.len());
    Ok(u.bytes(length)?.to_vec())
}

fn url(u: &mut Unstructured<'_>) -> Result<Url> {
    let schemes = ["https", "https", "http", "http", "wss", "ws", "ftp", "foo"];
    let text = match u.int_in_range(0..=31)? {
        0 => (*u.choose(&[
            "data:,x",
            "file:///x",
            "https://b\u{fc}cher.example/",
            "foo:/x",
        ])?)
        .to_owned(),
        1 => {
            let length = u.int_in_range(1020..=1030)?;
            format!("https://example.com/{}/x", "l".repeat(length))
        }
        2 => String::from_utf8_lossy(&some_octets(u, 40)?).into_owned(),
        3 => {
            let host = some_octets(u, 20)?;
            let scheme = u.choose(&schemes)?;
            format!("{scheme}://{}/", String::from_utf8_lossy(&host))
        }
        4 => {
            let path = some_octets(u, 20)?;
            format!("https://example.com/{}", String::from_utf8_lossy(&path))
        }
        _ => {
            let (scheme, host, path) = (u.choose(&schemes)?, u.choose(HOSTS)?, u.choose(PATHS)?);
            format!("{scheme}://{host}{path}")
        }
    };
    match Url::parse(&text) {
        Ok(url) => Ok(url),
        Err(_) => {
            Url::parse("https://example.com/a/b").map_err(|_| arbitrary::Error::IncorrectFormat)
        }
    }
}

fn context(u: &mut Unstructured<'_>) -> Result<Context> {
    let mut context = Context::get(url(u)?);
    if u.ratio(1, 2)? {
        return Ok(context);
    }
    context.script = u.ratio(1, 5)?;
    context.method = (*u.choose(&["GET", "GET", "HEAD", "POST", "get", ""])?).to_owned();
    context.site_for_cookies = match u.int_in_range(0..=7)? {
        0..=3 => SiteForCookies::NoClient,
        4 => SiteForCookies::Opaque,
        _ => SiteForCookies::Origin(url(u)?),
    };
    context.destination = *u.choose(&[
        Destination::Subresource,
        Destination::Nested,
        Destination::TopLevel,
    ])?;
    if u.ratio(1, 4)? {
        context.top_level_site = Some(url(u)?);
    }
    context.cross_site_ancestor = u.ratio(1, 5)?;
    Ok(context)
}
