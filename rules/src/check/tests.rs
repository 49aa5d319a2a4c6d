//! Tests of the rules. Each rule has a declaration that breaks the rule, and the nearest declaration that is allowed.

extern crate std;

use core::time::Duration;
use std::vec::Vec;

use super::{
    Argument, check_constant, find_error, find_lint, find_reason_error, find_unexplained, public_suffix_fault,
};
use crate::rule::Rule;
use crate::spec::{Prefix, SameSite, Seal, Spec};

const STRICT: Spec<'_> = Spec::new("__Host-Http-id");
const DAY: u64 = 86_400;

/// Calls `check` for each argument, and returns the arguments for which `check` returns a result.
fn each_argument<T>(check: impl Fn(Argument) -> Option<T>) -> Vec<(Argument, T)> {
    Argument::ALL.iter().filter_map(|argument| check(*argument).map(|result| (*argument, result))).collect()
}

fn errors(spec: &Spec<'_>) -> Vec<(Argument, Rule)> {
    each_argument(|argument| find_error(spec, argument).map(|fault| fault.rule))
}

fn lints(spec: &Spec<'_>) -> Vec<(Argument, Rule)> {
    each_argument(|argument| find_lint(spec, argument))
}

fn unexplained(spec: &Spec<'_>) -> Vec<(Argument, Rule)> {
    each_argument(|argument| find_unexplained(spec, argument).map(|fault| fault.rule))
}

#[test]
fn the_default_breaks_no_rule() {
    for spec in [STRICT, Spec::new("id"), Spec::new("__Secure-id").path("/app").domain("example.com")] {
        assert_eq!(errors(&spec), []);
        assert_eq!(unexplained(&spec), []);
    }
    assert_eq!(lints(&STRICT), []);
}

#[test]
fn public_suffixes_need_a_reason_unless_read_only() {
    let wide = STRICT.domain("com");
    assert_eq!(public_suffix_fault(&wide).map(|fault| fault.rule), Some(Rule::PublicSuffix));
    assert!(public_suffix_fault(&wide.reason("shared by every site")).is_none());
    assert!(public_suffix_fault(&wide.read_only()).is_none());
}

#[test]
fn a_read_only_constant_domain_is_not_checked() {
    let spec = Spec::new("theirs").domain("ex ample");
    assert!(check_constant(&spec, Argument::Domain, false).is_some());
    assert!(check_constant(&spec.read_only(), Argument::Domain, false).is_none());
}

#[test]
fn each_argument_reports_its_own_error() {
    let plain = Spec::new("id").secure(false);
    for (spec, argument, rule) in [
        (Spec::new("i d"), Argument::Name, Rule::NameToken),
        (Spec::new("__host-id"), Argument::Name, Rule::PrefixCase),
        (STRICT.max_age(Duration::ZERO), Argument::MaxAge, Rule::MaxAge),
        (Spec::new("id").path("app"), Argument::Path, Rule::PathSyntax),
        (Spec::new("id").domain("localhost"), Argument::Domain, Rule::DomainSyntax),
        (plain.same_site(SameSite::None), Argument::Secure, Rule::SameSiteNoneSecure),
        (plain.partitioned(), Argument::Secure, Rule::PartitionedSecure),
        (plain.partitioned().same_site(SameSite::None), Argument::Secure, Rule::SameSiteNoneSecure),
    ] {
        assert_eq!(errors(&spec), [(argument, rule)], "{spec:?}");
    }
    for spec in [
        plain,
        plain.same_site(SameSite::Strict),
        Spec::new("id").same_site(SameSite::None),
        Spec::new("id").partitioned(),
        Spec::new("id").policy_domain(),
        STRICT.max_age(Duration::from_secs(1)),
    ] {
        assert_eq!(errors(&spec), [], "{spec:?}");
    }
    assert_eq!(
        errors(&Spec::new("").path("").domain("")),
        [(Argument::Name, Rule::NameToken), (Argument::Path, Rule::PathSyntax), (Argument::Domain, Rule::DomainSyntax)]
    );
}

#[test]
fn each_prefix_refuses_only_what_contradicts_it() {
    // The expected results follow 6265bis 4.1.3 and layered-cookies.
    for (name, rule, needs_http_only, host_only) in [
        ("__Secure-id", Rule::PrefixSecure, false, false),
        ("__Host-id", Rule::PrefixHost, false, true),
        ("__Http-id", Rule::PrefixHttp, true, false),
        ("__Host-Http-id", Rule::PrefixHostHttp, true, true),
    ] {
        let spec = Spec::new(name);
        for (spec, argument, refused) in [
            (spec.secure(false), Argument::Secure, true),
            (spec.http_only(false), Argument::HttpOnly, needs_http_only),
            (spec.domain("example.com"), Argument::Domain, host_only),
            (spec.policy_domain(), Argument::Domain, host_only),
            (spec.path("/app"), Argument::Path, host_only),
            (spec.path("/"), Argument::Path, false),
        ] {
            let expected = if refused { Vec::from([(argument, rule)]) } else { Vec::new() };
            assert_eq!(errors(&spec), expected, "{spec:?}");
            // Each error text must contain the prefix of the cookie's name.
            let quoted = std::format!("`{}`", Prefix::from_name(name).unwrap().as_str());
            assert!(find_error(&spec, argument).is_none_or(|fault| fault.text.contains(&quoted)), "{spec:?}");
        }
    }
}

