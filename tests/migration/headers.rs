//! From header fields written and read by hand.

use hardtack::{Cookies, testing};
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};

use crate::{Outcome, lines};

#[test]
fn writing() -> Outcome {
    let (https, request, mut response, id) =
        (testing::https(), HeaderMap::new(), HeaderMap::new(), "a; Domain=example.com");
    // migration: headers
    // before: what is in `id` becomes an attribute, and the second `insert` drops the first line
    let mut before = HeaderMap::new();
    before.insert(SET_COOKIE, format!("session={id}; Path=/; HttpOnly; Secure").parse()?);
    before.insert(SET_COOKIE, "theme=dark; Path=/; Secure".parse()?);
    assert_eq!(lines(&before), ["theme=dark; Path=/; Secure"]);

    // after
    #[derive(hardtack::Cookie)]
    struct Session(String);
    #[derive(hardtack::Cookie)]
    #[cookie(http_only = false, reason = "theme.js applies it before first paint")]
    struct Theme(String);

    let cookies = Cookies::read(&request, https);
    cookies.set(Session(id.into()))?;
    cookies.set(Theme("dark".into()))?;
    cookies.write(&mut response);
    assert_eq!(
        lines(&response),
        [
            "__Host-Http-session=a%3B%20Domain=example.com; Path=/; Secure; HttpOnly; SameSite=Lax",
            "__Host-theme=dark; Path=/; Secure; SameSite=Lax",
        ]
    );
    // migration: end
    Ok(())
}

#[test]
fn one_line() -> Outcome {
    let https = testing::https();
    // migration: headers one line
    // a service that has a response and nothing else
    #[derive(hardtack::Cookie)]
    struct Session(String);

    let mut response = http::Response::new(());
    let line = hardtack::SetCookie::new(Session("s3cr3t".into())).header_value(&https)?;
    response.headers_mut().append(SET_COOKIE, line);
    assert_eq!(response.headers()["set-cookie"], "__Host-Http-session=s3cr3t; Path=/; Secure; HttpOnly; SameSite=Lax");
    // migration: end
    Ok(())
}

#[test]
fn reading() -> Outcome {
    let mut request = HeaderMap::new();
    request.append(COOKIE, HeaderValue::from_static("theme=dark;session=s3cr3t"));
    request.append(COOKIE, HeaderValue::from_static("__Host-Http-session=s3cr3t"));
    let https = testing::https();
    // migration: headers reading
    // before: the first field alone, and only if a space follows each `;`
    let before = request[COOKIE].to_str()?.split("; ").find_map(|pair| pair.strip_prefix("session="));
    assert_eq!(before, None);

    // after: every field, and RFC 6265's pairs
    #[derive(hardtack::Cookie)]
    struct Session(String);

    let after = Cookies::read(&request, https).get::<Session>()?;
    assert_eq!(after.map(|Session(id)| id).as_deref(), Some("s3cr3t"));
    // migration: end
    Ok(())
}
