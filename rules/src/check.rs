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

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    /// What a declaration breaks, argument by argument.
    fn broken(spec: &Spec<'_>) -> [Option<Rule>; Argument::ALL.len()] {
        Argument::ALL.map(|at| error(spec, at).map(|fault| fault.rule))
    }

    /// That it breaks this at this argument, and nothing at the others.
    fn breaks(spec: &Spec<'_>, at: Argument, rule: Rule) {
        assert_eq!(broken(spec), Argument::ALL.map(|other| (other == at).then_some(rule)), "{spec:?}");
    }

    const HOST: Spec<'_> = Spec::new("__Host-a");
    const PLAIN: Spec<'_> = Spec::new("a");
    const WHY: &str = "the page reads it";

    #[test]
    fn the_default_breaks_nothing() {
        for name in ["a", "__Host-a", "__Host-Http-a", "__Secure-a", "__Http-a"] {
            assert_eq!(broken(&Spec::new(name)), [None; 9], "{name}");
        }
    }

    #[test]
    fn one_mistake_is_blamed_on_one_argument() {
        breaks(&Spec::new("a b"), Argument::Name, Rule::NameToken);
        breaks(&PLAIN.path("app"), Argument::Path, Rule::PathSyntax);
        breaks(&PLAIN.domain("localhost"), Argument::Domain, Rule::DomainSyntax);
        breaks(&PLAIN.max_age(Duration::ZERO), Argument::MaxAge, Rule::MaxAge);
        let insecure = PLAIN.secure(false).reason(WHY);
        assert_eq!(broken(&insecure), [None; 9]);
        breaks(&insecure.same_site(SameSite::None), Argument::Secure, Rule::SameSiteNoneSecure);
        breaks(&insecure.partitioned(), Argument::Secure, Rule::PartitionedSecure);
        assert_eq!(broken(&PLAIN.same_site(SameSite::None).partitioned().reason(WHY)), [None; 9]);
    }

    #[test]
    fn a_prefix_is_kept_or_blamed_on_what_contradicts_it() {
        for (name, rule) in [
            ("__Secure-a", Rule::PrefixSecure),
            ("__Host-a", Rule::PrefixHost),
            ("__Http-a", Rule::PrefixHttp),
            ("__Host-Http-a", Rule::PrefixHostHttp),
        ] {
            let spec = Spec::new(name);
            breaks(&spec.secure(false).reason(WHY), Argument::Secure, rule);
            let (domain, path) = (spec.domain("example.com").reason(WHY), spec.path("/app"));
            if name.starts_with("__Host-") {
                breaks(&domain, Argument::Domain, rule);
                breaks(&path, Argument::Path, rule);
            } else {
                assert_eq!((broken(&domain), broken(&path)), ([None; 9], [None; 9]), "{name}");
            }
            let readable = spec.http_only(false).reason(WHY);
            if name.ends_with("Http-a") {
                breaks(&readable, Argument::HttpOnly, rule);
            } else {
                assert_eq!(broken(&readable), [None; 9], "{name}");
            }
        }
        let text = |name| error(&Spec::new(name).http_only(false), Argument::HttpOnly).map(|fault| fault.text);
        assert!(text("__Host-Http-a").is_some_and(|text| text.ends_with("or use `__Host-`")));
        assert!(text("__Http-a").is_some_and(|text| text.ends_with("or use `__Secure-`")));
    }

    #[test]
    fn what_somebody_else_sets_is_asked_for_its_name_only() {
        let read = Spec::new("__Host-a").read_only().secure(false).path("app").domain("a").max_age(Duration::ZERO);
        assert_eq!(broken(&read), [None; 9]);
        breaks(&Spec::new("a;b").read_only(), Argument::Name, Rule::NameToken);
        breaks(&read.reason(WHY), Argument::Reason, Rule::IdleReason);
        assert_eq!(lint(&PLAIN.read_only().secure(false), Argument::Secure), None);
        assert_eq!(constant(&read, Argument::Name, false), None);
    }

    #[test]
    fn a_reason_says_something_of_something() {
        breaks(&HOST.http_only(false).reason(" "), Argument::Reason, Rule::IdleReason);
        breaks(&HOST.reason(WHY), Argument::Reason, Rule::IdleReason);
        let text = |spec: &Spec<'_>| error(spec, Argument::Reason).map(|fault| fault.text);
        assert!(text(&HOST.reason(" ")).is_some_and(|text| text.starts_with("`reason` is empty")));
        for weak in [
            PLAIN.secure(false),
            HOST.http_only(false),
            HOST.same_site(SameSite::None),
            PLAIN.explicit_name(),
            PLAIN.domain("example.com"),
            HOST.max_age(syntax::MAX_LIFE + Duration::from_secs(1)),
            HOST.partitioned(),
        ] {
            assert_eq!(text(&weak.reason(WHY)), None, "{weak:?}");
        }
    }

    #[test]
    fn a_lint_is_tripped_where_it_is_blamed() {
        let tripped = |spec: &Spec<'_>| Argument::ALL.map(|at| lint(spec, at)).into_iter().flatten().next();
        assert_eq!(tripped(&HOST), None);
        assert_eq!(tripped(&HOST.max_age(syntax::MAX_LIFE)), None);
        assert_eq!(tripped(&HOST.max_age(syntax::MAX_LIFE + Duration::from_secs(1))), Some(Rule::LongLived));
        assert_eq!(tripped(&HOST.partitioned()), Some(Rule::PartitionAlone));
        assert_eq!(lint(&HOST.partitioned().same_site(SameSite::None), Argument::Partitioned), None);
        assert_eq!(tripped(&PLAIN), None);
        assert_eq!(tripped(&PLAIN.explicit_name()), Some(Rule::Unprefixed));
        assert_eq!(tripped(&HOST.explicit_name()), None);
    }

    #[test]
    fn what_weakens_needs_a_reason_and_what_only_looks_odd_does_not() {
        let rule = |spec: &Spec<'_>, at| unexplained(spec, at).map(|fault| fault.rule);
        assert_eq!(rule(&PLAIN.secure(false), Argument::Secure), Some(Rule::Insecure));
        assert_eq!(rule(&PLAIN.secure(false).reason(WHY), Argument::Secure), None);
        assert_eq!(rule(&PLAIN.explicit_name(), Argument::Name), Some(Rule::Unprefixed));
        // It is told once, of `secure`.
        assert_eq!(rule(&PLAIN.explicit_name().secure(false), Argument::Name), None);
        assert_eq!(rule(&HOST.partitioned(), Argument::Partitioned), None);
    }

    #[test]
    fn a_constant_answers_for_what_the_macro_could_not_see() {
        let rule = |spec: &Spec<'_>, at, path| constant(spec, at, path).map(|fault| fault.rule);
        assert_eq!(rule(&HOST, Argument::Name, false), None);
        assert_eq!(rule(&Spec::new("a b"), Argument::Name, false), Some(Rule::NameToken));
        assert_eq!(rule(&HOST.secure(false), Argument::Name, false), Some(Rule::PrefixHost));
        let http = Spec::new("__Http-a");
        assert_eq!(rule(&http.http_only(false), Argument::Name, false), Some(Rule::PrefixHttp));
        assert_eq!(rule(&HOST.domain("example.com"), Argument::Name, false), Some(Rule::PrefixHost));
        assert_eq!(rule(&HOST.path("/app"), Argument::Name, false), Some(Rule::PrefixHost));
        // A path that is a constant too answers for itself.
        assert_eq!(rule(&HOST.path("/app"), Argument::Name, true), None);
        assert_eq!(rule(&HOST.path("/app"), Argument::Path, true), Some(Rule::PrefixHost));
        assert_eq!(rule(&PLAIN.domain("localhost"), Argument::Domain, false), Some(Rule::DomainSyntax));
        // The name has spoken of it.
        assert_eq!(rule(&HOST.domain("example.com"), Argument::Domain, false), None);
        assert_eq!(rule(&PLAIN.explicit_name(), Argument::Name, false), Some(Rule::Unprefixed));
    }
}
