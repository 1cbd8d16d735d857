//! `hardtack completions` and `hardtack man`: completions for shells, and manual pages.

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  hardtack completions bash >~/.local/share/bash-completion/completions/hardtack
  hardtack completions zsh >~/.zfunc/_hardtack     (a directory of your $fpath)
  hardtack completions fish >~/.config/fish/completions/hardtack.fish";

const MAN_EXAMPLES: &str = "\
Examples:
  hardtack man | man -l -
  hardtack man lint >~/.local/share/man/man1/hardtack-lint.1";

/// Print the completions of this command for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = COMPLETIONS_EXAMPLES)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Print a manual page, for `man` to read
#[derive(Debug, clap::Args)]
#[command(after_help = MAN_EXAMPLES)]
pub(crate) struct ManArgs {
    /// The command that the page is about [default: all of hardtack]
    #[arg(value_parser = ["explain", "lint", "findings", "replay", "completions", "man"])]
    command: Option<String>,
}

/// Writes the completions of a command for a shell.
pub(crate) fn completions(args: &CompletionsArgs, mut command: Command) -> io::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "hardtack", &mut script);
    io::stdout().write_all(&script)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the manual page of a command, or of one of its subcommands.
pub(crate) fn man(args: &ManArgs, mut command: Command) -> io::Result<ExitCode> {
    command.build();
    let of = args.command.as_deref();
    let subcommand = of.and_then(|name| command.find_subcommand(name));
    let command = subcommand.unwrap_or(&command).clone();
    let mut page = Vec::new();
    let source = concat!("hardtack ", env!("CARGO_PKG_VERSION"));
    Man::new(command).source(source).render(&mut page)?;
    io::stdout().write_all(&page)?;
    Ok(ExitCode::SUCCESS)
}
