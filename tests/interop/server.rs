//! The server in Node.js: a child process that ends with the test.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use url::Url;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/server");

/// The running server. It is killed when this is dropped; and it ends by itself when its standard
/// input does, so that it does not outlive a test that was killed.
pub(crate) struct Server {
    process: Child,
    port: u16,
}

impl Server {
    /// `None` where Node.js is missing.
    pub(crate) fn start() -> Option<Self> {
        static INSTALLED: OnceLock<bool> = OnceLock::new();
        if !*INSTALLED.get_or_init(install) {
            return None;
        }
        let mut process = Command::new("node")
            .arg("server.js")
            .current_dir(FOLDER)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut port = String::new();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        output.read_line(&mut port).unwrap();
        let port = port.trim_end().parse().unwrap();
        Some(Self { process, port })
    }

    /// A URL of the server on `localhost`.
    pub(crate) fn url(&self, path: &str) -> Url {
        Url::parse(&format!("http://localhost:{}{path}", self.port)).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

/// Installs the packages of the lock file where they are missing, and tells whether there is a Node.js
/// to run them.
fn install() -> bool {
    for program in ["node", "npm"] {
        let version = Command::new(program).arg("--version").output();
        if !version.is_ok_and(|output| output.status.success()) {
            assert!(
                std::env::var_os("CI").is_none(),
                "CI is set, but there is no `{program}`: install Node.js 18 or newer"
            );
            // To the stream itself: what goes through `eprintln!` is not shown where a test passes.
            _ = writeln!(
                io::stderr(),
                "skipped: there is no `{program}` to run Express: install Node.js 18 or newer"
            );
            return false;
        }
    }
    // npm writes this file last.
    let installed = Path::new(FOLDER).join("node_modules/.package-lock.json");
    if !installed.exists() {
        let mut npm = Command::new("npm");
        npm.args(["ci", "--no-audit", "--no-fund"]);
        let status = npm
            .current_dir(FOLDER)
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "`npm ci` in {FOLDER}");
    }
    true
}
