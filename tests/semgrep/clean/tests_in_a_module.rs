//! A module with tests that make cookies.

pub fn double(number: u32) -> u32 {
    number * 2
}

#[cfg(test)]
mod tests {
    use cookie::{Cookie, CookieJar};
    use http::HeaderMap;
    use http::header::SET_COOKIE;

    #[test]
    fn a_response_sets_the_cookie() {
        let mut jar = CookieJar::new();
        jar.add(Cookie::new("session", "id"));
        let mut headers = HeaderMap::new();
        headers.append(SET_COOKIE, "session=id".parse().unwrap());
        assert_eq!(super::double(1), 2);
    }
}

pub fn triple(number: u32) -> u32 {
    number * 3
}
