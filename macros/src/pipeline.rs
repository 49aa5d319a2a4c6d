//! Runs the macros. Each macro has four steps: parse the item, build a model of the item, check the declaration,
//! generate the code.
//!
//! If a declaration has an error, the macro generates the code from `Declaration::permissive` instead. So the generated
//! code causes no second error.
//!
//! While a user types in an editor, the item often does not parse. If the macro generated no code, the editor could not
//! complete the names of the item's methods. So the module `recover` builds an item from the parts that parse. The
//! macro also reports the parse error, so a program with a recovered item never compiles.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::quote;
use syn::DeriveInput;

use crate::deny::Build;
use crate::errors::Errors;
use crate::model::{Shape, ValueType};
use crate::{attrs, check, expand, model, recover};

/// Expands `#[derive(Cookie)]`.
pub(crate) fn cookie(input: TokenStream) -> TokenStream {
    derive(input, |input, parse_error, errors| {
        let mut cookie = model::cookie_type(input, errors);
        report_parse_error_alone(parse_error, &mut cookie.value, errors);
        let build = Build::from_environment(errors);
        let deny = build.deny_list_for(&cookie.origin.item);
        let declaration = check::check_declaration(&cookie.arguments, &cookie.default_name, deny, errors);
        expand::cookie::expand_derive(&cookie, &declaration)
    })
}

/// Expands `#[derive(CookieValue)]`.
pub(crate) fn cookie_value(input: TokenStream) -> TokenStream {
    derive(input, |input, parse_error, errors| {
        let mut value = model::value_type(input, errors);
        report_parse_error_alone(parse_error, &mut value, errors);
        expand::value::expand_derive(&value)
    })
}

/// Runs the steps that `Cookie` and `CookieValue` share. If the type does not parse, the function `expand` receives the
/// parse error.
fn derive(
    input: TokenStream,
    expand: impl FnOnce(&DeriveInput, Option<syn::Error>, &mut Errors) -> TokenStream,
) -> TokenStream {
    let mut errors = Errors::default();
    let (input, parse_error) = match parse_or_recover(input) {
        Ok(parsed) => parsed,
        Err(error) => return error.into_compile_error(),
    };
    if model::reject_derive_on_set(&input, &mut errors) {
        return errors.prepend_to(TokenStream::new());
    }
    let expansion = expand(&input, parse_error, &mut errors);
    errors.prepend_to(expansion)
}

/// If the type does not parse, drops all errors except the parse error. The other errors can be consequences of the
/// parse error.
fn report_parse_error_alone(parse_error: Option<syn::Error>, value: &mut ValueType<'_>, errors: &mut Errors) {
    if let Some(error) = parse_error {
        *errors = Errors::default();
        errors.push_parse(error);
        value.shape = Shape::Unknown;
    }
}

/// Parses the type. If the type does not parse, returns the parse error and a recovered type. The recovered type
/// contains only the parts of the type that the impls need.
fn parse_or_recover(input: TokenStream) -> syn::Result<(DeriveInput, Option<syn::Error>)> {
    match syn::parse2::<DeriveInput>(input.clone()) {
        Ok(parsed) => Ok((parsed, None)),
        Err(error) => match recover::recover_type(input) {
            Some(recovered) => Ok((recovered, Some(error))),
            None => Err(error),
        },
    }
}

/// Expands `#[cookies]`.
pub(crate) fn cookies(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let (input, trailing) = match syn::parse2::<DeriveInput>(item.clone()) {
        Ok(input) => (input, TokenStream::new()),
        Err(error) => match recover::recover_set(item.clone()) {
            Some(recovered) => {
                errors.push(
                    error.span(),
                    "the set does not parse here; until you fix it, its other fields keep their methods",
                );
                recovered
            }
            None => {
                let word = item.clone().into_iter().find(|token| matches!(token, TokenTree::Ident(_)));
                errors.push(
                    word.map_or_else(Span::call_site, |word| word.span()),
                    "`#[cookies]` goes on a struct with named fields, one for each cookie; move it there",
                );
                return errors.prepend_to(item);
            }
        },
    };
    let Some(set) = model::cookie_set(&input, arguments, &mut errors) else {
        let item = attrs::without_cookie_attributes(input);
        return errors.prepend_to(quote!(#item #trailing));
    };
    let build = Build::from_environment(&mut errors);
    let declarations = check::check_set(&set, &build, &mut errors);
    let expansion = expand::set::expand_set(&set, &declarations);
    errors.prepend_to(quote!(#expansion #trailing))
}

/// Rejects `#[derive(Cookies)]`. The derive `Cookies` exists only to report an error that recommends `#[cookies]`.
pub(crate) fn reject_derive_cookies(input: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let name = syn::parse2::<DeriveInput>(input).map_or_else(|_| Span::call_site(), |input| input.ident.span());
    errors.push(name, "`Cookies` cannot be derived; write `#[hardtack::cookies]` above the struct in its place");
    errors.prepend_to(TokenStream::new())
}
