//! The rows of `runtime/docs/migration.md` that come from actix-web 4, by actix-web itself. `tests/migration.rs` sees to it
//! that the page shows the same text.

#![allow(unreachable_pub, reason = "parts of programs")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper that fails fails the test")]

#[allow(dead_code, reason = "another test uses more of it")]
#[path = "../support/page.rs"]
mod page;

use actix_web::{App, test as exchange, web};
use hardtack::{Cookies, testing};
use http::HeaderMap;

mod before {
    // migration: actix-web before
    use actix_web::cookie::Cookie;
    use actix_web::{HttpRequest, HttpResponse};

    pub async fn sign_in() -> HttpResponse {
        let session = Cookie::build("session", "a b;c").path("/").http_only(true).secure(true).finish();
        HttpResponse::Ok().cookie(session).finish() // Set-Cookie: session=a b;c; HttpOnly; Secure; Path=/
    }

    pub async fn home(request: HttpRequest) -> String {
        request.cookie("session").map(|session| session.value().to_owned()).unwrap_or_default()
    }

    pub async fn sign_out(request: HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::Ok().finish();
        if let Some(session) = request.cookie("session") {
            let _ = response.add_removal_cookie(&session); // Set-Cookie: session=; Max-Age=0; Expires=…
        }
        response
    }
    // migration: end
}

mod after {
    // migration: actix-web after
    use hardtack::{Cookie, Cookies, ReadError, SetError};

    #[derive(Cookie)]
    pub struct Session(String);

    pub fn sign_in(cookies: &Cookies) -> Result<(), SetError> {
        // Set-Cookie: __Host-Http-session=a%20b%3Bc; Path=/; Secure; HttpOnly; SameSite=Lax
        cookies.set(Session("a b;c".into()))
    }

    pub fn home(cookies: &Cookies) -> Result<String, ReadError> {
        Ok(cookies.get::<Session>()?.map(|Session(id)| id).unwrap_or_default())
    }

    pub fn sign_out(cookies: &Cookies) -> Result<(), SetError> {
        // Set-Cookie: __Host-Http-session=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; SameSite=Lax
        cookies.remove::<Session>()
    }
    // migration: end
}

/// The lines that a part of this file says are sent; one that ends in `…` is the beginning of a line.
fn said(name: &str) -> Vec<String> {
    let (_, text) = page::regions(include_str!("migration.rs")).into_iter().find(|(found, _)| found == name).unwrap();
    text.lines().filter_map(|line| Some(line.split_once("// Set-Cookie: ")?.1.to_owned())).collect()
}

#[actix_web::test]
async fn actix_web_s_own_lines() {
    let app = App::new()
        .route("/", web::get().to(before::home))
        .route("/sign-in", web::get().to(before::sign_in))
        .route("/sign-out", web::get().to(before::sign_out));
    let app = exchange::init_service(app).await;
    let ask =
        |path: &str| exchange::TestRequest::get().uri(path).insert_header(("cookie", "session=a%20b")).to_request();
    let mut sent = Vec::new();
    for path in ["/sign-in", "/sign-out"] {
        let response = exchange::call_service(&app, ask(path)).await;
        sent.extend(response.headers().get_all("set-cookie").map(|line| line.to_str().unwrap().to_owned()));
    }
    let said = said("actix-web before");
    assert_eq!((sent.len(), &sent[0]), (2, &said[0]));
    assert!(sent[1].starts_with(said[1].trim_end_matches('…')), "{sent:?}");
    assert_eq!(exchange::call_and_read_body(&app, ask("/")).await, "a b");
}

#[test]
fn hardtack_s_lines() {
    let mut request = HeaderMap::new();
    request.insert("cookie", "__Host-Http-session=a%20b".parse().unwrap());
    let mut sent = Vec::new();
    for act in [after::sign_in, after::sign_out] {
        let cookies = Cookies::read(&request, testing::https());
        assert_eq!(after::home(&cookies).unwrap(), "a b");
        act(&cookies).unwrap();
        let mut response = HeaderMap::new();
        cookies.write(&mut response);
        sent.extend(response.get_all("set-cookie").iter().map(|line| line.to_str().unwrap().to_owned()));
    }
    assert_eq!(sent, said("actix-web after"));
}
