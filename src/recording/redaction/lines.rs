//! Where the values are in a Cookie or Set-Cookie field.

use std::ops::Range;

/// What a part of a field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The value of a cookie, wherever its name ends, or of an attribute that no user agent knows.
    Value,
    /// The value of a cookie that is joined to another one, within the value of that.
    Within,
    /// A path.
    Path,
    /// What is no value, but may have one in it.
    Other,
}

/// Returns true for the name, in lower case, of a field that has values of cookies. `Cookie2` and `Set-Cookie2` are
/// of RFC 2965.
pub(super) fn is_of_cookies(name: &[u8]) -> bool {
    is_sent(name) || is_set(name)
}

fn is_sent(name: &[u8]) -> bool {
    matches!(name, b"cookie" | b"cookie2")
}

fn is_set(name: &[u8]) -> bool {
    matches!(name, b"set-cookie" | b"set-cookie2")
}

/// Returns the parts of a field that may have to be replaced, in their order. The name is in lower case.
pub(super) fn parts(name: &[u8], octets: &[u8]) -> Vec<(Part, Range<usize>)> {
    let mut parts = Vec::new();
    if is_sent(name) {
        for piece in pieces(octets, 0..octets.len(), b';') {
            value_parts(octets, piece, &mut parts);
        }
    } else if is_set(name) {
        // Recorders join several lines by a line feed.
        for line in pieces(octets, 0..octets.len(), b'\n') {
            line_parts(octets, line, &mut parts);
        }
    }
    parts
}

fn line_parts(octets: &[u8], line: Range<usize>, parts: &mut Vec<(Part, Range<usize>)>) {
    let mut pieces = pieces(octets, line, b';').into_iter();
    let Some(pair) = pieces.next() else {
        return;
    };
    // What its server takes for one value in quotes ends for others at a ";".
    let value = &octets[value(octets, pair.clone())];
    let quoted = value.strip_prefix(b"\"");
    let is_open = quoted.is_some_and(|quoted| !quoted.contains(&b'"'));
    value_parts(octets, pair, parts);
    for attribute in pieces {
        attribute_parts(octets, attribute, is_open, parts);
    }
}

fn value_parts(octets: &[u8], pair: Range<usize>, parts: &mut Vec<(Part, Range<usize>)>) {
    let value = value(octets, pair);
    parts.push((Part::Value, value.clone()));
    let joined = joined(octets, value);
    parts.extend(joined.map(|(_, joined)| (Part::Within, joined)));
}

/// An attribute. Where another cookie is joined to it by a comma, its value is one too.
fn attribute_parts(
    octets: &[u8],
    attribute: Range<usize>,
    is_open: bool,
    parts: &mut Vec<(Part, Range<usize>)>,
) {
    let joined = joined(octets, attribute.clone());
    let end = joined.as_ref().map_or(attribute.end, |(comma, _)| *comma);
    let own = attribute.start..end;
    let equals = octets[own.clone()].iter().position(|it| *it == b'=');
    let name_end = equals.map_or(own.end, |equals| own.start + equals);
    let value = trimmed(octets, own.end.min(name_end + 1)..own.end);
    let name = octets[trimmed(octets, own.start..name_end)].to_ascii_lowercase();
    match name.as_slice() {
        b"path" => parts.push((Part::Path, value)),
        b"domain" | b"expires" | b"max-age" | b"samesite" => {}
        b"secure" | b"httponly" | b"partitioned" | b"priority" => {
            parts.push((Part::Other, value));
        }
        _ if equals.is_some() => parts.push((Part::Value, value)),
        _ if is_open => parts.push((Part::Value, trimmed(octets, own))),
        _ => {}
    }
    parts.extend(joined.map(|(_, joined)| (Part::Value, joined)));
}

/// The value of a cookie that is joined to something else: what is after a comma, a name and "=". Returns the comma too.
fn joined(octets: &[u8], range: Range<usize>) -> Option<(usize, Range<usize>)> {
    let mut names = pieces(octets, range.clone(), b',').into_iter().skip(1);
    names.find_map(|piece| {
        let pair = trimmed(octets, piece.start..range.end);
        let is_of_name = |octet: u8| octet.is_ascii_graphic() && !b"=,;\"/".contains(&octet);
        let length = octets[pair.clone()]
            .iter()
            .take_while(|octet| is_of_name(**octet))
            .count();
        let equals = pair.start + length;
        let is_pair = length > 0 && octets.get(equals) == Some(&b'=') && equals < pair.end;
        is_pair.then(|| (piece.start - 1, trimmed(octets, equals + 1..range.end)))
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
