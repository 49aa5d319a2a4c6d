//! Hostile clients: what each sends, octet by octet where a library would refuse to, and what the answer may be: a proper
//! one, 4xx, 5xx, or a closed connection; and never a cookie or a value that is not this exchange's.

use std::io;
use std::sync::atomic::Ordering;

use hardtack::testing;
use http::header::{CONTENT_LENGTH, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::{HOST, LOTS, Load, Note, exchange, large, session, told};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    LongCookie,
    ThousandCookies,
    LongHead,
    Duplicate,
    Tossed,
    NotUtf8,
    Controls,
    CutSeal,
    StrangerSeal,
    Pipelined,
    Slow,
    EndsInHead,
    EndsAfterHead,
    EndsInBody,
    Panics,
    Lots,
    PlainToTls,
    TlsToPlain,
    Plain,
    Http2ThousandCookies,
    Http2LongHead,
    Http2Duplicate,
    Http2StrangerSeal,
    Http2Lots,
    Http2Ends,
    Http2Panics,
    Http2Cut,
}

pub(super) const KINDS: [Kind; 27] = [
    Kind::LongCookie,
    Kind::ThousandCookies,
    Kind::LongHead,
    Kind::Duplicate,
    Kind::Tossed,
    Kind::NotUtf8,
    Kind::Controls,
    Kind::CutSeal,
    Kind::StrangerSeal,
    Kind::Pipelined,
    Kind::Slow,
    Kind::EndsInHead,
    Kind::EndsAfterHead,
    Kind::EndsInBody,
    Kind::Panics,
    Kind::Lots,
    Kind::PlainToTls,
    Kind::TlsToPlain,
    Kind::Plain,
    Kind::Http2ThousandCookies,
    Kind::Http2LongHead,
    Kind::Http2Duplicate,
    Kind::Http2StrangerSeal,
    Kind::Http2Lots,
    Kind::Http2Ends,
    Kind::Http2Panics,
    Kind::Http2Cut,
];

