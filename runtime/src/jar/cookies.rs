//! The type `Cookies`, with which a handler reads, sets and removes cookies. The methods of `Cookies` call the
//! functions in `state.rs`.

use core::fmt;
use core::marker::PhantomData;

use http::{HeaderMap, Uri};

use super::family::Family;
use super::into_set_cookie::IntoSetCookie;
use super::state::JarState;
use crate::cookie::allowed_over::AllowedOver;
use crate::cookie::declaration::{Cookie, CookieFamily, CookieName, Declaration, DeclaredCookie, ReadCookie};
use crate::cookie::error::{ReadError, SetError};
use crate::cookie::overrides::Overrides;
use crate::policy::PolicyHandle;
use crate::request::host::RequestHost;
use crate::request::scheme::{AnyScheme, Https, PlainHttp, Scheme};
use crate::sync::Arc;

/// The cookie jar of one request and its response. The type parameter `S` is the scheme of the request.
///
/// A clone is cheap, and all clones share one jar. In a framework, the policy's middleware makes the jar and adds the
/// jar's cookies to the response. Without a framework, make the jar with [`Cookies::from_headers`], and add the jar's
/// cookies to the response with [`write`](Cookies::write).
///
/// ```
/// use hardtack::{Cookie, Cookies, testing};
///
/// #[derive(Cookie)]
/// #[cookie(max_age = "8h")]
/// struct Session(String);
///
/// let mut request = http::HeaderMap::new();
/// request.insert("cookie", "a=1; __Host-Http-session=s3cr3t".parse().unwrap());
///
/// let cookies = Cookies::from_headers(&request, testing::https());
/// assert_eq!(cookies.get::<Session>().unwrap().0, "s3cr3t");
/// cookies.set(Session("new".into())).unwrap();
///
/// let mut response = http::HeaderMap::new();
/// cookies.write(&mut response);
/// assert_eq!(
///     response["set-cookie"],
///     "__Host-Http-session=new; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Lax",
/// );
/// ```
pub struct Cookies<S: Scheme = Https> {
    jar: Arc<JarState>,
    scheme: PhantomData<fn() -> S>,
}

impl<S: Scheme> Cookies<S> {
    /// Makes the jar of one request from the request's headers.
    ///
    /// [`TlsTermination::detect`](crate::TlsTermination::detect) returns an [`Https`] or a [`PlainHttp`]. Pass this
    /// value as `scheme`, or convert the result of `detect` to an [`AnyScheme`].
    #[must_use]
    pub fn from_headers(request: &HeaderMap, scheme: S) -> Self {
        let host = RequestHost::from_request(&Uri::default(), request).ok();
        Cookies::from_jar(Arc::new(JarState::new(request, host, scheme.verdict())))
    }

    /// Sets the policy of the jar to the current policy of `handle`. If the jar already has a policy, `with_policy`
    /// does nothing.
    ///
    /// ```
    /// use hardtack::{Cookie, Cookies, Policy, PolicyHandle, testing};
    ///
    /// #[derive(Cookie)]
    /// #[cookie(domain = policy)]
    /// struct Sso(String);
    ///
    /// let policy = PolicyHandle::new(Policy::builder().cookie_domain("example.com").build().unwrap());
    /// let cookies = Cookies::from_headers(&http::HeaderMap::new(), testing::https()).with_policy(&policy);
    /// cookies.set(Sso("a".into())).unwrap();
    ///
    /// let mut response = http::HeaderMap::new();
    /// cookies.write(&mut response);
    /// assert!(response["set-cookie"].to_str().unwrap().contains("; Domain=example.com;"));
    /// ```
    #[must_use]
    pub fn with_policy(self, handle: &PolicyHandle) -> Self {
        self.jar.set_policy(handle.current_policy());
        self
    }

