//! The cookies of one domain and partition, in sending order.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasher as _;

use foldhash::quality::RandomState;

use crate::cookie::{Cookie, Identity, SendingOrder};

/// Cookies, each found by its place in sending order or by its identity.
///
/// Most domains have a few: those stand side by side, and to look at all of them is faster than any
/// index. Once there are many, no operation looks at all.
#[derive(Debug, Clone)]
pub(super) enum InOrder {
    Few(Vec<Cookie>),
    Many(Box<Many>),
}

/// As many are few.
const FEW: usize = 32;

#[derive(Debug, Clone, Default)]
pub(super) struct Many {
    cookies: BTreeMap<SendingOrder, Cookie>,
    /// Their places by a hash of their identities.
    places: BTreeSet<(u64, SendingOrder)>,
    hashes: RandomState,
}

impl Many {
    fn hash(&self, identity: Identity<'_>) -> u64 {
        self.hashes.hash_one(identity)
    }

    fn insert(&mut self, cookie: Cookie) {
        let (hash, place) = (self.hash(cookie.identity()), cookie.sending_order());
        self.places.insert((hash, place));
        self.cookies.insert(place, cookie);
    }

    fn remove(&mut self, place: SendingOrder) -> Option<Cookie> {
        let cookie = self.cookies.remove(&place)?;
        let hash = self.hash(cookie.identity());
        self.places.remove(&(hash, place));
        Some(cookie)
    }

    fn find(&self, identity: Identity<'_>) -> Option<&Cookie> {
        let hash = self.hash(identity);
        let from = (hash, SendingOrder::FIRST);
        let of_hash = self.places.range(from..).take_while(|(of, _)| *of == hash);
        of_hash
            .filter_map(|(_, place)| self.cookies.get(place))
            .find(|cookie| cookie.identity() == identity)
    }
}

impl Default for InOrder {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl InOrder {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Few(cookies) => cookies.len(),
            Self::Many(many) => many.cookies.len(),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Cookie> {
        let many = match self {
            Self::Few(_) => None,
            Self::Many(many) => Some(many.cookies.values()),
        };
        self.few().iter().chain(many.into_iter().flatten())
    }

    /// All of them where they are few; none otherwise.
    pub(super) fn few(&self) -> &[Cookie] {
        match self {
            Self::Few(cookies) => cookies,
            Self::Many(_) => &[],
        }
    }

    pub(super) fn get(&self, place: SendingOrder) -> Option<&Cookie> {
        match self {
            Self::Few(cookies) => cookies.get(position(cookies, place).ok()?),
            Self::Many(many) => many.cookies.get(&place),
        }
    }

    /// 5.7 step 23: the cookie of this identity.
    pub(super) fn find(&self, identity: Identity<'_>) -> Option<&Cookie> {
        match self {
            Self::Few(cookies) => cookies.iter().find(|cookie| cookie.identity() == identity),
            Self::Many(many) => many.find(identity),
        }
    }

    /// Adds a cookie of a new identity.
    pub(super) fn insert(&mut self, cookie: Cookie) {
        match self {
            Self::Few(cookies) if cookies.len() < FEW => {
                let (Ok(at) | Err(at)) = position(cookies, cookie.sending_order());
                if cookies.len() == cookies.capacity() {
                    // Not room for twice as many: in most domains there will never be more.
                    cookies.reserve_exact(match cookies.len() {
                        0 => 2,
                        1..8 => 3,
                        more => more / 2,
                    });
                }
                cookies.insert(at, cookie);
            }
            Self::Few(cookies) => {
                let mut many = Box::<Many>::default();
                for cookie in std::mem::take(cookies) {
                    many.insert(cookie);
                }
                many.insert(cookie);
                *self = Self::Many(many);
            }
            Self::Many(many) => many.insert(cookie),
        }
    }

