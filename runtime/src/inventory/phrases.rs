//! Describes the attributes of a declared cookie in plain words, for readers who do not know HTTP. The inventory's HTML
//! page and its table contain these phrases.

use core::time::Duration;

use hardtack_rules::{Former, FormerDomain, SameSite, Seal};

use crate::cookie::declaration::{Spec, companion_name};

/// Returns the cookie's name. The name of a `keyed` cookie ends with `.*`, because the program chooses the keys at run
/// time.
pub(super) fn name(spec: &Spec) -> String {
    with_key(spec, spec.name)
}

fn with_key(spec: &Spec, name: &str) -> String {
    if spec.keyed { format!("{name}.*") } else { name.to_owned() }
}

/// Returns the earlier name of a `formerly` entry. The name of a `keyed` cookie ends with `.*`.
pub(super) fn former_name(spec: &Spec, former: &Former<'static>) -> String {
    with_key(spec, former.name_in(spec))
}

/// Returns a phrase for a `formerly` entry, such as "`sid`, host-only, Path=/, until 2027-03-01". The phrase contains
/// the full earlier scope, even if the entry contains only a part of the scope.
pub(super) fn former(spec: &Spec, former: &Former<'static>) -> String {
    let mut parts = vec![format!("`{}`", former_name(spec, former))];
    parts.push(match former.domain_in(spec) {
        FormerDomain::Domain(domain) => format!("Domain={domain}"),
        FormerDomain::Policy => "Domain=policy".to_owned(),
        FormerDomain::HostOnly | FormerDomain::Declared => "host-only".to_owned(),
    });
    parts.push(format!("Path={}", former.path_in(spec)));
    parts.extend(former.partitioned_in(spec).then(|| "Partitioned".to_owned()));
    parts.extend(former.raw.then(|| "raw".to_owned()));
    parts.extend(former.unsigned.then(|| "unsigned".to_owned()));
    parts.extend(former.until.map(|until| format!("until {until}")));
    parts.join(", ")
}

/// Returns a phrase for the cookie's lifetime, such as "8 hours" or "until the browser closes".
pub(super) fn lifetime(spec: &Spec) -> String {
    match spec.max_age {
        _ if spec.read_only => "set by another program".to_owned(),
        Some(max_age) => match spec.idle {
            Some(idle) => format!("{}, or {} without a request", duration(max_age), duration(idle)),
            None => duration(max_age),
        },
        None => "until the browser closes".to_owned(),
    }
}

/// Returns a phrase for the duration, such as "90 minutes". The phrase uses the largest unit that gives a whole number.
fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let unit = units.into_iter().find(|(length, _)| seconds != 0 && seconds % length == 0);
    let (length, name) = unit.unwrap_or((1, "second"));
    count(usize::try_from(seconds / length).unwrap_or(usize::MAX), name)
}

/// Returns the name and the lifetime of the companion of a `device_bound` cookie.
pub(super) fn companion(spec: &Spec) -> Option<(String, String)> {
    let binding = spec.device_bound?;
    Some((companion_name(spec.name)?, duration(binding.every)))
}

/// Returns the number and the noun, such as "1 day" or "2 days".
pub(super) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// Returns a phrase for the hosts that receive the cookie.
pub(super) fn hosts(spec: &Spec) -> String {
    match spec.domain {
        Some(domain) => format!("{domain} and its subdomains"),
        None if spec.policy_domain => "the policy's cookie domain and its subdomains".to_owned(),
        None => "this host only".to_owned(),
    }
}

