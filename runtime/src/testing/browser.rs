//! The type `Browser`, an in-memory browser for the tests of applications. The module `crate::browser` contains the
//! rules for cookies.

use std::fmt;
use std::time::{Duration, SystemTime};

use http::header::{COOKIE, HOST, HeaderName, SET_COOKIE};
use http::{HeaderMap, HeaderValue};

use crate::browser::cookie_store::CookieStore;
use crate::browser::page_url::PageUrl;
use crate::browser::store::Stored;
use crate::clock;
use crate::jar::cookies::Cookies;
use crate::request::scheme::{Scheme, scheme_for_test};
use crate::wire::list::trim;
use crate::wire::set_cookie::ParsedSetCookie;

const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

/// An in-memory browser for the tests of an application. A `Browser` stores the cookies of responses and sends the
/// cookies with requests, as real browsers do.
///
/// A `Browser` has no network connection. The test passes requests to the application and responses to the `Browser`:
///
/// 1. [`visit`](Browser::visit) opens a page, and returns the headers of the request for the page.
/// 2. The test calls the application with these headers.
/// 3. [`store`](Browser::store) stores the cookies of the response.
/// 4. [`cookies`](Browser::cookies) returns a jar with the stored cookies. The test reads cookies from this jar, or
///    converts the jar to a `#[cookies]` struct.
///
/// ```
/// use std::time::Duration;
///
/// use hardtack::testing::Browser;
/// use hardtack::{Cookies, Https, testing};
/// use http::HeaderMap;
///
/// #[hardtack::cookies]
/// struct ShopCookies {
///     /// The session of the signed-in user.
///     #[cookie(max_age = "8h")]
///     session: String,
/// }
///
/// // The application under test.
/// fn sign_in(request: &HeaderMap) -> HeaderMap {
///     let shop = ShopCookies::from(Cookies::from_headers(request, testing::https()));
///     shop.set_session("s3cr3t").unwrap();
///     let mut response = HeaderMap::new();
///     Cookies::from(shop).write(&mut response);
///     response
/// }
///
/// fn is_signed_in(request: &HeaderMap) -> bool {
///     let shop = ShopCookies::from(Cookies::from_headers(request, testing::https()));
///     shop.try_session().unwrap().is_some()
/// }
///
/// // The user signs in.
/// let mut browser = Browser::new("https://shop.example");
/// let response = sign_in(&browser.visit("/login"));
/// browser.store(&response);
/// let shop = ShopCookies::from(browser.cookies::<Https>());
/// assert_eq!(shop.try_session().unwrap().as_deref(), Some("s3cr3t"));
///
/// // The user comes back on the same day, and on the next day.
/// assert!(is_signed_in(&browser.visit("/account")));
/// browser.advance(Duration::from_secs(24 * 60 * 60));
/// assert!(!is_signed_in(&browser.visit("/account")));
/// ```
///
/// # What a `Browser` models
///
/// - The rules of RFC 6265bis for `Domain`, `Path`, `Secure`, `Expires`, `Max-Age` and the limit of 400 days.
/// - The rules for the name prefixes, including `__Http-` and `__Host-Http-`.
/// - The identity of a cookie: the name, the domain, the path, `Partitioned`, and whether the cookie is host-only. A
///   cookie replaces only a cookie with the same identity.
/// - The order of the `Cookie` header: cookies with a longer path first, then older cookies first.
/// - Plain HTTP. A response over plain HTTP cannot set a Secure cookie, and cannot hide a stored Secure cookie.
/// - The local machine. As in Chromium and Firefox, `http://localhost` and `http://127.0.0.1` may set Secure cookies.
/// - Several hosts, and several ports of one host. All ports of a host share the host's cookies.
/// - `Clear-Site-Data` with `"cookies"` or `"*"`.
///
/// # What a `Browser` does not model
///
/// - `SameSite`. Every request is same-site, so the `Browser` sends `Strict` cookies too. A visit has the same effect
///   as typing the URL into the address bar, even if the host changes.
/// - Pages inside other pages (frames). Every page is a top-level page. On a top-level page, the only effect of
///   `Partitioned` is that the cookie has a different identity.
/// - Scripts. The `Browser` stores the `HttpOnly` attribute of a cookie, but has no `document.cookie`.
/// - The limit for the number of cookies.
/// - Redirects. To follow a redirect, pass the response's `Location` to [`visit`](Browser::visit).
/// - HSTS. The `Browser` opens an `http:` URL over plain HTTP, even if the host sent `Strict-Transport-Security`.
/// - The public suffix list, if the feature `public-suffix` is off. Without the feature, only a single label such as
///   `com` counts as a public suffix.
///
/// # The clock
///
/// The browser's clock starts at the current time, and moves only if the test calls [`advance`](Browser::advance). To
/// run the application at the browser's time, call [`testing::at`](super::at) with [`now`](Browser::now).
#[derive(Clone)]
pub struct Browser {
    page: PageUrl,
    store: CookieStore,
    now: SystemTime,
    rejected: Vec<String>,
}

