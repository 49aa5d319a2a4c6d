//! What goes wrong while a server runs: setting, reading, extracting. Each names the cookie and never its value; each
//! knows the status that it answers with, so that no adapter decides.

use core::fmt;

use hardtack_rules::syntax::Fault;
use http::{HeaderValue, StatusCode};

use crate::scheme::Evidence;
use crate::value::InvalidValue;

/// Why a cookie was not set or removed. Nothing of it is sent; the exchange goes on.
///
/// As a response: 403 for [`NotHttps`](SetError::NotHttps), else 500, without detail.
///
/// ```
/// use hardtack::{Cookie, Listener, SetCookie, SetError, AnyScheme};
///
/// #[derive(Cookie)]
/// struct Session(String);
///
/// let (parts, ()) = http::Request::get("/").body(()).unwrap().into_parts();
/// let plain = AnyScheme::from(Listener::plain().scheme(&parts, None));
/// let refused = SetCookie::new(Session("secret".into())).header_value(&plain).unwrap_err();
/// assert!(matches!(refused, SetError::NotHttps { cookie: "__Host-Http-session", .. }));
/// assert!(!refused.to_string().contains("secret"));
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum SetError {
    /// The cookie is Secure and the exchange is plain HTTP.
    #[non_exhaustive]
    NotHttps {
        /// The cookie's name.
        cookie: &'static str,
        /// What the listener saw.
        evidence: Evidence,
    },
    /// Name and value are over 4096 octets together: browsers would drop the cookie (6265bis 5.7 step 4).
    #[non_exhaustive]
    TooLarge {
        /// The cookie's name.
        cookie: &'static str,
        /// Octets of the name and of the encoded value.
        octets: usize,
        /// The most that a browser keeps.
        limit: usize,
    },
    /// An attribute that was given while the server runs is wrong.
    #[non_exhaustive]
    Attribute {
        /// The cookie's name.
        cookie: &'static str,
        /// The setter's name, such as `domain`.
        attribute: &'static str,
        /// What is wrong with it and what to give instead.
        fault: AttributeFault,
    },
    /// The value could not be written: its `Display`, or serde for one that is `json`, returned an error.
    #[non_exhaustive]
    Value {
        /// The cookie's name.
        cookie: &'static str,
    },
    /// The cookie is signed or sealed, and nothing gave a keyring. It never leaves as plain text.
    #[non_exhaustive]
    NoKeyring {
        /// The cookie's name.
        cookie: &'static str,
    },
    /// The cookie is sealed, and the system gave no random octets.
    #[non_exhaustive]
    NoRandomness {
        /// The cookie's name.
        cookie: &'static str,
    },
    /// The head of the response has left: no cookie can be added to it.
    #[non_exhaustive]
    ResponseSent {
        /// The cookie's name.
        cookie: &'static str,
    },
}

/// What is wrong with an attribute: a rule of the book, or a contradiction with the declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttributeFault(pub(crate) Wrong);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    Rule(Fault),
    Other(&'static str),
}

impl AttributeFault {
    /// The rule that is broken, where it is one of the book.
    #[must_use]
    pub fn rule(&self) -> Option<hardtack_rules::Rule> {
        match self.0 {
            Wrong::Rule(fault) => Some(fault.rule),
            Wrong::Other(_) => None,
        }
    }
}

impl fmt::Display for AttributeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Wrong::Rule(fault) => fault.fmt(f),
            Wrong::Other(text) => f.write_str(text),
        }
    }
}

