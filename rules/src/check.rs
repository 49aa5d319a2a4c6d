//! Checks a declaration against the rules. The input is a [`Spec`] and one argument of the declaration. The output is
//! the first rule that the argument breaks.
//!
//! Some rules forbid a combination of two arguments. If a declaration contains a forbidden combination, the error is
//! reported only on the argument that differs from its default. So one mistake causes only one error.

use crate::rule::{Rule, RuleKind};
use crate::spec::{Prefix, SameSite, Spec};
use crate::syntax::{self, Fault};

mod device;
mod former;

pub use former::{FormerFault, FormerPart, MAX_FORMER_ENTRIES, find_former_error, find_former_lint};

/// An argument of a declaration. Each error and each lint is reported on one argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Argument {
    /// The key `name`, or the name of the type if the declaration does not contain `name`.
    Name,
    /// The key `path` of the declaration.
    Path,
    /// The key `domain` of the declaration.
    Domain,
    /// The key `max_age` of the declaration.
    MaxAge,
    /// The key `idle` of the declaration.
    Idle,
    /// The key `same_site` of the declaration.
    SameSite,
    /// The key `http_only` of the declaration.
    HttpOnly,
    /// The key `secure` of the declaration.
    Secure,
    /// The key `partitioned` of the declaration.
    Partitioned,
    /// The key `formerly`, with all its entries.
    Formerly,
    /// The key `keyed` of the declaration.
    Keyed,
    /// The key `device_bound` of the declaration.
    DeviceBound,
    /// The key `reason` of the declaration.
    Reason,
}

impl Argument {
    /// Every [`Argument`].
    pub const ALL: &'static [Argument] = &[
        Argument::Name,
        Argument::Path,
        Argument::Domain,
        Argument::MaxAge,
        Argument::Idle,
        Argument::SameSite,
        Argument::HttpOnly,
        Argument::Secure,
        Argument::Partitioned,
        Argument::Formerly,
        Argument::Keyed,
        Argument::DeviceBound,
        Argument::Reason,
    ];
}

/// Returns the first error that the argument causes. A `reason` in the declaration does not suppress the error.
///
/// ```
/// use hardtack_rules::check::{Argument, find_error};
/// use hardtack_rules::{Rule, Spec};
///
/// let spec = Spec::new("__Host-id").domain("example.com");
/// assert_eq!(find_error(&spec, Argument::Domain).map(|fault| fault.rule), Some(Rule::PrefixHost));
/// assert_eq!(find_error(&spec, Argument::Name), None);
/// ```
#[must_use]
pub const fn find_error(spec: &Spec<'_>, argument: Argument) -> Option<Fault> {
    if spec.read_only {
        return match argument {
            Argument::Name => err(syntax::check_undeclared_name(spec.name)),
            Argument::Formerly => find_first_former_error(spec),
            Argument::Keyed if spec.keyed => Some(Fault::new(
                Rule::KeyedMaxAge,
                "`keyed` cannot be used with `read_only`, because another program chooses the names; remove `keyed`",
            )),
            Argument::Idle if spec.idle.is_some() => Some(Fault::new(
                Rule::IdleSeal,
                "`idle` cannot be used with `read_only`, because another program renews the cookie; remove `idle`",
            )),
            Argument::DeviceBound => device::find_device_bound_error(spec),
            Argument::Reason => find_reason_error(spec, false),
            _ => None,
        };
    }
    if let Some(fault) = find_prefix_fault(spec, argument) {
        return Some(fault);
    }
    match argument {
        Argument::Name => err(syntax::check_name(spec.name)),
        Argument::Secure if !spec.secure && matches!(spec.same_site, SameSite::None) => {
            Some(Fault::from_rule(Rule::SameSiteNoneSecure))
        }
        Argument::Secure if !spec.secure && spec.partitioned => Some(Fault::from_rule(Rule::PartitionedSecure)),
        Argument::Path => err(syntax::check_path(spec.path)),
        Argument::Domain => match spec.domain {
            Some(domain) => err(syntax::check_domain(domain)),
            None => None,
        },
        Argument::MaxAge => match spec.max_age {
            Some(max_age) => err(syntax::check_max_age(max_age)),
            None => None,
        },
        Argument::Idle => find_idle_error(spec),
        Argument::Formerly => find_first_former_error(spec),
        Argument::Keyed if spec.keyed && spec.max_age.is_none() => Some(Fault::from_rule(Rule::KeyedMaxAge)),
        Argument::DeviceBound => device::find_device_bound_error(spec),
        Argument::Reason => find_reason_error(spec, false),
        Argument::Secure | Argument::HttpOnly | Argument::SameSite | Argument::Partitioned | Argument::Keyed => None,
    }
}

