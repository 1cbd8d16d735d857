//! What to add to a refused line, and what to drop from it.

use crate::dialect::Deviation;
use crate::rejection::Rejection;

/// The attributes that would mend a refused line.
///
/// ```
/// use hardtack::recording::Recording;
///
/// let har = br#"{"log": {"entries": [{
///     "request": {"method": "GET", "url": "https://shop.example/"},
///     "response": {"headers": [{"name": "Set-Cookie", "value": "sid=31d4; SameSite=None; Domain=example"}]}}]}}"#;
/// let replay = Recording::read(&har[..])?.replay();
/// let mend = replay.entries[0].lines[0].mend.as_ref().unwrap();
/// assert_eq!((&mend.add[..], &mend.drop[..]), (&["Secure".to_owned()][..], &["Domain=example".to_owned()][..]));
/// # Ok::<(), hardtack::formats::ReadError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mend {
    /// To be written at the end, in this order.
    pub add: Vec<String>,
    /// To be left out, as they are written.
    pub drop: Vec<String>,
}

/// The most refusals of one line that are mended.
const ROUNDS: usize = 6;

/// Mends a line until it is taken, or returns `None` if attributes do not mend it.
pub(super) fn mend(
    line: &str,
    is_secure: bool,
    mut decide: impl FnMut(&str) -> Result<(), Rejection>,
) -> Option<Mend> {
    let mut pieces = line.split(';');
    let pair = pieces.next()?;
    let mut kept: Vec<&str> = pieces.collect();
    let mut mend = Mend::default();
    let mut mended = line.to_owned();
    for _ in 0..ROUNDS {
        let Err(refused) = decide(&mended) else {
            return Some(mend);
        };
        let (drop, add) = of(&refused, is_secure)?;
        let before = kept.len();
        kept.retain(|piece| {
            let name = piece.split('=').next().unwrap_or_default().trim();
            let is_dropped = drop.iter().any(|drop| name.eq_ignore_ascii_case(drop));
            if is_dropped {
                mend.drop.push(piece.trim().to_owned());
            }
            !is_dropped
        });
        let had = mend.add.len();
        for add in add {
            if !mend.add.iter().any(|added| added == add) && !has(&kept, add) {
                mend.add.push((*add).to_owned());
            }
        }
        if kept.len() == before && mend.add.len() == had {
            return None;
        }
        pair.clone_into(&mut mended);
        for piece in &kept {
            mended.push(';');
            mended.push_str(piece);
        }
        for add in &mend.add {
            mended.push_str("; ");
            mended.push_str(add);
        }
    }
    None
}

fn has(kept: &[&str], attribute: &str) -> bool {
    kept.iter()
        .any(|piece| piece.trim().eq_ignore_ascii_case(attribute))
}

type Attributes = &'static [&'static str];

/// What is dropped, by name, and added against one refusal.
fn of(refused: &Rejection, is_secure: bool) -> Option<(Attributes, Attributes)> {
    Some(match refused {
        Rejection::SecureOverInsecure => (&["Secure"], &[]),
        Rejection::PublicSuffix { .. }
        | Rejection::DomainMismatch { .. }
        | Rejection::DomainNotAscii
        | Rejection::HostPrefixDomain => (&["Domain"], &[]),
        Rejection::SameSiteCrossSite { .. } if is_secure => {
            (&["SameSite"], &["SameSite=None", "Secure"])
        }
        Rejection::SameSiteNoneInsecure
        | Rejection::SecurePrefix
        | Rejection::HostPrefixInsecure
        | Rejection::HttpPrefixInsecure
        | Rejection::PartitionedInsecure
            if is_secure =>
        {
            (&[], &["Secure"])
        }
        Rejection::HostPrefixPath => (&["Path"], &["Path=/"]),
        Rejection::Deviation(Deviation::HostPrefixLiteral) => (&["Path", "Domain"], &["Path=/"]),
        Rejection::HttpPrefixNotHttpOnly => (&[], &["HttpOnly"]),
        _ => return None,
    })
}