/// Returns one phrase for each attribute of the cookie. The phrases describe when the browser sends the cookie, and who
/// can read and change the cookie.
pub(super) fn attributes(spec: &Spec) -> Vec<String> {
    let seal = spec.seal.map(|seal| match seal {
        Seal::Signed => "changed only with the server's key".to_owned(),
        Seal::Sealed => "read and changed only with the server's key".to_owned(),
    });
    if spec.read_only {
        return ["set by another program, and only read by this program".to_owned()].into_iter().chain(seal).collect();
    }
    let mut phrases = vec![
        if spec.secure { "sent over HTTPS only" } else { "also sent over plain HTTP" }.to_owned(),
        if spec.http_only { "hidden from scripts" } else { "readable by every script of the page" }.to_owned(),
        match spec.same_site {
            SameSite::Strict => "never sent with requests from other sites",
            SameSite::Lax => "sent with requests from other sites only when the user follows a link",
            SameSite::None => "also sent with requests from other sites",
        }
        .to_owned(),
    ];
    phrases.extend(seal);
    phrases.extend(spec.device_bound.map(|binding| {
        let exception = if binding.optional { ", where the program demands it" } else { "" };
        format!("bound to the device of the sign-in{exception}")
    }));
    if spec.partitioned {
        phrases.push("stored separately for each site that embeds this one".to_owned());
    }
    if spec.path != "/" {
        phrases.push(format!("sent only under the path {}", spec.path));
    }
    phrases
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use hardtack_rules::date::Day;
    use hardtack_rules::{DeviceBinding, Former, FormerDomain, SameSite, Seal};

    use super::{attributes, companion, former, hosts, lifetime, name};
    use crate::cookie::declaration::Spec;

    #[test]
    fn former_entries_show_name_scope_and_day() {
        let spec = Spec::new("__Secure-id").domain("example.com").path("/app");
        let entry = Former::new().name("sid").until(Day::parse("2027-03-01").unwrap());
        assert_eq!(former(&spec, &entry), "`sid`, Domain=example.com, Path=/app, until 2027-03-01");
        let host_only = Former::new().domain(FormerDomain::HostOnly).path("/").partitioned(true);
        assert_eq!(former(&spec, &host_only), "`__Secure-id`, host-only, Path=/, Partitioned");
        let policy = entry.domain(FormerDomain::Policy).raw().unsigned();
        assert_eq!(former(&spec, &policy), "`sid`, Domain=policy, Path=/app, raw, unsigned, until 2027-03-01");
        assert_eq!(former(&spec.keyed(), &Former::new().name("flow")), "`flow.*`, Domain=example.com, Path=/app");
    }

    #[test]
    fn the_name_of_a_family_ends_with_a_star() {
        assert_eq!(name(&Spec::new("flow").keyed()), "flow.*");
        assert_eq!(name(&Spec::new("flow")), "flow");
    }

    #[test]
    fn hosts_follow_the_domain() {
        assert_eq!(hosts(&Spec::new("a")), "this host only");
        assert_eq!(hosts(&Spec::new("a").domain("example.com")), "example.com and its subdomains");
        assert_eq!(hosts(&Spec::new("a").policy_domain()), "the policy's cookie domain and its subdomains");
    }

    #[test]
    fn each_attribute_has_a_phrase() {
        let strict = Spec::new("a").same_site(SameSite::Strict).seal(Seal::Sealed).path("/shop");
        assert_eq!(
            attributes(&strict),
            [
                "sent over HTTPS only",
                "hidden from scripts",
                "never sent with requests from other sites",
                "read and changed only with the server's key",
                "sent only under the path /shop",
            ]
        );
        let weak = Spec::new("a").secure(false).http_only(false).same_site(SameSite::None).partitioned();
        assert_eq!(
            attributes(&weak),
            [
                "also sent over plain HTTP",
                "readable by every script of the page",
                "also sent with requests from other sites",
                "stored separately for each site that embeds this one",
            ]
        );
        assert_eq!(
            attributes(&Spec::new("a"))[2],
            "sent with requests from other sites only when the user follows a link"
        );
        let read_only = Spec::new("a").read_only().seal(Seal::Signed);
        assert_eq!(
            attributes(&read_only),
            ["set by another program, and only read by this program", "changed only with the server's key"]
        );
    }

    #[test]
    fn device_bound_cookies_have_a_companion() {
        let spec = Spec::new("__Host-Http-session").seal(Seal::Sealed);
        assert_eq!(companion(&spec), None);
        let binding = DeviceBinding::new(Duration::from_secs(300));
        let bound = spec.device_bound(binding);
        assert_eq!(companion(&bound), Some(("__Host-session-key".to_owned(), "5 minutes".to_owned())));
        assert_eq!(attributes(&bound).last().unwrap(), "bound to the device of the sign-in");
        let optional = spec.device_bound(binding.optional());
        assert_eq!(
            attributes(&optional).last().unwrap(),
            "bound to the device of the sign-in, where the program demands it"
        );
    }

    #[test]
    fn lifetimes_have_the_largest_exact_unit() {
        let lifetime_of = |seconds| lifetime(&Spec::new("a").max_age(Duration::from_secs(seconds)));
        let lifetimes = [90, 60, 3600, 5400, 86_400, 30 * 86_400, 0].map(lifetime_of);
        assert_eq!(lifetimes, ["90 seconds", "1 minute", "1 hour", "90 minutes", "1 day", "30 days", "0 seconds"]);
        let idle = Spec::new("a").max_age(Duration::from_secs(28_800)).idle(Duration::from_secs(1800));
        assert_eq!(lifetime(&idle), "8 hours, or 30 minutes without a request");
        assert_eq!(lifetime(&Spec::new("a")), "until the browser closes");
        assert_eq!(lifetime(&Spec::new("a").read_only()), "set by another program");
    }
}
