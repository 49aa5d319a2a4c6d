//! The typed view of one exchange's jar: what a handler reads, sets and removes, by the types alone. What comes of it is
//! `exchange`'s.

use core::fmt;
use core::marker::PhantomData;

use http::HeaderMap;

use crate::declare::{Cookie, Declaration, ReadCookie};
use crate::error::{ReadError, SetError};
use crate::exchange::Exchange;
use crate::line::Varied;
use crate::policy::PolicyHandle;
use crate::scheme::{AllowedOver, AnyScheme, Https, PlainHttp, Scheme};
use crate::set_cookie::IntoSetCookie;
use crate::sync::Arc;

/// The cookies of one exchange, seen through a scheme.
///
/// It is cheap to clone; all clones share one jar. In a framework the policy's layer opens it and writes it into the
/// response; without one, [`Cookies::read`] opens it and [`write`](Cookies::write) appends what was set.
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
/// let cookies = Cookies::read(&request, testing::https());
/// assert_eq!(cookies.get::<Session>().unwrap().unwrap().0, "s3cr3t");
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
    exchange: Arc<Exchange>,
    scheme: PhantomData<fn() -> S>,
}

impl<S: Scheme> Cookies<S> {
    /// Opens the jar of one exchange on the request's fields.
    ///
    /// `scheme` is an [`Https`], a [`PlainHttp`], or [`AnyScheme::from`] what a [`Listener`](crate::Listener) judged.
    #[must_use]
    pub fn read(request: &HeaderMap, scheme: S) -> Self {
        Cookies::over(Arc::new(Exchange::open(request, scheme.verdict())))
    }

    /// Gives the jar the policy that holds now: its `cookie_domain` for one. The first one given stays.
    ///
    /// ```
    /// use hardtack::{Cookie, Cookies, Policy, PolicyHandle, testing};
    ///
    /// #[derive(Cookie)]
    /// #[cookie(domain = environment)]
    /// struct Sso(String);
    ///
    /// let policy = PolicyHandle::new(Policy::builder().cookie_domain("example.com").build().unwrap());
    /// let cookies = Cookies::read(&http::HeaderMap::new(), testing::https()).policy(&policy);
    /// cookies.set(Sso("a".into())).unwrap();
    ///
    /// let mut response = http::HeaderMap::new();
    /// cookies.write(&mut response);
    /// assert!(response["set-cookie"].to_str().unwrap().contains("; Domain=example.com;"));
    /// ```
    #[must_use]
    pub fn policy(self, handle: &PolicyHandle) -> Self {
        self.exchange.give_policy(handle.in_force());
        self
    }

    /// Gives the jar the keyring that signs and seals, where there is no policy or another one is wanted than the
    /// policy's. The first one given stays.
    ///
    /// ```
    /// use hardtack::{Cookie, Cookies, Key, Keyring, SetError, testing};
    ///
    /// #[derive(Cookie)]
    /// #[cookie(sealed)]
    /// struct Session(String);
    ///
    /// let without = Cookies::read(&http::HeaderMap::new(), testing::https());
    /// assert!(matches!(without.set(Session("s3cr3t".into())), Err(SetError::NoKeyring { .. })));
    ///
    /// let keyring = Keyring::new(Key::generate());
    /// let cookies = Cookies::read(&http::HeaderMap::new(), testing::https()).keyring(&keyring);
    /// cookies.set(Session("s3cr3t".into())).unwrap();
    ///
    /// let mut response = http::HeaderMap::new();
    /// cookies.write(&mut response);
    /// assert!(!response["set-cookie"].to_str().unwrap().contains("s3cr3t"));
    /// ```
    #[cfg(feature = "seal")]
    #[must_use]
    pub fn keyring(self, keyring: &crate::seal::Keyring) -> Self {
        self.exchange.give_keyring(keyring);
        self
    }

    /// Reads what the request carried, never what is pending. `None` where it carried nothing.
    ///
    /// Of a signed or sealed cookie that came several times only the values that verify count.
    ///
    /// # Errors
    ///
    /// [`ReadError::NotHttps`] where a Secure cookie came over plain HTTP, [`ReadError::Ambiguous`] where the name
    /// came with several values, [`ReadError::Malformed`] where the value is not one of the type's; of a signed or sealed
    /// one [`ReadError::NoKeyring`], [`ReadError::BadSeal`], [`ReadError::Expired`] and [`ReadError::UnknownKey`] too.
    ///
    /// ```
    /// use hardtack::{Cookie, Cookies, ReadError, testing};
    ///
    /// #[derive(Cookie, Debug, PartialEq)]
    /// struct Cart(u32);
    ///
    /// let mut request = http::HeaderMap::new();
    /// request.append("cookie", "__Host-Http-cart=7".parse().unwrap());
    /// assert_eq!(Cookies::read(&request, testing::https()).get().unwrap(), Some(Cart(7)));
    ///
    /// request.append("cookie", "__Host-Http-cart=8".parse().unwrap());
    /// let twice = Cookies::read(&request, testing::https()).get::<Cart>();
    /// assert!(matches!(twice, Err(ReadError::Ambiguous { cookie: "__Host-Http-cart", .. })));
    /// ```
    pub fn get<T: ReadCookie + AllowedOver<S>>(&self) -> Result<Option<T>, ReadError> {
        let mut found = None;
        match self.exchange.find(Declaration::of::<T>(), &mut found) {
            Ok(()) => Ok(found),
            Err(error) => Err(error),
        }
    }

