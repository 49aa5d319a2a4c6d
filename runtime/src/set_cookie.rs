//! One cookie to set or remove: a value, what varies in this exchange, and the line that they make. Its first bad
//! setting is kept and returned when the line is asked for; no setter weakens the declaration.

use core::fmt;
use core::time::Duration;
use std::time::SystemTime;

use hardtack_rules::{SameSite, date, syntax};
use http::HeaderValue;

use crate::clock;
use crate::declare::{Cookie, Declaration, ReadCookie, Rescopable, ScriptReadable, Value};
use crate::domain;
use crate::error::{AttributeFault, SetError, Wrong};
use crate::exchange::Exchange;
use crate::line::{Life, Varied, header_value};
#[cfg(any(feature = "cookie", feature = "web"))]
use crate::line::{Line, line};
#[cfg(any(feature = "cookie", feature = "web"))]
use crate::scheme::Verdict;
use crate::scheme::{AllowedOver, Scheme};
use crate::sealing::Keys;

/// A cookie that is about to be set, or removed: its value, and what differs from the declaration in this exchange.
///
/// Any [`Cookie`] becomes one by itself; write it out to vary its life or, where the name allows it, its scope.
///
/// ```
/// use std::time::Duration;
/// use hardtack::{Cookie, SetCookie, testing};
///
/// #[derive(Cookie)]
/// struct Session(String);
///
/// let line = SetCookie::new(Session("s3cr3t".into()))
///     .max_age(Duration::from_secs(600))
///     .header_value(&testing::https())
///     .unwrap();
/// assert_eq!(line, "__Host-Http-session=s3cr3t; Path=/; Max-Age=600; Secure; HttpOnly; SameSite=Lax");
/// assert!(line.is_sensitive());
/// ```
#[must_use = "a cookie is sent by `Cookies::set`, `header_value` or `to_cookie`"]
pub struct SetCookie<T> {
    /// `None` removes.
    value: Option<T>,
    varied: Varied,
}

impl<T: Cookie> SetCookie<T> {
    /// Sets this value, as declared.
    pub fn new(value: T) -> Self {
        SetCookie { value: Some(value), varied: Varied::NOTHING }
    }

    /// Removes the cookie: the declared name, Path, Domain and flags, an empty value, `Max-Age=0` and a past `Expires`
    /// (6265bis 5.7: a browser removes only what matches).
    ///
    /// ```
    /// use hardtack::{Cookie, SetCookie, testing};
    ///
    /// #[derive(Cookie)]
    /// struct Session(String);
    ///
    /// assert_eq!(
    ///     SetCookie::<Session>::removal().header_value(&testing::https()).unwrap(),
    ///     "__Host-Http-session=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; SameSite=Lax",
    /// );
    /// ```
    pub fn removal() -> Self {
        SetCookie { value: None, varied: Varied::NOTHING }
    }

    /// Gives this cookie another `Max-Age`, in whole seconds. Over 400 days browsers shorten it (6265bis 5.5).
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use hardtack::{Cookie, SetCookie, SetError, testing};
    /// # #[derive(Cookie)]
    /// # struct Session(String);
    /// let half = SetCookie::new(Session("a".into())).max_age(Duration::from_millis(500));
    /// assert!(matches!(half.header_value(&testing::https()), Err(SetError::Attribute { attribute: "max_age", .. })));
    /// ```
    pub fn max_age(self, max_age: Duration) -> Self {
        if let Err(fault) = syntax::whole_seconds(max_age) {
            return self.wrong("max_age", Wrong::Rule(fault));
        }
        self.live("max_age", Life::MaxAge(max_age))
    }

