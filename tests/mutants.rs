//! Tests that a broken copy of the crate asked for: each fails with a change that no other test noticed.

mod common;

use common::{NOW, receive, sent};
use hardtack::{CookieJar, Receipt};

/// 5.7 step 16.2: only secure-only cookies are not to be overlaid, also where their domain has one of
/// another name.
#[test]
fn an_insecure_cookie_beside_a_secure_one_can_be_overlaid() {
    let mut jar = CookieJar::default();
    let (https, http) = ("https://shop.example/", "http://shop.example/");
    receive(&mut jar, https, "secret=1; Secure", NOW).unwrap();
    receive(&mut jar, https, "theme=dark", NOW).unwrap();
    let replaced = receive(&mut jar, http, "theme=light", NOW);
    assert_eq!(replaced, Ok(Receipt::Replaced));
    let beside = receive(&mut jar, http, "theme=none; Path=/a", NOW);
    assert_eq!(beside, Ok(Receipt::Stored));
    let sent = sent(&jar, "https://shop.example/a", NOW);
    assert_eq!(sent, "theme=none; secret=1; theme=light");
}
