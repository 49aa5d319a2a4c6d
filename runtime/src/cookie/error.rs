//! The errors that can occur when code sets or reads a cookie. Each error contains the cookie's name, but never the
//! cookie's value. Each error also has a status code for the response, so that all frameworks respond with the same
//! status.

use core::fmt;

use http::StatusCode;

use super::value::InvalidValue;
use crate::event::Code;
use crate::request::evidence::Evidence;

/// The error if a cookie cannot be set or removed. A cookie with a `SetError` is not part of the response. All other
/// cookies of the response are still sent.
///
/// If a framework turns a `SetError` into a response, the status is 403 for [`NotHttps`](SetError::NotHttps) and 500
/// for all other variants. The response contains no details of the error.
///
/// ```
/// use hardtack::{AnyScheme, Cookie, SetCookie, SetError, TlsTermination};
///
/// #[derive(Cookie)]
/// struct Session(String);
///
/// let (parts, ()) = http::Request::get("/").body(()).unwrap().into_parts();
/// let plain = AnyScheme::from(TlsTermination::none().detect(&parts, None));
/// let error = SetCookie::new(Session("secret".into())).header_value(&plain).unwrap_err();
/// assert!(matches!(error, SetError::NotHttps { cookie: "__Host-Http-session", .. }));
/// assert_eq!((error.status().as_u16(), error.client_message()), (403, "this page works over HTTPS only"));
/// assert!(!error.to_string().contains("secret"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SetError {
    /// The cookie is Secure, and the request came over plain HTTP.
    #[non_exhaustive]
    NotHttps {
        /// The cookie's name.
        cookie: &'static str,
        /// The reason why the request counts as plain HTTP.
        evidence: Evidence,
    },
    /// The cookie's name and value together have more than 4096 bytes. Browsers reject a cookie of more than 4096 bytes
    /// (6265bis 5.7 step 4).
    #[non_exhaustive]
    TooLarge {
        /// The cookie's name.
        cookie: &'static str,
        /// The size of the cookie's name and encoded value together, in bytes.
        bytes: usize,
        /// The largest size that browsers accept for a name and a value together, in bytes.
        limit: usize,
    },
    /// An attribute that the application set with a `SetCookie` is invalid.
    #[non_exhaustive]
    Attribute {
        /// The cookie's name.
        cookie: &'static str,
        /// The name of the `SetCookie` method that set the attribute, such as `domain`.
        attribute: &'static str,
        /// The problem with the attribute, and how to fix the problem.
        fault: AttributeFault,
    },
    /// The cookie's value could not be written, because the value's `Display` returned an error. For a `json` cookie,
    /// the value's `Serialize` returned the error.
    #[non_exhaustive]
    Value {
        /// The cookie's name.
        cookie: &'static str,
    },
    /// The cookie is declared with `domain = policy`, but the header was built without a jar, and only a jar has a
    /// policy. If the jar has no policy, the cookie is host-only, and no error occurs.
    #[non_exhaustive]
    NoPolicy {
        /// The cookie's name.
        cookie: &'static str,
    },
    /// The key of a cookie in a family is invalid. A valid key has 1 to 64 characters, and contains only letters,
    /// digits, `-` and `_`.
    #[non_exhaustive]
    Key {
        /// The family's name.
        cookie: &'static str,
    },
    /// The cookie is declared `signed` or `sealed`, but neither the jar nor the `SetCookie` has a keyring. hardtack
    /// never sends an unsigned value for a `signed` cookie, or an unencrypted value for a `sealed` cookie.
    #[non_exhaustive]
    NoKeyring {
        /// The cookie's name.
        cookie: &'static str,
    },
    /// The cookie is `sealed`, but the operating system returned no random bytes.
    #[non_exhaustive]
    NoRandomness {
        /// The cookie's name.
        cookie: &'static str,
    },
    /// The headers of the response were already sent, so the response cannot set the cookie.
    #[non_exhaustive]
    ResponseSent {
        /// The cookie's name.
        cookie: &'static str,
    },
}

/// The problem with an attribute that the application set with a [`SetCookie`](crate::SetCookie). The attribute
/// contradicts the cookie's declaration, or no browser accepts the attribute.
///
/// ```
/// use hardtack::{Cookie, SameSite, SetCookie, SetError, testing};
///
/// #[derive(Cookie)]
/// struct Session(String);
///
/// let weaker = SetCookie::new(Session("a".into())).same_site(SameSite::None);
/// let Err(SetError::Attribute { fault, .. }) = weaker.header_value(&testing::https()) else { panic!() };
/// assert!(fault.to_string().starts_with("weaker than declared"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttributeFault(&'static str);