#[test]
fn a_prefix_fault_precedes_a_syntax_fault() {
    let spec = Spec::new("__Host-id").domain("localhost").path("app");
    assert_eq!(errors(&spec), [(Argument::Path, Rule::PrefixHost), (Argument::Domain, Rule::PrefixHost)]);
}

#[test]
fn a_reason_needs_a_lint() {
    let idle = [(Argument::Reason, Rule::IdleReason)];
    assert_eq!(errors(&STRICT.reason("r")), idle);
    for blank in ["", " \t"] {
        let spec = Spec::new("id").secure(false).reason(blank);
        assert_eq!(errors(&spec), idle);
        assert!(find_error(&spec, Argument::Reason).is_some_and(|fault| fault.text.starts_with("`reason` is empty")));
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
fn a_constant_name_keeps_its_reason() {
    let reason = |spec: &Spec<'_>, name_is_constant| find_reason_error(spec, name_is_constant).map(|fault| fault.rule);
    for spec in [STRICT.explicit_name(), Spec::new("dev_id").explicit_name()] {
        assert_eq!(reason(&spec.reason("no TLS in development"), true), None);
        assert_eq!(reason(&spec.reason(" "), true), Some(Rule::IdleReason));
        assert_eq!(reason(&spec.read_only().reason("r"), true), Some(Rule::IdleReason));
        assert_eq!(reason(&spec, true), None);
    }
    assert_eq!(reason(&STRICT.explicit_name().reason("r"), false), Some(Rule::IdleReason));
}

#[test]
fn a_keyed_cookie_needs_max_age() {
    let minute = Duration::from_secs(60);
    assert_eq!(errors(&STRICT.keyed()), [(Argument::Keyed, Rule::KeyedMaxAge)]);
    assert_eq!(errors(&STRICT.keyed().max_age(minute)), []);
    assert_eq!(errors(&STRICT.max_age(minute)), []);
    let read_only = STRICT.keyed().max_age(minute).read_only();
    assert_eq!(errors(&read_only), [(Argument::Keyed, Rule::KeyedMaxAge)]);
    assert!(find_error(&read_only, Argument::Keyed).is_some_and(|fault| fault.text.contains("`read_only`")));
}

#[test]
fn idle_needs_a_seal_and_a_longer_max_age() {
    let (minute, hour) = (Duration::from_secs(60), Duration::from_secs(3600));
    let sealed = STRICT.seal(Seal::Sealed);
    for (spec, rule) in [
        (STRICT.idle(minute).max_age(hour), Rule::IdleSeal),
        (STRICT.idle(minute), Rule::IdleSeal),
        (sealed.idle(minute), Rule::IdleMaxAge),
        (sealed.idle(hour).max_age(hour), Rule::IdleMaxAge),
        (sealed.idle(hour).max_age(minute), Rule::IdleMaxAge),
        (sealed.idle(Duration::ZERO).max_age(hour), Rule::IdleTime),
        (sealed.idle(Duration::from_millis(1500)).max_age(hour), Rule::IdleTime),
        (sealed.idle(minute).max_age(hour).read_only(), Rule::IdleSeal),
    ] {
        assert_eq!(errors(&spec), [(Argument::Idle, rule)], "{spec:?}");
    }
    for spec in [
        sealed.idle(hour - Duration::from_secs(1)).max_age(hour),
        STRICT.seal(Seal::Signed).idle(minute).max_age(hour),
        sealed.idle(minute).max_age(hour).keyed(),
    ] {
        assert_eq!((errors(&spec), lints(&spec)), (Vec::new(), Vec::new()), "{spec:?}");
    }
    // If `max_age` itself has an error, the check does not also report an error on `idle`.
    assert_eq!(errors(&sealed.idle(minute).max_age(Duration::ZERO)), [(Argument::MaxAge, Rule::MaxAge)]);
}

#[test]
fn only_the_name_of_read_only_cookies_counts() {
    let spec =
        Spec::new("__host-id").explicit_name().secure(false).http_only(false).path("app").domain("a").read_only();
    assert_eq!(errors(&spec), []);
    assert_eq!(lints(&spec), []);
    assert_eq!(unexplained(&spec), []);
    assert_eq!(errors(&Spec::new("a;b").read_only()), [(Argument::Name, Rule::NameToken)]);
    assert_eq!(errors(&spec.reason("r")), [(Argument::Reason, Rule::IdleReason)]);
    assert_eq!(
        each_argument(|argument| check_constant(&Spec::new("__Host-id").secure(false).read_only(), argument, false)),
        []
    );
}

#[test]
fn each_lint_has_an_allowed_neighbour() {
    let plain = Spec::new("id");
    for (spec, argument, rule) in [
        (plain.secure(false), Argument::Secure, Rule::Insecure),
        (plain.http_only(false), Argument::HttpOnly, Rule::ScriptReadable),
        (plain.same_site(SameSite::None), Argument::SameSite, Rule::SameSiteNone),
        (plain.explicit_name(), Argument::Name, Rule::Unprefixed),
        (plain.domain("example.com"), Argument::Domain, Rule::DomainWide),
        (plain.policy_domain(), Argument::Domain, Rule::DomainWide),
        (plain.max_age(Duration::from_secs(400 * DAY + 1)), Argument::MaxAge, Rule::LongLived),
        (plain.partitioned(), Argument::Partitioned, Rule::PartitionAlone),
    ] {
        assert_eq!(lints(&spec), [(argument, rule)], "{spec:?}");
    }
    for spec in [
        plain,
        plain.same_site(SameSite::Strict),
        STRICT.explicit_name(),
        plain.max_age(Duration::from_secs(400 * DAY)),
    ] {
        assert_eq!(lints(&spec), [], "{spec:?}");
    }
    let cross_site = plain.partitioned().same_site(SameSite::None);
    assert_eq!(lints(&cross_site), [(Argument::SameSite, Rule::SameSiteNone)]);
}

#[test]
fn weakenings_need_a_reason_and_notices_do_not() {
    let plain = Spec::new("id");
    let long = Duration::from_secs(401 * DAY);
    for (spec, expected) in [
        (plain.http_only(false), &[(Argument::HttpOnly, Rule::ScriptReadable)][..]),
        (plain.explicit_name(), &[(Argument::Name, Rule::Unprefixed)]),
        // A cookie without Secure cannot have the prefix `__Host-` or `__Secure-`. So the check reports only
        // `secure = false`, and does not report the missing prefix.
        (plain.explicit_name().secure(false), &[(Argument::Secure, Rule::Insecure)]),
        (plain.domain("example.com").max_age(long).partitioned(), &[]),
    ] {
        assert_eq!(unexplained(&spec), expected, "{spec:?}");
        assert_eq!(unexplained(&spec.reason("r")), [], "{spec:?}");
    }
}

#[test]
fn a_constant_name_reports_prefix_contradictions() {
    let rule = |spec: &Spec<'_>, argument, path_is_constant| {
        check_constant(spec, argument, path_is_constant).map(|fault| fault.rule)
    };
    let host = Spec::new("__Host-Http-id").explicit_name();
    for spec in [host.secure(false), host.http_only(false), host.domain("example.com"), host.path("/app")] {
        assert_eq!(rule(&spec, Argument::Name, false), Some(Rule::PrefixHostHttp), "{spec:?}");
    }
    assert_eq!(rule(&host, Argument::Name, false), None);
    // If the path is constant, generated code checks the path separately, so the check of the name accepts every
    // path.
    assert_eq!(rule(&host.path("/app"), Argument::Name, true), None);
    assert_eq!(rule(&host.path("/app"), Argument::Path, true), Some(Rule::PrefixHostHttp));
    assert_eq!(rule(&Spec::new("i d"), Argument::Name, false), Some(Rule::NameToken));
    assert_eq!(rule(&Spec::new("id").explicit_name(), Argument::Name, false), Some(Rule::Unprefixed));
    assert_eq!(rule(&Spec::new("id").explicit_name().reason("r"), Argument::Name, false), None);
}

#[test]
fn every_other_constant_reports_its_own_fault() {
    let rule = |spec: &Spec<'_>, argument| check_constant(spec, argument, false).map(|fault| fault.rule);
    let host = Spec::new("__Host-id");
    assert_eq!(rule(&host.domain("example.com"), Argument::Domain), None);
    assert_eq!(rule(&host.domain("localhost"), Argument::Domain), Some(Rule::DomainSyntax));
    assert_eq!(rule(&host.max_age(Duration::ZERO), Argument::MaxAge), Some(Rule::MaxAge));
    assert_eq!(rule(&host.max_age(Duration::from_secs(401 * DAY)), Argument::MaxAge), None);
    assert_eq!(rule(&host.http_only(false), Argument::HttpOnly), Some(Rule::ScriptReadable));
    assert_eq!(rule(&host.http_only(false).reason("r"), Argument::HttpOnly), None);
    assert_eq!(each_argument(|argument| check_constant(&host, argument, false)), []);
}
