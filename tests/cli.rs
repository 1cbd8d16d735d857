//! The command line as it is built: arguments and standard input to output and exit status.

#![cfg(feature = "cli")]

mod program;

use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::process::{Command, Stdio};

use program::{Run, end, hardtack, start};
use serde_json::{Value, json};

const NOW: &str = "2026-11-20T09:00:00Z";

/// A command that takes lines, at [`NOW`].
fn at_now<Arg: AsRef<OsStr>>(command: &str, args: &[Arg], stdin: &[u8]) -> Run {
    let first = [command, "--now", NOW].map(OsString::from);
    let args = args.iter().map(|arg| arg.as_ref().to_owned());
    hardtack(&first.into_iter().chain(args).collect::<Vec<_>>(), stdin)
}

/// `hardtack explain` at [`NOW`].
fn explain<Arg: AsRef<OsStr>>(args: &[Arg], stdin: &[u8]) -> Run {
    at_now("explain", args, stdin)
}

/// The names of the cookies that `hardtack explain --json` finds in the jar.
fn stored_names(args: &[&str], stdin: &[u8]) -> Vec<String> {
    let run = explain(&[&["--json"], args].concat(), stdin);
    let document = run.json();
    let cookies = document["cookies"].as_array().expect("a list of cookies");
    let name = |cookie: &Value| cookie["name"].as_str().expect("a name").to_owned();
    cookies.iter().map(name).collect()
}

const MAIN_ARGS: &[&str] = &[
    "--url",
    "https://www.shop.example/login",
    "--then",
    "http://www.shop.example/",
    "sid=31d4; Path=/; Secure; HttpOnly; SameSite=Lax",
    "Set-Cookie: theme=dark; Domain=shop.example; Expires=Wed, 09 Jun 2032 10:18:14 GMT; Priority=High",
    "ad=1; Domain=example",
    "sid=32; path=/a; Path=/; Secure;",
];

const MAIN_OUTPUT: &str = "\
Received from https://www.shop.example/login at 2026-11-20T09:00:00Z

[1] sid=31d4; Path=/; Secure; HttpOnly; SameSite=Lax
    name        sid
    value       31d4
    Path        /
    Secure      yes
    HttpOnly    yes
    SameSite    Lax
    stored

[2] theme=dark; Domain=shop.example; Expires=Wed, 09 Jun 2032 10:18:14 GMT; Pri…
    name        theme
    value       dark
    Domain      shop.example
    Expires     2032-06-09T10:18:14Z
    Priority    ignored: no attribute of this name is known (5.6 step 7)
    stored      for 400 days: a longer lifetime is cut to that

[3] ad=1; Domain=example
    name        ad
    value       1
    Domain      example
    refused     `example` is a public suffix: leave Domain out, or name a domain
                below it
                5.7 step 9.3.1 (InvalidDomain in DevTools)

[4] sid=32; path=/a; Path=/; Secure;
    name        sid
    value       32
    Path        /a (a later one counts)
    Path        /
    Secure      yes
    replaced    takes the place of [1]

2 cookies are stored
  sid=32
    domain      www.shop.example only, not its subdomains (host-only)
    path        /
    expires     session
    Secure      yes
    HttpOnly    no
    SameSite    Default (enforced as Lax)
    partition   none
  theme=dark
    domain      shop.example and its subdomains
    path        /
    expires     2027-12-25T09:00:00Z
    Secure      no
    HttpOnly    no
    SameSite    Default (enforced as Lax)
    partition   none

GET http://www.shop.example/
    sent        Cookie: theme=dark
    not sent    sid of www.shop.example/
                it is Secure, and the connection is not: request over https
                5.8.3 step 3.3 (SecureOnly in DevTools)

The steps are those of draft-ietf-httpbis-rfc6265bis-22:
https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis-22#section-5.6
https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis-22#section-5.7
https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis-22#section-5.8.3
";

#[test]
fn the_main_command() {
    let run = explain(MAIN_ARGS, b"");
    assert_eq!(run.stdout(), MAIN_OUTPUT);
    assert_eq!((run.status, run.stderr.as_str()), (Some(1), ""));
}

/// What docs/cli.md shows is what is printed.
#[test]
fn samples_of_the_page() {
    let page = include_str!("../docs/cli.md");
    let input = LINT_INPUT.replace('\r', "");
    for text in [MAIN_OUTPUT, LINT_OUTPUT, input.trim_end()] {
        assert!(
            page.contains(&format!("\n```text\n{}\n```\n", text.trim_end())),
            "{text}"
        );
    }
    let command: Vec<String> = MAIN_ARGS
        .iter()
        .map(|arg| {
            if arg.contains(['=']) {
                format!("'{arg}'")
            } else {
                (*arg).to_owned()
            }
        })
        .collect();
    let shown = page.replace(" \\\n   ", "");
    let command = format!("\nhardtack explain --now {NOW} {}\n", command.join(" "));
    assert!(shown.contains(&command), "{command}");
}

type Row = (&'static str, &'static [&'static str]);

/// Runs `hardtack explain` with the words of the options and then the lines, and looks for fragments
/// in the output.
fn assert_shown(options: &str, lines: &[&str], status: i32, fragments: &[&str]) {
    let options: Vec<&str> = options.split(' ').collect();
    let run = explain(&[&options, lines].concat(), b"");
    assert_eq!(
        (run.status, run.stderr.as_str()),
        (Some(status), ""),
        "{options:?} {lines:?}"
    );
    for fragment in fragments {
        assert!(
            run.stdout().contains(fragment),
            "{lines:?}: {fragment:?}\n{}",
            run.stdout()
        );
    }
}

#[test]
fn lines_that_are_accepted() {
    let rows: &[Row] = &[
        // lines, one below the other; fragments of the output
        ("a=1", &["\n    stored\n", "\n1 cookie is stored\n"]),
        ("a=b=c", &["name        a\n", "value       b=c\n"]),
        ("a", &["name        (none)\n", "value       a\n"]),
        ("a=", &["name        a\n", "value       (empty)\n"]),
        ("sEt-cOOkie: \t a=1", &["\n[1] a=1\n"]),
        ("a=1\na=2\na=3", &["[3] a=3", "takes the place of [2]"]),
        (
            "a=1\na=; Max-Age=0",
            &["expired     deletes [1]\n", "No cookie is stored"],
        ),
        ("a=; Max-Age=0", &["expired     there is none to delete\n"]),
        ("a=; Max-Age=-99999999999999999999", &["expired"]),
        (
            "a=1; Max-Age=9; Expires=9 Jun 2027 1:2:3",
            &["(Max-Age counts instead)"],
        ),
        (
            "a=1; Max-Age=9",
            &[
                "Max-Age     9 seconds\n",
                "expires     2026-11-20T09:00:09Z",
            ],
        ),
        ("a=1; Max-Age=99999999999999999999", &["for 400 days"]),
        (
            "a=1; Max-Age=9d",
            &["Max-Age     ignored: ", "(5.6.2 step 3)"],
        ),
        ("a=1; Path=x", &["the URL's default-path"]),
        ("a=1; SameSite=x", &["Default (enforced as Lax)"]),
    ];
    for (lines, fragments) in rows {
        let lines: Vec<&str> = lines.split('\n').collect();
        assert_shown("--url https://shop.example/", &lines, 0, fragments);
    }
}

#[test]
fn lines_that_are_refused() {
    let rows: &[(&str, &str, &[&str])] = &[
        // URL, line, fragments of the output
        (
            "http://shop.example/",
            "a=1; Secure",
            &[
                "refused     Secure over an insecure",
                "set it over https",
                "5.7 step 13 (SecureOnly in",
            ],
        ),
        (
            "https://shop.example/",
            "a=1; SameSite=None",
            &[
                "SameSite=None needs Secure: set it over https, with Secure",
                "5.7 step 19 (SameSiteNoneInsecure in DevTools)",
            ],
        ),
        (
            "https://shop.example/",
            "",
            &["5.7 step 2 (NoCookieContent in DevTools)"],
        ),
        (
            "https://shop.example/",
            "__Http-a=1; Secure",
            &[
                "need HttpOnly",
                "a rule of browsers, not of the draft (InvalidPrefix in",
            ],
        ),
        (
            "https://shop.example/",
            "a=1; Domain=other.example",
            &["5.7 step 10."],
        ),
        ("data:,x", "a=1", &["the URL has no host"]),
        (
            "localhost:3000",
            "a=1",
            &["the scheme `localhost` and no host: did you mean\n      `https://localhost:3000`?"],
        ),
    ];
    for (url, line, fragments) in rows {
        let verdict = "\n    refused     ";
        assert_shown(
            &format!("--url {url}"),
            &[line],
            1,
            &[&[verdict], *fragments].concat(),
        );
    }
}

#[test]
fn requests_after_the_lines() {
    let rows: &[(&str, &str, &[&str])] = &[
        // line, URL, fragments of the output
        (
            "a=1",
            "https://shop.example/",
            &["\nGET https://shop.example/\n    sent        Cookie: a=1\n"],
        ),
        (
            "a=1",
            "https://www.shop.example/",
            &[
                "sent        nothing",
                "a of shop.example/\n",
                "host only",
                "step 3.1.1 (DomainMismatch in",
            ],
        ),
        (
            "a=1",
            "https://news.example/",
            &["sent        nothing", "not sent    a of shop.example/\n"],
        ),
        (
            "a=1; Domain=shop.example",
            "https://news.example/",
            &["the request's host is neither its domain nor below it"],
        ),
        (
            "a=1; Path=/x",
            "https://shop.example/xy",
            &["a of shop.example/x\n", "(NotOnPath in DevTools)"],
        ),
        (
            "a=1; Secure",
            "http://shop.example/",
            &["it is Secure", "(SecureOnly in DevTools)"],
        ),
        (
            "a=1",
            "data:,x",
            &["\nGET data:,x\n    sent        nothing\n"],
        ),
    ];
    for (line, url, fragments) in rows {
        let options = format!("--url https://shop.example/ --then {url}");
        assert_shown(&options, &[line], 0, fragments);
    }
}

#[test]
fn the_context() {
    let rows: &[(&str, &str, i32, &[&str])] = &[
        // options, line, exit status, fragments of the output
        (
            "--script",
            "a=1",
            0,
            &[
                "Set by a script at https",
                "\ndocument.cookie at https",
                "read        a=1\n",
            ],
        ),
        (
            "--script",
            "a=1; HttpOnly",
            1,
            &["cannot set an HttpOnly cookie", "5.7 step 15"],
        ),
        (
            "--site-for-cookies https://www.shop.example/x",
            "a=1",
            0,
            &["\n    stored\n"],
        ),
        (
            "--site-for-cookies https://news.example/",
            "a=1",
            1,
            &["a cross-site request", "5.7 step 18."],
        ),
        (
            "--site-for-cookies opaque",
            "a=1",
            1,
            &["a cross-site request"],
        ),
        (
            "--site-for-cookies opaque --script",
            "a=1",
            1,
            &["a document in a cross-site context"],
        ),
        (
            "--site-for-cookies opaque",
            "a=1; Secure; SameSite=None",
            0,
            &["sent        Cookie: a=1"],
        ),
        (
            "--site-for-cookies opaque --destination top-level --method POST",
            "a=1",
            0,
            &[
                "\n    stored\n",
                "\nPOST https",
                "its method is not a safe one",
            ],
        ),
        (
            "--site-for-cookies opaque --destination top-level",
            "a=1; SameSite=Strict",
            0,
            &["not sent", "(SameSiteStrict in DevTools)"],
        ),
        (
            "--site-for-cookies opaque --destination nested",
            "a=1; SameSite=Lax",
            1,
            &["refused"],
        ),
        (
            "--method HEAD",
            "a=1; Secure; Partitioned",
            0,
            &["partition   https://shop.example\n"],
        ),
        (
            "--top-level-site https://www.news.example/ --cross-site-ancestor",
            "a=1; Secure; Partitioned",
            0,
            &["partition   https://news.example cross-site\n"],
        ),
    ];
    for (options, line, status, fragments) in rows {
        let urls = "--url https://shop.example/ --then https://shop.example/";
        assert_shown(&format!("{urls} {options}"), &[line], *status, fragments);
    }
}

#[test]
fn standard_input() {
    const URL: &[&str] = &["--url", "https://shop.example/"];
    const ARGUMENTS: &[&str] = &["--url", "https://shop.example/", "first=1", "-", "last=1"];
    type Row = (
        &'static [&'static str],
        &'static [u8],
        &'static [&'static str],
    );
    let rows: &[Row] = &[
        // arguments, standard input, names of the cookies stored
        (URL, b"a=1\nb=2; Secure\r\n\nc=3", &["a", "b", "c"]),
        (URL, b"set-cookie:a=1\nDate: x\nSET-COOKIE: b=2\n", &["a", "b"]),
        (ARGUMENTS, b"a=1\nb=2\n", &["first", "a", "b", "last"]),
        (ARGUMENTS, b"", &["first", "last"]),
        // curl -si
        (
            URL,
            b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/\r\nContent-Type: text/plain\r\nset-cookie: b=2\r\n\r\n\
              Set-Cookie: content=1\r\n\r\nset-cookie: content=2\n",
            &["a", "b"],
        ),
        (URL, b"HTTP/2 200 \r\nset-cookie: a=1\r\n\r\n", &["a"]),
        // curl -siL
        (
            URL,
            b"HTTP/1.1 301 Moved Permanently\r\nSet-Cookie: a=1\r\nLocation: /\r\n\r\n\
              HTTP/1.1 200 OK\r\nSet-Cookie: b=2\r\n\r\n<p>\nSet-Cookie: content=1\n",
            &["a", "b"],
        ),
        // A status line needs a status code.
        (URL, b"HTTP/1.1 200 OK\n\nHTTP/1.1 is old\nSet-Cookie: content=1\n", &[]),
        (URL, b"HTTP/1.1 103 Early Hints\r\nSet-Cookie: early=1\r\n\r\nHTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\n\r\n", &["a"]),
    ];
    for (args, stdin, names) in rows {
        assert_eq!(
            stored_names(args, stdin),
            *names,
            "{:?}",
            stdin.escape_ascii().to_string()
        );
    }
}

