//! The type `SetCookie`: one cookie to set or remove. A `SetCookie` can be converted to a header value or to a
//! `cookie::Cookie`. If a setting is invalid, `header_value` returns the error of the first invalid setting. No method
//! of `SetCookie` can make the cookie weaker than declared.

use core::fmt;
use core::time::Duration;
use std::time::SystemTime;

use hardtack_rules::{SameSite, date, syntax};
use http::HeaderValue;

use super::allowed_over::AllowedOver;
use super::declaration::{Cookie, Declaration, EncodeValue, ReadCookie, Rescopable, ScriptVisible};
use super::error::{AttributeFault, SetError};
use super::header_value::{HeaderContext, header_value};
#[cfg(any(feature = "cookie", feature = "web"))]
use super::header_value::{SetCookieHeader, set_cookie_header};
use super::overrides::{ExpiryOverride, Overrides};
use crate::clock;
use crate::request::scheme::Scheme;
#[cfg(any(feature = "cookie", feature = "web"))]
use crate::request::scheme::Verdict;
use crate::wire::domain;

/// A cookie to set or to remove. A `SetCookie` can have settings that differ from the cookie's declaration.
///
/// [`Cookies::set`](crate::Cookies::set) accepts a cookie or a `SetCookie`. Use a `SetCookie` to change the cookie's
/// lifetime, or to make the cookie's `SameSite` stricter. If the cookie's name does not begin with `__Host-`, a
/// `SetCookie` can also change the cookie's Domain and Path.
///
/// ```
/// use std::time::Duration;
/// use hardtack::{Cookie, SetCookie, testing};
///
/// #[derive(Cookie)]
/// struct Session(String);
///
/// let header = SetCookie::new(Session("s3cr3t".into()))
///     .max_age(Duration::from_secs(600))
///     .header_value(&testing::https())
///     .unwrap();
/// assert_eq!(header, "__Host-Http-session=s3cr3t; Path=/; Max-Age=600; Secure; HttpOnly; SameSite=Lax");
/// assert!(header.is_sensitive());
/// ```
#[must_use = "a cookie is sent by `Cookies::set`, `header_value` or `to_cookie`"]
pub struct SetCookie<T> {
    /// The value to set. If the value is `None`, the header removes the cookie.
    value: Option<T>,
    overrides: Overrides,
}

impl<T: Cookie> SetCookie<T> {
    /// Sets this value with the declared attributes.
    pub fn new(value: T) -> Self {
        SetCookie { value: Some(value), overrides: Overrides::NONE }
    }

