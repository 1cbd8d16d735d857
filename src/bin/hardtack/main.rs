//! `hardtack`: which cookies are stored and sent, and why, at the command line.

// A module uses only those above it.
mod json;
mod input;
mod arguments;
mod received;
mod page;

mod explain;
mod lint;
mod replay;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

const EXAMPLES: &str = "\
Examples:
  hardtack explain --url https://shop.example/login 'sid=31d4; Secure; HttpOnly'
  curl -si https://shop.example/ | hardtack lint --url https://shop.example/";

#[derive(Debug, Parser)]
#[command(version, about, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Explain(Box<explain::Args>),
    Lint(lint::Args),
    /// Drive a cookie jar by JSON lines, the protocol that the README describes
    Replay,
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Explain(args) => explain::run(*args),
        Command::Lint(args) => lint::run(args),
        Command::Replay => replay::run().map(|()| ExitCode::SUCCESS),
    };
    done.unwrap_or_else(|error| {
        // A reader that has seen enough, such as `head`, is no news.
        if error.kind() != io::ErrorKind::BrokenPipe {
            // Where standard error is gone too, nobody is left to tell.
            let _ = writeln!(io::stderr(), "error: {error}");
        }
        ExitCode::FAILURE
    })
}
