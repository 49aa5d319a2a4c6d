//! If a cookie is declared with `domain = policy`, the policy chooses its Domain. The policy also puts its base path
//! before the declared path. A removal has the same scope. The name of the cookie may be a constant.
use hardtack::{Cookie, Cookies, Policy, PolicyHandle, testing};

const NAME: &str = "__Secure-session";

#[derive(Cookie)]
#[cookie(name = NAME, domain = policy)]
struct Session(String);

#[derive(Cookie)]
#[cookie(path = "/app")]
struct App(String);

/// Returns the headers of a response that sets `App` and removes `Session`.
fn headers(policy: Policy) -> [String; 2] {
    let cookies = Cookies::from_headers(&http::HeaderMap::new(), testing::https()).with_policy(&PolicyHandle::new(policy));
    cookies.set(App("a".to_owned())).unwrap();
    cookies.remove::<Session>().unwrap();
    assert!(cookies.get::<Session>().is_none());
    let mut response = http::HeaderMap::new();
    cookies.write(&mut response);
    let headers: Vec<_> = response.get_all("set-cookie").iter().map(|header| header.to_str().unwrap().to_owned()).collect();
    headers.try_into().unwrap()
}

pub(crate) fn main() {
    let past = "Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure; HttpOnly; SameSite=Lax";
    assert_eq!(
        headers(Policy::builder().cookie_domain("example.com").base_path("/vault").build().unwrap()),
        [
            format!("__Secure-session=; Path=/; Domain=example.com; {past}"),
            "__Secure-app=a; Path=/vault/app; Secure; HttpOnly; SameSite=Lax".to_owned(),
        ]
    );
    assert_eq!(
        headers(Policy::default()),
        [
            format!("__Secure-session=; Path=/; {past}"),
            "__Secure-app=a; Path=/app; Secure; HttpOnly; SameSite=Lax".to_owned(),
        ]
    );
    let _ = Session("a".to_owned()).0;
}
