//! The proxies whose word on the scheme counts. In: a request's fields and its peer's address; out: a [`Verdict`].
//! Believes one header, from the peers that were named; RFC 7239 is parsed as it is written, and what is malformed is
//! plain.

use core::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use hardtack_rules::syntax::is_tchar;
use http::HeaderMap;

use crate::scheme::{Ground, Verdict};

/// Names the proxies whose word on the scheme counts, and the header that holds it.
///
/// ```
/// use hardtack::TrustedProxies;
///
/// assert!(TrustedProxies::new(["10.0.0.0/8", "fd00::/8", "192.0.2.7"]).is_ok());
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct TrustedProxies {
    networks: Arc<[Network]>,
    unix: bool,
    header: Header,
}

impl TrustedProxies {
    /// Trusts peers by address (`192.0.2.7`, `::1`) or network (`10.0.0.0/8`, `fd00::/8`).
    ///
    /// An IPv4-mapped IPv6 address or network counts as the IPv4 one, here and in peers. Names are not resolved.
    /// Whoever is in a network may claim HTTPS: name no more than the proxies.
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
    /// An entry is neither an address nor a network, or there is no entry.
    pub fn new(proxies: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, TrustedProxiesError> {
        let networks: Arc<[Network]> =
            proxies.into_iter().map(|entry| Network::parse(entry.as_ref().trim())).collect::<Result<_, _>>()?;
        if networks.is_empty() {
            return Err(TrustedProxiesError { entry: String::new(), wrong: Wrong::NoEntry });
        }
        Ok(TrustedProxies { networks, unix: false, header: Header::XForwardedProto })
    }

    /// Trusts nobody but peers on a Unix socket, as [`unix`](TrustedProxies::unix) does.
    ///
    /// ```
    /// use hardtack::{Listener, TrustedProxies};
    ///
    /// let request = http::Request::get("/").header("X-Forwarded-Proto", "https");
    /// let (parts, ()) = request.body(()).unwrap().into_parts();
    /// let listener = Listener::behind(TrustedProxies::unix_only());
    /// assert!(listener.scheme(&parts, None).is_ok());
    /// assert!(listener.scheme(&parts, Some("127.0.0.1".parse().unwrap())).is_err());
    /// ```
    pub fn unix_only() -> Self {
        TrustedProxies { networks: Arc::new([]), unix: true, header: Header::XForwardedProto }
    }

    /// Also trusts a peer without an address: one on a Unix socket.
    ///
    /// On a TCP socket whose server passes no peer's address this trusts everybody. Use it on a Unix socket only.
    ///
    /// ```
    /// use hardtack::{Listener, TrustedProxies};
    ///
    /// let request = http::Request::get("/").header("X-Forwarded-Proto", "https");
    /// let (parts, ()) = request.body(()).unwrap().into_parts();
    /// let proxies = TrustedProxies::new(["10.0.0.1"])?;
    /// assert!(Listener::behind(proxies.clone()).scheme(&parts, None).is_err());
    /// assert!(Listener::behind(proxies.unix()).scheme(&parts, None).is_ok());
    /// # Ok::<(), hardtack::TrustedProxiesError>(())
    /// ```
    pub fn unix(mut self) -> Self {
        self.unix = true;
        self
    }

    /// Reads RFC 7239's `Forwarded` in place of `X-Forwarded-Proto`.
    ///
    /// Choose the one that the proxy writes itself: proxies pass the other one through untouched, as the client wrote
    /// it. Every element of `Forwarded` must have a `proto` of `https` or `wss`; a malformed field is plain.
    ///
    /// ```
    /// use hardtack::{Listener, TrustedProxies};
    ///
    /// let listener = Listener::behind(TrustedProxies::new(["10.0.0.1"])?.forwarded());
    /// let request = http::Request::get("/").header("Forwarded", r#"for="[2001:db8::17]:47011";proto=https"#);
    /// let (parts, ()) = request.body(()).unwrap().into_parts();
    /// assert!(listener.scheme(&parts, Some("10.0.0.1".parse().unwrap())).is_ok());
    /// # Ok::<(), hardtack::TrustedProxiesError>(())
    /// ```
    pub fn forwarded(mut self) -> Self {
        self.header = Header::Forwarded;
        self
    }

    pub(crate) fn judge(&self, headers: &HeaderMap, peer: Option<IpAddr>) -> Verdict {
        let header = self.header.name();
        let says_https = self.header.says_https(headers);
        if !self.trusts(peer) {
            let claims_https = says_https == Some(true);
            return Verdict::plain(Ground::Untrusted { header, peer, claims_https });
        }
        match says_https {
            Some(true) => Verdict::https(Ground::TrustedProxy { header }),
            Some(false) => Verdict::plain(Ground::ProxySaysPlain { header, peer }),
            None => Verdict::plain(Ground::ProxySilent { header, peer }),
        }
    }

    fn trusts(&self, peer: Option<IpAddr>) -> bool {
        match peer {
            Some(peer) => self.networks.iter().any(|network| network.contains(peer)),
            None => self.unix,
        }
    }
}

/// Says which entry of [`TrustedProxies::new`] is wrong and what to write.
///
/// ```
/// use hardtack::TrustedProxies;
///
/// let error = TrustedProxies::new(["proxy.internal"]).unwrap_err();
/// assert!(error.to_string().starts_with("`proxy.internal` is neither an IP address nor a network; write it as in "));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedProxiesError {
    entry: String,
    wrong: Wrong,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrong {
    NoEntry,
    NotANetwork,
    PrefixLength { most: u32 },
    HostBits { address: IpAddr, network: Network },
}

impl fmt::Display for TrustedProxiesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entry = self.entry.escape_debug();
        match self.wrong {
            Wrong::NoEntry => f.write_str(
                "no trusted proxy is named; write the addresses or networks that your proxies connect from, as in \
                 \"10.0.0.0/8\", or use `TrustedProxies::unix_only` on a Unix socket",
            ),
            Wrong::NotANetwork => write!(
                f,
                "`{entry}` is neither an IP address nor a network; write it as in \"192.0.2.7\", \"10.0.0.0/8\" or \
                 \"fd00::/8\""
            ),
            Wrong::PrefixLength { most } => write!(
                f,
                "`{entry}` has no valid prefix length; write a number from 0 to {most} after the `/`, or leave it out \
                 for one address"
            ),
            Wrong::HostBits { address, network: Network { base, length } } => write!(
                f,
                "`{entry}` has address bits after its first {length}; write `{base}/{length}`, or `{address}` for that \
                 one address"
            ),
        }
    }
}

