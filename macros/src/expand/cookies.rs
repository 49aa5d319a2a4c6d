//! A `#[cookies]` struct as a view over `Cookies<S>`: a marker for each field that declares, and its five methods.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::{Attribute, Generics};

use super::cookie::{impls, wire_form};
use super::value::is_plain;
use crate::fallback;
use crate::model::{Declaration, Field, Name, Set, Shape, Value, methods};

pub(crate) fn set(set: &Set<'_>, declarations: &[Declaration]) -> TokenStream {
    let Set { ident, visibility, attributes, krate, .. } = set;
    let fields: Vec<_> = set.fields.iter().zip(declarations).collect();
    let markers = fields
        .iter()
        .filter(|(field, _)| !field.is_existing())
        .map(|(field, declaration)| marker_item(set, field, declaration));
    let methods = fields.iter().map(|(field, declaration)| field_methods(set, field, declaration));
    let specs = fields.iter().map(|(field, _)| {
        let (cfgs, marker) = (field.cfgs(), marker(set, field));
        quote!(#(#cfgs)* <#marker as #krate::ReadCookie>::DECLARATION)
    });
    let distinct = distinct(set, &fields);
    let name = ident.unraw().to_string();
    quote! {
        #(#attributes)*
        #visibility struct #ident<S: #krate::Scheme = #krate::Https>(#krate::Cookies<S>);

        #[allow(non_camel_case_types, missing_docs, unreachable_pub, dead_code, clippy::pedantic)]
        const _: () = {
            #(#markers)*

            #distinct

            impl #ident<#krate::Https> {
                /// The declarations of all the cookies, in the order of the fields.
                #visibility const SPECS: &'static [#krate::Spec] = &[#(#specs),*];
            }

            impl<__S: #krate::Scheme> #ident<__S> {
                #(#methods)*
            }

            #[automatically_derived]
            impl<__S: #krate::Scheme> ::core::convert::From<#krate::Cookies<__S>> for #ident<__S> {
                fn from(__cookies: #krate::Cookies<__S>) -> Self {
                    Self(__cookies)
                }
            }

            #[automatically_derived]
            impl<__S: #krate::Scheme> ::core::convert::From<#ident<__S>> for #krate::Cookies<__S> {
                fn from(__set: #ident<__S>) -> Self {
                    __set.0
                }
            }

            #[automatically_derived]
            impl<__S: #krate::Scheme> ::core::clone::Clone for #ident<__S> {
                fn clone(&self) -> Self {
                    Self(::core::clone::Clone::clone(&self.0))
                }
            }

            #[automatically_derived]
            impl<__S: #krate::Scheme> ::core::fmt::Debug for #ident<__S> {
                fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    ::core::fmt::DebugTuple::finish(
                        ::core::fmt::Formatter::debug_tuple(__f, #name).field(&self.0),
                    )
                }
            }

            #krate::__extractors!(#ident);
        };
    }
}

/// The type whose declaration is the field's: its own where it is existing, else a marker named like no user's type.
fn marker(set: &Set<'_>, field: &Field<'_>) -> TokenStream {
    if field.is_existing() {
        return field.ty.to_token_stream();
    }
    let (set, name) = (set.ident.unraw(), field.ident.unraw());
    format_ident!("{set}_{name}", span = Span::call_site()).to_token_stream()
}

fn marker_item(set: &Set<'_>, field: &Field<'_>, declaration: &Declaration) -> TokenStream {
    let (set_name, field_name) = (set.ident.unraw(), field.ident.unraw());
    let ident = format_ident!("{set_name}_{field_name}", span = Span::call_site());
    let ty = field.ty;
    let value = Value {
        ident: &ident,
        generics: &Generics::default(),
        shape: match ty {
            syn::Type::Reference(_) => Shape::Unknown,
            ty => Shape::Field { member: quote!(0), ty },
        },
        krate: set.krate.clone(),
    };
    let impls = impls(&value, declaration);
    let cfgs = field.cfgs();
    let cfgs_again = field.cfgs();
    quote! {
        #(#cfgs)*
        pub struct #ident(#ty);
        #(#cfgs_again)*
        const _: () = {
            #impls
        };
    }
}

