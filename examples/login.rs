//! A site with signed session ids (axum, tower-sessions), and a reqwest client that logs in, hop by hop.
//!
//! ```sh
//! cargo run --example login --features reqwest
//! ```

mod hop;

use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use hardtack::{Rejection, Request, RequestContext, SharedJar};
use tower_sessions::cookie::Key;
use tower_sessions::{MemoryStore, Session, SessionManagerLayer};
use url::Url;

use hop::{Server, Shown, redirects, row, send, shown_jar, title};

const DASHBOARD: &str = "http://shop.localhost/dashboard";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = Server::start(site()).await?;
    let jar = shown_jar().build();
    // Without the printing: `.cookie_provider(Arc::new(jar.clone()))`.
    let provider = Arc::new(Shown::new(&jar, RequestContext::default()));
    let client = reqwest::Client::builder().cookie_provider(provider);
    let client = server.connect(client.redirect(redirects()))?;

    title("Without a session");
    let (status, _) = send(&client, "GET", DASHBOARD).await?;
    assert_eq!(status, StatusCode::UNAUTHORIZED);

    title("Log in: the next hop needs what the 302 sets");
    let (_, page) = send(&client, "POST", "http://shop.localhost/login").await?;
    assert_eq!(page, "Hello, Ada");

    title("What a script of the page can do");
    let url = Url::parse(DASHBOARD)?;
    let script = Request::new(&url).non_http();
    let document_cookie = jar.cookie_string(script).unwrap_or_default();
    row("reads", &document_cookie.escape_ascii().to_string());
    assert_eq!(document_cookie, b"theme=dark");
    let line = "id=stolen; Path=/; Secure; SameSite=Strict";
    let overwrites = jar.receive(line.as_bytes(), script).unwrap_err();
    assert_eq!(overwrites, Rejection::ReplacesHttpOnly);

    title("The session goes on");
    let (_, page) = send(&client, "GET", DASHBOARD).await?;
    assert_eq!(page, "Hello, Ada");

    title("The session id is signed: the site refuses one that was changed");
    let id = jar.find(&url, "id").ok_or("there is no session")?;
    let genuine = id.value().to_vec();
    let mut forged = genuine.clone();
    if let Some(last) = forged.last_mut() {
        *last = if *last == b'A' { b'B' } else { b'A' };
    }
    set_id(&jar, &url, &forged)?;
    let (status, _) = send(&client, "GET", DASHBOARD).await?;
    assert_eq!(status, StatusCode::UNAUTHORIZED);

    title("The jar has carried it as it came: put back, it is good");
    set_id(&jar, &url, &genuine)?;
    let (_, page) = send(&client, "GET", DASHBOARD).await?;
    assert_eq!(page, "Hello, Ada");

    title("Log out: the cookie is deleted");
    let (status, _) = send(&client, "POST", "http://shop.localhost/logout").await?;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert_eq!(names(&jar), ["theme"]);

    title("Log in again, and end the session, as when a browser is closed");
    let (_, page) = send(&client, "POST", "http://shop.localhost/login").await?;
    assert_eq!(page, "Hello, Ada");
    row("gone", &format!("{} cookie", jar.end_session()));
    row(
        "kept",
        &format!("{}: it has a Max-Age", names(&jar).join(", ")),
    );
    assert_eq!(names(&jar), ["theme"]);
    let (status, _) = send(&client, "GET", DASHBOARD).await?;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    Ok(())
}

/// Sets the session id, as the site's own line does.
fn set_id(jar: &SharedJar, url: &Url, value: &[u8]) -> Result<(), Rejection> {
    let attributes = b"; Path=/; Secure; HttpOnly; SameSite=Strict";
    jar.receive([b"id=", value, attributes].concat(), url)?;
    Ok(())
}

fn names(jar: &SharedJar) -> Vec<String> {
    let cookies = jar.to_vec();
    let names = cookies
        .iter()
        .map(|cookie| cookie.name().escape_ascii().to_string());
    names.collect()
}

/// tower-sessions with its defaults: `id`, HttpOnly, Secure, SameSite=Strict, until the session is over. Its
/// value is signed, so that the site knows the ids that it has given.
fn site() -> Router {
    Router::new()
        .route("/login", post(login))
        .route("/dashboard", get(dashboard))
        .route("/logout", post(logout))
        .layer(SessionManagerLayer::new(MemoryStore::default()).with_signed(Key::generate()))
}

async fn login(session: Session) -> Result<impl IntoResponse, StatusCode> {
    session.insert("user", "Ada").await.map_err(internal)?;
    let theme = "theme=dark; Path=/; Max-Age=86400";
    Ok((
        StatusCode::FOUND,
        [(LOCATION, "/dashboard"), (SET_COOKIE, theme)],
    ))
}

async fn dashboard(session: Session) -> Result<String, (StatusCode, &'static str)> {
    let user: Option<String> = session.get("user").await.unwrap_or_default();
    match user {
        Some(user) => Ok(format!("Hello, {user}")),
        None => Err((StatusCode::UNAUTHORIZED, "log in first")),
    }
}

async fn logout(session: Session) -> Result<impl IntoResponse, StatusCode> {
    session.flush().await.map_err(internal)?;
    Ok((StatusCode::FOUND, [(LOCATION, "/dashboard")]))
}

fn internal(_: tower_sessions::session::Error) -> StatusCode {
    StatusCode::INTERNAL_SERVER_ERROR
}
