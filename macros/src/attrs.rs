//! Parses `#[cookie(…)]` and `#[cookies(…)]` into `Arguments`. `Arguments` contains the value of each key, the span of
//! the key and the span of the value. If the value of a key is wrong, the parser reports an error and continues with
//! the next key. Later, the module `check` rejects keys that contradict each other.

use core::time::Duration;

use hardtack_rules::{Rule, SameSite};
use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::{Attribute, Data, DeriveInput, Expr, Ident, LitStr, Meta, Token};

use crate::declaration::{Constant, DomainSource};
use crate::errors::Errors;
use crate::keys::{self, AttributeKey, Suggestion, Target};
use crate::names::Case;

// The tests of the expansions and the fuzz target include this file by its path, so the files of the submodules have
// paths too.
#[path = "attrs/value.rs"]
mod value;

use value::ValueParser;

/// A key that the user wrote in the attribute, with the key's value.
pub(crate) struct Given<T> {
    pub(crate) key: Span,
    /// The tokens of the value. If the key has no value, such as `json`, `tokens` is the key itself.
    pub(crate) tokens: TokenStream,
    pub(crate) value: T,
}

/// The arguments of one cookie, enum variant or set, or of one `formerly(…)`. If the user did not write a key, the
/// field for this key is `None`.
#[derive(Default)]
pub(crate) struct Arguments {
    /// `name`: the cookie's whole name, including the prefix.
    pub(crate) name: Option<Given<Constant<String>>>,
    /// `path`: the `Path` attribute.
    pub(crate) path: Option<Given<Constant<String>>>,
    /// `domain`: the `Domain` attribute, or the word `policy`. In `formerly(…)` also the word `none`.
    pub(crate) domain: Option<Given<DomainSource>>,
    /// `max_age`: the `Max-Age` attribute.
    pub(crate) max_age: Option<Given<Constant<Duration>>>,
    /// `idle`: the time without a request after which the cookie expires.
    pub(crate) idle: Option<Given<Constant<Duration>>>,
    /// `same_site`: the `SameSite` attribute.
    pub(crate) same_site: Option<Given<SameSite>>,
    /// `http_only`: true if the cookie has the `HttpOnly` attribute.
    pub(crate) http_only: Option<Given<bool>>,
    /// `secure`: true if the cookie has the `Secure` attribute.
    pub(crate) secure: Option<Given<bool>>,
    /// `partitioned`: adds the `Partitioned` attribute. In `formerly(…)` the value can also be false.
    pub(crate) partitioned: Option<Given<bool>>,
    /// `reason`: why the cookie is weaker than the default.
    pub(crate) reason: Option<Given<String>>,
    /// `read_only`: another program owns the cookie.
    pub(crate) read_only: Option<Given<()>>,
    /// `json`: serde writes and reads the value.
    pub(crate) json: Option<Given<()>>,
    /// `signed`: the value has a signature.
    pub(crate) signed: Option<Given<()>>,
    /// `sealed`: the value is encrypted.
    pub(crate) sealed: Option<Given<()>>,
    /// `formerly(…)`: each earlier name or scope of the cookie. The field `tokens` of `Given` contains the parentheses.
    /// The list does not contain an entry with an error.
    pub(crate) formerly: Vec<Given<Arguments>>,
    /// `keyed`: the declaration describes a family of cookies.
    pub(crate) keyed: Option<Given<()>>,
    /// `device_bound`, with or without parentheses: the cookie is bound to a device. The field `tokens` of `Given` is
    /// the key itself.
    pub(crate) device_bound: Option<Given<DeviceArguments>>,
    /// `every`: the lifetime of the companion of a device-bound cookie.
    pub(crate) every: Option<Given<Constant<Duration>>>,
    /// `optional`: a device-bound cookie is also read without its companion.
    pub(crate) optional: Option<Given<()>>,
    /// `raw`: the value under the earlier name was written without percent-encoding.
    pub(crate) raw: Option<Given<()>>,
    /// `unsigned`: the value under the earlier name was neither signed nor encrypted.
    pub(crate) unsigned: Option<Given<()>>,
    /// `until`: the first day on which the value under the earlier name is no longer accepted. The text is a valid day,
    /// exactly as the user wrote it.
    pub(crate) until: Option<Given<String>>,
    /// `existing`: the type of the field derives `Cookie`, so the type contains the declaration.
    pub(crate) existing: Option<Given<()>>,
    /// `rename_all`: the spelling of an enum's variants in the value.
    pub(crate) rename_all: Option<Given<Case>>,
    /// `rename`: the text of one enum variant in the cookie's value.
    pub(crate) rename: Option<Given<String>>,
    /// `crate`: the path of the crate `hardtack`. The field `tokens` of `Given` contains the path.
    pub(crate) krate: Option<Given<()>>,
    /// True if the parser rejected an item of the attribute, such as `path = 3`. `Arguments` then does not contain the
    /// rejected argument.
    pub(crate) is_incomplete: bool,
    /// True if a rejected item is perhaps `reason` or `read_only`. A declaration with `reason` or `read_only` is
    /// allowed to be weaker than the default.
    pub(crate) may_allow_weakening: bool,
    keys: Vec<(AttributeKey, Span)>,
}

