//! Deviation dates-chromium: how Chromium 156 reads an Expires, from what it was seen to do.

use super::{DateError, year_of};
use crate::grammar;
use crate::timestamp::Timestamp;

pub(super) fn parse(date: &[u8]) -> Result<Timestamp, DateError> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    for token in grammar::cookie_date(date) {
        let is_digits = token.iter().all(u8::is_ascii_digit);
        if !token[0].is_ascii_digit() {
            month = month.or_else(|| grammar::month(token));
        } else if token.contains(&b':') {
            time = time.or_else(|| time_of(token));
        } else if is_digits && day.is_none() && token.len() <= 2 {
            day = grammar::number(token);
        } else if is_digits && year.is_none() && token.len() <= 5 {
            year = grammar::number(token);
        }
    }
    let [hour, minute, second] = time.ok_or(DateError::NoTime)?;
    let day = day.ok_or(DateError::NoDayOfMonth)?;
    let month = month.ok_or(DateError::NoMonth)?;
    let year = year_of(year.ok_or(DateError::NoYear)?);
    let date = chrono::NaiveDate::from_ymd_opt(i32::try_from(year).unwrap_or(0), month.into(), day);
    let date = date.ok_or(DateError::NoSuchDate)?;
    if hour > 23 {
        return Err(DateError::Hour);
    }
    if minute > 59 {
        return Err(DateError::Minute);
    }
    let instant = date.and_hms_opt(hour, minute, second);
    instant
        .map(|instant| instant.and_utc().into())
        .ok_or(DateError::Second)
}

/// Three numbers of any length with ":" between them.
fn time_of(token: &[u8]) -> Option<[u32; 3]> {
    let mut runs = token.split(|octet| *octet == b':').map(grammar::number);
    let time = [runs.next()??, runs.next()??, runs.next()??];
    runs.next().is_none().then_some(time)
}
