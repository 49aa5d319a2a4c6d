//! Reads and sets the cookies of a page, for WebAssembly in a browser. The functions of this module accept only
//! declared cookies. To set a cookie, a function assigns the cookie to `document.cookie`. The function then reads
//! `document.cookie` again, to check that the browser stored the cookie.
//!
//! Scripts cannot access HttpOnly cookies. The functions of this module access Secure cookies only in a secure context.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

mod page;

use page::{CurrentPage, Page};

use crate::browser::request_match::path_matches;
use crate::cookie::declaration::{Cookie, ReadCookie, ScriptVisible, Spec, decode_raw};
use crate::cookie::error::{ReadError, SetError};
use crate::cookie::header_value::SetCookieHeader;
use crate::cookie::set_cookie::SetCookie;
use crate::jar::into_set_cookie::IntoSetCookie;
use crate::request::evidence::DecisionBasis;
use crate::request::scheme::Verdict;
use crate::wire::cookie::{self, Lookup};

/// Reads a cookie of the page. Returns `None` if the page does not have the cookie, for example because the page is
/// outside the cookie's path.
///
/// A call with an HttpOnly cookie does not compile. A `read_only` cookie must be declared with `http_only = false`.
///
/// # Errors
///
/// - [`Error::NoDocument`] if the program does not run in a page.
/// - [`Error::NotSecureContext`] if the cookie is Secure and the page is not a secure context.
/// - [`Error::Denied`] if scripts cannot access `document.cookie`.
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
    PageFuture::new(async { read(&CurrentPage::find().ok_or(Error::NoDocument)?) })
}

/// Sets a cookie. If the argument is a [`SetCookie::removal`], removes the cookie. The function then checks that the
/// browser stored or removed the cookie.
///
/// The argument has the same type as the argument of [`Cookies::set`](crate::Cookies::set), but the cookie must not be
/// HttpOnly. A page has no policy from which hardtack could read the domain. So if a cookie is declared with `domain =
/// policy`, set the cookie's domain with [`SetCookie::domain`].
///
/// A script sees the names and values of cookies, but not the cookies' attributes. So the function cannot detect every
/// cookie that the browser rejects. For example, the function returns `Ok` if the browser rejects the cookie but has an
/// older cookie with the same name and value.
///
/// # Errors
///
/// - [`Error::NoDocument`] if the program does not run in a page.
/// - [`Error::NotSecureContext`] if the cookie is Secure and the page is not a secure context.
/// - [`Error::OutsidePath`] if the page was loaded from outside the cookie's path.
/// - [`Error::Set`] if [`Cookies::set`](crate::Cookies::set) would return an error for the same cookie. In this case,
///   the function assigned no cookie.
/// - [`Error::Denied`] if scripts cannot access `document.cookie`.
/// - [`Error::Dropped`] if the browser did not store the cookie. The function also returns [`Error::Dropped`] if the
///   cookie has already expired.
/// - [`Error::Remains`] if the page still has a cookie of the same name after the function removed the cookie.
/// - [`Error::Read`] with [`ReadError::Ambiguous`] if the cookie was set, and the page has another cookie with the same
///   name and a different value.
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
    PageFuture::new(async { write(&CurrentPage::find().ok_or(Error::NoDocument)?, &cookie.into_set_cookie()) })
}

/// Removes a cookie. Then checks that the page has no cookie with the same name. The function also returns `Ok` if the
/// page never had the cookie.
///
/// The function removes the cookie with the declared `Path` and `Domain`. To remove a cookie with another path or
/// domain, build a [`SetCookie::removal`] with the path or domain, and pass the removal to [`set`].
///
/// # Errors
///
/// Returns the errors of [`set`].
///
/// ```
/// use hardtack::{Cookie, SetCookie, web};
///
/// #[derive(Cookie)]
/// #[cookie(http_only = false, path = "/shop", reason = "the page shows a count")]
/// struct Cart(u32);
///
/// async fn empty() -> Result<(), web::Error> {
///     web::remove::<Cart>().await?;
///     web::set(SetCookie::<Cart>::removal().path("/shop/sale")).await
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

