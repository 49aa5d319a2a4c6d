//! Tests of `hardtack::web` with a simulated page.

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::SystemTime;

use hardtack_macros::Cookie;
use hardtack_rules::SameSite;

use super::changes::Watch;
use super::document::url_path;
use super::page::{CookieChanges, CookieStore, Page, Refusal, StoreCookie};
use super::{Change, Error, changes, family, get, remove, set};
use crate::browser::request_match::path_matches;
use crate::browser::store::{Stored, store};
use crate::clock;
use crate::cookie::declaration::CookieFamily;
use crate::cookie::declaration::ReadCookie;
use crate::cookie::error::{ReadError, SetError};
use crate::cookie::set_cookie::SetCookie;
use crate::jar::into_set_cookie::IntoSetCookie;

#[derive(Cookie, Debug, PartialEq)]
#[cookie(http_only = false, reason = "a test")]
struct Theme(String);

#[derive(Cookie, Debug, PartialEq)]
#[cookie(http_only = false, path = "/shop", domain = "example.com", max_age = "1d", reason = "a test")]
struct Cart(u32);

/// A cookie whose domain does not cover the page's host.
#[derive(Cookie, Debug, PartialEq)]
#[cookie(http_only = false, domain = "elsewhere.example", reason = "a test")]
struct Elsewhere(u32);

/// A cookie with two earlier names. `formerly` contains two scopes for one of the earlier names.
#[allow(clippy::duplicated_attributes, reason = "two entries of `formerly` have equal parts")]
#[derive(Cookie, Debug, PartialEq)]
#[cookie(
    http_only = false,
    formerly(name = "colour", until = "2027-03-01", raw),
    formerly(name = "colour", domain = "example.com", path = "/shop", until = "2027-03-01", raw),
    formerly(name = "__Host-Http-paint", until = "2027-03-01"),
    reason = "a test"
)]
struct Paint(String);

/// A cookie with earlier scopes for its present name, and with one earlier name.
#[derive(Cookie, Debug, PartialEq)]
#[cookie(
    http_only = false,
    path = "/shop",
    domain = "example.com",
    formerly(path = "/"),
    formerly(name = "basket", path = "/", domain = none, until = "2027-03-01"),
    reason = "a test"
)]
struct Basket(u32);

#[derive(Cookie, Debug, PartialEq)]
#[cookie(
    http_only = false,
    same_site = None,
    partitioned,
    formerly(partitioned = false),
    reason = "a test"
)]
struct Map(u32);

#[derive(Cookie, Debug, PartialEq)]
#[cookie(http_only = false, keyed, max_age = "1h", formerly(name = "draft", until = "2027-03-01"), reason = "a test")]
struct Draft(String);

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
    /// False if both reading and assigning `document.cookie` throw an exception.
    allows_cookies: bool,
    /// The result of each read from `cookieStore`, or `None` if reads succeed.
    read_refusal: Option<Refusal>,
    /// False if the browser drops every cookie that a script assigns.
    stores_cookies: Cell<bool>,
    stored: RefCell<Vec<Stored>>,
    /// The texts that the tested functions assigned to `document.cookie`.
    assigned: RefCell<Vec<String>>,
    /// True if the page has `cookieStore`.
    has_cookie_store: bool,
    /// The cookies that the tested functions set and deleted by `cookieStore`.
    store_calls: RefCell<Vec<String>>,
    listeners: RefCell<Vec<FakeChanges>>,
}

impl FakePage {
    fn new() -> FakePage {
        FakePage {
            is_secure_context: Cell::new(true),
            path: "/shop/7",
            has_url: true,
            allows_cookies: true,
            read_refusal: None,
            stores_cookies: Cell::new(true),
            stored: RefCell::default(),
            assigned: RefCell::default(),
            has_cookie_store: false,
            store_calls: RefCell::default(),
            listeners: RefCell::default(),
        }
    }

    fn with_cookie_store() -> FakePage {
        FakePage { has_cookie_store: true, ..FakePage::new() }
    }

    /// Stores a cookie from a `Set-Cookie` header, as if the server or a sibling host had sent the header.
    fn receive(&self, header: &str) {
        let new = store(header.as_bytes(), true, "www.example.com", "/", SystemTime::now()).unwrap();
        for listener in self.listeners.borrow().iter().filter(|listener| (listener.is_watched)(&new.name)) {
            listener.has_changed.set(true);
        }
        let mut stored = self.stored.borrow_mut();
        let position = stored.iter().position(|old| is_same_cookie(old, &new));
        match (position, new.is_removal()) {
            (Some(position), true) => drop(stored.remove(position)),
            // A new value does not change the order of the cookies.
            (Some(position), false) => stored[position] = new,
            (None, true) => {}
            (None, false) => stored.push(new),
        }
    }

