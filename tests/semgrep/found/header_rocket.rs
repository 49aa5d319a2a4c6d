//! A `Set-Cookie` header in a response of Rocket.

use rocket::Response;
use rocket::http::Header;

pub fn sign_in<'r>() -> Response<'r> {
    let mut response = Response::new();
    response.adjoin_raw_header("Set-Cookie", "theme=dark"); // FOUND hardtack-set-cookie-header
    response.set_header(Header::new("Set-Cookie", "session=id; Secure")); // FOUND hardtack-set-cookie-header
    response
}
