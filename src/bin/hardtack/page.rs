//! A page for people: rows of 80 columns, and colours where they are wanted.

use std::collections::BTreeSet;
use std::io::{self, BufWriter, StdoutLock, Write};

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};
use hardtack::{Citation, DRAFT};

use crate::shown::{char_width, width};

/// The width that terminals and pagers have at least.
pub(crate) const WIDTH: usize = 80;
/// Where the label of a row begins.
const LABEL: usize = 4;
/// Where the text of a row begins: behind the longest label, `Partitioned`.
const TEXT: usize = 16;

pub(crate) const PLAIN: Style = Style::new();
pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const FAINT: Style = Style::new().dimmed();
pub(crate) const GREEN: Style = AnsiColor::Green.on_default().bold();
pub(crate) const CYAN: Style = AnsiColor::Cyan.on_default().bold();
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
pub(crate) const RED: Style = AnsiColor::Red.on_default().bold();

/// Standard output, in colours or without.
pub(crate) fn output() -> BufWriter<AutoStream<StdoutLock<'static>>> {
    BufWriter::new(anstream::stdout().lock())
}

/// Writes what there is to say before all else.
pub(crate) fn notes(out: &mut impl Write, notes: &[String]) -> io::Result<()> {
    notes.iter().try_for_each(|note| {
        let note = wrapped(note, WIDTH - 6).join("\n      ");
        writeln!(out, "{YELLOW}note{YELLOW:#}: {note}")
    })
}

/// Where a decision comes from, with what stands before it, in lines that fit.
pub(crate) fn source(
    before: &str,
    citation: Option<Citation>,
    dev_tools_name: Option<&str>,
) -> Vec<String> {
    let step = citation.map(|citation| citation.to_string());
    let rule = step.unwrap_or("a rule of browsers, not of the draft".to_owned());
    let name = dev_tools_name.map_or(String::new(), |name| format!(" ({name} in DevTools)"));
    faint(&format!("{before}{rule}{name}"))
}

/// The text of a row in lines that fit, and that stand back.
pub(crate) fn faint(text: &str) -> Vec<String> {
    let lines = wrapped_text(text).into_iter();
    lines
        .map(|line| format!("{FAINT}{line}{FAINT:#}"))
        .collect()
}

/// The sections that were cited, each once.
#[derive(Debug, Default)]
pub(crate) struct Links(BTreeSet<String>);

impl Links {
    pub(crate) fn add(&mut self, citation: Option<Citation>) {
        self.0.extend(citation.map(|citation| citation.link()));
    }

    /// Writes where to read them.
    pub(crate) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n{FAINT}The steps are those of {DRAFT}:{FAINT:#}")?;
        let mut links = self.0.iter();
        links.try_for_each(|link| writeln!(out, "{FAINT}{link}{FAINT:#}"))
    }
}

/// Writes a label and its text, the lines of which stand below each other.
pub(crate) fn row(
    out: &mut impl Write,
    style: Style,
    label: &str,
    text: &[String],
) -> io::Result<()> {
    let label_end = LABEL + width(label);
    write!(out, "{:LABEL$}{style}{label}{style:#}", "")?;
    let mut indent = TEXT.saturating_sub(label_end);
    if indent == 0 {
        writeln!(out)?;
        indent = TEXT;
    }
    for line in text {
        writeln!(out, "{:indent$}{line}", "")?;
        indent = TEXT;
    }
    if text.is_empty() {
        writeln!(out)
    } else {
        Ok(())
    }
}

/// The text of a row in lines that fit, broken at spaces.
pub(crate) fn wrapped_text(text: &str) -> Vec<String> {
    wrapped(text, WIDTH - TEXT)
}

/// The text of a row in lines that fit, broken anywhere, so that nothing of it is lost.
pub(crate) fn broken_text(text: &str) -> Vec<String> {
    broken(text, WIDTH - TEXT)
}

/// Lines of at most this many columns, broken at spaces, and inside a word only where it is longer.
pub(crate) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if width(line) + 1 + width(word) <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    let lines = lines.into_iter();
    lines.flat_map(|line| broken(&line, columns)).collect()
}

/// Lines of at most this many columns; the empty text has one.
pub(crate) fn broken(text: &str, columns: usize) -> Vec<String> {
    // No character has more columns than octets.
    if text.len() <= columns {
        return vec![text.to_owned()];
    }
    let (mut lines, mut room) = (vec![String::new()], columns);
    for character in text.chars() {
        let width = char_width(character);
        if width > room {
            lines.push(String::new());
            room = columns;
        }
        room -= width;
        if let Some(line) = lines.last_mut() {
            line.push(character);
        }
    }
    lines
}
