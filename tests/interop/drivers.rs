//! The clients, each with our jar.

use hardtack::SharedJar;
use url::Url;

/// Makes a client with this jar.
pub(crate) type Connect = fn(SharedJar) -> Box<dyn Driver>;

/// A client that follows redirects.
pub(crate) trait Driver {
    /// The status and the body at the end of the redirects.
    fn send(&self, method: &str, url: &Url) -> (u16, String);
}

#[cfg(feature = "reqwest")]
pub(crate) use self::with_reqwest::reqwest;
#[cfg(feature = "tower")]
pub(crate) use self::with_tower::tower;
#[cfg(feature = "ureq")]
pub(crate) use self::with_ureq::ureq;

#[cfg(feature = "reqwest")]
mod with_reqwest {
    use std::sync::Arc;

    use hardtack::SharedJar;
    use reqwest::blocking::Client;
    use url::Url;

    use super::Driver;

    pub(crate) fn reqwest(jar: SharedJar) -> Box<dyn Driver> {
        // What the features that the tests build reqwest with leave open. It may have been done.
        _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().cookie_provider(Arc::new(jar));
        Box::new(client.build().unwrap())
    }

    impl Driver for Client {
        fn send(&self, method: &str, url: &Url) -> (u16, String) {
            let request = self.request(method.parse().unwrap(), url.clone());
            let response = request.send().unwrap();
            (response.status().as_u16(), response.text().unwrap())
        }
    }
}

#[cfg(feature = "tower")]
mod with_tower {
    use hardtack::SharedJar;
    use hardtack::client::CookieLayer;
    use http::Request;
    use http_body_util::{BodyExt as _, Empty};
    use hyper_util::client::legacy::Client;
    use hyper_util::rt::TokioExecutor;
    use tokio::runtime::Builder;
    use tower::{ServiceBuilder, ServiceExt as _};
    use tower_http::follow_redirect::FollowRedirectLayer;
    use url::Url;

    use super::Driver;

    struct Tower(SharedJar);

    pub(crate) fn tower(jar: SharedJar) -> Box<dyn Driver> {
        Box::new(Tower(jar))
    }

    impl Driver for Tower {
        fn send(&self, method: &str, url: &Url) -> (u16, String) {
            let client = Client::builder(TokioExecutor::new()).build_http::<Empty<&'static [u8]>>();
            let client = ServiceBuilder::new()
                .layer(FollowRedirectLayer::new())
                .layer(CookieLayer::new(self.0.clone()))
                .service(client);
            let request = Request::builder().method(method).uri(url.as_str());
            let request = request.body(Empty::new()).unwrap();
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let response = client.oneshot(request).await.unwrap();
                let status = response.status().as_u16();
                let body = response.into_body().collect().await.unwrap();
                (status, String::from_utf8(body.to_bytes().into()).unwrap())
            })
        }
    }
}

#[cfg(feature = "ureq")]
mod with_ureq {
    use hardtack::SharedJar;
    use hardtack::client::CookieAgent;
    use http::Request;
    use ureq::Agent;
    use url::Url;

    use super::Driver;

    pub(crate) fn ureq(jar: SharedJar) -> Box<dyn Driver> {
        let config = Agent::config_builder().proxy(None);
        let config = config.http_status_as_error(false).build();
        Box::new(CookieAgent::new(config, jar))
    }

    impl Driver for CookieAgent {
        fn send(&self, method: &str, url: &Url) -> (u16, String) {
            let request = Request::builder().method(method).uri(url.as_str());
            let mut response = match method {
                "GET" => self.run(request.body(()).unwrap()),
                _ => self.run(request.body("").unwrap()),
            }
            .unwrap();
            let body = response.body_mut().read_to_string().unwrap();
            (response.status().as_u16(), body)
        }
    }
}
