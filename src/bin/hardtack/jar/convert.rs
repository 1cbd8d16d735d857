//! `hardtack jar convert`: from one format to another.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use hardtack::Cookie;
use hardtack::formats::{Facet, Format, Loss, Lost, NotKept, WriteOptions, Written};
use serde_json::Value;

use crate::jar::file::{Failure, File, Target, is_standard};
use crate::jar::record::{name_shown, place_shown, why_shown};
use crate::jar::{Clock, Form, formats, save};
use crate::json::{self, Members, list};
use crate::page::{self, WIDTH, wrapped};
use crate::shown::shown;
use crate::time::Instant;

const AFTER_HELP: &str = "\
Nothing is made weaker: no cookie gets to more hosts, paths, schemes or
partitions than before. A cookie that the other format cannot hold so is left
out and told.

Exit status: 1 where a cookie was left out or narrowed, 2 where a file cannot
be read or written or on wrong usage, otherwise 0. Expired cookies and
duplicates do not count.

Examples:
  hardtack jar convert storageState.json cookies.txt
  hardtack jar convert --to storage-state cookies.txt -
  hardtack jar convert --lossy partition cookies.sqlite cookies.txt";

/// Convert a file of cookies into another format
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Args {
    /// The file that is read; `-` stands for standard input
    input: PathBuf,

    /// The file that is written; `-` stands for standard output
    output: PathBuf,

    /// The format that is written [default: as the content of the file that is
    /// there tells, then its ending]
    #[arg(long, value_name = "FORMAT", hide_possible_values = true, value_parser = formats())]
    to: Option<Format>,

    /// Give up a part of a cookie's scope that the format has no place for, so that more
    /// requests get it: `partition`
    #[arg(long, value_name = "WHAT", hide_possible_values = true)]
    #[arg(value_parser = facets())]
    lossy: Vec<Facet>,

    /// Write cookies.txt without `#HttpOnly_`, which wget and aria2 take for a comment
    #[arg(long)]
    no_http_only_prefix: bool,

    #[command(flatten)]
    form: Form,
    #[command(flatten)]
    clock: Clock,
}

fn facets() -> impl clap::builder::TypedValueParser<Value = Facet> {
    PossibleValuesParser::new(Facet::ALL.map(Facet::name)).try_map(|name| name.parse::<Facet>())
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let file = File::read(&args.input, args.form.from)?;
    let target = Target::to_replace(&args.output, args.to)?;
    file.say_if_empty()?;
    let now = args.clock.now();
    let (jar, verdicts) = file.jar(now);
    let cookies: Vec<&Cookie> = jar.iter(now).collect();
    let mut options = WriteOptions::default().http_only_prefix(!args.no_http_only_prefix);
    for facet in &args.lossy {
        options = options.give_up(*facet);
    }
    let written = file.written(&args.input, target.format, &cookies, options)?;
    write(&target, &cookies, &written, now)?;
    let told = Told {
        file: &file,
        verdicts: &verdicts,
        cookies: &cookies,
        written: &written,
        format: target.format,
    };
    if args.form.json {
        let line = json::plain(&Value::from(told.document()).to_string()).into_owned();
        if is_standard(&args.output) {
            writeln!(io::stderr(), "{line}")?;
        } else {
            let mut out = page::output();
            writeln!(out, "{line}")?;
            out.flush()?;
        }
    } else {
        let mut err = io::stderr();
        for line in told.lines() {
            for line in wrapped(&line, WIDTH) {
                writeln!(err, "{line}")?;
            }
        }
    }
    Ok(ExitCode::from(u8::from(told.is_less())))
}

/// Writes the file. A database that is there, or may be made meanwhile, is written by SQLite itself.
fn write(
    target: &Target,
    cookies: &[&Cookie],
    written: &Written,
    now: Instant,
) -> Result<(), Failure> {
    #[cfg(feature = "sqlite")]
    if target.format == Format::HardtackSqlite && target.is_database() {
        return save::write_into_database(&target.path, cookies, now);
    }
    let _ = (cookies, now);
    save::write(&target.path, &written.octets)
}

/// What became of the cookies.
pub(super) struct Told<'a> {
    pub(super) file: &'a File,
    pub(super) verdicts: &'a [Option<NotKept>],
    pub(super) cookies: &'a [&'a Cookie],
    pub(super) written: &'a Written,
    pub(super) format: Format,
}

