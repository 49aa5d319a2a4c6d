//! Items for the code that the macros generate. The items of this module are not part of the public API, so any release
//! may change the items.

use core::fmt;
use core::marker::PhantomData;
use core::str::FromStr;

#[cfg(feature = "actix")]
pub use ::actix_web;
#[cfg(feature = "axum")]
pub use ::axum_core;
#[cfg(feature = "inventory")]
pub use ::inventory;
#[cfg(feature = "poem")]
pub use ::poem;
#[cfg(feature = "rocket")]
pub use ::rocket;
#[cfg(feature = "salvo")]
pub use ::salvo_core;
pub use hardtack_rules::check::Argument;
pub use hardtack_rules::date::Day;
pub use hardtack_rules::{DeviceBinding, Former, FormerDomain, Prefix, Seal, wire};
pub use http;

pub use crate::cookie::declaration::{
    Audience, Carrier, DeclaredCookie, DeviceBoundValue, FamilyValue, HeaderTemplate, Keyed, Lifetime, ReadOnly,
    Settable, Spec,
};
#[cfg(feature = "json")]
pub use crate::cookie::json::Json;
use crate::cookie::value::CookieValue;
pub use crate::cookie::value::{InvalidValue, ValueWriter};
#[cfg(feature = "inventory")]
pub use crate::inventory::Registered;

/// The result of parsing the value of a cookie.
pub type Read<T> = Result<T, InvalidValue>;

/// Returns the strongest prefix that the attributes allow. The generated code calls this function if the declaration's
/// `path` is a constant and the declaration has no `name`. The macro cannot see the value of a constant, so the macro
/// cannot choose the prefix itself.
#[must_use]
pub const fn strongest_prefix(secure: bool, http_only: bool, path: &str, has_domain: bool) -> &'static str {
    match Prefix::strongest(secure, http_only, path, has_domain) {
        Some(prefix) => prefix.as_str(),
        None => "",
    }
}

/// Joins two strings into an array of bytes.
#[must_use]
pub const fn join<const N: usize>(first: &str, second: &str) -> [u8; N] {
    let mut text = [0; N];
    wire::write_concat(first, second, &mut text);
    text
}

/// Returns the number of bytes that the cookie's attributes need in the header.
#[must_use]
pub const fn attributes_length(spec: &Spec) -> usize {
    wire::write_attributes(spec, None, &mut [])
}

/// Returns the cookie's attributes as header text, in an array of bytes.
#[must_use]
pub const fn attributes<const N: usize>(spec: &Spec) -> [u8; N] {
    let mut text = [0; N];
    wire::write_attributes(spec, None, &mut text);
    text
}

/// Converts the bytes that [`join`] or [`attributes`] returned to a string. [`join`] and [`attributes`] always return
/// UTF-8.
#[must_use]
#[allow(clippy::panic, reason = "evaluated while the user's crate compiles, on the joined bytes of texts")]
pub const fn text(bytes: &'static [u8]) -> &'static str {
    match core::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => panic!("not UTF-8"),
    }
}

/// Causes a compile error if the value of an attribute breaks a rule. The generated code calls `check` if the value is
/// a constant expression.
#[track_caller]
#[allow(clippy::panic, reason = "evaluated while the user's crate compiles: the panic is the error")]
pub const fn check(spec: &Spec, at: Argument, path_is_constant: bool) {
    if let Some(fault) = hardtack_rules::check::check_constant(spec, at, path_is_constant) {
        panic!("{}", fault.text)
    }
}

/// Does the same as [`check`], and also causes a compile error if the environment variable `HARDTACK_DENY` forbids the
/// attribute.
///
/// - `lint_error` is the error text if the attribute `at` triggers a lint. `lint_error` is empty if `HARDTACK_DENY`
///   allows the lint.
/// - `max_age_error` is the error text for a `max_age` of more than `max_age_limit` seconds. `max_age_error` is empty
///   if `HARDTACK_DENY` contains no limit.
#[track_caller]
#[allow(clippy::panic, reason = "evaluated while the user's crate compiles: the panic is the error")]
pub const fn check_denied(
    spec: &Spec,
    at: Argument,
    path_is_constant: bool,
    lint_error: &'static str,
    max_age_limit: u64,
    max_age_error: &'static str,
) {
    let fault = hardtack_rules::check::check_constant(spec, at, path_is_constant);
    let is_error = matches!(&fault, Some(fault) if matches!(fault.rule.kind(), hardtack_rules::RuleKind::Error));
    if !is_error {
        if let (Argument::MaxAge, Some(max_age), false) = (at, spec.max_age, spec.read_only) {
            if max_age.as_secs() > max_age_limit && !max_age_error.is_empty() {
                panic!("{}", max_age_error)
            }
        }
        if !lint_error.is_empty() && hardtack_rules::check::find_lint(spec, at).is_some() {
            panic!("{}", lint_error)
        }
    }
    if let Some(fault) = fault {
        panic!("{}", fault.text)
    }
}

