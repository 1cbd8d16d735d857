//! The arguments of the commands that take Set-Cookie lines.

use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Write as _};

use clap::error::ErrorKind;
use url::Url;

use crate::input::{Input, InputError};
use crate::time::{self, Instant};

/// The lines, and the URL that they come from.
#[derive(Debug, clap::Args)]
pub(crate) struct Source {
    /// Set-Cookie lines, with or without `Set-Cookie:` before them.
    ///
    /// `-` stands for standard input, which is also read when there are none:
    /// response headers as `curl -si`, `curl -v` and `wget -S` print them,
    /// or a Set-Cookie line each.
    #[arg(value_name = "SET_COOKIE", verbatim_doc_comment)]
    lines: Vec<OsString>,

    /// The URL that the lines come from
    #[arg(long, value_parser = parse_url)]
    pub(crate) url: Url,
}

impl Source {
    /// Reads the lines of the arguments or of standard input. If that fails, it writes the error as the
    /// command does and returns `None`.
    pub(crate) fn read<Command: clap::Args>(
        &self,
        name: &'static str,
    ) -> io::Result<Option<Input>> {
        if self.lines.is_empty() && io::stdin().is_terminal() {
            let message = "give a Set-Cookie line, or response headers on standard input";
            let mut command = Command::augment_args(clap::Command::new(name));
            command
                .error(ErrorKind::MissingRequiredArgument, message)
                .print()?;
            return Ok(None);
        }
        let input = match Input::read(&self.lines) {
            Ok(input) => input,
            Err(InputError::Io(error)) => return Err(error),
            Err(error @ InputError::Other(_)) => {
                writeln!(io::stderr(), "error: {error}")?;
                return Ok(None);
            }
        };
        if input.is_empty() {
            writeln!(io::stderr(), "note: no Set-Cookie line in the input")?;
        }
        Ok(Some(input))
    }
}

pub(crate) fn parse_url(text: &str) -> Result<Url, String> {
    Url::parse(text).map_err(|error| match error {
        url::ParseError::RelativeUrlWithoutBase => {
            format!("it has no scheme; did you mean `https://{text}`?")
        }
        error => error.to_string(),
    })
}

pub(crate) fn parse_instant(text: &str) -> Result<Instant, String> {
    time::parse(text).map_err(|error| format!("{error}; write it like 2026-11-20T09:00:00Z"))
}
