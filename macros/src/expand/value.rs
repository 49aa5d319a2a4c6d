//! Generates the code that writes and reads a cookie's value. The impls of `DeclaredCookie` and of `CookieValue`
//! contain this code. The module also generates the whole impl of `CookieValue`.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Generics, Ident, Member, Type, WherePredicate};

use super::spans::{generated_at, moved_to};
use crate::model::{Shape, ValueType};

/// The bodies of the two functions that write and read a value.
pub(crate) struct Bodies {
    /// The body that writes `self` into `out`.
    pub(crate) write: TokenStream,
    /// The body that reads `Self` from `text`.
    pub(crate) read: TokenStream,
}

/// Expands `#[derive(CookieValue)]`.
pub(crate) fn expand_derive(value: &ValueType<'_>) -> TokenStream {
    let ValueType { ident, krate, .. } = value;
    let Bodies { write, read } = bodies(&value.shape, value.generics, krate);
    let (impl_generics, type_generics, _) = value.generics.split_for_impl();
    let where_clause = where_clause(value);
    quote! {
        #[automatically_derived]
        #[allow(deprecated)]
        impl #impl_generics #krate::CookieValue for #ident #type_generics #where_clause {
            fn write(&self, out: &mut #krate::private::ValueWriter) {
                #write
            }
            fn read(text: &::core::primitive::str) -> ::core::result::Result<Self, #krate::value::InvalidValue> {
                #read
            }
        }
    }
}

