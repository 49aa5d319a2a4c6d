//! Text in: three octets choose a listener, a peer and a policy, then a request: a line of method and target, and its
//! fields, one a line. A request counts as HTTPS where the listener's rule, written here once more, says so and nowhere
//! else; what the policy answers over plain HTTP is a refusal, or a redirect to the same URL on the same host.

#![no_main]

use std::net::IpAddr;
use std::sync::LazyLock;

use hardtack::{ForceHttps, Https, Listener, Peer, PlainHttp, Policy, PolicyLayer, Transport, TrustedProxies};
use hardtack_fuzz::{exchange, trimmed};
use http::header::{ACCEPT, CACHE_CONTROL, HOST, LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use libfuzzer_sys::fuzz_target;
use url::Url;

/// Where a listener's word comes from, in the terms of this file.
#[derive(Clone, Copy)]
enum Source {
    Tls,
    Plain,
    PerConnection,
    XForwardedProto { trusts: fn(Option<IpAddr>) -> bool },
    Forwarded { trusts: fn(Option<IpAddr>) -> bool },
}

struct Case {
    listener: Listener,
    source: Source,
    loopback: bool,
}

static LISTENERS: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let networks = || TrustedProxies::new(["10.0.0.0/8", "::1", "2001:db8::/32"]).expect("networks");
    let one = || TrustedProxies::new(["10.0.0.1"]).expect("an address").unix();
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
    let case = |listener, source| Case { listener, source, loopback: false };
    let loopback = |case: Case| Case { listener: case.listener.loopback_in_debug(), loopback: true, ..case };
    vec![
        case(Listener::behind(networks()), Source::XForwardedProto { trusts: in_networks }),
        case(Listener::behind(networks().forwarded()), Source::Forwarded { trusts: in_networks }),
        case(Listener::behind(one()), Source::XForwardedProto { trusts: is_one }),
        case(Listener::behind(one()).forwarded(), Source::Forwarded { trusts: is_one }),
        case(Listener::behind(TrustedProxies::unix_only()), Source::XForwardedProto { trusts: is_unix }),
        case(Listener::tls(), Source::Tls),
        case(Listener::per_connection(), Source::PerConnection),
        loopback(case(Listener::plain(), Source::Plain)),
        loopback(case(Listener::behind(networks()), Source::XForwardedProto { trusts: in_networks })),
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

/// A policy's `force_https`, in the terms of this file.
struct Force {
    force: ForceHttps,
    is_on: bool,
    hosts: Option<&'static [&'static str]>,
    port: Option<u16>,
}

fn forces() -> [Force; 4] {
    const HOSTS: &[&str] = &["www.example.com", "example.com", "192.0.2.7", "[2001:db8::1]"];
    let on = || ForceHttps::on().integrations(["/api"]).exempt(["/health"]);
    [
        Force { force: on(), is_on: true, hosts: None, port: None },
        Force { force: on().hosts(HOSTS.iter().copied()), is_on: true, hosts: Some(HOSTS), port: None },
        Force { force: on().https_port(8443), is_on: true, hosts: None, port: Some(8443) },
        Force { force: ForceHttps::off(), is_on: false, hosts: None, port: None },
    ]
}

static LAYERS: LazyLock<Vec<Vec<PolicyLayer>>> = LazyLock::new(|| {
    let layers = |force: Force| {
        let policy = Policy::builder().force_https(force.force).build().expect("a policy");
        LISTENERS.iter().map(|case| policy.layer(case.listener.clone())).collect()
    };
    forces().into_iter().map(layers).collect()
});

fuzz_target!(|input: &[u8]| {
    let [listener, peer, policy, rest @ ..] = input else { return };
    // Digits, so that the seeds can be read.
    let number = |octet: &u8, below: usize| usize::from(octet.wrapping_sub(b'0')) % below;
    let (listener, policy) = (number(listener, LISTENERS.len()), number(policy, LAYERS.len()));
    // A peer is known by an argument, or by an extension; a transport by another.
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
    let case = &LISTENERS[listener];
    let (parts, ()) = request.into_parts();
    let judged: Result<Https, PlainHttp> = case.listener.scheme(&parts, peer.filter(|_| !is_extension));
    let mut request = Request::from_parts(parts, ());
    if let Err(plain) = &judged {
        assert!(!plain.to_string().is_empty() && !plain.to_string().contains(char::is_control));
    }
    let is_https = rule(case.source, &request, peer, transport);
    let is_loopback = case.loopback && !is_https && loopback(&request, peer);
    assert_eq!(judged.is_ok(), is_https || is_loopback, "{request:?} from {peer:?}");

    // Under the layer, which takes the peer from the extensions.
    if let Some(peer) = peer {
        request.extensions_mut().insert(Peer(peer));
    }
    let asked = Asked::of(&request);
    let fields = [(SET_COOKIE, HeaderValue::from_static("a=1; Secure"))].into_iter().collect();
    let (response, reached) = exchange(&LAYERS[policy][listener], request, fields);
    let headers = response.headers();
    assert_eq!(headers.contains_key(SET_COOKIE), reached && judged.is_ok(), "Secure leaves over HTTPS alone");
    assert!(!headers.contains_key("strict-transport-security") || is_https);
    answered(&forces()[policy], &asked, judged.is_ok(), reached, response.status(), headers);
});

/// `GET /target`, and fields.
fn request(text: &[u8]) -> Option<Request<()>> {
    let mut lines = text.split(|octet| *octet == b'\n');
    let line = lines.next()?;
    let space = line.iter().position(|octet| *octet == b' ')?;
    let mut request = Request::builder().method(&line[..space]).uri(&line[space + 1..]);
    for line in lines {
        let Some(colon) = line.iter().position(|octet| *octet == b':') else { continue };
        let name = HeaderName::from_bytes(&line[..colon]);
        let value = HeaderValue::from_bytes(trimmed(&line[colon + 1..]));
        if let (Ok(name), Ok(value)) = (name, value) {
            request = request.header(name, value);
        }
    }
    request.body(()).ok()
}

fn rule(source: Source, request: &Request<()>, peer: Option<IpAddr>, transport: Option<Transport>) -> bool {
    let lines =
        |name: &str| -> Vec<&[u8]> { request.headers().get_all(name).iter().map(HeaderValue::as_bytes).collect() };
    match source {
        Source::Tls => request.uri().scheme_str() != Some("http"),
        Source::Plain => false,
        Source::PerConnection => transport == Some(Transport::Tls),
        Source::XForwardedProto { trusts } => {
            let all = lines("x-forwarded-proto").join(&b","[..]);
            let is_there = request.headers().contains_key("x-forwarded-proto");
            trusts(peer) && is_there && all.split(|octet| *octet == b',').all(|element| is_https(trimmed(element)))
        }
        Source::Forwarded { trusts } => {
            let lines = lines("forwarded");
            trusts(peer) && !lines.is_empty() && lines.iter().all(|line| forwarded(line))
        }
    }
}

fn is_https(protocol: &[u8]) -> bool {
    let protocol = protocol.to_ascii_lowercase();
    protocol == b"https" || protocol == b"wss"
}

/// RFC 7239 4, read octet by octet: elements between commas, in each pairs between semicolons, which may be empty, one of
/// them `proto`; white space around pairs.
fn forwarded(mut rest: &[u8]) -> bool {
    const TCHARS: &[u8] = b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    fn token<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
        let length = rest.iter().take_while(|octet| TCHARS.contains(octet)).count();
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
    let mut protos = vec![];
    loop {
        while let [b' ' | b'\t', after @ ..] = rest {
            rest = after;
        }
        if !matches!(rest, [] | [b',' | b';', ..]) {
            let Some(name) = token(&mut rest) else { return false };
            let [b'=', after @ ..] = rest else { return false };
            rest = after;
            let value = if rest.starts_with(b"\"") { quoted(&mut rest) } else { token(&mut rest) };
            let Some(value) = value else { return false };
            if name.eq_ignore_ascii_case(b"proto") {
                protos.push(value);
            }
            while let [b' ' | b'\t', after @ ..] = rest {
                rest = after;
            }
        }
        match rest {
            [b';', after @ ..] => rest = after,
            [] | [b',', ..] => {
                if !matches!(protos.as_slice(), [proto] if is_https(proto)) {
                    return false;
                }
                protos.clear();
                match rest {
                    [_, after @ ..] => rest = after,
                    [] => return true,
                }
            }
            _ => return false,
        }
    }
}

/// What a debug build counts as HTTPS: this machine on both ends, and nobody between who says so.
fn loopback(request: &Request<()>, peer: Option<IpAddr>) -> bool {
    let forwarded =
        request.headers().keys().any(|name| name == "forwarded" || name.as_str().starts_with("x-forwarded-"));
    let named = Asked::of(request).host;
    let is_loopback_name = named.is_some_and(|host| {
        let host = host.to_ascii_lowercase();
        let name = host.strip_suffix('.').unwrap_or(&host);
        let is_address = host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback());
        host == "[::1]"
            || host == "[0:0:0:0:0:0:0:1]"
            || bracketed(&host) == Some(1)
            || is_address
            || name == "localhost"
            || name.ends_with(".localhost")
    });
    peer.is_some_and(|peer| peer.to_canonical().is_loopback()) && !forwarded && is_loopback_name
}

