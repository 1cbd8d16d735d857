//! The files of real tools and what they were recorded with, which stand beside the project.

use std::io::{self, Write as _};
use std::path::Path;

/// Returns true if a folder of them is there, which under CI it has to be.
pub(crate) fn are_there(folder: &str) -> bool {
    let are_there = Path::new(folder).is_dir();
    if !are_there {
        assert!(
            std::env::var_os("CI").is_none(),
            "the files of real tools are not beside the project: {folder}"
        );
        let _ = writeln!(
            io::stderr(),
            "SKIPPED: the files of real tools are not there: {folder}"
        );
    }
    are_there
}
