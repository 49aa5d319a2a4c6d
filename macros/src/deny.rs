//! Reads the environment variable `HARDTACK_DENY`, with which a build rejects weak cookies even if they have a
//! `reason`. The variable is the only input of the macros besides their tokens. This file also writes the error text of
//! a rejection.

use std::env;
use std::sync::atomic::{AtomicBool, Ordering};

use hardtack_rules::deny::{DenyList, VARIABLE, Violation};
use proc_macro2::{Span, TokenStream};
use quote::quote;

use crate::errors::Errors;

/// The build that calls the macro.
pub(crate) struct Build {
    /// The text of `HARDTACK_DENY`.
    text: String,
    /// The crate that is being compiled. Empty without cargo, and then no exception applies.
    krate: String,
}

impl Build {
    /// Reads the variable. Invalid words in it are reported once per crate, and not again for every cookie.
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

    /// Returns the deny list for one cookie. `item` is its type (`Theme`) or its field (`ShopCookies::theme`).
    pub(crate) fn deny_list_for<'a>(&'a self, item: &'a str) -> CookieDenyList<'a> {
        let list = DenyList::parse(&self.text);
        let list = if list.has_exception_for(&self.krate, item) { DenyList::parse("") } else { list };
        CookieDenyList { list, krate: &self.krate, item }
    }
}

/// Returns an item that makes cargo compile the crate again when the variable changes.
///
/// Returns `None` if the variable is not UTF-8: `option_env!` would then be one more error for every cookie. The crate
/// does not compile in that case, so cargo compiles it again anyway.
pub(crate) fn variable_dependency() -> Option<TokenStream> {
    let is_unreadable = matches!(env::var(VARIABLE), Err(env::VarError::NotUnicode(_)));
    let text = quote!(::core::option::Option<&'static ::core::primitive::str>);
    (!is_unreadable).then(|| quote!(const _: #text = ::core::option_env!(#VARIABLE);))
}

/// The deny list of the build, for one cookie.
#[derive(Clone, Copy)]
pub(crate) struct CookieDenyList<'a> {
    /// Empty if the list has an exception for the cookie.
    pub(crate) list: DenyList<'a>,
    krate: &'a str,
    item: &'a str,
}

impl CookieDenyList<'_> {
    /// Returns the error text: the lint that is tripped, the word that denies it, and two remedies.
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
