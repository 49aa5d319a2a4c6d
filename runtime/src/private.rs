//! Everything that generated code may name, and nothing else. Not part of the public interface: it changes with any
//! release, together with the macros.

use core::fmt;
use core::marker::PhantomData;
use core::str::FromStr;

#[cfg(feature = "actix")]
pub use actix_web;
#[cfg(feature = "axum")]
pub use axum_core;
pub use hardtack_rules::check::Argument;
pub use hardtack_rules::{Prefix, wire};
pub use http;
#[cfg(feature = "inventory")]
pub use inventory;
#[cfg(feature = "poem")]
pub use poem;
#[cfg(feature = "rocket")]
pub use rocket;
#[cfg(feature = "salvo")]
pub use salvo_core;

pub use crate::declare::{Audience, NameKind, Transport, Wire};
use crate::declare::{ReadCookie, Spec};
#[cfg(feature = "inventory")]
pub use crate::inventory::Registered;
#[cfg(feature = "json")]
pub use crate::json::Json;
use crate::value::{CookieValue, InvalidValue, ValueWriter};

/// What reading a value gives.
pub type Read<T> = Result<T, InvalidValue>;

/// Whether the name begins `__Host-`.
#[must_use]
pub const fn is_host_only(name: &str) -> bool {
    matches!(Prefix::of(name), Some(prefix) if prefix.is_host_only())
}

/// The strongest prefix for a name that is not written and attributes of which one is constant.
#[must_use]
pub const fn strongest_prefix(secure: bool, http_only: bool, path: &str, has_domain: bool) -> &'static str {
    match Prefix::strongest(secure, http_only, path, has_domain) {
        Some(prefix) => prefix.as_str(),
        None => "",
    }
}

/// Two texts as one array of octets.
#[must_use]
pub const fn join<const N: usize>(first: &str, second: &str) -> [u8; N] {
    let mut text = [0; N];
    wire::join(first, second, &mut text);
    text
}

/// How many octets the attributes are.
#[must_use]
pub const fn attributes_length(spec: &Spec) -> usize {
    wire::attributes(spec, None, &mut [])
}

/// The attributes as an array of octets.
#[must_use]
pub const fn attributes<const N: usize>(spec: &Spec) -> [u8; N] {
    let mut text = [0; N];
    wire::attributes(spec, None, &mut text);
    text
}

/// Octets that were joined from texts, as a text.
#[must_use]
#[allow(clippy::panic, reason = "evaluated while the user's crate compiles, on octets joined from texts")]
pub const fn text(octets: &'static [u8]) -> &'static str {
    match core::str::from_utf8(octets) {
        Ok(text) => text,
        Err(_) => panic!("not UTF-8"),
    }
}

/// Refuses what a constant expression breaks, while the user's crate compiles.
#[track_caller]
#[allow(clippy::panic, reason = "evaluated while the user's crate compiles: the panic is the error")]
pub const fn check(spec: &Spec, at: Argument, path_is_constant: bool) {
    if let Some(fault) = hardtack_rules::check::constant(spec, at, path_is_constant) {
        panic!("{}", fault.text)
    }
}

/// The same, in a build that denies more: `lint` is what it says of the argument's lint, and nothing where that may
/// trip; `over` what it says of a life of more than `limit` seconds.
#[track_caller]
#[allow(clippy::panic, reason = "evaluated while the user's crate compiles: the panic is the error")]
pub const fn check_denied(
    spec: &Spec,
    at: Argument,
    path_is_constant: bool,
    lint: &'static str,
    limit: u64,
    over: &'static str,
) {
    let fault = hardtack_rules::check::constant(spec, at, path_is_constant);
    let is_error = matches!(&fault, Some(fault) if matches!(fault.rule.kind(), hardtack_rules::Kind::Error));
    if !is_error {
        if let (Argument::MaxAge, Some(max_age), false) = (at, spec.max_age, spec.read_only) {
            if max_age.as_secs() > limit {
                panic!("{}", over)
            }
        }
        if !lint.is_empty() && hardtack_rules::check::lint(spec, at).is_some() {
            panic!("{}", lint)
        }
    }
    if let Some(fault) = fault {
        panic!("{}", fault.text)
    }
}

/// Refuses a name that an earlier cookie of the set has, while the user's crate compiles.
#[track_caller]
#[allow(clippy::panic, reason = "evaluated while the user's crate compiles: the panic is the error")]
pub const fn distinct(name: &str, earlier: &[&str]) {
    let mut rest = earlier;
    while let [other, tail @ ..] = rest {
        if same(name.as_bytes(), other.as_bytes()) {
            panic!("{}", hardtack_rules::Rule::DuplicateName.text())
        }
        rest = tail;
    }
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    let (mut a, mut b) = (a, b);
    while let ([first, a_rest @ ..], [second, b_rest @ ..]) = (a, b) {
        if *first != *second {
            return false;
        }
        (a, b) = (a_rest, b_rest);
    }
    a.is_empty() && b.is_empty()
}

/// Picks, by the number of references, how a field's type is written and read: a cookie is refused, then
/// `CookieValue`, then `Display` and `FromStr`, then an error on the field's type.
///
/// A blanket impl of `CookieValue` over `Display + FromStr` would be the simpler way, and coherence forbids it.
#[derive(Debug)]
pub struct Via<T>(PhantomData<fn() -> T>);

impl<T> Via<T> {
    /// The question to ask.
    #[allow(clippy::new_without_default, reason = "generated code calls it, and nobody else")]
    #[must_use]
    pub const fn new() -> Self {
        Via(PhantomData)
    }
}

/// Never implemented: names the mistake.
#[diagnostic::on_unimplemented(
    message = "`{Self}` derives `Cookie`: it is a cookie of its own and cannot be the value of another",
    label = "brings its own declaration",
    note = "in a `#[hardtack::cookies]` struct, write `#[cookie(existing)]` on the field",
    note = "as a value, derive `CookieValue` in place of `Cookie`"
)]
pub trait NotACookie {}

