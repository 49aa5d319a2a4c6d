//! Where TLS ends, and so how the scheme of a request is found: the head of a request in, a verdict with its evidence
//! out. A header decides only if it was configured and comes from a trusted peer.

use std::net::IpAddr;

use http::request::Parts;

use super::evidence::{DecisionBasis, NotLoopback};
use super::head::{RequestHead, Transport, is_forwarding_header};
use super::host::{Host, RequestHost};
use super::proxies::TrustedProxies;
use super::scheme::{Https, PlainHttp, Verdict};

#[cfg(test)]
mod tests;

/// States where TLS ends for the requests of one socket, so that the scheme of each request can be found.
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
    /// TLS ends in this server, and the accept loop marks each connection with a [`Transport`] in the request's
    /// extensions. A connection without a mark counts as plain HTTP.
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

    /// This socket only carries TLS, and TLS ends in this process.
    ///
    /// A request whose URI begins with `http:` counts as plain HTTP nevertheless. Behind a proxy that ends TLS, use
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

    /// This socket only carries plain HTTP.
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

    /// TLS ends at a reverse proxy. One header from a trusted peer decides: `X-Forwarded-Proto`, or `Forwarded` with
    /// [`TrustedProxies::forwarded`]. The header of any other peer is ignored (OWASP ASVS 4.1.3).
    ///
    /// The proxy must send the header with every request. A request without the header counts as plain HTTP. If the
    /// header is a list, or comes several times, then each element must be `https` or `wss`, in any letter case.
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

    /// Counts a request between a browser and a server on one machine as HTTPS, in debug builds only.
    ///
    /// The rule applies in a build of hardtack with `debug_assertions`, to a request that would count as plain HTTP.
    /// All of these must be true:
    ///
    /// - The host is loopback: `localhost`, `*.localhost`, `127.0.0.0/8` or `[::1]`. `0.0.0.0`, `[::ffff:127.0.0.1]` and
    ///   other names that resolve to this machine are not.
    /// - The address of the peer is known and loopback.
    /// - The request has no `Forwarded` and no `X-Forwarded-*` header.
    ///
    /// Chromium and Firefox store and send Secure cookies for such hosts, also with name prefixes. Safari needs TLS. In
    /// a build without `debug_assertions` this method does nothing.
    ///
    /// Do not use it behind a reverse proxy on the same machine that sends none of these headers and rewrites `Host` to
    /// a loopback name: hardtack cannot distinguish such a proxy from a browser.
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

    /// Decides the scheme of one request.
    ///
    /// `peer` is the address at the other end of the connection. With `None` the address comes from the extensions: a
    /// [`Peer`](crate::tls::Peer), or axum's `ConnectInfo<SocketAddr>` with the feature `axum`. A peer on a Unix socket
    /// has no address.
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
    /// Returns [`PlainHttp`] if the request is not HTTPS. Its `Display` is the evidence, for a log.
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
            // `Uri` returns the scheme in lower case.
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

/// Checks that the request came from a browser on this machine, without a proxy between.
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