fn field_methods(set: &Set<'_>, field: &Field<'_>, declaration: &Declaration) -> TokenStream {
    let krate = &set.krate;
    let Field { visibility, ty, attributes, .. } = field;
    let marker = marker(set, field);
    let [get, assign, assign_with, remove, remove_with] = methods(field.ident);
    let allowed = quote!(where #marker: #krate::AllowedOver<__S>);
    let docs = Docs::of(field, declaration);
    let (read_doc, set_doc, remove_doc) = (docs.read, docs.set, docs.remove);
    let attributes = attributes_with_docs(attributes);

    let unwrap = (!field.is_existing()).then(|| quote!(, |__marker| __marker.0));
    let found = quote!(#krate::Cookies::get::<#marker>(&self.0));
    let found = match unwrap {
        None => found,
        Some(unwrap) => quote! {
            ::core::result::Result::map(#found, |__found| ::core::option::Option::map(__found #unwrap))
        },
    };
    let getter = quote! {
        #attributes
        #[doc = #read_doc]
        ///
        /// # Errors
        ///
        /// As `Cookies::get`.
        #visibility fn #get(&self) -> ::core::result::Result<::core::option::Option<#ty>, #krate::ReadError>
        #allowed
        {
            #found
        }
    };
    if declaration.read_only {
        return getter;
    }

    let (parameter, value) = if is_plain(ty) {
        (quote!(#ty), quote!(__value))
    } else {
        (quote!(impl ::core::convert::Into<#ty>), quote!(<_ as ::core::convert::Into<#ty>>::into(__value)))
    };
    let value = if field.is_existing() { value } else { quote!(#marker(#value)) };
    let vary = quote!(impl ::core::ops::FnOnce(#krate::SetCookie<#marker>) -> #krate::SetCookie<#marker>);
    let done = quote!(::core::result::Result<(), #krate::SetError>);
    quote! {
        #getter

        #attributes
        #[doc = #set_doc]
        ///
        /// # Errors
        ///
        /// As `Cookies::set`.
        #visibility fn #assign(&self, __value: #parameter) -> #done
        #allowed
        {
            #krate::Cookies::set(&self.0, #krate::SetCookie::new(#value))
        }

        #attributes
        #[doc = #set_doc]
        /// What the closure sets on the `SetCookie` holds for this exchange.
        ///
        /// # Errors
        ///
        /// As `Cookies::set`.
        #visibility fn #assign_with(&self, __value: #parameter, __vary: #vary) -> #done
        #allowed
        {
            #krate::Cookies::set(&self.0, __vary(#krate::SetCookie::new(#value)))
        }

        #attributes
        #[doc = #remove_doc]
        ///
        /// # Errors
        ///
        /// As `Cookies::remove`.
        #visibility fn #remove(&self) -> #done
        #allowed
        {
            #krate::Cookies::remove::<#marker>(&self.0)
        }

        #attributes
        #[doc = #remove_doc]
        /// What the closure sets on the `SetCookie` holds for this exchange.
        ///
        /// # Errors
        ///
        /// As `Cookies::remove`.
        #visibility fn #remove_with(&self, __vary: #vary) -> #done
        #allowed
        {
            #krate::Cookies::set(&self.0, __vary(#krate::SetCookie::<#marker>::removal()))
        }
    }
}

/// One generated line for each kind of method.
struct Docs {
    read: String,
    set: String,
    remove: String,
}

impl Docs {
    fn of(field: &Field<'_>, declaration: &Declaration) -> Docs {
        if field.is_existing() {
            let ty = field.ty.to_token_stream().to_string();
            return Docs {
                read: format!("Reads the cookie that `{ty}` declares."),
                set: format!("Sets the cookie that `{ty}` declares."),
                remove: format!("Removes the cookie that `{ty}` declares."),
            };
        }
        let name = match &declaration.name {
            Name::Literal { text, .. } => text.clone(),
            Name::Expression(name) => format!("{{{name}}}"),
            Name::Derived(base) => base.clone(),
        };
        Docs {
            read: format!("Reads `{name}`."),
            set: format!("Sets `{}`.", wire_form(declaration)),
            remove: format!("Removes `{name}`."),
        }
    }
}

/// The field's attributes; its docs end with an empty line before the generated one.
fn attributes_with_docs(attributes: &[&Attribute]) -> TokenStream {
    let has_docs = attributes.iter().any(|attribute| attribute.path().is_ident("doc"));
    let gap = has_docs.then(|| quote!(#[doc = ""]));
    quote!(#(#attributes)* #gap)
}

/// Asks in a `const` what the macro cannot see: whether an existing or constant name is another's.
fn distinct(set: &Set<'_>, fields: &[(&Field<'_>, &Declaration)]) -> TokenStream {
    let krate = &set.krate;
    let is_seen = |field: &Field<'_>, declaration: &Declaration| {
        matches!(&declaration.name, Name::Literal { .. }) && !field.is_existing() && field.cfgs().next().is_none()
    };
    let is_refused = |field: &Field<'_>, declaration: &Declaration| {
        !field.is_existing() && matches!(&declaration.name, Name::Literal { text, .. } if text == fallback::NAME)
    };
    let fields: Vec<_> = fields.iter().filter(|(field, declaration)| !is_refused(field, declaration)).collect();
    let mut questions = TokenStream::new();
    for (at, (field, declaration)) in fields.iter().enumerate() {
        let earlier = fields.iter().take(at);
        let asks =
            !is_seen(field, declaration) || earlier.clone().any(|(field, declaration)| !is_seen(field, declaration));
        if at == 0 || !asks {
            continue;
        }
        let name = |field: &Field<'_>| {
            let marker = marker(set, field);
            quote!(<#marker as #krate::ReadCookie>::DECLARATION.name)
        };
        let others = earlier.map(|(field, _)| {
            let (cfgs, name) = (field.cfgs(), name(field));
            quote!(#(#cfgs)* #name)
        });
        let (cfgs, own) = (field.cfgs(), name(field));
        let span = field.ident.span().resolved_at(Span::call_site());
        let call = quote_spanned!(span=> #krate::private::distinct(#own, &[#(#others),*]));
        questions.extend(quote!(#(#cfgs)* const _: () = #call;));
    }
    questions
}
