//! Writes the reason why a request counts as HTTPS or as plain HTTP. The reason is text for a log. The error response
//! to a client contains only a short sentence. In a debug build, the error response to a client on this machine also
//! contains the reason.

use core::fmt;
#[cfg(feature = "_layer")]
use std::borrow::Cow;
use std::net::IpAddr;

use super::signal::SignalMistake;
#[cfg(feature = "_layer")]
use crate::cookie::error::HTTPS_ONLY;

/// The body of the response to a refused request that claims HTTPS, but does not come from a trusted proxy. A developer
/// who configured a proxy incorrectly sees this sentence in the browser.
#[cfg(feature = "_layer")]
const UNTRUSTED_CLAIM: &str = "this page works over HTTPS only: the request claims HTTPS, but it does not come from a \
                               trusted proxy";

/// The reason why a request counts as HTTPS or as plain HTTP. `Display` writes text for a log. The text contains the
/// reason, and often the code that the developer can add. Do not send this text to clients.
///
/// ```
/// let (parts, ()) = http::Request::get("http://example.com/").body(()).unwrap().into_parts();
/// let plain = hardtack::TlsTermination::here().detect(&parts, None).unwrap_err();
/// assert!(plain.evidence().to_string().starts_with("the request's URI begins with `http:`"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Evidence {
    pub(super) basis: DecisionBasis,
    /// The address of the peer, if the request came over plain HTTP.
    pub(super) peer: Option<IpAddr>,
    /// The name of a header that claims HTTPS, if the request came over plain HTTP.
    pub(super) claim: Option<&'static str>,
    /// The reason why the loopback rule does not apply. `not_loopback` is `None` if the host is not a loopback host.
    pub(super) not_loopback: Option<NotLoopback>,
}

impl Evidence {
    pub(super) fn from_basis(basis: DecisionBasis) -> Self {
        Evidence { basis, peer: None, claim: None, not_loopback: None }
    }

    /// Returns true if the evidence shows an attack or a mistake in the configuration:
    ///
    /// - The request claims HTTPS, but no trusted proxy stated the scheme.
    /// - A trusted proxy did not send the configured header.
    /// - The settings of the proxies contain a mistake.
    #[cfg(feature = "tracing")]
    pub(crate) fn is_suspicious(self) -> bool {
        self.is_untrusted_claim() || matches!(self.basis, DecisionBasis::ProxySilent { .. } | DecisionBasis::Mistake(_))
    }

    /// Returns true if the request claims HTTPS, but no trusted proxy stated the scheme of the request.
    #[cfg(feature = "tracing")]
    pub(crate) fn is_untrusted_claim(self) -> bool {
        self.claim.is_some() && !self.basis.is_proxy_statement()
    }

    /// Returns the text for the client of a refused request.
    ///
    /// In a debug build, the text for a client on this machine contains all of the evidence. In a release build, the
    /// text for a request to a loopback host mentions the loopback rule. So the developer learns why hardtack refuses
    /// localhost.
    #[cfg(feature = "_layer")]
    pub(crate) fn refusal_text(self) -> Cow<'static, str> {
        if cfg!(debug_assertions) && self.peer.is_some_and(|peer| peer.is_loopback()) {
            return Cow::Owned(format!("{HTTPS_ONLY}: {self}"));
        }
        if self.not_loopback == Some(NotLoopback::ReleaseBuild) {
            return Cow::Owned(format!("{HTTPS_ONLY}: {}", NotLoopback::ReleaseBuild));
        }
        Cow::Borrowed(if self.is_untrusted_claim() { UNTRUSTED_CLAIM } else { HTTPS_ONLY })
    }
}

/// The reason why a request with a loopback host does not count as HTTPS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotLoopback {
    ReleaseBuild,
    Strict,
    Peer,
    Address { header: &'static str },
    Host { header: &'static str },
}

impl fmt::Display for NotLoopback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotLoopback::ReleaseBuild => f.write_str("localhost counts as HTTPS in debug builds only"),
            NotLoopback::Strict => {
                f.write_str("localhost does not count as HTTPS, because `TlsTermination::strict_loopback` is set")
            }
            NotLoopback::Peer => f.write_str(
                "localhost does not count as HTTPS, because the address of the peer is neither loopback nor private",
            ),
            NotLoopback::Address { header } => write!(
                f,
                "localhost does not count as HTTPS, because `{header}` names an address that is neither loopback nor \
                 private"
            ),
            NotLoopback::Host { header } => {
                write!(f, "localhost does not count as HTTPS, because `{header}` names a host that is not loopback")
            }
        }
    }
}

