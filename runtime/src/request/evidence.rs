//! Explains why a request counts as HTTPS or as plain HTTP. The explanation is text for a log. hardtack never sends the
//! explanation to a client.

use core::fmt;
use std::net::IpAddr;

/// The reason why a request counts as HTTPS or as plain HTTP. `Display` writes the reason as text for a log. Do not
/// send the text of an `Evidence` to clients.
///
/// ```
/// let (parts, ()) = http::Request::get("http://example.com/").body(()).unwrap().into_parts();
/// let plain = hardtack::TlsTermination::here().detect(&parts, None).unwrap_err();
/// assert!(plain.evidence().to_string().starts_with("the request's URI begins with `http:`"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Evidence {
    pub(super) basis: DecisionBasis,
    pub(super) not_loopback: Option<NotLoopback>,
}

impl Evidence {
    /// Returns true if the evidence shows an attack or a mistake in the configuration: an untrusted peer claims HTTPS,
    /// or a trusted proxy does not send the configured header.
    #[cfg(feature = "tracing")]
    pub(crate) fn is_suspicious(self) -> bool {
        matches!(self.basis, DecisionBasis::Untrusted { claims_https: true, .. } | DecisionBasis::ProxySilent { .. })
    }
}

/// The reason why `loopback_in_debug` does not apply to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotLoopback {
    PeerUnknown,
    Peer,
    Forwarded,
    Host,
}

impl fmt::Display for NotLoopback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NotLoopback::PeerUnknown => {
                "the peer's address is unknown; serve with `into_make_service_with_connect_info::<SocketAddr>()`, or \
                 insert `hardtack::tls::Peer` into the request's extensions"
            }
            NotLoopback::Peer => "the peer is another machine",
            NotLoopback::Forwarded => "the request has a proxy's `Forwarded` or `X-Forwarded-*` header",
            NotLoopback::Host => "the request's host is not `localhost`, `*.localhost`, `127.0.0.0/8` or `[::1]`",
        })
    }
}

/// The reason for the decision that a request is HTTPS or plain HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DecisionBasis {
    TlsConnection,
    TlsSocket,
    TrustedProxy {
        header: &'static str,
    },
    Loopback,
    #[cfg(feature = "testing")]
    Testing,
    PlainConnection,
    UnmarkedConnection,
    PlainSocket,
    PlainUri,
    ProxySilent {
        header: &'static str,
        peer: Option<IpAddr>,
    },
    ProxySaysPlain {
        header: &'static str,
        peer: Option<IpAddr>,
    },
    Untrusted {
        header: &'static str,
        peer: Option<IpAddr>,
        claims_https: bool,
    },
}

impl fmt::Debug for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Evidence({self})")
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.basis.fmt(f)?;
        match self.not_loopback {
            Some(reason) => write!(f, "; `loopback_in_debug` does not apply: {reason}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for DecisionBasis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            DecisionBasis::TlsConnection => f.write_str("the connection carries TLS"),
            DecisionBasis::TlsSocket => f.write_str("this socket is declared to carry TLS"),
            DecisionBasis::TrustedProxy { header } => write!(f, "a trusted proxy sent `https` in `{header}`"),
            DecisionBasis::Loopback => f.write_str("host and peer are loopback, and this is a debug build"),
            #[cfg(feature = "testing")]
            DecisionBasis::Testing => f.write_str("the proof was made for a test"),
            DecisionBasis::PlainConnection => f.write_str("the connection carries no TLS"),
            DecisionBasis::UnmarkedConnection => f.write_str(
                "the connection is not marked as TLS; serve with an acceptor that puts `hardtack::tls::Transport::Tls` \
                 into the request's extensions, or choose another `TlsTermination`",
            ),
            DecisionBasis::PlainSocket => f.write_str("this socket is declared plain HTTP"),
            DecisionBasis::PlainUri => f.write_str(
                "the request's URI begins with `http:`, although this socket is declared to carry TLS; behind a proxy, use \
                 `TlsTermination::at_proxy`",
            ),
            DecisionBasis::ProxySilent { header, peer } => write!(
                f,
                "the trusted proxy {} sent no `{header}`; let the proxy set it on every request",
                PeerText(peer)
            ),
            DecisionBasis::ProxySaysPlain { header, peer } => {
                write!(f, "the trusted proxy {} sent a `{header}` with an element that is not `https`", PeerText(peer))
            }
            DecisionBasis::Untrusted { header, peer: Some(peer), claims_https: true } => write!(
                f,
                "`{header}` says `https`, but came from {peer}, which is not a trusted proxy; if it is one, name it in \
                 `TrustedProxies`"
            ),
            DecisionBasis::Untrusted { peer: Some(peer), .. } => {
                write!(f, "the request came from {peer}, which is not a trusted proxy")
            }
            DecisionBasis::Untrusted { header, peer: None, claims_https } => {
                if claims_https {
                    write!(f, "`{header}` says `https`, but ")?;
                }
                f.write_str(
                    "the peer's address is unknown; serve with connect info, insert `hardtack::tls::Peer`, or trust a Unix \
                     socket by `TrustedProxies::unix_socket`",
                )
            }
        }
    }
}

/// Writes the address of a peer in the text of an [`Evidence`].
struct PeerText(Option<IpAddr>);

impl fmt::Display for PeerText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(peer) => peer.fmt(f),
            None => f.write_str("on the Unix socket"),
        }
    }
}
