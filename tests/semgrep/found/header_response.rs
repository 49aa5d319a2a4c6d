//! A `Set-Cookie` header in a response of axum.

use axum::http::{Response, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse};

pub async fn sign_in() -> impl IntoResponse {
    (StatusCode::OK, [(header::SET_COOKIE, "session=id; HttpOnly")], "signed in") // FOUND hardtack-set-cookie-header
}

pub async fn two() -> impl IntoResponse {
    AppendHeaders([
        (header::SET_COOKIE, "a=1"), // FOUND hardtack-set-cookie-header
        (header::SET_COOKIE, "b=2"), // FOUND hardtack-set-cookie-header
    ])
}

pub fn build(id: &str) -> http::Result<Response<String>> {
    Response::builder() // FOUND hardtack-set-cookie-header
        .status(200)
        .header(axum::http::header::SET_COOKIE, format!("session={id}; Path=/"))
        .body(String::new())
}
