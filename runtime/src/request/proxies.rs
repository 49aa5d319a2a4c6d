//! The proxies that hardtack trusts to send the scheme of a request. The input is the headers of a request and the
//! address of the peer. The output is the scheme of the request, with the evidence.

use std::net::IpAddr;
use std::sync::Arc;

use http::HeaderMap;

use super::evidence::DecisionBasis;
use super::network::Network;
use super::scheme::Verdict;
use super::signal::{ConfiguredHeader, Signal, SignalMistake, Statement};

pub use super::network::TrustedProxiesError;

/// The trusted reverse proxies, and the header in which the proxies send the scheme.
///
/// The default header is `X-Forwarded-Proto`. Every element of the header must be `https` or `wss`. To use a different
/// header, call `forwarded` or `header`. If only one element of a list counts, call `hops`. hardtack ignores letter
/// case in header values.
///
/// The guide's page [Where TLS ends](https://docs.rs/hardtack/latest/hardtack/guide/tls/) shows the code for the usual
/// proxies and platforms.
///
/// ```
/// use hardtack::TrustedProxies;
///
/// assert!(TrustedProxies::new(["10.0.0.0/8", "fd12:3456::/32", "192.0.2.7"]).is_ok());
/// assert!(TrustedProxies::new(["proxy.internal"]).is_err());
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct TrustedProxies {
    networks: Arc<[Network]>,
    unix_socket: bool,
    any: bool,
    signal: Signal,
}