    /// Sets the keyring of the jar. Call `with_keyring` if the jar has no policy, or if the jar must not use the
    /// policy's keyring. If the jar already has a keyring, `with_keyring` does nothing.
    ///
    /// ```
    /// use hardtack::seal::{Key, Keyring};
    /// use hardtack::{Cookie, Cookies, SetError, testing};
    ///
    /// #[derive(Cookie)]
    /// #[cookie(sealed)]
    /// struct Session(String);
    ///
    /// let without = Cookies::from_headers(&http::HeaderMap::new(), testing::https());
    /// assert!(matches!(without.set(Session("s3cr3t".into())), Err(SetError::NoKeyring { .. })));
    ///
    /// let keyring = Keyring::new(Key::generate());
    /// let cookies = Cookies::from_headers(&http::HeaderMap::new(), testing::https()).with_keyring(&keyring);
    /// cookies.set(Session("s3cr3t".into())).unwrap();
    ///
    /// let mut response = http::HeaderMap::new();
    /// cookies.write(&mut response);
    /// assert!(!response["set-cookie"].to_str().unwrap().contains("s3cr3t"));
    /// ```
    #[cfg(feature = "seal")]
    #[must_use]
    pub fn with_keyring(self, keyring: &crate::seal::Keyring) -> Self {
        self.jar.set_keyring(keyring);
        self
    }

    /// Reads a cookie. Returns `None` if the cookie is absent, or if the cookie cannot be read. Most handlers can call
    /// `get` and treat an unreadable cookie as an absent cookie, because a client can always omit a cookie. If the
    /// cookie cannot be read, hardtack emits an event. To get the reason as an error, call
    /// [`try_get`](Cookies::try_get).
    ///
    /// If this request already set the cookie, `get` returns the new value. If this request removed the cookie, `get`
    /// returns `None`.
    ///
    /// `get` itself does not set, remove or repair the cookie. If the cookie cannot be read, the next
    /// [`set`](Cookies::set) or [`remove`](Cookies::remove) repairs the cookie. If the cookie is declared with `idle`,
    /// the finished response can re-issue the cookie. See [`skip_reissue`](Cookies::skip_reissue). If the companion of
    /// a `device_bound` cookie has expired or belongs to another session, the finished response removes the companion.
    ///
    /// ```
    /// use hardtack::{Cookie, Cookies, testing};
    ///
    /// #[derive(Cookie, Debug, PartialEq)]
    /// struct Cart(u32);
    ///
    /// let mut request = http::HeaderMap::new();
    /// request.insert("cookie", "__Host-Http-cart=many".parse().unwrap());
    /// let cookies = Cookies::from_headers(&request, testing::https());
    /// assert_eq!(cookies.get::<Cart>(), None);
    ///
    /// cookies.set(Cart(7)).unwrap();
    /// assert_eq!(cookies.get::<Cart>(), Some(Cart(7)));
    /// ```
    #[must_use]
    pub fn get<T: ReadCookie + AllowedOver<S>>(&self) -> Option<T> {
        self.try_get().ok().flatten()
    }

    /// Reads a cookie. Returns `None` if the cookie is absent. Returns an error if the cookie cannot be read.
    ///
    /// If the request contains several different values of a `signed` or `sealed` cookie, `try_get` ignores the values
    /// without a valid seal.
    ///
    /// # Errors
    ///
    /// - [`ReadError::NotHttps`] if a Secure cookie came over plain HTTP.
    /// - [`ReadError::Ambiguous`] if the request contains several different values for the cookie's name.
    /// - [`ReadError::Malformed`] if the cookie's value is not valid for the type `T`.
    /// - [`ReadError::NoKeyring`], [`ReadError::BadSeal`], [`ReadError::Expired`] or [`ReadError::UnknownKey`] if the
    ///   seal of a `signed` or `sealed` cookie cannot be verified or has expired.
    /// - [`ReadError::Unproven`] if the request lacks the companion that a `device_bound` cookie requires.
    ///
    /// ```
    /// use hardtack::{Cookie, Cookies, ReadError, testing};
    ///
    /// #[derive(Cookie, Debug, PartialEq)]
    /// struct Cart(u32);
    ///
    /// let mut request = http::HeaderMap::new();
    /// request.append("cookie", "__Host-Http-cart=7".parse().unwrap());
    /// assert_eq!(Cookies::from_headers(&request, testing::https()).try_get().unwrap(), Some(Cart(7)));
    ///
    /// request.append("cookie", "__Host-Http-cart=8".parse().unwrap());
    /// let twice = Cookies::from_headers(&request, testing::https()).try_get::<Cart>();
    /// assert!(matches!(twice, Err(ReadError::Ambiguous { cookie: "__Host-Http-cart", .. })));
    /// ```
    pub fn try_get<T: ReadCookie + AllowedOver<S>>(&self) -> Result<Option<T>, ReadError> {
        let declaration = Declaration::new::<T>();
        let mut found = None;
        self.jar.find(declaration, &CookieName::declared(declaration), &mut found)?;
        Ok(found)
    }

