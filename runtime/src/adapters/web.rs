//! The cookies of a page, from WebAssembly in its browser: declared cookies in, `document.cookie` read, written, and read
//! again to see what the browser made of it. Never touches an HttpOnly cookie, nor a Secure one outside a secure context.

use core::fmt;

use super::browser::{Browser, Page};
use crate::declare::{Cookie, ReadCookie, ScriptReadable, Spec};
use crate::error::{ReadError, Removal, SetError};
use crate::line::Line;
use crate::read::{self, Found};
use crate::scheme::{Ground, Verdict};
use crate::set_cookie::{IntoSetCookie, SetCookie};
use crate::store::path_matches;

/// Reads a cookie that the page sees; `None` where it sees none, as where it was loaded from outside the cookie's path.
///
/// Does not compile for an HttpOnly cookie. One that is `read_only` is read where it is declared `http_only = false`.
///
/// # Errors
///
/// [`Error::NoDocument`], [`Error::NotSecureContext`] for a Secure cookie, [`Error::Denied`], and as [`Error::Read`]
/// what [`Cookies::get`](crate::Cookies::get) says of a name with several values and of a value that is not the type's.
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
/// fn is_dark() -> Result<bool, web::Error> {
///     Ok(web::get::<Theme>()?.is_some_and(|theme| matches!(theme.0, Colours::Dark)))
/// }
///
/// // Outside a browser, as here:
/// assert!(matches!(is_dark(), Err(web::Error::NoDocument)));
/// # let _ = Colours::Light;
/// ```
pub fn get<T: ReadCookie + ScriptReadable>() -> Result<Option<T>, Error> {
    read(&Browser::open().ok_or(Error::NoDocument)?)
}

/// Sets a cookie, or removes one by its [`SetCookie::removal`], and makes sure that the browser did.
///
/// Takes what [`Cookies::set`](crate::Cookies::set) takes, as far as scripts see the cookie. A page has no policy: a
/// cookie that is declared `domain = environment` wants its [`SetCookie::domain`] here.
///
/// A script sees a cookie's name and value, never its attributes: where the browser keeps an earlier cookie of the same
/// name and value, and not this one, this returns `Ok`.
///
/// # Errors
///
/// [`Error::NoDocument`], [`Error::NotSecureContext`] for a Secure cookie, [`Error::OutsidePath`], and as [`Error::Set`]
/// what `Cookies::set` says of a value and its settings: nothing is written then. [`Error::Denied`].
/// [`Error::Dropped`] where the browser did not keep the cookie, which is so too when its life is already over;
/// [`Error::Remains`] where the page still sees one after a removal. As [`Error::Read`] a [`ReadError::Ambiguous`]: the
/// cookie is set, and the page sees another of its name beside it.
///
/// ```
/// use std::time::Duration;
/// use hardtack::{Cookie, SetCookie, web};
///
/// #[derive(Cookie)]
/// #[cookie(http_only = false, max_age = "365d", reason = "the page applies it before first paint")]
/// struct Theme(String);
///
/// fn choose(theme: &str, remember: bool) -> Result<(), web::Error> {
///     if remember {
///         web::set(Theme(theme.into()))
///     } else {
///         web::set(SetCookie::new(Theme(theme.into())).session())
///     }
/// }
///
/// assert!(matches!(choose("dark", false), Err(web::Error::NoDocument)));
/// ```
pub fn set<C: IntoSetCookie + ScriptReadable>(cookie: C) -> Result<(), Error> {
    write(&Browser::open().ok_or(Error::NoDocument)?, &cookie.into_set_cookie())
}

/// Removes a cookie, whether or not it is there, and makes sure that the page sees none of its name.
///
/// It removes the cookie of the declared Path and Domain; for one that was set elsewhere, [`set`] its
/// [`SetCookie::removal`] with the same settings.
///
/// # Errors
///
/// As [`set`].
///
/// ```
/// use hardtack::{Cookie, SetCookie, web};
///
/// #[derive(Cookie)]
/// #[cookie(http_only = false, path = "/shop", reason = "the page counts what is in it")]
/// struct Cart(u32);
///
/// fn empty() -> Result<(), web::Error> {
///     web::remove::<Cart>()?;
///     web::set(SetCookie::<Cart>::removal().path("/shop/sale"))
/// }
///
/// assert!(matches!(empty(), Err(web::Error::NoDocument)));
/// ```
pub fn remove<T: Cookie + ScriptReadable>() -> Result<(), Error> {
    set(SetCookie::<T>::removal())
}

