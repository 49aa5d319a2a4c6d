//! Builds the `Declaration` of one cookie from the arguments of the attribute. Then checks the declaration with the
//! crate `hardtack-rules`. Each broken rule becomes an error at the tokens that break the rule. The macro cannot
//! evaluate constant expressions. So the compiler checks constant expressions in a `const` of the generated code.

use hardtack_rules::check::{
    Argument, find_error, find_former_error, find_former_lint, find_reason_error, find_unexplained, lint_for,
    public_suffix_fault,
};
use hardtack_rules::deny::Violation;
use hardtack_rules::device::{is_companion, share_companion};
use hardtack_rules::family::find_clash;
use hardtack_rules::{Prefix, Rule, SameSite, Seal, Spec};
use proc_macro2::{Span, TokenStream};
use syn::spanned::Spanned as _;

use crate::attrs::Arguments;
use crate::declaration::{
    ConstCheck, Constant, Declaration, DeniedSetting, DenyTexts, DeviceBoundArgument, DomainSource, FormerCheck,
    FormerEntry, Name, SealArgument,
};
use crate::deny::{Build, CookieDenyList};
use crate::errors::Errors;
use crate::keys::AttributeKey;
use crate::model::{CookieField, CookieSet, DefaultName};

// The tests of the expansions and the fuzz target include this file by its path, so the files of the submodules have
// paths too.
#[path = "check/places.rs"]
mod places;

use places::{blamed_tokens, former_tokens, on_span};

/// Builds and checks one declaration. If the check reports an error, returns `Declaration::permissive` instead.
pub(crate) fn check_declaration(
    arguments: &Arguments,
    default: &DefaultName,
    deny: CookieDenyList<'_>,
    errors: &mut Errors,
) -> Declaration {
    let before = errors.count();
    let mut declaration = build_declaration(arguments, default, deny);
    let mut denied = Vec::new();
    check_literals(arguments, default, &declaration, deny, &mut denied, errors);
    check_former(arguments, &declaration, deny, &mut denied, errors);
    declaration.denied = denied;
    reject_seal_conflicts(arguments, errors);
    if !arguments.is_incomplete && errors.count() == before {
        return declaration;
    }
    // A keyed cookie has different methods, so the permissive declaration must be keyed too. Several declarations of a
    // set can have errors, so each permissive declaration has a different name.
    let name = Name::Literal { text: format!("invalid_{}", default.text), explicit: true };
    let device_bound = arguments.device_bound.as_ref().map(|given| DeviceBoundArgument {
        every: None,
        is_optional: true,
        span: given.key,
    });
    Declaration { name, keyed: arguments.keyed.is_some(), device_bound, ..Declaration::permissive() }
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
    // A `device_bound` cookie with `http_only = false` has an error of its own.
    let is_reported = arguments.device_bound.is_some() && !arguments.is_incomplete && arguments.max_age.is_some();
    if let (Some(sealed), Some(readable), false) = (&arguments.sealed, readable, is_reported) {
        let is_sealed_later = position(AttributeKey::Sealed) > position(AttributeKey::HttpOnly);
        errors.push(
            if is_sealed_later { sealed.key } else { readable.key },
            "a page's script cannot read a `sealed` value; remove `http_only = false`, or write `signed`, which stays \
             readable",
        );
    }
}

/// Checks each declaration of a set. Also rejects a cookie whose name clashes with the name of an earlier cookie in the
/// set. Two names clash if the names are equal, or if one name is inside the family of the other cookie.
pub(crate) fn check_set(set: &CookieSet<'_>, build: &Build, errors: &mut Errors) -> Vec<Declaration> {
    let mut declarations: Vec<Declaration> = Vec::new();
    for field in &set.fields {
        let declaration = if field.is_existing() {
            check_existing(&field.arguments, errors)
        } else {
            check_declaration(&field.arguments, &field.default_name, build.deny_list_for(&field.origin.item), errors)
        };
        // The names of two fields are allowed to clash if no build contains both fields. So if a field has a `cfg`
        // attribute, a `const` of the generated code compares the names.
        if has_known_name(&declaration) && field.cfgs().next().is_none() {
            let spec = declaration.spec();
            let earlier = declarations.iter().filter(|earlier| has_known_name(earlier)).map(Declaration::spec);
            if let Some((rule, other)) =
                earlier.filter_map(|other| find_clash(&spec, &other).map(|rule| (rule, other))).next()
            {
                reject_clashing_name(field, &spec, &other, rule, errors);
            }
        }
        declarations.push(declaration);
    }
    declarations
}

