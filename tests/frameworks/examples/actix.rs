//! An actix-web server with a page that counts the visits of a visitor. The server uses HTTPS on port 8443. Requests
//! over plain HTTP on port 8080 are redirected or refused. Run the example with `cargo run -p hardtack-frameworks
//! --example actix`.
//!
//! Try `curl -ki -b __Host-Http-visits=2 https://localhost:8443/` and
//! `curl -i -H 'Host: shop.example' -H 'Accept: text/html' http://localhost:8080/`.

use actix_web::{App, Error, HttpServer, web};
use hardtack::actix::PolicyMiddleware;
use hardtack::policy::ForceHttps;
use hardtack::{Policy, TlsTermination};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};

#[hardtack::cookies]
struct Guest {
    /// The number of visits.
    #[cookie(max_age = "30d")]
    visits: u32,
}

async fn home(guest: Guest) -> Result<String, Error> {
    let visits = guest.visits().unwrap_or(0).saturating_add(1);
    guest.set_visits(visits)?;
    Ok(format!("visit {visits}\n"))
}

async fn forget(guest: Guest) -> Result<&'static str, Error> {
    guest.remove_visits()?;
    Ok("forgotten\n")
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let policy = Policy::builder().force_https(ForceHttps::on().https_port(8443)).build()?;
    // Create the middleware once, and clone it for each worker. actix-web reports whether a connection uses TLS.
    let policy = PolicyMiddleware::new(policy, TlsTermination::per_connection());
    let app = move || {
        // The last `wrap` is the outermost middleware.
        App::new().route("/", web::get().to(home)).route("/forget", web::post().to(forget)).wrap(policy.clone())
    };

    let certificate = rcgen::generate_simple_self_signed(["localhost".to_owned()])?; // use your own in production
    let key = PrivateKeyDer::from_pem_slice(certificate.signing_key.serialize_pem().as_bytes())?;
    let chain = vec![CertificateDer::from(certificate.cert)];
    let _ = rustls::crypto::ring::default_provider().install_default();
    let tls = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key)?;
    let server = HttpServer::new(app).bind_rustls_0_23(("127.0.0.1", 8443), tls)?.bind(("127.0.0.1", 8080))?;
    Ok(server.run().await?)
}
