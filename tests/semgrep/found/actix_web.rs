//! actix-web.

use actix_web::cookie::{Cookie, SameSite};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};

pub async fn sign_in() -> HttpResponse {
    let cookie = Cookie::build("session", "id") // FOUND hardtack-actix-web
        .same_site(SameSite::Strict)
        .finish();
    HttpResponse::Ok().content_type("text/plain").cookie(cookie).body("signed in") // FOUND hardtack-actix-web
}

pub async fn sign_out(request: HttpRequest) -> HttpResponse {
    let mut response = HttpResponse::NoContent().finish();
    if let Some(cookie) = request.cookie("session") {
        let _ = response.add_removal_cookie(&cookie); // FOUND hardtack-actix-web
    }
    response
}

pub fn with_theme(builder: &mut HttpResponseBuilder, theme: Cookie<'static>) {
    builder.cookie(theme); // FOUND hardtack-actix-web
}

pub async fn with_builder(theme: Cookie<'static>) -> HttpResponse {
    let mut builder = HttpResponse::Ok();
    builder.cookie(theme); // FOUND hardtack-actix-web
    builder.finish()
}
