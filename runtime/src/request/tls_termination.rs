//! Detects the scheme of a request from the setting that states where TLS ends. The input is the head of the request.
//! The output is the scheme and the evidence for the scheme. A header of the request can state the scheme only if the
//! developer configured the header and the peer is trusted.

use std::net::IpAddr;

use http::request::Parts;

use super::evidence::{DecisionBasis, NotLoopback};
use super::head::{RequestHead, Transport};
use super::loopback;
use super::proxies::TrustedProxies;
use super::scheme::{Https, PlainHttp, Verdict};
use super::signal::ConfiguredHeader;
#[cfg(any(test, feature = "_layer"))]
use super::signal::SignalMistake;

mod environment;
#[cfg(test)]
mod platforms;
#[cfg(test)]
mod tests;

pub use environment::TlsTerminationError;

/// The setting that states where TLS ends for the requests of one socket. hardtack needs a `TlsTermination` to detect
/// the scheme of each request.
///
/// The guide's page [Where TLS ends](https://docs.rs/hardtack/latest/hardtack/guide/tls/) shows the code for the usual
/// setups: own TLS, proxies, platforms, containers and development servers.
///
/// # Localhost in debug builds
///
/// If hardtack is built with `debug_assertions`, a request over plain HTTP counts as HTTPS if all of the following
/// conditions are true:
///
/// - The host is `localhost`, `*.localhost`, `127.0.0.0/8` or `[::1]`. For such a host, Chromium and Firefox store and
///   send Secure cookies over plain HTTP. Safari stores and sends Secure cookies only over TLS.
/// - The address of the peer is loopback, private or unknown. For example, the address is private if the server listens
///   on a published port of a container, and unknown with `axum::serve`.
/// - Each host in `Forwarded` and `X-Forwarded-Host` is one of the hosts in the first condition.
/// - Each client address in `Forwarded`, `X-Forwarded-For` and `X-Real-IP` is loopback or private.
/// - No trusted proxy stated the scheme of the request, and the setting is not [`TlsTermination::none`].
///
/// The first time that this rule applies, hardtack logs a warning. The middleware sends neither HSTS nor a redirect to
/// a request that counts as HTTPS because of this rule. [`TlsTermination::strict_loopback`] turns the rule off. The
/// rule never applies in a release build.
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
    strict_loopback: bool,
}

#[derive(Debug, Clone)]
enum Source {
    PerConnection,
    Here,
    None,
    InUri,
    AtProxy(TrustedProxies),
}

impl TlsTermination {
    /// States that TLS ends in this server, and that the accept loop marks each connection as TLS or plain HTTP. The
    /// mark is a [`Transport`] in the request's extensions. A connection without a mark counts as plain HTTP.
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

    /// States that all connections of the socket use plain HTTP. No request counts as HTTPS, not even in a debug build.
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

    /// States that TLS ends at a reverse proxy. The proxy sends the scheme in the header `X-Forwarded-Proto`. To use a
    /// different header, call [`TrustedProxies::forwarded`] or [`TrustedProxies::header`]. hardtack ignores the
    /// forwarding headers of an untrusted peer (OWASP ASVS 4.1.3).
    ///
    /// The proxy must send the configured header with every request. A request without the configured header counts as
    /// plain HTTP. If the configured header contains a list or occurs several times, every element must be `https` or
    /// `wss`. [`TrustedProxies::hops`] selects one element instead. Letter case does not matter in `https` and `wss`.
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

    /// States that a gateway ends TLS and gives each request an absolute URI. A request counts as HTTPS if its URI
    /// begins with `https://`. An example is Cloudflare Workers.
    ///
    /// Do not use `in_uri` if clients can connect to the server. Over HTTP/1.1 and HTTP/2, a client can send an
    /// absolute URI with any scheme, and so claim HTTPS.
    ///
    /// ```
    /// use hardtack::TlsTermination;
    ///
    /// for (uri, is_https) in
    ///     [("https://shop.example/cart", true), ("http://shop.example/cart", false), ("/cart", false)]
    /// {
    ///     let (parts, ()) = http::Request::get(uri).body(()).unwrap().into_parts();
    ///     assert_eq!(TlsTermination::in_uri().detect(&parts, None).is_ok(), is_https);
    /// }
    /// ```
    pub fn in_uri() -> Self {
        Self::new(Source::InUri)
    }

    fn new(source: Source) -> Self {
        TlsTermination { source, strict_loopback: false }
    }

