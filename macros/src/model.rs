//! Builds a model of the item that the user wrote, and checks the shape of the item. The item is a type that derives
//! `Cookie`, a type that derives `CookieValue`, or a `#[cookies]` struct. Later, the module `check` checks the
//! arguments of the attributes.
//!
//! Even if the item has an error, this module returns a complete model. So the macro can still generate code, and the
//! generated code causes no further errors.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt as _;
use syn::{Attribute, Data, DeriveInput, Fields, Generics, Ident, Member, Token, Type, Visibility};

use crate::attrs::{self, Arguments};
use crate::errors::Errors;
use crate::keys::{AttributeKey, Target};
use crate::names::{self, Case};
use crate::words::Words;

/// A type that derives `Cookie`.
pub(crate) struct CookieType<'a> {
    pub(crate) value: ValueType<'a>,
    pub(crate) arguments: Arguments,
    pub(crate) default_name: DefaultName,
    pub(crate) origin: Origin<'a>,
}

/// The place of a declaration in the user's source. The inventory of declared cookies stores the place of each
/// declaration.
pub(crate) struct Origin<'a> {
    /// The path of the type or field inside its module: `Theme` or `ShopCookies::theme`.
    pub(crate) item: String,
    pub(crate) span: Span,
    /// All attributes of the type or field. The inventory uses only the doc comments of the type or field.
    pub(crate) attributes: &'a [Attribute],
}

/// A type whose values can be written to a cookie and read from a cookie. The type derives `CookieValue` or `Cookie`,
/// or is the marker type that the macro generates for a field of a `#[cookies]` struct.
pub(crate) struct ValueType<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) generics: &'a Generics,
    pub(crate) shape: Shape<'a>,
    /// The path of the crate `hardtack`.
    pub(crate) krate: TokenStream,
}

/// The shape of a cookie type or value type, for example a struct with one field, or a fieldless enum.
pub(crate) enum Shape<'a> {
    /// A struct with one field. The field is the value.
    Field { member: Member, ty: &'a Type },
    /// A fieldless enum. The list contains each variant and the variant's text in the cookie.
    Variants(Vec<(&'a Ident, String)>),
    /// A value that serde writes as JSON. If `field` is `None`, serde writes the whole type. Otherwise the type is a
    /// marker type, and serde writes only the field of the marker type. `key` is the span of the key `json`.
    Json { key: Span, field: Option<&'a Type> },
    /// A unit struct. The cookie is either present with the value `1` or absent.
    Presence,
    /// The shape is unknown, because the item has an error.
    Unknown,
}

/// The default name of a cookie. A cookie has the default name if the cookie's declaration does not contain the key
/// `name`.
pub(crate) struct DefaultName {
    /// The name of the type or field in snake case, without a prefix.
    pub(crate) text: String,
    pub(crate) span: Span,
}

/// A `#[cookies]` struct.
pub(crate) struct CookieSet<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) visibility: &'a Visibility,
    /// The `struct` keyword that the user wrote. rustc shows errors about the whole set at this keyword.
    pub(crate) token: &'a Token![struct],
    pub(crate) attributes: Vec<&'a Attribute>,
    pub(crate) fields: Vec<CookieField<'a>>,
    /// The path of the crate `hardtack`.
    pub(crate) krate: TokenStream,
    /// The words of the struct. A generated name must not hide any of these words.
    pub(crate) words: Words,
}

/// A field of a `#[cookies]` struct. Each field is one cookie.
pub(crate) struct CookieField<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) visibility: &'a Visibility,
    pub(crate) ty: &'a Type,
    /// The field's attributes that the macro copies to every method of the field. Examples are docs and `cfg`.
    pub(crate) attributes: Vec<&'a Attribute>,
    pub(crate) arguments: Arguments,
    pub(crate) default_name: DefaultName,
    pub(crate) origin: Origin<'a>,
    /// The methods that the macro does not generate for the field, because their names are already taken. The macro
    /// reports an error for each of these methods.
    pub(crate) omitted: Vec<Ident>,
}