    /// Reads every value that the request carried under the cookie's name, in order.
    ///
    /// ```
    /// use hardtack::{Cookie, Cookies, testing};
    ///
    /// #[derive(Cookie)]
    /// struct Cart(u32);
    ///
    /// let mut request = http::HeaderMap::new();
    /// request.insert("cookie", "__Host-Http-cart=7; __Host-Http-cart=x; __Host-Http-cart=8".parse().unwrap());
    /// let cookies = Cookies::read(&request, testing::https());
    /// let carts: Vec<Option<u32>> = cookies.get_all::<Cart>().map(|cart| cart.ok().map(|cart| cart.0)).collect();
    /// assert_eq!(carts, [Some(7), None, Some(8)]);
    /// ```
    pub fn get_all<T: ReadCookie + AllowedOver<S>>(&self) -> impl Iterator<Item = Result<T, ReadError>> {
        let (exchange, declared) = (&*self.exchange, Declaration::of::<T>());
        exchange.values(declared).filter_map(move |raw| {
            let mut found = None;
            exchange.decode(declared, raw, &mut found).map(|()| found).transpose()
        })
    }

    /// Sets a cookie in the response. The last of one (name, Path, Domain) is kept.
    ///
    /// # Errors
    ///
    /// Every [`SetError`]; nothing of this cookie is sent then, and what else was set is kept.
    ///
    /// ```
    /// use hardtack::{AnyScheme, Cookie, Cookies, Listener, SetError};
    ///
    /// #[derive(Cookie)]
    /// struct Session(String);
    ///
    /// let (parts, ()) = http::Request::get("/").body(()).unwrap().into_parts();
    /// let scheme = AnyScheme::from(Listener::plain().scheme(&parts, None));
    /// let cookies = Cookies::read(&parts.headers, scheme);
    /// assert!(matches!(cookies.set(Session("a".into())), Err(SetError::NotHttps { .. })));
    /// ```
    pub fn set<C: IntoSetCookie + AllowedOver<S>>(&self, cookie: C) -> Result<(), SetError> {
        cookie.set_in(&self.exchange)
    }

    /// Removes a cookie, whether or not the request carried it: the same name, Path, Domain and flags, an empty value,
    /// `Max-Age=0` and a past `Expires`.
    ///
    /// # Errors
    ///
    /// As [`set`](Cookies::set).
    ///
    /// ```
    /// use hardtack::{Cookie, Cookies, testing};
    ///
    /// #[derive(Cookie)]
    /// struct Session(String);
    ///
    /// let cookies = Cookies::read(&http::HeaderMap::new(), testing::https());
    /// cookies.set(Session("a".into())).unwrap();
    /// cookies.remove::<Session>().unwrap();
    ///
    /// let mut response = http::HeaderMap::new();
    /// cookies.write(&mut response);
    /// assert_eq!(response.get_all("set-cookie").iter().count(), 1);
    /// assert!(response["set-cookie"].to_str().unwrap().starts_with("__Host-Http-session=; Path=/; Max-Age=0; "));
    /// ```
    pub fn remove<T: Cookie + AllowedOver<S>>(&self) -> Result<(), SetError> {
        self.exchange.add(Declaration::of::<T>(), None, &Varied::NOTHING)
    }

    /// Appends what was set to the response's fields, raised to the floor of the policy that the jar was given, and closes
    /// the jar. A second call appends nothing.
    pub fn write(&self, response: &mut HeaderMap) {
        self.exchange.write(response);
    }

    pub(crate) fn over(exchange: Arc<Exchange>) -> Self {
        Cookies { exchange, scheme: PhantomData }
    }
}

impl Cookies<AnyScheme> {
    /// The same jar, where the exchange is HTTPS.
    ///
    /// # Errors
    ///
    /// [`PlainHttp`], with the evidence, where it is not.
    ///
    /// ```
    /// use hardtack::{AnyScheme, Cookies, testing};
    ///
    /// let cookies = Cookies::read(&http::HeaderMap::new(), AnyScheme::from(testing::https()));
    /// assert!(cookies.https().is_ok());
    /// ```
    pub fn https(&self) -> Result<Cookies<Https>, PlainHttp> {
        self.exchange.verdict().judged().map(|_| Cookies::over(self.exchange.clone()))
    }
}

impl<S: Scheme> Clone for Cookies<S> {
    fn clone(&self) -> Self {
        Cookies::over(self.exchange.clone())
    }
}

/// Shows names; never values.
impl<S: Scheme> fmt::Debug for Cookies<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (read, set, sent) = self.exchange.names();
        f.debug_struct("Cookies").field("read", &read).field("set", &set).field("sent", &sent).finish()
    }
}
