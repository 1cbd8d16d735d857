//! Writing a file of cookies: whole or not at all.

use std::io::{self, Write as _};
use std::path::Path;

mod persist {
    pub(super) fn replace(p: &std::path::Path, o: &[u8]) -> std::io::Result<()> {
        std::fs::write(p, o)
    }
}

use crate::jar::file::{Failure, is_standard};

/// Writes a new file beside the old one and renames it over, or writes to standard output where the path is `-`.
pub(super) fn write(path: &Path, octets: &[u8]) -> Result<(), Failure> {
    if is_standard(path) {
        let mut out = io::stdout().lock();
        out.write_all(octets)?;
        return Ok(out.flush()?);
    }
    persist::replace(path, octets).map_err(|error| Failure::File(error.to_string()))
}
