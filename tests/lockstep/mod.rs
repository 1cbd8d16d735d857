//! The library and the model in step: one operation on both, and all answers are the same ones.
//!
//! Random operations come from `jar_equals_model.rs` and from the fuzz target `jar_ops`. The crate
//! that includes this file has the model as `crate::model`.

#![allow(dead_code)]

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::fmt::Debug;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use chrono::{DateTime, SubsecRound as _, Utc};
use hardtack::{
    Attribute, Cookie, CookieJar, Destination, Domain, Exclusion, IgnoredAttribute, PathAttribute,
    Policy, Receipt, Rejection, Request, SameSite, SetCookie, SharedJar, SharedJarBuilder,
    Timestamp,
};
use url::{Host, Url};

use crate::model;

pub(crate) static SUFFIXES: LazyLock<Arc<model::Suffixes>> = LazyLock::new(|| {
    let list = include_str!("../../data/public_suffix_list.dat");
    Arc::new(model::Suffixes::new(list))
});

pub(crate) const HOSTS: &[&str] = &[
    "example.com",
    "example.com",
    "example.com",
    "www.example.com",
    "www.example.com",
    "a.www.example.com",
    "shop.example.com",
    "example.com.",
    "under_score.example.com",
    "example.org",
    "co.uk",
    "shop.co.uk",
    "github.io",
    "user.github.io",
    "a.user.github.io",
    "other.github.io",
    "kawasaki.jp",
    "a.kawasaki.jp",
    "a.city.kawasaki.jp",
    "mtls.run.app",
    "run.app",
    "amazonaws.com",
    "compute.amazonaws.com",
    "s3.amazonaws.com",
    "bucket.s3.amazonaws.com",
    "intranet",
    "intranet",
    "x.intranet",
    "y.x.intranet",
    "localhost",
    "a.localhost.",
    "127.0.0.1",
    "10.0.0.1",
    "[::1]",
    "xn--bcher-kva.example",
];

pub(crate) const PATHS: &[&str] = &["/", "/a", "/a/", "/a/b", "/a/b/c", "/ab", "//", "/%61/b"];

pub(crate) const DOMAINS: &[&str] = &[
    "example.com",
    "example.com",
    ".example.com",
    "EXAMPLE.com",
    "www.example.com",
    "..example.com",
    "com",
    "co.uk",
    "co.uk.",
    "shop.co.uk",
    "github.io",
    "user.github.io",
    "kawasaki.jp",
    "city.kawasaki.jp",
    "jp",
    "run.app",
    "amazonaws.com",
    "s3.amazonaws.com",
    "bucket.s3.amazonaws.com",
    "example.com.",
    "com.",
    "intranet",
    "x.intranet",
    "localhost",
    "127.0.0.1",
    "0.0.1",
    "::1",
    "[::1]",
    "1",
    "",
    ".",
    "..",
    "\u{e9}.com",
    "b\u{fc}cher.example",
];

pub(crate) const NAMES: &[&str] = &[
    "a=",
    "a=",
    "a=",
    "b=",
    "b=",
    "c=",
    "",
    "=",
    "A=",
    "__Secure-a=",
    "__Host-a=",
    "__hOSt-a=",
    "__Http-a=",
    "__Host-Http-a=",
    " a\t=",
];

pub(crate) const VALUES: &[&str] = &[
    "1",
    "2",
    "3",
    "",
    " x y ",
    "a=b",
    "__Secure-x",
    "__host-x",
    "__HTTP-x",
    "\u{e9}",
];

