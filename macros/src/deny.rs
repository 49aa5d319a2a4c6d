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
    /// The name of the crate that is compiled. If cargo does not run the build, the name is empty.
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
        let may_be_exempt = match self.krate.as_str() {
            "" => list.exceptions().next().is_some(),
            krate => list.may_have_exception_for(krate, item),
        };
        CookieDenyList { list, text: &self.text, item, may_be_exempt }
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

/// The deny list for one cookie.
///
/// An exception in the deny list contains the path of the cookie's module. The macro does not know the path. So if the
/// list may have an exception for the cookie, the compiler compares the path in a `const` of the generated code.
#[derive(Clone, Copy)]
pub(crate) struct CookieDenyList<'a> {
    pub(crate) list: DenyList<'a>,
    text: &'a str,
    item: &'a str,
    /// True if the deny list contains an exception whose crate and item are the crate and item of the cookie.
    pub(crate) may_be_exempt: bool,
}

impl CookieDenyList<'_> {
    /// Returns the error text. The text contains the forbidden argument, the word in the deny list that forbids the
    /// argument, and two remedies.
    pub(crate) fn error_text(self, violation: Violation<'_>) -> DenyText {
        let (word, remedy) = (violation.word, violation.remedy());
        DenyText {
            before_module: format!(
                "{violation}, which this build refuses with or without a reason: `{VARIABLE}` has `{word}`; {remedy}, or \
                 except the cookie there with `-"
            ),
            after_module: format!("::{}`", self.item),
            exceptions: self
                .may_be_exempt
                .then(|| Exceptions { deny_list: self.text.to_owned(), item: self.item.to_owned() }),
        }
    }
}

/// The error text for a setting that the deny list forbids. The text contains the path of the cookie's module, which
/// only the compiler knows.
pub(crate) struct DenyText {
    before_module: String,
    after_module: String,
    /// The deny list, if it may have an exception for the cookie.
    exceptions: Option<Exceptions>,
}

struct Exceptions {
    deny_list: String,
    item: String,
}

impl DenyText {
    /// Returns an expression for the whole text.
    pub(crate) fn expression(&self) -> TokenStream {
        let DenyText { before_module, after_module, .. } = self;
        quote!(::core::concat!(#before_module, ::core::module_path!(), #after_module))
    }

    /// Returns an expression for the text. If the deny list has an exception for the cookie, the value of the expression
    /// is an empty text.
    pub(crate) fn unless_exempt(&self, private: &TokenStream) -> TokenStream {
        match self.arguments() {
            Some(arguments) => quote!(#private::unless_exempt(#arguments)),
            None => self.expression(),
        }
    }

    /// Returns the arguments of a function that compares the path of the cookie with the exceptions of the deny list.
    /// Returns `None` if the deny list has no exception for the cookie.
    pub(crate) fn arguments(&self) -> Option<TokenStream> {
        let text = self.expression();
        let Exceptions { deny_list, item } = self.exceptions.as_ref()?;
        Some(quote!(#deny_list, ::core::module_path!(), #item, #text))
    }
}
