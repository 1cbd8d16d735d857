//! Answers: each Set-Cookie line by the text and by the rules of the browser.

use crate::cookie::{Cookie, CookieBuilder};
use crate::dialect::{Deviation, Dialect};
use crate::formats::recording::SetCookieLine;
use crate::formats::recording::context::Context;
use crate::jar::Receipt;
use crate::path::{CookiePath, RequestPath};
use crate::recording::replay::{LOOKED_AT, Refused, Replayer, is_of_domain};
use crate::recording::{CookieIdentity, CookieLife, Line, Pair, Verdict, mend};
use crate::rejection::Rejection;
use crate::request::Request;
use crate::retrieval::Exclusion;
use crate::set_cookie::SetCookie;
use crate::timestamp::Timestamp;

impl Replayer<'_> {
    pub(super) fn answer(&mut self, index: usize, now: Timestamp) {
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
        if exchange.clears_cookies
            && !self.entries[index].is_without_credentials
            && request.is_secure(self.policy)
        {
            self.clear_site_data(&context, &request, &mut lines);
        }
        self.entries[index].lines = lines;
    }

    /// Deletes what `Clear-Site-Data` deletes, the cookies of the same answer too: Chromium those of the site, Firefox
    /// those whose domain is the host, each in one partition.
    fn clear_site_data(&mut self, context: &Context, request: &Request<'_>, lines: &mut [Line]) {
        let host = request.url().host_str().unwrap_or_default();
        let list = &self.policy.public_suffix_list;
        let key = context.partition_key(request.url(), list);
        let is_first_party = !context.is_third_party();
        let blocks_third_parties = self.blocks_third_parties;
        let site = list.site(host.as_bytes());
        match self.policy.dialect {
            Dialect::CHROMIUM_156 => {
                self.jar
                    .take_out_of_site(site, |cookie| match cookie.partition() {
                        None => is_first_party || !blocks_third_parties,
                        partition => partition == key.as_ref(),
                    });
            }
            Dialect::FIREFOX_153 => {
                let key = key.filter(|_| !is_first_party);
                self.jar.take_out_of_site(site, |cookie| {
                    cookie.domain_str() == host && cookie.partition() == key.as_ref()
                });
            }
            _ => return,
        }
        for line in lines {
            let is_stored = matches!(
                line.verdict,
                Verdict::Received(Receipt::Stored | Receipt::Replaced)
            );
            if is_stored && matches!(line.deviation, None | Some("blocked-by-the-browser")) {
                line.deviation = Some("clear-site-data");
            }
        }
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
            Ok((cookie, _)) => {
                // The browser may have it in a partition.
                let stored = browser.as_ref().map_or(cookie, |(stored, _)| stored);
                let identity = CookieIdentity::of(stored);
                Some(self.set_by([index, number], identity, cookie, recorded, context, now))
            }
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
                    self.known[id].is_sent_since = false;
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
        let mut adopted = self.adopted_of(new.domain_str(), new.name());
        let found = adopted.find(|cookie| self.fits(cookie, new));
        drop(adopted);
        let Some(old) = found else {
            return;
        };
        let Some(id) = self.id(&old) else {
            return;
        };
        let mut builder = CookieBuilder::from(new);
        builder.fields.value = old.value().to_vec();
        builder.fields.creation_time = Some(old.creation_time());
        builder.fields.expiry_time = None;
        self.jar.take_out(&old);
        self.restore(&builder, id, now);
    }

    /// Returns true if an adopted cookie was sent where this one would be.
    fn fits(&self, adopted: &Cookie, new: &Cookie) -> bool {
        let Some(seen) = self.known_of(adopted).and_then(|known| known.seen.as_ref()) else {
            return false;
        };
        let is_on_path = RequestPath(seen.path().as_bytes()).path_matches(CookiePath(new.path()));
        let is_host = seen.host_str() == Some(new.domain_str());
        is_on_path && (is_host || !new.host_only() && is_of_domain(seen, new.domain_str()))
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
        [index, number]: [usize; 2],
        identity: CookieIdentity,
        cookie: &Cookie,
        recorded: &SetCookieLine,
        context: &Context,
        now: Timestamp,
    ) -> usize {
        let entry = self.exchanges[index].index;
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
