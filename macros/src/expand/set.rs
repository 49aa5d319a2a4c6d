//! Expands a `#[cookies]` struct. The struct becomes a newtype over `Cookies<S>`, with up to five methods for each
//! field.
//!
//! If a field declares a cookie, the expansion also contains a marker type for the field. A marker type is a newtype
//! over the field's type. The expansion implements the cookie traits for the marker type.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::{Attribute, Generics, Ident, Member};

use super::cookie::{header_for_docs, impls, name_for_docs};
use super::spans::generated_at;
use super::value::is_primitive;
use crate::declaration::{Declaration, Name};
use crate::model::{CookieField, CookieSet, Shape, ValueType, method_names};

/// Expands `#[cookies]`.
pub(crate) fn expand_set(set: &CookieSet<'_>, declarations: &[Declaration]) -> TokenStream {
    let CookieSet { ident, visibility, token, attributes, krate, .. } = set;
    let fields: Vec<_> = set.fields.iter().zip(declarations).collect();
    let markers = fields
        .iter()
        .filter(|(field, _)| !field.is_existing())
        .map(|(field, declaration)| marker_item(set, field, declaration));
    let methods = fields.iter().map(|(field, declaration)| field_methods(set, field, declaration));
    let specs = fields.iter().map(|(field, declaration)| {
        let (cfgs, spec) = (field.cfgs(), spec_expression(set, field, declaration));
        quote!(#(#cfgs)* #spec)
    });
    let name_checks = name_checks(set, &fields);
    let name = ident.unraw().to_string();
    quote! {
        #(#attributes)*
        #visibility #token #ident<S: #krate::Scheme = #krate::Https>(#krate::Cookies<S>);

        #[allow(non_camel_case_types, missing_docs, unreachable_pub, dead_code, deprecated, clippy::pedantic)]
        const _: () = {
            #(#markers)*

            #name_checks

            impl #ident<#krate::Https> {
                /// The declarations of all the cookies, in the order of the fields.
                #visibility const SPECS: &'static [#krate::private::Spec] = &[#(#specs),*];
            }

            impl<__Scheme: #krate::Scheme> #ident<__Scheme> {
                #(#methods)*
            }

            #[automatically_derived]
            impl<__Scheme: #krate::Scheme> ::core::convert::From<#krate::Cookies<__Scheme>> for #ident<__Scheme> {
                fn from(__cookies: #krate::Cookies<__Scheme>) -> Self {
                    Self(__cookies)
                }
            }

            #[automatically_derived]
            impl<__Scheme: #krate::Scheme> ::core::convert::From<#ident<__Scheme>> for #krate::Cookies<__Scheme> {
                fn from(__set: #ident<__Scheme>) -> Self {
                    __set.0
                }
            }

            #[automatically_derived]
            impl<__Scheme: #krate::Scheme> ::core::clone::Clone for #ident<__Scheme> {
                fn clone(&self) -> Self {
                    Self(::core::clone::Clone::clone(&self.0))
                }
            }

            #[automatically_derived]
            impl<__Scheme: #krate::Scheme> ::core::fmt::Debug for #ident<__Scheme> {
                fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    let mut __tuple = ::core::fmt::Formatter::debug_tuple(__f, #name);
                    ::core::fmt::DebugTuple::field(&mut __tuple, &self.0);
                    ::core::fmt::DebugTuple::finish(&mut __tuple)
                }
            }

            #krate::__extractors!(#ident);
        };
    }
}

/// Returns the type that contains the field's declaration. For an `existing` field, the function returns the field's
/// type. For every other field, the function returns the marker type.
fn declaring_type(set: &CookieSet<'_>, field: &CookieField<'_>) -> TokenStream {
    if field.is_existing() {
        return field.ty.to_token_stream();
    }
    marker_name(set, field).to_token_stream()
}

/// Returns the name of the marker type. rustc shows the name of a marker type in errors, so the name contains the names
/// of the set and of the field.
fn marker_name(set: &CookieSet<'_>, field: &CookieField<'_>) -> Ident {
    format_ident!("{}_{}", set.ident.unraw(), field.ident.unraw(), span = Span::call_site())
}

