//! The traits of a declared cookie.
//!
//! `#[derive(Cookie)]` implements only one trait, the hidden trait `DeclaredCookie`. Blanket impls in this file
//! implement the public traits for every type with the hidden trait. Each public trait also has a supertrait in the
//! private module `sealed`, so a program cannot implement a public trait for its own types. The blanket impls alone
//! would not prevent such an `impl`.

use std::borrow::Cow;

use hardtack_rules::{Former, family};

use super::value::{self, InvalidValue, ValueWriter};

/// The declaration of one cookie. A `Spec` contains the cookie's name, its attributes and its `reason`.
///
/// ```
/// use hardtack::{Cookie, ReadCookie};
///
/// #[derive(Cookie)]
/// #[cookie(max_age = "8h")]
/// struct Session(String);
///
/// assert_eq!(Session::SPEC.name, "__Host-Http-session");
/// assert_eq!(Session::SPEC.max_age.map(|max_age| max_age.as_secs()), Some(28_800));
/// assert!(Session::SPEC.secure);
/// ```
pub type Spec = hardtack_rules::Spec<'static>;

/// A declared cookie. Only `#[derive(Cookie)]` and `#[cookies]` implement this trait.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a cookie",
    label = "this type has no cookie declaration",
    note = "declare it with `#[derive(Cookie)]` from `hardtack`"
)]
pub trait DeclaredCookie: Sized {
    /// The cookie's declaration. If the constant's name were `SPEC`, `T::SPEC` would be ambiguous.
    const DECLARED: Spec;
    /// The constant parts of the `Set-Cookie` header.
    const TEMPLATE: HeaderTemplate;
    /// The marker type [`Settable`], [`ReadOnly`] or [`Keyed`].
    type Access;
    /// A [`Carrier`], whose parameter is true if the cookie is sent over HTTPS only.
    type Carrier;
    /// An [`Audience`], whose parameter is true if only servers see the cookie.
    type Audience;
    /// A [`Lifetime`], whose parameter is true if the declaration has the key `max_age`.
    type Lifetime;
    fn write_value(&self, out: &mut ValueWriter);
    /// Reads the cookie's value.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is not a value of the cookie.
    fn read_value(text: &str) -> Result<Self, InvalidValue>;
}

/// The value of a cookie in a family. `#[derive(Cookie)]` and `#[cookies]` implement this trait for each declaration
/// with `keyed`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a family of cookies",
    label = "not declared `keyed`",
    note = "for one cookie, call `get`, `set` or `remove` of `Cookies`",
    note = "for a family, declare the type with `#[derive(Cookie)]` and `#[cookie(keyed, max_age = \"…\")]`"
)]
pub trait FamilyValue: DeclaredCookie {
    /// The type that a handler gets and sets. For a field of a `#[cookies]` struct, `Value` is the type of the field.
    type Value;
    fn from_inner(value: Self::Value) -> Self;
    fn into_inner(self) -> Self::Value;
}

/// The value of a cookie that is declared `device_bound`. Only `#[derive(Cookie)]` and `#[cookies]` implement this
/// trait.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not bound to a device",
    label = "not declared `device_bound`",
    note = "declare it with `#[cookie(sealed, max_age = \"…\", device_bound)]`",
    note = "a cookie without `device_bound` is read with `cookies.get::<{Self}>()`"
)]
pub trait DeviceBoundValue: DeclaredCookie {}

/// Returns the name of the companion. Returns `None` if a cookie with the name `cookie` cannot be bound to a device.
#[cfg(any(feature = "device-bound", feature = "inventory"))]
pub(crate) fn companion_name(cookie: &str) -> Option<String> {
    hardtack_rules::device::companion_base(cookie).map(|base| format!("__Host-{base}-key"))
}

/// The `Access` of a cookie that this program sets and reads.
#[doc(hidden)]
#[derive(Debug)]
pub struct Settable;

