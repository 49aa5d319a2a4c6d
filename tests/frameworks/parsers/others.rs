//! Reads cookies with the other parsers, each in the way in which an application uses the parser. The table `PARSERS`
//! lists how each parser differs from hardtack.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

use super::NAMES;
use super::model::{Encoding, Quirk, Reading};

/// The values of the cookies in `NAMES`.
pub(crate) type Answer = [Option<Vec<u8>>; NAMES.len()];

/// A parser, and every way in which the parser differs from hardtack.
pub(crate) struct Parser<R = fn(&[Vec<u8>]) -> Answer> {
    pub(crate) name: &'static str,
    pub(crate) encoding: Encoding,
    /// Reads the cookies in a list of headers.
    pub(crate) read: R,
    pub(crate) quirks: &'static [Quirk],
}

impl<R> Parser<R> {
    /// Returns the value that the parser reads from a cookie with this raw value.
    pub(crate) fn value(&self, raw: &[u8]) -> Option<Vec<u8>> {
        Reading::new(&[[b"x=", raw].concat()], self.encoding, self.quirks).value("x")
    }
}

/// The parsers that read a list of headers.
pub(crate) const PARSERS: [Parser; 6] = [
    Parser {
        name: "cookie, split_parse",
        encoding: Encoding::Raw,
        read: |headers| cookie_crate(headers, cookie::Cookie::split_parse),
        quirks: &[Quirk::UnicodeBlanks, Quirk::Utf8HeadersOnly, Quirk::LastValue],
    },
    Parser {
        name: "cookie, split_parse_encoded",
        encoding: Encoding::Percent,
        read: |headers| cookie_crate(headers, cookie::Cookie::split_parse_encoded),
        quirks: COOKIE_CRATE,
    },
    Parser {
        name: "axum-extra",
        encoding: Encoding::Percent,
        read: axum_extra,
        quirks: &[Quirk::DecodedNames, Quirk::AsciiHeadersOnly, Quirk::UndecodableSkipped, Quirk::LastValue],
    },
    Parser {
        name: "actix-web",
        encoding: Encoding::Percent,
        read: actix_web,
        quirks: &[
            Quirk::DecodedNames,
            Quirk::UnicodeBlanks,
            Quirk::Unquoted,
            Quirk::NoHeaderUnlessUtf8,
            Quirk::NoCookieUnlessAllParse,
            Quirk::FirstValue,
        ],
    },
    Parser {
        name: "poem",
        encoding: Encoding::Percent,
        read: poem,
        quirks: &[Quirk::DecodedNames, Quirk::AsciiHeadersOnly, Quirk::UndecodableSkipped, Quirk::FirstValue],
    },
    Parser {
        name: "salvo",
        encoding: Encoding::Percent,
        read: salvo,
        quirks: &[Quirk::DecodedNames, Quirk::AsciiHeadersOnly, Quirk::UndecodableSkipped, Quirk::LastValue],
    },
];

/// The quirks of the crate `cookie` with percent-decoding. Rocket uses this crate.
const COOKIE_CRATE: &[Quirk] =
    &[Quirk::DecodedNames, Quirk::UnicodeBlanks, Quirk::Utf8HeadersOnly, Quirk::UndecodableSkipped, Quirk::LastValue];

/// Rocket only parses the headers of a connection. See [`rocket::read_all`].
pub(crate) const ROCKET: Parser<()> =
    Parser { name: "Rocket", encoding: Encoding::Percent, read: (), quirks: COOKIE_CRATE };

fn answer(mut get: impl FnMut(&str) -> Option<String>) -> Answer {
    NAMES.map(|name| get(name).map(String::into_bytes))
}

fn header_map(headers: &[Vec<u8>]) -> HeaderMap {
    headers.iter().map(|header| (COOKIE, HeaderValue::from_bytes(header).unwrap())).collect()
}

/// The functions of the crate `cookie` only take text. A caller skips a header that is not UTF-8.
fn cookie_crate<'a>(headers: &'a [Vec<u8>], split: fn(&'a str) -> cookie::SplitCookies<'a>) -> Answer {
    let mut jar = cookie::CookieJar::new();
    for header in headers.iter().filter_map(|header| str::from_utf8(header).ok()) {
        split(header).flatten().for_each(|cookie| jar.add_original(cookie.into_owned()));
    }
    answer(|name| jar.get(name).map(|cookie| cookie.value().to_owned()))
}

fn axum_extra(headers: &[Vec<u8>]) -> Answer {
    let jar = axum_extra::extract::CookieJar::from_headers(&header_map(headers));
    answer(|name| jar.get(name).map(|cookie| cookie.value().to_owned()))
}

fn actix_web(headers: &[Vec<u8>]) -> Answer {
    use actix_web::http::header::{COOKIE, HeaderValue};
    use actix_web::test::TestRequest;

    let request = headers.iter().fold(TestRequest::default(), |request, header| {
        request.append_header((COOKIE, HeaderValue::from_bytes(header).unwrap()))
    });
    let request = request.to_http_request();
    answer(|name| request.cookie(name).map(|cookie| cookie.value().to_owned()))
}

