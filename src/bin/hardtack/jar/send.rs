//! `hardtack jar send`: the Cookie field that a file gives for a request.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::Value;
use url::Url;

use crate::arguments::parse_url;
use crate::context::Context;
use crate::jar::Form;
use crate::jar::file::{Failure, File};
use crate::jar::record::name_shown;
use crate::json::{self, Members};
use crate::page::{self, WIDTH, wrapped};
use crate::shown::shown;

const AFTER_HELP: &str = "\
The cookie-string goes to standard output, and why other cookies of the host do
not go with it to standard error.

Exit status: 2 where the file cannot be read or on wrong usage, otherwise 0.

Example:
  curl -H \"Cookie: $(hardtack jar send cookies.txt --url https://shop.example/)\" \\
      https://shop.example/";

/// Print the Cookie field that a file gives for a request, and why not the rest
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Args {
    /// The file; `-` stands for standard input
    file: PathBuf,

    /// The URL of the request
    #[arg(long, value_parser = parse_url)]
    url: Url,

    #[command(flatten)]
    form: Form,

    #[command(flatten)]
    #[command(next_help_heading = "Context of the request")]
    context: Context,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let file = File::read(&args.file, args.form.from)?;
    file.say_if_empty()?;
    let now = args.context.now();
    let (jar, _) = file.jar(now);
    let context = args.context.of_requests();
    let request = context.request(&args.url, args.context.method().unwrap_or("GET"));
    let cookie_string = jar.cookie_string(request, now).unwrap_or_default();
    let explained = jar.explain(request, now);
    let mut out = page::output();
    if args.form.json {
        let cookies = explained
            .iter()
            .map(|(cookie, why_not)| json::explained(cookie, *why_not));
        let members = Members::new()
            .octets("cookie", &cookie_string)
            .member("cookies", json::list(cookies));
        writeln!(out, "{}", json::plain(&Value::from(members).to_string()))?;
    } else {
        if !cookie_string.is_empty() {
            out.write_all(&cookie_string)?;
            writeln!(out)?;
        }
        let mut err = io::stderr();
        for (cookie, why_not) in &explained {
            let Some(why_not) = why_not else { continue };
            let (name, domain) = (name_shown(cookie.name()), shown(cookie.domain()));
            let text = format!(
                "not sent: {name} of {domain}{}: {why_not}",
                shown(cookie.path())
            );
            for line in wrapped(&text, WIDTH) {
                writeln!(err, "{line}")?;
            }
        }
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
