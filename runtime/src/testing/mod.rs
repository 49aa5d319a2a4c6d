//! Helpers for the tests of applications.
//!
//! - [`https`] returns an [`Https`], the proof that a request came over HTTPS, without a server.
//! - [`request_header`] writes the `Cookie` header of a request.
//! - [`sent`] and [`removed`] read the `Set-Cookie` headers of a response.
//! - [`at`] sets the current time for one call of a function.
//! - [`Browser`] is an in-memory browser. A `Browser` stores the cookies of your application's responses, and sends the
//!   cookies with the next request.
//! - `Device` is a software key that registers and refreshes device-bound cookies (feature `device-bound`).

mod browser;
#[cfg(feature = "device-bound")]
mod device;

use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue};

use crate::clock;
use crate::cookie::declaration::{CookieName, Declaration, ReadCookie};
use crate::cookie::overrides::Overrides;
use crate::cookie::sealing::{self, SealContext};
use crate::cookie::value::{self, ValueWriter};
use crate::request::scheme::{Https, https_for_test};
use crate::wire::set_cookie::ParsedSetCookie;

pub use self::browser::Browser;
#[cfg(feature = "device-bound")]
pub use self::device::Device;
pub use crate::browser::store::Stored;

/// Returns an [`Https`] for use in a test. In a program, an `Https` is the proof that a request came over HTTPS.
///
/// ```
/// use hardtack::{Cookie, Cookies, testing};
///
/// #[derive(Cookie)]
/// struct Session(String);
///
/// let cookies = Cookies::from_headers(&http::HeaderMap::new(), testing::https());
/// assert_eq!(cookies.set(Session("s3cr3t".into())), Ok(()));
/// ```
pub fn https() -> Https {
    https_for_test()
}

/// Calls `run` and returns the result of `run`. While `run` runs, hardtack uses `time` as the current time. The current
/// time of other threads does not change.
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// use hardtack::{Cookie, Cookies, ReadError, testing};
///
/// #[derive(Cookie, Debug)]
/// #[cookie(sealed, max_age = "8h")]
/// struct Session(String);
///
/// let mut request = http::HeaderMap::new();
/// request.insert("cookie", testing::request_header(&Session("s3cr3t".into())));
/// let cookies = Cookies::from_headers(&request, testing::https()).with_keyring(&testing::keyring());
/// assert_eq!(cookies.try_get::<Session>().unwrap().unwrap().0, "s3cr3t");
/// let tomorrow = SystemTime::now() + Duration::from_secs(86_400);
/// let late = testing::at(tomorrow, || cookies.try_get::<Session>());
/// assert!(matches!(late, Err(ReadError::Expired { .. })));
/// ```
pub fn at<T>(time: std::time::SystemTime, run: impl FnOnce() -> T) -> T {
    clock::at(time, run)
}

/// Returns the keyring that [`request_header`] and [`sent`] use. The keyring contains one random secret key. Every call
/// in one process returns the same secret key.
///
/// Pass the keyring to the policy of the application that you test, or to the jar that you test.
///
/// ```
/// use hardtack::{Cookie, Cookies, testing};
///
/// #[derive(Cookie, Debug, PartialEq)]
/// #[cookie(sealed)]
/// struct Session(String);
///
/// let mut request = http::HeaderMap::new();
/// request.insert("cookie", testing::request_header(&Session("s3cr3t".into())));
/// let cookies = Cookies::from_headers(&request, testing::https()).with_keyring(&testing::keyring());
/// assert_eq!(cookies.try_get().unwrap(), Some(Session("s3cr3t".into())));
/// ```
#[cfg(feature = "seal")]
#[must_use]
pub fn keyring() -> crate::seal::Keyring {
    shared_keyring().clone()
}

#[cfg(feature = "seal")]
fn shared_keyring() -> &'static crate::seal::Keyring {
    static KEYRING: std::sync::OnceLock<crate::seal::Keyring> = std::sync::OnceLock::new();
    KEYRING.get_or_init(|| crate::seal::Keyring::new(crate::seal::Key::generate()))
}

fn seal_context() -> SealContext<'static> {
    #[cfg(feature = "seal")]
    return context_with(shared_keyring());
    #[cfg(not(feature = "seal"))]
    SealContext::default()
}

#[cfg(feature = "seal")]
fn context_with(keyring: &crate::seal::Keyring) -> SealContext<'_> {
    SealContext { keyring: Some(keyring), longest_max_age: None }
}

/// Returns the `Cookie` header of a request that contains `cookie`. If the cookie is declared `signed` or `sealed`,
/// this function signs or seals the value with the secret key of [`keyring`].
///
/// # Panics
///
/// Panics if the `Display` of the cookie's value returns an error.
///
/// Also panics if the value of a `read_only` cookie is not valid in a header, because the value of a `read_only` cookie
/// is not percent-encoded.
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
pub fn request_header<T: ReadCookie>(cookie: &T) -> HeaderValue {
    cookie_header(cookie, seal_context())
}

