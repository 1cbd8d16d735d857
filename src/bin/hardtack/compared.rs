//! What several dialects make of the same lines and requests, and which deviations make the difference.

use hardtack::{Cookie, CookieJar, Deviation, Dialect, Exclusion, Policy, Receipt, Request};

use crate::time::{Instant, rfc3339};

/// A policy to compare, by the name of its dialect.
#[derive(Debug, Clone)]
pub(crate) struct Browser {
    pub(crate) name: String,
    policy: Policy,
}

impl Browser {
    fn of(dialect: Dialect) -> Self {
        let policy = match dialect {
            Dialect::CHROMIUM_156 => Policy::chromium(),
            Dialect::FIREFOX_153 | Dialect::FIREFOX_153_SPEC => Policy::firefox(),
            _ => Policy::default(),
        };
        Self {
            name: dialect.to_string(),
            policy: policy.with_dialect(dialect),
        }
    }

    /// Chromium and Firefox as they are installed.
    pub(crate) fn recorded() -> [Self; 2] {
        [Dialect::CHROMIUM_156, Dialect::FIREFOX_153].map(Self::of)
    }

    /// Reads the name of a dialect, or of a browser without its version.
    pub(crate) fn parse(name: &str) -> Result<Self, String> {
        let dialect = match name {
            "chromium" => Dialect::CHROMIUM_156,
            "firefox" => Dialect::FIREFOX_153,
            name => name
                .parse()
                .map_err(|error| format!("{error}; `chromium` and `firefox` are the newest"))?,
        };
        Ok(Self::of(dialect))
    }
}

/// What all have to decide.
pub(crate) struct Task<'a> {
    /// The lines, with the request that they answer.
    pub(crate) lines: Vec<(&'a [u8], Request<'a>)>,
    pub(crate) requests: Vec<Request<'a>>,
    pub(crate) now: Instant,
}

/// What became of a line, or what goes with a request.
#[derive(Debug, Clone)]
pub(crate) enum Verdict {
    Received {
        result: &'static str,
        /// The name of a refusal, and its message.
        refusal: Option<(&'static str, String)>,
        /// The cookie as it is stored, unless it was refused.
        cookie: Option<Cookie>,
    },
    Sent {
        cookie_string: Option<Vec<u8>>,
        /// The cookies, first those that are sent, in this order.
        cookies: Vec<Sent>,
    },
}

/// A cookie that is sent, or why it is not.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) name: Vec<u8>,
    pub(crate) domain: Vec<u8>,
    pub(crate) path: Vec<u8>,
    pub(crate) why_not: Option<Exclusion>,
}

impl PartialEq for Verdict {
    /// The reason of a refusal does not count, only what becomes of the cookie.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Received { result, cookie, .. },
                Self::Received {
                    result: other,
                    cookie: others,
                    ..
                },
            ) => result == other && cookie.as_ref().map(fields) == others.as_ref().map(fields),
            (
                Self::Sent { cookie_string, .. },
                Self::Sent {
                    cookie_string: other,
                    ..
                },
            ) => cookie_string == other,
            _ => false,
        }
    }
}

/// A column of the comparison: the verdicts of one browser.
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) verdicts: Vec<Verdict>,
    /// By verdict, why it is another one than that of the text.
    pub(crate) because: Vec<Vec<Cause>>,
}

/// A reason for another verdict than that of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    Deviation(Deviation),
    /// What the browser chooses where the text leaves a choice.
    Policy,
}

impl Cause {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Deviation(deviation) => deviation.name(),
            Self::Policy => "policy",
        }
    }

    /// Where the text has it, and what is done instead.
    pub(crate) fn told(self) -> (Option<&'static str>, &'static str) {
        match self {
            Self::Deviation(deviation) => (Some(deviation.step()), deviation.description()),
            Self::Policy => (None, "its limits, and two minutes of Lax-allowing-unsafe"),
        }
    }
}

