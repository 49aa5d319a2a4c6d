//! The type `SetCookie`: one cookie to set or remove. A `SetCookie` can be converted to a header value or to a
//! `cookie::Cookie`. If a setting is invalid, `header_value` returns the error of the first invalid setting. No method
//! of `SetCookie` can make the cookie weaker than declared.

use core::fmt;
use core::time::Duration;
use std::time::SystemTime;

use hardtack_rules::{SameSite, date};
use http::HeaderValue;

use super::allowed_over::AllowedOver;
use super::declaration::{Cookie, CookieName, Declaration, EncodeValue, HasMaxAge, ScriptVisible, sealed};
use super::error::{AttributeFault, SetError};
use super::header_value::{HeaderContext, header_value};
#[cfg(feature = "cookie")]
use super::header_value::{SetCookieHeader, set_cookie_header};
use super::overrides::{ExpiryOverride, Overrides};
#[cfg(feature = "cookie")]
use super::value;
use crate::clock;
use crate::request::scheme::Scheme;
#[cfg(feature = "cookie")]
use crate::request::scheme::Verdict;

/// A cookie to set or to remove. A `SetCookie` can have settings that differ from the cookie's declaration.
///
/// [`Cookies::set`](crate::Cookies::set) accepts a cookie or a `SetCookie`. Use a `SetCookie` to shorten the cookie's
/// lifetime, or to make the cookie's `SameSite` stricter. A `SetCookie` cannot change the cookie's Domain or Path. The
/// Domain and Path always come from the declaration and the policy, so that a later removal has the same Domain and
/// Path.
///
/// ```
/// use std::time::Duration;
/// use hardtack::{Cookie, SetCookie, testing};
///
/// #[derive(Cookie)]
/// #[cookie(max_age = "8h")]
/// struct Session(String);
///
/// let header = SetCookie::new(Session("s3cr3t".into()))
///     .max_age(Duration::from_secs(600))
///     .header_value(&testing::https())
///     .unwrap();
/// assert_eq!(header, "__Host-Http-session=s3cr3t; Path=/; Max-Age=600; Secure; HttpOnly; SameSite=Lax");
/// assert!(header.is_sensitive());
/// ```
#[must_use = "a cookie is sent by `Cookies::set`, `header_value`, `to_decoded_cookie` or `to_encoded_cookie`"]
pub struct SetCookie<T> {
    /// The value to set. If the value is `None`, the header removes the cookie.
    value: Option<T>,
    overrides: Overrides,
}

impl<T: Cookie> SetCookie<T> {
    /// Makes a `SetCookie` that sets the cookie to `value`, with the declared attributes.
    pub fn new(value: T) -> Self {
        SetCookie { value: Some(value), overrides: Overrides::NONE }
    }

    /// Makes a `SetCookie` that removes the cookie. The `Set-Cookie` header has the declared name, Path, Domain and
    /// flags, and an empty value. The header also has `Max-Age=0` and an `Expires` in the past.
    ///
    /// A browser removes a cookie only if the header has the same name, Path and Domain as the cookie (6265bis 5.7).
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

    /// Shortens the declared `Max-Age`. The `Max-Age` is rounded down to whole seconds. If `max_age` is longer than
    /// declared, the header has the declared `Max-Age`, and hardtack emits the event `shortened`. So the declared
    /// `max_age` is the longest lifetime of the cookie. If the cookie is declared with `idle`, this method shortens the
    /// absolute lifetime, and the `Max-Age` of the header is at most the idle time.
    ///
    /// A call with a cookie that is declared without `max_age` does not compile.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use hardtack::{Cookie, SetCookie, testing};
    /// #[derive(Cookie)]
    /// #[cookie(max_age = "8h")]
    /// struct Session(String);
    ///
    /// for (wanted, sent) in [(1_500, "Max-Age=1;"), (90_000, "Max-Age=90;"), (999_999_999, "Max-Age=28800;")] {
    ///     let set = SetCookie::new(Session("a".into())).max_age(Duration::from_millis(wanted));
    ///     assert!(set.header_value(&testing::https()).unwrap().to_str().unwrap().contains(sent));
    /// }
    /// ```
    pub fn max_age(self, max_age: Duration) -> Self
    where
        T: HasMaxAge,
    {
        let whole = Duration::from_secs(max_age.as_secs());
        match T::DECLARED.max_age {
            Some(longest) if whole > longest => self.shortened("max_age"),
            _ => self.with_expiry("max_age", ExpiryOverride::MaxAge(whole)),
        }
    }