/// Causes a compile error if the name of a cookie contradicts the name of an earlier cookie in the `#[cookies]` struct.
/// Two names contradict each other if the names are equal, or if one name is inside the family of the other cookie.
#[track_caller]
#[allow(clippy::panic, reason = "evaluated while the user's crate compiles: the panic is the error")]
pub const fn distinct(spec: &Spec, earlier: &[&Spec]) {
    let mut rest = earlier;
    while let [other, tail @ ..] = rest {
        if let Some(rule) = hardtack_rules::family::find_clash(spec, other) {
            panic!("{}", rule.text())
        }
        rest = tail;
    }
}

/// Parses the day from the key `until`, such as `2027-03-01`. The macro has already checked the text.
#[must_use]
#[allow(clippy::panic, reason = "evaluated while the user's crate compiles, on a checked text")]
pub const fn day(text: &str) -> Day {
    match Day::parse(text) {
        Some(day) => day,
        None => panic!("not a day"),
    }
}

/// Causes a compile error if the `formerly` entry with the index `index` breaks a rule. The generated code calls
/// `check_former` if a part of the entry is a constant expression.
#[track_caller]
#[allow(clippy::panic, reason = "evaluated while the user's crate compiles: the panic is the error")]
pub const fn check_former(spec: &Spec, index: usize) {
    if let Some(fault) = hardtack_rules::check::find_former_error(spec, index) {
        panic!("{}", fault.fault.text)
    }
    if spec.reason.is_none() && hardtack_rules::check::find_former_lint(spec, index).is_some() {
        panic!("{}", hardtack_rules::Rule::FormerName.text())
    }
}

/// Does the same as [`check_former`]. Also causes the error `denied` if the entry weakens the cookie, because
/// `HARDTACK_DENY` forbids such entries. `denied` is empty if `HARDTACK_DENY` has an exception for the cookie.
#[track_caller]
#[allow(clippy::panic, reason = "evaluated while the user's crate compiles: the panic is the error")]
pub const fn check_former_denied(spec: &Spec, index: usize, denied: &'static str) {
    let has_error = hardtack_rules::check::find_former_error(spec, index).is_some();
    if !denied.is_empty() && !has_error && hardtack_rules::check::find_former_lint(spec, index).is_some() {
        panic!("{}", denied)
    }
    check_former(spec, index);
}

/// Causes the error `text`, unless the deny list exempts the cookie. The macro does not know the cookie's module, so
/// the compiler compares the module with the exceptions in the deny list.
#[track_caller]
#[allow(clippy::panic, reason = "evaluated while the user's crate compiles: the panic is the error")]
pub const fn deny_unless_exempt(deny_list: &str, module_path: &str, item: &str, text: &'static str) {
    if !hardtack_rules::deny::is_exempt(deny_list, module_path, item) {
        panic!("{}", text)
    }
}

