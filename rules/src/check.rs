//! A declaration in, the rules that it breaks out: for each argument the first of the book, so that one mistake gives
//! one error. Which argument a rule of two arguments blames is decided here: the one that leaves the default.

use crate::rule::{Kind, Rule};
use crate::spec::{Prefix, SameSite, Spec};
use crate::syntax::{self, Fault};

/// An argument of a declaration, as a rule blames it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Argument {
    /// `name`, or the type's own name where none is written.
    Name,
    /// `path`.
    Path,
    /// `domain`.
    Domain,
    /// `max_age`.
    MaxAge,
    /// `same_site`.
    SameSite,
    /// `http_only`.
    HttpOnly,
    /// `secure`.
    Secure,
    /// `partitioned`.
    Partitioned,
    /// `reason`.
    Reason,
}

impl Argument {
    /// Every argument that a rule can blame.
    pub const ALL: [Argument; 9] = [
        Argument::Name,
        Argument::Path,
        Argument::Domain,
        Argument::MaxAge,
        Argument::SameSite,
        Argument::HttpOnly,
        Argument::Secure,
        Argument::Partitioned,
        Argument::Reason,
    ];
}

/// The first error of the book that `spec` breaks at this argument.
///
/// ```
/// use hardtack_rules::check::{Argument, error};
/// use hardtack_rules::{Rule, Spec};
///
/// let spec = Spec::new("__Host-id").domain("example.com");
/// assert_eq!(error(&spec, Argument::Domain).map(|fault| fault.rule), Some(Rule::PrefixHost));
/// assert_eq!(error(&spec, Argument::Name), None);
/// ```
#[must_use]
pub const fn error(spec: &Spec<'_>, at: Argument) -> Option<Fault> {
    if spec.read_only {
        return match at {
            Argument::Name => fault(syntax::foreign_name(spec.name)),
            Argument::Reason if spec.reason.is_some() => Some(Fault::because(
                Rule::IdleReason,
                "a `read_only` cookie is declared by whoever sets it and needs no `reason`; remove it",
            )),
            _ => None,
        };
    }
    if let Some(fault) = prefix(spec, at) {
        return Some(fault);
    }
    match at {
        Argument::Name => fault(syntax::name(spec.name)),
        Argument::Secure if !spec.secure && matches!(spec.same_site, SameSite::None) => {
            Some(Fault::general(Rule::SameSiteNoneSecure))
        }
        Argument::Secure if !spec.secure && spec.partitioned => Some(Fault::general(Rule::PartitionedSecure)),
        Argument::Path => fault(syntax::path(spec.path)),
        Argument::Domain => match spec.domain {
            Some(domain) => fault(syntax::domain(domain)),
            None => None,
        },
        Argument::MaxAge => match spec.max_age {
            Some(max_age) => fault(syntax::max_age(max_age)),
            None => None,
        },
        Argument::Reason => match spec.reason {
            Some(reason) if reason.trim_ascii().is_empty() => {
                Some(Fault::because(Rule::IdleReason, "`reason` is empty; write why the cookie is weaker"))
            }
            Some(_) if !trips_a_lint(spec) => Some(Fault::general(Rule::IdleReason)),
            _ => None,
        },
        Argument::Secure | Argument::HttpOnly | Argument::SameSite | Argument::Partitioned => None,
    }
}

/// The first lint of the book that `spec` trips at this argument, whether or not it has a reason.
#[must_use]
pub const fn lint(spec: &Spec<'_>, at: Argument) -> Option<Rule> {
    if spec.read_only {
        return None;
    }
    let (rule, trips) = match at {
        Argument::Secure => (Rule::Insecure, !spec.secure),
        Argument::HttpOnly => (Rule::ScriptReadable, !spec.http_only),
        Argument::SameSite => (Rule::SameSiteNone, matches!(spec.same_site, SameSite::None)),
        Argument::Name => (Rule::Unprefixed, spec.explicit_name && Prefix::of(spec.name).is_none()),
        Argument::Domain => (Rule::DomainWide, spec.has_domain()),
        Argument::MaxAge => match spec.max_age {
            Some(max_age) => (Rule::LongLived, max_age.as_secs() > syntax::MAX_LIFE.as_secs()),
            None => return None,
        },
        Argument::Partitioned => (Rule::PartitionAlone, spec.partitioned && !matches!(spec.same_site, SameSite::None)),
        Argument::Path | Argument::Reason => return None,
    };
    if trips { Some(rule) } else { None }
}

/// The weakening at this argument for which the declaration gives no reason.
///
/// A cookie that is not Secure cannot have a prefix, so `insecure` speaks for `unprefixed`.
#[must_use]
pub const fn unexplained(spec: &Spec<'_>, at: Argument) -> Option<Fault> {
    match lint(spec, at) {
        Some(Rule::Unprefixed) if !spec.secure => None,
        Some(rule) if matches!(rule.kind(), Kind::Weakening) && spec.reason.is_none() => Some(Fault::general(rule)),
        _ => None,
    }
}

/// What a constant expression at this argument breaks, asked once its value is known.
///
/// The macro has judged what it could see. A constant name also answers for what contradicts its prefix elsewhere,
/// but for a path that is a constant itself and answers alone.
#[must_use]
pub const fn constant(spec: &Spec<'_>, at: Argument, path_is_constant: bool) -> Option<Fault> {
    let found = match at {
        Argument::Name => match error(spec, Argument::Name) {
            Some(fault) => Some(fault),
            None => contradiction(spec, !path_is_constant),
        },
        // The name's own check has spoken of `__Host-` with a Domain.
        Argument::Domain => match spec.domain {
            Some(domain) => fault(syntax::domain(domain)),
            None => None,
        },
        at => error(spec, at),
    };
    match found {
        None => unexplained(spec, at),
        found => found,
    }
}

/// What contradicts the name's prefix, wherever it stands.
const fn contradiction(spec: &Spec<'_>, with_path: bool) -> Option<Fault> {
    if spec.read_only {
        return None;
    }
    if let Some(fault) = prefix(spec, Argument::Secure) {
        return Some(fault);
    }
    if let Some(fault) = prefix(spec, Argument::HttpOnly) {
        return Some(fault);
    }
    if let Some(fault) = prefix(spec, Argument::Domain) {
        return Some(fault);
    }
    if with_path { prefix(spec, Argument::Path) } else { None }
}

/// The prefix rule that is broken at this argument.
const fn prefix(spec: &Spec<'_>, at: Argument) -> Option<Fault> {
    let Some(prefix) = Prefix::of(spec.name) else { return None };
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
    let (broken, (rule, text)) = match at {
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
    if broken { Some(Fault::because(rule, text)) } else { None }
}

const fn trips_a_lint(spec: &Spec<'_>) -> bool {
    let mut rest: &[Argument] = &Argument::ALL;
    while let [at, tail @ ..] = rest {
        if lint(spec, *at).is_some() {
            return true;
        }
        rest = tail;
    }
    false
}

const fn fault(result: Result<(), Fault>) -> Option<Fault> {
    match result {
        Ok(()) => None,
        Err(fault) => Some(fault),
    }
}
