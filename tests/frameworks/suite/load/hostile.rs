//! Clients that send malformed or aborted requests. If an HTTP library would refuse to send a request, the client sends
//! raw bytes. The server must send a valid response or close the connection. A 4xx or 5xx response is valid too. The
//! server must never send a cookie or a value from a different request.

use std::io;
use std::sync::atomic::Ordering;

use hardtack::testing;
use http::header::{CONTENT_LENGTH, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::{HOST, LOTS_OF_COOKIES, Load, Note, describe, large, send_and_read_to_end, session};

/// The kind of a hostile request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    LongCookie,
    ThousandCookies,
    LongHead,
    DuplicateCookie,
    InvalidBesideValidSeal,
    NotUtf8,
    ControlBytes,
    TruncatedSeal,
    UnknownKeySeal,
    Pipelined,
    Slow,
    AbortInHead,
    AbortAfterHead,
    AbortInBody,
    Panic,
    LotsOfCookies,
    PlainToTls,
    TlsToPlain,
    PlainHttp,
    Http2ThousandCookies,
    Http2LongHead,
    Http2DuplicateCookie,
    Http2UnknownKeySeal,
    Http2LotsOfCookies,
    Http2Abort,
    Http2Panic,
    Http2Malformed,
}

pub(super) const KINDS: [Kind; 27] = [
    Kind::LongCookie,
    Kind::ThousandCookies,
    Kind::LongHead,
    Kind::DuplicateCookie,
    Kind::InvalidBesideValidSeal,
    Kind::NotUtf8,
    Kind::ControlBytes,
    Kind::TruncatedSeal,
    Kind::UnknownKeySeal,
    Kind::Pipelined,
    Kind::Slow,
    Kind::AbortInHead,
    Kind::AbortAfterHead,
    Kind::AbortInBody,
    Kind::Panic,
    Kind::LotsOfCookies,
    Kind::PlainToTls,
    Kind::TlsToPlain,
    Kind::PlainHttp,
    Kind::Http2ThousandCookies,
    Kind::Http2LongHead,
    Kind::Http2DuplicateCookie,
    Kind::Http2UnknownKeySeal,
    Kind::Http2LotsOfCookies,
    Kind::Http2Abort,
    Kind::Http2Panic,
    Kind::Http2Malformed,
];

/// The result of a hostile request.
enum Outcome {
    /// The server's responses, each with the number of its request.
    Responded(Vec<(u32, Response)>),
    /// The server closed the connection without a response.
    Closed,
    /// The client closed the connection.
    Aborted,
}

