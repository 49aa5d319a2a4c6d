//! A server that writes Set-Cookie lines octet by octet, such as no HTTP library would, over TLS and plain HTTP, and notes
//! the Cookie field of each request. Parses no more of a request than that.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::browser::Tab;
use super::network::Ports;

/// One stop of a visit: where, and what is set there.
#[derive(Clone, Debug)]
pub(crate) struct Stop {
    pub(crate) https: bool,
    pub(crate) host: String,
    pub(crate) path: String,
    lines: Vec<Vec<u8>>,
}

impl Stop {
    pub(crate) fn new(https: bool, host: &str, path: &str) -> Stop {
        Stop { https, host: host.to_owned(), path: path.to_owned(), lines: Vec::new() }
    }

    /// With this Set-Cookie line.
    pub(crate) fn sets(mut self, line: &[u8]) -> Stop {
        self.lines.push(line.to_vec());
        self
    }
}

pub(crate) struct Replay {
    /// Where the proxy finds it.
    pub(crate) ports: Ports,
    /// On `[::1]`.
    six: Option<Ports>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    visit: Mutex<Visit>,
}

#[derive(Default)]
struct Visit {
    to_come: VecDeque<(Stop, String)>,
    /// The Cookie field of each stop, where there was one.
    seen: Vec<Option<Vec<u8>>>,
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
        let six = listen(Ipv6Addr::LOCALHOST.into()).ok();
        Replay { ports, six, shared }
    }

    /// Asks for this stop from the open page, which is on its scheme and host, and returns the Cookie field.
    pub(crate) fn ask(&self, tab: &Tab<'_>, stop: &Stop) -> Result<Option<Vec<u8>>, String> {
        *self.shared.visit() = Visit { to_come: [(stop.clone(), String::new())].into(), seen: Vec::new() };
        let (status, _) = tab.fetch(&stop.path);
        self.shared.visit().seen.pop().ok_or_else(|| format!("not asked for {stop:?}, but {status}"))
    }

    /// Goes through these stops in one visit, each of which redirects to the next, and returns the Cookie field that each
    /// of them received.
    pub(crate) fn visit(&self, tab: &Tab<'_>, stops: &[Stop]) -> Result<Vec<Option<Vec<u8>>>, String> {
        let urls: Vec<String> = stops.iter().map(|stop| self.url(stop)).collect();
        {
            let mut visit = self.shared.visit();
            visit.seen.clear();
            visit.to_come = stops.iter().cloned().zip(urls.iter().skip(1).cloned().chain([String::new()])).collect();
        }
        tab.navigate(&urls[0])?;
        let mut visit = self.shared.visit();
        let seen = std::mem::take(&mut visit.seen);
        if seen.len() == stops.len() { Ok(seen) } else { Err(format!("{} of {} stops", seen.len(), stops.len())) }
    }

    /// Whether this machine has the address.
    pub(crate) fn reaches(&self, host: &str) -> bool {
        host != "[::1]" || self.six.is_some()
    }

    /// Loopback is reached directly, at the ports that the system chose; all else through the proxy, at the scheme's own.
    fn url(&self, stop: &Stop) -> String {
        let Stop { https, host, path, .. } = stop;
        let scheme = if *https { "https" } else { "http" };
        let port = |ports: Ports| if *https { ports.https.port() } else { ports.http.port() };
        if host == "[::1]" {
            format!("{scheme}://{host}:{}{path}", port(self.six.expect("a system with IPv6 on loopback")))
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

    /// The answer to one request.
    fn answer(&self, https: bool, request: &[u8]) -> Vec<u8> {
        let mut lines = request.split(|octet| *octet == b'\n').map(<[u8]>::trim_ascii_end);
        let target = lines.next().unwrap_or_default().split(|octet| *octet == b' ').nth(1).unwrap_or_default();
        let field = |line: &[u8]| {
            let colon = line.iter().position(|octet| *octet == b':')?;
            Some((line[..colon].to_ascii_lowercase(), line[colon + 1..].trim_ascii().to_vec()))
        };
        let fields: Vec<_> = lines.filter_map(field).collect();
        let find = |name: &[u8]| fields.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone());
        let host = String::from_utf8_lossy(&find(b"host").unwrap_or_default()).into_owned();

        let mut visit = self.visit();
        let expected = visit.to_come.front().is_some_and(|(stop, _)| {
            let named = host == stop.host || host.starts_with(&format!("{}:", stop.host));
            stop.https == https && named && stop.path.as_bytes() == target
        });
        let stop = if expected { visit.to_come.pop_front() } else { None };
        // Icons, and the browser's own errands.
        let Some((stop, next)) = stop else {
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec();
        };
        visit.seen.push(find(b"cookie"));
        let mut head: Vec<u8> = match next.as_str() {
            "" => b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n".to_vec(),
            next => format!("HTTP/1.1 302 Found\r\nLocation: {next}\r\n").into_bytes(),
        };
        for line in &stop.lines {
            head.extend([b"Set-Cookie: ", line.as_slice(), b"\r\n"].concat());
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
            // A browser opens connections that it does not use.
            thread::spawn(move || -> io::Result<()> {
                stream.set_nodelay(true)?;
                match tls {
                    None => exchange(stream, &shared, false),
                    Some(tls) => {
                        let connection = ServerConnection::new(tls).map_err(io::Error::other)?;
                        exchange(StreamOwned::new(connection, stream), &shared, true)
                    }
                }
            });
        }
    });
}

/// Answers until the browser hangs up.
fn exchange(mut stream: impl Read + Write, shared: &Shared, https: bool) -> io::Result<()> {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            length => request.extend_from_slice(&buffer[..length]),
        }
        // Of a GET there is no more than its head.
        if request.ends_with(b"\r\n\r\n") {
            stream.write_all(&shared.answer(https, &request))?;
            stream.flush()?;
            request.clear();
        }
    }
}
