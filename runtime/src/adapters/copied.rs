//! For a framework whose header types are not `http` 1's: the fields that have a say, copied. In: names and octets; out:
//! a map for [`crate::passage`]. Every octet that a field may have is carried as it is.

use http::{HeaderMap, HeaderName, HeaderValue};

#[cfg(feature = "rocket")]
use crate::enforce::Outgoing;
use crate::listener::Head;

/// The fields of a request that [`Head::asks`] for.
pub(crate) fn request<'a>(fields: impl Iterator<Item = (&'a str, &'a [u8])>) -> HeaderMap {
    copy(fields.filter(|(name, _)| Head::asks(name)))
}

/// The fields of a response that a policy may change: [`Outgoing::CHANGED`].
#[cfg(feature = "rocket")]
pub(crate) fn response<'a>(fields: impl Iterator<Item = (&'a str, &'a [u8])>) -> HeaderMap {
    copy(fields.filter(|(name, _)| Outgoing::CHANGED.iter().any(|changed| name.eq_ignore_ascii_case(changed.as_str()))))
}

fn copy<'a>(fields: impl Iterator<Item = (&'a str, &'a [u8])>) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in fields {
        let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else { continue };
        // A value that cannot be carried must not count as absent: of two lines the other would be believed.
        map.append(name, HeaderValue::from_bytes(value).unwrap_or_else(|_| HeaderValue::from_static("")));
    }
    map
}

#[cfg(test)]
mod tests {
    use super::request;

    #[test]
    fn what_has_a_say_is_carried_and_what_cannot_be_carried_is_not_absent() {
        let fields: [(&str, &[u8]); 6] = [
            ("HOST", b"a.example"),
            ("X-Forwarded-Proto", b"https"),
            ("x-forwarded-proto", b"ht\0tps"),
            ("cookie", b"a=\xFF"),
            ("User-Agent", b"x"),
            ("X-Forwarded", b"x"),
        ];
        let map = request(fields.into_iter());
        assert_eq!(
            (map.len(), map["host"].as_bytes(), map["cookie"].as_bytes()),
            (4, &b"a.example"[..], &b"a=\xFF"[..])
        );
        assert_eq!(map.get_all("x-forwarded-proto").iter().collect::<Vec<_>>(), ["https", ""]);
    }
}