/// The `Access` of a cookie that is declared `read_only`.
#[doc(hidden)]
#[derive(Debug)]
pub struct ReadOnly;

/// The `Access` of a family of cookies, which is declared `keyed`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Keyed;

// The cookie type is a parameter of each marker trait, so that an error message can contain the name of the cookie
// type.

#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{T}` is declared `keyed`: it is a family of cookies, and not one cookie",
    label = "one cookie of a family is chosen by its key",
    note = "call `cookies.family::<{T}>()`, and then `get(key)`, `set(key, value)` or `remove(key)`",
    note = "in a set, the field of a `keyed` type is `#[cookie(existing, keyed)]`"
)]
pub trait NotKeyed<T> {}
impl<T> NotKeyed<T> for Settable {}
impl<T> NotKeyed<T> for ReadOnly {}

#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{T}` is declared `read_only`, so this program cannot set or remove it",
    label = "another program owns this cookie",
    note = "to set the cookie, remove `read_only` from its declaration",
    note = "in a set, the field of a `read_only` type is `#[cookie(existing, read_only)]`"
)]
pub trait NotReadOnly<T> {}
impl<T> NotReadOnly<T> for Settable {}
impl<T> NotReadOnly<T> for Keyed {}

/// The kinds of connections over which browsers send a cookie. If `SECURE` is true, the cookie is sent over HTTPS only.
#[doc(hidden)]
#[derive(Debug)]
pub struct Carrier<const SECURE: bool>;

/// A [`Carrier`] that allows plain HTTP.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{T}` is a Secure cookie: it cannot be set, read or removed where the scheme is `PlainHttp`",
    label = "needs proof of HTTPS",
    note = "take `Cookies` (that is, `Cookies<Https>`) in the handler, or `Cookies<AnyScheme>` and handle `SetError::NotHttps`",
    note = "a cookie that plain HTTP may carry is declared with `secure = false` and a `reason`"
)]
pub trait Plain<T> {}
impl<T> Plain<T> for Carrier<false> {}

/// The programs that can see a cookie. If `HTTP_ONLY` is true, only servers see the cookie. If `HTTP_ONLY` is false,
/// scripts of the page also see the cookie.
#[doc(hidden)]
#[derive(Debug)]
pub struct Audience<const HTTP_ONLY: bool>;

/// An [`Audience`] that includes scripts of the page.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{T}` is HttpOnly: no script can write or read it, so it has no `document.cookie` text",
    label = "declared HttpOnly",
    note = "declare it with `http_only = false` and a `reason`, or set it through `Cookies`"
)]
pub trait Scripts<T> {}
impl<T> Scripts<T> for Audience<false> {}

/// The lifetime of a cookie. If `HAS_MAX_AGE` is true, the declaration has the key `max_age`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Lifetime<const HAS_MAX_AGE: bool>;

/// A [`Lifetime`] of a declaration with `max_age`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{T}` is declared without `max_age`, so its lifetime cannot be set at run time",
    label = "declared without `max_age`",
    note = "declare the longest lifetime, as in `#[cookie(max_age = \"8h\")]`; a setter can only shorten it"
)]
pub trait Limited<T> {}
impl<T> Limited<T> for Lifetime<true> {}

/// The supertraits of the public traits. The module is private, so a program cannot name the supertraits. The blanket
/// impl of each supertrait has the same bounds as the blanket impl of the public trait.
pub(crate) mod sealed {
    use super::{DeclaredCookie, DeclaredForScripts, FamilyValue, Limited, NotKeyed, NotReadOnly};

    pub trait ReadCookie {}
    impl<T: DeclaredCookie> ReadCookie for T where T::Access: NotKeyed<T> {}

    pub trait Cookie {}
    impl<T: DeclaredCookie> Cookie for T where T::Access: NotKeyed<T> + NotReadOnly<T> {}