#[test]
fn notes_on_standard_input() {
    let url = &["--url", "https://shop.example/"];
    let rows: &[(&[u8], &str, &str)] = &[
        // standard input, beginning of the output, messages
        (b"", "", "note: no Set-Cookie line in the input\n"),
        (
            b"HTTP/1.1 200 OK\r\n\r\nHello\r\n",
            "",
            "note: no Set-Cookie line in the input\n",
        ),
        (
            b"HTTP/1.1 103 Early Hints\r\nSet-Cookie: a=1\r\n\r\n",
            "note: left out what a 100-level response sets (1)",
            "note: no Set-Cookie line in the input\n",
        ),
        (
            b"HTTP/1.1 302 Found\n\nHTTP/1.1 200 OK\nSet-Cookie: a=1\n",
            "note: there are 2 responses, and all are taken to come from --url\nReceived from",
            "",
        ),
    ];
    for (stdin, beginning, messages) in rows {
        let run = explain(url, stdin);
        assert_eq!((run.status, run.stderr.as_str()), (Some(0), *messages));
        assert!(
            run.stdout().starts_with(beginning),
            "{beginning:?}\n{}",
            run.stdout()
        );
    }
}

#[test]
fn wrong_usage() {
    const URL: &str = "https://shop.example/";
    let rows: &[(&[&str], &str)] = &[
        // arguments, fragment of the message
        (&[], "Usage: hardtack <COMMAND>"),
        (&["explode"], "unrecognized subcommand 'explode'"),
        (&["lint"], "--url <URL>"),
        (
            &["lint", "--url", URL, "--allow", "public-suffix", "a=1"],
            "[possible values: not-http-only, ",
        ),
        (&["replay", "--fast"], "unexpected argument '--fast'"),
        (&["explain"], "--url <URL>"),
        (
            &["explain", "--url", URL, "--nonsense", "a=1"],
            "unexpected argument '--nonsense'",
        ),
        (
            &["explain", "--url", "shop.example", "a=1"],
            "'shop.example' for '--url <URL>': it has no scheme; did you mean `https://shop.example`?",
        ),
        (
            &["explain", "--url", "https://", "a=1"],
            "'--url <URL>': empty host",
        ),
        (
            &["explain", "--url", URL, "--then", "x", "a=1"],
            "'--then <URL>'",
        ),
        (
            &["explain", "--url", URL, "--site-for-cookies", "x", "a=1"],
            "'--site-for-cookies <URL|opaque>'",
        ),
        (
            &["explain", "--url", URL, "--top-level-site", "x", "a=1"],
            "'--top-level-site <URL>'",
        ),
        (
            &["explain", "--url", URL, "--destination", "frame", "a=1"],
            "[possible values: top-level, nested, subresource]",
        ),
        (
            &["explain", "--url", URL, "--now", "tomorrow", "a=1"],
            "write it like 2026-11-20T09:00:00Z",
        ),
    ];
    for (args, message) in rows {
        let run = hardtack(args, b"");
        assert_eq!((run.status, run.stdout()), (Some(2), ""), "{args:?}");
        assert!(run.stderr.contains(message), "{args:?}: {}", run.stderr);
    }
}

#[test]
fn help_and_version() {
    let version = concat!("hardtack ", env!("CARGO_PKG_VERSION"), "\n");
    let rows: &[(&[&str], &str)] = &[
        (&["--version"], version),
        (&["--help"], "curl -si"),
        (
            &["explain", "--help"],
            "Exit status: 1 when a line was refused",
        ),
        (&["lint", "--help"], "curl -si"),
        (
            &["replay", "--help"],
            "the protocol that docs/replay.md describes",
        ),
    ];
    for (args, fragment) in rows {
        let run = hardtack(args, b"");
        assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""), "{args:?}");
        assert!(
            run.stdout().contains(fragment),
            "{args:?}: {}",
            run.stdout()
        );
    }
}

/// The width that terminals have, except for addresses and what was given.
#[test]
fn text_fits_80_columns() {
    let runs = [
        explain(MAIN_ARGS, b""),
        hardtack(&["explain", "--help"], b""),
        lint(LINT_ARGS, LINT_INPUT.as_bytes()),
        hardtack(&["lint", "--help"], b""),
    ];
    for line in runs.iter().flat_map(|run| run.stdout().lines()) {
        let is_address = line.starts_with("https://");
        assert!(line.chars().count() <= 80 || is_address, "{line}");
    }
}

/// `hardtack lint` at [`NOW`].
fn lint<Arg: AsRef<OsStr>>(args: &[Arg], stdin: &[u8]) -> Run {
    at_now("lint", args, stdin)
}

const LINT_ARGS: &[&str] = &["--url", "https://www.shop.example/login"];

const LINT_INPUT: &str = "\
HTTP/2 200 \r
set-cookie: PHPSESSID=31d4d96e407aad42; Path=/; Domain=shop.example\r
set-cookie: theme=\"dark, blue\"; Max-Age=63072000; SameSite=Lax; Secure\r
set-cookie: __Host-csrf=9f86d0; Secure; Path=/login; SameSite=Strict\r
set-cookie: __Host-id=7; Path=/; Secure; HttpOnly; SameSite=Lax\r
\r
";

const LINT_OUTPUT: &str = "\
As received from https://www.shop.example/login at 2026-11-20T09:00:00Z

[1] PHPSESSID
    warning     it looks like a session id, and scripts can read it: add
                HttpOnly
                not-http-only
    warning     it is sent over http too, where others can read it: add Secure
                not-secure
    warning     SameSite is left to the browser, and browsers differ: write Lax,
                Strict or None
                same-site-default
    warning     every host below `shop.example` gets it and can overwrite it:
                leave Domain out, unless they need it
                wide-domain

[2] theme
    warning     user agents keep it for 400 days at most: ask for no more
                lifetime-cut
    warning     the value has whitespace, `\"`, `,`, `;`, `\\` or an octet beyond
                ASCII, which servers must not write: encode it, Base64 for
                example
                profile, 4.1.1

[3] __Host-csrf
    error       the prefix `__Host-` needs the path `/`: add Path=/
                host-prefix-path, 5.7 step 21.3 (InvalidPrefix in DevTools)

[4] __Host-id
    clean

1 error, 6 warnings
What a finding means and what to do: `hardtack findings NAME`, or its heading in
docs/lint.md

The steps are those of draft-ietf-httpbis-rfc6265bis-22:
https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis-22#section-4.1.1
https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis-22#section-5.7
";

#[test]
fn the_main_command_of_lint() {
    let run = lint(LINT_ARGS, LINT_INPUT.as_bytes());
    assert_eq!(run.stdout(), LINT_OUTPUT);
    assert_eq!((run.status, run.stderr.as_str()), (Some(1), ""));
}

/// What `hardtack lint --json` finds: level and reason, a line each.
fn found(args: &[&str], stdin: &[u8]) -> (Option<i32>, Vec<String>) {
    let run = lint(&[&["--json"], args].concat(), stdin);
    let document = run.json();
    let lines = document["lines"].as_array().expect("a list of lines");
    let findings = lines
        .iter()
        .flat_map(|line| line["findings"].as_array().expect("a list of findings"));
    let text = |finding: &Value, member| finding[member].as_str().expect("text").to_owned();
    let shown = |finding| format!("{} {}", text(finding, "level"), text(finding, "reason"));
    (run.status, findings.map(shown).collect())
}

/// Each row: a line, where `*` stands for attributes that nobody minds, and the reasons of what is
/// found, all of one level.
fn assert_found(level: &str, url: &str, rows: &[(&str, &str)]) {
    for (line, reasons) in rows {
        let line = line.replace('*', "; Secure; HttpOnly; SameSite=Lax");
        let reasons = reasons.split_whitespace();
        let expected: Vec<String> = reasons.map(|reason| format!("{level} {reason}")).collect();
        let status = Some(i32::from(!expected.is_empty()));
        assert_eq!(
            found(&["--url", url, &line], b""),
            (status, expected),
            "{line}"
        );
    }
}

