//! The domains of a partition, and the cookies of each.

use std::hash::BuildHasher as _;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use chrono::NaiveDate;
use foldhash::quality::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::{Entry, OccupiedEntry};
use smallvec::SmallVec;

use crate::cookie::{Cookie, Home, Identity, SendingOrder};
use crate::host::{CanonicalHost, Domain};
use crate::store::in_order::InOrder;

/// Domains, found by their octets.
#[derive(Debug, Clone, Default)]
pub(super) struct Domains {
    /// Each with its hash, so that no domain is looked at but the right one.
    table: HashTable<DomainCookies>,
    hashes: RandomState,
}

/// The most labels that a host of the DNS has; those of more are not looked up label by label.
const DNS_LABELS: usize = 127;

/// The most octets that a host of the DNS has. So many labels have more.
const DNS_OCTETS: usize = 253;

/// The domains that a host matches: mostly itself and one parent.
type Matched<'s> = SmallVec<[&'s DomainCookies; 4]>;

impl Domains {
    pub(super) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// In no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &DomainCookies> {
        self.table.iter()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut DomainCookies> {
        self.table.iter_mut()
    }

    pub(super) fn get(&self, domain: &[u8]) -> Option<&DomainCookies> {
        let hash = self.hash(domain);
        self.table.find(hash, |known| {
            if known.hash == hash {
                known.read_ahead();
            }
            known.is(hash, domain)
        })
    }

    pub(super) fn get_mut(&mut self, domain: &[u8]) -> Option<&mut DomainCookies> {
        let hash = self.hash(domain);
        self.table.find_mut(hash, |known| known.is(hash, domain))
    }

    /// The domain of this home; a new one, without cookies, where it is not known.
    pub(super) fn entry(&mut self, home: &Arc<Home>) -> OccupiedEntry<'_, DomainCookies> {
        let hash = self.hash(&home.domain);
        let is_known = |known: &DomainCookies| known.is(hash, &home.domain);
        match self.table.entry(hash, is_known, |known| known.hash) {
            Entry::Occupied(known) => known,
            Entry::Vacant(new) => new.insert(DomainCookies::new(hash, Arc::clone(home))),
        }
    }

    fn hash(&self, domain: &[u8]) -> u64 {
        self.hashes.hash_one(domain)
    }

    /// The domains that the host domain-matches.
    pub(super) fn matched_by(&self, host: &CanonicalHost<'_>) -> Matched<'_> {
        if is_deep(host) {
            // A look-up costs the octets of the domain, so one a label would be quadratic here.
            let matches = |known: &&DomainCookies| host.domain_matches(Domain(known.domain()));
            return self.iter().filter(matches).collect();
        }
        let hashed = |domain| (self.hash(domain), domain);
        let domains: SmallVec<[_; 8]> = host.domains().map(hashed).collect();
        self.read_ahead(domains.iter().map(|(hash, _)| *hash));
        let is_known = |(hash, domain)| self.table.find(hash, |known| known.is(hash, domain));
        domains.into_iter().filter_map(is_known).collect()
    }

    /// Looks at the domains that have these hashes, and at their cookies: they will be needed.
    ///
    /// In a large jar none of them is in a cache, and each would be waited for, one after the other. A
    /// processor waits for many at once as long as no branch depends on what has not come yet: hence one
    /// round for each step of the way.
    fn read_ahead(&self, hashes: impl Iterator<Item = u64>) {
        let of_hash = |hash| self.table.find(hash, |known| known.hash == hash);
        let domains: Matched<'_> = hashes.filter_map(of_hash).collect();
        for domain in &domains {
            black_box(domain.domain().len());
        }
        for domain in &domains {
            domain.read_ahead();
        }
        for cookie in domains.iter().flat_map(|domain| domain.few()) {
            black_box(cookie.ends());
        }
    }
}

/// Has the host more labels than any of the DNS? Most are too short for that, and need no count.
fn is_deep(host: &CanonicalHost<'_>) -> bool {
    host.octets().len() > DNS_OCTETS && host.domains().nth(DNS_LABELS).is_some()
}

/// The day by which a domain is noted among the expiries, if it is.
pub(super) type NotedDay = Option<NaiveDate>;

/// A domain of a partition, and the cookies that share it.
#[derive(Debug, Clone)]
pub(crate) struct DomainCookies {
    hash: u64,
    home: Arc<Home>,
    cookies: InOrder,
    secure_only: u32,
    is_rejected: Answer,
    pub(super) noted: NotedDay,
}

impl DomainCookies {
    fn new(hash: u64, home: Arc<Home>) -> Self {
        Self {
            hash,
            home,
            cookies: InOrder::default(),
            secure_only: 0,
            is_rejected: Answer::default(),
            noted: None,
        }
    }

    fn is(&self, hash: u64, domain: &[u8]) -> bool {
        self.hash == hash && self.domain() == domain
    }

