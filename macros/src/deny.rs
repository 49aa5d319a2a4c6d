//! What the build demands of every cookie: `HARDTACK_DENY`, the one thing that the macros read beside their tokens. Turns
//! a demand that a declaration breaks into the sentence for it.

use std::env;
use std::sync::atomic::{AtomicBool, Ordering};

use hardtack_rules::deny::{Broken, Demand, VARIABLE};
use proc_macro2::{Span, TokenStream};
use quote::quote;

use crate::errors::Errors;

/// The demand, and the crate that is being compiled.
pub(crate) struct Build {
    text: String,
    krate: String,
}

impl Build {
    /// Reads the variable, and tells once in a crate what in it means nothing.
    pub(crate) fn read(errors: &mut Errors) -> Build {
        static TOLD: AtomicBool = AtomicBool::new(false);
        // Without cargo there is no such variable, and no exception holds.
        let krate = env::var("CARGO_CRATE_NAME").unwrap_or_default();
        let text = match env::var(VARIABLE) {
            Ok(text) => text,
            Err(env::VarError::NotPresent) => return Build { text: String::new(), krate },
            Err(env::VarError::NotUnicode(_)) => {
                if !TOLD.swap(true, Ordering::Relaxed) {
                    let text = "is not UTF-8; write there what the build refuses, as in `insecure max-age=30d`";
                    errors.push(Span::call_site(), format_args!("the environment variable `{VARIABLE}` {text}"));
                }
                return Build { text: String::new(), krate };
            }
        };
        if Demand::of(&text).wrong().next().is_some() && !TOLD.swap(true, Ordering::Relaxed) {
            for wrong in Demand::of(&text).wrong() {
                errors.push(Span::call_site(), format_args!("in the environment variable `{VARIABLE}`, {wrong}"));
            }
        }
        Build { text, krate }
    }

    /// The demand on the cookie of this type, or of this field of a set (`Set::field`).
    pub(crate) fn demand<'a>(&'a self, item: &'a str) -> Demanded<'a> {
        let demand = Demand::of(&self.text);
        let demand = if demand.excepts(&self.krate, item) { Demand::of("") } else { demand };
        Demanded { demand, krate: &self.krate, item }
    }
}

/// What makes cargo compile the crate again when the variable changes; nothing where rustc would refuse its value once more
/// at every cookie, since what failed is compiled again in any case.
pub(crate) fn tracked() -> Option<TokenStream> {
    let is_refused = matches!(env::var(VARIABLE), Err(env::VarError::NotUnicode(_)));
    let text = quote!(::core::option::Option<&'static ::core::primitive::str>);
    (!is_refused).then(|| quote!(const _: #text = ::core::option_env!(#VARIABLE);))
}

/// A demand on one cookie.
#[derive(Clone, Copy)]
pub(crate) struct Demanded<'a> {
    pub(crate) demand: Demand<'a>,
    krate: &'a str,
    item: &'a str,
}

impl Demanded<'_> {
    /// The sentence of a demand that is broken: what trips, where the demand comes from, what to write instead.
    pub(crate) fn sentence(self, broken: Broken<'_>) -> String {
        let except = match self.krate {
            "" => "build it with cargo to except it".to_owned(),
            krate => format!("except the cookie there with `-{krate}::{}`", self.item),
        };
        let (word, remedy) = (broken.word, broken.remedy());
        format!(
            "{broken}, which this build refuses with or without a reason: `{VARIABLE}` has `{word}`; {remedy}, or {except}"
        )
    }
}
