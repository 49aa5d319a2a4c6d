//! The proxies that are trusted to send the scheme of a request. The input is the headers of a request and the address
//! of the peer. The output is the decision whether the request counts as HTTPS or as plain HTTP.

use std::net::IpAddr;
use std::sync::Arc;

use http::HeaderMap;

use super::evidence::DecisionBasis;
use super::forwarded::ForwardingHeader;
use super::network::Network;
use super::scheme::Verdict;

pub use super::network::TrustedProxiesError;

/// The trusted reverse proxies, and the name of the header in which the proxies send the scheme.
///
/// ```
/// use hardtack::TrustedProxies;
///
/// assert!(TrustedProxies::new(["10.0.0.0/8", "fd00::/8", "192.0.2.7"]).is_ok());
/// assert!(TrustedProxies::new(["proxy.internal"]).is_err());
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct TrustedProxies {
    networks: Arc<[Network]>,
    unix_socket: bool,
    header: ForwardingHeader,
}

impl TrustedProxies {
    /// Trusts peers by address (`192.0.2.7`, `::1`) or network (`10.0.0.0/8`, `fd00::/8`).
    ///
    /// An IPv4-mapped IPv6 address counts as an IPv4 address, in `proxies` and as the address of a peer. Host names are
    /// not resolved, so a host name in `proxies` is an error. Every machine in a trusted network can claim HTTPS, so
    /// pass only the addresses of your proxies.
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
    /// Returns an error if an entry of `proxies` is neither an address nor a network, or if `proxies` is empty.
    pub fn new(proxies: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, TrustedProxiesError> {
        let networks: Arc<[Network]> =
            proxies.into_iter().map(|entry| Network::parse(entry.as_ref().trim())).collect::<Result<_, _>>()?;
        if networks.is_empty() {
            return Err(TrustedProxiesError::no_entry());
        }
        Ok(TrustedProxies { networks, unix_socket: false, header: ForwardingHeader::XForwardedProto })
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
        TrustedProxies { networks: Arc::new([]), unix_socket: true, header: ForwardingHeader::XForwardedProto }
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
    /// Choose the header that the proxy itself writes. A client can claim HTTPS in a forwarding header that the proxy
    /// does not write. For HTTPS, every element of `Forwarded` must have a `proto` of `https` or `wss`. A request with
    /// a malformed header counts as plain HTTP.
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
        self.header = ForwardingHeader::Forwarded;
        self
    }

    pub(super) fn verdict(&self, headers: &HeaderMap, peer: Option<IpAddr>) -> Verdict {
        let header = self.header.name();
        let claim = self.header.claims_https(headers);
        if !self.trusts(peer) {
            return Verdict::plain(DecisionBasis::Untrusted { header, peer, claims_https: claim == Some(true) });
        }
        match claim {
            Some(true) => Verdict::https(DecisionBasis::TrustedProxy { header }),
            Some(false) => Verdict::plain(DecisionBasis::ProxySaysPlain { header, peer }),
            None => Verdict::plain(DecisionBasis::ProxySilent { header, peer }),
        }
    }

    fn trusts(&self, peer: Option<IpAddr>) -> bool {
        match peer {
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
            ("0.0.0.0/0", &["1.2.3.4", "::ffff:1.2.3.4"], &["::", "2001:db8::1"]),
            ("::1", &["::1"], &["::2", "127.0.0.1", "0.0.0.1"]),
            ("fd00::/8", &["fdff::1"], &["fc00::1", "253.0.0.1"]),
            ("2001:db8::/33", &["2001:db8:7fff::"], &["2001:db8:8000::"]),
            ("::/0", &["::", "2001:db8::1"], &["1.2.3.4", "::ffff:1.2.3.4"]),
            ("::ffff:10.0.0.0/104", &["10.1.2.3", "::ffff:10.1.2.3"], &["11.0.0.0"]),
            ("::ffff:0:0/96", &["1.2.3.4"], &["::1"]),
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
            ("fd00::1/8", "write `fd00::/8`, or `fd00::1` for that one address"),
            ("::ffff:10.0.0.1/104", "after its first 8; write `10.0.0.0/8`"),
            ("::ffff:0:0/95", "after its first 95"),
            ("::ffff:10.0.0.0/8", "after its first 8; write `::/8`"),
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
