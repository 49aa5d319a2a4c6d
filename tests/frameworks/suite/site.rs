//! A server, and how a test asks it: by a client that knows it under a name, or by octets that no client would send.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::ClientBuilder;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::client::{Client, Reply};
use super::tls::Certificate;
use super::{HOST, Served};

/// A server of one scheme, and a client of it.
pub(crate) struct Site {
    pub(crate) base: String,
    pub(crate) client: Client,
    pub(crate) certificate: Certificate,
    pub(crate) served: Served,
}

impl Site {
    /// With a client that is what `choose` makes of it.
    pub(crate) fn over(
        served: Served,
        certificate: Certificate,
        is_tls: bool,
        choose: impl FnOnce(ClientBuilder) -> ClientBuilder,
    ) -> Site {
        let scheme = if is_tls { "https" } else { "http" };
        let base = format!("{scheme}://{HOST}:{}", served.address.port());
        let client = client(&certificate, served.address, choose);
        Site { base, client, certificate, served }
    }

    /// Another client of the same server.
    pub(crate) fn another(&self, choose: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Client {
        client(&self.certificate, self.served.address, choose)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.client.get(self.url(path)).await
    }

    pub(crate) async fn get_with(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        self.client.get_with(self.url(path), fields).await
    }

    /// What the server says to these octets, on a connection of their own and without TLS, until it closes.
    pub(crate) async fn raw(&self, octets: &str) -> String {
        let stream = TcpStream::connect(self.served.address).await.unwrap();
        // A server that says nothing fails the test, and does not stop it.
        let said = timeout(Duration::from_secs(60), exchange(stream, octets.as_bytes())).await.unwrap();
        String::from_utf8(said).unwrap()
    }
}

/// For [`HOST`], and for loopback by its own names.
pub(crate) fn certificate() -> Certificate {
    Certificate::for_names(&[HOST, "localhost", "127.0.0.1"]).unwrap()
}

/// A client of the server at this address, which it finds under [`HOST`]; what `choose` makes of it.
pub(crate) fn client(
    certificate: &Certificate,
    address: SocketAddr,
    choose: impl FnOnce(ClientBuilder) -> ClientBuilder,
) -> Client {
    Client(choose(certificate.client().unwrap().resolve(HOST, address)).build().unwrap())
}

/// Writes all, then reads to the end. A server may close before either.
pub(crate) async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, octets: &[u8]) -> Vec<u8> {
    let mut read = Vec::new();
    if stream.write_all(octets).await.is_ok() {
        let _ = stream.flush().await;
    }
    let _ = stream.read_to_end(&mut read).await;
    read
}

/// Status, lines and body of an answer.
#[track_caller]
pub(crate) fn is(reply: &Reply, status: u16, lines: &[&str], body: &str) {
    assert_eq!((reply.status, reply.lines(), reply.body.as_str()), (status, lines.to_vec(), body));
}