impl AttributeFault {
    pub(crate) fn new(text: &'static str) -> Self {
        AttributeFault(text)
    }
}

impl fmt::Display for AttributeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for AttributeFault {}

impl SetError {
    /// Returns the cookie's name.
    #[must_use]
    pub fn cookie(&self) -> &'static str {
        match self {
            SetError::NotHttps { cookie, .. }
            | SetError::TooLarge { cookie, .. }
            | SetError::Attribute { cookie, .. }
            | SetError::Value { cookie }
            | SetError::NoPolicy { cookie }
            | SetError::Key { cookie }
            | SetError::NoKeyring { cookie }
            | SetError::NoRandomness { cookie }
            | SetError::ResponseSent { cookie } => cookie,
        }
    }

    /// If the error is `NotHttps`, returns the evidence that the request came over plain HTTP.
    pub(crate) fn evidence(&self) -> Option<Evidence> {
        match self {
            SetError::NotHttps { evidence, .. } => Some(*evidence),
            SetError::TooLarge { .. }
            | SetError::Attribute { .. }
            | SetError::Value { .. }
            | SetError::NoPolicy { .. }
            | SetError::Key { .. }
            | SetError::NoKeyring { .. }
            | SetError::NoRandomness { .. }
            | SetError::ResponseSent { .. } => None,
        }
    }

    /// Returns the code of the event that reports this error.
    pub(crate) fn code(&self) -> Code {
        match self {
            SetError::NotHttps { .. } => Code::NotHttps,
            SetError::TooLarge { .. } => Code::Size,
            SetError::Attribute { .. } => Code::Attribute,
            SetError::Value { .. } => Code::Value,
            SetError::NoPolicy { .. } => Code::NoPolicy,
            SetError::Key { .. } => Code::Key,
            SetError::NoKeyring { .. } => Code::NoKeyring,
            SetError::NoRandomness { .. } => Code::NoRandomness,
            SetError::ResponseSent { .. } => Code::ResponseSent,
        }
    }

    /// Returns the status code for a response that reports the error: 403 or 500.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            SetError::NotHttps { .. } => StatusCode::FORBIDDEN,
            SetError::TooLarge { .. }
            | SetError::Attribute { .. }
            | SetError::Value { .. }
            | SetError::NoPolicy { .. }
            | SetError::Key { .. }
            | SetError::NoKeyring { .. }
            | SetError::NoRandomness { .. }
            | SetError::ResponseSent { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Returns the error text for clients. The `Display` text of the error is for logs.
    #[must_use]
    pub fn client_message(&self) -> &'static str {
        match self {
            SetError::NotHttps { .. } => HTTPS_ONLY,
            SetError::TooLarge { .. }
            | SetError::Attribute { .. }
            | SetError::Value { .. }
            | SetError::NoPolicy { .. }
            | SetError::Key { .. }
            | SetError::NoKeyring { .. }
            | SetError::NoRandomness { .. }
            | SetError::ResponseSent { .. } => INTERNAL_ERROR,
        }
    }
}

/// The `Display` text of a `SetError` is for logs. Send [`client_message`](SetError::client_message) to clients.
impl fmt::Display for SetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SetError::NotHttps { cookie, evidence } => fmt_not_https(f, cookie, "sent", *evidence),
            SetError::TooLarge { cookie, bytes, limit } => write!(
                f,
                "`{cookie}` has {bytes} bytes of name and value, and browsers reject a cookie over {limit}; keep the data on \
                 the server and its key in the cookie"
            ),
            SetError::Attribute { cookie, attribute, fault } => write!(f, "`{cookie}`, `{attribute}`: {fault}"),
            SetError::Value { cookie } => {
                write!(
                    f,
                    "the value of `{cookie}` could not be written: its `Display` or `Serialize` returned an error"
                )
            }
            SetError::NoPolicy { cookie } => write!(
                f,
                "`{cookie}` is declared `domain = policy`, and only a jar has a policy; set the cookie with `Cookies::set`"
            ),
            SetError::Key { cookie } => write!(
                f,
                "the key of a cookie in the family `{cookie}` is invalid; use 1 to 64 letters, digits, `-` and `_`"
            ),
            SetError::NoKeyring { cookie } => fmt_no_keyring(f, cookie),
            SetError::NoRandomness { cookie } => {
                write!(
                    f,
                    "`{cookie}` could not be sealed: the system returned no random bytes; the cookie was not sent"
                )
            }
            SetError::ResponseSent { cookie } => write!(
                f,
                "`{cookie}` was set after the head of the response was sent; set cookies before the body streams"
            ),
        }
    }
}

