//! hyper-util's client below `CookieLayer` below tower-http's `FollowRedirectLayer`.

use std::error::Error;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use ::tower::{Service, ServiceBuilder, ServiceExt as _, service_fn};
use hardtack::SharedJar;
use hardtack::client::CookieLayer;
use http::{Request, Uri};
use http_body_util::Full;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::rt::TokioExecutor;
use tower_http::follow_redirect::FollowRedirectLayer;

use crate::wire::Client;

pub(crate) struct Tower;

type Body = Full<&'static [u8]>;

impl Client for Tower {
    fn call(
        &self,
        jar: &SharedJar,
        request: Request<&'static str>,
        proxy: Option<SocketAddr>,
    ) -> Result<u16, Box<dyn Error>> {
        let loopback = service_fn(async |_: Name| {
            Ok::<_, io::Error>(std::iter::once(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))))
        });
        let mut connector = HttpConnector::new_with_resolver(loopback);
        connector.enforce_http(false);
        let request = request.map(|body| Full::new(body.as_bytes()));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            match proxy {
                None => send(connector, jar, request).await,
                Some(proxy) => {
                    let proxy = Uri::try_from(format!("http://{proxy}"))?;
                    send(Tunnel::new(proxy, connector), jar, request).await
                }
            }
        })
    }
}

async fn send<C>(
    connector: C,
    jar: &SharedJar,
    request: Request<Body>,
) -> Result<u16, Box<dyn Error>>
where
    C: Connect + Clone + Send + Sync + 'static,
{
    let client = legacy::Client::builder(TokioExecutor::new()).build(connector);
    let mut client = ServiceBuilder::new()
        .layer(FollowRedirectLayer::new())
        .layer(CookieLayer::new(jar.clone()))
        .service(client);
    let response = client.ready().await?.call(request).await?;
    Ok(response.status().as_u16())
}