/// Checks the `reason` of a declaration. Returns an error in three cases: the cookie is `read_only`, the `reason` is
/// empty, or the cookie is not weaker than the default. If the name is a constant expression, the function does not
/// return the third error. The name can have a prefix in one build and no prefix in another build, which then needs the
/// `reason`.
///
/// ```
/// use hardtack_rules::Spec;
/// use hardtack_rules::check::find_reason_error;
///
/// let spec = Spec::new("__Host-session").explicit_name().reason("no TLS in development");
/// assert!(find_reason_error(&spec, false).is_some());
/// assert_eq!(find_reason_error(&spec, true), None);
/// assert!(find_reason_error(&spec.reason(""), true).is_some());
/// ```
#[must_use]
pub const fn find_reason_error(spec: &Spec<'_>, name_is_constant: bool) -> Option<Fault> {
    match spec.reason {
        Some(_) if spec.read_only => Some(Fault::new(
            Rule::IdleReason,
            "a `read_only` cookie is set by another program and needs no `reason`; remove it",
        )),
        Some(reason) if reason.trim_ascii().is_empty() => {
            Some(Fault::new(Rule::IdleReason, "`reason` is empty; write why the cookie is weaker"))
        }
        Some(_) if !name_is_constant && !has_lint(spec) => Some(Fault::from_rule(Rule::IdleReason)),
        _ => None,
    }
}

/// Checks the key `idle` of a declaration, and returns its error. A declaration without `max_age` breaks the same rule
/// as a declaration whose `max_age` is too short.
const fn find_idle_error(spec: &Spec<'_>) -> Option<Fault> {
    let Some(idle) = spec.idle else { return None };
    if spec.seal.is_none() {
        return Some(Fault::from_rule(Rule::IdleSeal));
    }
    let Some(max_age) = spec.max_age else { return Some(Fault::from_rule(Rule::IdleMaxAge)) };
    if syntax::check_max_age(idle).is_err() {
        return Some(Fault::from_rule(Rule::IdleTime));
    }
    if idle.as_secs() >= max_age.as_secs() && syntax::check_max_age(max_age).is_ok() {
        return Some(Fault::new(
            Rule::IdleMaxAge,
            "`idle` is not shorter than `max_age`, so it ends nothing; shorten it, or remove it",
        ));
    }
    None
}

/// Returns the error of the first `formerly` entry that has an error.
const fn find_first_former_error(spec: &Spec<'_>) -> Option<Fault> {
    let mut index = 0;
    while index < spec.former.len() {
        if let Some(FormerFault { fault, .. }) = find_former_error(spec, index) {
            return Some(fault);
        }
        index += 1;
    }
    None
}

/// Returns true if a `formerly` entry weakens the cookie.
const fn has_weak_former(spec: &Spec<'_>) -> bool {
    let mut index = 0;
    while index < spec.former.len() {
        if find_former_lint(spec, index).is_some() {
            return true;
        }
        index += 1;
    }
    false
}

