//! Each macro from its input to its output: parse, model, check, expand. After an error the same expansion runs on the
//! permissive declaration of `fallback`, so that nothing else breaks.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::quote;
use syn::DeriveInput;

use crate::deny::Build;
use crate::errors::Errors;
use crate::{attrs, check, expand, model};

pub(crate) fn cookie(input: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let input = match syn::parse2::<DeriveInput>(input) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    if model::refuse_set(&input, &mut errors) {
        return errors.with(TokenStream::new());
    }
    let cookie = model::cookie(&input, &mut errors);
    let build = Build::read(&mut errors);
    let demanded = build.demand(&cookie.origin.item);
    let declaration = check::declaration(&cookie.arguments, &cookie.default_name, demanded, &mut errors);
    let expansion = expand::cookie::derived(&cookie, &declaration);
    errors.with(expansion)
}

pub(crate) fn cookie_value(input: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let input = match syn::parse2::<DeriveInput>(input) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    if model::refuse_set(&input, &mut errors) {
        return errors.with(TokenStream::new());
    }
    let value = model::value(&input, &mut errors);
    let expansion = expand::value::derived(&value);
    errors.with(expansion)
}

pub(crate) fn cookies(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let input = match syn::parse2::<DeriveInput>(item.clone()) {
        Ok(input) => input,
        Err(_) => {
            let word = item.clone().into_iter().find(|token| matches!(token, TokenTree::Ident(_)));
            errors.push(
                word.map_or_else(Span::call_site, |word| word.span()),
                "`#[cookies]` goes on a struct with named fields, one for each cookie; move it there",
            );
            return errors.with(item);
        }
    };
    let Some(set) = model::set(&input, arguments, &mut errors) else {
        let item = attrs::without_ours(input);
        return errors.with(quote!(#item));
    };
    let build = Build::read(&mut errors);
    let declarations = check::set(&set, &build, &mut errors);
    let expansion = expand::cookies::set(&set, &declarations);
    errors.with(expansion)
}

pub(crate) fn no_derive(input: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let name = syn::parse2::<DeriveInput>(input).map_or_else(|_| Span::call_site(), |input| input.ident.span());
    errors.push(name, "a set of cookies is no derive; write `#[hardtack::cookies]` above the struct in its place");
    errors.with(TokenStream::new())
}
