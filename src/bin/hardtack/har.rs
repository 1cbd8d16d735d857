//! `hardtack har`: a recording, replayed.

// A module uses only those above it.
mod document;
mod findings;
mod redact;
mod stand_ins;
mod text;
mod html;
mod problems;
mod github;
mod junit;
mod sarif;

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;
use hardtack::formats::Record;
use hardtack::recording::{Recording, Replay};
use indicatif::{ProgressBar, ProgressStyle};

use crate::har::findings::Findings;
use crate::har::redact::Source;
use crate::har::stand_ins::StandIns;
use crate::page;
use crate::secrets::{Values, ValuesOption};
use crate::shown::shown;

const AFTER_HELP: &str = "\
Reads HAR 1.2 of Chromium, Firefox, Playwright, Puppeteer and proxies, logs of
the Chrome DevTools Protocol, and what `curl -v` prints.

Exit status: 1 where --fail-on is met, 2 on wrong usage or when a file cannot
be read to its end, otherwise 0.

Examples:
  hardtack har recording.har
  hardtack har recording.har --html report.html
  hardtack har recording.har --entry 16
  hardtack har recording.har --redact safe.har
  hardtack har recording.har --json --fail-on unexplained
  hardtack har tests/*.har --junit hardtack.xml --fail-on error
  curl -sv -o page.html https://shop.example/ 2>&1 | hardtack har -";

/// Replay a recording: why each cookie was kept, sent or not
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The recordings; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Print JSON, an object a line, for machines
    #[arg(long)]
    json: bool,

    /// Write one HTML page, which needs nothing else
    #[arg(long, value_name = "OUT")]
    html: Option<PathBuf>,

    /// Write the findings as SARIF 2.1.0, which point at the lines of the recording
    #[arg(long, value_name = "OUT")]
    sarif: Option<PathBuf>,

    /// Write JUnit XML: a suite a recording, a test a request
    #[arg(long, value_name = "OUT")]
    junit: Option<PathBuf>,

    /// Print the findings as annotations of GitHub Actions
    #[arg(long, conflicts_with_all = ["json", "entry"])]
    github: bool,

    /// Write the recording anew, with a stand-in for every value of a cookie
    #[arg(long, value_name = "OUT")]
    redact: Option<PathBuf>,

    /// Print one request in full, by its number in the recording
    #[arg(long, value_name = "N", conflicts_with = "json")]
    entry: Option<usize>,

    /// Make the exit status 1 if there is such a thing (repeatable)
    #[arg(long, value_name = "KIND", value_enum)]
    fail_on: Vec<FailOn>,

    /// Go on with a recording that was exported without cookies
    #[arg(long)]
    allow_sanitized: bool,

    #[command(flatten)]
    values: ValuesOption,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// A difference that is not explained
    Unexplained,
    /// A Set-Cookie line that is refused
    Refused,
    /// A cookie that may be expected and was not sent
    NotSent,
    /// A refused line, an unexplained difference, an error of lint
    Error,
    /// Any of these, or a warning of lint
    Warning,
    /// Any of these, or a note of lint
    Note,
}

/// A recording and what became of it, as the outputs show it.
struct Report<'r> {
    name: &'r str,
    recording: &'r Recording,
    replay: &'r Replay,
    findings: Findings,
    stand_ins: StandIns,
    values: Values,
    notes: Vec<String>,
}

/// Why the command ends with an exit status of 2.
enum Stop {
    Io(io::Error),
    /// A message for people.
    Because(String),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Replays the recordings. A file that cannot be read is an exit status of 2.
pub(crate) fn run(args: &Args) -> io::Result<ExitCode> {
    let mut out = page::output();
    let ended = replay_all(args, &mut out);
    let flushed = out.flush().map_err(Stop::Io);
    match flushed.and(ended) {
        Ok(End::Well) => Ok(ExitCode::SUCCESS),
        Ok(End::Met) => Ok(ExitCode::from(1)),
        Ok(End::Damaged) => Ok(ExitCode::from(2)),
        Err(Stop::Because(why)) => {
            writeln!(io::stderr(), "error: {why}")?;
            Ok(ExitCode::from(2))
        }
        // A reader such as `head` may close it early.
        Err(Stop::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => Err(error),
        Err(Stop::Io(error)) => {
            writeln!(
                io::stderr(),
                "error: standard output cannot be written: {error}"
            )?;
            Ok(ExitCode::from(2))
        }
    }
}

/// How the command ends, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Well,
    /// One of the conditions of `--fail-on` is met.
    Met,
    /// A recording could be read in part.
    Damaged,
}

fn replay_all(args: &Args, out: &mut impl Write) -> Result<End, Stop> {
    args.check_outputs().map_err(Stop::Because)?;
    let mut end = End::Well;
    let (mut runs, mut suites) = (Vec::new(), Vec::new());
    for path in &args.files {
        let name = name(path);
        let stop = |why: String| Stop::Because(format!("{name}: {why}"));
        let is_read_twice = args.redact.is_some();
        let source = Source::of(path, is_read_twice)?;
        let recording = read(&source).map_err(stop)?;
        if let Some(damage) = damage(&recording) {
            writeln!(io::stderr(), "error: {name}: {damage}")?;
            end = End::Damaged;
        }
        if recording.is_sanitized() && !args.allow_sanitized {
            return Err(stop(SANITIZED.to_owned()));
        }
        let replay = recording.replay();
        if let Some(why) = nothing_readable(&recording, &replay) {
            return Err(stop(why));
        }
        let report = Report {
            name: &name,
            recording: &recording,
            replay: &replay,
            findings: Findings::of(&replay),
            stand_ins: StandIns::of(&replay),
            values: args.values.or(Values::Hide),
            notes: notes(&recording),
        };
        if let Some(redacted) = &args.redact {
            let written = redact::write(&source, redacted, out).map_err(|error| match error {
                Stop::Because(why) => stop(why),
                error @ Stop::Io(_) => error,
            });
            if let Some(note) = written? {
                writeln!(io::stderr(), "note: {name}: {note}")?;
            }
        }
        if let Some(html) = &args.html {
            save(html, &html::page(&report), out)?;
        }
        let location = path.to_string_lossy();
        if args.sarif.is_some() {
            runs.push(sarif::run(&report, &location));
        }
        if args.junit.is_some() {
            suites.push(junit::suite(&report));
        }
        if args.json {
            document::write(&report, out)?;
        } else if let Some(number) = args.entry {
            if !text::entry(&report, number, out)? {
                return Err(stop(format!("it has no readable entry {number}")));
            }
        } else if args.github {
            write!(out, "{}", github::annotations(&report, &location))?;
        } else if !args.writes_a_file() {
            text::write(&report, out)?;
        }
        if args.fail_on.iter().any(|kind| report.has(*kind)) {
            end = end.max(End::Met);
        }
    }
    if let Some(path) = &args.sarif {
        save(path, &sarif::document(&runs), out)?;
    }
    if let Some(path) = &args.junit {
        save(path, &junit::document(&suites), out)?;
    }
    Ok(end)
}

impl Args {
    /// The files that are written, each with its option.
    fn outputs(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let outputs = [
            ("--html", &self.html),
            ("--sarif", &self.sarif),
            ("--junit", &self.junit),
            ("--redact", &self.redact),
        ];
        let outputs = outputs.into_iter();
        outputs.filter_map(|(option, path)| Some((option, path.as_deref()?)))
    }

    /// Refuses outputs of which one would be written over another, or over a recording.
    fn check_outputs(&self) -> Result<(), String> {
        let prints = self.json || self.entry.is_some() || self.github;
        let printed = prints.then_some(("what is printed", Path::new("-")));
        let mut before: Vec<(&str, &Path)> = printed.into_iter().collect();
        for (option, path) in self.outputs() {
            if matches!(option, "--html" | "--redact") && self.files.len() > 1 {
                return Err(format!("{option} writes one file: name one recording"));
            }
            let of_file = |file: &&PathBuf| *file != Path::new("-") && is_same(file, path);
            if let Some(file) = self.files.iter().find(of_file) {
                let file = name(file);
                return Err(format!(
                    "{file}: it would be written over: name another file with {option}"
                ));
            }
            if let Some((other, _)) = before.iter().find(|(_, other)| is_same(other, path)) {
                return Err(format!(
                    "{option} would write where {other} goes: name another file"
                ));
            }
            before.push((option, path));
        }
        Ok(())
    }

    /// Returns true where the text for people is not printed unless it is asked for.
    fn writes_a_file(&self) -> bool {
        self.outputs().next().is_some()
    }
}

/// Returns true if both are one file, by a link too. What is no file, such as `/dev/null`, is not written over.
fn is_same(one: &Path, other: &Path) -> bool {
    let stream = Path::new("-");
    if one == stream || other == stream {
        return one == other;
    }
    match (fs::metadata(one), fs::metadata(other)) {
        (Ok(one), _) | (_, Ok(one)) if !one.is_file() => false,
        #[cfg(unix)]
        (Ok(one), Ok(other)) => {
            use std::os::unix::fs::MetadataExt as _;
            (one.dev(), one.ino()) == (other.dev(), other.ino())
        }
        _ => resolved(one) == resolved(other),
    }
}

/// Where a file is, or will be.
fn resolved(path: &Path) -> Option<PathBuf> {
    let folder = || match path.parent()? {
        none if none.as_os_str().is_empty() => fs::canonicalize(".").ok(),
        folder => fs::canonicalize(folder).ok(),
    };
    let new = || Some(folder()?.join(path.file_name()?));
    fs::canonicalize(path).ok().or_else(new)
}

/// Writes a file, `-` to standard output.
fn save(path: &Path, text: &str, out: &mut impl Write) -> Result<(), Stop> {
    if path == Path::new("-") {
        return Ok(write!(out, "{text}")?);
    }
    let failed = |error| Stop::Because(format!("{}: it cannot be written: {error}", name(path)));
    fs::write(path, text).map_err(failed)
}

const SANITIZED: &str = "the recording was exported without cookies: it has no Cookie and no Set-Cookie field at all. \
    Export it again with sensitive data (Chromium: Settings, Preferences, Network, allow to generate HAR with sensitive data; \
    then hold the export button), or go on with --allow-sanitized";

impl Report<'_> {
    /// What cannot be read: where, and why.
    fn unreadable(&self) -> impl Iterator<Item = (String, String)> {
        let entries = self.recording.unreadable().iter().map(unreadable);
        let damage = damage(self.recording).map(|why| ("the end".to_owned(), why));
        entries.chain(damage)
    }

    /// The verdict where nothing is wrong.
    fn all_is_well(&self) -> &'static str {
        if self.replay.summary.explained > 0 {
            "Nothing was refused, every Cookie header is as predicted or explained."
        } else {
            "Nothing was refused, every Cookie header is as predicted."
        }
    }

    fn has(&self, kind: FailOn) -> bool {
        let summary = &self.replay.summary;
        let levels = self.findings.levels;
        let has_errors = summary.unexplained > 0 || summary.refused > 0 || levels.errors > 0;
        match kind {
            FailOn::Unexplained => summary.unexplained > 0,
            FailOn::Refused => summary.refused > 0,
            FailOn::NotSent => self.findings.not_sent().next().is_some(),
            FailOn::Error => has_errors,
            FailOn::Warning => has_errors || levels.warnings > 0,
            FailOn::Note => has_errors || levels.warnings > 0 || levels.notes > 0,
        }
    }
}

fn name(path: &Path) -> String {
    if path == Path::new("-") {
        "standard input".to_owned()
    } else {
        shown(path.as_os_str().as_encoded_bytes())
    }
}

/// From this size on the progress of reading is shown.
const LARGE: u64 = 8 * 1024 * 1024;

fn read(source: &Source<'_>) -> Result<Recording, String> {
    let path = match source {
        Source::Input => return recording(io::stdin().lock()),
        Source::Held(octets) => return recording(octets.as_slice()),
        Source::File(path) => path,
    };
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => "there is no such file: check its path".to_owned(),
        _ => format!("it cannot be read: {error}"),
    };
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_dir() {
        return Err("it is a directory: name the recording in it".to_owned());
    }
    if metadata.len() < LARGE {
        return recording(file);
    }
    let bar = ProgressBar::new(metadata.len()).with_message("reading");
    let style = ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes}");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    let read = recording(bar.wrap_read(file));
    bar.finish_and_clear();
    read
}

fn recording(reader: impl Read) -> Result<Recording, String> {
    Recording::read(reader).map_err(|error| error.to_string())
}

/// Says why nothing can be replayed, where no entry can be read.
fn nothing_readable(recording: &Recording, replay: &Replay) -> Option<String> {
    let (place, why) = unreadable(recording.unreadable().first()?);
    (replay.summary.entries == 0)
        .then(|| format!("none of its entries can be read; the first, {place}: {why}"))
}

/// Says why a recording could not be read to its end, and what was read.
fn damage(recording: &Recording) -> Option<String> {
    let damage = recording.damage()?;
    let read = match recording.entries() {
        1 => "its first entry was whole and is".to_owned(),
        entries => format!("its first {entries} entries were whole and are"),
    };
    Some(format!("{damage}; {read} all that is replayed"))
}

/// The entries that cannot be read of which there are notes.
const NOTED: usize = 20;

fn notes(recording: &Recording) -> Vec<String> {
    let mut notes: Vec<String> = damage(recording).into_iter().collect();
    if recording.is_sanitized() {
        notes.push(
            "the recording was exported without cookies, so that nothing can be said of them"
                .to_owned(),
        );
    }
    let without_headers = recording.without_headers();
    if without_headers > 0 {
        notes.push(format!(
            "entries whose cookies are only in the lists `cookies`, which another program made: {without_headers}; \
             refused lines, the order, and attributes such as Partitioned may be missing"
        ));
    }
    let without_time = recording.without_time();
    if without_time > 0 {
        notes.push(format!(
            "entries that do not say when they began: {without_time}, taken at the time of the entry before them"
        ));
    }
    let unreadable = recording.unreadable();
    let first = unreadable.iter().take(NOTED).map(self::unreadable);
    notes.extend(first.map(|(place, why)| format!("{place} is left out: {why}")));
    if unreadable.len() > NOTED {
        let more = unreadable.len() - NOTED;
        notes.push(format!("entries that are left out beside these: {more}"));
    }
    notes
}

fn unreadable(record: &Record) -> (String, String) {
    let place = match record.place {
        hardtack::formats::Place::Line(line) => format!("line {line}"),
        hardtack::formats::Place::Entry(entry) => format!("entry {entry}"),
        _ => "an entry".to_owned(),
    };
    let why = record.notes.first().map_or("", |note| note.text());
    (place, why.to_owned())
}
