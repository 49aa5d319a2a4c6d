//! The type `Family`: reads, sets and removes the cookies of one family. A family is a cookie type with the key
//! `keyed`.

use core::fmt;
use core::marker::PhantomData;

use hardtack_rules::family;

use super::state::JarState;
use crate::cookie::declaration::{CookieFamily, CookieName, Declaration, ScriptVisible};
use crate::cookie::document::{DocumentCookie, document_cookie_in};
use crate::cookie::error::{ReadError, SetError};
use crate::cookie::overrides::Overrides;
use crate::request::scheme::{Https, Scheme};

/// The maximum number of cookies of one family that a browser should hold.
const MAX_COOKIES: usize = 8;

/// Reads, sets and removes the cookies of one family. [`Cookies::family`](crate::Cookies::family) returns a `Family`.
///
/// A family has several cookies of one type, such as one cookie for each sign-in attempt. The name of each cookie is
/// the declared name, then `.`, then a key. A key has 1 to 64 characters of `A-Z a-z 0-9 - _`. A browser holds at most
/// eight cookies of a family: [`set`](Family::set) removes the oldest cookies of a larger family.
///
/// ```
/// use hardtack::{Cookie, Cookies, testing};
///
/// /// The state of one sign-in attempt.
/// #[derive(Cookie, Debug, PartialEq)]
/// #[cookie(keyed, max_age = "10m")]
/// struct Flow(String);
///
/// let mut request = http::HeaderMap::new();
/// request.insert("cookie", "__Host-Http-flow.tab1=pkce1".parse().unwrap());
/// let cookies = Cookies::from_headers(&request, testing::https());
/// let flows = cookies.family::<Flow>();
/// flows.set("tab2", Flow("pkce2".into())).unwrap();
/// assert_eq!(flows.get("tab1"), Some(Flow("pkce1".into())));
/// assert_eq!(flows.keys(), ["tab1", "tab2"]);
///
/// flows.remove("tab1").unwrap();
/// let mut response = http::HeaderMap::new();
/// cookies.write(&mut response);
/// let headers: Vec<_> = response.get_all("set-cookie").iter().map(|header| header.to_str().unwrap()).collect();
/// assert!(headers[0].starts_with("__Host-Http-flow.tab1=; Path=/; Max-Age=0; "));
/// assert_eq!(headers[1], "__Host-Http-flow.tab2=pkce2; Path=/; Max-Age=600; Secure; HttpOnly; SameSite=Lax");
/// ```
pub struct Family<'a, T, S: Scheme = Https> {
    jar: &'a JarState,
    kind: PhantomData<fn() -> (T, S)>,
}

impl<'a, T: CookieFamily, S: Scheme> Family<'a, T, S> {
    pub(super) fn new(jar: &'a JarState) -> Self {
        Family { jar, kind: PhantomData }
    }

    /// Reads the cookie with the key `key`. Returns `None` if the cookie is absent, if the cookie cannot be read, or if
    /// the key is invalid. If the cookie cannot be read, emits an event. If this request already set the cookie, `get`
    /// returns the new value. If this request removed the cookie, `get` returns `None`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<T::Value> {
        self.try_get(key).ok().flatten()
    }

    /// Reads the cookie with the key `key`. Returns `None` if the cookie is absent, or if the key is invalid.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`Cookies::try_get`](crate::Cookies::try_get). The error contains the declared name
    /// without the key.
    pub fn try_get(&self, key: &str) -> Result<Option<T::Value>, ReadError> {
        if !family::is_key(key) {
            return Ok(None);
        }
        let mut found: Option<T> = None;
        self.jar.find(Declaration::new::<T>(), &name::<T>(key), &mut found)?;
        Ok(found.map(T::into_inner))
    }

    /// Sets the cookie with the key `key`. If the browser would then hold more than eight cookies of the family,
    /// removes the oldest cookies. The oldest cookies come first in the `Cookie` header.
    ///
    /// # Errors
    ///
    /// Returns [`SetError::Key`] if the key is invalid. Also returns the same errors as
    /// [`Cookies::set`](crate::Cookies::set).
    pub fn set(&self, key: &str, value: impl Into<T::Value>) -> Result<(), SetError> {
        let declaration = Declaration::new::<T>();
        let name = checked_name::<T>(key)?;
        self.jar.add(declaration, name, Some(&T::from_inner(value.into())), &Overrides::NONE)?;
        for old in self.jar.surplus_keys(declaration, MAX_COOKIES) {
            // Ignores the error, because the new cookie is already set. If another thread closes the jar now, the
            // browser holds too many cookies until the next `set`.
            let _ = self.jar.add(declaration, self::name::<T>(&old), None, &Overrides::NONE);
        }
        Ok(())
    }

    /// Removes the cookie with the key `key`.
    ///
    /// # Errors
    ///
    /// Returns [`SetError::Key`] if the key is invalid. Also returns the same errors as
    /// [`Cookies::set`](crate::Cookies::set).
    pub fn remove(&self, key: &str) -> Result<(), SetError> {
        self.jar.add(Declaration::new::<T>(), checked_name::<T>(key)?, None, &Overrides::NONE)
    }

    /// Removes every cookie of the family that the request carried or set.
    ///
    /// # Errors
    ///
    /// Returns the first error of [`remove`](Family::remove).
    pub fn remove_all(&self) -> Result<(), SetError> {
        self.keys().iter().map(|key| self.remove(key)).fold(Ok(()), Result::and)
    }

    /// Undoes each `set` and `remove` of this request for the cookie with the key `key`.
    pub fn undo(&self, key: &str) {
        if family::is_key(key) {
            self.jar.undo(Declaration::new::<T>(), &name::<T>(key));
        }
    }

    /// Returns the keys of the family. The keys in the `Cookie` header come first, in the order of the header. Then
    /// come the keys that this request set. The result contains each key once, but not the key of a cookie that this
    /// request removed.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        self.jar.family_keys(Declaration::new::<T>())
    }

    /// Returns the text that a script assigns to `document.cookie` to set the cookie with the key `key`.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`set`](Family::set), except `ResponseSent`.
    pub fn document_cookie(&self, key: &str, value: impl Into<T::Value>) -> Result<DocumentCookie, SetError>
    where
        T: ScriptVisible,
    {
        let declaration = Declaration::new::<T>();
        let context = self.jar.document_context(declaration.spec);
        document_cookie_in(declaration, &checked_name::<T>(key)?, &T::from_inner(value.into()), &context)
    }
}

/// Returns the keys of the cookies that a browser should no longer hold. `keys` contains all keys of the family, and
/// the oldest key is the first. The closure `is_new` returns true for a key that the program just set.
#[cfg(feature = "web")]
pub(crate) fn surplus(keys: &[String], is_new: impl Fn(&str) -> bool) -> impl Iterator<Item = &str> {
    let count = keys.len().saturating_sub(MAX_COOKIES);
    keys.iter().map(String::as_str).filter(move |key| !is_new(key)).take(count)
}

pub(crate) fn name<T: CookieFamily>(key: &str) -> CookieName {
    CookieName::in_family(T::DECLARED.name, key)
}

pub(crate) fn checked_name<T: CookieFamily>(key: &str) -> Result<CookieName, SetError> {
    if family::is_key(key) { Ok(name::<T>(key)) } else { Err(SetError::Key { cookie: T::DECLARED.name }) }
}

/// Shows the family's name and the keys. The `Debug` output never contains the value of a cookie.
impl<T: CookieFamily, S: Scheme> fmt::Debug for Family<'_, T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Family").field("name", &T::DECLARED.name).field("keys", &self.keys()).finish()
    }
}
