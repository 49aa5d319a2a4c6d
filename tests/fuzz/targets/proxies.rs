//! Detects the scheme of a request, and sends the request through the policy's layer. The first three bytes of the
//! input select the TLS termination, the peer and the policy. The rest of the input is the request. The request's first
//! line has the method and the target. Each following line is a header. The target checks:
//!
//! - The library detects the same scheme as a second implementation of scheme detection in this file.
//! - If the policy forces HTTPS, a plain HTTP request is refused, or redirected to the same URL on the same host.

#![no_main]

use std::net::IpAddr;
use std::sync::LazyLock;

use hardtack::policy::ForceHttps;
use hardtack::tls::{Peer, Transport};
use hardtack::tower::PolicyLayer;
use hardtack::{Https, PlainHttp, Policy, TlsTermination, TrustedProxies};
use hardtack_fuzz::{send, trim};
use http::header::{ACCEPT, CACHE_CONTROL, HOST, LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use libfuzzer_sys::fuzz_target;
use url::Url;

/// The signal from which a `TlsTermination` detects the scheme of a request. `Source` is only for this file's second
/// implementation of scheme detection.
#[derive(Clone, Copy)]
enum Source {
    Here,
    None,
    PerConnection,
    Uri,
    XForwardedProto { trusts: fn(Option<IpAddr>) -> bool },
    Forwarded { trusts: fn(Option<IpAddr>) -> bool },
}

struct Case {
    tls_termination: TlsTermination,
    source: Source,
    /// True if loopback counts as HTTPS.
    loopback: bool,
}

static TLS_TERMINATIONS: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let networks = || TrustedProxies::new(["10.0.0.0/8", "::1", "2001:db8::/32"]).expect("networks");
    let one = || TrustedProxies::new(["10.0.0.1"]).expect("an address").with_unix_socket();
    fn in_networks(peer: Option<IpAddr>) -> bool {
        match peer.map(|peer| peer.to_canonical()) {
            Some(IpAddr::V4(peer)) => peer.octets()[0] == 10,
            Some(IpAddr::V6(peer)) => {
                peer.segments() == [0, 0, 0, 0, 0, 0, 0, 1] || peer.segments()[..2] == [0x2001, 0xdb8]
            }
            None => false,
        }
    }
    fn is_one(peer: Option<IpAddr>) -> bool {
        peer.is_none_or(|peer| peer.to_canonical().to_string() == "10.0.0.1")
    }
    fn is_unix(peer: Option<IpAddr>) -> bool {
        peer.is_none()
    }
    let case = |tls_termination: TlsTermination, source| Case {
        tls_termination: tls_termination.strict_loopback(),
        source,
        loopback: false,
    };
    let loopback = |tls_termination, source| Case { tls_termination, source, loopback: true };
    vec![
        case(TlsTermination::at_proxy(networks()), Source::XForwardedProto { trusts: in_networks }),
        case(TlsTermination::at_proxy(networks().forwarded()), Source::Forwarded { trusts: in_networks }),
        case(TlsTermination::at_proxy(one()), Source::XForwardedProto { trusts: is_one }),
        case(TlsTermination::at_proxy(one().forwarded()), Source::Forwarded { trusts: is_one }),
        case(TlsTermination::at_proxy(TrustedProxies::unix_socket()), Source::XForwardedProto { trusts: is_unix }),
        case(TlsTermination::here(), Source::Here),
        case(TlsTermination::per_connection(), Source::PerConnection),
        loopback(TlsTermination::per_connection(), Source::PerConnection),
        loopback(TlsTermination::at_proxy(networks()), Source::XForwardedProto { trusts: in_networks }),
        case(TlsTermination::none(), Source::None),
        loopback(TlsTermination::in_uri(), Source::Uri),
    ]
});

const PEERS: [Option<&str>; 10] = [
    None,
    Some("10.0.0.1"),
    Some("10.255.0.2"),
    Some("::ffff:10.0.0.1"),
    Some("::1"),
    Some("2001:db8:ffff::7"),
    Some("127.0.0.1"),
    Some("11.0.0.1"),
    Some("2001:db9::1"),
    Some("::10.0.0.1"),
];

