//! Copies headers to a `HeaderMap` of the crate `http`, version 1, for frameworks that do not use this version. The
//! input is the name and the bytes of each header. The output contains only the headers that the module `middleware`
//! reads.

use http::{HeaderMap, HeaderName, HeaderValue};

#[cfg(feature = "rocket")]
use crate::middleware::response::MANAGED_HEADERS;
use crate::request::head::RequestHead;
use crate::request::signal::ConfiguredHeader;

/// Copies each request header for which [`RequestHead::needs_header`] returns true. `configured` is the header that the
/// developer passed to [`TrustedProxies::header`](crate::TrustedProxies::header).
pub(super) fn from_request<'a>(
    headers: impl Iterator<Item = (&'a str, &'a [u8])>,
    configured: Option<&ConfiguredHeader>,
) -> HeaderMap {
    copy(headers.filter(|(name, _)| RequestHead::needs_header(name, configured)))
}

/// Copies the [`MANAGED_HEADERS`] of a response. The policy can change only the headers in `MANAGED_HEADERS`.
#[cfg(feature = "rocket")]
pub(super) fn from_response<'a>(headers: impl Iterator<Item = (&'a str, &'a [u8])>) -> HeaderMap {
    copy(headers.filter(|(name, _)| MANAGED_HEADERS.iter().any(|managed| name.eq_ignore_ascii_case(managed.as_str()))))
}

fn copy<'a>(headers: impl Iterator<Item = (&'a str, &'a [u8])>) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else { continue };
        // If the value of a header is invalid, the function copies the header with an empty value. If the function
        // skipped an invalid header, a second header with the same name would look like the only header with this name.
        map.append(name, HeaderValue::from_bytes(value).unwrap_or_else(|_| HeaderValue::from_static("")));
    }
    map
}

#[cfg(test)]
mod tests {
    use super::from_request;

    #[test]
    fn invalid_header_value_becomes_empty() {
        let headers: [(&str, &[u8]); 6] = [
            ("HOST", b"a.example"),
            ("X-Forwarded-Proto", b"https"),
            ("x-forwarded-proto", b"ht\0tps"),
            ("cookie", b"a=\xFF"),
            ("User-Agent", b"x"),
            ("X-Forwarded", b"x"),
        ];
        let map = from_request(headers.into_iter(), None);
        assert_eq!(
            (map.len(), map["host"].as_bytes(), map["cookie"].as_bytes()),
            (4, &b"a.example"[..], &b"a=\xFF"[..])
        );
        assert_eq!(map.get_all("x-forwarded-proto").iter().collect::<Vec<_>>(), ["https", ""]);
    }

    #[test]
    fn configured_header_is_copied() {
        use crate::{TlsTermination, TrustedProxies};

        let termination = TlsTermination::at_proxy(TrustedProxies::any().header("X-Scheme", "https"));
        let headers: [(&str, &[u8]); 2] = [("x-SCHEME", b"https"), ("x-other", b"x")];
        let map = from_request(headers.into_iter(), termination.configured_header());
        assert_eq!((map.len(), map["x-scheme"].as_bytes()), (1, &b"https"[..]));
    }

    #[cfg(feature = "device-bound")]
    #[test]
    fn headers_of_device_bound_cookies_are_copied() {
        let headers: [(&str, &[u8]); 3] = [
            ("Secure-Session-Response", b"a.b.c"),
            ("sec-secure-session-id", b"id"),
            ("Secure-Session-Skipped", b"unreachable"),
        ];
        let map = from_request(headers.into_iter(), None);
        assert_eq!((map.len(), map["secure-session-response"].as_bytes()), (2, &b"a.b.c"[..]));
    }
}