/// Returns `text`, or an empty text if the deny list exempts the cookie.
#[must_use]
pub const fn unless_exempt(deny_list: &str, module_path: &str, item: &str, text: &'static str) -> &'static str {
    if hardtack_rules::deny::is_exempt(deny_list, module_path, item) { "" } else { text }
}

/// Checks whether a type derives `Cookie`. If `T` derives `Cookie`, `Probe::<T>::IS_COOKIE` is the constant in the impl
/// below, which is true. For any other type, `IS_COOKIE` is the constant of [`NotDeclared`], which is false.
#[derive(Debug)]
pub struct Probe<T>(PhantomData<fn() -> T>);

impl<T: DeclaredCookie> Probe<T> {
    /// `T` derives `Cookie`.
    pub const IS_COOKIE: bool = true;
}

/// The fallback of [`Probe`].
pub trait NotDeclared {
    /// The type does not derive `Cookie`.
    const IS_COOKIE: bool = false;
}

impl<T> NotDeclared for Probe<T> {}

/// Causes the error `text` if the type of a field derives `Cookie`.
#[track_caller]
#[allow(clippy::panic, reason = "evaluated while the user's crate compiles: the panic is the error")]
pub const fn reject_declared(is_cookie: bool, text: &'static str) {
    if is_cookie {
        panic!("{}", text)
    }
}

/// Selects the trait that writes and reads the value of a field. The four traits are implemented for `&&&Via<T>`,
/// `&&Via<T>`, `&Via<T>` and `Via<T>`. The compiler first tries the impl with the most `&`. So the compiler tries the
/// traits in this order:
///
/// 1. [`ViaCookie`]: the type derives `Cookie`. A field whose type derives `Cookie` causes a compile error.
/// 2. [`ViaValue`]: the type is a `CookieValue`.
/// 3. [`ViaText`]: the type has `Display` and `FromStr`.
/// 4. [`ViaNothing`]: all other types. A field of such a type causes a compile error.
///
/// A blanket impl of `CookieValue` for all types with `Display` and `FromStr` would be simpler. Rust's coherence rules
/// do not allow such a blanket impl.
#[derive(Debug)]
pub struct Via<T>(PhantomData<fn() -> T>);

impl<T> Via<T> {
    /// Makes a `Via` for the field's type `T`. The generated code calls the methods `write_via` and `read_via` of the
    /// `Via`.
    #[allow(clippy::new_without_default, reason = "only expansions call it")]
    #[must_use]
    pub const fn new() -> Self {
        Via(PhantomData)
    }
}

/// A trait that no type implements. A call of a method with the bound `NotACookie` never compiles. The compiler then
/// shows the message of `on_unimplemented`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has its own declaration; write `existing`",
    label = "this type derives `Cookie`",
    note = "in a `#[hardtack::cookies]` struct, write `#[cookie(existing)]` on the field",
    note = "as the value of a cookie, derive `CookieValue` in place of `Cookie`"
)]
pub trait NotACookie {}

/// The first choice of [`Via`]: the type derives `Cookie`.
pub trait ViaCookie {
    /// The field's type.
    type Value;
    /// A call of `write_via` does not compile, because no type implements [`NotACookie`].
    fn write_via(&self, value: &Self::Value, out: &mut ValueWriter)
    where
        Self::Value: NotACookie;
    /// A placeholder method. The generated code calls both `write_via` and `read_via`. Without this method, one mistake
    /// would cause two compile errors: one error for `write_via`, and one error for `read_via`.
    ///
    /// # Errors
    ///
    /// Always returns an error.
    fn read_via(&self, text: &str) -> Result<Self::Value, InvalidValue>;
}

impl<T: DeclaredCookie> ViaCookie for &&&Via<T> {
    type Value = T;
    fn write_via(&self, value: &T, out: &mut ValueWriter)
    where
        T: NotACookie,
    {
        value.write_value(out);
    }
    fn read_via(&self, _: &str) -> Result<T, InvalidValue> {
        Err(NOTHING)
    }
}

/// The second choice of [`Via`]: the type is a `CookieValue`.
pub trait ViaValue {
    /// The field's type.
    type Value;
    /// Writes the value with `CookieValue`.
    fn write_via(&self, value: &Self::Value, out: &mut ValueWriter);
    /// Reads the value with `CookieValue`.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidValue`] if the text is not a value of the type.
    fn read_via(&self, text: &str) -> Result<Self::Value, InvalidValue>;
}

impl<T: CookieValue> ViaValue for &&Via<T> {
    type Value = T;
    fn write_via(&self, value: &T, out: &mut ValueWriter) {
        value.write(out);
    }
    fn read_via(&self, text: &str) -> Result<T, InvalidValue> {
        T::read(text)
    }
}

/// The third choice of [`Via`]: the type has `Display` and `FromStr`.
pub trait ViaText {
    /// The field's type.
    type Value;
    /// Writes the value with `Display`.
    fn write_via(&self, value: &Self::Value, out: &mut ValueWriter);
    /// Reads the value with `FromStr`.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidValue`] if the text is not a value of the type.
    fn read_via(&self, text: &str) -> Result<Self::Value, InvalidValue>;
}

impl<T: fmt::Display + FromStr> ViaText for &Via<T> {
    type Value = T;
    fn write_via(&self, value: &T, out: &mut ValueWriter) {
        out.push_display(value);
    }
    fn read_via(&self, text: &str) -> Result<T, InvalidValue> {
        text.parse().map_err(|_| InvalidValue::expected("a text that the type's `FromStr` accepts"))
    }
}

