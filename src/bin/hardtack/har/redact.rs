//! A copy of a recording without the values of its cookies.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use hardtack::persist;
use hardtack::recording::Redaction;

use crate::har::Stop;
use crate::shown::{message, shown};

/// Where a recording is read from.
pub(super) enum Source<'s> {
    File(&'s Path),
    /// Standard input.
    Input,
    /// What standard input had, which is read more than once.
    Held(Vec<u8>),
}

impl<'s> Source<'s> {
    pub(super) fn of(path: &'s Path, is_read_twice: bool) -> io::Result<Self> {
        if path != Path::new("-") {
            return Ok(Self::File(path));
        }
        if !is_read_twice {
            return Ok(Self::Input);
        }
        let mut held = Vec::new();
        io::stdin().lock().read_to_end(&mut held)?;
        Ok(Self::Held(held))
    }

    fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(match self {
            Self::File(path) => Box::new(File::open(path)?),
            Self::Input => Box::new(io::stdin().lock()),
            Self::Held(octets) => Box::new(octets.as_slice()),
        })
    }
}

/// Writes the copy, a new file that only its owner can read, or to standard output where the path is `-`. Returns what
/// there is to know of it.
pub(super) fn write(
    source: &Source<'_>,
    path: &Path,
    out: &mut impl Write,
) -> Result<Option<String>, Stop> {
    let failed = |error: io::Error| Stop::Because(format!("it cannot be read: {error}"));
    let redaction = Redaction::of(source.open().map_err(failed)?);
    let redaction = redaction.map_err(|error| Stop::Because(error.to_string()))?;
    if path == Path::new("-") {
        redaction.write(source.open().map_err(failed)?, out)?;
    } else {
        let written = persist::replace_with(path, |new| {
            redaction.write(source.open()?, BufWriter::new(new))
        });
        written.map_err(|error| Stop::Because(message(&error)))?;
    }
    let others = redaction.other_secrets();
    Ok((!others.is_empty()).then(|| {
        let others: Vec<String> = others.iter().map(|name| shown(name.as_bytes())).collect();
        let others = others.join(", ");
        format!("only cookies are redacted: look at these fields before you share it: {others}")
    }))
}
