//! The arguments that say what a request is made for.

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use hardtack::{BrowserFacts, Destination, RequestContext};
use url::Url;

use crate::arguments::{parse_instant, parse_url};
use crate::time::{self, Instant};

const DESTINATIONS: [&str; 3] = ["top-level", "nested", "subresource"];

/// The context of a response with lines, and of a request.
#[derive(Debug, clap::Args)]
pub(crate) struct Context {
    /// The page that makes the request; `opaque` is cross-site to every URL
    /// [default: none, which is same-site]
    #[arg(long, value_name = "URL|opaque", value_parser = parse_site_for_cookies, verbatim_doc_comment)]
    site_for_cookies: Option<SiteForCookies>,

    /// The request's method; its case matters
    #[arg(long, default_value = "GET")]
    method: String,

    /// What the response will be shown in
    #[arg(long, default_value = "subresource")]
    #[arg(value_parser = PossibleValuesParser::new(DESTINATIONS).map(|name| destination(&name)))]
    destination: Destination,

    /// A script sets and reads the cookies, by document.cookie
    #[arg(long)]
    script: bool,

    /// The top-level page, whose site partitions cookies
    /// [default: the URL of the request]
    #[arg(long, value_name = "URL", value_parser = parse_url, verbatim_doc_comment)]
    top_level_site: Option<Url>,

    /// A cross-site document is between the top-level page and the request
    #[arg(long)]
    cross_site_ancestor: bool,

    /// For dialects: the document that started a top-level navigation
    #[arg(long, value_name = "URL|opaque", value_parser = parse_site_for_cookies)]
    initiator: Option<SiteForCookies>,

    /// For dialects: a hop that led to the request (repeatable, the first one first)
    #[arg(long, value_name = "URL", value_parser = parse_url)]
    redirect: Vec<Url>,

    /// For dialects: the document that makes the request, then those around it
    /// (repeatable)
    #[arg(long, value_name = "URL", value_parser = parse_url, verbatim_doc_comment)]
    document: Vec<Url>,

    /// For dialects: the Date of the response
    #[arg(long, value_name = "RFC 3339", value_parser = parse_instant)]
    date: Option<Instant>,

    /// The time, such as 2026-11-20T09:00:00Z [default: the system clock]
    #[arg(long, value_name = "RFC 3339", value_parser = parse_instant)]
    now: Option<Instant>,
}

#[derive(Debug, Clone)]
enum SiteForCookies {
    Opaque,
    Origin(Url),
}

impl Context {
    pub(crate) fn of_requests(&self) -> RequestContext {
        let mut context = RequestContext::default()
            .destination(self.destination)
            .cross_site_ancestor(self.cross_site_ancestor);
        context = match self.site_for_cookies.clone() {
            None => context,
            Some(SiteForCookies::Opaque) => context.opaque_site_for_cookies(),
            Some(SiteForCookies::Origin(origin)) => context.site_for_cookies(origin),
        };
        if let Some(page) = self.top_level_site.clone() {
            context = context.top_level_site(page);
        }
        if self.script {
            context = context.non_http();
        }
        context.browser_facts(self.browser_facts())
    }

    fn browser_facts(&self) -> BrowserFacts {
        let mut facts = BrowserFacts::default()
            .redirects(self.redirect.clone())
            .ancestors(self.document.clone());
        facts = match self.initiator.clone() {
            None => facts,
            Some(SiteForCookies::Opaque) => facts.opaque_initiator(),
            Some(SiteForCookies::Origin(document)) => facts.initiator(document),
        };
        match self.date {
            None => facts,
            Some(date) => facts.response_date(date),
        }
    }

    /// Returns the method of the requests, or `None` if a script sets and reads the cookies.
    pub(crate) fn method(&self) -> Option<&str> {
        (!self.script).then_some(&self.method)
    }

    /// Returns the given time, or that of the system's clock.
    pub(crate) fn now(&self) -> Instant {
        self.now.unwrap_or_else(time::now)
    }
}

fn parse_site_for_cookies(text: &str) -> Result<SiteForCookies, String> {
    match text {
        "opaque" => Ok(SiteForCookies::Opaque),
        _ => parse_url(text).map(SiteForCookies::Origin),
    }
}

/// Reads one of [`DESTINATIONS`].
fn destination(name: &str) -> Destination {
    match name {
        "top-level" => Destination::TopLevel,
        "nested" => Destination::Nested,
        _ => Destination::Subresource,
    }
}
