use super::*;
use crate::policy::Policy;
use http::Uri;

const HTML: (&str, &str) = ("Accept", "text/html,application/xhtml+xml,*/*;q=0.8");

fn respond_to(force: ForceHttps, method: &str, uri: &str, headers: &[(&str, &str)]) -> Option<PlainHttpResponse> {
    let policy = Policy::builder().force_https(force).build().unwrap();
    let mut request = http::Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (parts, ()) = request.body(()).unwrap().into_parts();
    let head = RequestHead::from_parts(&parts);
    // A request with an untrusted claim is never redirected. The application handles the same requests as without the
    // claim.
    match respond(policy.force_https(), &head, true) {
        Some(response) => assert_eq!(response, PlainHttpResponse::Refuse(RefusalReason::UntrustedClaim)),
        None => assert_eq!(respond(policy.force_https(), &head, false), None),
    }
    respond(policy.force_https(), &head, false)
}

fn page(force: ForceHttps, uri: &str, host: &str) -> Option<PlainHttpResponse> {
    respond_to(force, "GET", uri, &[HTML, ("Host", host)])
}

fn redirect(url: &'static str) -> Option<PlainHttpResponse> {
    Some(PlainHttpResponse::Redirect(HeaderValue::from_static(url)))
}

fn refuse(reason: RefusalReason) -> Option<PlainHttpResponse> {
    Some(PlainHttpResponse::Refuse(reason))
}

#[test]
fn pages_are_redirected_to_the_same_url() {
    for (uri, host, url) in [
        ("/", "example.com", "https://example.com/"),
        ("/a/b?c=d&e=%20", "example.com", "https://example.com/a/b?c=d&e=%20"),
        ("/a?", "example.com", "https://example.com/a?"),
        ("/", "Example.COM.", "https://Example.COM./"),
        ("/", "example.com:8080", "https://example.com/"),
        ("/", "example.com:80", "https://example.com/"),
        ("/", "example.com:", "https://example.com/"),
        ("/", "192.0.2.7:8080", "https://192.0.2.7/"),
        ("/", "[2001:db8::1]:8080", "https://[2001:db8::1]/"),
        ("//evil.example/x", "example.com", "https://example.com//evil.example/x"),
        ("/\\evil.example", "example.com", "https://example.com/\\evil.example"),
        ("http://a.example/x", "a.example", "https://a.example/x"),
        ("http://a.example:8080/x", "b.example", "https://a.example/x"),
        ("http://a.example", "", "https://a.example/"),
        ("http://a.example?q", "", "https://a.example/?q"),
    ] {
        assert_eq!(page(ForceHttps::on(), uri, host), redirect(url), "{uri} {host}");
    }
    // An HTTP/2 request has `:authority` and usually no `Host`.
    assert_eq!(
        respond_to(ForceHttps::on(), "HEAD", "http://a.example/x?y", &[HTML]),
        redirect("https://a.example/x?y")
    );
}

#[test]
fn https_port_replaces_the_port() {
    for host in ["example.com", "example.com:8080", "example.com:443"] {
        assert_eq!(page(ForceHttps::on().https_port(8443), "/x", host), redirect("https://example.com:8443/x"));
        assert_eq!(page(ForceHttps::on().https_port(443), "/x", host), redirect("https://example.com/x"));
    }
    let six = page(ForceHttps::on().https_port(65535), "/", "[::1]:80");
    assert_eq!(six, redirect("https://[::1]:65535/"));
    assert_eq!(page(ForceHttps::on().https_port(443), "/", "localhost"), redirect("https://localhost/"));
}

