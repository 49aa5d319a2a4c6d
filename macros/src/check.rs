//! Builds the `Declaration` of one cookie from the arguments of the attribute. Then checks the declaration with the
//! crate `hardtack-rules`. Each broken rule becomes an error at the tokens that break the rule. The macro does not know
//! the values of constant expressions. So the compiler checks constant expressions in a `const` of the generated code.

use hardtack_rules::check::{Argument, find_error, find_unexplained, lint_for, public_suffix_fault};
use hardtack_rules::deny::Violation;
use hardtack_rules::{Prefix, Rule, SameSite, Seal, Spec};
use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::spanned::Spanned as _;

use crate::attrs::Arguments;
use crate::declaration::{ConstCheck, Constant, Declaration, DenyTexts, DomainSource, Name, SealArgument};
use crate::deny::{Build, CookieDenyList};
use crate::errors::Errors;
use crate::keys::AttributeKey;
use crate::model::{CookieField, CookieSet, DefaultName};

/// Builds and checks one declaration. If the check reports an error, returns `Declaration::permissive` instead.
pub(crate) fn check_declaration(
    arguments: &Arguments,
    default: &DefaultName,
    deny: CookieDenyList<'_>,
    errors: &mut Errors,
) -> Declaration {
    let before = errors.count();
    let declaration = build_declaration(arguments, default, deny);
    check_literals(arguments, default, &declaration, deny, errors);
    reject_seal_conflicts(arguments, errors);
    if !arguments.is_incomplete && errors.count() == before {
        return declaration;
    }
    // A keyed cookie has other methods than a cookie with one name, so the permissive declaration must be keyed too.
    Declaration { keyed: arguments.keyed.is_some(), ..Declaration::permissive() }
}

/// Rejects keys that contradict each other: `signed` with `sealed`, and `sealed` with `http_only = false`. The error
/// points at the second of the two keys.
fn reject_seal_conflicts(arguments: &Arguments, errors: &mut Errors) {
    let position = |key| arguments.keys().position(|(other, _)| other == key);
    if let (Some(signed), Some(sealed)) = (&arguments.signed, &arguments.sealed) {
        let (later, text) = match position(AttributeKey::Signed) > position(AttributeKey::Sealed) {
            true => (signed, "a `sealed` value is signed too; remove `signed`"),
            false => (sealed, "`signed` leaves the value readable, and `sealed` does not; remove one of them"),
        };
        errors.push(later.key, text);
    }
    let readable = arguments.http_only.as_ref().filter(|given| !given.value);
    if let (Some(sealed), Some(readable)) = (&arguments.sealed, readable) {
        let is_sealed_later = position(AttributeKey::Sealed) > position(AttributeKey::HttpOnly);
        errors.push(
            if is_sealed_later { sealed.key } else { readable.key },
            "a page's script cannot read a `sealed` value; remove `http_only = false`, or write `signed`, which stays \
             readable",
        );
    }
}

/// Checks each declaration of a set. Also rejects a cookie if an earlier cookie of the set has the same name.
pub(crate) fn check_set(set: &CookieSet<'_>, build: &Build, errors: &mut Errors) -> Vec<Declaration> {
    let mut names: Vec<String> = Vec::new();
    let mut declarations = Vec::new();
    for field in &set.fields {
        let declaration = if field.is_existing() {
            Declaration {
                read_only: field.arguments.read_only.is_some(),
                keyed: field.arguments.keyed.is_some(),
                ..Declaration::permissive()
            }
        } else {
            check_declaration(&field.arguments, &field.default_name, build.deny_list_for(&field.origin.item), errors)
        };
        if let (Name::Literal { text, .. }, false) = (&declaration.name, field.is_existing()) {
            // Two fields with the same cookie name are valid if no build contains both fields. So if a field has a
            // `cfg` attribute, a `const` of the generated code compares the names.
            let is_taken = names.contains(text) && !declaration.is_permissive && field.cfgs().next().is_none();
            if is_taken {
                reject_duplicate_name(field, text, errors);
            }
            names.push(text.clone());
        }
        declarations.push(declaration);
    }
    declarations
}

fn reject_duplicate_name(field: &CookieField<'_>, name: &str, errors: &mut Errors) {
    let text = format!("another cookie of this set is named `{name}`; {}", Rule::DuplicateName.remedy());
    match &field.arguments.name {
        Some(given) => errors.push_on(&given.tokens, text),
        None => errors.push(field.default_name.span, text),
    }
}

