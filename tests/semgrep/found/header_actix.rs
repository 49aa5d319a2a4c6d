//! A `Set-Cookie` header in a response of actix-web.

use actix_web::HttpResponse;
use actix_web::http::header::SET_COOKIE;

pub async fn sign_in() -> HttpResponse {
    HttpResponse::Ok().insert_header((SET_COOKIE, "session=id")).finish() // FOUND hardtack-set-cookie-header
}

pub async fn theme() -> HttpResponse {
    HttpResponse::Ok().append_header(("Set-Cookie", "theme=dark")).finish() // FOUND hardtack-set-cookie-header
}
