//! The typed view of a jar: the methods with which a handler reads, sets and removes cookies. The behaviour is
//! implemented in `state`.

use core::fmt;
use core::marker::PhantomData;

use http::HeaderMap;

use super::into_set_cookie::IntoSetCookie;
use super::state::JarState;
use crate::cookie::allowed_over::AllowedOver;
use crate::cookie::declaration::{Cookie, Declaration, ReadCookie};
use crate::cookie::error::{ReadError, SetError};
use crate::cookie::overrides::Overrides;
use crate::policy::PolicyHandle;
use crate::request::scheme::{AnyScheme, Https, PlainHttp, Scheme};
use crate::sync::Arc;

/// The cookie jar of one request and its response. The type parameter is the scheme of the request.
///
/// A clone is cheap, and all clones share one jar. In a framework, the policy's middleware makes the jar and writes it
/// into the response. Without a framework, make it with [`Cookies::from_headers`] and write it with
/// [`write`](Cookies::write).
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
/// assert_eq!(cookies.try_get::<Session>().unwrap().unwrap().0, "s3cr3t");
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
    /// `scheme` is an [`Https`], a [`PlainHttp`], or an [`AnyScheme`] from the result of
    /// [`TlsTermination::detect`](crate::TlsTermination::detect).
    #[must_use]
    pub fn from_headers(request: &HeaderMap, scheme: S) -> Self {
        Cookies::from_jar(Arc::new(JarState::new(request, scheme.verdict())))
    }

    /// Sets the policy of the jar: the handle's present policy. The jar keeps the first policy that it gets.
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

    /// Sets the keyring of the jar, if there is no policy or the policy has another keyring. The jar keeps the first
    /// keyring that it gets.
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

    /// Reads a cookie of the request. Returns `None` if the request did not carry the cookie. Cookies that this request
    /// sets are not read.
    ///
    /// If a `signed` or `sealed` cookie came several times, only the values with a valid seal count.
    ///
    /// # Errors
    ///
    /// - [`ReadError::NotHttps`] if a Secure cookie came over plain HTTP.
    /// - [`ReadError::Ambiguous`] if the name came with several different values.
    /// - [`ReadError::Malformed`] if the value is not valid for the type.
    /// - For a `signed` or `sealed` cookie also [`ReadError::NoKeyring`], [`ReadError::BadSeal`],
    ///   [`ReadError::Expired`] and [`ReadError::UnknownKey`].
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
        let mut found = None;
        self.jar.find(Declaration::new::<T>(), &mut found)?;
        Ok(found)
    }

    /// Reads every value that came under the cookie's name, in the order of the request.
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
        jar.values(declaration).filter_map(move |raw| {
            let mut found = None;
            jar.decode(declaration, raw, &mut found).map(|()| found).transpose()
        })
    }

    /// Sets a cookie in the response. A later call with the same name, Path and Domain replaces an earlier one.
    ///
    /// # Errors
    ///
    /// Returns a [`SetError`] if the cookie cannot be set. The cookie is not sent then. Other cookies that were set are
    /// sent.
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
        cookie.set_in(&self.jar)
    }

    /// Removes a cookie, also if the request did not carry it. The header has the declared name, Path, Domain and
    /// flags, an empty value, `Max-Age=0` and a past `Expires`.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`set`](Cookies::set).
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
        self.jar.add(Declaration::new::<T>(), None, &Overrides::NONE)
    }

    /// Appends the `Set-Cookie` headers to the response and closes the jar. The headers meet the baseline of the jar's
    /// policy. A second call appends nothing.
    pub fn write(&self, response: &mut HeaderMap) {
        self.jar.write(response);
    }

    pub(crate) fn from_jar(jar: Arc<JarState>) -> Self {
        Cookies { jar, scheme: PhantomData }
    }
}

impl Cookies<AnyScheme> {
    /// Returns a view of the same jar with proof of HTTPS.
    ///
    /// # Errors
    ///
    /// Returns [`PlainHttp`] with the evidence if the request is not HTTPS.
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

/// Shows names, and never values.
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
