//! The domain of a record, and whether it is host-only.

use crate::formats::record::Note;
use crate::host::CanonicalHost;
use crate::storage_model::begins_like;

/// What a format says of host-only besides the domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    /// A flag of its own says it, which wins over a dot.
    Flag(bool),
    /// The dot before the domain says it: without a dot it is host-only.
    Dot,
    /// A dot says that it is not host-only; without a dot nothing is said.
    OnlyDot,
}

/// Returns the domain of a record, without its dot and port and canonicalized where it is a host, and whether
/// it is host-only, or `None` where nothing says it. Notes what was repaired.
pub(super) fn scope(
    name: &[u8],
    domain: &str,
    says: Says,
    notes: &mut Vec<Note>,
) -> (String, Option<bool>) {
    let (has_dot, bare) = match domain.strip_prefix('.') {
        Some(bare) => (true, bare),
        None => (false, domain),
    };
    let mut host_only = match says {
        Says::Flag(host_only) => Some(host_only),
        Says::Dot => Some(!has_dot),
        Says::OnlyDot => has_dot.then_some(false),
    };
    if has_dot && says == Says::Flag(true) {
        notes.push(Note::new(
            "dot-against-flag",
            "the domain has a dot, and a flag says that the cookie is host-only: the flag decides",
        ));
    }
    if host_only == Some(false) && begins_like(name, "__Host-") {
        host_only = Some(true);
        notes.push(Note::new(
            "host-prefix-domain",
            "a cookie with the prefix `__Host-` is host-only, and the file says that it is not: taken as host-only",
        ));
    }
    if host_only.is_none() {
        notes.push(Note::new(
            "host-only-unknown",
            "the file does not say whether subdomains get the cookie: taken as host-only",
        ));
    }
    (host(bare, notes), host_only)
}

/// Notes a domain that may be a host without a dot: Python's and Perl's libraries append `.local` to such a host.
pub(super) fn note_local(domain: &str, notes: &mut Vec<Note>) {
    let host = domain.strip_suffix(".local");
    if host.is_some_and(|host| !host.is_empty() && !host.contains('.')) {
        notes.push(Note::new(
            "local-appended",
            "the library appends .local to a host without a dot, such as localhost: taken as it stands",
        ));
    }
}

/// Returns a domain as most programs write it: an IPv6 address without its brackets.
pub(super) fn without_brackets(domain: &str) -> &str {
    let bare = domain.strip_prefix('[');
    bare.and_then(|domain| domain.strip_suffix(']'))
        .unwrap_or(domain)
}

/// Returns the canonicalized host without its port, or the text as it is where it is no host.
fn host(text: &str, notes: &mut Vec<Note>) -> String {
    // An IPv6 address may stand without its brackets.
    let bracketed = format!("[{text}]");
    let parsed = CanonicalHost::parse(text).or_else(|| CanonicalHost::parse(&bracketed));
    let parsed = parsed.or_else(|| {
        let (host, port) = text.rsplit_once(':')?;
        let is_port = !port.is_empty() && port.bytes().all(|octet| octet.is_ascii_digit());
        let host = CanonicalHost::parse(host).filter(|_| is_port)?;
        notes.push(Note::new(
            "port-cut",
            "the domain has a port, which is no part of a cookie's scope: cut off",
        ));
        Some(host)
    });
    parsed.map_or_else(
        || text.to_owned(),
        |host| String::from_utf8_lossy(host.octets()).into_owned(),
    )
}