/// The future of [`get`], [`set`] and [`remove`].
///
/// The functions of this module return a `PageFuture` and are not `async fn`, because rustc would report each error
/// about an `async fn` twice.
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

/// The error of [`get`], [`set`] and [`remove`]. The error contains the cookie's name, and never the cookie's value.
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
    /// The scripts of the document cannot access `document.cookie`.
    #[non_exhaustive]
    Denied {
        /// The cookie's name.
        cookie: &'static str,
    },
    /// The page was loaded from outside the cookie's path, so the page could not see the new cookie. The function
    /// assigned no cookie.
    ///
    /// The function compares the cookie's path with the URL from which the page was loaded. A call of `pushState` does
    /// not change the URL from which the page was loaded.
    #[non_exhaustive]
    OutsidePath {
        /// The cookie's name.
        cookie: &'static str,
        /// The cookie's path.
        path: String,
    },
    /// The cookie was assigned, but the page does not have the cookie.
    #[non_exhaustive]
    Dropped {
        /// The cookie's name.
        cookie: &'static str,
    },
    /// The function assigned a cookie that has expired, but the page still has a cookie of the same name.
    #[non_exhaustive]
    Remains {
        /// The cookie's name.
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
                "`{cookie}` is a Secure cookie, and this page is not a secure context (`isSecureContext` is false); \
                 serve the page, and every page that embeds it in a frame, over HTTPS"
            ),
            Error::Denied { cookie } => write!(
                f,
                "`{cookie}` was not accessed, because scripts cannot use `document.cookie` here; add \
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
                "after the removal of `{cookie}` the page still has a cookie of this name, with another path or \
                 domain; remove that cookie with `SetCookie::removal` and the setters `path` and `domain`"
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

fn read<T: ReadCookie>(page: &impl Page) -> Result<Option<T>, Error> {
    check_secure_context(page, &T::SPEC)?;
    let cookie = T::SPEC.name;
    if T::SPEC.seal.is_some() {
        // A page never has a key for signed or sealed cookies, because every visitor of the page could read the key.
        return Err(ReadError::NoKeyring { cookie }.into());
    }
    let visible = [page.cookies().ok_or(Error::Denied { cookie })?];
    match cookie::lookup(&visible, cookie) {
        Lookup::Missing => Ok(None),
        Lookup::Unique(raw) => match decode_raw(raw, T::SPEC.read_only).and_then(|text| T::read_value(&text)) {
            Ok(value) => Ok(Some(value)),
            Err(source) => Err(ReadError::Malformed { cookie, source }.into()),
        },
        Lookup::Conflicting => Err(ambiguous(cookie)),
    }
}

fn write<T: Cookie>(page: &impl Page, cookie: &SetCookie<T>) -> Result<(), Error> {
    check_secure_context(page, &T::SPEC)?;
    let header = cookie.to_header(Verdict::https(DecisionBasis::TlsConnection))?;
    assign(page, T::DECLARED.name, &header, cookie.is_removal())
}

/// Assigns the cookie to `document.cookie`, then checks that the browser stored or removed the cookie.
fn assign(
    page: &impl Page,
    cookie: &'static str,
    header: &SetCookieHeader,
    is_removal: bool,
) -> Result<(), Error> {
    let cookie_path = &header.identity.scope.path;
    let is_outside =
        |url: String| url_path(&url).is_some_and(|path| !path_matches(path.as_bytes(), cookie_path.as_bytes()));
    if cookie_path != "/" && page.loaded_url().is_some_and(is_outside) {
        return Err(Error::OutsidePath { cookie, path: cookie_path.clone().into_owned() });
    }
    page.assign_cookie(header.value.to_str().unwrap_or_default()).ok_or(Error::Denied { cookie })?;
    let visible = [page.cookies().ok_or(Error::Denied { cookie })?];
    let is_new = |value: &[u8]| value == header.encoded_value();
    match cookie::lookup(&visible, cookie) {
        Lookup::Missing if is_removal => Ok(()),
        Lookup::Unique(_) | Lookup::Conflicting if is_removal => Err(Error::Remains { cookie }),
        Lookup::Unique(value) if is_new(value) => Ok(()),
        Lookup::Conflicting if cookie::values(&visible, cookie).any(is_new) => Err(ambiguous(cookie)),
        Lookup::Missing | Lookup::Unique(_) | Lookup::Conflicting => Err(Error::Dropped { cookie }),
    }
}

/// Returns an error if the cookie is Secure and the page is not a secure context. Without a secure context, an attacker
/// on the network could have changed the page.
fn check_secure_context(page: &impl Page, spec: &Spec) -> Result<(), Error> {
    if spec.secure && !page.is_secure_context() {
        return Err(Error::NotSecureContext { cookie: spec.name });
    }
    Ok(())
}

/// Returns the path of an http or https URL. Returns `None` if the URL has another scheme, because the path of the URL
/// then does not decide which cookies the page has. For example, a page `about:srcdoc` has the cookies of the page that
/// embeds `about:srcdoc`.
fn url_path(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let path = rest.get(rest.find('/')?..)?;
    path.split(['?', '#']).next()
}

fn ambiguous(cookie: &'static str) -> Error {
    ReadError::Ambiguous { cookie }.into()
}

#[cfg(test)]
#[cfg(feature = "audit")]
mod tests {
    use core::future::Future;
    use core::pin::pin;
    use core::task::{Context, Poll, Waker};
    use core::time::Duration;
    use std::cell::{Cell, RefCell};
    use std::time::SystemTime;

    use hardtack_macros::Cookie;

    use super::{Error, Page, get, path_matches, read, remove, set, url_path, write};
    use crate::browser::store::{Stored, store};
    use crate::cookie::error::{ReadError, SetError};
    use crate::cookie::set_cookie::SetCookie;
    use crate::jar::into_set_cookie::IntoSetCookie;

    #[derive(Cookie, Debug, PartialEq)]
    #[cookie(http_only = false, reason = "a test")]
    struct Theme(String);

    #[derive(Cookie, Debug, PartialEq)]
    #[cookie(http_only = false, path = "/shop", domain = "example.com", reason = "a test")]
    struct Cart(u32);

    #[derive(Cookie, Debug, PartialEq)]
    #[cookie(http_only = false, domain = policy, reason = "a test")]
    struct Sso(String);

    #[derive(Cookie, Debug, PartialEq)]
    #[cookie(http_only = false, secure = false, reason = "a test")]
    struct Banner(bool);

    #[derive(Cookie, Debug, PartialEq)]
    #[cookie(name = "consent", http_only = false, read_only)]
    struct Consent(String);

    /// A simulated page of `https://www.example.com`, in a browser that stores cookies as 6265bis requires.
    struct FakePage {
        is_secure_context: Cell<bool>,
        path: &'static str,
        /// False if the browser does not give the page's URL to scripts.
        has_url: bool,
        /// False if reading `document.cookie` throws, and assigning `document.cookie` throws too.
        allows_cookies: bool,
        /// False if the browser drops every cookie that a script assigns.
        stores_cookies: Cell<bool>,
        stored: RefCell<Vec<Stored>>,
        /// The texts that the tested functions assigned to `document.cookie`.
        assigned: RefCell<Vec<String>>,
    }

    impl FakePage {
        fn new() -> FakePage {
            FakePage {
                is_secure_context: Cell::new(true),
                path: "/shop/7",
                has_url: true,
                allows_cookies: true,
                stores_cookies: Cell::new(true),
                stored: RefCell::default(),
                assigned: RefCell::default(),
            }
        }

        /// Stores a cookie from a `Set-Cookie` header, as if the server or a sibling host had sent the header.
        fn receive(&self, header: &str) {
            let new = store(header.as_bytes(), true, "www.example.com", "/", SystemTime::now()).unwrap();
            let mut stored = self.stored.borrow_mut();
            stored.retain(|old| !is_same_cookie(old, &new));
            if !new.is_removal() {
                stored.push(new);
            }
        }

        fn set(&self, cookie: impl IntoSetCookie) -> Result<(), Error> {
            write(self, &cookie.into_set_cookie())
        }
    }

    fn is_same_cookie(a: &Stored, b: &Stored) -> bool {
        (&a.name, &a.domain, &a.path) == (&b.name, &b.domain, &b.path)
    }

    impl Page for FakePage {
        fn is_secure_context(&self) -> bool {
            self.is_secure_context.get()
        }

        fn loaded_url(&self) -> Option<String> {
            self.has_url.then(|| format!("https://www.example.com{}?a=/b#c", self.path))
        }

        fn cookies(&self) -> Option<String> {
            let stored = self.stored.borrow();
            let visible = stored
                .iter()
                .filter(|cookie| !cookie.http_only && path_matches(self.path.as_bytes(), cookie.path.as_bytes()));
            let pairs: Vec<String> = visible.map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
            self.allows_cookies.then(|| pairs.join("; "))
        }

        fn assign_cookie(&self, text: &str) -> Option<()> {
            self.assigned.borrow_mut().push(text.to_owned());
            let is_secure = self.is_secure_context();
            if let Ok(new) = store(text.as_bytes(), is_secure, "www.example.com", self.path, SystemTime::now()) {
                // Scripts can neither set nor replace HttpOnly cookies.
                let replaces_http_only =
                    self.stored.borrow().iter().any(|old| old.http_only && is_same_cookie(old, &new));
                if self.stores_cookies.get() && !replaces_http_only && !new.http_only {
                    self.receive(text);
                }
            }
            self.allows_cookies.then_some(())
        }
    }

    /// Returns the output of a future that never waits.
    fn block_on<T>(future: impl Future<Output = T>) -> T {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => output,
            Poll::Pending => panic!("the future waits"),
        }
    }

    fn theme() -> Theme {
        Theme("dark".to_owned())
    }

    #[test]
    fn values_are_read_back_until_they_are_removed() {
        let page = FakePage::new();
        for text in
            ["dark", "", " ", "a; Path=/; Domain=evil.example", "\"q\"", "\r\n\0\t", "é\u{1f36a}\u{2028}", "%41=;,"]
        {
            page.set(Theme(text.to_owned())).unwrap();
            assert_eq!(read::<Theme>(&page).unwrap(), Some(Theme(text.to_owned())));
        }
        page.set(SetCookie::<Theme>::removal()).unwrap();
        assert_eq!(read::<Theme>(&page).unwrap(), None);
        page.set(SetCookie::<Theme>::removal()).unwrap();
        assert_eq!(page.assigned.borrow()[0], "__Host-theme=dark; Path=/; Secure; SameSite=Lax");
    }

    #[test]
    fn setters_change_the_assigned_text() {
        let page = FakePage::new();
        let hour = Duration::from_secs(3600);
        page.set(SetCookie::new(Cart(7)).max_age(hour).path("/shop/7").domain("www.example.com")).unwrap();
        assert_eq!(
            page.assigned.borrow()[..],
            ["__Secure-cart=7; Path=/shop/7; Domain=www.example.com; Max-Age=3600; Secure; SameSite=Lax"]
        );
        page.set(SetCookie::<Cart>::removal().path("/shop/7").domain("www.example.com")).unwrap();
        assert_eq!(read::<Cart>(&page).unwrap(), None);
    }

    #[test]
    fn secure_cookies_need_a_secure_context() {
        let page = FakePage::new();
        page.set(theme()).unwrap();
        page.is_secure_context.set(false);
        for refused in [page.set(theme()), page.set(SetCookie::<Theme>::removal()), read::<Theme>(&page).map(drop)] {
            assert!(matches!(refused, Err(Error::NotSecureContext { cookie: "__Host-theme" })), "{refused:?}");
        }
        assert_eq!(page.assigned.borrow().len(), 1);
        // The cookie `Banner` is not Secure, so the function also sets the cookie outside a secure context.
        page.set(Banner(true)).unwrap();
        assert_eq!(read::<Banner>(&page).unwrap(), Some(Banner(true)));
    }

    #[test]
    fn pages_outside_the_path_are_refused() {
        for (path, under) in [("/shop", true), ("/shop/7", true), ("/shopping", false), ("/", false), ("/Shop", false)]
        {
            let page = FakePage { path, ..FakePage::new() };
            let set = page.set(Cart(7));
            let removed = page.set(SetCookie::<Cart>::removal());
            if under {
                assert!(set.is_ok() && removed.is_ok(), "{path}");
                continue;
            }
            assert!(
                matches!(&set, Err(Error::OutsidePath { cookie: "__Secure-cart", path }) if path == "/shop"),
                "{path}"
            );
            assert!(matches!(removed, Err(Error::OutsidePath { .. })), "{path}");
            assert_eq!(page.assigned.borrow().len(), 0);
            assert_eq!(read::<Cart>(&page).unwrap(), None);
        }
    }

    #[test]
    fn pages_without_a_url_check_the_result_only() {
        let page = FakePage { has_url: false, ..FakePage::new() };
        page.set(Cart(7)).unwrap();
        page.set(SetCookie::<Cart>::removal()).unwrap();
        let page = FakePage { has_url: false, path: "/", ..FakePage::new() };
        assert!(matches!(page.set(Cart(7)), Err(Error::Dropped { .. })));
        page.set(SetCookie::<Cart>::removal()).unwrap();
        assert_eq!(page.stored.borrow().len(), 0);
    }

    #[test]
    fn only_http_urls_have_a_path() {
        for (url, path) in [
            ("https://www.example.com/", Some("/")),
            ("http://www.example.com:8080/shop/7?a=/b#/c", Some("/shop/7")),
            ("https://[::1]/a#b", Some("/a")),
            ("about:srcdoc", None),
            ("document", None),
            ("blob:https://www.example.com/1", None),
            ("file:///home", None),
            ("", None),
        ] {
            assert_eq!(url_path(url), path, "{url}");
        }
    }

    #[test]
    fn dropped_cookies_are_errors_without_values() {
        let page = FakePage::new();
        let dropped = |set: Result<(), Error>| {
            let error = set.unwrap_err();
            assert!(matches!(error, Error::Dropped { .. }), "{error:?}");
            assert!(!format!("{error} {error:?}").contains("s3cr3t"));
        };
        let secret = || Theme("s3cr3t".to_owned());
        dropped(page.set(SetCookie::new(Cart(7)).domain("elsewhere.example")));
        dropped(page.set(SetCookie::new(secret()).max_age(Duration::ZERO)));
        dropped(page.set(SetCookie::new(secret()).expires(SystemTime::UNIX_EPOCH)));
        page.stores_cookies.set(false);
        dropped(page.set(secret()));
        // If the page still has the older cookie with another value, the browser has dropped the new cookie.
        page.receive("__Host-theme=light; Secure; Path=/");
        dropped(page.set(secret()));
        page.receive("__Host-theme=s; Secure; Path=/; HttpOnly");
        page.stores_cookies.set(true);
        dropped(page.set(secret()));
    }

    #[test]
    fn second_cookie_of_the_name_is_an_error() {
        let page = FakePage::new();
        page.receive("__Secure-cart=8; Secure; Path=/; Domain=example.com");
        let ambiguous =
            |error: Error| matches!(error, Error::Read(ReadError::Ambiguous { cookie: "__Secure-cart", .. }));
        assert!(ambiguous(page.set(Cart(7)).unwrap_err()));
        assert!(ambiguous(read::<Cart>(&page).unwrap_err()));
        let remains = page.set(SetCookie::<Cart>::removal());
        assert!(matches!(remains, Err(Error::Remains { cookie: "__Secure-cart" })));
        page.set(SetCookie::<Cart>::removal().path("/")).unwrap();

        // If two cookies with the same name also have the same value, the result is not an error.
        page.receive("__Secure-cart=7; Secure; Path=/; Domain=example.com");
        page.set(Cart(7)).unwrap();
        assert_eq!(read::<Cart>(&page).unwrap(), Some(Cart(7)));

        // The browser drops the new cookie, and the page has two older cookies with the same name as the new cookie.
        let page = FakePage::new();
        page.receive("__Secure-cart=8; Secure; Path=/; Domain=example.com");
        page.receive("__Secure-cart=9; Secure; Path=/shop");
        page.stores_cookies.set(false);
        assert!(matches!(page.set(Cart(7)), Err(Error::Dropped { .. })));
    }

    #[test]
    fn invalid_cookies_are_not_assigned() {
        let page = FakePage::new();
        let large = page.set(Theme("x".repeat(5000)));
        assert!(matches!(large, Err(Error::Set(SetError::TooLarge { bytes: 5012, .. }))), "{large:?}");
        let no_domain = page.set(Sso("ada".to_owned())).unwrap_err();
        assert!(matches!(no_domain, Error::Set(SetError::Attribute { attribute: "domain", .. })));
        assert!(no_domain.to_string().ends_with("or give this cookie its own with `SetCookie::domain`"), "{no_domain}");
        assert!(matches!(page.set(SetCookie::<Sso>::removal()), Err(Error::Set(SetError::Attribute { .. }))));
        let path = page.set(SetCookie::new(Cart(7)).path("/; Domain=evil.example"));
        assert!(matches!(path, Err(Error::Set(SetError::Attribute { attribute: "path", .. }))));
        assert_eq!(page.assigned.borrow().len(), 0);

        page.set(SetCookie::new(Sso("ada".to_owned())).domain("example.com")).unwrap();
        assert_eq!(read::<Sso>(&page).unwrap(), Some(Sso("ada".to_owned())));
        page.set(SetCookie::<Sso>::removal().domain("example.com")).unwrap();
        assert_eq!(read::<Sso>(&page).unwrap(), None);
    }

    #[test]
    fn read_only_values_are_not_decoded() {
        let page = FakePage::new();
        page.receive("consent=a%20b; Path=/");
        assert_eq!(read::<Consent>(&page).unwrap(), Some(Consent("a%20b".to_owned())));
    }

    #[test]
    fn malformed_value_is_an_error() {
        let page = FakePage::new();
        page.receive("banner=perhaps; Path=/");
        let error = read::<Banner>(&page).unwrap_err();
        assert!(matches!(error, Error::Read(ReadError::Malformed { cookie: "banner", .. })));
        assert_eq!(error.to_string(), "the value of `banner` is malformed: expected `true` or `false`");
        assert!(std::error::Error::source(&error).is_none(), "`Display` already contains it");
    }

    #[test]
    fn inaccessible_document_cookie_is_an_error() {
        let page = FakePage { allows_cookies: false, ..FakePage::new() };
        for denied in [page.set(theme()), page.set(SetCookie::<Theme>::removal()), read::<Theme>(&page).map(drop)] {
            assert!(matches!(denied, Err(Error::Denied { cookie: "__Host-theme" })), "{denied:?}");
        }
    }

    #[test]
    fn without_a_browser_there_is_no_document() {
        for result in [
            block_on(get::<Theme>()).map(drop),
            block_on(get::<Consent>()).map(drop),
            block_on(set(theme())),
            block_on(remove::<Theme>()),
        ] {
            assert!(matches!(result, Err(Error::NoDocument)), "{result:?}");
        }
    }
}
