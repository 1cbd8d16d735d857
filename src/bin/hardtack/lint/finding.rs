//! The findings of lint.

use clap::ValueEnum;
use hardtack::{Citation, Rejection};

/// One thing that was found in a line.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) level: Level,
    /// In kebab-case: the heading of its paragraph in `docs/lint.md`.
    pub(crate) name: String,
    pub(crate) message: String,
    pub(crate) source: Source,
}

/// The origin of a rule.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Source {
    /// Of the draft, or of browsers.
    UserAgents {
        citation: Option<Citation>,
        dev_tools_name: Option<&'static str>,
    },
    /// Of this program.
    Lint,
}

/// The level of a finding. The worst is the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Level {
    /// What could be better
    Note,
    /// What user agents take, and a server's author may regret
    Warning,
    /// What user agents refuse, or take for something else than was meant
    Error,
}

/// What user agents do not refuse; those that are left out by `--allow`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Rule {
    /// A session id that scripts can read
    NotHttpOnly,
    /// From https, but sent over http too
    NotSecure,
    /// SameSite is left to the browser
    SameSiteDefault,
    /// All hosts below its Domain get it
    WideDomain,
    /// A lifetime of more than 400 days
    LifetimeCut,
    /// Max-Age and Expires are over a minute apart
    LifetimesDisagree,
    /// Expires is no IMF-fixdate
    DateForm,
    /// Not in the grammar for servers (4.1.1)
    Profile,
    /// An attribute stands there twice
    DuplicateAttribute,
    /// An attribute that the draft does not have
    UnknownAttribute,
    /// Its name is set twice in one response
    DuplicateCookie,
    /// Two cookies in one line, joined by a comma
    CommaJoined,
    /// From http, where nothing protects it
    PlainHttp,
    /// Its Domain is a public suffix, and dropped
    DomainDropped,
    /// No URL has a path that its Path matches
    PathNeverMatches,
    /// Browsers decide otherwise than the text or each other
    BrowsersDiffer,
    /// Attributes after the first hundred
    TooManyAttributes,
    /// A session id that goes with cross-site requests
    CrossSiteSession,
    /// A session id that lives for over 90 days
    LongSession,
    /// A session id that could have the prefix `__Host-`
    NoHostPrefix,
}

/// The number of findings of each level.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) errors: usize,
    pub(crate) warnings: usize,
    pub(crate) notes: usize,
}

impl Finding {
    pub(crate) fn refused(rejection: &Rejection) -> Self {
        Self {
            level: Level::Error,
            name: rejection.name().to_owned(),
            message: rejection.to_string(),
            source: Source::UserAgents {
                citation: rejection.citation(),
                dev_tools_name: rejection.dev_tools_name(),
            },
        }
    }

    pub(crate) fn citation(&self) -> Option<Citation> {
        match self.source {
            Source::UserAgents { citation, .. } => citation,
            Source::Lint => None,
        }
    }
}

impl Level {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl Rule {
    /// Makes a finding by this rule.
    pub(crate) fn because(self, message: impl Into<String>) -> Finding {
        Finding {
            level: self.level(),
            name: self.name(),
            message: message.into(),
            source: Source::Lint,
        }
    }

    /// Makes a finding as [`Rule::because`] does, with a step of the draft that says the same.
    pub(crate) fn by(self, citation: Option<Citation>, message: impl Into<String>) -> Finding {
        let source = citation.map_or(Source::Lint, |citation| Source::UserAgents {
            citation: Some(citation),
            dev_tools_name: None,
        });
        Finding {
            source,
            ..self.because(message)
        }
    }

    pub(crate) fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }

    fn level(self) -> Level {
        match self {
            Self::CommaJoined => Level::Error,
            Self::CrossSiteSession | Self::LongSession | Self::NoHostPrefix => Level::Note,
            _ => Level::Warning,
        }
    }
}

impl Counts {
    pub(crate) fn add(&mut self, level: Level) {
        *match level {
            Level::Note => &mut self.notes,
            Level::Warning => &mut self.warnings,
            Level::Error => &mut self.errors,
        } += 1;
    }

    /// Returns true if there is a finding of this level or a worse one.
    pub(crate) fn has(&self, level: Level) -> bool {
        self.errors > 0
            || level <= Level::Warning && self.warnings > 0
            || level == Level::Note && self.notes > 0
    }
}
