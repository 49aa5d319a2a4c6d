//! A declaration as impls: `ReadCookie` with its constants, `Cookie`, and what the declaration allows beyond them.

use hardtack_rules::check::Argument;
use hardtack_rules::{Prefix, SameSite, Seal, wire};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Meta;

use super::spans::{at_span, beneath, ends};
use super::value::{Bodies, bodies, where_clause};
use crate::declaration::{Constant, Declaration, Denied, Name, Scope, Sealing};
use crate::deny::tracked;
use crate::model::{Cookie, Origin, Shape, Value};

/// `#[derive(Cookie)]`.
pub(crate) fn derived(cookie: &Cookie<'_>, declaration: &Declaration) -> TokenStream {
    let impls = impls(&cookie.value, declaration, &cookie.origin);
    quote! {
        const _: () = {
            #impls
        };
    }
}

/// The impls of one declaration, in a block of their own.
pub(crate) fn impls(value: &Value<'_>, declaration: &Declaration, origin: &Origin<'_>) -> TokenStream {
    let Value { ident, krate, .. } = value;
    let Bodies { write, read } = bodies(&value.shape, value.generics, krate);
    let Constants { items, spec, head, attributes, scope } = constants(declaration, krate);
    let (impl_generics, type_generics, _) = value.generics.split_for_impl();
    let where_clause = where_clause(value);
    let marker = |name: TokenStream| {
        quote! {
            #[automatically_derived]
            #[allow(deprecated)]
            impl #impl_generics #krate::#name for #ident #type_generics #where_clause {}
        }
    };
    let set = (!declaration.read_only).then(|| marker(quote!(Cookie)));
    let secure = declaration.secure;
    let http_only = declaration.http_only;
    let listed = listed(declaration, origin, krate, &spec);
    // The runtime knows whether it can: a macro sees no features.
    let ask = |key: Span, gate: TokenStream| {
        let key = beneath(key);
        // On the key from end to end: rustc joins the first and the last token.
        let (krate, gate) = (at_span(krate.clone(), key), at_span(gate, key));
        quote_spanned!(key=> #krate::#gate!();)
    };
    let seals = declaration.seal.map(|Sealing { span, .. }| ask(span, quote!(__seal)));
    let json = match &value.shape {
        Shape::Json { key, .. } => Some(ask(*key, quote!(__json))),
        _ => None,
    };
    let tracked = tracked();
    quote! {
        #tracked
        #items
        #listed
        #seals
        #json
        #[automatically_derived]
        #[allow(deprecated)]
        impl #impl_generics #krate::ReadCookie for #ident #type_generics #where_clause {
            const DECLARATION: #krate::Spec = #spec;
            const WIRE: #krate::private::Wire = #krate::private::Wire::new(#head, #attributes);
            type Scope = #krate::private::NameKind<#scope>;
            type Transport = #krate::private::Transport<#secure>;
            type Audience = #krate::private::Audience<#http_only>;
            fn write_value(&self, __out: &mut #krate::ValueWriter) {
                #write
            }
            fn read_value(__text: &::core::primitive::str) -> #krate::private::Read<Self> {
                #read
            }
        }
        #set
    }
}

