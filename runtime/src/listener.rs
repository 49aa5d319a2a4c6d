//! How a request's scheme is known. In: a request's head and its peer's address; out: a [`Verdict`] with its evidence.
//! Reads no socket, allocates nothing on the way, and believes no header but the one that was chosen, from the peers
//! that were named.

use core::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use hardtack_rules::syntax::is_tchar;
use http::header::{FORWARDED, HOST};
use http::request::Parts;
use http::{HeaderMap, Uri};

use crate::scheme::{Ground, Https, PlainHttp, Verdict};

/// Says how the scheme of a request is known. It belongs to a socket, not to an application.
///
/// ```
/// use hardtack::{Listener, TrustedProxies};
///
/// let listener = Listener::behind(TrustedProxies::new(["10.0.0.0/8", "::1"])?);
/// let request = http::Request::get("/").header("X-Forwarded-Proto", "https");
/// let (parts, ()) = request.body(()).unwrap().into_parts();
///
/// assert!(listener.scheme(&parts, Some("10.1.2.3".parse().unwrap())).is_ok());
/// assert!(listener.scheme(&parts, Some("203.0.113.9".parse().unwrap())).is_err());
/// # Ok::<(), hardtack::TrustedProxiesError>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Listener {
    source: Source,
    loopback: bool,
}

#[derive(Debug, Clone)]
enum Source {
    PerConnection,
    Tls,
    Plain,
    Behind(TrustedProxies),
}

impl Listener {
    /// Believes the [`Transport`] that the accept loop put into the request's extensions; absent means plain.
    ///
    /// ```
    /// use hardtack::{Listener, Transport};
    ///
    /// let (mut parts, ()) = http::Request::get("/").body(()).unwrap().into_parts();
    /// assert!(Listener::per_connection().scheme(&parts, None).is_err());
    ///
    /// parts.extensions.insert(Transport::Tls);
    /// assert!(Listener::per_connection().scheme(&parts, None).is_ok());
    /// ```
    pub fn per_connection() -> Self {
        Listener { source: Source::PerConnection, loopback: false }
    }

    /// Declares that everything on this socket arrives over TLS that ends in this process.
    ///
    /// A request whose URI says `http` is plain nevertheless. Behind a proxy that ends TLS, use [`Listener::behind`].
    ///
    /// ```
    /// use hardtack::Listener;
    ///
    /// let (parts, ()) = http::Request::get("/").body(()).unwrap().into_parts();
    /// assert!(Listener::tls().scheme(&parts, None).is_ok());
    ///
    /// let (parts, ()) = http::Request::get("http://example.com/").body(()).unwrap().into_parts();
    /// assert!(Listener::tls().scheme(&parts, None).is_err());
    /// ```
    pub fn tls() -> Self {
        Listener { source: Source::Tls, loopback: false }
    }

    /// Declares that everything on this socket arrives over plain HTTP.
    ///
    /// ```
    /// use hardtack::Listener;
    ///
    /// let (parts, ()) = http::Request::get("https://example.com/").body(()).unwrap().into_parts();
    /// assert!(Listener::plain().scheme(&parts, None).is_err());
    /// ```
    pub fn plain() -> Self {
        Listener { source: Source::Plain, loopback: false }
    }

    /// Believes one header, `X-Forwarded-Proto` unless [`TrustedProxies::forwarded`] chooses the other, from the peers
    /// that are named, and from nobody else (OWASP ASVS 4.1.3).
    ///
    /// It is authoritative both ways: absent is plain, and a list counts only if every element of every field line says
    /// `https` or `wss`, in any case. The proxy must write the header on every request.
    ///
    /// ```
    /// use hardtack::{Listener, TrustedProxies};
    ///
    /// let listener = Listener::behind(TrustedProxies::new(["10.0.0.1"])?);
    /// let proxy = Some("10.0.0.1".parse().unwrap());
    /// for (header, is_https) in [("https", true), ("http", false), ("https, http", false)] {
    ///     let request = http::Request::get("/").header("X-Forwarded-Proto", header);
    ///     let (parts, ()) = request.body(()).unwrap().into_parts();
    ///     assert_eq!(listener.scheme(&parts, proxy).is_ok(), is_https);
    /// }
    /// # Ok::<(), hardtack::TrustedProxiesError>(())
    /// ```
    pub fn behind(proxies: TrustedProxies) -> Self {
        Listener { source: Source::Behind(proxies), loopback: false }
    }