impl Browser {
    /// Opens a new browser without cookies. The browser shows the page `url`.
    ///
    /// # Panics
    ///
    /// Panics if `url` is not a valid URL that begins with `https://` or `http://`.
    ///
    /// ```
    /// use hardtack::testing::Browser;
    ///
    /// let browser = Browser::new("https://shop.example");
    /// assert_eq!(browser.url(), "https://shop.example/");
    /// assert_eq!(browser.stored(), []);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn new(url: &str) -> Browser {
        let page = valid(PageUrl::parse(url), url);
        Browser { page, store: CookieStore::default(), now: clock::now(), rejected: Vec::new() }
    }

    /// Opens a page, and returns the headers of the request for the page: `Host`, and `Cookie` if the browser sends
    /// cookies. `url` is an absolute URL, or a URL relative to the current page.
    ///
    /// # Panics
    ///
    /// Panics if `url` is not a valid URL, or if its scheme is neither `https` nor `http`.
    ///
    /// ```
    /// use hardtack::testing::Browser;
    ///
    /// let mut browser = Browser::new("https://shop.example:8443/cart/items");
    /// browser.set("theme=dark; Path=/cart");
    /// let request = browser.visit("pay?step=1");
    /// assert_eq!(browser.url(), "https://shop.example:8443/cart/pay?step=1");
    /// assert_eq!(request["host"], "shop.example:8443");
    /// assert_eq!(request["cookie"], "theme=dark");
    ///
    /// assert!(!browser.visit("/account").contains_key("cookie"));
    /// assert!(!browser.visit("https://blog.example/cart").contains_key("cookie"));
    /// ```
    #[track_caller]
    pub fn visit(&mut self, url: &str) -> HeaderMap {
        self.page = valid(self.page.join(url), url);
        self.headers(&self.page)
    }

    /// Returns the headers of a request that the current page sends to its own server, such as a `fetch` of a script.
    /// The headers are `Host`, and `Cookie` if the browser sends cookies. The current page stays the same.
    ///
    /// `path` is a path, or a URL with the same origin as the current page.
    ///
    /// # Panics
    ///
    /// Panics if `path` is not valid, or is a URL with a different origin.
    ///
    /// ```
    /// use hardtack::testing::Browser;
    ///
    /// let mut browser = Browser::new("https://shop.example");
    /// browser.set("theme=dark; Path=/");
    /// browser.set("step=2; Path=/cart");
    /// assert_eq!(browser.request_headers("/cart/items?page=1")["cookie"], "step=2; theme=dark");
    /// assert_eq!(browser.request_headers("/cartoons")["cookie"], "theme=dark");
    /// ```
    #[must_use]
    #[track_caller]
    pub fn request_headers(&self, path: &str) -> HeaderMap {
        let url = valid(self.page.join(path), path);
        assert!(
            url.has_same_origin(&self.page),
            "`{path}` has another origin than the page `{}`; call `visit` to open a page of another origin",
            self.page,
        );
        self.headers(&url)
    }

    #[allow(clippy::expect_used, reason = "a URL and a stored cookie have no byte that is not allowed in a header")]
    fn headers(&self, url: &PageUrl) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::try_from(url.authority()).expect("a valid host"));
        if let Some(cookies) = self.store.cookie_header(url.target()) {
            headers.insert(COOKIE, HeaderValue::try_from(cookies).expect("valid cookies"));
        }
        headers
    }

    /// Stores the cookies of a response for the current page. `response` contains the headers of the response.
    ///
    /// The browser stores or removes the cookie of each `Set-Cookie` header, as a real browser does. The browser
    /// silently ignores a header that real browsers reject. [`rejected`](Browser::rejected) lists the rejected headers.
    ///
    /// The browser then applies `Clear-Site-Data`. As in Chromium, `"cookies"` also removes the cookies that the same
    /// response sets.
    ///
    /// ```
    /// use hardtack::testing::Browser;
    /// use hardtack::{Cookie, Cookies, Https, testing};
    ///
    /// #[derive(Cookie, Debug, PartialEq)]
    /// struct Cart(u32);
    ///
    /// let mut browser = Browser::new("https://shop.example");
    /// let cookies = Cookies::from_headers(&browser.visit("/cart"), testing::https());
    /// cookies.set(Cart(7)).unwrap();
    /// let mut response = http::HeaderMap::new();
    /// cookies.write(&mut response);
    ///
    /// browser.store(&response);
    /// assert_eq!(browser.cookies::<Https>().try_get().unwrap(), Some(Cart(7)));
    /// ```
    pub fn store(&mut self, response: &HeaderMap) {
        for header in response.get_all(SET_COOKIE) {
            self.set(header.as_bytes());
        }
        let data_types =
            response.get_all(CLEAR_SITE_DATA).iter().flat_map(|header| header.as_bytes().split(|b| *b == b','));
        // Browsers ignore `Clear-Site-Data` in a response over plain HTTP.
        if self.page.is_secure() && data_types.map(trim).any(|data_type| matches!(data_type, b"\"cookies\"" | b"\"*\""))
        {
            self.store.clear_site(self.page.host());
        }
    }

    /// Stores the cookie of one `Set-Cookie` header in a response for the current page. With `set`, a test can simulate
    /// a cookie that a different program set: an earlier release, a second application on the host, or an attacker on a
    /// different host.
    ///
    /// ```
    /// use hardtack::testing::Browser;
    /// use hardtack::{Cookie, Https, ReadError};
    ///
    /// #[derive(Cookie, Debug)]
    /// #[cookie(name = "__Secure-sid", domain = "shop.example")]
    /// struct Session(String);
    ///
    /// let mut browser = Browser::new("https://shop.example");
    /// browser.set("__Secure-sid=s3cr3t; Domain=shop.example; Path=/; Secure; HttpOnly");
    /// browser.visit("https://evil.shop.example");
    /// browser.set("__Secure-sid=planted; Domain=shop.example; Path=/account; Secure");
    ///
    /// let request = browser.visit("https://shop.example/account");
    /// assert_eq!(request["cookie"], "__Secure-sid=planted; __Secure-sid=s3cr3t");
    /// let session = browser.cookies::<Https>().try_get::<Session>();
    /// assert!(matches!(session, Err(ReadError::Ambiguous { .. })));
    /// ```
    pub fn set(&mut self, header: impl AsRef<[u8]>) {
        let header = header.as_ref();
        if let Err(refusal) = self.store.receive(header, self.page.target(), self.now) {
            let (name, url) = (ParsedSetCookie::parse(header).display_name(), self.page.without_query());
            self.rejected.push(format!("{}: `{name}` from `{url}`: {refusal}", refusal.id()));
        }
    }

    /// Returns one text for each `Set-Cookie` header that the browser rejected, in the order of the headers. The text
    /// contains the id of the rule, the cookie's name, the URL of the page, and the reason. The text never contains the
    /// value of a cookie.
    ///
    /// ```
    /// use hardtack::testing::Browser;
    ///
    /// let mut browser = Browser::new("https://shop.example");
    /// browser.set("__Host-sid=1; Secure");
    /// assert_eq!(
    ///     browser.rejected(),
    ///     ["prefix-host: `__Host-sid` from `https://shop.example/`: a `__Host-` name needs Secure, `Path=/` and no \
    ///       Domain; write `Secure; Path=/` and no `Domain`"],
    /// );
    /// ```
    #[must_use]
    pub fn rejected(&self) -> &[String] {
        &self.rejected
    }

    /// Returns a view of the cookies that the browser sends with a request for the current page. A test reads cookies
    /// from the view as from any jar, or converts the view to a `#[cookies]` struct.
    ///
    /// With the feature `seal`, the view uses the secret key of [`testing::keyring`](super::keyring). The view reads
    /// signed and sealed cookies at the current time. To read the cookies at the browser's time, use the view inside
    /// [`testing::at`](super::at).
    ///
    /// The view is a separate cookie jar. If you set a cookie in the view, the browser does not change.
    ///
    /// # Panics
    ///
    /// Panics if `S` is [`Https`](crate::Https) and the current page came over plain HTTP. A page of the local machine,
    /// such as `http://localhost`, counts as HTTPS.
    ///
    /// ```
    /// use hardtack::testing::Browser;
    /// use hardtack::{Cookie, Https, PlainHttp};
    ///
    /// #[derive(Cookie, Debug, PartialEq)]
    /// struct Cart(u32);
    ///
    /// #[derive(Cookie, Debug, PartialEq)]
    /// #[cookie(secure = false, reason = "the page is also served over plain HTTP")]
    /// struct Width(u32);
    ///
    /// let mut browser = Browser::new("https://shop.example");
    /// browser.set("__Host-Http-cart=7; Path=/; Secure; HttpOnly");
    /// browser.set("width=80; Path=/");
    /// assert_eq!(browser.cookies::<Https>().try_get().unwrap(), Some(Cart(7)));
    ///
    /// browser.visit("http://shop.example");
    /// assert_eq!(browser.cookies::<PlainHttp>().try_get().unwrap(), Some(Width(80)));
    /// ```
    #[must_use]
    #[track_caller]
    pub fn cookies<S: Scheme>(&self) -> Cookies<S> {
        let cookies = self.view();
        #[cfg(feature = "seal")]
        let cookies = cookies.with_keyring(super::shared_keyring());
        cookies
    }

    /// Returns the same view as [`cookies`](Browser::cookies), but verifies and decrypts cookies with `keyring`.
    ///
    /// # Panics
    ///
    /// Panics for the same reason as [`cookies`](Browser::cookies).
    ///
    /// ```
    /// use hardtack::seal::{Key, Keyring};
    /// use hardtack::testing::{self, Browser};
    /// use hardtack::{Cookie, Cookies, Https};
    ///
    /// #[derive(Cookie, Debug, PartialEq)]
    /// #[cookie(sealed)]
    /// struct Session(String);
    ///
    /// let keyring = Keyring::new(Key::generate());
    /// let mut browser = Browser::new("https://shop.example");
    /// let cookies = Cookies::from_headers(&browser.visit("/"), testing::https()).with_keyring(&keyring);
    /// cookies.set(Session("s3cr3t".into())).unwrap();
    /// let mut response = http::HeaderMap::new();
    /// cookies.write(&mut response);
    /// browser.store(&response);
    ///
    /// let view = browser.cookies_with::<Https>(&keyring);
    /// assert_eq!(view.try_get().unwrap(), Some(Session("s3cr3t".into())));
    /// ```
    #[cfg(feature = "seal")]
    #[must_use]
    #[track_caller]
    pub fn cookies_with<S: Scheme>(&self, keyring: &crate::seal::Keyring) -> Cookies<S> {
        self.view().with_keyring(keyring)
    }

    #[track_caller]
    fn view<S: Scheme>(&self) -> Cookies<S> {
        let Some(scheme) = scheme_for_test::<S>(self.page.is_secure()) else {
            fail(&format!(
                "the page `{}` came over plain HTTP, so it has no `Cookies<Https>`; visit an `https:` URL, or ask for \
                 `Cookies<PlainHttp>` or `Cookies<AnyScheme>`",
                self.page,
            ))
        };
        Cookies::from_headers(&self.headers(&self.page), scheme)
    }

    /// Returns all cookies that the browser has stored, for all hosts and paths. The oldest cookie comes first.
    ///
    /// ```
    /// use hardtack::testing::Browser;
    ///
    /// let mut browser = Browser::new("https://www.shop.example/cart/items");
    /// browser.set("__Secure-sid=1; Domain=shop.example; Secure; Max-Age=60");
    /// let [sid] = browser.stored() else { panic!("{browser:?}") };
    /// assert_eq!((sid.name.as_str(), sid.value.as_str()), ("__Secure-sid", "1"));
    /// assert_eq!((sid.domain.as_str(), sid.host_only, sid.path.as_str()), ("shop.example", false, "/cart"));
    /// assert_eq!(sid.expires, Some(browser.now() + std::time::Duration::from_secs(60)));
    /// ```
    #[must_use]
    pub fn stored(&self) -> &[Stored] {
        self.store.cookies()
    }

    /// Returns the names of all cookies that the browser has stored, for all hosts and paths. The oldest cookie comes
    /// first. If the browser has stored several cookies with the same name, the list contains the name several times.
    ///
    /// ```
    /// use hardtack::testing::Browser;
    ///
    /// let mut browser = Browser::new("https://shop.example");
    /// browser.set("theme=dark; Path=/");
    /// browser.set("theme=light; Path=/cart");
    /// browser.set("cart=7; Path=/");
    /// assert_eq!(browser.names(), ["theme", "theme", "cart"]);
    /// ```
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.stored().iter().map(|cookie| cookie.name.as_str()).collect()
    }

    /// Returns the URL of the current page, without a fragment.
    ///
    /// ```
    /// use hardtack::testing::Browser;
    ///
    /// let mut browser = Browser::new("https://shop.example/cart/items#top");
    /// assert_eq!(browser.url(), "https://shop.example/cart/items");
    /// browser.visit("../account");
    /// assert_eq!(browser.url(), "https://shop.example/account");
    /// ```
    #[must_use]
    pub fn url(&self) -> String {
        self.page.to_string()
    }

    /// Returns the time of the browser's clock. To run the application at this time, use [`testing::at`](super::at).
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use hardtack::testing::{self, Browser};
    /// use hardtack::{Cookie, Cookies, Https, ReadError};
    ///
    /// #[derive(Cookie, Debug)]
    /// #[cookie(sealed, max_age = "8h")]
    /// struct Session(String);
    ///
    /// let mut browser = Browser::new("https://shop.example");
    /// browser.advance(Duration::from_secs(60 * 60));
    /// let response = testing::at(browser.now(), || {
    ///     let cookies = Cookies::from_headers(&browser.request_headers("/"), testing::https());
    ///     let cookies = cookies.with_keyring(&testing::keyring());
    ///     cookies.set(Session("s3cr3t".into())).unwrap();
    ///     let mut response = http::HeaderMap::new();
    ///     cookies.write(&mut response);
    ///     response
    /// });
    /// browser.store(&response);
    ///
    /// // After eight hours, the browser removes the cookie, and the application rejects a stolen copy of the cookie.
    /// let stolen = browser.request_headers("/");
    /// browser.advance(Duration::from_secs(9 * 60 * 60));
    /// assert!(browser.names().is_empty());
    /// let cookies = Cookies::from_headers(&stolen, testing::https()).with_keyring(&testing::keyring());
    /// let session = testing::at(browser.now(), || cookies.try_get::<Session>());
    /// assert!(matches!(session, Err(ReadError::Expired { .. })));
    /// ```
    #[must_use]
    pub fn now(&self) -> SystemTime {
        self.now
    }

    /// Moves the browser's clock forward. The browser removes the cookies that expire.
    ///
    /// # Panics
    ///
    /// Panics if `SystemTime` cannot represent the new time.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use hardtack::testing::Browser;
    ///
    /// let mut browser = Browser::new("https://shop.example");
    /// browser.set("code=1; Max-Age=60");
    /// browser.advance(Duration::from_secs(59));
    /// assert_eq!(browser.names(), ["code"]);
    /// browser.advance(Duration::from_secs(1));
    /// assert!(browser.names().is_empty());
    /// ```
    #[track_caller]
    pub fn advance(&mut self, duration: Duration) {
        let Some(now) = self.now.checked_add(duration) else {
            fail("the browser's clock cannot represent the time after `advance`")
        };
        self.now = now;
        self.store.remove_expired(now);
    }

    /// Closes the browser, and opens the browser again with the same page. The browser removes each cookie that has
    /// neither `Max-Age` nor `Expires`.
    ///
    /// ```
    /// use hardtack::testing::Browser;
    ///
    /// let mut browser = Browser::new("https://shop.example");
    /// browser.set("sid=1");
    /// browser.set("theme=dark; Max-Age=60");
    /// browser.close();
    /// assert_eq!(browser.names(), ["theme"]);
    /// ```
    pub fn close(&mut self) {
        self.store.remove_session_cookies();
    }
}

