//! `hardtack`: which cookies are stored and sent, and why, at the command line.

// A module uses only those above it.
mod plain;
mod shown;
mod time;
mod json;
mod input;
mod arguments;
mod context;
mod joined;
mod secrets;
mod received;
mod compared;
mod page;

mod guide;
mod explain;
mod jar;
mod lint;
mod har;
mod replay;
#[cfg(feature = "redis")]
mod at_server;
mod conversation;
mod shell;

use std::io::{self, Write as _};
use std::process::ExitCode;

use anstream::ColorChoice;
use clap::{CommandFactory as _, Parser, Subcommand, ValueEnum};

const ABOUT: &str = "Decides which cookies an HTTP client stores and sends, and says why";

const EXAMPLES: &str = "\
Examples:
  hardtack explain --url https://shop.example/login 'sid=31d4; Secure; HttpOnly'
  curl -si https://shop.example/ | hardtack lint --url https://shop.example/
  hardtack har recording.har --html report.html
  hardtack jar list cookies.txt
  hardtack findings not-http-only
  hardtack man | man -l -";

#[derive(Debug, Parser)]
#[command(version, about = ABOUT, after_help = EXAMPLES, max_term_width = page::WIDTH)]
#[command(override_usage = "hardtack <COMMAND>")]
struct Cli {
    #[command(subcommand)]
    command: Command,

    /// When to write in colours; `auto` goes by the terminal and `NO_COLOR`
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        value_enum,
        default_value = "auto"
    )]
    color: Color,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    Explain(Box<explain::Args>),
    Lint(lint::Args),
    Har(har::Args),
    Jar(jar::Args),
    Findings(guide::Args),
    Replay(conversation::Args),
    Completions(shell::CompletionsArgs),
    Man(shell::ManArgs),
}

impl From<Color> for ColorChoice {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => Self::Auto,
            Color::Always => Self::Always,
            Color::Never => Self::Never,
        }
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    ColorChoice::from(cli.color).write_global();
    let done = match cli.command {
        Command::Explain(args) => explain::run(&args),
        Command::Lint(args) => lint::run(&args),
        Command::Har(args) => har::run(&args),
        Command::Jar(args) => jar::run(&args),
        Command::Findings(args) => guide::run(&args),
        Command::Replay(args) => conversation::run(&args),
        Command::Completions(args) => shell::completions(&args, Cli::command()),
        Command::Man(args) => shell::man(&args, Cli::command()),
    };
    done.unwrap_or_else(|error| {
        // A reader such as `head` may close standard output early, which is not an error.
        if error.kind() != io::ErrorKind::BrokenPipe {
            // If standard error is closed too, the message is lost.
            let _ = writeln!(io::stderr(), "error: {error}");
        }
        ExitCode::FAILURE
    })
}