/// The fact that determines whether a request counts as HTTPS or as plain HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DecisionBasis {
    TlsConnection,
    TlsSocket,
    TlsUri,
    TrustedProxy {
        header: &'static str,
    },
    Loopback,
    #[cfg(feature = "testing")]
    Testing,
    PlainConnection,
    UnmarkedConnection,
    PlainSocket,
    /// The setting states that all connections of the socket use TLS, but the URI begins with `http:`.
    PlainUriOnTlsSocket,
    /// The gateway states the scheme in the URI, and the URI does not begin with `https:`.
    PlainUri,
    /// The setting states that the gateway writes the scheme into the URI, but the URI of this request has no scheme.
    RelativeUri,
    ProxySilent {
        header: &'static str,
    },
    ProxySaysPlain {
        header: &'static str,
    },
    ProxyListHasPlain {
        header: &'static str,
    },
    ProxyListTooShort {
        header: &'static str,
        hops: usize,
    },
    Untrusted,
    Mistake(SignalMistake),
}

impl DecisionBasis {
    /// Returns true if a trusted proxy stated the scheme of the request.
    pub(super) fn is_proxy_statement(self) -> bool {
        matches!(
            self,
            DecisionBasis::TrustedProxy { .. }
                | DecisionBasis::ProxySaysPlain { .. }
                | DecisionBasis::ProxyListHasPlain { .. }
                | DecisionBasis::ProxyListTooShort { .. }
        )
    }
}

impl fmt::Debug for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Evidence({self})")
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_fact(f)?;
        // The text contains at most one remedy: the remedy for the most likely mistake.
        if self.is_claim_without_proxy() {
            f.write_str("; ")?;
            self.fmt_claim_remedy(f)?;
            return match self.not_loopback {
                Some(note @ NotLoopback::ReleaseBuild) => write!(f, "; {note}"),
                Some(_) | None => Ok(()),
            };
        }
        if let Some(reason) = self.not_loopback {
            return write!(f, "; {reason}");
        }
        self.fmt_remedy(f)
    }
}

impl Evidence {
    /// Returns true if the request claims HTTPS, but the settings contain no proxy that could have sent the claim.
    fn is_claim_without_proxy(self) -> bool {
        self.claim.is_some()
            && matches!(
                self.basis,
                DecisionBasis::PlainConnection
                    | DecisionBasis::UnmarkedConnection
                    | DecisionBasis::PlainSocket
                    | DecisionBasis::RelativeUri
                    | DecisionBasis::Untrusted
            )
    }

    fn fmt_fact(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.basis {
            DecisionBasis::TlsConnection => f.write_str("the connection carries TLS"),
            DecisionBasis::TlsSocket => f.write_str("this socket is declared to carry TLS"),
            DecisionBasis::TlsUri => f.write_str("the request's URI begins with `https:`"),
            DecisionBasis::TrustedProxy { header } => write!(f, "a trusted proxy stated HTTPS in `{header}`"),
            DecisionBasis::Loopback => {
                f.write_str("the host is loopback, the peer is local, and this is a debug build")
            }
            #[cfg(feature = "testing")]
            DecisionBasis::Testing => f.write_str("the proof was made for a test"),
            DecisionBasis::PlainConnection => f.write_str("the connection carries no TLS"),
            DecisionBasis::UnmarkedConnection => f.write_str("the connection is not marked as TLS"),
            DecisionBasis::PlainSocket => f.write_str("this socket is declared plain HTTP"),
            DecisionBasis::PlainUriOnTlsSocket => {
                f.write_str("the request's URI begins with `http:`, although this socket is declared to carry TLS")
            }
            DecisionBasis::PlainUri => f.write_str("the request's URI does not begin with `https:`"),
            DecisionBasis::RelativeUri => f.write_str("the request's URI has no scheme"),
            DecisionBasis::ProxySilent { header } => {
                write!(f, "the trusted proxy {} sent no `{header}`", PeerText(self.peer))
            }
            DecisionBasis::ProxySaysPlain { header } => {
                write!(f, "the trusted proxy {} sent a `{header}` that does not state HTTPS", PeerText(self.peer))
            }
            DecisionBasis::ProxyListHasPlain { header } => write!(
                f,
                "the trusted proxy {} sent several elements in `{header}`, and not each of them is HTTPS",
                PeerText(self.peer)
            ),
            DecisionBasis::ProxyListTooShort { header, hops } => {
                write!(f, "the trusted proxy {} sent fewer than {hops} elements in `{header}`", PeerText(self.peer))
            }
            DecisionBasis::Untrusted => match self.peer {
                Some(peer) => write!(f, "the request came from {peer}, which is not a trusted proxy"),
                None => f.write_str("the peer's address is unknown, so the peer is not a trusted proxy"),
            },
            DecisionBasis::Mistake(mistake) => write!(f, "{mistake}"),
        }
    }

