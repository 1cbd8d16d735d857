//! A page for people: rows of 80 columns, with colours if they are wanted.

use std::collections::BTreeSet;
use std::io::{self, BufWriter, StdoutLock, Write};

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};
use hardtack::{Citation, DRAFT};

use crate::shown::{char_width, width};

/// The width that terminals and pagers have at least.
pub(crate) const WIDTH: usize = 80;
/// The column of the label of a row.
const LABEL: usize = 4;
/// The column of the text of a row, after the longest label, `Partitioned`.
const TEXT: usize = 16;

pub(crate) const PLAIN: Style = Style::new();
pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const FAINT: Style = Style::new().dimmed();
pub(crate) const GREEN: Style = AnsiColor::Green.on_default().bold();
pub(crate) const CYAN: Style = AnsiColor::Cyan.on_default().bold();
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
pub(crate) const RED: Style = AnsiColor::Red.on_default().bold();

/// Returns standard output, with colours or without.
pub(crate) fn output() -> BufWriter<AutoStream<StdoutLock<'static>>> {
    BufWriter::new(anstream::stdout().lock())
}

/// Writes the notes.
pub(crate) fn notes(out: &mut impl Write, notes: &[String]) -> io::Result<()> {
    notes.iter().try_for_each(|note| {
        let note = wrapped(note, WIDTH - 6).join("\n      ");
        writeln!(out, "{YELLOW}note{YELLOW:#}: {note}")
    })
}

/// Breaks the citation of a decision, after the text before it, into lines that fit.
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

/// Breaks the text of a row into lines that fit, in a faint style.
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

    /// Writes their addresses.
    pub(crate) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n{FAINT}The steps are those of {DRAFT}:{FAINT:#}")?;
        let mut links = self.0.iter();
        links.try_for_each(|link| writeln!(out, "{FAINT}{link}{FAINT:#}"))
    }
}

/// Writes a label and its text, with the lines of the text below each other.
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

/// Breaks the text of a row at spaces, into lines that fit.
pub(crate) fn wrapped_text(text: &str) -> Vec<String> {
    wrapped(text, WIDTH - TEXT)
}

/// Breaks the text of a row anywhere, into lines that fit, so that no octet is lost.
pub(crate) fn broken_text(text: &str) -> Vec<String> {
    broken(text, WIDTH - TEXT)
}

/// Breaks a text into lines of at most this many columns: at spaces, and inside a word only if it is
/// longer.
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

/// Cuts a text into lines of at most this many columns. The empty text has one line.
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
