//! What the user meant: a cookie, a value, a set of cookies. Judges shapes; what the arguments mean together is
//! `check`'s. What is unknown after an error expands to something that breaks nothing else.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt as _;
use syn::{Attribute, Data, DeriveInput, Fields, Generics, Ident, Member, Token, Type, Visibility};

use crate::attrs::{self, Arguments};
use crate::errors::Errors;
use crate::keys::Place;
use crate::names::{self, Case};

/// A type that derives `Cookie`.
pub(crate) struct Cookie<'a> {
    pub(crate) value: Value<'a>,
    pub(crate) arguments: Arguments,
    pub(crate) default_name: DefaultName,
    pub(crate) origin: Origin<'a>,
}

/// Where a declaration stands, for the inventory.
pub(crate) struct Origin<'a> {
    /// `Theme`, or `ShopCookies::theme`.
    pub(crate) item: String,
    pub(crate) span: Span,
    pub(crate) attributes: &'a [Attribute],
}

/// A type that derives `CookieValue`, or the value side of one that derives `Cookie`.
pub(crate) struct Value<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) generics: &'a Generics,
    pub(crate) shape: Shape<'a>,
    pub(crate) krate: TokenStream,
}

/// How the type holds its value.
pub(crate) enum Shape<'a> {
    /// One field.
    Field { member: Member, ty: &'a Type },
    /// A fieldless enum: each variant and its text.
    Variants(Vec<(&'a Ident, String)>),
    /// Whatever serde writes and reads: the type itself, or the one field of a marker. And the key that says so.
    Json { key: Span, field: Option<&'a Type> },
    /// A unit struct: present or not.
    Presence,
    /// An error was found; nothing is known.
    Unknown,
}

/// The name that a declaration gets without a `name`.
pub(crate) struct DefaultName {
    /// In snake case, without a prefix.
    pub(crate) text: String,
    pub(crate) span: Span,
}

/// A `#[cookies]` struct.
pub(crate) struct Set<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) visibility: &'a Visibility,
    /// The user's own `struct`: what rustc says of the item stands there.
    pub(crate) token: &'a Token![struct],
    pub(crate) attributes: Vec<&'a Attribute>,
    pub(crate) fields: Vec<Field<'a>>,
    pub(crate) krate: TokenStream,
}

/// One cookie of a `#[cookies]` struct.
pub(crate) struct Field<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) visibility: &'a Visibility,
    pub(crate) ty: &'a Type,
    /// Docs, `cfg` and the like: what goes on everything that the field becomes.
    pub(crate) attributes: Vec<&'a Attribute>,
    pub(crate) arguments: Arguments,
    pub(crate) default_name: DefaultName,
    pub(crate) origin: Origin<'a>,
    /// Methods that an earlier field has, after the error that says so.
    pub(crate) omitted: Vec<Ident>,
}

impl Field<'_> {
    /// Whether the field's type brings its own declaration.
    pub(crate) fn is_existing(&self) -> bool {
        self.arguments.existing.is_some()
    }

    /// What must be on everything that names the field's items.
    pub(crate) fn cfgs(&self) -> impl Iterator<Item = &&Attribute> {
        self.attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"))
    }
}

pub(crate) fn cookie<'a>(input: &'a DeriveInput, errors: &mut Errors) -> Cookie<'a> {
    let arguments = attrs::of(&input.attrs, Place::Cookie, errors);
    let value = value_side(input, &arguments, "a cookie", errors);
    let default_name = default_name(&input.ident);
    let item = input.ident.unraw().to_string();
    let origin = Origin { item, span: input.ident.span(), attributes: &input.attrs };
    Cookie { value, arguments, default_name, origin }
}

pub(crate) fn value<'a>(input: &'a DeriveInput, errors: &mut Errors) -> Value<'a> {
    let arguments = attrs::of(&input.attrs, Place::Value, errors);
    let mut value = value_side(input, &arguments, "a cookie's value", errors);
    if matches!(value.shape, Shape::Presence) {
        errors.push_on(&input.ident, "a unit struct has no value; derive `Cookie` for a cookie that is present or not");
        value.shape = Shape::Unknown;
    }
    value
}

