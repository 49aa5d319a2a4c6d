//! Cookies that hardtack declares, and that the jar of another library sets. With the right one of the two conversions,
//! each value comes back unchanged. With the wrong conversion, the value changes.

use axum::Router;
use axum::response::{IntoResponse as _, IntoResponseParts};
use axum::routing::get;
use axum_extra::extract::{CookieJar, PrivateCookieJar, SignedCookieJar};
use hardtack::testing::{self, Browser};
use hardtack::{AllowedOver, Cookie, Cookies, Https, SetCookie};
use tower_cookies::CookieManagerLayer;

use crate::{TestResult, send, set_cookies};

const VALUES: [&str; 8] = ["Zoë & co", "a/b;c", "100%", "50%25", "", "\"a, b\"", "a.b.c", "a=b\\c\u{7f}"];

/// The secret key of the other library's jars.
const KEY: [u8; 64] = [7; 64];

#[derive(Cookie)]
struct Plain(String);

#[derive(Cookie)]
#[cookie(signed)]
struct Signed(String);

#[derive(Cookie)]
#[cookie(sealed)]
struct Sealed(String);

trait Text: Cookie + AllowedOver<Https> {
    fn new(text: String) -> Self;
    fn into_text(self) -> String;
}

macro_rules! texts {
    ($($cookie:ident),*) => {
        $(impl Text for $cookie {
            fn new(text: String) -> Self {
                $cookie(text)
            }
            fn into_text(self) -> String {
                self.0
            }
        })*
    };
}

texts!(Plain, Signed, Sealed);

fn set_cookie<T: Text>(value: &str) -> SetCookie<T> {
    SetCookie::new(T::new(value.to_owned())).with_keyring(&testing::keyring())
}

/// Returns the cookie for a jar that encodes values.
fn decoded<T: Text>(value: &str) -> cookie::Cookie<'static> {
    set_cookie::<T>(value).to_decoded_cookie(&testing::https()).unwrap()
}

/// Returns the cookie for a jar that writes values unchanged.
fn encoded<T: Text>(value: &str) -> cookie::Cookie<'static> {
    set_cookie::<T>(value).to_encoded_cookie(&testing::https()).unwrap()
}

/// Returns the `Set-Cookie` header of a jar of axum-extra.
fn header(jar: impl IntoResponseParts) -> String {
    set_cookies((jar, ()).into_response().headers()).concat()
}

/// Returns a browser that stored the cookie.
fn browser(set_cookie: &str) -> Browser {
    let mut browser = Browser::new("https://shop.example");
    browser.set(set_cookie);
    browser
}

/// Reads the cookie with hardtack, after a browser stored and sent the cookie.
fn read<T: Text>(set_cookie: &str) -> Option<String> {
    let cookies = Cookies::from_headers(&browser(set_cookie).visit("/"), testing::https());
    cookies.with_keyring(&testing::keyring()).get().map(T::into_text)
}

fn check_axum_extra<T: Text>() {
    let key = axum_extra::extract::cookie::Key::from(&KEY);
    for value in VALUES {
        let cookie = decoded::<T>(value);
        let (name, text) = (cookie.name(), cookie.value());

        let plain = header(CookieJar::new().add(cookie.clone()));
        assert_eq!(read::<T>(&plain).as_deref(), Some(value), "{plain}");
        let jar = CookieJar::from_headers(&browser(&plain).visit("/"));
        assert_eq!(jar.get(name).unwrap().value(), text, "{plain}");

        let signed = header(SignedCookieJar::new(key.clone()).add(cookie.clone()));
        let jar = SignedCookieJar::from_headers(&browser(&signed).visit("/"), key.clone());
        assert_eq!(jar.get(name).unwrap().value(), text, "{signed}");

        let private = header(PrivateCookieJar::new(key.clone()).add(cookie.clone()));
        let jar = PrivateCookieJar::from_headers(&browser(&private).visit("/"), key.clone());
        assert_eq!(jar.get(name).unwrap().value(), text, "{private}");
    }
}

#[test]
fn axum_extra_takes_the_decoded_cookie() {
    check_axum_extra::<Plain>();
    check_axum_extra::<Signed>();
    check_axum_extra::<Sealed>();

    // The wrong conversion: the jar encodes the value a second time.
    let twice = header(CookieJar::new().add(encoded::<Plain>("a/b;c")));
    assert_eq!(read::<Plain>(&twice).as_deref(), Some("a/b%3Bc"));
    let twice = header(CookieJar::new().add(encoded::<Signed>("a/b;c")));
    assert_eq!(read::<Signed>(&twice), None);
}

async fn tower_cookies(cookie: cookie::Cookie<'static>) -> String {
    let handler = async move |cookies: tower_cookies::Cookies| cookies.add(cookie);
    let router = Router::new().route("/", get(handler)).layer(CookieManagerLayer::new());
    send(router, "a=1").await.set_cookies.concat()
}

async fn check_tower_cookies<T: Text>() {
    for value in VALUES {
        let header = tower_cookies(encoded::<T>(value)).await;
        assert_eq!(read::<T>(&header).as_deref(), Some(value), "{header}");
    }
}

