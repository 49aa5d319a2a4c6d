//! The type `Family`, a view of the cookies of one family in a page. A family is declared with `keyed`.

use core::fmt;
use core::marker::PhantomData;

use hardtack_rules::family;

use super::page::{CurrentPage, Page};
use super::{Error, PageFuture, document};
use crate::cookie::declaration::{CookieFamily, Declaration, ScriptVisible};
use crate::cookie::overrides::Overrides;
use crate::jar::family::{checked_name, name, surplus};

/// Returns a view of a family of cookies. A declaration with `keyed` declares a family.
///
/// A call with an HttpOnly family does not compile.
///
/// ```
/// use hardtack::{Cookie, web};
///
/// /// The text that the user has not sent yet, one cookie for each form.
/// #[derive(Cookie)]
/// #[cookie(keyed, max_age = "1h", http_only = false, reason = "the page restores the text")]
/// struct Draft(String);
///
/// async fn restore(form: &str) -> Result<String, web::Error> {
///     let draft = web::family::<Draft>().get(form).await?;
///     Ok(draft.map(|Draft(text)| text).unwrap_or_default())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// // This test does not run in a page:
/// assert!(matches!(restore("contact").await, Err(web::Error::NoDocument)));
/// # }
/// ```
#[must_use]
pub fn family<T: CookieFamily + ScriptVisible>() -> Family<T> {
    Family { kind: PhantomData }
}

/// A view of the cookies of one family in the page. [`family`](family()) returns a `Family`.
///
/// The keys and the names are the same as on a server. See [`hardtack::Family`](crate::Family).
///
/// ```
/// use hardtack::{Cookie, SetError, web};
///
/// #[derive(Cookie)]
/// #[cookie(keyed, max_age = "1h", http_only = false, reason = "the page restores the text")]
/// struct Draft(String);
///
/// async fn forget_all() -> Result<(), web::Error> {
///     let drafts = web::family::<Draft>();
///     for form in drafts.keys().await? {
///         drafts.remove(&form).await?;
///     }
///     Ok(())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// // This test does not run in a page:
/// assert!(matches!(forget_all().await, Err(web::Error::NoDocument)));
/// assert_eq!(format!("{:?}", web::family::<Draft>()), r#"Family { name: "__Host-draft" }"#);
/// # }
/// ```
pub struct Family<T> {
    kind: PhantomData<fn() -> T>,
}

impl<T: CookieFamily + ScriptVisible> Family<T> {
    /// Reads the cookie with the key `key`. Returns `None` if the page does not have the cookie, or if the key is
    /// invalid. See [`web::get`](super::get).
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`web::get`](super::get).
    pub fn get<'a>(&self, key: &'a str) -> PageFuture<'a, Option<T::Value>>
    where
        T: 'a,
    {
        PageFuture::new(async move {
            let found: Option<T> = get_in(&CurrentPage::find().ok_or(Error::NoDocument)?, key).await?;
            Ok(found.map(T::into_inner))
        })
    }

    /// Sets the cookie with the key `key`. Then checks that the browser stored the cookie. See
    /// [`web::set`](super::set).
    ///
    /// If the page then has more than eight cookies of the family, the method also removes the oldest cookies. These
    /// are the first cookies in `document.cookie`. The method never removes the cookie with the key `key`.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Set`] with [`SetError::Key`](crate::SetError::Key) if the key is invalid. Also returns the same
    /// errors as [`web::set`](super::set).
    pub fn set<'a>(&self, key: &'a str, value: impl Into<T::Value>) -> PageFuture<'a, ()>
    where
        T: 'a,
    {
        let value = T::from_inner(value.into());
        PageFuture::new(async move { set_in(&CurrentPage::find().ok_or(Error::NoDocument)?, key, &value).await })
    }

    /// Removes the cookie with the key `key`. Then checks that the browser removed the cookie. See
    /// [`web::remove`](super::remove).
    ///
    /// # Errors
    ///
    /// Returns [`Error::Set`] with [`SetError::Key`](crate::SetError::Key) if the key is invalid. Also returns the same
    /// errors as [`web::set`](super::set).
    pub fn remove<'a>(&self, key: &'a str) -> PageFuture<'a, ()>
    where
        T: 'a,
    {
        PageFuture::new(async move { remove_in::<T>(&CurrentPage::find().ok_or(Error::NoDocument)?, key).await })
    }

    /// Returns the keys of the family, in the order of `document.cookie`. The result contains each key only once.
    ///
    /// # Errors
    ///
    /// Returns [`Error::NoDocument`], [`Error::NotSecureContext`] or [`Error::Denied`], as [`web::get`](super::get)
    /// does.
    pub fn keys<'a>(&self) -> PageFuture<'a, Vec<String>>
    where
        T: 'a,
    {
        PageFuture::new(async { keys_in::<T>(&CurrentPage::find().ok_or(Error::NoDocument)?).await })
    }
}

/// Shows the family's name.
impl<T: CookieFamily> fmt::Debug for Family<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Family").field("name", &T::DECLARED.name).finish()
    }
}

pub(super) async fn get_in<T: CookieFamily>(page: &impl Page, key: &str) -> Result<Option<T>, Error> {
    let mut found = None;
    if family::is_key(key) {
        document::find(page, Declaration::new::<T>(), &name::<T>(key), &mut found).await?;
    }
    Ok(found)
}

pub(super) async fn set_in<T: CookieFamily>(page: &impl Page, key: &str, value: &T) -> Result<(), Error> {
    let declaration = Declaration::new::<T>();
    document::write(page, declaration, checked_name::<T>(key)?, Some(value), &Overrides::NONE).await?;
    let keys = keys_in::<T>(page).await?;
    for old in surplus(&keys, |known| known == key) {
        // The browser has stored the new cookie, so the function does not check whether the browser removed the surplus
        // cookies. Perhaps a different host of the same site set the surplus cookies in a scope that the declaration
        // does not contain.
        document::assign(page, declaration, name::<T>(old), None, &Overrides::NONE).await?;
    }
    Ok(())
}

pub(super) async fn remove_in<T: CookieFamily>(page: &impl Page, key: &str) -> Result<(), Error> {
    document::write(page, Declaration::new::<T>(), checked_name::<T>(key)?, None, &Overrides::NONE).await
}

pub(super) async fn keys_in<T: CookieFamily>(page: &impl Page) -> Result<Vec<String>, Error> {
    document::family_keys(page, Declaration::new::<T>()).await
}
