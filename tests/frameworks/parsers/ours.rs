//! Reads cookies with hardtack. Each name of `NAMES` has two types: one with a percent-encoded value, and a `read_only`
//! one, whose value hardtack does not decode.

use hardtack::{Cookies, ReadError, testing};
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

use super::NAMES;
use super::model::{Encoding, Found};

macro_rules! declare {
    ($($module:ident = $name:literal $(because $reason:literal)?),*) => {
        $(mod $module {
            use hardtack::Cookie;

            #[derive(Cookie)]
            #[cookie(name = $name $(, reason = $reason)?)]
            pub(super) struct Encoded(pub(super) String);

            #[derive(Cookie)]
            #[cookie(name = $name, read_only)]
            pub(super) struct Raw(pub(super) String);
        })*

        /// The functions that read each name.
        const READERS: [Reader; NAMES.len()] = [$(Reader {
            name: $name,
            encoded: |cookies| found(cookies.try_get::<$module::Encoded>().map(|cookie| cookie.map(|cookie| cookie.0))),
            raw: |cookies| found(cookies.try_get::<$module::Raw>().map(|cookie| cookie.map(|cookie| cookie.0))),
            all: |cookies| cookies.get_all::<$module::Raw>().map(|raw| raw.ok().map(|raw| raw.0.into_bytes())).collect(),
        }),*];
    };
}

declare! {
    sid = "sid" because "a name without a prefix",
    host = "__Host-sid",
    host_http = "__Host-Http-sid",
    secure = "__Secure-sid",
    http_only = "__Http-sid",
    short = "a" because "a short name without a prefix"
}

struct Reader {
    name: &'static str,
    encoded: fn(&Cookies) -> Found,
    raw: fn(&Cookies) -> Found,
    all: fn(&Cookies) -> Vec<Option<Vec<u8>>>,
}

fn found(result: Result<Option<String>, ReadError>) -> Found {
    match result {
        Ok(None) => Found::Absent,
        Ok(Some(value)) => Found::Value(value.into_bytes()),
        Err(ReadError::Ambiguous { .. } | ReadError::Malformed { .. }) => Found::Refused,
        Err(error) => panic!("{error}"),
    }
}

pub(crate) fn jar(headers: &[Vec<u8>]) -> Cookies {
    let mut map = HeaderMap::new();
    for header in headers {
        map.append(COOKIE, HeaderValue::from_bytes(header).unwrap());
    }
    Cookies::from_headers(&map, testing::https())
}

/// Reads the cookie `NAMES[at]`.
pub(crate) fn read(jar: &Cookies, at: usize, encoding: Encoding) -> Found {
    let reader = &READERS[at];
    assert_eq!(reader.name, NAMES[at]);
    match encoding {
        Encoding::Percent => (reader.encoded)(jar),
        Encoding::Raw => (reader.raw)(jar),
    }
}

/// Reads all values of the cookie `NAMES[at]`. A value that is not UTF-8 is `None`.
pub(crate) fn read_all(jar: &Cookies, at: usize) -> Vec<Option<Vec<u8>>> {
    (READERS[at].all)(jar)
}