/// A value for the policy's setting `force_https`, and the parts of that value that the checks need.
struct ForceCase {
    setting: ForceHttps,
    is_on: bool,
    hosts: Option<&'static [&'static str]>,
    port: Option<u16>,
}

fn force_cases() -> [ForceCase; 4] {
    const HOSTS: &[&str] = &["www.example.com", "example.com", "192.0.2.7", "[2001:db8::1]"];
    let on = || ForceHttps::on().api_paths(["/api"]).exempt(["/health"]);
    [
        ForceCase { setting: on(), is_on: true, hosts: None, port: None },
        ForceCase { setting: on().hosts(HOSTS.iter().copied()), is_on: true, hosts: Some(HOSTS), port: None },
        ForceCase { setting: on().https_port(8443), is_on: true, hosts: None, port: Some(8443) },
        ForceCase { setting: ForceHttps::off(), is_on: false, hosts: None, port: None },
    ]
}

static LAYERS: LazyLock<Vec<Vec<PolicyLayer>>> = LazyLock::new(|| {
    let layers = |force: ForceCase| {
        let policy = Policy::builder().force_https(force.setting).build().expect("a policy");
        TLS_TERMINATIONS.iter().map(|case| policy.layer(case.tls_termination.clone())).collect()
    };
    force_cases().into_iter().map(layers).collect()
});

fuzz_target!(|input: &[u8]| {
    let [termination, peer, policy, rest @ ..] = input else { return };
    // Digits in the input select items of a table, so that the seeds are readable. The digit `0` selects the first
    // item.
    let number = |byte: &u8, below: usize| usize::from(byte.wrapping_sub(b'0')) % below;
    let (termination, policy) = (number(termination, TLS_TERMINATIONS.len()), number(policy, LAYERS.len()));
    // The peer's address is an argument of the call or an extension of the request. The connection's transport is
    // always an extension of the request.
    let is_extension = *peer & 0x40 != 0;
    let transport = [None, Some(Transport::Tls), Some(Transport::Plain)][usize::from(*peer >> 4 & 3) % 3];
    let peer = PEERS[usize::from(*peer & 15) % PEERS.len()].map(|peer| peer.parse::<IpAddr>().expect("an address"));
    let Some(mut request) = request(rest) else { return };
    if let Some(transport) = transport {
        request.extensions_mut().insert(transport);
    }
    if let (Some(peer), true) = (peer, is_extension) {
        request.extensions_mut().insert(Peer(peer));
    }
    let case = &TLS_TERMINATIONS[termination];
    let (parts, ()) = request.into_parts();
    let detected: Result<Https, PlainHttp> = case.tls_termination.detect(&parts, peer.filter(|_| !is_extension));
    let mut request = Request::from_parts(parts, ());
    if let Err(plain) = &detected {
        assert!(!plain.to_string().is_empty() && !plain.to_string().contains(char::is_control));
    }
    let is_https = is_https_request(case.source, &request, peer, transport);
    let is_loopback =
        case.loopback && !is_https && !is_stated(case.source, &request, peer) && is_loopback_request(&request, peer);
    assert_eq!(detected.is_ok(), is_https || is_loopback, "{request:?} from {peer:?}");

    // The layer reads the peer from the request's extensions.
    if let Some(peer) = peer {
        request.extensions_mut().insert(Peer(peer));
    }
    let facts = RequestFacts::from_request(&request);
    let set_cookie = [(SET_COOKIE, HeaderValue::from_static("a=1; Secure"))].into_iter().collect();
    let (response, reached) = send(&LAYERS[policy][termination], request, set_cookie);
    let headers = response.headers();
    let is_sent = headers.contains_key(SET_COOKIE);
    assert_eq!(is_sent, reached && detected.is_ok(), "a Secure cookie is sent over HTTPS only");
    assert!(!headers.contains_key("strict-transport-security") || is_https);
    check_response(&force_cases()[policy], &facts, detected.is_ok(), reached, response.status(), headers);
});

