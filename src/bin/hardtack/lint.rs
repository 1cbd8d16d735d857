//! `hardtack lint`: what a server's author should change in its Set-Cookie lines.

mod document;
mod report;
mod text;

use std::io::{self, Write as _};
use std::process::ExitCode;

use chrono::{DateTime, SubsecRound as _, Utc};

use crate::arguments::{Source, parse_instant};
use crate::lint::report::{Report, Warning};

const AFTER_HELP: &str = "\
What browsers refuse or ignore is an error, and cannot be allowed.
No value of a cookie is printed.

Exit status: 1 when there are errors or warnings, 2 on wrong usage, otherwise 0.

Examples:
  hardtack lint --url https://shop.example/login 'sid=31d4; Secure; HttpOnly'
  curl -si https://shop.example/ | hardtack lint --url https://shop.example/
  hardtack lint --url https://shop.example/ --allow wide-domain <response.txt";

/// Check the Set-Cookie lines of a server: what browsers refuse, and what to mend
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP, next_line_help = true)]
pub(crate) struct Args {
    #[command(flatten)]
    source: Source,

    /// Do not give this warning (repeatable)
    #[arg(long, value_name = "WARNING", value_enum)]
    allow: Vec<Warning>,

    /// Print one JSON object, for machines
    #[arg(long)]
    json: bool,

    /// The time at which the lines were sent, such as 2026-11-20T09:00:00Z
    /// [default: the system clock]
    #[arg(long, value_name = "RFC 3339", value_parser = parse_instant, verbatim_doc_comment)]
    now: Option<DateTime<Utc>>,
}

/// Checks the lines and tells on standard output; the exit status tells whether there is anything.
pub(crate) fn run(args: Args) -> io::Result<ExitCode> {
    let Args {
        source,
        allow,
        json,
        now,
    } = args;
    let Some(input) = source.read::<Args>("hardtack lint")? else {
        return Ok(ExitCode::from(2));
    };
    let now = now.unwrap_or_else(|| Utc::now().trunc_subsecs(0));
    let report = Report::new(&input, &source.url, &allow, now);
    if json {
        writeln!(io::stdout(), "{:#}", document::of(&report))?;
    } else {
        text::write(&report, &mut anstream::stdout().lock())?;
    }
    let is_clean = report.findings().next().is_none();
    Ok(ExitCode::from(u8::from(!is_clean)))
}