const SHOP: &str = "https://www.shop.example/login";

#[test]
fn errors_that_lint_finds() {
    let rows = [
        ("a=1; Domain=example*", "public-suffix"),
        ("a=\u{1}*", "control-octet"),
        (
            "a=1; Domain=example; Max-Age=x*",
            "public-suffix ignored-attribute",
        ),
        (
            "__Http-a=1; Secure; SameSite=Lax",
            "http-prefix-not-http-only",
        ),
        ("a=1; Max-Age=9d*", "ignored-attribute"),
        (
            "a=1; Expires=tomorrow; Max-Age=*",
            "ignored-attribute ignored-attribute",
        ),
    ];
    assert_found("error", SHOP, &rows);
    assert_found(
        "error",
        "http://shop.example/",
        &[("a=1*", "secure-over-insecure")],
    );
    assert_found("error", "data:,x", &[("a=1*", "no-canonical-host")]);
}

#[test]
fn warnings_of_who_gets_it() {
    let rows = [
        ("a=1*", ""),
        ("a=1; Secure; SameSite=Lax", ""),
        ("a=1; HttpOnly; SameSite=Lax", "not-secure"),
        ("a=1; Secure; HttpOnly", "same-site-default"),
        ("a=1; Secure; SameSite=x", "same-site-default"),
        ("a=1; Domain=www.shop.example*", "wide-domain"),
        ("a=1; Domain=.Shop.example*", "wide-domain"),
        ("a=1; Path=/; Max-Age=34560000*", ""),
        ("a=1; Max-Age=34560001*", "lifetime-cut"),
        ("a=1; Expires=Sat, 25 Dec 2027 09:00:00 GMT*", ""),
        (
            "a=1; Expires=Sat, 25 Dec 2027 09:00:01 GMT*",
            "lifetime-cut",
        ),
        // nobody gets what is deleted
        ("sid=; Domain=shop.example; Max-Age=0", ""),
    ];
    assert_found("warning", SHOP, &rows);
}

#[test]
fn warnings_of_lifetimes() {
    let rows = [
        (
            "a=1; Expires=Fri, 20 Nov 2026 09:02:00 GMT; Max-Age=60*",
            "",
        ),
        (
            "a=1; Expires=Fri, 20 Nov 2026 09:02:01 GMT; Max-Age=60*",
            "lifetimes-disagree",
        ),
        (
            "a=1; Expires=Fri, 20 Nov 2026 09:00:00 GMT; Max-Age=60*",
            "",
        ),
        (
            "a=1; Expires=Fri, 20 Nov 2026 08:59:59 GMT; Max-Age=60*",
            "lifetimes-disagree",
        ),
        ("a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0", ""),
        (
            "a=; Expires=Fri, 20 Nov 2026 09:02:00 GMT; Max-Age=0",
            "lifetimes-disagree",
        ),
        (
            "a=1; Expires=Fri, 20 Nov 2026 09:02:00 GMT; Max-Age=99999999999999999999*",
            "lifetime-cut lifetimes-disagree",
        ),
        ("a=1; Expires=Friday, 20-Nov-26 09:02:00 GMT*", "date-form"),
        ("a=1; Expires=Mon, 20 Nov 2026 09:02:00 GMT*", "date-form"),
    ];
    assert_found("warning", SHOP, &rows);
}

#[test]
fn warnings_of_the_form() {
    let rows = [
        ("a=\"1\"; Path=/b%20c*", ""),
        ("a=1 2*", "profile"),
        ("a b=\u{e9}*", "profile profile"),
        ("v*", "profile browsers-differ"),
        ("__Host-Http-a=1; Path=/*", ""),
        ("a=1; Path=cart*", "profile"),
        ("a=1; Domain=*", "profile"),
        ("a=; Max-Age=-1", "profile"),
        ("a=1; Path=/; path=/a*", "duplicate-attribute"),
        ("a=1; Path=/; Path=/; Path=/*", "duplicate-attribute"),
        ("a=1; Priority=High; ;*", "unknown-attribute"),
        (
            "a=1; Foo; foo*",
            "duplicate-attribute unknown-attribute unknown-attribute",
        ),
    ];
    assert_found("warning", SHOP, &rows);
}

/// Each word of a name counts as a whole, or by its end; what is said about a session is none.
#[test]
fn names_like_a_session_id() {
    let alike = "sid SID connect.sid PHPSESSID JSESSIONID ASPSESSIONIDQSC laravel_session sess \
                 __Host-session auth .ASPXAUTH token accessToken auth_token jwt app-jwt \
                 .AspNetCore.Cookies .AspNetCore.CookiesC1 .AspNetCore.Identity.Application \
                 .AspNet.ApplicationCookie wordpress_logged_in_5bd7a9c61cda6e66fc921a05bc80ee93 \
                 wordpress_sec_5bd7a9c61cda6e66fc921a05bc80ee93 \
                 wordpress_5bd7a9c61cda6e66fc921a05bc80ee93 \
                 SSESS5bd7a9c61cda6e66fc921a05bc80ee93 \
                 remember_me remember-me REMEMBERME rememberMe remember_token \
                 remember_web_59ba36addc2b2f9401580f014c7f58ea4e30989d Authorization \
                 CF_Authorization _oauth2_proxy _oauth2_proxy_0 KEYCLOAK_IDENTITY \
                 KEYCLOAK_SESSION CFID CFTOKEN _identity appSession __session rack.session koa:sess \
                 PLAY_SESSION MSISAuth LtpaToken2 JSESSIONIDSSO next-auth.session-token \
                 sb-abc-auth-token SMSESSION _shibsession_64656 sessionid session_id SAPISID";
    let others = "a side theme author csrftoken XSRF-TOKEN tokens possession obsessions theme_assess \
                  assessment token_type session_timeout sessionCount sessionStorage_enabled \
                  has_session isAuthenticated-auth __RequestVerificationToken \
                  .AspNetCore.Antiforgery.9fXoN5 authenticity_token inside authority \
                  wordpress_test_cookie wp-settings-1 SESSIONS_2 identity_banner _oauth2_proxy_csrf \
                  remember_tab CFGLOBALS cookies business messages token_expires_at \
                  sessionReplay";
    for (names, expected) in [(alike, &["warning not-http-only"][..]), (others, &[])] {
        for name in names.split_whitespace() {
            let line = format!("{name}=1; Path=/; Secure; SameSite=Lax");
            let allowed = [
                "--url",
                SHOP,
                "--allow",
                "no-host-prefix",
                "--allow",
                "profile",
                &line,
            ];
            let (_, findings) = found(&allowed, b"");
            assert_eq!(findings, expected, "{name}");
        }
    }
}

#[test]
fn values_like_a_token() {
    // {"alg":"HS256","typ":"JWT"}, {"alg":"none"}, {"alg":"dir","enc":"A128GCM"}, {"typ":"JWT"}
    let alike = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl \
                 eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0. \
                 eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..aXY.Y2lwaGVy.dGFn \
                 Bearer%20eyJhbGciOiJIUzI1NiJ9.e30.c2ln v4.public.payload v2.local.payload";
    let others = "eyJ0eXAiOiJKV1QifQ.eyJzdWIiOiIxIn0.c2ln eyJhbGciOiJIUzI1NiJ9 a.b.c 1.2.3 www.shop.example \
                  eyJhbGciOiJIUzI1NiJ9.e30 v5.public.x v4.secret.x .. GA1.2.3";
    for (values, expected) in [(alike, &["warning not-http-only"][..]), (others, &[])] {
        for value in values.split_whitespace() {
            let line = format!("a={value}; Path=/x; Secure; SameSite=Lax");
            let (_, findings) = found(&["--url", SHOP, &line], b"");
            assert_eq!(findings, expected, "{value}");
        }
    }
}

/// A name twice in one response, but not in two: `curl -siL` prints several.
#[test]
fn duplicate_cookies() {
    let line = |value: &str| format!("Set-Cookie: a={value}; Secure; SameSite=Lax\r\n");
    let status = "HTTP/1.1 302 Found\r\n";
    let rows = [
        (line("1") + &line("2"), 1),
        (line("1") + &line("2") + &line("3"), 2),
        (line("1") + &line("2; Path=/x"), 1),
        (
            status.to_owned() + &line("1") + "\r\n" + status + &line("2"),
            0,
        ),
        (
            status.to_owned() + &line("1") + "\r\n" + status + &line("2") + &line("3"),
            1,
        ),
    ];
    for (input, count) in rows {
        let (_, findings) = found(&["--url", "https://shop.example/"], input.as_bytes());
        assert_eq!(findings, vec!["warning duplicate-cookie"; count], "{input}");
    }
}

/// A line that begins with whitespace goes on with the field before (RFC 9112, 5.2).
#[test]
fn folded_lines() {
    let rows: &[(&str, &[&str])] = &[
        (
            "Set-Cookie: a=1; Secure;\r\n\tHttpOnly;\r\n SameSite=x; Max-Age=y\r\n",
            &["error ignored-attribute", "warning same-site-default"],
        ),
        (
            "Set-Cookie: a=1; Secure; SameSite=Lax\r\nX: y\r\n ; Max-Age=y\r\n",
            &[],
        ),
        (
            "Set-Cookie: a=1; Secure; SameSite=Lax\r\n\r\n ; Max-Age=y\r\n",
            &[],
        ),
    ];
    for (fields, expected) in rows {
        let input = format!("HTTP/1.1 200 OK\r\n{fields}");
        let (_, findings) = found(&["--url", "https://shop.example/"], input.as_bytes());
        assert_eq!(findings, *expected, "{input}");
    }
}

#[test]
fn warnings_that_are_allowed() {
    let line = "sid=1; Domain=shop.example; SameSite=Lax; Max-Age=9d";
    let all = [
        "error ignored-attribute",
        "warning not-http-only",
        "warning not-secure",
        "warning wide-domain",
    ];
    let rows: &[(&[&str], &[&str])] = &[
        (&[], &all),
        (&["--allow", "not-secure"], &[all[0], all[1], all[3]]),
        (
            &[
                "--allow",
                "not-secure",
                "--allow",
                "wide-domain",
                "--allow=not-http-only",
            ],
            &all[..1],
        ),
    ];
    for (allow, expected) in rows {
        let args = [&["--url", "https://www.shop.example/", line], *allow].concat();
        assert_eq!(
            found(&args, b""),
            (Some(1), expected.iter().map(ToString::to_string).collect())
        );
    }
    let args = [
        "--url",
        "https://www.shop.example/",
        "a=1; Secure",
        "--allow",
        "same-site-default",
    ];
    assert_eq!(found(&args, b""), (Some(0), Vec::new()));
}

