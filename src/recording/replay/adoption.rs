//! Differences: what is taken over from what was sent, and what is left unexplained.

use std::time::Duration;

use crate::cookie::{Cookie, CookieBuilder};
use crate::dialect::Deviation;
use crate::formats::recording::context::Context;
use crate::jar::CookieJar;
use crate::path::{CookiePath, RequestPath};
use crate::recording::replay::{
    BEFORE, EVICTION, EXACTNESS, Known, LAX_ALLOWING_UNSAFE, LOOKED_AT, Replayer, Step,
    is_of_domain, narrower,
};
use crate::recording::{CookieIdentity, CookieLife, Pair};
use crate::request::Destination;
use crate::retrieval::{Exclusion, NotLax};
use crate::same_site::PartitionKey;
use crate::set_cookie::SameSite;
use crate::storage_model;
use crate::timestamp::Timestamp;

const STORAGE_ACCESS: &str = "the browser gives the third party the cookies that it has as a first party, as after \
     redirects and popups through its pages";
const IGNORED: &str = "the request whose answer set it was made without credentials, so that the browser ignored the line";
const NOT_TOLD: &str = "the recording does not tell whether the request is same-site";
const KEPT: &str =
    "its site has so many cookies that the browser evicts some, and this one was kept";

impl Replayer<'_> {
    /// Takes over values that are other ones than those of the jar.
    pub(super) fn changed(&mut self, step: &mut Step<'_>, left: Vec<Cookie>) -> Vec<Cookie> {
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
            let id = self.id(&cookie);
            if let Some(reason) = self.refused_pair(&pair, step.url) {
                let text = "it has the value of a line that is refused: the browser took that line";
                step.differ(id, cookie.name(), true, true, reason, false, text);
            } else if id.is_some_and(|id| self.is_set_without_credentials(id)) {
                let name = cookie.name();
                step.differ(id, name, true, true, "no-credentials", true, IGNORED);
            } else {
                let who = if cookie.http_only() {
                    "an answer that is not in the recording"
                } else {
                    "a script, or an answer that is not in the recording,"
                };
                let text = format!("its value is another one: {who} changed it");
                step.differ(id, cookie.name(), true, true, "adopted", true, text);
            }
            let mut builder = CookieBuilder::from(&cookie);
            builder.fields.value = pair.value().to_vec();
            // Deviation new-value-new-creation (Chromium): a new value is a new cookie
            let is_new = self.policy.dialect.has(Deviation::NewValueNewCreation);
            if is_new {
                builder.fields.creation_time =
                    Some(step.creation(position, cookie.path(), step.now));
                self.jar.take_out(&cookie);
                self.put(&builder, step.now);
            } else {
                let fields = builder.fields.borrowed();
                // What does not fit any more stays as it was.
                let _ = self.jar.take_in(&builder.host, &fields, step.now);
            }
            step.matched[position] = self.of_identity(&cookie).or(Some(cookie));
        }
        rest
    }

    /// Takes over what was sent of another partition. Firefox keeps the cookies of third parties apart, but gives some
    /// of them those that they have as a first party, which then also set such cookies.
    pub(super) fn of_storage_access(
        &mut self,
        step: &mut Step<'_>,
        context: &Context,
        explained: &[(Cookie, Option<Exclusion>)],
        left: Vec<Cookie>,
    ) -> Vec<Cookie> {
        // Deviation third-party-store (Firefox's defaults): cookies of third parties are kept apart
        if !self.policy.dialect.has(Deviation::ThirdPartyStore) {
            return left;
        }
        let is_third_party = context.is_third_party();
        let mut has_access = false;
        for position in 0..step.recorded.len() {
            if step.matched[position].is_some() {
                continue;
            }
            let pair = &step.recorded[position];
            let found = explained.iter().find(|(cookie, why_not)| {
                let is_apart = matches!(
                    why_not,
                    Some(
                        Exclusion::OtherPartition
                            | Exclusion::Deviation(Deviation::ThirdPartyStore)
                    )
                );
                is_apart
                    && cookie.partition().is_none() == is_third_party
                    && Pair::of(cookie) == *pair
                    && self.is_sent_unpartitioned(cookie, step)
            });
            let Some((cookie, _)) = found else {
                continue;
            };
            let mut cookie = cookie.clone();
            has_access |= is_third_party;
            if !is_third_party {
                let mut builder = CookieBuilder::from(&cookie);
                builder.fields.partition = None;
                let identity = CookieIdentity::of_builder(&builder);
                let life = match self.id(&cookie) {
                    Some(id) => CookieLife {
                        identity,
                        ..self.lives[id].clone()
                    },
                    None => CookieLife::new(identity, self.exchanges[step.index].index),
                };
                if !self.put(&builder, step.now) {
                    continue;
                }
                let id = self.live(life);
                cookie = self.of_id(id).unwrap_or(cookie);
            }
            let (id, name) = (self.id(&cookie), cookie.name());
            step.differ(
                id,
                name,
                true,
                false,
                "storage-access",
                true,
                STORAGE_ACCESS,
            );
            step.matched[position] = Some(cookie);
        }
        if !has_access {
            return left;
        }
        let (apart, left): (Vec<_>, Vec<_>) = left
            .into_iter()
            .partition(|cookie| cookie.partition().is_some());
        for cookie in apart {
            let id = self.id(&cookie);
            step.not_sent(id, &cookie, "storage-access", true, STORAGE_ACCESS);
        }
        left
    }

    /// Returns true if the other rules have a cookie sent where it is in no partition, and none counts.
    fn is_sent_unpartitioned(&self, cookie: &Cookie, step: &Step<'_>) -> bool {
        let mut policy = self.policy.clone();
        policy.dialect = policy.dialect.without(Deviation::ThirdPartyStore);
        let mut jar = CookieJar::new(policy);
        let mut builder = CookieBuilder::from(cookie);
        builder.fields.partition = None;
        let fields = builder.fields.borrowed();
        let is_stored = jar.restore_next(&builder.host, &fields, step.now).is_ok();
        is_stored && !jar.cookies(step.request, step.now).is_empty()
    }

    /// Adopts what was sent and is not in the jar, or finds that it should not have been sent.
    pub(super) fn not_predicted(
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
            let mut excluded = explained.iter().filter(|(cookie, why_not)| {
                why_not.is_some() && cookie.name() == pair.name && cookie.value() == pair.value()
            });
            let verdict = excluded.find_map(|(cookie, why_not)| {
                let known = self.known_of(cookie)?;
                let verdict = against(cookie, known, (*why_not)?, context, step.now)?;
                Some((cookie, verdict))
            });
            if let Some((cookie, (reason, explained, text))) = verdict {
                let id = self.id(cookie);
                step.differ(id, &pair.name, true, false, reason, explained, text);
                step.matched[position] = Some(cookie.clone());
                continue;
            }
            let refused = self.refused_pair(&pair, step.url);
            let as_before = match refused {
                None => self.as_before(step, position, context, explained),
                Some(_) => None,
            };
            if let Some(as_before) = as_before {
                let id = self.id(&as_before);
                step.differ(id, &pair.name, true, false, "no-credentials", true, IGNORED);
                step.matched[position] = Some(as_before);
                continue;
            }
            if let Some(reason) = refused {
                step.differ(
                    None,
                    &pair.name,
                    true,
                    false,
                    reason,
                    false,
                    "it was set by a line that is refused: the browser took that line",
                );
            } else if explained.len() >= EVICTION && self.is_known(&pair.name) {
                step.differ(None, &pair.name, true, false, "limits", true, KEPT);
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

    /// Gives a cookie its value back where the line that has changed it was ignored.
    fn as_before(
        &mut self,
        step: &Step<'_>,
        position: usize,
        context: &Context,
        explained: &[(Cookie, Option<Exclusion>)],
    ) -> Option<Cookie> {
        let pair = &step.recorded[position];
        let request_path = RequestPath(step.url.path().as_bytes());
        let mut known = explained.iter().filter_map(|(cookie, why_not)| {
            let fits = why_not.is_some_and(is_same_site_rule)
                && cookie.name() == pair.name
                && is_of_domain(step.url, cookie.domain_str())
                && request_path.path_matches(CookiePath(cookie.path()));
            fits.then_some((cookie, self.id(cookie)?))
        });
        let (cookie, id) = known.find(|(_, id)| self.is_set_without_credentials(*id))?;
        let mut builder = CookieBuilder::from(cookie);
        builder.fields.value = pair.value().to_vec();
        let builder = shown_by(step, context, builder);
        self.jar.take_out(cookie);
        if !self.put(&builder, step.now) {
            return None;
        }
        self.known[id].is_adopted = true;
        self.known[id].setter = None;
        self.of_id(id)
    }

    /// Finds why cookies were not sent that the jar would send.
    pub(super) fn not_sent(&mut self, step: &mut Step<'_>, context: &Context, left: Vec<Cookie>) {
        for cookie in left {
            let Some(id) = self.id(&cookie) else {
                continue;
            };
            if self.known[id].is_adopted {
                let text = self.learn(step, context, &cookie, id);
                step.not_sent(self.id(&cookie), &cookie, "adopted", true, text);
                continue;
            }
            let comes_back = self.comes_back(step.index, &cookie);
            let is_expiring = |until| until <= step.now + EXACTNESS;
            if cookie.expiry_time().is_some_and(is_expiring) && !comes_back {
                let text = "it expires at about the time of the request";
                step.not_sent(Some(id), &cookie, "expired", true, text);
                continue;
            }
            // Beside one of its name and value it is not known which comes back.
            let has_twin = step.recorded.contains(&Pair::of(&cookie));
            let is_new = !self.known[id].has_been_sent && (!comes_back || has_twin);
            if is_new && self.is_set_without_credentials(id) {
                step.not_sent(Some(id), &cookie, "no-credentials", true, IGNORED);
                self.jar.take_out(&cookie);
                continue;
            }
            if self.is_under_way(step, id) {
                let text = "the answer that set it came at about the same time";
                step.not_sent(Some(id), &cookie, "in-flight", true, text);
                continue;
            }
            // It is there all the same.
            if !self.known[id].has_been_sent || comes_back {
                if let Some(rule) = may_be_cross_site(step, context, &cookie) {
                    step.not_sent(Some(id), &cookie, rule.name(), true, NOT_TOLD);
                    continue;
                }
            }
            let (reason, is_explained, text) = self.gone(step, &cookie, id, comes_back);
            step.not_sent(Some(id), &cookie, reason, is_explained, text);
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
        comes_back: bool,
    ) -> (&'static str, bool, &'static str) {
        if self.jar.explain(step.request, step.now).len() >= EVICTION {
            return (
                "limits",
                true,
                "its site has so many cookies that the browser evicts some",
            );
        }
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

    /// Returns true if the request whose answer set a cookie last may have been made without credentials, and nothing
    /// shows that the browser took the line.
    fn is_set_without_credentials(&self, id: usize) -> bool {
        if self.known[id].is_sent_since {
            return false;
        }
        let setter = self.known[id].setter.map(|setter| self.exchanges[setter]);
        setter.is_some_and(|setter| !setter.has_sent_cookies() && self.may_lack_credentials(setter))
    }

    /// Returns true if a page of the host was there since a cookie was set, whose scripts could delete it.
    fn had_a_page(&self, index: usize, cookie: &Cookie, id: usize) -> bool {
        let since = self.known[id].setter.unwrap_or(0);
        let since = since.max(index.saturating_sub(LOOKED_AT));
        self.entries[since..index].iter().any(|entry| {
            let is_page = entry.context.destination != Destination::Subresource
                && !matches!(entry.status, Some(300..=399));
            let documents = entry.context.documents.iter();
            let mut pages = documents.chain(is_page.then_some(&entry.url));
            pages.any(|page| is_of_domain(page, cookie.domain_str()))
        })
    }

    /// Returns true if a later request sends a cookie as it is, before a line sets one of its name.
    fn comes_back(&self, index: usize, cookie: &Cookie) -> bool {
        let set = later(self.setters.get(cookie.name()), index).next();
        let end = set.unwrap_or(usize::MAX).min(index + 1 + LOOKED_AT);
        later(self.senders.get(&Pair::of(cookie)), index)
            .take_while(|request| *request < end)
            .any(|request| is_of_domain(&self.exchanges[request].url, cookie.domain_str()))
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
        self.restore(&builder, id, step.now);
        text
    }

    /// Puts a cookie into the jar, whatever its limits are. Returns false if it cannot be in a jar.
    fn put(&mut self, builder: &CookieBuilder, now: Timestamp) -> bool {
        let fields = builder.fields.borrowed();
        self.jar.restore_next(&builder.host, &fields, now).is_ok()
    }

    /// Puts an adopted cookie back, whose identity may be another one now.
    pub(super) fn restore(&mut self, builder: &CookieBuilder, id: usize, now: Timestamp) {
        let identity = CookieIdentity::of_builder(builder);
        if self.ids.get(&identity).is_none_or(|other| *other == id) {
            self.ids.remove(&self.lives[id].identity);
            self.lives[id].secure |= builder.fields.secure_only;
            self.lives[id].same_site = builder.fields.same_site;
            self.lives[id].identity = identity.clone();
            self.ids.insert(identity, id);
            self.put(builder, now);
        }
    }

    /// Takes a cookie into the jar with what a request shows of it.
    fn adopt(&mut self, step: &mut Step<'_>, position: usize, context: &Context) {
        let pair = step.recorded[position].clone();
        let host = step.url.host_str().unwrap_or_default();
        if let Some(widened) = self.widen(step, &pair, context) {
            step.matched[position] = Some(widened);
            return;
        }
        if let Some(known) = self.come_back(step, position, context) {
            step.matched[position] = Some(known);
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
        builder = shown_by(step, context, builder.creation_time(creation));
        if let Some(key) = self.adopted_partition(step, context) {
            builder = builder.partition(key);
        }
        let identity = CookieIdentity::of_builder(&builder);
        if !self.put(&builder, step.now) {
            return;
        }
        let mut life = CookieLife::new(identity, self.exchanges[step.index].index);
        life.secure = builder.fields.secure_only;
        life.http_only = builder.fields.http_only;
        life.same_site = builder.fields.same_site;
        life.octets = pair.octets();
        let id = self.live(life);
        self.known[id].is_adopted = true;
        let key = self.site_and_name(host, &pair.name);
        self.adopted.entry(key).or_default().push(id);
        step.matched[position] = self.of_id(id);
    }

    /// The partition of a cookie that is adopted.
    fn adopted_partition(&self, step: &Step<'_>, context: &Context) -> Option<PartitionKey> {
        // Deviation third-party-store (Firefox's defaults): cookies of third parties are kept apart
        let keeps_apart = self.policy.dialect.has(Deviation::ThirdPartyStore);
        let has_key = context.is_third_party() && (keeps_apart || self.blocks_third_parties);
        let list = &self.policy.public_suffix_list;
        has_key.then(|| context.partition_key(step.url, list))?
    }

    fn is_known(&self, name: &[u8]) -> bool {
        let mut lives = self.lives.iter();
        lives.any(|life| life.identity.name == name)
    }

    /// An adopted cookie that was sent to another host or path before is for both.
    fn widen(&mut self, step: &Step<'_>, pair: &Pair, context: &Context) -> Option<Cookie> {
        let host = step.url.host_str()?;
        let request_path = RequestPath(step.url.path().as_bytes());
        let key = self.adopted_partition(step, context);
        let found = self.adopted_of(host, &pair.name).find(|cookie| {
            is_of_domain(step.url, cookie.domain_str())
                && cookie.partition() == key.as_ref()
                && Pair::of(cookie) == *pair
                && !cookie.name().starts_with(b"__")
        });
        let cookie = found?;
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
        } else {
            builder = shown_by(step, context, builder);
        }
        self.jar.take_out(&cookie);
        self.restore(&builder, id, step.now);
        self.of_id(id)
    }

    /// A cookie that was known before, and that a script has deleted or a limit has evicted.
    fn come_back(&mut self, step: &Step<'_>, position: usize, context: &Context) -> Option<Cookie> {
        if context.is_third_party() {
            return None;
        }
        let pair = &step.recorded[position];
        let host = step.url.host_str()?;
        let request_path = RequestPath(step.url.path().as_bytes());
        let fits = |life: &&CookieLife| {
            let CookieIdentity {
                domain, host_only, ..
            } = &life.identity;
            let is_secure = !life.secure || step.url.scheme() != "http";
            let is_same_site = life.same_site == SameSite::None || !is_for_none_only(step, context);
            is_of_domain(step.url, domain)
                && (!host_only || host == domain)
                && is_secure
                && is_same_site
                && life.identity.name == pair.name
                && life.identity.partition.is_none()
                && request_path.path_matches(CookiePath(&life.identity.path))
        };
        let mut lives = self.lives.iter().rev().take(LOOKED_AT);
        let life = lives.find(fits)?.clone();
        let id = *self.ids.get(&life.identity)?;
        if self.of_id(id).is_some() {
            return None;
        }
        let CookieIdentity {
            name,
            domain,
            host_only,
            path,
            ..
        } = life.identity;
        let creation = step.creation(position, &path, step.now);
        let builder = Cookie::builder(name, pair.value().to_vec(), domain)
            .host_only(host_only)
            .path(path)
            .secure_only(life.secure)
            .http_only(life.http_only)
            .same_site(life.same_site)
            .creation_time(creation);
        if !self.put(&builder, step.now) {
            return None;
        }
        self.known[id].is_adopted = true;
        self.of_id(id)
    }

    /// The path of an adopted cookie: that of the one after it, if it has one, or one that earlier requests are not
    /// within.
    fn adopted_path(&self, step: &Step<'_>, position: usize) -> Vec<u8> {
        let mut after = step.matched[position..].iter().flatten();
        // One that a script has just made anew may be newer.
        let is_older = |after: &&Cookie| after.creation_time() + EXACTNESS < step.now;
        let Some(after) = after.next().filter(is_older) else {
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
    pub(super) fn check_order(&mut self, step: &mut Step<'_>, predicted: &[Cookie]) {
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
        let text = if overlap {
            "it stands at another place: the answers that set it and the one beside it came at about the same time"
        } else if is_explained {
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
                self.put(&builder, step.now);
            }
        }
    }
}

/// Returns true if a request sends no cookies but those of SameSite=None.
fn is_for_none_only(step: &Step<'_>, context: &Context) -> bool {
    let is_navigation = context.destination == Destination::TopLevel;
    context.is_cross_site() && !(is_navigation && step.is_safe())
}

/// A cookie with what a request shows of it that sends only those of SameSite=None.
fn shown_by(step: &Step<'_>, context: &Context, builder: CookieBuilder) -> CookieBuilder {
    if is_for_none_only(step, context) {
        builder.same_site(SameSite::None).secure_only(true)
    } else {
        builder
    }
}

/// The rule by which a cookie is not sent if the request is cross-site, where the recording does not tell that.
fn may_be_cross_site(step: &Step<'_>, context: &Context, cookie: &Cookie) -> Option<Exclusion> {
    if context.is_told() {
        return None;
    }
    let not_lax = match context.destination {
        Destination::TopLevel if step.is_safe() => None,
        Destination::TopLevel => Some(NotLax::UnsafeMethod),
        _ => Some(NotLax::NotTopLevel),
    };
    match cookie.same_site() {
        SameSite::Strict => Some(Exclusion::SameSiteStrict),
        SameSite::Lax => not_lax.map(Exclusion::SameSiteLax),
        SameSite::Default => not_lax.map(Exclusion::SameSiteDefault),
        SameSite::None => None,
    }
}

/// Of ascending numbers, those above this one.
fn later(numbers: Option<&Vec<usize>>, than: usize) -> impl Iterator<Item = usize> {
    let numbers = numbers.map_or(&[][..], Vec::as_slice);
    let start = numbers.partition_point(|number| *number <= than);
    numbers[start..].iter().copied()
}

fn is_same_site_rule(why_not: Exclusion) -> bool {
    matches!(
        why_not,
        Exclusion::SameSiteStrict | Exclusion::SameSiteLax(_) | Exclusion::SameSiteDefault(_)
    )
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
    let is_same_site_rule = is_same_site_rule(why_not);
    match why_not {
        Exclusion::SameSiteDefault(NotLax::UnsafeMethod)
            if now.duration_since(cookie.creation_time()).is_none_or(|age| age <= LAX_ALLOWING_UNSAFE) =>
        {
            Some(("lax-allowing-unsafe", true, "it has no SameSite and is younger than two minutes: browsers send it with unsafe requests too".to_owned()))
        }
        _ if is_same_site_rule && !context.is_told() => {
            Some((why_not.name(), true, NOT_TOLD.to_owned()))
        }
        _ if is_same_site_rule || why_not == Exclusion::SecureOnly => {
            Some((why_not.name(), false, format!("it was sent, although {why_not}")))
        }
        _ => None,
    }
}
