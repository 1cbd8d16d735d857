//! Reading the lines: from arguments, and from standard input with or without response headers.

mod kind;

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::io::{self, Read as _};
use std::path::Path;

/// The Set-Cookie lines, and notes about what was left out.
#[derive(Debug, Default)]
pub(crate) struct Input {
    /// The octets after `Set-Cookie:` of all lines, one after the other.
    octets: Vec<u8>,
    /// The end of each line, as a position in the octets.
    ends: Vec<usize>,
    /// The numbers of the first lines of the responses, from the second response on.
    responses: Vec<usize>,
    pub(crate) notes: Vec<String>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct InputLine<'a> {
    /// The octets after `Set-Cookie:`.
    pub(crate) octets: &'a [u8],
    /// Lines of one response have the same number.
    pub(crate) response: usize,
}

/// The reason why there are no lines.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InputError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("{0}")]
    Other(&'static str),
}

/// The part of the input that a line is in.
#[derive(Debug, Clone, Copy)]
enum Part {
    Header,
    /// The header of a response with a 100-level status code.
    InterimHeader,
    Content,
}

/// The mark that a tool prints before the lines of a response's header.
enum Marks<'a> {
    None,
    /// `< `, as `curl -v` prints.
    Curl,
    /// An indentation, as `wget -S` prints. It indents no other lines.
    Indent(&'a [u8]),
}

impl Input {
    /// Reads the lines of the arguments, of which `-` stands for those of standard input. Without
    /// arguments it reads those of standard input.
    pub(crate) fn read(arguments: &[OsString]) -> Result<Self, InputError> {
        let mut input = Self::default();
        if arguments.is_empty() {
            input.read_standard_input()?;
        }
        for argument in arguments {
            if argument == "-" {
                input.read_standard_input()?;
                input.responses.push(input.ends.len());
            } else {
                input.read_argument(argument)?;
            }
        }
        Ok(input)
    }