pub(crate) fn set<'a>(input: &'a DeriveInput, arguments: TokenStream, errors: &mut Errors) -> Option<Set<'a>> {
    const REMEDY: &str = "`#[cookies]` goes on a struct with named fields, one for each cookie";
    let data = match &input.data {
        Data::Struct(data) => data,
        Data::Enum(data) => {
            errors.push(data.enum_token.span, format_args!("{REMEDY}; write `struct`"));
            return None;
        }
        Data::Union(data) => {
            errors.push(data.union_token.span, format_args!("{REMEDY}; write `struct`"));
            return None;
        }
    };
    let Fields::Named(named) = &data.fields else {
        errors.push_on(&input.ident, format_args!("{REMEDY}; name them, or derive `Cookie` for a single one"));
        return None;
    };
    if !input.generics.params.is_empty() {
        errors.push_on(
            &input.generics,
            "a set of cookies has no parameters of its own: the scheme becomes one; remove them",
        );
        return None;
    }
    let arguments = attrs::of_set(arguments, errors);
    let attributes = input.attrs.iter().filter(|attribute| keep_on_set(attribute, errors)).collect();
    let mut fields: Vec<_> = named.named.iter().filter_map(|field| set_field(&input.ident, field, errors)).collect();
    // After an error a field may be there that does not parse.
    if fields.is_empty() && errors.count() == 0 {
        errors.push_on(&input.ident, "the set has no cookies; write a field for each");
    }
    refuse_clashing_methods(&mut fields, errors);
    Some(Set {
        ident: &input.ident,
        visibility: &input.vis,
        token: &data.struct_token,
        attributes,
        fields,
        krate: krate(&arguments),
    })
}

/// Whether this is `#[cookies]`, by whatever path.
fn is_cookies(attribute: &Attribute) -> bool {
    attribute.path().segments.last().is_some_and(|last| last.ident == "cookies")
}

/// Refuses a derive above `#[cookies]`, which declares all that the struct holds.
pub(crate) fn refuse_set(input: &DeriveInput, errors: &mut Errors) -> bool {
    let has_fields = matches!(&input.data, Data::Struct(data) if matches!(data.fields, Fields::Named(_)));
    let set = input.attrs.iter().find(|attribute| has_fields && is_cookies(attribute));
    if let Some(set) = set {
        errors.push_on(set, "`#[cookies]` declares each field; remove the derive above it");
    }
    set.is_some()
}

/// What no jar is, so that no view of one can have it derived.
const UNDERIVABLE: [&str; 9] =
    ["Cookie", "CookieValue", "Copy", "Default", "Eq", "Hash", "Ord", "PartialEq", "PartialOrd"];

/// Refuses derives of what we provide, and our own attribute in the wrong place.
fn keep_on_set(attribute: &Attribute, errors: &mut Errors) -> bool {
    if attribute.path().is_ident("cookie") {
        errors.push_on(attribute.path(), "`#[cookie(…)]` declares one cookie; move it to the field");
        return false;
    }
    if is_cookies(attribute) {
        errors.push_on(attribute, "`#[cookies]` is written twice; remove one of the two");
        return false;
    }
    if attribute.path().is_ident("derive") {
        let before = errors.count();
        let nested = attribute.parse_nested_meta(|derive| {
            let provided = ["Clone", "Debug"];
            if let Some(last) = derive.path.segments.last() {
                if provided.iter().any(|name| last.ident == name) {
                    errors.push_on(
                        &derive.path,
                        format_args!("`#[cookies]` provides `{}`; remove it from the derive", last.ident),
                    );
                } else if UNDERIVABLE.iter().any(|name| last.ident == name) {
                    errors.push_on(
                        &derive.path,
                        "the struct becomes a view of a request's cookies, which this cannot be derived for; remove it",
                    );
                }
            }
            Ok(())
        });
        if let Err(error) = nested {
            errors.push_parse(error);
        }
        return errors.count() == before;
    }
    true
}

/// Attributes of a field that go on everything which it becomes.
const PASSED_ON: [&str; 7] = ["allow", "cfg", "cfg_attr", "deprecated", "doc", "expect", "warn"];

