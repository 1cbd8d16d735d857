//! The replay: a jar by the rules of the recording's browser, held against what was sent.

mod adoption;
mod answers;

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use url::Url;

use crate::cookie::Cookie;
use crate::dialect::{Deviation, Dialect};
use crate::formats::recording::Exchange;
use crate::formats::recording::context::{Context, Documents};
use crate::formats::recording::order::{Times, in_order, redirects};
use crate::jar::CookieJar;
use crate::path::{CookiePath, RequestPath};
use crate::policy::Policy;
use crate::recording::{
    CookieIdentity, CookieLife, Difference, Entry, Pair, Recording, Replay, Summary, Withheld,
};
use crate::request::Request;
use crate::retrieval::Exclusion;
use crate::server::parse_cookie_string;
use crate::set_cookie::SetCookie;
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
const NOT_RECORDED: &str = "the recording does not have the fields of the request as they were sent, since it failed, \
     a cache or a service worker answered it, or it opens a WebSocket to another origin";
const BLOCKED: &str = "the browser blocks third-party cookies, as in the whole recording: make it Partitioned, or do \
     without it";
const BEFORE: &str =
    "it was there before, or was set by a script or by an answer that is not in the recording";

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
    /// True if it has been sent since a line set it last.
    is_sent_since: bool,
    /// Where it was sent: a URL of the last host, with the part that the paths there have in common.
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
    has_hosts: bool,
    jar: CookieJar,
    documents: Documents<'r>,
    /// In the order of time.
    exchanges: Vec<&'r Exchange>,
    /// The requests that send a pair.
    senders: HashMap<Pair, Vec<usize>>,
    /// The requests whose answers have a line of a name.
    setters: HashMap<Vec<u8>, Vec<usize>>,
    times: Vec<Times>,
    redirected_from: Vec<Option<usize>>,
    entries: Vec<Entry>,
    /// The answers that are under way, by the time of their end.
    pending: BTreeSet<(Timestamp, usize)>,
    lives: Vec<CookieLife>,
    known: Vec<Known>,
    ids: HashMap<CookieIdentity, usize>,
    /// The cookies that were adopted, by site and name.
    adopted: HashMap<(String, Vec<u8>), Vec<usize>>,
    refused: Vec<Refused>,
    /// The paths of requests that sent cookies, by host.
    paths: HashMap<String, Vec<String>>,
    withheld_from_third_parties: usize,
    has_third_party_cookies: bool,
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
        let keeps_cookies = exchanges.iter().any(|it| it.has_sent_cookies());
        let has_hosts = exchanges.iter().any(|exchange| exchange.has_host);
        let mut senders: HashMap<_, Vec<_>> = HashMap::new();
        let mut setters: HashMap<_, Vec<_>> = HashMap::new();
        for (index, exchange) in exchanges.iter().enumerate() {
            for pair in pairs(exchange) {
                senders.entry(pair).or_default().push(index);
            }
            for line in &exchange.set_cookie {
                if let Ok(line) = SetCookie::parse(line.octets.as_bytes()) {
                    let of_name = setters.entry(line.name().to_vec());
                    of_name.or_default().push(index);
                }
            }
        }
        Self {
            policy,
            text: Policy::default()
                .with_max_cookies_per_domain(usize::MAX)
                .with_max_cookies_per_site(usize::MAX)
                .with_max_cookies(usize::MAX),
            is_browser,
            blocks_third_parties,
            keeps_cookies,
            has_hosts,
            jar: CookieJar::new(policy.clone()),
            documents: Documents::new(policy, is_browser, recorded.tool),
            entries: Vec::with_capacity(exchanges.len()),
            exchanges,
            senders,
            setters,
            times,
            redirected_from,
            pending: BTreeSet::new(),
            lives: Vec::new(),
            known: Vec::new(),
            ids: HashMap::new(),
            adopted: HashMap::new(),
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
        let explained = self.explained(request, now, &recorded);
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
        let is_recorded = self.is_recorded(exchange);
        let left = if is_recorded {
            self.blocked(&mut step, &context, left)
        } else {
            left
        };
        let is_without_credentials = is_recorded
            && step.recorded.is_empty()
            && !left.is_empty()
            && self.may_lack_credentials(exchange);
        let of_request = if !is_recorded {
            Some(("not-recorded", NOT_RECORDED))
        } else if is_without_credentials {
            Some(("no-credentials", WITHOUT_CREDENTIALS))
        } else {
            None
        };
        if let Some((reason, text)) = of_request {
            for cookie in &left {
                step.not_sent(self.id(cookie), cookie, reason, true, text);
            }
        } else {
            let left = self.of_storage_access(&mut step, &context, &explained, left);
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

    /// The cookies around a request, each with why it is not sent. One that was sent right after it has expired had
    /// not yet expired by the browser's clock.
    fn explained(
        &self,
        request: Request<'_>,
        now: Timestamp,
        recorded: &[Pair],
    ) -> Vec<(Cookie, Option<Exclusion>)> {
        let is_late =
            |cookie: &Cookie| cookie.is_expired(now) && recorded.contains(&Pair::of(cookie));
        let mut explained = Vec::new();
        if !recorded.is_empty() {
            explained = self.jar.explain(request, now - EXACTNESS);
        }
        if explained.iter().any(|(cookie, _)| is_late(cookie)) {
            explained.retain(|(cookie, _)| !cookie.is_expired(now) || is_late(cookie));
        } else {
            explained = self.jar.explain(request, now);
        }
        let explained = explained.into_iter();
        explained
            .map(|(cookie, why_not)| (cookie.clone(), why_not))
            .collect()
    }

    /// Takes answers that are under way where what was sent shows that they were there.
    fn answers_that_show(&mut self, index: usize, request: &Request<'_>, recorded: &[Pair]) {
        if self.pending.is_empty() || recorded.is_empty() {
            return;
        }
        let started = self.times[index].started;
        let sent: Vec<Pair> = self
            .jar
            .cookies(request, started - EXACTNESS)
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
                let id = self.id(&cookie);
                step.not_sent(id, &cookie, "third-party-blocked", true, BLOCKED);
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

    /// Returns false if the fields of a browser's request are not as they were sent, so that what they lack tells
    /// nothing. A recording in which no request has a host is one of a tool that never writes it.
    fn is_recorded(&self, exchange: &Exchange) -> bool {
        if !self.is_browser || exchange.has_sent_cookies() {
            return true;
        }
        // Chromium gives its recorders no cookies of a WebSocket to another origin.
        let is_chromium = self.policy.dialect == Dialect::CHROMIUM_156;
        if is_chromium && matches!(exchange.url.scheme(), "ws" | "wss") && !is_of_origin(exchange) {
            return false;
        }
        !self.has_hosts || exchange.is_as_sent()
    }

    fn may_lack_credentials(&self, exchange: &Exchange) -> bool {
        if !self.keeps_cookies && !self.is_browser || exchange.method == "OPTIONS" {
            return true;
        }
        if let Some(mode) = exchange.fetch_mode.as_deref() {
            let destination = exchange.fetch_destination.as_deref();
            return match mode {
                "cors" => true,
                "no-cors" => destination == Some("empty"),
                // The script of a module worker.
                "same-origin" => matches!(destination, Some("worker" | "sharedworker")),
                _ => false,
            };
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

    fn note_sent(&mut self, step: &Step<'_>, context: &Context) {
        let is_first = !context.is_third_party();
        for cookie in step.matched.iter().flatten() {
            if let Some(id) = self.id(cookie) {
                self.known[id].has_been_sent = true;
                self.known[id].is_sent_since = true;
                let before = self.known[id].seen.take();
                self.known[id].seen = Some(in_common(before, step.url));
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
            is_sent_since: false,
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

    fn site_and_name(&self, host: &str, name: &[u8]) -> (String, Vec<u8>) {
        let list = &self.policy.public_suffix_list;
        let site = list.registrable_domain(host.as_bytes());
        let start = host.len() - site.map_or(host.len(), <[u8]>::len);
        let site = host.get(start..).unwrap_or(host);
        (site.to_owned(), name.to_vec())
    }

    /// The cookies of a site and a name in the jar of which no line has told the attributes.
    fn adopted_of(&self, host: &str, name: &[u8]) -> impl Iterator<Item = Cookie> {
        let ids = self.adopted.get(&self.site_and_name(host, name));
        let ids = ids.into_iter().flatten();
        let ids = ids.filter(|id| self.known[**id].is_adopted);
        ids.filter_map(|id| self.of_id(*id))
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

    /// Notes that a cookie of the jar was not sent.
    fn not_sent(
        &mut self,
        id: Option<usize>,
        cookie: &Cookie,
        reason: &'static str,
        explained: bool,
        text: impl Into<String>,
    ) {
        self.differ(id, cookie.name(), false, true, reason, explained, text);
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

fn pairs(exchange: &Exchange) -> Vec<Pair> {
    let cookie_string = exchange.cookie_string.as_deref().unwrap_or_default();
    let pairs = parse_cookie_string(cookie_string.as_bytes());
    pairs.map(|(name, value)| Pair::new(name, value)).collect()
}

/// Returns true if the Origin field has the host and the port of the URL.
fn is_of_origin(exchange: &Exchange) -> bool {
    let origin = exchange.origin.as_deref();
    let origin = origin.and_then(|origin| Url::parse(origin).ok());
    origin.is_some_and(|origin| {
        origin.host_str() == exchange.url.host_str()
            && origin.port_or_known_default() == exchange.url.port_or_known_default()
    })
}

/// Returns true if the host of a URL is this domain, or below it.
fn is_of_domain(url: &Url, domain: &str) -> bool {
    let below = url.host_str().unwrap_or_default().strip_suffix(domain);
    below.is_some_and(|below| below.is_empty() || below.ends_with('.'))
}

/// A URL with the segments that its path has in common with another one of its origin.
fn in_common(before: Option<Url>, url: &Url) -> Url {
    let mut url = url.clone();
    let before = before.filter(|before| before.origin() == url.origin());
    let (Some(path), Some(before)) = (url.path().get(..), before) else {
        return url;
    };
    if path != before.path() {
        let segments = path.split('/').zip(before.path().split('/'));
        let same = segments.take_while(|(one, other)| one == other);
        let same: Vec<&str> = same.map(|(segment, _)| segment).collect();
        let path = format!("{}/", same.join("/"));
        url.set_path(&path);
    }
    url
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
