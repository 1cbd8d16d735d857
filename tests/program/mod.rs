//! The program `hardtack` as it is built: arguments and standard input to output and exit status.

#![allow(dead_code)]

use std::ffi::OsStr;
use std::io::Write as _;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn stdout(&self) -> &str {
        std::str::from_utf8(&self.stdout).expect("the output is UTF-8")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout).expect("the output is JSON")
    }

    /// The output of a document a line.
    pub(crate) fn lines(&self) -> Vec<Value> {
        let lines = self.stdout().lines();
        lines
            .map(|line| serde_json::from_str(line).expect("each line is JSON"))
            .collect()
    }
}

pub(crate) fn start<Arg: AsRef<OsStr>>(args: &[Arg]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_hardtack"))
        .args(args)
        .env_remove("CLICOLOR_FORCE")
        .env_remove("NO_COLOR")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts")
}

pub(crate) fn end(mut child: Child, stdin: &[u8]) -> Run {
    // It may end without having read.
    let _ = child.stdin.take().expect("a pipe").write_all(stdin);
    let output = child.wait_with_output().expect("the command ends");
    Run {
        status: output.status.code(),
        stdout: output.stdout,
        stderr: String::from_utf8(output.stderr).expect("messages are UTF-8"),
    }
}

pub(crate) fn hardtack<Arg: AsRef<OsStr>>(args: &[Arg], stdin: &[u8]) -> Run {
    end(start(args), stdin)
}

/// Runs one of its commands.
pub(crate) fn command<Arg: AsRef<OsStr>>(name: &str, args: &[Arg], stdin: &[u8]) -> Run {
    let name = [OsStr::new(name)];
    let args = args.iter().map(AsRef::as_ref);
    let args: Vec<&OsStr> = name.into_iter().chain(args).collect();
    hardtack(&args, stdin)
}
