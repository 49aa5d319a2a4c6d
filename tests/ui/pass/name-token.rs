//! Every `token` octet may stand in a name; a foreign name may hold what only browsers send.
use hardtack::{Cookie, Cookies, ReadCookie, SetCookie, testing};

#[derive(Cookie)]
#[cookie(name = "__Host-!#$%&'*+-.^_`|~aZ09")]
struct EveryKind(String);

#[derive(Cookie)]
#[cookie(name = "größe", read_only)]
struct Foreign(String);

#[derive(Cookie)]
#[cookie(name = "__Host-size")]
struct Größe(String);

fn line<T: Cookie>(value: T) -> String {
    SetCookie::new(value).header_value(&testing::https()).unwrap().to_str().unwrap().to_owned()
}

pub(crate) fn main() {
    assert_eq!(line(EveryKind("a".to_owned())), "__Host-!#$%&'*+-.^_`|~aZ09=a; Path=/; Secure; HttpOnly; SameSite=Lax",);
    assert!(line(Größe("a".to_owned())).starts_with("__Host-size=a; "));
    let mut request = http::HeaderMap::new();
    request.insert("cookie", http::HeaderValue::from_bytes("größe=12".as_bytes()).unwrap());
    let foreign: Option<Foreign> = Cookies::read(&request, testing::https()).get().unwrap();
    assert_eq!(foreign.map(|foreign| foreign.0), Some("12".to_owned()));
    assert_eq!(Foreign::DECLARATION.name, "größe");
}
