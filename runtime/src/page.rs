//! Whether a request asks for a page, which may be redirected to https; everything else is an integration, which may not
//! (OWASP ASVS 4.1.2).

use http::Method;

use crate::proxies::split_unquoted;

/// Whether a GET or HEAD names `text/html` in an `Accept` field (RFC 9110 12.5.1), its weight not zero; `*/*` does not
/// name it.
pub(crate) fn is_page<'a>(method: &Method, mut accept: impl Iterator<Item = &'a [u8]>) -> bool {
    (method == Method::GET || method == Method::HEAD) && accept.any(names_html)
}

fn names_html(field: &[u8]) -> bool {
    split_unquoted(field, b',').any(|range| {
        let mut parts = split_unquoted(range, b';').map(<[u8]>::trim_ascii);
        parts.next().is_some_and(|name| name.eq_ignore_ascii_case(b"text/html")) && !parts.any(is_zero_weight)
    })
}

/// `q=0`, `q=0.`, `q=0.000` (RFC 9110 12.4.2).
fn is_zero_weight(parameter: &[u8]) -> bool {
    match parameter {
        [b'q' | b'Q', b'=', b'0', rest @ ..] => rest.iter().all(|octet| matches!(octet, b'.' | b'0')),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_page;
    use http::Method;

    #[test]
    fn a_page_is_a_safe_method_that_names_html() {
        for (method, accept, page) in [
            (Method::GET, "text/html,application/xhtml+xml;q=0.9", true),
            (Method::HEAD, "*/*, TEXT/HTML;q=0.5", true),
            (Method::GET, "text/html;q=0.0", false),
            (Method::GET, "*/*", false),
            (Method::GET, "", false),
            (Method::POST, "text/html", false),
        ] {
            assert_eq!(is_page(&method, std::iter::once(accept.as_bytes())), page, "{method} {accept}");
        }
    }
}
