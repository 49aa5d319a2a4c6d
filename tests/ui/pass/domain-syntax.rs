//! Letters, digits and hyphens in at least two labels of up to 63 octets, 253 in all; an A-label where it is not ASCII.
use hardtack::{Cookie, SetCookie, testing};

#[derive(Cookie)]
#[cookie(domain = "shop-2.example.com")]
struct Host(String);

#[derive(Cookie)]
#[cookie(domain = "xn--bcher-kva.example")]
struct ALabel(String);

#[derive(Cookie)]
#[cookie(domain = "192.0.2.7.example")]
struct Digits(String);

#[derive(Cookie)]
#[cookie(domain = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example.com")]
struct LongLabel(String);

#[derive(Cookie)]
#[cookie(
    domain = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.tes"
)]
struct Long(String);

#[derive(Cookie)]
#[cookie(domain = environment)]
struct Environment(String);

fn line<T: Cookie>(value: T) -> String {
    SetCookie::new(value).header_value(&testing::https()).unwrap().to_str().unwrap().to_owned()
}

pub(crate) fn main() {
    assert_eq!(
        line(Host("a".to_owned())),
        "__Secure-host=a; Path=/; Domain=shop-2.example.com; Secure; HttpOnly; SameSite=Lax",
    );
    assert!(line(ALabel("a".to_owned())).contains("; Domain=xn--bcher-kva.example;"));
    assert!(line(Digits("a".to_owned())).contains("; Domain=192.0.2.7.example;"));
    assert!(line(LongLabel("a".to_owned())).contains(".example.com;"));
    assert_eq!(Long::SPEC.domain.map(str::len), Some(253));
    assert!(Environment::SPEC.environment_domain && Environment::SPEC.name == "__Secure-environment");
    let _ = (Long(String::new()).0, Environment(String::new()).0);
}