#[test]
fn cookies_over_http() {
    let rows = [
        ("a=1; HttpOnly; SameSite=Lax", "plain-http"),
        ("a=1; SameSite=Strict; Path=/", "plain-http"),
        ("a=; Max-Age=0", ""),
    ];
    assert_found("warning", "http://shop.example/", &rows);
    assert_found("warning", "http://192.0.2.1/", &rows);
    assert_found("warning", "ws://shop.example/", &rows);
    // Nobody is on the way to the machine itself.
    for url in [
        "http://localhost:3000/",
        "http://a.localhost/",
        "http://127.0.0.2/",
        "http://[::1]/",
    ] {
        assert_found("warning", url, &[("a=1; SameSite=Lax", ""), ("a=1*", "")]);
        let run = lint(&["--url", url, "a=1; SameSite=Lax"], b"");
        assert!(
            run.stdout().starts_with("note: browsers take http"),
            "{url}"
        );
    }
}

#[test]
fn lines_joined_by_a_comma() {
    const DATE: &str = "Expires=Wed, 09 Jun 2027 10:18:14 GMT";
    let joined = [
        // line, with `@` for an Expires attribute; name of the second cookie, and where it stands
        ("sid=1; Path=/, theme=dark", "theme", "Path"),
        ("sid=1; Path=/,theme=dark; Path=/", "theme", "Path"),
        ("sid=1; @, theme=dark", "theme", "Expires"),
        ("sid=1; @,theme=dark; @; Path=/", "theme", "Expires"),
        ("sid=1; Max-Age=60, theme=dark", "theme", "Max-Age"),
        ("sid=1; Domain=shop.example, theme=dark", "theme", "Domain"),
        (
            "sid=1; SameSite=None, __Host-t=dark; Secure",
            "__Host-t",
            "SameSite",
        ),
        ("sid=1; Secure, theme=dark", "theme", "Secure"),
        ("sid=1; Secure; HttpOnly,theme =dark", "theme", "HttpOnly"),
        ("sid=1; Priority=High, cart[1]=x", "cart[1]", "Priority"),
        ("sid=1, theme=dark", "theme", "the value"),
        ("sid=1,theme=dark", "theme", "the value"),
        ("sid=1, a=2, b=3", "a", "the value"),
        ("sid=YQ==,theme=dark", "theme", "the value"),
        ("sid=\"1,a=2\", theme=dark", "theme", "the value"),
    ];
    for (line, name, part) in joined {
        let line = line.replace('@', DATE);
        let args = ["--json", "--url", SHOP, &line];
        let run = lint(&args, b"");
        let document = run.json();
        let findings = document["lines"][0]["findings"].as_array().expect("a list");
        assert_eq!((run.status, findings.len()), (Some(1), 1), "{line}");
        assert_eq!(findings[0]["reason"], "comma-joined", "{line}");
        let message = findings[0]["message"].as_str().expect("text");
        let fragment = format!("`{name}` for a part of {part};");
        assert!(message.contains(&fragment), "{line}: {message}");
        let run = explain(&["--url", SHOP, &line], b"");
        assert!(
            run.stdout().starts_with("note: [1] looks like two cookies"),
            "{line}"
        );
    }
    let single = [
        "a=1; @",
        "a=1,2; Path=/",
        "a=1, 2; @; Path=/x,y",
        "prefs=size=12,theme=dark",
        "a=\"x, y=2\"; Path=/",
        r#"a="x \", y=2"; Path=/"#,
        "a=1; Path=/, ",
        "a=1; Path=/,b;c=d",
        "a=1; @, ",
    ];
    for line in single {
        let line = line.replace('@', DATE);
        let (_, findings) = found(&["--url", SHOP, &line], b"");
        assert!(
            !findings.contains(&"error comma-joined".to_owned()),
            "{line}"
        );
    }
    // Where the comma is meant, the line is looked at like any other, and still without its value.
    let line = "a=1; Domain=other.example, b=hunter2";
    let args = ["--json", "--url", SHOP, "--allow", "comma-joined", line];
    let document = lint(&args, b"").json();
    let finding = &document["lines"][0]["findings"][0];
    assert_eq!(finding["reason"], "domain-mismatch");
    let message = finding["message"].as_str().expect("text");
    assert!(
        message.contains("`other.example, b=<7 octets>`"),
        "{message}"
    );
}

/// Only an Expires that is an IMF-fixdate from its first octet to its last is one.
#[test]
fn dates_in_another_form() {
    let rows = [
        ("a=1; Expires=Wed, 09 Jun 2027 10:18:14 GMT*", ""),
        ("a=1; expires = Wed, 09 Jun 2027 10:18:14 GMT *", ""),
        (
            "a=1; Expires=Wed, 09 Jun 2027 10:18:14 GMT; Expires=Wed, 09 Jun 2027 10:18:14 GMT*",
            "duplicate-attribute",
        ),
        (
            "a=1; Expires=Wed, 09 Jun 2027 10:18:14 GMT junk*",
            "date-form",
        ),
        (
            "a=1; Expires=Wed, 09 Jun 2027 10:18:14 GMT+1*",
            "date-form browsers-differ",
        ),
        (
            "a=1; Expires=\"Wed, 09 Jun 2027 10:18:14 GMT\"*",
            "date-form",
        ),
        ("a=1; Expires=x Wed, 09 Jun 2027 10:18:14 GMT*", "date-form"),
        ("a=1; Expires=Wed,  09 Jun 2027 10:18:14 GMT*", "date-form"),
        ("a=1; Expires=wed, 09 jun 2027 10:18:14 gmt*", "date-form"),
        ("a=1; Expires=2027-06-09T10:18:14Z*", ""),
        // the date of the other attribute
        (
            "a=1; Expires=9 Jun 2027 10:18:14; Foo=Wed, 09 Jun 2027 10:18:14 GMT*",
            "date-form unknown-attribute",
        ),
        (
            "a=Wed, 09 Jun 2027 10:18:14 GMT; Expires=9 Jun 2027 10:18:14*",
            "date-form profile",
        ),
    ];
    for (line, reasons) in rows {
        if line.contains("2027-06-09T") {
            let (_, findings) = found(&["--url", SHOP, line], b"");
            assert!(
                findings.contains(&"error ignored-attribute".to_owned()),
                "{line}"
            );
        } else {
            assert_found("warning", SHOP, &[(line, reasons)]);
        }
    }
}

const MESSAGES: &[(&str, &str, &str, &str)] = &[
    // URL, line, reason, fragment of the message
    (
        SHOP,
        "a=1; Secure; SameSite=x",
        "same-site-default",
        "SameSite=`x` is not known",
    ),
    (
        SHOP,
        "a=1; Secure; SameSite=Lax; SameSite=\"Lax\"",
        "same-site-default",
        "SameSite=`\"Lax\"`",
    ),
    (
        SHOP,
        "a=1; Secure; SameSite=\u{202e}",
        "same-site-default",
        r"SameSite=`\u{202e}`",
    ),
    (
        SHOP,
        "a=1; Secure; SameSite",
        "same-site-default",
        "SameSite has no value",
    ),
    (
        SHOP,
        "a=1; Secure",
        "same-site-default",
        "SameSite is left to the browser",
    ),
    (
        "http://localhost:3000/",
        "a=1; Domain=localhost",
        "domain-dropped",
        "`localhost` is a public suffix",
    ),
    (
        "http://localhost/",
        "a=1; Domain=.LocalHost",
        "domain-dropped",
        "`localhost` is",
    ),
    (
        "https://github.io/",
        "a=1; Domain=github.io",
        "domain-dropped",
        "`github.io` is",
    ),
    (
        SHOP,
        "a=1; Path=/\u{e9}",
        "path-never-matches",
        "write it as URLs do, `/%C3%A9`",
    ),
    (SHOP, "a=1; Path=/b c", "path-never-matches", "`/b%20c`"),
    (SHOP, "a=1; Path=/b/../c", "path-never-matches", "`/c`"),
    (SHOP, "a=1; Path=/b/%2e%2e/c", "path-never-matches", "`/c`"),
    (SHOP, r"a=1; Path=/b\c", "path-never-matches", "`/b/c`"),
    (SHOP, "a=1; Path=/\"b\"", "path-never-matches", "`/%22b%22`"),
    (
        SHOP,
        "a=1; Path=/b?c",
        "path-never-matches",
        "leave out what begins with `?`",
    ),
    (
        SHOP,
        "a=1; Path=/b#c",
        "path-never-matches",
        "leave out what begins with `?`",
    ),
    (
        SHOP,
        "a=1; Max-Age=9d",
        "ignored-attribute",
        "Max-Age is ignored",
    ),
];

#[test]
fn messages_name_what_is_wrong() {
    for (url, line, reason, fragment) in MESSAGES {
        let document = lint(&["--json", "--url", url, line], b"").json();
        let findings = document["lines"][0]["findings"].as_array().expect("a list");
        let mut messages = findings
            .iter()
            .filter(|finding| finding["reason"] == *reason);
        let message = messages
            .next()
            .map(|finding| finding["message"].to_string());
        let message = message
            .unwrap_or_default()
            .replace("\\\\", "\\")
            .replace("\\\"", "\"");
        assert!(message.contains(fragment), "{line}: {message}");
        assert_eq!(messages.next(), None, "{line}");
    }
    let others = [
        ("a=1; Path=/%C3%A9/b*", ""),
        ("a=1; Path=/b|c/~d/%zz/$&'()+,=:@*", ""),
        ("a=1; Path=/b/.c/..d*", ""),
        ("a=1; Domain=www.shop.example*", "wide-domain"),
    ];
    assert_found("warning", SHOP, &others);
    // An address has no host below it; that it is no domain name is what there is to say.
    assert_found(
        "warning",
        "https://192.0.2.1/",
        &[("a=1; Domain=192.0.2.1*", "profile")],
    );
}

