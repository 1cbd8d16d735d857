//! The replay: a jar by the rules of the recording's browser, held against what was sent.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use url::Url;

use crate::cookie::{Cookie, CookieBuilder};
use crate::dialect::{Deviation, Dialect};
use crate::formats::recording::{Exchange, SetCookieLine, Tool};
use crate::jar::{CookieJar, Receipt};
use crate::path::{CookiePath, RequestPath};
use crate::policy::Policy;
use crate::recording::context::{Context, Documents};
use crate::recording::mend;
use crate::recording::{
    CookieIdentity, CookieLife, Difference, Entry, Line, Pair, Recording, Replay, Summary, Verdict,
    Withheld,
};
use crate::rejection::Rejection;
use crate::request::{Destination, Request};
use crate::retrieval::{Exclusion, NotLax};
use crate::same_site::PartitionKey;
use crate::server::parse_cookie_string;
use crate::set_cookie::{SameSite, SetCookie};
use crate::storage_model;
use crate::timestamp::Timestamp;

/// How exact the instants of recorders are.
const EXACTNESS: Duration = Duration::from_millis(50);

/// How long a cookie without SameSite also goes with unsafe requests, in browsers that do so.
const LAX_ALLOWING_UNSAFE: Duration = Duration::from_secs(120);

/// From this number of cookies of a site on browsers evict some.
const EVICTION: usize = 150;

/// The refused lines, and the later requests, that are looked at for one cookie.
const LOOKED_AT: usize = 1_000;

const WITHOUT_CREDENTIALS: &str = "the request was made without credentials: fetch with \
     `credentials: \"include\"`, if it is to be recognised";
const BLOCKED: &str = "the browser blocks third-party cookies, as in the whole recording: make it Partitioned, or do \
     without it";
const BEFORE: &str =
    "it was there before, or was set by a script or by an answer that is not in the recording";

/// The policy of the browser of a recording, and whether it is a browser.
pub(super) fn policy(recording: &Recording) -> (Policy, bool) {
    let recorded = &recording.recorded;
    let said = [&recorded.browser, &recorded.user_agent, &recorded.creator];
    let said = said
        .into_iter()
        .flatten()
        .map(|text| text.to_ascii_lowercase());
    for text in said {
        if text.contains("firefox") {
            return (Policy::firefox(), true);
        }
        if ["chrom", "webinspector", "edg"]
            .iter()
            .any(|name| text.contains(name))
        {
            return (Policy::chromium(), true);
        }
        if ["webkit", "safari"].iter().any(|name| text.contains(name)) {
            return (Policy::default(), true);
        }
    }
    if recorded.tool == Tool::Cdp {
        // It is Chromium's own protocol.
        return (Policy::chromium(), true);
    }
    (Policy::default(), false)
}

/// Replays a recording, a second time where third-party cookies were blocked throughout.
pub(super) fn replay(recording: &Recording) -> Replay {
    let mut replayer = Replayer::new(recording, false);
    replayer.run();
    if replayer.withheld_from_third_parties > 0 && !replayer.has_third_party_cookies {
        replayer = Replayer::new(recording, true);
        replayer.run();
    }
    replayer.finish()
}

/// What is known of a cookie beside its fields.
struct Known {
    /// True until a line has set it: its attributes are not known.
    is_adopted: bool,
    /// The request whose answer set it last.
    setter: Option<usize>,
    has_been_sent: bool,
    /// Where it was sent last, while it is adopted.
    seen: Option<Url>,
}

/// A line that was refused.
struct Refused {
    pair: Pair,
    host: String,
    reason: &'static str,
}

struct Replayer<'r> {
    policy: &'r Policy,
    text: Policy,
    is_browser: bool,
    blocks_third_parties: bool,
    keeps_cookies: bool,
    jar: CookieJar,
    documents: Documents<'r>,
    /// In the order of time.
    exchanges: Vec<&'r Exchange>,
    times: Vec<Times>,
    redirected_from: Vec<Option<usize>>,
    entries: Vec<Entry>,
    /// The answers that are under way, by the time of their end.
    pending: BTreeSet<(Timestamp, usize)>,
    lives: Vec<CookieLife>,
    known: Vec<Known>,
    ids: HashMap<CookieIdentity, usize>,
    refused: Vec<Refused>,
    /// The paths of requests that sent cookies, by host.
    paths: HashMap<String, Vec<String>>,
    withheld_from_third_parties: usize,
    has_third_party_cookies: bool,
}

#[derive(Clone, Copy)]
struct Times {
    started: Timestamp,
    answered: Timestamp,
    ended: Timestamp,
}

/// One request while it is looked at.
struct Step<'s> {
    index: usize,
    now: Timestamp,
    request: Request<'s>,
    url: &'s Url,
    recorded: Vec<Pair>,
    /// For each recorded pair the cookie of the jar.
    matched: Vec<Option<Cookie>>,
    differences: Vec<Difference>,
}

impl<'r> Replayer<'r> {
    fn new(recording: &'r Recording, blocks_third_parties: bool) -> Self {
        let (policy, is_browser) = (&recording.policy, recording.is_browser);
        let recorded = &recording.recorded;
        let (exchanges, times) = in_order(&recorded.exchanges);
        let redirected_from = redirects(&exchanges);
        let mut sent = exchanges.iter();
        let keeps_cookies = sent.any(|exchange| exchange.has_sent_cookies());
        Self {
            policy,
            text: Policy::default()
                .with_max_cookies_per_domain(usize::MAX)
                .with_max_cookies_per_site(usize::MAX)
                .with_max_cookies(usize::MAX),
            is_browser,
            blocks_third_parties,
            keeps_cookies,
            jar: CookieJar::new(policy.clone()),
            documents: Documents::new(policy, is_browser, recorded.tool),
            entries: Vec::with_capacity(exchanges.len()),
            exchanges,
            times,
            redirected_from,
            pending: BTreeSet::new(),
            lives: Vec::new(),
            known: Vec::new(),
            ids: HashMap::new(),
            refused: Vec::new(),
            paths: HashMap::new(),
            withheld_from_third_parties: 0,
            has_third_party_cookies: false,
        }
    }
}

