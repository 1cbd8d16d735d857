//! `hardtack jar`: cookie files, of hardtack and of other programs.

mod convert;
mod diff;
mod file;
mod list;
mod receive;
mod record;
mod save;
mod send;
mod table;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use hardtack::formats::Format;

use crate::arguments::parse_instant;
use crate::secrets::{Values, ValuesOption};
use crate::time::{self, Instant};

const AFTER_HELP: &str = "\
Formats: hardtack and hardtack-sqlite (its own), netscape (cookies.txt), lwp,
storage-state, cdp, webdriver, extension, tough-cookie, cookie-store, httpie,
aiohttp, guzzle, har, firefox and chromium. The content of a file tells which it is.
webdriver, guzzle, har and the databases of the two browsers are only read.

Exit status: 2 where a file cannot be read or on wrong usage. `check`, `diff`,
`convert` and `receive` exit with 1 where there is something to say: a note,
a difference, a cookie that was left out, a line that was refused.

Examples:
  hardtack jar list cookies.txt
  hardtack jar convert storageState.json cookies.txt
  curl -si https://shop.example/ |
      hardtack jar receive cookies.txt --url https://shop.example/
  curl -H \"Cookie: $(hardtack jar send cookies.txt --url https://shop.example/)\" \\
      https://shop.example/";

/// Read, check, convert and use files of cookies
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    List(list::ListArgs),
    Check(list::CheckArgs),
    Convert(convert::Args),
    Diff(diff::Args),
    Send(Box<send::Args>),
    Receive(Box<receive::Args>),
}

/// What all commands share.
#[derive(Debug, clap::Args)]
struct Form {
    /// The format of the file that is read [default: as its content tells]
    #[arg(long, value_name = "FORMAT", hide_possible_values = true)]
    #[arg(value_parser = formats())]
    from: Option<Format>,

    #[command(flatten)]
    values: ValuesOption,

    /// Print JSON, for machines
    #[arg(long)]
    json: bool,
}

/// The time, of commands that have no other context.
#[derive(Debug, clap::Args)]
struct Clock {
    /// The time, such as 2026-11-20T09:00:00Z [default: the system clock]
    #[arg(long, value_name = "RFC 3339", value_parser = parse_instant)]
    now: Option<Instant>,
}

impl Form {
    fn values(&self) -> Values {
        self.values.or(Values::Hide)
    }
}

impl Clock {
    fn now(&self) -> Instant {
        self.now.unwrap_or_else(time::now)
    }
}

fn formats() -> impl clap::builder::TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.map(Format::name)).try_map(|name| name.parse::<Format>())
}

/// Carries out a command. A file or an output that cannot be read or written is an exit status of 2.
pub(crate) fn run(args: &Args) -> io::Result<ExitCode> {
    let done = match &args.command {
        Command::List(args) => list::list(args),
        Command::Check(args) => list::check(args),
        Command::Convert(args) => convert::run(args),
        Command::Diff(args) => diff::run(args),
        Command::Send(args) => send::run(args),
        Command::Receive(args) => receive::run(args),
    };
    let message = match done {
        Ok(code) => return Ok(code),
        // A reader such as `head` may close it early.
        Err(file::Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            return Err(error);
        }
        Err(file::Failure::Output(error)) => format!("standard output cannot be written: {error}"),
        Err(file::Failure::File(message)) => message,
    };
    writeln!(io::stderr(), "error: {message}")?;
    Ok(ExitCode::from(2))
}