    /// Replaces the declared `Max-Age` with an `Expires` attribute. The `Expires` time is rounded down to whole
    /// seconds. If the time is later than the declared `max_age` allows, the header has the declared `Max-Age` instead,
    /// and hardtack emits the event `shortened`.
    ///
    /// A call with a cookie that is declared without `max_age` does not compile.
    ///
    /// A WebAssembly build without an operating system has a clock only with the feature `axum`, `seal` or `web`.
    /// Without a clock, hardtack cannot compare the time with the declared `max_age`, so every call of this method is
    /// an error. Call [`max_age`](SetCookie::max_age) instead.
    ///
    /// ```
    /// # use std::time::{Duration, SystemTime};
    /// # use hardtack::{Cookie, SetCookie, testing};
    /// #[derive(Cookie)]
    /// #[cookie(max_age = "8h")]
    /// struct Session(String);
    ///
    /// let now = SystemTime::UNIX_EPOCH + Duration::from_secs(2_000_000_000);
    /// testing::at(now, || {
    ///     let set = SetCookie::new(Session("a".into())).expires(now + Duration::from_secs(60));
    ///     let header = set.header_value(&testing::https()).unwrap();
    ///     assert!(header.to_str().unwrap().contains("; Expires=Wed, 18 May 2033 03:34:20 GMT;"));
    ///
    ///     let late = SetCookie::new(Session("a".into())).expires(now + Duration::from_secs(86_400));
    ///     assert!(late.header_value(&testing::https()).unwrap().to_str().unwrap().contains("; Max-Age=28800;"));
    /// });
    /// ```
    pub fn expires(self, expires: SystemTime) -> Self
    where
        T: HasMaxAge,
    {
        let Some(now) = clock::try_now() else {
            return self.with_error(
                "expires",
                AttributeFault::new(
                    "this WebAssembly build has no clock; call `max_age`, or enable the feature `axum`, `seal` or `web` \
                     of hardtack",
                ),
            );
        };
        let end = clock::unix_seconds(expires);
        let longest = T::DECLARED.max_age.map_or(u64::MAX, |max_age| max_age.as_secs());
        if end > clock::unix_seconds(now).saturating_add_unsigned(longest) {
            return self.shortened("expires");
        }
        let idle = T::DECLARED.idle.map_or(u64::MAX, |idle| idle.as_secs());
        if end > clock::unix_seconds(now).saturating_add_unsigned(idle) {
            return self.with_expiry("expires", ExpiryOverride::ExpiresAfterIdle(end));
        }
        match date::format_imf_fixdate(end) {
            Some(date) => self.with_expiry("expires", ExpiryOverride::Expires(date, end)),
            None => self.with_error(
                "expires",
                AttributeFault::new("an `Expires` is in the year 1601 or later; pass a later time"),
            ),
        }
    }

    /// Omits the declared `Max-Age` from the header. A browser removes a cookie without a `Max-Age` when the user
    /// closes the browser. A cookie that is declared with `idle` still expires after the idle time. If a later
    /// response re-issues the cookie, that header has no `Max-Age` either.
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
        if !same_site.is_at_least(self.overrides.same_site.unwrap_or(T::DECLARED.same_site)) {
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

    /// Signs or seals the cookie's value with `keyring`. Call `with_keyring` if you build the header without a jar. If
    /// you pass the `SetCookie` to a jar, `keyring` replaces the jar's keyring for this cookie.
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
    /// If a setting is invalid, returns the error of the first invalid setting. Otherwise, the method can return, for
    /// example, these errors:
    ///
    /// - [`SetError::NotHttps`] if the cookie is Secure and the request did not come over HTTPS.
    /// - [`SetError::TooLarge`] if the name and the value together have more than 4096 bytes.
    /// - [`SetError::NoPolicy`] if the cookie is declared with `domain = policy`, because only a jar has a policy.
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
        let declaration = Declaration::new::<T>();
        let context = HeaderContext::without_jar(declaration.spec, scheme.verdict())?;
        header_value(declaration, &CookieName::declared(declaration), self.value(), &self.overrides, &context)
    }

    /// Returns the cookie as a type of the [`cookie`](::cookie) crate, for a jar that **encodes** values: axum-extra's
    /// `CookieJar`, `SignedCookieJar` and `PrivateCookieJar`. The value of the returned cookie is not percent-encoded.
    ///
    /// Do not pass the returned cookie to a jar that writes values unchanged. A value with `;` would then add
    /// attributes to the `Set-Cookie` header. For a jar that writes values unchanged, call
    /// [`to_encoded_cookie`](SetCookie::to_encoded_cookie).
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
    /// let cookie = set.to_decoded_cookie(&testing::https()).unwrap();
    /// assert_eq!(cookie.value(), "a b");
    /// ```
    #[cfg(feature = "cookie")]
    pub fn to_decoded_cookie<S: Scheme>(&self, scheme: &S) -> Result<::cookie::Cookie<'static>, SetError>
    where
        T: AllowedOver<S>,
    {
        let mut cookie = self.to_encoded_cookie(scheme)?;
        if let Some(decoded) = value::decode(cookie.value().as_bytes()).map(std::borrow::Cow::into_owned) {
            cookie.set_value(decoded);
        }
        Ok(cookie)
    }

