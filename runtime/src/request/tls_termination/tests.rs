use std::net::IpAddr;

use http::request::Parts;

use super::TlsTermination;
use crate::request::evidence::DecisionBasis;
use crate::request::head::{Peer, RequestHead, Transport};
use crate::request::proxies::TrustedProxies;
use crate::request::scheme::Verdict;

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

fn at_proxy() -> TlsTermination {
    TlsTermination::at_proxy(TrustedProxies::new(["10.0.0.0/8", "::1", "fd00::/8"]).unwrap())
}

fn at_proxy_with_forwarded() -> TlsTermination {
    TlsTermination::at_proxy(TrustedProxies::new(["10.0.0.1"]).unwrap().forwarded())
}

fn verdict(termination: &TlsTermination, parts: &Parts, peer: Option<IpAddr>) -> Verdict {
    termination.verdict(&RequestHead { caller_peer: peer, ..RequestHead::from_parts(parts) })
}

#[track_caller]
fn assert_plain(termination: &TlsTermination, parts: &Parts, peer: Option<IpAddr>, basis: DecisionBasis) {
    let found = verdict(termination, parts, peer);
    assert!(!found.https, "{parts:?}");
    assert_eq!(found.evidence, Verdict::plain(basis).evidence);
}

const XFP: &str = "X-Forwarded-Proto";

#[test]
fn transport_of_the_accept_loop_decides() {
    let termination = TlsTermination::per_connection();
    let mut parts = parts("https://example.com/", &[(XFP, "https")]);
    assert_plain(&termination, &parts, ip("10.0.0.1"), DecisionBasis::UnmarkedConnection);
    parts.extensions.insert(Transport::Plain);
    assert_plain(&termination, &parts, ip("10.0.0.1"), DecisionBasis::PlainConnection);
    parts.extensions.insert(Transport::Tls);
    assert!(verdict(&termination, &parts, None).https);
}

#[test]
fn caller_peer_precedes_extension_precedes_socket() {
    let mut parts = parts("/", &[(XFP, "https")]);
    let is_https = |parts: &Parts, peer, socket_peer| {
        let by_framework = at_proxy().verdict(&RequestHead { socket_peer, ..RequestHead::from_parts(parts) }).https;
        (verdict(&at_proxy(), parts, peer).https, by_framework)
    };
    assert_eq!(is_https(&parts, ip("10.0.0.1"), ip("10.0.0.1")), (true, true));
    assert_eq!(is_https(&parts, None, None), (false, false));
    parts.extensions.insert(Peer("203.0.113.9".parse().unwrap()));
    assert_eq!(is_https(&parts, ip("10.0.0.1"), ip("10.0.0.1")), (true, false));
    parts.extensions.insert(Peer("10.0.0.1".parse().unwrap()));
    assert_eq!(is_https(&parts, ip("203.0.113.9"), ip("203.0.113.9")), (false, true));
}

#[test]
fn here_is_https_unless_uri_is_http() {
    assert!(verdict(&TlsTermination::here(), &parts("/", &[]), None).https);
    assert!(verdict(&TlsTermination::here(), &parts("https://a.example/", &[]), None).https);
    assert_plain(&TlsTermination::here(), &parts("http://a.example/", &[]), None, DecisionBasis::PlainUri);
    assert_plain(&TlsTermination::here(), &parts("HTTP://a.example/", &[]), None, DecisionBasis::PlainUri);
    assert_plain(
        &TlsTermination::none(),
        &parts("https://a.example/", &[(XFP, "https")]),
        None,
        DecisionBasis::PlainSocket,
    );
}

#[test]
fn trusted_proxy_decides_both_ways() {
    for (values, https) in [
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
        let headers: Vec<_> = values.iter().map(|value| (XFP, *value)).collect();
        let parts = parts("http://example.com/", &headers);
        assert_eq!(verdict(&at_proxy(), &parts, ip("10.9.8.7")).https, https, "{values:?}");
    }
}

