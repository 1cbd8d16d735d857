//! The parsers: octets in, slices and small numbers out, without their meaning.
//!
//! One production is one function of the same name, with its ABNF as the first line of its
//! documentation. A function that cannot fail returns no `Option`. All parsers are `complete`, none
//! recurses, and each reads an octet a bounded number of times.

use std::ops::{Add, Mul};

use memchr::memchr;
use nom::bytes::complete::{tag, take_while, take_while1};
use nom::combinator::{all_consuming, map, opt};
use nom::sequence::{preceded, terminated};
use nom::{Err, IResult, Parser};

type Octets<'a, Output = &'a [u8]> = IResult<&'a [u8], Output, ()>;

/// `%x00-08 / %x0A-1F / %x7F`: "CTL characters excluding HTAB".
const fn is_ctl(octet: u8) -> bool {
    matches!(octet, 0x00..=0x08 | 0x0A..=0x1F | 0x7F)
}

/// Returns true if the input has a CTL other than HTAB.
pub(crate) fn has_ctl(input: &[u8]) -> bool {
    // No early exit: a fold over all octets is what compilers turn into vector instructions.
    input
        .iter()
        .fold(false, |found, octet| found | is_ctl(*octet))
}

/// `DIGIT = %x30-39`
const fn is_digit(octet: u8) -> bool {
    matches!(octet, 0x30..=0x39)
}

/// `non-digit = %x00-2F / %x3A-FF`
const fn is_non_digit(octet: u8) -> bool {
    matches!(octet, 0x00..=0x2F | 0x3A..=0xFF)
}

/// `delimiter = %x09 / %x20-2F / %x3B-40 / %x5B-60 / %x7B-7E`
const fn is_delimiter(octet: u8) -> bool {
    matches!(octet, 0x09 | 0x20..=0x2F | 0x3B..=0x40 | 0x5B..=0x60 | 0x7B..=0x7E)
}

/// [`is_delimiter`] of each octet. Dates are read octet by octet, for which a table is fastest.
const DELIMITER: [bool; 256] = {
    let mut table = [false; 256];
    let mut octet = 0_u8;
    loop {
        table[octet as usize] = is_delimiter(octet);
        if octet == 0xFF {
            break table;
        }
        octet += 1;
    }
};

/// `non-delimiter = %x00-08 / %x0A-1F / DIGIT / ":" / ALPHA / %x7F-FF`
#[cfg(test)]
const fn is_non_delimiter(octet: u8) -> bool {
    matches!(octet, 0x00..=0x08 | 0x0A..=0x1F | 0x30..=0x39 | 0x3A | 0x41..=0x5A | 0x61..=0x7A | 0x7F..=0xFF)
}

/// `cookie-octet = %x21 / %x23-2B / %x2D-3A / %x3C-5B / %x5D-7E`
const fn is_cookie_octet(octet: u8) -> bool {
    matches!(octet, 0x21 | 0x23..=0x2B | 0x2D..=0x3A | 0x3C..=0x5B | 0x5D..=0x7E)
}

/// `av-octet = %x20-3A / %x3C-7E`
const fn is_av_octet(octet: u8) -> bool {
    matches!(octet, 0x20..=0x3A | 0x3C..=0x7E)
}

/// ``tchar = "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "." / "^" / "_" / "`" / "|" / "~" /
/// DIGIT / ALPHA``
const fn is_tchar(octet: u8) -> bool {
    matches!(octet, 0x21 | 0x23..=0x27 | 0x2A | 0x2B | 0x2D | 0x2E | 0x5E..=0x60 | 0x7C | 0x7E)
        || octet.is_ascii_alphanumeric()
}

/// `cookie-name = token`
///
/// `token = 1*tchar`
pub(crate) fn is_cookie_name(input: &[u8]) -> bool {
    !input.is_empty() && input.iter().all(|octet| is_tchar(*octet))
}

