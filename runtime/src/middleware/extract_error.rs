//! The error that hardtack's extractors return. After this error, the handler does not run.

use core::fmt;
#[cfg(any(feature = "actix", feature = "axum", feature = "poem", feature = "rocket", feature = "salvo"))]
use std::borrow::Cow;

use http::StatusCode;

use crate::cookie::error::{HTTPS_ONLY, INTERNAL_ERROR, UNPROVEN};
use crate::request::evidence::Evidence;

/// The error that an extractor returns when the extractor refuses a request. After this error, the handler does not
/// run.
///
/// ```
/// use hardtack::{Cookies, ExtractError, Https};
///
/// let error = Cookies::<Https>::from_extensions(&http::Extensions::new()).unwrap_err();
/// assert!(matches!(error, ExtractError::LayerMissing { .. }));
/// assert_eq!(error.status(), 500);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExtractError {
    /// The handler accepts only HTTPS requests, and the request came over plain HTTP.
    #[non_exhaustive]
    NotHttps {
        /// The reason why the request counts as plain HTTP.
        evidence: Evidence,
    },
    /// The policy's middleware does not handle this route, so the request has no jar and no proof of HTTPS.
    #[non_exhaustive]
    LayerMissing {
        /// The remedy: code that the developer must add to the application. The code is different for each framework.
        remedy: &'static str,
    },
    /// The handler accepts only requests that prove the device (`Bound<T>`), and the request does not prove the device.
    /// The event `unproven` contains the reason.
    #[non_exhaustive]
    Unproven {
        /// The cookie's name.
        cookie: &'static str,
    },
}

impl ExtractError {
    /// Returns the status of the response: 403 for `NotHttps` and `Unproven`, or 500 for `LayerMissing`.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            ExtractError::NotHttps { .. } | ExtractError::Unproven { .. } => StatusCode::FORBIDDEN,
            ExtractError::LayerMissing { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Returns the text for clients. The output of `Display` is for logs only.
    #[must_use]
    pub fn client_message(&self) -> &'static str {
        match self {
            ExtractError::NotHttps { .. } => HTTPS_ONLY,
            ExtractError::Unproven { .. } => UNPROVEN,
            ExtractError::LayerMissing { .. } => INTERNAL_ERROR,
        }
    }

    /// Returns the body of the response.
    #[cfg(any(feature = "actix", feature = "axum", feature = "poem", feature = "rocket", feature = "salvo"))]
    pub(crate) fn body(&self) -> Cow<'static, str> {
        match self {
            ExtractError::NotHttps { evidence } => evidence.refusal_text(),
            ExtractError::Unproven { .. } => Cow::Borrowed(UNPROVEN),
            ExtractError::LayerMissing { .. } => Cow::Borrowed(INTERNAL_ERROR),
        }
    }
}

/// Writes the text for logs. Send [`client_message`](ExtractError::client_message) to clients.
impl fmt::Display for ExtractError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExtractError::NotHttps { evidence } => {
                write!(f, "the handler needs HTTPS, and the request came over plain HTTP: {evidence}")
            }
            ExtractError::LayerMissing { remedy } => f.write_str(remedy),
            ExtractError::Unproven { cookie } => {
                write!(f, "the handler needs a proof of the device for `{cookie}`, and the request has none")
            }
        }
    }
}

impl std::error::Error for ExtractError {}
