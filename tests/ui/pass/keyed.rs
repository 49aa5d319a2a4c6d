//! `keyed` declares a family of cookies. For a family, a struct of cookies has only one method.
use hardtack::{Cookie, CookieFamily, Cookies, cookies, testing};

/// The state of one sign-in attempt.
#[derive(Cookie, Debug, PartialEq)]
#[cookie(keyed, max_age = "10m")]
struct Flow(String);

#[cookies]
struct Shop {
    #[cookie(existing, keyed)]
    flow: Flow,
    #[cookie(keyed, max_age = "1h", path = "/shop")]
    step: u32,
    #[cfg(any())]
    #[cookie(keyed, max_age = "1h")]
    absent: u32,
    cart: u32,
}

pub(crate) fn main() {
    let mut request = http::HeaderMap::new();
    let header = "__Host-Http-flow.4f=start; __Secure-step.a=1; __Secure-step.b=2; __Host-Http-cart=3";
    request.insert("cookie", header.parse().unwrap());
    let shop = Shop::from(Cookies::from_headers(&request, testing::https()));
    assert_eq!(shop.flow().get("4f"), Some(Flow("start".to_owned())));
    assert_eq!((shop.step().get("a"), shop.step().get("c"), shop.cart()), (Some(1), None, Some(3)));

    shop.remove_all().unwrap();
    assert_eq!((shop.flow().get("4f"), shop.step().get("a"), shop.cart()), (None, None, None));
    let mut response = http::HeaderMap::new();
    Cookies::from(shop).write(&mut response);
    let headers: Vec<_> = response.get_all("set-cookie").iter().map(|header| header.to_str().unwrap()).collect();
    for name in ["__Host-Http-flow.4f", "__Secure-step.a", "__Secure-step.b", "__Host-Http-cart"] {
        assert!(headers.iter().any(|header| header.starts_with(&format!("{name}=; Path="))), "{name}: {headers:?}");
    }

    let names: Vec<_> = Shop::SPECS.iter().map(|spec| (spec.name, spec.keyed)).collect();
    assert_eq!(names, [("__Host-Http-flow", true), ("__Secure-step", true), ("__Host-Http-cart", false)]);
    assert_eq!(Flow::SPEC.max_age.map(|max_age| max_age.as_secs()), Some(600));
}