    /// Writes the remedy for a request that may come from a proxy that is not in the settings.
    fn fmt_claim_remedy(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = self.claim.unwrap_or_default();
        match (self.basis, self.peer) {
            (DecisionBasis::Untrusted, Some(peer)) => write!(
                f,
                "`{header}` claims HTTPS; if {peer} is your proxy, write `TrustedProxies::new([\"{peer}\"])?`, or \
                 `TrustedProxies::any()` where only the platform's proxy can reach this port"
            ),
            (DecisionBasis::Untrusted, None) => {
                write!(f, "`{header}` claims HTTPS; {UNKNOWN_PEER}")
            }
            (_, Some(peer)) => write!(
                f,
                "`{header}` claims HTTPS; if {peer} is your proxy, write \
                 `TlsTermination::at_proxy(TrustedProxies::new([\"{peer}\"])?)`, or \
                 `TlsTermination::at_proxy(TrustedProxies::any())` where only the platform's proxy can reach this port"
            ),
            (_, None) => write!(
                f,
                "`{header}` claims HTTPS; if only the platform's proxy can reach this port, write \
                 `TlsTermination::at_proxy(TrustedProxies::any())`"
            ),
        }
    }

    fn fmt_remedy(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.basis {
            DecisionBasis::UnmarkedConnection => f.write_str(
                "; if TLS ends in this server, serve with an acceptor that puts `hardtack::tls::Transport::Tls` into \
                 the request's extensions; otherwise the page \"Where TLS ends\" of hardtack's guide names the \
                 `TlsTermination` to write",
            ),
            DecisionBasis::PlainUriOnTlsSocket => f.write_str("; behind a proxy, write `TlsTermination::at_proxy(…)`"),
            DecisionBasis::RelativeUri => f.write_str(
                "; `TlsTermination::in_uri()` is for gateways that send absolute URIs; behind a proxy, write \
                 `TlsTermination::at_proxy(…)`",
            ),
            DecisionBasis::ProxySilent { header } => match self.claim {
                Some("Forwarded") => f.write_str(
                    ", and `Forwarded` claims HTTPS; if the proxy itself writes `Forwarded`, write \
                     `.forwarded()` after the `TrustedProxies`",
                ),
                Some("X-Forwarded-Proto") => f.write_str(
                    ", and `X-Forwarded-Proto` claims HTTPS; if the proxy itself writes `X-Forwarded-Proto`, write the \
                     `TrustedProxies` without `.forwarded()` and `.header(…)`",
                ),
                Some(claim) => {
                    let value = if claim == "X-Forwarded-Ssl" || claim == "Front-End-Https" { "on" } else { "https" };
                    write!(
                        f,
                        ", and `{claim}` claims HTTPS; if the proxy itself writes `{claim}`, write \
                         `.header(\"{claim}\", \"{value}\")` after the `TrustedProxies`"
                    )
                }
                None => write!(f, "; let the proxy set `{header}` on every request"),
            },
            DecisionBasis::ProxyListHasPlain { .. } => f.write_str(
                "; if each of your n proxies appends exactly one element, write `.hops(n)` after the `TrustedProxies`",
            ),
            DecisionBasis::ProxyListTooShort { .. } => {
                f.write_str("; pass the number of your proxies that each append one element to `.hops(…)`")
            }
            DecisionBasis::Untrusted if self.peer.is_none() => write!(f, "; {UNKNOWN_PEER}"),
            DecisionBasis::TlsConnection
            | DecisionBasis::TlsSocket
            | DecisionBasis::TlsUri
            | DecisionBasis::TrustedProxy { .. }
            | DecisionBasis::Loopback
            | DecisionBasis::PlainConnection
            | DecisionBasis::PlainSocket
            | DecisionBasis::PlainUri
            | DecisionBasis::ProxySaysPlain { .. }
            | DecisionBasis::Untrusted
            | DecisionBasis::Mistake(_) => Ok(()),
            #[cfg(feature = "testing")]
            DecisionBasis::Testing => Ok(()),
        }
    }
}

/// The remedy for a peer without a known address.
#[cfg(all(feature = "axum", not(target_family = "wasm")))]
const UNKNOWN_PEER: &str = "serve with `app.into_make_service_with_connect_info::<SocketAddr>()`, or on a Unix socket \
                            write `TrustedProxies::unix_socket()`";
/// The remedy for a peer without a known address.
#[cfg(not(all(feature = "axum", not(target_family = "wasm"))))]
const UNKNOWN_PEER: &str = "insert `hardtack::tls::Peer(address)` into the request's extensions, or on a Unix socket \
                            write `TrustedProxies::unix_socket()`";

/// Writes the address of a peer in the text of an [`Evidence`].
struct PeerText(Option<IpAddr>);

impl fmt::Display for PeerText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(peer) => peer.fmt(f),
            None => f.write_str("without an address"),
        }
    }
}