    /// Returns the texts that were assigned to `document.cookie`, and clears the list of these texts.
    fn take_assigned(&self) -> Vec<String> {
        self.assigned.take()
    }

    /// Returns the name and the value of each stored cookie.
    fn pairs(&self) -> Vec<String> {
        self.stored.borrow().iter().map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect()
    }

    fn set(&self, cookie: impl IntoSetCookie) -> Result<(), Error> {
        block_on(super::write(self, &cookie.into_set_cookie()))
    }
}

fn is_same_cookie(a: &Stored, b: &Stored) -> bool {
    (&a.name, &a.domain, a.host_only, &a.path, a.partitioned)
        == (&b.name, &b.domain, b.host_only, &b.path, b.partitioned)
}

fn read<T: ReadCookie>(page: &FakePage) -> Result<Option<T>, Error> {
    block_on(super::read(page))
}

fn get_in<T: CookieFamily>(page: &FakePage, key: &str) -> Result<Option<T>, Error> {
    block_on(super::family::get_in(page, key))
}

fn set_in<T: CookieFamily>(page: &FakePage, key: &str, value: &T) -> Result<(), Error> {
    block_on(super::family::set_in(page, key, value))
}

fn remove_in<T: CookieFamily>(page: &FakePage, key: &str) -> Result<(), Error> {
    block_on(super::family::remove_in::<T>(page, key))
}

fn keys_in<T: CookieFamily>(page: &FakePage) -> Result<Vec<String>, Error> {
    block_on(super::family::keys_in::<T>(page))
}

impl Page for FakePage {
    type Store = FakePage;

    fn cookie_store(&self) -> Option<&FakePage> {
        (self.has_cookie_store && self.is_secure_context()).then_some(self)
    }

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
            let replaces_http_only = self.stored.borrow().iter().any(|old| old.http_only && is_same_cookie(old, &new));
            if self.stores_cookies.get() && !replaces_http_only && !new.http_only {
                self.receive(text);
            }
        }
        self.allows_cookies.then_some(())
    }
}

/// `cookieStore` of the simulated page. Like many browsers, it appends a `/` to a path.
impl CookieStore for FakePage {
    type Changes = FakeChanges;

    async fn all(&self) -> Result<Vec<(String, String)>, Refusal> {
        if let Some(refusal) = self.read_refusal {
            return Err(refusal);
        }
        let cookies = Page::cookies(self).ok_or(Refusal::Denied)?;
        let pairs = cookies.split("; ").filter(|pair| !pair.is_empty());
        Ok(pairs.map(|pair| pair.split_once('=').unwrap()).map(|(name, value)| (name.into(), value.into())).collect())
    }

    async fn set(&self, cookie: &StoreCookie<'_>) -> Result<(), Refusal> {
        let StoreCookie { name, value, domain, path, same_site, expires } = cookie;
        let expires = expires.map(|milliseconds| format!("; {milliseconds}")).unwrap_or_default();
        let called_with = format!("{name}={value}; {} {path}; {same_site}{expires}", domain.unwrap_or("host-only"));
        self.store_calls.borrow_mut().push(called_with);
        if !self.allows_cookies {
            return Err(Refusal::Denied);
        }
        let slash = if path.ends_with('/') { "" } else { "/" };
        let domain = domain.map(|domain| format!("; Domain={domain}")).unwrap_or_default();
        let expired = if expires == "; 0" { "; Max-Age=0" } else { "" };
        let header = format!("{name}={value}; Path={path}{slash}{domain}; Secure; SameSite={same_site}{expired}");
        let new = store(header.as_bytes(), true, "www.example.com", self.path, SystemTime::now());
        let new = new.map_err(|_| Refusal::Dropped)?;
        let replaces_http_only = self.stored.borrow().iter().any(|old| old.http_only && is_same_cookie(old, &new));
        if self.stores_cookies.get() && !replaces_http_only {
            self.receive(&header);
        }
        Ok(())
    }

    fn changes(&self, is_watched: impl Fn(&str) -> bool + 'static) -> FakeChanges {
        let listener = FakeChanges { is_watched: Rc::new(is_watched), has_changed: Rc::default() };
        self.listeners.borrow_mut().push(listener.clone());
        listener
    }
}

#[derive(Clone)]
struct FakeChanges {
    is_watched: Rc<dyn Fn(&str) -> bool>,
    has_changed: Rc<Cell<bool>>,
}

