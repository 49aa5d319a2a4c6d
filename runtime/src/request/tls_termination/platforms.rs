//! Tests the settings on the guide's page "Where TLS ends". Each row contains the `TlsTermination` from the page, and
//! three requests as the server receives them. The first request arrived over HTTPS, and the second over plain HTTP.
//! The third request claims HTTPS, but hardtack must ignore the claim.

use std::net::IpAddr;

use http::request::Parts;

use super::TlsTermination;
use crate::TrustedProxies;
use crate::request::head::Transport;

struct Arrival {
    uri: &'static str,
    headers: &'static [(&'static str, &'static str)],
    peer: Option<&'static str>,
    transport: Option<Transport>,
}

const REQUEST: Arrival = Arrival { uri: "/", headers: &[], peer: None, transport: None };

impl Arrival {
    fn is_https(&self, termination: &TlsTermination) -> bool {
        let mut request = http::Request::get(self.uri).header("Host", "shop.example");
        for (name, value) in self.headers {
            if name.eq_ignore_ascii_case("Host") {
                request.headers_mut().unwrap().remove("Host");
            }
            request = request.header(*name, *value);
        }
        let (mut parts, ()): (Parts, ()) = request.body(()).unwrap().into_parts();
        if let Some(transport) = self.transport {
            parts.extensions.insert(transport);
        }
        let peer: Option<IpAddr> = self.peer.map(|peer| peer.parse().unwrap());
        termination.detect(&parts, peer).is_ok()
    }
}

struct Row {
    setup: &'static str,
    termination: TlsTermination,
    https: Arrival,
    plain: Arrival,
    forged: Arrival,
}

fn at(networks: &[&str]) -> TlsTermination {
    TlsTermination::at_proxy(TrustedProxies::new(networks).unwrap())
}

fn any() -> TlsTermination {
    TlsTermination::at_proxy(TrustedProxies::any())
}