impl std::error::Error for SetError {}

/// The error if a cookie of the request cannot be read.
///
/// If a framework turns a `ReadError` into a response, the response has one of the following status codes:
///
/// - 403 for [`NotHttps`](ReadError::NotHttps) and [`Unproven`](ReadError::Unproven)
/// - 500 for [`NoKeyring`](ReadError::NoKeyring)
/// - 400 for all other variants
///
/// With the policy's middleware, the response also removes the cookie if the error is [`Expired`](ReadError::Expired),
/// or [`BadSeal`](ReadError::BadSeal) with [`SealFault::Mismatch`]. For all other errors, perhaps a different release
/// of the application can still read the cookie. To replace or remove a cookie that cannot be read, call
/// [`Cookies::set`](crate::Cookies::set) or [`Cookies::remove`](crate::Cookies::remove).
///
/// Most handlers call [`Cookies::get`](crate::Cookies::get), which returns `None` instead of an error.
///
/// ```
/// use hardtack::{Cookie, Cookies, ReadError, testing};
///
/// #[derive(Cookie)]
/// struct Cart(u32);
///
/// let mut headers = http::HeaderMap::new();
/// headers.insert("cookie", "__Host-Http-cart=many".parse().unwrap());
/// let error = Cookies::from_headers(&headers, testing::https()).try_get::<Cart>().err().unwrap();
/// assert!(matches!(error, ReadError::Malformed { cookie: "__Host-Http-cart", .. }));
/// assert_eq!((error.status().as_u16(), error.client_message()), (400, "a cookie was not understood; try again"));
/// assert!(!error.to_string().contains("many"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadError {
    /// A Secure cookie came over plain HTTP. Anyone on the network can add cookies to a plain HTTP request.
    #[non_exhaustive]
    NotHttps {
        /// The cookie's name.
        cookie: &'static str,
        /// The reason why the request counts as plain HTTP.
        evidence: Evidence,
    },
    /// The request contains several cookies with this name and with different values. For example, perhaps another host
    /// of the same site set the second cookie.
    #[non_exhaustive]
    Ambiguous {
        /// The cookie's name.
        cookie: &'static str,
    },
    /// The cookie's value is not valid for the cookie's type.
    #[non_exhaustive]
    Malformed {
        /// The cookie's name.
        cookie: &'static str,
        /// The error that the cookie's type returned for the value.
        source: InvalidValue,
    },
    /// The cookie is declared `signed` or `sealed`, but the jar has no keyring.
    #[non_exhaustive]
    NoKeyring {
        /// The cookie's name.
        cookie: &'static str,
    },
    /// The value has no valid seal for this cookie. The value was changed, was copied from another cookie, or never had
    /// a seal.
    #[non_exhaustive]
    BadSeal {
        /// The cookie's name.
        cookie: &'static str,
        /// The reason why the seal is invalid.
        fault: SealFault,
    },
    /// The seal of the cookie's value is valid, but the seal has expired.
    #[non_exhaustive]
    Expired {
        /// The cookie's name.
        cookie: &'static str,
    },
    /// The keyring does not contain the secret key with which the cookie's value was signed or sealed. Either the
    /// secret key was removed from the keyring, or the server does not have the secret key yet.
    #[non_exhaustive]
    UnknownKey {
        /// The cookie's name.
        cookie: &'static str,
    },
    /// The cookie is declared `device_bound`, a device is registered, and the request does not prove that it comes from
    /// this device. The cookie stays in the browser.
    #[non_exhaustive]
    Unproven {
        /// The cookie's name.
        cookie: &'static str,
        /// The reason why the request does not prove that it comes from the device.
        fault: ProofFault,
    },
}

