//! Cookies that are joined by a comma into one line, as values of other header fields may be.

use std::ops::Range;

/// A cookie after a comma, inside the line of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Joined<'a> {
    pub(crate) name: &'a [u8],
    /// The attribute that a user agent reads it as a part of, or `None` if that is the value.
    pub(crate) attribute: Option<&'a [u8]>,
}

/// Finds the first cookie that is joined to the one of this line.
pub(crate) fn joined(line: &[u8]) -> Option<Joined<'_>> {
    let mut pieces = line.split(|octet| *octet == b';');
    let pair = pieces.next().unwrap_or_default();
    let in_value = in_value(pair).map(|name| Joined {
        name: &pair[name],
        attribute: None,
    });
    in_value.or_else(|| {
        pieces.find_map(|cookie_av| {
            let name = after_commas(cookie_av, 0).next()?;
            let is_end = |octet: &u8| matches!(octet, b'=' | b',');
            let end = cookie_av.iter().position(is_end).unwrap_or_default();
            Some(Joined {
                name: &cookie_av[name],
                attribute: Some(cookie_av[..end].trim_ascii()),
            })
        })
    })
}

/// Finds the name of a joined cookie in a name-value-pair.
fn in_value(pair: &[u8]) -> Option<Range<usize>> {
    let start = pair.iter().position(|octet| *octet == b'=')? + 1;
    after_commas(pair, after_quotes(pair, start)).find(|name| {
        let before = &pair[start..name.start];
        let has_space = before.last().is_some_and(u8::is_ascii_whitespace);
        // `size=12,theme=dark` is rather a list within one value, and `c2lk==,theme=dark` is not.
        let is_pair = |two: &[u8]| two[0] == b'=' && !matches!(two[1], b'=' | b',');
        has_space || !before.windows(2).any(is_pair)
    })
}

/// Returns the end of a quoted value that begins here, or this position if none does.
fn after_quotes(pair: &[u8], start: usize) -> usize {
    let is_blank = |octet: &u8| matches!(octet, b' ' | b'\t');
    let blanks = pair[start..].iter().take_while(|octet| is_blank(octet));
    let opening = start + blanks.count();
    if pair.get(opening) != Some(&b'"') {
        return start;
    }
    let mut is_escaped = false;
    let closing = pair[opening + 1..].iter().position(|octet| {
        let is_closing = *octet == b'"' && !is_escaped;
        is_escaped = *octet == b'\\' && !is_escaped;
        is_closing
    });
    closing.map_or(pair.len(), |closing| opening + 1 + closing + 1)
}

/// Returns the positions of names between a comma and a "=".
fn after_commas(octets: &[u8], start: usize) -> impl Iterator<Item = Range<usize>> {
    let commas = (start..octets.len()).filter(|index| octets[*index] == b',');
    commas.filter_map(|comma| {
        let blanks = |from: usize| {
            let blanks = octets[from..].iter();
            blanks
                .take_while(|octet| matches!(octet, b' ' | b'\t'))
                .count()
        };
        let start = comma + 1 + blanks(comma + 1);
        let length = octets[start..]
            .iter()
            .take_while(|octet| is_of_name(**octet))
            .count();
        let end = start + length;
        let is_name = length > 0 && octets.get(end + blanks(end)) == Some(&b'=');
        is_name.then_some(start..end)
    })
}

/// Returns true for an octet that names have in practice: one of a token, `:`, a bracket, or one beyond
/// ASCII.
fn is_of_name(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~:[]".contains(&octet) || !octet.is_ascii()
}

/// Splits octets before the value of a joined cookie. Returns `None` if no cookie is joined.
pub(crate) fn cut_at_joined_value(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let name = after_commas(octets, 0).next()?;
    let equals = octets[name.end..].iter().position(|octet| *octet == b'=')?;
    octets.split_at_checked(name.end + equals + 1)
}