fn bracketed(host: &str) -> Option<u128> {
    let address: std::net::Ipv6Addr = host.strip_prefix('[')?.strip_suffix(']')?.parse().ok()?;
    Some(address.into())
}

/// A request, as far as a redirect is concerned.
struct Asked {
    method: String,
    path: String,
    target: String,
    names_html: bool,
    /// The one host that the request names, where it is a name or an address as RFC 3986 has it, with nothing else but a
    /// port.
    host: Option<String>,
}

impl Asked {
    fn of(request: &Request<()>) -> Self {
        let (uri, headers) = (request.uri(), request.headers());
        let mut fields = headers.get_all(HOST).iter();
        let authority = match (uri.authority(), fields.next(), fields.next()) {
            (_, _, Some(_)) | (None, None, None) => None,
            (Some(authority), ..) => Some(authority.as_str()),
            (None, Some(field), None) => field.to_str().ok(),
        };
        let path = uri.path().to_owned();
        let accept = headers.get_all(ACCEPT).iter().map(HeaderValue::as_bytes).collect::<Vec<_>>().join(&b","[..]);
        Asked {
            method: request.method().to_string(),
            target: uri.query().map_or(path.clone(), |query| format!("{path}?{query}")),
            path,
            names_html: accept.to_ascii_lowercase().windows(9).any(|window| window == b"text/html"),
            host: authority.and_then(host).map(str::to_owned),
        }
    }
}