/// The reason why a request does not prove that it comes from the device. See [`ReadError::Unproven`].
///
/// ```
/// use hardtack::value::ProofFault;
///
/// assert_eq!(ProofFault::CompanionMissing.to_string(), "the request contains no companion");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProofFault {
    /// No browser has registered a key for the session. Perhaps the browser has no device-bound sessions, or the
    /// registration is not finished.
    NotRegistered,
    /// The request contains no companion. Perhaps the sender has only a copy of the session cookie, or the browser did
    /// not refresh the companion.
    CompanionMissing,
    /// The companion has expired.
    CompanionExpired,
    /// The companion belongs to another session, or another key sealed the companion.
    OtherSession,
}

impl fmt::Display for ProofFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ProofFault::NotRegistered => "no device is registered for the session",
            ProofFault::CompanionMissing => "the request contains no companion",
            ProofFault::CompanionExpired => "the companion has expired",
            ProofFault::OtherSession => "the companion belongs to another session",
        })
    }
}

impl std::error::Error for ProofFault {}

/// The reason why the seal of a cookie's value is invalid. See [`ReadError::BadSeal`].
///
/// ```
/// use hardtack::seal::{Key, Keyring};
/// use hardtack::value::SealFault;
/// use hardtack::{Cookie, Cookies, ReadError, testing};
///
/// #[derive(Cookie, Debug)]
/// #[cookie(signed)]
/// struct Visitor(u64);
///
/// let mut request = http::HeaderMap::new();
/// request.insert("cookie", "__Host-Http-visitor=7".parse().unwrap());
/// let cookies = Cookies::from_headers(&request, testing::https()).with_keyring(&Keyring::new(Key::generate()));
/// let error = cookies.try_get::<Visitor>().unwrap_err();
/// assert!(matches!(error, ReadError::BadSeal { fault: SealFault::Malformed, .. }));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SealFault {
    /// The text of the value is not in the format of a signed or sealed value. Perhaps the value was truncated, or was
    /// written before the cookie was declared `signed` or `sealed`.
    Malformed,
    /// The seal has a format version that this release of hardtack cannot read.
    Version,
    /// The seal's authentication tag does not match the value. The value was changed, or the value was copied from a
    /// different cookie.
    Mismatch,
}

impl SealFault {
    const fn code(self) -> Code {
        match self {
            SealFault::Malformed => Code::SealMalformed,
            SealFault::Version => Code::SealVersion,
            SealFault::Mismatch => Code::BadSeal,
        }
    }
}

impl fmt::Display for SealFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SealFault::Malformed => {
                "it is malformed: truncated, or written before the cookie was declared `signed` or `sealed`"
            }
            SealFault::Version => {
                "it has another version; deploy the release that reads the version to every server before one writes it"
            }
            SealFault::Mismatch => "it was changed, or made for another cookie",
        })
    }
}

impl std::error::Error for SealFault {}