    /// Returns the lines, in order.
    pub(crate) fn lines(&self) -> impl Iterator<Item = InputLine<'_>> {
        let starts = [0].into_iter().chain(self.ends.iter().copied());
        let mut responses = self.responses.iter().peekable();
        let mut response = 0;
        let lines = starts.zip(&self.ends).enumerate();
        lines.map(move |(index, (start, end))| {
            while responses.next_if(|first| **first <= index).is_some() {
                response += 1;
            }
            let octets = &self.octets[start..*end];
            InputLine { octets, response }
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    fn push(&mut self, octets: &[u8]) {
        self.octets.extend_from_slice(octets);
        self.ends.push(self.octets.len());
    }

    /// Appends a folded line to the one before, as user agents do (RFC 9112, 5.2).
    fn go_on(&mut self, folded: &[u8]) {
        if let Some(end) = self.ends.last_mut() {
            self.octets.push(b' ');
            self.octets.extend_from_slice(folded.trim_ascii_start());
            *end = self.octets.len();
        }
    }

    /// Adds a line, or the lines of a response, as in `"$(curl -si https://shop.example/)"`.
    fn read_argument(&mut self, argument: &OsStr) -> Result<(), InputError> {
        let octets = octets(argument);
        let is_response = || {
            let mut lines = lines(&octets);
            lines.any(|line| status(line).is_some() || set_cookie_field(line).is_some())
        };
        if octets.contains(&b'\n') && is_response() {
            self.pick_out_fields(&octets, &Marks::None);
            return Ok(());
        }
        if kind::is_cookie_field(&octets) {
            return Err(InputError::Other(kind::REQUEST));
        }
        if !octets.contains(&b'=') && Path::new(argument).is_file() {
            self.notes.push(
                "an argument is the name of a file, and is taken for a Set-Cookie line: \
                 to read the file, give it on standard input"
                    .to_owned(),
            );
        }
        self.push(set_cookie_field(&octets).unwrap_or(&octets));
        Ok(())
    }

    fn read_standard_input(&mut self) -> Result<(), InputError> {
        let mut octets = Vec::new();
        io::stdin().lock().read_to_end(&mut octets)?;
        self.read_document(&kind::without_encoding(octets))
    }

    fn read_document(&mut self, octets: &[u8]) -> Result<(), InputError> {
        let marks = Marks::of(octets);
        let has_status = || marks.lines(octets).any(|line| status(line).is_some());
        let has_field = || {
            let mut lines = marks.lines(octets);
            lines.any(|line| set_cookie_field(line).is_some())
        };
        if let Some(what) = kind::certain(octets) {
            return Err(InputError::Other(what));
        }
        if has_status() || has_field() {
            self.pick_out_fields(octets, &marks);
            return Ok(());
        }
        if let Some(what) = kind::likely(octets) {
            return Err(InputError::Other(what));
        }
        if kind::is_header(octets) {
            return Ok(());
        }
        let is_blank = |line: &&[u8]| line.trim_ascii().is_empty();
        let lines = || lines(octets).filter(|line| !is_blank(line));
        let count = lines().count();
        if count > 0 && !octets.contains(&b'=') {
            self.notes.push(
                "no line of the input has a `=`: if it is the content of a response, \
                 give its header (`curl -si` prints both)"
                    .to_owned(),
            );
        }
        self.ends.reserve(count);
        self.octets.reserve(octets.len());
        lines().for_each(|line| self.push(line));
        Ok(())
    }

    /// Adds the Set-Cookie fields of responses as `curl -si` prints one and `curl -siL` several. The
    /// content of a response has no fields, unless a status line is in it.
    fn pick_out_fields(&mut self, octets: &[u8], marks: &Marks<'_>) {
        let mut part = Part::Header;
        let (mut responses, mut interim_fields) = (0, 0);
        let mut may_go_on = false;
        for line in marks.lines(octets) {
            if may_go_on && matches!(line.first(), Some(b' ' | b'\t')) {
                self.go_on(line);
                continue;
            }
            may_go_on = false;
            if let Some(status) = status(line) {
                let is_interim = status.starts_with(b"1");
                if is_interim {
                    part = Part::InterimHeader;
                } else {
                    part = Part::Header;
                    responses += 1;
                    self.responses.push(self.ends.len());
                }
            } else if line.is_empty() {
                part = Part::Content;
            } else if let Some(value) = set_cookie_field(line) {
                match part {
                    Part::Header => {
                        self.push(value);
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

impl<'a> Marks<'a> {
    fn of(octets: &'a [u8]) -> Self {
        let received = |line: &'a [u8]| line.strip_prefix(b"< ");
        if lines(octets)
            .filter_map(received)
            .any(|line| status(line).is_some())
        {
            return Self::Curl;
        }
        // All lines of a header are indented as far as its first one.
        let first = lines(octets).find_map(|line| {
            let text = line.trim_ascii_start();
            let is_of_header = status(text).is_some() || set_cookie_field(text).is_some();
            is_of_header.then(|| &line[..line.len() - text.len()])
        });
        match first {
            None | Some([]) => Self::None,
            Some(indent) => Self::Indent(indent),
        }
    }

    /// Returns the lines that this tool has received. A line that is not of a header becomes empty,
    /// which ends the header.
    fn lines(&self, octets: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        lines(octets).filter_map(move |line| match self {
            Self::None => Some(line),
            Self::Curl => line.strip_prefix(b"< "),
            Self::Indent(indent) => Some(line.strip_prefix(*indent).unwrap_or_default()),
        })
    }
}

/// Returns the lines of a text without their ends, from the first one that is not empty.
fn lines(octets: &[u8]) -> impl Iterator<Item = &[u8]> {
    octets
        .split(|octet| *octet == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .skip_while(|line| line.is_empty())
}

/// Returns the status code of a status line such as `HTTP/1.1 200 OK`.
fn status(line: &[u8]) -> Option<[u8; 3]> {
    let mut words = line.split(|octet| *octet == b' ');
    let (version, code) = (words.next()?, words.next()?);
    let is_http = version.get(..5)?.eq_ignore_ascii_case(b"HTTP/");
    let code: [u8; 3] = code.try_into().ok()?;
    (is_http && code.iter().all(u8::is_ascii_digit)).then_some(code)
}

/// Returns the value of a Set-Cookie field, without the whitespace before it.
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
