//! Migration from headers that are written and read by hand.

use hardtack::{Cookies, testing};
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};

use crate::{TestResult, set_cookies};

#[test]
fn values_cannot_add_attributes() -> TestResult {
    let (https, request, mut response, id) =
        (testing::https(), HeaderMap::new(), HeaderMap::new(), "a; Domain=example.com");
    // migration: headers
    // before: text in `id` becomes an attribute. The second `insert` replaces the first header.
    let mut before = HeaderMap::new();
    before.insert(SET_COOKIE, format!("session={id}; Path=/; HttpOnly; Secure").parse()?);
    before.insert(SET_COOKIE, "theme=dark; Path=/; Secure".parse()?);
    assert_eq!(set_cookies(&before), ["theme=dark; Path=/; Secure"]);

    // after
    #[derive(hardtack::Cookie)]
    struct Session(String);
    #[derive(hardtack::Cookie)]
    #[cookie(http_only = false, reason = "theme.js applies it before first paint")]
    struct Theme(String);

    let cookies = Cookies::from_headers(&request, https);
    cookies.set(Session(id.into()))?;
    cookies.set(Theme("dark".into()))?;
    cookies.write(&mut response);
    assert_eq!(
        set_cookies(&response),
        [
            "__Host-Http-session=a%3B%20Domain=example.com; Path=/; Secure; HttpOnly; SameSite=Lax",
            "__Host-theme=dark; Path=/; Secure; SameSite=Lax",
        ]
    );
    // migration: end
    Ok(())
}

#[test]
fn one_header_can_be_appended() -> TestResult {
    let https = testing::https();
    // migration: headers one line
    // This service has a response, and no jar.
    #[derive(hardtack::Cookie)]
    struct Session(String);

    let mut response = http::Response::new(());
    let set_cookie = hardtack::SetCookie::new(Session("s3cr3t".into())).header_value(&https)?;
    response.headers_mut().append(SET_COOKIE, set_cookie);
    assert_eq!(response.headers()["set-cookie"], "__Host-Http-session=s3cr3t; Path=/; Secure; HttpOnly; SameSite=Lax");
    // migration: end
    Ok(())
}

#[test]
fn all_cookie_headers_are_read() -> TestResult {
    let mut request = HeaderMap::new();
    request.append(COOKIE, HeaderValue::from_static("theme=dark;session=s3cr3t"));
    request.append(COOKIE, HeaderValue::from_static("__Host-Http-session=s3cr3t"));
    let https = testing::https();
    // migration: headers reading
    // before: finds cookies in the first header only. Each `;` must be followed by a space.
    let before = request[COOKIE].to_str()?.split("; ").find_map(|pair| pair.strip_prefix("session="));
    assert_eq!(before, None);

    // after: reads every header, and splits the pairs as RFC 6265 requires
    #[derive(hardtack::Cookie)]
    struct Session(String);

    let after = Cookies::from_headers(&request, https).get::<Session>();
    assert_eq!(after.map(|Session(id)| id).as_deref(), Some("s3cr3t"));
    // migration: end
    Ok(())
}