impl Replayer<'_> {
    fn run(&mut self) {
        for index in 0..self.exchanges.len() {
            let started = self.times[index].started;
            self.answers_until(started);
            if let Some(before) = self.redirected_from[index] {
                self.answer_of(before, started);
            }
            self.request(index);
            self.pending.insert((self.times[index].answered, index));
        }
        self.answers_until(Timestamp::MAX);
    }

    fn answers_until(&mut self, now: Timestamp) {
        while let Some((answered, index)) = self.pending.first().copied() {
            if answered > now {
                break;
            }
            self.pending.pop_first();
            self.answer(index, answered);
        }
    }

    /// Takes an answer that came earlier than its recorder says.
    fn answer_of(&mut self, index: usize, now: Timestamp) {
        if self.pending.remove(&(self.times[index].answered, index)) {
            self.answer(index, now);
        }
    }

    fn finish(self) -> Replay {
        let mut summary = Summary {
            entries: self.entries.len(),
            ..Summary::default()
        };
        for entry in &self.entries {
            summary.with_cookies += usize::from(!entry.recorded.is_empty());
            let is_explained = entry.differences.iter().all(|it| it.explained);
            if !is_explained {
                summary.unexplained += 1;
            } else if entry.agrees {
                summary.agree += 1;
            } else {
                summary.explained += 1;
            }
            summary.lines += entry.lines.len();
            let refused = entry.lines.iter().filter(|line| line.is_refused());
            summary.refused += refused.count();
        }
        Replay {
            entries: self.entries,
            cookies: self.lives,
            summary,
            dialect: self.policy.dialect,
            blocks_third_parties: self.blocks_third_parties,
        }
    }

    // Requests.

    fn request(&mut self, index: usize) {
        let exchange = self.exchanges[index];
        let now = self.times[index].started;
        let before = self.redirected_from[index]
            .map(|before| (self.exchanges[before], &self.entries[before].context));
        let context = self.documents.context(exchange, before);
        let request_context = context.request_context(exchange, self.policy);
        let request = request_context.request(&exchange.url, &exchange.method);
        let recorded = pairs(exchange);
        self.answers_that_show(index, &request, &recorded);
        let explained: Vec<(Cookie, Option<Exclusion>)> = self
            .jar
            .explain(request, now)
            .into_iter()
            .map(|(cookie, why_not)| (cookie.clone(), why_not))
            .collect();
        if !recorded.is_empty() {
            self.jar.cookies(request, now);
        }
        let predicted: Vec<Cookie> = explained
            .iter()
            .filter(|(_, why_not)| why_not.is_none())
            .map(|(cookie, _)| cookie.clone())
            .collect();
        let predicted_pairs: Vec<Pair> = predicted.iter().map(Pair::of).collect();
        let mut step = Step {
            index,
            now,
            request,
            url: &exchange.url,
            matched: vec![None; recorded.len()],
            recorded,
            differences: Vec::new(),
        };
        let left = step.match_pairs(predicted.clone());
        let left = self.blocked(&mut step, &context, left);
        let is_without_credentials =
            step.recorded.is_empty() && !left.is_empty() && self.may_lack_credentials(exchange);
        if is_without_credentials {
            for cookie in &left {
                step.differ(
                    self.id(cookie),
                    cookie.name(),
                    false,
                    true,
                    "no-credentials",
                    true,
                    WITHOUT_CREDENTIALS,
                );
            }
        } else {
            let left = self.changed(&mut step, left);
            self.not_predicted(&mut step, &context, &explained);
            self.not_sent(&mut step, &context, left);
            self.check_order(&mut step, &predicted);
        }
        self.note_sent(&step, &context);
        let (withheld, out_of_scope) = self.excluded(&step, &explained);
        let sent = step.matched.iter().flatten();
        let sent = sent.filter_map(|cookie| self.id(cookie)).collect();
        let entry = Entry {
            index: exchange.index,
            line: exchange.line,
            time: now,
            method: exchange.method.clone(),
            url: exchange.url.clone(),
            agrees: step.recorded == predicted_pairs && step.differences.is_empty(),
            recorded: step.recorded,
            predicted: predicted_pairs,
            differences: step.differences,
            status: exchange.status,
            resource_type: exchange.resource_type.clone(),
            page: exchange.page.clone(),
            frame: exchange.frame.clone(),
            redirected_from: self.redirected_from[index].map(|it| self.exchanges[it].index),
            redirect: exchange.redirect.clone(),
            sent,
            withheld,
            out_of_scope,
            is_without_credentials,
            lines: Vec::new(),
            context,
        };
        self.documents.turn(exchange, &entry.context);
        self.entries.push(entry);
    }

    /// Takes answers that are under way where what was sent shows that they were there.
    fn answers_that_show(&mut self, index: usize, request: &Request<'_>, recorded: &[Pair]) {
        if self.pending.is_empty() || recorded.is_empty() {
            return;
        }
        let started = self.times[index].started;
        let sent: Vec<Pair> = self
            .jar
            .cookies(request, started)
            .into_iter()
            .map(Pair::of)
            .collect();
        let new: Vec<&Pair> = recorded
            .iter()
            .filter(|pair| !sent.contains(pair))
            .collect();
        if new.is_empty() {
            return;
        }
        let shown: Vec<usize> = self
            .pending
            .iter()
            .map(|(_, index)| *index)
            .filter(|index| {
                let lines = &self.exchanges[*index].set_cookie;
                lines
                    .iter()
                    .any(|line| new.iter().any(|pair| pair.is_of(line)))
            })
            .collect();
        for shown in shown {
            self.answer_of(shown, started);
        }
    }

    /// Takes those cookies out that are blocked as a third party's, and counts what tells whether they are.
    fn blocked(
        &mut self,
        step: &mut Step<'_>,
        context: &Context,
        left: Vec<Cookie>,
    ) -> Vec<Cookie> {
        // Deviation third-party-store (Firefox's defaults): cookies of third parties are kept apart
        let keeps_apart = self.policy.dialect.has(Deviation::ThirdPartyStore);
        if keeps_apart || !context.is_third_party() {
            return left;
        }
        let is_known = |known: &Known| !known.is_adopted;
        let mut sent = step.matched.iter().flatten();
        self.has_third_party_cookies |= sent.any(|cookie| {
            let known = self.known_of(cookie);
            cookie.partition().is_none() && known.is_some_and(is_known)
        });
        let (blocked, left): (Vec<_>, Vec<_>) = left
            .into_iter()
            .partition(|cookie| cookie.partition().is_none());
        if self.blocks_third_parties {
            for cookie in blocked {
                step.differ(
                    self.id(&cookie),
                    cookie.name(),
                    false,
                    true,
                    "third-party-blocked",
                    true,
                    BLOCKED,
                );
            }
            return left;
        }
        let exchange = self.exchanges[step.index];
        if !(step.recorded.is_empty() && self.may_lack_credentials(exchange)) {
            let known = blocked.iter().filter_map(|cookie| self.known_of(cookie));
            self.withheld_from_third_parties += known.filter(|known| is_known(known)).count();
        }
        blocked.into_iter().chain(left).collect()
    }

    fn may_lack_credentials(&self, exchange: &Exchange) -> bool {
        if !self.keeps_cookies && !self.is_browser || exchange.method == "OPTIONS" {
            return true;
        }
        if let Some(mode) = exchange.fetch_mode.as_deref() {
            return mode == "cors"
                || mode == "no-cors" && exchange.fetch_destination.as_deref() == Some("empty");
        }
        let kind = exchange.resource_type.as_deref().unwrap_or_default();
        let kinds = [
            "fetch",
            "xhr",
            "font",
            "preflight",
            "manifest",
            "ping",
            "other",
        ];
        kinds.iter().any(|it| kind.eq_ignore_ascii_case(it))
    }

    /// Takes over values that are other ones than those of the jar.
    fn changed(&mut self, step: &mut Step<'_>, left: Vec<Cookie>) -> Vec<Cookie> {
        let mut rest = Vec::new();
        for cookie in left {
            let mut open = step.recorded.iter().zip(&step.matched);
            let found =
                open.position(|(pair, matched)| matched.is_none() && pair.name == cookie.name());
            let Some(position) = found else {
                rest.push(cookie);
                continue;
            };
            let pair = step.recorded[position].clone();
            if let Some(reason) = self.refused_pair(&pair, step.url) {
                step.differ(
                    self.id(&cookie),
                    cookie.name(),
                    true,
                    true,
                    reason,
                    false,
                    "it has the value of a line that is refused: the browser took that line",
                );
            } else {
                let who = if cookie.http_only() {
                    "an answer that is not in the recording"
                } else {
                    "a script, or an answer that is not in the recording,"
                };
                step.differ(
                    self.id(&cookie),
                    cookie.name(),
                    true,
                    true,
                    "adopted",
                    true,
                    format!("its value is another one: {who} changed it"),
                );
            }
            let mut builder = CookieBuilder::from(&cookie);
            builder.fields.value = pair.value().to_vec();
            let is_new = self.policy.dialect.has(Deviation::NewValueNewCreation);
            if is_new {
                builder.fields.creation_time =
                    Some(step.creation(position, cookie.path(), step.now));
                self.jar.take_out(&cookie);
                self.jar.restore([builder], step.now);
            } else {
                let fields = builder.fields.borrowed();
                // What does not fit any more stays as it was.
                let _ = self.jar.take_in(&builder.host, &fields, step.now);
            }
            step.matched[position] = self.of_identity(&cookie).or(Some(cookie));
        }
        rest
    }

    /// Adopts what was sent and is not in the jar, or finds that it should not have been sent.
    fn not_predicted(
        &mut self,
        step: &mut Step<'_>,
        context: &Context,
        explained: &[(Cookie, Option<Exclusion>)],
    ) {
        for position in 0..step.recorded.len() {
            if step.matched[position].is_some() {
                continue;
            }
            let pair = step.recorded[position].clone();
            let excluded = explained.iter().find(|(cookie, why_not)| {
                why_not.is_some() && cookie.name() == pair.name && cookie.value() == pair.value()
            });
            let verdict = excluded.and_then(|(cookie, why_not)| {
                let known = self.known_of(cookie)?;
                against(cookie, known, (*why_not)?, context, step.now)
            });
            if let Some((reason, explained, text)) = verdict {
                let id = excluded.and_then(|(cookie, _)| self.id(cookie));
                step.differ(id, &pair.name, true, false, reason, explained, text);
                step.matched[position] = excluded.map(|(cookie, _)| cookie.clone());
                continue;
            }
            if let Some(reason) = self.refused_pair(&pair, step.url) {
                step.differ(
                    None,
                    &pair.name,
                    true,
                    false,
                    reason,
                    false,
                    "it was set by a line that is refused: the browser took that line",
                );
            } else {
                step.differ(None, &pair.name, true, false, "adopted", true, BEFORE);
            }
            self.adopt(step, position, context);
            let adopted = step.matched[position].as_ref();
            let id = adopted.and_then(|cookie| self.id(cookie));
            if let Some(difference) = step.differences.last_mut() {
                difference.cookie = id;
            }
        }
    }

    /// Finds why cookies were not sent that the jar would send.
    fn not_sent(&mut self, step: &mut Step<'_>, context: &Context, left: Vec<Cookie>) {
        for cookie in left {
            let Some(id) = self.id(&cookie) else {
                continue;
            };
            if self.known[id].is_adopted {
                let text = self.learn(step, context, &cookie, id);
                step.differ(
                    self.id(&cookie),
                    cookie.name(),
                    false,
                    true,
                    "adopted",
                    true,
                    text.to_owned(),
                );
                continue;
            }
            if self.is_under_way(step, id) {
                step.differ(
                    self.id(&cookie),
                    cookie.name(),
                    false,
                    true,
                    "in-flight",
                    true,
                    "the answer that set it came at about the same time",
                );
                continue;
            }
            let (reason, is_explained, text) = self.gone(step, &cookie, id);
            step.differ(
                self.id(&cookie),
                cookie.name(),
                false,
                true,
                reason,
                is_explained,
                text,
            );
            self.jar.take_out(&cookie);
            if is_explained {
                self.lives[id]
                    .vanished
                    .push(self.exchanges[step.index].index);
            }
        }
    }

    /// Returns true if the answer that set a cookie ended about when the request began.
    fn is_under_way(&self, step: &Step<'_>, id: usize) -> bool {
        let Some(setter) = self.known[id].setter else {
            return false;
        };
        let is_before = self.redirected_from[step.index] == Some(setter);
        !is_before && self.times[setter].ended + EXACTNESS >= step.now
    }

    fn gone(
        &self,
        step: &Step<'_>,
        cookie: &Cookie,
        id: usize,
    ) -> (&'static str, bool, &'static str) {
        let site = cookie.home().site();
        let of_site = self
            .jar
            .iter(step.now)
            .filter(|other| other.home().site() == site);
        if of_site.take(EVICTION).count() == EVICTION {
            return (
                "limits",
                true,
                "its site has so many cookies that the browser evicts some",
            );
        }
        let comes_back = self.comes_back(step.index, cookie);
        let could_be_read = !cookie.http_only() && self.had_a_page(step.index, cookie, id);
        if could_be_read {
            return (
                "adopted",
                true,
                "it vanished: a script, or an answer that is not in the recording, deleted it",
            );
        }
        if self.known[id].has_been_sent && !comes_back {
            return (
                "adopted",
                true,
                "it vanished: an answer that is not in the recording, or the user, deleted it",
            );
        }
        if comes_back {
            return (
                "not-sent",
                false,
                "it was not sent here, and is sent later: no rule says why",
            );
        }
        (
            "not-sent",
            false,
            "it was never sent: the browser has refused its line, and no rule says why",
        )
    }

    /// Returns true if a page of the host was there since a cookie was set, whose scripts could delete it.
    fn had_a_page(&self, index: usize, cookie: &Cookie, id: usize) -> bool {
        let since = self.known[id].setter.unwrap_or(0);
        self.entries[since..index].iter().any(|entry| {
            let is_page = entry.context.destination != Destination::Subresource
                && !matches!(entry.status, Some(300..=399));
            let documents = entry.context.documents.iter();
            let mut pages = documents.chain(is_page.then_some(&entry.url));
            pages.any(|page| is_of_host(page, cookie))
        })
    }

    fn comes_back(&self, index: usize, cookie: &Cookie) -> bool {
        let later = self.exchanges[index + 1..].iter().take(LOOKED_AT);
        let pair = Pair::of(cookie);
        later
            .take_while(|exchange| {
                let mut lines = exchange.set_cookie.iter();
                !lines.any(|line| pair.has_name_of(line))
            })
            .any(|exchange| is_of_host(&exchange.url, cookie) && pairs(exchange).contains(&pair))
    }

    /// Learns of an adopted cookie that was not sent what it lacks, and says it.
    fn learn(
        &mut self,
        step: &Step<'_>,
        context: &Context,
        cookie: &Cookie,
        id: usize,
    ) -> &'static str {
        self.jar.take_out(cookie);
        let seen = self.known[id].seen.clone();
        let mut builder = CookieBuilder::from(cookie);
        let path = step.url.path();
        let narrower = seen
            .as_ref()
            .and_then(|seen| narrower(seen.path(), &[path.to_owned()]));
        let is_first_over_http = step.url.scheme() == "http"
            && !cookie.secure_only()
            && seen.as_ref().is_some_and(|seen| seen.scheme() == "https");
        let text = if is_first_over_http {
            builder = builder.secure_only(true);
            "it was there before: it is Secure, as this shows"
        } else if context.is_cross_site() && cookie.same_site() != SameSite::Strict {
            let is_lax = cookie.same_site() == SameSite::Lax
                || context.destination == Destination::TopLevel && step.is_safe();
            builder = builder.same_site(if is_lax {
                SameSite::Strict
            } else {
                SameSite::Lax
            });
            "it was there before: it has a SameSite that forbids this, as this shows"
        } else if let Some(narrower) = narrower {
            builder = builder.path(narrower);
            "it was there before: its Path is a longer one, as this shows"
        } else {
            self.lives[id]
                .vanished
                .push(self.exchanges[step.index].index);
            return "it vanished: a script, or an answer that is not in the recording, deleted it";
        };
        self.restore(builder, id, step.now);
        text
    }

    /// Puts an adopted cookie back, whose identity may be another one now.
    fn restore(&mut self, builder: CookieBuilder, id: usize, now: Timestamp) {
        let identity = CookieIdentity::of_builder(&builder);
        if self.ids.get(&identity).is_none_or(|other| *other == id) {
            self.ids.remove(&self.lives[id].identity);
            self.lives[id].secure |= builder.fields.secure_only;
            self.lives[id].same_site = builder.fields.same_site;
            self.lives[id].identity = identity.clone();
            self.ids.insert(identity, id);
            self.jar.restore([builder], now);
        }
    }

    /// Takes a cookie into the jar with what a request shows of it.
    fn adopt(&mut self, step: &mut Step<'_>, position: usize, context: &Context) {
        let pair = step.recorded[position].clone();
        let host = step.url.host_str().unwrap_or_default();
        if let Some(widened) = self.widen(step, &pair) {
            step.matched[position] = Some(widened);
            return;
        }
        let path = self.adopted_path(step, position);
        let begins = |prefix: &str| storage_model::begins_like(&pair.name, prefix);
        let is_host = begins("__Host-");
        let needs_secure = is_host || begins("__Secure-") || begins("__Http-");
        let mut builder = Cookie::builder(pair.name.clone(), pair.value().to_vec(), host)
            .path(if is_host { b"/".to_vec() } else { path })
            .secure_only(needs_secure)
            .http_only(begins("__Http-") || begins("__Host-Http-"));
        let creation = step.creation(position, &builder.fields.path, step.now);
        builder = builder.creation_time(creation);
        let is_navigation = context.destination == Destination::TopLevel;
        if context.is_cross_site() && !(is_navigation && step.is_safe()) {
            builder = builder.same_site(SameSite::None).secure_only(true);
        }
        // Deviation third-party-store (Firefox's defaults): cookies of third parties are kept apart
        let keeps_apart = self.policy.dialect.has(Deviation::ThirdPartyStore);
        if context.is_third_party() && (keeps_apart || self.blocks_third_parties) {
            let list = &self.policy.public_suffix_list;
            let top = context.top_level_site.as_ref();
            let ancestor = context.cross_site_ancestor;
            let key = top.and_then(|top| PartitionKey::new(top, ancestor, list));
            builder = match key {
                Some(key) => builder.partition(key),
                None => builder,
            };
        }
        let identity = CookieIdentity::of_builder(&builder);
        if !self.jar.restore([builder.clone()], step.now).is_empty() {
            return;
        }
        let mut life = CookieLife::new(identity, self.exchanges[step.index].index);
        life.secure = builder.fields.secure_only;
        life.http_only = builder.fields.http_only;
        life.same_site = builder.fields.same_site;
        life.octets = pair.octets();
        let id = self.live(life);
        self.known[id].is_adopted = true;
        step.matched[position] = self.of_id(id);
    }

    /// An adopted cookie that was sent to another host or path before is for both.
    fn widen(&mut self, step: &Step<'_>, pair: &Pair) -> Option<Cookie> {
        let host = step.url.host_str()?;
        let request_path = RequestPath(step.url.path().as_bytes());
        let found = self.jar.iter(step.now).find(|cookie| {
            let known = self.known_of(cookie);
            let is_adopted = known.is_some_and(|known| known.is_adopted);
            let domain = cookie.domain_str();
            let is_around = host == domain
                || host
                    .strip_suffix(domain)
                    .is_some_and(|start| start.ends_with('.'));
            is_adopted
                && is_around
                && Pair::of(cookie) == *pair
                && !cookie.name().starts_with(b"__")
        });
        let cookie = found?.clone();
        let id = self.id(&cookie)?;
        let mut builder = CookieBuilder::from(&cookie);
        if host != cookie.domain_str() {
            builder = builder.host_only(false);
        }
        if !request_path.path_matches(CookiePath(cookie.path())) {
            builder = builder.path("/");
        }
        if step.url.scheme() == "http" {
            builder = builder.secure_only(false).same_site(SameSite::Default);
        }
        self.jar.take_out(&cookie);
        self.restore(builder, id, step.now);
        self.of_id(id)
    }

    /// The path of an adopted cookie: that of the one after it, if it has one, or one that earlier requests are not
    /// within.
    fn adopted_path(&self, step: &Step<'_>, position: usize) -> Vec<u8> {
        let mut after = step.matched[position..].iter().flatten();
        let Some(after) = after.next() else {
            return b"/".to_vec();
        };
        if after.path().len() > 1 {
            return after.path().to_vec();
        }
        let host = step.url.host_str().unwrap_or_default();
        let earlier = self.paths.get(host).map_or(&[][..], Vec::as_slice);
        narrower(step.url.path(), earlier)
            .unwrap_or_else(|| "/".to_owned())
            .into_bytes()
    }

    /// Compares the order of what both sides have.
    fn check_order(&mut self, step: &mut Step<'_>, predicted: &[Cookie]) {
        let place = |cookie: &Cookie| {
            let mut predicted = predicted.iter();
            predicted.position(|it| {
                CookieIdentity::of(it) == CookieIdentity::of(cookie) && it.value() == cookie.value()
            })
        };
        let places: Vec<(usize, &Cookie)> = step
            .matched
            .iter()
            .flatten()
            .filter_map(|cookie| Some((place(cookie)?, cookie)))
            .collect();
        let Some(pair) = places.windows(2).find(|pair| pair[0].0 > pair[1].0) else {
            return;
        };
        let (before, after) = (pair[0].1, pair[1].1);
        let is_adopted =
            |cookie: &Cookie| self.known_of(cookie).is_none_or(|known| known.is_adopted);
        let setter = |cookie: &Cookie| self.known_of(cookie).and_then(|known| known.setter);
        let overlap = match (setter(before), setter(after)) {
            (Some(one), Some(other)) if one != other => {
                let (one, other) = (self.times[one], self.times[other]);
                one.started <= other.ended + EXACTNESS && other.started <= one.ended + EXACTNESS
            }
            _ => false,
        };
        let first_seen = |cookie: &Cookie| {
            self.id(cookie)
                .map(|id| self.lives[id].set_by_script_or_before)
        };
        let is_explained = is_adopted(before)
            || is_adopted(after)
            || overlap
            || first_seen(before) == Some(true)
            || first_seen(after) == Some(true);
        let text = if is_explained {
            "it stands at another place: when it was first set is not in the recording"
        } else {
            "it stands at another place in the Cookie field than its path and its creation give it"
        };
        let (before, after) = (before.clone(), after.clone());
        step.differ(
            self.id(&after),
            after.name(),
            true,
            true,
            "order",
            is_explained,
            text,
        );
        self.reorder(step, before.path().len());
    }

    /// Gives the cookies of a path length the order in which they were sent.
    fn reorder(&mut self, step: &Step<'_>, path_length: usize) {
        let sent = step.matched.iter().flatten();
        let sent: Vec<Cookie> = sent
            .filter(|cookie| cookie.path().len() == path_length)
            .filter_map(|cookie| self.of_identity(cookie))
            .collect();
        let mut creations: Vec<Timestamp> = sent.iter().map(Cookie::creation_time).collect();
        creations.sort_unstable();
        let mut last = None;
        for (cookie, creation) in sent.iter().zip(creations) {
            let after = last.map(|last: Timestamp| last + Duration::from_micros(1));
            let creation = after.map_or(creation, |after| after.max(creation));
            last = Some(creation);
            if cookie.creation_time() != creation {
                let builder = CookieBuilder::from(cookie).creation_time(creation);
                self.jar.take_out(cookie);
                self.jar.restore([builder], step.now);
            }
        }
    }

    fn note_sent(&mut self, step: &Step<'_>, context: &Context) {
        let is_first = !context.is_third_party();
        for cookie in step.matched.iter().flatten() {
            if let Some(id) = self.id(cookie) {
                self.known[id].has_been_sent = true;
                self.known[id].seen = Some(step.url.clone());
                self.lives[id].sent += 1;
                self.lives[id].is_first_party |= is_first;
            }
        }
        if !step.recorded.is_empty() {
            let host = step.url.host_str().unwrap_or_default().to_owned();
            let paths = self.paths.entry(host).or_default();
            let path = step.url.path().to_owned();
            if paths.len() < 32 && !paths.contains(&path) {
                paths.push(path);
            }
        }
    }

    /// The cookies that neither side sends: those whose host and path fit, with the reason, and the others.
    fn excluded(
        &self,
        step: &Step<'_>,
        explained: &[(Cookie, Option<Exclusion>)],
    ) -> (Vec<Withheld>, Vec<usize>) {
        let (mut withheld, mut out_of_scope) = (Vec::new(), Vec::new());
        for (cookie, why_not) in explained {
            let (Some(why_not), Some(id)) = (why_not, self.id(cookie)) else {
                continue;
            };
            let is_sent = step
                .matched
                .iter()
                .flatten()
                .any(|sent| self.id(sent) == Some(id));
            if is_sent {
                continue;
            }
            let host = step.url.host_str().unwrap_or_default();
            let is_of_host = !cookie.host_only() || host == cookie.domain_str();
            let request_path = RequestPath(step.url.path().as_bytes());
            let is_on_path = request_path.path_matches(CookiePath(cookie.path()));
            if is_of_host && is_on_path {
                withheld.push(Withheld {
                    cookie: id,
                    reason: *why_not,
                });
            } else {
                out_of_scope.push(id);
            }
        }
        (withheld, out_of_scope)
    }

    // Answers.

    fn answer(&mut self, index: usize, now: Timestamp) {
        let exchange = self.exchanges[index];
        let context = self.entries[index].context.clone();
        let request_context = context.request_context(exchange, self.policy);
        let request = request_context.request(&exchange.url, &exchange.method);
        let by_text = context.request_context(exchange, &self.text);
        let by_text = by_text.request(&exchange.url, &exchange.method);
        let mut lines = Vec::with_capacity(exchange.set_cookie.len());
        for (number, line) in exchange.set_cookie.iter().enumerate() {
            let line = self.receive(index, number, line, &context, [&request, &by_text], now);
            lines.push(line);
        }
        self.entries[index].lines = lines;
    }

    fn receive(
        &mut self,
        index: usize,
        number: usize,
        recorded: &SetCookieLine,
        context: &Context,
        [request, by_text]: [&Request<'_>; 2],
        now: Timestamp,
    ) -> Line {
        let octets = recorded.octets.as_bytes();
        let text = self.text.clone();
        let pair = match SetCookie::parse(octets) {
            Ok(parsed) => Pair::new(parsed.name(), parsed.value()),
            Err(_) => Pair::cut(octets),
        };
        let mut line = Line {
            index: number,
            octets: octets.to_vec(),
            line: recorded.line,
            pair,
            verdict: Verdict::WithoutEffect,
            deviation: None,
            cookie: None,
            mend: None,
            time: now,
        };
        if self.entries[index].is_without_credentials {
            return line;
        }
        let browser = self.jar.evaluate_by(self.policy, octets, request, now);
        self.make_room(&browser, now);
        let browser = self.jar.evaluate_by(self.policy, octets, request, now);
        let decided = self.jar.evaluate_by(&text, octets, by_text, now);
        let is_blocked = recorded.is_blocked
            || self.blocks_third_parties
                && context.is_third_party()
                && decided
                    .as_ref()
                    .is_ok_and(|(cookie, _)| cookie.partition().is_none());
        line.deviation = self.deviation(octets, request, now, &decided, &browser, recorded);
        if is_blocked && decided.is_ok() && line.deviation.is_none() {
            line.deviation = Some(blocked_as(recorded));
        }
        line.verdict = match &decided {
            Ok((cookie, _)) if cookie.is_expired(now) => Verdict::Received(Receipt::Expired),
            Ok((_, true)) => Verdict::Received(Receipt::Replaced),
            Ok((_, false)) => Verdict::Received(Receipt::Stored),
            Err(refused) => Verdict::Refused(refused.clone()),
        };
        line.cookie = match decided.as_ref().or(browser.as_ref()) {
            Ok((cookie, replaces)) if cookie.is_expired(now) && !replaces => None,
            Ok((cookie, _)) => Some(self.set_by(index, number, cookie, recorded, context, now)),
            Err(_) => self.met(&line.pair, request, now),
        };
        if is_blocked {
            return line;
        }
        match &browser {
            Ok((cookie, _)) => {
                // It was decided already.
                let _ = self.jar.receive(octets, request, now);
                if let Some(id) = self.id(cookie) {
                    self.known[id].is_adopted = false;
                    self.known[id].setter = Some(index);
                }
            }
            Err(refused) if decided.is_err() && self.refused.len() < LOOKED_AT => {
                self.refused.push(Refused {
                    pair: line.pair.clone(),
                    host: request.url().host_str().unwrap_or_default().to_owned(),
                    reason: refused.name(),
                });
            }
            Err(_) => {}
        }
        if decided.is_err() {
            let is_secure = by_text.is_secure(&text);
            line.mend = mend::mend(&recorded.octets, is_secure, |mended| {
                let decided = self.jar.evaluate_by(&text, mended.as_bytes(), by_text, now);
                decided.map(|_| ())
            });
        }
        line
    }

    /// A line that fits an adopted cookie with another scope takes its place.
    fn make_room(&mut self, decided: &Result<(Cookie, bool), Rejection>, now: Timestamp) {
        let Ok((new, false)) = decided else {
            return;
        };
        let found = self.jar.iter(now).find(|cookie| {
            let is_adopted = self.known_of(cookie).is_some_and(|known| known.is_adopted);
            cookie.name() == new.name() && is_adopted && self.fits(cookie, new)
        });
        let Some(old) = found.cloned() else {
            return;
        };
        let Some(id) = self.id(&old) else {
            return;
        };
        let mut builder = CookieBuilder::from(new);
        builder.fields.value = old.value().to_vec();
        builder.fields.creation_time = Some(old.creation_time());
        builder.fields.expiry_time = None;
        if new.is_expired(now) {
            builder.fields.expiry_time = None;
        }
        self.jar.take_out(&old);
        self.restore(builder, id, now);
    }

    /// Returns true if an adopted cookie was sent where this one would be.
    fn fits(&self, adopted: &Cookie, new: &Cookie) -> bool {
        let Some(seen) = self.known_of(adopted).and_then(|known| known.seen.as_ref()) else {
            return false;
        };
        let is_on_path = RequestPath(seen.path().as_bytes()).path_matches(CookiePath(new.path()));
        let is_host = seen.host_str() == Some(new.domain_str());
        is_on_path && (is_host || !new.host_only() && is_of_host(seen, new))
    }

    /// The rule by which the browser decides otherwise about a line than the text.
    fn deviation(
        &self,
        octets: &[u8],
        request: &Request<'_>,
        now: Timestamp,
        decided: &Result<(Cookie, bool), Rejection>,
        browser: &Result<(Cookie, bool), Rejection>,
        recorded: &SetCookieLine,
    ) -> Option<&'static str> {
        let dialect = self.policy.dialect;
        if dialect == Dialect::TEXT || recorded.is_blocked && decided.is_err() {
            return None;
        }
        if is_same_outcome(decided, browser, now) {
            return None;
        }
        if let Err(Rejection::Deviation(deviation)) = browser {
            return Some(deviation.name());
        }
        let without = |deviation: Deviation| {
            let mut policy = self.policy.clone();
            policy.dialect = dialect.without(deviation);
            self.jar.evaluate_by(&policy, octets, request, now)
        };
        // One that turns the verdict, before one that makes another cookie.
        let turns = |deviation: &Deviation| without(*deviation).is_ok() != browser.is_ok();
        let changes = |deviation: &Deviation| !is_same_outcome(&without(*deviation), browser, now);
        let cause = if decided.is_ok() == browser.is_ok() {
            dialect.deviations().find(changes)
        } else {
            let cause = dialect.deviations().find(turns);
            cause.or_else(|| dialect.deviations().find(changes))
        };
        cause.map(Deviation::name)
    }

    /// Notes that a line has set a cookie.
    fn set_by(
        &mut self,
        index: usize,
        number: usize,
        cookie: &Cookie,
        recorded: &SetCookieLine,
        context: &Context,
        now: Timestamp,
    ) -> usize {
        let entry = self.exchanges[index].index;
        let identity = CookieIdentity::of(cookie);
        let id = if let Some(id) = self.ids.get(&identity) {
            *id
        } else {
            let mut life = CookieLife::new(identity, entry);
            life.set_by_script_or_before = false;
            self.live(life)
        };
        let life = &mut self.lives[id];
        life.is_first_party |= !context.is_third_party();
        if cookie.is_expired(now) {
            return id;
        }
        let seconds = |until: Timestamp| until.as_secs().saturating_sub(now.as_secs());
        let parsed = SetCookie::parse(recorded.octets.as_bytes()).ok();
        let asked = parsed.and_then(|line| line.max_age().or_else(|| line.expires().map(seconds)));
        life.asked_secs = asked;
        life.granted_secs = cookie.expiry_time().map(seconds);
        life.secure = cookie.secure_only();
        life.http_only = cookie.http_only();
        life.same_site = cookie.same_site();
        life.octets = cookie.name().len() + cookie.value().len();
        life.set_by_line = Some((index, number));
        id
    }

    /// The cookie of a refused line's name that goes with requests of its URL.
    fn met(&self, pair: &Pair, request: &Request<'_>, now: Timestamp) -> Option<usize> {
        let explained = self.jar.explain(request, now).into_iter();
        let mut of_name = explained.filter(|(cookie, why_not)| {
            let is_of_scope = !matches!(
                why_not,
                Some(Exclusion::HostOnly | Exclusion::DomainMismatch | Exclusion::OtherPartition)
            );
            is_of_scope && cookie.name() == pair.name
        });
        self.id(of_name.next()?.0)
    }

    // What is known.

    fn live(&mut self, life: CookieLife) -> usize {
        if let Some(id) = self.ids.get(&life.identity) {
            return *id;
        }
        let id = self.lives.len();
        self.ids.insert(life.identity.clone(), id);
        self.lives.push(life);
        self.known.push(Known {
            is_adopted: false,
            setter: None,
            has_been_sent: false,
            seen: None,
        });
        id
    }

    fn id(&self, cookie: &Cookie) -> Option<usize> {
        self.ids.get(&CookieIdentity::of(cookie)).copied()
    }

    fn known_of(&self, cookie: &Cookie) -> Option<&Known> {
        Some(&self.known[self.id(cookie)?])
    }

    fn of_identity(&self, cookie: &Cookie) -> Option<Cookie> {
        self.jar.of_key(&cookie.key()).cloned()
    }

    fn of_id(&self, id: usize) -> Option<Cookie> {
        let identity = &self.lives[id].identity;
        self.jar.of_key(&identity.key()).cloned()
    }

    /// The reason why a line was refused that set this pair, at the host or around it.
    fn refused_pair(&self, pair: &Pair, url: &Url) -> Option<&'static str> {
        let host = url.host_str()?;
        let is_around =
            |other: &str| host == other || host.ends_with(other) || other.ends_with(host);
        let mut refused = self.refused.iter();
        let found = refused.find(|refused| refused.pair == *pair && is_around(&refused.host));
        found.map(|refused| refused.reason)
    }
}