/// The settings in the parentheses of `device_bound(…)`.
#[derive(Default)]
pub(crate) struct DeviceArguments {
    pub(crate) every: Option<Given<Constant<Duration>>>,
    pub(crate) is_optional: bool,
}

impl Arguments {
    /// Returns the keys that the user wrote, in the order of the source.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (AttributeKey, Span)> {
        self.keys.iter().copied()
    }
}

/// Parses all `#[cookie(…)]` attributes in a list of attributes.
pub(crate) fn parse_cookie_attributes(attributes: &[Attribute], target: Target, errors: &mut Errors) -> Arguments {
    let mut arguments = Arguments::default();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("cookie")) {
        match &attribute.meta {
            Meta::List(list) => parse_items(list.tokens.clone(), target, &mut arguments, errors),
            Meta::Path(path) => {
                errors.push_on(path, "`#[cookie]` without keys has no effect; write `#[cookie(…)]`, or remove it")
            }
            Meta::NameValue(pair) => errors.push_on(pair, "the keys go in parentheses; write `#[cookie(…)]`"),
        }
    }
    arguments
}

/// Parses the arguments of `#[cookies(…)]`.
pub(crate) fn parse_set_arguments(tokens: TokenStream, errors: &mut Errors) -> Arguments {
    let mut arguments = Arguments::default();
    parse_items(tokens, Target::Set, &mut arguments, errors);
    arguments
}

/// Removes every `#[cookie(…)]` from an item. If the macro cannot expand the item, the macro returns the item without
/// these attributes, because rustc would reject the attributes.
pub(crate) fn without_cookie_attributes(mut input: DeriveInput) -> DeriveInput {
    let clean = |attributes: &mut Vec<Attribute>| attributes.retain(|attribute| !attribute.path().is_ident("cookie"));
    clean(&mut input.attrs);
    match &mut input.data {
        Data::Struct(data) => data.fields.iter_mut().for_each(|field| clean(&mut field.attrs)),
        Data::Enum(data) => {
            for variant in &mut data.variants {
                clean(&mut variant.attrs);
                variant.fields.iter_mut().for_each(|field| clean(&mut field.attrs));
            }
        }
        Data::Union(data) => data.fields.named.iter_mut().for_each(|field| clean(&mut field.attrs)),
    }
    input
}

fn parse_items(tokens: TokenStream, target: Target, arguments: &mut Arguments, errors: &mut Errors) {
    let before = errors.count();
    let items = |input: ParseStream<'_>| {
        while !input.is_empty() {
            parse_item(input, target, arguments, errors);
        }
        Ok(())
    };
    if let Err(error) = items.parse2(tokens) {
        errors.push_parse(error);
    }
    arguments.is_incomplete |= errors.count() > before;
}

