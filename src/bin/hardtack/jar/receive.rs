//! `hardtack jar receive`: Set-Cookie lines taken into a file.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser as _;
use hardtack::formats::{self, Contents, Format, WriteOptions};
use hardtack::{Cookie, Policy, Receipt, Rejection};
use serde_json::Value;

use crate::arguments::Source;
use crate::context::Context;
use crate::jar::convert::Told;
use crate::jar::file::{Failure, File, Target, exists, name};
use crate::jar::record::name_shown;
use crate::jar::save;
use crate::json::{self, Members};
use crate::page::{self, GREEN, RED, WIDTH, YELLOW, wrapped};
use crate::received::{Line, Receiver};
use crate::secrets::Values;

const AFTER_HELP: &str = "\
The file is made where there is none. Its format stays what it is; that of a new
file is told by --from or its ending: .txt is cookies.txt, .jsonl hardtack's own.

Exit status: 1 where a line was refused, 2 where the file cannot be read or
written or on wrong usage, otherwise 0.

Examples:
  curl -si https://shop.example/ |
      hardtack jar receive cookies.txt --url https://shop.example/
  hardtack jar receive jar.jsonl --url https://shop.example/ 'sid=31d4; Secure'";

/// Take Set-Cookie lines into a file, and save it in its own format
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP, next_line_help = true)]
pub(super) struct Args {
    /// The file
    file: PathBuf,

    #[command(flatten)]
    source: Source,

    /// The format of the file [default: as its content tells, then its ending]
    #[arg(long, value_name = "FORMAT", hide_possible_values = true)]
    #[arg(value_parser = crate::jar::formats())]
    from: Option<Format>,

    /// Print a JSON object for each line, for machines
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    #[command(next_help_heading = "Context of the request")]
    context: Context,
}