/// First: the type derives `Cookie`.
pub trait ViaCookie {
    /// The field's type.
    type Value;
    /// Refuses.
    fn write_via(&self, value: &Self::Value, out: &mut ValueWriter)
    where
        Self::Value: NotACookie;
    /// Satisfies the expansion after the refusal.
    ///
    /// # Errors
    ///
    /// Always.
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

/// Second: the type is a `CookieValue`.
pub trait ViaValue {
    /// The field's type.
    type Value;
    /// Writes by `CookieValue`.
    fn write_via(&self, value: &Self::Value, out: &mut ValueWriter);
    /// Reads by `CookieValue`.
    ///
    /// # Errors
    ///
    /// Where the text is not one of the type's values.
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

/// Third: the type has `Display` and `FromStr`.
pub trait ViaText {
    /// The field's type.
    type Value;
    /// Writes by `Display`.
    fn write_via(&self, value: &Self::Value, out: &mut ValueWriter);
    /// Reads by `FromStr`.
    ///
    /// # Errors
    ///
    /// Where the text is not one of the type's values.
    fn read_via(&self, text: &str) -> Result<Self::Value, InvalidValue>;
}

impl<T: fmt::Display + FromStr> ViaText for &Via<T> {
    type Value = T;
    fn write_via(&self, value: &T, out: &mut ValueWriter) {
        out.push_display(value);
    }
    fn read_via(&self, text: &str) -> Result<T, InvalidValue> {
        text.parse().map_err(|_| InvalidValue::expected("what the type's `FromStr` takes"))
    }
}

/// Last: the type is none of these. Only `write` bears the bound, so that there is one error.
pub trait ViaNothing {
    /// The field's type.
    type Value;
    /// Refuses.
    fn write_via(&self, value: &Self::Value, out: &mut ValueWriter)
    where
        Self::Value: CookieValue;
    /// Satisfies the expansion after the refusal.
    ///
    /// # Errors
    ///
    /// Always.
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

const NOTHING: InvalidValue = InvalidValue::expected("nothing");

/// Lets a declaration be `signed` or `sealed`.
#[cfg(feature = "seal")]
#[doc(hidden)]
#[macro_export]
macro_rules! __seal {
    () => {};
}

/// Without the feature nothing could sign or seal it.
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

/// Lets a declaration be `json`.
#[cfg(feature = "json")]
#[doc(hidden)]
#[macro_export]
macro_rules! __json {
    () => {};
}

/// Without the feature nothing could write it.
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

/// Satisfies the expansion after the refusal.
#[cfg(not(feature = "json"))]
pub trait Json: Sized {
    /// Writes nothing.
    fn write_json(&self, _: &mut ValueWriter) {}

    /// Reads nothing.
    ///
    /// # Errors
    ///
    /// Always.
    fn read_json(_: &str) -> Result<Self, InvalidValue> {
        Err(NOTHING)
    }
}

#[cfg(not(feature = "json"))]
impl<T> Json for T {}

/// Puts a declaration on the inventory's list.
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

/// Without the feature there is no list.
#[cfg(not(feature = "inventory"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __declared {
    ($($declaration:tt)*) => {};
}
