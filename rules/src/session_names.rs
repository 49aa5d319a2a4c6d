//! Recognises the names of session and login cookies, of CSRF tokens, and of the cookies that hold the state of a
//! sign-in. The input of each function is a cookie's name.
//!
//! The functions look up a name in two steps:
//!
//! - First, the functions search the table in `table.rs`. The table lists names that known products use, and names that
//!   only look like names of session cookies.
//! - If the table has no row for the name, the rules in `words.rs` examine the words of the name, such as `session` in
//!   `sessionTimeout`.
//!
//! All functions ignore a name prefix such as `__Host-`. Most checks also ignore letter case: browsers distinguish
//! `PHPSESSID` and `phpsessid`, but products use both names for session cookies. Some checks distinguish letter case:
//! `common_pattern`, and the checks for products that generate the names of their cookies, such as Nextcloud.

use crate::spec::{Prefix, starts_with};

mod table;
#[cfg(test)]
mod tests;
mod words;

/// The purpose of a cookie, derived from the cookie's name alone.
///
/// ```
/// use hardtack_rules::session_names::{NameKind, kind};
///
/// assert_eq!(kind(b"PHPSESSID"), NameKind::Session);
/// assert_eq!(kind(b"XSRF-TOKEN"), NameKind::CsrfToken);
/// assert_eq!(kind(b"oauth_state"), NameKind::SignInState);
/// assert_eq!(kind(b"login_hint"), NameKind::Other);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NameKind {
    /// The name of a session cookie or a login cookie. A client that has the value of the cookie is signed in.
    Session,
    /// The name of a CSRF token. Scripts read many CSRF tokens.
    CsrfToken,
    /// The name of a cookie that holds the state of one sign-in with another site, such as a nonce. Browsers must send
    /// the cookie when the other site redirects the user back to this site. In SAML and in OIDC `form_post`, this
    /// request is a cross-site POST.
    SignInState,
    /// A name of any other kind.
    Other,
}

/// Returns the kind of the name. If the table has no row for the name, the kind depends on the words in the name.
#[must_use]
pub fn kind(name: &[u8]) -> NameKind {
    let bare = without_prefix(name);
    table::find(bare).unwrap_or_else(|| words::kind(bare))
}

/// Returns the kind that the words in the name indicate. The function does not use the table of products.
///
/// ```
/// use hardtack_rules::session_names::{NameKind, kind, kind_by_words};
///
/// assert_eq!(kind_by_words(b"shop_session"), NameKind::Session);
/// assert_eq!((kind_by_words(b"CASTGC"), kind(b"CASTGC")), (NameKind::Session, NameKind::Session));
/// assert_eq!((kind_by_words(b"iPlanetDirectoryPro"), kind(b"iPlanetDirectoryPro")), (NameKind::Other, NameKind::Session));
/// ```
#[must_use]
pub fn kind_by_words(name: &[u8]) -> NameKind {
    words::kind(without_prefix(name))
}

/// Returns true if the name looks like the name of a session cookie, such as `PHPSESSID` or `_shop_session`. The check
/// ignores a prefix such as `__Host-`.
///
/// For the name of a CSRF token, the function returns true only if the name contains `sess`, such as `session_csrf`.
///
/// ```
/// use hardtack_rules::session_names::is_session_like;
///
/// assert!(is_session_like(b"PHPSESSID") && is_session_like(b"__Host-sid") && is_session_like(b"remember_me"));
/// assert!(!is_session_like(b"theme") && !is_session_like(b"session_expiry") && !is_session_like(b"csrftoken"));
/// ```
#[must_use]
pub fn is_session_like(name: &[u8]) -> bool {
    match kind(name) {
        NameKind::Session => true,
        NameKind::CsrfToken => contains(name, b"sess"),
        NameKind::SignInState | NameKind::Other => false,
    }
}

/// Returns true if the name looks like the name of a cookie that holds the state of a sign-in with another site.
///
/// ```
/// use hardtack_rules::session_names::is_sign_in_state;
///
/// assert!(is_sign_in_state(b".AspNetCore.Correlation.Zm9v") && is_sign_in_state(b"saml_relay_state"));
/// assert!(!is_sign_in_state(b"session") && !is_sign_in_state(b"state"));
/// ```
#[must_use]
pub fn is_sign_in_state(name: &[u8]) -> bool {
    kind(name) == NameKind::SignInState
}

/// Returns the longest pattern of the table that matches the name, if this pattern ends with `*`. `*` matches any text.
/// Returns `None` if no pattern matches the name, if the longest matching pattern has no `*`, or if the letter case
/// differs.
///
/// ```
/// use hardtack_rules::session_names::common_pattern;
///
/// assert_eq!(common_pattern(b".AspNetCore.Correlation.Zm9v"), Some(".AspNetCore.Correlation.*"));
/// assert_eq!(common_pattern(b".aspnetcore.correlation.zm9v"), None);
/// assert_eq!(common_pattern(b"PHPSESSID"), None);
/// ```
#[must_use]
pub fn common_pattern(name: &[u8]) -> Option<&'static str> {
    let (pattern, _) = table::find_row(name)?;
    let start = pattern.strip_suffix('*')?;
    name.starts_with(start.as_bytes()).then_some(*pattern)
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
#[cfg(any(test, feature = "auditors"))]
pub(crate) const fn contains_sess_or_login(name: &[u8]) -> bool {
    contains(name, b"login") || contains(name, b"sess")
}

/// Returns true if the name contains `csrf`. The HTTP Observatory recognises CSRF tokens in the same way.
pub(crate) const fn contains_csrf(name: &[u8]) -> bool {
    contains(name, b"csrf")
}

fn without_prefix(name: &[u8]) -> &[u8] {
    let prefix = Prefix::from_name_any_case(name);
    prefix.and_then(|prefix| name.get(prefix.as_str().len()..)).unwrap_or(name)
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
