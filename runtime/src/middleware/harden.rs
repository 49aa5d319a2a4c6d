//! Finds the missing attributes in the `Set-Cookie` header of an undeclared cookie, and adds these attributes. The
//! input is a parsed header. The output is the list of missing attributes, and a copy of the header with these
//! attributes at the end.

use core::fmt;

use hardtack_rules::session_names;

use crate::event::Code;
use crate::policy::{Allowed, Policy};
use crate::wire::set_cookie::ParsedSetCookie;

/// The attributes that are missing in a `Set-Cookie` header. `Display` lists the missing attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct MissingAttributes {
    secure: bool,
    http_only: bool,
    same_site: bool,
}

impl MissingAttributes {
    /// Finds the missing attributes of a header. Every cookie must have `Secure`. A session cookie must also have
    /// `HttpOnly` and a valid `SameSite`. A cookie with a CSRF token does not need `HttpOnly`, because scripts read
    /// CSRF tokens.
    ///
    /// [`Policy::is_session_name`] checks whether the cookie is a session cookie. `allowed` contains the weaknesses
    /// that the policy's exceptions allow for the cookie.
    pub(super) fn find(parsed: &ParsedSetCookie<'_>, policy: &Policy, allowed: Allowed) -> Self {
        let http_only = !parsed.http_only && !allowed.readable_by_scripts;
        let same_site = parsed.known_same_site().is_none() && !allowed.any_same_site;
        // To save time, this function only checks the cookie's name if `HttpOnly` or `SameSite` is missing. Most
        // session libraries write both attributes.
        let is_session = (http_only || same_site) && policy.is_session_name(parsed.name);
        MissingAttributes {
            secure: !parsed.secure && !allowed.insecure,
            http_only: is_session && http_only && !session_names::is_csrf_like(parsed.name),
            same_site: is_session && same_site,
        }
    }

    pub(super) fn is_empty(self) -> bool {
        self == MissingAttributes::default()
    }

    /// Returns true if `SameSite` is missing.
    pub(super) fn same_site(self) -> bool {
        self.same_site
    }

    /// Returns a copy of the header, with the missing attributes at the end.
    pub(super) fn append_to(self, header: &[u8]) -> Vec<u8> {
        let texts = [(self.secure, "; Secure"), (self.http_only, "; HttpOnly"), (self.same_site, "; SameSite=Lax")];
        let added = texts.iter().filter(|(is_missing, _)| *is_missing).map(|(_, text)| text.as_bytes());
        let mut out = Vec::with_capacity(header.len() + added.clone().map(<[u8]>::len).sum::<usize>());
        out.extend_from_slice(header);
        added.for_each(|text| out.extend_from_slice(text));
        out
    }

    /// Returns the event code for the first missing attribute.
    pub(super) fn code(self) -> Code {
        match self {
            MissingAttributes { secure: true, .. } => Code::Insecure,
            MissingAttributes { http_only: true, .. } => Code::ScriptReadable,
            MissingAttributes { .. } => Code::SameSiteMissing,
        }
    }
}

impl fmt::Display for MissingAttributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [(self.secure, "Secure"), (self.http_only, "HttpOnly"), (self.same_site, "SameSite")];
        let mut missing = names.iter().filter(|(is_missing, _)| *is_missing).map(|(_, name)| name);
        f.write_str(missing.next().unwrap_or(&"nothing"))?;
        missing.try_for_each(|name| write!(f, ", {name}"))
    }
}

#[cfg(test)]
mod tests {
    use super::MissingAttributes;
    use crate::policy::{Allowed, Policy};
    use crate::wire::set_cookie::ParsedSetCookie;

    #[test]
    fn hardening_adds_missing_attributes_once() {
        let policy = Policy::builder().session_names(["basket", "till_*"]).not_session_names(["till_theme", "sid_*"]);
        let policy = policy.build().unwrap();
        let harden = |header: &str| {
            let parsed = ParsedSetCookie::parse(header.as_bytes());
            let missing = MissingAttributes::find(&parsed, &policy, Allowed::default());
            String::from_utf8(missing.append_to(header.as_bytes())).unwrap()
        };
        for (header, hardened) in [
            ("theme=dark", "theme=dark; Secure"),
            ("basket=1", "basket=1; Secure; HttpOnly; SameSite=Lax"),
            ("till_3=1", "till_3=1; Secure; HttpOnly; SameSite=Lax"),
            // If a name matches both lists, the longer entry wins.
            ("till_theme=1", "till_theme=1; Secure"),
            ("till_theme_2=1", "till_theme_2=1; Secure; HttpOnly; SameSite=Lax"),
            ("sid_1=1", "sid_1=1; Secure"),
            ("Till_3=1", "Till_3=1; Secure"),
            ("PHPSESSID=1; path=/", "PHPSESSID=1; path=/; Secure; HttpOnly; SameSite=Lax"),
            ("id=1; secure;  HTTPONLY ;samesite=none;X=1", "id=1; secure;  HTTPONLY ;samesite=none;X=1"),
            ("sid=1; Secure; SameSite=Lax", "sid=1; Secure; SameSite=Lax; HttpOnly"),
            ("sid=1; Secure; HttpOnly", "sid=1; Secure; HttpOnly; SameSite=Lax"),
            ("sid=1; SameSite=banana; Secure; HttpOnly", "sid=1; SameSite=banana; Secure; HttpOnly; SameSite=Lax"),
            ("session_csrf=1; Secure; SameSite=Lax", "session_csrf=1; Secure; SameSite=Lax"),
            // Some older programs append `; Secure` to the cookie's value, as in this header.
            ("sample=value; Secure", "sample=value; Secure"),
        ] {
            assert_eq!(harden(header), hardened);
            assert_eq!(harden(hardened), hardened);
        }
    }

    #[test]
    fn allowed_weaknesses_are_not_hardened() {
        let nothing = Allowed::default();
        for (allowed, header, hardened) in [
            (
                Allowed { readable_by_scripts: true, ..nothing },
                "grafana_session_expiry=1; Path=/; SameSite=Lax",
                "grafana_session_expiry=1; Path=/; SameSite=Lax; Secure",
            ),
            (Allowed { readable_by_scripts: true, ..nothing }, "sid=1", "sid=1; Secure; SameSite=Lax"),
            (Allowed { any_same_site: true, ..nothing }, "sid=1", "sid=1; Secure; HttpOnly"),
            (Allowed { insecure: true, ..nothing }, "sid=1", "sid=1; HttpOnly; SameSite=Lax"),
            (Allowed { insecure: true, ..nothing }, "theme=dark", "theme=dark"),
            (Allowed { insecure: true, readable_by_scripts: true, any_same_site: true, ..nothing }, "sid=1", "sid=1"),
        ] {
            let missing =
                MissingAttributes::find(&ParsedSetCookie::parse(header.as_bytes()), &Policy::default(), allowed);
            assert_eq!(String::from_utf8(missing.append_to(header.as_bytes())).unwrap(), hardened, "{allowed:?}");
        }
    }
}
