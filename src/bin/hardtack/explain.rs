//! `hardtack explain`: the outcome of Set-Cookie lines, and the reasons.

mod columns;
mod document;
mod report;
mod text;

use std::io;
use std::process::ExitCode;

use url::Url;

use crate::arguments::{Source, parse_url};
use crate::compared::Browser;
use crate::context::Context;
use crate::explain::report::Report;
use crate::page;
use crate::secrets::{Values, ValuesOption};

const AFTER_HELP: &str = "\
Exit status: 1 when a line was refused, 2 on wrong usage, otherwise 0.

Examples:
  hardtack explain --url https://shop.example/login 'sid=31d4; Secure; HttpOnly'
  hardtack explain --url https://a.example --then http://a.example 'a=1; Secure'
  hardtack explain --url https://shop.example/ --values=hide 'sid=31d4; Path=/'
  hardtack explain --as text,chromium,firefox --url https://a.example 'a=1' 'b=2' 'a=3'
  curl -si https://shop.example/ | hardtack explain --url https://shop.example/";

/// Show what becomes of Set-Cookie lines, and why
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP, next_line_help = true)]
pub(crate) struct Args {
    #[command(flatten)]
    source: Source,

    /// Show what a request of this URL sends then, and what not (repeatable)
    #[arg(long, value_name = "URL", value_parser = parse_url)]
    then: Vec<Url>,

    /// Show a column for each dialect, and why they differ: `text`, `chromium`,
    /// `firefox`, or another one by its name
    #[arg(
        long = "as",
        value_name = "DIALECT,…",
        value_delimiter = ',',
        value_parser = Browser::parse,
        verbatim_doc_comment
    )]
    browsers: Vec<Browser>,

    /// Print one JSON object, for machines
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    values: ValuesOption,

    #[command(flatten)]
    #[command(
        next_help_heading = "Context, for receiving the lines and for the --then requests alike"
    )]
    context: Context,
}

/// Explains the lines on standard output. The exit status is 1 if one was refused.
pub(crate) fn run(args: &Args) -> io::Result<ExitCode> {
    let Some(input) = args.source.read::<Args>("hardtack explain")? else {
        return Ok(ExitCode::from(2));
    };
    let context = args.context.of_requests();
    let report = Report {
        input: &input,
        url: &args.source.url,
        then: &args.then,
        method: args.context.method(),
        context: &context,
        values: args.values.or(Values::Show),
        now: args.context.now(),
    };
    let has_refusal = if !args.browsers.is_empty() {
        let task = report.task();
        let columns = args.browsers.iter().map(|browser| task.column(browser));
        let columns: Vec<_> = columns.collect();
        if args.json {
            columns::write_json(&report, &columns, page::output())
        } else {
            columns::write_text(&report, &columns, &mut page::output())
        }
    } else if args.json {
        document::write(&report, page::output())
    } else {
        text::write(&report, &mut page::output())
    }?;
    Ok(ExitCode::from(u8::from(has_refusal)))
}