#[test]
fn loopback_host_needs_a_port() {
    for host in
        ["localhost", "localhost:3001", "LOCALHOST.", "app.localhost:80", "127.0.0.1", "127.9.9.9:1", "[::1]:80"]
    {
        assert_eq!(page(ForceHttps::on(), "/", host), refuse(RefusalReason::LoopbackHost), "{host}");
    }
    assert_eq!(page(ForceHttps::on().https_port(8443), "/", "localhost:3001"), redirect("https://localhost:8443/"));
    assert_eq!(
        page(ForceHttps::on().redirect_host("localhost"), "/", "a.example"),
        refuse(RefusalReason::LoopbackHost)
    );
    // These hosts are not loopback.
    assert_eq!(page(ForceHttps::on(), "/", "localhost.example"), redirect("https://localhost.example/"));
    assert_eq!(page(ForceHttps::on(), "/", "10.0.0.7:80"), redirect("https://10.0.0.7/"));
}

#[test]
fn hostile_hosts_are_refused() {
    for host in [
        "",
        " ",
        "a@b",
        "user:pass@example.com",
        "[::1",
        "[::1]x",
        "[::1]:x",
        "[::1%25eth0]",
        "[v1.x]",
        "[]",
        "::1",
        "ex ample",
        " example.com",
        "example.com ",
        "example.com\t",
        "a\\b",
        "a/b",
        "a?b",
        "a#b",
        "a,b",
        "a%2eb",
        "bücher.example",
        "example.com:x",
        "example.com:+80",
        "example.com:65536",
        "example.com:80:80",
        "example.com..",
        ".example.com",
        ".",
        ":80",
        "1.2.3",
        "1.2.3.4.",
        "256.0.0.1",
        "http://example.com",
    ] {
        assert_eq!(page(ForceHttps::on(), "/", host), refuse(RefusalReason::HostMalformed), "{host:?}");
    }
    assert!(HeaderValue::from_str("evil.com\r\n").is_err());
    assert!(crate::request::host::Host::parse("evil.com\r\n").is_none());
    assert_eq!(respond_to(ForceHttps::on(), "GET", "/", &[HTML]), refuse(RefusalReason::HostMissing));
    let doubled = [HTML, ("Host", "a.example"), ("Host", "a.example")];
    assert_eq!(respond_to(ForceHttps::on(), "GET", "/", &doubled), refuse(RefusalReason::HostDoubled));
    assert_eq!(respond_to(ForceHttps::on(), "GET", "http://a.example/", &doubled), refuse(RefusalReason::HostDoubled));
    assert_eq!(page(ForceHttps::on(), "http://u@a.example/", "a.example"), refuse(RefusalReason::HostMalformed));
}

#[test]
fn other_targets_are_refused() {
    assert_eq!(page(ForceHttps::on(), "*", "a.example"), refuse(RefusalReason::Target));
    assert_eq!(page(ForceHttps::on(), "a.example:80", "a.example"), refuse(RefusalReason::Target));
    // If `Uri` accepts the byte, either the redirect contains the byte, or the policy refuses the request.
    for byte in 0x20..=0xFF_u32 {
        let text = format!("/{}", char::from_u32(byte).unwrap());
        let Ok(uri) = text.parse::<Uri>() else { continue };
        match page(ForceHttps::on(), &text, "a.example") {
            Some(PlainHttpResponse::Redirect(url)) => {
                let expected = format!("https://a.example{}", uri.path_and_query().unwrap());
                assert_eq!(url.as_bytes(), expected.as_bytes());
            }
            other => assert_eq!(other, refuse(RefusalReason::Target), "{byte:02X}"),
        }
    }
}

#[test]
fn only_listed_hosts_are_redirected_to() {
    let force = || ForceHttps::on().hosts(["Example.com", "www.example.com."]).hosts(["[2001:db8::1]"]);
    for (host, url) in [
        ("example.com", "https://example.com/"),
        ("EXAMPLE.com.:80", "https://EXAMPLE.com./"),
        ("www.example.com", "https://www.example.com/"),
        ("[2001:db8::1]:80", "https://[2001:db8::1]/"),
    ] {
        assert_eq!(page(force(), "/", host), redirect(url));
    }
    for host in ["evil.example", "a.example.com", "example.com.evil.example", "xexample.com", "127.0.0.1"] {
        assert_eq!(page(force(), "/", host), refuse(RefusalReason::HostNotListed));
    }
    assert_eq!(page(force(), "http://evil.example/", "example.com"), refuse(RefusalReason::HostNotListed));
}