impl SetError {
    /// The cookie's name.
    #[must_use]
    pub fn cookie(&self) -> &'static str {
        match self {
            SetError::NotHttps { cookie, .. }
            | SetError::TooLarge { cookie, .. }
            | SetError::Attribute { cookie, .. }
            | SetError::Value { cookie }
            | SetError::NoKeyring { cookie }
            | SetError::NoRandomness { cookie }
            | SetError::ResponseSent { cookie } => cookie,
        }
    }

    /// What the listener saw, where it is the cause.
    pub(crate) fn evidence(&self) -> Option<Evidence> {
        match self {
            SetError::NotHttps { evidence, .. } => Some(*evidence),
            SetError::TooLarge { .. }
            | SetError::Attribute { .. }
            | SetError::Value { .. }
            | SetError::NoKeyring { .. }
            | SetError::NoRandomness { .. }
            | SetError::ResponseSent { .. } => None,
        }
    }

    /// The id that reports give the refusal.
    pub(crate) fn rule(&self) -> &'static str {
        match self {
            SetError::NotHttps { .. } => "not-https",
            SetError::TooLarge { .. } => hardtack_rules::Rule::Size.id(),
            SetError::Attribute { fault, .. } => fault.rule().map_or("attribute", hardtack_rules::Rule::id),
            SetError::Value { .. } => "value",
            SetError::NoKeyring { .. } => NO_KEYRING,
            SetError::NoRandomness { .. } => "no-randomness",
            SetError::ResponseSent { .. } => "response-sent",
        }
    }

    /// The status that the error answers with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            SetError::NotHttps { .. } => StatusCode::FORBIDDEN,
            SetError::TooLarge { .. }
            | SetError::Attribute { .. }
            | SetError::Value { .. }
            | SetError::NoKeyring { .. }
            | SetError::NoRandomness { .. }
            | SetError::ResponseSent { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The sentence for the client.
    #[must_use]
    pub fn public(&self) -> &'static str {
        match self {
            SetError::NotHttps { .. } => HTTPS_ONLY,
            SetError::TooLarge { .. }
            | SetError::Attribute { .. }
            | SetError::Value { .. }
            | SetError::NoKeyring { .. }
            | SetError::NoRandomness { .. }
            | SetError::ResponseSent { .. } => OUR_MISTAKE,
        }
    }
}

impl fmt::Display for SetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SetError::NotHttps { cookie, evidence } => not_https(f, cookie, "sent", *evidence),
            SetError::TooLarge { cookie, octets, limit } => write!(
                f,
                "`{cookie}` is {octets} octets of name and value, and browsers drop a cookie over {limit}; keep the data on \
                 the server and its key in the cookie"
            ),
            SetError::Attribute { cookie, attribute, fault } => write!(f, "`{cookie}`, `{attribute}`: {fault}"),
            SetError::Value { cookie } => {
                write!(
                    f,
                    "the value of `{cookie}` could not be written: its `Display`, or its serde impl, returned an error"
                )
            }
            SetError::NoKeyring { cookie } => no_keyring(f, cookie),
            SetError::NoRandomness { cookie } => {
                write!(f, "`{cookie}` could not be sealed: the system gave no random octets; nothing of it was sent")
            }
            SetError::ResponseSent { cookie } => write!(
                f,
                "`{cookie}` was set after the head of the response had left; set cookies before the body streams"
            ),
        }
    }
}

impl std::error::Error for SetError {}

/// Why a cookie that the request carried was not read.
///
/// As a response: 403 for [`NotHttps`](ReadError::NotHttps), 500 for [`NoKeyring`](ReadError::NoKeyring), else 400 with
/// the removal of that cookie, so that a value which is no longer understood locks nobody out.
///
/// ```
/// use hardtack::{Cookie, Cookies, ReadError, testing};
///
/// #[derive(Cookie)]
/// struct Cart(u32);
///
/// let mut headers = http::HeaderMap::new();
/// headers.insert("cookie", "__Host-Http-cart=many".parse().unwrap());
/// let error = Cookies::read(&headers, testing::https()).get::<Cart>().err().unwrap();
/// assert!(matches!(error, ReadError::Malformed { .. }));
/// assert_eq!(error.status(), 400);
/// assert!(error.removal().is_some());
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ReadError {
    /// A Secure cookie arrived over plain HTTP, where anybody could have written it.
    #[non_exhaustive]
    NotHttps {
        /// The cookie's name.
        cookie: &'static str,
        /// What the listener saw.
        evidence: Evidence,
    },
    /// The request carried the name several times with different values, as it does when a sibling host tossed one.
    #[non_exhaustive]
    Ambiguous {
        /// The cookie's name.
        cookie: &'static str,
        /// The line that removes it.
        removal: Removal,
    },
    /// The value is not one of the type's.
    #[non_exhaustive]
    Malformed {
        /// The cookie's name.
        cookie: &'static str,
        /// What the type says of it.
        source: InvalidValue,
        /// The line that removes it.
        removal: Removal,
    },
    /// The cookie is signed or sealed, and nothing gave a keyring.
    #[non_exhaustive]
    NoKeyring {
        /// The cookie's name.
        cookie: &'static str,
    },
    /// The value was not signed or sealed for this cookie: it was changed, moved here from another cookie, or never ours.
    #[non_exhaustive]
    BadSeal {
        /// The cookie's name.
        cookie: &'static str,
        /// What is wrong with it.
        fault: SealFault,
        /// The line that removes it.
        removal: Removal,
    },
    /// The seal holds, and the life that it carries is over.
    #[non_exhaustive]
    Expired {
        /// The cookie's name.
        cookie: &'static str,
        /// The line that removes it.
        removal: Removal,
    },
    /// The keyring does not have the key that the value names: it was dropped, or is not here yet.
    #[non_exhaustive]
    UnknownKey {
        /// The cookie's name.
        cookie: &'static str,
        /// The line that removes it.
        removal: Removal,
    },
}