    pub trait CookieFamily {}
    impl<T: FamilyValue> CookieFamily for T {}

    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not a cookie",
        label = "this type has no cookie declaration",
        note = "declare it with `#[derive(Cookie)]` from `hardtack`"
    )]
    pub trait ScriptVisible {}
    impl<T: DeclaredForScripts> ScriptVisible for T {}

    pub trait HasMaxAge {}
    impl<T: super::Cookie> HasMaxAge for T where T::Lifetime: Limited<T> {}
}

/// A cookie that this program sets and reads.
///
/// `#[derive(Cookie)]` implements `Cookie`. You cannot implement `Cookie` by hand. Another program owns a `read_only`
/// cookie, so the type of such a cookie implements only [`ReadCookie`].
///
/// ```
/// use hardtack::{Cookie, ReadCookie, SameSite};
///
/// /// Interface language.
/// #[derive(Cookie)]
/// #[cookie(http_only = false, reason = "i18n.js reads it before first paint")]
/// enum Lang { En, PtBr }
///
/// assert_eq!(Lang::SPEC.name, "__Host-lang");
/// assert_eq!(Lang::SPEC.same_site, SameSite::Lax);
/// assert_eq!(Lang::SPEC.reason, Some("i18n.js reads it before first paint"));
/// # let _ = (Lang::En, Lang::PtBr);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a cookie that can be set",
    label = "not declared as a cookie that this program sets",
    note = "declare it with `#[derive(Cookie)]` from `hardtack`"
)]
pub trait Cookie: ReadCookie + sealed::Cookie {
    /// The same constant as `ReadCookie::SPEC`. The code that `#[cookies]` generates uses `SETTABLE_SPEC` for every
    /// cookie that the application sets. A `read_only` type has no `SETTABLE_SPEC`, so code that sets a `read_only`
    /// cookie does not compile.
    #[doc(hidden)]
    const SETTABLE_SPEC: Spec;
}

impl<T: DeclaredCookie> Cookie for T
where
    T::Access: NotKeyed<T> + NotReadOnly<T>,
{
    const SETTABLE_SPEC: Spec = T::DECLARED;
}

/// A cookie that this program reads. Every [`Cookie`] and every cookie that is declared `read_only` implements
/// `ReadCookie`. You cannot implement `ReadCookie` by hand.
///
/// ```
/// use hardtack::{Cookie, Cookies, ReadCookie, testing};
///
/// #[derive(Cookie)]
/// #[cookie(name = "PHPSESSID", read_only)]
/// struct Legacy(String);
///
/// let mut headers = http::HeaderMap::new();
/// headers.insert("cookie", "PHPSESSID=abc".parse().unwrap());
/// let legacy: Option<Legacy> = Cookies::from_headers(&headers, testing::https()).get();
/// assert_eq!(legacy.map(|legacy| legacy.0), Some("abc".to_owned()));
/// assert_eq!(Legacy::SPEC.name, "PHPSESSID");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a cookie",
    label = "this type has no cookie declaration",
    note = "declare it with `#[derive(Cookie)]` from `hardtack`"
)]
pub trait ReadCookie: DeclaredCookie + sealed::ReadCookie {
    /// The cookie's declaration.
    const SPEC: Spec;
}

impl<T: DeclaredCookie> ReadCookie for T
where
    T::Access: NotKeyed<T>,
{
    const SPEC: Spec = T::DECLARED;
}

/// A family of cookies. A declaration with `keyed` declares a family. The name of a cookie in the family is the
/// declared name, then `.`, then a key that the program chooses at run time.
/// [`Cookies::family`](crate::Cookies::family) returns a view of the family.
///
/// ```
/// use hardtack::{Cookie, CookieFamily};
///
/// /// The state of one sign-in attempt.
/// #[derive(Cookie)]
/// #[cookie(keyed, max_age = "10m")]
/// struct Flow(String);
///
/// assert_eq!(Flow::SPEC.name, "__Host-Http-flow");
/// assert!(Flow::SPEC.keyed);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a family of cookies",
    label = "not declared `keyed`",
    note = "for one cookie, call `get`, `set` or `remove` of `Cookies`",
    note = "for a family, declare the type with `#[derive(Cookie)]` and `#[cookie(keyed, max_age = \"…\")]`"
)]
pub trait CookieFamily: FamilyValue + sealed::CookieFamily {
    /// The family's declaration.
    const SPEC: Spec;
}

