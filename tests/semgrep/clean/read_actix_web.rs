//! Reads cookies with actix-web.

use actix_web::http::header::{COOKIE, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse};

pub async fn read(request: HttpRequest) -> HttpResponse {
    let session = request.cookie("session").map(|cookie| cookie.value().to_owned());
    let has_header = request.headers().contains_key(COOKIE);
    HttpResponse::Ok().insert_header(("x-session", session.unwrap_or_default())).body(has_header.to_string())
}

pub fn is_set(response: &HttpResponse) -> bool {
    response.cookies().any(|cookie| cookie.name() == "session") || response.headers().contains_key(SET_COOKIE)
}
