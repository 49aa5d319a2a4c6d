//! No shared cache keeps a response that carries a cookie (RFC 9111 7.3). A `Cache-Control` in, a stricter one out.

use http::HeaderValue;

/// How a response that carries a `Set-Cookie` may be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Caching {
    /// By the browser alone: `private` is added; `public` and `s-maxage` are taken out.
    #[default]
    Private,
    /// By nobody: `no-store`.
    NoStore,
}

impl Caching {
    /// The `Cache-Control` to send in place of these fields, and whether a shared cache was asked to store the response;
    /// `None` where they say enough.
    pub(crate) fn stricter<'a>(self, fields: impl Iterator<Item = &'a HeaderValue>) -> Option<(HeaderValue, bool)> {
        let mut kept: Vec<&[u8]> = Vec::new();
        let mut was_shared = false;
        for directive in fields.flat_map(|field| crate::proxies::split_unquoted(field.as_bytes(), b',')) {
            let directive = directive.trim_ascii();
            let name = directive.split(|octet| *octet == b'=').next().unwrap_or_default().trim_ascii();
            let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
            if is("no-store") || self == Caching::Private && directive.eq_ignore_ascii_case(b"private") {
                return None;
            }
            if is("public") || is("s-maxage") {
                was_shared = true;
            } else if !directive.is_empty() && self == Caching::Private {
                kept.push(directive);
            }
        }
        let directive = match self {
            Caching::Private => "private",
            Caching::NoStore => "no-store",
        };
        if kept.is_empty() {
            return Some((HeaderValue::from_static(directive), was_shared));
        }
        kept.insert(0, directive.as_bytes());
        // Pieces of a field value and commas are a field value.
        HeaderValue::from_bytes(&kept.join(&b", "[..])).ok().map(|value| (value, was_shared))
    }
}

#[cfg(test)]
mod tests {
    use super::Caching;
    use http::HeaderValue;

    fn stricter(caching: Caching, fields: &[&'static str]) -> Option<(String, bool)> {
        let fields: Vec<_> = fields.iter().map(|field| HeaderValue::from_static(field)).collect();
        let stricter = caching.stricter(fields.iter())?;
        Some((stricter.0.to_str().unwrap().to_owned(), stricter.1))
    }

    #[test]
    fn shared_caches_are_kept_out_and_browsers_are_not() {
        for (fields, expected) in [
            (&[][..], Some(("private", false))),
            (&["no-cache"], Some(("private, no-cache", false))),
            (&["public, max-age=60"], Some(("private, max-age=60", true))),
            (&["max-age=60", "S-MaxAge=5"], Some(("private, max-age=60", true))),
            (&["private=\"set-cookie, x\", max-age=1"], Some(("private, private=\"set-cookie, x\", max-age=1", false))),
            (&["Private"], None),
            (&["max-age=0, no-store"], None),
        ] {
            let found = stricter(Caching::Private, fields);
            assert_eq!(found.as_ref().map(|(text, shared)| (text.as_str(), *shared)), expected, "{fields:?}");
        }
        assert_eq!(stricter(Caching::NoStore, &["private, max-age=60"]), Some(("no-store".to_owned(), false)));
        assert_eq!(stricter(Caching::NoStore, &["no-store"]), None);
    }
}
