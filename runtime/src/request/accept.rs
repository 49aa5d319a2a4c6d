//! Detects page requests. The input is the method and the `Accept` headers of a request. A server may redirect page
//! requests to HTTPS. All other requests are API requests, which a server must not redirect to HTTPS (OWASP ASVS
//! 4.1.2).

use http::Method;

use crate::wire::list::split_unquoted;

/// Returns true if the request is a page request: a GET or HEAD request whose `Accept` header contains `text/html` (RFC
/// 9110 12.5.1) with a weight above zero. The media type `*/*` does not count as `text/html`.
pub(crate) fn wants_html<'a>(method: &Method, mut accept: impl Iterator<Item = &'a [u8]>) -> bool {
    (method == Method::GET || method == Method::HEAD) && accept.any(accepts_html)
}

fn accepts_html(accept: &[u8]) -> bool {
    split_unquoted(accept, b',').any(|range| {
        let mut parts = split_unquoted(range, b';').map(<[u8]>::trim_ascii);
        parts.next().is_some_and(|name| name.eq_ignore_ascii_case(b"text/html")) && !parts.any(is_zero_weight)
    })
}

/// Returns true if the parameter is a weight of zero, such as `q=0` or `q=0.000` (RFC 9110 12.4.2).
fn is_zero_weight(parameter: &[u8]) -> bool {
    match parameter {
        [b'q' | b'Q', b'=', b'0', rest @ ..] => rest.iter().all(|byte| matches!(byte, b'.' | b'0')),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::wants_html;
    use http::Method;

    #[test]
    fn page_request_is_get_or_head_that_names_html() {
        for (method, accept, page) in [
            (Method::GET, "text/html,application/xhtml+xml;q=0.9", true),
            (Method::HEAD, "*/*, TEXT/HTML;q=0.5", true),
            (Method::GET, "text/html;q=0.0", false),
            (Method::GET, "*/*", false),
            (Method::GET, "", false),
            (Method::POST, "text/html", false),
        ] {
            assert_eq!(wants_html(&method, std::iter::once(accept.as_bytes())), page, "{method} {accept}");
        }
    }
}