#[test]
fn fixed_host_replaces_every_host() {
    for force in [
        || ForceHttps::on().redirect_host("shop.example"),
        || ForceHttps::on().hosts(["shop.example."]),
        || ForceHttps::on().hosts(["shop.example", "www.shop.example"]).redirect_host("shop.example"),
    ] {
        for host in ["shop.example", "shop_upstream:3000", "evil.example", "localhost:3000", "", "a b", "a@b", "[::1"] {
            assert_eq!(page(force(), "/a?b", host), redirect("https://shop.example/a?b"), "{host:?}");
        }
        let without_host = respond_to(force(), "GET", "/a", &[HTML]);
        assert_eq!(without_host, redirect("https://shop.example/a"));
        let doubled = [HTML, ("Host", "a.example"), ("Host", "b.example")];
        assert_eq!(respond_to(force(), "GET", "/a", &doubled), redirect("https://shop.example/a"));
        assert_eq!(page(force(), "http://evil.example/x", "evil.example"), redirect("https://shop.example/x"));
        assert_eq!(page(force(), "//evil.example/x", "a.example"), redirect("https://shop.example//evil.example/x"));
        assert_eq!(page(force(), "*", "a.example"), refuse(RefusalReason::Target));
        assert_eq!(respond_to(force(), "POST", "/", &[HTML]), refuse(RefusalReason::NotGetOrHead));
    }
    let port = ForceHttps::on().redirect_host("shop.example").https_port(8443);
    assert_eq!(page(port, "/", "x:3000"), redirect("https://shop.example:8443/"));
}

#[test]
fn every_get_and_head_is_redirected_on_request() {
    let force = || ForceHttps::on().pages_only(false).api_paths(["/api"]);
    for accept in ["*/*", "application/json", "text/html", ""] {
        for method in ["GET", "HEAD"] {
            let headers = [("Accept", accept), ("Host", "a.example")];
            let to = |path: &str| respond_to(force(), method, path, &headers);
            assert_eq!(to("/robots.txt"), redirect("https://a.example/robots.txt"), "{method} {accept}");
            for path in ["/api", "/api/me", "//api/me", "/%61pi", "/x/../api"] {
                assert_eq!(to(path), refuse(RefusalReason::ApiPath), "{method} {accept} {path}");
            }
        }
        for method in ["POST", "DELETE", "get"] {
            let headers = [("Accept", accept), ("Host", "a.example")];
            assert_eq!(respond_to(force(), method, "/", &headers), refuse(RefusalReason::NotGetOrHead), "{method}");
        }
    }
}

#[test]
fn acme_challenges_reach_the_application() {
    const PATH: &str = "/.well-known/acme-challenge/tok-123_X";
    for force in [|| ForceHttps::on(), || ForceHttps::on().api_paths(["/"]).hosts(["shop.example"])] {
        for method in ["GET", "HEAD"] {
            for accept in ["*/*", "text/html"] {
                assert_eq!(respond_to(force(), method, PATH, &[("Accept", accept), ("Host", "a.example")]), None);
            }
            assert_eq!(respond_to(force(), method, "/.well-known/acme-challenge/t?x=y", &[]), None);
        }
        for (method, path) in [
            ("POST", PATH),
            ("GET", "/.well-known/acme-challenge/"),
            ("GET", "/.well-known/acme-challenge/a/../../../account"),
            ("GET", "/.well-known/acme-challenge/..%2f..%2faccount"),
            ("GET", "/.well-known/acme-challenge/a/b"),
            ("GET", "/%2ewell-known/acme-challenge/a"),
        ] {
            assert!(respond_to(force(), method, path, &[("Host", "a.example")]).is_some(), "{method} {path}");
        }
    }
}

