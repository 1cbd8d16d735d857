//! The cookies of one partition of a site, in the order of their identity.

use std::mem;
use std::ops::RangeInclusive;
use std::sync::Arc;

use smallvec::{SmallVec, smallvec};

use crate::cookie::{Cookie, Expiry, Home, Identity, LastUse, by_labels};
use crate::host::CanonicalHost;
use crate::public_suffix::PublicSuffixList;
use crate::same_site::PartitionKey;
use crate::store::those_there;
use crate::timestamp::Timestamp;

/// Cookies in the order of their identity, in chunks: so many that in a large partition an insertion
/// moves few cookies, and that what has to go is found by looking into few chunks.
#[derive(Debug, Clone)]
pub(super) struct Partition {
    /// At least one; only the sole one may be empty.
    chunks: SmallVec<[Chunk; 1]>,
    len: usize,
    bounds: Bounds,
}

/// What no cookie of a partition is before: the expiry-time of one that is persistent, the last use of
/// any.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) next_expiry: Expiry,
    pub(super) last_use: LastUse,
}

impl Bounds {
    /// Of no cookie.
    const NONE: Self = Self {
        next_expiry: Expiry::NEVER,
        last_use: LastUse::NEVER,
    };
}

/// A run of cookies, and lower bounds of them: of the next expiry, and of the last use of an insecure and
/// of a secure-only one.
#[derive(Debug, Clone)]
struct Chunk {
    cookies: Vec<Cookie>,
    next_expiry: Expiry,
    insecure: LastUse,
    secure: LastUse,
}

/// What there is of an identity.
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

impl Chunk {
    fn new(cookies: Vec<Cookie>) -> Self {
        let mut chunk = Self {
            cookies,
            next_expiry: Expiry::NEVER,
            insecure: LastUse::NEVER,
            secure: LastUse::NEVER,
        };
        chunk.tighten();
        chunk
    }

    /// Raises the bounds to what they are.
    fn tighten(&mut self) {
        self.next_expiry = Expiry::NEVER;
        (self.insecure, self.secure) = (LastUse::NEVER, LastUse::NEVER);
        let cookies = mem::take(&mut self.cookies);
        for cookie in &cookies {
            self.lower(cookie);
        }
        self.cookies = cookies;
    }

    /// Lowers the bounds for a cookie.
    fn lower(&mut self, cookie: &Cookie) {
        self.next_expiry = self.next_expiry.min(cookie.expiry());
        let last_use = if cookie.secure_only() {
            &mut self.secure
        } else {
            &mut self.insecure
        };
        *last_use = (*last_use).min(cookie.last_use());
    }

    fn last_use_of(&self, secure_only: bool) -> &LastUse {
        if secure_only {
            &self.secure
        } else {
            &self.insecure
        }
    }
}

impl Default for Partition {
    fn default() -> Self {
        Self {
            chunks: smallvec![Chunk::new(Vec::new())],
            len: 0,
            bounds: Bounds::NONE,
        }
    }
}

impl Partition {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Cookie> {
        self.chunks.iter().flat_map(|chunk| &chunk.cookies)
    }

    pub(super) fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// The most cookies of a chunk: as many as there are chunks, where there are many.
    fn chunk_size(&self) -> usize {
        (2 * self.len.isqrt()).max(64)
    }

    /// The chunk and the place in it where a cookie stands, or would stand.
    fn locate(&self, identity: &Identity<'_>) -> (usize, Result<usize, usize>) {
        let begins_before = |chunk: &Chunk| {
            let first = chunk.cookies.first();
            first.is_some_and(|first| first.cmp_identity(identity).is_le())
        };
        let at = self.chunks[1..].partition_point(begins_before);
        let cookies = &self.chunks[at].cookies;
        (
            at,
            cookies.binary_search_by(|cookie| cookie.cmp_identity(identity)),
        )
    }

