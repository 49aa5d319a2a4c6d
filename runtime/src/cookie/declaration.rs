//! The traits that `#[derive(Cookie)]` implements. The traits contain a cookie's declaration, the constant parts of the
//! cookie's header, and the encoding of the cookie's value.

use std::borrow::Cow;

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

/// A cookie that this program sets and reads.
///
/// Implement the trait `Cookie` only with `#[derive(Cookie)]`. A `read_only` cookie belongs to another program, so the
/// type of a `read_only` cookie implements only [`ReadCookie`].
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
    note = "declare it with `#[derive(Cookie)]` from `hardtack`; one that is `read_only` can only be read",
    note = "in a set, the field of a `read_only` type is `#[cookie(existing, read_only)]`"
)]
pub trait Cookie: ReadCookie {
    /// The same constant as `ReadCookie::SPEC`. The code that `#[cookies]` generates uses `SETTABLE_SPEC` for every
    /// cookie that the application sets. A `read_only` cookie type has no `SETTABLE_SPEC`, so the generated code does
    /// not compile with a `read_only` type.
    #[doc(hidden)]
    const SETTABLE_SPEC: Spec = <Self as ReadCookie>::SPEC;
}

/// A cookie that this program reads. Every [`Cookie`] and every cookie that is declared `read_only` implements
/// `ReadCookie`.
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
/// let legacy: Option<Legacy> = Cookies::from_headers(&headers, testing::https()).try_get().unwrap();
/// assert_eq!(legacy.map(|legacy| legacy.0), Some("abc".to_owned()));
/// assert_eq!(Legacy::SPEC.name, "PHPSESSID");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a cookie",
    label = "this type has no cookie declaration",
    note = "declare it with `#[derive(Cookie)]` from `hardtack`"
)]
pub trait ReadCookie: Sized {
    /// The cookie's declaration.
    const SPEC: Spec;
    /// The constant parts of the `Set-Cookie` header.
    #[doc(hidden)]
    const TEMPLATE: HeaderTemplate;
    /// A [`NameKind`] for the kind of the cookie's name.
    #[doc(hidden)]
    type Scope: Scope;
    /// A [`Carrier`] for the connections over which the cookie may be sent.
    #[doc(hidden)]
    type Carrier;
    /// An [`Audience`] for the programs that can read the cookie.
    #[doc(hidden)]
    type Audience;
    #[doc(hidden)]
    fn write_value(&self, out: &mut ValueWriter);
    #[doc(hidden)]
    fn read_value(text: &str) -> Result<Self, InvalidValue>;
}

/// The parts of a `Set-Cookie` header that are the same for every value of a cookie. The compiler builds the constant
/// parts while the user's crate compiles.
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
#[derive(Debug, Clone, Copy)]
pub(crate) struct Declaration {
    pub(crate) spec: &'static Spec,
    pub(crate) template: &'static HeaderTemplate,
}

impl Declaration {
    pub(crate) const fn new<T: ReadCookie>() -> Self {
        Declaration { spec: &T::SPEC, template: &T::TEMPLATE }
    }
}

/// A cookie's value that can be written into a header. `dyn EncodeValue` hides the type of the value.
pub(crate) trait EncodeValue {
    fn encode(&self, out: &mut ValueWriter);
}

impl<T: ReadCookie> EncodeValue for T {
    fn encode(&self, out: &mut ValueWriter) {
        self.write_value(out);
    }
}

/// A place that stores a decoded value. `dyn DecodeSlot` hides the type of the value.
pub(crate) trait DecodeSlot {
    fn decode(&mut self, text: &str) -> Result<(), InvalidValue>;
}

impl<T: ReadCookie> DecodeSlot for Option<T> {
    fn decode(&mut self, text: &str) -> Result<(), InvalidValue> {
        T::read_value(text).map(|value| *self = Some(value))
    }
}

/// Decodes the raw value of a cookie that has no seal. Does not percent-decode the value of a `read_only` cookie,
/// because another program wrote the value.
pub(crate) fn decode_raw<'a>(spec: &Spec, raw: &'a [u8]) -> Result<Cow<'a, str>, InvalidValue> {
    let text = if spec.read_only { std::str::from_utf8(raw).ok().map(Cow::Borrowed) } else { value::decode(raw) };
    text.ok_or(InvalidValue::NOT_UTF8)
}

#[doc(hidden)]
/// The kind of a cookie's name, as a type.
pub trait Scope {}

#[doc(hidden)]
/// Marks a kind of cookie name that allows any Domain and Path.
#[diagnostic::on_unimplemented(message = "the name begins with `__Host-`, so its Domain and Path are fixed")]
pub trait Free {}

#[doc(hidden)]
/// The kind of a cookie's name, as a type. `HOST` is true if the name begins with `__Host-`.
#[derive(Debug)]
pub struct NameKind<const HOST: bool>;

impl<const HOST: bool> Scope for NameKind<HOST> {}
impl Free for NameKind<false> {}

#[doc(hidden)]
/// The connections over which a cookie may be sent. If `SECURE` is true, the cookie is sent over HTTPS only.
#[derive(Debug)]
pub struct Carrier<const SECURE: bool>;

#[doc(hidden)]
/// A [`Carrier`] that allows plain HTTP.
#[diagnostic::on_unimplemented(message = "the cookie is Secure, so plain HTTP cannot carry it")]
pub trait Plain {}

impl Plain for Carrier<false> {}

#[doc(hidden)]
/// The programs that can see a cookie. If `HTTP_ONLY` is true, only servers see the cookie. If `HTTP_ONLY` is false,
/// scripts of the page also see the cookie.
#[derive(Debug)]
pub struct Audience<const HTTP_ONLY: bool>;

#[doc(hidden)]
/// An [`Audience`] that includes scripts of the page.
#[diagnostic::on_unimplemented(message = "the cookie is HttpOnly, so no script sees it")]
pub trait Scripts {}

impl Scripts for Audience<false> {}

/// Marks a cookie type that is declared `http_only = false`, so that JavaScript can read the cookie. If the cookie is
/// not `read_only`, JavaScript may also set the cookie.
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
pub trait ScriptVisible {}

#[diagnostic::do_not_recommend]
impl<T: ReadCookie> ScriptVisible for T where T::Audience: Scripts {}

/// Marks a cookie type for which a [`SetCookie`](crate::SetCookie) can change the Domain and Path. A cookie type does
/// not implement `Rescopable` if the cookie's name begins with `__Host-`.
///
/// ```
/// use hardtack::spec::Rescopable;
/// use hardtack::{Cookie, SetCookie, testing};
///
/// fn with_path<T: Rescopable>(cookie: T, path: &str) -> SetCookie<T> {
///     SetCookie::new(cookie).path(path)
/// }
///
/// #[derive(Cookie)]
/// #[cookie(path = "/shop")]
/// struct Cart(u32);
///
/// let header = with_path(Cart(7), "/shop/7").header_value(&testing::https()).unwrap();
/// assert_eq!(header, "__Secure-cart=7; Path=/shop/7; Secure; HttpOnly; SameSite=Lax");
/// ```
#[diagnostic::on_unimplemented(
    message = "the name of `{Self}` begins with `__Host-`, so its Domain and Path are fixed",
    label = "browsers would drop this cookie",
    note = "for a cookie shared with subdomains declare `domain = \"…\"`; its name then begins with `__Secure-`"
)]
pub trait Rescopable: Cookie {}

#[diagnostic::do_not_recommend]
impl<T: Cookie> Rescopable for T where T::Scope: Free {}
