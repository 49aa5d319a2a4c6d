//! Each macro from its input to its output: parse, model, check, expand. After an error the same expansion runs on the
//! permissive declaration of `fallback`, so that nothing else breaks.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::quote;
use syn::DeriveInput;

use crate::deny::Build;
use crate::errors::Errors;
use crate::model::{Shape, Value};
use crate::{attrs, check, expand, model, recover};

pub(crate) fn cookie(input: TokenStream) -> TokenStream {
    derived(input, |input, refused, errors| {
        let mut cookie = model::cookie(input, errors);
        recovered(&mut cookie.value, refused, errors);
        let build = Build::read(errors);
        let demanded = build.demand(&cookie.origin.item);
        let declaration = check::declaration(&cookie.arguments, &cookie.default_name, demanded, errors);
        expand::cookie::derived(&cookie, &declaration)
    })
}

pub(crate) fn cookie_value(input: TokenStream) -> TokenStream {
    derived(input, |input, refused, errors| {
        let mut value = model::value(input, errors);
        recovered(&mut value, refused, errors);
        expand::value::derived(&value)
    })
}

fn derived(
    input: TokenStream,
    expand: impl FnOnce(&DeriveInput, Option<syn::Error>, &mut Errors) -> TokenStream,
) -> TokenStream {
    let mut errors = Errors::default();
    let (input, refused) = match parse_or_recover(input) {
        Ok(parsed) => parsed,
        Err(error) => return error.into_compile_error(),
    };
    if model::refuse_set(&input, &mut errors) {
        return errors.with(TokenStream::new());
    }
    let expansion = expand(&input, refused, &mut errors);
    errors.with(expansion)
}

/// Of a type that did not parse that alone is told, and nothing is known of its value.
fn recovered(value: &mut Value<'_>, refused: Option<syn::Error>, errors: &mut Errors) {
    if let Some(error) = refused {
        *errors = Errors::default();
        errors.push_parse(error);
        value.shape = Shape::Unknown;
    }
}

/// The type, or as much of one that does not parse as its impls need, and the error then.
fn parse_or_recover(input: TokenStream) -> syn::Result<(DeriveInput, Option<syn::Error>)> {
    match syn::parse2::<DeriveInput>(input.clone()) {
        Ok(parsed) => Ok((parsed, None)),
        Err(error) => match recover::named(input) {
            Some(recovered) => Ok((recovered, Some(error))),
            None => Err(error),
        },
    }
}

pub(crate) fn cookies(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let (input, behind) = match syn::parse2::<DeriveInput>(item.clone()) {
        Ok(input) => (input, TokenStream::new()),
        Err(error) => match recover::set(item.clone()) {
            Some(recovered) => {
                errors.push(
                    error.span(),
                    "the set does not parse here; until you mend it, its other fields keep their methods",
                );
                recovered
            }
            None => {
                let word = item.clone().into_iter().find(|token| matches!(token, TokenTree::Ident(_)));
                errors.push(
                    word.map_or_else(Span::call_site, |word| word.span()),
                    "`#[cookies]` goes on a struct with named fields, one for each cookie; move it there",
                );
                return errors.with(item);
            }
        },
    };
    let Some(set) = model::set(&input, arguments, &mut errors) else {
        let item = attrs::without_ours(input);
        return errors.with(quote!(#item #behind));
    };
    let build = Build::read(&mut errors);
    let declarations = check::set(&set, &build, &mut errors);
    let expansion = expand::cookies::set(&set, &declarations);
    errors.with(quote!(#expansion #behind))
}

pub(crate) fn no_derive(input: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let name = syn::parse2::<DeriveInput>(input).map_or_else(|_| Span::call_site(), |input| input.ident.span());
    errors.push(name, "a set of cookies is no derive; write `#[hardtack::cookies]` above the struct in its place");
    errors.with(TokenStream::new())
}