pub(crate) const ATTRIBUTES: &[&str] = &[
    "Secure",
    "secure",
    "Secure=x",
    "HttpOnly",
    "httponly",
    "SameSite=Strict",
    "SameSite=Lax",
    "SameSite=None",
    "SameSite=none; Secure",
    "SameSite=x",
    "SameSite",
    "Partitioned",
    "Partitioned; Secure",
    "Path",
    "Path=",
    "Path=/",
    "Path=/a",
    "Path=/a/",
    "Path=/a/b",
    "path=x",
    "Path=/ab",
    "Max-Age=0",
    "Max-Age=-1",
    "Max-Age=3",
    "Max-Age=10",
    "Max-Age=60",
    "Max-Age=x",
    "Max-Age=99999999999999999999",
    "Max-Age=",
    "Expires=Sat, 01 Jun 2024 12:00:10 GMT",
    "Expires=Sat, 01 Jun 2024 12:00:00 GMT",
    "Expires=Sat, 01 Jun 2024 12:01:00 GMT",
    "Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    "Expires=Fri, 31 Dec 9999 23:59:59 GMT",
    "Expires=0",
    "Priority=High",
    "",
    "=",
    "Domain",
];

/// What can be done to a jar; a number stands for one of its cookies.
#[derive(Debug, Clone)]
pub(crate) enum Operation {
    Receive(Vec<u8>, model::Context),
    Retrieve(model::Context),
    Explain(model::Context),
    Remove(usize),
    ClearDomain(usize),
    EndSession,
    EvictExpired,
    SetPolicy(model::Policy),
}

pub(crate) fn library_policy(policy: &model::Policy) -> Policy {
    let mut library = Policy::default();
    library.reject_public_suffixes = policy.public_suffixes;
    library.trust_localhost = policy.trust_localhost;
    library.lax_allowing_unsafe = Duration::from_secs(policy.lax_allowing_unsafe_secs);
    library.lifetime_limit = Duration::from_secs(policy.max_age_secs);
    library.max_cookies_per_domain = policy.max_cookies_per_domain;
    library.max_cookies_per_site = policy.max_cookies_per_site;
    library.cookies_left_of_full_site = policy.cookies_left_of_full_site;
    library.max_cookies = policy.max_cookies;
    library.http_prefixes = policy.http_prefixes;
    library.partitioned = policy.partitioned;
    library
}

pub(crate) fn request(context: &model::Context) -> Request<'_> {
    let mut request = Request::new(&context.url)
        .method(&context.method)
        .destination(match context.destination {
            model::Destination::Subresource => Destination::Subresource,
            model::Destination::Nested => Destination::Nested,
            model::Destination::TopLevel => Destination::TopLevel,
        })
        .cross_site_ancestor(context.cross_site_ancestor);
    request = match &context.site_for_cookies {
        model::SiteForCookies::NoClient => request,
        model::SiteForCookies::Opaque => request.opaque_site_for_cookies(),
        model::SiteForCookies::Origin(origin) => request.site_for_cookies(origin),
    };
    if let Some(page) = &context.top_level_site {
        request = request.top_level_site(page);
    }
    if context.script {
        request.non_http()
    } else {
        request
    }
}

/// A cookie of the library as one of the model; the insertion number, which is not public, is left to
/// the order.
pub(crate) fn as_model(cookie: &Cookie) -> model::Cookie {
    model::Cookie {
        name: cookie.name().to_vec(),
        value: cookie.value().to_vec(),
        expiry_time: cookie.expiry_time().map(instant),
        domain: cookie.domain().to_vec(),
        path: cookie.path().to_vec(),
        creation_time: instant(cookie.creation_time()),
        last_access_time: instant(cookie.last_access_time()),
        insertion: 0,
        host_only: cookie.host_only(),
        secure_only: cookie.secure_only(),
        http_only: cookie.http_only(),
        same_site: same_site(cookie.same_site()),
        partition: cookie.partition().map(ToString::to_string),
    }
}

/// An instant of the library as one of the model, whose last one is chrono's: later ones are that one.
fn instant(instant: Timestamp) -> DateTime<Utc> {
    DateTime::from(instant).trunc_subsecs(6)
}

pub(crate) fn without_insertion(cookies: Vec<model::Cookie>) -> Vec<model::Cookie> {
    let reset = |cookie| model::Cookie {
        insertion: 0,
        ..cookie
    };
    cookies.into_iter().map(reset).collect()
}

