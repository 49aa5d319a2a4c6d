//! Makes the policy's response to a request over plain HTTP. The input is the setting `force_https` and the head of the
//! request. The output is a redirect, a refusal, or `None` if the application handles the request. The type
//! `PolicyResponse` also contains the responses of the endpoints for device-bound cookies.

use core::fmt;
use core::fmt::Write as _;
use std::borrow::Cow;

use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};

use crate::event::Kind;
use crate::policy::ForceHttps;
use crate::request::accept::wants_html;
use crate::request::evidence::Evidence;
use crate::request::head::RequestHead;
use crate::request::host::{Host, HostFault, RequestHost};

#[cfg(test)]
mod tests;

/// The policy's response to a request over plain HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PlainHttpResponse {
    /// A redirect with the status 308. Contains the value of the `Location` header.
    Redirect(HeaderValue),
    /// A refusal with the status 403.
    Refuse(RefusalReason),
}

/// The reason why the policy refuses a request. `Display` writes the text for logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefusalReason {
    UntrustedClaim,
    ApiPath,
    NotGetOrHead,
    NotAPage,
    HostMissing,
    HostDoubled,
    HostMalformed,
    HostNotListed,
    LoopbackHost,
    Target,
}

impl PlainHttpResponse {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            PlainHttpResponse::Redirect(_) => StatusCode::PERMANENT_REDIRECT,
            PlainHttpResponse::Refuse(_) => StatusCode::FORBIDDEN,
        }
    }

    /// Returns the kind and the reason of the event for this response.
    pub(crate) fn event(&self) -> (Kind, &dyn fmt::Display) {
        match self {
            PlainHttpResponse::Redirect(_) => (Kind::RequestRedirected, &"a page over plain HTTP"),
            PlainHttpResponse::Refuse(reason) => (Kind::RequestRefused, reason),
        }
    }
}

/// The policy's own response to a request. The application does not handle the request.
#[derive(Debug, Clone)]
pub(crate) enum PolicyResponse {
    /// The response to a request over plain HTTP, and the evidence that the request came over plain HTTP.
    PlainHttp { response: PlainHttpResponse, evidence: Evidence },
    /// The response of an endpoint of device-bound cookies.
    #[cfg(feature = "device-bound")]
    DeviceBound(crate::device_bound::EndpointResponse),
}

impl PolicyResponse {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            PolicyResponse::PlainHttp { response, .. } => response.status(),
            #[cfg(feature = "device-bound")]
            PolicyResponse::DeviceBound(response) => response.status,
        }
    }

    /// Returns the body of the response. A redirect has an empty body. The body of a refusal is a sentence that a
    /// person can read. The body of an endpoint's response is JSON or empty.
    pub(crate) fn body(&self) -> Cow<'static, str> {
        match self {
            PolicyResponse::PlainHttp { response: PlainHttpResponse::Redirect(_), .. } => Cow::Borrowed(""),
            PolicyResponse::PlainHttp { response: PlainHttpResponse::Refuse(_), evidence } => evidence.refusal_text(),
            #[cfg(feature = "device-bound")]
            PolicyResponse::DeviceBound(response) => Cow::Owned(response.body.clone()),
        }
    }

    /// Writes the headers of the response.
    pub(crate) fn write_headers(self, headers: &mut HeaderMap) {
        match self {
            PolicyResponse::PlainHttp { response: PlainHttpResponse::Redirect(location), .. } => {
                headers.insert(LOCATION, location);
                headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            }
            PolicyResponse::PlainHttp { response: PlainHttpResponse::Refuse(_), .. } => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
            }
            #[cfg(feature = "device-bound")]
            PolicyResponse::DeviceBound(response) => headers.extend(response.headers),
        }
    }
}

/// Returns the response to a request that came over plain HTTP, or `None` if the application handles the request.
///
/// `is_untrusted_claim` is true if the request claims HTTPS, and no trusted proxy stated the scheme of the request.
pub(super) fn respond(
    force: &ForceHttps,
    head: &RequestHead<'_>,
    is_untrusted_claim: bool,
) -> Option<PlainHttpResponse> {
    let path = head.uri.path();
    if !force.is_on() || force.is_exempt(path) || ForceHttps::is_acme_challenge(head.method, path) {
        return None;
    }
    let location = match is_untrusted_claim {
        true => Err(RefusalReason::UntrustedClaim),
        false => redirect_location(force, head),
    };
    Some(match location {
        Ok(location) => PlainHttpResponse::Redirect(location),
        Err(reason) => PlainHttpResponse::Refuse(reason),
    })
}