    pub(super) fn find(&self, identity: &Identity<'_>) -> Found<'_> {
        let (chunk, place) = self.locate(identity);
        let cookies = &self.chunks[chunk].cookies;
        let place = match place {
            Ok(place) => {
                let cookie = &cookies[place];
                return Found {
                    cookie: Some(cookie),
                    home: Some(cookie.home()),
                };
            }
            Err(place) => place,
        };
        // The cookies of a domain stand together, so that one of the neighbours is of it, if any is.
        let before = place.checked_sub(1).and_then(|before| cookies.get(before));
        let after = self.at_or_behind((chunk, place));
        let neighbour = before
            .into_iter()
            .chain(after)
            .find(|cookie| cookie.domain() == identity.domain);
        Found {
            cookie: None,
            home: neighbour.map(Cookie::home),
        }
    }

    /// The cookie at a place, or the next one where a chunk ends there.
    fn at_or_behind(&self, (chunk, place): (usize, usize)) -> Option<&Cookie> {
        let next_chunk = || self.chunks.get(chunk + 1)?.cookies.first();
        self.chunks[chunk].cookies.get(place).or_else(next_chunk)
    }

    /// Inserts a cookie, or puts it in the place of the one of its identity, which is returned.
    pub(super) fn put(&mut self, cookie: Cookie) -> Option<Cookie> {
        let (at, place) = self.locate(&cookie.identity());
        self.bounds.next_expiry = self.bounds.next_expiry.min(cookie.expiry());
        self.bounds.last_use = self.bounds.last_use.min(cookie.last_use());
        let chunk = &mut self.chunks[at];
        chunk.lower(&cookie);
        match place {
            Ok(place) => Some(mem::replace(&mut chunk.cookies[place], cookie)),
            Err(place) => {
                let cookies = &mut chunk.cookies;
                if cookies.len() == cookies.capacity() {
                    // Most sites have few cookies: a doubled room would stay empty.
                    cookies.reserve_exact((cookies.len() / 4).max(2));
                }
                cookies.insert(place, cookie);
                self.len += 1;
                self.split(at);
                None
            }
        }
    }

    fn split(&mut self, at: usize) {
        let size = self.chunk_size();
        let chunk = &mut self.chunks[at];
        if chunk.cookies.len() > size {
            let back = chunk.cookies.split_off(chunk.cookies.len() / 2);
            chunk.cookies.shrink_to_fit();
            chunk.tighten();
            self.chunks.insert(at + 1, Chunk::new(back));
        }
    }

    pub(super) fn remove(&mut self, identity: &Identity<'_>) -> Option<Cookie> {
        let (chunk, place) = self.locate(identity);
        Some(self.remove_at(chunk, place.ok()?))
    }

    fn remove_at(&mut self, at: usize, place: usize) -> Cookie {
        let removed = self.chunks[at].cookies.remove(place);
        self.len -= 1;
        self.shrink(at);
        removed
    }

    /// After a removal: no chunk is empty but a sole one, and small neighbours become one.
    fn shrink(&mut self, at: usize) {
        let small = self.chunk_size() / 4;
        let is_small = |chunk: &Chunk| chunk.cookies.len() < small;
        if self.len == 0 {
            *self = Self::default();
        } else if self.chunks[at].cookies.is_empty() {
            self.chunks.remove(at);
        } else if is_small(&self.chunks[at]) && self.chunks.get(at + 1).is_some_and(is_small) {
            let next = self.chunks.remove(at + 1);
            let chunk = &mut self.chunks[at];
            chunk.cookies.extend(next.cookies);
            chunk.tighten();
        }
    }

    /// The homes of the domains that there are.
    pub(super) fn homes(&self) -> impl Iterator<Item = &Arc<Home>> {
        let chunks = self.chunks.iter();
        let domains = chunks.flat_map(|chunk| by_home(&chunk.cookies));
        domains.map(|(home, _)| home)
    }

    /// Visits the cookies whose domain the host domain-matches, each slice of one domain.
    pub(super) fn visit_matched<'s>(
        &'s self,
        host: &CanonicalHost<'_>,
        visit: &mut impl FnMut(&'s Home, &'s [Cookie]),
    ) {
        if let [chunk] = &self.chunks[..] {
            for (home, cookies) in by_home(&chunk.cookies) {
                if host.has(home.domain()) {
                    visit(home, cookies);
                }
            }
            return;
        }
        // The shortest parent comes first here too.
        let first_domain_from = |domain| {
            let first = self.at_or_behind(self.begin_of(domain));
            first.map(Cookie::domain)
        };
        for domain in those_there(host.domains().rev(), first_domain_from, by_labels) {
            for cookies in self.of_domain(domain) {
                by_home(cookies).for_each(|(home, cookies)| visit(home, cookies));
            }
        }
    }

