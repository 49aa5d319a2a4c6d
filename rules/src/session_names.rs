//! Recognises the names that common libraries give to session cookies and CSRF tokens. The input of each function is a
//! cookie's name, and the output is a boolean. The functions ignore letter case.

use crate::spec::{Prefix, starts_with};

/// Session cookie names that `contains_sess_or_login` does not recognise. The names are in lower case.
const SESSION_NAMES: &[&str] = &[
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

/// Returns true if the name looks like the name of a session cookie, such as `PHPSESSID` or `_shop_session`. The check
/// ignores a prefix such as `__Host-`.
///
/// ```
/// use hardtack_rules::session_names::is_session_like;
///
/// assert!(is_session_like(b"PHPSESSID") && is_session_like(b"__Host-sid"));
/// assert!(!is_session_like(b"theme"));
/// ```
#[must_use]
pub fn is_session_like(name: &[u8]) -> bool {
    let prefix = Prefix::from_name_any_case(name);
    let bare = prefix.and_then(|prefix| name.get(prefix.as_str().len()..)).unwrap_or(name);
    contains_sess_or_login(bare) || SESSION_NAMES.iter().any(|session| bare.eq_ignore_ascii_case(session.as_bytes()))
}

/// Returns true if the name contains `csrf` or `xsrf`, and so looks like the name of a CSRF token.
///
/// Scripts read a CSRF token from the cookie and send the token back in a header. If the cookie had `HttpOnly`, scripts
/// could not read the token.
///
/// ```
/// use hardtack_rules::session_names::is_csrf_like;
///
/// assert!(is_csrf_like(b"csrftoken") && is_csrf_like(b"XSRF-TOKEN"));
/// assert!(!is_csrf_like(b"session"));
/// ```
#[must_use]
pub const fn is_csrf_like(name: &[u8]) -> bool {
    contains_csrf(name) || contains(name, b"xsrf")
}

/// Returns true if the name contains `sess` or `login`. The HTTP Observatory recognises session cookies in the same
/// way.
pub(crate) const fn contains_sess_or_login(name: &[u8]) -> bool {
    contains(name, b"login") || contains(name, b"sess")
}

/// Returns true if the name contains `csrf`. The HTTP Observatory recognises CSRF tokens in the same way.
pub(crate) const fn contains_csrf(name: &[u8]) -> bool {
    contains(name, b"csrf")
}

/// Returns true if `text` contains `part` in any letter case.
const fn contains(text: &[u8], part: &[u8]) -> bool {
    let mut text = text;
    loop {
        if starts_with(text, part, true) {
            return true;
        }
        match text {
            [_, rest @ ..] => text = rest,
            [] => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{contains_csrf, contains_sess_or_login, is_csrf_like, is_session_like};

    #[test]
    fn common_session_names_are_recognised() {
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
            "__hOST-SID",
            "login_token",
        ] {
            assert!(is_session_like(name.as_bytes()), "{name}");
        }
        for name in ["theme", "lang", "identity_hint", "basket", "sidebar", "csrftoken", "__Host-", ""] {
            assert!(!is_session_like(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn csrf_and_xsrf_tokens_are_recognised() {
        for name in ["csrftoken", "_CSRF", "XSRF-TOKEN", "__Host-x-csrf-token", "xsrf"] {
            assert!(is_csrf_like(name.as_bytes()), "{name}");
        }
        for name in ["session", "csr", "xsr-f", ""] {
            assert!(!is_csrf_like(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn the_observatory_tests_ignore_letter_case() {
        assert!(contains_sess_or_login(b"ASP.NET_SessionId") && contains_sess_or_login(b"wordpress_logged_LOGIN"));
        assert!(!contains_sess_or_login(b"ses") && !contains_sess_or_login(b"sid"));
        assert!(contains_csrf(b"csrftoken") && contains_csrf(b"_CSRF") && !contains_csrf(b"XSRF-TOKEN"));
    }
}