impl Told<'_> {
    /// The records that no jar keeps, without those that are gone anyway.
    fn not_kept(&self) -> impl Iterator<Item = (usize, &NotKept)> {
        let verdicts = self.verdicts.iter().enumerate();
        let not_kept = verdicts.filter_map(|(index, why_not)| Some((index, why_not.as_ref()?)));
        not_kept.filter(|(_, why_not)| !matches!(why_not.name(), "expired" | "duplicate"))
    }

    fn left_out(&self) -> impl Iterator<Item = &Lost> {
        self.written.lost.iter().filter(|lost| lost.left_out)
    }

    /// How many cookies may have been for subdomains too, and are written as host-only.
    fn narrowed(&self) -> usize {
        let records = self.file.contents.records.iter().zip(self.verdicts);
        let kept = records.filter(|(_, why_not)| why_not.is_none());
        let cookies = kept.filter_map(|(record, _)| record.cookie.as_ref());
        cookies.filter(|cookie| cookie.host_only.is_none()).count()
    }

    /// How many cookies lost what the file said.
    fn losses(&self) -> BTreeMap<Loss, usize> {
        let mut losses = BTreeMap::new();
        for lost in self.written.lost.iter().filter(|lost| !lost.left_out) {
            *losses.entry(lost.loss).or_default() += 1;
        }
        let records = self.file.contents.records.iter();
        let cookies = || records.clone().filter_map(|record| record.cookie.as_ref());
        if cookies().all(|cookie| cookie.creation.is_none()) {
            losses.remove(&Loss::CreationTime);
        }
        if cookies().all(|cookie| cookie.last_access.is_none()) {
            losses.remove(&Loss::LastAccessTime);
        }
        losses
    }

    /// Whether a record of the file is in no jar, though it is not gone.
    pub(super) fn has_not_kept(&self) -> bool {
        self.not_kept().next().is_some()
    }

    /// Whether a cookie has no place in the format.
    pub(super) fn has_left_out(&self) -> bool {
        self.left_out().next().is_some()
    }

    fn is_less(&self) -> bool {
        self.has_not_kept() || self.has_left_out() || self.narrowed() > 0
    }

    fn count(&self) -> usize {
        self.cookies.len() - self.left_out().count()
    }

    /// What is to be said of the file that is written.
    fn lines(&self) -> Vec<String> {
        let mut lines = self.remarks();
        lines.push(format!(
            "written: {} ({})",
            counted(self.count()),
            self.format
        ));
        lines
    }

    /// What is not in the file that is written.
    pub(super) fn remarks(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (index, why_not) in self.not_kept() {
            let record = &self.file.contents.records[index];
            let name = record
                .cookie
                .as_ref()
                .map(|cookie| name_shown(&cookie.name));
            let which = name.map_or(String::new(), |name| format!(" ({name})"));
            let (place, why) = (place_shown(record.place), why_shown(why_not));
            lines.push(format!("left out: {place}{which}: {why}"));
        }
        for lost in self.left_out() {
            let cookie = self.cookies[lost.index];
            let which = which(cookie);
            let hint = if lost.loss == Loss::Partition {
                "; `--lossy partition` gives it up"
            } else {
                ""
            };
            lines.push(format!(
                "left out: {which}: `{}` has no place for {}{hint}",
                self.format, lost.loss
            ));
        }
        match self.narrowed() {
            0 => (),
            count => lines.push(format!(
                "narrowed: {} of which the file does not say whether subdomains get it: host-only now",
                counted(count)
            )),
        }
        for (loss, count) in self.losses() {
            lines.push(format!("lost: {loss} of {}", counted(count)));
        }
        lines
    }

    fn document(&self) -> Members {
        let not_kept = self.not_kept().map(|(index, why_not)| {
            let record = &self.file.contents.records[index];
            crate::jar::record::remarks(record, Some(why_not))
        });
        let left_out = self.left_out().map(|lost| {
            let cookie = self.cookies[lost.index];
            Members::new()
                .octets("name", cookie.name())
                .octets("domain", cookie.domain())
                .octets("path", cookie.path())
                .member("reason", lost.loss.name())
        });
        let losses = self.losses().into_iter();
        let losses = losses.map(|(loss, count)| {
            Members::new()
                .member("loss", loss.name())
                .member("cookies", count)
        });
        Members::new()
            .member("format", self.format.name())
            .member("read", self.file.contents.records.len())
            .member("written", self.count())
            .member("not_kept", list(not_kept))
            .member("left_out", list(left_out))
            .member("narrowed", self.narrowed())
            .member("lost", list(losses))
    }
}

fn counted(cookies: usize) -> String {
    match cookies {
        1 => "1 cookie".to_owned(),
        cookies => format!("{cookies} cookies"),
    }
}

/// Names a cookie, without its value.
fn which(cookie: &Cookie) -> String {
    let (domain, path) = (shown(cookie.domain()), shown(cookie.path()));
    format!("{} of {domain}{path}", name_shown(cookie.name()))
}