fn mentions_cookie(attribute: &Attribute) -> bool {
    let mut tokens = attribute.meta.to_token_stream().into_iter();
    tokens.any(|token| match token {
        TokenTree::Group(group) => {
            group.stream().into_iter().any(|token| matches!(&token, TokenTree::Ident(ident) if ident == "cookie"))
        }
        TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

fn set_field<'a>(set: &Ident, field: &'a syn::Field, errors: &mut Errors) -> Option<Field<'a>> {
    let ident = field.ident.as_ref()?;
    let arguments = attrs::of(&field.attrs, Place::Field, errors);
    refuse_default(field, errors);
    refuse_borrowed(&field.ty, errors);
    if arguments.existing.is_some() {
        for (key, span) in arguments.written() {
            if !matches!(key, crate::keys::Key::Existing | crate::keys::Key::ReadOnly) {
                errors.push(
                    span,
                    format_args!(
                        "`existing` brings its own declaration; move `{}` to the type, or remove it",
                        key.word()
                    ),
                );
            }
        }
    }
    let mut attributes = Vec::new();
    for attribute in &field.attrs {
        let path = attribute.path();
        if path.is_ident("cfg_attr") && mentions_cookie(attribute) {
            errors.push_on(
                path,
                "`#[cookie(…)]` cannot hang on a `cfg` here; write the field twice, each under its `cfg`",
            );
        } else if PASSED_ON.iter().any(|known| path.is_ident(known)) {
            attributes.push(attribute);
        } else if !path.is_ident("cookie") {
            errors.push_on(path, "this attribute has no place on a cookie's field; remove it");
        }
    }
    let default_name = default_name(ident);
    let item = format!("{}::{}", set.unraw(), ident.unraw());
    Some(Field {
        origin: Origin { item, span: ident.span(), attributes: &field.attrs },
        ident,
        visibility: &field.vis,
        ty: &field.ty,
        attributes,
        arguments,
        default_name,
        omitted: Vec::new(),
    })
}

/// Refuses a field whose methods have the name of another's, or of the list of all.
fn refuse_clashing_methods(fields: &mut [Field<'_>], errors: &mut Errors) {
    let mut taken: Vec<(Ident, &Ident)> = Vec::new();
    for field in fields {
        let methods = methods(field.ident);
        let clash = |method: &Ident| taken.iter().find(|(other, of)| other == method && field.ident != *of);
        field.omitted = methods.iter().filter(|method| clash(method).is_some()).cloned().collect();
        if let Some((method, of)) = methods.iter().find_map(clash) {
            errors.push_on(
                field.ident,
                format_args!("the field `{of}` and this one would both have a method `{method}`; rename one of them"),
            );
        }
        if field.ident.unraw() == "SPECS" {
            errors
                .push_on(field.ident, "the set has a `SPECS` already, the list of its declarations; rename the field");
            field.omitted.push(field.ident.clone());
        }
        taken.extend(methods.into_iter().map(|method| (method, field.ident)));
    }
}

/// The methods of a field: getter, setter, setter with, remover, remover with.
pub(crate) fn methods(field: &Ident) -> [Ident; 5] {
    let name = field.unraw();
    let span = field.span();
    [
        field.clone(),
        Ident::new(&format!("set_{name}"), span),
        Ident::new(&format!("set_{name}_with"), span),
        Ident::new(&format!("remove_{name}"), span),
        Ident::new(&format!("remove_{name}_with"), span),
    ]
}

fn value_side<'a>(input: &'a DeriveInput, arguments: &Arguments, what: &str, errors: &mut Errors) -> Value<'a> {
    let shape = match &input.data {
        _ if arguments.json.is_some() => json_shape(input, arguments, errors),
        Data::Struct(data) => struct_shape(input, &data.fields, what, errors),
        Data::Enum(data) => {
            let case = arguments.rename_all.as_ref().map_or(Case::Kebab, |given| given.value);
            enum_shape(input, data, case, what, errors)
        }
        Data::Union(data) => {
            errors.push(data.union_token.span, format_args!("a union cannot be {what}; write a struct of one field"));
            Shape::Unknown
        }
    };
    if let (Some(given), Data::Struct(_), None) = (&arguments.rename_all, &input.data, &arguments.json) {
        errors.push(given.key, "`rename_all` spells the variants of a fieldless enum, and this is a struct; remove it");
    }
    Value { ident: &input.ident, generics: &input.generics, shape, krate: krate(arguments) }
}

/// Whatever it is, it is serde's.
fn json_shape<'a>(input: &DeriveInput, arguments: &Arguments, errors: &mut Errors) -> Shape<'a> {
    if let Some(given) = &arguments.rename_all {
        errors.push(given.key, "with `json` serde spells the names; write `#[serde(rename_all = …)]`");
    }
    let fields: Vec<&syn::Field> = match &input.data {
        Data::Struct(data) => data.fields.iter().collect(),
        Data::Enum(data) => {
            for variant in &data.variants {
                refuse_attributes(&variant.attrs, SERDE_S, errors);
            }
            data.variants.iter().flat_map(|variant| &variant.fields).collect()
        }
        Data::Union(data) => data.fields.named.iter().collect(),
    };
    for field in fields {
        refuse_default(field, errors);
        refuse_attributes(&field.attrs, SERDE_S, errors);
    }
    arguments.json.as_ref().map_or(Shape::Unknown, |given| Shape::Json { key: given.key, field: None })
}