/// Parses one item of the attribute, such as `path = "/app"`, and the comma after the item. After an error, skips to
/// the end of the item.
fn parse_item(input: ParseStream<'_>, target: Target, arguments: &mut Arguments, errors: &mut Errors) {
    let Ok(word) = input.call(Ident::parse_any) else {
        let first_word = keys::words_allowed_on(target).next();
        let example = first_word.and_then(AttributeKey::from_word).map_or("", AttributeKey::example);
        match input.peek(LitStr) {
            true => errors.push(
                input.span(),
                format_args!("expected `key = value`, found a string literal; write it as in `{example}`"),
            ),
            false => errors.push(input.span(), format_args!("expected a key, as in `{example}`")),
        }
        return skip_item(input);
    };
    arguments.may_allow_weakening |= allows_weakening(AttributeKey::from_word(&word.unraw().to_string()));
    if input.peek(Token![-]) {
        reject_hyphenated(&word, input, target, arguments, errors);
        return skip_item(input);
    }
    if word == AttributeKey::Formerly.as_str() && AttributeKey::Formerly.is_allowed_on(target) {
        if !parse_formerly(&word, input, arguments, errors) {
            return skip_item(input);
        }
        return expect_comma(input, errors);
    }
    if word == AttributeKey::DeviceBound.as_str() && AttributeKey::DeviceBound.is_allowed_on(target) {
        if !parse_device_bound(&word, input, arguments, errors) {
            return skip_item(input);
        }
        return expect_comma(input, errors);
    }
    let value = if input.peek(Token![=]) {
        let equals: Option<Token![=]> = input.parse().ok();
        let start = input.fork();
        match input.parse::<Expr>() {
            Ok(value) => Some(value),
            Err(_) if is_misspelled(&word, target) => {
                reject_unknown(word.to_token_stream(), &word.unraw().to_string(), true, target, arguments, errors);
                return skip_item(input);
            }
            Err(error) => {
                if start.is_empty() || start.peek(Token![,]) {
                    errors.push_on(equals, format_args!("`{word}` has no value after `=`; {}", remedy(&word)));
                } else {
                    errors.push(error.span(), format_args!("expected a value for `{word}`; {}", remedy(&word)));
                }
                return skip_item(input);
            }
        }
    } else if input.peek(syn::token::Paren) {
        reject_parentheses(&word, target, arguments, errors);
        return skip_item(input);
    } else if input.is_empty() || input.peek(Token![,]) || input.peek(Ident::peek_any) {
        None
    } else {
        errors.push(input.span(), format_args!("expected `=` between `{word}` and its value; {}", remedy(&word)));
        return skip_item(input);
    };
    store(&word, value, target, arguments, errors);
    expect_comma(input, errors);
}

/// Parses the comma after an item. After an error, skips to the end of the item.
fn expect_comma(input: ParseStream<'_>, errors: &mut Errors) {
    if input.is_empty() || input.parse::<Option<Token![,]>>().is_ok_and(|comma| comma.is_some()) {
        return;
    }
    if input.peek(Ident::peek_any) {
        // Only the comma after the item is missing. The parser does not skip the next item, because the next item can
        // be valid.
        return errors.push(input.span(), "expected `,` before this key");
    }
    errors.push(input.span(), "expected `,` before the next key");
    skip_item(input);
}

