//! The programs: what has to be there, and how each loads a file and asks for URLs.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, Output};

use hardtack::formats::Format;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    Curl,
    Wget,
    MozillaCookieJar,
    LwpCookieJar,
    YtDlp,
    Httpie,
    Aiohttp,
    ToughCookie,
    Chromium,
}

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/real_programs");

/// Python with the packages that `install` has put into a folder of their own.
const PYTHON: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/target/real_programs/bin/python"
);

impl Program {
    /// The formats that it reads and hardtack writes.
    pub(crate) fn formats(self) -> &'static [Format] {
        match self {
            Self::Curl | Self::Wget | Self::MozillaCookieJar | Self::YtDlp => &[Format::Netscape],
            Self::LwpCookieJar => &[Format::Lwp],
            Self::Httpie => &[Format::Httpie],
            Self::Aiohttp => &[Format::Aiohttp],
            Self::ToughCookie => &[Format::ToughCookie],
            Self::Chromium => &[Format::StorageState, Format::Cdp],
        }
    }

    /// Whether it sends cookies in the order of the text.
    pub(crate) fn keeps_order(self) -> bool {
        matches!(self, Self::ToughCookie | Self::Chromium)
    }

    /// Prints its version, and tells whether it is there. Under CI it has to be.
    pub(crate) fn is_there(self) -> bool {
        let mut version = self.version();
        let output = version.current_dir(FOLDER).output();
        if output.is_ok_and(|output| output.status.success()) {
            return true;
        }
        assert!(
            std::env::var_os("CI").is_none(),
            "CI is set, but {self:?} is missing: {version:?} fails; run tests/real_programs/install"
        );
        // To the stream itself: what goes through `eprintln!` is not shown where a test passes.
        _ = writeln!(
            io::stderr(),
            "skipped: {self:?} is missing: install it, or run tests/real_programs/install"
        );
        false
    }

    fn version(self) -> Command {
        match self {
            Self::Curl => with("curl", &["--version"]),
            Self::Wget => with("wget", &["--version"]),
            Self::MozillaCookieJar | Self::LwpCookieJar => {
                with("python3", &["-c", "import http.cookiejar, ssl"])
            }
            Self::YtDlp => with(PYTHON, &["-m", "yt_dlp", "--version"]),
            Self::Httpie => with(PYTHON, &["-m", "httpie", "--version"]),
            Self::Aiohttp => with(PYTHON, &["-c", "import aiohttp"]),
            Self::ToughCookie => with(
                "node",
                &["-e", "require('./node/node_modules/tough-cookie')"],
            ),
            Self::Chromium => with("node", &["node/playwright.js", "--version"]),
        }
    }

    /// Asks for the URLs, one after the other, with a file of cookies.
    pub(crate) fn ask(self, format: Format, file: &Path, proxy: &str, urls: &[&str]) -> Output {
        let mut command = self.command(format, file, proxy);
        command.args(urls);
        for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
            command.env_remove(name).env_remove(name.to_uppercase());
        }
        command.current_dir(FOLDER).output().unwrap()
    }

    fn command(self, format: Format, file: &Path, proxy: &str) -> Command {
        match self {
            Self::Curl => {
                let mut curl = with("curl", &["--disable", "--silent", "--insecure"]);
                curl.args(["--globoff", "--proxy", proxy, "--cookie"]);
                curl.arg(file);
                curl
            }
            Self::Wget => {
                let options = ["--no-config", "--no-hsts", "--quiet", "--output-document=-"];
                let mut wget = with("wget", &options);
                wget.args(["--no-check-certificate", "--load-cookies"])
                    .arg(file);
                for scheme in ["http", "https"] {
                    wget.arg(format!("--execute={scheme}_proxy={proxy}"));
                }
                wget
            }
            Self::MozillaCookieJar | Self::LwpCookieJar => {
                let class = format!("{self:?}").replace("Lwp", "LWP");
                let mut python = with("python3", &["python/http_cookiejar.py", &class]);
                python.arg(file).arg(proxy);
                python
            }
            Self::YtDlp => {
                let options = [
                    "-m",
                    "yt_dlp",
                    "--ignore-config",
                    "--no-cache-dir",
                    "--quiet",
                ];
                let mut yt_dlp = with(PYTHON, &options);
                yt_dlp.args(["--simulate", "--no-check-certificates", "--proxy", proxy]);
                yt_dlp.arg("--cookies").arg(file);
                yt_dlp
            }
            Self::Httpie => {
                let mut python = with(PYTHON, &["python/with_httpie.py"]);
                // Settings of its user's may say anything.
                python.env("HTTPIE_CONFIG_DIR", file.with_extension("settings"));
                python.arg(file).arg(proxy);
                python
            }
            Self::Aiohttp => {
                let mut python = with(PYTHON, &["python/with_aiohttp.py"]);
                python.arg(file).arg(proxy);
                python
            }
            Self::ToughCookie => {
                let mut node = with("node", &["node/tough_cookie.js"]);
                node.arg(file).arg(proxy);
                node
            }
            Self::Chromium => {
                let mut node = with("node", &["node/playwright.js", format.name()]);
                node.arg(file).arg(proxy);
                node
            }
        }
    }
}

fn with(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}
