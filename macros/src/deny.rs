//! Reads the deny list from the environment variable `HARDTACK_DENY`, and writes the error texts for forbidden
//! arguments. The build fails for every cookie that the deny list forbids, even if the cookie's declaration has a
//! `reason`.
//!
//! Only this file of the crate reads environment variables.

use std::env;
use std::sync::atomic::{AtomicBool, Ordering};

use hardtack_rules::deny::{DenyList, VARIABLE, Violation};
use proc_macro2::{Span, TokenStream};
use quote::quote;

use crate::errors::Errors;

/// The deny list and the crate name of the build in which the macro runs.
pub(crate) struct Build {
    /// The value of the environment variable `HARDTACK_DENY`.
    text: String,
    /// The name of the crate that is compiled. If cargo does not run the build, the name is empty, and no exception in
    /// the deny list applies.
    krate: String,
}

impl Build {
    /// Reads the environment variable `HARDTACK_DENY`. Reports an invalid word of the deny list only once for the
    /// crate, and not for every cookie.
    pub(crate) fn from_environment(errors: &mut Errors) -> Build {
        static IS_REPORTED: AtomicBool = AtomicBool::new(false);
        let krate = env::var("CARGO_CRATE_NAME").unwrap_or_default();
        let text = match env::var(VARIABLE) {
            Ok(text) => text,
            Err(env::VarError::NotPresent) => return Build { text: String::new(), krate },
            Err(env::VarError::NotUnicode(_)) => {
                if !IS_REPORTED.swap(true, Ordering::Relaxed) {
                    let text = "is not UTF-8; write there what the build refuses, as in `insecure max-age=30d`";
                    errors.push(Span::call_site(), format_args!("the environment variable `{VARIABLE}` {text}"));
                }
                return Build { text: String::new(), krate };
            }
        };
        if DenyList::parse(&text).invalid_words().next().is_some() && !IS_REPORTED.swap(true, Ordering::Relaxed) {
            for word in DenyList::parse(&text).invalid_words() {
                errors.push(Span::call_site(), format_args!("in the environment variable `{VARIABLE}`, {word}"));
            }
        }
        Build { text, krate }
    }

    /// Returns the deny list for one cookie. `item` is the type (`Theme`) or the field (`ShopCookies::theme`) that
    /// declares the cookie.
    pub(crate) fn deny_list_for<'a>(&'a self, item: &'a str) -> CookieDenyList<'a> {
        let list = DenyList::parse(&self.text);
        let list = if list.has_exception_for(&self.krate, item) { DenyList::parse("") } else { list };
        CookieDenyList { list, krate: &self.krate, item }
    }
}

/// Returns an item that makes cargo compile the crate again when `HARDTACK_DENY` changes.
///
/// Returns `None` if the value of `HARDTACK_DENY` is not UTF-8. With a value that is not UTF-8, the crate does not
/// compile, so cargo compiles the crate again anyway. The item would contain `option_env!`, which would cause a second
/// error for every cookie.
pub(crate) fn variable_dependency() -> Option<TokenStream> {
    let is_unreadable = matches!(env::var(VARIABLE), Err(env::VarError::NotUnicode(_)));
    let text = quote!(::core::option::Option<&'static ::core::primitive::str>);
    (!is_unreadable).then(|| quote!(const _: #text = ::core::option_env!(#VARIABLE);))
}

/// The deny list that applies to one cookie.
#[derive(Clone, Copy)]
pub(crate) struct CookieDenyList<'a> {
    /// The deny list. The list is empty if the value of `HARDTACK_DENY` exempts the cookie.
    pub(crate) list: DenyList<'a>,
    krate: &'a str,
    item: &'a str,
}

impl CookieDenyList<'_> {
    /// Returns the error text. The text contains the forbidden argument, the word in the deny list that forbids the
    /// argument, and two remedies.
    pub(crate) fn error_text(self, violation: Violation<'_>) -> String {
        let except = match self.krate {
            "" => "build it with cargo to except it".to_owned(),
            krate => format!("except the cookie there with `-{krate}::{}`", self.item),
        };
        let (word, remedy) = (violation.word, violation.remedy());
        format!(
            "{violation}, which this build refuses with or without a reason: `{VARIABLE}` has `{word}`; {remedy}, or {except}"
        )
    }
}