impl CookieChanges for FakeChanges {
    fn poll_change(&mut self, _: &mut Context<'_>) -> Poll<()> {
        if self.has_changed.take() { Poll::Ready(()) } else { Poll::Pending }
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
    for text in ["dark", "", " ", "a; Path=/; Domain=evil.example", "\"q\"", "\r\n\0\t", "é\u{1f36a}\u{2028}", "%41=;,"]
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
    page.set(SetCookie::new(Cart(7)).max_age(hour).same_site(SameSite::Strict)).unwrap();
    page.set(SetCookie::new(Cart(7)).max_age(hour * 48)).unwrap();
    page.set(SetCookie::new(Cart(7)).without_max_age()).unwrap();
    assert_eq!(
        page.take_assigned(),
        [
            "__Secure-cart=7; Path=/shop; Domain=example.com; Max-Age=3600; Secure; SameSite=Strict",
            // A lifetime that is longer than declared becomes the declared lifetime.
            "__Secure-cart=7; Path=/shop; Domain=example.com; Max-Age=86400; Secure; SameSite=Lax",
            "__Secure-cart=7; Path=/shop; Domain=example.com; Secure; SameSite=Lax",
        ]
    );
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
    for (path, under) in [("/shop", true), ("/shop/7", true), ("/shopping", false), ("/", false), ("/Shop", false)] {
        let page = FakePage { path, ..FakePage::new() };
        let set = page.set(Cart(7));
        let removed = page.set(SetCookie::<Cart>::removal());
        if under {
            assert!(set.is_ok() && removed.is_ok(), "{path}");
            continue;
        }
        assert!(matches!(&set, Err(Error::OutsidePath { cookie: "__Secure-cart", path }) if path == "/shop"), "{path}");
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
    dropped(page.set(Elsewhere(7)));
    dropped(page.set(SetCookie::new(Cart(7)).max_age(Duration::ZERO)));
    dropped(page.set(SetCookie::new(Cart(7)).expires(SystemTime::UNIX_EPOCH)));
    page.stores_cookies.set(false);
    dropped(page.set(secret()));
    // If the page still has the older cookie with a different value, the browser has dropped the new cookie.
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
    let ambiguous = |error: Error| matches!(error, Error::Read(ReadError::Ambiguous { cookie: "__Secure-cart", .. }));
    assert!(ambiguous(page.set(Cart(7)).unwrap_err()));
    assert!(ambiguous(read::<Cart>(&page).unwrap_err()));
    let remains = page.set(SetCookie::<Cart>::removal());
    assert!(matches!(remains, Err(Error::Remains { cookie: "__Secure-cart" })));
    let text = remains.unwrap_err().to_string();
    assert!(text.contains("`formerly(path = \"/\")`"), "{text}");
    // A removal in the declared scope does not remove the cookie in the other scope.
    page.receive("__Secure-cart=; Secure; Path=/; Domain=example.com; Max-Age=0");
    page.set(SetCookie::<Cart>::removal()).unwrap();

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
    let weaker = page.set(SetCookie::new(theme()).same_site(SameSite::None));
    assert!(matches!(weaker, Err(Error::Set(SetError::Attribute { attribute: "same_site", .. }))), "{weaker:?}");
    assert_eq!(page.assigned.borrow().len(), 0);
}

#[test]
fn policy_domain_is_read_and_never_assigned() {
    let page = FakePage::new();
    page.receive("__Secure-sso=ada; Secure; Path=/; Domain=example.com");
    assert_eq!(read::<Sso>(&page).unwrap(), Some(Sso("ada".to_owned())));
    for refused in [page.set(Sso("bob".to_owned())), page.set(SetCookie::<Sso>::removal())] {
        assert!(matches!(refused, Err(Error::Set(SetError::NoPolicy { cookie: "__Secure-sso", .. }))), "{refused:?}");
    }
    assert_eq!(page.take_assigned(), [""; 0]);
}

/// The first instant of the date `until` of the declarations, in Unix seconds.
const UNTIL: u64 = 1_803_859_200;

fn at<T>(unix_seconds: u64, run: impl FnOnce() -> T) -> T {
    clock::at(SystemTime::UNIX_EPOCH + Duration::from_secs(unix_seconds), run)
}

/// Calls `run` with the clock at one second before the date [`UNTIL`].
fn before_until<T>(run: impl FnOnce() -> T) -> T {
    at(UNTIL - 1, run)
}

fn paint(text: &str) -> Option<Paint> {
    Some(Paint(text.to_owned()))
}

#[test]
fn former_name_is_read_until_its_date() {
    let page = FakePage::new();
    page.receive("colour=%41; Secure; Path=/");
    // `raw`: the earlier release wrote the value without percent-encoding.
    assert_eq!(before_until(|| read::<Paint>(&page)).unwrap(), paint("%41"));
    assert_eq!(at(UNTIL, || read::<Paint>(&page)).unwrap(), None);
    // A build without a clock never reads an earlier name.
    assert_eq!(clock::without(|| read::<Paint>(&page)).unwrap(), None);
    page.receive("__Host-paint=blue; Secure; Path=/");
    assert_eq!(before_until(|| read::<Paint>(&page)).unwrap(), paint("blue"));
    assert_eq!(page.take_assigned(), [""; 0], "reading writes nothing");
}

#[test]
fn planted_former_cookies_are_not_read() {
    // A different host of the same site set a second cookie with the earlier name. The result is the same for every
    // value of the second cookie.
    for planted in ["red", "green"] {
        let page = FakePage::new();
        page.receive("colour=red; Secure; Path=/");
        page.receive(&format!("colour={planted}; Path=/; Domain=example.com"));
        assert_eq!(before_until(|| read::<Paint>(&page)).unwrap(), None, "{planted}");
    }
    // If the present cookie is malformed or occurs twice, the function still does not read the earlier name.
    let page = FakePage::new();
    page.receive("basket=7; Secure; Path=/");
    assert_eq!(before_until(|| read::<Basket>(&page)).unwrap(), Some(Basket(7)));
    page.receive("__Secure-basket=many; Secure; Path=/shop; Domain=example.com");
    let malformed = before_until(|| read::<Basket>(&page));
    assert!(matches!(malformed, Err(Error::Read(ReadError::Malformed { cookie: "__Secure-basket", .. }))));
    page.receive("__Secure-basket=9; Secure; Path=/; Domain=example.com");
    let ambiguous = before_until(|| read::<Basket>(&page));
    assert!(matches!(ambiguous, Err(Error::Read(ReadError::Ambiguous { cookie: "__Secure-basket", .. }))));
    // A page over plain HTTP does not read the earlier name.
    page.is_secure_context.set(false);
    let insecure = before_until(|| read::<Basket>(&page));
    assert!(matches!(insecure, Err(Error::NotSecureContext { cookie: "__Secure-basket" })));
}

#[test]
fn former_name_counts_inside_the_path_only() {
    // A page outside the cookie's path cannot see the cookie under its present name. So the function must not read a
    // planted cookie with the earlier name.
    for (path, has_url, expected) in
        [("/shop/7", true, Some(Basket(7))), ("/", true, None), ("/shopping", true, None), ("/shop/7", false, None)]
    {
        let page = FakePage { path, has_url, ..FakePage::new() };
        page.receive("basket=7; Path=/; Domain=example.com");
        assert_eq!(before_until(|| read::<Basket>(&page)).unwrap(), expected, "{path}");
        let page = FakePage { path, has_url, ..FakePage::new() };
        page.receive("__Secure-basket=1; Secure; Path=/shop; Domain=example.com");
        page.receive("basket=7; Path=/; Domain=example.com");
        let found = before_until(|| read::<Basket>(&page)).unwrap();
        assert_eq!(found, path.starts_with("/shop/").then_some(Basket(1)), "{path}");
    }
}

#[test]
fn malformed_former_value_names_the_former_cookie() {
    let page = FakePage::new();
    page.receive("basket=many; Secure; Path=/");
    let malformed = before_until(|| read::<Basket>(&page)).unwrap_err();
    assert_eq!(malformed.to_string(), "the value of `basket` is malformed: expected a `u32`");
}

#[test]
fn set_removes_the_former_cookie() {
    let page = FakePage::new();
    page.set(Paint("blue".to_owned())).unwrap();
    assert_eq!(page.take_assigned(), ["__Host-paint=blue; Path=/; Secure; SameSite=Lax"]);

    let page = FakePage::new();
    page.receive("colour=red; Secure; Path=/");
    page.receive("colour=green; Secure; Path=/shop; Domain=example.com");
    page.set(Paint("blue".to_owned())).unwrap();
    assert_eq!(
        page.take_assigned(),
        [
            "colour=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; SameSite=Lax",
            "colour=; Path=/shop; Domain=example.com; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; SameSite=Lax",
            "__Host-paint=blue; Path=/; Secure; SameSite=Lax",
        ]
    );
    assert_eq!(page.pairs(), ["__Host-paint=blue"]);
}

#[test]
fn set_removes_the_former_scope() {
    let page = FakePage::new();
    page.receive("__Secure-basket=1; Secure; Path=/; Domain=example.com");
    page.set(Basket(2)).unwrap();
    assert_eq!(page.pairs(), ["__Secure-basket=2"]);
    assert_eq!(page.take_assigned().len(), 2);

    let page = FakePage::new();
    page.receive("__Host-map=1; Secure; Path=/; SameSite=None");
    page.set(Map(2)).unwrap();
    assert_eq!(page.pairs(), ["__Host-map=2"]);
    let assigned = page.take_assigned();
    assert!(!assigned[0].contains("Partitioned") && assigned[1].ends_with("; Partitioned"), "{assigned:?}");
}

#[test]
fn set_repairs_suspect_cookies() {
    // The declaration's `formerly` entries do not contain these host-only scopes.
    for suspect in [
        &["__Secure-cart=many; Secure; Path=/"][..],
        &["__Secure-cart=8; Secure; Path=/", "__Secure-cart=9; Secure; Path=/shop"],
    ] {
        let page = FakePage::new();
        for header in suspect {
            page.receive(header);
        }
        page.set(Cart(7)).unwrap();
        assert_eq!(page.pairs(), ["__Secure-cart=7"], "{suspect:?}");
    }
    // If only one cookie has the name and its value is readable, perhaps a different application owns the cookie.
    let page = FakePage::new();
    page.receive("__Secure-cart=8; Secure; Path=/");
    let ambiguous = page.set(Cart(7));
    assert!(matches!(ambiguous, Err(Error::Read(ReadError::Ambiguous { .. }))), "{ambiguous:?}");
    assert_eq!(page.take_assigned().len(), 1);
    // Now two cookies have the same name, so the next call removes the wrong cookie.
    page.set(Cart(7)).unwrap();
    assert_eq!(page.pairs(), ["__Secure-cart=7"]);
}

#[test]
fn remove_covers_former_names_and_scopes() {
    for time in [UNTIL - 1, UNTIL] {
        let page = FakePage::new();
        page.receive("__Secure-basket=1; Secure; Path=/shop; Domain=example.com");
        page.receive("__Secure-basket=2; Secure; Path=/; Domain=example.com");
        page.receive("__Secure-basket=3; Secure; Path=/");
        page.receive("basket=4; Secure; Path=/");
        at(time, || page.set(SetCookie::<Basket>::removal())).unwrap();
        assert_eq!(page.pairs(), [""; 0]);
    }
    // The function removes the cookie with the earlier name, even if the page cannot see the cookie.
    let page = FakePage::new();
    page.set(SetCookie::<Basket>::removal()).unwrap();
    let names: Vec<String> =
        page.take_assigned().iter().map(|text| text.split('=').next().unwrap().to_owned()).collect();
    assert_eq!(names, ["basket", "__Secure-basket"]);
}

#[test]
fn remaining_former_cookie_is_an_error_while_it_counts() {
    let page = FakePage::new();
    page.receive("colour=red; Path=/; Domain=example.com");
    let remains = before_until(|| page.set(SetCookie::<Paint>::removal()));
    assert!(matches!(remains, Err(Error::Remains { cookie: "colour" })), "{remains:?}");
    // From the day `until` on, no function reads the cookie with the earlier name.
    at(UNTIL, || page.set(SetCookie::<Paint>::removal())).unwrap();
    // No assigned text removes the HttpOnly cookie, because scripts cannot remove HttpOnly cookies.
    assert!(page.take_assigned().iter().all(|text| !text.contains("HttpOnly")));
}

#[test]
fn invalid_cookies_do_not_remove_former_cookies() {
    let page = FakePage::new();
    page.receive("colour=red; Secure; Path=/");
    assert!(page.set(Paint("x".repeat(5000))).is_err());
    let outside = FakePage { path: "/", ..FakePage::new() };
    outside.receive("basket=1; Secure; Path=/");
    assert!(matches!(outside.set(Basket(1)), Err(Error::OutsidePath { .. })));
    for page in [page, outside] {
        assert_eq!((page.pairs().len(), page.take_assigned().len()), (1, 0));
    }
}

fn draft(text: &str) -> Draft {
    Draft(text.to_owned())
}

#[test]
fn family_cookies_are_set_read_and_removed() {
    let page = FakePage::new();
    set_in(&page, "a", &draft("x;y")).unwrap();
    set_in(&page, "b-_9", &draft("z")).unwrap();
    assert_eq!(page.take_assigned()[0], "__Host-draft.a=x%3By; Path=/; Max-Age=3600; Secure; SameSite=Lax");
    assert_eq!(get_in::<Draft>(&page, "a").unwrap(), Some(draft("x;y")));
    assert_eq!(get_in::<Draft>(&page, "c").unwrap(), None);
    // The names of these cookies are outside the family, so these cookies have no key.
    page.receive("__Host-draft=1; Secure; Path=/");
    page.receive("__Host-draft.a.b=1; Secure; Path=/");
    page.receive("__Host-drafts.a=1; Secure; Path=/");
    assert_eq!(keys_in::<Draft>(&page).unwrap(), ["a", "b-_9"]);
    remove_in::<Draft>(&page, "a").unwrap();
    remove_in::<Draft>(&page, "a").unwrap();
    assert_eq!(keys_in::<Draft>(&page).unwrap(), ["b-_9"]);
}

#[test]
fn invalid_keys_are_absent_or_errors() {
    let page = FakePage::new();
    page.receive("__Host-draft.a.b=1; Secure; Path=/");
    let long = "k".repeat(65);
    for key in ["", "a.b", "a=b", "a; Path=/x", "é", &long] {
        assert_eq!(get_in::<Draft>(&page, key).unwrap(), None, "{key}");
        for refused in [set_in(&page, key, &draft("1")), remove_in::<Draft>(&page, key)] {
            assert!(matches!(refused, Err(Error::Set(SetError::Key { cookie: "__Host-draft", .. }))), "{refused:?}");
        }
    }
    assert_eq!(page.take_assigned(), [""; 0]);
}

#[test]
fn family_has_at_most_eight_cookies() {
    let page = FakePage::new();
    for key in 0..10 {
        set_in(&page, &key.to_string(), &draft("1")).unwrap();
    }
    assert_eq!(keys_in::<Draft>(&page).unwrap(), ["2", "3", "4", "5", "6", "7", "8", "9"]);
    // The family already has a cookie with this key, so the new value does not make a ninth cookie, and `set` removes
    // no cookie.
    set_in(&page, "2", &draft("2")).unwrap();
    assert_eq!(keys_in::<Draft>(&page).unwrap().len(), 8);
    // The server set two more cookies. The function never removes the cookie that it has just set, even if this cookie
    // is the oldest.
    for key in ["x", "y"] {
        page.receive(&format!("__Host-draft.{key}=1; Secure; Path=/"));
    }
    set_in(&page, "2", &draft("3")).unwrap();
    assert_eq!(keys_in::<Draft>(&page).unwrap(), ["2", "5", "6", "7", "8", "9", "x", "y"]);
    assert_eq!(get_in::<Draft>(&page, "2").unwrap(), Some(draft("3")));
}

#[test]
fn former_family_name_keeps_the_key() {
    let page = FakePage::new();
    page.receive("draft.a=x; Secure; Path=/");
    let found = |key: &str| before_until(|| get_in::<Draft>(&page, key)).unwrap();
    assert_eq!((found("a"), found("b")), (Some(draft("x")), None));
    assert_eq!(at(UNTIL, || get_in::<Draft>(&page, "a")).unwrap(), None);
    set_in(&page, "b", &draft("y")).unwrap();
    assert_eq!(page.pairs(), ["draft.a=x", "__Host-draft.b=y"]);
    set_in(&page, "a", &draft("z")).unwrap();
    assert_eq!(page.pairs(), ["__Host-draft.b=y", "__Host-draft.a=z"]);
    page.receive("draft.a=planted; Path=/");
    before_until(|| remove_in::<Draft>(&page, "a")).unwrap();
    assert_eq!(page.pairs(), ["__Host-draft.b=y"]);
}

#[test]
fn family_errors_name_the_family() {
    let page = FakePage::new();
    page.stores_cookies.set(false);
    assert!(matches!(set_in(&page, "a", &draft("1")), Err(Error::Dropped { cookie: "__Host-draft" })));
    page.is_secure_context.set(false);
    fn results<T: CookieFamily>(page: &FakePage, value: &T) -> [Result<(), Error>; 4] {
        [
            set_in(page, "a", value),
            remove_in::<T>(page, "a"),
            get_in::<T>(page, "a").map(drop),
            keys_in::<T>(page).map(drop),
        ]
    }
    for result in results(&page, &draft("1")) {
        assert!(matches!(result, Err(Error::NotSecureContext { cookie: "__Host-draft" })), "{result:?}");
    }
    let page = FakePage { allows_cookies: false, ..FakePage::new() };
    for result in results(&page, &draft("1")) {
        assert!(matches!(result, Err(Error::Denied { cookie: "__Host-draft" })), "{result:?}");
    }
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
        block_on(family::<Draft>().get("a")).map(drop),
        block_on(family::<Draft>().set("a", draft("1"))),
        block_on(family::<Draft>().remove("a")),
        block_on(family::<Draft>().keys()).map(drop),
        changes::<Theme>().map(drop),
        changes::<Consent>().map(drop),
    ] {
        assert!(matches!(result, Err(Error::NoDocument)), "{result:?}");
    }
}

/// A cookie of an application under a path that ends with a `/`.
#[derive(Cookie, Debug, PartialEq)]
#[cookie(
    http_only = false,
    path = "/shop/",
    domain = "example.com",
    max_age = "1h",
    same_site = Strict,
    formerly(name = "sale", path = "/shop/7/", domain = none, until = "2027-03-01"),
    reason = "a test"
)]
struct Sale(u32);

