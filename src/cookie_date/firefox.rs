//! Deviation dates-firefox: how Firefox 153 reads an Expires, from what it was seen to do.

use chrono::{Days, Months, NaiveDate, TimeDelta};

use super::{DateError, year_of};
use crate::grammar;
use crate::timestamp::Timestamp;

/// A cursor over the octets, and what was read so far.
#[derive(Default)]
struct Reader<'a> {
    octets: &'a [u8],
    at: usize,
    /// Hour, minute and second, of any range.
    time: Option<[i64; 3]>,
    day: Option<u32>,
    month: Option<u32>,
    year: Option<u32>,
    /// What to subtract, in minutes: by the name of a zone, and as a number.
    zone: Option<i64>,
    offset: Option<i64>,
}

pub(super) fn parse(date: &[u8]) -> Result<Timestamp, DateError> {
    let octets = date.split(|octet| *octet == 0).next().unwrap_or_default();
    let mut reader = Reader {
        octets,
        ..Reader::default()
    };
    while let Some(octet) = reader.octet(0) {
        match octet {
            b'A'..=b'Z' | b'a'..=b'z' => reader.word(),
            b'+' | b'-' => reader.sign(),
            b'0'..=b'9' => reader.digits(),
            _ => (),
        }
        reader.go_on();
    }
    reader.instant()
}

