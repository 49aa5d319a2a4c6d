//! A script-readable cookie as the text that a page assigns to `document.cookie`. Needs no proof of HTTPS: the browser
//! asks for it when the page runs.

use core::fmt;

use crate::declare::{Cookie, Declaration, ScriptReadable};
use crate::error::SetError;
use crate::line::{Varied, header_value};
use crate::scheme::{Ground, Verdict};
use crate::sealing::Keys;

/// The text that sets this cookie from a page's script. Does not compile for an HttpOnly cookie.
///
/// # Errors
///
/// As [`SetCookie::header_value`](crate::SetCookie::header_value), but for the scheme.
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
pub fn document_cookie<T: Cookie + ScriptReadable>(cookie: &T) -> Result<DocumentCookie, SetError> {
    let (declared, https) = (Declaration::of::<T>(), Verdict::https(Ground::TlsConnection));
    let line = header_value(declared, Some(cookie), &Varied::NOTHING, https, None, Keys::default())?;
    Ok(DocumentCookie { text: line.to_str().unwrap_or_default().to_owned() })
}

/// What a script assigns to `document.cookie`. `Display` is the exact text; its `Debug` shows nothing of it.
#[derive(Clone)]
pub struct DocumentCookie {
    text: String,
}

impl DocumentCookie {
    /// The text as a quoted JavaScript string that is safe inside a script element.
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
