//! The context of each request of a recording, from what the recording says of it.

use std::collections::HashMap;

use url::Url;

use crate::dialect::Dialect;
use crate::formats::recording::{Exchange, Tool};
use crate::page_request::PageRequest;
use crate::policy::Policy;
use crate::public_suffix::PublicSuffixList;
use crate::request::Destination;
use crate::request_context::RequestContext;
use crate::same_site::{PartitionKey, is_same_site};

/// The context of a request, and what told it.
///
/// ```
/// use hardtack::recording::Recording;
///
/// let har = br#"{"log": {"entries": [{
///     "startedDateTime": "2026-11-27T15:17:14Z",
///     "request": {"method": "GET", "url": "https://shop.example/", "headers": [
///         {"name": "Sec-Fetch-Dest", "value": "document"},
///         {"name": "Sec-Fetch-Site", "value": "none"}]},
///     "response": {"status": 200, "headers": []}}]}}"#;
/// let replay = Recording::read(&har[..])?.replay();
/// assert_eq!(replay.entries[0].context.from, ["Sec-Fetch-Dest", "Sec-Fetch-Site"]);
/// # Ok::<(), hardtack::formats::ReadError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Context {
    /// The URLs of the document that makes the request and of those around it, the innermost first. None are there
    /// where a user made it, or where nothing tells who did.
    pub documents: Vec<Url>,
    /// What the response is used for.
    pub destination: Destination,
    /// True if the client has an opaque origin, as a sandbox has.
    pub is_opaque: bool,
    /// The top-level page, of a request that does not navigate one.
    pub top_level_site: Option<Url>,
    /// True if a cross-site document is between the top-level page and the request, or is that page.
    pub cross_site_ancestor: bool,
    /// What of the recording told it, and what it lacks: `no Referer`.
    pub from: Vec<&'static str>,
    /// The URLs of the hops before it.
    pub redirects: Vec<Url>,
    site_for_cookies: Option<Url>,
    is_told: bool,
    /// True if nothing tells the document that made it, which is cross-site with the first URL.
    is_of_unknown: bool,
    is_third_party: bool,
    is_cross_site: bool,
}

impl Context {
    /// Returns the URL of the site for cookies, or `None` where the request has no client, or an opaque one.
    pub fn site_for_cookies(&self) -> Option<&Url> {
        self.site_for_cookies.as_ref()
    }

    /// Returns true if the site for cookies is opaque.
    pub fn has_opaque_site_for_cookies(&self) -> bool {
        self.site_for_cookies.is_none() && (self.is_opaque || !self.documents.is_empty())
    }

    /// Returns true if the recording says whether the request is same-site.
    pub(crate) fn is_told(&self) -> bool {
        self.is_told
    }

    /// Returns true if it is no top-level navigation, and a document around it is of another site.
    pub(crate) fn is_third_party(&self) -> bool {
        self.is_third_party
    }

    pub(crate) fn is_cross_site(&self) -> bool {
        self.is_cross_site
    }

    /// The key of the partition that the request's Partitioned cookies are in.
    pub(crate) fn partition_key(&self, url: &Url, list: &PublicSuffixList) -> Option<PartitionKey> {
        let top = self.top_level_site.as_ref().unwrap_or(url);
        PartitionKey::new(top, self.cross_site_ancestor, list)
    }

    /// The context for a jar with this policy.
    pub(crate) fn request_context(&self, exchange: &Exchange, policy: &Policy) -> RequestContext {
        let mut request = PageRequest::new(&exchange.url, &self.documents)
            .destination(self.destination)
            .redirects(self.redirects.clone());
        if self.is_opaque {
            request = request.sandboxed();
        }
        if let Some(date) = exchange.date {
            request = request.response_date(date);
        }
        let context = request.context(policy);
        if self.is_opaque {
            let context = context.opaque_site_for_cookies();
            context.cross_site_ancestor(self.cross_site_ancestor)
        } else {
            context
        }
    }
}

/// A document that was seen.
struct Document {
    frame: Option<String>,
    /// Its own URL, and those of the documents around it.
    documents: Vec<Url>,
}

