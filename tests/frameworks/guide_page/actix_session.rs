use actix_session::config::PersistentSession;
use actix_session::storage::SessionStore;
use actix_session::{Session, SessionMiddleware};
use actix_web::cookie::{Key, time::Duration};
use actix_web::{App, HttpServer, web};

async fn sign_in(session: Session) -> actix_web::Result<&'static str> {
    session.renew(); // a new session id
    session.insert("user", 7)?;
    Ok("signed in")
}

async fn home(session: Session) -> actix_web::Result<String> {
    Ok(match session.get::<u64>("user")? {
        Some(user) => format!("user {user}"),
        None => "signed out".to_owned(),
    })
}

async fn sign_out(session: Session) -> &'static str {
    session.purge();
    "signed out"
}

pub async fn serve<S: SessionStore + Clone + Send + 'static>(store: S, key: Key) -> std::io::Result<()> {
    let routes = |config: &mut web::ServiceConfig| {
        config.route("/", web::get().to(home));
        config.route("/sign-in", web::post().to(sign_in)).route("/sign-out", web::post().to(sign_out));
    };
    let sessions = move || {
        SessionMiddleware::builder(store.clone(), key.clone())
            .cookie_name("__Host-session".to_owned())
            .session_lifecycle(PersistentSession::default().session_ttl(Duration::hours(8)))
            .build()
    };
    HttpServer::new(move || App::new().configure(routes).wrap(sessions())).bind("127.0.0.1:3000")?.run().await
}