#[test]
fn missing_proxy_header_counts_as_plain() {
    let silent = DecisionBasis::ProxySilent { header: XFP, peer: ip("10.0.0.1") };
    assert_plain(&at_proxy(), &parts("https://example.com/", &[]), ip("10.0.0.1"), silent);
    let ssl = parts("/", &[("X-Forwarded-Ssl", "on"), ("Front-End-Https", "on"), ("X-Forwarded-Scheme", "https")]);
    assert_plain(&at_proxy(), &ssl, ip("10.0.0.1"), silent);
}

#[test]
fn only_the_chosen_header_is_read() {
    let cases = [("https", "proto=http"), ("http", "proto=https"), ("https", "")];
    for (proto, forwarded) in cases {
        let both = parts("/", &[(XFP, proto), ("Forwarded", forwarded)]);
        assert_eq!(verdict(&at_proxy(), &both, ip("10.0.0.1")).https, proto == "https");
        assert_eq!(verdict(&at_proxy_with_forwarded(), &both, ip("10.0.0.1")).https, forwarded == "proto=https");
    }
    let other = parts("/", &[("Forwarded", "proto=https")]);
    assert_plain(&at_proxy(), &other, ip("10.0.0.1"), DecisionBasis::ProxySilent { header: XFP, peer: ip("10.0.0.1") });
    let other = parts("/", &[(XFP, "https")]);
    let silent = DecisionBasis::ProxySilent { header: "Forwarded", peer: ip("10.0.0.1") };
    assert_plain(&at_proxy_with_forwarded(), &other, ip("10.0.0.1"), silent);
}

#[test]
fn untrusted_peer_cannot_claim_https() {
    for (header, claims_https) in [("https", true), ("https, http", false), ("http", false)] {
        let request = parts("/", &[(XFP, header)]);
        for peer in [ip("11.0.0.1"), ip("::2"), ip("::ffff:11.0.0.1"), ip("127.0.0.1"), None] {
            let seen = peer.map(|peer| peer.to_canonical());
            assert_plain(
                &at_proxy(),
                &request,
                peer,
                DecisionBasis::Untrusted { header: XFP, peer: seen, claims_https },
            );
        }
    }
    let plain = at_proxy().detect(&parts("/", &[(XFP, "https")]), ip("11.0.0.1")).unwrap_err();
    assert_eq!(
        plain.to_string(),
        "`X-Forwarded-Proto` says `https`, but came from 11.0.0.1, which is not a trusted proxy; if it is one, name \
         it in `TrustedProxies`"
    );
}

#[test]
fn unix_socket_is_trusted_only_if_configured() {
    let request = parts("/", &[(XFP, "https")]);
    assert!(!verdict(&at_proxy(), &request, None).https);
    for proxies in [TrustedProxies::unix_socket(), TrustedProxies::new(["10.0.0.1"]).unwrap().with_unix_socket()] {
        let termination = TlsTermination::at_proxy(proxies);
        assert!(verdict(&termination, &request, None).https);
        assert!(!verdict(&termination, &request, ip("11.0.0.1")).https);
        assert_plain(&termination, &parts("/", &[]), None, DecisionBasis::ProxySilent { header: XFP, peer: None });
    }
}

#[test]
fn peer_argument_precedes_extension() {
    let mut request = parts("/", &[(XFP, "https")]);
    request.extensions.insert(Peer(ip("10.0.0.1").unwrap()));
    assert!(verdict(&at_proxy(), &request, None).https);
    assert!(!verdict(&at_proxy(), &request, ip("11.0.0.1")).https);
    // A peer with an address is not on a Unix socket.
    assert!(!verdict(&TlsTermination::at_proxy(TrustedProxies::unix_socket()), &request, None).https);
}

