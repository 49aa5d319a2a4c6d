use axum::response::{Html, Redirect};
use axum::{Router, routing::get, routing::post};
use hardtack::{Cookie, Cookies, Policy, SetError, TlsTermination};

#[derive(Cookie)]
#[cookie(max_age = "8h")]
struct Session(String);

async fn home(cookies: Cookies) -> Html<&'static str> {
    match cookies.get::<Session>() {
        Some(Session(_id)) => Html("Signed in."),
        None => Html("<form method=post action=/sign-in><button>Sign in</button></form>"),
    }
}

async fn sign_in(cookies: Cookies) -> Result<Redirect, SetError> {
    cookies.set(Session("s3cr3t".into()))?; // in your application: the random id of a session on the server
    Ok(Redirect::to("/"))
}

fn app() -> Router {
    let routes = Router::new().route("/", get(home)).route("/sign-in", post(sign_in));
    routes.layer(Policy::default().layer(TlsTermination::per_connection())) // the last layer
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    let app = app().into_make_service_with_connect_info::<std::net::SocketAddr>();
    Ok(axum::serve(listener, app).await?)
}