/// What is wrong with a seal; see [`ReadError::BadSeal`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SealFault {
    /// The text is not of the form that a signed or sealed value has: cut, or written before the cookie was declared so.
    Malformed,
    /// It says that it is of another version of the form than this release reads.
    Version,
    /// The key that it names did not make it for this cookie.
    Mismatch,
}

impl SealFault {
    const fn id(self) -> &'static str {
        match self {
            SealFault::Malformed => "seal-malformed",
            SealFault::Version => "seal-version",
            SealFault::Mismatch => "bad-seal",
        }
    }
}

impl fmt::Display for SealFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SealFault::Malformed => {
                "it has not the form of one; it was cut, or written before the cookie was declared so"
            }
            SealFault::Version => "it is of another version; let the release that writes it reach every server first",
            SealFault::Mismatch => "it was changed, or made for another cookie",
        })
    }
}

/// The Set-Cookie line that removes a cookie which could not be read; none where it may not be sent.
#[derive(Debug, Clone)]
pub struct Removal(pub(crate) Option<HeaderValue>);

impl ReadError {
    /// The cookie's name.
    #[must_use]
    pub fn cookie(&self) -> &'static str {
        match self {
            ReadError::NotHttps { cookie, .. }
            | ReadError::Ambiguous { cookie, .. }
            | ReadError::Malformed { cookie, .. }
            | ReadError::NoKeyring { cookie }
            | ReadError::BadSeal { cookie, .. }
            | ReadError::Expired { cookie, .. }
            | ReadError::UnknownKey { cookie, .. } => cookie,
        }
    }

    /// What the listener saw, where it is the cause.
    pub(crate) fn evidence(&self) -> Option<Evidence> {
        match self {
            ReadError::NotHttps { evidence, .. } => Some(*evidence),
            ReadError::Ambiguous { .. }
            | ReadError::Malformed { .. }
            | ReadError::NoKeyring { .. }
            | ReadError::BadSeal { .. }
            | ReadError::Expired { .. }
            | ReadError::UnknownKey { .. } => None,
        }
    }

    /// The id that reports give the refusal.
    pub(crate) fn rule(&self) -> &'static str {
        match self {
            ReadError::NotHttps { .. } => "not-https",
            ReadError::Ambiguous { .. } => "ambiguous",
            ReadError::Malformed { .. } => "malformed",
            ReadError::NoKeyring { .. } => NO_KEYRING,
            ReadError::BadSeal { fault, .. } => fault.id(),
            ReadError::Expired { .. } => "expired",
            ReadError::UnknownKey { .. } => "unknown-key",
        }
    }

    /// The status that the error answers with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            ReadError::NotHttps { .. } => StatusCode::FORBIDDEN,
            ReadError::NoKeyring { .. } => StatusCode::INTERNAL_SERVER_ERROR,
            ReadError::Ambiguous { .. }
            | ReadError::Malformed { .. }
            | ReadError::BadSeal { .. }
            | ReadError::Expired { .. }
            | ReadError::UnknownKey { .. } => StatusCode::BAD_REQUEST,
        }
    }

    /// The sentence for the client.
    #[must_use]
    pub fn public(&self) -> &'static str {
        match self {
            ReadError::NotHttps { .. } => HTTPS_ONLY,
            ReadError::NoKeyring { .. } => OUR_MISTAKE,
            ReadError::Ambiguous { .. }
            | ReadError::Malformed { .. }
            | ReadError::BadSeal { .. }
            | ReadError::Expired { .. }
            | ReadError::UnknownKey { .. } => "a cookie was not understood; try again",
        }
    }

    /// The Set-Cookie line that removes the cookie; `None` for a `read_only` one, over plain HTTP, and where a keyring is
    /// all that was missing.
    #[must_use]
    pub fn removal(&self) -> Option<&HeaderValue> {
        match self {
            ReadError::NotHttps { .. } | ReadError::NoKeyring { .. } => None,
            ReadError::Ambiguous { removal, .. }
            | ReadError::Malformed { removal, .. }
            | ReadError::BadSeal { removal, .. }
            | ReadError::Expired { removal, .. }
            | ReadError::UnknownKey { removal, .. } => removal.0.as_ref(),
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::NotHttps { cookie, evidence } => not_https(f, cookie, "believed", *evidence),
            ReadError::Ambiguous { cookie, .. } => write!(
                f,
                "`{cookie}` is there more than once with different values; one of them may have been planted by another \
                 host"
            ),
            ReadError::Malformed { cookie, source, .. } => write!(f, "the value of `{cookie}` is malformed: {source}"),
            ReadError::NoKeyring { cookie } => no_keyring(f, cookie),
            ReadError::BadSeal { cookie, fault, .. } => write!(f, "the seal of `{cookie}` does not hold: {fault}"),
            ReadError::Expired { cookie, .. } => {
                write!(
                    f,
                    "the life of `{cookie}` is over: a browser that kept it has another clock, or somebody copied it"
                )
            }
            ReadError::UnknownKey { cookie, .. } => write!(
                f,
                "`{cookie}` names a key that this keyring does not have; let a new key read on every server before it \
                 writes on one, and drop an old one after the longest life of a cookie"
            ),
        }
    }
}

