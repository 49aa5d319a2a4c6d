use hardtack::rocket::PolicyFairing;
use hardtack::{Cookies, Policy, SetError, TlsTermination};

#[rocket::post("/sign-in")]
fn sign_in(cookies: Cookies) -> Result<&'static str, SetError> {
    cookies.set(Session("s3cr3t".into()))?;
    Ok("signed in\n")
}

pub fn launch() -> rocket::Rocket<rocket::Build> {
    rocket::build() // `tls` is configured in Rocket.toml
        // Attach the policy first, so that it handles the request before other fairings change the request. The policy
        // also handles the response last.
        .attach(PolicyFairing::new(Policy::default(), TlsTermination::per_connection()))
        .mount("/", rocket::routes![sign_in])
}
