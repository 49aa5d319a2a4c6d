//! Shortens a name, a `Domain` or a `Path` from a header that hardtack did not write. hardtack's logs and reports
//! contain only the shortened text, because the full text can contain a cookie's value. The shortened text ends before
//! the first character that is not allowed in the name, `Domain` or `Path`.
//!
//! In a broken header, a cookie's value can be in any place. For example, some servers join two cookies with a comma.
//! The value of the second cookie is then part of the first cookie's `Path`.

use core::fmt;

use hardtack_rules::syntax::is_tchar;

/// The start of a text. `Display` shows `…` after the start if the rest of the text is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shown<'a> {
    start: &'a str,
    is_cut: bool,
}

impl<'a> Shown<'a> {
    /// Shortens the name of a cookie. A name consists of the characters of a token (RFC 6265 4.1.1).
    pub(crate) fn name(name: &'a [u8]) -> Self {
        Shown::up_to(name, is_tchar)
    }

    /// Shortens a `Domain`. A `Domain` is a host name or an IP address. Some servers add a port.
    #[cfg(any(feature = "audit", feature = "_layer", feature = "testing"))]
    pub(crate) fn domain(domain: &'a str) -> Self {
        let is_part =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b':' | b'[' | b']');
        Shown::up_to(domain.as_bytes(), is_part)
    }

    /// Shortens a `Path`. A `Path` consists of the characters of a URL's path (RFC 3986 3.3). The function does not
    /// accept `,` and `=`, because these characters occur where a server joined two cookies.
    #[cfg(any(test, feature = "audit", feature = "testing"))]
    pub(crate) fn path(path: &'a str) -> Self {
        let is_part = |byte: u8| {
            byte.is_ascii_alphanumeric()
                || matches!(byte, b'/' | b'-' | b'.' | b'_' | b'~' | b'%' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')')
                || matches!(byte, b'*' | b'+' | b':' | b'@')
        };
        Shown::up_to(path.as_bytes(), is_part)
    }

    fn up_to(text: &'a [u8], is_part: impl Fn(u8) -> bool) -> Self {
        let end = text.iter().position(|byte| !is_part(*byte)).unwrap_or(text.len());
        // `start` is valid UTF-8, because each `is_part` accepts ASCII bytes only.
        let start = text.get(..end).and_then(|start| std::str::from_utf8(start).ok()).unwrap_or_default();
        Shown { start, is_cut: start.len() < text.len() }
    }

    /// Returns the shown start of the text, without `…`.
    pub(crate) fn start(self) -> &'a str {
        self.start
    }

    /// Returns true if the shown start is shorter than the text.
    pub(crate) fn is_cut(self) -> bool {
        self.is_cut
    }

    /// Returns true if the text is empty.
    pub(crate) fn is_empty(self) -> bool {
        self.start.is_empty() && !self.is_cut
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.start)?;
        f.write_str(if self.is_cut { "…" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::Shown;

    #[test]
    fn names_end_at_the_first_other_character() {
        for (name, shown) in [
            (&b"__Host-id"[..], "__Host-id"),
            (b".AspNetCore.Identity|a~b", ".AspNetCore.Identity|a~b"),
            (b"", ""),
            (b"s[id]", "s…"),
            (b"\"sid\"", "…"),
            (b"a b", "a…"),
            (b"a\tb", "a…"),
            (b"a,b", "a…"),
            (b"a\x1b[2J", "a…"),
            (b"a\\b`c", "a…"),
            (b"gr\xc3\xbcn", "gr…"),
            (b"\xff", "…"),
        ] {
            assert_eq!(Shown::name(name).to_string(), shown, "{}", name.escape_ascii());
        }
        assert!(Shown::name(b"").is_empty() && !Shown::name(b" ").is_empty());
    }

    #[cfg(any(feature = "audit", feature = "_layer", feature = "testing"))]
    #[test]
    fn domains_and_paths_end_before_a_joined_cookie() {
        for (domain, shown) in [
            ("evil.example", "evil.example"),
            ("xn--bcher-kva.example:8080", "xn--bcher-kva.example:8080"),
            ("[::1]", "[::1]"),
            ("evil.example , sid =v", "evil.example…"),
            ("evil.example,s[id]=v", "evil.example…"),
            ("evil.example\"sid\"=v", "evil.example…"),
            ("b\u{fc}cher.example", "b…"),
            ("a/v", "a…"),
            ("*.example", "…"),
        ] {
            assert_eq!(Shown::domain(domain).to_string(), shown);
        }
        for (path, shown) in [
            ("/", "/"),
            ("/a-b/c.d_e~f/%20!$&'()*+:@", "/a-b/c.d_e~f/%20!$&'()*+:@"),
            ("/x,s[id]=v", "/x…"),
            ("/x =v", "/x…"),
            ("/x=v", "/x…"),
            ("/x|v", "/x…"),
            ("/x?v", "/x…"),
            ("/x#v", "/x…"),
            ("/x\u{202e}v", "/x…"),
        ] {
            assert_eq!(Shown::path(path).to_string(), shown);
        }
    }
}