/// Parses a request. The first line of `text` has a form such as `GET /target`. Each following line is a header.
fn request(text: &[u8]) -> Option<Request<()>> {
    let mut lines = text.split(|byte| *byte == b'\n');
    let line = lines.next()?;
    let space = line.iter().position(|byte| *byte == b' ')?;
    let mut request = Request::builder().method(&line[..space]).uri(&line[space + 1..]);
    for line in lines {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let name = HeaderName::from_bytes(&line[..colon]);
        let value = HeaderValue::from_bytes(trim(&line[colon + 1..]));
        if let (Ok(name), Ok(value)) = (name, value) {
            request = request.header(name, value);
        }
    }
    request.body(()).ok()
}

fn is_https_request(source: Source, request: &Request<()>, peer: Option<IpAddr>, transport: Option<Transport>) -> bool {
    let values =
        |name: &str| -> Vec<&[u8]> { request.headers().get_all(name).iter().map(HeaderValue::as_bytes).collect() };
    match source {
        Source::Here => request.uri().scheme_str() != Some("http"),
        Source::None => false,
        Source::PerConnection => transport == Some(Transport::Tls),
        Source::Uri => request.uri().scheme_str() == Some("https"),
        Source::XForwardedProto { trusts } => {
            let all = values("x-forwarded-proto").join(&b","[..]);
            let is_present = request.headers().contains_key("x-forwarded-proto");
            trusts(peer) && is_present && all.split(|byte| *byte == b',').all(|element| is_https(trim(element)))
        }
        Source::Forwarded { trusts } => {
            let values = values("forwarded");
            trusts(peer) && !values.is_empty() && values.iter().all(|value| is_forwarded_https(value))
        }
    }
}

fn is_https(protocol: &[u8]) -> bool {
    let protocol = protocol.to_ascii_lowercase();
    protocol == b"https" || protocol == b"wss"
}

/// Returns true if each element of a `Forwarded` header value states HTTPS. Each element must have exactly one `proto`,
/// and the `proto` must be HTTPS.
fn is_forwarded_https(value: &[u8]) -> bool {
    parse_forwarded(value).is_some_and(|elements| {
        elements.iter().all(|pairs| {
            let protos: Vec<_> = pairs.iter().filter(|(name, _)| name == b"proto").collect();
            matches!(protos.as_slice(), [(_, proto)] if is_https(proto))
        })
    })
}

type Pairs<'a> = Vec<(Vec<u8>, &'a [u8])>;

/// Parses a `Forwarded` header value (RFC 7239 4). Returns the pairs of each element, with names in lower case. Commas
/// separate the elements of the header. Semicolons separate the pairs of an element. A pair may be empty. White space
/// may surround a pair. Returns `None` if the value is malformed.
fn parse_forwarded(mut rest: &[u8]) -> Option<Vec<Pairs<'_>>> {
    const TCHARS: &[u8] = b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    fn token<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
        let length = rest.iter().take_while(|byte| TCHARS.contains(byte)).count();
        let (token, after) = rest.split_at(length);
        *rest = after;
        (length > 0).then_some(token)
    }
    fn quoted<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
        let inner = &rest[1..];
        let mut at = 0;
        loop {
            match inner.get(at)? {
                b'\\' => at += 2,
                b'"' => break,
                _ => at += 1,
            }
        }
        *rest = &inner[at + 1..];
        Some(&inner[..at])
    }
    let (mut elements, mut pairs) = (vec![], vec![]);
    loop {
        while let [b' ' | b'\t', after @ ..] = rest {
            rest = after;
        }
        if !matches!(rest, [] | [b',' | b';', ..]) {
            let name = token(&mut rest)?;
            let [b'=', after @ ..] = rest else { return None };
            rest = after;
            let value = if rest.starts_with(b"\"") { quoted(&mut rest)? } else { token(&mut rest)? };
            pairs.push((name.to_ascii_lowercase(), value));
            while let [b' ' | b'\t', after @ ..] = rest {
                rest = after;
            }
        }
        match rest {
            [b';', after @ ..] => rest = after,
            [] => {
                elements.push(pairs);
                return Some(elements);
            }
            [b',', after @ ..] => {
                elements.push(std::mem::take(&mut pairs));
                rest = after;
            }
            _ => return None,
        }
    }
}