fn build_declaration(arguments: &Arguments, default: &DefaultName, deny: CookieDenyList<'_>) -> Declaration {
    let secure = arguments.secure.as_ref().is_none_or(|given| given.value);
    let http_only = arguments.http_only.as_ref().is_none_or(|given| given.value);
    let path = arguments.path.as_ref().map(|given| given.value.clone());
    let domain = arguments.domain.as_ref().map(|given| given.value.clone());
    let name = match (&arguments.name, &path) {
        (Some(given), _) => match &given.value {
            Constant::Literal(name) => Name::Literal { text: name.clone(), explicit: true },
            Constant::Expression(name) => Name::Expression(name.clone()),
        },
        (None, Some(Constant::Expression(_))) => Name::Derived(default.text.clone()),
        (None, path) => {
            let path = match path {
                Some(Constant::Literal(path)) => path,
                _ => "/",
            };
            let prefix = Prefix::strongest(secure, http_only, path, domain.is_some()).map_or("", Prefix::as_str);
            Name::Literal { text: format!("{prefix}{}", default.text), explicit: false }
        }
    };
    Declaration {
        name,
        path,
        domain,
        max_age: arguments.max_age.as_ref().map(|given| given.value.clone()),
        same_site: arguments.same_site.as_ref().map_or(SameSite::Lax, |given| given.value),
        same_site_span: arguments.same_site.as_ref().map_or_else(Span::call_site, |given| given.tokens.span()),
        http_only,
        secure,
        partitioned: arguments.partitioned.is_some(),
        read_only: arguments.read_only.is_some(),
        keyed: arguments.keyed.is_some(),
        seal: match (&arguments.sealed, &arguments.signed) {
            (Some(given), _) => Some(SealArgument { seal: Seal::Sealed, span: given.key }),
            (None, Some(given)) => Some(SealArgument { seal: Seal::Signed, span: given.key }),
            (None, None) => None,
        },
        reason: arguments.reason.as_ref().map(|given| given.value.clone()),
        is_permissive: false,
        const_checks: const_checks(arguments, deny),
    }
}

/// Returns a check for each argument that is a constant expression.
fn const_checks(arguments: &Arguments, deny: CookieDenyList<'_>) -> Vec<ConstCheck> {
    let mut checks = Vec::new();
    let mut add = |argument: Argument, tokens: &TokenStream| {
        checks.push(ConstCheck { argument, tokens: tokens.clone(), denied: deny_texts(argument, deny) });
    };
    if let Some(Constant::Expression(name)) = arguments.name.as_ref().map(|given| &given.value) {
        add(Argument::Name, name);
    }
    if let Some(Constant::Expression(path)) = arguments.path.as_ref().map(|given| &given.value) {
        add(Argument::Path, path);
    }
    if let Some(DomainSource::Declared(Constant::Expression(domain))) =
        arguments.domain.as_ref().map(|given| &given.value)
    {
        add(Argument::Domain, domain);
    }
    if let Some(Constant::Expression(max_age)) = arguments.max_age.as_ref().map(|given| &given.value) {
        add(Argument::MaxAge, max_age);
    }
    // If a cookie is not weaker than the default, a `reason` is an error. A constant expression may make the cookie
    // weaker, so the compiler must check the `reason`.
    if let (Some(given), true) = (&arguments.reason, may_trip_a_lint(&checks)) {
        checks.push(ConstCheck { argument: Argument::Reason, tokens: given.tokens.clone(), denied: None });
    }
    checks
}

/// Returns the error texts for a constant expression that the deny list forbids. Returns `None` if the deny list does
/// not restrict the argument.
fn deny_texts(argument: Argument, deny: CookieDenyList<'_>) -> Option<DenyTexts> {
    let rule = match lint_for(argument)? {
        // Every `domain` triggers the lint `domain-wide`. So the macro itself reports the error, even if the `domain`
        // is a constant expression.
        Rule::DomainWide => return None,
        rule => rule,
    };
    let text = |rule, word| deny.error_text(Violation { argument, rule, word });
    let lint = deny.list.denying_word(rule).map(|word| text(Some(rule), word));
    let limit = deny.list.max_age_limit().filter(|_| argument == Argument::MaxAge);
    let limit = limit.map(|(limit, word)| (limit.as_secs(), text(None, word)));
    (lint.is_some() || limit.is_some()).then(|| DenyTexts { lint: lint.unwrap_or_default(), limit })
}