    /// The cookies of a domain, a slice from each chunk.
    pub(super) fn of_domain(&self, domain: &[u8]) -> impl Iterator<Item = &[Cookie]> + use<'_> {
        let (first, start) = self.begin_of(domain);
        let (last, end) = self.first_not(|cookie| by_labels(cookie.domain(), domain).is_le());
        let slices = (first..=last).map(move |at| {
            let cookies = &self.chunks[at].cookies;
            let from = if at == first { start } else { 0 };
            let to = if at == last { end } else { cookies.len() };
            &cookies[from..to]
        });
        slices.filter(|slice| !slice.is_empty())
    }

    /// The chunks that can have cookies of a domain, or all.
    fn chunks_of(&self, domain: Option<&[u8]>) -> RangeInclusive<usize> {
        let Some(domain) = domain else {
            return 0..=self.chunks.len() - 1;
        };
        let end = self.first_not(|cookie| by_labels(cookie.domain(), domain).is_le());
        self.begin_of(domain).0..=end.0
    }

    /// Where the cookies of a domain begin, or would.
    fn begin_of(&self, domain: &[u8]) -> (usize, usize) {
        self.first_not(|cookie| by_labels(cookie.domain(), domain).is_lt())
    }

    /// The chunk and the place in it of the first cookie that is not before.
    fn first_not(&self, is_before: impl Fn(&Cookie) -> bool) -> (usize, usize) {
        let begins_before = |chunk: &Chunk| chunk.cookies.first().is_some_and(&is_before);
        let at = self.chunks[1..].partition_point(begins_before);
        (at, self.chunks[at].cookies.partition_point(is_before))
    }

    /// Evicts the expired cookies of the chunk that has the next expiry, and raises that bound.
    pub(super) fn evict_next(&mut self, as_of: Timestamp, removed: &mut Vec<Cookie>) {
        let of_bound = |chunk: &Chunk| chunk.next_expiry == self.bounds.next_expiry;
        if let Some(at) = self.chunks.iter().position(of_bound) {
            let chunk = &mut self.chunks[at];
            let cookies = mem::take(&mut chunk.cookies).into_iter();
            let (expired, others) = cookies.partition(|cookie| cookie.is_expired(as_of));
            chunk.cookies = others;
            chunk.tighten();
            let expired: Vec<Cookie> = expired;
            self.len -= expired.len();
            removed.extend(expired);
            self.shrink(at);
        }
        let next = self.chunks.iter().map(|chunk| chunk.next_expiry).min();
        self.bounds.next_expiry = next.unwrap_or(Expiry::NEVER);
    }

    /// Removes the least recently used cookie, if it is the one that the bound speaks of, and raises that.
    pub(super) fn remove_least_used(&mut self) -> Option<Cookie> {
        let mut removed = None;
        let bound = self.bounds.last_use;
        let of_bound = |chunk: &Chunk| chunk.insecure == bound || chunk.secure == bound;
        if let Some(at) = self.chunks.iter().position(of_bound) {
            let chunk = &mut self.chunks[at];
            let mut cookies = chunk.cookies.iter();
            if let Some(place) = cookies.position(|cookie| cookie.last_use() == bound) {
                removed = Some(chunk.cookies.remove(place));
                self.len -= 1;
            }
            chunk.tighten();
            self.shrink(at);
        }
        let insecure = self.chunks.iter().map(|chunk| &chunk.insecure).min();
        let secure = self.chunks.iter().map(|chunk| &chunk.secure).min();
        let least = insecure.into_iter().chain(secure).min();
        self.bounds.last_use = least.copied().unwrap_or(LastUse::NEVER);
        removed
    }

    /// Removes the cookies of a domain that are beyond so many.
    pub(super) fn limit_domain(&mut self, domain: &[u8], limit: usize, removed: &mut Vec<Cookie>) {
        let count: usize = self.of_domain(domain).map(<[Cookie]>::len).sum();
        self.remove_excess(Some(domain), count.saturating_sub(limit), removed);
    }

    /// Removes the cookies that are beyond so many.
    pub(super) fn limit(&mut self, limit: usize, removed: &mut Vec<Cookie>) {
        self.remove_excess(None, self.len.saturating_sub(limit), removed);
    }

    /// Removes so many cookies, of a domain or of all. It is one after an insertion; where a policy with
    /// lower limits makes it many, they are sorted once.
    fn remove_excess(&mut self, domain: Option<&[u8]>, excess: usize, removed: &mut Vec<Cookie>) {
        if excess <= 1 {
            removed.extend((0..excess).filter_map(|_| self.remove_first(domain)));
            return;
        }
        let chunks = self.chunks_of(domain);
        let is_of_domain = |cookie: &Cookie| domain.is_none_or(|domain| cookie.domain() == domain);
        let order = |cookie: &Cookie| (cookie.secure_only(), cookie.last_use());
        let cookies = self.chunks[chunks.clone()]
            .iter()
            .flat_map(|chunk| &chunk.cookies);
        let of_domain = cookies.filter(|cookie| is_of_domain(cookie));
        let mut orders: Vec<(bool, LastUse)> = of_domain.map(order).collect();
        orders.sort_unstable();
        let first_to_stay = orders.get(excess);
        let goes = |cookie: &Cookie| {
            is_of_domain(cookie) && first_to_stay.is_none_or(|first| order(cookie) < *first)
        };
        for chunk in &mut self.chunks[chunks] {
            let cookies = mem::take(&mut chunk.cookies).into_iter();
            let (gone, stay): (Vec<Cookie>, Vec<Cookie>) = cookies.partition(goes);
            chunk.cookies = stay;
            chunk.tighten();
            self.len -= gone.len();
            removed.extend(gone);
        }
        self.chunks.retain(|chunk| !chunk.cookies.is_empty());
        if self.chunks.is_empty() {
            *self = Self::default();
        }
    }

    /// Removes the cookie that goes first, of a domain or of all: an insecure one, otherwise a secure-only
    /// one, and the least recently used of them.
    fn remove_first(&mut self, domain: Option<&[u8]>) -> Option<Cookie> {
        let insecure = self.least_used(domain, false);
        let (_, chunk, place) = insecure.or_else(|| self.least_used(domain, true))?;
        Some(self.remove_at(chunk, place))
    }

    /// The least recently used cookie that is secure-only or is not, of a domain or of all: its chunk and
    /// its place in that.
    fn least_used(
        &mut self,
        domain: Option<&[u8]>,
        secure_only: bool,
    ) -> Option<(LastUse, usize, usize)> {
        let fits = |cookie: &Cookie| {
            let is_of_domain = domain.is_none_or(|domain| cookie.domain() == domain);
            is_of_domain && cookie.secure_only() == secure_only
        };
        let chunks = self.chunks_of(domain);
        // The chunk with the least bound comes first: mostly it has the cookie, and no other can.
        let of_range = self.chunks[chunks.clone()].iter();
        let bounds = of_range.map(|chunk| chunk.last_use_of(secure_only));
        let first = *bounds.min()?;
        let begin = chunks
            .clone()
            .find(|at| *self.chunks[*at].last_use_of(secure_only) == first)?;
        let mut least: Option<(LastUse, usize, usize)> = None;
        for at in std::iter::once(begin).chain(chunks.filter(|at| *at != begin)) {
            let chunk = &mut self.chunks[at];
            let least_so_far = least.map_or(LastUse::NEVER, |(least, ..)| least);
            if least_so_far <= *chunk.last_use_of(secure_only) {
                continue;
            }
            chunk.tighten();
            for (place, cookie) in chunk.cookies.iter().enumerate() {
                let last_use = cookie.last_use();
                if fits(cookie) && least.is_none_or(|(least, ..)| last_use < least) {
                    least = Some((last_use, at, place));
                }
            }
        }
        least
    }
}

