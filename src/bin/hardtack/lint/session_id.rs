//! Cookies that are session ids or equivalent to one, by the words of the name and the shape of the
//! value.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// The reason to take a cookie for a session id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    Name,
    /// The value is a JSON Web Token, or a PASETO.
    Token,
}

impl Sign {
    /// Judges by the name first. By its name a cookie can also be no session id: a token against forged
    /// requests, which a script has to read and send along.
    pub(super) fn of(name: &[u8], value: &[u8]) -> Option<Self> {
        let name = String::from_utf8_lossy(name);
        let words = words(&name);
        if is_against_forgery(&words) {
            None
        } else if is_framework_id(&name) || is_session_id(&words) {
            Some(Self::Name)
        } else {
            is_token(value).then_some(Self::Token)
        }
    }

    pub(super) fn message(self) -> &'static str {
        match self {
            Self::Name => "it looks like a session id",
            Self::Token => "its value looks like a token that logs in (a JWT)",
        }
    }
}

/// Words that alone name a session id.
const WORDS: &[&str] = &[
    "sess",
    "authorization",
    "authentication",
    "bearer",
    "cfid",
    "castgc",
    "tgc",
    "rememberme",
    "sso",
    "mysapsso",
];

/// Ends of words that name a session id: `PHPSESSID`, `ASPXAUTH`, `accesstoken`.
const ENDS: &[&str] = &["sid", "auth", "token", "jwt", "session"];

/// English words with such an end.
const ENGLISH: &[&str] = &["possession", "obsession", "supersession", "intersession"];

/// Pairs of words that name a session id one after another.
const PHRASES: &[&[&str]] = &[
    &["remember", "me"],
    &["remember", "user"],
    &["remember", "web"],
    &["logged", "in", "user"],
    &["wordpress", "logged", "in"],
    &["wordpress", "sec"],
    &["asp", "net", "cookies"],
    &["asp", "net", "core", "cookies"],
    &["aspnetcore", "cookies"],
    &["asp", "net", "core", "identity"],
    &["aspnetcore", "identity"],
    &["asp", "net", "application", "cookie"],
    &["asp", "net", "shared", "cookie"],
    &["keycloak", "identity"],
];

/// Last words of a fact *about* a session or a token: `token_type`, `session_count`.
const ABOUT: &[&str] = &[
    "accepted",
    "active",
    "banner",
    "campaign",
    "challenge",
    "check",
    "consent",
    "count",
    "counter",
    "created",
    "date",
    "depth",
    "disabled",
    "dismissed",
    "duration",
    "enabled",
    "end",
    "error",
    "expiration",
    "expired",
    "expires",
    "expiry",
    "flag",
    "format",
    "hint",
    "index",
    "lang",
    "language",
    "length",
    "limit",
    "locale",
    "medium",
    "method",
    "mode",
    "name",
    "nonce",
    "notice",
    "number",
    "page",
    "pages",
    "pageviews",
    "path",
    "policy",
    "provider",
    "recording",
    "redirect",
    "referer",
    "referrer",
    "replay",
    "required",
    "scope",
    "seen",
    "shown",
    "size",
    "source",
    "start",
    "started",
    "state",
    "status",
    "storage",
    "supported",
    "tab",
    "test",
    "theme",
    "time",
    "timeout",
    "timestamp",
    "ttl",
    "type",
    "updated",
    "uri",
    "url",
    "verifier",
    "version",
    "views",
    "visits",
    "warning",
];

/// First words of a flag: `has_session`.
const FLAGS: &[&str] = &["has", "hide", "is", "no", "show"];