#[test]
fn cookie_store_sets_the_declared_attributes() {
    let page = FakePage::with_cookie_store();
    let hour = Duration::from_secs(3600);
    at(1_000_000_000, || page.set(theme())).unwrap();
    at(1_000_000_000, || page.set(Sale(7))).unwrap();
    at(1_000_000_000, || page.set(SetCookie::new(Sale(8)).without_max_age())).unwrap();
    at(1_000_000_000, || page.set(SetCookie::new(Sale(9)).expires(SystemTime::UNIX_EPOCH + hour * 300_000))).unwrap();
    page.set(SetCookie::<Sale>::removal()).unwrap();
    assert_eq!(
        page.store_calls.take(),
        [
            "__Host-theme=dark; host-only /; lax",
            "__Secure-sale=7; example.com /shop/; strict; 1000003600000",
            "__Secure-sale=8; example.com /shop/; strict",
            "__Secure-sale=9; example.com /shop/; strict; 1000003600000",
            "sale=; host-only /shop/7/; strict; 0",
            "__Secure-sale=; host-only /shop/; strict; 0",
            "__Secure-sale=; host-only /; strict; 0",
            "__Secure-sale=; example.com /shop/; strict; 0",
        ]
    );
    assert_eq!(page.take_assigned(), [""; 0]);
    assert_eq!(page.pairs(), ["__Host-theme=dark"]);
}

