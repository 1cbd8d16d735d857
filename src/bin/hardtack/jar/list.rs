//! `hardtack jar list` and `check`: what a file says, and what a jar keeps of it.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use hardtack::formats::{NotKept, Record};
use serde_json::Value;

use crate::jar::file::{Failure, File};
use crate::jar::record::{self, name_shown, place_shown};
use crate::jar::table::{self, Table};
use crate::jar::{Clock, Form};
use crate::json::{self, Members};
use crate::page::{self, BOLD, WIDTH, wrapped};
use crate::shown::shown;

const LIST_HELP: &str = "\
Exit status: 2 where the file cannot be read or on wrong usage, otherwise 0.

Examples:
  hardtack jar list cookies.txt
  hardtack jar list --json ~/.mozilla/firefox/*/cookies.sqlite
  pbpaste | hardtack jar list -";

const CHECK_HELP: &str = "\
Exit status: 1 where there are notes, 2 where the file cannot be read or on
wrong usage, otherwise 0.

Example:
  hardtack jar check cookies.txt";

/// Show what a file says, and what a jar would keep of it
#[derive(Debug, clap::Args)]
#[command(after_help = LIST_HELP)]
pub(super) struct ListArgs {
    /// The file; `-` stands for standard input
    file: PathBuf,
    #[command(flatten)]
    form: Form,
    #[command(flatten)]
    clock: Clock,
}

/// Show what was repaired or refused of a file, and what it cannot tell
#[derive(Debug, clap::Args)]
#[command(after_help = CHECK_HELP)]
pub(super) struct CheckArgs {
    /// The file; `-` stands for standard input
    file: PathBuf,
    #[command(flatten)]
    form: Form,
    #[command(flatten)]
    clock: Clock,
}

pub(super) fn list(args: &ListArgs) -> Result<ExitCode, Failure> {
    let file = File::read(&args.file, args.form.from)?;
    let (_, verdicts) = file.jar(args.clock.now());
    let values = args.form.values();
    let mut out = page::output();
    file.say_if_empty()?;
    if args.form.json {
        for (record, why_not) in file.contents.records.iter().zip(&verdicts) {
            line(&mut out, record::document(record, why_not.as_ref(), values))?;
        }
    } else if !verdicts.is_empty() {
        let format = file.contents.format.map_or("", |format| format.name());
        writeln!(out, "{BOLD}{}{BOLD:#} ({format})", file.name)?;
        table::head(&mut out)?;
        let mut table = Table::default();
        for (record, why_not) in file.contents.records.iter().zip(&verdicts) {
            table.row(&mut out, record, why_not.as_ref(), values)?;
        }
        writeln!(out)?;
        for line in wrapped(&summary(&verdicts), WIDTH) {
            writeln!(out, "{line}")?;
        }
        notes_of_file(&mut out, &file)?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn check(args: &CheckArgs) -> Result<ExitCode, Failure> {
    let file = File::read(&args.file, args.form.from)?;
    let (_, verdicts) = file.jar(args.clock.now());
    let mut out = page::output();
    file.say_if_empty()?;
    let mut has_notes = !file.contents.notes.is_empty();
    for (record, why_not) in file.contents.records.iter().zip(&verdicts) {
        if why_not.is_none() && record.notes.is_empty() {
            continue;
        }
        has_notes = true;
        if args.form.json {
            line(&mut out, record::remarks(record, why_not.as_ref()))?;
        } else {
            writeln!(out, "{BOLD}{}{BOLD:#}", which(record))?;
            table::remarks(&mut out, record, why_not.as_ref())?;
        }
    }
    if args.form.json {
        for note in &file.contents.notes {
            let members = Members::new().member("place", Value::Null);
            line(
                &mut out,
                members.member("notes", json::list([record::note(note)].into_iter())),
            )?;
        }
    } else {
        notes_of_file(&mut out, &file)?;
    }
    out.flush()?;
    Ok(ExitCode::from(u8::from(has_notes)))
}

fn line(out: &mut impl Write, members: Members) -> Result<(), Failure> {
    writeln!(out, "{}", json::plain(&Value::from(members).to_string()))?;
    Ok(())
}

fn notes_of_file(out: &mut impl Write, file: &File) -> Result<(), Failure> {
    let notes = file.contents.notes.iter();
    let notes: Vec<String> = notes.map(|note| note.text().to_owned()).collect();
    page::notes(out, &notes)?;
    Ok(())
}

/// Names a record by its place, and by its cookie where it can be read.
fn which(record: &Record) -> String {
    let place = place_shown(record.place);
    match &record.cookie {
        None => place,
        Some(cookie) => {
            let (name, domain) = (name_shown(&cookie.name), shown(cookie.domain.as_bytes()));
            format!("{place}: {name} of {domain}{}", shown(&cookie.path))
        }
    }
}

/// Counts what is kept, and what is not by its reason.
fn summary(verdicts: &[Option<NotKept>]) -> String {
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for why_not in verdicts.iter().flatten() {
        *reasons.entry(why_not.name()).or_default() += 1;
    }
    let not_kept: usize = reasons.values().sum();
    let kept = verdicts.len() - not_kept;
    let plural = if verdicts.len() == 1 { "" } else { "s" };
    let counts = format!("{} cookie{plural}, {kept} kept", verdicts.len());
    if reasons.is_empty() {
        return counts;
    }
    let reasons: Vec<String> = reasons
        .into_iter()
        .map(|(reason, count)| format!("{count} {reason}"))
        .collect();
    format!("{counts}; {}", reasons.join(", "))
}
