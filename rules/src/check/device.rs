//! Checks the key `device_bound`.

use crate::device::SHORTEST_COMPANION;
use crate::rule::Rule;
use crate::spec::{Prefix, Seal, Spec};
use crate::syntax::{self, Fault};

/// Returns the first error of the key `device_bound`. A wrong scope of the cookie breaks one rule, whatever part of the
/// scope is wrong.
pub(super) const fn find_device_bound_error(spec: &Spec<'_>) -> Option<Fault> {
    let Some(binding) = spec.device_bound else { return None };
    if spec.read_only {
        return Some(Fault::new(
            Rule::DeviceBoundScope,
            "`device_bound` cannot be used with `read_only`, because another program sets the cookie; remove \
             `device_bound`",
        ));
    }
    if !matches!(spec.seal, Some(Seal::Sealed)) {
        return Some(Fault::from_rule(Rule::DeviceBoundSeal));
    }
    if spec.max_age.is_none() {
        return Some(Fault::from_rule(Rule::DeviceBoundMaxAge));
    }
    if let Some(text) = find_scope_problem(spec) {
        return Some(Fault::new(Rule::DeviceBoundScope, text));
    }
    if binding.every.as_secs() <= SHORTEST_COMPANION.as_secs() || syntax::check_max_age(binding.every).is_err() {
        return Some(Fault::from_rule(Rule::DeviceBoundTime));
    }
    None
}

/// Returns the text of the error if the cookie has a scope or a flag that a device-bound cookie cannot have. The prefix
/// of an explicit name may already contradict the `domain`, the `path` or `http_only`. The contradiction is then the
/// error of the other argument.
const fn find_scope_problem(spec: &Spec<'_>) -> Option<&'static str> {
    let prefix = Prefix::from_name(spec.name);
    let is_host_only = matches!(prefix, Some(prefix) if prefix.is_host_only());
    if spec.keyed {
        return Some(
            "`device_bound` cannot be used with `keyed`, because one cookie has one companion; remove one of them",
        );
    }
    if spec.has_domain() {
        return if is_host_only {
            None
        } else {
            Some("a `device_bound` cookie belongs to one host; remove `domain`, or `device_bound`")
        };
    }
    if !matches!(spec.path.as_bytes(), b"/") {
        return if is_host_only {
            None
        } else {
            Some("a `device_bound` cookie has the path \"/\", because its companion has it; remove `path`")
        };
    }
    if spec.partitioned {
        return Some(
            "`partitioned` cannot be used with `device_bound`, because browsers bind no partitioned cookie; remove one of \
             them",
        );
    }
    if !spec.secure && prefix.is_none() {
        return Some("a `device_bound` cookie is Secure; remove `secure = false`");
    }
    if !spec.http_only && !matches!(prefix, Some(prefix) if prefix.needs_http_only()) {
        return Some(
            "no script may read a `device_bound` cookie; remove `http_only = false`, or remove `device_bound`",
        );
    }
    if !is_host_only {
        return Some(
            "the name of a `device_bound` cookie begins with `__Host-Http-` or `__Host-`; add the prefix, or remove `name`",
        );
    }
    None
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::find_device_bound_error;
    use crate::check::{Argument, find_error};
    use crate::device::{DeviceBinding, companion_base};
    use crate::rule::Rule;
    use crate::spec::{Seal, Spec};

    const fn binding(seconds: u64) -> DeviceBinding {
        DeviceBinding::new(Duration::from_secs(seconds))
    }

    const DAY: Duration = Duration::from_secs(86_400);
    const UNSEALED: Spec<'_> = Spec::new("__Host-Http-session").max_age(DAY).device_bound(binding(600));
    const BOUND: Spec<'_> = UNSEALED.seal(Seal::Sealed);

    fn rule(spec: &Spec<'_>) -> Option<Rule> {
        find_device_bound_error(spec).map(|fault| fault.rule)
    }

    #[test]
    fn each_refusal_has_an_allowed_neighbour() {
        let mut without_lifetime = BOUND;
        without_lifetime.max_age = None;
        let named = |name| Spec { name, ..BOUND }.explicit_name();
        for (refused, expected, allowed) in [
            (UNSEALED, Rule::DeviceBoundSeal, BOUND),
            (UNSEALED.seal(Seal::Signed), Rule::DeviceBoundSeal, BOUND),
            (without_lifetime, Rule::DeviceBoundMaxAge, BOUND),
            (BOUND.partitioned(), Rule::DeviceBoundScope, BOUND),
            (named("__Host-session").http_only(false), Rule::DeviceBoundScope, named("__Host-session")),
            (named("__Secure-session").domain("a.example"), Rule::DeviceBoundScope, BOUND),
            (named("__Secure-session").policy_domain(), Rule::DeviceBoundScope, BOUND),
            (named("__Secure-session").path("/app"), Rule::DeviceBoundScope, BOUND.path("/")),
            (named("__Secure-session"), Rule::DeviceBoundScope, named("__Host-session")),
            (named("session"), Rule::DeviceBoundScope, named("__Host-Http-session")),
            (named("session").secure(false), Rule::DeviceBoundScope, BOUND),
            (BOUND.keyed(), Rule::DeviceBoundScope, BOUND),
            (BOUND.read_only(), Rule::DeviceBoundScope, BOUND),
            (BOUND.device_bound(binding(120)), Rule::DeviceBoundTime, BOUND.device_bound(binding(121))),
            (BOUND.device_bound(binding(0)), Rule::DeviceBoundTime, BOUND.device_bound(binding(900).optional())),
            (
                BOUND.device_bound(DeviceBinding::new(Duration::from_millis(600_500))),
                Rule::DeviceBoundTime,
                BOUND.device_bound(binding(600)),
            ),
        ] {
            assert_eq!(rule(&refused), Some(expected), "{refused:?}");
            assert_eq!(rule(&allowed), None, "{allowed:?}");
        }
    }

    #[test]
    fn a_contradicted_prefix_is_one_error() {
        for spec in [BOUND.domain("a.example"), BOUND.path("/app"), BOUND.http_only(false), BOUND.secure(false)] {
            let errors = Argument::ALL.iter().filter(|argument| find_error(&spec, **argument).is_some());
            assert_eq!(errors.count(), 1, "{spec:?}");
        }
    }

    #[test]
    fn companion_base_is_the_name_without_prefix() {
        for (name, expected) in [
            ("__Host-Http-a", Some("a")),
            ("__Host-a", Some("a")),
            ("__host-a", None),
            ("__Http-a", None),
            ("__Secure-a", None),
            ("a", None),
        ] {
            assert_eq!(companion_base(name), expected, "{name}");
        }
    }
}
