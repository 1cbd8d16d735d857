//! Cookies in numbered slots.

use crate::cookie::Cookie;

/// The number of a cookie's slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CookieId(u32);

#[derive(Debug, Clone, Default)]
pub(super) struct Slots {
    pub(super) cookies: Vec<Option<Cookie>>,
    free: Vec<CookieId>,
}

impl Slots {
    pub(super) fn len(&self) -> usize {
        self.cookies.len() - self.free.len()
    }

    pub(super) fn get(&self, CookieId(slot): CookieId) -> Option<&Cookie> {
        self.cookies.get(slot as usize)?.as_ref()
    }

    pub(super) fn add(&mut self, cookie: Cookie) -> CookieId {
        let id = self.free.pop().unwrap_or_else(|| {
            self.cookies.push(None);
            CookieId(u32::try_from(self.cookies.len() - 1).unwrap_or(u32::MAX))
        });
        self.replace(id, cookie);
        id
    }

    pub(super) fn replace(&mut self, CookieId(slot): CookieId, cookie: Cookie) -> Option<Cookie> {
        self.cookies.get_mut(slot as usize)?.replace(cookie)
    }

    pub(super) fn take(&mut self, id: CookieId) -> Option<Cookie> {
        let cookie = self.cookies.get_mut(id.0 as usize)?.take()?;
        self.free.push(id);
        Some(cookie)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (CookieId, &Cookie)> {
        let numbered = (0_u32..).map(CookieId).zip(&self.cookies);
        numbered.filter_map(|(id, cookie)| Some((id, cookie.as_ref()?)))
    }
}
