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
    TlsTermination::at_proxy(TrustedProxies::new(["10.0.0.0/8", "::1", "fd12::/16"]).unwrap())
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
    assert_eq!(found.evidence.basis, basis);
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
    assert_plain(&TlsTermination::here(), &parts("http://a.example/", &[]), None, DecisionBasis::PlainUriOnTlsSocket);
    assert_plain(&TlsTermination::here(), &parts("HTTP://a.example/", &[]), None, DecisionBasis::PlainUriOnTlsSocket);
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
    let silent = DecisionBasis::ProxySilent { header: XFP };
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
    assert_plain(&at_proxy(), &other, ip("10.0.0.1"), DecisionBasis::ProxySilent { header: XFP });
    let other = parts("/", &[(XFP, "https")]);
    let silent = DecisionBasis::ProxySilent { header: "Forwarded" };
    assert_plain(&at_proxy_with_forwarded(), &other, ip("10.0.0.1"), silent);
}

#[test]
fn untrusted_peer_cannot_claim_https() {
    for (header, is_claim) in [("https", true), ("https, http", true), ("http", false)] {
        let request = parts("/", &[(XFP, header)]);
        for peer in [ip("11.0.0.1"), ip("::2"), ip("::ffff:11.0.0.1"), ip("127.0.0.1"), None] {
            assert_plain(&at_proxy(), &request, peer, DecisionBasis::Untrusted);
            let found = verdict(&at_proxy(), &request, peer);
            assert_eq!(found.evidence.peer, peer.map(|peer| peer.to_canonical()));
            assert_eq!(found.evidence.claim, is_claim.then_some(XFP));
        }
    }
}