/// The documents of a recording as they are when a request is made.
pub(crate) struct Documents<'p> {
    policy: &'p Policy,
    is_browser: bool,
    tool: Tool,
    /// The last ones of each page.
    seen: HashMap<Option<String>, Vec<Document>>,
    /// The page that was navigated last.
    last: Option<String>,
}

/// The documents of a page that are looked at.
const DOCUMENTS: usize = 64;

impl<'p> Documents<'p> {
    pub(crate) fn new(policy: &'p Policy, is_browser: bool, tool: Tool) -> Self {
        Self {
            policy,
            is_browser,
            tool,
            seen: HashMap::new(),
            last: None,
        }
    }

    /// Returns the context of a request. A hop after a redirect has that of the first request, and its own URL.
    pub(crate) fn context(
        &self,
        exchange: &Exchange,
        before: Option<(&Exchange, &Context)>,
    ) -> Context {
        let mut context = Context {
            documents: Vec::new(),
            destination: Destination::Subresource,
            is_opaque: false,
            top_level_site: None,
            cross_site_ancestor: false,
            from: Vec::new(),
            redirects: Vec::new(),
            site_for_cookies: None,
            is_told: true,
            is_of_unknown: false,
            is_third_party: false,
            is_cross_site: false,
        };
        if let Some((hop, of_hop)) = before {
            context.documents.clone_from(&of_hop.documents);
            context.destination = of_hop.destination;
            context.is_opaque = of_hop.is_opaque;
            context.is_told = of_hop.is_told;
            context.is_of_unknown = of_hop.is_of_unknown;
            context.redirects.clone_from(&of_hop.redirects);
            context.redirects.push(hop.url.clone());
            context.from.push("redirect");
        } else {
            context.destination = self.destination(exchange, &mut context.from);
            if context.destination == Destination::TopLevel {
                self.initiator(exchange, &mut context);
            } else {
                self.around(exchange, &mut context);
            }
        }
        self.take_verdict(exchange, &mut context);
        self.finish(exchange, &mut context);
        context
    }

    /// The page of a request. CDP has frames only, and its log is that of one page most often.
    fn page(&self, exchange: &Exchange) -> Option<String> {
        if self.tool == Tool::Cdp {
            return None;
        }
        exchange.page.clone()
    }

    fn destination(&self, exchange: &Exchange, from: &mut Vec<&'static str>) -> Destination {
        if let Some(destination) = exchange.fetch_destination.as_deref() {
            from.push("Sec-Fetch-Dest");
            return match destination {
                "document" => Destination::TopLevel,
                "iframe" | "frame" | "embed" | "object" | "fencedframe" => Destination::Nested,
                // Whether a frame is navigated is not told then.
                "empty" if exchange.is_by_service_worker() => Destination::TopLevel,
                _ => Destination::Subresource,
            };
        }
        if let Some(kind) = exchange.resource_type.as_deref() {
            from.push("_resourceType");
            return if !kind.eq_ignore_ascii_case("document") {
                Destination::Subresource
            } else if self.is_in_a_frame(exchange) {
                from.push("frame");
                Destination::Nested
            } else {
                Destination::TopLevel
            };
        }
        if exchange.asks_for_upgrade {
            from.push("Upgrade-Insecure-Requests");
            return Destination::TopLevel;
        }
        if self.is_browser && exchange.referer.is_some() {
            from.push("Referer");
            return Destination::Subresource;
        }
        // Plain clients and proxies say nothing.
        from.push("no Sec-Fetch-Dest");
        Destination::TopLevel
    }

    /// Returns true if the frame that is navigated is known as one in a page.
    fn is_in_a_frame(&self, exchange: &Exchange) -> bool {
        let seen = self.seen.get(&self.page(exchange)).into_iter().flatten();
        let mut of_frame = seen.filter(|document| document.frame == exchange.frame);
        exchange.frame.is_some() && of_frame.any(|document| document.documents.len() > 1)
    }

