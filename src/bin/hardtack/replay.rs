//! The replay protocol: one jar, driven by JSON lines.

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use hardtack::{
    BrowserFacts, Cookie, Destination, Exclusion, Policy, Receipt, Rejection, Request,
    RequestContext, SetCookie, SharedJar,
};
use serde_json::{Map, Value};
use url::Url;

use crate::json::{self, Members};
use crate::time::{self, Instant};

/// The clock of the jar under replay: the time of the line that is carried out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clock(Arc<AtomicI64>);

impl Clock {
    pub(crate) fn now(&self) -> Instant {
        Instant::from_micros(self.0.load(Ordering::Relaxed))
    }

    fn set(&self, now: Instant) {
        self.0.store(now.as_micros(), Ordering::Relaxed);
    }
}

/// Where the jar is kept, and what a line asks of it. The error says why the place fails.
pub(crate) trait Place {
    /// Empties the jar, and gives it a policy.
    fn reset(&mut self, policy: Policy) -> Result<(), String>;

    fn receive(
        &mut self,
        set_cookie_string: &[u8],
        request: Request<'_>,
    ) -> Result<Result<Receipt, Rejection>, String>;

    fn cookie_string(&mut self, request: Request<'_>) -> Result<Option<Vec<u8>>, String>;

    fn explain(&mut self, request: Request<'_>)
    -> Result<Vec<(Cookie, Option<Exclusion>)>, String>;

    fn list(&mut self) -> Result<Vec<Cookie>, String>;

    fn evict_expired(&mut self) -> Result<(), String>;

    /// Makes what was changed survive the end of the process and of the machine.
    fn flush(&mut self) -> Result<(), String>;
}

/// A place whose cookies are all in a jar of the process.
pub(crate) trait Loaded {
    /// Returns the jar, with what other processes have changed there, or why that fails.
    fn jar(&mut self) -> Result<SharedJar, String>;

    /// Makes what was changed survive the end of the process and of the machine.
    fn flush(&mut self) -> Result<(), String>;
}

impl<L: Loaded> Place for L {
    fn reset(&mut self, policy: Policy) -> Result<(), String> {
        let jar = self.jar()?;
        jar.clear();
        jar.set_policy(policy);
        Ok(())
    }

    fn receive(
        &mut self,
        set_cookie_string: &[u8],
        request: Request<'_>,
    ) -> Result<Result<Receipt, Rejection>, String> {
        Ok(self.jar()?.receive(set_cookie_string, request))
    }

    fn cookie_string(&mut self, request: Request<'_>) -> Result<Option<Vec<u8>>, String> {
        Ok(self.jar()?.cookie_string(request))
    }

    fn explain(
        &mut self,
        request: Request<'_>,
    ) -> Result<Vec<(Cookie, Option<Exclusion>)>, String> {
        Ok(self.jar()?.explain(request))
    }

    fn list(&mut self) -> Result<Vec<Cookie>, String> {
        Ok(self.jar()?.to_vec())
    }

    fn evict_expired(&mut self) -> Result<(), String> {
        self.jar()?.evict_expired();
        Ok(())
    }

    fn flush(&mut self) -> Result<(), String> {
        Loaded::flush(self)
    }
}

/// A jar that is kept nowhere.
pub(crate) struct Memory(SharedJar);

impl Memory {
    pub(crate) fn new(clock: &Clock) -> Self {
        let clock = clock.clone();
        Self(SharedJar::builder().clock(move || clock.now()).build())
    }
}

impl Loaded for Memory {
    fn jar(&mut self) -> Result<SharedJar, String> {
        Ok(self.0.clone())
    }

    fn flush(&mut self) -> Result<(), String> {
        Ok(())
    }
}

/// The jar under replay and its clock.
pub(crate) struct Replay {
    pub(crate) place: Box<dyn Place>,
    clock: Clock,
    /// The last `now` of the input. Without one the system's clock is read.
    now: Option<Instant>,
    system_clock: fn() -> Instant,
}

/// The reason why a line is not answered with a result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LineError {
    #[error("the line is not JSON: {0}")]
    NotJson(serde_json::Error),
    #[error("the line is not a JSON object")]
    NotAnObject,
    #[error("`{0}` is missing")]
    Missing(&'static str),
    #[error("`{field}`: {cause}")]
    Bad { field: &'static str, cause: String },
    #[error("{0}")]
    Place(String),
    #[error("`{0}` and `{0}_base64` are two forms of one field: give one of them")]
    BothForms(&'static str),
}

/// What a line can ask for.
const OPS: [&str; 7] = ["reset", "set", "get", "list", "flush", "parse", "date"];

impl Replay {
    /// An empty jar with the default policy, which is kept nowhere.
    pub(crate) fn new(system_clock: fn() -> Instant) -> Self {
        let clock = Clock::default();
        let place = Box::new(Memory::new(&clock));
        Self::at(place, clock, system_clock)
    }

    /// A jar that is kept at a place, and has this clock there.
    pub(crate) fn at(place: Box<dyn Place>, clock: Clock, system_clock: fn() -> Instant) -> Self {
        Self {
            place,
            clock,
            now: None,
            system_clock,
        }
    }

    /// Returns the reply to a line, or `None` if the line is blank.
    pub(crate) fn answer(&mut self, line: &[u8]) -> Option<Value> {
        if line.trim_ascii().is_empty() {
            return None;
        }
        let fields = match serde_json::from_slice(line) {
            Ok(Value::Object(fields)) => Fields(fields),
            Ok(_) => return Some(reply(Err(LineError::NotAnObject), None)),
            Err(error) => return Some(reply(Err(LineError::NotJson(error)), None)),
        };
        let result = self.carry_out(&fields);
        Some(reply(result, fields.0.get("id")))
    }

    fn carry_out<'f>(&mut self, fields: &'f Fields) -> Result<(&'f str, Members), LineError> {
        let op = fields.text("op")?.ok_or(LineError::Missing("op"))?;
        let given = fields.instant("now")?;
        let now = given.or(self.now).unwrap_or_else(self.system_clock);
        self.clock.set(now);
        let done = match op {
            "reset" => {
                let policy = policy(fields)?;
                self.place.reset(policy).map_err(LineError::Place)?;
                Members::new()
            }
            "set" => self.set(fields)?,
            "get" => self.get(fields)?,
            "list" => {
                let cookies = self.place.list().map_err(LineError::Place)?;
                Members::new().member("cookies", json::list(cookies.iter().map(json::cookie)))
            }
            "flush" => {
                self.place.flush().map_err(LineError::Place)?;
                Members::new()
            }
            "parse" => parse(&fields.octets("set_cookie", "set_cookie_base64")?),
            "date" => date(&fields.octets("value", "value_base64")?),
            _ => {
                let ops = OPS.join("`, `");
                return Err(bad("op", format!("it is none of `{ops}`")));
            }
        };
        if given.is_some() {
            self.now = given;
            // What has expired at this `now` stays gone, even if the clock goes back.
            self.place.evict_expired().map_err(LineError::Place)?;
        }
        Ok((op, done))
    }

    fn set(&mut self, fields: &Fields) -> Result<Members, LineError> {
        let asked = Asked::of(fields)?;
        let set_cookie_string = fields.octets("set_cookie", "set_cookie_base64")?;
        let received = self.place.receive(&set_cookie_string, asked.request());
        Ok(json::outcome(&received.map_err(LineError::Place)?))
    }

    fn get(&mut self, fields: &Fields) -> Result<Members, LineError> {
        let asked = Asked::of(fields)?;
        let request = asked.request();
        let explain = fields.flag("explain")?.unwrap_or(false);
        let cookie_string = self
            .place
            .cookie_string(request)
            .map_err(LineError::Place)?;
        let members = Members::new().octets("cookie", &cookie_string.unwrap_or_default());
        if !explain {
            return Ok(members);
        }
        let explained = self
            .place
            .explain(request)
            .map_err(LineError::Place)?
            .into_iter();
        let cookies = explained.map(|(cookie, why_not)| json::explained(&cookie, why_not));
        Ok(members.member("cookies", json::list(cookies)))
    }
}

fn parse(set_cookie_string: &[u8]) -> Members {
    let mut attributes = Vec::new();
    let parsed = SetCookie::parse_observed(set_cookie_string, |attribute| {
        attributes.extend(attribute.ok().map(json::attribute));
    });
    match parsed {
        Ok(set_cookie) => Members::new()
            .octets("name", set_cookie.name())
            .octets("value", set_cookie.value())
            .member("attributes", json::list(attributes.into_iter())),
        Err(error) => json::rejected(error.name(), error.citation()),
    }
}

fn date(cookie_date: &[u8]) -> Members {
    let date = hardtack::parse_cookie_date(cookie_date).ok();
    Members::new().member("date", date.map(time::rfc3339))
}

fn reply(result: Result<(&str, Members), LineError>, id: Option<&Value>) -> Value {
    let (op, members) =
        result.unwrap_or_else(|error| ("error", Members::new().member("error", error.to_string())));
    let head = Members::new().member("op", op).optional("id", id.cloned());
    head.and(members).into()
}

fn bad(field: &'static str, cause: impl Display) -> LineError {
    let cause = cause.to_string();
    LineError::Bad { field, cause }
}

/// The members of a request line. Unknown ones are ignored.
struct Fields(Map<String, Value>);

impl Fields {
    fn text(&self, field: &'static str) -> Result<Option<&str>, LineError> {
        match self.0.get(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(bad(field, "it is not a string")),
        }
    }

    fn flag(&self, field: &'static str) -> Result<Option<bool>, LineError> {
        let value = self.0.get(field);
        value
            .map(|value| {
                value
                    .as_bool()
                    .ok_or_else(|| bad(field, "it is neither true nor false"))
            })
            .transpose()
    }

    fn number(&self, field: &'static str) -> Result<Option<u64>, LineError> {
        let value = self.0.get(field);
        value
            .map(|value| {
                value
                    .as_u64()
                    .ok_or_else(|| bad(field, "it is not a whole number from 0 on"))
            })
            .transpose()
    }

    fn count(&self, field: &'static str) -> Result<Option<usize>, LineError> {
        let number = self.number(field)?;
        number
            .map(|number| usize::try_from(number).map_err(|error| bad(field, error)))
            .transpose()
    }

    fn url(&self, field: &'static str) -> Result<Option<Url>, LineError> {
        let text = self.text(field)?;
        text.map(|text| Url::parse(text).map_err(|error| bad(field, error)))
            .transpose()
    }

    /// Returns the octets of a field that is a string or base64.
    fn octets(
        &self,
        field: &'static str,
        base64_field: &'static str,
    ) -> Result<Vec<u8>, LineError> {
        match (self.text(field)?, self.text(base64_field)?) {
            (Some(_), Some(_)) => Err(LineError::BothForms(field)),
            (Some(text), None) => Ok(text.as_bytes().to_vec()),
            (None, Some(base64)) => {
                json::from_base64(base64).map_err(|error| bad(base64_field, error))
            }
            (None, None) => Err(LineError::Missing(field)),
        }
    }

    fn urls(&self, field: &'static str) -> Result<Vec<Url>, LineError> {
        let url = |value: &Value| {
            let text = value.as_str();
            let text = text.ok_or_else(|| bad(field, "it has something else than strings"))?;
            Url::parse(text).map_err(|error| bad(field, error))
        };
        match self.0.get(field) {
            None => Ok(Vec::new()),
            Some(Value::Array(urls)) => urls.iter().map(url).collect(),
            Some(_) => Err(bad(field, "it is not a list")),
        }
    }

    fn instant(&self, field: &'static str) -> Result<Option<Instant>, LineError> {
        let parse = |text| time::parse(text).map_err(|error| bad(field, error));
        self.text(field)?.map(parse).transpose()
    }
}

fn policy(fields: &Fields) -> Result<Policy, LineError> {
    let mut policy = Policy::default();
    let fields = match fields.0.get("policy") {
        None => return Ok(policy),
        Some(Value::Object(members)) => Fields(members.clone()),
        Some(_) => return Err(bad("policy", "it is not an object")),
    };
    let set = |choice: &mut bool, field| {
        fields
            .flag(field)
            .map(|given| *choice = given.unwrap_or(*choice))
    };
    set(&mut policy.reject_public_suffixes, "public_suffixes")?;
    set(&mut policy.trust_localhost, "trust_localhost")?;
    set(&mut policy.http_prefixes, "http_prefixes")?;
    set(&mut policy.partitioned, "partitioned")?;
    let set = |choice: &mut Duration, field| {
        let given = fields.number(field)?.map(Duration::from_secs);
        *choice = given.unwrap_or(*choice);
        Ok(())
    };
    set(&mut policy.lax_allowing_unsafe, "lax_allowing_unsafe_secs")?;
    set(&mut policy.lifetime_limit, "max_age_secs")?;
    let set = |choice: &mut usize, field| {
        fields
            .count(field)
            .map(|given| *choice = given.unwrap_or(*choice))
    };
    set(&mut policy.max_cookies_per_domain, "max_cookies_per_domain")?;
    set(&mut policy.max_cookies_per_site, "max_cookies_per_site")?;
    set(&mut policy.max_cookies, "max_cookies")?;
    if let Some(name) = fields.text("dialect")? {
        policy.dialect = name.parse().map_err(|error| bad("dialect", error))?;
    }
    Ok(policy)
}

/// The request of `set` and `get`.
struct Asked {
    url: Url,
    method: String,
    context: RequestContext,
}

impl Asked {
    fn of(fields: &Fields) -> Result<Self, LineError> {
        Ok(Self {
            url: fields.url("url")?.ok_or(LineError::Missing("url"))?,
            method: fields.text("method")?.unwrap_or("GET").to_owned(),
            context: context(fields)?,
        })
    }

    fn request(&self) -> Request<'_> {
        self.context.request(&self.url, &self.method)
    }
}

fn context(fields: &Fields) -> Result<RequestContext, LineError> {
    let is_null = |field| fields.0.get(field).is_some_and(Value::is_null);
    let mut context = RequestContext::default();
    match fields.text("api")? {
        None | Some("http") => (),
        Some("script") => context = context.non_http(),
        Some(_) => return Err(bad("api", "it is neither `http` nor `script`")),
    }
    if is_null("site_for_cookies") {
        context = context.opaque_site_for_cookies();
    } else if let Some(origin) = fields.url("site_for_cookies")? {
        context = context.site_for_cookies(origin);
    }
    context = context.destination(match fields.text("destination")? {
        None | Some("subresource") => Destination::Subresource,
        Some("nested") => Destination::Nested,
        Some("top-level") => Destination::TopLevel,
        Some(_) => {
            let cause = "it is none of `top-level`, `nested` and `subresource`";
            return Err(bad("destination", cause));
        }
    });
    if !is_null("top_level_site") {
        if let Some(page) = fields.url("top_level_site")? {
            context = context.top_level_site(page);
        }
    }
    let cross_site_ancestor = fields.flag("cross_site_ancestor")?.unwrap_or(false);
    context = context.cross_site_ancestor(cross_site_ancestor);
    Ok(context.browser_facts(browser_facts(fields)?))
}

/// What only the dialects of browsers ask for.
fn browser_facts(fields: &Fields) -> Result<BrowserFacts, LineError> {
    let mut facts = BrowserFacts::default()
        .redirects(fields.urls("redirects")?)
        .ancestors(fields.urls("ancestors")?);
    if fields.0.get("initiator").is_some_and(Value::is_null) {
        facts = facts.opaque_initiator();
    } else if let Some(document) = fields.url("initiator")? {
        facts = facts.initiator(document);
    }
    if let Some(date) = fields.instant("date")? {
        facts = facts.response_date(date);
    }
    Ok(facts)
}