/// `cookie-value = *cookie-octet / ( DQUOTE *cookie-octet DQUOTE )`
pub(crate) fn is_cookie_value(input: &[u8]) -> bool {
    let octets = match input {
        [b'"', quoted @ .., b'"'] => quoted,
        octets => octets,
    };
    octets.iter().all(|octet| is_cookie_octet(*octet))
}

/// `path-value = *av-octet`
///
/// Also without whitespace at its ends, which a user agent would cut off.
pub(crate) fn is_path_value(input: &[u8]) -> bool {
    input.iter().all(|octet| is_av_octet(*octet)) && without_wsp(input) == input
}

/// `subdomain = label *( "." label )`
///
/// `label = let-dig [ *61ldh let-dig ]`
pub(crate) fn is_subdomain(input: &[u8]) -> bool {
    let is_hyphen = |octet: Option<&u8>| octet == Some(&b'-');
    input.split(|octet| *octet == b'.').all(|label| {
        (1..=63).contains(&label.len())
            && !is_hyphen(label.first())
            && !is_hyphen(label.last())
            && label
                .iter()
                .all(|octet| octet.is_ascii_alphanumeric() || *octet == b'-')
    })
}

/// `set-cookie-string = name-value-pair [ ";" unparsed-attributes ]`
///
/// Returns the unparsed-attributes without the ";", or `None` if there is no ";".
pub(crate) fn set_cookie_string(input: &[u8]) -> (&[u8], Option<&[u8]>) {
    cut_at_semicolon(input)
}

/// `name-value-pair = [ *WSP name *WSP "=" ] *WSP value *WSP`
pub(crate) fn name_value_pair(input: &[u8]) -> (&[u8], &[u8]) {
    match cut_at_equals(input) {
        (name, Some(value)) => (without_wsp(name), without_wsp(value)),
        (value, None) => (b"", without_wsp(value)),
    }
}

/// Returns true if parsing `name=value` as a name-value-pair gives back this name and this value.
pub(crate) fn is_pair(name: &[u8], value: &[u8]) -> bool {
    let is_trimmed = |octets| without_wsp(octets) == octets;
    let has = |octets: &[u8], separator| octets.contains(&separator);
    let name_ends = has(name, b'=') || has(name, b';');
    !name_ends && !has(value, b';') && is_trimmed(name) && is_trimmed(value)
}

/// `cookie-string = cookie-pair *( ";" SP cookie-pair )`
///
/// As tolerant as a Set-Cookie line: each pair is a [`name_value_pair`] with any whitespace around it.
/// Pieces of whitespace are skipped.
pub(crate) fn cookie_string(input: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut remaining = Some(input);
    let pieces = std::iter::from_fn(move || {
        let (piece, rest) = cut_at_semicolon(remaining?);
        remaining = rest;
        Some(piece)
    });
    pieces
        .filter(|piece| !without_wsp(piece).is_empty())
        .map(name_value_pair)
}

/// `unparsed-attributes = cookie-av [ ";" unparsed-attributes ]`
///
/// Returns the first cookie-av, and the rest.
pub(crate) fn unparsed_attributes(input: &[u8]) -> (&[u8], Option<&[u8]>) {
    cut_at_semicolon(input)
}

/// `cookie-av = *WSP attribute-name *WSP [ "=" *WSP attribute-value *WSP ]`
pub(crate) fn cookie_av(input: &[u8]) -> (&[u8], &[u8]) {
    let (name, value) = cut_at_equals(input);
    (without_wsp(name), without_wsp(value.unwrap_or_default()))
}

/// `delta-seconds = [ "-" ] 1*DIGIT`
///
/// Saturated to what 64 bits hold.
pub(crate) fn delta_seconds(input: &[u8]) -> Option<i64> {
    let digits = take_while1(is_digit);
    let signed = map((opt(tag("-")), digits), |(minus, digits): (_, &[u8])| {
        digits.iter().fold(0_i64, |seconds, digit| {
            let digit = i64::from(digit - b'0');
            let tens = seconds.saturating_mul(10);
            match minus {
                None => tens.saturating_add(digit),
                Some::<&[u8]>(_) => tens.saturating_sub(digit),
            }
        })
    });
    output(all_consuming(signed).parse(input))
}

