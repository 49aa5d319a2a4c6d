//! A declaration in words that need no RFC: how long, how far, what is sent and who may read. For every report alike.

use core::time::Duration;

use hardtack_rules::{SameSite, Seal};

use crate::declare::Spec;

/// "8 hours", or "until the browser closes".
pub(super) fn life(spec: &Spec) -> String {
    if spec.read_only {
        return "as its program sets it".to_owned();
    }
    let Some(max_age) = spec.max_age else { return "until the browser closes".to_owned() };
    duration(max_age)
}

/// The largest unit that leaves no rest.
fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let unit = units.into_iter().find(|(length, _)| seconds != 0 && seconds % length == 0);
    let (length, name) = unit.unwrap_or((1, "second"));
    let count = seconds / length;
    format!("{count} {name}{}", if count == 1 { "" } else { "s" })
}

/// Which hosts get it.
pub(super) fn hosts(spec: &Spec) -> String {
    match spec.domain {
        Some(domain) => format!("{domain} and its subdomains"),
        None if spec.environment_domain => "the environment's domain and its subdomains".to_owned(),
        None => "this host alone".to_owned(),
    }
}

/// What carries it and who reads it, a phrase each; what is weaker than the default in words that say so.
pub(super) fn attributes(spec: &Spec) -> Vec<String> {
    let seal = spec.seal.map(|seal| match seal {
        Seal::Signed => "nobody without the key can change it".to_owned(),
        Seal::Sealed => "nobody without the key can read or change it".to_owned(),
    });
    if spec.read_only {
        return ["set by another program, only read here".to_owned()].into_iter().chain(seal).collect();
    }
    let mut phrases = vec![
        if spec.secure { "sent over HTTPS only" } else { "sent over plain HTTP too" }.to_owned(),
        if spec.http_only { "no script reads it" } else { "every script of the page reads it" }.to_owned(),
        match spec.same_site {
            SameSite::Strict => "never with a request that another site starts",
            SameSite::Lax => "from other sites with followed links only",
            SameSite::None => "with every request, also from other sites",
        }
        .to_owned(),
    ];
    phrases.extend(seal);
    if spec.partitioned {
        phrases.push("kept apart for each site that embeds it".to_owned());
    }
    if spec.path != "/" {
        phrases.push(format!("under the path {}", spec.path));
    }
    phrases
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use hardtack_rules::{SameSite, Seal};

    use super::{attributes, hosts, life};
    use crate::declare::Spec;

    #[test]
    fn hosts_are_named_by_who_gets_it() {
        assert_eq!(hosts(&Spec::new("a")), "this host alone");
        assert_eq!(hosts(&Spec::new("a").domain("example.com")), "example.com and its subdomains");
        assert_eq!(hosts(&Spec::new("a").environment_domain()), "the environment's domain and its subdomains");
    }

    #[test]
    fn each_attribute_is_a_phrase() {
        let strict = Spec::new("a").same_site(SameSite::Strict).seal(Seal::Sealed).path("/shop");
        assert_eq!(
            attributes(&strict),
            [
                "sent over HTTPS only",
                "no script reads it",
                "never with a request that another site starts",
                "nobody without the key can read or change it",
                "under the path /shop",
            ]
        );
        let open = Spec::new("a").secure(false).http_only(false).same_site(SameSite::None).partitioned();
        assert_eq!(
            attributes(&open),
            [
                "sent over plain HTTP too",
                "every script of the page reads it",
                "with every request, also from other sites",
                "kept apart for each site that embeds it",
            ]
        );
        assert_eq!(attributes(&Spec::new("a"))[2], "from other sites with followed links only");
        let others = Spec::new("a").read_only().seal(Seal::Signed);
        assert_eq!(
            attributes(&others),
            ["set by another program, only read here", "nobody without the key can change it"]
        );
    }

    #[test]
    fn a_life_has_the_largest_unit_that_leaves_no_rest() {
        let life = |seconds| life(&Spec::new("a").max_age(Duration::from_secs(seconds)));
        let told = [90, 60, 3600, 5400, 86_400, 30 * 86_400, 0].map(life);
        assert_eq!(told, ["90 seconds", "1 minute", "1 hour", "90 minutes", "1 day", "30 days", "0 seconds"]);
    }
}
