//! Completes `Set-Cookie` headers that remove a cookie but have no `Path`. Many libraries write these headers. Without
//! a `Path`, a browser only removes the cookie from the directory of the request's URL (6265bis 5.7), but most cookies
//! have the path `/`. So the middleware sends two headers: the library's header, and a copy with `Path=/`.

use std::collections::HashSet;

use hardtack_rules::Prefix;
use http::HeaderValue;

use crate::clock;
use crate::cookie::header_value::SetCookieHeader;
use crate::jar::write::replace;
use crate::wire::set_cookie::ParsedSetCookie;

/// Returns true if the header removes a cookie but has no valid `Path`. Browsers then use the directory of the
/// request's URL as the cookie's path. Browsers ignore a `Path` that does not begin with `/`.
pub(super) fn lacks_path(parsed: &ParsedSetCookie<'_>) -> bool {
    !parsed.path.is_some_and(|path| path.starts_with(b"/")) && parsed.lifetime.is_expired(clock::now())
}

/// Returns true if the cookie's name has a prefix that requires `Path=/`.
pub(super) fn needs_root_path(parsed: &ParsedSetCookie<'_>) -> bool {
    Prefix::from_name_any_case(parsed.name).is_some_and(Prefix::is_host_only)
}

/// Returns a copy of the header with `Path=/` at its end. If a header has several `Path` attributes, browsers use the
/// last one.
pub(super) fn with_root_path(header: &HeaderValue) -> HeaderValue {
    let mut copy = header.clone();
    replace(&mut copy, [header.as_bytes(), b"; Path=/"].concat());
    copy
}

/// The cookies that a response already sets or removes with `Path=/`. For these cookies, the middleware does not add a
/// copy with `Path=/`, because the copy could remove a cookie that the response sets.
#[derive(Default)]
pub(super) struct RootCookies(HashSet<(Vec<u8>, Vec<u8>, bool)>);

impl RootCookies {
    pub(super) fn new<'a>(headers: impl Iterator<Item = &'a HeaderValue>, pending: &'a [SetCookieHeader]) -> Self {
        let mut cookies = RootCookies::default();
        for header in headers.chain(pending.iter().map(|header| &header.value)) {
            let parsed = ParsedSetCookie::parse(header.as_bytes());
            if parsed.path == Some(b"/") {
                cookies.insert(&parsed);
            }
        }
        cookies
    }

    /// Adds the cookie of a header whose `Path` is `/`. Returns false if the set already contained the cookie.
    pub(super) fn insert(&mut self, parsed: &ParsedSetCookie<'_>) -> bool {
        let domain = parsed.shared_domain().unwrap_or_default().to_ascii_lowercase();
        self.0.insert((parsed.name.to_vec(), domain, parsed.partitioned))
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::{RootCookies, lacks_path, needs_root_path, with_root_path};
    use crate::wire::set_cookie::ParsedSetCookie;

    #[test]
    fn removals_without_a_usable_path_are_found() {
        for (header, expected) in [
            ("a=; Max-Age=0", true),
            ("a=; Max-Age=-1; Path", true),
            ("a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=app", true),
            ("a=x; Max-Age=0; Path=/a; Path=", true),
            ("a=; Max-Age=0; Path=/", false),
            ("a=; Max-Age=0; Path=/a", false),
            ("a=", false),
            ("a=; Max-Age=x", false),
            ("a=; Max-Age=5; Expires=Thu, 01 Jan 1970 00:00:00 GMT", false),
        ] {
            assert_eq!(lacks_path(&ParsedSetCookie::parse(header.as_bytes())), expected, "{header}");
        }
        for (name, expected) in [("__Host-a", true), ("__host-http-a", true), ("__Secure-a", false), ("a", false)] {
            assert_eq!(needs_root_path(&ParsedSetCookie::parse(format!("{name}=").as_bytes())), expected, "{name}");
        }
    }

    #[test]
    fn copy_is_sensitive_like_the_original() {
        let mut header = HeaderValue::from_static("a=; Max-Age=0; Path=a");
        assert!(!with_root_path(&header).is_sensitive());
        header.set_sensitive(true);
        let copy = with_root_path(&header);
        assert_eq!((copy.to_str().unwrap(), copy.is_sensitive()), ("a=; Max-Age=0; Path=a; Path=/", true));
    }

    #[test]
    fn cookies_with_the_root_path_are_known_by_their_scope() {
        let headers = ["a=1; Path=/; Domain=A.example", "b=1; Path=/b", "c=; Path=/; Max-Age=0; Domain="];
        let headers = headers.map(HeaderValue::from_static);
        for (header, is_new) in [
            ("a=; Max-Age=0; Domain=.a.EXAMPLE", false),
            ("a=; Max-Age=0", true),
            ("a=; Max-Age=0; Domain=a.example; Partitioned", true),
            ("b=; Max-Age=0", true),
            ("c=; Max-Age=0", false),
        ] {
            let mut cookies = RootCookies::new(headers.iter(), &[]);
            assert_eq!(cookies.insert(&ParsedSetCookie::parse(header.as_bytes())), is_new, "{header}");
        }
    }
}