/// Without a `source`: the sentence of a malformed value ends with the `InvalidValue`.
impl std::error::Error for ReadError {}

fn no_keyring(f: &mut fmt::Formatter<'_>, cookie: &str) -> fmt::Result {
    write!(
        f,
        "`{cookie}` is declared `signed` or `sealed`, and there is no keyring; give one to the policy, \
         `Policy::builder().keyring(…)`, to the jar, `Cookies::read(…).keyring(…)`, or to a line without a jar, \
         `SetCookie::keyring`"
    )
}

fn not_https(f: &mut fmt::Formatter<'_>, cookie: &str, verb: &str, evidence: Evidence) -> fmt::Result {
    write!(f, "`{cookie}` is a Secure cookie and cannot be {verb} over plain HTTP: {evidence}")
}

/// Why an extractor refused before the handler ran.
///
/// `Display` is for the log; [`public`](ExtractError::public) is what the client is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExtractError {
    /// The handler asked for HTTPS and the exchange is plain HTTP.
    #[non_exhaustive]
    NotHttps {
        /// What the listener saw.
        evidence: Evidence,
    },
    /// No policy layer stands around the handler, so nothing judged the scheme and nothing would send the cookies.
    #[non_exhaustive]
    LayerMissing {
        /// What to add, as one does in the framework that asked.
        remedy: &'static str,
    },
}

impl ExtractError {
    /// The status that the error answers with: 403 or 500.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            ExtractError::NotHttps { .. } => StatusCode::FORBIDDEN,
            ExtractError::LayerMissing { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The sentence for the client.
    #[must_use]
    pub fn public(&self) -> &'static str {
        match self {
            ExtractError::NotHttps { .. } => HTTPS_ONLY,
            ExtractError::LayerMissing { remedy } => remedy,
        }
    }
}

const NO_KEYRING: &str = "no-keyring";

const OUR_MISTAKE: &str = "this page cannot be shown";

const HTTPS_ONLY: &str = "this page works over HTTPS only";

impl fmt::Display for ExtractError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExtractError::NotHttps { evidence } => {
                write!(f, "the handler needs HTTPS, and this exchange is plain HTTP: {evidence}")
            }
            ExtractError::LayerMissing { remedy } => f.write_str(remedy),
        }
    }
}

impl std::error::Error for ExtractError {}
