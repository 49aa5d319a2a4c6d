//! What a user's own tests need: proof of HTTPS without a server, a request's `Cookie` field, and what a response set.

use std::borrow::Cow;

use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue};

use crate::clock;
use crate::declare::{Declaration, ReadCookie};
use crate::error::Removal;
use crate::lifetime::Lifetime;
use crate::line::Varied;
use crate::scheme::{Https, https_in_a_test};
use crate::sealing::{self, Keys};
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

/// Runs this with another time of day: what is sealed, opened or shortened in it, on this thread, sees this instant.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use hardtack::{Cookie, Cookies, ReadError, testing};
///
/// #[derive(Cookie, Debug)]
/// #[cookie(sealed, max_age = "8h")]
/// struct Session(String);
///
/// let mut request = http::HeaderMap::new();
/// request.insert("cookie", testing::request_header(&Session("s3cr3t".into())));
/// let cookies = Cookies::read(&request, testing::https()).keyring(&testing::keyring());
/// assert!(cookies.get::<Session>().is_ok());
/// let tomorrow = SystemTime::now() + Duration::from_secs(86_400);
/// let late = testing::at(tomorrow, || cookies.get::<Session>());
/// assert!(matches!(late, Err(ReadError::Expired { .. })));
/// ```
pub fn at<T>(now: std::time::SystemTime, run: impl FnOnce() -> T) -> T {
    crate::clock::at(now, run)
}

/// The keyring by which [`request_header`] and [`sent`] seal and open: one random key, the same for the whole process.
///
/// Give it to the policy of the application under test, or to the jar.
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
/// let cookies = Cookies::read(&request, testing::https()).keyring(&testing::keyring());
/// assert_eq!(cookies.get().unwrap(), Some(Session("s3cr3t".into())));
/// ```
#[cfg(feature = "seal")]
#[must_use]
pub fn keyring() -> crate::seal::Keyring {
    fixed().clone()
}

#[cfg(feature = "seal")]
fn fixed() -> &'static crate::seal::Keyring {
    static KEYRING: std::sync::OnceLock<crate::seal::Keyring> = std::sync::OnceLock::new();
    KEYRING.get_or_init(|| crate::seal::Keyring::new(crate::seal::Key::generate()))
}

fn keys() -> Keys<'static> {
    #[cfg(feature = "seal")]
    return with(fixed());
    #[cfg(not(feature = "seal"))]
    Keys::default()
}

#[cfg(feature = "seal")]
fn with(keyring: &crate::seal::Keyring) -> Keys<'_> {
    Keys { keyring: Some(keyring), longest: None }
}

/// The `Cookie` field of a request that carries this cookie; a signed or sealed one by [`keyring`].
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
    header(cookie, keys())
}

/// The same, where the application under test has a keyring of its own.
///
/// # Panics
///
/// As [`request_header`].
///
/// ```
/// use hardtack::{Cookie, Key, Keyring, testing};
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
    header(cookie, with(keyring))
}

#[allow(clippy::expect_used, reason = "a test helper fails the test")]
fn header<T: ReadCookie>(cookie: &T, keys: Keys<'_>) -> HeaderValue {
    let head = T::WIRE.head;
    let declared = Declaration::of::<T>();
    let line = match declared.spec.seal {
        Some(seal) => {
            sealing::write(declared, cookie, seal, &Varied::NOTHING, keys, 0).expect("the cookie cannot be sealed")
        }
        None => {
            let mut out =
                if T::DECLARATION.read_only { ValueWriter::as_it_is(head, 0) } else { ValueWriter::new(head, 0) };
            cookie.write_value(&mut out);
            out.written()
        }
    };
    let line = line.expect("the value's `Display` returned an error");
    HeaderValue::try_from(line).expect("the value cannot stand in a `Cookie` field")
}

/// The value that a response sets for this cookie: of several the last; `None` where it sets none or removes it, and where
/// a signed or sealed one was not made by [`keyring`].
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
    sent_by(response, keys())
}

/// The same, where the application under test has a keyring of its own.
///
/// ```
/// use hardtack::{Cookie, Cookies, Key, Keyring, testing};
///
/// #[derive(Cookie, Debug, PartialEq)]
/// #[cookie(sealed)]
/// struct Cart(u32);
///
/// let keyring = Keyring::new(Key::generate());
/// let cookies = Cookies::read(&http::HeaderMap::new(), testing::https()).keyring(&keyring);
/// cookies.set(Cart(7)).unwrap();
/// let mut response = http::HeaderMap::new();
/// cookies.write(&mut response);
/// assert_eq!(testing::sent_with(&response, &keyring), Some(Cart(7)));
/// assert_eq!(testing::sent::<Cart>(&response), None);
/// ```
#[cfg(feature = "seal")]
#[must_use]
pub fn sent_with<T: ReadCookie>(response: &HeaderMap, keyring: &crate::seal::Keyring) -> Option<T> {
    sent_by(response, with(keyring))
}

fn sent_by<T: ReadCookie>(response: &HeaderMap, keys: Keys<'_>) -> Option<T> {
    let line = last_line::<T>(response)?;
    if Lifetime::of(line).is_over(clock::now()) {
        return None;
    }
    let value = line.split(|octet| *octet == b';').next()?.get(T::WIRE.head.len()..)?;
    match T::DECLARATION.seal {
        Some(seal) => {
            let text = sealing::open(
                T::DECLARATION.name,
                value,
                seal,
                keys,
                || Removal(None),
                |text| text.map(Cow::into_owned),
            );
            T::read_value(&text.ok()??).ok()
        }
        None => T::read_value(&value::decode(value)?).ok(),
    }
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
    last_line::<T>(response).is_some_and(|line| Lifetime::of(line).is_over(clock::now()))
}

fn last_line<T: ReadCookie>(response: &HeaderMap) -> Option<&[u8]> {
    let lines = response.get_all(SET_COOKIE).iter().map(HeaderValue::as_bytes);
    lines.rev().find(|line| line.starts_with(T::WIRE.head.as_bytes()))
}
