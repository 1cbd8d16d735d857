//! What was found in a recording, by cause: a cause is one finding, however many lines or requests it hits.

use std::collections::HashMap;

use hardtack::Citation;
use hardtack::recording::{Entry, Line, Mend, Replay, Withheld};

use crate::lint;
use crate::lint::finding::{Counts, Finding};

/// The kinds of findings, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    Unexplained,
    NotSent,
    Refused,
    Explained,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [
        Self::Unexplained,
        Self::NotSent,
        Self::Refused,
        Self::Explained,
    ];

    pub(super) const fn heading(self) -> &'static str {
        match self {
            Self::Unexplained => "Not explained",
            Self::NotSent => "Expected, but not sent",
            Self::Refused => "Refused lines",
            Self::Explained => "Explained differences",
        }
    }
}

/// A cause, and what it hits.
#[derive(Debug)]
pub(super) struct Cause {
    pub(super) kind: Kind,
    /// In kebab-case.
    pub(super) reason: &'static str,
    /// What is wrong, without the fix.
    pub(super) wrong: String,
    pub(super) fix: String,
    pub(super) citation: Option<Citation>,
    pub(super) dev_tools_name: Option<&'static str>,
    /// The names of the cookies, each once.
    pub(super) names: Vec<Vec<u8>>,
    /// Positions of entries, each once.
    pub(super) entries: Vec<usize>,
    /// How many lines, or how many cookies of requests.
    pub(super) count: usize,
    /// Its first line: a position of an entry and one in its lines.
    pub(super) line: Option<(usize, usize)>,
    pub(super) mend: Option<Mend>,
    /// True if it hits a first party.
    pub(super) is_first_party: bool,
}

/// The causes, and what lint finds in the cookies.
pub(super) struct Findings {
    /// The worst first.
    pub(super) causes: Vec<Cause>,
    of_cookies: Vec<Vec<Finding>>,
    pub(super) levels: Counts,
}

/// The causes while they are gathered.
#[derive(Default)]
struct Gathered {
    causes: Vec<Cause>,
    places: HashMap<(Kind, &'static str), usize>,
}

impl Findings {
    pub(super) fn of(replay: &Replay) -> Self {
        let mut gathered = Gathered::default();
        for (position, entry) in replay.entries.iter().enumerate() {
            gathered.take_request(replay, position, entry);
            gathered.take_answer(position, entry);
        }
        let mut causes = gathered.causes;
        causes.sort_by_key(|cause| {
            (
                cause.kind,
                cause.is_of_the_request(),
                !cause.is_first_party,
                std::cmp::Reverse(cause.count),
            )
        });
        let of_cookies: Vec<Vec<Finding>> = replay
            .cookies
            .iter()
            .map(|cookie| {
                let set = cookie.set_by_line;
                let set = set.and_then(|(entry, line)| {
                    let entry = replay.entries.get(entry)?;
                    Some((entry, entry.lines.get(line)?))
                });
                set.map_or_else(Vec::new, |(entry, line)| {
                    lint::findings(line.octets(), &entry.url, line.time)
                })
            })
            .collect();
        let mut levels = Counts::default();
        for finding in of_cookies.iter().flatten() {
            levels.add(finding.level);
        }
        Self {
            causes,
            of_cookies,
            levels,
        }
    }

    pub(super) fn of_cookie(&self, id: usize) -> &[Finding] {
        self.of_cookies.get(id).map_or(&[], Vec::as_slice)
    }

    /// The causes for which a cookie was not sent that may be expected.
    pub(super) fn not_sent(&self) -> impl Iterator<Item = &Cause> {
        self.causes
            .iter()
            .filter(|cause| cause.kind == Kind::NotSent)
    }

    /// How many requests went without a cookie that may be expected.
    pub(super) fn requests_without(&self) -> usize {
        let mut entries: Vec<usize> = self
            .not_sent()
            .flat_map(|cause| cause.entries.clone())
            .collect();
        entries.sort_unstable();
        entries.dedup();
        entries.len()
    }
}

/// Returns true if whoever looks may expect that the cookie is sent: its host and path fit.
pub(super) fn is_expected(withheld: &Withheld) -> bool {
    let reason = withheld.reason.name();
    reason == "secure-only" || reason.starts_with("same-site")
}

impl Gathered {
    fn take_request(&mut self, replay: &Replay, position: usize, entry: &Entry) {
        for withheld in &entry.withheld {
            if !is_expected(withheld) {
                continue;
            }
            let reason = withheld.reason;
            let cookie = &replay.cookies[withheld.cookie];
            let cause = self.cause(Kind::NotSent, reason.name(), &reason.to_string());
            cause.citation = reason.citation();
            cause.dev_tools_name = reason.dev_tools_name();
            cause.hit(position, &cookie.identity.name, cookie.is_first_party);
        }
        for difference in &entry.differences {
            let kind = match difference.reason {
                _ if !difference.explained => Kind::Unexplained,
                "no-credentials" if !entry.is_without_credentials => Kind::Explained,
                "no-credentials" | "third-party-blocked" => Kind::NotSent,
                _ => Kind::Explained,
            };
            let cause = self.cause(kind, difference.reason, &difference.text);
            cause.hit(position, &difference.name, true);
        }
    }

    fn take_answer(&mut self, position: usize, entry: &Entry) {
        for (number, line) in entry.lines.iter().enumerate() {
            let Some(refused) = line.rejection() else {
                continue;
            };
            let cause = self.cause(Kind::Refused, refused.name(), &refused.to_string());
            cause.citation = refused.citation();
            cause.dev_tools_name = refused.dev_tools_name();
            cause.line.get_or_insert((position, number));
            if cause.mend.is_none() {
                cause.mend.clone_from(&line.mend);
                if line.mend.is_some() {
                    cause.line = Some((position, number));
                }
            }
            let is_first_party =
                entry.context.top_level_site.is_none() || !entry.context.cross_site_ancestor;
            cause.hit(position, name(line), is_first_party);
        }
    }

    fn cause(&mut self, kind: Kind, reason: &'static str, text: &str) -> &mut Cause {
        let causes = &mut self.causes;
        let place = *self.places.entry((kind, reason)).or_insert_with(|| {
            let (wrong, fix) = text.split_once(": ").unwrap_or((text, ""));
            causes.push(Cause {
                kind,
                reason,
                wrong: wrong.to_owned(),
                fix: fix.to_owned(),
                citation: None,
                dev_tools_name: None,
                names: Vec::new(),
                entries: Vec::new(),
                count: 0,
                line: None,
                mend: None,
                is_first_party: false,
            });
            causes.len() - 1
        });
        &mut causes[place]
    }
}

impl Cause {
    /// Returns true if the request as a whole is without cookies, which is often intended.
    fn is_of_the_request(&self) -> bool {
        matches!(self.reason, "no-credentials" | "third-party-blocked")
    }

    fn hit(&mut self, position: usize, name: &[u8], is_first_party: bool) {
        self.count += 1;
        self.is_first_party |= is_first_party;
        if self.entries.last() != Some(&position) {
            self.entries.push(position);
        }
        if self.names.len() < 100 && !self.names.iter().any(|known| known == name) {
            self.names.push(name.to_vec());
        }
    }
}

/// The name in a line, or what stands where it should be.
pub(super) fn name(line: &Line) -> &[u8] {
    &line.pair.name
}
