//! Servers of Redis for a test: each in a folder of its own, on a free port of loopback, killed at the end of the test.

#![allow(dead_code)]

use std::fs;
use std::io::BufRead;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Returns true if there is a server to start. In CI there has to be.
pub(crate) fn has_redis() -> bool {
    let version = Command::new("redis-server").arg("--version").output();
    let has_redis = version.is_ok();
    assert!(
        has_redis || std::env::var_os("CI").is_none(),
        "redis-server is missing: install it"
    );
    if !has_redis {
        eprintln!("SKIPPED: redis-server is missing");
    }
    has_redis
}

/// Asks until it is so. That takes as long as it takes on a machine that does much else.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(60), "{what}: not yet");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Asks until there is an answer.
pub(crate) async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{what}: not yet");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A port that nobody has. Ports above are left free for the bus of a cluster.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    loop {
        // Processes that run at the same time begin elsewhere.
        let number = NEXT.fetch_add(1, Ordering::Relaxed) + 97 * std::process::id() as usize;
        let port = u16::try_from(12_000 + number % 8_000).unwrap();
        let is_free = |port| TcpListener::bind(("127.0.0.1", port)).is_ok();
        if is_free(port) && is_free(port + 10_000) {
            return port;
        }
    }
}

/// A server, which is killed when it is dropped.
pub(crate) struct Server {
    pub(crate) port: u16,
    pub(crate) folder: PathBuf,
    arguments: Vec<String>,
    child: Option<Child>,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// A server with these arguments beside its own.
    pub(crate) fn with(arguments: &[&str]) -> Self {
        Self::on(free_port(), arguments)
    }

    pub(crate) fn on(port: u16, arguments: &[&str]) -> Self {
        let folder =
            std::env::temp_dir().join(format!("hardtack-redis-{port}-{}", std::process::id()));
        _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let mut server = Self {
            port,
            folder,
            arguments: arguments.iter().map(ToString::to_string).collect(),
            child: None,
        };
        server.run();
        server
    }

    /// Starts it, and waits until it answers.
    pub(crate) fn run(&mut self) {
        self.begin();
        wait_until("the server answers", || {
            TcpStream::connect(("127.0.0.1", self.port)).is_ok() && !self.cli(&["ping"]).is_empty()
        });
    }

    /// Starts it.
    pub(crate) fn begin(&mut self) {
        let mut command = Command::new("redis-server");
        let port = self.port.to_string();
        command.args(["--port", &port, "--bind", "127.0.0.1", "--save", ""]);
        command.args(["--appendonly", "no", "--daemonize", "no"]);
        command.arg("--dir").arg(&self.folder);
        command.args(&self.arguments);
        let log = fs::File::create(self.folder.join("log")).unwrap();
        let command = command
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(Stdio::null());
        self.child = Some(command.spawn().unwrap());
    }

    /// Starts with these arguments too from now on.
    pub(crate) fn argue(&mut self, arguments: &[&str]) {
        self.arguments
            .extend(arguments.iter().map(ToString::to_string));
    }

    /// A sentinel that knows a primary as `main`.
    pub(crate) fn sentinel(primary: &Self) -> Self {
        let port = free_port();
        let folder =
            std::env::temp_dir().join(format!("hardtack-sentinel-{port}-{}", std::process::id()));
        _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let config = folder.join("sentinel.conf");
        let lines = [
            format!("port {port}"),
            "bind 127.0.0.1".into(),
            format!("sentinel monitor main 127.0.0.1 {} 1", primary.port),
            "sentinel down-after-milliseconds main 500".into(),
            "sentinel failover-timeout main 3000".into(),
        ];
        fs::write(&config, lines.join("\n") + "\n").unwrap();
        let mut command = Command::new("redis-server");
        command
            .arg(&config)
            .arg("--sentinel")
            .arg("--dir")
            .arg(&folder);
        let command = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let sentinel = Self {
            port,
            folder,
            arguments: Vec::new(),
            child: Some(command.spawn().unwrap()),
        };
        wait_until("the sentinel answers", || sentinel.cli(&["ping"]) == "PONG");
        sentinel
    }

    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            _ = child.kill();
            _ = child.wait();
        }
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.as_ref().unwrap().id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status();
        assert!(sent.unwrap().success());
    }

    pub(crate) fn address(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// What `redis-cli` says.
    pub(crate) fn cli(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("redis-cli");
        let port = self.port.to_string();
        let output = command.args(["-p", &port]).args(arguments).output();
        let said = String::from_utf8_lossy(&output.unwrap().stdout).into_owned();
        said.trim_end().to_owned()
    }

    /// What `redis-cli` says, line by line and in order.
    pub(crate) fn lines(&self, arguments: &[&str]) -> Vec<String> {
        let said = self.cli(arguments);
        let mut lines: Vec<String> = said.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        Path::new(&self.folder).join(name)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        _ = fs::remove_dir_all(&self.folder);
    }
}

/// The command that a client sends, as its words; `None` at the end.
pub(crate) fn command(reader: &mut impl BufRead) -> Option<Vec<String>> {
    let mut line = || {
        let mut line = String::new();
        reader
            .read_line(&mut line)
            .ok()
            .filter(|length| *length > 0)?;
        Some(line.trim_end().to_owned())
    };
    let words: usize = line()?.strip_prefix('*')?.parse().ok()?;
    // Each with its length before it.
    (0..words)
        .map(|_| {
            line()?;
            line()
        })
        .collect()
}