fn rows() -> Vec<Row> {
    const PROTO_HTTPS: &[(&str, &str)] = &[("X-Forwarded-For", "203.0.113.7"), ("X-Forwarded-Proto", "https")];
    const PROTO_HTTP: &[(&str, &str)] = &[("X-Forwarded-For", "203.0.113.7"), ("X-Forwarded-Proto", "http")];
    // A client's claims in headers that the platform's proxy does not overwrite. The proxy itself writes
    // `X-Forwarded-Proto`.
    const OTHER_CLAIMS: &[(&str, &str)] = &[
        ("X-Forwarded-Proto", "http"),
        ("X-Forwarded-Ssl", "on"),
        ("X-Forwarded-Scheme", "https"),
        ("Front-End-Https", "on"),
        ("Forwarded", "proto=https"),
    ];
    let proxied = |setup, termination: TlsTermination, peer: &'static str| Row {
        setup,
        termination,
        https: Arrival { headers: PROTO_HTTPS, peer: Some(peer), ..REQUEST },
        plain: Arrival { headers: PROTO_HTTP, peer: Some(peer), ..REQUEST },
        forged: Arrival { headers: PROTO_HTTPS, peer: Some("198.51.100.9"), ..REQUEST },
    };
    let platform = |setup, peer: Option<&'static str>| Row {
        setup,
        termination: any(),
        https: Arrival { headers: PROTO_HTTPS, peer, ..REQUEST },
        plain: Arrival { headers: PROTO_HTTP, peer, ..REQUEST },
        forged: Arrival { headers: OTHER_CLAIMS, peer, ..REQUEST },
    };
    let own_tls = |setup| Row {
        setup,
        termination: TlsTermination::per_connection(),
        https: Arrival { peer: Some("203.0.113.7"), transport: Some(Transport::Tls), ..REQUEST },
        plain: Arrival { peer: Some("203.0.113.7"), transport: Some(Transport::Plain), ..REQUEST },
        forged: Arrival { headers: PROTO_HTTPS, transport: Some(Transport::Plain), ..REQUEST },
    };
    vec![
        own_tls("own TLS"),
        Row {
            setup: "a port for TLS only",
            termination: TlsTermination::here(),
            https: REQUEST,
            plain: Arrival { uri: "http://shop.example/", ..REQUEST },
            forged: Arrival { uri: "http://shop.example/", headers: PROTO_HTTPS, ..REQUEST },
        },
        proxied("nginx", at(&["127.0.0.1"]), "127.0.0.1"),
        Row {
            setup: "nginx on a Unix socket",
            termination: TlsTermination::at_proxy(TrustedProxies::unix_socket()),
            https: Arrival { headers: PROTO_HTTPS, ..REQUEST },
            plain: Arrival { headers: PROTO_HTTP, ..REQUEST },
            forged: Arrival { headers: PROTO_HTTPS, peer: Some("127.0.0.1"), ..REQUEST },
        },
        proxied("Caddy", at(&["127.0.0.1", "::1"]), "::1"),
        proxied("Traefik", at(&["172.16.0.0/12"]), "172.18.0.2"),
        Row {
            setup: "Traefik, WebSocket",
            termination: at(&["172.16.0.0/12"]),
            https: Arrival { headers: &[("X-Forwarded-Proto", "wss")], peer: Some("172.18.0.2"), ..REQUEST },
            plain: Arrival { headers: &[("X-Forwarded-Proto", "ws")], peer: Some("172.18.0.2"), ..REQUEST },
            forged: Arrival { headers: &[("X-Forwarded-Proto", "wss")], peer: Some("198.51.100.9"), ..REQUEST },
        },
        proxied("HAProxy", at(&["10.0.0.5"]), "10.0.0.5"),
        Row {
            setup: "HAProxy, option forwarded",
            termination: TlsTermination::at_proxy(TrustedProxies::new(["10.0.0.5"]).unwrap().forwarded()),
            https: Arrival {
                headers: &[("Forwarded", "proto=https;for=203.0.113.7")],
                peer: Some("10.0.0.5"),
                ..REQUEST
            },
            plain: Arrival {
                headers: &[("Forwarded", "proto=http;for=203.0.113.7")],
                peer: Some("10.0.0.5"),
                ..REQUEST
            },
            forged: Arrival {
                headers: &[("Forwarded", "proto=https"), ("Forwarded", "proto=http;for=203.0.113.7")],
                peer: Some("10.0.0.5"),
                ..REQUEST
            },
        },
        proxied("AWS ALB", at(&["10.0.0.0/16"]), "10.0.3.17"),
        // `tests/lambda.rs` tests this setup with whole Lambda events.
        platform("API Gateway and Lambda", None),
        proxied("Cloudflare", at(&["173.245.48.0/20", "2400:cb00::/32"]), "2400:cb00:1::7"),
        Row {
            setup: "Cloudflare, CF-Visitor",
            termination: TlsTermination::at_proxy(
                TrustedProxies::new(["173.245.48.0/20"]).unwrap().header("CF-Visitor", r#"{"scheme":"https"}"#),
            ),
            https: Arrival {
                headers: &[("CF-Visitor", r#"{"scheme":"https"}"#), ("X-Forwarded-Proto", "http")],
                peer: Some("173.245.48.1"),
                ..REQUEST
            },
            plain: Arrival {
                headers: &[("CF-Visitor", r#"{"scheme":"http"}"#)],
                peer: Some("173.245.48.1"),
                ..REQUEST
            },
            forged: Arrival {
                headers: &[("CF-Visitor", r#"{"scheme":"https"}"#)],
                peer: Some("198.51.100.9"),
                ..REQUEST
            },
        },
        Row {
            setup: "Cloudflare Workers",
            termination: TlsTermination::in_uri(),
            https: Arrival { uri: "https://shop.example/cart", ..REQUEST },
            plain: Arrival { uri: "http://shop.example/cart", ..REQUEST },
            forged: Arrival { uri: "http://shop.example/cart", headers: PROTO_HTTPS, ..REQUEST },
        },
        platform("Fly", Some("172.16.5.6")),
        platform("Render", Some("10.201.3.4")),
        platform("Heroku", Some("10.1.33.7")),
        platform("Cloud Run", Some("169.254.169.126")),
        platform("a platform, and the server does not pass the peer's address", None),
        proxied("Kubernetes ingress", at(&["10.0.0.0/8"]), "10.42.0.8"),
        proxied("Docker, proxy in a container", at(&["172.16.0.0/12"]), "172.20.0.3"),
        own_tls("mkcert"),
        Row {
            setup: "a chain of two proxies that append",
            termination: TlsTermination::at_proxy(TrustedProxies::new(["10.0.0.0/8"]).unwrap().hops(2)),
            https: Arrival { headers: &[("X-Forwarded-Proto", "https, http")], peer: Some("10.0.0.5"), ..REQUEST },
            plain: Arrival { headers: &[("X-Forwarded-Proto", "http, http")], peer: Some("10.0.0.5"), ..REQUEST },
            forged: Arrival {
                headers: &[("X-Forwarded-Proto", "https"), ("X-Forwarded-Proto", "http, http")],
                peer: Some("10.0.0.5"),
                ..REQUEST
            },
        },
    ]
}

#[test]
fn each_platform_is_detected_as_the_guide_says() {
    for Row { setup, termination, https, plain, forged } in rows() {
        assert!(https.is_https(&termination), "{setup}: HTTPS");
        assert!(!plain.is_https(&termination), "{setup}: plain HTTP");
        assert!(!forged.is_https(&termination), "{setup}: a forged claim");
    }
}

/// Development servers and containers send plain HTTP for `localhost`. In a debug build, the default setting accepts
/// these requests, even without connect info.
#[test]
fn development_works_without_configuration() {
    let host = |headers, peer| Arrival { headers, peer, ..REQUEST };
    let local = [
        ("axum::serve without connect info", host(&[("Host", "localhost:3000")], None)),
        ("axum::serve with connect info", host(&[("Host", "127.0.0.1:3000")], Some("127.0.0.1"))),
        ("published port of a container", host(&[("Host", "localhost:3000")], Some("172.17.0.1"))),
        ("published port of a container over IPv6", host(&[("Host", "localhost:3000")], Some("fd00:17::1"))),
        ("vite", host(&[("Host", "localhost:5173")], Some("127.0.0.1"))),
        (
            "vite with xfwd",
            host(
                &[
                    ("Host", "localhost:5173"),
                    ("X-Forwarded-For", "::ffff:127.0.0.1"),
                    ("X-Forwarded-Host", "localhost:5173"),
                    ("X-Forwarded-Port", "5173"),
                    ("X-Forwarded-Proto", "http"),
                ],
                Some("::1"),
            ),
        ),
        ("wrangler dev", Arrival { uri: "http://localhost:8787/", headers: &[("Host", "localhost:8787")], ..REQUEST }),
    ];
    for (setup, arrival) in local {
        for termination in [TlsTermination::per_connection(), TlsTermination::in_uri(), at(&["10.0.0.0/8"])] {
            assert_eq!(arrival.is_https(&termination), cfg!(debug_assertions), "{setup}: {termination:?}");
            assert!(!arrival.is_https(&termination.strict_loopback()), "{setup}: strict");
        }
    }
    let remote = [
        ("another machine", host(&[("Host", "localhost:3000")], Some("203.0.113.7"))),
        ("a name of the local network", host(&[("Host", "nas.lan:3000")], Some("192.168.1.20"))),
        ("a tunnel", host(&[("Host", "localhost:3000"), ("X-Forwarded-Host", "x.ngrok.app")], Some("127.0.0.1"))),
        ("a tunnel's client", host(&[("Host", "localhost"), ("X-Forwarded-For", "203.0.113.7")], Some("127.0.0.1"))),
    ];
    for (setup, arrival) in remote {
        assert!(!arrival.is_https(&TlsTermination::per_connection()), "{setup}");
    }
}
