//! A session that outlives the program: two runs of a client against one site (axum, tower-sessions). The first logs
//! in and saves its jar, the second is logged in already.
//!
//! ```sh
//! cargo run --example keep_session --features reqwest,json
//! ```

mod hop;

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::{env, fs};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use hardtack::persist::JarFile;
use tower_sessions::cookie::Key;
use tower_sessions::{MemoryStore, Session, SessionManagerLayer};

use hop::{Server, row, send, title};

const LOGIN: &str = "http://shop.localhost/login";
const DASHBOARD: &str = "http://shop.localhost/dashboard";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = Server::start(site()).await?;
    let folder = env::temp_dir().join(format!("hardtack-keep-session-{}", std::process::id()));
    fs::create_dir(&folder)?;
    let runs = two_runs(server, &folder.join("session.jsonl")).await;
    fs::remove_dir_all(&folder)?;
    runs
}

async fn two_runs(server: Server, path: &Path) -> Result<(), Box<dyn Error>> {
    title("The first run has no session, and logs in");
    let visit = run(server, path).await?;
    assert_eq!(visit, [StatusCode::UNAUTHORIZED, StatusCode::OK]);

    title("The second run has the session of the first");
    let visit = run(server, path).await?;
    assert_eq!(visit, [StatusCode::OK]);
    Ok(())
}

/// What the program does each time it is run. Three lines of it keep the session.
async fn run(server: Server, path: &Path) -> Result<Vec<StatusCode>, Box<dyn Error>> {
    let file = JarFile::open(path)?; // one
    let client = reqwest::Client::builder().cookie_provider(Arc::new(file.jar())); // two
    let client = server.connect(client)?;
    row("read", &file.report().to_string());

    let mut visit = Vec::new();
    let (status, _) = send(&client, "GET", DASHBOARD).await?;
    visit.push(status);
    if status == StatusCode::UNAUTHORIZED {
        let (status, _) = send(&client, "POST", LOGIN).await?;
        visit.push(status);
    }

    let saved = file.save()?; // three
    let written = saved.written.unwrap_or_default();
    row("saved", &format!("{written} cookie"));
    Ok(visit)
}

fn site() -> Router {
    Router::new()
        .route("/login", post(login))
        .route("/dashboard", get(dashboard))
        .layer(SessionManagerLayer::new(MemoryStore::default()).with_signed(Key::generate()))
}

async fn login(session: Session) -> Result<&'static str, StatusCode> {
    let inserted = session.insert("user", "Ada").await;
    inserted.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok("Hello, Ada")
}

async fn dashboard(session: Session) -> Result<String, (StatusCode, &'static str)> {
    let user: Option<String> = session.get("user").await.unwrap_or_default();
    match user {
        Some(user) => Ok(format!("Hello again, {user}")),
        None => Err((StatusCode::UNAUTHORIZED, "log in first")),
    }
}
