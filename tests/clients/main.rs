//! Each client with a jar, through redirects: one list of scenarios, one driver a client.
#![cfg(any(feature = "tower", feature = "ureq"))]

mod wire;
mod scenarios;
#[cfg(feature = "tower")]
mod tower;
#[cfg(feature = "ureq")]
mod ureq;

/// One test a scenario, for one driver.
macro_rules! tests {
    ($($scenario:ident)*) => {
        #[cfg(feature = "tower")]
        mod with_tower {
            $(#[test]
            fn $scenario() {
                crate::scenarios::$scenario(&crate::tower::Tower);
            })*
        }
        #[cfg(feature = "ureq")]
        mod with_ureq {
            $(#[test]
            fn $scenario() {
                crate::scenarios::$scenario(&crate::ureq::Ureq);
            })*
        }
    };
}

tests! {
    a_redirect_sets_and_the_next_hop_sends
    a_redirect_replaces_and_deletes
    each_host_has_its_own
    a_host_sets_nothing_for_another
    secure_cookies_stay_on_https
    a_post_becomes_a_get
    an_error_sets_cookies_too
    a_100_level_response_sets_nothing
    a_tunnel_gets_no_cookies
    what_the_caller_sets_wins_its_names
    what_the_caller_sets_does_not_come_back
    cve_2023_45289
    cve_2023_43804
    cve_2023_45143
    cve_2022_27776
    cve_2022_24737
}
