//! Expands a `#[cookies]` struct. The struct becomes a newtype over `Cookies<S>`, with up to five methods for each
//! field, and with the method `remove_all`.
//!
//! If a field declares a cookie, the expansion also contains a marker type for the field. A marker type is a newtype
//! over the field's type. The expansion implements the hidden cookie trait for the marker type.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::{Attribute, Generics, Ident, Lifetime, Member, Meta, Type};

use super::cookie::{check_at, declared_impl, header_for_docs, name_for_docs};
use super::spans::generated_at;
use super::value::{is_primitive, json_read};
use crate::declaration::{Access, Declaration, Name};
use crate::model::{CookieField, CookieSet, Methods, Shape, ValueType};

/// Expands `#[cookies]`.
pub(crate) fn expand_set(set: &CookieSet<'_>, declarations: &[Declaration]) -> TokenStream {
    let CookieSet { ident, visibility, token, attributes, krate, .. } = set;
    let (scheme, state) = (scheme_parameter(set), set.words.unused(&["State", "AppState"], "__State"));
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
    let remove_all = remove_all(set, &fields);
    let removed_items = fields.iter().filter_map(|(field, declaration)| removed_item(set, field, declaration));
    let name = ident.unraw().to_string();
    quote! {
        #(#attributes)*
        #visibility #token #ident<#scheme: #krate::Scheme = #krate::Https>(#krate::Cookies<#scheme>);

        #[allow(non_camel_case_types, missing_docs, unreachable_pub, dead_code, deprecated, clippy::pedantic)]
        const _: () = {
            #(#markers)*

            #(#removed_items)*

            #name_checks

            impl #ident<#krate::Https> {
                /// The declarations of all the cookies, in the order of the fields.
                #visibility const SPECS: &'static [#krate::private::Spec] = &[#(#specs),*];
            }

            impl<#scheme: #krate::Scheme> #ident<#scheme> {
                #(#methods)*

                #remove_all
            }

            #[automatically_derived]
            impl<#scheme: #krate::Scheme> ::core::convert::From<#krate::Cookies<#scheme>> for #ident<#scheme> {
                fn from(cookies: #krate::Cookies<#scheme>) -> Self {
                    Self(cookies)
                }
            }

            #[automatically_derived]
            impl<#scheme: #krate::Scheme> ::core::convert::From<#ident<#scheme>> for #krate::Cookies<#scheme> {
                fn from(set: #ident<#scheme>) -> Self {
                    set.0
                }
            }

            #[automatically_derived]
            impl<#scheme: #krate::Scheme> ::core::clone::Clone for #ident<#scheme> {
                fn clone(&self) -> Self {
                    Self(::core::clone::Clone::clone(&self.0))
                }
            }

            #[automatically_derived]
            impl<#scheme: #krate::Scheme> ::core::fmt::Debug for #ident<#scheme> {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    let mut __tuple = ::core::fmt::Formatter::debug_tuple(f, #name);
                    ::core::fmt::DebugTuple::field(&mut __tuple, &self.0);
                    ::core::fmt::DebugTuple::finish(&mut __tuple)
                }
            }

            #krate::__extractors!(#ident, #scheme, #state);
        };
    }
}

/// Returns the type that contains the field's declaration: the field's own type for an `existing` field, and the marker
/// type for every other field.
fn declaring_type(set: &CookieSet<'_>, field: &CookieField<'_>) -> TokenStream {
    if field.is_existing() {
        return field.ty.to_token_stream();
    }
    marker_name(set, field).to_token_stream()
}

/// Returns the name of the marker type. rustc shows this name in errors, and rustdoc shows this name in the set's
/// methods. So the name contains the names of the set and of the field, such as `ShopCart`. If `ShopCart` already
/// occurs in the struct, the name is `Shop_cart`.
fn marker_name(set: &CookieSet<'_>, field: &CookieField<'_>) -> Ident {
    let pascal = |field: &CookieField<'_>| {
        let words = field.ident.unraw().to_string();
        words
            .split('_')
            .flat_map(|word| word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)))
            .collect::<String>()
    };
    let name = pascal(field);
    let is_repeated = set.fields.iter().any(|other| other.ident != field.ident && pascal(other) == name);
    let plain = format!("{}{name}", set.ident.unraw());
    let candidates: &[&str] = if is_repeated { &[] } else { &[&plain] };
    set.words.unused(candidates, &format!("{}_{}", set.ident.unraw(), field.ident.unraw()))
}

/// Returns the name of the set's type parameter. The type parameter is the scheme of the request.
fn scheme_parameter(set: &CookieSet<'_>) -> Ident {
    set.words.unused(&["S", "Scheme"], "__Scheme")
}