    /// Gives this cookie an `Expires` in place of a `Max-Age`. Fractions of a second are cut.
    ///
    /// ```
    /// # use std::time::{Duration, SystemTime};
    /// # use hardtack::{Cookie, SetCookie, testing};
    /// # #[derive(Cookie)]
    /// # struct Session(String);
    /// let until = SystemTime::UNIX_EPOCH + Duration::from_secs(2_000_000_000);
    /// let line = SetCookie::new(Session("a".into())).until(until).header_value(&testing::https()).unwrap();
    /// assert!(line.to_str().unwrap().contains("; Expires=Wed, 18 May 2033 03:33:20 GMT;"));
    /// ```
    pub fn until(self, until: SystemTime) -> Self {
        match date::imf_fixdate(clock::unix_seconds(until)) {
            Some(text) => self.live("until", Life::Until(text)),
            None => self.wrong(
                "until",
                Wrong::Other("an `Expires` lies in the years 1601 to 9999; give an instant within them"),
            ),
        }
    }

    /// Drops the declared `Max-Age`: the cookie goes when the browser closes.
    ///
    /// ```
    /// # use hardtack::{Cookie, SetCookie, testing};
    /// #[derive(Cookie)]
    /// #[cookie(max_age = "8h")]
    /// struct Session(String);
    ///
    /// let line = SetCookie::new(Session("a".into())).session().header_value(&testing::https()).unwrap();
    /// assert_eq!(line, "__Host-Http-session=a; Path=/; Secure; HttpOnly; SameSite=Lax");
    /// ```
    pub fn session(self) -> Self {
        self.live("session", Life::Session)
    }