/// Shows the page, the clock, the stored cookies and the rejected headers. The output never contains the value of a
/// cookie.
impl fmt::Debug for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Browser")
            .field("url", &self.url())
            .field("now", &self.now)
            .field("stored", &self.stored())
            .field("rejected", &self.rejected)
            .finish()
    }
}

#[track_caller]
fn valid(parsed: Option<PageUrl>, url: &str) -> PageUrl {
    match parsed {
        Some(url) => url,
        None => fail(&format!("`{url}` is not a valid `https:` or `http:` URL")),
    }
}

#[allow(clippy::panic, reason = "a test helper fails the test")]
#[track_caller]
fn fail(message: &str) -> ! {
    panic!("{message}")
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use http::{HeaderMap, HeaderValue};

    use super::Browser;
    use crate::testing;
    use crate::{AnyScheme, Https, PlainHttp};

    const DAY: Duration = Duration::from_secs(86_400);

    /// Returns a browser on the page `https://www.shop.example/dir/page` that has received the headers. If a header
    /// begins with a URL and a space, the browser receives this header on the page with the URL.
    fn browser(headers: &[&str]) -> Browser {
        let mut browser = Browser::new("https://www.shop.example/dir/page");
        for header in headers {
            match header.split_once(' ') {
                Some((url, header)) if url.contains("//") => {
                    browser.visit(url);
                    browser.set(header);
                }
                _ => browser.set(header),
            }
        }
        browser
    }

    /// Returns the `Cookie` header of a visit to `url`, or an empty text.
    fn sent(browser: &Browser, url: &str) -> String {
        let request = browser.clone().visit(url);
        request.get("cookie").map(|header| header.to_str().unwrap().to_owned()).unwrap_or_default()
    }

    #[test]
    fn cookies_go_to_their_hosts_and_paths() {
        for (header, url, expected) in [
            // Host-only cookies and cookies with a `Domain`.
            ("a=1", "https://www.shop.example/dir/x", "a=1"),
            ("a=1", "https://shop.example/dir/x", ""),
            ("a=1", "https://a.www.shop.example/dir/x", ""),
            ("a=1; Domain=shop.example", "https://shop.example/dir/x", "a=1"),
            ("a=1; Domain=.shop.example", "https://other.shop.example/dir/x", "a=1"),
            ("a=1; Domain=shop.example", "https://myshop.example/dir/x", ""),
            // All ports of a host share cookies. HTTP and HTTPS share only cookies that are not Secure.
            ("a=1", "https://www.shop.example:8443/dir/x", "a=1"),
            ("a=1", "http://www.shop.example:8080/dir/x", "a=1"),
            ("a=1; Secure", "http://www.shop.example/dir/x", ""),
            // Default paths and declared paths.
            ("a=1", "/dir", "a=1"),
            ("a=1", "/directory", ""),
            ("a=1", "/", ""),
            ("a=1; Path=/", "/", "a=1"),
            ("a=1; Path=/dir/page", "/dir/page?query", "a=1"),
            ("a=1; Path=/dir/page", "/dir/x", ""),
            ("a=1; Path=/dir/page", "/x/../dir/page/7", "a=1"),
            // A cookie without a name.
            ("value", "/dir/x", "value"),
        ] {
            assert_eq!(sent(&browser(&[header]), url), expected, "{header} {url}");
        }
    }

    #[test]
    fn local_machine_counts_as_secure() {
        for (url, stored) in [
            ("http://localhost:3000/", true),
            ("http://app.localhost/", true),
            ("http://127.0.0.1:3000/", true),
            ("http://[::1]/", true),
            ("http://shop.example/", false),
            ("http://192.168.0.1/", false),
        ] {
            let browser = browser(&[&format!("{url} __Host-a=1; Path=/; Secure")]);
            assert_eq!(sent(&browser, url), if stored { "__Host-a=1" } else { "" }, "{url}");
            assert_eq!(browser.rejected().is_empty(), stored, "{url}");
        }
    }

    #[test]
    fn cookies_are_replaced_and_removed_by_identity() {
        let first = "a=1; Path=/; Secure";
        for (second, expected) in [
            ("a=2; Path=/; Secure", "a=2"),
            ("a=2; Path=/; HttpOnly; SameSite=Strict", "a=2"),
            ("A=2; Path=/", "a=1; A=2"),
            ("a=2; Path=/dir", "a=2; a=1"),
            ("a=2; Path=/; Domain=www.shop.example", "a=1; a=2"),
            ("a=2; Path=/; Domain=shop.example", "a=1; a=2"),
            ("a=2; Path=/; Secure; Partitioned", "a=1; a=2"),
            ("a=; Path=/; Max-Age=0", ""),
            ("a=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT", ""),
            ("a=; Path=/dir; Max-Age=0", "a=1"),
            ("a=; Path=/; Domain=www.shop.example; Max-Age=0", "a=1"),
            ("a=; Path=/; Secure; Partitioned; Max-Age=0", "a=1"),
        ] {
            assert_eq!(sent(&browser(&[first, second]), "/dir/page"), expected, "{second}");
        }
    }

    #[test]
    fn replaced_cookies_keep_their_place() {
        let renewed = browser(&["a=1", "b=1", "a=2"]);
        assert_eq!(sent(&renewed, "/dir/page"), "a=2; b=1");
        let set_again = browser(&["a=1", "b=1", "a=; Max-Age=0", "a=2"]);
        assert_eq!(sent(&set_again, "/dir/page"), "b=1; a=2");
    }

    #[test]
    fn plain_http_leaves_secure_cookies_alone() {
        let secure = "a=1; Path=/dir; Secure; Domain=shop.example";
        let rule = "secure-cookie-exists";
        for (attack, refused) in [
            ("http://www.shop.example/ a=2; Path=/dir; Domain=shop.example", true),
            ("http://www.shop.example/ a=2; Path=/dir/deeper", true),
            ("http://evil.shop.example/ a=2; Path=/dir", true),
            ("http://www.shop.example/ a=; Path=/dir; Domain=shop.example; Max-Age=0", true),
            ("http://www.shop.example/ a=2; Path=/", false),
            ("http://www.shop.example/ b=2; Path=/dir", false),
            ("http://other.example/ a=2; Path=/dir", false),
            ("https://evil.shop.example/ a=2; Path=/dir; Domain=shop.example", false),
        ] {
            let browser = browser(&[secure, attack]);
            assert_eq!(browser.rejected().iter().any(|text| text.starts_with(rule)), refused, "{attack}");
            assert_eq!(browser.rejected().len(), usize::from(refused), "{attack}");
        }
        let localhost = browser(&["http://localhost/ a=1; Secure", "http://localhost/ a=2"]);
        assert_eq!(sent(&localhost, "http://localhost/"), "a=2");
    }

    #[test]
    fn cookies_expire_with_the_clock() {
        for (header, lifetime) in [
            ("a=1; Max-Age=86400", DAY),
            ("a=1; Expires=Sun, 04 Jan 1970 00:00:00 GMT", 2 * DAY),
            ("a=1; Max-Age=86400; Expires=Sun, 04 Jan 1970 00:00:00 GMT", DAY),
            ("a=1; Max-Age=99999999", 400 * DAY),
        ] {
            let mut browser = testing::at(SystemTime::UNIX_EPOCH + DAY, || browser(&[header]));
            browser.close();
            browser.advance(lifetime - Duration::from_secs(1));
            assert_eq!(sent(&browser, "/dir/page"), "a=1", "{header}");
            browser.advance(Duration::from_secs(1));
            assert_eq!(sent(&browser, "/dir/page"), "", "{header}");
        }
        let mut browser = browser(&["a=1"]);
        browser.advance(1000 * DAY);
        assert_eq!(sent(&browser, "/dir/page"), "a=1");
        browser.close();
        assert_eq!(sent(&browser, "/dir/page"), "");
    }

    #[test]
    fn clear_site_data_removes_the_cookies_of_the_site() {
        let set = [
            "a=1",
            "b=1; Domain=shop.example",
            "https://other.shop.example/ c=1",
            "https://blog.example/ d=1",
            "https://www.shop.example/ e=1",
        ];
        for (url, header, left) in [
            ("/", "\"cache\", \"cookies\"", &["d"][..]),
            ("/", "\"*\"", &["d"]),
            ("/", "\"storage\"", &["a", "b", "c", "d", "e", "f"]),
            ("/", "cookies", &["a", "b", "c", "d", "e", "f"]),
            ("http://www.shop.example/", "\"cookies\"", &["a", "b", "c", "d", "e", "f"]),
        ] {
            let mut browser = browser(&set);
            browser.visit(url);
            let mut response = HeaderMap::new();
            response.insert("set-cookie", HeaderValue::from_static("f=1"));
            response.insert("clear-site-data", HeaderValue::from_static(header));
            browser.store(&response);
            assert_eq!(browser.names(), left, "{url} {header}");
        }
    }

    #[test]
    fn clear_site_data_of_a_public_suffix_stays_on_the_host() {
        let mut browser = browser(&["http://app.localhost/ a=1", "http://localhost/ b=1"]);
        let mut response = HeaderMap::new();
        response.insert("clear-site-data", HeaderValue::from_static("\"cookies\""));
        browser.store(&response);
        assert_eq!(browser.names(), ["a"]);
    }

    #[test]
    fn clones_are_separate_browsers() {
        let mut first = browser(&["a=1"]);
        let second = first.clone();
        first.set("a=; Max-Age=0");
        assert_eq!((first.names(), second.names()), (vec![], vec!["a"]));
    }

    #[test]
    fn requests_have_the_host_and_one_cookie_header() {
        let request = browser(&["a=1; Path=/", "b=2; Path=/"]).request_headers("https://www.shop.example:443/");
        assert_eq!(request.len(), 2);
        assert_eq!(request["host"], "www.shop.example");
        assert_eq!(request["cookie"], "a=1; b=2");
        let request = Browser::new("http://[::1]:3000").request_headers("/");
        assert_eq!(request.len(), 1);
        assert_eq!(request["host"], "[::1]:3000");
    }

    #[test]
    fn debug_hides_values() {
        let browser = browser(&["sid=opensesame; Max-Age=60", "__Host-a=opensesame", "opensesame"]);
        let shown = format!("{browser:?} {browser:#?} {:?}", browser.cookies::<Https>());
        assert!(!shown.contains("opensesame"), "{shown}");
        assert!(shown.contains("domain: \"www.shop.example\"") && shown.contains("prefix-host: `__Host-a`"), "{shown}");
    }

    #[test]
    fn views_have_the_scheme_of_the_page() {
        let mut browser = Browser::new("http://localhost:3000");
        assert!(browser.cookies::<AnyScheme>().https().is_ok());
        let _: (crate::Cookies<Https>, crate::Cookies<PlainHttp>) = (browser.cookies(), browser.cookies());
        browser.visit("http://shop.example");
        assert!(browser.cookies::<AnyScheme>().https().is_err());
    }

    #[test]
    #[should_panic(expected = "the page `http://shop.example/` came over plain HTTP, so it has no `Cookies<Https>`")]
    fn plain_pages_have_no_view_of_https() {
        let _ = Browser::new("http://shop.example").cookies::<Https>();
    }

    #[test]
    #[should_panic(expected = "`shop.example` is not a valid `https:` or `http:` URL")]
    fn url_needs_a_scheme() {
        let _ = Browser::new("shop.example");
    }

    #[test]
    #[should_panic(expected = "`//blog.example/` has another origin than the page `https://shop.example/`")]
    fn requests_stay_on_the_origin() {
        let _ = Browser::new("https://shop.example").request_headers("//blog.example/");
    }
}
