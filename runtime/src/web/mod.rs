//! Reads and sets the cookies of a page, for WebAssembly in a browser. The functions of this module accept only
//! declared cookies. After a function has set a cookie, the function reads the cookie again, to check that the browser
//! stored it. [`changes`] is a stream of the changes of one cookie.
//!
//! The functions use the browser's `cookieStore`. They use `document.cookie` in the following cases:
//!
//! - The browser has no `cookieStore`, or the page is not a secure context.
//! - The cookie is not Secure. `cookieStore` makes every cookie Secure.
//! - The cookie has a path without a `/` at the end, such as `/shop`, or `formerly` contains such a path. `cookieStore`
//!   of some browsers would store the path `/shop/`.
//! - The cookie is partitioned, or `formerly` contains a partitioned scope. Firefox would store an unpartitioned cookie.
//!
//! Scripts cannot access HttpOnly cookies. The functions of this module access Secure cookies only in a secure context.
//!
//! A page has no policy. So setting or removing a cookie that is declared with `domain = policy` returns
//! [`SetError::NoPolicy`]. The functions also cannot apply the policy's `base_path`, `former_cookie_domain` and
//! `former_base_path`.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

mod changes;
mod document;
mod family;
mod page;

pub use changes::{Change, Changes, changes};
pub use family::{Family, family};

use page::{CurrentPage, Page};

use crate::cookie::declaration::{Cookie, CookieName, Declaration, ReadCookie, ScriptVisible};
use crate::cookie::error::{ReadError, SetError};
use crate::cookie::set_cookie::SetCookie;
use crate::jar::into_set_cookie::IntoSetCookie;

/// Reads a cookie of the page. Returns `None` if the page does not have the cookie, for example because the page is
/// outside the cookie's path. Reading does not change the cookies of the page.
///
/// A call with an HttpOnly cookie does not compile. A `read_only` cookie must be declared with `http_only = false`.
///
/// If the page has no cookie with the present name, the function also looks for the earlier names from `formerly`. As
/// on a server, the function accepts the value of an earlier name only before the day `until`, and only if exactly one
/// cookie has the earlier name. In addition, the page must be inside the cookie's path. Outside the path, a script
/// cannot see whether the browser has a cookie with the present name. A script never sees an earlier cookie that is
/// HttpOnly.
///
/// # Errors
///
/// - [`Error::NoDocument`] if the program does not run in a page.
/// - [`Error::NotSecureContext`] if the cookie is Secure and the page is not a secure context.
/// - [`Error::Denied`] if scripts cannot access cookies.
/// - [`Error::Read`] if the cookie has several different values, or if the value is not valid for the type. On a
///   server, [`Cookies::try_get`](crate::Cookies::try_get) returns the same [`ReadError`].
///
/// ```
/// use hardtack::{Cookie, CookieValue, web};
///
/// #[derive(CookieValue)]
/// enum Colours { Light, Dark }
///
/// #[derive(Cookie)]
/// #[cookie(http_only = false, reason = "the page applies it before first paint")]
/// struct Theme(Colours);
///
/// async fn is_dark() -> Result<bool, web::Error> {
///     Ok(web::get::<Theme>().await?.is_some_and(|theme| matches!(theme.0, Colours::Dark)))
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// // This test does not run in a page:
/// assert!(matches!(is_dark().await, Err(web::Error::NoDocument)));
/// # let _ = Colours::Light;
/// # }
/// ```
pub fn get<'a, T: ReadCookie + ScriptVisible + 'a>() -> PageFuture<'a, Option<T>> {
    PageFuture::new(async { read(&CurrentPage::find().ok_or(Error::NoDocument)?).await })
}