    pub(crate) fn home(&self) -> &Arc<Home> {
        &self.home
    }

    pub(crate) fn domain(&self) -> &[u8] {
        &self.home.domain
    }

    /// All of them where they are few; none otherwise.
    pub(super) fn few(&self) -> &[Cookie] {
        self.cookies.few()
    }

    /// Looks at the cookies, which will be needed.
    fn read_ahead(&self) {
        for cookie in self.few() {
            black_box(cookie.facts());
        }
    }

    /// Whether the policy rejects the domain as a public suffix; it is asked once.
    pub(crate) fn is_rejected(&self, ask: impl FnOnce() -> bool) -> bool {
        self.is_rejected.get_or_ask(ask)
    }

    /// The policy has changed.
    pub(super) fn forget_rejected(&mut self) {
        self.is_rejected = Answer::default();
    }

    pub(super) fn len(&self) -> usize {
        self.cookies.len()
    }

    pub(super) fn has_secure_only(&self) -> bool {
        self.secure_only > 0
    }

    /// The cookies in sending order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Cookie> {
        self.cookies.iter()
    }

    pub(super) fn get(&self, place: SendingOrder) -> Option<&Cookie> {
        self.cookies.get(place)
    }

    /// 5.7 step 23: the cookie of this identity.
    pub(crate) fn find(&self, identity: Identity<'_>) -> Option<&Cookie> {
        self.cookies.find(identity)
    }

    pub(super) fn insert(&mut self, cookie: Cookie) {
        self.secure_only += u32::from(cookie.secure_only());
        self.cookies.insert(cookie);
    }

    pub(super) fn replace(&mut self, cookie: Cookie) -> Option<Cookie> {
        let is_secure_only = cookie.secure_only();
        let old = self.cookies.replace(cookie)?;
        match (old.secure_only(), is_secure_only) {
            (false, true) => self.secure_only += 1,
            (true, false) => self.secure_only -= 1,
            _ => {}
        }
        Some(old)
    }

    pub(super) fn remove(&mut self, place: SendingOrder) -> Option<Cookie> {
        let removed = self.cookies.remove(place)?;
        self.secure_only -= u32::from(removed.secure_only());
        Some(removed)
    }
}

/// Yes or no, once that was asked.
#[derive(Debug, Default)]
struct Answer(AtomicU8);

impl Answer {
    const NO: u8 = 1;
    const YES: u8 = 2;

    /// Relaxed, since nothing else is read by its order; two may ask at once, and hear the same.
    fn get_or_ask(&self, ask: impl FnOnce() -> bool) -> bool {
        match self.0.load(Ordering::Relaxed) {
            Self::NO => false,
            Self::YES => true,
            _ => {
                let answer = ask();
                let known = if answer { Self::YES } else { Self::NO };
                self.0.store(known, Ordering::Relaxed);
                answer
            }
        }
    }
}

impl Clone for Answer {
    fn clone(&self) -> Self {
        Self(AtomicU8::new(self.0.load(Ordering::Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_asked_for_once() {
        for expected in [false, true] {
            let answer = Answer::default();
            assert_eq!(answer.get_or_ask(|| expected), expected);
            assert_eq!(answer.get_or_ask(|| !expected), expected);
            assert_eq!(answer.clone().get_or_ask(|| !expected), expected);
        }
    }

    #[test]
    fn deep_with_more_labels_than_in_the_dns() {
        for (label, labels, expected) in [
            ("a", 3, false),
            ("a", 127, false),
            ("a", 128, true),
            ("a", 9999, true),
            ("label", 127, false),
        ] {
            let domain = vec![label; labels].join(".");
            let host = CanonicalHost::of_domain(Domain(domain.as_bytes()));
            assert_eq!(is_deep(&host), expected, "{label} {labels}");
        }
    }

    #[test]
    fn a_domain_is_known_by_its_octets_whatever_its_hash() {
        let home = |domain: &[u8]| {
            Arc::new(Home {
                domain: domain.into(),
                partition: None,
            })
        };
        let known = DomainCookies::new(7, home(b"a.example"));
        for (hash, domain, expected) in [
            (7, "a.example", true),
            (7, "b.example", false),
            (8, "a.example", false),
        ] {
            let is = known.is(hash, domain.as_bytes());
            assert_eq!(is, expected, "{hash} {domain}");
        }
        let mut domains = Domains::default();
        for domain in [&b"a.example"[..], b"b.example", b"a.example"] {
            assert_eq!(domains.entry(&home(domain)).get().domain(), domain);
            assert_eq!(domains.get(domain).unwrap().domain(), domain);
            assert_eq!(domains.get_mut(domain).unwrap().domain(), domain);
        }
        assert_eq!(domains.iter().count(), 2);
        assert!(domains.get(b"example").is_none());
        // Right with any hash, but as slow as a list with the same for all.
        assert_ne!(domains.hash(b"a.example"), domains.hash(b"b.example"));
    }
}
