//! Each client with a jar, through redirects: one list of scenarios, one driver a client.
#![cfg(any(feature = "reqwest", feature = "tower", feature = "ureq"))]

#[path = "../common/mod.rs"]
mod common;
#[cfg(feature = "reqwest")]
mod reqwest;
mod wire;
mod scenarios;
#[cfg(feature = "tower")]
mod tower;
#[cfg(feature = "ureq")]
mod ureq;

/// One test a scenario, for one driver.
macro_rules! tests {
    ($feature:literal $module:ident $driver:expr; $($scenario:ident)*) => {
        #[cfg(feature = $feature)]
        mod $module {
            $(#[test]
            fn $scenario() {
                crate::scenarios::$scenario(&$driver);
            })*
        }
    };
}

/// The scenarios of each driver; the second ones not of reqwest, which leaves the jar out there.
macro_rules! drivers {
    ([$($each:ident)*] [$($not_of_reqwest:ident)*]) => {
        tests!("reqwest" with_reqwest crate::reqwest::Reqwest; $($each)*);
        tests!("tower" with_tower crate::tower::Tower; $($each)* $($not_of_reqwest)*);
        tests!("ureq" with_ureq crate::ureq::Ureq; $($each)* $($not_of_reqwest)*);
    };
}

drivers! { [
    a_redirect_sets_and_the_next_hop_sends
    a_redirect_replaces_and_deletes
    each_host_has_its_own
    a_host_sets_nothing_for_another
    secure_cookies_stay_on_https
    a_post_becomes_a_get
    an_error_sets_cookies_too
    a_100_level_response_sets_nothing
    a_tunnel_gets_no_cookies
    a_tunnel_gets_nothing_of_the_callers
    cve_2023_45289
    cve_2023_43804
    cve_2023_45143
    cve_2022_27776
    cve_2022_24737
] [
    what_the_caller_sets_wins_its_names
    what_the_caller_sets_does_not_come_back
] }
