//! The items that only the generated code of the macros uses. These items are not part of the public API. Any release
//! may change the items and the macros together.

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
pub use hardtack_rules::{Prefix, Seal, wire};
pub use http;

use crate::cookie::declaration::ReadCookie;
pub use crate::cookie::declaration::Spec;
pub use crate::cookie::declaration::{Audience, Carrier, HeaderTemplate, NameKind};
#[cfg(feature = "json")]
pub use crate::cookie::json::Json;
use crate::cookie::value::CookieValue;
pub use crate::cookie::value::{InvalidValue, ValueWriter};
#[cfg(feature = "inventory")]
pub use crate::inventory::Registered;

/// The result of reading a value.
pub type Read<T> = Result<T, InvalidValue>;

/// Returns true if the prefix of the name fixes Domain and Path. `__Host-` is such a prefix.
#[must_use]
pub const fn is_host_only(name: &str) -> bool {
    matches!(Prefix::from_name(name), Some(prefix) if prefix.is_host_only())
}

/// Returns the strongest prefix that the attributes allow. A declaration needs this function if it has no `name` and
/// its `path` is a constant. In this case the macro does not see the value of the path, so it cannot choose the prefix.
#[must_use]
pub const fn strongest_prefix(secure: bool, http_only: bool, path: &str, has_domain: bool) -> &'static str {
    match Prefix::strongest(secure, http_only, path, has_domain) {
        Some(prefix) => prefix.as_str(),
        None => "",
    }
}

/// Joins two texts into an array of bytes.
#[must_use]
pub const fn join<const N: usize>(first: &str, second: &str) -> [u8; N] {
    let mut text = [0; N];
    wire::write_concat(first, second, &mut text);
    text
}

/// Returns the number of bytes in the text of the attributes.
#[must_use]
pub const fn attributes_length(spec: &Spec) -> usize {
    wire::write_attributes(spec, None, &mut [])
}

/// Returns the text of the attributes as an array of bytes.
#[must_use]
pub const fn attributes<const N: usize>(spec: &Spec) -> [u8; N] {
    let mut text = [0; N];
    wire::write_attributes(spec, None, &mut text);
    text
}

/// Converts bytes to text. The bytes come from [`join`] or [`attributes`], so they are always UTF-8.
#[must_use]
#[allow(clippy::panic, reason = "evaluated while the user's crate compiles, on the joined bytes of texts")]
pub const fn text(bytes: &'static [u8]) -> &'static str {
    match core::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => panic!("not UTF-8"),
    }
}

/// Causes a compile error if the value of an attribute is a constant expression and breaks a rule.
#[track_caller]
#[allow(clippy::panic, reason = "evaluated while the user's crate compiles: the panic is the error")]
pub const fn check(spec: &Spec, at: Argument, path_is_constant: bool) {
    if let Some(fault) = hardtack_rules::check::check_constant(spec, at, path_is_constant) {
        panic!("{}", fault.text)
    }
}

/// Does the same as [`check`], but for a build with `HARDTACK_DENY`.
///
/// - `lint_error` is the error text for the lint of the argument. The text is empty if the build allows the lint.
/// - `max_age_error` is the error text for a `max_age` of more than `max_age_limit` seconds.
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
            if max_age.as_secs() > max_age_limit {
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

/// Causes a compile error if an earlier cookie of the set has the same name.
#[track_caller]
#[allow(clippy::panic, reason = "evaluated while the user's crate compiles: the panic is the error")]
pub const fn distinct(name: &str, earlier: &[&str]) {
    let mut rest = earlier;
    while let [other, tail @ ..] = rest {
        if equal(name.as_bytes(), other.as_bytes()) {
            panic!("{}", hardtack_rules::Rule::DuplicateName.text())
        }
        rest = tail;
    }
}

/// Returns true if the bytes are equal. A `const fn` cannot use `==` on slices.
const fn equal(a: &[u8], b: &[u8]) -> bool {
    let (mut a, mut b) = (a, b);
    while let ([first, a_rest @ ..], [second, b_rest @ ..]) = (a, b) {
        if *first != *second {
            return false;
        }
        (a, b) = (a_rest, b_rest);
    }
    a.is_empty() && b.is_empty()
}

/// Selects the trait that writes and reads the type of a field. The compiler first tries the trait whose impl has the
/// most `&`. This gives the following order:
///
/// 1. [`ViaCookie`]: the type derives `Cookie`. This is an error.
/// 2. [`ViaValue`]: the type is a `CookieValue`.
/// 3. [`ViaText`]: the type has `Display` and `FromStr`.
/// 4. [`ViaNothing`]: all other types. This is an error.
///
/// A blanket impl of `CookieValue` for all types with `Display` and `FromStr` would be simpler, but Rust's coherence
/// rules do not allow it.
#[derive(Debug)]
pub struct Via<T>(PhantomData<fn() -> T>);

impl<T> Via<T> {
    /// Makes the value on which the generated code calls `write_via` and `read_via`.
    #[allow(clippy::new_without_default, reason = "only expansions call it")]
    #[must_use]
    pub const fn new() -> Self {
        Via(PhantomData)
    }
}

/// A trait that no type implements. A bound with this trait causes the error message below.
#[diagnostic::on_unimplemented(
    message = "`{Self}` derives `Cookie`: it is a cookie of its own and cannot be the value of another",
    label = "brings its own declaration",
    note = "in a `#[hardtack::cookies]` struct, write `#[cookie(existing)]` on the field",
    note = "as a value, derive `CookieValue` in place of `Cookie`"
)]
pub trait NotACookie {}

/// The first choice of [`Via`]: the type derives `Cookie`.
pub trait ViaCookie {
    /// The field's type.
    type Value;
    /// Does not compile, because no type meets the bound.
    fn write_via(&self, value: &Self::Value, out: &mut ValueWriter)
    where
        Self::Value: NotACookie;
    /// Prevents a second error in the generated code, which calls this method too.
    ///
    /// # Errors
    ///
    /// Always returns an error.
    fn read_via(&self, text: &str) -> Result<Self::Value, InvalidValue>;
}

impl<T: ReadCookie> ViaCookie for &&&Via<T> {
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

/// The last choice of [`Via`]: all other types. Only `write_via` has a bound, so that the compiler reports only one
/// error.
pub trait ViaNothing {
    /// The field's type.
    type Value;
    /// Does not compile, because the type is not a `CookieValue`.
    fn write_via(&self, value: &Self::Value, out: &mut ValueWriter)
    where
        Self::Value: CookieValue;
    /// Prevents a second error in the generated code, which calls this method too.
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

/// The error of methods that are never called. A program that contains such a call does not compile.
const NOTHING: InvalidValue = InvalidValue::expected("nothing");

/// Allows a declaration to be `signed` or `sealed`.
#[cfg(feature = "seal")]
#[doc(hidden)]
#[macro_export]
macro_rules! __seal {
    () => {};
}

/// Causes a compile error, because `signed` and `sealed` values need the feature `seal`.
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

/// Allows a declaration to be `json`.
#[cfg(feature = "json")]
#[doc(hidden)]
#[macro_export]
macro_rules! __json {
    () => {};
}

/// Causes a compile error, because `json` values need the feature `json`.
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

/// Prevents a second error after the error of `__json`, because the generated code uses this trait too.
#[cfg(not(feature = "json"))]
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
impl<T> Json for T {}

/// Adds a declaration to the inventory.
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

/// Does nothing, because the inventory needs the feature `inventory`.
#[cfg(not(feature = "inventory"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __declared {
    ($($declaration:tt)*) => {};
}
