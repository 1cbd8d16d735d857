//! Cookies as a table of 80 columns.

use std::io::{self, Write};

use hardtack::SameSite;
use hardtack::formats::{NotKept, Record, RecordedCookie, Trouble};

use crate::jar::record::{NAMELESS, place_shown, why_shown};
use crate::page::{BOLD, FAINT, RED, WIDTH, YELLOW, wrapped};
use crate::secrets::Values;
use crate::shown::{cut, width};

/// The widths of the columns of the name, the value, the path and the expiry-time. The flags have the rest.
const NAME: usize = 20;
const VALUE: usize = 13;
const PATH: usize = 12;
const EXPIRES: usize = 10;

/// Writes records under the names of their domains, in the order of the file.
#[derive(Default)]
pub(super) struct Table {
    domain: Option<String>,
}

impl Table {
    pub(super) fn row(
        &mut self,
        out: &mut impl Write,
        record: &Record,
        why_not: Option<&NotKept>,
        values: Values,
    ) -> io::Result<()> {
        if let Some(cookie) = &record.cookie {
            if self.domain.as_ref() != Some(&cookie.domain) {
                let domain = cut(cookie.domain.as_bytes(), WIDTH);
                writeln!(out, "\n{BOLD}{domain}{BOLD:#}")?;
                self.domain = Some(cookie.domain.clone());
            }
            fields(out, cookie, values)?;
        } else {
            let place = place_shown(record.place);
            writeln!(out, "\n{BOLD}{place}{BOLD:#}")?;
            self.domain = None;
        }
        remarks(out, record, why_not)
    }
}

/// Writes why a record is not kept, and its notes.
pub(super) fn remarks(
    out: &mut impl Write,
    record: &Record,
    why_not: Option<&NotKept>,
) -> io::Result<()> {
    let indented = |out: &mut dyn Write, text: String| {
        let lines = wrapped(&text, WIDTH - 4);
        lines
            .iter()
            .try_for_each(|line| writeln!(out, "    {line}"))
    };
    if let Some(why_not) = why_not {
        write!(out, "{RED}")?;
        indented(out, format!("not kept: {}", why_shown(why_not)))?;
        write!(out, "{RED:#}")?;
    }
    for note in &record.notes {
        write!(out, "{YELLOW}")?;
        indented(out, format!("note: {}", note.text()))?;
        write!(out, "{YELLOW:#}")?;
    }
    Ok(())
}

fn fields(out: &mut impl Write, cookie: &RecordedCookie, values: Values) -> io::Result<()> {
    let name = match &*cookie.name {
        [] => NAMELESS.to_owned(),
        name => cut(name, NAME),
    };
    let name = padded(&name, NAME);
    let value = match cookie.trouble {
        Some(Trouble::Encrypted) => "<encrypted>".to_owned(),
        _ => cut(&values.value(&cookie.value), VALUE),
    };
    let value = padded(&value, VALUE);
    let path = padded(&cut(&cookie.path, PATH), PATH);
    let expires = cookie.expires.map(|instant| instant.to_string());
    let expires = expires.as_deref().and_then(|text| text.get(..EXPIRES));
    let expires = padded(expires.unwrap_or("session"), EXPIRES);
    let before = format!("  {name} {value} {path} {expires} ");
    let mut lines = wrapped(&flags(cookie), WIDTH - width(&before)).into_iter();
    let first = lines.next().unwrap_or_default();
    writeln!(out, "{}", format!("{before}{first}").trim_end())?;
    let indent = width(&before);
    lines.try_for_each(|line| writeln!(out, "{:indent$}{line}", ""))
}

/// What is special about a cookie, in the words of Set-Cookie lines.
fn flags(cookie: &RecordedCookie) -> String {
    let same_site = match cookie.same_site {
        None | Some(SameSite::Default) => None,
        Some(same_site) => Some(same_site.to_string()),
    };
    let says = |flag: Option<bool>, text: &str| (flag == Some(true)).then(|| text.to_owned());
    let flags = [
        says(cookie.host_only.map(|host_only| !host_only), "+subdomains"),
        says(cookie.secure, "Secure"),
        says(cookie.http_only, "HttpOnly"),
        same_site,
        cookie.partition.as_ref().map(|key| format!("in {key}")),
    ];
    let flags: Vec<String> = flags.into_iter().flatten().collect();
    flags.join(" ")
}

fn padded(text: &str, columns: usize) -> String {
    let spaces = columns.saturating_sub(width(text));
    format!("{text}{:spaces$}", "")
}

/// Writes the head of the columns.
pub(super) fn head(out: &mut impl Write) -> io::Result<()> {
    let columns = [
        ("NAME", NAME),
        ("VALUE", VALUE),
        ("PATH", PATH),
        ("EXPIRES", EXPIRES),
    ];
    let columns = columns.map(|(label, columns)| padded(label, columns));
    writeln!(out, "{FAINT}  {} FLAGS{FAINT:#}", columns.join(" "))
}