impl std::error::Error for TrustedProxiesError {}

/// A network in CIDR form (RFC 4632 3.1, RFC 4291 2.3). An IPv4-mapped one is kept as IPv4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Network {
    base: IpAddr,
    length: u32,
}

impl Network {
    fn parse(entry: &str) -> Result<Network, TrustedProxiesError> {
        let fault = |wrong| TrustedProxiesError { entry: entry.to_owned(), wrong };
        let (address, length) = match entry.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (entry, None),
        };
        let written: IpAddr = address.parse().map_err(|_| fault(Wrong::NotANetwork))?;
        let most = if written.is_ipv4() { 32 } else { 128 };
        let length = match length {
            None => most,
            Some(digits) => Some(digits)
                .filter(|digits| digits.bytes().all(|octet| octet.is_ascii_digit()))
                .and_then(|digits| digits.parse().ok())
                .filter(|length| *length <= most)
                .ok_or_else(|| fault(Wrong::PrefixLength { most }))?,
        };
        // `::ffff:0:0/96` is all of IPv4; a shorter prefix leaves bits of `ffff` behind it, and is refused below.
        let (address, length) = match (written.to_canonical(), length.checked_sub(96)) {
            // An address that is IPv4 as it stands has no such length.
            (IpAddr::V4(address), Some(length)) => (IpAddr::V4(address), length),
            _ => (written, length),
        };
        let network = Network { base: masked(address, length), length };
        if network.base != address {
            return Err(fault(Wrong::HostBits { address, network }));
        }
        Ok(network)
    }

    fn contains(self, peer: IpAddr) -> bool {
        // Addresses of different families are never equal.
        masked(peer, self.length) == self.base
    }
}

/// The first `length` bits of an address, the others zero.
fn masked(address: IpAddr, length: u32) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32_u32.saturating_sub(length)).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from(u32::from(address) & mask))
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128_u32.saturating_sub(length)).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from(u128::from(address) & mask))
        }
    }
}

/// The one header that is believed.
#[derive(Debug, Clone, Copy)]
enum Header {
    XForwardedProto,
    Forwarded,
}