/// Sets a cookie. If the argument is a [`SetCookie::removal`], removes the cookie. The function then checks that the
/// browser stored or removed the cookie.
///
/// The argument has the same type as the argument of [`Cookies::set`](crate::Cookies::set), but the cookie must not be
/// HttpOnly.
///
/// The function also removes earlier cookies, under the same conditions as [`Cookies::set`](crate::Cookies::set):
///
/// - If the page has a cookie with the present name, the function removes the cookie from the scopes that `formerly`
///   contains.
/// - If the page has a cookie with an earlier name, the function removes the earlier cookie.
/// - If the page has several cookies with the present name, or a value that cannot be read, the function also removes
///   host-only cookies with the present name. The removals use the declared path and the path `/`.
///
/// Scripts cannot remove HttpOnly cookies. To remove an earlier cookie that is HttpOnly, set or remove the cookie on a
/// server.
///
/// A script sees the names and values of cookies, but not the cookies' attributes. So the function cannot detect every
/// cookie that the browser rejects. For example, the function returns `Ok` if the browser rejects the cookie but
/// already has a cookie with the same name and value.
///
/// # Errors
///
/// - [`Error::NoDocument`] if the program does not run in a page.
/// - [`Error::NotSecureContext`] if the cookie is Secure and the page is not a secure context.
/// - [`Error::OutsidePath`] if the page was loaded from outside the cookie's path.
/// - [`Error::Set`] if [`Cookies::set`](crate::Cookies::set) would return an error for the same cookie. The function
///   also returns [`Error::Set`], with [`SetError::NoPolicy`], if the cookie is declared with `domain = policy`. In
///   both cases, the function assigned no cookie.
/// - [`Error::Denied`] if scripts cannot access cookies.
/// - [`Error::Dropped`] if the browser did not store the cookie. The function also returns [`Error::Dropped`] if the
///   cookie has already expired.
/// - [`Error::Remains`] if the function removed the cookie, but the page still has a cookie with the same name. The
///   function also returns [`Error::Remains`] if the page still has a cookie with an earlier name that [`get`] accepts.
/// - [`Error::Read`] with [`ReadError::Ambiguous`] if the function set the cookie, but the page also has a second
///   cookie with the same name and a different value.
///
/// ```
/// use hardtack::{Cookie, SetCookie, web};
///
/// #[derive(Cookie)]
/// #[cookie(http_only = false, max_age = "365d", reason = "the page applies it before first paint")]
/// struct Theme(String);
///
/// async fn choose(theme: &str, remember: bool) -> Result<(), web::Error> {
///     let theme = Theme(theme.into());
///     if remember {
///         web::set(theme).await
///     } else {
///         web::set(SetCookie::new(theme).without_max_age()).await
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// // This test does not run in a page:
/// assert!(matches!(choose("dark", false).await, Err(web::Error::NoDocument)));
/// # }
/// ```
pub fn set<'a, C: IntoSetCookie + ScriptVisible + 'a>(cookie: C) -> PageFuture<'a, ()> {
    PageFuture::new(async { write(&CurrentPage::find().ok_or(Error::NoDocument)?, &cookie.into_set_cookie()).await })
}

/// Removes a cookie. Then checks that the page has no cookie with the same name. The function also returns `Ok` if the
/// page never had the cookie.
///
/// The function removes the cookie from the declared scope, and from the scopes and names that `formerly` declares. The
/// day `until` has no effect on these removals. If the page has a cookie with the present name, the function also
/// removes host-only cookies with the present name. The removals use the declared path and the path `/`.
///
/// # Errors
///
/// Returns the same errors as [`set`].
///
/// ```
/// use hardtack::{Cookie, web};
///
/// /// An earlier release set the cookie with the path `/shop/sale`.
/// #[derive(Cookie)]
/// #[cookie(http_only = false, path = "/shop", formerly(path = "/shop/sale"), reason = "the page shows a count")]
/// struct Cart(u32);
///
/// async fn empty() -> Result<(), web::Error> {
///     web::remove::<Cart>().await
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// // This test does not run in a page:
/// assert!(matches!(empty().await, Err(web::Error::NoDocument)));
/// # }
/// ```
pub fn remove<'a, T: Cookie + ScriptVisible + 'a>() -> PageFuture<'a, ()> {
    set(SetCookie::<T>::removal())
}

/// The future of [`get`], [`set`], [`remove`] and the methods of [`Family`]. With `cookieStore`, the future waits for
/// the browser. So run the future with an executor for browsers, such as `wasm_bindgen_futures::spawn_local`.
///
/// The functions of this module are not `async fn`, because rustc would report each error about an `async fn` twice.
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct PageFuture<'a, T>(Pin<Box<dyn Future<Output = Result<T, Error>> + 'a>>);

impl<'a, T> PageFuture<'a, T> {
    fn new(future: impl Future<Output = Result<T, Error>> + 'a) -> Self {
        PageFuture(Box::pin(future))
    }
}

impl<T> Future for PageFuture<'_, T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(context)
    }
}

impl<T> fmt::Debug for PageFuture<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageFuture").finish_non_exhaustive()
    }
}