impl<T: FamilyValue> CookieFamily for T {
    const SPEC: Spec = T::DECLARED;
}

/// A cookie that is declared with the key `max_age`. [`SetCookie::max_age`](crate::SetCookie::max_age) and
/// [`SetCookie::expires`](crate::SetCookie::expires) shorten the lifetime of this cookie at run time, and accept no
/// cookie without the key `max_age`. You cannot implement `HasMaxAge` by hand.
///
/// ```
/// use std::time::Duration;
/// use hardtack::{Cookie, HasMaxAge, SetCookie, testing};
///
/// fn for_a_minute<T: HasMaxAge>(cookie: T) -> SetCookie<T> {
///     SetCookie::new(cookie).max_age(Duration::from_secs(60))
/// }
///
/// #[derive(Cookie)]
/// #[cookie(max_age = "8h")]
/// struct Session(String);
///
/// let header = for_a_minute(Session("a".into())).header_value(&testing::https()).unwrap();
/// assert_eq!(header, "__Host-Http-session=a; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Lax");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a cookie with a declared `max_age`",
    label = "not declared with `max_age`"
)]
pub trait HasMaxAge: Cookie + sealed::HasMaxAge {}

impl<T: Cookie> HasMaxAge for T where T::Lifetime: Limited<T> {}

/// The parts of a `Set-Cookie` header that are the same for every value of a cookie. The compiler builds these parts
/// while the user's crate compiles.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct HeaderTemplate {
    /// The text `name=`.
    pub(crate) name_eq: &'static str,
    /// The attributes as header text: `; Path=/; …`.
    pub(crate) attributes: &'static str,
}

impl HeaderTemplate {
    #[must_use]
    pub const fn new(name_eq: &'static str, attributes: &'static str) -> Self {
        HeaderTemplate { name_eq, attributes }
    }
}

/// A cookie's declaration without the Rust type of the cookie. A function with a `Declaration` parameter needs no
/// generic parameter for the cookie, so the function is compiled only once.
#[derive(Clone, Copy)]
pub(crate) struct Declaration {
    pub(crate) spec: &'static Spec,
    pub(crate) template: &'static HeaderTemplate,
    /// Returns true if the text is a value of the cookie's type.
    pub(crate) is_valid: fn(&str) -> bool,
}

impl Declaration {
    pub(crate) const fn new<T: DeclaredCookie>() -> Self {
        Declaration { spec: &T::DECLARED, template: &T::TEMPLATE, is_valid: |text| T::read_value(text).is_ok() }
    }
}

/// The name of one cookie, followed by `=`. The name of a cookie in a family contains the cookie's key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct CookieName {
    name_eq: Cow<'static, str>,
}

impl CookieName {
    /// Returns the name of a cookie that is not part of a family.
    pub(crate) fn declared(declaration: Declaration) -> Self {
        CookieName { name_eq: Cow::Borrowed(declaration.template.name_eq) }
    }

    /// Returns the name of the cookie with the key `key` in the family `family`.
    pub(crate) fn in_family(family: &str, key: &str) -> Self {
        CookieName { name_eq: Cow::Owned(format!("{family}.{key}=")) }
    }

    /// Returns a name that was read from a header.
    #[cfg(any(feature = "_layer", feature = "device-bound"))]
    pub(crate) fn from_text(name: &str) -> Self {
        CookieName { name_eq: Cow::Owned(format!("{name}=")) }
    }

