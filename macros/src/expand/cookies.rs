//! A `#[cookies]` struct as a view over `Cookies<S>`: a marker for each field that declares, and its five methods.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::{Attribute, Generics, Ident, Member};

use super::cookie::{impls, wire_form};
use super::spans::beneath;
use super::value::is_plain;
use crate::declaration::{Declaration, Name};
use crate::model::{Field, Set, Shape, Value, methods};

pub(crate) fn set(set: &Set<'_>, declarations: &[Declaration]) -> TokenStream {
    let Set { ident, visibility, token, attributes, krate, .. } = set;
    let fields: Vec<_> = set.fields.iter().zip(declarations).collect();
    let markers = fields
        .iter()
        .filter(|(field, _)| !field.is_existing())
        .map(|(field, declaration)| marker_item(set, field, declaration));
    let methods = fields.iter().map(|(field, declaration)| field_methods(set, field, declaration));
    let specs = fields.iter().map(|(field, declaration)| {
        let (cfgs, spec) = (field.cfgs(), spec_of(set, field, declaration));
        quote!(#(#cfgs)* #spec)
    });
    let distinct = distinct(set, &fields);
    let name = ident.unraw().to_string();
    quote! {
        #(#attributes)*
        #visibility #token #ident<S: #krate::Scheme = #krate::Https>(#krate::Cookies<S>);

        #[allow(non_camel_case_types, missing_docs, unreachable_pub, dead_code, deprecated, clippy::pedantic)]
        const _: () = {
            #(#markers)*

            #distinct

            impl #ident<#krate::Https> {
                /// The declarations of all the cookies, in the order of the fields.
                #visibility const SPECS: &'static [#krate::Spec] = &[#(#specs),*];
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

/// The type whose declaration is the field's: its own where it is existing, else a marker named like no user's type.
fn marker(set: &Set<'_>, field: &Field<'_>) -> TokenStream {
    if field.is_existing() {
        return field.ty.to_token_stream();
    }
    marker_name(set, field).to_token_stream()
}

fn marker_name(set: &Set<'_>, field: &Field<'_>) -> Ident {
    format_ident!("{}_{}", set.ident.unraw(), field.ident.unraw(), span = Span::call_site())
}

/// The declaration of a field's cookie. Here, and nowhere else, the type of an existing one must be what it says.
fn spec_of(set: &Set<'_>, field: &Field<'_>, declaration: &Declaration) -> TokenStream {
    let (krate, marker) = (&set.krate, marker(set, field));
    match field.is_existing() && !declaration.read_only {
        true => quote!(<#marker as #krate::Cookie>::SPEC),
        false => quote!(<#marker as #krate::ReadCookie>::DECLARATION),
    }
}

fn marker_item(set: &Set<'_>, field: &Field<'_>, declaration: &Declaration) -> TokenStream {
    let ident = marker_name(set, field);
    let ty = field.ty;
    let value = Value {
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
    let allowed = match (field.is_existing(), declaration.read_only) {
        (false, _) => quote!(where #marker: #krate::AllowedOver<__Scheme>),
        // `for` leaves the question to the caller: a type that is no cookie is one error, where `SPECS` names it.
        (true, false) => quote!(where for<'__c> #marker: #krate::Cookie + #krate::AllowedOver<__Scheme>),
        (true, true) => quote!(where for<'__c> #marker: #krate::ReadCookie + #krate::AllowedOver<__Scheme>),
    };
    let docs = Docs::of(field, declaration);
    let attributes = attributes_with_docs(attributes);
    let method = |name: &Ident, docs: TokenStream, parameters: TokenStream, output: &TokenStream, body: TokenStream| {
        let item = quote! {
            #attributes
            #docs
            #visibility fn #name(&self #parameters) -> #output
            #allowed
            {
                #body
            }
        };
        (!field.omitted.contains(name)).then_some(item)
    };

    let found = quote!(#krate::Cookies::get::<#marker>(&self.0));
    let found = match field.is_existing() {
        true => found,
        false => quote! {
            ::core::result::Result::map(#found, |__found| ::core::option::Option::map(__found, |__marker| __marker.0))
        },
    };
    let read = quote!(::core::result::Result<::core::option::Option<#ty>, #krate::ReadError>);
    let getter = method(&get, docs.read(), TokenStream::new(), &read, found);
    if declaration.read_only {
        return getter.unwrap_or_default();
    }

    let (parameter, value) = if is_plain(ty) {
        (quote!(#ty), quote!(__value))
    } else {
        (quote!(impl ::core::convert::Into<#ty>), quote!(<_ as ::core::convert::Into<#ty>>::into(__value)))
    };
    let value = if field.is_existing() { value } else { quote!(#marker(#value)) };
    let new = quote!(#krate::SetCookie::new(#value));
    let removal = quote!(#krate::SetCookie::<#marker>::removal());
    let vary = quote!(impl ::core::ops::FnOnce(#krate::SetCookie<#marker>) -> #krate::SetCookie<#marker>);
    let done = quote!(::core::result::Result<(), #krate::SetError>);
    let set = |cookie: TokenStream| quote!(#krate::Cookies::set(&self.0, #cookie));
    let methods = [
        getter,
        method(&assign, docs.set(), quote!(, __value: #parameter), &done, set(new.clone())),
        method(
            &assign_with,
            docs.set_with(),
            quote!(, __value: #parameter, __vary: #vary),
            &done,
            set(quote!(__vary(#new))),
        ),
        method(&remove, docs.remove(), TokenStream::new(), &done, set(removal.clone())),
        method(&remove_with, docs.remove_with(), quote!(, __vary: #vary), &done, set(quote!(__vary(#removal)))),
    ];
    methods.into_iter().flatten().collect()
}

/// The generated docs of each kind of method.
struct Docs {
    /// `` `name` ``, or whose declaration it is.
    cookie: String,
    /// The line, with `…` for the value.
    wire: String,
}

impl Docs {
    fn of(field: &Field<'_>, declaration: &Declaration) -> Docs {
        if field.is_existing() {
            let cookie = format!("the cookie that `{}` declares", field.ty.to_token_stream());
            return Docs { wire: cookie.clone(), cookie };
        }
        let name = match &declaration.name {
            Name::Literal { text, .. } => text.clone(),
            Name::Expression(name) => format!("{{{name}}}"),
            Name::Derived(base) => base.clone(),
        };
        Docs { cookie: format!("`{name}`"), wire: format!("`{}`", wire_form(declaration)) }
    }

    fn read(&self) -> TokenStream {
        docs(format!("Reads {}.", self.cookie), false, "As `Cookies::get`.")
    }

    fn set(&self) -> TokenStream {
        docs(format!("Sets {}.", self.wire), false, "As `Cookies::set`.")
    }

    fn set_with(&self) -> TokenStream {
        docs(format!("Sets {}.", self.wire), true, "As `Cookies::set`.")
    }

    fn remove(&self) -> TokenStream {
        docs(format!("Removes {}.", self.cookie), false, "As `Cookies::remove`.")
    }

    fn remove_with(&self) -> TokenStream {
        docs(format!("Removes {}.", self.cookie), true, "As `Cookies::remove`.")
    }
}

fn docs(first: String, varies: bool, errors: &str) -> TokenStream {
    let varies = varies.then(|| quote!(#[doc = "What the closure sets on the `SetCookie` holds for this exchange."]));
    quote!(#[doc = #first] #varies #[doc = ""] #[doc = "# Errors"] #[doc = ""] #[doc = #errors])
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
    let is_refused = |field: &Field<'_>, declaration: &Declaration| !field.is_existing() && declaration.is_refused;
    let fields: Vec<_> = fields.iter().filter(|(field, declaration)| !is_refused(field, declaration)).collect();
    let mut questions = TokenStream::new();
    for (at, (field, declaration)) in fields.iter().enumerate() {
        let earlier = fields.iter().take(at);
        let asks =
            !is_seen(field, declaration) || earlier.clone().any(|(field, declaration)| !is_seen(field, declaration));
        if at == 0 || !asks {
            continue;
        }
        let others = earlier.map(|(field, declaration)| {
            let (cfgs, spec) = (field.cfgs(), spec_of(set, field, declaration));
            quote!(#(#cfgs)* #spec.name)
        });
        let (cfgs, own) = (field.cfgs(), spec_of(set, field, declaration));
        let distinct = quote!(#krate::private::distinct);
        let names = quote!(#own.name, &[#(#others),*]);
        let call = quote_spanned!(beneath(field.ident.span())=> (#distinct)(#names));
        questions.extend(quote!(#(#cfgs)* const _: () = #call;));
    }
    questions
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use crate::pipeline;

    #[test]
    fn the_docs_of_each_method_say_its_cookie_or_its_line() {
        let set = pipeline::cookies(
            quote!(),
            quote! {
                struct Shop {
                    #[cookie(path = "/shop")]
                    cart: u32,
                    #[cookie(domain = environment)]
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
        const LINE: &str = "Secure; HttpOnly; SameSite=Lax";
        for (cookie, line) in [
            ("`__Secure-cart`", format!("`__Secure-cart=…; Path=/shop; {LINE}`")),
            ("`__Secure-sso`", format!("`__Secure-sso=…; Path=/; {LINE} (and the policy's Domain)`")),
            ("`basket`", "`basket=… under the prefix that its path allows`".to_owned()),
            ("`{OLD}`", "`{OLD}=…`".to_owned()),
            ("the cookie that `Theme` declares", "the cookie that `Theme` declares".to_owned()),
        ] {
            for (sentence, methods) in
                [(format!("Reads {cookie}."), 1), (format!("Sets {line}."), 2), (format!("Removes {cookie}."), 2)]
            {
                assert_eq!(text.matches(&format!("{sentence:?}")).count(), methods, "{sentence}: {text}");
            }
        }
        assert_eq!(text.matches("What the closure sets on the `SetCookie` holds for this exchange.").count(), 5 * 2);
        assert_eq!(text.matches("\"# Errors\"").count(), 5 * 5);
    }
}