/// `cookieStore` would set other attributes than declared.
#[test]
fn document_cookie_is_used_for_other_cookies() {
    let page = FakePage::with_cookie_store();
    page.set(Banner(true)).unwrap();
    page.set(Cart(7)).unwrap();
    page.set(Basket(1)).unwrap();
    page.set(Map(1)).unwrap();
    assert_eq!((page.take_assigned().len(), page.store_calls.take()), (4, Vec::new()));
    assert_eq!(read::<Banner>(&page).unwrap(), Some(Banner(true)));
    // Without a secure context, the page has no `cookieStore`.
    page.is_secure_context.set(false);
    page.set(Banner(false)).unwrap();
    assert_eq!((page.take_assigned().len(), page.store_calls.take()), (1, Vec::new()));
}

#[test]
fn cookie_store_reads_every_value_back() {
    let page = FakePage::with_cookie_store();
    for text in ["dark", "", " ", "a; Path=/; Domain=evil.example", "\"q\"", "\r\n\0\t", "é\u{1f36a}\u{2028}", "%41=;,"]
    {
        page.set(Theme(text.to_owned())).unwrap();
        assert_eq!(read::<Theme>(&page).unwrap(), Some(Theme(text.to_owned())));
    }
    page.set(SetCookie::<Theme>::removal()).unwrap();
    assert_eq!(read::<Theme>(&page).unwrap(), None);
}

