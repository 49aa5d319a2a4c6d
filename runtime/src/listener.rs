//! How a request's scheme is known. In: a request's head and its peer's address; out: a [`Verdict`] with its evidence.
//! Reads no socket, allocates nothing on the way, and believes no header but the one that was chosen, from the peers
//! that were named.

use std::net::IpAddr;

use http::header::FORWARDED;
use http::request::Parts;
use http::{Extensions, HeaderMap, Method, Uri};

use crate::host::{Host, Named};
use crate::proxies::TrustedProxies;
use crate::scheme::{Ground, Https, NotLoopback, PlainHttp, Verdict};

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

    /// Reads RFC 7239's `Forwarded`, as [`TrustedProxies::forwarded`] says; of use with [`Listener::behind`] only.
    ///
    /// ```
    /// use hardtack::{Listener, TrustedProxies};
    ///
    /// let listener = Listener::behind(TrustedProxies::new(["10.0.0.1"])?).forwarded();
    /// let request = http::Request::get("/").header("Forwarded", "proto=https");
    /// let (parts, ()) = request.body(()).unwrap().into_parts();
    /// assert!(listener.scheme(&parts, Some("10.0.0.1".parse().unwrap())).is_ok());
    /// # Ok::<(), hardtack::TrustedProxiesError>(())
    /// ```
    pub fn forwarded(mut self) -> Self {
        if let Source::Behind(proxies) = self.source {
            self.source = Source::Behind(proxies.forwarded());
        }
        self
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
        self.judge_parts(parts, peer).judged()
    }

    fn judge_parts(&self, parts: &Parts, peer: Option<IpAddr>) -> Verdict {
        let Parts { method, uri, headers, extensions, .. } = parts;
        let head = Head { method, uri, headers, extensions, transport: None, peer: None };
        self.judge_from(&head, || peer.or_else(|| peer_of(extensions)))
    }

    pub(crate) fn judge(&self, head: &Head<'_>) -> Verdict {
        self.judge_from(head, || peer_of(head.extensions).or(head.peer))
    }

    fn judge_from(&self, head: &Head<'_>, peer: impl Fn() -> Option<IpAddr>) -> Verdict {
        // A dual-stack socket reports an IPv4 peer as `::ffff:a.b.c.d`.
        let peer = || peer().map(|peer| peer.to_canonical());
        let verdict = match &self.source {
            Source::PerConnection => match head.extensions.get().or(head.transport.as_ref()) {
                Some(Transport::Tls) => Verdict::https(Ground::TlsConnection),
                Some(Transport::Plain) => Verdict::plain(Ground::PlainConnection),
                None => Verdict::plain(Ground::UnmarkedConnection),
            },
            // `Uri` parses the scheme in any case and gives it in lower case.
            Source::Tls if head.uri.scheme_str() == Some("http") => Verdict::plain(Ground::PlainUri),
            Source::Tls => Verdict::https(Ground::TlsListener),
            Source::Plain => Verdict::plain(Ground::PlainListener),
            Source::Behind(proxies) => proxies.judge(head.headers, peer()),
        };
        if verdict.https || !self.loopback || !cfg!(debug_assertions) {
            return verdict;
        }
        match loopback(head, peer()) {
            Ok(()) => Verdict::https(Ground::Loopback),
            Err(why) => verdict.not_loopback(why),
        }
    }
}

/// A request's head, as far as it is asked.
#[derive(Debug)]
pub(crate) struct Head<'a> {
    pub(crate) method: &'a Method,
    /// As the client wrote it: a nested router may have stripped its prefix.
    pub(crate) uri: &'a Uri,
    /// Where a framework has header types of its own, those that [`Head::asks`] for.
    pub(crate) headers: &'a HeaderMap,
    pub(crate) extensions: &'a Extensions,
    /// What the framework itself knows of the connection; an extension of the same type goes before it.
    pub(crate) transport: Option<Transport>,
    /// The address at its other end, where the framework knows it; an extension goes before it.
    pub(crate) peer: Option<IpAddr>,
}