    /// Who began a top-level navigation.
    fn initiator(&self, exchange: &Exchange, context: &mut Context) {
        let referer = exchange.referer.clone();
        match exchange.fetch_site.as_deref() {
            Some("none") => context.from.push("Sec-Fetch-Site"),
            Some("same-origin" | "same-site") => {
                context.from.push("Sec-Fetch-Site");
                let document = referer.unwrap_or_else(|| exchange.url.clone());
                context.documents.push(document);
            }
            Some(_) => {
                context.from.push("Sec-Fetch-Site");
                if let Some(referer) = referer {
                    context.from.push("Referer");
                    context.documents.push(referer);
                } else {
                    context.from.push("no Referer");
                    context.is_opaque = true;
                }
            }
            None => {
                if let Some(referer) = referer {
                    context.from.push("Referer");
                    context.documents.push(referer);
                } else {
                    context.from.push("no Sec-Fetch-Site");
                    context.from.push("no Referer");
                    context.is_told = !self.is_browser;
                }
            }
        }
    }

    /// The documents around a request that is no top-level navigation.
    fn around(&self, exchange: &Exchange, context: &mut Context) {
        // Chromium fetches the script of a shared worker as if there were no page, also for a frame in one.
        let is_of_worker = exchange.fetch_destination.as_deref() == Some("sharedworker");
        if is_of_worker && self.policy.dialect == Dialect::CHROMIUM_156 {
            context.documents.push(exchange.url.clone());
            return;
        }
        let is_nested = context.destination == Destination::Nested;
        let by_frame = if is_nested {
            None
        } else {
            self.by_frame(exchange)
        };
        let found = if let Some(document) = by_frame {
            context.from.push("frame");
            Some(document.documents.clone())
        } else if let Some(referer) = &exchange.referer {
            // Chromium sends none of a sandbox, others do.
            context.is_of_unknown = self.policy.dialect != Dialect::CHROMIUM_156
                && exchange.fetch_site.as_deref() == Some("cross-site");
            context.from.push("Referer");
            let known = self.by_referer(exchange, referer);
            Some(known.map_or_else(
                || self.below_the_page(exchange, referer),
                |document| document.documents.clone(),
            ))
        } else {
            context.is_of_unknown = exchange.fetch_site.as_deref() == Some("cross-site");
            self.by_page(exchange, context)
        };
        if exchange.page.is_some() {
            context.from.push("page");
        }
        if exchange.fetch_site.is_some() {
            context.from.push("Sec-Fetch-Site");
        }
        if let Some(documents) = found {
            context.documents = documents;
        } else {
            context.from.push("no page");
            context.is_told = exchange.fetch_site.is_some() || !self.is_browser;
            if exchange.fetch_site.as_deref() == Some("cross-site") {
                context.is_opaque = true;
            }
        }
        // A client that is cross-site with its own site has an opaque origin, or none that is told.
        let list = &self.policy.public_suffix_list;
        let mut documents = context.documents.iter();
        let all_same_site = documents.all(|document| is_same_site(&exchange.url, document, list));
        if exchange.fetch_site.as_deref() == Some("cross-site") && all_same_site {
            context.is_opaque = true;
        }
    }

    fn by_frame(&self, exchange: &Exchange) -> Option<&Document> {
        exchange.frame.as_ref()?;
        let seen = self.seen.get(&self.page(exchange))?;
        let mut of_frame = seen
            .iter()
            .rev()
            .filter(|document| document.frame == exchange.frame);
        match &exchange.referer {
            // What was there before a navigation may still ask.
            Some(referer) => of_frame.find(|document| is_of(document, referer)),
            None => of_frame.next(),
        }
    }

    fn by_referer(&self, exchange: &Exchange, referer: &Url) -> Option<&Document> {
        let of_page = self.seen.get(&self.page(exchange)).into_iter().flatten();
        let others = self.seen.values().filter(|_| self.page(exchange).is_none());
        let documents: Vec<&Document> = of_page.chain(others.flatten()).collect();
        let very = |document: &&&Document| document.documents.first() == Some(referer);
        let of_origin = |document: &&&Document| is_of(document, referer);
        let mut newest = documents.iter().rev();
        let found = newest.find(very);
        let found = found.or_else(|| documents.iter().rev().find(of_origin));
        found.copied()
    }

    /// A document that is not known, in the page.
    fn below_the_page(&self, exchange: &Exchange, referer: &Url) -> Vec<Url> {
        let mut documents = vec![referer.clone()];
        documents.extend(self.top(exchange).cloned());
        documents
    }