    /// Returns the cookie's earlier name from the entry `former` of the declaration. For a cookie of a family, the
    /// returned name ends with the family's earlier name, a dot and the key of the present cookie.
    pub(crate) fn former(&self, spec: &Spec, former: &Former<'static>) -> Self {
        let key = self.as_str().strip_prefix(spec.name).unwrap_or_default();
        CookieName { name_eq: Cow::Owned(format!("{}{key}=", former.name_in(spec))) }
    }

    /// Returns the key of the cookie `name` in the family `family`. Returns `None` if the cookie is not in the family.
    pub(crate) fn key_in<'a>(family: &str, name: &'a str) -> Option<&'a str> {
        name.strip_prefix(family)?.strip_prefix('.').filter(|key| family::is_key(key))
    }

    /// Returns the name without `=`.
    #[inline]
    pub(crate) fn as_str(&self) -> &str {
        self.name_eq.get(..self.name_eq.len().saturating_sub(1)).unwrap_or_default()
    }

    /// Returns the name followed by `=`.
    #[inline]
    pub(crate) fn name_eq(&self) -> &Cow<'static, str> {
        &self.name_eq
    }
}

/// A cookie's value that can be written into a header. `dyn EncodeValue` hides the type of the value.
pub(crate) trait EncodeValue {
    fn encode(&self, out: &mut ValueWriter);
}

impl<T: DeclaredCookie> EncodeValue for T {
    fn encode(&self, out: &mut ValueWriter) {
        self.write_value(out);
    }
}

/// A place that stores a decoded value. `dyn DecodeSlot` hides the type of the value.
pub(crate) trait DecodeSlot {
    fn decode(&mut self, text: &str) -> Result<(), InvalidValue>;
}

impl<T: DeclaredCookie> DecodeSlot for Option<T> {
    fn decode(&mut self, text: &str) -> Result<(), InvalidValue> {
        T::read_value(text).map(|value| *self = Some(value))
    }
}

/// Decodes the raw value of a cookie that has no seal. The value is percent-decoded, unless `is_raw` is true. `is_raw`
/// is true if the value was written without percent-encoding.
pub(crate) fn decode_raw(raw: &[u8], is_raw: bool) -> Result<Cow<'_, str>, InvalidValue> {
    let text = if is_raw { std::str::from_utf8(raw).ok().map(Cow::Borrowed) } else { value::decode(raw) };
    text.ok_or(InvalidValue::NOT_UTF8)
}

/// Marks a cookie type that is declared `http_only = false`, so that JavaScript can read the cookie. If the cookie is
/// not `read_only`, JavaScript can also set the cookie.
///
/// ```
/// use hardtack::spec::ScriptVisible;
/// use hardtack::{Cookie, SetError, document_cookie};
///
/// fn script<T: Cookie + ScriptVisible>(cookie: &T) -> Result<String, SetError> {
///     Ok(format!("document.cookie = {}", document_cookie(cookie)?.js_string()))
/// }
///
/// #[derive(Cookie)]
/// #[cookie(http_only = false, reason = "theme.js applies it before first paint")]
/// struct Theme(String);
///
/// let script = script(&Theme("dark".into())).unwrap();
/// assert_eq!(script, r#"document.cookie = "__Host-theme=dark; Path=/; Secure; SameSite=Lax""#);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is HttpOnly: no script can write or read it, so it has no `document.cookie` text",
    label = "declared HttpOnly",
    note = "declare it with `http_only = false` and a `reason`, or set it through `Cookies`"
)]
pub trait ScriptVisible: sealed::ScriptVisible {}

impl<T: DeclaredForScripts> ScriptVisible for T {}

/// An intermediate trait that every declared cookie without HttpOnly implements. This trait prevents a wrong error
/// message: for a type that is no cookie, rustc would otherwise say that the type is an HttpOnly cookie.
#[doc(hidden)]
pub trait DeclaredForScripts {}
impl<T: DeclaredCookie> DeclaredForScripts for T where T::Audience: Scripts<T> {}
