//! The parts of the JSON of the command line.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hardtack::{
    Attribute, Citation, Cookie, Exclusion, PathAttribute, Receipt, Rejection, SameSite,
};
use serde_json::{Map, Value};

use crate::plain::is_plain;
use crate::time::rfc3339;

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

    /// Adds a member, unless there is no value.
    pub(crate) fn optional(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.member(name, value),
            None => self,
        }
    }

    /// Adds octets as a string, or if they are not UTF-8, in base64 under the name with `_base64`.
    pub(crate) fn octets(self, name: &str, octets: &[u8]) -> Self {
        match std::str::from_utf8(octets) {
            Ok(text) => self.member(name, text),
            Err(_) => self.member(&format!("{name}_base64"), BASE64.encode(octets)),
        }
    }

    /// Adds all members of another object.
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

/// One object, written member by member, so that no list is in memory as a whole.
pub(crate) struct Document<W: Write> {
    out: W,
    is_begun: bool,
}

impl<W: Write> Document<W> {
    pub(crate) fn new(out: W) -> Self {
        Self {
            out,
            is_begun: false,
        }
    }

    pub(crate) fn member(&mut self, name: &str, value: impl Into<Value>) -> io::Result<()> {
        self.begin(name)?;
        write!(self.out, "{}", indented(&value.into(), "\n  "))
    }

    /// Writes a member that is a list, whose items are made one by one.
    pub(crate) fn list(
        &mut self,
        name: &str,
        items: impl Iterator<Item = Members>,
    ) -> io::Result<()> {
        self.begin(name)?;
        write!(self.out, "[")?;
        let mut is_empty = true;
        for item in items {
            let comma = if is_empty { "" } else { "," };
            is_empty = false;
            let item = indented(&item.into(), "\n    ");
            write!(self.out, "{comma}\n    {item}")?;
        }
        write!(self.out, "{}]", if is_empty { "" } else { "\n  " })
    }

    pub(crate) fn end(mut self) -> io::Result<()> {
        writeln!(self.out, "\n}}")?;
        self.out.flush()
    }

    fn begin(&mut self, name: &str) -> io::Result<()> {
        let before = if self.is_begun { "," } else { "{" };
        self.is_begun = true;
        write!(self.out, "{before}\n  \"{name}\": ")
    }
}

fn indented(value: &Value, line_end: &str) -> String {
    // Strings in JSON have no line's end, so that this only replaces those between members.
    plain(&format!("{value:#}")).replace('\n', line_end)
}

/// Escapes each character of JSON that a terminal obeys or does not show.
pub(crate) fn plain(json: &str) -> Cow<'_, str> {
    // Outside of strings JSON has only ASCII. In strings it is escaped already, except for DEL.
    let is_as_it_is =
        |character: char| character.is_ascii() && character != '\x7F' || is_plain(character);
    if json.chars().all(is_as_it_is) {
        return Cow::Borrowed(json);
    }
    let mut plain = String::with_capacity(json.len());
    for character in json.chars() {
        if is_as_it_is(character) {
            plain.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(plain, "\\u{unit:04x}");
            }
        }
    }
    Cow::Owned(plain)
}

pub(crate) fn from_base64(text: &str) -> Result<Vec<u8>, base64::DecodeError> {
    BASE64.decode(text)
}

pub(crate) fn list(members: impl Iterator<Item = Members>) -> Value {
    members.map(Value::from).collect()
}

/// Makes an object of an attribute: its name, and its typed value as a string.
pub(crate) fn attribute(attribute: &Attribute<'_>) -> Members {
    let value = match attribute {
        Attribute::Expires(instant) => rfc3339(*instant).into_bytes(),
        Attribute::MaxAge(seconds) => seconds.to_string().into_bytes(),
        Attribute::Domain(domain) => domain.to_vec(),
        Attribute::Path(PathAttribute::Given(path)) => path.to_vec(),
        Attribute::SameSite(enforcement) => same_site(*enforcement).into(),
        _ => Vec::new(),
    };
    attribute_as(attribute, &value)
}

/// Makes an object of an attribute: its name, and this value.
pub(crate) fn attribute_as(attribute: &Attribute<'_>, value: &[u8]) -> Members {
    Members::new()
        .member("name", attribute_name(attribute))
        .octets("value", value)
}

/// Returns the name of an attribute, as the draft writes it.
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
    cookie_as(cookie, cookie.value(), cookie.path())
}

/// A stored cookie with this value and path.
pub(crate) fn cookie_as(cookie: &Cookie, value: &[u8], path: &[u8]) -> Members {
    Members::new()
        .octets("name", cookie.name())
        .octets("value", value)
        .octets("domain", cookie.domain())
        .member("host_only", cookie.host_only())
        .octets("path", path)
        .member("secure", cookie.secure_only())
        .member("http_only", cookie.http_only())
        .member("same_site", same_site(cookie.same_site()))
        .member("expires", cookie.expiry_time().map(rfc3339))
        .member("partition", cookie.partition().map(ToString::to_string))
}

/// What became of a line.
pub(crate) fn outcome(outcome: &Result<Receipt, Rejection>) -> Members {
    match outcome {
        Ok(receipt) => Members::new().member("result", receipt.to_string()),
        Err(rejection) => rejected(rejection.name(), rejection.citation()),
    }
}

/// Why a line is refused.
pub(crate) fn rejected(reason: &str, citation: Option<Citation>) -> Members {
    Members::new()
        .member("result", "rejected")
        .member("reason", reason)
        .optional("section", citation.map(|citation| citation.section()))
        .optional("step", citation.and_then(|citation| citation.main_step()))
        .optional("citation", citation.map(|citation| citation.to_string()))
}

/// A cookie of the request's host, and why it does not go with the request.
pub(crate) fn explained(cookie: &Cookie, why_not: Option<Exclusion>) -> Members {
    Members::new()
        .octets("name", cookie.name())
        .octets("domain", cookie.domain())
        .octets("path", cookie.path())
        .member("sent", why_not.is_none())
        .optional("reason", why_not.map(|exclusion| exclusion.name()))
}

pub(crate) fn same_site(same_site: SameSite) -> &'static str {
    match same_site {
        SameSite::Default => "default",
        SameSite::Strict => "strict",
        SameSite::Lax => "lax",
        SameSite::None => "none",
    }
}

/// Makes the members of the citation of a decision.
pub(crate) fn source(citation: Option<Citation>, dev_tools_name: Option<&str>) -> Members {
    let step = citation.and_then(|citation| citation.step());
    Members::new()
        .optional("section", citation.map(|citation| citation.section()))
        .optional("step", step)
        .optional("link", citation.map(|citation| citation.link()))
        .optional("dev_tools", dev_tools_name)
}
