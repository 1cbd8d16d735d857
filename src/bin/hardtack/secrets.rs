//! The values of cookies, shown or hidden: one option of the commands that take lines.

use std::borrow::Cow;

use clap::ValueEnum;

use crate::joined;

/// The way to print the values of cookies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Values {
    /// As they stand
    Show,
    /// By their length only, such as `<31 octets>`
    Hide,
}

/// The option of the commands that show cookies.
#[derive(Debug, clap::Args)]
pub(crate) struct ValuesOption {
    /// Show the values of cookies, which are secrets, or hide them
    /// [default: hide; `explain` shows them]
    #[arg(
        long,
        value_name = "show|hide",
        value_enum,
        hide_possible_values = true
    )]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "show")]
    #[arg(verbatim_doc_comment)]
    values: Option<Values>,
}

impl ValuesOption {
    pub(crate) fn or(&self, default: Values) -> Values {
        self.values.unwrap_or(default)
    }
}

impl Values {
    pub(crate) fn value(self, value: &[u8]) -> Cow<'_, [u8]> {
        match self {
            Self::Show => Cow::Borrowed(value),
            Self::Hide => Cow::Owned(length(value)),
        }
    }

    /// Shows a Set-Cookie line.
    pub(crate) fn line(self, line: &[u8]) -> Cow<'_, [u8]> {
        if self == Self::Show {
            return Cow::Borrowed(line);
        }
        let mut pieces = line.split(|octet| *octet == b';');
        let first = pieces.next().unwrap_or_default();
        let value = first.splitn(2, |octet| *octet == b'=').last();
        let value = value.unwrap_or_default();
        let mut hidden = pair(first);
        for cookie_av in pieces {
            hidden.push(b';');
            let name = cookie_av.split(|octet| *octet == b'=').next();
            let name = name.unwrap_or_default();
            if is_known(name.trim_ascii()) {
                hidden.extend_from_slice(&self.attribute(cookie_av));
                continue;
            }
            hidden.extend_from_slice(&self.unknown_name(name, value));
            if let Some(value) = cookie_av[name.len()..].strip_prefix(b"=") {
                hidden.push(b'=');
                hidden.extend(length(value.trim_ascii()));
            }
        }
        Cow::Owned(hidden)
    }

    /// Shows the name of an attribute that is not understood. Of an unknown one it may be a part of the cookie's
    /// value, which ends at a `;` in quotes too: then it is hidden, and so is what is no word.
    pub(crate) fn unknown_name<'n>(self, name: &'n [u8], value: &[u8]) -> Cow<'n, [u8]> {
        let is_in_quotes =
            matches!(value.trim_ascii(), [b'"', rest @ ..] if rest.last() != Some(&b'"'));
        let mut octets = name.iter();
        let is_word = octets.all(|octet| octet.is_ascii_alphabetic() || b"-_ ".contains(octet));
        if self == Self::Show || is_known(name.trim_ascii()) || is_word && !is_in_quotes {
            return Cow::Borrowed(name);
        }
        let start = name.len() - name.trim_ascii_start().len();
        Cow::Owned([&name[..start], &length(name.trim_ascii())].concat())
    }

    /// Shows the value of an attribute, into which another cookie may be joined.
    pub(crate) fn attribute(self, value: &[u8]) -> Cow<'_, [u8]> {
        match joined::cut_at_joined_value(value) {
            Some((before, value)) if self == Self::Hide => {
                Cow::Owned([before, &length(value)].concat())
            }
            _ => Cow::Borrowed(value),
        }
    }

    /// Shows a message that may have such a value in backquotes.
    pub(crate) fn message(self, message: String) -> String {
        let Some((before, value)) = joined::cut_at_joined_value(message.as_bytes()) else {
            return message;
        };
        if self == Self::Show {
            return message;
        }
        let end = value.iter().position(|octet| *octet == b'`');
        let (value, after) = value.split_at(end.unwrap_or(value.len()));
        String::from_utf8_lossy(&[before, &length(value), after].concat()).into_owned()
    }

    /// Shows the value of a Cookie field.
    pub(crate) fn cookie_string(self, cookie_string: &[u8]) -> Cow<'_, [u8]> {
        if self == Self::Show {
            return Cow::Borrowed(cookie_string);
        }
        let pieces = cookie_string.split(|octet| *octet == b';');
        let pairs: Vec<Vec<u8>> = pieces.map(pair).collect();
        Cow::Owned(pairs.join(&b';'))
    }
}

fn is_known(attribute_name: &[u8]) -> bool {
    let known = [
        "Expires",
        "Max-Age",
        "Domain",
        "Path",
        "Secure",
        "HttpOnly",
        "SameSite",
        "Partitioned",
    ];
    let mut known = known.iter();
    known.any(|known| attribute_name.eq_ignore_ascii_case(known.as_bytes()))
}

/// Hides the value of a name-value-pair. Without a "=" all of it is value.
fn pair(pair: &[u8]) -> Vec<u8> {
    let blanks = pair.len() - pair.trim_ascii_start().len();
    let equals = pair.iter().position(|octet| *octet == b'=');
    let (name, value) = pair.split_at(equals.map_or(blanks, |equals| equals + 1));
    [name, &length(value.trim_ascii())].concat()
}

fn length(value: &[u8]) -> Vec<u8> {
    let plural = if value.len() == 1 { "" } else { "s" };
    format!("<{} octet{plural}>", value.len()).into_bytes()
}