/// The host of `host [ ":" port ]`.
fn host(authority: &str) -> Option<&str> {
    let end = match authority.find(']') {
        Some(end) => end + 1,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, port) = authority.split_at(end);
    let is_port = port.is_empty()
        || port == ":"
        || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok() && !port.starts_with('+'));
    let is_name = host.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_' | b'.'));
    let is_host = if host.starts_with('[') {
        bracketed(host).is_some()
    } else {
        !host.is_empty() && is_name && !host.starts_with('.') && !host.contains("..")
    };
    (is_host && is_port).then_some(host)
}

fn answered(force: &Force, asked: &Asked, is_https: bool, reached: bool, status: StatusCode, headers: &HeaderMap) {
    if is_https || !force.is_on || asked.path == "/health" {
        assert!(reached && status == StatusCode::OK && !headers.contains_key(LOCATION));
        return;
    }
    assert!(!reached, "plain HTTP reached {}", asked.path);
    let Some(location) = headers.get(LOCATION) else {
        assert_eq!(status, StatusCode::FORBIDDEN);
        return;
    };
    assert_eq!(status, StatusCode::PERMANENT_REDIRECT);
    assert_eq!(headers[CACHE_CONTROL], "no-store");
    assert!(matches!(asked.method.as_str(), "GET" | "HEAD") && asked.names_html, "an integration is not redirected");
    assert!(asked.path != "/api" && !asked.path.starts_with("/api/"));

    // The same URL, octet by octet.
    let location = std::str::from_utf8(location.as_bytes()).expect("UTF-8");
    let host = asked.host.as_deref().expect("without a host there is nothing to redirect to");
    let port = force.port.map_or(String::new(), |port| format!(":{port}"));
    assert_eq!(location, format!("https://{host}{port}{}", asked.target));
    let plain_host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    if let Some(hosts) = force.hosts {
        assert!(hosts.contains(&plain_host.as_str()), "{host}");
    }

    // What a browser makes of it is on that host too. One that is no URL to it leads nowhere: a name with `xn--` must be
    // Punycode there.
    let Ok(url) = Url::parse(location) else {
        assert!(plain_host.contains("xn--"), "{location}");
        return;
    };
    assert_eq!((url.scheme(), url.username(), url.password(), url.port()), ("https", "", None, force.port));
    let found = url.host_str().expect("a host");
    let is_same = match bracketed(host) {
        Some(address) => bracketed(found) == Some(address),
        None => found.strip_suffix('.').unwrap_or(found) == plain_host,
    };
    assert!(is_same, "{location} leads to {found}");
}