pub(crate) fn outcome(received: &Result<Receipt, Rejection>) -> model::Outcome {
    match received {
        Ok(Receipt::Stored) => model::Outcome::Stored,
        Ok(Receipt::Replaced) => model::Outcome::Replaced,
        Ok(Receipt::Expired) => model::Outcome::Expired,
        Err(rejection) => model::Outcome::Rejected {
            section: rejection.citation().map(|citation| citation.section()),
            step: rejection
                .citation()
                .and_then(|citation| citation.main_step())
                .unwrap_or_default(),
        },
    }
}

pub(crate) fn reason(exclusion: Exclusion) -> &'static str {
    match exclusion {
        Exclusion::OtherPartition => "partition",
        Exclusion::HostOnly => "host-only",
        Exclusion::PublicSuffix => "public-suffix",
        Exclusion::NotOnPath => "path",
        Exclusion::SecureOnly => "secure",
        Exclusion::HttpOnly => "http-only",
        Exclusion::SameSiteStrict | Exclusion::SameSiteLax(_) | Exclusion::SameSiteDefault(_) => {
            "same-site"
        }
        other => panic!("{other:?} cannot be explained to a cookie's own host"),
    }
}

/// What differs, in words; both runners of random operations take it as a failure.
pub(crate) type Same = Result<(), String>;

fn same<T: PartialEq + Debug>(what: &str, library: &T, model: &T) -> Same {
    if library == model {
        return Ok(());
    }
    Err(format!("{what}: {library:?} but {model:?}"))
}

fn holds(law: bool, what: impl FnOnce() -> String) -> Same {
    if law { Ok(()) } else { Err(what()) }
}

/// What the jar and the shared jar both do, at an instant.
pub(crate) trait Jar {
    fn receive(
        &mut self,
        line: &[u8],
        request: &Request<'_>,
        now: DateTime<Utc>,
    ) -> Result<Receipt, Rejection>;

    fn evaluate(
        &self,
        set_cookie: &SetCookie<'_>,
        request: &Request<'_>,
        now: DateTime<Utc>,
    ) -> Result<Cookie, Rejection>;