/// Generates the bodies of the functions that write and read a value of the type.
pub(crate) fn bodies(shape: &Shape<'_>, generics: &Generics, krate: &TokenStream) -> Bodies {
    match shape {
        Shape::Field { member, ty } => field_bodies(member, ty, generics, krate),
        Shape::Variants(variants) => variant_bodies(variants, krate),
        Shape::Presence => Bodies {
            write: quote!(#krate::private::ValueWriter::push_str(out, "1");),
            read: quote! {
                let _ = text;
                ::core::result::Result::Ok(Self {})
            },
        },
        Shape::Json { field: Some(ty), .. } => {
            let span = generated_at(ty.span());
            let json = json_trait(span, krate);
            let write = quote_spanned!(span=> <#ty as #json>::write_json(&self.0, out));
            let read = json_read(ty, krate);
            let read = quote!(#read(text));
            Bodies { write, read: quote!(::core::result::Result::map(#read, Self)) }
        }
        Shape::Json { key, field: None } => {
            let span = generated_at(*key);
            let json = json_trait(span, krate);
            Bodies {
                write: quote_spanned!(span=> <Self as #json>::write_json(self, out)),
                // The code for `read` has the same span as the code for `write`. So if both functions cause the same
                // error, rustc shows the error only once.
                read: quote_spanned!(span=> <Self as #json>::read_json(text)),
            }
        }
        Shape::Unknown => Bodies {
            write: quote! {
                let _ = out;
                loop {}
            },
            read: quote! {
                let _ = text;
                loop {}
            },
        },
    }
}

fn field_bodies(member: &Member, ty: &Type, generics: &Generics, krate: &TokenStream) -> Bodies {
    let wrap = match member {
        Member::Named(name) => quote!(|__value| Self { #name: __value }),
        Member::Unnamed(_) => quote!(Self),
    };
    if is_known_value(ty) || has_unbounded_parameter(generics) {
        return Bodies {
            write: quote!(<#ty as #krate::CookieValue>::write(&self.#member, out)),
            read: quote!(::core::result::Result::map(<#ty as #krate::CookieValue>::read(text), #wrap)),
        };
    }
    // The generated code uses autoref specialization, a trick to choose between impls. The four traits are implemented
    // for types with different numbers of leading `&`: `&&&Via<T>`, `&&Via<T>`, `&Via<T>` and `Via<T>`. Method lookup
    // selects the first impl whose bounds the type `T` meets.
    let span = generated_at(ty.span());
    let via = quote!(&&&&#krate::private::Via::<#ty>::new());
    let via = quote_spanned!(span=> (#via));
    // If a type does not meet the bound of the method `write_via`, rustc shows the error at the method's name. So the
    // method's name has the span of the type.
    let write_via = Ident::new("write_via", span);
    let traits = quote! {
        #[allow(unused_imports)]
        use #krate::private::{ViaCookie as _, ViaNothing as _, ViaText as _, ViaValue as _};
    };
    Bodies {
        write: quote!(#traits #via.#write_via(&self.#member, out)),
        read: quote!(#traits ::core::result::Result::map(#via.read_via(text), #wrap)),
    }
}

fn variant_bodies(variants: &[(&Ident, String)], krate: &TokenStream) -> Bodies {
    let names: Vec<_> = variants.iter().map(|(name, _)| name).collect();
    let texts: Vec<_> = variants.iter().map(|(_, text)| text).collect();
    let quoted: Vec<_> = texts.iter().map(|text| format!("`{text}`")).collect();
    let expected = match quoted.as_slice() {
        [only] => only.clone(),
        all => format!("one of {}", all.join(", ")),
    };
    Bodies {
        write: quote! {
            #krate::private::ValueWriter::push_str(out, match self { #(Self::#names => #texts,)* })
        },
        read: quote! {
            match text {
                #(#texts => ::core::result::Result::Ok(Self::#names),)*
                _ => ::core::result::Result::Err(#krate::private::InvalidValue::expected(#expected)),
            }
        },
    }
}

/// Returns a path to the function that reads a `json` value of the type. The path always has the same span. So if the
/// type is not a `json` value, rustc shows the error only once, even if the generated code contains the path several
/// times.
pub(crate) fn json_read(ty: &Type, krate: &TokenStream) -> TokenStream {
    let json = json_trait(generated_at(ty.span()), krate);
    quote!(<#ty as #json>::read_json)
}

fn json_trait(span: Span, krate: &TokenStream) -> TokenStream {
    let krate = moved_to(krate.clone(), span);
    quote_spanned!(span=> #krate::private::Json)
}

/// Returns the where clause of the impl. If a type parameter has no bound, adds a bound on the field's type.
pub(crate) fn where_clause(value: &ValueType<'_>) -> TokenStream {
    let (_, _, clause) = value.generics.split_for_impl();
    let krate = &value.krate;
    let needed = match &value.shape {
        // serde's derive adds its own bounds to the type parameters. The bound `Self: Json` implies serde's bounds, so
        // the macro does not repeat them.
        Shape::Json { field: None, .. } if value.generics.type_params().next().is_some() => {
            quote!(Self: #krate::private::Json)
        }
        Shape::Field { ty, .. } if has_unbounded_parameter(value.generics) => quote!(#ty: #krate::CookieValue),
        Shape::Field { .. } | Shape::Variants(_) | Shape::Json { .. } | Shape::Presence | Shape::Unknown => {
            return clause.to_token_stream();
        }
    };
    let predicates = clause.iter().flat_map(|clause| &clause.predicates);
    quote!(where #(#predicates,)* #needed)
}

/// Returns true if a type parameter has no bound. The impl then needs a bound on the field's type, which contains all
/// type parameters.
fn has_unbounded_parameter(generics: &Generics) -> bool {
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

/// Returns true for `String` and the primitive types. The macro knows that `String` and the primitive types implement
/// `CookieValue`, so the generated code can be shorter.
fn is_known_value(ty: &Type) -> bool {
    is_primitive(ty) || single_word(ty).is_some_and(|name| name == "String")
}

/// Returns true if the type is a primitive number, `bool` or `char`. For a primitive type, the parameter of the setter
/// has the type itself, such as `u32`, and not `impl Into<u32>`. With `impl Into<u32>`, the literal `3` would be an
/// `i32`, so a call with `3` would not compile.
pub(crate) fn is_primitive(ty: &Type) -> bool {
    const PRIMITIVES: [&str; 16] = [
        "bool", "char", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f32",
        "f64",
    ];
    single_word(ty).is_some_and(|name| PRIMITIVES.iter().any(|primitive| name == primitive))
}

fn single_word(ty: &Type) -> Option<&Ident> {
    match ty {
        // `get_ident` also returns `None` for a path that begins with `<Self>::`.
        Type::Path(path) => path.path.get_ident(),
        Type::Group(group) => single_word(&group.elem),
        _ => None,
    }
}
