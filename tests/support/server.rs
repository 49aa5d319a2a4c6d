//! Serves an application on two loopback ports, one for TLS and one for plain HTTP. The operating system chooses the
//! ports.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use axum::Router;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use hardtack::axum_server::MarkedAcceptor;

use super::client::Client;
use super::curl::Curl;
use super::tls::Certificate;

/// A running server. The server stops when the `TestServer` is dropped.
pub(crate) struct TestServer {
    certificate: Certificate,
    https: SocketAddr,
    http: SocketAddr,
    stop: Handle<SocketAddr>,
}

impl TestServer {
    /// Starts a server. The server marks each connection for `TlsTermination::per_connection`, and passes the peer's
    /// address to the application.
    pub(crate) async fn start(app: Router) -> TestServer {
        let (server, https, http, tls) = TestServer::bind().await;
        let https = axum_server::from_tcp_rustls(https, tls).unwrap().map(MarkedAcceptor::tls);
        let http = axum_server::from_tcp(http).unwrap().acceptor(MarkedAcceptor::plain());
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(https.handle(server.stop.clone()).serve(app.clone()));
        tokio::spawn(http.handle(server.stop.clone()).serve(app));
        server
    }

    /// Starts axum-server with its defaults. With these defaults, the server neither marks connections nor passes the
    /// peer's address to the application.
    pub(crate) async fn start_unmarked(app: Router) -> TestServer {
        let (server, https, http, tls) = TestServer::bind().await;
        let app = app.into_make_service();
        let https = axum_server::from_tcp_rustls(https, tls).unwrap().handle(server.stop.clone());
        tokio::spawn(https.serve(app.clone()));
        tokio::spawn(axum_server::from_tcp(http).unwrap().handle(server.stop.clone()).serve(app));
        server
    }

    async fn bind() -> (TestServer, TcpListener, TcpListener, RustlsConfig) {
        let certificate = Certificate::for_names(&["localhost", "127.0.0.1"]).unwrap();
        let (pem, key) = (certificate.pem.clone(), certificate.key.clone());
        let tls = RustlsConfig::from_pem(pem.into(), key.into()).await.unwrap();
        let listen = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let (https, http) = (listen(), listen());
        let addresses = (https.local_addr().unwrap(), http.local_addr().unwrap());
        let server = TestServer { certificate, https: addresses.0, http: addresses.1, stop: Handle::new() };
        (server, https, http, tls)
    }

    pub(crate) fn https(&self, path: &str) -> String {
        format!("https://{}{path}", self.https)
    }

    pub(crate) fn http(&self, path: &str) -> String {
        format!("http://{}{path}", self.http)
    }

    /// Returns the address of the plain HTTP port.
    pub(crate) fn http_address(&self) -> SocketAddr {
        self.http
    }

    /// Returns a client without a cookie store. The client uses HTTP/2 over TLS, and HTTP/1.1 over plain HTTP.
    pub(crate) fn client(&self) -> Client {
        Client(self.builder().build().unwrap())
    }

    /// Returns a client with a cookie store.
    pub(crate) fn browser(&self) -> Client {
        Client(self.builder().cookie_store(true).build().unwrap())
    }

    /// Returns the builder of a client. Tests use the builder to change the settings of the client.
    pub(crate) fn builder(&self) -> reqwest::ClientBuilder {
        self.certificate.client().unwrap()
    }

    /// Returns curl with a new, empty cookie file.
    pub(crate) fn curl(&self) -> Curl {
        Curl::new(&self.certificate.pem)
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.stop.shutdown();
    }
}