impl TrustedProxies {
    /// Trusts peers by address (`192.0.2.7`, `::1`) or network (`10.0.0.0/8`, `fd12:3456::/32`).
    ///
    /// An IPv4-mapped IPv6 address counts as an IPv4 address, both in `proxies` and as a peer's address. hardtack does
    /// not resolve host names, so a host name in `proxies` is an error. Every machine in a trusted network can claim
    /// HTTPS, so pass only the addresses of your proxies.
    ///
    /// ```
    /// use hardtack::TrustedProxies;
    ///
    /// let error = TrustedProxies::new(["10.1.0.0/8"]).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "`10.1.0.0/8` has address bits after its first 8; write `10.0.0.0/8`, or `10.1.0.0` for that one address"
    /// );
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if `proxies` is empty, or if an entry of `proxies` is invalid. These entries are invalid:
    ///
    /// - A text that is neither an address nor a network
    /// - A network with a set bit after its prefix, such as `10.1.0.0/8`
    /// - An IPv4 network that is wider than `/8`, or an IPv6 network that is wider than `/16`. Use
    ///   [`TrustedProxies::any`] to trust every peer.
    pub fn new(proxies: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, TrustedProxiesError> {
        let networks: Arc<[Network]> =
            proxies.into_iter().map(|entry| Network::parse(entry.as_ref().trim())).collect::<Result<_, _>>()?;
        if networks.is_empty() {
            return Err(TrustedProxiesError::no_entry());
        }
        Ok(TrustedProxies { networks, ..Self::nobody() })
    }

    fn nobody() -> Self {
        TrustedProxies { networks: Arc::new([]), unix_socket: false, any: false, signal: Signal::default() }
    }

    /// Trusts every peer, including peers without a known address.
    ///
    /// Use `any` only if the platform's proxy is the only program that can reach the server's port, and if the proxy's
    /// addresses are unknown or change. Every program that can connect to the port can claim HTTPS. The proxy must
    /// overwrite the header or append an element, so that a client's own header cannot state HTTPS.
    ///
    /// ```
    /// use hardtack::{TlsTermination, TrustedProxies};
    ///
    /// let request = http::Request::get("/").header("X-Forwarded-Proto", "https");
    /// let (parts, ()) = request.body(()).unwrap().into_parts();
    /// let termination = TlsTermination::at_proxy(TrustedProxies::any());
    /// assert!(termination.detect(&parts, None).is_ok());
    /// assert!(termination.detect(&parts, Some("203.0.113.9".parse().unwrap())).is_ok());
    /// ```
    pub fn any() -> Self {
        TrustedProxies { any: true, ..Self::nobody() }
    }

    /// Trusts only peers without an address. A peer on a Unix socket has no address.
    ///
    /// Use `unix_socket` only on a Unix socket. On a TCP socket, `unix_socket` trusts every peer if the server does not
    /// pass the peer's address to hardtack.
    ///
    /// ```
    /// use hardtack::{TlsTermination, TrustedProxies};
    ///
    /// let request = http::Request::get("/").header("X-Forwarded-Proto", "https");
    /// let (parts, ()) = request.body(()).unwrap().into_parts();
    /// let termination = TlsTermination::at_proxy(TrustedProxies::unix_socket());
    /// assert!(termination.detect(&parts, None).is_ok());
    /// assert!(termination.detect(&parts, Some("127.0.0.1".parse().unwrap())).is_err());
    /// ```
    pub fn unix_socket() -> Self {
        TrustedProxies { unix_socket: true, ..Self::nobody() }
    }

    /// Also trusts peers without an address, like [`unix_socket`](TrustedProxies::unix_socket).
    ///
    /// ```
    /// use hardtack::{TlsTermination, TrustedProxies};
    ///
    /// let request = http::Request::get("/").header("X-Forwarded-Proto", "https");
    /// let (parts, ()) = request.body(()).unwrap().into_parts();
    /// let proxies = TrustedProxies::new(["10.0.0.1"])?;
    /// assert!(TlsTermination::at_proxy(proxies.clone()).detect(&parts, None).is_err());
    /// assert!(TlsTermination::at_proxy(proxies.with_unix_socket()).detect(&parts, None).is_ok());
    /// # Ok::<(), hardtack::tls::TrustedProxiesError>(())
    /// ```
    pub fn with_unix_socket(mut self) -> Self {
        self.unix_socket = true;
        self
    }

    /// Reads `Forwarded` (RFC 7239) instead of `X-Forwarded-Proto`.
    ///
    /// Choose the header that the proxy itself writes. If the proxy does not write a forwarding header, a client can
    /// claim HTTPS in this header. A request counts as HTTPS only if every element of `Forwarded` has a `proto` of
    /// `https` or `wss`. A request with a malformed header counts as plain HTTP.
    ///
    /// ```
    /// use hardtack::{TlsTermination, TrustedProxies};
    ///
    /// let termination = TlsTermination::at_proxy(TrustedProxies::new(["10.0.0.1"])?.forwarded());
    /// let request = http::Request::get("/").header("Forwarded", r#"for="[2001:db8::17]:47011";proto=https"#);
    /// let (parts, ()) = request.body(()).unwrap().into_parts();
    /// assert!(termination.detect(&parts, Some("10.0.0.1".parse().unwrap())).is_ok());
    /// # Ok::<(), hardtack::tls::TrustedProxiesError>(())
    /// ```
    pub fn forwarded(mut self) -> Self {
        self.signal.read_forwarded();
        self
    }

    /// Reads the header `name` instead of `X-Forwarded-Proto`. The header states HTTPS if its value is `value`.
    ///
    /// The request must have exactly one header with the name, and the header must have exactly one element. Otherwise
    /// the request counts as plain HTTP. hardtack ignores letter case in the value.
    ///
    /// Choose a header that the proxy itself writes on every request. A client can send any header that the proxy does
    /// not write.
    ///
    /// If `name` is not a valid header name, or if `value` is empty or contains a comma or a control character, every
    /// request counts as plain HTTP. When the program makes the policy's middleware, hardtack then emits the event
    /// [`tls-termination`](crate::event::Code::TlsTermination).
    ///
    /// ```
    /// use hardtack::{TlsTermination, TrustedProxies};
    ///
    /// let proxies = TrustedProxies::new(["10.0.0.1"])?.header("X-Forwarded-Ssl", "on");
    /// let termination = TlsTermination::at_proxy(proxies);
    /// let proxy = Some("10.0.0.1".parse().unwrap());
    /// for (name, value, is_https) in
    ///     [("X-Forwarded-Ssl", "On", true), ("X-Forwarded-Ssl", "off", false), ("X-Forwarded-Proto", "https", false)]
    /// {
    ///     let (parts, ()) = http::Request::get("/").header(name, value).body(()).unwrap().into_parts();
    ///     assert_eq!(termination.detect(&parts, proxy).is_ok(), is_https);
    /// }
    /// # Ok::<(), hardtack::tls::TrustedProxiesError>(())
    /// ```
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.signal.read_header(name, value);
        self
    }

