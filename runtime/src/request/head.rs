//! The method, the URI and the headers of a request, and the transport and the peer of the connection. For each
//! request, the adapter of the web framework makes a `RequestHead`.

use std::net::IpAddr;

use http::request::Parts;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, Uri};

use super::forwarded::{ForwardedElement, forwarded_elements, is_https, list_elements};
use super::signal::{ConfiguredHeader, X_FORWARDED_PROTO};

/// The parts of a request that hardtack uses. hardtack needs these parts to detect the scheme, to refuse or redirect
/// the request, and to make the cookie jar.
#[derive(Debug, Clone)]
pub(crate) struct RequestHead<'a> {
    #[cfg_attr(not(feature = "_layer"), expect(dead_code, reason = "only a framework's middleware reads it"))]
    pub(crate) method: &'a Method,
    /// The URI that the client sent. The framework's own request can contain a shorter URI, because a nested router can
    /// remove a prefix of the path.
    pub(crate) uri: &'a Uri,
    /// All headers of the request, or at least the headers for which [`RequestHead::needs_header`] returns true.
    pub(crate) headers: &'a HeaderMap,
    pub(crate) extensions: &'a Extensions,
    /// The transport of the connection, if the framework provides the transport. If the request's extensions contain a
    /// [`Transport`], hardtack uses this `Transport` instead.
    pub(crate) transport: Option<Transport>,
    /// The peer's address that the caller passed to `detect`. hardtack prefers this address to the address from the
    /// extensions and from the framework.
    pub(crate) caller_peer: Option<IpAddr>,
    /// The address of the peer, if the framework provides the address. If the request's extensions contain a [`Peer`],
    /// hardtack uses this `Peer` instead.
    pub(crate) socket_peer: Option<IpAddr>,
}

impl<'a> RequestHead<'a> {
    pub(crate) fn from_parts(parts: &'a Parts) -> Self {
        let Parts { method, uri, headers, extensions, .. } = parts;
        RequestHead::new(method, uri, headers, extensions)
    }

    /// Makes the head of a request whose body is still there.
    #[cfg(feature = "tower")]
    pub(crate) fn from_request<B>(request: &'a http::Request<B>) -> Self {
        RequestHead::new(request.method(), request.uri(), request.headers(), request.extensions())
    }

    fn new(method: &'a Method, uri: &'a Uri, headers: &'a HeaderMap, extensions: &'a Extensions) -> Self {
        RequestHead { method, uri, headers, extensions, transport: None, caller_peer: None, socket_peer: None }
    }

    /// Returns the transport of the connection, from the extensions or from the framework.
    pub(crate) fn transport(&self) -> Option<Transport> {
        self.extensions.get().copied().or(self.transport)
    }

    /// Returns the address of the peer. A dual-stack socket returns the address of an IPv4 peer as `::ffff:a.b.c.d`.
    /// This function converts the IPv4-mapped address to the IPv4 address.
    pub(crate) fn peer(&self) -> Option<IpAddr> {
        let peer = self.caller_peer.or_else(|| peer_in_extensions(self.extensions)).or(self.socket_peer);
        peer.map(|peer| peer.to_canonical())
    }

    /// Returns the name of a header in which the request claims HTTPS. Any client can send the header, so the claim is
    /// not evidence for HTTPS. `configured` is the header that the developer passed to
    /// [`TrustedProxies::header`](crate::TrustedProxies::header).
    pub(crate) fn https_claim(&self, configured: Option<&ConfiguredHeader>) -> Option<&'static str> {
        let headers = self.headers;
        if let Some(claim) = configured.and_then(|configured| configured.claim(headers)) {
            return Some(claim);
        }
        if forwarded_elements(headers).any(ForwardedElement::claims_https) {
            return Some("Forwarded");
        }
        let is_claim = |claim: &&Claim| list_elements(headers, claim.name).any(claim.is_https);
        CLAIMS.iter().find(is_claim).map(|claim| claim.display_name)
    }

    /// Returns true if hardtack needs the header `name`: to detect the scheme, to refuse or redirect the request, or to
    /// make the cookie jar. `configured` is the header that the developer passed to
    /// [`TrustedProxies::header`](crate::TrustedProxies::header).
    #[cfg(any(feature = "actix", feature = "rocket"))]
    pub(crate) fn needs_header(name: &str, configured: Option<&ConfiguredHeader>) -> bool {
        use http::header::{ACCEPT, COOKIE, FORWARDED, HOST};

        [ACCEPT, COOKIE, FORWARDED, HOST].iter().any(|used| name.eq_ignore_ascii_case(used.as_str()))
            || ["Sec-Purpose", "X-Real-IP", "X-Forwarded-For", "X-Forwarded-Host"]
                .iter()
                .any(|used| name.eq_ignore_ascii_case(used))
            || is_device_header(name)
            || CLAIMS.iter().any(|claim| name.eq_ignore_ascii_case(claim.name))
            || configured.is_some_and(|header| name.eq_ignore_ascii_case(header.name().as_str()))
    }
}

