//! With a reason a cookie travels in clear text: without a prefix, and over plain HTTP too.
use hardtack::{Cookie, Cookies, Listener, SetCookie, testing};

#[derive(Cookie)]
#[cookie(secure = false, reason = "the intranet has no TLS before spring")]
struct Banner(String);

#[derive(Cookie)]
#[cookie(secure = true)]
struct Session(String);

fn line<T: Cookie>(value: T) -> String {
    SetCookie::new(value).header_value(&testing::https()).unwrap().to_str().unwrap().to_owned()
}

pub(crate) fn main() {
    assert_eq!(line(Banner("a".to_owned())), "banner=a; Path=/; HttpOnly; SameSite=Lax");
    assert!(line(Session("a".to_owned())).contains("; Secure; "));
    assert_eq!(Banner::SPEC.reason, Some("the intranet has no TLS before spring"));

    let (parts, ()) = http::Request::get("/").body(()).unwrap().into_parts();
    let plain = Listener::plain().scheme(&parts, None).unwrap_err();
    let cookies = Cookies::read(&parts.headers, plain);
    cookies.set(Banner("a".to_owned())).unwrap();
    let mut response = http::HeaderMap::new();
    cookies.write(&mut response);
    assert_eq!(response["set-cookie"], "banner=a; Path=/; HttpOnly; SameSite=Lax");
}
