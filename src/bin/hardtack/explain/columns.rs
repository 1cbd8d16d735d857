//! The report of several browsers, a column each.

use std::io::{self, Write};

use crate::compared::{Cause, Column, Sent, Verdict, fields};
use crate::explain::report::Report;
use crate::json::{self, Document, Members};
use crate::page::{BOLD, WIDTH, faint, notes, row, wrapped_text};
use crate::page::{PLAIN, YELLOW};
use crate::secrets::Values;
use crate::shown::{self, cut, shown, shown_or, width};
use crate::time::rfc3339;

/// The columns of a row's label.
const LABEL: usize = 16;

/// Writes the columns as text. Returns true if a line was refused in one.
pub(super) fn write_text(
    report: &Report<'_>,
    columns: &[Column],
    out: &mut impl Write,
) -> io::Result<bool> {
    notes(out, &report.input.notes)?;
    let source = match report.method {
        Some(_) => "Received from",
        None => "Set by a script at",
    };
    writeln!(out, "{source} {} at {}", report.url, rfc3339(report.now))?;
    for (index, line) in report.input.lines().enumerate() {
        let number = format!("[{}] ", index + 1);
        let line = cut(&report.values.line(line.octets), WIDTH - number.len());
        writeln!(out, "\n{BOLD}{number}{line}{BOLD:#}")?;
        table(out, columns, &received(columns, index, report.values))?;
        because(out, columns, index, report.values)?;
    }
    for (place, url) in report.then.iter().enumerate() {
        let index = report.input.lines().count() + place;
        let method = report
            .method
            .map_or("document.cookie at".to_owned(), |method| {
                shown(method.as_bytes())
            });
        writeln!(out, "\n{BOLD}{method} {url}{BOLD:#}")?;
        table(out, columns, &sent(columns, index, report.values))?;
        because(out, columns, index, report.values)?;
    }
    out.flush()?;
    Ok(has_refusal(columns))
}

fn has_refusal(columns: &[Column]) -> bool {
    let mut verdicts = columns.iter().flat_map(|column| &column.verdicts);
    verdicts
        .any(|verdict| matches!(verdict, Verdict::Received { refusal, .. } if refusal.is_some()))
}

/// A row: its label, and a cell for each column.
type Row = (String, Vec<String>);

/// Writes rows below the names of the columns.
fn table(out: &mut impl Write, columns: &[Column], rows: &[Row]) -> io::Result<()> {
    let widths: Vec<usize> = (0..columns.len())
        .map(|column| {
            let cells = rows.iter().map(|(_, cells)| width(&cells[column]));
            cells.max().unwrap_or(0).max(columns[column].name.len()) + 2
        })
        .collect();
    let names = columns.iter().map(|column| column.name.clone()).collect();
    let head = (String::new(), names);
    for (label, cells) in std::iter::once(&head).chain(rows) {
        let pad = |out: &mut dyn Write, text: &str, to: usize| {
            let space = to.saturating_sub(width(text)).max(1);
            write!(out, "{text}{:space$}", "")
        };
        write!(out, "    ")?;
        pad(out, label, LABEL - 4)?;
        for (cell, width) in cells.iter().zip(&widths).take(cells.len() - 1) {
            pad(out, cell, *width)?;
        }
        writeln!(out, "{}", cells.last().map_or("", String::as_str))?;
    }
    Ok(())
}

/// What became of a line, and the fields in which the cookies differ.
fn received(columns: &[Column], index: usize, values: Values) -> Vec<Row> {
    let verdicts = columns.iter().map(|column| &column.verdicts[index]);
    let received: Vec<_> = verdicts
        .filter_map(|verdict| match verdict {
            Verdict::Received { result, cookie, .. } => {
                Some((*result, cookie.as_ref().map(fields)))
            }
            Verdict::Sent { .. } => None,
        })
        .collect();
    let result = |(result, _): &(&'static str, _)| match *result {
        "rejected" => "refused".to_owned(),
        result => result.to_owned(),
    };
    let mut rows = vec![("result".to_owned(), received.iter().map(result).collect())];
    let mut kept = received.iter().filter_map(|(_, cookie)| cookie.as_ref());
    let Some(first) = kept.next() else {
        return rows;
    };
    let rest: Vec<_> = kept.collect();
    for (place, (name, of_first)) in first.iter().enumerate() {
        if rest.iter().all(|fields| fields[place].1 == *of_first) {
            continue;
        }
        let cells = received.iter().map(|(_, cookie)| {
            let field = cookie.as_ref().map(|fields| &fields[place]);
            field.map_or("–".to_owned(), |(name, octets)| {
                let octets = match *name {
                    "value" => values.value(octets),
                    "path" => values.attribute(octets),
                    _ => octets.into(),
                };
                shown_or(&cut_octets(&octets), "(empty)")
            })
        });
        rows.push(((*name).to_owned(), cells.collect()));
    }
    rows
}

/// Octets for a cell: not more than a few.
fn cut_octets(octets: &[u8]) -> Vec<u8> {
    const MOST: usize = 24;
    let mut cut = octets.get(..MOST).unwrap_or(octets).to_vec();
    if octets.len() > MOST {
        cut.extend_from_slice("…".as_bytes());
    }
    cut
}

