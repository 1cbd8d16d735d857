//! 5.1.1: cookie-dates to instants; 4.1.1: instants to sane-cookie-dates.

mod chromium;
mod firefox;

use chrono::{DateTime, Datelike as _, NaiveDate};

use crate::dialect::{Deviation, Dialect};
use crate::grammar;
use crate::spec::Citation;
use crate::timestamp::Timestamp;

/// The reason why octets are not a cookie-date (5.1.1).
///
/// ```
/// use hardtack::{DateError, parse_cookie_date};
///
/// assert_eq!(parse_cookie_date(b"Wed, 09 Jun 2021"), Err(DateError::NoTime));
/// assert_eq!(parse_cookie_date(b"31 Feb 2021 10:18:14"), Err(DateError::NoSuchDate));
/// assert_eq!(DateError::Hour.to_string(), "the hour is above 23");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum DateError {
    /// No token reads as a time.
    #[error("the date has no time such as 10:18:14")]
    NoTime,
    /// No token reads as a day of the month.
    #[error("the date has no day of the month: one or two digits")]
    NoDayOfMonth,
    /// No token reads as a month.
    #[error("the date has no month: the first three letters of its English name")]
    NoMonth,
    /// No token reads as a year.
    #[error("the date has no year: two to four digits")]
    NoYear,
    /// The day of the month is 0 or above 31.
    #[error("the day of the month is not between 1 and 31")]
    DayOfMonth,
    /// The year is before 1601.
    #[error("the year is before 1601")]
    Year,
    /// The year is above 32767, in the dialect of Firefox.
    #[error("the year is above 32767")]
    YearTooLate,
    /// The hour is above 23.
    #[error("the hour is above 23")]
    Hour,
    /// The minute is above 59.
    #[error("the minute is above 59")]
    Minute,
    /// The second is above 59.
    #[error("the second is above 59")]
    Second,
    /// The month has no such day.
    #[error("the month has no such day")]
    NoSuchDate,
}

impl DateError {
    /// Returns the step of 5.1.1 that fails.
    ///
    /// ```
    /// let error = hardtack::parse_cookie_date(b"9 Jun 2021 24:00:00").unwrap_err();
    /// assert_eq!(error.citation().to_string(), "5.1.1 step 5.4");
    /// ```
    pub const fn citation(&self) -> Citation {
        Citation::new(
            "5.1.1",
            match self {
                Self::NoTime | Self::NoDayOfMonth | Self::NoMonth | Self::NoYear => "5.1",
                Self::DayOfMonth => "5.2",
                Self::Year | Self::YearTooLate => "5.3",
                Self::Hour => "5.4",
                Self::Minute => "5.5",
                Self::Second => "5.6",
                Self::NoSuchDate => "6",
            },
        )
    }
}