    /// Makes `SameSite` stricter than declared; a weaker one is refused.
    ///
    /// ```
    /// # use hardtack::{Cookie, SameSite, SetCookie, testing};
    /// # #[derive(Cookie)]
    /// # struct Session(String);
    /// let strict = SetCookie::new(Session("a".into())).same_site(SameSite::Strict);
    /// assert!(strict.header_value(&testing::https()).unwrap().to_str().unwrap().ends_with("SameSite=Strict"));
    /// let none = SetCookie::new(Session("a".into())).same_site(SameSite::None);
    /// assert!(none.header_value(&testing::https()).unwrap_err().to_string().contains("weaker"));
    /// ```
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        if !same_site.is_at_least(self.varied.same_site.unwrap_or(T::SPEC.same_site)) {
            return self.wrong(
                "same_site",
                Wrong::Other("weaker than declared or set before; no setter weakens, declare it so"),
            );
        }
        self.varied.same_site = Some(same_site);
        self
    }

    /// Gives this cookie another `Path`. Does not compile for a `__Host-` name, whose path is `/`.
    ///
    /// ```
    /// # use hardtack::{Cookie, SetCookie, testing};
    /// #[derive(Cookie)]
    /// #[cookie(path = "/shop")]
    /// struct Cart(u32);
    ///
    /// let line = SetCookie::new(Cart(7)).path("/shop/7").header_value(&testing::https()).unwrap();
    /// assert_eq!(line, "__Secure-cart=7; Path=/shop/7; Secure; HttpOnly; SameSite=Lax");
    /// assert!(SetCookie::new(Cart(7)).path("/; Domain=evil.example").header_value(&testing::https()).is_err());
    /// ```
    pub fn path(mut self, path: impl Into<String>) -> Self
    where
        T: Rescopable,
    {
        let path = path.into();
        if let Err(fault) = syntax::path(&path) {
            return self.wrong("path", Wrong::Rule(fault));
        }
        self.varied.path = Some(path);
        self
    }

    /// Gives this cookie another `Domain`. Does not compile for a `__Host-` name, which has none.
    ///
    /// ```
    /// # use hardtack::{Cookie, SetCookie, testing};
    /// #[derive(Cookie)]
    /// #[cookie(domain = "example.com")]
    /// struct Sso(String);
    ///
    /// let line = SetCookie::new(Sso("a".into())).domain("example.org").header_value(&testing::https()).unwrap();
    /// assert_eq!(line, "__Secure-sso=a; Path=/; Domain=example.org; Secure; HttpOnly; SameSite=Lax");
    /// ```
    pub fn domain(mut self, domain: impl Into<String>) -> Self
    where
        T: Rescopable,
    {
        let domain = domain.into();
        if let Err(fault) = domain::check(&domain) {
            return self.wrong("domain", Wrong::Rule(fault));
        }
        self.varied.domain = Some(domain);
        self
    }

    /// Signs or seals the value by this keyring: for a response without a jar, or in place of the jar's.
    ///
    /// ```
    /// # use hardtack::{Cookie, Key, Keyring, SetCookie, SetError, testing};
    /// #[derive(Cookie)]
    /// #[cookie(signed)]
    /// struct Visitor(u64);
    ///
    /// let keyring = Keyring::new(Key::generate());
    /// let line = SetCookie::new(Visitor(7)).keyring(&keyring).header_value(&testing::https()).unwrap();
    /// assert!(line.to_str().unwrap().starts_with("__Host-Http-visitor=7.1"));
    /// let plain = SetCookie::new(Visitor(7)).header_value(&testing::https());
    /// assert!(matches!(plain, Err(SetError::NoKeyring { .. })));
    /// ```
    #[cfg(feature = "seal")]
    pub fn keyring(mut self, keyring: &crate::seal::Keyring) -> Self {
        self.varied.keyring = Some(keyring.clone());
        self
    }

    /// The whole Set-Cookie line, for a response without a jar.
    ///
    /// # Errors
    ///
    /// [`SetError::NotHttps`] where the cookie is Secure and the exchange is not, [`SetError::TooLarge`] over 4096
    /// octets of name and value, and the first setting that was wrong.
    ///
    /// ```
    /// # use hardtack::{Cookie, SetCookie, SetError, testing};
    /// # #[derive(Cookie)]
    /// # struct Session(String);
    /// let large = SetCookie::new(Session("x".repeat(5000))).header_value(&testing::https());
    /// assert!(matches!(large, Err(SetError::TooLarge { octets: 5019, limit: 4096, .. })));
    /// ```
    pub fn header_value<S: Scheme>(&self, scheme: &S) -> Result<HeaderValue, SetError>
    where
        T: AllowedOver<S>,
    {
        header_value(Declaration::of::<T>(), self.value(), &self.varied, scheme.verdict(), None, Keys::default())
    }

    /// The cookie for a library on the [`cookie`] crate: its value is the wire text.
    ///
    /// Do not give it to a jar that encodes or encrypts again: the value is percent-encoded already.
    ///
    /// # Errors
    ///
    /// As [`header_value`](SetCookie::header_value).
    ///
    /// ```
    /// # use hardtack::{Cookie, SetCookie, testing};
    /// # #[derive(Cookie)]
    /// # struct Session(String);
    /// let set = SetCookie::new(Session("a b".into()));
    /// let cookie = set.to_cookie(&testing::https()).unwrap();
    /// assert_eq!(cookie.value(), "a%20b");
    /// assert_eq!(cookie.secure(), Some(true));
    /// ```
    #[cfg(feature = "cookie")]
    pub fn to_cookie<S: Scheme>(&self, scheme: &S) -> Result<cookie::Cookie<'static>, SetError>
    where
        T: AllowedOver<S>,
    {
        let line = self.line(scheme.verdict())?;
        let removal = self.is_removal();
        Ok(build_cookie(&line, &self.varied.applied_to(&T::SPEC, removal, None), self.varied.expires(removal)))
    }

    #[cfg(any(feature = "cookie", feature = "web"))]
    pub(crate) fn line(&self, verdict: Verdict) -> Result<Line, SetError> {
        line(Declaration::of::<T>(), self.value(), &self.varied, verdict, None, Keys::default())
    }

    /// Without its type.
    fn value(&self) -> Option<&dyn Value> {
        self.value.as_ref().map(|value| value as &dyn Value)
    }

    pub(crate) fn is_removal(&self) -> bool {
        self.value.is_none()
    }

    fn live(mut self, setter: &'static str, life: Life) -> Self {
        if self.is_removal() {
            return self.wrong(setter, Wrong::Other("a removal has no life to set; leave this setter out"));
        }
        self.varied.life = life;
        self
    }

    fn wrong(mut self, attribute: &'static str, wrong: Wrong) -> Self {
        self.varied.error.get_or_insert(SetError::Attribute {
            cookie: T::SPEC.name,
            attribute,
            fault: AttributeFault(wrong),
        });
        self
    }
}

