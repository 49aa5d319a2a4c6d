//! Runs the code that `runtime/docs/migration.md` shows for the migration from actix-web 4. `tests/migration.rs` checks
//! that the page shows the same code.

#![allow(unreachable_pub, reason = "excerpts of programs")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic in a helper fails the test")]

#[allow(dead_code, reason = "other tests use the rest")]
#[path = "../support/snippets.rs"]
mod snippets;

use actix_web::{App, test as actix_test, web};
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
    use hardtack::{Cookie, Cookies, SetError};

    #[derive(Cookie)]
    pub struct Session(String);

    pub fn sign_in(cookies: &Cookies) -> Result<(), SetError> {
        // Set-Cookie: __Host-Http-session=a%20b%3Bc; Path=/; Secure; HttpOnly; SameSite=Lax
        cookies.set(Session("a b;c".into()))
    }

    pub fn home(cookies: &Cookies) -> String {
        cookies.get().map(|Session(id)| id).unwrap_or_default()
    }

    pub fn sign_out(cookies: &Cookies) -> Result<(), SetError> {
        // Set-Cookie: __Host-Http-session=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; SameSite=Lax
        cookies.remove::<Session>()
    }
    // migration: end
}

/// Returns the `Set-Cookie` headers that a region of this file shows in comments. If a comment ends with `…`, the
/// comment shows only the start of a header.
fn shown_headers(name: &str) -> Vec<String> {
    let (_, text) =
        snippets::regions(include_str!("migration.rs")).into_iter().find(|(found, _)| found == name).unwrap();
    text.lines().filter_map(|line| Some(line.split_once("// Set-Cookie: ")?.1.to_owned())).collect()
}

#[actix_web::test]
async fn actix_web_headers_are_as_shown() {
    let app = App::new()
        .route("/", web::get().to(before::home))
        .route("/sign-in", web::get().to(before::sign_in))
        .route("/sign-out", web::get().to(before::sign_out));
    let app = actix_test::init_service(app).await;
    let request =
        |path: &str| actix_test::TestRequest::get().uri(path).insert_header(("cookie", "session=a%20b")).to_request();
    let mut sent = Vec::new();
    for path in ["/sign-in", "/sign-out"] {
        let response = actix_test::call_service(&app, request(path)).await;
        sent.extend(response.headers().get_all("set-cookie").map(|value| value.to_str().unwrap().to_owned()));
    }
    let shown = shown_headers("actix-web before");
    assert_eq!((sent.len(), &sent[0]), (2, &shown[0]));
    assert!(sent[1].starts_with(shown[1].trim_end_matches('…')), "{sent:?}");
    assert_eq!(actix_test::call_and_read_body(&app, request("/")).await, "a b");
}

#[test]
fn hardtack_headers_are_as_shown() {
    let mut request = HeaderMap::new();
    request.insert("cookie", "__Host-Http-session=a%20b".parse().unwrap());
    let mut sent = Vec::new();
    for handler in [after::sign_in, after::sign_out] {
        let cookies = Cookies::from_headers(&request, testing::https());
        assert_eq!(after::home(&cookies), "a b");
        handler(&cookies).unwrap();
        let mut response = HeaderMap::new();
        cookies.write(&mut response);
        sent.extend(response.get_all("set-cookie").iter().map(|value| value.to_str().unwrap().to_owned()));
    }
    assert_eq!(sent, shown_headers("actix-web after"));
}
