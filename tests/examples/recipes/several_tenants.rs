//! The recipe "Several tenants": `cargo run --example several_tenants`, then open `http://shop.acme.localhost:3000`,
//! sign in, and open `http://app.acme.localhost:3000`. You are signed in at both hosts of the tenant, and at no host of
//! another tenant.

use axum::Router;
use axum::response::{Html, Redirect};
use axum::routing::{get, post};
use hardtack::policy::PolicyError;
use hardtack::{Cookie, Cookies, Policy, SetError, TlsTermination};

// ---- The recipe.

/// The session of the signed-in user, for all hosts of a tenant.
#[derive(Cookie, Debug, PartialEq)]
#[cookie(domain = policy, max_age = "8h")]
struct Session(String);

fn tenant_domain(host: &str) -> Option<String> {
    let tenants = ["acme.example", "initech.example", "acme.localhost"]; // in an application: from the configuration
    let domain = tenants.into_iter().find(|domain| host.ends_with(&format!(".{domain}")))?;
    Some(domain.to_owned())
}

// ---- The rest of the application.

async fn sign_in(cookies: Cookies) -> Result<Redirect, SetError> {
    cookies.set(Session("s3cr3t".into()))?;
    Ok(Redirect::to("/"))
}

async fn home(cookies: Cookies) -> Html<&'static str> {
    match cookies.get::<Session>() {
        Some(_) => Html("Signed in."),
        None => Html("<form method=post action=/sign-in><button>Sign in</button></form>"),
    }
}

pub(crate) fn app() -> Result<Router, PolicyError> {
    let policy = Policy::builder().cookie_domain_for(tenant_domain).build()?;
    let routes = Router::new().route("/", get(home)).route("/sign-in", post(sign_in));
    Ok(routes.layer(policy.layer(TlsTermination::per_connection())))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app()?.into_make_service_with_connect_info::<std::net::SocketAddr>()).await?;
    Ok(())
}