fn has_known_name(declaration: &Declaration) -> bool {
    matches!(declaration.name, Name::Literal { .. }) && !declaration.is_permissive
}

/// Builds the declaration of an `existing` field. The type of the field contains the real declaration.
fn check_existing(arguments: &Arguments, errors: &mut Errors) -> Declaration {
    let declaration = Declaration {
        read_only: arguments.read_only.is_some(),
        keyed: arguments.keyed.is_some(),
        ..Declaration::permissive()
    };
    let contradiction = find_error(&declaration.spec(), Argument::Keyed).filter(|_| declaration.read_only);
    if let (Some(keyed), Some(fault)) = (&arguments.keyed, contradiction) {
        errors.push(keyed.key, fault);
    }
    declaration
}

fn reject_clashing_name(
    field: &CookieField<'_>,
    spec: &Spec<'_>,
    other_spec: &Spec<'_>,
    rule: Rule,
    errors: &mut Errors,
) {
    let (name, other, remedy) = (spec.name, other_spec.name, rule.remedy());
    let text = match rule {
        Rule::FamilyName if name.len() > other.len() => {
            format!("the name `{name}` is inside the family `{other}` of this set; {remedy}")
        }
        Rule::CompanionName if share_companion(spec, other_spec) => {
            format!("`{name}` and `{other}` of this set have the same companion; {remedy}")
        }
        Rule::CompanionName if is_companion(spec, other) => {
            format!("the companion of `{name}` has the name of the cookie `{other}` of this set; {remedy}")
        }
        Rule::CompanionName => {
            format!("the name `{name}` is the name of the companion of `{other}` of this set; {remedy}")
        }
        Rule::FamilyName => format!("the family `{name}` contains the cookie `{other}` of this set; {remedy}"),
        _ => format!("another cookie of this set is named `{name}`; {remedy}"),
    };
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
    let mut declaration = Declaration {
        name,
        path,
        domain,
        max_age: arguments.max_age.as_ref().map(|given| given.value.clone()),
        idle: arguments.idle.as_ref().map(|given| given.value.clone()),
        same_site: arguments.same_site.as_ref().map_or(SameSite::Lax, |given| given.value),
        same_site_span: arguments.same_site.as_ref().map_or_else(Span::call_site, |given| given.tokens.span()),
        http_only,
        secure,
        partitioned: arguments.partitioned.as_ref().is_some_and(|given| given.value),
        read_only: arguments.read_only.is_some(),
        keyed: arguments.keyed.is_some(),
        former: arguments.formerly.iter().map(|given| former_entry(&given.value)).collect(),
        seal: match (&arguments.sealed, &arguments.signed) {
            (Some(given), _) => Some(SealArgument { seal: Seal::Sealed, span: given.key }),
            (None, Some(given)) => Some(SealArgument { seal: Seal::Signed, span: given.key }),
            (None, None) => None,
        },
        device_bound: arguments.device_bound.as_ref().map(|given| DeviceBoundArgument {
            every: given.value.every.as_ref().map(|every| every.value.clone()),
            is_optional: given.value.is_optional,
            span: given.key,
        }),
        reason: arguments.reason.as_ref().map(|given| given.value.clone()),
        is_permissive: false,
        const_checks: const_checks(arguments, deny),
        former_checks: Vec::new(),
        denied: Vec::new(),
    };
    if let (Some(given), true) = (&arguments.idle, declaration.is_idle_constant()) {
        let check = ConstCheck { argument: Argument::Idle, tokens: given.tokens.clone(), denied: None };
        declaration.const_checks.push(check);
    }
    if let (Some(given), true) = (&arguments.device_bound, declaration.is_device_bound_constant()) {
        let tokens = match &given.value.every {
            Some(every) if matches!(every.value, Constant::Expression(_)) => every.tokens.clone(),
            Some(_) | None => given.tokens.clone(),
        };
        let check = ConstCheck { argument: Argument::DeviceBound, tokens, denied: None };
        declaration.const_checks.push(check);
    }
    if declaration.former_entries().is_none() {
        declaration.former_checks = former_checks(arguments, deny);
    }
    if let (Some(given), true) = (&arguments.reason, is_reason_constant(&declaration)) {
        let check = ConstCheck { argument: Argument::Reason, tokens: given.tokens.clone(), denied: None };
        declaration.const_checks.push(check);
    }
    declaration
}

