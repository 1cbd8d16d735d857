//! What the formats that are JSON share: reading a document, and the members of its entries.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::formats::detect::ReadError;
use crate::formats::record::{Note, Place, Record, RecordedCookie};
use crate::formats::time::{Unit, is_beyond_year_9999};
use crate::formats::written::WriteOptions;
use crate::set_cookie::SameSite;
use crate::timestamp::Timestamp;

/// Why an entry cannot be read. It never contains a value.
pub(super) type Why = Cow<'static, str>;

/// Reads a document.
pub(super) fn parse(octets: &[u8]) -> Result<Value, ReadError> {
    value(octets).map_err(|error| ReadError::json(&error))
}

/// Reads a value of JSON. To `serde_json`'s own `Value` an object is a number, or raw JSON, if the name of its first
/// member is one that `serde_json` has for itself; and names of cookies are names of members.
pub(super) fn value(octets: &[u8]) -> serde_json::Result<Value> {
    serde_json::from_slice(octets).map(|Plain(value)| value)
}

struct Plain(Value);

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PlainVisitor).map(Self)
    }
}

struct PlainVisitor;

impl<'de> Visitor<'de> for PlainVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(flag.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Plain(entry)) = entries.next_element()? {
            list.push(entry);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = members.next_key()? {
            match name {
                MemberName::Text(name) => {
                    let Plain(member) = members.next_value()?;
                    map.insert(name, member);
                }
                MemberName::OfNumber => {
                    let digits: String = members.next_value()?;
                    return digits.parse().map(Value::Number).map_err(A::Error::custom);
                }
            }
        }
        Ok(map.into())
    }
}

/// The name of a member. With its feature `arbitrary_precision` `serde_json` gives a number as an object of one member,
/// whose name is no optional text, as each name that is in a file is.
enum MemberName {
    Text(String),
    OfNumber,
}

impl<'de> Deserialize<'de> for MemberName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_option(MemberNameVisitor)
    }
}

struct MemberNameVisitor;

impl<'de> Visitor<'de> for MemberNameVisitor {
    type Value = MemberName;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a member")
    }

    fn visit_some<D: Deserializer<'de>>(self, name: D) -> Result<MemberName, D::Error> {
        String::deserialize(name).map(MemberName::Text)
    }

    fn visit_str<E>(self, _: &str) -> Result<MemberName, E> {
        Ok(MemberName::OfNumber)
    }
}

/// Reads a file again of which all but the cookies is kept.
pub(super) fn before(options: &WriteOptions<'_>) -> Option<Value> {
    let octets = options.before()?;
    let octets = octets.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(octets);
    parse(octets).ok()
}

/// Writes a document with an indent of two spaces, and a newline at its end.
pub(super) fn pretty(document: &Value) -> Vec<u8> {
    // Writing a `Value` has no way to fail.
    let mut octets = serde_json::to_vec_pretty(document).unwrap_or_default();
    octets.push(b'\n');
    octets
}

/// A text of a cookie that is UTF-8, as a member.
pub(super) fn member(octets: &[u8]) -> Value {
    String::from_utf8_lossy(octets).into()
}

/// Makes a record of each entry of a list, by the function of its format.
pub(super) fn records(
    entries: &[Value],
    cookie: impl Fn(Entry<'_>, &mut Vec<Note>) -> Result<RecordedCookie, Why>,
) -> Vec<Record> {
    let entries = entries.iter().enumerate();
    entries
        .map(|(index, entry)| record(Place::Entry(index), entry, &cookie))
        .collect()
}

/// Makes a record of one entry.
pub(super) fn record(
    place: Place,
    entry: &Value,
    cookie: impl Fn(Entry<'_>, &mut Vec<Note>) -> Result<RecordedCookie, Why>,
) -> Record {
    let Value::Object(members) = entry else {
        return Record::unreadable(place, "the entry is not an object");
    };
    let mut notes = Vec::new();
    match cookie(Entry(members), &mut notes) {
        Ok(cookie) => Record::new(place, cookie, notes),
        Err(why) => Record::unreadable(place, why),
    }
}

/// The members of an entry. `null` is as if it were not there.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a>(pub(super) &'a Map<String, Value>);

impl<'a> Entry<'a> {
    pub(super) fn get(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn text(self, name: &str) -> Result<Option<&'a str>, Why> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(format!("its `{name}` is not a string").into()),
        }
    }

    pub(super) fn required_text(self, name: &str) -> Result<&'a str, Why> {
        let missing = || format!("it has no `{name}`").into();
        self.text(name)?.ok_or_else(missing)
    }

    /// Reads the domain, which no entry can do without.
    pub(super) fn domain(self, name: &str) -> Result<&'a str, Why> {
        let domain = self.text(name)?.filter(|domain| !domain.is_empty());
        domain.ok_or_else(|| {
            format!("it has no `{name}`: the file does not say for which host it is").into()
        })
    }

    pub(super) fn flag(self, name: &str) -> Result<Option<bool>, Why> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(format!("its `{name}` is neither true nor false").into()),
        }
    }

    /// Reads an instant that is a number of a unit.
    pub(super) fn instant(self, name: &str, unit: Unit) -> Result<Option<Timestamp>, Why> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Number(number)) => {
                let instant = unit.read(number.to_string().as_bytes());
                let why = |error| Why::from(format!("`{name}`: {error}"));
                instant.map(Some).map_err(why)
            }
            Some(_) => Err(format!("its `{name}` is not a number").into()),
        }
    }

    /// Reads an instant that is a text of RFC 3339.
    pub(super) fn date(self, name: &str) -> Result<Option<Timestamp>, Why> {
        let why = |_| Why::from(format!("its `{name}` is not an instant of RFC 3339"));
        let text = self.text(name)?;
        let instant = text.map(|text| text.parse().map_err(why)).transpose()?;
        if instant.is_some_and(is_beyond_year_9999) {
            return Err(format!("its `{name}` is beyond the year 9999").into());
        }
        Ok(instant)
    }

    /// Reads a word for the same-site-flag in any case, as browsers, extensions and libraries write it. What is
    /// absent is Default, and so is an unknown word, with a note.
    pub(super) fn same_site(self, name: &str, notes: &mut Vec<Note>) -> Result<SameSite, Why> {
        let known = self.known_same_site(name)?;
        Ok(known.unwrap_or_else(|| {
            notes.push(Note::new(
                "same-site-unknown",
                format!("its `{name}` is not a word of SameSite: taken as if it were absent"),
            ));
            SameSite::Default
        }))
    }

    /// Reads a word for the same-site-flag in any case, or `None` if it is none.
    pub(super) fn known_same_site(self, name: &str) -> Result<Option<SameSite>, Why> {
        let Some(word) = self.text(name)? else {
            return Ok(Some(SameSite::Default));
        };
        Ok(match word.to_ascii_lowercase().as_str() {
            "strict" => Some(SameSite::Strict),
            "lax" => Some(SameSite::Lax),
            "none" | "no_restriction" => Some(SameSite::None),
            "default" | "unspecified" | "" => Some(SameSite::Default),
            _ => None,
        })
    }
}
