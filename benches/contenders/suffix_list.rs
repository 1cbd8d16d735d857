//! The one-time cost of the public suffix list. Only a new process has not read it, so a bench starts
//! itself with an argument, and its `main` begins with [`is_first_look_up`].

use std::env;
use std::process::Command;
use std::time::{Duration, Instant};

use hardtack::PublicSuffixList;

const FIRST_LOOK_UP: &str = "--first-look-up";

/// Was this process started for [`first_look_up`]? Then it prints how many nanoseconds its first
/// look-up takes.
pub(crate) fn is_first_look_up() -> bool {
    let is = env::args().any(|argument| argument == FIRST_LOOK_UP);
    if is {
        let start = Instant::now();
        assert!(PublicSuffixList::embedded().is_public_suffix(b"co.uk"));
        println!("{}", start.elapsed().as_nanos());
    }
    is
}

/// The time that the first look-up of a new process takes.
pub(crate) fn first_look_up() -> Duration {
    let bench = env::current_exe().expect("the bench has a file");
    let output = Command::new(bench).arg(FIRST_LOOK_UP).output();
    let printed = output.expect("the bench starts itself").stdout;
    let nanoseconds = String::from_utf8_lossy(&printed).trim().parse();
    Duration::from_nanos(nanoseconds.expect("a number is printed"))
}