impl Step<'_> {
    /// Takes the cookies of the jar that were sent as they are, and returns the others.
    fn match_pairs(&mut self, predicted: Vec<Cookie>) -> Vec<Cookie> {
        let mut left = Vec::new();
        for cookie in predicted {
            let mut open = self.recorded.iter().zip(&self.matched);
            let found =
                open.position(|(pair, matched)| matched.is_none() && *pair == Pair::of(&cookie));
            match found {
                Some(position) => self.matched[position] = Some(cookie),
                None => left.push(cookie),
            }
        }
        left
    }

    #[allow(clippy::too_many_arguments, reason = "a row")]
    fn differ(
        &mut self,
        cookie: Option<usize>,
        name: &[u8],
        recorded: bool,
        predicted: bool,
        reason: &'static str,
        explained: bool,
        text: impl Into<String>,
    ) {
        self.differences.push(Difference {
            cookie,
            name: name.to_vec(),
            recorded,
            predicted,
            reason,
            explained,
            text: text.into(),
        });
    }

    /// The creation-time that gives a cookie its place before the next one of a path of this length, and each its
    /// own.
    fn creation(&self, position: usize, path: &[u8], now: Timestamp) -> Timestamp {
        let after = position + 1..self.matched.len();
        let known = after
            .clone()
            .filter_map(|at| Some((at, self.matched[at].as_ref()?)));
        let mut known = known.filter(|(_, cookie)| cookie.path().len() == path.len());
        let (at, creation) = known.next().map_or((after.end, now), |(at, cookie)| {
            (at, cookie.creation_time())
        });
        creation - Duration::from_micros((at - position) as u64)
    }

    fn is_safe(&self) -> bool {
        self.request.is_safe()
    }
}

