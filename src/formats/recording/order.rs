//! The exchanges of a recording in the order of time, what led to what, and the rules of its browser.

use std::collections::HashMap;

use url::Url;

use crate::formats::recording::{Exchange, Recording, Tool};
use crate::policy::Policy;
use crate::timestamp::Timestamp;

/// When a request began, when the fields of its answer were there, and when all of it was.
#[derive(Clone, Copy)]
pub(crate) struct Times {
    pub(crate) started: Timestamp,
    pub(crate) answered: Timestamp,
    pub(crate) ended: Timestamp,
}

/// The policy of the browser of a recording, and whether it is a browser.
pub(crate) fn policy(recording: &Recording) -> (Policy, bool) {
    let said = [
        &recording.browser,
        &recording.user_agent,
        &recording.creator,
    ];
    let said = said
        .into_iter()
        .flatten()
        .map(|text| text.to_ascii_lowercase());
    for text in said {
        if text.contains("firefox") {
            return (Policy::firefox(), true);
        }
        if ["chrom", "webinspector", "edg"]
            .iter()
            .any(|name| text.contains(name))
        {
            return (Policy::chromium(), true);
        }
        if ["webkit", "safari"].iter().any(|name| text.contains(name)) {
            return (Policy::default(), true);
        }
    }
    if recording.tool == Tool::Cdp {
        // It is Chromium's own protocol.
        return (Policy::chromium(), true);
    }
    (Policy::default(), false)
}

/// The exchanges in the order of time. One without a time has that of the one before it, and the first ones that of
/// the first one that has a time.
pub(crate) fn in_order(exchanges: &[Exchange]) -> (Vec<&Exchange>, Vec<Times>) {
    let first = exchanges.iter().find_map(|exchange| exchange.started);
    let mut before = first.unwrap_or(Timestamp::UNIX_EPOCH);
    let timed = exchanges.iter().map(|exchange| {
        let started = exchange.started.unwrap_or(before);
        before = started;
        let answered = exchange.answered.unwrap_or(started);
        let ended = exchange.ended.unwrap_or(answered);
        let times = Times {
            started,
            answered,
            ended,
        };
        (times, exchange)
    });
    let mut timed: Vec<_> = timed.collect();
    timed.sort_by_key(|(times, _)| times.started);
    timed
        .into_iter()
        .map(|(times, exchange)| (exchange, times))
        .unzip()
}

/// For each exchange the one that redirected to it.
pub(crate) fn redirects(exchanges: &[&Exchange]) -> Vec<Option<usize>> {
    let mut open: HashMap<&str, Vec<usize>> = HashMap::new();
    let without_fragment = |url: &'_ Url| url.as_str().split('#').next().unwrap_or_default().len();
    let mut from = Vec::with_capacity(exchanges.len());
    for (index, exchange) in exchanges.iter().enumerate() {
        let url = &exchange.url.as_str()[..without_fragment(&exchange.url)];
        let waiting = open.get_mut(url);
        from.push(waiting.and_then(|waiting| {
            let fits = |before: &usize| {
                let before = exchanges[*before];
                before.page == exchange.page && before.frame == exchange.frame
            };
            let place = waiting.iter().rposition(fits)?;
            Some(waiting.remove(place))
        }));
        if let Some(redirect) = &exchange.redirect {
            let target = &redirect.as_str()[..without_fragment(redirect)];
            open.entry(target).or_default().push(index);
        }
    }
    from
}
