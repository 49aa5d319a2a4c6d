//! Asks the rule book of what was written, and turns its answers into errors on the right token. What a constant
//! expression will break is asked by the expansion, in a `const`.

use hardtack_rules::check::{Argument, error, lint_of, unexplained, unexplained_suffix};
use hardtack_rules::deny::Broken;
use hardtack_rules::{Prefix, Rule, SameSite, Seal, Spec};
use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::spanned::Spanned as _;

use crate::attrs::Arguments;
use crate::declaration::{Constant, Declaration, Denied, Name, Question, Scope, Sealing};
use crate::deny::{Build, Demanded};
use crate::errors::Errors;
use crate::fallback;
use crate::keys::Key;
use crate::model::{DefaultName, Field, Set};

/// Checks one declaration; after an error returns the permissive one.
pub(crate) fn declaration(
    arguments: &Arguments,
    default: &DefaultName,
    demanded: Demanded<'_>,
    errors: &mut Errors,
) -> Declaration {
    let before = errors.count();
    let declaration = read(arguments, default, demanded);
    ask(arguments, default, &declaration, demanded, errors);
    refuse_seals(arguments, errors);
    if arguments.is_broken || errors.count() > before { fallback::declaration() } else { declaration }
}

/// Refuses what makes no sense of a value that is signed or sealed.
fn refuse_seals(arguments: &Arguments, errors: &mut Errors) {
    let place = |key| arguments.written().position(|(written, _)| written == key);
    if let (Some(signed), Some(sealed)) = (&arguments.signed, &arguments.sealed) {
        let (later, text) = match place(Key::Signed) > place(Key::Sealed) {
            true => (signed, "a `sealed` value is signed too; remove `signed`"),
            false => (sealed, "`signed` leaves the value readable, and `sealed` does not; remove one of them"),
        };
        errors.push(later.key, text);
    }
    let readable = arguments.http_only.as_ref().filter(|given| !given.value);
    if let (Some(sealed), Some(readable)) = (&arguments.sealed, readable) {
        let later = if place(Key::Sealed) > place(Key::HttpOnly) { sealed.key } else { readable.key };
        errors.push(
            later,
            "a page's script cannot read a `sealed` value; remove `http_only = false`, or write `signed`, which stays \
             readable",
        );
    }
}

/// Checks each declaration of a set and the names among each other.
pub(crate) fn set(set: &Set<'_>, build: &Build, errors: &mut Errors) -> Vec<Declaration> {
    let mut names: Vec<String> = Vec::new();
    let mut declarations = Vec::new();
    for field in &set.fields {
        let declaration = if field.is_existing() {
            let mut existing = fallback::declaration();
            existing.read_only = field.arguments.read_only.is_some();
            existing
        } else {
            declaration(&field.arguments, &field.default_name, build.demand(&field.origin.item), errors)
        };
        if let (Name::Literal { text, .. }, false) = (&declaration.name, field.is_existing()) {
            // Fields under a `cfg` may exclude each other; the `const` sees what is left of them.
            let taken = names.contains(text) && !declaration.is_refused && field.cfgs().next().is_none();
            if taken {
                refuse_name(field, text, errors);
            }
            names.push(text.clone());
        }
        declarations.push(declaration);
    }
    declarations
}

fn refuse_name(field: &Field<'_>, name: &str, errors: &mut Errors) {
    let text = format!("another cookie of this set is named `{name}`; {}", Rule::DuplicateName.remedy());
    match &field.arguments.name {
        Some(given) => errors.push_on(&given.tokens, text),
        None => errors.push(field.default_name.span, text),
    }
}

fn read(arguments: &Arguments, default: &DefaultName, demanded: Demanded<'_>) -> Declaration {
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
        seal: match (&arguments.sealed, &arguments.signed) {
            (Some(given), _) => Some(Sealing { seal: Seal::Sealed, span: given.key }),
            (None, Some(given)) => Some(Sealing { seal: Seal::Signed, span: given.key }),
            (None, None) => None,
        },
        reason: arguments.reason.as_ref().map(|given| given.value.clone()),
        is_refused: false,
        questions: questions(arguments, demanded),
    }
}

