//! The public suffix list through `publicsuffix` equals the list's own algorithm by brute force, on
//! names made from every rule.

mod model;

use hardtack::PublicSuffixList;

const LIST: &str = include_str!("../data/public_suffix_list.dat");

/// Each rule of the list, and names at, above and below it.
fn names() -> impl Iterator<Item = String> {
    let rules = LIST
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    let rules = rules.filter(|rule| !rule.starts_with("//"));
    rules.flat_map(|rule| {
        let bare = rule.trim_start_matches('!').replace('*', "any");
        let parent = bare.split_once('.').map_or("", |(_, parent)| parent);
        [
            bare.clone(),
            format!("{bare}."),
            format!("x.{bare}"),
            format!("x.y.{bare}"),
            format!("x.y.{bare}."),
            format!(".{bare}"),
            parent.to_owned(),
            format!("x.{parent}"),
        ]
    })
}

#[test]
fn every_rule_is_followed() {
    let list = PublicSuffixList::embedded();
    assert_eq!(format!("{list:?}"), "PublicSuffixList::embedded()");
    let expected = model::Suffixes::new(LIST);
    let mut compared = 0;
    for name in names() {
        let host = url::Host::parse(&name).map_or(name, |host| host.to_string());
        let host = host.as_bytes();
        let is_public_suffix = list.is_public_suffix(host);
        assert_eq!(
            is_public_suffix,
            expected.is_public_suffix(host),
            "{}",
            host.escape_ascii()
        );
        let registrable = list.registrable_domain(host).map(<[u8]>::to_vec);
        assert_eq!(
            registrable,
            expected.registrable_domain(host),
            "{}",
            host.escape_ascii()
        );
        compared += 1;
    }
    assert!(compared > 80_000, "{compared}");
}

#[test]
fn a_given_list_takes_the_place_of_the_embedded_one() {
    let given = "// ===BEGIN ICANN DOMAINS===\nexample\n*.city.example\n";
    let list = PublicSuffixList::from(given.parse::<publicsuffix::List>().unwrap());
    assert_eq!(format!("{list:?}"), "PublicSuffixList::from(..)");
    let rows: &[(&str, bool, Option<&str>)] = &[
        // host, is it a public suffix, its registrable domain
        ("example", true, None),
        ("shop.example", false, Some("shop.example")),
        ("www.shop.example", false, Some("shop.example")),
        ("a.city.example", true, None),
        ("www.a.city.example", false, Some("www.a.city.example")),
        // The parent of a wildcard rule, by our reading; the list itself does not call it one.
        ("city.example", true, Some("city.example")),
        // Rule `*`: this list does not know co.uk, but no list has to name a top-level label.
        ("co.uk", false, Some("co.uk")),
        ("uk", true, None),
        ("127.0.0.1", false, None),
        ("[::1]", false, None),
        ("", false, None),
        (".", false, None),
    ];
    for (host, is_public_suffix, registrable_domain) in rows {
        assert_eq!(
            list.is_public_suffix(host.as_bytes()),
            *is_public_suffix,
            "{host}"
        );
        let expected = registrable_domain.map(str::as_bytes);
        assert_eq!(list.registrable_domain(host.as_bytes()), expected, "{host}");
    }
}
