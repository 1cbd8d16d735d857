//! `hardtack replay`: standard input to standard output, and where the jar is kept.

use std::ffi::OsStr;
use std::io::{self, BufRead, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use hardtack::SharedJar;
#[cfg(feature = "sqlite")]
use hardtack::persist::{DatabaseError, JarDatabase};
use hardtack::persist::{FileError, JarFile};

#[cfg(feature = "redis")]
use crate::at_server::AtServer;
use crate::json;
use crate::replay::{Clock, Loaded, Place, Replay};
use crate::shown::message;
use crate::time;

const AFTER_HELP: &str = "\
Exit status: 1 when standard output or, at the end, the place of the jar cannot
be written, 2 on wrong usage, otherwise 0. A line with a mistake is answered,
and replay goes on.

Examples:
  hardtack replay <session.jsonl
  hardtack replay --jar jar.jsonl <session.jsonl
  hardtack replay --jar sqlite:jar.sqlite <session.jsonl
  hardtack replay --jar redis://localhost <session.jsonl
  printf '%s\\n' '{\"op\":\"set\",\"url\":\"https://a.example/\",\"set_cookie\":\"n=1\"}' \\
      '{\"op\":\"get\",\"url\":\"https://a.example/\"}' | hardtack replay";

/// Drive a cookie jar by JSON lines
///
/// Each line is answered with one, by the protocol that docs/replay.md describes.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// Keep the jar at a place: a path that ends in `.jsonl`, `sqlite:PATH`, or a
    /// server `redis://…` [default: in memory]
    #[arg(long, value_name = "PLACE")]
    jar: Option<String>,
}

/// How long what was changed may wait to be kept.
const DELAY: Duration = Duration::from_millis(500);

/// A jar in a file of hardtack's own format, which is opened when it is first asked for.
struct InFile {
    path: PathBuf,
    clock: Clock,
    file: Option<JarFile>,
    /// Whether the last save failed, and is to be tried anew.
    has_failed: bool,
}

impl InFile {
    fn opened(&mut self) -> Result<&JarFile, FileError> {
        let file = if let Some(file) = self.file.take() {
            file
        } else {
            let clock = self.clock.clone();
            let jar = SharedJar::builder().clock(move || clock.now());
            JarFile::builder().jar(jar).open(&self.path)?
        };
        Ok(self.file.insert(file))
    }

    fn save(&mut self) -> Result<(), FileError> {
        self.has_failed = true;
        self.opened()?.save()?;
        self.has_failed = false;
        Ok(())
    }
}

impl Loaded for InFile {
    fn jar(&mut self) -> Result<SharedJar, String> {
        let has_failed = self.has_failed;
        let file = self.opened().map_err(|error| message(&error))?;
        let jar = file.jar();
        if has_failed || file.is_stale() {
            Loaded::flush(self)?;
        }
        Ok(jar)
    }

    fn flush(&mut self) -> Result<(), String> {
        self.save().map_err(|error| message(&error))
    }
}

/// A jar in an SQLite database, which is opened when it is first asked for.
#[cfg(feature = "sqlite")]
struct InDatabase {
    path: PathBuf,
    clock: Clock,
    database: Option<JarDatabase>,
}

#[cfg(feature = "sqlite")]
impl InDatabase {
    fn opened(&mut self) -> Result<&JarDatabase, DatabaseError> {
        let database = if let Some(database) = self.database.take() {
            database
        } else {
            let clock = self.clock.clone();
            let jar = SharedJar::builder().clock(move || clock.now());
            JarDatabase::builder().jar(jar).open(&self.path)?
        };
        Ok(self.database.insert(database))
    }
}

#[cfg(feature = "sqlite")]
impl Loaded for InDatabase {
    fn jar(&mut self) -> Result<SharedJar, String> {
        let database = self.opened().map_err(|error| message(&error))?;
        database.refresh().map_err(|error| message(&error))?;
        Ok(database.jar())
    }

    fn flush(&mut self) -> Result<(), String> {
        let database = self.opened().map_err(|error| message(&error))?;
        database.flush().map_err(|error| message(&error))
    }
}