/// Returns true for the headers that the endpoints of device-bound cookies read.
#[cfg(all(any(feature = "actix", feature = "rocket"), feature = "device-bound"))]
fn is_device_header(name: &str) -> bool {
    use crate::device_bound::{IDENTIFIER, PROOF};

    [PROOF, IDENTIFIER].iter().any(|used| name.eq_ignore_ascii_case(used.as_str()))
}

#[cfg(all(any(feature = "actix", feature = "rocket"), not(feature = "device-bound")))]
fn is_device_header(_: &str) -> bool {
    false
}

/// A request contains several headers with this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Repeated;

/// Returns the only header with this name, or an error if the request contains several. Most requests contain each
/// header once, so one search in the map usually answers both questions.
pub(crate) fn only_header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a HeaderValue>, Repeated> {
    if headers.len() == headers.keys_len() {
        return Ok(headers.get(name));
    }
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(Repeated),
        (only, None) => Ok(only),
    }
}

/// A header with which proxies state the scheme of a request.
struct Claim {
    name: &'static str,
    display_name: &'static str,
    /// A function that takes an element of the header, and returns true if the element claims HTTPS.
    is_https: fn(&[u8]) -> bool,
}

/// The headers in which a request can claim HTTPS, except `Forwarded`. The names are in lower case, because this makes
/// the lookup faster.
const CLAIMS: [Claim; 5] = [
    Claim { name: "x-forwarded-proto", display_name: X_FORWARDED_PROTO, is_https },
    Claim { name: "x-forwarded-ssl", display_name: "X-Forwarded-Ssl", is_https: is_on },
    Claim { name: "x-forwarded-scheme", display_name: "X-Forwarded-Scheme", is_https },
    Claim { name: "front-end-https", display_name: "Front-End-Https", is_https: is_on },
    Claim { name: "cloudfront-forwarded-proto", display_name: "CloudFront-Forwarded-Proto", is_https },
];

fn is_on(value: &[u8]) -> bool {
    value.eq_ignore_ascii_case(b"on")
}

fn peer_in_extensions(extensions: &Extensions) -> Option<IpAddr> {
    if let Some(Peer(peer)) = extensions.get() {
        return Some(*peer);
    }
    // axum only has `ConnectInfo` on targets with sockets.
    #[cfg(all(feature = "axum", not(target_family = "wasm")))]
    if let Some(axum::extract::ConnectInfo(peer)) = extensions.get::<axum::extract::ConnectInfo<std::net::SocketAddr>>()
    {
        return Some(peer.ip());
    }
    None
}

/// A request extension that marks the connection as TLS or plain HTTP. With [`TlsTermination::per_connection`],
/// hardtack detects the scheme from the `Transport`.
///
/// [`TlsTermination::per_connection`]: crate::TlsTermination::per_connection
///
/// ```
/// use hardtack::TlsTermination;
/// use hardtack::tls::Transport;
///
/// let (mut parts, ()) = http::Request::get("/").body(()).unwrap().into_parts();
/// parts.extensions.insert(Transport::Plain);
/// let plain = TlsTermination::per_connection().detect(&parts, None).unwrap_err();
/// assert_eq!(plain.to_string(), "the connection carries no TLS");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// The connection carries TLS, and TLS ends in this process.
    Tls,
    /// The connection carries no TLS.
    Plain,
}

/// A request extension with the address of the peer (the other end of the connection).
///
/// ```
/// use hardtack::tls::Peer;
/// use hardtack::{TlsTermination, TrustedProxies};
///
/// let request = http::Request::get("/").header("X-Forwarded-Proto", "https");
/// let (mut parts, ()) = request.body(()).unwrap().into_parts();
/// parts.extensions.insert(Peer("10.0.0.1".parse().unwrap()));
/// let termination = TlsTermination::at_proxy(TrustedProxies::new(["10.0.0.1"])?);
/// assert!(termination.detect(&parts, None).is_ok());
/// # Ok::<(), hardtack::tls::TrustedProxiesError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub IpAddr);