/// Returns the lint that the argument triggers, even if the declaration has a `reason`.
///
/// ```
/// use hardtack_rules::check::{Argument, find_lint};
/// use hardtack_rules::{Rule, Spec};
///
/// let spec = Spec::new("__Host-lang").http_only(false).reason("i18n.js reads it");
/// assert_eq!(find_lint(&spec, Argument::HttpOnly), Some(Rule::ScriptReadable));
/// assert_eq!(find_lint(&spec, Argument::Secure), None);
/// ```
#[must_use]
pub const fn find_lint(spec: &Spec<'_>, argument: Argument) -> Option<Rule> {
    let Some(rule) = lint_for(argument) else { return None };
    let is_triggered = match argument {
        Argument::Secure => !spec.secure,
        Argument::HttpOnly => !spec.http_only,
        Argument::SameSite => matches!(spec.same_site, SameSite::None),
        Argument::Name => spec.explicit_name && Prefix::from_name(spec.name).is_none(),
        Argument::Domain => spec.has_domain(),
        Argument::MaxAge => matches!(spec.max_age, Some(max_age) if max_age.as_secs() > syntax::MAX_LIFETIME.as_secs()),
        Argument::Partitioned => spec.partitioned && !matches!(spec.same_site, SameSite::None),
        Argument::Formerly => has_weak_former(spec),
        Argument::Path | Argument::Idle | Argument::Keyed | Argument::DeviceBound | Argument::Reason => false,
    };
    if is_triggered && !spec.read_only { Some(rule) } else { None }
}

/// Returns the lint that an argument can trigger. The function never returns [`Rule::PublicSuffix`], because the crate
/// `hardtack-rules` does not contain the public suffix list.
///
/// ```
/// use hardtack_rules::Rule;
/// use hardtack_rules::check::{Argument, lint_for};
///
/// assert_eq!(lint_for(Argument::Secure), Some(Rule::Insecure));
/// assert_eq!(lint_for(Argument::Path), None);
/// ```
#[must_use]
pub const fn lint_for(argument: Argument) -> Option<Rule> {
    match argument {
        Argument::Secure => Some(Rule::Insecure),
        Argument::HttpOnly => Some(Rule::ScriptReadable),
        Argument::SameSite => Some(Rule::SameSiteNone),
        Argument::Name => Some(Rule::Unprefixed),
        Argument::Domain => Some(Rule::DomainWide),
        Argument::MaxAge => Some(Rule::LongLived),
        Argument::Partitioned => Some(Rule::PartitionAlone),
        Argument::Formerly => Some(Rule::FormerName),
        Argument::Path | Argument::Idle | Argument::Keyed | Argument::DeviceBound | Argument::Reason => None,
    }
}

/// Returns the lint that the argument triggers, if the lint has the kind [`RuleKind::Weakening`]. Returns `None` if the
/// declaration has a `reason`.
///
/// A cookie that is not Secure cannot have a prefix. So for a cookie with `secure = false`, the function returns
/// [`Rule::Insecure`], and does not also return [`Rule::Unprefixed`].
///
/// ```
/// use hardtack_rules::Spec;
/// use hardtack_rules::check::{Argument, find_unexplained};
///
/// let spec = Spec::new("__Host-lang").http_only(false);
/// assert!(find_unexplained(&spec, Argument::HttpOnly).is_some());
/// assert_eq!(find_unexplained(&spec.reason("i18n.js reads it"), Argument::HttpOnly), None);
/// ```
#[must_use]
pub const fn find_unexplained(spec: &Spec<'_>, argument: Argument) -> Option<Fault> {
    match find_lint(spec, argument) {
        Some(Rule::Unprefixed) if !spec.secure => None,
        Some(rule) if matches!(rule.kind(), RuleKind::Weakening) && spec.reason.is_none() => {
            Some(Fault::from_rule(rule))
        }
        _ => None,
    }
}

/// Returns the fault for a cookie whose `domain` is a public suffix. Returns `None` if the declaration has a `reason`,
/// or if the cookie is `read_only`.
///
/// Call this function only if the `domain` is in the public suffix list. The crate `hardtack-rules` does not contain
/// the public suffix list.
#[must_use]
pub const fn public_suffix_fault(spec: &Spec<'_>) -> Option<Fault> {
    if spec.read_only || spec.reason.is_some() { None } else { Some(Fault::from_rule(Rule::PublicSuffix)) }
}

