//! What a client must send and keep through redirects, whichever it is; the published holes by their id.

use crate::wire::{Client, Scenario};

pub(crate) fn a_redirect_sets_and_the_next_hop_sends(client: &impl Client) {
    for status in ["301", "302", "303", "307", "308"] {
        let answer = format!("{status}\nLocation: http://a.example/next\nSet-Cookie: a=1");
        Scenario {
            start: "GET http://a.example/",
            answers: &[("http://a.example/", &answer)],
            hops: &["GET http://a.example/", "GET http://a.example/next | a=1"],
            kept: &["a=1 a.example"],
            ..Scenario::default()
        }
        .run(client);
    }
}

pub(crate) fn a_redirect_replaces_and_deletes(client: &impl Client) {
    Scenario {
        jar: &[("http://a.example/", "a=1"), ("http://a.example/", "b=1")],
        start: "GET http://a.example/",
        answers: &[(
            "http://a.example/",
            "302\nLocation: /next\nSet-Cookie: a=2\nSet-Cookie: b=; Max-Age=0",
        )],
        hops: &[
            "GET http://a.example/ | a=1; b=1",
            "GET http://a.example/next | a=2",
        ],
        kept: &["a=2 a.example"],
        ..Scenario::default()
    }
    .run(client);
}

pub(crate) fn each_host_has_its_own(client: &impl Client) {
    Scenario {
        jar: &[
            ("http://a.example/", "a=1"),
            ("http://b.example/", "b=1"),
            ("http://b.example/only", "path=1; Path=/only"),
        ],
        start: "GET http://a.example/",
        answers: &[
            (
                "http://a.example/",
                "302\nLocation: http://b.example/\nSet-Cookie: of=a",
            ),
            (
                "http://b.example/",
                "302\nLocation: http://a.example/only\nSet-Cookie: of=b",
            ),
        ],
        hops: &[
            "GET http://a.example/ | a=1",
            "GET http://b.example/ | b=1",
            "GET http://a.example/only | a=1; of=a",
        ],
        kept: &[
            "a=1 a.example",
            "b=1 b.example",
            "path=1 b.example",
            "of=a a.example",
            "of=b b.example",
        ],
        ..Scenario::default()
    }
    .run(client);
}

pub(crate) fn a_host_sets_nothing_for_another(client: &impl Client) {
    Scenario {
        start: "GET http://a.example/",
        answers: &[
            (
                "http://a.example/",
                "302\nLocation: http://b.example/\nSet-Cookie: x=1; Domain=b.example",
            ),
            (
                "http://b.example/",
                "200\nSet-Cookie: y=1; Domain=a.example\nSet-Cookie: z=1; Domain=example",
            ),
        ],
        hops: &["GET http://a.example/", "GET http://b.example/"],
        ..Scenario::default()
    }
    .run(client);
}

pub(crate) fn secure_cookies_stay_on_https(client: &impl Client) {
    Scenario {
        jar: &[
            ("https://a.example/", "s=1; Secure"),
            ("https://a.example/", "p=1"),
        ],
        start: "GET https://a.example/",
        answers: &[
            (
                "https://a.example/",
                "302\nLocation: http://a.example/\nSet-Cookie: t=1; Secure",
            ),
            (
                "http://a.example/",
                "302\nLocation: https://a.example/back\nSet-Cookie: s=2\nSet-Cookie: u=1; Secure",
            ),
        ],
        hops: &[
            "GET https://a.example/ | s=1; p=1",
            "GET http://a.example/ | p=1",
            "GET https://a.example/back | s=1; p=1; t=1",
        ],
        kept: &["s=1 a.example", "p=1 a.example", "t=1 a.example"],
        ..Scenario::default()
    }
    .run(client);
}