const SERDE_S: &str = "with `json` what is inside is serde's; write `#[serde(…)]`, or remove it";

/// Refuses our attribute where it says nothing.
fn refuse_attributes(attributes: &[Attribute], text: &str, errors: &mut Errors) {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("cookie")) {
        errors.push_on(attribute.path(), text);
    }
}

fn struct_shape<'a>(input: &'a DeriveInput, fields: &'a Fields, what: &str, errors: &mut Errors) -> Shape<'a> {
    for field in fields {
        refuse_default(field, errors);
        refuse_attributes(&field.attrs, "`#[cookie(…)]` goes on the type; move it there", errors);
    }
    let mut all = fields.iter();
    let (Some(field), second) = (all.next(), all.next()) else {
        return Shape::Presence;
    };
    if let Some(second) = second {
        errors.push_on(
            second.ident.as_ref().map_or_else(|| second.ty.to_token_stream(), ToTokens::to_token_stream),
            format_args!(
                "{what} has one field, and `{}` has several; wrap one type that implements `CookieValue`",
                input.ident
            ),
        );
        return Shape::Unknown;
    }
    if refuse_borrowed(&field.ty, errors) {
        return Shape::Unknown;
    }
    let member = field.ident.clone().map_or(Member::from(0), Member::from);
    Shape::Field { member, ty: &field.ty }
}

fn enum_shape<'a>(
    input: &'a DeriveInput,
    data: &'a syn::DataEnum,
    case: Case,
    what: &str,
    errors: &mut Errors,
) -> Shape<'a> {
    let before = errors.count();
    if data.variants.is_empty() {
        errors.push_on(&input.ident, format_args!("an enum without variants has no value; {what} needs one at least"));
    }
    let mut variants: Vec<(&Ident, String)> = Vec::new();
    for variant in &data.variants {
        let arguments = attrs::of(&variant.attrs, Place::Variant, errors);
        if !matches!(variant.fields, Fields::Unit) {
            errors.push_on(
                &variant.fields,
                format_args!("a variant with fields cannot be {what}; remove them, or implement `CookieValue` by hand"),
            );
        }
        let text = match &arguments.rename {
            Some(given) => given.value.clone(),
            None => case.variant(&variant.ident.unraw().to_string()),
        };
        if let Some((other, _)) = variants.iter().find(|(_, other)| *other == text) {
            let on = arguments.rename.map_or_else(|| variant.ident.to_token_stream(), |given| given.tokens);
            errors.push_on(on, format_args!("`{other}` is written `{text}` too; give one of them another `rename`"));
        }
        variants.push((&variant.ident, text));
    }
    if errors.count() > before { Shape::Unknown } else { Shape::Variants(variants) }
}

/// syn parses `a: u8 = 1`, which stable Rust does not take, and which would say nothing here.
fn refuse_default(field: &syn::Field, errors: &mut Errors) {
    if let Some((equals, _)) = &field.default {
        errors.push_on(
            equals,
            "a cookie's field has no default value: a cookie that is absent reads as `None`; remove it",
        );
    }
}

fn refuse_borrowed(ty: &Type, errors: &mut Errors) -> bool {
    if let Type::Reference(reference) = ty {
        let [and] = reference.and_token.spans;
        errors.push(and, "a cookie's value is read into a type that owns it; use `String`, or `Cow` with the lifetime");
        return true;
    }
    false
}

fn default_name(ident: &Ident) -> DefaultName {
    DefaultName { text: names::snake(&ident.unraw().to_string()), span: ident.span() }
}

fn krate(arguments: &Arguments) -> TokenStream {
    match &arguments.krate {
        Some(given) => given.tokens.clone(),
        None => quote!(::hardtack),
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use crate::pipeline;

    #[test]
    fn a_derive_of_others_stays_on_a_set() {
        let set = pipeline::cookies(
            quote!(),
            quote!(
                #[derive(theirs::Marker)]
                struct Shop {
                    cart: u32,
                }
            ),
        )
        .to_string();
        assert!(set.contains("# [derive (theirs :: Marker)]") && !set.contains("compile_error"), "{set}");
    }
}