#[test]
fn notes_on_session_ids() {
    const LONG: &str = "long-session";
    let rows = [
        ("sid=1; Path=/*", "no-host-prefix"),
        ("sid=1*", "no-host-prefix"),
        ("__Secure-sid=1; Path=/*", "no-host-prefix"),
        ("__Http-sid=1; Path=/*", "no-host-prefix"),
        ("__Host-sid=1; Path=/*", ""),
        ("__Host-Http-sid=1; Path=/*", ""),
        ("sid=1; Path=/app*", ""),
        ("sid=; Path=/; Max-Age=0*", ""),
        ("a=1; Path=/*", ""),
        ("csrf_token=1; Path=/*", ""),
        ("__Host-sid=1; Path=/; Max-Age=7776000*", ""),
        ("__Host-sid=1; Path=/; Max-Age=7776001*", LONG),
        ("__Host-sid=1; Path=/; Max-Age=31536000*", LONG),
        (
            "__Host-sid=1; Path=/; Expires=Sat, 20 Nov 2027 09:00:00 GMT*",
            LONG,
        ),
        ("theme=1; Path=/; Max-Age=31536000*", ""),
        (
            "__Host-sid=1; Path=/; Secure; HttpOnly; SameSite=None",
            "cross-site-session",
        ),
        ("theme=1; Path=/; Secure; HttpOnly; SameSite=None", ""),
    ];
    let url = "https://shop.example/login";
    for (line, reasons) in rows {
        let line = line.replace('*', "; Secure; HttpOnly; SameSite=Lax");
        let reasons = reasons.split_whitespace();
        let expected: Vec<String> = reasons.map(|reason| format!("note {reason}")).collect();
        // Notes alone are no failure, unless they are asked to be.
        assert_eq!(
            found(&["--url", url, &line], b""),
            (Some(0), expected.clone()),
            "{line}"
        );
        let status = Some(i32::from(!expected.is_empty()));
        assert_eq!(
            found(&["--url", url, "--fail-on=note", &line], b""),
            (status, expected)
        );
    }
    let run = lint(
        &[
            "--url",
            url,
            "__Http-sid=1; Path=/; Secure; HttpOnly; SameSite=Lax",
        ],
        b"",
    );
    assert!(
        run.stdout().contains("`__Host-Http-sid`"),
        "{}",
        run.stdout()
    );
    assert!(
        run.stdout().contains("\n0 errors, 0 warnings, 1 note\n"),
        "{}",
        run.stdout()
    );
}

#[test]
fn the_level_that_fails() {
    let rows = [
        // line, exit status by --fail-on error, warning and note
        ("a=1; Max-Age=x; Secure; SameSite=Lax", [1, 1, 1]),
        ("a=1, b=2", [1, 1, 1]),
        ("a=1; SameSite=Lax", [0, 1, 1]),
        ("sid=1; Secure; HttpOnly; SameSite=Lax", [0, 0, 1]),
        ("a=1; Secure; HttpOnly; SameSite=Lax", [0, 0, 0]),
    ];
    for (line, statuses) in rows {
        for (level, status) in ["error", "warning", "note"].iter().zip(statuses) {
            let run = lint(
                &["--url", "https://shop.example/", "--fail-on", level, line],
                b"",
            );
            assert_eq!(run.status, Some(status), "{line} {level}");
        }
    }
}

/// A line for each finding, in the order of `docs/lint.md`.
const FINDINGS: &[(&str, &str, &str)] = &[
    // name, URL, lines
    ("control-octet", SHOP, "a=\u{1}"),
    ("domain-mismatch", SHOP, "a=1; Domain=other.example"),
    ("domain-not-ascii", SHOP, "a=1; Domain=b\u{fc}cher.example"),
    ("empty", SHOP, "="),
    (
        "host-prefix-domain",
        SHOP,
        "__Host-a=1; Secure; Path=/; Domain=shop.example",
    ),
    ("host-prefix-insecure", SHOP, "__Host-a=1; Path=/"),
    ("host-prefix-path", SHOP, "__Host-a=1; Secure; Path=/x"),
    ("http-prefix-insecure", SHOP, "__Http-a=1; HttpOnly"),
    ("http-prefix-not-http-only", SHOP, "__Http-a=1; Secure"),
    ("nameless-http-prefix", SHOP, "__Http-a; Secure; HttpOnly"),
    ("nameless-prefix", SHOP, "__Host-a; Secure"),
    ("no-canonical-host", "data:,x", "a=1"),
    ("partitioned-insecure", SHOP, "a=1; Partitioned"),
    ("public-suffix", SHOP, "a=1; Domain=example"),
    ("same-site-none-insecure", SHOP, "a=1; SameSite=None"),
    (
        "secure-over-insecure",
        "http://shop.example/",
        "a=1; Secure",
    ),
    ("secure-prefix", SHOP, "__Secure-a=1"),
    ("too-long", SHOP, "a=LONG"),
    ("comma-joined", SHOP, "a=1; Path=/, b=2"),
    ("ignored-attribute", SHOP, "a=1; Max-Age=x"),
    ("not-http-only", SHOP, "sid=1"),
    ("not-secure", SHOP, "a=1"),
    ("plain-http", "http://shop.example/", "a=1"),
    ("same-site-default", SHOP, "a=1"),
    ("wide-domain", SHOP, "a=1; Domain=shop.example"),
    (
        "domain-dropped",
        "http://localhost/",
        "a=1; Domain=localhost",
    ),
    ("path-never-matches", SHOP, "a=1; Path=/a b"),
    ("lifetime-cut", SHOP, "a=1; Max-Age=99999999"),
    (
        "lifetimes-disagree",
        SHOP,
        "a=1; Max-Age=9; Expires=Wed, 09 Jun 2027 10:18:14 GMT",
    ),
    ("date-form", SHOP, "a=1; Expires=9 Jun 2027 10:18:14"),
    ("profile", SHOP, "a=b c"),
    ("duplicate-attribute", SHOP, "a=1; Path=/; Path=/"),
    ("unknown-attribute", SHOP, "a=1; Foo"),
    ("too-many-attributes", SHOP, "a=1; MANY"),
    ("duplicate-cookie", SHOP, "a=1\na=2"),
    ("browsers-differ", SHOP, "a"),
    ("cross-site-session", SHOP, "sid=1; Secure; SameSite=None"),
    ("long-session", SHOP, "sid=1; Max-Age=31536000"),
    ("no-host-prefix", SHOP, "sid=1; Secure; Path=/"),
];

/// Each finding has one paragraph in `docs/lint.md`, and each paragraph is of a finding: every row is a
/// line in which the finding of that name is.
#[test]
fn every_finding_has_its_paragraph() {
    let (long, many) = ("b".repeat(4096), "Secure; ".repeat(101));
    let page = include_str!("../docs/lint.md");
    let headings = page.lines().filter_map(|line| line.strip_prefix("### "));
    let headings: Vec<&str> = headings.collect();
    let names: Vec<&str> = FINDINGS.iter().map(|(name, ..)| *name).collect();
    assert_eq!(
        headings, names,
        "the headings of the page, and the rows of this test"
    );
    for (name, url, lines) in FINDINGS {
        let lines = lines.replace("LONG", &long).replace("MANY", &many);
        let (_, findings) = found(&["--url", url], lines.as_bytes());
        let is_found = |level: &str| findings.contains(&format!("{level} {name}"));
        assert!(
            ["error", "warning", "note"]
                .iter()
                .any(|level| is_found(level)),
            "{name}: {findings:?}"
        );
        for finding in &findings {
            let name = finding.split(' ').next_back().expect("a name");
            assert!(headings.contains(&name), "{name} has no paragraph");
        }
        let run = hardtack(&["findings", name], b"");
        let paragraph = page
            .split(&format!("\n### {name}\n\n"))
            .nth(1)
            .expect("a heading");
        let paragraph = paragraph.split("\n#").next().unwrap_or_default().trim();
        assert_eq!(run.stdout(), format!("{name}\n\n{paragraph}\n"));
        assert!(
            paragraph.split_whitespace().count() >= 15,
            "{name}: {paragraph}"
        );
    }
    let list = hardtack(&["findings"], b"");
    let listed = list
        .stdout()
        .lines()
        .filter_map(|line| line.strip_prefix("  "));
    assert_eq!(listed.collect::<Vec<&str>>(), headings);
    // What can be allowed is on the page.
    let help = hardtack(&["lint", "--help"], b"");
    let after = help
        .stdout()
        .split("Possible values:")
        .nth(1)
        .expect("the values of --allow");
    let values = after
        .lines()
        .skip(1)
        .map_while(|line| line.trim().strip_prefix("- "));
    let values: Vec<&str> = values.filter_map(|line| line.split(':').next()).collect();
    assert!(values.len() > 15, "{values:?}");
    assert!(
        values.iter().all(|value| headings.contains(value)),
        "{values:?}"
    );
}

/// What has no Set-Cookie lines is not taken for some.
#[test]
fn input_that_is_something_else() {
    let rows: &[(&[u8], &str)] = &[
        // standard input, fragment of the message
        (
            b"<!doctype html>\n<html><body>a=1</body></html>\n",
            "HTML or XML",
        ),
        (b"\n  <html>\nSet-Cookie: a=1\n", "HTML or XML"),
        (b"<?xml version=\"1.0\"?>\n<a/>", "HTML or XML"),
        (b"{\"user\": 1}\n", "looks like JSON"),
        (b"[]", "looks like JSON"),
        (
            b"{\n  \"log\": {\"version\": \"1.2\", \"entries\": []}}\n",
            "a HAR file",
        ),
        (
            b"[{\"domain\": \"a.example\", \"name\": \"a\", \"value\": \"1\"}]",
            "cookies that are stored already",
        ),
        (b"# Netscape HTTP Cookie File\n\n", "cookies.txt"),
        (
            b"#HttpOnly_a.example\tFALSE\t/\tTRUE\t0\tsid\t1\n",
            "cookies.txt",
        ),
        (
            b"# mine\n.a.example\tTRUE\t/\tFALSE\t0\tsid\t1\n",
            "cookies.txt",
        ),
        (
            b"#LWP-Cookies-2.0\nSet-Cookie3: a=1; path=\"/\"\n",
            "cookie file of LWP",
        ),
        (b"SQLite format 3\0\x10\x00", "SQLite"),
        (b"\x1F\x8B\x08\x00", "gzip"),
        (b"PK\x03\x04", "ZIP"),
        (
            b"GET / HTTP/1.1\r\nHost: a.example\r\nCookie: a=1\r\n\r\n",
            "a request",
        ),
        (b"Cookie: a=1; b=2\n", "a request"),
        (
            b"curl 'https://a.example/' -H 'cookie: a=1'\n",
            "a curl command",
        ),
        (
            b"12: set-cookie: a=1\n",
            "no line of it begins with `Set-Cookie:`",
        ),
        (
            b"'Set-Cookie': 'a=1; Path=/',\n",
            "no line of it begins with `Set-Cookie:`",
        ),
        (b"\xFF\xFE{\0\"\0a\0\"\0:\x001\0}\0", "looks like JSON"),
    ];
    for (stdin, fragment) in rows {
        for command in ["lint", "explain"] {
            let run = at_now(command, &["--url", SHOP], stdin);
            assert_eq!((run.status, run.stdout()), (Some(2), ""), "{fragment}");
            assert!(
                run.stderr.starts_with("error: the input "),
                "{}",
                run.stderr
            );
            assert!(run.stderr.contains(fragment), "{fragment}: {}", run.stderr);
        }
    }
    let run = lint(&["--url", SHOP, "Cookie: a=1"], b"");
    assert_eq!(run.status, Some(2));
    assert!(run.stderr.contains("a request"), "{}", run.stderr);
    // A header without cookies is nothing wrong.
    let run = lint(
        &["--url", SHOP],
        b"Content-Type: text/html\r\nDate: x\r\n\r\n<p>a=1</p>\n",
    );
    assert_eq!((run.status, run.stdout()), (Some(0), ""));
    assert_eq!(run.stderr, "note: no Set-Cookie line in the input\n");
    // Lines that could be Set-Cookie lines are read, and there is a note where they hardly are.
    assert_eq!(
        stored_names(&["--url", SHOP], b"koa:sess=1; Path=/\n"),
        ["koa:sess"]
    );
    assert_eq!(stored_names(&["--url", SHOP], b"{a=1\n"), ["{a"]);
    let run = lint(&["--url", SHOP], b"Hello, world\n");
    assert!(
        run.stdout()
            .starts_with("note: no line of the input has a `=`"),
        "{}",
        run.stdout()
    );
}