#[test]
fn refusals_of_cookie_store_are_errors() {
    let page = FakePage::with_cookie_store();
    // The browser rejects the cookie.
    assert!(matches!(page.set(Elsewhere(1)), Err(Error::Dropped { cookie: "__Secure-elsewhere" })));
    // The browser rejects the removal, but the page does not have the cookie.
    page.set(SetCookie::<Elsewhere>::removal()).unwrap();
    assert_eq!(page.store_calls.take().len(), 2);
    // The browser does not store the cookie, and does not reject it.
    page.stores_cookies.set(false);
    assert!(matches!(page.set(theme()), Err(Error::Dropped { cookie: "__Host-theme" })));
    page.stores_cookies.set(true);
    page.receive("__Host-theme=server; Secure; HttpOnly; Path=/");
    assert!(matches!(page.set(theme()), Err(Error::Dropped { cookie: "__Host-theme" })));
    // The cookie has already expired.
    let page = FakePage::with_cookie_store();
    assert!(matches!(page.set(SetCookie::new(Sale(1)).max_age(Duration::ZERO)), Err(Error::Dropped { .. })));
    let page = FakePage { allows_cookies: false, ..FakePage::with_cookie_store() };
    for denied in [page.set(theme()), page.set(SetCookie::<Theme>::removal()), read::<Theme>(&page).map(drop)] {
        assert!(matches!(denied, Err(Error::Denied { cookie: "__Host-theme" })), "{denied:?}");
    }
}