/// What only a `const` can answer.
fn questions(arguments: &Arguments, demanded: Demanded<'_>) -> Vec<Question> {
    let mut questions = Vec::new();
    let mut ask = |at: Argument, tokens: &TokenStream| {
        questions.push(Question { at, tokens: tokens.clone(), denied: denied(at, demanded) });
    };
    if let Some(Constant::Expression(name)) = arguments.name.as_ref().map(|given| &given.value) {
        ask(Argument::Name, name);
    }
    if let Some(Constant::Expression(path)) = arguments.path.as_ref().map(|given| &given.value) {
        ask(Argument::Path, path);
    }
    if let Some(Scope::Domain(Constant::Expression(domain))) = arguments.domain.as_ref().map(|given| &given.value) {
        ask(Argument::Domain, domain);
    }
    if let Some(Constant::Expression(max_age)) = arguments.max_age.as_ref().map(|given| &given.value) {
        ask(Argument::MaxAge, max_age);
    }
    // Whether a reason explains something may hang on a constant.
    if let (Some(given), true) = (&arguments.reason, trips_by_constant(&questions)) {
        questions.push(Question { at: Argument::Reason, tokens: given.tokens.clone(), denied: None });
    }
    questions
}

/// What the build denies of a constant expression at this argument.
fn denied(at: Argument, demanded: Demanded<'_>) -> Option<Denied> {
    let demand = demanded.demand;
    let rule = match lint_of(at)? {
        // That there is one is seen, whichever it is.
        Rule::DomainWide => return None,
        rule => rule,
    };
    let sentence = |rule, word| demanded.sentence(Broken { at, rule, word });
    let lint = demand.word_for(rule).map(|word| sentence(Some(rule), word));
    let limit = demand.limit().filter(|_| at == Argument::MaxAge);
    let limit = limit.map(|(limit, word)| (limit.as_secs(), sentence(None, word)));
    (lint.is_some() || limit.is_some()).then(|| Denied { lint: lint.unwrap_or_default(), limit })
}

/// Whether a constant argument may trip a lint that the reason explains.
fn trips_by_constant(questions: &[Question]) -> bool {
    questions.iter().any(|question| !matches!(lint_of(question.at), None | Some(Rule::DomainWide)))
}

/// Asks what the macro sees, with innocent values for what it does not.
fn ask(
    arguments: &Arguments,
    default: &DefaultName,
    declaration: &Declaration,
    demanded: Demanded<'_>,
    errors: &mut Errors,
) {
    let spec = declaration.spec();
    for at in Argument::ALL {
        let unseen = match at {
            Argument::Name => !matches!(declaration.name, Name::Literal { .. }),
            // What the reason explains may be in an item that was refused.
            Argument::Reason => arguments.is_broken || trips_by_constant(&declaration.questions),
            _ => false,
        };
        if unseen {
            continue;
        }
        let is_suffix = at == Argument::Domain && is_public_suffix(&spec);
        let lint = || match arguments.is_broken && arguments.may_be_excused {
            true => None,
            false => unexplained(&spec, at).or_else(|| unexplained_suffix(&spec).filter(|_| is_suffix)),
        };
        let fault = error(&spec, at);
        if fault.is_none() {
            // A reason helps here no more than with another lint.
            let suffix = || demanded.demand.public_suffix(&spec).filter(|_| is_suffix);
            if let Some(broken) = demanded.demand.broken(&spec, at).or_else(suffix) {
                let (tokens, _) = token(arguments, default, at, broken.rule.unwrap_or(Rule::LongLived));
                errors.push_on(tokens, demanded.sentence(broken));
                continue;
            }
        }
        if let Some(fault) = fault.or_else(lint) {
            let (tokens, derived) = token(arguments, default, at, fault.rule);
            if derived {
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

/// The smallest token that a rule blames, and whether it is the type's own name.
fn token(arguments: &Arguments, default: &DefaultName, at: Argument, rule: Rule) -> (TokenStream, bool) {
    let on_key = |span: Span| quote_spanned!(span=> _);
    let tokens = match at {
        Argument::Name => arguments.name.as_ref().map(|given| given.tokens.clone()),
        Argument::Path => arguments.path.as_ref().map(|given| given.tokens.clone()),
        Argument::Domain => arguments.domain.as_ref().map(|given| match rule {
            // That there is a domain at all is the mistake, whichever it is.
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
