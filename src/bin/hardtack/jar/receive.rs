//! `hardtack jar receive`: Set-Cookie lines taken into a file.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use hardtack::formats::{Format, WriteOptions};
use hardtack::persist::{self, FileError, JarFile, Replacement};
use hardtack::{
    Cookie, CookieJar, Policy, Receipt, Rejection, SetCookie, SharedJar, SharedJarBuilder,
};
use serde_json::Value;

use crate::arguments::Source;
use crate::context::Context;
use crate::input::Input;
use crate::jar::Form;
use crate::jar::convert::Told;
use crate::jar::file::{Failure, File, Target, exists, is_standard, name, policy_of_files};
use crate::jar::record::name_shown;
#[cfg(feature = "sqlite")]
use crate::jar::save::open_database;
use crate::json::{self, Members};
use crate::page::{self, GREEN, RED, WIDTH, YELLOW, wrapped};
use crate::shown::message;

const AFTER_HELP: &str = "\
The file is made where there is none. Its format stays what it is; that of a new
file is told by --from or its ending: .txt is cookies.txt, .jsonl hardtack's own, .sqlite
its database.

Exit status: 1 where a line was refused, 2 where the file cannot be read or
written or on wrong usage, otherwise 0.

Examples:
  curl -si https://shop.example/ |
      hardtack jar receive cookies.txt --url https://shop.example/
  hardtack jar receive jar.jsonl --url https://shop.example/ 'sid=31d4; Secure'";

/// Take Set-Cookie lines into a file, and save it in its own format
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP, next_line_help = true)]
pub(super) struct Args {
    /// The file
    file: PathBuf,

    #[command(flatten)]
    source: Source,

    #[command(flatten)]
    form: Form,

    #[command(flatten)]
    #[command(next_help_heading = "Context of the request")]
    context: Context,
}

/// How long another process may have the file.
const PATIENCE: Duration = Duration::from_secs(10);

/// What became of a line.
struct Received {
    name: Vec<u8>,
    outcome: Result<Receipt, Rejection>,
}

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    if is_standard(&args.file) {
        let message = "standard input has the lines: give the path of a file";
        return Err(Failure::File(message.to_owned()));
    }
    let target = Target::to_change(&args.file, args.form.from)?;
    let Some(input) = args.source.read::<Args>("hardtack jar receive")? else {
        return Ok(ExitCode::from(2));
    };
    if input.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    let now = args.context.now();
    let jar = SharedJar::builder().clock(move || now);
    let (received, told) = match target.format {
        Format::Hardtack => receive_into_own(args, &input, jar)?,
        #[cfg(feature = "sqlite")]
        Format::HardtackSqlite => receive_into_database(args, &input, jar)?,
        _ => receive_into_other(args, &input, &target, jar)?,
    };
    write(args, &received)?;
    for line in told.lines {
        for line in wrapped(&line, WIDTH) {
            writeln!(io::stderr(), "{line}")?;
        }
    }
    let is_refused = received.iter().any(|line| line.outcome.is_err()) || told.is_less;
    Ok(ExitCode::from(u8::from(is_refused)))
}

/// What is said of the file besides the lines.
struct Remarks {
    lines: Vec<String>,
    is_less: bool,
}

/// Takes the lines into a file of hardtack's own format.
fn receive_into_own(
    args: &Args,
    input: &Input,
    jar: SharedJarBuilder,
) -> Result<(Vec<Received>, Remarks), Failure> {
    let failed = |error: FileError| Failure::File(message(&error));
    let jar = jar.jar(CookieJar::new(policy_of_files()));
    let file = JarFile::builder()
        .jar(jar)
        .open(&args.file)
        .map_err(failed)?;
    let received = receive(args, input, &file.jar());
    let saved = file.save().map_err(failed)?;
    let aside = saved.set_aside.map(|path| set_aside(&path));
    let remarks = Remarks {
        lines: aside.into_iter().collect(),
        is_less: false,
    };
    Ok((received, remarks))
}

