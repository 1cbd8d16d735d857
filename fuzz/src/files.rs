//! Cookie files of other programs.

use hardtack::formats::{self, Contents, Format, ReadError};
use hardtack::{Cookie, CookieJar, Policy, Request, Timestamp};
use url::Url;

use crate::written_again;

/// What the seeds have in the place of a secret. It gets into no note and no message, wherever it stands in a file.
const SECRET: &str = "s3cr3t";

const NOW: Timestamp = Timestamp::from_secs(1_795_800_000);

/// The laws of what is written go through each cookie for each.
const COOKIES_OF_THE_LAWS: usize = 24;

/// The first octet chooses the format, `a` the first one, and any other that the content is to tell it.
pub(crate) fn with_choice(input: &[u8]) {
    let Some((choice, file)) = input.split_first() else {
        return;
    };
    if !file.starts_with(b"SQLite format 3\0") {
        let choice = choice.checked_sub(b'a');
        read(
            file,
            choice
                .and_then(|index| Format::ALL.get(usize::from(index)))
                .copied(),
        );
    }
}

/// Whatever is in a file, it is read the same way each time; a jar is made of it; no text has the secret; and what is
/// written of the jar is the jar.
pub(crate) fn read(file: &[u8], format: Option<Format>) {
    let contents = formats::read(file, format);
    assert_eq!(said(&contents), said(&formats::read(file, format)));
    let contents = match contents {
        Ok(contents) => contents,
        Err(error) => return keeps_secret(&format!("{error} {error:?}")),
    };
    assert!(format.is_none() || contents.format.is_none() || contents.format == format);
    for note in notes(&contents) {
        assert!(!note.is_empty());
        keeps_secret(note);
    }

    let (mut jar, verdicts) = contents.jar(Policy::default(), NOW);
    let kept = verdicts.iter().filter(|verdict| verdict.is_none()).count();
    assert_eq!((verdicts.len(), kept), (contents.records.len(), jar.len()));
    for verdict in verdicts.iter().flatten() {
        assert!(!verdict.name().is_empty());
        keeps_secret(&format!("{verdict:?}"));
    }
    if !is_elsewhere(&contents) {
        keeps_secret(&format!("{contents:?}"));
    }
    let mut count = 0;
    jar.retain(|_| {
        count += 1;
        count <= COOKIES_OF_THE_LAWS
    });
    laws(&jar);
}

fn laws(jar: &CookieJar) {
    expect(written_again::is_the_jar_less_what_was_lost(jar, NOW));
    let page = Url::parse("https://news.test/").expect("it is a URL");
    let urls: Vec<Url> = jar.iter(NOW).take(3).flat_map(urls).collect();
    let requests = urls.iter().flat_map(|url| {
        let same_site = Request::new(url);
        let cross_site = same_site.site_for_cookies(&page).top_level_site(&page);
        let requests = [same_site, cross_site, same_site.non_http()];
        requests.map(|request| (request, same_site))
    });
    let requests: Vec<_> = requests.collect();
    expect(written_again::sends_no_more(jar, &requests, NOW));
}

/// URLs that may get a cookie, and some that may not.
fn urls(cookie: &Cookie) -> impl Iterator<Item = Url> {
    let host = cookie.domain_str();
    let urls = [format!("https://{host}/"), format!("http://www.{host}/a/b")];
    urls.into_iter().filter_map(|url| Url::parse(&url).ok())
}

fn notes(contents: &Contents) -> impl Iterator<Item = &str> {
    let records = contents.records.iter().flat_map(|record| &record.notes);
    contents.notes.iter().chain(records).map(|note| note.text())
}

/// All that was read, values too.
fn said(contents: &Result<Contents, ReadError>) -> String {
    let records = contents.iter().flat_map(|contents| &contents.records);
    let cookies = records.filter_map(|record| record.cookie.as_ref());
    let values: Vec<&[u8]> = cookies.map(|cookie| cookie.value.as_slice()).collect();
    format!("{contents:?} {values:?}")
}

/// Returns true if the secret stands where it is none.
fn is_elsewhere(contents: &Contents) -> bool {
    let mut cookies = contents
        .records
        .iter()
        .filter_map(|record| record.cookie.as_ref());
    cookies.any(|cookie| {
        let key = cookie.partition.as_ref().map(ToString::to_string);
        let name = String::from_utf8_lossy(&cookie.name);
        let path = String::from_utf8_lossy(&cookie.path);
        let has = |text: &str| text.contains(SECRET);
        has(&name) || has(&path) || has(&cookie.domain) || key.is_some_and(|key| has(&key))
    })
}

fn keeps_secret(text: &str) {
    assert!(!text.contains(SECRET), "{text}");
}

fn expect(law: written_again::Law) {
    if let Err(broken) = law {
        panic!("{broken}");
    }
}