/// The forms in which tools print the header of a response.
#[test]
fn headers_of_tools() {
    let utf_16: Vec<u8> = "\u{feff}HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\n\r\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let utf_16_be: Vec<u8> = "\u{feff}a=1\n"
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    let rows: &[(&[u8], &[&str])] = &[
        // standard input, names of the cookies stored
        (
            b"--2026-11-20 09:00:00--  https://a.example/\nHTTP request sent, awaiting response... \n  \
              HTTP/1.1 302 Found\n  Set-Cookie: a=1; Path=/\n  Location: /b\nLocation: /b [following]\n  \
              HTTP/1.1 200 OK\n  Set-Cookie: b=2;\n   HttpOnly\n  Content-Length: 3\nLength: 3\nSaving to: x\n",
            &["a", "b"],
        ),
        (b"    Set-Cookie: a=1\n    Date: x\n    set-cookie: b=2\n", &["a", "b"]),
        (b"\tSet-Cookie: a=1\n", &["a"]),
        (
            b"* Connected\n> GET / HTTP/1.1\n> Cookie: old=1\n>\n< HTTP/1.1 200 OK\r\n< Set-Cookie: a=1\r\n< \r\n",
            &["a"],
        ),
        (b"GET / HTTP/1.1\nCookie: old=1\n\nHTTP/1.1 200 OK\nSet-Cookie: a=1\n", &["a"]),
        (b"\xEF\xBB\xBFSet-Cookie: a=1\n", &["a"]),
        (&utf_16, &["a"]),
        (&utf_16_be, &["a"]),
    ];
    for (stdin, names) in rows {
        let input = stdin.escape_ascii().to_string();
        assert_eq!(stored_names(&["--url", SHOP], stdin), *names, "{input}");
    }
    // A whole response as an argument, as "$(curl -si …)" gives it.
    let response = "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\nSet-Cookie: c=3";
    assert_eq!(stored_names(&["--url", SHOP, response], b""), ["a", "b"]);
    let run = explain(&["--url", SHOP, "Cargo.toml"], b"");
    assert!(
        run.stdout()
            .starts_with("note: an argument is the name of a file"),
        "{}",
        run.stdout()
    );
}

#[test]
fn json_of_findings() {
    let args = [
        "--json",
        "--url",
        "https://shop.example/",
        "a=1 2; Secure; SameSite=Lax; Domain=example",
        "\u{1}",
        "b=1; Secure; SameSite=Lax",
    ];
    let link = "https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis-22#section-";
    let expected = json!({
        "url": "https://shop.example/",
        "now": NOW,
        "notes": [],
        "lines": [
            {
                "name": "a",
                "findings": [
                    {
                        "level": "error",
                        "reason": "public-suffix",
                        "message": "`example` is a public suffix: leave Domain out, or name a domain below it",
                        "section": "5.7",
                        "step": "9.3.1",
                        "link": format!("{link}5.7"),
                        "dev_tools": "InvalidDomain",
                        "page": "docs/lint.md#public-suffix",
                    },
                    {
                        "level": "warning",
                        "reason": "profile",
                        "message": "the value has whitespace, `\"`, `,`, `;`, `\\` or an octet beyond ASCII, which servers must not write: encode it, Base64 for example",
                        "section": "4.1.1",
                        "link": format!("{link}4.1.1"),
                        "page": "docs/lint.md#profile",
                    },
                ],
            },
            {
                "name": null,
                "findings": [{
                    "level": "error",
                    "reason": "control-octet",
                    "message": "the line has a control octet (00-08, 0A-1F or 7F): encode the value, Base64 for example",
                    "section": "5.6",
                    "step": "1",
                    "link": format!("{link}5.6"),
                    "dev_tools": "DisallowedCharacter",
                    "page": "docs/lint.md#control-octet",
                }],
            },
            {"name": "b", "findings": []},
        ],
    });
    let run = lint(&args, b"");
    assert_eq!((run.status, run.json()), (Some(1), expected));
}

#[test]
fn lint_shows_no_value() {
    let lines = [
        "a=hunter2 x",
        "hunter2",
        "=hunter2=1",
        "a=hunter2\u{1}",
        "__Host-a=hunter2",
        "=__Host-hunter2",
    ];
    for format in ["--json", "--allow=profile"] {
        let args = [&[format, "--url", "https://shop.example/"], &lines[..]].concat();
        let run = lint(&args, b"");
        assert!(!run.stdout().contains("hunter2"), "{}", run.stdout());
    }
}

/// What a terminal would obey comes out escaped, wherever it stands; and there are no colours.
#[test]
fn nothing_reaches_the_terminal_raw() {
    let rows = [
        // line, fragments of the output
        ("a=\u{1b}[31m", &[r"[1] a=\u{1b}[31m"][..]),
        ("a=\r1", &[r"[1] a=\r1"]),
        ("a=\x7f", &[r"[1] a=\u{7f}"]),
        (
            "a=\u{9b}31m",
            &[r"value       \u{9b}31m", r"Cookie: a=\u{9b}31m"],
        ),
        (
            "a=1; Path=/\u{85}",
            &[r"Path        /\u{85}", r"a of shop.example/\u{85}"],
        ),
        ("a=1; \u{9d}b=1", &[r"    \u{9d}b     ignored"]),
        ("\u{202e}a=1", &[r"name        \u{202e}a", r"  \u{202e}a=1"]),
        ("a=1\t2", &[r"value       1\t2"]),
    ];
    let url = "https://shop.example/";
    for (line, fragments) in rows {
        let run = explain(&["--url", url, "--then", url, line], b"");
        let is_raw = |raw: char| raw.is_control() && raw != '\n' || raw == '\u{202e}';
        assert!(!run.stdout().contains(is_raw), "{:?}", run.stdout());
        for fragment in fragments {
            assert!(
                run.stdout().contains(fragment),
                "{fragment}\n{}",
                run.stdout()
            );
        }
    }
    // Standard input, where an octet such as NUL can stand too.
    let run = explain(&["--url", url], b"a=\0\xFF\x1B]0;x\x07\n");
    assert_eq!(run.status, Some(1));
    assert!(
        run.stdout().contains(r"[1] a=\u{0}\xff\u{1b}]0;x\u{7}"),
        "{}",
        run.stdout()
    );
}

