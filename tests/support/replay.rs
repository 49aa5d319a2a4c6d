//! A server for TLS and plain HTTP. The server sends the `Set-Cookie` headers of a test byte for byte, even headers
//! that an HTTP library would reject. The server records the `Cookie` header of each request. The server parses only
//! the target and the headers of a request.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::browser::Tab;
use super::network::Ports;

/// One request of a redirect chain or of a fetch, with its URL and the `Set-Cookie` headers of its response.
#[derive(Clone, Debug)]
pub(crate) struct Stop {
    pub(crate) https: bool,
    pub(crate) host: String,
    pub(crate) path: String,
    set_cookies: Vec<Vec<u8>>,
}

impl Stop {
    pub(crate) fn new(https: bool, host: &str, path: &str) -> Stop {
        Stop { https, host: host.to_owned(), path: path.to_owned(), set_cookies: Vec::new() }
    }

    /// Adds a `Set-Cookie` header to the response.
    pub(crate) fn set_cookie(mut self, header: &[u8]) -> Stop {
        self.set_cookies.push(header.to_vec());
        self
    }
}

pub(crate) struct Replay {
    /// The server's ports on 127.0.0.1, to which the SOCKS proxy connects.
    pub(crate) ports: Ports,
    /// The server's ports on `[::1]`, or `None` if the machine has no IPv6.
    ipv6_ports: Option<Ports>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    visit: Mutex<Visit>,
}

#[derive(Default)]
struct Visit {
    /// The requests of a redirect chain that the browser has not sent yet. Each list item contains the URL to which one
    /// response redirects. The last item has an empty redirect URL.
    to_come: VecDeque<(Stop, String)>,
    /// The `Cookie` header of each request that the server received so far.
    cookie_headers: Vec<Option<Vec<u8>>>,
}

impl Replay {
    pub(crate) fn start(tls: &Arc<ServerConfig>) -> Replay {
        let shared = Arc::new(Shared::default());
        let listen = |address: IpAddr| -> io::Result<Ports> {
            let (https, http) = (TcpListener::bind((address, 0))?, TcpListener::bind((address, 0))?);
            let ports = Ports { https: https.local_addr()?, http: http.local_addr()? };
            serve(https, shared.clone(), Some(tls.clone()));
            serve(http, shared.clone(), None);
            Ok(ports)
        };
        let ports = listen(Ipv4Addr::LOCALHOST.into()).unwrap();
        let ipv6_ports = listen(Ipv6Addr::LOCALHOST.into()).ok();
        Replay { ports, ipv6_ports, shared }
    }

    /// A script of the open page fetches the URL of `stop`. Returns the `Cookie` header of that request. The open page
    /// must have the same scheme and host as `stop`.
    pub(crate) fn fetch(&self, tab: &Tab<'_>, stop: &Stop) -> Result<Option<Vec<u8>>, String> {
        *self.shared.visit() = Visit { to_come: [(stop.clone(), String::new())].into(), cookie_headers: Vec::new() };
        let (status, _) = tab.fetch(&stop.path);
        let cookie_header = self.shared.visit().cookie_headers.pop();
        cookie_header.ok_or_else(|| format!("no request for {stop:?} arrived; the page got status {status}"))
    }

    /// Navigates through a redirect chain. Each `Stop` in `stops` is one request of the chain, and its response
    /// redirects to the URL of the next `Stop`. Returns the `Cookie` header of each request.
    pub(crate) fn visit(&self, tab: &Tab<'_>, stops: &[Stop]) -> Result<Vec<Option<Vec<u8>>>, String> {
        let urls: Vec<String> = stops.iter().map(|stop| self.url(stop)).collect();
        {
            let mut visit = self.shared.visit();
            visit.cookie_headers.clear();
            visit.to_come = stops.iter().cloned().zip(urls.iter().skip(1).cloned().chain([String::new()])).collect();
        }
        tab.navigate(&urls[0])?;
        let mut visit = self.shared.visit();
        let headers = std::mem::take(&mut visit.cookie_headers);
        if headers.len() == stops.len() {
            Ok(headers)
        } else {
            Err(format!("{} of {} stops", headers.len(), stops.len()))
        }
    }

