//! `hardtack findings`: the meaning of the findings of `hardtack lint`, from the page `docs/lint.md`.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;

use crate::page;

/// The page: a finding is a heading of the third level, and a group of them one of the second.
const PAGE: &str = include_str!("../../../docs/lint.md");

const AFTER_HELP: &str = "\
Examples:
  hardtack findings
  hardtack findings not-http-only";

/// Tell what a finding of lint means and what to do
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The name of a finding, as `lint` prints it; without it all are listed
    #[arg(value_parser = PossibleValuesParser::new(names()), hide_possible_values = true)]
    name: Option<String>,
}

/// The address of the paragraph of a finding.
pub(crate) fn link(name: &str) -> String {
    format!("docs/lint.md#{name}")
}

/// Writes the paragraph of a finding, or the names of all findings.
pub(crate) fn run(args: &Args) -> io::Result<ExitCode> {
    let mut out = page::output();
    match &args.name {
        None => {
            for group in PAGE.split("\n## ").skip(1) {
                let title = group.lines().next().unwrap_or_default();
                writeln!(out, "{}{title}{:#}", page::BOLD, page::BOLD)?;
                let mut names = sections(group);
                names.try_for_each(|(name, _)| writeln!(out, "  {name}"))?;
            }
        }
        Some(name) => {
            for (_, text) in sections(PAGE).filter(|(of, _)| of == name) {
                writeln!(
                    out,
                    "{}{name}{:#}\n\n{}",
                    page::BOLD,
                    page::BOLD,
                    text.trim()
                )?;
            }
        }
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn names() -> impl Iterator<Item = &'static str> {
    sections(PAGE).map(|(name, _)| name)
}

/// Returns the findings of the page: the name of each, and the text below that heading.
fn sections(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split("\n### ").skip(1).filter_map(|section| {
        let (name, text) = section.split_once('\n')?;
        Some((name, text.split("\n## ").next().unwrap_or_default()))
    })
}
