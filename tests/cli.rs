//! The command line as it is built: arguments and standard input to output and exit status.

#![cfg(feature = "cli")]

use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

const NOW: &str = "2026-11-20T09:00:00Z";

#[derive(Debug)]
struct Run {
    status: Option<i32>,
    stdout: Vec<u8>,
    stderr: String,
}

impl Run {
    fn stdout(&self) -> &str {
        std::str::from_utf8(&self.stdout).expect("the output is UTF-8")
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout).expect("the output is JSON")
    }
}

fn start<Arg: AsRef<OsStr>>(args: &[Arg]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_hardtack"))
        .args(args)
        .env_remove("CLICOLOR_FORCE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts")
}

fn end(mut child: Child, stdin: &[u8]) -> Run {
    // It may end without having read.
    let _ = child.stdin.take().expect("a pipe").write_all(stdin);
    let output = child.wait_with_output().expect("the command ends");
    Run {
        status: output.status.code(),
        stdout: output.stdout,
        stderr: String::from_utf8(output.stderr).expect("messages are UTF-8"),
    }
}

fn hardtack<Arg: AsRef<OsStr>>(args: &[Arg], stdin: &[u8]) -> Run {
    end(start(args), stdin)
}

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
                "add Secure",
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
            "the protocol that the README describes",
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
    let over_http = ("a=1; HttpOnly; SameSite=Lax", "");
    assert_found("warning", "http://shop.example/", &[over_http]);
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
        ("a=\"1\"; Path=/b c*", ""),
        ("a=1 2*", "profile"),
        ("a b=\u{e9}*", "profile profile"),
        ("v*", "profile"),
        ("__Host-Http-a=1; Path=/*", ""),
        ("a=1; Path=/\u{e9}*", "profile"),
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

#[test]
fn names_like_a_session_id() {
    let alike = "sid SID connect.sid PHPSESSID JSESSIONID ASPSESSIONIDQSC laravel_session sess \
                 __Host-session auth .ASPXAUTH token accessToken auth_token jwt app-jwt";
    let others = "a side theme author csrftoken XSRF-TOKEN tokens";
    for (names, expected) in [(alike, &["warning not-http-only"][..]), (others, &[])] {
        for name in names.split_whitespace() {
            let line = format!("{name}=1; Path=/; Secure; SameSite=Lax");
            let (_, findings) = found(&["--url", "https://shop.example/", &line], b"");
            assert_eq!(findings, expected, "{name}");
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
                    },
                    {
                        "level": "warning",
                        "reason": "profile",
                        "message": "the value has whitespace, `\"`, `,`, `;`, `\\` or an octet beyond ASCII, which servers must not write: encode it, Base64 for example",
                        "section": "4.1.1",
                        "link": format!("{link}4.1.1"),
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
