//! The URL of the page that the test browser shows, or the URL of a saved response. The parser accepts `http:` and
//! `https:` URLs, and resolves relative URLs as browsers do. The parser accepts only ASCII host names, and does not
//! percent-encode anything.

use std::fmt;

use http::uri::PathAndQuery;

#[cfg(feature = "testing")]
use super::cookie_store::Target;
use crate::request::host::Host;

/// A URL with the scheme `http` or `https`, without a fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PageUrl {
    https: bool,
    /// The host in lower case.
    host: String,
    /// The port, or `None` for the default port of the scheme.
    port: Option<u16>,
    /// The path begins with `/` and has no segment `.` or `..`.
    path: String,
    query: Option<String>,
}

impl PageUrl {
    /// Parses an absolute URL. Returns `None` if the URL is not a valid URL with the scheme `http` or `https`.
    pub(crate) fn parse(url: &str) -> Option<PageUrl> {
        let (scheme, rest) = url.split_once("://")?;
        let https = match () {
            () if scheme.eq_ignore_ascii_case("https") => true,
            () if scheme.eq_ignore_ascii_case("http") => false,
            () => return None,
        };
        let (authority, path) = rest.split_at_checked(rest.find(['/', '?', '#']).unwrap_or(rest.len()))?;
        let host = Host::parse(authority)?.as_str();
        let port = match authority.strip_prefix(host)?.strip_prefix(':') {
            None | Some("") => None,
            Some(port) => Some(port.parse().ok()?).filter(|port| *port != if https { 443 } else { 80 }),
        };
        let origin = PageUrl { https, host: host.to_ascii_lowercase(), port, path: String::from("/"), query: None };
        origin.with_path(path)
    }

    /// Resolves a URL relative to the page. Returns `None` if the result is not a valid URL with the scheme `http` or
    /// `https`.
    pub(crate) fn join(&self, reference: &str) -> Option<PageUrl> {
        let reference = reference.split('#').next().unwrap_or_default();
        if has_scheme(reference) {
            return PageUrl::parse(reference);
        }
        if reference.starts_with("//") {
            return PageUrl::parse(&format!("{}:{reference}", self.scheme()));
        }
        match reference.bytes().next() {
            None => Some(self.clone()),
            Some(b'/') => self.with_path(reference),
            Some(b'?') => self.with_path(&format!("{}{reference}", self.path)),
            Some(_) => {
                let (directory, _) = self.path.rsplit_once('/')?;
                self.with_path(&format!("{directory}/{reference}"))
            }
        }
    }

    /// Returns a URL with the same origin as `self`. If the path does not begin with `/`, adds the `/`.
    fn with_path(&self, path_and_query: &str) -> Option<PageUrl> {
        let slash = if path_and_query.starts_with('/') { "" } else { "/" };
        let path_and_query = PathAndQuery::try_from(format!("{slash}{path_and_query}")).ok()?;
        let path = without_dot_segments(path_and_query.path());
        Some(PageUrl { path, query: path_and_query.query().map(str::to_owned), ..self.clone() })
    }