/// `1*DIGIT`
///
/// Saturated to what 32 bits hold. For the dates of browsers.
pub(crate) fn number(input: &[u8]) -> Option<u32> {
    let is_number = !input.is_empty() && input.iter().all(|octet| is_digit(*octet));
    is_number.then(|| {
        input.iter().fold(0_u32, |number, digit| {
            let tens = number.saturating_mul(10);
            tens.saturating_add(u32::from(digit - b'0'))
        })
    })
}

/// Returns true if there is a HTAB.
pub(crate) fn has_htab(input: &[u8]) -> bool {
    input.contains(&0x09)
}

/// `cookie-date = *delimiter date-token-list *delimiter`
///
/// `date-token-list = date-token *( 1*delimiter date-token )`
pub(crate) fn cookie_date(input: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut remaining = input;
    std::iter::from_fn(move || {
        let (rest, token) = date_token(remaining).ok()?;
        remaining = rest;
        Some(token)
    })
}

/// `date-token = 1*non-delimiter`
///
/// Skips the delimiters before it.
fn date_token(input: &[u8]) -> Octets<'_> {
    let is_delimiter = |octet: u8| DELIMITER[usize::from(octet)];
    preceded(
        take_while(is_delimiter),
        take_while1(move |octet| !is_delimiter(octet)),
    )
    .parse(input)
}

/// `time = hms-time [ non-digit *OCTET ]`
pub(crate) fn time(token: &[u8]) -> Option<(u8, u8, u8)> {
    output(terminated(hms_time, tail).parse(token))
}

/// `hms-time = time-field ":" time-field ":" time-field`
fn hms_time(input: &[u8]) -> Octets<'_, (u8, u8, u8)> {
    let (input, hour) = time_field(input)?;
    let (input, minute) = preceded(colon, time_field).parse(input)?;
    let (input, second) = preceded(colon, time_field).parse(input)?;
    Ok((input, (hour, minute, second)))
}

/// `":"`
fn colon(input: &[u8]) -> Octets<'_, ()> {
    match input {
        [b':', rest @ ..] => Ok((rest, ())),
        _ => Err(Err::Error(())),
    }
}

/// `time-field = 1*2DIGIT`
fn time_field(input: &[u8]) -> Octets<'_, u8> {
    digits(1, 2, input)
}

/// `day-of-month = 1*2DIGIT [ non-digit *OCTET ]`
pub(crate) fn day_of_month(token: &[u8]) -> Option<u8> {
    output(terminated(|input| digits(1, 2, input), tail).parse(token))
}

/// `month = ( "jan" / "feb" / "mar" / "apr" / "may" / "jun" / "jul" / "aug" / "sep" / "oct" /
/// "nov" / "dec" ) *OCTET`
///
/// January is 1.
pub(crate) fn month(token: &[u8]) -> Option<u8> {
    let name = token
        .first_chunk()?
        .map(|letter: u8| letter.to_ascii_lowercase());
    Some(match &name {
        b"jan" => 1,
        b"feb" => 2,
        b"mar" => 3,
        b"apr" => 4,
        b"may" => 5,
        b"jun" => 6,
        b"jul" => 7,
        b"aug" => 8,
        b"sep" => 9,
        b"oct" => 10,
        b"nov" => 11,
        b"dec" => 12,
        _ => return None,
    })
}

/// `year = 2*4DIGIT [ non-digit *OCTET ]`
pub(crate) fn year(token: &[u8]) -> Option<u16> {
    output(terminated(|input| digits(2, 4, input), tail).parse(token))
}