/// Why a cookie was sent that a rule excludes: nothing for one that is in the jar under another identity, or of
/// which too little is known.
fn against(
    cookie: &Cookie,
    known: &Known,
    why_not: Exclusion,
    context: &Context,
    now: Timestamp,
) -> Option<(&'static str, bool, String)> {
    if known.is_adopted {
        return None;
    }
    let is_same_site_rule = matches!(
        why_not,
        Exclusion::SameSiteStrict | Exclusion::SameSiteLax(_) | Exclusion::SameSiteDefault(_)
    );
    match why_not {
        Exclusion::SameSiteDefault(NotLax::UnsafeMethod)
            if now.duration_since(cookie.creation_time()).is_none_or(|age| age <= LAX_ALLOWING_UNSAFE) =>
        {
            Some(("lax-allowing-unsafe", true, "it has no SameSite and is younger than two minutes: browsers send it with unsafe requests too".to_owned()))
        }
        _ if is_same_site_rule && !context.is_told() => {
            Some((why_not.name(), true, "the recording does not tell whether the request is same-site".to_owned()))
        }
        _ if is_same_site_rule || why_not == Exclusion::SecureOnly => {
            Some((why_not.name(), false, format!("it was sent, although {why_not}")))
        }
        _ => None,
    }
}

/// The exchanges in the order of time. One without a time has that of the one before it, and the first ones that of
/// the first one that has a time.
fn in_order(exchanges: &[Exchange]) -> (Vec<&Exchange>, Vec<Times>) {
    let first = exchanges.iter().find_map(|exchange| exchange.started);
    let mut before = first.unwrap_or(Timestamp::UNIX_EPOCH);
    let timed = exchanges.iter().map(|exchange| {
        let started = exchange.started.unwrap_or(before);
        before = started;
        let answered = exchange.answered.unwrap_or(started);
        let ended = exchange.ended.unwrap_or(answered);
        let times = Times {
            started,
            answered,
            ended,
        };
        (times, exchange)
    });
    let mut timed: Vec<_> = timed.collect();
    timed.sort_by_key(|(times, _)| times.started);
    timed
        .into_iter()
        .map(|(times, exchange)| (exchange, times))
        .unzip()
}

