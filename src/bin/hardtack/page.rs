//! A page for people: rows of 80 columns, and colours where the terminal has them.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use hardtack::{Citation, DRAFT};

const WIDTH: usize = 80;
/// Where the label of a row begins.
const LABEL: usize = 4;
/// Where the text of a row begins: behind the longest label, `Partitioned`.
const TEXT: usize = 16;

pub(crate) const PLAIN: Style = Style::new();
pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const FAINT: Style = Style::new().dimmed();
pub(crate) const GREEN: Style = AnsiColor::Green.on_default().bold();
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
pub(crate) const RED: Style = AnsiColor::Red.on_default().bold();

/// What there is to say before all else.
pub(crate) fn notes(out: &mut impl Write, notes: &[String]) -> io::Result<()> {
    notes.iter().try_for_each(|note| {
        let note = wrapped(note, WIDTH - 6).join("\n      ");
        writeln!(out, "{YELLOW}note{YELLOW:#}: {note}")
    })
}

/// Where a decision comes from.
pub(crate) fn source(citation: Option<Citation>, dev_tools_name: Option<&str>) -> String {
    let step = citation.map(|citation| citation.to_string());
    let rule = step.unwrap_or("a rule of browsers, not of the draft".to_owned());
    let name = dev_tools_name.map_or(String::new(), |name| format!(" ({name} in DevTools)"));
    format!("{FAINT}{rule}{name}{FAINT:#}")
}

/// Where to read the sections that were cited.
pub(crate) fn links(
    out: &mut impl Write,
    citations: impl Iterator<Item = Citation>,
) -> io::Result<()> {
    let mut links: Vec<String> = citations.map(|citation| citation.link()).collect();
    links.sort();
    links.dedup();
    if links.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{FAINT}The steps are those of {DRAFT}:{FAINT:#}")?;
    links
        .iter()
        .try_for_each(|link| writeln!(out, "{FAINT}{link}{FAINT:#}"))
}

/// A label and its text, the lines of which stand below each other.
pub(crate) fn row(
    out: &mut impl Write,
    style: Style,
    label: &str,
    text: &[String],
) -> io::Result<()> {
    let label_end = LABEL + label.chars().count();
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

/// The text of a row, in lines that fit.
pub(crate) fn wrapped_text(text: &str) -> Vec<String> {
    wrapped(text, WIDTH - TEXT)
}

/// Lines of at most this many columns, broken at spaces.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// What fits on one line of the page.
pub(crate) fn cut(text: &str) -> String {
    if text.chars().count() <= WIDTH {
        return text.to_owned();
    }
    text.chars().take(WIDTH - 1).chain(['…']).collect()
}

pub(crate) fn shown_or(octets: &[u8], if_empty: &str) -> String {
    if octets.is_empty() {
        return if_empty.to_owned();
    }
    shown(octets)
}

/// Octets for a terminal: UTF-8 as it is, the rest escaped, and so is what a terminal takes for more
/// than text.
pub(crate) fn shown(octets: &[u8]) -> String {
    let mut shown = String::new();
    for chunk in octets.utf8_chunks() {
        for character in chunk.valid().chars() {
            if is_plain(character) {
                shown.push(character);
            } else {
                shown.extend(character.escape_default());
            }
        }
        shown.extend(chunk.invalid().escape_ascii().map(char::from));
    }
    shown
}

/// Neither a control character nor one that changes the direction of writing.
fn is_plain(character: char) -> bool {
    !character.is_control()
        && !matches!(
            character,
            '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
        )
}