fn poem(headers: &[Vec<u8>]) -> Answer {
    use std::sync::{Arc, Mutex};

    use futures_util::FutureExt as _;
    use poem::endpoint::make_sync;
    use poem::middleware::CookieJarManager;
    use poem::{Endpoint as _, EndpointExt as _, Request};

    let found = Arc::new(Mutex::new(Answer::default()));
    let handler = make_sync({
        let found = found.clone();
        move |request: Request| {
            let value = |name: &str| request.cookie().get(name).map(|cookie| cookie.value_str().to_owned());
            *found.lock().unwrap() = answer(value);
        }
    });
    let mut request = Request::default();
    *request.headers_mut() = header_map(headers);
    handler.with(CookieJarManager::new()).call(request).now_or_never().unwrap().unwrap();
    std::mem::take(&mut *found.lock().unwrap())
}

fn salvo(headers: &[Vec<u8>]) -> Answer {
    let mut request = http::Request::new(salvo::http::ReqBody::None);
    *request.headers_mut() = header_map(headers);
    let request = salvo::Request::from_hyper(request, http::uri::Scheme::HTTP);
    answer(|name| request.cookie(name).map(|cookie| cookie.value().to_owned()))
}

/// Rocket's local client does not parse `Cookie` headers. So the test sends the headers over a connection.
pub(crate) mod rocket {
    use std::fmt::Write as _;
    use std::net::{Ipv4Addr, SocketAddr};

    use rocket::config::{Config, LogLevel, Shutdown};
    use rocket::fairing::AdHoc;
    use rocket::http::CookieJar;
    use rocket::{get, routes};
    use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
    use tokio::net::TcpStream;
    use tokio::sync::oneshot;

    use super::super::generator::Input;
    use super::{Answer, NAMES, answer};

    /// Returns one word for each cookie: `-` if the cookie is absent, or `=` and the value in hexadecimal.
    #[get("/")]
    fn read(cookies: &CookieJar<'_>) -> String {
        let mut words = String::new();
        for value in answer(|name| cookies.get(name).map(|cookie| cookie.value().to_owned())) {
            words.push_str(if value.is_some() { "=" } else { "-" });
            for byte in value.unwrap_or_default() {
                write!(words, "{byte:02x}").unwrap();
            }
            words.push(' ');
        }
        words
    }

    /// Sends all requests over one connection. The client does not wait for a response before the next request.
    pub(crate) async fn read_all(inputs: &[Input]) -> Vec<Answer> {
        let (sender, receiver) = oneshot::channel();
        let shutdown = Shutdown { ctrlc: false, signals: Default::default(), grace: 1, mercy: 1, ..Default::default() };
        let (address, log_level) = (Ipv4Addr::LOCALHOST.into(), LogLevel::Off);
        let config = Config { address, port: 0, log_level, shutdown, ..Config::debug_default() };
        let liftoff = AdHoc::on_liftoff("address", |rocket| {
            let _ = sender.send(rocket.config().port);
            Box::pin(async {})
        });
        let app = rocket::custom(config).mount("/", routes![read]).attach(liftoff).ignite().await.unwrap();
        let stop = app.shutdown();
        let server = tokio::spawn(app.launch());
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, receiver.await.unwrap()));
        let (responses, mut requests) = TcpStream::connect(address).await.unwrap().into_split();

        let mut text = Vec::new();
        for input in inputs {
            text.extend_from_slice(b"GET / HTTP/1.1\r\nHost: shop.example\r\n");
            for header in &input.headers {
                text.extend_from_slice(&[b"Cookie: ", &header[..], b"\r\n"].concat());
            }
            text.extend_from_slice(b"\r\n");
        }
        let writer = tokio::spawn(async move {
            requests.write_all(&text).await.unwrap();
            requests
        });
        let mut responses = BufReader::new(responses);
        let mut answers = Vec::new();
        for _ in inputs {
            answers.push(parse(&read_response(&mut responses).await));
        }
        drop(writer.await.unwrap());
        stop.notify();
        server.await.unwrap().unwrap();
        answers
    }

    async fn read_response(connection: &mut BufReader<impl tokio::io::AsyncRead + Unpin>) -> String {
        let (mut line, mut length) = (String::new(), 0);
        connection.read_line(&mut line).await.unwrap();
        assert!(line.starts_with("HTTP/1.1 200 "), "{line}");
        while line != "\r\n" {
            line.clear();
            connection.read_line(&mut line).await.unwrap();
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        connection.read_exact(&mut body).await.unwrap();
        String::from_utf8(body).unwrap()
    }

    fn parse(body: &str) -> Answer {
        let mut answer = Answer::default();
        let words: Vec<&str> = body.split_terminator(' ').collect();
        assert_eq!(words.len(), NAMES.len());
        for (value, word) in answer.iter_mut().zip(words) {
            let Some(digits) = word.strip_prefix('=') else { continue };
            let byte = |at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap();
            *value = Some((0..digits.len() / 2).map(byte).collect());
        }
        answer
    }
}
