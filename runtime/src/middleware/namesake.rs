//! Compares a `Set-Cookie` header from other code with the declaration of the same name. If the header does not match
//! the declaration, the header is called a namesake.

use core::fmt;

use hardtack_rules::Seal;

use crate::clock;
use crate::cookie::declaration::Spec;
use crate::cookie::scope::Scope;
use crate::policy::Allowed;
use crate::wire::set_cookie::{ParsedSetCookie, with_attribute};

/// The parts of a `Set-Cookie` header that are weaker than the declaration, or different from the declaration.
/// `Display` lists these parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Differences {
    domain: bool,
    path: bool,
    partitioned: bool,
    lifetime: bool,
    secure: bool,
    http_only: bool,
    same_site: bool,
    seal: bool,
}

impl Differences {
    /// Compares the header with the declaration. A stricter attribute is not a difference. `scope` is the scope in
    /// which the jar would set the cookie.
    pub(super) fn find(spec: &Spec, scope: &Scope, parsed: &ParsedSetCookie<'_>) -> Self {
        let is_removal = parsed.lifetime.is_expired(clock::now());
        Differences {
            domain: parsed.shared_domain().is_some_and(|found| {
                scope.domain.as_deref().is_none_or(|declared| !found.eq_ignore_ascii_case(declared.as_bytes()))
            }),
            path: parsed.path != Some(scope.path.as_bytes()),
            partitioned: parsed.partitioned != scope.partitioned,
            lifetime: !is_removal && parsed.lifetime.exceeds(spec.first_lifetime().unwrap_or_default(), clock::now),
            secure: spec.secure && !parsed.secure,
            http_only: spec.http_only && !parsed.http_only,
            same_site: !parsed.known_same_site().is_some_and(|found| found.is_at_least(spec.same_site)),
            seal: !is_removal && spec.seal.is_some_and(|seal| !has_form_of_seal(seal, parsed.value)),
        }
    }

    /// Removes the differences that the policy's exceptions allow for the cookie.
    pub(super) fn without(self, allowed: Allowed) -> Self {
        Differences {
            secure: self.secure && !allowed.insecure,
            http_only: self.http_only && !allowed.readable_by_scripts,
            same_site: self.same_site && !allowed.any_same_site,
            ..self
        }
    }

    pub(super) fn is_empty(self) -> bool {
        self.count() == 0
    }

    /// Returns the number of differences.
    pub(super) fn count(self) -> usize {
        self.parts().into_iter().filter(|(is_different, _)| *is_different).count()
    }

    fn parts(self) -> [(bool, &'static str); 8] {
        [
            (self.domain, "Domain"),
            (self.path, "Path"),
            (self.partitioned, "Partitioned"),
            (self.lifetime, "lifetime"),
            (self.secure, "Secure"),
            (self.http_only, "HttpOnly"),
            (self.same_site, "SameSite"),
            (self.seal, "seal"),
        ]
    }
}

impl fmt::Display for Differences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut different = self.parts().into_iter().filter(|(is_different, _)| *is_different).map(|(_, name)| name);
        f.write_str(different.next().unwrap_or("nothing"))?;
        different.try_for_each(|name| write!(f, ", {name}"))
    }
}

/// Returns a copy of the header with the declared value of Secure, HttpOnly and SameSite, for each attribute that
/// `differences` contains. Returns `None` if the header needs no change.
pub(super) fn with_declared_attributes(
    spec: &Spec,
    parsed: &ParsedSetCookie<'_>,
    differences: Differences,
) -> Option<Vec<u8>> {
    let mut changed = None;
    if differences.same_site {
        changed = Some(with_attribute(parsed.header, "SameSite", spec.same_site.as_str().as_bytes()));
    }
    for (is_missing, text) in [(differences.secure, "; Secure"), (differences.http_only, "; HttpOnly")] {
        if is_missing {
            changed.get_or_insert_with(|| parsed.header.to_vec()).extend_from_slice(text.as_bytes());
        }
    }
    changed
}

#[cfg(feature = "seal")]
fn has_form_of_seal(seal: Seal, value: &[u8]) -> bool {
    match seal {
        Seal::Signed => crate::seal::looks_signed(value),
        Seal::Sealed => crate::seal::looks_sealed(value),
    }
}