/// Returns true if a trusted proxy stated the scheme of the request.
fn is_stated(source: Source, request: &Request<()>, peer: Option<IpAddr>) -> bool {
    match source {
        Source::XForwardedProto { trusts } => trusts(peer) && request.headers().contains_key("x-forwarded-proto"),
        Source::Forwarded { trusts } => trusts(peer) && request.headers().contains_key("forwarded"),
        Source::Here | Source::None | Source::PerConnection | Source::Uri => false,
    }
}

/// Returns true if a debug build counts the request as HTTPS. The host must be loopback. The peer must be local or
/// unknown. Each forwarding header must name only loopback hosts and local clients.
fn is_loopback_request(request: &Request<()>, peer: Option<IpAddr>) -> bool {
    let elements = |name: &str| -> Vec<String> {
        let values = request.headers().get_all(name).iter().map(HeaderValue::as_bytes);
        let elements = values.flat_map(|value| value.split(|byte| *byte == b','));
        elements.map(|element| String::from_utf8_lossy(trim(element)).into_owned()).collect()
    };
    let is_forwarded_local =
        request.headers().get_all("forwarded").iter().all(|value| is_local_forwarded(value.as_bytes()));
    peer.is_none_or(is_local)
        && ["x-forwarded-for", "x-real-ip"].iter().all(|name| elements(name).iter().all(|node| is_local_node(node)))
        && elements("x-forwarded-host").iter().all(|host| parse_host(host).is_some_and(is_loopback_name))
        && is_forwarded_local
        && RequestFacts::from_request(request).host.is_some_and(|host| is_loopback_name(&host))
}

fn is_local(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_loopback() || address.is_private(),
        IpAddr::V6(address) => address.is_loopback() || address.octets()[0] & 0xfe == 0xfc,
    }
}

/// Returns true for a local address, with or without brackets and port.
fn is_local_node(node: &str) -> bool {
    let address = match node.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inner) => inner.parse::<std::net::Ipv6Addr>().ok().map(IpAddr::from),
        None => node.parse().ok().or_else(|| node.parse::<std::net::SocketAddr>().ok().map(|socket| socket.ip())),
    };
    address.is_some_and(is_local)
}

/// Returns true if a `Forwarded` header value is well-formed, and each `for` and `host` is local.
fn is_local_forwarded(value: &[u8]) -> bool {
    parse_forwarded(value).is_some_and(|elements| {
        elements.iter().flatten().all(|(name, value)| {
            let value = String::from_utf8_lossy(value);
            match &name[..] {
                b"for" => is_local_node(&value),
                b"host" => parse_host(&value).is_some_and(is_loopback_name),
                _ => true,
            }
        })
    })
}

/// Returns true for a loopback name and a loopback address without a port.
fn is_loopback_name(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let name = host.strip_suffix('.').unwrap_or(&host);
    let is_address = host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback());
    parse_bracketed(&host) == Some(1) || is_address || name == "localhost" || name.ends_with(".localhost")
}

/// Parses an IPv6 address in brackets.
fn parse_bracketed(host: &str) -> Option<u128> {
    let address: std::net::Ipv6Addr = host.strip_prefix('[')?.strip_suffix(']')?.parse().ok()?;
    Some(address.into())
}

/// The parts of a request from which hardtack chooses a redirect, and the URL of the redirect.
struct RequestFacts {
    method: String,
    path: String,
    target: String,
    accepts_html: bool,
    /// The request's host without the port. The field is `None` if the host is missing or invalid (RFC 3986), or if the
    /// request has several `Host` headers.
    host: Option<String>,
}