impl ReadError {
    /// Returns the cookie's name.
    #[must_use]
    pub fn cookie(&self) -> &'static str {
        match self {
            ReadError::NotHttps { cookie, .. }
            | ReadError::Ambiguous { cookie }
            | ReadError::Malformed { cookie, .. }
            | ReadError::NoKeyring { cookie }
            | ReadError::BadSeal { cookie, .. }
            | ReadError::Expired { cookie }
            | ReadError::UnknownKey { cookie }
            | ReadError::Unproven { cookie, .. } => cookie,
        }
    }

    /// If the error is `NotHttps`, returns the evidence that the request came over plain HTTP.
    pub(crate) fn evidence(&self) -> Option<Evidence> {
        match self {
            ReadError::NotHttps { evidence, .. } => Some(*evidence),
            ReadError::Ambiguous { .. }
            | ReadError::Malformed { .. }
            | ReadError::NoKeyring { .. }
            | ReadError::BadSeal { .. }
            | ReadError::Expired { .. }
            | ReadError::UnknownKey { .. }
            | ReadError::Unproven { .. } => None,
        }
    }

    /// Returns the code of the event that reports this error.
    pub(crate) fn code(&self) -> Code {
        match self {
            ReadError::NotHttps { .. } => Code::NotHttps,
            ReadError::Ambiguous { .. } => Code::Ambiguous,
            ReadError::Malformed { .. } => Code::Malformed,
            ReadError::NoKeyring { .. } => Code::NoKeyring,
            ReadError::BadSeal { fault, .. } => fault.code(),
            ReadError::Expired { .. } => Code::Expired,
            ReadError::UnknownKey { .. } => Code::UnknownKey,
            ReadError::Unproven { .. } => Code::Unproven,
        }
    }

    /// Returns the status code for a response that reports the error: 400, 403 or 500.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            ReadError::NotHttps { .. } | ReadError::Unproven { .. } => StatusCode::FORBIDDEN,
            ReadError::NoKeyring { .. } => StatusCode::INTERNAL_SERVER_ERROR,
            ReadError::Ambiguous { .. }
            | ReadError::Malformed { .. }
            | ReadError::BadSeal { .. }
            | ReadError::Expired { .. }
            | ReadError::UnknownKey { .. } => StatusCode::BAD_REQUEST,
        }
    }

    /// Returns the error text for clients. The `Display` text of the error is for logs.
    #[must_use]
    pub fn client_message(&self) -> &'static str {
        match self {
            ReadError::NotHttps { .. } => HTTPS_ONLY,
            ReadError::NoKeyring { .. } => INTERNAL_ERROR,
            ReadError::Unproven { .. } => UNPROVEN,
            ReadError::Ambiguous { .. }
            | ReadError::Malformed { .. }
            | ReadError::BadSeal { .. }
            | ReadError::Expired { .. }
            | ReadError::UnknownKey { .. } => "a cookie was not understood; try again",
        }
    }

    /// Returns true if the response that reports the error also removes the cookie. The response removes only a cookie
    /// that no server can read. So the cookie stays if a different release of the application, or a server with a
    /// different keyring, can perhaps still read the cookie.
    pub(crate) fn removes_cookie(&self) -> bool {
        match self {
            ReadError::Expired { .. } | ReadError::BadSeal { fault: SealFault::Mismatch, .. } => true,
            ReadError::NotHttps { .. }
            | ReadError::NoKeyring { .. }
            | ReadError::Ambiguous { .. }
            | ReadError::Malformed { .. }
            | ReadError::BadSeal { .. }
            | ReadError::UnknownKey { .. }
            | ReadError::Unproven { .. } => false,
        }
    }
}

/// The `Display` text of a `ReadError` is for logs. Send [`client_message`](ReadError::client_message) to clients.
impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::NotHttps { cookie, evidence } => fmt_not_https(f, cookie, "read", *evidence),
            ReadError::Ambiguous { cookie } => write!(
                f,
                "`{cookie}` came several times with different values; if an earlier release set it with another `domain` or \
                 `path`, name that scope with `formerly(…)`; if another host may have planted one, give the cookie a \
                 `__Host-` name"
            ),
            ReadError::Malformed { cookie, source } => write!(f, "the value of `{cookie}` is malformed: {source}"),
            ReadError::NoKeyring { cookie } => fmt_no_keyring(f, cookie),
            ReadError::BadSeal { cookie, fault } => write!(f, "the seal of `{cookie}` is invalid: {fault}"),
            ReadError::Expired { cookie } => {
                write!(
                    f,
                    "the seal of `{cookie}` has expired, after its `max_age`, or after the keyring's default lifetime"
                )
            }
            ReadError::UnknownKey { cookie } => write!(
                f,
                "`{cookie}` names a key that this keyring does not have; add a new key to every server before one writes \
                 with it, and remove an old key after the longest lifetime of a cookie"
            ),
            ReadError::Unproven { cookie, fault } => {
                write!(f, "`{cookie}` is bound to a device, and the request does not prove the device: {fault}")
            }
        }
    }
}

/// `source` returns `None`, because the text of a `Malformed` error already ends with the text of its [`InvalidValue`].
impl std::error::Error for ReadError {}

fn fmt_no_keyring(f: &mut fmt::Formatter<'_>, cookie: &str) -> fmt::Result {
    write!(
        f,
        "`{cookie}` is declared `signed` or `sealed`, and there is no keyring; give one to the policy with \
         `Policy::builder().keyring(…)`, to the jar with `Cookies::with_keyring`, or to a header without a jar with \
         `SetCookie::with_keyring`"
    )
}

fn fmt_not_https(f: &mut fmt::Formatter<'_>, cookie: &str, verb: &str, evidence: Evidence) -> fmt::Result {
    write!(f, "`{cookie}` is a Secure cookie and cannot be {verb} over plain HTTP: {evidence}")
}

pub(crate) const INTERNAL_ERROR: &str = "internal error";

pub(crate) const UNPROVEN: &str = "this device was not recognised; sign in again";

pub(crate) const HTTPS_ONLY: &str = "this page works over HTTPS only";