/// Returns the words of a name in lower case and without digits: of `__Host-accessToken2` host, access
/// and token.
fn words(name: &str) -> Vec<String> {
    let characters: Vec<char> = name.chars().collect();
    let mut words = vec![String::new()];
    for (index, character) in characters.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| characters[before]);
        let after = characters.get(index + 1);
        let was_lower = before.is_some_and(char::is_lowercase);
        // The "A" of `MSISAuth`.
        let ends_capitals =
            before.is_some_and(char::is_uppercase) && after.is_some_and(|next| next.is_lowercase());
        let begins = character.is_uppercase() && (was_lower || ends_capitals);
        if begins || !character.is_alphabetic() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| character.is_alphabetic()) {
            word.extend(character.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    if matches!(
        words.first().map(String::as_str),
        Some("host" | "secure" | "http")
    ) && name.starts_with("__")
    {
        words.remove(0);
    }
    words
}

fn is_against_forgery(words: &[String]) -> bool {
    let is_like = |word: &String| {
        let parts = ["csrf", "xsrf", "forgery"];
        parts.iter().any(|part| word.contains(part)) || word == "authenticity"
    };
    words.iter().any(is_like) || has_phrase(words, &["request", "verification"])
}

fn is_session_id(words: &[String]) -> bool {
    // Such as `token_expires_at`.
    let words = match words {
        [before @ .., last] if matches!(last.as_str(), "at" | "in") && before.len() > 1 => before,
        words => words,
    };
    let is_one_of = |word: Option<&String>, list: &[&str]| {
        word.is_some_and(|word| list.contains(&word.as_str()))
    };
    if is_one_of(words.last(), ABOUT) || is_one_of(words.first(), FLAGS) {
        return false;
    }
    let is_like = |word: &String| {
        let ends = ENDS.iter().any(|end| word.ends_with(end));
        let is_english = ENGLISH.iter().any(|english| word.ends_with(english));
        WORDS.contains(&word.as_str())
            || ends && !is_english
            || word.contains("sessid")
            || word.contains("sessionid")
    };
    // Yii's `_identity`.
    let is_identity = words.len() == 1 && words[0] == "identity";
    is_identity
        || words.iter().any(is_like)
        || PHRASES.iter().any(|phrase| has_phrase(words, phrase))
}

fn has_phrase(words: &[String], phrase: &[&str]) -> bool {
    words.windows(phrase.len()).any(|words| words == phrase)
}

/// Drupal's `SESS…` and `SSESS…`, and `wordpress_…` of `WordPress`, with a hash at the end.
fn is_framework_id(name: &str) -> bool {
    let bare = name
        .strip_prefix("__Host-")
        .or(name.strip_prefix("__Secure-"));
    let bare = bare.unwrap_or(name);
    let hash = ["SSESS", "SESS", "wordpress_"]
        .iter()
        .find_map(|start| bare.strip_prefix(start));
    hash.is_some_and(|hash| hash.len() >= 32 && hash.bytes().all(|octet| octet.is_ascii_hexdigit()))
}

/// A JWS or JWE in its compact form (RFC 7515, RFC 7516), or a PASETO.
fn is_token(value: &[u8]) -> bool {
    let Ok(value) = std::str::from_utf8(value) else {
        return false;
    };
    let value = value.trim_matches('"');
    let bearer = ["Bearer ", "Bearer%20", "Bearer+"];
    let bare = bearer.iter().find_map(|start| value.strip_prefix(start));
    let value = bare.unwrap_or(value);
    let paseto = ["local.", "public."].map(|purpose| {
        let version = value.split_at_checked(3).map(|(version, _)| version);
        let is_version = matches!(version, Some("v1." | "v2." | "v3." | "v4."));
        is_version && value[3..].starts_with(purpose)
    });
    let parts: Vec<&str> = value.split('.').take(6).collect();
    paseto.contains(&true) || matches!(parts.len(), 3 | 5) && is_jose_header(parts[0])
}

/// A JSON object with `alg`, in Base64 for URLs.
fn is_jose_header(part: &str) -> bool {
    let header = URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
    let header: Option<Value> = serde_json::from_slice(&header).ok();
    header.is_some_and(|header| header.get("alg").is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_names() {
        let rows: &[(&str, &[&str])] = &[
            ("", &[]),
            ("connect.sid", &["connect", "sid"]),
            ("PHPSESSID", &["phpsessid"]),
            ("accessToken2", &["access", "token"]),
            ("MSISAuth", &["msis", "auth"]),
            ("__Host-sid", &["sid"]),
            ("host-sid", &["host", "sid"]),
            ("_oauth2_proxy", &["oauth", "proxy"]),
            (".AspNetCore.Cookies", &["asp", "net", "core", "cookies"]),
            ("größeID", &["größe", "id"]),
        ];
        for (name, expected) in rows {
            assert_eq!(words(name), *expected, "{name}");
        }
    }
}
