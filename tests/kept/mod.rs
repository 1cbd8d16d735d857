//! What the tests share of jars that are kept on the disk: a folder, and another process, which may be traced.

#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs};

use url::Url;

/// A folder of a test's own, which goes with it, and the name of the file in it that a jar is kept in.
pub(crate) struct Folder(pub(crate) PathBuf, &'static str);

impl Folder {
    pub(crate) fn of(file: &'static str) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("hardtack-kept-{}-{number}", std::process::id());
        let path = env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Self(path.canonicalize().unwrap(), file)
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.0.join(self.1)
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The names that are in it.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
        let mut names: Vec<String> = entries.map(|entry| name(entry.unwrap())).collect();
        names.sort();
        names
    }

    /// Removes all that is in it.
    pub(crate) fn empty(&self) {
        for name in self.names() {
            fs::remove_file(self.join(&name)).unwrap();
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn shop() -> Url {
    Url::parse("https://shop.example/").unwrap()
}

/// The variable that tells a child what to do.
const CHILD: &str = "HARDTACK_CHILD";

/// The ignored test `child` of this program as a process of its own. It is [`told`] a deed, and the path of the jar.
pub(crate) fn child(deed: &str, path: &Path) -> Command {
    child_of(Command::new(env::current_exe().unwrap()), deed, path)
}

/// What [`child`] told this process: the deed and the path. `None` in one that is no such child.
pub(crate) fn told() -> Option<(String, String)> {
    let told = env::var(CHILD).ok()?;
    let (deed, path) = told.split_once(' ').unwrap();
    Some((deed.to_owned(), path.to_owned()))
}

fn child_of(mut command: Command, deed: &str, path: &Path) -> Command {
    command
        .args([
            "--exact",
            "child",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(CHILD, format!("{deed} {}", path.display()))
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

pub(crate) fn has_strace() -> bool {
    let can_trace = Command::new("strace")
        .args(["-qq", "-o", "/dev/null", "true"])
        .status();
    let can_trace = can_trace.is_ok_and(|status| status.success());
    assert!(
        can_trace || env::var_os("CI").is_none(),
        "strace is missing, or may not trace here: install it"
    );
    if !can_trace {
        eprintln!("SKIPPED: strace is missing, or may not trace here");
    }
    can_trace
}

/// Runs the child under strace, which traces or injects what these arguments say, in calls that are about the folder and
/// the files of these names.
pub(crate) fn strace(folder: &Folder, names: &[&str], deed: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new("strace");
    command.args(["-f", "-qq"]);
    for name in names {
        command.arg("-P").arg(folder.join(name));
    }
    // The folder without the separator at its end, as the program calls it.
    command.arg("-P").arg(&folder.0);
    let this_program = env::current_exe().unwrap();
    command.args(arguments).arg("--").arg(this_program);
    child_of(command, deed, &folder.file()).output().unwrap()
}

pub(crate) fn lossy(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}
