//! The cookies that one request set or removed. A handler can change many cookies, for example all cookies of a family.
//! A list of many cookies has an index, so the cost of one change does not grow with the number of cookies.

use std::borrow::Cow;
use std::collections::HashMap;

use hardtack_rules::Seal;

use super::scopes::RepairReason;
use crate::clock;
use crate::cookie::declaration::Declaration;
use crate::cookie::header_value::SetCookieHeader;
use crate::cookie::scope::Identity;
use crate::cookie::{sealing, value};

/// A cookie that this request set or removed.
pub(super) struct PendingCookie {
    pub(super) declaration: Declaration,
    pub(super) header: SetCookieHeader,
    pub(super) change: Change,
    /// The strongest reason for a repair so far. `Removal` is stronger than `Set`: after `remove` and then `set`, the
    /// response still repairs all scopes that `remove` repairs. `repair` is `None` if the response repairs no scope.
    pub(super) repair: Option<RepairReason>,
}

pub(super) enum Change {
    Removed,
    Set {
        /// The value of a `sealed` cookie before the encryption. `sealed_text` is `None` for all other cookies, because
        /// their header contains the readable value.
        sealed_text: Option<Vec<u8>>,
        /// The time at which the cookie expires, in Unix seconds. `expires` is `None` if the handler did not choose a
        /// time.
        expires: Option<i64>,
    },
}

impl PendingCookie {
    /// Returns the text of the pending value, or `None` if the cookie is removed or has expired.
    pub(super) fn text(&self) -> Option<Cow<'_, str>> {
        let Change::Set { sealed_text, expires } = &self.change else { return None };
        if expires.is_some_and(|end| end <= clock::unix_seconds(clock::now())) {
            return None;
        }
        let raw = self.header.encoded_value();
        match (self.declaration.spec.seal, sealed_text) {
            (Some(Seal::Sealed), text) => {
                text.as_deref().and_then(|text| std::str::from_utf8(text).ok()).map(Cow::Borrowed)
            }
            (Some(Seal::Signed), _) => sealing::signed_text(raw),
            (None, _) => value::decode(raw),
        }
    }

    pub(super) fn is_removal(&self) -> bool {
        matches!(self.change, Change::Removed)
    }
}

/// The pending cookies, in the order of their last changes. Each identity is in the list at most once.
#[derive(Default)]
pub(super) struct PendingCookies {
    /// If the list has an index, a place becomes `None` when the cookie in this place is changed again or undone.
    places: Vec<Option<PendingCookie>>,
    /// The place of each cookie. A short list has no index, because a search in the list is then faster.
    index: Option<HashMap<Identity, usize>>,
}

impl PendingCookies {
    /// A list with more than `SHORT` places has an index.
    const SHORT: usize = 16;

    pub(super) fn is_empty(&self) -> bool {
        match &self.index {
            Some(index) => index.is_empty(),
            None => self.places.is_empty(),
        }
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &PendingCookie> {
        self.places.iter().flatten()
    }

    pub(super) fn get(&self, identity: &Identity) -> Option<&PendingCookie> {
        self.places.get(self.place(identity)?)?.as_ref()
    }

    /// Returns the `Set-Cookie` headers of the cookies, in the order of the last changes.
    pub(super) fn into_headers(self) -> Vec<SetCookieHeader> {
        let mut headers = Vec::with_capacity(self.places.len());
        for cookie in self.places.into_iter().flatten() {
            headers.push(cookie.header);
        }
        headers
    }

    /// Adds a cookie at the end of the list. Call [`take`](PendingCookies::take) first, to remove an earlier change of
    /// the same cookie.
    pub(super) fn push(&mut self, cookie: PendingCookie) {
        let is_sparse = |index: &HashMap<_, _>| self.places.len() > 2 * index.len().max(Self::SHORT);
        if self.index.as_ref().is_some_and(is_sparse) {
            // Most places are empty, because the same cookies were changed again and again.
            self.places.retain(Option::is_some);
            self.index = None;
        }
        if self.index.is_none() && self.places.len() >= Self::SHORT {
            let identities = self.iter().map(|cookie| cookie.header.identity.clone());
            self.index = Some(identities.zip(0..).collect());
        }
        if let Some(index) = &mut self.index {
            index.insert(cookie.header.identity.clone(), self.places.len());
        }
        if self.places.is_empty() {
            // Most responses change one cookie. Without this line, the list would reserve space for four cookies.
            self.places.reserve_exact(1);
        }
        self.places.push(Some(cookie));
    }

    /// Removes and returns the cookie with the identity.
    pub(super) fn take(&mut self, identity: &Identity) -> Option<PendingCookie> {
        let place = self.place(identity)?;
        match &mut self.index {
            Some(index) => {
                index.remove(identity);
                self.places.get_mut(place)?.take()
            }
            None => self.places.remove(place),
        }
    }

    fn place(&self, identity: &Identity) -> Option<usize> {
        match &self.index {
            Some(index) => index.get(identity).copied(),
            None => {
                let is_same = |cookie: &PendingCookie| cookie.header.identity == *identity;
                self.places.iter().position(|place| place.as_ref().is_some_and(is_same))
            }
        }
    }
}

impl IntoIterator for PendingCookies {
    type Item = PendingCookie;
    type IntoIter = std::iter::Flatten<std::vec::IntoIter<Option<PendingCookie>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.places.into_iter().flatten()
    }
}