impl Task<'_> {
    /// Lets a browser decide, and finds what makes it decide as the text does not.
    pub(crate) fn column(&self, browser: &Browser) -> Column {
        let verdicts = self.verdicts(&browser.policy);
        Column {
            name: browser.name.clone(),
            because: self.because(browser, &verdicts),
            verdicts,
        }
    }

    /// Switches the deviations off, one by one: those without which a verdict turns are its causes.
    fn because(&self, browser: &Browser, verdicts: &[Verdict]) -> Vec<Vec<Cause>> {
        let policy = &browser.policy;
        let with = |dialect| self.verdicts(&policy.clone().with_dialect(dialect));
        let text = self.verdicts(&Policy::default());
        let mut because = vec![Vec::new(); verdicts.len()];
        if text == verdicts {
            return because;
        }
        let without_dialect = with(Dialect::TEXT);
        for deviation in policy.dialect.deviations() {
            let without = with(policy.dialect.without(deviation));
            for (index, causes) in because.iter_mut().enumerate() {
                let differs = verdicts[index] != without_dialect[index];
                if differs && verdicts[index] != without[index] {
                    causes.push(Cause::Deviation(deviation));
                }
            }
        }
        for (index, causes) in because.iter_mut().enumerate() {
            if causes.is_empty() && verdicts[index] != without_dialect[index] {
                // Each of several is enough: all that do not matter are switched off.
                let mut left = policy.dialect;
                for deviation in policy.dialect.deviations() {
                    let less = left.without(deviation);
                    if with(less)[index] == verdicts[index] {
                        left = less;
                    }
                }
                causes.extend(left.deviations().map(Cause::Deviation));
            }
            if without_dialect[index] != text[index] && verdicts[index] != text[index] {
                causes.push(Cause::Policy);
            }
        }
        because
    }

    fn verdicts(&self, policy: &Policy) -> Vec<Verdict> {
        let mut jar = CookieJar::new(policy.clone());
        let lines = self.lines.iter();
        let lines = lines.map(|(line, request)| receive(&mut jar, line, request, self.now));
        let mut verdicts: Vec<Verdict> = lines.collect();
        let requests = self.requests.iter();
        verdicts.extend(requests.map(|request| send(&jar, request, self.now)));
        verdicts
    }
}

fn receive(jar: &mut CookieJar, line: &[u8], request: &Request<'_>, now: Instant) -> Verdict {
    let parsed = hardtack::SetCookie::parse_as(line, jar.policy().dialect);
    let decided = parsed
        .map_err(Into::into)
        .and_then(|parsed| jar.evaluate(&parsed, request, now));
    let received = jar.receive(line, request, now);
    let (result, refusal) = match received {
        Ok(Receipt::Stored) => ("stored", None),
        Ok(Receipt::Replaced) => ("replaced", None),
        Ok(Receipt::Expired) => ("expired", None),
        Err(rejection) => ("rejected", Some((rejection.name(), rejection.to_string()))),
    };
    Verdict::Received {
        result,
        refusal,
        cookie: decided.ok(),
    }
}

/// The fields of a cookie that two verdicts can differ in.
pub(crate) fn fields(cookie: &Cookie) -> Vec<(&'static str, Vec<u8>)> {
    let flag = |flag: bool| {
        if flag {
            b"yes".to_vec()
        } else {
            b"no".to_vec()
        }
    };
    let expires = cookie.expiry_time().map_or("session".to_owned(), rfc3339);
    let partition = cookie.partition().map(ToString::to_string);
    vec![
        ("name", cookie.name().to_vec()),
        ("value", cookie.value().to_vec()),
        ("domain", cookie.domain().to_vec()),
        ("host-only", flag(cookie.host_only())),
        ("path", cookie.path().to_vec()),
        ("expires", expires.into_bytes()),
        ("Secure", flag(cookie.secure_only())),
        ("HttpOnly", flag(cookie.http_only())),
        ("SameSite", cookie.same_site().to_string().into_bytes()),
        (
            "partition",
            partition.unwrap_or("none".to_owned()).into_bytes(),
        ),
    ]
}

fn send(jar: &CookieJar, request: &Request<'_>, now: Instant) -> Verdict {
    let cookies = jar.explain(request, now).into_iter();
    let cookies = cookies.map(|(cookie, why_not)| Sent {
        name: cookie.name().to_vec(),
        domain: cookie.domain().to_vec(),
        path: cookie.path().to_vec(),
        why_not,
    });
    Verdict::Sent {
        cookies: cookies.collect(),
        cookie_string: jar.cookie_string(request, now),
    }
}
