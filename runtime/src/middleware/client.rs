//! Checks the requests of the program's own HTTP client. The input is the URI and the headers of a request that the
//! client wants to send. The output is an error if the request would carry a cookie or credentials over plain HTTP.

use core::fmt;

use http::header::{AUTHORIZATION, COOKIE, HeaderName, PROXY_AUTHORIZATION};
use http::{HeaderMap, Uri};

use crate::policy::Policy;
use crate::request::is_https;

/// The headers that carry a cookie or credentials, and their names in messages.
const CREDENTIALS: [(&str, HeaderName); 3] =
    [("Cookie", COOKIE), ("Authorization", AUTHORIZATION), ("Proxy-Authorization", PROXY_AUTHORIZATION)];

/// Checks that a request carries cookies and credentials over HTTPS only.
///
/// # Errors
///
/// Returns an error if all of these statements are true:
///
/// - The request has a `Cookie`, `Authorization` or `Proxy-Authorization` header.
/// - The scheme of the request is not HTTPS.
/// - The policy does not exempt the host of the request.
pub(crate) fn check(policy: &Policy, uri: &Uri, headers: &HeaderMap) -> Result<(), PlaintextRequestError> {
    let found = CREDENTIALS.into_iter().find(|(_, name)| headers.contains_key(name));
    let Some((header, _)) = found else { return Ok(()) };
    let host = uri.host().unwrap_or_default();
    let is_allowed = uri.scheme_str().is_some_and(|scheme| is_https(scheme.as_bytes()))
        || policy.outbound_exceptions().any(|(exempt, _)| exempt.eq_ignore_ascii_case(host));
    if is_allowed { Ok(()) } else { Err(PlaintextRequestError { host: host.to_owned(), header }) }
}

/// The error of a request that would have carried a cookie or credentials over plain HTTP. The request was not sent.
///
/// ```
/// use axum::{Router, body::Body};
/// use hardtack::Policy;
/// use hardtack::tower::ClientError;
/// use tower_layer::Layer as _;
/// use tower_service::Service as _;
///
/// // This example uses a router as the client.
/// let mut client = Policy::default().client_layer().layer(Router::<()>::new());
/// let request = http::Request::get("http://api.example/").header("Cookie", "sid=opensesame").body(Body::empty());
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let Err(ClientError::Plaintext(error)) = client.call(request.unwrap()).await else { panic!("it was sent") };
/// assert_eq!((error.host(), error.header()), ("api.example", "Cookie"));
/// assert!(error.to_string().starts_with("a request to `api.example` would carry `Cookie` over plain HTTP; "));
/// # });
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaintextRequestError {
    host: String,
    header: &'static str,
}

impl PlaintextRequestError {
    /// Returns the host of the request's URI, or an empty text if the URI has no host.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the name of the header: `Cookie`, `Authorization` or `Proxy-Authorization`.
    #[must_use]
    pub fn header(&self) -> &'static str {
        self.header
    }
}

impl fmt::Display for PlaintextRequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a request to `{}` would carry `{}` over plain HTTP; use an `https` URL, or add an `outbound_exception` \
             with a reason",
            self.host, self.header
        )
    }
}

impl std::error::Error for PlaintextRequestError {}