/// Returns an expression for the field's declaration.
///
/// If the type of an `existing` field is not a cookie, the returned expression causes a compile error. No other
/// generated code causes an error about a wrong type, so the user gets only one error. The trait in the expression
/// depends on the keys in the field's `#[cookie(…)]`:
///
/// - Without a key, the trait is `Cookie`, which a `read_only` type and a `keyed` type do not implement.
/// - With `read_only`, the trait is `ReadCookie`, which a `keyed` type does not implement.
/// - With `keyed`, the trait is `CookieFamily`, which only a `keyed` type implements.
fn spec_expression(set: &CookieSet<'_>, field: &CookieField<'_>, declaration: &Declaration) -> TokenStream {
    let (krate, cookie) = (&set.krate, declaring_type(set, field));
    if !field.is_existing() {
        return quote!(<#cookie as #krate::private::DeclaredCookie>::DECLARED);
    }
    match declaration.access() {
        Access::Settable => quote!(<#cookie as #krate::Cookie>::SETTABLE_SPEC),
        Access::ReadOnly => quote!(<#cookie as #krate::ReadCookie>::SPEC),
        Access::Keyed => quote!(<#cookie as #krate::CookieFamily>::SPEC),
    }
}

/// Returns the trait bounds that the field's methods need on the field's declaring type. In a where clause, the bounds
/// follow the type and a colon.
///
/// The bounds of an `existing` field contain `for<'a>`, so rustc checks the bounds only where the method is called. If
/// the type is not a cookie, only the definition of the constant `SPECS` causes an error.
fn bounds(
    set: &CookieSet<'_>,
    field: &CookieField<'_>,
    declaration: &Declaration,
    cookie: &TokenStream,
) -> TokenStream {
    let (krate, scheme) = (&set.krate, scheme_parameter(set));
    if !field.is_existing() {
        return quote!(#cookie: #krate::AllowedOver<#scheme>);
    }
    let cookie_trait = match declaration.access() {
        Access::Settable => quote!(Cookie),
        Access::ReadOnly => quote!(ReadCookie),
        Access::Keyed => quote!(CookieFamily),
    };
    let word = set.words.unused(&["a", "b"], "__a");
    let lifetime = Lifetime { apostrophe: Span::call_site(), ident: word };
    quote!(for<#lifetime> #cookie: #krate::#cookie_trait + #krate::AllowedOver<#scheme>)
}

/// Generates the marker type of a field, and the impl of the hidden cookie trait for the marker type.
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
    let declared_impl = declared_impl(&value, Some(ty), declaration, &field.origin);
    let probe = matches!(value.shape, Shape::Json { .. }).then(|| probe(set, field));
    let (type_cfgs, impl_cfgs) = (field.cfgs(), field.cfgs());
    // The field's type is an associated type of a `keyed` marker type. rustc rejects a private associated type of a
    // public type, so the marker type is as visible as the field.
    let visibility = match declaration.access() {
        Access::Keyed => field.visibility.to_token_stream(),
        Access::Settable | Access::ReadOnly => quote!(pub),
    };
    quote! {
        #(#type_cfgs)*
        #visibility struct #ident(#ty);
        #(#impl_cfgs)*
        const _: () = {
            #declared_impl
            #probe
        };
    }
}

/// Generates a `const` that rejects a `json` field whose type derives `Cookie`. Such a type already declares a cookie,
/// and the field would declare a second cookie. If the field is not `json`, the code that writes the value rejects a
/// type that derives `Cookie`.
///
/// The body of the `const` also requires the trait of a `json` value. If the type does not implement the trait, rustc
/// does not evaluate the `const`. So a type with both mistakes causes only one error.
fn probe(set: &CookieSet<'_>, field: &CookieField<'_>) -> TokenStream {
    let (krate, ty) = (&set.krate, field.ty);
    let private = quote!(#krate::private);
    let text = format!("`{}` has its own declaration; write `existing`", type_text(ty));
    let read = json_read(ty, krate);
    let check = check_at(
        &ty.to_token_stream(),
        &quote!(#private::reject_declared),
        &quote!({ let _ = #read; #private::Probe::<#ty>::IS_COOKIE }, #text),
    );
    quote! {
        #[allow(unused_imports)]
        use #private::NotDeclared as _;
        #check
    }
}

/// Returns a type as text, without the extra spaces that `TokenStream::to_string` writes.
fn type_text(ty: &Type) -> String {
    let text = ty.to_token_stream().to_string();
    let mut plain = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
        let separates = plain.ends_with([',', ';'])
            || plain.ends_with(is_word) && letters.peek().is_some_and(|next| is_word(*next) || *next == '\'');
        if letter != ' ' || separates {
            plain.push(letter);
        }
    }
    plain
}

/// Generates the methods of a field:
///
/// - For a `keyed` field, one method that returns the family of cookies.
/// - For a `read_only` field, the two getters.
/// - For every other field, the two getters, two setters and a remover.
fn field_methods(set: &CookieSet<'_>, field: &CookieField<'_>, declaration: &Declaration) -> TokenStream {
    let krate = &set.krate;
    let CookieField { visibility, ty, attributes, .. } = field;
    let cookie = declaring_type(set, field);
    let Methods { get, try_get, set: setter, set_with, remove } = Methods::new(field.ident);
    let bounds = bounds(set, field, declaration, &cookie);
    let docs = Docs::new(field, declaration);
    let attributes = attributes_with_docs(attributes);
    let method = |name: &Ident, docs: TokenStream, parameters: TokenStream, output: &TokenStream, body: TokenStream| {
        if field.omitted.contains(name) {
            return TokenStream::new();
        }
        quote! {
            #attributes
            #docs
            #visibility fn #name(&self #parameters) -> #output
            where
                #bounds
            {
                #body
            }
        }
    };

    if declaration.access() == Access::Keyed {
        let scheme = scheme_parameter(set);
        let family = quote!(#krate::Family<'_, #cookie, #scheme>);
        let body = quote!(#krate::Cookies::family::<#cookie>(&self.0));
        return method(&get, docs.family(), TokenStream::new(), &family, body);
    }

    let unwrap = |found: TokenStream| match field.is_existing() {
        true => found,
        false => quote!(::core::option::Option::map(#found, |__marker| __marker.0)),
    };
    let found = unwrap(quote!(#krate::Cookies::get::<#cookie>(&self.0)));
    let value_or_none = quote!(::core::option::Option<#ty>);
    let tried = quote!(#krate::Cookies::try_get::<#cookie>(&self.0));
    let tried = match field.is_existing() {
        true => tried,
        false => {
            let found = unwrap(quote!(__found));
            quote!(::core::result::Result::map(#tried, |__found| #found))
        }
    };
    let read_result = quote!(::core::result::Result<#value_or_none, #krate::ReadError>);
    let mut methods = method(&get, docs.get(), TokenStream::new(), &value_or_none, found);
    methods.extend(method(&try_get, docs.try_get(), TokenStream::new(), &read_result, tried));
    if declaration.access() == Access::ReadOnly {
        return methods;
    }

    let (parameter, value) = if is_primitive(ty) {
        (quote!(#ty), quote!(value))
    } else {
        (quote!(impl ::core::convert::Into<#ty>), quote!(<_ as ::core::convert::Into<#ty>>::into(value)))
    };
    let value = if field.is_existing() { value } else { quote!(#cookie(#value)) };
    let new = quote!(#krate::SetCookie::new(#value));
    let change = quote!(impl ::core::ops::FnOnce(#krate::SetCookie<#cookie>) -> #krate::SetCookie<#cookie>);
    let set_result = quote!(::core::result::Result<(), #krate::SetError>);
    let call_set = |set_cookie: TokenStream| quote!(#krate::Cookies::set(&self.0, #set_cookie));
    methods.extend([
        method(&setter, docs.set(), quote!(, value: #parameter), &set_result, call_set(new.clone())),
        method(
            &set_with,
            docs.set_with(),
            quote!(, value: #parameter, change: #change),
            &set_result,
            call_set(quote!(change(#new))),
        ),
        method(&remove, docs.remove(), TokenStream::new(), &set_result, removal(krate, declaration, &cookie)),
    ]);
    methods
}

/// Returns an expression that removes the field's cookie. For a `keyed` field, the expression removes all cookies of
/// the family.
fn removal(krate: &TokenStream, declaration: &Declaration, cookie: &TokenStream) -> TokenStream {
    match declaration.access() {
        Access::Keyed => quote!(#krate::Family::remove_all(&#krate::Cookies::family::<#cookie>(&self.0))),
        Access::Settable | Access::ReadOnly => quote!(#krate::Cookies::remove::<#cookie>(&self.0)),
    }
}

/// Generates the method `remove_all` of the set.
fn remove_all(set: &CookieSet<'_>, fields: &[(&CookieField<'_>, &Declaration)]) -> TokenStream {
    let CookieSet { visibility, krate, .. } = set;
    let mut all_bounds = TokenStream::new();
    let mut removals = TokenStream::new();
    for (field, declaration) in fields.iter().filter(|(_, declaration)| declaration.access() != Access::ReadOnly) {
        let cookie = match field.cfgs().next() {
            Some(_) => removed_name(set, field).to_token_stream(),
            None => declaring_type(set, field),
        };
        let bounds = bounds(set, field, declaration, &cookie);
        all_bounds.extend(quote!(#bounds,));
        let (cfgs, removal) = (field.cfgs(), removal(krate, declaration, &cookie));
        removals.extend(quote! {
            #(#cfgs)*
            let __result = ::core::result::Result::and(__result, #removal);
        });
    }
    quote! {
        /// Removes every cookie of the set that this program sets, for example when the user signs out. The method
        /// does not remove a `read_only` cookie, because another program owns the cookie.
        ///
        /// If one cookie cannot be removed, the method still removes the other cookies.
        ///
        /// # Errors
        ///
        /// Returns the first error. An error occurs in the same cases as in `Cookies::remove`.
        #visibility fn remove_all(&self) -> ::core::result::Result<(), #krate::SetError>
        where
            #all_bounds
        {
            let __result = ::core::result::Result::Ok(());
            #removals
            __result
        }
    }
}

/// Returns the name of the type that [`removed_item`] generates. Fields with different `cfg` attributes can have the
/// same name. So if the field's name already occurred, the type's name contains a number. A field's name does not begin
/// with a digit, so the number makes the type's name unique.
fn removed_name(set: &CookieSet<'_>, field: &CookieField<'_>) -> Ident {
    let name = field.ident.unraw();
    let earlier = set.fields.iter().take_while(|other| !core::ptr::eq(*other, field));
    match earlier.filter(|other| other.ident.unraw() == name).count() {
        0 => format_ident!("__removed_{}", name, span = Span::call_site()),
        number => format_ident!("__removed_{}_{}", number, name, span = Span::call_site()),
    }
}

/// Generates the type that replaces a field with `cfg` attributes in the where clause of `remove_all`. A `cfg`
/// attribute is not allowed in a where clause, so the type must exist in every build:
///
/// - If the build contains the field, the type is an alias of the field's declaring type.
/// - If the build does not contain the field, the type is a cookie that meets every bound. No code uses the cookie.
fn removed_item(set: &CookieSet<'_>, field: &CookieField<'_>, declaration: &Declaration) -> Option<TokenStream> {
    let predicates = field.cfgs().filter_map(|cfg| match &cfg.meta {
        Meta::List(list) => Some(&list.tokens),
        Meta::Path(_) | Meta::NameValue(_) => None,
    });
    let is_absent = quote!(#[cfg(not(all(#(#predicates),*)))]);
    if field.cfgs().next().is_none() || declaration.access() == Access::ReadOnly {
        return None;
    }
    let (cfgs, ident, cookie) = (field.cfgs(), removed_name(set, field), declaring_type(set, field));
    let value =
        ValueType { ident: &ident, generics: &Generics::default(), shape: Shape::Presence, krate: set.krate.clone() };
    let absent = Declaration { keyed: declaration.keyed, ..Declaration::permissive() };
    let absent_impl = declared_impl(&value, None, &absent, &field.origin);
    Some(quote! {
        #(#cfgs)*
        type #ident = #cookie;
        #is_absent
        pub struct #ident;
        #is_absent
        const _: () = {
            #absent_impl
        };
    })
}

/// The generated docs of a field's methods.
struct Docs {
    /// The name of the cookie as Markdown. If the field is `existing`, `name` contains the field's type instead.
    name: String,
    /// The `Set-Cookie` header as Markdown, with `…` instead of the cookie's value. If a part of the header is a
    /// constant expression, the macro does not know the whole header, so `header` contains only the cookie's name.
    header: String,
}

impl Docs {
    fn new(field: &CookieField<'_>, declaration: &Declaration) -> Docs {
        if field.is_existing() {
            let name = format!("the cookie that `{}` declares", type_text(field.ty));
            return Docs { header: name.clone(), name };
        }
        Docs { name: name_for_docs(declaration), header: header_for_docs(declaration) }
    }

    fn get(&self) -> TokenStream {
        let summary = format!(
            "Reads {}. Returns `None` if the request has no such cookie, or if the cookie cannot be read.",
            self.name
        );
        quote!(#[doc = #summary])
    }

    fn family(&self) -> TokenStream {
        let summary = format!("Returns the family of {}. Each cookie of the family has its own key.", self.name);
        quote!(#[doc = #summary])
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

/// Generates the checks that reject two cookies with clashing names in one set. `check_set` has already compared the
/// names that are literals. The compiler compares the following names in a `const` of the generated code:
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
        let earlier_specs = earlier.map(|(field, declaration)| {
            let (cfgs, spec) = (field.cfgs(), spec_expression(set, field, declaration));
            quote!(#(#cfgs)* &#spec)
        });
        let (cfgs, spec) = (field.cfgs(), spec_expression(set, field, declaration));
        let function = quote!(#krate::private::distinct);
        let specs = quote!(&#spec, &[#(#earlier_specs),*]);
        let call = quote_spanned!(generated_at(field.ident.span())=> (#function)(#specs));
        checks.extend(quote!(#(#cfgs)* const _: () = #call;));
    }
    checks
}

#[cfg(test)]
#[path = "set/tests.rs"]
mod tests;