/// What the inventory has of the declaration, where its feature is on: a macro sees none, the runtime's own does.
fn listed(
    declaration: &Declaration,
    origin: &Origin<'_>,
    krate: &TokenStream,
    spec: &TokenStream,
) -> Option<TokenStream> {
    if declaration.is_refused {
        return None;
    }
    let Origin { item, span, attributes } = origin;
    let docs = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(doc) if doc.path.is_ident("doc") => Some(&doc.value),
        _ => None,
    });
    // On the user's own span: the place that these tell.
    let place = quote_spanned!(*span=> ::core::file!(), ::core::line!());
    Some(quote!(#krate::__declared!(#item, #spec, [#(#docs),*], #place);))
}

/// The constants of an impl: joined by the macro where it sees everything, else in `const` items.
struct Constants {
    items: TokenStream,
    spec: TokenStream,
    head: TokenStream,
    attributes: TokenStream,
    scope: TokenStream,
}

fn constants(declaration: &Declaration, krate: &TokenStream) -> Constants {
    match seen(declaration) {
        Some(seen) => {
            let spec = spec_tokens(declaration, krate, &seen.name.to_token_stream());
            let head = format!("{}=", seen.name);
            let attributes = seen.attributes;
            let scope = Prefix::of(seen.name).is_some_and(Prefix::is_host_only);
            Constants {
                items: TokenStream::new(),
                spec,
                head: quote!(#head),
                attributes: quote!(#attributes),
                scope: quote!(#scope),
            }
        }
        None => by_const(declaration, krate),
    }
}

fn by_const(declaration: &Declaration, krate: &TokenStream) -> Constants {
    let private = quote!(#krate::private);
    let (before, name) = match &declaration.name {
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
    let spec = spec_tokens(declaration, krate, &name);
    let path_is_constant = matches!(declaration.path, Some(Constant::Expression(_)));
    let questions = declaration.questions.iter().map(|question| {
        let at = variant(question.at);
        let (start, end) = ends(&question.tokens);
        let (call, arguments) = match &question.denied {
            None => (quote!(check), TokenStream::new()),
            Some(Denied { lint, limit }) => {
                let (limit, over) = limit.as_ref().map_or((u64::MAX, ""), |(limit, over)| (*limit, over));
                (quote!(check_denied), quote!(, #lint, #limit, #over))
            }
        };
        let call = quote!(#private::#call);
        let call = quote_spanned!(start=> (#call));
        let arguments = quote!(&__SPEC, #private::Argument::#at, #path_is_constant #arguments);
        let arguments = quote_spanned!(end=> (#arguments));
        quote!(const _: () = #call #arguments;)
    });
    Constants {
        items: quote! {
            #before
            const __SPEC: #krate::Spec = #spec;
            #(#questions)*
            const __HEAD: &[::core::primitive::u8] = &#private::join::<{ __SPEC.name.len() + 1 }>(__SPEC.name, "=");
            const __ATTRIBUTES: &[::core::primitive::u8] =
                &#private::attributes::<{ #private::attributes_length(&__SPEC) }>(&__SPEC);
        },
        spec: quote!(__SPEC),
        head: quote!(#private::text(__HEAD)),
        attributes: quote!(#private::text(__ATTRIBUTES)),
        scope: quote!({ #private::is_host_only(__SPEC.name) }),
    }
}

/// The `Spec` as an expression: the strict default and what differs from it.
fn spec_tokens(declaration: &Declaration, krate: &TokenStream, name: &TokenStream) -> TokenStream {
    let mut spec = quote!(#krate::Spec::new(#name));
    let explicit = matches!(declaration.name, Name::Literal { explicit: true, .. } | Name::Expression(_));
    let mut with = |call: TokenStream| spec.extend(quote!(.#call));
    if explicit {
        with(quote!(explicit_name()));
    }
    match &declaration.path {
        Some(Constant::Literal(path)) => with(quote!(path(#path))),
        // The prefix asked for it already: a mistake in it is one error.
        Some(Constant::Expression(_)) if matches!(declaration.name, Name::Derived(_)) => with(quote!(path(__PATH))),
        Some(Constant::Expression(path)) => with(quote!(path(#path))),
        None => {}
    }
    match &declaration.domain {
        Some(Scope::Domain(Constant::Literal(domain))) => with(quote!(domain(#domain))),
        Some(Scope::Domain(Constant::Expression(domain))) => with(quote!(domain(#domain))),
        Some(Scope::Environment) => with(quote!(environment_domain())),
        None => {}
    }
    match &declaration.max_age {
        Some(Constant::Literal(max_age)) => {
            let seconds = max_age.as_secs();
            with(quote!(max_age(::core::time::Duration::from_secs(#seconds))));
        }
        Some(Constant::Expression(max_age)) => with(quote!(max_age(#max_age))),
        None => {}
    }
    let same_site = match declaration.same_site {
        SameSite::Strict => Some("Strict"),
        SameSite::Lax => None,
        SameSite::None => Some("None"),
    };
    if let Some(word) = same_site {
        let word = Ident::new(word, beneath(declaration.same_site_span));
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
    if declaration.read_only {
        with(quote!(read_only()));
    }
    if let Some(Sealing { seal, .. }) = &declaration.seal {
        let seal = match seal {
            Seal::Signed => quote!(Signed),
            Seal::Sealed => quote!(Sealed),
        };
        with(quote!(seal(#krate::Seal::#seal)));
    }
    if let Some(reason) = &declaration.reason {
        with(quote!(reason(#reason)));
    }
    spec
}

/// A declaration of which the macro sees all.
struct Seen<'a> {
    name: &'a str,
    attributes: String,
}

fn seen(declaration: &Declaration) -> Option<Seen<'_>> {
    if !declaration.is_seen() {
        return None;
    }
    let spec = declaration.spec();
    let mut attributes = vec![0; wire::attributes(&spec, None, &mut [])];
    wire::attributes(&spec, None, &mut attributes);
    Some(Seen { name: spec.name, attributes: String::from_utf8(attributes).unwrap_or_default() })
}

/// The line with `…` for the value, for the docs of a setter.
pub(crate) fn wire_form(declaration: &Declaration) -> String {
    match seen(declaration) {
        Some(seen) if matches!(declaration.domain, Some(Scope::Environment)) => {
            format!("{}=…{} (and the policy's Domain)", seen.name, seen.attributes)
        }
        Some(seen) => format!("{}=…{}", seen.name, seen.attributes),
        None => match &declaration.name {
            Name::Literal { text, .. } => format!("{text}=…"),
            Name::Derived(base) => format!("{base}=… under the prefix that its path allows"),
            Name::Expression(name) => format!("{{{name}}}=…"),
        },
    }
}

fn variant(at: Argument) -> TokenStream {
    match at {
        Argument::Name => quote!(Name),
        Argument::Path => quote!(Path),
        Argument::Domain => quote!(Domain),
        Argument::MaxAge => quote!(MaxAge),
        _ => quote!(Reason),
    }
}