    /// Reads every value that the request contains for the cookie's name, in the order of the request. Does not return
    /// a value that this request set.
    ///
    /// ```
    /// use hardtack::{Cookie, Cookies, testing};
    ///
    /// #[derive(Cookie)]
    /// struct Cart(u32);
    ///
    /// let mut request = http::HeaderMap::new();
    /// request.insert("cookie", "__Host-Http-cart=7; __Host-Http-cart=x; __Host-Http-cart=8".parse().unwrap());
    /// let cookies = Cookies::from_headers(&request, testing::https());
    /// let carts: Vec<Option<u32>> = cookies.get_all::<Cart>().map(|cart| cart.ok().map(|cart| cart.0)).collect();
    /// assert_eq!(carts, [Some(7), None, Some(8)]);
    /// ```
    pub fn get_all<T: ReadCookie + AllowedOver<S>>(&self) -> impl Iterator<Item = Result<T, ReadError>> {
        let (jar, declaration) = (&*self.jar, Declaration::new::<T>());
        let name = CookieName::declared(declaration);
        jar.raw_values(declaration.spec.name).filter_map(move |raw| {
            let mut found = None;
            jar.decode(declaration, &name, raw, &mut found).map(|()| found).transpose()
        })
    }

    /// Sets a cookie in the response. If this request already set or removed the cookie, the new cookie replaces this
    /// earlier change. Two cookies are the same cookie if their name, domain, path and `partitioned` are equal.
    ///
    /// An earlier scope is a domain or path that the cookie had in an earlier release. The declaration and the policy
    /// list the earlier scopes. If the request carried a cookie with the same name, the response also removes the
    /// cookie from these scopes. Sometimes the request carries several cookies with the name, or one cookie that cannot
    /// be read. Then the response also removes the host-only cookie and the cookie of `Domain=<this host>`.
    ///
    /// # Errors
    ///
    /// Returns a [`SetError`] if the cookie cannot be set. After an error, the cookies of the response are the same as
    /// before the call.
    ///
    /// ```
    /// use hardtack::{AnyScheme, Cookie, Cookies, SetError, TlsTermination};
    ///
    /// #[derive(Cookie)]
    /// struct Session(String);
    ///
    /// let (parts, ()) = http::Request::get("/").body(()).unwrap().into_parts();
    /// let scheme = AnyScheme::from(TlsTermination::none().detect(&parts, None));
    /// let cookies = Cookies::from_headers(&parts.headers, scheme);
    /// assert!(matches!(cookies.set(Session("a".into())), Err(SetError::NotHttps { .. })));
    /// ```
    pub fn set<C: IntoSetCookie + AllowedOver<S>>(&self, cookie: C) -> Result<(), SetError> {
        const {
            let spec = <C::Cookie as DeclaredCookie>::DECLARED;
            assert!(!spec.read_only && !spec.keyed, "a `read_only` or `keyed` cookie cannot be set");
        }
        cookie.set_in(&self.jar)
    }

    /// Removes a cookie, even if the request does not contain the cookie. The `Set-Cookie` header that removes the
    /// cookie has the declared name, Path, Domain and flags, and an empty value. The header also has `Max-Age=0` and an
    /// `Expires` in the past.
    ///
    /// If the request carried a cookie with the same name, the response also removes the cookie from earlier scopes,
    /// from the host-only scope and from `Domain=<this host>`. If the key `formerly` declares earlier names, the
    /// response always removes the cookies with these names.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`set`](Cookies::set).
    ///
    /// ```
    /// use hardtack::{Cookie, Cookies, testing};
    ///
    /// #[derive(Cookie)]
    /// struct Session(String);
    ///
    /// let cookies = Cookies::from_headers(&http::HeaderMap::new(), testing::https());
    /// cookies.set(Session("a".into())).unwrap();
    /// cookies.remove::<Session>().unwrap();
    ///
    /// let mut response = http::HeaderMap::new();
    /// cookies.write(&mut response);
    /// assert_eq!(response.get_all("set-cookie").iter().count(), 1);
    /// assert!(response["set-cookie"].to_str().unwrap().starts_with("__Host-Http-session=; Path=/; Max-Age=0; "));
    /// ```
    pub fn remove<T: Cookie + AllowedOver<S>>(&self) -> Result<(), SetError> {
        let declaration = Declaration::new::<T>();
        self.jar.add(declaration, CookieName::declared(declaration), None, &Overrides::NONE)
    }