/// Why a page's cookie was not read, set or removed.
///
/// ```
/// use hardtack::{Cookie, web};
///
/// #[derive(Cookie)]
/// #[cookie(http_only = false, reason = "the page applies it before first paint")]
/// struct Theme(String);
///
/// let error = web::set(Theme("dark".into())).unwrap_err();
/// assert_eq!(error.to_string(), "there is no document here; call it from a page's own script, not from a worker or a server");
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Error {
    /// There is no document: this is a worker, or no browser at all.
    NoDocument,
    /// The cookie is Secure and `isSecureContext` is false. Nothing was written.
    #[non_exhaustive]
    NotSecureContext {
        /// The cookie's name.
        cookie: &'static str,
    },
    /// The document gives its scripts no cookies.
    #[non_exhaustive]
    Denied {
        /// The cookie's name.
        cookie: &'static str,
    },
    /// The page was loaded from outside the cookie's path, so that it could not see what the browser made of it; what a
    /// script did to the address since does not count. Nothing was written.
    #[non_exhaustive]
    OutsidePath {
        /// The cookie's name.
        cookie: &'static str,
        /// The cookie's path.
        path: String,
    },
    /// The page wrote the cookie and does not see it.
    #[non_exhaustive]
    Dropped {
        /// The cookie's name.
        cookie: &'static str,
    },
    /// The page removed the cookie and still sees one of its name.
    #[non_exhaustive]
    Remains {
        /// The cookie's name.
        cookie: &'static str,
    },
    /// The cookie cannot be set as it is, in a page or elsewhere. Nothing was written.
    Set(SetError),
    /// The cookie is there and was not understood. Its removal is [`remove`].
    Read(ReadError),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NoDocument => f.write_str(
                "there is no document here; call it from a page's own script, not from a worker or a server",
            ),
            Error::NotSecureContext { cookie } => write!(
                f,
                "`{cookie}` is a Secure cookie, and this page is no secure context (`isSecureContext` is false); serve it, and \
                 each page that frames it, over HTTPS"
            ),
            Error::Denied { cookie } => write!(
                f,
                "`{cookie}` is out of reach: the document gives its scripts no cookies; a frame's `sandbox` must \
                 `allow-same-origin`, and no element may be named `cookie`"
            ),
            Error::OutsidePath { cookie, path } => write!(
                f,
                "`{cookie}` has the path `{path}`, and this page was loaded from outside it, so that it could not see whether \
                 the browser kept it; write it from a page that is loaded from under that path, or declare another"
            ),
            Error::Dropped { cookie } => write!(
                f,
                "the browser did not keep `{cookie}`; look whether cookies are off or blocked for this page, whether its \
                 `domain` covers the page's host, whether an HttpOnly cookie has its name, and whether its life is over"
            ),
            Error::Remains { cookie } => write!(
                f,
                "`{cookie}` is still there after its removal; one of another path or domain has its name: remove that one \
                 with `SetCookie::removal` and the setters `path` and `domain`"
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
    admit(page, &T::DECLARATION)?;
    let cookie = T::DECLARATION.name;
    if T::DECLARATION.seal.is_some() {
        // A page that had the key would give it to everybody.
        return Err(ReadError::NoKeyring { cookie }.into());
    }
    let seen = [page.cookies().ok_or(Error::Denied { cookie })?];
    match read::one(&seen, cookie) {
        Found::Nothing => Ok(None),
        Found::One(raw) => match read::text(raw, &T::DECLARATION).and_then(|text| T::read_value(&text)) {
            Ok(value) => Ok(Some(value)),
            Err(source) => Err(ReadError::Malformed { cookie, source, removal: Removal(None) }.into()),
        },
        Found::Different => Err(ambiguous(cookie)),
    }
}

fn write<T: Cookie>(page: &impl Page, cookie: &SetCookie<T>) -> Result<(), Error> {
    admit(page, &T::SPEC)?;
    let line = cookie.line(Verdict::https(Ground::TlsConnection))?;
    assign(page, &line, cookie.is_removal())
}

/// Writes a line and looks what became of it.
fn assign(page: &impl Page, line: &Line, removal: bool) -> Result<(), Error> {
    let cookie = line.name;
    let is_outside =
        |url: String| path_of(&url).is_some_and(|path| !path_matches(path.as_bytes(), line.path.as_bytes()));
    if line.path != "/" && page.address().is_some_and(is_outside) {
        return Err(Error::OutsidePath { cookie, path: line.path.clone().into_owned() });
    }
    page.assign(line.value.to_str().unwrap_or_default()).ok_or(Error::Denied { cookie })?;
    let seen = [page.cookies().ok_or(Error::Denied { cookie })?];
    let is_this = |value: &[u8]| value == line.wire_value().as_bytes();
    match read::one(&seen, cookie) {
        Found::Nothing if removal => Ok(()),
        Found::One(_) | Found::Different if removal => Err(Error::Remains { cookie }),
        Found::One(value) if is_this(value) => Ok(()),
        Found::Different if read::values(&seen, cookie).any(is_this) => Err(ambiguous(cookie)),
        Found::Nothing | Found::One(_) | Found::Different => Err(Error::Dropped { cookie }),
    }
}

/// A Secure cookie that is read or written where the page could be anybody's is nobody's.
fn admit(page: &impl Page, declared: &Spec) -> Result<(), Error> {
    if declared.secure && !page.is_secure() {
        return Err(Error::NotSecureContext { cookie: declared.name });
    }
    Ok(())
}

/// The path of a page's URL; `None` where it has another's cookies, as `about:srcdoc` has.
fn path_of(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let path = rest.get(rest.find('/')?..)?;
    path.split(['?', '#']).next()
}

fn ambiguous(cookie: &'static str) -> Error {
    ReadError::Ambiguous { cookie, removal: Removal(None) }.into()
}

#[cfg(test)]
mod tests {
    use core::time::Duration;
    use std::cell::{Cell, RefCell};
    use std::time::SystemTime;

    use hardtack_macros::Cookie;

    use super::{Error, Page, get, path_matches, path_of, read, remove, set, write};
    use crate::error::{ReadError, SetError};
    use crate::set_cookie::{IntoSetCookie, SetCookie};
    use crate::store::{Stored, take};

    #[derive(Cookie, Debug, PartialEq)]
    #[cookie(http_only = false, reason = "a test")]
    struct Theme(String);

    #[derive(Cookie, Debug, PartialEq)]
    #[cookie(http_only = false, path = "/shop", domain = "example.com", reason = "a test")]
    struct Cart(u32);

    #[derive(Cookie, Debug, PartialEq)]
    #[cookie(http_only = false, domain = environment, reason = "a test")]
    struct Sso(String);

    #[derive(Cookie, Debug, PartialEq)]
    #[cookie(http_only = false, secure = false, reason = "a test")]
    struct Banner(bool);

    #[derive(Cookie, Debug, PartialEq)]
    #[cookie(name = "consent", http_only = false, read_only)]
    struct Consent(String);

    /// A page at `https://www.example.com/shop/7`, and what its browser keeps, by the storage model of 6265bis.
    struct Site {
        is_secure: Cell<bool>,
        path: &'static str,
        /// Whether it tells its address.
        tells: bool,
        /// Whether `document.cookie` throws.
        denies: bool,
        keeps: Cell<bool>,
        jar: RefCell<Vec<Stored>>,
        written: RefCell<Vec<String>>,
    }

    impl Site {
        fn new() -> Site {
            Site {
                is_secure: Cell::new(true),
                path: "/shop/7",
                tells: true,
                denies: false,
                keeps: Cell::new(true),
                jar: RefCell::default(),
                written: RefCell::default(),
            }
        }

        /// Another host, or the server, sets a cookie.
        fn toss(&self, line: &str) {
            let new = take(line.as_bytes(), true, "www.example.com", "/", SystemTime::now()).unwrap();
            let mut jar = self.jar.borrow_mut();
            jar.retain(|old| (&old.name, &old.domain, &old.path) != (&new.name, &new.domain, &new.path));
            if !new.is_removal() {
                jar.push(new);
            }
        }

        fn set(&self, cookie: impl IntoSetCookie) -> Result<(), Error> {
            write(self, &cookie.into_set_cookie())
        }
    }

    impl Page for Site {
        fn is_secure(&self) -> bool {
            self.is_secure.get()
        }

        fn address(&self) -> Option<String> {
            self.tells.then(|| format!("https://www.example.com{}?a=/b#c", self.path))
        }

        fn cookies(&self) -> Option<String> {
            let jar = self.jar.borrow();
            let seen = jar
                .iter()
                .filter(|cookie| !cookie.http_only && path_matches(self.path.as_bytes(), cookie.path.as_bytes()));
            let pairs: Vec<String> = seen.map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
            (!self.denies).then(|| pairs.join("; "))
        }

        fn assign(&self, line: &str) -> Option<()> {
            self.written.borrow_mut().push(line.to_owned());
            let new = take(line.as_bytes(), self.is_secure(), "www.example.com", self.path, SystemTime::now());
            let is_same = |old: &Stored| {
                new.as_ref().is_ok_and(|new| (&old.name, &old.domain, &old.path) == (&new.name, &new.domain, &new.path))
            };
            let hidden = self.jar.borrow().iter().any(|old| is_same(old) && old.http_only);
            if self.keeps.get() && !hidden && new.is_ok_and(|new| !new.http_only) {
                self.toss(line);
            }
            (!self.denies).then_some(())
        }
    }

    fn theme() -> Theme {
        Theme("dark".to_owned())
    }

    #[test]
    fn what_is_set_comes_back_equal_and_a_removal_leaves_nothing() {
        let site = Site::new();
        for text in
            ["dark", "", " ", "a; Path=/; Domain=evil.example", "\"q\"", "\r\n\0\t", "é\u{1f36a}\u{2028}", "%41=;,"]
        {
            site.set(Theme(text.to_owned())).unwrap();
            assert_eq!(read::<Theme>(&site).unwrap(), Some(Theme(text.to_owned())));
        }
        site.set(SetCookie::<Theme>::removal()).unwrap();
        assert_eq!(read::<Theme>(&site).unwrap(), None);
        site.set(SetCookie::<Theme>::removal()).unwrap();
        assert_eq!(site.written.borrow()[0], "__Host-theme=dark; Path=/; Secure; SameSite=Lax");
    }

    #[test]
    fn setters_vary_what_is_written() {
        let site = Site::new();
        let hour = Duration::from_secs(3600);
        site.set(SetCookie::new(Cart(7)).max_age(hour).path("/shop/7").domain("www.example.com")).unwrap();
        assert_eq!(
            site.written.borrow()[..],
            ["__Secure-cart=7; Path=/shop/7; Domain=www.example.com; Max-Age=3600; Secure; SameSite=Lax"]
        );
        site.set(SetCookie::<Cart>::removal().path("/shop/7").domain("www.example.com")).unwrap();
        assert_eq!(read::<Cart>(&site).unwrap(), None);
    }

    #[test]
    fn outside_a_secure_context_a_secure_cookie_is_neither_written_nor_read() {
        let site = Site::new();
        site.set(theme()).unwrap();
        site.is_secure.set(false);
        for refused in [site.set(theme()), site.set(SetCookie::<Theme>::removal()), read::<Theme>(&site).map(drop)] {
            assert!(matches!(refused, Err(Error::NotSecureContext { cookie: "__Host-theme" })), "{refused:?}");
        }
        assert_eq!(site.written.borrow().len(), 1);
        // One that plain HTTP may carry.
        site.set(Banner(true)).unwrap();
        assert_eq!(read::<Banner>(&site).unwrap(), Some(Banner(true)));
    }

    #[test]
    fn a_path_that_the_page_is_not_under_is_refused_and_nothing_is_written() {
        for (path, under) in [("/shop", true), ("/shop/7", true), ("/shopping", false), ("/", false), ("/Shop", false)]
        {
            let site = Site { path, ..Site::new() };
            let set = site.set(Cart(7));
            let removed = site.set(SetCookie::<Cart>::removal());
            if under {
                assert!(set.is_ok() && removed.is_ok(), "{path}");
                continue;
            }
            assert!(
                matches!(&set, Err(Error::OutsidePath { cookie: "__Secure-cart", path }) if path == "/shop"),
                "{path}"
            );
            assert!(matches!(removed, Err(Error::OutsidePath { .. })), "{path}");
            assert_eq!(site.written.borrow().len(), 0);
            assert_eq!(read::<Cart>(&site).unwrap(), None);
        }
    }

    #[test]
    fn where_the_page_does_not_tell_its_address_the_read_back_alone_decides() {
        let site = Site { tells: false, ..Site::new() };
        site.set(Cart(7)).unwrap();
        site.set(SetCookie::<Cart>::removal()).unwrap();
        let site = Site { tells: false, path: "/", ..Site::new() };
        assert!(matches!(site.set(Cart(7)), Err(Error::Dropped { .. })));
        site.set(SetCookie::<Cart>::removal()).unwrap();
        assert_eq!(site.jar.borrow().len(), 0);
    }

    #[test]
    fn a_path_is_read_off_an_address() {
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
            assert_eq!(path_of(url), path, "{url}");
        }
    }

    #[test]
    fn what_the_browser_drops_is_told_and_not_its_value() {
        let site = Site::new();
        let dropped = |set: Result<(), Error>| {
            let error = set.unwrap_err();
            assert!(matches!(error, Error::Dropped { .. }), "{error:?}");
            assert!(!format!("{error} {error:?}").contains("s3cr3t"));
        };
        let secret = || Theme("s3cr3t".to_owned());
        dropped(site.set(SetCookie::new(Cart(7)).domain("elsewhere.example")));
        dropped(site.set(SetCookie::new(secret()).max_age(Duration::ZERO)));
        dropped(site.set(SetCookie::new(secret()).until(SystemTime::UNIX_EPOCH)));
        site.keeps.set(false);
        dropped(site.set(secret()));
        // An earlier one stays and is not taken for this one.
        site.toss("__Host-theme=light; Secure; Path=/");
        dropped(site.set(secret()));
        site.toss("__Host-theme=s; Secure; Path=/; HttpOnly");
        site.keeps.set(true);
        dropped(site.set(secret()));
    }

    #[test]
    fn a_namesake_beside_the_cookie_is_told() {
        let site = Site::new();
        site.toss("__Secure-cart=8; Secure; Path=/; Domain=example.com");
        let ambiguous =
            |error: Error| matches!(error, Error::Read(ReadError::Ambiguous { cookie: "__Secure-cart", .. }));
        assert!(ambiguous(site.set(Cart(7)).unwrap_err()));
        assert!(ambiguous(read::<Cart>(&site).unwrap_err()));
        let remains = site.set(SetCookie::<Cart>::removal());
        assert!(matches!(remains, Err(Error::Remains { cookie: "__Secure-cart" })));
        site.set(SetCookie::<Cart>::removal().path("/")).unwrap();

        // With the same value nothing is lost.
        site.toss("__Secure-cart=7; Secure; Path=/; Domain=example.com");
        site.set(Cart(7)).unwrap();
        assert_eq!(read::<Cart>(&site).unwrap(), Some(Cart(7)));

        // The namesake has another value, and this one was dropped.
        let site = Site::new();
        site.toss("__Secure-cart=8; Secure; Path=/; Domain=example.com");
        site.toss("__Secure-cart=9; Secure; Path=/shop");
        site.keeps.set(false);
        assert!(matches!(site.set(Cart(7)), Err(Error::Dropped { .. })));
    }

    #[test]
    fn what_cannot_be_set_anywhere_is_not_written() {
        let site = Site::new();
        let large = site.set(Theme("x".repeat(5000)));
        assert!(matches!(large, Err(Error::Set(SetError::TooLarge { octets: 5012, .. }))), "{large:?}");
        let no_domain = site.set(Sso("ada".to_owned())).unwrap_err();
        assert!(matches!(no_domain, Error::Set(SetError::Attribute { attribute: "domain", .. })));
        assert!(no_domain.to_string().ends_with("or give this cookie its own with `SetCookie::domain`"), "{no_domain}");
        assert!(matches!(site.set(SetCookie::<Sso>::removal()), Err(Error::Set(SetError::Attribute { .. }))));
        let path = site.set(SetCookie::new(Cart(7)).path("/; Domain=evil.example"));
        assert!(matches!(path, Err(Error::Set(SetError::Attribute { attribute: "path", .. }))));
        assert_eq!(site.written.borrow().len(), 0);

        site.set(SetCookie::new(Sso("ada".to_owned())).domain("example.com")).unwrap();
        assert_eq!(read::<Sso>(&site).unwrap(), Some(Sso("ada".to_owned())));
        site.set(SetCookie::<Sso>::removal().domain("example.com")).unwrap();
        assert_eq!(read::<Sso>(&site).unwrap(), None);
    }

    #[test]
    fn a_foreign_cookie_is_read_as_it_is_and_a_malformed_one_is_told() {
        let site = Site::new();
        site.toss("consent=a%20b; Path=/");
        assert_eq!(read::<Consent>(&site).unwrap(), Some(Consent("a%20b".to_owned())));
        site.toss("banner=perhaps; Path=/");
        let error = read::<Banner>(&site).unwrap_err();
        assert!(matches!(error, Error::Read(ReadError::Malformed { cookie: "banner", .. })));
        assert_eq!(error.to_string(), "the value of `banner` is malformed: expected `true` or `false`");
        assert!(std::error::Error::source(&error).is_none(), "the sentence has it");
    }

    #[test]
    fn a_document_that_throws_is_an_error() {
        let site = Site { denies: true, ..Site::new() };
        for denied in [site.set(theme()), site.set(SetCookie::<Theme>::removal()), read::<Theme>(&site).map(drop)] {
            assert!(matches!(denied, Err(Error::Denied { cookie: "__Host-theme" })), "{denied:?}");
        }
    }

    #[test]
    fn without_a_browser_there_is_no_document() {
        for nowhere in [get::<Theme>().map(drop), get::<Consent>().map(drop), set(theme()), remove::<Theme>()] {
            assert!(matches!(nowhere, Err(Error::NoDocument)), "{nowhere:?}");
        }
    }
}