#[test]
fn unix_socket_is_trusted_only_if_configured() {
    let request = parts("/", &[(XFP, "https")]);
    assert!(!verdict(&at_proxy(), &request, None).https);
    for proxies in [TrustedProxies::unix_socket(), TrustedProxies::new(["10.0.0.1"]).unwrap().with_unix_socket()] {
        let termination = TlsTermination::at_proxy(proxies);
        assert!(verdict(&termination, &request, None).https);
        assert!(!verdict(&termination, &request, ip("11.0.0.1")).https);
        assert_plain(&termination, &parts("/", &[]), None, DecisionBasis::ProxySilent { header: XFP });
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
        // The client sends a quoted string without the closing quote, so the proxy's element becomes a part of the
        // client's quoted string.
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
fn uri_decides_only_behind_a_gateway() {
    let gateway = TlsTermination::in_uri();
    assert!(verdict(&gateway, &parts("https://a.example/", &[(XFP, "http")]), None).https);
    assert!(verdict(&gateway, &parts("HTTPS://a.example/", &[]), None).https);
    for uri in ["http://a.example/", "wss://a.example/", "httpsx://a.example/"] {
        assert_plain(&gateway, &parts(uri, &[(XFP, "https")]), None, DecisionBasis::PlainUri);
    }
    assert_plain(&gateway, &parts("/https://a.example/", &[(XFP, "https")]), None, DecisionBasis::RelativeUri);
    for other in [TlsTermination::per_connection(), TlsTermination::none(), at_proxy()] {
        assert!(!verdict(&other, &parts("https://a.example/", &[]), ip("10.0.0.1")).https);
    }
}

#[test]
fn any_trusts_every_peer() {
    let termination = TlsTermination::at_proxy(TrustedProxies::any());
    for peer in [None, ip("203.0.113.9"), ip("2001:db8::1"), ip("127.0.0.1")] {
        assert!(verdict(&termination, &parts("/", &[(XFP, "https")]), peer).https);
        assert!(!verdict(&termination, &parts("/", &[(XFP, "http")]), peer).https);
        assert!(!verdict(&termination, &parts("/", &[]), peer).https);
    }
}

#[test]
fn configured_header_must_come_exactly_once() {
    const SSL: &str = "X-Forwarded-SSL";
    let proxies = || TrustedProxies::new(["10.0.0.1"]).unwrap();
    let termination = TlsTermination::at_proxy(proxies().header("X-Forwarded-Ssl", " On "));
    for (values, https) in [
        (&["on"][..], true),
        (&["ON"], true),
        (&[" on\t"], true),
        (&["off"], false),
        (&[""], false),
        (&["on,on"], false),
        (&["on,"], false),
        (&["on", "on"], false),
        (&["on", "off"], false),
        (&["on;"], false),
        (&[], false),
    ] {
        let mut headers: Vec<_> = values.iter().map(|value| (SSL, *value)).collect();
        headers.push((XFP, "https"));
        headers.push(("Forwarded", "proto=https"));
        let request = parts("/", &headers);
        assert_eq!(verdict(&termination, &request, ip("10.0.0.1")).https, https, "{values:?}");
        assert!(!verdict(&termination, &request, ip("10.0.0.2")).https);
    }
    // Only the last call of `header` or `forwarded` counts.
    let replaced = TlsTermination::at_proxy(proxies().header("X-Scheme", "https").forwarded());
    assert!(verdict(&replaced, &parts("/", &[("Forwarded", "proto=https")]), ip("10.0.0.1")).https);
    assert!(!verdict(&replaced, &parts("/", &[("X-Scheme", "https")]), ip("10.0.0.1")).https);
}

#[test]
fn hops_select_one_element_from_the_right() {
    let proxies = || TrustedProxies::new(["10.0.0.1"]).unwrap();
    let by_proto = |hops| TlsTermination::at_proxy(proxies().hops(hops));
    for (hops, values, https) in [
        (1, &["https"][..], true),
        (1, &["http, https"], true),
        (1, &["https, http"], false),
        (1, &["https,"], false),
        (1, &[""], false),
        (1, &[], false),
        (2, &["https, http"], true),
        (2, &["https", "http"], true),
        (2, &["http, WSS ,http"], true),
        (2, &["https, http, http"], false),
        (2, &["https", "http, http"], false),
        (2, &["https, , http"], false),
        (2, &["https"], false),
        (3, &["https", "http", "http"], true),
        (3, &["https, http"], false),
        (usize::MAX, &["https"], false),
    ] {
        let headers: Vec<_> = values.iter().map(|value| (XFP, *value)).collect();
        assert_eq!(verdict(&by_proto(hops), &parts("/", &headers), ip("10.0.0.1")).https, https, "{hops} {values:?}");
    }
    let by_forwarded = TlsTermination::at_proxy(proxies().forwarded().hops(2));
    for (values, https) in [
        (&["for=1.2.3.4;proto=https, for=10.0.0.9;proto=http"][..], true),
        (&["proto=https", "for=\"[::1]:1\";proto=http"], true),
        (&["proto=https, proto=http, proto=http"], false),
        (&["proto=https"], false),
        // The client's open quote must not change the positions of the proxies' elements.
        (&["proto=https, for=\", for=\"[::1]\";proto=http, for=\"[::2]\";proto=http"], false),
        (&["proto=https, x=\"", "proto=http", "proto=http"], false),
        (&["proto=https, x=\"\\, for=\"[::1]\";proto=http, proto=http"], false),
        (&["x, proto=https, proto=http"], false),
    ] {
        let headers: Vec<_> = values.iter().map(|value| ("Forwarded", *value)).collect();
        assert_eq!(verdict(&by_forwarded, &parts("/", &headers), ip("10.0.0.1")).https, https, "{values:?}");
    }
    let by_header = TlsTermination::at_proxy(proxies().header("X-Scheme", "secure").hops(2));
    assert!(verdict(&by_header, &parts("/", &[("X-Scheme", "Secure, plain")]), ip("10.0.0.1")).https);
    assert!(!verdict(&by_header, &parts("/", &[("X-Scheme", "plain, secure")]), ip("10.0.0.1")).https);
}

#[test]
fn mistake_in_a_setting_counts_as_plain() {
    let proxies = TrustedProxies::any;
    for (proxies, text) in [
        (proxies().header("X Scheme", "https"), "the name in `TrustedProxies::header` is not a valid name"),
        (proxies().header("", "https"), "the name in `TrustedProxies::header`"),
        (proxies().header("X-Scheme", " "), "the value in `TrustedProxies::header` is empty"),
        (proxies().header("X-Scheme", "a,b"), "the value in `TrustedProxies::header`"),
        (proxies().hops(0), "`TrustedProxies::hops(0)` selects no element; write `.hops(1)`"),
        (proxies().hops(0).hops(1), "`TrustedProxies::hops(0)`"),
        (proxies().header("X Scheme", "https").forwarded(), "the name in"),
    ] {
        let termination = TlsTermination::at_proxy(proxies);
        let mistake = termination.mistake().unwrap();
        let request = parts("/", &[("Host", "localhost"), (XFP, "https"), ("Forwarded", "proto=https")]);
        assert_plain(&termination, &request, ip("127.0.0.1"), DecisionBasis::Mistake(mistake));
        let evidence = verdict(&termination, &request, ip("127.0.0.1")).evidence.to_string();
        assert!(evidence.starts_with(text), "{evidence}");
    }
    assert_eq!(TlsTermination::at_proxy(TrustedProxies::any().header("X-Scheme", "s").hops(1)).mistake(), None);
    assert_eq!(TlsTermination::here().mistake(), None);
}

fn loopback_verdict(termination: &TlsTermination, parts: &Parts, peer: Option<IpAddr>) -> Verdict {
    termination.verdict_in_build(&RequestHead { caller_peer: peer, ..RequestHead::from_parts(parts) }, true)
}

#[test]
fn loopback_needs_loopback_host_and_local_peer() {
    let plain = TlsTermination::per_connection();
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
        ("/", "localhost", None, true),
        ("/", "localhost", ip("172.17.0.1"), true),
        ("/", "localhost", ip("::ffff:172.17.0.1"), true),
        ("/", "localhost", ip("10.0.2.100"), true),
        ("/", "localhost", ip("192.168.1.20"), true),
        ("/", "localhost", ip("fd00::1"), true),
        ("/", "localhost", ip("172.32.0.1"), false),
        ("/", "localhost", ip("100.64.0.1"), false),
        ("/", "localhost", ip("169.254.1.1"), false),
        ("/", "localhost", ip("fe80::1"), false),
        ("/", "localhost", ip("203.0.113.9"), false),
        ("/", "localhost", ip("2001:db8::1"), false),
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
        ("/", "192.168.1.20", ip("192.168.1.21"), false),
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
        let found = loopback_verdict(&plain, &parts, peer);
        assert_eq!(found.https, loopback, "{uri} {host:?} {peer:?}");
        assert_eq!(found.evidence.basis == DecisionBasis::Loopback, loopback);
        assert!(!loopback_verdict(&TlsTermination::none(), &parts, peer).https);
        assert!(!loopback_verdict(&plain.clone().strict_loopback(), &parts, peer).https);
        assert_eq!(verdict(&plain, &parts, peer).https, loopback && cfg!(debug_assertions));
    }
    assert!(!loopback_verdict(&plain, &parts("/", &[]), v4).https);
    assert!(!loopback_verdict(&plain, &parts("/", &[("Host", "localhost"), ("Host", "localhost")]), v4).https);
    assert!(!loopback_verdict(&plain, &parts("http://localhost/", &[("Host", "a"), ("Host", "b")]), v4).https);
}

#[test]
fn forwarding_headers_must_be_local_too() {
    const XFF: &str = "X-Forwarded-For";
    const XFH: &str = "X-Forwarded-Host";
    for (name, values, loopback) in [
        (XFF, &["127.0.0.1"][..], true),
        (XFF, &["::1, 172.17.0.1 , 10.0.0.1"], true),
        (XFF, &["::ffff:127.0.0.1"], true),
        (XFF, &["127.0.0.1:5000"], true),
        (XFF, &["[::1]:5000"], true),
        (XFF, &["[fd00::1]"], true),
        (XFF, &["203.0.113.9"], false),
        (XFF, &["127.0.0.1, 203.0.113.9"], false),
        (XFF, &["203.0.113.9, 127.0.0.1"], false),
        (XFF, &["127.0.0.1", "203.0.113.9"], false),
        (XFF, &["unknown"], false),
        (XFF, &["_hidden"], false),
        (XFF, &["localhost"], false),
        (XFF, &["\"[::1]\""], false),
        (XFF, &[""], false),
        (XFF, &["127.0.0.1,"], false),
        ("X-Real-IP", &["127.0.0.1"], true),
        ("X-Real-IP", &["203.0.113.9"], false),
        ("X-Real-IP", &["x"], false),
        (XFH, &["localhost:5173"], true),
        (XFH, &["localhost, app.localhost, [::1]:1"], true),
        (XFH, &["x.ngrok.app"], false),
        (XFH, &["localhost, x.ngrok.app"], false),
        (XFH, &["localhost", "x.ngrok.app"], false),
        (XFH, &[""], false),
        (XFH, &["http://localhost"], false),
        ("Forwarded", &["for=127.0.0.1;host=localhost;proto=http"], true),
        ("Forwarded", &["for=\"[::1]:4711\";host=\"localhost:3000\", For=10.0.0.1"], true),
        ("Forwarded", &["for=\"127.0.0.1:80\""], true),
        ("Forwarded", &["by=203.0.113.9;for=127.0.0.1"], true),
        ("Forwarded", &["proto=https"], true),
        ("Forwarded", &[""], true),
        ("Forwarded", &["for=203.0.113.9"], false),
        ("Forwarded", &["for=127.0.0.1, for=203.0.113.9"], false),
        ("Forwarded", &["for=127.0.0.1", "for=203.0.113.9"], false),
        ("Forwarded", &["for=unknown"], false),
        ("Forwarded", &["for=_hidden"], false),
        ("Forwarded", &["for=\"_hidden:80\""], false),
        ("Forwarded", &["for=[::1]"], false),
        ("Forwarded", &["for=127.0.0.1:80"], false),
        ("Forwarded", &["for=\"[::1]"], false),
        ("Forwarded", &["host=shop.example"], false),
        ("Forwarded", &["host=localhost;host=shop.example"], false),
        ("Forwarded", &["x"], false),
        // These headers contain neither a client's address nor a host.
        ("X-Forwarded-Proto", &["https"], true),
        ("X-Forwarded-Port", &["5173"], true),
        ("X-Forwarded-Anything", &["x"], true),
    ] {
        let mut headers = vec![("Host", "localhost")];
        headers.extend(values.iter().map(|value| (name, *value)));
        let parts = parts("/", &headers);
        for termination in [TlsTermination::per_connection(), at_proxy(), TlsTermination::in_uri()] {
            assert_eq!(loopback_verdict(&termination, &parts, ip("127.0.0.1")).https, loopback, "{name} {values:?}");
            assert!(!loopback_verdict(&termination.strict_loopback(), &parts, ip("127.0.0.1")).https);
        }
        assert!(!loopback_verdict(&TlsTermination::none(), &parts, ip("127.0.0.1")).https, "{name} {values:?}");
    }
}

#[test]
fn loopback_rule_applies_after_other_signals() {
    let local = parts("/", &[("Host", "localhost")]);
    let found = loopback_verdict(&TlsTermination::here(), &local, ip("::1"));
    assert_eq!(found.evidence.basis, DecisionBasis::TlsSocket);
    // The proxy at `::1` is trusted, but sends no header.
    assert_eq!(loopback_verdict(&at_proxy(), &local, ip("::1")).evidence.basis, DecisionBasis::Loopback);
    for (header, basis) in [
        ("http", DecisionBasis::ProxySaysPlain { header: XFP }),
        ("https, http", DecisionBasis::ProxyListHasPlain { header: XFP }),
        ("https", DecisionBasis::TrustedProxy { header: XFP }),
    ] {
        let request = parts("/", &[("Host", "localhost"), (XFP, header)]);
        assert_eq!(loopback_verdict(&at_proxy(), &request, ip("::1")).evidence.basis, basis);
    }
    // hardtack ignores an untrusted peer's header.
    let request = parts("/", &[("Host", "localhost"), (XFP, "http")]);
    assert_eq!(loopback_verdict(&at_proxy(), &request, ip("127.0.0.1")).evidence.basis, DecisionBasis::Loopback);
    let mut marked = local;
    marked.extensions.insert(Transport::Plain);
    let found = loopback_verdict(&TlsTermination::per_connection(), &marked, None);
    assert_eq!(found.evidence.basis, DecisionBasis::Loopback);
}

#[test]
fn release_build_explains_localhost() {
    let release = |termination: &TlsTermination, parts: &Parts| {
        termination.verdict_in_build(&RequestHead::from_parts(parts), false)
    };
    let local = parts("/", &[("Host", "localhost:3000")]);
    let note = "localhost counts as HTTPS in debug builds only";
    for termination in [TlsTermination::per_connection(), TlsTermination::in_uri(), at_proxy()] {
        let found = release(&termination, &local);
        assert!(!found.https);
        assert!(found.evidence.to_string().ends_with(&format!("; {note}")), "{}", found.evidence);
        let claim = parts("/", &[("Host", "localhost:3000"), (XFP, "https")]);
        assert!(release(&termination, &claim).evidence.to_string().ends_with(note));
        let public = release(&termination, &parts("/", &[("Host", "shop.example")])).evidence.to_string();
        assert!(!public.contains("localhost"), "{public}");
    }
    assert_eq!(release(&TlsTermination::none(), &local).evidence.to_string(), "this socket is declared plain HTTP");
}

#[test]
fn refusal_names_one_line_to_write() {
    let trusted = |proxies: TrustedProxies| TlsTermination::at_proxy(proxies);
    let ten = || TrustedProxies::new(["10.0.0.1"]).unwrap();
    let unknown_peer = if cfg!(feature = "axum") {
        "serve with `app.into_make_service_with_connect_info::<SocketAddr>()`, or on a Unix socket write \
         `TrustedProxies::unix_socket()`"
    } else {
        "insert `hardtack::tls::Peer(address)` into the request's extensions, or on a Unix socket write \
         `TrustedProxies::unix_socket()`"
    };
    type Case = (TlsTermination, &'static [(&'static str, &'static str)], Option<IpAddr>, String);
    let cases: Vec<Case> = vec![
        (
            TlsTermination::per_connection(),
            &[],
            None,
            "the connection is not marked as TLS; if TLS ends in this server, serve with an acceptor that puts \
             `hardtack::tls::Transport::Tls` into the request's extensions; otherwise the page \"Where TLS ends\" of \
             hardtack's guide names the `TlsTermination` to write"
                .into(),
        ),
        (
            TlsTermination::per_connection(),
            &[(XFP, "https")],
            ip("172.18.0.2"),
            "the connection is not marked as TLS; `X-Forwarded-Proto` claims HTTPS; if 172.18.0.2 is your proxy, write \
             `TlsTermination::at_proxy(TrustedProxies::new([\"172.18.0.2\"])?)`, or \
             `TlsTermination::at_proxy(TrustedProxies::any())` where only the platform's proxy can reach this port"
                .into(),
        ),
        (
            TlsTermination::per_connection(),
            &[("CloudFront-Forwarded-Proto", "https")],
            None,
            "the connection is not marked as TLS; `CloudFront-Forwarded-Proto` claims HTTPS; if only the platform's \
             proxy can reach this port, write `TlsTermination::at_proxy(TrustedProxies::any())`"
                .into(),
        ),
        (
            trusted(ten()),
            &[(XFP, "https")],
            ip("10.0.0.2"),
            "the request came from 10.0.0.2, which is not a trusted proxy; `X-Forwarded-Proto` claims HTTPS; if \
             10.0.0.2 is your proxy, write `TrustedProxies::new([\"10.0.0.2\"])?`, or `TrustedProxies::any()` where \
             only the platform's proxy can reach this port"
                .into(),
        ),
        (
            trusted(ten()),
            &[],
            ip("10.0.0.2"),
            "the request came from 10.0.0.2, which is not a trusted proxy".into(),
        ),
        (
            trusted(ten()),
            &[],
            None,
            format!("the peer's address is unknown, so the peer is not a trusted proxy; {unknown_peer}"),
        ),
        (
            trusted(ten()),
            &[(XFP, "https")],
            None,
            format!(
                "the peer's address is unknown, so the peer is not a trusted proxy; `X-Forwarded-Proto` claims HTTPS; \
                 {unknown_peer}"
            ),
        ),
        (
            trusted(ten()),
            &[],
            ip("10.0.0.1"),
            "the trusted proxy 10.0.0.1 sent no `X-Forwarded-Proto`; let the proxy set `X-Forwarded-Proto` on every \
             request"
                .into(),
        ),
        (
            trusted(ten()),
            &[("Front-End-Https", "on")],
            ip("10.0.0.1"),
            "the trusted proxy 10.0.0.1 sent no `X-Forwarded-Proto`, and `Front-End-Https` claims HTTPS; if the proxy \
             itself writes `Front-End-Https`, write `.header(\"Front-End-Https\", \"on\")` after the `TrustedProxies`"
                .into(),
        ),
        (
            trusted(ten()),
            &[("Forwarded", "proto=https")],
            ip("10.0.0.1"),
            "the trusted proxy 10.0.0.1 sent no `X-Forwarded-Proto`, and `Forwarded` claims HTTPS; if the proxy itself \
             writes `Forwarded`, write `.forwarded()` after the `TrustedProxies`"
                .into(),
        ),
        (
            trusted(ten().header("X-Scheme", "https")),
            &[("x-scheme", "http")],
            ip("10.0.0.1"),
            "the trusted proxy 10.0.0.1 sent a `X-Scheme` that does not state HTTPS".into(),
        ),
        (
            trusted(ten()),
            &[(XFP, "https, http")],
            ip("10.0.0.1"),
            "the trusted proxy 10.0.0.1 sent several elements in `X-Forwarded-Proto`, and not each of them is HTTPS; if \
             each of your n proxies appends exactly one element, write `.hops(n)` after the `TrustedProxies`"
                .into(),
        ),
        (
            trusted(ten().hops(2)),
            &[(XFP, "https")],
            ip("10.0.0.1"),
            "the trusted proxy 10.0.0.1 sent fewer than 2 elements in `X-Forwarded-Proto`; pass the number of your \
             proxies that each append one element to `.hops(…)`"
                .into(),
        ),
    ];
    for (termination, headers, peer, expected) in cases {
        assert_eq!(verdict(&termination, &parts("/", headers), peer).evidence.to_string(), expected);
    }
    for (headers, why) in [
        (&[][..], "the address of the peer is neither loopback nor private"),
        (&[("X-Forwarded-For", "8.8.8.8")][..], "`X-Forwarded-For` names an address"),
        (&[("X-Forwarded-Host", "a.example")][..], "`X-Forwarded-Host` names a host that is not loopback"),
        (&[("Forwarded", "for=8.8.8.8")][..], "`Forwarded` names an address"),
    ] {
        let peer = if headers.is_empty() { ip("8.8.8.8") } else { ip("::1") };
        let mut all = vec![("Host", "localhost")];
        all.extend_from_slice(headers);
        let text = loopback_verdict(&TlsTermination::per_connection(), &parts("/", &all), peer).evidence.to_string();
        let start = "the connection is not marked as TLS; localhost does not count as HTTPS, because ";
        assert!(text.starts_with(start) && text.contains(why), "{text}");
    }
    let strict = TlsTermination::per_connection().strict_loopback();
    let text = loopback_verdict(&strict, &parts("/", &[("Host", "localhost")]), None).evidence.to_string();
    assert!(text.ends_with("because `TlsTermination::strict_loopback` is set"), "{text}");
}

#[test]
fn claims_of_https_without_a_proxy_are_found() {
    for (name, value, is_claim) in [
        (XFP, "https", true),
        (XFP, "WSS", true),
        (XFP, "http, https", true),
        (XFP, "http", false),
        (XFP, "", false),
        ("Forwarded", "for=1.2.3.4;proto=https", true),
        ("Forwarded", "x, Proto=\"HTTPS\"", true),
        ("Forwarded", "for=\"proto=https\"", false),
        ("X-Forwarded-Ssl", "On", true),
        ("X-Forwarded-Ssl", "off", false),
        ("X-Forwarded-Scheme", "https", true),
        ("Front-End-Https", "on", true),
        ("CloudFront-Forwarded-Proto", "https", true),
        ("X-Scheme", "Secure", true),
        ("X-Scheme", "plain", false),
        ("X-Url-Scheme", "https", false),
    ] {
        let termination =
            TlsTermination::at_proxy(TrustedProxies::new(["10.0.0.1"]).unwrap().header("X-Scheme", "secure"));
        let found = verdict(&termination, &parts("/", &[(name, value)]), ip("203.0.113.9"));
        assert_eq!(found.evidence.claim, is_claim.then_some(name), "{name}: {value}");
        #[cfg(feature = "_layer")]
        assert_eq!(termination.is_untrusted_claim(found), is_claim);
    }
    #[cfg(feature = "_layer")]
    {
        // The trusted proxy stated the scheme, so a redirect leads to HTTPS.
        let stated = parts("/", &[(XFP, "http"), ("X-Forwarded-Ssl", "on")]);
        assert!(!at_proxy().is_untrusted_claim(verdict(&at_proxy(), &stated, ip("10.0.0.1"))));
        let silent = parts("/", &[("X-Forwarded-Ssl", "on")]);
        assert!(at_proxy().is_untrusted_claim(verdict(&at_proxy(), &silent, ip("10.0.0.1"))));
        let https = parts("/", &[(XFP, "https")]);
        assert!(!at_proxy().is_untrusted_claim(verdict(&at_proxy(), &https, ip("10.0.0.1"))));
    }
}

#[cfg(feature = "_layer")]
#[test]
fn only_local_clients_read_the_reason() {
    let text = |headers: &[(&str, &str)], peer| {
        verdict(&TlsTermination::per_connection(), &parts("/", headers), peer).evidence.refusal_text()
    };
    let short = "this page works over HTTPS only";
    for (peer, may_read) in [(ip("127.0.0.1"), true), (ip("::1"), true), (ip("10.0.0.1"), false), (None, false)] {
        let text = text(&[("Host", "shop.example")], peer);
        match may_read && cfg!(debug_assertions) {
            true => assert!(text.starts_with(&format!("{short}: the connection is not marked as TLS; ")), "{text}"),
            false => assert_eq!(text, short, "{peer:?}"),
        }
    }
    let claim = text(&[("Host", "shop.example"), (XFP, "https")], ip("10.0.0.1"));
    assert_eq!(claim, format!("{short}: the request claims HTTPS, but it does not come from a trusted proxy"));
    // The peer is public, so the loopback rule does not apply in a debug build either.
    let localhost = text(&[("Host", "localhost:3000")], ip("192.0.2.1"));
    let release = format!("{short}: localhost counts as HTTPS in debug builds only");
    assert_eq!(localhost, if cfg!(debug_assertions) { short } else { release.as_str() });
}