/// `least*mostDIGIT`, folded to the number that it denotes
fn digits<N>(least: usize, most: usize, input: &[u8]) -> Octets<'_, N>
where
    N: From<u8> + Mul<Output = N> + Add<Output = N>,
{
    let digits = input
        .iter()
        .take(most)
        .take_while(|octet| is_digit(**octet));
    let (count, number) = digits.fold((0, N::from(0)), |(count, number), digit| {
        (count + 1, number * N::from(10) + N::from(digit - b'0'))
    });
    if count < least {
        return Err(Err::Error(()));
    }
    Ok((&input[count..], number))
}

/// `[ non-digit *OCTET ]`, to the end of the token
fn tail(input: &[u8]) -> Octets<'_, ()> {
    match input {
        [octet, ..] if !is_non_digit(*octet) => Err(Err::Error(())),
        _ => Ok((b"", ())),
    }
}

/// `*WSP text *WSP`
///
/// `WSP = SP / HTAB`
///
/// Returns the text.
fn without_wsp(mut input: &[u8]) -> &[u8] {
    while let [0x20 | 0x09, rest @ ..] | [rest @ .., 0x20 | 0x09] = input {
        input = rest;
    }
    input
}

/// Returns the octets before the first ";", and those after it if there is one. It is mostly far enough
/// away for a search by words.
fn cut_at_semicolon(input: &[u8]) -> (&[u8], Option<&[u8]>) {
    cut(input, memchr(b';', input))
}

/// Returns the octets before the first "=", and those after it if there is one. It is mostly near.
fn cut_at_equals(input: &[u8]) -> (&[u8], Option<&[u8]>) {
    cut(input, input.iter().position(|octet| *octet == b'='))
}

/// Returns the octets before the separator, and those after it if there is one.
fn cut(input: &[u8], separator: Option<usize>) -> (&[u8], Option<&[u8]>) {
    match separator {
        Some(at) => (&input[..at], Some(&input[at + 1..])),
        None => (input, None),
    }
}