/// Without the feature `seal`, a program cannot declare a cookie as `signed` or `sealed`.
#[cfg(not(feature = "seal"))]
fn has_form_of_seal(_: Seal, _: &[u8]) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use core::time::Duration;
    use std::borrow::Cow;

    use hardtack_rules::{SameSite, Spec};

    use super::{Differences, with_declared_attributes};
    use crate::cookie::scope::Scope;
    use crate::policy::Allowed;
    use crate::wire::set_cookie::ParsedSetCookie;

    const SSO: Spec<'static> =
        Spec::new("__Secure-sso").domain("app.example.com").path("/a").max_age(Duration::from_secs(3600));

    fn differences(spec: &'static Spec<'static>, header: &str) -> String {
        find(spec, header).to_string()
    }

    fn find(spec: &'static Spec<'static>, header: &str) -> Differences {
        let scope = Scope {
            domain: spec.domain.map(Cow::Borrowed),
            path: Cow::Borrowed(spec.path),
            partitioned: spec.partitioned,
        };
        Differences::find(spec, &scope, &ParsedSetCookie::parse(header.as_bytes()))
    }

    #[test]
    fn each_weaker_part_is_named() {
        const FLAGS: &str = "Secure; HttpOnly; SameSite=Lax";
        for (header, expected) in [
            (format!("__Secure-sso=v; Path=/a; Domain=APP.example.com; Max-Age=3600; {FLAGS}"), "nothing"),
            (format!("__Secure-sso=v; Path=/a; Max-Age=60; {FLAGS}"), "nothing"),
            (format!("__Secure-sso=; Path=/a; Max-Age=0; {FLAGS}"), "nothing"),
            (format!("__Secure-sso=v; Path=/a; Domain=example.com; Max-Age=60; {FLAGS}"), "Domain"),
            (format!("__Secure-sso=v; Path=/; Max-Age=99999999; {FLAGS}"), "Path, lifetime"),
            (format!("__Secure-sso=v; {FLAGS}"), "Path"),
            (format!("__Secure-sso=v; Path=/a; Partitioned; {FLAGS}"), "Partitioned"),
            ("__Secure-sso=v; Path=/a; Secure".to_owned(), "HttpOnly, SameSite"),
            ("__Secure-sso=v; Path=/a; HttpOnly; SameSite=None".to_owned(), "Secure, SameSite"),
        ] {
            assert_eq!(differences(&SSO, &header), expected, "{header}");
        }
        static SESSION: Spec<'static> = Spec::new("__Host-id").same_site(SameSite::Strict);
        assert_eq!(
            differences(&SESSION, "__Host-id=v; Path=/; Max-Age=1; Secure; HttpOnly; SameSite=Strict"),
            "lifetime"
        );
        assert_eq!(differences(&SESSION, "__Host-id=v; Path=/; Secure; HttpOnly; SameSite=Lax"), "SameSite");
    }

    #[cfg(feature = "seal")]
    #[test]
    fn a_plain_value_under_a_sealed_name_is_named() {
        static VAULT: Spec<'static> = Spec::new("__Host-Http-vault").seal(hardtack_rules::Seal::Sealed);
        let header = |value: &str| format!("__Host-Http-vault={value}; Path=/; Secure; HttpOnly; SameSite=Lax");
        assert_eq!(differences(&VAULT, &header("role%3Dadmin")), "seal");
        assert_eq!(
            differences(&VAULT, &header("1PZKA1EK8ATrlKxnI_p0WwTjCrzOlm9BddyOjalMyk9RhkjjU5FLvqixE")),
            "nothing"
        );
        static VISIT: Spec<'static> = Spec::new("__Host-Http-visit").seal(hardtack_rules::Seal::Signed);
        let header = |value: &str| format!("__Host-Http-visit={value}; Path=/; Secure; HttpOnly; SameSite=Lax");
        assert_eq!(differences(&VISIT, &header("7")), "seal");
        assert_eq!(differences(&VISIT, &header("7.1PZKAa0ngEGtJ4BAAAGJJs1YaZDjukk4SaiKON90")), "nothing");
    }

    #[test]
    fn declared_attributes_are_added_where_stricter() {
        let harden = |header: &str, allowed: Allowed| {
            let differences = find(&SSO, header).without(allowed);
            with_declared_attributes(&SSO, &ParsedSetCookie::parse(header.as_bytes()), differences)
                .map(|header| String::from_utf8(header).unwrap())
        };
        let nothing = Allowed::default();
        assert_eq!(harden("a=1; Secure; HttpOnly; SameSite=Strict", nothing), None);
        assert_eq!(harden("a=1; Secure", nothing).as_deref(), Some("a=1; Secure; SameSite=Lax; HttpOnly"));
        assert_eq!(harden("a=1; SameSite=None", nothing).as_deref(), Some("a=1; SameSite=Lax; Secure; HttpOnly"));
        let scripts = Allowed { readable_by_scripts: true, ..nothing };
        assert_eq!(harden("a=1", scripts).as_deref(), Some("a=1; SameSite=Lax; Secure"));
        let insecure = Allowed { insecure: true, any_same_site: true, ..nothing };
        assert_eq!(harden("a=1; SameSite=None", insecure).as_deref(), Some("a=1; SameSite=None; HttpOnly"));
    }
}