#[test]
fn cookie_store_repairs_and_removes_earlier_cookies() {
    let page = FakePage::with_cookie_store();
    page.receive("colour=red; Secure; Path=/");
    assert_eq!(before_until(|| read::<Paint>(&page)).unwrap(), Some(Paint("red".into())));
    // `formerly` of `Paint` has the path `/shop`, so `document.cookie` is used.
    before_until(|| page.set(Paint("blue".into()))).unwrap();
    assert_eq!((page.pairs(), page.store_calls.take()), (vec!["__Host-paint=blue".to_owned()], Vec::new()));

    page.receive("sale=6; Secure; Path=/shop/7/");
    let page = FakePage { path: "/shop/7/", ..page };
    assert_eq!(before_until(|| read::<Sale>(&page)).unwrap(), Some(Sale(6)));
    before_until(|| page.set(Sale(7))).unwrap();
    assert_eq!(page.pairs(), ["__Host-paint=blue", "__Secure-sale=7"]);
    // A sibling host has set a cookie of the name.
    page.receive("__Secure-sale=8; Secure; Path=/; Domain=example.com");
    assert!(matches!(page.set(Sale(9)), Err(Error::Read(ReadError::Ambiguous { cookie: "__Secure-sale" }))));
    assert!(matches!(page.set(SetCookie::<Sale>::removal()), Err(Error::Remains { cookie: "__Secure-sale" })));
}

