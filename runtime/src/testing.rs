//! What a user's own tests need: proof of HTTPS without a server, a request's `Cookie` field, and what a response set.

use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue};

use crate::declare::ReadCookie;
use crate::scheme::{Https, https_in_a_test};
use crate::value::{self, ValueWriter};

/// Proof of HTTPS, for a test.
///
/// ```
/// use hardtack::{Cookies, testing};
///
/// let cookies = Cookies::read(&http::HeaderMap::new(), testing::https());
/// # let _: Cookies<hardtack::Https> = cookies;
/// ```
pub fn https() -> Https {
    https_in_a_test()
}

/// The `Cookie` field of a request that carries this cookie.
///
/// # Panics
///
/// Where the value of a `read_only` cookie, which is written as it is, cannot stand in a field, or where the value's
/// `Display` fails.
///
/// ```
/// use hardtack::{Cookie, testing};
///
/// #[derive(Cookie)]
/// struct Cart(u32);
///
/// assert_eq!(testing::request_header(&Cart(7)), "__Host-Http-cart=7");
/// ```
#[must_use]
#[allow(clippy::expect_used, reason = "a test helper fails the test")]
pub fn request_header<T: ReadCookie>(cookie: &T) -> HeaderValue {
    let head = T::WIRE.head;
    let mut out = if T::DECLARATION.read_only { ValueWriter::as_it_is(head) } else { ValueWriter::new(head, 0) };
    cookie.write_value(&mut out);
    let line = out.written().expect("the value's `Display` returned an error");
    HeaderValue::try_from(line).expect("the value cannot stand in a `Cookie` field")
}

/// The value that a response sets for this cookie: of several the last; `None` where it sets none or removes it.
///
/// ```
/// use hardtack::{Cookie, Cookies, testing};
///
/// #[derive(Cookie, Debug, PartialEq)]
/// struct Cart(u32);
///
/// let cookies = Cookies::read(&http::HeaderMap::new(), testing::https());
/// cookies.set(Cart(7)).unwrap();
/// let mut response = http::HeaderMap::new();
/// cookies.write(&mut response);
/// assert_eq!(testing::sent::<Cart>(&response), Some(Cart(7)));
/// ```
#[must_use]
pub fn sent<T: ReadCookie>(response: &HeaderMap) -> Option<T> {
    let line = last_line::<T>(response)?;
    if is_removal(line) {
        return None;
    }
    let value = line.split(|octet| *octet == b';').next()?.get(T::WIRE.head.len()..)?;
    T::read_value(&value::decode(value)?).ok()
}

/// Whether a response removes this cookie.
///
/// ```
/// use hardtack::{Cookie, Cookies, testing};
///
/// #[derive(Cookie)]
/// struct Cart(u32);
///
/// let cookies = Cookies::read(&http::HeaderMap::new(), testing::https());
/// cookies.remove::<Cart>().unwrap();
/// let mut response = http::HeaderMap::new();
/// cookies.write(&mut response);
/// assert!(testing::removed::<Cart>(&response));
/// ```
#[must_use]
pub fn removed<T: ReadCookie>(response: &HeaderMap) -> bool {
    last_line::<T>(response).is_some_and(is_removal)
}

fn last_line<T: ReadCookie>(response: &HeaderMap) -> Option<&[u8]> {
    let lines = response.get_all(SET_COOKIE).iter().map(HeaderValue::as_bytes);
    lines.rev().find(|line| line.starts_with(T::WIRE.head.as_bytes()))
}

fn is_removal(line: &[u8]) -> bool {
    line.split(|octet| *octet == b';').any(|attribute| attribute.trim_ascii().eq_ignore_ascii_case(b"Max-Age=0"))
}
