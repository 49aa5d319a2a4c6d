//! The internet as a browser under test sees it: a SOCKS server on loopback that takes every name and address, at ports
//! 80 and 443, to servers of this process, and an authority that signs their certificates. Reaches nothing else.

use std::collections::HashMap;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use axum::Router;
use axum_server::tls_rustls::RustlsConfig;
use hardtack::MarkedAcceptor;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;

/// Where a name's two ports are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports {
    pub(crate) https: SocketAddr,
    pub(crate) http: SocketAddr,
}

impl Ports {
    /// Two of loopback on which the application is served, over TLS and over plain HTTP, each connection marked; needs a
    /// runtime.
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
    /// Where the SOCKS server listens.
    pub(crate) proxy: SocketAddr,
}

impl Network {
    /// Names, and the servers for them; all others are `rest`'s.
    pub(crate) fn start(authority: Authority, names: &[(&str, Ports)], rest: Ports) -> Network {
        let names: HashMap<String, Ports> = names.iter().map(|(name, ports)| ((*name).to_owned(), *ports)).collect();
        let names = Arc::new(names);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let proxy = listener.local_addr().unwrap();
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let names = names.clone();
                // What fails here fails in the browser, which says so.
                thread::spawn(move || connect(client, &names, rest));
            }
        });
        Network { authority, proxy }
    }
}

/// One SOCKS connection (RFC 1928): no authentication, CONNECT alone.
fn connect(mut client: TcpStream, names: &HashMap<String, Ports>, rest: Ports) -> io::Result<()> {
    let [_, methods] = octets(&mut client)?;
    client.read_exact(&mut vec![0; methods.into()])?;
    client.write_all(&[5, 0])?;
    let [_, _, _, kind] = octets(&mut client)?;
    let name = match kind {
        1 => Ipv4Addr::from(octets::<4>(&mut client)?).to_string(),
        3 => {
            let [length] = octets(&mut client)?;
            let mut name = vec![0; length.into()];
            client.read_exact(&mut name)?;
            String::from_utf8_lossy(&name).into_owned()
        }
        _ => return Ok(()),
    };
    let ports = names.get(&name).copied().unwrap_or(rest);
    // A browser's own errands go to other names; they find a server that does not know them.
    let to = match u16::from_be_bytes(octets(&mut client)?) {
        80 => ports.http,
        443 => ports.https,
        _ => return Ok(()),
    };
    let server = TcpStream::connect(to)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
    let (up, down) = ((client.try_clone()?, server.try_clone()?), (server, client));
    thread::spawn(move || pass_on(up.0, up.1));
    pass_on(down.0, down.1);
    Ok(())
}

fn pass_on(mut from: TcpStream, mut to: TcpStream) {
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}

fn octets<const N: usize>(client: &mut TcpStream) -> io::Result<[u8; N]> {
    let mut octets = [0; N];
    client.read_exact(&mut octets)?;
    Ok(octets)
}

/// What signs the servers' certificates; its own is for a browser's list of roots.
pub(crate) struct Authority {
    pub(crate) pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Authority {
        // A second call finds the provider installed, which is what it wants.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = parameters.self_signed(&key).unwrap().pem();
        Authority { pem, issuer: Issuer::new(parameters, key) }
    }

    /// A server's side of TLS for these names and addresses.
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