struct Response {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Load {
    pub(super) async fn hostile_client(&self, requests: impl Iterator<Item = usize>) {
        let http2 = self.certificate.client().unwrap().resolve(HOST, self.https.address);
        let http2 = http2.http2_max_header_list_size(1 << 20).build().unwrap();
        for at in requests {
            let (kind, variant) = (KINDS[at % KINDS.len()], at / KINDS.len());
            let count = match self.send_hostile(kind, variant, &http2).await {
                Outcome::Aborted => &self.tally.aborted,
                Outcome::Closed => {
                    assert!(kind.may_be_closed(), "{kind:?} {variant}: the server closed the connection");
                    &self.tally.closed
                }
                Outcome::Responded(responses) => {
                    let mut is_refused = false;
                    for (n, response) in responses {
                        self.check_response(kind, n, &response).unwrap_or_else(|why| {
                            panic!(
                                "{kind:?} {variant}, request {n}: {why:.400}: {} {:#?}",
                                response.status, response.headers
                            )
                        });
                        is_refused |= response.status >= 400;
                    }
                    if is_refused { &self.tally.refused } else { &self.tally.succeeded }
                }
            };
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    async fn send_hostile(&self, kind: Kind, variant: usize, http2: &reqwest::Client) -> Outcome {
        let n = self.number();
        let session_cookie = format!("__Host-Http-session={}", session(n).0);
        let unknown_key_note =
            testing::request_header_with(&Note(n), &self.unknown_keyring).to_str().unwrap().to_owned();
        let many = || (0..1000).map(|at| format!("c{at}=v{at}")).collect::<Vec<_>>();
        let get = |route: &str, headers: &[u8]| {
            let head = format!("GET /{route}/{n} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n");
            [head.as_bytes(), headers, b"\r\n"].concat()
        };
        let cookie = |bytes: &[u8]| get("load", &[b"Cookie: ", bytes, b"\r\n"].concat());
        match kind {
            Kind::LongCookie => {
                let long = "x".repeat((8 + variant * 13 % 53) << 10);
                self.send(n, &cookie(format!("long={long}; {session_cookie}").as_bytes())).await
            }
            Kind::ThousandCookies => {
                self.send(n, &cookie(format!("{}; {session_cookie}", many().join("; ")).as_bytes())).await
            }
            Kind::LongHead => {
                let header = format!("X-Long: {}\r\n", "x".repeat(1000));
                let headers = header.repeat([60, 300, 1000][variant % 3]);
                self.send(n, &get("load", format!("Cookie: {session_cookie}\r\n{headers}").as_bytes())).await
            }
            Kind::DuplicateCookie => {
                let twice = [
                    format!("{session_cookie}; __Host-Http-session=planted"),
                    format!("{session_cookie}\r\nCookie: {session_cookie}x"),
                ];
                self.send(n, &cookie(twice[variant % 2].as_bytes())).await
            }
            Kind::InvalidBesideValidSeal => {
                // The request contains one valid note of this client, and two notes with invalid seals.
                let Outcome::Responded(first) = self.send(n, &get("load", b"")).await else { return Outcome::Closed };
                let set_cookie = first[0].1.headers.get_all(SET_COOKIE).iter().nth(1).unwrap().to_str().unwrap();
                let note = set_cookie.split(';').next().unwrap();
                let cookies = format!("{unknown_key_note}; {session_cookie}; {note}; __Host-Http-note=invalid");
                self.send(n, &cookie(cookies.as_bytes())).await
            }
            Kind::NotUtf8 => {
                let bytes = [&b"\xFF\xFE=\x80; "[..], b"__Host-Http-cart=\xC3; ", b"a=\"\xF0\x28\x8C\"; "][variant % 3];
                self.send(n, &cookie(&[bytes, session_cookie.as_bytes()].concat())).await
            }
            Kind::ControlBytes => {
                let control = b"\0\x01\r\n\x0B\x1B\x7F"[variant % 7];
                self.send(n, &cookie(&[b"a=", &[control][..], b"; ", session_cookie.as_bytes()].concat())).await
            }
            Kind::TruncatedSeal => {
                let whole = testing::request_header_with(&Note(n), &self.keyring());
                let whole = whole.to_str().unwrap();
                let name_len = "__Host-Http-note=".len();
                let cut = &whole[..name_len + variant * 7 % (whole.len() - name_len)];
                self.send(n, &cookie(format!("{session_cookie}; {cut}").as_bytes())).await
            }
            Kind::UnknownKeySeal => {
                self.send(n, &cookie(format!("{session_cookie}; {unknown_key_note}").as_bytes())).await
            }
            Kind::Pipelined => self.pipeline().await,
            Kind::Slow => {
                let Ok(mut stream) = self.connect().await else { return Outcome::Closed };
                let head = cookie(session_cookie.as_bytes());
                for byte in &head[..head.len() - 1 - variant % 40] {
                    if stream.write_all(&[*byte]).await.is_err() || stream.flush().await.is_err() {
                        return Outcome::Closed;
                    }
                }
                let mut stopped = self.stopped.lock().unwrap();
                stopped.push_back(stream);
                // The last 16 aborted connections stay open until the round ends.
                if stopped.len() > 16 {
                    stopped.pop_front();
                }
                Outcome::Aborted
            }
            Kind::AbortInHead | Kind::AbortAfterHead => {
                let head = cookie(session_cookie.as_bytes());
                let end = if kind == Kind::AbortInHead { variant * 17 % head.len() } else { head.len() };
                let Ok(mut stream) = self.connect().await else { return Outcome::Closed };
                let _ = stream.write_all(&head[..end]).await;
                let _ = stream.flush().await;
                Outcome::Aborted
            }
            Kind::AbortInBody => {
                let Ok(mut stream) = self.connect().await else { return Outcome::Closed };
                let (mut read, mut piece) = (Vec::new(), [0; 512]);
                if stream.write_all(&get("large", b"")).await.is_err() || stream.flush().await.is_err() {
                    return Outcome::Closed;
                }
                while !read.windows(4).any(|bytes| bytes == b"\r\n\r\n") {
                    match stream.read(&mut piece).await {
                        Ok(0) | Err(_) => return Outcome::Closed,
                        Ok(bytes) => read.extend_from_slice(&piece[..bytes]),
                    }
                }
                let [response] = &parse_responses(&read)[..] else {
                    panic!("not exactly one response: {}", read.escape_ascii())
                };
                self.check_response(kind, n, response).unwrap();
                Outcome::Aborted
            }
            Kind::Panic => self.send(n, &get("panic", b"")).await,
            Kind::LotsOfCookies => self.send(n, &get("lots", b"")).await,
            Kind::PlainToTls => {
                let Ok(stream) = TcpStream::connect(self.https.address).await else { return Outcome::Closed };
                let read = send_and_read_to_end(stream, &cookie(session_cookie.as_bytes())).await;
                // The server sends a TLS alert, or no bytes.
                assert!(!read.windows(4).any(|bytes| bytes == b"HTTP"), "{}", read.escape_ascii());
                Outcome::Closed
            }
            Kind::TlsToPlain => {
                let stream = TcpStream::connect(self.http.address).await.unwrap();
                let name = ServerName::try_from(HOST).unwrap();
                assert!(self.connector.connect(name, stream).await.is_err());
                Outcome::Closed
            }
            Kind::PlainHttp => {
                let stream = TcpStream::connect(self.http.address).await.unwrap();
                let route = ["load", "large", "lots", "panic"][variant % 4];
                let accept = ["", "Accept: text/html\r\n"][variant / 4 % 2];
                let headers = format!("{accept}X-Forwarded-Proto: https\r\nCookie: {session_cookie}\r\n");
                outcome_of(n, &send_and_read_to_end(stream, &get(route, headers.as_bytes())).await)
            }
            Kind::Http2ThousandCookies => {
                let headers: Vec<_> = many().into_iter().chain([session_cookie]).collect();
                self.send_http2(http2, "load", n, &headers).await
            }
            Kind::Http2LongHead => {
                let headers = [session_cookie, format!("long={}", "x".repeat((8 + variant * 13 % 53) << 10))];
                self.send_http2(http2, "load", n, &headers).await
            }
            Kind::Http2DuplicateCookie => {
                let headers = [session_cookie, "__Host-Http-session=planted".to_owned()];
                self.send_http2(http2, "load", n, &headers).await
            }
            Kind::Http2UnknownKeySeal => self.send_http2(http2, "load", n, &[session_cookie, unknown_key_note]).await,
            Kind::Http2LotsOfCookies => self.send_http2(http2, "lots", n, &[]).await,
            Kind::Http2Panic => self.send_http2(http2, "panic", n, &[]).await,
            Kind::Http2Abort => {
                let route = ["load", "large"][variant % 2];
                let headers = [session_cookie];
                let request = self.send_http2(http2, route, n, &headers);
                let delay = async {
                    for _ in 0..variant * 5 % 60 {
                        tokio::task::yield_now().await;
                    }
                };
                tokio::select! {
                    biased;
                    outcome = request => outcome,
                    () = delay => Outcome::Aborted,
                }
            }
            Kind::Http2Malformed => {
                let Ok(mut stream) = self.connect_with_alpn(b"h2").await else { return Outcome::Closed };
                let _ = stream.write_all(&malformed_http2(variant, n)).await;
                let _ = stream.flush().await;
                Outcome::Aborted
            }
        }
    }

    async fn connect(&self) -> io::Result<TlsStream<TcpStream>> {
        self.connect_with_alpn(b"http/1.1").await
    }

    async fn connect_with_alpn(&self, protocol: &[u8]) -> io::Result<TlsStream<TcpStream>> {
        let mut config = rustls::ClientConfig::clone(self.connector.config());
        config.alpn_protocols = vec![protocol.to_vec()];
        let stream = TcpStream::connect(self.https.address).await?;
        let name = ServerName::try_from(HOST).unwrap();
        tokio_rustls::TlsConnector::from(std::sync::Arc::new(config)).connect(name, stream).await
    }

    /// Sends one request on a new connection, and reads until the server closes the connection.
    async fn send(&self, n: u32, request: &[u8]) -> Outcome {
        match self.connect().await {
            Ok(stream) => outcome_of(n, &send_and_read_to_end(stream, request).await),
            Err(_) => Outcome::Closed,
        }
    }

    /// Sends five requests, then reads the responses. The server must send the responses in the order of the requests.
    async fn pipeline(&self) -> Outcome {
        let numbers: Vec<u32> = (0..5).map(|_| self.number()).collect();
        let request = |n: &u32| {
            let close = if Some(n) == numbers.last() { "Connection: close\r\n" } else { "" };
            let cookie = session(*n).0;
            format!("GET /load/{n} HTTP/1.1\r\nHost: {HOST}\r\nCookie: __Host-Http-session={cookie}\r\n{close}\r\n")
        };
        let requests: String = numbers.iter().map(request).collect();
        let read = send_and_read_to_end(self.connect().await.unwrap(), requests.as_bytes()).await;
        let responses = parse_responses(&read);
        assert_eq!(responses.len(), numbers.len(), "{}", read.escape_ascii());
        for (n, response) in numbers.iter().zip(&responses) {
            self.assert_set_cookies(&response.headers, *n);
            assert_eq!(response.body, describe(Some(session(*n)), None, None));
        }
        Outcome::Responded(numbers.into_iter().zip(responses).collect())
    }

    async fn send_http2(&self, client: &reqwest::Client, route: &str, n: u32, cookies: &[String]) -> Outcome {
        let request = client.get(format!("https://{HOST}:{}/{route}/{n}", self.https.address.port()));
        let request = cookies.iter().fold(request, |request, cookie| request.header("Cookie", cookie));
        let Ok(response) = request.send().await else { return Outcome::Closed };
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        match response.text().await {
            Ok(body) => Outcome::Responded(vec![(n, Response { status, headers, body })]),
            Err(_) => Outcome::Closed,
        }
    }

    // ---- The checks of a response.

    /// Checks the response to request `n`. The status must be a status that the server may send for this kind of
    /// request. Each `Set-Cookie` header must remove a cookie or set a cookie of request `n`.
    fn check_response(&self, kind: Kind, n: u32, response: &Response) -> Result<(), String> {
        let status = response.status;
        let set_cookies: Vec<&HeaderValue> = response.headers.get_all(SET_COOKIE).iter().collect();
        if let Some(set_cookie) = set_cookies.iter().find(|set_cookie| !self.belongs_to_request(set_cookie, n)) {
            return Err(format!("a cookie of another request: {set_cookie:?}"));
        }
        let statuses: &[u16] = match kind {
            Kind::DuplicateCookie | Kind::Http2DuplicateCookie | Kind::UnknownKeySeal | Kind::Http2UnknownKeySeal => {
                &[400]
            }
            Kind::TruncatedSeal => &[400],
            // A key rotation can remove the key of the sealed cookie before the second request arrives. The status is
            // then 400.
            Kind::InvalidBesideValidSeal => &[200, 400],
            Kind::LotsOfCookies | Kind::Http2LotsOfCookies | Kind::AbortInBody | Kind::Pipelined => &[200],
            Kind::Panic | Kind::Http2Panic => &[500],
            Kind::PlainHttp => &[308, 403],
            _ => &[200, 400, 413, 431, 500, 502],
        };
        if !statuses.contains(&status) {
            return Err(format!("the status is not one of {statuses:?}"));
        }
        match kind {
            Kind::PlainHttp if !set_cookies.is_empty() => return Err("a Secure cookie over plain HTTP".to_owned()),
            Kind::LotsOfCookies | Kind::Http2LotsOfCookies if set_cookies.len() != LOTS_OF_COOKIES as usize => {
                return Err("cookies are missing".to_owned());
            }
            Kind::DuplicateCookie | Kind::Http2DuplicateCookie | Kind::UnknownKeySeal | Kind::Http2UnknownKeySeal
                if !set_cookies.is_empty() =>
            {
                // A different release or server can perhaps still read the value, so a response must not remove the
                // cookie.
                return Err("a removal of a cookie that another server may read".to_owned());
            }
            _ => {}
        }
        let is_load_response = match kind {
            Kind::LotsOfCookies | Kind::Http2LotsOfCookies | Kind::AbortInBody => false,
            Kind::Http2Abort => response.body != large(),
            _ => true,
        };
        if status == 200 && is_load_response {
            let note = (kind == Kind::InvalidBesideValidSeal).then_some(Note(n));
            let read = &response.body;
            if *read != describe(Some(session(n)), note, None)
                && !(kind.may_lose_the_cookie_header() && *read == describe(None, None, None))
            {
                return Err(format!("the handler read other cookies than the client sent: {}", read.escape_debug()));
            }
            self.assert_set_cookies(&response.headers, n);
        }
        Ok(())
    }

    /// Returns true if a `Set-Cookie` header removes a cookie, or sets a cookie to the value of request `n`.
    fn belongs_to_request(&self, set_cookie: &HeaderValue, n: u32) -> bool {
        let Ok(text) = set_cookie.to_str() else { return false };
        let Some((name, value)) = text.split(';').next().and_then(|pair| pair.split_once('=')) else { return false };
        if value.is_empty() {
            return text.contains("; Max-Age=0;");
        }
        match name {
            "__Host-Http-session" => value == session(n).0,
            "__Secure-sso" => value == n.to_string(),
            name if name.starts_with("__Host-Http-flow.") => value == n.to_string(),
            "__Host-Http-note" => {
                let headers = HeaderMap::from_iter([(SET_COOKIE, set_cookie.clone())]);
                testing::sent_with::<Note>(&headers, &self.keyring()).is_some_and(|note| note.0 == n)
            }
            _ => false,
        }
    }
}

impl Kind {
    /// Returns true if a server may ignore the `Cookie` header or a part at the end of the header. Rocket ignores a
    /// `Cookie` header that is not UTF-8. A line break in a header's value ends the header.
    fn may_lose_the_cookie_header(self) -> bool {
        matches!(self, Kind::NotUtf8 | Kind::ControlBytes)
    }

    /// Returns true if a server may close the connection without a response.
    fn may_be_closed(self) -> bool {
        // A server may close the connection after a parse error or a panic. The kinds of request below cause neither a
        // parse error nor a panic.
        !matches!(
            self,
            Kind::DuplicateCookie
                | Kind::InvalidBesideValidSeal
                | Kind::TruncatedSeal
                | Kind::UnknownKeySeal
                | Kind::Pipelined
                | Kind::LotsOfCookies
                | Kind::AbortInBody
                | Kind::Http2DuplicateCookie
                | Kind::Http2UnknownKeySeal
                | Kind::Http2LotsOfCookies
        )
    }
}

/// Parses the responses to request `n`. If the server sent no response, the server has closed the connection.
fn outcome_of(n: u32, read: &[u8]) -> Outcome {
    let responses = parse_responses(read);
    if responses.is_empty() {
        return Outcome::Closed;
    }
    Outcome::Responded(responses.into_iter().map(|response| (n, response)).collect())
}

/// Parses consecutive HTTP/1.1 responses. The body of the last response can be incomplete.
fn parse_responses(mut read: &[u8]) -> Vec<Response> {
    let mut responses = Vec::new();
    while let Some(end) = read.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
        let head = std::str::from_utf8(&read[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1."));
        let status = status.and_then(|line| line.get(2..5)?.parse().ok());
        let status = status.unwrap_or_else(|| panic!("not an HTTP response: {head}"));
        let header = |line: &str| {
            let (name, value) = line.split_once(':').unwrap();
            (name.parse::<HeaderName>().unwrap(), value.trim().parse::<HeaderValue>().unwrap())
        };
        let headers: HeaderMap = lines.map(header).collect();
        read = &read[end + 4..];
        let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let (body, rest) = read.split_at(read.len().min(length.unwrap_or(usize::MAX)));
        read = rest;
        responses.push(Response { status, headers, body: String::from_utf8_lossy(body).into_owned() });
    }
    responses
}

/// Returns the first bytes of an HTTP/2 connection with a malformed, endless, truncated or cancelled request.
fn malformed_http2(variant: usize, n: u32) -> Vec<u8> {
    let frame = |kind: u8, flags: u8, stream: u8, payload: &[u8]| {
        let length = (payload.len() as u32).to_be_bytes();
        [&length[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
    };
    // Encodes one header as an HPACK literal without indexing (RFC 7541 6.2.2). `index` encodes the index of the
    // header's name in the static table (RFC 7541 A). `cookie` has the index 32, `:authority` has 1, and `:path` has 4.
    let literal = |index: &[u8], value: &[u8]| [index, &[value.len() as u8], value].concat();
    let cookie = |value: &[u8]| literal(&[0x0F, 17], value);
    let request =
        [&[0x82, 0x87][..], &literal(&[4], format!("/load/{n}").as_bytes()), &literal(&[1], HOST.as_bytes())].concat();
    let mut bytes = [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &frame(4, 0, 0, b"")].concat();
    match variant % 4 {
        // Malformed: a control byte in a header value.
        0 => bytes.extend(frame(1, 5, 1, &[&request[..], &cookie(b"a=\x01b")].concat())),
        // Endless: a header block without an end.
        1 => {
            bytes.extend(frame(1, 1, 1, &request));
            for _ in 0..64 {
                bytes.extend(frame(9, 0, 1, &cookie(&[b'x'; 100]).repeat(80)));
            }
        }
        // Truncated: half of a HEADERS frame.
        2 => {
            let whole = frame(1, 5, 1, &[&request[..], &cookie(b"a=b")].concat());
            bytes.extend(&whole[..whole.len() / 2]);
        }
        // Cancelled: a valid request, and a reset before its response.
        _ => {
            bytes.extend(frame(1, 5, 1, &request));
            bytes.extend(frame(3, 0, 1, &[0, 0, 0, 8]));
        }
    }
    bytes
}