/// Returns the same header as [`request_header`], but signs or seals the cookie's value with `keyring`.
///
/// # Panics
///
/// Panics for the same reasons as [`request_header`].
///
/// ```
/// use hardtack::seal::{Key, Keyring};
/// use hardtack::{Cookie, testing};
///
/// #[derive(Cookie)]
/// #[cookie(signed)]
/// struct Cart(u32);
///
/// let keyring = Keyring::new(Key::generate());
/// let header = testing::request_header_with(&Cart(7), &keyring);
/// assert!(header.to_str().unwrap().starts_with("__Host-Http-cart=7.1"));
/// ```
#[cfg(feature = "seal")]
#[must_use]
pub fn request_header_with<T: ReadCookie>(cookie: &T, keyring: &crate::seal::Keyring) -> HeaderValue {
    cookie_header(cookie, context_with(keyring))
}

#[allow(clippy::expect_used, reason = "a test helper fails the test")]
fn cookie_header<T: ReadCookie>(cookie: &T, context: SealContext<'_>) -> HeaderValue {
    let declaration = Declaration::new::<T>();
    let name = CookieName::declared(declaration);
    let name_eq = name.name_eq().clone();
    let pair = match declaration.spec.seal {
        Some(seal) => sealing::write(declaration.spec, &name, cookie, seal, &Overrides::NONE, context, 0)
            .expect("the cookie cannot be sealed"),
        None => {
            let mut out = match T::SPEC.read_only {
                true => ValueWriter::without_encoding(name_eq, 0),
                false => ValueWriter::new(name_eq, 0),
            };
            cookie.write_value(&mut out);
            out.finish()
        }
    };
    let pair = pair.expect("the value's `Display` returned an error");
    HeaderValue::try_from(pair).expect("the value is not valid in a `Cookie` header")
}

/// Returns the cookie of type `T` that a response sets. If the response sets the cookie several times, returns the last
/// cookie.
///
/// Returns `None` in each of the following cases:
///
/// - The response does not set a cookie of type `T`.
/// - The response removes the cookie of type `T`.
/// - The cookie's value is not valid for the type `T`.
/// - The cookie's value is signed or sealed with a secret key that is not in [`keyring`].
///
/// ```
/// use hardtack::{Cookie, Cookies, testing};
///
/// #[derive(Cookie, Debug, PartialEq)]
/// struct Cart(u32);
///
/// let cookies = Cookies::from_headers(&http::HeaderMap::new(), testing::https());
/// cookies.set(Cart(7)).unwrap();
/// let mut response = http::HeaderMap::new();
/// cookies.write(&mut response);
/// assert_eq!(testing::sent::<Cart>(&response), Some(Cart(7)));
/// ```
#[must_use]
pub fn sent<T: ReadCookie>(response: &HeaderMap) -> Option<T> {
    sent_in(response, seal_context())
}

/// Returns the same cookie as [`sent`], but verifies or decrypts the cookie's value with `keyring`.
///
/// ```
/// use hardtack::seal::{Key, Keyring};
/// use hardtack::{Cookie, Cookies, testing};
///
/// #[derive(Cookie, Debug, PartialEq)]
/// #[cookie(sealed)]
/// struct Cart(u32);
///
/// let keyring = Keyring::new(Key::generate());
/// let cookies = Cookies::from_headers(&http::HeaderMap::new(), testing::https()).with_keyring(&keyring);
/// cookies.set(Cart(7)).unwrap();
/// let mut response = http::HeaderMap::new();
/// cookies.write(&mut response);
/// assert_eq!(testing::sent_with(&response, &keyring), Some(Cart(7)));
/// assert_eq!(testing::sent::<Cart>(&response), None);
/// ```
#[cfg(feature = "seal")]
#[must_use]
pub fn sent_with<T: ReadCookie>(response: &HeaderMap, keyring: &crate::seal::Keyring) -> Option<T> {
    sent_in(response, context_with(keyring))
}

fn sent_in<T: ReadCookie>(response: &HeaderMap, context: SealContext<'_>) -> Option<T> {
    let parsed = ParsedSetCookie::parse(last_header::<T>(response)?);
    if parsed.lifetime.is_expired(clock::now()) {
        return None;
    }
    match T::SPEC.seal {
        Some(seal) => {
            let opened = sealing::open(T::SPEC.name, parsed.value, seal, context).ok()?;
            T::read_value(&opened.text).ok()
        }
        None => T::read_value(&value::decode(parsed.value)?).ok(),
    }
}

/// Returns true if the response removes the cookie of type `T`. If several `Set-Cookie` headers have the cookie's name,
/// checks the last header.
///
/// ```
/// use hardtack::{Cookie, Cookies, testing};
///
/// #[derive(Cookie)]
/// struct Cart(u32);
///
/// let cookies = Cookies::from_headers(&http::HeaderMap::new(), testing::https());
/// cookies.remove::<Cart>().unwrap();
/// let mut response = http::HeaderMap::new();
/// assert!(!testing::removed::<Cart>(&response));
/// cookies.write(&mut response);
/// assert!(testing::removed::<Cart>(&response));
/// ```
#[must_use]
pub fn removed<T: ReadCookie>(response: &HeaderMap) -> bool {
    last_header::<T>(response).is_some_and(|header| ParsedSetCookie::parse(header).lifetime.is_expired(clock::now()))
}

fn last_header<T: ReadCookie>(response: &HeaderMap) -> Option<&[u8]> {
    let headers = response.get_all(SET_COOKIE).iter().map(HeaderValue::as_bytes);
    headers.rev().find(|header| header.starts_with(T::TEMPLATE.name_eq.as_bytes()))
}