/// For each exchange the one that redirected to it.
fn redirects(exchanges: &[&Exchange]) -> Vec<Option<usize>> {
    let mut open: HashMap<&str, Vec<usize>> = HashMap::new();
    let without_fragment = |url: &'_ Url| url.as_str().split('#').next().unwrap_or_default().len();
    let mut from = Vec::with_capacity(exchanges.len());
    for (index, exchange) in exchanges.iter().enumerate() {
        let url = &exchange.url.as_str()[..without_fragment(&exchange.url)];
        let waiting = open.get_mut(url);
        from.push(waiting.and_then(|waiting| {
            let fits = |before: &usize| {
                let before = exchanges[*before];
                before.page == exchange.page && before.frame == exchange.frame
            };
            let place = waiting.iter().rposition(fits)?;
            Some(waiting.remove(place))
        }));
        if let Some(redirect) = &exchange.redirect {
            let target = &redirect.as_str()[..without_fragment(redirect)];
            open.entry(target).or_default().push(index);
        }
    }
    from
}

fn pairs(exchange: &Exchange) -> Vec<Pair> {
    let cookie_string = exchange.cookie_string.as_deref().unwrap_or_default();
    let pairs = parse_cookie_string(cookie_string.as_bytes());
    pairs.map(|(name, value)| Pair::new(name, value)).collect()
}