    /// Undoes each `set` and `remove` of this request for the cookie. The response then has no `Set-Cookie` header for
    /// the cookie, and [`get`](Cookies::get) reads the request's cookie again. If the cookie has `idle`, the response
    /// does not re-issue the cookie.
    ///
    /// For example, a handler can call `undo` if the database transaction fails after the handler set the session.
    ///
    /// ```
    /// use hardtack::{Cookie, Cookies, testing};
    ///
    /// #[derive(Cookie)]
    /// struct Session(String);
    ///
    /// let cookies = Cookies::from_headers(&http::HeaderMap::new(), testing::https());
    /// cookies.set(Session("a".into())).unwrap();
    /// cookies.undo::<Session>();
    ///
    /// let mut response = http::HeaderMap::new();
    /// cookies.write(&mut response);
    /// assert!(response.get("set-cookie").is_none());
    /// ```
    pub fn undo<T: Cookie + AllowedOver<S>>(&self) {
        let declaration = Declaration::new::<T>();
        self.jar.undo(declaration, &CookieName::declared(declaration));
    }

    /// Prevents this request from extending the idle time of cookies with `idle`: the response does not re-issue a
    /// cookie. You can call `skip_reissue` before or after the handler reads the cookie.
    ///
    /// Without this call, each request that reads a cookie with `idle` counts as a use of the cookie. If less than half
    /// of the idle time is left, the response re-issues the cookie with the same value, a new idle time and the same
    /// absolute expiry. Call `skip_reissue` in the handler of a request that a page sends by itself, for example every
    /// minute. Without `skip_reissue`, the session of a user who left the page open would stay alive until the absolute
    /// expiry.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    ///
    /// use hardtack::{Cookie, Cookies, testing};
    ///
    /// /// The session of the signed-in user, which ends after 30 minutes without a request.
    /// #[derive(Cookie)]
    /// #[cookie(sealed, max_age = "8h", idle = "30m")]
    /// struct Session(String);
    ///
    /// let mut request = http::HeaderMap::new();
    /// request.insert("cookie", testing::request_header(&Session("ada".into())));
    /// let jar = || Cookies::from_headers(&request, testing::https()).with_keyring(&testing::keyring());
    ///
    /// testing::at(SystemTime::now() + Duration::from_secs(20 * 60), || {
    ///     let (poll, page) = (jar(), jar());
    ///     poll.skip_reissue();
    ///     assert!(poll.get::<Session>().is_some() && page.get::<Session>().is_some());
    ///
    ///     let mut response = http::HeaderMap::new();
    ///     poll.write(&mut response);
    ///     assert!(response.is_empty());
    ///     page.write(&mut response);
    ///     assert!(response["set-cookie"].to_str().unwrap().contains("; Max-Age=1800;"));
    /// });
    /// ```
    pub fn skip_reissue(&self) {
        self.jar.skip_reissue();
    }

    /// Asks the browser to remove all cookies and all stored data of the site. The response gets the header
    /// `Clear-Site-Data: "cookies", "storage"`. For a sign-out, call both `clear_site_data` and
    /// [`remove`](Cookies::remove), because some browsers do not support the header.
    ///
    /// - The browser also removes the cookies of sibling hosts. A response of `app.example.com` removes all cookies of
    ///   `example.com` and of its subdomains.
    /// - The header is only sent over HTTPS.
    /// - Chromium also removes the cookies that the same response sets. If this request set a cookie, hardtack emits
    ///   the event `clear-site-data`. A response with the header does not re-issue cookies with `idle`.
    ///
    /// ```
    /// use hardtack::{Cookie, Cookies, testing};
    ///
    /// #[derive(Cookie)]
    /// struct Session(String);
    ///
    /// let cookies = Cookies::from_headers(&http::HeaderMap::new(), testing::https());
    /// cookies.remove::<Session>().unwrap();
    /// cookies.clear_site_data();
    ///
    /// let mut response = http::HeaderMap::new();
    /// cookies.write(&mut response);
    /// assert_eq!(response["clear-site-data"], r#""cookies", "storage""#);
    /// ```
    pub fn clear_site_data(&self) {
        self.jar.clear_site_data();
    }

