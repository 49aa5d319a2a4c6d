use actix_web::{App, HttpServer, web};
use hardtack::actix::PolicyMiddleware;
use hardtack::{Cookies, Policy, SetError, TlsTermination};

async fn sign_in(cookies: Cookies) -> Result<&'static str, SetError> {
    cookies.set(Session("s3cr3t".into()))?;
    Ok("signed in\n")
}

pub async fn serve(tls: rustls::ServerConfig) -> Result<(), Box<dyn std::error::Error>> {
    // Each worker gets a clone of the middleware. The last `wrap` is the outermost.
    let policy = PolicyMiddleware::new(Policy::default(), TlsTermination::per_connection());
    let server = HttpServer::new(move || App::new().route("/sign-in", web::post().to(sign_in)).wrap(policy.clone()));
    Ok(server.bind_rustls_0_23("0.0.0.0:443", tls)?.bind("0.0.0.0:80")?.run().await?)
}