    /// Removes the cookie. The `Set-Cookie` header has the declared name, Path, Domain and flags, and an empty value.
    /// The header also has `Max-Age=0` and an `Expires` in the past.
    ///
    /// A browser removes a cookie only if the header has the cookie's name, Path and Domain (6265bis 5.7).
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
        SetCookie { value: None, overrides: Overrides::NONE }
    }

    /// Replaces the declared `Max-Age`. The new `Max-Age` must be in whole seconds. Browsers shorten a `Max-Age` of
    /// more than 400 days to 400 days (6265bis 5.5).
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
        if let Err(fault) = syntax::check_whole_seconds(max_age) {
            return self.with_error("max_age", AttributeFault::from(fault));
        }
        self.with_expiry("max_age", ExpiryOverride::MaxAge(max_age))
    }

    /// Replaces the declared `Max-Age` with an `Expires` attribute. The `Expires` time is rounded down to whole
    /// seconds.
    ///
    /// ```
    /// # use std::time::{Duration, SystemTime};
    /// # use hardtack::{Cookie, SetCookie, testing};
    /// # #[derive(Cookie)]
    /// # struct Session(String);
    /// let expires = SystemTime::UNIX_EPOCH + Duration::from_secs(2_000_000_000);
    /// let header = SetCookie::new(Session("a".into())).expires(expires).header_value(&testing::https()).unwrap();
    /// assert!(header.to_str().unwrap().contains("; Expires=Wed, 18 May 2033 03:33:20 GMT;"));
    /// ```
    pub fn expires(self, expires: SystemTime) -> Self {
        match date::format_imf_fixdate(clock::unix_seconds(expires)) {
            Some(date) => self.with_expiry("expires", ExpiryOverride::Expires(date)),
            None => self.with_error(
                "expires",
                AttributeFault::new("an `Expires` is in the years 1601 to 9999; pass a time within them"),
            ),
        }
    }

    /// Omits the declared `Max-Age` from the header. A browser removes a cookie without a `Max-Age` when the user
    /// closes the browser.
    ///
    /// ```
    /// # use hardtack::{Cookie, SetCookie, testing};
    /// #[derive(Cookie)]
    /// #[cookie(max_age = "8h")]
    /// struct Session(String);
    ///
    /// let header = SetCookie::new(Session("a".into())).without_max_age().header_value(&testing::https()).unwrap();
    /// assert_eq!(header, "__Host-Http-session=a; Path=/; Secure; HttpOnly; SameSite=Lax");
    /// ```
    pub fn without_max_age(self) -> Self {
        self.with_expiry("without_max_age", ExpiryOverride::WithoutMaxAge)
    }

    /// Makes `SameSite` stricter than declared. A `SameSite` that is weaker than the declared `SameSite` is an error.
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
        if !same_site.is_at_least(self.overrides.same_site.unwrap_or(T::SPEC.same_site)) {
            return self.with_error(
                "same_site",
                AttributeFault::new(
                    "weaker than declared or set before; change the declaration, because no setter weakens it",
                ),
            );
        }
        self.overrides.same_site = Some(same_site);
        self
    }

    /// Replaces the declared `Path`. A call of this method for a `__Host-` cookie does not compile, because the `Path`
    /// of a `__Host-` cookie is always `/`.
    ///
    /// ```
    /// # use hardtack::{Cookie, SetCookie, testing};
    /// #[derive(Cookie)]
    /// #[cookie(path = "/shop")]
    /// struct Cart(u32);
    ///
    /// let header = SetCookie::new(Cart(7)).path("/shop/7").header_value(&testing::https()).unwrap();
    /// assert_eq!(header, "__Secure-cart=7; Path=/shop/7; Secure; HttpOnly; SameSite=Lax");
    /// assert!(SetCookie::new(Cart(7)).path("/; Domain=evil.example").header_value(&testing::https()).is_err());
    /// ```
    pub fn path(mut self, path: impl Into<String>) -> Self
    where
        T: Rescopable,
    {
        let path = path.into();
        if let Err(fault) = syntax::check_path(&path) {
            return self.with_error("path", AttributeFault::from(fault));
        }
        self.overrides.path = Some(path);
        self
    }

    /// Replaces the declared `Domain`. A call of this method for a `__Host-` cookie does not compile, because a
    /// `__Host-` cookie never has a `Domain`.
    ///
    /// ```
    /// # use hardtack::{Cookie, SetCookie, testing};
    /// #[derive(Cookie)]
    /// #[cookie(domain = "example.com")]
    /// struct Sso(String);
    ///
    /// let header = SetCookie::new(Sso("a".into())).domain("example.org").header_value(&testing::https()).unwrap();
    /// assert_eq!(header, "__Secure-sso=a; Path=/; Domain=example.org; Secure; HttpOnly; SameSite=Lax");
    /// ```
    pub fn domain(mut self, domain: impl Into<String>) -> Self
    where
        T: Rescopable,
    {
        let domain = domain.into();
        if let Err(fault) = domain::check(&domain) {
            return self.with_error("domain", AttributeFault::from(fault));
        }
        self.overrides.domain = Some(domain);
        self
    }

    /// Signs or seals the cookie's value with `keyring`. Call `with_keyring` if you build the header without a jar. In
    /// a jar, `keyring` replaces the jar's keyring for the cookie.
    ///
    /// ```
    /// # use hardtack::seal::{Key, Keyring};
    /// # use hardtack::{Cookie, SetCookie, SetError, testing};
    /// #[derive(Cookie)]
    /// #[cookie(signed)]
    /// struct Visitor(u64);
    ///
    /// let keyring = Keyring::new(Key::generate());
    /// let header = SetCookie::new(Visitor(7)).with_keyring(&keyring).header_value(&testing::https()).unwrap();
    /// assert!(header.to_str().unwrap().starts_with("__Host-Http-visitor=7.1"));
    /// let plain = SetCookie::new(Visitor(7)).header_value(&testing::https());
    /// assert!(matches!(plain, Err(SetError::NoKeyring { .. })));
    /// ```
    #[cfg(feature = "seal")]
    pub fn with_keyring(mut self, keyring: &crate::seal::Keyring) -> Self {
        self.overrides.keyring = Some(keyring.clone());
        self
    }

    /// Returns the value of the `Set-Cookie` header. Use `header_value` if your program has no jar.
    ///
    /// # Errors
    ///
    /// If a setting is invalid, returns the error of the first invalid setting. Otherwise, returns another variant of
    /// [`SetError`], for example:
    ///
    /// - [`SetError::NotHttps`] if the cookie is Secure and the request did not come over HTTPS.
    /// - [`SetError::TooLarge`] if the name and the value together have more than 4096 bytes.
    ///
    /// ```
    /// # use hardtack::{Cookie, SetCookie, SetError, testing};
    /// # #[derive(Cookie)]
    /// # struct Session(String);
    /// let large = SetCookie::new(Session("x".repeat(5000))).header_value(&testing::https());
    /// assert!(matches!(large, Err(SetError::TooLarge { bytes: 5019, limit: 4096, .. })));
    /// ```
    pub fn header_value<S: Scheme>(&self, scheme: &S) -> Result<HeaderValue, SetError>
    where
        T: AllowedOver<S>,
    {
        let context = HeaderContext::without_jar(scheme.verdict());
        header_value(Declaration::new::<T>(), self.value(), &self.overrides, &context)
    }

    /// Returns the cookie as a type of the [`cookie`](::cookie) crate, for other libraries. The value of the returned
    /// cookie is percent-encoded, as in the `Set-Cookie` header.
    ///
    /// Do not add the returned cookie to another library's jar if that jar encodes or encrypts values. The value of the
    /// returned cookie is already encoded.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`header_value`](SetCookie::header_value).
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
    pub fn to_cookie<S: Scheme>(&self, scheme: &S) -> Result<::cookie::Cookie<'static>, SetError>
    where
        T: AllowedOver<S>,
    {
        let header = self.to_header(scheme.verdict())?;
        let is_removal = self.is_removal();
        let spec = self.overrides.apply_to(&T::SPEC, is_removal, None);
        Ok(build_cookie(&header, &spec, self.overrides.expires(is_removal)))
    }

    #[cfg(any(feature = "cookie", feature = "web"))]
    pub(crate) fn to_header(&self, verdict: Verdict) -> Result<SetCookieHeader, SetError> {
        let context = HeaderContext::without_jar(verdict);
        set_cookie_header(Declaration::new::<T>(), self.value(), &self.overrides, &context)
    }

    /// Returns the cookie's value as a trait object. Returns `None` if this `SetCookie` removes the cookie.
    pub(crate) fn value(&self) -> Option<&dyn EncodeValue> {
        self.value.as_ref().map(|value| value as &dyn EncodeValue)
    }

    pub(crate) fn is_removal(&self) -> bool {
        self.value.is_none()
    }

    pub(crate) fn overrides(&self) -> &Overrides {
        &self.overrides
    }

    fn with_expiry(mut self, setter: &'static str, expiry: ExpiryOverride) -> Self {
        if self.is_removal() {
            return self
                .with_error(setter, AttributeFault::new("a removal has no lifetime to set; leave this setter out"));
        }
        self.overrides.expiry = expiry;
        self
    }

    fn with_error(mut self, attribute: &'static str, fault: AttributeFault) -> Self {
        self.overrides.error.get_or_insert(SetError::Attribute { cookie: T::SPEC.name, attribute, fault });
        self
    }
}

