//! Finds the tokens at which rustc shows an error about a declaration. The input is the arguments of the attribute, and
//! the argument that breaks a rule. The output is the smallest tokens that the user must change.

use hardtack_rules::Rule;
use hardtack_rules::check::{Argument, FormerPart};
use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

use crate::attrs::{Arguments, Given};
use crate::declaration::Constant;
use crate::model::DefaultName;

/// Returns the tokens at which rustc shows an error about the argument. If the user wrote the argument, the tokens
/// belong to the argument. Otherwise the tokens are the name of the type or field, and the returned boolean is true.
pub(super) fn blamed_tokens(
    arguments: &Arguments,
    default: &DefaultName,
    argument: Argument,
    rule: Rule,
) -> (TokenStream, bool) {
    let tokens = match argument {
        Argument::Name => arguments.name.as_ref().map(|given| given.tokens.clone()),
        Argument::Path => arguments.path.as_ref().map(|given| given.tokens.clone()),
        Argument::Domain => arguments.domain.as_ref().map(|given| match rule {
            // The three rules in this pattern forbid every `domain`. So the error points at the key `domain`, not at
            // the value.
            Rule::PrefixHost | Rule::PrefixHostHttp | Rule::DomainWide => on_span(given.key),
            _ => given.tokens.clone(),
        }),
        Argument::MaxAge => arguments.max_age.as_ref().map(|given| given.tokens.clone()),
        // If a key is missing, the error points at the key `idle`. If the time is wrong, the error points at the time.
        Argument::Idle => arguments.idle.as_ref().map(|given| match rule {
            Rule::IdleSeal => on_span(given.key),
            Rule::IdleMaxAge if arguments.max_age.is_none() => on_span(given.key),
            _ => given.tokens.clone(),
        }),
        Argument::SameSite => arguments.same_site.as_ref().map(|given| given.tokens.clone()),
        Argument::HttpOnly => arguments.http_only.as_ref().map(|given| given.tokens.clone()),
        Argument::Secure => arguments.secure.as_ref().map(|given| given.tokens.clone()),
        Argument::Partitioned => arguments.partitioned.as_ref().map(|given| given.tokens.clone()),
        Argument::Keyed => arguments.keyed.as_ref().map(|given| given.tokens.clone()),
        Argument::DeviceBound => device_bound_tokens(arguments, rule),
        Argument::Reason => arguments.reason.as_ref().map(|given| match given.value.trim_ascii() {
            "" => given.tokens.clone(),
            _ => on_span(given.key),
        }),
        _ => None,
    };
    match tokens {
        Some(tokens) => (tokens, false),
        None => (on_span(default.span), true),
    }
}

/// Returns the tokens at which an error of the key `device_bound` is shown. If another argument contradicts the key,
/// returns the other argument.
fn device_bound_tokens(arguments: &Arguments, rule: Rule) -> Option<TokenStream> {
    let given = arguments.device_bound.as_ref()?;
    let on_key = || on_span(given.key);
    Some(match rule {
        Rule::DeviceBoundTime => given.value.every.as_ref().map_or_else(on_key, |every| every.tokens.clone()),
        // The order is the same as in the check of the rules.
        Rule::DeviceBoundScope if arguments.read_only.is_none() && arguments.keyed.is_none() => {
            let domain = arguments.domain.as_ref().map(|given| on_span(given.key));
            let is_root = |path: &Constant<String>| matches!(path, Constant::Literal(path) if path == "/");
            let path = arguments.path.as_ref().filter(|given| !is_root(&given.value)).map(|given| given.tokens.clone());
            let partitioned = arguments.partitioned.as_ref().map(|given| given.tokens.clone());
            let flag = [&arguments.secure, &arguments.http_only].into_iter().flatten().find(|given| !given.value);
            let flag = flag.map(|given| given.tokens.clone());
            let name = arguments.name.as_ref().map(|given| given.tokens.clone());
            domain.or(path).or(partitioned).or(flag).or(name).unwrap_or_else(on_key)
        }
        _ => on_key(),
    })
}

/// Returns the tokens of a part of an entry `formerly(…)`. If the user did not write the part, returns the word
/// `formerly`.
pub(super) fn former_tokens(given: &Given<Arguments>, part: FormerPart) -> TokenStream {
    let former = &given.value;
    let tokens = match part {
        FormerPart::Name => former.name.as_ref().map(|given| given.tokens.clone()),
        FormerPart::Domain => former.domain.as_ref().map(|given| given.tokens.clone()),
        FormerPart::Path => former.path.as_ref().map(|given| given.tokens.clone()),
        FormerPart::Partitioned => former.partitioned.as_ref().map(|given| given.tokens.clone()),
        FormerPart::Raw => former.raw.as_ref().map(|given| given.tokens.clone()),
        FormerPart::Unsigned => former.unsigned.as_ref().map(|given| given.tokens.clone()),
        FormerPart::Until => former.until.as_ref().map(|given| given.tokens.clone()),
        _ => None,
    };
    tokens.unwrap_or_else(|| on_span(given.key))
}

/// Returns a token at the place of the span.
pub(super) fn on_span(span: Span) -> TokenStream {
    quote_spanned!(span=> _)
}
