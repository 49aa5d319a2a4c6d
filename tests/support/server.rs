//! One application on two loopback ports, TLS and plain, until the value is dropped. The ports are the system's choice.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use axum::Router;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use hardtack::MarkedAcceptor;

use super::client::Client;
use super::curl::Curl;
use super::tls::Certificate;

pub(crate) struct Served {
    certificate: Certificate,
    https: SocketAddr,
    http: SocketAddr,
    stop: Handle<SocketAddr>,
}

impl Served {
    /// Marks each connection, as `Listener::per_connection` wants it, and tells the application its peer.
    pub(crate) async fn start(app: Router) -> Served {
        let (served, https, http, tls) = Served::bind().await;
        let https = axum_server::from_tcp_rustls(https, tls).unwrap().map(MarkedAcceptor::tls);
        let http = axum_server::from_tcp(http).unwrap().acceptor(MarkedAcceptor::plain());
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(https.handle(served.stop.clone()).serve(app.clone()));
        tokio::spawn(http.handle(served.stop.clone()).serve(app));
        served
    }

    /// Marks nothing and tells no peer: axum-server as it comes.
    pub(crate) async fn start_unmarked(app: Router) -> Served {
        let (served, https, http, tls) = Served::bind().await;
        let app = app.into_make_service();
        let https = axum_server::from_tcp_rustls(https, tls).unwrap().handle(served.stop.clone());
        tokio::spawn(https.serve(app.clone()));
        tokio::spawn(axum_server::from_tcp(http).unwrap().handle(served.stop.clone()).serve(app));
        served
    }

    async fn bind() -> (Served, TcpListener, TcpListener, RustlsConfig) {
        let certificate = Certificate::for_names(&["localhost", "127.0.0.1"]).unwrap();
        let (pem, key) = (certificate.pem.clone(), certificate.key.clone());
        let tls = RustlsConfig::from_pem(pem.into(), key.into()).await.unwrap();
        let listen = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let (https, http) = (listen(), listen());
        let addresses = (https.local_addr().unwrap(), http.local_addr().unwrap());
        let served = Served { certificate, https: addresses.0, http: addresses.1, stop: Handle::new() };
        (served, https, http, tls)
    }

    pub(crate) fn https(&self, path: &str) -> String {
        format!("https://{}{path}", self.https)
    }

    pub(crate) fn http(&self, path: &str) -> String {
        format!("http://{}{path}", self.http)
    }

    /// The plain port.
    pub(crate) fn http_address(&self) -> SocketAddr {
        self.http
    }

    /// A client without a cookie store: HTTP/2 over TLS, HTTP/1.1 over plain HTTP.
    pub(crate) fn client(&self) -> Client {
        Client(self.builder().build().unwrap())
    }

    /// The same with a cookie store.
    pub(crate) fn browser(&self) -> Client {
        Client(self.builder().cookie_store(true).build().unwrap())
    }

    /// For what else a client can be.
    pub(crate) fn builder(&self) -> reqwest::ClientBuilder {
        self.certificate.client().unwrap()
    }

    /// curl, with a cookie file of its own.
    pub(crate) fn curl(&self) -> Curl {
        Curl::new(&self.certificate.pem)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.shutdown();
    }
}
