//! A network without access to the internet, for a browser under test. The browser sends every request to a SOCKS
//! server on loopback. The SOCKS server sends each connection to port 80 or 443, for any host, to a server in the test
//! process. So no request of the browser leaves the machine. A certificate authority signs the certificates of the
//! servers.

use std::collections::HashMap;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use axum::Router;
use axum_server::tls_rustls::RustlsConfig;
use hardtack::axum_server::MarkedAcceptor;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;

/// The addresses of the HTTPS server and the HTTP server of one host.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports {
    pub(crate) https: SocketAddr,
    pub(crate) http: SocketAddr,
}

impl Ports {
    /// Serves the application on two loopback ports, one for TLS and one for plain HTTP. Marks each connection. The
    /// caller must run in a Tokio runtime.
    pub(crate) fn serve(app: Router, tls: Arc<ServerConfig>) -> Ports {
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        let listen = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let (https, http) = (listen(), listen());
        let ports = Ports { https: https.local_addr().unwrap(), http: http.local_addr().unwrap() };
        for listener in [&https, &http] {
            listener.set_nonblocking(true).unwrap();
        }
        let https = axum_server::from_tcp_rustls(https, RustlsConfig::from_config(tls)).unwrap();
        tokio::spawn(https.map(MarkedAcceptor::tls).serve(app.clone()));
        tokio::spawn(axum_server::from_tcp(http).unwrap().acceptor(MarkedAcceptor::plain()).serve(app));
        ports
    }
}

pub(crate) struct Network {
    pub(crate) authority: Authority,
    /// The address of the SOCKS server.
    pub(crate) proxy: SocketAddr,
}

impl Network {
    /// Starts the SOCKS server. If a host name is in `names`, the SOCKS server connects to the servers that `names`
    /// lists for that host. For all other host names, the SOCKS server connects to the servers in `rest`.
    pub(crate) fn start(authority: Authority, names: &[(&str, Ports)], rest: Ports) -> Network {
        let names: HashMap<String, Ports> = names.iter().map(|(name, ports)| ((*name).to_owned(), *ports)).collect();
        let names = Arc::new(names);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let proxy = listener.local_addr().unwrap();
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let names = names.clone();
                // Ignore the result of `connect`. If a connection fails, the browser reports the error.
                thread::spawn(move || connect(client, &names, rest));
            }
        });
        Network { authority, proxy }
    }
}

/// Serves one SOCKS connection (RFC 1928). Supports only the command CONNECT, without authentication.
fn connect(mut client: TcpStream, names: &HashMap<String, Ports>, rest: Ports) -> io::Result<()> {
    let [_, methods] = read_bytes(&mut client)?;
    client.read_exact(&mut vec![0; methods.into()])?;
    client.write_all(&[5, 0])?;
    let [_, _, _, kind] = read_bytes(&mut client)?;
    let name = match kind {
        1 => Ipv4Addr::from(read_bytes::<4>(&mut client)?).to_string(),
        3 => {
            let [length] = read_bytes(&mut client)?;
            let mut name = vec![0; length.into()];
            client.read_exact(&mut name)?;
            String::from_utf8_lossy(&name).into_owned()
        }
        _ => return Ok(()),
    };
    let ports = names.get(&name).copied().unwrap_or(rest);
    // The browser also sends background requests to host names that no test uses. The SOCKS server connects background
    // requests to the servers of `rest`.
    let to = match u16::from_be_bytes(read_bytes(&mut client)?) {
        80 => ports.http,
        443 => ports.https,
        _ => return Ok(()),
    };
    let server = TcpStream::connect(to)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
    let (up, down) = ((client.try_clone()?, server.try_clone()?), (server, client));
    thread::spawn(move || forward(up.0, up.1));
    forward(down.0, down.1);
    Ok(())
}

fn forward(mut from: TcpStream, mut to: TcpStream) {
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}

fn read_bytes<const N: usize>(client: &mut TcpStream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    client.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// The certificate authority that signs the servers' certificates.
pub(crate) struct Authority {
    /// The authority's own certificate in PEM, for a browser's root store.
    pub(crate) pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Authority {
        // Ignore an error of `install_default`, because an earlier call may have installed the crypto provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = parameters.self_signed(&key).unwrap().pem();
        Authority { pem, issuer: Issuer::new(parameters, key) }
    }

    /// Returns a TLS server configuration with a new certificate for the given host names and addresses.
    pub(crate) fn server(&self, names: &[&str], protocols: &[&str]) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let server = ServerConfig::builder().with_no_client_auth();
        let mut server = server.with_single_cert(vec![certificate.der().clone()], key).unwrap();
        server.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        Arc::new(server)
    }
}
