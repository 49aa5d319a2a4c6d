//! salvo.

use salvo_core::http::Response;
use salvo_core::http::cookie::Cookie;

pub fn sign_in(response: &mut Response) {
    let cookie = Cookie::build(("session", "id")).http_only(true).build(); // FOUND hardtack-salvo
    response.add_cookie(cookie); // FOUND hardtack-salvo
}

pub fn sign_out(res: &mut Response) {
    res.remove_cookie("session"); // FOUND hardtack-salvo
    res.cookies_mut().add(("seen", "1")); // FOUND hardtack-salvo
}