impl Reader<'_> {
    /// The octet so many places after the cursor.
    fn octet(&self, places: usize) -> Option<u8> {
        self.octets.get(self.at + places).copied()
    }

    fn is_digit(&self, places: usize) -> bool {
        self.octet(places)
            .is_some_and(|octet| octet.is_ascii_digit())
    }

    /// The run of digits that begins so many places after the cursor.
    fn run(&self, places: usize) -> &[u8] {
        let rest = self.octets.get(self.at + places..).unwrap_or_default();
        let length = rest.iter().take_while(|octet| octet.is_ascii_digit());
        &rest[..length.count()]
    }

    /// A month, or else a time zone.
    fn word(&mut self) {
        let word = &self.octets[self.at..];
        if self.month.is_none() {
            self.month = grammar::month(word).map(u32::from);
            if self.month.is_some() {
                return;
            }
        }
        if self.zone.is_none() && self.offset.is_none() {
            self.zone = zone(word);
        }
    }

    /// An offset from UTC.
    fn sign(&mut self) {
        let is_minus = self.octet(0) == Some(b'-');
        self.at += 1;
        if self.offset.is_some() || self.zone.is_some_and(|zone| zone != 0) {
            return;
        }
        let run = self.run(0);
        let number = grammar::number(run).map_or(0, i64::from);
        let minutes = match run.len() {
            4 => number / 100 * 60 + number % 100,
            1 | 2 => number * 60,
            _ => return,
        };
        self.offset = Some(if is_minus { -minutes } else { minutes });
    }

    fn digits(&mut self) {
        let run = self.run(0);
        let (length, number) = (run.len(), grammar::number(run));
        match self.octet(length) {
            Some(b':') => self.time = self.time.or_else(|| self.time()),
            Some(b'/' | b'-') if self.is_digit(length + 1) => {
                if self.month.is_none() {
                    self.date();
                }
            }
            Some(b'A'..=b'Z' | b'a'..=b'z') => (),
            _ => match (length, number) {
                (4 | 5, number) => self.year = self.year.or(number),
                (2, Some(number)) if number < 32 && self.day.is_none() => self.day = Some(number),
                (2, number) => self.year = self.year.or(number.map(year_of)),
                (1, number) => self.day = self.day.or(number),
                _ => (),
            },
        }
    }

    /// A time at the cursor, which stays.
    fn time(&self) -> Option<[i64; 3]> {
        let number = |run: &[u8]| grammar::number(run).map(i64::from);
        let is_short = |run: &&[u8]| matches!(run.len(), 1 | 2);
        let hour = Some(self.run(0)).filter(is_short)?;
        let minute = Some(self.run(hour.len() + 1)).filter(is_short)?;
        let mut end = hour.len() + 1 + minute.len();
        if self.octet(end) == Some(b':') {
            end += 1;
        }
        let second = self.run(end);
        let (mut hour, minute) = (number(hour)?, number(minute)?);
        let second = match second {
            // The octet that stands there is taken for a digit.
            [] => match self.octet(end) {
                Some(b'/') => 0,
                octet => octet.map_or(0, i64::from) - i64::from(b'0'),
            },
            [_] | [_, _] => number(second)?,
            _ => return None,
        };
        let after = self.octets.get(self.at + end + self.run(end).len()..)?;
        let spaces = after
            .iter()
            .take_while(|octet| matches!(octet, b' ' | b'\t'));
        match after[spaces.count()..] {
            [b'p' | b'P', b'm' | b'M', ..] if hour < 12 => hour += 12,
            [b'a' | b'A', b'm' | b'M', ..] if hour == 12 => hour = 0,
            _ => (),
        }
        Some([hour, minute, second])
    }

    /// A date of three numbers with "/" or "-" between them. The cursor moves behind it.
    fn date(&mut self) {
        let first = self.run(0);
        let second = self.run(first.len() + 1);
        let between = first.len() + 1 + second.len();
        let third = self.run(between + 1);
        let end = between + 1 + third.len();
        let is_between = matches!(self.octet(between), Some(b'/' | b'-'));
        let goes_on = self
            .octet(end)
            .is_some_and(|octet| octet.is_ascii_alphabetic());
        let lengths = [first.len(), second.len(), third.len()];
        if !is_between || goes_on || !matches!(lengths, [1 | 2, 1 | 2, 1 | 2 | 4 | 5]) {
            return;
        }
        let [one, two, three] = [first, second, third].map(|run| grammar::number(run).unwrap_or(0));
        let (year, month, day) = match (one, two, three) {
            (0 | 32.., month @ ..=12, day @ ..=31) => (one, month, day),
            (0 | 32.., ..) | (13.., 13.., _) => return,
            (13.., month, year) => (year, month, one),
            (_, day, year) => (year, one, day),
        };
        (self.year, self.month, self.day) = (Some(year_of(year)), Some(month), Some(day));
        self.at += end;
    }

    /// Moves the cursor to where the next thing begins.
    fn go_on(&mut self) {
        let is_end = |octet| {
            matches!(
                octet,
                b' ' | b'\t' | b',' | b';' | b'-' | b'+' | b'/' | b'(' | b')' | b'[' | b']'
            )
        };
        while self.octet(0).is_some_and(|octet| !is_end(octet)) {
            self.at += 1;
        }
        while let Some(octet) = self.octet(0).filter(|octet| is_end(*octet)) {
            let before = self
                .at
                .checked_sub(1)
                .and_then(|before| self.octets.get(before));
            let after_letter = before.is_some_and(u8::is_ascii_alphabetic);
            let is_passed = match octet {
                b'+' => false,
                b'-' => after_letter && self.year.is_none() || !self.is_digit(1),
                _ => true,
            };
            if !is_passed {
                break;
            }
            self.at += 1;
        }
    }

    /// Everything carries over into the next larger part.
    fn instant(&self) -> Result<Timestamp, DateError> {
        let day = self.day.ok_or(DateError::NoDayOfMonth)?;
        let month = self.month.ok_or(DateError::NoMonth)?;
        let year = self.year.ok_or(DateError::NoYear)?;
        let year = i32::try_from(year).ok().filter(|year| *year <= 32_767);
        let year = year.ok_or(DateError::YearTooLate)?;
        let [hour, minute, second] = self.time.unwrap_or_default();
        let minutes = minute - self.offset.or(self.zone).unwrap_or(0);
        let seconds = (hour * 60 + minutes) * 60 + second;
        // The last day of the year before, so that month 0 and day 0 are before the first.
        let carried = NaiveDate::from_ymd_opt(year - 1, 12, 1)
            .and_then(|date| date.checked_add_months(Months::new(month)))
            .and_then(|date| date.pred_opt())
            .and_then(|date| date.checked_add_days(Days::new(day.into())))
            .and_then(|date| date.and_hms_opt(0, 0, 0))
            .and_then(|date| date.checked_add_signed(TimeDelta::seconds(seconds)));
        carried
            .map(|instant| instant.and_utc().into())
            .ok_or(DateError::NoSuchDate)
    }
}

/// Time zones, and their offsets in minutes.
const ZONES: [(&str, i64); 15] = [
    ("PST", -8 * 60),
    ("PDT", -7 * 60),
    ("MST", -7 * 60),
    ("MDT", -6 * 60),
    ("CST", -6 * 60),
    ("CDT", -5 * 60),
    ("EST", -5 * 60),
    ("EDT", -4 * 60),
    ("AST", -4 * 60),
    ("NST", -3 * 60 - 30),
    ("GMT", 0),
    ("BST", 60),
    ("MET", 60),
    ("EET", 2 * 60),
    ("JST", 9 * 60),
];

/// The offset of a time zone by its name, in minutes.
fn zone(word: &[u8]) -> Option<i64> {
    let begins = |name: &str| {
        let start = word.get(..name.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()))
    };
    if begins("UT") && !word.get(2).is_some_and(u8::is_ascii_alphabetic) {
        return Some(0);
    }
    let mut zones = ZONES.iter();
    let found = zones.find(|(name, _)| begins(name));
    found.map(|(_, minutes)| *minutes)
}
