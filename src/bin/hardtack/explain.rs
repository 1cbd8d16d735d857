//! `hardtack explain`: the outcome of Set-Cookie lines, and the reasons.

mod document;
mod report;
mod text;

use std::io;
use std::process::ExitCode;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use hardtack::{Destination, Request};
use url::Url;

use crate::arguments::{Source, parse_instant, parse_url};
use crate::explain::report::Report;
use crate::page;
use crate::secrets::Values;
use crate::time::{self, Instant};

const AFTER_HELP: &str = "\
Exit status: 1 when a line was refused, 2 on wrong usage, otherwise 0.

Examples:
  hardtack explain --url https://shop.example/login 'sid=31d4; Secure; HttpOnly'
  hardtack explain --url https://a.example --then http://a.example 'a=1; Secure'
  hardtack explain --url https://shop.example/ --values=hide 'sid=31d4; Path=/'
  curl -si https://shop.example/ | hardtack explain --url https://shop.example/";

const DESTINATIONS: [&str; 3] = ["top-level", "nested", "subresource"];

/// Show what becomes of Set-Cookie lines, and why
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP, next_line_help = true)]
pub(crate) struct Args {
    #[command(flatten)]
    source: Source,

    /// Show what a request of this URL sends then, and what not (repeatable)
    #[arg(long, value_name = "URL", value_parser = parse_url)]
    then: Vec<Url>,

    /// Print one JSON object, for machines
    #[arg(long)]
    json: bool,

    /// Show the values of cookies; `--values=hide` tells only their lengths
    /// [default: show]
    #[arg(
        long,
        value_name = "show|hide",
        value_enum,
        hide_possible_values = true
    )]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "show")]
    #[arg(verbatim_doc_comment)]
    values: Option<Values>,

    #[command(flatten)]
    context: Context,
}

/// The context of the response with the lines, and of the requests after it.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Context, for receiving the lines and for the --then requests alike")]
struct Context {
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
    fn request<'u>(&'u self, url: &'u Url) -> Request<'u> {
        let mut request = Request::new(url)
            .method(&self.method)
            .destination(self.destination)
            .cross_site_ancestor(self.cross_site_ancestor);
        request = match &self.site_for_cookies {
            None => request,
            Some(SiteForCookies::Opaque) => request.opaque_site_for_cookies(),
            Some(SiteForCookies::Origin(origin)) => request.site_for_cookies(origin),
        };
        if let Some(page) = &self.top_level_site {
            request = request.top_level_site(page);
        }
        if self.script {
            request = request.non_http();
        }
        request
    }
}

/// Explains the lines on standard output. The exit status is 1 if one was refused.
pub(crate) fn run(args: &Args) -> io::Result<ExitCode> {
    let Some(input) = args.source.read::<Args>("hardtack explain")? else {
        return Ok(ExitCode::from(2));
    };
    let report = Report {
        input: &input,
        url: &args.source.url,
        then: &args.then,
        context: &args.context,
        values: args.values.unwrap_or(Values::Show),
        now: args.context.now.unwrap_or_else(time::now),
    };
    let has_refusal = if args.json {
        document::write(&report, page::output())
    } else {
        text::write(&report, &mut page::output())
    }?;
    Ok(ExitCode::from(u8::from(has_refusal)))
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