/// The error of [`get`], [`set`], [`remove`], [`changes`] and the methods of [`Family`]. The error contains the declared
/// name of the cookie, and never the cookie's value.
///
/// ```
/// use hardtack::{Cookie, web};
///
/// #[derive(Cookie)]
/// #[cookie(http_only = false, reason = "the page applies it before first paint")]
/// struct Theme(String);
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let error = web::set(Theme("dark".into())).await.unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "there is no document; call this function from a script of a page, not from a worker or a server",
/// );
/// # }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Error {
    /// The program runs in a worker or outside a browser, so no document exists.
    NoDocument,
    /// The cookie is Secure, and the page's `isSecureContext` is false. The function assigned no cookie.
    #[non_exhaustive]
    NotSecureContext {
        /// The cookie's name.
        cookie: &'static str,
    },
    /// The browser has no `cookieStore`, so [`changes`] cannot listen for changes.
    #[non_exhaustive]
    NoCookieStore {
        /// The cookie's name.
        cookie: &'static str,
    },
    /// The scripts of the document cannot access cookies.
    #[non_exhaustive]
    Denied {
        /// The cookie's name.
        cookie: &'static str,
    },
    /// The page was loaded from outside the cookie's path, so the page could not see the new cookie. The function
    /// assigned no cookie.
    ///
    /// The function compares the cookie's path with the URL from which the page was loaded. `pushState` does not change
    /// this URL.
    #[non_exhaustive]
    OutsidePath {
        /// The cookie's name.
        cookie: &'static str,
        /// The cookie's path.
        path: String,
    },
    /// The browser did not store the cookie, or `cookieStore` rejected the cookie.
    #[non_exhaustive]
    Dropped {
        /// The cookie's name.
        cookie: &'static str,
    },
    /// The function removed the cookie, but the page still has a cookie with the same name. Perhaps a different host of
    /// the same site set this cookie. To remove this cookie too, declare its scope with `formerly`.
    #[non_exhaustive]
    Remains {
        /// The cookie's name, or an earlier name from `formerly`.
        cookie: &'static str,
    },
    /// The cookie or its settings are invalid. [`Cookies::set`](crate::Cookies::set) would return the same error on a
    /// server. The function `set` of this module assigned no cookie.
    Set(SetError),
    /// The page has the cookie, but the function cannot read the cookie's value. To delete the cookie, call [`remove`].
    Read(ReadError),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NoDocument => f.write_str(
                "there is no document; call this function from a script of a page, not from a worker or a server",
            ),
            Error::NotSecureContext { cookie } => write!(
                f,
                "`{cookie}` was not accessed, because this page is not a secure context (`isSecureContext` is false); \
                 serve the page, and every page that embeds it in a frame, over HTTPS"
            ),
            Error::NoCookieStore { cookie } => write!(
                f,
                "this browser cannot report changes of `{cookie}`, because it has no `cookieStore`; read the cookie \
                 again when the page becomes visible"
            ),
            Error::Denied { cookie } => write!(
                f,
                "`{cookie}` was not accessed, because scripts cannot use cookies here; add \
                 `allow-same-origin` to the `sandbox` of the frame, and give no element the name `cookie`"
            ),
            Error::OutsidePath { cookie, path } => write!(
                f,
                "`{cookie}` has the path `{path}`, and this page was loaded from outside that path, so the result \
                 could not be checked; use a page under that path, or declare another `path`"
            ),
            Error::Dropped { cookie } => write!(
                f,
                "the browser did not store `{cookie}`; check whether cookies are blocked for this page, whether its \
                 `domain` covers the page's host, whether an HttpOnly cookie has the same name, and whether it has \
                 already expired"
            ),
            Error::Remains { cookie } => write!(
                f,
                "after the removal of `{cookie}` the page still has a cookie of this name, in a scope that the \
                 declaration does not name; add that scope to the declaration, as in `formerly(path = \"/\")` or \
                 `formerly(domain = \"example.com\")`"
            ),
            Error::Set(error) => error.fmt(f),
            Error::Read(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

impl From<SetError> for Error {
    fn from(error: SetError) -> Self {
        Error::Set(error)
    }
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        Error::Read(error)
    }
}

async fn read<T: ReadCookie>(page: &impl Page) -> Result<Option<T>, Error> {
    let declaration = Declaration::new::<T>();
    let mut found = None;
    document::find(page, declaration, &CookieName::declared(declaration), &mut found).await?;
    Ok(found)
}

async fn write<T: Cookie>(page: &impl Page, cookie: &SetCookie<T>) -> Result<(), Error> {
    let declaration = Declaration::new::<T>();
    document::write(page, declaration, CookieName::declared(declaration), cookie.value(), cookie.overrides()).await
}

#[cfg(test)]
#[cfg(all(feature = "audit", feature = "testing"))]
mod tests;
