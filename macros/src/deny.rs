//! Reads the deny list from the environment variable `HARDTACK_DENY`, and writes the error texts for forbidden
//! arguments. The build fails for every cookie that the deny list forbids, even if the cookie's declaration has a
//! `reason`.
//!
//! No other file of this crate reads environment variables.

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
        let list = DenyList::parse(&text);
        let missing = list.word_without_feature().filter(|_| !cfg!(feature = "public-suffix"));
        let problems = list.invalid_words().map(|word| word.to_string()).chain(missing.map(str::to_owned));
        let problems: Vec<String> = problems.collect();
        if !problems.is_empty() && !IS_REPORTED.swap(true, Ordering::Relaxed) {
            for problem in problems {
                errors.push(Span::call_site(), format_args!("in the environment variable `{VARIABLE}`, {problem}"));
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
/// Returns `None` if the value of `HARDTACK_DENY` is not UTF-8. The crate then does not compile, so cargo always
/// compiles the crate again. An item would cause a second error for every cookie, because `option_env!` rejects a value
/// that is not UTF-8.
pub(crate) fn variable_dependency() -> Option<TokenStream> {
    let is_unreadable = matches!(env::var(VARIABLE), Err(env::VarError::NotUnicode(_)));
    let text = quote!(::core::option::Option<&'static ::core::primitive::str>);
    (!is_unreadable).then(|| quote!(const _: #text = ::core::option_env!(#VARIABLE);))
}

/// The deny list for one cookie.
///
/// An exception in the deny list contains the path of the cookie's module, which the macro does not know. So if the
/// list perhaps has an exception for the cookie, the compiler compares the path in a `const` of the generated code.
#[derive(Clone, Copy)]
pub(crate) struct CookieDenyList<'a> {
    pub(crate) list: DenyList<'a>,
    text: &'a str,
    item: &'a str,
    /// True if the deny list contains an exception with the same crate and the same item as the cookie.
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
    /// The text of the deny list and the item of the cookie. `exceptions` is `None` if the deny list has no exception
    /// for the cookie.
    exceptions: Option<Exceptions>,
}

struct Exceptions {
    deny_list: String,
    item: String,
}

impl DenyText {
    /// Returns an expression for the whole error text.
    pub(crate) fn expression(&self) -> TokenStream {
        let DenyText { before_module, after_module, .. } = self;
        quote!(::core::concat!(#before_module, ::core::module_path!(), #after_module))
    }

    /// Returns an expression for the text. If the deny list has an exception for the cookie, the value of the
    /// expression is an empty text.
    pub(crate) fn unless_exempt(&self, private: &TokenStream) -> TokenStream {
        match self.arguments() {
            Some(arguments) => quote!(#private::unless_exempt(#arguments)),
            None => self.expression(),
        }
    }

    /// Returns the arguments for the generated call that compares the cookie's path with the exceptions in the deny
    /// list. Returns `None` if the deny list has no exception for the cookie.
    pub(crate) fn arguments(&self) -> Option<TokenStream> {
        let text = self.expression();
        let Exceptions { deny_list, item } = self.exceptions.as_ref()?;
        Some(quote!(#deny_list, ::core::module_path!(), #item, #text))
    }
}

#[cfg(test)]
mod tests {
    use proc_macro2::TokenStream;
    use quote::quote;

    use super::Build;
    use crate::errors::Errors;
    use crate::{check, expand, model};

    /// Expands the cookie `Theme` of the crate `shop` in a build where `HARDTACK_DENY` is `deny_list`. The declaration
    /// contains the keys in `keys`. Returns the expansion without white space.
    fn expand(deny_list: &str, keys: TokenStream) -> String {
        let item = quote!(
            #[cookie(#keys)]
            struct Theme(String);
        );
        let input = syn::parse2(item).unwrap();
        let build = Build { text: deny_list.to_owned(), krate: "shop".to_owned() };
        let mut errors = Errors::default();
        let cookie = model::cookie_type(&input, &mut errors);
        let deny = build.deny_list_for(&cookie.origin.item);
        let declaration = check::check_declaration(&cookie.arguments, &cookie.default_name, deny, &mut errors);
        let expansion = expand::cookie::expand_derive(&cookie, &declaration);
        errors.prepend_to(expansion).to_string().split_whitespace().collect()
    }

    const TEXT: &str = "whichthisbuildrefuseswithorwithoutareason:`HARDTACK_DENY`has`all`;removeit,orexceptthecookie\
        therewith`-\",::core::module_path!(),\"::Theme`\")";

    #[test]
    fn a_violation_names_the_whole_path() {
        let keys = || quote!(secure = false, reason = "no TLS");
        let expansion = expand("all", keys());
        let text = format!("::core::compile_error!{{::core::concat!(\"`secure=false`trips`insecure`,{TEXT}}}");
        assert!(expansion.contains(&text), "{expansion}");
        assert!(!expansion.contains("exempt"), "{expansion}");
        for other in ["all -shop::Lang", "all -other::Theme", "all -shop::Theme::other"] {
            assert!(expand(other, keys()).contains("compile_error"), "{other}");
        }
        assert!(!expand("script-readable", keys()).contains("compile_error"));
    }

    #[test]
    fn the_compiler_compares_the_path_of_an_exception() {
        for deny_list in ["all -shop::Theme", "all -shop::pages::Theme"] {
            let expansion = expand(deny_list, quote!(secure = false, reason = "no TLS"));
            assert!(!expansion.contains("compile_error"), "{expansion}");
            let list: String = deny_list.split_whitespace().collect();
            let call = format!(
                "const_:()=(::hardtack::private::deny_unless_exempt)(\"{list}\",::core::module_path!(),\"Theme\",\
                 ::core::concat!(\"`secure=false`trips`insecure`,{TEXT});"
            );
            assert!(expansion.contains(&call), "{call}: {expansion}");
            assert!(expansion.contains("secure(false)"), "{expansion}");
        }
    }

    #[test]
    fn an_exception_replaces_no_reason() {
        let expansion = expand("all -shop::Theme", quote!(secure = false));
        assert_eq!(expansion.matches("compile_error").count(), 1, "{expansion}");
        assert!(expansion.contains("`secure=false`letsthecookietravelincleartext"), "{expansion}");
        assert!(!expansion.contains("exempt"), "{expansion}");
    }

    #[test]
    fn constants_are_compared_with_exceptions_too() {
        let keys = || quote!(name = NAME, max_age = MAX_AGE);
        let denied = expand("unprefixed max-age=30d", keys());
        assert!(denied.contains("check_denied)(&__SPEC,::hardtack::private::Argument::Name,false,::core::concat!("));
        assert!(denied.contains(",\"\",2592000u64,::core::concat!("), "{denied}");
        assert!(!denied.contains("exempt"), "{denied}");
        let exempt = expand("unprefixed max-age=30d -shop::Theme", keys());
        let name = "Argument::Name,false,::hardtack::private::unless_exempt(\"unprefixedmax-age=30d-shop::Theme\",";
        assert!(exempt.contains(name), "{exempt}");
        assert!(exempt.contains(",\"\",2592000u64,::hardtack::private::unless_exempt("), "{exempt}");
    }

    #[test]
    fn former_names_can_be_denied() {
        let weak = || quote!(formerly(name = "sid", until = "2027-03-01"), reason = "the old name");
        let constant = || quote!(formerly(name = OLD, until = "2027-03-01"), reason = "the old name");
        for word in ["former-name", "all"] {
            let expansion = expand(word, weak());
            assert!(expansion.contains("trips`former-name`") && expansion.contains("compile_error"), "{expansion}");
            let expansion = expand(word, constant());
            assert!(expansion.contains("check_former_denied)(&__SPEC,0usize,::core::concat!("), "{expansion}");
            let expansion = expand(&format!("{word} -shop::a::Theme"), weak());
            assert!(expansion.contains("deny_unless_exempt") && !expansion.contains("compile_error"), "{expansion}");
            let expansion = expand(&format!("{word} -shop::a::Theme"), constant());
            assert!(
                expansion.contains("check_former_denied)(&__SPEC,0usize,::hardtack::private::unless_exempt("),
                "{expansion}"
            );
        }
        let equal = expand("all", quote!(formerly(name = "__Host-sid", until = "2027-03-01")));
        assert!(!equal.contains("compile_error"), "{equal}");
        let other = expand("unprefixed", weak());
        assert!(!other.contains("compile_error"), "{other}");
    }
}
