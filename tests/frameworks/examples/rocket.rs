//! A shop on Rocket. The server uses HTTPS on port 8443. Requests over plain HTTP on port 8080 are redirected or
//! refused. A `Rocket` listens on only one port, so the example launches two instances. Run the example with `cargo run
//! -p hardtack-frameworks --example rocket`.
//!
//! Try `curl -ki -X POST https://localhost:8443/sign-in`.

use hardtack::policy::ForceHttps;
use hardtack::rocket::PolicyFairing;
use hardtack::{Cookie, CookieValue, Cookies, Policy, PolicyHandle, ReadError, SetError, TlsTermination};
use rocket::config::{Config, TlsConfig};
use rocket::{Build, Rocket, get, post, routes};

/// The session of the signed-in user.
#[derive(Cookie)]
#[cookie(max_age = "8h")]
struct Session(String);

#[derive(CookieValue, Debug)]
enum Theme {
    Light,
    Dark,
}

#[hardtack::cookies]
struct ShopCookies {
    #[cookie(existing)]
    session: Session,
    /// Colour scheme.
    #[cookie(http_only = false, reason = "theme.js applies it before first paint")]
    theme: Theme,
}

#[get("/")]
fn home(shop: ShopCookies) -> Result<String, ReadError> {
    let bytes = shop.session().map(|session| session.0.len());
    Ok(format!("session: {bytes:?} bytes, theme: {:?}\n", shop.theme().unwrap_or(Theme::Light)))
}

#[post("/sign-in")]
fn sign_in(cookies: Cookies) -> Result<&'static str, SetError> {
    cookies.set(Session("s3cr3t".into()))?;
    Ok("signed in\n")
}

#[post("/dark")]
fn dark(shop: ShopCookies) -> Result<(), SetError> {
    shop.set_theme(Theme::Dark)
}

#[post("/sign-out")]
fn sign_out(cookies: Cookies) -> Result<&'static str, SetError> {
    cookies.remove::<Session>()?;
    Ok("signed out\n")
}

fn app(config: Config, policy: &PolicyHandle) -> Rocket<Build> {
    // Attach the policy first, before other fairings can change the request. The policy also runs last on the response.
    let policy = PolicyFairing::new(policy.clone(), TlsTermination::per_connection());
    rocket::custom(config).attach(policy).mount("/", routes![home, sign_in, dark, sign_out])
}

#[rocket::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let policy = PolicyHandle::new(Policy::builder().force_https(ForceHttps::on().https_port(8443)).build()?);
    let generated = rcgen::generate_simple_self_signed(["localhost".to_owned()])?; // use your own in production
    let tls = TlsConfig::from_bytes(generated.cert.pem().as_bytes(), generated.signing_key.serialize_pem().as_bytes());
    let https = app(Config { port: 8443, tls: Some(tls), ..Config::debug_default() }, &policy);
    let http = app(Config { port: 8080, ..Config::debug_default() }, &policy);
    rocket::tokio::try_join!(https.launch(), http.launch())?;
    Ok(())
}
