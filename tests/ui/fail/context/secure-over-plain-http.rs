//@ errors: 17
use hardtack::{Cookie, Cookies, PlainHttp, SetCookie, cookies};

#[derive(Cookie)]
struct Session(String);

#[derive(Cookie)]
#[cookie(keyed, max_age = "10m")]
struct Flow(String);

#[cookies]
struct Shop {
    cart: u32,
}

fn handler(cookies: &Cookies<PlainHttp>, plain: &PlainHttp, shop: &Shop<PlainHttp>) {
    let session = || Session("a".to_owned());
    let _ = cookies.set(session());
    let _ = cookies.set(SetCookie::new(session()));
    let _ = cookies.get::<Session>();
    let _ = cookies.try_get::<Session>();
    let _: Option<Session> = cookies.try_get().unwrap();
    let _ = cookies.get_all::<Session>();
    let _ = cookies.remove::<Session>();
    cookies.undo::<Session>();
    let _ = cookies.family::<Flow>();
    let _ = SetCookie::new(session()).header_value(plain);
    let _ = SetCookie::new(session()).to_encoded_cookie(plain);
    let _ = SetCookie::new(session()).to_decoded_cookie(plain);
    let _ = shop.cart();
    let _ = shop.try_cart();
    let _ = shop.set_cart(3);
    let _ = shop.remove_cart();
    let _ = shop.remove_all();
}

fn main() {
    let _ = handler;
}
