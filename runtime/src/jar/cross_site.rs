//! Writes one part of an event's text. This part warns that a stricter `SameSite` can break a sign-in with another
//! site. The input is the cookie's name and its new `SameSite`. The output also contains the exception that the
//! developer can add to the policy.

use core::fmt;

use hardtack_rules::{SameSite, session_names};

use crate::wire::shown::Shown;

/// `Display` writes the explanation. The caller writes `; ` before the explanation.
pub(crate) struct CrossSiteNote<'a> {
    /// The cookie's name in the `Set-Cookie` header.
    pub(crate) name: &'a [u8],
    pub(crate) same_site: SameSite,
}

impl fmt::Display for CrossSiteNote<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if session_names::is_sign_in_state(self.name) {
            f.write_str("the cookie holds the state of a sign-in, and ")?;
        }
        let request = match self.same_site {
            SameSite::Strict => "any request",
            SameSite::Lax | SameSite::None => "a POST",
        };
        let same_site = self.same_site;
        write!(f, "with `SameSite={same_site}` browsers do not send the cookie with {request} from another site")?;
        f.write_str(" (SAML, OIDC `form_post`, payments); if that fails, add ")?;
        let name = Shown::name(self.name);
        match session_names::common_pattern(self.name) {
            Some(pattern) => write!(f, "`Exception::for_cookie(\"{pattern}\").any_same_site()`"),
            None if name.is_cut() => f.write_str("an `exception` for the cookie with `any_same_site`"),
            None => write!(f, "`Exception::for_cookie(\"{name}\").any_same_site()`"),
        }
    }
}