/// Parses a cookie-date, the value of an Expires attribute (5.1.1).
///
/// The instant has whole seconds and is between the years 1601 and 9999. No lifetime limit is applied
/// here.
///
/// # Errors
///
/// [`DateError`] names the part of the date that is missing or out of its range.
///
/// ```
/// let date = hardtack::parse_cookie_date(b"Wed, 09 Jun 2021 10:18:14 GMT").unwrap();
/// assert_eq!(date.to_string(), "2021-06-09T10:18:14Z");
/// assert!(hardtack::parse_cookie_date(b"tomorrow").is_err());
/// ```
pub fn parse_cookie_date(cookie_date: &[u8]) -> Result<Timestamp, DateError> {
    let (mut found_time, mut found_day_of_month) = (None, None);
    let (mut found_month, mut found_year) = (None, None);
    // 5.1.1 step 1: divide into date-tokens
    // 5.1.1 step 2: each date-token, in order
    for token in grammar::cookie_date(cookie_date) {
        // 5.1.1 step 2.1: the first token that reads as a time
        let _ = find(&mut found_time, grammar::time, token)
            // 5.1.1 step 2.2: the first remaining one that reads as a day
            || find(&mut found_day_of_month, grammar::day_of_month, token)
            // 5.1.1 step 2.3: the first remaining one that reads as a month
            || find(&mut found_month, grammar::month, token)
            // 5.1.1 step 2.4: the first remaining one that reads as a year
            || find(&mut found_year, grammar::year, token);
    }
    let year = found_year.map(|year| match year {
        // 5.1.1 step 3: 70 to 99 are of the 20th century
        70..=99 => year + 1900,
        // 5.1.1 step 4: 0 to 69 are of the 21st
        // 5.1.1 step 4.1: a note on other user agents
        0..=69 => year + 2000,
        _ => year,
    });
    // 5.1.1 step 5.1: all four must have been found
    let (hour, minute, second) = found_time.ok_or(DateError::NoTime)?;
    let day_of_month = found_day_of_month.ok_or(DateError::NoDayOfMonth)?;
    let month = found_month.ok_or(DateError::NoMonth)?;
    let year = year.ok_or(DateError::NoYear)?;
    // 5.1.1 step 5: fail where a value is out of its range
    // 5.1.1 step 5.2: the day-of-month-value
    if !(1..=31).contains(&day_of_month) {
        return Err(DateError::DayOfMonth);
    }
    // 5.1.1 step 5.3: the year-value
    if year < 1601 {
        return Err(DateError::Year);
    }
    // 5.1.1 step 5.4: the hour-value
    if hour > 23 {
        return Err(DateError::Hour);
    }
    // 5.1.1 step 5.5: the minute-value
    if minute > 59 {
        return Err(DateError::Minute);
    }
    // 5.1.1 step 5.6: the second-value
    if second > 59 {
        return Err(DateError::Second);
    }
    // 5.1.1 step 6: no such date, no result
    // 5.1.1 step 7: return it
    NaiveDate::from_ymd_opt(year.into(), month.into(), day_of_month.into())
        .and_then(|date| date.and_hms_opt(hour.into(), minute.into(), second.into()))
        .map(|date| date.and_utc().into())
        .ok_or(DateError::NoSuchDate)
}

/// Parses a cookie-date by the rules of a dialect.
pub(crate) fn parse_as(cookie_date: &[u8], dialect: Dialect) -> Result<Timestamp, DateError> {
    // Deviation dates-chromium (Chromium): another reader
    if dialect.has(Deviation::DatesChromium) {
        return chromium::parse(cookie_date);
    }
    // Deviation dates-firefox (Firefox): another reader
    if dialect.has(Deviation::DatesFirefox) {
        return firefox::parse(cookie_date);
    }
    parse_cookie_date(cookie_date)
}

/// The year of a number that may have two digits only, for the readers of browsers.
const fn year_of(number: u32) -> u32 {
    match number {
        70..=99 => number + 1900,
        0..=69 => number + 2000,
        _ => number,
    }
}

/// Writes a sane-cookie-date, the value of an Expires attribute as servers write it (4.1.1): an
/// IMF-fixdate in whole seconds. A fraction of a second is cut off.
///
/// Returns `None` outside the years 1601 to 9999, for which there is no cookie-date.
///
/// ```
/// let date = hardtack::sane_cookie_date(std::time::SystemTime::UNIX_EPOCH);
/// assert_eq!(date.as_deref(), Some("Thu, 01 Jan 1970 00:00:00 GMT"));
/// ```
pub fn sane_cookie_date(instant: impl Into<Timestamp>) -> Option<String> {
    let instant = DateTime::from_timestamp(instant.into().as_secs(), 0)?;
    let format = "%a, %d %b %Y %H:%M:%S GMT";
    (1601..=9999)
        .contains(&instant.year())
        .then(|| instant.format(format).to_string())
}

/// Tries the production on the token, unless a token was found before. Returns true if it matched.
fn find<T>(found: &mut Option<T>, production: impl Fn(&[u8]) -> Option<T>, token: &[u8]) -> bool {
    if found.is_some() {
        return false;
    }
    *found = production(token);
    found.is_some()
}
