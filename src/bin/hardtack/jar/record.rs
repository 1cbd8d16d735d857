//! A record as JSON, and as text.

use hardtack::NotRestored;
use hardtack::formats::{NotKept, Note, Place, Record, RecordedCookie, Trouble};
use serde_json::{Value, json};

use crate::json::{Members, list, same_site};
use crate::secrets::Values;
use crate::shown::name;
use crate::time::rfc3339;

/// All that is said of a record: one line of `list --json`.
pub(super) fn document(record: &Record, why_not: Option<&NotKept>, values: Values) -> Members {
    let cookie = record.cookie.as_ref();
    let fields = cookie.map(|cookie| fields(cookie, values));
    Members::new()
        .member("place", place(record.place))
        .and(fields.unwrap_or_default())
        .member("kept", why_not.is_none())
        .optional("reason", why_not.map(NotKept::name))
        .member("notes", list(record.notes.iter().map(note)))
}

/// What is said of a record and of no clean one: one line of `check --json`.
pub(super) fn remarks(record: &Record, why_not: Option<&NotKept>) -> Members {
    let identity = record.cookie.as_ref().map(|cookie| {
        Members::new()
            .octets("name", &cookie.name)
            .member("domain", cookie.domain.as_str())
            .octets("path", &cookie.path)
    });
    Members::new()
        .member("place", place(record.place))
        .and(identity.unwrap_or_default())
        .member("kept", why_not.is_none())
        .optional("reason", why_not.map(NotKept::name))
        .member("notes", list(record.notes.iter().map(note)))
}

pub(super) fn note(note: &Note) -> Members {
    Members::new()
        .member("kind", note.kind())
        .member("text", note.text())
}

fn fields(cookie: &RecordedCookie, values: Values) -> Members {
    let members = Members::new().octets("name", &cookie.name);
    let is_encrypted = cookie.trouble == Some(Trouble::Encrypted);
    let members = match values {
        Values::Show if is_encrypted => members.member("value", Value::Null),
        Values::Show => members.octets("value", &cookie.value),
        Values::Hide if is_encrypted => members.member("value_octets", Value::Null),
        Values::Hide => members.member("value_octets", cookie.value.len()),
    };
    members
        .member("domain", cookie.domain.as_str())
        .member("host_only", cookie.host_only)
        .octets("path", &cookie.path)
        .member("secure", cookie.secure)
        .member("http_only", cookie.http_only)
        .member("same_site", cookie.same_site.map(same_site))
        .member("expires", cookie.expires.map(rfc3339))
        .member(
            "partition",
            cookie.partition.as_ref().map(ToString::to_string),
        )
        .optional("creation", cookie.creation.map(rfc3339))
        .optional("last_access", cookie.last_access.map(rfc3339))
}

fn place(place: Place) -> Value {
    match place {
        Place::Line(line) => json!({ "line": line }),
        Place::Entry(entry) => json!({ "entry": entry }),
        _ => Value::Null,
    }
}

/// Where a record stands, for people.
pub(super) fn place_shown(place: Place) -> String {
    match place {
        Place::Line(line) => format!("line {line}"),
        Place::Entry(entry) => format!("entry {entry}"),
        _ => String::new(),
    }
}

/// What stands for the name of a nameless cookie.
pub(super) const NAMELESS: &str = "(no name)";

/// The name of a cookie, for people.
pub(super) fn name_shown(octets: &[u8]) -> String {
    match octets {
        [] => NAMELESS.to_owned(),
        octets => name(octets),
    }
}

/// Why a record is not kept, with the name of the reason.
pub(super) fn why_shown(why_not: &NotKept) -> String {
    let text = match why_not {
        // What to change there is said to programs that build a cookie.
        NotKept::NotRestored(NotRestored::Refused(error)) => {
            let message = error.to_string();
            message.split(": ").next().unwrap_or_default().to_owned()
        }
        NotKept::NotRestored(NotRestored::Expired) => return "expired".to_owned(),
        NotKept::NotRestored(NotRestored::Duplicate) => {
            "a later one has the same name, domain, path and partition".to_owned()
        }
        NotKept::Trouble(Trouble::Encrypted) => {
            "its value is encrypted; export it from the running browser".to_owned()
        }
        NotKept::Trouble(Trouble::OtherContainer) => {
            "it belongs to another container of the browser".to_owned()
        }
        _ => return why_not.name().to_owned(),
    };
    format!("{text} ({})", why_not.name())
}