    /// Reads one element of the header only: the element at position `count` from the right. If the request has several
    /// headers with the configured name, their elements form one list.
    ///
    /// Call `hops` only if requests pass through a chain of `count` proxies, and **each of these proxies appends
    /// exactly one element**. The element at position `count` then comes from the proxy to which the browser connects,
    /// and a client cannot change the position. If the last proxy overwrites the header, `count` is 1, even if there
    /// are more proxies in front of the last one. If `count` is too large, hardtack reads an element that the client
    /// chose.
    ///
    /// If the header has fewer than `count` elements, the request counts as plain HTTP. With `hops(0)`, every request
    /// counts as plain HTTP. When the program makes the policy's middleware, hardtack then emits the event
    /// [`tls-termination`](crate::event::Code::TlsTermination).
    ///
    /// If you do not call `hops`, every element must state HTTPS.
    ///
    /// ```
    /// use hardtack::{TlsTermination, TrustedProxies};
    ///
    /// // The first proxy ends TLS and appends `https`. The second proxy receives plain HTTP and appends `http`.
    /// let termination = TlsTermination::at_proxy(TrustedProxies::new(["10.0.0.1"])?.hops(2));
    /// let proxy = Some("10.0.0.1".parse().unwrap());
    /// for (header, is_https) in
    ///     [("https, http", true), ("http, http", false), ("https, http, http", false), ("https", false)]
    /// {
    ///     let request = http::Request::get("/").header("X-Forwarded-Proto", header);
    ///     let (parts, ()) = request.body(()).unwrap().into_parts();
    ///     assert_eq!(termination.detect(&parts, proxy).is_ok(), is_https);
    /// }
    /// # Ok::<(), hardtack::tls::TrustedProxiesError>(())
    /// ```
    pub fn hops(mut self, count: usize) -> Self {
        self.signal.count_hops(count);
        self
    }

    pub(super) fn verdict(&self, headers: &HeaderMap, peer: Option<IpAddr>) -> Verdict {
        if let Some(mistake) = self.mistake() {
            return Verdict::plain(DecisionBasis::Mistake(mistake));
        }
        if !self.trusts(peer) {
            return Verdict::plain(DecisionBasis::Untrusted);
        }
        let header = self.signal.header_name();
        match self.signal.statement(headers) {
            Some(Statement::Https) => Verdict::https(DecisionBasis::TrustedProxy { header }),
            Some(Statement::Plain) => Verdict::plain(DecisionBasis::ProxySaysPlain { header }),
            Some(Statement::PlainInList) => Verdict::plain(DecisionBasis::ProxyListHasPlain { header }),
            Some(Statement::TooFewElements { hops }) => {
                Verdict::plain(DecisionBasis::ProxyListTooShort { header, hops })
            }
            None => Verdict::plain(DecisionBasis::ProxySilent { header }),
        }
    }

    pub(super) fn mistake(&self) -> Option<SignalMistake> {
        self.signal.mistake()
    }

    pub(super) fn configured_header(&self) -> Option<&ConfiguredHeader> {
        self.signal.configured_header()
    }

