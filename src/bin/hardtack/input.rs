//! Where the lines come from: arguments, and standard input with or without response headers.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::io::{self, Read as _};

/// The Set-Cookie lines, and what there is to say of what was left out.
#[derive(Debug, Default)]
pub(crate) struct Input {
    pub(crate) lines: Vec<InputLine>,
    pub(crate) notes: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct InputLine {
    /// The octets after `Set-Cookie:`.
    pub(crate) octets: Vec<u8>,
    /// Lines of one response have the same number.
    pub(crate) response: usize,
}

/// The part of the input that a line of it stands in.
#[derive(Debug, Clone, Copy)]
enum Part {
    Header,
    /// The header of a response with a 100-level status code.
    InterimHeader,
    Content,
}

impl Input {
    /// The lines of the arguments, where `-` stands for those of standard input; without arguments
    /// those of standard input.
    pub(crate) fn read(arguments: &[OsString]) -> io::Result<Self> {
        let mut input = Self::default();
        if arguments.is_empty() {
            input.read_standard_input()?;
        }
        for argument in arguments {
            if argument == "-" {
                input.read_standard_input()?;
            } else {
                let line = octets(argument);
                let value = set_cookie_field(&line).unwrap_or(&line);
                input.push(value, 0);
            }
        }
        Ok(input)
    }

    fn push(&mut self, octets: &[u8], response: usize) {
        let octets = octets.to_vec();
        self.lines.push(InputLine { octets, response });
    }

    /// Appends a folded line to the one before, as user agents do (RFC 9112, 5.2).
    fn go_on(&mut self, folded: &[u8]) {
        if let Some(InputLine { octets, .. }) = self.lines.last_mut() {
            octets.push(b' ');
            octets.extend_from_slice(folded.trim_ascii_start());
        }
    }

    fn read_standard_input(&mut self) -> io::Result<()> {
        let mut octets = Vec::new();
        io::stdin().lock().read_to_end(&mut octets)?;
        let lines: Vec<&[u8]> = octets
            .split(|octet| *octet == b'\n')
            .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
            .skip_while(|line| line.is_empty())
            .collect();
        // `curl -v` marks what it has received.
        let received: Vec<&[u8]> = lines
            .iter()
            .filter_map(|line| line.strip_prefix(b"< "))
            .collect();
        let lines = if received.iter().any(|line| status(line).is_some()) {
            received
        } else {
            lines
        };
        let is_of_header = |line| status(line).is_some() || set_cookie_field(line).is_some();
        if lines.iter().copied().any(is_of_header) {
            self.pick_out_fields(&lines);
        } else {
            for line in lines.iter().filter(|line| !line.trim_ascii().is_empty()) {
                self.push(line, 0);
            }
        }
        Ok(())
    }

    /// Takes the Set-Cookie fields out of responses as `curl -si` prints them, or `curl -siL` several;
    /// what looks like one in their content is none, unless a status line is before it.
    fn pick_out_fields(&mut self, lines: &[&[u8]]) {
        let mut part = Part::Header;
        let (mut responses, mut interim_fields) = (0, 0);
        let mut may_go_on = false;
        for line in lines {
            if may_go_on && matches!(line.first(), Some(b' ' | b'\t')) {
                self.go_on(line);
                continue;
            }
            may_go_on = false;
            if let Some(status) = status(line) {
                let is_interim = status.starts_with(b"1");
                responses += usize::from(!is_interim);
                part = if is_interim {
                    Part::InterimHeader
                } else {
                    Part::Header
                };
            } else if line.is_empty() {
                part = Part::Content;
            } else if let Some(value) = set_cookie_field(line) {
                match part {
                    Part::Header => {
                        self.push(value, responses);
                        may_go_on = true;
                    }
                    Part::InterimHeader => interim_fields += 1,
                    Part::Content => (),
                }
            }
        }
        if interim_fields > 0 {
            self.notes.push(format!(
                "left out what a 100-level response sets ({interim_fields}), as browsers do"
            ));
        }
        if responses > 1 {
            self.notes.push(format!(
                "there are {responses} responses, and all are taken to come from --url"
            ));
        }
    }
}

/// The status code of a status line, such as `HTTP/1.1 200 OK`.
fn status(line: &[u8]) -> Option<[u8; 3]> {
    let mut words = line.split(|octet| *octet == b' ');
    let (version, code) = (words.next()?, words.next()?);
    let is_http = version.get(..5)?.eq_ignore_ascii_case(b"HTTP/");
    let code: [u8; 3] = code.try_into().ok()?;
    (is_http && code.iter().all(u8::is_ascii_digit)).then_some(code)
}

/// The value of a Set-Cookie field, without the whitespace before it.
fn set_cookie_field(line: &[u8]) -> Option<&[u8]> {
    const NAME: &[u8] = b"Set-Cookie:";
    let (name, value) = line.split_at_checked(NAME.len())?;
    let start = value
        .iter()
        .position(|octet| !matches!(octet, b' ' | b'\t'));
    name.eq_ignore_ascii_case(NAME)
        .then(|| &value[start.unwrap_or(value.len())..])
}

#[cfg(unix)]
fn octets(argument: &OsStr) -> Cow<'_, [u8]> {
    Cow::Borrowed(std::os::unix::ffi::OsStrExt::as_bytes(argument))
}

#[cfg(not(unix))]
fn octets(argument: &OsStr) -> Cow<'_, [u8]> {
    Cow::Owned(argument.to_string_lossy().into_owned().into_bytes())
}
