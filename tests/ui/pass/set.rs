//! A set of cookies has methods for responses over HTTPS and over plain HTTP. This program checks the headers that the
//! methods write.
use std::time::Duration;

use hardtack::testing;
use hardtack::{AllowedOver, AnyScheme, Cookie, CookieValue, Cookies, TlsTermination, PlainHttp, Scheme, SetError, cookies};

#[derive(CookieValue, Debug, PartialEq)]
struct SessionId(String);

impl From<&str> for SessionId {
    fn from(id: &str) -> Self {
        SessionId(id.to_owned())
    }
}

#[derive(Cookie, Debug, PartialEq)]
#[cookie(http_only = false, reason = "i18n.js reads it")]
enum Lang {
    En,
    De,
}

#[derive(Cookie, Debug, PartialEq)]
#[cookie(name = "PHPSESSID", read_only)]
struct Legacy(String);

#[cookies]
pub struct Shop {
    /// The id of the signed-in user's session.
    #[cookie(max_age = "8h", same_site = Strict)]
    pub session: SessionId,
    #[cfg_attr(all(), doc = "The number of items in the cart.")]
    #[cookie(max_age = "8h")]
    cart: u32,
    #[cookie(existing)]
    pub lang: Lang,
    #[cookie(existing, read_only)]
    legacy: Legacy,
    #[cookie(secure = false, reason = "shown before sign-in on the kiosk")]
    banner: bool,
}

fn generic<S: Scheme>(cookies: &Cookies<S>) -> Result<(), SetError>
where
    Lang: AllowedOver<S>,
{
    cookies.set(Lang::De)
}

fn headers(cookies: &Cookies<impl Scheme>) -> Vec<String> {
    let mut response = http::HeaderMap::new();
    cookies.write(&mut response);
    response.get_all("set-cookie").iter().map(|header| header.to_str().unwrap().to_owned()).collect()
}

pub(crate) fn main() {
    let mut request = http::HeaderMap::new();
    request.insert("cookie", "__Host-Http-session=old; PHPSESSID=php; __Host-lang=en".parse().unwrap());

    let cookies = Cookies::from_headers(&request, testing::https());
    let shop = Shop::from(cookies.clone());
    assert_eq!(shop.try_session().unwrap(), Some(SessionId("old".to_owned())));
    assert_eq!(shop.try_cart().unwrap(), None);
    assert_eq!(shop.try_lang().unwrap(), Some(Lang::En));
    assert_eq!(shop.try_legacy().unwrap(), Some(Legacy("php".to_owned())));
    assert_eq!((shop.session(), shop.cart()), (Some(SessionId("old".to_owned())), None));
    assert_eq!((shop.lang(), shop.legacy(), shop.banner()), (Some(Lang::En), Some(Legacy("php".to_owned())), None));
    shop.set_session("new").unwrap();
    shop.set_cart_with(3, |cart| cart.max_age(Duration::from_secs(60))).unwrap();
    shop.clone().set_lang(Lang::De).unwrap();
    shop.remove_banner().unwrap();
    // The getters return the values that this request set.
    assert_eq!((shop.session(), shop.cart()), (Some(SessionId("new".to_owned())), Some(3)));
    let cookies: Cookies = Cookies::from(shop);
    assert_eq!(
        headers(&cookies),
        [
            "banner=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax",
            "__Host-Http-session=new; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Strict",
            "__Host-Http-cart=3; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Lax",
            "__Host-lang=de; Path=/; Secure; SameSite=Lax",
        ],
    );

    // `remove_all` removes every cookie that is not `read_only`.
    let cookies = Cookies::from_headers(&request, testing::https());
    let shop = Shop::from(cookies.clone());
    shop.set_cart(3).unwrap();
    shop.remove_all().unwrap();
    assert_eq!((shop.session(), shop.cart(), shop.legacy()), (None, None, Some(Legacy("php".to_owned()))));
    let names: Vec<_> = headers(&cookies).iter().map(|header| header.split("=;").next().unwrap().to_owned()).collect();
    assert_eq!(names, ["__Host-Http-session", "__Host-Http-cart", "__Host-lang", "banner"]);

    let (parts, ()) = http::Request::get("/").body(()).unwrap().into_parts();
    let plain = || TlsTermination::none().detect(&parts, None).unwrap_err();
    let cookies: Cookies<PlainHttp> = Cookies::from_headers(&parts.headers, plain());
    Shop::from(cookies.clone()).set_banner(true).unwrap();
    assert_eq!(headers(&cookies), ["banner=true; Path=/; HttpOnly; SameSite=Lax"]);

    let cookies = Cookies::from_headers(&parts.headers, AnyScheme::from(plain()));
    assert!(matches!(Shop::from(cookies.clone()).set_cart(3), Err(SetError::NotHttps { .. })));
    assert!(matches!(generic(&cookies), Err(SetError::NotHttps { .. })));
    let cookies = Cookies::from_headers(&parts.headers, testing::https());
    generic(&cookies).unwrap();
    assert_eq!(headers(&cookies), ["__Host-lang=de; Path=/; Secure; SameSite=Lax"]);
    assert_eq!(Shop::SPECS.len(), 5);
}
