//! What a back end of a fleet does: three calls, and two that it may leave out.

use std::fmt;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// Whose cookies, of which site: what one value of a [`Backend`] holds.
///
/// `Display` writes it as `identity/site`, where octets other than letters, digits and `-._~@:[]` are percent-encoded, and
/// `FromStr` reads that. No two keys are written alike.
///
/// ```
/// use hardtack::fleet::SiteKey;
///
/// let key = SiteKey::new("account 17", "shop.example");
/// assert_eq!(key.to_string(), "account%2017/shop.example");
/// assert_eq!("account%2017/shop.example".parse(), Ok(key));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SiteKey {
    identity: Arc<str>,
    site: Arc<str>,
}

/// The text is no [`SiteKey`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error(
    "it is not `identity/site` with other octets than letters, digits and `-._~@:[]` percent-encoded"
)]
pub struct NoSiteKey;

impl SiteKey {
    /// Makes a key of an identity and the name of a site.
    pub fn new(identity: impl Into<Arc<str>>, site: impl Into<Arc<str>>) -> Self {
        Self {
            identity: identity.into(),
            site: site.into(),
        }
    }

    /// Returns the identity: whose cookies they are.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// Returns the name of the site: a registrable domain, or a host that has none.
    pub fn site(&self) -> &str {
        &self.site
    }
}

impl fmt::Display for SiteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_encoded(&self.identity, f)?;
        f.write_str("/")?;
        write_encoded(&self.site, f)
    }
}

impl FromStr for SiteKey {
    type Err = NoSiteKey;

    fn from_str(text: &str) -> Result<Self, NoSiteKey> {
        let (identity, site) = text.split_once('/').ok_or(NoSiteKey)?;
        let key = Self::new(decoded(identity)?, decoded(site)?);
        // Otherwise two texts would be one key.
        (key.to_string() == text).then_some(key).ok_or(NoSiteKey)
    }
}

/// Writes a part of a key.
pub(super) fn write_encoded(text: &str, f: &mut impl fmt::Write) -> fmt::Result {
    for octet in text.bytes() {
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => f.write_char(char::from(octet))?,
            b'-' | b'.' | b'_' | b'~' | b'@' | b':' | b'[' | b']' => {
                f.write_char(char::from(octet))?;
            }
            _ => write!(f, "%{octet:02X}")?,
        }
    }
    Ok(())
}

fn decoded(text: &str) -> Result<String, NoSiteKey> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((octet, after)) = rest.split_first() {
        rest = after;
        if *octet != b'%' {
            octets.push(*octet);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2).ok_or(NoSiteKey)?;
        let digits = std::str::from_utf8(digits).map_err(|_| NoSiteKey)?;
        octets.push(u8::from_str_radix(digits, 16).map_err(|_| NoSiteKey)?);
        rest = after;
    }
    String::from_utf8(octets).map_err(|_| NoSiteKey)
}

/// Which write made a value: 16 random octets, so that no two writes have the same, whoever makes them.
///
/// ```
/// use hardtack::fleet::Version;
///
/// assert_ne!(Version::random(), Version::random());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Version(pub [u8; Self::OCTETS]);

impl Version {
    /// The number of octets of a version.
    pub const OCTETS: usize = 16;

    /// Makes a version that nobody has made before.
    pub fn random() -> Self {
        // Each `RandomState` hashes by a key of its own of 128 bits, which comes from the system's randomness.
        let half = || {
            let mut hasher = RandomState::new().build_hasher();
            hasher.write_u32(std::process::id());
            hasher.finish().to_le_bytes()
        };
        let mut octets = [0; Self::OCTETS];
        let (one, other) = octets.split_at_mut(8);
        one.copy_from_slice(&half());
        other.copy_from_slice(&half());
        Self(octets)
    }
}

/// The cookies of a site as octets, with their version.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Value {
    /// Which write made it.
    pub version: Version,
    /// The cookies. A back end keeps them as they are.
    pub octets: Vec<u8>,
}

impl fmt::Debug for Value {
    /// Shows the length of the octets, which have cookies' values in them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Value")
            .field("version", &self.version)
            .field("octets", &self.octets.len())
            .finish()
    }
}

/// What a back end has at a key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Loaded {
    /// The version that the caller knows.
    Unchanged,
    /// Nothing.
    Absent,
    /// Another version.
    Found(Value),
}

/// What became of a write.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Stored {
    /// It is there.
    Done,
    /// It is there, but fewer replicas have it than were asked for.
    NotReplicated,
    /// Nothing was written, since the value there is not the expected one: this one, or none.
    Conflict(Option<Value>),
}

/// What may have changed at a back end, for [`Backend::watch`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Invalidated {
    /// The value of a key.
    Site(SiteKey),
    /// Any of them: for instance the connection was lost, and with it what it would have told.
    All,
}

