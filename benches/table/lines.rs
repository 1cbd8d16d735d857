//! What needs no jar: lines, dates, the public suffix list.

use std::hint::black_box;

use hardtack::{PublicSuffixList, SetCookie};

use crate::contenders;
use crate::measure::{Work, medians};
use crate::text::{Beside, Cell, Row, thousands};
use crate::workloads;

pub(crate) fn parse() -> Row {
    let lines = workloads::lines();
    let [hardtack, cookie, cookie_store] = medians(
        201,
        [
            Work::new(lines.len(), || {
                for (line, _) in &lines {
                    black_box(SetCookie::parse(line.as_bytes()).is_ok());
                }
            }),
            Work::new(lines.len(), || {
                for (line, _) in &lines {
                    black_box(cookie::Cookie::parse(line.as_str())).expect("it parses all");
                }
            }),
            Work::new(lines.len(), || {
                for (line, url) in &lines {
                    black_box(cookie_store::Cookie::parse(line.as_str(), url)).ok();
                }
            }),
        ],
    );
    let octets: usize = lines.iter().map(|(line, _)| line.len()).sum();
    Row {
        workload: format!(
            "W1 parse a Set-Cookie line of {} octets",
            octets / lines.len()
        ),
        hardtack: Cell::Time(hardtack),
        cookie_store: Some(Cell::Time(cookie_store)),
        cookie: Some(Cell::Time(cookie)),
    }
}

/// The row, and what has to be said of it.
pub(crate) fn cookie_dates() -> (Row, String) {
    let dates = workloads::cookie_dates();
    let lines: Vec<String> = dates
        .iter()
        .map(|date| format!("n=; Expires={date}"))
        .collect();
    let [hardtack, cookie] = medians(
        201,
        [
            Work::new(dates.len(), || {
                for date in &dates {
                    black_box(hardtack::parse_cookie_date(date.as_bytes())).ok();
                }
            }),
            Work::new(lines.len(), || {
                for line in &lines {
                    black_box(cookie::Cookie::parse(line.as_str())).ok();
                }
            }),
        ],
    );
    let row = Row {
        workload: "W7 read a cookie-date †".to_owned(),
        hardtack: Cell::Time(hardtack),
        cookie_store: None,
        cookie: Some(Cell::Time(cookie)),
    };
    let unread = dates
        .iter()
        .filter(|date| hardtack::parse_cookie_date(date.as_bytes()).is_err())
        .count();
    let unread_by_cookie = lines
        .iter()
        .filter(|line| {
            cookie::Cookie::parse(line.as_str()).is_ok_and(|one| one.expires().is_none())
        })
        .count();
    let note = format!(
        "† `cookie` has no function for a date: it parses a line that has nothing else. Of the\n{} dates \
         hardtack leaves {unread} unread, and `cookie` {unread_by_cookie}.",
        thousands(dates.len())
    );
    (row, note)
}

pub(crate) fn suffixes() -> Vec<Beside> {
    let [load] = medians(21, [Work::timed(1, contenders::first_look_up)]);
    let list = PublicSuffixList::embedded();
    let domains: Vec<String> = (0..1_000).map(workloads::domain).collect();
    let [look_up] = medians(
        201,
        [Work::new(domains.len(), || {
            for domain in &domains {
                black_box(list.is_public_suffix(domain.as_bytes()));
            }
        })],
    );
    vec![
        Beside::alone(
            "read the public suffix list, once a process, when first needed",
            load,
        ),
        Beside::alone("look a domain up in it", look_up),
    ]
}
