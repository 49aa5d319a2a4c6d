//! Detects the scheme of a request from the setting that states where TLS ends. The input is the head of the request.
//! The output is the scheme and the evidence for the scheme. A header of the request can decide the scheme only if the
//! header is configured and the peer is trusted.

use std::net::IpAddr;

use http::request::Parts;

use super::evidence::{DecisionBasis, NotLoopback};
use super::head::{RequestHead, Transport, is_forwarding_header};
use super::host::{Host, RequestHost};
use super::proxies::TrustedProxies;
use super::scheme::{Https, PlainHttp, Verdict};

#[cfg(test)]
mod tests;

/// The setting that states where TLS ends for the requests of one socket. hardtack needs a `TlsTermination` to detect
/// the scheme of each request.
///
/// ```
/// use hardtack::{TlsTermination, TrustedProxies};
///
/// let termination = TlsTermination::at_proxy(TrustedProxies::new(["10.0.0.0/8", "::1"])?);
/// let request = http::Request::get("/").header("X-Forwarded-Proto", "https");
/// let (parts, ()) = request.body(()).unwrap().into_parts();
///
/// assert!(termination.detect(&parts, Some("10.1.2.3".parse().unwrap())).is_ok());
/// assert!(termination.detect(&parts, Some("203.0.113.9".parse().unwrap())).is_err());
/// # Ok::<(), hardtack::tls::TrustedProxiesError>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct TlsTermination {
    source: Source,
    loopback_in_debug: bool,
}

#[derive(Debug, Clone)]
enum Source {
    PerConnection,
    Here,
    None,
    AtProxy(TrustedProxies),
}

impl TlsTermination {
    /// States that TLS ends in this server, and that the accept loop marks each connection as TLS or plain HTTP. The
    /// mark is a [`Transport`] in the request's extensions. A connection that the accept loop does not mark counts as
    /// plain HTTP.
    ///
    /// ```
    /// use hardtack::TlsTermination;
    /// use hardtack::tls::Transport;
    ///
    /// let (mut parts, ()) = http::Request::get("/").body(()).unwrap().into_parts();
    /// assert!(TlsTermination::per_connection().detect(&parts, None).is_err());
    ///
    /// parts.extensions.insert(Transport::Tls);
    /// assert!(TlsTermination::per_connection().detect(&parts, None).is_ok());
    /// ```
    pub fn per_connection() -> Self {
        Self::new(Source::PerConnection)
    }

    /// States that all connections of the socket use TLS, and that TLS ends in this process.
    ///
    /// If the URI of a request begins with `http:`, the request still counts as plain HTTP. If a proxy ends TLS, use
    /// [`TlsTermination::at_proxy`].
    ///
    /// ```
    /// use hardtack::TlsTermination;
    ///
    /// let (parts, ()) = http::Request::get("/").body(()).unwrap().into_parts();
    /// assert!(TlsTermination::here().detect(&parts, None).is_ok());
    ///
    /// let (parts, ()) = http::Request::get("http://example.com/").body(()).unwrap().into_parts();
    /// assert!(TlsTermination::here().detect(&parts, None).is_err());
    /// ```
    pub fn here() -> Self {
        Self::new(Source::Here)
    }

    /// States that all connections of the socket use plain HTTP.
    ///
    /// ```
    /// use hardtack::TlsTermination;
    ///
    /// let (parts, ()) = http::Request::get("https://example.com/").body(()).unwrap().into_parts();
    /// assert!(TlsTermination::none().detect(&parts, None).is_err());
    /// ```
    pub fn none() -> Self {
        Self::new(Source::None)
    }

    /// States that TLS ends at a reverse proxy. The proxy sends the scheme in the header `X-Forwarded-Proto`. With
    /// [`TrustedProxies::forwarded`], the proxy sends the scheme in the header `Forwarded`. hardtack ignores the
    /// forwarding headers of an untrusted peer (OWASP ASVS 4.1.3).
    ///
    /// The proxy must send the configured header with every request. A request without the configured header counts as
    /// plain HTTP. If the configured header contains a list or occurs several times, every element must be `https` or
    /// `wss`. The letter case of `https` and `wss` is ignored.
    ///
    /// ```
    /// use hardtack::{TlsTermination, TrustedProxies};
    ///
    /// let termination = TlsTermination::at_proxy(TrustedProxies::new(["10.0.0.1"])?);
    /// let proxy = Some("10.0.0.1".parse().unwrap());
    /// for (header, is_https) in [("https", true), ("http", false), ("https, http", false)] {
    ///     let request = http::Request::get("/").header("X-Forwarded-Proto", header);
    ///     let (parts, ()) = request.body(()).unwrap().into_parts();
    ///     assert_eq!(termination.detect(&parts, proxy).is_ok(), is_https);
    /// }
    /// # Ok::<(), hardtack::tls::TrustedProxiesError>(())
    /// ```
    pub fn at_proxy(proxies: TrustedProxies) -> Self {
        Self::new(Source::AtProxy(proxies))
    }

