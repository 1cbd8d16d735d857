//! What the JSON of the command line is made of.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, SecondsFormat, Utc};
use hardtack::{Attribute, Citation, Cookie, PathAttribute, SameSite};
use serde_json::{Map, Value};

/// The members of an object, in the order they are given.
#[derive(Debug, Default)]
pub(crate) struct Members(Map<String, Value>);

impl Members {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// A member that is absent where there is no value.
    pub(crate) fn optional(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.member(name, value),
            None => self,
        }
    }

    /// Octets as a string, or in base64 under the name with `_base64` where they are not UTF-8.
    pub(crate) fn octets(self, name: &str, octets: &[u8]) -> Self {
        match std::str::from_utf8(octets) {
            Ok(text) => self.member(name, text),
            Err(_) => self.member(&format!("{name}_base64"), BASE64.encode(octets)),
        }
    }

    /// All members of another object.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }
}

impl From<Members> for Value {
    fn from(members: Members) -> Self {
        Self::Object(members.0)
    }
}

pub(crate) fn from_base64(text: &str) -> Result<Vec<u8>, base64::DecodeError> {
    BASE64.decode(text)
}

pub(crate) fn list(members: impl Iterator<Item = Members>) -> Value {
    members.map(Value::from).collect()
}

/// An attribute by its name and its typed value as a string.
pub(crate) fn attribute(attribute: &Attribute<'_>) -> Members {
    let value = match attribute {
        Attribute::Expires(instant) => rfc3339(*instant).into_bytes(),
        Attribute::MaxAge(seconds) => seconds.to_string().into_bytes(),
        Attribute::Domain(domain) => domain.to_vec(),
        Attribute::Path(PathAttribute::Given(path)) => path.to_vec(),
        Attribute::SameSite(enforcement) => same_site(*enforcement).into(),
        _ => Vec::new(),
    };
    Members::new()
        .member("name", attribute_name(attribute))
        .octets("value", &value)
}

/// The name of an attribute, as the text writes it.
pub(crate) fn attribute_name(attribute: &Attribute<'_>) -> &'static str {
    match attribute {
        Attribute::Expires(_) => "Expires",
        Attribute::MaxAge(_) => "Max-Age",
        Attribute::Domain(_) => "Domain",
        Attribute::Path(_) => "Path",
        Attribute::Secure => "Secure",
        Attribute::HttpOnly => "HttpOnly",
        Attribute::SameSite(_) => "SameSite",
        Attribute::Partitioned => "Partitioned",
        // None: all attributes that the crate knows are named.
        _ => "",
    }
}

/// The fields of a stored cookie, without its times of creation and last access.
pub(crate) fn cookie(cookie: &Cookie) -> Members {
    Members::new()
        .octets("name", cookie.name())
        .octets("value", cookie.value())
        .octets("domain", cookie.domain())
        .member("host_only", cookie.host_only())
        .octets("path", cookie.path())
        .member("secure", cookie.secure_only())
        .member("http_only", cookie.http_only())
        .member("same_site", same_site(cookie.same_site()))
        .member("expires", cookie.expiry_time().map(rfc3339))
        .member("partition", cookie.partition().map(ToString::to_string))
}

pub(crate) fn same_site(same_site: SameSite) -> &'static str {
    match same_site {
        SameSite::Default => "default",
        SameSite::Strict => "strict",
        SameSite::Lax => "lax",
        SameSite::None => "none",
    }
}

/// In UTC, a fraction only where there is one.
pub(crate) fn rfc3339(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// Where a decision comes from.
pub(crate) fn source(citation: Option<Citation>, dev_tools_name: Option<&str>) -> Members {
    let step = citation.as_ref().map(Citation::step);
    Members::new()
        .optional("section", citation.map(|citation| citation.section()))
        .optional("step", step.filter(|step| !step.is_empty()))
        .optional("link", citation.map(|citation| citation.link()))
        .optional("dev_tools", dev_tools_name)
}
