//! A running server and its client. Tests send requests with the client. HTTP clients refuse to send some malformed
//! requests. Tests send malformed requests as raw bytes.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::ClientBuilder;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::client::{Client, Reply};
use super::tls::Certificate;
use super::{HOST, HTTPS_ONLY, RunningServer};

/// A server that uses either HTTPS or plain HTTP, and a client.
pub(crate) struct Site {
    pub(crate) base: String,
    pub(crate) client: Client,
    pub(crate) certificate: Certificate,
    pub(crate) server: RunningServer,
}

impl Site {
    /// Creates a site. `configure` can change the settings of the client.
    pub(crate) fn from_server(
        server: RunningServer,
        certificate: Certificate,
        is_tls: bool,
        configure: impl FnOnce(ClientBuilder) -> ClientBuilder,
    ) -> Site {
        let scheme = if is_tls { "https" } else { "http" };
        let base = format!("{scheme}://{HOST}:{}", server.address.port());
        let client = client(&certificate, server.address, configure);
        Site { base, client, certificate, server }
    }

    /// Creates a second client for the same server.
    pub(crate) fn new_client(&self, configure: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Client {
        client(&self.certificate, self.server.address, configure)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.client.get(self.url(path)).await
    }

    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        self.client.get_with(self.url(path), headers).await
    }

    /// Sends the given bytes on a new connection without TLS. Reads until the server closes the connection, and returns
    /// all bytes that the server sent.
    pub(crate) async fn send_raw(&self, bytes: &str) -> String {
        let stream = TcpStream::connect(self.server.address).await.unwrap();
        // Without a time limit, a server that does not respond would block the test forever.
        let response = timeout(Duration::from_secs(60), send_and_read_to_end(stream, bytes.as_bytes())).await.unwrap();
        String::from_utf8(response).unwrap()
    }
}

/// Creates a certificate for [`HOST`] and for the names of loopback.
pub(crate) fn certificate() -> Certificate {
    Certificate::for_names(&[HOST, "localhost", "127.0.0.1"]).unwrap()
}

/// Creates a client that resolves [`HOST`] to the given address. `configure` can change the settings of the client.
pub(crate) fn client(
    certificate: &Certificate,
    address: SocketAddr,
    configure: impl FnOnce(ClientBuilder) -> ClientBuilder,
) -> Client {
    Client(configure(certificate.client().unwrap().resolve(HOST, address)).build().unwrap())
}

/// Writes all bytes, then reads until the server closes the connection. Ignores errors, because some servers close the
/// connection early.
pub(crate) async fn send_and_read_to_end(mut stream: impl AsyncRead + AsyncWrite + Unpin, bytes: &[u8]) -> Vec<u8> {
    let mut read = Vec::new();
    if stream.write_all(bytes).await.is_ok() {
        let _ = stream.flush().await;
    }
    let _ = stream.read_to_end(&mut read).await;
    read
}

/// Asserts the status, the `Set-Cookie` headers and the body of a response. In a debug build, a refusal may have the
/// reason after the expected body [`HTTPS_ONLY`].
#[track_caller]
pub(crate) fn assert_reply(reply: &Reply, status: u16, set_cookies: &[&str], body: &str) {
    assert_eq!((reply.status, reply.set_cookies(), without_reason(&reply.body)), (status, set_cookies.to_vec(), body));
}

/// Returns the text of a refusal without the reason that a debug build sends to a client on the same machine.
pub(crate) fn without_reason(body: &str) -> &str {
    match body.strip_prefix(HTTPS_ONLY) {
        Some(reason) if cfg!(debug_assertions) && reason.starts_with(": ") => HTTPS_ONLY,
        Some(_) | None => body,
    }
}