#[tokio::test]
async fn tower_cookies_takes_the_encoded_cookie() {
    check_tower_cookies::<Plain>().await;
    check_tower_cookies::<Signed>().await;
    check_tower_cookies::<Sealed>().await;

    // The wrong conversion: the jar writes `;` into the header, so the rest of the value becomes an attribute.
    let cut = tower_cookies(decoded::<Plain>("a/b;Domain=shop.example")).await;
    assert!(cut.starts_with("__Host-Http-plain=a/b;Domain=shop.example; "), "{cut}");
    assert_eq!(read::<Plain>(&cut), None);
    let cut = tower_cookies(decoded::<Signed>("a/b;c")).await;
    assert_eq!(read::<Signed>(&cut), None);
}

/// Returns the jar that the `cookie` crate makes of the request, and the `Set-Cookie` header.
fn cookie_crate(add: impl FnOnce(&mut cookie::CookieJar)) -> (cookie::CookieJar, String) {
    let mut jar = cookie::CookieJar::new();
    add(&mut jar);
    let header = jar.delta().map(ToString::to_string).collect::<String>();
    let request = browser(&header).visit("/");
    let pairs = request.get("cookie").map_or("", |cookies| cookies.to_str().unwrap()).to_owned();
    let mut jar = cookie::CookieJar::new();
    cookie::Cookie::split_parse(pairs).filter_map(Result::ok).for_each(|cookie| jar.add_original(cookie));
    (jar, header)
}

fn check_cookie_crate<T: Text>() {
    let key = cookie::Key::from(&KEY);
    for value in VALUES {
        let cookie = encoded::<T>(value);
        let (name, text) = (cookie.name(), cookie.value());

        let (jar, header) = cookie_crate(|jar| jar.add(cookie.clone()));
        assert_eq!(read::<T>(&header).as_deref(), Some(value), "{header}");
        assert_eq!(jar.get(name).unwrap().value(), text, "{header}");

        let (jar, header) = cookie_crate(|jar| jar.signed_mut(&key).add(cookie.clone()));
        assert_eq!(jar.signed(&key).get(name).unwrap().value(), text, "{header}");

        // The private jar encrypts the value, so the value comes back unchanged with both conversions.
        for cookie in [cookie.clone(), decoded::<T>(value)] {
            let (jar, header) = cookie_crate(|jar| jar.private_mut(&key).add(cookie.clone()));
            assert_eq!(jar.private(&key).get(name).unwrap().value(), cookie.value(), "{header}");
        }
    }
}

#[test]
fn the_cookie_crate_takes_the_encoded_cookie() {
    check_cookie_crate::<Plain>();
    check_cookie_crate::<Signed>();
    check_cookie_crate::<Sealed>();

    // The wrong conversion: the jar writes `;` into the header, so the rest of the value becomes an attribute.
    let (_, cut) = cookie_crate(|jar| jar.add(decoded::<Plain>("a/b;c")));
    assert_eq!(read::<Plain>(&cut).as_deref(), Some("a/b"));
    let key = cookie::Key::from(&KEY);
    let (jar, _) = cookie_crate(|jar| jar.signed_mut(&key).add(decoded::<Plain>("a/b;c")));
    assert!(jar.signed(&key).get("__Host-Http-plain").is_none());
}

#[test]
fn page_shows_both_conversions() -> TestResult {
    let https = testing::https();
    // migration: jars
    // Declare the cookie with hardtack. Then convert the cookie for a library that takes a `cookie::Cookie`.
    #[derive(hardtack::Cookie)]
    struct Note(String);
    let note = SetCookie::new(Note("a/b;c".into()));

    // axum-extra's jars encode the value themselves, so pass them the result of `to_decoded_cookie`.
    let jar = axum_extra::extract::CookieJar::new().add(note.to_decoded_cookie(&https)?);
    assert_eq!(header(jar), "__Host-Http-note=a%2Fb%3Bc; HttpOnly; SameSite=Lax; Secure; Path=/");
    // Wrong: the value is encoded twice, and comes back as `a/b%3Bc`.
    let jar = axum_extra::extract::CookieJar::new().add(note.to_encoded_cookie(&https)?);
    assert_eq!(header(jar), "__Host-Http-note=a%2Fb%253Bc; HttpOnly; SameSite=Lax; Secure; Path=/");

    // tower-cookies and the jars of `cookie` write the value unchanged, so pass them the result of `to_encoded_cookie`.
    let cookie = note.to_encoded_cookie(&https)?;
    assert_eq!(cookie.to_string(), "__Host-Http-note=a/b%3Bc; HttpOnly; SameSite=Lax; Secure; Path=/");
    // Wrong: `c` becomes an attribute. A value with `;Domain=` could set the Domain of the cookie.
    let cookie = note.to_decoded_cookie(&https)?;
    assert_eq!(cookie.to_string(), "__Host-Http-note=a/b;c; HttpOnly; SameSite=Lax; Secure; Path=/");
    // migration: end
    Ok(())
}
