//! The replay as JUnit XML, which CI systems show as tests: a recording is a suite and a request is a test, which
//! fails by a refused line or a difference that is not explained.

use std::collections::HashMap;
use std::fmt::Write as _;

use hardtack::recording::Entry;

use crate::har::Report;
use crate::har::document::url;
use crate::har::problems::{Problem, problems};
use crate::time::rfc3339;

/// The suite of one recording.
pub(super) struct Suite {
    tests: usize,
    failures: usize,
    errors: usize,
    xml: String,
}

/// Makes the suite of a recording.
pub(super) fn suite(report: &Report<'_>) -> Suite {
    let mut of_entry: HashMap<usize, Vec<Problem>> = HashMap::new();
    for problem in problems(report) {
        of_entry.entry(problem.entry).or_default().push(problem);
    }
    let mut suite = Suite {
        tests: 0,
        failures: 0,
        errors: 0,
        xml: String::new(),
    };
    let mut names = HashMap::new();
    for entry in &report.replay.entries {
        let problems = of_entry.remove(&entry.index).unwrap_or_default();
        suite.request(report, entry, &problems, &mut names);
    }
    for unreadable in report.unreadable() {
        suite.tests += 1;
        suite.errors += 1;
        let (place, why) = unreadable;
        let (place, why) = (escaped(&place), escaped(&why));
        let _ = writeln!(
            suite.xml,
            "    <testcase classname=\"recording\" name=\"{place}\">\n      \
             <error type=\"unreadable\" message=\"{why}\"/>\n    </testcase>"
        );
    }
    suite.close(report);
    suite
}

impl Suite {
    /// Adds a test. Its name is that of the request and not its number, so that a later recording of the same has the
    /// same tests.
    fn request(
        &mut self,
        report: &Report<'_>,
        entry: &Entry,
        problems: &[Problem],
        names: &mut HashMap<String, usize>,
    ) {
        self.tests += 1;
        let host = escaped(entry.url.host_str().unwrap_or_default());
        let mut name = format!("{} {}", entry.method, url(&entry.url, report.values));
        let times = names.entry(name.clone()).or_default();
        *times += 1;
        if *times > 1 {
            let _ = write!(name, " ({times})");
        }
        let name = escaped(&name);
        let (failures, warnings): (Vec<&Problem>, Vec<&Problem>) = problems
            .iter()
            .partition(|problem| problem.level == "error");
        let _ = write!(
            self.xml,
            "    <testcase classname=\"{host}\" name=\"{name}\""
        );
        if problems.is_empty() {
            self.xml.push_str("/>\n");
            return;
        }
        self.xml.push_str(">\n");
        // One, with all of them in it: more than one is not shown everywhere.
        if let Some(first) = failures.first() {
            self.failures += 1;
            let more = match failures.len() - 1 {
                0 => String::new(),
                more => format!(" (and {more} more)"),
            };
            let message = escaped(&format!("{}{more}", first.message));
            let text = escaped(&text(&failures));
            let _ = writeln!(
                self.xml,
                "      <failure type=\"{}\" message=\"{message}\">{text}</failure>",
                first.rule
            );
        }
        if !warnings.is_empty() {
            let text = escaped(&text(&warnings));
            let _ = writeln!(self.xml, "      <system-out>{text}</system-out>");
        }
        self.xml.push_str("    </testcase>\n");
    }

    fn close(&mut self, report: &Report<'_>) {
        let name = escaped(report.name);
        let began = report.replay.entries.first().map(|entry| {
            let time = rfc3339(entry.time);
            // In UTC, and to the second.
            let seconds = time.get(..19).unwrap_or_default();
            format!(" timestamp=\"{seconds}\"")
        });
        let (tests, failures, errors) = (self.tests, self.failures, self.errors);
        self.xml = format!(
            "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" \
             skipped=\"0\"{}>\n{}  </testsuite>\n",
            began.unwrap_or_default(),
            self.xml
        );
    }
}

fn text(problems: &[&Problem]) -> String {
    let lines = problems.iter().map(|problem| {
        let (line, rule, message) = (problem.line, problem.rule, &problem.message);
        format!("line {line}: {rule}: {message}")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The document of all suites.
pub(super) fn document(suites: &[Suite]) -> String {
    let sum = |count: fn(&Suite) -> usize| suites.iter().map(count).sum::<usize>();
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites name=\"hardtack har\" tests=\"{}\" failures=\"{}\" errors=\"{}\">\n",
        sum(|suite| suite.tests),
        sum(|suite| suite.failures),
        sum(|suite| suite.errors)
    );
    for suite in suites {
        xml.push_str(&suite.xml);
    }
    xml.push_str("</testsuites>\n");
    xml
}

/// Escapes a text for content and for attributes. Characters that no XML may have are shown by their numbers.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            '\u{FFFE}' | '\u{FFFF}' => escaped.extend(character.escape_unicode()),
            _ if character.is_control() => escaped.extend(character.escape_unicode()),
            _ => escaped.push(character),
        }
    }
    escaped
}