fn is_of_host(url: &Url, cookie: &Cookie) -> bool {
    let host = url.host_str().unwrap_or_default();
    let domain = cookie.domain_str();
    host == domain
        || host
            .strip_suffix(domain)
            .is_some_and(|start| start.ends_with('.'))
}

/// The shortest path but "/" that a path is within, and none of these other paths.
fn narrower(path: &str, others: &[String]) -> Option<String> {
    let ends = path
        .match_indices('/')
        .map(|(end, _)| end)
        .chain([path.len()]);
    let mut prefixes = ends
        .skip(1)
        .map(|end| &path[..end])
        .filter(|prefix| prefix.len() > 1);
    let found = prefixes.find(|prefix| {
        let mut others = others.iter();
        !others
            .any(|other| RequestPath(other.as_bytes()).path_matches(CookiePath(prefix.as_bytes())))
    });
    found.map(str::to_owned)
}

fn is_same_outcome(
    one: &Result<(Cookie, bool), Rejection>,
    other: &Result<(Cookie, bool), Rejection>,
    now: Timestamp,
) -> bool {
    match (one, other) {
        (Ok((one, _)), Ok((other, _))) => {
            one.is_expired(now) == other.is_expired(now)
                && CookieIdentity::of(one) == CookieIdentity::of(other)
                && one.value() == other.value()
                && (one.is_expired(now) || one.expiry_time() == other.expiry_time())
        }
        (Err(_), Err(_)) => true,
        _ => false,
    }
}

fn blocked_as(recorded: &SetCookieLine) -> &'static str {
    let is_of_third_party =
        |reason: &String| reason == "UserPreferences" || reason.starts_with("ThirdParty");
    if recorded.blocked_reasons.is_empty() || recorded.blocked_reasons.iter().any(is_of_third_party)
    {
        "third-party-blocked"
    } else {
        "blocked-by-the-browser"
    }
}