    /// Puts a cookie in the place of the one of its identity and place, which it returns.
    pub(super) fn replace(&mut self, cookie: Cookie) -> Option<Cookie> {
        let place = cookie.sending_order();
        let old = match self {
            Self::Few(cookies) => {
                let at = position(cookies, place).ok()?;
                cookies.get_mut(at)
            }
            Self::Many(many) => many.cookies.get_mut(&place),
        };
        Some(std::mem::replace(old?, cookie))
    }

    pub(super) fn remove(&mut self, place: SendingOrder) -> Option<Cookie> {
        match self {
            Self::Few(cookies) => {
                let at = position(cookies, place).ok()?;
                Some(cookies.remove(at))
            }
            Self::Many(many) => many.remove(place),
        }
    }
}

/// Where a cookie stands in sending order, or would.
fn position(cookies: &[Cookie], place: SendingOrder) -> Result<usize, usize> {
    cookies.binary_search_by_key(&place, Cookie::sending_order)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;
    use crate::store::tests::cookie;

    fn numbered(insertion: u32) -> Cookie {
        let name = [b'a' + u8::try_from(insertion).unwrap()];
        cookie(&name, b"/", (DateTime::UNIX_EPOCH, insertion))
    }

    #[test]
    fn a_few_have_little_room_and_many_another_form() {
        let rooms = [2, 2, 5, 5, 5, 8, 8, 8, 12, 12, 12, 12, 18];
        let mut cookies = InOrder::default();
        for insertion in 0..33 {
            cookies.insert(numbered(insertion));
            match &cookies {
                InOrder::Few(few) => {
                    assert!(insertion < 32);
                    assert_eq!(cookies.few().len(), few.len());
                    if let Some(room) = rooms.get(insertion as usize) {
                        assert_eq!(few.capacity(), *room, "{insertion}");
                    }
                }
                InOrder::Many(many) => {
                    assert_eq!(insertion, 32);
                    assert!(cookies.few().is_empty());
                    let hash = |insertion| many.hash(numbered(insertion).identity());
                    assert_ne!(hash(0), hash(1));
                }
            }
        }
        assert!(matches!(cookies, InOrder::Many(_)));
    }

    proptest! {
        /// Few or many, they are as a plain list.
        #[test]
        fn equals_a_list(steps in prop::collection::vec((0..60_u8, 0..3_usize, 0..4_u8), 0..300)) {
            let mut cookies = InOrder::default();
            let mut list: Vec<Cookie> = Vec::new();
            for (insertion, (name, path, step)) in (0_u32..).zip(steps) {
                let path = [&b"/"[..], b"/a", b"/b/c"][path];
                let at = |list: &[Cookie]| {
                    list.iter().position(|known| known.name() == [name] && known.path() == path)
                };
                let found = cookies.find((&[name], path, true));
                prop_assert_eq!(found.is_some(), at(&list).is_some());
                let created = DateTime::from_timestamp((i64::from(name) * 7) % 60, 0).unwrap();
                match (at(&list), step) {
                    (None, _) => {
                        let new = cookie(&[name], path, (created, insertion));
                        list.push(new.clone());
                        list.sort_by_key(Cookie::sending_order);
                        cookies.insert(new);
                    }
                    (Some(at), 0) => {
                        let old = list.remove(at);
                        let removed = cookies.remove(old.sending_order()).unwrap();
                        prop_assert_eq!(removed.identity(), old.identity());
                        prop_assert!(cookies.remove(old.sending_order()).is_none());
                        prop_assert!(cookies.replace(old).is_none());
                    }
                    (Some(at), _) => {
                        let place = list[at].sending_order();
                        let new = cookie(&[name], path, place.creation);
                        prop_assert!(cookies.replace(new).is_some());
                        prop_assert_eq!(cookies.get(place).unwrap().identity(), list[at].identity());
                    }
                }
                prop_assert_eq!(cookies.len(), list.len());
                let places = cookies.iter().map(Cookie::sending_order);
                prop_assert!(places.eq(list.iter().map(Cookie::sending_order)));
            }
        }
    }
}