impl Header {
    fn name(self) -> &'static str {
        match self {
            Header::XForwardedProto => "X-Forwarded-Proto",
            Header::Forwarded => "Forwarded",
        }
    }

    /// Whether every element of every field line says HTTPS; `None` where there is no such field.
    fn says_https(self, headers: &HeaderMap) -> Option<bool> {
        let mut lines = headers.get_all(self.name()).iter().map(http::HeaderValue::as_bytes).peekable();
        lines.peek()?;
        Some(match self {
            // An empty element says nothing, as in `https,`. A field value holds no white space but SP and HTAB, so
            // that `trim_ascii` trims nothing else.
            Header::XForwardedProto => {
                lines.all(|line| line.split(|octet| *octet == b',').all(|name| is_https(name.trim_ascii())))
            }
            Header::Forwarded => lines.all(|line| split_unquoted(line, b',').all(element_is_https)),
        })
    }
}

/// Whether a protocol carries TLS.
pub(crate) fn is_https(protocol: &[u8]) -> bool {
    protocol.eq_ignore_ascii_case(b"https") || protocol.eq_ignore_ascii_case(b"wss")
}

/// One `forwarded-element` (RFC 7239 4): pairs between semicolons, some empty perhaps, one of them `proto`.
fn element_is_https(element: &[u8]) -> bool {
    let mut proto = None;
    // RFC 7239 has no white space around `;`, senders do; RFC 9110 5.6.6 allows it in every later parameter list.
    for pair in split_unquoted(element, b';').map(<[u8]>::trim_ascii).filter(|pair| !pair.is_empty()) {
        let Some((name, value)) = forwarded_pair(pair) else {
            return false;
        };
        if name.eq_ignore_ascii_case(b"proto") && proto.replace(value).is_some() {
            return false;
        }
    }
    proto.is_some_and(is_https)
}

/// `token "=" ( token / quoted-string )`: the name, and the value without its quotes. A `\` stays in the value, which
/// is then no protocol's name.
fn forwarded_pair(pair: &[u8]) -> Option<(&[u8], &[u8])> {
    let is_token = |text: &[u8]| !text.is_empty() && text.iter().copied().all(is_tchar);
    let mut halves = pair.splitn(2, |octet| *octet == b'=');
    let (name, value) = (halves.next()?, halves.next()?);
    let value = match value {
        [b'"', inner @ .., b'"'] if is_quotable(inner) => inner,
        token if is_token(token) => token,
        _ => return None,
    };
    is_token(name).then_some((name, value))
}

/// Whether the text is whole between two quotes: no bare quote in it, no `\` that would eat the last one.
fn is_quotable(inner: &[u8]) -> bool {
    let mut octets = inner.iter();
    while let Some(octet) = octets.next() {
        match octet {
            b'"' => return false,
            b'\\' if octets.next().is_none() => return false,
            _ => {}
        }
    }
    true
}

/// Splits at an octet, but not inside quoted strings (RFC 9110 5.6.4). An open quote runs to the end.
pub(crate) fn split_unquoted(text: &[u8], at: u8) -> impl Iterator<Item = &[u8]> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |&octet| {
        let was_escaped = core::mem::take(&mut escaped);
        match octet {
            _ if was_escaped => false,
            b'\\' if quoted => {
                escaped = true;
                false
            }
            b'"' => {
                quoted = !quoted;
                false
            }
            octet => octet == at && !quoted,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_string_is_whole_or_the_pair_is_none() {
        for (pair, value) in [
            (&b"for=\"a\""[..], Some(&b"a"[..])),
            (b"for=\"a\\\"b\"", Some(b"a\\\"b")),
            (b"for=\"a\"b\"", None),
            (b"for=\"a\\\"", None),
            (b"for=\"a", None),
            (b"for=", None),
            (b"=a", None),
        ] {
            assert_eq!(forwarded_pair(pair).map(|(_, value)| value), value, "{}", pair.escape_ascii());
        }
    }

    #[test]
    fn what_separates_is_quoted_by_quotes_and_escaped_in_them_alone() {
        for (text, pieces) in [
            (&b"a,b"[..], &[&b"a"[..], b"b"][..]),
            (b"a\\,b", &[b"a\\", b"b"]),
            (b"\"a,\\\",b\",c", &[b"\"a,\\\",b\"", b"c"]),
            (b"\"a,b", &[b"\"a,b"]),
        ] {
            assert_eq!(split_unquoted(text, b',').collect::<Vec<_>>(), pieces, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn networks_are_read_and_matched() {
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
        for (entry, says) in [
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
            assert!(error.contains(says), "{entry}: {error}");
        }
        let none = TrustedProxies::new(Vec::<String>::new()).unwrap_err();
        assert!(none.to_string().starts_with("no trusted proxy is named; write "));
    }
}
