//! A `Set-Cookie` header in a `HeaderMap`, under each form of the name.

use http::header::{self, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue};

pub fn write(headers: &mut HeaderMap, value: HeaderValue) {
    headers.append(SET_COOKIE, value.clone()); // FOUND hardtack-set-cookie-header
    headers.insert(header::SET_COOKIE, value.clone()); // FOUND hardtack-set-cookie-header
    headers.insert(http::header::SET_COOKIE, value.clone()); // FOUND hardtack-set-cookie-header
    headers.append("Set-Cookie", value.clone()); // FOUND hardtack-set-cookie-header
    headers.entry("set-cookie").or_insert(value.clone()); // FOUND hardtack-set-cookie-header
    headers.append(HeaderName::from_static("set-cookie"), value); // FOUND hardtack-set-cookie-header
}
