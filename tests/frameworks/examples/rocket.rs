//! Rocket over TLS: cookies set, read and removed, and a policy for all that leave. Serves https://localhost:8443, and
//! http://localhost:8080 whose pages go there: a Rocket has one listener, and there are two.

use hardtack::rocket::PolicyFairing;
use hardtack::{Cookie, CookieValue, Cookies, ForceHttps, Listener, Policy, PolicyHandle, ReadError, SetError};
use rocket::config::{Config, TlsConfig};
use rocket::{Build, Rocket, get, post, routes};

/// Who is signed in.
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
    let octets = shop.session()?.map(|session| session.0.len());
    Ok(format!("session: {octets:?} octets, theme: {:?}\n", shop.theme()?.unwrap_or(Theme::Light)))
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
    // First: it judges a request before other fairings change it, and hardens what they add.
    let policy = PolicyFairing::new(policy.clone(), Listener::per_connection());
    rocket::custom(config).attach(policy).mount("/", routes![home, sign_in, dark, sign_out])
}

#[rocket::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let policy = PolicyHandle::new(Policy::builder().force_https(ForceHttps::on().https_port(8443)).build()?);
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?; // your certificate in production
    let tls = TlsConfig::from_bytes(made.cert.pem().as_bytes(), made.signing_key.serialize_pem().as_bytes());
    let https = app(Config { port: 8443, tls: Some(tls), ..Config::debug_default() }, &policy);
    let http = app(Config { port: 8080, ..Config::debug_default() }, &policy);
    rocket::tokio::try_join!(https.launch(), http.launch())?;
    Ok(())
}