/// Returns an expression for the field's declaration.
///
/// If the type of an `existing` field is not a cookie, the returned expression causes a compile error. No other
/// generated code causes an error about a wrong type, so the user gets only one error. If the field is not `read_only`,
/// the expression requires the trait `Cookie`, which a `read_only` type does not implement. So the compiler also
/// rejects a `read_only` type.
fn spec_expression(set: &CookieSet<'_>, field: &CookieField<'_>, declaration: &Declaration) -> TokenStream {
    let (krate, cookie) = (&set.krate, declaring_type(set, field));
    match field.is_existing() && !declaration.read_only {
        true => quote!(<#cookie as #krate::Cookie>::SETTABLE_SPEC),
        false => quote!(<#cookie as #krate::ReadCookie>::SPEC),
    }
}

/// Generates the marker type of a field, and the impls of the cookie traits for the marker type.
fn marker_item(set: &CookieSet<'_>, field: &CookieField<'_>, declaration: &Declaration) -> TokenStream {
    let ident = marker_name(set, field);
    let ty = field.ty;
    let value = ValueType {
        ident: &ident,
        generics: &Generics::default(),
        shape: match ty {
            syn::Type::Reference(_) => Shape::Unknown,
            ty => match &field.arguments.json {
                Some(given) => Shape::Json { key: given.key, field: Some(ty) },
                None => Shape::Field { member: Member::from(0), ty },
            },
        },
        krate: set.krate.clone(),
    };
    let impls = impls(&value, declaration, &field.origin);
    let (type_cfgs, impl_cfgs) = (field.cfgs(), field.cfgs());
    quote! {
        #(#type_cfgs)*
        pub struct #ident(#ty);
        #(#impl_cfgs)*
        const _: () = {
            #impls
        };
    }
}

/// Generates the methods of a field. For a `read_only` field, generates only the getter.
fn field_methods(set: &CookieSet<'_>, field: &CookieField<'_>, declaration: &Declaration) -> TokenStream {
    let krate = &set.krate;
    let CookieField { visibility, ty, attributes, .. } = field;
    let cookie = declaring_type(set, field);
    let [try_get, set, set_with, remove, remove_with] = method_names(field.ident);
    let bounds = match (field.is_existing(), declaration.read_only) {
        (false, _) => quote!(where #cookie: #krate::AllowedOver<__Scheme>),
        // With `for<'__c>` in the bound, rustc checks the bound where the method is called, not where the method is
        // defined. If the type is not a cookie, only the definition of the constant `SPECS` causes an error.
        (true, false) => quote!(where for<'__c> #cookie: #krate::Cookie + #krate::AllowedOver<__Scheme>),
        (true, true) => quote!(where for<'__c> #cookie: #krate::ReadCookie + #krate::AllowedOver<__Scheme>),
    };
    let docs = Docs::new(field, declaration);
    let attributes = attributes_with_docs(attributes);
    let method = |name: &Ident, docs: TokenStream, parameters: TokenStream, output: &TokenStream, body: TokenStream| {
        let item = quote! {
            #attributes
            #docs
            #visibility fn #name(&self #parameters) -> #output
            #bounds
            {
                #body
            }
        };
        (!field.omitted.contains(name)).then_some(item)
    };

    let found = quote!(#krate::Cookies::try_get::<#cookie>(&self.0));
    let found = match field.is_existing() {
        true => found,
        false => quote! {
            ::core::result::Result::map(#found, |__found| ::core::option::Option::map(__found, |__marker| __marker.0))
        },
    };
    let read_result = quote!(::core::result::Result<::core::option::Option<#ty>, #krate::ReadError>);
    let getter = method(&try_get, docs.try_get(), TokenStream::new(), &read_result, found);
    if declaration.read_only {
        return getter.unwrap_or_default();
    }

    let (parameter, value) = if is_primitive(ty) {
        (quote!(#ty), quote!(__value))
    } else {
        (quote!(impl ::core::convert::Into<#ty>), quote!(<_ as ::core::convert::Into<#ty>>::into(__value)))
    };
    let value = if field.is_existing() { value } else { quote!(#cookie(#value)) };
    let new = quote!(#krate::SetCookie::new(#value));
    let removal = quote!(#krate::SetCookie::<#cookie>::removal());
    let change = quote!(impl ::core::ops::FnOnce(#krate::SetCookie<#cookie>) -> #krate::SetCookie<#cookie>);
    let set_result = quote!(::core::result::Result<(), #krate::SetError>);
    let call_set = |set_cookie: TokenStream| quote!(#krate::Cookies::set(&self.0, #set_cookie));
    let methods = [
        getter,
        method(&set, docs.set(), quote!(, __value: #parameter), &set_result, call_set(new.clone())),
        method(
            &set_with,
            docs.set_with(),
            quote!(, __value: #parameter, __change: #change),
            &set_result,
            call_set(quote!(__change(#new))),
        ),
        method(&remove, docs.remove(), TokenStream::new(), &set_result, call_set(removal.clone())),
        method(
            &remove_with,
            docs.remove_with(),
            quote!(, __change: #change),
            &set_result,
            call_set(quote!(__change(#removal))),
        ),
    ];
    methods.into_iter().flatten().collect()
}

/// The generated docs of a field's methods.
struct Docs {
    /// Markdown text that names the cookie. If the field is `existing`, the text contains the field's type.
    name: String,
    /// The `Set-Cookie` header, with `…` instead of the value. If a part of the header is a constant expression,
    /// `header` is only the cookie's name.
    header: String,
}

impl Docs {
    fn new(field: &CookieField<'_>, declaration: &Declaration) -> Docs {
        if field.is_existing() {
            let name = format!("the cookie that `{}` declares", field.ty.to_token_stream());
            return Docs { header: name.clone(), name };
        }
        Docs { name: name_for_docs(declaration), header: header_for_docs(declaration) }
    }

    fn try_get(&self) -> TokenStream {
        docs(format!("Reads {}.", self.name), false, "Returns an error in the same cases as `Cookies::try_get`.")
    }

    fn set(&self) -> TokenStream {
        docs(format!("Sets {}.", self.header), false, "Returns an error in the same cases as `Cookies::set`.")
    }

    fn set_with(&self) -> TokenStream {
        docs(format!("Sets {}.", self.header), true, "Returns an error in the same cases as `Cookies::set`.")
    }

    fn remove(&self) -> TokenStream {
        docs(format!("Removes {}.", self.name), false, "Returns an error in the same cases as `Cookies::remove`.")
    }

    fn remove_with(&self) -> TokenStream {
        docs(format!("Removes {}.", self.name), true, "Returns an error in the same cases as `Cookies::remove`.")
    }
}

fn docs(summary: String, has_closure: bool, errors: &str) -> TokenStream {
    let closure = has_closure.then(|| quote!(#[doc = "The closure changes the `SetCookie` for this response only."]));
    quote!(#[doc = #summary] #closure #[doc = ""] #[doc = "# Errors"] #[doc = ""] #[doc = #errors])
}

/// Returns the field's attributes. If the field has docs, an empty doc line follows, which separates the field's docs
/// from the generated docs.
fn attributes_with_docs(attributes: &[&Attribute]) -> TokenStream {
    let has_docs = attributes.iter().any(|attribute| attribute.path().is_ident("doc"));
    let gap = has_docs.then(|| quote!(#[doc = ""]));
    quote!(#(#attributes)* #gap)
}

/// Generates checks that find two cookies with the same name in the set. `check_set` has already compared the names
/// that are literals. In a `const` of the generated code, the compiler compares these names:
///
/// - the names of `existing` fields
/// - the names that are constant expressions
/// - the names of fields with `cfg` attributes
fn name_checks(set: &CookieSet<'_>, fields: &[(&CookieField<'_>, &Declaration)]) -> TokenStream {
    let krate = &set.krate;
    let is_known = |field: &CookieField<'_>, declaration: &Declaration| {
        matches!(&declaration.name, Name::Literal { .. }) && !field.is_existing() && field.cfgs().next().is_none()
    };
    let has_error =
        |field: &CookieField<'_>, declaration: &Declaration| !field.is_existing() && declaration.is_permissive;
    let fields: Vec<_> = fields.iter().filter(|(field, declaration)| !has_error(field, declaration)).collect();
    let mut checks = TokenStream::new();
    for (at, (field, declaration)) in fields.iter().enumerate() {
        let earlier = fields.iter().take(at);
        let has_unknown_name =
            !is_known(field, declaration) || earlier.clone().any(|(field, declaration)| !is_known(field, declaration));
        if at == 0 || !has_unknown_name {
            continue;
        }
        let earlier_names = earlier.map(|(field, declaration)| {
            let (cfgs, spec) = (field.cfgs(), spec_expression(set, field, declaration));
            quote!(#(#cfgs)* #spec.name)
        });
        let (cfgs, spec) = (field.cfgs(), spec_expression(set, field, declaration));
        let function = quote!(#krate::private::distinct);
        let names = quote!(#spec.name, &[#(#earlier_names),*]);
        let call = quote_spanned!(generated_at(field.ident.span())=> (#function)(#names));
        checks.extend(quote!(#(#cfgs)* const _: () = #call;));
    }
    checks
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use crate::pipeline;

    #[test]
    fn docs_of_methods_show_name_and_header() {
        let set = pipeline::cookies(
            quote!(),
            quote! {
                struct Shop {
                    #[cookie(path = "/shop")]
                    cart: u32,
                    #[cookie(domain = policy)]
                    sso: String,
                    #[cookie(path = BASKETS)]
                    basket: u32,
                    #[cookie(name = OLD)]
                    old: u32,
                    #[cookie(existing)]
                    theme: Theme,
                }
            },
        );
        let text = set.to_string();
        const ATTRIBUTES: &str = "Secure; HttpOnly; SameSite=Lax";
        for (name, header) in [
            ("`__Secure-cart`", format!("`__Secure-cart=…; Path=/shop; {ATTRIBUTES}`")),
            ("`__Secure-sso`", format!("`__Secure-sso=…; Path=/; {ATTRIBUTES}`, with the policy's `Domain`")),
            (
                "`basket`, with the prefix that its path allows",
                "`basket`, with the prefix that its path allows".to_owned(),
            ),
            ("the cookie whose name is `OLD`", "the cookie whose name is `OLD`".to_owned()),
            ("the cookie that `Theme` declares", "the cookie that `Theme` declares".to_owned()),
        ] {
            for (summary, methods) in
                [(format!("Reads {name}."), 1), (format!("Sets {header}."), 2), (format!("Removes {name}."), 2)]
            {
                assert_eq!(text.matches(&format!("{summary:?}")).count(), methods, "{summary}: {text}");
            }
        }
        assert_eq!(text.matches("The closure changes the `SetCookie` for this response only.").count(), 5 * 2);
        assert_eq!(text.matches("\"# Errors\"").count(), 5 * 5);
    }
}