/// Characters without a width, tags and unusual spaces are escaped, in text and in JSON; and a `\` of
/// the input reads like no escape.
#[test]
fn nothing_is_hidden() {
    let hidden = [
        '\u{7f}',
        '\u{80}',
        '\u{9b}',
        '\u{9d}',
        '\u{a0}',
        '\u{ad}',
        '\u{34f}',
        '\u{61c}',
        '\u{115f}',
        '\u{180e}',
        '\u{200b}',
        '\u{200d}',
        '\u{200e}',
        '\u{200f}',
        '\u{2028}',
        '\u{202a}',
        '\u{202e}',
        '\u{2060}',
        '\u{2066}',
        '\u{2069}',
        '\u{2800}',
        '\u{3000}',
        '\u{3164}',
        '\u{fe0f}',
        '\u{feff}',
        '\u{ffa0}',
        '\u{fff9}',
        '\u{e0001}',
        '\u{e0041}',
        '\u{e0100}',
        '\u{f0000}',
    ];
    for character in hidden {
        let line = format!("a{character}b=c{character}; d{character}e; Path=/x{character}y");
        let escaped = format!("\\u{{{:x}}}", u32::from(character));
        for command in ["explain", "lint"] {
            for json in [&[][..], &["--json"]] {
                let args = [&["--url", SHOP], json].concat();
                let run = at_now(command, &args, line.as_bytes());
                assert!(
                    !run.stdout().contains(character),
                    "{command} {json:?} {escaped}"
                );
                if character == '\u{7f}' {
                    assert_eq!(run.status, Some(1));
                } else if json.is_empty() {
                    assert!(
                        run.stdout().contains(&format!("a{escaped}b")),
                        "{}",
                        run.stdout()
                    );
                } else {
                    let name = run.json()["lines"][0].clone();
                    let name = name["name"].as_str().or(name["parsed"]["name"].as_str());
                    let expected = format!("a{character}b");
                    assert!(name.is_none_or(|name| name == expected), "{name:?}");
                }
            }
        }
    }
    let request = "{\"op\":\"parse\",\"set_cookie\":\"a=\u{202e}\u{e0041}\u{9b}\"}\n";
    let run = hardtack(&["replay"], request.as_bytes());
    assert!(
        run.stdout()
            .contains(r#""value":"\u202e\udb40\udc41\u009b""#),
        "{}",
        run.stdout()
    );
    assert_eq!(run.json()["value"], "\u{202e}\u{e0041}\u{9b}");

    let run = explain(&["--url", SHOP], b"a=\\x1b\\\\\n");
    assert!(
        run.stdout().contains(r"[1] a=\\x1b\\\\"),
        "{}",
        run.stdout()
    );
    let run = explain(&["--url", SHOP], b"a=\xFF\\xff\n");
    assert!(
        run.stdout().contains(r"value       \xff\\xff"),
        "{}",
        run.stdout()
    );
}

/// However long a name is, it takes one line of the page; and a value is broken, not lost.
#[test]
fn long_text_fits_80_columns() {
    let long = "n".repeat(3000);
    let wide = "\u{6f22}".repeat(1000);
    let escaped = "\u{9b}".repeat(500);
    for name in [&long, &wide, &escaped] {
        let line = format!(
            "{name}=1; {name}; Path=/{name}; Max-Age={name}; SameSite={name}; Domain={name}\n{name}={name}\n\
             __Http-b=1; HttpOnly\nb=1; Path=/{}; SameSite={name}; Domain=shop.example, {name}=1; {name}=\n",
            &name[..600],
        );
        for command in ["explain", "lint"] {
            let run = at_now(
                command,
                &["--url", SHOP, "--then", SHOP][..2],
                line.as_bytes(),
            );
            for line in run.stdout().lines() {
                // A character of two columns counts twice.
                let columns: usize = line
                    .chars()
                    .map(|c| if c == '\u{6f22}' { 2 } else { 1 })
                    .sum();
                assert!(
                    columns <= 80 || line.starts_with("https://"),
                    "{columns}: {line}"
                );
            }
            assert!(run.stdout().contains('…'));
        }
    }
    let value = "0123456789".repeat(40);
    let run = explain(&["--url", SHOP, "--then", SHOP, &format!("a={value}")], b"");
    let joined: String = run.stdout().lines().map(str::trim_start).collect();
    let whole = joined.matches(&value).count();
    assert_eq!(whole, 3, "parsed, stored and sent: {}", run.stdout());
}

/// `--values` and `--values=hide` mean the same everywhere.
#[test]
fn values_are_hidden_or_shown() {
    let lines = [
        "sid=hunter2; Path=/; Secure",
        "hunter2",
        " = hunter2",
        "sid2=hunter2=hunter2; other=hunter2; Max-Age=x",
        "a=1; Path=/, sid=hunter2; Foo",
        "a=1; Domain=shop.example, sid=hunter2",
        "a=1; Secure,sid=hunter2",
        "a=hunter2\u{1}",
        "__Host-a=hunter2; Path=/",
        "sid=\"a;hunter2; hunter; hunter\"; Path=/",
        "sid=\"a; b=c; hunter",
        "\"a;hunter",
        "sid={a:1;hunter2=1; 'hunter2'; 'hunter2'}",
    ];
    let url = "https://www.shop.example/";
    let options: &[(&str, &[&str], bool)] = &[
        // command, options, are values shown
        ("explain", &[], true),
        ("explain", &["--values"], true),
        ("explain", &["--values=show"], true),
        ("explain", &["--values=hide"], false),
        ("lint", &[], false),
        ("lint", &["--values"], true),
        ("lint", &["--values=show"], true),
        ("lint", &["--values=hide"], false),
    ];
    for (command, options, is_shown) in options {
        for json in [&[][..], &["--json"]] {
            let then: &[&str] = if *command == "explain" {
                &["--then", url]
            } else {
                &[]
            };
            let args = [options, json, &["--url", url], then, &lines].concat();
            let run = at_now(command, &args, b"");
            let output = run.stdout();
            assert_eq!(output.contains("hunter"), *is_shown, "{args:?}\n{output}");
        }
    }
    let args = [
        "--values=hide",
        "--url",
        url,
        "--then",
        url,
        "sid=hunter2; Path=/",
        "n=1",
    ];
    let run = explain(&args, b"");
    for fragment in [
        "[1] sid=<7 octets>; Path=/\n",
        "value       <7 octets>\n",
        "  n=<1 octet>\n",
        "Cookie: sid=<7 octets>; n=<1 octet>\n",
    ] {
        assert!(
            run.stdout().contains(fragment),
            "{fragment}\n{}",
            run.stdout()
        );
    }
    let run = lint(&["--values", "--url", url, "sid=hunter2; Path=/"], b"");
    assert!(
        run.stdout().contains("[1] sid=hunter2; Path=/\n"),
        "{}",
        run.stdout()
    );
}

/// Memory is a small multiple of the input, whatever the input.
#[cfg(target_os = "linux")]
#[test]
fn memory_is_bounded_by_the_input() {
    /// Runs a command in so much address space; returns true if it ends as it should.
    fn runs(command: &str, kibibytes: usize, input: &str) -> bool {
        let program = env!("CARGO_BIN_EXE_hardtack");
        let script = format!("ulimit -v {kibibytes} && exec {program} {command} --url {SHOP}");
        let mut child = Command::new("sh")
            .args(["-c", &script])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell starts");
        let _ = child
            .stdin
            .take()
            .expect("a pipe")
            .write_all(input.as_bytes());
        let status = child.wait().expect("the command ends");
        matches!(status.code(), Some(0 | 1))
    }

    let n = 30_000;
    let names: Vec<String> = (0..n / 6).map(|number| format!("{number:x}=\n")).collect();
    let inputs = [
        "a\n".repeat(n / 2),
        "=\n".repeat(n / 2),
        "a=1".to_owned() + &";a".repeat(n / 2),
        "a=1;".to_owned() + &"b".repeat(n),
        "a".repeat(n),
        "\u{1}".repeat(n),
        "HTTP/1.1 200 OK\n".to_owned() + &"Set-Cookie:a\n".repeat(n / 13),
        names.concat(),
    ];
    for command in ["lint", "explain --json"] {
        // What the program itself takes, the public suffix list and all.
        let mut sizes = (16..1024).map(|size| size * 1024);
        let itself = sizes.find(|size| runs(command, *size, "a=1; Domain=shop.example\n"));
        let itself = itself.expect("a gibibyte is enough");
        for input in &inputs {
            let beginning = &input[..20];
            let limit = itself + 40 * n / 1024;
            assert!(runs(command, limit, input), "{command} {beginning:?}");
        }
    }
}

#[test]
fn colours() {
    type Row = (
        &'static [&'static str],
        &'static [(&'static str, &'static str)],
        bool,
    );
    let line = "a=1; Max-Age=x";
    let rows: &[Row] = &[
        // arguments, environment, colours
        (&[], &[], false),
        (&[], &[("CLICOLOR_FORCE", "1")], true),
        (&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false),
        (&["--color", "always"], &[], true),
        (&["--color=always"], &[("NO_COLOR", "1")], true),
        (&["--color", "never"], &[("CLICOLOR_FORCE", "1")], false),
        (&["--color", "auto"], &[], false),
    ];
    for (args, environment, is_coloured) in rows {
        for command in ["explain", "lint"] {
            let after = [&[command, "--url", SHOP, line], *args].concat();
            let before = [*args, &[command, "--url", SHOP, line]].concat();
            for args in [after, before] {
                let mut process = Command::new(env!("CARGO_BIN_EXE_hardtack"));
                process
                    .args(&args)
                    .env_remove("NO_COLOR")
                    .env_remove("CLICOLOR_FORCE");
                let output = process.envs(environment.iter().copied()).output();
                let stdout = output.expect("the command runs").stdout;
                assert_eq!(
                    stdout.contains(&b'\x1B'),
                    *is_coloured,
                    "{args:?} {environment:?}"
                );
            }
        }
    }
}

/// Each command has examples, and they run.
#[test]
fn examples_in_the_help() {
    for command in [
        "",
        "explain",
        "lint",
        "findings",
        "replay",
        "completions",
        "man",
    ] {
        let args: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        let run = hardtack(&args, b"");
        let examples = run
            .stdout()
            .split("\nExamples:\n")
            .nth(1)
            .unwrap_or_default();
        assert!(
            examples.contains("hardtack "),
            "{command}: {}",
            run.stdout()
        );
        for line in run.stdout().lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
    assert!(hardtack(&["--help"], b"").stdout().contains("--color"));
}

#[test]
fn completions_and_manual_pages() {
    for (shell, fragment) in [
        ("bash", "complete -F _hardtack"),
        ("zsh", "#compdef hardtack"),
        ("fish", "complete -c hardtack"),
    ] {
        let run = hardtack(&["completions", shell], b"");
        assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""), "{shell}");
        for fragment in [fragment, "same-site-default", "path-never-matches"] {
            assert!(run.stdout().contains(fragment), "{shell}: {fragment}");
        }
    }
    for command in [
        "",
        "explain",
        "lint",
        "findings",
        "replay",
        "completions",
        "man",
    ] {
        let args: Vec<&str> = ["man"]
            .into_iter()
            .chain(command.split_whitespace())
            .collect();
        let run = hardtack(&args, b"");
        assert_eq!(
            (run.status, run.stderr.as_str()),
            (Some(0), ""),
            "{command}"
        );
        let title = match command {
            "" => "\n.TH hardtack 1".to_owned(),
            command => format!("\n.TH hardtack-{command} 1"),
        };
        for fragment in [&title, ".SH NAME", ".SH SYNOPSIS", "Examples:"] {
            assert!(
                run.stdout().contains(fragment),
                "{command}: {fragment}\n{}",
                run.stdout()
            );
        }
    }
    let run = hardtack(&["completions", "tcsh"], b"");
    assert_eq!(run.status, Some(2));
}

#[test]
fn utf_8_is_shown_as_it_is() {
    let run = explain(
        &["--url", "https://shop.example/", "größe=\"ü\"; Path=/é"],
        b"",
    );
    for fragment in [
        "name        größe\n",
        "value       \"ü\"\n",
        "path        /é\n",
    ] {
        assert!(run.stdout().contains(fragment), "{}", run.stdout());
    }
}

#[test]
fn octets_that_are_not_utf_8() {
    let args = [
        "--url",
        "https://shop.example/",
        "--then",
        "https://shop.example/",
    ];
    let run = explain(&args, b"n=\xFF\n");
    assert_eq!(run.status, Some(0));
    assert!(
        run.stdout().contains("value       \\xff\n"),
        "{}",
        run.stdout()
    );
    let document = explain(&[&["--json"], &args[..]].concat(), b"n=\xFF\n").json();
    assert_eq!(document["lines"][0]["line_base64"], "bj3/");
    assert_eq!(document["lines"][0]["parsed"]["value_base64"], "/w==");
    assert_eq!(document["cookies"][0]["value_base64"], "/w==");
    assert_eq!(document["then"][0]["cookie_base64"], "bj3/");
}

#[cfg(unix)]
#[test]
fn arguments_are_octets() {
    use std::os::unix::ffi::OsStrExt as _;

    let line = OsStr::from_bytes(b"Set-Cookie: n=\xFF");
    let run = explain(
        &[
            OsStr::new("--url"),
            OsStr::new("https://shop.example/"),
            line,
        ],
        b"",
    );
    assert!(run.stdout().starts_with("Received from"));
    assert!(run.stdout().contains("[1] n=\\xff\n"), "{}", run.stdout());
}

#[test]
fn json_of_lines() {
    let rows: &[(&str, Value)] = &[
        (
            "a=1; Max-Age=60; Path; SameSite=Lax; HttpOnly; Foo=1;",
            json!({
                "line": "a=1; Max-Age=60; Path; SameSite=Lax; HttpOnly; Foo=1;",
                "parsed": {
                    "name": "a",
                    "value": "1",
                    "attributes": [
                        {"name": "Max-Age", "value": "60"},
                        {"name": "Path", "value": ""},
                        {"name": "SameSite", "value": "lax"},
                        {"name": "HttpOnly", "value": ""},
                    ],
                    "ignored": [{
                        "name": "Foo",
                        "reason": "unknown",
                        "message": "no attribute of this name is known",
                        "section": "5.6",
                        "step": "7",
                        "link": "https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis-22#section-5.6",
                    }],
                },
                "result": "stored",
            }),
        ),
        (
            "a=1; Domain=example",
            json!({
                "line": "a=1; Domain=example",
                "parsed": {
                    "name": "a",
                    "value": "1",
                    "attributes": [{"name": "Domain", "value": "example"}],
                    "ignored": [],
                },
                "result": "rejected",
                "reason": "public-suffix",
                "message": "`example` is a public suffix: leave Domain out, or name a domain below it",
                "section": "5.7",
                "step": "9.3.1",
                "link": "https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis-22#section-5.7",
                "dev_tools": "InvalidDomain",
            }),
        ),
        (
            "a=\u{1}",
            json!({
                "line": "a=\u{1}",
                "parsed": null,
                "result": "rejected",
                "reason": "control-octet",
                "message": "the line has a control octet (00-08, 0A-1F or 7F): encode the value, Base64 for example",
                "section": "5.6",
                "step": "1",
                "link": "https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis-22#section-5.6",
                "dev_tools": "DisallowedCharacter",
            }),
        ),
    ];
    for (line, expected) in rows {
        let run = explain(&["--json", "--url", "https://shop.example/", line], b"");
        let is_refused = expected["result"] == "rejected";
        assert_eq!(run.status, Some(i32::from(is_refused)), "{line}");
        assert_eq!(run.json()["lines"], json!([expected]));
    }
    let lines = ["a=1", "a=2", "a=; Max-Age=0", "a=; Max-Age=0"];
    let args = [&["--json", "--url", "https://shop.example/"], &lines[..]].concat();
    let document = explain(&args, b"").json();
    let results: Vec<&Value> = (0..4)
        .map(|index| &document["lines"][index]["result"])
        .collect();
    assert_eq!(results, ["stored", "replaced", "expired", "expired"]);
}

