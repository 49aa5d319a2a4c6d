//! With a `reason`, a cookie may be insecure. The name of an insecure cookie has no prefix. A response over plain HTTP
//! may set an insecure cookie.
use hardtack::{Cookie, Cookies, ReadCookie, SetCookie, TlsTermination, testing};

#[derive(Cookie)]
#[cookie(secure = false, reason = "the intranet has no TLS before spring")]
struct Banner(String);

#[derive(Cookie)]
#[cookie(secure = true)]
struct Session(String);

fn header<T: Cookie>(value: T) -> String {
    SetCookie::new(value).header_value(&testing::https()).unwrap().to_str().unwrap().to_owned()
}

pub(crate) fn main() {
    assert_eq!(header(Banner("a".to_owned())), "banner=a; Path=/; HttpOnly; SameSite=Lax");
    assert!(header(Session("a".to_owned())).contains("; Secure; "));
    assert_eq!(Banner::SPEC.reason, Some("the intranet has no TLS before spring"));

    let (parts, ()) = http::Request::get("/").body(()).unwrap().into_parts();
    let plain = TlsTermination::none().detect(&parts, None).unwrap_err();
    let cookies = Cookies::from_headers(&parts.headers, plain);
    cookies.set(Banner("a".to_owned())).unwrap();
    let mut response = http::HeaderMap::new();
    cookies.write(&mut response);
    assert_eq!(response["set-cookie"], "banner=a; Path=/; HttpOnly; SameSite=Lax");
}
