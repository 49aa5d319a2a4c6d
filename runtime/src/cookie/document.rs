//! Returns the text that a script assigns to `document.cookie` to set a cookie. The caller needs no proof of HTTPS,
//! because the browser checks the scheme when the script runs.

use core::fmt;

use super::declaration::{Cookie, CookieName, Declaration, EncodeValue, ScriptVisible};
use super::error::SetError;
use super::header_value::{HeaderContext, header_value};
use super::overrides::Overrides;
use crate::request::evidence::DecisionBasis;
use crate::request::scheme::Verdict;

/// Returns the text that a script assigns to `document.cookie` to set the cookie. A call of `document_cookie` with an
/// HttpOnly cookie does not compile.
///
/// # Errors
///
/// Returns the same errors as [`SetCookie::header_value`](crate::SetCookie::header_value), except `NotHttps`.
///
/// ```
/// use hardtack::{Cookie, document_cookie};
///
/// #[derive(Cookie)]
/// #[cookie(http_only = false, reason = "theme.js applies it before first paint")]
/// struct Theme(String);
///
/// let theme = document_cookie(&Theme("</script>".into())).unwrap();
/// assert_eq!(theme.to_string(), "__Host-theme=</script>; Path=/; Secure; SameSite=Lax");
/// assert_eq!(theme.js_string(), r#""__Host-theme=\u003C/script\u003E; Path=/; Secure; SameSite=Lax""#);
/// ```
pub fn document_cookie<T: Cookie + ScriptVisible>(cookie: &T) -> Result<DocumentCookie, SetError> {
    let declaration = Declaration::new::<T>();
    let context = HeaderContext::without_jar(declaration.spec, Verdict::https(DecisionBasis::TlsConnection))?;
    document_cookie_in(declaration, &CookieName::declared(declaration), cookie, &context)
}

/// Does the same as `document_cookie`, but takes the cookie's name and the context as arguments.
pub(crate) fn document_cookie_in(
    declaration: Declaration,
    name: &CookieName,
    value: &dyn EncodeValue,
    context: &HeaderContext<'_>,
) -> Result<DocumentCookie, SetError> {
    let header = header_value(declaration, name, Some(value), &Overrides::NONE, context)?;
    Ok(DocumentCookie { text: header.to_str().unwrap_or_default().to_owned() })
}

/// The text that a script assigns to `document.cookie`. `Display` writes the text unchanged. `Debug` hides the text,
/// because the text contains the cookie's value.
///
/// ```
/// use hardtack::value::DocumentCookie;
/// use hardtack::{Cookie, document_cookie};
///
/// #[derive(Cookie)]
/// #[cookie(http_only = false, reason = "theme.js applies it before first paint")]
/// struct Theme(String);
///
/// let theme: DocumentCookie = document_cookie(&Theme("dark".into())).unwrap();
/// assert_eq!(theme.to_string(), "__Host-theme=dark; Path=/; Secure; SameSite=Lax");
/// assert_eq!(format!("{theme:?}"), "DocumentCookie { .. }");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct DocumentCookie {
    text: String,
}

impl DocumentCookie {
    /// Returns the text for `document.cookie` as a JavaScript string literal, with quotes. The string literal is safe
    /// inside a `script` element of an HTML page.
    ///
    /// ```
    /// use hardtack::{Cookie, document_cookie};
    ///
    /// #[derive(Cookie)]
    /// #[cookie(http_only = false, reason = "theme.js applies it before first paint")]
    /// struct Theme(String);
    ///
    /// let theme = document_cookie(&Theme("<!--".into())).unwrap();
    /// assert_eq!(theme.js_string(), r#""__Host-theme=\u003C!--; Path=/; Secure; SameSite=Lax""#);
    /// ```
    #[must_use]
    pub fn js_string(&self) -> String {
        let mut quoted = String::with_capacity(self.text.len() + 2);
        quoted.push('"');
        for character in self.text.chars() {
            match character {
                '"' | '\\' | '<' | '>' | '&' | '\'' => {
                    quoted.push_str(&format!("\\u{:04X}", u32::from(character)));
                }
                character => quoted.push(character),
            }
        }
        quoted.push('"');
        quoted
    }
}

impl fmt::Display for DocumentCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for DocumentCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DocumentCookie").finish_non_exhaustive()
    }
}
