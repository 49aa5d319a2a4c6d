//! A site on salvo. The server uses HTTPS on port 8443. Requests over plain HTTP on port 8080 are redirected or
//! refused. Run the example with `cargo run -p hardtack-frameworks --example salvo`.
//!
//! Try `curl -ki -X POST https://localhost:8443/sign-in`.

use std::error::Error;

use hardtack::policy::ForceHttps;
use hardtack::salvo::PolicyHoop;
use hardtack::{CookieValue, Policy};
use salvo::conn::rustls::{Keycert, RustlsConfig};
use salvo::prelude::*;

#[derive(CookieValue, Debug)]
enum Theme {
    Light,
    Dark,
}

#[hardtack::cookies]
struct SiteCookies {
    /// The session of the signed-in user.
    #[cookie(max_age = "8h", same_site = Strict)]
    session: String,
    /// Colour scheme.
    #[cookie(http_only = false, reason = "theme.js applies it before the first paint")]
    theme: Theme,
}

#[handler]
async fn home(cookies: SiteCookies) -> Result<String, hardtack::salvo::Error> {
    let who = if cookies.session().is_some() { "signed in" } else { "signed out" };
    Ok(format!("{who}, {:?}\n", cookies.theme().unwrap_or(Theme::Light)))
}

#[handler]
async fn sign_in(cookies: SiteCookies) -> Result<&'static str, hardtack::salvo::Error> {
    cookies.set_session("s3cr3t")?;
    cookies.set_theme(Theme::Dark)?;
    Ok("signed in\n")
}

#[handler]
async fn sign_out(cookies: SiteCookies) -> Result<&'static str, hardtack::SetError> {
    cookies.remove_session().map(|()| "signed out\n")
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let routes = Router::new()
        .get(home)
        .push(Router::with_path("sign-in").post(sign_in))
        .push(Router::with_path("sign-out").post(sign_out));
    let policy = Policy::builder().force_https(ForceHttps::on().https_port(8443)).build()?;
    // Add the policy to the service, before every other middleware (salvo calls a middleware a hoop). Then the policy
    // also handles 404 responses and errors.
    let service = Service::new(routes).hoop(PolicyHoop::new(policy, hardtack::TlsTermination::per_connection()));

    let generated = rcgen::generate_simple_self_signed(["localhost".to_owned()])?; // use your own in production
    let keycert = Keycert::new().cert(generated.cert.pem()).key(generated.signing_key.serialize_pem());
    let tls = TcpListener::new("127.0.0.1:8443").rustls(RustlsConfig::new(keycert));
    let both = tls.join(TcpListener::new("127.0.0.1:8080")).bind().await;
    Server::new(both).serve(service).await;
    Ok(())
}
