//! Rocket, in a request guard that gets the jar from the request.

use rocket::http::Cookie;
use rocket::request::Request;

pub fn renew(request: &Request<'_>, id: String) {
    let mut cookie = Cookie::new("session", id); // FOUND hardtack-rocket
    cookie.set_path("/");
    request.cookies().add_private(cookie); // FOUND hardtack-rocket
}
