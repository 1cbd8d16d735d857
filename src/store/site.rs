//! The cookies of one site, in the order of their keys.

use std::cmp::Ordering;
use std::sync::Arc;
use std::{iter, mem};

use smallvec::{SmallVec, smallvec};

use crate::cookie::{Cookie, EvictionRank, Expiry, Home, Key, LastUse};
use crate::host::CanonicalHost;
use crate::public_suffix::PublicSuffixList;
use crate::same_site::PartitionKey;
use crate::timestamp::Timestamp;

/// Cookies in the order of their keys, in chunks: so many that in a large site an insertion moves few
/// cookies, and that what has to go is found by looking into few chunks. Most sites are one chunk.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    /// At least one; only the sole one may be empty.
    chunks: SmallVec<[Chunk; 1]>,
    pub(super) bounds: Bounds,
}

/// What none of some cookies is before. Where one of them was removed or sent meanwhile, all may be behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) next_expiry: Expiry,
    pub(super) last_use: LastUse,
}

#[derive(Debug, Clone)]
struct Chunk {
    cookies: Vec<Cookie>,
    bounds: Bounds,
    /// A bound too.
    first_rank: EvictionRank,
}

/// What there is of a key.
#[derive(Debug, Default)]
pub(crate) struct Found<'s> {
    /// The cookie.
    pub(crate) cookie: Option<&'s Cookie>,
    /// What the cookies of its domain share, if there are any.
    pub(crate) home: Option<&'s Arc<Home>>,
}

impl Found<'_> {
    /// The home of the domain, or a new one by this list.
    pub(crate) fn home_or_new(
        &self,
        domain: &[u8],
        partition: Option<&Arc<PartitionKey>>,
        list: &PublicSuffixList,
    ) -> Arc<Home> {
        let new_home = || Arc::new(Home::new(domain, partition.cloned(), list));
        self.home.map_or_else(new_home, Arc::clone)
    }
}

impl Bounds {
    /// Of no cookie.
    const NONE: Self = Self {
        next_expiry: Expiry::NEVER,
        last_use: LastUse::NEVER,
    };

    fn lower(&mut self, next_expiry: Expiry, last_use: LastUse) {
        self.next_expiry = self.next_expiry.min(next_expiry);
        self.last_use = self.last_use.min(last_use);
    }
}

impl Chunk {
    fn new(cookies: Vec<Cookie>) -> Self {
        let mut chunk = Self {
            cookies,
            bounds: Bounds::NONE,
            first_rank: EvictionRank::LAST,
        };
        chunk.tighten();
        chunk
    }

    /// Raises the bounds to what the cookies are.
    fn tighten(&mut self) {
        self.bounds = Bounds::NONE;
        self.first_rank = EvictionRank::LAST;
        for cookie in &self.cookies {
            self.bounds.lower(cookie.expiry(), cookie.last_use());
            self.first_rank = self.first_rank.min(cookie.eviction_rank());
        }
    }

    fn evict_expired(&mut self, as_of: Timestamp) -> Vec<Cookie> {
        let cookies = mem::take(&mut self.cookies).into_iter();
        let (expired, others) = cookies.partition(|cookie| cookie.is_expired(as_of));
        self.cookies = others;
        self.tighten();
        expired
    }
}

impl Default for Site {
    fn default() -> Self {
        Self {
            chunks: smallvec![Chunk::new(Vec::new())],
            bounds: Bounds::NONE,
        }
    }
}