/// The cookies of a request: the place of each in the field, or the reason why it is not in it.
fn sent(columns: &[Column], index: usize, values: Values) -> Vec<Row> {
    let cookies: Vec<&[Sent]> = columns
        .iter()
        .map(|column| match &column.verdicts[index] {
            Verdict::Sent { cookies, .. } => &cookies[..],
            Verdict::Received { .. } => &[],
        })
        .collect();
    let identity = |cookie: &Sent| {
        (
            cookie.name.clone(),
            cookie.domain.clone(),
            cookie.path.clone(),
        )
    };
    let mut all = Vec::new();
    for cookie in cookies.iter().copied().flatten().map(identity) {
        if !all.contains(&cookie) {
            all.push(cookie);
        }
    }
    let cell = |of_column: &&[Sent], wanted: &_| {
        let mut of_it = of_column.iter().enumerate();
        let found = of_it.find(|(_, cookie)| identity(cookie) == *wanted);
        found.map_or("–".to_owned(), |(place, cookie)| match cookie.why_not {
            None => format!("sent, {}.", place + 1),
            Some(exclusion) => exclusion.name().to_owned(),
        })
    };
    let rows = all.iter().map(|wanted| {
        let (name, _, path) = wanted;
        let label = match (&name[..], &path[..]) {
            ([], _) => "(no name)".to_owned(),
            (name, b"/") => shown::name(name),
            (name, path) => format!("{} {}", shown::name(name), shown(&values.attribute(path))),
        };
        (label, cookies.iter().map(|of| cell(of, wanted)).collect())
    });
    let rows: Vec<Row> = rows.collect();
    if rows.is_empty() {
        return vec![("no cookie".to_owned(), vec!["–".to_owned(); columns.len()])];
    }
    rows
}

/// Writes why columns differ from the text, and the refusals of the text itself.
fn because(
    out: &mut impl Write,
    columns: &[Column],
    index: usize,
    values: Values,
) -> io::Result<()> {
    let mut causes: Vec<(Cause, Vec<&str>)> = Vec::new();
    for column in columns {
        for cause in &column.because[index] {
            match causes.iter_mut().find(|(known, _)| known == cause) {
                Some((_, names)) => names.push(&column.name),
                None => causes.push((*cause, vec![&column.name])),
            }
        }
    }
    for (cause, names) in causes {
        let (step, does) = cause.told();
        let step = step.map_or(String::new(), |step| format!(" ({step})"));
        let mut text = wrapped_text(&format!("{}: {does}", names.join(", ")));
        text.extend(faint(&format!("{}{step}", cause.name())));
        row(out, YELLOW, "because", &text)?;
    }
    let mut refusals: Vec<(&str, Vec<&str>)> = Vec::new();
    for column in columns {
        let Verdict::Received { refusal, .. } = &column.verdicts[index] else {
            continue;
        };
        let Some((name, message)) = refusal else {
            continue;
        };
        if column.because[index]
            .iter()
            .any(|cause| cause.name() == *name)
        {
            continue;
        }
        match refusals.iter_mut().find(|(known, _)| known == message) {
            Some((_, names)) => names.push(&column.name),
            None => refusals.push((message, vec![&column.name])),
        }
    }
    for (message, names) in refusals {
        let message = values.message(message.to_owned());
        let text = wrapped_text(&format!("{}: {message}", names.join(", ")));
        row(out, PLAIN, "refused", &text)?;
    }
    Ok(())
}

/// Writes the columns as one object. Returns true if a line was refused in one.
pub(super) fn write_json(
    report: &Report<'_>,
    columns: &[Column],
    out: impl Write,
) -> io::Result<bool> {
    let values = report.values;
    let mut document = Document::new(out);
    document.member("url", report.url.as_str())?;
    document.member("now", rfc3339(report.now))?;
    document.member("notes", report.input.notes.clone())?;
    let each = |index: usize| {
        let columns = columns.iter();
        let columns = columns.map(|column| {
            Members::new()
                .member("dialect", &column.name[..])
                .and(verdict(&column.verdicts[index], values))
                .member(
                    "because",
                    json::list(column.because[index].iter().copied().map(cause)),
                )
        });
        json::list(columns)
    };
    let lines = report.input.lines().enumerate();
    let lines = lines.map(|(index, line)| {
        Members::new()
            .octets("line", &values.line(line.octets))
            .member("as", each(index))
    });
    document.list("lines", lines)?;
    let before = report.input.lines().count();
    let then = report.then.iter().enumerate();
    let then = then.map(|(place, url)| {
        Members::new()
            .member("url", url.as_str())
            .member("as", each(before + place))
    });
    document.list("then", then)?;
    document.end()?;
    Ok(has_refusal(columns))
}

fn cause(cause: Cause) -> Members {
    let (step, does) = cause.told();
    Members::new()
        .member("deviation", cause.name())
        .optional("step", step)
        .member("message", does)
}

fn verdict(verdict: &Verdict, values: Values) -> Members {
    match verdict {
        Verdict::Received {
            result,
            refusal,
            cookie,
        } => {
            let mut members = Members::new().member("result", *result);
            if let Some((reason, message)) = refusal {
                members = members
                    .member("reason", *reason)
                    .member("message", values.message(message.clone()));
            }
            let cookie = cookie.as_ref().map(|cookie| {
                let (value, path) = (cookie.value(), cookie.path());
                json::cookie_as(cookie, &values.value(value), &values.attribute(path))
            });
            members.and(cookie.unwrap_or_default())
        }
        Verdict::Sent {
            cookie_string,
            cookies,
        } => {
            let cookies = cookies.iter().map(|cookie| {
                Members::new()
                    .octets("name", &cookie.name)
                    .octets("domain", &cookie.domain)
                    .octets("path", &values.attribute(&cookie.path))
                    .member("sent", cookie.why_not.is_none())
                    .optional("reason", cookie.why_not.map(|why_not| why_not.name()))
            });
            let cookie_string = cookie_string.as_deref().unwrap_or_default();
            Members::new()
                .octets("cookie", &values.cookie_string(cookie_string))
                .member("cookies", json::list(cookies))
        }
    }
}
