//! `hardtack lint`: checks of a server's Set-Cookie lines.

pub(crate) mod document;
pub(crate) mod finding;
mod linter;
mod rules;
mod session_id;
mod text;

use std::io;
use std::process::ExitCode;

use hardtack::Request;
use url::Url;

use crate::arguments::{Source, parse_instant};
use crate::lint::finding::{Finding, Level, Rule};
use crate::lint::linter::Linter;
use crate::page;
use crate::received::Receiver;
use crate::secrets::{Values, ValuesOption};
use crate::time::{self, Instant};

const AFTER_HELP: &str = "\
What browsers refuse or ignore is an error, and cannot be allowed.
What a finding means: `hardtack findings NAME`.

Exit status: 1 when there are errors or warnings (see --fail-on), 2 on wrong
usage or when the input is something else, otherwise 0.

Examples:
  hardtack lint --url https://shop.example/login 'sid=31d4; Secure; HttpOnly'
  curl -si https://shop.example/ | hardtack lint --url https://shop.example/
  wget -S https://shop.example/ 2>&1 | hardtack lint --url https://shop.example/
  hardtack lint --url https://shop.example/ --allow wide-domain <response.txt
  hardtack lint --url https://shop.example/ --color always <a.txt | less -R";

/// Check a server's Set-Cookie lines: what to mend, and why
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP, next_line_help = true)]
pub(crate) struct Args {
    #[command(flatten)]
    source: Source,

    /// Do not give this warning or note (repeatable)
    #[arg(long, value_name = "NAME", value_enum)]
    allow: Vec<Rule>,

    /// The lowest level that makes the exit status 1
    #[arg(long, value_name = "LEVEL", value_enum, default_value = "warning")]
    fail_on: Level,

    /// Print one JSON object, for machines
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    values: ValuesOption,

    /// The time at which the lines were sent, such as 2026-11-20T09:00:00Z
    /// [default: the system clock]
    #[arg(long, value_name = "RFC 3339", value_parser = parse_instant, verbatim_doc_comment)]
    now: Option<Instant>,
}

/// Checks the lines and writes the findings to standard output. The exit status is 1 if one is of the
/// level `--fail-on` or of a worse one.
pub(crate) fn run(args: &Args) -> io::Result<ExitCode> {
    let Some(input) = args.source.read::<Args>("hardtack lint")? else {
        return Ok(ExitCode::from(2));
    };
    let linter = Linter {
        input: &input,
        url: &args.source.url,
        allowed: &args.allow,
        values: args.values.or(Values::Hide),
        now: args.now.unwrap_or_else(time::now),
    };
    let counts = if args.json {
        document::write(&linter, page::output())
    } else {
        text::write(&linter, &mut page::output())
    }?;
    Ok(ExitCode::from(u8::from(counts.has(args.fail_on))))
}

/// Finds what is wrong with one line of a response, by itself and from its own site.
pub(crate) fn findings(line: &[u8], url: &Url, now: Instant) -> Vec<Finding> {
    let mut receiver = Receiver::default();
    let line = receiver.receive(line, &Request::new(url), now);
    rules::findings(&line, url, now, true)
}
