//! Generates the impl of one declaration. For each cookie, the macro generates an impl of the hidden trait
//! `DeclaredCookie`, and the constants for the impl. The public traits, such as `Cookie`, are blanket impls over the
//! hidden trait.

use hardtack_rules::check::Argument;
use hardtack_rules::{SameSite, Seal, wire};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Meta, Type};

use super::spans::{first_and_last, generated_at, moved_to};
use super::value::{Bodies, bodies, where_clause};
use crate::declaration::{
    Access, ConstCheck, Constant, Declaration, DeniedSetting, DenyTexts, DeviceBoundArgument, DomainSource,
    FormerCheck, FormerEntry, Name, SealArgument,
};
use crate::deny::variable_dependency;
use crate::model::{CookieType, Origin, Shape, ValueType};

/// Expands `#[derive(Cookie)]`.
pub(crate) fn expand_derive(cookie: &CookieType<'_>, declaration: &Declaration) -> TokenStream {
    let declared_impl = declared_impl(&cookie.value, None, declaration, &cookie.origin);
    quote! {
        const _: () = {
            #declared_impl
        };
    }
}

/// Generates the impl of one declaration, and the constants that the impl needs. The caller puts the generated code
/// into a block, because the constants have the same names for every cookie.
///
/// For a type that derives `Cookie`, `wrapped` is `None`. For a field of a `#[cookies]` struct, the impl is for a
/// marker type, and `wrapped` is the field's own type. The user sets and reads values of the field's own type.
pub(crate) fn declared_impl(
    value: &ValueType<'_>,
    wrapped: Option<&Type>,
    declaration: &Declaration,
    origin: &Origin<'_>,
) -> TokenStream {
    let ValueType { ident, krate, .. } = value;
    let Bodies { write, read } = bodies(&value.shape, value.generics, krate);
    let Constants { items, name_eq, attributes } = constants(declaration, krate);
    let (impl_generics, type_generics, _) = value.generics.split_for_impl();
    let where_clause = where_clause(value);
    let access = match declaration.access() {
        Access::Settable => quote!(Settable),
        Access::ReadOnly => quote!(ReadOnly),
        Access::Keyed => quote!(Keyed),
    };
    let secure = declaration.secure;
    let http_only = declaration.http_only;
    // A permissive declaration replaces a declaration with an error. Perhaps the replaced declaration has a `max_age`.
    let has_max_age = declaration.max_age.is_some() || declaration.is_permissive;
    let family_impl = declaration.keyed.then(|| {
        let (value_type, from_inner, into_inner) = match wrapped {
            Some(ty) => (ty.to_token_stream(), quote!(Self(value)), quote!(self.0)),
            None => (quote!(Self), quote!(value), quote!(self)),
        };
        quote! {
            #[automatically_derived]
            #[allow(deprecated)]
            impl #impl_generics #krate::private::FamilyValue for #ident #type_generics #where_clause {
                type Value = #value_type;
                fn from_inner(value: Self::Value) -> Self {
                    #from_inner
                }
                fn into_inner(self) -> Self::Value {
                    #into_inner
                }
            }
        }
    });
    let inventory_entry = inventory_entry(declaration, origin, krate);
    // The feature `device-bound` implies the feature `seal`, so one missing feature is one error.
    let seal_gate = declaration.seal.filter(|_| declaration.device_bound.is_none());
    let seal_gate = seal_gate.map(|SealArgument { span, .. }| feature_gate(span, quote!(__seal), krate));
    let device_bound_gate = declaration
        .device_bound
        .as_ref()
        .map(|DeviceBoundArgument { span, .. }| feature_gate(*span, quote!(__device_bound), krate));
    let device_bound_impl = declaration.device_bound.as_ref().map(|_| {
        quote! {
            #[automatically_derived]
            #[allow(deprecated)]
            impl #impl_generics #krate::private::DeviceBoundValue for #ident #type_generics #where_clause {}
        }
    });
    let json_gate = match &value.shape {
        Shape::Json { key, .. } => Some(feature_gate(*key, quote!(__json), krate)),
        Shape::Field { .. } | Shape::Variants(_) | Shape::Presence | Shape::Unknown => None,
    };
    let variable_dependency = variable_dependency();
    quote! {
        #variable_dependency
        #items
        #inventory_entry
        #seal_gate
        #device_bound_gate
        #json_gate
        #[automatically_derived]
        #[allow(deprecated)]
        impl #impl_generics #krate::private::DeclaredCookie for #ident #type_generics #where_clause {
            // Without the tuple, the name `__SPEC` would appear in the user's docs. rustdoc does not print a name that
            // is in a tuple.
            const DECLARED: #krate::private::Spec = (__SPEC,).0;
            const TEMPLATE: #krate::private::HeaderTemplate =
                #krate::private::HeaderTemplate::new(#name_eq, #attributes);
            type Access = #krate::private::#access;
            type Carrier = #krate::private::Carrier<#secure>;
            type Audience = #krate::private::Audience<#http_only>;
            type Lifetime = #krate::private::Lifetime<#has_max_age>;
            fn write_value(&self, out: &mut #krate::private::ValueWriter) {
                #write
            }
            fn read_value(text: &::core::primitive::str) -> #krate::private::Read<Self> {
                #read
            }
        }
        #family_impl
        #device_bound_impl
    }
}

