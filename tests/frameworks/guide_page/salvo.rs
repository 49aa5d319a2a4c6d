use hardtack::salvo::PolicyHoop;
use hardtack::{Cookies, Policy, SetError, TlsTermination};
use salvo::conn::rustls::RustlsConfig;
use salvo::prelude::*;

#[handler]
async fn sign_in(cookies: Cookies) -> Result<&'static str, SetError> {
    cookies.set(Session("s3cr3t".into()))?;
    Ok("signed in\n")
}

pub async fn serve(tls: RustlsConfig) {
    // Add the policy to the service, before every other hoop. The policy then also handles 404 responses and errors.
    let policy = PolicyHoop::new(Policy::default(), TlsTermination::per_connection());
    let service = Service::new(Router::with_path("sign-in").post(sign_in)).hoop(policy);
    let both = TcpListener::new("0.0.0.0:443").rustls(tls).join(TcpListener::new("0.0.0.0:80"));
    Server::new(both.bind().await).serve(service).await;
}
