//! What the examples share: a server on loopback that is every host, clients that find it there, and
//! each hop printed as the jar decides it.
//!
//! For values and dates of more than 16 octets, which differ from run to run, `…` is printed.

#![allow(dead_code)]

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use hardtack::client::CookieProvider;
use hardtack::{
    Citation, Receipt, Received, Rejection, RequestContext, SharedJar, SharedJarBuilder,
};
use reqwest::cookie::CookieStore;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::HeaderValue;
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, StatusCode};
use tokio::net::TcpListener;
use url::Url;

/// Where the text of a row begins, and how wide a row is, as in `hardtack explain`.
const TEXT: usize = 16;
const WIDTH: usize = 80;

/// A server that is every host, on a port that no URL has to name.
#[derive(Clone, Copy)]
pub(crate) struct Server(SocketAddr);

impl Server {
    pub(crate) async fn start(site: Router) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        tokio::spawn(async move { axum::serve(listener, site).await });
        Ok(Self(address))
    }

    /// A client that finds the server under every name.
    pub(crate) fn connect(self, client: ClientBuilder) -> reqwest::Result<Client> {
        // The tests' reqwest comes without a cryptography library, and wants one even for http.
        _ = rustls::crypto::ring::default_provider().install_default();
        client.dns_resolver(Arc::new(self)).no_proxy().build()
    }
}

impl Resolve for Server {
    fn resolve(&self, _: Name) -> Resolving {
        let addresses: Addrs = Box::new([self.0].into_iter());
        Box::pin(async { Ok(addresses) })
    }
}

/// A jar that prints what becomes of each Set-Cookie line.
pub(crate) fn shown_jar() -> SharedJarBuilder {
    SharedJar::builder().listener(received)
}

/// A cookie provider that prints what it is asked.
pub(crate) struct Shown {
    provider: CookieProvider,
    jar: SharedJar,
    context: RequestContext,
}

impl Shown {
    pub(crate) fn new(jar: &SharedJar, context: RequestContext) -> Self {
        let provider = CookieProvider::new(jar.clone());
        Self {
            provider: provider.context(context.clone()),
            jar: jar.clone(),
            context,
        }
    }
}

impl CookieStore for Shown {
    fn set_cookies(&self, set_cookies: &mut dyn Iterator<Item = &HeaderValue>, url: &Url) {
        self.provider.set_cookies(set_cookies, url);
    }

    fn cookies(&self, url: &Url) -> Option<HeaderValue> {
        let cookies = self.provider.cookies(url);
        match &cookies {
            None => row("sent", "nothing"),
            Some(cookies) => row("sent", &shown(cookies.as_bytes())),
        }
        for (cookie, exclusion) in self.jar.explain(self.context.request(url, "GET")) {
            if let Some(exclusion) = exclusion {
                let reason = because(&exclusion.to_string(), exclusion.citation());
                row(
                    "not sent",
                    &format!("{}: {reason}", cookie.name().escape_ascii()),
                );
            }
        }
        cookies
    }
}

fn received(received: &Received<'_>) {
    let attributes = shown(received.attributes.as_bytes());
    row(
        "set",
        &format!("{}=…; {attributes}", received.name.escape_ascii()),
    );
    match received.outcome {
        Ok(Receipt::Stored) => row("", "stored"),
        Ok(Receipt::Replaced) => row("", "stored, in the place of the one before"),
        Ok(Receipt::Expired) => row("", "deleted"),
        Err(rejection) => refused(rejection),
    }
}

pub(crate) fn refused(rejection: &Rejection) {
    let reason = because(&rejection.to_string(), rejection.citation());
    row("", &format!("refused: {reason}"));
}

fn because(reason: &str, citation: Option<Citation>) -> String {
    match citation {
        Some(citation) => format!("{reason} ({citation})"),
        None => reason.to_owned(),
    }
}

/// Follows redirects as reqwest does by default, and prints each. The examples have none that keeps a
/// POST.
pub(crate) fn redirects() -> Policy {
    Policy::custom(|attempt| {
        row(
            "answer",
            &format!("{} to {}", attempt.status(), attempt.url()),
        );
        println!("GET {}", attempt.url());
        Policy::default().redirect(attempt)
    })
}

/// Sends a request, prints it and what came of it.
pub(crate) async fn send(
    client: &Client,
    method: &str,
    url: &str,
) -> reqwest::Result<(StatusCode, String)> {
    println!("{method} {url}");
    let method = method.parse().expect("a method");
    let response = client.request(method, url).send().await?;
    let (status, body) = (response.status(), response.text().await?);
    row("answer", &format!("{status}: {body}"));
    Ok((status, body))
}

pub(crate) fn title(title: &str) {
    println!("\n{title}\n{}", "-".repeat(title.chars().count()));
}

/// A label, and beside it the text in as many lines as it takes.
pub(crate) fn row(label: &str, text: &str) {
    let mut line = format!("    {label:<width$}", width = TEXT - 4);
    let mut is_begun = false;
    for word in text.split(' ') {
        if is_begun && line.chars().count() + 1 + word.chars().count() > WIDTH {
            println!("{line}");
            line = " ".repeat(TEXT);
        } else if is_begun {
            line.push(' ');
        }
        line.push_str(word);
        is_begun = true;
    }
    println!("{line}");
}

/// A Cookie or Set-Cookie field, without what differs from run to run.
fn shown(field: &[u8]) -> String {
    let field = field.escape_ascii().to_string();
    let parts = field.split("; ").map(|part| match part.split_once('=') {
        Some((name, value)) if value.len() > 16 => format!("{name}=…"),
        _ => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("; ")
}