/// Shows the cookie's name. The `Debug` output never contains the cookie's value.
impl<T: Cookie> fmt::Debug for SetCookie<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetCookie")
            .field("name", &T::SPEC.name)
            .field("removal", &self.value.is_none())
            .finish_non_exhaustive()
    }
}

#[diagnostic::do_not_recommend]
impl<T: ReadCookie + AllowedOver<S>, S: Scheme> AllowedOver<S> for SetCookie<T> {}

#[diagnostic::do_not_recommend]
impl<T: ReadCookie + ScriptVisible> ScriptVisible for SetCookie<T> {}

#[cfg(feature = "cookie")]
fn build_cookie(
    header: &SetCookieHeader,
    spec: &hardtack_rules::Spec<'_>,
    expires: Option<[u8; 29]>,
) -> ::cookie::Cookie<'static> {
    let mut cookie = ::cookie::Cookie::build((header.name, header.encoded_value().to_owned()))
        .path(header.path.clone())
        .http_only(spec.http_only)
        .same_site(match spec.same_site {
            SameSite::Strict => ::cookie::SameSite::Strict,
            SameSite::Lax => ::cookie::SameSite::Lax,
            SameSite::None => ::cookie::SameSite::None,
        })
        .partitioned(spec.partitioned);
    if spec.secure {
        cookie = cookie.secure(true);
    }
    if let Some(domain) = &header.domain {
        cookie = cookie.domain(domain.clone());
    }
    if let Some(max_age) = spec.max_age {
        cookie =
            cookie.max_age(::cookie::time::Duration::seconds(i64::try_from(max_age.as_secs()).unwrap_or(i64::MAX)));
    }
    let expires = expires
        .and_then(|text| date::parse_cookie_date(&text))
        .and_then(|seconds| ::cookie::time::OffsetDateTime::from_unix_timestamp(seconds).ok());
    if let Some(expires) = expires {
        cookie = cookie.expires(expires);
    }
    cookie.build()
}
