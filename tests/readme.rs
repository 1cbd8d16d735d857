//! What README.md and the pages in docs/ say is so: commands print what is shown, links lead somewhere,
//! and numbers are those of the files that they come from.
//!
//! `UPDATE=1 cargo test --test readme` writes the tables of docs/replay.md that come from the crate.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use hardtack::{Citation, Exclusion, NotLax, ParseError, Policy, Rejection, SameSite};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn read(file: impl AsRef<Path>) -> String {
    let file = Path::new(ROOT).join(file);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The pages that people read, below the root.
fn pages() -> Vec<PathBuf> {
    let in_docs = fs::read_dir(Path::new(ROOT).join("docs")).unwrap();
    let in_docs = in_docs.map(|entry| Path::new("docs").join(entry.unwrap().file_name()));
    let in_docs =
        in_docs.filter(|page| page.extension().is_some_and(|extension| extension == "md"));
    let in_root = [
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "TRACEABILITY.md",
    ];
    in_root
        .into_iter()
        .map(PathBuf::from)
        .chain(in_docs)
        .collect()
}

/// The fenced blocks of a page: what stands behind the fence, the content, and the line before it that is
/// not blank.
fn blocks(page: &str) -> Vec<(&str, String, &str)> {
    let mut blocks = Vec::new();
    let (mut lines, mut before) = (page.lines(), "");
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let content: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            blocks.push((language, content.join("\n") + "\n", before));
            before = "```";
        } else if !line.trim().is_empty() {
            before = line;
        }
    }
    blocks
}

#[test]
fn the_readme_is_short() {
    let lines = read("README.md").lines().count();
    assert!(lines <= 200, "{lines} lines");
}

/// The name by which a heading is linked, as GitHub makes it.
fn anchor(heading: &str) -> String {
    let heading = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = heading
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn links_lead_somewhere() {
    let mut links = 0;
    for page in pages() {
        let text = read(&page);
        let folder = Path::new(ROOT).join(page.parent().unwrap());
        let targets = text.match_indices("](").map(|(at, _)| &text[at + 2..]);
        for target in targets.filter_map(|rest| Some(rest.split_once(')')?.0)) {
            if target.starts_with("https://") {
                continue;
            }
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() {
                Path::new(ROOT).join(&page)
            } else {
                folder.join(file)
            };
            assert!(file.exists(), "{}: {target}", page.display());
            let has_heading = || {
                let text = fs::read_to_string(&file).unwrap();
                let mut headings = text.lines().filter(|line| line.starts_with('#'));
                headings.any(|line| anchor(line) == heading)
            };
            assert!(
                heading.is_empty() || has_heading(),
                "{}: {target}",
                page.display()
            );
            links += 1;
        }
    }
    assert!(links > 50, "{links}");
}

/// Runs a command of a page as a shell does, with the program of this build.
#[cfg(all(unix, feature = "cli"))]
fn run(command: &str) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_hardtack"));
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", program.parent().unwrap().display());
    let command = command.replace("cargo run --features cli -- ", "hardtack ");
    let mut shell = std::process::Command::new("sh");
    let output = shell
        .args(["-c", &command])
        .env("PATH", path)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{command}");
    String::from_utf8(output.stdout).unwrap()
}

/// The first block of the README: the main job on a real input, and all tests, as the gate runs them.
#[cfg(all(unix, feature = "cli"))]
#[test]
fn the_first_commands() {
    let readme = read("README.md");
    let (_, first, _) = &blocks(&readme)[0];
    let [main, tests] = first.lines().collect::<Vec<_>>()[..] else {
        panic!("{first}");
    };
    let printed = run(main);
    assert!(printed.contains("[1] sid\n") && printed.contains("`example` is a public suffix"));
    assert!(read(".ci/run").contains(&format!("\nstep {tests}\n")));
}

/// A `text` block right behind a `sh` block is what the command prints, but for the time.
#[cfg(all(unix, feature = "cli"))]
#[test]
fn commands_print_what_is_shown() {
    let mut compared = Vec::new();
    for page in pages() {
        let text = read(&page);
        let blocks = blocks(&text);
        for pair in blocks.windows(2) {
            let [("sh", command, _), ("text", shown, "```")] = pair else {
                continue;
            };
            let printed = run(command);
            assert_eq!(
                untimed(&printed),
                untimed(shown),
                "{}: {command}",
                page.display()
            );
            compared.push(page.clone());
        }
    }
    for page in ["README.md", "docs/replay.md"] {
        assert!(compared.contains(&page.into()), "{page} shows no command");
    }
}

/// A report without the instant at the end of its first line.
#[cfg(all(unix, feature = "cli"))]
fn untimed(report: &str) -> String {
    let (first, rest) = report.split_once('\n').unwrap();
    match first.rsplit_once(" at 20") {
        Some((before, _)) => format!("{before}\n{rest}"),
        None => report.to_owned(),
    }
}

