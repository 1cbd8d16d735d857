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
}

/// The member that a kept object gets for the line at which its `value` ends.
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
            while let Some(item) = items.next_element_seed(skim)? {
                kept.push(item);
            }
        } else {
            while items.next_element::<IgnoredAny>()?.is_some() {}
        }
        Ok(kept.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut kept = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if name == NUMBER {
                let digits: String = members.next_value()?;
                return digits.parse().map(Value::Number).map_err(Error::custom);
            }
            let of_name = match self.kept {
                Kept::Members(wanted) => wanted.iter().find(|(wanted, _)| *wanted == name),
                _ => None,
            };
            if let Some((_, of_name)) = of_name {
                let skim = Self {
                    kept: of_name,
                    ..self
                };
                let value = members.next_value_seed(skim)?;
                if name == "value" {
                    kept.insert(LINE.to_owned(), self.line.get().into());
                }
                kept.insert(name, value);
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(kept.into())
    }
}

/// A buffered reader that counts the lines of what was read. serde reads octet by octet.
pub(super) struct Lines<'l, R> {
    reader: R,
    buffer: Box<[u8]>,
    at: usize,
    end: usize,
    line: &'l Cell<usize>,
}

/// The octets that are read at once.
const BUFFER: usize = 64 * 1024;

impl<'l, R: Read> Lines<'l, R> {
    pub(super) fn new(reader: R, line: &'l Cell<usize>) -> Self {
        Self {
            reader,
            buffer: vec![0; BUFFER].into(),
            at: 0,
            end: 0,
            line,
        }
    }
}

impl<R: Read> Read for Lines<'_, R> {
    #[inline]
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at == self.end {
            self.end = self.reader.read(&mut self.buffer)?;
            self.at = 0;
        }
        let read = self.buffer.get(self.at..self.end).unwrap_or_default();
        let (Some(octet), Some(into)) = (read.first(), into.first_mut()) else {
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
