//! Cookies that others set: session libraries, legacy code, proxies. A line in, what it lacks out. Which names look like
//! sessions is decided here; what is done about it is `enforce`'s.

use hardtack_rules::Prefix;
use hardtack_rules::auditors::{is_csrf_like, is_session_like};

use crate::written::Written;

/// What becomes of a `Set-Cookie` line that was not declared here.
///
/// ```
/// use hardtack::{ForeignCookies, Policy};
///
/// let policy = Policy::builder()
///     .foreign_cookies(ForeignCookies::Refuse)
///     .exception("legacy_basket", "the old shop reads it over plain HTTP until March");
/// assert!(policy.build().is_ok());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ForeignCookies {
    /// Leaves as it is, and what rules object to is reported. Over plain HTTP a Secure one is held back.
    Observe,
    /// Gets Secure; HttpOnly and `SameSite=Lax` too where the name looks like a session's and they are absent. No other
    /// octet is touched. Over plain HTTP it is held back.
    #[default]
    Harden,
    /// Is removed, and reported.
    Refuse,
}

/// Names of sessions that no word in them tells, in lower case.
const SESSIONS: [&str; 15] = [
    "id", // tower-sessions, axum-login, actix-session
    "sid",
    "connect.sid",
    ".aspxauth",
    ".aspnetcore.cookies",
    ".aspnet.applicationcookie",
    "cfid",
    "cftoken",
    "auth",
    "auth_token",
    "access_token",
    "refresh_token",
    "remember_token",
    "remember_user_token",
    "jwt",
];

/// Whether a name looks like a session's: `PHPSESSID`, `JSESSIONID`, `ASP.NET_SessionId`, `_shop_session`, and those that
/// the policy lists.
pub(crate) fn looks_like_session(name: &[u8], listed: &[String]) -> bool {
    if listed.iter().any(|listed| listed.as_bytes() == name) {
        return true;
    }
    let bare = Prefix::of_any_case(name).and_then(|prefix| name.get(prefix.as_str().len()..)).unwrap_or(name);
    is_session_like(bare) || SESSIONS.iter().any(|session| bare.eq_ignore_ascii_case(session.as_bytes()))
}

/// Whether scripts must read it: a token that they send back in a header.
fn looks_like_csrf(name: &[u8]) -> bool {
    is_csrf_like(name) || name.windows(4).any(|part| part.eq_ignore_ascii_case(b"xsrf"))
}

/// What a foreign line lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Lacks {
    pub(crate) secure: bool,
    pub(crate) http_only: bool,
    pub(crate) same_site: bool,
}

impl Lacks {
    pub(crate) fn of(written: &Written<'_>, listed: &[String]) -> Self {
        let same_site = written.known_same_site().is_none();
        // The name is looked at last: most lines of session libraries lack nothing.
        let session = (!written.http_only || same_site) && looks_like_session(written.name, listed);
        Lacks {
            secure: !written.secure,
            http_only: session && !written.http_only && !looks_like_csrf(written.name),
            same_site: session && same_site,
        }
    }

    pub(crate) fn nothing(self) -> bool {
        self == Lacks::default()
    }

    /// The line with what it lacks, at its end.
    pub(crate) fn added_to(self, line: &[u8]) -> Vec<u8> {
        let texts = [(self.secure, "; Secure"), (self.http_only, "; HttpOnly"), (self.same_site, "; SameSite=Lax")];
        let added = texts.iter().filter(|(lacks, _)| *lacks).map(|(_, text)| text.as_bytes());
        let mut out = Vec::with_capacity(line.len() + added.clone().map(<[u8]>::len).sum::<usize>());
        out.extend_from_slice(line);
        added.for_each(|text| out.extend_from_slice(text));
        out
    }

    pub(crate) fn words(self) -> &'static str {
        match (self.secure, self.http_only, self.same_site) {
            (false, false, false) => "nothing",
            (true, false, false) => "Secure",
            (false, true, false) => "HttpOnly",
            (false, false, true) => "SameSite",
            (true, true, false) => "Secure, HttpOnly",
            (true, false, true) => "Secure, SameSite",
            (false, true, true) => "HttpOnly, SameSite",
            (true, true, true) => "Secure, HttpOnly, SameSite",
        }
    }

    /// The first rule of the book that asks for it.
    pub(crate) fn rule(self) -> &'static str {
        use hardtack_rules::Rule;
        match self {
            Lacks { secure: true, .. } => Rule::Insecure.id(),
            Lacks { http_only: true, .. } => Rule::ScriptReadable.id(),
            Lacks { .. } => "same-site-missing",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Lacks, looks_like_session};
    use crate::written::Written;

    #[test]
    fn the_common_session_names_are_known_and_others_are_not() {
        for name in [
            "id",
            "axum-login.session",
            "PHPSESSID",
            "JSESSIONID",
            "ASP.NET_SessionId",
            ".AspNetCore.Session",
            ".ASPXAUTH",
            "_shop_session",
            "laravel_session",
            "sessionid",
            "connect.sid",
            "__Host-sid",
            "login_token",
        ] {
            assert!(looks_like_session(name.as_bytes(), &[]), "{name}");
        }
        for name in ["theme", "lang", "identity_hint", "basket", "sidebar", "csrftoken", ""] {
            assert!(!looks_like_session(name.as_bytes(), &[]), "{name}");
        }
        assert!(looks_like_session(b"basket", &["basket".to_owned()]));
    }

    #[test]
    fn hardening_adds_what_is_absent_and_is_idempotent() {
        let harden = |line: &str| {
            String::from_utf8(Lacks::of(&Written::read(line.as_bytes()), &[]).added_to(line.as_bytes())).unwrap()
        };
        for (line, hardened) in [
            ("theme=dark", "theme=dark; Secure"),
            ("PHPSESSID=1; path=/", "PHPSESSID=1; path=/; Secure; HttpOnly; SameSite=Lax"),
            ("id=1; secure;  HTTPONLY ;samesite=none;X=1", "id=1; secure;  HTTPONLY ;samesite=none;X=1"),
            ("sid=1; Secure; SameSite=Lax", "sid=1; Secure; SameSite=Lax; HttpOnly"),
            ("sid=1; Secure; HttpOnly", "sid=1; Secure; HttpOnly; SameSite=Lax"),
            ("sid=1; SameSite=banana; Secure; HttpOnly", "sid=1; SameSite=banana; Secure; HttpOnly; SameSite=Lax"),
            ("session_csrf=1; Secure; SameSite=Lax", "session_csrf=1; Secure; SameSite=Lax"),
            // What older platforms advised: the flag appended to the value.
            ("sample=value; Secure", "sample=value; Secure"),
        ] {
            assert_eq!(harden(line), hardened);
            assert_eq!(harden(hardened), hardened);
        }
    }
}