    /// Without a Referer: the top-level page, or below it a document of the request's own origin.
    fn by_page(&self, exchange: &Exchange, context: &mut Context) -> Option<Vec<Url>> {
        let top = self.top(exchange)?;
        context.from.push("no Referer");
        let is_own = exchange.fetch_site.as_deref() == Some("same-origin");
        if is_own && top.origin() != exchange.url.origin() {
            return Some(vec![exchange.url.clone(), top.clone()]);
        }
        Some(vec![top.clone()])
    }

    /// The top-level page.
    fn top(&self, exchange: &Exchange) -> Option<&Url> {
        let of_page = self.seen.get(&self.page(exchange));
        let seen = of_page.or_else(|| {
            let is_without_page = self.page(exchange).is_none();
            is_without_page.then(|| self.seen.get(&self.last))?
        })?;
        seen.last()?.documents.last()
    }

    /// Takes what CDP says itself.
    fn take_verdict(&self, exchange: &Exchange, context: &mut Context) {
        let list = &self.policy.public_suffix_list;
        if context.destination != Destination::TopLevel {
            if let Some(key) = &exchange.partition {
                context.from.push("cookiePartitionKey");
                let top = Url::parse(&key.top_level_site().to_string()).ok();
                if let Some(top) = top {
                    let known = context.documents.last();
                    if !known.is_some_and(|known| is_same_site(known, &top, list)) {
                        context.documents.pop();
                        context.documents.push(top);
                    }
                }
            }
        }
        if exchange.is_same_site == Some(false) {
            context.from.push("isSameSite");
            let mut documents = context.documents.iter();
            let all = documents.all(|document| is_same_site(&exchange.url, document, list));
            context.is_opaque |= all;
        }
    }

    fn finish(&self, exchange: &Exchange, context: &mut Context) {
        let list = &self.policy.public_suffix_list;
        let url = &exchange.url;
        let documents = &context.documents;
        let top = documents.last();
        let is_of_top = |document: &Url| top.is_some_and(|top| is_same_site(document, top, list));
        if !context.is_opaque && documents.iter().all(is_of_top) {
            context.site_for_cookies = top.cloned();
        }
        let is_foreign = |document: &Url| !is_same_site(url, document, list);
        let has_foreign = documents.iter().any(is_foreign);
        context.is_cross_site = context.is_opaque
            || context
                .site_for_cookies
                .as_ref()
                .map_or(!documents.is_empty(), is_foreign);
        // After a redirect to the page's site the document may be of that site, or an opaque one.
        context.is_told &= !context.is_of_unknown || context.is_cross_site;
        if context.destination != Destination::TopLevel {
            context.top_level_site = top.cloned();
            context.cross_site_ancestor = has_foreign || context.is_opaque;
            context.is_third_party = has_foreign || context.is_opaque;
        }
    }

    /// Notes a document that a request has loaded.
    pub(crate) fn turn(&mut self, exchange: &Exchange, context: &Context) {
        let is_loaded = !matches!(exchange.status, Some(204 | 205 | 300..=399));
        let is_page = context.destination != Destination::Subresource;
        if !is_loaded || !is_page || exchange.is_by_service_worker() {
            return;
        }
        // A plain client loads no pages.
        let says_something = exchange.fetch_destination.is_some()
            || exchange.resource_type.is_some()
            || exchange.asks_for_upgrade;
        if !says_something && (self.tool == Tool::Curl || !self.is_browser) {
            return;
        }
        let mut documents = vec![exchange.url.clone()];
        if context.destination == Destination::Nested {
            documents.extend(context.documents.iter().cloned());
        } else {
            self.last = self.page(exchange);
        }
        let seen = self.seen.entry(self.page(exchange)).or_default();
        seen.push(Document {
            frame: exchange.frame.clone(),
            documents,
        });
        if seen.len() > 2 * DOCUMENTS {
            seen.drain(..DOCUMENTS);
        }
    }
}

/// Returns true if a document has the origin of a Referer.
fn is_of(document: &Document, referer: &Url) -> bool {
    let url = document.documents.first();
    url.is_some_and(|url| url.origin() == referer.origin())
}
