//! Functions for tests, in a test.

use hardtack::{Cookie, Cookies};

#[derive(Cookie)]
pub struct Session(String);

pub fn is_signed_in(cookies: &Cookies) -> bool {
    cookies.get::<Session>().is_some()
}

#[cfg(test)]
mod tests {
    use hardtack::{Cookies, testing};

    #[test]
    fn no_cookie_is_signed_out() {
        let cookies = Cookies::from_headers(&http::HeaderMap::new(), testing::https());
        assert!(!super::is_signed_in(&cookies));
    }
}
