//! A domain has at least two labels of letters, digits and hyphens. A label has up to 63 bytes. A domain has up to 253
//! bytes. A label with non-ASCII characters is written as an A-label.
use hardtack::{Cookie, ReadCookie, SetCookie, testing};

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
#[cookie(domain = policy)]
struct PolicyDomain(String);

fn header<T: Cookie>(value: T) -> String {
    SetCookie::new(value).header_value(&testing::https()).unwrap().to_str().unwrap().to_owned()
}

pub(crate) fn main() {
    assert_eq!(
        header(Host("a".to_owned())),
        "__Secure-host=a; Path=/; Domain=shop-2.example.com; Secure; HttpOnly; SameSite=Lax",
    );
    assert!(header(ALabel("a".to_owned())).contains("; Domain=xn--bcher-kva.example;"));
    assert!(header(Digits("a".to_owned())).contains("; Domain=192.0.2.7.example;"));
    assert!(header(LongLabel("a".to_owned())).contains(".example.com;"));
    assert_eq!(Long::SPEC.domain.map(str::len), Some(253));
    assert!(PolicyDomain::SPEC.policy_domain && PolicyDomain::SPEC.name == "__Secure-policy_domain");
    let _ = (Long(String::new()).0, PolicyDomain(String::new()).0);
}