    /// Returns true if the server can serve the given host. The server can serve `[::1]` only on a machine with IPv6.
    pub(crate) fn serves(&self, host: &str) -> bool {
        host != "[::1]" || self.ipv6_ports.is_some()
    }

    /// Returns the URL of `stop`. A browser connects directly to loopback hosts, so the URL of a loopback host contains
    /// the server's port. The browser requests all other hosts through the proxy, so a URL of another host has the
    /// default port of the scheme.
    fn url(&self, stop: &Stop) -> String {
        let Stop { https, host, path, .. } = stop;
        let scheme = if *https { "https" } else { "http" };
        let port = |ports: Ports| if *https { ports.https.port() } else { ports.http.port() };
        if host == "[::1]" {
            format!("{scheme}://{host}:{}{path}", port(self.ipv6_ports.expect("the machine has IPv6 on loopback")))
        } else if host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.") {
            format!("{scheme}://{host}:{}{path}", port(self.ports))
        } else {
            format!("{scheme}://{host}{path}")
        }
    }
}

impl Shared {
    fn visit(&self) -> MutexGuard<'_, Visit> {
        self.visit.lock().unwrap()
    }

    /// Returns the response to one request.
    fn respond(&self, https: bool, request: &[u8]) -> Vec<u8> {
        let mut lines = request.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
        let target = lines.next().unwrap_or_default().split(|byte| *byte == b' ').nth(1).unwrap_or_default();
        let header = |line: &[u8]| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            Some((line[..colon].to_ascii_lowercase(), line[colon + 1..].trim_ascii().to_vec()))
        };
        let headers: Vec<_> = lines.filter_map(header).collect();
        let find = |name: &[u8]| headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone());
        let host = String::from_utf8_lossy(&find(b"host").unwrap_or_default()).into_owned();

        let mut visit = self.visit();
        let expected = visit.to_come.front().is_some_and(|(stop, _)| {
            let is_host = host == stop.host || host.starts_with(&format!("{}:", stop.host));
            stop.https == https && is_host && stop.path.as_bytes() == target
        });
        let stop = if expected { visit.to_come.pop_front() } else { None };
        // The browser also requests icons and sends background requests. The server does not record these requests.
        let Some((stop, next)) = stop else {
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec();
        };
        visit.cookie_headers.push(find(b"cookie"));
        let mut head: Vec<u8> = match next.as_str() {
            "" => b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n".to_vec(),
            next => format!("HTTP/1.1 302 Found\r\nLocation: {next}\r\n").into_bytes(),
        };
        for set_cookie in &stop.set_cookies {
            head.extend([b"Set-Cookie: ", set_cookie.as_slice(), b"\r\n"].concat());
        }
        let body = "<!doctype html><link rel=\"icon\" href=\"data:,\">";
        let rest = "Cache-Control: no-store\r\nContent-Length: ";
        head.extend(format!("{rest}{}\r\n\r\n{body}", body.len()).bytes());
        head
    }
}

fn serve(listener: TcpListener, shared: Arc<Shared>, tls: Option<Arc<ServerConfig>>) {
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let (shared, tls) = (shared.clone(), tls.clone());
            // Use one thread for each connection, because a browser also opens connections without sending a request.
            thread::spawn(move || -> io::Result<()> {
                stream.set_nodelay(true)?;
                match tls {
                    None => serve_connection(stream, &shared, false),
                    Some(tls) => {
                        let connection = ServerConnection::new(tls).map_err(io::Error::other)?;
                        serve_connection(StreamOwned::new(connection, stream), &shared, true)
                    }
                }
            });
        }
    });
}

/// Answers requests until the browser closes the connection.
fn serve_connection(mut stream: impl Read + Write, shared: &Shared, https: bool) -> io::Result<()> {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            length => request.extend_from_slice(&buffer[..length]),
        }
        // The tests send only GET requests to this server. A GET request has no body, so an empty line ends the
        // request.
        if request.ends_with(b"\r\n\r\n") {
            stream.write_all(&shared.respond(https, &request))?;
            stream.flush()?;
            request.clear();
        }
    }
}