    fn cookies(&self, request: &Request<'_>, now: DateTime<Utc>) -> Vec<Cookie>;
    fn cookie_string(&self, request: &Request<'_>, now: DateTime<Utc>) -> Option<Vec<u8>>;
    fn explain(
        &self,
        request: &Request<'_>,
        now: DateTime<Utc>,
    ) -> Vec<(Cookie, Option<Exclusion>)>;
    fn exclusion(
        &self,
        cookie: &Cookie,
        request: &Request<'_>,
        now: DateTime<Utc>,
    ) -> Option<Exclusion>;
    fn list(&self, now: DateTime<Utc>) -> Vec<Cookie>;
    fn get(&self, name: &[u8], domain: &[u8], path: &[u8], now: DateTime<Utc>) -> Vec<Cookie>;
    fn remove(&mut self, name: &[u8], domain: &[u8], path: &[u8], now: DateTime<Utc>) -> usize;
    fn clear_domain(&mut self, domain: &[u8]) -> usize;
    fn end_session(&mut self);
    fn evict_expired(&mut self, now: DateTime<Utc>);
    fn set_policy(&mut self, policy: Policy, now: DateTime<Utc>);
    fn len(&self) -> usize;
}

impl Jar for CookieJar {
    fn receive(
        &mut self,
        line: &[u8],
        request: &Request<'_>,
        now: DateTime<Utc>,
    ) -> Result<Receipt, Rejection> {
        self.receive(line, request, now)
    }

    fn evaluate(
        &self,
        set_cookie: &SetCookie<'_>,
        request: &Request<'_>,
        now: DateTime<Utc>,
    ) -> Result<Cookie, Rejection> {
        self.evaluate(set_cookie, request, now)
    }

    fn cookies(&self, request: &Request<'_>, now: DateTime<Utc>) -> Vec<Cookie> {
        self.cookies(request, now).into_iter().cloned().collect()
    }

    fn cookie_string(&self, request: &Request<'_>, now: DateTime<Utc>) -> Option<Vec<u8>> {
        self.cookie_string(request, now)
    }

    fn explain(
        &self,
        request: &Request<'_>,
        now: DateTime<Utc>,
    ) -> Vec<(Cookie, Option<Exclusion>)> {
        let explained = self.explain(request, now).into_iter();
        explained
            .map(|(cookie, why)| (cookie.clone(), why))
            .collect()
    }

    fn exclusion(
        &self,
        cookie: &Cookie,
        request: &Request<'_>,
        now: DateTime<Utc>,
    ) -> Option<Exclusion> {
        self.exclusion(cookie, request, now)
    }

    fn list(&self, now: DateTime<Utc>) -> Vec<Cookie> {
        self.iter(now).cloned().collect()
    }

    fn get(&self, name: &[u8], domain: &[u8], path: &[u8], now: DateTime<Utc>) -> Vec<Cookie> {
        let found = self.get(Domain::new(domain), name, path, now);
        found.into_iter().cloned().collect()
    }

    fn remove(&mut self, name: &[u8], domain: &[u8], path: &[u8], now: DateTime<Utc>) -> usize {
        self.remove(Domain::new(domain), name, path, now)
    }

    fn clear_domain(&mut self, domain: &[u8]) -> usize {
        self.clear_domain(Domain::new(domain))
    }

    fn end_session(&mut self) {
        self.end_session();
    }

    fn evict_expired(&mut self, now: DateTime<Utc>) {
        self.evict_expired(now);
    }

    fn set_policy(&mut self, policy: Policy, now: DateTime<Utc>) {
        self.set_policy(policy, now);
    }

    fn len(&self) -> usize {
        self.len()
    }
}

/// A shared jar whose clock shows what it is told.
pub(crate) struct Shared {
    pub(crate) jar: SharedJar,
    clock: Arc<Mutex<DateTime<Utc>>>,
}

impl Shared {
    pub(crate) fn new(jar: CookieJar) -> Self {
        let (builder, clock) = Self::builder(jar);
        Self::of(builder.build(), clock)
    }

    /// A shared jar to be made, and its clock.
    pub(crate) fn builder(jar: CookieJar) -> (SharedJarBuilder, Arc<Mutex<DateTime<Utc>>>) {
        let clock = Arc::new(Mutex::new(DateTime::<Utc>::MIN_UTC));
        let shown = Arc::clone(&clock);
        let builder = SharedJar::builder()
            .jar(jar)
            .clock(move || *shown.lock().unwrap());
        (builder, clock)
    }

    pub(crate) fn of(jar: SharedJar, clock: Arc<Mutex<DateTime<Utc>>>) -> Self {
        Self { jar, clock }
    }

    pub(crate) fn clock(&self) -> DateTime<Utc> {
        *self.clock.lock().unwrap()
    }

    pub(crate) fn at(&self, now: DateTime<Utc>) -> &SharedJar {
        *self.clock.lock().unwrap() = now;
        &self.jar
    }
}

impl Jar for Shared {
    fn receive(
        &mut self,
        line: &[u8],
        request: &Request<'_>,
        now: DateTime<Utc>,
    ) -> Result<Receipt, Rejection> {
        self.at(now).receive(line, request)
    }

    fn evaluate(
        &self,
        set_cookie: &SetCookie<'_>,
        request: &Request<'_>,
        now: DateTime<Utc>,
    ) -> Result<Cookie, Rejection> {
        self.at(now).evaluate(set_cookie, request)
    }

    fn cookies(&self, request: &Request<'_>, now: DateTime<Utc>) -> Vec<Cookie> {
        self.at(now).cookies(request)
    }

    fn cookie_string(&self, request: &Request<'_>, now: DateTime<Utc>) -> Option<Vec<u8>> {
        self.at(now).cookie_string(request)
    }

    fn explain(
        &self,
        request: &Request<'_>,
        now: DateTime<Utc>,
    ) -> Vec<(Cookie, Option<Exclusion>)> {
        self.at(now).explain(request)
    }

    fn exclusion(
        &self,
        cookie: &Cookie,
        request: &Request<'_>,
        now: DateTime<Utc>,
    ) -> Option<Exclusion> {
        self.at(now).exclusion(cookie, request)
    }

    fn list(&self, now: DateTime<Utc>) -> Vec<Cookie> {
        self.at(now).to_vec()
    }

    fn get(&self, name: &[u8], domain: &[u8], path: &[u8], now: DateTime<Utc>) -> Vec<Cookie> {
        self.at(now).get(Domain::new(domain), name, path)
    }

    fn remove(&mut self, name: &[u8], domain: &[u8], path: &[u8], now: DateTime<Utc>) -> usize {
        self.at(now).remove(Domain::new(domain), name, path)
    }

    fn clear_domain(&mut self, domain: &[u8]) -> usize {
        self.jar.clear_domain(Domain::new(domain))
    }

    fn end_session(&mut self) {
        self.jar.end_session();
    }

    fn evict_expired(&mut self, now: DateTime<Utc>) {
        self.at(now).evict_expired();
    }

    fn set_policy(&mut self, policy: Policy, now: DateTime<Utc>) {
        self.at(now).set_policy(policy);
    }

    fn len(&self) -> usize {
        self.jar.len()
    }
}

/// One operation on both; afterwards both keep the same cookies.
pub(crate) fn carry_out(
    operation: &Operation,
    jar: &mut impl Jar,
    model: &mut model::Model,
    now: DateTime<Utc>,
) -> Same {
    match operation {
        Operation::Receive(line, context) => receive(line, context, jar, model, now)?,
        Operation::Retrieve(context) => retrieve(context, jar, model, now)?,
        Operation::Explain(context) => explain(context, jar, model, now)?,
        Operation::Remove(which) => remove(*which, jar, model, now)?,
        Operation::ClearDomain(which) => {
            model.evict_expired(now);
            jar.evict_expired(now);
            if let Some(cookie) = pick(model, *which) {
                let removed = jar.clear_domain(&cookie.domain);
                let before = model.cookies.len();
                model.cookies.retain(|other| other.domain != cookie.domain);
                same("cleared", &removed, &(before - model.cookies.len()))?;
            }
        }
        Operation::EndSession => {
            jar.evict_expired(now);
            jar.end_session();
            model.end_session(now);
        }
        Operation::EvictExpired => {
            jar.evict_expired(now);
            model.evict_expired(now);
            same("length", &jar.len(), &model.cookies.len())?;
        }
        Operation::SetPolicy(policy) => {
            jar.set_policy(library_policy(policy), now);
            model.set_policy(policy.clone(), now);
            same("length", &jar.len(), &model.cookies.len())?;
        }
    }
    let listed: Vec<_> = jar.list(now).iter().map(as_model).collect();
    same("kept", &listed, &without_insertion(model.list(now)))
}

fn receive(
    line: &[u8],
    context: &model::Context,
    jar: &mut impl Jar,
    model: &mut model::Model,
    now: DateTime<Utc>,
) -> Same {
    let evaluated = SetCookie::parse(line)
        .map_err(Rejection::from)
        .and_then(|set_cookie| jar.evaluate(&set_cookie, &request(context), now));
    let received = jar.receive(line, &request(context), now);
    let expected = model.receive(line, context, now);
    same("received", &outcome(&received), &expected)?;
    // The decision alone is the same decision.
    match (&evaluated, &received) {
        (Ok(cookie), Ok(receipt)) => same(
            "expired",
            &cookie.is_expired(now),
            &(*receipt == Receipt::Expired),
        ),
        (Err(evaluated), Err(received)) => same("rejected", evaluated, received),
        _ => Err(format!("evaluated {evaluated:?}, received {received:?}")),
    }
}

fn retrieve(
    context: &model::Context,
    jar: &mut impl Jar,
    model: &mut model::Model,
    now: DateTime<Utc>,
) -> Same {
    let request = request(context);
    let cookies: Vec<_> = jar.cookies(&request, now).iter().map(as_model).collect();
    let expected = without_insertion(model.retrieve(context, now));
    same("sent", &cookies, &expected)?;
    let cookie_string = jar.cookie_string(&request, now).unwrap_or_default();
    let expected = model.cookie_string(context, now);
    same("cookie-string", &cookie_string, &expected)
}

fn explain(
    context: &model::Context,
    jar: &mut impl Jar,
    model: &mut model::Model,
    now: DateTime<Utc>,
) -> Same {
    let request = request(context);
    let explained = jar.explain(&request, now);
    for (cookie, why) in &explained {
        same("exclusion", &jar.exclusion(cookie, &request, now), why)?;
    }
    let explained: Vec<_> = explained
        .iter()
        .map(|(cookie, why)| (as_model(cookie), why.map(reason)))
        .collect();
    let (expected, why): (Vec<_>, Vec<_>) = model.explain(context, now).into_iter().unzip();
    let expected: Vec<_> = without_insertion(expected).into_iter().zip(why).collect();
    same("explained", &explained, &expected)
}

/// The cookie that a number stands for, if there are any.
fn pick(model: &model::Model, which: usize) -> Option<model::Cookie> {
    let which = which % model.cookies.len().max(1);
    model.cookies.get(which).cloned()
}

fn remove(which: usize, jar: &mut impl Jar, model: &mut model::Model, now: DateTime<Utc>) -> Same {
    model.evict_expired(now);
    let Some(cookie) = pick(model, which) else {
        return Ok(());
    };
    let (name, domain, path) = (&cookie.name, &cookie.domain, &cookie.path);
    let found = jar.get(name, domain, path, now).len();
    let removed = jar.remove(name, domain, path, now);
    let before = model.cookies.len();
    model
        .cookies
        .retain(|other| (&other.name, &other.domain, &other.path) != (name, domain, path));
    same("removed", &removed, &(before - model.cookies.len()))?;
    same("found", &found, &removed)
}

fn same_site(same_site: SameSite) -> model::SameSite {
    match same_site {
        SameSite::Default => model::SameSite::Default,
        SameSite::Strict => model::SameSite::Strict,
        SameSite::Lax => model::SameSite::Lax,
        SameSite::None => model::SameSite::None,
    }
}

fn attribute(attribute: &Attribute<'_>) -> Result<model::Attribute, String> {
    Ok(match attribute {
        Attribute::Expires(instant) => model::Attribute::Expires((*instant).into()),
        Attribute::MaxAge(seconds) => model::Attribute::MaxAge(*seconds),
        Attribute::Domain(domain) => model::Attribute::Domain(domain.to_vec()),
        Attribute::Path(PathAttribute::Given(path)) => model::Attribute::Path(Some(path.to_vec())),
        Attribute::Path(PathAttribute::Default { .. }) => model::Attribute::Path(None),
        Attribute::Secure => model::Attribute::Secure,
        Attribute::HttpOnly => model::Attribute::HttpOnly,
        Attribute::SameSite(enforcement) => model::Attribute::SameSite(same_site(*enforcement)),
        Attribute::Partitioned => model::Attribute::Partitioned,
        other => return Err(format!("the model knows no {other:?}")),
    })
}

/// A line means the same to both: name, value, each attribute in its order, or the refusing step.
pub(crate) fn parse_alike(line: &[u8]) -> Same {
    let (mut understood, mut ignored) = (Vec::new(), 0);
    let parsed = SetCookie::parse_observed(line, |observed| match observed {
        Ok(one) => understood.push(attribute(one)),
        Err(IgnoredAttribute { .. }) => ignored += 1,
    });
    let understood = understood.into_iter().collect::<Result<Vec<_>, String>>()?;
    match (&parsed, model::parse_set_cookie(line)) {
        (Ok(parsed), Ok(expected)) => {
            same("name", &parsed.name(), &&expected.name[..])?;
            same("value", &parsed.value(), &&expected.value[..])?;
            same("attributes", &understood, &expected.attributes)?;
            // What was not understood is told of: nothing of the line is lost.
            let semicolons = line.split(|octet| *octet == b';').count() - 1;
            let total = understood.len() + ignored;
            same("cookie-avs", &total, &semicolons)
        }
        (Err(error), Err(step)) => {
            let citation = error.citation();
            same(
                "step",
                &citation.and_then(|citation| citation.main_step()),
                &Some(step),
            )
        }
        (parsed, expected) => Err(format!("parsed: {parsed:?} but {expected:?}")),
    }
}

/// A cookie-date is the same instant to both, or none.
pub(crate) fn dates_alike(date: &[u8]) -> Same {
    let read = hardtack::parse_cookie_date(date).ok();
    same(
        "date",
        &read.map(DateTime::from),
        &model::parse_cookie_date(date),
    )
}

/// What always holds of a jar, whatever the model says: the limits, one cookie an identity, and of what
/// is sent the order, the host and the connection.
pub(crate) fn invariants(jar: &CookieJar, context: &model::Context, now: DateTime<Utc>) -> Same {
    let policy = jar.policy();
    let kept: Vec<&Cookie> = jar.iter(now).collect();
    let mut identities = HashSet::new();
    let mut of_domain: HashMap<_, usize> = HashMap::new();
    let mut of_site: HashMap<_, usize> = HashMap::new();
    for cookie in &kept {
        let partition = cookie.partition().map(ToString::to_string);
        let site = SUFFIXES.registrable_domain(cookie.domain());
        let site = site.unwrap_or_else(|| cookie.domain().to_vec());
        *of_site.entry((site, partition.clone())).or_default() += 1;
        let of_partition = (cookie.domain(), partition);
        *of_domain.entry(of_partition.clone()).or_default() += 1;
        let identity = (cookie.name(), cookie.path(), cookie.host_only());
        holds(identities.insert((identity, of_partition)), || {
            format!("two cookies of one identity: {cookie:?}")
        })?;
        let octets = cookie.name().len() + cookie.value().len();
        holds((1..=4096).contains(&octets), || {
            format!("{octets} octets: {cookie:?}")
        })?;
        holds(cookie.path().starts_with(b"/"), || {
            format!("the path is not absolute: {cookie:?}")
        })?;
    }
    for (most, limit, of) in [
        (
            of_domain.into_values().max(),
            policy.max_cookies_per_domain,
            "of a domain",
        ),
        (
            of_site.into_values().max(),
            policy.max_cookies_per_site,
            "of a site",
        ),
        (Some(kept.len()), policy.max_cookies, "in all"),
    ] {
        let most = most.unwrap_or_default();
        holds(most <= limit, || format!("{most} cookies {of}"))?;
    }
    let sent = jar.cookies(request(context), now);
    holds(
        sent.windows(2)
            .all(|pair| sending_order(pair[0]) <= sending_order(pair[1])),
        || format!("out of order: {sent:?}"),
    )?;
    for cookie in sent {
        let covered = is_covered(&context.url, cookie, policy);
        holds(covered, || format!("{cookie:?} to {}", context.url))?;
        holds(!(cookie.http_only() && context.script), || {
            format!("{cookie:?} to a script")
        })?;
        holds(!cookie.is_expired(now), || format!("{cookie:?} at {now}"))?;
    }
    Ok(())
}

fn sending_order(cookie: &Cookie) -> (Reverse<usize>, Timestamp) {
    (Reverse(cookie.path().len()), cookie.creation_time())
}

/// Returns true if this URL may get a cookie of that domain, path and secure-only-flag: by strings alone, so that
/// neither the library nor the model judges itself.
fn is_covered(url: &Url, cookie: &Cookie, policy: &Policy) -> bool {
    // The URL Standard leaves the hosts of schemes that it does not know as they are written.
    let Some(Ok(host)) = url.host_str().map(Host::parse) else {
        return false;
    };
    let host = host.to_string();
    let domain = String::from_utf8_lossy(cookie.domain()).into_owned();
    let below = !cookie.host_only() && host.ends_with(&format!(".{domain}"));
    let is_local = host == "[::1]"
        || host.starts_with("127.")
        || format!(".{}", host.trim_end_matches('.')).ends_with(".localhost");
    let is_secure = matches!(url.scheme(), "https" | "wss") || policy.trust_localhost && is_local;
    let path = if url.path().is_empty() {
        "/"
    } else {
        url.path()
    };
    (host == domain || below)
        && (is_secure || !cookie.secure_only())
        && path.as_bytes().starts_with(cookie.path())
}