/// Drops nom's error, which tells nothing: a production matches or it does not.
fn output<Output>(result: Octets<'_, Output>) -> Option<Output> {
    result.ok().map(|(_, output)| output)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(is_member: fn(u8) -> bool) -> Vec<u8> {
        (0..=255).filter(|octet| is_member(*octet)).collect()
    }

    fn octets(ranges: &[std::ops::RangeInclusive<u8>]) -> Vec<u8> {
        let mut all: Vec<u8> = ranges.iter().cloned().flatten().collect();
        all.sort_unstable();
        all
    }

    #[test]
    fn classes_are_as_written() {
        assert_eq!(class(is_ctl), octets(&[0..=8, 10..=31, 127..=127]));
        assert_eq!(class(|octet| without_wsp(&[octet]).is_empty()), b"\t ");
        assert_eq!(class(is_digit), b"0123456789");
        let delimiter = b"\t !\"#$%&'()*+,-./;<=>?@[\\]^_`{|}~";
        assert_eq!(class(is_delimiter), delimiter);
        let non_delimiter = [
            0..=8,
            10..=31,
            b'0'..=b':',
            b'A'..=b'Z',
            b'a'..=b'z',
            127..=255,
        ];
        assert_eq!(class(is_non_delimiter), octets(&non_delimiter));
        let tchar =
            b"!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~";
        assert_eq!(class(is_tchar), tchar);
        let but = |others: &[u8], first| -> Vec<u8> {
            (first..=0x7E)
                .filter(|octet| !others.contains(octet))
                .collect()
        };
        assert_eq!(class(is_cookie_octet), but(b"\",;\\", 0x21));
        assert_eq!(class(is_av_octet), but(b";", 0x20));
    }

    #[test]
    fn complementary_classes_are_a_partition() {
        for octet in 0..=255 {
            assert_ne!(is_delimiter(octet), is_non_delimiter(octet), "{octet:#04x}");
            assert_ne!(is_digit(octet), is_non_digit(octet), "{octet:#04x}");
        }
    }

    #[test]
    fn pairs_and_attributes() {
        type Row = (
            &'static [u8],
            (&'static [u8], &'static [u8]),
            (&'static [u8], &'static [u8]),
        );
        let rows: &[Row] = &[
            // input, as name-value-pair, as cookie-av
            (b"", (b"", b""), (b"", b"")),
            (b"a", (b"", b"a"), (b"a", b"")),
            (b"=", (b"", b""), (b"", b"")),
            (b"a=", (b"a", b""), (b"a", b"")),
            (b"=a", (b"", b"a"), (b"", b"a")),
            (b"a=b=c", (b"a", b"b=c"), (b"a", b"b=c")),
            (b" \ta\t = \tb c ", (b"a", b"b c"), (b"a", b"b c")),
            (b"\t ", (b"", b""), (b"", b"")),
            (b"\xA0a=\xFF", (b"\xA0a", b"\xFF"), (b"\xA0a", b"\xFF")),
        ];
        for (input, pair, av) in rows {
            assert_eq!(name_value_pair(input), *pair, "{input:?}");
            assert_eq!(cookie_av(input), *av, "{input:?}");
        }
    }

    #[test]
    fn the_profile_of_servers() {
        const LONGEST: &str =
            "a23456789-123456789-123456789-123456789-123456789-123456789-123.example";
        const TOO_LONG: &str =
            "a23456789-123456789-123456789-123456789-123456789-123456789-1234.example";
        type Row = (
            fn(&[u8]) -> bool,
            &'static [&'static str],
            &'static [&'static str],
        );
        let rows: &[Row] = &[
            // production, what it matches, what it does not
            (
                is_cookie_name,
                &["a", "__Host-a", "connect.sid"],
                &["", "a b", "a=b", "\"a\"", "a/b", "\u{e9}"],
            ),
            (
                is_cookie_value,
                &["", "\"\"", "\"a\"", "a=b/c?d:e%20"],
                &[
                    "\"", "\"a", "a\"", "\"a\"b\"", "a b", "a,b", "a;b", "a\\b", "\"a b\"",
                    "\u{e9}",
                ],
            ),
            (
                is_path_value,
                &["", "/", "/a b,\"\\"],
                &["/a ", " /a", "/a;b", "/a\t", "/\u{e9}"],
            ),
            (
                is_subdomain,
                &["a", "a-b.0.example", "A", LONGEST],
                &[
                    "", ".", ".a", "a.", "a..b", "-a.b", "a-.b", "a_b", "a;b", "a b", "[::1]",
                    "\u{e9}", TOO_LONG,
                ],
            ),
        ];
        for (production, matching, others) in rows {
            for input in *matching {
                assert!(production(input.as_bytes()), "{input:?}");
            }
            for input in *others {
                assert!(!production(input.as_bytes()), "{input:?}");
            }
        }
    }

    #[test]
    fn semicolons_cut() {
        type Row = (&'static [u8], &'static [u8], Option<&'static [u8]>);
        let rows: &[Row] = &[
            // input, before the first ";", after it
            (b"", b"", None),
            (b"a=b", b"a=b", None),
            (b";", b"", Some(b"")),
            (b"a=b;c;d", b"a=b", Some(b"c;d")),
            (b"\"a;b\"", b"\"a", Some(b"b\"")),
        ];
        for (input, first, remaining) in rows {
            assert_eq!(set_cookie_string(input), (*first, *remaining), "{input:?}");
            assert_eq!(
                unparsed_attributes(input),
                (*first, *remaining),
                "{input:?}"
            );
        }
    }

    #[test]
    fn cookie_strings() {
        type Row = (&'static [u8], &'static [(&'static [u8], &'static [u8])]);
        let rows: &[Row] = &[
            // input, names and values
            (b"", &[]),
            (b" ;\t; ;", &[]),
            (b"a=1", &[(b"a", b"1")]),
            (b"a=1; b=2", &[(b"a", b"1"), (b"b", b"2")]),
            // neither the space after the ";" nor its number matters
            (
                b"a=1;b=2;\t b=2;",
                &[(b"a", b"1"), (b"b", b"2"), (b"b", b"2")],
            ),
            (b"\ta = 1 2 ;; b", &[(b"a", b"1 2"), (b"", b"b")]),
            // nameless; the first "=" cuts
            (
                b"v; =v; =; a=; a=b=c",
                &[
                    (b"", b"v"),
                    (b"", b"v"),
                    (b"", b""),
                    (b"a", b""),
                    (b"a", b"b=c"),
                ],
            ),
            // quotes are octets like any other, and so is a comma
            (b"a=\"1; 2\", b=3", &[(b"a", b"\"1"), (b"2\", b", b"3")]),
            (b"\xFF=\x00\xA0", &[(b"\xFF", b"\x00\xA0")]),
        ];
        for (input, expected) in rows {
            let pairs: Vec<_> = cookie_string(input).collect();
            assert_eq!(pairs, *expected, "{:?}", input.escape_ascii().to_string());
        }
    }

    #[test]
    fn delta_seconds_saturates() {
        let rows: &[(&[u8], Option<i64>)] = &[
            (b"", None),
            (b"-", None),
            (b"+1", None),
            (b"--1", None),
            (b"1 ", None),
            (b"0", Some(0)),
            (b"-0", Some(0)),
            (b"-007", Some(-7)),
            (b"9223372036854775807", Some(i64::MAX)),
            (b"9223372036854775808", Some(i64::MAX)),
            (b"-9223372036854775808", Some(i64::MIN)),
            (b"-9223372036854775809", Some(i64::MIN)),
            (b"\xEF\xBC\x95", None),
        ];
        for (input, expected) in rows {
            assert_eq!(delta_seconds(input), *expected, "{input:?}");
        }
        assert_eq!(delta_seconds(&[b'9'; 10_000]), Some(i64::MAX));
    }

    #[test]
    fn dates_are_cut_into_tokens() {
        let tokens = |input| cookie_date(input).collect::<Vec<_>>();
        assert_eq!(tokens(b""), Vec::<&[u8]>::new());
        assert_eq!(tokens(b" ,;-\t"), Vec::<&[u8]>::new());
        assert_eq!(
            tokens(b"-Wed, 09-Jun 1:2:3."),
            [&b"Wed"[..], b"09", b"Jun", b"1:2:3"]
        );
        assert_eq!(tokens(b"\x00\x7F\xFF"), [b"\x00\x7F\xFF"]);
    }

    #[test]
    fn tokens_of_dates() {
        assert_eq!(time(b"1:2:3"), Some((1, 2, 3)));
        assert_eq!(time(b"99:99:99:"), Some((99, 99, 99)));
        for none in [
            &b"1:2"[..],
            b"1:2:",
            b"001:2:3",
            b"1:2:345",
            b":1:2:3",
            b"a1:2:3",
        ] {
            assert_eq!(time(none), None, "{none:?}");
        }
        assert_eq!(day_of_month(b"9th"), Some(9));
        assert_eq!(day_of_month(b"31:"), Some(31));
        for none in [&b""[..], b"009", b"th9"] {
            assert_eq!(day_of_month(none), None, "{none:?}");
        }
        assert_eq!(month(b"jAnuary"), Some(1));
        assert_eq!(month(b"DEC"), Some(12));
        for none in [&b""[..], b"de", b"dek", b"1dec"] {
            assert_eq!(month(none), None, "{none:?}");
        }
        assert_eq!(year(b"70"), Some(70));
        assert_eq!(year(b"0070AD"), Some(70));
        assert_eq!(year(b"9999"), Some(9999));
        for none in [&b""[..], b"7", b"7a", b"12345", b"AD70"] {
            assert_eq!(year(none), None, "{none:?}");
        }
    }
}