    /// Counts an exchange between a browser and a server on one machine as HTTPS, in a debug build only.
    ///
    /// In a build of hardtack with `debug_assertions`, a request that the listener judges plain counts as HTTPS if its
    /// host is loopback (`localhost`, `*.localhost`, `127.0.0.0/8`, `[::1]`), its peer's address is known and loopback,
    /// and it carries no `Forwarded` or `X-Forwarded-*` field. Chromium and Firefox store and send Secure cookies
    /// there, prefixes included; Safari wants TLS. Not loopback: `0.0.0.0`, `[::ffff:127.0.0.1]`, and names that only
    /// resolve there. Without `debug_assertions` the method does nothing.
    ///
    /// A reverse proxy on the same machine that adds none of these fields and rewrites `Host` to a loopback name cannot
    /// be told from a browser: behind one, do not use this.
    ///
    /// ```
    /// use hardtack::Listener;
    ///
    /// let listener = Listener::plain().loopback_in_debug();
    /// let request = http::Request::get("/").header("Host", "localhost:3000");
    /// let (parts, ()) = request.body(()).unwrap().into_parts();
    /// let peer = Some("127.0.0.1".parse().unwrap());
    /// assert_eq!(listener.scheme(&parts, peer).is_ok(), cfg!(debug_assertions));
    /// assert!(listener.scheme(&parts, None).is_err());
    /// ```
    pub fn loopback_in_debug(mut self) -> Self {
        self.loopback = true;
        self
    }

    /// Judges one request.
    ///
    /// `peer` is the address at the other end of the connection; `None` for a Unix socket, or to take it from the
    /// extensions: [`Peer`], or axum's `ConnectInfo<SocketAddr>` (feature `axum`).
    ///
    /// ```
    /// use hardtack::Listener;
    ///
    /// let (parts, ()) = http::Request::get("/").body(()).unwrap().into_parts();
    /// let plain = Listener::per_connection().scheme(&parts, None).unwrap_err();
    /// assert!(plain.to_string().starts_with("nothing says that the connection carries TLS"));
    /// ```
    ///
    /// # Errors
    ///
    /// [`PlainHttp`], whose `Display` is the evidence, for a log.
    pub fn scheme(&self, parts: &Parts, peer: Option<IpAddr>) -> Result<Https, PlainHttp> {
        self.judge(parts, peer).judged()
    }

    pub(crate) fn judge(&self, parts: &Parts, peer: Option<IpAddr>) -> Verdict {
        // A dual-stack socket reports an IPv4 peer as `::ffff:a.b.c.d`.
        let peer = peer.or_else(|| peer_of(parts)).map(|peer| peer.to_canonical());
        let verdict = match &self.source {
            Source::PerConnection => match parts.extensions.get() {
                Some(Transport::Tls) => Verdict::https(Ground::TlsConnection),
                Some(Transport::Plain) => Verdict::plain(Ground::PlainConnection),
                None => Verdict::plain(Ground::UnmarkedConnection),
            },
            // `Uri` parses the scheme in any case and gives it in lower case.
            Source::Tls if parts.uri.scheme_str() == Some("http") => Verdict::plain(Ground::PlainUri),
            Source::Tls => Verdict::https(Ground::TlsListener),
            Source::Plain => Verdict::plain(Ground::PlainListener),
            Source::Behind(proxies) => proxies.judge(&parts.headers, peer),
        };
        if !verdict.https && self.loopback && cfg!(debug_assertions) && is_loopback(parts, peer) {
            return Verdict::https(Ground::Loopback);
        }
        verdict
    }
}