/// Generates a call of a macro that the crate `hardtack` exports. The exported macro checks whether a feature of the
/// crate `hardtack` is enabled, because a procedural macro cannot check the features of other crates. If the feature is
/// missing, the call causes an error that points at the key of the declaration, such as `json`.
fn feature_gate(key: Span, gate: TokenStream, krate: &TokenStream) -> TokenStream {
    let key = generated_at(key);
    let (krate, gate) = (moved_to(krate.clone(), key), moved_to(gate, key));
    quote_spanned!(key=> #krate::#gate!();)
}

/// Generates a call of the macro `__declared!` of the crate `hardtack`. `__declared!` adds the declaration to the
/// inventory. Without the feature `inventory`, `__declared!` expands to nothing.
fn inventory_entry(declaration: &Declaration, origin: &Origin<'_>, krate: &TokenStream) -> Option<TokenStream> {
    if declaration.is_permissive {
        return None;
    }
    let Origin { item, span, attributes } = origin;
    let docs = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(doc) if doc.path.is_ident("doc") => Some(&doc.value),
        _ => None,
    });
    // With the user's span, `file!` and `line!` return the place of the user's item.
    let place = quote_spanned!(*span=> ::core::file!(), ::core::line!());
    Some(quote!(#krate::__declared!(#item, __SPEC, [#(#docs),*], #place);))
}

/// The constants of one declaration.
struct Constants {
    /// The constant items, including `__SPEC`.
    items: TokenStream,
    /// An expression for the cookie's name with `=` at the end.
    name_eq: TokenStream,
    /// An expression for the text of the cookie's attributes. The text begins with `; Path=`.
    attributes: TokenStream,
}

fn constants(declaration: &Declaration, krate: &TokenStream) -> Constants {
    match literal_header(declaration) {
        Some(header) => literal_constants(declaration, &header, krate),
        None => evaluated_constants(declaration, krate),
    }
}

/// Generates the constants of a declaration whose arguments are all literals.
fn literal_constants(declaration: &Declaration, header: &LiteralHeader<'_>, krate: &TokenStream) -> Constants {
    let LiteralHeader { name, attributes } = header;
    let name_eq = format!("{name}=");
    let (spec_items, checks) = (spec_items(declaration, krate, &quote!(#name)), checks(declaration, krate));
    Constants { items: quote!(#spec_items #checks), name_eq: quote!(#name_eq), attributes: quote!(#attributes) }
}

/// Generates the constants of a declaration that contains a constant expression. The compiler checks the constant
/// expression and joins the parts of the header.
fn evaluated_constants(declaration: &Declaration, krate: &TokenStream) -> Constants {
    let private = quote!(#krate::private);
    let (name_items, name) = match &declaration.name {
        Name::Literal { text, .. } => (TokenStream::new(), quote!(#text)),
        Name::Expression(expression) => (TokenStream::new(), expression.clone()),
        Name::Derived(base) => {
            let (secure, http_only, has_domain) =
                (declaration.secure, declaration.http_only, declaration.domain.is_some());
            let path = match &declaration.path {
                Some(Constant::Expression(path)) => path.clone(),
                Some(Constant::Literal(path)) => quote!(#path),
                None => quote!("/"),
            };
            let items = quote! {
                const __PATH: &::core::primitive::str = #path;
                const __PREFIX: &::core::primitive::str =
                    #private::strongest_prefix(#secure, #http_only, __PATH, #has_domain);
                const __NAME: &[::core::primitive::u8] =
                    &#private::join::<{ __PREFIX.len() + #base.len() }>(__PREFIX, #base);
            };
            (items, quote!(#private::text(__NAME)))
        }
    };
    let (spec_items, checks) = (spec_items(declaration, krate, &name), checks(declaration, krate));
    Constants {
        items: quote! {
            #name_items
            #spec_items
            #checks
            const __NAME_EQ: &[::core::primitive::u8] = &#private::join::<{ __SPEC.name.len() + 1 }>(__SPEC.name, "=");
            const __ATTRIBUTES: &[::core::primitive::u8] =
                &#private::attributes::<{ #private::attributes_length(&__SPEC) }>(&__SPEC);
        },
        name_eq: quote!(#private::text(__NAME_EQ)),
        attributes: quote!(#private::text(__ATTRIBUTES)),
    }
}

/// Generates the `const` items that check the declaration. The macro has already checked every literal. So most
/// declarations need no `const`.
fn checks(declaration: &Declaration, krate: &TokenStream) -> TokenStream {
    let private = quote!(#krate::private);
    let path_is_constant = matches!(declaration.path, Some(Constant::Expression(_)));
    let mut checks = TokenStream::new();
    checks.extend(declaration.const_checks.iter().map(|check| const_check(check, path_is_constant, &private)));
    checks.extend(declaration.former_checks.iter().map(|check| former_check(check, &private)));
    checks.extend(declaration.denied.iter().filter_map(|DeniedSetting { tokens, text }| {
        let arguments = text.arguments()?;
        Some(check_at(tokens, &quote!(#private::deny_unless_exempt), &arguments))
    }));
    checks
}

/// Generates a `const` that calls a function. If the function fails, the error points at all tokens in `tokens`.
pub(crate) fn check_at(tokens: &TokenStream, function: &TokenStream, arguments: &TokenStream) -> TokenStream {
    let (first, last) = first_and_last(tokens);
    let function = quote_spanned!(first=> (#function));
    let arguments = quote_spanned!(last=> (#arguments));
    quote!(const _: () = #function #arguments;)
}

/// Generates a `const` that checks one constant expression.
fn const_check(check: &ConstCheck, path_is_constant: bool, private: &TokenStream) -> TokenStream {
    let argument = argument_variant(check.argument);
    let arguments = quote!(&__SPEC, #private::Argument::#argument, #path_is_constant);
    let Some(DenyTexts { lint, limit }) = &check.denied else {
        return check_at(&check.tokens, &quote!(#private::check), &arguments);
    };
    let lint = lint.as_ref().map_or_else(|| quote!(""), |text| text.unless_exempt(private));
    let (limit, text) = match limit {
        Some((limit, text)) => (*limit, text.unless_exempt(private)),
        None => (u64::MAX, quote!("")),
    };
    check_at(&check.tokens, &quote!(#private::check_denied), &quote!(#arguments, #lint, #limit, #text))
}

/// Generates a `const` that checks one earlier name or scope.
fn former_check(check: &FormerCheck, private: &TokenStream) -> TokenStream {
    let FormerCheck { index, tokens, denied } = check;
    match denied {
        None => check_at(tokens, &quote!(#private::check_former), &quote!(&__SPEC, #index)),
        Some(text) => {
            let text = text.unless_exempt(private);
            check_at(tokens, &quote!(#private::check_former_denied), &quote!(&__SPEC, #index, #text))
        }
    }
}

fn argument_variant(argument: Argument) -> TokenStream {
    match argument {
        Argument::Name => quote!(Name),
        Argument::Path => quote!(Path),
        Argument::Domain => quote!(Domain),
        Argument::MaxAge => quote!(MaxAge),
        Argument::Idle => quote!(Idle),
        Argument::DeviceBound => quote!(DeviceBound),
        _ => quote!(Reason),
    }
}

/// Generates the item `__SPEC`, and the item `__FORMER` for a declaration with `formerly`. The generated code calls
/// `Spec::new`, and then one builder method for each argument that differs from the default.
fn spec_items(declaration: &Declaration, krate: &TokenStream, name: &TokenStream) -> TokenStream {
    let mut spec = quote!(#krate::private::Spec::new(#name));
    let is_explicit = matches!(declaration.name, Name::Literal { explicit: true, .. } | Name::Expression(_));
    let mut with = |call: TokenStream| spec.extend(quote!(.#call));
    if is_explicit {
        with(quote!(explicit_name()));
    }
    match &declaration.path {
        Some(Constant::Literal(path)) => with(quote!(path(#path))),
        // `__PATH` already contains the expression. If `__SPEC` contained a second copy of the expression, the compiler
        // would report each mistake in the expression twice.
        Some(Constant::Expression(_)) if matches!(declaration.name, Name::Derived(_)) => with(quote!(path(__PATH))),
        Some(Constant::Expression(path)) => with(quote!(path(#path))),
        None => {}
    }
    match &declaration.domain {
        Some(DomainSource::Declared(Constant::Literal(domain))) => with(quote!(domain(#domain))),
        Some(DomainSource::Declared(Constant::Expression(domain))) => with(quote!(domain(#domain))),
        Some(DomainSource::Policy) => with(quote!(policy_domain())),
        Some(DomainSource::HostOnly) | None => {}
    }
    match &declaration.max_age {
        Some(Constant::Literal(max_age)) => {
            let seconds = max_age.as_secs();
            with(quote!(max_age(::core::time::Duration::from_secs(#seconds))));
        }
        Some(Constant::Expression(max_age)) => with(quote!(max_age(#max_age))),
        None => {}
    }
    match &declaration.idle {
        Some(Constant::Literal(idle)) => {
            let seconds = idle.as_secs();
            with(quote!(idle(::core::time::Duration::from_secs(#seconds))));
        }
        Some(Constant::Expression(idle)) => with(quote!(idle(#idle))),
        None => {}
    }
    let same_site = match declaration.same_site {
        SameSite::Strict => Some("Strict"),
        SameSite::Lax => None,
        SameSite::None => Some("None"),
    };
    if let Some(word) = same_site {
        let word = Ident::new(word, generated_at(declaration.same_site_span));
        with(quote!(same_site(#krate::SameSite::#word)));
    }
    if !declaration.secure {
        with(quote!(secure(false)));
    }
    if !declaration.http_only {
        with(quote!(http_only(false)));
    }
    if declaration.partitioned {
        with(quote!(partitioned()));
    }
    if declaration.keyed {
        with(quote!(keyed()));
    }
    if declaration.read_only {
        with(quote!(read_only()));
    }
    if let Some(SealArgument { seal, .. }) = &declaration.seal {
        let seal = match seal {
            Seal::Signed => quote!(Signed),
            Seal::Sealed => quote!(Sealed),
        };
        with(quote!(seal(#krate::private::Seal::#seal)));
    }
    if let Some(DeviceBoundArgument { every, is_optional, .. }) = &declaration.device_bound {
        let every = match every {
            None => quote!(#krate::private::DeviceBinding::DEFAULT_EVERY),
            Some(Constant::Literal(every)) => {
                let seconds = every.as_secs();
                quote!(::core::time::Duration::from_secs(#seconds))
            }
            Some(Constant::Expression(every)) => every.clone(),
        };
        let optional = is_optional.then(|| quote!(.optional()));
        with(quote!(device_bound(#krate::private::DeviceBinding::new(#every) #optional)));
    }
    if let Some(reason) = &declaration.reason {
        with(quote!(reason(#reason)));
    }
    let former_item = (!declaration.former.is_empty()).then(|| {
        with(quote!(formerly(__FORMER)));
        let entries = declaration.former.iter().map(|entry| former_expression(entry, krate));
        quote!(const __FORMER: &'static [#krate::private::Former<'static>] = &[#(#entries),*];)
    });
    quote!(#former_item const __SPEC: #krate::private::Spec = #spec;)
}

/// Returns an expression for one earlier name or scope.
fn former_expression(entry: &FormerEntry, krate: &TokenStream) -> TokenStream {
    let private = quote!(#krate::private);
    let text = |text: &Constant<String>| match text {
        Constant::Literal(text) => quote!(#text),
        Constant::Expression(expression) => expression.clone(),
    };
    let mut former = quote!(#private::Former::new());
    let mut with = |call: TokenStream| former.extend(quote!(.#call));
    if let Some(name) = entry.name.as_ref().map(text) {
        with(quote!(name(#name)));
    }
    let domain = match &entry.domain {
        Some(DomainSource::Declared(domain)) => {
            let domain = text(domain);
            Some(quote!(Domain(#domain)))
        }
        Some(DomainSource::Policy) => Some(quote!(Policy)),
        Some(DomainSource::HostOnly) => Some(quote!(HostOnly)),
        None => None,
    };
    if let Some(domain) = domain {
        with(quote!(domain(#private::FormerDomain::#domain)));
    }
    if let Some(path) = entry.path.as_ref().map(text) {
        with(quote!(path(#path)));
    }
    if let Some(partitioned) = entry.partitioned {
        with(quote!(partitioned(#partitioned)));
    }
    if entry.raw {
        with(quote!(raw()));
    }
    if entry.unsigned {
        with(quote!(unsigned()));
    }
    if let Some(until) = &entry.until {
        with(quote!(until(#private::day(#until))));
    }
    former
}

/// The name and the attributes of a `Set-Cookie` header. Every part of the header is a literal.
struct LiteralHeader<'a> {
    name: &'a str,
    attributes: String,
}

fn literal_header(declaration: &Declaration) -> Option<LiteralHeader<'_>> {
    if !declaration.is_literal() {
        return None;
    }
    let spec = declaration.spec();
    let mut attributes = vec![0; wire::write_attributes(&spec, None, &mut [])];
    wire::write_attributes(&spec, None, &mut attributes);
    Some(LiteralHeader { name: spec.name, attributes: String::from_utf8(attributes).unwrap_or_default() })
}

/// Returns the cookie's name as Markdown, for the docs of a method.
pub(crate) fn name_for_docs(declaration: &Declaration) -> String {
    match &declaration.name {
        Name::Literal { text, .. } => format!("`{text}`"),
        Name::Derived(base) => format!("`{base}`, with the prefix that its path allows"),
        Name::Expression(name) => format!("the cookie whose name is `{name}`"),
    }
}

/// Returns the `Set-Cookie` header as Markdown, with `…` instead of the value. If a part of the header is a constant
/// expression, returns only the name.
pub(crate) fn header_for_docs(declaration: &Declaration) -> String {
    match literal_header(declaration) {
        Some(LiteralHeader { name, attributes }) => match declaration.domain {
            Some(DomainSource::Policy) => format!("`{name}=…{attributes}`, with the policy's `Domain`"),
            Some(DomainSource::Declared(_) | DomainSource::HostOnly) | None => format!("`{name}=…{attributes}`"),
        },
        None => name_for_docs(declaration),
    }
}
