//! Where the values are in a Cookie or Set-Cookie field.

use std::ops::Range;

/// What a part of a field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The value of a cookie, wherever its name ends.
    Value,
    /// A path.
    Path,
    /// The value of an attribute that no user agent knows.
    Unknown,
}

/// Returns true for the name, in lower case, of a field that has values of cookies.
pub(super) fn is_of_cookies(name: &[u8]) -> bool {
    matches!(name, b"cookie" | b"set-cookie")
}

/// Returns the parts of a field that may have to be replaced, in their order. The name is in lower case.
pub(super) fn parts(name: &[u8], octets: &[u8]) -> Vec<(Part, Range<usize>)> {
    let mut parts = Vec::new();
    match name {
        b"cookie" => {
            for piece in pieces(octets, 0..octets.len(), b';') {
                parts.push((Part::Value, value(octets, piece)));
            }
        }
        // Recorders join several lines by a line feed.
        b"set-cookie" => {
            for line in pieces(octets, 0..octets.len(), b'\n') {
                let mut pieces = pieces(octets, line, b';').into_iter();
                let pair = pieces.next().map(|pair| (Part::Value, value(octets, pair)));
                parts.extend(pair);
                for attribute in pieces {
                    attribute_parts(octets, attribute, &mut parts);
                }
            }
        }
        _ => {}
    }
    parts
}

/// An attribute. Where another cookie is joined into it by a comma, its value is one too.
fn attribute_parts(octets: &[u8], attribute: Range<usize>, parts: &mut Vec<(Part, Range<usize>)>) {
    let Some(equals) = octets[attribute.clone()].iter().position(|it| *it == b'=') else {
        return;
    };
    let equals = attribute.start + equals;
    let joined = joined(octets, equals + 1..attribute.end);
    let end = joined.as_ref().map_or(attribute.end, |it| it.start);
    let own = trimmed(octets, equals + 1..end);
    let name = octets[trimmed(octets, attribute.start..equals)].to_ascii_lowercase();
    match name.as_slice() {
        b"path" => parts.push((Part::Path, own)),
        b"domain" | b"expires" | b"max-age" | b"samesite" | b"secure" | b"httponly"
        | b"partitioned" | b"priority" => {}
        _ => parts.push((Part::Unknown, own)),
    }
    parts.extend(joined.map(|joined| (Part::Value, joined)));
}

/// The value of a cookie that is joined to an attribute: what is after a comma, a name and "=".
fn joined(octets: &[u8], range: Range<usize>) -> Option<Range<usize>> {
    let mut names = pieces(octets, range.clone(), b',').into_iter().skip(1);
    names.find_map(|piece| {
        let pair = trimmed(octets, piece.start..range.end);
        let is_of_name = |octet: u8| octet.is_ascii_graphic() && !b"=,;\"/".contains(&octet);
        let length = octets[pair.clone()]
            .iter()
            .take_while(|octet| is_of_name(**octet))
            .count();
        let equals = pair.start + length;
        let is_pair = length > 0 && octets.get(equals) == Some(&b'=');
        is_pair.then(|| trimmed(octets, equals + 1..range.end))
    })
}

/// What is after the first "=", or all where there is none, as in a nameless cookie.
fn value(octets: &[u8], pair: Range<usize>) -> Range<usize> {
    let equals = octets[pair.clone()].iter().position(|it| *it == b'=');
    let start = equals.map_or(pair.start, |equals| pair.start + equals + 1);
    trimmed(octets, start..pair.end)
}

fn trimmed(octets: &[u8], range: Range<usize>) -> Range<usize> {
    let is_kept = |octet: &u8| !matches!(octet, b' ' | b'\t' | b'\r');
    let kept = &octets[range.clone()];
    let Some(first) = kept.iter().position(is_kept) else {
        return range.start..range.start;
    };
    let last = kept.iter().rposition(is_kept).unwrap_or(first);
    range.start + first..range.start + last + 1
}

fn pieces(octets: &[u8], range: Range<usize>, at: u8) -> Vec<Range<usize>> {
    let mut start = range.start;
    let pieces = octets[range].split(|octet| *octet == at).map(|piece| {
        let piece = start..start + piece.len();
        start = piece.end + 1;
        piece
    });
    pieces.collect()
}