/// Why a back end could not do what it was asked for.
///
/// `may_be_stored` tells whether a write that fails so may have been carried out all the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum BackendError {
    /// No connection can be made.
    #[error("the server {server} cannot be reached: start it, or mend its address")]
    Refused {
        /// Its address, without user and password.
        server: String,
    },
    /// The address is none, or not that of such a server.
    #[error("the address {server} does not fit: {problem}")]
    Address {
        /// The address, without user and password.
        server: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The connection was lost before the answer came.
    #[error("the connection to the server was lost before it answered")]
    Disconnected,
    /// The answer did not come in time.
    #[error("the server did not answer in time")]
    Timeout,
    /// It takes no writes now: a replica, or one whose replicas are gone.
    #[error(
        "the server takes no writes: it is a replica, or has too few of them; connect to the primary"
    )]
    ReadOnly,
    /// It has no data now: it loads them, or a part of the cluster is down.
    #[error("the server is not ready: it loads its data, or a part of its cluster is down")]
    NotReady,
    /// The user may not do it.
    #[error(
        "the user has no permission at the server: allow PING, GET, GETRANGE, SET, DEL, EVAL, EVALSHA, TIME, ZADD, ZRANGE, ZREMRANGEBYSCORE, PEXPIRE, PTTL and WAIT on `{prefix}*`, and CLUSTER, READONLY and READWRITE in a cluster"
    )]
    NoPermission {
        /// The prefix of the keys.
        prefix: String,
    },
    /// The password is wrong, or missing.
    #[error("the server refuses user and password: mend them in the address")]
    WrongPassword,
    /// Its memory is full.
    #[error(
        "the server's memory is full: raise its `maxmemory`, or let fewer sessions live so long"
    )]
    OutOfMemory,
    /// There is a value of another type at the key, or one that is too short, so that somebody else writes there.
    #[error(
        "what is at the key of {site} was not written by hardtack: give the fleet a prefix of its own"
    )]
    WrongType {
        /// The site.
        site: String,
    },
    /// The last answer to a write that the connection may have sent more than once, as that to a cluster does by itself
    /// where an answer is lost.
    #[error("it may have been sent more than once, and the last answer was: {0}")]
    Repeated(Box<BackendError>),
    /// Something else.
    #[error("the server answers with `{code}`")]
    Other {
        /// The word that it begins with. What follows may show what was to be stored.
        code: String,
    },
}

impl BackendError {
    /// Returns true if a write that failed so may have been carried out.
    pub fn may_be_stored(&self) -> bool {
        matches!(self, Self::Disconnected | Self::Timeout | Self::Repeated(_))
    }
}

/// Where a [`Fleet`](super::Fleet) keeps the cookies: a value a key, written by compare-and-set.
///
/// [`MemoryBackend`](super::MemoryBackend) is one in the memory of the process. With the feature `redis`, `RedisBackend`
/// is one at a server.
pub trait Backend: Send + Sync + 'static {
    /// Returns the value at a key, unless it is of the version that the caller knows.
    ///
    /// # Errors
    ///
    /// [`BackendError`], if it is not known what is there.
    fn load(
        &self,
        key: &SiteKey,
        known: Option<Version>,
    ) -> impl Future<Output = Result<Loaded, BackendError>> + Send;

    /// Stores a value where that there is of the expected version, or where there is none and none is expected. Where
    /// the new version is there already, it was stored by an earlier call with the same value, and so it is now.
    ///
    /// The value may be removed once it is older than the time to live.
    ///
    /// # Errors
    ///
    /// [`BackendError`], after which the value is not stored, unless
    /// [`may_be_stored`](BackendError::may_be_stored) says otherwise.
    fn store(
        &self,
        key: &SiteKey,
        expected: Option<Version>,
        value: &Value,
        time_to_live: Duration,
    ) -> impl Future<Output = Result<Stored, BackendError>> + Send;

    /// Removes what is at a key.
    ///
    /// # Errors
    ///
    /// [`BackendError`], after which it may be there still.
    fn remove(&self, key: &SiteKey) -> impl Future<Output = Result<(), BackendError>> + Send;

    /// Returns the keys of an identity, among them maybe some that have no value any more, or `None` if the back end
    /// keeps no list of them, as it does without this method.
    ///
    /// # Errors
    ///
    /// [`BackendError`], if it is not known.
    fn sites(
        &self,
        identity: &str,
    ) -> impl Future<Output = Result<Option<Vec<SiteKey>>, BackendError>> + Send {
        let _ = identity;
        async { Ok(None) }
    }

    /// Calls `changed` from now on whenever somebody else may have changed a value that was loaded since. Returns
    /// false if the back end cannot do that, as it does without this method.
    fn watch(&self, changed: Arc<dyn Fn(Invalidated) + Send + Sync>) -> bool {
        let _ = changed;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_written_and_read() {
        for (identity, site, text) in [
            ("a", "shop.example", "a/shop.example"),
            ("", "", "/"),
            ("a/b", "c", "a%2Fb/c"),
            ("{a}%", "[::1]", "%7Ba%7D%25/[::1]"),
            ("é@x:1~", "a_b", "%C3%A9@x:1~/a_b"),
        ] {
            let key = SiteKey::new(identity, site);
            assert_eq!(key.to_string(), text);
            assert_eq!(text.parse(), Ok(key));
        }
        for text in [
            "", "a", "a/b/c", "%/a", "%4/a", "%zz/a", "%61/a", "%FF/a", "{/a", "%2f/a",
        ] {
            assert_eq!(text.parse::<SiteKey>(), Err(NoSiteKey), "{text}");
        }
    }

    #[test]
    fn an_unknown_outcome_is_told_apart() {
        for (error, may_be_stored) in [
            (BackendError::Disconnected, true),
            (BackendError::Timeout, true),
            (
                BackendError::Refused {
                    server: String::new(),
                },
                false,
            ),
            (BackendError::ReadOnly, false),
            (BackendError::NotReady, false),
            (BackendError::WrongPassword, false),
            (BackendError::OutOfMemory, false),
            (
                BackendError::Repeated(Box::new(BackendError::OutOfMemory)),
                true,
            ),
        ] {
            assert_eq!(error.may_be_stored(), may_be_stored, "{error}");
        }
    }
}