/// What replay waits for.
enum Event {
    Line(Vec<u8>),
    Failed(io::Error),
    /// The input has ended, or the process is to end.
    End,
}

/// Answers each line of standard input with one on standard output, until the input ends.
pub(crate) fn run(args: &Args) -> io::Result<ExitCode> {
    let Some(place) = &args.jar else {
        return in_memory();
    };
    let clock = Clock::default();
    let Some(place) = place_of(place, &clock) else {
        let mut places = vec!["a path that ends in `.jsonl`"];
        if cfg!(feature = "sqlite") {
            places.push("`sqlite:PATH`");
        }
        if cfg!(feature = "redis") {
            places.push("`redis://HOST`");
        }
        let places = places.join(" or ");
        writeln!(
            io::stderr(),
            "error: `{place}` is not a place of a jar, which is {places}"
        )?;
        return Ok(ExitCode::from(2));
    };
    kept(Replay::at(place, clock, time::exact_now))
}

fn place_of(place: &str, clock: &Clock) -> Option<Box<dyn Place>> {
    let clock = clock.clone();
    #[cfg(feature = "sqlite")]
    if let Some(path) = place.strip_prefix("sqlite:") {
        return Some(Box::new(InDatabase {
            path: path.into(),
            clock,
            database: None,
        }));
    }
    #[cfg(feature = "redis")]
    if AtServer::is_address(place) {
        return Some(Box::new(AtServer::new(place, clock)));
    }
    let file = || InFile {
        path: place.into(),
        clock,
        file: None,
        has_failed: false,
    };
    let is_jsonl = Path::new(place).extension() == Some(OsStr::new("jsonl"));
    is_jsonl.then(|| Box::new(file()) as Box<dyn Place>)
}

fn in_memory() -> io::Result<ExitCode> {
    let mut replay = Replay::new(time::exact_now);
    let mut input = io::stdin().lock();
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        answer(&mut replay, &line)?;
        line.clear();
    }
    Ok(ExitCode::SUCCESS)
}

fn answer(replay: &mut Replay, line: &[u8]) -> io::Result<()> {
    if let Some(reply) = replay.answer(line) {
        let mut output = io::stdout().lock();
        writeln!(output, "{}", json::plain(&reply.to_string()))?;
        output.flush()?;
    }
    Ok(())
}

/// Keeps what was changed within a second, at the end of the input, and when the process is asked to end.
fn kept(mut replay: Replay) -> io::Result<ExitCode> {
    let (events, next) = mpsc::sync_channel(64);
    let asked_to_end = events.clone();
    ctrlc::set_handler(move || {
        // Nobody waits any more where the process ends already.
        let _ = asked_to_end.send(Event::End);
    })
    .map_err(io::Error::other)?;
    thread::spawn(move || read(|event| events.send(event).is_ok()));
    let mut due: Option<Instant> = None;
    loop {
        let event = match due {
            None => next.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(due) => next.recv_timeout(due.saturating_duration_since(Instant::now())),
        };
        match event {
            Ok(Event::Line(line)) => {
                answer(&mut replay, &line)?;
                due = due.or_else(|| Some(Instant::now() + DELAY));
            }
            Err(RecvTimeoutError::Timeout) => {
                // Should it fail, the next line says so.
                let is_kept = replay.place.flush().is_ok();
                due = (!is_kept).then(|| Instant::now() + DELAY);
            }
            Ok(Event::Failed(error)) => return Err(error),
            Ok(Event::End) | Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    match replay.place.flush() {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(message) => Err(io::Error::other(message)),
    }
}

/// Sends each line of standard input, and its end, while somebody takes them.
fn read(send: impl Fn(Event) -> bool) {
    let mut input = io::stdin().lock();
    loop {
        let mut line = Vec::new();
        let event = match input.read_until(b'\n', &mut line) {
            Ok(0) => Event::End,
            Ok(_) => Event::Line(line),
            Err(error) => Event::Failed(error),
        };
        let is_last = !matches!(event, Event::Line(_));
        if !send(event) || is_last {
            return;
        }
    }
}