impl Site {
    pub(super) fn is_empty(&self) -> bool {
        self.chunks[0].cookies.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        let lengths = self.chunks.iter().map(|chunk| chunk.cookies.len());
        lengths.sum()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Cookie> {
        self.chunks.iter().flat_map(|chunk| &chunk.cookies)
    }

    /// The chunk and the place in it of the first cookie that is not before, or of the end.
    fn position(&self, is_before: impl Fn(&Cookie) -> bool) -> (usize, usize) {
        let ends_before = |chunk: &Chunk| chunk.cookies.last().is_some_and(&is_before);
        let at = self.chunks[..self.chunks.len() - 1].partition_point(ends_before);
        (at, self.chunks[at].cookies.partition_point(is_before))
    }

    /// The cookies that are equal by an order with which theirs agrees: a slice from each chunk.
    fn equal(&self, order: impl Fn(&Cookie) -> Ordering) -> impl Iterator<Item = &[Cookie]> {
        let (first, start) = self.position(|cookie| order(cookie).is_lt());
        let (last, end) = self.position(|cookie| order(cookie).is_le());
        (first..=last).map(move |at| {
            let cookies = &self.chunks[at].cookies;
            let from = if at == first { start } else { 0 };
            let to = if at == last { end } else { cookies.len() };
            &cookies[from..to]
        })
    }

    /// The cookies of a domain in a partition.
    pub(super) fn of_domain(
        &self,
        partition: Option<&PartitionKey>,
        domain: &[u8],
    ) -> impl Iterator<Item = &[Cookie]> {
        self.equal(move |cookie| cookie.home().cmp_place(partition, domain))
    }

    /// The partitions that there are, each found behind the one before.
    pub(crate) fn partitions(&self) -> impl Iterator<Item = Option<&PartitionKey>> {
        let first = self.iter().next().map(Cookie::partition);
        iter::successors(first, |partition| {
            let (chunk, place) = self.position(|cookie| cookie.partition() <= *partition);
            let next = self.chunks[chunk].cookies.get(place)?;
            Some(next.partition())
        })
    }

    /// Visits the cookies whose domain the host domain-matches, each slice of one domain. Those of other
    /// partitions than these may be among them.
    pub(super) fn visit_matched<'s, 'k, P: IntoIterator<Item = Option<&'k PartitionKey>>>(
        &'s self,
        host: &CanonicalHost<'_>,
        partitions: impl FnOnce() -> P,
        visit: &mut impl FnMut(&'s [Cookie]),
    ) {
        if let [chunk] = &self.chunks[..] {
            let matched = by_home(&chunk.cookies).filter(|of| host.has(of[0].domain()));
            matched.for_each(visit);
            return;
        }
        for partition in partitions() {
            for domain in host.domains() {
                let slices = self.of_domain(partition, domain).flat_map(by_home);
                slices.for_each(&mut *visit);
            }
        }
    }

    pub(super) fn find(&self, key: &Key<'_>) -> Found<'_> {
        let (chunk, place) = self.position(|cookie| cookie.cmp_key(key).is_lt());
        let cookies = &self.chunks[chunk].cookies;
        let cookie = cookies.get(place);
        if let Some(cookie) = cookie.filter(|cookie| cookie.cmp_key(key).is_eq()) {
            return Found {
                cookie: Some(cookie),
                home: Some(cookie.home()),
            };
        }
        // The cookies of a domain stand together, so that one of the neighbours is of it, if any is.
        let chunks_before = self.chunks[..chunk].iter().flat_map(|chunk| &chunk.cookies);
        let before = chunks_before.chain(&cookies[..place]).next_back();
        let (partition, identity) = key;
        let mut homes = before.into_iter().chain(cookie).map(Cookie::home);
        Found {
            cookie: None,
            home: homes.find(|home| home.cmp_place(*partition, identity.domain).is_eq()),
        }
    }

    /// Inserts a cookie, or puts it in the place of the one of its key, which is returned.
    pub(super) fn put(&mut self, cookie: Cookie) -> Option<Cookie> {
        let (at, place) = self.position(|other| other.cmp_stored(&cookie).is_lt());
        let chunk = &mut self.chunks[at];
        self.bounds.lower(cookie.expiry(), cookie.last_use());
        chunk.bounds.lower(cookie.expiry(), cookie.last_use());
        chunk.first_rank = chunk.first_rank.min(cookie.eviction_rank());
        let cookies = &mut chunk.cookies;
        let old = cookies.get_mut(place);
        if let Some(old) = old.filter(|old| old.cmp_stored(&cookie).is_eq()) {
            return Some(mem::replace(old, cookie));
        }
        if cookies.len() == cookies.capacity() {
            // Most sites have few cookies: a doubled room would stay empty.
            cookies.reserve_exact((cookies.len() / 4).max(2));
        }
        cookies.insert(place, cookie);
        self.split(at);
        None
    }

    /// Splits a chunk that has more cookies than there are chunks, where those are many.
    fn split(&mut self, at: usize) {
        let length = self.chunks[at].cookies.len();
        if length > 64 && length > 2 * self.len().isqrt() {
            let back = self.chunks[at].cookies.split_off(length / 2);
            self.chunks[at].cookies.shrink_to_fit();
            self.chunks[at].tighten();
            self.chunks.insert(at + 1, Chunk::new(back));
        }
    }

    pub(super) fn remove(&mut self, key: &Key<'_>) -> Option<Cookie> {
        let position = self.position(|cookie| cookie.cmp_key(key).is_lt());
        let found = self.chunks[position.0].cookies.get(position.1)?;
        let is_it = found.cmp_key(key).is_eq();
        is_it.then(|| self.remove_at(position))
    }

    /// Removes the cookie at a position. The bounds may stay behind.
    fn remove_at(&mut self, (chunk, place): (usize, usize)) -> Cookie {
        let removed = self.chunks[chunk].cookies.remove(place);
        if self.chunks[chunk].cookies.is_empty() {
            self.settle();
        }
        removed
    }

    /// After cookies were removed: no chunk is empty but a sole one, and the bounds are those of the chunks.
    fn settle(&mut self) {
        self.chunks.retain(|chunk| !chunk.cookies.is_empty());
        self.bounds = Bounds::NONE;
        for Chunk { bounds, .. } in &self.chunks {
            self.bounds.lower(bounds.next_expiry, bounds.last_use);
        }
        if self.chunks.is_empty() {
            self.chunks.push(Chunk::new(Vec::new()));
        }
    }

    /// Evicts the cookies that have expired.
    pub(super) fn evict_expired(&mut self, as_of: Timestamp) -> Vec<Cookie> {
        let mut evicted = Vec::new();
        if self.bounds.next_expiry.time < as_of {
            let chunks = self.chunks.iter_mut();
            let chunks = chunks.filter(|chunk| chunk.bounds.next_expiry.time < as_of);
            evicted.extend(chunks.flat_map(|chunk| chunk.evict_expired(as_of)));
            self.settle();
        }
        evicted
    }

    /// Evicts the least recently used cookie, if it is the one that the bound speaks of, and raises that.
    pub(super) fn evict_least_used(&mut self) -> Vec<Cookie> {
        let bound = self.bounds.last_use;
        let mut evicted = Vec::new();
        let mut chunks = self.chunks.iter_mut();
        if let Some(chunk) = chunks.find(|chunk| chunk.bounds.last_use == bound) {
            let mut cookies = chunk.cookies.iter();
            let place = cookies.position(|cookie| cookie.last_use() == bound);
            evicted.extend(place.map(|place| chunk.cookies.remove(place)));
            chunk.tighten();
        }
        self.settle();
        evicted
    }

    /// Where more cookies than `limit` are equal by an order, evicts so many of them that `left` are left.
    pub(super) fn evict_excess(
        &mut self,
        order: impl Fn(&Cookie) -> Ordering,
        limit: usize,
        left: usize,
    ) -> Vec<Cookie> {
        let count: usize = self.equal(&order).map(<[Cookie]>::len).sum();
        let excess = if count > limit { count - left } else { 0 };
        let evicted = (0..excess).filter_map(|_| self.evict_first(&order));
        evicted.collect()
    }

    /// Evicts the first by rank of the cookies that are equal by an order.
    fn evict_first(&mut self, order: impl Fn(&Cookie) -> Ordering) -> Option<Cookie> {
        let (begin, _) = self.position(|cookie| order(cookie).is_lt());
        let (end, _) = self.position(|cookie| order(cookie).is_le());
        // The chunk with the first bound is looked at first: mostly it has the cookie, and no other can.
        let likely = (begin..=end).min_by_key(|at| self.chunks[*at].first_rank);
        let mut first: Option<(EvictionRank, (usize, usize))> = None;
        for at in likely.into_iter().chain(begin..=end) {
            let chunk = &mut self.chunks[at];
            if first.is_none_or(|(first, _)| chunk.first_rank < first) {
                chunk.tighten();
                for (place, cookie) in chunk.cookies.iter().enumerate() {
                    let rank = cookie.eviction_rank();
                    if first.is_none_or(|(first, _)| rank < first) && order(cookie).is_eq() {
                        first = Some((rank, (at, place)));
                    }
                }
            }
        }
        let (_, position) = first?;
        Some(self.remove_at(position))
    }
}

/// The cookies of each domain.
fn by_home(cookies: &[Cookie]) -> impl Iterator<Item = &[Cookie]> {
    cookies.chunk_by(|one, next| Arc::ptr_eq(one.home(), next.home()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cookie::Fields;

    impl Site {
        /// Checks what holds between two changes: the order, the chunks, and that bounds are bounds.
        pub(in crate::store) fn check(&self) {
            let cookies: Vec<&Cookie> = self.iter().collect();
            let is_sole = self.chunks.len() == 1;
            assert!(is_sole || self.chunks.iter().all(|chunk| !chunk.cookies.is_empty()));
            for pair in cookies.windows(2) {
                assert!(pair[0].cmp_key(&pair[1].key()).is_lt(), "{pair:?}");
                let is_of_one = pair[0]
                    .home()
                    .cmp_place(pair[1].partition(), pair[1].domain());
                assert_eq!(
                    Arc::ptr_eq(pair[0].home(), pair[1].home()),
                    is_of_one.is_eq(),
                    "{pair:?}"
                );
            }
            for chunk in &self.chunks {
                for cookie in &chunk.cookies {
                    check_bounds(chunk.bounds, cookie.expiry(), cookie.last_use());
                    assert!(chunk.first_rank <= cookie.eviction_rank(), "{cookie:?}");
                }
                let Bounds {
                    next_expiry,
                    last_use,
                } = chunk.bounds;
                check_bounds(self.bounds, next_expiry, last_use);
            }
            if cookies.is_empty() {
                assert_eq!(self.bounds, Bounds::NONE);
            }
        }
    }

    fn check_bounds(bounds: Bounds, next_expiry: Expiry, last_use: LastUse) {
        assert!(bounds.next_expiry <= next_expiry && bounds.last_use <= last_use);
    }

    fn home(domain: &str) -> Arc<Home> {
        let list = PublicSuffixList::embedded();
        Arc::new(Home::new(domain.as_bytes(), None, &list))
    }

    fn cookie(home: &Arc<Home>, number: usize) -> Cookie {
        let name = format!("{number:05}");
        let built = Cookie::builder(name, "", "");
        let fields = Fields {
            domain: home.domain(),
            ..built.fields.borrowed()
        };
        Cookie::new(&fields, Arc::clone(home), Timestamp::UNIX_EPOCH)
    }

    fn of(cookies: impl IntoIterator<Item = Cookie>) -> Site {
        let mut site = Site::default();
        for cookie in cookies {
            assert!(site.put(cookie).is_none());
        }
        site.check();
        site
    }

    /// Each in the order of the names, so that all but the last chunk are halves.
    #[test]
    fn large_chunks_are_split() {
        let home = home("shop.example");
        for (count, chunks) in [
            (64, 1),
            (65, 2),
            (96, 2),
            (97, 3),
            (1_024, 31),
            (1_090, 33),
            (1_091, 34),
            (4_096, 95),
        ] {
            let site = of((0..count).map(|number| cookie(&home, number)));
            assert_eq!(site.chunks.len(), chunks, "{count}");
        }
    }

    #[test]
    fn little_room_is_kept_for_more_cookies() {
        let home = home("shop.example");
        for count in 1..=64 {
            let site = of((0..count).map(|number| cookie(&home, number)));
            let room = site.chunks[0].cookies.capacity() - count;
            assert!(room <= (count / 4).max(2), "{count} {room}");
        }
    }

    #[test]
    fn chunks_without_cookies_go() {
        // how many stay at the front and at the back, how many chunks there are then
        for (front, back, chunks) in [(1, 1, 2), (0, 33, 1), (32, 0, 1), (1, 0, 1), (0, 0, 1)] {
            let home = home("shop.example");
            let mut site = of((0..65).map(|number| cookie(&home, number)));
            for number in (front..65 - back).rev() {
                let removed = site.remove(&cookie(&home, number).key());
                assert!(removed.is_some());
                site.check();
            }
            assert_eq!(site.chunks.len(), chunks, "{front} {back}");
        }
    }

    /// The cookies of a domain begin with a chunk, and some of it would stand before them.
    #[test]
    fn a_domain_is_found_across_chunks() {
        let (one, other) = (home("a.shop.example"), home("b.shop.example"));
        let of_one = (0..32).map(|number| cookie(&one, number));
        let of_other = (100..133).map(|number| cookie(&other, number));
        let site = of(of_one.chain(of_other));
        assert_eq!(site.chunks[1].cookies.len(), 33);
        for number in [99, 116, 133] {
            let found = site.find(&cookie(&other, number).key());
            assert_eq!(found.cookie.is_some(), number == 116, "{number}");
            let home = found.home.unwrap();
            assert!(Arc::ptr_eq(home, &other), "{number}");
        }
        let mut lengths = Vec::new();
        let host = CanonicalHost::parse("b.shop.example").unwrap();
        site.visit_matched(&host, || site.partitions(), &mut |of| {
            lengths.push(of.len());
        });
        assert_eq!(lengths, [33]);
    }
}
