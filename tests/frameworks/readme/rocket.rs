use hardtack::rocket::PolicyFairing;
use hardtack::{Cookies, Listener, Policy, SetError};

#[rocket::post("/sign-in")]
fn sign_in(cookies: Cookies) -> Result<&'static str, SetError> {
    cookies.set(Session("s3cr3t".into()))?;
    Ok("signed in\n")
}

pub fn launch() -> rocket::Rocket<rocket::Build> {
    rocket::build() // `tls` stands in Rocket.toml
        // First: it judges a request before other fairings change it, and has the last word on the response.
        .attach(PolicyFairing::new(Policy::default(), Listener::per_connection()))
        .mount("/", rocket::routes![sign_in])
}