/// Returns true if a constant expression of the declaration may trigger a lint. Only the compiler knows the value of a
/// constant expression, so only the compiler can find the lint.
fn may_trip_a_lint(checks: &[ConstCheck]) -> bool {
    checks.iter().any(|check| !matches!(lint_for(check.argument), None | Some(Rule::DomainWide)))
}

/// Checks each argument that is a literal, and reports at most one error for the argument.
fn check_literals(
    arguments: &Arguments,
    default: &DefaultName,
    declaration: &Declaration,
    deny: CookieDenyList<'_>,
    errors: &mut Errors,
) {
    let spec = declaration.spec();
    for &argument in Argument::ALL {
        let is_unknown = match argument {
            Argument::Name => !matches!(declaration.name, Name::Literal { .. }),
            // The parser may have rejected the item that makes the cookie weaker. So the macro does not check the
            // `reason`.
            Argument::Reason => arguments.is_incomplete || may_trip_a_lint(&declaration.const_checks),
            _ => false,
        };
        if is_unknown {
            continue;
        }
        let is_suffix = argument == Argument::Domain && is_public_suffix(&spec);
        let lint = || match arguments.is_incomplete && arguments.may_allow_weakening {
            // The user may have written a `reason` in an item that the parser rejected. The user already gets an error
            // for the rejected item, so the lint causes no second error.
            true => None,
            false => find_unexplained(&spec, argument).or_else(|| public_suffix_fault(&spec).filter(|_| is_suffix)),
        };
        let fault = find_error(&spec, argument);
        if fault.is_none() {
            let suffix = || deny.list.public_suffix_violation(&spec).filter(|_| is_suffix);
            if let Some(violation) = deny.list.find_violation(&spec, argument).or_else(suffix) {
                let (tokens, _) =
                    blamed_tokens(arguments, default, argument, violation.rule.unwrap_or(Rule::LongLived));
                errors.push_on(tokens, deny.error_text(violation));
                continue;
            }
        }
        if let Some(fault) = fault.or_else(lint) {
            let (tokens, is_default_name) = blamed_tokens(arguments, default, argument, fault.rule);
            if is_default_name {
                errors.push_on(
                    tokens,
                    format_args!("the cookie is named after this, but {}; give it a `name`", fault.rule.sentence()),
                );
            } else {
                errors.push_on(tokens, fault);
            }
        }
    }
}

#[cfg(feature = "public-suffix")]
fn is_public_suffix(spec: &Spec<'_>) -> bool {
    let domain = spec.domain.map(str::to_ascii_lowercase);
    domain.is_some_and(|domain| psl::suffix_str(&domain) == Some(&domain))
}

#[cfg(not(feature = "public-suffix"))]
fn is_public_suffix(_: &Spec<'_>) -> bool {
    false
}

/// Returns the tokens at which an error about the argument is shown. If the user wrote the argument, the tokens belong
/// to the argument. Otherwise the tokens are the name of the type or field, and the returned boolean is true.
fn blamed_tokens(arguments: &Arguments, default: &DefaultName, argument: Argument, rule: Rule) -> (TokenStream, bool) {
    let on_key = |span: Span| quote_spanned!(span=> _);
    let tokens = match argument {
        Argument::Name => arguments.name.as_ref().map(|given| given.tokens.clone()),
        Argument::Path => arguments.path.as_ref().map(|given| given.tokens.clone()),
        Argument::Domain => arguments.domain.as_ref().map(|given| match rule {
            // The three rules in this pattern forbid every `domain`. So the error points at the key `domain`, not at
            // the value.
            Rule::PrefixHost | Rule::PrefixHostHttp | Rule::DomainWide => on_key(given.key),
            _ => given.tokens.clone(),
        }),
        Argument::MaxAge => arguments.max_age.as_ref().map(|given| given.tokens.clone()),
        Argument::SameSite => arguments.same_site.as_ref().map(|given| given.tokens.clone()),
        Argument::HttpOnly => arguments.http_only.as_ref().map(|given| given.tokens.clone()),
        Argument::Secure => arguments.secure.as_ref().map(|given| given.tokens.clone()),
        Argument::Partitioned => arguments.partitioned.as_ref().map(|given| given.tokens.clone()),
        Argument::Reason => arguments.reason.as_ref().map(|given| match given.value.trim_ascii() {
            "" => given.tokens.clone(),
            _ => on_key(given.key),
        }),
        _ => None,
    };
    match tokens {
        Some(tokens) => (tokens, false),
        None => (on_key(default.span), true),
    }
}
