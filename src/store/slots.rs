//! Cookies in numbered slots.

use crate::cookie::Cookie;

/// The number of a cookie's slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CookieId(u32);

/// Slots of one allocation.
const CHUNK: usize = 1024;

/// In chunks, so that a large jar neither moves all its cookies when it grows, nor keeps room for as
/// many again.
#[derive(Debug, Clone, Default)]
pub(super) struct Slots {
    /// Full but for the last one.
    chunks: Vec<Vec<Option<Cookie>>>,
    free: Vec<CookieId>,
}

impl Slots {
    pub(super) fn len(&self) -> usize {
        self.slots() - self.free.len()
    }

    fn slots(&self) -> usize {
        let last = self.chunks.last().map_or(0, Vec::len);
        self.chunks.len().saturating_sub(1) * CHUNK + last
    }

    pub(super) fn get(&self, CookieId(slot): CookieId) -> Option<&Cookie> {
        let slot = slot as usize;
        self.chunks.get(slot / CHUNK)?.get(slot % CHUNK)?.as_ref()
    }

    fn get_mut(&mut self, CookieId(slot): CookieId) -> Option<&mut Option<Cookie>> {
        let slot = slot as usize;
        self.chunks.get_mut(slot / CHUNK)?.get_mut(slot % CHUNK)
    }

    pub(super) fn add(&mut self, cookie: Cookie) -> CookieId {
        if let Some(id) = self.free.pop() {
            self.replace(id, cookie);
            return id;
        }
        let id = CookieId(u32::try_from(self.slots()).unwrap_or(u32::MAX));
        match self.chunks.last_mut() {
            Some(last) if last.len() < CHUNK => last.push(Some(cookie)),
            // The first one grows with the jar: most jars are small.
            None => self.chunks.push(vec![Some(cookie)]),
            Some(_) => {
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push(Some(cookie));
                self.chunks.push(chunk);
            }
        }
        id
    }

    pub(super) fn replace(&mut self, id: CookieId, cookie: Cookie) -> Option<Cookie> {
        self.get_mut(id)?.replace(cookie)
    }

    pub(super) fn take(&mut self, id: CookieId) -> Option<Cookie> {
        let cookie = self.get_mut(id)?.take()?;
        self.free.push(id);
        Some(cookie)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (CookieId, &Cookie)> {
        let numbered = (0_u32..).map(CookieId).zip(self.chunks.iter().flatten());
        numbered.filter_map(|(id, cookie)| Some((id, cookie.as_ref()?)))
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Cookie> {
        self.chunks.iter_mut().flatten().flatten()
    }
}