    /// Turns off the [rule for localhost](TlsTermination#localhost-in-debug-builds). Then a plain HTTP request to
    /// localhost counts as plain HTTP, even in a debug build.
    ///
    /// Call `strict_loopback` if a proxy on the same machine sends no forwarding header, and changes `Host` to a
    /// loopback name. Without `strict_loopback`, a debug build would treat the proxy's requests as requests from a
    /// local browser.
    ///
    /// ```
    /// use hardtack::TlsTermination;
    ///
    /// let request = http::Request::get("/").header("Host", "localhost:3000");
    /// let (parts, ()) = request.body(()).unwrap().into_parts();
    /// assert_eq!(TlsTermination::per_connection().detect(&parts, None).is_ok(), cfg!(debug_assertions));
    /// assert!(TlsTermination::per_connection().strict_loopback().detect(&parts, None).is_err());
    /// ```
    pub fn strict_loopback(mut self) -> Self {
        self.strict_loopback = true;
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
    /// Returns [`PlainHttp`] if the request is not HTTPS. The `Display` output of [`PlainHttp`] contains the evidence
    /// for a log, and the line of code that the developer can add.
    pub fn detect(&self, parts: &Parts, peer: Option<IpAddr>) -> Result<Https, PlainHttp> {
        self.verdict(&RequestHead { caller_peer: peer, ..RequestHead::from_parts(parts) }).into_proof()
    }

    pub(crate) fn verdict(&self, head: &RequestHead<'_>) -> Verdict {
        self.verdict_in_build(head, cfg!(debug_assertions))
    }

    /// Detects the scheme of one request. `is_debug` is true if the build has `debug_assertions`.
    fn verdict_in_build(&self, head: &RequestHead<'_>, is_debug: bool) -> Verdict {
        let mut verdict = self.verdict_of_source(head);
        if verdict.https {
            return verdict;
        }
        match self.check_loopback(head, verdict.evidence.basis, is_debug) {
            Some(Ok(())) => return Verdict::https(DecisionBasis::Loopback),
            Some(Err(reason)) => verdict.evidence.not_loopback = Some(reason),
            None => {}
        }
        verdict.evidence.peer = head.peer();
        verdict.evidence.claim = head.https_claim(self.configured_header());
        verdict
    }

    fn verdict_of_source(&self, head: &RequestHead<'_>) -> Verdict {
        match &self.source {
            Source::PerConnection => match head.transport() {
                Some(Transport::Tls) => Verdict::https(DecisionBasis::TlsConnection),
                Some(Transport::Plain) => Verdict::plain(DecisionBasis::PlainConnection),
                None => Verdict::plain(DecisionBasis::UnmarkedConnection),
            },
            // `Uri::scheme_str` returns the scheme in lower case.
            Source::Here if head.uri.scheme_str() == Some("http") => Verdict::plain(DecisionBasis::PlainUriOnTlsSocket),
            Source::Here => Verdict::https(DecisionBasis::TlsSocket),
            Source::None => Verdict::plain(DecisionBasis::PlainSocket),
            Source::InUri => match head.uri.scheme_str() {
                Some("https") => Verdict::https(DecisionBasis::TlsUri),
                Some(_) => Verdict::plain(DecisionBasis::PlainUri),
                None => Verdict::plain(DecisionBasis::RelativeUri),
            },
            Source::AtProxy(proxies) => proxies.verdict(head.headers, head.peer()),
        }
    }

    /// Checks whether the loopback rule applies to a request over plain HTTP. Returns `None` if the host is not a
    /// loopback host. Also returns `None` in three cases in which the rule never applies: the setting is `none`, the
    /// setting has a mistake, or a trusted proxy stated the scheme.
    fn check_loopback(
        &self,
        head: &RequestHead<'_>,
        basis: DecisionBasis,
        is_debug: bool,
    ) -> Option<Result<(), NotLoopback>> {
        let has_precedence = matches!(self.source, Source::None)
            || matches!(basis, DecisionBasis::Mistake(_))
            || basis.is_proxy_statement();
        if has_precedence || !loopback::has_loopback_host(head) {
            return None;
        }
        Some(match (self.strict_loopback, is_debug) {
            (true, _) => Err(NotLoopback::Strict),
            (false, false) => Err(NotLoopback::ReleaseBuild),
            (false, true) => loopback::check(head),
        })
    }

    /// Returns true if the request claims HTTPS, but no trusted proxy stated the scheme of the request. The policy
    /// refuses the request and does not redirect it. If the browser already uses HTTPS, a redirect would loop.
    #[cfg(feature = "_layer")]
    pub(crate) fn is_untrusted_claim(&self, verdict: Verdict) -> bool {
        !verdict.https && verdict.evidence.is_untrusted_claim()
    }

    /// Returns the mistake in the settings of the trusted proxies, if there is one.
    #[cfg(any(test, feature = "_layer"))]
    pub(crate) fn mistake(&self) -> Option<SignalMistake> {
        match &self.source {
            Source::AtProxy(proxies) => proxies.mistake(),
            Source::PerConnection | Source::Here | Source::None | Source::InUri => None,
        }
    }

    /// Returns the header that the developer passed to [`TrustedProxies::header`], if there is one.
    pub(crate) fn configured_header(&self) -> Option<&ConfiguredHeader> {
        match &self.source {
            Source::AtProxy(proxies) => proxies.configured_header(),
            Source::PerConnection | Source::Here | Source::None | Source::InUri => None,
        }
    }
}