/// Takes the lines into a database of hardtack.
#[cfg(feature = "sqlite")]
fn receive_into_database(
    args: &Args,
    input: &Input,
    jar: SharedJarBuilder,
) -> Result<(Vec<Received>, Remarks), Failure> {
    let database = open_database(&args.file, jar)?;
    let received = receive(args, input, &database.jar());
    database.flush()?;
    let aside = database.report().set_aside.as_deref().map(set_aside);
    let remarks = Remarks {
        lines: aside.into_iter().collect(),
        is_less: false,
    };
    Ok((received, remarks))
}

/// Takes the lines into a file of another format, while no other process is between.
fn receive_into_other(
    args: &Args,
    input: &Input,
    target: &Target,
    jar: SharedJarBuilder,
) -> Result<(Vec<Received>, Remarks), Failure> {
    let mut done = None;
    let mut jar = Some(jar);
    let aside = persist::update(&target.path, PATIENCE, |path| {
        let file = if exists(path) {
            File::read(path, args.form.from)?
        } else {
            File::none(path)
        };
        let now = args.context.now();
        let (mut kept, verdicts) = file.jar(now);
        // What stands in the file keeps its lifetime; what is received gets that of the policy.
        let mut policy = kept.policy().clone();
        policy.lifetime_limit = Policy::default().lifetime_limit;
        kept.set_policy(policy, now);
        let jar = jar.take().unwrap_or_else(SharedJar::builder);
        let jar = jar.jar(kept).build();
        let received = receive(args, input, &jar);
        let cookies = jar.to_vec();
        let cookies: Vec<&Cookie> = cookies.iter().collect();
        let written = file.written(path, target.format, &cookies, WriteOptions::default())?;
        let told = Told {
            file: &file,
            verdicts: &verdicts,
            cookies: &cookies,
            written: &written,
            format: target.format,
        };
        let remarks = Remarks {
            lines: told.remarks(),
            is_less: told.has_left_out(),
        };
        done = Some((received, remarks));
        Ok::<_, Failure>(Replacement {
            set_aside: told.has_not_kept(),
            octets: written.octets.clone(),
        })
    })?;
    let (received, mut remarks) = done.unwrap_or_else(|| {
        let lines = Vec::new();
        (
            Vec::new(),
            Remarks {
                lines,
                is_less: false,
            },
        )
    });
    remarks.lines.extend(aside.map(|path| set_aside(&path)));
    Ok((received, remarks))
}

fn receive(args: &Args, input: &Input, jar: &SharedJar) -> Vec<Received> {
    let context = args.context.of_requests();
    let method = args.context.method().unwrap_or("GET");
    let request = context.request(&args.source.url, method);
    let lines = input.lines();
    lines
        .map(|line| Received {
            name: SetCookie::parse(line.octets)
                .map(|set_cookie| set_cookie.name().to_vec())
                .unwrap_or_default(),
            outcome: jar.receive(line.octets, request),
        })
        .collect()
}

fn write(args: &Args, received: &[Received]) -> io::Result<()> {
    let mut out = page::output();
    for Received { name, outcome } in received {
        if args.form.json {
            let members = Members::new()
                .octets("name", name)
                .and(json::outcome(outcome));
            writeln!(out, "{}", json::plain(&Value::from(members).to_string()))?;
            continue;
        }
        let name = name_shown(name);
        match outcome {
            Ok(receipt @ Receipt::Expired) => writeln!(out, "{YELLOW}{receipt}{YELLOW:#} {name}")?,
            Ok(receipt) => writeln!(out, "{GREEN}{receipt}{GREEN:#} {name}")?,
            Err(rejection) => {
                let step = rejection
                    .citation()
                    .map(|citation| format!(" ({citation})"));
                let text = format!("{name}: {rejection}{}", step.unwrap_or_default());
                let lines = wrapped(&text, WIDTH - 8).join("\n        ");
                writeln!(out, "{RED}refused{RED:#} {lines}")?;
            }
        }
    }
    out.flush()
}

fn set_aside(path: &Path) -> String {
    let path = name(path);
    format!("note: not all of the file could be read: as it was, it is now {path}")
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        Self::File(message(&error))
    }
}
