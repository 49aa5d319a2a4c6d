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
    let Some(rule) = lint_of(at) else { return None };
    let trips = match at {
        Argument::Secure => !spec.secure,
        Argument::HttpOnly => !spec.http_only,
        Argument::SameSite => matches!(spec.same_site, SameSite::None),
        Argument::Name => spec.explicit_name && Prefix::of(spec.name).is_none(),
        Argument::Domain => spec.has_domain(),
        Argument::MaxAge => matches!(spec.max_age, Some(max_age) if max_age.as_secs() > syntax::MAX_LIFE.as_secs()),
        Argument::Partitioned => spec.partitioned && !matches!(spec.same_site, SameSite::None),
        Argument::Path | Argument::Reason => false,
    };
    if trips && !spec.read_only { Some(rule) } else { None }
}

/// The lint that an argument can trip.
#[must_use]
pub const fn lint_of(at: Argument) -> Option<Rule> {
    match at {
        Argument::Secure => Some(Rule::Insecure),
        Argument::HttpOnly => Some(Rule::ScriptReadable),
        Argument::SameSite => Some(Rule::SameSiteNone),
        Argument::Name => Some(Rule::Unprefixed),
        Argument::Domain => Some(Rule::DomainWide),
        Argument::MaxAge => Some(Rule::LongLived),
        Argument::Partitioned => Some(Rule::PartitionAlone),
        Argument::Path | Argument::Reason => None,
    }
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

/// The weakening of a `domain` that is a public suffix, for which the declaration gives no reason: of suffixes there is a
/// list, and who has one asks.
#[must_use]
pub const fn unexplained_suffix(spec: &Spec<'_>) -> Option<Fault> {
    if spec.read_only || spec.reason.is_some() { None } else { Some(Fault::general(Rule::PublicSuffix)) }
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
        Argument::Domain if !spec.read_only => match spec.domain {
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
    extern crate std;

    use core::time::Duration;
    use std::vec::Vec;

    use super::{Argument, constant, error, lint, unexplained, unexplained_suffix};
    use crate::rule::Rule;
    use crate::spec::{Prefix, SameSite, Spec};

    const STRICT: Spec<'_> = Spec::new("__Host-Http-id");
    const DAY: u64 = 86_400;

    /// What one of the questions says of each argument.
    fn asked<T>(question: impl Fn(Argument) -> Option<T>) -> Vec<(Argument, T)> {
        Argument::ALL.into_iter().filter_map(|at| question(at).map(|answer| (at, answer))).collect()
    }

    fn errors(spec: &Spec<'_>) -> Vec<(Argument, Rule)> {
        asked(|at| error(spec, at).map(|fault| fault.rule))
    }

    fn lints(spec: &Spec<'_>) -> Vec<(Argument, Rule)> {
        asked(|at| lint(spec, at))
    }

    fn unexplaineds(spec: &Spec<'_>) -> Vec<(Argument, Rule)> {
        asked(|at| unexplained(spec, at).map(|fault| fault.rule))
    }

    #[test]
    fn the_default_breaks_nothing() {
        for spec in [STRICT, Spec::new("id"), Spec::new("__Secure-id").path("/app").domain("example.com")] {
            assert_eq!(errors(&spec), []);
            assert_eq!(unexplaineds(&spec), []);
        }
        assert_eq!(lints(&STRICT), []);
    }

    #[test]
    fn a_suffix_is_explained_by_a_reason_and_never_asked_of_a_read_only_cookie() {
        let wide = STRICT.domain("com");
        assert_eq!(unexplained_suffix(&wide).map(|fault| fault.rule), Some(Rule::PublicSuffix));
        assert!(unexplained_suffix(&wide.reason("for all of them")).is_none());
        assert!(unexplained_suffix(&wide.read_only()).is_none());
    }

    #[test]
    fn a_constant_domain_of_a_read_only_cookie_is_asked_nothing() {
        let spec = Spec::new("theirs").domain("ex ample");
        assert!(constant(&spec, Argument::Domain, false).is_some());
        assert!(constant(&spec.read_only(), Argument::Domain, false).is_none());
    }

    #[test]
    fn each_argument_answers_for_itself() {
        let plain = Spec::new("id").secure(false);
        for (spec, at, rule) in [
            (Spec::new("i d"), Argument::Name, Rule::NameToken),
            (Spec::new("__host-id"), Argument::Name, Rule::PrefixCase),
            (STRICT.max_age(Duration::ZERO), Argument::MaxAge, Rule::MaxAge),
            (Spec::new("id").path("app"), Argument::Path, Rule::PathSyntax),
            (Spec::new("id").domain("localhost"), Argument::Domain, Rule::DomainSyntax),
            (plain.same_site(SameSite::None), Argument::Secure, Rule::SameSiteNoneSecure),
            (plain.partitioned(), Argument::Secure, Rule::PartitionedSecure),
            (plain.partitioned().same_site(SameSite::None), Argument::Secure, Rule::SameSiteNoneSecure),
        ] {
            assert_eq!(errors(&spec), [(at, rule)], "{spec:?}");
        }
        for spec in [
            plain,
            plain.same_site(SameSite::Strict),
            Spec::new("id").same_site(SameSite::None),
            Spec::new("id").partitioned(),
            Spec::new("id").environment_domain(),
            STRICT.max_age(Duration::from_secs(1)),
        ] {
            assert_eq!(errors(&spec), [], "{spec:?}");
        }
        assert_eq!(
            errors(&Spec::new("").path("").domain("")),
            [
                (Argument::Name, Rule::NameToken),
                (Argument::Path, Rule::PathSyntax),
                (Argument::Domain, Rule::DomainSyntax)
            ]
        );
    }

    #[test]
    fn each_prefix_refuses_what_contradicts_it_and_nothing_else() {
        // 6265bis 4.1.3 and layered-cookies: the name, its rule, whether it needs HttpOnly, whether it ties to the host.
        for (name, rule, needs_http_only, host_only) in [
            ("__Secure-id", Rule::PrefixSecure, false, false),
            ("__Host-id", Rule::PrefixHost, false, true),
            ("__Http-id", Rule::PrefixHttp, true, false),
            ("__Host-Http-id", Rule::PrefixHostHttp, true, true),
        ] {
            let spec = Spec::new(name);
            for (spec, at, refused) in [
                (spec.secure(false), Argument::Secure, true),
                (spec.http_only(false), Argument::HttpOnly, needs_http_only),
                (spec.domain("example.com"), Argument::Domain, host_only),
                (spec.environment_domain(), Argument::Domain, host_only),
                (spec.path("/app"), Argument::Path, host_only),
                (spec.path("/"), Argument::Path, false),
            ] {
                let expected = if refused { Vec::from([(at, rule)]) } else { Vec::new() };
                assert_eq!(errors(&spec), expected, "{spec:?}");
                // Each text names the prefix that is meant.
                let quoted = std::format!("`{}`", Prefix::of(name).unwrap().as_str());
                assert!(error(&spec, at).is_none_or(|fault| fault.text.contains(&quoted)), "{spec:?}");
            }
        }
    }

    #[test]
    fn a_prefix_speaks_before_the_syntax_of_what_it_forbids() {
        let spec = Spec::new("__Host-id").domain("localhost").path("app");
        assert_eq!(errors(&spec), [(Argument::Path, Rule::PrefixHost), (Argument::Domain, Rule::PrefixHost)]);
    }

    #[test]
    fn a_reason_stands_where_something_is_weaker() {
        let idle = [(Argument::Reason, Rule::IdleReason)];
        assert_eq!(errors(&STRICT.reason("r")), idle);
        for blank in ["", " \t"] {
            let spec = Spec::new("id").secure(false).reason(blank);
            assert_eq!(errors(&spec), idle);
            assert!(error(&spec, Argument::Reason).is_some_and(|fault| fault.text.starts_with("`reason` is empty")));
        }
        for spec in [
            Spec::new("id").secure(false),
            Spec::new("id").http_only(false),
            Spec::new("id").same_site(SameSite::None),
            Spec::new("id").explicit_name(),
            Spec::new("id").domain("example.com"),
            STRICT.max_age(Duration::from_secs(401 * DAY)),
            STRICT.partitioned(),
        ] {
            assert_eq!(errors(&spec.reason("r")), [], "{spec:?}");
        }
    }

    #[test]
    fn a_foreign_cookie_answers_for_its_name_alone() {
        let spec =
            Spec::new("__host-id").explicit_name().secure(false).http_only(false).path("app").domain("a").read_only();
        assert_eq!(errors(&spec), []);
        assert_eq!(lints(&spec), []);
        assert_eq!(unexplaineds(&spec), []);
        assert_eq!(errors(&Spec::new("a;b").read_only()), [(Argument::Name, Rule::NameToken)]);
        assert_eq!(errors(&spec.reason("r")), [(Argument::Reason, Rule::IdleReason)]);
        assert_eq!(asked(|at| constant(&Spec::new("__Host-id").secure(false).read_only(), at, false)), []);
    }

    #[test]
    fn each_lint_has_its_neighbour() {
        let plain = Spec::new("id");
        for (spec, at, rule) in [
            (plain.secure(false), Argument::Secure, Rule::Insecure),
            (plain.http_only(false), Argument::HttpOnly, Rule::ScriptReadable),
            (plain.same_site(SameSite::None), Argument::SameSite, Rule::SameSiteNone),
            (plain.explicit_name(), Argument::Name, Rule::Unprefixed),
            (plain.domain("example.com"), Argument::Domain, Rule::DomainWide),
            (plain.environment_domain(), Argument::Domain, Rule::DomainWide),
            (plain.max_age(Duration::from_secs(400 * DAY + 1)), Argument::MaxAge, Rule::LongLived),
            (plain.partitioned(), Argument::Partitioned, Rule::PartitionAlone),
        ] {
            assert_eq!(lints(&spec), [(at, rule)], "{spec:?}");
        }
        for spec in [
            plain,
            plain.same_site(SameSite::Strict),
            STRICT.explicit_name(),
            plain.max_age(Duration::from_secs(400 * DAY)),
        ] {
            assert_eq!(lints(&spec), [], "{spec:?}");
        }
        let framed = plain.partitioned().same_site(SameSite::None);
        assert_eq!(lints(&framed), [(Argument::SameSite, Rule::SameSiteNone)]);
    }

    #[test]
    fn a_weakening_needs_a_reason_and_a_notice_does_not() {
        let plain = Spec::new("id");
        let long = Duration::from_secs(401 * DAY);
        for (spec, expected) in [
            (plain.http_only(false), &[(Argument::HttpOnly, Rule::ScriptReadable)][..]),
            (plain.explicit_name(), &[(Argument::Name, Rule::Unprefixed)]),
            // A cookie that is not Secure cannot have a prefix: one mistake, one error.
            (plain.explicit_name().secure(false), &[(Argument::Secure, Rule::Insecure)]),
            (plain.domain("example.com").max_age(long).partitioned(), &[]),
        ] {
            assert_eq!(unexplaineds(&spec), expected, "{spec:?}");
            assert_eq!(unexplaineds(&spec.reason("r")), [], "{spec:?}");
        }
    }

    #[test]
    fn a_constant_name_answers_for_what_contradicts_its_prefix() {
        let said = |spec: &Spec<'_>, at, path_is_constant| constant(spec, at, path_is_constant).map(|fault| fault.rule);
        let host = Spec::new("__Host-Http-id").explicit_name();
        for spec in [host.secure(false), host.http_only(false), host.domain("example.com"), host.path("/app")] {
            assert_eq!(said(&spec, Argument::Name, false), Some(Rule::PrefixHostHttp), "{spec:?}");
        }
        assert_eq!(said(&host, Argument::Name, false), None);
        // A path that is a constant too speaks for itself.
        assert_eq!(said(&host.path("/app"), Argument::Name, true), None);
        assert_eq!(said(&host.path("/app"), Argument::Path, true), Some(Rule::PrefixHostHttp));
        assert_eq!(said(&Spec::new("i d"), Argument::Name, false), Some(Rule::NameToken));
        assert_eq!(said(&Spec::new("id").explicit_name(), Argument::Name, false), Some(Rule::Unprefixed));
        assert_eq!(said(&Spec::new("id").explicit_name().reason("r"), Argument::Name, false), None);
    }

    #[test]
    fn each_other_constant_answers_for_its_own_value() {
        let said = |spec: &Spec<'_>, at| constant(spec, at, false).map(|fault| fault.rule);
        let host = Spec::new("__Host-id");
        assert_eq!(said(&host.domain("example.com"), Argument::Domain), None);
        assert_eq!(said(&host.domain("localhost"), Argument::Domain), Some(Rule::DomainSyntax));
        assert_eq!(said(&host.max_age(Duration::ZERO), Argument::MaxAge), Some(Rule::MaxAge));
        assert_eq!(said(&host.max_age(Duration::from_secs(401 * DAY)), Argument::MaxAge), None);
        assert_eq!(said(&host.http_only(false), Argument::HttpOnly), Some(Rule::ScriptReadable));
        assert_eq!(said(&host.http_only(false).reason("r"), Argument::HttpOnly), None);
        assert_eq!(asked(|at| constant(&host, at, false)), []);
    }
}