fn former_entry(arguments: &Arguments) -> FormerEntry {
    FormerEntry {
        name: arguments.name.as_ref().map(|given| given.value.clone()),
        domain: arguments.domain.as_ref().map(|given| given.value.clone()),
        path: arguments.path.as_ref().map(|given| given.value.clone()),
        partitioned: arguments.partitioned.as_ref().map(|given| given.value),
        raw: arguments.raw.is_some(),
        unsigned: arguments.unsigned.is_some(),
        until: arguments.until.as_ref().map(|given| given.value.clone()),
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
    checks
}

/// Returns a check for each entry `formerly(…)`. An error of the check points at the entry's first constant expression.
/// If the entry has no constant expression, the error points at the word `formerly`.
fn former_checks(arguments: &Arguments, deny: CookieDenyList<'_>) -> Vec<FormerCheck> {
    let entries = arguments.formerly.iter().enumerate();
    let checks = entries.map(|(index, given)| FormerCheck {
        index,
        tokens: first_expression(&given.value).unwrap_or_else(|| on_span(given.key)),
        denied: former_name_violation(deny).map(|violation| deny.error_text(violation)),
    });
    checks.collect()
}

/// Returns the first constant expression of an entry `formerly(…)`.
fn first_expression(former: &Arguments) -> Option<TokenStream> {
    let parts = former.keys().map(|(key, _)| match key {
        AttributeKey::Name => former.name.as_ref().map(|given| &given.value),
        AttributeKey::Path => former.path.as_ref().map(|given| &given.value),
        AttributeKey::Domain => match former.domain.as_ref().map(|given| &given.value) {
            Some(DomainSource::Declared(domain)) => Some(domain),
            Some(DomainSource::Policy | DomainSource::HostOnly) | None => None,
        },
        _ => None,
    });
    parts.flatten().find_map(|part| match part {
        Constant::Expression(expression) => Some(expression.clone()),
        Constant::Literal(_) => None,
    })
}

/// Returns the violation for an entry `formerly(…)` that weakens the cookie. Returns `None` if the deny list allows the
/// entry.
fn former_name_violation(deny: CookieDenyList<'_>) -> Option<Violation<'_>> {
    let rule = Rule::FormerName;
    deny.list.denying_word(rule).map(|word| Violation { argument: Argument::Formerly, rule: Some(rule), word })
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
    (lint.is_some() || limit.is_some()).then_some(DenyTexts { lint, limit })
}

/// Returns true if only the compiler can check whether the cookie needs its `reason`. A `reason` is an error if the
/// cookie is not weaker than the default. But the macro does not know the value of a constant expression, and this
/// value can make the cookie weaker.
///
/// If the name is a constant expression, the name can have a prefix in one build and no prefix in another build. So a
/// `reason` is always allowed, and no check is necessary.
fn is_reason_constant(declaration: &Declaration) -> bool {
    let may_trip_a_lint = |check: &ConstCheck| !matches!(lint_for(check.argument), None | Some(Rule::DomainWide));
    !matches!(declaration.name, Name::Expression(_))
        && (declaration.const_checks.iter().any(may_trip_a_lint) || !declaration.former_checks.is_empty())
}

/// Checks each argument that is a literal, and reports at most one error per argument. If the deny list forbids the
/// argument but perhaps has an exception for the cookie, adds the argument to `denied`.
///
/// The function `check_former` checks the argument `formerly`.
fn check_literals(
    arguments: &Arguments,
    default: &DefaultName,
    declaration: &Declaration,
    deny: CookieDenyList<'_>,
    denied: &mut Vec<DeniedSetting>,
    errors: &mut Errors,
) {
    let former = declaration.former_entries().unwrap_or_default();
    let spec = declaration.spec().formerly(&former);
    for &argument in Argument::ALL {
        let is_unknown = match argument {
            Argument::Name => !matches!(declaration.name, Name::Literal { .. }),
            // Perhaps the parser rejected the item that makes the cookie weaker. So the macro does not check the
            // `reason`.
            Argument::Reason => arguments.is_incomplete || is_reason_constant(declaration),
            Argument::Formerly => true,
            // Perhaps the parser rejected the key `signed`, `sealed` or `max_age`.
            Argument::Idle => arguments.is_incomplete && !declaration.read_only || declaration.is_idle_constant(),
            // Perhaps the parser rejected the key `max_age`.
            Argument::Keyed => arguments.is_incomplete && !declaration.read_only,
            // The parser may have rejected the seal or the `max_age`.
            Argument::DeviceBound => {
                arguments.is_incomplete && !declaration.read_only || declaration.is_device_bound_constant()
            }
            _ => false,
        };
        if is_unknown {
            continue;
        }
        let is_suffix = argument == Argument::Domain && is_public_suffix(&spec);
        let error = match argument {
            Argument::Reason => find_reason_error(&spec, matches!(declaration.name, Name::Expression(_))),
            argument => find_error(&spec, argument),
        };
        let lint = match may_be_explained(arguments) {
            true => None,
            false => find_unexplained(&spec, argument).or_else(|| public_suffix_fault(&spec).filter(|_| is_suffix)),
        };
        let suffix_violation = || deny.list.public_suffix_violation(&spec).filter(|_| is_suffix);
        let violation = deny.list.find_violation(&spec, argument).or_else(suffix_violation);
        if let (Some(violation), None) = (violation, error) {
            let rule = violation.rule.unwrap_or(Rule::LongLived);
            let (tokens, _) = blamed_tokens(arguments, default, argument, rule);
            if deny_setting(violation, tokens, deny, lint.is_some(), denied, errors) {
                continue;
            }
        }
        if let Some(fault) = error.or(lint) {
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

/// Returns true if an item that the parser rejected is perhaps a `reason` or `read_only`. The user already gets an
/// error for the rejected item, so a lint causes no second error.
fn may_be_explained(arguments: &Arguments) -> bool {
    arguments.is_incomplete && arguments.may_allow_weakening
}

/// Reports a setting that the deny list forbids. If the deny list perhaps has an exception for the cookie, the function
/// adds the setting to `denied` instead.
///
/// Returns false if the caller must report that the setting needs a `reason`. The function then does not add the
/// setting to `denied`, so that one mistake causes one error.
fn deny_setting(
    violation: Violation<'_>,
    tokens: TokenStream,
    deny: CookieDenyList<'_>,
    needs_reason: bool,
    denied: &mut Vec<DeniedSetting>,
    errors: &mut Errors,
) -> bool {
    let text = deny.error_text(violation);
    match (deny.may_be_exempt, needs_reason) {
        (false, _) => errors.push_expression_on(&tokens, &text.expression()),
        (true, false) => denied.push(DeniedSetting { tokens, text }),
        (true, true) => return false,
    }
    true
}

/// Checks each entry `formerly(…)`, and reports at most one error per entry. Does nothing if the checks need the value
/// of a constant expression.
fn check_former(
    arguments: &Arguments,
    declaration: &Declaration,
    deny: CookieDenyList<'_>,
    denied: &mut Vec<DeniedSetting>,
    errors: &mut Errors,
) {
    let Some(former) = declaration.former_entries() else { return };
    let spec = declaration.spec().formerly(&former);
    for (index, given) in arguments.formerly.iter().enumerate() {
        if let Some(found) = find_former_error(&spec, index) {
            // Most rules for an entry also depend on the rest of the declaration. The macro cannot check these rules if
            // the parser rejected a part of the declaration.
            let is_syntax = matches!(found.fault.rule, Rule::NameToken | Rule::DomainSyntax | Rule::PathSyntax);
            if is_syntax || declaration.read_only || !arguments.is_incomplete {
                errors.push_on(former_tokens(given, found.part), found.fault);
            }
            continue;
        }
        let Some(part) = find_former_lint(&spec, index).filter(|_| !arguments.is_incomplete) else { continue };
        let tokens = former_tokens(given, part);
        let needs_reason = spec.reason.is_none();
        let is_reported = former_name_violation(deny)
            .is_some_and(|violation| deny_setting(violation, tokens.clone(), deny, needs_reason, denied, errors));
        if needs_reason && !is_reported {
            errors.push_on(tokens, Rule::FormerName.text());
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

#[cfg(test)]
#[path = "check/tests.rs"]
mod tests;
