//! A shop on poem. The server uses HTTPS on port 8443. Requests over plain HTTP on port 8080 are redirected or refused.
//! Run the example with `cargo run -p hardtack-frameworks --example poem`.
//!
//! Try `curl -ki -X POST https://localhost:8443/sign-in`.

use hardtack::poem::PolicyMiddleware;
use hardtack::policy::ForceHttps;
use hardtack::{CookieValue, Policy, SetError, TlsTermination};
use poem::listener::{Listener as _, RustlsCertificate, RustlsConfig, TcpListener};
use poem::{EndpointExt as _, Result, Route, Server, get, handler, post};

#[derive(CookieValue, Debug)]
enum Theme {
    Light,
    Dark,
}

#[hardtack::cookies]
struct ShopCookies {
    /// The session of the signed-in user.
    #[cookie(max_age = "8h")]
    session: String,
    /// Colour scheme.
    #[cookie(http_only = false, reason = "theme.js applies it before first paint")]
    theme: Theme,
}

#[handler]
fn home(shop: ShopCookies) -> Result<String> {
    let who = if shop.session().is_some() { "signed in" } else { "signed out" };
    let theme = shop.theme().unwrap_or(Theme::Light);
    Ok(format!("{who}, {theme:?}\n"))
}

#[handler]
fn sign_in(shop: ShopCookies) -> Result<&'static str, SetError> {
    shop.set_session("s3cr3t")?;
    shop.set_theme(Theme::Dark)?;
    Ok("signed in\n")
}

#[handler]
fn sign_out(shop: ShopCookies) -> Result<&'static str, SetError> {
    shop.remove_session()?;
    Ok("signed out\n")
}

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let policy = Policy::builder().force_https(ForceHttps::on().https_port(8443)).build()?;
    let app = Route::new()
        .at("/", get(home))
        .at("/sign-in", post(sign_in))
        .at("/sign-out", post(sign_out))
        // The last `with` is the outermost middleware. The policy must be outside all middleware that handles cookies.
        .with(PolicyMiddleware::new(policy, TlsTermination::per_connection()));

    let generated = rcgen::generate_simple_self_signed(["localhost".to_owned()])?; // use your own in production
    let certificate = RustlsCertificate::new().cert(generated.cert.pem()).key(generated.signing_key.serialize_pem());
    let tls = TcpListener::bind("127.0.0.1:8443").rustls(RustlsConfig::new().fallback(certificate));
    let plain = TcpListener::bind("127.0.0.1:8080");
    Ok(Server::new(tls.combine(plain)).run(app).await?)
}