/// Returns the URL to which the policy redirects a request. The URL is the request's URL with the scheme `https`. The
/// policy can change the host and the port. Returns the reason for a refusal if the policy does not redirect the
/// request.
fn redirect_location(force: &ForceHttps, head: &RequestHead<'_>) -> Result<HeaderValue, RefusalReason> {
    let RequestHead { method, uri, headers, .. } = *head;
    if force.is_api_path(uri.path()) {
        return Err(RefusalReason::ApiPath);
    }
    if *method != Method::GET && *method != Method::HEAD {
        return Err(RefusalReason::NotGetOrHead);
    }
    if force.is_pages_only() && !wants_html(method, headers.get_all(ACCEPT).iter().map(HeaderValue::as_bytes)) {
        return Err(RefusalReason::NotAPage);
    }
    match force.fixed_host() {
        Some(fixed) => location(force, Host::parse(fixed).ok_or(RefusalReason::HostMalformed)?, uri),
        None => {
            let named = RequestHost::from_request(uri, headers)?;
            let host = named.host()?;
            if !force.may_redirect_to(host) {
                return Err(RefusalReason::HostNotListed);
            }
            location(force, host, uri)
        }
    }
}

fn location(force: &ForceHttps, host: Host<'_>, uri: &Uri) -> Result<HeaderValue, RefusalReason> {
    if host.is_loopback() && force.redirect_port().is_none() {
        return Err(RefusalReason::LoopbackHost);
    }
    // A request target may also be `*` or empty (RFC 9112 3.2).
    if !uri.path().starts_with('/') {
        return Err(RefusalReason::Target);
    }
    let (path, query) = (uri.path(), uri.query());
    let mut url = String::with_capacity(16 + host.as_str().len() + path.len() + query.map_or(0, str::len));
    url.push_str("https://");
    url.push_str(host.as_str());
    if let Some(port) = force.explicit_port() {
        // `write!` to a `String` never fails.
        let _ = write!(url, ":{port}");
    }
    url.push_str(path);
    if let Some(query) = query {
        url.push('?');
        url.push_str(query);
    }
    HeaderValue::try_from(url).map_err(|_| RefusalReason::Target)
}

impl From<HostFault> for RefusalReason {
    fn from(fault: HostFault) -> Self {
        match fault {
            HostFault::Missing => RefusalReason::HostMissing,
            HostFault::Doubled => RefusalReason::HostDoubled,
            HostFault::Malformed => RefusalReason::HostMalformed,
        }
    }
}

impl fmt::Display for RefusalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RefusalReason::UntrustedClaim => {
                "plain HTTP, and the request claims HTTPS, but no trusted proxy states HTTPS, so a redirect would loop; \
                 if TLS ends at a proxy, name the proxy in the `TlsTermination`"
            }
            RefusalReason::ApiPath => {
                "plain HTTP under a prefix of `force_https.api_paths`, which is never redirected; give the client an \
                 `https` URL"
            }
            RefusalReason::NotGetOrHead => {
                "plain HTTP, and the method is neither GET nor HEAD; give the client an `https` URL"
            }
            RefusalReason::NotAPage => {
                "plain HTTP, and not a page request, because `Accept` does not name `text/html`; give the client an \
                 `https` URL"
            }
            RefusalReason::HostMissing => {
                "plain HTTP, and the request names no host to redirect to; set `force_https.redirect_host`"
            }
            RefusalReason::HostDoubled => {
                "plain HTTP, and the request has more than one `Host` header; let the client or proxy send one"
            }
            RefusalReason::HostMalformed => {
                "plain HTTP, and the request's host is not a valid name or address; let the client or proxy send a \
                 valid `Host`"
            }
            RefusalReason::HostNotListed => {
                "plain HTTP, and the request's host is not in `force_https.hosts`; add it there if this server answers \
                 for it"
            }
            RefusalReason::LoopbackHost => {
                "plain HTTP, and a redirect to this loopback host needs the port of the HTTPS server; set \
                 `force_https.https_port`"
            }
            RefusalReason::Target => {
                "plain HTTP, and the request's target is not a path; give the client an `https` URL"
            }
        })
    }
}
