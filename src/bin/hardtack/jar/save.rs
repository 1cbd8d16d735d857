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
