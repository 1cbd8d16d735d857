//! Writing a file of cookies: whole or not at all.

use std::io::{self, Write as _};
use std::path::Path;

use hardtack::persist;

use crate::jar::file::{Failure, is_standard};

/// Writes a new file beside the old one and renames it over, or writes to standard output where the path is `-`.
pub(super) fn write(path: &Path, octets: &[u8]) -> Result<(), Failure> {
    if is_standard(path) {
        let mut out = io::stdout().lock();
        out.write_all(octets)?;
        return Ok(out.flush()?);
    }
    Ok(persist::replace(path, octets)?)
}

/// Writes cookies into a database that is there, in place of those that it has. Others may have it open.
#[cfg(feature = "sqlite")]
pub(super) fn write_into_database(
    path: &Path,
    cookies: &[&hardtack::Cookie],
    now: crate::time::Instant,
) -> Result<(), Failure> {
    use std::collections::HashSet;

    use hardtack::{Cookie, CookieBuilder, CookieJar, Policy, SharedJar};

    let key = |cookie: &Cookie| {
        let octets = [cookie.domain(), cookie.name(), cookie.path()].map(<[u8]>::to_vec);
        (octets, cookie.host_only(), cookie.partition().cloned())
    };
    let new: HashSet<_> = cookies.iter().map(|cookie| key(cookie)).collect();
    let mut policy = Policy::default();
    policy.lifetime_limit = std::time::Duration::MAX;
    policy.max_cookies = usize::MAX;
    policy.max_cookies_per_domain = usize::MAX;
    policy.max_cookies_per_site = usize::MAX;
    let jar = SharedJar::builder().jar(CookieJar::new(policy));
    let database = open_database(path, jar.clock(move || now))?;
    let cookies = cookies
        .iter()
        .enumerate()
        .map(|(order, cookie)| CookieBuilder::from(*cookie).order(order as u64));
    let jar = database.jar();
    jar.restore(cookies);
    jar.retain(|cookie| new.contains(&key(cookie)));
    Ok(database.flush()?)
}

/// Opens a database that is written by a flush, all at once.
#[cfg(feature = "sqlite")]
pub(super) fn open_database(
    path: &Path,
    jar: hardtack::SharedJarBuilder,
) -> Result<persist::JarDatabase, Failure> {
    let database = persist::JarDatabase::builder();
    let database = database.delay(std::time::Duration::MAX).batch(usize::MAX);
    Ok(database.jar(jar).open(path)?)
}

#[cfg(feature = "sqlite")]
impl From<persist::DatabaseError> for Failure {
    fn from(error: persist::DatabaseError) -> Self {
        Self::File(crate::shown::message(&error))
    }
}