#[cfg(feature = "axum")]
#[test]
fn connect_info_is_a_peer() {
    let mut request = parts("/", &[(XFP, "https")]);
    let connected: std::net::SocketAddr = "[::ffff:10.0.0.1]:5000".parse().unwrap();
    request.extensions.insert(axum::extract::ConnectInfo(connected));
    assert!(verdict(&at_proxy(), &request, None).https);
    request.extensions.insert(Peer(ip("11.0.0.1").unwrap()));
    assert!(!verdict(&at_proxy(), &request, None).https);
}

#[test]
fn forwarded_is_parsed_by_rfc_7239() {
    for (values, https) in [
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
        // The client sends a quoted string without the closing quote. The element that the proxy adds becomes a part of
        // the client's quoted string.
        (&["proto=https;x=\", for=10.0.0.1;proto=http"], false),
        (&["proto=https;x=\", for=\"[::1]\";proto=http"], false),
        (&["proto=https;x=\"", "proto=https"], false),
    ] {
        let headers: Vec<_> = values.iter().map(|value| ("Forwarded", *value)).collect();
        assert_eq!(
            verdict(&at_proxy_with_forwarded(), &parts("/", &headers), ip("10.0.0.1")).https,
            https,
            "{values:?}"
        );
    }
}

#[test]
fn loopback_needs_loopback_host_and_peer() {
    let plain = TlsTermination::none().loopback_in_debug();
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
        let found = verdict(&plain, &parts, peer);
        assert_eq!(found.https, loopback && cfg!(debug_assertions), "{uri} {host:?} {peer:?}");
        assert_eq!(found.evidence == Verdict::https(DecisionBasis::Loopback).evidence, found.https);
        assert!(!verdict(&TlsTermination::none(), &parts, peer).https);
    }
    assert!(!verdict(&plain, &parts("/", &[]), v4).https);
    assert!(!verdict(&plain, &parts("/", &[("Host", "localhost"), ("Host", "localhost")]), v4).https);
    assert!(!verdict(&plain, &parts("http://localhost/", &[("Host", "a"), ("Host", "b")]), v4).https);
}

#[test]
fn evidence_explains_why_loopback_does_not_apply() {
    let termination = TlsTermination::none().loopback_in_debug();
    for (host, header, peer, why) in [
        ("localhost", "X-Other", None, "the peer's address is unknown; serve with "),
        ("localhost", "X-Other", ip("192.0.2.1"), "the peer is another machine"),
        ("localhost", "X-Forwarded-For", ip("::1"), "the request has a proxy's "),
        ("nas.lan", "X-Other", ip("127.0.0.1"), "the request's host is not `localhost`"),
    ] {
        let text = verdict(&termination, &parts("/", &[("Host", host), (header, "x")]), peer).evidence.to_string();
        let expected = format!("this socket is declared plain HTTP; `loopback_in_debug` does not apply: {why}");
        assert_eq!(text.starts_with(&expected), cfg!(debug_assertions), "{text}");
    }
}

#[test]
fn forwarding_headers_rule_loopback_out() {
    for name in ["Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "x-forwarded-host", "X-Forwarded-Anything"] {
        let parts = parts("/", &[("Host", "localhost"), (name, "")]);
        for termination in [TlsTermination::none(), TlsTermination::per_connection(), at_proxy()] {
            assert!(!verdict(&termination.loopback_in_debug(), &parts, ip("::1")).https, "{name}");
        }
    }
    let near = parts("/", &[("Host", "localhost"), ("X-Forward", "")]);
    assert_eq!(verdict(&TlsTermination::none().loopback_in_debug(), &near, ip("::1")).https, cfg!(debug_assertions));
}

#[test]
fn loopback_rule_applies_after_other_signals() {
    let parts = parts("/", &[("Host", "localhost")]);
    let tls = verdict(&TlsTermination::here().loopback_in_debug(), &parts, ip("::1"));
    assert_eq!(tls.evidence, Verdict::https(DecisionBasis::TlsSocket).evidence);
    for termination in [TlsTermination::none(), TlsTermination::per_connection(), at_proxy()] {
        assert_eq!(verdict(&termination.loopback_in_debug(), &parts, ip("::1")).https, cfg!(debug_assertions));
    }
}