impl RequestFacts {
    fn from_request(request: &Request<()>) -> Self {
        let (uri, headers) = (request.uri(), request.headers());
        let mut hosts = headers.get_all(HOST).iter();
        let authority = match (uri.authority(), hosts.next(), hosts.next()) {
            (_, _, Some(_)) | (None, None, None) => None,
            (Some(authority), ..) => Some(authority.as_str()),
            (None, Some(host), None) => host.to_str().ok(),
        };
        let path = uri.path().to_owned();
        let accept = headers.get_all(ACCEPT).iter().map(HeaderValue::as_bytes).collect::<Vec<_>>().join(&b","[..]);
        RequestFacts {
            method: request.method().to_string(),
            target: uri.query().map_or(path.clone(), |query| format!("{path}?{query}")),
            path,
            accepts_html: accept.to_ascii_lowercase().windows(9).any(|window| window == b"text/html"),
            host: authority.and_then(parse_host).map(str::to_owned),
        }
    }
}

/// Parses a text with the form `host [ ":" port ]`. Returns the host, or `None` if the text is invalid.
fn parse_host(authority: &str) -> Option<&str> {
    let end = match authority.find(']') {
        Some(end) => end + 1,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, port) = authority.split_at(end);
    let is_port = port.is_empty()
        || port == ":"
        || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok() && !port.starts_with('+'));
    let is_name = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    let is_host = if host.starts_with('[') {
        parse_bracketed(host).is_some()
    } else {
        !host.is_empty() && is_name && !host.starts_with('.') && !host.contains("..")
    };
    (is_host && is_port).then_some(host)
}

/// Checks the response. The policy passes a request to the application, refuses the request, or redirects the request.
/// The policy's settings decide which of the three responses is correct.
fn check_response(
    force: &ForceCase,
    request: &RequestFacts,
    is_https: bool,
    reached: bool,
    status: StatusCode,
    headers: &HeaderMap,
) {
    let token = request.path.strip_prefix("/.well-known/acme-challenge/").unwrap_or_default();
    let is_challenge = matches!(request.method.as_str(), "GET" | "HEAD")
        && !token.is_empty()
        && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if is_https || !force.is_on || request.path == "/health" || is_challenge {
        assert!(reached && status == StatusCode::OK && !headers.contains_key(LOCATION));
        return;
    }
    assert!(!reached, "a plain HTTP request reached {}", request.path);
    let Some(location) = headers.get(LOCATION) else {
        assert_eq!(status, StatusCode::FORBIDDEN);
        return;
    };
    assert_eq!(status, StatusCode::PERMANENT_REDIRECT);
    assert_eq!(headers[CACHE_CONTROL], "no-store");
    let is_page = matches!(request.method.as_str(), "GET" | "HEAD") && request.accepts_html;
    assert!(is_page, "a request that is not for a page was redirected");
    assert!(request.path != "/api" && !request.path.starts_with("/api/"));

    // The URL of the redirect contains every byte of the request's host and target.
    let location = std::str::from_utf8(location.as_bytes()).expect("UTF-8");
    let host = request.host.as_deref().expect("a redirect needs a host");
    let port = force.port.map_or(String::new(), |port| format!(":{port}"));
    assert_eq!(location, format!("https://{host}{port}{}", request.target));
    let plain_host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    if let Some(hosts) = force.hosts {
        assert!(hosts.contains(&plain_host.as_str()), "{host}");
    }
    let is_local = plain_host == "localhost" || plain_host.ends_with(".localhost") || plain_host == "[::1]";
    assert!(!is_local || force.port.is_some(), "a redirect to {host} without a port");

    // A browser parses the redirect URL and finds the request's host. A browser rejects the redirect URL only if the
    // host has an `xn--` label with invalid Punycode.
    let Ok(url) = Url::parse(location) else {
        assert!(plain_host.contains("xn--"), "{location}");
        return;
    };
    assert_eq!((url.scheme(), url.username(), url.password(), url.port()), ("https", "", None, force.port));
    let found = url.host_str().expect("a host");
    let is_same = match parse_bracketed(host) {
        Some(address) => parse_bracketed(found) == Some(address),
        None => found.strip_suffix('.').unwrap_or(found) == plain_host,
    };
    assert!(is_same, "{location} has the host {found} in a browser");
}
