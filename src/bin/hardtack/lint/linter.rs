//! The lines one by one, and the findings in each.

use std::collections::HashMap;
use std::mem;

use hardtack::Request;
use url::Url;

use crate::compared::Task;
use crate::input::{Input, InputLine};
use crate::lint::finding::{Finding, Level, Rule};
use crate::lint::rules;
use crate::received::{self, Receiver};
use crate::secrets::Values;
use crate::time::Instant;

/// The input of lint. The answers are made one by one, so that they are not in memory together.
pub(super) struct Linter<'a> {
    pub(super) input: &'a Input,
    pub(super) url: &'a Url,
    pub(super) allowed: &'a [Rule],
    pub(super) values: Values,
    pub(super) now: Instant,
}

/// A line, by the name of its cookie, and the findings in it.
pub(super) struct Linted<'a> {
    /// Counted from 0.
    pub(super) index: usize,
    pub(super) octets: &'a [u8],
    /// `None` if the line does not parse.
    pub(super) cookie_name: Option<&'a [u8]>,
    pub(super) findings: Vec<Finding>,
}

/// The names that a response has set, with the first line of each.
#[derive(Debug, Default)]
struct Names<'a> {
    response: usize,
    first: HashMap<&'a [u8], usize>,
}

impl<'a> Linter<'a> {
    /// Returns the notes.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = self.input.notes.clone();
        notes.extend(received::forgotten_scheme(self.url));
        if rules::is_trusted_http(self.url) {
            let note = "browsers take http to this host for a secure connection: \
                        lint the https URL too, to see what is not Secure";
            notes.push(note.to_owned());
        }
        notes
    }

    /// Lets a jar receive the lines, in order, and applies the rules to each outcome.
    pub(super) fn lines(&self) -> impl Iterator<Item = Linted<'a>> {
        let mut receiver = Receiver::default();
        let mut names = Names::default();
        let request = Request::new(self.url);
        self.input.lines().map(move |line| {
            let InputLine { octets, response } = line;
            let line = receiver.receive(octets, &request, self.now);
            let cookie_name = line.parsed.as_ref().map(|parsed| parsed.set_cookie.name());
            let may_be_joined = self.allowed.contains(&Rule::CommaJoined);
            let mut findings = rules::findings(&line, self.url, self.now, may_be_joined);
            let first = cookie_name.and_then(|name| names.first(name, response, line.index));
            findings.extend(first.map(rules::duplicate_cookie));
            if findings.iter().all(|finding| finding.level != Level::Error) {
                let task = Task {
                    lines: vec![(octets, request)],
                    requests: vec![request],
                    now: self.now,
                };
                findings.extend(rules::browsers_differ(&task));
            }
            let is_allowed = |finding: &Finding| {
                let mut allowed = self.allowed.iter();
                allowed.any(|rule| finding.name == rule.name())
            };
            findings.retain(|finding| !is_allowed(finding));
            for finding in &mut findings {
                // The Domain in a refusal may have another cookie joined to it.
                finding.message = self.values.message(mem::take(&mut finding.message));
            }
            Linted {
                index: line.index,
                octets,
                cookie_name,
                findings,
            }
        })
    }
}

impl<'a> Names<'a> {
    /// Returns the earlier line of this response that sets the same name, if there is one.
    fn first(&mut self, name: &'a [u8], response: usize, index: usize) -> Option<usize> {
        if self.response != response {
            self.response = response;
            self.first.clear();
        }
        let first = *self.first.entry(name).or_insert(index);
        (first != index).then_some(first)
    }
}