/// The last choice of [`Via`]: all other types. Only the method `write_via` has a trait bound. If `read_via` also had a
/// bound, one mistake would cause two compile errors.
pub trait ViaNothing {
    /// The field's type.
    type Value;
    /// A call of `write_via` does not compile, because the field's type is not a `CookieValue`.
    fn write_via(&self, value: &Self::Value, out: &mut ValueWriter)
    where
        Self::Value: CookieValue;
    /// A placeholder method. The generated code calls both `write_via` and `read_via`. Without this method, one mistake
    /// would cause two compile errors: one error for `write_via`, and one error for `read_via`.
    ///
    /// # Errors
    ///
    /// Always returns an error.
    fn read_via(&self, text: &str) -> Result<Self::Value, InvalidValue>;
}

impl<T> ViaNothing for Via<T> {
    type Value = T;
    fn write_via(&self, value: &T, out: &mut ValueWriter)
    where
        T: CookieValue,
    {
        value.write(out);
    }
    fn read_via(&self, _: &str) -> Result<T, InvalidValue> {
        Err(NOTHING)
    }
}

/// The error that placeholder methods return. No program can call a placeholder method, because such a program does not
/// compile.
const NOTHING: InvalidValue = InvalidValue::expected("nothing");

/// Expands to nothing: with the feature `seal`, a cookie may be declared `signed` or `sealed`.
#[cfg(feature = "seal")]
#[doc(hidden)]
#[macro_export]
macro_rules! __seal {
    () => {};
}

/// Causes a compile error, because `signed` and `sealed` cookies need the feature `seal`.
#[cfg(not(feature = "seal"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __seal {
    () => {
        ::core::compile_error!(
            "`signed` and `sealed` need hardtack's feature `seal`; in Cargo.toml, add it to the `features` of `hardtack`"
        );
    };
}

/// Expands to nothing: with the feature `device-bound`, a cookie may be declared `device_bound`.
#[cfg(feature = "device-bound")]
#[doc(hidden)]
#[macro_export]
macro_rules! __device_bound {
    () => {};
}

/// Causes a compile error, because `device_bound` cookies need the feature `device-bound`.
#[cfg(not(feature = "device-bound"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __device_bound {
    () => {
        ::core::compile_error!(
            "`device_bound` needs hardtack's feature `device-bound`; in Cargo.toml, add it to the `features` of `hardtack`"
        );
    };
}

/// Expands to nothing: with the feature `json`, a cookie may be declared `json`.
#[cfg(feature = "json")]
#[doc(hidden)]
#[macro_export]
macro_rules! __json {
    () => {};
}

/// Causes a compile error, because `json` cookies need the feature `json`.
#[cfg(not(feature = "json"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __json {
    () => {
        ::core::compile_error!(
            "`json` needs hardtack's feature `json`; in Cargo.toml, add it to the `features` of `hardtack`"
        );
    };
}

/// Replaces the trait `Json` if the feature `json` is disabled. The generated code uses `Json`. Without this
/// replacement, the compiler would report a second error after the error of `__json`.
#[cfg(not(feature = "json"))]
#[doc(hidden)]
pub trait Json: Sized {
    /// Does nothing.
    fn write_json(&self, _: &mut ValueWriter) {}

    /// Does nothing.
    ///
    /// # Errors
    ///
    /// Always returns an error.
    fn read_json(_: &str) -> Result<Self, InvalidValue> {
        Err(NOTHING)
    }
}

#[cfg(not(feature = "json"))]
#[doc(hidden)]
impl<T> Json for T {}

/// Adds a cookie's declaration to the inventory.
#[cfg(feature = "inventory")]
#[doc(hidden)]
#[macro_export]
macro_rules! __declared {
    ($item:literal, $spec:expr, [$($docs:expr),*], $file:expr, $line:expr) => {
        $crate::private::inventory::submit! {
            $crate::private::Registered {
                spec: $spec,
                module: ::core::module_path!(),
                item: $item,
                docs: &[$($docs),*],
                file: $file,
                line: $line,
            }
        }
    };
}

/// Expands to nothing, because the inventory needs the feature `inventory`.
#[cfg(not(feature = "inventory"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __declared {
    ($($declaration:tt)*) => {};
}
