//! Two sites show a pixel of a third one (axum): which of its requests carry which id, by how the
//! cookie was set and by what the browser allows.
//!
//! ```sh
//! cargo run --example tracking_pixel --features reqwest
//! ```

mod hop;

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hardtack::{PublicSuffixList, RequestContext, SharedJar, Site};
use url::Url;

use hop::{Server, Shown, row, send, shown_jar, title};

/// The pixel's path, and what stands behind `id=…` in the Set-Cookie line that comes with it.
const PIXELS: [(&str, &str); 3] = [
    ("none", "; Secure; SameSite=None"),
    ("default", ""),
    ("partitioned", "; Secure; SameSite=None; Partitioned"),
];

/// The pages that show it, one after the other; the first is the third party's own.
const PAGES: [&str; 4] = [
    "http://ads.localhost/",
    "http://news.localhost/",
    "http://shop.localhost/",
    "http://news.localhost/",
];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let runs = [
        (
            "SameSite=None: one id everywhere",
            "none",
            false,
            [1, 1, 1, 1],
        ),
        (
            "Without SameSite: no id on other sites",
            "default",
            false,
            [1, 2, 3, 4],
        ),
        (
            "Partitioned: an id for each site",
            "partitioned",
            false,
            [1, 2, 3, 2],
        ),
        (
            "SameSite=None, but the browser blocks third-party cookies",
            "none",
            true,
            [1, 2, 3, 4],
        ),
    ];
    for (what, pixel, blocks_third_parties, expected) in runs {
        title(what);
        let browser = Browser {
            server: Server::start(third_party()).await?,
            jar: shown_jar().build(),
            blocks_third_parties,
        };
        let pixel = Url::parse("http://ads.localhost/")?.join(pixel)?;
        let mut seen = Vec::new();
        for page in PAGES {
            println!("On {page}");
            seen.push(browser.load(&pixel, &Url::parse(page)?).await?);
        }
        assert_eq!(seen, expected.map(|id| format!("visitor {id}")));
    }
    Ok(())
}

struct Browser {
    server: Server,
    jar: SharedJar,
    blocks_third_parties: bool,
}

impl Browser {
    /// Loads what a page shows, and returns whom the server takes us for.
    async fn load(&self, url: &Url, page: &Url) -> reqwest::Result<String> {
        let client = reqwest::Client::builder();
        let client = if self.blocks_third_parties && is_third_party(url, page) {
            row("blocked", "a third party gets no cookies and sets none");
            client
        } else {
            let context = RequestContext::default()
                .site_for_cookies(page.clone())
                .top_level_site(page.clone());
            client.cookie_provider(Arc::new(Shown::new(&self.jar, context)))
        };
        let client = self.server.connect(client)?;
        let (_, visitor) = send(&client, "GET", url.as_str()).await?;
        Ok(visitor)
    }
}

fn is_third_party(url: &Url, page: &Url) -> bool {
    let list = PublicSuffixList::default();
    Site::of(url, &list) != Site::of(page, &list)
}

/// Sets a new id wherever none comes in.
fn third_party() -> Router {
    let visitors = Arc::new(AtomicU32::new(0));
    Router::new()
        .route("/{pixel}", get(pixel))
        .with_state(visitors)
}

async fn pixel(
    State(visitors): State<Arc<AtomicU32>>,
    Path(pixel): Path<String>,
    headers: HeaderMap,
) -> Result<Response, StatusCode> {
    let cookie = headers.get(COOKIE).and_then(|cookie| cookie.to_str().ok());
    if let Some(id) = cookie.and_then(|cookie| cookie.strip_prefix("id=")) {
        return Ok(format!("visitor {id}").into_response());
    }
    let known = PIXELS.iter().find(|(name, _)| *name == pixel);
    let (_, attributes) = known.ok_or(StatusCode::NOT_FOUND)?;
    let id = visitors.fetch_add(1, Ordering::Relaxed) + 1;
    let set_cookie = format!("id={id}{attributes}");
    Ok(([(SET_COOKIE, set_cookie)], format!("visitor {id}")).into_response())
}
