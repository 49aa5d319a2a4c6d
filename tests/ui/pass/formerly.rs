//! `formerly(…)` declares an earlier name or scope of a cookie. A value in the parentheses is a literal, a constant, or
//! one of the words `none` and `policy`. `set` writes the present name and scope, and removes the cookie with the
//! earlier name or scope.
use hardtack::{Cookie, Cookies, ReadCookie, cookies, testing};

const OLD: &str = "__Host-sid";
const OLD_PATH: &str = "/shop";
const OLD_DOMAIN: &str = "example.com";

#[derive(Cookie, Debug, PartialEq)]
#[cookie(formerly(name = "__Host-sid", until = "9000-03-01"))]
struct Session(String);

#[derive(Cookie)]
#[cookie(domain = policy, formerly(domain = none), formerly(domain = "example.com", path = "/app"), formerly(partitioned))]
struct Wide(String);

#[derive(Cookie)]
#[cookie(path = "/app", formerly(domain = policy), formerly(domain = OLD_DOMAIN, path = OLD_PATH))]
struct Narrow(String);

#[derive(Cookie)]
#[cookie(path = OLD_PATH, formerly(path = "/", partitioned = true), formerly(name = OLD, path = "/", until = "9000-03-01"))]
struct Constant(String);

#[cookies]
struct Shop {
    #[cookie(existing)]
    session: Session,
    #[cookie(formerly(name = "__Host-basket", until = "9000-03-01"))]
    #[cookie(formerly(name = "__Host-bag", raw, until = "9000-03-01"))]
    cart: String,
}

pub(crate) fn main() {
    let names = |spec: &hardtack::spec::Spec| -> Vec<&str> {
        spec.former.iter().map(|former| former.name_in(spec)).collect()
    };
    assert_eq!(names(&Session::SPEC), ["__Host-sid"]);
    assert_eq!(names(&Constant::SPEC), ["__Secure-constant", "__Host-sid"]);
    assert_eq!(names(&Shop::SPECS[1]), ["__Host-basket", "__Host-bag"]);
    assert_eq!((Wide::SPEC.former.len(), Narrow::SPEC.former.len()), (3, 2));
    assert_eq!(Narrow::SPEC.former[1].path_in(&Narrow::SPEC), "/shop");

    let mut request = http::HeaderMap::new();
    request.insert("cookie", "__Host-sid=old; __Host-bag=a%20b".parse().unwrap());
    let shop = Shop::from(Cookies::from_headers(&request, testing::https()));
    assert_eq!(shop.session(), Some(Session("old".to_owned())));
    assert_eq!(shop.cart(), Some("a%20b".to_owned()));
    shop.remove_session().unwrap();
    let mut response = http::HeaderMap::new();
    Cookies::from(shop).write(&mut response);
    let mut headers = response.get_all("set-cookie").iter().map(|header| header.to_str().unwrap());
    assert!(headers.any(|header| header.starts_with("__Host-sid=; Path=/; Max-Age=0; ")), "{response:?}");
    let _ = (Wide(String::new()).0, Narrow(String::new()).0, Constant(String::new()).0);
}