/// The peer's address that the request's extensions know.
pub(crate) fn peer_of(parts: &Parts) -> Option<IpAddr> {
    if let Some(Peer(peer)) = parts.extensions.get() {
        return Some(*peer);
    }
    #[cfg(feature = "axum")]
    if let Some(axum::extract::ConnectInfo(peer)) =
        parts.extensions.get::<axum::extract::ConnectInfo<std::net::SocketAddr>>()
    {
        return Some(peer.ip());
    }
    None
}

/// Whether a browser on this machine talks to us with nothing between that would have said so.
fn is_loopback(parts: &Parts, peer: Option<IpAddr>) -> bool {
    peer.is_some_and(|peer| peer.is_loopback())
        && !parts.headers.keys().any(|name| *name == FORWARDED || name.as_str().starts_with("x-forwarded-"))
        && Host::of(&parts.uri, &parts.headers).is_ok_and(|host| host.is_loopback())
}

/// Says of one connection whether it carries TLS: a request extension, for [`Listener::per_connection`].
///
/// ```
/// use hardtack::{Listener, Transport};
///
/// let (mut parts, ()) = http::Request::get("/").body(()).unwrap().into_parts();
/// parts.extensions.insert(Transport::Plain);
/// let plain = Listener::per_connection().scheme(&parts, None).unwrap_err();
/// assert_eq!(plain.to_string(), "the connection carries no TLS");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// The connection carries TLS that ends in this process.
    Tls,
    /// It does not.
    Plain,
}

/// Holds the address at the other end of the connection: a request extension.
///
/// ```
/// use hardtack::{Listener, Peer, TrustedProxies};
///
/// let request = http::Request::get("/").header("X-Forwarded-Proto", "https");
/// let (mut parts, ()) = request.body(()).unwrap().into_parts();
/// parts.extensions.insert(Peer("10.0.0.1".parse().unwrap()));
/// assert!(Listener::behind(TrustedProxies::new(["10.0.0.1"])?).scheme(&parts, None).is_ok());
/// # Ok::<(), hardtack::TrustedProxiesError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

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

    fn judge(&self, headers: &HeaderMap, peer: Option<IpAddr>) -> Verdict {
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
            (IpAddr::V4(address), Some(length)) if written.is_ipv6() => (IpAddr::V4(address), length),
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

fn is_https(protocol: &[u8]) -> bool {
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

/// The host that a request names, checked, without its port: a name of letters, digits, hyphens and dots, an IPv4
/// address, or an IPv6 address in brackets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Host<'a>(&'a str);

/// Why a request names no host that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HostFault {
    Missing,
    Doubled,
    Malformed,
}

impl<'a> Host<'a> {
    /// The authority of the URI (HTTP/2, absolute form), else the one `Host` field (RFC 9112 3.2 and 3.2.2).
    pub(crate) fn of(uri: &'a Uri, headers: &'a HeaderMap) -> Result<Self, HostFault> {
        let mut fields = headers.get_all(HOST).iter();
        let field = fields.next();
        if fields.next().is_some() {
            return Err(HostFault::Doubled);
        }
        let authority = match (uri.authority(), field) {
            (Some(authority), _) => Some(authority.as_str()),
            (None, Some(field)) => field.to_str().ok(),
            (None, None) => return Err(HostFault::Missing),
        };
        authority.and_then(Host::parse).ok_or(HostFault::Malformed)
    }

    /// `host [ ":" port ]`, without user information.
    pub(crate) fn parse(authority: &'a str) -> Option<Self> {
        let length = match authority.strip_prefix('[') {
            Some(rest) => rest.find(']')?.saturating_add(2),
            None => authority.find(':').unwrap_or(authority.len()),
        };
        let (host, port) = authority.split_at_checked(length)?;
        (is_host(host) && is_port(port)).then_some(Host(host))
    }

    pub(crate) fn as_str(self) -> &'a str {
        self.0
    }

    /// Whether Chromium and Firefox take the host for this machine without resolving it (Secure Contexts 3.1).
    pub(crate) fn is_loopback(self) -> bool {
        if let Some(address) = bracketed(self.0) {
            return address == Ipv6Addr::LOCALHOST;
        }
        if let Ok(address) = self.0.parse::<Ipv4Addr>() {
            return address.is_loopback();
        }
        let name = self.0.strip_suffix('.').unwrap_or(self.0);
        name.rsplit('.').next().is_some_and(|label| label.eq_ignore_ascii_case("localhost"))
    }
}