#[test]
fn accept_header_decides_what_a_page_is() {
    for (values, is_page) in [
        (&["text/html"][..], true),
        (&["TEXT/HTML"], true),
        (&["text/html;q=0.1"], true),
        (&["text/html ; level=1 ; q=1"], true),
        (&["application/json, text/html;q=0.001"], true),
        (&["application/json", "text/html"], true),
        (&["text/html;x=\"a,b;q=0\""], true),
        (&["text/html;q=0, text/html"], true),
        (&["*/*"], false),
        (&["text/*"], false),
        (&["application/json"], false),
        (&["application/xhtml+xml"], false),
        (&["text/html;q=0"], false),
        (&["text/html; Q=0.000"], false),
        (&["text/html;q=0."], false),
        (&["text/htmlx"], false),
        (&["x/y;z=\",text/html,\""], false),
        (&["text / html"], false),
        (&[""], false),
        (&[], false),
    ] {
        let mut headers = vec![("Host", "a.example")];
        headers.extend(values.iter().map(|value| ("Accept", *value)));
        let expected = if is_page { redirect("https://a.example/") } else { refuse(RefusalReason::NotAPage) };
        assert_eq!(respond_to(ForceHttps::on(), "GET", "/", &headers), expected, "{values:?}");
    }
}

#[test]
fn only_get_and_head_are_redirected() {
    for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY", "get"] {
        let headers = [HTML, ("Host", "a.example")];
        assert_eq!(
            respond_to(ForceHttps::on(), method, "/", &headers),
            refuse(RefusalReason::NotGetOrHead),
            "{method}"
        );
    }
}

#[test]
fn api_paths_are_never_redirected() {
    let force = || ForceHttps::on().api_paths(["/api", "/hooks/"]);
    for path in ["/api", "/api/x?y", "/hooks", "/hooks/github", "//api/me", "/%61pi/me", "/./api", "/x/../api/me"] {
        assert_eq!(page(force(), path, "a.example"), refuse(RefusalReason::ApiPath), "{path}");
    }
    assert_eq!(page(force(), "/apix", "a.example"), redirect("https://a.example/apix"));
}

#[test]
fn exempt_paths_accept_plain_http() {
    let force = || ForceHttps::on().exempt(["/health"]).api_paths(["/"]);
    for method in ["GET", "HEAD", "POST"] {
        assert_eq!(respond_to(force(), method, "/health?deep=1", &[]), None);
        assert_eq!(respond_to(ForceHttps::off(), method, "/", &[]), None);
    }
    for path in ["/health/", "//health", "/%68ealth", "/x/../health", "/healthz", "/health/x", "/Health", "/"] {
        assert_eq!(page(force(), path, "a.example"), refuse(RefusalReason::ApiPath), "{path}");
    }
}

#[test]
fn every_reason_has_a_remedy() {
    for reason in [
        RefusalReason::UntrustedClaim,
        RefusalReason::ApiPath,
        RefusalReason::NotGetOrHead,
        RefusalReason::NotAPage,
        RefusalReason::HostMissing,
        RefusalReason::HostDoubled,
        RefusalReason::HostMalformed,
        RefusalReason::HostNotListed,
        RefusalReason::LoopbackHost,
        RefusalReason::Target,
    ] {
        let text = reason.to_string();
        assert!(text.starts_with("plain HTTP"), "{text}");
        assert_eq!(text.matches("; ").count(), 1, "one reason and one remedy: {text}");
    }
    let claim = RefusalReason::UntrustedClaim.to_string();
    for part in ["no trusted proxy states HTTPS", "a redirect would loop", "name the proxy in the `TlsTermination`"] {
        assert!(claim.contains(part), "{claim}");
    }
}