/// Checks an argument that is a constant expression. Returns the first error of the argument. If the argument has no
/// error and the declaration has no `reason`, returns the lint that needs a `reason`. Generated code calls
/// `check_constant` in a `const`, because only the compiler knows the value of a constant expression.
///
/// The macro has already checked the arguments that are literals. But if the name is a constant expression, only the
/// compiler can find the name's prefix. So for the argument `Name`, this function also checks whether another argument
/// contradicts the prefix.
///
/// `path_is_constant` is true if the path is a constant expression too. Generated code checks a constant path
/// separately, so the check of the argument `Name` then accepts every path.
#[must_use]
pub const fn check_constant(spec: &Spec<'_>, argument: Argument, path_is_constant: bool) -> Option<Fault> {
    let error = match argument {
        Argument::Name => match find_error(spec, Argument::Name) {
            Some(fault) => Some(fault),
            None => find_prefix_contradiction(spec, !path_is_constant),
        },
        // For a constant `domain`, this branch checks only the syntax. The check of the argument `Name` rejects a
        // `__Host-` name with a `Domain`.
        Argument::Domain if !spec.read_only => match spec.domain {
            Some(domain) => err(syntax::check_domain(domain)),
            None => None,
        },
        argument => find_error(spec, argument),
    };
    match error {
        None => find_unexplained(spec, argument),
        error => error,
    }
}

/// Returns a fault for the first argument that contradicts the name's prefix.
const fn find_prefix_contradiction(spec: &Spec<'_>, with_path: bool) -> Option<Fault> {
    if spec.read_only {
        return None;
    }
    if let Some(fault) = find_prefix_fault(spec, Argument::Secure) {
        return Some(fault);
    }
    if let Some(fault) = find_prefix_fault(spec, Argument::HttpOnly) {
        return Some(fault);
    }
    if let Some(fault) = find_prefix_fault(spec, Argument::Domain) {
        return Some(fault);
    }
    if with_path { find_prefix_fault(spec, Argument::Path) } else { None }
}

/// Returns a fault if `argument` contradicts the prefix of the name.
const fn find_prefix_fault(spec: &Spec<'_>, argument: Argument) -> Option<Fault> {
    let Some(prefix) = Prefix::from_name(spec.name) else { return None };
    macro_rules! texts {
        ($before:literal, $after:literal) => {
            match prefix {
                Prefix::Secure => (Rule::PrefixSecure, concat!($before, "`__Secure-`", $after)),
                Prefix::Host => (Rule::PrefixHost, concat!($before, "`__Host-`", $after)),
                Prefix::Http => (Rule::PrefixHttp, concat!($before, "`__Http-`", $after)),
                Prefix::HostHttp => (Rule::PrefixHostHttp, concat!($before, "`__Host-Http-`", $after)),
            }
        };
    }
    let (is_broken, (rule, text)) = match argument {
        Argument::Secure => (
            !spec.secure,
            texts!("`secure = false` cannot be used with the ", " prefix; remove it or use a name without a prefix"),
        ),
        Argument::HttpOnly => (
            prefix.needs_http_only() && !spec.http_only,
            match prefix {
                Prefix::HostHttp => (
                    Rule::PrefixHostHttp,
                    "`http_only = false` cannot be used with the `__Host-Http-` prefix; remove it or use `__Host-`",
                ),
                _ => (
                    Rule::PrefixHttp,
                    "`http_only = false` cannot be used with the `__Http-` prefix; remove it or use `__Secure-`",
                ),
            },
        ),
        Argument::Domain => (
            prefix.is_host_only() && spec.has_domain(),
            texts!("`domain` cannot be used with the ", " prefix; remove it or use `__Secure-`"),
        ),
        Argument::Path => (
            prefix.is_host_only() && !matches!(spec.path.as_bytes(), b"/"),
            texts!("the ", " prefix needs the path \"/\"; remove `path` or use `__Secure-`"),
        ),
        _ => return None,
    };
    if is_broken { Some(Fault::new(rule, text)) } else { None }
}

/// Returns true if any argument triggers a lint.
const fn has_lint(spec: &Spec<'_>) -> bool {
    let mut rest = Argument::ALL;
    while let [argument, tail @ ..] = rest {
        if find_lint(spec, *argument).is_some() {
            return true;
        }
        rest = tail;
    }
    false
}

/// Does the same as `Result::err`. The method `Result::err` is not a `const fn`.
const fn err(result: Result<(), Fault>) -> Option<Fault> {
    match result {
        Ok(()) => None,
        Err(fault) => Some(fault),
    }
}

#[cfg(test)]
mod tests;