/// How it ended.
enum Ended {
    /// Each with the number of its exchange.
    Answered(Vec<(u32, Answer)>),
    /// By the server, without an answer.
    Closed,
    /// By the client.
    Aborted,
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Load {
    pub(super) async fn hostile_client(&self, exchanges: impl Iterator<Item = usize>) {
        let http2 = self.certificate.client().unwrap().resolve(HOST, self.https.address);
        let http2 = http2.http2_max_header_list_size(1 << 20).build().unwrap();
        for at in exchanges {
            let (kind, variant) = (KINDS[at % KINDS.len()], at / KINDS.len());
            let count = match self.exchange(kind, variant, &http2).await {
                Ended::Aborted => &self.tally.aborted,
                Ended::Closed => {
                    assert!(kind.may_be_closed(), "{kind:?} {variant}: the server closes the connection");
                    &self.tally.closed
                }
                Ended::Answered(answers) => {
                    let mut is_refused = false;
                    for (n, answer) in answers {
                        self.is_proper(kind, n, &answer).unwrap_or_else(|why| {
                            panic!(
                                "{kind:?} {variant}, exchange {n}: {why:.400}: {} {:#?}",
                                answer.status, answer.headers
                            )
                        });
                        is_refused |= answer.status >= 400;
                    }
                    if is_refused { &self.tally.refused } else { &self.tally.answered }
                }
            };
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    async fn exchange(&self, kind: Kind, variant: usize, http2: &reqwest::Client) -> Ended {
        let n = self.number();
        let own = format!("__Host-Http-session={}", session(n).0);
        let stranger = testing::request_header_with(&Note(n), &self.stranger).to_str().unwrap().to_owned();
        let many = || (0..1000).map(|at| format!("c{at}=v{at}")).collect::<Vec<_>>();
        let get = |route: &str, fields: &[u8]| {
            let head = format!("GET /{route}/{n} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n");
            [head.as_bytes(), fields, b"\r\n"].concat()
        };
        let cookie = |octets: &[u8]| get("load", &[b"Cookie: ", octets, b"\r\n"].concat());
        match kind {
            Kind::LongCookie => {
                let long = "x".repeat((8 + variant * 13 % 53) << 10);
                self.ask(n, &cookie(format!("long={long}; {own}").as_bytes())).await
            }
            Kind::ThousandCookies => self.ask(n, &cookie(format!("{}; {own}", many().join("; ")).as_bytes())).await,
            Kind::LongHead => {
                let field = format!("X-Long: {}\r\n", "x".repeat(1000));
                let fields = field.repeat([60, 300, 1000][variant % 3]);
                self.ask(n, &get("load", format!("Cookie: {own}\r\n{fields}").as_bytes())).await
            }
            Kind::Duplicate => {
                let twice = [format!("{own}; __Host-Http-session=planted"), format!("{own}\r\nCookie: {own}x")];
                self.ask(n, &cookie(twice[variant % 2].as_bytes())).await
            }
            Kind::Tossed => {
                // A note of its own, and beside it two that do not verify.
                let Ended::Answered(first) = self.ask(n, &get("load", b"")).await else { return Ended::Closed };
                let line = first[0].1.headers.get_all(SET_COOKIE).iter().nth(1).unwrap().to_str().unwrap();
                let note = line.split(';').next().unwrap();
                self.ask(n, &cookie(format!("{stranger}; {own}; {note}; __Host-Http-note=tossed").as_bytes())).await
            }
            Kind::NotUtf8 => {
                let octets =
                    [&b"\xFF\xFE=\x80; "[..], b"__Host-Http-cart=\xC3; ", b"a=\"\xF0\x28\x8C\"; "][variant % 3];
                self.ask(n, &cookie(&[octets, own.as_bytes()].concat())).await
            }
            Kind::Controls => {
                let octet = b"\0\x01\r\n\x0B\x1B\x7F"[variant % 7];
                self.ask(n, &cookie(&[b"a=", &[octet][..], b"; ", own.as_bytes()].concat())).await
            }
            Kind::CutSeal => {
                let whole = testing::request_header_with(&Note(n), &self.keyring());
                let whole = whole.to_str().unwrap();
                let least = "__Host-Http-note=".len();
                let cut = &whole[..least + variant * 7 % (whole.len() - least)];
                self.ask(n, &cookie(format!("{own}; {cut}").as_bytes())).await
            }
            Kind::StrangerSeal => self.ask(n, &cookie(format!("{own}; {stranger}").as_bytes())).await,
            Kind::Pipelined => self.pipeline().await,
            Kind::Slow => {
                let Ok(mut stream) = self.dial().await else { return Ended::Closed };
                let head = cookie(own.as_bytes());
                for octet in &head[..head.len() - 1 - variant % 40] {
                    if stream.write_all(&[*octet]).await.is_err() || stream.flush().await.is_err() {
                        return Ended::Closed;
                    }
                }
                let mut stopped = self.stopped.lock().unwrap();
                stopped.push_back(stream);
                // A bounded number of them, until the round ends.
                if stopped.len() > 16 {
                    stopped.pop_front();
                }
                Ended::Aborted
            }
            Kind::EndsInHead | Kind::EndsAfterHead => {
                let head = cookie(own.as_bytes());
                let end = if kind == Kind::EndsInHead { variant * 17 % head.len() } else { head.len() };
                let Ok(mut stream) = self.dial().await else { return Ended::Closed };
                let _ = stream.write_all(&head[..end]).await;
                let _ = stream.flush().await;
                Ended::Aborted
            }
            Kind::EndsInBody => {
                let Ok(mut stream) = self.dial().await else { return Ended::Closed };
                let (mut read, mut piece) = (Vec::new(), [0; 512]);
                if stream.write_all(&get("large", b"")).await.is_err() || stream.flush().await.is_err() {
                    return Ended::Closed;
                }
                while !read.windows(4).any(|octets| octets == b"\r\n\r\n") {
                    match stream.read(&mut piece).await {
                        Ok(0) | Err(_) => return Ended::Closed,
                        Ok(octets) => read.extend_from_slice(&piece[..octets]),
                    }
                }
                let [answer] = &answers(&read)[..] else { panic!("one answer: {}", read.escape_ascii()) };
                self.is_proper(kind, n, answer).unwrap();
                Ended::Aborted
            }
            Kind::Panics => self.ask(n, &get("panic", b"")).await,
            Kind::Lots => self.ask(n, &get("lots", b"")).await,
            Kind::PlainToTls => {
                let Ok(stream) = TcpStream::connect(self.https.address).await else { return Ended::Closed };
                let read = exchange(stream, &cookie(own.as_bytes())).await;
                // An alert of TLS, or nothing.
                assert!(!read.windows(4).any(|octets| octets == b"HTTP"), "{}", read.escape_ascii());
                Ended::Closed
            }
            Kind::TlsToPlain => {
                let stream = TcpStream::connect(self.http.address).await.unwrap();
                let name = ServerName::try_from(HOST).unwrap();
                assert!(self.connector.connect(name, stream).await.is_err());
                Ended::Closed
            }
            Kind::Plain => {
                let stream = TcpStream::connect(self.http.address).await.unwrap();
                let route = ["load", "large", "lots", "panic"][variant % 4];
                let accept = ["", "Accept: text/html\r\n"][variant / 4 % 2];
                let fields = format!("{accept}X-Forwarded-Proto: https\r\nCookie: {own}\r\n");
                numbered(n, &exchange(stream, &get(route, fields.as_bytes())).await)
            }
            Kind::Http2ThousandCookies => {
                let fields: Vec<_> = many().into_iter().chain([own]).collect();
                self.ask_http2(http2, "load", n, &fields).await
            }
            Kind::Http2LongHead => {
                let fields = [own, format!("long={}", "x".repeat((8 + variant * 13 % 53) << 10))];
                self.ask_http2(http2, "load", n, &fields).await
            }
            Kind::Http2Duplicate => {
                let fields = [own, "__Host-Http-session=planted".to_owned()];
                self.ask_http2(http2, "load", n, &fields).await
            }
            Kind::Http2StrangerSeal => self.ask_http2(http2, "load", n, &[own, stranger]).await,
            Kind::Http2Lots => self.ask_http2(http2, "lots", n, &[]).await,
            Kind::Http2Panics => self.ask_http2(http2, "panic", n, &[]).await,
            Kind::Http2Ends => {
                let route = ["load", "large"][variant % 2];
                let fields = [own];
                let asked = self.ask_http2(http2, route, n, &fields);
                let patience = async {
                    for _ in 0..variant * 5 % 60 {
                        tokio::task::yield_now().await;
                    }
                };
                tokio::select! {
                    biased;
                    answered = asked => answered,
                    () = patience => Ended::Aborted,
                }
            }
            Kind::Http2Cut => {
                let Ok(mut stream) = self.dial_for(b"h2").await else { return Ended::Closed };
                let _ = stream.write_all(&http2_octets(variant, n)).await;
                let _ = stream.flush().await;
                Ended::Aborted
            }
        }
    }

    async fn dial(&self) -> io::Result<TlsStream<TcpStream>> {
        self.dial_for(b"http/1.1").await
    }

    async fn dial_for(&self, protocol: &[u8]) -> io::Result<TlsStream<TcpStream>> {
        let mut config = rustls::ClientConfig::clone(self.connector.config());
        config.alpn_protocols = vec![protocol.to_vec()];
        let stream = TcpStream::connect(self.https.address).await?;
        let name = ServerName::try_from(HOST).unwrap();
        tokio_rustls::TlsConnector::from(std::sync::Arc::new(config)).connect(name, stream).await
    }

    /// One request, and the connection to its end.
    async fn ask(&self, n: u32, request: &[u8]) -> Ended {
        match self.dial().await {
            Ok(stream) => numbered(n, &exchange(stream, request).await),
            Err(_) => Ended::Closed,
        }
    }

    /// Several requests before the first answer: each must get its own, in order.
    async fn pipeline(&self) -> Ended {
        let numbers: Vec<u32> = (0..5).map(|_| self.number()).collect();
        let request = |n: &u32| {
            let close = if Some(n) == numbers.last() { "Connection: close\r\n" } else { "" };
            let cookie = session(*n).0;
            format!("GET /load/{n} HTTP/1.1\r\nHost: {HOST}\r\nCookie: __Host-Http-session={cookie}\r\n{close}\r\n")
        };
        let requests: String = numbers.iter().map(request).collect();
        let read = exchange(self.dial().await.unwrap(), requests.as_bytes()).await;
        let answers = answers(&read);
        assert_eq!(answers.len(), numbers.len(), "{}", read.escape_ascii());
        for (n, answer) in numbers.iter().zip(&answers) {
            self.exactly(&answer.headers, *n);
            assert_eq!(answer.body, told(Some(session(*n)), None, None));
        }
        Ended::Answered(numbers.into_iter().zip(answers).collect())
    }

    async fn ask_http2(&self, client: &reqwest::Client, route: &str, n: u32, cookies: &[String]) -> Ended {
        let request = client.get(format!("https://{HOST}:{}/{route}/{n}", self.https.address.port()));
        let request = cookies.iter().fold(request, |request, cookie| request.header("Cookie", cookie));
        let Ok(response) = request.send().await else { return Ended::Closed };
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        match response.text().await {
            Ok(body) => Ended::Answered(vec![(n, Answer { status, headers, body })]),
            Err(_) => Ended::Closed,
        }
    }

    // ---- What an answer may be.

    fn is_proper(&self, kind: Kind, n: u32, answer: &Answer) -> Result<(), String> {
        let status = answer.status;
        let lines: Vec<&HeaderValue> = answer.headers.get_all(SET_COOKIE).iter().collect();
        if let Some(line) = lines.iter().find(|line| !self.is_own(line, n)) {
            return Err(format!("a line that is not of this exchange: {line:?}"));
        }
        let statuses: &[u16] = match kind {
            Kind::Duplicate | Kind::Http2Duplicate | Kind::StrangerSeal | Kind::Http2StrangerSeal => &[400],
            Kind::CutSeal => &[400],
            // The key of the first may have gone before the second.
            Kind::Tossed => &[200, 400],
            Kind::Lots | Kind::Http2Lots | Kind::EndsInBody | Kind::Pipelined => &[200],
            Kind::Panics | Kind::Http2Panics => &[500],
            Kind::Plain => &[308, 403],
            _ => &[200, 400, 413, 431, 500, 502],
        };
        if !statuses.contains(&status) {
            return Err("the status is none of those that this may get".to_owned());
        }
        match kind {
            Kind::Plain if !lines.is_empty() => return Err("a cookie leaves over plain HTTP".to_owned()),
            Kind::Lots | Kind::Http2Lots if lines.len() != LOTS as usize => return Err("lines are lost".to_owned()),
            Kind::Duplicate | Kind::Http2Duplicate | Kind::StrangerSeal | Kind::Http2StrangerSeal | Kind::CutSeal
                if lines.len() != 1 =>
            {
                return Err("not one removal".to_owned());
            }
            _ => {}
        }
        let is_of_load = match kind {
            Kind::Lots | Kind::Http2Lots | Kind::EndsInBody => false,
            Kind::Http2Ends => answer.body != large(),
            _ => true,
        };
        if status == 200 && is_of_load {
            let note = (kind == Kind::Tossed).then_some(Note(n));
            let read = &answer.body;
            if *read != told(Some(session(n)), note, None)
                && !(kind.may_lose_a_field() && *read == told(None, None, None))
            {
                return Err(format!("what was read is not what was sent: {}", read.escape_debug()));
            }
            self.exactly(&answer.headers, n);
        }
        Ok(())
    }

    /// Whether a line sets a cookie to this exchange's value, or removes it.
    fn is_own(&self, line: &HeaderValue, n: u32) -> bool {
        let Ok(text) = line.to_str() else { return false };
        let Some((name, value)) = text.split(';').next().and_then(|pair| pair.split_once('=')) else { return false };
        if value.is_empty() {
            return text.contains("; Max-Age=0;");
        }
        match name {
            "__Host-Http-session" => value == session(n).0,
            "__Secure-sso" | "__Secure-basket" => value == n.to_string(),
            "__Host-Http-note" => {
                let headers = HeaderMap::from_iter([(SET_COOKIE, line.clone())]);
                testing::sent_with::<Note>(&headers, &self.keyring()).is_some_and(|note| note.0 == n)
            }
            _ => false,
        }
    }
}

impl Kind {
    /// Whether a server may drop the field and answer as if there were none, as Rocket does with what is not UTF-8; or
    /// end it where a line ends.
    fn may_lose_a_field(self) -> bool {
        matches!(self, Kind::NotUtf8 | Kind::Controls)
    }

    /// Whether a server may close the connection in place of an answer.
    fn may_be_closed(self) -> bool {
        // What a server does with what it cannot parse, or after a panic, is its own affair.
        !matches!(
            self,
            Kind::Duplicate
                | Kind::Tossed
                | Kind::CutSeal
                | Kind::StrangerSeal
                | Kind::Pipelined
                | Kind::Lots
                | Kind::EndsInBody
                | Kind::Http2Duplicate
                | Kind::Http2StrangerSeal
                | Kind::Http2Lots
        )
    }
}

fn numbered(n: u32, read: &[u8]) -> Ended {
    let answers = answers(read);
    if answers.is_empty() {
        return Ended::Closed;
    }
    Ended::Answered(answers.into_iter().map(|answer| (n, answer)).collect())
}

/// The answers that stand one after the other in what a server wrote; the last may be cut.
fn answers(mut read: &[u8]) -> Vec<Answer> {
    let mut answers = Vec::new();
    while let Some(end) = read.windows(4).position(|octets| octets == b"\r\n\r\n") {
        let head = std::str::from_utf8(&read[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1."));
        let status = status.and_then(|line| line.get(2..5)?.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no answer: {head}"));
        let field = |line: &str| {
            let (name, value) = line.split_once(':').unwrap();
            (name.parse::<HeaderName>().unwrap(), value.trim().parse::<HeaderValue>().unwrap())
        };
        let headers: HeaderMap = lines.map(field).collect();
        read = &read[end + 4..];
        let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let (body, rest) = read.split_at(read.len().min(length.unwrap_or(usize::MAX)));
        read = rest;
        answers.push(Answer { status, headers, body: String::from_utf8_lossy(body).into_owned() });
    }
    answers
}

/// The beginning of a connection of HTTP/2, and a request that is wrong or cut.
fn http2_octets(variant: usize, n: u32) -> Vec<u8> {
    let frame = |kind: u8, flags: u8, stream: u8, payload: &[u8]| {
        let length = (payload.len() as u32).to_be_bytes();
        [&length[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
    };
    // Literals without indexing, of the static table's names (RFC 7541 A): `cookie` is 32, `:authority` 1, `:path` 4.
    let literal = |index: &[u8], value: &[u8]| [index, &[value.len() as u8], value].concat();
    let cookie = |value: &[u8]| literal(&[0x0F, 17], value);
    let request =
        [&[0x82, 0x87][..], &literal(&[4], format!("/load/{n}").as_bytes()), &literal(&[1], HOST.as_bytes())].concat();
    let mut octets = [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &frame(4, 0, 0, b"")].concat();
    match variant % 4 {
        // A field value with a control octet.
        0 => octets.extend(frame(1, 5, 1, &[&request[..], &cookie(b"a=\x01b")].concat())),
        // A head that does not end.
        1 => {
            octets.extend(frame(1, 1, 1, &request));
            for _ in 0..64 {
                octets.extend(frame(9, 0, 1, &cookie(&[b'x'; 100]).repeat(80)));
            }
        }
        // One that is cut.
        2 => {
            let whole = frame(1, 5, 1, &[&request[..], &cookie(b"a=b")].concat());
            octets.extend(&whole[..whole.len() / 2]);
        }
        // A good one, and a reset before its answer.
        _ => {
            octets.extend(frame(1, 5, 1, &request));
            octets.extend(frame(3, 0, 1, &[0, 0, 0, 8]));
        }
    }
    octets
}