    /// Returns the cookie as a type of the [`cookie`](::cookie) crate, for a jar that **writes values unchanged**:
    /// tower-cookies' `Cookies`, or the `cookie` crate's own `CookieJar`. The text from `Cookie::to_string` is a valid
    /// `Set-Cookie` header. The value of the returned cookie is percent-encoded, as in the `Set-Cookie` header.
    ///
    /// Do not pass the returned cookie to a jar that encodes values. The jar would encode the value a second time. For
    /// a jar that encodes values, call [`to_decoded_cookie`](SetCookie::to_decoded_cookie).
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
    /// let cookie = set.to_encoded_cookie(&testing::https()).unwrap();
    /// assert_eq!(cookie.value(), "a%20b");
    /// assert_eq!(cookie.secure(), Some(true));
    /// assert!(cookie.to_string().starts_with("__Host-Http-session=a%20b; "));
    /// ```
    #[cfg(feature = "cookie")]
    pub fn to_encoded_cookie<S: Scheme>(&self, scheme: &S) -> Result<::cookie::Cookie<'static>, SetError>
    where
        T: AllowedOver<S>,
    {
        let header = self.to_header(scheme.verdict())?;
        let is_removal = self.is_removal();
        let spec = self.overrides.apply_to(&T::DECLARED, is_removal, &header.identity.scope);
        Ok(build_cookie(&header, &spec, self.overrides.expires(is_removal)))
    }

    #[cfg(feature = "cookie")]
    fn to_header(&self, verdict: Verdict) -> Result<SetCookieHeader, SetError> {
        let declaration = Declaration::new::<T>();
        let context = HeaderContext::without_jar(declaration.spec, verdict)?;
        set_cookie_header(declaration, CookieName::declared(declaration), self.value(), &self.overrides, context)
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
        self.overrides.is_shortened = false;
        self
    }

    /// Gives the cookie the declared `Max-Age`, because the caller of a setter passed a longer lifetime.
    fn shortened(self, setter: &'static str) -> Self {
        let mut shortened = self.with_expiry(setter, ExpiryOverride::Declared);
        shortened.overrides.is_shortened = true;
        shortened
    }

    fn with_error(mut self, attribute: &'static str, fault: AttributeFault) -> Self {
        self.overrides.error.get_or_insert(SetError::Attribute { cookie: T::DECLARED.name, attribute, fault });
        self
    }
}

/// Shows the cookie's name. The `Debug` output never contains the cookie's value.
impl<T: Cookie> fmt::Debug for SetCookie<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetCookie")
            .field("name", &T::DECLARED.name)
            .field("removal", &self.value.is_none())
            .finish_non_exhaustive()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Cookie + ScriptVisible> ScriptVisible for SetCookie<T> {}

#[diagnostic::do_not_recommend]
impl<T: Cookie + ScriptVisible> sealed::ScriptVisible for SetCookie<T> {}

#[cfg(feature = "cookie")]
fn build_cookie(
    header: &SetCookieHeader,
    spec: &hardtack_rules::Spec<'_>,
    expires: Option<[u8; 29]>,
) -> ::cookie::Cookie<'static> {
    let encoded = String::from_utf8_lossy(header.encoded_value()).into_owned();
    let mut cookie = ::cookie::Cookie::build((header.identity.name.as_str().to_owned(), encoded))
        .path(spec.path.to_owned())
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
    if let Some(domain) = spec.domain {
        cookie = cookie.domain(domain.to_owned());
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

#[cfg(test)]
#[cfg(feature = "testing")]
mod tests {
    use std::time::{Duration, SystemTime};

    use hardtack_macros::Cookie;

    use super::SetCookie;
    use crate::{clock, testing};

    #[derive(Cookie)]
    #[cookie(max_age = "1h")]
    struct Session(u8);

    #[test]
    fn without_a_clock_expires_is_an_error() {
        let in_a_minute = || SetCookie::new(Session(1)).expires(SystemTime::UNIX_EPOCH + Duration::from_secs(60));
        let error = clock::without(in_a_minute).header_value(&testing::https()).unwrap_err();
        assert!(error.to_string().contains("no clock; call `max_age`"), "{error}");
        assert!(in_a_minute().header_value(&testing::https()).is_ok());
    }
}
