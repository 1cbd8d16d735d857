//! Reading a large JSON document for a few of its members. All else, such as bodies, is passed over octet by octet, and
//! what has another shape than expected is no error here.

use std::cell::Cell;
use std::fmt;
use std::io::{self, Read};

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// What is kept of a value.
pub(super) enum Kept {
    /// A string, a number, true or false. Of a list and an object stays that it is one.
    Scalar,
    /// A list, and this of each item.
    Each(&'static Kept),
    /// An object, and of it these members.
    Members(&'static [(&'static str, Kept)]),
    /// A header field of one of these names, in lower case. In a list there are no others.
    Field(&'static [&'static str]),
}

/// The member that a header field gets for the line at which its `value` ends.
pub(super) const LINE: &str = "line";

/// Where serde's number is, with its feature `arbitrary_precision`.
const NUMBER: &str = "$serde_json::private::Number";

/// Reads a value, and keeps a part of it.
#[derive(Clone, Copy)]
pub(super) struct Skim<'l> {
    pub(super) kept: &'static Kept,
    /// The line that is being read, from 1.
    pub(super) line: &'l Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for Skim<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Skim<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut kept = Vec::new();
        if let Kept::Each(of_each) = self.kept {
            let skim = Self {
                kept: of_each,
                ..self
            };
            let is_field = matches!(of_each, Kept::Field(_));
            while let Some(item) = items.next_element_seed(skim)? {
                if !(is_field && item.is_null()) {
                    kept.push(item);
                }
            }
        } else {
            while items.next_element::<IgnoredAny>()?.is_some() {}
        }
        Ok(kept.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut kept = Map::new();
        while let Some(name) = members.next_key_seed(Name(self.kept))? {
            let (name, of_name) = match name {
                Named::Wanted(name, of_name) => (name, of_name),
                Named::Other => {
                    members.next_value::<IgnoredAny>()?;
                    continue;
                }
                Named::Number => {
                    let digits: String = members.next_value()?;
                    return digits.parse().map(Value::Number).map_err(Error::custom);
                }
            };
            let skim = Self {
                kept: of_name,
                ..self
            };
            let value = members.next_value_seed(skim)?;
            match self.kept {
                Kept::Field(names) if name == "name" && !is_one_of(&value, names) => {
                    while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                    return Ok(Value::Null);
                }
                Kept::Field(_) if name == "value" => {
                    kept.insert(LINE.to_owned(), self.line.get().into());
                }
                _ => {}
            }
            kept.insert(name.to_owned(), value);
        }
        Ok(kept.into())
    }
}

/// Returns false for the name of another field. What is no name is one of these, so that it is told as an error.
fn is_one_of(name: &Value, names: &[&str]) -> bool {
    let mut names = names.iter();
    name.as_str()
        .is_none_or(|name| names.any(|it| it.eq_ignore_ascii_case(name)))
}

/// Reads the name of a member, and holds no other than one that is wanted.
struct Name(&'static Kept);

enum Named {
    Wanted(&'static str, &'static Kept),
    Other,
    /// What serde's numbers have, with its feature `arbitrary_precision`.
    Number,
}

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Named;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Named, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Named;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a member")
    }

    fn visit_str<E>(self, name: &str) -> Result<Named, E> {
        let wanted = match self.0 {
            Kept::Members(wanted) => wanted,
            Kept::Field(_) => FIELD,
            Kept::Scalar | Kept::Each(_) => &[],
        };
        Ok(match wanted.iter().find(|(wanted, _)| *wanted == name) {
            Some((name, kept)) => Named::Wanted(name, kept),
            None if name == NUMBER => Named::Number,
            None => Named::Other,
        })
    }
}

/// The members of a header field.
const FIELD: &[(&str, Kept)] = &[("name", Kept::Scalar), ("value", Kept::Scalar)];

/// A buffered reader that counts the lines of what was read. serde reads octet by octet.
pub(super) struct Lines<'l, R> {
    reader: R,
    buffer: Vec<u8>,
    at: usize,
    line: &'l Cell<usize>,
}

/// The octets that are read at once.
const BUFFER: usize = 64 * 1024;

impl<'l, R: Read> Lines<'l, R> {
    pub(super) fn new(reader: R, line: &'l Cell<usize>) -> Self {
        Self {
            reader,
            buffer: Vec::new(),
            at: 0,
            line,
        }
    }

    #[cold]
    fn fill(&mut self) -> io::Result<()> {
        self.at = 0;
        self.buffer.resize(BUFFER, 0);
        let read = self.reader.read(&mut self.buffer);
        self.buffer.truncate(*read.as_ref().unwrap_or(&0));
        read.map(|_| ())
    }
}

impl<R: Read> Read for Lines<'_, R> {
    #[inline]
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at == self.buffer.len() {
            self.fill()?;
        }
        let (Some(octet), Some(into)) = (self.buffer.get(self.at), into.first_mut()) else {
            return Ok(0);
        };
        *into = *octet;
        self.at += 1;
        if *octet == b'\n' {
            self.line.set(self.line.get() + 1);
        }
        Ok(1)
    }
}
