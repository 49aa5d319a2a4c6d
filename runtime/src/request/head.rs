//! The head of a request, and the facts about its connection. The frameworks' adapters make it.

use std::net::IpAddr;

use http::header::FORWARDED;
use http::request::Parts;
use http::{Extensions, HeaderMap, Method, Uri};

/// The parts of a request that decide its scheme, the policy's response and the jar.
#[derive(Debug, Clone)]
pub(crate) struct RequestHead<'a> {
    #[cfg_attr(not(feature = "_layer"), expect(dead_code, reason = "only a framework's middleware reads it"))]
    pub(crate) method: &'a Method,
    /// The URI that the client sent. A nested router may have removed a prefix from the framework's own URI.
    pub(crate) uri: &'a Uri,
    /// All headers, or at least the ones that [`RequestHead::needs_header`] names.
    pub(crate) headers: &'a HeaderMap,
    pub(crate) extensions: &'a Extensions,
    /// The transport of the connection, if the framework has it. A [`Transport`] in the extensions has precedence.
    pub(crate) transport: Option<Transport>,
    /// The address that the caller of `detect` passed. It has precedence over every other source.
    pub(crate) caller_peer: Option<IpAddr>,
    /// The address of the peer, if the framework has it. A [`Peer`] in the extensions has precedence.
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

    /// Returns the address of the peer. A dual-stack socket reports an IPv4 peer as `::ffff:a.b.c.d`; this is the IPv4
    /// address.
    pub(crate) fn peer(&self) -> Option<IpAddr> {
        let peer = self.caller_peer.or_else(|| peer_in_extensions(self.extensions)).or(self.socket_peer);
        peer.map(|peer| peer.to_canonical())
    }

    /// Returns true if the scheme, the policy's response or the jar depends on the header of this name.
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

/// A request extension that states whether the connection carries TLS, for [`TlsTermination::per_connection`].
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

/// A request extension with the address at the other end of the connection.
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
