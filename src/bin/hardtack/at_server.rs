//! A jar under replay at a server.

use std::io;

use hardtack::fleet::{Fleet, FleetError, FleetJar, RedisBackend};
use hardtack::{Cookie, Exclusion, Policy, Receipt, Rejection, Request};
use tokio::runtime::{self, Runtime};

use crate::replay::{Clock, Place};
use crate::shown::message;

/// Whose cookies they are: all conversations share them.
const IDENTITY: &str = "replay";

/// A jar at a server, which is connected to when it is first asked for.
pub(crate) struct AtServer {
    address: String,
    clock: Clock,
    policy: Policy,
    open: Option<Open>,
}

struct Open {
    runtime: Runtime,
    jar: FleetJar<RedisBackend>,
}

impl AtServer {
    /// Returns true if a place is the address of a server.
    pub(crate) fn is_address(place: &str) -> bool {
        let scheme = place.split_once("://").map(|(scheme, _)| scheme);
        scheme.is_some_and(|scheme| scheme.starts_with("redis") || scheme.starts_with("valkey"))
    }

    pub(crate) fn new(address: &str, clock: Clock) -> Self {
        Self {
            address: address.to_owned(),
            clock,
            policy: Policy::default(),
            open: None,
        }
    }

    fn opened(&mut self) -> Result<&Open, String> {
        let open = if let Some(open) = self.open.take() {
            open
        } else {
            let runtime = runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|error: io::Error| message(&error))?;
            let backend = runtime.block_on(RedisBackend::connect(&self.address));
            let backend = backend.map_err(|error| message(&error))?;
            let jar = self.jar(backend);
            Open { runtime, jar }
        };
        Ok(self.open.insert(open))
    }

    fn jar(&self, backend: RedisBackend) -> FleetJar<RedisBackend> {
        let clock = self.clock.clone();
        let fleet = Fleet::builder(backend)
            .policy(self.policy.clone())
            .clock(move || clock.now());
        fleet.build().jar(IDENTITY)
    }

    /// Asks the jar, and waits for the answer.
    fn ask<T>(
        &mut self,
        ask: impl AsyncFnOnce(&FleetJar<RedisBackend>) -> Result<T, FleetError>,
    ) -> Result<T, String> {
        let Open { runtime, jar } = self.opened()?;
        let answer = runtime.block_on(ask(jar));
        answer.map_err(|error| message(&error))
    }
}

impl Place for AtServer {
    fn reset(&mut self, policy: Policy) -> Result<(), String> {
        self.ask(async |jar| jar.clear().await)?;
        self.policy = policy;
        if let Some(Open { runtime, jar }) = self.open.take() {
            let jar = self.jar(jar.fleet().backend().clone());
            self.open = Some(Open { runtime, jar });
        }
        Ok(())
    }

    fn receive(
        &mut self,
        set_cookie_string: &[u8],
        request: Request<'_>,
    ) -> Result<Result<Receipt, Rejection>, String> {
        self.ask(
            async |jar| match jar.receive(set_cookie_string, request).await {
                Ok(receipt) => Ok(Ok(receipt)),
                Err(FleetError::Rejected(rejection)) => Ok(Err(rejection)),
                Err(error) => Err(error),
            },
        )
    }

    fn cookie_string(&mut self, request: Request<'_>) -> Result<Option<Vec<u8>>, String> {
        self.ask(async |jar| Ok(jar.cookie_string(request).await?.value))
    }

    fn explain(
        &mut self,
        request: Request<'_>,
    ) -> Result<Vec<(Cookie, Option<Exclusion>)>, String> {
        self.ask(async |jar| Ok(jar.explain(request).await?.value))
    }

    fn list(&mut self) -> Result<Vec<Cookie>, String> {
        let mut cookies = self.ask(async |jar| jar.to_vec().await)?;
        cookies.sort_by_key(Cookie::creation_time);
        Ok(cookies)
    }

    fn evict_expired(&mut self) -> Result<(), String> {
        self.opened()?.jar.fleet().evict_expired();
        Ok(())
    }

    fn flush(&mut self) -> Result<(), String> {
        // What was answered is at the server.
        Ok(())
    }
}
