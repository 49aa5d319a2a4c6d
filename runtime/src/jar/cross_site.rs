//! Explains in the text of an event that a stricter `SameSite` can break a sign-in with another site. The input is the
//! cookie's name and its new `SameSite`, and the output is the text with the exception to write.

use core::fmt;

use hardtack_rules::{SameSite, session_names};

/// `Display` writes the explanation. Write it after `; `.
pub(crate) struct CrossSiteNote<'a> {
    /// The name, as in the header.
    pub(crate) name: &'a [u8],
    /// The name for logs, with escaped bytes.
    pub(crate) display_name: &'a str,
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
        let cookie = session_names::common_pattern(self.name).unwrap_or(self.display_name);
        write!(f, " (SAML, OIDC `form_post`, payments); if that fails, add `Exception::for_cookie(\"{cookie}\")")?;
        f.write_str(".any_same_site()`")
    }
}