/// Parses the parentheses of `formerly(…)`, which follow the word `formerly`. Returns false if the parentheses are
/// missing.
fn parse_formerly(word: &Ident, input: ParseStream<'_>, arguments: &mut Arguments, errors: &mut Errors) -> bool {
    let example = AttributeKey::Formerly.example();
    let parentheses = match input.fork().parse::<TokenTree>() {
        Ok(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => group,
        Ok(TokenTree::Group(group)) => {
            errors.push(group.span(), format_args!("`formerly` takes parentheses; write it as in `{example}`"));
            return false;
        }
        Ok(TokenTree::Punct(equals)) if equals.as_char() == '=' => {
            let text = "`formerly` takes parentheses in place of `=`; write it as in";
            errors.push(equals.span(), format_args!("{text} `{example}`"));
            return false;
        }
        _ => {
            let text = "`formerly` needs an earlier name or scope; write it as in";
            errors.push(word.span(), format_args!("{text} `{example}`"));
            return false;
        }
    };
    let _: Option<TokenTree> = input.parse().ok();
    let mut former = Arguments::default();
    let before = errors.count();
    parse_items(parentheses.stream(), Target::Former, &mut former, errors);
    if former.keys.is_empty() && errors.count() == before {
        let text = "`formerly` needs an earlier name or scope; write it as in";
        errors.push(parentheses.span(), format_args!("{text} `{example}`"));
    }
    arguments.may_allow_weakening |= former.may_allow_weakening;
    if arguments.keys.iter().all(|(key, _)| *key != AttributeKey::Formerly) {
        arguments.keys.push((AttributeKey::Formerly, word.span()));
    }
    if errors.count() == before {
        let tokens = TokenTree::Group(parentheses).into();
        arguments.formerly.push(Given { key: word.span(), tokens, value: former });
    }
    true
}

/// Parses the tokens that follow the word `device_bound`: no tokens, or arguments in parentheses, as in
/// `device_bound(…)`. Returns false if these tokens have an error.
fn parse_device_bound(word: &Ident, input: ParseStream<'_>, arguments: &mut Arguments, errors: &mut Errors) -> bool {
    let example = AttributeKey::DeviceBound.example();
    let mut inner = Arguments::default();
    match input.fork().parse::<TokenTree>() {
        Ok(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
            let _: Option<TokenTree> = input.parse().ok();
            let before = errors.count();
            parse_items(group.stream(), Target::DeviceBound, &mut inner, errors);
            if inner.keys.is_empty() && errors.count() == before {
                errors.push(
                    group.span(),
                    format_args!(
                        "the parentheses of `device_bound` are empty; remove them, or write it as in `{example}`"
                    ),
                );
            }
        }
        Ok(TokenTree::Group(group)) => {
            errors.push(group.span(), format_args!("`device_bound` takes parentheses; write it as in `{example}`"));
            return false;
        }
        Ok(TokenTree::Punct(equals)) if equals.as_char() == '=' => {
            let text = "`device_bound` takes parentheses in place of `=`; write it as in";
            errors.push(equals.span(), format_args!("{text} `{example}`"));
            return false;
        }
        _ => {}
    }
    if arguments.device_bound.is_some() {
        let remedy = Rule::DuplicateAttribute.remedy();
        errors.push(word.span(), format_args!("`device_bound` is written twice; {remedy}"));
        return true;
    }
    arguments.keys.push((AttributeKey::DeviceBound, word.span()));
    let value = DeviceArguments { every: inner.every, is_optional: inner.optional.is_some() };
    arguments.device_bound = Some(Given { key: word.span(), tokens: word.to_token_stream(), value });
    true
}

/// Rejects parentheses after a key that takes no parentheses. If the user probably meant `formerly` or `device_bound`,
/// the error suggests this key.
fn reject_parentheses(word: &Ident, target: Target, arguments: &mut Arguments, errors: &mut Errors) {
    let text = word.unraw().to_string();
    match AttributeKey::from_word(&text) {
        Some(key @ (AttributeKey::Formerly | AttributeKey::DeviceBound)) => reject_misplaced(word, key, target, errors),
        None if matches!(keys::suggestion(&text, target), Some(Suggestion::Key("formerly" | "device_bound"))) => {
            reject_unknown(word.to_token_stream(), &text, true, target, arguments, errors);
        }
        Some(key) if !key.example().contains('=') => {
            errors.push(word.span(), format_args!("`{word}` takes no value; remove the parentheses"));
        }
        _ => errors.push(word.span(), format_args!("the value of `{word}` goes after `=`; {}", remedy(word))),
    }
}

/// Rejects a word with hyphens, such as `Max-Age`. One error reports the whole word as an unknown key. Without this
/// function, each token of the word would cause its own error.
fn reject_hyphenated(
    first: &Ident,
    input: ParseStream<'_>,
    target: Target,
    arguments: &mut Arguments,
    errors: &mut Errors,
) {
    let (mut tokens, mut text) = (first.to_token_stream(), first.to_string());
    while let Ok(Some(hyphen)) = input.parse::<Option<Token![-]>>() {
        let Ok(word) = input.call(Ident::parse_any) else { break };
        text.push_str(&format!("-{word}"));
        tokens.extend(quote!(#hyphen #word));
    }
    reject_unknown(tokens, &text, input.peek(Token![=]), target, arguments, errors);
}

/// Returns true if the word is not a key, and the user probably means a key.
fn is_misspelled(word: &Ident, target: Target) -> bool {
    let word = word.unraw().to_string();
    AttributeKey::from_word(&word).is_none() && keys::suggestion(&word, target).is_some()
}

/// Returns true if the key allows a declaration to be weaker than the default.
fn allows_weakening(key: Option<AttributeKey>) -> bool {
    matches!(key, Some(AttributeKey::Reason | AttributeKey::ReadOnly))
}

fn remedy(word: &Ident) -> String {
    match AttributeKey::from_word(&word.unraw().to_string()) {
        Some(key) => format!("write it as in `{}`", key.example()),
        None => "write a value, or remove the key".to_owned(),
    }
}

fn skip_item(input: ParseStream<'_>) {
    while !input.is_empty() {
        if input.parse::<Option<Token![,]>>().is_ok_and(|comma| comma.is_some()) {
            return;
        }
        if input.parse::<TokenTree>().is_err() {
            return;
        }
    }
}

/// Parses the value of one key, and stores the value in `arguments`.
fn store(word: &Ident, value: Option<Expr>, target: Target, arguments: &mut Arguments, errors: &mut Errors) {
    let text = word.unraw().to_string();
    let Some(key) = AttributeKey::from_word(&text) else {
        return reject_unknown(word.to_token_stream(), &text, value.is_some(), target, arguments, errors);
    };
    if !key.is_allowed_on(target) {
        return reject_misplaced(word, key, target, errors);
    }
    if arguments.keys.iter().any(|(earlier, _)| *earlier == key) {
        return errors
            .push(word.span(), format_args!("`{text}` is written twice; {}", Rule::DuplicateAttribute.remedy()));
    }
    arguments.keys.push((key, word.span()));
    let mut parser = ValueParser { word, key, target, value: value.map(without_groups), errors };
    match key {
        AttributeKey::Name => arguments.name = parser.text(),
        AttributeKey::Path => arguments.path = parser.text(),
        AttributeKey::Domain => arguments.domain = parser.domain(),
        AttributeKey::MaxAge => arguments.max_age = parser.duration(),
        AttributeKey::Idle => arguments.idle = parser.duration(),
        AttributeKey::SameSite => arguments.same_site = parser.same_site(),
        AttributeKey::HttpOnly => arguments.http_only = parser.boolean(),
        AttributeKey::Secure => arguments.secure = parser.boolean(),
        AttributeKey::Partitioned => arguments.partitioned = parser.partitioned(),
        AttributeKey::Reason => arguments.reason = parser.literal(),
        AttributeKey::ReadOnly => arguments.read_only = parser.flag(),
        AttributeKey::Json => arguments.json = parser.flag(),
        AttributeKey::Signed => arguments.signed = parser.flag(),
        AttributeKey::Sealed => arguments.sealed = parser.flag(),
        AttributeKey::Existing => arguments.existing = parser.flag(),
        AttributeKey::RenameAll => arguments.rename_all = parser.case(),
        AttributeKey::Rename => arguments.rename = parser.literal(),
        AttributeKey::Crate => arguments.krate = parser.path(),
        // `parse_formerly` parses `formerly`, and `parse_device_bound` parses `device_bound`.
        AttributeKey::Formerly | AttributeKey::DeviceBound => {}
        AttributeKey::Every => arguments.every = parser.duration(),
        AttributeKey::Optional => arguments.optional = parser.flag(),
        AttributeKey::Keyed => arguments.keyed = parser.flag(),
        AttributeKey::Raw => arguments.raw = parser.flag(),
        AttributeKey::Unsigned => arguments.unsigned = parser.flag(),
        AttributeKey::Until => arguments.until = parser.day(),
    }
}

/// Removes the groups without visible delimiters (`Delimiter::None`) around an expression. If the attribute comes from
/// a `macro_rules!` macro, the compiler wraps a fragment such as `$value` in a group without visible delimiters.
fn without_groups(value: Expr) -> Expr {
    match value {
        Expr::Group(group) => without_groups(*group.expr),
        value => value,
    }
}

fn reject_unknown(
    tokens: TokenStream,
    word: &str,
    has_value: bool,
    target: Target,
    arguments: &mut Arguments,
    errors: &mut Errors,
) {
    let suggestion = keys::suggestion(word, target);
    arguments.may_allow_weakening |= match suggestion {
        Some(Suggestion::Key(key)) => allows_weakening(AttributeKey::from_word(key)),
        Some(Suggestion::Advice(_)) => false,
        None => true,
    };
    let remedy = match suggestion {
        Some(Suggestion::Key(key @ ("secure" | "http_only"))) if !has_value => {
            format!("remove it: `{key} = true` is the default")
        }
        Some(Suggestion::Key("formerly")) => format!("write it as in `{}`", AttributeKey::Formerly.example()),
        Some(Suggestion::Key(key)) => format!("write `{key}`"),
        Some(Suggestion::Advice(advice)) => advice.to_owned(),
        None => {
            let all: Vec<_> = keys::words_allowed_on(target).map(|word| format!("`{word}`")).collect();
            match all.as_slice() {
                [only] => format!("the only key here is {only}"),
                all => format!("the keys are {}", all.join(", ")),
            }
        }
    };
    errors.push_on(tokens, format_args!("unknown key `{word}`; {remedy}"));
}

fn reject_misplaced(word: &Ident, key: AttributeKey, target: Target, errors: &mut Errors) {
    let remedy = match (key, target) {
        (AttributeKey::Existing, _) => "belongs to a field of a `#[cookies]` struct; remove it",
        (AttributeKey::Rename, _) => {
            "belongs to a variant of a fieldless enum; move it there, or use `name` for the cookie's name"
        }
        (AttributeKey::RenameAll, _) => "belongs to the enum whose variants it renames; move it there",
        (AttributeKey::Crate, Target::Field) => "belongs to the struct; write `#[cookies(crate = …)]`",
        (AttributeKey::Crate, _) => "belongs to the type; move it there",
        (AttributeKey::Raw, _) => {
            "describes an earlier value in `formerly(…)`; remove it: values are percent-encoded, and come back equal"
        }
        (AttributeKey::Unsigned, _) => "describes an earlier value in `formerly(…)`; remove it, or move it there",
        (AttributeKey::Until, _) => "is the end of a `formerly(…)`; move it there, or write `max_age` for a lifetime",
        (AttributeKey::Every | AttributeKey::Optional, _) => "is a setting of `device_bound(…)`; move it there",
        (AttributeKey::MaxAge, Target::DeviceBound) => {
            "is the lifetime of the cookie; write `every` for its companion, or move it out of the parentheses"
        }
        (_, Target::DeviceBound) => "describes the cookie, not its companion; move it out of the parentheses",
        (AttributeKey::Formerly, Target::Former) => "cannot contain another one; write each beside the other",
        (_, Target::Former) => "describes the present cookie; move it out of the parentheses",
        (_, Target::ValueType) => {
            "declares a cookie, and `CookieValue` only a value; derive `Cookie`, or move it to the field"
        }
        (_, Target::Set) => "declares one cookie; move it to the field's `#[cookie(…)]`",
        (_, _) => "declares the cookie; move it to the type",
    };
    errors.push(word.span(), format_args!("`{}` {remedy}", key.as_str()));
}

#[cfg(test)]
#[path = "attrs/tests.rs"]
mod tests;