    fn new(source: Source) -> Self {
        TlsTermination { source, loopback_in_debug: false }
    }

    /// Counts a request as HTTPS in a debug build, if the browser and the server are on the same machine.
    ///
    /// `loopback_in_debug` has an effect only if hardtack is built with `debug_assertions`. A request over plain HTTP
    /// counts as HTTPS if all of the following conditions are true:
    ///
    /// - The host is `localhost`, `*.localhost`, `127.0.0.0/8` or `[::1]`. Other addresses of the same machine, such as
    ///   `0.0.0.0` and `[::ffff:127.0.0.1]`, are not loopback hosts.
    /// - The address of the peer is known, and is a loopback address.
    /// - The request has no `Forwarded` header and no `X-Forwarded-*` header.
    ///
    /// For a loopback host, Chromium and Firefox store and send Secure cookies over plain HTTP, even if the name of the
    /// cookie has a prefix. Safari stores and sends Secure cookies only over TLS.
    ///
    /// Do not use `loopback_in_debug` behind a proxy on the same machine, if the proxy sends no forwarding header and
    /// changes `Host` to a loopback name. hardtack would treat a request from the proxy as a request from a local
    /// browser.
    ///
    /// ```
    /// use hardtack::TlsTermination;
    ///
    /// let termination = TlsTermination::none().loopback_in_debug();
    /// let request = http::Request::get("/").header("Host", "localhost:3000");
    /// let (parts, ()) = request.body(()).unwrap().into_parts();
    /// let peer = Some("127.0.0.1".parse().unwrap());
    /// assert_eq!(termination.detect(&parts, peer).is_ok(), cfg!(debug_assertions));
    /// assert!(termination.detect(&parts, None).is_err());
    /// ```
    pub fn loopback_in_debug(mut self) -> Self {
        self.loopback_in_debug = true;
        self
    }

    /// Detects the scheme of one request.
    ///
    /// The argument `peer` is the address at the other end of the connection. If `peer` is `None`, hardtack reads the
    /// address from a [`Peer`](crate::tls::Peer) in the request's extensions. With the feature `axum`, hardtack also
    /// reads the peer's address from axum's `ConnectInfo<SocketAddr>`. A peer on a Unix socket has no address.
    ///
    /// ```
    /// use hardtack::TlsTermination;
    ///
    /// let (parts, ()) = http::Request::get("/").body(()).unwrap().into_parts();
    /// let plain = TlsTermination::per_connection().detect(&parts, None).unwrap_err();
    /// assert!(plain.to_string().starts_with("the connection is not marked as TLS"));
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`PlainHttp`] if the request is not HTTPS. The `Display` of [`PlainHttp`] writes the evidence for a log.
    pub fn detect(&self, parts: &Parts, peer: Option<IpAddr>) -> Result<Https, PlainHttp> {
        self.verdict(&RequestHead { caller_peer: peer, ..RequestHead::from_parts(parts) }).into_proof()
    }

    pub(crate) fn verdict(&self, head: &RequestHead<'_>) -> Verdict {
        let verdict = match &self.source {
            Source::PerConnection => match head.transport() {
                Some(Transport::Tls) => Verdict::https(DecisionBasis::TlsConnection),
                Some(Transport::Plain) => Verdict::plain(DecisionBasis::PlainConnection),
                None => Verdict::plain(DecisionBasis::UnmarkedConnection),
            },
            // `Uri::scheme_str` returns the scheme in lower case.
            Source::Here if head.uri.scheme_str() == Some("http") => Verdict::plain(DecisionBasis::PlainUri),
            Source::Here => Verdict::https(DecisionBasis::TlsSocket),
            Source::None => Verdict::plain(DecisionBasis::PlainSocket),
            Source::AtProxy(proxies) => proxies.verdict(head.headers, head.peer()),
        };
        if verdict.https || !self.loopback_in_debug || !cfg!(debug_assertions) {
            return verdict;
        }
        match check_loopback(head) {
            Ok(()) => Verdict::https(DecisionBasis::Loopback),
            Err(reason) => verdict.not_loopback(reason),
        }
    }
}

/// Checks that the request came from a browser on this machine, and that no proxy forwarded the request.
fn check_loopback(head: &RequestHead<'_>) -> Result<(), NotLoopback> {
    match head.peer() {
        None => return Err(NotLoopback::PeerUnknown),
        Some(peer) if !peer.is_loopback() => return Err(NotLoopback::Peer),
        Some(_) => {}
    }
    if head.headers.keys().any(|name| is_forwarding_header(name.as_str())) {
        return Err(NotLoopback::Forwarded);
    }
    match RequestHost::from_request(head.uri, head.headers).and_then(|named| named.host().map(Host::is_loopback)) {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(NotLoopback::Host),
    }
}