#[cfg(any(feature = "actix", feature = "rocket"))]
impl Head<'_> {
    /// Whether the judgement, the policy's answer or the jar asks for the field of this name.
    pub(crate) fn asks(name: &str) -> bool {
        use http::header::{ACCEPT, COOKIE, HOST};

        is_of_a_proxy(name) || [COOKIE, HOST, ACCEPT].iter().any(|asked| name.eq_ignore_ascii_case(asked.as_str()))
    }
}

/// Whether a field of this name says what a proxy saw.
fn is_of_a_proxy(name: &str) -> bool {
    name.eq_ignore_ascii_case(FORWARDED.as_str())
        || name.get(..12).is_some_and(|start| start.eq_ignore_ascii_case("x-forwarded-"))
}

/// The peer's address that the request's extensions know.
pub(crate) fn peer_of(extensions: &Extensions) -> Option<IpAddr> {
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

/// Whether a browser on this machine talks to us with nothing between that would have said so.
fn loopback(head: &Head<'_>, peer: Option<IpAddr>) -> Result<(), NotLoopback> {
    match peer {
        None => return Err(NotLoopback::PeerUnknown),
        Some(peer) if !peer.is_loopback() => return Err(NotLoopback::Peer),
        Some(_) => {}
    }
    if head.headers.keys().any(|name| is_of_a_proxy(name.as_str())) {
        return Err(NotLoopback::Forwarded);
    }
    match Named::of(head.uri, head.headers).and_then(|named| named.host().map(Host::is_loopback)) {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(NotLoopback::Host),
    }
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
        let verdict = listener.judge_parts(parts, peer);
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
        assert!(listener.judge_parts(&parts, None).https);
    }

    #[test]
    fn of_the_peer_the_caller_speaks_first_then_an_extension_then_the_framework() {
        let mut parts = parts("/", &[(XFP, "https")]);
        let judged = |parts: &Parts, peer, known| {
            let Parts { method, uri, headers, extensions, .. } = parts;
            let head = Head { method, uri, headers, extensions, transport: None, peer: known };
            let by_framework = behind().judge(&head).https;
            (behind().judge_parts(parts, peer).https, by_framework)
        };
        assert_eq!(judged(&parts, ip("10.0.0.1"), ip("10.0.0.1")), (true, true));
        assert_eq!(judged(&parts, None, None), (false, false));
        parts.extensions.insert(Peer("203.0.113.9".parse().unwrap()));
        assert_eq!(judged(&parts, ip("10.0.0.1"), ip("10.0.0.1")), (true, false));
        parts.extensions.insert(Peer("10.0.0.1".parse().unwrap()));
        assert_eq!(judged(&parts, ip("203.0.113.9"), ip("203.0.113.9")), (false, true));
    }

    #[test]
    fn a_declared_listener_is_believed_except_against_the_uri() {
        assert!(Listener::tls().judge_parts(&parts("/", &[]), None).https);
        assert!(Listener::tls().judge_parts(&parts("https://a.example/", &[]), None).https);
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
            assert_eq!(behind().judge_parts(&parts, ip("10.9.8.7")).https, https, "{lines:?}");
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
            assert_eq!(behind().judge_parts(&both, ip("10.0.0.1")).https, proto == "https");
            assert_eq!(behind_forwarded().judge_parts(&both, ip("10.0.0.1")).https, forwarded == "proto=https");
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
        assert!(!behind().judge_parts(&request, None).https);
        for proxies in [TrustedProxies::unix_only(), TrustedProxies::new(["10.0.0.1"]).unwrap().unix()] {
            let listener = Listener::behind(proxies);
            assert!(listener.judge_parts(&request, None).https);
            assert!(!listener.judge_parts(&request, ip("11.0.0.1")).https);
            is_plain(&listener, &parts("/", &[]), None, Ground::ProxySilent { header: XFP, peer: None });
        }
    }

    #[test]
    fn the_peer_comes_from_the_argument_then_from_the_extensions() {
        let mut request = parts("/", &[(XFP, "https")]);
        request.extensions.insert(Peer(ip("10.0.0.1").unwrap()));
        assert!(behind().judge_parts(&request, None).https);
        assert!(!behind().judge_parts(&request, ip("11.0.0.1")).https);
        // A known peer is not on a Unix socket.
        assert!(!Listener::behind(TrustedProxies::unix_only()).judge_parts(&request, None).https);
    }

    #[cfg(feature = "axum")]
    #[test]
    fn connect_info_is_a_peer() {
        let mut request = parts("/", &[(XFP, "https")]);
        let connected: std::net::SocketAddr = "[::ffff:10.0.0.1]:5000".parse().unwrap();
        request.extensions.insert(axum::extract::ConnectInfo(connected));
        assert!(behind().judge_parts(&request, None).https);
        request.extensions.insert(Peer(ip("11.0.0.1").unwrap()));
        assert!(!behind().judge_parts(&request, None).https);
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
            assert_eq!(behind_forwarded().judge_parts(&parts("/", &headers), ip("10.0.0.1")).https, https, "{lines:?}");
        }
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
            let verdict = plain.judge_parts(&parts, peer);
            assert_eq!(verdict.https, loopback && cfg!(debug_assertions), "{uri} {host:?} {peer:?}");
            assert_eq!(verdict.evidence == Verdict::https(Ground::Loopback).evidence, verdict.https);
            assert!(!Listener::plain().judge_parts(&parts, peer).https);
        }
        assert!(!plain.judge_parts(&parts("/", &[]), v4).https);
        assert!(!plain.judge_parts(&parts("/", &[("Host", "localhost"), ("Host", "localhost")]), v4).https);
        assert!(!plain.judge_parts(&parts("http://localhost/", &[("Host", "a"), ("Host", "b")]), v4).https);
    }

    #[test]
    fn what_keeps_loopback_from_applying_is_told() {
        let listener = Listener::plain().loopback_in_debug();
        for (host, header, peer, why) in [
            ("localhost", "X-Other", None, "the peer's address is unknown; serve with "),
            ("localhost", "X-Other", ip("192.0.2.1"), "the peer is another machine"),
            ("localhost", "X-Forwarded-For", ip("::1"), "the request carries a proxy's "),
            ("nas.lan", "X-Other", ip("127.0.0.1"), "the request's host is not `localhost`"),
        ] {
            let told = listener.judge_parts(&parts("/", &[("Host", host), (header, "x")]), peer).evidence.to_string();
            let expected = format!("the listener is declared plain HTTP; `loopback_in_debug` does not apply: {why}");
            assert_eq!(told.starts_with(&expected), cfg!(debug_assertions), "{told}");
        }
    }

    #[test]
    fn a_proxy_on_the_same_machine_is_not_loopback() {
        for name in ["Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "x-forwarded-host", "X-Forwarded-Anything"] {
            let parts = parts("/", &[("Host", "localhost"), (name, "")]);
            for listener in [Listener::plain(), Listener::per_connection(), behind()] {
                assert!(!listener.loopback_in_debug().judge_parts(&parts, ip("::1")).https, "{name}");
            }
        }
        let near = parts("/", &[("Host", "localhost"), ("X-Forward", "")]);
        assert_eq!(Listener::plain().loopback_in_debug().judge_parts(&near, ip("::1")).https, cfg!(debug_assertions));
    }

    #[test]
    fn loopback_is_assumed_only_where_the_listener_says_plain() {
        let parts = parts("/", &[("Host", "localhost")]);
        let tls = Listener::tls().loopback_in_debug().judge_parts(&parts, ip("::1"));
        assert_eq!(tls.evidence, Verdict::https(Ground::TlsListener).evidence);
        for listener in [Listener::plain(), Listener::per_connection(), behind()] {
            assert_eq!(listener.loopback_in_debug().judge_parts(&parts, ip("::1")).https, cfg!(debug_assertions));
        }
    }
}
