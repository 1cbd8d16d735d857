//! Many tasks, one reqwest client, one shared jar, many sites (axum): each gets its own cookies, and
//! nobody else's.
//!
//! ```sh
//! cargo run --example crawler --features reqwest
//! ```

mod hop;

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Path;
use axum::http::header::{COOKIE, HOST, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::routing::get;
use hardtack::{CookieJar, Policy, RequestContext, SharedJar};
use reqwest::Client;
use tokio::task::JoinSet;

use hop::{Server, Shown, redirects, row, send, shown_jar, title};

const SITES: usize = 100;
const PAGES: usize = 5;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = Server::start(sites()).await?;
    // More than a browser keeps: what does not fit is removed.
    let mut policy = Policy::default();
    policy.max_cookies = 100_000;
    let jar = shown_jar().jar(CookieJar::new(policy.clone())).build();

    title("One site, hop by hop");
    let provider = Arc::new(Shown::new(&jar, RequestContext::default()));
    let client = Client::builder().cookie_provider(provider);
    let client = server.connect(client.redirect(redirects()))?;
    for page in 0..3 {
        send(&client, "GET", &format!("http://site-0.example/{page}")).await?;
    }

    title(&format!("{SITES} sites, a task each"));
    let outcomes = Arc::new(Mutex::new(BTreeMap::new()));
    let count = Arc::clone(&outcomes);
    let jar = SharedJar::builder()
        .jar(CookieJar::new(policy))
        .listener(move |received| {
            let outcome = match received.outcome {
                Ok(receipt) => format!("{receipt:?}"),
                Err(rejection) => format!("Refused: {rejection}"),
            };
            *count.lock().unwrap().entry(outcome).or_insert(0) += 1;
        })
        .build();
    let client = Client::builder().cookie_provider(Arc::new(jar.clone()));
    let client = server.connect(client)?;
    let mut tasks = JoinSet::new();
    for site in 0..SITES {
        tasks.spawn(crawl(client.clone(), site));
    }
    while let Some(task) = tasks.join_next().await {
        task??;
    }
    let outcomes = outcomes.lock().unwrap();
    for (outcome, times) in &*outcomes {
        row(&format!("{times} times"), outcome);
    }
    row("in the jar", &format!("{} cookies", jar.len()));
    let times: Vec<usize> = outcomes.values().copied().collect();
    // Refused on each page, replaced by all pages but the first, and stored: two for each site.
    assert_eq!(times, [SITES * PAGES, SITES * (PAGES - 1), SITES * 2]);
    assert_eq!(jar.len(), SITES * 2);
    Ok(())
}

/// All pages of a site. Each says whether the cookies of the pages before have come, and no others.
async fn crawl(client: Client, site: usize) -> reqwest::Result<()> {
    for page in 0..PAGES {
        let url = format!("http://site-{site}.example/{page}");
        let response = client.get(url).send().await?.error_for_status()?;
        assert_eq!(response.text().await?, format!("site-{site}, page {page}"));
    }
    Ok(())
}

/// The first page of `site-0.example` sets a cookie for that and all below, and redirects to `www.`;
/// each page leaves its number, and tries to set a cookie for all of `example`.
fn sites() -> Router {
    Router::new().route("/{page}", get(page))
}

async fn page(Path(page): Path<usize>, headers: HeaderMap) -> Result<Response, StatusCode> {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let host = header(HOST).ok_or(StatusCode::BAD_REQUEST)?;
    let host = host.strip_suffix(".example").unwrap_or(host);
    let cookies = header(COOKIE).unwrap_or_default();
    let is_first = page == 0 && !host.starts_with("www.");
    let site = host.strip_prefix("www.").unwrap_or(host);

    let expected = match page {
        0 if is_first => String::new(),
        0 => format!("site={site}"),
        _ => format!("site={site}; page={}-of-{site}", page - 1),
    };
    if cookies != expected {
        return Err(StatusCode::CONFLICT);
    }
    let body = format!("{site}, page {page}");
    if is_first {
        let set_cookie = format!("site={site}; Domain={site}.example");
        let location = format!("http://www.{site}.example/0");
        let headers = [(SET_COOKIE, set_cookie), (LOCATION, location)];
        return Ok((StatusCode::FOUND, headers, body).into_response());
    }
    let number = format!("page={page}-of-{site}; Domain={site}.example");
    let everywhere = "everywhere=1; Domain=example".to_owned();
    let headers = AppendHeaders([(SET_COOKIE, number), (SET_COOKIE, everywhere)]);
    Ok((headers, body).into_response())
}