    /// Returns true if the request carried the cookie only under an earlier name that the key `formerly` declares, and
    /// the value can be read. The result stays the same after the handler sets or removes the cookie.
    ///
    /// Until the date in the key `until`, anyone who can set a cookie with the earlier name can choose the value. So if
    /// `is_former` returns true for a session, renew the session id and call [`set`](Cookies::set).
    ///
    /// ```
    /// use hardtack::{Cookie, Cookies, testing};
    ///
    /// #[derive(Cookie, Debug, PartialEq)]
    /// #[cookie(formerly(name = "sid", until = "9999-12-31"), reason = "browsers still hold the old session cookie")]
    /// struct Session(String);
    ///
    /// let mut request = http::HeaderMap::new();
    /// request.insert("cookie", "sid=a".parse().unwrap());
    /// let cookies = Cookies::from_headers(&request, testing::https());
    /// assert_eq!(cookies.get::<Session>(), Some(Session("a".into())));
    /// assert!(cookies.is_former::<Session>());
    ///
    /// cookies.set(Session("b".into())).unwrap();
    /// let mut response = http::HeaderMap::new();
    /// cookies.write(&mut response);
    /// let headers: Vec<_> = response.get_all("set-cookie").iter().map(|header| header.to_str().unwrap()).collect();
    /// assert!(headers[0].starts_with("sid=; Path=/; Max-Age=0; "));
    /// assert!(headers[1].starts_with("__Host-Http-session=b; "));
    /// ```
    #[must_use]
    pub fn is_former<T: ReadCookie>(&self) -> bool {
        let declaration = Declaration::new::<T>();
        let mut found: Option<T> = None;
        self.jar.is_former(declaration, &CookieName::declared(declaration), &mut found)
    }

    /// Returns a view of a family of cookies. A family is a cookie type with the key `keyed`.
    ///
    /// ```
    /// use hardtack::{Cookie, Cookies, testing};
    ///
    /// #[derive(Cookie, Debug, PartialEq)]
    /// #[cookie(keyed, max_age = "10m")]
    /// struct Flow(String);
    ///
    /// let cookies = Cookies::from_headers(&http::HeaderMap::new(), testing::https());
    /// cookies.family::<Flow>().set("k1", Flow("pkce".into())).unwrap();
    /// assert_eq!(cookies.family::<Flow>().get("k1"), Some(Flow("pkce".into())));
    /// assert_eq!(cookies.family::<Flow>().get("k2"), None);
    /// ```
    #[must_use]
    pub fn family<T: CookieFamily + AllowedOver<S>>(&self) -> Family<'_, T, S> {
        Family::new(&self.jar)
    }

    /// Appends the `Set-Cookie` headers of the jar to the response, and closes the jar. If a header is weaker than the
    /// policy's baseline, `write` makes the header stricter. A second call of `write` does nothing.
    ///
    /// Call `write` when all other headers of the response are set. `write` uses the headers `Cache-Control` and
    /// `Set-Cookie` to find out whether the response may re-issue a cookie with `idle`. A jar from
    /// [`from_headers`](Cookies::from_headers) does not know the method of the request and the status of the response.
    /// So call [`skip_reissue`](Cookies::skip_reissue) for HEAD, for OPTIONS and for the status 304.
    pub fn write(&self, response: &mut HeaderMap) {
        self.jar.write(response);
    }

    pub(crate) fn from_jar(jar: Arc<JarState>) -> Self {
        Cookies { jar, scheme: PhantomData }
    }
}

impl Cookies<AnyScheme> {
    /// Returns the same jar as a `Cookies<Https>`, if the request came over HTTPS.
    ///
    /// # Errors
    ///
    /// If the request did not come over HTTPS, returns a [`PlainHttp`] with the reason.
    ///
    /// ```
    /// use hardtack::{AnyScheme, Cookies, testing};
    ///
    /// let cookies = Cookies::from_headers(&http::HeaderMap::new(), AnyScheme::from(testing::https()));
    /// assert!(cookies.https().is_ok());
    /// ```
    pub fn https(&self) -> Result<Cookies<Https>, PlainHttp> {
        self.jar.verdict().into_proof().map(|_| Cookies::from_jar(self.jar.clone()))
    }
}

impl<S: Scheme> Clone for Cookies<S> {
    fn clone(&self) -> Self {
        Cookies::from_jar(self.jar.clone())
    }
}

/// Shows the names of the cookies. The `Debug` output never contains the value of a cookie.
impl<S: Scheme> fmt::Debug for Cookies<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (received, pending, is_sent) = self.jar.names();
        f.debug_struct("Cookies")
            .field("received", &received)
            .field("pending", &pending)
            .field("is_sent", &is_sent)
            .finish()
    }
}
