//! Checks whether a browser sends a cookie with a request. The host and path of the request must match the domain and
//! path of the cookie (6265bis 5.1).

use crate::request::host::is_address;

/// Returns true if browsers send a cookie whose domain is `domain` with a request to `host` (6265bis 5.1.3).
pub(crate) fn domain_matches(host: &str, domain: &str) -> bool {
    host == domain || host.strip_suffix(domain).is_some_and(|subdomain| subdomain.ends_with('.')) && !is_address(host)
}

/// Returns true if browsers send a cookie whose path is `cookie_path` with a request for `path` (6265bis 5.1.4).
pub(crate) fn path_matches(path: &[u8], cookie_path: &[u8]) -> bool {
    path.strip_prefix(cookie_path)
        .is_some_and(|rest| matches!((cookie_path.last(), rest.first()), (Some(b'/'), _) | (_, None | Some(b'/'))))
}

#[cfg(test)]
mod tests {
    #[test]
    fn paths_match_at_segments() {
        for (path, cookie_path, matches) in [
            ("/", "/", true),
            ("/shop", "/", true),
            ("/shop", "/shop", true),
            ("/shop/7", "/shop", true),
            ("/shop/7", "/shop/", true),
            ("/shop", "/shop/", false),
            ("/shopping", "/shop", false),
            ("/SHOP", "/shop", false),
            ("/", "/shop", false),
            ("blank", "/", false),
        ] {
            let found = super::path_matches(path.as_bytes(), cookie_path.as_bytes());
            assert_eq!(found, matches, "{path} {cookie_path}");
        }
    }
}