#[test]
fn cookie_store_keeps_families_small() {
    let page = FakePage::with_cookie_store();
    for key in 0..10 {
        set_in(&page, &key.to_string(), &draft("1")).unwrap();
    }
    assert_eq!(keys_in::<Draft>(&page).unwrap(), ["2", "3", "4", "5", "6", "7", "8", "9"]);
    assert_eq!(page.take_assigned(), [""; 0]);
    remove_in::<Draft>(&page, "2").unwrap();
    assert_eq!(get_in::<Draft>(&page, "2").unwrap(), None);
}

#[test]
fn changes_are_reported_once() {
    let page = Rc::new(FakePage::with_cookie_store());
    page.set(Banner(true)).unwrap();
    let mut banners = Watch::<_, Banner>::start(page.clone()).unwrap();
    let mut sales = Watch::<_, Sale>::start(page.clone()).unwrap();
    let mut context = Context::from_waker(Waker::noop());
    assert!(banners.poll(&mut context).is_pending(), "the present value is no change");
    page.set(Banner(false)).unwrap();
    assert!(matches!(banners.poll(&mut context), Poll::Ready(Ok(Change::Set(Banner(false))))));
    assert!(banners.poll(&mut context).is_pending());
    // Two changes before the stream reads the cookie are one item.
    page.receive("banner=true; Path=/");
    page.receive("banner=; Path=/; Max-Age=0");
    assert!(matches!(banners.poll(&mut context), Poll::Ready(Ok(Change::Removed))));
    page.receive("banner=perhaps; Path=/");
    let error = banners.poll(&mut context);
    assert!(matches!(error, Poll::Ready(Err(Error::Read(ReadError::Malformed { cookie: "banner", .. })))), "{error:?}");
    page.receive("banner=true; Path=/");
    assert!(matches!(banners.poll(&mut context), Poll::Ready(Ok(Change::Set(Banner(true))))));
    // A second cookie of the name makes both values unreadable.
    page.receive("banner=false; Path=/; Domain=example.com");
    let error = banners.poll(&mut context);
    assert!(matches!(error, Poll::Ready(Err(Error::Read(ReadError::Ambiguous { cookie: "banner" })))), "{error:?}");
    assert!(banners.poll(&mut context).is_pending());

    assert!(sales.poll(&mut context).is_pending(), "the other cookie has not changed");
    page.receive("sale=6; Secure; Path=/shop/");
    let found = before_until(|| sales.poll(&mut context));
    assert!(matches!(found, Poll::Ready(Ok(Change::Set(Sale(6))))), "{found:?}");
}

#[test]
fn changes_need_a_cookie_store() {
    let page = Rc::new(FakePage::new());
    let result = Watch::<_, Theme>::start(page).map(drop);
    assert!(matches!(result, Err(Error::NoCookieStore { cookie: "__Host-theme" })), "{result:?}");
    assert_eq!(
        result.unwrap_err().to_string(),
        "this browser cannot report changes of `__Host-theme`, because it has no `cookieStore`; read the cookie again \
         when the page becomes visible"
    );
    let page = Rc::new(FakePage::with_cookie_store());
    page.is_secure_context.set(false);
    let result = Watch::<_, Banner>::start(page).map(drop);
    assert!(matches!(result, Err(Error::NotSecureContext { cookie: "banner" })), "{result:?}");
    // `banner` is declared with `secure = false`.
    assert_eq!(
        result.unwrap_err().to_string(),
        "`banner` was not accessed, because this page is not a secure context (`isSecureContext` is false); serve the \
         page, and every page that embeds it in a frame, over HTTPS"
    );
}

/// A rejected read says nothing about a stored cookie.
#[test]
fn rejected_read_is_denied() {
    let page = FakePage { read_refusal: Some(Refusal::Dropped), ..FakePage::with_cookie_store() };
    let result = read::<Theme>(&page);
    assert!(matches!(result, Err(Error::Denied { cookie: "__Host-theme" })), "{:?}", result.err());
}