#[test]
fn json_of_cookies_and_requests() {
    let args = [
        "--json",
        "--url",
        "https://www.shop.example/a/b",
        "--then",
        "https://shop.example/",
        "sid=1; Secure; Max-Age=60",
        "theme=dark; Domain=shop.example; Path=/; SameSite=Lax",
    ];
    let run = explain(&args, b"");
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""));
    let document = run.json();
    assert_eq!(document["url"], "https://www.shop.example/a/b");
    assert_eq!(document["now"], NOW);
    assert_eq!(document["notes"], json!([]));
    assert_eq!(
        document["cookies"],
        json!([
            {
                "name": "sid",
                "value": "1",
                "domain": "www.shop.example",
                "host_only": true,
                "path": "/a",
                "secure": true,
                "http_only": false,
                "same_site": "default",
                "expires": "2026-11-20T09:01:00Z",
                "partition": null,
                "creation_time": NOW,
                "last_access_time": NOW,
            },
            {
                "name": "theme",
                "value": "dark",
                "domain": "shop.example",
                "host_only": false,
                "path": "/",
                "secure": false,
                "http_only": false,
                "same_site": "lax",
                "expires": null,
                "partition": null,
                "creation_time": NOW,
                "last_access_time": NOW,
            },
        ])
    );
    assert_eq!(
        document["then"],
        json!([{
            "url": "https://shop.example/",
            "cookie": "theme=dark",
            "cookies": [
                {"name": "theme", "domain": "shop.example", "path": "/", "sent": true},
                {
                    "name": "sid",
                    "domain": "www.shop.example",
                    "path": "/a",
                    "sent": false,
                    "reason": "host-only",
                    "message": "it is for its very host only: set it with a Domain that covers both hosts",
                    "section": "5.8.3",
                    "step": "3.1.1",
                    "link": "https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis-22#section-5.8.3",
                    "dev_tools": "DomainMismatch",
                },
            ],
        }])
    );
    let nothing = explain(&["--json", "--url", "https://shop.example/"], b"").json();
    assert_eq!(
        (&nothing["lines"], &nothing["cookies"]),
        (&json!([]), &json!([]))
    );
}

/// A jar keeps at most 180 cookies of a domain: what had to go is not passed over in silence.
#[test]
fn eviction_is_told() {
    let lines: Vec<String> = (0..185).map(|number| format!("c{number}=1\n")).collect();
    let run = explain(
        &["--url", "https://shop.example/"],
        lines.concat().as_bytes(),
    );
    assert!(
        run.stdout()
            .starts_with("note: 5 stored cookies went again"),
        "{}",
        run.stdout()
    );
    assert!(run.stdout().contains("\n180 cookies are stored\n"));
}

/// What `hardtack replay` answers, line by line.
fn replay(lines: &[Value]) -> Vec<Value> {
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    let run = hardtack(&["replay"], lines.join("\n").as_bytes());
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""));
    let replies = run.stdout().lines();
    replies
        .map(|reply| serde_json::from_str(reply).expect("a reply is JSON"))
        .collect()
}

#[test]
fn replay_takes_the_limits_of_a_jar() {
    let rows = [
        // policy, how many are left of four: two domains of one site, two cookies each
        (json!({}), 4),
        (json!({"max_cookies_per_site": 4}), 4),
        (json!({"max_cookies_per_site": 3}), 3),
        (json!({"max_cookies_per_site": 0}), 0),
        (json!({"max_cookies_per_site": u64::MAX}), 4),
        (json!({"max_cookies_per_domain": 1}), 2),
        (json!({"max_cookies": 1}), 1),
        (
            json!({"max_cookies_per_domain": 1, "max_cookies_per_site": 1}),
            1,
        ),
    ];
    for (policy, left) in rows {
        let mut lines = vec![json!({"op": "reset", "policy": policy, "now": NOW})];
        for host in ["shop.example", "www.shop.example"] {
            for name in ["a", "b"] {
                let url = format!("https://{host}/");
                lines.push(json!({"op": "set", "url": url, "set_cookie": format!("{name}=1")}));
            }
        }
        lines.push(json!({"op": "list"}));
        let replies = replay(&lines);
        assert_eq!(replies[0], json!({"op": "reset"}), "{policy}");
        for reply in &replies[1..5] {
            assert_eq!(*reply, json!({"op": "set", "result": "stored"}), "{policy}");
        }
        let cookies = replies[5]["cookies"].as_array().expect("a list of cookies");
        assert_eq!(cookies.len(), left, "{policy}");
    }
}

#[test]
fn replay_names_the_limit_that_is_wrong() {
    let limits = [
        "max_cookies_per_domain",
        "max_cookies_per_site",
        "max_cookies",
    ];
    let wrong = [
        json!(-1),
        json!(1.5),
        json!("540"),
        json!(true),
        json!(null),
        json!([]),
    ];
    for limit in limits {
        for wrong in &wrong {
            let set = json!({"op": "set", "url": "https://shop.example/", "set_cookie": "a=1"});
            let reset = json!({"op": "reset", "policy": {limit: wrong}, "id": 7});
            let list = json!({"op": "list"});
            let replies = replay(&[set, reset, list]);
            let error = format!("`{limit}`: it is not a whole number from 0 on");
            let expected = json!({"op": "error", "id": 7, "error": error});
            assert_eq!(replies[1], expected, "{wrong}");
            // And the jar stays as it is.
            let cookies = replies[2]["cookies"].as_array().expect("a list of cookies");
            assert_eq!(cookies.len(), 1, "{limit}: {wrong}");
        }
    }
}

/// Time is kept in whole microseconds, whatever the clock says.
#[test]
fn replay_lists_whole_microseconds() {
    let rows = [
        // now, expires
        ("2026-11-20T09:00:00Z", "2026-11-20T09:00:09Z"),
        ("2026-11-20T09:00:00.5Z", "2026-11-20T09:00:09.500Z"),
        ("2026-11-20T09:00:00.000001Z", "2026-11-20T09:00:09.000001Z"),
        (
            "2026-11-20T09:00:00.000001999Z",
            "2026-11-20T09:00:09.000001Z",
        ),
        ("2026-11-20T09:00:00.000000999Z", "2026-11-20T09:00:09Z"),
    ];
    for (now, expires) in rows {
        let line = "a=1; Max-Age=9";
        let set =
            json!({"op": "set", "url": "https://shop.example/", "set_cookie": line, "now": now});
        let replies = replay(&[set, json!({"op": "list"})]);
        assert_eq!(replies[1]["cookies"][0]["expires"], expires, "{now}");
    }
}

/// As in `hardtack explain … | head -1`.
#[test]
fn a_closed_pipe_is_no_panic() {
    let args = ["explain", "--now", NOW, "--url", "https://shop.example/"];
    let lint_args = ["lint", "--url", "https://shop.example/"];
    for args in [&args[..], &[&args[..], &["--json"]].concat(), &lint_args] {
        let mut child = start(args);
        drop(child.stdout.take());
        let run = end(child, b"a=1");
        assert_eq!((run.status, run.stderr.as_str()), (Some(1), ""), "{args:?}");
    }
}

/// A column for each dialect, and the deviations without which its verdict turns.
#[test]
fn columns_of_dialects_say_because() {
    let rows = [
        // line, the results of text, Chromium and Firefox, the deviations of the two
        ("a=1", "stored stored stored", "", ""),
        (
            "=a=b",
            "stored rejected rejected",
            "nameless-with-equals",
            "nameless-with-equals",
        ),
        ("a", "stored stored stored", "", "bare-is-name"),
        ("a=1\tb", "stored rejected stored", "tab-refused", ""),
        (
            "__Host-a=1; Secure",
            "rejected rejected stored",
            "",
            "host-prefix-path-only",
        ),
        (
            "__Host-a=1; Secure; Path",
            "stored rejected stored",
            "host-prefix-literal",
            "",
        ),
        (
            "a=1; Domain=.",
            "stored rejected rejected",
            "lone-dot",
            "lone-dot",
        ),
        // Each of two is enough.
        (
            "=a\t=b",
            "stored rejected rejected",
            "nameless-with-equals",
            "nameless-with-equals",
        ),
    ];
    for (line, results, chromium, firefox) in rows {
        let arguments = [
            "explain",
            "--json",
            "--as",
            "text,chromium,firefox",
            "--url",
            SHOP,
            line,
        ];
        let run = hardtack(&arguments, b"");
        let document: Value = serde_json::from_slice(&run.stdout).unwrap();
        let columns = document["lines"][0]["as"].as_array().unwrap();
        let told = columns
            .iter()
            .map(|column| column["result"].as_str().unwrap());
        assert_eq!(told.collect::<Vec<_>>().join(" "), results, "{line}");
        for (column, expected) in columns[1..].iter().zip([chromium, firefox]) {
            let because = column["because"].as_array().unwrap().iter();
            let because = because.map(|cause| cause["deviation"].as_str().unwrap());
            assert_eq!(because.collect::<Vec<_>>().join(" "), expected, "{line}");
        }
        assert_eq!(
            run.status,
            Some(i32::from(results.contains("rejected"))),
            "{line}"
        );
    }
}

/// What a request sends in each dialect, for its context too, and in text.
#[test]
fn columns_of_requests_have_places_and_reasons() {
    let arguments = [
        "explain",
        "--as=text,firefox",
        "--url=https://shop.example/",
        "--then=https://shop.example/",
        "--redirect=https://other.example/",
        "--values=hide",
        "a=secret; SameSite=Lax",
        "b=secret",
    ];
    let run = hardtack(&arguments, b"");
    let page = run.stdout();
    assert!(!page.contains("secret"), "{page}");
    for row in [
        "                text      firefox-153\n",
        "    a           sent, 1.  same-site-lax\n",
        "    b           sent, 2.  sent, 1.\n",
        "                redirects-count (5.2 step 2)\n",
    ] {
        assert!(page.contains(row), "{row}: {page}");
    }
    let run = hardtack(&["explain", "--as", "safari", "--url", SHOP, "a=1"], b"");
    assert_eq!(run.status, Some(2));
}
