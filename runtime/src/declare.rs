//! What `#[derive(Cookie)]` implements: a type's declaration, its wire form and its value. Holds no data of its own.

use crate::value::{InvalidValue, ValueWriter};

/// One cookie's declaration as data: name, attributes and reason.
///
/// ```
/// use hardtack::Cookie;
///
/// #[derive(Cookie)]
/// #[cookie(max_age = "8h")]
/// struct Session(String);
///
/// assert_eq!(Session::SPEC.name, "__Host-Http-session");
/// assert_eq!(Session::SPEC.max_age.map(|life| life.as_secs()), Some(28_800));
/// assert!(Session::SPEC.secure);
/// ```
pub type Spec = hardtack_rules::Spec<'static>;

/// A cookie that this program sets: a type and its declaration in one.
///
/// Write `#[derive(Cookie)]`; nothing else should implement it. A `read_only` cookie, which somebody else sets,
/// implements [`ReadCookie`] alone.
///
/// ```
/// use hardtack::{Cookie, SameSite};
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
    /// The declaration.
    const SPEC: Spec = Self::DECLARATION;
}

/// A cookie that this program can read: every [`Cookie`], and those declared `read_only`.
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
/// let legacy: Option<Legacy> = Cookies::read(&headers, testing::https()).get().unwrap();
/// assert_eq!(legacy.map(|legacy| legacy.0), Some("abc".to_owned()));
/// assert_eq!(Legacy::DECLARATION.name, "PHPSESSID");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a cookie",
    label = "this type has no cookie declaration",
    note = "declare it with `#[derive(Cookie)]` from `hardtack`"
)]
pub trait ReadCookie: Sized {
    /// The declaration.
    const DECLARATION: Spec;
    /// The constant parts of its Set-Cookie line.
    #[doc(hidden)]
    const WIRE: Wire;
    /// Whether the name ties Domain and Path.
    #[doc(hidden)]
    type Scope: Scope;
    /// Whether it is Secure.
    #[doc(hidden)]
    type Transport;
    /// Whether scripts see it.
    #[doc(hidden)]
    type Audience;
    #[doc(hidden)]
    fn write_value(&self, out: &mut ValueWriter);
    #[doc(hidden)]
    fn read_value(text: &str) -> Result<Self, InvalidValue>;
}

/// The constant parts of a Set-Cookie line, joined while the user's crate compiles.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Wire {
    /// `name=`.
    pub(crate) head: &'static str,
    /// `; Path=/; …`.
    pub(crate) attributes: &'static str,
}

impl Wire {
    #[must_use]
    pub const fn new(head: &'static str, attributes: &'static str) -> Self {
        Wire { head, attributes }
    }
}

/// All that a type says of its cookie but the value: what code that is compiled once for all types takes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Declaration {
    pub(crate) spec: &'static Spec,
    pub(crate) wire: &'static Wire,
}

impl Declaration {
    pub(crate) const fn of<T: ReadCookie>() -> Self {
        Declaration { spec: &T::DECLARATION, wire: &T::WIRE }
    }
}

/// A value to write, whatever its type: what code that is compiled once for all types takes.
pub(crate) trait Value {
    fn write(&self, out: &mut ValueWriter);
}

impl<T: ReadCookie> Value for T {
    fn write(&self, out: &mut ValueWriter) {
        self.write_value(out);
    }
}

/// Room for a value that is read, whatever its type.
pub(crate) trait Room {
    fn read(&mut self, text: &str) -> Result<(), InvalidValue>;
}

impl<T: ReadCookie> Room for Option<T> {
    fn read(&mut self, text: &str) -> Result<(), InvalidValue> {
        T::read_value(text).map(|value| *self = Some(value))
    }
}

#[doc(hidden)]
/// Whether a name ties Domain and Path, as a type.
pub trait Scope {}

#[doc(hidden)]
/// A scope that may vary.
#[diagnostic::on_unimplemented(message = "the name begins with `__Host-`, so its Domain and Path are fixed")]
pub trait Free {}

#[doc(hidden)]
/// The scope of a name: `HOST` where it begins `__Host-`.
#[derive(Debug)]
pub struct NameKind<const HOST: bool>;

impl<const HOST: bool> Scope for NameKind<HOST> {}
impl Free for NameKind<false> {}

#[doc(hidden)]
/// What carries a cookie: HTTPS alone where it is `SECURE`.
#[derive(Debug)]
pub struct Transport<const SECURE: bool>;

#[doc(hidden)]
/// A transport that plain HTTP may be.
#[diagnostic::on_unimplemented(message = "the cookie is Secure, so plain HTTP cannot carry it")]
pub trait Plain {}

impl Plain for Transport<false> {}

#[doc(hidden)]
/// Who sees a cookie: the server alone where it is `HTTP_ONLY`, else the page's scripts too.
#[derive(Debug)]
pub struct Audience<const HTTP_ONLY: bool>;

#[doc(hidden)]
/// An audience that scripts belong to.
#[diagnostic::on_unimplemented(message = "the cookie is HttpOnly, so no script sees it")]
pub trait Scripts {}

impl Scripts for Audience<false> {}

/// Says that scripts see a cookie: it is declared `http_only = false`. They write it too, unless it is `read_only`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is HttpOnly: no script can write or read it, so it has no `document.cookie` text",
    label = "declared HttpOnly",
    note = "declare it with `http_only = false` and a `reason`, or set it through `Cookies`"
)]
pub trait ScriptReadable {}

#[diagnostic::do_not_recommend]
impl<T: ReadCookie> ScriptReadable for T where T::Audience: Scripts {}

/// A cookie whose Domain and Path may vary per exchange: its name does not begin with `__Host-`.
#[diagnostic::on_unimplemented(
    message = "the name of `{Self}` begins with `__Host-`, so its Domain and Path are fixed",
    label = "browsers would drop this cookie",
    note = "for a cookie shared with subdomains declare `domain = \"…\"`; its name then begins with `__Secure-`"
)]
pub trait Rescopable: Cookie {}

#[diagnostic::do_not_recommend]
impl<T: Cookie> Rescopable for T where T::Scope: Free {}
