//! What a request over plain HTTP is told, where the policy forces HTTPS. In: the setting and the request's head; out:
//! nothing (it passes), or an answer: a redirect with its URL, or a refusal with its reason. Never panics.

use core::fmt;
use core::fmt::Write as _;

use http::header::{ACCEPT, CACHE_CONTROL, LOCATION};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};

use crate::force_https::ForceHttps;
use crate::host::{HostFault, Named};
use crate::page::is_page;

/// What a request over plain HTTP is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// 308 with this `Location`.
    Redirect(HeaderValue),
    /// 403, never a redirect.
    Refuse(Reason),
}

/// Why a request is refused. `Display` is for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    Integration,
    NotAPage,
    HostMissing,
    HostDoubled,
    HostMalformed,
    HostNotListed,
    Target,
}

impl Answer {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Answer::Redirect(_) => StatusCode::PERMANENT_REDIRECT,
            Answer::Refuse(_) => StatusCode::FORBIDDEN,
        }
    }

    /// Adds its fields to a response with an empty body.
    pub(crate) fn write(self, headers: &mut HeaderMap) {
        if let Answer::Redirect(location) = self {
            headers.insert(LOCATION, location);
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
    }
}

/// Judges a request that came over plain HTTP; `None` lets it pass.
pub(crate) fn answer(force: &ForceHttps, method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<Answer> {
    if !force.is_on() || force.exempts(uri.path()) {
        return None;
    }
    Some(match location(force, method, uri, headers) {
        Ok(location) => Answer::Redirect(location),
        Err(reason) => Answer::Refuse(reason),
    })
}

/// The same URL over https, for a page.
fn location(force: &ForceHttps, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<HeaderValue, Reason> {
    if force.lists_integration(uri.path()) {
        return Err(Reason::Integration);
    }
    if !is_page(method, headers.get_all(ACCEPT).iter().map(HeaderValue::as_bytes)) {
        return Err(Reason::NotAPage);
    }
    let named = Named::of(uri, headers)?;
    let host = named.host()?;
    if !force.may_redirect_to(host) {
        return Err(Reason::HostNotListed);
    }
    // `*`, and nothing at all, are targets too (RFC 9112 3.2).
    if !uri.path().starts_with('/') {
        return Err(Reason::Target);
    }
    let (path, query) = (uri.path(), uri.query());
    let mut url = String::with_capacity(16 + host.as_str().len() + path.len() + query.map_or(0, str::len));
    url.push_str("https://");
    url.push_str(host.as_str());
    if let Some(port) = force.explicit_port() {
        // Writing to a string does not fail.
        let _ = write!(url, ":{port}");
    }
    url.push_str(path);
    if let Some(query) = query {
        url.push('?');
        url.push_str(query);
    }
    HeaderValue::try_from(url).map_err(|_| Reason::Target)
}

impl From<HostFault> for Reason {
    fn from(fault: HostFault) -> Self {
        match fault {
            HostFault::Missing => Reason::HostMissing,
            HostFault::Doubled => Reason::HostDoubled,
            HostFault::Malformed => Reason::HostMalformed,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reason::Integration => {
                "plain HTTP under a prefix of `force_https.integrations`, which is refused and never redirected; give \
                 the client an https URL"
            }
            Reason::NotAPage => {
                "plain HTTP, and no page (GET or HEAD whose `Accept` names `text/html`) that could be redirected; give \
                 the client an https URL, or name a health check's path in `force_https.exempt`"
            }
            Reason::HostMissing => {
                "plain HTTP, and the request names no host to redirect to; let the client or proxy send `Host`"
            }
            Reason::HostDoubled => {
                "plain HTTP, and the request has more than one `Host` field; let the client or proxy send one"
            }
            Reason::HostMalformed => {
                "plain HTTP, and the request's host is no name or address to redirect to; let the client or proxy send \
                 a valid `Host`"
            }
            Reason::HostNotListed => {
                "plain HTTP, and the request's host is not in `force_https.hosts`; add it there if this server answers \
                 for it"
            }
            Reason::Target => {
                "plain HTTP, and the request's target is no path to redirect to; give the client an https URL"
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policy;

    const HTML: (&str, &str) = ("Accept", "text/html,application/xhtml+xml,*/*;q=0.8");

    fn ask(force: ForceHttps, method: &str, uri: &str, headers: &[(&str, &str)]) -> Option<Answer> {
        let policy = Policy::builder().force_https(force).build().unwrap();
        let mut request = http::Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        answer(policy.force_https(), &parts.method, &parts.uri, &parts.headers)
    }

    fn page(force: ForceHttps, uri: &str, host: &str) -> Option<Answer> {
        ask(force, "GET", uri, &[HTML, ("Host", host)])
    }

    fn redirect(url: &'static str) -> Option<Answer> {
        Some(Answer::Redirect(HeaderValue::from_static(url)))
    }

    fn refuse(reason: Reason) -> Option<Answer> {
        Some(Answer::Refuse(reason))
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
            ("/", "localhost", "https://localhost/"),
            ("//evil.example/x", "example.com", "https://example.com//evil.example/x"),
            ("/\\evil.example", "example.com", "https://example.com/\\evil.example"),
            ("http://a.example/x", "a.example", "https://a.example/x"),
            ("http://a.example:8080/x", "b.example", "https://a.example/x"),
            ("http://a.example", "", "https://a.example/"),
            ("http://a.example?q", "", "https://a.example/?q"),
        ] {
            assert_eq!(page(ForceHttps::on(), uri, host), redirect(url), "{uri} {host}");
        }
        // HTTP/2 has `:authority` and mostly no `Host`.
        assert_eq!(ask(ForceHttps::on(), "HEAD", "http://a.example/x?y", &[HTML]), redirect("https://a.example/x?y"));
    }

    #[test]
    fn the_https_port_replaces_the_port() {
        for host in ["example.com", "example.com:8080", "example.com:443"] {
            assert_eq!(page(ForceHttps::on().https_port(8443), "/x", host), redirect("https://example.com:8443/x"));
            assert_eq!(page(ForceHttps::on().https_port(443), "/x", host), redirect("https://example.com/x"));
        }
        let six = page(ForceHttps::on().https_port(65535), "/", "[::1]:80");
        assert_eq!(six, redirect("https://[::1]:65535/"));
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
            assert_eq!(page(ForceHttps::on(), "/", host), refuse(Reason::HostMalformed), "{host:?}");
        }
        assert!(HeaderValue::from_str("evil.com\r\n").is_err());
        assert!(crate::host::Host::parse("evil.com\r\n").is_none());
        assert_eq!(ask(ForceHttps::on(), "GET", "/", &[HTML]), refuse(Reason::HostMissing));
        let doubled = [HTML, ("Host", "a.example"), ("Host", "a.example")];
        assert_eq!(ask(ForceHttps::on(), "GET", "/", &doubled), refuse(Reason::HostDoubled));
        assert_eq!(ask(ForceHttps::on(), "GET", "http://a.example/", &doubled), refuse(Reason::HostDoubled));
        assert_eq!(page(ForceHttps::on(), "http://u@a.example/", "a.example"), refuse(Reason::HostMalformed));
    }

    #[test]
    fn other_targets_are_refused_without_a_panic() {
        assert_eq!(page(ForceHttps::on(), "*", "a.example"), refuse(Reason::Target));
        assert_eq!(page(ForceHttps::on(), "a.example:80", "a.example"), refuse(Reason::Target));
        // Whatever `Uri` lets through is either carried octet for octet or refused.
        for octet in 0x20..=0xFF_u32 {
            let text = format!("/{}", char::from_u32(octet).unwrap());
            let Ok(uri) = text.parse::<Uri>() else { continue };
            match page(ForceHttps::on(), &text, "a.example") {
                Some(Answer::Redirect(url)) => {
                    let expected = format!("https://a.example{}", uri.path_and_query().unwrap());
                    assert_eq!(url.as_bytes(), expected.as_bytes());
                }
                other => assert_eq!(other, refuse(Reason::Target), "{octet:02X}"),
            }
        }
    }

    #[test]
    fn only_listed_hosts_are_redirected_to() {
        let force = || ForceHttps::on().hosts(["Example.com", "www.example.com."]).hosts(["[::1]"]);
        for (host, url) in [
            ("example.com", "https://example.com/"),
            ("EXAMPLE.com.:80", "https://EXAMPLE.com./"),
            ("www.example.com", "https://www.example.com/"),
            ("[::1]:80", "https://[::1]/"),
        ] {
            assert_eq!(page(force(), "/", host), redirect(url));
        }
        for host in ["evil.example", "a.example.com", "example.com.evil.example", "xexample.com", "127.0.0.1"] {
            assert_eq!(page(force(), "/", host), refuse(Reason::HostNotListed));
        }
        assert_eq!(page(force(), "http://evil.example/", "example.com"), refuse(Reason::HostNotListed));
    }

    #[test]
    fn a_page_is_what_accept_names() {
        for (lines, is_page) in [
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
            headers.extend(lines.iter().map(|line| ("Accept", *line)));
            let expected = if is_page { redirect("https://a.example/") } else { refuse(Reason::NotAPage) };
            assert_eq!(ask(ForceHttps::on(), "GET", "/", &headers), expected, "{lines:?}");
        }
    }

    #[test]
    fn only_get_and_head_are_redirected() {
        for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY", "get"] {
            let headers = [HTML, ("Host", "a.example")];
            assert_eq!(ask(ForceHttps::on(), method, "/", &headers), refuse(Reason::NotAPage), "{method}");
        }
    }

    #[test]
    fn integrations_are_never_redirected() {
        let force = || ForceHttps::on().integrations(["/api", "/hooks/"]);
        for path in ["/api", "/api/x?y", "/hooks", "/hooks/github"] {
            assert_eq!(page(force(), path, "a.example"), refuse(Reason::Integration), "{path}");
        }
        assert_eq!(page(force(), "/apix", "a.example"), redirect("https://a.example/apix"));
    }

    #[test]
    fn exempt_paths_pass_and_so_does_everything_when_off() {
        let force = || ForceHttps::on().exempt(["/health"]).integrations(["/"]);
        for method in ["GET", "HEAD", "POST"] {
            assert_eq!(ask(force(), method, "/health?deep=1", &[]), None);
            assert_eq!(ask(ForceHttps::off(), method, "/", &[]), None);
        }
        for path in ["/health/", "/healthz", "/health/x", "/Health", "/"] {
            assert_eq!(page(force(), path, "a.example"), refuse(Reason::Integration), "{path}");
        }
    }

    #[test]
    fn every_reason_says_what_to_do() {
        for reason in [
            Reason::Integration,
            Reason::NotAPage,
            Reason::HostMissing,
            Reason::HostDoubled,
            Reason::HostMalformed,
            Reason::HostNotListed,
            Reason::Target,
        ] {
            assert!(reason.to_string().starts_with("plain HTTP") && reason.to_string().contains("; "));
        }
    }
}