impl CookieField<'_> {
    /// Returns true if the field's type contains the declaration of the cookie.
    pub(crate) fn is_existing(&self) -> bool {
        self.arguments.existing.is_some()
    }

    /// Returns the `cfg` attributes of the field. All generated code for the field must have the field's `cfg`
    /// attributes too.
    pub(crate) fn cfgs(&self) -> impl Iterator<Item = &&Attribute> {
        self.attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"))
    }
}

/// Builds the model of a type that derives `Cookie`.
pub(crate) fn cookie_type<'a>(input: &'a DeriveInput, errors: &mut Errors) -> CookieType<'a> {
    let arguments = attrs::parse_cookie_attributes(&input.attrs, Target::CookieType, errors);
    let value = value_of_type(input, &arguments, "a cookie", errors);
    let default_name = default_name(&input.ident);
    let item = input.ident.unraw().to_string();
    let origin = Origin { item, span: input.ident.span(), attributes: &input.attrs };
    CookieType { value, arguments, default_name, origin }
}

/// Builds the model of a type that derives `CookieValue`.
pub(crate) fn value_type<'a>(input: &'a DeriveInput, errors: &mut Errors) -> ValueType<'a> {
    let arguments = attrs::parse_cookie_attributes(&input.attrs, Target::ValueType, errors);
    let mut value = value_of_type(input, &arguments, "a cookie's value", errors);
    if matches!(value.shape, Shape::Presence) {
        errors.push_on(&input.ident, "a unit struct has no value; derive `Cookie` for a cookie that is present or not");
        value.shape = Shape::Unknown;
    }
    value
}

/// Builds the model of a `#[cookies]` struct. If the item cannot become a set, reports an error and returns `None`.
pub(crate) fn cookie_set<'a>(
    input: &'a DeriveInput,
    arguments: TokenStream,
    errors: &mut Errors,
) -> Option<CookieSet<'a>> {
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
    let arguments = attrs::parse_set_arguments(arguments, errors);
    let attributes = input.attrs.iter().filter(|attribute| is_allowed_on_set(attribute, errors)).collect();
    let mut fields: Vec<_> = named.named.iter().filter_map(|field| cookie_field(&input.ident, field, errors)).collect();
    // After a parse error, the recovered struct can have no fields, although the user wrote fields. So the macro
    // reports an empty set only if there is no other error.
    if fields.is_empty() && errors.count() == 0 {
        errors.push_on(&input.ident, "the set has no cookies; write a field for each");
    }
    reject_clashing_methods(&mut fields, errors);
    let krate = crate_path(&arguments);
    Some(CookieSet {
        ident: &input.ident,
        visibility: &input.vis,
        token: &data.struct_token,
        attributes,
        fields,
        words: Words::new(input, &krate),
        krate,
    })
}

/// Returns true if the attribute is `#[cookies]`, with or without a path such as `hardtack::` before the name.
fn is_cookies(attribute: &Attribute) -> bool {
    attribute.path().segments.last().is_some_and(|last| last.ident == "cookies")
}

/// Rejects a derive above `#[cookies]`, because only the fields declare cookies, and the struct does not. Returns true
/// if the struct has a derive above `#[cookies]`.
pub(crate) fn reject_derive_on_set(input: &DeriveInput, errors: &mut Errors) -> bool {
    let has_fields = matches!(&input.data, Data::Struct(data) if matches!(data.fields, Fields::Named(_)));
    let set = input.attrs.iter().find(|attribute| has_fields && is_cookies(attribute));
    if let Some(set) = set {
        errors.push_on(set, "`#[cookies]` declares each field; remove the derive above it");
    }
    set.is_some()
}

/// The traits that cannot be derived for a set, because a set is a view of a cookie jar.
const UNDERIVABLE: [&str; 9] =
    ["Cookie", "CookieValue", "Copy", "Default", "Eq", "Hash", "Ord", "PartialEq", "PartialOrd"];

