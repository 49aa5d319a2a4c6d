//! How a type's value is written and read: the bodies of two functions, for `Cookie` and for `CookieValue`.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Generics, Ident, Member, Type, WherePredicate};

use super::spans::{at_span, beneath};
use crate::model::{Shape, Value};

/// The bodies of `write` and `read`.
pub(crate) struct Bodies {
    pub(crate) write: TokenStream,
    pub(crate) read: TokenStream,
}

/// `#[derive(CookieValue)]`.
pub(crate) fn derived(value: &Value<'_>) -> TokenStream {
    let Value { ident, krate, .. } = value;
    let Bodies { write, read } = bodies(&value.shape, value.generics, krate);
    let (impl_generics, type_generics, _) = value.generics.split_for_impl();
    let where_clause = where_clause(value);
    quote! {
        #[automatically_derived]
        #[allow(deprecated)]
        impl #impl_generics #krate::CookieValue for #ident #type_generics #where_clause {
            fn write(&self, __out: &mut #krate::ValueWriter) {
                #write
            }
            fn read(__text: &::core::primitive::str) -> #krate::private::Read<Self> {
                #read
            }
        }
    }
}

/// Writes `self` into `__out` and reads `Self` from `__text`.
pub(crate) fn bodies(shape: &Shape<'_>, generics: &Generics, krate: &TokenStream) -> Bodies {
    match shape {
        Shape::Field { member, ty } => field(member, ty, generics, krate),
        Shape::Variants(variants) => self::variants(variants, krate),
        Shape::Presence => Bodies {
            write: quote!(#krate::ValueWriter::push_str(__out, "1");),
            read: quote! {
                let _ = __text;
                ::core::result::Result::Ok(Self {})
            },
        },
        Shape::Json { field: Some(ty), .. } => {
            let trait_of_serde = json(beneath(ty.span()), krate);
            let write = quote_spanned!(beneath(ty.span())=> <#ty as #trait_of_serde>::write_json(&self.0, __out));
            let read = quote!(<#ty as #trait_of_serde>::read_json(__text));
            Bodies { write, read: quote!(::core::result::Result::map(#read, Self)) }
        }
        Shape::Json { key, field: None } => {
            let span = beneath(*key);
            let trait_of_serde = json(span, krate);
            Bodies {
                write: quote_spanned!(span=> <Self as #trait_of_serde>::write_json(self, __out)),
                // On the same token, so that rustc says it once.
                read: quote_spanned!(span=> <Self as #trait_of_serde>::read_json(__text)),
            }
        }
        Shape::Unknown => Bodies {
            write: quote! {
                let _ = __out;
                loop {}
            },
            read: quote! {
                let _ = __text;
                loop {}
            },
        },
    }
}

fn field(member: &Member, ty: &Type, generics: &Generics, krate: &TokenStream) -> Bodies {
    let wrap = match member {
        Member::Named(name) => quote!(|__value| Self { #name: __value }),
        Member::Unnamed(_) => quote!(Self),
    };
    if is_known(ty) || unbounded(generics) {
        return Bodies {
            write: quote!(<#ty as #krate::CookieValue>::write(&self.#member, __out)),
            read: quote!(::core::result::Result::map(<#ty as #krate::CookieValue>::read(__text), #wrap)),
        };
    }
    // Four traits of one method each: the number of references picks the first that the type satisfies.
    let span = beneath(ty.span());
    let ask = quote!(&&&&#krate::private::Via::<#ty>::new());
    let ask = quote_spanned!(span=> (#ask));
    // Of a method's bound rustc speaks where the method's name stands.
    let write_via = Ident::new("write_via", span);
    let traits = quote! {
        #[allow(unused_imports)]
        use #krate::private::{ViaCookie as _, ViaNothing as _, ViaText as _, ViaValue as _};
    };
    Bodies {
        write: quote!(#traits #ask.#write_via(&self.#member, __out)),
        read: quote!(#traits ::core::result::Result::map(#ask.read_via(__text), #wrap)),
    }
}

fn variants(variants: &[(&Ident, String)], krate: &TokenStream) -> Bodies {
    let names: Vec<_> = variants.iter().map(|(name, _)| name).collect();
    let texts: Vec<_> = variants.iter().map(|(_, text)| text).collect();
    let quoted: Vec<_> = texts.iter().map(|text| format!("`{text}`")).collect();
    let expected = match quoted.as_slice() {
        [only] => only.clone(),
        all => format!("one of {}", all.join(", ")),
    };
    Bodies {
        write: quote! {
            #krate::ValueWriter::push_str(__out, match self { #(Self::#names => #texts,)* })
        },
        read: quote! {
            match __text {
                #(#texts => ::core::result::Result::Ok(Self::#names),)*
                _ => ::core::result::Result::Err(#krate::InvalidValue::expected(#expected)),
            }
        },
    }
}

fn json(span: Span, krate: &TokenStream) -> TokenStream {
    let krate = at_span(krate.clone(), span);
    quote_spanned!(span=> #krate::private::Json)
}

/// The where clause of the impl: a parameter without a bound of its own gets the one that its field needs.
pub(crate) fn where_clause(value: &Value<'_>) -> TokenStream {
    let (_, _, written) = value.generics.split_for_impl();
    if let (Shape::Json { field: None, .. }, Some(_)) = (&value.shape, value.generics.type_params().next()) {
        // Whatever its parameters must be for serde.
        let (krate, predicates) = (&value.krate, written.iter().flat_map(|clause| &clause.predicates));
        return quote!(where #(#predicates,)* Self: #krate::private::Json);
    }
    let Shape::Field { ty, .. } = &value.shape else { return written.to_token_stream() };
    if !unbounded(value.generics) {
        return written.to_token_stream();
    }
    let krate = &value.krate;
    match written {
        Some(clause) => {
            let predicates = clause.predicates.iter();
            quote!(where #(#predicates,)* #ty: #krate::CookieValue)
        }
        None => quote!(where #ty: #krate::CookieValue),
    }
}

/// Whether a parameter, each of which the one field's type has, is bounded by nothing.
fn unbounded(generics: &Generics) -> bool {
    generics.type_params().any(|parameter| {
        let in_where = |ident: &Ident| {
            generics.where_clause.iter().flat_map(|clause| &clause.predicates).any(|predicate| match predicate {
                WherePredicate::Type(predicate) => mentions(predicate.bounded_ty.to_token_stream(), ident),
                _ => false,
            })
        };
        parameter.bounds.is_empty() && !in_where(&parameter.ident)
    })
}

fn mentions(tokens: TokenStream, ident: &Ident) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(found) => found == *ident,
        TokenTree::Group(group) => mentions(group.stream(), ident),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

/// Types that implement `CookieValue` by their name, so that nothing need be asked.
fn is_known(ty: &Type) -> bool {
    is_plain(ty) || name(ty).is_some_and(|name| name == "String")
}

/// A primitive number, `bool` or `char`, whose setter takes the value itself: `impl Into<u32>` would refuse `3`.
pub(crate) fn is_plain(ty: &Type) -> bool {
    const PLAIN: [&str; 16] = [
        "bool", "char", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f32",
        "f64",
    ];
    name(ty).is_some_and(|name| PLAIN.iter().any(|plain| name == plain))
}

fn name(ty: &Type) -> Option<&Ident> {
    match ty {
        // Behind a `<Self>::` it is no single word.
        Type::Path(path) => path.path.get_ident(),
        Type::Group(group) => name(&group.elem),
        _ => None,
    }
}
