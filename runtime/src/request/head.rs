//! The method, the URI and the headers of a request, and the transport and the peer of the connection. For each
//! request, the adapter of the web framework makes a `RequestHead`.

use std::net::IpAddr;

use http::header::FORWARDED;
use http::request::Parts;
use http::{Extensions, HeaderMap, Method, Uri};

/// The parts of a request that hardtack needs to find the scheme, to refuse or redirect the request, and to fill the
/// cookie jar.
#[derive(Debug, Clone)]
pub(crate) struct RequestHead<'a> {
    #[cfg_attr(not(feature = "_layer"), expect(dead_code, reason = "only a framework's middleware reads it"))]
    pub(crate) method: &'a Method,
    /// The URI that the client sent. The URI in the framework's own request may be shorter, because a nested router can
    /// remove a prefix of the path.
    pub(crate) uri: &'a Uri,
    /// All headers of the request, or at least the headers for which [`RequestHead::needs_header`] returns true.
    pub(crate) headers: &'a HeaderMap,
    pub(crate) extensions: &'a Extensions,
    /// The transport of the connection, if the framework provides the transport. A [`Transport`] in the request's
    /// extensions has precedence over the field `transport`.
    pub(crate) transport: Option<Transport>,
    /// The peer's address that the caller passed to `detect`. The caller's address has precedence over the address from
    /// every other source.
    pub(crate) caller_peer: Option<IpAddr>,
    /// The address of the peer, if the framework provides the address. A [`Peer`] in the request's extensions has
    /// precedence over `socket_peer`.
    pub(crate) socket_peer: Option<IpAddr>,
}

impl<'a> RequestHead<'a> {
    pub(crate) fn from_parts(parts: &'a Parts) -> Self {
        let Parts { method, uri, headers, extensions, .. } = parts;
        RequestHead { method, uri, headers, extensions, transport: None, caller_peer: None, socket_peer: None }
    }

    /// Returns the transport of the connection, from the extensions or from the framework.
    pub(crate) fn transport(&self) -> Option<Transport> {
        self.extensions.get().copied().or(self.transport)
    }

    /// Returns the address of the peer. A dual-stack socket reports an IPv4 peer as `::ffff:a.b.c.d`. The function
    /// converts an IPv4-mapped address to the IPv4 address.
    pub(crate) fn peer(&self) -> Option<IpAddr> {
        let peer = self.caller_peer.or_else(|| peer_in_extensions(self.extensions)).or(self.socket_peer);
        peer.map(|peer| peer.to_canonical())
    }

    /// Returns true if hardtack reads the header `name` to find the scheme, to refuse or redirect the request, or to
    /// fill the cookie jar.
    #[cfg(any(feature = "actix", feature = "rocket"))]
    pub(crate) fn needs_header(name: &str) -> bool {
        use http::header::{ACCEPT, COOKIE, HOST};

        is_forwarding_header(name) || [COOKIE, HOST, ACCEPT].iter().any(|used| name.eq_ignore_ascii_case(used.as_str()))
    }
}

/// Returns true for `Forwarded` and for every `X-Forwarded-…` header.
pub(crate) fn is_forwarding_header(name: &str) -> bool {
    name.eq_ignore_ascii_case(FORWARDED.as_str())
        || name.get(..12).is_some_and(|start| start.eq_ignore_ascii_case("x-forwarded-"))
}

fn peer_in_extensions(extensions: &Extensions) -> Option<IpAddr> {
    if let Some(Peer(peer)) = extensions.get() {
        return Some(*peer);
    }
    #[cfg(feature = "axum")]
    if let Some(axum::extract::ConnectInfo(peer)) = extensions.get::<axum::extract::ConnectInfo<std::net::SocketAddr>>()
    {
        return Some(peer.ip());
    }
    None
}

/// A request extension that marks the connection as TLS or plain HTTP. [`TlsTermination::per_connection`] reads the
/// `Transport`.
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