    #[cfg(feature = "testing")]
    pub(crate) fn target(&self) -> Target<'_> {
        Target { secure: self.is_secure(), host: &self.host, path: &self.path }
    }

    /// Returns true if browsers treat the URL as secure: an `https:` URL, or a URL of the local machine.
    pub(crate) fn is_secure(&self) -> bool {
        self.https || Host::parse(&self.host).is_some_and(Host::is_loopback)
    }

    #[cfg(feature = "testing")]
    pub(crate) fn has_same_origin(&self, other: &PageUrl) -> bool {
        (self.https, &self.host, self.port) == (other.https, &other.host, other.port)
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Returns the value of the `Host` header: the host, and the port if the port is not the default port.
    pub(crate) fn authority(&self) -> String {
        match self.port {
            None => self.host.clone(),
            Some(port) => format!("{}:{port}", self.host),
        }
    }

    /// Returns the URL without its query and without path parameters. Java servers write the session's id into the path
    /// parameter `;jsessionid=`.
    #[cfg(feature = "cli")]
    pub(crate) fn without_parameters(&self) -> String {
        let segments = self.path.split('/').map(|segment| segment.split(';').next().unwrap_or_default());
        let path: Vec<&str> = segments.collect();
        format!("{}://{}{}", self.scheme(), self.authority(), path.join("/"))
    }

    /// Returns the URL without its query.
    pub(crate) fn without_query(&self) -> String {
        format!("{}://{}{}", self.scheme(), self.authority(), self.path)
    }

    /// Returns the path without the query. The path begins with `/`.
    #[cfg(feature = "cli")]
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    fn scheme(&self) -> &'static str {
        if self.https { "https" } else { "http" }
    }
}

impl fmt::Display for PageUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.without_query())?;
        match &self.query {
            None => Ok(()),
            Some(query) => write!(f, "?{query}"),
        }
    }
}

/// Returns true if the text begins with a scheme and `:`, such as `https:` or `mailto:`.
fn has_scheme(reference: &str) -> bool {
    reference.split(['/', '?']).next().and_then(|start| start.split_once(':')).is_some_and(|(scheme, _)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
    })
}

/// Resolves the segments `.` and `..` of a path. As in browsers, a segment can also contain `%2e` for a dot.
fn without_dot_segments(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_dot = match &*segment.to_ascii_lowercase().replace("%2e", ".") {
            "." => true,
            ".." => {
                kept.pop();
                true
            }
            _ => false,
        };
        match is_dot {
            false => kept.push(segment),
            // If the last segment is a dot segment, the resolved path ends with `/`.
            true if segments.peek().is_none() => kept.push(""),
            true => {}
        }
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::PageUrl;

    fn parse(url: &str) -> Option<String> {
        PageUrl::parse(url).map(|url| url.to_string())
    }

    #[test]
    fn urls_are_normalized() {
        for (url, normalized) in [
            ("https://shop.example", "https://shop.example/"),
            ("HTTPS://Shop.Example:443/A?b=/c#d", "https://shop.example/A?b=/c"),
            ("http://shop.example:443", "http://shop.example:443/"),
            ("http://shop.example:80?a", "http://shop.example/?a"),
            ("http://[::1]:8080/a/./b/../c/.", "http://[::1]:8080/a/c/"),
            ("http://127.0.0.1/a/%2E%2e/../..", "http://127.0.0.1/"),
        ] {
            assert_eq!(parse(url).as_deref(), Some(normalized), "{url}");
        }
        for url in
            ["shop.example", "/a", "ftp://shop.example/", "https://", "https:///a", "https://a@b/", "http://a b/"]
        {
            assert_eq!(parse(url), None, "{url}");
        }
    }

    #[test]
    fn relative_urls_are_resolved() {
        let page = PageUrl::parse("https://shop.example:8443/a/b?c").unwrap();
        for (reference, resolved) in [
            ("", "https://shop.example:8443/a/b?c"),
            ("#top", "https://shop.example:8443/a/b?c"),
            ("?d", "https://shop.example:8443/a/b?d"),
            ("d", "https://shop.example:8443/a/d"),
            ("../d?e://f", "https://shop.example:8443/d?e://f"),
            ("/d", "https://shop.example:8443/d"),
            ("/d:e", "https://shop.example:8443/d:e"),
            ("//api.example/d", "https://api.example/d"),
            ("http://api.example", "http://api.example/"),
        ] {
            let found = page.join(reference).map(|url| url.to_string());
            assert_eq!(found.as_deref(), Some(resolved), "{reference}");
        }
        for reference in ["mailto:a", "localhost:3000/a", "//", "/a b"] {
            assert!(page.join(reference).is_none(), "{reference}");
        }
    }
}