fn is_host(host: &str) -> bool {
    if host.starts_with('[') {
        return bracketed(host).is_some();
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    let is_label =
        |label: &str| !label.is_empty() && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-');
    let is_number = |label: &str| label.bytes().all(|octet| octet.is_ascii_digit());
    // What ends in a number is an IPv4 address or nothing (WHATWG URL 3.5).
    name.split('.').all(is_label)
        && (!name.rsplit('.').next().is_some_and(is_number) || host.parse::<Ipv4Addr>().is_ok())
}

fn bracketed(host: &str) -> Option<Ipv6Addr> {
    host.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

/// Nothing, or `:` and a port, which may be empty (RFC 3986 3.2.3).
fn is_port(port: &str) -> bool {
    port.is_empty()
        || port.strip_prefix(':').is_some_and(|digits| {
            digits.is_empty() || (digits.bytes().all(|octet| octet.is_ascii_digit()) && digits.parse::<u16>().is_ok())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(uri: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = http::Request::get(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn ip(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    fn behind() -> Listener {
        Listener::behind(TrustedProxies::new(["10.0.0.0/8", "::1", "fd00::/8"]).unwrap())
    }

    fn behind_forwarded() -> Listener {
        Listener::behind(TrustedProxies::new(["10.0.0.1"]).unwrap().forwarded())
    }

    #[track_caller]
    fn is_plain(listener: &Listener, parts: &Parts, peer: Option<IpAddr>, ground: Ground) {
        let verdict = listener.judge(parts, peer);
        assert!(!verdict.https, "{parts:?}");
        assert_eq!(verdict.evidence, Verdict::plain(ground).evidence);
    }

    const XFP: &str = "X-Forwarded-Proto";

    #[test]
    fn a_connection_is_what_the_accept_loop_says() {
        let listener = Listener::per_connection();
        let mut parts = parts("https://example.com/", &[(XFP, "https")]);
        is_plain(&listener, &parts, ip("10.0.0.1"), Ground::UnmarkedConnection);
        parts.extensions.insert(Transport::Plain);
        is_plain(&listener, &parts, ip("10.0.0.1"), Ground::PlainConnection);
        parts.extensions.insert(Transport::Tls);
        assert!(listener.judge(&parts, None).https);
    }

    #[test]
    fn a_declared_listener_is_believed_except_against_the_uri() {
        assert!(Listener::tls().judge(&parts("/", &[]), None).https);
        assert!(Listener::tls().judge(&parts("https://a.example/", &[]), None).https);
        is_plain(&Listener::tls(), &parts("http://a.example/", &[]), None, Ground::PlainUri);
        is_plain(&Listener::tls(), &parts("HTTP://a.example/", &[]), None, Ground::PlainUri);
        is_plain(&Listener::plain(), &parts("https://a.example/", &[(XFP, "https")]), None, Ground::PlainListener);
    }

    #[test]
    fn a_trusted_proxy_is_believed_both_ways() {
        for (lines, https) in [
            (&["https"][..], true),
            (&["HTTPS"], true),
            (&["wss"], true),
            (&["\thttps "], true),
            (&["https, https"], true),
            (&["https ,\twss"], true),
            (&["https", "https"], true),
            (&["http"], false),
            (&["ws"], false),
            (&["https", "http"], false),
            (&["http", "https"], false),
            (&["https, http"], false),
            (&["http, https"], false),
            (&["https,"], false),
            (&[",https"], false),
            (&["https,,https"], false),
            (&["https", ""], false),
            (&[""], false),
            (&[","], false),
            (&["\"https\""], false),
            (&["https;"], false),
            (&["https https"], false),
            (&["httpsx"], false),
            (&["\u{a0}https"], false),
        ] {
            let headers: Vec<_> = lines.iter().map(|line| (XFP, *line)).collect();
            let parts = parts("http://example.com/", &headers);
            assert_eq!(behind().judge(&parts, ip("10.9.8.7")).https, https, "{lines:?}");
        }
    }

    #[test]
    fn silence_of_a_trusted_proxy_is_plain() {
        let silent = Ground::ProxySilent { header: XFP, peer: ip("10.0.0.1") };
        is_plain(&behind(), &parts("https://example.com/", &[]), ip("10.0.0.1"), silent);
        let ssl = parts("/", &[("X-Forwarded-Ssl", "on"), ("Front-End-Https", "on"), ("X-Forwarded-Scheme", "https")]);
        is_plain(&behind(), &ssl, ip("10.0.0.1"), silent);
    }

    #[test]
    fn only_the_chosen_header_is_read() {
        let cases = [("https", "proto=http"), ("http", "proto=https"), ("https", "")];
        for (proto, forwarded) in cases {
            let both = parts("/", &[(XFP, proto), ("Forwarded", forwarded)]);
            assert_eq!(behind().judge(&both, ip("10.0.0.1")).https, proto == "https");
            assert_eq!(behind_forwarded().judge(&both, ip("10.0.0.1")).https, forwarded == "proto=https");
        }
        let other = parts("/", &[("Forwarded", "proto=https")]);
        is_plain(&behind(), &other, ip("10.0.0.1"), Ground::ProxySilent { header: XFP, peer: ip("10.0.0.1") });
        let other = parts("/", &[(XFP, "https")]);
        let silent = Ground::ProxySilent { header: "Forwarded", peer: ip("10.0.0.1") };
        is_plain(&behind_forwarded(), &other, ip("10.0.0.1"), silent);
    }

    #[test]
    fn an_untrusted_peer_is_evidence_only() {
        for (header, claims_https) in [("https", true), ("https, http", false), ("http", false)] {
            let request = parts("/", &[(XFP, header)]);
            for peer in [ip("11.0.0.1"), ip("::2"), ip("::ffff:11.0.0.1"), ip("127.0.0.1"), None] {
                let seen = peer.map(|peer| peer.to_canonical());
                is_plain(&behind(), &request, peer, Ground::Untrusted { header: XFP, peer: seen, claims_https });
            }
        }
        let plain = behind().scheme(&parts("/", &[(XFP, "https")]), ip("11.0.0.1")).unwrap_err();
        assert_eq!(
            plain.to_string(),
            "`X-Forwarded-Proto` says `https` but came from 11.0.0.1, which is not a trusted proxy; if it is one, name \
             it in `TrustedProxies`"
        );
    }

    #[test]
    fn a_unix_socket_is_trusted_only_when_told() {
        let request = parts("/", &[(XFP, "https")]);
        assert!(!behind().judge(&request, None).https);
        for proxies in [TrustedProxies::unix_only(), TrustedProxies::new(["10.0.0.1"]).unwrap().unix()] {
            let listener = Listener::behind(proxies);
            assert!(listener.judge(&request, None).https);
            assert!(!listener.judge(&request, ip("11.0.0.1")).https);
            is_plain(&listener, &parts("/", &[]), None, Ground::ProxySilent { header: XFP, peer: None });
        }
    }

    #[test]
    fn the_peer_comes_from_the_argument_then_from_the_extensions() {
        let mut request = parts("/", &[(XFP, "https")]);
        request.extensions.insert(Peer(ip("10.0.0.1").unwrap()));
        assert!(behind().judge(&request, None).https);
        assert!(!behind().judge(&request, ip("11.0.0.1")).https);
        // A known peer is not on a Unix socket.
        assert!(!Listener::behind(TrustedProxies::unix_only()).judge(&request, None).https);
    }

    #[cfg(feature = "axum")]
    #[test]
    fn connect_info_is_a_peer() {
        let mut request = parts("/", &[(XFP, "https")]);
        let connected: std::net::SocketAddr = "[::ffff:10.0.0.1]:5000".parse().unwrap();
        request.extensions.insert(axum::extract::ConnectInfo(connected));
        assert!(behind().judge(&request, None).https);
        request.extensions.insert(Peer(ip("11.0.0.1").unwrap()));
        assert!(!behind().judge(&request, None).https);
    }

    #[test]
    fn forwarded_is_parsed_as_rfc_7239_writes_it() {
        for (lines, https) in [
            (&["proto=https"][..], true),
            (&["Proto=HTTPS"], true),
            (&["proto=\"https\""], true),
            (&["PROTO=wss"], true),
            (&["for=192.0.2.60;proto=https;by=203.0.113.43"], true),
            (&["for=192.0.2.60; proto=https ;by=203.0.113.43"], true),
            (&[";proto=https;"], true),
            (&["for=\"[2001:db8:cafe::17]:4711\";proto=https"], true),
            (&["for=\"a;proto=http,b\";proto=https"], true),
            (&["for=\"a\\\";proto=http\";proto=https"], true),
            (&["for=\"\";proto=https"], true),
            (&["proto=https;host=\"\u{fc}.example\""], true),
            (&["for=1.2.3.4;proto=https, for=10.0.0.1;proto=https"], true),
            (&["proto=https", "proto=\"wss\""], true),
            (&["proto=http"], false),
            (&["for=192.0.2.60"], false),
            (&["for=1.2.3.4;proto=https, for=10.0.0.1"], false),
            (&["proto=https, proto=http"], false),
            (&["proto=http, proto=https"], false),
            (&["proto=https", "proto=http"], false),
            (&["proto=https", "for=a"], false),
            (&["proto=https;proto=https"], false),
            (&["proto=http;Proto=https"], false),
            (&["proto=https;PROTO=http"], false),
            (&["proto=https,"], false),
            (&[",proto=https"], false),
            (&["proto=https", ""], false),
            (&[""], false),
            (&[";"], false),
            (&["https"], false),
            (&["proto"], false),
            (&["proto="], false),
            (&["proto =https"], false),
            (&["proto= https"], false),
            (&["proto=\" https\""], false),
            (&["=https"], false),
            (&["x=;proto=https"], false),
            (&["x;proto=https"], false),
            (&["for=[::1];proto=https"], false),
            (&["for=192.0.2.60:80;proto=https"], false),
            (&["proto=\"https"], false),
            (&["proto=https\""], false),
            (&["proto=\"https\"x"], false),
            (&["proto=\"https\\\""], false),
            (&["proto=\"ht\\tps\""], false),
            (&["x=\"proto=https\""], false),
            (&["x=\"a\\"], false),
            // A client opens a quote in the hope that what the proxy appends falls inside it.
            (&["proto=https;x=\", for=10.0.0.1;proto=http"], false),
            (&["proto=https;x=\", for=\"[::1]\";proto=http"], false),
            (&["proto=https;x=\"", "proto=https"], false),
        ] {
            let headers: Vec<_> = lines.iter().map(|line| ("Forwarded", *line)).collect();
            assert_eq!(behind_forwarded().judge(&parts("/", &headers), ip("10.0.0.1")).https, https, "{lines:?}");
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
            let listener = Listener::behind(TrustedProxies::new([entry]).unwrap());
            let request = parts("/", &[(XFP, "https")]);
            for peer in inside {
                assert!(listener.judge(&request, ip(peer)).https, "{peer} in {entry}");
            }
            for peer in outside {
                assert!(!listener.judge(&request, ip(peer)).https, "{peer} not in {entry}");
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

    #[test]
    fn loopback_is_a_host_and_a_peer_and_nothing_between() {
        let plain = Listener::plain().loopback_in_debug();
        let v4 = ip("127.0.0.1");
        for (uri, host, peer, loopback) in [
            ("/", "localhost", v4, true),
            ("/", "localhost:3000", v4, true),
            ("/", "LocalHost", v4, true),
            ("/", "localhost.", v4, true),
            ("/", "app.localhost:80", v4, true),
            ("/", "a.b.LOCALHOST.", v4, true),
            ("/", "127.0.0.1:3000", v4, true),
            ("/", "127.8.9.1", v4, true),
            ("/", "[::1]:3000", v4, true),
            ("/", "localhost", ip("::1"), true),
            ("/", "localhost", ip("127.9.9.9"), true),
            ("/", "localhost", ip("::ffff:127.0.0.1"), true),
            ("http://localhost:3000/", "", v4, true),
            ("http://localhost/", "example.com", v4, true),
            ("/", "localhost", None, false),
            ("/", "localhost", ip("192.168.1.20"), false),
            ("/", "localhost", ip("0.0.0.0"), false),
            ("/", "0.0.0.0", v4, false),
            ("/", "[::ffff:127.0.0.1]", v4, false),
            ("/", "[::]", v4, false),
            ("/", "127.1", v4, false),
            ("/", "127.0.0.1.", v4, false),
            ("/", "128.0.0.1", v4, false),
            ("/", "localhost.localdomain", v4, false),
            ("/", "notlocalhost", v4, false),
            ("/", "localhost.example.com", v4, false),
            ("/", "host.docker.internal", v4, false),
            ("/", ".localhost", v4, false),
            ("/", "a..localhost", v4, false),
            ("/", "localhost..", v4, false),
            ("/", "localhost:x", v4, false),
            ("/", "user@localhost", v4, false),
            ("/", " localhost", v4, false),
            ("/", "", v4, false),
            ("http://example.com/", "localhost", v4, false),
            ("http://user@localhost/", "localhost", v4, false),
        ] {
            let parts = parts(uri, &[("Host", host)]);
            let verdict = plain.judge(&parts, peer);
            assert_eq!(verdict.https, loopback && cfg!(debug_assertions), "{uri} {host:?} {peer:?}");
            assert_eq!(verdict.is_assumed(), verdict.https);
            assert!(!Listener::plain().judge(&parts, peer).https);
        }
        assert!(!plain.judge(&parts("/", &[]), v4).https);
        assert!(!plain.judge(&parts("/", &[("Host", "localhost"), ("Host", "localhost")]), v4).https);
        assert!(!plain.judge(&parts("http://localhost/", &[("Host", "a"), ("Host", "b")]), v4).https);
    }

    #[test]
    fn a_proxy_on_the_same_machine_is_not_loopback() {
        for name in ["Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "x-forwarded-host", "X-Forwarded-Anything"] {
            let parts = parts("/", &[("Host", "localhost"), (name, "")]);
            for listener in [Listener::plain(), Listener::per_connection(), behind()] {
                assert!(!listener.loopback_in_debug().judge(&parts, ip("::1")).https, "{name}");
            }
        }
        let near = parts("/", &[("Host", "localhost"), ("X-Forward", "")]);
        assert_eq!(Listener::plain().loopback_in_debug().judge(&near, ip("::1")).https, cfg!(debug_assertions));
    }

    #[test]
    fn loopback_is_assumed_only_where_the_listener_says_plain() {
        let parts = parts("/", &[("Host", "localhost")]);
        let tls = Listener::tls().loopback_in_debug().judge(&parts, ip("::1"));
        assert!(tls.https && !tls.is_assumed());
        for listener in [Listener::plain(), Listener::per_connection(), behind()] {
            assert_eq!(listener.loopback_in_debug().judge(&parts, ip("::1")).is_assumed(), cfg!(debug_assertions));
        }
    }
}