/// Shows the name; never the value.
impl<T: Cookie> fmt::Debug for SetCookie<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetCookie")
            .field("name", &T::SPEC.name)
            .field("removal", &self.value.is_none())
            .finish_non_exhaustive()
    }
}

/// What [`Cookies::set`](crate::Cookies::set) takes: a [`Cookie`], or a [`SetCookie`] of one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be set as a cookie",
    label = "expected a type with `#[derive(Cookie)]`, or a `SetCookie` of one",
    note = "declare it with `#[derive(Cookie)]` from `hardtack`; one that is `read_only` can only be read"
)]
pub trait IntoSetCookie {
    /// The declared type.
    type Cookie: Cookie;

    /// The cookie to set.
    fn into_set_cookie(self) -> SetCookie<Self::Cookie>;

    /// Sets it in this jar.
    #[doc(hidden)]
    fn set_in(self, exchange: &Exchange) -> Result<(), SetError>
    where
        Self: Sized,
    {
        let cookie = self.into_set_cookie();
        exchange.add(Declaration::of::<Self::Cookie>(), cookie.value(), &cookie.varied)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Cookie> IntoSetCookie for T {
    type Cookie = T;

    fn into_set_cookie(self) -> SetCookie<T> {
        SetCookie::new(self)
    }

    // Nothing varies, and need not be made and dropped for each type.
    fn set_in(self, exchange: &Exchange) -> Result<(), SetError> {
        exchange.add(Declaration::of::<T>(), Some(&self), &Varied::NOTHING)
    }
}

impl<T: Cookie> IntoSetCookie for SetCookie<T> {
    type Cookie = T;

    fn into_set_cookie(self) -> SetCookie<T> {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<T: ReadCookie + AllowedOver<S>, S: Scheme> AllowedOver<S> for SetCookie<T> {}

#[diagnostic::do_not_recommend]
impl<T: ReadCookie + ScriptReadable> ScriptReadable for SetCookie<T> {}

#[cfg(feature = "cookie")]
fn build_cookie(line: &Line, spec: &hardtack_rules::Spec<'_>, expires: Option<[u8; 29]>) -> cookie::Cookie<'static> {
    let mut cookie = cookie::Cookie::build((line.name, line.wire_value().to_owned()))
        .path(line.path.clone())
        .http_only(spec.http_only)
        .same_site(match spec.same_site {
            SameSite::Strict => cookie::SameSite::Strict,
            SameSite::Lax => cookie::SameSite::Lax,
            SameSite::None => cookie::SameSite::None,
        })
        .partitioned(spec.partitioned);
    if spec.secure {
        cookie = cookie.secure(true);
    }
    if let Some(domain) = &line.domain {
        cookie = cookie.domain(domain.clone());
    }
    if let Some(max_age) = spec.max_age {
        cookie = cookie.max_age(cookie::time::Duration::seconds(i64::try_from(max_age.as_secs()).unwrap_or(i64::MAX)));
    }
    let expires = expires
        .and_then(|text| date::cookie_date(&text))
        .and_then(|seconds| cookie::time::OffsetDateTime::from_unix_timestamp(seconds).ok());
    if let Some(expires) = expires {
        cookie = cookie.expires(expires);
    }
    cookie.build()
}
