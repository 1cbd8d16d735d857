//! `hardtack jar diff`: what two files say differently.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use hardtack::formats::{Format, NotKept, RecordedCookie};
use serde_json::Value;

use crate::jar::file::{Failure, File};
use crate::jar::record::name_shown;
use crate::jar::{Clock, Form};
use crate::json::{self, Members};
use crate::page::{self, GREEN, RED, YELLOW};
use crate::secrets::Values;
use crate::shown::shown;
use crate::time::Instant;

const AFTER_HELP: &str = "\
Cookies are the same by their name, domain, host-only-flag, path and partition.
What one of the files cannot say is not compared, and neither is the order.
Expired cookies are compared like the others, whatever the time is.

Exit status: 1 where there are differences, 2 where a file cannot be read or on
wrong usage, otherwise 0.

Example:
  hardtack jar diff before.txt after.txt";

/// Show which cookies were added, removed or changed between two files
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Args {
    /// The one file; `-` stands for standard input
    before: PathBuf,

    /// The other file
    after: PathBuf,

    /// The format of the other file [default: as its content tells]
    #[arg(long, value_name = "FORMAT", hide_possible_values = true)]
    #[arg(value_parser = crate::jar::formats())]
    to: Option<Format>,

    #[command(flatten)]
    form: Form,

    #[command(flatten)]
    clock: Clock,
}

/// What two cookies share if one takes the place of the other, in the order in which they are told.
type Identity<'f> = (&'f str, &'f [u8], &'f [u8], bool, Option<String>);

/// The cookies of a file that can be read, of each identity the one that stays.
fn cookies(file: &File, now: Instant) -> BTreeMap<Identity<'_>, &RecordedCookie> {
    let (_, verdicts) = file.jar(now);
    let is_duplicate = |why_not: &NotKept| why_not.name() == "duplicate";
    let records = file.contents.records.iter().zip(&verdicts);
    let records = records.filter(|(_, why_not)| !why_not.as_ref().is_some_and(is_duplicate));
    let cookies = records.filter_map(|(record, _)| record.cookie.as_ref());
    cookies.map(|cookie| (identity(cookie), cookie)).collect()
}

fn identity(cookie: &RecordedCookie) -> Identity<'_> {
    (
        &cookie.domain,
        &cookie.path,
        &cookie.name,
        cookie.host_only.unwrap_or(true),
        cookie.partition.as_ref().map(ToString::to_string),
    )
}

enum Difference<'f> {
    Added(&'f RecordedCookie),
    Removed(&'f RecordedCookie),
    Changed(&'f RecordedCookie, &'f RecordedCookie, Vec<&'static str>),
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let before = File::read(&args.before, args.form.from)?;
    let after = File::read(&args.after, args.to)?;
    let now = args.clock.now();
    let differences = differences(&cookies(&before, now), &cookies(&after, now));
    let mut out = page::output();
    for difference in &differences {
        if args.form.json {
            let line = Value::from(difference.document(args.form.values()));
            writeln!(out, "{}", json::plain(&line.to_string()))?;
        } else {
            difference.text(&mut out, args.form.values())?;
        }
    }
    out.flush()?;
    Ok(ExitCode::from(u8::from(!differences.is_empty())))
}

fn differences<'f>(
    before: &BTreeMap<Identity<'f>, &'f RecordedCookie>,
    after: &BTreeMap<Identity<'f>, &'f RecordedCookie>,
) -> Vec<Difference<'f>> {
    let mut differences = Vec::new();
    for (identity, cookie) in before {
        match after.get(identity) {
            None => differences.push(Difference::Removed(cookie)),
            Some(other) => {
                let fields = changed(cookie, other);
                if !fields.is_empty() {
                    differences.push(Difference::Changed(cookie, other, fields));
                }
            }
        }
    }
    let added = after
        .iter()
        .filter(|(identity, _)| !before.contains_key(identity));
    differences.extend(added.map(|(_, cookie)| Difference::Added(cookie)));
    differences
}

/// Returns the names of the fields that two cookies of one identity say differently.
fn changed(one: &RecordedCookie, other: &RecordedCookie) -> Vec<&'static str> {
    fn differ<T: PartialEq>(one: Option<T>, other: Option<T>) -> bool {
        one.zip(other).is_some_and(|(one, other)| one != other)
    }
    let fields = [
        (
            "value",
            one.value != other.value || one.trouble != other.trouble,
        ),
        ("secure", differ(one.secure, other.secure)),
        ("http_only", differ(one.http_only, other.http_only)),
        ("same_site", differ(one.same_site, other.same_site)),
        ("expires", !is_same_expiry(one.expires, other.expires)),
    ];
    let changed = fields.into_iter().filter(|(_, is_changed)| *is_changed);
    changed.map(|(name, _)| name).collect()
}

/// Formats of whole seconds cut the fraction off.
fn is_same_expiry(one: Option<Instant>, other: Option<Instant>) -> bool {
    let is_whole = |instant: Instant| instant.as_micros() % 1_000_000 == 0;
    match (one, other) {
        (Some(one), Some(other)) if is_whole(one) || is_whole(other) => {
            one.as_secs() == other.as_secs()
        }
        _ => one == other,
    }
}

impl Difference<'_> {
    fn cookie(&self) -> &RecordedCookie {
        match self {
            Self::Added(cookie) | Self::Removed(cookie) | Self::Changed(_, cookie, _) => cookie,
        }
    }

    fn document(&self, values: Values) -> Members {
        let cookie = self.cookie();
        let (change, fields) = match self {
            Self::Added(_) => ("added", None),
            Self::Removed(_) => ("removed", None),
            Self::Changed(_, _, fields) => ("changed", Some(fields.clone())),
        };
        let members = Members::new()
            .member("change", change)
            .octets("name", &cookie.name)
            .member("domain", cookie.domain.as_str())
            .member("host_only", cookie.host_only)
            .octets("path", &cookie.path)
            .member(
                "partition",
                cookie.partition.as_ref().map(ToString::to_string),
            )
            .optional("fields", fields);
        match self {
            Self::Changed(old, new, fields)
                if values == Values::Show && fields.contains(&"value") =>
            {
                members
                    .octets("value_before", &old.value)
                    .octets("value", &new.value)
            }
            _ => members,
        }
    }

    fn text(&self, out: &mut impl Write, values: Values) -> Result<(), Failure> {
        let cookie = self.cookie();
        let (style, sign) = match self {
            Self::Added(_) => (GREEN, "+"),
            Self::Removed(_) => (RED, "-"),
            Self::Changed(..) => (YELLOW, "~"),
        };
        let (name, domain) = (name_shown(&cookie.name), shown(cookie.domain.as_bytes()));
        let dot = if cookie.host_only == Some(false) {
            "."
        } else {
            ""
        };
        write!(
            out,
            "{style}{sign}{style:#} {name} of {dot}{domain}{}",
            shown(&cookie.path)
        )?;
        if let Some(key) = &cookie.partition {
            write!(out, " in {key}")?;
        }
        if let Self::Changed(old, new, fields) = self {
            write!(out, ": {}", fields.join(", "))?;
            if values == Values::Show && fields.contains(&"value") {
                write!(out, " ({} to {})", shown(&old.value), shown(&new.value))?;
            }
        }
        writeln!(out)?;
        Ok(())
    }
}
