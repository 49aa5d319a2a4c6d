use hardtack::poem::PolicyMiddleware;
use hardtack::{Cookies, Policy, SetError, TlsTermination};
use poem::listener::{Listener, RustlsConfig, TcpListener};
use poem::{EndpointExt as _, Route, Server, handler, post};

#[handler]
fn sign_in(cookies: Cookies) -> Result<&'static str, SetError> {
    cookies.set(Session("s3cr3t".into()))?;
    Ok("signed in\n")
}

pub async fn serve(tls: RustlsConfig) -> std::io::Result<()> {
    // The last `with` is the outermost. The policy must be outside `.catch_error(..)` and outside poem's sessions.
    let policy = PolicyMiddleware::new(Policy::default(), TlsTermination::per_connection());
    let app = Route::new().at("/sign-in", post(sign_in)).with(policy);
    Server::new(TcpListener::bind("0.0.0.0:443").rustls(tls).combine(TcpListener::bind("0.0.0.0:80"))).run(app).await
}