pub(crate) fn a_post_becomes_a_get(client: &impl Client) {
    for status in ["301", "302", "303"] {
        let answer = format!("{status}\nLocation: /home\nSet-Cookie: sid=1; HttpOnly");
        Scenario {
            start: "POST http://a.example/login",
            answers: &[("http://a.example/login", &answer)],
            hops: &[
                "POST http://a.example/login",
                "GET http://a.example/home | sid=1",
            ],
            kept: &["sid=1 a.example"],
            ..Scenario::default()
        }
        .run(client);
    }
}

pub(crate) fn an_error_sets_cookies_too(client: &impl Client) {
    Scenario {
        start: "GET http://a.example/",
        answers: &[("http://a.example/", "401\nSet-Cookie: a=1")],
        hops: &["GET http://a.example/"],
        kept: &["a=1 a.example"],
        ..Scenario::default()
    }
    .run(client);
}

pub(crate) fn a_100_level_response_sets_nothing(client: &impl Client) {
    Scenario {
        start: "GET http://a.example/",
        answers: &[(
            "http://a.example/",
            "103\nSet-Cookie: early=1\n\n302\nLocation: /next\nSet-Cookie: a=1",
        )],
        hops: &["GET http://a.example/", "GET http://a.example/next | a=1"],
        kept: &["a=1 a.example"],
        ..Scenario::default()
    }
    .run(client);
}

pub(crate) fn a_tunnel_gets_no_cookies(client: &impl Client) {
    Scenario {
        jar: &[("https://a.example/", "s=1; Secure")],
        start: "GET https://a.example/",
        proxy: true,
        answers: &[(
            "https://a.example/",
            "302\nLocation: https://b.example/\nSet-Cookie: a=1",
        )],
        hops: &[
            "CONNECT a.example",
            "GET https://a.example/ | s=1",
            "CONNECT b.example",
            "GET https://b.example/",
        ],
        kept: &["s=1 a.example", "a=1 a.example"],
        ..Scenario::default()
    }
    .run(client);
}

pub(crate) fn a_tunnel_gets_nothing_of_the_callers(client: &impl Client) {
    Scenario {
        start: "GET https://a.example/",
        own: &[("Cookie", "own=1"), ("Authorization", "Basic eDp5")],
        proxy: true,
        answers: &[("https://a.example/", "302\nLocation: https://b.example/")],
        hops: &[
            "CONNECT a.example",
            "GET https://a.example/ | own=1 | Basic eDp5",
            "CONNECT b.example",
            "GET https://b.example/",
        ],
        ..Scenario::default()
    }
    .run(client);
}

#[cfg(any(feature = "tower", feature = "ureq"))]
pub(crate) fn what_the_caller_sets_wins_its_names(client: &impl Client) {
    Scenario {
        jar: &[("http://a.example/", "a=1"), ("http://a.example/", "b=1")],
        start: "GET http://a.example/",
        own: &[("Cookie", "c=0; a=0")],
        hops: &["GET http://a.example/ | c=0; a=0; b=1"],
        kept: &["a=1 a.example", "b=1 a.example"],
        ..Scenario::default()
    }
    .run(client);
}

/// What the caller set for the first host is gone for the rest of the chain, also where two hops in a
/// row stay on the other one (Go: CVE-2024-45336).
#[cfg(any(feature = "tower", feature = "ureq"))]
pub(crate) fn what_the_caller_sets_does_not_come_back(client: &impl Client) {
    Scenario {
        start: "GET http://a.example/",
        own: &[("Cookie", "own=1"), ("Authorization", "Basic eDp5")],
        answers: &[
            ("http://a.example/", "302\nLocation: http://b.example/"),
            ("http://b.example/", "302\nLocation: http://b.example/2"),
        ],
        hops: &[
            "GET http://a.example/ | own=1 | Basic eDp5",
            "GET http://b.example/",
            "GET http://b.example/2",
        ],
        ..Scenario::default()
    }
    .run(client);
}