/// Returns true if the attribute can stay on the struct. The function rejects three kinds of attributes:
///
/// - `#[cookie(…)]`
/// - a second `#[cookies]`
/// - a derive of a trait that the set already implements or cannot implement
fn is_allowed_on_set(attribute: &Attribute, errors: &mut Errors) -> bool {
    if attribute.path().is_ident("cookie") {
        errors.push_on(attribute.path(), "`#[cookie(…)]` declares one cookie; move it to the field");
        return false;
    }
    if is_cookies(attribute) {
        errors.push_on(attribute, "`#[cookies]` is written twice; remove one of the two");
        return false;
    }
    if attribute.path().is_ident("derive") {
        const PROVIDED: [&str; 2] = ["Clone", "Debug"];
        let before = errors.count();
        let nested = attribute.parse_nested_meta(|derive| {
            if let Some(last) = derive.path.segments.last() {
                if PROVIDED.iter().any(|name| last.ident == name) {
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

/// The attributes that the macro copies from a field to the field's methods.
const PASSED_ON: [&str; 7] = ["allow", "cfg", "cfg_attr", "deprecated", "doc", "expect", "warn"];

/// Returns true if the `cfg_attr` contains `cookie(…)`.
fn contains_cookie(attribute: &Attribute) -> bool {
    let mut tokens = attribute.meta.to_token_stream().into_iter();
    tokens.any(|token| match token {
        TokenTree::Group(group) => {
            group.stream().into_iter().any(|token| matches!(&token, TokenTree::Ident(ident) if ident == "cookie"))
        }
        TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

fn cookie_field<'a>(set: &Ident, field: &'a syn::Field, errors: &mut Errors) -> Option<CookieField<'a>> {
    let ident = field.ident.as_ref()?;
    let arguments = attrs::parse_cookie_attributes(&field.attrs, Target::Field, errors);
    reject_default(field, errors);
    reject_borrowed(&field.ty, errors);
    if arguments.existing.is_some() {
        for (key, span) in arguments.keys() {
            if !matches!(key, AttributeKey::Existing | AttributeKey::ReadOnly | AttributeKey::Keyed) {
                errors.push(
                    span,
                    format_args!(
                        "`existing` brings its own declaration; move `{}` to the type, or remove it",
                        key.as_str()
                    ),
                );
            }
        }
    }
    let mut attributes = Vec::new();
    for attribute in &field.attrs {
        let path = attribute.path();
        if path.is_ident("cfg_attr") && contains_cookie(attribute) {
            errors.push_on(
                path,
                "`#[cookie(…)]` is not supported inside `cfg_attr`; write the field twice, each under its `cfg`",
            );
        } else if PASSED_ON.iter().any(|known| path.is_ident(known)) {
            attributes.push(attribute);
        } else if !path.is_ident("cookie") {
            errors.push_on(path, "this attribute has no place on a cookie's field; remove it");
        }
    }
    let default_name = default_name(ident);
    let item = format!("{}::{}", set.unraw(), ident.unraw());
    Some(CookieField {
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

/// Rejects a field if the name of one of the field's methods is already taken by a method of an earlier field, by
/// `SPECS` or by `remove_all`.
fn reject_clashing_methods(fields: &mut [CookieField<'_>], errors: &mut Errors) {
    let mut taken: Vec<(Ident, &Ident)> = Vec::new();
    for field in fields {
        let methods = Methods::new(field.ident).into_list();
        let clash = |method: &Ident| taken.iter().find(|(other, owner)| other == method && field.ident != *owner);
        field.omitted = methods.iter().filter(|method| clash(method).is_some()).cloned().collect();
        if let Some((method, owner)) = methods.iter().find_map(clash) {
            errors.push_on(
                field.ident,
                format_args!(
                    "the field `{owner}` and this one would both have a method `{method}`; rename one of them"
                ),
            );
        }
        for (item, text) in OF_THE_SET {
            if let Some(method) = methods.iter().find(|method| method.unraw() == item) {
                errors.push_on(field.ident, text);
                field.omitted.push(method.clone());
            }
        }
        // `_` is a field's name only in incomplete code, and cannot be the name of a method.
        if field.ident == "_" {
            field.omitted.push(field.ident.clone());
        }
        taken.extend(methods.into_iter().map(|method| (method, field.ident)));
    }
}

/// The items that the macro generates for the whole set. Each item has an error text. The macro reports this text if a
/// field's method has the same name as the item.
const OF_THE_SET: [(&str, &str); 2] = [
    ("SPECS", "the set has a `SPECS` already, the list of its declarations; rename the field"),
    ("remove_all", "the set has a `remove_all` already, which removes all its cookies; rename the field"),
];

/// The names of a field's methods.
pub(crate) struct Methods {
    pub(crate) get: Ident,
    pub(crate) try_get: Ident,
    pub(crate) set: Ident,
    /// The name of the setter that takes a closure.
    pub(crate) set_with: Ident,
    pub(crate) remove: Ident,
}

impl Methods {
    pub(crate) fn new(field: &Ident) -> Methods {
        let name = field.unraw();
        let method = |text: String| Ident::new(&text, field.span());
        Methods {
            get: field.clone(),
            try_get: method(format!("try_{name}")),
            set: method(format!("set_{name}")),
            set_with: method(format!("set_{name}_with")),
            remove: method(format!("remove_{name}")),
        }
    }

    fn into_list(self) -> [Ident; 5] {
        let Methods { get, try_get, set, set_with, remove } = self;
        [get, try_get, set, set_with, remove]
    }
}

/// Builds the [`ValueType`] of a type. `what` is the noun for the type in error texts, such as "a cookie".
fn value_of_type<'a>(input: &'a DeriveInput, arguments: &Arguments, what: &str, errors: &mut Errors) -> ValueType<'a> {
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
    ValueType { ident: &input.ident, generics: &input.generics, shape, krate: crate_path(arguments) }
}

/// Rejects `#[cookie(…)]` and default values on the fields and variants of a `json` type. The function does not check
/// the shape of the type, because serde accepts any shape.
fn json_shape<'a>(input: &DeriveInput, arguments: &Arguments, errors: &mut Errors) -> Shape<'a> {
    if let Some(given) = &arguments.rename_all {
        errors.push(given.key, "with `json` serde spells the names; write `#[serde(rename_all = …)]`");
    }
    let fields: Vec<&syn::Field> = match &input.data {
        Data::Struct(data) => data.fields.iter().collect(),
        Data::Enum(data) => {
            for variant in &data.variants {
                reject_cookie_attributes(&variant.attrs, INSIDE_JSON, errors);
            }
            data.variants.iter().flat_map(|variant| &variant.fields).collect()
        }
        Data::Union(data) => data.fields.named.iter().collect(),
    };
    for field in fields {
        reject_default(field, errors);
        reject_cookie_attributes(&field.attrs, INSIDE_JSON, errors);
    }
    arguments.json.as_ref().map_or(Shape::Unknown, |given| Shape::Json { key: given.key, field: None })
}

const INSIDE_JSON: &str = "with `json` serde reads the attributes inside the type; write `#[serde(…)]`, or remove it";

/// Rejects `#[cookie(…)]` on a field or variant where the attribute has no effect.
fn reject_cookie_attributes(attributes: &[Attribute], text: &str, errors: &mut Errors) {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("cookie")) {
        errors.push_on(attribute.path(), text);
    }
}

fn struct_shape<'a>(input: &'a DeriveInput, fields: &'a Fields, what: &str, errors: &mut Errors) -> Shape<'a> {
    for field in fields {
        reject_default(field, errors);
        reject_cookie_attributes(&field.attrs, "`#[cookie(…)]` goes on the type; move it there", errors);
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
    if reject_borrowed(&field.ty, errors) {
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
        let arguments = attrs::parse_cookie_attributes(&variant.attrs, Target::Variant, errors);
        if !matches!(variant.fields, Fields::Unit) {
            errors.push_on(
                &variant.fields,
                format_args!("a variant with fields cannot be {what}; remove them, or implement `CookieValue` by hand"),
            );
        }
        let text = match &arguments.rename {
            Some(given) => given.value.clone(),
            None => case.convert_variant(&variant.ident.unraw().to_string()),
        };
        if let Some((other, _)) = variants.iter().find(|(_, other)| *other == text) {
            let on = arguments.rename.map_or_else(|| variant.ident.to_token_stream(), |given| given.tokens);
            errors.push_on(on, format_args!("`{other}` is written `{text}` too; give one of them another `rename`"));
        }
        variants.push((&variant.ident, text));
    }
    if errors.count() > before { Shape::Unknown } else { Shape::Variants(variants) }
}

/// Rejects a default value of a field, such as `a: u8 = 1`. The crate syn parses default values of fields, but stable
/// Rust does not support this syntax. Without this check, the macros would silently ignore the default value.
fn reject_default(field: &syn::Field, errors: &mut Errors) {
    if let Some((equals, _)) = &field.default {
        errors.push_on(
            equals,
            "a cookie's field has no default value: a cookie that is absent reads as `None`; remove it",
        );
    }
}

/// Rejects a cookie value whose type is a reference. Returns true if the type is a reference.
fn reject_borrowed(ty: &Type, errors: &mut Errors) -> bool {
    if let Type::Reference(reference) = ty {
        let [and] = reference.and_token.spans;
        errors.push(and, "a cookie's value is read into a type that owns it; use `String`, or `Cow` with the lifetime");
        return true;
    }
    false
}

fn default_name(ident: &Ident) -> DefaultName {
    DefaultName { text: names::to_snake_case(&ident.unraw().to_string()), span: ident.span() }
}

fn crate_path(arguments: &Arguments) -> TokenStream {
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
    fn derives_of_other_crates_stay_on_a_set() {
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

    #[test]
    fn methods_and_reserved_names_must_not_clash() {
        let fields = |first: &str, second: &str| {
            let item = format!("struct Shop {{ {first}: u32, {second}: u32 }}").parse().unwrap();
            pipeline::cookies(quote!(), item).to_string()
        };
        for (first, second, method) in [
            ("theme", "try_theme", "try_theme"),
            ("try_theme", "theme", "try_theme"),
            ("theme", "set_theme", "set_theme"),
            ("theme", "theme_with", "set_theme_with"),
            ("remove_theme", "theme", "remove_theme"),
            ("theme", "remove_theme", "remove_theme"),
        ] {
            let text = format!("the field `{first}` and this one would both have a method `{method}`");
            let set = fields(first, second);
            assert!(set.contains(&text), "{text}: {set}");
        }
        let set = fields("theme", "try_on");
        for method in ["fn theme", "fn try_theme", "fn set_theme", "fn remove_theme", "fn try_on", "fn try_try_on"] {
            assert!(set.contains(method), "{method}: {set}");
        }
        assert!(!set.contains("compile_error") && !set.contains("remove_theme_with"), "{set}");
        let set = fields("theme", "_");
        assert!(!set.contains("fn _ "), "{set}");
        for (name, omitted) in [("all", "fn remove_all"), ("remove_all", "fn remove_all"), ("SPECS", "fn SPECS")] {
            let set = fields("theme", name);
            assert_eq!(set.matches("compile_error").count(), 1, "{name}: {set}");
            assert_eq!(set.matches(omitted).count(), usize::from(name != "SPECS"), "{name}: {set}");
            assert!(set.contains(&format!("fn try_{name}")), "{name}: {set}");
        }
    }
}