/// What stands between two markers of a page.
fn between<'p>(page: &'p str, name: &str) -> &'p str {
    let (begin, end) = (
        format!("<!-- {name}: begin -->\n"),
        format!("<!-- {name}: end -->"),
    );
    let (_, rest) = page
        .split_once(&begin)
        .unwrap_or_else(|| panic!("no {begin}"));
    rest.split_once(&end)
        .unwrap_or_else(|| panic!("no {end}"))
        .0
}

/// The rows of the README are some of those that `cargo bench --bench page -- --write` wrote.
#[test]
fn the_numbers_of_the_readme_are_those_that_were_measured() {
    let (readme, page) = (read("README.md"), read("docs/performance.md"));
    let measured = between(&page, "measured");
    let rows = between(&readme, "measured").lines();
    let rows: Vec<&str> = rows.filter(|line| !line.is_empty()).collect();
    assert_eq!(rows.len(), 2 + 5);
    for row in rows {
        assert!(measured.lines().any(|line| line == row), "{row}");
    }
}

/// What the README says of the package is in Cargo.toml.
#[test]
fn versions_and_features_are_those_of_the_package() {
    let (readme, manifest, lock) = (read("README.md"), read("Cargo.toml"), read("Cargo.lock"));
    let value = |name: &str| {
        let (_, rest) = manifest.split_once(&format!("\n{name} = \"")).unwrap();
        rest.split_once('"').unwrap().0
    };
    assert!(readme.contains(&format!(" MSRV: Rust {}.", value("rust-version"))));
    let locked = |package: &str| {
        let (_, rest) = lock
            .split_once(&format!("name = \"{package}\"\nversion = \""))
            .unwrap();
        rest.split_once('"').unwrap().0
    };
    for package in ["hardtack", "cookie_store", "reqwest", "ureq", "cookie"] {
        let version = locked(package);
        let named = [
            format!("`{package}` {version}"),
            format!("{package} {version}"),
        ];
        assert!(
            named.iter().any(|named| readme.contains(named)),
            "{package} {version}"
        );
    }

    let (_, features) = manifest.split_once("\n[features]\n").unwrap();
    let (features, _) = features.split_once("\n[").unwrap();
    let features = features.lines().filter(|line| !line.starts_with('#'));
    let features = features.filter_map(|line| Some(line.split_once(" = ")?.0));
    let features: BTreeSet<&str> = features.filter(|feature| *feature != "default").collect();
    let (_, section) = readme.split_once("\n## Features and MSRV\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let quoted = section.split('`').skip(1).step_by(2);
    let named: BTreeSet<&str> = quoted
        .filter(|name| !["Timestamp", "hardtack"].contains(name))
        .collect();
    assert_eq!(named, features);

    // The lines for Cargo.toml: each version is one that the tests are built with.
    for (language, content, _) in blocks(&readme) {
        for line in content.lines().filter(|_| language == "toml") {
            let (package, spec) = line.split_once(" = ").unwrap();
            let version = spec
                .trim_start_matches("{ version = ")
                .trim_start_matches('"');
            let (version, _) = version.split_once('"').unwrap();
            let of_package = format!("name = \"{package}\"\nversion = \"");
            let of_package = lock.split(&of_package).skip(1);
            let mut of_package = of_package.map(|rest| rest.split_once('"').unwrap().0);
            let prefix = format!("{version}.");
            assert!(
                of_package.any(|locked| locked.starts_with(&prefix)),
                "{line}"
            );
        }
    }
}

#[test]
fn the_public_suffix_list_is_the_one_that_is_described() {
    let readme = read("README.md");
    let list = read("data/public_suffix_list.dat");
    let version = list
        .lines()
        .find_map(|line| line.strip_prefix("// VERSION: "))
        .unwrap();
    assert!(readme.contains(version), "{version}");
    let table = fs::metadata(Path::new(ROOT).join("data/public_suffix_list.packed")).unwrap();
    let size = format!("{} kB", (table.len() + 500) / 1000);
    assert!(readme.contains(&size), "{size}");
}

#[test]
fn limits_are_those_of_the_default_policy() {
    let policy = Policy::default();
    let domain = policy.max_cookies_per_domain;
    let (site, all) = (policy.max_cookies_per_site, policy.max_cookies);
    let replay = read("docs/replay.md");
    for (field, default) in [
        ("max_age_secs", policy.lifetime_limit.as_secs().to_string()),
        ("max_cookies_per_domain", domain.to_string()),
        ("max_cookies_per_site", site.to_string()),
        ("max_cookies", all.to_string()),
    ] {
        assert!(
            replay.contains(&format!("\n| `{field}` | `{default}` |")),
            "{field}"
        );
    }
    let all = format!("{},{}", all / 1000, all % 1000);
    let said = format!("{domain} a domain, {site} a site, {all} in all");
    for page in ["README.md", "docs/design.md"] {
        assert!(read(page).contains(&said), "{page}: {said}");
    }
    assert!(read("docs/sections.md").contains(&format!("{domain} and {all}; and {site} a site")));
}

/// Each rule by which a line that is received can be refused.
fn rejections() -> Vec<Rejection> {
    let same_site = SameSite::Lax;
    vec![
        Rejection::Parse(ParseError::ControlOctet),
        Rejection::Parse(ParseError::TooLong),
        Rejection::Empty,
        Rejection::DomainNotAscii,
        Rejection::NoCanonicalHost {
            public_suffix: false,
        },
        Rejection::PublicSuffix {
            domain: "com".into(),
        },
        Rejection::DomainMismatch {
            host: "shop.example".into(),
            domain: "other.example".into(),
        },
        Rejection::SecureOverInsecure,
        Rejection::HttpOnlyFromScript,
        Rejection::OverlaysSecure,
        Rejection::SameSiteFromScript { same_site },
        Rejection::SameSiteCrossSite { same_site },
        Rejection::SameSiteNoneInsecure,
        Rejection::SecurePrefix,
        Rejection::HostPrefixInsecure,
        Rejection::HostPrefixDomain,
        Rejection::HostPrefixPath,
        Rejection::HttpPrefixInsecure,
        Rejection::HttpPrefixNotHttpOnly,
        Rejection::NamelessPrefix,
        Rejection::NamelessHttpPrefix,
        Rejection::PartitionedInsecure,
        Rejection::PartitionedOpaque,
        Rejection::ReplacesHttpOnly,
    ]
}

/// Rules for what is built by hand or for a server, which no received line breaks.
const NOT_RECEIVED: [&str; 9] = [
    "not-a-host",
    "not-one-pair",
    "path-not-absolute",
    "name-not-token",
    "value-not-cookie-octets",
    "domain-not-canonical",
    "path-not-av-octets",
    "attribute-too-long",
    "expires-out-of-range",
];

/// Each rule by which a cookie of the request's host can be left out.
fn exclusions() -> Vec<Exclusion> {
    vec![
        Exclusion::OtherPartition,
        Exclusion::HostOnly,
        Exclusion::DomainMismatch,
        Exclusion::PublicSuffix,
        Exclusion::NotOnPath,
        Exclusion::SecureOnly,
        Exclusion::HttpOnly,
        Exclusion::SameSiteStrict,
        Exclusion::SameSiteLax(NotLax::NotTopLevel),
        Exclusion::SameSiteDefault(NotLax::NotTopLevel),
        Exclusion::CookieStringFull,
    ]
}

fn row(name: &str, citation: Option<Citation>, dev_tools: Option<&str>, message: &str) -> String {
    let step = citation
        .map(|citation| citation.to_string())
        .unwrap_or_default();
    let message = message.replace('|', "\\|");
    format!(
        "| `{name}` | {step} | {} | {message} |\n",
        dev_tools.unwrap_or_default()
    )
}

#[test]
fn the_reasons_of_replay_are_those_of_the_crate() {
    const HEAD: &str = "| reason | step | DevTools | message |\n| --- | --- | --- | --- |\n";
    let of_lines: String = rejections()
        .iter()
        .map(|rule| {
            row(
                rule.name(),
                rule.citation(),
                rule.dev_tools_name(),
                &rule.to_string(),
            )
        })
        .collect();
    let of_cookies: String = exclusions()
        .iter()
        .map(|rule| {
            row(
                rule.name(),
                rule.citation(),
                rule.dev_tools_name(),
                &rule.to_string(),
            )
        })
        .collect();
    let mut page = read("docs/replay.md");
    for (name, rows) in [("rejections", of_lines), ("exclusions", of_cookies)] {
        let table = format!("{HEAD}{rows}");
        if std::env::var_os("UPDATE").is_some() {
            let (begin, end) = (
                format!("<!-- {name}: begin -->\n"),
                format!("<!-- {name}: end -->"),
            );
            let old = format!("{begin}{}{end}", between(&page, name));
            page = page.replace(&old, &format!("{begin}{table}{end}"));
            fs::write(Path::new(ROOT).join("docs/replay.md"), &page).unwrap();
        }
        assert_eq!(
            between(&page, name),
            table,
            "UPDATE=1 cargo test --test readme writes it"
        );
    }

    // None is missing here.
    let names = |source: &str, mark: &str| -> BTreeSet<String> {
        let names = source
            .split(mark)
            .skip(1)
            .map(|rest| rest.split_once('"').unwrap().0);
        names
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let mut of_lines: BTreeSet<String> =
        rejections().iter().map(|rule| rule.name().into()).collect();
    of_lines.extend(NOT_RECEIVED.map(str::to_owned));
    assert_eq!(of_lines, names(&read("src/rejection.rs"), "name: \""));

    let source = read("src/retrieval.rs");
    let (_, name) = source.split_once("fn name(&self)").unwrap();
    let (name, _) = name.split_once("\n    }\n").unwrap();
    let mut of_cookies: BTreeSet<String> =
        exclusions().iter().map(|rule| rule.name().into()).collect();
    // Of a cookie that was asked about by itself.
    of_cookies.extend(["no-canonical-host", "expired"].map(str::to_owned));
    assert_eq!(of_cookies, names(name, "=> \""));
}