    fn trusts(&self, peer: Option<IpAddr>) -> bool {
        self.any
            || match peer {
                Some(peer) => self.networks.iter().any(|network| network.contains(peer)),
                None => self.unix_socket,
            }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::TrustedProxies;

    #[test]
    fn networks_match_their_addresses() {
        for (entry, inside, outside) in [
            ("192.0.2.7", &["192.0.2.7", "::ffff:192.0.2.7"][..], &["192.0.2.8", "::c000:207"][..]),
            ("10.0.0.0/8", &["10.255.255.255", "::ffff:10.0.0.0"], &["11.0.0.0", "9.255.255.255", "a00::"]),
            ("10.0.0.0/9", &["10.127.0.1"], &["10.128.0.0"]),
            ("10.0.0.7/32", &["10.0.0.7"], &["10.0.0.6"]),
            ("::1", &["::1"], &["::2", "127.0.0.1", "0.0.0.1"]),
            ("fd12::/16", &["fd12:ffff::1"], &["fd13::1", "253.18.0.1"]),
            ("2001:db8::/33", &["2001:db8:7fff::"], &["2001:db8:8000::"]),
            ("2001::/16", &["2001:db8::1"], &["2002::1"]),
            ("::ffff:10.0.0.0/104", &["10.1.2.3", "::ffff:10.1.2.3"], &["11.0.0.0"]),
            ("::ffff:10.0.0.1", &["10.0.0.1"], &["10.0.0.2"]),
            (" 10.0.0.1\n", &["10.0.0.1"], &["10.0.0.2"]),
        ] {
            let proxies = TrustedProxies::new([entry]).unwrap();
            for peer in inside {
                assert!(proxies.trusts(Some(peer.parse::<IpAddr>().unwrap().to_canonical())), "{peer} in {entry}");
            }
            for peer in outside {
                assert!(!proxies.trusts(Some(peer.parse::<IpAddr>().unwrap().to_canonical())), "{peer} not in {entry}");
            }
        }
    }

    #[test]
    fn wrong_networks_are_refused_with_a_remedy() {
        for (entry, text) in [
            ("10.0.0.1/8", "write `10.0.0.0/8`, or `10.0.0.1` for that one address"),
            ("fd00::1/16", "write `fd00::/16`, or `fd00::1` for that one address"),
            ("::ffff:10.0.0.1/104", "after its first 8; write `10.0.0.0/8`"),
            ("::ffff:0:0/95", "after its first 95"),
            ("::ffff:10.0.0.0/8", "at least `/16`"),
            (
                "0.0.0.0/0",
                "`0.0.0.0/0` contains too many addresses; write a network with at least `/8`, or `TrustedProxies::any()` \
                 where only the platform's proxy can reach the port",
            ),
            ("10.0.0.0/7", "at least `/8`"),
            ("::/0", "at least `/16`, or `TrustedProxies::any()`"),
            ("2000::/15", "at least `/16`"),
            ("::ffff:0:0/96", "at least `/8`"),
            ("10.0.0.0/33", "a number from 0 to 32"),
            ("10.0.0.0/4294967304", "a number from 0 to 32"),
            ("10.0.0.0/", "a number from 0 to 32"),
            ("10.0.0.0/+8", "a number from 0 to 32"),
            ("10.0.0.0/255.0.0.0", "a number from 0 to 32"),
            ("fd00::/129", "a number from 0 to 128"),
            ("", "`` is neither"),
            ("*", "`*` is neither"),
            ("10.0.0", "neither"),
            ("010.0.0.1", "neither"),
            ("[::1]", "neither"),
            ("10.0.0.1:80", "neither"),
            ("fe80::1%eth0", "neither"),
            ("a\nb", "`a\\nb` is neither"),
        ] {
            let error = TrustedProxies::new(["10.0.0.1", entry]).unwrap_err().to_string();
            assert!(error.contains(text), "{entry}: {error}");
        }
        let error = TrustedProxies::new(Vec::<String>::new()).unwrap_err();
        assert!(error.to_string().starts_with("no trusted proxy is named; write "));
    }
}