/// The cookies of each domain, and their home.
fn by_home(cookies: &[Cookie]) -> impl Iterator<Item = (&Arc<Home>, &[Cookie])> {
    let domains = cookies.chunk_by(|one, next| Arc::ptr_eq(one.home(), next.home()));
    domains.filter_map(|cookies| Some((cookies.first()?.home(), cookies)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cookie::Fields;
    use crate::set_cookie::SameSite;

    impl Partition {
        /// Checks what holds between two changes: the order, the chunks, and that bounds are bounds.
        pub(in crate::store) fn check(&self) {
            let cookies: Vec<&Cookie> = self.iter().collect();
            assert_eq!(self.len, cookies.len());
            let is_sole = self.chunks.len() == 1;
            assert!(is_sole || self.chunks.iter().all(|chunk| !chunk.cookies.is_empty()));
            for pair in cookies.windows(2) {
                assert!(
                    pair[0].cmp_identity(&pair[1].identity()).is_lt(),
                    "{pair:?}"
                );
                let is_of_one = pair[0].domain() == pair[1].domain();
                assert_eq!(
                    Arc::ptr_eq(pair[0].home(), pair[1].home()),
                    is_of_one,
                    "{pair:?}"
                );
            }
            for chunk in &self.chunks {
                for cookie in &chunk.cookies {
                    assert!(chunk.next_expiry <= cookie.expiry(), "{cookie:?}");
                    let last_use = chunk.last_use_of(cookie.secure_only());
                    assert!(*last_use <= cookie.last_use(), "{cookie:?}");
                }
                // An eviction looks for the chunk that has the bound, and raises that.
                assert!(self.bounds.next_expiry <= chunk.next_expiry);
                assert!(self.bounds.last_use <= chunk.insecure.min(chunk.secure));
            }
            if cookies.is_empty() {
                assert_eq!(self.bounds.next_expiry, Expiry::NEVER);
                assert_eq!(self.bounds.last_use, LastUse::NEVER);
            }
        }
    }

    fn home(domain: &str) -> Arc<Home> {
        let list = PublicSuffixList::embedded();
        Arc::new(Home::new(domain.as_bytes(), None, &list))
    }

    fn cookie(home: &Arc<Home>, number: usize) -> Cookie {
        let name = format!("{number:05}");
        let fields = Fields {
            name: name.as_bytes(),
            value: b"",
            domain: home.domain(),
            path: b"/",
            host_only: true,
            secure_only: false,
            http_only: false,
            same_site: SameSite::Default,
            partition: None,
            expiry_time: None,
            creation_time: None,
            last_access_time: None,
        };
        Cookie::new(&fields, Arc::clone(home), Timestamp::UNIX_EPOCH)
    }

    fn of(cookies: impl IntoIterator<Item = Cookie>) -> Partition {
        let mut partition = Partition::default();
        for cookie in cookies {
            assert!(partition.put(cookie).is_none());
        }
        partition.check();
        partition
    }

    /// Each in the order of the names, so that all but the last chunk are halves.
    #[test]
    fn large_chunks_are_split() {
        let home = home("shop.example");
        for (count, chunks) in [(64, 1), (65, 2), (96, 2), (97, 3), (1_024, 31), (4_096, 95)] {
            let partition = of((0..count).map(|number| cookie(&home, number)));
            assert_eq!(partition.chunks.len(), chunks, "{count}");
        }
    }

    #[test]
    fn small_neighbours_become_one() {
        let home = home("shop.example");
        // how many stay at the front and at the back, how many chunks there are then
        for (front, back, chunks) in [(15, 15, 1), (16, 15, 2), (15, 16, 2), (0, 1, 1), (1, 0, 1)] {
            let mut partition = of((0..65).map(|number| cookie(&home, number)));
            for number in (front..65 - back).rev() {
                let removed = partition.remove(&cookie(&home, number).identity());
                assert!(removed.is_some());
                partition.check();
            }
            assert_eq!(partition.chunks.len(), chunks, "{front} {back}");
        }
    }

    /// The cookies of a domain begin with a chunk, and some of it would stand before them.
    #[test]
    fn a_domain_is_found_across_chunks() {
        let (one, other) = (home("a.shop.example"), home("b.shop.example"));
        let of_one = (0..32).map(|number| cookie(&one, number));
        let of_other = (100..133).map(|number| cookie(&other, number));
        let partition = of(of_one.chain(of_other));
        assert_eq!(partition.chunks[1].cookies.len(), 33);
        for number in [99, 116, 133] {
            let found = partition.find(&cookie(&other, number).identity());
            assert_eq!(found.cookie.is_some(), number == 116, "{number}");
            let home = found.home.unwrap();
            assert!(Arc::ptr_eq(home, &other), "{number}");
        }
        let mut visited = Vec::new();
        let host = CanonicalHost::parse("b.shop.example").unwrap();
        partition.visit_matched(&host, &mut |_, cookies| visited.push(cookies.len()));
        assert_eq!(visited, [33]);
    }
}