/// Go: what was set for a host was also sent to one that only looks like a subdomain of it, as the zone
/// of an IPv6 address does in `[::1%25.a.example]`; here no subdomain gets it, and such an address is
/// none.
pub(crate) fn cve_2023_45289(client: &impl Client) {
    for target in [
        "http://b.example/",
        "http://xa.example/",
        "http://a.example.b.example/",
        "http://sub.a.example/",
    ] {
        let answer = format!("302\nLocation: {target}");
        let hop = format!("GET {target}");
        Scenario {
            jar: &[("http://a.example/", "host=1")],
            start: "GET http://a.example/",
            own: &[("Authorization", "Basic eDp5")],
            answers: &[("http://a.example/", &answer)],
            hops: &["GET http://a.example/ | host=1 | Basic eDp5", &hop],
            kept: &["host=1 a.example"],
            ..Scenario::default()
        }
        .run(client);
    }
    Scenario {
        jar: &[("http://a.example/", "a=1; Domain=a.example")],
        start: "GET http://a.example/",
        own: &[("Authorization", "Basic eDp5")],
        answers: &[(
            "http://a.example/",
            "302\nLocation: http://[::1%25.a.example]/",
        )],
        hops: &["GET http://a.example/ | a=1 | Basic eDp5"],
        kept: &["a=1 a.example"],
        ..Scenario::default()
    }
    .run(client);
}

/// urllib3: a Cookie header that the caller had set went on to another origin.
pub(crate) fn cve_2023_43804(client: &impl Client) {
    Scenario {
        start: "GET http://a.example/",
        own: &[("Cookie", "own=1")],
        answers: &[("http://a.example/", "302\nLocation: http://b.example/")],
        hops: &["GET http://a.example/ | own=1", "GET http://b.example/"],
        ..Scenario::default()
    }
    .run(client);
}

/// undici: Authorization was removed when the origin changed, Cookie was not.
pub(crate) fn cve_2023_45143(client: &impl Client) {
    for target in ["http://b.example/", "https://a.example/"] {
        let answer = format!("307\nLocation: {target}");
        let hop = format!("GET {target}");
        Scenario {
            start: "GET http://a.example/",
            own: &[("Cookie", "own=1"), ("Authorization", "Basic eDp5")],
            answers: &[("http://a.example/", &answer)],
            hops: &["GET http://a.example/ | own=1 | Basic eDp5", &hop],
            ..Scenario::default()
        }
        .run(client);
    }
}

/// curl: what the caller had set went on to another port of the same host, which is another origin. The
/// jar's cookies are for all ports of a host.
pub(crate) fn cve_2022_27776(client: &impl Client) {
    Scenario {
        start: "GET http://a.example/",
        own: &[("Cookie", "own=1"), ("Authorization", "Basic eDp5")],
        answers: &[(
            "http://a.example/",
            "302\nLocation: http://a.example:2/\nSet-Cookie: a=1",
        )],
        hops: &[
            "GET http://a.example/ | own=1 | Basic eDp5",
            "GET http://a.example:2/ | a=1",
        ],
        kept: &["a=1 a.example"],
        ..Scenario::default()
    }
    .run(client);
}

/// `HTTPie`: a session's cookies were not tied to their host, and went to wherever it redirected.
pub(crate) fn cve_2022_24737(client: &impl Client) {
    Scenario {
        jar: &[
            ("http://a.example/", "session=1"),
            ("http://a.example/", "wide=1; Domain=a.example"),
        ],
        start: "GET http://a.example/",
        answers: &[
            (
                "http://a.example/",
                "302\nLocation: http://sub.a.example/\nSet-Cookie: new=1",
            ),
            ("http://sub.a.example/", "302\nLocation: http://b.example/"),
        ],
        hops: &[
            "GET http://a.example/ | session=1; wide=1",
            "GET http://sub.a.example/ | wide=1",
            "GET http://b.example/",
        ],
        kept: &["session=1 a.example", "wide=1 a.example", "new=1 a.example"],
        ..Scenario::default()
    }
    .run(client);
}
